//! logrotate 3.21 (Debian 12): its configuration, its checks and what it does to files. The timer and the command run
//! the same function.

use std::collections::BTreeMap;

use bstr::{BStr, BString, ByteSlice};

use super::fs::{Content, Cred, Kind, new_file};
use super::kernel::HostId;
use super::{Errno, World};
use crate::base::SimTime;
use crate::base::time::civil;

/// The state file's path (Debian).
pub const STATUS: &str = "/var/lib/logrotate/status";

#[derive(Clone, Debug, Default)]
struct Stanza {
    paths: Vec<String>,
    /// Days between rotations; `None`: by size only.
    every_days: Option<u64>,
    size: Option<u64>,
    rotate: u32,
    copytruncate: bool,
    create: Option<(Option<u16>, Option<String>, Option<String>)>,
    missing_ok: bool,
    not_if_empty: bool,
    compress: bool,
    delay_compress: bool,
    su: bool,
}

/// What a run did and said.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// What `-v` or `-d` prints.
    pub notes: Vec<String>,
    /// What it prints in any case: each begins with `error: `.
    pub errors: Vec<String>,
    pub rotated: Vec<String>,
}

impl World {
    /// Runs logrotate as root on a configuration file. `force` rotates everything (-f).
    pub fn logrotate(&mut self, host: HostId, config: &str, force: bool) -> Outcome {
        let plan = self.logrotate_plan(host, config, force);
        let mut outcome = Outcome { notes: plan.notes, errors: plan.errors, rotated: Vec::new() };
        for (path, stanza) in plan.due {
            match self.rotate(host, &path, &stanza) {
                Ok(()) => outcome.rotated.push(path),
                Err(errno) => outcome.errors.push(format!("error: error rotating {path}: {errno}")),
            }
        }
        let now = self.now();
        let mut status = read_status(self, host);
        for path in plan.seen {
            let rotated = outcome.rotated.contains(&path);
            let last = status.entry(path).or_insert(now);
            if rotated {
                *last = now;
            }
        }
        self.write_status(host, &status);
        outcome
    }

    /// What a run would do, without doing it (-d).
    pub fn logrotate_dry(&self, host: HostId, config: &str, force: bool) -> Outcome {
        let plan = self.logrotate_plan(host, config, force);
        let rotated = plan.due.into_iter().map(|(path, _)| path).collect();
        Outcome { notes: plan.notes, errors: plan.errors, rotated }
    }

    fn logrotate_plan(&self, host: HostId, config: &str, force: bool) -> Plan {
        let mut plan = Plan::default();
        let mut stanzas = Vec::new();
        if let Err(text) =
            self.read_stanzas(host, config, &mut Stanza { rotate: 0, ..Stanza::default() }, &mut stanzas, 0)
        {
            plan.errors.push(text);
        }
        let status = read_status(self, host);
        plan.notes.push(format!("Handling {} logs", stanzas.len()));
        for stanza in stanzas {
            for path in stanza.paths.clone() {
                plan.notes.push(String::new());
                plan.notes.push(format!("considering log {path}"));
                self.consider(host, path, &stanza, &status, force, &mut plan);
            }
        }
        plan
    }

    fn consider(
        &self,
        host: HostId,
        path: String,
        stanza: &Stanza,
        status: &BTreeMap<String, SimTime>,
        force: bool,
        plan: &mut Plan,
    ) {
        let h = self.host(host);
        let parent = path.rsplit_once('/').map_or("/", |p| if p.0.is_empty() { "/" } else { p.0 });
        // logrotate refuses to work as root where somebody else could swap the file under it.
        if let Some(node) = h.node(parent)
            && let Ok(dir) = h.fs.inode(node)
            && !stanza.su
            && (dir.mode & 0o002 != 0 || dir.mode & 0o020 != 0 && dir.gid != 0)
        {
            plan.errors.push(format!(
                "error: skipping \"{path}\" because parent directory has insecure permissions (It's world writable or writable by group which is not \"root\") Set \"su\" directive in config file to tell logrotate which user/group should be used for rotation."
            ));
            return;
        }
        let Some(inode) = h.node(&path).and_then(|n| h.fs.inode(n).ok()) else {
            if !stanza.missing_ok {
                plan.errors.push(format!("error: stat of {path} failed: No such file or directory"));
            }
            plan.notes.push(format!("  log {path} does not exist -- skipping"));
            return;
        };
        if inode.kind() != Kind::File {
            return;
        }
        plan.seen.push(path.clone());
        let now = self.now();
        let due = match (stanza.size, stanza.every_days) {
            _ if force => true,
            (Some(size), _) => inode.size() >= size,
            // Without an entry in the state file the first run only takes note.
            (None, Some(days)) => status.get(&path).is_some_and(|last| days_between(*last, now) >= days),
            (None, None) => inode.size() >= 1 << 20,
        };
        let empty = stanza.not_if_empty && inode.size() == 0;
        if due && !empty {
            plan.notes.push("  log needs rotating".into());
            plan.due.push((path, stanza.clone()));
        } else {
            let why = if empty { "log is empty" } else { "the log has been rotated already or is not large enough" };
            plan.notes.push(format!("  log does not need rotating ({why})"));
        }
    }

