//! Commands: lists, pipelines, compounds, functions, redirections (bash(1), SHELL GRAMMAR).

use std::cell::OnceCell;
use std::rc::Rc;

use bstr::{BString, ByteSlice};

use super::ast::*;
use super::lexer::{Token, is_blank, is_name, is_name_byte};
use super::words::{End, Mode};
use super::{Parse, Parser, Pending};

const RESERVED: &[&str] = &[
    "if", "then", "else", "elif", "fi", "do", "done", "case", "esac", "while", "until", "for", "select", "function",
    "{", "}", "!", "time", "[[", "]]", "in", "coproc",
];
/// Reserved words that end a list.
const ENDERS: &[&str] = &["then", "else", "elif", "fi", "do", "done", "esac", "}"];
/// Commands whose arguments may be assignments.
const DECLARES: &[&[u8]] = &[b"declare", b"typeset", b"local", b"export", b"readonly", b"alias"];

pub fn is_reserved(word: &[u8]) -> bool {
    RESERVED.iter().any(|r| r.as_bytes() == word)
}

impl Parser {
    pub(super) fn command_line(&mut self) -> Parse<Option<List>> {
        loop {
            self.assign_ok = true;
            match self.peek()? {
                Token::Newline => drop(self.advance()),
                Token::End => return Ok(None),
                _ => break,
            }
        }
        let mut items = Vec::new();
        loop {
            self.assign_ok = true;
            match self.peek()? {
                Token::Newline | Token::End => {
                    self.advance();
                    return Ok(Some(Rc::new(items)));
                }
                _ => {}
            }
            let item = self.item()?;
            let separated = self.separated(&item);
            items.push(item);
            match self.peek()? {
                Token::Newline | Token::End => {}
                _ if separated => {}
                _ => return Err(self.unexpected()),
            }
        }
    }

    /// Did a `;` or `&` end the item?
    fn separated(&self, item: &Item) -> bool {
        item.background || self.src[..self.pos].trim_end_with(|c| c == ' ' || c == '\t').ends_with(b";")
    }

    /// One and-or list with its `;` or `&`.
    fn item(&mut self) -> Parse<Item> {
        let first = self.pipeline()?;
        let mut rest = Vec::new();
        let start = first.1;
        loop {
            let joint = match self.peek()? {
                Token::Operator(b"&&") => Joint::And,
                Token::Operator(b"||") => Joint::Or,
                _ => break,
            };
            self.advance();
            self.assign_ok = true;
            self.skip_newlines()?;
            rest.push((joint, self.pipeline()?.0));
        }
        let text = BString::from(self.src[start..self.pos].trim_ascii());
        let background = match self.peek()? {
            Token::Operator(b"&") => {
                self.advance();
                true
            }
            Token::Operator(b";") => {
                self.advance();
                false
            }
            _ => false,
        };
        self.assign_ok = true;
        Ok(Item { first: first.0, rest, background, text })
    }

    /// Commands until a reserved word or operator that ends them; at least one.
    fn list(&mut self) -> Parse<List> {
        self.enter()?;
        let mut items = Vec::new();
        loop {
            self.assign_ok = true;
            self.skip_newlines()?;
            if !items.is_empty() && self.at_end_of_list()? {
                break;
            }
            let item = self.item()?;
            let separated = self.separated(&item);
            items.push(item);
            match self.peek()? {
                Token::Newline => {}
                _ if separated => {}
                _ => break,
            }
        }
        self.leave();
        Ok(Rc::new(items))
    }

    fn at_end_of_list(&mut self) -> Parse<bool> {
        Ok(match self.peek()? {
            Token::End => true,
            Token::Operator(op) => matches!(*op, b")" | b";;" | b";&" | b";;&"),
            Token::Word(w) => w.plain().is_some_and(|p| ENDERS.iter().any(|e| e.as_bytes() == p)),
            _ => false,
        })
    }

    /// The inside of `$( )`, with its `)`; it may be empty.
    pub(super) fn list_until_paren(&mut self) -> Parse<Vec<Item>> {
        let mut items = Vec::new();
        loop {
            self.assign_ok = true;
            self.skip_newlines()?;
            if self.take_operator(b")")? {
                return Ok(items);
            }
            if matches!(self.peek()?, Token::End) {
                return Err(self.unexpected_end());
            }
            let item = self.item()?;
            let separated = self.separated(&item);
            items.push(item);
            match self.peek()? {
                Token::Newline | Token::Operator(b")") => {}
                Token::End => return Err(self.unexpected_end()),
                _ if separated => {}
                _ => return Err(self.unexpected()),
            }
        }
    }

