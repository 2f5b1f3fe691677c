//! chown and chgrp: one program, two ways of saying what to set.

use std::future::Future;
use std::pin::Pin;

use bstr::{BStr, ByteSlice};

use crate::base::quote::{quote, quoteaf};
use crate::commands::support::owner::{self, Owner, host, parse_owner};
use crate::commands::support::{join, missing_operand, usage};
use crate::program::{Args, Command, Ctx, Example, Opt, Outcome, Stop};
use crate::world::fs::Kind;

const OPTIONS: &[Opt] = &[
    Opt::flag('c', "changes", "like verbose but report only when a change is made"),
    Opt::flag('f', "silent", "suppress most error messages"),
    Opt::long("quiet", "suppress most error messages"),
    Opt::flag('v', "verbose", "output a diagnostic for every file processed"),
    Opt::long("dereference", "affect the referent of each symbolic link (this is the default)"),
    Opt::flag('h', "no-dereference", "affect symbolic links instead of any referenced file"),
    Opt::long_value("from", "CURRENT_OWNER:CURRENT_GROUP", "change only if the current owner and group match"),
    Opt::long("no-preserve-root", "do not treat '/' specially (the default)").accepted(),
    Opt::long("preserve-root", "fail to operate recursively on '/'"),
    Opt::long_value("reference", "RFILE", "use RFILE's owner and group"),
    Opt::flag('R', "recursive", "operate on files and directories recursively"),
    Opt::flag('H', "", "with -R: if an argument is a symbolic link to a directory, traverse it"),
    Opt::flag('L', "", "with -R: traverse every symbolic link to a directory"),
    Opt::flag('P', "", "with -R: do not traverse any symbolic links (default)"),
];

pub const CHOWN: Command = Command {
    name: "chown",
    summary: "Change the owner and/or group of each FILE to OWNER and/or GROUP.",
    usage: &["[OPTION]... [OWNER][:[GROUP]] FILE...", "[OPTION]... --reference=RFILE FILE..."],
    options: OPTIONS,
    examples: &[Example { run: "touch f; chown :oncall f; stat -c %U:%G f", prints: "oncall:oncall\n" }],
    main: |c, a| Box::pin(main(c, a, false)),
    ..Command::BASE
};

pub const CHGRP: Command = Command {
    name: "chgrp",
    summary: "Change the group of each FILE to GROUP.",
    usage: &["[OPTION]... GROUP FILE...", "[OPTION]... --reference=RFILE FILE..."],
    options: OPTIONS,
    examples: &[Example { run: "touch f; chgrp adm f; stat -c %G f", prints: "adm\n" }],
    main: |c, a| Box::pin(main(c, a, true)),
    ..Command::BASE
};

struct Changer<'c> {
    c: &'c Ctx,
    a: &'c Args,
    to: Owner,
    from: Owner,
    group_only: bool,
    follow: bool,
}

