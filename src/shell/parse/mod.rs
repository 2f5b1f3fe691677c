//! Shell text to trees, in bash's grammar: bytes in, one complete command at a time out, so that what a script's first
//! lines define (aliases, options) holds for the next.
//!
//! It is our own because the input is bytes, a syntax error must be worded as bash does, and an interactive shell must
//! know "not finished yet" from "wrong". `lexer` finds tokens, `words` the parts of words, `grammar` commands,
//! `condition` what is inside `[[ ]]`.

pub mod ast;
mod condition;
pub mod grammar;
pub mod lexer;
pub mod print;
mod words;

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use bstr::{BString, ByteSlice};

use crate::base::limits;
use ast::{List, Word};
pub use grammar::{assignment_split, is_reserved};
use lexer::Token;
pub use lexer::{is_name, is_name_byte, is_name_start, name_len};

/// Why text is no command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// Each line of the message, after `bash: -c: line N: `.
    pub message: String,
    /// The offending line, which bash prints as a second message.
    pub source: Option<BString>,
    pub line: u32,
    /// More input could make it right.
    pub incomplete: bool,
}

/// What the grammar depends on besides the text.
#[derive(Clone, Default)]
pub struct Dialect {
    pub extglob: bool,
    /// More text may follow (a prompt, a script from a pipe): a here-document without its end is unfinished.
    pub open_ended: bool,
    /// Set while aliases are to be replaced.
    pub aliases: Option<Rc<BTreeMap<BString, BString>>>,
}

pub(super) struct Pending {
    body: Rc<OnceCell<Word>>,
    delimiter: BString,
    quoted: bool,
    strip: bool,
    line: u32,
}

pub struct Parser {
    pub(in crate::shell) src: Vec<u8>,
    pub(super) pos: usize,
    pub(super) dialect: Dialect,
    /// (token, where it starts, where it ends)
    pub(super) peeked: Option<(Token, usize, usize)>,
    pub(super) pending: Vec<Pending>,
    /// What bash would warn of: (line, text).
    pub warnings: Vec<(u32, String)>,
    pub(super) depth: usize,
    /// May a word here be an assignment (`a=(…)`)?
    pub(super) assign_ok: bool,
    /// Alias names in use and where their text ends.
    pub(super) expanding: Vec<(BString, usize)>,
    /// The next word is looked up too: the alias before it ended in a blank.
    pub(super) alias_next: bool,
    first_line: u32,
    counted: std::cell::Cell<(usize, u32)>,
}

type Parse<T> = Result<T, SyntaxError>;

impl Parser {
    pub fn new(src: impl Into<Vec<u8>>, first_line: u32, dialect: Dialect) -> Parser {
        Parser {
            src: src.into(),
            pos: 0,
            dialect,
            peeked: None,
            pending: Vec::new(),
            warnings: Vec::new(),
            depth: 0,
            assign_ok: true,
            expanding: Vec::new(),
            alias_next: false,
            first_line,
            counted: std::cell::Cell::new((0, first_line)),
        }
    }

    /// The commands of the next line that has any (more lines where constructs span them); `None` at the end.
    pub fn next_command(&mut self, dialect: Dialect) -> Parse<Option<List>> {
        self.dialect = dialect;
        self.depth = 0;
        self.command_line()
    }

    /// Is nothing left but blanks and comments?
    pub fn at_end(&mut self) -> bool {
        if self.peeked.is_some() {
            return false;
        }
        let start = self.pos;
        loop {
            self.skip_blanks();
            if self.byte(0) != Some(b'\n') {
                break;
            }
            self.pos += 1;
        }
        let end = self.pos >= self.src.len();
        self.pos = start;
        end
    }
    /// Where the next command begins, and on which line.
    pub fn position(&self) -> (usize, u32) {
        (self.pos, self.line_at(self.pos))
    }
    /// The line of a place in the text.
    pub(super) fn line_at(&self, pos: usize) -> u32 {
        let (from, line) = self.counted.get();
        let (from, line) = if pos < from { (0, self.first_line) } else { (from, line) };
        let pos = pos.min(self.src.len());
        let line = line + self.src[from..pos].iter().filter(|&&b| b == b'\n').count() as u32;
        self.counted.set((pos, line));
        line
    }
    /// The whole line around a place, for the second line of an error.
    fn line_around(&self, pos: usize) -> BString {
        let pos = pos.min(self.src.len());
        let start = self.src[..pos].rfind_byte(b'\n').map_or(0, |n| n + 1);
        let end = self.src[pos..].find_byte(b'\n').map_or(self.src.len(), |n| pos + n);
        self.src[start..end].into()
    }

    pub(super) fn enter(&mut self) -> Parse<()> {
        self.depth += 1;
        if self.depth > limits::PARSE_DEPTH {
            let at = self.pos;
            return Err(SyntaxError {
                message: "syntax error: too many nested commands".into(),
                source: Some(self.line_around(at).chars().take(60).collect::<String>().into()),
                line: self.line_at(at),
                incomplete: false,
            });
        }
        Ok(())
    }
    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    pub(super) fn unexpected_end(&self) -> SyntaxError {
        // bash counts the line after the last.
        let line = self.line_at(self.src.len()) + u32::from(!self.src.ends_with(b"\n"));
        SyntaxError { message: "syntax error: unexpected end of file".into(), source: None, line, incomplete: true }
    }
    pub(super) fn unmatched(&self, quote: char, opened: usize) -> SyntaxError {
        SyntaxError {
            message: format!("unexpected EOF while looking for matching `{quote}'"),
            source: None,
            line: self.line_at(opened),
            incomplete: true,
        }
    }
    pub(super) fn wrong(&self, message: impl Into<String>, at: usize) -> SyntaxError {
        SyntaxError {
            message: message.into(),
            source: Some(self.line_around(at)),
            line: self.line_at(at),
            incomplete: false,
        }
    }
    /// Complains about the token that comes next.
    pub(super) fn unexpected(&mut self) -> SyntaxError {
        match self.peek_raw() {
            Err(e) => e,
            Ok((text, _)) if text.is_empty() => self.unexpected_end(),
            Ok((text, at)) => {
                let shown = if text == "\n" { "newline".to_string() } else { text.to_string() };
                self.wrong(format!("syntax error near unexpected token `{shown}'"), at)
            }
        }
    }

    /// Parses a whole text as one word in double-quote fashion: here-documents, PS1, arithmetic of `let`.
    pub fn quoted_text(text: &[u8], dialect: Dialect) -> Parse<Word> {
        let mut p = Parser::new(text, 1, dialect);
        let parts = p.here_document_parts()?;
        Ok(Word { parts, raw: text.into(), assign: None })
    }
    /// Parses a whole text as one unquoted word, blanks included (array subscripts given as strings).
    pub fn word_text(text: &[u8], dialect: Dialect) -> Parse<Word> {
        let mut p = Parser::new(text, 1, dialect);
        let parts = p.parts(words::Mode { end: words::End::Text, double: false })?;
        Ok(Word { parts, raw: text.into(), assign: None })
    }
}
