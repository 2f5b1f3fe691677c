//! One mounted file system: its inodes, its blocks, its reserve. No permissions and no paths here, only storage.
//!
//! Accounting is kept by the verbs: `used` equals the sum over inodes that have a name or an open description.

use std::collections::BTreeMap;
use std::rc::Rc;

use bstr::{BStr, BString};

use super::content::{BLOCK, Content, Extent};
use super::inode::{Dir, Inode, Node};
use crate::base::SimTime;
use crate::world::Errno;

/// Root's inode number (ext4).
pub const ROOT_INO: u64 = 2;

#[derive(Clone, Debug)]
pub struct Volume {
    pub device: String,
    pub fstype: String,
    pub options: String,
    /// Blocks of 4096 bytes that files may use.
    blocks: u64,
    /// Of these, kept for root.
    reserved: u64,
    inode_limit: u64,
    used: u64,
    inodes: BTreeMap<u64, Rc<Inode>>,
    next_ino: u64,
    /// The last path of a node that lost its name while it is open: what `lsof` shows before `(deleted)`.
    last_names: BTreeMap<u64, BString>,
    /// Running sum of the inodes' digests: the state hash never walks the tree.
    sum: u64,
}

/// What `statfs(2)` tells, in blocks of 4096 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    pub blocks: u64,
    pub used: u64,
    /// Free for root.
    pub free: u64,
    /// Free for everybody else.
    pub available: u64,
    pub inodes: u64,
    pub inodes_used: u64,
}

impl Volume {
    /// `size` in bytes, `reserved` a share in [0, 0.5]; 0 inodes means ext4's one per 16 KiB.
    pub fn new(device: &str, fstype: &str, size: u64, reserved: f64, inodes: u64, now: SimTime) -> Volume {
        let blocks = size / BLOCK;
        let root = Inode {
            node: Node::Dir(Dir { entries: BTreeMap::new(), parent: ROOT_INO }),
            mode: 0o755,
            uid: 0,
            gid: 0,
            nlink: 2,
            opens: 0,
            atime: now,
            mtime: now,
            ctime: now,
        };
        let mut v = Volume {
            device: device.into(),
            fstype: fstype.into(),
            options: "rw,relatime".into(),
            blocks,
            reserved: (blocks as f64 * reserved.clamp(0.0, 0.5)) as u64,
            inode_limit: if inodes == 0 { size / 16_384 } else { inodes },
            used: root.blocks(),
            inodes: BTreeMap::new(),
            next_ino: 11,
            last_names: BTreeMap::new(),
            sum: root.digest(ROOT_INO),
        };
        v.inodes.insert(ROOT_INO, Rc::new(root));
        v
    }

    pub fn usage(&self) -> Usage {
        let memory = matches!(self.fstype.as_str(), "tmpfs" | "devtmpfs");
        // Directories of a file system in memory take no block of it; there are few.
        let dirs: u64 = match memory {
            true => self.inodes.values().filter(|i| matches!(i.node, Node::Dir(_))).map(|i| i.blocks()).sum(),
            false => 0,
        };
        let used = if self.blocks == 0 { 0 } else { self.used - dirs };
        let free = self.blocks.saturating_sub(used);
        Usage {
            blocks: self.blocks,
            used,
            free,
            available: free.saturating_sub(self.reserved),
            inodes: self.inode_limit,
            // ext4 keeps inodes 1 to 10 for itself, the root among them.
            inodes_used: match (memory, self.inode_limit) {
                (_, 0) => 0,
                (true, _) => self.inodes.len() as u64,
                (false, _) => self.inodes.len() as u64 + 9,
            },
        }
    }
    /// `EROFS` if it is mounted read-only.
    pub fn check_writable(&self) -> Result<(), Errno> {
        if self.options.split(',').any(|o| o == "ro") { Err(Errno::EROFS) } else { Ok(()) }
    }
    pub fn digest(&self) -> u64 {
        self.sum.wrapping_add(self.used)
    }
    pub fn get(&self, ino: u64) -> Option<&Inode> {
        self.inodes.get(&ino).map(|i| &**i)
    }
    pub fn inodes(&self) -> impl Iterator<Item = (u64, &Inode)> {
        self.inodes.iter().map(|(&ino, inode)| (ino, &**inode))
    }
    pub fn dir(&self, ino: u64) -> Result<&Dir, Errno> {
        match self.get(ino).map(|i| &i.node) {
            Some(Node::Dir(dir)) => Ok(dir),
            Some(_) => Err(Errno::ENOTDIR),
            None => Err(Errno::ENOENT),
        }
    }
    pub fn lookup(&self, dir: u64, name: &BStr) -> Result<u64, Errno> {
        self.dir(dir)?.entries.get(name).copied().ok_or(Errno::ENOENT)
    }

