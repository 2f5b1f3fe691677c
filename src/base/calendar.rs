//! Civil time: instants (microseconds since the epoch, before it too) to dates in a zone and back, and strftime(3) with
//! GNU's flags in the C.UTF-8 locale.

use super::zone::Zone;

pub const MICROS: i64 = 1_000_000;
const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Days since the epoch of a date (Howard Hinnant's `days_from_civil`).
pub fn days_of(year: i64, month: u8, day: i64) -> i64 {
    let y = year - i64::from(month <= 2);
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let mp = (i64::from(month) + 9) % 12;
    let doy = (153 * mp + 2) / 5 + day - 1;
    era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
}

/// (year, month, day) of a day since the epoch.
pub fn civil_of_days(days: i64) -> (i64, u8, u8) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = (doy - (153 * mp + 2) / 5 + 1) as u8;
    let month = if mp < 10 { mp + 3 } else { mp - 9 } as u8;
    (yoe + era * 400 + i64::from(month <= 2), month, day)
}

/// A date and time in a zone.
#[derive(Clone, Debug)]
pub struct Civil {
    /// Microseconds since the epoch.
    pub instant: i64,
    pub year: i64,
    pub month: u8,
    pub day: u8,
    pub hour: u8,
    pub minute: u8,
    pub second: u8,
    pub micros: u32,
    /// 0 is Sunday.
    pub weekday: u8,
    /// 0 is the first of January.
    pub yearday: u16,
    pub east: i64,
    pub zone: String,
}

impl Civil {
    pub fn new(instant: i64, zone: &Zone) -> Civil {
        let secs = instant.div_euclid(MICROS);
        let (offset, _) = zone.at(secs);
        let local = secs.saturating_add(offset.east);
        let (days, rest) = (local.div_euclid(86_400), local.rem_euclid(86_400));
        let (year, month, day) = civil_of_days(days);
        Civil {
            instant,
            year,
            month,
            day,
            hour: (rest / 3600) as u8,
            minute: (rest / 60 % 60) as u8,
            second: (rest % 60) as u8,
            micros: instant.rem_euclid(MICROS) as u32,
            weekday: (days + 4).rem_euclid(7) as u8,
            yearday: (days - days_of(year, 1, 1)) as u16,
            east: offset.east,
            zone: offset.name.clone(),
        }
    }

    /// The ISO 8601 year and week.
    fn iso_week(&self) -> (i64, i64) {
        let monday = (i64::from(self.weekday) + 6) % 7;
        let week = (i64::from(self.yearday) - monday + 10) / 7;
        let weeks_in = |year: i64| {
            let first = (days_of(year, 1, 1) + 4).rem_euclid(7);
            let leap = days_of(year + 1, 1, 1) - days_of(year, 1, 1) == 366;
            if first == 4 || leap && first == 3 { 53 } else { 52 }
        };
        if week < 1 {
            (self.year - 1, weeks_in(self.year - 1))
        } else if week > weeks_in(self.year) {
            (self.year + 1, 1)
        } else {
            (self.year, week)
        }
    }

    /// strftime(3) with GNU's flags (`-_0^#`), widths and `%:z`.
    pub fn format(&self, format: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(format.len() * 2);
        let mut rest = format;
        while let Some((&b, after)) = rest.split_first() {
            rest = after;
            if b != b'%' {
                out.push(b);
                continue;
            }
            let directive = Directive::read(rest);
            match directive.and_then(|(d, after)| Some((self.field(&d)?, after))) {
                Some((field, after)) => {
                    out.extend_from_slice(field.as_bytes());
                    rest = after;
                }
                // What strftime does not know is printed as it stands.
                None => out.push(b'%'),
            }
        }
        out
    }

    fn field(&self, d: &Directive) -> Option<String> {
        let hour12 = if self.hour.is_multiple_of(12) { 12 } else { self.hour % 12 };
        let number = |n: i64, width: usize, pad: u8| Some(d.number(n, width, pad));
        let again = |format: &str| Some(d.text(&String::from_utf8_lossy(&self.format(format.as_bytes()))));
        let weekday = i64::from(self.weekday);
        let yearday = i64::from(self.yearday);
        let day_name = DAYS[usize::from(self.weekday) % 7];
        let month_name = MONTHS[usize::from(self.month + 11) % 12];
        match d.letter {
            b'a' => Some(d.text(&day_name[..3])),
            b'A' => Some(d.text(day_name)),
            b'b' | b'h' => Some(d.text(&month_name[..3])),
            b'B' => Some(d.text(month_name)),
            b'c' => again("%a %b %e %H:%M:%S %Y"),
            b'C' => number(self.year.div_euclid(100), 2, b'0'),
            b'd' => number(self.day.into(), 2, b'0'),
            b'D' | b'x' => again("%m/%d/%y"),
            b'e' => number(self.day.into(), 2, b'_'),
            b'F' => again("%Y-%m-%d"),
            b'g' => number(self.iso_week().0.rem_euclid(100), 2, b'0'),
            b'G' => number(self.iso_week().0, 4, b'0'),
            b'H' => number(self.hour.into(), 2, b'0'),
            b'I' => number(hour12.into(), 2, b'0'),
            b'j' => number(yearday + 1, 3, b'0'),
            b'k' => number(self.hour.into(), 2, b'_'),
            b'l' => number(hour12.into(), 2, b'_'),
            b'm' => number(self.month.into(), 2, b'0'),
            b'M' => number(self.minute.into(), 2, b'0'),
            b'n' => Some("\n".into()),
            b'N' => Some(d.nanos(u64::from(self.micros) * 1000)),
            b'p' => Some(d.meridian(if self.hour < 12 { "AM" } else { "PM" })),
            b'P' => Some(d.text(if self.hour < 12 { "am" } else { "pm" })),
            b'q' => number(i64::from((self.month - 1) / 3 + 1), 1, b'0'),
            b'r' => again("%I:%M:%S %p"),
            b'R' => again("%H:%M"),
            b's' => number(self.instant.div_euclid(MICROS), 1, b'0'),
            b'S' => number(self.second.into(), 2, b'0'),
            b't' => Some("\t".into()),
            b'T' | b'X' => again("%H:%M:%S"),
            b'u' => number(if weekday == 0 { 7 } else { weekday }, 1, b'0'),
            b'U' => number((yearday + 7 - weekday) / 7, 2, b'0'),
            b'V' => number(self.iso_week().1, 2, b'0'),
            b'w' => number(weekday, 1, b'0'),
            b'W' => number((yearday + 7 - (weekday + 6) % 7) / 7, 2, b'0'),
            b'y' => number(self.year.rem_euclid(100), 2, b'0'),
            b'Y' => number(self.year, 4, b'0'),
            b'z' => self.offset(d),
            b'Z' => Some(d.text(&self.zone)),
            b'%' => Some("%".into()),
            _ => None,
        }
    }

