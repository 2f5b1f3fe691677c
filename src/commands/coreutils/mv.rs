use bstr::{BStr, ByteSlice};

use crate::base::quote::quoteaf;
use crate::commands::support::confirm;
use crate::commands::support::mode::mode_string;
use crate::commands::support::tree::{Backup, Copier, Copy, Existing, Follow, Target, remove_silently};
use crate::program::{Args, Command, Ctx, Example, Opt, Outcome, Stop};
use crate::world::Errno;
use crate::world::fs::Kind;

pub const COMMAND: Command = Command {
    name: "mv",
    summary: "Rename SOURCE to DEST, or move SOURCE(s) to DIRECTORY.",
    usage: &["[OPTION]... [-T] SOURCE DEST", "[OPTION]... SOURCE... DIRECTORY", "[OPTION]... -t DIRECTORY SOURCE..."],
    options: &[
        Opt::long("backup", "make a backup of each existing destination file").optional("CONTROL"),
        Opt::flag('b', "", "like --backup but does not accept an argument"),
        Opt::flag('f', "force", "do not prompt before overwriting"),
        Opt::flag('i', "interactive", "prompt before overwrite"),
        Opt::flag('n', "no-clobber", "do not overwrite an existing file"),
        Opt::long("strip-trailing-slashes", "remove any trailing slashes from each SOURCE argument"),
        Opt::value('S', "suffix", "SUFFIX", "override the usual backup suffix"),
        Opt::value('t', "target-directory", "DIRECTORY", "move all SOURCE arguments into DIRECTORY"),
        Opt::flag('T', "no-target-directory", "treat DEST as a normal file"),
        Opt::flag('u', "update", "move only when the SOURCE file is newer than the destination file"),
        Opt::flag('v', "verbose", "explain what is being done"),
        Opt::flag('Z', "context", "set SELinux security context of destination file to default type").accepted(),
    ],
    examples: &[Example { run: "echo a > f; mv -v f g; cat g", prints: "renamed 'f' -> 'g'\na\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

async fn main(c: Ctx, a: Args) -> Outcome {
    let target = match Target::find(&c, &a).await? {
        Ok(target) => target,
        Err(status) => return Ok(status),
    };
    let mut status = 0;
    for source in &target.sources {
        let to = target.of(source.as_ref());
        let from = BStr::new(if a.has("strip-trailing-slashes") { source.trim_end_with(|c| c == '/') } else { source });
        if !one(&c, &a, from, to.as_ref()).await? {
            status = 1;
        }
    }
    Ok(status)
}

async fn one(c: &Ctx, a: &Args, from: &BStr, to: &BStr) -> Result<bool, Stop> {
    let fail = async |text: String| -> Result<bool, Stop> { c.complain(text).await.map(|()| false) };
    let source = match c.sys(|s| s.lstat(from)) {
        Ok(stat) => stat,
        Err(errno) => return fail(format!("cannot stat {}: {errno}", quoteaf(from))).await,
    };
    if let Ok(old) = c.sys(|s| s.lstat(to)) {
        if (old.dev, old.ino) == (source.dev, source.ino) {
            return fail(format!("{} and {} are the same file", quoteaf(from), quoteaf(to))).await;
        }
        let newer = || c.sys(|s| s.stat(to)).is_ok_and(|t| t.mtime >= source.mtime);
        let how = a.last_of(&["interactive", "no-clobber", "force"]);
        if how == Some("no-clobber") || a.has("update") && newer() {
            return Ok(true);
        }
        if source.kind == Kind::Dir && old.kind != Kind::Dir {
            let text = format!("cannot overwrite non-directory {} with directory {}", quoteaf(to), quoteaf(from));
            return fail(text).await;
        }
        if source.kind != Kind::Dir && old.kind == Kind::Dir {
            return fail(format!("cannot overwrite directory {} with non-directory", quoteaf(to))).await;
        }
        let locked = old.kind != Kind::Symlink && c.sys(|s| s.access(to, 2)).is_err();
        let question = if how == Some("interactive") {
            Some(format!("overwrite {}", quoteaf(to)))
        } else if how.is_none() && locked && c.is_tty(0) {
            let shown = mode_string(old.kind, old.mode);
            Some(format!("replace {}, overriding mode {:04o} ({})", quoteaf(to), old.mode, &shown[1..]))
        } else {
            None
        };
        if let Some(question) = question
            && !confirm(c, question).await?
        {
            return Ok(true);
        }
        if let Some(backup) = Backup::from_args(c, a)
            && let Err(errno) = backup.make(c, to)
        {
            return fail(format!("cannot backup {}: {errno}", quoteaf(to))).await;
        }
    }
    match c.sys(|s| s.rename(from, to)) {
        Ok(()) => {}
        Err(Errno::EXDEV) => {
            let how = Copy {
                recursive: true,
                follow: Follow::Never,
                keep_mode: true,
                keep_owner: true,
                keep_times: true,
                keep_links: true,
                remove: true,
                existing: Existing::Replace,
                moving: true,
                ..Copy::default()
            };
            if !Copier::new(c, how).copy(from, to).await? {
                return Ok(false);
            }
            if let Err(errno) = remove_silently(c, from) {
                return fail(format!("cannot remove {}: {errno}", quoteaf(from))).await;
            }
            if a.has("verbose") {
                c.out(format!("copied {} -> {}\nremoved {}\n", quoteaf(from), quoteaf(to), quoteaf(from))).await?;
            }
            return Ok(true);
        }
        Err(Errno::EINVAL) => {
            let text = format!("cannot move {} to a subdirectory of itself, {}", quoteaf(from), quoteaf(to));
            return fail(text).await;
        }
        Err(errno) => return fail(format!("cannot move {} to {}: {errno}", quoteaf(from), quoteaf(to))).await,
    }
    if a.has("verbose") {
        c.out(format!("renamed {} -> {}\n", quoteaf(from), quoteaf(to))).await?;
    }
    Ok(true)
}
