//! Tokens: operators, words, newlines with the here-documents that wait for them.

use std::rc::Rc;

use bstr::{BString, ByteSlice};

use super::ast::{Assign, AssignValue, Element, Part, Word};
use super::words::{End, Mode};
use super::{Parse, Parser, SyntaxError};

#[derive(Clone, Debug)]
pub(in crate::shell) enum Token {
    Word(Word),
    Operator(&'static [u8]),
    /// Digits or `{name}` right before a redirection.
    RedirectFd(BString),
    Newline,
    End,
}

const OPERATORS: &[&[u8]] = &[
    b"<<<", b"<<-", b";;&", b"&>>", b"&&", b"||", b";;", b";&", b"|&", b"<<", b">>", b"<&", b">&", b"<>", b">|", b"&>",
    b"|", b"&", b";", b"<", b">", b"(", b")",
];

pub(super) fn is_blank(b: u8) -> bool {
    b == b' ' || b == b'\t'
}
pub(super) fn is_meta(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\n' | b'|' | b'&' | b';' | b'<' | b'>' | b'(' | b')')
}
pub fn is_name_start(b: u8) -> bool {
    b.is_ascii_alphabetic() || b == b'_'
}
pub fn is_name_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_'
}
/// How long is the name at the beginning?
pub fn name_len(text: &[u8]) -> usize {
    match text.first() {
        Some(&b) if is_name_start(b) => text.iter().take_while(|&&b| is_name_byte(b)).count(),
        _ => 0,
    }
}
pub fn is_name(text: &[u8]) -> bool {
    !text.is_empty() && name_len(text) == text.len()
}

impl Parser {
    pub(super) fn byte(&self, ahead: usize) -> Option<u8> {
        self.src.get(self.pos + ahead).copied()
    }
    pub(super) fn looking_at(&self, text: &[u8]) -> bool {
        self.src[self.pos.min(self.src.len())..].starts_with(text)
    }

    /// Blanks, continued lines, and a comment.
    pub(super) fn skip_blanks(&mut self) {
        loop {
            match self.byte(0) {
                Some(b) if is_blank(b) => self.pos += 1,
                Some(b'\\') if self.byte(1) == Some(b'\n') => self.pos += 2,
                Some(b'#') => {
                    let end = self.src[self.pos..].find_byte(b'\n').map_or(self.src.len(), |n| self.pos + n);
                    self.pos = end;
                }
                _ => return,
            }
        }
    }

    /// The next token, kept until [`Parser::advance`].
    pub(super) fn peek(&mut self) -> Parse<&Token> {
        if self.peeked.is_none() {
            self.skip_blanks();
            let start = self.pos;
            let token = self.lex()?;
            let end = self.pos;
            self.pos = start;
            self.peeked = Some((token, start, end));
        }
        match &self.peeked {
            Some((token, _, _)) => Ok(token),
            None => Ok(&Token::End),
        }
    }
    /// The next token's text (empty at the end) and place.
    pub(super) fn peek_raw(&mut self) -> Parse<(BString, usize)> {
        self.peek()?;
        match &self.peeked {
            Some((Token::End, start, _)) => Ok((BString::default(), *start)),
            Some((_, start, end)) => Ok((self.src[*start..*end].into(), *start)),
            None => Ok((BString::default(), self.pos)),
        }
    }
    pub(super) fn advance(&mut self) -> Token {
        match self.peeked.take() {
            Some((token, _, end)) => {
                self.pos = end;
                token
            }
            None => Token::End,
        }
    }
    pub(super) fn at_operator(&mut self, op: &[u8]) -> Parse<bool> {
        Ok(matches!(self.peek()?, Token::Operator(o) if *o == op))
    }
    pub(super) fn take_operator(&mut self, op: &[u8]) -> Parse<bool> {
        let there = self.at_operator(op)?;
        if there {
            self.advance();
        }
        Ok(there)
    }
    /// Is the next token this reserved word?
    pub(super) fn at_word(&mut self, text: &str) -> Parse<bool> {
        Ok(matches!(self.peek()?, Token::Word(w) if w.plain() == Some(text.as_bytes())))
    }
    pub(super) fn take_word(&mut self, text: &str) -> Parse<bool> {
        let there = self.at_word(text)?;
        if there {
            self.advance();
        }
        Ok(there)
    }
    pub(super) fn expect_word(&mut self, text: &str) -> Parse<()> {
        if self.take_word(text)? { Ok(()) } else { Err(self.unexpected()) }
    }
    pub(super) fn skip_newlines(&mut self) -> Parse<()> {
        while matches!(self.peek()?, Token::Newline) {
            self.advance();
        }
        Ok(())
    }

