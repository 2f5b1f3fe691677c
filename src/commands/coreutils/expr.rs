use bstr::{BString, ByteSlice};

use crate::base::quote::quote;
use crate::base::regex::{Flags, Regex, Syntax};
use crate::commands::support::usage;
use crate::program::{Args, Command, Ctx, Example, Outcome, Syntax as Words};

pub const COMMAND: Command = Command {
    name: "expr",
    summary: "Print the value of EXPRESSION to standard output.",
    usage: &["EXPRESSION", "OPTION"],
    syntax: Words::Raw,
    usage_status: 2,
    examples: &[Example { run: "expr 6 '*' 7", prints: "42\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

/// How deep parentheses may nest.
const DEPTH: usize = 200;

async fn main(c: Ctx, a: Args) -> Outcome {
    let words = a.operands();
    if words.len() == 1 && (words[0] == "--help" || words[0] == "--version") {
        let text = if words[0] == "--help" { COMMAND.help("expr") } else { COMMAND.version() };
        return c.out(text).await.map(|()| 0);
    }
    let words = if words.first().is_some_and(|w| w == "--") { &words[1..] } else { words };
    if words.is_empty() {
        return usage(&c, 2, "missing operand").await;
    }
    let mut p = Parser { words, at: 0, depth: 0 };
    let value = p.or(true).and_then(|value| match p.words.get(p.at) {
        None => Ok(value),
        Some(extra) => Err((2, format!("syntax error: unexpected argument {}", quote(extra)))),
    });
    match value {
        Ok(value) => {
            c.out([&value[..], b"\n"].concat()).await?;
            Ok(u8::from(is_null(&value)))
        }
        Err((status, text)) => {
            c.complain(text).await?;
            Ok(status)
        }
    }
}

type Value = Result<BString, (u8, String)>;

struct Parser<'w> {
    words: &'w [BString],
    at: usize,
    depth: usize,
}

fn number(text: &BString) -> Option<i128> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let whole = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    whole.then(|| text.to_str().ok()?.parse().ok()).flatten()
}

fn is_null(value: &BString) -> bool {
    let digits = value.strip_prefix(b"-").unwrap_or(value);
    value.is_empty() || !digits.is_empty() && digits.iter().all(|b| *b == b'0')
}

impl Parser<'_> {
    fn take(&mut self, words: &[&str]) -> Option<String> {
        let word = self.words.get(self.at)?;
        let found = words.iter().find(|w| word == **w)?;
        self.at += 1;
        Some((*found).into())
    }
    /// `live`: does the value count? What a short cut skips must still be read.
    fn or(&mut self, live: bool) -> Value {
        let mut left = self.and(live)?;
        while self.take(&["|"]).is_some() {
            let right = self.and(live && is_null(&left))?;
            if is_null(&left) {
                left = if is_null(&right) { "0".into() } else { right };
            }
        }
        Ok(left)
    }
    fn and(&mut self, live: bool) -> Value {
        let mut left = self.compare(live)?;
        while self.take(&["&"]).is_some() {
            let right = self.compare(live && !is_null(&left))?;
            if is_null(&left) || is_null(&right) {
                left = "0".into();
            }
        }
        Ok(left)
    }
    fn compare(&mut self, live: bool) -> Value {
        let mut left = self.sum(live)?;
        while let Some(op) = self.take(&["<", "<=", "=", "==", "!=", ">=", ">"]) {
            let right = self.sum(live)?;
            let order = match (number(&left), number(&right)) {
                (Some(x), Some(y)) => x.cmp(&y),
                _ => left.cmp(&right),
            };
            let holds = match &*op {
                "<" => order.is_lt(),
                "<=" => order.is_le(),
                "=" | "==" => order.is_eq(),
                "!=" => order.is_ne(),
                ">=" => order.is_ge(),
                _ => order.is_gt(),
            };
            left = if holds { "1".into() } else { "0".into() };
        }
        Ok(left)
    }
    fn sum(&mut self, live: bool) -> Value {
        let mut left = self.product(live)?;
        while let Some(op) = self.take(&["+", "-"]) {
            let right = self.product(live)?;
            left = self.arithmetic(&left, &op, &right, live)?;
        }
        Ok(left)
    }
    fn product(&mut self, live: bool) -> Value {
        let mut left = self.matching(live)?;
        while let Some(op) = self.take(&["*", "/", "%"]) {
            let right = self.matching(live)?;
            left = self.arithmetic(&left, &op, &right, live)?;
        }
        Ok(left)
    }
    fn arithmetic(&self, x: &BString, op: &str, y: &BString, live: bool) -> Value {
        if !live {
            return Ok("0".into());
        }
        let (Some(x), Some(y)) = (number(x), number(y)) else { return Err((2, "non-integer argument".into())) };
        if y == 0 && (op == "/" || op == "%") {
            return Err((2, "division by zero".into()));
        }
        let value = match op {
            "+" => x.checked_add(y),
            "-" => x.checked_sub(y),
            "*" => x.checked_mul(y),
            "/" => x.checked_div(y),
            _ => x.checked_rem(y),
        };
        value.map(|v| v.to_string().into()).ok_or((2, "Numerical result out of range".into()))
    }
    fn matching(&mut self, live: bool) -> Value {
        let mut left = self.word(live)?;
        while self.take(&[":"]).is_some() {
            let right = self.word(live)?;
            if live {
                left = matched(&left, &right)?;
            }
        }
        Ok(left)
    }
    fn operand(&mut self, live: bool) -> Value {
        if self.at >= self.words.len() {
            return Err(self.missing());
        }
        self.word(live)
    }
    fn missing(&self) -> (u8, String) {
        let last = self.words.last().cloned().unwrap_or_default();
        (2, format!("syntax error: missing argument after {}", quote(last)))
    }
    fn word(&mut self, live: bool) -> Value {
        let Some(word) = self.words.get(self.at).cloned() else { return Err(self.missing()) };
        self.at += 1;
        match &word[..] {
            b"(" => {
                self.depth += 1;
                if self.depth > DEPTH {
                    return Err((3, "memory exhausted".into()));
                }
                let value = self.or(live)?;
                self.depth -= 1;
                if self.take(&[")"]).is_none() {
                    return Err(match self.words.get(self.at) {
                        None => {
                            let last = self.words.last().cloned().unwrap_or_default();
                            (2, format!("syntax error: expecting ')' after {}", quote(last)))
                        }
                        Some(other) => (2, format!("syntax error: expecting ')' instead of {}", quote(other))),
                    });
                }
                Ok(value)
            }
            b")" => Err((2, "syntax error: unexpected ')'".into())),
            b"+" => {
                let value = self.words.get(self.at).cloned().ok_or_else(|| self.missing())?;
                self.at += 1;
                Ok(value)
            }
            b"length" if self.at < self.words.len() => {
                let text = self.operand(live)?;
                Ok(text.chars().count().to_string().into())
            }
            b"match" if self.at + 1 < self.words.len() => {
                let (text, pattern) = (self.operand(live)?, self.operand(live)?);
                if live { matched(&text, &pattern) } else { Ok(text) }
            }
            b"index" if self.at + 1 < self.words.len() => {
                let (text, set) = (self.operand(live)?, self.operand(live)?);
                let at = text.chars().position(|c| set.chars().any(|s| s == c)).map_or(0, |n| n + 1);
                Ok(at.to_string().into())
            }
            b"substr" if self.at + 2 < self.words.len() => {
                let (text, from, length) = (self.operand(live)?, self.operand(live)?, self.operand(live)?);
                let (Some(from @ 1..), Some(length @ 1..)) = (number(&from), number(&length)) else {
                    return Ok(BString::default());
                };
                let skip = usize::try_from(from - 1).unwrap_or(usize::MAX);
                let take = usize::try_from(length).unwrap_or(usize::MAX);
                let mut out = BString::default();
                for (a, b, _) in text.char_indices().skip(skip).take(take) {
                    out.extend_from_slice(&text[a..b]);
                }
                Ok(out)
            }
            _ => Ok(word),
        }
    }
}

/// STRING : REGEXP, anchored at the start: the first group, or how many characters matched.
fn matched(text: &BString, pattern: &BString) -> Value {
    let anchored = [b"^\\(", &pattern[..], b"\\)"].concat();
    let own = Regex::new(pattern, Syntax::Basic, Flags::default()).map_err(|e| (2, e))?;
    // References in the pattern count its own groups: then it is not wrapped.
    let refers = pattern.windows(2).any(|w| w[0] == b'\\' && w[1].is_ascii_digit());
    let (regex, first) = if refers {
        (Regex::new(&[b"^", &pattern[..]].concat(), Syntax::Basic, Flags::default()).map_err(|e| (2, e))?, 1)
    } else {
        (Regex::new(&anchored, Syntax::Basic, Flags::default()).map_err(|e| (2, e))?, 2)
    };
    let groups = regex.captures_at(text, 0);
    if own.group_count() > 0 {
        let group = groups.and_then(|g| g.get(first).copied().flatten());
        return Ok(group.map_or(BString::default(), |(a, b)| text[a..b].into()));
    }
    let count = groups.and_then(|g| g[0]).map_or(0, |(a, b)| text[a..b].chars().count());
    Ok(count.to_string().into())
}
