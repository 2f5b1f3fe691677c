//! Children: what became of them, the terminal's turn, and what the user is told.

use bstr::BString;

use super::{Flow, Shell};
use crate::program::Stop;
use crate::shell::jobs::JobState;
use crate::shell::state::Event;
use crate::world::kernel::{ExitStatus, Signal, Wait};
use crate::world::sys::processes::WaitEvent;

/// The status that a state stands for.
pub(in crate::shell) fn code_of(state: JobState) -> u8 {
    match state {
        JobState::Ended(status) => status.code(),
        JobState::Stopped(signal) => 128 + signal.number(),
        JobState::Running => 0,
    }
}

/// Ends of forgotten background children that are kept for `wait`.
const REMEMBERED: usize = 4096;

impl Shell {
    /// Hears of every child that has something to tell.
    pub(in crate::shell) fn reap(&mut self) {
        while let Ok(Some((pid, event))) = self.ctx.sys(|s| s.wait(None)) {
            let state = match event {
                WaitEvent::Ended(status) => JobState::Ended(status),
                WaitEvent::Stopped(signal) => JobState::Stopped(signal),
                WaitEvent::Continued => JobState::Running,
            };
            if let Some(slot) = self.children.get_mut(&pid) {
                *slot = state;
            }
            if !self.st.jobs.foreign {
                self.st.jobs.note(pid, state);
            }
            if let JobState::Ended(status) = state
                && !self.children.contains_key(&pid)
            {
                self.st.jobs.ended.insert(pid, status);
                while self.st.jobs.ended.len() > REMEMBERED {
                    self.st.jobs.ended.pop_first();
                }
            }
        }
    }

    /// A signal arrived during a wait: it is handled when the wait is over, an interactive ^C at once.
    pub(in crate::shell) fn note_caught(&mut self, signal: Signal) -> Result<(), Flow> {
        if signal == Signal::INT && self.st.interactive && !self.st.traps.contains_key(&Event::Signal(Signal::INT)) {
            return Err(Flow::Interrupt);
        }
        if signal != Signal::CHLD && signal != Signal::WINCH || self.st.traps.contains_key(&Event::Signal(signal)) {
            self.caught.push(signal);
        }
        Ok(())
    }

    /// Waits until all of these have ended, or one has stopped.
    pub(in crate::shell) async fn wait_pids(&mut self, pids: &[u32]) -> Result<Vec<JobState>, Flow> {
        loop {
            self.reap();
            let states: Vec<JobState> =
                pids.iter().map(|p| self.children.get(p).copied().unwrap_or(JobState::Running)).collect();
            let stopped = self.job_control && states.iter().any(|s| matches!(s, JobState::Stopped(_)));
            if stopped || states.iter().all(|s| matches!(s, JobState::Ended(_))) {
                for pid in pids {
                    self.children.remove(pid);
                }
                return Ok(states);
            }
            match self.ctx.wait(Wait::AnyChild).await {
                Ok(()) => {}
                Err(Stop::Caught(signal)) => self.note_caught(signal)?,
                Err(stop) => return Err(stop.into()),
            }
        }
    }

    /// Waits for a foreground job, then takes the terminal back; a stopped one goes to the table.
    pub(in crate::shell) async fn wait_foreground(
        &mut self,
        pids: &[u32],
        group: Option<u32>,
        text: &BString,
    ) -> Result<Vec<JobState>, Flow> {
        let states = self.wait_pids(pids).await?;
        self.after_foreground(&states, pids, group, text).await?;
        Ok(states)
    }

    pub(in crate::shell) async fn after_foreground(
        &mut self,
        states: &[JobState],
        pids: &[u32],
        group: Option<u32>,
        text: &BString,
    ) -> Result<(), Flow> {
        if self.job_control {
            self.take_terminal();
            if states.iter().any(|s| !matches!(s, JobState::Ended(ExitStatus::Exited(_)))) {
                // Whoever is stopped or killed leaves the terminal as it is; the shell mends it.
                let _ = self.ctx.sys(|s| s.terminal(|t| t.sane()));
            }
            if let Some(signal) = states.iter().find_map(|s| match s {
                JobState::Stopped(signal) => Some(*signal),
                _ => None,
            }) {
                let _ = signal;
                let number = self.st.jobs.add(group.unwrap_or(pids[0]), pids, text.clone(), false);
                for (&pid, &state) in pids.iter().zip(states) {
                    self.st.jobs.note(pid, state);
                }
                self.st.jobs.make_current(number);
                if let Some(job) = self.st.jobs.get_mut(number) {
                    job.told = true;
                }
                self.report_stopped(number).await?;
                return Ok(());
            }
        }
        let Some(&last) = states.last() else { return Ok(()) };
        self.report_death(last, pids, text).await
    }

