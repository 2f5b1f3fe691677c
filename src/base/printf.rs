//! printf(1)'s formats: for the program and for the shell's builtin, which word their complaints differently.

use bstr::BString;

use super::float::{Spec, format_float, parse_float};
use super::quote::quotef;

/// What was wrong; output goes on unless it is fatal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    NotNumeric(BString),
    /// Something follows the number.
    Partial(BString),
    Range(BString),
    /// `%z`: nothing more is printed.
    BadDirective(BString),
    /// The format takes no arguments, and there are some.
    Excess(BString),
    /// `\x` without a digit: nothing more is printed.
    MissingHex,
}

#[derive(Clone, Debug, Default)]
pub struct Printed {
    pub bytes: Vec<u8>,
    pub problems: Vec<Problem>,
}

/// Renders `format`, again and again until the arguments are used up.
pub fn printf(format: &[u8], arguments: &[BString]) -> Printed {
    let mut run = Run { out: Printed::default(), arguments, next: 0, stop: false };
    loop {
        let before = run.next;
        run.once(format);
        if run.stop || run.next >= arguments.len() {
            break;
        }
        if run.next == before {
            run.out.problems.push(Problem::Excess(arguments[before].clone()));
            break;
        }
    }
    run.out
}

struct Run<'a> {
    out: Printed,
    arguments: &'a [BString],
    next: usize,
    stop: bool,
}

