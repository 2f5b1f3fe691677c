//! How `systemctl` shows a unit: its status block, its properties, its file.

use super::journal_time::{age, length, size};
use crate::base::stamp::stamp;
use crate::base::{SimTime, Span};
use crate::world::World;
use crate::world::kernel::{ExitStatus, HostId};
use crate::world::units::{Active, RestartPolicy, Unit, UnitKind};

/// Day, date, time and zone, as systemd prints an instant.
pub const INSTANT: &str = "%a %F %T %Z";

/// Where the unit's file is.
pub fn path_of(w: &World, host: HostId, name: &str) -> String {
    let dirs = ["/etc/systemd/system", "/lib/systemd/system", "/usr/lib/systemd/system"];
    let found = dirs.iter().map(|d| format!("{d}/{name}")).find(|p| w.host(host).node(p).is_some());
    found.unwrap_or_else(|| format!("/lib/systemd/system/{name}"))
}

/// The mark before a name: what colour says too.
pub fn mark(u: &Unit) -> &'static str {
    match u.active {
        Active::Inactive => "○",
        Active::Failed(_) => "×",
        _ => "●",
    }
}

/// How a process ended: `code=exited, status=1/FAILURE`.
fn ended(status: ExitStatus) -> String {
    match status {
        ExitStatus::Exited(0) => "code=exited, status=0/SUCCESS".into(),
        ExitStatus::Exited(1) => "code=exited, status=1/FAILURE".into(),
        ExitStatus::Exited(code) => format!("code=exited, status={code}"),
        ExitStatus::Signalled(signal) => format!("code=killed, signal={}", signal.name()),
    }
}

/// `● myapp.service - …` with everything below it but the journal's tail.
pub fn status(w: &World, host: HostId, u: &Unit) -> String {
    let (name, now) = (&u.spec.name, w.now());
    let enabled = if u.enabled { "enabled" } else { "disabled" };
    let mut out = format!("{} {name} - {}\n", mark(u), u.spec.description);
    out.push_str(&format!("     Loaded: loaded ({}; {enabled}; preset: enabled)\n", path_of(w, host, name)));
    let result = match u.active {
        Active::Failed(_) => format!(" (Result: {})", u.result()),
        Active::AutoRestart(_) => match u.last {
            Some((_, ExitStatus::Signalled(_))) => " (Result: signal)".into(),
            _ => " (Result: exit-code)".into(),
        },
        _ => String::new(),
    };
    let since = if u.since == SimTime::ZERO || u.active == Active::Inactive && u.last.is_none() {
        String::new()
    } else {
        format!(" since {}; {} ago", stamp(u.since, INSTANT), age(now.since(u.since)))
    };
    out.push_str(&format!("     Active: {} ({}){result}{since}\n", u.active_state(), u.sub_state()));
    if u.spec.calendar.is_some() {
        out.push_str(&format!("TriggeredBy: ● {}\n", timer_name(name)));
    }
    let exec = u.spec.exec.join(" ");
    match (u.main_pid.and_then(|pid| w.host(host).kernel.get(pid)), u.last) {
        (Some(p), _) => {
            out.push_str(&format!("   Main PID: {} ({})\n", p.pid, p.comm));
            let members: Vec<_> =
                w.process_rows(host).into_iter().filter(|q| q.cgroup.ends_with(&format!("/{name}"))).collect();
            let tasks: u32 = members.iter().map(|q| q.threads).sum();
            let memory: u64 = members.iter().map(|q| q.rss_bytes).sum();
            let cpu: u64 = members.iter().map(|q| q.cpu.micros()).sum();
            // systemd allows 15 % of the kernel's threads (DefaultTasksMax).
            let limit = w.host(host).memory_bytes / (1 << 20) * 1138 / 1000;
            out.push_str(&format!(
                "      Tasks: {tasks} (limit: {limit})\n     Memory: {}\n        CPU: {}\n",
                size(memory),
                length(Span(cpu))
            ));
            out.push_str(&format!("     CGroup: /system.slice/{name}\n"));
            for (n, q) in members.iter().enumerate() {
                let branch = if n + 1 == members.len() { "└─" } else { "├─" };
                out.push_str(&format!("             {branch}{} {}\n", q.pid, q.args()));
            }
        }
        (None, Some((pid, status))) => {
            if matches!(u.active, Active::Failed(_) | Active::AutoRestart(_)) || u.spec.kind == UnitKind::Oneshot {
                out.push_str(&format!("    Process: {pid} ExecStart={exec} ({})\n", ended(status)));
            }
            out.push_str(&format!("   Main PID: {pid} ({})\n", ended(status)));
        }
        (None, None) => {}
    }
    out
}

pub fn timer_name(service: &str) -> String {
    format!("{}.timer", service.strip_suffix(".service").unwrap_or(service))
}