    fn offset(&self, d: &Directive) -> Option<String> {
        let sign = if self.east < 0 { '-' } else { '+' };
        let (h, m, s) = (self.east.abs() / 3600, self.east.abs() / 60 % 60, self.east.abs() % 60);
        Some(match d.colons {
            0 => format!("{sign}{h:02}{m:02}"),
            1 => format!("{sign}{h:02}:{m:02}"),
            2 => format!("{sign}{h:02}:{m:02}:{s:02}"),
            3 if s != 0 => format!("{sign}{h:02}:{m:02}:{s:02}"),
            3 if m != 0 => format!("{sign}{h:02}:{m:02}"),
            3 => format!("{sign}{h:02}"),
            _ => return None,
        })
    }
}

/// One `%` directive, taken apart.
struct Directive {
    /// `-`, `_`, `0` or none.
    pad: Option<u8>,
    upper: bool,
    swap: bool,
    width: Option<usize>,
    colons: u8,
    letter: u8,
}

impl Directive {
    fn read(mut text: &[u8]) -> Option<(Directive, &[u8])> {
        let mut d = Directive { pad: None, upper: false, swap: false, width: None, colons: 0, letter: 0 };
        loop {
            let (&b, after) = text.split_first()?;
            text = after;
            match b {
                b'-' | b'_' | b'0' if d.width.is_none() => d.pad = Some(b),
                b'+' if d.width.is_none() => d.pad = Some(b'0'),
                b'^' => d.upper = true,
                b'#' => d.swap = true,
                b'0'..=b'9' => d.width = Some((d.width.unwrap_or(0) * 10 + usize::from(b - b'0')).min(4096)),
                b':' => d.colons += 1,
                b'E' | b'O' => {}
                letter => {
                    d.letter = letter;
                    return (d.colons == 0 || letter == b'z').then_some((d, text));
                }
            }
        }
    }
    fn number(&self, n: i64, width: usize, pad: u8) -> String {
        let pad = self.pad.unwrap_or(pad);
        let width = self.width.unwrap_or(if pad == b'-' { 0 } else { width });
        match (pad, n < 0) {
            (b'-', _) => n.to_string(),
            (b'_', _) => format!("{n:>width$}"),
            (_, false) => format!("{n:0>width$}"),
            (_, true) => format!("-{:0>1$}", n.unsigned_abs(), width.saturating_sub(1)),
        }
    }
    fn text(&self, text: &str) -> String {
        let cased = if self.upper || self.swap && self.letter != b'Z' {
            text.to_ascii_uppercase()
        } else if self.swap {
            text.to_ascii_lowercase()
        } else {
            text.to_string()
        };
        let width = self.width.unwrap_or(0);
        if self.pad == Some(b'0') { format!("{cased:0>width$}") } else { format!("{cased:>width$}") }
    }
    fn meridian(&self, text: &str) -> String {
        let width = self.width.unwrap_or(0);
        let cased = if self.swap { text.to_ascii_lowercase() } else { text.to_string() };
        format!("{cased:>width$}")
    }
    /// `%N`, `%3N`: the width cuts digits.
    fn nanos(&self, nanos: u64) -> String {
        let digits = format!("{nanos:09}");
        let width = self.width.unwrap_or(9);
        match self.pad {
            Some(b'_') if self.width.is_none() => format!("{:<9}", digits.trim_end_matches('0')),
            _ if width <= 9 => digits[..width].to_string(),
            _ => format!("{digits:0<width$}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_agree_with_date() {
        let t = Civil::new(1_773_284_820_123_456, &Zone::named("Europe/Berlin"));
        for (format, shown) in [
            ("%c", "Thu Mar 12 04:07:00 2026"),
            ("%F %T.%3N %z", "2026-03-12 04:07:00.123 +0100"),
            ("%G-W%V-%u %j %U %W", "2026-W11-4 071 10 10"),
            ("%-d %_m %e %k %l %I %p %P", "12  3 12  4  4 04 AM am"),
            ("%^a %#Z %:z %::z %:::z", "THU cet +01:00 +01:00:00 +01"),
            ("%s %5Y %_5Y %q %% %Q", "1773284820 02026  2026 1 % %Q"),
        ] {
            assert_eq!(String::from_utf8(t.format(format.as_bytes())).unwrap(), shown, "{format}");
        }
        let old = Civil::new(-1, &Zone::utc());
        assert_eq!(old.format(b"%F %T.%N"), b"1969-12-31 23:59:59.999999000");
    }
}
