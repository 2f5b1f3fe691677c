//! sort: options and input here; keys and how they compare in `sort_key`.

use bstr::{BStr, BString, ByteSlice};

use super::sort_key::{Order, Sorting};
use crate::base::quote::{quote, quoteaf};
use crate::program::{Args, Command, Ctx, Example, Lines, Opt, Outcome};
use crate::world::sys::OpenFlags;

pub const COMMAND: Command = Command {
    name: "sort",
    summary: "Write sorted concatenation of all FILE(s) to standard output.",
    usage: &["[OPTION]... [FILE]...", "[OPTION]... --files0-from=F"],
    options: &[
        Opt::flag('b', "ignore-leading-blanks", "ignore leading blanks"),
        Opt::flag('d', "dictionary-order", "consider only blanks and alphanumeric characters"),
        Opt::flag('f', "ignore-case", "fold lower case to upper case characters"),
        Opt::flag('g', "general-numeric-sort", "compare according to general numerical value"),
        Opt::flag('i', "ignore-nonprinting", "consider only printable characters"),
        Opt::flag('M', "month-sort", "compare (unknown) < 'JAN' < ... < 'DEC'"),
        Opt::flag('h', "human-numeric-sort", "compare human readable numbers (e.g., 2K 1G)"),
        Opt::flag('n', "numeric-sort", "compare according to string numerical value"),
        Opt::flag('R', "random-sort", "shuffle, but group identical keys"),
        Opt::long_value("random-source", "FILE", "get random bytes from FILE").accepted(),
        Opt::flag('r', "reverse", "reverse the result of comparisons"),
        Opt::long_value(
            "sort",
            "WORD",
            "sort according to WORD: general-numeric, human-numeric, month, numeric, random, version",
        ),
        Opt::flag('V', "version-sort", "natural sort of (version) numbers within text"),
        Opt::long_value("batch-size", "NMERGE", "merge at most NMERGE inputs at once").accepted(),
        Opt::flag('c', "", "check for sorted input; do not sort"),
        Opt::long("check", "check for sorted input; do not sort").optional("WORD"),
        Opt::flag('C', "", "like -c, but do not report first bad line"),
        Opt::long_value("compress-program", "PROG", "compress temporaries with PROG").accepted(),
        Opt::long("debug", "annotate the part of the line used to sort").unmodelled(),
        Opt::long_value("files0-from", "F", "read input from the files specified by NUL-terminated names in file F"),
        Opt::value('k', "key", "KEYDEF", "sort via a key; KEYDEF gives location and type"),
        Opt::flag('m', "merge", "merge already sorted files; do not sort"),
        Opt::value('o', "output", "FILE", "write result to FILE instead of standard output"),
        Opt::flag('s', "stable", "stabilize sort by disabling last-resort comparison"),
        Opt::value('S', "buffer-size", "SIZE", "use SIZE for main memory buffer").accepted(),
        Opt::value('t', "field-separator", "SEP", "use SEP instead of non-blank to blank transition"),
        Opt::value('T', "temporary-directory", "DIR", "use DIR for temporaries").accepted(),
        Opt::long_value("parallel", "N", "change the number of sorts run concurrently to N").accepted(),
        Opt::flag('u', "unique", "output only the first of an equal run"),
        Opt::flag('z', "zero-terminated", "line delimiter is NUL, not newline"),
    ],
    usage_status: 2,
    examples: &[Example { run: "printf 'b 10\\na 9\\n' | sort -k2n", prints: "a 9\nb 10\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

async fn main(c: Ctx, a: Args) -> Outcome {
    let seed = c.read(|w| w.seed());
    let sorting = match Sorting::from_args(&a, seed) {
        Ok(sorting) => sorting,
        Err(text) => {
            c.complain(text).await?;
            return Ok(2);
        }
    };
    let end = if a.has("zero-terminated") { 0 } else { b'\n' };
    let unique = a.has("unique");
    let check = match a.last_of(&["c", "C", "check"]) {
        Some("C") => Some(true),
        Some("c") => Some(false),
        Some(_) => Some(a.get("check").is_some_and(|w| w == "quiet" || w == "silent")),
        None => None,
    };
    let mut inputs = a.inputs();
    if let Some(list) = a.get("files0-from") {
        if let Some(extra) = a.operands().first() {
            c.complain(format_args!("extra operand {}", quoteaf(extra))).await?;
            c.err("file operands cannot be combined with --files0-from\nTry 'sort --help' for more information.\n")
                .await?;
            return Ok(2);
        }
        let text = match read_all(&c, list).await? {
            Ok(text) => text,
            Err(text) => {
                c.complain(text.replacen("cannot read", "open failed", 1)).await?;
                return Ok(2);
            }
        };
        inputs = text.split_str("\0").filter(|n| !n.is_empty()).map(BString::from).collect();
    }
    if let Some(quiet) = check {
        if let Some(extra) = inputs.get(1) {
            let option = if quiet { "-C" } else { "-c" };
            c.complain(format_args!("extra operand {} not allowed with {option}", quoteaf(extra))).await?;
            return Ok(2);
        }
        return checked(&c, inputs[0].as_ref(), &sorting, unique, quiet, end).await;
    }
    // All of it is held: sorting needs the last line before it can print the first.
    let mut text: Vec<u8> = Vec::new();
    for path in &inputs {
        match read_all(&c, path.as_ref()).await? {
            Ok(bytes) => {
                text.extend_from_slice(&bytes);
                if text.last().is_some_and(|&b| b != end) {
                    text.push(end);
                }
            }
            Err(complaint) => {
                c.complain(complaint).await?;
                return Ok(2);
            }
        }
    }
    let mut lines: Vec<&[u8]> = text.split(|&b| b == end).collect();
    lines.pop();
    let n = lines.len() as u64;
    c.work(n * u64::from(64 - n.leading_zeros()) * 50).await?;
    let mut sorted = sorting.sort(&lines);
    if unique {
        sorted.dedup_by(|a, b| sorting.compare_keys(a, b).is_eq());
    }
    let output = match a.get("output") {
        None => None,
        Some(path) => match c.sys(|s| s.open(path, OpenFlags::WRITE, 0o666)) {
            Ok(fd) => Some(fd),
            Err(errno) => {
                c.complain(format_args!("open failed: {path}: {errno}")).await?;
                return Ok(2);
            }
        },
    };
    let mut block = Vec::with_capacity(65_536);
    let mut rest = sorted.iter().peekable();
    while let Some(line) = rest.next() {
        block.extend_from_slice(line);
        block.push(end);
        if block.len() < 60_000 && rest.peek().is_some() {
            continue;
        }
        match output {
            None => c.out(&block).await?,
            Some(fd) => {
                if let Err(errno) = c.write_fd(fd, &block).await? {
                    let path = a.get("output").unwrap_or_default();
                    c.complain(format_args!("write failed: {}: {errno}", quoteaf(path))).await?;
                    return Ok(2);
                }
            }
        }
        block.clear();
    }
    Ok(0)
}

async fn read_all(c: &Ctx, path: &BStr) -> Result<Result<Vec<u8>, String>, crate::program::Stop> {
    let fd = match c.open_input(path) {
        Ok(fd) => fd,
        Err(errno) => return Ok(Err(format!("cannot read: {}: {errno}", crate::base::quote::quotef(path)))),
    };
    let read = c.read_to_end(fd).await?;
    c.close_input(fd);
    Ok(read.map_err(|errno| format!("read failed: {}: {errno}", crate::base::quote::quotef(path))))
}

async fn checked(c: &Ctx, path: &BStr, sorting: &Sorting, unique: bool, quiet: bool, end: u8) -> Outcome {
    let fd = match c.open_input(path) {
        Ok(fd) => fd,
        Err(errno) => {
            c.complain(format_args!("cannot read: {}: {errno}", crate::base::quote::quotef(path))).await?;
            return Ok(2);
        }
    };
    let mut lines = Lines::delimited(c, fd, end);
    let mut before: Option<Vec<u8>> = None;
    let mut number = 0u64;
    while let Ok(Some(line)) = lines.line().await? {
        number += 1;
        let line = line.strip_suffix(&[end]).unwrap_or(line);
        if let Some(before) = &before {
            let order = sorting.compare(before, line);
            let equal = unique && sorting.compare_keys(before, line).is_eq();
            if order.is_gt() || equal {
                if !quiet {
                    let text = line.to_str_lossy();
                    c.complain(format_args!("{path}:{number}: disorder: {text}")).await?;
                }
                return Ok(1);
            }
        }
        before = Some(line.to_vec());
    }
    Ok(0)
}

/// `-t`: one byte; `\0` is NUL. The error is GNU's text.
pub fn separator(text: &BStr) -> Result<u8, String> {
    match text.as_bytes() {
        b"\\0" => Ok(0),
        [one] => Ok(*one),
        [] => Err("empty tab".into()),
        _ => Err(format!("multi-character tab {}", quote(text))),
    }
}

/// The word of `--sort`.
pub fn order_word(word: &BStr) -> Option<Order> {
    let words = [
        ("general-numeric", Order::General),
        ("human-numeric", Order::Human),
        ("month", Order::Month),
        ("numeric", Order::Numeric),
        ("random", Order::Random),
        ("version", Order::Version),
    ];
    words.iter().find(|(name, _)| name.as_bytes().starts_with(word)).map(|w| w.1)
}
