//! One play-through: inputs in, updates out.

pub mod file;
pub mod input;

pub use input::Input;