    fn read_stanzas(
        &self,
        host: HostId,
        path: &str,
        defaults: &mut Stanza,
        out: &mut Vec<Stanza>,
        depth: u32,
    ) -> Result<(), String> {
        let h = self.host(host);
        let bytes = h.read_file(path).ok_or_else(|| format!("error: cannot stat {path}: No such file or directory"))?;
        let text = bytes.to_str_lossy().into_owned();
        let mut open: Option<Stanza> = None;
        let mut in_script = false;
        for (number, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or("").trim();
            if line.is_empty() {
                continue;
            }
            if in_script {
                in_script = line != "endscript";
                continue;
            }
            if matches!(line, "postrotate" | "prerotate" | "firstaction" | "lastaction" | "preremove") {
                in_script = true;
                continue;
            }
            if line == "}" {
                out.extend(open.take());
                continue;
            }
            if let Some(paths) = line.strip_suffix('{') {
                let paths = paths.split_whitespace().map(|p| p.trim_matches('"').to_string()).collect();
                open = Some(Stanza { paths, ..defaults.clone() });
                continue;
            }
            let mut words = line.split_whitespace();
            let (word, argument) = (words.next().unwrap_or(""), words.next());
            if word == "include" && depth < 4 {
                let target = argument.unwrap_or_default();
                for file in h.files_in(target) {
                    self.read_stanzas(host, &file, defaults, out, depth + 1)?;
                }
                continue;
            }
            if open.is_none() && line.starts_with('/') {
                open = None;
                continue;
            }
            let stanza = open.as_mut().unwrap_or(defaults);
            if !directive(stanza, word, argument, words.next(), words.next()) {
                return Err(format!("error: {path}:{} unknown option '{word}' -- ignoring line", number + 1));
            }
        }
        Ok(())
    }

    fn rotate(&mut self, host: HostId, path: &str, stanza: &Stanza) -> Result<(), Errno> {
        let now = self.now();
        let fs = &mut self.host_mut(host).fs;
        let found = fs.resolve(fs.root(), BStr::new(path), &Cred::root(), true)?;
        let node = found.node.ok_or(Errno::ENOENT)?;
        let inode = fs.inode(node)?.clone();
        let dir = found.parent.ino;
        let volume = fs.volume_mut(found.parent.mount)?;
        let numbered =
            |n: u32, gz: bool| -> BString { format!("{}.{n}{}", found.name, if gz { ".gz" } else { "" }).into() };
        for gz in [false, true] {
            if volume.lookup(dir, numbered(stanza.rotate, gz).as_ref()).is_ok() {
                volume.unlink(dir, numbered(stanza.rotate, gz).as_ref(), now)?;
            }
            for n in (1..stanza.rotate).rev() {
                if volume.lookup(dir, numbered(n, gz).as_ref()).is_ok() {
                    volume.rename((dir, numbered(n, gz).as_ref()), (dir, numbered(n + 1, gz).as_ref()), now)?;
                }
            }
        }
        let keep = stanza.rotate > 0;
        if stanza.copytruncate {
            let content = volume.content(node.ino)?.clone();
            if keep {
                let copy = volume.create(
                    dir,
                    numbered(1, false).as_ref(),
                    new_file(Content::new(), inode.mode, inode.uid, inode.gid, now),
                )?;
                // A copy needs the room of the original: on a full disk logrotate fails here, as it really does.
                if let Err(errno) = volume.set_content(copy, content, true, now) {
                    volume.unlink(dir, numbered(1, false).as_ref(), now)?;
                    return Err(errno);
                }
            }
            volume.truncate(node.ino, 0, now)?;
        } else {
            if keep {
                volume.rename((dir, found.name.as_ref()), (dir, numbered(1, false).as_ref()), now)?;
            } else {
                volume.unlink(dir, found.name.as_ref(), now)?;
            }
            if let Some((mode, user, group)) = &stanza.create {
                let h = self.host(host);
                let uid = user.as_ref().and_then(|u| h.user(u)).map_or(inode.uid, |a| a.uid);
                let gid = group.as_ref().and_then(|g| h.group_of_name(g)).unwrap_or(inode.gid);
                let new = new_file(Content::new(), mode.unwrap_or(inode.mode), uid, gid, now);
                self.host_mut(host).fs.volume_mut(found.parent.mount)?.create(dir, found.name.as_ref(), new)?;
            }
        }
        if stanza.compress {
            // With delaycompress the newest stays as it is until the next cycle.
            let first = if stanza.delay_compress { 2 } else { 1 };
            let volume = self.host_mut(host).fs.volume_mut(found.parent.mount)?;
            if let Ok(ino) = volume.lookup(dir, numbered(first, false).as_ref()) {
                // gzip brings such logs to about a twelfth.
                let size = volume.content(ino)?.len() / 12;
                let gz = numbered(first, true);
                let packed = Content::opaque(&format!("gzip:{path}:{}", now.secs()), size);
                let file = new_file(Content::new(), inode.mode, inode.uid, inode.gid, now);
                let made = volume.create(dir, gz.as_ref(), file)?;
                volume.set_content(made, packed, true, now)?;
                volume.unlink(dir, numbered(first, false).as_ref(), now)?;
            }
        }
        Ok(())
    }

