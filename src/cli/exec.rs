//! `exec`: a script on a host of a fresh run, or in a plain host with a folder's files.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bstr::BString;

use super::args::Exec;
use super::out::{Out, stdin_bytes, stdin_text};
use super::runs::{SCRIPT_LIMIT, host_name, new_seed};
use super::{Done, Failed, folder};
use crate::base::values;
use crate::base::{SimTime, limits};
use crate::run::Run;
use crate::run::file::Mode;
use crate::run::machine::wait_command;
use crate::run::plain::{self, Entry, Kind};
use crate::scenario::Catalogue;

/// Real time after which a script is ended.
const REAL_LIMIT: Duration = Duration::from_secs(60);
/// Environment variables that come along beside LC_*.
const KEPT: [&str; 4] = ["HOME", "PATH", "LANG", "TZ"];

pub(crate) fn exec(catalogue: &mut Catalogue, exec: Exec, out: &mut Out) -> Done {
    if let Some(root) = &exec.root {
        return in_folder(root, &exec, out);
    }
    let id = exec.id.as_deref().unwrap_or_default();
    let scenario = folder::scenario(catalogue, id)?;
    let mut run = Run::start(&scenario, exec.seed.unwrap_or_else(new_seed), Mode::Training)?;
    let host = host_name(&run, exec.host.as_deref())?;
    if let Some(at) = exec.at {
        run.advance(i64::try_from(at.micros()).unwrap_or(i64::MAX));
    }
    let stdin = stdin_text()?;
    let (started, limit) = (Instant::now(), exec.limit.unwrap_or(SCRIPT_LIMIT));
    let mut heard = |stream: u8, bytes: &[u8]| out.bytes(stream, bytes) && started.elapsed() < REAL_LIMIT;
    Ok(run.command(&host, &exec.script, stdin, limit, &mut heard)?)
}

fn in_folder(root: &Path, exec: &Exec, out: &mut Out) -> Done {
    let at = |path: &Path, e: std::io::Error| Failed::trouble(format!("{}: {e}", path.display()));
    let root = fs::canonicalize(root).map_err(|e| at(root, e))?;
    if !root.is_dir() {
        return Err(Failed::trouble(format!("{} is no folder", root.display())));
    }
    let directory = root.to_string_lossy().into_owned();
    let now = match &exec.date {
        Some(date) => values::Instant::parse(date).map_err(|e| e.replace(values::MEND, "; "))?.time(),
        None => sim_time(SystemTime::now()),
    };
    let (mut entries, mut left) = (Vec::new(), limits::LITERAL_BYTES_ROOT);
    collect(&root, &mut entries, &mut left)?;
    let variable = |name: &str| std::env::var_os(name).map(|v| BString::from(v.into_encoded_bytes()));
    let home = variable("HOME").map_or("/home/user".to_string(), |h| h.to_string());
    let mut environment: BTreeMap<BString, BString> = BTreeMap::new();
    for name in KEPT {
        if let Some(value) = variable(name) {
            environment.insert(name.into(), value);
        }
    }
    for (name, value) in std::env::vars_os() {
        let name = BString::from(name.into_encoded_bytes());
        if name.starts_with(b"LC_") {
            environment.insert(name, BString::from(value.into_encoded_bytes()));
        }
    }
    environment.entry("PATH".into()).or_insert_with(|| "/usr/local/bin:/usr/bin:/bin".into());
    let mut machine = plain::machine(entries, &home, now)?;
    let stdin = stdin_bytes()?;
    let arguments = exec.arguments.iter().map(|a| BString::from(a.as_bytes())).collect();
    plain::start(&mut machine, &exec.script, &directory, environment, arguments, &stdin)?;
    let (started, limit) = (Instant::now(), exec.limit.unwrap_or(SCRIPT_LIMIT));
    let mut heard = |stream: u8, bytes: &[u8]| out.bytes(stream, bytes) && started.elapsed() < REAL_LIMIT;
    Ok(wait_command(&mut machine, 0, limit, &mut heard))
}

fn sim_time(time: SystemTime) -> SimTime {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    SimTime(u64::try_from(since.as_micros()).unwrap_or(0))
}

/// A folder and what is below it, as they are; sockets and devices are left out.
fn collect(path: &Path, entries: &mut Vec<Entry>, left: &mut u64) -> Result<(), Failed> {
    let fail = |e: std::io::Error| Failed::trouble(format!("{}: {e}", path.display()));
    let about = fs::symlink_metadata(path).map_err(fail)?;
    let kind = if about.is_symlink() {
        Kind::Symlink(BString::from(fs::read_link(path).map_err(fail)?.into_os_string().into_encoded_bytes()))
    } else if about.is_dir() {
        Kind::Dir
    } else if about.is_file() {
        *left = left.checked_sub(about.len()).ok_or_else(|| {
            Failed::trouble(format!("the folder holds more than {} MB", limits::LITERAL_BYTES_ROOT >> 20))
        })?;
        Kind::File(fs::read(path).map_err(fail)?)
    } else {
        return Ok(());
    };
    let descend = matches!(kind, Kind::Dir);
    let modified = about.modified().map(sim_time).unwrap_or_default();
    let name = BString::from(path.as_os_str().as_encoded_bytes());
    entries.push(Entry { path: name, kind, mode: mode(&about), modified });
    if descend {
        for inner in folder::entries(path)? {
            collect(&inner, entries, left)?;
        }
    }
    Ok(())
}

#[cfg(unix)]
fn mode(about: &fs::Metadata) -> u16 {
    use std::os::unix::fs::PermissionsExt;
    (about.permissions().mode() & 0o7777) as u16
}

#[cfg(not(unix))]
fn mode(about: &fs::Metadata) -> u16 {
    if about.is_dir() { 0o755 } else { 0o644 }
}
