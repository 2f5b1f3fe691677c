//! Everything that the panels show, as signals. Only `link` writes what comes from the engine; panels read, and ask `link`.

use leptos::prelude::*;

use crate::present::route::Route;
use crate::protocol::{AlertState, Brief, Chart, Level, PlayerAlert, Report, Resumed, Said, Tab};

/// How far the incident is from being playable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Phase {
    #[default]
    None,
    /// What is being waited for.
    Loading(String),
    Playing,
    /// Why it cannot be played.
    Failed(String),
}

/// One line of the inbox, as the packs' index has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
pub(super) struct Entry {
    pub(super) number: String,
    pub(super) headline: String,
    #[serde(default)]
    pub(super) difficulty: u32,
    #[serde(default)]
    pub(super) minutes: u32,
    #[serde(default)]
    pub(super) severity: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Notice {
    pub(super) id: u64,
    pub(super) text: String,
}

#[derive(Clone, Copy)]
pub(super) struct Store {
    pub(super) route: RwSignal<Route>,
    pub(super) inbox: RwSignal<Option<Result<Vec<Entry>, String>>>,
    /// Numbers of the incidents with a saved run.
    pub(super) saved_runs: RwSignal<Vec<String>>,
    pub(super) phase: RwSignal<Phase>,
    pub(super) brief: RwSignal<Brief>,
    pub(super) now: RwSignal<i64>,
    pub(super) alerts: RwSignal<Vec<PlayerAlert>>,
    pub(super) levels: RwSignal<Vec<Level>>,
    pub(super) charts: RwSignal<Vec<Chart>>,
    pub(super) tabs: RwSignal<Vec<Tab>>,
    pub(super) active: RwSignal<Option<u32>>,
    pub(super) acknowledged: RwSignal<Option<i64>>,
    pub(super) channel: RwSignal<Vec<Said>>,
    /// Has the diagnosis been sent and not been answered yet?
    pub(super) judging: RwSignal<bool>,
    pub(super) report: RwSignal<Option<Report>>,
    pub(super) notices: RwSignal<Vec<Notice>>,
    /// What the polite status region says.
    pub(super) said: RwSignal<String>,
    pub(super) paused: RwSignal<bool>,
    pub(super) speed: RwSignal<u32>,
    pub(super) lag: RwSignal<Option<String>>,
    pub(super) saved: RwSignal<bool>,
    pub(super) resumed: RwSignal<Option<Resumed>>,
    pub(super) restarts: RwSignal<u32>,
    /// The panel that a narrow page shows.
    pub(super) panel: RwSignal<Panel>,
    /// Is the diagnosis open where there is no room for all panels?
    pub(super) diagnosing: RwSignal<bool>,
    pub(super) light: RwSignal<bool>,
    pub(super) help: RwSignal<bool>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Panel {
    #[default]
    Alert,
    Terminal,
    Charts,
    Diagnosis,
}

impl Store {
    pub(super) fn new() -> Store {
        Store {
            route: RwSignal::default(),
            inbox: RwSignal::default(),
            saved_runs: RwSignal::default(),
            phase: RwSignal::default(),
            brief: RwSignal::default(),
            now: RwSignal::default(),
            alerts: RwSignal::default(),
            levels: RwSignal::default(),
            charts: RwSignal::default(),
            tabs: RwSignal::default(),
            active: RwSignal::default(),
            acknowledged: RwSignal::default(),
            channel: RwSignal::default(),
            judging: RwSignal::default(),
            report: RwSignal::default(),
            notices: RwSignal::default(),
            said: RwSignal::default(),
            paused: RwSignal::default(),
            speed: RwSignal::new(1),
            lag: RwSignal::default(),
            saved: RwSignal::default(),
            resumed: RwSignal::default(),
            restarts: RwSignal::default(),
            panel: RwSignal::default(),
            diagnosing: RwSignal::default(),
            light: RwSignal::default(),
            help: RwSignal::default(),
        }
    }

    /// As before the first incident; the theme and the list stay.
    pub(super) fn clear(self) {
        self.brief.set(Brief::default());
        self.now.set(0);
        self.alerts.set(Vec::new());
        self.levels.set(Vec::new());
        self.charts.set(Vec::new());
        self.tabs.set(Vec::new());
        self.active.set(None);
        self.acknowledged.set(None);
        self.channel.set(Vec::new());
        self.judging.set(false);
        self.report.set(None);
        self.notices.set(Vec::new());
        self.paused.set(false);
        self.speed.set(1);
        self.lag.set(None);
        self.saved.set(false);
        self.resumed.set(None);
        self.restarts.set(0);
        self.panel.set(Panel::Alert);
        self.diagnosing.set(false);
    }

    pub(super) fn notice(self, text: impl Into<String>) {
        let text = text.into();
        self.said.set(text.clone());
        self.notices.update(|all| {
            let id = all.last().map_or(0, |n| n.id + 1);
            all.push(Notice { id, text });
            // The last three are enough; older ones have been seen.
            let extra = all.len().saturating_sub(3);
            all.drain(..extra);
        });
    }

    pub(super) fn firing(self) -> usize {
        self.alerts.with(|all| all.iter().filter(|a| a.state == AlertState::Firing).count())
    }
}

pub(super) fn store() -> Store {
    expect_context::<Store>()
}
