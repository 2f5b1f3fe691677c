//! sort's keys: where they lie in a line, and how two of them compare.

use std::cmp::Ordering;

use bstr::{BStr, ByteSlice};

use super::sort::{order_word, separator};
use crate::base::float::parse_float;
use crate::base::hash::{hash_str, mix64};
use crate::base::quote::quote;
use crate::base::version;
use crate::program::Args;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Text,
    Numeric,
    Human,
    General,
    Month,
    Version,
    Random,
}

#[derive(Clone, Copy, Debug)]
struct How {
    order: Order,
    blanks: bool,
    end_blanks: bool,
    dictionary: bool,
    printing: bool,
    fold: bool,
    reverse: bool,
}

impl How {
    const PLAIN: How = How {
        order: Order::Text,
        blanks: false,
        end_blanks: false,
        dictionary: false,
        printing: false,
        fold: false,
        reverse: false,
    };
    fn is_plain(&self) -> bool {
        self.order == Order::Text && !(self.blanks || self.dictionary || self.printing || self.fold || self.reverse)
    }
    fn letter(&mut self, letter: u8, at_end: bool) -> bool {
        match letter {
            b'b' if at_end => self.end_blanks = true,
            b'b' => self.blanks = true,
            b'd' => self.dictionary = true,
            b'f' => self.fold = true,
            b'g' => self.order = Order::General,
            b'h' => self.order = Order::Human,
            b'i' => self.printing = true,
            b'M' => self.order = Order::Month,
            b'n' => self.order = Order::Numeric,
            b'R' => self.order = Order::Random,
            b'r' => self.reverse = true,
            b'V' => self.order = Order::Version,
            _ => return false,
        }
        true
    }
}

#[derive(Clone, Copy, Debug)]
struct Key {
    /// Field and character, from 0.
    start: (usize, usize),
    /// Field (from 0; `usize::MAX`: to the line's end) and how many characters of it; 0 for all.
    end: (usize, usize),
    how: How,
}

pub struct Sorting {
    keys: Vec<Key>,
    separator: Option<u8>,
    /// Equal keys are ordered by the whole line.
    last_resort: bool,
    reverse: bool,
    seed: u64,
}

impl Sorting {
    /// The error is GNU's text.
    pub fn from_args(a: &Args, seed: u64) -> Result<Sorting, String> {
        let mut global = How::PLAIN;
        for (option, value) in a.given() {
            if option.is("sort") {
                let word = value.as_ref().map(|v| v.as_bstr()).unwrap_or_default();
                global.order = order_word(word)
                    .ok_or_else(|| format!("invalid argument {} for {}", quote(word), quote("--sort")))?;
            } else if let Some(letter) = option.short.filter(|l| "bdfghiMnRrV".contains(*l)) {
                global.letter(letter as u8, false);
                global.end_blanks |= letter == 'b';
            }
        }
        let mut keys = Vec::new();
        for text in a.all("key") {
            keys.push(key(text)?);
        }
        let reverse = global.reverse;
        for key in &mut keys {
            if key.how.is_plain() && !key.how.end_blanks {
                key.how = global;
            }
        }
        if keys.is_empty() && !(How { reverse: false, ..global }).is_plain() {
            keys.push(Key { start: (0, 0), end: (usize::MAX, 0), how: global });
        }
        if let Some(key) = keys.iter().find(|k| {
            let text = k.how.dictionary || k.how.printing;
            k.how.order != Order::Text && k.how.order != Order::Version && k.how.order != Order::Random && text
        }) {
            let mut letters = String::new();
            for (set, letter) in [
                (key.how.dictionary, 'd'),
                (key.how.order == Order::General, 'g'),
                (key.how.order == Order::Human, 'h'),
                (key.how.printing, 'i'),
                (key.how.order == Order::Month, 'M'),
                (key.how.order == Order::Numeric, 'n'),
            ] {
                if set {
                    letters.push(letter);
                }
            }
            return Err(format!("options '-{letters}' are incompatible"));
        }
        let separator = a.get("field-separator").map(separator).transpose()?;
        Ok(Sorting { keys, separator, last_resort: !a.has("stable") && !a.has("unique"), reverse, seed })
    }

