//! Pipelines and forks: every stage is a process of its own, all run at once.

use std::rc::Rc;

use bstr::BString;

use super::{Flow, Ran, Shell};
use crate::program::{Ctx, Outcome};
use crate::shell::jobs::JobState;
use crate::shell::parse::ast::{Command, Item, List, Pipeline, RedirectKind, Timing};
use crate::shell::parse::{Dialect, Parser};
use crate::shell::state::{Event, ShellState};
use crate::world::Errno;
use crate::world::kernel::{Disposition, Signal};
use crate::world::sys::OpenFlags;
use crate::world::sys::processes::ForkOptions;

/// What a forked shell does.
pub(in crate::shell) enum Body {
    Command(Rc<Command>),
    List(List),
    Item(Rc<(Pipeline, Vec<(super::super::parse::ast::Joint, Pipeline)>)>),
    /// A program in place of the shell.
    Program(super::simple::Program),
}

/// What a forked shell changes about itself first.
#[derive(Default)]
pub(in crate::shell) struct Setup {
    /// (from, to): duplicated in this order, then all of `close` are closed.
    pub moves: Vec<(u32, u32)>,
    pub close: Vec<u32>,
    /// `&` without job control: no terminal, INT and QUIT ignored.
    pub detached: bool,
    /// Counts as a subshell (`BASH_SUBSHELL`).
    pub subshell: bool,
}

impl Shell {
    /// Forks this shell; the child runs `body` and ends.
    pub(in crate::shell) async fn fork(&mut self, options: ForkOptions, setup: Setup, body: Body) -> Result<u32, Flow> {
        self.wait_for_room().await?;
        let st = self.child_state(setup.subshell);
        let caught = self.caught_signals();
        let (line, depth, xtrace_depth) = (self.line, self.depth, self.xtrace_depth);
        let loops = self.loops;
        let guarded = self.guarded;
        let forked = self.ctx.fork(&options, move |ctx| {
            Box::pin(async move {
                let mut shell = Shell::new(ctx, st);
                (shell.line, shell.depth, shell.xtrace_depth) = (line, depth, xtrace_depth);
                (shell.loops, shell.guarded) = (loops, guarded);
                shell.child_main(setup, caught, body).await
            })
        });
        match forked {
            Ok(pid) => {
                self.children.insert(pid, JobState::Running);
                Ok(pid)
            }
            Err(errno) => {
                self.complain(format_args!("fork: {errno}")).await?;
                Err(Flow::Discard(254))
            }
        }
    }

    /// As bash does at the limit of processes: tries again, at once and after 2, 4 and 8 seconds, and says so.
    async fn wait_for_room(&mut self) -> Result<(), Flow> {
        for seconds in [0, 2, 4, 8] {
            let Err(errno) = self.ctx.sys(|s| s.may_fork()) else { break };
            self.complain(format_args!("fork: retry: {errno}")).await?;
            if seconds > 0 {
                self.ctx.sleep(crate::base::Span::from_secs(seconds)).await?;
            }
        }
        Ok(())
    }

    fn child_state(&self, subshell: bool) -> ShellState {
        let mut st = self.st.clone();
        st.subshell += u32::from(subshell);
        st.jobs.foreign = true;
        st.options.monitor = false;
        // Ignored signals stay ignored; other traps are the parent's.
        if !st.traps.is_empty() {
            let keep_error = st.options.errtrace;
            Rc::make_mut(&mut st.traps)
                .retain(|event, command| command.is_empty() || keep_error && *event == Event::Error);
        }
        st
    }
    /// Signals that a child must take back to their default.
    fn caught_signals(&self) -> Vec<Signal> {
        let ours = [Signal::TSTP, Signal::TTIN, Signal::TTOU, Signal::INT, Signal::TERM, Signal::QUIT, Signal::HUP];
        let trapped = self.st.traps.iter().filter(|(_, c)| !c.is_empty()).filter_map(|(e, _)| match e {
            Event::Signal(signal) => Some(*signal),
            _ => None,
        });
        let mut list: Vec<Signal> = trapped.collect();
        let exit = self.st.traps.contains_key(&Event::Exit);
        if self.job_control || self.st.interactive || exit {
            list.extend(ours);
        }
        list.retain(|s| !self.st.inherited.contains(s));
        let ignored = |s: &Signal| self.st.traps.get(&Event::Signal(*s)).is_some_and(|c| c.is_empty());
        list.retain(|s| !ignored(s));
        list
    }

