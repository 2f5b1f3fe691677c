//! The fields of `ps`: name, heading, width, and the text of each from a process's row.

use std::cmp::Ordering;

use crate::base::stamp::stamp;
use crate::base::{SimTime, Span};
use crate::world::listing::ProcessRow;

/// What a field needs besides the row.
#[derive(Clone, Copy)]
pub struct Facts {
    pub now: SimTime,
    pub memory_bytes: u64,
    pub cores: u32,
}

/// A kind of column.
pub struct Field {
    /// Every name it answers to.
    pub names: &'static [&'static str],
    pub heading: &'static str,
    pub width: usize,
    pub right: bool,
    pub text: fn(&ProcessRow, &Facts) -> String,
}

const fn left(
    names: &'static [&'static str],
    heading: &'static str,
    width: usize,
    text: fn(&ProcessRow, &Facts) -> String,
) -> Field {
    Field { names, heading, width, right: false, text }
}
const fn right(
    names: &'static [&'static str],
    heading: &'static str,
    width: usize,
    text: fn(&ProcessRow, &Facts) -> String,
) -> Field {
    Field { names, heading, width, right: true, text }
}

/// As wide as the highest pid (4194304).
const PID: usize = 7;

pub const FIELDS: &[Field] = &[
    right(&["pid", "tgid"], "PID", PID, |p, _| p.pid.to_string()),
    right(&["ppid"], "PPID", PID, |p, _| p.ppid.to_string()),
    right(&["pgid", "pgrp"], "PGID", PID, |p, _| p.pgid.to_string()),
    right(&["sid", "sess", "session"], "SID", PID, |p, _| p.sid.to_string()),
    right(&["tpgid"], "TPGID", PID, |p, _| p.tpgid.to_string()),
    right(&["lwp", "spid", "tid"], "LWP", PID, |p, _| p.pid.to_string()),
    left(&["user", "euser", "uname", "ruser", "fuser", "suser"], "USER", 8, |p, _| p.user.clone()),
    left(&["uid_hack"], "UID", 8, |p, _| p.user.clone()),
    left(&["group", "egroup", "rgroup", "fgroup", "sgroup"], "GROUP", 8, |p, _| p.group.clone()),
    right(&["uid", "euid", "ruid", "fuid", "suid"], "UID", 5, |p, _| p.uid.to_string()),
    right(&["gid", "egid", "rgid", "fgid", "sgid"], "GID", 5, |p, _| p.gid.to_string()),
    right(&["%cpu", "pcpu"], "%CPU", 4, |p, f| share(p.cpu_permille(f.now))),
    right(&["c", "util"], "C", 2, |p, f| (p.cpu_permille(f.now) / 10).min(99).to_string()),
    right(&["cp"], "CP", 3, |p, f| p.cpu_permille(f.now).to_string()),
    right(&["%mem", "pmem"], "%MEM", 4, |p, f| share(p.rss_bytes * 1000 / f.memory_bytes.max(1))),
    right(&["vsz", "vsize"], "VSZ", 6, |p, _| (p.vsz_bytes / 1024).to_string()),
    right(&["rss", "rssize", "rsz"], "RSS", 5, |p, _| (p.rss_bytes / 1024).to_string()),
    right(&["drs"], "DRS", 5, |p, _| (p.vsz_bytes / 1024).to_string()),
    right(&["trs"], "TRS", 4, |_, _| "0".into()),
    right(&["maj_flt", "majflt", "pagein"], "MAJFL", 6, |_, _| "0".into()),
    right(&["sz"], "SZ", 5, |p, _| (p.vsz_bytes / 4096).to_string()),
    right(&["size"], "SIZE", 5, |p, _| (p.vsz_bytes / 1024).to_string()),
    right(&["addr_sz"], "ADDR SZ", 7, |p, _| format!("- {:5}", p.vsz_bytes / 4096)),
    left(&["tname", "tty8", "longtname"], "TTY", 8, |p, _| tty(p)),
    left(&["tty", "tt"], "TT", 8, |p, _| tty(p)),
    left(&["stat"], "STAT", 4, |p, _| p.stat()),
    left(&["s", "state"], "S", 1, |p, _| p.state.letter().to_string()),
    left(&["stime", "start_time"], "STIME", 5, |p, f| started_briefly(p.started, f.now)),
    right(&["bsdstart"], "START", 6, |p, f| match f.now.since(p.started) {
        age if age > Span::DAY => stamp(p.started, "%b %e"),
        _ => stamp(p.started, "%R"),
    }),
    right(&["start"], "STARTED", 8, |p, f| match f.now.since(p.started) {
        age if age > Span::DAY => stamp(p.started, "%b %e"),
        _ => stamp(p.started, "%T"),
    }),
    right(&["lstart"], "STARTED", 24, |p, _| stamp(p.started, "%a %b %e %T %Y")),
    right(&["etime"], "ELAPSED", 11, |p, f| elapsed(f.now.since(p.started).secs())),
    right(&["etimes"], "ELAPSED", 7, |p, f| f.now.since(p.started).secs().to_string()),
    right(&["time", "cputime"], "TIME", 8, |p, _| clock(p.cpu.secs())),
    right(&["times", "cputimes"], "TIME", 8, |p, _| p.cpu.secs().to_string()),
    right(&["bsdtime"], "TIME", 6, |p, _| format!("{}:{:02}", p.cpu.secs() / 60, p.cpu.secs() % 60)),
    left(&["wchan", "wname"], "WCHAN", 6, |p, _| if p.wchan == "0" { "-".into() } else { p.wchan.into() }),
    right(&["ni", "nice"], "NI", 3, |p, _| p.nice.to_string()),
    right(&["pri"], "PRI", 3, |p, _| (19 - i32::from(p.nice)).to_string()),
    right(&["priority"], "PRI", 3, |p, _| (20 + i32::from(p.nice)).to_string()),
    right(&["opri", "intpri"], "PRI", 3, |p, _| (80 + i32::from(p.nice)).to_string()),
    right(&["rtprio"], "RTPRIO", 6, |_, _| "-".into()),
    left(&["cls", "class", "policy", "pol"], "CLS", 3, |_, _| "TS".into()),
    right(&["sched", "sch"], "SCH", 3, |_, _| "0".into()),
    right(&["psr", "cpuid", "lastcpu"], "PSR", 3, |p, f| (p.pid % f.cores.max(1)).to_string()),
    right(&["nlwp"], "NLWP", 4, |p, _| p.threads.to_string()),
    right(&["thcount"], "THCNT", 5, |p, _| p.threads.to_string()),
    right(&["f", "flag", "flags"], "F", 1, |p, _| flags(p)),
    left(&["comm", "ucomm"], "COMMAND", 15, |p, _| name(p)),
    left(&["ucmd"], "CMD", 15, |p, _| name(p)),
    left(&["args", "command"], "COMMAND", 27, |p, _| p.args()),
    left(&["cmd"], "CMD", 27, |p, _| p.args()),
    left(&["exe"], "EXE", 27, |p, _| if p.argv.is_empty() { "-".into() } else { p.exe.to_string() }),
    left(&["cgroup"], "CGROUP", 27, |p, _| format!("0::{}", p.cgroup)),
    left(&["cgname"], "CGNAME", 27, |p, _| p.cgroup.clone()),
    left(&["unit"], "UNIT", 31, |p, _| p.unit().to_string()),
    right(&["pending", "sig"], "PENDING", 16, |p, _| format!("{:016x}", p.pending)),
    right(&["blocked", "sigmask"], "BLOCKED", 16, |p, _| format!("{:016x}", p.blocked)),
    right(&["ignored", "sigignore"], "IGNORED", 16, |p, _| format!("{:016x}", p.ignored)),
    right(&["caught", "sigcatch"], "CAUGHT", 16, |p, _| format!("{:016x}", p.caught)),
];

