use bstr::{BStr, ByteSlice};

use crate::base::quote::{quote, quoteaf};
use crate::commands::support::missing_operand;
use crate::commands::support::mode::ModeChange;
use crate::program::{Args, Command, Ctx, Example, Opt, Outcome};
use crate::world::Errno;
use crate::world::fs::Kind;

pub const COMMAND: Command = Command {
    name: "mkdir",
    summary: "Create the DIRECTORY(ies), if they do not already exist.",
    usage: &["[OPTION]... DIRECTORY..."],
    options: &[
        Opt::value('m', "mode", "MODE", "set file mode (as in chmod), not a=rwx - umask"),
        Opt::flag('p', "parents", "no error if existing, make parent directories as needed"),
        Opt::flag('v', "verbose", "print a message for each created directory"),
        Opt::flag('Z', "context", "set the SELinux security context of each created directory").accepted(),
    ],
    examples: &[Example {
        run: "mkdir -pv a/b",
        prints: "mkdir: created directory 'a'\nmkdir: created directory 'a/b'\n",
    }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

async fn main(c: Ctx, a: Args) -> Outcome {
    if a.operands().is_empty() {
        return missing_operand(&c, &a).await;
    }
    let umask = c.process(|p| p.umask);
    let mode = match a.get("mode") {
        None => None,
        Some(text) => match ModeChange::parse(text) {
            Some(change) => Some(change.apply(0o777, true, umask)),
            None => {
                c.complain(format_args!("invalid mode {}", quote(text))).await?;
                return Ok(1);
            }
        },
    };
    let mut status = 0;
    for path in a.operands() {
        let path: &BStr = path.as_ref();
        let mut steps: Vec<&BStr> = vec![path];
        if a.has("parents") {
            let ends = path.find_iter(b"/").filter(|&at| at > 0 && path[at - 1] != b'/');
            steps = ends.map(|at| BStr::new(&path[..at])).chain([path]).collect();
            if path.ends_with(b"/") && steps.len() > 1 {
                steps.pop();
            }
        }
        let count = steps.len();
        for (n, step) in steps.into_iter().enumerate() {
            let last = n + 1 == count;
            // Parents can always be entered by their owner, whatever the umask.
            let made = c.sys(|s| s.mkdir(step, 0o777));
            match made {
                Ok(()) => {
                    if let (true, Some(mode)) = (last, mode) {
                        // Just made by us: it can't fail.
                        let _ = c.sys(|s| s.chmod(step, mode));
                    } else if !last && umask & 0o300 != 0 {
                        let _ = c.sys(|s| s.chmod(step, 0o777 & !umask | 0o300));
                    }
                    if a.has("verbose") {
                        c.out(format!("{}: created directory {}\n", c.called(), quoteaf(step))).await?;
                    }
                }
                Err(Errno::EEXIST)
                    if a.has("parents") && c.sys(|s| s.stat(step)).is_ok_and(|s| s.kind == Kind::Dir) => {}
                Err(Errno::EPERM | Errno::EACCES | Errno::EROFS)
                    if !last && c.sys(|s| s.stat(step)).is_ok_and(|s| s.kind == Kind::Dir) => {}
                Err(errno) => {
                    c.complain(format_args!("cannot create directory {}: {errno}", quote(step))).await?;
                    status = 1;
                    break;
                }
            }
        }
    }
    Ok(status)
}
