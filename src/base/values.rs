//! The small values that people write in a scenario: sizes, spans, offsets from the alert, instants, modes.
//!
//! Each is read from one string with a unit, refuses what is out of range, and writes itself back as it was written.
//! An error says what is wrong and, after [`MEND`], what to write instead.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::time::{civil, from_civil};
use super::{SimTime, Span};

/// Stands between "what is wrong" and "what to write" in an error that passes through serde's single string.
pub const MEND: char = '\u{1f}';

/// No span of a scenario is longer: the simulated past is days, an authored past is months.
const LONGEST: Span = Span(3660 * Span::DAY.0);
/// No size is larger (16 TiB is the largest ext4 file; 1 PiB leaves room for any disk).
const LARGEST: u64 = 1 << 50;

/// Declares a value read from a string: its type, its JSON Schema and the conversions of serde.
macro_rules! written {
    ($name:ident, $pattern:literal, $about:literal) => {
        impl TryFrom<String> for $name {
            type Error = String;
            fn try_from(text: String) -> Result<Self, String> {
                $name::parse(&text)
            }
        }
        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.to_string()
            }
        }
        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern, "description": $about })
            }
        }
    };
}

fn refusal(text: &str, what: &str, write: &str) -> String {
    let shown: String = text.chars().take(40).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    format!("\"{shown}\" is not {what}{MEND}write {write}")
}

/// A number of bytes, written with a unit in powers of 1024 as `df -h` prints it: `80G`, `512M`, `4096`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Size(pub u64);
written!(Size, r"^[0-9]+(\.[0-9]+)?[KMGT]?$|\$\{", "Bytes with a unit in powers of 1024: \"80G\", \"512M\", \"4096\".");

impl Size {
    /// Reads `80G`; an error for anything else and for more than 1 PiB.
    pub fn parse(text: &str) -> Result<Size, String> {
        let wrong = || refusal(text, "a size", "a number of bytes with a unit of 1024, such as \"80G\" or \"512M\"");
        let (number, scale) = match text.char_indices().last() {
            Some((at, unit @ ('K' | 'M' | 'G' | 'T'))) => {
                let power = match unit {
                    'K' => 10,
                    'M' => 20,
                    'G' => 30,
                    _ => 40,
                };
                (text.get(..at).ok_or_else(wrong)?, (1u64 << power) as f64)
            }
            _ => (text, 1.0),
        };
        if number.is_empty() || !number.chars().all(|c| c.is_ascii_digit() || c == '.') {
            return Err(wrong());
        }
        let bytes = number.parse::<f64>().map_err(|_| wrong())? * scale;
        if bytes > LARGEST as f64 {
            return Err(refusal(text, "a size that a host here can have", "at most \"1024T\""));
        }
        Ok(Size(bytes.round() as u64))
    }
    pub fn bytes(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (unit, power) in [("T", 40), ("G", 30), ("M", 20), ("K", 10)] {
            if self.0 > 0 && self.0.is_multiple_of(1 << power) {
                return write!(f, "{}{unit}", self.0 >> power);
            }
        }
        write!(f, "{}", self.0)
    }
}

/// A share of a whole in percent, 0 to 100: `5%`.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Percent(pub f64);
written!(Percent, r"^[0-9]+(\.[0-9]+)?%$|\$\{", "A share in percent: \"5%\".");

impl Percent {
    /// Reads `5%`; an error for anything else and outside 0 to 100.
    pub fn parse(text: &str) -> Result<Percent, String> {
        let wrong = || refusal(text, "a share", "a number from 0 to 100 with a percent sign, such as \"5%\"");
        let number = text.strip_suffix('%').ok_or_else(wrong)?;
        if !number.chars().all(|c| c.is_ascii_digit() || c == '.') {
            return Err(wrong());
        }
        let value = number.parse::<f64>().map_err(|_| wrong())?;
        if (0.0..=100.0).contains(&value) { Ok(Percent(value)) } else { Err(wrong()) }
    }
    /// 0 to 1.
    pub fn ratio(self) -> f64 {
        self.0 / 100.0
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.0)
    }
}

