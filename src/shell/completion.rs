//! Candidates for completion, read from the shell's state and the process's world.

use bstr::{BStr, BString, ByteSlice};

use super::builtins::BUILTINS;
use super::editor::{Candidate, Completion};
use super::run::Shell;
use super::{ShellState, history};
use crate::program::Table;
use crate::world::Sys;
use crate::world::fs::Kind;

/// Paths that begin with `prefix`; directories end in a slash only where a caller asks for files.
pub fn files(shell: &Shell, prefix: &[u8], directories_only: bool) -> Vec<BString> {
    let split = prefix.rfind_byte(b'/').map_or(0, |n| n + 1);
    let (dir, start) = prefix.split_at(split);
    let path = if dir.is_empty() { BStr::new(".") } else { BStr::new(dir) };
    let list = shell.ctx.sys(|s| s.read_dir(path)).unwrap_or_default();
    let mut out = Vec::new();
    for (name, kind, _) in list {
        if !name.starts_with(start) || name.starts_with(b".") && !start.starts_with(b".") {
            continue;
        }
        let full = BString::from([dir, name.as_slice()].concat());
        let is_dir = kind == Kind::Dir
            || kind == Kind::Symlink && shell.ctx.sys(|s| s.stat(full.as_ref())).is_ok_and(|s| s.kind == Kind::Dir);
        if !directories_only || is_dir {
            out.push(full);
        }
    }
    out
}

/// Command names that begin with `prefix`: builtins, functions, aliases, programs along PATH.
pub fn commands(shell: &Shell, prefix: &[u8]) -> Vec<BString> {
    let mut out: Vec<BString> = BUILTINS.iter().map(|b| b.name.into()).collect();
    out.extend(shell.st.functions.keys().cloned());
    out.extend(shell.st.aliases.keys().cloned());
    let path = shell.st.vars.text("PATH").cloned().unwrap_or_default();
    for dir in path.split_str(":") {
        let list = shell.ctx.sys(|s| s.read_dir(BStr::new(dir))).unwrap_or_default();
        out.extend(list.into_iter().filter(|(_, kind, _)| *kind != Kind::Dir).map(|(name, _, _)| name));
    }
    out.retain(|n| n.starts_with(prefix));
    out.sort();
    out.dedup();
    out
}

