//! The incident as the page shows it: the brief, alerts, service levels, charts, the diagnosis form and the score.

use serde::{Deserialize, Serialize};

/// What is known when the pager goes off, and does not change.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Brief {
    pub ack: u64,
    pub number: String,
    pub headline: String,
    /// Markdown: what the on-call engineer is told.
    pub brief: String,
    pub seed: u64,
    /// The instant of the alert in µs since 1970: adds up with `Update::now` to the simulated clock.
    pub alert_us: u64,
    pub hosts: Vec<Host>,
    pub form: Form,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    pub name: String,
    pub about: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AlertState {
    Pending,
    #[default]
    Firing,
    Resolved,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PlayerAlert {
    pub name: String,
    pub state: AlertState,
    pub severity: String,
    /// µs since the page.
    pub since: i64,
    pub value: String,
    pub summary: String,
    pub labels: Vec<(String, String)>,
}

/// A service level and whether it is met.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Level {
    pub name: String,
    /// What it measures.
    pub about: String,
    pub value: String,
    pub target: String,
    pub met: bool,
}

/// A word in the incident's channel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    pub t: i64,
    pub who: String,
    pub text: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unit {
    #[default]
    Number,
    /// 0 to 1.
    Ratio,
    Bytes,
    Seconds,
    PerSecond,
}

/// One chart over `[from, to]` (µs since the alert), already reduced to at most one bucket a pixel column.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Chart {
    pub id: String,
    pub title: String,
    pub unit: Unit,
    pub from: i64,
    pub to: i64,
    pub series: Vec<Series>,
    /// A line that the values should stay under or over, with its label.
    pub threshold: Option<(f64, String)>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Series {
    pub label: String,
    pub buckets: Vec<Bucket>,
}

/// The extremes and the last value of one pixel column. A column without a sample has no bucket: gaps stay gaps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bucket {
    pub t: i64,
    pub min: f64,
    pub max: f64,
    pub last: f64,
}

/// Everything that the diagnosis form offers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    pub severities: Vec<Choice>,
    pub origins: Vec<Choice>,
    pub mechanisms: Vec<Mechanism>,
    pub triggers: Vec<Choice>,
    pub services: Vec<Choice>,
    pub factors: Vec<Choice>,
    pub confidences: Vec<Choice>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    pub code: String,
    pub label: String,
    /// What kind of thing it is; choices of one group stand together.
    pub group: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mechanism {
    /// `class/mechanism`.
    pub code: String,
    pub label: String,
    pub class: String,
    pub phrases: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub number: String,
    pub seed: u64,
    pub pass: bool,
    pub score: f64,
    pub of: f64,
    pub blocks: Vec<Block>,
    /// What was it really: told only here.
    pub title: String,
    pub story: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Block {
    pub name: String,
    pub points: f64,
    pub of: f64,
    pub lines: Vec<Line>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Line {
    pub rule: String,
    pub fact: String,
    pub t: Option<i64>,
    pub points: f64,
}
