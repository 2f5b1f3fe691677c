//! Filters that take lines as they come: nl, tac, rev, paste, fold, expand, unexpand, fmt.

use bstr::{BString, ByteSlice};
use unicode_width::UnicodeWidthChar;

use crate::base::quote::quote;
use crate::base::regex::{Flags, Regex, Syntax};
use crate::commands::support::{Source, complain_file, usage};
use crate::program::{Args, Command, Ctx, Example, Lines, Opt, Outcome};

pub const NL: Command = Command {
    name: "nl",
    summary: "Write each FILE to standard output, with line numbers added.",
    options: &[
        Opt::value('b', "body-numbering", "STYLE", "use STYLE for numbering body lines"),
        Opt::value('d', "section-delimiter", "CC", "use CC for logical page delimiters"),
        Opt::value('f', "footer-numbering", "STYLE", "use STYLE for numbering footer lines"),
        Opt::value('h', "header-numbering", "STYLE", "use STYLE for numbering header lines"),
        Opt::value('i', "line-increment", "NUMBER", "line number increment at each line"),
        Opt::value('l', "join-blank-lines", "NUMBER", "group of NUMBER empty lines counted as one"),
        Opt::value('n', "number-format", "FORMAT", "insert line numbers according to FORMAT"),
        Opt::flag('p', "no-renumber", "do not reset line numbers for each section"),
        Opt::value('s', "number-separator", "STRING", "add STRING after (possible) line number"),
        Opt::value('v', "starting-line-number", "NUMBER", "first line number for each section"),
        Opt::value('w', "number-width", "NUMBER", "use NUMBER columns for line numbers"),
    ],
    examples: &[Example { run: "printf 'a\\nb\\n' | nl", prints: "     1\ta\n     2\tb\n" }],
    main: |c, a| Box::pin(nl(c, a)),
    ..Command::BASE
};

pub const TAC: Command = Command {
    name: "tac",
    summary: "Write each FILE to standard output, last line first.",
    options: &[
        Opt::flag('b', "before", "attach the separator before instead of after"),
        Opt::flag('r', "regex", "interpret the separator as a regular expression").unmodelled(),
        Opt::value('s', "separator", "STRING", "use STRING as the separator instead of newline"),
    ],
    examples: &[Example { run: "seq 3 | tac", prints: "3\n2\n1\n" }],
    main: |c, a| Box::pin(tac(c, a)),
    ..Command::BASE
};

pub const REV: Command = Command {
    name: "rev",
    package: "util-linux",
    summary: "Reverse lines characterwise.",
    usage: &["[options] [file ...]"],
    examples: &[Example { run: "echo abc | rev", prints: "cba\n" }],
    main: |c, a| Box::pin(rev(c, a)),
    ..Command::BASE
};

pub const PASTE: Command = Command {
    name: "paste",
    summary: "Write lines consisting of the sequentially corresponding lines from each FILE, separated by TABs.",
    options: &[
        Opt::value('d', "delimiters", "LIST", "reuse characters from LIST instead of TABs"),
        Opt::flag('s', "serial", "paste one file at a time instead of in parallel"),
        Opt::flag('z', "zero-terminated", "line delimiter is NUL, not newline"),
    ],
    examples: &[Example { run: "seq 3 | paste -sd,", prints: "1,2,3\n" }],
    main: |c, a| Box::pin(paste(c, a)),
    ..Command::BASE
};

pub const FOLD: Command = Command {
    name: "fold",
    summary: "Wrap input lines in each FILE, writing to standard output.",
    options: &[
        Opt::flag('b', "bytes", "count bytes rather than columns"),
        Opt::flag('s', "spaces", "break at spaces"),
        Opt::value('w', "width", "WIDTH", "use WIDTH columns instead of 80"),
    ],
    syntax: crate::program::Syntax::Number("width"),
    examples: &[Example { run: "echo abcdef | fold -w 4", prints: "abcd\nef\n" }],
    main: |c, a| Box::pin(fold(c, a)),
    ..Command::BASE
};

pub const EXPAND: Command = Command {
    name: "expand",
    summary: "Convert tabs in each FILE to spaces, writing to standard output.",
    options: &[
        Opt::flag('i', "initial", "do not convert tabs after non blanks"),
        Opt::value('t', "tabs", "N", "have tabs N characters apart, not 8"),
    ],
    examples: &[Example { run: "printf 'a\\tb\\n' | expand -t 4", prints: "a   b\n" }],
    main: |c, a| Box::pin(expand(c, a)),
    ..Command::BASE
};

