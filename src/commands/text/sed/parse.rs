//! A script's text becomes a list of commands; blocks and labels become jumps.

use bstr::{BString, ByteSlice};

use super::subst::{Part, Substitution, replacement};
use crate::base::regex::{Flags, Regex, Syntax};

/// One `-e`, one `-f`, or the first operand.
pub struct Chunk {
    pub text: BString,
    pub file: Option<BString>,
    pub number: usize,
}

pub struct Script {
    pub commands: Vec<Command>,
    /// `#n` in its first line.
    pub quiet: bool,
    /// Files of `w`, in the order met.
    pub outputs: Vec<BString>,
}

pub enum Pattern {
    /// The one used last.
    Last,
    Own(Box<Regex>),
}

pub enum Address {
    Line(u64),
    /// first~step
    Step(u64, u64),
    Last,
    Match(Pattern),
    /// 0, as in `0,/re/`.
    Zero,
}

pub enum End {
    Address(Address),
    /// +N
    Plus(u64),
    /// ~N
    Multiple(u64),
}

pub struct Command {
    pub first: Option<Address>,
    pub second: Option<End>,
    pub negated: bool,
    pub action: Action,
}

pub enum Action {
    /// `{`: where to go if it does not apply.
    Open(usize),
    Number,
    Append(BString),
    Insert(BString),
    Change(BString),
    /// b, t, T: to a command, or the end.
    Branch(usize),
    BranchIf(usize),
    BranchIfNot(usize),
    Delete,
    DeleteFirst,
    Execute,
    FileName,
    Get,
    GetAppend,
    Hold,
    HoldAppend,
    List(Option<usize>),
    Next,
    NextAppend,
    Print,
    PrintFirst,
    Quit(u8),
    QuitSilently(u8),
    Read(BString),
    ReadLine(BString),
    Substitute(Box<Substitution>),
    Write(usize),
    WriteFirst(usize),
    Exchange,
    Translate(Vec<(char, char)>),
    Zap,
}

struct Reader<'t> {
    text: &'t [u8],
    at: usize,
    extended: bool,
    sandbox: bool,
    outputs: Vec<BString>,
}

