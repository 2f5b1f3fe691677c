//! The processes of one host. What crosses hosts (terminals, pipes, descriptions) is in [`crate::world::io`].

pub mod process;
pub mod signal;

use std::collections::BTreeMap;
use std::rc::Rc;

use bstr::BString;

pub use process::{Actor, Disposition, Environment, Fd, HostId, ProcRef, Process, ProgramState, State, Wait};
pub use signal::{DefaultAction, ExitStatus, Signal, SignalSet};

use super::accounting::Counters;
use super::fs::{Cred, NodeId};
use crate::base::{Rng, SimTime, StateHasher};

/// Highest pid before numbers wrap (kernel.pid_max as 64-bit systemd sets it).
pub const PID_MAX: u32 = 4_194_304;

#[derive(Clone, Debug)]
pub struct Kernel {
    processes: BTreeMap<u32, Process>,
    next_pid: u32,
    booted: SimTime,
    pub counters: Counters,
}

impl Kernel {
    pub fn new(booted: SimTime) -> Kernel {
        Kernel { processes: BTreeMap::new(), next_pid: 1, booted, counters: Counters::default() }
    }
    pub fn booted(&self) -> SimTime {
        self.booted
    }
    pub fn processes(&self) -> impl Iterator<Item = &Process> {
        self.processes.values()
    }
    pub fn get(&self, pid: u32) -> Option<&Process> {
        self.processes.get(&pid)
    }
    pub fn get_mut(&mut self, pid: u32) -> Option<&mut Process> {
        self.processes.get_mut(&pid)
    }
    pub fn children(&self, pid: u32) -> impl Iterator<Item = &Process> {
        self.processes.values().filter(move |p| p.ppid == pid)
    }
    pub fn group(&self, pgid: u32) -> impl Iterator<Item = &Process> {
        self.processes.values().filter(move |p| p.pgid == pgid)
    }
    pub fn count_of(&self, uid: u32) -> usize {
        self.processes.values().filter(|p| p.cred.uid == uid).count()
    }

    /// The next free pid after the last one given.
    pub fn fresh_pid(&mut self) -> u32 {
        loop {
            let pid = self.next_pid;
            self.next_pid = if pid + 1 >= PID_MAX { 300 } else { pid + 1 };
            if !self.processes.contains_key(&pid) {
                return pid;
            }
        }
    }

    /// Where the next player's process gets its number: keyed by role, so that twin worlds agree on it.
    pub fn seed_pids(&mut self, seed: u64, host: &str) {
        let mut rng = Rng::new(seed, &format!("{host}/first-pid"));
        self.next_pid = rng.between(20_000, 60_000) as u32;
    }

    pub fn insert(&mut self, process: Process) {
        self.counters.forks += 1;
        self.processes.insert(process.pid, process);
    }
    pub fn remove(&mut self, pid: u32) -> Option<Process> {
        let gone = self.processes.remove(&pid);
        self.counters.ended_cpu_ns += gone.as_ref().map_or(0, |p| p.cpu_ns);
        gone
    }

    pub fn hash(&self, h: &mut StateHasher) {
        h.u32(self.next_pid);
        for p in self.processes.values() {
            p.hash(h);
        }
    }
}

/// A process of the scenario's own (a daemon): no future runs it. Its pid is keyed by role.
pub fn daemon(pid: u32, ppid: u32, comm: &str, argv: Vec<BString>, cred: Cred, cwd: NodeId, now: SimTime) -> Process {
    let exe = argv.first().cloned().unwrap_or_default();
    Process {
        pid,
        ppid,
        pgid: pid,
        sid: pid,
        tty: None,
        cred,
        comm: comm.chars().take(15).collect(),
        argv: Rc::new(argv),
        exe,
        env: Rc::new(BTreeMap::new()),
        cwd,
        umask: 0o022,
        fds: BTreeMap::new(),
        state: State::Sleeping,
        wait: Wait::Signal,
        pending: SignalSet::default(),
        blocked: SignalSet::default(),
        dispositions: BTreeMap::new(),
        reaper: None,
        stop_unreported: false,
        continued_unreported: false,
        is_task: false,
        actor: Actor::System,
        started: now,
        cpu_ns: 0,
        cpu_rate: 0,
        rated_at: now,
        debt_ns: 0,
        scanned: 0,
        rss_bytes: 4 << 20,
        vsz_bytes: 12 << 20,
        nice: 0,
        threads: 1,
        cgroup: "/".into(),
        program: None,
    }
}