    /// The lines in order; equal ones stay as they came.
    pub fn sort<'t>(&self, lines: &[&'t [u8]]) -> Vec<&'t [u8]> {
        if self.keys.is_empty() {
            let mut sorted = lines.to_vec();
            sorted.sort_by(|a, b| self.compare(a, b));
            return sorted;
        }
        // Keys are looked up once a line, numbers read once.
        struct Row<'t> {
            line: &'t [u8],
            part: &'t [u8],
            number: Number<'t>,
        }
        let first = self.keys[0];
        let mut rows: Vec<Row<'_>> = lines
            .iter()
            .map(|&line| {
                let part = self.part(line, &first);
                let numeric = matches!(first.how.order, Order::Numeric | Order::Human);
                Row {
                    line,
                    part,
                    number: if numeric { Number::read(part, first.how.order == Order::Human) } else { Number::ZERO },
                }
            })
            .collect();
        rows.sort_by(|a, b| {
            let order = match first.how.order {
                Order::Numeric | Order::Human => a.number.compare(&b.number),
                _ => self.compare_part(a.part, b.part, &first.how),
            };
            let order = if first.how.reverse { order.reverse() } else { order };
            order.then_with(|| self.later_keys(a.line, b.line)).then_with(|| self.resort(a.line, b.line))
        });
        rows.into_iter().map(|r| r.line).collect()
    }

    fn later_keys(&self, a: &[u8], b: &[u8]) -> Ordering {
        self.keys[1..].iter().map(|k| self.by_key(a, b, k)).find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
    }
    fn resort(&self, a: &[u8], b: &[u8]) -> Ordering {
        match (self.last_resort, self.reverse) {
            (false, _) => Ordering::Equal,
            (true, false) => a.cmp(b),
            (true, true) => b.cmp(a),
        }
    }
    fn by_key(&self, a: &[u8], b: &[u8], key: &Key) -> Ordering {
        let order = self.compare_part(self.part(a, key), self.part(b, key), &key.how);
        if key.how.reverse { order.reverse() } else { order }
    }
    /// By the keys alone: what `-u` takes for equal.
    pub fn compare_keys(&self, a: &[u8], b: &[u8]) -> Ordering {
        if self.keys.is_empty() {
            return if self.reverse { b.cmp(a) } else { a.cmp(b) };
        }
        self.keys.iter().map(|k| self.by_key(a, b, k)).find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
    }
    pub fn compare(&self, a: &[u8], b: &[u8]) -> Ordering {
        let order = self.compare_keys(a, b);
        if self.keys.is_empty() { order } else { order.then_with(|| self.resort(a, b)) }
    }

    /// Where a field begins: with no separator, at the blanks before it.
    fn field(&self, line: &[u8], n: usize) -> usize {
        let mut at = 0;
        for _ in 0..n {
            match self.separator {
                Some(sep) => match line[at..].find_byte(sep) {
                    Some(next) => at += next + 1,
                    None => return line.len(),
                },
                None => at = self.field_end(line, at),
            }
        }
        at.min(line.len())
    }
    fn field_end(&self, line: &[u8], from: usize) -> usize {
        match self.separator {
            Some(sep) => line[from..].find_byte(sep).map_or(line.len(), |n| from + n),
            None => {
                let blanks = line[from..].iter().take_while(|b| is_blank(**b)).count();
                let word = line[from + blanks..].iter().take_while(|b| !is_blank(**b)).count();
                from + blanks + word
            }
        }
    }

    fn part<'t>(&self, line: &'t [u8], key: &Key) -> &'t [u8] {
        if key.start == (0, 0) && key.end.0 == usize::MAX && !key.how.blanks {
            return line;
        }
        let skip = |at: usize, blanks: bool| {
            if blanks { at + line[at..].iter().take_while(|b| is_blank(**b)).count() } else { at }
        };
        let from = skip(self.field(line, key.start.0), key.how.blanks);
        let from = advance(line, from, key.start.1);
        let to = if key.end.0 == usize::MAX {
            line.len()
        } else if key.end.1 == 0 {
            let field = self.field(line, key.end.0);
            self.field_end(line, field)
        } else {
            advance(line, skip(self.field(line, key.end.0), key.how.end_blanks), key.end.1)
        };
        &line[from.min(line.len())..to.max(from).min(line.len())]
    }

    fn compare_part(&self, a: &[u8], b: &[u8], how: &How) -> Ordering {
        match how.order {
            Order::Numeric => Number::read(a, false).compare(&Number::read(b, false)),
            Order::Human => Number::read(a, true).compare(&Number::read(b, true)),
            Order::General => general(a).total(&general(b)),
            Order::Month => month(a).cmp(&month(b)),
            Order::Version => version::compare(a, b),
            Order::Random => {
                let key = |t: &[u8]| mix64(self.seed ^ hash_str(&t.to_str_lossy()));
                key(a).cmp(&key(b)).then_with(|| a.cmp(b))
            }
            Order::Text if how.dictionary || how.printing || how.fold => {
                let keep = |b: &u8| {
                    (!how.dictionary || b.is_ascii_alphanumeric() || is_blank(*b) || *b >= 0x80)
                        && (!how.printing || (0x20..0x7f).contains(b) || *b >= 0x80)
                };
                let fold = |b: u8| if how.fold { b.to_ascii_uppercase() } else { b };
                let side = |t: &[u8]| -> Vec<u8> { t.iter().copied().filter(|b| keep(b)).map(fold).collect() };
                side(a).cmp(&side(b))
            }
            Order::Text => a.cmp(b),
        }
    }
}

