//! Judgement: the vocabulary, the player's answer, the scenario's key and the facts of a run in; explained points out.
//!
//! Pure functions over plain data: nothing here knows the world, the run or the scenario's file. Start with
//! [`judge::judge`]; the tables of the vocabulary are in [`vocab`].

pub mod answer;
pub mod judge;
pub mod key;
pub mod object;
pub mod phrase;
pub mod review;
pub mod vocab;
pub mod when;

pub use answer::{Answer, Confidence, Factor, Impact, Severity, Trigger};
pub use judge::{Facts, Report, judge};
pub use key::Key;
pub use object::{Object, ObjectKind};
pub use review::{Asked, review};
