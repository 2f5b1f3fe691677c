//! `${…}`: values, defaults, trims, substitutions, slices, case, transformations.

use bstr::{BString, ByteSlice};

use super::arrays::{Got, Subscript};
use super::{Around, Kind, Later, Piece};
use crate::shell::parse::ast::{CaseChange, Index, Operation, Parameter, Replacing, Word};
use crate::shell::pattern::Pattern;
use crate::shell::run::{Flow, Shell};
use crate::shell::text;
use crate::shell::variables::Value;

impl Shell {
    pub(super) fn parameter<'a>(
        &'a mut self,
        p: &'a Parameter,
        around: Around,
        out: &'a mut Vec<Piece>,
    ) -> Later<'a, ()> {
        Box::pin(async move {
            match &p.op {
                Operation::Names(at) => {
                    let all = self.st.vars.all();
                    let set = all.into_iter().filter(|(n, v)| v.is_set() && n.starts_with(&p.name));
                    let list = set.map(|(n, _)| n.clone()).collect();
                    self.emit(Got::Many { list, star: !at }, around, out);
                    return Ok(());
                }
                Operation::Keys(at) => {
                    let list = self.keys(&p.name);
                    self.emit(Got::Many { list, star: !at }, around, out);
                    return Ok(());
                }
                Operation::Transform(0) => return Err(self.bad_substitution(p).await?),
                _ => {}
            }
            let mut name = p.name.clone();
            let mut index = match &p.index {
                None => Subscript::None,
                Some(Index::All) => Subscript::All,
                Some(Index::Star) => Subscript::Star,
                Some(Index::At(word)) => {
                    let text = self.expand_single(word).await?;
                    Subscript::At(text)
                }
            };
            if p.indirect {
                // `${!ref}` of a name reference is the name that it refers to.
                let reference = self.st.vars.find(&name).filter(|v| v.reference).and_then(|v| v.text().cloned());
                if let (Some(target), Operation::Value) = (reference, &p.op) {
                    self.emit(Got::One(target), around, out);
                    return Ok(());
                }
                let target = match self.lookup(&name, &index).await? {
                    Got::One(target) => target,
                    Got::Many { list, .. } => bstr::join(" ", list).into(),
                    Got::Unset => {
                        if matches!(p.op, Operation::Value) {
                            self.complain(format!("{}: invalid indirect expansion", p.name)).await?;
                            return Err(Flow::Discard(1));
                        }
                        BString::default()
                    }
                };
                (name, index) = self.indirect_target(&target).await?;
            }
            let got = self.lookup(&name, &index).await?;
            self.apply(p, &name, &index, got, around, out).await
        })
    }

    async fn bad_substitution(&mut self, p: &Parameter) -> Result<Flow, Flow> {
        self.complain(format!("{}: bad substitution", p.raw)).await?;
        Ok(Flow::Discard(1))
    }

    async fn indirect_target(&mut self, target: &[u8]) -> Result<(BString, Subscript), Flow> {
        let with_sign: Vec<u8> = [target, b"="].concat();
        match crate::shell::parse::assignment_split(&with_sign) {
            Some((base, Some(inner), false, _)) => {
                let index = self.subscript_of(inner);
                Ok((base, index))
            }
            Some((base, None, false, _)) => Ok((base, Subscript::None)),
            _ if target.iter().all(u8::is_ascii_digit) && !target.is_empty()
                || matches!(target, b"@" | b"*" | b"#" | b"?" | b"$" | b"!" | b"-") =>
            {
                Ok((target.into(), Subscript::None))
            }
            _ => {
                self.complain(format!("{}: invalid variable name", target.as_bstr())).await?;
                Err(Flow::Discard(1))
            }
        }
    }

    async fn apply(
        &mut self,
        p: &Parameter,
        name: &[u8],
        index: &Subscript,
        got: Got,
        around: Around,
        out: &mut Vec<Piece>,
    ) -> Result<(), Flow> {
        let empty = match &got {
            Got::Unset => true,
            Got::One(text) => text.is_empty(),
            Got::Many { list, .. } => list.is_empty() || list.len() == 1 && list[0].is_empty(),
        };
        let unset = match &got {
            Got::Unset => true,
            Got::One(_) => false,
            Got::Many { list, .. } => list.is_empty(),
        };
        match &p.op {
            Operation::Default { empty_too, word } => {
                if unset || *empty_too && empty {
                    return self.alternative(word, around, out).await;
                }
            }
            Operation::Alternative { empty_too, word } => {
                if !(unset || *empty_too && empty) {
                    return self.alternative(word, around, out).await;
                }
                if around.quoted && !matches!(got, Got::Many { star: false, .. }) {
                    out.push(Piece::Text(BString::default(), Kind::Quoted));
                }
                return Ok(());
            }
            Operation::Assign { empty_too, word } => {
                if unset || *empty_too && empty {
                    let value = self.expand_single_around(word, around).await?;
                    if name.first().is_none_or(|b| !(b.is_ascii_alphabetic() || *b == b'_')) {
                        self.complain(format!("${}: cannot assign in this way", name.as_bstr())).await?;
                        return Err(Flow::Discard(1));
                    }
                    let place = match index {
                        Subscript::At(text) => Some(self.place_of(name, text.clone()).await?),
                        _ => None,
                    };
                    if let Err(message) = self.assign_text(name, place, value.clone(), false) {
                        self.complain(message).await?;
                        return Err(Flow::Discard(1));
                    }
                    let value = self
                        .st
                        .vars
                        .get(name)
                        .and_then(|v| v.text().cloned())
                        .filter(|_| matches!(index, Subscript::None))
                        .unwrap_or(value);
                    self.emit(Got::One(value), around, out);
                    return Ok(());
                }
            }
            Operation::Error { empty_too, word } => {
                if unset || *empty_too && empty {
                    let mut text = self.expand_single_around(word, around).await?;
                    if text.is_empty() {
                        text = if *empty_too { "parameter null or not set".into() } else { "parameter not set".into() };
                    }
                    let shown = shown_name(p, name);
                    self.complain(format!("{shown}: {text}")).await?;
                    return Err(Flow::Fatal(127));
                }
            }
            _ => {
                let excused = matches!(got, Got::Many { .. });
                if unset && self.st.options.nounset && !excused {
                    self.complain(format!("{}: unbound variable", shown_name(p, name))).await?;
                    let status = if self.st.from_string { 127 } else { 1 };
                    return Err(Flow::Fatal(status));
                }
            }
        }
        let got = match &p.op {
            Operation::Length => {
                let n = match &got {
                    Got::Unset => 0,
                    Got::One(text) => text.chars().count(),
                    Got::Many { list, .. } => list.len(),
                };
                Got::One(n.to_string().into())
            }
            Operation::TrimPrefix { longest, pattern } => {
                let pattern = self.pattern(pattern).await?;
                map(got, |t| match pattern.prefix(t, *longest) {
                    Some(end) => t[end..].into(),
                    None => t.into(),
                })
            }
            Operation::TrimSuffix { longest, pattern } => {
                let pattern = self.pattern(pattern).await?;
                map(got, |t| match pattern.suffix(t, *longest) {
                    Some(start) => t[..start].into(),
                    None => t.into(),
                })
            }
            Operation::Replace { kind, pattern, with } => {
                let pattern = self.pattern(pattern).await?;
                let with = match with {
                    Some(word) => self.expand_pattern_around(word, around).await?,
                    None => Vec::new(),
                };
                let ampersand = self.st.shopt("patsub_replacement");
                map(got, |t| replace(t, &pattern, &with, *kind, ampersand))
            }
            Operation::Slice { offset, length } => {
                return self.slice(p, name, index, got, (offset, length.as_ref()), around, out).await;
            }
            Operation::Case { change, all, pattern } => {
                let pattern = match pattern {
                    Some(word) => Some(self.pattern(word).await?),
                    None => None,
                };
                map(got, |t| change_case(t, *change, *all, pattern.as_ref()))
            }
            Operation::Transform(letter) => match self.transform(p, name, index, got, *letter).await? {
                Some(got) => got,
                None => return Err(self.bad_substitution(p).await?),
            },
            _ => got,
        };
        self.emit(got, around, out);
        Ok(())
    }

    /// The word of `${x:-word}`.
    async fn alternative(&mut self, word: &Word, around: Around, out: &mut Vec<Piece>) -> Result<(), Flow> {
        let inside = Around { literal: if around.quoted { Kind::Quoted } else { Kind::Expanded }, ..around };
        let before = out.len();
        if around.quoted {
            self.parts(&word.parts, inside, out).await?;
        } else {
            self.tilde_and_parts(&word.parts, inside, false, out).await?;
        }
        if around.quoted && out.len() == before && !super::only_elements(&word.parts) {
            out.push(Piece::Text(BString::default(), Kind::Quoted));
        }
        Ok(())
    }
    async fn expand_single_around(&mut self, word: &Word, around: Around) -> Result<BString, Flow> {
        let mut pieces = Vec::new();
        self.alternative(word, Around { single: true, ..around }, &mut pieces).await?;
        Ok(super::joined(&pieces))
    }
    async fn expand_pattern_around(&mut self, word: &Word, around: Around) -> Result<super::Marked, Flow> {
        let mut pieces = Vec::new();
        let inside = Around { single: true, quoted: false, literal: Kind::Literal };
        let _ = around;
        self.tilde_and_parts(&word.parts, inside, false, &mut pieces).await?;
        Ok(super::marked(&pieces))
    }
    async fn pattern(&mut self, word: &Word) -> Result<Pattern, Flow> {
        let marked = self.expand_pattern(word).await?;
        Ok(Pattern::new(&marked, self.st.shopt("extglob"), self.st.shopt("nocasematch")))
    }

    fn emit(&self, got: Got, around: Around, out: &mut Vec<Piece>) {
        let kind = if around.quoted { Kind::Quoted } else { Kind::Expanded };
        match got {
            Got::Unset => {
                if around.quoted {
                    out.push(Piece::Text(BString::default(), kind));
                }
            }
            Got::One(text) => out.push(Piece::Text(text, kind)),
            Got::Many { list, star } => {
                let ifs = self.st.ifs();
                if star && (around.quoted || around.single) {
                    let separator = ifs.first().map_or(BString::default(), |&b| BString::from(vec![b]));
                    out.push(Piece::Text(bstr::join(separator, list).into(), kind));
                    return;
                }
                for (n, text) in list.into_iter().enumerate() {
                    if n > 0 {
                        out.push(Piece::Break);
                    }
                    out.push(Piece::Text(text, kind));
                }
            }
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "a slice depends on what is sliced, how it was named and where it goes"
    )]
    async fn slice(
        &mut self,
        p: &Parameter,
        name: &[u8],
        index: &Subscript,
        got: Got,
        (offset, length): (&Word, Option<&Word>),
        around: Around,
        out: &mut Vec<Piece>,
    ) -> Result<(), Flow> {
        let text = self.expand_quoted(offset).await?;
        let offset = self.evaluate(&text).await?;
        let length = match length {
            Some(word) => {
                let text = self.expand_quoted(word).await?;
                Some((self.evaluate(&text).await?, word.raw.clone()))
            }
            None => None,
        };
        let got = match got {
            Got::Unset => Got::Unset,
            Got::One(text) => {
                let chars: Vec<(usize, usize)> = text.char_indices().map(|(a, b, _)| (a, b)).collect();
                let count = chars.len() as i64;
                let from = if offset < 0 { count.saturating_add(offset) } else { offset };
                if from < 0 || from > count {
                    Got::One(BString::default())
                } else {
                    let to = match &length {
                        None => count,
                        Some((n, _)) if *n >= 0 => from.saturating_add(*n).min(count),
                        Some((n, raw)) => {
                            let to = count.saturating_add(*n);
                            if to < from {
                                self.complain(format!("{raw}: substring expression < 0")).await?;
                                return Err(Flow::Discard(1));
                            }
                            to
                        }
                    };
                    let byte = |n: i64| chars.get(n as usize).map_or(text.len(), |c| c.0);
                    Got::One(text[byte(from)..byte(to)].into())
                }
            }
            Got::Many { mut list, star } => {
                if let Some((n, raw)) = &length
                    && *n < 0
                {
                    self.complain(format!("{raw}: substring expression < 0")).await?;
                    return Err(Flow::Discard(1));
                }
                let most = length.map_or(i64::MAX, |(n, _)| n);
                let positional = matches!(index, Subscript::None) && (name == b"@" || name == b"*");
                if positional {
                    // `${@:0}` begins with `$0`.
                    list.insert(0, self.st.name.clone());
                }
                let mut entries: Vec<(i64, BString)> = match self.st.vars.get(name).map(|v| &v.value) {
                    // Offsets into an array are its indices, not places.
                    Some(Value::Indexed(array)) if !positional => {
                        array.iter().map(|(&k, v)| (k as i64, v.clone())).collect()
                    }
                    _ => (0..).zip(list).collect(),
                };
                let end = entries.last().map_or(0, |(k, _)| k + 1);
                let from = if offset < 0 { end.saturating_add(offset) } else { offset };
                if from < 0 {
                    entries.clear();
                }
                let _ = p;
                let kept = entries.into_iter().filter(|(k, _)| *k >= from).map(|(_, v)| v);
                Got::Many { list: kept.take(usize::try_from(most).unwrap_or(usize::MAX)).collect(), star }
            }
        };
        self.emit(got, around, out);
        Ok(())
    }

    /// `${x@Q}` and its kin; `None`: no such operator.
    async fn transform(
        &mut self,
        p: &Parameter,
        name: &[u8],
        index: &Subscript,
        got: Got,
        letter: u8,
    ) -> Result<Option<Got>, Flow> {
        let unset = matches!(got, Got::Unset);
        Ok(Some(match letter {
            b'Q' => map(got, text::always_quote),
            b'U' => map(got, |t| t.to_str_lossy().to_uppercase().into()),
            b'L' => map(got, |t| t.to_str_lossy().to_lowercase().into()),
            b'u' => map(got, |t| change_case(t, CaseChange::Upper, false, None)),
            b'E' => map(got, |t| text::unescape(t, text::Escapes::Ansi).0.into()),
            b'P' => match got {
                Got::One(text) => Got::One(self.expand_prompt(&text).await?),
                other => other,
            },
            b'a' => {
                let letters = self.st.vars.get(name).map(|v| v.letters()).unwrap_or_default();
                match got {
                    Got::Many { list, star } => {
                        Got::Many { list: list.iter().map(|_| letters.as_str().into()).collect(), star }
                    }
                    _ if letters.is_empty() && unset => Got::Unset,
                    _ => Got::One(letters.into()),
                }
            }
            b'A' => {
                let Some(v) = self.st.vars.get(name).cloned() else { return Ok(Some(Got::Unset)) };
                match (&v.value, index) {
                    (Value::Indexed(_) | Value::Associative(_), Subscript::All | Subscript::Star) => {
                        Got::One(crate::shell::builtins::declaration(name, &v))
                    }
                    _ => {
                        let letters = v.letters();
                        let quoted = v.text().map(|t| text::always_quote(t)).unwrap_or_default();
                        let plain = format!("{}={quoted}", name.as_bstr());
                        let flags: String = letters.chars().collect();
                        Got::One(if flags.is_empty() {
                            plain.into()
                        } else {
                            format!("declare -{flags} {plain}").into()
                        })
                    }
                }
            }
            b'K' | b'k' => match self.st.vars.get(name).map(|v| v.value.clone()) {
                Some(value @ (Value::Indexed(_) | Value::Associative(_))) => {
                    let pairs: Vec<(BString, BString)> = match &value {
                        Value::Indexed(a) => a.iter().map(|(k, v)| (k.to_string().into(), v.clone())).collect(),
                        Value::Associative(a) => a.iter().map(|(k, v)| (k.clone(), v.clone())).collect(),
                        _ => Vec::new(),
                    };
                    if letter == b'k' {
                        let list = pairs.into_iter().flat_map(|(k, v)| [k, v]).collect();
                        Got::Many { list, star: matches!(index, Subscript::Star) }
                    } else {
                        let key = |k: &BString| {
                            if matches!(value, Value::Indexed(_)) { k.clone() } else { text::shell_quote(k) }
                        };
                        let list: Vec<String> =
                            pairs.iter().map(|(k, v)| format!("{} {}", key(k), text::double_quote(v))).collect();
                        Got::One(list.join(" ").into())
                    }
                }
                _ => map(got, text::always_quote),
            },
            _ => {
                let _ = p;
                return Ok(None);
            }
        }))
    }
}

