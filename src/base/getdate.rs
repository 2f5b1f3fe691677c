//! Dates as people write them: GNU's `parse_datetime`, which `date -d`, `touch -d`, `find -newermt` and
//! `journalctl --since` read.

use super::calendar::{Civil, MICROS, days_of};
use super::zone::Zone;

/// What the words said, before it is put together.
#[derive(Default)]
struct Parts {
    year: Option<i64>,
    month: i64,
    day: i64,
    dates: u32,
    /// Hour, minute, second of the day in microseconds.
    time: i64,
    times: u32,
    /// Seconds east of UTC, if a zone was said.
    zone: Option<i64>,
    zones: u32,
    /// (ordinal, weekday)
    weekday: Option<(i64, i64)>,
    relative: Relative,
    relatives: u32,
    year_digits: usize,
}

#[derive(Clone, Copy, Default)]
struct Relative {
    months: i64,
    days: i64,
    micros: i64,
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    /// Sign (0: none), digits' value, how many digits, fraction in microseconds if it had a point.
    Number(i8, i64, usize, Option<i64>),
    Word(String),
    Mark(char),
}

/// The instant in microseconds since the epoch; `None` if GNU would say "invalid date".
pub fn parse_date(text: &str, now: i64, zone: &Zone) -> Option<i64> {
    let mut text = text.trim();
    let given;
    let mut zone = zone;
    if let Some(rest) = text.strip_prefix("TZ=\"") {
        let (tz, rest) = rest.split_once('"')?;
        given = Zone::named(tz);
        (zone, text) = (&given, rest.trim());
    }
    if let Some(epoch) = text.strip_prefix('@') {
        return parse_epoch(epoch);
    }
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: &tokens, parts: Parts { month: 1, day: 1, ..Parts::default() } };
    while !parser.tokens.is_empty() {
        parser.item()?;
    }
    parser.parts.instant(now, zone)
}

fn parse_epoch(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once(['.', ',']).unwrap_or((digits, ""));
    if whole.is_empty() || !whole.bytes().all(|b| b.is_ascii_digit()) || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let micros = whole.parse::<i64>().ok()?.checked_mul(MICROS)?.checked_add(fraction_micros(fraction))?;
    Some(if negative { -micros } else { micros })
}

fn fraction_micros(digits: &str) -> i64 {
    digits.bytes().chain(std::iter::repeat(b'0')).take(6).fold(0, |n, b| n * 10 + i64::from(b - b'0'))
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut out = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&b) = bytes.get(at) {
        let rest = &text[at..];
        if b.is_ascii_whitespace() {
            at += 1;
        } else if b == b'(' {
            // A comment, as in mail headers.
            at += rest.find(')')? + 1;
        } else if b.is_ascii_digit() || matches!(b, b'+' | b'-') && next_digit(&rest[1..]) {
            let sign = match b {
                b'+' => 1,
                b'-' => -1,
                _ => 0,
            };
            if sign != 0 {
                at += 1 + rest[1..].len() - rest[1..].trim_start().len();
            }
            let digits: &str = &text[at..at + digits_in(&text[at..])];
            at += digits.len();
            let mut fraction = None;
            if matches!(bytes.get(at), Some(b'.' | b',')) && bytes.get(at + 1).is_some_and(u8::is_ascii_digit) {
                let f = &text[at + 1..at + 1 + digits_in(&text[at + 1..])];
                at += 1 + f.len();
                fraction = Some(fraction_micros(f));
            }
            out.push(Token::Number(sign, digits.parse().ok()?, digits.len(), fraction));
        } else if b.is_ascii_alphabetic() {
            let word: String = rest.chars().take_while(|c| c.is_ascii_alphabetic() || *c == '.').collect();
            at += word.len();
            out.push(Token::Word(word.to_ascii_lowercase().replace('.', "")));
        } else {
            let c = rest.chars().next()?;
            at += c.len_utf8();
            out.push(Token::Mark(c));
        }
    }
    Some(out)
}

