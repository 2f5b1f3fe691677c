//! What a file holds: a list of extents, so that a 58 GB log costs a few kilobytes and any offset is found by search.
//!
//! Bytes and line counts are the state; the text of a generated line is a function of its key, never stored. A copy
//! shares its extents, a truncate cuts them, a write past the end leaves a hole.

use std::rc::Rc;

use super::loggen::LogRun;

/// Block size of every simulated file system (ext4's default), in bytes.
pub const BLOCK: u64 = 4096;
/// A literal extent grows in place up to this, then a new one starts: appends stay cheap, clones share the rest.
const LITERAL_CHUNK: usize = 65_536;

/// One stretch of a file.
#[derive(Clone, Debug)]
pub enum Extent {
    /// Bytes as they are.
    Literal(Rc<Vec<u8>>),
    /// Log lines, made when somebody looks.
    Log(LogRun),
    /// Bytes nobody is meant to read (a program, a core dump, a table's pages): pseudo-random by `tag`, the same every time.
    Opaque { tag: Rc<str>, skip: u64, len: u64 },
    /// Never written: reads as zeros, allocates nothing.
    Hole(u64),
}

impl Extent {
    pub fn len(&self) -> u64 {
        match self {
            Extent::Literal(bytes) => bytes.len() as u64,
            Extent::Log(run) => run.len(),
            Extent::Opaque { len, .. } | Extent::Hole(len) => *len,
        }
    }
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    fn newlines(&self) -> Option<u64> {
        match self {
            Extent::Literal(bytes) => Some(bytes.iter().filter(|&&b| b == b'\n').count() as u64),
            Extent::Log(run) => Some(run.newlines()),
            Extent::Opaque { .. } => None,
            Extent::Hole(_) => Some(0),
        }
    }
    fn is_hole(&self) -> bool {
        matches!(self, Extent::Hole(_))
    }
    /// The part `[from, from + len)` of this extent, by reference where it can be.
    fn slice(&self, from: u64, len: u64) -> Extent {
        match self {
            Extent::Literal(bytes) if from == 0 && len == bytes.len() as u64 => self.clone(),
            Extent::Literal(bytes) => Extent::Literal(Rc::new(bytes[from as usize..(from + len) as usize].to_vec())),
            Extent::Log(run) => Extent::Log(run.slice(from, len)),
            Extent::Opaque { tag, skip, .. } => Extent::Opaque { tag: tag.clone(), skip: skip + from, len },
            Extent::Hole(_) => Extent::Hole(len),
        }
    }
    fn read(&self, from: u64, len: u64, out: &mut Vec<u8>) {
        match self {
            Extent::Literal(bytes) => out.extend_from_slice(&bytes[from as usize..(from + len) as usize]),
            Extent::Log(run) => run.read(from, len, out),
            Extent::Opaque { tag, skip, .. } => opaque(tag, skip + from, len, out),
            Extent::Hole(_) => out.resize(out.len() + len as usize, 0),
        }
    }
}

/// Bytes of an opaque extent: an ELF header first where the tag names a program, then noise keyed by position.
fn opaque(tag: &str, from: u64, len: u64, out: &mut Vec<u8>) {
    const ELF: &[u8] = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3e\0\x01\0\0\0";
    let key = crate::base::hash::hash_str(tag);
    for at in from..from + len {
        let header = tag.starts_with("elf:").then(|| ELF.get(at as usize)).flatten();
        let noise = crate::base::hash::mix64(key ^ (at / 8)) >> (8 * (at % 8));
        out.push(header.copied().unwrap_or(noise as u8));
    }
}

/// A file's content.
#[derive(Clone, Debug, Default)]
pub struct Content {
    extents: Rc<Vec<Extent>>,
    /// Offset of each extent's first byte; one longer than `extents` (its last entry is the size).
    starts: Rc<Vec<u64>>,
    size: u64,
    blocks: u64,
}

impl Content {
    pub fn new() -> Content {
        Content { starts: Rc::new(vec![0]), ..Content::default() }
    }
    pub fn literal(bytes: impl Into<Vec<u8>>) -> Content {
        let mut c = Content::new();
        c.push(Extent::Literal(Rc::new(bytes.into())));
        c
    }
    pub fn opaque(tag: &str, len: u64) -> Content {
        let mut c = Content::new();
        c.push(Extent::Opaque { tag: tag.into(), skip: 0, len });
        c
    }
    /// Apparent size in bytes.
    pub fn len(&self) -> u64 {
        self.size
    }
    pub fn is_empty(&self) -> bool {
        self.size == 0
    }
    /// Allocated blocks of [`BLOCK`] bytes.
    pub fn blocks(&self) -> u64 {
        self.blocks
    }
    pub fn extents(&self) -> &[Extent] {
        &self.extents
    }
    /// The program this is, if it starts as one: the name after `elf:`.
    pub fn program(&self) -> Option<&str> {
        match self.extents.first() {
            Some(Extent::Opaque { tag, skip: 0, .. }) => tag.strip_prefix("elf:"),
            _ => None,
        }
    }
    /// Literal bytes held, for the cap in `limits`.
    pub fn literal_bytes(&self) -> u64 {
        self.extents.iter().map(|e| if let Extent::Literal(b) = e { b.len() as u64 } else { 0 }).sum()
    }

