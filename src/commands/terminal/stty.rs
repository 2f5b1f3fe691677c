use crate::program::{Args, Command, Ctx, Example, Opt, Outcome, Syntax};

pub const COMMAND: Command = Command {
    name: "stty",
    summary: "Print or change terminal characteristics.",
    usage: &[
        "[-F DEVICE | --file=DEVICE] [SETTING]...",
        "[-F DEVICE | --file=DEVICE] [-a|--all]",
        "[-F DEVICE | --file=DEVICE] [-g|--save]",
    ],
    options: &[
        Opt::flag('a', "all", "print all current settings in human-readable form"),
        Opt::flag('g', "save", "print all current settings in a stty-readable form").unmodelled(),
        Opt::value('F', "file", "DEVICE", "open and use the specified DEVICE instead of stdin").unmodelled(),
    ],
    syntax: Syntax::Raw,
    examples: &[Example {
        run: "echo | stty 2>&1",
        prints: "stty: 'standard input': Inappropriate ioctl for device\n",
    }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

/// Settings that exist and change nothing that is simulated.
const ACCEPTED: &[&str] = &[
    "onlcr", "icrnl", "ixon", "ixoff", "iutf8", "echoe", "echok", "echoctl", "echoke", "iexten", "opost", "cs8",
    "hupcl", "tostop", "inlcr", "igncr", "parenb", "cstopb",
];

async fn main(c: Ctx, a: Args) -> Outcome {
    let words: Vec<String> = a.operands().iter().map(|o| o.to_string()).collect();
    if words.first().is_some_and(|w| w == "--help") {
        c.out(COMMAND.help("stty")).await?;
        return Ok(0);
    }
    if !c.is_tty(0) {
        c.complain("'standard input': Inappropriate ioctl for device").await?;
        return Ok(1);
    }
    let state = c.sys(|s| s.tty().map(|t| (t.canonical, t.echo, t.signals, t.columns, t.rows)));
    let Some((canonical, echo, signals, columns, rows)) = state else { return Ok(1) };
    let off = |on: bool| if on { "" } else { "-" };
    if words.is_empty() {
        let mut changed = String::new();
        for (name, on) in [("isig", signals), ("icanon", canonical), ("echo", echo)] {
            if !on {
                changed.push_str(&format!("-{name} "));
            }
        }
        let tail = if changed.is_empty() { String::new() } else { format!("{}\n", changed.trim_end()) };
        c.out(format!("speed 38400 baud; line = 0;\n{tail}")).await?;
        return Ok(0);
    }
    if words[0] == "-a" || words[0] == "--all" {
        c.out(format!("speed 38400 baud; rows {rows}; columns {columns}; line = 0;\nintr = ^C; quit = ^\\; erase = ^?; kill = ^U; eof = ^D; eol = <undef>; eol2 = <undef>; swtch = <undef>; start = ^Q;\nstop = ^S; susp = ^Z; rprnt = ^R; werase = ^W; lnext = ^V; discard = ^O; min = 1; time = 0;\n-parenb -parodd -cmspar cs8 -hupcl -cstopb cread -clocal -crtscts\n-ignbrk -brkint -ignpar -parmrk -inpck -istrip -inlcr -igncr icrnl ixon -ixoff -iuclc -ixany -imaxbel -iutf8\nopost -olcuc -ocrnl onlcr -onocr -onlret -ofill -ofdel nl0 cr0 tab0 bs0 vt0 ff0\n{}isig {}icanon iexten {}echo echoe echok -echonl -noflsh -xcase -tostop -echoprt echoctl echoke -flusho -extproc\n", off(signals), off(canonical), off(echo))).await?;
        return Ok(0);
    }
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let (on, name) = match word.strip_prefix('-') {
            Some(name) => (false, name.to_string()),
            None => (true, word.clone()),
        };
        let known = match name.as_str() {
            "echo" => c.sys(|s| s.terminal(|t| t.echo = on)),
            "icanon" => c.sys(|s| s.terminal(|t| t.canonical = on)),
            "isig" => c.sys(|s| s.terminal(|t| t.signals = on)),
            "sane" => c.sys(|s| s.terminal(|t| t.sane())),
            "raw" => c.sys(|s| s.terminal(|t| (t.canonical, t.signals) = (!on, !on))),
            "cooked" => c.sys(|s| s.terminal(|t| (t.canonical, t.signals) = (on, on))),
            "cbreak" => c.sys(|s| s.terminal(|t| t.canonical = !on)),
            "size" => {
                c.out(format!("{rows} {columns}\n")).await?;
                Ok(())
            }
            "speed" => {
                c.out("38400\n").await?;
                Ok(())
            }
            "rows" | "cols" | "columns" => {
                let Some(n) = words.next().and_then(|n| n.parse::<u16>().ok()) else {
                    c.complain(format_args!("missing argument to '{name}'")).await?;
                    return Ok(1);
                };
                c.sys(|s| s.terminal(|t| if name == "rows" { t.rows = n } else { t.columns = n }))
            }
            other if ACCEPTED.contains(&other) => Ok(()),
            "min" | "time" | "erase" | "intr" | "kill" | "eof" | "susp" | "werase" => {
                words.next();
                Ok(())
            }
            _ => {
                c.complain(format_args!("invalid argument '{word}'")).await?;
                c.err("Try 'stty --help' for more information.\n").await?;
                return Ok(1);
            }
        };
        if let Err(errno) = known {
            c.complain(format_args!("'standard input': {errno}")).await?;
            return Ok(1);
        }
    }
    Ok(0)
}
