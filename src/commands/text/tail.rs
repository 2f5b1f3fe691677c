//! tail: the end of files, found from the end; `-f` and `-F` in `follow`.

use bstr::{BStr, BString, ByteSlice};

use super::head::header;
use super::tail_follow::{Followed, follow};
use crate::base::Span;
use crate::base::human::{SizeError, parse_size};
use crate::base::quote::{quote, quoteaf};
use crate::commands::coreutils::seconds;
use crate::program::args::Syntax;
use crate::program::{Args, Command, Ctx, Example, Lines, Opt, Outcome, Stop};
use crate::world::Errno;

pub const COMMAND: Command = Command {
    name: "tail",
    summary: "Print the last 10 lines of each FILE to standard output.\nWith more than one FILE, precede each with a header giving the file name.",
    options: &[
        Opt::value(
            'c',
            "bytes",
            "[+]NUM",
            "output the last NUM bytes; or use -c +NUM to output starting with byte NUM",
        ),
        Opt::long("debug", "indicate which --follow implementation is used").accepted(),
        Opt::flag('f', "follow", "output appended data as the file grows").optional("{name|descriptor}"),
        Opt::flag('F', "", "same as --follow=name --retry"),
        Opt::value(
            'n',
            "lines",
            "[+]NUM",
            "output the last NUM lines, instead of the last 10; +NUM: starting with line NUM",
        ),
        Opt::long_value("max-unchanged-stats", "N", "reopen a FILE which has not changed size after N iterations")
            .accepted(),
        Opt::long_value("pid", "PID", "with -f, terminate after process ID, PID dies"),
        Opt::flag('q', "quiet", "never output headers giving file names"),
        Opt::long("silent", "never output headers giving file names"),
        Opt::long("retry", "keep trying to open a file if it is inaccessible"),
        Opt::value(
            's',
            "sleep-interval",
            "N",
            "with -f, sleep for approximately N seconds (default 1.0) between iterations",
        ),
        Opt::flag('v', "verbose", "always output headers giving file names"),
        Opt::flag('z', "zero-terminated", "line delimiter is NUL, not newline"),
    ],
    syntax: Syntax::Number("lines"),
    examples: &[
        Example { run: "seq 5 | tail -n 2", prints: "4\n5\n" },
        Example { run: "seq 5 | tail -n +4", prints: "4\n5\n" },
    ],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

#[derive(Clone, Copy)]
pub struct Amount {
    lines: bool,
    from_start: bool,
    n: u64,
}

async fn main(c: Ctx, a: Args) -> Outcome {
    let which = a.last_of(&["bytes", "lines"]).unwrap_or("lines");
    let mut amount = Amount { lines: which == "lines", from_start: false, n: 10 };
    if let Some(text) = a.get(which) {
        let digits = text.strip_prefix(b"+").or_else(|| text.strip_prefix(b"-")).unwrap_or(text);
        amount.from_start = text.starts_with(b"+");
        match parse_size(digits) {
            Ok(n) if digits[0].is_ascii_digit() => amount.n = n,
            Err(SizeError::Overflow) => amount.n = u64::MAX,
            _ => {
                c.complain(format_args!("invalid number of {which}: {}", quote(text))).await?;
                return Ok(1);
            }
        }
    }
    let by_name = a.has("F") || a.get("follow").is_some_and(|w| w == "name");
    let following = by_name || a.has("follow");
    let retry = a.has("F") || a.has("retry");
    let interval = match a.get("sleep-interval") {
        None => Span::SECOND,
        Some(text) => match text.to_str().ok().and_then(seconds) {
            Some(span) => Span(span.0.max(1000)),
            None => {
                c.complain(format_args!("invalid number of seconds: {}", quote(text))).await?;
                return Ok(1);
            }
        },
    };
    let pid = match a.get("pid") {
        None => None,
        Some(text) => match text.to_str().ok().and_then(|t| t.parse::<u32>().ok()) {
            Some(pid) => Some(pid),
            None => {
                c.complain(format_args!("invalid PID: {}", quote(text))).await?;
                return Ok(1);
            }
        },
    };
    if a.has("retry") && !following {
        c.complain("warning: --retry ignored; --retry is useful only when following").await?;
    }
    if pid.is_some() && !following {
        c.complain("warning: PID ignored; --pid=PID is useful only when following").await?;
    }
    let inputs = a.inputs();
    if by_name && inputs.iter().any(|i| i == "-") {
        c.complain(format_args!("cannot follow {} by name", quoteaf("-"))).await?;
        return Ok(1);
    }
    let headers = match a.last_of(&["quiet", "silent", "verbose"]) {
        Some("verbose") => true,
        Some(_) => false,
        None => inputs.len() > 1,
    };
    let delimiter = if a.has("zero-terminated") { 0 } else { b'\n' };
    let (mut status, mut first) = (0, true);
    let mut followed = Vec::new();
    for path in inputs {
        let fd = match c.open_input(path.as_ref()) {
            Ok(fd) => fd,
            Err(errno) => {
                c.complain(format_args!("cannot open {} for reading: {errno}", quoteaf(&path))).await?;
                status = 1;
                if following && retry {
                    followed.push(Followed::missing(path));
                }
                continue;
            }
        };
        if headers {
            header(&c, path.as_ref(), first).await?;
            first = false;
        }
        match one(&c, fd, amount, delimiter).await? {
            Ok(()) => {}
            Err(errno) => {
                let name: BString = if path == "-" { "standard input".into() } else { path.clone() };
                c.complain(format_args!("error reading {}: {errno}", quoteaf(&name))).await?;
                status = 1;
                if following && errno == Errno::EISDIR {
                    c.complain(format_args!("{name}: cannot follow end of this type of file; giving up on this name"))
                        .await?;
                }
                c.close_input(fd);
                continue;
            }
        }
        if following {
            followed.push(Followed::open(&c, path, fd));
        } else {
            c.close_input(fd);
        }
    }
    if !following {
        return Ok(status);
    }
    if followed.is_empty() {
        c.complain("no files remaining").await?;
        return Ok(1);
    }
    // A pipe has no end to wait at: what came is all.
    if !by_name && followed.iter().all(|f| f.is_pipe) {
        return Ok(status);
    }
    c.flush().await?;
    follow(&c, followed, by_name, retry, interval, pid, headers).await
}

/// Prints what is asked for of one open file, and leaves its offset at the end.
async fn one(c: &Ctx, fd: u32, amount: Amount, delimiter: u8) -> Result<Result<(), Errno>, Stop> {
    let size = c.sys(|s| s.content(fd).map(|content| content.len()));
    if let (Ok(size), Ok(at)) = (size, c.sys(|s| s.offset(fd))) {
        let from = match (amount.lines, amount.from_start) {
            (false, true) => Some(at.saturating_add(amount.n.saturating_sub(1)).min(size)),
            (false, false) => Some(size.saturating_sub(amount.n).max(at)),
            (true, false) => Some(last_lines(c, fd, at, size, amount.n, delimiter).await?),
            (true, true) => after_lines(c, fd, at, amount.n, delimiter),
        };
        if let Some(from) = from {
            if let Err(errno) = c.sys(|s| s.seek(fd, from, false)) {
                return Ok(Err(errno));
            }
            return copy(c, fd).await;
        }
    }
    match (amount.lines, amount.from_start) {
        (true, true) => {
            let mut lines = Lines::delimited(c, fd, delimiter);
            for _ in 1..amount.n {
                match lines.line().await? {
                    Ok(Some(_)) => {}
                    Ok(None) => return Ok(Ok(())),
                    Err(errno) => return Ok(Err(errno)),
                }
            }
            loop {
                match lines.rest().await? {
                    Ok(bytes) if bytes.is_empty() => return Ok(Ok(())),
                    Ok(bytes) => {
                        c.out(&bytes).await?;
                        c.flush().await?;
                    }
                    Err(errno) => return Ok(Err(errno)),
                }
            }
        }
        (false, true) => {
            let mut skip = amount.n.saturating_sub(1);
            loop {
                match c.read_fd(fd, 65_536).await? {
                    Ok(bytes) if bytes.is_empty() => return Ok(Ok(())),
                    Ok(bytes) => {
                        let cut = skip.min(bytes.len() as u64);
                        skip -= cut;
                        c.out(&bytes[cut as usize..]).await?;
                        c.flush().await?;
                    }
                    Err(errno) => return Ok(Err(errno)),
                }
            }
        }
        _ => {
            // A pipe is held as far as it may still be wanted.
            let mut held: Vec<u8> = Vec::new();
            let mut count = 0u64;
            loop {
                let bytes = match c.read_fd(fd, 65_536).await? {
                    Ok(bytes) if bytes.is_empty() => break,
                    Ok(bytes) => bytes,
                    Err(errno) => return Ok(Err(errno)),
                };
                count += bytes.iter().filter(|&&b| b == delimiter).count() as u64;
                held.extend(bytes);
                // Cut now and then, so that it costs little.
                if held.len() > 1 << 20 {
                    let keep = if amount.lines {
                        start_of_last(&held, amount.n, delimiter)
                    } else {
                        (held.len() as u64).saturating_sub(amount.n) as usize
                    };
                    held.drain(..keep);
                }
            }
            c.work(count * 20).await?;
            let keep = if amount.lines {
                start_of_last(&held, amount.n, delimiter)
            } else {
                (held.len() as u64).saturating_sub(amount.n) as usize
            };
            c.out(&held[keep..]).await?;
            Ok(Ok(()))
        }
    }
}

/// Where the last `n` lines of these bytes start; a last line may lack its end.
fn start_of_last(bytes: &[u8], n: u64, delimiter: u8) -> usize {
    if n == 0 {
        return bytes.len();
    }
    let body = bytes.strip_suffix(&[delimiter]).unwrap_or(bytes);
    let mut left = n;
    let mut end = body.len();
    while let Some(at) = body[..end].rfind_byte(delimiter) {
        left -= 1;
        if left == 0 {
            return at + 1;
        }
        end = at;
    }
    0
}

/// Reads backwards in blocks until the lines are found: what lies before them is never made.
async fn last_lines(c: &Ctx, fd: u32, start: u64, size: u64, n: u64, delimiter: u8) -> Result<u64, Stop> {
    const BLOCK: u64 = 65_536;
    let mut left = n;
    let mut end = size;
    if n == 0 {
        return Ok(size);
    }
    while end > start {
        let from = end.saturating_sub(BLOCK).max(start);
        let bytes = c.sys(|s| s.content(fd).map(|content| content.read(from, end - from)).unwrap_or_default());
        c.work(bytes.len() as u64 * 2).await?;
        let mut stop = bytes.len();
        if end == size && bytes.last() == Some(&delimiter) {
            stop -= 1;
        }
        while let Some(at) = bytes[..stop].rfind_byte(delimiter) {
            left -= 1;
            if left == 0 {
                return Ok(from + at as u64 + 1);
            }
            stop = at;
        }
        end = from;
    }
    Ok(start)
}

/// The offset of line `n`, where the file knows it without being read.
fn after_lines(c: &Ctx, fd: u32, at: u64, n: u64, delimiter: u8) -> Option<u64> {
    if n <= 1 {
        return Some(at);
    }
    if at != 0 || delimiter != b'\n' {
        return None;
    }
    c.sys(|s| {
        let content = s.content(fd).ok()?;
        content.after_newline(n - 1)
    })
}

pub async fn copy(c: &Ctx, fd: u32) -> Result<Result<(), Errno>, Stop> {
    loop {
        match c.read_fd(fd, 65_536).await? {
            Ok(bytes) if bytes.is_empty() => return Ok(Ok(())),
            Ok(bytes) => c.out(&bytes).await?,
            Err(errno) => return Ok(Err(errno)),
        }
    }
}

/// The name in tail's own messages.
pub fn shown(path: &BStr) -> String {
    if path == "-" { "standard input".into() } else { quoteaf(path) }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use crate::base::{SimTime, Span};
    use crate::commands::GROUPS;
    use crate::testkit::Kit;
    use crate::world::HostId;
    use crate::world::fs::loggen::Part;
    use crate::world::fs::{Content, Extent, LineTemplate, LogRun, LogSource, new_file};

    /// A kit whose `/var/log/big` is a log of 58 GB.
    fn with_a_huge_log() -> Kit {
        let parts = vec![Part::Time, Part::Text(" GET /api ".into()), Part::Hex(40)];
        let source = LogSource { seed: 3, kinds: vec![LineTemplate { parts, bytes: 75 }] };
        let (t0, t1) = (SimTime::from_secs(1_773_000_000), SimTime::from_secs(1_773_284_000));
        let run = LogRun::of_size(Rc::new(source), &[1.0], 58 << 30, t0, t1);
        let kit = Kit::new(GROUPS);
        {
            let mut w = kit.executor.world_mut();
            let mut content = Content::new();
            content.push(Extent::Log(run));
            let file = new_file(content, 0o644, 0, 0, t1);
            // A disk of 20 GB has no room for it; building a world does not ask.
            let volume = crate::world::fs::Volume::new("/dev/sdb", "ext4", 100 << 30, 0.0, 0, t0);
            let fs = &mut w.host_mut(HostId(0)).fs;
            fs.make_dirs("/data".into(), t0).unwrap();
            fs.mount("/data".into(), volume).unwrap();
            fs.install("/data/big".into(), file).unwrap();
        }
        kit
    }

    #[test]
    fn the_end_of_a_huge_log_costs_only_the_end() {
        let mut kit = with_a_huge_log();
        let lines: u64 = kit.run(&["wc", "-l", "/data/big"]).stdout.split(' ').next().unwrap().parse().unwrap();
        assert_eq!(lines, (58_u64 << 30).div_ceil(75));
        let last = kit.run(&["tail", "-n", "2", "/data/big"]);
        assert_eq!(last.stdout.lines().count(), 2);
        let from = (lines - 1).to_string();
        assert_eq!(kit.run(&["tail", "-n", &format!("+{from}"), "/data/big"]).stdout, last.stdout);
        assert_eq!(kit.run(&["tail", "-c", "150", "/data/big"]).stdout.len(), 150);
        assert!(last.took < Span::from_millis(50), "{}", last.took);
    }

    #[test]
    fn following_shows_what_comes_and_survives_a_rotation() {
        let mut kit = Kit::new(GROUPS);
        kit.run_bytes("oncall", &["tee", "log"], b"one\n", &[]);
        let (session, _) = kit.start(&["tail", "-F", "log"], "");
        kit.advance(Span::from_secs(2));
        assert_eq!(kit.output(session).0, "one\n");
        kit.run_bytes("oncall", &["tee", "-a", "log"], b"two\n", &[]);
        kit.advance(Span::from_secs(2));
        assert_eq!(kit.output(session).0, "two\n");
        kit.run(&["mv", "log", "log.1"]);
        kit.advance(Span::from_secs(2));
        assert_eq!(kit.output(session).1, "tail: 'log' has become inaccessible: No such file or directory\n");
        kit.run_bytes("oncall", &["tee", "log"], b"three\n", &[]);
        kit.advance(Span::from_secs(2));
        let (out, err) = kit.output(session);
        assert_eq!((out.as_str(), err.as_str()), ("three\n", "tail: 'log' has appeared;  following new file\n"));
        kit.run(&["truncate", "-s", "0", "log"]);
        kit.advance(Span::from_secs(2));
        assert_eq!(kit.output(session).1, "tail: log: file truncated\n");
    }
}
