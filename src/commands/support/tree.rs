//! Copying and removing trees: cp, mv across file systems, rm.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;

use bstr::{BStr, BString, ByteSlice};

use super::{base_name, confirm, join};
use crate::base::quote::quoteaf;
use crate::program::{Ctx, Stop};
use crate::world::Errno;
use crate::world::fs::Kind;
use crate::world::sys::{OpenFlags, Stat};

/// What to do when the target exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Existing {
    #[default]
    Replace,
    Ask,
    Keep,
}

/// Names for what would be overwritten (`--backup`).
#[derive(Clone, Debug)]
pub struct Backup {
    /// `none`, `simple`, `numbered` or `existing`.
    pub control: &'static str,
    pub suffix: BString,
}

impl Backup {
    /// From `-b`, `--backup[=CONTROL]`, `-S` and the environment.
    pub fn from_args(c: &Ctx, a: &crate::program::Args) -> Option<Backup> {
        let suffix = a.get("suffix").map(BString::from);
        if !a.has("b") && !a.has("backup") && suffix.is_none() {
            return None;
        }
        let word = a.get("backup").map(BString::from).or_else(|| c.env("VERSION_CONTROL")).unwrap_or_default();
        let control = match &*word.to_str_lossy() {
            "none" | "off" => return None,
            "simple" | "never" => "simple",
            "numbered" | "t" => "numbered",
            _ => "existing",
        };
        let suffix = suffix.or_else(|| c.env("SIMPLE_BACKUP_SUFFIX")).unwrap_or_else(|| "~".into());
        Some(Backup { control, suffix })
    }
    /// Moves what is at `path` aside; its new name.
    pub fn make(&self, c: &Ctx, path: &BStr) -> Result<BString, Errno> {
        let numbered = |n: u64| BString::from(format!("{path}.~{n}~"));
        let highest = (1u64..).find(|&n| c.sys(|s| s.lstat(numbered(n).as_ref())).is_err()).unwrap_or(1);
        let name = if self.control == "numbered" || self.control == "existing" && highest > 1 {
            numbered(highest)
        } else {
            let mut name = BString::from(path);
            name.extend_from_slice(&self.suffix);
            name
        };
        c.sys(|s| s.rename(path, name.as_ref()))?;
        Ok(name)
    }
}

/// How to copy.
#[derive(Clone, Debug, Default)]
pub struct Copy {
    pub recursive: bool,
    /// Follow links: never (`-P`), those on the command line (`-H`), all (`-L`).
    pub follow: Follow,
    pub keep_mode: bool,
    pub keep_owner: bool,
    pub keep_times: bool,
    /// Files that are one stay one.
    pub keep_links: bool,
    pub existing: Existing,
    pub update: bool,
    /// Remove a target that can't be opened; `remove` always.
    pub force: bool,
    pub remove: bool,
    pub hard_link: bool,
    pub symlink: bool,
    pub attributes_only: bool,
    pub one_file_system: bool,
    pub verbose: bool,
    pub backup: Option<Backup>,
    /// Are we `mv`, which has other words?
    pub moving: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Follow {
    #[default]
    All,
    CommandLine,
    Never,
}

/// One run of a copying program: what it has made so far.
pub struct Copier<'c> {
    pub c: &'c Ctx,
    pub how: Copy,
    made: BTreeSet<BString>,
    /// (device, inode) of copied files with more names, and where the first copy is.
    linked: Vec<((u32, u64), BString)>,
    /// Directories being copied: (device, inode).
    above: Vec<(u32, u64)>,
}

type Walk<'w> = Pin<Box<dyn Future<Output = Result<bool, Stop>> + 'w>>;