async fn main(c: Ctx, a: Args, group_only: bool) -> Outcome {
    let mut operands = a.operands().to_vec();
    let needed = if a.has("reference") { 1 } else { 2 };
    if operands.len() < needed {
        return missing_operand(&c, &a).await;
    }
    let to = if let Some(path) = a.get("reference") {
        match c.sys(|s| s.stat(path)) {
            Ok(stat) if group_only => Owner { uid: None, gid: Some(stat.gid) },
            Ok(stat) => Owner { uid: Some(stat.uid), gid: Some(stat.gid) },
            Err(errno) => {
                c.complain(format_args!("failed to get attributes of {}: {errno}", quoteaf(path))).await?;
                return Ok(1);
            }
        }
    } else {
        let spec = operands.remove(0);
        let parsed = if group_only {
            let text = spec.to_str_lossy();
            if text.is_empty() {
                Ok(Owner::default())
            } else {
                let gid = host(&c, |h| owner::parse_group(h, &text));
                gid.map(|gid| Owner { uid: None, gid: Some(gid) })
                    .ok_or_else(|| format!("invalid group: {}", quote(&spec)))
            }
        } else {
            parse_owner(&c, spec.as_ref())
        };
        match parsed {
            Ok(to) => to,
            Err(text) => {
                c.complain(text).await?;
                return Ok(1);
            }
        }
    };
    let from = match a.get("from").map(|spec| parse_owner(&c, spec)).transpose() {
        Ok(from) => from.unwrap_or_default(),
        Err(text) => {
            c.complain(text).await?;
            return Ok(1);
        }
    };
    let follow = a.last_of(&["dereference", "no-dereference"]) != Some("no-dereference");
    if a.has("recursive") && a.has("dereference") && !a.has("H") && !a.has("L") {
        return usage(&c, 1, "-R --dereference requires either -H or -L").await;
    }
    let changer = Changer { c: &c, a: &a, to, from, group_only, follow };
    let mut status = 0;
    for path in &operands {
        let is_root = || c.sys(|s| s.realpath(path.as_ref())).is_ok_and(|p| p == "/");
        if a.has("recursive") && a.has("preserve-root") && is_root() {
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
        let (c, a) = (self.c, self.a);
        let silent = a.has("silent") || a.has("quiet");
        let recursive = a.has("recursive");
        let through = match a.last_of(&["H", "L", "P"]) {
            Some("H") => top,
            Some("L") => true,
            _ => false,
        };
        let link = c.sys(|s| s.lstat(path)).is_ok_and(|s| s.kind == Kind::Symlink);
        // In a walk, a link that is not traversed is changed itself.
        let follow = self.follow && (!recursive || !link || through);
        let stat = match c.sys(|s| if follow { s.stat(path) } else { s.lstat(path) }) {
            Ok(stat) => stat,
            Err(errno) => {
                if !silent {
                    let verb = if link { "dereference" } else { "access" };
                    c.complain(format_args!("cannot {verb} {}: {errno}", quoteaf(path))).await?;
                }
                return Ok(false);
            }
        };
        let mut good = true;
        if recursive && stat.kind == Kind::Dir {
            match c.sys(|s| s.read_dir(path)) {
                Ok(names) => {
                    for (name, _, _) in names {
                        good &= self.walk(join(path, name.as_ref()).as_ref()).await?;
                    }
                }
                Err(errno) => {
                    if !silent {
                        c.complain(format_args!("cannot read directory {}: {errno}", quoteaf(path))).await?;
                    }
                    good = false;
                }
            }
        }
        let wanted = self.from.uid.is_none_or(|u| u == stat.uid) && self.from.gid.is_none_or(|g| g == stat.gid);
        if !wanted {
            return Ok(good);
        }
        let result = c.sys(|s| s.chown(path, self.to.uid, self.to.gid, follow));
        let changed = self.to.uid.is_some_and(|u| u != stat.uid) || self.to.gid.is_some_and(|g| g != stat.gid);
        if let Err(errno) = result {
            good = false;
            if !silent {
                let what = if self.group_only || self.to.uid.is_none() { "group" } else { "ownership" };
                c.complain(format_args!("changing {what} of {}: {errno}", quoteaf(path))).await?;
            }
        } else if a.has("verbose") || a.has("changes") && changed {
            let name = |uid: Option<u32>, gid: Option<u32>| {
                host(c, |h| match (uid, gid) {
                    (Some(u), Some(g)) => format!("{}:{}", h.user_name(u), h.group_name(g)),
                    (Some(u), None) => h.user_name(u),
                    (None, Some(g)) => h.group_name(g),
                    (None, None) => String::new(),
                })
            };
            let kind = if self.to.uid.is_none() { "group" } else { "ownership" };
            let (old_uid, old_gid) = (self.to.uid.map(|_| stat.uid), self.to.gid.map(|_| stat.gid));
            let (old, new) = (name(old_uid, old_gid), name(self.to.uid, self.to.gid));
            let line = if changed {
                format!("changed {kind} of {} from {old} to {new}\n", quoteaf(path))
            } else {
                format!("{kind} of {} retained as {new}\n", quoteaf(path))
            };
            c.out(line).await?;
        }
        Ok(good)
    }
}