    async fn child_main(&mut self, setup: Setup, caught: Vec<Signal>, body: Body) -> Outcome {
        // It is executed by itself, with the whole stack.
        self.depth = 0;
        self.ctx.sys(|s| {
            for signal in caught {
                let _ = s.set_disposition(signal, Disposition::Default);
            }
            if setup.detached {
                let _ = s.set_disposition(Signal::INT, Disposition::Ignore);
                let _ = s.set_disposition(Signal::QUIT, Disposition::Ignore);
                if let Ok(null) = s.open("/dev/null".into(), OpenFlags::READ, 0)
                    && null != 0
                {
                    let _ = s.dup2(null, 0);
                    let _ = s.close(null);
                }
            }
            // The parent opened all of these.
            for &(from, to) in &setup.moves {
                let _ = s.dup2(from, to);
            }
            for &fd in &setup.close {
                let _ = s.close(fd);
            }
        });
        let interactive = std::mem::replace(&mut self.st.interactive, false);
        let _ = interactive;
        self.last = true;
        let ran = match body {
            Body::Command(command) => {
                let ran = self.run_command(&command).await;
                self.judged(ran).await
            }
            Body::List(list) => self.run_list(&list).await,
            Body::Item(item) => self.run_joined(&item.0, &item.1).await,
            Body::Program(program) => self.become_program(program).await,
        };
        self.finish(ran).await
    }

    async fn judged(&mut self, ran: Ran) -> Ran {
        ran
    }

    async fn run_joined(&mut self, first: &Pipeline, rest: &[(super::super::parse::ast::Joint, Pipeline)]) -> Ran {
        let more = !rest.is_empty();
        self.last = !more;
        self.guarded += u32::from(more);
        let ran = self.run_pipeline(first).await;
        self.guarded -= u32::from(more);
        let mut status = ran?;
        for (n, (joint, pipeline)) in rest.iter().enumerate() {
            if (*joint == super::super::parse::ast::Joint::And) != (status == 0) {
                continue;
            }
            self.last = n + 1 == rest.len();
            self.guarded += u32::from(!self.last);
            let guard = u32::from(!self.last);
            let ran = self.run_pipeline(pipeline).await;
            self.guarded -= guard;
            status = ran?;
        }
        Ok(status)
    }

    pub(in crate::shell) async fn run_pipeline(&mut self, pipeline: &Pipeline) -> Ran {
        let began = pipeline.time.map(|_| (self.ctx.now(), self.cpu_ns()));
        if pipeline.negated || pipeline.time.is_some() {
            self.last = false;
        }
        self.guarded += u32::from(pipeline.negated);
        let ran = match pipeline.commands.as_slice() {
            [] => Ok(0),
            [one] => self.run_single(one).await,
            many => self.run_stages(many, &pipeline.text).await,
        };
        self.guarded -= u32::from(pipeline.negated);
        if let (Some(began), Some(timing)) = (began, pipeline.time) {
            self.report_time(began, timing).await?;
        }
        let mut status = ran?;
        if pipeline.negated {
            status = u8::from(status == 0);
        }
        self.st.status = status;
        if !(pipeline.negated || pipeline.commands.len() == 1 && judges_itself(&pipeline.commands[0])) {
            self.judge(status).await?;
        }
        Ok(status)
    }