    /// Reads at most `max` bytes from `offset`; fewer at the end of the file.
    pub fn read(&self, offset: u64, max: u64) -> Vec<u8> {
        let end = self.size.min(offset.saturating_add(max));
        let mut out = Vec::new();
        if offset >= end {
            return out;
        }
        out.reserve((end - offset) as usize);
        let mut index = self.starts.partition_point(|&s| s <= offset).saturating_sub(1);
        let mut at = offset;
        while at < end {
            let (Some(extent), Some(&start)) = (self.extents.get(index), self.starts.get(index)) else { break };
            let from = at - start;
            let len = (extent.len() - from).min(end - at);
            extent.read(from, len, &mut out);
            at += len;
            index += 1;
        }
        out
    }

    /// Is what lies at `offset` made when it is read, rather than held?
    pub fn is_generated_at(&self, offset: u64) -> bool {
        let index = self.starts.partition_point(|&s| s <= offset).saturating_sub(1);
        matches!(self.extents.get(index), Some(Extent::Log(_) | Extent::Opaque { .. }))
    }

    /// Newlines in the whole file, without making generated lines; `None` if only reading it all would tell.
    pub fn newlines(&self) -> Option<u64> {
        self.extents.iter().map(Extent::newlines).sum()
    }

    /// The offset just after the `n`-th newline (n from 1), the end if there are fewer; `None` if only reading tells.
    pub fn after_newline(&self, n: u64) -> Option<u64> {
        let mut left = n;
        for (extent, &start) in self.extents.iter().zip(self.starts.iter()) {
            let here = extent.newlines()?;
            if here < left {
                left -= here;
                continue;
            }
            return match extent {
                Extent::Log(run) => run.after_newline(left).map(|at| start + at),
                Extent::Literal(bytes) => {
                    let mut ends = bytes.iter().enumerate().filter(|(_, b)| **b == b'\n');
                    ends.nth(left.saturating_sub(1) as usize).map(|(at, _)| start + at as u64 + 1)
                }
                Extent::Opaque { .. } | Extent::Hole(_) => None,
            };
        }
        Some(self.size)
    }

    /// Adds an extent at the end.
    pub fn push(&mut self, extent: Extent) {
        let len = extent.len();
        if len == 0 {
            return;
        }
        self.blocks += self.new_blocks(self.size, len, extent.is_hole());
        self.size += len;
        let extents = Rc::make_mut(&mut self.extents);
        if let (Some(Extent::Literal(last)), Extent::Literal(bytes)) = (extents.last_mut(), &extent)
            && last.len() + bytes.len() <= LITERAL_CHUNK
        {
            Rc::make_mut(last).extend_from_slice(bytes);
            let starts = Rc::make_mut(&mut self.starts);
            if let Some(end) = starts.last_mut() {
                *end = self.size;
            }
            return;
        }
        extents.push(extent);
        Rc::make_mut(&mut self.starts).push(self.size);
    }

    /// Blocks that a write of `len` bytes at the end (`at` = size) would allocate.
    fn new_blocks(&self, at: u64, len: u64, hole: bool) -> u64 {
        if hole {
            return 0;
        }
        // The block that the end lies in may be allocated already, even behind a hole.
        let shared = !at.is_multiple_of(BLOCK) && self.block_is_allocated(at / BLOCK);
        let first = if shared { at.div_ceil(BLOCK) } else { at / BLOCK };
        (at + len).div_ceil(BLOCK).saturating_sub(first)
    }

    /// Blocks that writing `len` bytes at `offset` would newly allocate: what a full disk refuses.
    pub fn blocks_for(&self, offset: u64, len: u64) -> u64 {
        if len == 0 {
            return 0;
        }
        if offset == self.size {
            return self.new_blocks(offset, len, false);
        }
        let (first, last) = (offset / BLOCK, (offset + len - 1) / BLOCK);
        (first..=last).filter(|&b| !self.block_is_allocated(b)).count() as u64
    }

