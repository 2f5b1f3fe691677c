//! Log streams: which unit writes which lines where. The level in force is what the unit read when it started.

use std::rc::Rc;

use bstr::BStr;

use super::fs::{Content, Cred, Extent, LogRun, LogSource, NodeId, new_file};
use super::io::{Description, DescriptionKind};
use super::kernel::{Fd, HostId, ProcRef};
use super::units::UnitSpec;
use super::{Errno, World};
use crate::base::{Rng, SimTime, StateHasher};

/// Which requests make a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requests {
    All,
    Good,
    Failed,
}

/// One kind of line; its text is the same place in the source.
#[derive(Clone, Debug)]
pub struct LineKind {
    /// Index into the stream's levels: 0 is the most talkative.
    pub level: u32,
    pub per_request: f64,
    pub of: Requests,
}

#[derive(Clone, Debug)]
pub struct Stream {
    pub name: String,
    pub host: HostId,
    pub unit: String,
    pub path: String,
    pub owner: u32,
    pub group: u32,
    pub mode: u16,
    pub append: bool,
    pub service: String,
    /// Most talkative first.
    pub levels: Vec<String>,
    pub level_key: String,
    pub level_default: String,
    pub kinds: Vec<LineKind>,
    pub source: Rc<LogSource>,
    /// Bytes that found no room, since the world began.
    pub lost: u64,
    /// Descriptor number in the unit's main process.
    pub fd: u32,
}

impl Stream {
    /// Index of the level in force, from the unit's loaded environment.
    pub fn level(&self, w: &World) -> u32 {
        let unit = w.host(self.host).units.get(&self.unit);
        let set = unit
            .and_then(|u| u.environment.get(&self.level_key).cloned())
            .unwrap_or_else(|| self.level_default.clone());
        let index = |name: &str| self.levels.iter().position(|l| l.eq_ignore_ascii_case(name));
        index(&set).or_else(|| index(&self.level_default)).unwrap_or(0) as u32
    }

    /// Lines of each kind that one request makes on average, at a level.
    pub fn weights(&self, level: u32, failed: bool) -> Vec<f64> {
        let of = |k: &LineKind| if k.level >= level && counts(k.of, failed) { k.per_request } else { 0.0 };
        self.kinds.iter().map(of).collect()
    }
    /// Bytes that one request makes on average, at a level.
    pub fn bytes_per_request(&self, level: u32, failed: bool) -> f64 {
        let weights = self.weights(level, failed);
        self.source.kinds.iter().zip(weights).map(|(k, w)| f64::from(k.bytes) * w).sum()
    }

    /// What `good` and `failed` requests of a step write.
    pub fn run(&self, seed: u64, level: u32, good: u64, failed: u64, t0: SimTime, t1: SimTime) -> Extent {
        let (a, b) = (self.weights(level, false), self.weights(level, true));
        let key = crate::base::hash::hash_str(&self.name);
        let counts = a.iter().zip(&b).enumerate().map(|(k, (a, b))| {
            let mut rng = Rng::at(seed, key ^ (k as u64 + 1), t0.micros());
            // A whole number of lines per request stays one: only fractions are left to chance.
            let expected = a * good as f64 + b * failed as f64;
            if a.fract() == 0.0 && b.fract() == 0.0 { expected.round() as u64 } else { rng.poisson(expected) }
        });
        Extent::Log(LogRun::new(self.source.clone(), counts.collect(), t0, t1))
    }

    pub fn hash(&self, h: &mut StateHasher) {
        h.str(&self.name);
        h.u64(self.lost);
    }
}

fn counts(of: Requests, failed: bool) -> bool {
    match of {
        Requests::All => true,
        Requests::Good => !failed,
        Requests::Failed => failed,
    }
}

