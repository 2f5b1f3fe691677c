//! The job table: what `jobs` prints and `%1` means. Plain data; waiting and signalling is `run::wait`'s.

use std::collections::BTreeMap;

use bstr::{BStr, BString, ByteSlice};

use crate::world::kernel::{ExitStatus, Signal};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    Running,
    Stopped(Signal),
    Ended(ExitStatus),
}

/// A child process that this shell started.
#[derive(Clone, Debug)]
pub struct Child {
    pub pid: u32,
    pub state: JobState,
}

/// One pipeline.
#[derive(Clone, Debug)]
pub struct Job {
    pub number: u32,
    /// Its process group, or its first pid without job control.
    pub group: u32,
    pub members: Vec<Child>,
    pub text: BString,
    /// Was its present state told to the user?
    pub told: bool,
    pub background: bool,
    /// `disown -h`
    pub keep_on_hangup: bool,
}

impl Job {
    pub fn state(&self) -> JobState {
        let stopped = self.members.iter().rev().find_map(|m| match m.state {
            JobState::Stopped(signal) => Some(signal),
            _ => None,
        });
        if let Some(signal) = stopped {
            return JobState::Stopped(signal);
        }
        if self.members.iter().any(|m| m.state == JobState::Running) {
            return JobState::Running;
        }
        self.members.last().map_or(JobState::Ended(ExitStatus::Exited(0)), |m| m.state)
    }
    pub fn last_pid(&self) -> u32 {
        self.members.last().map_or(self.group, |m| m.pid)
    }
    /// `Running`, `Stopped`, `Done`, `Exit 1`, `Terminated`…
    fn state_text(&self, long: bool) -> String {
        match self.state() {
            JobState::Running => "Running".into(),
            // What stopped it is told by `jobs -l` only.
            JobState::Stopped(signal) if !long || signal == Signal::TSTP => "Stopped".into(),
            JobState::Stopped(Signal::STOP) => "Stopped (signal)".into(),
            JobState::Stopped(signal) => signal.text().into(),
            JobState::Ended(ExitStatus::Exited(0)) => "Done".into(),
            JobState::Ended(ExitStatus::Exited(code)) => format!("Exit {code}"),
            JobState::Ended(ExitStatus::Signalled(signal)) => signal.text().into(),
        }
    }
}

#[derive(Clone, Debug, Default)]
pub struct Jobs {
    pub list: Vec<Job>,
    /// Numbers of the current (`%+`) and the previous (`%-`) job.
    pub current: Option<u32>,
    pub previous: Option<u32>,
    /// Ends of background children that are no job's any more, for `wait PID`.
    pub ended: BTreeMap<u32, ExitStatus>,
    /// This is a subshell's copy of its parent's table: for looking only.
    pub foreign: bool,
}

impl Jobs {
    /// A new job; its number is one more than the highest.
    pub fn add(&mut self, group: u32, pids: &[u32], text: BString, background: bool) -> u32 {
        if self.foreign {
            *self = Jobs::default();
        }
        let number = self.list.iter().map(|j| j.number).max().unwrap_or(0) + 1;
        let members = pids.iter().map(|&pid| Child { pid, state: JobState::Running }).collect();
        self.list.push(Job { number, group, members, text, told: false, background, keep_on_hangup: false });
        number
    }
    pub fn get(&self, number: u32) -> Option<&Job> {
        self.list.iter().find(|j| j.number == number)
    }
    pub fn get_mut(&mut self, number: u32) -> Option<&mut Job> {
        self.list.iter_mut().find(|j| j.number == number)
    }
    pub fn of_pid(&self, pid: u32) -> Option<&Job> {
        self.list.iter().find(|j| j.members.iter().any(|m| m.pid == pid))
    }
    pub fn remove(&mut self, number: u32) {
        self.list.retain(|j| j.number != number);
        if self.previous == Some(number) {
            self.previous = None;
        }
        if self.current == Some(number) {
            self.current = self.previous.take();
        }
        if self.current.is_none() {
            // Stopped jobs first, then the newest running one.
            let best = |stopped: bool| {
                let fits = |j: &&Job| match j.state() {
                    JobState::Stopped(_) => stopped,
                    JobState::Running => !stopped,
                    JobState::Ended(_) => false,
                };
                self.list.iter().rev().find(fits).map(|j| j.number)
            };
            self.current = best(true).or_else(|| best(false));
        }
        if self.previous.is_none() {
            let current = self.current;
            let alive = |j: &&Job| Some(j.number) != current && !matches!(j.state(), JobState::Ended(_));
            self.previous = self.list.iter().rev().find(alive).map(|j| j.number);
        }
    }
    /// Makes it `%+`; what was becomes `%-`.
    pub fn make_current(&mut self, number: u32) {
        if self.current != Some(number) {
            self.previous = self.current;
            self.current = Some(number);
        }
    }
    pub fn mark(&self, number: u32) -> char {
        if self.current == Some(number) {
            '+'
        } else if self.previous == Some(number) {
            '-'
        } else {
            ' '
        }
    }
    /// Notes what happened to a child.
    pub fn note(&mut self, pid: u32, state: JobState) {
        for job in &mut self.list {
            for member in job.members.iter_mut().filter(|m| m.pid == pid) {
                member.state = state;
                job.told = false;
            }
        }
    }
    pub fn any_stopped(&self) -> bool {
        !self.foreign && self.list.iter().any(|j| matches!(j.state(), JobState::Stopped(_)))
    }
    pub fn any_running(&self) -> bool {
        !self.foreign && self.list.iter().any(|j| j.state() == JobState::Running)
    }

    /// `%1`, `%+`, `%-`, `%name`, `%?text`; the error is bash's text after the name.
    pub fn find(&self, spec: &[u8]) -> Result<u32, String> {
        let none = || format!("{}: no such job", spec.as_bstr());
        let rest = spec.strip_prefix(b"%").unwrap_or(spec);
        match rest {
            b"" | b"%" | b"+" => {
                return self.current.ok_or_else(|| {
                    format!("{}: no such job", if spec.is_empty() { BStr::new("current") } else { spec.as_bstr() })
                });
            }
            b"-" => return self.previous.or(self.current).ok_or_else(none),
            _ => {}
        }
        if let Ok(number) = rest.to_str_lossy().parse::<u32>() {
            return self.get(number).map(|j| j.number).ok_or_else(none);
        }
        let fits = |j: &&Job| match rest.strip_prefix(b"?") {
            Some(text) => j.text.contains_str(text),
            None => j.text.starts_with(rest),
        };
        let mut found = self.list.iter().filter(fits);
        match (found.next(), found.next()) {
            (Some(job), None) => Ok(job.number),
            (Some(_), Some(_)) => Err(format!("{}: ambiguous job spec", rest.as_bstr())),
            _ => Err(none()),
        }
    }

    /// A line of `jobs`, without its newline.
    pub fn line(&self, job: &Job, with_pid: bool) -> BString {
        let mark = self.mark(job.number);
        let pid = if with_pid { format!("{} ", job.group) } else { String::new() };
        let running = matches!(job.state(), JobState::Running);
        let tail = if running && job.background { " &" } else { "" };
        let mut line: BString = format!("[{}]{mark}  {pid}{:<24}", job.number, job.state_text(with_pid)).into();
        line.extend_from_slice(&job.text);
        line.extend_from_slice(tail.as_bytes());
        line
    }
}
