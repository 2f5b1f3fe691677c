//! File systems and the room on them.

mod df;
mod du;
mod findmnt;
mod lsblk;
mod mount;
mod scale;

use crate::program::Command;

pub const COMMANDS: &[&Command] =
    &[&df::COMMAND, &du::COMMAND, &findmnt::COMMAND, &lsblk::COMMAND, &mount::COMMAND, &mount::UMOUNT];
