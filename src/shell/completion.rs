//! Candidates for completion, read from the shell's state and the process's world.

use bstr::{BStr, BString, ByteSlice};

use super::builtins::BUILTINS;
use super::run::Shell;
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
