use bstr::{BStr, BString, ByteSlice};

use crate::base::float::{Spec, format_float};
use crate::base::quote::{quote, quoteaf};
use crate::commands::support::usage;
use crate::program::{Args, Command, Ctx, Example, Outcome, Stop, Syntax};
use crate::world::Errno;
use crate::world::sys::OpenFlags;

pub const COMMAND: Command = Command {
    name: "dd",
    summary: "Copy a file, converting and formatting according to the operands.",
    usage: &["[OPERAND]...", "OPTION"],
    syntax: Syntax::Raw,
    examples: &[Example { run: "printf abcdef | dd bs=1 skip=2 count=3 status=none", prints: "cde" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

#[derive(Default)]
struct Plan {
    input: Option<BString>,
    output: Option<BString>,
    ibs: u64,
    obs: u64,
    count: Option<u64>,
    count_bytes: bool,
    skip: u64,
    skip_bytes: bool,
    seek: u64,
    seek_bytes: bool,
    notrunc: bool,
    noerror: bool,
    sync: bool,
    swab: bool,
    upper: bool,
    lower: bool,
    excl: bool,
    nocreat: bool,
    append: bool,
    fullblock: bool,
    status: BString,
}

async fn main(c: Ctx, a: Args) -> Outcome {
    let mut p = Plan { ibs: 512, obs: 512, ..Plan::default() };
    for word in a.operands() {
        if word == "--help" || word == "--version" {
            let text = if word == "--help" { COMMAND.help("dd") } else { COMMAND.version() };
            return c.out(text).await.map(|()| 0);
        }
        let Some((name, value)) = word.split_once_str("=") else {
            return usage(&c, 1, format_args!("unrecognized operand {}", quote(word))).await;
        };
        let result = operand(&mut p, name, BStr::new(value));
        match result {
            Ok(true) => {}
            Ok(false) => return usage(&c, 1, format_args!("unrecognized operand {}", quote(word))).await,
            Err(text) if text.starts_with("invalid number") => {
                c.complain(text).await?;
                return Ok(1);
            }
            Err(text) => return usage(&c, 1, text).await,
        }
    }
    copy(&c, &p).await
}

/// Numbers may be products: `2x512`, `1Mx3`.
fn size(value: &[u8]) -> Option<(u64, bool)> {
    let mut total = 1u64;
    let (value, bytes) = match value.strip_suffix(b"B") {
        Some(rest) if rest.last().is_some_and(u8::is_ascii_digit) => (rest, true),
        _ => (value, false),
    };
    for part in value.split_str("x") {
        if !part.first().is_some_and(u8::is_ascii_digit) {
            return None;
        }
        total = total.checked_mul(crate::base::human::parse_size(part).ok()?)?;
    }
    Some((total, bytes))
}

fn operand(p: &mut Plan, name: &[u8], value: &BStr) -> Result<bool, String> {
    let number = || size(value).ok_or_else(|| format!("invalid number: {}", quote(value)));
    let positive = || match number()?.0 {
        0 => Err(format!("invalid number: {}", quote(value))),
        n => Ok(n),
    };
    match name {
        b"if" => p.input = Some(value.into()),
        b"of" => p.output = Some(value.into()),
        b"ibs" => p.ibs = positive()?,
        b"obs" => p.obs = positive()?,
        b"bs" => {
            p.ibs = positive()?;
            p.obs = p.ibs;
        }
        b"cbs" => {}
        b"count" => {
            let (n, bytes) = number()?;
            p.count = Some(n);
            p.count_bytes |= bytes;
        }
        b"skip" | b"iseek" => {
            let (n, bytes) = number()?;
            p.skip = n;
            p.skip_bytes |= bytes;
        }
        b"seek" | b"oseek" => {
            let (n, bytes) = number()?;
            p.seek = n;
            p.seek_bytes |= bytes;
        }
        b"status" => match value.as_bytes() {
            b"none" | b"noxfer" | b"progress" => p.status = value.into(),
            _ => return Err(format!("invalid status level: {}", quote(value))),
        },
        b"conv" => {
            for word in value.split_str(",") {
                match word {
                    b"notrunc" => p.notrunc = true,
                    b"noerror" => p.noerror = true,
                    b"sync" => p.sync = true,
                    b"swab" => p.swab = true,
                    b"ucase" => p.upper = true,
                    b"lcase" => p.lower = true,
                    b"excl" => p.excl = true,
                    b"nocreat" => p.nocreat = true,
                    b"fsync" | b"fdatasync" | b"sparse" => {}
                    _ => return Err(format!("invalid conversion: {}", quote(word))),
                }
            }
        }
        b"iflag" | b"oflag" => {
            for word in value.split_str(",") {
                match word {
                    b"append" => p.append = true,
                    b"count_bytes" => p.count_bytes = true,
                    b"skip_bytes" => p.skip_bytes = true,
                    b"seek_bytes" => p.seek_bytes = true,
                    b"fullblock" => p.fullblock = true,
                    b"direct" | b"dsync" | b"sync" | b"nonblock" | b"noatime" | b"nocache" | b"noctty"
                    | b"nofollow" | b"directory" => {}
                    _ if name == b"iflag" => return Err(format!("invalid input flag: {}", quote(word))),
                    _ => return Err(format!("invalid output flag: {}", quote(word))),
                }
            }
        }
        _ => return Ok(false),
    }
    if p.ibs > 1 << 30 || p.obs > 1 << 30 {
        return Err(format!("invalid number: {}", quote(value)));
    }
    Ok(true)
}

async fn copy(c: &Ctx, p: &Plan) -> Outcome {
    let shown_in = p.input.as_ref().map_or("'standard input'".into(), quoteaf);
    let shown_out = p.output.as_ref().map_or("'standard output'".into(), quoteaf);
    let input = match &p.input {
        None => 0,
        Some(path) => match c.sys(|s| s.open(path.as_ref(), OpenFlags::READ, 0)) {
            Ok(fd) => fd,
            Err(errno) => {
                c.complain(format_args!("failed to open {shown_in}: {errno}")).await?;
                return Ok(1);
            }
        },
    };
    let seek = if p.seek_bytes { p.seek } else { p.seek.saturating_mul(p.obs) };
    let output = match &p.output {
        None => 1,
        Some(path) => {
            let flags = OpenFlags {
                truncate: !p.notrunc && seek == 0,
                create: !p.nocreat,
                exclusive: p.excl,
                append: p.append,
                ..OpenFlags::WRITE
            };
            match c.sys(|s| s.open(path.as_ref(), flags, 0o666)) {
                Ok(fd) => fd,
                Err(errno) => {
                    c.complain(format_args!("failed to open {shown_out}: {errno}")).await?;
                    return Ok(1);
                }
            }
        }
    };
    let began = c.now();
    if seek > 0 {
        if let (Some(path), false) = (&p.output, p.notrunc)
            && c.sys(|s| s.fstat(output)).is_ok_and(|s| s.kind == crate::world::fs::Kind::File)
            && let Err(errno) = c.sys(|s| s.truncate(path.as_ref(), seek))
        {
            c.complain(format_args!("failed to truncate to {seek} bytes in output file {shown_out}: {errno}")).await?;
            return Ok(1);
        }
        if let Err(errno) = c.sys(|s| s.seek(output, seek, false)) {
            c.complain(format_args!("{shown_out}: cannot seek: {errno}")).await?;
            return Ok(1);
        }
    }
    let skip = if p.skip_bytes { p.skip } else { p.skip.saturating_mul(p.ibs) };
    if skip > 0 && !skipped(c, input, skip).await? {
        c.complain(format_args!("{shown_in}: cannot skip to specified offset")).await?;
    }
    let mut t = Tally::default();
    let mut status = 0;
    let mut held: Vec<u8> = Vec::new();
    let mut left = match p.count {
        Some(n) if p.count_bytes => n,
        _ => u64::MAX,
    };
    let direct = p.ibs == p.obs;
    loop {
        let blocks = t.full_in + t.part_in;
        if left == 0 || !p.count_bytes && p.count.is_some_and(|n| blocks >= n) {
            break;
        }
        let want = p.ibs.min(left);
        let mut block = Vec::new();
        let mut error = None;
        while (block.len() as u64) < want {
            match c.read_fd(input, want - block.len() as u64).await? {
                Ok(bytes) if bytes.is_empty() => break,
                Ok(bytes) => {
                    block.extend(bytes);
                    // A pipe gives what it has: a short block, unless asked for whole ones.
                    let file = c.sys(|s| s.content(input).is_ok());
                    if !p.fullblock && !file && !is_device(c, input) {
                        break;
                    }
                }
                Err(errno) => {
                    error = Some(errno);
                    break;
                }
            }
        }
        if let Some(errno) = error {
            c.complain(format_args!("error reading {shown_in}: {errno}")).await?;
            status = 1;
            if !p.noerror || errno == Errno::EISDIR {
                break;
            }
        }
        if block.is_empty() {
            break;
        }
        left -= block.len() as u64;
        if block.len() as u64 == p.ibs {
            t.full_in += 1
        } else {
            t.part_in += 1
        }
        if p.sync {
            block.resize(p.ibs as usize, 0);
        }
        if p.swab {
            block.chunks_exact_mut(2).for_each(|pair| pair.swap(0, 1));
        }
        if p.upper {
            block.make_ascii_uppercase();
        }
        if p.lower {
            block.make_ascii_lowercase();
        }
        held.extend(block);
        while !held.is_empty() && (direct || held.len() as u64 >= p.obs) {
            let n = held.len().min(p.obs as usize);
            if let Err(errno) = put(c, output, &held[..n], p.obs, &mut t).await? {
                return finish(c, p, &t, began, Some((shown_out, errno))).await;
            }
            held.drain(..n);
        }
    }
    if !held.is_empty()
        && let Err(errno) = put(c, output, &held, p.obs, &mut t).await?
    {
        return finish(c, p, &t, began, Some((shown_out, errno))).await;
    }
    finish(c, p, &t, began, None).await.map(|s| s.max(status))
}

#[derive(Default)]
struct Tally {
    full_in: u64,
    part_in: u64,
    full_out: u64,
    part_out: u64,
    bytes: u64,
}

fn is_device(c: &Ctx, fd: u32) -> bool {
    c.sys(|s| s.fstat(fd)).is_ok_and(|s| s.kind == crate::world::fs::Kind::Char) && !c.is_tty(fd)
}

async fn skipped(c: &Ctx, fd: u32, bytes: u64) -> Result<bool, Stop> {
    if c.sys(|s| s.content(fd).map(|content| content.len())).is_ok() {
        let at = c.sys(|s| s.offset(fd)).unwrap_or(0);
        let size = c.sys(|s| s.content(fd).map(|content| content.len())).unwrap_or(0);
        let _ = c.sys(|s| s.seek(fd, at + bytes, false));
        return Ok(at + bytes <= size);
    }
    let mut left = bytes;
    while left > 0 {
        match c.read_fd(fd, left.min(65_536)).await? {
            Ok(got) if got.is_empty() => return Ok(false),
            Ok(got) => left -= got.len() as u64,
            Err(_) => return Ok(false),
        }
    }
    Ok(true)
}

async fn put(c: &Ctx, fd: u32, block: &[u8], obs: u64, t: &mut Tally) -> Result<Result<(), Errno>, Stop> {
    let mut rest = block;
    // Piece by piece, so that a disk that fills up keeps what found room.
    while !rest.is_empty() {
        let n = rest.len().min(65_536);
        if let Err(errno) = c.write_fd(fd, &rest[..n]).await? {
            t.part_out += 1;
            return Ok(Err(errno));
        }
        t.bytes += n as u64;
        rest = &rest[n..];
    }
    if block.len() as u64 == obs {
        t.full_out += 1
    } else {
        t.part_out += 1
    }
    Ok(Ok(()))
}

async fn finish(c: &Ctx, p: &Plan, t: &Tally, began: crate::base::SimTime, error: Option<(String, Errno)>) -> Outcome {
    c.settle().await?;
    if let Some((name, errno)) = &error {
        c.complain(format_args!("error writing {name}: {errno}")).await?;
    }
    if p.status != "none" {
        c.err(format!("{}+{} records in\n{}+{} records out\n", t.full_in, t.part_in, t.full_out, t.part_out)).await?;
    }
    if p.status != "none" && p.status != "noxfer" {
        let secs = c.now().since(began).secs_f64().max(0.000_001);
        let g = |v: f64| format_float(v, b'g', &Spec::default());
        let rate = human_si(t.bytes as f64 / secs, 1000.0);
        let bytes = if t.bytes == 1 { "1 byte".into() } else { format!("{} bytes", t.bytes) };
        let mut sizes = String::new();
        if t.bytes >= 1000 {
            sizes = format!(" ({}", human_si(t.bytes as f64, 1000.0));
            if t.bytes >= 1024 {
                sizes.push_str(&format!(", {}", human_si(t.bytes as f64, 1024.0)));
            }
            sizes.push(')');
        }
        c.err(format!("{bytes}{sizes} copied, {} s, {rate}/s\n", g(secs))).await?;
    }
    Ok(u8::from(error.is_some()))
}

/// `1.0 MB`, `977 KiB`: rounded to the nearest, one decimal below ten.
fn human_si(value: f64, base: f64) -> String {
    let (mut value, mut power) = (value, 0);
    while value >= base && power < 6 {
        value /= base;
        power += 1;
    }
    let letters = if base == 1000.0 { ["", "k", "M", "G", "T", "P", "E"] } else { ["", "K", "M", "G", "T", "P", "E"] };
    let unit = if base == 1000.0 || power == 0 { "B" } else { "iB" };
    if power > 0 && value < 9.95 {
        format!("{value:.1} {}{unit}", letters[power])
    } else {
        format!("{value:.0} {}{unit}", letters[power])
    }
}