impl Run<'_> {
    fn once(&mut self, format: &[u8]) {
        let mut at = 0;
        while let Some(&b) = format.get(at) {
            if self.stop {
                return;
            }
            match b {
                b'\\' => at += self.escape(&format[at..], false),
                b'%' if format.get(at + 1) == Some(&b'%') => {
                    self.out.bytes.push(b'%');
                    at += 2;
                }
                b'%' => at += self.directive(&format[at..]),
                _ => {
                    self.out.bytes.push(b);
                    at += 1;
                }
            }
        }
    }

    fn argument(&mut self) -> Option<BString> {
        let argument = self.arguments.get(self.next).cloned();
        self.next += usize::from(argument.is_some());
        argument
    }

    /// One escape at the start of `text`: how many bytes it took. In `%b`, octal numbers may begin with 0.
    fn escape(&mut self, text: &[u8], in_b: bool) -> usize {
        match unescape(text, in_b) {
            Escape::Bytes(bytes, used) => {
                self.out.bytes.extend(bytes);
                used
            }
            Escape::Stop => {
                self.stop = true;
                text.len()
            }
            Escape::MissingHex => {
                self.out.problems.push(Problem::MissingHex);
                self.stop = true;
                text.len()
            }
        }
    }

    fn directive(&mut self, text: &[u8]) -> usize {
        let mut spec = Spec::default();
        let mut at = 1;
        while let Some(&b) = text.get(at) {
            match b {
                b'-' => spec.left = true,
                b'+' => spec.plus = true,
                b' ' => spec.space = true,
                b'#' => spec.alternate = true,
                b'0' => spec.zero = true,
                b'\'' | b'I' => {}
                _ => break,
            }
            at += 1;
        }
        if text.get(at) == Some(&b'*') {
            let width = self.integer();
            spec.left |= width < 0;
            spec.width = width.unsigned_abs().min(1 << 20) as usize;
            at += 1;
        } else {
            spec.width = number(text, &mut at);
        }
        if text.get(at) == Some(&b'.') {
            at += 1;
            if text.get(at) == Some(&b'*') {
                spec.precision = usize::try_from(self.integer().min(1 << 20)).ok();
                at += 1;
            } else {
                spec.precision = Some(number(text, &mut at));
            }
        }
        while matches!(text.get(at), Some(b'h' | b'l' | b'j' | b'z' | b't' | b'L')) {
            at += 1;
        }
        let conversion = text.get(at).copied().unwrap_or(0);
        let field = match conversion {
            b'd' | b'i' => {
                let n = self.integer();
                self.whole(n.unsigned_abs(), spec.sign(n < 0), &spec, |n| n.to_string())
            }
            b'u' => {
                let n = self.integer() as u64;
                self.whole(n, "", &spec, |n| n.to_string())
            }
            b'o' => {
                let n = self.integer() as u64;
                let mark = if spec.alternate { "0" } else { "" };
                self.whole(n, mark, &spec, |n| format!("{n:o}"))
            }
            b'x' | b'X' => {
                let n = self.integer() as u64;
                let upper = conversion == b'X';
                let mark = match (spec.alternate && n != 0, upper) {
                    (true, true) => "0X",
                    (true, false) => "0x",
                    _ => "",
                };
                self.whole(n, mark, &spec, |n| if upper { format!("{n:X}") } else { format!("{n:x}") })
            }
            b'f' | b'F' | b'e' | b'E' | b'g' | b'G' | b'a' | b'A' => {
                let value = self.float();
                format_float(value, conversion, &spec).into()
            }
            b'c' => {
                let text = self.argument().unwrap_or_default();
                let first = text.first().map(|&b| vec![b]).unwrap_or_default();
                pad_bytes(&first, &Spec { precision: None, ..spec })
            }
            b's' => pad_bytes(&self.argument().unwrap_or_default(), &spec),
            b'q' => {
                let quoted = quotef(self.argument().unwrap_or_default());
                pad_bytes(quoted.as_bytes(), &spec)
            }
            b'b' => {
                let text = self.argument().unwrap_or_default();
                let outer = std::mem::take(&mut self.out.bytes);
                let mut from = 0;
                while from < text.len() && !self.stop {
                    match text[from] {
                        b'\\' => from += self.escape(&text[from..], true),
                        b => {
                            self.out.bytes.push(b);
                            from += 1;
                        }
                    }
                }
                let inner = std::mem::replace(&mut self.out.bytes, outer);
                pad_bytes(&inner, &spec)
            }
            _ => {
                let end = (at + usize::from(conversion != 0)).min(text.len());
                self.out.problems.push(Problem::BadDirective(text[..end].into()));
                self.stop = true;
                return text.len();
            }
        };
        self.out.bytes.extend_from_slice(&field);
        at + 1
    }

    fn whole(&self, n: u64, sign: &str, spec: &Spec, show: impl Fn(u64) -> String) -> Vec<u8> {
        let mut digits = show(n);
        if let Some(precision) = spec.precision {
            if precision == 0 && n == 0 {
                digits.clear();
            }
            digits = format!("{digits:0>precision$}");
        }
        let sign = if sign == "0" && digits.starts_with('0') { "" } else { sign };
        spec.pad(sign, &digits, spec.precision.is_none()).into()
    }

    /// The next argument as a whole number: C's notations, or `'c` for a character's code.
    fn integer(&mut self) -> i64 {
        let Some(text) = self.argument() else { return 0 };
        if let Some(code) = quoted_char(&text) {
            return code;
        }
        let trimmed = text.trim_ascii_start();
        let (negative, body) = match trimmed.first() {
            Some(b'-') => (true, &trimmed[1..]),
            Some(b'+') => (false, &trimmed[1..]),
            _ => (false, trimmed),
        };
        let (radix, digits) = match body {
            [b'0', b'x' | b'X', rest @ ..] if rest.first().is_some_and(u8::is_ascii_hexdigit) => (16, rest),
            [b'0', _, ..] => (8, body),
            _ => (10, body),
        };
        let used = digits.iter().take_while(|&&b| char::from(b).is_digit(radix)).count();
        if used == 0 {
            self.out.problems.push(Problem::NotNumeric(text));
            return 0;
        }
        let mut value: i128 = 0;
        for &b in &digits[..used] {
            let digit = char::from(b).to_digit(radix).unwrap_or(0);
            value = (value * i128::from(radix) + i128::from(digit)).min(1 << 80);
        }
        let value = if negative { -value } else { value };
        if used < digits.len() {
            self.out.problems.push(Problem::Partial(text.clone()));
        }
        if value > i128::from(u64::MAX) || value < i128::from(i64::MIN) {
            self.out.problems.push(Problem::Range(text));
            return if negative { i64::MIN } else { i64::MAX };
        }
        value as i64
    }

    fn float(&mut self) -> f64 {
        let Some(text) = self.argument() else { return 0.0 };
        if let Some(code) = quoted_char(&text) {
            return code as f64;
        }
        let (value, used) = parse_float(&text);
        if used == 0 {
            self.out.problems.push(Problem::NotNumeric(text));
        } else if used < text.len() {
            self.out.problems.push(Problem::Partial(text));
        }
        value
    }
}

fn quoted_char(text: &[u8]) -> Option<i64> {
    let rest = match text {
        [b'\'' | b'"', rest @ ..] if !rest.is_empty() => rest,
        _ => return None,
    };
    let (c, _) = bstr::decode_utf8(rest);
    Some(c.map_or(i64::from(rest[0]), |c| i64::from(u32::from(c))))
}