/// Writes a span exactly, in the fewest units: `1d12h`, `5m`, `250ms`.
fn write_span(f: &mut fmt::Formatter<'_>, span: Span) -> fmt::Result {
    let mut left = span.0;
    if left == 0 {
        return f.write_str("0s");
    }
    for (unit, micros) in
        [("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1000), ("us", 1)]
    {
        if left >= micros {
            write!(f, "{}{unit}", left / micros)?;
            left %= micros;
        }
    }
    Ok(())
}

/// Reads a span with a unit; `None` for anything else and over ten years.
fn read_span(text: &str) -> Option<Span> {
    if !text.starts_with(|c: char| c.is_ascii_digit()) || !text.ends_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    Span::parse(text).filter(|span| *span <= LONGEST)
}

/// A length of simulated time: `90s`, `5m`, `1h30m`, `3d`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Duration(pub Span);
written!(
    Duration,
    r"^([0-9]+(\.[0-9]+)?(us|ms|s|m|h|d|w))+$|\$\{",
    "A length of time: \"90s\", \"5m\", \"1h30m\", \"3d\"."
);

impl Duration {
    /// Reads `1h30m`; an error without a unit, for anything else and over ten years.
    pub fn parse(text: &str) -> Result<Duration, String> {
        read_span(text).map(Duration).ok_or_else(|| {
            refusal(text, "a length of time", "a number with a unit, such as \"90s\", \"5m\", \"1h30m\" or \"3d\"")
        })
    }
    pub fn span(self) -> Span {
        self.0
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_span(f, self.0)
    }
}

/// An instant relative to the alert, in microseconds: `-21d`, `-4m`, `+2h`, `0s`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Offset(pub i64);
written!(
    Offset,
    r"^[-+]([0-9]+(\.[0-9]+)?(us|ms|s|m|h|d|w))+$|^0s?$|\$\{",
    "An instant relative to the alert: \"-21d\", \"-4m\", \"+2h\"."
);

impl Offset {
    /// Reads `-21d`; an error without a sign or unit, for anything else and over ten years.
    pub fn parse(text: &str) -> Result<Offset, String> {
        let wrong = || {
            refusal(
                text,
                "an instant relative to the alert",
                "a signed length of time, such as \"-21d\", \"-4m\" or \"+2h\"",
            )
        };
        if text == "0" || text == "0s" {
            return Ok(Offset(0));
        }
        let (sign, rest) = match (text.strip_prefix('-'), text.strip_prefix('+')) {
            (Some(rest), _) => (-1, rest),
            (_, Some(rest)) => (1, rest),
            _ => return Err(wrong()),
        };
        let span = read_span(rest).ok_or_else(wrong)?;
        Ok(Offset(sign * span.0 as i64))
    }
    /// Microseconds since the alert; negative before it.
    pub fn micros(self) -> i64 {
        self.0
    }
    /// The instant, given the alert's; the epoch if it would lie before that.
    pub fn at(self, alert: SimTime) -> SimTime {
        if self.0 < 0 { alert - Span(self.0.unsigned_abs()) } else { alert + Span(self.0.unsigned_abs()) }
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("0s"),
            n => {
                f.write_str(if n < 0 { "-" } else { "+" })?;
                write_span(f, Span(n.unsigned_abs()))
            }
        }
    }
}

/// An instant in UTC, written as RFC 3339 with whole seconds: `2026-03-12T03:07:00Z`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Instant(pub SimTime);
written!(
    Instant,
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$",
    "An instant in UTC: \"2026-03-12T03:07:00Z\"."
);

impl Instant {
    /// Reads `2026-03-12T03:07:00Z`; an error for anything else, for a date that does not exist and outside 1970 to 2199.
    pub fn parse(text: &str) -> Result<Instant, String> {
        let wrong = || refusal(text, "an instant in UTC", "a date and time such as \"2026-03-12T03:07:00Z\"");
        let part = |from: usize, to: usize| -> Result<i64, String> {
            let digits = text.get(from..to).filter(|d| d.bytes().all(|b| b.is_ascii_digit())).ok_or_else(wrong)?;
            digits.parse().map_err(|_| wrong())
        };
        let marks = [(4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":"), (19, "Z")];
        if text.len() != 20 || marks.iter().any(|(at, mark)| text.get(*at..at + 1) != Some(*mark)) {
            return Err(wrong());
        }
        let (year, month, day) = (part(0, 4)?, part(5, 7)?, part(8, 10)?);
        let (hour, minute, second) = (part(11, 13)?, part(14, 16)?, part(17, 19)?);
        let midnight = from_civil(year, month as u8, day as u8);
        let (y, m, d, ..) = civil(midnight);
        let real = (y, i64::from(m), i64::from(d)) == (year, month, day) && hour < 24 && minute < 60 && second < 60;
        if !real || !(1970..2200).contains(&year) {
            return Err(wrong());
        }
        Ok(Instant(midnight + Span::from_secs((hour * 3600 + minute * 60 + second).unsigned_abs())))
    }
    pub fn time(self) -> SimTime {
        self.0
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day, h, m, s) = civil(self.0);
        write!(f, "{year:04}-{month:02}-{day:02}T{h:02}:{m:02}:{s:02}Z")
    }
}

