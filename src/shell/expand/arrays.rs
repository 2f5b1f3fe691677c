//! What a name with a subscript stands for, and the variables that the shell computes.

use std::rc::Rc;

use bstr::{BString, ByteSlice};

use crate::base::Rng;
use crate::shell::arithmetic;
use crate::shell::run::{Flow, Shell};
use crate::shell::variables::{Value, Variable};

/// What an expansion of a name gives.
#[derive(Clone, Debug)]
pub(in crate::shell) enum Got {
    Unset,
    One(BString),
    /// `$@` and `${a[@]}` (`star` false), `$*` and `${a[*]}`.
    Many {
        list: Vec<BString>,
        star: bool,
    },
}

/// A subscript after its expansion.
#[derive(Clone, Debug)]
pub(in crate::shell) enum Subscript {
    None,
    All,
    Star,
    /// Text: a key, or an expression.
    At(BString),
}

impl Shell {
    /// A special parameter or one that the shell computes.
    pub(super) fn computed(&mut self, name: &[u8]) -> Option<Got> {
        let one = |text: String| Some(Got::One(text.into()));
        match name {
            b"@" => return Some(Got::Many { list: self.st.positional.to_vec(), star: false }),
            b"*" => return Some(Got::Many { list: self.st.positional.to_vec(), star: true }),
            b"#" => return one(self.st.positional.len().to_string()),
            b"?" => return one(self.st.status.to_string()),
            b"$" => return one(self.st.shell_pid.to_string()),
            b"!" => return Some(self.st.last_background.map_or(Got::Unset, |p| Got::One(p.to_string().into()))),
            b"-" => return Some(Got::One(self.st.flags())),
            b"0" => return Some(Got::One(self.st.name.clone())),
            _ => {}
        }
        if name.first().is_some_and(u8::is_ascii_digit) {
            let n: usize = name.to_str_lossy().parse().unwrap_or(usize::MAX);
            return Some(self.st.positional.get(n.wrapping_sub(1)).map_or(Got::Unset, |v| Got::One(v.clone())));
        }
        if !name.first().is_some_and(u8::is_ascii_uppercase) {
            return None;
        }
        let now = self.ctx.now();
        match name {
            b"LINENO" => one(self.line.to_string()),
            b"BASHPID" => one(self.ctx.pid().to_string()),
            b"BASH_SUBSHELL" => one(self.st.subshell.to_string()),
            b"EPOCHSECONDS" => one(now.secs().to_string()),
            b"EPOCHREALTIME" => one(format!("{}.{:06}", now.secs(), now.micros() % 1_000_000)),
            b"HISTCMD" if self.st.interactive => one((self.st.history_base + self.st.history.len() as u64).to_string()),
            b"RANDOM" if !self.is_plain(b"RANDOM") => one(self.st.next_random().to_string()),
            b"SRANDOM" => {
                let seed = self.ctx.read(|w| w.seed());
                let mut rng = Rng::at(seed, u64::from(self.ctx.pid()), now.micros());
                one((rand::RngCore::next_u64(&mut rng) as u32).to_string())
            }
            b"SECONDS" if !self.is_plain(b"SECONDS") => one(now.since(self.st.started).secs().to_string()),
            b"COLUMNS" | b"LINES" if self.st.interactive && self.st.vars.get(name).is_none() => {
                let (columns, rows) = self.ctx.window()?;
                one(if name == b"COLUMNS" { columns.to_string() } else { rows.to_string() })
            }
            _ => None,
        }
    }
    /// Was a computed variable unset and made an ordinary one?
    fn is_plain(&self, name: &[u8]) -> bool {
        self.st.vars.find(name).is_some_and(|v| v.is_set() && v.trace)
    }

    /// Arrays that the shell computes.
    fn computed_array(&self, name: &[u8]) -> Option<Vec<BString>> {
        Some(match name {
            b"FUNCNAME" => {
                if self.st.calls.is_empty() {
                    return None;
                }
                let mut list: Vec<BString> = self.st.calls.iter().rev().map(|c| c.function.clone()).collect();
                if !self.st.from_string {
                    list.push("main".into());
                }
                list
            }
            b"BASH_SOURCE" => {
                let mut list: Vec<BString> = self.st.calls.iter().rev().map(|c| c.source.clone()).collect();
                if !self.st.from_string && !self.st.from_stdin && !self.st.interactive {
                    list.push(self.st.name.clone());
                }
                list
            }
            b"BASH_LINENO" => {
                let mut list: Vec<BString> = self.st.calls.iter().rev().map(|c| c.line.to_string().into()).collect();
                list.push("0".into());
                list
            }
            b"GROUPS" => self.ctx.process(|p| p.cred.groups.iter().map(|g| g.to_string().into()).collect()),
            b"DIRSTACK" => {
                let mut list = vec![self.ctx.sys(|s| s.getcwd())];
                list.extend(self.st.directories.iter().cloned());
                list
            }
            _ => return None,
        })
    }

