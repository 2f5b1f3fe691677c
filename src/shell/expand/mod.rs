//! Words to arguments, in bash's order: braces, then tilde, parameter, command and arithmetic expansion from left to
//! right, then splitting, pathnames, quote removal (bash(1), EXPANSION).
//!
//! A word expands to pieces that remember whether they were quoted; fields are cut from the pieces, and patterns keep
//! the quoting byte by byte.

mod arrays;
mod braces;
mod parameter;
mod paths;
pub mod prompt;

use std::future::Future;
use std::pin::Pin;

use bstr::{BString, ByteSlice};

pub(in crate::shell) use arrays::{Got, Subscript};

use super::parse::ast::{Part, Word};
use super::run::{Flow, Shell};
use crate::base::limits;

/// How a piece of text came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::shell) enum Kind {
    Quoted,
    /// As written: may be a pattern, is not split.
    Literal,
    /// From an expansion: may be a pattern, is split.
    Expanded,
}

#[derive(Clone, Debug)]
pub(in crate::shell) enum Piece {
    Text(BString, Kind),
    /// Between the elements of `$@`.
    Break,
}

/// Text with, for each byte, whether it was quoted.
pub(in crate::shell) type Marked = Vec<(u8, bool)>;

/// What surrounds a part.
#[derive(Clone, Copy, Debug)]
pub(super) struct Around {
    pub quoted: bool,
    /// What unquoted text counts as: inside `${x:-…}` it is split like any result.
    pub literal: Kind,
    /// No fields are made of it (an assignment, a pattern): `$*` joins.
    pub single: bool,
}

pub(in crate::shell) type Later<'a, T> = Pin<Box<dyn Future<Output = Result<T, Flow>> + 'a>>;

impl Shell {
    /// Arguments of a command.
    pub async fn expand_words(&mut self, words: &[Word]) -> Result<Vec<BString>, Flow> {
        let mut out = Vec::new();
        let mut bytes = 0usize;
        for word in words {
            if let [Part::Quoted(text)] = word.parts.as_slice() {
                out.push(text.clone());
                continue;
            }
            if let Some(text) = word.plain()
                && !text.iter().any(|b| matches!(b, b'*' | b'?' | b'[' | b'{' | b'~' | b'(' | b'\\'))
            {
                out.push(text.into());
                continue;
            }
            let expanded = if self.st.options.braceexpand { braces::expand(&word.parts) } else { Ok(None) };
            let variants = match expanded {
                Ok(variants) => variants,
                Err(text) => return Err(self.fail_expansion(text).await?),
            };
            match variants {
                None => self.expand_fields(&word.parts, &mut out).await?,
                Some(variants) => {
                    for parts in variants {
                        self.expand_fields(&parts, &mut out).await?;
                    }
                }
            }
            bytes += out.last().map_or(0, |w| w.len());
            if bytes > limits::EXPANSION_BYTES * 4 {
                return Err(self.fail_expansion("cannot allocate memory".into()).await?);
            }
        }
        Ok(out)
    }

    async fn expand_fields(&mut self, parts: &[Part], out: &mut Vec<BString>) -> Result<(), Flow> {
        let around = Around { quoted: false, literal: Kind::Literal, single: false };
        let mut pieces = Vec::new();
        self.tilde_and_parts(parts, around, false, &mut pieces).await?;
        let ifs = self.st.ifs();
        for field in split(&pieces, &ifs) {
            if self.st.options.noglob {
                out.push(field.iter().map(|(b, _)| *b).collect::<Vec<u8>>().into());
                continue;
            }
            self.expand_paths(field, out).await?;
        }
        Ok(())
    }

    /// One word without splitting or pathnames: assignments, `case`, here-strings.
    pub async fn expand_single(&mut self, word: &Word) -> Result<BString, Flow> {
        self.expand_value(word, false).await
    }
    /// The value of an assignment: tildes also after colons.
    pub async fn expand_assigned(&mut self, word: &Word) -> Result<BString, Flow> {
        self.expand_value(word, true).await
    }
    async fn expand_value(&mut self, word: &Word, assigned: bool) -> Result<BString, Flow> {
        if let [Part::Quoted(text)] = word.parts.as_slice() {
            return Ok(text.clone());
        }
        let pieces = self.single_pieces(word, assigned).await?;
        Ok(joined(&pieces))
    }
    async fn single_pieces(&mut self, word: &Word, assigned: bool) -> Result<Vec<Piece>, Flow> {
        let around = Around { quoted: false, literal: Kind::Literal, single: true };
        let mut pieces = Vec::new();
        self.tilde_and_parts(&word.parts, around, assigned, &mut pieces).await?;
        Ok(pieces)
    }
    /// A here-document or arithmetic text: as in double quotes.
    pub async fn expand_quoted(&mut self, word: &Word) -> Result<BString, Flow> {
        let around = Around { quoted: true, literal: Kind::Quoted, single: true };
        let mut pieces = Vec::new();
        self.parts(&word.parts, around, &mut pieces).await?;
        Ok(joined(&pieces))
    }
    /// A pattern: which bytes were quoted is kept.
    pub async fn expand_pattern(&mut self, word: &Word) -> Result<Marked, Flow> {
        let pieces = self.single_pieces(word, false).await?;
        Ok(marked(&pieces))
    }