    fn lex(&mut self) -> Parse<Token> {
        let Some(first) = self.byte(0) else {
            if !self.pending.is_empty() {
                self.read_here_documents()?;
            }
            return Ok(Token::End);
        };
        if first == b'\n' {
            self.pos += 1;
            if !self.pending.is_empty() {
                self.read_here_documents()?;
            }
            return Ok(Token::Newline);
        }
        let process = matches!(first, b'<' | b'>') && self.byte(1) == Some(b'(');
        if is_meta(first) && !process {
            let op = OPERATORS.iter().find(|op| self.looking_at(op)).copied().unwrap_or(b";");
            self.pos += op.len();
            return Ok(Token::Operator(op));
        }
        if let Some(fd) = self.redirect_fd() {
            self.pos += fd.len();
            return Ok(Token::RedirectFd(fd));
        }
        if self.assign_ok
            && let Some(word) = self.assignment()?
        {
            return Ok(Token::Word(word));
        }
        let start = self.pos;
        let parts = self.parts(Mode { end: End::Token, double: false })?;
        if self.pos == start {
            // A byte that begins nothing cannot be: every other byte is part of a word.
            self.pos += 1;
        }
        Ok(Token::Word(Word { parts, raw: self.src[start..self.pos].into(), assign: None }))
    }

    /// `2` of `2>`, `{fd}` of `{fd}<`.
    fn redirect_fd(&self) -> Option<BString> {
        let rest = &self.src[self.pos..];
        let n = match rest.first()? {
            b'{' => {
                let n = name_len(&rest[1..]);
                if n == 0 || rest.get(n + 1) != Some(&b'}') {
                    return None;
                }
                n + 2
            }
            _ => rest.iter().take_while(|b| b.is_ascii_digit()).count(),
        };
        let next = rest.get(n)?;
        let process = rest.get(n + 1) == Some(&b'(');
        (n > 0 && matches!(next, b'<' | b'>') && !process).then(|| rest[..n].into())
    }

    /// A word in an assignment's form: `a=x`, `a+=x`, `a[i]=x`, `a=(…)`.
    fn assignment(&mut self) -> Parse<Option<Word>> {
        let start = self.pos;
        let n = name_len(&self.src[start..]);
        if n == 0 {
            return Ok(None);
        }
        self.pos += n;
        let mut index = None;
        if self.byte(0) == Some(b'[') {
            self.pos += 1;
            match self.subscript() {
                Ok(word) => index = Some(word),
                Err(SyntaxError { .. }) => {
                    self.pos = start;
                    return Ok(None);
                }
            }
        }
        let append = self.looking_at(b"+=");
        if !append && !self.looking_at(b"=") {
            self.pos = start;
            return Ok(None);
        }
        let name: BString = self.src[start..start + n].into();
        self.pos += if append { 2 } else { 1 };
        let value_start = self.pos;
        let value = if self.byte(0) == Some(b'(') && index.is_none() {
            self.pos += 1;
            AssignValue::Array(self.elements()?)
        } else {
            let parts = self.parts(Mode { end: End::Token, double: false })?;
            AssignValue::Scalar(Word { parts, raw: self.src[value_start..self.pos].into(), assign: None })
        };
        let assign = Rc::new(Assign { name, index, append, value });
        let raw: BString = self.src[start..self.pos].into();
        Ok(Some(Word { parts: vec![Part::Literal(raw.clone())], raw, assign: Some(assign) }))
    }

    /// After `[`: up to the matching `]`.
    pub(super) fn subscript(&mut self) -> Parse<Word> {
        let start = self.pos;
        let parts = self.parts(Mode { end: End::Bracket, double: false })?;
        let raw = self.src[start..self.pos].into();
        if self.byte(0) != Some(b']') {
            return Err(self.unmatched(']', start));
        }
        self.pos += 1;
        Ok(Word { parts, raw, assign: None })
    }

