//! Bytes as text: base64, base32, xxd, hexdump, strings, cmp.

use bstr::{BStr, ByteSlice};

use crate::base::human::parse_size;
use crate::base::quote::quote;
use crate::commands::support::{complain_file, extra_operand, usage};
use crate::program::{Args, Command, Ctx, Example, Opt, Outcome, Stop};
use crate::world::Errno;

pub const BASE64: Command = Command {
    name: "base64",
    summary: "Base64 encode or decode FILE, or standard input, to standard output.",
    usage: &["[OPTION]... [FILE]"],
    options: &[
        Opt::flag('d', "decode", "decode data"),
        Opt::flag('i', "ignore-garbage", "when decoding, ignore non-alphabet characters"),
        Opt::value('w', "wrap", "COLS", "wrap encoded lines after COLS character (default 76)"),
    ],
    examples: &[Example { run: "printf hello | base64", prints: "aGVsbG8=\n" }],
    main: |c, a| Box::pin(base64(c, a)),
    ..Command::BASE
};

pub const XXD: Command = Command {
    name: "xxd",
    package: "xxd",
    summary: "Make a hexdump or do the reverse.",
    usage: &["[options] [infile [outfile]]"],
    options: &[
        Opt::value('c', "cols", "cols", "format <cols> octets per line"),
        Opt::value('g', "groupsize", "bytes", "number of octets per group in normal output"),
        Opt::value('l', "len", "len", "stop after <len> octets"),
        Opt::flag('p', "ps", "output in postscript plain hexdump style"),
        Opt::flag('r', "revert", "reverse operation: convert (or patch) hexdump into binary"),
        Opt::value('s', "seek", "seek", "start at <seek> bytes"),
        Opt::flag('u', "", "use upper case hex letters"),
    ],
    examples: &[Example {
        run: "printf 'abc' | xxd",
        prints: "00000000: 6162 63                                  abc\n",
    }],
    main: |c, a| Box::pin(xxd(c, a)),
    ..Command::BASE
};

pub const HEXDUMP: Command = Command {
    name: "hexdump",
    aliases: &["hd"],
    package: "bsdmainutils",
    summary: "Display file contents in hexadecimal, decimal, octal, or ascii.",
    usage: &["[options] <file>..."],
    options: &[
        Opt::flag('C', "canonical", "canonical hex+ASCII display"),
        Opt::flag('b', "one-byte-octal", "one-byte octal display").unmodelled(),
        Opt::flag('c', "one-byte-char", "one-byte character display").unmodelled(),
        Opt::flag('d', "two-bytes-decimal", "two-byte decimal display").unmodelled(),
        Opt::flag('x', "two-bytes-hex", "two-byte hexadecimal display"),
        Opt::value('e', "format", "format", "format string to be used for displaying data").unmodelled(),
        Opt::value('n', "length", "length", "interpret only length bytes of input"),
        Opt::value('s', "skip", "offset", "skip offset bytes from the beginning"),
        Opt::flag('v', "no-squeezing", "output identical lines"),
    ],
    examples: &[Example {
        run: "printf 'abc' | hexdump -C",
        prints: "00000000  61 62 63                                          |abc|\n00000003\n",
    }],
    main: |c, a| Box::pin(hexdump(c, a)),
    ..Command::BASE
};

pub const STRINGS: Command = Command {
    name: "strings",
    package: "binutils",
    summary: "Display printable strings in [file(s)] (stdin by default).",
    usage: &["[option(s)] [file(s)]"],
    options: &[
        Opt::flag('a', "all", "scan the entire file, not just the data section").accepted(),
        Opt::flag('f', "print-file-name", "print the name of the file before each string"),
        Opt::value('n', "bytes", "min-len", "print any NUL-terminated sequence of at least min-len characters"),
        Opt::value('t', "radix", "{o,d,x}", "print the location of the string in base 8, 10 or 16"),
    ],
    syntax: crate::program::Syntax::Number("bytes"),
    examples: &[Example { run: "printf 'ab\\0hello\\1' | strings", prints: "hello\n" }],
    main: |c, a| Box::pin(strings(c, a)),
    ..Command::BASE
};