fn digits_in(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

fn next_digit(text: &str) -> bool {
    text.trim_start().starts_with(|c: char| c.is_ascii_digit())
}

struct Parser<'t> {
    tokens: &'t [Token],
    parts: Parts,
}

impl Parser<'_> {
    fn take(&mut self, n: usize) {
        self.tokens = self.tokens.get(n..).unwrap_or(&[]);
    }

    fn item(&mut self) -> Option<()> {
        use Token::{Mark, Number, Word};
        let (m, n) = (|c| Mark(c), |s: i8| move |t: &Token| matches!(t, Number(sign, ..) if *sign == s));
        let (plain, minus) = (n(0), n(-1));
        match self.tokens {
            [Mark(','), ..] => self.take(1),
            [Number(0, h, _, None), colon, Number(0, mi, ..), ..] if *colon == m(':') => {
                let (h, mi) = (*h, *mi);
                let mut used = 3;
                let (mut s, mut micros) = (0, 0);
                if let [Mark(':'), Number(0, secs, _, fraction), ..] = &self.tokens[3..] {
                    (s, micros, used) = (*secs, fraction.unwrap_or(0), 5);
                }
                self.take(used);
                self.time(h, mi, s, micros, true)?;
            }
            // 2026-03-12, and the time after it with or without a T.
            [a, b, c, ..] if plain(a) && minus(b) && minus(c) => {
                let (Number(_, y, digits, _), Number(_, mo, ..), Number(_, d, ..)) = (a, b, c) else { return None };
                let (y, mo, d, digits) = (*y, *mo, *d, *digits);
                self.take(3);
                self.date(Some(y), mo, d, digits)?;
                if matches!(self.tokens, [Word(t), Number(0, ..), ..] if t == "t") {
                    self.take(1);
                }
            }
            [Number(0, a, digits, None), Mark('/'), Number(0, b, ..), rest @ ..] => {
                let (a, b, digits) = (*a, *b, *digits);
                let third = match rest {
                    [Mark('/'), Number(0, c, n, _), ..] => Some((*c, *n)),
                    _ => None,
                };
                self.take(if third.is_some() { 5 } else { 3 });
                match third {
                    // Four digits first: year/month/day.
                    Some((c, _)) if digits >= 4 => self.date(Some(a), b, c, digits)?,
                    Some((c, n)) => self.date(Some(c), a, b, n)?,
                    None => self.date(None, a, b, 0)?,
                }
            }
            // 12-Mar-2026 and 12 Mar [2026].
            [Number(0, d, _, None), Mark('-'), Word(w), tail @ ..] if month(w).is_some() => {
                let (d, mo, tail) = (*d, month(w)?, tail.first().cloned());
                let year = match tail {
                    Some(Number(-1, y, n, _)) => Some((y, n)),
                    _ => None,
                };
                self.take(if year.is_some() { 4 } else { 3 });
                self.date(year.map(|y| y.0), mo, d, year.map_or(0, |y| y.1))?;
            }
            [Number(0, d, _, None), Word(w), tail @ ..] if month(w).is_some() => {
                let (d, mo, tail) = (*d, month(w)?, tail);
                let year = match tail {
                    [Number(0, ..), Mark(':'), ..] => None,
                    [Number(0, y, n, None), ..] if *n >= 3 => Some((*y, *n)),
                    [Number(-1, y, n, None), ..] => Some((*y, *n)),
                    _ => None,
                };
                self.take(if year.is_some() { 3 } else { 2 });
                self.date(year.map(|y| y.0), mo, d, year.map_or(0, |y| y.1))?;
            }
            [Word(w), Number(0 | -1, d, _, None), tail @ ..] if month(w).is_some() => {
                let (d, mo) = (*d, month(w)?);
                let year = match tail {
                    [Mark(','), Number(0, y, n, None), ..] => Some((*y, *n, 4)),
                    [Number(-1, y, n, None), ..] => Some((*y, *n, 3)),
                    _ => None,
                };
                self.take(year.map_or(2, |y| y.2));
                self.date(year.map(|y| y.0), mo, d, year.map_or(0, |y| y.1))?;
            }
            [Number(0, h, _, None), Word(w), ..] if matches!(&**w, "am" | "pm") => {
                let h = *h;
                self.take(1);
                self.time(h, 0, 0, 0, false)?;
            }
            [Number(sign, n, _, fraction), Word(w), ..] if unit(w).is_some() => {
                let (sign, n, fraction) = (*sign, *n, fraction.unwrap_or(0));
                let unit = unit(w)?;
                self.take(2);
                let sign = if sign < 0 { -1 } else { 1 };
                self.relative(sign * n, sign * fraction, unit)?;
            }
            [Word(w), ..] => {
                let w = w.clone();
                self.take(1);
                self.word(&w)?;
            }
            [Number(0, n, digits, None), ..] => {
                let (n, digits) = (*n, *digits);
                self.take(1);
                self.number(n, digits)?;
            }
            // A zone's offset after a time: +02, +0200, +02:00.
            [Number(sign @ (1 | -1), n, digits, None), ..] if self.parts.times > 0 && self.parts.zones == 0 => {
                let (sign, n, digits) = (*sign, *n, *digits);
                self.take(1);
                self.offset(sign, n, digits)?;
            }
            _ => return None,
        }
        Some(())
    }

    fn offset(&mut self, sign: i8, n: i64, digits: usize) -> Option<()> {
        let (h, mi) = match self.tokens {
            [Token::Mark(':'), Token::Number(0, mi, ..), ..] => {
                let mi = *mi;
                self.take(2);
                (n, mi)
            }
            _ if digits <= 2 => (n, 0),
            _ => (n / 100, n % 100),
        };
        if h > 24 || mi > 59 {
            return None;
        }
        self.parts.zones += 1;
        self.parts.zone = Some(i64::from(sign) * (h * 3600 + mi * 60));
        Some(())
    }

    fn date(&mut self, year: Option<i64>, month: i64, day: i64, digits: usize) -> Option<()> {
        self.parts.dates += 1;
        // Two digits: 69 to 99 are the last century's.
        let year = year.map(|y| if digits <= 2 { y + if y < 69 { 2000 } else { 1900 } } else { y });
        (self.parts.year, self.parts.month, self.parts.day, self.parts.year_digits) = (year, month, day, digits);
        Some(())
    }

    fn time(&mut self, h: i64, mi: i64, s: i64, micros: i64, zone: bool) -> Option<()> {
        self.parts.times += 1;
        let mut h = h;
        if let [Token::Word(w), ..] = self.tokens
            && matches!(&**w, "am" | "pm")
        {
            if !(1..=12).contains(&h) {
                return None;
            }
            h = h % 12 + if w == "pm" { 12 } else { 0 };
            self.take(1);
        } else if zone && let [Token::Number(sign @ (1 | -1), n, digits, None), ..] = self.tokens {
            let (sign, n, digits) = (*sign, *n, *digits);
            self.take(1);
            self.offset(sign, n, digits)?;
        }
        if h > 24 || h == 24 && (mi, s) != (0, 0) || mi > 59 || s > 60 {
            return None;
        }
        self.parts.time = (h * 3600 + mi * 60 + s) * MICROS + micros;
        Some(())
    }

    fn relative(&mut self, n: i64, micros: i64, unit: Unit) -> Option<()> {
        let ago = if matches!(self.tokens, [Token::Word(w), ..] if w == "ago") { -1 } else { 1 };
        if ago < 0 {
            self.take(1);
        }
        let (n, micros) = (n * ago, micros * ago);
        self.parts.relatives += 1;
        let r = &mut self.parts.relative;
        match unit {
            Unit::Months(m) => r.months = r.months.checked_add(n.checked_mul(m)?)?,
            Unit::Days(d) => r.days = r.days.checked_add(n.checked_mul(d)?)?,
            Unit::Seconds(s) => {
                let more = n.checked_mul(s * MICROS)?.checked_add(micros)?;
                r.micros = r.micros.checked_add(more)?;
            }
        }
        Some(())
    }

    fn word(&mut self, w: &str) -> Option<()> {
        if let Some(ordinal) = ordinal(w)
            && let [Token::Word(next), ..] = self.tokens
        {
            let next = next.clone();
            if let Some(unit) = unit(&next) {
                self.take(1);
                return self.relative(ordinal, 0, unit);
            }
            let day = weekday(&next)?;
            self.take(1);
            return self.weekday(ordinal, day);
        }
        match w {
            "now" | "today" => return self.relative(0, 0, Unit::Days(1)),
            "tomorrow" => return self.relative(1, 0, Unit::Days(1)),
            "yesterday" => return self.relative(-1, 0, Unit::Days(1)),
            "dst" => return Some(()),
            "t" if matches!(self.tokens, [Token::Number(0, ..), Token::Mark(':'), ..]) => return Some(()),
            _ => {}
        }
        if let Some(unit) = unit(w) {
            return self.relative(1, 0, unit);
        }
        if let Some(day) = weekday(w) {
            return self.weekday(0, day);
        }
        if let Some(month) = month(w)
            && let [Token::Number(0, d, ..), ..] = self.tokens
        {
            let d = *d;
            self.take(1);
            return self.date(None, month, d, 0);
        }
        let east = zone_word(w)?;
        self.parts.zones += 1;
        self.parts.zone = Some(east);
        if let [Token::Number(sign @ (1 | -1), n, digits, None), follow @ ..] = self.tokens
            && !matches!(follow.first(), Some(Token::Word(w)) if unit(w).is_some())
        {
            let (sign, n, digits) = (*sign, *n, *digits);
            self.take(1);
            self.parts.zones -= 1;
            self.offset(sign, n, digits)?;
            self.parts.zone = self.parts.zone.map(|z| z + east);
        }
        Some(())
    }

    fn weekday(&mut self, ordinal: i64, day: i64) -> Option<()> {
        if self.parts.weekday.is_some() {
            return None;
        }
        self.parts.weekday = Some((ordinal, day));
        Some(())
    }

    /// A number alone: a year after a date, YYYYMMDD, or a time HH or HHMM.
    fn number(&mut self, n: i64, digits: usize) -> Option<()> {
        let p = &mut self.parts;
        if p.dates > 0 && p.year_digits == 0 && p.relatives == 0 && (p.times > 0 || digits > 2) {
            (p.year, p.year_digits) = (Some(n), digits);
        } else if digits > 4 {
            p.dates += 1;
            (p.year, p.month, p.day, p.year_digits) = (Some(n / 10_000), n / 100 % 100, n % 100, digits - 4);
        } else {
            let (h, mi) = if digits <= 2 { (n, 0) } else { (n / 100, n % 100) };
            return self.time(h, mi, 0, 0, false);
        }
        Some(())
    }
}

