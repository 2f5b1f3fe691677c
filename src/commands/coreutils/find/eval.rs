//! Evaluates find's expression for one file, and starts what `-exec` names.

use std::future::Future;
use std::pin::Pin;

use bstr::{BStr, BString, ByteSlice};

use super::Entry;
use super::format::{list, printf};
use super::parse::{Bits, Clock, Expression, Test};
use crate::base::fnmatch::{Flags, matches_with};
use crate::base::limits;
use crate::base::quote::quote;
use crate::commands::support::owner::host;
use crate::commands::support::{said_yes, times};
use crate::program::{Ctx, Stop};
use crate::world::Errno;
use crate::world::fs::Kind;
use crate::world::kernel::ExitStatus;

#[derive(Default)]
pub struct Verdict {
    pub prune: bool,
    pub quit: bool,
    pub failed: bool,
}

/// What `-exec … +` has gathered: (command, directory, files).
#[derive(Default)]
pub struct Batches {
    open: Vec<Batch>,
    failed: bool,
}

struct Batch {
    id: usize,
    argv: Vec<BString>,
    dir: Option<BString>,
    files: Vec<BString>,
    bytes: usize,
}

impl Batches {
    async fn add(
        &mut self,
        c: &Ctx,
        id: usize,
        argv: &[BString],
        dir: Option<BString>,
        file: BString,
    ) -> Result<(), Stop> {
        let at = match self.open.iter().position(|b| b.id == id) {
            Some(at) => at,
            None => {
                self.open.push(Batch { id, argv: argv.to_vec(), dir: dir.clone(), files: Vec::new(), bytes: 0 });
                self.open.len() - 1
            }
        };
        // A batch of -execdir is of one directory; none is longer than the kernel takes.
        if self.open[at].dir != dir || self.open[at].bytes + file.len() > limits::ARGUMENT_BYTES / 16 {
            self.flush(c, at).await?;
            self.open[at].dir = dir;
        }
        self.open[at].bytes += file.len() + 9;
        self.open[at].files.push(file);
        Ok(())
    }
    async fn flush(&mut self, c: &Ctx, at: usize) -> Result<(), Stop> {
        let batch = &mut self.open[at];
        let files = std::mem::take(&mut batch.files);
        batch.bytes = 0;
        if files.is_empty() {
            return Ok(());
        }
        let argv = [batch.argv.clone(), files].concat();
        if run(c, argv, batch.dir.clone()).await? != Some(0) {
            self.failed = true;
        }
        Ok(())
    }
    /// Runs what is left; `false` if some command failed.
    pub async fn finish(&mut self, c: &Ctx) -> Result<bool, Stop> {
        for at in 0..self.open.len() {
            self.flush(c, at).await?;
        }
        Ok(!self.failed)
    }
}

/// Starts a command and waits for it: its status, or `None` if it could not be started.
async fn run(c: &Ctx, argv: Vec<BString>, dir: Option<BString>) -> Result<Option<u8>, Stop> {
    c.flush().await?;
    let name = argv.first().cloned().unwrap_or_default();
    let before = c.process(|p| Some(p.cwd));
    if let Some(dir) = &dir
        && let Err(errno) = c.sys(|s| s.chdir(dir.as_ref()))
    {
        c.complain(format_args!("{}: {errno}", quote(dir))).await?;
        return Ok(None);
    }
    let started = c.spawn(argv, c.environment(), &Default::default());
    if dir.is_some()
        && let Some(cwd) = before
    {
        c.act(|w| {
            if let Some(p) = w.process_mut(c.me()) {
                p.cwd = cwd;
            }
        });
    }
    match started {
        Ok(pid) => Ok(Some(match c.wait_end(pid).await? {
            ExitStatus::Exited(code) => code,
            signalled => signalled.code(),
        })),
        Err(errno) => {
            c.complain(format_args!("{}: {errno}", quote(&name))).await?;
            Ok(None)
        }
    }
}

