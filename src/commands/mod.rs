//! The simulated programs: one file each, grouped as a system administrator would look for them. A new one is its own
//! file and two lines in its group's `mod.rs`.

pub mod coreutils;
#[cfg(test)]
mod spec;
mod support;
pub mod text;

use crate::program::Command;

/// Every group's rows.
pub const GROUPS: &[&[&Command]] = &[coreutils::COMMANDS, text::COMMANDS];
