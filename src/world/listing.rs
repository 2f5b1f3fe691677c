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
            cpu: Span(p.cpu_ns_at(self.now()) / 1000),
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

/// What a process holds open, as `lsof` shows it.
#[derive(Clone, Debug)]
pub struct OpenFile {
    /// `cwd`, `rtd`, `txt`, or the descriptor's number.
    pub fd: String,
    /// `r`, `w`, `u` for both, a blank for none.
    pub access: char,
    pub kind: &'static str,
    pub device: String,
    /// A size in bytes, or an offset (`0t0`).
    pub size: String,
    pub bytes: u64,
    pub links: Option<u32>,
    pub node: String,
    pub name: String,
    /// The file behind it, if there is one.
    pub file: Option<super::fs::NodeId>,
}

/// Major and minor number of a mounted device: SCSI disks have theirs, others one a mount.
pub fn device_numbers(device: &str, mount: u32) -> (u32, u32) {
    match device.strip_prefix("/dev/sd").map(str::as_bytes) {
        Some([letter, digits @ ..]) => {
            let part: u32 = digits.iter().fold(0, |n, d| n * 10 + u32::from(d.wrapping_sub(b'0')));
            (8, 16 * u32::from(letter.wrapping_sub(b'a')) + part)
        }
        _ => (0, 20 + mount),
    }
}

impl World {
    /// Everything a process holds: directories, program, descriptors in order.
    pub fn open_files(&self, host: HostId, p: &Process) -> Vec<OpenFile> {
        let h = self.host(host);
        let mut out = Vec::new();
        out.extend(self.file_row(host, p.cwd, "cwd".into(), ' '));
        out.extend(self.file_row(host, h.fs.root(), "rtd".into(), ' '));
        let exe = h.fs.resolve(h.fs.root(), p.exe.as_ref(), &super::fs::Cred::root(), true).ok().and_then(|f| f.node);
        out.extend(exe.and_then(|node| self.file_row(host, node, "txt".into(), ' ')));
        for (number, fd) in &p.fds {
            out.extend(self.descriptor_row(host, *number, fd.description));
        }
        out
    }

    fn file_row(&self, host: HostId, node: super::fs::NodeId, fd: String, access: char) -> Option<OpenFile> {
        let h = self.host(host);
        let (inode, volume) = (h.fs.inode(node).ok()?, h.fs.volume(node.mount).ok()?);
        let (major, minor) = device_numbers(&volume.device, node.mount);
        let kind = match inode.kind() {
            super::fs::Kind::Dir => "DIR",
            super::fs::Kind::Char => "CHR",
            super::fs::Kind::Fifo => "FIFO",
            _ => "REG",
        };
        Some(OpenFile {
            fd,
            access,
            kind,
            device: format!("{major},{minor}"),
            size: inode.size().to_string(),
            bytes: inode.size(),
            links: Some(inode.nlink),
            node: node.ino.to_string(),
            name: h.name_of(node),
            file: Some(node),
        })
    }

    fn descriptor_row(&self, host: HostId, number: u32, id: super::io::DescriptionId) -> Option<OpenFile> {
        use super::io::DescriptionKind as K;
        let d = self.io.get(id)?;
        let access = match (d.readable, d.writable) {
            (true, true) => 'u',
            (true, false) => 'r',
            (false, true) => 'w',
            (false, false) => ' ',
        };
        let other = |kind, device: &str, node: String, name: String| OpenFile {
            fd: number.to_string(),
            access,
            kind,
            device: device.into(),
            size: "0t0".into(),
            bytes: 0,
            links: None,
            node,
            name,
            file: None,
        };
        Some(match &d.kind {
            K::File { host: on, node, .. } | K::Directory { host: on, node } if *on == host => {
                self.file_row(host, *node, number.to_string(), access)?
            }
            K::Device { host: on, node, device, .. } if *on == host => {
                let (major, minor) = device.numbers();
                OpenFile {
                    file: Some(*node),
                    ..other("CHR", &format!("{major},{minor}"), node.ino.to_string(), self.host(host).name_of(*node))
                }
            }
            K::PipeReader(p) | K::PipeWriter(p) => other("FIFO", "0,13", (p.0 + 40_000).to_string(), "pipe".into()),
            K::Outlet { .. } | K::Inlet { .. } => other("FIFO", "0,13", "39000".into(), "pipe".into()),
            K::Tty(t) => other("CHR", &format!("136,{}", t.0), (t.0 + 3).to_string(), format!("/dev/pts/{}", t.0)),
            K::Snapshot { path, .. } => other("REG", "0,4", "4026531840".into(), path.to_string()),
            K::Socket { name } => match name.split_once(' ') {
                Some((protocol @ ("TCP" | "UDP"), rest)) => {
                    other("IPv4", &(20_000 + id.0).to_string(), protocol.into(), rest.into())
                }
                _ => other(
                    "unix",
                    &format!("0x{:016x}", 0xffff_9000_0000_0000u64 + id.0 * 1088),
                    (20_000 + id.0).to_string(),
                    name.clone(),
                ),
            },
            _ => other("unknown", "", String::new(), self.describe(id)),
        })
    }
}

impl World {
    /// How long a packet takes to a host and back, sent at an instant: a base for the pair, jitter for the packet.
    pub fn round_trip(&self, from: HostId, to: HostId, at: SimTime) -> Span {
        if from == to {
            return Span(20 + crate::base::Rng::at(self.seed(), 0x7069_6e67, at.micros()).below(30));
        }
        let (a, b) = (from.0.min(to.0), from.0.max(to.0));
        let pair = crate::base::hash::hash_str("round-trip") ^ u64::from(a) << 32 ^ u64::from(b);
        let base = crate::base::Rng::at(self.seed(), pair, 0).between(180, 420);
        let jitter = crate::base::Rng::at(self.seed(), pair ^ 1, at.micros()).lognormal(0.25);
        Span((base as f64 * jitter) as u64)
    }
}
