//! Times as a player reads them. All from integers, without a calendar crate.

/// `03:07:12` of an instant in µs since 1970, in UTC.
pub fn time_of_day(us: u64) -> String {
    let secs = us / 1_000_000 % 86_400;
    format!("{:02}:{:02}:{:02}", secs / 3600, secs / 60 % 60, secs % 60)
}

/// `2026-11-20`.
pub fn date(us: u64) -> String {
    // Days to civil date, after Howard Hinnant's public algorithm: eras of 400 years that begin on 1 March.
    let days = (us / 86_400_000_000) as i64 + 719_468;
    let era = days.div_euclid(146_097);
    let day = days.rem_euclid(146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{:02}", of_year - (153 * shifted + 2) / 5 + 1)
}

/// An instant of the incident: the alert's plus `now` µs.
pub fn instant(alert_us: u64, now: i64) -> u64 {
    alert_us.saturating_add_signed(now)
}

/// Since the alert, as one glances at it: `+04:12`, `+1:04:12`, `−00:30`.
pub fn since_alert(us: i64) -> String {
    let sign = if us < 0 { '−' } else { '+' };
    let secs = us.unsigned_abs() / 1_000_000;
    if secs < 3600 {
        format!("{sign}{:02}:{:02}", secs / 60, secs % 60)
    } else {
        format!("{sign}{}:{:02}:{:02}", secs / 3600, secs / 60 % 60, secs % 60)
    }
}

/// A length of time in words: `4 min`, `1 h 5 min`, `12 s`.
pub fn length(us: u64) -> String {
    let secs = us / 1_000_000;
    match secs {
        0..60 => format!("{secs} s"),
        60..3600 => format!("{} min", secs / 60),
        _ if (secs / 60).is_multiple_of(60) => format!("{} h", secs / 3600),
        _ => format!("{} h {} min", secs / 3600, secs / 60 % 60),
    }
}

/// The speeds on offer.
pub const SPEEDS: [u32; 5] = [1, 2, 5, 10, 60];

/// How fast the clock really runs, if the engine cannot keep up with the chosen speed.
pub fn lag(speed: u32, simulated_us: u64, real_us: u64) -> Option<String> {
    if real_us < 1_000_000 {
        return None;
    }
    let real = simulated_us as f64 / real_us as f64;
    (real < 0.8 * f64::from(speed)).then(|| format!("running at {real:.1}×"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_read_as_utc() {
        let us = 1_795_230_432_000_000;
        assert_eq!((date(us).as_str(), time_of_day(us).as_str()), ("2026-11-21", "03:07:12"));
        assert_eq!(date(951_782_400_000_000), "2000-02-29");
        assert_eq!(date(0), "1970-01-01");
    }

    #[test]
    fn lengths_read_at_a_glance() {
        assert_eq!(since_alert(252_000_000), "+04:12");
        assert_eq!(since_alert(-30_000_000), "−00:30");
        assert_eq!(since_alert(3_852_000_000), "+1:04:12");
        assert_eq!(length(3_900_000_000), "1 h 5 min");
        assert_eq!(length(12_000_000), "12 s");
    }

    #[test]
    fn a_slow_engine_is_told() {
        assert_eq!(lag(10, 9_000_000, 1_000_000), None);
        assert_eq!(lag(60, 23_000_000, 1_000_000).as_deref(), Some("running at 23.0×"));
    }
}
