use std::collections::BTreeSet;

use super::ps_fields::{self, Facts, Field};
use crate::program::{Args, Command, Ctx, Example, Opt, Outcome, Syntax};
use crate::world::listing::ProcessRow;

pub const COMMAND: Command = Command {
    name: "ps",
    package: "procps",
    summary: "Report a snapshot of the current processes.",
    usage: &["[options]"],
    options: &[
        Opt::flag('A', "", "all processes"),
        Opt::flag('e', "", "all processes"),
        Opt::flag('a', "", "all with tty, except session leaders"),
        Opt::flag('d', "", "all except session leaders"),
        Opt::flag('N', "deselect", "negate selection"),
        Opt::value('C', "", "command", "command name"),
        Opt::value('G', "Group", "GID", "real group id or name"),
        Opt::value('g', "group", "group", "session or effective group name"),
        Opt::value('p', "pid", "PID", "process id"),
        Opt::long_value("ppid", "PID", "parent process id"),
        Opt::value('q', "quick-pid", "PID", "process id"),
        Opt::value('s', "sid", "session", "session id"),
        Opt::value('t', "tty", "tty", "terminal"),
        Opt::value('u', "user", "UID", "effective user id or name"),
        Opt::value('U', "User", "UID", "real user id or name"),
        Opt::flag('F', "", "extra full"),
        Opt::flag('f', "", "full-format, including command lines"),
        Opt::flag('H', "forest", "show process hierarchy"),
        Opt::flag('j', "", "jobs format"),
        Opt::flag('l', "", "long format"),
        Opt::flag('L', "", "possibly with LWP and NLWP columns").unmodelled(),
        Opt::flag('M', "", "add security data").unmodelled(),
        Opt::value('O', "", "format", "preloaded with default columns"),
        Opt::value('o', "format", "format", "user-defined format"),
        Opt::flag('T', "", "possibly with SPID column").unmodelled(),
        Opt::flag('w', "", "unlimited output width"),
        Opt::flag('y', "", "do not show flags, show rss vs. addr (used with -l)"),
        Opt::long_value("sort", "spec", "specify sort order as: [+|-]key[,[+|-]key[,...]]"),
        Opt::long("headers", "repeat header lines, one per page").accepted(),
        Opt::long("no-headers", "do not print header at all"),
        Opt::long_value("cols", "num", "set screen width"),
        Opt::long("cumulative", "include some dead child process data").accepted(),
    ],
    syntax: Syntax::Raw,
    examples: &[Example {
        run: "ps -p 1 -o pid,ppid,user,stat,args",
        prints: "    PID    PPID USER     STAT COMMAND\n      1       0 root     Ss   /sbin/init\n",
    }],
    main: |c, a| Box::pin(main(c, a)),
    // It reads several files of each process: whoever stands behind it in a pipeline runs by then.
    cost_ns: 12_000_000,
    ..Command::BASE
};

/// A column that was asked for.
struct Column {
    field: &'static Field,
    heading: String,
    width: usize,
}

/// What the arguments ask for.
#[derive(Default)]
struct Request {
    all: bool,
    /// BSD `a` and `x`: lift "only mine", lift "only with a terminal".
    lift_owner: bool,
    lift_tty: bool,
    unix_a: bool,
    unix_d: bool,
    deselect: bool,
    running: bool,
    pids: Vec<u32>,
    ppids: Vec<u32>,
    sids: Vec<u32>,
    uids: Vec<u32>,
    gids: Vec<u32>,
    commands: Vec<String>,
    ttys: Vec<String>,
    listed: bool,
    bsd: bool,
    /// A named format: `u`, `j`, `l`, `v`, `f`…, and which tradition it belongs to.
    format: Option<&'static str>,
    rss_for_addr: bool,
    columns: Vec<Column>,
    preloaded: Vec<Column>,
    sort: Vec<(bool, String)>,
    forest: Option<bool>,
    no_headers: bool,
    wide: u32,
    width: Option<usize>,
}

