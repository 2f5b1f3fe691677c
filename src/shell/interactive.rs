//! The loop at a prompt, and scripts that come through standard input.

use std::rc::Rc;

use bstr::{BString, ByteSlice};

use super::history;
use super::parse::{Dialect, Parser};
use super::run::{Flow, Ran, Shell, Source};
use super::state::Event;
use crate::program::Stop;
use crate::world::kernel::{Disposition, Signal, Wait};
use crate::world::sys::OpenFlags;

/// What came at the prompt.
enum Typed {
    Line(BString),
    Interrupted,
    End,
}

/// Signals that an interactive shell does not let stop or end it.
const IGNORED: [Signal; 5] = [Signal::TSTP, Signal::TTIN, Signal::TTOU, Signal::QUIT, Signal::TERM];

impl Shell {
    /// Job control follows `set -m`.
    pub(in crate::shell) fn update_job_control(&mut self) {
        self.job_control = self.st.options.monitor && self.st.subshell == 0;
    }

    /// What this shell itself does with a signal that is not trapped.
    pub(in crate::shell) fn own_disposition(&self, signal: Signal) -> Disposition {
        if self.st.interactive && self.st.subshell == 0 {
            if IGNORED.contains(&signal) {
                return Disposition::Ignore;
            }
            if matches!(signal, Signal::INT | Signal::HUP) {
                return Disposition::Catch;
            }
        }
        let guarded = matches!(signal, Signal::HUP | Signal::INT | Signal::TERM);
        if guarded && self.st.traps.contains_key(&Event::Exit) {
            return Disposition::Catch;
        }
        self.st.default_disposition(signal)
    }
    fn set_own_signals(&self) {
        for signal in IGNORED.into_iter().chain([Signal::INT, Signal::HUP]) {
            let trapped = self.st.traps.contains_key(&Event::Signal(signal));
            if !trapped {
                let disposition = self.own_disposition(signal);
                // None of these is KILL or STOP.
                let _ = self.ctx.sys(|s| s.set_disposition(signal, disposition));
            }
        }
    }
    /// Before `exec`: the program gets the dispositions that this shell was given.
    pub(in crate::shell) fn prepare_exec(&self) {
        for signal in IGNORED.into_iter().chain([Signal::INT, Signal::HUP]) {
            let trapped = self.st.traps.get(&Event::Signal(signal)).is_some_and(|c| c.is_empty());
            if !trapped {
                let disposition = self.st.default_disposition(signal);
                let _ = self.ctx.sys(|s| s.set_disposition(signal, disposition));
            }
        }
    }
    pub(in crate::shell) fn resume_after_exec(&self) {
        if self.st.interactive {
            self.set_own_signals();
        }
    }

    /// The line is gone: so are the jobs, unless they were disowned.
    pub(in crate::shell) fn hang_up_jobs(&self) {
        for job in self.st.jobs.list.iter().filter(|j| !j.keep_on_hangup) {
            let _ = self.ctx.sys(|s| {
                s.kill(-i64::from(job.group), Some(Signal::HUP))?;
                s.kill(-i64::from(job.group), Some(Signal::CONT))
            });
        }
    }

    /// Reads commands at the terminal until the end. `resumed`: the prompt is on the screen already.
    pub(in crate::shell) async fn interact(&mut self, mut resumed: bool) -> Ran {
        self.set_own_signals();
        if self.job_control {
            let _ = self.ctx.sys(|s| s.setpgid(0, 0));
            self.take_terminal();
        }
        loop {
            match self.one_round(resumed).await {
                Ok(true) => {}
                Ok(false) => return Ok(self.st.status),
                Err(Flow::Interrupt) => {
                    // The terminal has echoed `^C` already.
                    self.ctx.err("\n").await.map_err(Flow::from)?;
                    self.st.status = 130;
                    self.recover();
                }
                Err(Flow::Discard(status) | Flow::Fatal(status)) => {
                    self.st.status = if status == 127 { 1 } else { status };
                    self.recover();
                }
                Err(Flow::Break(_) | Flow::Continue(_) | Flow::Return(_)) => self.recover(),
                Err(Flow::Stop(Stop::Caught(signal))) => {
                    let told = match self.note_caught(signal) {
                        Ok(()) => self.handle_caught().await,
                        Err(flow) => Err(flow),
                    };
                    match told {
                        Ok(()) | Err(Flow::Interrupt) => self.recover(),
                        Err(flow) => {
                            self.write_history_file().await.ok();
                            return Err(flow);
                        }
                    }
                }
                Err(flow) => {
                    self.write_history_file().await.ok();
                    return Err(flow);
                }
            }
            resumed = false;
        }
    }