    async fn run_single(&mut self, command: &Rc<Command>) -> Ran {
        let ran = self.run_command(command).await;
        if let Ok(status) = ran {
            self.st.status = status;
            if sets_pipe_status(command) {
                self.st.vars.set_array("PIPESTATUS", [status.to_string().into()]);
            }
        }
        ran
    }

    fn cpu_ns(&self) -> u64 {
        self.ctx.process(|p| p.cpu_ns)
    }

    async fn report_time(&mut self, began: (crate::base::SimTime, u64), timing: Timing) -> Result<(), Flow> {
        let real = self.ctx.now().since(began.0).micros();
        let cpu = (self.cpu_ns().saturating_sub(began.1)) / 1000;
        let (user, sys) = (cpu * 7 / 10, cpu * 3 / 10);
        let format = match (timing, self.st.vars.text("TIMEFORMAT")) {
            (Timing::Posix, _) => BString::from("real %2R\nuser %2U\nsys %2S"),
            (_, Some(format)) => format.clone(),
            _ => "\nreal\t%3lR\nuser\t%3lU\nsys\t%3lS".into(),
        };
        if format.is_empty() {
            return Ok(());
        }
        let mut out = BString::default();
        let mut at = 0;
        while at < format.len() {
            if format[at] != b'%' {
                out.push(format[at]);
                at += 1;
                continue;
            }
            at += 1;
            let mut places = 3usize;
            if let Some(digit) = format.get(at).filter(|b| b.is_ascii_digit()) {
                places = usize::from(digit - b'0').min(3);
                at += 1;
            }
            let long = format.get(at) == Some(&b'l');
            at += usize::from(long);
            let us = match format.get(at) {
                Some(b'R') => real,
                Some(b'U') => user,
                Some(b'S') => sys,
                Some(b'P') => {
                    let percent = (cpu * 10_000).checked_div(real).unwrap_or(0);
                    out.extend_from_slice(format!("{}.{:02}", percent / 100, percent % 100).as_bytes());
                    at += 1;
                    continue;
                }
                Some(b'%') => {
                    out.push(b'%');
                    at += 1;
                    continue;
                }
                _ => continue,
            };
            at += 1;
            let (mut whole, fraction) = (us / 1_000_000, us % 1_000_000 / 1000);
            if long {
                out.extend_from_slice(format!("{}m", whole / 60).as_bytes());
                whole %= 60;
            }
            out.extend_from_slice(whole.to_string().as_bytes());
            if places > 0 {
                let text = format!("{fraction:03}");
                out.extend_from_slice(format!(".{}", &text[..places]).as_bytes());
            }
            if long {
                out.push(b's');
            }
        }
        out.push(b'\n');
        self.ctx.err(&out).await?;
        Ok(())
    }

    /// The stages of a pipeline, joined by pipes.
    async fn run_stages(&mut self, commands: &[Rc<Command>], text: &BString) -> Ran {
        let (pids, group) = self.start_stages(commands, true, false).await?;
        let lastpipe = self.st.shopt("lastpipe") && !self.job_control;
        let _ = lastpipe;
        let states = self.wait_foreground(&pids, group, text).await?;
        let codes: Vec<u8> = states.iter().map(|s| super::wait::code_of(*s)).collect();
        self.st.vars.set_array("PIPESTATUS", codes.iter().map(|c| c.to_string().into()));
        let last = codes.last().copied().unwrap_or(0);
        if self.st.options.pipefail {
            return Ok(codes.iter().rev().copied().find(|c| *c != 0).unwrap_or(0));
        }
        Ok(last)
    }

