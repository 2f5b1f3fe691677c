use std::collections::VecDeque;

use bstr::{BStr, ByteSlice};

use crate::base::human::{SizeError, parse_size};
use crate::base::quote::{quote, quoteaf};
use crate::program::args::Syntax;
use crate::program::{Args, Command, Ctx, Example, Lines, Opt, Outcome, Stop};
use crate::world::Errno;

pub const COMMAND: Command = Command {
    name: "head",
    summary: "Print the first 10 lines of each FILE to standard output.\nWith more than one FILE, precede each with a header giving the file name.",
    options: &[
        Opt::value(
            'c',
            "bytes",
            "[-]NUM",
            "print the first NUM bytes of each file; with '-', all but the last NUM bytes",
        ),
        Opt::value(
            'n',
            "lines",
            "[-]NUM",
            "print the first NUM lines instead of the first 10; with '-', all but the last",
        ),
        Opt::flag('q', "quiet", "never print headers giving file names"),
        Opt::long("silent", "never print headers giving file names"),
        Opt::flag('v', "verbose", "always print headers giving file names"),
        Opt::flag('z', "zero-terminated", "line delimiter is NUL, not newline"),
    ],
    syntax: Syntax::Number("lines"),
    examples: &[Example { run: "seq 5 | head -n 2", prints: "1\n2\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

#[derive(Clone, Copy)]
struct Amount {
    lines: bool,
    /// All but the last so many.
    but_last: bool,
    n: u64,
}

async fn main(c: Ctx, a: Args) -> Outcome {
    let which = a.last_of(&["bytes", "lines"]).unwrap_or("lines");
    let mut amount = Amount { lines: which == "lines", but_last: false, n: 10 };
    if let Some(text) = a.get(which) {
        let digits = text.strip_prefix(b"-").unwrap_or(text);
        amount.but_last = digits.len() < text.len();
        match parse_size(digits) {
            Ok(n) if digits[0].is_ascii_digit() => amount.n = n,
            Err(SizeError::Overflow) => amount.n = u64::MAX,
            _ => {
                c.complain(format_args!("invalid number of {which}: {}", quote(digits))).await?;
                return Ok(1);
            }
        }
    }
    let inputs = a.inputs();
    let headers = match a.last_of(&["quiet", "silent", "verbose"]) {
        Some("verbose") => true,
        Some(_) => false,
        None => inputs.len() > 1,
    };
    let delimiter = if a.has("zero-terminated") { 0 } else { b'\n' };
    let (mut status, mut first) = (0, true);
    for path in inputs {
        let fd = match c.open_input(path.as_ref()) {
            Ok(fd) => fd,
            Err(errno) => {
                c.complain(format_args!("cannot open {} for reading: {errno}", quoteaf(&path))).await?;
                status = 1;
                continue;
            }
        };
        if headers {
            header(&c, path.as_ref(), first).await?;
            first = false;
        }
        if let Err(errno) = one(&c, fd, amount, delimiter).await? {
            let name = if path == "-" { "standard input".into() } else { path.to_str_lossy() };
            c.complain(format_args!("error reading {}: {errno}", quoteaf(name.as_bytes()))).await?;
            status = 1;
        }
        c.close_input(fd);
    }
    Ok(status)
}

/// `==> name <==`, with a blank line before all but the first.
pub async fn header(c: &Ctx, path: &BStr, first: bool) -> Result<(), Stop> {
    let name = if path == "-" { "standard input".into() } else { path.to_str_lossy() };
    let blank = if first { "" } else { "\n" };
    c.out(format!("{blank}==> {name} <==\n")).await
}

async fn one(c: &Ctx, fd: u32, amount: Amount, delimiter: u8) -> Result<Result<(), Errno>, Stop> {
    match (amount.lines, amount.but_last) {
        (false, false) => {
            let mut left = amount.n;
            while left > 0 {
                match c.read_fd(fd, left.min(65_536)).await? {
                    Ok(bytes) if bytes.is_empty() => break,
                    Ok(bytes) => {
                        left -= bytes.len() as u64;
                        c.out(&bytes).await?;
                    }
                    Err(errno) => return Ok(Err(errno)),
                }
            }
        }
        (false, true) => {
            let mut held: Vec<u8> = Vec::new();
            loop {
                match c.read_fd(fd, 65_536).await? {
                    Ok(bytes) if bytes.is_empty() => break,
                    Ok(bytes) if held.len() + bytes.len() > crate::base::limits::HELD_BYTES => {
                        return Ok(Err(crate::world::Errno::ENOMEM));
                    }
                    Ok(bytes) => held.extend(bytes),
                    Err(errno) => return Ok(Err(errno)),
                }
                let ready = (held.len() as u64).saturating_sub(amount.n) as usize;
                c.out(&held[..ready]).await?;
                held.drain(..ready);
            }
        }
        (true, false) => {
            let mut left = amount.n;
            while left > 0 {
                let bytes = match c.read_fd(fd, 1024.max(left.min(512) * 128)).await? {
                    Ok(bytes) if bytes.is_empty() => break,
                    Ok(bytes) => bytes,
                    Err(errno) => return Ok(Err(errno)),
                };
                c.work(bytes.len() as u64 / 4).await?;
                let mut end = 0;
                while left > 0 && end < bytes.len() {
                    match bytes[end..].find_byte(delimiter) {
                        Some(at) => {
                            end += at + 1;
                            left -= 1;
                        }
                        None => end = bytes.len(),
                    }
                }
                c.out(&bytes[..end]).await?;
                if left == 0 && end < bytes.len() {
                    // What was read too far is given back, where it can be: `(head -n 1; cat) < file`.
                    let back = (bytes.len() - end) as u64;
                    let _ = c.sys(|s| s.offset(fd).and_then(|at| s.seek(fd, at - back, false)));
                }
            }
        }
        (true, true) => {
            let mut lines = Lines::delimited(c, fd, delimiter);
            let mut held: VecDeque<Vec<u8>> = VecDeque::new();
            loop {
                match lines.line().await? {
                    Ok(Some(line)) => held.push_back(line.to_vec()),
                    Ok(None) => break,
                    Err(errno) => return Ok(Err(errno)),
                }
                if held.len() as u64 > amount.n
                    && let Some(line) = held.pop_front()
                {
                    c.out(&line).await?;
                }
            }
        }
    }
    Ok(Ok(()))
}