pub const CMP: Command = Command {
    name: "cmp",
    package: "diffutils",
    summary: "Compare two files byte by byte.",
    usage: &["[OPTION]... FILE1 [FILE2 [SKIP1 [SKIP2]]]"],
    options: &[
        Opt::flag('b', "print-bytes", "print differing bytes"),
        Opt::value('i', "ignore-initial", "SKIP", "skip first SKIP bytes of both inputs"),
        Opt::flag('l', "verbose", "output byte numbers and differing byte values"),
        Opt::value('n', "bytes", "LIMIT", "compare at most LIMIT bytes"),
        Opt::flag('s', "quiet", "suppress all normal output"),
        Opt::long("silent", "suppress all normal output"),
    ],
    usage_status: 2,
    examples: &[Example { run: "echo a > x; echo b > y; cmp x y", prints: "x y differ: byte 1, line 1\n" }],
    main: |c, a| Box::pin(cmp(c, a)),
    ..Command::BASE
};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

async fn base64(c: Ctx, a: Args) -> Outcome {
    if let Some(extra) = a.operands().get(1) {
        return extra_operand(&c, extra.as_ref()).await;
    }
    let wrap = match a.get("wrap") {
        None => 76,
        Some(text) => match text.to_str().ok().and_then(|t| t.parse::<usize>().ok()) {
            Some(n) => n,
            None => {
                c.complain(format_args!("invalid wrap size: {}", quote(text))).await?;
                return Ok(1);
            }
        },
    };
    let path = a.inputs().remove(0);
    let fd = match c.open_input(path.as_ref()) {
        Ok(fd) => fd,
        Err(errno) => {
            complain_file(&c, path.as_ref(), errno).await?;
            return Ok(1);
        }
    };
    let mut held: Vec<u8> = Vec::new();
    let mut column = 0;
    loop {
        let bytes = match c.read_fd(fd, 98_304).await? {
            Ok(bytes) => bytes,
            Err(errno) => {
                c.complain(format_args!("read error: {errno}")).await?;
                return Ok(1);
            }
        };
        let ended = bytes.is_empty();
        c.work(bytes.len() as u64 * 2).await?;
        held.extend_from_slice(&bytes);
        let mut out = Vec::new();
        if a.has("decode") {
            if a.has("ignore-garbage") {
                held.retain(|b| ALPHABET.contains(b) || *b == b'=');
            } else {
                held.retain(|b| *b != b'\n');
            }
            let whole = held.len() / 4 * 4;
            for group in held[..whole].chunks_exact(4) {
                let value = |b: u8| ALPHABET.iter().position(|x| *x == b).map(|n| n as u32);
                let pad = group.iter().rev().take_while(|b| **b == b'=').count();
                let digits: Option<Vec<u32>> = group[..4 - pad].iter().map(|b| value(*b)).collect();
                match digits {
                    Some(d) if pad <= 2 => {
                        let n = d.iter().fold(0, |n, d| n << 6 | d) << (6 * pad);
                        out.extend(&n.to_be_bytes()[1..4 - pad]);
                    }
                    _ => {
                        c.out(&out).await?;
                        c.complain("invalid input").await?;
                        return Ok(1);
                    }
                }
            }
            held.drain(..whole);
            c.out(&out).await?;
            if ended {
                if !held.is_empty() {
                    let value = |b: &u8| ALPHABET.iter().position(|x| x == b).map(|n| n as u32);
                    let digits: Option<Vec<u32>> = held.iter().map(value).collect();
                    if let Some(d) = digits.filter(|d| d.len() > 1) {
                        let n = d.iter().fold(0, |n, d| n << 6 | d) << (6 * (4 - d.len()));
                        c.out(&n.to_be_bytes()[1..d.len()]).await?;
                    }
                    c.complain("invalid input").await?;
                    return Ok(1);
                }
                return Ok(0);
            }
            continue;
        }
        let whole = if ended { held.len() } else { held.len() / 3 * 3 };
        let mut put = |b: u8, out: &mut Vec<u8>| {
            if wrap > 0 && column == wrap {
                out.push(b'\n');
                column = 0;
            }
            out.push(b);
            column += 1;
        };
        for group in held[..whole].chunks(3) {
            let n = group.iter().fold(0u32, |n, b| n << 8 | u32::from(*b)) << (8 * (3 - group.len()));
            for k in 0..4 {
                let b = if k <= group.len() { ALPHABET[(n >> (18 - 6 * k) & 63) as usize] } else { b'=' };
                put(b, &mut out);
            }
        }
        held.drain(..whole);
        if ended && wrap > 0 && column > 0 {
            out.push(b'\n');
        }
        c.out(&out).await?;
        if ended {
            return Ok(0);
        }
    }
}

