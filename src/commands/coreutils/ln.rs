use bstr::{BStr, BString, ByteSlice};

use crate::base::quote::quoteaf;
use crate::commands::support::tree::Backup;
use crate::commands::support::{base_name, confirm, join, usage};
use crate::program::{Args, Command, Ctx, Example, Opt, Outcome, Stop};
use crate::world::Errno;
use crate::world::fs::Kind;

pub const COMMAND: Command = Command {
    name: "ln",
    summary: "Create a link to TARGET; hard links by default, symbolic links with --symbolic.",
    usage: &[
        "[OPTION]... [-T] TARGET LINK_NAME",
        "[OPTION]... TARGET",
        "[OPTION]... TARGET... DIRECTORY",
        "[OPTION]... -t DIRECTORY TARGET...",
    ],
    options: &[
        Opt::long("backup", "make a backup of each existing destination file").optional("CONTROL"),
        Opt::flag('b', "", "like --backup but does not accept an argument"),
        Opt::flag('d', "directory", "allow the superuser to attempt to hard link directories").accepted(),
        Opt::flag('F', "", "as -d").accepted(),
        Opt::flag('f', "force", "remove existing destination files"),
        Opt::flag('i', "interactive", "prompt whether to remove destinations"),
        Opt::flag('L', "logical", "dereference TARGETs that are symbolic links"),
        Opt::flag('n', "no-dereference", "treat LINK_NAME as a normal file if it is a symbolic link to a directory"),
        Opt::flag('P', "physical", "make hard links directly to symbolic links"),
        Opt::flag('r', "relative", "with -s, create links relative to link location"),
        Opt::flag('s', "symbolic", "make symbolic links instead of hard links"),
        Opt::value('S', "suffix", "SUFFIX", "override the usual backup suffix"),
        Opt::value('t', "target-directory", "DIRECTORY", "specify the DIRECTORY in which to create the links"),
        Opt::flag('T', "no-target-directory", "treat LINK_NAME as a normal file always"),
        Opt::flag('v', "verbose", "print name of each linked file"),
    ],
    examples: &[Example { run: "ln -s /etc/hostname h; readlink h", prints: "/etc/hostname\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

async fn main(c: Ctx, a: Args) -> Outcome {
    let mut targets = a.operands().to_vec();
    if targets.is_empty() {
        return usage(&c, 1, "missing file operand").await;
    }
    let is_dir = |p: &BStr| {
        let kept = a.has("no-dereference") && c.sys(|s| s.lstat(p)).is_ok_and(|s| s.kind == Kind::Symlink);
        !kept && c.sys(|s| s.stat(p)).is_ok_and(|s| s.kind == Kind::Dir)
    };
    let into: BString;
    let mut into_dir = true;
    if let Some(dir) = a.get("target-directory") {
        if !is_dir(dir) {
            let errno = c.sys(|s| s.stat(dir)).err().unwrap_or(Errno::ENOTDIR);
            c.complain(format_args!("target directory {}: {errno}", quoteaf(dir))).await?;
            return Ok(1);
        }
        into = dir.into();
    } else if a.has("no-target-directory") {
        if targets.len() != 2 {
            let text = match targets.get(2) {
                Some(extra) => format!("extra operand {}", quoteaf(extra)),
                None => format!("missing destination file operand after {}", quoteaf(&targets[0])),
            };
            return usage(&c, 1, text).await;
        }
        into = targets.pop().unwrap_or_default();
        into_dir = false;
    } else if targets.len() == 1 {
        into = ".".into();
    } else {
        into = targets.pop().unwrap_or_default();
        into_dir = is_dir(into.as_ref());
        if !into_dir && targets.len() > 1 {
            let errno = c.sys(|s| s.stat(into.as_ref())).err().unwrap_or(Errno::ENOTDIR);
            c.complain(format_args!("target {}: {errno}", quoteaf(&into))).await?;
            return Ok(1);
        }
    }
    let mut status = 0;
    for target in &targets {
        let name = if into_dir { join(into.as_ref(), base_name(target.as_ref())) } else { into.clone() };
        let name = name.strip_prefix(b"./").map_or(name.clone(), BString::from);
        let name =
            if a.operands().len() == 1 || !into_dir || into != "." { name } else { join(into.as_ref(), name.as_ref()) };
        if !one(&c, &a, target.as_ref(), name.as_ref()).await? {
            status = 1;
        }
    }
    Ok(status)
}

async fn one(c: &Ctx, a: &Args, target: &BStr, name: &BStr) -> Result<bool, Stop> {
    let symbolic = a.has("symbolic");
    let fail = async |text: String| -> Result<bool, Stop> { c.complain(text).await.map(|()| false) };
    let mut target = BString::from(target);
    if !symbolic {
        match c.sys(|s| if a.has("logical") { s.stat(target.as_ref()) } else { s.lstat(target.as_ref()) }) {
            Ok(stat) if stat.kind == Kind::Dir => {
                return fail(format!("{}: hard link not allowed for directory", quoteaf_plain(&target))).await;
            }
            Ok(_) => {}
            Err(errno) => return fail(format!("failed to access {}: {errno}", quoteaf(&target))).await,
        }
        if a.has("logical") {
            target = c.sys(|s| s.realpath(target.as_ref())).unwrap_or(target);
        }
    }
    if symbolic && a.has("relative") {
        target = relative(c, target.as_ref(), name);
    }
    let kind = if symbolic { "symbolic" } else { "hard" };
    if let Ok(old) = c.sys(|s| s.lstat(name)) {
        let backup = Backup::from_args(c, a);
        let how = a.last_of(&["force", "interactive"]);
        if let Some(backup) = backup {
            if let Err(errno) = backup.make(c, name) {
                return fail(format!("cannot backup {}: {errno}", quoteaf(name))).await;
            }
        } else if how == Some("interactive") && !confirm(c, format_args!("replace {}", quoteaf(name))).await? {
            return Ok(true);
        } else if how.is_some() {
            if old.kind == Kind::Dir {
                return fail(format!("{}: cannot overwrite directory", quoteaf_plain(name))).await;
            }
            let same = c.sys(|s| s.lstat(target.as_ref())).is_ok_and(|t| (t.dev, t.ino) == (old.dev, old.ino));
            if same && !symbolic {
                let text = format!("{} and {} are the same file", quoteaf(&target), quoteaf(name));
                return fail(text).await;
            }
            if let Err(errno) = c.sys(|s| s.unlink(name)) {
                return fail(format!("cannot remove {}: {errno}", quoteaf(name))).await;
            }
        }
    }
    let made = c.sys(|s| if symbolic { s.symlink(target.as_ref(), name) } else { s.link(target.as_ref(), name) });
    if let Err(errno) = made {
        // Where the link would be is what matters, except that a hard link names both.
        let text = if symbolic || errno == Errno::EEXIST {
            format!("failed to create {kind} link {}: {errno}", quoteaf(name))
        } else {
            format!("failed to create hard link {} => {}: {errno}", quoteaf(name), quoteaf(&target))
        };
        return fail(text).await;
    }
    if a.has("verbose") {
        let arrow = if symbolic { "->" } else { "=>" };
        c.out(format!("{} {arrow} {}\n", quoteaf(name), quoteaf(&target))).await?;
    }
    Ok(true)
}

fn quoteaf_plain(name: impl AsRef<[u8]>) -> String {
    crate::base::quote::quotef(name)
}

/// The way from where the link will be to its target.
fn relative(c: &Ctx, target: &BStr, name: &BStr) -> BString {
    let full = |p: &BStr| c.sys(|s| s.realpath(p)).unwrap_or_else(|_| c.sys(|s| s.absolute(p)));
    let dir = match name.rsplit_once_str("/") {
        Some((b"", _)) => BString::from("/"),
        Some((dir, _)) => dir.into(),
        None => ".".into(),
    };
    relative_path(full(target).as_ref(), full(dir.as_ref()).as_ref())
}

/// `to` as seen from the directory `from`; both absolute.
pub fn relative_path(to: &BStr, from: &BStr) -> BString {
    let parts = |p: &BStr| -> Vec<BString> { p.split_str("/").filter(|x| !x.is_empty()).map(BString::from).collect() };
    let (to, from) = (parts(to), parts(from));
    let same = to.iter().zip(&from).take_while(|(a, b)| a == b).count();
    let mut way: Vec<BString> = vec!["..".into(); from.len() - same];
    way.extend(to[same..].iter().cloned());
    if way.is_empty() { ".".into() } else { bstr::join("/", way).into() }
}