    pub(in crate::shell) async fn report_stopped(&mut self, number: u32) -> Result<(), Flow> {
        if let Some(job) = self.st.jobs.get(number) {
            let mut line = BString::from("\n");
            line.extend_from_slice(&self.st.jobs.line(job, false));
            line.push(b'\n');
            self.ctx.err(&line).await?;
        }
        Ok(())
    }

    /// What the user sees of a foreground job that a signal ended.
    async fn report_death(&mut self, last: JobState, pids: &[u32], text: &BString) -> Result<(), Flow> {
        let JobState::Ended(ExitStatus::Signalled(signal)) = last else { return Ok(()) };
        if self.st.interactive {
            match signal {
                Signal::INT => {
                    self.st.status = 130;
                    return Err(Flow::Interrupt);
                }
                Signal::PIPE => {}
                signal => self.ctx.err(format!("{}\n", death_text(signal))).await?,
            }
            return Ok(());
        }
        // A script does not survive the ^C that ended its child, unless it traps it.
        if !matches!(signal, Signal::INT | Signal::PIPE) && self.st.subshell == 0 {
            let pid = pids.last().copied().unwrap_or(0);
            let text = format!("{pid:>5} {:<24}{text}", death_text(signal));
            self.complain(text).await?;
        }
        Ok(())
    }

    pub(in crate::shell) fn take_terminal(&mut self) {
        let group = self.ctx.process(|p| p.pgid);
        self.ctx.sys(|s| {
            // Without a terminal there is nothing to take.
            let _ = s.set_foreground(group);
        });
    }

    /// Tells of jobs that ended or stopped since the user last heard of them.
    pub(in crate::shell) async fn notify_jobs(&mut self) -> Result<(), Flow> {
        self.reap();
        if self.st.jobs.foreign {
            return Ok(());
        }
        let numbers: Vec<u32> = self.st.jobs.list.iter().filter(|j| !j.told).map(|j| j.number).collect();
        for number in numbers {
            let Some(job) = self.st.jobs.get(number) else { continue };
            let state = job.state();
            match state {
                JobState::Running => continue,
                JobState::Stopped(_) => {
                    if self.st.interactive {
                        self.report_stopped(number).await?;
                    }
                    if let Some(job) = self.st.jobs.get_mut(number) {
                        job.told = true;
                    }
                }
                JobState::Ended(_) => {
                    if self.st.interactive {
                        let mut line = self.st.jobs.line(job, false);
                        line.push(b'\n');
                        self.ctx.err(&line).await?;
                    }
                    self.forget(number);
                }
            }
        }
        Ok(())
    }

    /// Takes an ended job out of the table; its members' ends stay known to `wait`.
    pub(in crate::shell) fn forget(&mut self, number: u32) {
        let ends: Vec<(u32, ExitStatus)> = match self.st.jobs.get(number) {
            Some(job) => job
                .members
                .iter()
                .filter_map(|m| match m.state {
                    JobState::Ended(status) => Some((m.pid, status)),
                    _ => None,
                })
                .collect(),
            None => return,
        };
        self.st.jobs.ended.extend(ends);
        self.st.jobs.remove(number);
    }

    /// One wait of `wait`: until a child tells something. A trapped signal ends it with its number.
    pub(in crate::shell) async fn wait_some(&mut self) -> Result<Option<Signal>, Flow> {
        match self.ctx.wait(Wait::AnyChild).await {
            Ok(()) => {
                self.reap();
                Ok(None)
            }
            Err(Stop::Caught(signal)) => {
                self.note_caught(signal)?;
                Ok((signal != Signal::CHLD && signal != Signal::WINCH).then_some(signal))
            }
            Err(stop) => Err(stop.into()),
        }
    }
    pub(in crate::shell) fn is_child(&self, pid: u32) -> bool {
        let me = self.ctx.me();
        self.ctx.read(|w| w.host(me.host).kernel.children(me.pid).any(|c| c.pid == pid))
    }
}

/// `Terminated`, `Segmentation fault`; without `(core dumped)`, since Debian's limit for cores is 0.
fn death_text(signal: Signal) -> String {
    signal.text().to_string()
}
