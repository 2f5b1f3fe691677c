//! Runs trees. [`Shell`] is one shell process under way: its context, its state, and where it is in the text.
//!
//! `pipeline` forks and joins, `simple` runs one command, `compound` the rest, `redirect` moves descriptors, `wait`
//! knows children and signals, `assign` variables, `condition` what `[[` and `test` ask.

mod assign;
mod compound;
pub mod condition;
mod pipeline;
mod redirect;
mod simple;
mod source;
mod wait;

use std::collections::BTreeMap;
use std::fmt;

use bstr::BString;

pub use assign::Place;
pub use source::Source;

use super::jobs::JobState;
use super::parse::Dialect;
use super::parse::ast::{Item, Joint, List};
use super::state::{Event, ShellState};
use crate::base::limits;
use crate::program::{Ctx, Outcome, Stop};
use crate::world::kernel::{Disposition, Signal};

/// Why a command does not simply end with a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    Break(u32),
    Continue(u32),
    Return(u8),
    Exit(u8),
    /// An error that gives up the command line under way.
    Discard(u8),
    /// One that ends a shell that is not interactive.
    Fatal(u8),
    /// ^C at an interactive shell.
    Interrupt,
    /// A signal that ends the shell after its EXIT trap.
    Killed(Signal),
    Stop(Stop),
}

impl From<Stop> for Flow {
    fn from(stop: Stop) -> Flow {
        match stop {
            Stop::Exit(code) => Flow::Exit(code),
            stop => Flow::Stop(stop),
        }
    }
}

/// A command's status, or why there is none.
pub type Ran = Result<u8, Flow>;

pub struct Shell {
    pub ctx: Ctx,
    pub st: ShellState,
    /// Line of the command under way.
    pub line: u32,
    /// Loops around it.
    pub(in crate::shell) loops: u32,
    /// Over zero: a failing command does not end the shell although -e is set.
    pub(in crate::shell) guarded: u32,
    /// Job control: pipelines get groups of their own and the terminal.
    pub(in crate::shell) job_control: bool,
    /// Nothing follows this command, so a program may replace the process.
    pub(in crate::shell) last: bool,
    /// Foreground children and what is known of them.
    pub(in crate::shell) children: BTreeMap<u32, JobState>,
    /// Caught and not yet handled.
    pub(in crate::shell) caught: Vec<Signal>,
    pub(in crate::shell) in_trap: u32,
    /// Descriptors of process substitutions of the command under way, and their processes.
    pub(in crate::shell) substitutions: Vec<(u32, u32)>,
    /// Set by command substitutions of an assignment.
    pub(in crate::shell) substituted: Option<u8>,
    pub(in crate::shell) depth: usize,
    /// Inside `bash -c` or a file: text up to its last line.
    pub(in crate::shell) xtrace_depth: usize,
    /// Compound values of `declare`'s arguments, until it runs.
    pub(in crate::shell) arrays: Vec<std::rc::Rc<super::parse::ast::Assign>>,
    /// `exit` was refused once because of stopped jobs.
    pub(in crate::shell) warned_of_jobs: bool,
}

impl Shell {
    pub fn new(ctx: Ctx, st: ShellState) -> Shell {
        Shell {
            ctx,
            st,
            line: 1,
            loops: 0,
            guarded: 0,
            job_control: false,
            last: false,
            children: BTreeMap::new(),
            caught: Vec::new(),
            in_trap: 0,
            substitutions: Vec::new(),
            substituted: None,
            depth: 0,
            xtrace_depth: 1,
            arrays: Vec::new(),
            warned_of_jobs: false,
        }
    }

    pub fn dialect(&self) -> Dialect {
        let aliases = (self.st.shopt("expand_aliases") && !self.st.aliases.is_empty()).then(|| self.st.aliases.clone());
        Dialect { extglob: self.st.shopt("extglob"), open_ended: false, aliases }
    }

