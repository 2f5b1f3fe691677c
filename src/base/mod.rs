//! What every other module may use: time, seeded randomness, hashing, limits, columns.
//!
//! `base` knows no other module of this crate, and nothing of the platform.

pub mod hash;
pub mod limits;
pub mod rng;
pub mod time;
pub mod values;

pub use hash::StateHasher;
pub use rng::Rng;
pub use time::{SimTime, Span};