impl Parts {
    fn instant(self, now: i64, zone: &Zone) -> Option<i64> {
        if self.dates > 1 || self.times > 1 || self.zones > 1 {
            return None;
        }
        let said = self.zone.map(|east| Zone::fixed(east, "UTC"));
        let zone = said.as_ref().unwrap_or(zone);
        let today = Civil::new(now, zone);
        let (mut year, mut month, mut day) = (today.year, i64::from(today.month), i64::from(today.day));
        if self.dates > 0 {
            (year, month, day) = (self.year.unwrap_or(year), self.month, self.day);
            let last = days_of(year + i64::from(month == 12), (month % 12 + 1) as u8, 1);
            if !(1..=12).contains(&month) || day < 1 || days_of(year, month as u8, day) >= last {
                return None;
            }
        }
        let mut time = if self.times > 0 {
            self.time
        } else if self.relatives > 0 && self.dates == 0 && self.weekday.is_none() {
            (i64::from(today.hour) * 3600 + i64::from(today.minute) * 60 + i64::from(today.second)) * MICROS
                + i64::from(today.micros)
        } else {
            0
        };
        if let Some((ordinal, wanted)) = self.weekday
            && self.dates == 0
        {
            let is = i64::from(today.weekday);
            day += (wanted - is).rem_euclid(7) + 7 * (ordinal - i64::from(ordinal > 0 && is != wanted));
        }
        let months = (year.checked_mul(12)? + month - 1).checked_add(self.relative.months)?;
        (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
        if year.abs() > 290_000 {
            return None;
        }
        day = day.checked_add(self.relative.days)?;
        let days = days_of(year, month as u8, 1).checked_add(day - 1)?;
        let local = days.checked_mul(86_400)?.checked_add(time.div_euclid(MICROS))?;
        time = time.rem_euclid(MICROS);
        zone.instant(local).checked_mul(MICROS)?.checked_add(time)?.checked_add(self.relative.micros)
    }
}

#[derive(Clone, Copy)]
enum Unit {
    Months(i64),
    Days(i64),
    Seconds(i64),
}

fn unit(word: &str) -> Option<Unit> {
    let word = word.strip_suffix('s').filter(|w| w.len() > 1).unwrap_or(word);
    Some(match word {
        "year" => Unit::Months(12),
        "month" => Unit::Months(1),
        "fortnight" => Unit::Days(14),
        "week" => Unit::Days(7),
        "day" => Unit::Days(1),
        "hour" => Unit::Seconds(3600),
        "minute" | "min" => Unit::Seconds(60),
        "second" | "sec" => Unit::Seconds(1),
        _ => return None,
    })
}

fn ordinal(word: &str) -> Option<i64> {
    const WORDS: [&str; 12] = [
        "first", "", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth",
    ];
    match word {
        "last" => Some(-1),
        "this" => Some(0),
        "next" => Some(1),
        "" => None,
        _ => WORDS.iter().position(|w| *w == word).map(|n| n as i64 + 1),
    }
}

/// A name in full or its first three letters (and what people write besides).
fn named(word: &str, names: &[&str]) -> Option<i64> {
    let found = names.iter().position(|n| *n == word || word.len() == 3 && n.starts_with(word));
    found.map(|n| n as i64)
}

fn weekday(word: &str) -> Option<i64> {
    match word {
        "tues" => Some(2),
        "wednes" => Some(3),
        "thur" | "thurs" => Some(4),
        _ => named(word, &["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]),
    }
}

fn month(word: &str) -> Option<i64> {
    const NAMES: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    if word == "sept" { Some(9) } else { named(word, &NAMES).map(|n| n + 1) }
}

/// Zones by abbreviation, as `parse_datetime` knows them: seconds east.
fn zone_word(word: &str) -> Option<i64> {
    let hours = match word {
        "utc" | "gmt" | "ut" | "z" | "wet" => 0,
        "west" | "bst" | "cet" | "met" | "wat" => 1,
        "cest" | "mest" | "eet" | "cat" | "sast" => 2,
        "eest" | "msk" | "eat" => 3,
        "msd" => 4,
        "sgt" | "jst" if word == "sgt" => 8,
        "jst" => 9,
        "gst" => 10,
        "nzst" => 12,
        "nzdt" => 13,
        "brt" => -3,
        "brst" => -2,
        "ast" | "clt" | "edt" => -4,
        "adt" | "clst" => -3,
        "est" | "cdt" => -5,
        "cst" | "mdt" => -6,
        "mst" | "pdt" => -7,
        "pst" | "akdt" => -8,
        "akst" => -9,
        "hst" => -10,
        _ => return if word == "ist" { Some(19_800) } else { None },
    };
    Some(hours * 3600)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `TZ=… date -d TEXT '+%F %T.%3N %z'` where now is 2026-03-12 03:07:00 UTC, a Thursday.
    fn date(text: &str, tz: &str) -> String {
        let zone = Zone::named(tz);
        match parse_date(text, 1_773_284_820 * MICROS, &zone) {
            Some(t) => String::from_utf8(Civil::new(t, &zone).format(b"%F %T.%3N %z")).unwrap(),
            None => "invalid".into(),
        }
    }

    #[test]
    fn dates_as_people_write_them() {
        for (text, shown) in [
            ("", "2026-03-12 00:00:00.000 +0000"),
            ("now", "2026-03-12 03:07:00.000 +0000"),
            ("@1773284820.5", "2026-03-12 03:07:00.500 +0000"),
            ("2026-03-12", "2026-03-12 00:00:00.000 +0000"),
            ("2026-03-12T04:05:06Z", "2026-03-12 04:05:06.000 +0000"),
            ("2026-03-12 04:05:06.789 +0200", "2026-03-12 02:05:06.789 +0000"),
            ("2026-03-12T04:05:06+02:00", "2026-03-12 02:05:06.000 +0000"),
            ("20260312 0405", "2026-03-12 04:05:00.000 +0000"),
            ("3/12/26", "2026-03-12 00:00:00.000 +0000"),
            ("2026/3/12 10:00", "2026-03-12 10:00:00.000 +0000"),
            ("12 Mar 2026 14:00", "2026-03-12 14:00:00.000 +0000"),
            ("12-Mar-2026", "2026-03-12 00:00:00.000 +0000"),
            ("Mar 12, 2026", "2026-03-12 00:00:00.000 +0000"),
            ("Mar 1", "2026-03-01 00:00:00.000 +0000"),
            ("Thu, 12 Mar 2026 03:07:00 +0000", "2026-03-12 03:07:00.000 +0000"),
            ("Thu Mar 12 03:07:00 UTC 2026", "2026-03-12 03:07:00.000 +0000"),
            ("2 hours ago", "2026-03-12 01:07:00.000 +0000"),
            ("yesterday", "2026-03-11 03:07:00.000 +0000"),
            ("yesterday 14:00", "2026-03-11 14:00:00.000 +0000"),
            ("tomorrow 9am", "2026-03-13 09:00:00.000 +0000"),
            ("1 week ago", "2026-03-05 03:07:00.000 +0000"),
            ("-1 day", "2026-03-11 03:07:00.000 +0000"),
            ("+3 weeks", "2026-04-02 03:07:00.000 +0000"),
            ("1 month", "2026-04-12 03:07:00.000 +0000"),
            ("last year", "2025-03-12 03:07:00.000 +0000"),
            ("next monday", "2026-03-16 00:00:00.000 +0000"),
            ("monday", "2026-03-16 00:00:00.000 +0000"),
            ("thursday", "2026-03-12 00:00:00.000 +0000"),
            ("next thursday", "2026-03-19 00:00:00.000 +0000"),
            ("last fri", "2026-03-06 00:00:00.000 +0000"),
            ("2026-01-31 +1 month", "2026-03-03 00:00:00.000 +0000"),
            ("2026-03-12 10:00 2 hours ago", "2026-03-12 08:00:00.000 +0000"),
            ("10:00 + 1 day", "2026-03-13 09:00:00.000 +0000"),
            ("12:30 pm", "2026-03-12 12:30:00.000 +0000"),
            ("1.5 seconds ago", "2026-03-12 03:06:58.500 +0000"),
            ("2026-02-30", "invalid"),
            ("25:00", "invalid"),
            ("nonsense", "invalid"),
            ("2026-03-12 2026-03-13", "invalid"),
        ] {
            assert_eq!(date(text, "UTC"), shown, "{text}");
        }
        assert_eq!(date("2026-03-12 04:05", "Europe/Berlin"), "2026-03-12 04:05:00.000 +0100");
        assert_eq!(date("TZ=\"America/New_York\" 9:00", "UTC"), "2026-03-11 13:00:00.000 +0000");
    }
}