/// The status of a unit's timer.
pub fn timer_status(w: &World, host: HostId, u: &Unit) -> String {
    let name = timer_name(&u.spec.name);
    let (enabled, active) = if u.enabled { ("enabled", "active (waiting)") } else { ("disabled", "inactive (dead)") };
    let booted = w.host(host).kernel.booted();
    let mut out = format!("● {name} - {}\n", u.spec.description);
    out.push_str(&format!("     Loaded: loaded ({}; {enabled}; preset: enabled)\n", path_of(w, host, &name)));
    out.push_str(&format!(
        "     Active: {active} since {}; {} ago\n",
        stamp(booted, INSTANT),
        age(w.now().since(booted))
    ));
    if let Some(t) = u.next_elapse.filter(|_| u.enabled) {
        out.push_str(&format!("    Trigger: {}; {} left\n", stamp(t, INSTANT), age(t.since(w.now()))));
    }
    out.push_str(&format!("   Triggers: {} {}\n", mark(u), u.spec.name));
    out
}

/// `systemctl show`: the properties that are known here, in systemd's order.
pub fn properties(w: &World, host: HostId, u: &Unit) -> Vec<(&'static str, String)> {
    let p = u.main_pid.and_then(|pid| w.host(host).kernel.get(pid));
    let yes = |b: bool| if b { "yes" } else { "no" }.to_string();
    let restart = match u.spec.restart {
        RestartPolicy::No => "no",
        RestartPolicy::OnFailure => "on-failure",
        RestartPolicy::Always => "always",
    };
    let kind = if u.spec.kind == UnitKind::Oneshot { "oneshot" } else { "simple" };
    let (code, status) = match u.last {
        Some((_, ExitStatus::Exited(n))) => (1, n),
        Some((_, ExitStatus::Signalled(s))) => (2, s.number()),
        None => (0, 0),
    };
    let pids = u.main_pid.unwrap_or(0);
    vec![
        ("Type", kind.into()),
        ("Restart", restart.into()),
        ("RestartUSec", length(u.spec.restart_after)),
        ("MainPID", pids.to_string()),
        ("ExecMainStatus", status.to_string()),
        ("ExecMainCode", code.to_string()),
        ("NRestarts", u.restarts.to_string()),
        ("Result", u.result().into()),
        (
            "ExecStart",
            format!(
                "{{ path={} ; argv[]={} }}",
                u.spec.exec.first().cloned().unwrap_or_default(),
                u.spec.exec.join(" ")
            ),
        ),
        ("ControlGroup", format!("/system.slice/{}", u.spec.name)),
        ("MemoryCurrent", p.map_or_else(|| "[not set]".into(), |p| p.rss_bytes.to_string())),
        ("CPUUsageNSec", p.map_or_else(|| "[not set]".into(), |p| p.cpu_ns_at(w.now()).to_string())),
        ("TasksCurrent", p.map_or_else(|| "[not set]".into(), |p| p.threads.to_string())),
        ("EnvironmentFiles", u.spec.env_file.as_ref().map_or_else(String::new, |f| format!("{f} (ignore_errors=no)"))),
        ("WorkingDirectory", u.spec.directory.clone().unwrap_or_default()),
        ("User", u.spec.user.clone()),
        ("Id", u.spec.name.clone()),
        ("Names", u.spec.name.clone()),
        ("Description", u.spec.description.clone()),
        ("LoadState", "loaded".into()),
        ("ActiveState", u.active_state().into()),
        ("SubState", u.sub_state().into()),
        ("FragmentPath", path_of(w, host, &u.spec.name)),
        ("UnitFileState", if u.enabled { "enabled" } else { "disabled" }.into()),
        ("ActiveEnterTimestamp", if u.is_running() { stamp(u.since, INSTANT) } else { String::new() }),
        ("StateChangeTimestamp", stamp(u.since, INSTANT)),
        ("CanReload", yes(false)),
    ]
}

/// The unit's file as its properties say it, for a unit whose file is not on the disk.
pub fn file_text(u: &Unit) -> String {
    let mut out = format!("[Unit]\nDescription={}\n\n[Service]\n", u.spec.description);
    if u.spec.kind == UnitKind::Oneshot {
        out.push_str("Type=oneshot\n");
    }
    if u.spec.user != "root" {
        out.push_str(&format!("User={}\n", u.spec.user));
    }
    if let Some(dir) = &u.spec.directory {
        out.push_str(&format!("WorkingDirectory={dir}\n"));
    }
    if let Some(file) = &u.spec.env_file {
        out.push_str(&format!("EnvironmentFile={file}\n"));
    }
    out.push_str(&format!("ExecStart={}\n", u.spec.exec.join(" ")));
    match u.spec.restart {
        RestartPolicy::No => {}
        RestartPolicy::OnFailure => out.push_str("Restart=on-failure\n"),
        RestartPolicy::Always => out.push_str("Restart=always\n"),
    }
    if u.spec.kind != UnitKind::Oneshot {
        out.push_str("\n[Install]\nWantedBy=multi-user.target\n");
    }
    out
}
