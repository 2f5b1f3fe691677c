//! Alerting rules (Prometheus): a condition on a series goes pending, fires after `for`, and resolves when it no longer holds.

use super::World;
use super::kernel::HostId;
use crate::base::{SimTime, Span, StateHasher};

/// Rules are evaluated on this grid (Prometheus' `evaluation_interval`).
pub const EVALUATION: Span = Span(15_000_000);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertState {
    Inactive,
    Pending,
    Firing,
}

impl AlertState {
    pub fn name(self) -> &'static str {
        match self {
            AlertState::Inactive => "inactive",
            AlertState::Pending => "pending",
            AlertState::Firing => "firing",
        }
    }
}

#[derive(Clone, Debug)]
pub struct Alert {
    pub name: String,
    /// Name of the series.
    pub series: String,
    pub above: bool,
    pub threshold: f64,
    pub hold: Span,
    pub host: HostId,
    pub severity: String,
    pub labels: Vec<(String, String)>,
    /// `${value}` is filled in when it is shown.
    pub summary: String,
    pub state: AlertState,
    /// When the condition began to hold (pending, firing), or ceased (inactive).
    pub since: SimTime,
    /// The value at the last evaluation that held.
    pub value: f64,
    /// Every change of state: (instant, state).
    pub history: Vec<(SimTime, AlertState)>,
}

impl Alert {
    fn holds(&self, value: f64) -> bool {
        if self.above { value > self.threshold } else { value < self.threshold }
    }
    /// Has it fired and then ceased to hold?
    pub fn is_resolved(&self) -> bool {
        self.state == AlertState::Inactive && self.history.iter().any(|h| h.1 == AlertState::Firing)
    }
    pub fn hash(&self, h: &mut StateHasher) {
        h.str(&self.name);
        h.str(self.state.name());
        h.u64(self.since.micros());
    }
}

impl World {
    /// Evaluates every rule at this instant.
    pub fn evaluate_alerts(&mut self) {
        let now = self.now();
        for n in 0..self.alerts.len() {
            let Some(alert) = self.alerts.get(n) else { break };
            let series = self.series.iter().find(|s| s.0 == alert.series).map(|s| &s.1);
            let value = series.and_then(|s| self.series_at(s, now));
            let Some(alert) = self.alerts.get_mut(n) else { break };
            let holds = value.is_some_and(|v| alert.holds(v));
            if let (true, Some(value)) = (holds, value) {
                alert.value = value;
            }
            let next = match (alert.state, holds) {
                (AlertState::Inactive, true) if alert.hold == Span::ZERO => AlertState::Firing,
                (AlertState::Inactive, true) => AlertState::Pending,
                (AlertState::Pending, true) if now.since(alert.since) >= alert.hold => AlertState::Firing,
                (state, true) => state,
                (_, false) => AlertState::Inactive,
            };
            if next != alert.state {
                if alert.state == AlertState::Inactive || next == AlertState::Inactive {
                    alert.since = now;
                }
                alert.state = next;
                alert.history.push((now, next));
            }
        }
    }
}