    /// After `=(`: the elements up to `)`.
    fn elements(&mut self) -> Parse<Vec<Element>> {
        let opened = self.pos;
        self.enter()?;
        let mut list = Vec::new();
        loop {
            self.skip_blanks();
            match self.byte(0) {
                None => return Err(self.unmatched(')', opened)),
                Some(b'\n') => self.pos += 1,
                Some(b')') => {
                    self.pos += 1;
                    self.leave();
                    return Ok(list);
                }
                Some(b) if is_meta(b) && !(matches!(b, b'<' | b'>') && self.byte(1) == Some(b'(')) => {
                    return Err(self.unexpected());
                }
                Some(b'[') => {
                    let start = self.pos;
                    self.pos += 1;
                    let index = self.subscript();
                    let append = self.looking_at(b"+=");
                    match index {
                        Ok(index) if append || self.looking_at(b"=") => {
                            self.pos += if append { 2 } else { 1 };
                            let value = self.plain_word()?;
                            list.push(Element { index: Some(index), append, value });
                        }
                        _ => {
                            self.pos = start;
                            let value = self.plain_word()?;
                            list.push(Element { index: None, append: false, value });
                        }
                    }
                }
                Some(_) => {
                    let value = self.plain_word()?;
                    list.push(Element { index: None, append: false, value });
                }
            }
        }
    }

    pub(super) fn plain_word(&mut self) -> Parse<Word> {
        let start = self.pos;
        let parts = self.parts(Mode { end: End::Token, double: false })?;
        Ok(Word { parts, raw: self.src[start..self.pos].into(), assign: None })
    }

    /// The bodies that wait, from the line that begins here.
    fn read_here_documents(&mut self) -> Parse<()> {
        for pending in std::mem::take(&mut self.pending) {
            let mut body = Vec::new();
            loop {
                if self.pos >= self.src.len() {
                    // bash warns and takes the end of the file as the delimiter; at a prompt it asks for more.
                    if self.dialect.open_ended {
                        return Err(SyntaxError { incomplete: true, ..self.unexpected_end() });
                    }
                    let text = format!(
                        "warning: here-document at line {} delimited by end-of-file (wanted `{}')",
                        pending.line, pending.delimiter
                    );
                    self.warnings.push((self.line_at(self.src.len()), text));
                    break;
                }
                let end = self.src[self.pos..].find_byte(b'\n').map_or(self.src.len(), |n| self.pos + n);
                let next = (end + 1).min(self.src.len());
                let mut line = self.src[self.pos..end].to_vec();
                let mut text_end = next;
                // A continued line is joined before the delimiter is looked for, unless the delimiter was quoted.
                if !pending.quoted {
                    while trailing_backslashes(&line) % 2 == 1 && text_end < self.src.len() {
                        let more = self.src[text_end..].find_byte(b'\n').map_or(self.src.len(), |n| text_end + n);
                        line.push(b'\n');
                        line.extend_from_slice(&self.src[text_end..more]);
                        text_end = (more + 1).min(self.src.len());
                    }
                }
                self.pos = text_end;
                let text = if pending.strip { line.trim_start_with(|c| c == '\t') } else { &line[..] };
                if text == pending.delimiter {
                    break;
                }
                if pending.strip {
                    let lines: Vec<&[u8]> = line.split_str("\n").map(|l| l.trim_start_with(|c| c == '\t')).collect();
                    body.extend_from_slice(&bstr::join("\n", lines));
                } else {
                    body.extend_from_slice(text);
                }
                // A last line without a newline gets one.
                body.push(b'\n');
            }
            let word = if pending.quoted {
                Word::literal(body)
            } else {
                let mut inner = Parser::new(body, 1, self.dialect.clone());
                inner.depth = self.depth;
                let parts = inner.here_document_parts()?;
                Word { parts, raw: inner.src.into(), assign: None }
            };
            // The cell is new: nobody else has filled it.
            let _ = pending.body.set(word);
        }
        Ok(())
    }
}

fn trailing_backslashes(line: &[u8]) -> usize {
    line.iter().rev().take_while(|&&b| b == b'\\').count()
}
