//! `/proc`: computed from the kernel's own state at the moment it is read (proc(5)).

use bstr::{BStr, BString, ByteSlice};

use super::fs::{Cred, Kind};
use super::io::{DescriptionId, DescriptionKind};
use super::kernel::{Disposition, ProcRef, Process, SignalSet, State};
use super::sys::{Stat, Target};
use super::{Errno, World};
use crate::base::SimTime;

/// Something under `/proc`.
#[derive(Clone, Debug)]
pub struct Entry {
    what: What,
    mode: u16,
    uid: u32,
    gid: u32,
}

#[derive(Clone, Debug)]
enum What {
    Dir(Vec<(BString, Kind, u64)>),
    File(Vec<u8>),
    Link(BString),
    /// An open description of another kind than a file: reading it reads the pipe itself.
    Description(DescriptionId),
}

impl Entry {
    pub fn stat(&self, now: SimTime) -> Stat {
        let kind = match self.what {
            What::Dir(_) => Kind::Dir,
            What::File(_) => Kind::File,
            What::Link(_) => Kind::Symlink,
            What::Description(_) => Kind::Fifo,
        };
        Stat {
            kind,
            mode: self.mode,
            uid: self.uid,
            gid: self.gid,
            nlink: 1,
            size: 0,
            blocks: 0,
            ino: 4_026_531_840,
            dev: u32::MAX - 1,
            atime: now,
            mtime: now,
            ctime: now,
            rdev: (0, 0),
        }
    }
    pub fn list(&self) -> Option<Vec<(BString, Kind, u64)>> {
        if let What::Dir(entries) = &self.what { Some(entries.clone()) } else { None }
    }
    pub fn link(&self) -> Option<BString> {
        if let What::Link(target) = &self.what { Some(target.clone()) } else { None }
    }
    pub fn bytes(&self) -> Option<Vec<u8>> {
        if let What::File(bytes) = &self.what { Some(bytes.clone()) } else { None }
    }
    pub fn description(&self) -> Option<DescriptionId> {
        if let What::Description(id) = self.what { Some(id) } else { None }
    }
    pub fn permits(&self, cred: &Cred, bits: u16) -> bool {
        if cred.uid == 0 {
            return true;
        }
        let shift = if cred.uid == self.uid { 6 } else { 0 };
        (self.mode >> shift) & bits == bits
    }
}

fn file(text: impl Into<Vec<u8>>) -> Entry {
    Entry { what: What::File(text.into()), mode: 0o444, uid: 0, gid: 0 }
}

fn names(list: &[(&str, Kind)]) -> Vec<(BString, Kind, u64)> {
    list.iter().map(|&(name, kind)| (name.into(), kind, 4_026_531_841)).collect()
}

/// The directory `/proc` itself, as `me` sees it.
pub fn root(w: &World, me: ProcRef) -> Entry {
    let mut entries: Vec<(BString, Kind, u64)> = w
        .host(me.host)
        .kernel
        .processes()
        .map(|p| (p.pid.to_string().into(), Kind::Dir, u64::from(p.pid) << 16))
        .collect();
    entries.extend(names(&[
        ("cpuinfo", Kind::File),
        ("filesystems", Kind::File),
        ("loadavg", Kind::File),
        ("meminfo", Kind::File),
        ("mounts", Kind::Symlink),
        ("self", Kind::Symlink),
        ("stat", Kind::File),
        ("uptime", Kind::File),
        ("version", Kind::File),
    ]));
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    Entry { what: What::Dir(entries), mode: 0o555, uid: 0, gid: 0 }
}

/// Resolves a canonical path below the mount point of proc.
pub fn resolve(w: &World, me: ProcRef, path: &BStr, follow: bool) -> Result<Target, Errno> {
    let rest = path.strip_prefix(b"/proc").unwrap_or(path);
    let parts: Vec<&[u8]> = rest.split_str("/").filter(|p| !p.is_empty() && *p != b".").collect();
    let Some((&first, rest)) = parts.split_first() else { return Ok(Target::Kernel(root(w, me))) };
    let host = w.host(me.host);
    if rest.is_empty() || first == b"self" {
        let whole = match first {
            b"self" => {
                if rest.is_empty() && !follow {
                    return Ok(Target::Kernel(link(me.pid.to_string())));
                }
                let target =
                    format!("/proc/{}/{}", me.pid, rest.iter().map(|p| p.to_str_lossy()).collect::<Vec<_>>().join("/"));
                return resolve(w, me, BStr::new(target.as_bytes()), follow);
            }
            b"mounts" if !follow => return Ok(Target::Kernel(link("self/mounts".into()))),
            b"mounts" => Some(mounts(w, me)),
            b"uptime" => {
                let up = w.now().since(host.kernel.booted());
                let idle = up.secs_f64() * f64::from(host.cores) * 0.9;
                Some(format!("{:.2} {idle:.2}\n", up.secs_f64()))
            }
            b"loadavg" => Some(host.loadavg()),
            b"stat" => Some(host.stat(w.now())),
            b"meminfo" => Some(host.meminfo()),
            b"version" => Some(format!("Linux version {} (debian-kernel@lists.debian.org)\n", host.kernel_release)),
            b"cpuinfo" => {
                Some((0..host.cores).map(|n| format!("processor\t: {n}\nmodel name\t: virtual CPU\n\n")).collect())
            }
            b"filesystems" => Some("nodev\tproc\nnodev\ttmpfs\n\text4\n".into()),
            _ => None,
        };
        if let Some(text) = whole {
            return Ok(Target::Kernel(file(text)));
        }
    }
    let pid = first.to_str().ok().and_then(|s| s.parse::<u32>().ok()).ok_or(Errno::ENOENT)?;
    let p = host.kernel.get(pid).ok_or(Errno::ENOENT)?;
    of_process(w, me, p, rest, follow)
}