    async fn tilde_and_parts(
        &mut self,
        parts: &[Part],
        around: Around,
        assigned: bool,
        out: &mut Vec<Piece>,
    ) -> Result<(), Flow> {
        let tilde = parts.iter().enumerate().any(|(n, p)| match p {
            Part::Literal(t) => n == 0 && t.starts_with(b"~") || assigned && t.contains_str(":~"),
            _ => false,
        });
        if !tilde {
            return self.parts(parts, around, out).await;
        }
        let mut done: Vec<Part> = Vec::with_capacity(parts.len() + 1);
        for (n, part) in parts.iter().enumerate() {
            match part {
                Part::Literal(text) => {
                    let last = n + 1 == parts.len();
                    self.tilde(text, n == 0, last, assigned, &mut done);
                }
                other => done.push(other.clone()),
            }
        }
        self.parts(&done, around, out).await
    }

    /// Replaces `~`, `~user`, `~+`, `~-` at the beginning (and after colons in assignments).
    fn tilde(&self, text: &[u8], first: bool, last: bool, assigned: bool, out: &mut Vec<Part>) {
        let mut literal = BString::default();
        let segments: Vec<&[u8]> = if assigned { text.split_str(":").collect() } else { vec![text] };
        let count = segments.len();
        for (n, segment) in segments.into_iter().enumerate() {
            if n > 0 {
                literal.push(b':');
            }
            let may = (n > 0 || first) && segment.starts_with(b"~");
            let end = segment.find_byte(b'/').unwrap_or(segment.len());
            // A prefix that runs into a quoted part is no tilde prefix.
            let whole = end < segment.len() || n + 1 < count || last;
            let home = if may && whole { self.home_of(&segment[1..end]) } else { None };
            match home {
                Some(home) => {
                    if !literal.is_empty() {
                        out.push(Part::Literal(std::mem::take(&mut literal)));
                    }
                    out.push(Part::Quoted(home));
                    literal.extend_from_slice(&segment[end..]);
                }
                None => literal.extend_from_slice(segment),
            }
        }
        if !literal.is_empty() {
            out.push(Part::Literal(literal));
        }
    }

    fn home_of(&self, user: &[u8]) -> Option<BString> {
        let host = self.ctx.me().host;
        match user {
            b"" => match self.st.vars.text("HOME") {
                Some(home) => Some(home.clone()),
                None => {
                    let uid = self.ctx.uid();
                    self.ctx.read(|w| w.host(host).user_of(uid).map(|a| a.home.as_str().into()))
                }
            },
            b"+" => Some(self.ctx.sys(|s| s.getcwd())),
            b"-" => self.st.vars.text("OLDPWD").cloned(),
            name => {
                let name = name.to_str().ok()?;
                self.ctx.read(|w| w.host(host).user(name).map(|a| a.home.as_str().into()))
            }
        }
    }

    pub(super) fn parts<'a>(&'a mut self, parts: &'a [Part], around: Around, out: &'a mut Vec<Piece>) -> Later<'a, ()> {
        Box::pin(async move {
            for part in parts {
                match part {
                    Part::Literal(text) => {
                        let kind = if around.quoted { Kind::Quoted } else { around.literal };
                        out.push(Piece::Text(text.clone(), kind));
                    }
                    Part::Quoted(text) => out.push(Piece::Text(text.clone(), Kind::Quoted)),
                    Part::Double(inner) => {
                        let before = out.len();
                        let inside = Around { quoted: true, literal: Kind::Quoted, ..around };
                        self.parts(inner, inside, out).await?;
                        if out.len() == before && !only_elements(inner) {
                            out.push(Piece::Text(BString::default(), Kind::Quoted));
                        }
                    }
                    Part::Parameter(p) => self.parameter(p, around, out).await?,
                    Part::Command(list) => {
                        let text = self.command_substitution(list.clone()).await?;
                        out.push(Piece::Text(text, expanded(around)));
                    }
                    Part::Backquote(source) => {
                        let text = self.backquote_substitution(source).await?;
                        out.push(Piece::Text(text, expanded(around)));
                    }
                    Part::Arithmetic(word) => {
                        let text = self.expand_quoted(word).await?;
                        let value = self.evaluate(&text).await?;
                        out.push(Piece::Text(value.to_string().into(), expanded(around)));
                    }
                    Part::Process(input, list) => {
                        let path = self.process_substitution(*input, list.clone()).await?;
                        out.push(Piece::Text(path, Kind::Quoted));
                    }
                }
            }
            Ok(())
        })
    }

    /// An expansion that cannot be: the line is given up.
    pub async fn fail_expansion(&mut self, text: String) -> Result<Flow, Flow> {
        self.complain(text).await?;
        Ok(Flow::Discard(1))
    }
}

