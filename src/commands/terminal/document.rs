//! What a pager shows: bytes at any offset of a file, or of a pipe as far as it was read.

use crate::program::{Ctx, Stop};

/// Bytes of a pipe that a pager keeps.
const KEPT: usize = 16 << 20;
const BLOCK: u64 = 16_384;

pub struct Document {
    pub name: String,
    fd: u32,
    /// Can one go to any offset?
    seekable: bool,
    /// A pipe's bytes so far.
    read: Vec<u8>,
    ended: bool,
    /// The last block that was read of a file.
    block: (u64, Vec<u8>),
}

impl Document {
    pub fn new(c: &Ctx, name: &str, fd: u32) -> Document {
        let seekable = c.sys(|s| s.offset(fd)).is_ok();
        Document { name: name.into(), fd, seekable, read: Vec::new(), ended: false, block: (0, Vec::new()) }
    }
    pub fn close(&self, c: &Ctx) {
        c.close_input(self.fd);
    }
    /// Bytes in all, if that is known.
    pub fn size(&self, c: &Ctx) -> Option<u64> {
        if self.seekable {
            c.sys(|s| s.fstat(self.fd)).ok().map(|s| s.size).filter(|&n| n > 0)
        } else {
            self.ended.then_some(self.read.len() as u64)
        }
    }
    /// Forgets what was read: a file may have grown.
    pub fn refresh(&mut self) {
        self.block.1.clear();
    }

    /// The byte at an offset; `None` behind the end.
    pub async fn byte(&mut self, c: &Ctx, at: u64) -> Result<Option<u8>, Stop> {
        if self.seekable {
            let inside = |b: &(u64, Vec<u8>)| at.checked_sub(b.0).and_then(|n| b.1.get(n as usize).copied());
            if let Some(b) = inside(&self.block) {
                return Ok(Some(b));
            }
            let start = at / BLOCK * BLOCK;
            if c.sys(|s| s.seek(self.fd, start, false)).is_err() {
                return Ok(None);
            }
            self.block = (start, c.read_fd(self.fd, BLOCK).await?.unwrap_or_default());
            return Ok(inside(&self.block));
        }
        while self.read.len() as u64 <= at && !self.ended && self.read.len() < KEPT {
            match c.read_fd(self.fd, 65_536).await? {
                Ok(bytes) if bytes.is_empty() => self.ended = true,
                Ok(bytes) => self.read.extend(bytes),
                Err(_) => self.ended = true,
            }
        }
        Ok(self.read.get(at as usize).copied())
    }

    /// The line that starts at an offset, without its end, and where the next one starts. `None` at the end.
    pub async fn line(&mut self, c: &Ctx, at: u64) -> Result<Option<(Vec<u8>, u64)>, Stop> {
        let (mut text, mut next) = (Vec::new(), at);
        loop {
            match self.byte(c, next).await? {
                None if next == at => return Ok(None),
                None => return Ok(Some((text, next))),
                Some(b'\n') => return Ok(Some((text, next + 1))),
                Some(b) => {
                    // A line without an end is cut where no screen would show more.
                    if text.len() >= 65_536 {
                        return Ok(Some((text, next)));
                    }
                    text.push(b);
                    next += 1;
                }
            }
        }
    }

    /// Where the line before this one starts; `None` at the beginning.
    pub async fn before(&mut self, c: &Ctx, at: u64) -> Result<Option<u64>, Stop> {
        if at == 0 {
            return Ok(None);
        }
        let mut start = at - 1;
        while start > 0 && at - start < 65_536 {
            if self.byte(c, start - 1).await? == Some(b'\n') {
                break;
            }
            start -= 1;
        }
        Ok(Some(start))
    }

    /// The end: where a next line would start.
    pub async fn end(&mut self, c: &Ctx) -> Result<u64, Stop> {
        if self.seekable
            && let Some(size) = self.size(c)
        {
            return Ok(size);
        }
        let mut at = if self.seekable { 0 } else { self.read.len() as u64 };
        while self.byte(c, at).await?.is_some() {
            at = if self.seekable { self.block.0 + self.block.1.len() as u64 } else { self.read.len() as u64 };
        }
        Ok(at)
    }
}