    /// Back to the top level, whatever was under way.
    fn recover(&mut self) {
        (self.loops, self.guarded, self.depth, self.in_trap) = (0, 0, 0, 0);
        self.last = false;
        self.caught.clear();
        self.end_substitutions(0);
        while self.st.vars.depth() > 0 {
            self.st.vars.pop_scope();
        }
        self.st.calls.clear();
        // Children of the command that was given up become background ones.
        self.children.clear();
    }

    /// One command: prompt, line, run. `false` at the end of input.
    async fn one_round(&mut self, resumed: bool) -> Result<bool, Flow> {
        if !resumed {
            self.take_caught();
            self.handle_caught().await?;
            self.notify_jobs().await?;
            self.prompt_commands().await?;
            let status = self.st.status;
            self.show_prompt("PS1", Some(status)).await?;
        }
        let mut text = BString::default();
        let lists = loop {
            let line = match self.typed().await? {
                Typed::Line(line) => line,
                Typed::Interrupted => {
                    return Err(Flow::Interrupt);
                }
                Typed::End if text.is_empty() => return self.end_of_input().await,
                Typed::End => {
                    let name = self.st.shown_name();
                    self.ctx.err(format!("{name}: syntax error: unexpected end of file\n")).await?;
                    self.st.status = 2;
                    return Ok(true);
                }
            };
            let line = match self.history_expanded(line).await? {
                Some(line) => line,
                None => return Ok(true),
            };
            text.extend_from_slice(&line);
            text.push(b'\n');
            match self.parse_all(&text) {
                Ok(lists) => break lists,
                Err(error) if error.incomplete => self.show_prompt("PS2", None).await?,
                Err(error) => {
                    self.remember(&text);
                    self.report(&error, Source::Prompt).await?;
                    self.st.status = 2;
                    return Ok(true);
                }
            }
        };
        self.remember(&text);
        if lists.is_empty() {
            return Ok(true);
        }
        self.st.commands += 1;
        self.warned_of_jobs &= text.trim_ascii().starts_with(b"exit") || text.trim_ascii().starts_with(b"logout");
        self.mark(b"\x1b]133;C\x07").await?;
        for list in lists {
            self.st.status = self.run_list(&list).await?;
        }
        Ok(true)
    }

    /// All commands of the text; incomplete ones are an error that says so.
    fn parse_all(&self, text: &[u8]) -> Result<Vec<super::parse::ast::List>, super::parse::SyntaxError> {
        let dialect = Dialect { open_ended: true, ..self.dialect() };
        let mut parser = Parser::new(text, 1, dialect.clone());
        let mut lists = Vec::new();
        while let Some(list) = parser.next_command(dialect.clone())? {
            lists.push(list);
        }
        Ok(lists)
    }

    async fn prompt_commands(&mut self) -> Result<(), Flow> {
        let Some(v) = self.st.vars.get(b"PROMPT_COMMAND").cloned() else { return Ok(()) };
        let commands: Vec<BString> = match &v.value {
            super::variables::Value::Indexed(array) => array.values().cloned().collect(),
            _ => v.text().cloned().into_iter().collect(),
        };
        let status = self.st.status;
        for command in commands.into_iter().filter(|c| !c.trim_ascii().is_empty()) {
            self.run_text(command, Source::Eval).await?;
            self.st.status = status;
        }
        Ok(())
    }

    /// A terminal's mark, not part of any output: straight to the screen.
    async fn mark(&mut self, bytes: &[u8]) -> Result<(), Flow> {
        if self.ctx.is_tty(2) {
            self.ctx.err(bytes).await?;
        }
        Ok(())
    }

    async fn show_prompt(&mut self, name: &str, status: Option<u8>) -> Result<(), Flow> {
        let text = self.st.vars.text(name).cloned().unwrap_or_default();
        let prompt = self.expand_prompt(&text).await?;
        let mut out = Vec::new();
        if let Some(status) = status
            && self.ctx.is_tty(2)
        {
            if self.st.commands > 0 {
                out.extend_from_slice(format!("\x1b]133;D;{status}\x07").as_bytes());
            }
            out.extend_from_slice(b"\x1b]133;A\x07");
            out.extend_from_slice(&prompt);
            out.extend_from_slice(b"\x1b]133;B\x07");
        } else {
            out.extend_from_slice(&prompt);
        }
        self.ctx.err(&out).await?;
        Ok(())
    }

