//! Columns: what a component's scalar was at each step's end. A series is a view over columns; nothing is stored per series.

use std::rc::Rc;

use super::World;
use super::kernel::HostId;
use crate::base::{SimTime, Span};

/// Samples in a sealed chunk; sealed chunks are shared by clones.
const CHUNK: usize = 512;

/// (instant, value).
type Sample = (SimTime, f64);

/// Samples in order of time.
#[derive(Clone, Debug, Default)]
pub struct Column {
    sealed: Rc<Vec<Rc<Vec<Sample>>>>,
    tail: Vec<Sample>,
}

impl Column {
    pub fn push(&mut self, t: SimTime, value: f64) {
        if self.tail.len() == CHUNK {
            let full = std::mem::take(&mut self.tail);
            Rc::make_mut(&mut self.sealed).push(Rc::new(full));
        }
        self.tail.push((t, value));
    }
    pub fn last(&self) -> Option<(SimTime, f64)> {
        self.tail.last().or_else(|| self.sealed.last().and_then(|c| c.last())).copied()
    }
    pub fn first(&self) -> Option<(SimTime, f64)> {
        self.sealed.first().and_then(|c| c.first()).or_else(|| self.tail.first()).copied()
    }
    /// The last sample at or before `t`, and the first after it.
    fn around(&self, t: SimTime) -> (Option<Sample>, Option<Sample>) {
        let chunk = self.sealed.partition_point(|c| c.first().is_some_and(|s| s.0 <= t));
        // The sample sought is in the chunk before the partition point, or in the tail.
        if self.tail.first().is_some_and(|s| s.0 <= t) {
            let n = self.tail.partition_point(|s| s.0 <= t);
            return (self.tail.get(n.wrapping_sub(1)).copied(), self.tail.get(n).copied());
        }
        let Some(index) = chunk.checked_sub(1) else { return (None, self.first()) };
        let Some(samples) = self.sealed.get(index) else { return (None, None) };
        let n = samples.partition_point(|s| s.0 <= t);
        let next = samples.get(n).copied();
        let next = next.or_else(|| self.sealed.get(index + 1).and_then(|c| c.first().copied()));
        (samples.get(n.wrapping_sub(1)).copied(), next.or_else(|| self.tail.first().copied()))
    }
    /// A gauge at `t`: its last value.
    pub fn gauge(&self, t: SimTime) -> Option<f64> {
        self.around(t).0.map(|s| s.1)
    }
    /// A counter at `t`: interpolated between step ends, so that any window works anywhere in the past.
    pub fn counter(&self, t: SimTime) -> Option<f64> {
        match self.around(t) {
            (Some((t0, v0)), Some((t1, v1))) if t1 > t0 => {
                Some(v0 + (v1 - v0) * (t.since(t0).0 as f64 / t1.since(t0).0 as f64))
            }
            (Some((_, v)), _) => Some(v),
            (None, _) => None,
        }
    }
    /// By how much a counter grew over the window that ends at `t`; `None` before the column begins.
    pub fn increase(&self, t: SimTime, window: Span) -> Option<f64> {
        let from = self.counter(t - window).or_else(|| self.first().map(|s| s.1))?;
        Some(self.counter(t)? - from)
    }
    pub fn len(&self) -> usize {
        self.sealed.len() * CHUNK + self.tail.len()
    }
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A named view over columns.
#[derive(Clone, Debug)]
pub enum Series {
    /// Failures by requests of a service, over a window.
    ErrorRatio {
        service: String,
        window: Span,
    },
    RequestRate {
        service: String,
        window: Span,
    },
    /// What users other than root may still write, as a share of the size.
    FilesystemAvailRatio {
        host: HostId,
        mount: String,
    },
}

/// Columns of one mounted file system, kept at step ends.
#[derive(Clone, Debug, Default)]
pub struct MountColumns {
    pub available: Column,
    pub inodes_free: Column,
}

impl World {
    /// The value of a series at `t`; `None` where there is no data.
    pub fn series_at(&self, series: &Series, t: SimTime) -> Option<f64> {
        match series {
            Series::ErrorRatio { service, window } => {
                let s = self.service(service)?;
                let requests = s.requests.increase(t, *window)?;
                (requests > 0.0).then(|| s.failures.increase(t, *window).unwrap_or(0.0) / requests)
            }
            Series::RequestRate { service, window } => {
                Some(self.service(service)?.requests.increase(t, *window)? / window.secs_f64().max(1e-6))
            }
            Series::FilesystemAvailRatio { host, mount } => {
                let host = self.host(*host);
                let index = host.fs.mounts().iter().position(|m| m.at == mount.as_str())?;
                let blocks = host.fs.mounts().get(index)?.volume.usage().blocks;
                Some(host.mount_columns.get(index)?.available.gauge(t)? / (blocks as f64).max(1.0))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_answer_anywhere_in_the_past() {
        let mut c = Column::default();
        for i in 0..2000u64 {
            c.push(SimTime::from_secs(i * 10), (i * 100) as f64);
        }
        assert_eq!(c.len(), 2000);
        for i in [0u64, 5, 511, 512, 513, 1023, 1024, 1999] {
            assert_eq!(c.gauge(SimTime::from_secs(i * 10)), Some((i * 100) as f64), "{i}");
            assert_eq!(c.gauge(SimTime::from_secs(i * 10 + 9)), Some((i * 100) as f64), "{i}");
        }
        assert_eq!(c.counter(SimTime::from_secs(5125)), Some(51_250.0));
        assert_eq!(c.increase(SimTime::from_secs(10_000), Span::from_secs(60)), Some(600.0));
        assert_eq!(Column::default().gauge(SimTime::ZERO), None);
    }
}
