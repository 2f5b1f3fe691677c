//! Text in, text out: the filters, grep, sed, diff and their kin.

mod grep;
mod head;
mod tail;
mod tail_follow;
mod wc;

use crate::program::Command;

pub const COMMANDS: &[&Command] = &[
    &grep::EGREP,
    &grep::FGREP,
    &grep::GREP,
    &head::COMMAND,
    &tail::COMMAND,
    &wc::COMMAND,
];
