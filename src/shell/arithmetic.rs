//! Shell arithmetic: 64-bit integers that wrap, C's operators, bash's errors (bash(1), ARITHMETIC EVALUATION).

use bstr::{BString, ByteSlice};

use super::parse::{is_name_byte, is_name_start};

/// What an expression may ask of the shell.
pub trait Names {
    /// The text of a variable or element; `None` if unset.
    fn fetch(&mut self, name: &[u8], index: Option<&Index>) -> Result<Option<BString>, String>;
    fn store(&mut self, name: &[u8], index: Option<&Index>, value: i64) -> Result<(), String>;
    /// Is this an associative array (so that a subscript is text)?
    fn is_associative(&self, name: &[u8]) -> bool;
}

/// A subscript.
#[derive(Clone, Debug)]
pub enum Index {
    Number(i64),
    Text(BString),
}

/// Expressions in variables in expressions (bash: 1024).
const DEPTH: usize = 256;
/// Parentheses and operators waiting.
const NESTING: usize = 300;

/// Evaluates; the error is the whole message after `bash: `.
pub fn evaluate(text: &[u8], names: &mut dyn Names) -> Result<i64, String> {
    nested(text, names, 0)
}

fn nested(text: &[u8], names: &mut dyn Names, depth: usize) -> Result<i64, String> {
    let text = text.trim_ascii_start();
    if depth > DEPTH {
        return Err(format!("{}: expression recursion level exceeded (error token is \"{0}\")", text.as_bstr()));
    }
    if text.iter().all(u8::is_ascii_whitespace) {
        return Ok(0);
    }
    let mut e = Evaluator { text, at: 0, last: 0, names, depth, skip: 0, nesting: 0 };
    let value = e.comma()?;
    e.blanks();
    if e.at < text.len() {
        e.last = e.at;
        let c = text[e.at];
        if is_name_start(c) || c.is_ascii_digit() || c == b'(' || c == b')' || c == b'=' {
            return Err(e.error("syntax error in expression"));
        }
        return Err(e.error("syntax error: invalid arithmetic operator"));
    }
    Ok(value)
}

struct Evaluator<'a> {
    text: &'a [u8],
    at: usize,
    /// Where the last token began: what an error shows.
    last: usize,
    names: &'a mut dyn Names,
    depth: usize,
    /// Over zero: parse, but do nothing.
    skip: usize,
    nesting: usize,
}

/// (operator, precedence); the longest first.
const BINARY: &[(&[u8], u8)] = &[
    (b"<<", 9),
    (b">>", 9),
    (b"<=", 8),
    (b">=", 8),
    (b"==", 7),
    (b"!=", 7),
    (b"&&", 3),
    (b"||", 2),
    (b"**", 12),
    (b"<", 8),
    (b">", 8),
    (b"&", 6),
    (b"^", 5),
    (b"|", 4),
    (b"+", 10),
    (b"-", 10),
    (b"*", 11),
    (b"/", 11),
    (b"%", 11),
];
const ASSIGN: &[&[u8]] = &[b"<<=", b">>=", b"+=", b"-=", b"*=", b"/=", b"%=", b"&=", b"|=", b"^=", b"="];

