use bstr::BString;

use crate::base::quote::quotef;
use crate::commands::support::complain_file;
use crate::program::{Args, Command, Ctx, Example, Opt, Outcome};
use crate::world::Errno;
use crate::world::kernel::{Disposition, Signal};
use crate::world::sys::OpenFlags;

pub const COMMAND: Command = Command {
    name: "tee",
    summary: "Copy standard input to each FILE, and also to standard output.",
    options: &[
        Opt::flag('a', "append", "append to the given FILEs, do not overwrite"),
        Opt::flag('i', "ignore-interrupts", "ignore interrupt signals"),
        Opt::flag('p', "", "diagnose errors writing to non pipes"),
        Opt::long("output-error", "set behavior on write error").optional("MODE").accepted(),
    ],
    examples: &[Example { run: "echo a | tee f; cat f", prints: "a\na\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

async fn main(c: Ctx, a: Args) -> Outcome {
    if a.has("ignore-interrupts") {
        // INT has a disposition like any signal: this can't fail.
        let _ = c.sys(|s| s.set_disposition(Signal::INT, Disposition::Ignore));
    }
    if a.has("p") || a.has("output-error") {
        let _ = c.sys(|s| s.set_disposition(Signal::PIPE, Disposition::Ignore));
    }
    let mut status = 0;
    let mut outputs: Vec<(u32, Option<BString>)> = vec![(1, None)];
    let flags = if a.has("append") { OpenFlags::APPEND } else { OpenFlags::WRITE };
    for path in a.operands() {
        match c.sys(|s| s.open(path.as_ref(), flags, 0o666)) {
            Ok(fd) => outputs.push((fd, Some(path.clone()))),
            Err(errno) => {
                complain_file(&c, path.as_ref(), errno).await?;
                status = 1;
            }
        }
    }
    loop {
        let bytes = match c.read_fd(0, 65_536).await? {
            Ok(bytes) if bytes.is_empty() => return Ok(status),
            Ok(bytes) => bytes,
            Err(errno) => {
                c.complain(format_args!("read error: {errno}")).await?;
                return Ok(1);
            }
        };
        let mut gone = Vec::new();
        for (n, (fd, path)) in outputs.iter().enumerate() {
            if let Err(errno) = c.write_fd(*fd, &bytes).await? {
                gone.push(n);
                if errno != Errno::EPIPE || path.is_some() || !a.has("p") {
                    let name = path.as_ref().map_or("'standard output'".to_string(), quotef);
                    c.complain(format_args!("{name}: {errno}")).await?;
                    status = 1;
                }
            }
        }
        for n in gone.into_iter().rev() {
            outputs.remove(n);
        }
        if outputs.is_empty() {
            return Ok(status);
        }
    }
}
