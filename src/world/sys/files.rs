//! System calls that name files: stat(2), unlink(2), rename(2) and their kin.

use bstr::{BStr, BString, ByteSlice};

use super::{Sys, Target};
use crate::base::SimTime;
use crate::world::Errno;
use crate::world::fs::{Content, Inode, Kind, Node, NodeId, Usage, new_dir, new_inode};
use crate::world::journal::EventKind;

/// What stat(2) tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stat {
    pub kind: Kind,
    pub mode: u16,
    pub uid: u32,
    pub gid: u32,
    pub nlink: u32,
    /// Apparent size, bytes.
    pub size: u64,
    /// Allocated blocks of 512 bytes, as `st_blocks`.
    pub blocks: u64,
    pub ino: u64,
    /// Number of the mount: equal numbers, same file system.
    pub dev: u32,
    pub atime: SimTime,
    pub mtime: SimTime,
    pub ctime: SimTime,
    /// Major and minor of a device.
    pub rdev: (u32, u32),
}

impl Sys<'_> {
    fn stat_node(&self, id: NodeId) -> Result<Stat, Errno> {
        let i = self.inode(id)?;
        let rdev = if let Node::Device(device) = i.node { device.numbers() } else { (0, 0) };
        Ok(Stat {
            kind: i.kind(),
            mode: i.mode,
            uid: i.uid,
            gid: i.gid,
            nlink: i.nlink,
            size: i.size(),
            blocks: i.blocks() * 8,
            ino: id.ino,
            dev: id.mount,
            atime: i.atime,
            mtime: i.mtime,
            ctime: i.ctime,
            rdev,
        })
    }

    pub fn stat(&self, path: &BStr) -> Result<Stat, Errno> {
        self.stat_at(path, true)
    }
    pub fn lstat(&self, path: &BStr) -> Result<Stat, Errno> {
        self.stat_at(path, false)
    }
    fn stat_at(&self, path: &BStr, follow: bool) -> Result<Stat, Errno> {
        match self.target(path, follow)? {
            Target::Node(id) => self.stat_node(id),
            Target::Kernel(entry) => Ok(entry.stat(self.now())),
        }
    }
    /// Of an open file.
    pub fn fstat(&self, fd: u32) -> Result<Stat, Errno> {
        use crate::world::io::DescriptionKind as K;
        let plain = |kind, mode, size| Stat {
            kind,
            mode,
            uid: 0,
            gid: 0,
            nlink: 1,
            size,
            blocks: 0,
            ino: 1,
            dev: u32::MAX,
            atime: self.now(),
            mtime: self.now(),
            ctime: self.now(),
            rdev: (0, 0),
        };
        match &self.description(fd)?.kind {
            K::File { host, node, .. } | K::Directory { host, node } if *host == self.me.host => self.stat_node(*node),
            K::File { .. } | K::Directory { .. } => Ok(plain(Kind::File, 0o644, 0)),
            K::Snapshot { .. } => Ok(plain(Kind::File, 0o444, 0)),
            K::PipeReader(_) | K::PipeWriter(_) | K::Outlet { .. } | K::Inlet { .. } | K::Channel { .. } => {
                Ok(plain(Kind::Fifo, 0o600, 0))
            }
            K::Tty(_) => Ok(plain(Kind::Char, 0o620, 0)),
            K::Device { node, .. } => self.stat_node(*node),
            K::Socket { .. } => Ok(plain(Kind::Socket, 0o777, 0)),
        }
    }

    /// Names in a directory with kind and inode, in byte order, without `.` and `..`. `EACCES` without read permission.
    pub fn read_dir(&self, path: &BStr) -> Result<Vec<(BString, Kind, u64)>, Errno> {
        match self.target(path, true)? {
            Target::Kernel(entry) => entry.list().ok_or(Errno::ENOTDIR),
            Target::Node(id) => {
                let inode = self.inode(id)?;
                let Node::Dir(dir) = &inode.node else { return Err(Errno::ENOTDIR) };
                if !inode.permits(&self.process()?.cred, 4) {
                    return Err(Errno::EACCES);
                }
                let fs = &self.w.host(self.me.host).fs;
                if fs.volume(id.mount)?.fstype == "proc" {
                    return crate::world::procfs::root(self.w, self.me).list().ok_or(Errno::ENOTDIR);
                }
                let volume = fs.volume(id.mount)?;
                let kind = |ino: u64| volume.get(ino).map_or(Kind::File, Inode::kind);
                Ok(dir.entries.iter().map(|(name, &ino)| (name.clone(), kind(ino), ino)).collect())
            }
        }
    }

    pub fn readlink(&self, path: &BStr) -> Result<BString, Errno> {
        match self.target(path, false)? {
            Target::Kernel(entry) => entry.link().ok_or(Errno::EINVAL),
            Target::Node(id) => match &self.inode(id)?.node {
                Node::Symlink(target) => Ok(target.clone()),
                _ => Err(Errno::EINVAL),
            },
        }
    }

    /// access(2): bits 4 read, 2 write, 1 execute, 0 existence.
    pub fn access(&self, path: &BStr, bits: u16) -> Result<(), Errno> {
        match self.target(path, true)? {
            Target::Kernel(entry) => {
                if entry.permits(&self.process()?.cred, bits) {
                    Ok(())
                } else {
                    Err(Errno::EACCES)
                }
            }
            Target::Node(id) => {
                let inode = self.inode(id)?;
                if inode.permits(&self.process()?.cred, bits) { Ok(()) } else { Err(Errno::EACCES) }
            }
        }
    }

    /// The canonical path of what is at `path`, links followed; the last name may be missing.
    pub fn realpath(&self, path: &BStr) -> Result<BString, Errno> {
        let found = self.find(path, true)?;
        if let Some(kernel_path) = found.kernel_path {
            return Ok(kernel_path);
        }
        let fs = &self.w.host(self.me.host).fs;
        if let Some(node) = found.node
            && self.inode(node)?.kind() == Kind::Dir
        {
            return Ok(fs.path_of(node));
        }
        Ok(self.realpath_of(&found))
    }

    fn realpath_of(&self, found: &crate::world::fs::Found) -> BString {
        let mut full = self.w.host(self.me.host).fs.path_of(found.parent);
        if full != "/" {
            full.push(b'/');
        }
        full.extend_from_slice(&found.name);
        full
    }

    /// The parent directory and new name for a path that must not exist yet.
    fn vacant(&self, path: &BStr) -> Result<(NodeId, BString), Errno> {
        let trimmed = BStr::new(path.trim_end_with(|c| c == '/'));
        let found = self.find(if trimmed.is_empty() { path } else { trimmed }, false)?;
        if found.kernel_path.is_some() {
            return Err(Errno::EPERM);
        }
        if found.node.is_some() {
            return Err(Errno::EEXIST);
        }
        self.may_change_dir(found.parent)?;
        Ok((found.parent, found.name))
    }

    /// Makes a node with this process's owner and umask applied to `mode`.
    pub(super) fn make(&mut self, dir: NodeId, name: &BStr, node: Node, mode: u16) -> Result<NodeId, Errno> {
        let (p, now, host) = (self.process()?, self.now(), self.me.host);
        let (uid, umask) = (p.cred.uid, p.umask);
        // A set-group-id directory passes its group on (inode(7)).
        let parent = self.inode(dir)?;
        let gid = if parent.mode & 0o2000 != 0 { parent.gid } else { p.cred.gid };
        let inode = match node {
            Node::Dir(_) => new_dir(mode & !umask, uid, gid, now),
            Node::Symlink(_) => new_inode(node, 0o777, uid, gid, now),
            _ => new_inode(node, mode & !umask, uid, gid, now),
        };
        let player = p.actor == crate::world::kernel::Actor::Player;
        let ino = self.w.host_mut(host).fs.volume_mut(dir.mount)?.create(dir.ino, name, inode)?;
        let id = NodeId { mount: dir.mount, ino };
        if player {
            self.w.journal.made_by_player(host, id);
        }
        Ok(id)
    }

    pub fn mkdir(&mut self, path: &BStr, mode: u16) -> Result<(), Errno> {
        let (dir, name) = self.vacant(path)?;
        self.make(dir, name.as_ref(), Node::Dir(Default::default()), mode)?;
        let full = self.absolute(path).to_string();
        self.record(EventKind::Footprint, "mkdir", full, "");
        Ok(())
    }

    pub fn symlink(&mut self, target: &BStr, path: &BStr) -> Result<(), Errno> {
        let (dir, name) = self.vacant(path)?;
        self.make(dir, name.as_ref(), Node::Symlink(target.into()), 0o777)?;
        let full = self.absolute(path).to_string();
        self.record(EventKind::Footprint, "symlink", full, target.to_string());
        Ok(())
    }

    pub fn mkfifo(&mut self, path: &BStr, mode: u16) -> Result<(), Errno> {
        let (dir, name) = self.vacant(path)?;
        self.make(dir, name.as_ref(), Node::Fifo, mode).map(drop)
    }

    pub fn link(&mut self, old: &BStr, new: &BStr) -> Result<(), Errno> {
        let id = self.node(old, false)?;
        if self.inode(id)?.kind() == Kind::Dir {
            return Err(Errno::EPERM);
        }
        let (dir, name) = self.vacant(new)?;
        if dir.mount != id.mount {
            return Err(Errno::EXDEV);
        }
        let (host, now) = (self.me.host, self.now());
        self.w.host_mut(host).fs.volume_mut(dir.mount)?.link(dir.ino, name.as_ref(), id.ino, now)?;
        self.record_file(id, "link", new, old.to_string());
        Ok(())
    }

    /// In a sticky directory only the owner of the file or of the directory removes a name (unlink(2)).
    fn may_remove(&self, dir: NodeId, node: NodeId) -> Result<(), Errno> {
        self.may_change_dir(dir)?;
        let (uid, parent) = (self.process()?.cred.uid, self.inode(dir)?);
        if uid != 0 && parent.mode & 0o1000 != 0 && parent.uid != uid && self.inode(node)?.uid != uid {
            return Err(Errno::EPERM);
        }
        Ok(())
    }

    pub fn unlink(&mut self, path: &BStr) -> Result<(), Errno> {
        let found = self.find(path, false)?;
        if found.kernel_path.is_some() {
            return Err(Errno::EPERM);
        }
        let node = found.node.ok_or(Errno::ENOENT)?;
        if self.inode(node)?.kind() == Kind::Dir {
            return Err(Errno::EISDIR);
        }
        self.may_remove(found.parent, node)?;
        self.remove(&found, node, "unlink", path)
    }

    pub fn rmdir(&mut self, path: &BStr) -> Result<(), Errno> {
        let trimmed = BStr::new(path.trim_end_with(|c| c == '/'));
        let found = self.find(if trimmed.is_empty() { path } else { trimmed }, false)?;
        if found.kernel_path.is_some() {
            return Err(Errno::EPERM);
        }
        let node = found.node.ok_or(Errno::ENOENT)?;
        if self.inode(node)?.kind() != Kind::Dir {
            return Err(Errno::ENOTDIR);
        }
        if found.name.is_empty() {
            return Err(if path.ends_with(b".") { Errno::EINVAL } else { Errno::EBUSY });
        }
        if node.mount != found.parent.mount {
            return Err(Errno::EBUSY);
        }
        self.may_remove(found.parent, node)?;
        self.remove(&found, node, "rmdir", path)
    }

    fn remove(
        &mut self,
        found: &crate::world::fs::Found,
        node: NodeId,
        verb: &'static str,
        path: &BStr,
    ) -> Result<(), Errno> {
        let (host, now) = (self.me.host, self.now());
        let size = self.inode(node)?.size();
        let full = self.realpath_of(found);
        let volume = self.w.host_mut(host).fs.volume_mut(found.parent.mount)?;
        volume.unlink(found.parent.ino, found.name.as_ref(), now)?;
        let gone = volume.get(node.ino).is_none();
        volume.remember_name(node.ino, full);
        self.record_file(node, verb, path, format!("{size} bytes"));
        if gone {
            self.w.journal.file_gone(host, node);
        }
        Ok(())
    }

    pub fn rename(&mut self, from: &BStr, to: &BStr) -> Result<(), Errno> {
        let a = self.find(from, false)?;
        let b = self.find(BStr::new(to.trim_end_with(|c| c == '/')), false)?;
        if a.kernel_path.is_some() || b.kernel_path.is_some() {
            return Err(Errno::EPERM);
        }
        let node = a.node.ok_or(Errno::ENOENT)?;
        if a.name.is_empty() || b.name.is_empty() {
            return Err(Errno::EBUSY);
        }
        if a.parent.mount != b.parent.mount || node.mount != a.parent.mount {
            return Err(Errno::EXDEV);
        }
        self.may_remove(a.parent, node)?;
        match b.node {
            Some(old) => self.may_remove(b.parent, old)?,
            None => self.may_change_dir(b.parent)?,
        }
        let (host, now) = (self.me.host, self.now());
        let volume = self.w.host_mut(host).fs.volume_mut(a.parent.mount)?;
        volume.rename((a.parent.ino, a.name.as_ref()), (b.parent.ino, b.name.as_ref()), now)?;
        let target = self.absolute(to).to_string();
        self.record_file(node, "rename", from, target);
        Ok(())
    }

    pub fn truncate(&mut self, path: &BStr, size: u64) -> Result<(), Errno> {
        let id = self.node(path, true)?;
        if !self.inode(id)?.permits(&self.process()?.cred, 2) {
            return Err(Errno::EACCES);
        }
        let (host, now) = (self.me.host, self.now());
        self.w.host_mut(host).fs.volume_mut(id.mount)?.truncate(id.ino, size, now)?;
        self.record_file(id, "truncate", path, format!("{size} bytes"));
        Ok(())
    }

    fn owned(&self, path: &BStr, follow: bool) -> Result<NodeId, Errno> {
        let id = self.node(path, follow)?;
        let uid = self.process()?.cred.uid;
        if uid == 0 || self.inode(id)?.uid == uid { Ok(id) } else { Err(Errno::EPERM) }
    }

    fn alter(&mut self, id: NodeId, f: impl FnOnce(&mut Inode)) -> Result<(), Errno> {
        let (host, now) = (self.me.host, self.now());
        self.w.host_mut(host).fs.volume_mut(id.mount)?.set_attributes(id.ino, |i| {
            f(i);
            i.ctime = now;
        })
    }

    pub fn chmod(&mut self, path: &BStr, mode: u16) -> Result<(), Errno> {
        let id = self.owned(path, true)?;
        self.alter(id, |i| i.mode = mode & 0o7777)?;
        self.record_file(id, "chmod", path, format!("{mode:04o}"));
        Ok(())
    }

    /// Root may give away; an owner may change to a group of theirs (chown(2)).
    pub fn chown(&mut self, path: &BStr, uid: Option<u32>, gid: Option<u32>, follow: bool) -> Result<(), Errno> {
        let id = self.owned(path, follow)?;
        let cred = self.process()?.cred.clone();
        let (now_uid, now_gid) = {
            let i = self.inode(id)?;
            (i.uid, i.gid)
        };
        let foreign = gid.is_some_and(|g| g != now_gid && g != cred.gid && !cred.groups.contains(&g));
        if cred.uid != 0 && (uid.is_some_and(|u| u != now_uid) || foreign) {
            return Err(Errno::EPERM);
        }
        self.alter(id, |i| {
            i.uid = uid.unwrap_or(i.uid);
            i.gid = gid.unwrap_or(i.gid);
            if cred.uid != 0 {
                i.mode &= !0o6000;
            }
        })?;
        self.record_file(id, "chown", path, format!("{}:{}", uid.unwrap_or(now_uid), gid.unwrap_or(now_gid)));
        Ok(())
    }

    /// utimensat(2): `None` leaves a time as it is.
    pub fn set_times(
        &mut self,
        path: &BStr,
        atime: Option<SimTime>,
        mtime: Option<SimTime>,
        follow: bool,
    ) -> Result<(), Errno> {
        let id = self.node(path, follow)?;
        let p = self.process()?;
        let inode = self.inode(id)?;
        if p.cred.uid != 0 && p.cred.uid != inode.uid && !inode.permits(&p.cred, 2) {
            return Err(Errno::EPERM);
        }
        self.alter(id, |i| {
            i.atime = atime.unwrap_or(i.atime);
            i.mtime = mtime.unwrap_or(i.mtime);
        })?;
        self.record_file(id, "utimensat", path, "");
        Ok(())
    }

    /// Copies a regular file's content by reference into an open one (copy_file_range(2)); bytes copied.
    pub fn copy_content(&mut self, from: &BStr, to_fd: u32) -> Result<u64, Errno> {
        let id = self.node(from, true)?;
        let content: Content = {
            let fs = &self.w.host(self.me.host).fs;
            fs.volume(id.mount)?.content(id.ino)?.clone()
        };
        let (host, node) = self.open_file(to_fd)?;
        if (host, node) == (self.me.host, id) {
            return Err(Errno::EINVAL);
        }
        let (now, privileged, len) = (self.now(), self.process()?.cred.uid == 0, content.len());
        self.w.host_mut(host).fs.volume_mut(node.mount)?.set_content(node.ino, content, privileged, now)?;
        Ok(len)
    }

    /// statfs(2): usage, device, type and mount point of what holds `path`.
    pub fn statfs(&self, path: &BStr) -> Result<(Usage, u32), Errno> {
        let mount = match self.target(path, true)? {
            Target::Node(id) => id.mount,
            Target::Kernel(_) => self.find(path, true)?.parent.mount,
        };
        Ok((self.w.host(self.me.host).fs.volume(mount)?.usage(), mount))
    }

    /// The mount at a path or of a device.
    pub fn mount_named(&self, what: &BStr) -> Option<u32> {
        let mounts = self.w.host(self.me.host).fs.mounts();
        let path = if what.len() > 1 { BStr::new(what.trim_end_with(|c| c == '/')) } else { what };
        let at = mounts.iter().rposition(|m| m.at == path || path == m.volume.device.as_str());
        at.map(|n| n as u32)
    }
    /// mount(2) with MS_REMOUNT: `ro` and `rw` replace each other, other options are added.
    pub fn remount(&mut self, mount: u32, options: &[String]) -> Result<(), Errno> {
        if self.process()?.cred.uid != 0 {
            return Err(Errno::EPERM);
        }
        let host = self.me.host;
        let volume = self.w.host_mut(host).fs.volume_mut(mount)?;
        let mut now: Vec<String> = volume.options.split(',').map(String::from).collect();
        for option in options.iter().filter(|o| !matches!(o.as_str(), "remount" | "defaults")) {
            match option.as_str() {
                "ro" | "rw" => now[0] = option.clone(),
                _ if !now.contains(option) => now.push(option.clone()),
                _ => {}
            }
        }
        volume.options = now.join(",");
        let (device, text) = (volume.device.clone(), volume.options.clone());
        self.record(EventKind::Change, "remount", device, text);
        Ok(())
    }

    pub fn chdir(&mut self, path: &BStr) -> Result<(), Errno> {
        let id = self.node(path, true)?;
        let inode = self.inode(id)?;
        if inode.kind() != Kind::Dir {
            return Err(Errno::ENOTDIR);
        }
        if !inode.permits(&self.process()?.cred, 1) {
            return Err(Errno::EACCES);
        }
        self.process_mut()?.cwd = id;
        Ok(())
    }
}
