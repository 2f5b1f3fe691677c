//! The whole simulated state: a struct of parts. Each part has its state, its verbs and its queries; nothing here knows
//! how time passes (`sim`), what a program is (`program`) or what a scenario file looks like (`scenario`).

pub mod accounting;
pub mod accounts;
pub mod alerts;
pub mod debian;
pub mod errno;
pub mod fs;
pub mod host;
pub mod io;
pub mod journal;
pub mod journald;
pub mod kernel;
pub mod listing;
pub mod logrotate;
pub mod logs;
pub mod metrics;
pub mod procfs;
pub mod services;
pub mod sys;
pub mod units;

pub use errno::Errno;
pub use host::{Account, Host};
pub use kernel::{HostId, ProcRef};
pub use sys::Sys;

use std::collections::BTreeSet;

use crate::base::{SimTime, StateHasher, limits};
use accounting::Login;
use io::{DescriptionId, DescriptionKind, Io, Tty, TtyId};
use journal::Journal;
use kernel::{Actor, DefaultAction, Disposition, ExitStatus, Process, Signal, State, Wait};

/// The simulated world.
#[derive(Clone, Debug)]
pub struct World {
    seed: u64,
    now: SimTime,
    hosts: Vec<Host>,
    pub io: Io,
    pub journal: Journal,
    pub services: Vec<services::Service>,
    pub streams: Vec<logs::Stream>,
    /// Named series, in the scenario's order.
    pub series: Vec<(String, metrics::Series)>,
    pub alerts: Vec<alerts::Alert>,
    literal_bytes: u64,
    literal_cap: u64,
    /// Where the player's own machine is: what `who` shows of a first login.
    pub player_address: String,
}