/// The errors of ps, before its usage.
struct Bad(String);

type Parsed<T> = Result<T, Bad>;

fn bad<T>(what: &str) -> Parsed<T> {
    Err(Bad(what.into()))
}

async fn main(c: Ctx, a: Args) -> Outcome {
    let words: Vec<String> = a.operands().iter().map(|o| o.to_string()).collect();
    if let Some(first) = words.first() {
        if first == "-V" || first == "--version" {
            c.out("ps from procps-ng 4.0.2\n").await?;
            return Ok(0);
        }
        if first == "--help" {
            c.out(COMMAND.help(&a.called.to_string())).await?;
            return Ok(0);
        }
    }
    let mut request = Request::default();
    if let Err(Bad(what)) = c.read(|w| request.parse(&words, w.host(c.me().host))) {
        if what.ends_with("not modelled in this simulation") {
            c.note_unmodelled(format!("ps: {what}"));
        }
        c.err(format!("error: {what}\n\nUsage:\n ps [options]\n\n")).await?;
        c.err(" Try 'ps --help <simple|list|output|threads|misc|all>'\n  or 'ps --help <s|l|o|t|m|a>'\n for additional help text.\n\nFor more details see ps(1).\n").await?;
        return Ok(1);
    }
    let facts = c.read(|w| {
        let h = w.host(c.me().host);
        Facts { now: w.now(), memory_bytes: h.memory_bytes, cores: h.cores }
    });
    let rows = c.read(|w| w.process_rows(c.me().host));
    // Reading /proc/<pid>/stat, status and cmdline of each.
    c.work(15_000 * rows.len() as u64).await?;
    let me = rows.iter().find(|p| p.pid == c.pid()).cloned();
    let mut shown: Vec<ProcessRow> = rows.into_iter().filter(|p| request.selects(p, me.as_ref())).collect();
    let found = !shown.is_empty();
    request.order(&mut shown, &facts);
    let columns = request.take_columns();
    let indents = match request.forest {
        Some(lines) => forest(&mut shown, lines),
        None => vec![String::new(); shown.len()],
    };
    let tty_width = if c.is_tty(1) { c.window().map(|(columns, _)| usize::from(columns)) } else { None };
    let limit = match (request.width, request.wide, tty_width) {
        (Some(n), ..) => n,
        (None, 0, Some(n)) => n,
        (None, 1, Some(n)) => n.max(132),
        _ => usize::MAX,
    };
    let mut out = String::new();
    if !request.no_headers && columns.iter().any(|col| !col.heading.is_empty()) {
        line(&columns, limit, &mut out, |col| col.heading.clone());
    }
    for (p, indent) in shown.iter().zip(&indents) {
        line(&columns, limit, &mut out, |col| text(col, p, indent, &facts));
    }
    c.out(out).await?;
    Ok(if found { 0 } else { 1 })
}

fn text(column: &Column, p: &ProcessRow, indent: &str, facts: &Facts) -> String {
    let mut text = (column.field.text)(p, facts);
    match column.field.names.first().copied().unwrap_or("") {
        "comm" | "ucmd" | "args" | "cmd" => text.insert_str(0, indent),
        "user" | "uid_hack" | "group" if text.chars().count() > column.width => {
            text = text.chars().take(column.width.saturating_sub(1)).collect();
            text.push('+');
        }
        "wchan" | "tname" | "tty" => text = text.chars().take(column.width).collect(),
        _ => {}
    }
    text
}

/// One line: a text wider than its column shifts the next ones only as far as it must.
fn line(columns: &[Column], limit: usize, out: &mut String, text: impl Fn(&Column) -> String) {
    let (mut actual, mut correct) = (0usize, 0usize);
    let mut built = String::new();
    for (n, column) in columns.iter().enumerate() {
        let cell = text(column);
        let len = cell.chars().count();
        let pad = if column.field.right { column.width.saturating_sub(len) } else { 0 };
        let space = (correct + pad).saturating_sub(actual).max(usize::from(n > 0));
        built.extend(std::iter::repeat_n(' ', space));
        built.push_str(&cell);
        actual += space + len;
        correct += column.width + 1;
    }
    out.extend(built.chars().take(limit));
    out.push('\n');
}

