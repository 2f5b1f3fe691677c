//! Processes: who runs, how much it uses, how to start, stop and follow it.

mod become_user;
mod env;
mod free;
mod hostname;
pub(in crate::commands) mod kill;
mod killall;
mod last;
mod lsof;
mod nice;
mod nohup;
pub(in crate::commands) mod pattern;
mod pgrep;
mod pidof;
mod ps;
mod ps_fields;
mod renice;
mod setsid;
mod su;
mod sudo;
mod timeout;
mod top;
mod top_screen;
mod uptime;
mod vmstat;
mod w;
mod who;
mod xargs;

use crate::program::Command;

pub const COMMANDS: &[&Command] = &[
    &env::COMMAND,
    &free::COMMAND,
    &hostname::COMMAND,
    &kill::COMMAND,
    &killall::COMMAND,
    &last::COMMAND,
    &lsof::COMMAND,
    &nice::COMMAND,
    &nohup::COMMAND,
    &pgrep::PGREP,
    &pgrep::PKILL,
    &pidof::COMMAND,
    &ps::COMMAND,
    &renice::COMMAND,
    &setsid::COMMAND,
    &su::COMMAND,
    &sudo::COMMAND,
    &timeout::COMMAND,
    &top::COMMAND,
    &uptime::COMMAND,
    &vmstat::COMMAND,
    &w::COMMAND,
    &who::COMMAND,
    &xargs::COMMAND,
];