/// The bytes of some inputs, one after the other, in pieces of `size`.
struct Pieces<'c> {
    c: &'c Ctx,
    waiting: Vec<bstr::BString>,
    fd: Option<u32>,
    buffer: Vec<u8>,
    left: u64,
    failed: bool,
}

impl<'c> Pieces<'c> {
    fn new(c: &'c Ctx, mut inputs: Vec<bstr::BString>, limit: u64) -> Pieces<'c> {
        inputs.reverse();
        Pieces { c, waiting: inputs, fd: None, buffer: Vec::new(), left: limit, failed: false }
    }
    async fn next(&mut self, size: usize) -> Result<Vec<u8>, Stop> {
        let size = size.min(usize::try_from(self.left).unwrap_or(usize::MAX));
        while self.buffer.len() < size {
            let fd = match self.fd {
                Some(fd) => fd,
                None => {
                    let Some(path) = self.waiting.pop() else { break };
                    match self.c.open_input(path.as_ref()) {
                        Ok(fd) => self.fd = Some(fd),
                        Err(errno) => {
                            complain_file(self.c, path.as_ref(), errno).await?;
                            self.failed = true;
                        }
                    }
                    continue;
                }
            };
            match self.c.read_fd(fd, 65_536.min(self.left.max(1))).await? {
                Ok(bytes) if bytes.is_empty() => {
                    self.c.close_input(fd);
                    self.fd = None;
                }
                Ok(bytes) => self.buffer.extend(bytes),
                Err(errno) => {
                    self.c.complain(errno).await?;
                    self.failed = true;
                    self.c.close_input(fd);
                    self.fd = None;
                }
            }
        }
        let cut = size.min(self.buffer.len());
        self.left -= cut as u64;
        self.c.work(cut as u64 * 20).await?;
        Ok(self.buffer.drain(..cut).collect())
    }
    async fn skip(&mut self, mut bytes: u64) -> Result<(), Stop> {
        let limit = std::mem::replace(&mut self.left, u64::MAX);
        while bytes > 0 {
            let got = self.next(bytes.min(65_536) as usize).await?.len() as u64;
            if got == 0 {
                break;
            }
            bytes -= got;
        }
        self.left = limit;
        Ok(())
    }
}

fn number(a: &Args, name: &str, default: u64) -> u64 {
    let text = a.get(name).map(|t| t.to_str_lossy().into_owned());
    text.map_or(default, |t| match t.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).unwrap_or(default),
        None => parse_size(t.as_bytes()).unwrap_or(default),
    })
}

fn printable(b: u8) -> char {
    if (0x20..0x7f).contains(&b) { char::from(b) } else { '.' }
}

async fn xxd(c: Ctx, a: Args) -> Outcome {
    let inputs = vec![a.inputs().remove(0)];
    let plain = a.has("ps");
    let columns = number(&a, "cols", if plain { 30 } else { 16 }).clamp(1, 256) as usize;
    let group = number(&a, "groupsize", 2) as usize;
    if a.has("revert") {
        let mut pieces = Pieces::new(&c, inputs, u64::MAX);
        let mut text = Vec::new();
        loop {
            let piece = pieces.next(65_536).await?;
            if piece.is_empty() {
                break;
            }
            text.extend(piece);
        }
        let mut out = Vec::new();
        for line in text.lines() {
            let body = if plain { line } else { line.split_once_str(": ").map_or(&b""[..], |(_, body)| body) };
            let body = if plain { body } else { body.split_once_str("  ").map_or(body, |(hex, _)| hex) };
            let digits: Vec<u8> = body.iter().filter_map(|b| char::from(*b).to_digit(16)).map(|d| d as u8).collect();
            out.extend(digits.chunks_exact(2).map(|d| d[0] << 4 | d[1]));
        }
        return c.out(&out).await.map(|()| 0);
    }
    let mut pieces = Pieces::new(&c, inputs, number(&a, "len", u64::MAX));
    let mut offset = number(&a, "seek", 0);
    pieces.skip(offset).await?;
    let hex = |b: u8| if a.has("u") { format!("{b:02X}") } else { format!("{b:02x}") };
    loop {
        let piece = pieces.next(columns).await?;
        if piece.is_empty() {
            return Ok(if pieces.failed { 2 } else { 0 });
        }
        let mut line = String::new();
        if plain {
            piece.iter().for_each(|&b| line.push_str(&hex(b)));
        } else {
            line = format!("{offset:08x}: ");
            for k in 0..columns {
                line.push_str(&piece.get(k).map_or("  ".into(), |&b| hex(b)));
                if group > 0 && (k + 1) % group == 0 {
                    line.push(' ');
                }
            }
            if group == 0 || !columns.is_multiple_of(group) {
                line.push(' ');
            }
            line.push(' ');
            line.extend(piece.iter().map(|&b| printable(b)));
        }
        line.push('\n');
        offset += piece.len() as u64;
        c.out(line).await?;
    }
}