/// Puts children behind their parents; gives what is printed before each name.
fn forest(rows: &mut Vec<ProcessRow>, lines: bool) -> Vec<String> {
    let pids: BTreeSet<u32> = rows.iter().map(|p| p.pid).collect();
    let mut out = Vec::new();
    let mut indents = Vec::new();
    let all = std::mem::take(rows);
    let is_root = |p: &&ProcessRow| !pids.contains(&p.ppid) || p.ppid == p.pid || p.ppid == 0;
    // (row, what its line begins with, what its children's lines begin with)
    let mut stack: Vec<(&ProcessRow, String, String)> =
        all.iter().filter(is_root).rev().map(|p| (p, String::new(), String::new())).collect();
    while let Some((p, lead, below)) = stack.pop() {
        let children: Vec<&ProcessRow> = all.iter().filter(|q| q.ppid == p.pid && q.pid != p.pid).collect();
        for (n, child) in children.iter().enumerate().rev() {
            let last = n + 1 == children.len();
            let (lead, next) = match (lines, last) {
                (true, true) => (format!("{below} \\_ "), format!("{below}    ")),
                (true, false) => (format!("{below} \\_ "), format!("{below} |  ")),
                (false, _) => (format!("{below}  "), format!("{below}  ")),
            };
            stack.push((child, lead, next));
        }
        out.push(p.clone());
        indents.push(lead);
    }
    *rows = out;
    indents
}

impl Request {
    fn parse(&mut self, words: &[String], host: &crate::world::Host) -> Parsed<()> {
        let mut rest = words.iter().cloned().collect::<std::collections::VecDeque<_>>();
        while let Some(word) = rest.pop_front() {
            if let Some(long) = word.strip_prefix("--") {
                self.long(long, &mut rest, host)?;
            } else if let Some(letters) = word.strip_prefix('-').filter(|l| !l.is_empty()) {
                // `ps -aux` means what everybody means by it, unless there is a user called x.
                if letters.starts_with("au") && letters.len() > 2 && host.user(&letters[2..]).is_none() {
                    self.letters_bsd(letters, &mut rest, host)?;
                } else {
                    self.letters_unix(letters, &mut rest, host)?;
                }
            } else if word.starts_with(|c: char| c.is_ascii_digit()) {
                self.bsd = true;
                self.add_pids(&word)?;
            } else {
                self.letters_bsd(&word, &mut rest, host)?;
            }
        }
        Ok(())
    }

    fn long(
        &mut self,
        long: &str,
        rest: &mut std::collections::VecDeque<String>,
        host: &crate::world::Host,
    ) -> Parsed<()> {
        let (name, attached) = match long.split_once('=') {
            Some((name, value)) => (name, Some(value.to_string())),
            None => (long, None),
        };
        let mut value = |what: &str| match attached.clone().or_else(|| rest.pop_front()) {
            Some(value) if !value.is_empty() => Ok(value),
            _ => bad(what),
        };
        match name {
            "sort" => {
                let spec = value("long sort specification must follow --sort")?;
                self.add_sort(&spec)
            }
            "forest" => {
                self.forest = Some(true);
                Ok(())
            }
            "no-headers" | "no-heading" | "noheaders" | "noheading" => {
                self.no_headers = true;
                Ok(())
            }
            "headers" | "header" | "cumulative" | "heading" | "headings" => Ok(()),
            "deselect" => {
                self.deselect = true;
                Ok(())
            }
            "cols" | "columns" | "width" => {
                let n = value("number of columns must follow --cols, --width, or --columns")?;
                self.width = n.parse().ok();
                Ok(())
            }
            "format" => {
                let list = value("format specification must follow --format")?;
                self.add_columns(&list)
            }
            "pid" | "quick-pid" => {
                let list = value("list of process IDs must follow --pid")?;
                self.add_pids(&list)
            }
            "ppid" => {
                let list = value("list of process IDs must follow --ppid")?;
                self.ppids.extend(numbers(&list)?);
                self.listed = true;
                Ok(())
            }
            "sid" => {
                let list = value("some sid thing(s) must follow --sid")?;
                self.sids.extend(numbers(&list)?);
                self.listed = true;
                Ok(())
            }
            "user" | "User" => {
                let list = value("list of users must follow --user")?;
                self.add_users(&list, host)
            }
            "group" | "Group" => {
                let list = value("list of effective groups must follow --group")?;
                self.add_groups(&list, host)
            }
            "tty" => {
                let list = value("list of terminals (pty, tty...) must follow -t")?;
                self.add_ttys(&list)
            }
            _ => bad("unknown gnu long option"),
        }
    }