    /// Starts all stages: their pids and process group.
    async fn start_stages(
        &mut self,
        commands: &[Rc<Command>],
        foreground: bool,
        detached: bool,
    ) -> Result<(Vec<u32>, Option<u32>), Flow> {
        self.begin().await?;
        let mut pids = Vec::new();
        let mut group = None;
        let mut input: Option<u32> = None;
        for (n, command) in commands.iter().enumerate() {
            let last = n + 1 == commands.len();
            let pipe = if last { None } else { Some(self.pipe().await?) };
            let options = self.group_options(group, foreground);
            let mut setup = Setup { detached: detached && n == 0, subshell: true, ..Setup::default() };
            if let Some(input) = input {
                setup.moves.push((input, 0));
                setup.close.push(input);
            }
            if let Some((r, w)) = pipe {
                setup.moves.push((w, 1));
                setup.close.extend([r, w]);
            }
            let pid = self.fork(options, setup, Body::Command(command.clone())).await;
            self.ctx.sys(|s| {
                // The children have their copies.
                if let Some(input) = input {
                    let _ = s.close(input);
                }
                if let Some((_, w)) = pipe {
                    let _ = s.close(w);
                }
            });
            let pid = match pid {
                Ok(pid) => pid,
                Err(flow) => {
                    if let Some((r, _)) = pipe {
                        let _ = self.ctx.sys(|s| s.close(r));
                    }
                    return Err(flow);
                }
            };
            if self.job_control && group.is_none() {
                group = Some(pid);
            }
            pids.push(pid);
            input = pipe.map(|(r, _)| r);
        }
        Ok((pids, group))
    }

    pub(in crate::shell) fn group_options(&self, group: Option<u32>, foreground: bool) -> ForkOptions {
        if self.job_control {
            ForkOptions { group: Some(group.unwrap_or(0)), foreground, session: false }
        } else {
            ForkOptions::default()
        }
    }

    /// A pipe whose ends are out of the way of the numbers that scripts use.
    async fn pipe(&mut self) -> Result<(u32, u32), Flow> {
        let made = self.ctx.sys(|s| {
            let (r, w) = s.pipe()?;
            let high = (s.dup_from(r, 60), s.dup_from(w, 60));
            s.close(r)?;
            s.close(w)?;
            match high {
                (Ok(r), Ok(w)) => Ok((r, w)),
                _ => Err(Errno::EMFILE),
            }
        });
        match made {
            Ok(ends) => Ok(ends),
            Err(errno) => {
                self.complain(format_args!("pipe error: {errno}")).await?;
                Err(Flow::Discard(1))
            }
        }
    }

    /// `list &`
    pub(in crate::shell) async fn start_background(&mut self, item: &Item) -> Ran {
        let foreground = false;
        let detached = !self.job_control;
        let (pids, group) = if item.rest.is_empty() && !item.first.negated && item.first.time.is_none() {
            self.start_stages(&item.first.commands, foreground, detached).await?
        } else {
            // The list itself becomes a process that runs its pipelines.
            self.begin().await?;
            let list = (item.first.share(), item.rest.iter().map(|(j, p)| (*j, p.share())).collect());
            let setup = Setup { detached, subshell: true, ..Setup::default() };
            let options = self.group_options(None, foreground);
            let pid = self.fork(options, setup, Body::Item(Rc::new(list))).await?;
            (vec![pid], self.job_control.then_some(pid))
        };
        let last = pids.last().copied().unwrap_or(0);
        for pid in &pids {
            self.children.remove(pid);
        }
        let text = item.text.clone();
        let number = self.st.jobs.add(group.unwrap_or(pids[0]), &pids, text, true);
        self.st.jobs.make_current(number);
        self.st.last_background = Some(last);
        if self.st.interactive {
            self.ctx.err(format!("[{number}] {last}\n")).await?;
        }
        self.st.status = 0;
        Ok(0)
    }

    /// `( … )`
    pub(in crate::shell) async fn run_subshell(&mut self, list: &List, text: &BString) -> Ran {
        let setup = Setup { subshell: true, ..Setup::default() };
        let options = self.group_options(None, true);
        let pid = self.fork(options, setup, Body::List(list.clone())).await?;
        let states = self.wait_foreground(&[pid], self.job_control.then_some(pid), text).await?;
        Ok(states.first().map_or(0, |s| super::wait::code_of(*s)))
    }

