//! Time zones: POSIX `TZ` strings, and the rules in force today of the zones that people name.
//!
//! Why not the whole tz database: simulated time is the present, and a table of current rules weighs 5 kB, not 300.

use super::calendar::{civil_of_days, days_of};

/// A zone's rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    standard: Offset,
    summer: Option<(Offset, Rule, Rule)>,
}

/// Seconds east of UTC, and how it is abbreviated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offset {
    pub east: i64,
    pub name: String,
}

/// The n-th weekday of a month (5: the last), at so many seconds of local time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rule {
    month: u8,
    week: u8,
    weekday: u8,
    at: i64,
}

impl Rule {
    /// Local seconds since the epoch at which it falls in `year`.
    fn in_year(self, year: i64) -> i64 {
        let first = days_of(year, self.month, 1);
        let first_weekday = (first + 4).rem_euclid(7);
        let mut day = first + (i64::from(self.weekday) - first_weekday).rem_euclid(7) + 7 * (i64::from(self.week) - 1);
        let (next_year, next_month) = if self.month == 12 { (year + 1, 1) } else { (year, self.month + 1) };
        while day >= days_of(next_year, next_month, 1) {
            day -= 7;
        }
        day * 86_400 + self.at
    }
}

impl Zone {
    pub fn utc() -> Zone {
        Zone { standard: Offset { east: 0, name: "UTC".into() }, summer: None }
    }
    pub fn fixed(east: i64, name: &str) -> Zone {
        Zone { standard: Offset { east, name: name.into() }, summer: None }
    }

    /// What the variable TZ means; glibc takes what it can't read for UTC, and shows the word that began it.
    pub fn named(tz: &str) -> Zone {
        let tz = tz.strip_prefix(':').unwrap_or(tz);
        let tz = tz.strip_prefix("/usr/share/zoneinfo/").unwrap_or(tz);
        if tz.is_empty() {
            return Zone::utc();
        }
        if let Some(&(_, rules)) = ZONES.iter().find(|(name, _)| *name == tz) {
            return Zone::posix(rules).unwrap_or_else(Zone::utc);
        }
        Zone::posix(tz).unwrap_or_else(|| {
            let word: String = tz.chars().take_while(char::is_ascii_alphabetic).collect();
            Zone::fixed(0, if word.len() < 3 { "UTC" } else { &word })
        })
    }
    /// Is it a name or a rule that the database or POSIX knows?
    pub fn is_known(tz: &str) -> bool {
        ZONES.iter().any(|(name, _)| *name == tz) || Zone::posix(tz).is_some()
    }

    /// `CET-1CEST,M3.5.0,M10.5.0/3`
    fn posix(text: &str) -> Option<Zone> {
        let mut rest = text;
        let name = take_name(&mut rest)?;
        let standard = Offset { east: -take_time(&mut rest)?, name };
        if rest.is_empty() {
            return Some(Zone { standard, summer: None });
        }
        let name = take_name(&mut rest)?;
        let east = if rest.is_empty() || rest.starts_with(',') { standard.east + 3600 } else { -take_time(&mut rest)? };
        let mut rules = rest.strip_prefix(',').unwrap_or("M3.2.0,M11.1.0").split(',');
        let (from, to) = (take_rule(rules.next()?)?, take_rule(rules.next()?)?);
        Some(Zone { standard, summer: Some((Offset { east, name }, from, to)) })
    }

    /// The offset in force at an instant (seconds since the epoch), and whether it is summer time.
    pub fn at(&self, epoch: i64) -> (&Offset, bool) {
        let Some((summer, from, to)) = &self.summer else { return (&self.standard, false) };
        let (year, ..) = civil_of_days((epoch + self.standard.east).div_euclid(86_400));
        let begins = from.in_year(year) - self.standard.east;
        let ends = to.in_year(year) - summer.east;
        let in_summer = if begins < ends { (begins..ends).contains(&epoch) } else { !(ends..begins).contains(&epoch) };
        if in_summer { (summer, true) } else { (&self.standard, false) }
    }

    /// The instant of a local time, in seconds; in an hour that comes twice, the first.
    pub fn instant(&self, local: i64) -> i64 {
        let Some((summer, ..)) = &self.summer else { return local - self.standard.east };
        let early = local - summer.east;
        if self.at(early).1 { early } else { local - self.standard.east }
    }
}

