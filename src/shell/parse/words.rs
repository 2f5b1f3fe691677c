//! The parts of words: quotes, `$` in all its forms, backquotes.

use std::rc::Rc;

use bstr::{BString, ByteSlice};

use super::ast::{CaseChange, Index, Operation, Parameter, Part, Replacing, Word};
use super::lexer::{is_meta, name_len};
use super::{Parse, Parser, SyntaxError};

/// Where a word ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// At a blank or an operator.
    Token,
    /// At `"` (not consumed).
    Quote,
    /// At the `}` of `${…}`.
    Brace,
    /// At the `/` or `}` of `${x/…}`.
    Slash,
    /// At the `:` or `}` of `${x:…}`.
    Colon,
    /// At `]`.
    Bracket,
    /// At the `))` of an arithmetic expansion or command, or at `;` inside `for ((`.
    Arithmetic,
    Semicolon,
    /// At a blank, for the pattern after `=~`: parentheses and `|` belong to it.
    Regex,
    /// At the end of the text.
    Text,
    /// The same, in a here-document: `"` is itself.
    HereDocument,
}

/// How a stretch of text is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mode {
    pub end: End,
    /// As between double quotes: single quotes are themselves, a backslash escapes little.
    pub double: bool,
}

/// Collects parts; adjacent text of one kind is one part.
#[derive(Default)]
struct Collector {
    parts: Vec<Part>,
}

impl Collector {
    fn literal(&mut self, bytes: &[u8]) {
        match self.parts.last_mut() {
            Some(Part::Literal(text)) => text.extend_from_slice(bytes),
            _ => self.parts.push(Part::Literal(bytes.into())),
        }
    }
    fn quoted(&mut self, bytes: &[u8]) {
        match self.parts.last_mut() {
            Some(Part::Quoted(text)) => text.extend_from_slice(bytes),
            _ => self.parts.push(Part::Quoted(bytes.into())),
        }
    }
}

impl Parser {
    pub(super) fn here_document_parts(&mut self) -> Parse<Vec<Part>> {
        self.parts(Mode { end: End::HereDocument, double: true })
    }

