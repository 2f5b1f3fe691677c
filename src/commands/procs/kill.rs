use crate::program::{Args, Command, Ctx, Example, Opt, Outcome, Syntax};
use crate::world::kernel::Signal;

pub const COMMAND: Command = Command {
    name: "kill",
    package: "procps",
    summary: "Send a signal to a process.",
    usage: &["[options] <pid> [...]"],
    options: &[
        Opt::value('s', "signal", "signal", "the signal to be sent, as -<signal>"),
        Opt::value('q', "queue", "value", "integer value to be sent with the signal").accepted(),
        Opt::flag('l', "list", "list all signal names, or convert one to a name").optional("signal"),
        Opt::flag('L', "table", "list all signal names in a nice table"),
    ],
    syntax: Syntax::Raw,
    examples: &[Example { run: "env kill -l 15", prints: "TERM\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

/// procps calls 29 by its older name.
pub(super) fn name_of(signal: Signal) -> &'static str {
    if signal == Signal::IO { "POLL" } else { signal.name() }
}

/// A name with or without `SIG`, a number, or 0 for none.
pub(super) fn parse_signal(text: &str) -> Option<Option<Signal>> {
    let bare = text.strip_prefix("SIG").unwrap_or(text);
    match bare {
        "0" => Some(None),
        "POLL" => Some(Some(Signal::IO)),
        _ => Signal::parse(text).map(Some),
    }
}

/// All names, in lines of at most 80 columns.
pub(super) fn list() -> String {
    let (mut out, mut width) = (String::new(), 0);
    for &signal in Signal::ALL {
        let name = name_of(signal);
        if width > 0 && width + 1 + name.len() > 79 {
            out.push('\n');
            width = 0;
        }
        if width > 0 {
            out.push(' ');
            width += 1;
        }
        out.push_str(name);
        width += name.len();
    }
    out.push('\n');
    out
}

fn table() -> String {
    let mut out = String::new();
    for (n, &signal) in Signal::ALL.iter().enumerate() {
        let name = name_of(signal);
        match n % 7 {
            6 => out.push_str(&format!("{:2} {name}\n", signal.number())),
            _ => out.push_str(&format!("{:2} {name:<8}", signal.number())),
        }
    }
    out.push('\n');
    out
}

async fn usage(c: &Ctx) -> Outcome {
    c.err("\nUsage:\n kill [options] <pid> [...]\n\nOptions:\n <pid> [...]            send signal to every <pid> listed\n -<signal>, -s, --signal <signal>\n                        specify the <signal> to be sent\n -q, --queue <value>    integer value to be sent with the signal\n -l, --list=[<signal>]  list all signal names, or convert one to a name\n -L, --table            list all signal names in a nice table\n\n -h, --help     display this help and exit\n -V, --version  output version information and exit\n\nFor more details see kill(1).\n").await?;
    Ok(1)
}

async fn main(c: Ctx, a: Args) -> Outcome {
    let mut signal = Some(Signal::TERM);
    let mut pids: Vec<String> = Vec::new();
    let mut words = a.operands().iter().map(|o| o.to_string()).peekable();
    let mut options = true;
    while let Some(word) = words.next() {
        match word.as_str() {
            "--" if options => options = false,
            "-V" | "--version" if options => {
                c.out("kill from procps-ng 4.0.2\n").await?;
                return Ok(0);
            }
            "-h" | "--help" if options => {
                c.out(COMMAND.help("kill")).await?;
                return Ok(0);
            }
            "-l" | "--list" if options => {
                let Some(which) = words.next() else {
                    c.out(list()).await?;
                    return Ok(0);
                };
                return convert(&c, &which).await;
            }
            "-L" | "--table" if options => {
                c.out(table()).await?;
                return Ok(0);
            }
            "-s" | "--signal" | "-q" | "--queue" if options => {
                let Some(value) = words.next() else { return usage(&c).await };
                if word.ends_with('q') || word.ends_with("queue") {
                    continue;
                }
                let Some(parsed) = parse_signal(&value) else { return unknown(&c, &value).await };
                signal = parsed;
            }
            _ if options && pids.is_empty() && word.starts_with('-') && word.len() > 1 => {
                if let Some(which) = word.strip_prefix("--list=") {
                    return convert(&c, which).await;
                }
                let name = word.strip_prefix("--signal=").unwrap_or(&word[1..]);
                let Some(parsed) = parse_signal(name) else {
                    let letter = word.chars().nth(1).unwrap_or('-');
                    c.complain(format_args!("invalid argument {letter}")).await?;
                    return usage(&c).await;
                };
                signal = parsed;
            }
            _ => pids.push(word),
        }
    }
    if pids.is_empty() {
        return usage(&c).await;
    }
    let mut status = 0;
    for text in pids {
        let Ok(pid) = text.parse::<i64>() else {
            c.complain(format_args!("failed to parse argument: '{text}'")).await?;
            status = 1;
            continue;
        };
        if let Err(errno) = c.sys(|s| s.kill(pid, signal)) {
            c.complain(format_args!("({pid}): {errno}")).await?;
            status = 1;
        }
    }
    Ok(status)
}

async fn unknown(c: &Ctx, name: &str) -> Outcome {
    c.complain(format_args!("unknown signal name {name}")).await?;
    Ok(1)
}

/// `-l 9` gives `KILL`, `-l TERM` gives 15.
async fn convert(c: &Ctx, which: &str) -> Outcome {
    match (which.parse::<u8>(), parse_signal(which).flatten()) {
        (Ok(_), Some(signal)) => c.out(format!("{}\n", name_of(signal))).await?,
        (Err(_), Some(signal)) => c.out(format!("{}\n", signal.number())).await?,
        // Only said: the real one ends well here too.
        _ => c.complain(format_args!("unknown signal name {which}")).await?,
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use crate::commands::GROUPS;
    use crate::testkit::Kit;

    #[test]
    fn names_and_tables_are_procps_own() {
        let mut kit = Kit::new(GROUPS);
        assert_eq!(
            kit.run(&["kill", "-l"]).stdout,
            "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT\nCHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH POLL PWR SYS\n"
        );
        let table = kit.run(&["kill", "-L"]).stdout;
        assert!(
            table.starts_with(" 1 HUP      2 INT      3 QUIT     4 ILL      5 TRAP     6 ABRT     7 BUS\n"),
            "{table}"
        );
        assert!(table.ends_with("29 POLL    30 PWR     31 SYS     \n"));
        assert_eq!(kit.run(&["kill", "-l", "TERM"]).stdout, "15\n");
        assert_eq!(kit.run(&["kill", "-l", "143"]).stderr, "kill: unknown signal name 143\n");
    }

    #[test]
    fn it_signals_what_one_may() {
        let mut kit = Kit::new(GROUPS);
        let ran = kit.run(&["kill", "1", "99999", "x"]);
        assert_eq!(
            ran.stderr,
            "kill: (1): Operation not permitted\nkill: (99999): No such process\nkill: failed to parse argument: 'x'\n"
        );
        let (_, me) = kit.start(&["sleep", "1000"], "");
        kit.advance(crate::base::Span::SECOND);
        let pid = kit.executor.world().host(me.host).kernel.children(me.pid).next().map(|p| p.pid).unwrap();
        assert_eq!(kit.run(&["kill", "-0", &pid.to_string()]).status, 0);
        assert_eq!(kit.run(&["kill", "-HUP", &pid.to_string()]).status, 0);
        assert_eq!(kit.run(&["kill", "-0", &pid.to_string()]).status, 1);
    }
}