fn take_name(rest: &mut &str) -> Option<String> {
    let (name, after) = match rest.strip_prefix('<') {
        Some(quoted) => quoted.split_once('>')?,
        None => rest.split_at(rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len())),
    };
    *rest = after;
    (name.len() >= 3).then(|| name.to_string())
}

/// `[+-]hh[:mm[:ss]]` in seconds.
fn take_time(rest: &mut &str) -> Option<i64> {
    let end = rest.find(|c: char| !(c.is_ascii_digit() || matches!(c, ':' | '+' | '-'))).unwrap_or(rest.len());
    let (text, after) = rest.split_at(end);
    *rest = after;
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut total = 0;
    for (part, scale) in digits.split(':').zip([3600, 60, 1]) {
        total += part.parse::<u32>().ok().filter(|&n| n < 168).map(i64::from)? * scale;
    }
    Some(sign * total)
}

/// `M3.5.0/2`
fn take_rule(text: &str) -> Option<Rule> {
    let (date, at) = text.split_once('/').unwrap_or((text, "2"));
    let mut parts = date.strip_prefix('M')?.split('.').map(|p| p.parse::<u8>().ok());
    let (month, week, weekday) = (parts.next()??, parts.next()??, parts.next()??);
    let valid = (1..=12).contains(&month) && (1..=5).contains(&week) && weekday < 7;
    let mut at = at;
    valid.then_some(Rule { month, week, weekday, at: take_time(&mut at)? })
}

const CENTRAL_EUROPE: &str = "CET-1CEST,M3.5.0,M10.5.0/3";
const EASTERN_EUROPE: &str = "EET-2EEST,M3.5.0/3,M10.5.0/4";

