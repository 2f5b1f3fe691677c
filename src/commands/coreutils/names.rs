//! Names of files: basename, dirname, readlink, realpath, mktemp.

use bstr::{BStr, BString, ByteSlice};

use super::ln::relative_path;
use crate::base::quote::{quote, quotef};
use crate::commands::support::{base_name, extra_operand, join, missing_operand};
use crate::program::{Args, Command, Ctx, Example, Opt, Outcome, Syntax};
use crate::world::Errno;
use crate::world::sys::OpenFlags;

pub const BASENAME: Command = Command {
    name: "basename",
    summary: "Print NAME with any leading directory components removed. If specified, also remove a trailing SUFFIX.",
    usage: &["NAME [SUFFIX]", "OPTION... NAME..."],
    options: &[
        Opt::flag('a', "multiple", "support multiple arguments and treat each as a NAME"),
        Opt::value('s', "suffix", "SUFFIX", "remove a trailing SUFFIX; implies -a"),
        Opt::flag('z', "zero", "end each output line with NUL, not newline"),
    ],
    syntax: Syntax::Posix,
    examples: &[Example { run: "basename /var/log/app.log .log", prints: "app\n" }],
    main: |c, a| Box::pin(basename(c, a)),
    ..Command::BASE
};

pub const DIRNAME: Command = Command {
    name: "dirname",
    summary: "Output each NAME with its last non-slash component and trailing slashes removed.",
    usage: &["[OPTION] NAME..."],
    options: &[Opt::flag('z', "zero", "end each output line with NUL, not newline")],
    examples: &[Example { run: "dirname /var/log/app.log", prints: "/var/log\n" }],
    main: |c, a| Box::pin(dirname(c, a)),
    ..Command::BASE
};

pub const READLINK: Command = Command {
    name: "readlink",
    summary: "Print value of a symbolic link or canonical file name.",
    usage: &["[OPTION]... FILE..."],
    options: &[
        Opt::flag('f', "canonicalize", "follow every symlink; all but the last component must exist"),
        Opt::flag('e', "canonicalize-existing", "follow every symlink; all components must exist"),
        Opt::flag('m', "canonicalize-missing", "follow every symlink, without requirements on components existence"),
        Opt::flag('n', "no-newline", "do not output the trailing delimiter"),
        Opt::flag('q', "quiet", "suppress most error messages (the default)"),
        Opt::flag('s', "silent", "suppress most error messages (the default)"),
        Opt::flag('v', "verbose", "report error messages"),
        Opt::flag('z', "zero", "end each output line with NUL, not newline"),
    ],
    examples: &[Example { run: "ln -s /etc/hosts l; readlink l", prints: "/etc/hosts\n" }],
    main: |c, a| Box::pin(readlink(c, a)),
    ..Command::BASE
};

pub const REALPATH: Command = Command {
    name: "realpath",
    summary: "Print the resolved absolute file name; all but the last component must exist.",
    usage: &["[OPTION]... FILE..."],
    options: &[
        Opt::flag('e', "canonicalize-existing", "all components of the path must exist"),
        Opt::flag('m', "canonicalize-missing", "no path components need exist or be a directory"),
        Opt::flag('L', "logical", "resolve '..' components before symlinks"),
        Opt::flag('P', "physical", "resolve symlinks as encountered (default)"),
        Opt::flag('q', "quiet", "suppress most error messages"),
        Opt::long_value("relative-to", "DIR", "print the resolved path relative to DIR"),
        Opt::long_value("relative-base", "DIR", "print absolute paths unless paths below DIR"),
        Opt::flag('s', "strip", "don't expand symlinks"),
        Opt::long("no-symlinks", "don't expand symlinks"),
        Opt::flag('z', "zero", "end each output line with NUL, not newline"),
    ],
    examples: &[Example { run: "realpath /usr/../etc/hosts", prints: "/etc/hosts\n" }],
    main: |c, a| Box::pin(realpath(c, a)),
    ..Command::BASE
};

pub const MKTEMP: Command = Command {
    name: "mktemp",
    summary: "Create a temporary file or directory, safely, and print its name.",
    usage: &["[OPTION]... [TEMPLATE]"],
    options: &[
        Opt::flag('d', "directory", "create a directory, not a file"),
        Opt::flag('u', "dry-run", "do not create anything; merely print a name (unsafe)"),
        Opt::flag('q', "quiet", "suppress diagnostics about file/dir-creation failure"),
        Opt::long_value("suffix", "SUFF", "append SUFF to TEMPLATE"),
        Opt::flag('p', "tmpdir", "interpret TEMPLATE relative to DIR").optional("DIR"),
        Opt::flag('t', "", "interpret TEMPLATE as a single file name component, relative to a directory"),
    ],
    examples: &[Example { run: "mktemp -u nameXXXXXX | wc -c", prints: "11\n" }],
    main: |c, a| Box::pin(mktemp(c, a)),
    ..Command::BASE
};

fn end(a: &Args) -> &'static [u8] {
    if a.has("zero") { b"\0" } else { b"\n" }
}

