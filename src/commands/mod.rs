//! The simulated programs: one file each, grouped as a system administrator would look for them. A new one is its own
//! file and two lines in its group's `mod.rs`.

pub mod coreutils;
pub mod disk;
pub mod net;
pub mod procs;
pub mod services;
#[cfg(test)]
mod spec;
mod support;
pub mod terminal;
pub mod text;

use crate::program::Command;

/// Every group's rows.
pub const GROUPS: &[&[&Command]] = &[
    coreutils::COMMANDS,
    disk::COMMANDS,
    net::COMMANDS,
    procs::COMMANDS,
    services::COMMANDS,
    terminal::COMMANDS,
    text::COMMANDS,
];