    fn letters_unix(
        &mut self,
        letters: &str,
        rest: &mut std::collections::VecDeque<String>,
        host: &crate::world::Host,
    ) -> Parsed<()> {
        let mut chars = letters.chars();
        while let Some(letter) = chars.next() {
            let attached: String = chars.as_str().to_string();
            let mut value = |what: &str| {
                let attached = attached.strip_prefix('=').unwrap_or(&attached).to_string();
                if !attached.is_empty() { Ok(attached) } else { rest.pop_front().map_or_else(|| bad(what), Ok) }
            };
            match letter {
                'A' | 'e' => self.all = true,
                'a' => self.unix_a = true,
                'd' => self.unix_d = true,
                'N' => self.deselect = true,
                'f' => self.format = Some("-f"),
                'F' => self.format = Some("-F"),
                'l' => self.format = Some("-l"),
                'j' => self.format = Some("-j"),
                'y' => self.rss_for_addr = true,
                'H' => self.forest = Some(false),
                'w' => self.wide += 1,
                'c' | 'm' => {}
                'L' | 'T' | 'M' | 'Z' | 'P' => {
                    return bad(&format!("-{letter} is real, but not modelled in this simulation"));
                }
                'o' | 'O' => {
                    let list = value("format specification must follow -o")?;
                    if letter == 'O' {
                        self.preload("-");
                    }
                    return self.add_columns(&list);
                }
                'p' | 'q' => {
                    let list = value("list of process IDs must follow -p")?;
                    return self.add_pids(&list);
                }
                's' => {
                    let list = value("list of session IDs must follow -s")?;
                    self.sids.extend(numbers(&list)?);
                    self.listed = true;
                    return Ok(());
                }
                't' => {
                    let list = value("list of terminals (pty, tty...) must follow -t")?;
                    return self.add_ttys(&list);
                }
                'u' | 'U' => {
                    let list = value("list of users must follow -u")?;
                    return self.add_users(&list, host);
                }
                'G' => {
                    let list = value("list of real groups must follow -G")?;
                    return self.add_groups(&list, host);
                }
                'g' => {
                    let list = value("list of session leaders OR effective group names must follow -g")?;
                    match numbers(&list) {
                        Ok(sids) => {
                            self.sids.extend(sids);
                            self.listed = true;
                        }
                        Err(_) => self.add_groups(&list, host)?,
                    }
                    return Ok(());
                }
                'C' => {
                    let list = value("list of command names must follow -C")?;
                    self.commands.extend(list.split(',').map(|n| n.chars().take(15).collect()));
                    self.listed = true;
                    return Ok(());
                }
                _ => return bad("unsupported SysV option"),
            }
        }
        Ok(())
    }