async fn basename(c: Ctx, a: Args) -> Outcome {
    let many = a.has("multiple") || a.has("suffix");
    if a.operands().is_empty() {
        return missing_operand(&c, &a).await;
    }
    if !many && let Some(extra) = a.operands().get(2) {
        return extra_operand(&c, extra.as_ref()).await;
    }
    let suffix: BString = match a.get("suffix") {
        Some(suffix) => suffix.into(),
        None if !many => a.operands().get(1).cloned().unwrap_or_default(),
        None => BString::default(),
    };
    let names = if many { a.operands() } else { &a.operands()[..1] };
    for name in names {
        let base = base_name(name.as_ref());
        let base = match base.strip_suffix(&suffix[..]) {
            Some(short) if !short.is_empty() && base != "/" => short,
            _ => base,
        };
        c.out([base, end(&a)].concat()).await?;
    }
    Ok(0)
}

async fn dirname(c: Ctx, a: Args) -> Outcome {
    if a.operands().is_empty() {
        return missing_operand(&c, &a).await;
    }
    for name in a.operands() {
        let trimmed = name.trim_end_with(|c| c == '/');
        let dir: &[u8] = match trimmed.rsplit_once_str("/") {
            None if trimmed.is_empty() && !name.is_empty() => b"/",
            None => b".",
            Some((dir, _)) => match dir.trim_end_with(|c| c == '/') {
                b"" => b"/",
                dir => dir,
            },
        };
        c.out([dir, end(&a)].concat()).await?;
    }
    Ok(0)
}

/// How much of a path must exist.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    AllButLast,
    All,
    Nothing,
}

fn canonical(c: &Ctx, path: &BStr, need: Need) -> Result<BString, Errno> {
    if path.is_empty() {
        return Err(Errno::ENOENT);
    }
    match c.sys(|s| s.realpath(path)) {
        Ok(full) => {
            if need == Need::All {
                c.sys(|s| s.stat(path))?;
            } else if need == Need::AllButLast && path.ends_with(b"/") {
                match c.sys(|s| s.stat(path)) {
                    Ok(_) | Err(Errno::ENOENT) => {}
                    Err(errno) => return Err(errno),
                }
            }
            Ok(full)
        }
        Err(_) if need == Need::Nothing => {
            // The longest part that exists, and the rest as it is written.
            let absolute = c.sys(|s| s.absolute(path));
            let parts: Vec<&[u8]> = absolute.split_str("/").filter(|p| !p.is_empty()).collect();
            let mut at = BString::from("/");
            for part in parts {
                at = match part {
                    b"." => at,
                    b".." => at
                        .rsplit_once_str("/")
                        .map_or("/".into(), |(above, _)| if above.is_empty() { "/".into() } else { above.into() }),
                    _ => {
                        let next = join(at.as_ref(), BStr::new(part));
                        c.sys(|s| s.realpath(next.as_ref())).unwrap_or(next)
                    }
                };
            }
            Ok(at)
        }
        Err(errno) => Err(errno),
    }
}