    /// Waits for a line. While it waits, the state is in the process record and the future could be dropped.
    async fn typed(&mut self) -> Result<Typed, Flow> {
        let Some(tty) = self.ctx.sys(|s| s.tty_of(0)) else { return self.typed_without_terminal().await };
        loop {
            self.ctx.save_state(Some(Box::new(self.st.clone())));
            let waited = self.ctx.wait(Wait::Line(tty)).await;
            self.ctx.save_state(None);
            match waited {
                Ok(()) => {}
                Err(Stop::Caught(Signal::INT)) => {
                    if self.st.traps.contains_key(&Event::Signal(Signal::INT)) {
                        self.run_trap(Event::Signal(Signal::INT)).await?;
                    }
                    return Ok(Typed::Interrupted);
                }
                Err(Stop::Caught(Signal::CHLD | Signal::WINCH)) => continue,
                Err(Stop::Caught(signal)) => {
                    self.caught.push(signal);
                    self.handle_caught().await?;
                    continue;
                }
                Err(stop) => return Err(stop.into()),
            }
            let typed = self.ctx.act(|w| {
                let t = w.io.tty_mut(tty)?;
                if let Some(line) = t.line.take() {
                    return Some(Typed::Line(line.into()));
                }
                if t.hung_up {
                    return Some(Typed::End);
                }
                let bytes = t.take(usize::MAX);
                if bytes.is_empty() {
                    return Some(Typed::End);
                }
                Some(Typed::Line(bytes.strip_suffix(b"\n").unwrap_or(&bytes).into()))
            });
            return Ok(typed.unwrap_or(Typed::End));
        }
    }
    /// `bash -i` with its input from elsewhere.
    async fn typed_without_terminal(&mut self) -> Result<Typed, Flow> {
        Ok(match super::builtins::read_line(self, 0).await? {
            Some(line) => Typed::Line(line),
            None => Typed::End,
        })
    }

    async fn end_of_input(&mut self) -> Result<bool, Flow> {
        if self.st.options.ignoreeof || self.st.vars.text("IGNOREEOF").is_some() {
            let how = if self.st.login { "logout" } else { "exit" };
            self.ctx.err(format!("Use \"{how}\" to leave the shell.\n")).await?;
            return Ok(true);
        }
        self.reap();
        if self.st.jobs.any_stopped() && !self.warned_of_jobs {
            self.warned_of_jobs = true;
            self.ctx.err("There are stopped jobs.\n").await?;
            return Ok(true);
        }
        self.ctx.err(if self.st.login { "logout\n" } else { "exit\n" }).await?;
        self.write_history_file().await?;
        Ok(false)
    }

    /// `!!` and its kin replaced, the new line shown; `None` if an event was not found.
    async fn history_expanded(&mut self, line: BString) -> Result<Option<BString>, Flow> {
        if !self.st.options.histexpand || !line.iter().any(|b| matches!(b, b'!' | b'^')) {
            return Ok(Some(line));
        }
        match history::expand(&line, &self.st.history, self.st.history_base) {
            Ok((new, changed)) => {
                if changed {
                    self.ctx.err([&new[..], b"\n"].concat()).await?;
                }
                Ok(Some(new))
            }
            Err(message) => {
                self.complain(message).await?;
                Ok(None)
            }
        }
    }

    /// Adds a command to the history, as HISTCONTROL and HISTIGNORE say.
    fn remember(&mut self, text: &[u8]) {
        let line = text.trim_end_with(|c| c == '\n');
        if line.trim_ascii().is_empty() || !self.st.options.history {
            return;
        }
        let control = self.st.vars.text("HISTCONTROL").cloned().unwrap_or_default();
        let has = |word: &str| control.split_str(":").any(|w| w == word.as_bytes());
        let (both, space, dups) = (has("ignoreboth"), has("ignorespace"), has("ignoredups"));
        if (both || space) && line.starts_with(b" ") {
            return;
        }
        if (both || dups) && self.st.history.last().is_some_and(|l| l == line) {
            return;
        }
        if let Some(ignore) = self.st.vars.text("HISTIGNORE").cloned() {
            let matches = |p: &[u8]| super::pattern::Pattern::plain(p, true).matches(line);
            if ignore.split_str(":").any(matches) {
                return;
            }
        }
        let list = Rc::make_mut(&mut self.st.history);
        if has("erasedups") {
            list.retain(|l| l != line);
        }
        // Lines of one command are one entry (cmdhist): joined with semicolons where that means the same.
        let joined = if line.contains(&b'\n') { join_lines(line) } else { line.into() };
        list.push(joined);
        let most =
            self.st.vars.text("HISTSIZE").and_then(|t| t.to_str_lossy().parse::<usize>().ok()).unwrap_or(usize::MAX);
        let list = Rc::make_mut(&mut self.st.history);
        if list.len() > most {
            let gone = list.len() - most;
            list.drain(..gone);
            self.st.history_base += gone as u64;
        }
    }

