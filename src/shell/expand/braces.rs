//! `{a,b}` and `{1..5}`: one word becomes several, before anything else is expanded.

use bstr::{BString, ByteSlice};

use crate::base::limits;
use crate::shell::parse::ast::Part;

/// A byte of unquoted text, or a part that braces leave alone.
#[derive(Clone)]
enum Atom {
    Byte(u8),
    Part(Part),
}

/// The words that this one becomes; `None` if it has no braces to expand.
pub(super) fn expand(parts: &[Part]) -> Result<Option<Vec<Vec<Part>>>, String> {
    let candidate = parts.iter().any(|p| matches!(p, Part::Literal(t) if t.contains(&b'{')));
    if !candidate {
        return Ok(None);
    }
    let mut atoms = Vec::new();
    for part in parts {
        match part {
            Part::Literal(text) => atoms.extend(text.iter().map(|&b| Atom::Byte(b))),
            other => atoms.push(Atom::Part(other.clone())),
        }
    }
    let mut budget = limits::EXPANSION_BYTES;
    let words = words(&atoms, &mut budget, 0)?;
    if words.len() == 1 && words[0].len() == atoms.len() {
        return Ok(None);
    }
    Ok(Some(words.into_iter().map(back).collect()))
}

fn back(atoms: Vec<Atom>) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for atom in atoms {
        match (atom, parts.last_mut()) {
            (Atom::Byte(b), Some(Part::Literal(text))) => text.push(b),
            (Atom::Byte(b), _) => parts.push(Part::Literal(BString::from(vec![b]))),
            (Atom::Part(part), _) => parts.push(part),
        }
    }
    parts
}

fn byte(atoms: &[Atom], at: usize) -> Option<u8> {
    match atoms.get(at) {
        Some(Atom::Byte(b)) => Some(*b),
        _ => None,
    }
}

/// The closing brace of the one at `open`, and the commas at its level.
fn group(atoms: &[Atom], open: usize) -> Option<(usize, Vec<usize>)> {
    let mut depth = 0usize;
    let mut commas = Vec::new();
    for at in open..atoms.len() {
        match byte(atoms, at) {
            Some(b'{') => depth += 1,
            Some(b'}') => {
                depth -= 1;
                if depth == 0 {
                    return Some((at, commas));
                }
            }
            Some(b',') if depth == 1 => commas.push(at),
            _ => {}
        }
    }
    None
}

fn words(atoms: &[Atom], budget: &mut usize, depth: usize) -> Result<Vec<Vec<Atom>>, String> {
    if depth > limits::PARSE_DEPTH {
        return Ok(vec![atoms.to_vec()]);
    }
    let mut at = 0;
    while at < atoms.len() {
        if byte(atoms, at) != Some(b'{') {
            at += 1;
            continue;
        }
        let Some((close, commas)) = group(atoms, at) else {
            at += 1;
            continue;
        };
        let inner = &atoms[at + 1..close];
        let choices: Vec<Vec<Atom>> = if commas.is_empty() {
            let text: Option<Vec<u8>> = (0..inner.len()).map(|n| byte(inner, n)).collect();
            match text.map(|t| sequence(&t, budget)).transpose()?.flatten() {
                Some(list) => list.into_iter().map(|w| w.into_iter().map(Atom::Byte).collect()).collect(),
                None => {
                    // No expansion here, but perhaps inside.
                    at += 1;
                    continue;
                }
            }
        } else {
            let mut list = Vec::new();
            let mut from = at + 1;
            for end in commas.into_iter().chain([close]) {
                list.extend(words(&atoms[from..end], budget, depth + 1)?);
                from = end + 1;
            }
            list
        };
        let tails = words(&atoms[close + 1..], budget, depth + 1)?;
        let mut out = Vec::with_capacity(choices.len() * tails.len());
        for choice in &choices {
            for tail in &tails {
                let size = at + choice.len() + tail.len() + 24;
                *budget = budget.checked_sub(size).ok_or_else(|| too_much(choices.len() * tails.len()))?;
                let mut word = Vec::with_capacity(size);
                word.extend_from_slice(&atoms[..at]);
                word.extend_from_slice(choice);
                word.extend_from_slice(tail);
                out.push(word);
            }
        }
        return Ok(out);
    }
    Ok(vec![atoms.to_vec()])
}

fn too_much(elements: usize) -> String {
    format!("brace expansion: cannot allocate memory for {elements} elements")
}

/// `1..5`, `01..10..2`, `a..f`
fn sequence(text: &[u8], budget: &mut usize) -> Result<Option<Vec<Vec<u8>>>, String> {
    let parts: Vec<&[u8]> = text.split_str("..").collect();
    let (from, to, step) = match parts.as_slice() {
        [from, to] => (*from, *to, None),
        [from, to, step] => (*from, *to, Some(*step)),
        _ => return Ok(None),
    };
    let number =
        |t: &[u8]| t.to_str().ok().and_then(|t| t.parse::<i64>().ok()).filter(|_| !t.starts_with(b"+") || t.len() > 1);
    let step = match step {
        None => 1,
        Some(step) => match number(step) {
            Some(0) => 1,
            Some(step) => step.unsigned_abs().min(i64::MAX as u64) as i64,
            None => return Ok(None),
        },
    };
    let count = |a: i64, b: i64| (i128::from(a) - i128::from(b)).unsigned_abs() as u64 / step as u64 + 1;
    if let (Some(a), Some(b)) = (number(from), number(to)) {
        let n = count(a, b);
        if n.saturating_mul(24) > *budget as u64 {
            return Err(too_much(usize::try_from(n).unwrap_or(usize::MAX)));
        }
        *budget -= n as usize * 24;
        // A leading zero asks for equal width.
        let padded = |t: &[u8]| t.strip_prefix(b"-").unwrap_or(t).starts_with(b"0") && t.len() > 1 && t != b"-0";
        let width = if padded(from) || padded(to) { from.len().max(to.len()) } else { 0 };
        let list = (0..n as i64).map(|k| {
            let value =
                if a <= b { a.wrapping_add(k.wrapping_mul(step)) } else { a.wrapping_sub(k.wrapping_mul(step)) };
            if width > 0 { format!("{value:0width$}").into_bytes() } else { value.to_string().into_bytes() }
        });
        return Ok(Some(list.collect()));
    }
    if let ([a], [b]) = (from, to)
        && a.is_ascii_alphabetic()
        && b.is_ascii_alphabetic()
    {
        let (a, b) = (i64::from(*a), i64::from(*b));
        let n = count(a, b) as i64;
        let list = (0..n).map(|k| if a <= b { a + k * step } else { a - k * step });
        return Ok(Some(list.map(|c| vec![c as u8]).collect()));
    }
    Ok(None)
}
