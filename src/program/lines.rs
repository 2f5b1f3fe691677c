//! Reading a descriptor line by line, in chunks.

use super::context::{Ctx, Stop};
use crate::base::limits;
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

    /// Reads until a whole line, or the last one, is in the buffer; `false` at the end.
    pub async fn peek(&mut self) -> Result<Result<bool, Errno>, Stop> {
        while !self.has_line() && !self.ended {
            self.searched = self.buffer.len() - self.from;
            self.buffer.drain(..self.from);
            self.from = 0;
            match self.ctx.read_fd(self.fd, CHUNK).await? {
                Ok(bytes) if bytes.is_empty() => self.ended = true,
                // A line without an end.
                Ok(bytes) if self.buffer.len() + bytes.len() > limits::HELD_BYTES => return Ok(Err(Errno::ENOMEM)),
                Ok(bytes) => self.buffer.extend_from_slice(&bytes),
                Err(errno) => return Ok(Err(errno)),
            }
        }
        Ok(Ok(self.from < self.buffer.len()))
    }

    /// The next line with its delimiter (a last line may lack it); `None` at the end. Lent until the next call, so that
    /// a filter over megabytes allocates nothing per line.
    pub async fn line(&mut self) -> Result<Result<Option<&[u8]>, Errno>, Stop> {
        match self.peek().await? {
            Ok(true) => {}
            Ok(false) => return Ok(Ok(None)),
            Err(errno) => return Ok(Err(errno)),
        }
        let from = self.from;
        let end = memchr(self.delimiter, &self.buffer[self.searched..]);
        self.from = end.map_or(self.buffer.len(), |at| self.searched + at + 1);
        self.searched = self.from;
        Ok(Ok(Some(&self.buffer[from..self.from])))
    }

    /// What is left after the lines taken: the buffer first, then the descriptor, as it comes.
    pub async fn rest(&mut self) -> Result<Result<Vec<u8>, Errno>, Stop> {
        if self.from < self.buffer.len() {
            let bytes = self.buffer.split_off(self.from);
            self.buffer.clear();
            (self.from, self.searched) = (0, 0);
            return Ok(Ok(bytes));
        }
        self.ctx.read_fd(self.fd, CHUNK).await
    }
    /// As [`Lines::line`], owned.
    pub async fn next(&mut self) -> Result<Result<Option<Vec<u8>>, Errno>, Stop> {
        Ok(self.line().await?.map(|line| line.map(<[u8]>::to_vec)))
    }

    /// Is the next line there without waiting?
    pub fn has_line(&self) -> bool {
        memchr(self.delimiter, &self.buffer[self.searched..]).is_some()
    }
}

fn memchr(needle: u8, haystack: &[u8]) -> Option<usize> {
    bstr::ByteSlice::find_byte(haystack, needle)
}
