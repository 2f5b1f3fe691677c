//! What kind of machine this is: uname, arch, nproc, tty, sync, stty.

use bstr::ByteSlice;

use crate::base::quote::quote;
use crate::commands::support::owner::host;
use crate::commands::support::{extra_operand, usage};
use crate::program::{Args, Command, Ctx, Example, Opt, Outcome};

pub const UNAME: Command = Command {
    name: "uname",
    summary: "Print certain system information. With no OPTION, same as -s.",
    usage: &["[OPTION]..."],
    options: &[
        Opt::flag('a', "all", "print all information, in the following order, except omit -p and -i if unknown"),
        Opt::flag('s', "kernel-name", "print the kernel name"),
        Opt::flag('n', "nodename", "print the network node hostname"),
        Opt::flag('r', "kernel-release", "print the kernel release"),
        Opt::flag('v', "kernel-version", "print the kernel version"),
        Opt::flag('m', "machine", "print the machine hardware name"),
        Opt::flag('p', "processor", "print the processor type (non-portable)"),
        Opt::flag('i', "hardware-platform", "print the hardware platform (non-portable)"),
        Opt::flag('o', "operating-system", "print the operating system"),
    ],
    examples: &[Example { run: "uname -sn", prints: "Linux alpha\n" }],
    main: |c, a| Box::pin(uname(c, a)),
    ..Command::BASE
};

pub const ARCH: Command = Command {
    name: "arch",
    summary: "Print machine architecture.",
    usage: &["[OPTION]..."],
    examples: &[Example { run: "arch", prints: "x86_64\n" }],
    main: |c, _| Box::pin(async move { c.out("x86_64\n").await.map(|()| 0) }),
    ..Command::BASE
};

pub const NPROC: Command = Command {
    name: "nproc",
    summary: "Print the number of processing units available to the current process.",
    usage: &["[OPTION]..."],
    options: &[
        Opt::long("all", "print the number of installed processors"),
        Opt::long_value("ignore", "N", "if possible, exclude N processing units"),
    ],
    examples: &[Example { run: "nproc", prints: "2\n" }],
    main: |c, a| Box::pin(nproc(c, a)),
    ..Command::BASE
};

pub const TTY: Command = Command {
    name: "tty",
    summary: "Print the file name of the terminal connected to standard input.",
    usage: &["[OPTION]..."],
    options: &[
        Opt::flag('s', "silent", "print nothing, only return an exit status"),
        Opt::long("quiet", "print nothing, only return an exit status"),
    ],
    usage_status: 2,
    examples: &[Example { run: "tty", prints: "not a tty\n" }],
    main: |c, a| Box::pin(tty(c, a)),
    ..Command::BASE
};

pub const SYNC: Command = Command {
    name: "sync",
    summary: "Synchronize cached writes to persistent storage.",
    usage: &["[OPTION] [FILE]..."],
    options: &[
        Opt::flag('d', "data", "sync only file data, no unneeded metadata"),
        Opt::flag('f', "file-system", "sync the file systems that contain the files"),
    ],
    examples: &[Example { run: "sync && echo done", prints: "done\n" }],
    main: |c, a| Box::pin(sync(c, a)),
    ..Command::BASE
};

async fn uname(c: Ctx, a: Args) -> Outcome {
    if let Some(extra) = a.operands().first() {
        return extra_operand(&c, extra.as_ref()).await;
    }
    let (name, release) = host(&c, |h| (h.name.clone(), h.kernel_release.clone()));
    let all = a.has("all");
    let fields = [
        ("kernel-name", "Linux".to_string()),
        ("nodename", name),
        ("kernel-release", release),
        ("kernel-version", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.140-1 (2025-05-22)".into()),
        ("machine", "x86_64".into()),
        ("processor", "unknown".into()),
        ("hardware-platform", "unknown".into()),
        ("operating-system", "GNU/Linux".into()),
    ];
    let none = !fields.iter().any(|(option, _)| a.has(option)) && !all;
    let wanted = fields
        .iter()
        .filter(|(option, text)| a.has(option) || all && text != "unknown" || none && *option == "kernel-name");
    let line: Vec<&str> = wanted.map(|(_, text)| &**text).collect();
    c.out(format!("{}\n", line.join(" "))).await.map(|()| 0)
}

async fn nproc(c: Ctx, a: Args) -> Outcome {
    if let Some(extra) = a.operands().first() {
        return extra_operand(&c, extra.as_ref()).await;
    }
    let ignore = match a.get("ignore") {
        None => 0,
        Some(text) => match text.to_str().ok().and_then(|t| t.parse::<u32>().ok()) {
            Some(n) => n,
            None => {
                c.complain(format_args!("invalid number: {}", quote(text))).await?;
                return Ok(1);
            }
        },
    };
    let cores = host(&c, |h| h.cores);
    c.out(format!("{}\n", cores.saturating_sub(ignore).max(1))).await.map(|()| 0)
}

async fn tty(c: Ctx, a: Args) -> Outcome {
    if let Some(extra) = a.operands().first() {
        return usage(&c, 2, format_args!("extra operand {}", quote(extra))).await;
    }
    let name = c.sys(|s| s.tty_of(0)).map(|id| format!("/dev/pts/{}", id.0));
    if !a.has("silent") && !a.has("quiet") {
        c.out(format!("{}\n", name.as_deref().unwrap_or("not a tty"))).await?;
    }
    Ok(u8::from(name.is_none()))
}

async fn sync(c: Ctx, a: Args) -> Outcome {
    let mut status = 0;
    for path in a.operands() {
        if let Err(errno) = c.sys(|s| s.stat(path.as_ref())) {
            let name = crate::base::quote::quoteaf(path);
            c.complain(format_args!("error opening {name}: {errno}")).await?;
            status = 1;
        }
    }
    // What is dirty is written out: some tens of milliseconds.
    c.sleep(crate::base::Span::from_millis(20)).await?;
    Ok(status)
}
