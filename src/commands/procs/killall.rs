use bstr::{BString, ByteSlice};

use super::kill::{list, parse_signal};
use super::pattern::Pattern;
use crate::base::Span;
use crate::program::{Args, Command, Ctx, Example, Lines, Opt, Outcome, Syntax};
use crate::world::kernel::Signal;
use crate::world::listing::ProcessRow;

pub const COMMAND: Command = Command {
    name: "killall",
    package: "psmisc",
    summary: "Kill processes by name.",
    usage: &["[OPTION]... [--] NAME...", "-l, --list", "-V, --version"],
    options: &[
        Opt::flag('e', "exact", "require exact match for very long names"),
        Opt::flag('I', "ignore-case", "case insensitive process name match"),
        Opt::flag('g', "process-group", "kill process group instead of process"),
        Opt::value('y', "younger-than", "TIME", "kill processes younger than TIME"),
        Opt::value('o', "older-than", "TIME", "kill processes older than TIME"),
        Opt::flag('i', "interactive", "ask for confirmation before killing"),
        Opt::flag('l', "list", "list all known signal names"),
        Opt::flag('q', "quiet", "don't print complaints"),
        Opt::flag('r', "regexp", "interpret NAME as an extended regular expression"),
        Opt::value('s', "signal", "SIGNAL", "send this signal instead of SIGTERM"),
        Opt::value('u', "user", "USER", "kill only process(es) running as USER"),
        Opt::flag('v', "verbose", "report if the signal was successfully sent"),
        Opt::flag('V', "", "display version information"),
        Opt::flag('w', "wait", "wait for processes to die"),
        Opt::value('n', "ns", "PID", "match processes that belong to the same namespaces as PID").unmodelled(),
    ],
    syntax: Syntax::Raw,
    examples: &[Example { run: "killall nosuchprogram 2>&1", prints: "nosuchprogram: no process found\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

/// How its options are parsed once `-HUP` or `-9` is taken out.
const PARSED: Command = Command { syntax: Syntax::Gnu, ..COMMAND };

const USAGE: &str = "Usage: killall [OPTION]... [--] NAME...\n       killall -l, --list\n       killall -V, --version\n\n  -e,--exact          require exact match for very long names\n  -I,--ignore-case    case insensitive process name match\n  -g,--process-group  kill process group instead of process\n  -y,--younger-than   kill processes younger than TIME\n  -o,--older-than     kill processes older than TIME\n  -i,--interactive    ask for confirmation before killing\n  -l,--list           list all known signal names\n  -q,--quiet          don't print complaints\n  -r,--regexp         interpret NAME as an extended regular expression\n  -s,--signal SIGNAL  send this signal instead of SIGTERM\n  -u,--user USER      kill only process(es) running as USER\n  -v,--verbose        report if the signal was successfully sent\n  -V,--version        display version information\n  -w,--wait           wait for processes to die\n  -n,--ns PID         match processes that belong to the same namespaces\n                      as PID\n\n";

async fn main(c: Ctx, a: Args) -> Outcome {
    let mut signal = Signal::TERM;
    let mut argv: Vec<BString> = vec![a.called.clone()];
    for word in a.operands() {
        let name = word.strip_prefix(b"-").and_then(|n| n.to_str().ok());
        let name = name.filter(|n| n.len() > 1 || n.chars().all(|c| c.is_ascii_digit()));
        match name.and_then(parse_signal).flatten() {
            Some(parsed) => signal = parsed,
            None => argv.push(word.clone()),
        }
    }
    let a = match Args::parse(&PARSED, &argv) {
        Ok(a) => a,
        Err(e) => {
            c.err(e.message.lines().next().unwrap_or("")).await?;
            c.err(format!("\n{USAGE}")).await?;
            return Ok(1);
        }
    };
    if a.has("list") {
        c.out(list()).await?;
        return Ok(0);
    }
    if a.has("V") || a.has("version") {
        c.err("killall (PSmisc) 23.6\n").await?;
        return Ok(0);
    }
    if let Some(name) = a.get("signal") {
        match parse_signal(&name.to_str_lossy()).flatten() {
            Some(parsed) => signal = parsed,
            None => {
                c.err(format!("{name}: unknown signal; killall -l lists signals.\n")).await?;
                return Ok(1);
            }
        }
    }
    let mut uid = None;
    if let Some(name) = a.get("user") {
        uid = c.read(|w| w.host(c.me().host).user(&name.to_str_lossy()).map(|u| u.uid));
        if uid.is_none() {
            c.err(format!("Cannot find user {name}\n")).await?;
            return Ok(1);
        }
    }
    if a.operands().is_empty() && uid.is_none() {
        c.err(USAGE).await?;
        return Ok(1);
    }
    let limits = ["younger-than", "older-than"].map(|n| a.get(n).and_then(|t| Span::parse(&t.to_str_lossy())));
    let names: Vec<BString> = if a.operands().is_empty() { vec!["".into()] } else { a.operands().to_vec() };
    let mut status = 0;
    for name in &names {
        let pattern = if a.has("regexp") { Pattern::new(name, a.has("ignore-case")).ok() } else { None };
        if a.has("regexp") && pattern.is_none() {
            c.err(format!("killall: Bad regular expression: {name}\n")).await?;
            return Ok(1);
        }
        let (rows, now) = c.read(|w| (w.process_rows(c.me().host), w.now()));
        c.work(12_000 * rows.len() as u64).await?;
        let matches = |p: &&ProcessRow| {
            let age = now.since(p.started);
            let full = name_of(p);
            let named = match &pattern {
                Some(pattern) => pattern.is_match(full.as_bytes()),
                None if name.is_empty() => true,
                None if name.contains(&b'/') => p.exe == *name,
                None if a.has("ignore-case") => full.eq_ignore_ascii_case(&name.to_str_lossy()),
                None => full.as_bytes() == name.as_bytes() || p.comm.as_bytes() == name.as_bytes(),
            };
            let young = limits[0].is_none_or(|most| age <= most);
            let old = limits[1].is_none_or(|least| age >= least);
            p.pid != c.pid() && named && young && old && uid.is_none_or(|u| u == p.uid)
        };
        let mut killed = Vec::new();
        for p in rows.iter().filter(matches) {
            if a.has("interactive") && !confirm(&c, p, signal).await? {
                continue;
            }
            let target = if a.has("process-group") { -i64::from(p.pgid) } else { i64::from(p.pid) };
            match c.sys(|s| s.kill(target, Some(signal))) {
                Ok(()) => {
                    killed.push(p.pid);
                    if a.has("verbose") {
                        let number = signal.number();
                        c.err(format!("Killed {}({}) with signal {number}\n", p.comm, p.pid)).await?;
                    }
                }
                Err(errno) => c.err(format!("{}({}): {errno}\n", p.comm, p.pid)).await?,
            }
        }
        if killed.is_empty() {
            status = 1;
            if !a.has("quiet") {
                c.err(format!("{name}: no process found\n")).await?;
            }
        }
        let alive =
            || c.read(|w| killed.iter().any(|&pid| w.host(c.me().host).kernel.get(pid).is_some_and(|p| p.is_alive())));
        while a.has("wait") && alive() {
            c.sleep(Span::SECOND).await?;
        }
    }
    Ok(status)
}

/// The name without the kernel's cut at 15 bytes, where the command line still has it.
fn name_of(p: &ProcessRow) -> String {
    let first = p.argv.first().map(|a| a.to_string()).unwrap_or_default();
    let base = first.rsplit('/').next().unwrap_or("").to_string();
    if p.comm.len() == 15 && base.starts_with(&p.comm) { base } else { p.comm.clone() }
}

async fn confirm(c: &Ctx, p: &ProcessRow, signal: Signal) -> Result<bool, crate::program::Stop> {
    let what = if signal == Signal::TERM { "Kill".to_string() } else { format!("Signal {}", signal.name()) };
    c.err(format!("{what} {}({}) ? (y/N) ", p.comm, p.pid)).await?;
    let mut lines = Lines::new(c, 0);
    let line = lines.next().await?.ok().flatten().unwrap_or_default();
    Ok(matches!(line.first(), Some(b'y' | b'Y')))
}

#[cfg(test)]
mod tests {
    use crate::base::Span;
    use crate::commands::GROUPS;
    use crate::testkit::Kit;

    #[test]
    fn it_says_what_it_killed() {
        let mut kit = Kit::new(GROUPS);
        kit.start(&["sleep", "1000"], "");
        kit.advance(Span::SECOND);
        let ran = kit.run(&["killall", "-v", "sleep"]);
        assert!(
            ran.stderr.starts_with("Killed sleep(") && ran.stderr.ends_with(") with signal 15\n"),
            "{}",
            ran.stderr
        );
        let ran = kit.run(&["killall", "systemd"]);
        assert_eq!(ran.stderr, "systemd(1): Operation not permitted\nsystemd: no process found\n");
        assert_eq!(ran.status, 1);
    }
}
