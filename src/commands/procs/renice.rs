use crate::program::{Args, Command, Ctx, Example, Opt, Outcome, Syntax};

pub const COMMAND: Command = Command {
    name: "renice",
    package: "bsdutils",
    summary: "Alter the priority of running processes.",
    usage: &[
        "[-n] <priority> [-p|--pid] <pid>...",
        "[-n] <priority> -g|--pgrp <pgid>...",
        "[-n] <priority> -u|--user <user>...",
    ],
    options: &[
        Opt::value('n', "priority", "num", "specify the nice value"),
        Opt::flag('p', "pid", "interpret arguments as process ID (default)"),
        Opt::flag('g', "pgrp", "interpret arguments as process group ID"),
        Opt::flag('u', "user", "interpret arguments as username or user ID"),
        Opt::long_value("relative", "num", "specify the relative nice value").unmodelled(),
    ],
    syntax: Syntax::Raw,
    examples: &[Example {
        run: "renice -n 5 1 2>&1",
        prints: "renice: failed to set priority for 1 (process ID): Operation not permitted\n",
    }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

async fn main(c: Ctx, a: Args) -> Outcome {
    let mut words: Vec<String> = a.operands().iter().map(|o| o.to_string()).collect();
    if words.first().is_some_and(|w| w == "-n" || w == "--priority") {
        words.remove(0);
    }
    if words.len() < 2 {
        c.complain("not enough arguments").await?;
        c.err("Try 'renice --help' for more information.\n").await?;
        return Ok(1);
    }
    let first = words.remove(0);
    let Ok(nice) = first.parse::<i32>() else {
        c.complain(format_args!("invalid priority '{first}'")).await?;
        c.err("Try 'renice --help' for more information.\n").await?;
        return Ok(1);
    };
    let (mut which, mut status) = ("process ID", 0);
    for word in words {
        match word.as_str() {
            "-p" | "--pid" => which = "process ID",
            "-g" | "--pgrp" => which = "process group ID",
            "-u" | "--user" => which = "user ID",
            _ => {
                let number = match which {
                    "user ID" => {
                        c.read(|w| w.host(c.me().host).user(&word).map(|u| u.uid)).or_else(|| word.parse().ok())
                    }
                    _ => word.parse().ok(),
                };
                let Some(id) = number else {
                    let what = if which == "user ID" {
                        format!("unknown user {word}")
                    } else {
                        format!("bad {which} value: {word}")
                    };
                    c.complain(what).await?;
                    status = 1;
                    continue;
                };
                let pids: Vec<u32> = c.read(|w| {
                    let kernel = &w.host(c.me().host).kernel;
                    let wanted = |p: &&crate::world::kernel::Process| match which {
                        "user ID" => p.cred.uid == id,
                        "process group ID" => p.pgid == id,
                        _ => p.pid == id,
                    };
                    kernel.processes().filter(wanted).map(|p| p.pid).collect()
                });
                let mut result = Err(crate::world::Errno::ESRCH);
                for pid in pids {
                    result = c.sys(|s| s.set_nice(pid, nice));
                }
                match result {
                    Ok(old) => {
                        let new = nice.clamp(-20, 19);
                        c.out(format!("{id} ({which}) old priority {old}, new priority {new}\n")).await?;
                    }
                    Err(errno) => {
                        let verb = if errno == crate::world::Errno::ESRCH { "get" } else { "set" };
                        c.complain(format_args!("failed to {verb} priority for {id} ({which}): {errno}")).await?;
                        status = 1;
                    }
                }
            }
        }
    }
    Ok(status)
}
