use crate::base::stamp::stamp;
use crate::program::{Args, Command, Ctx, Example, Opt, Outcome};

pub const COMMAND: Command = Command {
    name: "dmesg",
    package: "util-linux",
    summary: "Display or control the kernel ring buffer.",
    usage: &["[options]"],
    options: &[
        Opt::flag('C', "clear", "clear the kernel ring buffer").unmodelled(),
        Opt::flag('H', "human", "human readable output").accepted(),
        Opt::flag('k', "kernel", "display kernel messages").accepted(),
        Opt::flag('l', "level", "restrict output to defined levels").unmodelled(),
        Opt::flag('L', "color", "colorize messages (auto, always or never)").optional("when").accepted(),
        Opt::flag('P', "nopager", "do not pipe output into a pager").accepted(),
        Opt::flag('t', "notime", "don't show any timestamp with messages"),
        Opt::flag('T', "ctime", "show human-readable timestamp"),
        Opt::flag('w', "follow", "wait for new messages"),
        Opt::flag('x', "decode", "decode facility and level to readable string").unmodelled(),
    ],
    examples: &[Example {
        run: "dmesg 2>&1 | tail -1",
        prints: "dmesg: read kernel buffer failed: Operation not permitted\n",
    }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

async fn main(c: Ctx, a: Args) -> Outcome {
    // Debian sets kernel.dmesg_restrict.
    if c.uid() != 0 {
        c.complain("read kernel buffer failed: Operation not permitted").await?;
        return Ok(1);
    }
    let mut seen = 0u64;
    loop {
        let (text, count) = c.read(|w| {
            let h = w.host(c.me().host);
            let booted = h.kernel.booted();
            let new = usize::try_from(h.journald.count() - seen).unwrap_or(usize::MAX);
            let mut lines: Vec<String> = h
                .journald
                .entries()
                .rev()
                .take(new)
                .filter(|e| &*e.identifier == "kernel" && e.t >= booted)
                .map(|e| {
                    let up = e.t.since(booted);
                    let time = match a.last_of(&["notime", "ctime"]) {
                        Some("notime") => String::new(),
                        Some(_) => format!("[{}] ", stamp(e.t, "%a %b %e %T %Y")),
                        None => format!("[{:5}.{:06}] ", up.secs(), up.micros() % 1_000_000),
                    };
                    format!("{time}{}\n", e.message)
                })
                .collect();
            lines.reverse();
            (lines.concat(), h.journald.count())
        });
        seen = count;
        c.out(text).await?;
        if !a.has("follow") {
            return Ok(0);
        }
        c.flush().await?;
        c.sleep(crate::base::Span::from_millis(200)).await?;
    }
}
