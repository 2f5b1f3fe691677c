use bstr::{BString, ByteSlice};

use super::document::Document;
use crate::base::Span;
use crate::commands::procs::pattern::Pattern;
use crate::program::{Args, Command, Ctx, Example, Key, Keyboard, Opt, Outcome, Stop};
use crate::world::kernel::Signal;
use crate::world::sys::ForkOptions;

const OPTIONS: &[Opt] = &[
    Opt::flag('a', "search-skip-screen", "forward searches skip the screen").accepted(),
    Opt::flag('e', "quit-at-eof", "quit at end of file (second time)"),
    Opt::flag('E', "QUIT-AT-EOF", "quit at end of file (first time)"),
    Opt::flag('F', "quit-if-one-screen", "quit if entire file fits on first screen"),
    Opt::flag('g', "hilite-search", "highlight only last match for searches").accepted(),
    Opt::flag('i', "ignore-case", "ignore case in searches that do not contain uppercase"),
    Opt::flag('I', "IGNORE-CASE", "ignore case in all searches"),
    Opt::flag('K', "quit-on-intr", "exit less in response to ctrl-C"),
    Opt::flag('m', "long-prompt", "medium prompt"),
    Opt::flag('M', "LONG-PROMPT", "long prompt"),
    Opt::flag('n', "line-numbers", "don't use line numbers").accepted(),
    Opt::flag('N', "LINE-NUMBERS", "use line numbers"),
    Opt::value('p', "pattern", "pattern", "start at pattern"),
    Opt::flag('q', "quiet", "quiet the terminal bell").accepted(),
    Opt::flag('r', "raw-control-chars", "output raw control characters"),
    Opt::flag('R', "RAW-CONTROL-CHARS", "output only color sequences raw"),
    Opt::flag('s', "squeeze-blank-lines", "squeeze multiple blank lines").unmodelled(),
    Opt::flag('S', "chop-long-lines", "chop (truncate) long lines rather than wrapping"),
    Opt::flag('X', "no-init", "don't use termcap init/deinit strings"),
];

