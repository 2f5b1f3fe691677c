//! System calls: what a process may ask of the world, with the kernel's checks and errors. Programs and the shell use
//! nothing else to change files, descriptors and processes.

pub mod descriptors;
pub mod files;
pub mod processes;
pub mod units;

use bstr::{BStr, BString};

use super::fs::{Found, Inode, Kind, NodeId};
use super::journal::{Event, EventKind};
use super::kernel::{HostId, ProcRef, Process};
use super::procfs;
use super::{Errno, World};
use crate::base::SimTime;

pub use descriptors::OpenFlags;
pub use files::Stat;
pub use processes::ForkOptions;
pub use units::UnitVerb;

/// The world as one process sees it.
pub struct Sys<'a> {
    pub w: &'a mut World,
    pub me: ProcRef,
}

/// Where a path leads, the kernel's tree included.
pub enum Target {
    Node(NodeId),
    Kernel(procfs::Entry),
}

impl<'a> Sys<'a> {
    pub fn host(&self) -> HostId {
        self.me.host
    }
    pub fn now(&self) -> SimTime {
        self.w.now()
    }
    /// This process's record. A process that asks exists: it is removed only after its future is gone.
    pub fn process(&self) -> Result<&Process, Errno> {
        self.w.process(self.me).ok_or(Errno::ESRCH)
    }
    pub fn process_mut(&mut self) -> Result<&mut Process, Errno> {
        self.w.process_mut(self.me).ok_or(Errno::ESRCH)
    }

    pub(super) fn find(&self, path: &BStr, follow: bool) -> Result<Found, Errno> {
        let p = self.process()?;
        self.w.host(self.me.host).fs.resolve(p.cwd, path, &p.cred, follow)
    }

    /// The existing thing at `path`.
    pub fn target(&self, path: &BStr, follow: bool) -> Result<Target, Errno> {
        let found = self.find(path, follow)?;
        if let Some(kernel_path) = &found.kernel_path {
            return procfs::resolve(self.w, self.me, kernel_path.as_ref(), follow);
        }
        found.node.map(Target::Node).ok_or(Errno::ENOENT)
    }

    pub(super) fn node(&self, path: &BStr, follow: bool) -> Result<NodeId, Errno> {
        match self.target(path, follow)? {
            Target::Node(id) => Ok(id),
            Target::Kernel(_) => Err(Errno::EPERM),
        }
    }

    pub(super) fn inode(&self, id: NodeId) -> Result<&Inode, Errno> {
        self.w.host(self.me.host).fs.inode(id)
    }

    /// May this process write into the directory (to add or remove a name)?
    pub(super) fn may_change_dir(&self, dir: NodeId) -> Result<(), Errno> {
        let inode = self.inode(dir)?;
        if inode.kind() != Kind::Dir {
            return Err(Errno::ENOTDIR);
        }
        if inode.permits(&self.process()?.cred, 3) { Ok(()) } else { Err(Errno::EACCES) }
    }

    /// Records what the player did; daemons' own work is bulk flow.
    pub(super) fn record(
        &mut self,
        kind: EventKind,
        verb: &'static str,
        object: impl Into<String>,
        detail: impl Into<String>,
    ) {
        let Some(actor) = self.w.process(self.me).map(|p| p.actor) else { return };
        let event = Event {
            t: self.w.now(),
            actor,
            host: self.me.host,
            kind,
            verb,
            object: object.into(),
            detail: detail.into(),
        };
        self.w.journal.record(event);
    }

    /// Records a change of a file: a footprint if the player's own processes made it.
    pub(super) fn record_file(&mut self, node: NodeId, verb: &'static str, path: &BStr, detail: impl Into<String>) {
        let own = self.w.journal.is_players_own(self.me.host, node);
        let kind = if own { EventKind::Footprint } else { EventKind::Change };
        let absolute = self.absolute(path);
        self.record(kind, verb, absolute.to_string(), detail);
    }

    /// The path as the journal names it: absolute, lexically joined to the working directory.
    pub fn absolute(&self, path: &BStr) -> BString {
        if path.starts_with(b"/") {
            return path.into();
        }
        let mut full = self.getcwd();
        if full != "/" {
            full.push(b'/');
        }
        full.extend_from_slice(path.strip_prefix(b"./").unwrap_or(path));
        full
    }

    pub fn getcwd(&self) -> BString {
        self.process().map(|p| self.w.host(self.me.host).fs.path_of(p.cwd)).unwrap_or_else(|_| "/".into())
    }
}
