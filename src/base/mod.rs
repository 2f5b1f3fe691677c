//! What every other module may use: time, seeded randomness, hashing, limits, columns.
//!
//! `base` knows no other module of this crate, and nothing of the platform.

pub mod calendar;
pub mod digest;
pub mod explain;
pub mod float;
pub mod fnmatch;
pub mod getdate;
pub mod hash;
pub mod human;
pub mod limits;
pub mod lines_diff;
pub mod printf;
pub mod quote;
pub mod regex;
pub mod rng;
pub mod stamp;
pub mod time;
pub mod values;
pub mod version;
pub mod zone;

pub use hash::StateHasher;
pub use human::human;
pub use rng::Rng;
pub use time::{SimTime, Span};
