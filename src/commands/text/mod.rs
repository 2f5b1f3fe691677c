//! Text in, text out: the filters, grep, sed, diff and their kin.

mod cut;
mod grep;
mod head;
mod sed;
mod sort;
mod sort_key;
mod tail;
mod tail_follow;
mod tr;
mod uniq;
mod wc;

use crate::program::Command;

pub const COMMANDS: &[&Command] = &[
    &cut::COMMAND,
    &grep::EGREP,
    &grep::FGREP,
    &grep::GREP,
    &head::COMMAND,
    &sed::COMMAND,
    &sort::COMMAND,
    &tail::COMMAND,
    &tr::COMMAND,
    &uniq::COMMAND,
    &wc::COMMAND,
];
