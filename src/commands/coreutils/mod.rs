//! Files, their attributes, and the small tools of GNU coreutils.

mod cat;
mod sleep;

use crate::program::Command;

pub const COMMANDS: &[&Command] = &[&cat::COMMAND, &sleep::COMMAND];