/// `..` and `.` removed by the text alone.
fn lexical(c: &Ctx, path: &BStr) -> BString {
    let absolute = c.sys(|s| s.absolute(path));
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in absolute.split_str("/") {
        match part {
            b"" | b"." => {}
            b".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    [b"/".to_vec(), bstr::join("/", parts)].concat().into()
}

async fn readlink(c: Ctx, a: Args) -> Outcome {
    if a.operands().is_empty() {
        return missing_operand(&c, &a).await;
    }
    let need = match a.last_of(&["canonicalize", "canonicalize-existing", "canonicalize-missing"]) {
        Some("canonicalize") => Some(Need::AllButLast),
        Some("canonicalize-existing") => Some(Need::All),
        Some(_) => Some(Need::Nothing),
        None => None,
    };
    let mut no_newline = a.has("no-newline");
    if no_newline && a.operands().len() > 1 {
        c.complain("ignoring --no-newline with multiple arguments").await?;
        no_newline = false;
    }
    let verbose = a.last_of(&["verbose", "quiet", "silent"]) == Some("verbose");
    let mut status = 0;
    for path in a.operands() {
        let result = match need {
            Some(need) => canonical(&c, path.as_ref(), need),
            None => c.sys(|s| s.readlink(path.as_ref())),
        };
        match result {
            Ok(text) => c.out([&text[..], if no_newline { b"" } else { end(&a) }].concat()).await?,
            Err(errno) => {
                status = 1;
                if verbose {
                    c.complain(format_args!("{}: {errno}", quotef(path))).await?;
                }
            }
        }
    }
    Ok(status)
}

async fn realpath(c: Ctx, a: Args) -> Outcome {
    if a.operands().is_empty() {
        return missing_operand(&c, &a).await;
    }
    let need = match a.last_of(&["canonicalize-existing", "canonicalize-missing"]) {
        Some("canonicalize-existing") => Need::All,
        Some(_) => Need::Nothing,
        None => Need::AllButLast,
    };
    let strip = a.has("strip") || a.has("no-symlinks");
    let resolve = |path: &BStr, need: Need| {
        if strip {
            let full = lexical(&c, path);
            if need == Need::All {
                c.sys(|s| s.stat(full.as_ref()))?;
            }
            return Ok(full);
        }
        if a.has("logical") { canonical(&c, lexical(&c, path).as_ref(), need) } else { canonical(&c, path, need) }
    };
    let base = a.get("relative-base").map(|d| resolve(d, need)).transpose();
    let to = a.get("relative-to").map(|d| resolve(d, need)).transpose();
    let (base, to) = match (base, to) {
        (Ok(base), Ok(to)) => (base, to),
        (Err(errno), _) | (_, Err(errno)) => {
            let name = a.get("relative-to").or(a.get("relative-base")).unwrap_or_default();
            c.complain(format_args!("{}: {errno}", quotef(name))).await?;
            return Ok(1);
        }
    };
    let mut status = 0;
    for path in a.operands() {
        let full = match resolve(path.as_ref(), need) {
            Ok(full) => full,
            Err(errno) => {
                status = 1;
                if !a.has("quiet") {
                    c.complain(format_args!("{}: {errno}", quotef(path))).await?;
                }
                continue;
            }
        };
        let below = |dir: &BString, p: &BString| {
            *dir == "/" || p.strip_prefix(&dir[..]).is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
        };
        let shown = match (&to, &base) {
            (Some(to), Some(base)) if below(base, &full) && below(base, to) => {
                relative_path(full.as_ref(), to.as_ref())
            }
            (Some(to), None) => relative_path(full.as_ref(), to.as_ref()),
            (None, Some(base)) if below(base, &full) => relative_path(full.as_ref(), base.as_ref()),
            _ => full,
        };
        c.out([&shown[..], end(&a)].concat()).await?;
    }
    Ok(status)
}

async fn mktemp(c: Ctx, a: Args) -> Outcome {
    if a.operands().len() > 1 {
        let called = c.called();
        c.complain("too many templates").await?;
        c.err(format!("Try '{called} --help' for more information.\n")).await?;
        return Ok(1);
    }
    let template = a.operands().first().cloned();
    let in_tmp = template.is_none() || a.has("tmpdir") || a.has("t");
    let mut name = template.unwrap_or_else(|| "tmp.XXXXXXXXXX".into());
    let shown = name.clone();
    let suffix: BString = match a.get("suffix") {
        Some(suffix) => suffix.into(),
        None => {
            let at = name.rfind_byte(b'X').map_or(name.len(), |n| n + 1);
            name.split_off(at).into()
        }
    };
    let count = name.iter().rev().take_while(|b| **b == b'X').count();
    if count < 3 {
        c.complain(format_args!("too few X's in template {}", quote(&shown))).await?;
        return Ok(1);
    }
    if in_tmp {
        let dir = a.get("tmpdir").filter(|d| !d.is_empty()).map(BString::from);
        let dir = dir.or_else(|| c.env("TMPDIR").filter(|d| !d.is_empty())).unwrap_or_else(|| "/tmp".into());
        if name.starts_with(b"/") && a.has("tmpdir") {
            let text = format!("invalid template, {}; with --tmpdir, it may not be absolute", quote(&shown));
            c.complain(text).await?;
            return Ok(1);
        }
        name = join(dir.as_ref(), name.as_ref());
    }
    let stem = name.len() - count;
    let kind = if a.has("directory") { "directory" } else { "file" };
    for attempt in 0..100u64 {
        let (seed, now) = c.read(|w| (w.seed(), w.now()));
        let stream = crate::base::hash::hash_str("mktemp") ^ u64::from(c.pid());
        let mut rng = crate::base::Rng::at(seed, stream, now.micros() ^ attempt << 48);
        let mut path = name.clone();
        for b in &mut path[stem..] {
            const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
            *b = LETTERS[rng.below(62) as usize];
        }
        path.extend_from_slice(&suffix);
        let made = if a.has("dry-run") {
            match c.sys(|s| s.lstat(path.as_ref())) {
                Ok(_) => Err(Errno::EEXIST),
                Err(_) => Ok(()),
            }
        } else if a.has("directory") {
            c.sys(|s| s.mkdir(path.as_ref(), 0o700))
        } else {
            let flags = OpenFlags { exclusive: true, read: true, ..OpenFlags::WRITE };
            c.sys(|s| s.open(path.as_ref(), flags, 0o600).and_then(|fd| s.close(fd)))
        };
        match made {
            Ok(()) => return c.out([&path[..], b"\n"].concat()).await.map(|()| 0),
            Err(Errno::EEXIST) => {}
            Err(errno) => {
                if !a.has("quiet") {
                    let mut shown = name.clone();
                    shown.extend_from_slice(&suffix);
                    c.complain(format_args!("failed to create {kind} via template {}: {errno}", quote(&shown))).await?;
                }
                return Ok(1);
            }
        }
    }
    Ok(1)
}