/// Real fields that nothing here knows: asking for one says so.
pub const UNMODELLED: &[&str] = &[
    "label", "context", "luid", "lxc", "machine", "mntns", "netns", "numa", "oom", "ouid", "pidns", "pss", "seat",
    "slice", "uss", "utsns", "uunit", "userns", "ipcns", "cgroupns", "timens", "lsession", "stackp", "esp", "eip",
    "rbytes", "wbytes",
];

pub fn find(name: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|f| f.names.contains(&name))
}

fn share(permille: u64) -> String {
    match permille {
        0..1000 => format!("{}.{}", permille / 10, permille % 10),
        _ => (permille / 10).to_string(),
    }
}
fn tty(p: &ProcessRow) -> String {
    p.tty.clone().unwrap_or_else(|| "?".into())
}
fn name(p: &ProcessRow) -> String {
    if p.is_zombie() { format!("{} <defunct>", p.comm) } else { p.comm.clone() }
}
/// Root's processes are marked as having used its rights, kernel threads as never having become a program.
fn flags(p: &ProcessRow) -> String {
    let flag = if p.is_kernel_thread() {
        '1'
    } else if p.uid == 0 {
        '4'
    } else {
        '0'
    };
    flag.to_string()
}
/// The hour if it was today, else the day, else the year.
pub fn started_briefly(started: SimTime, now: SimTime) -> String {
    let day = stamp(started, "%F");
    let year_ends = day.find('-').unwrap_or(day.len());
    if day == stamp(now, "%F") {
        stamp(started, "%R")
    } else if stamp(now, "%F").get(..year_ends) == day.get(..year_ends) {
        stamp(started, "%b%d")
    } else {
        stamp(started, "%Y")
    }
}
/// `[DD-]hh:mm:ss`.
fn clock(secs: u64) -> String {
    let days = if secs >= 86_400 { format!("{}-", secs / 86_400) } else { String::new() };
    format!("{days}{:02}:{:02}:{:02}", secs / 3600 % 24, secs / 60 % 60, secs % 60)
}
/// `[[DD-]hh:]mm:ss`.
fn elapsed(secs: u64) -> String {
    if secs >= 3600 { clock(secs) } else { format!("{:02}:{:02}", secs / 60, secs % 60) }
}

