//! What was done, by whom, when: the verbs append here. Scores, debriefs and the twins read it; nothing else is stored twice.
//!
//! Bulk flow (bytes appended, requests served) is not an event.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::fs::NodeId;
use super::kernel::{Actor, HostId};
use crate::base::{SimTime, StateHasher};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// Something of the fleet is different now.
    Change,
    /// A trace of looking: a login, sudo's line, a file that the player's own processes made.
    Footprint,
}

#[derive(Clone, Debug)]
pub struct Event {
    pub t: SimTime,
    pub actor: Actor,
    pub host: HostId,
    pub kind: EventKind,
    /// The verb, as the system call or the manager's method is called: `unlink`, `restart`, `kill`.
    pub verb: &'static str,
    /// What it was done to: a path, a unit, a process.
    pub object: String,
    /// Anything a reader needs beyond that: `mode 0644`, `signal TERM`.
    pub detail: String,
}

#[derive(Clone, Debug, Default)]
pub struct Journal {
    events: Rc<Vec<Event>>,
    /// Files that the player's processes made: changing those is a footprint.
    own_files: BTreeSet<(HostId, NodeId)>,
    sum: u64,
}

impl Journal {
    pub fn record(&mut self, event: Event) {
        let mut h = StateHasher::new();
        h.u64(event.t.micros());
        h.str(event.verb);
        h.str(&event.object);
        h.str(&event.detail);
        self.sum = self.sum.wrapping_mul(31).wrapping_add(h.finish());
        Rc::make_mut(&mut self.events).push(event);
    }
    pub fn events(&self) -> &[Event] {
        &self.events
    }
    pub fn made_by_player(&mut self, host: HostId, node: NodeId) {
        self.own_files.insert((host, node));
    }
    /// An inode number may be used again by somebody else.
    pub fn file_gone(&mut self, host: HostId, node: NodeId) {
        self.own_files.remove(&(host, node));
    }
    pub fn is_players_own(&self, host: HostId, node: NodeId) -> bool {
        self.own_files.contains(&(host, node))
    }
    pub fn digest(&self) -> u64 {
        self.sum
    }
}
