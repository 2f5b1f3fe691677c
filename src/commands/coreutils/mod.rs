//! Files, their attributes, and the small tools of GNU coreutils.

mod cat;
mod chmod;
mod chown;
mod cp;
mod date;
mod echo;
mod find;
mod identity;
mod ln;
mod ls;
mod mkdir;
mod mv;
mod names;
mod pwd;
mod rm;
mod rmdir;
mod seq;
mod sleep;
mod stat;
mod tee;
mod touch;
mod truncate;
mod truth;
mod yes;

use crate::program::Command;
pub use sleep::seconds;

pub const COMMANDS: &[&Command] = &[
    &cat::COMMAND,
    &chmod::COMMAND,
    &chown::CHGRP,
    &chown::CHOWN,
    &cp::COMMAND,
    &date::COMMAND,
    &echo::ECHO,
    &echo::PRINTF,
    &find::COMMAND,
    &identity::GROUPS,
    &identity::ID,
    &identity::LOGNAME,
    &identity::WHOAMI,
    &ln::COMMAND,
    &ls::COMMAND,
    &ls::DIR,
    &ls::VDIR,
    &mkdir::COMMAND,
    &mv::COMMAND,
    &names::BASENAME,
    &names::DIRNAME,
    &names::MKTEMP,
    &names::READLINK,
    &names::REALPATH,
    &pwd::COMMAND,
    &rm::COMMAND,
    &rmdir::COMMAND,
    &seq::COMMAND,
    &sleep::COMMAND,
    &stat::COMMAND,
    &tee::COMMAND,
    &touch::COMMAND,
    &truncate::COMMAND,
    &truth::FALSE,
    &truth::TRUE,
    &yes::COMMAND,
];