    /// Parts up to where the mode says; the end itself is not consumed.
    pub(super) fn parts(&mut self, mode: Mode) -> Parse<Vec<Part>> {
        let mut out = Collector::default();
        let start = self.pos;
        // Open parentheses, brackets or `?` that the end must wait for.
        let mut nested = 0usize;
        let mut choices = 0usize;
        loop {
            let Some(b) = self.byte(0) else {
                return match mode.end {
                    End::Regex if nested > 0 => Err(self.unmatched(')', start)),
                    End::Token | End::Text | End::HereDocument | End::Regex => Ok(out.parts),
                    End::Quote => Err(self.unmatched('"', start)),
                    End::Brace | End::Slash | End::Colon => Err(self.unmatched('}', start)),
                    End::Bracket => Err(self.unmatched(']', start)),
                    End::Arithmetic | End::Semicolon => Err(self.unmatched(')', start)),
                };
            };
            let ends = match mode.end {
                End::Token => {
                    if is_meta(b) {
                        !(matches!(b, b'<' | b'>') && self.byte(1) == Some(b'('))
                    } else {
                        false
                    }
                }
                End::Quote => b == b'"',
                End::Brace => b == b'}',
                End::Slash => b == b'}' || b == b'/' && self.pos > start,
                End::Colon => b == b'}' || b == b':' && nested == 0 && choices == 0,
                End::Bracket => b == b']' && nested == 0,
                End::Arithmetic => b == b')' && nested == 0,
                End::Semicolon => nested == 0 && matches!(b, b';' | b')'),
                End::Regex => nested == 0 && (matches!(b, b' ' | b'\t' | b'\n') || b == b')' || self.looking_at(b"&&")),
                End::Text | End::HereDocument => false,
            };
            if ends {
                return Ok(out.parts);
            }
            match (mode.end, b) {
                (End::Arithmetic | End::Semicolon | End::Regex | End::Colon, b'(') => nested += 1,
                (End::Arithmetic | End::Semicolon | End::Regex | End::Colon, b')') => nested = nested.saturating_sub(1),
                (End::Bracket, b'[') => nested += 1,
                (End::Bracket, b']') => nested = nested.saturating_sub(1),
                (End::Colon, b'?') => choices += 1,
                (End::Colon, b':') => choices = choices.saturating_sub(1),
                _ => {}
            }
            match b {
                b'\\' => self.backslash(mode, &mut out)?,
                b'\'' if !mode.double => {
                    let Some(n) = self.src[self.pos + 1..].find_byte(b'\'') else {
                        return Err(self.unmatched('\'', self.pos));
                    };
                    out.quoted(&self.src[self.pos + 1..self.pos + 1 + n]);
                    self.pos += n + 2;
                }
                b'"' if mode.end != End::HereDocument => {
                    let opened = self.pos;
                    self.pos += 1;
                    self.enter()?;
                    let parts = self.parts(Mode { end: End::Quote, double: true });
                    self.leave();
                    let parts =
                        parts.map_err(|e| if e.message.ends_with("`\"'") { self.unmatched('"', opened) } else { e })?;
                    self.pos += 1;
                    out.parts.push(Part::Double(parts));
                }
                b'$' => self.dollar(mode, &mut out)?,
                b'`' => {
                    let text = self.backquoted(mode.double)?;
                    out.parts.push(Part::Backquote(text));
                }
                b'<' | b'>' if mode.end == End::Token && !mode.double => {
                    self.pos += 2;
                    let list = self.substitution()?;
                    out.parts.push(Part::Process(b == b'<', list));
                }
                b'?' | b'*' | b'+' | b'@' | b'!'
                    if self.dialect.extglob && !mode.double && self.byte(1) == Some(b'(') && mode.end != End::Regex =>
                {
                    self.extended_glob(mode, &mut out)?;
                }
                _ => {
                    out.literal(&[b]);
                    self.pos += 1;
                }
            }
        }
    }

    fn backslash(&mut self, mode: Mode, out: &mut Collector) -> Parse<()> {
        let Some(next) = self.byte(1) else {
            // At the very end a backslash is itself; at a prompt the line goes on.
            if self.dialect.open_ended && mode.end == End::Token {
                return Err(self.unexpected_end());
            }
            out.quoted(b"\\");
            self.pos += 1;
            return Ok(());
        };
        if next == b'\n' {
            self.pos += 2;
            return Ok(());
        }
        if mode.double {
            let special = match next {
                b'$' | b'`' | b'\\' => true,
                b'"' => mode.end != End::HereDocument,
                b'}' => matches!(mode.end, End::Brace | End::Slash | End::Colon),
                _ => false,
            };
            if !special {
                out.literal(b"\\");
                self.pos += 1;
                return Ok(());
            }
            // In arithmetic and patterns inside double quotes the escaped byte is quoted; elsewhere it makes no difference.
            out.quoted(&[next]);
            self.pos += 2;
            return Ok(());
        }
        let n = crate::base::regex::char_len(&self.src[self.pos + 1..]).max(1);
        out.quoted(&self.src[self.pos + 1..self.pos + 1 + n]);
        self.pos += 1 + n;
        Ok(())
    }

    /// `@(a|b)`: its text belongs to the word, blanks included.
    fn extended_glob(&mut self, mode: Mode, out: &mut Collector) -> Parse<()> {
        let opened = self.pos;
        self.enter()?;
        out.literal(&self.src[self.pos..self.pos + 2]);
        self.pos += 2;
        loop {
            match self.byte(0) {
                None => return Err(self.unmatched(')', opened)),
                Some(b')') => {
                    out.literal(b")");
                    self.pos += 1;
                    self.leave();
                    return Ok(());
                }
                Some(b @ (b'|' | b' ' | b'\t' | b'&' | b';' | b'<' | b'>' | b'(' | b'\n')) => {
                    out.literal(&[b]);
                    self.pos += 1;
                }
                Some(b'}') if matches!(mode.end, End::Brace | End::Slash) => {
                    out.literal(b"}");
                    self.pos += 1;
                }
                Some(_) => {
                    // `)` ends a token, so the parts stop before it.
                    let parts = self.parts(Mode { end: End::Token, double: false })?;
                    out.parts.extend(parts);
                }
            }
        }
    }

