use crate::program::{Args, Command, Ctx, Example, Opt, Outcome};

pub const COMMAND: Command = Command {
    name: "tty",
    summary: "Print the file name of the terminal connected to standard input.",
    usage: &["[OPTION]..."],
    options: &[
        Opt::flag('s', "silent", "print nothing, only return an exit status"),
        Opt::long("quiet", "as --silent"),
    ],
    usage_status: 2,
    examples: &[Example { run: "echo | tty", prints: "not a tty\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

async fn main(c: Ctx, a: Args) -> Outcome {
    let tty = c.sys(|s| s.tty_of(0));
    if !a.has("silent") && !a.has("quiet") {
        let text = tty.map_or_else(|| "not a tty".to_string(), |t| format!("/dev/pts/{}", t.0));
        c.out(format!("{text}\n")).await?;
    }
    Ok(u8::from(tty.is_none()))
}