fn expanded(around: Around) -> Kind {
    if around.quoted { Kind::Quoted } else { Kind::Expanded }
}

/// Is this nothing but `$@` or `${a[@]}`, which may vanish even in quotes?
fn only_elements(parts: &[Part]) -> bool {
    use super::parse::ast::{Index, Operation};
    !parts.is_empty()
        && parts.iter().all(|p| match p {
            Part::Parameter(p) => {
                p.name == "@"
                    || matches!(p.index, Some(Index::All))
                    || matches!(p.op, Operation::Keys(true) | Operation::Names(true))
            }
            _ => false,
        })
}

/// All text, elements joined by blanks.
fn joined(pieces: &[Piece]) -> BString {
    let mut out = BString::default();
    for piece in pieces {
        match piece {
            Piece::Text(text, _) => out.extend_from_slice(text),
            Piece::Break => out.push(b' '),
        }
    }
    out
}

fn marked(pieces: &[Piece]) -> Marked {
    let mut out = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Text(text, kind) => out.extend(text.iter().map(|&b| (b, *kind == Kind::Quoted))),
            Piece::Break => out.push((b' ', false)),
        }
    }
    out
}

/// Cuts pieces into fields by IFS (POSIX 2.6.5).
fn split(pieces: &[Piece], ifs: &[u8]) -> Vec<Marked> {
    let mut fields: Vec<Marked> = Vec::new();
    let mut current: Option<Marked> = None;
    // White space has just ended a field: a separator right after it belongs to the same delimiter.
    let mut after_blank = false;
    for piece in pieces {
        match piece {
            Piece::Break => {
                fields.extend(current.take());
                after_blank = false;
            }
            Piece::Text(text, Kind::Expanded) => {
                for &b in text.iter() {
                    if !ifs.contains(&b) {
                        current.get_or_insert_with(Vec::new).push((b, false));
                        after_blank = false;
                    } else if matches!(b, b' ' | b'\t' | b'\n') {
                        if let Some(field) = current.take() {
                            fields.push(field);
                            after_blank = true;
                        }
                    } else {
                        match current.take() {
                            Some(field) => fields.push(field),
                            None if after_blank => {}
                            None => fields.push(Vec::new()),
                        }
                        after_blank = false;
                    }
                }
            }
            Piece::Text(text, kind) => {
                let field = current.get_or_insert_with(Vec::new);
                field.extend(text.iter().map(|&b| (b, *kind == Kind::Quoted)));
                after_blank = false;
            }
        }
    }
    fields.extend(current);
    fields
}

/// `read`'s splitting: at most `most` fields, the last takes the rest.
pub fn split_fields(text: &[(u8, bool)], ifs: &[u8], most: usize) -> Vec<BString> {
    let is_blank = |b: &(u8, bool)| !b.1 && matches!(b.0, b' ' | b'\t' | b'\n') && ifs.contains(&b.0);
    let is_ifs = |b: &(u8, bool)| !b.1 && ifs.contains(&b.0);
    let bytes = |t: &[(u8, bool)]| t.iter().map(|(b, _)| *b).collect::<Vec<u8>>().into();
    let mut rest = text;
    let mut fields = Vec::new();
    while rest.first().is_some_and(is_blank) {
        rest = &rest[1..];
    }
    while !rest.is_empty() {
        if fields.len() + 1 == most {
            let mut end = rest.len();
            while end > 0 && is_blank(&rest[end - 1]) {
                end -= 1;
            }
            let mut last = &rest[..end];
            // One separator at the very end goes too, if it is the only one in what is left.
            if let Some(at) = last.iter().position(is_ifs)
                && at + 1 == last.len()
                && !is_blank(&last[at])
            {
                last = &last[..at];
                while last.last().is_some_and(is_blank) {
                    last = &last[..last.len() - 1];
                }
            }
            fields.push(bytes(last));
            return fields;
        }
        let end = rest.iter().position(is_ifs).unwrap_or(rest.len());
        fields.push(bytes(&rest[..end]));
        rest = &rest[end..];
        while rest.first().is_some_and(is_blank) {
            rest = &rest[1..];
        }
        if rest.first().is_some_and(|b| is_ifs(b) && !is_blank(b)) {
            rest = &rest[1..];
            while rest.first().is_some_and(is_blank) {
                rest = &rest[1..];
            }
        }
    }
    fields
}
