//! Services, timers, the journal, and what runs by the clock.

mod crontab;
mod dmesg;
mod journal_time;
mod journalctl;
mod logrotate;
mod systemctl;
mod unit_text;

use crate::program::Command;

pub const COMMANDS: &[&Command] =
    &[&crontab::COMMAND, &dmesg::COMMAND, &journalctl::COMMAND, &logrotate::COMMAND, &systemctl::COMMAND];
