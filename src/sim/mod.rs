//! Makes time pass. A step covers `[start, end)`; its laws run once, at its end, in a fixed order. Steps end at the
//! phase's absolute grid and at horizons, never at an input nor where somebody stopped advancing: so any slicing of
//! time gives the same world.

mod requests;

use crate::base::{SimTime, Span};
use crate::world::World;
use crate::world::alerts::EVALUATION;

/// How long steps are at most, by phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The past, coarser the longer ago; the argument is the instant at which the player is expected.
    History(SimTime),
    /// A player is in it: 1 s.
    Played,
    /// Nobody is in it any more, and it runs on: 10 s.
    Soak,
}

impl Phase {
    /// The longest step that may begin at `t`.
    fn cap(self, t: SimTime) -> Span {
        match self {
            Phase::Played => Span::SECOND,
            Phase::Soak => Span::from_secs(10),
            Phase::History(page) => match page.since(t).secs() {
                0..=600 => Span::SECOND,
                601..=7200 => Span::from_secs(15),
                7201..=86_400 => Span::from_secs(120),
                _ => Span::from_secs(1800),
            },
        }
    }
}

/// The laws, and the step under way.
#[derive(Clone, Debug)]
pub struct Sim {
    phase: Phase,
    start: SimTime,
    end: SimTime,
}

impl Sim {
    /// Begins at the world's present instant.
    pub fn new(w: &World, phase: Phase) -> Sim {
        let mut sim = Sim { phase, start: w.now(), end: w.now() };
        sim.plan(w);
        sim
    }
    pub fn set_phase(&mut self, phase: Phase) {
        self.phase = phase;
    }
    /// When the step under way ends.
    pub fn due(&self) -> SimTime {
        self.end
    }

    /// Runs the step's laws. The world's clock must stand at [`Sim::due`].
    pub fn step(&mut self, w: &mut World) {
        debug_assert_eq!(w.now(), self.end);
        w.run_due_units();
        requests::step(w, self.start, self.end);
        load(w, self.end.since(self.start));
        record(w);
        if self.end.micros().is_multiple_of(EVALUATION.micros()) {
            w.evaluate_alerts();
        }
        self.start = self.end;
        self.plan(w);
    }

    /// The next step's end: the grid of the phase, or sooner where a law changes.
    fn plan(&mut self, w: &World) {
        let cap = self.phase.cap(self.start);
        let grid = (self.start + Span(1)).ceil_to(cap);
        let mut end = grid;
        if let Some(t) = w.next_unit_event() {
            end = end.min(t.max(self.start + Span(1)));
        }
        // In the past a step also ends where a disk would fill in the middle of it: to the second, which is the
        // finest step there is.
        if cap > Span::SECOND
            && let Some(span) = requests::time_to_full(w)
        {
            end = end.min((self.start + span.max(Span::SECOND)).ceil_to(Span::SECOND));
        }
        self.end = end.max(self.start + Span(1));
    }
}

/// Load averages follow the number of running tasks (K2).
fn load(w: &mut World, dt: Span) {
    for host in w.host_ids() {
        let h = w.host_mut(host);
        let running = h.kernel.processes().filter(|p| p.is_task && p.state.letter() == 'R').count() as f64;
        let busy: f64 = running + h.busy;
        for (load, tau) in h.load.iter_mut().zip([60.0, 300.0, 900.0]) {
            *load += (busy - *load) * (1.0 - libm::exp(-dt.secs_f64() / tau));
        }
        h.slowdown = (busy / f64::from(h.cores.max(1))).max(1.0);
    }
}

/// Columns get their sample.
fn record(w: &mut World) {
    let now = w.now();
    for host in w.host_ids() {
        let h = w.host_mut(host);
        h.mount_columns.resize_with(h.fs.mounts().len(), Default::default);
        for (n, columns) in h.mount_columns.iter_mut().enumerate() {
            if let Ok(volume) = h.fs.volume(n as u32) {
                let usage = volume.usage();
                columns.available.push(now, usage.available as f64);
                columns.inodes_free.push(now, usage.inodes.saturating_sub(usage.inodes_used) as f64);
            }
        }
    }
}