    /// From the opening backquote to the closing one; what is escaped for its sake is unescaped.
    fn backquoted(&mut self, double: bool) -> Parse<BString> {
        let opened = self.pos;
        self.pos += 1;
        let mut text = BString::default();
        loop {
            match (self.byte(0), self.byte(1)) {
                (None, _) => return Err(self.unmatched('`', opened)),
                (Some(b'`'), _) => {
                    self.pos += 1;
                    return Ok(text);
                }
                (Some(b'\\'), Some(next)) => {
                    if !(matches!(next, b'$' | b'`' | b'\\') || double && next == b'"') {
                        text.push(b'\\');
                    }
                    text.push(next);
                    self.pos += 2;
                }
                (Some(b), _) => {
                    text.push(b);
                    self.pos += 1;
                }
            }
        }
    }

    /// After `$(`, `<(` or `>(`: the commands, up to and with `)`.
    fn substitution(&mut self) -> Parse<super::ast::List> {
        self.enter()?;
        let outer = self.peeked.take();
        let (assign_ok, alias_next) = (self.assign_ok, self.alias_next);
        (self.assign_ok, self.alias_next) = (true, false);
        let list = self.list_until_paren();
        (self.assign_ok, self.alias_next) = (assign_ok, alias_next);
        let list = list?;
        self.peeked = outer;
        self.leave();
        Ok(Rc::new(list))
    }

    fn dollar(&mut self, mode: Mode, out: &mut Collector) -> Parse<()> {
        let start = self.pos;
        let Some(next) = self.byte(1) else {
            out.literal(b"$");
            self.pos += 1;
            return Ok(());
        };
        match next {
            b'(' => {
                if self.byte(2) == Some(b'(') {
                    self.pos += 3;
                    match self.arithmetic_text() {
                        Ok(Some(word)) => {
                            out.parts.push(Part::Arithmetic(Rc::new(word)));
                            return Ok(());
                        }
                        Ok(None) => {}
                        Err(error) if error.incomplete => {}
                        Err(error) => return Err(error),
                    }
                    self.pos = start;
                }
                self.pos += 2;
                let list = self.substitution().map_err(|e| {
                    if e.incomplete && e.message.starts_with("syntax error") {
                        SyntaxError { line: self.unexpected_end().line, ..self.unmatched(')', start) }
                    } else {
                        e
                    }
                })?;
                out.parts.push(Part::Command(list));
            }
            b'[' => {
                self.pos += 2;
                let word = self.subscript()?;
                out.parts.push(Part::Arithmetic(Rc::new(word)));
            }
            b'{' => {
                self.pos += 2;
                self.enter()?;
                let parameter = self.braced(start, mode.double)?;
                self.leave();
                out.parts.push(Part::Parameter(Rc::new(parameter)));
            }
            b'\'' if !mode.double => {
                self.pos += 2;
                let text = self.ansi_quoted(start)?;
                out.quoted(&text);
            }
            b'"' if !mode.double => self.pos += 1,
            _ => {
                let rest = &self.src[self.pos + 1..];
                let n = match name_len(rest) {
                    0 if matches!(next, b'?' | b'$' | b'!' | b'#' | b'@' | b'*' | b'-' | b'0'..=b'9') => 1,
                    n => n,
                };
                if n == 0 {
                    out.literal(b"$");
                    self.pos += 1;
                    return Ok(());
                }
                let name: BString = rest[..n].into();
                let raw = self.src[start..start + 1 + n].into();
                self.pos += 1 + n;
                let parameter = Parameter { name, index: None, indirect: false, op: Operation::Value, raw };
                out.parts.push(Part::Parameter(Rc::new(parameter)));
            }
        }
        Ok(())
    }