    /// `$( … )`: what it prints, without the newlines at its end.
    pub(in crate::shell) async fn command_substitution(&mut self, list: List) -> Result<BString, Flow> {
        if let Some(text) = self.read_file_form(&list).await? {
            return Ok(text);
        }
        let (r, w) = self.pipe().await?;
        let setup = Setup { moves: vec![(w, 1)], close: vec![r, w], subshell: true, ..Setup::default() };
        let guarded = std::mem::take(&mut self.guarded);
        let errexit = self.st.options.errexit;
        // Without inherit_errexit a substitution does not stop at its first failure.
        self.st.options.errexit = errexit && (self.st.shopt("inherit_errexit") || self.st.options.posix);
        let pid = self.fork(ForkOptions::default(), setup, Body::List(list)).await;
        self.st.options.errexit = errexit;
        self.guarded = guarded;
        // The child holds its own copy.
        let _ = self.ctx.sys(|s| s.close(w));
        let pid = match pid {
            Ok(pid) => pid,
            Err(flow) => {
                let _ = self.ctx.sys(|s| s.close(r));
                return Err(flow);
            }
        };
        let text = self.read_all(r).await;
        let _ = self.ctx.sys(|s| s.close(r));
        let text = text?;
        let states = self.wait_pids(&[pid]).await?;
        let code = states.first().map_or(0, |s| super::wait::code_of(*s));
        self.substituted = Some(code);
        self.st.status = code;
        self.clean_output(text).await
    }

    async fn clean_output(&mut self, mut text: Vec<u8>) -> Result<BString, Flow> {
        while text.last() == Some(&b'\n') {
            text.pop();
        }
        if text.contains(&0) {
            text.retain(|b| *b != 0);
            self.complain("warning: command substitution: ignored null byte in input").await?;
        }
        Ok(text.into())
    }

    async fn read_all(&mut self, fd: u32) -> Result<Vec<u8>, Flow> {
        let mut text = Vec::new();
        loop {
            match self.ctx.read_fd(fd, 65_536).await {
                Ok(Ok(bytes)) if bytes.is_empty() => return Ok(text),
                Ok(Ok(bytes)) => {
                    text.extend_from_slice(&bytes);
                    if text.len() > crate::base::limits::EXPANSION_BYTES * 4 {
                        self.complain("xrealloc: cannot allocate 67108864 bytes").await?;
                        return Err(Flow::Fatal(2));
                    }
                }
                Ok(Err(_)) => return Ok(text),
                Err(crate::program::Stop::Caught(signal)) => self.note_caught(signal)?,
                Err(stop) => return Err(stop.into()),
            }
        }
    }

    /// `$(< file)`
    async fn read_file_form(&mut self, list: &List) -> Result<Option<BString>, Flow> {
        let [item] = list.as_slice() else { return Ok(None) };
        if item.background || !item.rest.is_empty() {
            return Ok(None);
        }
        let [command] = item.first.commands.as_slice() else { return Ok(None) };
        let Command::Simple(simple) = &**command else { return Ok(None) };
        if !simple.words.is_empty() || !simple.assigns.is_empty() {
            return Ok(None);
        }
        let [redirect] = simple.redirects.as_slice() else { return Ok(None) };
        let RedirectKind::Read(word) = &redirect.kind else { return Ok(None) };
        let path = self.expand_single(word).await?;
        match self.ctx.sys(|s| s.open(path.as_ref(), OpenFlags::READ, 0)) {
            Ok(fd) => {
                let text = self.read_all(fd).await;
                let _ = self.ctx.sys(|s| s.close(fd));
                self.substituted = Some(0);
                self.st.status = 0;
                let text = text?;
                self.clean_output(text).await.map(Some)
            }
            Err(errno) => {
                self.complain(format_args!("{path}: {errno}")).await?;
                self.substituted = Some(1);
                self.st.status = 1;
                Ok(Some(BString::default()))
            }
        }
    }