    /// The one place where an inode changes: keeps blocks and digest true.
    fn change<T>(&mut self, ino: u64, f: impl FnOnce(&mut Inode) -> T) -> Result<T, Errno> {
        let inode = Rc::make_mut(self.inodes.get_mut(&ino).ok_or(Errno::ENOENT)?);
        let (blocks, digest) = (inode.blocks(), inode.digest(ino));
        let result = f(inode);
        self.used = self.used + inode.blocks() - blocks;
        self.sum = self.sum.wrapping_sub(digest).wrapping_add(inode.digest(ino));
        self.forget_if_unused(ino);
        Ok(result)
    }

    fn forget_if_unused(&mut self, ino: u64) {
        if let Some(inode) = self.inodes.get(&ino)
            && inode.nlink == 0
            && inode.opens == 0
        {
            self.used -= inode.blocks();
            self.sum = self.sum.wrapping_sub(inode.digest(ino));
            self.inodes.remove(&ino);
            self.last_names.remove(&ino);
        }
    }

    /// Remembers under which path a node was removed while still open.
    pub fn remember_name(&mut self, ino: u64, path: BString) {
        if self.inodes.contains_key(&ino) {
            self.last_names.insert(ino, path);
        }
    }
    pub fn last_name(&self, ino: u64) -> Option<BString> {
        self.last_names.get(&ino).cloned()
    }

    fn room(&self, privileged: bool) -> u64 {
        let usage = self.usage();
        if privileged { usage.free } else { usage.available }
    }

    /// Makes a node and names it `name` in `dir`. `ENOSPC` when inodes or blocks have run out.
    pub fn create(&mut self, dir: u64, name: &BStr, mut inode: Inode) -> Result<u64, Errno> {
        if self.dir(dir)?.entries.contains_key(name) {
            return Err(Errno::EEXIST);
        }
        self.check_writable()?;
        let privileged = inode.uid == 0;
        if self.usage().inodes_used >= self.inode_limit || inode.blocks() > self.room(privileged) {
            return Err(Errno::ENOSPC);
        }
        let ino = self.next_ino;
        self.next_ino += 1;
        let now = inode.ctime;
        let is_dir = matches!(inode.node, Node::Dir(_));
        inode.nlink = if is_dir { 2 } else { 1 };
        inode.opens = 0;
        if let Node::Dir(d) = &mut inode.node {
            d.parent = dir;
        }
        self.used += inode.blocks();
        self.sum = self.sum.wrapping_add(inode.digest(ino));
        self.inodes.insert(ino, Rc::new(inode));
        self.name(dir, name, ino, now, is_dir)?;
        Ok(ino)
    }

    fn name(&mut self, dir: u64, name: &BStr, ino: u64, now: SimTime, subdir: bool) -> Result<(), Errno> {
        self.change(dir, |d| {
            if let Node::Dir(entries) = &mut d.node {
                entries.entries.insert(BString::from(name), ino);
            }
            d.nlink += u32::from(subdir);
            (d.mtime, d.ctime) = (now, now);
        })
    }

    /// A further name for a file.
    pub fn link(&mut self, dir: u64, name: &BStr, ino: u64, now: SimTime) -> Result<(), Errno> {
        if self.dir(dir)?.entries.contains_key(name) {
            return Err(Errno::EEXIST);
        }
        self.check_writable()?;
        self.change(ino, |i| {
            i.nlink += 1;
            i.ctime = now;
        })?;
        self.name(dir, name, ino, now, false)
    }

    /// Takes a name away; the node goes with its last name and last description.
    pub fn unlink(&mut self, dir: u64, name: &BStr, now: SimTime) -> Result<u64, Errno> {
        let ino = self.lookup(dir, name)?;
        self.check_writable()?;
        let is_dir = self.dir(ino).is_ok();
        if self.dir(ino).is_ok_and(|d| !d.entries.is_empty()) {
            return Err(Errno::ENOTEMPTY);
        }
        self.change(dir, |d| {
            if let Node::Dir(entries) = &mut d.node {
                entries.entries.remove(name);
            }
            d.nlink -= u32::from(is_dir);
            (d.mtime, d.ctime) = (now, now);
        })?;
        self.change(ino, |i| {
            i.nlink = if is_dir { 0 } else { i.nlink - 1 };
            i.ctime = now;
        })?;
        Ok(ino)
    }

    /// rename(2) within this volume; an existing target is replaced if its kind allows it.
    pub fn rename(&mut self, from: (u64, &BStr), to: (u64, &BStr), now: SimTime) -> Result<(), Errno> {
        let ino = self.lookup(from.0, from.1)?;
        self.check_writable()?;
        let moving_dir = self.dir(ino).is_ok();
        if let Ok(old) = self.lookup(to.0, to.1) {
            if old == ino {
                return Ok(());
            }
            match (moving_dir, self.dir(old).is_ok()) {
                (true, false) => return Err(Errno::ENOTDIR),
                (false, true) => return Err(Errno::EISDIR),
                _ => self.unlink(to.0, to.1, now).map(drop)?,
            }
        }
        let mut above = to.0;
        while moving_dir && above != ROOT_INO {
            if above == ino {
                return Err(Errno::EINVAL);
            }
            above = self.dir(above)?.parent;
        }
        self.change(from.0, |d| {
            if let Node::Dir(entries) = &mut d.node {
                entries.entries.remove(from.1);
            }
            d.nlink -= u32::from(moving_dir);
            (d.mtime, d.ctime) = (now, now);
        })?;
        self.name(to.0, to.1, ino, now, moving_dir)?;
        self.change(ino, |i| {
            i.ctime = now;
            if let Node::Dir(d) = &mut i.node {
                d.parent = to.0;
            }
        })
    }

