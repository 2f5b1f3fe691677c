//! `echo` and `printf`.

use bstr::{BString, ByteSlice};

use super::usage_error;
use crate::shell::parse::assignment_split;
use crate::shell::run::{Flow, Ran, Shell};
use crate::shell::text::{self, Escapes};

pub(super) async fn echo(shell: &mut Shell, words: &[BString]) -> Ran {
    let mut newline = true;
    let mut escapes = shell.st.shopt("xpg_echo");
    let mut at = 1;
    while let Some(word) = words.get(at) {
        if word.len() < 2 || word[0] != b'-' || !word[1..].iter().all(|b| b"neE".contains(b)) {
            break;
        }
        for letter in &word[1..] {
            match letter {
                b'n' => newline = false,
                b'e' => escapes = true,
                _ => escapes = false,
            }
        }
        at += 1;
    }
    let mut out = bstr::join(" ", &words[at..]);
    let mut cut = false;
    if escapes {
        (out, cut) = text::unescape(&out, Escapes::Echo);
    }
    if newline && !cut {
        out.push(b'\n');
    }
    shell.print(&out, "echo").await
}

pub(super) async fn printf(shell: &mut Shell, words: &[BString]) -> Ran {
    let mut at = 1;
    let mut variable = None;
    if let Some(word) = words.get(1)
        && word.starts_with(b"-v")
    {
        if word.len() > 2 {
            variable = Some(BString::from(&word[2..]));
            at = 2;
        } else {
            let Some(name) = words.get(2) else {
                return usage_error(shell, &words[0], "-v: option requires an argument").await;
            };
            variable = Some(name.clone());
            at = 3;
        }
    } else if words.get(1).is_some_and(|w| w.starts_with(b"-") && w.len() > 1 && w != "--") {
        let what = format!("-{}: invalid option", words[1][1] as char);
        return usage_error(shell, &words[0], &what).await;
    }
    if words.get(at).is_some_and(|w| w == "--") {
        at += 1;
    }
    let Some(format) = words.get(at) else {
        shell.ctx.err("printf: usage: printf [-v var] format [arguments]\n").await?;
        return Ok(2);
    };
    let target = match &variable {
        Some(name) => match assignment_split(&[&name[..], b"="].concat()) {
            Some((base, index, false, _)) => Some((base, index)),
            _ => {
                shell.complain(format_args!("printf: `{name}': not a valid identifier")).await?;
                return Ok(2);
            }
        },
        None => None,
    };
    let mut f =
        Formatter { arguments: &words[at + 1..], next: 0, out: Vec::new(), errors: Vec::new(), status: 0, stop: false };
    loop {
        let before = f.next;
        let zone = shell.zone();
        let (now, started) = (shell.ctx.now(), shell.st.started);
        if let Err(message) = f.pass(format, &zone, now, started) {
            f.errors.push(message);
            f.status = 1;
            break;
        }
        if f.stop || f.next >= f.arguments.len() || f.next == before {
            break;
        }
        if f.out.len() > crate::base::limits::EXPANSION_BYTES {
            break;
        }
    }
    let (out, errors, status) = (f.out, f.errors, f.status);
    for message in errors {
        shell.complain(format_args!("printf: {message}")).await?;
    }
    match target {
        Some((base, index)) => {
            let place = match index {
                Some(index) => Some(shell.place_of(&base, index).await?),
                None => None,
            };
            if let Err(message) = shell.assign_text(&base, place, out.into(), false) {
                shell.complain(message).await?;
                return Err(Flow::Discard(1));
            }
            Ok(status)
        }
        None => {
            let written = shell.print(&out, "printf").await?;
            Ok(if written != 0 { written } else { status })
        }
    }
}

struct Formatter<'a> {
    arguments: &'a [BString],
    next: usize,
    out: Vec<u8>,
    errors: Vec<String>,
    status: u8,
    /// `%b` met `\c`.
    stop: bool,
}