impl<'c> Copier<'c> {
    pub fn new(c: &'c Ctx, how: Copy) -> Copier<'c> {
        Copier { c, how, made: BTreeSet::new(), linked: Vec::new(), above: Vec::new() }
    }

    /// Copies one operand. `false` if something was complained about.
    pub async fn copy(&mut self, from: &BStr, to: &BStr) -> Result<bool, Stop> {
        self.walk(from, to, true).await
    }

    fn walk<'w>(&'w mut self, from: &'w BStr, to: &'w BStr, top: bool) -> Walk<'w> {
        Box::pin(self.one(from, to, top))
    }

    async fn one(&mut self, from: &BStr, to: &BStr, top: bool) -> Result<bool, Stop> {
        let c = self.c;
        let follow = match self.how.follow {
            Follow::All => true,
            Follow::CommandLine => top,
            Follow::Never => false,
        };
        let source = match c.sys(|s| if follow { s.stat(from) } else { s.lstat(from) }) {
            Ok(stat) => stat,
            Err(errno) => return self.fail(format_args!("cannot stat {}: {errno}", quoteaf(from))).await,
        };
        let is_dir = source.kind == Kind::Dir;
        if is_dir && !self.how.recursive {
            return self.fail(format_args!("-r not specified; omitting directory {}", quoteaf(from))).await;
        }
        let old = c.sys(|s| s.lstat(to)).ok();
        if let Some(old) = &old {
            let target = c.sys(|s| s.stat(to)).ok();
            let same = (old.dev, old.ino) == (source.dev, source.ino)
                || target.as_ref().is_some_and(|t| (t.dev, t.ino) == (source.dev, source.ino)) && follow;
            if same && !is_dir && !(self.how.hard_link || self.how.remove && old.kind == Kind::Symlink) {
                if self.how.existing == Existing::Keep {
                    return Ok(true);
                }
                return self.fail(format_args!("{} and {} are the same file", quoteaf(from), quoteaf(to))).await;
            }
            if same && self.how.hard_link {
                return Ok(true);
            }
            match self.meet(from, &source, to, old, target.as_ref()).await? {
                Meet::Go => {}
                Meet::Skip => return Ok(true),
                Meet::Failed => return Ok(false),
            }
        }
        if is_dir {
            return self.directory(from, &source, to, old.as_ref()).await;
        }
        if top {
            self.made.insert(to.into());
        }
        if self.how.verbose {
            c.out(format!("{} -> {}\n", quoteaf(from), quoteaf(to))).await?;
        }
        if self.how.hard_link {
            return match c.sys(|s| s.link(from, to)) {
                Ok(()) => Ok(true),
                Err(e) => {
                    self.fail(format_args!("cannot create hard link {} to {}: {e}", quoteaf(to), quoteaf(from))).await
                }
            };
        }
        if self.how.symlink {
            return match c.sys(|s| s.symlink(from, to)) {
                Ok(()) => Ok(true),
                Err(e) => {
                    self.fail(format_args!("cannot create symbolic link {} to {}: {e}", quoteaf(to), quoteaf(from)))
                        .await
                }
            };
        }
        if self.how.keep_links && source.nlink > 1 {
            let key = (source.dev, source.ino);
            if let Some((_, first)) = self.linked.iter().find(|(k, _)| *k == key) {
                return match c.sys(|s| s.link(first.as_ref(), to)) {
                    Ok(()) => Ok(true),
                    Err(e) => self.fail(format_args!("cannot create hard link {}: {e}", quoteaf(to))).await,
                };
            }
            self.linked.push((key, to.into()));
        }
        let made = match source.kind {
            Kind::Symlink => {
                let target = c.sys(|s| s.readlink(from)).unwrap_or_default();
                c.sys(|s| s.symlink(target.as_ref(), to))
                    .map_err(|e| format!("cannot create symbolic link {}: {e}", quoteaf(to)))
            }
            Kind::Fifo if self.how.recursive => {
                c.sys(|s| s.mkfifo(to, source.mode)).map_err(|e| format!("cannot create fifo {}: {e}", quoteaf(to)))
            }
            _ => self.file(from, &source, to, old.as_ref()).await?,
        };
        if let Err(text) = made {
            return self.fail(text).await;
        }
        self.attributes(&source, to).await
    }

    /// The target exists: may we go on?
    async fn meet(
        &mut self,
        from: &BStr,
        source: &Stat,
        to: &BStr,
        old: &Stat,
        target: Option<&Stat>,
    ) -> Result<Meet, Stop> {
        let c = self.c;
        let is_dir = source.kind == Kind::Dir;
        let target_dir = target.is_some_and(|t| t.kind == Kind::Dir) && (old.kind == Kind::Dir || self.how.recursive);
        if is_dir && !target_dir {
            let text = format!("cannot overwrite non-directory {} with directory {}", quoteaf(to), quoteaf(from));
            return self.fail(text).await.map(|_| Meet::Failed);
        }
        if is_dir {
            return Ok(Meet::Go);
        }
        if old.kind == Kind::Dir {
            let text = format!("cannot overwrite directory {} with non-directory", quoteaf(to));
            return self.fail(text).await.map(|_| Meet::Failed);
        }
        if self.how.existing == Existing::Keep || self.how.update && target.is_some_and(|t| t.mtime >= source.mtime) {
            return Ok(Meet::Skip);
        }
        if self.how.existing == Existing::Ask && !confirm(c, format_args!("overwrite {}", quoteaf(to))).await? {
            return Ok(Meet::Skip);
        }
        if self.made.contains(to) {
            let text = format!("will not overwrite just-created {} with {}", quoteaf(to), quoteaf(from));
            return self.fail(text).await.map(|_| Meet::Failed);
        }
        if let Some(backup) = &self.how.backup {
            if let Err(errno) = backup.make(c, to) {
                let text = format!("cannot backup {}: {errno}", quoteaf(to));
                return self.fail(text).await.map(|_| Meet::Failed);
            }
            return Ok(Meet::Go);
        }
        let replaces = self.how.remove
            || source.kind == Kind::Symlink
            || self.how.hard_link && self.how.force
            || self.how.symlink && self.how.force;
        if replaces && let Err(errno) = c.sys(|s| s.unlink(to)) {
            return self.fail(format_args!("cannot remove {}: {errno}", quoteaf(to))).await.map(|_| Meet::Failed);
        }
        Ok(Meet::Go)
    }

    async fn directory(&mut self, from: &BStr, source: &Stat, to: &BStr, old: Option<&Stat>) -> Result<bool, Stop> {
        let c = self.c;
        let full = |p: &BStr| c.sys(|s| s.realpath(p)).unwrap_or_default();
        let (source_path, target_path) = (full(from), full(to));
        let inside = target_path.strip_prefix(&source_path[..]).is_some_and(|rest| rest.starts_with(b"/"));
        if inside && self.above.is_empty() {
            let verb = if self.how.moving { "move" } else { "copy a directory," };
            let text = format!("cannot {verb} {}, into itself, {}", quoteaf(from), quoteaf(to));
            return self.fail(text).await;
        }
        let names = match c.sys(|s| s.read_dir(from)) {
            Ok(names) => names,
            Err(errno) => return self.fail(format_args!("cannot access {}: {errno}", quoteaf(from))).await,
        };
        if old.is_none() || c.sys(|s| s.stat(to)).is_err() {
            if self.how.verbose {
                c.out(format!("{} -> {}\n", quoteaf(from), quoteaf(to))).await?;
            }
            // Ours to write into until its own mode is set.
            if let Err(errno) = c.sys(|s| s.mkdir(to, source.mode | 0o700)) {
                return self.fail(format_args!("cannot create directory {}: {errno}", quoteaf(to))).await;
            }
        }
        self.above.push((source.dev, source.ino));
        let mut good = true;
        for (name, _, _) in names {
            let (a, b) = (join(from, name.as_ref()), join(to, name.as_ref()));
            if self.how.one_file_system && c.sys(|s| s.lstat(a.as_ref())).is_ok_and(|s| s.dev != source.dev) {
                continue;
            }
            good &= self.walk(a.as_ref(), b.as_ref(), false).await?;
        }
        self.above.pop();
        if old.is_none() {
            let umask = c.process(|p| p.umask);
            let mode = if self.how.keep_mode { source.mode } else { source.mode & !umask };
            let _ = c.sys(|s| s.chmod(to, mode));
            good &= self.attributes(source, to).await?;
        }
        Ok(good)
    }

    /// A regular file's, or a device's, content into a new or existing file.
    async fn file(
        &mut self,
        from: &BStr,
        source: &Stat,
        to: &BStr,
        old: Option<&Stat>,
    ) -> Result<Result<(), String>, Stop> {
        let c = self.c;
        if old.is_some_and(|o| o.kind == Kind::Symlink) && c.sys(|s| s.stat(to)).is_err() {
            return Ok(Err(format!("not writing through dangling symlink {}", quoteaf(to))));
        }
        let input = match c.sys(|s| s.open(from, OpenFlags::READ, 0)) {
            Ok(fd) => fd,
            Err(e) => return Ok(Err(format!("cannot open {} for reading: {e}", quoteaf(from)))),
        };
        let flags = OpenFlags { truncate: !self.how.attributes_only, ..OpenFlags::WRITE };
        let mut output = c.sys(|s| s.open(to, flags, source.mode & 0o777));
        if output.is_err() && self.how.force && c.sys(|s| s.unlink(to)).is_ok() {
            output = c.sys(|s| s.open(to, flags, source.mode & 0o777));
        }
        let output = match output {
            Ok(fd) => fd,
            Err(errno) => {
                c.close_input(input);
                return Ok(Err(format!("cannot create regular file {}: {errno}", quoteaf(to))));
            }
        };
        let whole = source.kind == Kind::File && !self.how.attributes_only;
        let by_reference = whole && c.sys(|s| s.fstat(output)).is_ok_and(|s| s.kind == Kind::File);
        let mut result = match by_reference.then(|| c.sys(|s| s.copy_content(from, output))) {
            Some(Ok(_)) => Ok(()),
            Some(Err(Errno::ENOSPC)) => Err(format!("error writing {}: {}", quoteaf(to), Errno::ENOSPC)),
            _ if self.how.attributes_only => Ok(()),
            _ => loop {
                match c.read_fd(input, 131_072).await? {
                    Ok(bytes) if bytes.is_empty() => break Ok(()),
                    Ok(bytes) => {
                        if let Err(e) = c.write_fd(output, &bytes).await? {
                            break Err(format!("error writing {}: {e}", quoteaf(to)));
                        }
                    }
                    Err(e) => break Err(format!("error reading {}: {e}", quoteaf(from))),
                }
            },
        };
        if by_reference {
            // A copy costs its device's time, both ways.
            c.work(source.blocks * 512 * 5).await?;
        }
        for fd in [input, output] {
            if let Err(e) = c.sys(|s| s.close(fd)) {
                result = result.and(Err(format!("failed to close {}: {e}", quoteaf(to))));
            }
        }
        Ok(result)
    }

    async fn attributes(&mut self, source: &Stat, to: &BStr) -> Result<bool, Stop> {
        let c = self.c;
        let link = source.kind == Kind::Symlink;
        if self.how.keep_owner {
            // Like cp: who may not give a file away keeps it, and says nothing.
            let _ = c
                .sys(|s| s.chown(to, Some(source.uid), Some(source.gid), !link))
                .or_else(|_| c.sys(|s| s.chown(to, None, Some(source.gid), !link)));
        }
        let mut failed = None;
        if self.how.keep_mode && !link {
            failed = c.sys(|s| s.chmod(to, source.mode)).err().map(|e| ("permissions for", e));
        }
        if self.how.keep_times
            && let Err(e) = c.sys(|s| s.set_times(to, Some(source.atime), Some(source.mtime), !link))
        {
            failed = Some(("times for", e));
        }
        match failed {
            Some((what, errno)) => self.fail(format_args!("preserving {what} {}: {errno}", quoteaf(to))).await,
            None => Ok(true),
        }
    }

    async fn fail(&self, text: impl std::fmt::Display) -> Result<bool, Stop> {
        self.c.complain(text).await?;
        Ok(false)
    }
}