    fn pipeline(&mut self) -> Parse<(Pipeline, usize)> {
        let mut negated = false;
        let mut time = None;
        let (_, start) = self.peek_raw()?;
        loop {
            if self.take_word("!")? {
                negated = !negated;
            } else if time.is_none() && self.at_word("time")? {
                self.advance();
                time = Some(if self.take_word("-p")? { Timing::Posix } else { Timing::Bash });
                // `--` and an empty pipeline are allowed after it.
                self.take_word("--")?;
            } else {
                break;
            }
            self.assign_ok = true;
        }
        let mut commands = Vec::new();
        let empty_ok = (time.is_some() || negated)
            && match self.peek()? {
                Token::Newline | Token::End => true,
                Token::Operator(op) => matches!(*op, b";" | b"&" | b")" | b"&&" | b"||"),
                _ => false,
            };
        if !empty_ok {
            commands.push(Rc::new(self.command()?));
            loop {
                let both = match self.peek()? {
                    Token::Operator(b"|") => false,
                    Token::Operator(b"|&") => true,
                    _ => break,
                };
                if both {
                    self.pipe_stderr_too(&mut commands);
                }
                self.advance();
                self.assign_ok = true;
                self.skip_newlines()?;
                if matches!(self.peek()?, Token::End) {
                    return Err(self.unexpected_end());
                }
                commands.push(Rc::new(self.command()?));
            }
        }
        let text = BString::from(self.src[start..self.pos].trim_ascii());
        Ok((Pipeline { negated, time, commands, text }, start))
    }

    /// `a |& b` is `a 2>&1 | b`, the redirection coming last.
    fn pipe_stderr_too(&self, commands: &mut [Rc<Command>]) {
        let Some(last) = commands.last_mut().and_then(Rc::get_mut) else { return };
        let line = self.line_at(self.pos);
        let redirect = Redirect {
            fd: RedirectFd::Number(2),
            kind: RedirectKind::DuplicateOut(Word {
                parts: vec![Part::Literal("1".into())],
                raw: "1".into(),
                assign: None,
            }),
            line,
        };
        match last {
            Command::Simple(simple) => simple.redirects.push(redirect),
            Command::Compound { redirects, .. } => redirects.push(redirect),
            Command::Function { .. } => {}
        }
    }

    /// Replaces the next word if it is an alias.
    fn expand_alias(&mut self) -> Parse<()> {
        let Some(aliases) = self.dialect.aliases.clone() else { return Ok(()) };
        loop {
            let pos = self.pos;
            self.expanding.retain(|(_, end)| pos < *end);
            let Token::Word(word) = self.peek()? else { return Ok(()) };
            let Some(name) = word.plain().map(BString::from) else { return Ok(()) };
            let Some(value) = aliases.get(&name) else { return Ok(()) };
            if self.expanding.iter().any(|(n, _)| *n == name) || self.expanding.len() > 50 {
                return Ok(());
            }
            let Some((_, start, end)) = self.peeked.take() else { return Ok(()) };
            let (old, new) = (end - start, value.len());
            self.src.splice(start..end, value.iter().copied());
            for (_, until) in &mut self.expanding {
                *until = (*until + new).saturating_sub(old);
            }
            self.expanding.push((name, start + new));
            self.pos = start;
            self.alias_next = value.last().is_some_and(|&b| is_blank(b));
        }
    }

    fn command(&mut self) -> Parse<Command> {
        self.assign_ok = true;
        self.alias_next = false;
        self.expand_alias()?;
        let (_, start) = self.peek_raw()?;
        let line = self.line_at(start);
        let kind = match self.peek()? {
            Token::End => return Err(self.unexpected_end()),
            Token::Operator(b"(") => Some(self.parenthesis()?),
            Token::Operator(op) if !op.iter().any(|b| matches!(b, b'<' | b'>')) => return Err(self.unexpected()),
            Token::Word(word) => match word.plain().map(BString::from) {
                Some(plain) => match self.reserved(&plain)? {
                    Reserved::Compound(kind) => Some(kind),
                    Reserved::Function(name) => return self.function(name, start),
                    Reserved::No => None,
                },
                None => None,
            },
            Token::Newline => return Err(self.unexpected()),
            _ => None,
        };
        let Some(kind) = kind else { return self.simple(line, start) };
        self.assign_ok = false;
        let mut redirects = Vec::new();
        while let Some(redirect) = self.redirect()? {
            redirects.push(redirect);
        }
        Ok(Command::Compound { kind, redirects, line })
    }

