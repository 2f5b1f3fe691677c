use bstr::{BStr, BString, ByteSlice};

use crate::base::printf::{Escape, unescape};
use crate::base::quote::quoteaf;
use crate::commands::support::mode::mode_string;
use crate::commands::support::owner::host;
use crate::commands::support::{missing_operand, times};
use crate::program::{Args, Command, Ctx, Example, Opt, Outcome};
use crate::world::fs::{BLOCK, Kind, Usage};
use crate::world::sys::Stat;

pub const COMMAND: Command = Command {
    name: "stat",
    summary: "Display file or file system status.",
    usage: &["[OPTION]... FILE..."],
    options: &[
        Opt::flag('L', "dereference", "follow links"),
        Opt::flag('f', "file-system", "display file system status instead of file status"),
        Opt::long_value("cached", "MODE", "specify how to use cached attributes").accepted(),
        Opt::value(
            'c',
            "format",
            "FORMAT",
            "use the specified FORMAT instead of the default; output a newline after each",
        ),
        Opt::long_value(
            "printf",
            "FORMAT",
            "like --format, but interpret backslash escapes, and do not output a newline",
        ),
        Opt::flag('t', "terse", "print the information in terse form"),
    ],
    examples: &[Example { run: "printf abc > f; stat -c '%n %s %a %F' f", prints: "f 3 644 regular file\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

const DEFAULT: &str = "  File: %N\n  Size: %-10s\tBlocks: %-10b IO Block: %-6o %F\nDevice: %Hd,%Ld\tInode: %-11i Links: %h\nAccess: (%04a/%10.10A)  Uid: (%5u/%8U)   Gid: (%5g/%8G)\nAccess: %x\nModify: %y\nChange: %z\n Birth: %w\n";
const DEVICE: &str = "  File: %N\n  Size: %-10s\tBlocks: %-10b IO Block: %-6o %F\nDevice: %Hd,%Ld\tInode: %-11i Links: %-5h Device type: %t,%T\nAccess: (%04a/%10.10A)  Uid: (%5u/%8U)   Gid: (%5g/%8G)\nAccess: %x\nModify: %y\nChange: %z\n Birth: %w\n";
const TERSE: &str = "%n %s %b %f %u %g %D %i %h %t %T %X %Y %Z %W %o\n";
const FS_DEFAULT: &str = "  File: \"%n\"\n    ID: %-8i Namelen: %-7l Type: %T\nBlock size: %-10s Fundamental block size: %S\nBlocks: Total: %-10b Free: %-10f Available: %a\nInodes: Total: %-10c Free: %d\n";
const FS_TERSE: &str = "%n %i %l %t %s %S %b %f %a %c %d\n";

async fn main(c: Ctx, a: Args) -> Outcome {
    if a.operands().is_empty() {
        return missing_operand(&c, &a).await;
    }
    let fs = a.has("file-system");
    let mut status = 0;
    for path in a.operands() {
        let path: &BStr = path.as_ref();
        let (text, end, escapes): (BString, &str, bool) = match a.last_of(&["format", "printf", "terse"]) {
            Some("format") => (a.get("format").unwrap_or_default().into(), "\n", false),
            Some("printf") => (a.get("printf").unwrap_or_default().into(), "", true),
            Some(_) => (if fs { FS_TERSE } else { TERSE }.into(), "", false),
            None => (BString::default(), "", false),
        };
        let shown = if fs {
            match c.sys(|s| s.statfs(path)) {
                Ok((usage, mount)) => {
                    let text = if text.is_empty() { FS_DEFAULT.into() } else { text };
                    let fstype = host(&c, |h| h.fs.volume(mount).map(|v| v.fstype.clone())).unwrap_or_default();
                    render(&text, escapes, |spec, letter| filesystem(path, &usage, mount, &fstype, spec, letter))
                }
                Err(errno) => {
                    let text = format!("cannot read file system information for {}: {errno}", quoteaf(path));
                    c.complain(text).await?;
                    status = 1;
                    continue;
                }
            }
        } else {
            let found = if path == "-" {
                c.sys(|s| s.fstat(0))
            } else {
                c.sys(|s| if a.has("dereference") { s.stat(path) } else { s.lstat(path) })
            };
            match found {
                Ok(stat) => {
                    let default = if stat.kind == Kind::Char { DEVICE } else { DEFAULT };
                    let text = if text.is_empty() { default.into() } else { text };
                    render(&text, escapes, |spec, letter| file(&c, path, &stat, spec, letter))
                }
                Err(errno) => {
                    let verb = if path == "-" { "cannot stat standard input" } else { "cannot statx" };
                    let text = if path == "-" { verb.to_string() } else { format!("{verb} {}", quoteaf(path)) };
                    c.complain(format_args!("{text}: {errno}")).await?;
                    status = 1;
                    continue;
                }
            }
        };
        c.out(&shown).await?;
        c.out(end).await?;
    }
    Ok(status)
}

/// What lies between `%` and the letter.
struct Field<'f> {
    flags: &'f [u8],
    /// `H` or `L`: the major or minor part of a device number.
    part: u8,
}

fn render(format: &[u8], escapes: bool, field: impl Fn(&Field<'_>, u8) -> Option<Shown>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(&b) = format.get(at) {
        if b == b'\\' && escapes {
            match unescape(&format[at..], false) {
                Escape::Bytes(bytes, used) => {
                    out.extend(bytes);
                    at += used;
                }
                _ => break,
            }
            continue;
        }
        if b != b'%' {
            out.push(b);
            at += 1;
            continue;
        }
        let from = at + 1;
        let mut to = from;
        while format.get(to).is_some_and(|b| b"-+ #0123456789.'".contains(b)) {
            to += 1;
        }
        let flags = &format[from..to];
        let part = match format.get(to) {
            Some(&part @ (b'H' | b'L')) if matches!(format.get(to + 1), Some(b'd' | b'r')) => {
                to += 1;
                part
            }
            _ => 0,
        };
        let Some(&letter) = format.get(to) else {
            out.push(b'%');
            out.extend_from_slice(flags);
            break;
        };
        at = to + 1;
        match letter {
            b'%' => out.push(b'%'),
            _ => match field(&Field { flags, part }, letter) {
                Some(shown) => out.extend(shown.fit(flags)),
                None => out.push(b'?'),
            },
        }
    }
    out
}

enum Shown {
    Text(BString),
    /// Its precision is in it.
    Exact(String),
    Number(u64),
    Octal(u64),
    Hex(u64),
}

impl Shown {
    fn fit(self, flags: &[u8]) -> Vec<u8> {
        let spec = flags.to_str_lossy();
        let left = spec.starts_with('-') || spec.contains("-");
        let digits = spec.trim_start_matches(['-', '+', ' ', '#', '\'']);
        let zero = digits.starts_with('0');
        let (width, precision) = digits.split_once('.').unwrap_or((digits, ""));
        let (width, precision): (usize, Option<usize>) = (width.parse().unwrap_or(0).min(4096), precision.parse().ok());
        let alternate = spec.contains('#');
        let text: BString = match self {
            Shown::Text(text) => match precision {
                Some(p) if p < text.len() => text[..p].into(),
                _ => text,
            },
            Shown::Exact(text) => text.into(),
            Shown::Number(n) => n.to_string().into(),
            Shown::Octal(n) => format!("{}{n:o}", if alternate { "0" } else { "" }).into(),
            Shown::Hex(n) => format!("{}{n:x}", if alternate { "0x" } else { "" }).into(),
        };
        let fill = width.saturating_sub(text.len());
        match (left, zero) {
            (true, _) => [&text[..], &vec![b' '; fill]].concat(),
            (_, true) => [&vec![b'0'; fill], &text[..]].concat(),
            _ => [&vec![b' '; fill], &text[..]].concat(),
        }
    }
}

fn type_name(stat: &Stat) -> &'static str {
    match stat.kind {
        Kind::File if stat.size == 0 => "regular empty file",
        Kind::File => "regular file",
        Kind::Dir => "directory",
        Kind::Symlink => "symbolic link",
        Kind::Char => "character special file",
        Kind::Fifo => "fifo",
        Kind::Socket => "socket",
    }
}

/// Device number of a mount: virtual disks are 8:1, 8:2…
fn device(mount: u32) -> (u64, u64) {
    (8, u64::from(mount) + 1)
}

fn file(c: &Ctx, path: &BStr, stat: &Stat, field: &Field<'_>, letter: u8) -> Option<Shown> {
    let text = |t: String| Some(Shown::Text(t.into()));
    let number = |n: u64| Some(Shown::Number(n));
    let (major, minor) = device(stat.dev);
    let when = |t: crate::base::SimTime| times::civil(t, &times::zone(c)).format(b"%Y-%m-%d %H:%M:%S.%N %z");
    let epoch = |t: crate::base::SimTime| {
        let flags = field.flags.to_str_lossy();
        match flags.split_once('.') {
            None => number(t.secs()),
            Some((_, p)) => {
                let p: usize = p.parse().unwrap_or(9).min(9);
                let nanos = format!("{:09}", t.micros() % 1_000_000 * 1000);
                Some(Shown::Exact(if p == 0 { t.secs().to_string() } else { format!("{}.{}", t.secs(), &nanos[..p]) }))
            }
        }
    };
    let type_bits: u64 = match stat.kind {
        Kind::File => 0o100_000,
        Kind::Dir => 0o040_000,
        Kind::Symlink => 0o120_000,
        Kind::Char => 0o020_000,
        Kind::Fifo => 0o010_000,
        Kind::Socket => 0o140_000,
    };
    match letter {
        b'a' => Some(Shown::Octal(stat.mode.into())),
        b'A' => text(mode_string(stat.kind, stat.mode)),
        b'b' => number(stat.blocks),
        b'B' => number(512),
        b'C' => text("?".into()),
        b'd' => match field.part {
            b'H' => number(major),
            b'L' => number(minor),
            _ => number(major << 8 | minor),
        },
        b'D' => Some(Shown::Hex(major << 8 | minor)),
        b'f' => Some(Shown::Hex(type_bits | u64::from(stat.mode))),
        b'F' => text(type_name(stat).into()),
        b'g' => number(stat.gid.into()),
        b'G' => text(host(c, |h| h.group_name(stat.gid))),
        b'h' => number(stat.nlink.into()),
        b'i' => number(stat.ino),
        b'm' => {
            let mount = c.sys(|s| s.statfs(path)).ok()?.1;
            Some(Shown::Text(host(c, |h| h.fs.mounts().get(mount as usize).map(|m| m.at.clone()))?))
        }
        b'n' => Some(Shown::Text(path.into())),
        b'N' => {
            let style = c.env("QUOTING_STYLE");
            let name =
                if style.is_some_and(|s| s == "locale") { crate::base::quote::quote(path) } else { quoteaf(path) };
            match c.sys(|s| s.readlink(path)) {
                Ok(target) if stat.kind == Kind::Symlink => text(format!("{name} -> {}", quoteaf(target))),
                _ => text(name),
            }
        }
        b'o' => number(BLOCK),
        b's' => number(stat.size),
        b'r' => match field.part {
            b'H' => number(stat.rdev.0.into()),
            b'L' => number(stat.rdev.1.into()),
            _ => number(u64::from(stat.rdev.0) << 8 | u64::from(stat.rdev.1)),
        },
        b'R' => Some(Shown::Hex(u64::from(stat.rdev.0) << 8 | u64::from(stat.rdev.1))),
        b't' => Some(Shown::Hex(stat.rdev.0.into())),
        b'T' => Some(Shown::Hex(stat.rdev.1.into())),
        b'u' => number(stat.uid.into()),
        b'U' => text(host(c, |h| h.user_name(stat.uid))),
        // The world keeps no birth time.
        b'w' => text("-".into()),
        b'W' => number(0),
        b'x' => Some(Shown::Text(when(stat.atime).into())),
        b'X' => epoch(stat.atime),
        b'y' => Some(Shown::Text(when(stat.mtime).into())),
        b'Y' => epoch(stat.mtime),
        b'z' => Some(Shown::Text(when(stat.ctime).into())),
        b'Z' => epoch(stat.ctime),
        _ => None,
    }
}

fn filesystem(path: &BStr, usage: &Usage, mount: u32, fstype: &str, _: &Field<'_>, letter: u8) -> Option<Shown> {
    let (name, magic) = match fstype {
        "ext4" | "ext3" | "ext2" => ("ext2/ext3", 0xef53),
        "xfs" => ("xfs", 0x5846_5342),
        "tmpfs" => ("tmpfs", 0x0102_1994),
        "proc" => ("proc", 0x9fa0),
        other => (other, 0),
    };
    Some(match letter {
        b'n' => Shown::Text(path.into()),
        b'i' => Shown::Hex(crate::base::hash::mix64(u64::from(mount) + 1)),
        b'l' => Shown::Number(255),
        b't' => Shown::Hex(magic),
        b'T' => Shown::Text(name.into()),
        b's' | b'S' => Shown::Number(BLOCK),
        b'b' => Shown::Number(usage.blocks),
        b'f' => Shown::Number(usage.free),
        b'a' => Shown::Number(usage.available),
        b'c' => Shown::Number(usage.inodes),
        b'd' => Shown::Number(usage.inodes.saturating_sub(usage.inodes_used)),
        _ => return None,
    })
}
