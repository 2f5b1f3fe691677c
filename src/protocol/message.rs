//! The two message types, and what they carry that is not a picture.

use serde::{Deserialize, Serialize};

use super::{Brief, Chart, Level, PlayerAlert, Recorded, Report, Row, Said, TermFrame};

/// A message to the engine. Each one is answered by exactly one message that carries its `seq`, which is how the page knows
/// that the engine lives and when the next beat may go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Letter {
    pub seq: u64,
    pub body: ToEngine,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ToEngine {
    Start(Box<Start>),
    /// Let at most this much simulated time pass.
    Beat {
        us: u64,
        chart: Option<ChartAsk>,
    },
    /// While paused, a command moves the clock by exactly what it needs.
    Pause(bool),
    /// Keys as a terminal sends them.
    Keys {
        term: u32,
        bytes: Vec<u8>,
    },
    /// A change of the mirror textarea, relative to the cursor.
    Edit {
        term: u32,
        edit: Edit,
    },
    Paste {
        term: u32,
        text: String,
    },
    Resize {
        term: u32,
        cols: u16,
        rows: u16,
    },
    Open {
        host: String,
        cols: u16,
        rows: u16,
    },
    Close {
        term: u32,
    },
    Act(Act),
    /// Lines before `before` that the page does not hold.
    Older {
        term: u32,
        before: u64,
        count: u32,
    },
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// The pack's JSON as fetched; the engine checks it.
    pub pack: String,
    pub seed: u64,
    pub mode: String,
    /// A saved run to continue: re-executed, then compared with `record`.
    pub saved: Option<String>,
    pub record: Vec<Recorded>,
    pub cols: u16,
    pub rows: u16,
}

/// Remove `left` characters before the cursor and `right` after it, then insert.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    pub seq: u64,
    pub left: u32,
    pub right: u32,
    pub insert: String,
}

/// What a player does outside a terminal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Act {
    Acknowledge { severity: String },
    Say { text: String },
    Hint,
    Diagnose(Box<Answer>),
    GiveUp,
}

/// The record of facts that a player submits. Codes are those of `Brief::form`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    pub severity: Option<String>,
    pub origin: String,
    pub mechanism: String,
    pub trigger: Option<String>,
    pub detail: Option<String>,
    /// Who was hurt, how much (a percentage as typed) and since when.
    pub service: Option<String>,
    pub share: Option<String>,
    pub since: Option<String>,
    /// Since when the cause has been there.
    pub onset: Option<String>,
    pub factors: Vec<String>,
    pub mitigation: Option<String>,
    pub fix: Option<String>,
    pub confidence: Option<String>,
}

/// The charts are drawn over this range, in µs since the alert, for so many pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChartAsk {
    pub from: i64,
    pub to: i64,
    pub width: u16,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum FromEngine {
    /// Before it, whatever the page posts is lost.
    Ready {
        version: u32,
        build: String,
    },
    /// What does not change during the incident.
    Started(Box<Brief>),
    Update(Box<Update>),
    Older {
        ack: u64,
        term: u32,
        from: u64,
        rows: Vec<Row>,
    },
    /// The run cannot start or go on: a finished sentence.
    Failed {
        ack: u64,
        why: String,
    },
}

/// What changed since the last update; `None` and empty mean "as before".
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Update {
    pub ack: u64,
    /// µs since the alert.
    pub now: i64,
    pub terms: Vec<TermFrame>,
    pub tabs: Option<Vec<Tab>>,
    pub alerts: Option<Vec<PlayerAlert>>,
    pub levels: Option<Vec<Level>>,
    pub charts: Option<Vec<Chart>>,
    pub acknowledged: Option<i64>,
    /// The whole channel, when something was said.
    pub said: Option<Vec<Said>>,
    pub report: Option<Box<Report>>,
    pub saved: Option<Saved>,
    pub record: Vec<Recorded>,
    /// Finished sentences for the player.
    pub notices: Vec<String>,
    /// After a resume: did the re-executed bytes equal the recorded ones?
    pub resumed: Option<Resumed>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tab {
    pub term: u32,
    pub host: String,
    pub closed: bool,
}

/// Lines to append to the run file, and the line that always stands last in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    pub lines: Vec<String>,
    pub end: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Resumed {
    Equal { bytes: u64 },
    Differs { why: String },
}