    fn parenthesis(&mut self) -> Parse<Compound> {
        self.advance();
        let mut unfinished = None;
        if self.byte(0) == Some(b'(') {
            let here = self.pos;
            self.pos += 1;
            match self.arithmetic_text() {
                Ok(Some(word)) => return Ok(Compound::Arithmetic(word)),
                Ok(None) => {}
                Err(error) if error.incomplete => unfinished = Some(error),
                Err(error) => return Err(error),
            }
            self.pos = here;
        }
        let body = match (self.list(), unfinished) {
            (Err(error), Some(first)) if error.incomplete => return Err(first),
            (body, _) => body?,
        };
        if !self.take_operator(b")")? {
            return Err(self.unexpected());
        }
        Ok(Compound::Subshell(body))
    }

    fn reserved(&mut self, word: &[u8]) -> Parse<Reserved> {
        let compound = match word {
            b"{" => {
                self.advance();
                let body = self.list()?;
                self.expect_word("}")?;
                Compound::Brace(body)
            }
            b"if" => {
                self.advance();
                self.if_clause()?
            }
            b"while" | b"until" => {
                self.advance();
                let condition = self.list()?;
                let body = self.do_group()?;
                Compound::While { condition, body, until: word == b"until" }
            }
            b"for" => {
                self.advance();
                self.for_clause()?
            }
            b"select" => {
                self.advance();
                let (name, words) = self.loop_head()?;
                Compound::Select { name, words, body: self.do_group()? }
            }
            b"case" => {
                self.advance();
                self.case_clause()?
            }
            b"[[" => {
                self.advance();
                Compound::Condition(self.condition()?)
            }
            b"function" => {
                self.advance();
                self.assign_ok = false;
                let Token::Word(name) = self.peek()?.clone() else { return Err(self.unexpected()) };
                self.advance();
                if self.take_operator(b"(")? && !self.take_operator(b")")? {
                    return Err(self.unexpected());
                }
                return Ok(Reserved::Function(name.raw));
            }
            b"then" | b"else" | b"elif" | b"fi" | b"do" | b"done" | b"esac" | b"}" => return Err(self.unexpected()),
            _ => {
                // `name ()`: the parenthesis must follow the word.
                let Some((_, _, end)) = self.peeked else { return Ok(Reserved::No) };
                let after = self.src[end..].trim_start_with(|c| c == ' ' || c == '\t');
                if !after.starts_with(b"(") {
                    return Ok(Reserved::No);
                }
                let inner = after[1..].trim_start_with(|c| c == ' ' || c == '\t');
                if !inner.starts_with(b")") {
                    // Let the parenthesis be the unexpected one.
                    return Ok(Reserved::No);
                }
                self.advance();
                self.take_operator(b"(")?;
                self.take_operator(b")")?;
                return Ok(Reserved::Function(word.into()));
            }
        };
        Ok(Reserved::Compound(compound))
    }

    fn function(&mut self, name: BString, _start: usize) -> Parse<Command> {
        let line = self.line_at(self.pos);
        self.assign_ok = true;
        self.skip_newlines()?;
        self.enter()?;
        let (_, body_start) = self.peek_raw()?;
        let body = self.command()?;
        self.leave();
        if !matches!(body, Command::Compound { .. }) {
            self.pos = body_start;
            self.peeked = None;
            return Err(self.unexpected());
        }
        let text = BString::from(self.src[body_start..self.pos].trim_ascii());
        Ok(Command::Function { name, body: Rc::new(Function { body: Rc::new(body), text }), line })
    }

    fn if_clause(&mut self) -> Parse<Compound> {
        let mut arms = Vec::new();
        loop {
            let condition = self.list()?;
            self.expect_word("then")?;
            let body = self.list()?;
            arms.push((condition, body));
            if self.take_word("elif")? {
                continue;
            }
            let otherwise = if self.take_word("else")? { Some(self.list()?) } else { None };
            self.expect_word("fi")?;
            return Ok(Compound::If { arms, otherwise });
        }
    }

    /// `do … done`, or the undocumented `{ … }` of for loops.
    fn do_group(&mut self) -> Parse<List> {
        self.assign_ok = true;
        self.skip_newlines()?;
        if self.take_word("{")? {
            let body = self.list()?;
            self.expect_word("}")?;
            return Ok(body);
        }
        self.expect_word("do")?;
        let body = self.list()?;
        self.expect_word("done")?;
        Ok(body)
    }

