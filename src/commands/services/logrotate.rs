use crate::program::{Args, Command, Ctx, Example, Opt, Outcome};
use crate::world::Errno;

pub const COMMAND: Command = Command {
    name: "logrotate",
    package: "logrotate",
    dir: "/usr/sbin",
    summary: "Rotates, compresses, and removes system logs.",
    usage: &["[OPTION...] <configfile>"],
    options: &[
        Opt::flag('d', "debug", "Don't do anything, just test and print debug messages"),
        Opt::flag('f', "force", "Force file rotation"),
        Opt::flag('v', "verbose", "Display messages during rotation"),
        Opt::value('s', "state", "statefile", "Path of state file").unmodelled(),
        Opt::value('m', "mail", "command", "Command to send mail").accepted(),
        Opt::long("skip-state-lock", "Do not lock the state file").accepted(),
        Opt::value('l', "log", "logfile", "Log file or 'syslog' to log to syslog").unmodelled(),
    ],
    examples: &[Example {
        run: "/usr/sbin/logrotate /etc/hosts 2>&1 | tail -1",
        prints: "error: error opening state file /var/lib/logrotate/status: Permission denied\n",
    }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

const USAGE: &str = "logrotate 3.21.0 - Copyright (C) 1995-2001 Red Hat, Inc.\nThis may be freely redistributed under the terms of the GNU General Public License\n\nUsage: logrotate [-dfv?] [-d|--debug] [-f|--force] [-m|--mail=command] [-s|--state=statefile] [--skip-state-lock] [-v|--verbose] [-l|--log=logfile] [--version] [-?|--help] [--usage] [OPTION...] <configfile>\n";

async fn main(c: Ctx, a: Args) -> Outcome {
    let Some(config) = a.operands().first() else {
        c.err(USAGE).await?;
        return Ok(1);
    };
    let dry = a.has("debug");
    let path = c.sys(|s| s.absolute(config.as_ref())).to_string();
    let outcome = match c.sys(|s| s.logrotate(&path, a.has("force"), dry)) {
        Ok(outcome) => outcome,
        Err(Errno::EACCES) => {
            c.err("error: error opening state file /var/lib/logrotate/status: Permission denied\n").await?;
            return Ok(1);
        }
        Err(errno) => {
            c.err(format!("error: cannot stat {config}: {errno}\n")).await?;
            return Ok(1);
        }
    };
    let mut text = String::new();
    if dry {
        text.push_str("warning: logrotate in debug mode does nothing except printing debug messages!  Consider using verbose mode (-v) instead if this is not what you want.\n\n");
    }
    if dry || a.has("verbose") {
        text.push_str(&format!("reading config file {config}\nReading state from file: /var/lib/logrotate/status\n"));
        text.extend(outcome.notes.iter().map(|n| format!("{n}\n")));
    }
    text.extend(outcome.errors.iter().map(|e| format!("{e}\n")));
    c.err(text).await?;
    Ok(u8::from(!outcome.errors.is_empty()))
}
