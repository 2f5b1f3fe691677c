//! Who am I: id, whoami, groups, logname.

use bstr::ByteSlice;

use crate::base::quote::quote;
use crate::commands::support::owner::{host, parse_user};
use crate::commands::support::{extra_operand, usage};
use crate::program::{Args, Command, Ctx, Example, Opt, Outcome};

pub const ID: Command = Command {
    name: "id",
    summary: "Print user and group information for each specified USER, or (when USER omitted) for the current process.",
    usage: &["[OPTION]... [USER]..."],
    options: &[
        Opt::flag('a', "", "ignore, for compatibility with other versions").accepted(),
        Opt::flag('Z', "context", "print only the security context of the process").unmodelled(),
        Opt::flag('g', "group", "print only the effective group ID"),
        Opt::flag('G', "groups", "print all group IDs"),
        Opt::flag('n', "name", "print a name instead of a number, for -ugG"),
        Opt::flag('r', "real", "print the real ID instead of the effective ID, with -ugG"),
        Opt::flag('u', "user", "print only the effective user ID"),
        Opt::flag('z', "zero", "delimit entries with NUL characters, not whitespace"),
    ],
    examples: &[Example { run: "id -un; id -u", prints: "oncall\n1000\n" }],
    main: |c, a| Box::pin(id(c, a)),
    ..Command::BASE
};

pub const WHOAMI: Command = Command {
    name: "whoami",
    summary: "Print the user name associated with the current effective user ID. Same as id -un.",
    usage: &["[OPTION]..."],
    examples: &[Example { run: "whoami", prints: "oncall\n" }],
    main: |c, a| Box::pin(whoami(c, a)),
    ..Command::BASE
};

pub const GROUPS: Command = Command {
    name: "groups",
    summary: "Print group memberships for each USERNAME or, if no USERNAME is specified, for the current process.",
    usage: &["[OPTION]... [USERNAME]..."],
    examples: &[Example { run: "groups", prints: "oncall adm sudo\n" }],
    main: |c, a| Box::pin(groups(c, a)),
    ..Command::BASE
};

pub const LOGNAME: Command = Command {
    name: "logname",
    summary: "Print the user's login name.",
    usage: &["[OPTION]"],
    examples: &[Example { run: "logname", prints: "oncall\n" }],
    main: |c, a| Box::pin(logname(c, a)),
    ..Command::BASE
};

/// (uid, gid, all groups): of this process, or of an account.
type Who = (u32, u32, Vec<u32>);

fn myself(c: &Ctx) -> Who {
    c.process(|p| (p.cred.uid, p.cred.gid, with_first(p.cred.gid, &p.cred.groups)))
}

fn with_first(gid: u32, groups: &[u32]) -> Vec<u32> {
    let mut all = vec![gid];
    all.extend(groups.iter().copied().filter(|&g| g != gid));
    all
}

fn account(c: &Ctx, name: &str) -> Option<Who> {
    host(c, |h| {
        let a = h.user(name).or_else(|| parse_user(h, name).and_then(|uid| h.user_of(uid)))?;
        Some((a.uid, a.gid, with_first(a.gid, &a.groups)))
    })
}

async fn id(c: Ctx, a: Args) -> Outcome {
    let chosen: Vec<&str> = ["user", "group", "groups"].into_iter().filter(|o| a.has(o)).collect();
    if chosen.len() > 1 {
        c.complain("cannot print \"only\" of more than one choice").await?;
        return Ok(1);
    }
    if chosen.is_empty() && (a.has("name") || a.has("real")) {
        c.complain("cannot print only names or real IDs in default format").await?;
        return Ok(1);
    }
    if chosen.is_empty() && a.has("zero") {
        c.complain("option --zero not permitted in default format").await?;
        return Ok(1);
    }
    let mut status = 0;
    let whos = if a.operands().is_empty() {
        vec![Some(myself(&c))]
    } else {
        a.operands().iter().map(|name| account(&c, &name.to_str_lossy())).collect()
    };
    let end = if a.has("zero") { "\0" } else { "\n" };
    for (n, who) in whos.into_iter().enumerate() {
        let Some((uid, gid, groups)) = who else {
            c.complain(format_args!("{}: no such user", quote(&a.operands()[n]))).await?;
            status = 1;
            continue;
        };
        let user = |uid: u32| if a.has("name") { host(&c, |h| h.user_name(uid)) } else { uid.to_string() };
        let group = |gid: u32| if a.has("name") { host(&c, |h| h.group_name(gid)) } else { gid.to_string() };
        let line = match chosen.first() {
            Some(&"user") => user(uid),
            Some(&"group") => group(gid),
            Some(_) => {
                let list: Vec<String> = groups.iter().map(|&g| group(g)).collect();
                list.join(if a.has("zero") { "\0" } else { " " })
            }
            None => host(&c, |h| {
                let named = |n: u32, name: Option<String>| name.map_or(n.to_string(), |name| format!("{n}({name})"));
                let group = |g: u32| named(g, h.groups.get(&g).cloned());
                let list: Vec<String> = groups.iter().map(|&g| group(g)).collect();
                let user = named(uid, h.user_of(uid).map(|a| a.name.clone()));
                format!("uid={user} gid={} groups={}", group(gid), list.join(","))
            }),
        };
        c.out(format!("{line}{end}")).await?;
    }
    Ok(status)
}

async fn whoami(c: Ctx, a: Args) -> Outcome {
    if let Some(extra) = a.operands().first() {
        return extra_operand(&c, extra.as_ref()).await;
    }
    let uid = c.uid();
    match host(&c, |h| h.user_of(uid).map(|a| a.name.clone())) {
        Some(name) => c.out(format!("{name}\n")).await.map(|()| 0),
        None => {
            c.complain(format_args!("cannot find name for user ID {uid}")).await?;
            Ok(1)
        }
    }
}

async fn groups(c: Ctx, a: Args) -> Outcome {
    let names = |groups: &[u32]| -> String {
        host(&c, |h| groups.iter().map(|&g| h.group_name(g)).collect::<Vec<_>>().join(" "))
    };
    if a.operands().is_empty() {
        let line = names(&myself(&c).2);
        return c.out(format!("{line}\n")).await.map(|()| 0);
    }
    let mut status = 0;
    for name in a.operands() {
        match account(&c, &name.to_str_lossy()) {
            Some((_, _, groups)) => {
                let line = format!("{name} : {}\n", names(&groups));
                c.out(line).await?;
            }
            None => {
                c.complain(format_args!("{}: no such user", quote(name))).await?;
                status = 1;
            }
        }
    }
    Ok(status)
}

async fn logname(c: Ctx, a: Args) -> Outcome {
    if let Some(extra) = a.operands().first() {
        return usage(&c, 1, format_args!("extra operand {}", quote(extra))).await;
    }
    match c.env("LOGNAME") {
        Some(name) => c.out(format!("{name}\n")).await.map(|()| 0),
        None => {
            c.complain("no login name").await?;
            Ok(1)
        }
    }
}
