//! What serves requests: its load as a law, what its requests need, and what became of them.

use bstr::BStr;

use super::fs::{Cred, NodeId};
use super::kernel::HostId;
use super::metrics::Column;
use super::{Errno, World};
use crate::base::{SimTime, Span, StateHasher};

/// How many requests arrive (T1): a base rate, a day in it, lasting changes.
#[derive(Clone, Debug)]
pub struct Traffic {
    /// Requests a second, averaged over a day, before any ramp.
    pub rps: f64,
    /// How far day and night differ from the average, 0 to 1.
    pub swing: f64,
    /// Hour of the day in UTC with most requests.
    pub peak_hour: f64,
    pub ramps: Vec<Ramp>,
}

#[derive(Clone, Debug)]
pub struct Ramp {
    pub at: SimTime,
    pub over: Span,
    pub factor: f64,
}

impl Traffic {
    /// λ(t) in requests a second: base · (1 + A cos 2π(h − h₀)/24) · Π ramps.
    pub fn rate(&self, t: SimTime) -> f64 {
        let hour = (t.secs() % 86_400) as f64 / 3600.0;
        let day = 1.0 + self.swing * libm::cos(2.0 * std::f64::consts::PI * (hour - self.peak_hour) / 24.0);
        let grown = self.ramps.iter().fold(1.0, |factor, ramp| {
            if t < ramp.at {
                return factor;
            }
            let into = if ramp.over.0 == 0 { 1.0 } else { (t.since(ramp.at).0 as f64 / ramp.over.0 as f64).min(1.0) };
            factor * (1.0 + (ramp.factor - 1.0) * into)
        });
        (self.rps * day * grown).max(0.0)
    }
}

#[derive(Clone, Debug)]
pub struct Endpoint {
    pub method: String,
    pub path: String,
    /// Share of the requests, 0 to 1.
    pub share: f64,
    /// Status when it succeeds.
    pub status: u16,
    /// Median of its own time.
    pub latency: Span,
    pub writes: Option<Writes>,
}

/// What a request must append to a file.
#[derive(Clone, Debug)]
pub struct Writes {
    pub path: String,
    pub bytes: u32,
    /// What the unit says in the journal when that fails: `${errno}`, `${strerror}`.
    pub complaint: String,
}

#[derive(Clone, Debug)]
pub struct Service {
    pub name: String,
    pub host: HostId,
    pub unit: String,
    pub port: u16,
    pub traffic: Traffic,
    pub endpoints: Vec<Endpoint>,
    /// Share of requests that fail for no reason worth a page.
    pub error_floor: f64,
    /// Requests and failures since the world began, at step ends.
    pub requests: Column,
    pub failures: Column,
    /// Requests of the last step, by endpoint: (good, failed).
    pub last: Vec<(u64, u64)>,
}

/// Why a request fails, or that it succeeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Good(u16),
    /// Nothing listens.
    Refused,
    /// It answers 500, because of this error.
    Failed(Errno),
}

impl World {
    /// What a request to this endpoint would get now: the step and `curl` ask the same function.
    pub fn answer(&self, service: &Service, endpoint: &Endpoint) -> Answer {
        let unit = self.host(service.host).units.get(&service.unit);
        if !unit.is_some_and(|u| u.is_running()) {
            return Answer::Refused;
        }
        match &endpoint.writes {
            Some(w) => match self.can_write(service, &w.path, u64::from(w.bytes)) {
                Ok(()) => Answer::Good(endpoint.status),
                Err(errno) => Answer::Failed(errno),
            },
            None => Answer::Good(endpoint.status),
        }
    }

    /// The credentials of a service's main process, and the file it writes.
    pub fn writer(&self, service: &Service, path: &str) -> Result<(Cred, NodeId), Errno> {
        let host = self.host(service.host);
        let unit = host.units.get(&service.unit).ok_or(Errno::ENOENT)?;
        let account = host.user(&unit.spec.user).ok_or(Errno::ENOENT)?;
        let cred = host.cred_of(account);
        let found = host.fs.resolve(host.fs.root(), BStr::new(path), &cred, true)?;
        let node = found.node.ok_or(Errno::ENOENT)?;
        if !host.fs.inode(node)?.permits(&cred, 2) {
            return Err(Errno::EACCES);
        }
        Ok((cred, node))
    }

    fn can_write(&self, service: &Service, path: &str, bytes: u64) -> Result<(), Errno> {
        let (cred, node) = self.writer(service, path)?;
        let volume = self.host(service.host).fs.volume(node.mount)?;
        let usage = volume.usage();
        let room = if cred.uid == 0 { usage.free } else { usage.available };
        let content = volume.content(node.ino)?;
        if content.blocks_for(content.len(), bytes) > room { Err(Errno::ENOSPC) } else { Ok(()) }
    }

    pub fn service(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|s| s.name == name)
    }
}

impl Service {
    pub fn hash(&self, h: &mut StateHasher) {
        h.str(&self.name);
        h.f64(self.requests.last().map_or(0.0, |s| s.1));
        h.f64(self.failures.last().map_or(0.0, |s| s.1));
    }
}
