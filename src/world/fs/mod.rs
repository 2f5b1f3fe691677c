//! Files of one host: mounts, path resolution, permissions. Storage is in [`volume`], what a file holds in [`content`].

pub mod content;
pub mod inode;
pub mod loggen;
pub mod volume;

use bstr::{BStr, BString, ByteSlice};

pub use content::{BLOCK, Content, Extent};
pub use inode::{Cred, Device, Dir, Inode, Kind, Node, NodeId};
pub use loggen::{LineTemplate, LogRun, LogSource, Part};
pub use volume::{ROOT_INO, Usage, Volume};

use super::Errno;
use crate::base::{SimTime, limits};

/// A mounted volume.
#[derive(Clone, Debug)]
pub struct Mount {
    pub at: BString,
    /// The directory it covers; `None` for `/`.
    pub over: Option<NodeId>,
    pub volume: Volume,
}

/// All files of a host.
#[derive(Clone, Debug)]
pub struct Vfs {
    mounts: Vec<Mount>,
}

/// Where a path leads.
#[derive(Clone, Debug)]
pub struct Found {
    /// The node, if it exists.
    pub node: Option<NodeId>,
    /// The directory that has, or would have, the last name.
    pub parent: NodeId,
    /// The last name; empty for a root, `.` and `..`.
    pub name: BString,
    /// Set when the path goes into the kernel's own tree: the canonical path, with the last link not yet followed.
    pub kernel_path: Option<BString>,
}

impl Vfs {
    pub fn new(root: Volume) -> Vfs {
        Vfs { mounts: vec![Mount { at: "/".into(), over: None, volume: root }] }
    }
    pub fn mounts(&self) -> &[Mount] {
        &self.mounts
    }
    /// In the order of `/proc/self/mountinfo`: what the initial RAM disk mounted, the root, the rest.
    pub fn mounts_in_order(&self) -> Vec<&Mount> {
        let early = |m: &&Mount| matches!(m.at.as_slice(), b"/sys" | b"/proc" | b"/dev" | b"/dev/pts" | b"/run");
        let (mut first, rest): (Vec<&Mount>, Vec<&Mount>) = self.mounts.iter().partition(early);
        first.extend(rest);
        first
    }
    pub fn volume(&self, mount: u32) -> Result<&Volume, Errno> {
        self.mounts.get(mount as usize).map(|m| &m.volume).ok_or(Errno::ENOENT)
    }
    pub fn volume_mut(&mut self, mount: u32) -> Result<&mut Volume, Errno> {
        self.mounts.get_mut(mount as usize).map(|m| &mut m.volume).ok_or(Errno::ENOENT)
    }
    pub fn inode(&self, id: NodeId) -> Result<&Inode, Errno> {
        self.volume(id.mount)?.get(id.ino).ok_or(Errno::ENOENT)
    }
    pub fn root(&self) -> NodeId {
        NodeId { mount: 0, ino: ROOT_INO }
    }

    /// Mounts `volume` over an existing directory.
    pub fn mount(&mut self, at: &BStr, volume: Volume) -> Result<(), Errno> {
        let found = self.resolve(self.root(), at, &Cred::root(), true)?;
        let over = found.node.ok_or(Errno::ENOENT)?;
        self.volume(over.mount)?.dir(over.ino)?;
        self.mounts.push(Mount { at: at.into(), over: Some(over), volume });
        Ok(())
    }

    /// The mount's root if a mount covers this node, else the node.
    fn uncover(&self, id: NodeId) -> NodeId {
        let covered = self.mounts.iter().rposition(|m| m.over == Some(id));
        covered.map_or(id, |m| NodeId { mount: m as u32, ino: ROOT_INO })
    }

    fn parent_of(&self, id: NodeId) -> Result<NodeId, Errno> {
        if id.ino == ROOT_INO {
            return match self.mounts.get(id.mount as usize).and_then(|m| m.over) {
                Some(over) => self.parent_of(over),
                None => Ok(id),
            };
        }
        Ok(NodeId { ino: self.volume(id.mount)?.dir(id.ino)?.parent, ..id })
    }

    /// Resolves `path` from `start` (path_resolution(7)); `follow` says whether a link at the end is followed.
    /// A missing last name is no error: `node` is `None`.
    pub fn resolve(&self, start: NodeId, path: &BStr, cred: &Cred, follow: bool) -> Result<Found, Errno> {
        let mut links = 0;
        self.walk(start, path, cred, follow, &mut links)
    }

