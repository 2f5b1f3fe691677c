use crate::program::{Args, Command, Ctx, Example, Opt, Outcome};

pub const CLEAR: Command = Command {
    name: "clear",
    package: "ncurses-bin",
    summary: "Clear the terminal screen.",
    usage: &["[options]"],
    options: &[
        Opt::value('T', "", "TERM", "use this instead of $TERM").accepted(),
        Opt::flag('x', "", "do not try to clear scrollback"),
    ],
    examples: &[Example { run: "clear -x | cat -v", prints: "^[[H^[[2J" }],
    main: |c, a| Box::pin(clear(c, a)),
    ..Command::BASE
};

pub const RESET: Command = Command {
    name: "reset",
    aliases: &["tset"],
    package: "ncurses-bin",
    summary: "Terminal initialization.",
    usage: &["[options] [terminal]"],
    options: &[
        Opt::flag('c', "", "set control characters").accepted(),
        Opt::flag('q', "", "print terminal type").accepted(),
        Opt::flag('Q', "", "do not output control key settings").accepted(),
    ],
    examples: &[Example { run: "reset -Q", prints: "\x1bc\x1b[!p\x1b[?3;4l\x1b[4l\x1b>" }],
    main: |c, a| Box::pin(reset(c, a)),
    ..Command::BASE
};

async fn clear(c: Ctx, a: Args) -> Outcome {
    c.out(if a.has("x") { "\x1b[H\x1b[2J" } else { "\x1b[H\x1b[2J\x1b[3J" }).await?;
    Ok(0)
}

async fn reset(c: Ctx, _a: Args) -> Outcome {
    // Without a terminal there are no modes to set.
    let _ = c.sys(|s| s.terminal(|t| t.sane()));
    c.out("\x1bc\x1b[!p\x1b[?3;4l\x1b[4l\x1b>").await?;
    Ok(0)
}