pub const UNEXPAND: Command = Command {
    name: "unexpand",
    summary: "Convert blanks in each FILE to tabs, writing to standard output.",
    options: &[
        Opt::flag('a', "all", "convert all blanks, instead of just initial blanks"),
        Opt::long("first-only", "convert only leading sequences of blanks (overrides -a)"),
        Opt::value('t', "tabs", "N", "have tabs N characters apart instead of 8 (enables -a)"),
    ],
    examples: &[Example { run: "printf '        a\\n' | unexpand", prints: "\ta\n" }],
    main: |c, a| Box::pin(unexpand(c, a)),
    ..Command::BASE
};

pub const FMT: Command = Command {
    name: "fmt",
    summary: "Reformat each paragraph in the FILE(s), writing to standard output.",
    usage: &["[-WIDTH] [OPTION]... [FILE]..."],
    options: &[
        Opt::flag('c', "crown-margin", "preserve indentation of first two lines").unmodelled(),
        Opt::value('p', "prefix", "STRING", "reformat only lines beginning with STRING").unmodelled(),
        Opt::flag('s', "split-only", "split long lines, but do not refill"),
        Opt::flag('t', "tagged-paragraph", "indentation of first line different from second").unmodelled(),
        Opt::flag('u', "uniform-spacing", "one space between words, two after sentences").accepted(),
        Opt::value('w', "width", "WIDTH", "maximum line width (default of 75 columns)"),
        Opt::value('g', "goal", "WIDTH", "goal width (default of 93% of width)").accepted(),
    ],
    syntax: crate::program::Syntax::Number("width"),
    examples: &[Example { run: "printf 'a\\nb\\n' | fmt", prints: "a b\n" }],
    main: |c, a| Box::pin(fmt(c, a)),
    ..Command::BASE
};

/// Which lines of a section nl numbers.
enum Style {
    All,
    NonEmpty,
    None,
    Matching(Box<Regex>),
}

async fn nl(c: Ctx, a: Args) -> Outcome {
    let mut styles = Vec::new();
    for (name, default) in [("header-numbering", "n"), ("body-numbering", "t"), ("footer-numbering", "n")] {
        let text = a.get(name).map_or(BString::from(default), BString::from);
        styles.push(match &text[..] {
            b"a" => Style::All,
            b"t" => Style::NonEmpty,
            b"n" => Style::None,
            [b'p', pattern @ ..] => match Regex::new(pattern, Syntax::Basic, Flags::default()) {
                Ok(regex) => Style::Matching(Box::new(regex)),
                Err(text) => {
                    c.complain(text).await?;
                    return Ok(1);
                }
            },
            _ => {
                let what = name.split('-').next().unwrap_or("");
                return usage(&c, 1, format_args!("invalid {what} numbering style: {}", quote(&text))).await;
            }
        });
    }
    let mut numbers = [1i64, 1, 1, 6];
    for (slot, (name, what)) in [
        ("starting-line-number", "invalid starting line number"),
        ("line-increment", "invalid line number increment"),
        ("join-blank-lines", "invalid line number of blank lines"),
        ("number-width", "invalid line number field width"),
    ]
    .into_iter()
    .enumerate()
    {
        if let Some(text) = a.get(name) {
            match text.to_str().ok().and_then(|t| t.parse::<i64>().ok()).filter(|&n| slot < 2 || n > 0) {
                Some(n) => numbers[slot] = n,
                None => {
                    let number = text.to_str().is_ok_and(|t| t.parse::<i64>().is_ok());
                    let why = if number { ": Numerical result out of range" } else { "" };
                    c.complain(format_args!("{what}: {}{why}", quote(text))).await?;
                    return Ok(1);
                }
            }
        }
    }
    let [start, step, join, width] = numbers;
    let width = width.clamp(1, 1000) as usize;
    let format = a.get("number-format").map_or(BString::from("rn"), BString::from);
    if !matches!(&format[..], b"ln" | b"rn" | b"rz") {
        return usage(&c, 1, format_args!("invalid line numbering format: {}", quote(&format))).await;
    }
    let separator = a.get("number-separator").map_or(BString::from("\t"), BString::from);
    let mark: BString = match a.get("section-delimiter") {
        None => "\\:".into(),
        Some(text) if text.len() == 1 => [text[0], b':'].to_vec().into(),
        Some(text) => text.into(),
    };
    let (mut section, mut number, mut blanks) = (1, start, 0);
    let mut source = Source::new(&c, &a, b'\n');
    while let Some(line) = source.line().await? {
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let next = (1..=3).rev().find(|&n| !mark.is_empty() && text == mark.repeat(n));
        if let Some(n) = next {
            section = 3 - n;
            if !a.has("no-renumber") {
                number = start;
            }
            c.out("\n").await?;
            continue;
        }
        let blank = text.is_empty();
        blanks = if blank { blanks + 1 } else { 0 };
        let numbered = match &styles[section] {
            Style::All if blank && join > 1 => blanks % join == 0,
            Style::All => true,
            Style::NonEmpty => !blank,
            Style::None => false,
            Style::Matching(regex) => regex.is_match(text),
        };
        let mut out = if numbered {
            let shown = match &format[..] {
                b"ln" => format!("{number:<width$}"),
                b"rz" if number < 0 => format!("-{:0>1$}", number.unsigned_abs(), width - 1),
                b"rz" => format!("{number:0>width$}"),
                _ => format!("{number:>width$}"),
            };
            number = number.saturating_add(step);
            [shown.as_bytes(), &separator].concat()
        } else {
            vec![b' '; width + separator.len()]
        };
        out.extend_from_slice(text);
        out.push(b'\n');
        c.out(&out).await?;
    }
    Ok(source.status())
}