fn link(target: String) -> Entry {
    Entry { what: What::Link(target.into()), mode: 0o777, uid: 0, gid: 0 }
}

fn mounts(w: &World, me: ProcRef) -> String {
    let line =
        |m: &super::fs::Mount| format!("{} {} {} {} 0 0\n", m.volume.device, m.at, m.volume.fstype, m.volume.options);
    w.host(me.host).fs.mounts_in_order().into_iter().map(line).collect()
}

fn of_process(w: &World, me: ProcRef, p: &Process, rest: &[&[u8]], follow: bool) -> Result<Target, Errno> {
    let host = w.host(me.host);
    let asks = w.process(me).ok_or(Errno::ESRCH)?.cred.uid;
    let private = asks == 0 || asks == p.cred.uid;
    let own = |mut e: Entry, mode: u16| {
        (e.mode, e.uid, e.gid) = (mode, p.cred.uid, p.cred.gid);
        Target::Kernel(e)
    };
    let dir = |entries| Entry { what: What::Dir(entries), mode: 0o555, uid: 0, gid: 0 };
    let nul_joined = |items: &mut dyn Iterator<Item = BString>| {
        let mut out = Vec::new();
        for item in items {
            out.extend_from_slice(&item);
            out.push(0);
        }
        out
    };
    Ok(match rest {
        [] => own(
            dir(names(&[
                ("cgroup", Kind::File),
                ("cmdline", Kind::File),
                ("comm", Kind::File),
                ("cwd", Kind::Symlink),
                ("environ", Kind::File),
                ("exe", Kind::Symlink),
                ("fd", Kind::Dir),
                ("limits", Kind::File),
                ("mounts", Kind::File),
                ("stat", Kind::File),
                ("status", Kind::File),
                ("wchan", Kind::File),
            ])),
            0o555,
        ),
        [b"cmdline"] => own(file(nul_joined(&mut p.argv.iter().cloned())), 0o444),
        [b"comm"] => own(file(format!("{}\n", p.comm)), 0o644),
        [b"cgroup"] => own(file(format!("0::{}\n", p.cgroup)), 0o444),
        [b"mounts"] => own(file(mounts(w, me)), 0o444),
        [b"wchan"] => own(file(wait_channel(p)), 0o444),
        [b"status"] => own(file(status(p)), 0o444),
        [b"stat"] => own(file(stat_line(w, p)), 0o444),
        [b"limits"] => own(file(limits_table()), 0o444),
        [b"environ"] => {
            let mut vars = p.env.iter().map(|(k, v)| {
                let mut s = k.clone();
                s.push(b'=');
                s.extend_from_slice(v);
                s
            });
            own(file(nul_joined(&mut vars)), 0o400)
        }
        [b"cwd"] | [b"exe"] if !private => return Err(Errno::EACCES),
        [b"cwd", ..] if follow || rest.len() > 1 => Target::Node(p.cwd),
        [b"cwd"] => own(link(host.fs.path_of(p.cwd).to_string()), 0o777),
        [b"exe"] if follow => {
            let found = host.fs.resolve(host.fs.root(), p.exe.as_ref(), &Cred::root(), true)?;
            Target::Node(found.node.ok_or(Errno::ENOENT)?)
        }
        [b"exe"] => own(link(p.exe.to_string()), 0o777),
        [b"fd", ..] if !private => return Err(Errno::EACCES),
        [b"fd"] => {
            let list = p.fds.keys().map(|n| (n.to_string().into(), Kind::Symlink, u64::from(*n) + 100)).collect();
            own(dir(list), 0o500)
        }
        [b"fd", number] => {
            let fd = number.to_str().ok().and_then(|n| n.parse::<u32>().ok()).ok_or(Errno::ENOENT)?;
            let entry = p.fds.get(&fd).ok_or(Errno::ENOENT)?;
            if !follow {
                return Ok(own(link(w.describe(entry.description)), 0o700));
            }
            match w.io.get(entry.description).map(|d| &d.kind) {
                Some(DescriptionKind::File { host, node, .. } | DescriptionKind::Directory { host, node })
                    if *host == me.host =>
                {
                    Target::Node(*node)
                }
                _ => own(Entry { what: What::Description(entry.description), mode: 0o700, uid: 0, gid: 0 }, 0o700),
            }
        }
        _ => return Err(Errno::ENOENT),
    })
}

