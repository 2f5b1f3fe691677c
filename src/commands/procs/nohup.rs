use bstr::{BStr, BString};

use super::env::failed_exec;
use crate::program::{Args, Command, Ctx, Example, Outcome, Syntax};
use crate::world::Errno;
use crate::world::kernel::{Disposition, Signal};
use crate::world::sys::OpenFlags;

pub const COMMAND: Command = Command {
    name: "nohup",
    summary: "Run COMMAND, ignoring hangup signals.",
    usage: &["COMMAND [ARG]...", "OPTION"],
    syntax: Syntax::Posix,
    usage_status: 125,
    examples: &[Example { run: "nohup cat /etc/hostname", prints: "alpha\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

async fn main(c: Ctx, a: Args) -> Outcome {
    if a.operands().is_empty() {
        c.complain("missing operand").await?;
        c.err("Try 'nohup --help' for more information.\n").await?;
        return Ok(125);
    }
    let [input, output, errors] = [0, 1, 2].map(|fd| c.is_tty(fd));
    if input {
        // A read from it fails, as from a descriptor open only for writing; nobody but the program notices.
        let opened = c.sys(|s| s.open(BStr::new("/dev/null"), OpenFlags::READ, 0));
        if let Ok(fd) = opened.and_then(|fd| c.sys(|s| s.dup2(fd, 0)).map(|()| fd)) {
            c.close_input(fd);
        }
    }
    let mut file = BString::from("nohup.out");
    if output {
        let opened = match append(&c, &file) {
            Ok(fd) => Ok(fd),
            Err(first) => {
                let home = c.env("HOME").unwrap_or_default();
                file = format!("{home}/nohup.out").into();
                append(&c, &file).map_err(|_| first)
            }
        };
        match opened {
            Ok(fd) => {
                let moved = c.sys(|s| s.dup2(fd, 1));
                c.close_input(fd);
                if moved.is_err() {
                    return Ok(125);
                }
            }
            Err(errno) => {
                c.complain(format_args!("failed to open '{file}': {errno}")).await?;
                return Ok(125);
            }
        }
    }
    let notice = match (input, output, errors) {
        (true, true, _) => Some(format!("ignoring input and appending output to '{file}'")),
        (false, true, _) => Some(format!("appending output to '{file}'")),
        (true, false, true) => Some("ignoring input and redirecting stderr to stdout".into()),
        (false, false, true) => Some("redirecting stderr to stdout".into()),
        (true, false, false) => Some("ignoring input".into()),
        (false, false, false) => None,
    };
    if let Some(notice) = notice {
        c.complain(notice).await?;
    }
    // The terminal stays reachable for a last error, as nohup keeps a copy of it.
    let saved = if errors { c.sys(|s| s.dup_from(2, 10)).ok() } else { None };
    if let Some(fd) = saved {
        c.sys(|s| s.set_cloexec(fd, true).and_then(|()| s.dup2(1, 2))).unwrap_or(());
    }
    c.sys(|s| s.set_disposition(Signal::HUP, Disposition::Ignore)).unwrap_or(());
    let argv = a.operands().to_vec();
    let name = argv[0].clone();
    let errno = c.exec(argv, c.environment()).await?;
    if let Some(fd) = saved {
        c.sys(|s| s.dup2(fd, 2)).unwrap_or(());
    }
    c.complain(format_args!("failed to run command '{name}': {errno}")).await?;
    Ok(failed_exec(errno))
}

fn append(c: &Ctx, path: &BString) -> Result<u32, Errno> {
    c.sys(|s| s.open(path.as_ref(), OpenFlags::APPEND, 0o600))
}

#[cfg(test)]
mod tests {
    use crate::base::Span;
    use crate::commands::GROUPS;
    use crate::testkit::Kit;

    #[test]
    fn on_a_terminal_it_appends_to_a_file() {
        let mut kit = Kit::new(GROUPS);
        let t = kit.start_on_terminal(&["nohup", "cat", "/etc/hostname"], 80, 24);
        kit.advance(Span::SECOND);
        assert_eq!(kit.screen(t), "nohup: ignoring input and appending output to 'nohup.out'\r\n");
        assert_eq!(kit.run(&["cat", "nohup.out"]).stdout, "alpha\n");
        let ran = kit.run(&["nohup", "nosuch"]);
        assert_eq!(
            (ran.stderr.as_str(), ran.status),
            ("nohup: failed to run command 'nosuch': No such file or directory\n", 127)
        );
    }
}