impl World {
    pub fn new(seed: u64, start: SimTime) -> World {
        World {
            seed,
            now: start,
            hosts: Vec::new(),
            io: Io::default(),
            journal: Journal::default(),
            services: Vec::new(),
            streams: Vec::new(),
            series: Vec::new(),
            alerts: Vec::new(),
            literal_bytes: 0,
            literal_cap: limits::LITERAL_BYTES_SCENARIO,
            player_address: "10.0.0.2".into(),
        }
    }
    pub fn seed(&self) -> u64 {
        self.seed
    }
    pub fn now(&self) -> SimTime {
        self.now
    }
    /// Moves the clock. Only the run does, forwards.
    pub fn set_now(&mut self, now: SimTime) {
        debug_assert!(now >= self.now, "time runs forwards");
        self.now = now;
    }
    pub fn add_host(&mut self, host: Host) -> HostId {
        self.hosts.push(host);
        HostId(self.hosts.len() as u32 - 1)
    }
    pub fn hosts(&self) -> &[Host] {
        &self.hosts
    }
    pub fn host_ids(&self) -> impl Iterator<Item = HostId> + use<> {
        (0..self.hosts.len() as u32).map(HostId)
    }
    /// A `HostId` is only made by `add_host`, and no host is ever removed.
    pub fn host(&self, id: HostId) -> &Host {
        &self.hosts[id.0 as usize]
    }
    pub fn host_mut(&mut self, id: HostId) -> &mut Host {
        &mut self.hosts[id.0 as usize]
    }
    /// By name, full or before the first dot, or address.
    pub fn host_named(&self, name: &str) -> Option<HostId> {
        let matches = |h: &Host| h.name == name || h.address == name || h.name.split('.').next() == Some(name);
        self.hosts.iter().position(matches).map(|n| HostId(n as u32))
    }
    pub fn process(&self, p: ProcRef) -> Option<&Process> {
        self.hosts.get(p.host.0 as usize)?.kernel.get(p.pid)
    }
    pub fn process_mut(&mut self, p: ProcRef) -> Option<&mut Process> {
        self.hosts.get_mut(p.host.0 as usize)?.kernel.get_mut(p.pid)
    }
    /// The system calls of one process.
    pub fn sys(&mut self, me: ProcRef) -> Sys<'_> {
        Sys { w: self, me }
    }

    /// `exec --root` may hold more literal bytes than a scenario.
    pub fn set_literal_cap(&mut self, bytes: u64) {
        self.literal_cap = bytes;
    }
    fn check_literal_room(&self, more: u64) -> Result<(), Errno> {
        if self.literal_bytes + more > self.literal_cap { Err(Errno::ENOSPC) } else { Ok(()) }
    }
    fn count_literal(&mut self, bytes: u64) {
        self.literal_bytes += bytes;
    }

    /// One more descriptor leads to this description.
    pub fn retain(&mut self, id: DescriptionId) {
        if let Some(d) = self.io.descriptions.get_mut(&id) {
            d.refs += 1;
        }
    }
    /// One less; the last one closes it.
    pub fn release(&mut self, id: DescriptionId) {
        let Some(d) = self.io.descriptions.get_mut(&id) else { return };
        d.refs -= 1;
        if d.refs > 0 {
            return;
        }
        let Some(d) = self.io.descriptions.remove(&id) else { return };
        match d.kind {
            DescriptionKind::File { host, node, .. } => {
                if let Ok(volume) = self.host_mut(host).fs.volume_mut(node.mount) {
                    // A node that is gone already has nothing to give back.
                    let _ = volume.hold(node.ino, false);
                }
            }
            DescriptionKind::PipeReader(p) => self.close_pipe_end(p, |pipe| pipe.readers -= 1),
            DescriptionKind::PipeWriter(p) => self.close_pipe_end(p, |pipe| pipe.writers -= 1),
            _ => {}
        }
    }
    fn close_pipe_end(&mut self, id: io::PipeId, f: impl FnOnce(&mut io::Pipe)) {
        if let Some(pipe) = self.io.pipes.get_mut(&id) {
            f(pipe);
            if pipe.readers == 0 && pipe.writers == 0 {
                self.io.pipes.remove(&id);
            }
        }
    }

    /// What `/proc/<pid>/fd/N` and `lsof` show of a description.
    pub fn describe(&self, id: DescriptionId) -> String {
        match self.io.get(id).map(|d| &d.kind) {
            Some(DescriptionKind::File { host, node, .. } | DescriptionKind::Directory { host, node }) => {
                self.host(*host).name_of(*node)
            }
            Some(DescriptionKind::PipeReader(p) | DescriptionKind::PipeWriter(p)) => format!("pipe:[{}]", p.0 + 40_000),
            Some(DescriptionKind::Tty(t)) => format!("/dev/pts/{}", t.0),
            Some(DescriptionKind::Device { host, node, .. }) => self.host(*host).name_of(*node),
            Some(DescriptionKind::Snapshot { path, .. }) => path.to_string(),
            Some(DescriptionKind::Socket { name }) => name.clone(),
            Some(DescriptionKind::Outlet { stream, .. }) => format!("pipe:[{}]", 39_000 + u32::from(*stream)),
            Some(DescriptionKind::Inlet { .. } | DescriptionKind::Channel { .. }) | None => "pipe:[39000]".into(),
        }
    }

    /// Is what this process waits for there?
    pub fn wait_is_met(&self, me: ProcRef, wait: &Wait) -> bool {
        match wait {
            Wait::None => true,
            Wait::Until(t) => self.now >= *t,
            Wait::Readable(id) => self.readable(*id, me),
            Wait::Writable(id) => self.writable(*id),
            Wait::Exit(p) => self
                .process(*p)
                .is_none_or(|p| matches!(p.state, State::Zombie(_)) || p.stop_unreported || p.continued_unreported),
            Wait::AnyChild => {
                let mut none = true;
                let kernel = &self.host(me.host).kernel;
                let told = kernel.children(me.pid).filter(|c| c.reaper.is_none()).any(|c| {
                    none = false;
                    matches!(c.state, State::Zombie(_)) || c.stop_unreported || c.continued_unreported
                });
                told || none
            }
            Wait::Line(tty) => self.io.tty(*tty).is_none_or(|t| t.line.is_some() || t.has_input()),
            Wait::Any(list) => list.iter().any(|w| self.wait_is_met(me, w)),
            Wait::Signal => false,
        }
    }

    /// What a description leads to, through connections, and the process that reads it there; `None` once one of the
    /// processes between is gone.
    pub(crate) fn behind(&self, id: DescriptionId, me: ProcRef) -> Option<(DescriptionId, ProcRef)> {
        let (mut id, mut reader) = (id, me);
        while let Some(DescriptionKind::Channel { to, via }) = self.io.get(id).map(|d| &d.kind) {
            (id, reader) = (*to, *via);
            self.process(reader).filter(|p| p.is_alive())?;
        }
        Some((id, reader))
    }

    fn readable(&self, id: DescriptionId, me: ProcRef) -> bool {
        let Some((id, me)) = self.behind(id, me) else { return true };
        match self.io.get(id).map(|d| &d.kind) {
            Some(DescriptionKind::PipeReader(p)) => {
                self.io.pipes.get(p).is_none_or(|p| !p.buffer.is_empty() || p.writers == 0)
            }
            Some(DescriptionKind::Tty(t)) => self.io.tty(*t).is_none_or(|t| {
                let group = self.process(me).map(|p| (me.host, p.pgid));
                t.has_input() || t.foreground.is_some() && t.foreground != group
            }),
            Some(DescriptionKind::Socket { .. }) => false,
            _ => true,
        }
    }
    fn writable(&self, id: DescriptionId) -> bool {
        let Some((id, _)) = self.behind(id, ProcRef { host: HostId(0), pid: 0 }) else { return true };
        match self.io.get(id).map(|d| &d.kind) {
            Some(DescriptionKind::PipeWriter(p)) => {
                self.io.pipes.get(p).is_none_or(|p| p.buffer.len() + 4096 <= limits::PIPE_BYTES || p.readers == 0)
            }
            Some(DescriptionKind::Tty(t)) => self.io.tty(*t).is_none_or(|t| t.room() > 0 || t.hung_up),
            _ => true,
        }
    }

    /// The next instant at which a wait is met by the clock alone.
    pub fn next_timer(&self) -> Option<SimTime> {
        fn of(wait: &Wait) -> Option<SimTime> {
            match wait {
                Wait::Until(t) => Some(*t),
                Wait::Any(list) => list.iter().filter_map(of).min(),
                _ => None,
            }
        }
        let tasks = self.hosts.iter().flat_map(|h| h.kernel.processes());
        tasks
            .filter(|p| p.is_task && !matches!(p.state, State::Zombie(_) | State::Stopped(_)))
            .filter_map(|p| of(&p.wait))
            .min()
    }

    /// Tasks that may run now, by host and pid.
    pub fn ready(&self) -> Vec<ProcRef> {
        let mut ready = Vec::new();
        for (n, host) in self.hosts.iter().enumerate() {
            for p in host.kernel.processes() {
                let me = ProcRef { host: HostId(n as u32), pid: p.pid };
                let runs = p.is_task && p.is_alive();
                let killed = p.pending.contains(Signal::KILL);
                let stopped = matches!(p.state, State::Stopped(_));
                // A caught signal ends a sleep, not work: a busy task would be polled for ever at one instant.
                let signalled =
                    p.fatal_pending().is_some() || p.state == State::Sleeping && p.caught_pending().is_some();
                if runs && (killed || !stopped && (signalled || self.wait_is_met(me, &p.wait))) {
                    ready.push(me);
                }
            }
        }
        ready
    }

    /// Sends a signal (kill(2) without the permission check).
    pub fn signal(&mut self, to: ProcRef, signal: Signal) {
        let Some(p) = self.process_mut(to) else { return };
        if !p.is_alive() || p.pid == 1 && p.disposition(signal) == Disposition::Default {
            return;
        }
        if signal == Signal::CONT || signal == Signal::KILL {
            if matches!(p.state, State::Stopped(_)) {
                p.state = if p.wait == Wait::None { State::Running } else { State::Sleeping };
                p.stop_unreported = false;
                p.continued_unreported = signal == Signal::CONT;
            }
            for stop in [Signal::STOP, Signal::TSTP, Signal::TTIN, Signal::TTOU] {
                p.pending.remove(stop);
            }
        }
        let disposition =
            if matches!(signal, Signal::KILL | Signal::STOP) { Disposition::Default } else { p.disposition(signal) };
        match disposition {
            Disposition::Ignore => {}
            Disposition::Catch => p.pending.insert(signal),
            Disposition::Default => match signal.default_action() {
                DefaultAction::Ignore | DefaultAction::Continue => {}
                DefaultAction::Stop => {
                    p.state = State::Stopped(signal);
                    p.stop_unreported = true;
                }
                DefaultAction::Terminate | DefaultAction::Core if p.is_task => p.pending.insert(signal),
                DefaultAction::Terminate | DefaultAction::Core => self.end(to, ExitStatus::Signalled(signal)),
            },
        }
    }
    pub fn signal_group(&mut self, host: HostId, group: u32, signal: Signal) {
        let members: Vec<u32> = self.host(host).kernel.group(group).map(|p| p.pid).collect();
        for pid in members {
            self.signal(ProcRef { host, pid }, signal);
        }
    }

    /// A process ends: its descriptors close, its children go to init, its status waits for the one who asks.
    pub fn end(&mut self, me: ProcRef, status: ExitStatus) {
        let Some(p) = self.process_mut(me) else { return };
        if !p.is_alive() {
            return;
        }
        p.state = State::Zombie(status);
        p.wait = Wait::Signal;
        p.program = None;
        let fds = std::mem::take(&mut p.fds);
        let (ppid, reaper, sid, tty, leader) = (p.ppid, p.reaper, p.sid, p.tty, p.sid == p.pid);
        for fd in fds.values() {
            self.release(fd.description);
        }
        // Whoever waited for it from afar may be gone.
        let reaper = reaper.filter(|r| *r == me || self.process(*r).is_some_and(Process::is_alive));
        let kernel = &mut self.host_mut(me.host).kernel;
        let orphans: Vec<(u32, bool)> = kernel.children(me.pid).map(|c| (c.pid, !c.is_alive())).collect();
        for (pid, dead) in orphans {
            if dead {
                kernel.remove(pid);
            } else if let Some(child) = kernel.get_mut(pid) {
                child.ppid = 1;
            }
        }
        // Init and daemons reap at once; so does anybody who is gone.
        let parent_waits = kernel.get(ppid).is_some_and(|p| p.is_task && p.is_alive());
        if leader {
            // Linux's disassociate_ctty and exit_notify: the foreground group is hung up, and groups with stopped
            // members, which nobody could continue any more. Running background groups live on.
            let mut groups: BTreeSet<u32> = kernel
                .processes()
                .filter(|p| p.sid == sid && p.pid != me.pid && matches!(p.state, State::Stopped(_)))
                .map(|p| p.pgid)
                .collect();
            let foreground = tty.and_then(|t| self.io.tty(t)).and_then(|t| t.foreground);
            groups.extend(foreground.filter(|f| f.0 == me.host).map(|f| f.1));
            for group in groups {
                self.signal_group(me.host, group, Signal::HUP);
                self.signal_group(me.host, group, Signal::CONT);
            }
            self.end_sshd_session(me.host, ppid);
            if reaper.is_none()
                && let Some(tty) = tty.and_then(|t| self.io.tty_mut(t))
            {
                tty.hung_up = true;
                tty.foreground = None;
            }
        }
        let is_daemon = self.process(me).is_some_and(|p| !p.is_task);
        if reaper.is_none() && !parent_waits {
            self.host_mut(me.host).kernel.remove(me.pid);
        } else if reaper.is_none() {
            self.signal(ProcRef { host: me.host, pid: ppid }, Signal::CHLD);
        }
        if is_daemon {
            self.daemon_ended(me.host, me.pid, status);
        }
    }

    /// A key of a terminal's keyboard, through its line discipline; ^C and its kin signal the foreground group.
    pub fn key(&mut self, tty: TtyId, byte: u8) {
        let now = self.now;
        let Some(t) = self.io.tty_mut(tty) else { return };
        t.last_input = now;
        let foreground = t.foreground;
        if let (io::KeyEffect::Raise(signal), Some((host, group))) = (t.key(byte), foreground) {
            self.signal_group(host, group, signal);
        }
    }
    /// The window of a terminal has another size now; its foreground group is told.
    pub fn resize(&mut self, tty: TtyId, columns: u16, rows: u16) {
        let Some(t) = self.io.tty_mut(tty) else { return };
        (t.columns, t.rows) = (columns, rows);
        if let Some((host, group)) = t.foreground {
            self.signal_group(host, group, Signal::WINCH);
        }
    }

    /// A terminal for a player, with the fleet's next number.
    pub fn open_tty(&mut self, columns: u16, rows: u16) -> TtyId {
        let id = TtyId(self.io.ttys.keys().next_back().map_or(0, |t| t.0 + 1));
        self.io.ttys.insert(id, Tty::new(id, columns, rows));
        id
    }

    /// sshd's process for one session; the kernel reaps what it starts.
    pub(in crate::world) fn start_sshd_session(
        &mut self,
        host: HostId,
        user: &str,
        tty: Option<TtyId>,
        from: &str,
    ) -> ProcRef {
        let now = self.now;
        let h = self.host_mut(host);
        let pid = h.kernel.fresh_pid();
        let listener = h.kernel.processes().find(|p| p.comm == "sshd").map_or(1, |p| p.pid);
        let title = match tty {
            Some(tty) => format!("sshd: {user}@pts/{}", tty.0),
            None => format!("sshd: {user}@notty"),
        };
        let cred = h.user(user).map(|a| h.cred_of(a)).unwrap_or_else(fs::Cred::root);
        let mut p = kernel::daemon(pid, listener, "sshd", vec![title.into()], cred, h.fs.root(), now);
        p.rss_bytes = 7 << 20;
        p.vsz_bytes = 17 << 20;
        h.kernel.insert(p);
        h.logins.push(Login { user: user.into(), tty, from: from.into(), at: now, pid, ended: None });
        ProcRef { host, pid }
    }
    fn end_sshd_session(&mut self, host: HostId, pid: u32) {
        let kernel = &mut self.host_mut(host).kernel;
        let session = kernel
            .get(pid)
            .is_some_and(|p| p.comm == "sshd" && !p.is_task && p.argv.len() == 1 && p.argv[0].contains(&b'@'));
        if session && kernel.children(pid).all(|c| !c.is_alive()) {
            kernel.remove(pid);
            let now = self.now;
            let logins = &mut self.host_mut(host).logins;
            if let Some(login) = logins.iter_mut().find(|l| l.pid == pid && l.ended.is_none()) {
                login.ended = Some(now);
            }
        }
    }

    /// Logs a user in on a host: a login shell's process, its descriptors on `stdio`, ready for its program.
    /// `ENOENT` for an unknown user.
    pub fn login(
        &mut self,
        host: HostId,
        user: &str,
        tty: Option<TtyId>,
        stdio: [DescriptionId; 3],
    ) -> Result<ProcRef, Errno> {
        let account = self.host(host).user(user).cloned().ok_or(Errno::ENOENT)?;
        let from = self.player_address.clone();
        let parent = self.start_sshd_session(host, user, tty, &from);
        let now = self.now;
        let h = self.host_mut(host);
        let pid = h.kernel.fresh_pid();
        let (cred, home, env) = (h.cred_of(&account), h.home_of(&account), h.login_environment(&account));
        let uid = cred.uid;
        let mut p = kernel::daemon(pid, parent.pid, "bash", vec!["-bash".into()], cred, home, now);
        p.exe = account.shell.as_str().into();
        p.cgroup = format!("/user.slice/user-{uid}.slice/session-{}.scope", pid % 900 + 10).as_str().into();
        p.env = std::rc::Rc::new(env);
        p.tty = tty;
        p.is_task = true;
        p.actor = Actor::Player;
        p.state = State::Running;
        p.wait = Wait::None;
        for (n, description) in stdio.into_iter().enumerate() {
            p.fds.insert(n as u32, kernel::Fd { description, cloexec: false });
        }
        h.kernel.insert(p);
        for description in stdio {
            self.retain(description);
        }
        if let Some(tty) = tty.and_then(|t| self.io.tty_mut(t)) {
            tty.foreground = Some((host, pid));
        }
        let event = journal::Event {
            t: now,
            actor: Actor::Player,
            host,
            kind: journal::EventKind::Footprint,
            verb: "login",
            object: format!("{user}@{}", self.host(host).name),
            detail: String::new(),
        };
        self.journal.record(event);
        Ok(ProcRef { host, pid })
    }

    /// The hash of everything that decides what happens next, by part.
    pub fn hash_parts(&self) -> Vec<(String, u64)> {
        let mut parts = vec![("clock".to_string(), self.now.micros())];
        for host in &self.hosts {
            let mut h = StateHasher::new();
            host.kernel.hash(&mut h);
            parts.push((format!("{}/kernel", host.name), h.finish()));
            parts.push((format!("{}/fs", host.name), host.fs.digest()));
            let mut h = StateHasher::new();
            host.units.values().for_each(|u| u.hash(&mut h));
            host.journald.hash(&mut h);
            parts.push((format!("{}/units", host.name), h.finish()));
        }
        let mut h = StateHasher::new();
        self.services.iter().for_each(|s| s.hash(&mut h));
        self.streams.iter().for_each(|s| s.hash(&mut h));
        self.alerts.iter().for_each(|a| a.hash(&mut h));
        parts.push(("services".into(), h.finish()));
        let mut h = StateHasher::new();
        self.io.hash(&mut h);
        parts.push(("io".into(), h.finish()));
        parts.push(("journal".into(), self.journal.digest()));
        parts
    }
    pub fn hash(&self) -> u64 {
        let mut h = StateHasher::new();
        for (name, value) in self.hash_parts() {
            h.str(&name);
            h.u64(value);
        }
        h.finish()
    }
}
