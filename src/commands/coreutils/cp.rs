use bstr::ByteSlice;

use crate::base::quote::quote;
use crate::commands::support::tree::{Backup, Copier, Copy, Existing, Follow, Target};
use crate::commands::support::usage;
use crate::program::{Args, Command, Ctx, Example, Opt, Outcome};

pub const COMMAND: Command = Command {
    name: "cp",
    summary: "Copy SOURCE to DEST, or multiple SOURCE(s) to DIRECTORY.",
    usage: &["[OPTION]... [-T] SOURCE DEST", "[OPTION]... SOURCE... DIRECTORY", "[OPTION]... -t DIRECTORY SOURCE..."],
    options: &[
        Opt::flag('a', "archive", "same as -dR --preserve=all"),
        Opt::long("attributes-only", "don't copy the file data, just the attributes"),
        Opt::long("backup", "make a backup of each existing destination file").optional("CONTROL"),
        Opt::flag('b', "", "like --backup but does not accept an argument"),
        Opt::long("copy-contents", "copy contents of special files when recursive").accepted(),
        Opt::flag('d', "", "same as --no-dereference --preserve=links"),
        Opt::flag('f', "force", "if an existing destination file cannot be opened, remove it and try again"),
        Opt::flag('i', "interactive", "prompt before overwrite (overrides a previous -n option)"),
        Opt::flag('H', "", "follow command-line symbolic links in SOURCE"),
        Opt::flag('l', "link", "hard link files instead of copying"),
        Opt::flag('L', "dereference", "always follow symbolic links in SOURCE"),
        Opt::flag('n', "no-clobber", "do not overwrite an existing file (overrides a previous -i option)"),
        Opt::flag('P', "no-dereference", "never follow symbolic links in SOURCE"),
        Opt::flag('p', "", "same as --preserve=mode,ownership,timestamps"),
        Opt::long("preserve", "preserve the specified attributes").optional("ATTR_LIST"),
        Opt::long_value("no-preserve", "ATTR_LIST", "don't preserve the specified attributes"),
        Opt::long("parents", "use full source file name under DIRECTORY").unmodelled(),
        Opt::flag('R', "recursive", "copy directories recursively"),
        Opt::flag('r', "", "copy directories recursively"),
        Opt::long("reflink", "control clone/CoW copies").optional("WHEN").accepted(),
        Opt::long("remove-destination", "remove each existing destination file before attempting to open it"),
        Opt::long_value("sparse", "WHEN", "control creation of sparse files").accepted(),
        Opt::long("strip-trailing-slashes", "remove any trailing slashes from each SOURCE argument"),
        Opt::flag('s', "symbolic-link", "make symbolic links instead of copying"),
        Opt::value('S', "suffix", "SUFFIX", "override the usual backup suffix"),
        Opt::value('t', "target-directory", "DIRECTORY", "copy all SOURCE arguments into DIRECTORY"),
        Opt::flag('T', "no-target-directory", "treat DEST as a normal file"),
        Opt::flag('u', "update", "copy only when the SOURCE file is newer than the destination file"),
        Opt::flag('v', "verbose", "explain what is being done"),
        Opt::flag('x', "one-file-system", "stay on this file system"),
        Opt::flag('Z', "", "set SELinux security context of destination file to default type").accepted(),
        Opt::long("context", "set the SELinux or SMACK security context").optional("CTX").accepted(),
    ],
    examples: &[Example { run: "echo a > f; cp -v f g; cat g", prints: "'f' -> 'g'\na\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

async fn main(c: Ctx, a: Args) -> Outcome {
    let mut how = Copy {
        recursive: a.has("recursive") || a.has("r") || a.has("archive"),
        keep_links: a.has("archive") || a.has("d"),
        update: a.has("update"),
        force: a.has("force"),
        remove: a.has("remove-destination"),
        hard_link: a.has("link"),
        symlink: a.has("symbolic-link"),
        attributes_only: a.has("attributes-only"),
        one_file_system: a.has("one-file-system"),
        verbose: a.has("verbose"),
        backup: Backup::from_args(&c, &a),
        ..Copy::default()
    };
    how.follow = match a.last_of(&["H", "dereference", "no-dereference", "d", "archive"]) {
        Some("H") => Follow::CommandLine,
        Some("dereference") => Follow::All,
        Some(_) => Follow::Never,
        None if how.recursive && !how.hard_link => Follow::Never,
        None => Follow::All,
    };
    how.existing = match a.last_of(&["interactive", "no-clobber"]) {
        Some("interactive") => Existing::Ask,
        Some(_) => Existing::Keep,
        None => Existing::Replace,
    };
    for (option, value) in a.given() {
        let keep = !option.is("no-preserve");
        let list = match (option.long, option.short) {
            ("archive", _) => "all",
            (_, Some('p')) => "mode,ownership,timestamps",
            ("preserve" | "no-preserve", _) => {
                &value.as_ref().map_or("mode,ownership,timestamps".into(), |v| v.to_str_lossy().into_owned())
            }
            _ => continue,
        };
        for word in list.split(',') {
            match word {
                "mode" => how.keep_mode = keep,
                "ownership" => how.keep_owner = keep,
                "timestamps" => how.keep_times = keep,
                "links" => how.keep_links = keep,
                "all" => {
                    (how.keep_mode, how.keep_owner, how.keep_times, how.keep_links) = (keep, keep, keep, keep);
                }
                "context" | "xattr" => {}
                other => {
                    let name = if keep { "--preserve" } else { "--no-preserve" };
                    let text = format!("invalid argument {} for {}", quote(other), quote(name));
                    return usage(&c, 1, text).await;
                }
            }
        }
    }
    let target = match Target::find(&c, &a).await? {
        Ok(target) => target,
        Err(status) => return Ok(status),
    };
    let mut copier = Copier::new(&c, how);
    let mut status = 0;
    for source in &target.sources {
        let to = target.of(source.as_ref());
        if !copier.copy(source.as_ref(), to.as_ref()).await? {
            status = 1;
        }
    }
    Ok(status)
}
