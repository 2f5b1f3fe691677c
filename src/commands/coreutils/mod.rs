//! Files, their attributes, and the small tools of GNU coreutils.

mod cat;
mod chmod;
mod chown;
mod cp;
mod date;
mod dd;
mod echo;
mod expr;
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
mod system;
mod tee;
mod test;
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
    &dd::COMMAND,
    &echo::ECHO,
    &echo::PRINTF,
    &expr::COMMAND,
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
    &system::ARCH,
    &system::NPROC,
    &system::SYNC,
    &system::TTY,
    &system::UNAME,
    &tee::COMMAND,
    &test::BRACKET,
    &test::TEST,
    &touch::COMMAND,
    &truncate::COMMAND,
    &truth::FALSE,
    &truth::TRUE,
    &yes::COMMAND,
];
