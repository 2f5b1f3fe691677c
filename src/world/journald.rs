//! The journal of one host (systemd-journald): entries in order of time, bounded by SystemMaxUse.

use std::collections::VecDeque;
use std::rc::Rc;

use crate::base::{SimTime, StateHasher};

/// syslog(3) priorities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    Emergency = 0,
    Alert = 1,
    Critical = 2,
    Error = 3,
    Warning = 4,
    Notice = 5,
    Info = 6,
    Debug = 7,
}

#[derive(Clone, Debug)]
pub struct Entry {
    pub t: SimTime,
    pub priority: Priority,
    /// The unit it belongs to (`_SYSTEMD_UNIT` or `UNIT`); empty for the kernel.
    pub unit: Rc<str>,
    /// SYSLOG_IDENTIFIER: what stands before `[pid]:`.
    pub identifier: Rc<str>,
    pub pid: u32,
    pub message: String,
}

/// What an entry takes on disk beyond its message, bytes: fields, hashes and the index (measured on Debian 12: some 600).
const ENTRY_OVERHEAD: u64 = 600;

#[derive(Clone, Debug, Default)]
pub struct Journald {
    entries: VecDeque<Entry>,
    bytes: u64,
    /// Entries ever written.
    count: u64,
    /// Bytes that are kept; 0 means no bound of its own.
    pub max_use: u64,
}

impl Journald {
    pub fn write(&mut self, entry: Entry) {
        self.bytes += entry.message.len() as u64 + ENTRY_OVERHEAD;
        self.count += 1;
        self.entries.push_back(entry);
        if self.max_use > 0 {
            self.vacuum(self.max_use);
        }
    }
    /// Drops the oldest until `size` bytes are left; bytes freed.
    pub fn vacuum(&mut self, size: u64) -> u64 {
        let before = self.bytes;
        while self.bytes > size {
            let Some(old) = self.entries.pop_front() else { break };
            self.bytes -= old.message.len() as u64 + ENTRY_OVERHEAD;
        }
        before - self.bytes
    }
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.entries.iter()
    }
    /// Bytes on disk.
    pub fn disk_usage(&self) -> u64 {
        self.bytes
    }
    /// Entries ever written: a follower remembers it to see what is new.
    pub fn count(&self) -> u64 {
        self.count
    }
    pub fn hash(&self, h: &mut StateHasher) {
        h.u64(self.count);
        h.u64(self.bytes);
    }
}
