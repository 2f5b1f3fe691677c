use crate::program::{Args, Command, Ctx, Example, Opt, Outcome, Syntax};
use crate::world::sys::ForkOptions;

pub const COMMAND: Command = Command {
    name: "setsid",
    package: "util-linux",
    summary: "Run a program in a new session.",
    usage: &["[options] <program> [arguments ...]"],
    options: &[
        Opt::flag('c', "ctty", "set the controlling terminal to the current one").unmodelled(),
        Opt::flag('f', "fork", "always fork"),
        Opt::flag('w', "wait", "wait program to exit, and use the same return"),
    ],
    syntax: Syntax::Posix,
    examples: &[Example { run: "setsid -w cat /etc/hostname", prints: "alpha\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

async fn main(c: Ctx, a: Args) -> Outcome {
    let argv = a.operands().to_vec();
    let Some(name) = argv.first().cloned() else {
        c.complain("no command specified").await?;
        c.err("Try 'setsid --help' for more information.\n").await?;
        return Ok(1);
    };
    let leader = c.process(|p| p.pgid == p.pid);
    if !leader && !a.has("fork") && c.sys(|s| s.setsid()).is_ok() {
        let errno = c.exec(argv, c.environment()).await?;
        c.complain(format_args!("failed to execute {name}: {errno}")).await?;
        return Ok(super::env::failed_exec(errno));
    }
    let apart = ForkOptions { session: true, ..ForkOptions::default() };
    match c.spawn(argv, c.environment(), &apart) {
        Ok(pid) if a.has("wait") => Ok(c.wait_end(pid).await?.code()),
        Ok(_) => Ok(0),
        Err(errno) => {
            c.complain(format_args!("failed to execute {name}: {errno}")).await?;
            Ok(super::env::failed_exec(errno))
        }
    }
}
