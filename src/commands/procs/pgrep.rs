use bstr::{BString, ByteSlice};

use super::kill::parse_signal;
use super::pattern::Pattern;
use crate::base::Span;
use crate::program::{Args, Command, Ctx, Example, Opt, Outcome, Syntax};
use crate::world::Errno;
use crate::world::kernel::Signal;
use crate::world::listing::ProcessRow;

const OPTIONS: &[Opt] = &[
    Opt::value('d', "delimiter", "string", "specify output delimiter"),
    Opt::flag('l', "list-name", "list PID and process name"),
    Opt::flag('a', "list-full", "list PID and full command line"),
    Opt::flag('v', "inverse", "negates the matching"),
    Opt::flag('w', "lightweight", "list all TID").accepted(),
    Opt::flag('c', "count", "count of matching processes"),
    Opt::flag('f', "full", "use full process name to match"),
    Opt::value('g', "pgroup", "PGID,...", "match listed process group IDs"),
    Opt::value('G', "group", "GID,...", "match real group IDs"),
    Opt::flag('i', "ignore-case", "match case insensitively"),
    Opt::flag('n', "newest", "select most recently started"),
    Opt::flag('o', "oldest", "select least recently started"),
    Opt::value('O', "older", "seconds", "select where older than seconds"),
    Opt::value('P', "parent", "PPID,...", "match only child processes of the given parent"),
    Opt::value('s', "session", "SID,...", "match session IDs"),
    Opt::value('t', "terminal", "tty,...", "match by controlling terminal"),
    Opt::value('u', "euid", "ID,...", "match by effective IDs"),
    Opt::value('U', "uid", "ID,...", "match by real IDs"),
    Opt::flag('x', "exact", "match exactly with the command name"),
    Opt::value('F', "pidfile", "file", "read PIDs from file"),
    Opt::flag('L', "logpidfile", "fail if PID file is not locked").accepted(),
    Opt::value('r', "runstates", "state", "match runstates [D,S,Z,...]"),
    Opt::flag('A', "ignore-ancestors", "exclude our ancestors from results"),
    Opt::long_value("cgroup", "grp,...", "match by cgroup v2 names"),
    Opt::long_value("ns", "PID", "match the processes that belong to the same namespace").unmodelled(),
    Opt::long_value("signal", "sig", "signal to send (either number or name)"),
    Opt::flag('e', "echo", "display what is killed"),
];

pub const PGREP: Command = Command {
    name: "pgrep",
    package: "procps",
    summary: "List processes by name and other attributes.",
    usage: &["[options] <pattern>"],
    options: OPTIONS,
    usage_status: 2,
    examples: &[Example { run: "pgrep -l systemd", prints: "1 systemd\n" }],
    main: |c, a| Box::pin(pgrep(c, a)),
    ..Command::BASE
};

pub const PKILL: Command = Command {
    name: "pkill",
    package: "procps",
    summary: "Signal processes by name and other attributes.",
    usage: &["[options] <pattern>"],
    options: OPTIONS,
    syntax: Syntax::Raw,
    usage_status: 2,
    examples: &[Example { run: "pkill -HUP nosuchprogram || echo none", prints: "none\n" }],
    main: |c, a| Box::pin(pkill(c, a)),
    ..Command::BASE
};

/// How pkill's options are parsed once `-HUP` or `-9` is taken out.
const PKILL_OPTIONS: Command = Command { syntax: Syntax::Gnu, ..PKILL };

struct Failure {
    message: String,
    status: u8,
}

async fn fail(c: &Ctx, failure: Failure) -> Outcome {
    c.complain(failure.message).await?;
    Ok(failure.status)
}

async fn pgrep(c: Ctx, a: Args) -> Outcome {
    let found = match select(&c, &a).await? {
        Ok(found) => found,
        Err(failure) => return fail(&c, failure).await,
    };
    if a.has("count") {
        c.out(format!("{}\n", found.len())).await?;
    } else if !found.is_empty() {
        let delimiter = a.get("delimiter").map_or_else(|| "\n".to_string(), |d| d.to_str_lossy().into_owned());
        let text = |p: &ProcessRow| {
            if a.has("list-full") {
                format!("{} {}", p.pid, p.args())
            } else if a.has("list-name") {
                format!("{} {}", p.pid, p.comm)
            } else {
                p.pid.to_string()
            }
        };
        let list: Vec<String> = found.iter().map(text).collect();
        c.out(format!("{}\n", list.join(&delimiter))).await?;
    }
    Ok(u8::from(found.is_empty()))
}