    pub(in crate::shell) async fn backquote_substitution(&mut self, source: &BString) -> Result<BString, Flow> {
        let dialect = Dialect { aliases: None, ..self.dialect() };
        let mut parser = Parser::new(source.clone(), self.line, dialect.clone());
        let mut all = Vec::new();
        loop {
            match parser.next_command(dialect.clone()) {
                Ok(Some(list)) => all.push(list),
                Ok(None) => break,
                Err(error) => {
                    let name = self.st.shown_name();
                    self.ctx
                        .err(format!("{name}: command substitution: line {}: {}\n", error.line, error.message))
                        .await?;
                    self.substituted = Some(2);
                    return Ok(BString::default());
                }
            }
        }
        // Several lines are one list in a group.
        let list = if all.len() == 1 { all.remove(0) } else { group(all) };
        self.command_substitution(list).await
    }

    /// `<( … )`: the path of a pipe's end.
    pub(in crate::shell) async fn process_substitution(&mut self, input: bool, list: List) -> Result<BString, Flow> {
        let (r, w) = self.pipe().await?;
        let (ours, theirs, at) = if input { (r, w, 1) } else { (w, r, 0) };
        let setup = Setup { moves: vec![(theirs, at)], close: vec![r, w], subshell: true, ..Setup::default() };
        let pid = self.fork(ForkOptions::default(), setup, Body::List(list)).await;
        let _ = self.ctx.sys(|s| s.close(theirs));
        let pid = match pid {
            Ok(pid) => pid,
            Err(flow) => {
                let _ = self.ctx.sys(|s| s.close(ours));
                return Err(flow);
            }
        };
        self.st.last_background = Some(pid);
        self.substitutions.push((ours, pid));
        Ok(format!("/dev/fd/{ours}").into())
    }

    /// Closes the pipes of process substitutions begun since there were `keep` of them.
    pub(in crate::shell) fn end_substitutions(&mut self, keep: usize) {
        for (fd, _) in self.substitutions.split_off(keep.min(self.substitutions.len())) {
            // The command may have closed it.
            let _ = self.ctx.sys(|s| s.close(fd));
        }
    }

    /// A forked child's context is its own; programs run in it.
    pub fn context(&self) -> &Ctx {
        &self.ctx
    }
}

/// Does the command's own inside decide about -e, so that its status must not be judged again?
fn judges_itself(command: &Command) -> bool {
    use super::super::parse::ast::Compound;
    match command {
        Command::Compound { kind, .. } => {
            !matches!(kind, Compound::Subshell(_) | Compound::Arithmetic(_) | Compound::Condition(_))
        }
        _ => false,
    }
}

fn sets_pipe_status(command: &Command) -> bool {
    use super::super::parse::ast::Compound;
    match command {
        Command::Simple(_) => true,
        Command::Compound { kind, .. } => {
            matches!(kind, Compound::Subshell(_) | Compound::Arithmetic(_) | Compound::Condition(_))
        }
        Command::Function { .. } => true,
    }
}

fn group(lists: Vec<List>) -> List {
    use super::super::parse::ast::{Compound, Item};
    let items = lists.into_iter().map(|list| {
        let command = Command::Compound { kind: Compound::Brace(list), redirects: Vec::new(), line: 1 };
        let first = Pipeline { negated: false, time: None, commands: vec![Rc::new(command)], text: BString::default() };
        Item { first, rest: Vec::new(), background: false, text: BString::default() }
    });
    Rc::new(items.collect())
}

impl Pipeline {
    /// Another handle on the same commands.
    fn share(&self) -> Pipeline {
        Pipeline { negated: self.negated, time: self.time, commands: self.commands.clone(), text: self.text.clone() }
    }
}
