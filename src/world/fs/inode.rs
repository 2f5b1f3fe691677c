//! An inode: what `stat(2)` shows, and what the node holds.

use std::collections::BTreeMap;
use std::rc::Rc;

use bstr::BString;

use super::content::Content;
use crate::base::{SimTime, StateHasher};

/// A node of a host: which mount, which inode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeId {
    pub mount: u32,
    pub ino: u64,
}

/// What a node is and holds.
#[derive(Clone, Debug)]
pub enum Node {
    File(Content),
    Dir(Dir),
    Symlink(BString),
    Device(Device),
    /// A named pipe; the pipe itself is the kernel's, made at the first open.
    Fifo,
    /// A bound Unix socket's name.
    Socket,
}

/// The character devices that programs meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Device {
    Null,
    Zero,
    Full,
    Random,
    Tty,
}

impl Device {
    /// Major and minor.
    pub fn numbers(self) -> (u32, u32) {
        match self {
            Device::Null => (1, 3),
            Device::Zero => (1, 5),
            Device::Full => (1, 7),
            Device::Random => (1, 8),
            Device::Tty => (5, 0),
        }
    }
}

/// A directory: names in byte order, so that no listing depends on history or hashing.
#[derive(Clone, Debug, Default)]
pub struct Dir {
    pub entries: BTreeMap<BString, u64>,
    /// Inode of `..` in the same volume; a volume's root is its own parent.
    pub parent: u64,
}

/// The kind of a node, for `ls`, `stat`, `find -type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    File,
    Dir,
    Symlink,
    Char,
    Fifo,
    Socket,
}

impl Kind {
    /// The letter of `ls -l`.
    pub fn letter(self) -> char {
        match self {
            Kind::File => '-',
            Kind::Dir => 'd',
            Kind::Symlink => 'l',
            Kind::Char => 'c',
            Kind::Fifo => 'p',
            Kind::Socket => 's',
        }
    }
}

#[derive(Clone, Debug)]
pub struct Inode {
    pub node: Node,
    /// Permission bits with set-id and sticky: 0o7777.
    pub mode: u16,
    pub uid: u32,
    pub gid: u32,
    pub nlink: u32,
    /// Open descriptions of it: blocks are freed only when this and `nlink` are 0.
    pub opens: u32,
    pub atime: SimTime,
    pub mtime: SimTime,
    pub ctime: SimTime,
}

impl Inode {
    pub fn kind(&self) -> Kind {
        match self.node {
            Node::File(_) => Kind::File,
            Node::Dir(_) => Kind::Dir,
            Node::Symlink(_) => Kind::Symlink,
            Node::Device(_) => Kind::Char,
            Node::Fifo => Kind::Fifo,
            Node::Socket => Kind::Socket,
        }
    }
    /// Apparent size in bytes; a directory is one block, as on ext4 until it grows.
    pub fn size(&self) -> u64 {
        match &self.node {
            Node::File(c) => c.len(),
            Node::Dir(_) => self.blocks() * super::content::BLOCK,
            Node::Symlink(target) => target.len() as u64,
            _ => 0,
        }
    }
    /// Allocated blocks of 4096 bytes. An ext4 directory holds some 100 names a block; a short link none.
    pub fn blocks(&self) -> u64 {
        match &self.node {
            Node::File(c) => c.blocks(),
            Node::Dir(d) => 1 + d.entries.len() as u64 / 100,
            Node::Symlink(target) => u64::from(target.len() >= 60),
            _ => 0,
        }
    }
    /// The part of the volume's running sum that this inode is.
    pub fn digest(&self, ino: u64) -> u64 {
        let mut h = StateHasher::new();
        h.u64(ino);
        h.u32(u32::from(self.mode));
        h.u32(self.uid);
        h.u32(self.gid);
        h.u32(self.nlink);
        h.u32(self.opens);
        h.u64(self.size());
        h.u64(self.blocks());
        h.u64(self.mtime.micros());
        h.finish()
    }
    /// Does one of `bits` (4 read, 2 write, 1 execute) belong to this user here? Root reads and writes all, and
    /// executes what anybody may execute or any directory (path_resolution(7)).
    pub fn permits(&self, cred: &super::Cred, bits: u16) -> bool {
        if cred.uid == 0 {
            return bits & 1 == 0 || self.kind() == Kind::Dir || self.mode & 0o111 != 0;
        }
        let shift = if cred.uid == self.uid {
            6
        } else if cred.gid == self.gid || cred.groups.contains(&self.gid) {
            3
        } else {
            0
        };
        (self.mode >> shift) & bits == bits
    }
}

/// Who asks: credentials(7) as far as files need them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cred {
    pub uid: u32,
    pub gid: u32,
    pub groups: Rc<Vec<u32>>,
}

impl Cred {
    pub fn root() -> Cred {
        Cred { uid: 0, gid: 0, groups: Rc::new(vec![0]) }
    }
}
