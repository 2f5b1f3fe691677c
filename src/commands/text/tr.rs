use bstr::ByteSlice;

use crate::base::quote::quote;
use crate::commands::support::usage;
use crate::program::{Args, Command, Ctx, Example, Opt, Outcome};

pub const COMMAND: Command = Command {
    name: "tr",
    summary: "Translate, squeeze, and/or delete characters from standard input, writing to standard output.",
    usage: &["[OPTION]... STRING1 [STRING2]"],
    options: &[
        Opt::flag('c', "complement", "use the complement of STRING1"),
        Opt::flag('C', "", "use the complement of STRING1"),
        Opt::flag('d', "delete", "delete characters in STRING1, do not translate"),
        Opt::flag('s', "squeeze-repeats", "replace each sequence of a repeated character with a single occurrence"),
        Opt::flag('t', "truncate-set1", "first truncate STRING1 to length of STRING2"),
    ],
    syntax: crate::program::Syntax::Posix,
    examples: &[Example { run: "echo hello | tr a-y b-z", prints: "ifmmp\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

#[derive(Clone, Debug, PartialEq)]
enum Item {
    Bytes(Vec<u8>),
    Class(&'static str, Vec<u8>),
    /// `[x*n]`; 0 fills up.
    Repeat(u8, usize),
}

async fn main(c: Ctx, a: Args) -> Outcome {
    let sets = a.operands();
    let (delete, squeeze) = (a.has("delete"), a.has("squeeze-repeats"));
    let complement = a.has("complement") || a.has("C");
    let hint = format!("Try '{} --help' for more information.\n", c.called());
    let Some(first) = sets.first() else { return usage(&c, 1, "missing operand").await };
    let least = if delete == squeeze { 2 } else { 1 };
    if sets.len() < least {
        c.complain(format_args!("missing operand after {}", quote(first))).await?;
        let why = if delete {
            "Two strings must be given when both deleting and squeezing repeats.\n"
        } else {
            "Two strings must be given when translating.\n"
        };
        c.err(why).await?;
        c.err(hint).await?;
        return Ok(1);
    }
    let most = if delete && !squeeze { 1 } else { 2 };
    if let Some(extra) = sets.get(most) {
        c.complain(format_args!("extra operand {}", quote(extra))).await?;
        if sets.len() == 2 {
            c.err("Only one string may be given when deleting without squeezing repeats.\n").await?;
        }
        c.err(hint).await?;
        return Ok(1);
    }
    let mut parsed = Vec::new();
    for set in sets {
        match parse(set) {
            Ok(items) => parsed.push(items),
            Err(text) => {
                c.complain(text).await?;
                return Ok(1);
            }
        }
    }
    let one = flatten(&parsed[0], 0);
    let set1: Vec<u8> = if complement { (0..=255).filter(|b| !one.contains(b)).collect() } else { one };
    let translating = !delete && parsed.len() == 2;
    let mut map: Vec<u8> = (0..=255).collect();
    let mut squeezed = [false; 256];
    if translating {
        if parsed[0].iter().any(|i| matches!(i, Item::Repeat(_, 0))) {
            c.complain("the [c*] repeat construct may not appear in string1").await?;
            return Ok(1);
        }
        let bad_class =
            parsed[1].iter().any(|i| matches!(i, Item::Class(name, _) if *name != "upper" && *name != "lower"));
        if bad_class {
            let text =
                "when translating, the only character classes that may appear in\nstring2 are 'upper' and 'lower'";
            c.complain(text).await?;
            return Ok(1);
        }
        let mut set2 = flatten(&parsed[1], set1.len());
        if set2.is_empty() && !set1.is_empty() && !a.has("truncate-set1") {
            c.complain("when not truncating set1, string2 must be non-empty").await?;
            return Ok(1);
        }
        let mut set1 = set1.clone();
        if a.has("truncate-set1") {
            set1.truncate(set2.len());
        }
        if let Some(&last) = set2.last() {
            set2.resize(set2.len().max(set1.len()), last);
        }
        for (from, to) in set1.iter().zip(&set2) {
            map[usize::from(*from)] = *to;
        }
        if squeeze {
            set2.iter().for_each(|&b| squeezed[usize::from(b)] = true);
        }
    } else if squeeze {
        let set = if delete { flatten(&parsed[1], 0) } else { set1.clone() };
        set.iter().for_each(|&b| squeezed[usize::from(b)] = true);
    }
    let mut deleted = [false; 256];
    if delete {
        set1.iter().for_each(|&b| deleted[usize::from(b)] = true);
    }
    let mut last: Option<u8> = None;
    loop {
        let mut bytes = match c.read_fd(0, 131_072).await? {
            Ok(bytes) if bytes.is_empty() => return Ok(0),
            Ok(bytes) => bytes,
            Err(errno) => {
                c.complain(format_args!("read error: {errno}")).await?;
                return Ok(1);
            }
        };
        c.work(bytes.len() as u64).await?;
        if delete {
            bytes.retain(|b| !deleted[usize::from(*b)]);
        }
        if translating {
            bytes.iter_mut().for_each(|b| *b = map[usize::from(*b)]);
        }
        if squeeze {
            bytes.retain(|&b| {
                let keep = !(squeezed[usize::from(b)] && last == Some(b));
                last = Some(b);
                keep
            });
        }
        c.out(&bytes).await?;
    }
}

fn flatten(items: &[Item], room: usize) -> Vec<u8> {
    let known: usize = items
        .iter()
        .map(|i| match i {
            Item::Bytes(b) | Item::Class(_, b) => b.len(),
            Item::Repeat(_, n) => *n,
        })
        .sum();
    let mut out = Vec::new();
    for item in items {
        match item {
            Item::Bytes(b) | Item::Class(_, b) => out.extend_from_slice(b),
            Item::Repeat(b, 0) => out.extend(std::iter::repeat_n(*b, room.saturating_sub(known))),
            Item::Repeat(b, n) => out.extend(std::iter::repeat_n(*b, (*n).min(1 << 16))),
        }
    }
    out
}

fn class(name: &[u8]) -> Option<(&'static str, Vec<u8>)> {
    let test: (&'static str, fn(&u8) -> bool) = match name {
        b"alnum" => ("alnum", |b| b.is_ascii_alphanumeric()),
        b"alpha" => ("alpha", |b| b.is_ascii_alphabetic()),
        b"blank" => ("blank", |b| matches!(b, b' ' | b'\t')),
        b"cntrl" => ("cntrl", |b| b.is_ascii_control()),
        b"digit" => ("digit", |b| b.is_ascii_digit()),
        b"graph" => ("graph", |b| b.is_ascii_graphic()),
        b"lower" => ("lower", |b| b.is_ascii_lowercase()),
        b"print" => ("print", |b| b.is_ascii_graphic() || *b == b' '),
        b"punct" => ("punct", |b| b.is_ascii_punctuation()),
        b"space" => ("space", |b| b.is_ascii_whitespace() || *b == 11),
        b"upper" => ("upper", |b| b.is_ascii_uppercase()),
        b"xdigit" => ("xdigit", |b| b.is_ascii_hexdigit()),
        _ => return None,
    };
    Some((test.0, (0..=255).filter(|b| test.1(b)).collect()))
}

/// A set as tr writes it; the error is GNU's text.
fn parse(text: &[u8]) -> Result<Vec<Item>, String> {
    // Escapes first: what was escaped is never part of a construct.
    let mut chars: Vec<(u8, bool)> = Vec::new();
    let mut at = 0;
    while at < text.len() {
        if text[at] != b'\\' || at + 1 == text.len() {
            chars.push((text[at], false));
            at += 1;
            continue;
        }
        let digits = text[at + 1..].iter().take(3).take_while(|b| (b'0'..=b'7').contains(b)).count();
        if digits > 0 {
            let mut used = digits;
            let value = |n: usize| text[at + 1..at + 1 + n].iter().fold(0u32, |v, b| v * 8 + u32::from(b - b'0'));
            if value(used) > 255 {
                used -= 1;
            }
            chars.push((value(used) as u8, true));
            at += 1 + used;
            continue;
        }
        let b = match text[at + 1] {
            b'a' => 7,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 11,
            other => other,
        };
        chars.push((b, true));
        at += 2;
    }
    let raw = |n: usize, b: u8| chars.get(n) == Some(&(b, false));
    let mut items = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let (b, _) = chars[at];
        if raw(at, b'[') && (raw(at + 1, b':') || raw(at + 1, b'=')) {
            let mark = chars[at + 1].0;
            let close = (at + 2..chars.len()).find(|&n| raw(n, mark) && raw(n + 1, b']'));
            if let Some(close) = close {
                let name: Vec<u8> = chars[at + 2..close].iter().map(|c| c.0).collect();
                if mark == b':' {
                    let Some((name, bytes)) = class(&name) else {
                        return Err(format!("invalid character class {}", quote(&name)));
                    };
                    items.push(Item::Class(name, bytes));
                } else if name.len() == 1 {
                    items.push(Item::Bytes(name));
                } else {
                    return Err(format!("{}: equivalence class operand must be a single character", name.as_bstr()));
                }
                at = close + 2;
                continue;
            }
        }
        if raw(at, b'[') && raw(at + 2, b'*') {
            let close = (at + 3..chars.len()).find(|&n| raw(n, b']'));
            if let Some(close) = close {
                let digits: String = chars[at + 3..close].iter().map(|c| char::from(c.0)).collect();
                if digits.chars().all(|d| d.is_ascii_digit()) {
                    let radix = if digits.starts_with('0') { 8 } else { 10 };
                    let n = usize::from_str_radix(&digits, radix).unwrap_or(0);
                    items.push(Item::Repeat(chars[at + 1].0, n));
                    at = close + 1;
                    continue;
                }
                return Err(format!("invalid repeat count {} in [c*n] construct", quote(&digits)));
            }
        }
        if raw(at + 1, b'-') && at + 2 < chars.len() {
            let to = chars[at + 2].0;
            if b > to {
                let shown = |b: u8| {
                    if b.is_ascii_graphic() || b == b' ' { char::from(b).to_string() } else { format!("\\{b:03o}") }
                };
                return Err(format!(
                    "range-endpoints of '{}-{}' are in reverse collating sequence order",
                    shown(b),
                    shown(to)
                ));
            }
            items.push(Item::Bytes((b..=to).collect()));
            at += 3;
            continue;
        }
        items.push(Item::Bytes(vec![b]));
        at += 1;
    }
    Ok(items)
}