    /// Writes at `offset`. On a full volume as much as fits, and `ENOSPC` if that is nothing (write(2)).
    pub fn write(&mut self, ino: u64, offset: u64, bytes: &[u8], privileged: bool, now: SimTime) -> Result<u64, Errno> {
        self.check_writable()?;
        let room = self.room(privileged);
        let content = self.content(ino)?;
        let mut len = bytes.len() as u64;
        if content.blocks_for(offset, len) > room {
            // A partial write ends at a block's border: what is left in the last block, then the free ones.
            let in_block = if content.blocks_for(offset, 1) == 0 { BLOCK - offset % BLOCK } else { 0 };
            len = len.min(in_block + room * BLOCK);
            if len == 0 && !bytes.is_empty() {
                return Err(Errno::ENOSPC);
            }
        }
        self.change(ino, |i| {
            if let Node::File(c) = &mut i.node {
                c.write(offset, &bytes[..len as usize]);
            }
            (i.mtime, i.ctime) = (now, now);
        })?;
        Ok(len)
    }

    /// Appends an extent at `offset` (the end, or past it: a hole), as a writer's step does. Returns the bytes that
    /// found room: the rest is lost to `ENOSPC`.
    pub fn append(
        &mut self,
        ino: u64,
        offset: u64,
        extent: Extent,
        privileged: bool,
        now: SimTime,
    ) -> Result<u64, Errno> {
        self.check_writable()?;
        let room = self.room(privileged);
        let content = self.content(ino)?;
        let offset = offset.max(content.len());
        let mut len = extent.len();
        if content.blocks_for(offset, len) > room {
            let in_block = if content.blocks_for(offset, 1) == 0 { BLOCK - offset % BLOCK } else { 0 };
            len = len.min(in_block + room * BLOCK);
        }
        if len == 0 {
            return Err(Errno::ENOSPC);
        }
        self.change(ino, |i| {
            if let Node::File(c) = &mut i.node {
                c.truncate(offset);
                let mut whole = Content::new();
                whole.push(extent);
                for part in whole.slice(0, len) {
                    c.push(part);
                }
            }
            (i.mtime, i.ctime) = (now, now);
        })?;
        Ok(len)
    }

    pub fn content(&self, ino: u64) -> Result<&Content, Errno> {
        match self.get(ino).map(|i| &i.node) {
            Some(Node::File(content)) => Ok(content),
            Some(Node::Dir(_)) => Err(Errno::EISDIR),
            Some(_) => Err(Errno::EINVAL),
            None => Err(Errno::ENOENT),
        }
    }

    pub fn truncate(&mut self, ino: u64, size: u64, now: SimTime) -> Result<(), Errno> {
        self.content(ino)?;
        self.check_writable()?;
        self.change(ino, |i| {
            if let Node::File(c) = &mut i.node {
                c.truncate(size);
            }
            (i.mtime, i.ctime) = (now, now);
        })
    }

    /// Replaces a whole content by reference (`cp` of a generated file, the scenario's files). `ENOSPC` if it does not fit.
    pub fn set_content(&mut self, ino: u64, content: Content, privileged: bool, now: SimTime) -> Result<(), Errno> {
        self.check_writable()?;
        let have = self.content(ino)?.blocks();
        if content.blocks().saturating_sub(have) > self.room(privileged) {
            return Err(Errno::ENOSPC);
        }
        self.change(ino, |i| {
            i.node = Node::File(content);
            (i.mtime, i.ctime) = (now, now);
        })
    }

    /// Changes mode, owner or times.
    pub fn set_attributes(&mut self, ino: u64, f: impl FnOnce(&mut Inode)) -> Result<(), Errno> {
        self.check_writable()?;
        self.change(ino, f)
    }

    /// One more (`true`) or one less description holds it.
    pub fn hold(&mut self, ino: u64, open: bool) -> Result<(), Errno> {
        self.change(ino, |i| i.opens = if open { i.opens + 1 } else { i.opens.saturating_sub(1) })
    }

    /// Sets the share kept for root (tune2fs -m).
    pub fn set_reserved(&mut self, share: f64) {
        self.reserved = (self.blocks as f64 * share.clamp(0.0, 0.5)) as u64;
    }

    /// Sum over inodes, walked: what `used` must equal. For tests.
    pub fn audit(&self) -> u64 {
        self.inodes.values().map(|i| i.blocks()).sum()
    }
}
