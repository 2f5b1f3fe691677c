//! Inside `[[ ]]`: its words are no arguments, so `<`, `(` and patterns mean something else here.

use bstr::BString;

use super::ast::{Condition, Word};
use super::words::{End, Mode};
use super::{Parse, Parser};

const UNARY: &[u8] = b"abcdefghknoprstuvwxzGLNOSR";

impl Parser {
    /// After `[[`: up to and with `]]`.
    pub(super) fn condition(&mut self) -> Parse<Condition> {
        let start = self.pos;
        let condition = self.condition_or()?;
        self.condition_blanks();
        if !self.looking_at(b"]]") {
            if self.pos >= self.src.len() {
                return Err(self.unexpected_end());
            }
            return Err(self.condition_error(start));
        }
        self.pos += 2;
        Ok(condition)
    }

    fn condition_error(&mut self, _start: usize) -> super::SyntaxError {
        let at = self.pos;
        match self.peek_raw() {
            Ok((text, at)) => {
                let shown = if text == "\n" { "newline".to_string() } else { text.to_string() };
                let mut e = self.wrong("syntax error in conditional expression", at);
                e.message = format!("syntax error in conditional expression: unexpected token `{shown}'");
                e
            }
            Err(_) => self.wrong("syntax error in conditional expression", at),
        }
    }

    fn condition_blanks(&mut self) {
        while matches!(self.byte(0), Some(b' ' | b'\t' | b'\n')) || self.looking_at(b"\\\n") {
            self.pos += if self.byte(0) == Some(b'\\') { 2 } else { 1 };
        }
    }

    fn condition_or(&mut self) -> Parse<Condition> {
        self.enter()?;
        let mut left = self.condition_and()?;
        loop {
            self.condition_blanks();
            if !self.looking_at(b"||") {
                self.leave();
                return Ok(left);
            }
            self.pos += 2;
            left = Condition::Or(Box::new(left), Box::new(self.condition_and()?));
        }
    }
    fn condition_and(&mut self) -> Parse<Condition> {
        let mut left = self.condition_not()?;
        loop {
            self.condition_blanks();
            if !self.looking_at(b"&&") {
                return Ok(left);
            }
            self.pos += 2;
            left = Condition::And(Box::new(left), Box::new(self.condition_not()?));
        }
    }

    fn condition_not(&mut self) -> Parse<Condition> {
        self.condition_blanks();
        let blank_after = |b: Option<u8>| matches!(b, Some(b' ' | b'\t' | b'\n' | b'('));
        if self.byte(0) == Some(b'!') && blank_after(self.byte(1)) {
            self.pos += 1;
            self.enter()?;
            let inner = self.condition_not()?;
            self.leave();
            return Ok(Condition::Not(Box::new(inner)));
        }
        if self.byte(0) == Some(b'(') {
            self.pos += 1;
            let inner = self.condition_or()?;
            self.condition_blanks();
            if self.byte(0) != Some(b')') {
                return Err(if self.pos >= self.src.len() { self.unexpected_end() } else { self.condition_error(0) });
            }
            self.pos += 1;
            return Ok(inner);
        }
        self.condition_primary()
    }

    fn condition_word(&mut self, end: End) -> Parse<Word> {
        self.condition_blanks();
        let start = self.pos;
        let parts = self.parts(Mode { end, double: false })?;
        if self.pos == start {
            return Err(if self.pos >= self.src.len() { self.unexpected_end() } else { self.condition_error(start) });
        }
        Ok(Word { parts, raw: self.src[start..self.pos].into(), assign: None })
    }

    fn condition_primary(&mut self) -> Parse<Condition> {
        if self.looking_at(b"]]") {
            return Err(self.wrong("syntax error near `]]'", self.pos));
        }
        let first = self.condition_word(End::Token)?;
        if let Some([b'-', letter]) = first.plain()
            && UNARY.contains(letter)
        {
            let before = self.pos;
            self.condition_blanks();
            // `[[ -f ]]` tests that `-f` is not empty; `[[ -a = x ]]` compares it.
            let ends = self.looking_at(b"]]") || self.looking_at(b"&&") || self.looking_at(b"||");
            if !ends && self.binary_operator().is_none() {
                let operand = self.condition_word(End::Token)?;
                return Ok(Condition::Unary(first.raw, operand));
            }
            self.pos = before;
        }
        self.condition_blanks();
        let Some(op) = self.binary_operator() else { return Ok(Condition::Word(first)) };
        self.pos += op.len();
        if op == "=~" {
            let right = self.condition_word(End::Regex)?;
            return Ok(Condition::Binary(op, first, right));
        }
        // Patterns are extended here whatever the option says.
        let extglob = std::mem::replace(&mut self.dialect.extglob, true);
        let right = self.condition_word(End::Token);
        self.dialect.extglob = extglob;
        Ok(Condition::Binary(op, first, right?))
    }

    fn binary_operator(&self) -> Option<BString> {
        const WORDS: &[&str] =
            &["==", "=~", "!=", "=", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef", "<", ">"];
        let op = WORDS.iter().find(|op| self.looking_at(op.as_bytes()))?;
        let after = self.byte(op.len());
        let alone = matches!(op.as_bytes(), b"<" | b">") || matches!(after, None | Some(b' ' | b'\t' | b'\n' | b'\\'));
        alone.then(|| BString::from(*op))
    }
}
