//! Reading a descriptor line by line, in chunks.

use super::context::{Ctx, Stop};
use crate::world::Errno;

/// Bytes asked for at once.
const CHUNK: u64 = 65_536;

/// A buffered reader over one descriptor.
pub struct Lines<'a> {
    ctx: &'a Ctx,
    fd: u32,
    delimiter: u8,
    buffer: Vec<u8>,
    from: usize,
    /// Bytes of the buffer already searched for the delimiter.
    searched: usize,
    ended: bool,
}

impl<'a> Lines<'a> {
    pub fn new(ctx: &'a Ctx, fd: u32) -> Lines<'a> {
        Lines::delimited(ctx, fd, b'\n')
    }
    pub fn delimited(ctx: &'a Ctx, fd: u32, delimiter: u8) -> Lines<'a> {
        Lines { ctx, fd, delimiter, buffer: Vec::new(), from: 0, searched: 0, ended: false }
    }

    /// The next line with its delimiter (a last line may lack it); `None` at the end.
    pub async fn next(&mut self) -> Result<Result<Option<Vec<u8>>, Errno>, Stop> {
        loop {
            if let Some(at) = memchr(self.delimiter, &self.buffer[self.searched..]) {
                let end = self.searched + at + 1;
                let line = self.buffer[self.from..end].to_vec();
                (self.from, self.searched) = (end, end);
                return Ok(Ok(Some(line)));
            }
            self.searched = self.buffer.len();
            if self.ended {
                if self.from == self.buffer.len() {
                    return Ok(Ok(None));
                }
                let line = self.buffer.split_off(self.from);
                self.buffer.clear();
                (self.from, self.searched) = (0, 0);
                return Ok(Ok(Some(line)));
            }
            self.buffer.drain(..self.from);
            self.searched -= self.from;
            self.from = 0;
            match self.ctx.read_fd(self.fd, CHUNK).await? {
                Ok(bytes) if bytes.is_empty() => self.ended = true,
                Ok(bytes) => self.buffer.extend_from_slice(&bytes),
                Err(errno) => return Ok(Err(errno)),
            }
        }
    }

    /// Is the next line there without waiting?
    pub fn has_line(&self) -> bool {
        memchr(self.delimiter, &self.buffer[self.searched..]).is_some()
    }
}

fn memchr(needle: u8, haystack: &[u8]) -> Option<usize> {
    bstr::ByteSlice::find_byte(haystack, needle)
}