    fn write_status(&mut self, host: HostId, status: &BTreeMap<String, SimTime>) {
        let now = self.now();
        let mut text = String::from("logrotate state -- version 2\n");
        for (path, t) in status {
            let (y, mo, d, h, mi, s) = civil(*t);
            text.push_str(&format!("\"{path}\" {y}-{mo}-{d}-{h}:{mi}:{s}\n"));
        }
        // On a full disk the state file stays as it was; root's reserve usually has room.
        let _ = self.host_mut(host).write_file(STATUS, text.as_bytes(), 0o640, now);
    }
}

#[derive(Default)]
struct Plan {
    notes: Vec<String>,
    errors: Vec<String>,
    due: Vec<(String, Stanza)>,
    seen: Vec<String>,
}

fn days_between(a: SimTime, b: SimTime) -> u64 {
    (b.secs() / 86_400).saturating_sub(a.secs() / 86_400)
}

/// Sizes as logrotate reads them: bytes, or with k, M, G.
fn size(text: &str) -> Option<u64> {
    let (digits, scale) = match text.chars().last()? {
        'k' => (text.strip_suffix('k')?, 1 << 10),
        'M' => (text.strip_suffix('M')?, 1 << 20),
        'G' => (text.strip_suffix('G')?, 1 << 30),
        _ => (text, 1),
    };
    digits.parse::<u64>().ok().map(|n| n * scale)
}

fn directive(s: &mut Stanza, word: &str, argument: Option<&str>, second: Option<&str>, third: Option<&str>) -> bool {
    match word {
        "hourly" => s.every_days = Some(0),
        "daily" => s.every_days = Some(1),
        "weekly" => s.every_days = Some(7),
        "monthly" => s.every_days = Some(30),
        "yearly" => s.every_days = Some(365),
        "size" => s.size = argument.and_then(size),
        "maxsize" | "minsize" | "dateext" | "nodateext" | "sharedscripts" | "nosharedscripts" | "maxage"
        | "dateformat" | "compresscmd" | "compressext" | "compressoptions" | "olddir" | "noolddir" | "start"
        | "mail" | "nomail" | "extension" | "addextension" | "tabooext" | "shred" | "noshred" | "nocopy"
        | "renamecopy" => {}
        "rotate" => s.rotate = argument.and_then(|a| a.parse().ok()).unwrap_or(0),
        "copytruncate" => s.copytruncate = true,
        "nocopytruncate" => s.copytruncate = false,
        "create" => {
            let mode = argument.and_then(|a| u16::from_str_radix(a, 8).ok());
            s.create = Some((mode, second.map(String::from), third.map(String::from)));
        }
        "nocreate" => s.create = None,
        "missingok" => s.missing_ok = true,
        "nomissingok" => s.missing_ok = false,
        "notifempty" => s.not_if_empty = true,
        "ifempty" => s.not_if_empty = false,
        "compress" => s.compress = true,
        "nocompress" => s.compress = false,
        "delaycompress" => s.delay_compress = true,
        "nodelaycompress" => s.delay_compress = false,
        "su" => s.su = true,
        _ => return false,
    }
    true
}

/// `"PATH" Y-M-D-h:m:s`, each log's last rotation.
fn read_status(w: &World, host: HostId) -> BTreeMap<String, SimTime> {
    let bytes = w.host(host).read_file(STATUS).unwrap_or_default();
    let mut status = BTreeMap::new();
    for line in bytes.lines() {
        let line = line.to_str_lossy();
        let Some((path, when)) = line.trim().rsplit_once(' ') else { continue };
        let numbers: Vec<u64> = when.split(['-', ':']).filter_map(|n| n.parse().ok()).collect();
        let [y, mo, d, rest @ ..] = numbers.as_slice() else { continue };
        if !path.starts_with('"') {
            continue;
        }
        let clock = rest.iter().chain([&0; 3]).take(3).fold(0, |t, n| t * 60 + n);
        let t = crate::base::time::from_civil(*y as i64, *mo as u8, *d as u8) + crate::base::Span::from_secs(clock);
        status.insert(path.trim_matches('"').to_string(), t);
    }
    status
}
