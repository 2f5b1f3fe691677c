use std::future::Future;
use std::pin::Pin;

use bstr::{BStr, ByteSlice};

use crate::base::quote::quoteaf;
use crate::commands::support::{base_name, confirm, join, missing_operand, one_of};
use crate::program::{Args, Command, Ctx, Example, Opt, Outcome, Stop};
use crate::world::Errno;
use crate::world::fs::Kind;
use crate::world::sys::Stat;

pub const COMMAND: Command = Command {
    name: "rm",
    summary: "Remove (unlink) the FILE(s).",
    options: &[
        Opt::flag('f', "force", "ignore nonexistent files and arguments, never prompt"),
        Opt::flag('i', "", "prompt before every removal"),
        Opt::flag('I', "", "prompt once before removing more than three files, or when removing recursively"),
        Opt::long("interactive", "prompt according to WHEN: never, once (-I), or always (-i)").optional("WHEN"),
        Opt::long("one-file-system", "when removing recursively, skip any directory on another file system"),
        Opt::long("no-preserve-root", "do not treat '/' specially"),
        Opt::long("preserve-root", "do not remove '/' (default)").optional("all"),
        Opt::flag('r', "", "remove directories and their contents recursively"),
        Opt::flag('R', "recursive", "remove directories and their contents recursively"),
        Opt::flag('d', "dir", "remove empty directories"),
        Opt::flag('v', "verbose", "explain what is being done"),
    ],
    examples: &[Example { run: "echo a > f; rm -v f", prints: "removed 'f'\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

struct Remover<'c> {
    c: &'c Ctx,
    recursive: bool,
    dir: bool,
    force: bool,
    always_ask: bool,
    verbose: bool,
    one_file_system: bool,
    asks_for_locked: bool,
}

async fn main(c: Ctx, a: Args) -> Outcome {
    if a.operands().is_empty() {
        return if a.has("force") { Ok(0) } else { missing_operand(&c, &a).await };
    }
    let when = match a.last_of(&["force", "i", "I", "interactive"]) {
        Some("interactive") => match a.get("interactive") {
            None => "always",
            Some(word) => {
                let words = [("never", "never"), ("no", "never"), ("none", "never"), ("once", "once")];
                let more = [("always", "always"), ("yes", "always")];
                let all: Vec<(&str, &str)> = words.into_iter().chain(more).collect();
                match one_of(&c, "--interactive", word, &all, 1).await? {
                    Ok(when) => when,
                    Err(status) => return Ok(status),
                }
            }
        },
        Some("i") => "always",
        Some("I") => "once",
        Some(_) => "never",
        None => "",
    };
    let remover = Remover {
        c: &c,
        recursive: a.has("recursive") || a.has("r"),
        dir: a.has("dir"),
        force: a.has("force"),
        always_ask: when == "always",
        verbose: a.has("verbose"),
        one_file_system: a.has("one-file-system"),
        asks_for_locked: when != "never" && c.is_tty(0),
    };
    let count = a.operands().len();
    if when == "once" && (count > 3 || remover.recursive) {
        let how = if remover.recursive { " recursively" } else { "" };
        let plural = if count == 1 { "argument" } else { "arguments" };
        if !confirm(&c, format_args!("remove {count} {plural}{how}")).await? {
            return Ok(0);
        }
    }
    let mut status = 0;
    for path in a.operands() {
        let path: &BStr = path.as_ref();
        let last = base_name(path);
        if remover.recursive && (last == "." || last == "..") {
            let text = format!("refusing to remove '.' or '..' directory: skipping {}", quoteaf(path));
            c.complain(text).await?;
            status = 1;
            continue;
        }
        let is_root = remover.recursive
            && c.sys(|s| s.lstat(path)).is_ok()
            && c.sys(|s| s.realpath(path)).is_ok_and(|p| p == "/");
        if is_root && !a.has("no-preserve-root") {
            let same = if path == "/" { String::new() } else { " (same as '/')".into() };
            c.complain(format_args!("it is dangerous to operate recursively on {}{same}", quoteaf(path))).await?;
            c.complain("use --no-preserve-root to override this failsafe").await?;
            status = 1;
            continue;
        }
        if !remover.one(path, None).await? {
            status = 1;
        }
    }
    Ok(status)
}

impl Remover<'_> {
    fn walk<'w>(&'w self, path: &'w BStr, dev: u32) -> Pin<Box<dyn Future<Output = Result<bool, Stop>> + 'w>> {
        Box::pin(self.one(path, Some(dev)))
    }

    /// `false` if it is still there and that was complained about, or refused.
    async fn one(&self, path: &BStr, above: Option<u32>) -> Result<bool, Stop> {
        let c = self.c;
        let stat = match c.sys(|s| s.lstat(path)) {
            Ok(stat) => stat,
            Err(Errno::ENOENT | Errno::ENOTDIR) if self.force => return Ok(true),
            Err(errno) => return self.fail(path, errno).await,
        };
        if stat.kind == Kind::Dir {
            if !self.recursive && !self.dir {
                return self.fail(path, Errno::EISDIR).await;
            }
            return self.directory(path, &stat, above).await;
        }
        if !self.may(path, &stat, "remove").await? {
            return Ok(true);
        }
        match c.sys(|s| s.unlink(path)) {
            Ok(()) => {
                if self.verbose {
                    c.out(format!("removed {}\n", quoteaf(path))).await?;
                }
                Ok(true)
            }
            Err(errno) => self.fail(path, errno).await,
        }
    }

    async fn directory(&self, path: &BStr, stat: &Stat, above: Option<u32>) -> Result<bool, Stop> {
        let c = self.c;
        if self.one_file_system && above.is_some_and(|dev| dev != stat.dev) {
            c.complain(format_args!("skipping {}, since it's on a different device", quoteaf(path))).await?;
            return Ok(false);
        }
        let names = c.sys(|s| s.read_dir(path));
        let filled = !names.as_ref().is_ok_and(Vec::is_empty);
        if self.recursive && filled {
            let names = match names {
                Ok(names) => names,
                Err(errno) => return self.fail(path, errno).await,
            };
            if !self.may(path, stat, "descend into").await? {
                return Ok(true);
            }
            let mut good = true;
            for (name, _, _) in names {
                good &= self.walk(join(path, name.as_ref()).as_ref(), stat.dev).await?;
            }
            if !good {
                return Ok(false);
            }
        }
        let asked = self.recursive && filled && !self.always_ask;
        if !asked && !self.may(path, stat, "remove").await? {
            return Ok(true);
        }
        match c.sys(|s| s.rmdir(path)) {
            Ok(()) => {
                if self.verbose {
                    c.out(format!("removed directory {}\n", quoteaf(path))).await?;
                }
                Ok(true)
            }
            // What the player chose to keep keeps its directory.
            Err(Errno::ENOTEMPTY) if self.recursive && self.always_ask => Ok(true),
            Err(errno) => self.fail(path, errno).await,
        }
    }

    /// Asks if it must; `true` means go on.
    async fn may(&self, path: &BStr, stat: &Stat, verb: &str) -> Result<bool, Stop> {
        let locked = stat.kind != Kind::Symlink && self.c.sys(|s| s.access(path, 2)).is_err();
        let asks = self.always_ask || locked && self.asks_for_locked;
        if !asks {
            return Ok(true);
        }
        let kind = match stat.kind {
            Kind::File if stat.size == 0 => "regular empty file",
            Kind::File => "regular file",
            Kind::Dir => "directory",
            Kind::Symlink => "symbolic link",
            Kind::Char => "character special file",
            Kind::Fifo => "fifo",
            Kind::Socket => "socket",
        };
        let locked = if locked { "write-protected " } else { "" };
        confirm(self.c, format_args!("{verb} {locked}{kind} {}", quoteaf(path))).await
    }

    async fn fail(&self, path: &BStr, errno: Errno) -> Result<bool, Stop> {
        let shown = path.trim_end_with(|c| c == '/');
        let shown = if shown.is_empty() { path } else { BStr::new(shown) };
        let shown = if errno == Errno::ENOTDIR || errno == Errno::ENOENT { path } else { shown };
        self.c.complain(format_args!("cannot remove {}: {errno}", quoteaf(shown))).await?;
        Ok(false)
    }
}
