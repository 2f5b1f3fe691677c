//! One play-through: inputs in, updates out.

pub mod edit;
mod fake;
pub mod file;
pub mod input;
pub mod screen;

pub use fake::*;
pub use input::Input;
