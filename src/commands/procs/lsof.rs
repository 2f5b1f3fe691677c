use crate::program::{Args, Command, Ctx, Example, Opt, Outcome, Stop, Syntax};
use crate::world::fs::NodeId;
use crate::world::listing::OpenFile;

pub const COMMAND: Command = Command {
    name: "lsof",
    package: "lsof",
    summary: "List open files.",
    usage: &[
        "[-?abhKlnNoOPRtUvVX] [+|-c c] [+|-d s] [+D D] [-g [s]] [-i [i]] [+|-L [l]] [-p s] [-s [p:s]] [-u s] [--] [names]",
    ],
    options: &[
        Opt::flag('a', "", "AND selections (OR)"),
        Opt::value('c', "", "c", "select processes whose command begins with c"),
        Opt::value('d', "", "s", "select by file descriptor (FD) set"),
        Opt::value('D', "", "D", "+D: search directory tree D"),
        Opt::flag('i', "", "select IPv[46] files").optional("i"),
        Opt::flag('L', "", "+L: list (-L: don't) file link counts; +L1: those with none").optional("l"),
        Opt::flag('l', "", "no UIDs to login names"),
        Opt::flag('n', "", "no host names").accepted(),
        Opt::flag('P', "", "no port names"),
        Opt::value('p', "", "s", "exclude(^)|select PIDs"),
        Opt::flag('R', "", "list paRent PID"),
        Opt::flag('s', "", "[p:s] list size, or select protocol states").optional("p:s"),
        Opt::flag('t', "", "terse listing: process identifiers only"),
        Opt::flag('U', "", "select Unix socket"),
        Opt::value('u', "", "s", "exclude(^)|select login|UID set s"),
        Opt::flag('w', "", "-w: suppress warnings").accepted(),
        Opt::flag('b', "", "avoid kernel blocks").accepted(),
        Opt::flag('V', "", "verbose search"),
        Opt::flag('F', "", "select fields").optional("f").unmodelled(),
        Opt::value('r', "", "t", "repeat every t seconds").unmodelled(),
        Opt::value('g', "", "s", "select by process group IDs"),
    ],
    syntax: Syntax::Raw,
    examples: &[Example { run: "lsof -t /etc/hostname || echo nobody", prints: "nobody\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

#[derive(Default)]
struct Wants {
    and: bool,
    terse: bool,
    numeric_ports: bool,
    numeric_users: bool,
    parents: bool,
    links: bool,
    /// `+L1`: fewer links than this.
    fewer_links: Option<u32>,
    pids: Vec<u32>,
    not_pids: Vec<u32>,
    groups: Vec<u32>,
    users: Vec<String>,
    not_users: Vec<String>,
    commands: Vec<String>,
    fds: Vec<String>,
    internet: Option<Vec<String>>,
    states: Vec<String>,
    unix: bool,
    names: Vec<String>,
    trees: Vec<(String, bool)>,
    verbose: bool,
}

struct Row {
    command: String,
    pid: u32,
    ppid: u32,
    user: String,
    file: OpenFile,
}

const PORTS: &[(&str, &str)] = &[
    ("22", "ssh"),
    ("25", "smtp"),
    ("53", "domain"),
    ("80", "http"),
    ("123", "ntp"),
    ("443", "https"),
    ("3306", "mysql"),
    ("5432", "postgresql"),
    ("5672", "amqp"),
    ("6379", "redis"),
    ("8080", "http-alt"),
    ("9090", "webmin"),
    ("11211", "memcache"),
];

fn parse(words: &[String]) -> Result<Wants, String> {
    let mut wants = Wants::default();
    let mut rest: std::collections::VecDeque<String> = words.iter().cloned().collect();
    while let Some(word) = rest.pop_front() {
        if word == "--" {
            wants.names.extend(rest.drain(..));
            break;
        }
        let plus = word.starts_with('+');
        let Some(letters) = word.strip_prefix(['-', '+']).filter(|l| !l.is_empty()) else {
            wants.names.push(word);
            continue;
        };
        let mut chars = letters.chars();
        while let Some(letter) = chars.next() {
            let attached = chars.as_str().to_string();
            let mut value = || {
                let own = attached.clone();
                if own.is_empty() {
                    rest.pop_front().ok_or_else(|| format!("-{letter} not followed by a value"))
                } else {
                    Ok(own)
                }
            };
            match (plus, letter) {
                (false, 'a') => wants.and = true,
                (false, 't') => wants.terse = true,
                (false, 'P') => wants.numeric_ports = true,
                (false, 'l') => wants.numeric_users = true,
                (false, 'R') => wants.parents = true,
                (false, 'U') => wants.unix = true,
                (false, 'V') => wants.verbose = true,
                (_, 'n' | 'w' | 'b' | 'N' | 'O' | 'o' | 'K' | 'X' | 'f' | 'M') => {}
                (false, 'p') => {
                    for item in value()?.split(',') {
                        let (list, number) = match item.strip_prefix('^') {
                            Some(n) => (&mut wants.not_pids, n),
                            None => (&mut wants.pids, item),
                        };
                        list.push(number.parse().map_err(|_| format!("illegal process ID: {number}"))?);
                    }
                    break;
                }
                (false, 'g') => {
                    let list = value()?;
                    wants.groups.extend(list.split(',').filter_map(|n| n.parse::<u32>().ok()));
                    break;
                }
                (false, 'u') => {
                    for item in value()?.split(',') {
                        match item.strip_prefix('^') {
                            Some(n) => wants.not_users.push(n.into()),
                            None => wants.users.push(item.into()),
                        }
                    }
                    break;
                }
                (_, 'c') => {
                    let name = value()?;
                    // `+c w` only sets the width of the column.
                    if !plus {
                        wants.commands.push(name);
                    }
                    break;
                }
                (_, 'd') if plus => {
                    wants.trees.push((value()?, false));
                    break;
                }
                (true, 'D') => {
                    wants.trees.push((value()?, true));
                    break;
                }
                (false, 'd') => {
                    wants.fds.extend(value()?.split(',').map(String::from));
                    break;
                }
                (false, 'i') => {
                    let mut spec = attached.clone();
                    if spec.is_empty() && rest.front().is_some_and(|w| is_address(w)) {
                        spec = rest.pop_front().unwrap_or_default();
                    }
                    let list = wants.internet.get_or_insert_with(Vec::new);
                    if !spec.is_empty() {
                        list.push(spec);
                    }
                    break;
                }
                (false, 's') => {
                    if let Some((_, states)) = attached.split_once(':') {
                        wants.states.extend(states.split(',').map(|s| s.to_uppercase()));
                    }
                    break;
                }
                (_, 'L') => {
                    wants.links = plus;
                    if plus && !attached.is_empty() {
                        wants.fewer_links =
                            Some(attached.parse().map_err(|_| format!("no link count after +L{attached}"))?);
                    }
                    break;
                }
                (_, 'F' | 'r') => return Err(format!("-{letter} is real, but not modelled in this simulation")),
                _ => return Err(format!("illegal option character: {letter}")),
            }
        }
    }
    Ok(wants)
}

/// Does this word look like `[46][TCP|UDP][@host][:port]`?
fn is_address(word: &str) -> bool {
    let upper = word.to_uppercase();
    word.starts_with([':', '@', '4', '6']) || upper.starts_with("TCP") || upper.starts_with("UDP")
}

fn meets_internet(file: &OpenFile, spec: &str) -> bool {
    let spec = spec.trim_start_matches(['4', '6']);
    let (what, ports) = match spec.split_once(':') {
        Some((what, ports)) => (what, Some(ports)),
        None => (spec, None),
    };
    let protocol = what.split('@').next().unwrap_or("").to_uppercase();
    let of_protocol = protocol.is_empty() || file.node == protocol;
    let of_port = ports.is_none_or(|list| {
        list.split(',').any(|p| {
            let number = PORTS.iter().find(|(_, name)| *name == p).map_or(p, |(n, _)| n);
            let ends = file.name.split([' ', '-', '>']).filter_map(|end| end.rsplit_once(':'));
            ends.into_iter().any(|(_, port)| port == number)
        })
    });
    of_protocol && of_port
}

async fn main(c: Ctx, a: Args) -> Outcome {
    let words: Vec<String> = a.operands().iter().map(|o| o.to_string()).collect();
    let wants = match parse(&words) {
        Ok(wants) => wants,
        Err(what) => {
            if what.contains("not modelled") {
                c.note_unmodelled(format!("lsof: {what}"));
            }
            c.complain(what).await?;
            c.err("lsof 4.95.0\n latest revision: https://github.com/lsof-org/lsof\n Use the ``-h'' option to get more help information.\n").await?;
            return Ok(1);
        }
    };
    let mut status = 0;
    let mut nodes: Vec<(String, NodeId, bool)> = Vec::new();
    for name in &wants.names {
        match node_of(&c, name) {
            Ok((node, mount)) => nodes.push((name.clone(), node, mount)),
            Err(errno) => {
                c.complain(format_args!("status error on {name}: {errno}")).await?;
                status = 1;
            }
        }
    }
    if nodes.is_empty() && status != 0 && wants.names.len() == words.len() {
        return Ok(status);
    }
    let me = c.uid();
    let rows = gather(&c, me).await?;
    let selected: Vec<&Row> = rows.iter().filter(|r| selects(&wants, &nodes, r)).collect();
    for (name, node, mount) in &nodes {
        let hit = |r: &&&Row| r.file.file.is_some_and(|n| n == *node || *mount && n.mount == node.mount);
        if !selected.iter().any(|r| hit(&r)) {
            status = 1;
            if wants.verbose {
                c.out(format!("lsof: no file use located: {name}\n")).await?;
            }
        }
    }
    if selected.is_empty() {
        return Ok(1);
    }
    if wants.terse {
        let mut pids: Vec<u32> = selected.iter().map(|r| r.pid).collect();
        pids.dedup();
        c.out(pids.iter().map(|p| format!("{p}\n")).collect::<String>()).await?;
        return Ok(status);
    }
    let text = table(&c, &selected, &wants);
    c.out(text).await?;
    Ok(status)
}

/// The file, and whether the whole file system on it is meant (a mount point or its device).
fn node_of(c: &Ctx, name: &str) -> Result<(NodeId, bool), crate::world::Errno> {
    c.sys(|s| {
        if let Some(mount) = s.mount_named(name.into()) {
            return Ok((NodeId { mount, ino: crate::world::fs::ROOT_INO }, true));
        }
        let stat = s.stat(name.into())?;
        Ok((NodeId { mount: stat.dev, ino: stat.ino }, false))
    })
}

async fn gather(c: &Ctx, me: u32) -> Result<Vec<Row>, Stop> {
    let rows: Vec<Row> = c.read(|w| {
        let host = c.me().host;
        let h = w.host(host);
        let mut out = Vec::new();
        for p in h.kernel.processes().filter(|p| p.is_alive()) {
            let row = |file: OpenFile| Row {
                command: p.comm.chars().take(9).collect(),
                pid: p.pid,
                ppid: p.ppid,
                user: h.user_name(p.cred.uid),
                file,
            };
            if me == 0 || me == p.cred.uid {
                out.extend(w.open_files(host, p).into_iter().map(row));
            } else {
                out.extend(hidden(p.pid).into_iter().map(row));
            }
        }
        out
    });
    // readlink and stat of every descriptor.
    c.work(6_000 * rows.len() as u64 + 100_000).await?;
    Ok(rows)
}

/// What lsof sees of a process that belongs to somebody else.
fn hidden(pid: u32) -> Vec<OpenFile> {
    let row = |fd: &str, kind: &'static str, name: String| OpenFile {
        fd: fd.into(),
        access: ' ',
        kind,
        device: String::new(),
        size: String::new(),
        bytes: 0,
        links: None,
        node: String::new(),
        name,
        file: None,
    };
    vec![
        row("cwd", "unknown", format!("/proc/{pid}/cwd (readlink: Permission denied)")),
        row("rtd", "unknown", format!("/proc/{pid}/root (readlink: Permission denied)")),
        row("txt", "unknown", format!("/proc/{pid}/exe (readlink: Permission denied)")),
        row("NOFD", "", format!("/proc/{pid}/fd (opendir: Permission denied)")),
    ]
}

fn selects(wants: &Wants, nodes: &[(String, NodeId, bool)], r: &Row) -> bool {
    if wants.not_pids.contains(&r.pid) || wants.not_users.contains(&r.user) {
        return false;
    }
    let mut tests: Vec<bool> = Vec::new();
    if !wants.pids.is_empty() {
        tests.push(wants.pids.contains(&r.pid));
    }
    if !wants.groups.is_empty() {
        tests.push(wants.groups.contains(&r.pid));
    }
    if !wants.users.is_empty() {
        tests.push(wants.users.contains(&r.user));
    }
    if !wants.commands.is_empty() {
        tests.push(wants.commands.iter().any(|p| r.command.starts_with(p.as_str())));
    }
    if !wants.fds.is_empty() {
        tests.push(wants.fds.contains(&r.file.fd));
    }
    if let Some(specs) = &wants.internet {
        let is = r.file.kind == "IPv4" || r.file.kind == "IPv6";
        let of_state = wants.states.is_empty() || wants.states.iter().any(|s| r.file.name.ends_with(&format!("({s})")));
        tests.push(is && of_state && (specs.is_empty() || specs.iter().any(|s| meets_internet(&r.file, s))));
    }
    if wants.unix {
        tests.push(r.file.kind == "unix");
    }
    if let Some(least) = wants.fewer_links {
        tests.push(r.file.links.is_some_and(|n| n < least));
    }
    if !wants.names.is_empty() {
        let hit = |(_, node, mount): &(String, NodeId, bool)| {
            r.file.file.is_some_and(|n| n == *node || *mount && n.mount == node.mount)
        };
        tests.push(nodes.iter().any(hit));
    }
    if !wants.trees.is_empty() {
        let under = |(dir, deep): &(String, bool)| {
            let dir = dir.trim_end_matches('/');
            match r.file.name.strip_prefix(dir) {
                Some("") => true,
                Some(rest) => rest.starts_with('/') && (*deep || !rest[1..].contains('/')),
                None => false,
            }
        };
        tests.push(wants.trees.iter().any(under));
    }
    match (tests.is_empty(), wants.and) {
        (true, _) => true,
        (false, true) => tests.iter().all(|&t| t),
        (false, false) => tests.iter().any(|&t| t),
    }
}

fn table(c: &Ctx, rows: &[&Row], wants: &Wants) -> String {
    let uid_of =
        |user: &str| c.read(|w| w.host(c.me().host).user(user).map_or_else(|| user.to_string(), |u| u.uid.to_string()));
    let mut lines: Vec<[String; 10]> = Vec::new();
    let head =
        ["COMMAND", "PID", "PPID", "USER", "FD", "TYPE", "DEVICE", "SIZE/OFF", "NLINK", "NODE"].map(String::from);
    lines.push(head);
    for r in rows {
        let f = &r.file;
        lines.push([
            r.command.clone(),
            r.pid.to_string(),
            r.ppid.to_string(),
            if wants.numeric_users { uid_of(&r.user) } else { r.user.chars().take(8).collect() },
            f.fd.clone(),
            f.kind.to_string(),
            f.device.clone(),
            f.size.clone(),
            f.links.map(|n| n.to_string()).unwrap_or_default(),
            f.node.clone(),
        ]);
    }
    let mut widths = [0usize; 10];
    for line in &lines {
        for (w, cell) in widths.iter_mut().zip(line) {
            *w = (*w).max(cell.chars().count());
        }
    }
    // Fixed least widths of lsof's own columns.
    for (w, least) in widths.iter_mut().zip([7, 5, 5, 4, 4, 4, 6, 8, 5, 4]) {
        *w = (*w).max(least);
    }
    let mut out = String::new();
    for (n, line) in lines.iter().enumerate() {
        let access = n.checked_sub(1).and_then(|k| rows.get(k)).map_or(' ', |r| r.file.access);
        out.push_str(&format!("{:<w$}", line[0], w = widths[0]));
        for k in 1..10 {
            if k == 2 && !wants.parents || k == 8 && !wants.links {
                continue;
            }
            out.push_str(&format!(" {:>w$}", line[k], w = widths[k]));
            if k == 4 {
                out.push(access);
                out.push(' ');
            }
        }
        let name = n
            .checked_sub(1)
            .and_then(|k| rows.get(k))
            .map_or_else(|| "NAME".to_string(), |r| shown_name(&r.file, wants));
        out.push_str(&format!(" {name}\n"));
    }
    out
}

fn shown_name(file: &OpenFile, wants: &Wants) -> String {
    if wants.numeric_ports || !file.kind.starts_with("IPv") {
        return file.name.clone();
    }
    let mut name = file.name.clone();
    for (number, service) in PORTS {
        for (after, mark) in [(" ", ":"), ("->", ":")] {
            name = name.replace(&format!("{mark}{number}{after}"), &format!("{mark}{service}{after}"));
        }
        if let Some(head) = name.strip_suffix(&format!(":{number}")) {
            name = format!("{head}:{service}");
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use crate::base::Span;
    use crate::commands::GROUPS;
    use crate::testkit::Kit;

    #[test]
    fn it_finds_a_deleted_file_that_is_held_open() {
        let mut kit = Kit::new(GROUPS);
        kit.write("/home/oncall/big.log", &"x".repeat(9000));
        // A shell would hold it by `exec 3<`; here `cat` waits for its terminal with the file as its program's input.
        let t = kit.start_on_terminal(&["less", "/home/oncall/big.log"], 80, 24);
        kit.advance(Span::SECOND);
        let ran = kit.run(&["lsof", "-t", "/home/oncall/big.log"]);
        assert_eq!(ran.status, 0, "{ran:?}");
        kit.remove("/home/oncall/big.log");
        let ran = kit.run(&["lsof", "+L1"]);
        let mut lines = ran.stdout.lines();
        assert_eq!(lines.next(), Some("COMMAND   PID   USER   FD   TYPE DEVICE SIZE/OFF NLINK NODE NAME"));
        let line = lines.next().unwrap();
        assert!(line.starts_with("less    ") && line.contains(" REG    8,1     9000     0 "), "{line}");
        assert!(line.ends_with("/home/oncall/big.log (deleted)"), "{line}");
        kit.keys(t, "q", Span::SECOND);
        assert_eq!(kit.run(&["lsof", "+L1"]).status, 1);
        assert_eq!(
            kit.run(&["lsof", "/nowhere"]).stderr,
            "lsof: status error on /nowhere: No such file or directory\n"
        );
    }
}
