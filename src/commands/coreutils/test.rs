//! test and `[`, the programs: what `find -exec test` and `xargs` start. The shell has its own.

use bstr::{BStr, BString, ByteSlice};

use crate::base::quote::quote;
use crate::program::{Args, Command, Ctx, Example, Outcome, Syntax};
use crate::world::fs::Kind;
use crate::world::sys::Stat;

pub const TEST: Command = Command {
    name: "test",
    summary: "Exit with the status determined by EXPRESSION.",
    usage: &["EXPRESSION", ""],
    syntax: Syntax::Raw,
    examples: &[Example { run: "test 2 -gt 1 && echo yes", prints: "yes\n" }],
    main: |c, a| Box::pin(main(c, a, false)),
    ..Command::BASE
};

pub const BRACKET: Command = Command {
    name: "[",
    usage: &["EXPRESSION ]", "]"],
    examples: &[Example { run: "[ -d / ] && echo yes", prints: "yes\n" }],
    main: |c, a| Box::pin(main(c, a, true)),
    ..TEST
};

async fn main(c: Ctx, a: Args, bracket: bool) -> Outcome {
    let mut words = a.operands();
    if bracket {
        match words.split_last() {
            Some((last, rest)) if *last == "]" => words = rest,
            _ => {
                c.complain("missing ‘]’").await?;
                return Ok(2);
            }
        }
    }
    let mut p = Parser { c: &c, words, at: 0 };
    let answer = p.all();
    match answer {
        Ok(true) => Ok(0),
        Ok(false) => Ok(1),
        Err(text) => {
            c.complain(text).await?;
            Ok(2)
        }
    }
}

struct Parser<'w> {
    c: &'w Ctx,
    words: &'w [BString],
    at: usize,
}

type Answer = Result<bool, String>;

