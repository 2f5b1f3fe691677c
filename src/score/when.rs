//! "Since when?", as people write it: an offset from the alert, an instant, so long ago.

use crate::base::time::from_civil;
use crate::base::values::{Instant, Offset};
use crate::base::{SimTime, Span};

/// Microseconds relative to the alert (negative before it) of what a player wrote: `-21d`, `3 weeks ago`,
/// `2026-02-19`, `2026-02-19 14:07`, `2026-02-19T14:07:00Z`, `03:03` (the last such time before the alert).
/// `None` if it is none of these.
pub fn micros(text: &str, alert: SimTime) -> Option<i64> {
    let text = text.trim();
    if text.len() > 60 {
        return None;
    }
    if let Ok(offset) = Offset::parse(text) {
        return Some(offset.micros());
    }
    if let Some(ago) = text.strip_suffix("ago") {
        return ago_micros(ago.trim()).map(|us| -us);
    }
    let relative = |at: SimTime| at.micros() as i64 - alert.micros() as i64;
    if let Some((hour, minute)) = clock(text) {
        let midnight = SimTime(alert.micros() - alert.micros() % Span::DAY.0);
        let at = midnight + Span::from_secs(hour * 3600 + minute * 60);
        return Some(relative(if at > alert { at - Span::DAY } else { at }));
    }
    let plain = text.trim_end_matches(" UTC").trim_end_matches('Z').replace(' ', "T");
    let (date, time) = plain.split_once('T').unwrap_or((&plain, ""));
    let whole = match time.len() {
        0 => format!("{date}T00:00:00Z"),
        5 => format!("{date}T{time}:00Z"),
        _ => format!("{date}T{}Z", time.split('.').next().unwrap_or("")),
    };
    if let Ok(instant) = Instant::parse(&whole) {
        return Some(relative(instant.time()));
    }
    month_day(text, alert).map(relative)
}

/// `3 weeks`, `20 days`, `an hour`, `2h`.
fn ago_micros(text: &str) -> Option<i64> {
    if let Ok(offset) = Offset::parse(&format!("+{}", text.replace(' ', ""))) {
        return Some(offset.micros());
    }
    let (number, unit) = text.split_once(' ')?;
    let number: f64 = match number {
        "a" | "an" | "one" => 1.0,
        "two" => 2.0,
        "three" => 3.0,
        "four" => 4.0,
        n => n.trim_start_matches('~').parse().ok().filter(|n: &f64| (0.0..10_000.0).contains(n))?,
    };
    let unit = match unit.trim().trim_end_matches('s') {
        "second" | "sec" => Span::SECOND.0,
        "minute" | "min" => Span::MINUTE.0,
        "hour" => Span::HOUR.0,
        "day" => Span::DAY.0,
        "week" => 7 * Span::DAY.0,
        "month" => 30 * Span::DAY.0,
        "year" => 365 * Span::DAY.0,
        _ => return None,
    };
    Some((number * unit as f64) as i64)
}

/// `03:07`.
fn clock(text: &str) -> Option<(u64, u64)> {
    let (hour, minute) = text.split_once(':')?;
    let two = |t: &str| (t.len() == 2).then(|| t.parse::<u64>().ok()).flatten();
    Some((two(hour).filter(|h| *h < 24)?, two(minute).filter(|m| *m < 60)?))
}

/// `19 Feb` or `Feb 19`, in the year that ends at the alert.
fn month_day(text: &str, alert: SimTime) -> Option<SimTime> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.split([' ', ',']).filter(|w| !w.is_empty()).collect();
    let [a, b] = words.as_slice() else { return None };
    let (day, month) = if a.starts_with(|c: char| c.is_ascii_digit()) { (a, b) } else { (b, a) };
    let day: u8 = day.parse().ok().filter(|d| (1..=31).contains(d))?;
    let month = MONTHS.iter().position(|m| month.starts_with(m))? as u8 + 1;
    let year = crate::base::time::civil(alert).0;
    let this = from_civil(year, month, day);
    Some(if this > alert { from_civil(year - 1, month, day) } else { this })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        let alert = Instant::parse("2026-03-12T03:07:00Z").unwrap().time();
        let (minute, day) = (60_000_000i64, 86_400_000_000i64);
        for (text, us) in [
            ("-21d", -21 * day),
            ("3 weeks ago", -21 * day),
            ("20d ago", -20 * day),
            ("an hour ago", -60 * minute),
            ("2026-03-12T03:03:00Z", -4 * minute),
            ("2026-03-12 03:03", -4 * minute),
            ("03:03", -4 * minute),
            ("23:07", -240 * minute),
            ("2026-03-12", -187 * minute),
            ("12 Mar", -187 * minute),
            ("Dec 12", -90 * day - 187 * minute),
        ] {
            assert_eq!(micros(text, alert), Some(us), "{text}");
        }
        for text in ["", "soon", "25:00", "2026-13-01", "1e9 weeks ago", "99999999d ago", "é ago", "-", "::"] {
            assert_eq!(micros(text, alert), None, "{text}");
        }
    }
}
