//! What is true of one variant of a scenario: what an answer is compared with. Plain data; `scenario` fills it in.

use super::answer::{Factor, Severity, Trigger};

/// The true cause, with everything that counts as naming it.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    pub severity: Severity,
    /// Ids of the components that are the origin: the first is named in the debrief, the others count as much.
    pub origins: Vec<String>,
    /// Ids of components beside the origin in the causal chain: half the points.
    pub adjacent: Vec<String>,
    /// A code of the vocabulary.
    pub mechanism: String,
    /// The first is named in the debrief, the others count as much.
    pub triggers: Vec<Trigger>,
    /// Since when the cause has been there, in microseconds relative to the alert (negative).
    pub onset_us: i64,
    /// Words, any of which names the changed detail.
    pub details: Vec<String>,
    pub factors: Vec<Factor>,
    /// The service whose users notice.
    pub service: String,
    /// What looks like the cause and is not.
    pub decoys: Vec<Decoy>,
}

/// A planted thing that looks like the cause.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoy {
    /// The component's id.
    pub object: String,
    /// The mechanism it seems to be.
    pub mechanism: String,
    /// Words, any of which names it.
    pub words: Vec<String>,
}
