//! Simple commands: assignments, functions, builtins, programs.

use std::rc::Rc;

use bstr::{BString, ByteSlice};

use super::{Flow, Ran, Shell};
use crate::base::limits;
use crate::program::Stop;
use crate::shell::builtins;
use crate::shell::expand::Later;
use crate::shell::parse::ast::{Assign, Command, Function, Redirect, Simple, Word};
use crate::shell::state::{Call, Event};
use crate::shell::text;
use crate::world::Errno;
use crate::world::kernel::Environment;

/// A program to become.
pub(in crate::shell) struct Program {
    pub argv: Vec<BString>,
    pub environment: Environment,
    pub path: Option<BString>,
    /// Performed in the child.
    pub command: Rc<Command>,
}

impl Shell {
    pub(in crate::shell) fn run_command<'a>(&'a mut self, command: &'a Rc<Command>) -> Later<'a, u8> {
        Box::pin(async move {
            let (last, depth) = (self.last, self.depth);
            let keep = self.substitutions.len();
            self.depth = depth + 1;
            let ran = match &**command {
                _ if depth >= limits::COMMAND_DEPTH => self.too_deep().await,
                Command::Simple(simple) => {
                    self.line = simple.line;
                    self.begin().await?;
                    if self.st.traps.contains_key(&Event::Debug) && self.in_trap == 0 {
                        self.run_trap(Event::Debug).await?;
                    }
                    self.run_simple(simple, command).await
                }
                Command::Compound { kind, redirects, line } => {
                    self.line = *line;
                    self.begin().await?;
                    if redirects.is_empty() {
                        self.run_compound(kind).await
                    } else {
                        self.last = false;
                        let mut saved = Vec::new();
                        let ok = self.redirect(redirects, Some(&mut saved)).await;
                        let ran = match ok {
                            Ok(true) => self.run_compound(kind).await,
                            Ok(false) => Ok(1),
                            Err(flow) => Err(flow),
                        };
                        self.undo(saved);
                        ran
                    }
                }
                Command::Function { name, body, line } => {
                    self.line = *line;
                    self.begin().await?;
                    self.define(name, body).await
                }
            };
            self.end_substitutions(keep);
            (self.last, self.depth) = (last, depth);
            match ran {
                // A builtin was interrupted at its own wait.
                Err(Flow::Stop(Stop::Caught(signal))) => {
                    self.note_caught(signal)?;
                    self.handle_caught().await?;
                    Ok(128 + signal.number())
                }
                ran => {
                    // A signal that arrived meanwhile is handled before the next command.
                    if ran.is_ok() && !self.caught.is_empty() {
                        if let Ok(status) = ran {
                            self.st.status = status;
                        }
                        self.handle_caught().await?;
                    }
                    ran
                }
            }
        })
    }

    /// bash itself has no limit, and crashes.
    async fn too_deep(&mut self) -> Ran {
        let functions = self.st.calls.iter().filter(|c| !c.sourced).count();
        match self.st.calls.last().filter(|c| !c.sourced).map(|c| c.function.clone()) {
            Some(name) => {
                self.complain(format_args!("{name}: maximum function nesting level exceeded ({functions})")).await?;
            }
            None => {
                let limit = limits::COMMAND_DEPTH;
                self.complain(format_args!("eval: maximum eval nesting level exceeded ({limit})")).await?;
            }
        }
        Err(Flow::Discard(1))
    }

    async fn define(&mut self, name: &BString, body: &Rc<Function>) -> Ran {
        if self.st.vars.find(b"\0").is_some() {
            return Ok(1);
        }
        Rc::make_mut(&mut self.st.functions).insert(name.clone(), body.clone());
        Ok(0)
    }

