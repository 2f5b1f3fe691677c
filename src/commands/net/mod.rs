//! Between hosts: is it there, log in to it, ask its services.

mod curl;
mod ping;
mod ssh;

use crate::program::Command;

pub const COMMANDS: &[&Command] = &[&curl::COMMAND, &ping::COMMAND, &ssh::COMMAND];
