//! `test`, `[` and `let`.

use bstr::{BString, ByteSlice};

use crate::shell::expand::Later;
use crate::shell::run::condition::compare;
use crate::shell::run::{Flow, Ran, Shell};

pub(super) async fn bracket(shell: &mut Shell, words: &[BString]) -> Ran {
    match words.split_last() {
        Some((last, rest)) if last == "]" && !rest.is_empty() => ask(shell, "[", &rest[1..]).await,
        _ => {
            shell.complain("[: missing `]'").await?;
            Ok(2)
        }
    }
}
pub(super) async fn test(shell: &mut Shell, words: &[BString]) -> Ran {
    ask(shell, "test", &words[1..]).await
}

async fn ask(shell: &mut Shell, who: &str, words: &[BString]) -> Ran {
    let mut t = Test { words, at: 0 };
    match t.whole(shell).await? {
        Ok(yes) => Ok(u8::from(!yes)),
        Err(message) => {
            shell.complain(format_args!("{who}: {message}")).await?;
            Ok(2)
        }
    }
}

struct Test<'a> {
    words: &'a [BString],
    at: usize,
}

type Answer = Result<bool, String>;

const UNARY: &[u8] = b"abcdefghknoprstuvwxzGLNOSR";

fn is_unary(word: &[u8]) -> bool {
    matches!(word, [b'-', letter] if UNARY.contains(letter))
}
fn is_binary(word: &[u8]) -> bool {
    const OPS: &[&[u8]] =
        &[b"=", b"==", b"!=", b"<", b">", b"-eq", b"-ne", b"-lt", b"-le", b"-gt", b"-ge", b"-nt", b"-ot", b"-ef"];
    OPS.contains(&word)
}

impl Test<'_> {
    /// POSIX decides by the number of words; only more than four are parsed.
    async fn whole(&mut self, shell: &mut Shell) -> Result<Answer, Flow> {
        let w = self.words;
        match w.len() {
            0 => Ok(Ok(false)),
            1 => Ok(Ok(!w[0].is_empty())),
            2 => self.two(shell, 0).await,
            3 => self.three(shell, 0).await,
            4 if w[0] == "!" => Ok(self.three(shell, 1).await?.map(|yes| !yes)),
            4 if w[0] == "(" && w[3] == ")" => self.two(shell, 1).await,
            _ => {
                let answer = self.or(shell).await?;
                if answer.is_ok() && self.at < w.len() {
                    return Ok(Err("too many arguments".into()));
                }
                Ok(answer)
            }
        }
    }

    async fn two(&mut self, shell: &mut Shell, at: usize) -> Result<Answer, Flow> {
        let w = &self.words[at..];
        if w[0] == "!" {
            return Ok(Ok(w[1].is_empty()));
        }
        if is_unary(&w[0]) {
            return unary(shell, &w[0], &w[1]).await;
        }
        Ok(Err(format!("{}: unary operator expected", w[0])))
    }

    async fn three(&mut self, shell: &mut Shell, at: usize) -> Result<Answer, Flow> {
        let w = &self.words[at..];
        if is_binary(&w[1]) {
            return Ok(binary(shell, &w[0], &w[1], &w[2]));
        }
        match w[1].as_slice() {
            b"-a" => return Ok(Ok(!w[0].is_empty() && !w[2].is_empty())),
            b"-o" => return Ok(Ok(!w[0].is_empty() || !w[2].is_empty())),
            _ => {}
        }
        if w[0] == "!" {
            return Ok(self.two(shell, at + 1).await?.map(|yes| !yes));
        }
        if w[0] == "(" && w[2] == ")" {
            return Ok(Ok(!w[1].is_empty()));
        }
        Ok(Err(format!("{}: binary operator expected", w[1])))
    }

    fn or<'b>(&'b mut self, shell: &'b mut Shell) -> Later<'b, Answer> {
        Box::pin(async move {
            let mut left = match self.and(shell).await? {
                Ok(yes) => yes,
                Err(e) => return Ok(Err(e)),
            };
            while self.words.get(self.at).is_some_and(|w| w == "-o") {
                self.at += 1;
                match self.and(shell).await? {
                    Ok(right) => left |= right,
                    Err(e) => return Ok(Err(e)),
                }
            }
            Ok(Ok(left))
        })
    }
    async fn and(&mut self, shell: &mut Shell) -> Result<Answer, Flow> {
        let mut left = match self.not(shell).await? {
            Ok(yes) => yes,
            Err(e) => return Ok(Err(e)),
        };
        while self.words.get(self.at).is_some_and(|w| w == "-a") {
            self.at += 1;
            match self.not(shell).await? {
                Ok(right) => left &= right,
                Err(e) => return Ok(Err(e)),
            }
        }
        Ok(Ok(left))
    }
    async fn not(&mut self, shell: &mut Shell) -> Result<Answer, Flow> {
        let mut negated = false;
        while self.words.get(self.at).is_some_and(|w| w == "!") {
            self.at += 1;
            negated = !negated;
        }
        Ok(self.primary(shell).await?.map(|yes| yes != negated))
    }
    async fn primary(&mut self, shell: &mut Shell) -> Result<Answer, Flow> {
        let Some(word) = self.words.get(self.at).cloned() else { return Ok(Err("argument expected".into())) };
        if self.words.get(self.at + 1).is_some_and(|op| is_binary(op))
            && let Some(right) = self.words.get(self.at + 2)
        {
            let answer = binary(shell, &word, &self.words[self.at + 1], right);
            self.at += 3;
            return Ok(answer);
        }
        if word == "(" {
            self.at += 1;
            let inner = self.or(shell).await?;
            if self.words.get(self.at).is_none_or(|w| w != ")") {
                return Ok(Err("`)' expected".into()));
            }
            self.at += 1;
            return Ok(inner);
        }
        if is_unary(&word)
            && let Some(operand) = self.words.get(self.at + 1).cloned()
        {
            self.at += 2;
            return unary(shell, &word, &operand).await;
        }
        self.at += 1;
        Ok(Ok(!word.is_empty()))
    }
}

async fn unary(shell: &mut Shell, op: &[u8], operand: &BString) -> Result<Answer, Flow> {
    if op == b"-t" && integer(operand).is_err() {
        return Ok(Err(format!("{operand}: integer expression expected")));
    }
    shell.unary_test(op[1], operand).await.map(Ok)
}

fn integer(text: &BString) -> Result<i64, String> {
    let bad = || format!("{text}: integer expression expected");
    let trimmed = text.to_str().map_err(|_| bad())?.trim();
    trimmed.parse::<i64>().map_err(|_| bad())
}

fn binary(shell: &Shell, a: &BString, op: &BString, b: &BString) -> Answer {
    if let Some(answer) = shell.binary_test(op, a, b) {
        return Ok(answer);
    }
    Ok(compare(op, integer(a)?, integer(b)?))
}

pub(super) async fn let_(shell: &mut Shell, words: &[BString]) -> Ran {
    let words = if words.get(1).is_some_and(|w| w == "--") { &words[1..] } else { words };
    if words.len() < 2 {
        shell.complain("let: expression expected").await?;
        return Ok(1);
    }
    let mut value = 0;
    for word in &words[1..] {
        match crate::shell::arithmetic::evaluate(word, shell) {
            Ok(n) => value = n,
            Err(message) => {
                shell.complain(format_args!("let: {message}")).await?;
                return Ok(1);
            }
        }
    }
    Ok(u8::from(value == 0))
}