enum Meet {
    Go,
    Skip,
    Failed,
}

/// Removes a tree without a word, as mv does after copying.
pub fn remove_silently(c: &Ctx, path: &BStr) -> Result<(), Errno> {
    let mut dirs = vec![BString::from(path)];
    let mut at = 0;
    while let Some(dir) = dirs.get(at).cloned() {
        at += 1;
        if c.sys(|s| s.lstat(dir.as_ref()))?.kind != Kind::Dir {
            c.sys(|s| s.unlink(dir.as_ref()))?;
            dirs.remove(at - 1);
            at -= 1;
            continue;
        }
        for (name, _, _) in c.sys(|s| s.read_dir(dir.as_ref()))? {
            dirs.push(join(dir.as_ref(), name.as_ref()));
        }
    }
    dirs.iter().rev().try_for_each(|dir| c.sys(|s| s.rmdir(dir.as_ref())))
}

/// Where operands go: `-t DIR`, the last operand if it is a directory, or the second of two. The error is GNU's text.
pub struct Target {
    pub sources: Vec<BString>,
    pub into: BString,
    /// Is `into` a directory that receives the sources?
    pub is_dir: bool,
}

impl Target {
    pub fn of(&self, source: &BStr) -> BString {
        let trimmed = BStr::new(source.trim_end_with(|c| c == '/'));
        if self.is_dir { join(self.into.as_ref(), base_name(trimmed)) } else { self.into.clone() }
    }
    pub async fn find(c: &Ctx, a: &crate::program::Args) -> Result<Result<Target, u8>, Stop> {
        use crate::base::quote::quoteaf;
        let mut sources = a.operands().to_vec();
        if sources.is_empty() {
            return Ok(Err(super::usage(c, 1, "missing file operand").await?));
        }
        let kind = |p: &BStr| c.sys(|s| s.stat(p)).map(|s| s.kind);
        if let Some(dir) = a.get("target-directory") {
            return match kind(dir) {
                Ok(Kind::Dir) => Ok(Ok(Target { sources, into: dir.into(), is_dir: true })),
                Ok(_) => {
                    c.complain(format_args!("target directory {}: {}", quoteaf(dir), Errno::ENOTDIR)).await?;
                    Ok(Err(1))
                }
                Err(errno) => {
                    c.complain(format_args!("target directory {}: {errno}", quoteaf(dir))).await?;
                    Ok(Err(1))
                }
            };
        }
        if sources.len() == 1 {
            let text = format!("missing destination file operand after {}", quoteaf(&sources[0]));
            return Ok(Err(super::usage(c, 1, text).await?));
        }
        let Some(into) = sources.pop() else { return Ok(Err(1)) };
        let found = kind(into.as_ref());
        if a.has("no-target-directory") {
            if sources.len() > 1 {
                let text = format!("extra operand {}", quoteaf(&into));
                return Ok(Err(super::usage(c, 1, text).await?));
            }
            return Ok(Ok(Target { sources, into, is_dir: false }));
        }
        let is_dir = matches!(found, Ok(Kind::Dir));
        if sources.len() > 1 && !is_dir {
            let errno = found.err().unwrap_or(Errno::ENOTDIR);
            c.complain(format_args!("target {}: {errno}", quoteaf(&into))).await?;
            return Ok(Err(1));
        }
        Ok(Ok(Target { sources, into, is_dir }))
    }
}
