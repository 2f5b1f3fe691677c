//! strftime(3) for prompts, `printf %(…)T` and HISTTIMEFORMAT. Zones other than UTC and fixed offsets are `date`'s.

use bstr::{BString, ByteSlice};

use crate::base::SimTime;

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

struct Broken {
    year: i64,
    month: u32,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
    weekday: u32,
    yearday: u32,
}

/// The calendar of a second since 1970 (Hinnant's civil_from_days).
fn broken(secs: i64) -> Broken {
    let days = secs.div_euclid(86_400);
    let rest = secs.rem_euclid(86_400) as u32;
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = (doy - (153 * mp + 2) / 5 + 1) as u32;
    let month = if mp < 10 { mp + 3 } else { mp - 9 } as u32;
    let year = yoe + era * 400 + i64::from(month <= 2);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    const BEFORE: [u32; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let yearday = BEFORE[month as usize - 1] + day - 1 + u32::from(leap && month > 2);
    Broken {
        year,
        month,
        day,
        hour: rest / 3600,
        minute: rest / 60 % 60,
        second: rest % 60,
        weekday: (days + 4).rem_euclid(7) as u32,
        yearday,
    }
}

/// Seconds east of UTC and the abbreviation of a TZ value: `UTC`, `<+02>-2`, `EST5`.
fn zone_of(zone: &[u8]) -> (i64, String) {
    let text = zone.to_str_lossy();
    let (name, rest) = match text.strip_prefix('<').and_then(|t| t.split_once('>')) {
        Some((name, rest)) => (name.to_string(), rest.to_string()),
        None => {
            let n = text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len());
            (text.chars().take(n).collect(), text.chars().skip(n).collect())
        }
    };
    let hours: Option<i64> = rest.split(':').next().and_then(|h| h.parse().ok());
    match hours {
        Some(hours) if !rest.contains('/') => (-hours * 3600, name),
        _ => (0, "UTC".into()),
    }
}

pub fn strftime(format: &[u8], time: SimTime, zone: &[u8]) -> BString {
    let (offset, abbreviation) = zone_of(zone);
    let secs = time.secs() as i64;
    let b = broken(secs + offset);
    let mut out = BString::default();
    let mut at = 0;
    while at < format.len() {
        if format[at] != b'%' || at + 1 >= format.len() {
            out.push(format[at]);
            at += 1;
            continue;
        }
        at += 1;
        let flag = matches!(format[at], b'-' | b'_' | b'0' | b'^').then_some(format[at]);
        at += usize::from(flag.is_some());
        let Some(&c) = format.get(at) else { break };
        at += 1;
        let number = |n: i64, width: usize, pad: char| match flag {
            Some(b'-') => n.to_string(),
            Some(b'_') => format!("{n:>width$}"),
            Some(b'0') => format!("{n:0width$}"),
            _ if pad == '0' => format!("{n:0width$}"),
            _ => format!("{n:>width$}"),
        };
        let twelve = (b.hour + 11) % 12 + 1;
        let sub = |f: &[u8]| strftime(f, time, zone).to_string();
        let day = DAYS[b.weekday as usize];
        let month = MONTHS[b.month as usize - 1];
        let text = match c {
            b'Y' => b.year.to_string(),
            b'C' => number(b.year / 100, 2, '0'),
            b'y' => number(b.year % 100, 2, '0'),
            b'm' => number(b.month.into(), 2, '0'),
            b'd' => number(b.day.into(), 2, '0'),
            b'e' => number(b.day.into(), 2, ' '),
            b'H' => number(b.hour.into(), 2, '0'),
            b'k' => number(b.hour.into(), 2, ' '),
            b'I' => number(twelve.into(), 2, '0'),
            b'l' => number(twelve.into(), 2, ' '),
            b'M' => number(b.minute.into(), 2, '0'),
            b'S' => number(b.second.into(), 2, '0'),
            b'j' => number(i64::from(b.yearday) + 1, 3, '0'),
            b'u' => number(if b.weekday == 0 { 7 } else { b.weekday.into() }, 1, '0'),
            b'w' => number(b.weekday.into(), 1, '0'),
            b'U' => number(i64::from((b.yearday + 7 - b.weekday) / 7), 2, '0'),
            b'W' => number(i64::from((b.yearday + 7 - (b.weekday + 6) % 7) / 7), 2, '0'),
            b'a' => day.chars().take(3).collect(),
            b'A' => day.into(),
            b'b' | b'h' => month.chars().take(3).collect(),
            b'B' => month.into(),
            b'p' => if b.hour < 12 { "AM" } else { "PM" }.into(),
            b'P' => if b.hour < 12 { "am" } else { "pm" }.into(),
            b's' => secs.to_string(),
            b'N' => format!("{:09}", time.micros() % 1_000_000 * 1000),
            b'Z' => abbreviation.clone(),
            b'z' => {
                format!("{}{:02}{:02}", if offset < 0 { '-' } else { '+' }, offset.abs() / 3600, offset.abs() / 60 % 60)
            }
            b'n' => "\n".into(),
            b't' => "\t".into(),
            b'%' => "%".into(),
            b'F' => sub(b"%Y-%m-%d"),
            b'D' | b'x' => sub(b"%m/%d/%y"),
            b'T' | b'X' => sub(b"%H:%M:%S"),
            b'R' => sub(b"%H:%M"),
            b'r' => sub(b"%I:%M:%S %p"),
            b'c' => sub(b"%a %b %e %H:%M:%S %Y"),
            b'G' | b'V' | b'g' => iso(&b, c),
            other => format!("%{}", other as char),
        };
        let text = if flag == Some(b'^') { text.to_uppercase() } else { text };
        out.extend_from_slice(text.as_bytes());
    }
    out
}

/// ISO 8601's week and its year.
fn iso(b: &Broken, what: u8) -> String {
    let weekday = (i64::from(b.weekday) + 6) % 7;
    let leap = |y: i64| y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
    let mut year = b.year;
    let mut week = (i64::from(b.yearday) - weekday + 10) / 7;
    let weeks = |y: i64| {
        let jan1 = (broken_days(y) + 4).rem_euclid(7);
        if jan1 == 4 || jan1 == 3 && leap(y) { 53 } else { 52 }
    };
    if week < 1 {
        year -= 1;
        week = weeks(year);
    } else if week > weeks(year) {
        year += 1;
        week = 1;
    }
    match what {
        b'V' => format!("{week:02}"),
        b'G' => year.to_string(),
        _ => format!("{:02}", year % 100),
    }
}

/// Days from 1970 to the first of January.
fn broken_days(year: i64) -> i64 {
    let y = year - 1;
    y * 365 + y / 4 - y / 100 + y / 400 - 719_162
}