/// The kernel function a process sleeps in, as `ps -o wchan` shows.
pub fn wait_channel(p: &Process) -> &'static str {
    use super::kernel::Wait;
    match (&p.state, &p.wait) {
        (State::Running, _) | (State::Zombie(_), _) => "0",
        (State::Stopped(_), _) => "do_signal_stop",
        (_, Wait::Until(_)) => "hrtimer_nanosleep",
        (_, Wait::Readable(_)) => "pipe_read",
        (_, Wait::Writable(_)) => "pipe_write",
        (_, Wait::Exit(_) | Wait::AnyChild) => "do_wait",
        (_, Wait::Line(_)) => "wait_woken",
        (_, Wait::Any(_)) => "poll_schedule_timeout",
        (_, Wait::Signal) => "do_epoll_wait",
        (_, Wait::None) => "0",
    }
}

fn state_words(p: &Process) -> &'static str {
    match p.state {
        State::Running => "R (running)",
        State::Sleeping => "S (sleeping)",
        State::Disk => "D (disk sleep)",
        State::Stopped(_) => "T (stopped)",
        State::Zombie(_) => "Z (zombie)",
    }
}

fn dispositions(p: &Process, wanted: Disposition) -> u64 {
    let mut set = SignalSet::default();
    for (&signal, &d) in &p.dispositions {
        if d == wanted {
            set.insert(signal);
        }
    }
    set.mask()
}

fn status(p: &Process) -> String {
    let c = &p.cred;
    let groups: String = c.groups.iter().map(|g| format!("{g} ")).collect();
    format!(
        "Name:\t{}\nUmask:\t{:04o}\nState:\t{}\nTgid:\t{}\nPid:\t{}\nPPid:\t{}\nUid:\t{u}\t{u}\t{u}\t{u}\nGid:\t{g}\t{g}\t{g}\t{g}\nFDSize:\t{}\nGroups:\t{groups}\nVmSize:\t{:8} kB\nVmRSS:\t{:8} kB\nThreads:\t{}\nSigPnd:\t{:016x}\nSigBlk:\t{:016x}\nSigIgn:\t{:016x}\nSigCgt:\t{:016x}\n",
        p.comm,
        p.umask,
        state_words(p),
        p.pid,
        p.pid,
        p.ppid,
        p.fds.keys().next_back().map_or(64, |&n| (n + 1).next_multiple_of(64)),
        p.vsz_bytes / 1024,
        p.rss_bytes / 1024,
        p.threads,
        p.pending.mask(),
        p.blocked.mask(),
        dispositions(p, Disposition::Ignore),
        dispositions(p, Disposition::Catch),
        u = c.uid,
        g = c.gid,
    )
}

fn stat_line(w: &World, p: &Process) -> String {
    let ticks = p.cpu_ns_at(w.now()) / 10_000_000;
    let tty = p.tty.map_or(0, |t| 136 * 256 + t.0);
    let booted = w
        .hosts()
        .iter()
        .find(|h| h.kernel.get(p.pid).is_some_and(|q| q.started == p.started))
        .map(|h| h.kernel.booted());
    let start = p.started.since(booted.unwrap_or_default()).micros() / 10_000;
    format!(
        "{} ({}) {} {} {} {} {tty} -1 4194304 0 0 0 0 {ticks} 0 0 0 {} {} {} 0 {start} {} {}\n",
        p.pid,
        p.comm,
        p.state.letter(),
        p.ppid,
        p.pgid,
        p.sid,
        20 + i32::from(p.nice),
        p.nice,
        p.threads,
        p.vsz_bytes,
        p.rss_bytes / 4096,
    )
}

fn limits_table() -> String {
    use crate::base::limits as l;
    let mut out = format!("{:<26}{:<21}{:<21}{:<10}\n", "Limit", "Soft Limit", "Hard Limit", "Units");
    let mut row = |name: &str, soft: String, hard: String, unit: &str| {
        out.push_str(&format!("{name:<26}{soft:<21}{hard:<21}{unit:<10}\n"));
    };
    row("Max processes", l::PROCESSES_PER_USER.to_string(), l::PROCESSES_PER_USER.to_string(), "processes");
    row("Max open files", l::DESCRIPTORS_PER_PROCESS.to_string(), "524288".into(), "files");
    out
}
