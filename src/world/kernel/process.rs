//! A process as the kernel sees it: everything that `ps`, `lsof`, `kill` and a parent may ask.
//!
//! A program's running code is elsewhere (`program`): its future holds only the pid.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use bstr::BString;

use super::signal::{ExitStatus, Signal, SignalSet};
use crate::base::{SimTime, StateHasher};
use crate::world::fs::{Cred, NodeId};
use crate::world::io::{DescriptionId, TtyId};

/// A host by its place in the scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostId(pub u32);

/// A process of the fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProcRef {
    pub host: HostId,
    pub pid: u32,
}

/// What a process waits for. World state: `ps` shows it, the executor polls by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Nothing: it may run.
    None,
    Until(SimTime),
    Readable(DescriptionId),
    Writable(DescriptionId),
    /// A given process has ended or stopped (wait for a child, or for the far end of `ssh`).
    Exit(ProcRef),
    /// Any child has ended or stopped.
    AnyChild,
    /// A line at a terminal's prompt (the text being edited is the terminal's).
    Line(TtyId),
    /// Whichever comes first.
    Any(Vec<Wait>),
    /// Only a signal (pause(2)).
    Signal,
}

/// `ps`'s state letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Running,
    Sleeping,
    /// Uninterruptible.
    Disk,
    Stopped(Signal),
    Zombie(ExitStatus),
}

impl State {
    pub fn letter(self) -> char {
        match self {
            State::Running => 'R',
            State::Sleeping => 'S',
            State::Disk => 'D',
            State::Stopped(_) => 'T',
            State::Zombie(_) => 'Z',
        }
    }
}

/// What a process does with a signal (sigaction(2)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    Default,
    Ignore,
    /// The program sees it as [`crate::program::Stop::Caught`] at its next wait.
    Catch,
}

/// A program's own state that must outlive its future: the shell's variables and history. `world` never looks inside.
pub trait ProgramState: Any {
    fn clone_box(&self) -> Box<dyn ProgramState>;
    fn hash(&self, hasher: &mut StateHasher);
    fn as_any(&self) -> &dyn Any;
}

/// An entry of the descriptor table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fd {
    pub description: DescriptionId,
    pub cloexec: bool,
}

/// Who acts, for the journal: the system itself, or the player at a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Actor {
    System,
    Player,
}

pub type Environment = Rc<BTreeMap<BString, BString>>;

pub struct Process {
    pub pid: u32,
    pub ppid: u32,
    pub pgid: u32,
    pub sid: u32,
    pub tty: Option<TtyId>,
    pub cred: Cred,
    /// At most 15 bytes, as Linux keeps it.
    pub comm: String,
    pub argv: Rc<Vec<BString>>,
    pub exe: BString,
    pub env: Environment,
    pub cwd: NodeId,
    pub umask: u16,
    pub fds: BTreeMap<u32, Fd>,
    pub state: State,
    pub wait: Wait,
    pub pending: SignalSet,
    pub blocked: SignalSet,
    pub dispositions: BTreeMap<Signal, Disposition>,
    /// The process that may collect its status when that is not its parent (the near end of `ssh`).
    pub reaper: Option<ProcRef>,
    /// Has a stop not yet been told to the one who waits?
    pub stop_unreported: bool,
    pub continued_unreported: bool,
    /// Does a future run it? Daemons of the scenario are run by `sim` instead.
    pub is_task: bool,
    pub actor: Actor,
    pub started: SimTime,
    /// CPU time used, in nanoseconds.
    pub cpu_ns: u64,
    /// CPU time a second that a daemon used in its last step, nanoseconds: between two step ends it goes on so.
    pub cpu_rate: u64,
    pub rated_at: SimTime,
    /// Charged and not yet waited for, in nanoseconds.
    pub debt_ns: u64,
    /// Bytes of generated content it has read: bounded by `limits::SCAN_BYTES`.
    pub scanned: u64,
    pub rss_bytes: u64,
    pub vsz_bytes: u64,
    pub nice: i8,
    pub threads: u32,
    /// The unit or session scope it belongs to: its cgroup.
    pub cgroup: Rc<str>,
    pub program: Option<Box<dyn ProgramState>>,
}

impl Process {
    /// CPU time used until now, nanoseconds.
    pub fn cpu_ns_at(&self, now: SimTime) -> u64 {
        self.cpu_ns + self.cpu_rate / 1000 * now.since(self.rated_at).micros() / 1000
    }
    pub fn is_alive(&self) -> bool {
        !matches!(self.state, State::Zombie(_))
    }
    pub fn disposition(&self, signal: Signal) -> Disposition {
        self.dispositions.get(&signal).copied().unwrap_or(Disposition::Default)
    }
    /// A signal that ends it is pending and not blocked.
    pub fn fatal_pending(&self) -> Option<Signal> {
        Signal::ALL.iter().copied().find(|&s| {
            self.pending.contains(s)
                && (s == Signal::KILL || !self.blocked.contains(s))
                && self.disposition(s) == Disposition::Default
        })
    }
    /// A caught signal is pending and not blocked.
    pub fn caught_pending(&self) -> Option<Signal> {
        Signal::ALL.iter().copied().find(|&s| {
            self.pending.contains(s) && !self.blocked.contains(s) && self.disposition(s) == Disposition::Catch
        })
    }
    pub fn hash(&self, h: &mut StateHasher) {
        h.u32(self.pid);
        h.u32(self.ppid);
        h.u32(self.pgid);
        h.u32(self.sid);
        h.u32(self.cred.uid);
        h.bytes(self.comm.as_bytes());
        h.u64(self.cwd.ino);
        h.u8(self.state.letter() as u8);
        h.u64(self.cpu_ns);
        h.u64(self.debt_ns);
        for (&fd, entry) in &self.fds {
            h.u32(fd);
            h.u64(entry.description.0);
        }
        if let Some(program) = &self.program {
            program.hash(h);
        }
    }
}

impl Clone for Process {
    fn clone(&self) -> Process {
        Process {
            pid: self.pid,
            ppid: self.ppid,
            pgid: self.pgid,
            sid: self.sid,
            tty: self.tty,
            cred: self.cred.clone(),
            comm: self.comm.clone(),
            argv: self.argv.clone(),
            exe: self.exe.clone(),
            env: self.env.clone(),
            cwd: self.cwd,
            umask: self.umask,
            fds: self.fds.clone(),
            state: self.state,
            wait: self.wait.clone(),
            pending: self.pending,
            blocked: self.blocked,
            dispositions: self.dispositions.clone(),
            reaper: self.reaper,
            stop_unreported: self.stop_unreported,
            continued_unreported: self.continued_unreported,
            is_task: self.is_task,
            actor: self.actor,
            started: self.started,
            cpu_ns: self.cpu_ns,
            cpu_rate: self.cpu_rate,
            rated_at: self.rated_at,
            debt_ns: self.debt_ns,
            scanned: 0,
            rss_bytes: self.rss_bytes,
            vsz_bytes: self.vsz_bytes,
            nice: self.nice,
            threads: self.threads,
            cgroup: self.cgroup.clone(),
            program: self.program.as_ref().map(|p| p.clone_box()),
        }
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.pid, self.comm)
    }
}
