//! Dates as text (strftime(3) in the C locale, UTC): what log lines, `ps`, `who` and `last` print.

use super::time::{SimTime, civil};

pub const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
pub const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/// Day of the week, 0 for Sunday.
pub fn weekday(t: SimTime) -> usize {
    ((t.secs() / 86_400 + 4) % 7) as usize
}

/// `format` with its `%` conversions replaced; an unknown one stays as it is.
pub fn stamp(t: SimTime, format: &str) -> String {
    let (year, month, day, hour, minute, second) = civil(t);
    let month_name = MONTHS.get(usize::from(month).saturating_sub(1)).copied().unwrap_or("");
    let mut out = String::with_capacity(format.len() + 16);
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('a') => out.push_str(DAYS[weekday(t)]),
            Some('b' | 'h') => out.push_str(month_name),
            Some('d') => out.push_str(&format!("{day:02}")),
            Some('e') => out.push_str(&format!("{day:2}")),
            Some('F') => out.push_str(&format!("{year:04}-{month:02}-{day:02}")),
            Some('H') => out.push_str(&format!("{hour:02}")),
            Some('I') => out.push_str(&format!("{:02}", (hour + 11) % 12 + 1)),
            Some('m') => out.push_str(&format!("{month:02}")),
            Some('M') => out.push_str(&format!("{minute:02}")),
            Some('N') => out.push_str(&format!("{:06}000", t.micros() % 1_000_000)),
            Some('f') => out.push_str(&format!("{:06}", t.micros() % 1_000_000)),
            Some('p') => out.push_str(if hour < 12 { "AM" } else { "PM" }),
            Some('R') => out.push_str(&format!("{hour:02}:{minute:02}")),
            Some('s') => out.push_str(&t.secs().to_string()),
            Some('S') => out.push_str(&format!("{second:02}")),
            Some('T') => out.push_str(&format!("{hour:02}:{minute:02}:{second:02}")),
            Some('y') => out.push_str(&format!("{:02}", year.rem_euclid(100))),
            Some('Y') => out.push_str(&year.to_string()),
            Some('z') => out.push_str("+0000"),
            Some('Z') => out.push_str("UTC"),
            Some('%') => out.push('%'),
            Some(other) => {
                out.push('%');
                out.push(other);
            }
            None => out.push('%'),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_c_locale() {
        let t = SimTime::from_secs(1_773_284_820);
        assert_eq!(stamp(t, "%a %b %e %T %Z %Y"), "Thu Mar 12 03:07:00 UTC 2026");
        assert_eq!(stamp(t, "%F %R %I%p %%"), "2026-03-12 03:07 03AM %");
    }
}
