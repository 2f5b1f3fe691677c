//! systemd's ways with time: what `--since` accepts, how spans and ages are printed (systemd.time(7)).

use crate::base::stamp::MONTHS;
use crate::base::{SimTime, Span};

/// `--since` and `--until`.
pub fn parse(text: &str, now: SimTime) -> Option<SimTime> {
    let text = text.trim();
    let midnight = SimTime::from_secs(now.secs() / 86_400 * 86_400);
    match text {
        "now" => return Some(now),
        "today" => return Some(midnight),
        "yesterday" => return Some(midnight - Span::DAY),
        "tomorrow" => return Some(midnight + Span::DAY),
        _ => {}
    }
    if let Some(secs) = text.strip_prefix('@') {
        return secs.parse::<f64>().ok().map(|s| SimTime((s * 1e6) as u64));
    }
    if let Some(rest) = text.strip_prefix('-') {
        return span(rest).map(|s| now - s);
    }
    if let Some(rest) = text.strip_prefix('+') {
        return span(rest).map(|s| now + s);
    }
    if let Some(rest) = text.strip_suffix(" ago") {
        return span(rest).map(|s| now - s);
    }
    let text = text.strip_suffix(" UTC").unwrap_or(text);
    // A weekday before the date says nothing new.
    let text = match text.split_once(' ') {
        Some((day, rest)) if day.len() == 3 && day.chars().all(char::is_alphabetic) => rest,
        _ => text,
    };
    let (date, time) = match text.split_once([' ', 'T']) {
        Some((date, time)) => (Some(date), Some(time)),
        None if text.contains('-') => (Some(text), None),
        None => (None, Some(text)),
    };
    let day = match date {
        Some(date) => date_of(date)?,
        None => midnight,
    };
    let time = match time {
        Some(time) => time_of(time)?,
        None => Span::ZERO,
    };
    Some(day + time)
}

fn date_of(text: &str) -> Option<SimTime> {
    let mut parts = text.split('-');
    let (y, m, d) = (parts.next()?, parts.next()?, parts.next()?);
    let (y, m, d): (i64, i64, i64) = (y.parse().ok()?, m.parse().ok()?, d.parse().ok()?);
    if parts.next().is_some() || !(1..=MONTHS.len() as i64).contains(&m) || !(1..=31).contains(&d) {
        return None;
    }
    let y = if y < 100 { y + 2000 } else { y };
    // Days from civil (Hinnant).
    let (y, shifted) = if m <= 2 { (y - 1, m + 9) } else { (y, m - 3) };
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let doy = (153 * shifted + 2) / 5 + d - 1;
    let days = era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468;
    u64::try_from(days).ok().map(|days| SimTime::from_secs(days.saturating_mul(86_400)))
}

fn time_of(text: &str) -> Option<Span> {
    let text = text.strip_suffix('Z').or(text.strip_suffix("+0000")).or(text.strip_suffix("+00:00")).unwrap_or(text);
    let mut parts = text.split(':');
    let (h, m) = (parts.next()?.parse::<u64>().ok()?, parts.next()?.parse::<u64>().ok()?);
    let s = match parts.next() {
        Some(s) => s.parse::<f64>().ok()?,
        None => 0.0,
    };
    (h < 24 && m < 60 && (0.0..60.0).contains(&s)).then(|| Span::from_secs(h * 3600 + m * 60) + Span::from_secs_f64(s))
}

/// `1h 30min`, `2 days`, `90`.
pub fn span(text: &str) -> Option<Span> {
    let text = text.trim();
    if let Ok(secs) = text.parse::<f64>() {
        return (secs >= 0.0).then(|| Span::from_secs_f64(secs));
    }
    let (mut total, mut rest) = (Span::ZERO, text);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at_checked(digits)?;
        let tail = tail.trim_start();
        let letters = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at_checked(letters)?;
        let scale = match unit {
            "us" | "usec" => 1e-6,
            "ms" | "msec" => 1e-3,
            "s" | "sec" | "second" | "seconds" => 1.0,
            "m" | "min" | "minute" | "minutes" => 60.0,
            "h" | "hr" | "hour" | "hours" => 3600.0,
            "d" | "day" | "days" => 86_400.0,
            "w" | "week" | "weeks" => 604_800.0,
            "M" | "month" | "months" => 2_629_800.0,
            "y" | "year" | "years" => 31_557_600.0,
            _ => return None,
        };
        total += Span::from_secs_f64(number.parse::<f64>().ok()? * scale);
        rest = tail.trim_start();
    }
    Some(total)
}