async fn tac(c: Ctx, a: Args) -> Outcome {
    let separator = a.get("separator").map_or(BString::from("\n"), BString::from);
    if separator.is_empty() {
        c.complain("separator cannot be empty").await?;
        return Ok(1);
    }
    let mut status = 0;
    for path in a.inputs() {
        let fd = match c.open_input(path.as_ref()) {
            Ok(fd) => fd,
            Err(errno) => {
                c.complain(format_args!("failed to open {} for reading: {errno}", crate::base::quote::quoteaf(&path)))
                    .await?;
                status = 1;
                continue;
            }
        };
        // A regular file is read from its end, block by block, so that `tac huge.log | head` costs little.
        let size = c.sys(|s| s.content(fd).map(|content| content.len()));
        if let (Ok(size), b"\n", false) = (size, &separator[..], a.has("before")) {
            backwards(&c, fd, size).await?;
            c.close_input(fd);
            continue;
        }
        let read = c.read_to_end(fd).await?;
        c.close_input(fd);
        let text = match read {
            Ok(text) => text,
            Err(errno) => {
                let name = crate::base::quote::quotef(&path);
                c.complain(format_args!("{name}: read error: {errno}")).await?;
                status = 1;
                continue;
            }
        };
        let mut cuts: Vec<usize> = text.find_iter(&separator).collect();
        let mut end = text.len();
        if a.has("before") {
            while let Some(cut) = cuts.pop() {
                c.out(&text[cut..end]).await?;
                end = cut;
            }
            c.out(&text[..end]).await?;
        } else {
            if cuts.last().is_some_and(|cut| cut + separator.len() == end) {
                cuts.pop();
            }
            while let Some(cut) = cuts.pop() {
                c.out(&text[cut + separator.len()..end]).await?;
                end = cut + separator.len();
            }
            c.out(&text[..end]).await?;
        }
    }
    Ok(status)
}

async fn backwards(c: &Ctx, fd: u32, size: u64) -> Result<(), crate::program::Stop> {
    const BLOCK: u64 = 65_536;
    let mut end = size;
    let mut tail: Vec<u8> = Vec::new();
    while end > 0 {
        let from = end.saturating_sub(BLOCK);
        // Through read(2), so that device time and the scan's bound count.
        let _ = c.sys(|s| s.seek(fd, from, false));
        let mut block = Vec::new();
        while (block.len() as u64) < end - from {
            match c.read_fd(fd, end - from - block.len() as u64).await? {
                Ok(bytes) if bytes.is_empty() => break,
                Ok(bytes) => block.extend(bytes),
                Err(_) => break,
            }
        }
        block.extend_from_slice(&tail);
        let mut stop = block.len();
        while let Some(cut) = block[..stop.saturating_sub(1)].rfind_byte(b'\n') {
            c.out(&block[cut + 1..stop]).await?;
            stop = cut + 1;
        }
        block.truncate(stop);
        tail = block;
        end = from;
    }
    c.out(&tail).await
}