    fn block_is_allocated(&self, block: u64) -> bool {
        let (from, to) = (block * BLOCK, (block + 1) * BLOCK);
        let mut index = self.starts.partition_point(|&s| s <= from).saturating_sub(1);
        while let (Some(e), Some(&start)) = (self.extents.get(index), self.starts.get(index)) {
            if start >= to {
                break;
            }
            if !e.is_hole() && start + e.len() > from {
                return true;
            }
            index += 1;
        }
        false
    }

    /// Writes `bytes` at `offset`; a gap before it becomes a hole.
    pub fn write(&mut self, offset: u64, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        if offset > self.size {
            self.push(Extent::Hole(offset - self.size));
        }
        if offset == self.size {
            for chunk in bytes.chunks(LITERAL_CHUNK) {
                self.push(Extent::Literal(Rc::new(chunk.to_vec())));
            }
            return;
        }
        let after = offset + bytes.len() as u64;
        let tail = self.slice(after, self.size.saturating_sub(after));
        self.truncate(offset);
        for chunk in bytes.chunks(LITERAL_CHUNK) {
            self.push(Extent::Literal(Rc::new(chunk.to_vec())));
        }
        for extent in tail {
            self.push(extent);
        }
        self.recount();
    }

    /// The extents of `[from, from + len)`, sharing what they can.
    pub fn slice(&self, from: u64, len: u64) -> Vec<Extent> {
        let end = self.size.min(from.saturating_add(len));
        let mut out = Vec::new();
        for (extent, &start) in self.extents.iter().zip(self.starts.iter()) {
            let (a, b) = (from.max(start), end.min(start + extent.len()));
            if a < b {
                out.push(extent.slice(a - start, b - a));
            }
        }
        out
    }

    /// Cuts or extends (with a hole) to `size` bytes.
    pub fn truncate(&mut self, size: u64) {
        if size == 0 {
            *self = Content::new();
        } else if size > self.size {
            self.push(Extent::Hole(size - self.size));
        } else if size < self.size {
            let kept = self.slice(0, size);
            *self = Content::new();
            for extent in kept {
                self.push(extent);
            }
            self.recount();
        }
    }

    fn recount(&mut self) {
        // A block is allocated if any data touches it; runs of data are merged so that a shared block counts once.
        let (mut blocks, mut next_free) = (0, 0);
        for (extent, &start) in self.extents.iter().zip(self.starts.iter()) {
            if extent.is_hole() {
                continue;
            }
            let first = (start / BLOCK).max(next_free);
            let end = (start + extent.len()).div_ceil(BLOCK);
            blocks += end.saturating_sub(first);
            next_free = next_free.max(end);
        }
        self.blocks = blocks;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_past_the_end_leaves_a_hole_that_allocates_nothing() {
        let mut c = Content::new();
        c.write(1 << 30, b"end");
        assert_eq!((c.len(), c.blocks()), ((1 << 30) + 3, 1));
        assert_eq!(c.read((1 << 30) - 2, 10), b"\0\0end");
    }

    #[test]
    fn overwriting_keeps_what_is_around_it() {
        let mut c = Content::literal("hello world");
        c.write(6, b"there");
        assert_eq!(c.read(0, 100), b"hello there");
        c.write(0, b"J");
        assert_eq!(c.read(0, 100), b"Jello there");
        c.truncate(5);
        assert_eq!((c.read(0, 100), c.blocks()), (b"Jello".to_vec(), 1));
    }

    proptest::proptest! {
        #[test]
        fn it_agrees_with_a_plain_vector(ops in proptest::collection::vec((0u8..3, 0u64..20_000, 0usize..9_000), 1..20)) {
            let (mut c, mut plain) = (Content::new(), Vec::<u8>::new());
            for (i, (op, at, len)) in ops.into_iter().enumerate() {
                let bytes = vec![i as u8 + 1; len];
                match op {
                    0 => {
                        let end = plain.len() as u64;
                        c.write(end, &bytes);
                        plain.extend(&bytes);
                    }
                    1 => {
                        let need = c.blocks_for(at, len as u64);
                        let before = c.blocks();
                        c.write(at, &bytes);
                        proptest::prop_assert_eq!(c.blocks(), before + need);
                        if len > 0 {
                            if plain.len() < at as usize + len { plain.resize(at as usize + len, 0); }
                            plain[at as usize..at as usize + len].copy_from_slice(&bytes);
                        }
                    }
                    _ => { c.truncate(at); plain.resize(at as usize, 0); }
                }
                proptest::prop_assert_eq!(c.len(), plain.len() as u64);
                proptest::prop_assert_eq!(&c.read(0, u64::MAX), &plain);
                proptest::prop_assert!(c.blocks() * BLOCK <= c.len().next_multiple_of(BLOCK));
            }
        }
    }
}
