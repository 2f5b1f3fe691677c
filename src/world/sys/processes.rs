//! System calls on processes: fork(2), execve(2), wait(2), kill(2), sessions and groups.

use std::rc::Rc;

use bstr::{BStr, BString, ByteSlice};

use super::Sys;
use crate::base::limits;
use crate::world::Errno;
use crate::world::fs::{Cred, Kind, Node};
use crate::world::io::{DescriptionKind, Tty, TtyId};
use crate::world::journal::EventKind;
use crate::world::kernel::{
    Disposition, Environment, ExitStatus, HostId, ProcRef, Process, Signal, SignalSet, State, Wait,
};

/// How a child differs from its parent.
#[derive(Clone, Debug, Default)]
pub struct ForkOptions {
    /// `Some(0)`: a new process group of its own; `Some(n)`: joins group n; `None`: stays in the parent's.
    pub group: Option<u32>,
    /// Its group becomes the terminal's foreground group.
    pub foreground: bool,
    /// Leaves the terminal and leads a new session (setsid(2)).
    pub session: bool,
}

/// A program ready to run: what execve(2) found.
#[derive(Clone, Debug)]
pub struct Image {
    /// Name of the command row.
    pub program: String,
    pub path: BString,
    pub argv: Vec<BString>,
    /// What `comm` becomes: the file's own name, a script's too.
    pub name: String,
}

/// What wait(2) reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitEvent {
    Ended(ExitStatus),
    Stopped(Signal),
    Continued,
}