    /// `bash: line 3: text` on standard error.
    pub async fn complain(&self, text: impl fmt::Display) -> Result<(), Flow> {
        let name = self.st.shown_name();
        let line = if self.st.at_prompt { String::new() } else { format!("line {}: ", self.line) };
        self.ctx.err(format!("{name}: {line}{text}\n")).await?;
        Ok(())
    }
    /// Bytes on a descriptor, a failing write being reported as a builtin's.
    pub async fn print(&mut self, bytes: &[u8], who: &str) -> Ran {
        if bytes.is_empty() {
            return Ok(0);
        }
        match self.ctx.write_fd(1, bytes).await? {
            Ok(()) => Ok(0),
            Err(errno) => {
                self.complain(format_args!("{who}: write error: {errno}")).await?;
                Ok(1)
            }
        }
    }

    pub fn run_list<'a>(&'a mut self, list: &'a List) -> super::expand::Later<'a, u8> {
        Box::pin(async move {
            let last = self.last;
            let mut status = 0;
            for (n, item) in list.iter().enumerate() {
                self.last = last && n + 1 == list.len();
                status = self.run_item(item).await?;
            }
            self.last = last;
            Ok(status)
        })
    }

    async fn run_item(&mut self, item: &Item) -> Ran {
        if item.background {
            return self.start_background(item).await;
        }
        let last = self.last;
        let more = !item.rest.is_empty();
        self.guarded += u32::from(more);
        self.last = last && !more;
        let first = self.run_pipeline(&item.first).await;
        self.guarded -= u32::from(more);
        let mut status = first?;
        let mut decides = !more;
        for (n, (joint, pipeline)) in item.rest.iter().enumerate() {
            if (*joint == Joint::And) != (status == 0) {
                continue;
            }
            let final_one = n + 1 == item.rest.len();
            self.guarded += u32::from(!final_one);
            self.last = last && final_one;
            let ran = self.run_pipeline(pipeline).await;
            self.guarded -= u32::from(!final_one);
            status = ran?;
            decides = final_one;
        }
        self.last = last;
        // A pipeline has judged itself; here only what was skipped matters.
        let _ = decides;
        Ok(status)
    }

    /// After a command that failed: the ERR trap and -e.
    pub(in crate::shell) async fn judge(&mut self, status: u8) -> Result<(), Flow> {
        if status == 0 || self.guarded > 0 {
            return Ok(());
        }
        if self.st.traps.contains_key(&Event::Error)
            && self.in_trap == 0
            && (self.st.calls.is_empty() || self.st.options.errtrace)
        {
            self.run_trap(Event::Error).await?;
        }
        if self.st.options.errexit {
            return Err(Flow::Exit(status));
        }
        Ok(())
    }

    /// Before each command: its least cost, and what signals ask for.
    pub(in crate::shell) async fn begin(&mut self) -> Result<(), Flow> {
        self.ctx.work(limits::SHELL_COMMAND_NS).await?;
        self.take_caught();
        if self.caught.is_empty() { Ok(()) } else { self.handle_caught().await }
    }

    pub(in crate::shell) fn take_caught(&mut self) {
        let me = self.ctx.me();
        let found = self.ctx.act(|w| {
            let mut found = Vec::new();
            if let Some(p) = w.process_mut(me) {
                while let Some(signal) = p.caught_pending() {
                    p.pending.remove(signal);
                    found.push(signal);
                }
            }
            found
        });
        let traps_child = self.traps_child();
        self.caught.extend(found.into_iter().filter(|s| *s != Signal::CHLD || traps_child));
    }
    fn traps_child(&self) -> bool {
        self.st.traps.contains_key(&Event::Signal(Signal::CHLD))
    }

