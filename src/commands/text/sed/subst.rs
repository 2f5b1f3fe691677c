//! The `s` command: its replacement, and what it makes of a line.

use bstr::ByteSlice;

use super::parse::Pattern;
use crate::base::regex::{Captures, Regex, char_len};

pub struct Substitution {
    pub pattern: Pattern,
    pub parts: Vec<Part>,
    pub global: bool,
    /// 1 with `p`.
    pub print: u8,
    /// The first match to replace.
    pub number: u64,
    pub output: Option<usize>,
    pub evaluate: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    Text(Vec<u8>),
    Group(usize),
    /// `\U`, `\L`, `\E`: until the next of them.
    Case(Case),
    /// `\u`, `\l`: the next character.
    Once(Case),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    Upper,
    Lower,
    Keep,
}

/// Reads the right-hand side.
pub fn replacement(text: &[u8]) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut plain = Vec::new();
    let mut at = 0;
    let push = |plain: &mut Vec<u8>, parts: &mut Vec<Part>, part: Part| {
        if !plain.is_empty() {
            parts.push(Part::Text(std::mem::take(plain)));
        }
        parts.push(part);
    };
    while let Some(&b) = text.get(at) {
        at += 1;
        match b {
            b'&' => push(&mut plain, &mut parts, Part::Group(0)),
            b'\\' => {
                let next = text.get(at).copied();
                at += 1;
                match next {
                    Some(d @ b'0'..=b'9') => push(&mut plain, &mut parts, Part::Group(usize::from(d - b'0'))),
                    Some(b'U') => push(&mut plain, &mut parts, Part::Case(Case::Upper)),
                    Some(b'L') => push(&mut plain, &mut parts, Part::Case(Case::Lower)),
                    Some(b'E') => push(&mut plain, &mut parts, Part::Case(Case::Keep)),
                    Some(b'u') => push(&mut plain, &mut parts, Part::Once(Case::Upper)),
                    Some(b'l') => push(&mut plain, &mut parts, Part::Once(Case::Lower)),
                    Some(b'n') => plain.push(b'\n'),
                    Some(b) => plain.push(b),
                    None => plain.push(b'\\'),
                }
            }
            b => plain.push(b),
        }
    }
    if !plain.is_empty() {
        parts.push(Part::Text(plain));
    }
    parts
}

impl Substitution {
    /// The line after replacing; `None` if nothing was.
    pub fn apply(&self, regex: &Regex, line: &[u8]) -> Option<Vec<u8>> {
        let simple = self.parts.iter().all(|p| matches!(p, Part::Text(_) | Part::Group(0)));
        let mut out: Option<Vec<u8>> = None;
        let (mut at, mut copied, mut count) = (0, 0, 0);
        let mut last_end = None;
        loop {
            let groups: Captures = if simple {
                match regex.find_at(line, at) {
                    Some(found) => vec![Some(found)],
                    None => break,
                }
            } else {
                match regex.captures_at(line, at) {
                    Some(groups) => groups,
                    None => break,
                }
            };
            let Some((start, end)) = groups.first().copied().flatten() else { break };
            let step = |from: usize| from + char_len(&line[from..]).max(1);
            // An empty match right behind a match does not count.
            if !(start == end && last_end == Some(start)) {
                count += 1;
                if count >= self.number {
                    let out = out.get_or_insert_with(|| Vec::with_capacity(line.len() + 32));
                    out.extend_from_slice(&line[copied..start]);
                    self.write(&groups, line, out);
                    copied = end;
                    if !self.global {
                        break;
                    }
                }
                last_end = Some(end);
            }
            at = if end > start { end } else { step(end.min(line.len())) };
            if at > line.len() {
                break;
            }
        }
        if let Some(out) = &mut out {
            out.extend_from_slice(&line[copied..]);
        }
        out
    }

    fn write(&self, groups: &Captures, line: &[u8], out: &mut Vec<u8>) {
        let (mut case, mut once) = (Case::Keep, None);
        for part in &self.parts {
            let text: &[u8] = match part {
                Part::Text(text) => text,
                Part::Group(n) => match groups.get(*n).copied().flatten() {
                    Some((from, to)) => &line[from..to],
                    None => b"",
                },
                Part::Case(to) => {
                    (case, once) = (*to, None);
                    continue;
                }
                Part::Once(to) => {
                    once = Some(*to);
                    continue;
                }
            };
            if case == Case::Keep && once.is_none() {
                out.extend_from_slice(text);
                continue;
            }
            for (from, to, ch) in text.char_indices() {
                match once.take().unwrap_or(case) {
                    Case::Upper => out.extend(ch.to_uppercase().collect::<String>().into_bytes()),
                    Case::Lower => out.extend(ch.to_lowercase().collect::<String>().into_bytes()),
                    Case::Keep => out.extend_from_slice(&text[from..to]),
                }
            }
        }
    }
}
