use bstr::{BStr, BString, ByteSlice};

use crate::base::float::{Spec, format_float, parse_float};
use crate::base::quote::quote;
use crate::commands::support::{extra_operand, missing_operand, usage};
use crate::program::{Args, Command, Ctx, Example, Opt, Outcome, Syntax};

pub const COMMAND: Command = Command {
    name: "seq",
    summary: "Print numbers from FIRST to LAST, in steps of INCREMENT.",
    usage: &["[OPTION]... LAST", "[OPTION]... FIRST LAST", "[OPTION]... FIRST INCREMENT LAST"],
    options: &[
        Opt::value('f', "format", "FORMAT", "use printf style floating-point FORMAT"),
        Opt::value('s', "separator", "STRING", "use STRING to separate numbers (default: \\n)"),
        Opt::flag('w', "equal-width", "equalize width by padding with leading zeroes"),
        Opt::flag('h', "help", "display this help and exit"),
    ],
    // A negative number is an operand, not an option: argv is read by hand.
    syntax: Syntax::Raw,
    examples: &[Example { run: "seq -s, 2 2 8", prints: "2,4,6,8\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

async fn main(c: Ctx, a: Args) -> Outcome {
    let (mut format, mut separator, mut equal) = (None::<BString>, BString::from("\n"), false);
    let mut operands: Vec<BString> = Vec::new();
    let mut words = a.operands().iter().cloned();
    while let Some(word) = words.next() {
        let numeric = word.len() > 1 && (word[1].is_ascii_digit() || word[1] == b'.');
        if !word.starts_with(b"-") || word == "-" || numeric || !operands.is_empty() {
            operands.push(word);
            continue;
        }
        let (name, value) = match word.strip_prefix(b"--") {
            Some(b"") => {
                operands.extend(words.by_ref());
                break;
            }
            Some(long) => match long.split_once_str("=") {
                Some((name, value)) => (name.to_vec(), Some(BString::from(value))),
                None => (long.to_vec(), None),
            },
            None => (word[1..2].to_vec(), (word.len() > 2).then(|| BString::from(&word[2..]))),
        };
        match &name[..] {
            b"f" | b"format" | b"s" | b"separator" => {
                let Some(value) = value.or_else(|| words.next()) else {
                    let text = if name.len() == 1 {
                        format!("option requires an argument -- '{}'", name.as_bstr())
                    } else {
                        format!("option '--{}' requires an argument", name.as_bstr())
                    };
                    return usage(&c, 1, text).await;
                };
                if name[0] == b'f' { format = Some(value) } else { separator = value }
            }
            b"w" | b"equal-width" => equal = true,
            b"help" => return c.out(COMMAND.help("seq")).await.map(|()| 0),
            b"version" => return c.out(COMMAND.version()).await.map(|()| 0),
            other if word.starts_with(b"--") => {
                return usage(&c, 1, format_args!("unrecognized option '--{}'", other.as_bstr())).await;
            }
            other => return usage(&c, 1, format_args!("invalid option -- '{}'", other.as_bstr())).await,
        }
    }
    if operands.is_empty() {
        return missing_operand(&c, &Args::default()).await;
    }
    if let Some(extra) = operands.get(3) {
        return extra_operand(&c, extra.as_ref()).await;
    }
    let mut numbers = Vec::new();
    for operand in &operands {
        match Number::read(operand.as_ref()) {
            Some(number) => numbers.push(number),
            None => {
                let text = if operand.to_ascii_lowercase().contains_str("nan") {
                    format!("invalid {} argument: {}", quote("not-a-number"), quote(operand))
                } else {
                    format!("invalid floating point argument: {}", quote(operand))
                };
                return usage(&c, 1, text).await;
            }
        }
    }
    let one = Number { value: 1.0, precision: 0, whole: Some(1) };
    let (first, step, last) = match numbers[..] {
        [last] => (one, one, last),
        [first, last] => (first, one, last),
        [first, step, last, ..] => (first, step, last),
        [] => return Ok(1),
    };
    if step.value == 0.0 {
        let shown = &operands[1];
        return usage(&c, 1, format_args!("invalid Zero increment value: {}", quote(shown))).await;
    }
    let (before, conversion, after) = match &format {
        None => (BString::default(), None, BString::default()),
        Some(_) if equal => {
            return usage(&c, 1, "format string may not be specified when printing equal width strings").await;
        }
        Some(text) => match split_format(text.as_ref()) {
            Ok((before, spec, letter, after)) => (before, Some((spec, letter)), after),
            Err(complaint) => {
                c.complain(complaint).await?;
                return Ok(1);
            }
        },
    };
    let precision = first.precision.max(step.precision);
    let plain = |v: f64| format_float(v, b'f', &Spec { precision: Some(precision), ..Spec::default() });
    let width = if equal { plain(first.value).len().max(shown_last(first, step, last, precision)) } else { 0 };
    let show = |v: f64| match &conversion {
        Some((spec, letter)) => format!("{before}{}{after}", format_float(v, *letter, spec)),
        None if equal => {
            let spec = Spec { precision: Some(precision), zero: true, width, ..Spec::default() };
            format_float(v, b'f', &spec)
        }
        None => plain(v),
    };
    let mut block = Vec::new();
    let mut n = 0u64;
    let whole = (first.whole, step.whole, last.whole);
    loop {
        let text = if let ((Some(first), Some(step), Some(last)), None) = (whole, &conversion) {
            let Some(v) = step.checked_mul(n as i64).and_then(|d| first.checked_add(d)) else { break };
            if step > 0 && v > last || step < 0 && v < last {
                break;
            }
            if !equal {
                v.to_string()
            } else if v < 0 {
                format!("-{:0>1$}", v.unsigned_abs(), width - 1)
            } else {
                format!("{v:0>width$}")
            }
        } else {
            let v = first.value + n as f64 * step.value;
            let past = |v: f64| if step.value > 0.0 { v > last.value } else { v < last.value };
            if past(v) {
                // A rounding error must not lose the last one: what is printed decides.
                let printed = parse_float(plain(v).as_bytes()).0;
                if past(printed) || n > 0 && plain(v) == plain(v - step.value) {
                    break;
                }
            }
            show(v)
        };
        if n > 0 {
            block.extend_from_slice(&separator);
        }
        block.extend_from_slice(text.as_bytes());
        n += 1;
        if block.len() > 30_000 {
            c.work(block.len() as u64 * 2).await?;
            c.out(&block).await?;
            block.clear();
        }
    }
    if n > 0 {
        block.push(b'\n');
    }
    c.out(&block).await.map(|()| 0)
}

#[derive(Clone, Copy)]
struct Number {
    value: f64,
    precision: usize,
    /// If it is written as a whole number.
    whole: Option<i64>,
}

impl Number {
    fn read(text: &BStr) -> Option<Number> {
        let (value, used) = parse_float(text);
        if used == 0 || used != text.len() || value.is_nan() {
            return None;
        }
        let lower = text.to_ascii_lowercase();
        let mut precision = 0;
        if !lower.contains_str("x") && value.is_finite() {
            let (mantissa, exponent) = lower.split_once_str("e").unwrap_or((&lower, b"0"));
            let digits = mantissa.split_once_str(".").map_or(0, |(_, f)| f.len()) as i64;
            let exponent: i64 = exponent.to_str().ok()?.parse().unwrap_or(0);
            precision = (digits - exponent).clamp(0, 1000) as usize;
        }
        let whole = text.to_str().ok().and_then(|t| t.parse().ok());
        Some(Number { value, precision, whole })
    }
}

fn shown_last(first: Number, step: Number, last: Number, precision: usize) -> usize {
    let steps = ((last.value - first.value) / step.value).floor().max(0.0);
    let v = if last.value.is_finite() { first.value + steps * step.value } else { last.value };
    let text = format_float(v, b'f', &Spec { precision: Some(precision), ..Spec::default() });
    let bound = format_float(last.value, b'f', &Spec { precision: Some(precision), ..Spec::default() });
    text.len().max(bound.len())
}

/// One `%` directive for a double; the error is GNU's text.
fn split_format(text: &BStr) -> Result<(BString, Spec, u8, BString), String> {
    let mut before = BString::default();
    let mut at = 0;
    loop {
        match text.get(at) {
            None => return Err(format!("format {} has no % directive", quote(text))),
            Some(b'%') if text.get(at + 1) == Some(&b'%') => {
                before.push(b'%');
                at += 2;
            }
            Some(b'%') => break,
            Some(&b) => {
                before.push(b);
                at += 1;
            }
        }
    }
    at += 1;
    let mut spec = Spec::default();
    while let Some(&b) = text.get(at) {
        match b {
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
        let mut n = 0usize;
        while let Some(d) = text.get(*at).filter(|b| b.is_ascii_digit()) {
            n = (n * 10 + usize::from(d - b'0')).min(10_000);
            *at += 1;
        }
        n
    };
    spec.width = number(&mut at);
    if text.get(at) == Some(&b'.') {
        at += 1;
        spec.precision = Some(number(&mut at));
    }
    match text.get(at) {
        None => Err(format!("format {} ends in %", quote(text))),
        Some(&letter) if b"aAeEfFgG".contains(&letter) => {
            let after = text[at + 1..].replace("%%", "%");
            if text[at + 1..].replace("%%", "").contains(&b'%') {
                return Err(format!("format {} has too many % directives", quote(text)));
            }
            Ok((before, spec, letter, after.into()))
        }
        Some(&letter) => Err(format!("format {} has unknown %{} directive", quote(text), char::from(letter))),
    }
}
