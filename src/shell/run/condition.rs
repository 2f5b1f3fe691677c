//! What `[[ ]]` and `test` ask.

use bstr::{BStr, BString, ByteSlice};

use super::{Flow, Ran, Shell};
use crate::base::regex::{Flags, Regex, Syntax};
use crate::shell::expand::Later;
use crate::shell::parse::ast::Condition;
use crate::shell::pattern::Pattern;
use crate::world::fs::Kind;

impl Shell {
    pub(in crate::shell) async fn run_condition(&mut self, condition: &Condition) -> Ran {
        match self.holds(condition).await {
            Ok(Some(yes)) => Ok(u8::from(!yes)),
            Ok(None) => Ok(2),
            Err(flow) => Err(flow),
        }
    }

    /// `None`: it cannot be asked (a bad pattern or number), which has been reported.
    fn holds<'a>(&'a mut self, condition: &'a Condition) -> Later<'a, Option<bool>> {
        Box::pin(async move {
            match condition {
                Condition::Not(inner) => Ok(self.holds(inner).await?.map(|yes| !yes)),
                Condition::And(a, b) => match self.holds(a).await? {
                    Some(true) => self.holds(b).await,
                    other => Ok(other),
                },
                Condition::Or(a, b) => match self.holds(a).await? {
                    Some(false) => self.holds(b).await,
                    other => Ok(other),
                },
                Condition::Word(word) => {
                    let text = self.expand_single(word).await?;
                    self.trace_condition(&[&text]).await?;
                    Ok(Some(!text.is_empty()))
                }
                Condition::Unary(op, word) => {
                    let text = self.expand_single(word).await?;
                    self.trace_condition(&[op, &text]).await?;
                    let letter = op.get(1).copied().unwrap_or(b'n');
                    self.unary_test(letter, &text).await.map(Some)
                }
                Condition::Binary(op, left, right) => {
                    let a = self.expand_single(left).await?;
                    match op.as_slice() {
                        b"==" | b"=" | b"!=" => {
                            let marked = self.expand_pattern(right).await?;
                            let shown: BString = marked.iter().map(|(b, _)| *b).collect::<Vec<u8>>().into();
                            self.trace_condition(&[&a, op, &shown]).await?;
                            let matches = Pattern::new(&marked, true, self.st.shopt("nocasematch")).matches(&a);
                            Ok(Some(matches == (op != "!=")))
                        }
                        b"=~" => {
                            let marked = self.expand_pattern(right).await?;
                            self.regex_matches(&a, &marked).await
                        }
                        _ => {
                            let b = self.expand_single(right).await?;
                            self.trace_condition(&[&a, op, &b]).await?;
                            if op.starts_with(b"-") && !matches!(op.as_slice(), b"-nt" | b"-ot" | b"-ef") {
                                // Operands are expressions here.
                                let (Some(x), Some(y)) = (self.operand(&a).await?, self.operand(&b).await?) else {
                                    return Ok(Some(false));
                                };
                                return Ok(Some(compare(op, x, y)));
                            }
                            Ok(Some(self.binary_test(op, &a, &b).unwrap_or(false)))
                        }
                    }
                }
            }
        })
    }

    async fn operand(&mut self, text: &[u8]) -> Result<Option<i64>, Flow> {
        match crate::shell::arithmetic::evaluate(text, self) {
            Ok(value) => Ok(Some(value)),
            Err(message) => {
                self.complain(format_args!("[[: {message}")).await?;
                Ok(None)
            }
        }
    }

    async fn trace_condition(&mut self, words: &[&BString]) -> Result<(), Flow> {
        if !self.st.options.xtrace {
            return Ok(());
        }
        let quoted: Vec<BString> = words.iter().map(|w| crate::shell::text::shell_quote(w)).collect();
        let text = format!("[[ {} ]]", bstr::join(" ", quoted).as_bstr());
        self.trace(text.as_bytes()).await
    }

    /// `=~`: quoted text is literal; BASH_REMATCH gets the groups.
    async fn regex_matches(&mut self, text: &[u8], marked: &[(u8, bool)]) -> Result<Option<bool>, Flow> {
        let mut pattern = Vec::new();
        for &(b, quoted) in marked {
            if quoted && b"\\.[]{}()*+?^$|/".contains_str([b]) {
                pattern.push(b'\\');
            }
            pattern.push(b);
        }
        let flags = Flags { icase: self.st.shopt("nocasematch"), ..Flags::default() };
        let Ok(regex) = Regex::new(&pattern, Syntax::Extended, flags) else { return Ok(None) };
        self.ctx.work(text.len() as u64 + 2_000).await?;
        match regex.captures_at(text, 0) {
            Some(groups) => {
                let list = groups.iter().map(|g| g.map_or(BString::default(), |(a, b)| text[a..b].into()));
                self.st.vars.set_array("BASH_REMATCH", list);
                Ok(Some(true))
            }
            None => {
                self.st.vars.set_array("BASH_REMATCH", []);
                Ok(Some(false))
            }
        }
    }