type Answer<'e> = Pin<Box<dyn Future<Output = Result<bool, Stop>> + 'e>>;

pub fn evaluate<'e>(
    c: &'e Ctx,
    expression: &'e Expression,
    entry: &'e Entry,
    now: i64,
    batches: &'e mut Batches,
    verdict: &'e mut Verdict,
) -> Answer<'e> {
    Box::pin(async move {
        match expression {
            Expression::Test(test) => one(c, test, entry, now, batches, verdict).await,
            Expression::Not(inner) => Ok(!evaluate(c, inner, entry, now, batches, verdict).await?),
            Expression::And(all) => {
                for e in all {
                    if !evaluate(c, e, entry, now, batches, verdict).await? || verdict.quit {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Expression::Or(any) => {
                for e in any {
                    if evaluate(c, e, entry, now, batches, verdict).await? || verdict.quit {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Expression::List(all) => {
                let mut last = false;
                for e in all {
                    last = evaluate(c, e, entry, now, batches, verdict).await?;
                    if verdict.quit {
                        break;
                    }
                }
                Ok(last)
            }
        }
    })
}

fn glob(pattern: &BString, text: &BStr, fold_case: bool) -> bool {
    matches_with(pattern, text, Flags { fold_case, ..Flags::default() })
}

async fn write(c: &Ctx, fd: Option<u32>, bytes: &[u8]) -> Result<(), Stop> {
    match fd {
        None => c.out(bytes).await,
        Some(fd) => c.write_fd(fd, bytes).await.map(drop),
    }
}

async fn one(
    c: &Ctx,
    test: &Test,
    entry: &Entry,
    now: i64,
    batches: &mut Batches,
    verdict: &mut Verdict,
) -> Result<bool, Stop> {
    let stat = &entry.stat;
    let clock = |clock: &Clock| {
        times::micros(match clock {
            Clock::Access => stat.atime,
            Clock::Change => stat.ctime,
            Clock::Modify => stat.mtime,
        })
    };
    let path: &BStr = entry.path.as_ref();
    Ok(match test {
        Test::True => true,
        Test::False => false,
        Test::Name(pattern, fold) => glob(pattern, entry.name(), *fold),
        Test::Path(pattern, fold) => glob(pattern, path, *fold),
        Test::LinkName(pattern, fold) => {
            let target = c.sys(|s| s.readlink(path));
            entry.is_link && target.is_ok_and(|t| glob(pattern, t.as_ref(), *fold))
        }
        Test::Regex(regex) => regex.is_match(path),
        Test::Type(kinds, through) => {
            let kind = if *through && entry.is_link {
                c.sys(|s| s.stat(path)).map_or(Kind::Symlink, |s| s.kind)
            } else {
                stat.kind
            };
            kinds.contains(&kind)
        }
        Test::Size(compare, unit) => compare.holds(stat.size.div_ceil(*unit)),
        Test::Empty => match stat.kind {
            Kind::File => stat.size == 0,
            Kind::Dir => match c.sys(|s| s.read_dir(path)) {
                Ok(names) => names.is_empty(),
                Err(errno) => return fail(c, path, errno, verdict).await,
            },
            _ => false,
        },
        Test::Age(which, compare, unit) => {
            let age = now - clock(which);
            let whole = age.div_euclid(*unit).max(0) as u64;
            match compare {
                // Minutes round up, days are cut: as find does it.
                super::parse::Compare::Exactly(n) if *unit == 60_000_000 => {
                    age > (*n as i64 - 1) * unit && age <= *n as i64 * unit
                }
                super::parse::Compare::Less(n) => age < *n as i64 * unit,
                super::parse::Compare::More(n) if *unit == 60_000_000 => age > *n as i64 * unit,
                _ => compare.holds(whole),
            }
        }
        Test::Newer(which, than) => clock(which) > *than,
        Test::Perm(how, bits) => match how {
            Bits::Exactly => stat.mode == *bits,
            Bits::All => stat.mode & bits == *bits,
            Bits::Any => *bits == 0 || stat.mode & bits != 0,
        },
        Test::User(uid) => stat.uid == *uid,
        Test::Group(gid) => stat.gid == *gid,
        Test::Uid(compare) => compare.holds(stat.uid.into()),
        Test::Gid(compare) => compare.holds(stat.gid.into()),
        Test::NoUser => host(c, |h| h.user_of(stat.uid).is_none()),
        Test::NoGroup => host(c, |h| !h.groups.contains_key(&stat.gid)),
        Test::Inode(compare) => compare.holds(stat.ino),
        Test::SameFile(dev, ino) => (stat.dev, stat.ino) == (*dev, *ino),
        Test::Links(compare) => compare.holds(stat.nlink.into()),
        Test::FsType(name) => {
            let mount = c.sys(|s| s.statfs(path)).map(|(_, mount)| mount).unwrap_or(stat.dev);
            host(c, |h| h.fs.volume(mount).is_ok_and(|v| v.fstype == *name))
        }
        Test::Access(bits) => c.sys(|s| s.access(path, *bits)).is_ok(),
        Test::Used(compare) => {
            let days = (clock(&Clock::Access) - clock(&Clock::Change)).max(0) / 86_400_000_000;
            compare.holds(days as u64)
        }
        Test::Prune => {
            verdict.prune = true;
            true
        }
        Test::Quit => {
            verdict.quit = true;
            true
        }
        Test::Print(end, fd) => {
            let mut line = entry.path.to_vec();
            line.push(*end);
            write(c, *fd, &line).await?;
            true
        }
        Test::Printf(format, fd) => {
            write(c, *fd, &printf(c, format, entry)).await?;
            true
        }
        Test::List(fd) => {
            write(c, *fd, list(c, entry).as_bytes()).await?;
            true
        }
        Test::Delete => {
            if path == "." {
                return Ok(true);
            }
            let gone = c.sys(|s| if stat.kind == Kind::Dir { s.rmdir(path) } else { s.unlink(path) });
            match gone {
                Ok(()) => true,
                Err(errno) => {
                    verdict.failed = true;
                    c.complain(format_args!("cannot delete {}: {errno}", quote(path))).await?;
                    false
                }
            }
        }
        Test::Exec { argv, dir, ask } => {
            let (file, inside) = place(entry, *dir);
            let argv: Vec<BString> = argv.iter().map(|w| w.replace("{}", &file).into()).collect();
            if *ask {
                let shown = argv[0].to_string();
                // find asks in its own form: `< rm ... ./f > ? `.
                c.flush().await?;
                c.err(format!("< {shown} ... {path} > ? ")).await?;
                if !said_yes(c).await? {
                    return Ok(false);
                }
            }
            run(c, argv, inside).await? == Some(0)
        }
        Test::ExecMany { argv, dir, batch } => {
            let (file, inside) = place(entry, *dir);
            batches.add(c, *batch, argv, inside, file).await?;
            true
        }
    })
}

/// What `{}` stands for, and where the command runs.
fn place(entry: &Entry, dir: bool) -> (BString, Option<BString>) {
    if !dir {
        return (entry.path.clone(), None);
    }
    let above = entry
        .path
        .rsplit_once_str("/")
        .map_or(".".into(), |(above, _)| if above.is_empty() { "/".into() } else { BString::from(above) });
    let mut name = BString::from("./");
    name.extend_from_slice(entry.name());
    (name, Some(above))
}

async fn fail(c: &Ctx, path: &BStr, errno: Errno, verdict: &mut Verdict) -> Result<bool, Stop> {
    verdict.failed = true;
    c.complain(format_args!("{}: {errno}", quote(path))).await?;
    Ok(false)
}