fn is_binary(word: &[u8]) -> bool {
    ["=", "==", "!=", "<", ">", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef"]
        .iter()
        .any(|op| op.as_bytes() == word)
}

fn is_unary(word: &[u8]) -> bool {
    matches!(word, [b'-', letter] if b"bcdefghkprstuwxzGLNOSn".contains(letter))
}

impl Parser<'_> {
    /// By the number of words, as POSIX has it; longer ones by precedence.
    fn all(&mut self) -> Answer {
        let w = self.words;
        match w {
            [] => Ok(false),
            [one] => Ok(!one.is_empty()),
            [not, one] if *not == "!" => Ok(one.is_empty()),
            [op, operand] if is_unary(op) => self.unary(op, operand),
            [op, _] if op.starts_with(b"-") => Err(format!("{}: unary operator expected", quote(op))),
            [_, _] => Err(format!("missing argument after {}", quote(&w[1]))),
            [x, op, y] if is_binary(op) => self.binary(x, op, y),
            [x, op, y] if *op == "-a" => Ok(!x.is_empty() && !y.is_empty()),
            [x, op, y] if *op == "-o" => Ok(!x.is_empty() || !y.is_empty()),
            [not, x, y] if *not == "!" => Parser { c: self.c, words: &[x.clone(), y.clone()], at: 0 }.all().map(|b| !b),
            [open, x, close] if *open == "(" && *close == ")" => Ok(!x.is_empty()),
            [_, op, _] => Err(format!("{}: binary operator expected", quote(op))),
            _ => {
                let answer = self.or()?;
                match self.words.get(self.at) {
                    None => Ok(answer),
                    Some(extra) => Err(format!("extra argument {}", quote(extra))),
                }
            }
        }
    }
    fn is(&self, word: &str) -> bool {
        self.words.get(self.at).is_some_and(|w| w == word)
    }
    fn or(&mut self) -> Answer {
        let mut answer = self.and()?;
        while self.is("-o") {
            self.at += 1;
            answer |= self.and()?;
        }
        Ok(answer)
    }
    fn and(&mut self) -> Answer {
        let mut answer = self.term()?;
        while self.is("-a") {
            self.at += 1;
            answer &= self.term()?;
        }
        Ok(answer)
    }
    fn term(&mut self) -> Answer {
        let mut negated = false;
        while self.is("!") {
            self.at += 1;
            negated = !negated;
        }
        let Some(word) = self.words.get(self.at).cloned() else {
            return Err(format!("missing argument after {}", quote(&self.words[self.words.len() - 1])));
        };
        let next = self.words.get(self.at + 1);
        let answer = if let (Some(op), Some(y)) = (next, self.words.get(self.at + 2))
            && is_binary(op)
        {
            self.at += 3;
            self.binary(&word, op, y)?
        } else if word == "(" {
            self.at += 1;
            let inner = self.or()?;
            if !self.is(")") {
                return Err("')' expected".into());
            }
            self.at += 1;
            inner
        } else if let (true, Some(operand)) = (is_unary(&word), next) {
            self.at += 2;
            self.unary(&word, operand)?
        } else {
            self.at += 1;
            !word.is_empty()
        };
        Ok(answer != negated)
    }

    fn unary(&self, op: &[u8], operand: &BString) -> Answer {
        let path: &BStr = operand.as_ref();
        let c = self.c;
        let stat = |f: &dyn Fn(&Stat) -> bool| c.sys(|s| s.stat(path)).is_ok_and(|s| f(&s));
        Ok(match op[1] {
            b'n' => !operand.is_empty(),
            b'z' => operand.is_empty(),
            b't' => integer(operand)?.try_into().is_ok_and(|fd: u32| c.is_tty(fd)),
            b'b' => false,
            b'c' => stat(&|s| s.kind == Kind::Char),
            b'd' => stat(&|s| s.kind == Kind::Dir),
            b'e' => stat(&|_| true),
            b'f' => stat(&|s| s.kind == Kind::File),
            b'g' => stat(&|s| s.mode & 0o2000 != 0),
            b'h' | b'L' => c.sys(|s| s.lstat(path)).is_ok_and(|s| s.kind == Kind::Symlink),
            b'k' => stat(&|s| s.mode & 0o1000 != 0),
            b'p' => stat(&|s| s.kind == Kind::Fifo),
            b'S' => stat(&|s| s.kind == Kind::Socket),
            b's' => stat(&|s| s.size > 0),
            b'u' => stat(&|s| s.mode & 0o4000 != 0),
            b'N' => stat(&|s| s.mtime > s.atime),
            b'O' => stat(&|s| s.uid == c.uid()),
            b'G' => stat(&|s| c.process(|p| Some(p.cred.gid)) == Some(s.gid)),
            b'r' => c.sys(|s| s.access(path, 4)).is_ok(),
            b'w' => c.sys(|s| s.access(path, 2)).is_ok(),
            _ => c.sys(|s| s.access(path, 1)).is_ok(),
        })
    }

    fn binary(&self, x: &BString, op: &[u8], y: &BString) -> Answer {
        let stat = |p: &BString| self.c.sys(|s| s.stat(p.as_ref())).ok();
        Ok(match op {
            b"=" | b"==" => x == y,
            b"!=" => x != y,
            b"<" => x < y,
            b">" => x > y,
            b"-nt" => match (stat(x), stat(y)) {
                (Some(x), Some(y)) => x.mtime > y.mtime,
                (x, _) => x.is_some(),
            },
            b"-ot" => match (stat(x), stat(y)) {
                (Some(x), Some(y)) => x.mtime < y.mtime,
                (_, y) => y.is_some(),
            },
            b"-ef" => match (stat(x), stat(y)) {
                (Some(x), Some(y)) => (x.dev, x.ino) == (y.dev, y.ino),
                _ => false,
            },
            _ => {
                let (x, y) = (integer(x)?, integer(y)?);
                match op {
                    b"-eq" => x == y,
                    b"-ne" => x != y,
                    b"-lt" => x < y,
                    b"-le" => x <= y,
                    b"-gt" => x > y,
                    _ => x >= y,
                }
            }
        })
    }
}

fn integer(text: &BString) -> Result<i128, String> {
    let trimmed = text.trim_ascii();
    let digits = trimmed.strip_prefix(b"+").unwrap_or(trimmed);
    digits.to_str().ok().and_then(|t| t.parse().ok()).ok_or_else(|| format!("invalid integer {}", quote(text)))
}
