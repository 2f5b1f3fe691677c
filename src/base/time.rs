//! Simulated time: integer microseconds, never the machine's clock.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

use serde::{Deserialize, Serialize};

/// An instant of the simulated world, in microseconds since 1970-01-01T00:00:00Z (POSIX time: leap seconds are not counted).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SimTime(pub u64);

/// A length of simulated time in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span(pub u64);

impl SimTime {
    pub const ZERO: SimTime = SimTime(0);
    pub const MAX: SimTime = SimTime(u64::MAX);

    pub fn from_secs(secs: u64) -> SimTime {
        SimTime(secs.saturating_mul(1_000_000))
    }
    /// Whole seconds since the epoch.
    pub fn secs(self) -> u64 {
        self.0 / 1_000_000
    }
    pub fn micros(self) -> u64 {
        self.0
    }
    /// The length from `earlier` to here; zero if `earlier` is later.
    pub fn since(self, earlier: SimTime) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
    /// The first instant at or after this one that is a whole multiple of `grid` since the epoch.
    pub fn ceil_to(self, grid: Span) -> SimTime {
        let g = grid.0.max(1);
        SimTime(self.0.div_ceil(g).saturating_mul(g))
    }
}

impl Span {
    pub const ZERO: Span = Span(0);
    pub const SECOND: Span = Span(1_000_000);
    pub const MINUTE: Span = Span(60_000_000);
    pub const HOUR: Span = Span(3_600_000_000);
    pub const DAY: Span = Span(86_400_000_000);

    pub fn from_secs(secs: u64) -> Span {
        Span(secs.saturating_mul(1_000_000))
    }
    pub fn from_millis(millis: u64) -> Span {
        Span(millis.saturating_mul(1_000))
    }
    /// From seconds with a fraction, rounded to the microsecond; negative and not-a-number give zero.
    pub fn from_secs_f64(secs: f64) -> Span {
        Span((secs * 1e6).round() as u64)
    }
    pub fn secs(self) -> u64 {
        self.0 / 1_000_000
    }
    pub fn secs_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }
    pub fn micros(self) -> u64 {
        self.0
    }

    /// Parses the durations of Prometheus and systemd that people write: `90s`, `5m`, `1h30m`, `250ms`, `2d`, `1w`; a bare number is seconds.
    pub fn parse(text: &str) -> Option<Span> {
        let mut rest = text.trim();
        if rest.is_empty() {
            return None;
        }
        if let Ok(secs) = rest.parse::<f64>() {
            return (secs.is_finite() && secs >= 0.0).then(|| Span::from_secs_f64(secs));
        }
        let mut total = 0f64;
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
            let (number, tail) = rest.split_at_checked(digits)?;
            let letters = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
            let (unit, tail) = tail.split_at_checked(letters)?;
            let scale = match unit {
                "us" => 1.0,
                "ms" => 1e3,
                "s" | "sec" => 1e6,
                "m" | "min" => 60e6,
                "h" => 3600e6,
                "d" => 86_400e6,
                "w" => 604_800e6,
                _ => return None,
            };
            total += number.parse::<f64>().ok()? * scale;
            rest = tail.trim_start();
        }
        Some(Span(total.round() as u64))
    }
}

impl Add<Span> for SimTime {
    type Output = SimTime;
    fn add(self, span: Span) -> SimTime {
        SimTime(self.0.saturating_add(span.0))
    }
}
impl AddAssign<Span> for SimTime {
    fn add_assign(&mut self, span: Span) {
        *self = *self + span;
    }
}
impl Sub<Span> for SimTime {
    type Output = SimTime;
    fn sub(self, span: Span) -> SimTime {
        SimTime(self.0.saturating_sub(span.0))
    }
}
impl Add for Span {
    type Output = Span;
    fn add(self, other: Span) -> Span {
        Span(self.0.saturating_add(other.0))
    }
}
impl AddAssign for Span {
    fn add_assign(&mut self, other: Span) {
        *self = *self + other;
    }
}
impl Sub for Span {
    type Output = Span;
    fn sub(self, other: Span) -> Span {
        Span(self.0.saturating_sub(other.0))
    }
}

/// Civil date and time in UTC: (year, month 1–12, day 1–31, hour, minute, second). Proleptic Gregorian, by Howard
/// Hinnant's `civil_from_days`.
pub fn civil(t: SimTime) -> (i64, u8, u8, u8, u8, u8) {
    let secs = t.secs();
    let z = (secs / 86_400) as i64 + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = (doy - (153 * mp + 2) / 5 + 1) as u8;
    let month = if mp < 10 { mp + 3 } else { mp - 9 } as u8;
    let year = yoe + era * 400 + i64::from(month <= 2);
    (year, month, day, (secs / 3600 % 24) as u8, (secs / 60 % 60) as u8, (secs % 60) as u8)
}

/// Midnight UTC of a civil date (Hinnant's `days_from_civil`); dates before 1970 give the epoch.
pub fn from_civil(year: i64, month: u8, day: u8) -> SimTime {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let mp = (i64::from(month) + 9) % 12;
    let doy = (153 * mp + 2) / 5 + i64::from(day) - 1;
    let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    let days = era * 146_097 + doe - 719_468;
    SimTime::from_secs(u64::try_from(days).unwrap_or(0).saturating_mul(86_400))
}

/// Two units at most, as Prometheus and systemd print: `1h 5m`, `12s`, `350ms`.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secs = self.secs();
        match secs {
            0 => write!(f, "{}ms", self.0 / 1000),
            1..60 => write!(f, "{secs}s"),
            60..3600 if secs.is_multiple_of(60) => write!(f, "{}m", secs / 60),
            60..3600 => write!(f, "{}m {}s", secs / 60, secs % 60),
            3600..86_400 => write!(f, "{}h {}m", secs / 3600, secs / 60 % 60),
            _ => write!(f, "{}d {}h", secs / 86_400, secs / 3600 % 24),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_as_people_write_them() {
        assert_eq!(Span::parse("1h30m"), Some(Span::from_secs(5400)));
        assert_eq!(Span::parse("250ms"), Some(Span::from_millis(250)));
        assert_eq!(Span::parse("0.5"), Some(Span::from_millis(500)));
        assert_eq!(Span::parse("5 parsecs"), None);
        assert_eq!(Span::parse(""), None);
    }

    #[test]
    fn civil_dates_know_leap_years() {
        assert_eq!(civil(SimTime::from_secs(951_782_400)), (2000, 2, 29, 0, 0, 0));
        assert_eq!(from_civil(2000, 2, 29), SimTime::from_secs(951_782_400));
        assert_eq!(civil(SimTime::from_secs(1_773_284_820)), (2026, 3, 12, 3, 7, 0));
    }

    #[test]
    fn the_grid_is_absolute() {
        assert_eq!(SimTime(1_500_000).ceil_to(Span::SECOND), SimTime(2_000_000));
        assert_eq!(SimTime(2_000_000).ceil_to(Span::SECOND), SimTime(2_000_000));
    }
}
