//! Pathname expansion: directories are read through the process's own eyes (permissions, mounts, `/proc`).

use bstr::{BStr, BString};

use super::Marked;
use crate::base::limits;
use crate::shell::pattern::{Pattern, has_magic};
use crate::shell::run::{Flow, Shell};
use crate::world::fs::Kind;

/// One name between slashes.
enum Segment {
    Plain(BString),
    Match(Pattern),
    /// `**` under globstar.
    Deep,
}

/// Levels that `**` descends.
const DEPTH: usize = 64;

impl Shell {
    /// Adds what a field matches; the field itself if it is no pattern or matches nothing.
    pub(super) async fn expand_paths(&mut self, field: Marked, out: &mut Vec<BString>) -> Result<(), Flow> {
        let plain = |field: &Marked| BString::from(field.iter().map(|(b, _)| *b).collect::<Vec<u8>>());
        let extglob = self.st.shopt("extglob");
        if !has_magic(&field, extglob) {
            out.push(plain(&field));
            return Ok(());
        }
        let found = self.glob(&field);
        // Reading directories is work.
        self.ctx.settle().await?;
        if !found.is_empty() {
            out.extend(found);
        } else if self.st.shopt("failglob") {
            let text = format!("no match: {}", plain(&field));
            return Err(self.fail_expansion(text).await?);
        } else if !self.st.shopt("nullglob") {
            // A backslash that only protected a byte in a pattern from a variable stays, as in bash.
            out.push(plain(&field));
        }
        Ok(())
    }

    pub fn glob(&self, field: &[(u8, bool)]) -> Vec<BString> {
        let (extglob, nocase) = (self.st.shopt("extglob"), self.st.shopt("nocaseglob"));
        let globstar = self.st.shopt("globstar");
        let mut segments = Vec::new();
        for part in field.split(|(b, _)| *b == b'/') {
            let text: BString = part.iter().map(|(b, _)| *b).collect::<Vec<u8>>().into();
            if globstar && part == [(b'*', false), (b'*', false)] {
                if !matches!(segments.last(), Some(Segment::Deep)) {
                    segments.push(Segment::Deep);
                }
            } else if has_magic(part, extglob) {
                segments.push(Segment::Match(Pattern::new(part, extglob, nocase)));
            } else {
                segments.push(Segment::Plain(text));
            }
        }
        let mut out = Vec::new();
        let mut budget = limits::EXPANSION_BYTES;
        let (start, rest) = match segments.split_first() {
            Some((Segment::Plain(first), rest)) if first.is_empty() => (BString::from("/"), rest),
            _ => (BString::default(), segments.as_slice()),
        };
        self.walk(&start, rest, &mut budget, &mut out);
        out.sort();
        out
    }

    fn names(&self, dir: &BStr) -> Vec<(BString, Kind)> {
        let path = if dir.is_empty() { BStr::new(".") } else { dir };
        let list = self.ctx.sys(|s| {
            let list = s.read_dir(path).unwrap_or_default();
            // getdents64 hands out a few dozen names per call, some 100 ns each.
            s.charge(list.len() as u64 * 100);
            list
        });
        list.into_iter().map(|(name, kind, _)| (name, kind)).collect()
    }

    fn walk(&self, base: &BString, segments: &[Segment], budget: &mut usize, out: &mut Vec<BString>) {
        let Some((first, rest)) = segments.split_first() else {
            return;
        };
        let step = |path: BString, is_dir: &dyn Fn() -> bool, out: &mut Vec<BString>, budget: &mut usize| {
            if rest.is_empty() {
                *budget = budget.saturating_sub(path.len() + 24);
                if *budget > 0 {
                    out.push(path);
                }
            } else if is_dir() {
                let mut path = path;
                path.push(b'/');
                self.walk(&path, rest, budget, out);
            }
        };
        let is_dir = |path: &BString| self.ctx.sys(|s| s.stat(path.as_ref())).is_ok_and(|s| s.kind == Kind::Dir);
        match first {
            Segment::Plain(name) => {
                let mut path = base.clone();
                path.extend_from_slice(name);
                if name.is_empty() {
                    if rest.is_empty() {
                        // `*/`: only directories got here.
                        out.push(path);
                    } else {
                        self.walk(&path, rest, budget, out);
                    }
                } else if self.ctx.sys(|s| s.lstat(path.as_ref())).is_ok() {
                    step(path.clone(), &|| is_dir(&path), out, budget);
                }
            }
            Segment::Match(pattern) => {
                let hidden = self.st.shopt("dotglob");
                for (name, kind) in self.names(base.as_ref()) {
                    if *budget == 0 {
                        return;
                    }
                    if name.starts_with(b".") && !hidden && !pattern.starts_with_dot() || !pattern.matches(&name) {
                        continue;
                    }
                    let mut path = base.clone();
                    path.extend_from_slice(&name);
                    let full = path.clone();
                    step(path, &|| kind == Kind::Dir || kind == Kind::Symlink && is_dir(&full), out, budget);
                }
            }
            Segment::Deep => {
                // Nothing deep: the rest right here; a final `**` also names the directory itself.
                if rest.is_empty() {
                    if !base.is_empty() {
                        out.push(base.clone());
                    }
                } else {
                    self.walk(base, rest, budget, out);
                }
                self.descend(base, rest, 0, budget, out);
            }
        }
    }

    fn descend(&self, base: &BString, rest: &[Segment], depth: usize, budget: &mut usize, out: &mut Vec<BString>) {
        if depth > DEPTH {
            return;
        }
        let hidden = self.st.shopt("dotglob");
        for (name, kind) in self.names(base.as_ref()) {
            if *budget == 0 {
                return;
            }
            if name.starts_with(b".") && !hidden {
                continue;
            }
            let mut path = base.clone();
            path.extend_from_slice(&name);
            *budget = budget.saturating_sub(path.len() + 24);
            if rest.is_empty() {
                out.push(path.clone());
            }
            if kind == Kind::Dir {
                path.push(b'/');
                if !rest.is_empty() {
                    self.walk(&path, rest, budget, out);
                }
                self.descend(&path, rest, depth + 1, budget, out);
            }
        }
    }
}