    pub(in crate::shell) async fn handle_caught(&mut self) -> Result<(), Flow> {
        while !self.caught.is_empty() {
            let signal = self.caught.remove(0);
            match self.st.traps.get(&Event::Signal(signal)) {
                Some(_) => {
                    self.run_trap(Event::Signal(signal)).await?;
                }
                None if signal == Signal::HUP && self.st.interactive => {
                    self.hang_up_jobs();
                    return Err(Flow::Killed(signal));
                }
                None if signal == Signal::INT && self.st.interactive => {
                    self.caught.clear();
                    return Err(Flow::Interrupt);
                }
                // Caught only so that the EXIT trap can run first.
                None if signal != Signal::CHLD && signal != Signal::WINCH => return Err(Flow::Killed(signal)),
                None => {}
            }
        }
        Ok(())
    }

    pub(in crate::shell) fn run_trap(&mut self, event: Event) -> super::expand::Later<'_, u8> {
        Box::pin(async move {
            let Some(command) = self.st.traps.get(&event).cloned() else { return Ok(0) };
            let (status, line, last) = (self.st.status, self.line, self.last);
            self.in_trap += 1;
            self.last = false;
            let ran = self.run_text(command, Source::Trap).await;
            self.in_trap -= 1;
            (self.line, self.last) = (line, last);
            self.st.status = status;
            ran
        })
    }

    /// Catches what must not end the shell before its EXIT trap has run.
    pub(in crate::shell) fn guard_exit(&mut self) {
        let set = self.st.traps.contains_key(&Event::Exit);
        for signal in [Signal::HUP, Signal::INT, Signal::TERM] {
            if self.st.traps.contains_key(&Event::Signal(signal)) || self.st.interactive {
                continue;
            }
            let disposition = if set { Disposition::Catch } else { self.st.default_disposition(signal) };
            // Both are signals that may be caught.
            let _ = self.ctx.sys(|s| s.set_disposition(signal, disposition));
        }
    }

    /// The end of a shell: its EXIT trap, then its status.
    pub async fn finish(&mut self, ran: Ran) -> Outcome {
        let (mut status, mut killed) = match ran {
            Ok(status) => (status, None),
            Err(flow) => match flow {
                Flow::Exit(status) | Flow::Return(status) | Flow::Discard(status) | Flow::Fatal(status) => {
                    (status, None)
                }
                Flow::Break(_) | Flow::Continue(_) => (self.st.status, None),
                Flow::Interrupt => (130, Some(Signal::INT)),
                Flow::Killed(signal) | Flow::Stop(Stop::Caught(signal)) => (128 + signal.number(), Some(signal)),
                Flow::Stop(stop) => return Err(stop),
            },
        };
        if self.st.traps.contains_key(&Event::Exit) {
            self.st.status = status;
            let command = std::rc::Rc::make_mut(&mut self.st.traps).remove(&Event::Exit).unwrap_or_default();
            self.in_trap += 1;
            match self.run_text(command, Source::Trap).await {
                Err(Flow::Exit(code)) => {
                    status = code;
                    killed = None;
                }
                Err(Flow::Stop(stop)) => return Err(stop),
                _ => {}
            }
        }
        match killed {
            Some(signal) if signal != Signal::INT || !self.st.interactive => {
                let disposition = Disposition::Default;
                // Only HUP, INT and TERM get here.
                let _ = self.ctx.sys(|s| s.set_disposition(signal, disposition));
                Err(Stop::Signal(signal))
            }
            _ => Ok(status),
        }
    }

    /// Prints a traced command.
    pub(in crate::shell) async fn trace(&mut self, text: &[u8]) -> Result<(), Flow> {
        let ps4 = self.st.vars.text("PS4").cloned().unwrap_or_else(|| "+ ".into());
        self.st.options.xtrace = false;
        let prefix = Box::pin(self.expand_prompt(&ps4)).await;
        self.st.options.xtrace = true;
        let prefix = prefix?;
        let mut line = BString::default();
        if let Some(&first) = prefix.first() {
            // The first byte is repeated to show the depth.
            for _ in 0..self.xtrace_depth {
                line.push(first);
            }
            line.extend_from_slice(&prefix[1..]);
        }
        line.extend_from_slice(text);
        line.push(b'\n');
        self.ctx.err(&line).await?;
        Ok(())
    }
}