/// `5s`, `3min 2s`, `1 day 2h`, `2 weeks 3 days`: what stands before ` ago` or ` left`.
pub fn age(span: Span) -> String {
    let secs = span.secs();
    const DAY: u64 = 86_400;
    let plural = |n: u64, unit: &str| format!("{n} {unit}{}", if n == 1 { "" } else { "s" });
    let (year, month, week) = (31_557_600, 2_629_800, 7 * DAY);
    match secs {
        s if s >= year => format!("{} {}", plural(s / year, "year"), plural(s % year / month, "month")),
        s if s >= month => format!("{} {}", plural(s / month, "month"), plural(s % month / DAY, "day")),
        s if s >= week => format!("{} {}", plural(s / week, "week"), plural(s % week / DAY, "day")),
        s if s >= 2 * DAY => plural(s / DAY, "day"),
        s if s >= 25 * 3600 => format!("1 day {}h", (s - DAY) / 3600),
        s if s >= 6 * 3600 => format!("{}h", s / 3600),
        s if s >= 3600 => format!("{}h {}min", s / 3600, s % 3600 / 60),
        s if s >= 300 => format!("{}min", s / 60),
        s if s >= 60 => format!("{}min {}s", s / 60, s % 60),
        s if s > 0 => format!("{s}s"),
        _ => format!("{}ms", span.micros() / 1000),
    }
}

/// A length to the millisecond: `1h 2min 3.456s`, `523ms`.
pub fn length(span: Span) -> String {
    let ms = span.micros() / 1000;
    if ms < 1000 {
        return format!("{ms}ms");
    }
    let (days, hours, minutes) = (ms / 86_400_000, ms / 3_600_000 % 24, ms / 60_000 % 60);
    let mut parts = Vec::new();
    if days > 0 {
        parts.push(format!("{days}d"));
    }
    if hours > 0 {
        parts.push(format!("{hours}h"));
    }
    if minutes > 0 {
        parts.push(format!("{minutes}min"));
    }
    let rest = ms % 60_000;
    if rest > 0 {
        let text = format!("{}.{:03}", rest / 1000, rest % 1000);
        parts.push(format!("{}s", text.trim_end_matches('0').trim_end_matches('.')));
    }
    parts.join(" ")
}

/// `64.0M`, `512B`: systemd's sizes.
pub fn size(bytes: u64) -> String {
    let units = [(1u64 << 40, "T"), (1 << 30, "G"), (1 << 20, "M"), (1 << 10, "K")];
    match units.iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, letter)) => format!("{}.{}{letter}", bytes / unit, bytes % unit * 10 / unit),
        None => format!("{bytes}B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_systemd_does() {
        let now = SimTime::from_secs(1_773_284_820); // Thu 2026-03-12 03:07:00
        let at = |text: &str| parse(text, now).map(|t| now.secs() as i64 - t.secs() as i64);
        assert_eq!(at("2026-03-12 03:00"), Some(420));
        assert_eq!(at("Thu 2026-03-12 03:00:00 UTC"), Some(420));
        assert_eq!(at("03:06:30"), Some(30));
        assert_eq!(at("1 hour ago"), Some(3600));
        assert_eq!(at("-15min"), Some(900));
        assert_eq!(at("today"), Some(3 * 3600 + 420));
        assert_eq!(at("2026-03-11"), Some(27 * 3600 + 420));
        assert_eq!(at("soon"), None);
    }

    #[test]
    fn ages_and_sizes_have_systemd_s_words() {
        assert_eq!(age(Span::from_secs(65)), "1min 5s");
        assert_eq!(age(Span::from_secs(26 * 3600)), "1 day 2h");
        assert_eq!(age(Span::from_secs(20 * 86_400)), "2 weeks 6 days");
        assert_eq!(length(Span::from_millis(62_345)), "1min 2.345s");
        assert_eq!((size(60 << 20), size(700)), ("60.0M".into(), "700B".into()));
    }
}