/// Names and rules, as in tzdata 2025.
const ZONES: &[(&str, &str)] = &[
    ("UTC", "UTC0"),
    ("Etc/UTC", "UTC0"),
    ("Universal", "UTC0"),
    ("Zulu", "UTC0"),
    ("GMT", "GMT0"),
    ("Etc/GMT", "GMT0"),
    ("Europe/London", "GMT0BST,M3.5.0/1,M10.5.0"),
    ("Europe/Dublin", "GMT0IST,M3.5.0/1,M10.5.0"),
    ("Europe/Lisbon", "WET0WEST,M3.5.0/1,M10.5.0"),
    ("Europe/Amsterdam", CENTRAL_EUROPE),
    ("Europe/Belgrade", CENTRAL_EUROPE),
    ("Europe/Berlin", CENTRAL_EUROPE),
    ("Europe/Brussels", CENTRAL_EUROPE),
    ("Europe/Budapest", CENTRAL_EUROPE),
    ("Europe/Copenhagen", CENTRAL_EUROPE),
    ("Europe/Madrid", CENTRAL_EUROPE),
    ("Europe/Oslo", CENTRAL_EUROPE),
    ("Europe/Paris", CENTRAL_EUROPE),
    ("Europe/Prague", CENTRAL_EUROPE),
    ("Europe/Rome", CENTRAL_EUROPE),
    ("Europe/Stockholm", CENTRAL_EUROPE),
    ("Europe/Vienna", CENTRAL_EUROPE),
    ("Europe/Warsaw", CENTRAL_EUROPE),
    ("Europe/Zurich", CENTRAL_EUROPE),
    ("CET", CENTRAL_EUROPE),
    ("Europe/Athens", EASTERN_EUROPE),
    ("Europe/Bucharest", EASTERN_EUROPE),
    ("Europe/Helsinki", EASTERN_EUROPE),
    ("Europe/Kiev", EASTERN_EUROPE),
    ("Europe/Kyiv", EASTERN_EUROPE),
    ("Europe/Riga", EASTERN_EUROPE),
    ("Europe/Sofia", EASTERN_EUROPE),
    ("Europe/Tallinn", EASTERN_EUROPE),
    ("Europe/Vilnius", EASTERN_EUROPE),
    ("EET", EASTERN_EUROPE),
    ("Europe/Istanbul", "<+03>-3"),
    ("Europe/Moscow", "MSK-3"),
    ("Europe/Minsk", "<+03>-3"),
    ("America/New_York", "EST5EDT,M3.2.0,M11.1.0"),
    ("US/Eastern", "EST5EDT,M3.2.0,M11.1.0"),
    ("EST5EDT", "EST5EDT,M3.2.0,M11.1.0"),
    ("America/Toronto", "EST5EDT,M3.2.0,M11.1.0"),
    ("America/Chicago", "CST6CDT,M3.2.0,M11.1.0"),
    ("US/Central", "CST6CDT,M3.2.0,M11.1.0"),
    ("America/Denver", "MST7MDT,M3.2.0,M11.1.0"),
    ("US/Mountain", "MST7MDT,M3.2.0,M11.1.0"),
    ("America/Phoenix", "MST7"),
    ("America/Los_Angeles", "PST8PDT,M3.2.0,M11.1.0"),
    ("US/Pacific", "PST8PDT,M3.2.0,M11.1.0"),
    ("PST8PDT", "PST8PDT,M3.2.0,M11.1.0"),
    ("America/Vancouver", "PST8PDT,M3.2.0,M11.1.0"),
    ("America/Anchorage", "AKST9AKDT,M3.2.0,M11.1.0"),
    ("Pacific/Honolulu", "HST10"),
    ("America/Halifax", "AST4ADT,M3.2.0,M11.1.0"),
    ("America/St_Johns", "NST3:30NDT,M3.2.0,M11.1.0"),
    ("America/Mexico_City", "CST6"),
    ("America/Bogota", "<-05>5"),
    ("America/Lima", "<-05>5"),
    ("America/Caracas", "<-04>4"),
    ("America/Sao_Paulo", "<-03>3"),
    ("America/Argentina/Buenos_Aires", "<-03>3"),
    ("America/Santiago", "<-04>4<-03>,M9.1.6/24,M4.1.6/24"),
    ("Africa/Cairo", "EET-2EEST,M4.5.5/0,M10.5.4/24"),
    ("Africa/Johannesburg", "SAST-2"),
    ("Africa/Lagos", "WAT-1"),
    ("Africa/Nairobi", "EAT-3"),
    ("Asia/Jerusalem", "IST-2IDT,M3.4.4/26,M10.5.0"),
    ("Asia/Dubai", "<+04>-4"),
    ("Asia/Riyadh", "<+03>-3"),
    ("Asia/Tehran", "<+0330>-3:30"),
    ("Asia/Karachi", "PKT-5"),
    ("Asia/Kolkata", "IST-5:30"),
    ("Asia/Calcutta", "IST-5:30"),
    ("Asia/Kathmandu", "<+0545>-5:45"),
    ("Asia/Dhaka", "<+06>-6"),
    ("Asia/Bangkok", "<+07>-7"),
    ("Asia/Ho_Chi_Minh", "<+07>-7"),
    ("Asia/Jakarta", "WIB-7"),
    ("Asia/Shanghai", "CST-8"),
    ("Asia/Hong_Kong", "HKT-8"),
    ("Asia/Singapore", "<+08>-8"),
    ("Asia/Manila", "PST-8"),
    ("Asia/Taipei", "CST-8"),
    ("Asia/Seoul", "KST-9"),
    ("Asia/Tokyo", "JST-9"),
    ("Japan", "JST-9"),
    ("Australia/Perth", "AWST-8"),
    ("Australia/Adelaide", "ACST-9:30ACDT,M10.1.0,M4.1.0/3"),
    ("Australia/Brisbane", "AEST-10"),
    ("Australia/Melbourne", "AEST-10AEDT,M10.1.0,M4.1.0/3"),
    ("Australia/Sydney", "AEST-10AEDT,M10.1.0,M4.1.0/3"),
    ("Pacific/Auckland", "NZST-12NZDT,M9.5.0,M4.1.0/3"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summer_time_begins_and_ends_as_tzdata_says() {
        // Offsets as `TZ=… date -d @N +%z` gives them.
        for (tz, epoch, east, name) in [
            ("Europe/Berlin", 1_774_746_000 - 1, 3600, "CET"),
            ("Europe/Berlin", 1_774_746_000, 7200, "CEST"),
            ("America/New_York", 1_772_953_200 - 1, -18_000, "EST"),
            ("America/New_York", 1_772_953_200, -14_400, "EDT"),
            ("Australia/Sydney", 1_767_225_600, 39_600, "AEDT"),
            ("Asia/Kolkata", 0, 19_800, "IST"),
            ("Nowhere/Land", 0, 0, "Nowhere"),
        ] {
            let zone = Zone::named(tz);
            let (offset, _) = zone.at(epoch);
            assert_eq!((offset.east, &*offset.name), (east, name), "{tz} at {epoch}");
            assert_eq!(zone.instant(epoch + east), epoch, "{tz}");
        }
    }

    #[test]
    fn every_rule_of_the_table_is_read() {
        assert!(ZONES.iter().all(|(_, rules)| Zone::posix(rules).is_some()));
    }
}
