use bstr::{BString, ByteSlice};

use super::journal_time::age;
use super::unit_text::{self, INSTANT};
use crate::base::fnmatch::matches;
use crate::base::stamp::stamp;
use crate::commands::terminal::pager;
use crate::program::{Args, Command, Ctx, Example, Opt, Outcome, Stop};
use crate::world::Errno;
use crate::world::kernel::Wait;
use crate::world::sys::UnitVerb;
use crate::world::units::{Active, Failure, Unit, UnitKind};

pub const COMMAND: Command = Command {
    name: "systemctl",
    package: "systemd",
    summary: "Query or send control commands to the system manager.",
    usage: &["[OPTIONS...] COMMAND ..."],
    options: &[
        Opt::flag('a', "all", "Show all properties/all units currently in memory"),
        Opt::long("failed", "Shortcut for --state=failed"),
        Opt::flag('f', "force", "When enabling unit files, override existing symlinks").accepted(),
        Opt::flag('l', "full", "Don't ellipsize unit names on output").accepted(),
        Opt::value('n', "lines", "INTEGER", "Number of journal entries to show"),
        Opt::long("no-legend", "Do not print a legend (column headers and hints)"),
        Opt::long("no-pager", "Do not pipe output into a pager"),
        Opt::long("no-block", "Do not wait until operation finished"),
        Opt::long("now", "Start or stop unit after enabling or disabling it"),
        Opt::value('o', "output", "STRING", "Change journal output mode").accepted(),
        Opt::long("plain", "Print unit dependencies as a list instead of a tree").accepted(),
        Opt::value('p', "property", "NAME", "Show only properties by this name"),
        Opt::flag('q', "quiet", "Suppress output"),
        Opt::value('s', "signal", "SIGNAL", "Which signal to send"),
        Opt::long_value("state", "STATE", "List units with particular LOAD or SUB or ACTIVE state"),
        Opt::long("system", "Connect to system manager").accepted(),
        Opt::value('t', "type", "TYPE", "List units of a particular type"),
        Opt::long("user", "Connect to user service manager").unmodelled(),
        Opt::long("value", "When showing properties, only print the value"),
        Opt::value('H', "host", "[USER@]HOST", "Operate on remote host").unmodelled(),
    ],
    examples: &[Example { run: "systemctl is-active nosuch", prints: "inactive\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

/// What a name means without its suffix.
fn full(name: &str) -> String {
    let known = [".service", ".timer", ".socket", ".target", ".mount", ".path", ".slice", ".scope", ".device", ".swap"];
    if known.iter().any(|s| name.ends_with(s)) || name.contains('*') { name.into() } else { format!("{name}.service") }
}

async fn main(c: Ctx, a: Args) -> Outcome {
    let words: Vec<String> = a.operands().iter().map(|o| o.to_string()).collect();
    let Some((verb, names)) = words.split_first() else {
        return list_units(&c, &a, &[]).await;
    };
    // A round trip over the bus.
    c.work(3_000_000).await?;
    match verb.as_str() {
        "status" => status(&c, &a, names).await,
        "start" => act(&c, &a, UnitVerb::Start, names).await,
        "stop" => act(&c, &a, UnitVerb::Stop, names).await,
        "restart" | "try-restart" | "condrestart" => act(&c, &a, UnitVerb::Restart, names).await,
        "reload" => reload(&c, names).await,
        "reload-or-restart" | "try-reload-or-restart" | "force-reload" => act(&c, &a, UnitVerb::Restart, names).await,
        "enable" | "disable" | "reenable" => enable(&c, &a, verb == "disable", names).await,
        "reset-failed" => reset(&c, &a, names).await,
        "is-active" | "is-failed" | "is-enabled" => is(&c, &a, verb, names).await,
        "list-units" => list_units(&c, &a, names).await,
        "list-unit-files" => list_files(&c, &a, names).await,
        "list-timers" => list_timers(&c, &a).await,
        "cat" => cat(&c, names).await,
        "show" => show(&c, &a, names).await,
        "kill" => kill(&c, &a, names).await,
        "daemon-reload" | "daemon-reexec" => match c.uid() {
            0 => Ok(0),
            _ => {
                c.err("Failed to reload daemon: Interactive authentication required.\n").await?;
                Ok(1)
            }
        },
        "is-system-running" => {
            let failed = c.read(|w| w.host(c.me().host).units.values().any(|u| matches!(u.active, Active::Failed(_))));
            c.out(if failed { "degraded\n" } else { "running\n" }).await?;
            Ok(u8::from(failed))
        }
        "edit" | "mask" | "unmask" | "set-property" | "isolate" | "list-dependencies" | "list-sockets" | "poweroff"
        | "reboot" | "halt" | "set-environment" | "show-environment" | "get-default" => {
            c.note_unmodelled(format!("systemctl {verb}"));
            c.complain(format_args!("{verb} is real, but not modelled in this simulation")).await?;
            Ok(1)
        }
        _ => {
            c.err(format!("Unknown command verb {verb}.\n")).await?;
            Ok(1)
        }
    }
}

/// A unit by name, with patterns: their names in order. Timers are found through what they trigger.
fn matching(c: &Ctx, pattern: &str) -> Vec<String> {
    c.read(|w| {
        let units = &w.host(c.me().host).units;
        let names = units.keys().filter(|n| matches(pattern.as_bytes(), n.as_bytes())).cloned();
        names.collect()
    })
}

fn with_unit<T>(c: &Ctx, name: &str, f: impl FnOnce(&Unit) -> T) -> Option<T> {
    c.read(|w| w.host(c.me().host).units.get(name).map(f))
}

/// The service that a timer triggers.
fn of_timer(c: &Ctx, name: &str) -> Option<String> {
    let service = format!("{}.service", name.strip_suffix(".timer")?);
    with_unit(c, &service, |u| u.spec.calendar.is_some())?.then_some(service)
}

async fn status(c: &Ctx, a: &Args, names: &[String]) -> Outcome {
    let host = c.me().host;
    if names.is_empty() {
        let text = c.read(|w| {
            let h = w.host(host);
            let failed = h.units.values().filter(|u| matches!(u.active, Active::Failed(_))).count();
            let state = if failed > 0 { "degraded" } else { "running" };
            let booted = h.kernel.booted();
            format!(
                "● {}\n    State: {state}\n    Units: {} loaded (incl. loaded aliases)\n     Jobs: 0 queued\n   Failed: {failed} units\n    Since: {}; {} ago\n  systemd: 252.39-1~deb12u1\n",
                h.name,
                h.units.len(),
                stamp(booted, INSTANT),
                age(w.now().since(booted))
            )
        });
        c.out(text).await?;
        return Ok(0);
    }
    let lines = a.get("lines").and_then(|n| n.to_str().ok()?.parse::<usize>().ok()).unwrap_or(10);
    let (mut text, mut code) = (String::new(), 0);
    for name in names {
        let name = by_pid(c, name).unwrap_or_else(|| full(name));
        let found = matching(c, &name);
        if let Some(service) = of_timer(c, &name) {
            let block = c.read(|w| w.host(host).units.get(&service).map(|u| unit_text::timer_status(w, host, u)));
            text.push_str(&block.unwrap_or_default());
            continue;
        }
        if found.is_empty() {
            c.err(format!("Unit {name} could not be found.\n")).await?;
            code = 4;
        }
        for unit in found {
            if !text.is_empty() {
                text.push('\n');
            }
            let block = c.read(|w| {
                let u = w.host(host).units.get(&unit)?;
                let mut block = unit_text::status(w, host, u);
                let short = w.host(host).name.split('.').next().unwrap_or("").to_string();
                let j = &w.host(host).journald;
                let mut tail: Vec<String> = j
                    .entries()
                    .rev()
                    .filter(|e| *e.unit == *unit)
                    .take(lines)
                    .map(|e| format!("{} {short} {}[{}]: {}\n", stamp(e.t, "%b %d %T"), e.identifier, e.pid, e.message))
                    .collect();
                tail.reverse();
                if !tail.is_empty() {
                    block.push('\n');
                    block.extend(tail);
                }
                let down = matches!(
                    u.active,
                    Active::Inactive | Active::Failed(_) | Active::Activating(_) | Active::AutoRestart(_)
                );
                Some((block, down))
            });
            if let Some((block, down)) = block {
                text.push_str(&block);
                if down && code == 0 {
                    code = 3;
                }
            }
        }
    }
    print(c, a, text).await?;
    Ok(code)
}

/// `systemctl status 1234`: the unit of a process.
fn by_pid(c: &Ctx, word: &str) -> Option<String> {
    let pid: u32 = word.parse().ok()?;
    c.read(|w| {
        let p = w.host(c.me().host).kernel.get(pid)?;
        p.cgroup.rsplit('/').next().map(String::from)
    })
}

async fn print(c: &Ctx, a: &Args, text: String) -> Result<(), Stop> {
    if c.is_tty(1) && !a.has("no-pager") {
        pager(c, BString::from(text), &["less", "-FRSXMK"]).await.map(drop)
    } else {
        c.out(text).await
    }
}

async fn refused(c: &Ctx, what: &str, unit: &str, errno: Errno) -> Outcome {
    match errno {
        Errno::ENOENT => {
            let verb =
                if what == "stop" || what == "reload" || what == "restart" || what == "start" { what } else { "find" };
            c.err(format!(
                "Failed to {verb} {unit}: Unit {unit} not {}.\n",
                if what == "stop" { "loaded" } else { "found" }
            ))
            .await?;
            Ok(5)
        }
        Errno::EACCES => {
            c.err(format!("Failed to {what} {unit}: Interactive authentication required.\nSee system logs and 'systemctl status {unit}' for details.\n")).await?;
            Ok(4)
        }
        errno => {
            c.err(format!("Failed to {what} {unit}: {errno}\n")).await?;
            Ok(1)
        }
    }
}

async fn too_few(c: &Ctx) -> Outcome {
    c.err("Too few arguments.\n").await?;
    Ok(1)
}

async fn act(c: &Ctx, a: &Args, verb: UnitVerb, names: &[String]) -> Outcome {
    if names.is_empty() {
        return too_few(c).await;
    }
    let mut code = 0;
    for name in names {
        let name = full(name);
        let mut units = matching(c, &name);
        if units.is_empty() {
            units.push(name);
        }
        for unit in units {
            if let Err(errno) = c.sys(|s| s.unit(verb, &unit)) {
                code = refused(c, verb.name(), &unit, errno).await?;
                continue;
            }
            if !a.has("no-block") && verb != UnitVerb::Stop {
                code = code.max(settle(c, &unit).await?);
            }
        }
    }
    Ok(code)
}

/// Waits for the job of a start: a oneshot unit's is done when it has run.
async fn settle(c: &Ctx, unit: &str) -> Outcome {
    loop {
        let state = with_unit(c, unit, |u| (u.active, u.spec.kind));
        match state {
            Some((Active::Activating(t), UnitKind::Oneshot)) => {
                // Just after the instant at which its work is done.
                c.wait(Wait::Until((t + crate::base::Span(1)).max(c.now() + crate::base::Span::from_millis(10))))
                    .await?;
            }
            Some((Active::Failed(failure), kind)) => {
                let why = match failure {
                    Failure::StartLimit => format!(
                        "Job for {unit} failed because start of the service was attempted too often.\nSee \"systemctl status {unit}\" and \"journalctl -xeu {unit}\" for details.\nTo force a start use \"systemctl reset-failed {unit}\"\nfollowed by \"systemctl start {unit}\" again.\n"
                    ),
                    Failure::Signal(_) => format!(
                        "Job for {unit} failed because a fatal signal was delivered to the control process.\nSee \"systemctl status {unit}\" and \"journalctl -xeu {unit}\" for details.\n"
                    ),
                    // A simple service counts as started once it is forked.
                    _ if kind == UnitKind::Simple => return Ok(0),
                    _ => format!(
                        "Job for {unit} failed because the control process exited with error code.\nSee \"systemctl status {unit}\" and \"journalctl -xeu {unit}\" for details.\n"
                    ),
                };
                c.err(why).await?;
                return Ok(1);
            }
            _ => return Ok(0),
        }
    }
}

async fn reload(c: &Ctx, names: &[String]) -> Outcome {
    if names.is_empty() {
        return too_few(c).await;
    }
    let mut code = 0;
    for name in names {
        let unit = full(name);
        match with_unit(c, &unit, |_| ()) {
            None => code = refused(c, "reload", &unit, Errno::ENOENT).await?,
            Some(()) => {
                // None of these units says how it reloads (ExecReload=).
                c.err(format!("Failed to reload {unit}: Job type reload is not applicable for unit {unit}.\nSee system logs and 'systemctl status {unit}' for details.\n")).await?;
                code = 1;
            }
        }
    }
    Ok(code)
}

async fn enable(c: &Ctx, a: &Args, off: bool, names: &[String]) -> Outcome {
    if names.is_empty() {
        return too_few(c).await;
    }
    let (verb, word) = if off { (UnitVerb::Disable, "disable") } else { (UnitVerb::Enable, "enable") };
    for name in names {
        let asked = full(name);
        let unit = of_timer(c, &asked).unwrap_or_else(|| asked.clone());
        let was = with_unit(c, &unit, |u| u.enabled);
        match c.sys(|s| s.unit(verb, &unit)) {
            Ok(()) => {}
            Err(Errno::ENOENT) => {
                c.err(format!("Failed to {word} unit: Unit file {asked} does not exist.\n")).await?;
                return Ok(1);
            }
            Err(_) => {
                c.err(format!("Failed to {word} unit: Interactive authentication required.\n")).await?;
                return Ok(1);
            }
        }
        let target = if asked.ends_with(".timer") { "timers" } else { "multi-user" };
        let link = format!("/etc/systemd/system/{target}.target.wants/{asked}");
        let path = c.read(|w| unit_text::path_of(w, c.me().host, &asked));
        match (off, was) {
            (false, Some(false)) => c.err(format!("Created symlink {link} → {path}.\n")).await?,
            (true, Some(true)) => c.err(format!("Removed \"{link}\".\n")).await?,
            _ => {}
        }
    }
    if a.has("now") {
        return act(c, a, if off { UnitVerb::Stop } else { UnitVerb::Start }, names).await;
    }
    Ok(0)
}

async fn reset(c: &Ctx, a: &Args, names: &[String]) -> Outcome {
    let all = matching(c, "*");
    let names: Vec<String> = if names.is_empty() { all } else { names.iter().map(|n| full(n)).collect() };
    let _ = a;
    for unit in names {
        if let Err(errno) = c.sys(|s| s.unit(UnitVerb::ResetFailed, &unit)) {
            let why = if errno == Errno::ENOENT {
                format!("Unit {unit} not loaded.")
            } else {
                "Interactive authentication required.".into()
            };
            c.err(format!("Failed to reset failed state of unit {unit}: {why}\n")).await?;
            return Ok(1);
        }
    }
    Ok(0)
}

async fn is(c: &Ctx, a: &Args, verb: &str, names: &[String]) -> Outcome {
    if names.is_empty() {
        return too_few(c).await;
    }
    let (mut good, mut code) = (false, 0);
    for name in names {
        let asked = full(name);
        let unit = of_timer(c, &asked);
        let timer = unit.is_some();
        let unit = unit.unwrap_or_else(|| asked.clone());
        let state = with_unit(c, &unit, |u| {
            let active = if timer { if u.enabled { "active" } else { "inactive" } } else { u.active_state() };
            (active, u.enabled)
        });
        let text = match (verb, state) {
            ("is-enabled", None) => {
                c.err(format!("Failed to get unit file state for {asked}: No such file or directory\n")).await?;
                code = 1;
                continue;
            }
            ("is-enabled", Some((_, true))) => "enabled",
            ("is-enabled", Some((_, false))) => "disabled",
            (_, Some((active, _))) => active,
            (_, None) => "inactive",
        };
        let ok = match verb {
            "is-active" => text == "active",
            "is-failed" => text == "failed",
            _ => text == "enabled",
        };
        good |= ok;
        if !ok {
            code = match (verb, state) {
                ("is-active", None) => 4,
                ("is-active", _) => 3,
                _ => 1,
            };
        }
        if !a.has("quiet") {
            c.out(format!("{text}\n")).await?;
        }
    }
    Ok(if good { 0 } else { code })
}

/// What `list-units` says of one.
struct Row {
    mark: &'static str,
    name: String,
    active: &'static str,
    sub: &'static str,
    description: String,
}

async fn list_units(c: &Ctx, a: &Args, patterns: &[String]) -> Outcome {
    let states: Vec<String> = match a.get("state") {
        Some(list) => list.split_str(",").map(|s| s.to_str_lossy().into()).collect(),
        None if a.has("failed") => vec!["failed".into()],
        None => Vec::new(),
    };
    let kind = a.get("type").map(|t| t.to_string());
    let rows: Vec<Row> = c.read(|w| {
        let mut rows = Vec::new();
        for u in w.host(c.me().host).units.values() {
            let failed = matches!(u.active, Active::Failed(_));
            rows.push(Row {
                mark: if failed { "●" } else { " " },
                name: u.spec.name.clone(),
                active: u.active_state(),
                sub: u.sub_state(),
                description: u.spec.description.clone(),
            });
            if u.spec.calendar.is_some() {
                let (active, sub) = if u.enabled { ("active", "waiting") } else { ("inactive", "dead") };
                rows.push(Row {
                    mark: " ",
                    name: unit_text::timer_name(&u.spec.name),
                    active,
                    sub,
                    description: u.spec.description.clone(),
                });
            }
        }
        rows.retain(|r| {
            let of_state = if states.is_empty() {
                a.has("all") || r.active != "inactive"
            } else {
                states.iter().any(|s| s == r.active || s == r.sub)
            };
            let of_kind = kind.as_ref().is_none_or(|k| r.name.ends_with(&format!(".{k}")));
            let of_name =
                patterns.is_empty() || patterns.iter().any(|p| matches(full(p).as_bytes(), r.name.as_bytes()));
            of_state && of_kind && of_name
        });
        rows.sort_by(|x, y| x.name.cmp(&y.name));
        rows
    });
    let width = |head: &str, f: &dyn Fn(&Row) -> usize| rows.iter().map(f).max().unwrap_or(0).max(head.len());
    let (n, act, sub) =
        (width("UNIT", &|r| r.name.len()), width("ACTIVE", &|r| r.active.len()), width("SUB", &|r| r.sub.len()));
    let load = if rows.is_empty() { 4 } else { 6 };
    let (n, act, sub) = if rows.is_empty() { (4, 6, 3) } else { (n, act, sub) };
    let mut text = String::new();
    if !a.has("no-legend") {
        text.push_str(&format!("  {:<n$} {:<load$} {:<act$} {:<sub$} DESCRIPTION\n", "UNIT", "LOAD", "ACTIVE", "SUB"));
    }
    for r in &rows {
        text.push_str(&format!(
            "{} {:<n$} {:<load$} {:<act$} {:<sub$} {}\n",
            r.mark, r.name, "loaded", r.active, r.sub, r.description
        ));
    }
    if !a.has("no-legend") {
        if rows.is_empty() {
            text.push_str("0 loaded units listed.");
        } else {
            text.push_str("\nLOAD   = Reflects whether the unit definition was properly loaded.\nACTIVE = The high-level unit activation state, i.e. generalization of SUB.\nSUB    = The low-level unit activation state, values depend on unit type.\n");
            text.push_str(&format!("{} loaded units listed.", rows.len()));
        }
        if states.is_empty() && !a.has("all") {
            text.push_str(" Pass --all to see loaded but inactive units, too.\nTo show all installed unit files use 'systemctl list-unit-files'.");
        }
        text.push('\n');
    }
    print(c, a, text).await?;
    Ok(0)
}

async fn list_files(c: &Ctx, a: &Args, patterns: &[String]) -> Outcome {
    let mut rows: Vec<(String, &'static str)> = c.read(|w| {
        let mut rows = Vec::new();
        for u in w.host(c.me().host).units.values() {
            let state = if u.enabled { "enabled" } else { "disabled" };
            if u.spec.calendar.is_some() {
                rows.push((u.spec.name.clone(), "static"));
                rows.push((unit_text::timer_name(&u.spec.name), state));
            } else {
                rows.push((u.spec.name.clone(), state));
            }
        }
        rows
    });
    rows.retain(|(name, _)| {
        patterns.is_empty() || patterns.iter().any(|p| matches(full(p).as_bytes(), name.as_bytes()))
    });
    rows.sort();
    let width = rows.iter().map(|(n, _)| n.len()).max().unwrap_or(0).max(9);
    let mut text = format!("{:<width$} {:<8} PRESET\n", "UNIT FILE", "STATE");
    for (name, state) in &rows {
        let preset = if *state == "static" { "-" } else { "enabled" };
        text.push_str(&format!("{name:<width$} {state:<8} {preset}\n"));
    }
    text.push_str(&format!("\n{} unit files listed.\n", rows.len()));
    print(c, a, text).await?;
    Ok(0)
}

async fn list_timers(c: &Ctx, a: &Args) -> Outcome {
    let rows: Vec<[String; 6]> = c.read(|w| {
        let now = w.now();
        let mut timers: Vec<&Unit> =
            w.host(c.me().host).units.values().filter(|u| u.spec.calendar.is_some() && u.enabled).collect();
        timers.sort_by_key(|u| u.next_elapse);
        let at = |t: Option<crate::base::SimTime>| t.map_or_else(|| "-".to_string(), |t| stamp(t, INSTANT));
        let row = |u: &&Unit| {
            [
                at(u.next_elapse),
                u.next_elapse.map_or_else(|| "-".into(), |t| format!("{} left", age(t.since(now)))),
                at(u.last_elapse),
                u.last_elapse.map_or_else(|| "-".into(), |t| format!("{} ago", age(now.since(t)))),
                unit_text::timer_name(&u.spec.name),
                u.spec.name.clone(),
            ]
        };
        timers.iter().map(row).collect()
    });
    let mut lines = vec![["NEXT", "LEFT", "LAST", "PASSED", "UNIT", "ACTIVATES"].map(String::from)];
    lines.extend(rows.iter().cloned());
    let widths: Vec<usize> = (0..6).map(|n| lines.iter().map(|l| l[n].len()).max().unwrap_or(0)).collect();
    let mut text = String::new();
    for line in &lines {
        let cells: Vec<String> = line.iter().zip(&widths).map(|(cell, w)| format!("{cell:<w$}")).collect();
        text.push_str(cells.join(" ").trim_end());
        text.push('\n');
    }
    text.push_str(&format!("\n{} timers listed.\nPass --all to see loaded but inactive timers, too.\n", rows.len()));
    print(c, a, text).await?;
    Ok(0)
}

async fn cat(c: &Ctx, names: &[String]) -> Outcome {
    if names.is_empty() {
        return too_few(c).await;
    }
    for (n, name) in names.iter().enumerate() {
        let unit = full(name);
        let text = c.read(|w| {
            let host = c.me().host;
            let path = unit_text::path_of(w, host, &unit);
            let own = w.host(host).units.get(&unit).map(unit_text::file_text);
            let body = w.host(host).read_file(&path).map(|b| b.to_str_lossy().into_owned()).or(own)?;
            Some(format!("# {path}\n{body}"))
        });
        match text {
            Some(text) => {
                c.out(if n > 0 { "\n" } else { "" }).await?;
                c.out(text).await?;
            }
            None => {
                c.err(format!("No files found for {unit}.\n")).await?;
                return Ok(1);
            }
        }
    }
    Ok(0)
}

async fn show(c: &Ctx, a: &Args, names: &[String]) -> Outcome {
    let mut wanted: Vec<String> = Vec::new();
    for list in a.all("property") {
        wanted.extend(list.split_str(",").map(|w| w.to_str_lossy().into_owned()));
    }
    for name in names {
        let unit = full(name);
        let rows = c.read(|w| {
            let host = c.me().host;
            w.host(host).units.get(&unit).map(|u| unit_text::properties(w, host, u))
        });
        let rows = rows.unwrap_or_else(|| {
            vec![
                ("Id", unit.clone()),
                ("LoadState", "not-found".into()),
                ("ActiveState", "inactive".into()),
                ("SubState", "dead".into()),
            ]
        });
        let shown = |k: &str| wanted.is_empty() || wanted.iter().any(|w| w == k);
        for (key, value) in rows.iter().filter(|(k, _)| shown(k)) {
            c.out(if a.has("value") { format!("{value}\n") } else { format!("{key}={value}\n") }).await?;
        }
        for unknown in wanted.iter().filter(|w| !rows.iter().any(|(k, _)| k == w)) {
            c.note_unmodelled(format!("systemctl show -p {unknown}"));
        }
    }
    Ok(0)
}

async fn kill(c: &Ctx, a: &Args, names: &[String]) -> Outcome {
    if names.is_empty() {
        return too_few(c).await;
    }
    let signal = match a.get("signal") {
        Some(text) => crate::world::kernel::Signal::parse(&text.to_str_lossy()),
        None => Some(crate::world::kernel::Signal::TERM),
    };
    let Some(signal) = signal else {
        c.err("Failed to parse signal string.\n").await?;
        return Ok(1);
    };
    for name in names {
        let unit = full(name);
        let Some(pid) = with_unit(c, &unit, |u| u.main_pid) else {
            return refused(c, "kill unit", &unit, Errno::ENOENT).await;
        };
        let result = match pid {
            Some(pid) => c.sys(|s| s.kill(i64::from(pid), Some(signal))),
            None => Ok(()),
        };
        if result.is_err() {
            c.err(format!("Failed to kill unit {unit}: Interactive authentication required.\n")).await?;
            return Ok(1);
        }
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use crate::base::Span;
    use crate::commands::GROUPS;
    use crate::testkit::Kit;

    #[test]
    fn a_unit_s_life_is_shown() {
        let mut kit = Kit::new(GROUPS);
        kit.unit("web.service", "The shop", "/usr/bin/sleep");
        assert_eq!(kit.run(&["systemctl", "is-active", "web"]).status, 3);
        let ran = kit.run(&["systemctl", "start", "web"]);
        assert_eq!(
            ran.stderr.lines().next(),
            Some("Failed to start web.service: Interactive authentication required.")
        );
        assert_eq!(kit.run(&["sudo", "systemctl", "start", "web"]).status, 0);
        kit.advance(Span::MINUTE);
        let text = kit.run(&["systemctl", "status", "web"]).stdout;
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "● web.service - The shop");
        assert_eq!(lines[1], "     Loaded: loaded (/lib/systemd/system/web.service; enabled; preset: enabled)");
        assert!(lines[2].starts_with("     Active: active (running) since Thu 2026-03-12 03:07:0"), "{text}");
        assert!(lines[3].starts_with("   Main PID: ") && lines[3].ends_with(" (sleep)"), "{text}");
        assert!(text.contains("\nMar 12 03:07:00 alpha systemd[1]: Started web.service - The shop.\n"), "{text}");
        assert_eq!(kit.run(&["sudo", "systemctl", "kill", "-s", "KILL", "web"]).status, 0);
        assert_eq!(kit.run(&["systemctl", "is-failed", "web"]).stdout, "failed\n");
        let ran = kit.run(&["systemctl", "--failed", "--no-legend"]);
        assert_eq!(ran.stdout, "● web.service loaded failed failed The shop\n");
        assert_eq!(kit.run(&["systemctl", "status", "nosuch"]).stderr, "Unit nosuch.service could not be found.\n");
        assert_eq!(kit.run(&["systemctl", "show", "-p", "ActiveState", "web"]).stdout, "ActiveState=failed\n");
        assert!(kit.executor.world().journal.events().iter().any(|e| e.verb == "start" && e.object == "web.service"));
    }
}
