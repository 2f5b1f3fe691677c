//! What a simulated program is: a row of data ([`Command`]) and one async function that sees the world through [`Ctx`].
//!
//! The kernel owns processes; a future holds only its pid. Reading order: `command`, `args`, `context`, `executor`.

pub mod args;
pub mod child;
pub mod command;
pub mod context;
pub mod executor;
pub mod keyboard;
pub mod lines;

pub use crate::world::debian::Program;
pub use args::{Args, Opt, Syntax};
pub use command::{Command, Example, Table};
pub use context::{Ctx, Outcome, Stop, Task};
pub use executor::Executor;
pub use keyboard::{Key, Keyboard};
pub use lines::Lines;