fn advance(line: &[u8], from: usize, chars: usize) -> usize {
    (from + chars).min(line.len())
}

fn is_blank(b: u8) -> bool {
    b == b' ' || b == b'\t' || b == b'\n'
}

/// `F[.C][OPTS][,F[.C][OPTS]]`
fn key(text: &BStr) -> Result<Key, String> {
    let mut how = How::PLAIN;
    let mut rest = text.as_bytes();
    let invalid = |what: &str| format!("{what}: invalid field specification {}", quote(text));
    let number = |rest: &mut &[u8]| -> Option<usize> {
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let n = rest[..digits].to_str().ok()?.parse().ok();
        *rest = &rest[digits..];
        if digits > 18 { Some(usize::MAX / 2) } else { n }
    };
    let shown = |rest: &[u8]| quote(rest);
    let field = number(&mut rest)
        .ok_or_else(|| format!("invalid number at field start: invalid count at start of {}", shown(text)))?;
    if field == 0 {
        return Err(invalid("field number is zero"));
    }
    let mut char_at = 1;
    if let Some(after) = rest.strip_prefix(b".") {
        rest = after;
        char_at = number(&mut rest)
            .ok_or_else(|| format!("invalid number after '.': invalid count at start of {}", shown(after)))?;
        if char_at == 0 {
            return Err(invalid("character offset is zero"));
        }
    }
    let letters = |rest: &mut &[u8], how: &mut How, at_end: bool| {
        while let Some((&b, after)) = rest.split_first() {
            if !how.letter(b, at_end) {
                break;
            }
            *rest = after;
        }
    };
    letters(&mut rest, &mut how, false);
    let mut end = (usize::MAX, 0);
    if let Some(after) = rest.strip_prefix(b",") {
        rest = after;
        let field = number(&mut rest)
            .ok_or_else(|| format!("invalid number after ',': invalid count at start of {}", shown(after)))?;
        if field == 0 {
            return Err(invalid("field number is zero"));
        }
        let mut chars = 0;
        if let Some(after) = rest.strip_prefix(b".") {
            rest = after;
            chars = number(&mut rest)
                .ok_or_else(|| format!("invalid number after '.': invalid count at start of {}", shown(after)))?;
        }
        letters(&mut rest, &mut how, true);
        end = (field - 1, chars);
    }
    if !rest.is_empty() {
        return Err(invalid("stray character in field spec"));
    }
    Ok(Key { start: (field - 1, char_at - 1), end, how })
}