impl Evaluator<'_> {
    fn error(&self, what: &str) -> String {
        let token = self.text[self.last.min(self.text.len())..].as_bstr();
        format!("{}: {what} (error token is \"{token}\")", self.text.as_bstr())
    }
    fn blanks(&mut self) {
        while self.text.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
    }
    fn looking_at(&self, op: &[u8]) -> bool {
        self.text[self.at..].starts_with(op)
    }
    fn take(&mut self, op: &[u8]) -> bool {
        self.blanks();
        let yes = self.looking_at(op);
        if yes {
            self.last = self.at;
            self.at += op.len();
        }
        yes
    }

    fn comma(&mut self) -> Result<i64, String> {
        let mut value = self.assignment()?;
        while self.take(b",") {
            value = self.assignment()?;
        }
        Ok(value)
    }

    fn assignment(&mut self) -> Result<i64, String> {
        self.nesting += 1;
        if self.nesting > NESTING {
            return Err(self.error("expression recursion level exceeded"));
        }
        let start = (self.at, self.last);
        self.blanks();
        if let Some((name, index)) = self.variable()? {
            self.blanks();
            let op = ASSIGN.iter().find(|op| self.looking_at(op)).copied();
            if let Some(op) = op
                && !(op == b"=" && self.looking_at(b"=="))
            {
                self.last = self.at;
                self.at += op.len();
                let from = self.at;
                let right = self.assignment()?;
                let value = if op == b"=" {
                    right
                } else {
                    let left = self.value_of(&name, index.as_ref())?;
                    self.binary(&op[..op.len() - 1], left, right, from)?
                };
                self.store(&name, index.as_ref(), value)?;
                self.nesting -= 1;
                return Ok(value);
            }
        }
        (self.at, self.last) = start;
        let value = self.conditional();
        self.nesting -= 1;
        let value = value?;
        self.blanks();
        if self.looking_at(b"=") && !self.looking_at(b"==") {
            self.last = self.at;
            return Err(self.error("attempted assignment to non-variable"));
        }
        Ok(value)
    }

    fn conditional(&mut self) -> Result<i64, String> {
        let condition = self.climb(2)?;
        if !self.take(b"?") {
            return Ok(condition);
        }
        self.blanks();
        if self.at >= self.text.len() || self.looking_at(b":") {
            return Err(self.error("expression expected"));
        }
        let yes = self.skipping(condition == 0, Self::comma)?;
        if !self.take(b":") {
            return Err(self.error("`:' expected for conditional expression"));
        }
        self.blanks();
        if self.at >= self.text.len() {
            return Err(self.error("expression expected"));
        }
        let no = self.skipping(condition != 0, Self::assignment)?;
        Ok(if condition != 0 { yes } else { no })
    }

    fn skipping(&mut self, skip: bool, f: fn(&mut Self) -> Result<i64, String>) -> Result<i64, String> {
        self.skip += usize::from(skip);
        let value = f(self);
        self.skip -= usize::from(skip);
        value
    }

    fn climb(&mut self, least: u8) -> Result<i64, String> {
        let mut left = self.unary()?;
        loop {
            self.blanks();
            let Some(&(op, precedence)) = BINARY.iter().find(|(op, _)| self.looking_at(op)) else { return Ok(left) };
            let assigns = self.text.get(self.at + op.len()) == Some(&b'=')
                && !matches!(op, b"<=" | b">=" | b"==" | b"!=" | b"&&" | b"||" | b"**" | b"<" | b">");
            if precedence < least || assigns {
                return Ok(left);
            }
            self.last = self.at;
            self.at += op.len();
            let from = self.at;
            self.nesting += 1;
            if self.nesting > NESTING {
                return Err(self.error("expression recursion level exceeded"));
            }
            let short = op == b"&&" && left == 0 || op == b"||" && left != 0;
            self.skip += usize::from(short);
            // Powers group from the right.
            let right = self.climb(if op == b"**" { precedence } else { precedence + 1 });
            self.skip -= usize::from(short);
            self.nesting -= 1;
            left = self.binary(op, left, right?, from)?;
        }
    }

    fn binary(&mut self, op: &[u8], a: i64, b: i64, from: usize) -> Result<i64, String> {
        Ok(match op {
            b"+" => a.wrapping_add(b),
            b"-" => a.wrapping_sub(b),
            b"*" => a.wrapping_mul(b),
            b"/" | b"%" => {
                if b == 0 {
                    if self.skip > 0 {
                        return Ok(0);
                    }
                    self.last = from;
                    while self.text.get(self.last).is_some_and(u8::is_ascii_whitespace) {
                        self.last += 1;
                    }
                    return Err(self.error("division by 0"));
                }
                if op == b"/" { a.wrapping_div(b) } else { a.wrapping_rem(b) }
            }
            b"**" => {
                if b < 0 {
                    if self.skip > 0 {
                        return Ok(0);
                    }
                    return Err(self.error("exponent less than 0"));
                }
                // By squaring; the exponent may be huge.
                let (mut result, mut base, mut n) = (1i64, a, b);
                while n > 0 {
                    if n & 1 == 1 {
                        result = result.wrapping_mul(base);
                    }
                    base = base.wrapping_mul(base);
                    n >>= 1;
                }
                result
            }
            b"<<" => a.wrapping_shl(b as u32),
            b">>" => a.wrapping_shr(b as u32),
            b"<" => i64::from(a < b),
            b">" => i64::from(a > b),
            b"<=" => i64::from(a <= b),
            b">=" => i64::from(a >= b),
            b"==" => i64::from(a == b),
            b"!=" => i64::from(a != b),
            b"&" => a & b,
            b"^" => a ^ b,
            b"|" => a | b,
            b"&&" => i64::from(a != 0 && b != 0),
            _ => i64::from(a != 0 || b != 0),
        })
    }

    fn unary(&mut self) -> Result<i64, String> {
        self.blanks();
        self.nesting += 1;
        if self.nesting > NESTING {
            return Err(self.error("expression recursion level exceeded"));
        }
        let value = self.unary_inner();
        self.nesting -= 1;
        value
    }

    fn unary_inner(&mut self) -> Result<i64, String> {
        let Some(&c) = self.text.get(self.at) else { return Err(self.error("syntax error: operand expected")) };
        let double = self.looking_at(b"++") || self.looking_at(b"--");
        if double {
            let save = (self.at, self.last);
            self.last = self.at;
            self.at += 2;
            self.blanks();
            if let Some((name, index)) = self.variable()? {
                let value = self.value_of(&name, index.as_ref())?;
                let value = if c == b'+' { value.wrapping_add(1) } else { value.wrapping_sub(1) };
                self.store(&name, index.as_ref(), value)?;
                return Ok(value);
            }
            (self.at, self.last) = save;
        }
        match c {
            b'!' | b'~' | b'-' | b'+' => {
                self.last = self.at;
                self.at += 1;
                let value = self.unary()?;
                Ok(match c {
                    b'!' => i64::from(value == 0),
                    b'~' => !value,
                    b'-' => value.wrapping_neg(),
                    _ => value,
                })
            }
            b'(' => {
                self.last = self.at;
                self.at += 1;
                let value = self.comma()?;
                if !self.take(b")") {
                    self.blanks();
                    return Err(self.error("missing `)'"));
                }
                Ok(value)
            }
            b'0'..=b'9' => self.number(),
            _ if is_name_start(c) => {
                let Some((name, index)) = self.variable()? else {
                    return Err(self.error("syntax error: operand expected"));
                };
                let value = self.value_of(&name, index.as_ref())?;
                self.blanks();
                let step = if self.looking_at(b"++") {
                    1
                } else if self.looking_at(b"--") {
                    -1
                } else {
                    return Ok(value);
                };
                self.at += 2;
                self.store(&name, index.as_ref(), value.wrapping_add(step))?;
                Ok(value)
            }
            _ => {
                self.last = self.at;
                Err(self.error("syntax error: operand expected"))
            }
        }
    }

    /// `10`, `0x1f`, `017`, `2#101`
    fn number(&mut self) -> Result<i64, String> {
        self.last = self.at;
        let rest = &self.text[self.at..];
        let n = rest.iter().take_while(|&&b| is_name_byte(b) || matches!(b, b'#' | b'@')).count();
        let token = &rest[..n];
        self.at += n;
        let (base, digits) = if let Some((base, digits)) = token.split_once_str("#") {
            let base = base.to_str().ok().and_then(|b| b.parse::<i64>().ok()).unwrap_or(0);
            if !(2..=64).contains(&base) {
                return Err(self.error("invalid arithmetic base"));
            }
            if digits.is_empty() {
                return Err(self.error("invalid integer constant"));
            }
            (base, digits)
        } else if let Some(digits) = token.strip_prefix(b"0x").or_else(|| token.strip_prefix(b"0X")) {
            (16, digits)
        } else if token.len() > 1 && token[0] == b'0' {
            (8, &token[1..])
        } else {
            (10, token)
        };
        let mut value = 0i64;
        for &b in digits {
            let digit = match b {
                b'0'..=b'9' => b - b'0',
                b'a'..=b'z' => b - b'a' + 10,
                b'A'..=b'Z' if base <= 36 => b - b'A' + 10,
                b'A'..=b'Z' => b - b'A' + 36,
                b'@' => 62,
                b'_' => 63,
                _ => 64,
            };
            if i64::from(digit) >= base {
                return Err(self.error("value too great for base"));
            }
            value = value.wrapping_mul(base).wrapping_add(i64::from(digit));
        }
        Ok(value)
    }

    /// A name with its subscript.
    fn variable(&mut self) -> Result<Option<(BString, Option<Index>)>, String> {
        let n = super::parse::name_len(&self.text[self.at..]);
        if n == 0 {
            return Ok(None);
        }
        self.last = self.at;
        let name: BString = self.text[self.at..self.at + n].into();
        self.at += n;
        if !self.looking_at(b"[") {
            return Ok(Some((name, None)));
        }
        let mut open = 0usize;
        let close = self.text[self.at..].iter().position(|&b| {
            match b {
                b'[' => open += 1,
                b']' => open -= 1,
                _ => {}
            }
            open == 0
        });
        let Some(close) = close else { return Err(self.error("bad array subscript")) };
        let inner = BString::from(&self.text[self.at + 1..self.at + close]);
        self.at += close + 1;
        let index = if self.names.is_associative(&name) {
            Index::Text(inner)
        } else if self.skip > 0 {
            Index::Number(0)
        } else {
            Index::Number(nested(&inner, self.names, self.depth + 1)?)
        };
        Ok(Some((name, Some(index))))
    }

    fn value_of(&mut self, name: &[u8], index: Option<&Index>) -> Result<i64, String> {
        if self.skip > 0 {
            return Ok(0);
        }
        let Some(text) = self.names.fetch(name, index)? else { return Ok(0) };
        // The common case needs no evaluator.
        if let Ok(plain) = text.to_str()
            && !plain.starts_with('0')
            && let Ok(value) = plain.parse::<i64>()
        {
            return Ok(value);
        }
        nested(&text, self.names, self.depth + 1)
    }
    fn store(&mut self, name: &[u8], index: Option<&Index>, value: i64) -> Result<(), String> {
        if self.skip > 0 { Ok(()) } else { self.names.store(name, index, value) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[derive(Default)]
    struct Map(BTreeMap<Vec<u8>, BString>);
    impl Names for Map {
        fn fetch(&mut self, name: &[u8], _: Option<&Index>) -> Result<Option<BString>, String> {
            Ok(self.0.get(name).cloned())
        }
        fn store(&mut self, name: &[u8], _: Option<&Index>, value: i64) -> Result<(), String> {
            self.0.insert(name.to_vec(), value.to_string().into());
            Ok(())
        }
        fn is_associative(&self, _: &[u8]) -> bool {
            false
        }
    }

    #[test]
    fn values_and_errors() {
        let mut names = Map::default();
        names.0.insert(b"x".to_vec(), "5".into());
        names.0.insert(b"e".to_vec(), "x+1".into());
        for (text, expected) in [
            ("1+2*3", "7"),
            ("2**3**2", "512"),
            ("-2**2", "4"),
            ("1<<63", "-9223372036854775808"),
            ("9223372036854775807+1", "-9223372036854775808"),
            ("x++ + x", "11"),
            ("--x", "5"),
            ("e*2", "12"),
            ("y = x > 3 ? 10 : 20, y", "10"),
            ("0 && (x = 9), x", "5"),
            ("16#fF + 0x10 + 010 + 2#11", "282"),
            ("7 % -3", "1"),
            ("!5 + ~0", "-1"),
            ("x += 2", "7"),
            ("1/0", "1/0: division by 0 (error token is \"0\")"),
            ("1+", "1+: syntax error: operand expected (error token is \"+\")"),
            ("08", "08: value too great for base (error token is \"08\")"),
            ("1 2", "1 2: syntax error in expression (error token is \"2\")"),
            ("1.5", "1.5: syntax error: invalid arithmetic operator (error token is \".5\")"),
            ("2=3", "2=3: attempted assignment to non-variable (error token is \"=3\")"),
            ("(1", "(1: missing `)' (error token is \"1\")"),
        ] {
            let got = evaluate(text.as_bytes(), &mut names).map_or_else(|e| e, |v| v.to_string());
            assert_eq!(got, expected, "{text}");
        }
    }
}