    /// `-f x` and its kin.
    pub(in crate::shell) async fn unary_test(&mut self, letter: u8, text: &BString) -> Result<bool, Flow> {
        let path: &BStr = text.as_ref();
        let stat = || self.ctx.sys(|s| s.stat(path)).ok();
        let kind = |kind: Kind| stat().is_some_and(|s| s.kind == kind);
        let access = |bits: u16| !path.is_empty() && self.ctx.sys(|s| s.access(path, bits)).is_ok();
        Ok(match letter {
            b'a' | b'e' => stat().is_some(),
            b'b' => false,
            b'c' => kind(Kind::Char),
            b'd' => kind(Kind::Dir),
            b'f' => kind(Kind::File),
            b'g' => stat().is_some_and(|s| s.mode & 0o2000 != 0),
            b'h' | b'L' => self.ctx.sys(|s| s.lstat(path)).is_ok_and(|s| s.kind == Kind::Symlink),
            b'k' => stat().is_some_and(|s| s.mode & 0o1000 != 0),
            b'p' => kind(Kind::Fifo),
            b'r' => access(4),
            b's' => stat().is_some_and(|s| s.size > 0),
            b't' => text.to_str().ok().and_then(|t| t.trim().parse::<u32>().ok()).is_some_and(|fd| self.ctx.is_tty(fd)),
            b'u' => stat().is_some_and(|s| s.mode & 0o4000 != 0),
            b'w' => access(2),
            b'x' => access(1),
            b'G' => stat().is_some_and(|s| s.gid == self.ctx.process(|p| p.cred.gid)),
            b'O' => stat().is_some_and(|s| s.uid == self.ctx.uid()),
            b'N' => stat().is_some_and(|s| s.mtime > s.atime),
            b'S' => kind(Kind::Socket),
            b'n' => !text.is_empty(),
            b'z' => text.is_empty(),
            b'o' => self.st.options.get(&text.to_str_lossy()).unwrap_or(false),
            b'v' => self.is_set(text).await?,
            b'R' => self.st.vars.find(text).is_some_and(|v| v.reference && v.is_set()),
            _ => false,
        })
    }

    async fn is_set(&mut self, text: &[u8]) -> Result<bool, Flow> {
        use crate::shell::expand::Subscript;
        let with_sign: Vec<u8> = [text, b"="].concat();
        let (name, index) = match crate::shell::parse::assignment_split(&with_sign) {
            Some((name, Some(index), false, _)) => {
                let index = self.subscript_of(index);
                (name, index)
            }
            _ => (text.into(), Subscript::None),
        };
        Ok(match self.lookup(&name, &index).await? {
            crate::shell::expand::Got::Unset => false,
            crate::shell::expand::Got::One(_) => true,
            crate::shell::expand::Got::Many { list, .. } => !list.is_empty(),
        })
    }

    /// Comparisons of files and texts; `None` for another operator.
    pub(in crate::shell) fn binary_test(&self, op: &[u8], a: &BString, b: &BString) -> Option<bool> {
        let time = |p: &BString| self.ctx.sys(|s| s.stat(p.as_ref())).ok().map(|s| s.mtime);
        Some(match op {
            b"=" | b"==" => a == b,
            b"!=" => a != b,
            b"<" => a < b,
            b">" => a > b,
            b"-nt" => match (time(a), time(b)) {
                (Some(x), Some(y)) => x > y,
                (x, _) => x.is_some(),
            },
            b"-ot" => match (time(a), time(b)) {
                (Some(x), Some(y)) => x < y,
                (_, y) => y.is_some(),
            },
            b"-ef" => {
                let id = |p: &BString| self.ctx.sys(|s| s.stat(p.as_ref())).ok().map(|s| (s.dev, s.ino));
                id(a).is_some() && id(a) == id(b)
            }
            _ => return None,
        })
    }
}

/// `-eq` and its kin.
pub fn compare(op: &[u8], a: i64, b: i64) -> bool {
    match op {
        b"-eq" => a == b,
        b"-ne" => a != b,
        b"-lt" => a < b,
        b"-le" => a <= b,
        b"-gt" => a > b,
        _ => a >= b,
    }
}