/// What can be completed at a prompt, for the line up to the cursor: commands, options of their rows, hosts, users,
/// variables, files. It only reads.
pub fn complete(s: &Sys<'_>, table: &Table, before: &str) -> Completion {
    let program = s.process().ok().and_then(|p| p.program.as_ref());
    let state = program.and_then(|p| p.as_any().downcast_ref::<ShellState>());
    let words = history::words(before.as_bytes());
    let open = before.ends_with(|c: char| c.is_whitespace()) || before.is_empty();
    let word: BString = if open { BString::default() } else { words.last().cloned().unwrap_or_default() };
    let earlier = if open { &words[..] } else { &words[..words.len().saturating_sub(1)] };
    // The command is the first word after the last operator.
    let is_operator = |w: &BString| w.iter().all(|b| b"|&;(<>".contains(b)) && !w.is_empty();
    let start =
        earlier.iter().rposition(|w| is_operator(w) && !w.iter().any(|b| b"<>".contains(b))).map_or(0, |n| n + 1);
    let mut command = earlier[start..].iter();
    let mut name = command.next().cloned();
    while name.as_ref().is_some_and(|n| matches!(n.as_slice(), b"sudo" | b"nohup" | b"time" | b"watch" | b"xargs")) {
        name = command.next().cloned();
    }
    let replaces = word.chars().count();
    let plain = |list: Vec<String>| Completion {
        replaces,
        candidates: list
            .into_iter()
            .filter(|c| c.as_bytes().starts_with(&word))
            .map(|c| Candidate { shown: c.clone(), text: c, suffix: " ".into() })
            .collect(),
    };
    if let Some(prefix) = word.strip_prefix(b"$") {
        let names: Vec<String> =
            state.map(|st| st.vars.all().into_keys().map(|n| format!("${n}")).collect()).unwrap_or_default();
        let _ = prefix;
        return plain(names);
    }
    let Some(name) = name else {
        if word.contains(&b'/') {
            return paths(s, &word, replaces, false);
        }
        let mut all: Vec<String> = BUILTINS.iter().map(|b| b.name.to_string()).collect();
        if let Some(st) = state {
            all.extend(st.functions.keys().chain(st.aliases.keys()).map(|n| n.to_string()));
        }
        let path = state.and_then(|st| st.vars.text("PATH").cloned()).unwrap_or_else(|| "/usr/bin:/bin".into());
        for dir in path.split_str(":") {
            let list = s.read_dir(BStr::new(dir)).unwrap_or_default();
            all.extend(list.into_iter().filter(|(_, kind, _)| *kind != Kind::Dir).map(|(n, _, _)| n.to_string()));
        }
        return plain(all);
    };
    let row = table.get(&name.to_str_lossy());
    if word.starts_with(b"-") {
        let mut list = Vec::new();
        for option in row.map_or(&[][..], |r| r.options) {
            if !option.long.is_empty() {
                list.push(format!("--{}", option.long));
            }
            if let Some(letter) = option.short.filter(|_| !word.starts_with(b"--")) {
                list.push(format!("-{letter}"));
            }
        }
        return plain(list);
    }
    match name.as_slice() {
        b"ssh" | b"scp" | b"ping" | b"dig" | b"host" | b"traceroute" | b"nc" | b"mtr" => {
            plain(s.w.hosts().iter().map(|h| h.name.clone()).collect())
        }
        b"su" | b"id" | b"passwd" => plain(s.w.host(s.host()).accounts.iter().map(|a| a.name.clone()).collect()),
        b"unset" | b"export" | b"readonly" => {
            plain(state.map(|st| st.vars.all().into_keys().map(|n| n.to_string()).collect()).unwrap_or_default())
        }
        b"fg" | b"bg" | b"disown" => {
            plain(state.map(|st| st.jobs.list.iter().map(|j| format!("%{}", j.number)).collect()).unwrap_or_default())
        }
        b"cd" | b"pushd" | b"rmdir" => paths(s, &word, replaces, true),
        _ => paths(s, &word, replaces, false),
    }
}

fn paths(s: &Sys<'_>, word: &[u8], replaces: usize, directories_only: bool) -> Completion {
    // Quotes already typed are taken off; what needs them gets backslashes.
    let typed: BString =
        word.iter().copied().filter(|b| !matches!(b, b'\\' | b'\'' | b'"')).collect::<Vec<u8>>().into();
    let split = typed.rfind_byte(b'/').map_or(0, |n| n + 1);
    let (dir, start) = typed.split_at(split);
    let path = if dir.is_empty() { BStr::new(".") } else { BStr::new(dir) };
    let mut candidates = Vec::new();
    for (name, kind, _) in s.read_dir(path).unwrap_or_default() {
        if !name.starts_with(start) || name.starts_with(b".") && !start.starts_with(b".") {
            continue;
        }
        let full = BString::from([dir, name.as_slice()].concat());
        let is_dir =
            kind == Kind::Dir || kind == Kind::Symlink && s.stat(full.as_ref()).is_ok_and(|s| s.kind == Kind::Dir);
        if directories_only && !is_dir {
            continue;
        }
        let mut text = String::new();
        for c in full.to_str_lossy().chars() {
            if " \t\\'\"$`&|;<>()*?[]#!{}".contains(c) {
                text.push('\\');
            }
            text.push(c);
        }
        let suffix = if is_dir { "/" } else { " " };
        let shown = if is_dir { format!("{name}/") } else { name.to_string() };
        candidates.push(Candidate { text, shown, suffix: suffix.into() });
    }
    Completion { replaces, candidates }
}