    fn walk(&self, start: NodeId, path: &BStr, cred: &Cred, follow: bool, links: &mut usize) -> Result<Found, Errno> {
        if path.is_empty() {
            return Err(Errno::ENOENT);
        }
        if path.len() >= limits::PATH_BYTES {
            return Err(Errno::ENAMETOOLONG);
        }
        let mut at = if path.starts_with(b"/") { self.root() } else { start };
        let mut found = Found { node: Some(at), parent: at, name: BString::default(), kernel_path: None };
        let must_be_dir = path.ends_with(b"/");
        let mut parts = path.split_str("/").filter(|p| !p.is_empty()).peekable();
        while let Some(part) = parts.next() {
            let last = parts.peek().is_none();
            let dir = self.inode(at)?;
            if dir.kind() != Kind::Dir {
                return Err(Errno::ENOTDIR);
            }
            if !dir.permits(cred, 1) {
                return Err(Errno::EACCES);
            }
            if part == b"." {
                found = Found { node: Some(at), parent: at, name: BString::default(), kernel_path: None };
                continue;
            }
            if part == b".." {
                at = self.parent_of(at)?;
                found = Found { node: Some(at), parent: at, name: BString::default(), kernel_path: None };
                continue;
            }
            if part.len() > limits::NAME_BYTES {
                return Err(Errno::ENAMETOOLONG);
            }
            let name = BStr::new(part);
            let volume = self.volume(at.mount)?;
            if volume.fstype == "proc" {
                // The kernel's tree is computed: hand the rest of the path to it.
                let mut rest = self.path_of(at);
                for p in std::iter::once(part).chain(parts) {
                    rest.extend_from_slice(b"/");
                    rest.extend_from_slice(p);
                }
                return Ok(Found { node: None, parent: at, name: name.into(), kernel_path: Some(rest) });
            }
            let Ok(ino) = volume.lookup(at.ino, name) else {
                if last {
                    return Ok(Found { node: None, parent: at, name: name.into(), kernel_path: None });
                }
                return Err(Errno::ENOENT);
            };
            let child = self.uncover(NodeId { mount: at.mount, ino });
            if let Node::Symlink(target) = &self.inode(child)?.node
                && (!last || follow || must_be_dir)
            {
                *links += 1;
                if *links > limits::SYMLINK_DEPTH {
                    return Err(Errno::ELOOP);
                }
                let mut target = target.clone();
                for p in parts {
                    target.extend_from_slice(b"/");
                    target.extend_from_slice(p);
                }
                if must_be_dir {
                    target.extend_from_slice(b"/");
                }
                return self.walk(at, target.as_ref(), cred, follow, links);
            }
            found = Found { node: Some(child), parent: at, name: name.into(), kernel_path: None };
            at = child;
        }
        if must_be_dir && found.node.is_some_and(|n| self.inode(n).is_ok_and(|i| i.kind() != Kind::Dir)) {
            return Err(Errno::ENOTDIR);
        }
        Ok(found)
    }

    /// The absolute path of a directory, by walking up (getcwd(3)); `(unreachable)` if it was removed.
    pub fn path_of(&self, id: NodeId) -> BString {
        let mut names: Vec<BString> = Vec::new();
        let mut at = id;
        while at != self.root() {
            if at.ino == ROOT_INO {
                match self.mounts.get(at.mount as usize).and_then(|m| m.over) {
                    Some(over) => at = over,
                    None => break,
                }
                continue;
            }
            let Ok(parent) = self.parent_of(at) else { return "(unreachable)".into() };
            let name = self.volume(parent.mount).ok().and_then(|v| v.dir(parent.ino).ok()).and_then(|d| {
                d.entries.iter().find(|&(_, &ino)| ino == at.ino && parent.mount == at.mount).map(|(n, _)| n.clone())
            });
            let Some(name) = name else { return "(unreachable)".into() };
            names.push(name);
            at = parent;
        }
        if names.is_empty() {
            return "/".into();
        }
        let mut path = BString::default();
        for name in names.iter().rev() {
            path.push(b'/');
            path.extend_from_slice(name);
        }
        path
    }

    /// The mount that a node is on.
    pub fn mount_of(&self, id: NodeId) -> Option<&Mount> {
        self.mounts.get(id.mount as usize)
    }

    /// Makes a directory and those above it, owned by root; for building a world.
    pub fn make_dirs(&mut self, path: &BStr, now: SimTime) -> Result<NodeId, Errno> {
        let mut at = self.root();
        for part in path.split_str("/").filter(|p| !p.is_empty()) {
            let name = BStr::new(part);
            let next = match self.volume(at.mount)?.lookup(at.ino, name) {
                Ok(ino) => self.uncover(NodeId { mount: at.mount, ino }),
                Err(_) => {
                    let ino = self.volume_mut(at.mount)?.create(at.ino, name, new_dir(0o755, 0, 0, now))?;
                    NodeId { mount: at.mount, ino }
                }
            };
            at = match &self.inode(next)?.node {
                Node::Symlink(target) => {
                    let target = target.clone();
                    self.resolve(at, target.as_ref(), &Cred::root(), true)?.node.ok_or(Errno::ENOENT)?
                }
                _ => next,
            };
        }
        Ok(at)
    }

    /// Puts a node at `path` as root, making its directories; an existing node there is replaced. For building a world.
    pub fn install(&mut self, path: &BStr, inode: Inode) -> Result<NodeId, Errno> {
        let now = inode.ctime;
        let (dir, name) = path.rsplit_once_str("/").unwrap_or((b"", path));
        let parent = self.make_dirs(BStr::new(dir), now)?;
        let volume = self.volume_mut(parent.mount)?;
        let name = BStr::new(name);
        if volume.lookup(parent.ino, name).is_ok() {
            volume.unlink(parent.ino, name, now)?;
        }
        let ino = volume.create(parent.ino, name, inode)?;
        Ok(NodeId { mount: parent.mount, ino })
    }

    pub fn digest(&self) -> u64 {
        self.mounts.iter().fold(0, |sum, m| crate::base::hash::mix64(sum ^ m.volume.digest()))
    }
}

pub fn new_inode(node: Node, mode: u16, uid: u32, gid: u32, now: SimTime) -> Inode {
    Inode { node, mode, uid, gid, nlink: 0, opens: 0, atime: now, mtime: now, ctime: now }
}

pub fn new_dir(mode: u16, uid: u32, gid: u32, now: SimTime) -> Inode {
    new_inode(Node::Dir(Dir::default()), mode, uid, gid, now)
}

pub fn new_file(content: Content, mode: u16, uid: u32, gid: u32, now: SimTime) -> Inode {
    new_inode(Node::File(content), mode, uid, gid, now)
}