    async fn run_simple(&mut self, simple: &Simple, command: &Rc<Command>) -> Ran {
        self.substituted = None;
        let words = self.command_words(&simple.words).await?;
        if words.is_empty() {
            return self.run_assignments(simple).await;
        }
        if self.st.options.xtrace {
            for assign in &simple.assigns {
                self.trace_assign(assign).await?;
            }
            let quoted: Vec<BString> = words.iter().map(|w| text::shell_quote(w)).collect();
            self.trace(&bstr::join(" ", quoted)).await?;
        }
        let name = words[0].clone();
        if let Some(function) = self.st.functions.get(&name).cloned() {
            return self.with_redirects(simple, words, Some(function)).await;
        }
        if self.builtin_named(&name).is_some() {
            return self.with_redirects(simple, words, None).await;
        }
        self.run_program(simple, words, command).await
    }

    /// Arguments; those of `declare` and its kin in an assignment's form are expanded as assignments are.
    async fn command_words(&mut self, list: &[Word]) -> Result<Vec<BString>, Flow> {
        if !list.iter().any(|w| w.assign.is_some()) {
            return self.expand_words(list).await;
        }
        let mut words = Vec::new();
        for word in list {
            match &word.assign {
                None => words.extend(self.expand_words(std::slice::from_ref(word)).await?),
                Some(assign) => words.push(builtins::declared_word(self, assign).await?),
            }
        }
        Ok(words)
    }

    async fn trace_assign(&mut self, assign: &Rc<Assign>) -> Result<(), Flow> {
        if let crate::shell::parse::ast::AssignValue::Scalar(word) = &assign.value {
            let value = self.expand_assigned(word).await?;
            self.trace(format!("{}={}", assign.name, text::shell_quote(&value)).as_bytes()).await?;
        }
        Ok(())
    }

    async fn run_assignments(&mut self, simple: &Simple) -> Ran {
        let mut saved = Vec::new();
        let ok = self.redirect(&simple.redirects, Some(&mut saved)).await;
        self.undo(saved);
        let ok = ok?;
        for assign in &simple.assigns {
            self.assign(assign).await?;
        }
        if !ok {
            return Ok(1);
        }
        // With no command at all, the status is the last substitution's.
        Ok(self.substituted.take().unwrap_or(0))
    }

