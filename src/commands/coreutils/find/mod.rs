//! find: the walk is here; the expression is read in `parse`, evaluated in `eval`, `-printf` in `format`.

mod eval;
mod format;
mod parse;

use bstr::{BStr, BString, ByteSlice};

use crate::base::quote::quote;
use crate::commands::support::{base_name, join, times};
use crate::program::{Args, Command, Ctx, Example, Outcome, Stop, Syntax};
use crate::world::Errno;
use crate::world::fs::Kind;
use crate::world::sys::Stat;
use eval::Batches;
use parse::Plan;

pub const COMMAND: Command = Command {
    name: "find",
    package: "findutils",
    summary: "Search for files in a directory hierarchy.",
    usage: &["[-H] [-L] [-P] [path...] [expression]"],
    syntax: Syntax::Raw,
    examples: &[Example { run: "mkdir d; touch d/a.log d/b.txt; find d -name '*.log'", prints: "d/a.log\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

/// How links are taken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Follow {
    Never,
    CommandLine,
    Always,
}

/// One file as the expression sees it.
pub struct Entry {
    pub path: BString,
    /// The starting point it was found under, and how deep.
    pub start: BString,
    pub depth: u64,
    pub stat: Stat,
    /// A link met under `-L` that leads nowhere is taken for itself.
    pub is_link: bool,
}

impl Entry {
    pub fn name(&self) -> &BStr {
        let trimmed = BStr::new(self.path.trim_end_with(|c| c == '/'));
        if trimmed.is_empty() { self.path.as_ref() } else { base_name(trimmed) }
    }
}

async fn main(c: Ctx, a: Args) -> Outcome {
    let words = a.operands();
    if words.len() == 1 && (words[0] == "--help" || words[0] == "-help" || words[0] == "--version") {
        let text = if words[0] == "--version" { COMMAND.version() } else { COMMAND.help("find") };
        return c.out(text).await.map(|()| 0);
    }
    let mut rest = words;
    let mut follow = Follow::Never;
    while let Some((word, after)) = rest.split_first() {
        match &word[..] {
            b"-P" => follow = Follow::Never,
            b"-H" => follow = Follow::CommandLine,
            b"-L" => follow = Follow::Always,
            b"-O0" | b"-O1" | b"-O2" | b"-O3" => {}
            _ => break,
        }
        rest = after;
    }
    let is_expression = |w: &BString| w.starts_with(b"-") && w.len() > 1 || matches!(&w[..], b"(" | b"!");
    let count = rest.iter().position(is_expression).unwrap_or(rest.len());
    let (paths, expression) = rest.split_at(count);
    let mut plan = match parse::parse(&c, expression, &mut follow) {
        Ok(plan) => plan,
        Err(text) => {
            c.complain(text).await?;
            return Ok(1);
        }
    };
    let mut now = times::micros(c.now());
    if plan.from_midnight {
        // The first instant of tomorrow, here.
        now = crate::base::getdate::parse_date("tomorrow 00:00", now, &times::zone(&c)).unwrap_or(now);
    }
    let mut walker = Walker { c: &c, follow, status: 0, now };
    let default: [BString; 1] = [".".into()];
    let paths = if paths.is_empty() { &default[..] } else { paths };
    let mut batches = Batches::default();
    for path in paths {
        if walker.walk(path, &mut plan, &mut batches).await? {
            break;
        }
    }
    if !batches.finish(&c).await? {
        walker.status = 1;
    }
    Ok(walker.status)
}

struct Walker<'c> {
    c: &'c Ctx,
    follow: Follow,
    status: u8,
    now: i64,
}

/// A step of the walk: a file to look at, or (with -depth) a directory whose content is done.
struct Step {
    path: BString,
    depth: u64,
    done: Option<Entry>,
    /// Directories above, by (device, inode): under -L a link may lead back.
    above: Vec<(u32, u64)>,
}

impl Walker<'_> {
    /// `true` after `-quit`.
    async fn walk(&mut self, start: &BString, plan: &mut Plan, batches: &mut Batches) -> Result<bool, Stop> {
        let c = self.c;
        let mut waiting = vec![Step { path: start.clone(), depth: 0, done: None, above: Vec::new() }];
        let mut device = None;
        while let Some(step) = waiting.pop() {
            if let Some(entry) = step.done {
                if self.evaluate(&entry, plan, batches).await?.quit {
                    return Ok(true);
                }
                continue;
            }
            c.work(1_500).await?;
            let follows = self.follow == Follow::Always || self.follow == Follow::CommandLine && step.depth == 0;
            let own = c.sys(|s| s.lstat(step.path.as_ref()));
            let mut is_link = own.as_ref().is_ok_and(|s| s.kind == Kind::Symlink);
            let stat = if follows && is_link {
                match c.sys(|s| s.stat(step.path.as_ref())) {
                    Ok(stat) => {
                        is_link = false;
                        Ok(stat)
                    }
                    Err(_) => own,
                }
            } else {
                own
            };
            let stat = match stat {
                Ok(stat) => stat,
                Err(errno) => {
                    self.fail(&step.path, errno).await?;
                    continue;
                }
            };
            let id = (stat.dev, stat.ino);
            if step.above.contains(&id) && stat.kind == Kind::Dir {
                let text = format!(
                    "File system loop detected; {} is part of the same file system loop as {}.",
                    quote(&step.path),
                    quote(start)
                );
                c.complain(text).await?;
                self.status = 1;
                continue;
            }
            let top = *device.get_or_insert(stat.dev);
            let entry = Entry { path: step.path, start: start.clone(), depth: step.depth, stat, is_link };
            let is_dir = entry.stat.kind == Kind::Dir;
            let mut descend =
                is_dir && entry.depth < plan.max_depth && !(plan.one_file_system && entry.stat.dev != top);
            if !plan.depth_first {
                let verdict = self.evaluate(&entry, plan, batches).await?;
                if verdict.quit {
                    return Ok(true);
                }
                descend &= !verdict.prune;
            }
            let mut below = Vec::new();
            if descend {
                match c.sys(|s| s.read_dir(entry.path.as_ref())) {
                    Ok(names) => {
                        let mut above = step.above;
                        if self.follow == Follow::Always {
                            above.push(id);
                        }
                        below.extend(names.into_iter().rev().map(|(name, _, _)| Step {
                            path: join(entry.path.as_ref(), name.as_ref()),
                            depth: entry.depth + 1,
                            done: None,
                            above: above.clone(),
                        }));
                    }
                    Err(errno) => self.fail(&entry.path, errno).await?,
                }
            }
            if plan.depth_first {
                let (path, depth) = (entry.path.clone(), entry.depth);
                waiting.push(Step { path, depth, done: Some(entry), above: Vec::new() });
            }
            waiting.extend(below);
        }
        Ok(false)
    }

    async fn evaluate(&mut self, entry: &Entry, plan: &mut Plan, batches: &mut Batches) -> Result<eval::Verdict, Stop> {
        let mut verdict = eval::Verdict::default();
        if entry.depth < plan.min_depth {
            return Ok(verdict);
        }
        eval::evaluate(self.c, &plan.expression, entry, self.now, batches, &mut verdict).await?;
        if verdict.failed {
            self.status = 1;
        }
        Ok(verdict)
    }

    async fn fail(&mut self, path: &BString, errno: Errno) -> Result<(), Stop> {
        self.status = 1;
        self.c.complain(format_args!("{}: {errno}", quote(path))).await
    }
}