/// How a parameter is named in an error.
fn shown_name(p: &Parameter, name: &[u8]) -> String {
    if p.indirect {
        return name.as_bstr().to_string();
    }
    match &p.index {
        Some(Index::At(word)) => format!("{}[{}]", name.as_bstr(), word.raw),
        _ => name.as_bstr().to_string(),
    }
}

fn map(got: Got, f: impl Fn(&[u8]) -> BString) -> Got {
    match got {
        Got::Unset => Got::Unset,
        Got::One(text) => Got::One(f(&text)),
        Got::Many { list, star } => Got::Many { list: list.iter().map(|t| f(t)).collect(), star },
    }
}

/// What a match is replaced by: an unquoted `&` is the match (patsub_replacement).
fn replacement(with: &[(u8, bool)], matched: &[u8], ampersand: bool, out: &mut BString) {
    let mut bytes = with.iter().peekable();
    while let Some(&(b, quoted)) = bytes.next() {
        if quoted || !ampersand {
            out.push(b);
            continue;
        }
        match (b, bytes.peek()) {
            (b'&', _) => out.extend_from_slice(matched),
            (b'\\', Some((b'&', _))) => {
                out.push(b'&');
                bytes.next();
            }
            _ => out.push(b),
        }
    }
}

fn replace(text: &[u8], pattern: &Pattern, with: &[(u8, bool)], kind: Replacing, ampersand: bool) -> BString {
    let mut out = BString::default();
    match kind {
        Replacing::Prefix => {
            let Some(end) = pattern.prefix(text, true) else { return text.into() };
            replacement(with, &text[..end], ampersand, &mut out);
            out.extend_from_slice(&text[end..]);
        }
        Replacing::Suffix => {
            let Some(start) = pattern.suffix(text, true) else { return text.into() };
            out.extend_from_slice(&text[..start]);
            replacement(with, &text[start..], ampersand, &mut out);
        }
        Replacing::First | Replacing::All => {
            if let Some(literal) = pattern.literal() {
                if literal.is_empty() {
                    return text.into();
                }
                let most = if kind == Replacing::All { usize::MAX } else { 1 };
                let mut at = 0;
                for found in text.find_iter(&literal).take(most) {
                    out.extend_from_slice(&text[at..found]);
                    replacement(with, &literal, ampersand, &mut out);
                    at = found + literal.len();
                }
                out.extend_from_slice(&text[at..]);
                return out;
            }
            let mut at = 0;
            while at < text.len() {
                match pattern.prefix(&text[at..], true).filter(|&n| n > 0) {
                    Some(n) => {
                        replacement(with, &text[at..at + n], ampersand, &mut out);
                        at += n;
                        if kind == Replacing::First {
                            break;
                        }
                    }
                    None => {
                        let n = crate::base::regex::char_len(&text[at..]).max(1);
                        out.extend_from_slice(&text[at..at + n]);
                        at += n;
                    }
                }
            }
            out.extend_from_slice(&text[at..]);
        }
    }
    out
}

fn change_case(text: &[u8], change: CaseChange, all: bool, pattern: Option<&Pattern>) -> BString {
    let mut out = BString::default();
    for (n, (start, end, c)) in text.char_indices().enumerate() {
        let bytes = &text[start..end];
        let fits = (all || n == 0) && pattern.is_none_or(|p| p.matches(bytes)) && bytes.to_str().is_ok();
        if !fits {
            out.extend_from_slice(bytes);
            continue;
        }
        let upper = match change {
            CaseChange::Upper => true,
            CaseChange::Lower => false,
            CaseChange::Toggle => c.is_lowercase(),
        };
        let changed: String = if upper { c.to_uppercase().collect() } else { c.to_lowercase().collect() };
        // `ß` and its like have no single other case.
        if changed.chars().count() == 1 {
            out.extend_from_slice(changed.as_bytes());
        } else {
            out.extend_from_slice(bytes);
        }
    }
    out
}
