//! One play-through.

pub mod edit;
pub mod screen;