    pub(in crate::shell) fn builtin_named(&self, name: &[u8]) -> Option<&'static builtins::Builtin> {
        let found = builtins::find(name)?;
        (!self.st.disabled.iter().any(|d| d == name)).then_some(found)
    }

    /// A function or builtin, in this process.
    async fn with_redirects(&mut self, simple: &Simple, words: Vec<BString>, function: Option<Rc<Function>>) -> Ran {
        let permanent = function.is_none() && words[0] == "exec";
        let mut saved = Vec::new();
        let ok = self.redirect(&simple.redirects, if permanent { None } else { Some(&mut saved) }).await;
        match ok {
            Ok(true) => {}
            Ok(false) => {
                self.undo(saved);
                // A failing `exec` redirection ends a script.
                return if permanent && !self.st.interactive { Err(Flow::Exit(1)) } else { Ok(1) };
            }
            Err(flow) => {
                self.undo(saved);
                return Err(flow);
            }
        }
        let last = self.last && saved.is_empty();
        self.last = last;
        let temporary = !simple.assigns.is_empty();
        let scoped = temporary && function.is_none();
        if scoped {
            self.st.vars.push_scope();
        }
        let mut ran = Ok(0);
        let mut prepared = Vec::new();
        for assign in &simple.assigns {
            match self.temporary(assign).await {
                Ok(pair) if function.is_none() => self.put_temporary(pair),
                Ok(pair) => prepared.push(pair),
                Err(flow) => {
                    ran = Err(flow);
                    break;
                }
            }
        }
        if ran.is_ok() {
            ran = match function {
                Some(function) => self.call(&words, &function, prepared).await,
                None => builtins::run(self, &words).await,
            };
        }
        if scoped {
            self.st.vars.pop_scope();
        }
        self.undo(saved);
        if let Ok(_status) = ran {
            self.set_underscore(&words);
        }
        ran
    }

    fn set_underscore(&mut self, words: &[BString]) {
        if let Some(last) = words.last() {
            self.st.vars.set("_", last.clone());
        }
    }

    /// `name=value` before a command: name and value.
    async fn temporary(&mut self, assign: &Assign) -> Result<(BString, BString), Flow> {
        let crate::shell::parse::ast::AssignValue::Scalar(word) = &assign.value else {
            return Ok((assign.name.clone(), BString::default()));
        };
        let mut value = self.expand_assigned(word).await?;
        if assign.append {
            let old = self.st.vars.get(&assign.name).and_then(|v| v.text().cloned()).unwrap_or_default();
            value = [&old[..], &value[..]].concat().into();
        }
        if self.st.vars.get(&assign.name).is_some_and(|v| v.readonly) {
            self.complain(format_args!("{}: readonly variable", assign.name)).await?;
            return Err(Flow::Discard(1));
        }
        Ok((assign.name.clone(), value))
    }
    fn put_temporary(&mut self, (name, value): (BString, BString)) {
        let v = self.st.vars.local_entry(&name);
        v.value = crate::shell::variables::Value::Scalar(value);
        v.exported = true;
    }

    pub(in crate::shell) async fn call(
        &mut self,
        words: &[BString],
        function: &Rc<Function>,
        prepared: Vec<(BString, BString)>,
    ) -> Ran {
        let limit = self.st.vars.text("FUNCNEST").and_then(|t| t.to_str().ok().and_then(|t| t.parse::<usize>().ok()));
        let limit = limit.filter(|&n| n > 0).unwrap_or(usize::MAX);
        if self.st.calls.iter().filter(|c| !c.sourced).count() >= limit {
            self.complain(format_args!("{}: maximum function nesting level exceeded ({limit})", words[0])).await?;
            return Err(Flow::Discard(1));
        }
        self.st.vars.push_scope();
        for pair in prepared {
            self.put_temporary(pair);
        }
        let outer = std::mem::replace(&mut self.st.positional, Rc::new(words[1..].to_vec()));
        let source = self.st.calls.last().map_or_else(|| self.script_name(), |c| c.source.clone());
        let call = Call { function: words[0].clone(), source, line: self.line, sourced: false };
        self.st.calls.push(call);
        let (loops, last, line) = (std::mem::take(&mut self.loops), self.last, self.line);
        self.last = false;
        let mut ran = self.run_command(&function.body).await;
        if let Err(Flow::Return(status)) = ran {
            ran = Ok(status);
        }
        if self.st.traps.contains_key(&Event::Return) && self.st.options.functrace && self.in_trap == 0 && ran.is_ok() {
            self.run_trap(Event::Return).await?;
        }
        (self.loops, self.last, self.line) = (loops, last, line);
        self.st.calls.pop();
        self.st.vars.pop_scope();
        self.st.positional = outer;
        ran
    }

    pub(in crate::shell) fn script_name(&self) -> BString {
        if self.st.from_string {
            "environment".into()
        } else if self.st.interactive || self.st.from_stdin {
            "main".into()
        } else {
            self.st.name.clone()
        }
    }

    async fn run_program(&mut self, simple: &Simple, words: Vec<BString>, command: &Rc<Command>) -> Ran {
        let mut environment = self.st.vars.environment();
        for assign in &simple.assigns {
            let (name, value) = self.temporary(assign).await?;
            environment.insert(name, value);
        }
        self.set_underscore(&words);
        let path = environment.get(bstr::BStr::new("PATH")).cloned().or_else(|| self.st.vars.text("PATH").cloned());
        let text = BString::from(bstr::join(" ", words.iter()));
        let program = Program { argv: words, environment: Rc::new(environment), path, command: command.clone() };
        if self.last {
            return self.become_program(program).await;
        }
        let options = self.group_options(None, true);
        let pid =
            self.fork(options, super::pipeline::Setup::default(), super::pipeline::Body::Program(program)).await?;
        let states = self.wait_foreground(&[pid], self.job_control.then_some(pid), &text).await?;
        Ok(states.first().map_or(0, |s| super::wait::code_of(*s)))
    }

    /// Runs a program that is named by words already expanded (`command ls`).
    pub(in crate::shell) async fn run_words(&mut self, words: Vec<BString>, path: Option<BString>) -> Ran {
        let text = BString::from(bstr::join(" ", words.iter()));
        let environment = Rc::new(self.st.vars.environment());
        let path = path.or_else(|| self.st.vars.text("PATH").cloned());
        let command = Rc::new(Command::Simple(Simple::default()));
        let program = Program { argv: words, environment, path, command };
        if self.last {
            return self.become_program(program).await;
        }
        let options = self.group_options(None, true);
        let pid =
            self.fork(options, super::pipeline::Setup::default(), super::pipeline::Body::Program(program)).await?;
        let states = self.wait_foreground(&[pid], self.job_control.then_some(pid), &text).await?;
        Ok(states.first().map_or(0, |s| super::wait::code_of(*s)))
    }

    /// In the child: redirections, then the program. It comes back only to report that it cannot.
    pub(in crate::shell) async fn become_program(&mut self, program: Program) -> Ran {
        let redirects: &[Redirect] = match &*program.command {
            Command::Simple(simple) => &simple.redirects,
            _ => &[],
        };
        if !self.redirect(redirects, None).await? {
            return Ok(1);
        }
        let name = program.argv[0].clone();
        self.execute(program.argv, program.environment, program.path, &name).await
    }

    /// Becomes a program found along PATH; the status if it cannot be.
    pub(in crate::shell) async fn execute(
        &mut self,
        argv: Vec<BString>,
        environment: Environment,
        path: Option<BString>,
        shown: &BString,
    ) -> Ran {
        let path = path.unwrap_or_default();
        let file = argv[0].clone();
        if !file.contains(&b'/') {
            let found = self.ctx.sys(|s| s.which(file.as_ref(), path.as_ref()));
            match found {
                Err(Errno::ENOENT) if self.st.functions.contains_key(bstr::BStr::new("command_not_found_handle")) => {
                    let handler = self.st.functions.get(bstr::BStr::new("command_not_found_handle")).cloned();
                    if let Some(handler) = handler {
                        let mut words = vec![BString::from("command_not_found_handle")];
                        words.extend(argv);
                        return Box::pin(self.call(&words, &handler, Vec::new())).await;
                    }
                    return Ok(127);
                }
                Err(errno) => {
                    // With an empty PATH only the working directory was looked at.
                    let plain = errno == Errno::ENOENT && !path.is_empty();
                    let what = if plain { "command not found".to_string() } else { errno.to_string() };
                    self.complain(format_args!("{shown}: {what}")).await?;
                    return Ok(if errno == Errno::ENOENT { 127 } else { 126 });
                }
                Ok(_) => {}
            }
        }
        let errno = match self.ctx.exec(argv.clone(), environment.clone()).await {
            Ok(errno) => errno,
            Err(stop) => return Err(stop.into()),
        };
        match errno {
            // A text without `#!` is a shell script.
            Errno::ENOEXEC => {
                let found = self.ctx.sys(|s| s.which(file.as_ref(), path.as_ref())).unwrap_or(file);
                let mut words: Vec<BString> = vec!["bash".into(), found];
                words.extend(argv.into_iter().skip(1));
                match self.ctx.exec(words, environment).await {
                    Ok(errno) => {
                        self.complain(format_args!("{shown}: {errno}")).await?;
                        Ok(126)
                    }
                    Err(stop) => Err(stop.into()),
                }
            }
            Errno::ENOENT => {
                let exists = self.ctx.sys(|s| s.stat(file.as_ref())).is_ok();
                if exists {
                    self.complain(format_args!("{shown}: cannot execute: required file not found")).await?;
                } else {
                    self.complain(format_args!("{shown}: {errno}")).await?;
                }
                Ok(127)
            }
            errno => {
                let is_dir =
                    self.ctx.sys(|s| s.stat(file.as_ref())).is_ok_and(|s| s.kind == crate::world::fs::Kind::Dir);
                let errno = if is_dir { Errno::EISDIR } else { errno };
                self.complain(format_args!("{shown}: {errno}")).await?;
                Ok(126)
            }
        }
    }
}
