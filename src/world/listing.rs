//! The processes of a host as rows: what `ps`, `top`, `pgrep`, `w` and the panels show of the same records.

use bstr::BString;

use super::World;
use super::kernel::{Disposition, HostId, Process, Signal, SignalSet, State};
use super::procfs::wait_channel;
use crate::base::{SimTime, Span};

/// One process.
#[derive(Clone, Debug)]
pub struct ProcessRow {
    pub pid: u32,
    pub ppid: u32,
    pub pgid: u32,
    pub sid: u32,
    /// `pts/0`; `None` without a controlling terminal.
    pub tty: Option<String>,
    /// The terminal's foreground group, −1 without one.
    pub tpgid: i64,
    pub uid: u32,
    pub gid: u32,
    pub user: String,
    pub group: String,
    pub comm: String,
    pub argv: Vec<BString>,
    pub exe: BString,
    pub state: State,
    pub nice: i8,
    pub threads: u32,
    pub cpu: Span,
    pub rss_bytes: u64,
    pub vsz_bytes: u64,
    pub started: SimTime,
    pub wchan: &'static str,
    pub cgroup: String,
    pub pending: u64,
    pub blocked: u64,
    pub ignored: u64,
    pub caught: u64,
}

impl ProcessRow {
    /// `ps`'s STAT: the letter, then `<N` for the nice value, `s` leads a session, `l` has threads, `+` is in the foreground.
    pub fn stat(&self) -> String {
        let mut out = self.state.letter().to_string();
        match self.nice {
            n if n < 0 => out.push('<'),
            n if n > 0 => out.push('N'),
            _ => {}
        }
        if self.sid == self.pid {
            out.push('s');
        }
        if self.threads > 1 {
            out.push('l');
        }
        if self.tty.is_some() && self.tpgid == i64::from(self.pgid) {
            out.push('+');
        }
        out
    }
    pub fn is_zombie(&self) -> bool {
        matches!(self.state, State::Zombie(_))
    }
    /// The command line; a process without one (a kernel thread, a zombie) has its name in brackets.
    pub fn args(&self) -> String {
        if self.is_zombie() {
            return format!("[{}] <defunct>", self.comm);
        }
        if self.argv.is_empty() {
            return format!("[{}]", self.comm);
        }
        self.argv.iter().map(|a| a.to_string()).collect::<Vec<_>>().join(" ")
    }
    /// Thousandths of one CPU over its whole life.
    pub fn cpu_permille(&self, now: SimTime) -> u64 {
        // ps counts whole seconds; a younger process has no share yet.
        match now.since(self.started).secs() {
            0 => 0,
            secs => self.cpu.micros() / 1000 / secs,
        }
    }
    /// The unit or scope that its cgroup names.
    pub fn unit(&self) -> &str {
        match self.cgroup.rsplit('/').next() {
            Some(name) if !name.is_empty() => name,
            _ => "-",
        }
    }
    pub fn is_kernel_thread(&self) -> bool {
        self.pid == 2 || self.ppid == 2
    }
}

fn mask(p: &Process, wanted: Disposition) -> u64 {
    let mut set = SignalSet::default();
    for &signal in Signal::ALL {
        if p.disposition(signal) == wanted {
            set.insert(signal);
        }
    }
    set.mask()
}

impl World {
    /// Every process of a host, by pid.
    pub fn process_rows(&self, host: HostId) -> Vec<ProcessRow> {
        let h = self.host(host);
        h.kernel.processes().map(|p| self.process_row(host, p)).collect()
    }
    fn process_row(&self, host: HostId, p: &Process) -> ProcessRow {
        let h = self.host(host);
        let tty = p.tty.and_then(|t| self.io.tty(t));
        let tpgid = match tty.and_then(|t| t.foreground) {
            Some((on, group)) if on == host => i64::from(group),
            _ => -1,
        };
        ProcessRow {
            pid: p.pid,
            ppid: p.ppid,
            pgid: p.pgid,
            sid: p.sid,
            tty: p.tty.map(|t| format!("pts/{}", t.0)),
            tpgid,
            uid: p.cred.uid,
            gid: p.cred.gid,
            user: h.user_name(p.cred.uid),
            group: h.group_name(p.cred.gid),
            comm: p.comm.clone(),
            argv: p.argv.to_vec(),
            exe: p.exe.clone(),
            state: p.state,
            nice: p.nice,
            threads: p.threads,
            cpu: Span(p.cpu_ns / 1000),
            rss_bytes: p.rss_bytes,
            vsz_bytes: p.vsz_bytes,
            started: p.started,
            wchan: wait_channel(p),
            cgroup: p.cgroup.to_string(),
            pending: p.pending.mask(),
            blocked: p.blocked.mask(),
            ignored: mask(p, Disposition::Ignore),
            caught: mask(p, Disposition::Catch),
        }
    }
}
