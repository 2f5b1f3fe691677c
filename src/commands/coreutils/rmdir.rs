use bstr::{BStr, ByteSlice};

use crate::base::quote::quoteaf;
use crate::commands::support::missing_operand;
use crate::program::{Args, Command, Ctx, Example, Opt, Outcome};
use crate::world::Errno;

pub const COMMAND: Command = Command {
    name: "rmdir",
    summary: "Remove the DIRECTORY(ies), if they are empty.",
    usage: &["[OPTION]... DIRECTORY..."],
    options: &[
        Opt::long("ignore-fail-on-non-empty", "ignore each failure that is solely because a directory is non-empty"),
        Opt::flag('p', "parents", "remove DIRECTORY and its ancestors"),
        Opt::flag('v', "verbose", "output a diagnostic for every directory processed"),
    ],
    examples: &[Example { run: "mkdir -p a/b; rmdir -v a/b", prints: "rmdir: removing directory, 'a/b'\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

async fn main(c: Ctx, a: Args) -> Outcome {
    if a.operands().is_empty() {
        return missing_operand(&c, &a).await;
    }
    let mut status = 0;
    for path in a.operands() {
        let mut path: &BStr = path.as_ref();
        let first = path;
        loop {
            if a.has("verbose") {
                c.out(format!("rmdir: removing directory, {}\n", quoteaf(path))).await?;
            }
            if let Err(errno) = c.sys(|s| s.rmdir(path)) {
                if !(a.has("ignore-fail-on-non-empty") && errno == Errno::ENOTEMPTY) {
                    let what = if path == first { "failed to remove" } else { "failed to remove directory" };
                    c.complain(format_args!("{what} {}: {errno}", quoteaf(path))).await?;
                    status = 1;
                }
                break;
            }
            let trimmed = path.trim_end_with(|c| c == '/');
            match trimmed.rsplit_once_str("/") {
                Some((above, _)) if a.has("parents") && !above.is_empty() => path = BStr::new(above),
                _ => break,
            }
        }
    }
    Ok(status)
}