async fn hexdump(c: Ctx, a: Args) -> Outcome {
    let canonical = a.has("canonical") || base_is_hd(&c);
    let mut pieces = Pieces::new(&c, a.inputs(), number(&a, "length", u64::MAX));
    let mut offset = number(&a, "skip", 0);
    pieces.skip(offset).await?;
    let (mut before, mut starred, mut any): (Vec<u8>, bool, bool) = (Vec::new(), false, false);
    loop {
        let piece = pieces.next(16).await?;
        if piece.is_empty() {
            break;
        }
        any = true;
        if piece == before && piece.len() == 16 && !a.has("no-squeezing") {
            if !starred {
                c.out("*\n").await?;
            }
            starred = true;
            offset += 16;
            continue;
        }
        starred = false;
        let mut line;
        if canonical {
            line = format!("{offset:08x} ");
            for k in 0..16 {
                if k % 8 == 0 {
                    line.push(' ');
                }
                line.push_str(&piece.get(k).map_or("   ".into(), |b| format!("{b:02x} ")));
            }
            let shown: String = piece.iter().map(|&b| printable(b)).collect();
            line.push_str(&format!(" |{shown}|\n"));
        } else {
            let wide = a.has("two-bytes-hex");
            line = format!("{offset:07x}");
            for k in 0..8 {
                let pair = match (piece.get(2 * k), piece.get(2 * k + 1)) {
                    (Some(low), high) => format!("{:02x}{low:02x}", high.unwrap_or(&0)),
                    (None, _) => "    ".into(),
                };
                line.push_str(if wide { "    " } else { " " });
                line.push_str(&pair);
            }
            line.push('\n');
        }
        offset += piece.len() as u64;
        c.out(line).await?;
        before = piece;
    }
    if any {
        let line = if canonical { format!("{offset:08x}\n") } else { format!("{offset:07x}\n") };
        c.out(line).await?;
    }
    Ok(u8::from(pieces.failed))
}

fn base_is_hd(c: &Ctx) -> bool {
    crate::commands::support::base_name(c.called().as_ref()) == "hd"
}

async fn strings(c: Ctx, a: Args) -> Outcome {
    let least = number(&a, "bytes", 4).max(1) as usize;
    let mut status = 0;
    for path in a.inputs() {
        let fd = match c.open_input(path.as_ref()) {
            Ok(fd) => fd,
            Err(Errno::ENOENT) => {
                c.complain(format_args!("'{path}': No such file")).await?;
                status = 1;
                continue;
            }
            Err(errno) => {
                c.complain(format_args!("{path}: {errno}")).await?;
                status = 1;
                continue;
            }
        };
        let (mut run, mut at): (Vec<u8>, u64) = (Vec::new(), 0);
        loop {
            let bytes = match c.read_fd(fd, 65_536).await? {
                Ok(bytes) => bytes,
                Err(_) => break,
            };
            c.work(bytes.len() as u64 * 3).await?;
            let ended = bytes.is_empty();
            let mut out = Vec::new();
            let mut flush = |run: &mut Vec<u8>, at: u64| {
                if run.len() >= least {
                    if a.has("print-file-name") {
                        out.extend_from_slice(format!("{path}: ").as_bytes());
                    }
                    let start = at - run.len() as u64;
                    match a.get("radix").map(|r| r.to_str_lossy().into_owned()).as_deref() {
                        Some("o") => out.extend_from_slice(format!("{start:7o} ").as_bytes()),
                        Some("d") => out.extend_from_slice(format!("{start:7} ").as_bytes()),
                        Some("x") => out.extend_from_slice(format!("{start:7x} ").as_bytes()),
                        _ => {}
                    }
                    out.extend_from_slice(run);
                    out.push(b'\n');
                }
                run.clear();
            };
            for &b in &bytes {
                if (0x20..0x7f).contains(&b) || b == b'\t' {
                    run.push(b);
                } else {
                    flush(&mut run, at);
                }
                at += 1;
            }
            if ended {
                flush(&mut run, at);
            }
            c.out(&out).await?;
            if ended {
                break;
            }
        }
        c.close_input(fd);
    }
    Ok(status)
}

