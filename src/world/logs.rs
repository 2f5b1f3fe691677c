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

/// One kind of line.
#[derive(Clone, Debug)]
pub struct LineKind {
    /// Index into the stream's levels: 0 is the most talkative.
    pub level: u32,
    pub per_request: f64,
    pub of: Requests,
    /// Template of [`super::fs::LineTemplate`].
    pub text: String,
    /// Mean bytes with the newline.
    pub bytes: u32,
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
    /// Sources by (level in force, failed requests only), made once.
    pub sources: Rc<Vec<Rc<LogSource>>>,
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

    /// Lines and bytes that one request makes on average at a level.
    pub fn per_request(&self, level: u32, failed: bool) -> (f64, f64) {
        let kinds = self.kinds.iter().filter(|k| k.level >= level && counts(k.of, failed));
        kinds.fold((0.0, 0.0), |(lines, bytes), k| (lines + k.per_request, bytes + k.per_request * f64::from(k.bytes)))
    }

    /// The source for a level: lines of good requests, or of failed ones.
    fn source(&self, level: u32, failed: bool) -> Option<Rc<LogSource>> {
        self.sources.get(level as usize * 2 + usize::from(failed)).cloned()
    }

    /// Builds the sources: templates weighted by how often they are written.
    pub fn make_sources(&mut self, seed: u64) {
        let mut sources = Vec::new();
        for level in 0..self.levels.len() as u32 {
            for failed in [false, true] {
                let templates = self
                    .kinds
                    .iter()
                    .filter(|k| k.level >= level && counts(k.of, failed))
                    .map(|k| super::fs::LineTemplate {
                        weight: (k.per_request * 1000.0).round() as u32,
                        text: k.text.clone(),
                    })
                    .collect();
                let name = format!("{}/{level}/{failed}", self.name);
                let seed = Rng::new(seed, &name).below(u64::MAX);
                sources.push(Rc::new(LogSource { name, seed, templates }));
            }
        }
        self.sources = Rc::new(sources);
    }

    /// What `good` and `failed` requests of a step write, as extents in order.
    pub fn extents(&self, seed: u64, level: u32, good: u64, failed: u64, t0: SimTime, t1: SimTime) -> Vec<Extent> {
        let mut out = Vec::new();
        for (requests, is_failed) in [(good, false), (failed, true)] {
            let (lines, bytes) = self.per_request(level, is_failed);
            if requests == 0 || lines <= 0.0 {
                continue;
            }
            let mut rng = Rng::at(seed, crate::base::hash::hash_str(&self.name) ^ u64::from(is_failed), t0.micros());
            let n = rng.poisson(lines * requests as f64);
            let total = (n as f64 * bytes / lines).round() as u64;
            if let (Some(source), true) = (self.source(level, is_failed), n > 0) {
                out.push(Extent::Log(LogRun::new(source, n, total.max(n), t0, t1)));
            }
        }
        out
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
    pub fn write_stream(&mut self, n: usize, extents: Vec<Extent>) -> u64 {
        let now = self.now();
        let Some(s) = self.streams.get(n) else { return 0 };
        let (host, fd) = (s.host, s.fd);
        let unit = self.host(host).units.get(&s.unit);
        let Some(pid) = unit.filter(|u| u.is_running()).and_then(|u| u.main_pid) else { return 0 };
        let Some(id) = self.process(ProcRef { host, pid }).and_then(|p| p.fds.get(&fd)).map(|f| f.description) else {
            return 0;
        };
        let privileged = self.process(ProcRef { host, pid }).is_some_and(|p| p.cred.uid == 0);
        let mut written = 0;
        for extent in extents {
            let Some(Description { kind: DescriptionKind::File { node, offset, append, .. }, .. }) = self.io.get(id)
            else {
                break;
            };
            let (node, offset, append) = (*node, *offset, *append);
            let len = extent.len();
            let Ok(volume) = self.host_mut(host).fs.volume_mut(node.mount) else { break };
            let at = if append { volume.content(node.ino).map_or(0, Content::len) } else { offset };
            let n_written = volume.append(node.ino, at, extent, privileged, now).unwrap_or(0);
            if let Some(Description { kind: DescriptionKind::File { offset, .. }, .. }) =
                self.io.descriptions.get_mut(&id)
            {
                *offset = at + n_written;
            }
            written += n_written;
            if n_written < len
                && let Some(s) = self.streams.get_mut(n)
            {
                s.lost += len - n_written;
            }
        }
        written
    }
}
