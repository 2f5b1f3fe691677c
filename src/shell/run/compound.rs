//! Compound commands.

use bstr::{BString, ByteSlice};

use super::{Flow, Ran, Shell};
use crate::shell::expand::Later;
use crate::shell::parse::ast::{ArmEnd, Compound, List, Word};
use crate::shell::pattern::Pattern;

/// What a loop does after a turn of its body.
enum Turn {
    On(u8),
    Out(u8),
}

impl Shell {
    pub(in crate::shell) fn run_compound<'a>(&'a mut self, kind: &'a Compound) -> Later<'a, u8> {
        Box::pin(async move {
            match kind {
                Compound::Brace(list) => self.run_list(list).await,
                Compound::Subshell(list) => {
                    if self.last {
                        // This process ends with it: it may as well be it.
                        self.st.subshell += 1;
                        return self.run_list(list).await;
                    }
                    self.run_subshell(list, &BString::from("( ... )")).await
                }
                Compound::If { arms, otherwise } => {
                    let last = self.last;
                    for (condition, body) in arms {
                        if self.condition_list(condition).await? == 0 {
                            self.last = last;
                            return self.run_list(body).await;
                        }
                    }
                    self.last = last;
                    match otherwise {
                        Some(list) => self.run_list(list).await,
                        None => Ok(0),
                    }
                }
                Compound::While { condition, body, until } => self.run_while(condition, body, *until).await,
                Compound::For { name, words, body } => self.run_for(name, words.as_deref(), body).await,
                Compound::Select { name, words, body } => self.run_select(name, words.as_deref(), body).await,
                Compound::ArithmeticFor { init, condition, step, body } => {
                    self.run_arithmetic_for(init, condition, step, body).await
                }
                Compound::Case { word, arms } => {
                    let value = self.expand_single(word).await?;
                    if self.st.options.xtrace {
                        let text = format!("case {} in", crate::shell::text::shell_quote(&value));
                        self.trace(text.as_bytes()).await?;
                    }
                    let mut status = 0;
                    let mut fall = false;
                    for arm in arms {
                        let mut matched = fall;
                        for pattern in &arm.patterns {
                            if matched {
                                break;
                            }
                            let marked = self.expand_pattern(pattern).await?;
                            let nocase = self.st.shopt("nocasematch");
                            matched = Pattern::new(&marked, self.st.shopt("extglob"), nocase).matches(&value);
                        }
                        if !matched {
                            continue;
                        }
                        let (last, end) = (self.last, arm.end);
                        self.last = last && end == ArmEnd::Break;
                        status = match &arm.body {
                            Some(body) => self.run_list(body).await?,
                            None => 0,
                        };
                        self.last = last;
                        match end {
                            ArmEnd::Break => return Ok(status),
                            ArmEnd::FallThrough => fall = true,
                            ArmEnd::TestNext => fall = false,
                        }
                    }
                    Ok(status)
                }
                Compound::Arithmetic(word) => {
                    let text = self.expand_quoted(word).await?;
                    if self.st.options.xtrace {
                        self.trace(format!("(( {} ))", text.trim_ascii().as_bstr()).as_bytes()).await?;
                    }
                    match crate::shell::arithmetic::evaluate(&text, self) {
                        Ok(value) => Ok(u8::from(value == 0)),
                        Err(message) => {
                            self.complain(format_args!("((: {message}")).await?;
                            Ok(1)
                        }
                    }
                }
                Compound::Condition(condition) => self.run_condition(condition).await,
            }
        })
    }

    /// A list whose failure decides rather than ends.
    async fn condition_list(&mut self, list: &List) -> Ran {
        self.guarded += 1;
        self.last = false;
        let ran = self.run_list(list).await;
        self.guarded -= 1;
        ran
    }

    /// One turn of a loop's body.
    async fn turn(&mut self, body: &List) -> Result<Turn, Flow> {
        self.loops += 1;
        self.last = false;
        let ran = self.run_list(body).await;
        self.loops -= 1;
        match ran {
            Ok(status) => Ok(Turn::On(status)),
            Err(Flow::Break(1)) => Ok(Turn::Out(0)),
            Err(Flow::Break(n)) => Err(Flow::Break(n - 1)),
            Err(Flow::Continue(1)) => Ok(Turn::On(0)),
            Err(Flow::Continue(n)) => Err(Flow::Continue(n - 1)),
            Err(flow) => Err(flow),
        }
    }

    async fn run_while(&mut self, condition: &List, body: &List, until: bool) -> Ran {
        let mut status = 0;
        loop {
            self.loops += 1;
            let decided = self.condition_list(condition).await;
            self.loops -= 1;
            let decided = match decided {
                Err(Flow::Break(1)) => return Ok(0),
                Err(Flow::Break(n)) => return Err(Flow::Break(n - 1)),
                Err(Flow::Continue(1)) => continue,
                Err(Flow::Continue(n)) => return Err(Flow::Continue(n - 1)),
                other => other?,
            };
            if (decided == 0) == until {
                return Ok(status);
            }
            match self.turn(body).await? {
                Turn::On(code) => status = code,
                Turn::Out(code) => return Ok(code),
            }
        }
    }