impl World {
    /// Opens what a daemon holds: standard descriptors, its log streams, its other files.
    pub(in crate::world) fn open_daemon_files(&mut self, me: ProcRef, spec: &UnitSpec) {
        let null = self.host(me.host).node("/dev/null");
        if let Some(node) = null {
            let kind = DescriptionKind::Device { host: me.host, node, device: super::fs::Device::Null, drawn: 0 };
            let id = self.io.open(kind, true, true);
            self.put_fd(me, 0, id);
        }
        for fd in [1, 2] {
            let id = self.io.open(DescriptionKind::Socket { name: "type=STREAM (CONNECTED)".into() }, false, true);
            self.put_fd(me, fd, id);
        }
        let mut next = 3;
        for port in &spec.ports {
            let id = self.io.open(DescriptionKind::Socket { name: format!("TCP *:{port} (LISTEN)") }, true, true);
            self.put_fd(me, next, id);
            next += 1;
        }
        for path in &spec.holds {
            if let Some(node) = self.host(me.host).node(path) {
                self.open_for(me, next, node, true);
                next += 1;
            }
        }
        for n in 0..self.streams.len() {
            let s = &self.streams[n];
            if s.host != me.host || s.unit != spec.name {
                continue;
            }
            let (path, append, mode, uid, gid) = (s.path.clone(), s.append, s.mode, s.owner, s.group);
            self.streams[n].fd = next;
            let node = self.host(me.host).node(&path).map_or_else(|| self.make_log(me.host, &path, mode, uid, gid), Ok);
            if let Ok(node) = node {
                self.open_for(me, next, node, append);
                next += 1;
            }
        }
    }

    fn make_log(&mut self, host: HostId, path: &str, mode: u16, uid: u32, gid: u32) -> Result<NodeId, Errno> {
        let now = self.now();
        let fs = &mut self.host_mut(host).fs;
        let found = fs.resolve(fs.root(), BStr::new(path), &Cred::root(), true)?;
        let volume = fs.volume_mut(found.parent.mount)?;
        let ino =
            volume.create(found.parent.ino, found.name.as_ref(), new_file(Content::new(), mode, uid, gid, now))?;
        Ok(NodeId { mount: found.parent.mount, ino })
    }

    fn open_for(&mut self, me: ProcRef, fd: u32, node: NodeId, append: bool) {
        let offset = self.host(me.host).fs.inode(node).map_or(0, |i| i.size());
        if let Ok(volume) = self.host_mut(me.host).fs.volume_mut(node.mount) {
            // The node was just found.
            let _ = volume.hold(node.ino, true);
        }
        let id = self.io.open(DescriptionKind::File { host: me.host, node, offset, append }, false, true);
        self.put_fd(me, fd, id);
    }

    fn put_fd(&mut self, me: ProcRef, fd: u32, description: super::io::DescriptionId) {
        if let Some(p) = self.process_mut(me) {
            p.fds.insert(fd, Fd { description, cloexec: false });
        }
    }

    /// Writes a stream's lines through its unit's open description. Returns the bytes that found room.
    pub fn write_stream(&mut self, n: usize, extent: Extent) -> u64 {
        let now = self.now();
        let Some(s) = self.streams.get(n) else { return 0 };
        let (host, fd) = (s.host, s.fd);
        let unit = self.host(host).units.get(&s.unit);
        let Some(pid) = unit.filter(|u| u.is_running()).and_then(|u| u.main_pid) else { return 0 };
        let Some(id) = self.process(ProcRef { host, pid }).and_then(|p| p.fds.get(&fd)).map(|f| f.description) else {
            return 0;
        };
        let privileged = self.process(ProcRef { host, pid }).is_some_and(|p| p.cred.uid == 0);
        let Some(Description { kind: DescriptionKind::File { node, offset, append, .. }, .. }) = self.io.get(id) else {
            return 0;
        };
        let (node, offset, append, len) = (*node, *offset, *append, extent.len());
        let Ok(volume) = self.host_mut(host).fs.volume_mut(node.mount) else { return 0 };
        let at = if append { volume.content(node.ino).map_or(0, Content::len) } else { offset };
        let written = volume.append(node.ino, at, extent, privileged, now).unwrap_or(0);
        if let Some(Description { kind: DescriptionKind::File { offset, .. }, .. }) = self.io.descriptions.get_mut(&id)
        {
            *offset = at + written;
        }
        if let Some(s) = self.streams.get_mut(n) {
            s.lost += len - written;
        }
        written
    }
}