/// Permission bits as chmod takes them, in octal: `0644`, `1777`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Mode(pub u32);
written!(Mode, r"^[0-7]{3,4}$|\$\{", "Permission bits in octal: \"0644\", \"1777\".");

impl Mode {
    /// Reads three or four octal digits; an error for anything else.
    pub fn parse(text: &str) -> Result<Mode, String> {
        if !(3..=4).contains(&text.len()) || !text.bytes().all(|b| (b'0'..=b'7').contains(&b)) {
            return Err(refusal(text, "a file mode", "three or four octal digits, such as \"0644\" or \"1777\""));
        }
        u32::from_str_radix(text, 8).map(Mode).map_err(|_| refusal(text, "a file mode", "such as \"0644\""))
    }
    pub fn bits(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04o}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_written_and_written_as_read() {
        assert_eq!(Size::parse("80G").unwrap().bytes(), 80 << 30);
        assert_eq!(Size::parse("2.5K").unwrap().bytes(), 2560);
        assert_eq!(Size::parse("4096").unwrap().to_string(), "4K");
        assert_eq!(Offset::parse("-1d12h").unwrap().micros(), -36 * 3_600_000_000);
        assert_eq!(Offset::parse("-1d12h").unwrap().to_string(), "-1d12h");
        assert_eq!(Duration::parse("1h30m").unwrap().to_string(), "1h30m");
        assert_eq!(Instant::parse("2026-03-12T03:07:00Z").unwrap().time().secs(), 1_773_284_820);
        for date in ["1970-01-01T00:00:00Z", "2024-02-29T23:59:59Z", "2100-03-01T12:00:00Z"] {
            assert_eq!(Instant::parse(date).unwrap().to_string(), date);
        }
        assert_eq!(Mode::parse("0750").unwrap().bits(), 0o750);
        assert_eq!(Percent::parse("12.5%").unwrap().ratio(), 0.125);
    }

    #[test]
    fn what_is_not_a_value_is_refused_with_an_example() {
        let refusals = [
            Size::parse("80 gigs").err(),
            Size::parse("").err(),
            Size::parse("-1G").err(),
            Size::parse("99999999999999999999T").err(),
            Size::parse("1e300").err(),
            Percent::parse("101%").err(),
            Percent::parse("5").err(),
            Duration::parse("5").err(),
            Duration::parse("99999999d").err(),
            Offset::parse("21d").err(),
            Instant::parse("2026-02-30T00:00:00Z").err(),
            Instant::parse("2026-03-12 03:07:00").err(),
            Instant::parse("２026-03-12T03:07Z").err(),
            Mode::parse("0888").err(),
            Mode::parse("rw-r--r--").err(),
        ];
        for refusal in refusals {
            let text = refusal.expect("accepted what is no value");
            assert!(text.contains("is not") && text.contains(MEND), "{text}");
        }
    }
}
