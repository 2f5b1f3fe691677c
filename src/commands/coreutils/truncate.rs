use bstr::BStr;

use crate::base::human::{SizeError, parse_size};
use crate::base::quote::{quote, quoteaf};
use crate::commands::support::usage;
use crate::program::{Args, Command, Ctx, Example, Opt, Outcome};
use crate::world::Errno;
use crate::world::fs::BLOCK;
use crate::world::sys::OpenFlags;

pub const COMMAND: Command = Command {
    name: "truncate",
    summary: "Shrink or extend the size of each FILE to the specified size.",
    usage: &["OPTION... FILE..."],
    options: &[
        Opt::flag('c', "no-create", "do not create any files"),
        Opt::flag('o', "io-blocks", "treat SIZE as number of IO blocks instead of bytes"),
        Opt::value('r', "reference", "RFILE", "base size on RFILE"),
        Opt::value('s', "size", "SIZE", "set or adjust the file size by SIZE bytes"),
    ],
    examples: &[Example { run: "truncate -s 1K f; stat -c %s f", prints: "1024\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

async fn main(c: Ctx, a: Args) -> Outcome {
    let mut sign = b' ';
    let mut amount = None;
    if let Some(text) = a.get("size") {
        let mut rest: &[u8] = text;
        if let Some(&first @ (b'+' | b'-' | b'<' | b'>' | b'/' | b'%')) = rest.trim_ascii_start().first() {
            (sign, rest) = (first, &rest.trim_ascii_start()[1..]);
        }
        let parsed = parse_size(rest);
        let digits = rest.first().is_some_and(u8::is_ascii_digit);
        amount = match parsed {
            Ok(n) if digits && !rest.ends_with(b"c") && !rest.ends_with(b"w") => Some(n),
            Err(SizeError::Overflow) => {
                let text = format!("Invalid number: {}: Value too large for defined data type", quote(text));
                c.complain(text).await?;
                return Ok(1);
            }
            _ => {
                c.complain(format_args!("Invalid number: {}", quote(text))).await?;
                return Ok(1);
            }
        };
        if matches!(sign, b'/' | b'%') && amount == Some(0) {
            c.complain("division by zero").await?;
            return Ok(1);
        }
        if a.has("io-blocks") {
            amount = amount.and_then(|n| n.checked_mul(BLOCK));
        }
    }
    if amount.is_none() && !a.has("reference") {
        return usage(&c, 1, format_args!("you must specify either {} or {}", quote("--size"), quote("--reference")))
            .await;
    }
    if a.has("reference") && amount.is_some() && sign == b' ' {
        let text = format!("you must specify a relative {} with {}", quote("--size"), quote("--reference"));
        return usage(&c, 1, text).await;
    }
    if a.operands().is_empty() {
        return usage(&c, 1, "missing file operand").await;
    }
    let reference = match a.get("reference").map(|path| (path, c.sys(|s| s.stat(path)))) {
        None => None,
        Some((_, Ok(stat))) => Some(stat.size),
        Some((path, Err(errno))) => {
            c.complain(format_args!("cannot stat {}: {errno}", quoteaf(path))).await?;
            return Ok(1);
        }
    };
    let mut status = 0;
    for path in a.operands() {
        let path: &BStr = path.as_ref();
        if a.has("no-create") && c.sys(|s| s.stat(path)) == Err(Errno::ENOENT) {
            continue;
        }
        let flags = OpenFlags { truncate: false, ..OpenFlags::WRITE };
        let fd = match c.sys(|s| s.open(path, flags, 0o666)) {
            Ok(fd) => fd,
            Err(errno) => {
                c.complain(format_args!("cannot open {} for writing: {errno}", quoteaf(path))).await?;
                status = 1;
                continue;
            }
        };
        c.close_input(fd);
        let have = reference.or_else(|| c.sys(|s| s.stat(path)).ok().map(|s| s.size)).unwrap_or(0);
        let size = match (sign, amount) {
            (_, None) => have,
            (b'+', Some(n)) => have.saturating_add(n),
            (b'-', Some(n)) => have.saturating_sub(n),
            (b'<', Some(n)) => have.min(n),
            (b'>', Some(n)) => have.max(n),
            (b'/', Some(n)) => have / n.max(1) * n,
            (b'%', Some(n)) => have.div_ceil(n.max(1)).saturating_mul(n),
            (_, Some(n)) => n,
        };
        let result = if size > 1 << 53 { Err(Errno::EFBIG) } else { c.sys(|s| s.truncate(path, size)) };
        if let Err(errno) = result {
            c.complain(format_args!("failed to truncate {} at {size} bytes: {errno}", quoteaf(path))).await?;
            status = 1;
        }
    }
    Ok(status)
}