    /// The value of a name with a subscript.
    pub(in crate::shell) async fn lookup(&mut self, name: &[u8], index: &Subscript) -> Result<Got, Flow> {
        if let Subscript::None = index
            && let Some(got) = self.computed(name)
        {
            return Ok(got);
        }
        if let Some(list) = self.computed_array(name) {
            return Ok(match index {
                Subscript::All | Subscript::Star => Got::Many { list, star: matches!(index, Subscript::Star) },
                Subscript::None => list.first().map_or(Got::Unset, |v| Got::One(v.clone())),
                Subscript::At(text) => {
                    let n = self.evaluate(text).await?;
                    usize::try_from(n).ok().and_then(|n| list.get(n)).map_or(Got::Unset, |v| Got::One(v.clone()))
                }
            });
        }
        // A reference may lead to an element.
        let target = self.st.vars.resolve(name);
        if target != name
            && let Some((base, inner, _, _)) = crate::shell::parse::assignment_split(&[&target[..], b"="].concat())
            && let Some(inner) = inner
        {
            let index = self.subscript_of(inner);
            return Box::pin(self.lookup(&base, &index)).await;
        }
        let Some(v) = self.st.vars.get(name).cloned() else { return Ok(Got::Unset) };
        let star = matches!(index, Subscript::Star);
        Ok(match index {
            Subscript::None => v.text().map_or(Got::Unset, |t| Got::One(t.clone())),
            Subscript::All | Subscript::Star => match &v.value {
                Value::Unset => Got::Many { list: Vec::new(), star },
                Value::Scalar(text) => Got::Many { list: vec![text.clone()], star },
                Value::Indexed(array) => Got::Many { list: array.values().cloned().collect(), star },
                Value::Associative(array) => Got::Many { list: array.iter().map(|(_, v)| v.clone()).collect(), star },
            },
            Subscript::At(text) => self.element(&v, name, text).await?.map_or(Got::Unset, Got::One),
        })
    }

    async fn element(&mut self, v: &Rc<Variable>, name: &[u8], text: &[u8]) -> Result<Option<BString>, Flow> {
        if let Value::Associative(array) = &v.value {
            return Ok(array.get(text).cloned());
        }
        let n = self.evaluate(text).await?;
        Ok(match &v.value {
            Value::Indexed(array) => match place(array.keys().next_back().copied(), n) {
                Some(n) => array.get(&n).cloned(),
                None => {
                    self.complain(format!("{}: bad array subscript", name.as_bstr())).await?;
                    None
                }
            },
            Value::Scalar(value) if n == 0 || n == -1 => Some(value.clone()),
            _ => None,
        })
    }

    pub(in crate::shell) fn subscript_of(&self, text: BString) -> Subscript {
        match text.as_slice() {
            b"@" => Subscript::All,
            b"*" => Subscript::Star,
            _ => Subscript::At(text),
        }
    }

    /// Keys of an array, or `0` of a set scalar.
    pub(super) fn keys(&self, name: &[u8]) -> Vec<BString> {
        if let Some(list) = self.computed_array(name) {
            return (0..list.len()).map(|n| n.to_string().into()).collect();
        }
        match self.st.vars.get(name).map(|v| &v.value) {
            Some(Value::Indexed(array)) => array.keys().map(|k| k.to_string().into()).collect(),
            Some(Value::Associative(array)) => array.iter().map(|(k, _)| k.clone()).collect(),
            Some(Value::Scalar(_)) => vec!["0".into()],
            _ => Vec::new(),
        }
    }

    /// Evaluates arithmetic; an error gives the line up.
    pub async fn evaluate(&mut self, text: &[u8]) -> Result<i64, Flow> {
        match arithmetic::evaluate(text, self) {
            Ok(value) => Ok(value),
            Err(message) => {
                self.complain(message).await?;
                Err(Flow::Discard(1))
            }
        }
    }
}

/// A subscript's element: negative ones count from the end.
pub(in crate::shell) fn place(last: Option<u64>, n: i64) -> Option<u64> {
    if n >= 0 {
        return Some(n as u64);
    }
    let end = i128::from(last?) + 1;
    u64::try_from(end + i128::from(n)).ok()
}

impl arithmetic::Names for Shell {
    fn fetch(&mut self, name: &[u8], index: Option<&arithmetic::Index>) -> Result<Option<BString>, String> {
        let got = match index {
            None => match self.computed(name) {
                Some(Got::One(text)) => Some(text),
                Some(_) => None,
                None => self.st.vars.get(name).and_then(|v| v.text().cloned()),
            },
            Some(index) => {
                let list = self.computed_array(name);
                let number = match index {
                    arithmetic::Index::Number(n) => *n,
                    arithmetic::Index::Text(_) => 0,
                };
                if let Some(list) = list {
                    return Ok(usize::try_from(number).ok().and_then(|n| list.get(n)).cloned());
                }
                match (self.st.vars.get(name).map(|v| &v.value), index) {
                    (Some(Value::Associative(array)), arithmetic::Index::Text(key)) => array.get(key).cloned(),
                    (Some(Value::Indexed(array)), _) => match place(array.keys().next_back().copied(), number) {
                        Some(n) => array.get(&n).cloned(),
                        None => return Err(format!("{}: bad array subscript", name.as_bstr())),
                    },
                    (Some(Value::Scalar(text)), _) if number == 0 => Some(text.clone()),
                    _ => None,
                }
            }
        };
        if got.is_none() && self.st.options.nounset && index.is_none() {
            return Err(format!("{}: unbound variable", name.as_bstr()));
        }
        Ok(got)
    }

    fn store(&mut self, name: &[u8], index: Option<&arithmetic::Index>, value: i64) -> Result<(), String> {
        let text: BString = value.to_string().into();
        let index = index.map(|i| match i {
            arithmetic::Index::Number(n) => crate::shell::run::Place::Number(*n),
            arithmetic::Index::Text(t) => crate::shell::run::Place::Key(t.clone()),
        });
        self.assign_text(name, index, text, false)
    }

    fn is_associative(&self, name: &[u8]) -> bool {
        matches!(self.st.vars.get(name).map(|v| &v.value), Some(Value::Associative(_)))
    }
}
