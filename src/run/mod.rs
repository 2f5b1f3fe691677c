//! One play-through.

pub mod edit;
mod fake;
pub mod screen;

pub use fake::*;
