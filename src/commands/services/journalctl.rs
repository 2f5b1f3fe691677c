use bstr::{BString, ByteSlice};

use super::journal_time;
use crate::base::stamp::stamp;
use crate::base::{SimTime, Span};
use crate::commands::procs::pattern::Pattern;
use crate::commands::terminal::pager;
use crate::program::{Args, Command, Ctx, Example, Opt, Outcome};
use crate::world::journald::{Entry, Priority};

pub const COMMAND: Command = Command {
    name: "journalctl",
    package: "systemd",
    summary: "Query the journal.",
    usage: &["[OPTIONS...] [MATCHES...]"],
    options: &[
        Opt::flag('a', "all", "Show all fields, including long and unprintable").accepted(),
        Opt::flag('b', "boot", "Show current boot or the specified boot").optional("ID"),
        Opt::flag('e', "pager-end", "Immediately jump to the end in the pager"),
        Opt::flag('f', "follow", "Follow the journal"),
        Opt::value('F', "field", "FIELD", "List all values that a specified field takes").unmodelled(),
        Opt::value('g', "grep", "PATTERN", "Show entries with MESSAGE matching PATTERN"),
        Opt::flag('k', "dmesg", "Show kernel message log from the current boot"),
        Opt::flag('n', "lines", "Number of journal entries to show").optional("INTEGER"),
        Opt::long("no-hostname", "Suppress output of hostname field"),
        Opt::long("no-pager", "Do not pipe output into a pager"),
        Opt::long("no-tail", "Show all lines, even in follow mode"),
        Opt::value('o', "output", "STRING", "Change journal output mode"),
        Opt::value('p', "priority", "RANGE", "Show entries with the specified priority"),
        Opt::flag('q', "quiet", "Do not show info messages and privilege warning").accepted(),
        Opt::flag('r', "reverse", "Show the newest entries first"),
        Opt::value('S', "since", "DATE", "Show entries not older than the specified date"),
        Opt::value('t', "identifier", "STRING", "Show entries with the specified syslog identifier"),
        Opt::value('u', "unit", "UNIT", "Show logs from the specified unit"),
        Opt::value('U', "until", "DATE", "Show entries not newer than the specified date"),
        Opt::long("utc", "Express time in Coordinated Universal Time (UTC)").accepted(),
        Opt::flag('x', "catalog", "Add message explanations where available").accepted(),
        Opt::long("system", "Show the system journal").accepted(),
        Opt::long("user", "Show the user journal for the current user").unmodelled(),
        Opt::long("disk-usage", "Show total disk usage of all journal files"),
        Opt::long_value("vacuum-size", "BYTES", "Reduce disk usage below specified size"),
        Opt::long_value("vacuum-time", "TIME", "Remove journal files older than specified time"),
        Opt::long("list-boots", "Show terse information about recorded boots"),
        Opt::long("sync", "Synchronize unwritten journal messages to disk").accepted(),
        Opt::long("flush", "Flush all journal data from /run into /var").accepted(),
        Opt::long("rotate", "Request immediate rotation of the journal files").accepted(),
        Opt::long("verify", "Verify journal file consistency").unmodelled(),
    ],
    examples: &[Example {
        run: "sudo -v; sudo true; journalctl -t sudo -o cat -n 1",
        prints: "pam_unix(sudo:session): session opened for user root(uid=0) by (uid=1000)\n",
    }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

/// What is asked for.
struct Query {
    units: Vec<String>,
    identifiers: Vec<String>,
    pids: Vec<u32>,
    priorities: (u8, u8),
    since: Option<SimTime>,
    until: Option<SimTime>,
    grep: Option<Pattern>,
    kernel: bool,
}

impl Query {
    fn meets(&self, e: &Entry) -> bool {
        let level = e.priority as u8;
        let of_unit = self.units.is_empty()
            || self.units.iter().any(|u| crate::base::fnmatch::matches(u.as_bytes(), e.unit.as_bytes()));
        of_unit
            && (self.identifiers.is_empty() || self.identifiers.iter().any(|i| **i == *e.identifier))
            && (self.pids.is_empty() || self.pids.contains(&e.pid))
            && (self.priorities.0..=self.priorities.1).contains(&level)
            && self.since.is_none_or(|t| e.t >= t)
            && self.until.is_none_or(|t| e.t <= t)
            && (!self.kernel || &*e.identifier == "kernel")
            && self.grep.as_ref().is_none_or(|p| p.is_match(e.message.as_bytes()))
    }
}

const LEVELS: [&str; 8] = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];

fn level(text: &str) -> Option<u8> {
    let number = text.parse::<u8>().ok().filter(|n| *n < 8);
    number.or_else(|| LEVELS.iter().position(|l| *l == text).map(|n| n as u8)).or(match text {
        "error" => Some(3),
        "warn" => Some(4),
        _ => None,
    })
}

const OUTPUTS: &[&str] = &[
    "short",
    "short-full",
    "short-iso",
    "short-iso-precise",
    "short-precise",
    "short-unix",
    "short-monotonic",
    "cat",
    "json",
    "json-pretty",
    "with-unit",
];

async fn main(c: Ctx, a: Args) -> Outcome {
    let host = c.me().host;
    if a.has("disk-usage") {
        let bytes = c.read(|w| w.host(host).journald.disk_usage());
        c.out(format!("Archived and active journals take up {} in the file system.\n", journal_time::size(bytes)))
            .await?;
        return Ok(0);
    }
    if let Some(text) = a.get("vacuum-size") {
        let Ok(bytes) = crate::base::human::parse_size(text) else {
            c.err(format!("Failed to parse vacuum size: {text}\n")).await?;
            return Ok(1);
        };
        return vacuum(&c, bytes).await;
    }
    if let Some(text) = a.get("vacuum-time") {
        let Some(span) = journal_time::span(&text.to_str_lossy()) else {
            c.err(format!("Failed to parse vacuum time: {text}\n")).await?;
            return Ok(1);
        };
        let kept: u64 = c.read(|w| {
            let limit = w.now() - span;
            let j = &w.host(host).journald;
            let (mut all, mut new) = (0u64, 0u64);
            for e in j.entries() {
                all += 1;
                new += u64::from(e.t >= limit);
            }
            j.disk_usage() * new / all.max(1)
        });
        return vacuum(&c, kept).await;
    }
    if ["rotate", "flush", "sync"].iter().any(|n| a.has(n)) {
        return Ok(0);
    }
    if a.has("list-boots") {
        let text = c.read(|w| {
            let (booted, now) = (w.host(host).kernel.booted(), w.now());
            let id = boot_id(&w.host(host).name);
            let format = "%a %F %T %Z";
            format!(
                "IDX BOOT ID                          FIRST ENTRY                 LAST ENTRY\n  0 {id} {} {}\n",
                stamp(booted, format),
                stamp(now, format)
            )
        });
        c.out(text).await?;
        return Ok(0);
    }
    let query = match query(&c, &a) {
        Ok(query) => query,
        Err(what) => {
            c.err(format!("{what}\n")).await?;
            return Ok(1);
        }
    };
    let output = a.get("output").map_or_else(|| "short".to_string(), |o| o.to_string());
    if !OUTPUTS.contains(&output.as_str()) {
        let text = match output.as_str() {
            "verbose" | "export" | "json-sse" | "json-seq" => {
                c.note_unmodelled(format!("journalctl -o {output}"));
                format!("journalctl: -o {output} is real, but not modelled in this simulation\n")
            }
            _ => format!("Unknown output format '{output}'.\n"),
        };
        c.err(text).await?;
        return Ok(1);
    }
    let follow = a.has("follow");
    let mut most = match (a.has("lines"), a.get("lines").map(|n| n.to_string())) {
        (true, Some(n)) if n != "all" => match n.parse::<usize>() {
            Ok(n) => n,
            Err(_) => {
                c.err(format!("Failed to parse lines '{n}'\n")).await?;
                return Ok(1);
            }
        },
        (true, Some(_)) => usize::MAX,
        (true, None) => 10,
        (false, _) if follow && !a.has("no-tail") => 10,
        (false, _) if a.has("pager-end") => 1000,
        (false, _) => usize::MAX,
    };
    // `-n 20`, with a blank: the number came as a match.
    if a.has("lines")
        && a.get("lines").is_none()
        && let Some(n) = a.operands().iter().find_map(|o| o.to_str().ok()?.parse().ok())
    {
        most = n;
    }
    let tty = c.is_tty(1);
    let name = c.read(|w| w.host(host).name.split('.').next().unwrap_or("").to_string());
    let shown_host = if a.has("no-hostname") { String::new() } else { format!("{name} ") };
    let booted = c.read(|w| w.host(host).kernel.booted());
    let style = Style { output, host: shown_host, full_host: name, colour: tty, booted };
    if !may_read(&c) {
        c.err("Hint: You are currently not seeing messages from other users and the system.\n      Users in groups 'adm', 'systemd-journal' can see all messages.\n      Pass -q to turn off this notice.\nNo journal files were opened due to insufficient permissions.\n").await?;
        return Ok(1);
    }
    let (entries, mut seen): (Vec<Entry>, u64) = c.read(|w| {
        let j = &w.host(host).journald;
        let mut found: Vec<Entry> = j.entries().rev().filter(|e| query.meets(e)).take(most).cloned().collect();
        if !a.has("reverse") {
            found.reverse();
        }
        (found, j.count())
    });
    c.work(3_000 * entries.len() as u64).await?;
    let mut text: String = entries.iter().map(|e| style.line(e)).collect();
    if entries.is_empty() && !follow {
        text = "-- No entries --\n".into();
    }
    if !follow {
        if tty && !a.has("no-pager") {
            let end = if a.has("pager-end") { "+G" } else { "" };
            return pager(&c, BString::from(text), &["less", "-FRSXMK", end]).await;
        }
        c.out(text).await?;
        return Ok(0);
    }
    c.out(text).await?;
    c.flush().await?;
    loop {
        c.sleep(Span::from_millis(200)).await?;
        let (fresh, count) = c.read(|w| {
            let j = &w.host(host).journald;
            let new = (j.count() - seen) as usize;
            let mut fresh: Vec<Entry> = j.entries().rev().take(new).filter(|e| query.meets(e)).cloned().collect();
            fresh.reverse();
            (fresh, j.count())
        });
        seen = count;
        if !fresh.is_empty() {
            c.out(fresh.iter().map(|e| style.line(e)).collect::<String>()).await?;
            c.flush().await?;
        }
    }
}

/// Root, and the groups adm and systemd-journal.
fn may_read(c: &Ctx) -> bool {
    c.read(|w| {
        let h = w.host(c.me().host);
        w.process(c.me()).is_some_and(|p| {
            p.cred.uid == 0
                || p.cred.groups.iter().any(|g| matches!(h.group_name(*g).as_str(), "adm" | "systemd-journal"))
        })
    })
}

async fn vacuum(c: &Ctx, bytes: u64) -> Outcome {
    let id = c.read(|w| boot_id(&w.host(c.me().host).name));
    match c.sys(|s| s.vacuum_journal(bytes)) {
        Ok(freed) => {
            c.err(format!(
                "Vacuuming done, freed {} of archived journals from /var/log/journal/{id}.\n",
                journal_time::size(freed)
            ))
            .await?;
            Ok(0)
        }
        Err(errno) => {
            c.err(format!("Failed to open directory /var/log/journal/{id}: {errno}\n")).await?;
            Ok(1)
        }
    }
}

/// 128 bits that name a host's boot.
fn boot_id(host: &str) -> String {
    let one = crate::base::hash::hash_str(&format!("{host}/boot"));
    format!("{one:016x}{:016x}", crate::base::hash::mix64(one))
}

fn query(c: &Ctx, a: &Args) -> Result<Query, String> {
    let now = c.now();
    let host = c.me().host;
    let mut units: Vec<String> = Vec::new();
    for unit in a.all("unit") {
        let name = unit.to_str_lossy().into_owned();
        let has_suffix = [".service", ".timer", ".socket", ".scope", ".mount", ".target", ".slice"]
            .iter()
            .any(|s| name.ends_with(s));
        units.push(if has_suffix || name.contains('*') { name } else { format!("{name}.service") });
    }
    let mut identifiers: Vec<String> = a.all("identifier").iter().map(|i| i.to_string()).collect();
    let mut pids = Vec::new();
    for m in a.operands() {
        let text = m.to_str_lossy();
        match text.split_once('=') {
            Some(("_SYSTEMD_UNIT" | "UNIT", value)) => units.push(value.into()),
            Some(("SYSLOG_IDENTIFIER" | "_COMM", value)) => identifiers.push(value.into()),
            Some(("_PID", value)) => pids.extend(value.parse::<u32>().ok()),
            Some(_) => {
                return Err(format!("journalctl: the field of {text} is real, but not modelled in this simulation"));
            }
            None if a.has("lines") && text.parse::<usize>().is_ok() => {}
            // `-b 0` with a blank.
            None if a.has("boot") && text.parse::<i32>().is_ok() => {}
            None => return Err(format!("Failed to add match '{text}': Invalid argument")),
        }
    }
    let priorities = match a.get("priority").map(|p| p.to_string()) {
        None => (0, 7),
        Some(text) => match text.split_once("..") {
            Some((from, to)) => {
                let bad = || format!("Failed to parse log level range {text}");
                let (a, b) = (level(from).ok_or_else(bad)?, level(to).ok_or_else(bad)?);
                (a.min(b), a.max(b))
            }
            None => (0, level(&text).ok_or_else(|| format!("Unknown log level {text}"))?),
        },
    };
    let time = |name: &str| match a.get(name) {
        Some(text) => journal_time::parse(&text.to_str_lossy(), now)
            .map(Some)
            .ok_or_else(|| format!("Failed to parse timestamp: {text}")),
        None => Ok(None),
    };
    let (mut since, until) = (time("since")?, time("until")?);
    if a.has("boot") || a.has("dmesg") {
        let booted = c.read(|w| w.host(host).kernel.booted());
        since = Some(since.map_or(booted, |t| t.max(booted)));
    }
    let grep = match a.get("grep") {
        Some(text) => {
            // All lower case: matches either.
            let fold = !text.iter().any(u8::is_ascii_uppercase);
            Some(Pattern::new(text, fold).map_err(|e| format!("Bad pattern \"{text}\": {e}"))?)
        }
        None => None,
    };
    Ok(Query { units, identifiers, pids, priorities, since, until, grep, kernel: a.has("dmesg") })
}

struct Style {
    output: String,
    host: String,
    full_host: String,
    colour: bool,
    booted: SimTime,
}

impl Style {
    fn line(&self, e: &Entry) -> String {
        let host = &self.host;
        let tag = if e.pid == 0 { format!("{}:", e.identifier) } else { format!("{}[{}]:", e.identifier, e.pid) };
        let (on, off) = match (self.colour, e.priority) {
            (false, _) => ("", ""),
            (_, Priority::Emergency | Priority::Alert | Priority::Critical | Priority::Error) => {
                ("\x1b[0;1;31m", "\x1b[0m")
            }
            (_, Priority::Warning) => ("\x1b[0;1;38;5;185m", "\x1b[0m"),
            (_, Priority::Notice) => ("\x1b[0;1;39m", "\x1b[0m"),
            (_, Priority::Debug) => ("\x1b[0;38;5;245m", "\x1b[0m"),
            _ => ("", ""),
        };
        let time = match self.output.as_str() {
            "cat" => return format!("{on}{}{off}\n", e.message),
            "json" | "json-pretty" => return self.json(e),
            "short-iso" => stamp(e.t, "%FT%T%z"),
            "short-iso-precise" => stamp(e.t, "%FT%T.%f%z"),
            "short-precise" => stamp(e.t, "%b %d %T.%f"),
            "short-full" | "with-unit" => stamp(e.t, "%a %F %T %Z"),
            "short-unix" => stamp(e.t, "%s.%f"),
            "short-monotonic" => {
                let up = e.t.since(self.booted);
                format!("[{:5}.{:06}]", up.secs(), up.micros() % 1_000_000)
            }
            _ => stamp(e.t, "%b %d %T"),
        };
        let tag = match self.output.as_str() {
            "with-unit" if !e.unit.is_empty() => format!("{}[{}]:", e.unit, e.pid),
            _ => tag,
        };
        format!("{time} {host}{tag} {on}{}{off}\n", e.message)
    }

    fn json(&self, e: &Entry) -> String {
        let mut map = serde_json::Map::new();
        let mut put = |key: &str, value: String| map.insert(key.into(), serde_json::Value::String(value));
        put("MESSAGE", e.message.clone());
        put("PRIORITY", (e.priority as u8).to_string());
        put("SYSLOG_IDENTIFIER", e.identifier.to_string());
        put("_HOSTNAME", self.full_host.clone());
        put("_PID", e.pid.to_string());
        put(if &*e.identifier == "systemd" { "UNIT" } else { "_SYSTEMD_UNIT" }, e.unit.to_string());
        put("__REALTIME_TIMESTAMP", e.t.micros().to_string());
        put("__MONOTONIC_TIMESTAMP", e.t.since(self.booted).micros().to_string());
        let value = serde_json::Value::Object(map);
        let text =
            if self.output == "json" { serde_json::to_string(&value) } else { serde_json::to_string_pretty(&value) };
        format!("{}\n", text.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use crate::base::Span;
    use crate::commands::GROUPS;
    use crate::testkit::Kit;
    use crate::world::HostId;
    use crate::world::journald::Priority;

    fn kit() -> Kit {
        let mut kit = Kit::new(GROUPS);
        for (text, priority) in [("listening", Priority::Info), ("disk is full", Priority::Error)] {
            kit.executor.world_mut().log(HostId(0), "web.service", "web", 812, priority, text);
            kit.advance(Span::MINUTE);
        }
        kit
    }

    #[test]
    fn entries_are_chosen_and_printed() {
        let mut kit = kit();
        let out = |kit: &mut Kit, options: &[&str]| kit.run(&[&["journalctl"], options].concat()).stdout;
        let both = "Mar 12 03:07:00 alpha web[812]: listening\nMar 12 03:08:00 alpha web[812]: disk is full\n";
        assert_eq!(out(&mut kit, &["-u", "web"]), both);
        assert_eq!(out(&mut kit, &["-p", "err", "-o", "cat"]), "disk is full\n");
        assert_eq!(
            out(&mut kit, &["-n1", "-o", "short-iso"]),
            "2026-03-12T03:08:00+0000 alpha web[812]: disk is full\n"
        );
        assert_eq!(out(&mut kit, &["--since", "03:07:30", "-o", "cat"]), "disk is full\n");
        assert_eq!(out(&mut kit, &["--until", "90 sec ago", "-o", "cat"]), "listening\n");
        assert_eq!(out(&mut kit, &["-r", "-o", "cat"]), "disk is full\nlistening\n");
        assert_eq!(out(&mut kit, &["-u", "nosuch"]), "-- No entries --\n");
        assert!(out(&mut kit, &["-o", "json", "-n", "1"]).contains("\"MESSAGE\":\"disk is full\""));
        assert_eq!(kit.run(&["journalctl", "--since", "soon"]).stderr, "Failed to parse timestamp: soon\n");
        assert_eq!(kit.run(&["sudo", "-u", "nobody", "journalctl"]).status, 1);
    }

    #[test]
    fn following_shows_what_comes() {
        let mut kit = kit();
        let (session, _) = kit.start(&["journalctl", "-f", "-n0", "-o", "cat"], "");
        kit.advance(Span::SECOND);
        kit.executor.world_mut().log(HostId(0), "web.service", "web", 812, Priority::Info, "again");
        kit.advance(Span::SECOND);
        assert_eq!(kit.output(session).0, "again\n");
    }
}
