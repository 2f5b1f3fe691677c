//! Files, their attributes, and the small tools of GNU coreutils.

mod cat;
mod sleep;
pub use sleep::seconds;

use crate::program::Command;

pub const COMMANDS: &[&Command] = &[&cat::COMMAND, &sleep::COMMAND];
