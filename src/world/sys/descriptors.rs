//! System calls on descriptors: open(2), read(2), write(2), dup(2), pipe(2), and the terminal's.

use std::rc::Rc;

use bstr::{BStr, BString};

use super::{Sys, Target};
use crate::base::limits;
use crate::world::Errno;
use crate::world::fs::{Content, Device, Kind, Node, NodeId};
use crate::world::io::{Description, DescriptionId, DescriptionKind, Tty, TtyId};
use crate::world::journal::EventKind;
use crate::world::kernel::{Fd, HostId, ProcRef, Signal};

/// How open(2) is asked.
#[derive(Clone, Copy, Debug, Default)]
pub struct OpenFlags {
    pub read: bool,
    pub write: bool,
    pub append: bool,
    pub create: bool,
    pub exclusive: bool,
    pub truncate: bool,
}

impl OpenFlags {
    pub const READ: OpenFlags =
        OpenFlags { read: true, write: false, append: false, create: false, exclusive: false, truncate: false };
    /// `>`
    pub const WRITE: OpenFlags =
        OpenFlags { write: true, create: true, truncate: true, read: false, ..OpenFlags::READ };
    /// `>>`
    pub const APPEND: OpenFlags = OpenFlags { write: true, create: true, append: true, read: false, ..OpenFlags::READ };
    /// `<>`
    pub const READ_WRITE: OpenFlags = OpenFlags { read: true, write: true, create: true, ..OpenFlags::READ };
}

