use bstr::{BStr, BString, ByteSlice};

use crate::base::human::parse_size;
use crate::base::quote::{quote, quoteaf};
use crate::commands::support::{extra_operand, usage};
use crate::program::args::Syntax;
use crate::program::{Args, Command, Ctx, Example, Lines, Opt, Outcome, Stop};
use crate::world::sys::OpenFlags;

pub const COMMAND: Command = Command {
    name: "split",
    summary: "Output pieces of FILE to PREFIXaa, PREFIXab, ...; default size is 1000 lines, and default PREFIX is 'x'.",
    usage: &["[OPTION]... [FILE [PREFIX]]"],
    options: &[
        Opt::value('a', "suffix-length", "N", "generate suffixes of length N (default 2)"),
        Opt::long_value("additional-suffix", "SUFFIX", "append an additional SUFFIX to file names"),
        Opt::value('b', "bytes", "SIZE", "put SIZE bytes per output file"),
        Opt::value('C', "line-bytes", "SIZE", "put at most SIZE bytes of records per output file"),
        Opt::flag('d', "", "use numeric suffixes starting at 0, not alphabetic"),
        Opt::long("numeric-suffixes", "same as -d, but allow setting the start value").optional("FROM"),
        Opt::flag('x', "", "use hex suffixes starting at 0, not alphabetic"),
        Opt::long("hex-suffixes", "same as -x, but allow setting the start value").optional("FROM"),
        Opt::flag('e', "elide-empty-files", "do not generate empty output files with '-n'").accepted(),
        Opt::long_value("filter", "COMMAND", "write to shell COMMAND; file name is $FILE").unmodelled(),
        Opt::value('l', "lines", "NUMBER", "put NUMBER lines/records per output file"),
        Opt::value('n', "number", "CHUNKS", "generate CHUNKS output files").unmodelled(),
        Opt::value('t', "separator", "SEP", "use SEP instead of newline as the record separator"),
        Opt::flag('u', "unbuffered", "immediately copy input to output with '-n r/...'").accepted(),
        Opt::long("verbose", "print a diagnostic just before each output file is opened"),
    ],
    syntax: Syntax::Number("lines"),
    examples: &[Example { run: "seq 5 | split -l 2 - p; cat pac", prints: "5\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

/// Names of the pieces, one after the other.
struct Names {
    prefix: BString,
    digits: &'static [u8],
    length: usize,
    /// Did nobody fix the length? Then it grows when the names run out.
    grows: bool,
    next: u64,
    after: BString,
}

impl Names {
    fn take(&mut self) -> Option<BString> {
        let base = self.digits.len() as u64;
        let (mut n, mut suffix) = (self.next, Vec::new());
        let mut room = base.checked_pow(self.length as u32).unwrap_or(u64::MAX);
        if self.grows && n + base.pow(self.length as u32 - 1) >= room {
            // GNU keeps the order of names: the last letter in front opens a longer kind.
            self.prefix.push(self.digits[self.digits.len() - 1]);
            self.length += 1;
            (self.next, n) = (0, 0);
            room = u64::MAX;
        }
        if n >= room {
            return None;
        }
        for _ in 0..self.length {
            suffix.push(self.digits[(n % base) as usize]);
            n /= base;
        }
        suffix.reverse();
        self.next += 1;
        Some([&self.prefix[..], &suffix, &self.after].concat().into())
    }
}

struct Pieces<'c> {
    c: &'c Ctx,
    names: Names,
    verbose: bool,
    open: Option<(u32, BString)>,
}

impl Pieces<'_> {
    /// Ends the piece under way; the next bytes begin another.
    fn cut(&mut self) {
        if let Some((fd, _)) = self.open.take() {
            self.c.close_input(fd);
        }
    }
    async fn put(&mut self, bytes: &[u8]) -> Result<bool, Stop> {
        let c = self.c;
        if self.open.is_none() {
            let Some(name) = self.names.take() else {
                c.complain("output file suffixes exhausted").await?;
                return Ok(false);
            };
            if self.verbose {
                c.out(format!("creating file {}\n", quoteaf(&name))).await?;
            }
            match c.sys(|s| s.open(name.as_ref(), OpenFlags::WRITE, 0o666)) {
                Ok(fd) => self.open = Some((fd, name)),
                Err(errno) => {
                    c.complain(format_args!("{name}: {errno}")).await?;
                    return Ok(false);
                }
            }
        }
        if let Some((fd, name)) = &self.open
            && let Err(errno) = c.write_fd(*fd, bytes).await?
        {
            c.complain(format_args!("{name}: {errno}")).await?;
            return Ok(false);
        }
        Ok(true)
    }
}

async fn main(c: Ctx, a: Args) -> Outcome {
    if let Some(extra) = a.operands().get(2) {
        return extra_operand(&c, extra.as_ref()).await;
    }
    let ways = ["bytes", "line-bytes", "lines"].iter().filter(|o| a.has(o)).count();
    if ways > 1 {
        return usage(&c, 1, "cannot split in more than one way").await;
    }
    let way = a.last_of(&["bytes", "line-bytes", "lines"]).unwrap_or("lines");
    let size = match a.get(way) {
        None => 1000,
        Some(text) => match parse_size(text) {
            Ok(n) if n > 0 && text[0].is_ascii_digit() => n,
            _ => {
                let what = if way == "lines" { "lines" } else { "bytes" };
                let zero = text.iter().all(|b| *b == b'0');
                let why = if zero { ": Numerical result out of range" } else { "" };
                c.complain(format_args!("invalid number of {what}: {}{why}", quote(text))).await?;
                return Ok(1);
            }
        },
    };
    let length = match a.get("suffix-length") {
        None => 2,
        Some(text) => match text.to_str().ok().and_then(|t| t.parse::<usize>().ok()).filter(|n| *n <= 12) {
            Some(0) | None => {
                c.complain(format_args!("invalid suffix length: {}", quote(text))).await?;
                return Ok(1);
            }
            Some(n) => n,
        },
    };
    let start = |name: &str| a.get(name).and_then(|t| t.to_str().ok()?.parse().ok()).unwrap_or(0);
    let (digits, next): (&[u8], u64) = if a.has("d") || a.has("numeric-suffixes") {
        (b"0123456789", start("numeric-suffixes"))
    } else if a.has("x") || a.has("hex-suffixes") {
        (b"0123456789abcdef", start("hex-suffixes"))
    } else {
        (b"abcdefghijklmnopqrstuvwxyz", 0)
    };
    let separator = match a.get("separator").map(|s| s.as_bytes().to_vec()).as_deref() {
        None => b'\n',
        Some(b"\\0") => 0,
        Some([one]) => *one,
        Some(other) => {
            c.complain(format_args!("multi-character separator {}", quote(other))).await?;
            return Ok(1);
        }
    };
    let input = a.operands().first().map_or(BStr::new("-"), |p| p.as_ref());
    let fd = match c.open_input(input) {
        Ok(fd) => fd,
        Err(errno) => {
            c.complain(format_args!("cannot open {} for reading: {errno}", quoteaf(input))).await?;
            return Ok(1);
        }
    };
    let names = Names {
        prefix: a.operands().get(1).cloned().unwrap_or_else(|| "x".into()),
        digits,
        length,
        grows: !a.has("suffix-length") && next == 0,
        next,
        after: a.get("additional-suffix").map(BString::from).unwrap_or_default(),
    };
    let mut pieces = Pieces { c: &c, names, verbose: a.has("verbose"), open: None };
    let mut used = 0u64;
    if way == "bytes" {
        loop {
            let want = (size - used).min(65_536);
            match c.read_fd(fd, want).await? {
                Ok(bytes) if bytes.is_empty() => return Ok(0),
                Ok(bytes) => {
                    if !pieces.put(&bytes).await? {
                        return Ok(1);
                    }
                    used += bytes.len() as u64;
                }
                Err(errno) => {
                    c.complain(format_args!("{input}: {errno}")).await?;
                    return Ok(1);
                }
            }
            if used == size {
                pieces.cut();
                used = 0;
            }
        }
    }
    let mut lines = Lines::delimited(&c, fd, separator);
    loop {
        let line = match lines.line().await? {
            Ok(Some(line)) => line,
            Ok(None) => return Ok(0),
            Err(errno) => {
                c.complain(format_args!("{input}: {errno}")).await?;
                return Ok(1);
            }
        };
        let mut rest = line;
        if way == "lines" {
            if used == size {
                pieces.cut();
                used = 0;
            }
            used += 1;
        } else {
            if used > 0 && used + rest.len() as u64 > size {
                pieces.cut();
                used = 0;
            }
            // A line longer than a piece is cut.
            while rest.len() as u64 > size {
                let (piece, tail) = rest.split_at(size as usize);
                if !pieces.put(piece).await? {
                    return Ok(1);
                }
                pieces.cut();
                rest = tail;
            }
            used += rest.len() as u64;
        }
        if !rest.is_empty() && !pieces.put(rest).await? {
            return Ok(1);
        }
    }
}