impl Sys<'_> {
    /// `EAGAIN` while the user has as many processes as the limit allows.
    pub fn may_fork(&self) -> Result<(), Errno> {
        let uid = self.process()?.cred.uid;
        let full = self.w.host(self.me.host).kernel.count_of(uid) >= limits::PROCESSES_PER_USER;
        if uid != 0 && full { Err(Errno::EAGAIN) } else { Ok(()) }
    }

    /// A copy of this process (fork(2)); `EAGAIN` at the user's limit.
    pub fn fork(&mut self, options: &ForkOptions) -> Result<ProcRef, Errno> {
        self.may_fork()?;
        let host = self.me.host;
        // fork and exec cost about half a millisecond of CPU on a small server.
        self.charge(150_000);
        let pid = self.w.host_mut(host).kernel.fresh_pid();
        let now = self.now();
        let me = self.process()?;
        let mut child: Process = me.clone();
        child.program = None;
        child.scanned = 0;
        child.pid = pid;
        child.ppid = me.pid;
        child.pgid = match options.group {
            Some(0) => pid,
            Some(group) => group,
            None => me.pgid,
        };
        if options.session {
            (child.sid, child.pgid, child.tty) = (pid, pid, None);
        }
        child.state = State::Running;
        child.wait = Wait::None;
        child.pending = SignalSet::default();
        child.reaper = None;
        child.stop_unreported = false;
        child.is_task = true;
        child.started = now;
        // It begins when its parent had got so far: or a chain of forks would take no time.
        (child.cpu_ns, child.debt_ns) = (0, me.debt_ns);
        let (group, tty) = (child.pgid, child.tty);
        let held: Vec<_> = child.fds.values().map(|f| f.description).collect();
        for description in held {
            self.w.retain(description);
        }
        self.w.host_mut(host).kernel.insert(child);
        if options.foreground
            && let Some(tty) = tty.and_then(|id| self.w.io.tty_mut(id))
        {
            tty.foreground = Some((host, group));
        }
        Ok(ProcRef { host, pid })
    }

    /// Finds what `file` would run: by path if it has a slash, else along `path` (execvp(3)). A script names its
    /// interpreter by `#!`. `ENOENT`, `EACCES`, `ENOEXEC` (a text without `#!`), `E2BIG`.
    pub fn image(&self, file: &BStr, argv: Vec<BString>, path: &BStr) -> Result<Image, Errno> {
        let bytes: usize = argv.iter().map(|a| a.len() + 1).sum();
        if bytes > limits::ARGUMENT_BYTES {
            return Err(Errno::E2BIG);
        }
        let full = self.which(file, path)?;
        let name = full.rsplit_str("/").next().unwrap_or(&full).to_str_lossy().into_owned();
        Ok(Image { name, ..self.image_at(full, argv, 0)? })
    }

    /// The path that a command name stands for (execvp(3)'s search).
    pub fn which(&self, file: &BStr, path: &BStr) -> Result<BString, Errno> {
        if file.contains(&b'/') {
            return Ok(file.into());
        }
        if file.is_empty() {
            return Err(Errno::ENOENT);
        }
        let mut denied = false;
        for dir in path.split_str(":") {
            let mut full = BString::from(if dir.is_empty() { b"." } else { dir });
            full.push(b'/');
            full.extend_from_slice(file);
            let Ok(stat) = self.stat(full.as_ref()) else { continue };
            if stat.kind != Kind::File {
                continue;
            }
            if self.access(full.as_ref(), 1).is_ok() {
                return Ok(full);
            }
            denied = true;
        }
        Err(if denied { Errno::EACCES } else { Errno::ENOENT })
    }

    fn image_at(&self, path: BString, mut argv: Vec<BString>, depth: u32) -> Result<Image, Errno> {
        let id = self.node(path.as_ref(), true)?;
        let inode = self.inode(id)?;
        let Node::File(content) = &inode.node else { return Err(Errno::EACCES) };
        if !inode.permits(&self.process()?.cred, 1) {
            return Err(Errno::EACCES);
        }
        if let Some(program) = content.program() {
            return Ok(Image { program: program.to_string(), path, argv, name: String::new() });
        }
        let head = content.read(0, 256);
        let Some(line) = head.strip_prefix(b"#!").and_then(|rest| rest.lines().next()) else {
            return Err(Errno::ENOEXEC);
        };
        if depth >= 4 {
            return Err(Errno::ELOOP);
        }
        let line = line.trim_ascii();
        let (interpreter, argument) = match line.split_once_str(" ") {
            Some((a, b)) => (a, Some(b.trim_ascii())),
            None => (line, None),
        };
        let mut new: Vec<BString> = vec![interpreter.into()];
        new.extend(argument.map(BString::from));
        new.push(path);
        new.extend(argv.drain(..).skip(1));
        self.image_at(interpreter.into(), new, depth + 1)
    }

    /// Becomes that program: descriptors marked close-on-exec go, caught signals are default again.
    pub fn exec(&mut self, image: &Image, env: Environment) -> Result<(), Errno> {
        let closing: Vec<u32> = self.process()?.fds.iter().filter(|(_, f)| f.cloexec).map(|(&n, _)| n).collect();
        for fd in closing {
            self.close(fd)?;
        }
        let p = self.process_mut()?;
        p.comm = image.name.chars().take(15).collect();
        p.argv = Rc::new(image.argv.clone());
        p.exe = image.path.clone();
        p.env = env;
        p.dispositions.retain(|_, d| *d == Disposition::Ignore);
        p.scanned = 0;
        p.program = None;
        Ok(())
    }

    /// The next thing to tell about a child (`pid`: that one only): its end is told once and removes it.
    pub fn wait(&mut self, pid: Option<u32>) -> Result<Option<(u32, WaitEvent)>, Errno> {
        let me = self.me;
        let kernel = &mut self.w.host_mut(me.host).kernel;
        let mut any = false;
        let mut event = None;
        for child in kernel.children(me.pid) {
            if pid.is_some_and(|p| p != child.pid) || child.reaper.is_some() {
                continue;
            }
            any = true;
            let what = match child.state {
                State::Zombie(status) => Some(WaitEvent::Ended(status)),
                State::Stopped(signal) if child.stop_unreported => Some(WaitEvent::Stopped(signal)),
                _ if child.continued_unreported => Some(WaitEvent::Continued),
                _ => None,
            };
            if let Some(what) = what {
                event = Some((child.pid, what));
                break;
            }
        }
        match event {
            Some((pid, WaitEvent::Ended(_))) => drop(kernel.remove(pid)),
            Some((pid, _)) => {
                if let Some(child) = kernel.get_mut(pid) {
                    (child.stop_unreported, child.continued_unreported) = (false, false);
                }
            }
            None if !any => return Err(Errno::ECHILD),
            None => {}
        }
        Ok(event)
    }

    /// The end of a process of another host that this one started (`ssh`).
    pub fn collect(&mut self, far: ProcRef) -> Option<ExitStatus> {
        let kernel = &mut self.w.host_mut(far.host).kernel;
        match kernel.get(far.pid).map(|p| p.state) {
            Some(State::Zombie(status)) => {
                kernel.remove(far.pid);
                Some(status)
            }
            Some(_) => None,
            None => Some(ExitStatus::Exited(255)),
        }
    }

    /// kill(2): `pid` > 0 that process, 0 my group, −1 all I may, −n group n. `None` asks only whether it could.
    pub fn kill(&mut self, pid: i64, signal: Option<Signal>) -> Result<(), Errno> {
        let host = self.me.host;
        let cred = self.process()?.cred.clone();
        let my_group = self.process()?.pgid;
        let kernel = &self.w.host(host).kernel;
        let wanted = |p: &Process| match pid {
            0 => p.pgid == my_group,
            -1 => p.pid > 1 && p.pid != self.me.pid,
            n if n < -1 => i64::from(p.pgid) == -n,
            n => i64::from(p.pid) == n,
        };
        let all: Vec<(u32, u32)> = kernel.processes().filter(|p| wanted(p)).map(|p| (p.pid, p.cred.uid)).collect();
        if all.is_empty() {
            return Err(Errno::ESRCH);
        }
        let mine: Vec<u32> =
            all.iter().filter(|(_, uid)| cred.uid == 0 || *uid == cred.uid).map(|(pid, _)| *pid).collect();
        if mine.is_empty() {
            return Err(Errno::EPERM);
        }
        if let Some(signal) = signal {
            for pid in mine {
                let target = ProcRef { host, pid };
                let Some(p) = self.w.process(target) else { continue };
                if !p.is_task {
                    let object = format!("{} ({pid})", p.comm);
                    self.record(EventKind::Change, "kill", object, signal.name());
                }
                self.w.signal(target, signal);
            }
        }
        Ok(())
    }

    pub fn setpgid(&mut self, pid: u32, group: u32) -> Result<(), Errno> {
        let pid = if pid == 0 { self.me.pid } else { pid };
        let group = if group == 0 { pid } else { group };
        let p = self.w.process_mut(ProcRef { host: self.me.host, pid }).ok_or(Errno::ESRCH)?;
        p.pgid = group;
        Ok(())
    }

    /// setsid(2): a new session without a terminal. `EPERM` for the leader of a group.
    pub fn setsid(&mut self) -> Result<(), Errno> {
        let p = self.process_mut()?;
        if p.pgid == p.pid {
            return Err(Errno::EPERM);
        }
        (p.sid, p.pgid, p.tty) = (p.pid, p.pid, None);
        Ok(())
    }

    /// setpriority(2) of one process; only root makes anything nicer to itself. Gives the former value.
    pub fn set_nice(&mut self, pid: u32, nice: i32) -> Result<i8, Errno> {
        let cred = self.process()?.cred.clone();
        let target = ProcRef { host: self.me.host, pid };
        let p = self.w.process(target).ok_or(Errno::ESRCH)?;
        if cred.uid != 0 && cred.uid != p.cred.uid {
            return Err(Errno::EPERM);
        }
        let (old, new) = (p.nice, nice.clamp(-20, 19) as i8);
        if new < old && cred.uid != 0 {
            return Err(Errno::EACCES);
        }
        let (is_task, object) = (p.is_task, format!("{} ({pid})", p.comm));
        if let Some(p) = self.w.process_mut(target) {
            p.nice = new;
        }
        if !is_task && new != old {
            self.record(EventKind::Change, "renice", object, new.to_string());
        }
        Ok(old)
    }

    /// Leaves a trace of looking or of becoming somebody: sudo's line, a login.
    pub fn footprint(&mut self, verb: &'static str, object: impl Into<String>, detail: impl Into<String>) {
        self.record(EventKind::Footprint, verb, object, detail);
    }

    /// tcsetpgrp(3) on the controlling terminal.
    pub fn set_foreground(&mut self, group: u32) -> Result<(), Errno> {
        let host = self.me.host;
        let tty = self.tty_mut().ok_or(Errno::ENOTTY)?;
        tty.foreground = Some((host, group));
        Ok(())
    }

    pub fn set_disposition(&mut self, signal: Signal, disposition: Disposition) -> Result<(), Errno> {
        if matches!(signal, Signal::KILL | Signal::STOP) {
            return Err(Errno::EINVAL);
        }
        let p = self.process_mut()?;
        p.dispositions.insert(signal, disposition);
        if disposition == Disposition::Ignore {
            p.pending.remove(signal);
        }
        Ok(())
    }

    /// Starts a process on another host, as sshd does for a session: same descriptions, that user, that user's home.
    /// With `pty` it has the terminal; without, only what goes through the connection. It becomes the far end that this
    /// process waits for. `ENOENT` for an unknown user.
    pub fn fork_on(&mut self, host: HostId, user: &str, pty: bool) -> Result<ProcRef, Errno> {
        let account = self.w.host(host).user(user).cloned().ok_or(Errno::ENOENT)?;
        let cred = self.w.host(host).cred_of(&account);
        let (tty, from) = (self.process()?.tty.filter(|_| pty), self.w.host(self.me.host).address.clone());
        let parent = self.w.start_sshd_session(host, &account.name, tty, &from);
        let home = self.w.host(host).home_of(&account);
        let now = self.now();
        let me = self.process()?;
        let mut far: Process = me.clone();
        let pid = self.w.host_mut(host).kernel.fresh_pid();
        far.program = None;
        far.cgroup = format!("/user.slice/user-{}.slice/session-{}.scope", cred.uid, pid % 900 + 10).as_str().into();
        (far.pid, far.ppid, far.pgid, far.sid) = (pid, parent.pid, pid, pid);
        far.cred = cred;
        far.cwd = home;
        far.umask = 0o022;
        far.env = Rc::new(self.w.host(host).login_environment(&account));
        far.state = State::Running;
        far.wait = Wait::None;
        far.pending = SignalSet::default();
        far.dispositions.clear();
        far.reaper = Some(self.me);
        far.is_task = true;
        far.started = now;
        (far.cpu_ns, far.debt_ns) = (0, 0);
        // Only the three standard descriptors cross.
        far.fds.retain(|&n, _| n < 3);
        far.tty = tty;
        for fd in far.fds.values_mut() {
            let near = self.w.io.get(fd.description).ok_or(Errno::EBADF)?;
            if !pty && matches!(near.kind, DescriptionKind::Tty(_) | DescriptionKind::Channel { .. }) {
                let (readable, writable) = (near.readable, near.writable);
                let kind = DescriptionKind::Channel { to: fd.description, via: self.me };
                fd.description = self.w.io.open(kind, readable, writable);
            } else {
                self.w.retain(fd.description);
            }
        }
        self.w.host_mut(host).kernel.insert(far);
        if let Some(tty) = tty.and_then(|id| self.w.io.tty_mut(id)) {
            tty.foreground = Some((host, pid));
        }
        self.record(EventKind::Footprint, "login", format!("{}@{}", account.name, self.w.host(host).name), "ssh");
        Ok(ProcRef { host, pid })
    }

    /// Changes who this process is (setuid(2) after sudo's or su's check).
    pub fn set_cred(&mut self, cred: Cred) -> Result<(), Errno> {
        self.process_mut()?.cred = cred;
        Ok(())
    }

    /// Sets the terminal's modes through `f`.
    pub fn terminal(&mut self, f: impl FnOnce(&mut Tty)) -> Result<(), Errno> {
        self.tty_mut().map(f).ok_or(Errno::ENOTTY)
    }
    pub fn terminal_id(&self) -> Option<TtyId> {
        self.process().ok()?.tty
    }
}