/// The order of `--sort=KEY`: numbers as numbers.
pub fn compare(key: &str, a: &ProcessRow, b: &ProcessRow, f: &Facts) -> Ordering {
    match key {
        "%cpu" | "pcpu" | "c" | "util" | "cp" => a.cpu_permille(f.now).cmp(&b.cpu_permille(f.now)),
        "%mem" | "pmem" | "rss" | "rssize" | "rsz" => a.rss_bytes.cmp(&b.rss_bytes),
        "vsz" | "vsize" | "sz" | "size" | "drs" => a.vsz_bytes.cmp(&b.vsz_bytes),
        "time" | "cputime" | "bsdtime" | "times" | "cputimes" => a.cpu.cmp(&b.cpu),
        "start" | "start_time" | "stime" | "lstart" | "bsdstart" => a.started.cmp(&b.started),
        "etime" | "etimes" => b.started.cmp(&a.started),
        "pid" | "tgid" | "lwp" => a.pid.cmp(&b.pid),
        "ppid" => a.ppid.cmp(&b.ppid),
        "pgid" | "pgrp" => a.pgid.cmp(&b.pgid),
        "sid" | "sess" | "session" => a.sid.cmp(&b.sid),
        "uid" | "euid" | "ruid" => a.uid.cmp(&b.uid),
        "gid" | "egid" | "rgid" => a.gid.cmp(&b.gid),
        "ni" | "nice" | "priority" | "opri" => a.nice.cmp(&b.nice),
        "pri" => b.nice.cmp(&a.nice),
        "nlwp" | "thcount" => a.threads.cmp(&b.threads),
        other => match find(other) {
            Some(field) => (field.text)(a, f).cmp(&(field.text)(b, f)),
            None => Ordering::Equal,
        },
    }
}