async fn rev(c: Ctx, a: Args) -> Outcome {
    let mut status = 0;
    for path in a.inputs() {
        let fd = match c.open_input(path.as_ref()) {
            Ok(fd) => fd,
            Err(errno) => {
                c.complain(format_args!("cannot open {path}: {errno}")).await?;
                status = 1;
                continue;
            }
        };
        let mut lines = Lines::new(&c, fd);
        while let Ok(Some(line)) = lines.line().await? {
            let (text, end) = match line.strip_suffix(b"\n") {
                Some(text) => (text, &b"\n"[..]),
                None => (line, &b""[..]),
            };
            let mut out = Vec::with_capacity(line.len());
            for (from, to, _) in text.char_indices().rev() {
                out.extend_from_slice(&text[from..to]);
            }
            out.extend_from_slice(end);
            c.out(&out).await?;
        }
        c.close_input(fd);
    }
    Ok(status)
}

/// paste's list of delimiters: `\0` is none, and the usual escapes.
fn delimiters(text: &[u8]) -> Option<Vec<Option<u8>>> {
    let mut out = Vec::new();
    let mut rest = text.iter().copied();
    while let Some(b) = rest.next() {
        out.push(if b == b'\\' {
            match rest.next()? {
                b'0' => None,
                b'n' => Some(b'\n'),
                b't' => Some(b'\t'),
                b'b' => Some(8),
                b'f' => Some(12),
                b'r' => Some(b'\r'),
                b'v' => Some(11),
                other => Some(other),
            }
        } else {
            Some(b)
        });
    }
    Some(if out.is_empty() { vec![None] } else { out })
}

async fn paste(c: Ctx, a: Args) -> Outcome {
    let text = a.get("delimiters").map_or(BString::from("\t"), BString::from);
    let Some(between) = delimiters(&text) else {
        c.complain(format_args!("delimiter list ends with an unescaped backslash: {text}")).await?;
        return Ok(1);
    };
    let end = if a.has("zero-terminated") { 0 } else { b'\n' };
    let mut status = 0;
    if a.has("serial") {
        for path in a.inputs() {
            let fd = match c.open_input(path.as_ref()) {
                Ok(fd) => fd,
                Err(errno) => {
                    complain_file(&c, path.as_ref(), errno).await?;
                    status = 1;
                    continue;
                }
            };
            let mut lines = Lines::delimited(&c, fd, end);
            let mut n = 0;
            loop {
                match lines.line().await? {
                    Ok(Some(line)) => {
                        let mut out = Vec::new();
                        if n > 0 {
                            out.extend(between[(n - 1) % between.len()]);
                        }
                        out.extend_from_slice(line.strip_suffix(&[end]).unwrap_or(line));
                        c.out(&out).await?;
                        n += 1;
                    }
                    Ok(None) => break,
                    Err(errno) => {
                        complain_file(&c, path.as_ref(), errno).await?;
                        status = 1;
                        break;
                    }
                }
            }
            c.out([end]).await?;
            c.close_input(fd);
        }
        return Ok(status);
    }
    let mut readers: Vec<Option<usize>> = Vec::new();
    let mut lines: Vec<Lines<'_>> = Vec::new();
    let mut stdin = None;
    for path in a.inputs() {
        // Several `-` share one standard input, line by line.
        if path == "-"
            && let Some(n) = stdin
        {
            readers.push(Some(n));
            continue;
        }
        match c.open_input(path.as_ref()) {
            Ok(fd) => {
                lines.push(Lines::delimited(&c, fd, end));
                if path == "-" {
                    stdin = Some(lines.len() - 1);
                }
                readers.push(Some(lines.len() - 1));
            }
            Err(errno) => {
                complain_file(&c, path.as_ref(), errno).await?;
                return Ok(1);
            }
        }
    }
    loop {
        let mut out = Vec::new();
        let mut any = false;
        for (n, reader) in readers.iter_mut().enumerate() {
            if n > 0 {
                out.extend(between[(n - 1) % between.len()]);
            }
            if let Some(at) = *reader {
                match lines[at].line().await? {
                    Ok(Some(line)) => {
                        any = true;
                        out.extend_from_slice(line.strip_suffix(&[end]).unwrap_or(line));
                    }
                    Ok(None) => *reader = None,
                    Err(errno) => {
                        complain_file(&c, a.inputs()[n].as_ref(), errno).await?;
                        status = 1;
                        *reader = None;
                    }
                }
            }
        }
        if !any {
            return Ok(status);
        }
        out.push(end);
        c.out(&out).await?;
    }
}