    /// After `((`: the expression, up to and with `))`. `None` if it turns out to be nested parentheses instead.
    pub(super) fn arithmetic_text(&mut self) -> Parse<Option<Word>> {
        let start = self.pos;
        self.enter()?;
        let parts = self.parts(Mode { end: End::Arithmetic, double: true });
        self.leave();
        let parts = match parts {
            Ok(parts) => parts,
            // Unbalanced as an expression: perhaps commands.
            Err(e) if e.incomplete => return Err(e),
            Err(_) => return Ok(None),
        };
        let raw = self.src[start..self.pos].into();
        if !self.looking_at(b"))") {
            return Ok(None);
        }
        self.pos += 2;
        Ok(Some(Word { parts, raw, assign: None }))
    }

    fn word(&mut self, end: End, double: bool) -> Parse<Word> {
        let start = self.pos;
        let parts = self.parts(Mode { end, double })?;
        Ok(Word { parts, raw: self.src[start..self.pos].into(), assign: None })
    }

    /// After `${`: up to and with `}`.
    fn braced(&mut self, start: usize, double: bool) -> Parse<Parameter> {
        let special = |b: Option<u8>| matches!(b, Some(b'?' | b'$' | b'!' | b'#' | b'@' | b'*' | b'-'));
        let mut length = false;
        let mut indirect = false;
        match (self.byte(0), self.byte(1)) {
            (Some(b'#'), Some(b'}')) => {}
            (Some(b'#'), next)
                if next.is_some_and(|b| b == b'_' || b.is_ascii_alphanumeric())
                    || special(next) && self.byte(2) == Some(b'}') =>
            {
                length = true;
                self.pos += 1;
            }
            (Some(b'!'), next) if next.is_some_and(|b| b == b'_' || b.is_ascii_alphanumeric()) => {
                indirect = true;
                self.pos += 1;
            }
            (Some(b'!'), next @ Some(b'@' | b'*' | b'#' | b'?' | b'$' | b'!'))
                if special(next) && self.byte(2) == Some(b'}') =>
            {
                indirect = true;
                self.pos += 1;
            }
            _ => {}
        }
        let rest = &self.src[self.pos.min(self.src.len())..];
        let n = match (name_len(rest), rest.first()) {
            (0, Some(b)) if b.is_ascii_digit() => rest.iter().take_while(|b| b.is_ascii_digit()).count(),
            (0, first) if special(first.copied()) => 1,
            (n, _) => n,
        };
        let name: BString = rest[..n].into();
        self.pos += n;
        let mut index = None;
        if n > 0 && self.byte(0) == Some(b'[') {
            self.pos += 1;
            index = Some(match (self.byte(0), self.byte(1)) {
                (Some(b'@'), Some(b']')) => {
                    self.pos += 2;
                    Index::All
                }
                (Some(b'*'), Some(b']')) => {
                    self.pos += 2;
                    Index::Star
                }
                _ => Index::At(self.subscript()?),
            });
        }
        let (op, drop_index) = if n == 0 {
            // Not a parameter: taken whole, and refused when it is expanded.
            self.word(End::Brace, double)?;
            (Operation::Transform(0), false)
        } else if length {
            (Operation::Length, false)
        } else {
            self.operation(indirect, index.as_ref(), double)?
        };
        if self.byte(0) != Some(b'}') {
            if self.pos >= self.src.len() {
                return Err(self.unmatched('}', start));
            }
            self.word(End::Brace, double)?;
            self.pos += 1;
            let raw = self.src[start..self.pos].into();
            return Ok(Parameter {
                name: BString::default(),
                index: None,
                indirect: false,
                op: Operation::Transform(0),
                raw,
            });
        }
        self.pos += 1;
        let raw = self.src[start..self.pos].into();
        if drop_index {
            index = None;
            indirect = false;
        }
        Ok(Parameter { name, index, indirect, op, raw })
    }