fn number(text: &[u8], at: &mut usize) -> usize {
    let mut n = 0usize;
    while let Some(d) = text.get(*at).filter(|b| b.is_ascii_digit()) {
        n = (n * 10 + usize::from(d - b'0')).min(1 << 20);
        *at += 1;
    }
    n
}

/// Width and precision count bytes, as in printf(3).
fn pad_bytes(text: &[u8], spec: &Spec) -> Vec<u8> {
    let text = &text[..spec.precision.unwrap_or(text.len()).min(text.len())];
    let fill = vec![b' '; spec.width.saturating_sub(text.len())];
    if spec.left { [text, &fill].concat() } else { [&fill, text].concat() }
}

pub enum Escape {
    /// What it stands for, and how long it is.
    Bytes(Vec<u8>, usize),
    /// `\c`
    Stop,
    MissingHex,
}

/// One backslash escape at the start of `text`. `in_b`: as in `%b` and `echo -e`, where `\0NNN` is octal.
pub fn unescape(text: &[u8], in_b: bool) -> Escape {
    let octal = |from: usize| {
        let digits = text[from..].iter().take(3).take_while(|b| (b'0'..=b'7').contains(b)).count();
        let value = text[from..from + digits].iter().fold(0u32, |n, b| n * 8 + u32::from(b - b'0'));
        Escape::Bytes(vec![value as u8], from + digits)
    };
    let hex = |most: usize| {
        let digits = text[2..].iter().take(most).take_while(|b| b.is_ascii_hexdigit()).count();
        let value = text[2..2 + digits].iter().fold(0u32, |n, &b| n * 16 + char::from(b).to_digit(16).unwrap_or(0));
        (value, digits)
    };
    let one = |b: u8| Escape::Bytes(vec![b], 2);
    match text.get(1) {
        Some(b'a') => one(7),
        Some(b'b') => one(8),
        Some(b'c') => Escape::Stop,
        Some(b'e') => one(27),
        Some(b'f') => one(12),
        Some(b'n') => one(b'\n'),
        Some(b'r') => one(b'\r'),
        Some(b't') => one(b'\t'),
        Some(b'v') => one(11),
        Some(b'\\') => one(b'\\'),
        Some(b'"') if !in_b => one(b'"'),
        Some(b'0') if in_b => octal(2),
        Some(b'0'..=b'7') => octal(1),
        Some(b'x') => match hex(2) {
            (_, 0) => Escape::MissingHex,
            (value, digits) => Escape::Bytes(vec![value as u8], 2 + digits),
        },
        Some(kind @ (b'u' | b'U')) => match hex(if *kind == b'u' { 4 } else { 8 }) {
            (_, 0) => Escape::MissingHex,
            (value, digits) => {
                let c = char::from_u32(value).unwrap_or('\u{fffd}');
                Escape::Bytes(c.to_string().into_bytes(), 2 + digits)
            }
        },
        Some(&b) => Escape::Bytes(vec![b'\\', b], 2),
        None => Escape::Bytes(vec![b'\\'], 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(format: &str, arguments: &[&str]) -> String {
        let arguments: Vec<BString> = arguments.iter().map(|&a| a.into()).collect();
        String::from_utf8(printf(format.as_bytes(), &arguments).bytes).unwrap()
    }

    #[test]
    fn formats_agree_with_printf() {
        for (format, arguments, text) in [
            ("%s-%s\\n", &["a", "b", "c"][..], "a-b\nc-\n"),
            ("%5d|%-5d|%05d|%+d", &["42", "42", "42", "42"], "   42|42   |00042|+42"),
            ("%x %X %#x %o %#o", &["255", "255", "255", "8", "8"], "ff FF 0xff 10 010"),
            ("%.2f %e %g", &["3.14159", "1234.5", "0.5"], "3.14 1.234500e+03 0.5"),
            ("%5s|%-5s|%.2s", &["ab", "ab", "abcdef"], "   ab|ab   |ab"),
            ("%b|%q", &["a\\tb", "a b"], "a\tb|'a b'"),
            ("%*d", &["5", "3"], "    3"),
            ("%d %d", &["0x10", "'A"], "16 65"),
            ("\\101\\x41\\u00e9", &[], "AAé"),
            ("%c%%", &["xyz"], "x%"),
            ("%u", &["-1"], "18446744073709551615"),
        ] {
            assert_eq!(run(format, arguments), text, "{format}");
        }
        let odd = printf(b"%d", &["12x".into()]);
        assert_eq!((odd.bytes, odd.problems), (b"12".to_vec(), vec![Problem::Partial("12x".into())]));
    }
}