async fn fold(c: Ctx, a: Args) -> Outcome {
    let width = match a.get("width") {
        None => 80,
        Some(text) => match text.to_str().ok().and_then(|t| t.parse::<usize>().ok()).filter(|&n| n > 0) {
            Some(n) => n,
            None => {
                c.complain(format_args!("invalid number of columns: {}", quote(text))).await?;
                return Ok(1);
            }
        },
    };
    let (bytes, spaces) = (a.has("bytes"), a.has("spaces"));
    let mut source = Source::new(&c, &a, b'\n');
    while let Some(line) = source.line().await? {
        let (text, end) = match line.strip_suffix(b"\n") {
            Some(text) => (text, &b"\n"[..]),
            None => (line, &b""[..]),
        };
        let advance = |column: usize, b: u8| match b {
            _ if bytes => column + 1,
            8 => column.saturating_sub(1),
            b'\r' => 0,
            b'\t' => column + 8 - column % 8,
            _ => column + 1,
        };
        let mut out = Vec::with_capacity(line.len() + 8);
        let (mut from, mut column, mut at) = (0, 0, 0);
        while at < text.len() {
            let next = advance(column, text[at]);
            if next > width && at > from {
                let space = spaces.then(|| text[from..at].rfind_byteset(b" \t")).flatten();
                let cut = space.map_or(at, |n| from + n + 1);
                out.extend_from_slice(&text[from..cut]);
                out.push(b'\n');
                from = cut;
                column = text[from..at].iter().fold(0, |n, &b| advance(n, b));
                continue;
            }
            column = next;
            at += 1;
        }
        out.extend_from_slice(&text[from..]);
        out.extend_from_slice(end);
        c.out(&out).await?;
    }
    Ok(source.status())
}

/// Tab stops: a list, or every so many columns.
fn stops(a: &Args) -> Result<Vec<usize>, String> {
    let Some(text) = a.get("tabs") else { return Ok(vec![8]) };
    let mut stops: Vec<usize> = Vec::new();
    for part in text.split(|b| matches!(b, b',' | b' ')).filter(|p| !p.is_empty()) {
        match part.to_str().ok().and_then(|t| t.parse().ok()) {
            Some(0) => return Err("tab size cannot be 0".into()),
            Some(n) if stops.last().is_some_and(|&last| n <= last) => return Err("tab sizes must be ascending".into()),
            Some(n) => stops.push(n),
            None => return Err(format!("tab size contains invalid character(s): {}", quote(part))),
        }
    }
    Ok(stops)
}

/// The first stop after a column; `None` behind the last of a list.
fn next_stop(stops: &[usize], column: usize) -> Option<usize> {
    match stops {
        [every] => Some((column / every + 1) * every),
        list => list.iter().copied().find(|&s| s > column),
    }
}

async fn expand(c: Ctx, a: Args) -> Outcome {
    let stops = match stops(&a) {
        Ok(stops) => stops,
        Err(text) => {
            c.complain(text).await?;
            return Ok(1);
        }
    };
    let mut source = Source::new(&c, &a, b'\n');
    while let Some(line) = source.line().await? {
        let mut out = Vec::with_capacity(line.len() + 16);
        let (mut column, mut convert) = (0usize, true);
        for &b in line {
            match b {
                b'\t' if convert => {
                    let to = next_stop(&stops, column).unwrap_or(column + 1);
                    out.resize(out.len() + to - column, b' ');
                    column = to;
                }
                8 => {
                    out.push(b);
                    column = column.saturating_sub(1);
                }
                _ => {
                    out.push(b);
                    column += 1;
                    convert &= !(a.has("initial") && b != b' ' && b != b'\t');
                }
            }
        }
        c.out(&out).await?;
    }
    Ok(source.status())
}