impl Sys<'_> {
    pub fn description(&self, fd: u32) -> Result<&Description, Errno> {
        let id = self.description_id(fd)?;
        self.w.io.get(id).ok_or(Errno::EBADF)
    }
    pub fn description_id(&self, fd: u32) -> Result<DescriptionId, Errno> {
        self.process()?.fds.get(&fd).map(|f| f.description).ok_or(Errno::EBADF)
    }
    /// The node behind a descriptor of a regular file.
    pub(super) fn open_file(&self, fd: u32) -> Result<(HostId, NodeId), Errno> {
        match self.description(fd)?.kind {
            DescriptionKind::File { host, node, .. } => Ok((host, node)),
            _ => Err(Errno::EINVAL),
        }
    }

    /// The lowest free number at or above `least`.
    fn free_fd(&self, least: u32) -> Result<u32, Errno> {
        let fds = &self.process()?.fds;
        if fds.len() >= limits::DESCRIPTORS_PER_PROCESS {
            return Err(Errno::EMFILE);
        }
        (least..).find(|n| !fds.contains_key(n)).ok_or(Errno::EMFILE)
    }

    fn install_fd(&mut self, description: DescriptionId, least: u32) -> Result<u32, Errno> {
        let fd = match self.free_fd(least) {
            Ok(fd) => fd,
            Err(errno) => {
                self.w.release(description);
                return Err(errno);
            }
        };
        self.process_mut()?.fds.insert(fd, Fd { description, cloexec: false });
        Ok(fd)
    }

    /// open(2). Creation applies the umask to `mode`.
    pub fn open(&mut self, path: &BStr, flags: OpenFlags, mode: u16) -> Result<u32, Errno> {
        let found = self.find(path, true)?;
        if found.kernel_path.is_some() {
            return self.open_kernel(path, flags);
        }
        let id = match found.node {
            Some(_) if flags.create && flags.exclusive => return Err(Errno::EEXIST),
            Some(id) => id,
            None if !flags.create || found.name.is_empty() || path.ends_with(b"/") => {
                return Err(if path.ends_with(b"/") && flags.create { Errno::EISDIR } else { Errno::ENOENT });
            }
            None => {
                self.may_change_dir(found.parent)?;
                let id = self.make(found.parent, found.name.as_ref(), Node::File(Content::new()), mode)?;
                let full = self.absolute(path).to_string();
                self.record(EventKind::Footprint, "create", full, "");
                return self.open_node(id, flags);
            }
        };
        let bits = if flags.read { 4 } else { 0 } | if flags.write { 2 } else { 0 };
        let inode = self.inode(id)?;
        if !inode.permits(&self.process()?.cred, bits) {
            return Err(Errno::EACCES);
        }
        if inode.kind() == Kind::Dir && flags.write {
            return Err(Errno::EISDIR);
        }
        if inode.kind() == Kind::File && flags.write {
            if flags.truncate {
                let (host, now) = (self.me.host, self.now());
                self.w.host_mut(host).fs.volume_mut(id.mount)?.truncate(id.ino, 0, now)?;
            }
            self.record_file(id, if flags.truncate { "truncate" } else { "write" }, path, "");
        }
        self.open_node(id, flags)
    }

    fn open_node(&mut self, id: NodeId, flags: OpenFlags) -> Result<u32, Errno> {
        let host = self.me.host;
        let inode = self.inode(id)?;
        let kind = match &inode.node {
            Node::Dir(_) => DescriptionKind::Directory { host, node: id },
            Node::File(_) => DescriptionKind::File { host, node: id, offset: 0, append: flags.append },
            Node::Device(Device::Tty) => DescriptionKind::Tty(self.process()?.tty.ok_or(Errno::ENOENT)?),
            Node::Device(device) => DescriptionKind::Device { host, node: id, device: *device, drawn: 0 },
            Node::Fifo | Node::Socket | Node::Symlink(_) => return Err(Errno::EINVAL),
        };
        if matches!(kind, DescriptionKind::File { .. }) {
            self.w.host_mut(host).fs.volume_mut(id.mount)?.hold(id.ino, true)?;
        }
        let description = self.w.io.open(kind, flags.read, flags.write);
        self.install_fd(description, 0)
    }

    fn open_kernel(&mut self, path: &BStr, flags: OpenFlags) -> Result<u32, Errno> {
        let entry = match self.target(path, true)? {
            // /proc/<pid>/fd/N leads to the very file, even one without a name.
            Target::Node(id) => {
                let bits = if flags.read { 4 } else { 0 } | if flags.write { 2 } else { 0 };
                if !self.inode(id)?.permits(&self.process()?.cred, bits) {
                    return Err(Errno::EACCES);
                }
                if flags.write && flags.truncate {
                    let (host, now) = (self.me.host, self.now());
                    self.w.host_mut(host).fs.volume_mut(id.mount)?.truncate(id.ino, 0, now)?;
                    self.record_file(id, "truncate", path, "");
                }
                return self.open_node(id, flags);
            }
            Target::Kernel(entry) => entry,
        };
        if let Some(description) = entry.description() {
            self.w.retain(description);
            return self.install_fd(description, 0);
        }
        let bits = if flags.read { 4 } else { 0 } | if flags.write { 2 } else { 0 };
        if !entry.permits(&self.process()?.cred, bits) {
            return Err(Errno::EACCES);
        }
        let bytes = entry.bytes().ok_or(Errno::EISDIR)?;
        let kind =
            DescriptionKind::Snapshot { host: self.me.host, bytes: Rc::new(bytes), offset: 0, path: path.into() };
        let description = self.w.io.open(kind, true, false);
        self.install_fd(description, 0)
    }

    pub fn close(&mut self, fd: u32) -> Result<(), Errno> {
        let entry = self.process_mut()?.fds.remove(&fd).ok_or(Errno::EBADF)?;
        self.w.release(entry.description);
        Ok(())
    }

    /// dup2(2).
    pub fn dup2(&mut self, from: u32, to: u32) -> Result<(), Errno> {
        let id = self.description_id(from)?;
        if to as usize >= limits::DESCRIPTORS_PER_PROCESS {
            return Err(Errno::EBADF);
        }
        if from == to {
            return Ok(());
        }
        self.w.retain(id);
        if let Some(old) = self.process_mut()?.fds.insert(to, Fd { description: id, cloexec: false }) {
            self.w.release(old.description);
        }
        Ok(())
    }

    /// fcntl(F_DUPFD): a copy at the lowest free number from `least` on.
    pub fn dup_from(&mut self, fd: u32, least: u32) -> Result<u32, Errno> {
        let id = self.description_id(fd)?;
        self.w.retain(id);
        self.install_fd(id, least)
    }

    pub fn set_cloexec(&mut self, fd: u32, cloexec: bool) -> Result<(), Errno> {
        self.process_mut()?.fds.get_mut(&fd).ok_or(Errno::EBADF)?.cloexec = cloexec;
        Ok(())
    }

    /// pipe(2): (read end, write end).
    pub fn pipe(&mut self) -> Result<(u32, u32), Errno> {
        let (r, w) = self.w.io.pipe();
        let read = match self.install_fd(r, 0) {
            Ok(fd) => fd,
            Err(errno) => {
                self.w.release(w);
                return Err(errno);
            }
        };
        match self.install_fd(w, 0) {
            Ok(write) => Ok((read, write)),
            Err(errno) => {
                self.close(read)?;
                Err(errno)
            }
        }
    }

    /// A descriptor that reads `bytes`: a here-document (bash uses a pipe or an unlinked file; nobody can tell).
    pub fn open_bytes(&mut self, bytes: BString) -> Result<u32, Errno> {
        let kind = DescriptionKind::Inlet { bytes: Rc::new(bytes.into()), offset: 0 };
        let description = self.w.io.open(kind, true, false);
        self.install_fd(description, 0)
    }

    /// read(2): an empty answer is the end; `EAGAIN` means wait until it is readable.
    pub fn read(&mut self, fd: u32, max: u64) -> Result<Vec<u8>, Errno> {
        // The end of the connection is the end of what can be read.
        let Some((id, reader)) = self.w.behind(self.description_id(fd)?, self.me) else { return Ok(Vec::new()) };
        let seed = self.w.seed();
        let description = self.w.io.descriptions.get_mut(&id).ok_or(Errno::EBADF)?;
        if !description.readable {
            return Err(Errno::EBADF);
        }
        match &mut description.kind {
            DescriptionKind::File { host, node, offset, .. } => {
                let (host, node, at) = (*host, *node, *offset);
                let content = self.w.host(host).fs.volume(node.mount)?.content(node.ino)?;
                let (bytes, generated) = (content.read(at, max), content.is_generated_at(at));
                if let Some(Description { kind: DescriptionKind::File { offset, .. }, .. }) =
                    self.w.io.descriptions.get_mut(&id)
                {
                    *offset = at + bytes.len() as u64;
                }
                // A read costs its device's time: 400 MB/s here, from cache mostly.
                self.charge(bytes.len() as u64 * 5 / 2);
                if generated && let Ok(p) = self.process_mut() {
                    p.scanned += bytes.len() as u64;
                }
                Ok(bytes)
            }
            DescriptionKind::Snapshot { bytes, offset, .. } | DescriptionKind::Inlet { bytes, offset } => {
                let from = (*offset).min(bytes.len() as u64) as usize;
                let to = (from as u64 + max).min(bytes.len() as u64) as usize;
                *offset = to as u64;
                Ok(bytes[from..to].to_vec())
            }
            DescriptionKind::Directory { .. } => Err(Errno::EISDIR),
            DescriptionKind::Device { device, drawn, host, .. } => match device {
                Device::Null | Device::Tty => Ok(Vec::new()),
                Device::Zero | Device::Full => {
                    let bytes = vec![0; max.min(65_536) as usize];
                    self.charge(bytes.len() as u64 / 20);
                    Ok(bytes)
                }
                Device::Random => {
                    use rand::RngCore;
                    let mut bytes = vec![0; max.min(65_536) as usize];
                    let key = u64::from(host.0) << 40 ^ id.0;
                    crate::base::Rng::at(seed, key, *drawn).fill_bytes(&mut bytes);
                    *drawn += 1;
                    self.charge(bytes.len() as u64 * 2);
                    Ok(bytes)
                }
            },
            DescriptionKind::PipeReader(pipe) => {
                let pipe = self.w.io.pipes.get_mut(pipe).ok_or(Errno::EBADF)?;
                if pipe.buffer.is_empty() {
                    return if pipe.writers == 0 { Ok(Vec::new()) } else { Err(Errno::EAGAIN) };
                }
                let n = pipe.buffer.len().min(max as usize);
                Ok(pipe.buffer.drain(..n).collect())
            }
            DescriptionKind::Tty(tty) => {
                let tty = *tty;
                self.read_tty(tty, max, reader)
            }
            DescriptionKind::PipeWriter(_) | DescriptionKind::Outlet { .. } => Err(Errno::EBADF),
            DescriptionKind::Socket { .. } | DescriptionKind::Channel { .. } => Err(Errno::EAGAIN),
        }
    }

    fn read_tty(&mut self, id: TtyId, max: u64, reader: ProcRef) -> Result<Vec<u8>, Errno> {
        let (host, pgid) = (reader.host, self.w.process(reader).ok_or(Errno::ESRCH)?.pgid);
        let tty = self.w.io.tty_mut(id).ok_or(Errno::EIO)?;
        if tty.hung_up {
            return Ok(Vec::new());
        }
        if tty.foreground.is_some_and(|fg| fg != (host, pgid)) {
            // A background group that reads is stopped (termios(3)).
            self.w.signal_group(host, pgid, Signal::TTIN);
            return Err(Errno::EAGAIN);
        }
        if !tty.has_input() { Err(Errno::EAGAIN) } else { Ok(tty.take(max as usize)) }
    }

    /// write(2): how many bytes found room; `EAGAIN` means wait until it is writable. `EPIPE` also raises SIGPIPE.
    pub fn write(&mut self, fd: u32, bytes: &[u8]) -> Result<u64, Errno> {
        let Some((id, _)) = self.w.behind(self.description_id(fd)?, self.me) else {
            self.w.signal(self.me, Signal::PIPE);
            return Err(Errno::EPIPE);
        };
        let description = self.w.io.descriptions.get_mut(&id).ok_or(Errno::EBADF)?;
        if !description.writable {
            return Err(Errno::EBADF);
        }
        match &mut description.kind {
            DescriptionKind::File { host, node, offset, append } => {
                let (host, node, append, mut at) = (*host, *node, *append, *offset);
                let (privileged, now) = (self.process()?.cred.uid == 0, self.now());
                self.w.check_literal_room(bytes.len() as u64)?;
                let volume = self.w.host_mut(host).fs.volume_mut(node.mount)?;
                if append {
                    at = volume.content(node.ino)?.len();
                }
                let n = volume.write(node.ino, at, bytes, privileged, now)?;
                if let Some(Description { kind: DescriptionKind::File { offset, .. }, .. }) =
                    self.w.io.descriptions.get_mut(&id)
                {
                    *offset = at + n;
                }
                self.w.count_literal(n);
                self.charge(n * 5 / 2);
                Ok(n)
            }
            DescriptionKind::PipeWriter(pipe) => {
                let pipe = self.w.io.pipes.get_mut(pipe).ok_or(Errno::EBADF)?;
                if pipe.readers == 0 {
                    self.w.signal(self.me, Signal::PIPE);
                    return Err(Errno::EPIPE);
                }
                let n = limits::PIPE_BYTES.saturating_sub(pipe.buffer.len()).min(bytes.len());
                // POSIX: up to PIPE_BUF (4096) bytes are written whole or not yet.
                if n == 0 && !bytes.is_empty() || n < bytes.len() && bytes.len() <= 4096 {
                    return Err(Errno::EAGAIN);
                }
                pipe.buffer.extend(&bytes[..n]);
                Ok(n as u64)
            }
            DescriptionKind::Tty(tty) => {
                let tty = *tty;
                let tty = self.w.io.tty_mut(tty).ok_or(Errno::EIO)?;
                if tty.hung_up {
                    return Err(Errno::EIO);
                }
                let n = tty.room().min(bytes.len());
                if n == 0 && !bytes.is_empty() {
                    return Err(Errno::EAGAIN);
                }
                tty.print(&bytes[..n]);
                // The far end of a terminal is slow; whoever floods it waits, without using the processor.
                self.process_mut()?.debt_ns += n as u64 * limits::TTY_BYTE_NS;
                Ok(n as u64)
            }
            DescriptionKind::Outlet { session, stream } => {
                let (session, stream) = (*session, *stream);
                match self.w.io.outlets.last_mut() {
                    Some((s, k, tail)) if (*s, *k) == (session, stream) => tail.extend_from_slice(bytes),
                    _ => self.w.io.outlets.push((session, stream, bytes.to_vec())),
                }
                Ok(bytes.len() as u64)
            }
            DescriptionKind::Device { device: Device::Full, .. } => Err(Errno::ENOSPC),
            DescriptionKind::Device { .. } => Ok(bytes.len() as u64),
            DescriptionKind::Directory { .. } => Err(Errno::EISDIR),
            DescriptionKind::Socket { .. } | DescriptionKind::Channel { .. } => Ok(bytes.len() as u64),
            DescriptionKind::Snapshot { .. } | DescriptionKind::Inlet { .. } | DescriptionKind::PipeReader(_) => {
                Err(Errno::EBADF)
            }
        }
    }

    /// lseek(2) to an absolute offset; `from_end` counts back from the end.
    pub fn seek(&mut self, fd: u32, to: u64, from_end: bool) -> Result<u64, Errno> {
        let size = self.fstat(fd)?.size;
        let id = self.description_id(fd)?;
        let target = if from_end { size.saturating_sub(to) } else { to };
        match &mut self.w.io.descriptions.get_mut(&id).ok_or(Errno::EBADF)?.kind {
            DescriptionKind::File { offset, .. } => *offset = target,
            DescriptionKind::Snapshot { offset, bytes, .. } | DescriptionKind::Inlet { offset, bytes } => {
                let end = bytes.len() as u64;
                *offset = if from_end { end.saturating_sub(to) } else { to };
            }
            DescriptionKind::Device { .. } => {}
            _ => return Err(Errno::ESPIPE),
        }
        Ok(target)
    }

    /// Where the next read or write of a regular file happens.
    pub fn offset(&self, fd: u32) -> Result<u64, Errno> {
        match &self.description(fd)?.kind {
            DescriptionKind::File { offset, .. }
            | DescriptionKind::Snapshot { offset, .. }
            | DescriptionKind::Inlet { offset, .. } => Ok(*offset),
            _ => Err(Errno::ESPIPE),
        }
    }

    /// The content of an open regular file, for readers that seek by line count instead of scanning.
    pub fn content(&self, fd: u32) -> Result<&Content, Errno> {
        let (host, node) = self.open_file(fd)?;
        self.w.host(host).fs.volume(node.mount)?.content(node.ino)
    }

    pub fn is_tty(&self, fd: u32) -> bool {
        self.tty_of(fd).is_some()
    }
    pub fn tty_of(&self, fd: u32) -> Option<TtyId> {
        match self.description(fd).ok()?.kind {
            DescriptionKind::Tty(id) => Some(id),
            _ => None,
        }
    }
    /// The controlling terminal.
    pub fn tty(&self) -> Option<&Tty> {
        self.w.io.tty(self.process().ok()?.tty?)
    }
    pub fn tty_mut(&mut self) -> Option<&mut Tty> {
        let id = self.process().ok()?.tty?;
        self.w.io.tty_mut(id)
    }

    /// Charges CPU time to this process.
    pub fn charge(&mut self, ns: u64) {
        if let Ok(p) = self.process_mut() {
            p.debt_ns += ns;
            p.cpu_ns += ns;
        }
    }
}