/// Width, precision and flags of one conversion.
#[derive(Default)]
struct Spec {
    left: bool,
    plus: bool,
    space: bool,
    alternate: bool,
    zero: bool,
    width: usize,
    precision: Option<usize>,
}

impl Formatter<'_> {
    fn argument(&mut self) -> Option<&BString> {
        let argument = self.arguments.get(self.next);
        self.next += usize::from(argument.is_some());
        argument
    }

    /// The whole format once.
    fn pass(
        &mut self,
        format: &[u8],
        zone: &[u8],
        now: crate::base::SimTime,
        started: crate::base::SimTime,
    ) -> Result<(), String> {
        let mut at = 0;
        while at < format.len() {
            match format[at] {
                b'\\' if at + 1 < format.len() => match text::escape(&format[at..], Escapes::Format, &mut self.out) {
                    Some(n) => at += n,
                    None => {
                        self.stop = true;
                        return Ok(());
                    }
                },
                b'%' => {
                    at = self.conversion(format, at, zone, now, started)?;
                    if self.stop {
                        return Ok(());
                    }
                }
                b => {
                    self.out.push(b);
                    at += 1;
                }
            }
        }
        Ok(())
    }

    fn conversion(
        &mut self,
        format: &[u8],
        start: usize,
        zone: &[u8],
        now: crate::base::SimTime,
        started: crate::base::SimTime,
    ) -> Result<usize, String> {
        let mut at = start + 1;
        let mut spec = Spec::default();
        while let Some(&flag) = format.get(at) {
            match flag {
                b'-' => spec.left = true,
                b'+' => spec.plus = true,
                b' ' => spec.space = true,
                b'#' => spec.alternate = true,
                b'0' => spec.zero = true,
                b'\'' => {}
                _ => break,
            }
            at += 1;
        }
        let number = |at: &mut usize| {
            let digits: Vec<u8> = format[*at..].iter().copied().take_while(u8::is_ascii_digit).collect();
            *at += digits.len();
            digits.to_str_lossy().parse::<usize>().unwrap_or(0).min(1 << 20)
        };
        if format.get(at) == Some(&b'*') {
            at += 1;
            let width = self.integer();
            spec.left |= width < 0;
            spec.width = width.unsigned_abs().min(1 << 20) as usize;
        } else {
            spec.width = number(&mut at);
        }
        if format.get(at) == Some(&b'.') {
            at += 1;
            if format.get(at) == Some(&b'*') {
                at += 1;
                let n = self.integer();
                spec.precision = (n >= 0).then_some(n.min(1 << 20) as usize);
            } else {
                spec.precision = Some(number(&mut at));
            }
        }
        while matches!(format.get(at), Some(b'h' | b'l' | b'L' | b'j' | b'z' | b't')) {
            at += 1;
        }
        let Some(&kind) = format.get(at) else {
            return Err(format!("`{}': missing format character", format[start..].as_bstr()));
        };
        at += 1;
        match kind {
            b'%' => self.out.push(b'%'),
            b'd' | b'i' => {
                let n = self.integer();
                self.number(&spec, n < 0, &n.unsigned_abs().to_string(), "");
            }
            b'u' => {
                let n = self.integer() as u64;
                self.number(&Spec { plus: false, space: false, ..spec }, false, &n.to_string(), "");
            }
            b'o' | b'x' | b'X' => {
                let n = self.integer() as u64;
                let (digits, prefix) = match kind {
                    b'o' => (format!("{n:o}"), "0"),
                    b'x' => (format!("{n:x}"), "0x"),
                    _ => (format!("{n:X}"), "0X"),
                };
                let prefix = if spec.alternate && n != 0 { prefix } else { "" };
                self.number(&Spec { plus: false, space: false, ..spec }, false, &digits, prefix);
            }
            b'c' => {
                let first = self.argument().and_then(|a| a.first().copied());
                let bytes: Vec<u8> = first.into_iter().collect();
                self.pad(&spec, &bytes);
            }
            b's' => {
                let text = self.argument().cloned().unwrap_or_default();
                self.string(&spec, &text);
            }
            b'q' | b'Q' => {
                let text = self.argument().cloned().unwrap_or_default();
                self.string(&spec, &text::backslash_quote(&text));
            }
            b'b' => {
                let text = self.argument().cloned().unwrap_or_default();
                let (text, cut) = text::unescape(&text, Escapes::Argument);
                self.string(&spec, &text);
                self.stop = cut;
            }
            b'e' | b'E' | b'f' | b'F' | b'g' | b'G' | b'a' | b'A' => {
                let value = self.float();
                let text = float_text(kind, &spec, value);
                let (negative, digits) = match text.strip_prefix('-') {
                    Some(rest) => (true, rest.to_string()),
                    None => (false, text),
                };
                let plain = Spec { precision: None, zero: spec.zero && value.is_finite(), ..spec };
                self.number(&plain, negative, &digits, "");
            }
            b'(' => {
                let Some(end) = format[at..].find(b")T") else {
                    return Err(format!("`{}': invalid format character", kind as char));
                };
                let pattern = &format[at..at + end];
                at += end + 2;
                let secs = match self.argument() {
                    None => -1,
                    Some(_) => {
                        self.next -= 1;
                        self.integer()
                    }
                };
                let time = match secs {
                    -1 => now,
                    -2 => started,
                    n => crate::base::SimTime::from_secs(n.max(0) as u64),
                };
                let pattern = if pattern.is_empty() { b"%X".as_slice() } else { pattern };
                let text = super::strftime(pattern, time, zone);
                self.string(&spec, &text);
            }
            other => {
                return Err(format!("`{}': invalid format character", other as char));
            }
        }
        Ok(at)
    }

    fn pad(&mut self, spec: &Spec, text: &[u8]) {
        let fill = spec.width.saturating_sub(text.len());
        if !spec.left {
            self.out.extend(std::iter::repeat_n(b' ', fill));
        }
        self.out.extend_from_slice(text);
        if spec.left {
            self.out.extend(std::iter::repeat_n(b' ', fill));
        }
    }
    fn string(&mut self, spec: &Spec, text: &[u8]) {
        let text = spec.precision.map_or(text, |n| &text[..n.min(text.len())]);
        self.pad(spec, text);
    }
    fn number(&mut self, spec: &Spec, negative: bool, digits: &str, prefix: &str) {
        let sign = if negative {
            "-"
        } else if spec.plus {
            "+"
        } else if spec.space {
            " "
        } else {
            ""
        };
        let mut digits = digits.to_string();
        if let Some(precision) = spec.precision {
            while digits.len() < precision {
                digits.insert(0, '0');
            }
            if precision == 0 && digits == "0" {
                digits.clear();
            }
        } else if spec.zero && !spec.left {
            while sign.len() + prefix.len() + digits.len() < spec.width {
                digits.insert(0, '0');
            }
        }
        let whole = format!("{sign}{prefix}{digits}");
        self.pad(spec, whole.as_bytes());
    }

    /// An integer argument: decimal, octal, hexadecimal, or `'c`.
    fn integer(&mut self) -> i64 {
        let Some(argument) = self.argument().cloned() else { return 0 };
        if let [b'\'' | b'"', rest @ ..] = argument.as_slice() {
            let (c, _) = bstr::decode_utf8(rest);
            return c.map_or_else(|| rest.first().map_or(0, |b| i64::from(*b)), |c| i64::from(u32::from(c)));
        }
        let text = argument.trim_ascii_start().to_vec();
        let (negative, digits) = match text.split_first() {
            Some((b'-', rest)) => (true, rest),
            Some((b'+', rest)) => (false, rest),
            _ => (false, text.as_slice()),
        };
        let (radix, digits) = if digits.starts_with(b"0x") || digits.starts_with(b"0X") {
            (16, &digits[2..])
        } else if digits.len() > 1 && digits[0] == b'0' {
            (8, &digits[1..])
        } else {
            (10, digits)
        };
        let used = digits.iter().take_while(|b| (**b as char).is_digit(radix)).count();
        let mut value: i128 = 0;
        for b in &digits[..used] {
            value = (value * i128::from(radix) + i128::from((*b as char).to_digit(radix).unwrap_or(0)))
                .min(i128::from(u64::MAX) + 1);
        }
        let value = if negative { -value } else { value };
        if used < digits.len() || used == 0 && radix == 10 && !argument.is_empty() {
            self.errors.push(format!(
                "{argument}: invalid {}number",
                if radix == 8 {
                    "octal "
                } else if radix == 16 {
                    "hex "
                } else {
                    ""
                }
            ));
            self.status = 1;
        } else if argument.is_empty() {
            // An empty argument counts as zero and is an error only to printf(1).
        }
        if value > i128::from(i64::MAX) && value <= i128::from(u64::MAX) && radix != 10 {
            return value as u64 as i64;
        }
        if value > i128::from(i64::MAX) || value < i128::from(i64::MIN) {
            self.errors.push(format!("warning: {argument}: Numerical result out of range"));
            return if value > 0 { i64::MAX } else { i64::MIN };
        }
        value as i64
    }

    fn float(&mut self) -> f64 {
        let Some(argument) = self.argument().cloned() else { return 0.0 };
        if let [b'\'' | b'"', rest @ ..] = argument.as_slice() {
            let (c, _) = bstr::decode_utf8(rest);
            return c.map_or(0.0, |c| f64::from(u32::from(c)));
        }
        let text = argument.to_str_lossy();
        let text = text.trim_ascii();
        if let Some(hex) = text.strip_prefix("0x")
            && let Ok(n) = u64::from_str_radix(hex, 16)
        {
            return n as f64;
        }
        match text.parse::<f64>() {
            Ok(value) => value,
            Err(_) if text.is_empty() => 0.0,
            Err(_) => {
                self.errors.push(format!("{argument}: invalid number"));
                self.status = 1;
                let good = (0..=text.len()).rev().filter(|&n| text.is_char_boundary(n));
                good.filter_map(|n| text.get(..n)?.parse::<f64>().ok()).next().unwrap_or(0.0)
            }
        }
    }
}