    fn letters_bsd(
        &mut self,
        letters: &str,
        rest: &mut std::collections::VecDeque<String>,
        host: &crate::world::Host,
    ) -> Parsed<()> {
        self.bsd = true;
        let mut chars = letters.chars();
        while let Some(letter) = chars.next() {
            let attached: String = chars.as_str().to_string();
            let mut value = |what: &str| {
                if !attached.is_empty() { Ok(attached.clone()) } else { rest.pop_front().map_or_else(|| bad(what), Ok) }
            };
            match letter {
                'a' => self.lift_owner = true,
                'x' => self.lift_tty = true,
                'u' => self.format = Some("u"),
                'j' => self.format = Some("j"),
                'l' => self.format = Some("l"),
                'v' => self.format = Some("v"),
                's' => self.format = Some("s"),
                'f' => self.forest = Some(true),
                'r' => self.running = true,
                'w' => self.wide += 1,
                'h' => self.no_headers = true,
                'c' | 'e' | 'g' | 'n' | 'S' => {}
                'T' => self.ttys.push(String::new()),
                'k' => {
                    let spec = value("long sort specification must follow 'k'")?;
                    return self.add_sort(&spec);
                }
                'o' | 'O' => {
                    let list = value("format specification must follow o")?;
                    if letter == 'O' {
                        self.preload("");
                    }
                    return self.add_columns(&list);
                }
                'p' | 'q' => {
                    let list = value("list of process IDs must follow p")?;
                    return self.add_pids(&list);
                }
                'U' => {
                    let list = value("list of users must follow U")?;
                    return self.add_users(&list, host);
                }
                't' => {
                    let list = value("list of terminals (pty, tty...) must follow t")?;
                    return self.add_ttys(&list);
                }
                'L' | 'm' | 'M' | 'Z' | 'X' => {
                    return bad(&format!("{letter} is real, but not modelled in this simulation"));
                }
                _ => return bad("unsupported option (BSD syntax)"),
            }
        }
        Ok(())
    }

    fn add_pids(&mut self, list: &str) -> Parsed<()> {
        self.pids.extend(numbers(list)?);
        self.listed = true;
        Ok(())
    }
    fn add_users(&mut self, list: &str, host: &crate::world::Host) -> Parsed<()> {
        for name in list.split([',', ' ']).filter(|n| !n.is_empty()) {
            match host.user(name).map(|u| u.uid).or_else(|| name.parse().ok()) {
                Some(uid) => self.uids.push(uid),
                None => return bad("user name does not exist"),
            }
        }
        self.listed = true;
        Ok(())
    }
    fn add_groups(&mut self, list: &str, host: &crate::world::Host) -> Parsed<()> {
        for name in list.split([',', ' ']).filter(|n| !n.is_empty()) {
            match host.group_of_name(name).or_else(|| name.parse().ok()) {
                Some(gid) => self.gids.push(gid),
                None => return bad("group name does not exist"),
            }
        }
        self.listed = true;
        Ok(())
    }
    fn add_ttys(&mut self, list: &str) -> Parsed<()> {
        self.ttys.extend(list.split(',').map(|t| t.strip_prefix("/dev/").unwrap_or(t).to_string()));
        self.listed = true;
        Ok(())
    }
    fn add_sort(&mut self, spec: &str) -> Parsed<()> {
        for key in spec.split(',') {
            let (down, name) = match key.strip_prefix('-') {
                Some(name) => (true, name),
                None => (false, key.strip_prefix('+').unwrap_or(key)),
            };
            if ps_fields::find(name).is_none() {
                return bad("unknown sort specifier");
            }
            self.sort.push((down, name.to_string()));
        }
        Ok(())
    }
    fn add_columns(&mut self, list: &str) -> Parsed<()> {
        for word in list.split([',', ' ', '\t']).filter(|w| !w.is_empty()) {
            let (spec, heading) = match word.split_once('=') {
                Some((spec, heading)) => (spec, Some(heading.to_string())),
                None => (word, None),
            };
            let (name, width) = match spec.split_once(':') {
                Some((name, width)) => match width.parse::<usize>() {
                    Ok(width) if width > 0 => (name, Some(width)),
                    _ => return bad("column widths must be unsigned decimal numbers"),
                },
                None => (spec, None),
            };
            if ps_fields::UNMODELLED.contains(&name) {
                return bad(&format!("field {name} is real, but not modelled in this simulation"));
            }
            let Some(field) = ps_fields::find(name) else {
                return bad(&format!("unknown user-defined format specifier \"{name}\""));
            };
            let heading = heading.unwrap_or_else(|| heading_of(name, field));
            let width = width.unwrap_or(field.width).max(heading.len());
            self.columns.push(Column { field, heading, width });
        }
        Ok(())
    }
    /// `-O`: the given columns stand between the pid and the rest of the default format.
    fn preload(&mut self, _tradition: &str) {
        let tail = if self.bsd { "tname,stat,bsdtime,args" } else { "s,tname,time,args" };
        let kept = std::mem::take(&mut self.columns);
        // A name of our own table never fails to parse.
        let _ = self.add_columns(tail);
        self.preloaded = std::mem::replace(&mut self.columns, kept);
        let _ = self.add_columns("pid");
    }

