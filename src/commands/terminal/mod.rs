//! Programs that are about the terminal itself: pagers, watch, and its settings.

mod clear;
mod document;
mod less;
mod stty;
mod tput;
mod tty;
mod watch;

pub(in crate::commands) use less::pager;

use crate::program::Command;

pub const COMMANDS: &[&Command] = &[
    &clear::CLEAR,
    &clear::RESET,
    &less::LESS,
    &less::MORE,
    &stty::COMMAND,
    &tput::COMMAND,
    &tty::COMMAND,
    &watch::COMMAND,
];