/// C's `%e %f %g` of a value, with its sign if negative.
fn float_text(kind: u8, spec: &Spec, value: f64) -> String {
    if value.is_nan() {
        return if kind.is_ascii_uppercase() { "NAN" } else { "nan" }.into();
    }
    if value.is_infinite() {
        let text = if kind.is_ascii_uppercase() { "INF" } else { "inf" };
        return format!("{}{text}", if value < 0.0 { "-" } else { "" });
    }
    let precision = spec.precision.unwrap_or(6);
    let exponent = |precision: usize| {
        let text = format!("{value:.precision$e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let n: i32 = exponent.parse().unwrap_or(0);
        (mantissa.to_string(), n)
    };
    let upper = |t: String| if kind.is_ascii_uppercase() { t.to_uppercase() } else { t };
    match kind {
        b'f' | b'F' => format!("{value:.precision$}"),
        b'e' | b'E' => {
            let (mantissa, n) = exponent(precision);
            upper(format!("{mantissa}e{}{:02}", if n < 0 { '-' } else { '+' }, n.abs()))
        }
        _ => {
            let significant = precision.max(1);
            let (mantissa, n) = exponent(significant - 1);
            let trim = |t: String| {
                if spec.alternate || !t.contains('.') {
                    return t;
                }
                t.trim_end_matches('0').trim_end_matches('.').to_string()
            };
            if n < -4 || n >= significant as i32 {
                upper(format!("{}e{}{:02}", trim(mantissa), if n < 0 { '-' } else { '+' }, n.abs()))
            } else {
                let places = (significant as i32 - 1 - n).max(0) as usize;
                trim(format!("{value:.places$}"))
            }
        }
    }
}
