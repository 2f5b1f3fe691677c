use bstr::{BStr, ByteSlice};

use crate::base::float::{Spec, format_float};
use crate::base::human::parse_size;
use crate::base::quote::quote;
use crate::commands::support::complain_file;
use crate::program::{Args, Command, Ctx, Example, Opt, Outcome};

pub const COMMAND: Command = Command {
    name: "od",
    summary: "Write an unambiguous representation, octal bytes by default, of FILE to standard output.",
    usage: &["[OPTION]... [FILE]..."],
    options: &[
        Opt::value('A', "address-radix", "RADIX", "output format for file offsets; RADIX is one of [doxn]"),
        Opt::long_value("endian", "{big|little}", "swap input bytes according the specified order"),
        Opt::value('j', "skip-bytes", "BYTES", "skip BYTES input bytes first"),
        Opt::value('N', "read-bytes", "BYTES", "limit dump to BYTES input bytes"),
        Opt::flag('S', "strings", "output strings of at least BYTES graphic chars").optional("BYTES").unmodelled(),
        Opt::value('t', "format", "TYPE", "select output format or formats"),
        Opt::flag('v', "output-duplicates", "do not use * to mark line suppression"),
        Opt::flag('w', "width", "output BYTES bytes per output line").optional("BYTES"),
        Opt::flag('a', "", "same as -t a, select named characters"),
        Opt::flag('b', "", "same as -t o1, select octal bytes"),
        Opt::flag('c', "", "same as -t c, select printable characters or backslash escapes"),
        Opt::flag('d', "", "same as -t u2, select unsigned decimal 2-byte units"),
        Opt::flag('f', "", "same as -t fF, select floats"),
        Opt::flag('i', "", "same as -t dI, select decimal ints"),
        Opt::flag('l', "", "same as -t dL, select decimal longs"),
        Opt::flag('o', "", "same as -t o2, select octal 2-byte units"),
        Opt::flag('s', "", "same as -t d2, select decimal 2-byte units"),
        Opt::flag('x', "", "same as -t x2, select hexadecimal 2-byte units"),
    ],
    examples: &[Example { run: "printf 'a\\n' | od -c", prints: "0000000   a  \\n\n0000002\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

#[derive(Clone, Copy)]
struct Format {
    /// `a`, `c`, `d`, `u`, `o`, `x`, `f`.
    kind: u8,
    size: usize,
    /// `z`: the bytes as text at the line's end.
    text: bool,
}

impl Format {
    /// Columns of one unit, without the blank before it.
    fn width(&self) -> usize {
        match (self.kind, self.size) {
            (b'a' | b'c', _) => 3,
            (b'o', n) => [3, 6, 11, 22][n.trailing_zeros() as usize % 4],
            (b'x', n) => 2 * n,
            (b'u', n) => [3, 5, 10, 20][n.trailing_zeros() as usize % 4],
            (b'd', n) => [4, 6, 11, 20][n.trailing_zeros() as usize % 4],
            (_, 4) => 15,
            _ => 24,
        }
    }
    fn unit(&self, bytes: &[u8], big: bool) -> String {
        let mut raw = [0u8; 8];
        for (k, b) in bytes.iter().enumerate().take(8) {
            raw[if big { self.size - 1 - k } else { k }] = *b;
        }
        let n = u64::from_le_bytes(raw);
        let signed = match self.size {
            1 => i64::from(n as u8 as i8),
            2 => i64::from(n as u16 as i16),
            4 => i64::from(n as u32 as i32),
            _ => n as i64,
        };
        let w = self.width();
        match self.kind {
            b'a' => named(bytes[0]),
            b'c' => escaped(bytes[0]),
            b'o' => format!("{n:0w$o}"),
            b'x' => format!("{n:0w$x}"),
            b'u' => n.to_string(),
            b'd' => signed.to_string(),
            _ => {
                let (v, digits) =
                    if self.size == 4 { (f64::from(f32::from_bits(n as u32)), 8) } else { (f64::from_bits(n), 17) };
                shortest(v, self.size == 4, digits)
            }
        }
    }
}

/// The fewest digits that read back as the same number.
fn shortest(v: f64, single: bool, most: usize) -> String {
    for precision in 1..=most {
        let text = format_float(v, b'g', &Spec { precision: Some(precision), ..Spec::default() });
        let back: f64 = text.parse().unwrap_or(f64::NAN);
        if back == v || single && back as f32 == v as f32 {
            return text;
        }
    }
    format_float(v, b'g', &Spec { precision: Some(most), ..Spec::default() })
}

fn named(b: u8) -> String {
    const NAMES: [&str; 33] = [
        "nul", "soh", "stx", "etx", "eot", "enq", "ack", "bel", "bs", "ht", "nl", "vt", "ff", "cr", "so", "si", "dle",
        "dc1", "dc2", "dc3", "dc4", "nak", "syn", "etb", "can", "em", "sub", "esc", "fs", "gs", "rs", "us", "sp",
    ];
    match b & 0x7f {
        127 => "del".into(),
        low => NAMES.get(usize::from(low)).map_or_else(|| char::from(low).to_string(), |n| (*n).into()),
    }
}

fn escaped(b: u8) -> String {
    match b {
        0 => "\\0".into(),
        7 => "\\a".into(),
        8 => "\\b".into(),
        9 => "\\t".into(),
        10 => "\\n".into(),
        11 => "\\v".into(),
        12 => "\\f".into(),
        13 => "\\r".into(),
        0x20..0x7f => char::from(b).to_string(),
        _ => format!("{b:03o}"),
    }
}

/// `x1z`, `d4`, `c`, several in a row; the error is GNU's text.
fn formats(text: &BStr, out: &mut Vec<Format>) -> Result<(), String> {
    let mut rest = text.as_bytes();
    while let Some((&kind, after)) = rest.split_first() {
        rest = after;
        let default = match kind {
            b'a' | b'c' => 1,
            b'd' | b'o' | b'u' | b'x' => 4,
            b'f' => 8,
            _ => {
                return Err(format!("invalid character '{}' in type string {}", char::from(kind), quote(text)));
            }
        };
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let mut size = default;
        if kind != b'a' && kind != b'c' {
            if digits > 0 {
                size = rest[..digits].to_str().ok().and_then(|t| t.parse().ok()).unwrap_or(0);
                rest = &rest[digits..];
            } else if let Some(letter) = rest.first() {
                let named = match letter {
                    b'C' => 1,
                    b'S' => 2,
                    b'I' | b'F' => 4,
                    b'L' | b'D' => 8,
                    _ => 0,
                };
                if named > 0 {
                    size = named;
                    rest = &rest[1..];
                }
            }
            if ![1, 2, 4, 8].contains(&size) || kind == b'f' && size < 4 {
                let what = if kind == b'f' { "floating point" } else { "integral" };
                return Err(format!(
                    "invalid type string {};\nthis system doesn't provide a {size}-byte {what} type",
                    quote(text)
                ));
            }
        }
        let shown = rest.first() == Some(&b'z');
        rest = &rest[usize::from(shown)..];
        out.push(Format { kind, size, text: shown });
    }
    Ok(())
}

async fn main(c: Ctx, a: Args) -> Outcome {
    let mut list = Vec::new();
    for (option, value) in a.given() {
        let text: &[u8] = match (option.long, option.short) {
            ("format", _) => value.as_ref().map_or(b"", |v| v),
            (_, Some('a')) => b"a",
            (_, Some('b')) => b"o1",
            (_, Some('c')) => b"c",
            (_, Some('d')) => b"u2",
            (_, Some('f')) => b"f4",
            (_, Some('i')) => b"d4",
            (_, Some('l')) => b"d8",
            (_, Some('o')) => b"o2",
            (_, Some('s')) => b"d2",
            (_, Some('x')) => b"x2",
            _ => continue,
        };
        if let Err(complaint) = formats(BStr::new(text), &mut list) {
            c.complain(complaint).await?;
            return Ok(1);
        }
    }
    if list.is_empty() {
        list.push(Format { kind: b'o', size: 2, text: false });
    }
    let radix = match a.get("address-radix").map(|r| r.as_bytes().to_vec()).as_deref() {
        None | Some(b"o") => b'o',
        Some(b"d") => b'd',
        Some(b"x") => b'x',
        Some(b"n") => b'n',
        Some(other) => {
            let shown = other.to_str_lossy();
            c.complain(format_args!("invalid output address radix '{shown}'; it must be one character from [doxn]"))
                .await?;
            return Ok(1);
        }
    };
    let mut sizes = [0u64, u64::MAX];
    for (n, name) in ["skip-bytes", "read-bytes"].into_iter().enumerate() {
        if let Some(text) = a.get(name) {
            let hex = text.strip_prefix(b"0x").and_then(|t| u64::from_str_radix(t.to_str().ok()?, 16).ok());
            match hex.map_or_else(|| parse_size(text), Ok) {
                Ok(value) => sizes[n] = value,
                Err(_) => {
                    let letter = if n == 0 { 'j' } else { 'N' };
                    c.complain(format_args!("invalid -{letter} argument {}", quote(text))).await?;
                    return Ok(1);
                }
            }
        }
    }
    let [skip, mut left] = sizes;
    let unit = list.iter().map(|f| f.size).max().unwrap_or(1);
    let width = match a.get("width") {
        None if a.has("width") => 32,
        None => 16,
        Some(text) => text.to_str().ok().and_then(|t| t.parse::<usize>().ok()).unwrap_or(16),
    };
    let width = width.clamp(1, 4096).next_multiple_of(unit);
    let big = a.get("endian").is_some_and(|e| e == "big");
    // Columns are as wide as the widest format needs for the same bytes.
    let block = list.iter().map(|f| (f.width() + 1) * (unit / f.size)).max().unwrap_or(1);
    let address = |at: u64| match radix {
        b'o' => format!("{at:07o}"),
        b'd' => format!("{at:07}"),
        b'x' => format!("{at:06x}"),
        _ => String::new(),
    };
    let mut status = 0;
    let (mut to_skip, mut at) = (skip, skip);
    let mut held: Vec<u8> = Vec::new();
    let (mut before, mut starred): (Option<Vec<u8>>, bool) = (None, false);
    let mut inputs = a.inputs().into_iter();
    let (mut fd, mut opened) = (None, false);
    loop {
        while held.len() < width && left > held.len() as u64 {
            let Some(open) = fd else {
                let Some(path) = inputs.next() else { break };
                match c.open_input(path.as_ref()) {
                    Ok(n) => (fd, opened) = (Some(n), true),
                    Err(errno) => {
                        complain_file(&c, path.as_ref(), errno).await?;
                        status = 1;
                    }
                }
                continue;
            };
            match c.read_fd(open, 65_536).await? {
                Ok(bytes) if bytes.is_empty() => {
                    c.close_input(open);
                    fd = None;
                }
                Ok(bytes) => {
                    let cut = to_skip.min(bytes.len() as u64);
                    to_skip -= cut;
                    held.extend_from_slice(&bytes[cut as usize..]);
                }
                Err(errno) => {
                    c.complain(format_args!("read error: {errno}")).await?;
                    status = 1;
                    c.close_input(open);
                    fd = None;
                }
            }
        }
        let n = held.len().min(width).min(usize::try_from(left).unwrap_or(usize::MAX));
        if n == 0 {
            break;
        }
        let line: Vec<u8> = held.drain(..n).collect();
        left -= n as u64;
        c.work(n as u64 * 30).await?;
        if n == width && before.as_ref() == Some(&line) && !a.has("output-duplicates") {
            if !starred {
                c.out("*\n").await?;
            }
            starred = true;
            at += n as u64;
            continue;
        }
        starred = false;
        for (k, format) in list.iter().enumerate() {
            let lead = address(at);
            let mut text = if k == 0 { lead } else { " ".repeat(lead.len()) };
            let per = unit / format.size;
            let room = block / per;
            let spare = block % per;
            for (j, bytes) in line.chunks(format.size).enumerate() {
                // What does not divide evenly goes before the first of a block, as od spreads it.
                let extra = if j % per == 0 { spare } else { 0 };
                text.push_str(&format!("{:>1$}", format.unit(bytes, big), room + extra));
            }
            if format.text {
                let missing = (width - line.len()) / format.size * room + (width - line.len()) / unit * spare;
                text.push_str(&" ".repeat(missing));
                let shown: String =
                    line.iter().map(|&b| if (0x20..0x7f).contains(&b) { char::from(b) } else { '.' }).collect();
                text.push_str(&format!("  >{shown}<"));
            }
            text.push('\n');
            c.out(text).await?;
        }
        at += n as u64;
        before = Some(line);
    }
    if to_skip > 0 {
        c.complain("cannot skip past end of combined input").await?;
        return Ok(1);
    }
    if radix != b'n' && opened {
        c.out(format!("{}\n", address(at))).await?;
    }
    Ok(status)
}