async fn cmp(c: Ctx, a: Args) -> Outcome {
    let operands = a.operands();
    let Some(one) = operands.first() else {
        let called = c.called();
        c.complain(format_args!("missing operand after '{called}'")).await?;
        c.err(format!("{called}: Try '{called} --help' for more information.\n")).await?;
        return Ok(2);
    };
    if let Some(extra) = operands.get(4) {
        return usage(&c, 2, format_args!("extra operand '{extra}'")).await;
    }
    let dash = bstr::BString::from("-");
    let two = operands.get(1).unwrap_or(&dash);
    let silent = a.has("quiet") || a.has("silent");
    let mut fds = [0; 2];
    for (n, path) in [one, two].into_iter().enumerate() {
        match c.open_input(path.as_ref()) {
            Ok(fd) => fds[n] = fd,
            Err(errno) => {
                c.complain(format_args!("{path}: {errno}")).await?;
                return Ok(2);
            }
        }
    }
    let skip = |n: usize| -> u64 {
        let own = operands.get(2 + n).map(BStr::new);
        let text = own.or(a.get("ignore-initial")).unwrap_or_default();
        let text = text.split_once_str(":").map_or(text.as_bytes(), |(x, y)| if n == 0 { x } else { y });
        parse_size(text).unwrap_or(0)
    };
    let mut left = match a.get("bytes") {
        None => u64::MAX,
        Some(text) => parse_size(text).unwrap_or(u64::MAX),
    };
    let mut buffers: [Vec<u8>; 2] = [Vec::new(), Vec::new()];
    let mut skips = [skip(0), skip(1)];
    let (mut byte, mut line, mut differs) = (0u64, 1u64, false);
    let mut last_was_newline = false;
    loop {
        let mut ended = [false; 2];
        for n in 0..2 {
            while buffers[n].is_empty() && !ended[n] {
                match c.read_fd(fds[n], 65_536).await? {
                    Ok(bytes) if bytes.is_empty() => ended[n] = true,
                    Ok(mut bytes) => {
                        let cut = skips[n].min(bytes.len() as u64);
                        bytes.drain(..cut as usize);
                        skips[n] -= cut;
                        buffers[n] = bytes;
                    }
                    Err(errno) => {
                        c.complain(format_args!("{}: {errno}", [one, two][n])).await?;
                        return Ok(2);
                    }
                }
            }
        }
        let common = buffers[0].len().min(buffers[1].len()).min(usize::try_from(left).unwrap_or(usize::MAX));
        if common == 0 {
            if left > 0 && ended[0] != ended[1] {
                if !silent {
                    let short = if ended[0] { one } else { two };
                    let place = if byte == 0 {
                        "which is empty".to_string()
                    } else if a.has("verbose") {
                        format!("after byte {byte}")
                    } else if last_was_newline {
                        format!("after byte {byte}, line {}", line - 1)
                    } else {
                        format!("after byte {byte}, in line {line}")
                    };
                    c.complain(format_args!("EOF on {short} {place}")).await?;
                }
                return Ok(1);
            }
            return Ok(u8::from(differs));
        }
        c.work(common as u64 / 2).await?;
        for (&x, &y) in buffers[0].iter().zip(&buffers[1]).take(common) {
            byte += 1;
            if x != y {
                if silent {
                    return Ok(1);
                }
                differs = true;
                if a.has("verbose") {
                    c.out(format!("{byte} {x:3o} {y:3o}\n")).await?;
                } else {
                    let bytes = if a.has("print-bytes") {
                        format!(" is {x:3o} {} {y:3o} {}", shown(x), shown(y))
                    } else {
                        String::new()
                    };
                    c.out(format!("{one} {two} differ: byte {byte}, line {line}{bytes}\n")).await?;
                    return Ok(1);
                }
            }
            line += u64::from(x == b'\n');
            last_was_newline = x == b'\n';
        }
        left -= common as u64;
        buffers[0].drain(..common);
        buffers[1].drain(..common);
    }
}

/// A byte in cat -v's notation.
fn shown(b: u8) -> String {
    let low = |b: u8| match b {
        0..32 => format!("^{}", char::from(b + 64)),
        127 => "^?".into(),
        b => char::from(b).to_string(),
    };
    if b >= 128 { format!("M-{}", low(b - 128)) } else { low(b) }
}