    /// `name [in words] ;`
    fn loop_head(&mut self) -> Parse<(BString, Option<Vec<Word>>)> {
        self.assign_ok = false;
        let Token::Word(name) = self.peek()?.clone() else { return Err(self.unexpected()) };
        let at = self.peek_raw()?.1;
        self.advance();
        if !is_name(&name.raw) {
            return Err(self.wrong(format!("`{}': not a valid identifier", name.raw), at));
        }
        self.skip_newlines()?;
        if !self.take_word("in")? {
            if self.take_operator(b";")? {
                self.skip_newlines()?;
            }
            return Ok((name.raw, None));
        }
        let mut words = Vec::new();
        loop {
            match self.peek()?.clone() {
                Token::Word(word) => {
                    self.advance();
                    words.push(word);
                }
                Token::Newline | Token::Operator(b";") => {
                    self.advance();
                    self.skip_newlines()?;
                    return Ok((name.raw, Some(words)));
                }
                _ => return Err(self.unexpected()),
            }
        }
    }

    fn for_clause(&mut self) -> Parse<Compound> {
        self.skip_blanks();
        if !self.looking_at(b"((") {
            let (name, words) = self.loop_head()?;
            return Ok(Compound::For { name, words, body: self.do_group()? });
        }
        let start = self.pos;
        self.pos += 2;
        let mut three = Vec::new();
        for n in 0..3 {
            let from = self.pos;
            let end = if n < 2 { End::Semicolon } else { End::Arithmetic };
            let parts = self.parts(Mode { end, double: true })?;
            three.push(Word { parts, raw: self.src[from..self.pos].into(), assign: None });
            let closes: &[u8] = if n < 2 { b";" } else { b"))" };
            if !self.looking_at(closes) {
                return Err(self.wrong("syntax error: arithmetic expression required", start));
            }
            self.pos += closes.len();
        }
        self.assign_ok = true;
        self.take_operator(b";")?;
        let body = self.do_group()?;
        let (Some(step), Some(condition), Some(init)) = (three.pop(), three.pop(), three.pop()) else {
            return Err(self.unexpected());
        };
        Ok(Compound::ArithmeticFor { init, condition, step, body })
    }

    fn case_clause(&mut self) -> Parse<Compound> {
        self.assign_ok = false;
        let Token::Word(word) = self.peek()?.clone() else { return Err(self.unexpected()) };
        self.advance();
        self.skip_newlines()?;
        self.expect_word("in")?;
        let mut arms = Vec::new();
        loop {
            self.assign_ok = false;
            self.skip_newlines()?;
            if self.take_word("esac")? {
                return Ok(Compound::Case { word, arms });
            }
            self.take_operator(b"(")?;
            let mut patterns = Vec::new();
            loop {
                let Token::Word(pattern) = self.peek()?.clone() else { return Err(self.unexpected()) };
                self.advance();
                patterns.push(pattern);
                if !self.take_operator(b"|")? {
                    break;
                }
            }
            if !self.take_operator(b")")? {
                return Err(self.unexpected());
            }
            self.assign_ok = true;
            self.skip_newlines()?;
            let body = if self.at_end_of_list()? { None } else { Some(self.list()?) };
            let end = match self.peek()? {
                Token::Operator(b";;") => Some(ArmEnd::Break),
                Token::Operator(b";&") => Some(ArmEnd::FallThrough),
                Token::Operator(b";;&") => Some(ArmEnd::TestNext),
                _ => None,
            };
            arms.push(Arm { patterns, body, end: end.unwrap_or(ArmEnd::Break) });
            if end.is_some() {
                self.assign_ok = false;
                self.advance();
            } else if !self.at_word("esac")? {
                return Err(self.unexpected());
            }
        }
    }

    fn simple(&mut self, line: u32, _start: usize) -> Parse<Command> {
        let mut simple = Simple { line, ..Simple::default() };
        loop {
            self.assign_ok = simple.words.is_empty() || self.declares(&simple.words);
            if let Some(redirect) = self.redirect()? {
                simple.redirects.push(redirect);
                continue;
            }
            if self.alias_next && !simple.words.is_empty() || simple.words.is_empty() && !simple.assigns.is_empty() {
                self.alias_next = false;
                self.expand_alias()?;
            }
            let Token::Word(word) = self.peek()? else { break };
            if simple.words.is_empty() && word.assign.is_some() {
                let Token::Word(word) = self.advance() else { break };
                if let Some(assign) = word.assign {
                    simple.assigns.push(assign);
                }
                continue;
            }
            let Token::Word(word) = self.advance() else { break };
            simple.words.push(word);
        }
        if simple.words.is_empty() && simple.assigns.is_empty() && simple.redirects.is_empty() {
            return Err(self.unexpected());
        }
        if self.at_operator(b"(")? {
            return Err(self.unexpected());
        }
        Ok(Command::Simple(simple))
    }

