use std::future::Future;
use std::pin::Pin;

use bstr::{BStr, BString};

use crate::base::quote::{quote, quoteaf};
use crate::commands::support::mode::{ModeChange, mode_string};
use crate::commands::support::{join, usage};
use crate::program::{Args, Command, Ctx, Example, Opt, Outcome, Stop};
use crate::world::fs::Kind;

pub const COMMAND: Command = Command {
    name: "chmod",
    summary: "Change the mode of each FILE to MODE.",
    usage: &[
        "[OPTION]... MODE[,MODE]... FILE...",
        "[OPTION]... OCTAL-MODE FILE...",
        "[OPTION]... --reference=RFILE FILE...",
    ],
    options: &[
        Opt::flag('c', "changes", "like verbose but report only when a change is made"),
        Opt::flag('f', "silent", "suppress most error messages"),
        Opt::long("quiet", "suppress most error messages"),
        Opt::flag('v', "verbose", "output a diagnostic for every file processed"),
        Opt::long("no-preserve-root", "do not treat '/' specially (the default)").accepted(),
        Opt::long("preserve-root", "fail to operate recursively on '/'"),
        Opt::long_value("reference", "RFILE", "use RFILE's mode instead of MODE values"),
        Opt::flag('R', "recursive", "change files and directories recursively"),
        // A mode such as -w or -rx looks like an option.
        Opt::flag('r', "", "part of a MODE such as -r"),
        Opt::flag('w', "", "part of a MODE such as -w"),
        Opt::flag('x', "", "part of a MODE such as -x"),
        Opt::flag('X', "", "part of a MODE such as -X"),
        Opt::flag('s', "", "part of a MODE such as -s"),
        Opt::flag('t', "", "part of a MODE such as -t"),
    ],
    examples: &[Example { run: "touch f; chmod u=rwx,go= f; stat -c %A f", prints: "-rwx------\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

struct Changer<'c> {
    c: &'c Ctx,
    change: Result<ModeChange, u16>,
    recursive: bool,
    silent: bool,
    verbose: bool,
    changes: bool,
    umask: u16,
}

async fn main(c: Ctx, a: Args) -> Outcome {
    let mut operands = a.operands().to_vec();
    let minus: String = a.given().iter().filter_map(|(o, _)| o.short).filter(|l| "rwxXst".contains(*l)).collect();
    let change = if let Some(path) = a.get("reference") {
        match c.sys(|s| s.stat(path)) {
            Ok(stat) => Err(stat.mode),
            Err(errno) => {
                c.complain(format_args!("failed to get attributes of {}: {errno}", quoteaf(path))).await?;
                return Ok(1);
            }
        }
    } else {
        let text: BString = if !minus.is_empty() {
            format!("-{minus}").into()
        } else if operands.is_empty() {
            return usage(&c, 1, "missing operand").await;
        } else {
            operands.remove(0)
        };
        match ModeChange::parse(&text) {
            _ if operands.is_empty() => {
                return usage(&c, 1, format_args!("missing operand after {}", quote(&text))).await;
            }
            Some(change) => Ok(change),
            None => return usage(&c, 1, format_args!("invalid mode: {}", quote(&text))).await,
        }
    };
    if operands.is_empty() {
        return usage(&c, 1, "missing operand").await;
    }
    let changer = Changer {
        c: &c,
        change,
        recursive: a.has("recursive"),
        silent: a.has("silent") || a.has("quiet"),
        verbose: a.has("verbose"),
        changes: a.has("changes"),
        umask: c.process(|p| p.umask),
    };
    let mut status = 0;
    for path in &operands {
        if changer.recursive && a.has("preserve-root") && c.sys(|s| s.realpath(path.as_ref())).is_ok_and(|p| p == "/") {
            c.complain(format_args!("it is dangerous to operate recursively on {}", quoteaf(path))).await?;
            c.complain("use --no-preserve-root to override this failsafe").await?;
            status = 1;
            continue;
        }
        if !changer.one(path.as_ref(), true).await? {
            status = 1;
        }
    }
    Ok(status)
}

impl Changer<'_> {
    fn walk<'w>(&'w self, path: &'w BStr) -> Pin<Box<dyn Future<Output = Result<bool, Stop>> + 'w>> {
        Box::pin(self.one(path, false))
    }

    async fn one(&self, path: &BStr, top: bool) -> Result<bool, Stop> {
        let c = self.c;
        let link = c.sys(|s| s.lstat(path)).is_ok_and(|s| s.kind == Kind::Symlink);
        if link && !top {
            return Ok(true);
        }
        let stat = match c.sys(|s| s.stat(path)) {
            Ok(stat) => stat,
            Err(errno) => {
                if !self.silent {
                    let text = if link {
                        format!("cannot operate on dangling symlink {}", quoteaf(path))
                    } else {
                        format!("cannot access {}: {errno}", quoteaf(path))
                    };
                    c.complain(text).await?;
                }
                return Ok(false);
            }
        };
        let is_dir = stat.kind == Kind::Dir;
        let mode = match &self.change {
            Ok(change) => change.apply(stat.mode, is_dir, self.umask),
            Err(mode) => *mode,
        };
        let result = c.sys(|s| s.chmod(path, mode));
        if let Err(errno) = result {
            if !self.silent {
                c.complain(format_args!("changing permissions of {}: {errno}", quoteaf(path))).await?;
            }
            if self.verbose {
                let line =
                    format!("failed to change mode of {} from {} to {}\n", quoteaf(path), show(stat.mode), show(mode));
                c.out(line).await?;
            }
        } else if mode != stat.mode && (self.verbose || self.changes) {
            let line = format!("mode of {} changed from {} to {}\n", quoteaf(path), show(stat.mode), show(mode));
            c.out(line).await?;
        } else if self.verbose {
            c.out(format!("mode of {} retained as {}\n", quoteaf(path), show(mode))).await?;
        }
        let mut good = result.is_ok();
        if self.recursive && is_dir {
            match c.sys(|s| s.read_dir(path)) {
                Ok(names) => {
                    for (name, _, _) in names {
                        good &= self.walk(join(path, name.as_ref()).as_ref()).await?;
                    }
                }
                Err(errno) => {
                    if !self.silent {
                        c.complain(format_args!("cannot read directory {}: {errno}", quoteaf(path))).await?;
                    }
                    good = false;
                }
            }
        }
        Ok(good)
    }
}

/// `0644 (rw-r--r--)`
fn show(mode: u16) -> String {
    format!("{mode:04o} ({})", &mode_string(Kind::File, mode)[1..])
}