/// The error is GNU's whole line after the program's name.
pub fn parse(chunks: &[Chunk], extended: bool, sandbox: bool) -> Result<Script, String> {
    let mut commands: Vec<Command> = Vec::new();
    let mut blocks: Vec<usize> = Vec::new();
    let mut labels: Vec<(BString, usize)> = Vec::new();
    let mut jumps: Vec<(usize, BString)> = Vec::new();
    let mut outputs = Vec::new();
    let mut quiet = false;
    // `a\` at the end of one -e takes the next for its text.
    let mut merged: Vec<(BString, Option<BString>, usize)> = Vec::new();
    for chunk in chunks {
        match merged.last_mut() {
            Some((text, None, _)) if chunk.file.is_none() && text.ends_with(b"\\") => {
                text.push(b'\n');
                text.extend_from_slice(&chunk.text);
            }
            _ => merged.push((chunk.text.clone(), chunk.file.clone(), chunk.number)),
        }
    }
    let mut last_place = String::new();
    for (text, file, number) in &merged {
        let mut reader = Reader { text, at: 0, extended, sandbox, outputs: std::mem::take(&mut outputs) };
        quiet |= commands.is_empty() && (text.starts_with(b"#n\n") || *text == "#n");
        let place = |at: usize| match file {
            Some(file) => {
                format!("file {file} line {}", text[..at.min(text.len())].iter().filter(|&&b| b == b'\n').count() + 1)
            }
            None => format!("-e expression #{number}, char {at}"),
        };
        loop {
            match reader.command(&mut commands, &mut blocks, &mut labels, &mut jumps) {
                Ok(true) => {}
                Ok(false) => break,
                Err(what) => return Err(format!("{}: {what}", place(reader.at))),
            }
        }
        last_place = place(0);
        outputs = reader.outputs;
    }
    if !blocks.is_empty() {
        return Err(format!("{last_place}: unmatched `{{'"));
    }
    for (at, label) in jumps {
        let target = if label.is_empty() {
            commands.len()
        } else {
            match labels.iter().find(|(name, _)| *name == label) {
                Some((_, target)) => *target,
                None => return Err(format!("can't find label for jump to `{label}'")),
            }
        };
        if let Action::Branch(to) | Action::BranchIf(to) | Action::BranchIfNot(to) = &mut commands[at].action {
            *to = target;
        }
    }
    Ok(Script { commands, quiet, outputs })
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }
    fn next(&mut self) -> Option<u8> {
        let b = self.peek()?;
        self.at += 1;
        Some(b)
    }
    fn blanks(&mut self) {
        while self.peek().is_some_and(|b| b == b' ' || b == b'\t') {
            self.at += 1;
        }
    }
    fn number(&mut self) -> u64 {
        let mut n = 0u64;
        while let Some(d) = self.peek().filter(u8::is_ascii_digit) {
            n = n.saturating_mul(10).saturating_add(u64::from(d - b'0'));
            self.at += 1;
        }
        n
    }

    /// One command; `false` at the end.
    fn command(
        &mut self,
        commands: &mut Vec<Command>,
        blocks: &mut Vec<usize>,
        labels: &mut Vec<(BString, usize)>,
        jumps: &mut Vec<(usize, BString)>,
    ) -> Result<bool, String> {
        while self.peek().is_some_and(|b| b.is_ascii_whitespace() || b == b';') {
            self.at += 1;
        }
        if self.peek().is_none() {
            return Ok(false);
        }
        let first = self.address()?;
        let mut second = None;
        if first.is_some() {
            self.blanks();
            if self.peek() == Some(b',') {
                self.at += 1;
                self.blanks();
                second = Some(self.end_address()?);
            }
        }
        if matches!(first, Some(Address::Zero)) && !matches!(second, Some(End::Address(Address::Match(_)))) {
            self.at += 1;
            return Err("invalid usage of line address 0".into());
        }
        self.blanks();
        let mut negated = false;
        while self.peek() == Some(b'!') {
            if negated {
                self.at += 1;
                return Err("multiple `!'s".into());
            }
            negated = true;
            self.at += 1;
            self.blanks();
        }
        let Some(letter) = self.next() else { return Err("missing command".into()) };
        let here = commands.len();
        let action = match letter {
            b'#' => {
                if first.is_some() {
                    return Err("comments don't accept any addresses".into());
                }
                while self.next().is_some_and(|b| b != b'\n') {}
                return Ok(true);
            }
            b':' => {
                if first.is_some() {
                    return Err(": doesn't want any addresses".into());
                }
                self.blanks();
                let label = self.label(false);
                if label.is_empty() {
                    return Err("\":\" lacks a label".into());
                }
                labels.push((label, here));
                return Ok(true);
            }
            b'{' => {
                blocks.push(here);
                commands.push(Command { first, second, negated, action: Action::Open(0) });
                return Ok(true);
            }
            b'}' => {
                let Some(open) = blocks.pop() else { return Err("unexpected `}'".into()) };
                if first.is_some() {
                    return Err("} doesn't want any addresses".into());
                }
                commands[open].action = Action::Open(here);
                self.end_of_command()?;
                return Ok(true);
            }
            b'=' => self.simple(Action::Number)?,
            b'a' => Action::Append(self.text_argument()?),
            b'i' => Action::Insert(self.text_argument()?),
            b'c' => Action::Change(self.text_argument()?),
            b'b' | b't' | b'T' => {
                self.blanks();
                let label = self.label(true);
                jumps.push((here, label));
                match letter {
                    b'b' => Action::Branch(0),
                    b't' => Action::BranchIf(0),
                    _ => Action::BranchIfNot(0),
                }
            }
            b'd' => self.simple(Action::Delete)?,
            b'D' => self.simple(Action::DeleteFirst)?,
            b'e' => {
                while self.peek().is_some_and(|b| b != b'\n') {
                    self.at += 1;
                }
                Action::Execute
            }
            b'F' => self.simple(Action::FileName)?,
            b'g' => self.simple(Action::Get)?,
            b'G' => self.simple(Action::GetAppend)?,
            b'h' => self.simple(Action::Hold)?,
            b'H' => self.simple(Action::HoldAppend)?,
            b'l' => {
                self.blanks();
                let n = self.peek().is_some_and(|b| b.is_ascii_digit()).then(|| self.number() as usize);
                self.simple(Action::List(n))?
            }
            b'n' => self.simple(Action::Next)?,
            b'N' => self.simple(Action::NextAppend)?,
            b'p' => self.simple(Action::Print)?,
            b'P' => self.simple(Action::PrintFirst)?,
            b'q' | b'Q' => {
                if second.is_some() {
                    return Err("command only uses one address".into());
                }
                self.blanks();
                let code = self.number() as u8;
                self.simple(if letter == b'q' { Action::Quit(code) } else { Action::QuitSilently(code) })?
            }
            b'r' | b'R' | b'w' | b'W' => {
                if self.sandbox {
                    return Err("e/r/w commands disabled in sandbox mode".into());
                }
                let name = self.file_name()?;
                match letter {
                    b'r' => Action::Read(name),
                    b'R' => Action::ReadLine(name),
                    b'w' => Action::Write(self.output(name)),
                    _ => Action::WriteFirst(self.output(name)),
                }
            }
            b's' => self.substitute()?,
            b'v' => {
                while self.peek().is_some_and(|b| b != b'\n' && b != b';') {
                    self.at += 1;
                }
                return Ok(true);
            }
            b'x' => self.simple(Action::Exchange)?,
            b'y' => self.translate()?,
            b'z' => self.simple(Action::Zap)?,
            b'\n' | b';' => {
                return Err("missing command".into());
            }
            other => return Err(format!("unknown command: `{}'", char::from(other))),
        };
        let action = if matches!(action, Action::Execute) && self.sandbox {
            return Err("e/r/w commands disabled in sandbox mode".into());
        } else {
            action
        };
        commands.push(Command { first, second, negated, action });
        Ok(true)
    }

    fn simple(&mut self, action: Action) -> Result<Action, String> {
        self.end_of_command()?;
        Ok(action)
    }
    fn end_of_command(&mut self) -> Result<(), String> {
        self.blanks();
        match self.peek() {
            None | Some(b'}' | b'#') => Ok(()),
            Some(b'\n' | b';') => {
                self.at += 1;
                Ok(())
            }
            Some(b'\r') if self.text.get(self.at + 1).is_none() => Ok(()),
            Some(_) => {
                self.at += 1;
                Err("extra characters after command".into())
            }
        }
    }

    /// A label, or with `jump` its use, which a closing brace ends too.
    fn label(&mut self, jump: bool) -> BString {
        let from = self.at;
        while self.peek().is_some_and(|b| !b.is_ascii_whitespace() && b != b';' && !(jump && b == b'}')) {
            self.at += 1;
        }
        let label = self.text[from..self.at].into();
        self.blanks();
        label
    }

    fn file_name(&mut self) -> Result<BString, String> {
        self.blanks();
        let from = self.at;
        while self.peek().is_some_and(|b| b != b'\n') {
            self.at += 1;
        }
        if self.at == from {
            return Err("missing filename in r/R/w/W commands".into());
        }
        Ok(self.text[from..self.at].into())
    }
    fn output(&mut self, name: BString) -> usize {
        match self.outputs.iter().position(|o| *o == name) {
            Some(at) => at,
            None => {
                self.outputs.push(name);
                self.outputs.len() - 1
            }
        }
    }

    /// The text of a, i, c: after `\` and a newline, or on the same line.
    fn text_argument(&mut self) -> Result<BString, String> {
        self.blanks();
        match self.peek() {
            None => return Err("expected \\ after `a', `c' or `i'".into()),
            Some(b'\\') => {
                self.at += 1;
                let from = self.at;
                self.blanks();
                match self.peek() {
                    Some(b'\n') => self.at += 1,
                    None => return Err("expected \\ after `a', `c' or `i'".into()),
                    // `a\text`: GNU takes the text from here; a backslash keeps blanks before it.
                    Some(_) => self.at = from,
                }
            }
            Some(_) => {}
        }
        let mut out = BString::default();
        while let Some(b) = self.next() {
            match b {
                b'\\' => out.extend(self.next()),
                b'\n' => break,
                _ => out.push(b),
            }
        }
        out.push(b'\n');
        Ok(out)
    }

    fn address(&mut self) -> Result<Option<Address>, String> {
        Ok(Some(match self.peek() {
            Some(b'0'..=b'9') => {
                let n = self.number();
                self.blanks();
                if self.peek() == Some(b'~') {
                    self.at += 1;
                    self.blanks();
                    Address::Step(n, self.number())
                } else if n == 0 {
                    Address::Zero
                } else {
                    Address::Line(n)
                }
            }
            Some(b'$') => {
                self.at += 1;
                Address::Last
            }
            Some(b'/') => {
                self.at += 1;
                Address::Match(self.address_pattern(b'/')?)
            }
            Some(b'\\') => {
                self.at += 1;
                let Some(delimiter) = self.next() else { return Err("unexpected `,'".into()) };
                Address::Match(self.address_pattern(delimiter)?)
            }
            Some(b'+' | b'~') => {
                self.at += 2;
                return Err("invalid usage of +N or ~N as first address".into());
            }
            _ => return Ok(None),
        }))
    }

    fn end_address(&mut self) -> Result<End, String> {
        match self.peek() {
            Some(mark @ (b'+' | b'~')) => {
                self.at += 1;
                if !self.peek().is_some_and(|b| b.is_ascii_digit()) {
                    self.at += 1;
                    return Err("expected number".into());
                }
                let n = self.number();
                Ok(if mark == b'+' { End::Plus(n) } else { End::Multiple(n) })
            }
            _ => match self.address()? {
                Some(address) => Ok(End::Address(address)),
                None => {
                    self.at += 1;
                    Err("unexpected `,'".into())
                }
            },
        }
    }

    fn address_pattern(&mut self, delimiter: u8) -> Result<Pattern, String> {
        let Some(text) = self.delimited(delimiter, true) else { return Err("unterminated address regex".into()) };
        let mut flags = Flags::default();
        loop {
            match self.peek() {
                Some(b'I') => flags.icase = true,
                Some(b'M') => flags.multiline = true,
                _ => break,
            }
            self.at += 1;
        }
        self.pattern(&text, flags)
    }

    fn pattern(&self, text: &[u8], flags: Flags) -> Result<Pattern, String> {
        if text.is_empty() {
            return Ok(Pattern::Last);
        }
        let syntax = if self.extended { Syntax::Extended } else { Syntax::Basic };
        Ok(Pattern::Own(Box::new(Regex::new(text, syntax, flags)?)))
    }

    /// Text up to the delimiter. `\n` becomes a newline, an escaped delimiter itself.
    fn delimited(&mut self, delimiter: u8, regex: bool) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        loop {
            match self.next()? {
                b if b == delimiter => return Some(out),
                b'[' if regex => {
                    out.push(b'[');
                    self.bracket(&mut out)?;
                }
                b'\\' => match self.next()? {
                    b if b == delimiter && delimiter != b'\\' => {
                        // A special character taken for delimiter is literal when escaped.
                        if regex && br".*[]^$+?(){}|".contains(&b) && b != delimiter {
                            out.push(b'\\');
                        }
                        out.push(b);
                    }
                    b'n' if regex => out.push(b'\n'),
                    b't' => out.push(b'\t'),
                    b'f' => out.push(12),
                    b'v' => out.push(11),
                    b'a' => out.push(7),
                    b'r' => out.push(b'\r'),
                    kind @ (b'x' | b'd' | b'o') => self.coded(kind, regex, &mut out),
                    b => out.extend([b'\\', b]),
                },
                b => out.push(b),
            }
        }
    }

    /// The rest of a bracket expression, in which a delimiter is like any other character.
    fn bracket(&mut self, out: &mut Vec<u8>) -> Option<()> {
        if self.peek() == Some(b'^') {
            out.extend(self.next());
        }
        if self.peek() == Some(b']') {
            out.extend(self.next());
        }
        loop {
            let b = self.next()?;
            match (b, self.peek()) {
                (b']', _) => {
                    out.push(b);
                    return Some(());
                }
                (b'[', Some(mark @ (b':' | b'.' | b'='))) => {
                    out.extend([b, mark]);
                    self.at += 1;
                    while !(out.len() > 2 && out.ends_with(&[mark, b']'])) {
                        out.push(self.next()?);
                    }
                }
                (b'\\', Some(b'n')) => {
                    self.at += 1;
                    out.push(b'\n');
                }
                (b'\\', Some(b't')) => {
                    self.at += 1;
                    out.push(b'\t');
                }
                _ => out.push(b),
            }
        }
    }

    /// `\xHH`, `\dNNN`, `\oNNN`; what is special as a character stays literal.
    fn coded(&mut self, kind: u8, regex: bool, out: &mut Vec<u8>) {
        let (radix, most) = match kind {
            b'x' => (16, 2),
            b'd' => (10, 3),
            _ => (8, 3),
        };
        let mut value = 0;
        let mut digits = 0;
        while digits < most
            && let Some(d) = self.peek().and_then(|b| char::from(b).to_digit(radix))
        {
            value = value * radix + d;
            digits += 1;
            self.at += 1;
        }
        if digits == 0 {
            out.extend([b'\\', kind]);
            return;
        }
        let b = value as u8;
        if regex && br".*[]^$\/+?(){}|".contains(&b) || !regex && (b == b'&' || b == b'\\') {
            out.push(b'\\');
        }
        out.push(b);
    }

    fn substitute(&mut self) -> Result<Action, String> {
        let unterminated = || "unterminated `s' command".to_string();
        let delimiter = self.next().ok_or_else(unterminated)?;
        if delimiter == b'\n' || delimiter == b'\\' {
            return Err(unterminated());
        }
        let regex = self.delimited(delimiter, true).ok_or_else(unterminated)?;
        let text = self.delimited(delimiter, false).ok_or_else(unterminated)?;
        let mut s = Substitution {
            pattern: Pattern::Last,
            parts: Vec::new(),
            global: false,
            print: 0,
            number: 1,
            output: None,
            evaluate: false,
        };
        let mut flags = Flags::default();
        let mut numbered = false;
        loop {
            match self.peek() {
                Some(b'g') if s.global => {
                    self.at += 1;
                    return Err("multiple `g' options to `s' command".into());
                }
                Some(b'g') => s.global = true,
                Some(b'p') if s.print > 0 => {
                    self.at += 1;
                    return Err("multiple `p' options to `s' command".into());
                }
                Some(b'p') => s.print = if s.evaluate { 2 } else { 1 },
                Some(b'i' | b'I') => flags.icase = true,
                Some(b'm' | b'M') => flags.multiline = true,
                Some(b'e') => s.evaluate = true,
                Some(b'0'..=b'9') => {
                    if numbered {
                        self.at += 1;
                        return Err("multiple number options to `s' command".into());
                    }
                    numbered = true;
                    s.number = self.number();
                    if s.number == 0 {
                        return Err("number option to `s' command may not be zero".into());
                    }
                    continue;
                }
                Some(b'w') => {
                    self.at += 1;
                    if self.sandbox {
                        return Err("e/r/w commands disabled in sandbox mode".into());
                    }
                    let name = self.file_name()?;
                    s.output = Some(self.output(name));
                    break;
                }
                Some(b'}' | b'#') | None => break,
                Some(b'\n' | b';') => {
                    self.at += 1;
                    break;
                }
                Some(b' ' | b'\t' | b'\r') => {}
                Some(_) => {
                    self.at += 1;
                    return Err("unknown option to `s'".into());
                }
            }
            self.at += 1;
        }
        s.pattern = self.pattern(&regex, flags)?;
        s.parts = replacement(&text);
        let most =
            s.parts.iter().filter_map(|p| if let Part::Group(n) = p { Some(*n) } else { None }).max().unwrap_or(0);
        if let Pattern::Own(regex) = &s.pattern
            && most > regex.group_count()
        {
            return Err(format!("invalid reference \\{most} on `s' command's RHS"));
        }
        Ok(Action::Substitute(Box::new(s)))
    }

    fn translate(&mut self) -> Result<Action, String> {
        let unterminated = || "unterminated `y' command".to_string();
        let delimiter = self.next().ok_or_else(unterminated)?;
        let mut sides = Vec::new();
        for _ in 0..2 {
            let text = self.delimited(delimiter, true).ok_or_else(unterminated)?;
            let text = text.to_str_lossy().into_owned();
            let mut chars = Vec::new();
            let mut rest = text.chars();
            while let Some(ch) = rest.next() {
                chars.push(match ch {
                    '\\' => match rest.next() {
                        Some('\\') | None => '\\',
                        Some('n') => '\n',
                        Some(_) => return Err("unknown command: `y'".into()),
                    },
                    ch => ch,
                });
            }
            sides.push(chars);
        }
        if sides[0].len() != sides[1].len() {
            return Err("strings for `y' command are different lengths".into());
        }
        let pairs = sides[0].iter().copied().zip(sides[1].iter().copied()).collect();
        self.simple(Action::Translate(pairs))
    }
}