async fn pkill(c: Ctx, a: Args) -> Outcome {
    let mut signal = Some(Signal::TERM);
    let mut argv: Vec<BString> = vec![a.called.clone()];
    for word in a.operands() {
        // The first word that is a dash and a signal's name or number.
        let name = word.strip_prefix(b"-").and_then(|n| n.to_str().ok());
        match name.filter(|n| n.len() > 1 || n.chars().all(|c| c.is_ascii_digit())).and_then(parse_signal) {
            Some(parsed) if argv.len() == 1 => signal = parsed,
            _ => argv.push(word.clone()),
        }
    }
    let a = match Args::parse(&PKILL_OPTIONS, &argv) {
        Ok(a) => a,
        Err(e) => {
            c.err(e.message).await?;
            return Ok(e.status);
        }
    };
    if a.has("help") {
        c.out(PKILL.help("pkill")).await?;
        return Ok(0);
    }
    if let Some(name) = a.get("signal") {
        match parse_signal(&name.to_str_lossy()) {
            Some(parsed) => signal = parsed,
            None => return fail(&c, Failure { message: format!("Unknown signal \"{name}\"."), status: 2 }).await,
        }
    }
    let found = match select(&c, &a).await? {
        Ok(found) => found,
        Err(failure) => return fail(&c, failure).await,
    };
    let mut killed = 0;
    for p in &found {
        match c.sys(|s| s.kill(i64::from(p.pid), signal)) {
            Ok(()) => {
                killed += 1;
                if a.has("echo") {
                    c.out(format!("{} killed (pid {})\n", p.comm, p.pid)).await?;
                }
            }
            Err(Errno::ESRCH) => {}
            Err(errno) => c.complain(format_args!("killing pid {} failed: {errno}", p.pid)).await?,
        }
    }
    if a.has("count") {
        c.out(format!("{}\n", found.len())).await?;
    }
    Ok(u8::from(killed == 0))
}

/// The processes that all criteria meet, without this one.
async fn select(c: &Ctx, a: &Args) -> Result<Result<Vec<ProcessRow>, Failure>, crate::program::Stop> {
    let criteria = [
        "pgroup",
        "group",
        "newest",
        "oldest",
        "older",
        "parent",
        "session",
        "terminal",
        "euid",
        "uid",
        "pidfile",
        "runstates",
        "cgroup",
    ];
    if a.operands().is_empty() && !criteria.iter().any(|n| a.has(n)) {
        let hint = format!("no matching criteria specified\nTry `{} --help' for more information.", a.called);
        return Ok(Err(Failure { message: hint, status: 2 }));
    }
    if a.operands().len() > 1 {
        let hint = format!("only one pattern can be provided\nTry `{} --help' for more information.", a.called);
        return Ok(Err(Failure { message: hint, status: 2 }));
    }
    let wants = match c.read(|w| Wants::of(a, w.host(c.me().host))) {
        Ok(wants) => wants,
        Err(message) => return Ok(Err(Failure { message, status: 2 })),
    };
    if let Some(pattern) = a.operands().first()
        && pattern.len() > 15
        && !a.has("full")
        && !pattern.contains_str("|")
    {
        c.complain("pattern that searches for process name longer than 15 characters will result in zero matches")
            .await?;
        c.err(format!("Try `{} -f' option to match against the complete command line.\n", a.called)).await?;
    }
    let mut listed = None;
    if let Some(path) = a.get("pidfile") {
        let fd = match c.open_input(path) {
            Ok(fd) => fd,
            Err(_) => return Ok(Err(Failure { message: "pidfile not valid".into(), status: 1 })),
        };
        let bytes = c.read_fd(fd, 64).await?.unwrap_or_default();
        c.close_input(fd);
        match bytes.trim_ascii().to_str().ok().and_then(|t| t.parse::<u32>().ok()) {
            Some(pid) => listed = Some(pid),
            None => return Ok(Err(Failure { message: "pidfile not valid".into(), status: 1 })),
        }
    }
    let (rows, now) = c.read(|w| (w.process_rows(c.me().host), w.now()));
    c.work(12_000 * rows.len() as u64).await?;
    let mut ancestors = Vec::new();
    let mut at = c.pid();
    while let Some(p) = rows.iter().find(|p| p.pid == at && at > 0) {
        ancestors.push(at);
        at = p.ppid;
    }
    let mut found: Vec<ProcessRow> = rows
        .into_iter()
        .filter(|p| p.pid != c.pid() && !(a.has("ignore-ancestors") && ancestors.contains(&p.pid)))
        .filter(|p| {
            let age = now.since(p.started);
            let in_file = listed.is_none_or(|pid| pid == p.pid);
            (in_file && wants.meets(p, age, a)) != a.has("inverse")
        })
        .collect();
    for (flag, newest) in [("newest", true), ("oldest", false)] {
        if a.has(flag) {
            found.sort_by_key(|p| (p.started, p.pid));
            let one = if newest { found.pop() } else { found.into_iter().next() };
            found = one.into_iter().collect();
        }
    }
    Ok(Ok(found))
}

