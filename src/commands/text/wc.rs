use bstr::{BStr, BString, ByteSlice};
use unicode_width::UnicodeWidthChar;

use crate::base::quote::quotef;
use crate::commands::support::{complain_file, usage};
use crate::program::{Args, Command, Ctx, Example, Opt, Outcome, Stop};
use crate::world::Errno;
use crate::world::fs::Kind;

pub const COMMAND: Command = Command {
    name: "wc",
    summary: "Print newline, word, and byte counts for each FILE, and a total line if more than one FILE is specified.",
    usage: &["[OPTION]... [FILE]...", "[OPTION]... --files0-from=F"],
    options: &[
        Opt::flag('c', "bytes", "print the byte counts"),
        Opt::flag('m', "chars", "print the character counts"),
        Opt::flag('l', "lines", "print the newline counts"),
        Opt::long_value("files0-from", "F", "read input from the files specified by NUL-terminated names in file F"),
        Opt::flag('L', "max-line-length", "print the maximum display width"),
        Opt::flag('w', "words", "print the word counts"),
    ],
    examples: &[Example { run: "printf 'a b\\nc\\n' | wc", prints: "      2       3       6\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

#[derive(Clone, Copy, Default)]
struct Counts {
    lines: u64,
    words: u64,
    chars: u64,
    bytes: u64,
    longest: u64,
}

#[derive(Clone, Copy)]
struct Show {
    lines: bool,
    words: bool,
    chars: bool,
    bytes: bool,
    longest: bool,
}

async fn main(c: Ctx, a: Args) -> Outcome {
    let mut show = Show {
        lines: a.has("lines"),
        words: a.has("words"),
        chars: a.has("chars"),
        bytes: a.has("bytes"),
        longest: a.has("max-line-length"),
    };
    if !(show.lines || show.words || show.chars || show.bytes || show.longest) {
        (show.lines, show.words, show.bytes) = (true, true, true);
    }
    let columns = [show.lines, show.words, show.chars, show.bytes, show.longest].iter().filter(|&&s| s).count();
    let mut status = 0;
    let mut inputs: Vec<Option<BString>> = a.operands().iter().cloned().map(Some).collect();
    if let Some(list) = a.get("files0-from") {
        if let Some(extra) = a.operands().first() {
            let called = c.called();
            c.complain(format_args!("extra operand {}", crate::base::quote::quoteaf(extra))).await?;
            c.err("file operands cannot be combined with --files0-from\n").await?;
            c.err(format!("Try '{called} --help' for more information.\n")).await?;
            return Ok(1);
        }
        inputs = match names_from(&c, list).await? {
            Ok(names) => names.into_iter().map(Some).collect(),
            Err(errno) => {
                let text = format!("cannot open {} for reading: {errno}", crate::base::quote::quoteaf(list));
                c.complain(text).await?;
                return Ok(1);
            }
        };
    } else if inputs.is_empty() {
        inputs = vec![None];
    }
    let width = width(&c, &inputs, columns);
    let mut total = Counts::default();
    for input in &inputs {
        let name: &BStr = input.as_ref().map_or(BStr::new("-"), |n| n.as_ref());
        if name.is_empty() {
            return usage(&c, 1, "invalid zero-length file name").await;
        }
        let fd = match c.open_input(name) {
            Ok(fd) => fd,
            Err(errno) => {
                complain_file(&c, name, errno).await?;
                status = 1;
                continue;
            }
        };
        let (counts, error) = count(&c, fd, show).await?;
        c.close_input(fd);
        if let Some(errno) = error {
            complain_file(&c, name, errno).await?;
            status = 1;
        }
        total.lines += counts.lines;
        total.words += counts.words;
        total.chars += counts.chars;
        total.bytes += counts.bytes;
        total.longest = total.longest.max(counts.longest);
        print(&c, &counts, show, width, input.as_ref().map(|n| n.as_ref())).await?;
    }
    if inputs.len() > 1 {
        print(&c, &total, show, width, Some("total".into())).await?;
    }
    Ok(status)
}

async fn names_from(c: &Ctx, list: &BStr) -> Result<Result<Vec<BString>, Errno>, Stop> {
    let fd = match c.open_input(list) {
        Ok(fd) => fd,
        Err(errno) => return Ok(Err(errno)),
    };
    let mut lines = crate::program::Lines::delimited(c, fd, 0);
    let mut names = Vec::new();
    while let Ok(Some(name)) = lines.line().await? {
        names.push(BString::from(name.strip_suffix(b"\0").unwrap_or(name)));
    }
    Ok(Ok(names))
}

/// GNU pads every number to the width of the sum of all sizes, or to 7 if some input has no size.
fn width(c: &Ctx, inputs: &[Option<BString>], columns: usize) -> usize {
    if inputs.len() == 1 && columns == 1 {
        return 1;
    }
    let (mut sum, mut least) = (0, 1);
    for input in inputs {
        let stat = match input {
            Some(name) if name != "-" => c.sys(|s| s.stat(name.as_ref())),
            _ => c.sys(|s| s.fstat(0)),
        };
        match stat {
            Ok(stat) if stat.kind == Kind::File => sum += stat.size,
            Ok(_) => least = 7,
            Err(_) => {}
        }
    }
    sum.to_string().len().max(least)
}

async fn print(c: &Ctx, n: &Counts, show: Show, width: usize, name: Option<&BStr>) -> Result<(), Stop> {
    let pairs = [
        (show.lines, n.lines),
        (show.words, n.words),
        (show.chars, n.chars),
        (show.bytes, n.bytes),
        (show.longest, n.longest),
    ];
    let cells: Vec<String> = pairs.iter().filter(|p| p.0).map(|p| format!("{:width$}", p.1)).collect();
    let mut line = cells.join(" ");
    if let Some(name) = name {
        line.push(' ');
        line.push_str(&quoted_newlines(name));
    }
    line.push('\n');
    c.out(line).await
}

fn quoted_newlines(name: &BStr) -> String {
    if name.contains(&b'\n') { quotef(name) } else { name.to_str_lossy().into_owned() }
}

async fn count(c: &Ctx, fd: u32, show: Show) -> Result<(Counts, Option<Errno>), Stop> {
    let mut n = Counts::default();
    let plain = !show.words && !show.chars && !show.longest;
    // The size alone is known without reading; so are the lines of a generated log.
    if plain && let Ok(offset @ 0) = c.sys(|s| s.offset(fd)) {
        let known = c.sys(|s| {
            let content = s.content(fd).ok()?;
            let lines = if show.lines { content.newlines()? } else { 0 };
            Some((content.len() - offset, lines, content.is_generated_at(0) || !show.lines))
        });
        if let Some((bytes, lines, true)) = known {
            (n.bytes, n.lines) = (bytes, lines);
            return Ok((n, None));
        }
    }
    let (mut in_word, mut column) = (false, 0u64);
    let mut carry: Vec<u8> = Vec::new();
    loop {
        let bytes = match c.read_fd(fd, 131_072).await? {
            Ok(bytes) => bytes,
            Err(errno) => return Ok((n, Some(errno))),
        };
        if bytes.is_empty() {
            break;
        }
        n.bytes += bytes.len() as u64;
        // A tenth of a nanosecond a byte to count lines, some 3 to tell words.
        c.work(bytes.len() as u64 * if plain { 1 } else { 30 } / 10).await?;
        n.lines += bytes.iter().filter(|&&b| b == b'\n').count() as u64;
        if plain {
            continue;
        }
        let text = if carry.is_empty() { bytes } else { [std::mem::take(&mut carry), bytes].concat() };
        let mut rest = &text[..];
        while let Some(&first) = rest.first() {
            if first < 0x80 {
                rest = &rest[1..];
                n.chars += 1;
                match first {
                    b'\n' | b'\r' | 12 => {
                        n.longest = n.longest.max(column);
                        (column, in_word) = (0, false);
                    }
                    b'\t' => (column, in_word) = (column + 8 - column % 8, false),
                    b' ' => (column, in_word) = (column + 1, false),
                    11 => in_word = false,
                    0x21..0x7f => {
                        column += 1;
                        n.words += u64::from(!in_word);
                        in_word = true;
                    }
                    _ => {}
                }
                continue;
            }
            let (ch, used) = bstr::decode_utf8(rest);
            if ch.is_none() && rest.len() < 4 && !text.is_empty() && could_continue(rest) {
                carry = rest.to_vec();
                break;
            }
            rest = &rest[used..];
            match ch {
                Some(ch) => {
                    n.chars += 1;
                    if ch.is_whitespace() {
                        in_word = false;
                    } else {
                        n.words += u64::from(!in_word && !ch.is_control());
                        in_word |= !ch.is_control();
                    }
                    column += ch.width().unwrap_or(0) as u64;
                }
                // An invalid byte is part of a word, and no character.
                None => {
                    n.words += u64::from(!in_word);
                    in_word = true;
                }
            }
        }
    }
    n.words += u64::from(!carry.is_empty() && !in_word);
    n.longest = n.longest.max(column);
    Ok((n, None))
}

/// May this be the beginning of a character that the next read completes?
fn could_continue(bytes: &[u8]) -> bool {
    let need = match bytes[0] {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => 1,
    };
    bytes.len() < need && bytes[1..].iter().all(|b| b & 0xc0 == 0x80)
}