    async fn loop_words(&mut self, words: Option<&[Word]>) -> Result<Vec<BString>, Flow> {
        match words {
            Some(words) => self.expand_words(words).await,
            None => Ok(self.st.positional.to_vec()),
        }
    }

    async fn run_for(&mut self, name: &BString, words: Option<&[Word]>, body: &List) -> Ran {
        let list = self.loop_words(words).await?;
        let line = self.line;
        let mut status = 0;
        for value in list {
            self.line = line;
            self.begin().await?;
            if self.st.options.xtrace {
                let raw: Vec<&[u8]> = words.unwrap_or_default().iter().map(|w| w.raw.as_slice()).collect();
                let list = if words.is_some() { BString::from(bstr::join(" ", raw)) } else { "\"$@\"".into() };
                self.trace(format!("for {name} in {list}").as_bytes()).await?;
            }
            if let Err(message) = self.assign_text(name, None, value, false) {
                self.complain(message).await?;
                return Ok(1);
            }
            match self.turn(body).await? {
                Turn::On(code) => status = code,
                Turn::Out(code) => return Ok(code),
            }
        }
        Ok(status)
    }

    async fn run_arithmetic_for(&mut self, init: &Word, condition: &Word, step: &Word, body: &List) -> Ran {
        let line = self.line;
        let mut status = 0;
        if self.for_expression(init, 0).await?.is_none() {
            return Ok(1);
        }
        loop {
            self.line = line;
            self.begin().await?;
            match self.for_expression(condition, 1).await? {
                None => return Ok(1),
                Some(0) => return Ok(status),
                Some(_) => {}
            }
            match self.turn(body).await? {
                Turn::On(code) => status = code,
                Turn::Out(code) => return Ok(code),
            }
            if self.for_expression(step, 0).await?.is_none() {
                return Ok(1);
            }
        }
    }
    /// One of the three; `None` after an error.
    async fn for_expression(&mut self, word: &Word, empty: i64) -> Result<Option<i64>, Flow> {
        let text = self.expand_quoted(word).await?;
        if text.trim_ascii().is_empty() {
            return Ok(Some(empty));
        }
        if self.st.options.xtrace {
            self.trace(format!("(( {} ))", text.trim_ascii().as_bstr()).as_bytes()).await?;
        }
        match crate::shell::arithmetic::evaluate(&text, self) {
            Ok(value) => Ok(Some(value)),
            Err(message) => {
                self.complain(format_args!("((: {message}")).await?;
                Ok(None)
            }
        }
    }

    async fn run_select(&mut self, name: &BString, words: Option<&[Word]>, body: &List) -> Ran {
        let list = self.loop_words(words).await?;
        if list.is_empty() {
            return Ok(0);
        }
        let mut status = 0;
        let mut show = true;
        loop {
            if show {
                let menu = select_menu(&list, self.ctx.window().map_or(80, |w| usize::from(w.0)));
                self.ctx.err(&menu).await?;
            }
            let ps3 = self.st.vars.text("PS3").cloned().unwrap_or_else(|| "#? ".into());
            self.ctx.err(&ps3).await?;
            let Some(reply) = crate::shell::builtins::read_line(self, 0).await? else {
                self.ctx.err("\n").await?;
                return Ok(status);
            };
            self.st.vars.set("REPLY", reply.clone());
            if reply.trim_ascii().is_empty() {
                show = true;
                continue;
            }
            let chosen =
                reply.trim_ascii().to_str_lossy().parse::<usize>().ok().and_then(|n| list.get(n.wrapping_sub(1)));
            let value = chosen.cloned().unwrap_or_default();
            if let Err(message) = self.assign_text(name, None, value, false) {
                self.complain(message).await?;
                return Ok(1);
            }
            match self.turn(body).await? {
                Turn::On(code) => status = code,
                Turn::Out(code) => return Ok(code),
            }
            show = self.st.vars.text("REPLY").is_some_and(|r| r.is_empty());
        }
    }
}

/// The numbered list of `select`, in columns as bash lays it out.
fn select_menu(list: &[BString], width: usize) -> Vec<u8> {
    let digits = list.len().to_string().len();
    let longest = list.iter().map(|w| w.chars().count()).max().unwrap_or(0);
    let cell = longest + digits + 2 + 2;
    let mut columns = (width / cell.max(1)).max(1);
    let mut rows = list.len().div_ceil(columns);
    columns = list.len().div_ceil(rows.max(1));
    if rows == 1 {
        rows = columns;
        columns = 1;
    }
    let first_digits = rows.to_string().len();
    let mut out = Vec::new();
    for row in 0..rows {
        let mut at = 0;
        for column in 0..columns {
            let n = column * rows + row;
            let Some(word) = list.get(n) else { break };
            let digits = if column == 0 { first_digits } else { digits };
            let text = format!("{:>digits$}) {word}", n + 1);
            out.extend_from_slice(text.as_bytes());
            let used = text.chars().count();
            at += cell;
            if column + 1 < columns && list.get(n + rows).is_some() {
                out.extend(std::iter::repeat_n(b' ', cell.saturating_sub(used)));
            }
        }
        let _ = at;
        out.push(b'\n');
    }
    out
}