    fn take_columns(&mut self) -> Vec<Column> {
        if self.columns.is_empty() {
            let list = match self.format {
                Some("u") => "user,pid,pcpu,pmem,vsz,rss,tname,stat,start_time=START,bsdtime,args",
                Some("j") => "ppid,pid,pgid,sid,tname,tpgid,stat,uid,bsdtime,args",
                Some("l") => "f,uid,pid,ppid,pri=PRI,ni,vsz,rss,wchan,stat,tname,bsdtime,args",
                Some("v") => "pid,tname,stat,bsdtime,maj_flt,trs,drs,rss,pmem,args",
                Some("s") => "uid,pid,pending,blocked,ignored,caught,stat,tname,bsdtime,args",
                Some("-f") => "uid_hack,pid,ppid,c,stime,tname,time,cmd",
                Some("-F") => "uid_hack,pid,ppid,c,sz,rss,psr,stime,tname,time,cmd",
                Some("-j") => "pid,pgid,sid,tname,time,ucmd",
                Some("-l") if self.rss_for_addr => "s,uid,pid,ppid,c,opri,ni,rss,sz,wchan,tname,time,ucmd",
                Some("-l") => "f,s,uid,pid,ppid,c,opri,ni,addr_sz,wchan,tname,time,ucmd",
                _ if self.bsd => "pid,tname,stat,bsdtime,args",
                _ => "pid,tname,time,ucmd",
            };
            // Names of our own table never fail to parse.
            let _ = self.add_columns(list);
        }
        let mut columns = std::mem::take(&mut self.columns);
        columns.append(&mut self.preloaded);
        columns
    }

    fn selects(&self, p: &ProcessRow, me: Option<&ProcessRow>) -> bool {
        let my_uid = me.map_or(0, |m| m.uid);
        let my_tty = me.and_then(|m| m.tty.clone());
        let leader = p.sid == p.pid;
        let listed = self.pids.contains(&p.pid)
            || self.ppids.contains(&p.ppid)
            || self.sids.contains(&p.sid)
            || self.uids.contains(&p.uid)
            || self.gids.contains(&p.gid)
            || self.commands.contains(&p.comm)
            || self.ttys.iter().any(|t| if t.is_empty() { p.tty == my_tty } else { p.tty.as_deref() == Some(t) });
        let simple = if self.all {
            true
        } else if self.unix_a || self.unix_d {
            self.unix_a && p.tty.is_some() && !leader || self.unix_d && !leader
        } else if self.lift_owner || self.lift_tty {
            (self.lift_owner || p.uid == my_uid) && (self.lift_tty || p.tty.is_some())
        } else {
            !self.listed && self.ttys.is_empty() && p.uid == my_uid && p.tty == my_tty
        };
        let running = !self.running || matches!(p.state.letter(), 'R' | 'D');
        ((simple || listed) != self.deselect) && running
    }