    /// What follows the name; `true` if the index and the `!` belong to the operation itself.
    fn operation(&mut self, indirect: bool, index: Option<&Index>, double: bool) -> Parse<(Operation, bool)> {
        let Some(b) = self.byte(0) else { return Ok((Operation::Value, false)) };
        let next = self.byte(1);
        if indirect && b == b'}' {
            match index {
                Some(Index::All) => return Ok((Operation::Keys(true), true)),
                Some(Index::Star) => return Ok((Operation::Keys(false), true)),
                _ => {}
            }
        }
        if indirect && matches!(b, b'@' | b'*') && next == Some(b'}') {
            self.pos += 1;
            return Ok((Operation::Names(b == b'@'), true));
        }
        let colon = b == b':' && matches!(next, Some(b'-' | b'=' | b'?' | b'+'));
        let mark = if colon { next.unwrap_or(b) } else { b };
        if matches!(mark, b'-' | b'=' | b'?' | b'+') {
            self.pos += if colon { 2 } else { 1 };
            let word = self.word(End::Brace, double)?;
            let empty_too = colon;
            return Ok((
                match mark {
                    b'-' => Operation::Default { empty_too, word },
                    b'=' => Operation::Assign { empty_too, word },
                    b'?' => Operation::Error { empty_too, word },
                    _ => Operation::Alternative { empty_too, word },
                },
                false,
            ));
        }
        let op = match b {
            b':' => {
                self.pos += 1;
                let offset = self.word(End::Colon, true)?;
                let length = if self.byte(0) == Some(b':') {
                    self.pos += 1;
                    Some(self.word(End::Brace, true)?)
                } else {
                    None
                };
                Operation::Slice { offset, length }
            }
            b'#' | b'%' => {
                let longest = next == Some(b);
                self.pos += if longest { 2 } else { 1 };
                // In a pattern single quotes quote even inside double quotes.
                let pattern = self.word(End::Brace, false)?;
                if b == b'#' {
                    Operation::TrimPrefix { longest, pattern }
                } else {
                    Operation::TrimSuffix { longest, pattern }
                }
            }
            b'/' => {
                self.pos += 1;
                let kind = match self.byte(0) {
                    Some(b'/') => Replacing::All,
                    Some(b'#') => Replacing::Prefix,
                    Some(b'%') => Replacing::Suffix,
                    _ => Replacing::First,
                };
                if kind != Replacing::First {
                    self.pos += 1;
                }
                let empty = kind != Replacing::First && self.byte(0) == Some(b'/');
                let pattern = if empty { Word::default() } else { self.word(End::Slash, false)? };
                let with = if self.byte(0) == Some(b'/') {
                    self.pos += 1;
                    Some(self.word(End::Brace, double)?)
                } else {
                    None
                };
                Operation::Replace { kind, pattern, with }
            }
            b'^' | b',' | b'~' => {
                let all = next == Some(b);
                self.pos += if all { 2 } else { 1 };
                let pattern = if self.byte(0) == Some(b'}') { None } else { Some(self.word(End::Brace, false)?) };
                let change = match b {
                    b'^' => CaseChange::Upper,
                    b',' => CaseChange::Lower,
                    _ => CaseChange::Toggle,
                };
                Operation::Case { change, all, pattern }
            }
            b'@' if self.byte(2) == Some(b'}') => {
                self.pos += 2;
                Operation::Transform(next.unwrap_or(0))
            }
            _ => Operation::Value,
        };
        Ok((op, false))
    }

    /// After `$'`: C escapes, up to and with the quote.
    fn ansi_quoted(&mut self, opened: usize) -> Parse<Vec<u8>> {
        let start = self.pos;
        loop {
            match self.byte(0) {
                None => return Err(self.unmatched('\'', opened)),
                Some(b'\\') => self.pos += 2,
                Some(b'\'') => break,
                Some(_) => self.pos += 1,
            }
        }
        let text = crate::shell::text::unescape(&self.src[start..self.pos], crate::shell::text::Escapes::Ansi).0;
        self.pos += 1;
        Ok(text)
    }
}