    fn declares(&self, words: &[Word]) -> bool {
        let mut names = words.iter().map(Word::plain);
        match names.next() {
            Some(Some(b"command" | b"builtin")) => matches!(names.next(), Some(Some(name)) if DECLARES.contains(&name)),
            Some(Some(name)) => DECLARES.contains(&name),
            _ => false,
        }
    }

    fn redirect(&mut self) -> Parse<Option<Redirect>> {
        let mut fd = RedirectFd::Usual;
        if let Token::RedirectFd(text) = self.peek()? {
            fd = match text.to_str().ok().and_then(|t| t.parse().ok()) {
                Some(n) => RedirectFd::Number(n),
                None if text.starts_with(b"{") => RedirectFd::Variable(text[1..text.len() - 1].into()),
                None => RedirectFd::Number(u32::MAX),
            };
            self.advance();
        }
        let Token::Operator(op) = self.peek()? else { return Ok(None) };
        let op = *op;
        if !op.iter().any(|b| matches!(b, b'<' | b'>')) {
            return Ok(None);
        }
        let (_, at) = self.peek_raw()?;
        let line = self.line_at(at);
        self.advance();
        let assign_ok = std::mem::replace(&mut self.assign_ok, false);
        let Token::Word(word) = self.peek()?.clone() else { return Err(self.unexpected()) };
        self.advance();
        self.assign_ok = assign_ok;
        let kind = match op {
            b"<" => RedirectKind::Read(word),
            b">" => RedirectKind::Write(word),
            b">|" => RedirectKind::Clobber(word),
            b">>" => RedirectKind::Append(word),
            b"<>" => RedirectKind::ReadWrite(word),
            b"<&" => RedirectKind::DuplicateIn(word),
            b">&" => RedirectKind::DuplicateOut(word),
            b"&>" => RedirectKind::Both { word, append: false },
            b"&>>" => RedirectKind::Both { word, append: true },
            b"<<<" => RedirectKind::HereString(word),
            _ => {
                let body = Rc::new(OnceCell::new());
                let quoted = word.is_quoted();
                let delimiter = plain_text(&word);
                self.pending.push(Pending { body: body.clone(), delimiter, quoted, strip: op == b"<<-", line });
                RedirectKind::HereDocument(body)
            }
        };
        Ok(Some(Redirect { fd, kind, line }))
    }
}

enum Reserved {
    Compound(Compound),
    Function(BString),
    No,
}

/// A word with its quotes removed and nothing expanded: a here-document's delimiter.
fn plain_text(word: &Word) -> BString {
    fn add(parts: &[Part], out: &mut BString) {
        for part in parts {
            match part {
                Part::Literal(text) | Part::Quoted(text) => out.extend_from_slice(text),
                Part::Double(inner) => add(inner, out),
                Part::Parameter(p) => out.extend_from_slice(&p.raw),
                Part::Backquote(text) => {
                    out.push(b'`');
                    out.extend_from_slice(text);
                    out.push(b'`');
                }
                Part::Command(_) | Part::Arithmetic(_) | Part::Process(..) => {}
            }
        }
    }
    let mut out = BString::default();
    add(&word.parts, &mut out);
    out
}

/// The name at the beginning of an assignment's text: `name` or `name[...]`, and where `=` or `+=` begins.
pub fn assignment_split(text: &[u8]) -> Option<(BString, Option<BString>, bool, BString)> {
    let n = text.iter().take_while(|&&b| is_name_byte(b)).count();
    if n == 0 || text[0].is_ascii_digit() {
        return None;
    }
    let mut rest = &text[n..];
    let mut index = None;
    if rest.starts_with(b"[") {
        let mut depth = 0;
        let close = rest.iter().position(|&b| {
            match b {
                b'[' => depth += 1,
                b']' => depth -= 1,
                _ => {}
            }
            depth == 0
        })?;
        index = Some(rest[1..close].into());
        rest = &rest[close + 1..];
    }
    let (append, value) = match rest {
        [b'+', b'=', value @ ..] => (true, value),
        [b'=', value @ ..] => (false, value),
        _ => return None,
    };
    Some((text[..n].into(), index, append, value.into()))
}