pub const LESS: Command = Command {
    name: "less",
    aliases: &["pager"],
    package: "less",
    summary: "Display a file a screen at a time; forwards, backwards, and by searches.",
    usage: &["[OPTION]... [+COMMAND] [FILE]..."],
    options: OPTIONS,
    examples: &[Example { run: "less /etc/hostname | cat", prints: "alpha\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

pub const MORE: Command = Command {
    name: "more",
    package: "util-linux",
    summary: "Display the contents of a file in a terminal.",
    usage: &["[options] <file>..."],
    options: &[
        Opt::flag('d', "silent", "display help instead of ringing bell").accepted(),
        Opt::flag('e', "exit-on-eof", "exit on end-of-file"),
        Opt::flag('f', "logical", "count logical, rather than screen lines").accepted(),
        Opt::flag('c', "print-over", "do not scroll, display text and clean line ends").accepted(),
        Opt::flag('p', "clean-print", "do not scroll, clean screen and display text").accepted(),
        Opt::flag('s', "squeeze", "squeeze multiple blank lines into one").unmodelled(),
        Opt::flag('u', "plain", "suppress underlining and bold").accepted(),
    ],
    examples: &[Example { run: "more /etc/hostname | cat", prints: "alpha\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

/// Shows text in the pager, as programs of systemd and git do.
pub(in crate::commands) async fn pager(c: &Ctx, text: BString, argv: &[&str]) -> Outcome {
    c.flush().await?;
    let argv: Vec<BString> = argv.iter().filter(|w| !w.is_empty()).map(|w| BString::from(*w)).collect();
    let Ok(fd) = c.sys(|s| s.open_bytes(text)) else { return Ok(1) };
    let kept = c.sys(|s| s.dup_from(0, 10)).ok();
    if let Some(kept) = kept {
        c.sys(|s| s.set_cloexec(kept, true)).unwrap_or(());
    }
    c.sys(|s| s.dup2(fd, 0)).unwrap_or(());
    c.close_input(fd);
    let child = c.spawn(argv, c.environment(), &ForkOptions::default());
    if let Some(kept) = kept {
        c.sys(|s| s.dup2(kept, 0)).unwrap_or(());
        c.close_input(kept);
    }
    match child {
        Ok(pid) => c.attend(pid).await.map(|_| 0),
        Err(_) => Ok(1),
    }
}

/// One letter of `LESS` or one option of the command line.
fn wants(c: &Ctx, a: &Args, name: &str, letter: char) -> bool {
    a.has(name) || c.env("LESS").is_some_and(|l| l.trim_start_with(|ch| ch == '-').contains(&(letter as u8)))
}

struct Pager {
    document: Document,
    files: Vec<BString>,
    current: usize,
    top: u64,
    /// Number of the top line, when lines are numbered.
    number: u64,
    numbers: bool,
    chop: bool,
    raw: bool,
    fold: bool,
    shift: usize,
    alternate: bool,
    more: bool,
    pattern: Option<Pattern>,
    message: String,
    first: bool,
}

async fn main(c: Ctx, a: Args) -> Outcome {
    let more = a.called.ends_with(b"more");
    let mut commands: Vec<BString> = Vec::new();
    let mut files: Vec<BString> = Vec::new();
    for operand in a.operands() {
        match operand.strip_prefix(b"+") {
            Some(command) if !command.is_empty() => commands.push(command.into()),
            _ => files.push(operand.clone()),
        }
    }
    if files.is_empty() {
        if c.is_tty(0) {
            let text = if more {
                "more: bad usage\nTry 'more --help' for more information.\n"
            } else {
                "Missing filename (\"less --help\" for help)\n"
            };
            c.err(text).await?;
            return Ok(1);
        }
        files.push("-".into());
    }
    if !c.is_tty(1) {
        return copy(&c, &files, more).await;
    }
    let mut documents = None;
    for (n, file) in files.iter().enumerate() {
        match open(&c, file, more).await? {
            Some(document) => {
                documents = Some((n, document));
                break;
            }
            None if n + 1 == files.len() => return Ok(1),
            None => {}
        }
    }
    let Some((current, document)) = documents else { return Ok(1) };
    let mut p = Pager {
        document,
        files,
        current,
        top: 0,
        number: 1,
        numbers: a.has("LINE-NUMBERS"),
        chop: wants(&c, &a, "chop-long-lines", 'S') && !more,
        raw: wants(&c, &a, "RAW-CONTROL-CHARS", 'R') || a.has("raw-control-chars"),
        fold: wants(&c, &a, "ignore-case", 'i') || a.has("IGNORE-CASE"),
        shift: 0,
        alternate: !wants(&c, &a, "no-init", 'X') && !more,
        more,
        pattern: None,
        message: String::new(),
        first: true,
    };
    let (columns, rows) = size(&c);
    if wants(&c, &a, "quit-if-one-screen", 'F') || more {
        let (lines, next) = p.page(&c, p.top, columns, rows - 1).await?;
        if p.document.line(&c, next).await?.is_none() {
            for line in lines {
                c.out(format!("{line}\n")).await?;
            }
            return Ok(0);
        }
    }
    let Some(mut keyboard) = Keyboard::open(&c) else { return copy(&c, &p.files, more).await };
    if p.alternate {
        c.out("\x1b[?1049h\x1b[22;0;0t\x1b[?1h\x1b=\r").await?;
    } else if !more {
        c.out("\x1b[?1h\x1b=\r").await?;
    }
    let quit_on_interrupt = wants(&c, &a, "quit-on-intr", 'K');
    let ended = p.interact(&c, &a, &mut keyboard, &commands, quit_on_interrupt).await;
    keyboard.close();
    if p.alternate {
        c.out("\r\x1b[K\x1b[?1l\x1b>\x1b[?1049l\x1b[23;0;0t").await?;
    } else {
        c.out(if more { "\r\x1b[K" } else { "\r\x1b[K\x1b[?1l\x1b>" }).await?;
    }
    c.flush().await?;
    match ended {
        Ok(None) => Ok(0),
        Ok(Some(Signal::INT)) => Ok(if more { 0 } else { 2 }),
        Ok(Some(signal)) => c.die_of(signal).await,
        Err(stop) => Err(stop),
    }
}

fn size(c: &Ctx) -> (usize, usize) {
    c.window().map_or((80, 24), |(x, y)| (usize::from(x).max(2), usize::from(y).max(3)))
}

async fn open(c: &Ctx, file: &BString, more: bool) -> Result<Option<Document>, Stop> {
    if file != "-" && c.sys(|s| s.stat(file.as_ref())).is_ok_and(|s| s.kind == crate::world::fs::Kind::Dir) {
        c.err(if more { format!("\n*** {file}: directory ***\n\n") } else { format!("{file} is a directory\n") })
            .await?;
        return Ok(None);
    }
    match c.open_input(file.as_ref()) {
        Ok(fd) => Ok(Some(Document::new(c, &file.to_string(), fd))),
        Err(errno) => {
            c.err(if more { format!("more: cannot open {file}: {errno}\n") } else { format!("{file}: {errno}\n") })
                .await?;
            Ok(None)
        }
    }
}

/// Into a pipe a pager is cat.
async fn copy(c: &Ctx, files: &[BString], more: bool) -> Outcome {
    let mut status = 0;
    for file in files {
        let Some(document) = open(c, file, more).await? else {
            status = 1;
            continue;
        };
        document.close(c);
        let Ok(fd) = c.open_input(file.as_ref()) else { continue };
        loop {
            match c.read_fd(fd, 65_536).await? {
                Ok(bytes) if bytes.is_empty() => break,
                Ok(bytes) => c.out(bytes).await?,
                Err(errno) => {
                    c.err(format!("{file}: {errno}\n")).await?;
                    status = 1;
                    break;
                }
            }
        }
        c.close_input(fd);
    }
    Ok(status)
}

impl Pager {
    /// The screen's lines from an offset on, and the offset behind the last one shown.
    async fn page(&mut self, c: &Ctx, from: u64, columns: usize, rows: usize) -> Result<(Vec<String>, u64), Stop> {
        let (mut lines, mut at, mut number) = (Vec::new(), from, self.number);
        while lines.len() < rows {
            let Some((text, next)) = self.document.line(c, at).await? else { break };
            let label = if self.numbers { format!("{number:7} ") } else { String::new() };
            let parts = self.shown(&text, columns.saturating_sub(label.len()).max(1));
            if !lines.is_empty() && lines.len() + parts.len() > rows {
                break;
            }
            for (n, part) in parts.into_iter().enumerate() {
                let label = if n == 0 { label.clone() } else { " ".repeat(label.len()) };
                lines.push(format!("{label}{part}"));
            }
            (at, number) = (next, number + 1);
        }
        lines.truncate(rows);
        Ok((lines, at))
    }

    /// A line of text as rows of the screen.
    fn shown(&self, text: &[u8], columns: usize) -> Vec<String> {
        // (text of a cell with what precedes it, is it within a match?)
        let hits = self.hits(text);
        let lossy = text.to_str_lossy();
        let (mut rows, mut row, mut width, mut column) = (Vec::new(), String::new(), 0usize, 0usize);
        let mut lit = false;
        let mut offset = 0;
        let mut chars = lossy.chars().peekable();
        while let Some(ch) = chars.next() {
            let at = offset;
            offset += ch.len_utf8();
            if ch == '\x1b' && self.raw && chars.peek() == Some(&'[') {
                row.push(ch);
                for ch in chars.by_ref() {
                    offset += ch.len_utf8();
                    row.push(ch);
                    if ch.is_ascii_alphabetic() {
                        break;
                    }
                }
                continue;
            }
            let cell = match ch {
                '\t' => " ".repeat(8 - column % 8),
                '\r' if text.len() == at + 1 => "^M".into(),
                ch if (ch as u32) < 32 => format!("^{}", char::from(ch as u8 + 64)),
                '\x7f' => "^?".into(),
                ch => ch.to_string(),
            };
            let inside = hits.iter().any(|&(a, b)| (a..b).contains(&at));
            let wide = cell.chars().count();
            column += wide;
            if self.chop && column <= self.shift {
                continue;
            }
            if width + wide > columns {
                if lit {
                    row.push_str("\x1b[27m");
                }
                if self.chop {
                    row.pop();
                    row.push_str("\x1b[7m>\x1b[27m");
                    return vec![row];
                }
                rows.push(std::mem::take(&mut row));
                (width, lit) = (0, false);
            }
            if inside != lit {
                row.push_str(if inside { "\x1b[7m" } else { "\x1b[27m" });
                lit = inside;
            }
            row.push_str(&cell);
            width += wide;
        }
        if lit {
            row.push_str("\x1b[27m");
        }
        rows.push(row);
        rows
    }

    fn hits(&self, text: &[u8]) -> Vec<(usize, usize)> {
        let Some(pattern) = &self.pattern else { return Vec::new() };
        let (mut out, mut from) = (Vec::new(), 0);
        while let Some((a, b)) = text.get(from..).and_then(|rest| pattern.find(rest)) {
            if b == a {
                break;
            }
            out.push((from + a, from + b));
            from += b;
        }
        out
    }

    async fn draw(&mut self, c: &Ctx) -> Result<(), Stop> {
        let (columns, rows) = size(c);
        let (lines, next) = self.page(c, self.top, columns, rows - 1).await?;
        let at_end = self.document.line(c, next).await?.is_none();
        let mut out = String::from("\x1b[H");
        for n in 0..rows - 1 {
            out.push_str(lines.get(n).map_or(if self.more { "" } else { "~" }, |l| l));
            out.push_str("\x1b[K\n");
        }
        let percent = self.document.size(c).map(|size| next * 100 / size.max(1));
        let prompt = if !self.message.is_empty() {
            format!("\x1b[7m{}\x1b[27m", self.message)
        } else if self.more {
            format!("\x1b[7m--More--{}\x1b[27m", percent.map(|p| format!("({p}%)")).unwrap_or_default())
        } else if at_end {
            let name = if self.first && self.document.name != "-" {
                format!("{} ", self.document.name)
            } else {
                String::new()
            };
            format!("\x1b[7m{name}(END)\x1b[27m")
        } else if self.first && self.document.name != "-" {
            let place = if self.files.len() > 1 {
                format!(" (file {} of {})", self.current + 1, self.files.len())
            } else {
                String::new()
            };
            format!("\x1b[7m{}{place}\x1b[27m", self.document.name)
        } else {
            ":".into()
        };
        out.push_str(&format!("{prompt}\x1b[K"));
        self.first = false;
        self.message.clear();
        c.out(out).await?;
        c.flush().await
    }

    async fn down(&mut self, c: &Ctx, lines: u64) -> Result<(), Stop> {
        let (columns, rows) = size(c);
        for _ in 0..lines {
            let (_, next) = self.page(c, self.top, columns, rows - 1).await?;
            if self.document.line(c, next).await?.is_none() {
                break;
            }
            if let Some((_, after)) = self.document.line(c, self.top).await? {
                (self.top, self.number) = (after, self.number + 1);
            }
        }
        Ok(())
    }
    async fn up(&mut self, c: &Ctx, lines: u64) -> Result<(), Stop> {
        for _ in 0..lines {
            let Some(start) = self.document.before(c, self.top).await? else { break };
            (self.top, self.number) = (start, self.number.saturating_sub(1).max(1));
        }
        Ok(())
    }
    /// To the last screenful.
    async fn bottom(&mut self, c: &Ctx) -> Result<(), Stop> {
        let (columns, rows) = size(c);
        let end = self.document.end(c).await?;
        (self.top, self.number) = (end, u64::MAX / 2);
        let mut used = 0;
        while let Some(start) = self.document.before(c, self.top).await? {
            let text = self.document.line(c, start).await?.map(|l| l.0).unwrap_or_default();
            used += self.shown(&text, columns).len();
            if used > rows - 1 {
                break;
            }
            self.top = start;
        }
        self.number = self.count(c).await?;
        Ok(())
    }
    /// The top line's number: counted only if numbers are shown, and only as far as it is quick.
    async fn count(&mut self, c: &Ctx) -> Result<u64, Stop> {
        if !self.numbers || self.top > 16 << 20 {
            return Ok(1);
        }
        let (mut number, mut at) = (1, 0);
        while at < self.top {
            number += u64::from(self.document.byte(c, at).await? == Some(b'\n'));
            at += 1;
        }
        Ok(number)
    }
    async fn go_to_line(&mut self, c: &Ctx, number: u64) -> Result<(), Stop> {
        (self.top, self.number) = (0, 1);
        for _ in 1..number {
            match self.document.line(c, self.top).await? {
                Some((_, next)) => (self.top, self.number) = (next, self.number + 1),
                None => break,
            }
        }
        Ok(())
    }

    async fn search(&mut self, c: &Ctx, forward: bool, from_top: bool) -> Result<(), Stop> {
        let Some(pattern) = self.pattern.clone() else {
            self.message = "No previous search pattern".into();
            return Ok(());
        };
        let (mut at, mut number) = (self.top, self.number);
        let mut first = true;
        loop {
            if !(first && from_top && forward) {
                if forward {
                    let Some((_, next)) = self.document.line(c, at).await? else { break };
                    (at, number) = (next, number + 1);
                } else {
                    let Some(start) = self.document.before(c, at).await? else { break };
                    (at, number) = (start, number.saturating_sub(1).max(1));
                }
            }
            first = false;
            let Some((text, _)) = self.document.line(c, at).await? else { break };
            // Matching costs some 2 ns a byte.
            c.work(2 * text.len() as u64 + 100).await?;
            if pattern.is_match(&text) {
                (self.top, self.number) = (at, number);
                return Ok(());
            }
        }
        self.message = "Pattern not found  (press RETURN)".into();
        Ok(())
    }

    fn set_pattern(&mut self, text: &str) {
        let fold = self.fold && !text.chars().any(char::is_uppercase);
        match Pattern::new(text.as_bytes(), fold) {
            Ok(pattern) => self.pattern = Some(pattern),
            Err(what) => self.message = format!("{what}  (press RETURN)"),
        }
    }

    /// Asks on the last line. `None`: given up.
    async fn ask(&mut self, c: &Ctx, keyboard: &mut Keyboard, label: &str) -> Result<Option<String>, Stop> {
        let mut text = String::new();
        loop {
            c.out(format!("\r{label}{text}\x1b[K")).await?;
            c.flush().await?;
            match keyboard.key(None).await? {
                Key::Enter => return Ok(Some(text)),
                Key::Escape | Key::Gone | Key::Signal(_) => return Ok(None),
                Key::Backspace if text.is_empty() => return Ok(None),
                Key::Backspace => drop(text.pop()),
                Key::Char(ch) if text.len() < 256 => text.push(ch),
                _ => {}
            }
        }
    }

    async fn follow(&mut self, c: &Ctx, keyboard: &mut Keyboard) -> Result<Option<Signal>, Stop> {
        loop {
            self.document.refresh();
            self.bottom(c).await?;
            self.message = "Waiting for data... (interrupt to abort)".into();
            self.draw(c).await?;
            let until = c.now() + Span::from_millis(500);
            loop {
                match keyboard.key(Some(until)).await? {
                    Key::Timeout => break,
                    Key::Signal(Signal::INT) => return Ok(None),
                    Key::Signal(Signal::TSTP) => keyboard.suspend().await?,
                    Key::Signal(signal) => return Ok(Some(signal)),
                    Key::Gone => return Ok(Some(Signal::HUP)),
                    _ => {}
                }
            }
        }
    }

    async fn switch(&mut self, c: &Ctx, forward: bool) -> Result<(), Stop> {
        let next = if forward { self.current + 1 } else { self.current.wrapping_sub(1) };
        let Some(file) = self.files.get(next).cloned() else {
            self.message = if forward { "No next file" } else { "No previous file" }.into();
            return Ok(());
        };
        if let Some(document) = open(c, &file, self.more).await? {
            self.document.close(c);
            self.document = document;
            (self.current, self.top, self.number, self.first) = (next, 0, 1, true);
        }
        Ok(())
    }

    /// Keys until `q` or a signal that ends it.
    async fn interact(
        &mut self,
        c: &Ctx,
        a: &Args,
        keyboard: &mut Keyboard,
        commands: &[BString],
        quit_on_interrupt: bool,
    ) -> Result<Option<Signal>, Stop> {
        if let Some(text) = a.get("pattern") {
            self.set_pattern(&text.to_str_lossy());
            self.search(c, true, true).await?;
        }
        for command in commands {
            match command.as_bytes() {
                b"G" => self.bottom(c).await?,
                b"F" => {
                    if let Some(signal) = self.follow(c, keyboard).await? {
                        return Ok(Some(signal));
                    }
                }
                [b'/', text @ ..] => {
                    self.set_pattern(&text.to_str_lossy());
                    self.search(c, true, true).await?;
                }
                number => {
                    let n = number.to_str().ok().and_then(|n| n.trim_end_matches('g').parse().ok());
                    self.go_to_line(c, n.unwrap_or(1)).await?;
                }
            }
        }
        let mut count = String::new();
        loop {
            if count.is_empty() {
                self.draw(c).await?;
            }
            let (_, rows) = size(c);
            let page = rows as u64 - 1;
            let key = keyboard.key(None).await?;
            let n = count.parse::<u64>().ok().map(|n| n.min(1 << 32));
            if let Key::Char(digit @ '0'..='9') = key {
                if count.len() < 9 {
                    count.push(digit);
                }
                c.out(format!("\r:{count}\x1b[K")).await?;
                c.flush().await?;
                continue;
            }
            count.clear();
            match key {
                Key::Char('q' | 'Q') | Key::Gone => return Ok(None),
                Key::Char(' ' | 'f' | 'z') | Key::Ctrl('f' | 'v') | Key::PageDown => {
                    let (columns, _) = size(c);
                    let (_, next) = self.page(c, self.top, columns, rows - 1).await?;
                    let at_end = self.document.line(c, next).await?.is_none();
                    if at_end && (self.more || a.has("QUIT-AT-EOF") || a.has("quit-at-eof")) {
                        return Ok(None);
                    }
                    self.down(c, n.unwrap_or(page)).await?;
                    if self.more && self.is_at_end(c).await? {
                        self.draw(c).await?;
                        return Ok(None);
                    }
                }
                Key::Char('b' | 'w') | Key::Ctrl('b') | Key::PageUp => self.up(c, n.unwrap_or(page)).await?,
                Key::Char('d') | Key::Ctrl('d') => self.down(c, n.unwrap_or(page / 2)).await?,
                Key::Char('u') | Key::Ctrl('u') => self.up(c, n.unwrap_or(page / 2)).await?,
                Key::Char('j' | 'e') | Key::Enter | Key::Down | Key::Ctrl('n' | 'e' | 'j') => {
                    self.down(c, n.unwrap_or(1)).await?;
                    if self.more && self.is_at_end(c).await? {
                        return Ok(None);
                    }
                }
                Key::Char('k' | 'y') | Key::Up | Key::Ctrl('p' | 'k' | 'y') => self.up(c, n.unwrap_or(1)).await?,
                Key::Char('g' | '<') | Key::Home => self.go_to_line(c, n.unwrap_or(1)).await?,
                Key::Char('G' | '>') | Key::End => match n {
                    Some(n) => self.go_to_line(c, n).await?,
                    None => self.bottom(c).await?,
                },
                Key::Char('p' | '%') => {
                    let end = self.document.end(c).await?;
                    self.top = end * n.unwrap_or(0).min(100) / 100;
                    if let Some(start) = self.document.before(c, self.top).await? {
                        self.top = start;
                    }
                    self.number = self.count(c).await?;
                }
                Key::Char(direction @ ('/' | '?')) => {
                    if let Some(text) = self.ask(c, keyboard, &direction.to_string()).await? {
                        if !text.is_empty() {
                            self.set_pattern(&text);
                        }
                        self.search(c, direction == '/', false).await?;
                    }
                }
                Key::Char('n') => self.search(c, true, false).await?,
                Key::Char('N') => self.search(c, false, false).await?,
                Key::Char('F') if !self.more => {
                    if let Some(signal) = self.follow(c, keyboard).await? {
                        return Ok(Some(signal));
                    }
                }
                Key::Right if self.chop => self.shift += size(c).0 / 2,
                Key::Left if self.chop => self.shift = self.shift.saturating_sub(size(c).0 / 2),
                Key::Char('=') | Key::Ctrl('g') => {
                    let total = self.document.size(c);
                    let size = total.map(|n| format!("/{n}")).unwrap_or_default();
                    self.message = format!("{} byte {}{size}  (press RETURN)", self.document.name, self.top);
                }
                Key::Char('-') => {
                    if let Some(text) = self.ask(c, keyboard, "-").await? {
                        match text.as_str() {
                            "N" => self.numbers = !self.numbers,
                            "S" => self.chop = !self.chop,
                            "i" => self.fold = !self.fold,
                            "R" => self.raw = !self.raw,
                            _ => {
                                self.message =
                                    format!("There is no {text} option (\"less --help\" for help)  (press RETURN)")
                            }
                        }
                        self.number = self.count(c).await?;
                    }
                }
                Key::Char(':') => match keyboard.key(None).await? {
                    Key::Char('n') => self.switch(c, true).await?,
                    Key::Char('p') => self.switch(c, false).await?,
                    Key::Char('q' | 'Q') => return Ok(None),
                    _ => {}
                },
                Key::Char('h' | 'H') => {
                    self.message = "SPACE b d u j k g G / ? n N F = -N -S :n :p q  (press RETURN)".into()
                }
                Key::Char('v' | '&' | '!' | '|' | 's' | 'm' | '\'') => {
                    self.message = "This command is real, but not modelled in this simulation  (press RETURN)".into();
                }
                Key::Char('r' | 'R') | Key::Ctrl('l' | 'r') => self.document.refresh(),
                Key::Signal(Signal::INT) if !quit_on_interrupt && !self.more => {}
                Key::Signal(Signal::TSTP) => {
                    if self.alternate {
                        c.out("\x1b[?1l\x1b>\x1b[?1049l\x1b[23;0;0t").await?;
                        c.flush().await?;
                    }
                    keyboard.suspend().await?;
                    if self.alternate {
                        c.out("\x1b[?1049h\x1b[22;0;0t\x1b[?1h\x1b=\r").await?;
                    }
                }
                Key::Signal(signal) => return Ok(Some(signal)),
                _ => {}
            }
        }
    }

    async fn is_at_end(&mut self, c: &Ctx) -> Result<bool, Stop> {
        let (columns, rows) = size(c);
        let (_, next) = self.page(c, self.top, columns, rows - 1).await?;
        Ok(self.document.line(c, next).await?.is_none())
    }
}

#[cfg(test)]
mod tests {
    use crate::base::Span;
    use crate::commands::GROUPS;
    use crate::testkit::Kit;

    #[test]
    fn one_moves_and_searches_in_a_file() {
        let mut kit = Kit::new(GROUPS);
        let text: String = (1..=100).map(|n| format!("line {n}\n")).collect();
        kit.write("/home/oncall/f", &text);
        let t = kit.start_on_terminal(&["less", "f"], 40, 5);
        let ms = Span::from_millis(100);
        kit.advance(ms);
        let shown = kit.screen(t);
        assert!(
            shown.ends_with(
                "\x1b[Hline 1\x1b[K\r\nline 2\x1b[K\r\nline 3\x1b[K\r\nline 4\x1b[K\r\n\x1b[7mf\x1b[27m\x1b[K"
            ),
            "{shown:?}"
        );
        kit.keys(t, " ", ms);
        assert!(kit.screen(t).contains("\x1b[Hline 5\x1b[K"));
        kit.keys(t, "G", ms);
        let shown = kit.screen(t);
        assert!(shown.contains("\x1b[Hline 97\x1b[K") && shown.contains("(END)"), "{shown:?}");
        kit.keys(t, "g/ne 42\r", ms);
        assert!(kit.screen(t).ends_with(
            "\x1b[Hli\x1b[7mne 42\x1b[27m\x1b[K\r\nline 43\x1b[K\r\nline 44\x1b[K\r\nline 45\x1b[K\r\n:\x1b[K"
        ));
        kit.keys(t, "/nowhere\r", ms);
        assert!(kit.screen(t).contains("Pattern not found"));
        kit.keys(t, "-N\r", ms);
        assert!(kit.screen(t).contains("\x1b[H     42 li"));
        kit.keys(t, "q", ms);
        assert_eq!(kit.status(t), Some(0));
        assert!(kit.screen(t).ends_with("\x1b[?1049l\x1b[23;0;0t"));
    }

    #[test]
    fn a_short_text_is_only_printed_with_f() {
        let mut kit = Kit::new(GROUPS);
        let t = kit.start_on_terminal(&["less", "-FX", "/etc/hostname"], 40, 5);
        kit.advance(Span::SECOND);
        assert_eq!((kit.screen(t).as_str(), kit.status(t)), ("alpha\r\n", Some(0)));
        assert_eq!(kit.run(&["less", "/etc/hostname"]).stdout, "alpha\n");
        assert_eq!(kit.run(&["less", "/nowhere"]).stderr, "/nowhere: No such file or directory\n");
    }
}