    fn order(&self, rows: &mut [ProcessRow], facts: &Facts) {
        // The last key first: the sort is stable.
        for (down, key) in self.sort.iter().rev() {
            rows.sort_by(|a, b| {
                let order = ps_fields::compare(key, a, b, facts);
                if *down { order.reverse() } else { order }
            });
        }
    }
}

/// A few names have a heading of their own.
fn heading_of(name: &str, field: &Field) -> String {
    match name {
        "pgrp" => "PGRP",
        "sess" | "session" => "SESS",
        "tgid" => "TGID",
        "euser" => "EUSER",
        "ruser" => "RUSER",
        "euid" => "EUID",
        "ruid" => "RUID",
        "egroup" => "EGROUP",
        "rgroup" => "RGROUP",
        "start_time" => "START",
        "tid" => "TID",
        "spid" => "SPID",
        "rsz" => "RSZ",
        _ => field.heading,
    }
    .to_string()
}

fn numbers(list: &str) -> Parsed<Vec<u32>> {
    let items = list.split([',', ' ', '\t']).filter(|n| !n.is_empty());
    items.map(|n| n.parse::<u32>().or_else(|_| bad("process ID list syntax error"))).collect()
}

#[cfg(test)]
mod tests {
    use crate::commands::GROUPS;
    use crate::testkit::Kit;

    #[test]
    fn formats_have_the_real_columns() {
        let mut kit = Kit::new(GROUPS);
        let head = |kit: &mut Kit, options: &[&str]| {
            let ran = kit.run(&[&["ps"], options].concat());
            ran.stdout.lines().next().unwrap_or("").to_string()
        };
        assert_eq!(
            head(&mut kit, &["aux"]),
            "USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND"
        );
        assert_eq!(head(&mut kit, &["-ef"]), "UID          PID    PPID  C STIME TTY          TIME CMD");
        assert_eq!(
            head(&mut kit, &["-el"]),
            "F S   UID     PID    PPID  C PRI  NI ADDR SZ WCHAN  TTY          TIME CMD"
        );
        assert_eq!(
            head(&mut kit, &["axjf"]),
            "   PPID     PID    PGID     SID TTY        TPGID STAT   UID   TIME COMMAND"
        );
        assert_eq!(head(&mut kit, &["ax"]), "    PID TTY      STAT   TIME COMMAND");
        assert_eq!(kit.run(&["ps", "-p", "1", "-o", "pid=,comm="]).stdout, "      1 systemd\n");
        assert_eq!(
            kit.run(&["ps", "u", "1"]).stdout.lines().nth(1),
            Some("root           1  0.0  0.2 172032 12288 ?        Ss   Feb20   0:00 /sbin/init")
        );
    }

    #[test]
    fn selections_and_orders() {
        let mut kit = Kit::new(GROUPS);
        assert_eq!(kit.run(&["ps", "-C", "sshd", "-o", "comm="]).stdout.lines().next(), Some("sshd"));
        assert_eq!(kit.run(&["ps", "-p", "99999"]).status, 1);
        let ran = kit.run(&["ps", "-u", "oncall", "-o", "comm", "--sort=-pid"]);
        assert_eq!(ran.stdout, "COMMAND\nps\nbash\nsshd\n");
        let ran = kit.run(&["ps", "-eo", "nosuch"]);
        assert!(
            ran.stderr
                .starts_with("error: unknown user-defined format specifier \"nosuch\"\n\nUsage:\n ps [options]\n")
        );
        let ran = kit.run(&["ps", "--user", "oncall", "--forest", "-o", "args"]);
        assert_eq!(ran.stdout, "COMMAND\nsshd: oncall@notty\n \\_ -bash\n     \\_ ps --user oncall --forest -o args\n");
    }
}