async fn unexpand(c: Ctx, a: Args) -> Outcome {
    let stops = match stops(&a) {
        Ok(stops) => stops,
        Err(text) => {
            c.complain(text).await?;
            return Ok(1);
        }
    };
    let all = (a.has("all") || a.has("tabs")) && !a.has("first-only");
    let mut source = Source::new(&c, &a, b'\n');
    while let Some(line) = source.line().await? {
        let mut out = Vec::with_capacity(line.len());
        let (mut column, mut convert) = (0usize, true);
        // Blanks seen and not yet written, from this column on.
        let mut pending: Vec<u8> = Vec::new();
        for &b in line {
            if convert && (b == b' ' || b == b'\t') {
                let stop = next_stop(&stops, column);
                let to = if b == b'\t' { stop.unwrap_or(column + 1) } else { column + 1 };
                pending.push(b);
                column = to;
                // A tab stands for what reaches a stop, but a single blank stays one.
                if Some(column) == stop && (pending.len() > 1 || b == b'\t') {
                    pending = vec![b'\t'];
                    out.append(&mut pending);
                }
                continue;
            }
            out.append(&mut pending);
            out.push(b);
            column += 1;
            convert &= all;
        }
        out.append(&mut pending);
        c.out(&out).await?;
    }
    Ok(source.status())
}

async fn fmt(c: Ctx, a: Args) -> Outcome {
    let width = match a.get("width") {
        None => 75,
        Some(text) => match text.to_str().ok().and_then(|t| t.parse::<usize>().ok()).filter(|&n| n <= 2500) {
            Some(n) => n,
            None => {
                c.complain(format_args!("invalid width: {}", quote(text))).await?;
                return Ok(1);
            }
        },
    };
    let mut source = Source::new(&c, &a, b'\n');
    let mut words: Vec<BString> = Vec::new();
    let mut indent = 0;
    loop {
        let line = source.line().await?.map(|l| BString::from(l.trim_ascii_end()));
        let here = line.as_ref().map_or(0, |l| l.iter().take_while(|b| **b == b' ').count());
        let breaks = line.as_ref().is_none_or(|l| l.is_empty()) || here != indent || a.has("split-only");
        if breaks && !words.is_empty() {
            let text = fill(&words, indent, width);
            c.out(&text).await?;
            words.clear();
        }
        let Some(line) = line else { return Ok(source.status()) };
        if line.is_empty() {
            c.out("\n").await?;
            continue;
        }
        indent = here;
        words.extend(line.fields_with(|c| c == ' ' || c == '\t').map(BString::from));
    }
}

/// Breaks a paragraph at the least cost, by the costs that GNU's fmt knows: lines near the goal, of like lengths, with
/// no short word alone at an end.
fn fill(words: &[BString], indent: usize, width: usize) -> Vec<u8> {
    const fn squared(n: i64) -> i64 {
        n * n
    }
    let goal = (width * 187 / 200) as i64;
    let lens: Vec<i64> =
        words.iter().map(|w| w.to_str_lossy().chars().map(|ch| ch.width().unwrap_or(1) as i64).sum()).collect();
    let n = words.len();
    // (cost from here on, where the next line starts, this line's length)
    let mut best: Vec<(i64, usize, i64)> = vec![(0, n, 0); n + 1];
    for start in (0..n).rev() {
        let mut len = indent as i64 + lens[start];
        let mut found = (i64::MAX, start + 1, len);
        for next in start + 1..=n {
            let cost = if next == n {
                0
            } else {
                let ragged = if best[next].1 == n { 0 } else { squared((len - best[next].2) * 10) / 2 };
                squared((goal - len) * 10) + ragged
            };
            let total = cost.saturating_add(best[next].0);
            if total < found.0 {
                found = (total, next, len);
            }
            if next == n {
                break;
            }
            len += 1 + lens[next];
            if len >= width as i64 {
                break;
            }
        }
        let mut base = squared(70);
        if start > 0 {
            let before = &words[start - 1];
            let sentence = matches!(before.last(), Some(b'.' | b'?' | b'!'));
            if sentence {
                base += squared(600);
            } else if before.last().is_some_and(u8::is_ascii_punctuation) {
                base -= squared(40);
            } else if start > 1 && words[start - 2].ends_with(b".") {
                base += squared(200) / lens[start - 1].max(1);
            }
        }
        if words[start].starts_with(b"(") {
            base -= squared(40);
        }
        best[start] = (found.0.saturating_add(base), found.1, found.2);
    }
    let mut out = Vec::new();
    let mut at = 0;
    while at < n {
        let next = best[at].1.max(at + 1);
        out.resize(out.len() + indent, b' ');
        out.extend_from_slice(&bstr::join(" ", &words[at..next]));
        out.push(b'\n');
        at = next;
    }
    out
}