/// The criteria, parsed.
struct Wants {
    pattern: Option<Pattern>,
    uids: Vec<u32>,
    gids: Vec<u32>,
    pgids: Vec<u32>,
    ppids: Vec<u32>,
    sids: Vec<u32>,
    older: Option<Span>,
}

impl Wants {
    fn of(a: &Args, host: &crate::world::Host) -> Result<Wants, String> {
        let words = |name: &str| -> Vec<String> {
            a.all(name)
                .iter()
                .flat_map(|v| v.split_str(",").map(|w| w.to_str_lossy().into_owned()).collect::<Vec<_>>())
                .collect()
        };
        let numbers = |name: &str, what: &str| -> Result<Vec<u32>, String> {
            words(name).iter().map(|n| n.parse().map_err(|_| format!("invalid {what}: {n}"))).collect()
        };
        let mut uids = Vec::new();
        for name in words("euid").into_iter().chain(words("uid")) {
            let uid = host.user(&name).map(|u| u.uid).or_else(|| name.parse().ok());
            uids.push(uid.ok_or_else(|| format!("invalid user name: {name}"))?);
        }
        let mut gids = Vec::new();
        for name in words("group") {
            let gid = host.group_of_name(&name).or_else(|| name.parse().ok());
            gids.push(gid.ok_or_else(|| format!("invalid group name: {name}"))?);
        }
        let pattern = match a.operands().first() {
            None => None,
            Some(text) => {
                let text = if a.has("exact") { format!("^({text})$").into() } else { text.clone() };
                Some(Pattern::new(&text, a.has("ignore-case"))?)
            }
        };
        let older = match a.get("older") {
            Some(text) => {
                let secs = text.to_str().ok().and_then(|t| t.parse().ok());
                Some(Span::from_secs(secs.ok_or_else(|| format!("not a number: {text}"))?))
            }
            None => None,
        };
        Ok(Wants {
            pattern,
            uids,
            gids,
            pgids: numbers("pgroup", "process group")?,
            ppids: numbers("parent", "process id")?,
            sids: numbers("session", "session id")?,
            older,
        })
    }

    fn meets(&self, p: &ProcessRow, age: Span, a: &Args) -> bool {
        let among = |list: &Vec<u32>, n: u32| list.is_empty() || list.contains(&n);
        let name = if a.has("full") && !p.argv.is_empty() { p.args() } else { p.comm.clone() };
        let of_tty = a
            .get("terminal")
            .is_none_or(|list| list.split_str(",").any(|t| p.tty.as_deref().is_some_and(|own| t == own.as_bytes())));
        let of_state = a.get("runstates").is_none_or(|s| s.contains(&(p.state.letter() as u8)));
        let of_cgroup = a.get("cgroup").is_none_or(|list| list.split_str(",").any(|g| g == p.cgroup.as_bytes()));
        self.pattern.as_ref().is_none_or(|r| r.is_match(name.as_bytes()))
            && among(&self.uids, p.uid)
            && among(&self.gids, p.gid)
            && among(&self.pgids, p.pgid)
            && among(&self.ppids, p.ppid)
            && among(&self.sids, p.sid)
            && self.older.is_none_or(|least| age >= least)
            && of_tty
            && of_state
            && of_cgroup
    }
}

#[cfg(test)]
mod tests {
    use crate::base::Span;
    use crate::commands::GROUPS;
    use crate::testkit::Kit;

    #[test]
    fn it_finds_and_kills_by_name() {
        let mut kit = Kit::new(GROUPS);
        assert_eq!(kit.run(&["pgrep", "-x", "systemd"]).stdout, "1\n");
        assert_eq!(kit.run(&["pgrep", "-a", "^systemd$"]).stdout, "1 /sbin/init\n");
        let ran = kit.run(&["pgrep", "-c", "nosuch"]);
        assert_eq!((ran.stdout.as_str(), ran.status), ("0\n", 1));
        kit.start(&["sleep", "1000"], "");
        kit.advance(Span::SECOND);
        assert!(kit.run(&["pkill", "-e", "sleep"]).stdout.starts_with("sleep killed (pid "));
        assert_eq!(kit.run(&["pgrep", "sleep"]).status, 1);
        let ran = kit.run(&["pkill", "-9", "-x", "systemd"]);
        assert_eq!((ran.stderr.as_str(), ran.status), ("pkill: killing pid 1 failed: Operation not permitted\n", 1));
        assert_eq!(kit.run(&["pgrep", "-u", "nosuch", "x"]).stderr, "pgrep: invalid user name: nosuch\n");
        assert_eq!(
            kit.run(&["pgrep"]).stderr,
            "pgrep: no matching criteria specified\nTry `pgrep --help' for more information.\n"
        );
    }
}