/// A number as -n and -h read it: digits compared as text, so that no precision is lost.
struct Number<'t> {
    negative: bool,
    whole: &'t [u8],
    fraction: &'t [u8],
    /// Power of the unit after it, with -h.
    unit: u8,
}

impl<'t> Number<'t> {
    const ZERO: Number<'static> = Number { negative: false, whole: b"", fraction: b"", unit: 0 };

    fn read(text: &'t [u8], human: bool) -> Number<'t> {
        let text = &text[text.iter().take_while(|b| is_blank(**b)).count()..];
        let negative = text.first() == Some(&b'-');
        let text = &text[usize::from(negative)..];
        let digits = |t: &[u8]| t.iter().take_while(|b| b.is_ascii_digit()).count();
        let n = digits(text);
        let (whole, mut rest) = text.split_at(n);
        let mut fraction: &[u8] = b"";
        if rest.first() == Some(&b'.') {
            let n = digits(&rest[1..]);
            fraction = &rest[1..=n];
            rest = &rest[1 + n..];
        }
        let whole = &whole[whole.iter().take_while(|b| **b == b'0').count()..];
        let fraction = fraction.trim_end_with(|c| c == '0');
        let zero = whole.is_empty() && fraction.is_empty();
        let unit = match rest.first() {
            Some(b'k') => 1,
            Some(letter) => b"KMGTPEZY".iter().position(|l| l == letter).map_or(0, |p| p as u8 + 1),
            None => 0,
        };
        let unit = if human && !zero { unit } else { 0 };
        Number { negative: negative && !zero, whole, fraction, unit }
    }

    fn compare(&self, other: &Number<'_>) -> Ordering {
        match (self.negative, other.negative) {
            (true, false) => return Ordering::Less,
            (false, true) => return Ordering::Greater,
            _ => {}
        }
        let order = self
            .unit
            .cmp(&other.unit)
            .then_with(|| self.whole.len().cmp(&other.whole.len()))
            .then_with(|| self.whole.cmp(other.whole))
            .then_with(|| self.fraction.cmp(other.fraction));
        if self.negative { order.reverse() } else { order }
    }
}

/// -g: what is no number comes first, then NaN, then numbers.
#[derive(Clone, Copy)]
struct General(u8, f64);

fn general(text: &[u8]) -> General {
    match parse_float(text) {
        (_, 0) => General(0, 0.0),
        (v, _) if v.is_nan() => General(1, 0.0),
        (v, _) => General(2, v),
    }
}

impl General {
    fn total(&self, other: &General) -> Ordering {
        self.0.cmp(&other.0).then_with(|| self.1.partial_cmp(&other.1).unwrap_or(Ordering::Equal))
    }
}

fn month(text: &[u8]) -> usize {
    const NAMES: [&[u8]; 12] =
        [b"JAN", b"FEB", b"MAR", b"APR", b"MAY", b"JUN", b"JUL", b"AUG", b"SEP", b"OCT", b"NOV", b"DEC"];
    let text = &text[text.iter().take_while(|b| is_blank(**b)).count()..];
    let head: Vec<u8> = text.iter().take(3).map(u8::to_ascii_uppercase).collect();
    NAMES.iter().position(|n| *n == head).map_or(0, |n| n + 1)
}