    pub(in crate::shell) async fn load_history(&mut self) -> Result<(), Flow> {
        let Some(path) = self.st.vars.text("HISTFILE").cloned() else { return Ok(()) };
        if let Ok(text) = super::builtins::read_file(self, &path).await? {
            let stamp = |l: &&[u8]| !(l.starts_with(b"#") && l.len() > 1 && l[1..].iter().all(u8::is_ascii_digit));
            self.st.history = Rc::new(text.lines().filter(stamp).map(BString::from).collect());
        }
        Ok(())
    }
    async fn write_history_file(&mut self) -> Result<(), Flow> {
        let Some(path) = self.st.vars.text("HISTFILE").cloned() else { return Ok(()) };
        if self.st.interactive && !self.st.history.is_empty() {
            self.write_history(&path, false).await?;
        }
        Ok(())
    }
    pub(in crate::shell) async fn write_history(&mut self, path: &BString, append: bool) -> Result<bool, Flow> {
        let mut text = bstr::join("\n", self.st.history.iter());
        text.push(b'\n');
        let flags = if append { OpenFlags::APPEND } else { OpenFlags::WRITE };
        let Ok(fd) = self.ctx.sys(|s| s.open(path.as_ref(), flags, 0o600)) else { return Ok(false) };
        let written = self.ctx.write_fd(fd, &text).await?;
        let _ = self.ctx.sys(|s| s.close(fd));
        Ok(written.is_ok())
    }

    /// A script from standard input: line by line, so that its commands can read what follows.
    pub(in crate::shell) async fn run_stdin(&mut self) -> Ran {
        let mut text = BString::default();
        let mut line = 1;
        loop {
            let Some(more) = super::builtins::read_line(self, 0).await? else {
                if !text.is_empty() {
                    return self.run_piece(&text, line, false).await.map(|s| s.unwrap_or(0));
                }
                return Ok(self.st.status);
            };
            text.extend_from_slice(&more);
            text.push(b'\n');
            if let Some(status) = self.run_piece(&text, line, true).await? {
                self.st.status = status;
                line += text.iter().filter(|&&b| b == b'\n').count() as u32;
                text.clear();
            }
        }
    }

    /// Runs what has been read if it is complete; `None`: more is needed.
    async fn run_piece(&mut self, text: &BString, line: u32, more: bool) -> Result<Option<u8>, Flow> {
        let dialect = Dialect { open_ended: more, ..self.dialect() };
        let mut parser = Parser::new(text.clone(), line, dialect.clone());
        let mut lists = Vec::new();
        loop {
            match parser.next_command(dialect.clone()) {
                Ok(Some(list)) => lists.push(list),
                Ok(None) => break,
                Err(error) if more && error.incomplete => return Ok(None),
                Err(error) => {
                    self.report(&error, Source::File).await?;
                    return Err(Flow::Exit(2));
                }
            }
        }
        let mut status = self.st.status;
        for list in lists {
            match self.run_list(&list).await {
                Ok(code) => status = code,
                Err(Flow::Discard(code)) => {
                    status = code;
                    (self.loops, self.guarded) = (0, 0);
                }
                Err(Flow::Fatal(code)) => return Err(Flow::Exit(code)),
                Err(flow) => return Err(flow),
            }
        }
        Ok(Some(status))
    }
}

/// The lines of one command on one line.
fn join_lines(text: &[u8]) -> BString {
    if text.contains_str("<<") {
        return text.into();
    }
    let mut out = BString::default();
    for line in text.lines() {
        let line = line.trim_ascii_end();
        if out.is_empty() {
            out.extend_from_slice(line);
            continue;
        }
        let last = history::words(&out).pop().unwrap_or_default();
        let open = matches!(
            last.as_slice(),
            b"do" | b"then" | b"else" | b"{" | b"(" | b"|" | b"||" | b"&&" | b"in" | b";" | b"&" | b";;"
        ) || out.ends_with(b"\\");
        if out.ends_with(b"\\") {
            out.pop();
        }
        out.extend_from_slice(if open { b" " } else { b"; " });
        out.extend_from_slice(line.trim_ascii_start());
    }
    out
}
