//! The search of one file: in whole buffers where only matching lines matter, line by line where context does.

use std::collections::VecDeque;

use bstr::{BStr, BString, ByteSlice};

use super::pattern::Matcher;
use crate::program::{Ctx, Stop};
use crate::world::Errno;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Binary {
    Report,
    Text,
    WithoutMatch,
}

pub struct Output {
    pub quiet: bool,
    /// Only names: of files with (`true`) or without selected lines.
    pub list: Option<bool>,
    pub count: bool,
    pub only: bool,
    pub names: bool,
    pub numbers: bool,
    pub offsets: bool,
    pub tab: bool,
    pub null: bool,
    pub color: bool,
    pub line_buffered: bool,
    pub separator: Option<BString>,
    pub before: u64,
    pub after: u64,
    pub max: u64,
    pub invert: bool,
    pub end: u8,
    pub binary: Binary,
    pub label: BString,
    /// (mount, inode) that standard output goes to, if it is a file.
    pub to: Option<(u32, u64)>,
}

pub struct Searcher<'c> {
    c: &'c Ctx,
    matcher: Matcher,
    o: Output,
    /// Has a group of lines been printed, of any file?
    printed: bool,
}

/// Where the search of one file stands.
struct State {
    name: BString,
    selected: u64,
    line: u64,
    offset: u64,
    binary: bool,
    /// Lines of trailing context still due.
    due: u64,
    /// Number of the last line printed, 0 for none.
    last: u64,
    held: VecDeque<(u64, u64, Vec<u8>)>,
    out: Vec<u8>,
    done: bool,
    /// Some selected line was not shown, as it is no text.
    hidden: bool,
}

const READ: u64 = 98_304;

impl<'c> Searcher<'c> {
    pub fn new(c: &'c Ctx, matcher: Matcher, o: Output) -> Searcher<'c> {
        Searcher { c, matcher, o, printed: false }
    }

    /// Searches a file; was a line selected? The error is what to complain about.
    pub async fn file(&mut self, path: &BStr) -> Result<Result<bool, String>, Stop> {
        let c = self.c;
        let fd = match c.open_input(path) {
            Ok(fd) => fd,
            Err(errno) => return Ok(Err(format!("{path}: {errno}"))),
        };
        let name: BString = if path == "-" { self.o.label.clone() } else { path.into() };
        let lists = self.o.quiet || self.o.list.is_some() || self.o.max == 0;
        if let Some(to) = self.o.to.filter(|_| !lists)
            && c.sys(|s| s.fstat(fd)).is_ok_and(|s| (s.dev, s.ino) == to && s.size > 0)
        {
            c.close_input(fd);
            return Ok(Err(format!("{name}: input file is also the output")));
        }
        let mut state = State {
            name,
            selected: 0,
            line: 0,
            offset: 0,
            binary: false,
            due: 0,
            last: 0,
            held: VecDeque::new(),
            out: Vec::new(),
            done: self.o.max == 0,
            hidden: false,
        };
        let result = self.search(fd, &mut state).await?;
        c.close_input(fd);
        let selected = state.selected > 0;
        if self.o.count && self.o.list.is_none() && !self.o.quiet && result.is_ok() {
            let mut line = Vec::new();
            if self.o.names {
                self.paint(&mut line, "35", &state.name);
                if self.o.null { line.push(0) } else { self.paint(&mut line, "36", b":") }
            }
            line.extend_from_slice(format!("{}\n", state.selected).as_bytes());
            c.out(&line).await?;
        }
        if let Some(with) = self.o.list
            && selected == with
            && result.is_ok()
        {
            let mut line = Vec::new();
            self.paint(&mut line, "35", &state.name);
            line.push(if self.o.null { 0 } else { b'\n' });
            c.out(&line).await?;
        }
        Ok(match result {
            Ok(()) => Ok(if self.o.list == Some(false) { !selected } else { selected }),
            Err(errno) => Err(format!("{}: {errno}", state.name)),
        })
    }

    /// Only the fact of a match counts, not its lines.
    fn silent(&self) -> bool {
        self.o.quiet || self.o.list.is_some() || self.o.count
    }

    async fn search(&mut self, fd: u32, state: &mut State) -> Result<Result<(), Errno>, Stop> {
        let c = self.c;
        let mut buffer: Vec<u8> = Vec::new();
        let mut first = true;
        while !state.done || state.due > 0 {
            let bytes = match c.read_fd(fd, READ).await? {
                Ok(bytes) => bytes,
                Err(errno) => return Ok(Err(errno)),
            };
            c.work(bytes.len() as u64).await?;
            if first {
                first = false;
                let zero = self.o.end == b'\n' && bytes.contains(&0);
                state.binary = self.o.binary != Binary::Text && (zero || self.o.end == 0 && bytes.contains(&0x80));
                if state.binary && self.o.binary == Binary::WithoutMatch {
                    return Ok(Ok(()));
                }
            }
            let ended = bytes.is_empty();
            let fresh = buffer.len();
            buffer.extend_from_slice(&bytes);
            let whole = if ended {
                buffer.len()
            } else {
                match buffer[fresh..].rfind_byte(self.o.end) {
                    Some(at) => fresh + at + 1,
                    None => continue,
                }
            };
            if whole > 0 {
                if self.o.before == 0 && self.o.after == 0 && !self.o.invert {
                    self.fast(&buffer[..whole], state).await?;
                } else {
                    self.slow(&buffer[..whole], state).await?;
                }
                buffer.drain(..whole);
            }
            if ended {
                break;
            }
        }
        self.hand_on(state).await?;
        if state.hidden {
            self.c.complain(format_args!("{}: binary file matches", state.name)).await?;
        }
        Ok(Ok(()))
    }

    async fn hand_on(&self, state: &mut State) -> Result<(), Stop> {
        if !state.out.is_empty() {
            self.c.out(&state.out).await?;
            state.out.clear();
            if self.o.line_buffered {
                self.c.flush().await?;
            }
        }
        Ok(())
    }

    /// Whole lines, of which only the matching ones matter: the matcher runs over the buffer.
    async fn fast(&mut self, text: &[u8], state: &mut State) -> Result<(), Stop> {
        let end = self.o.end;
        let (mut at, mut counted) = (0, 0);
        while !state.done {
            let Some((start, _)) = self.matcher.find(text, at) else { break };
            // A match after the last line's end is in no line.
            if start >= text.len() && text.last() == Some(&end) {
                break;
            }
            let from = text[..start].rfind_byte(end).map_or(0, |n| n + 1).max(at.min(start));
            let from = if from < at { at } else { from };
            let to = text[start..].find_byte(end).map_or(text.len(), |n| start + n);
            let line = &text[from..to];
            at = (to + 1).min(text.len());
            // An expression may have run over a line's end (`a\s*b`): the line alone decides.
            if self.matcher.find(line, 0).is_some() {
                if self.o.numbers {
                    state.line += text[counted..from].iter().filter(|&&b| b == end).count() as u64 + 1;
                    counted = at;
                }
                let offset = state.offset + from as u64;
                self.select(line, offset, state).await?;
            }
            if at >= text.len() {
                break;
            }
        }
        if self.o.numbers && !state.done {
            state.line += text[counted..].iter().filter(|&&b| b == end).count() as u64;
        }
        state.offset += text.len() as u64;
        self.hand_on(state).await
    }

    /// Line by line, with context and inversion.
    async fn slow(&mut self, text: &[u8], state: &mut State) -> Result<(), Stop> {
        let mut rest = text;
        while !rest.is_empty() && (!state.done || state.due > 0) {
            let cut = rest.find_byte(self.o.end).unwrap_or(rest.len());
            let line = &rest[..cut];
            let offset = state.offset;
            state.offset += (cut + 1) as u64;
            state.line += 1;
            rest = &rest[(cut + 1).min(rest.len())..];
            let hit = !state.done && self.matcher.find(line, 0).is_some() != self.o.invert;
            if hit {
                if !self.silent() && !state.binary {
                    self.separate(state);
                    let held = std::mem::take(&mut state.held);
                    for (number, offset, line) in held {
                        self.line(&line, number, offset, b'-', state);
                        state.last = number;
                    }
                }
                self.select(line, offset, state).await?;
                state.due = self.o.after;
                state.last = state.line;
            } else if state.due > 0 {
                state.due -= 1;
                if !self.silent() && !state.binary {
                    self.line(line, state.line, offset, b'-', state);
                    state.last = state.line;
                }
            } else if self.o.before > 0 {
                state.held.push_back((state.line, offset, line.to_vec()));
                if state.held.len() as u64 > self.o.before {
                    state.held.pop_front();
                }
            }
        }
        self.hand_on(state).await
    }

    /// `--` between groups that do not touch.
    fn separate(&mut self, state: &mut State) {
        let contexts = self.o.before > 0 || self.o.after > 0;
        let first = state.held.front().map_or(state.line, |h| h.0);
        let apart = if state.last > 0 { first > state.last + 1 } else { self.printed };
        if contexts
            && apart
            && let Some(separator) = &self.o.separator
        {
            let text = separator.clone();
            self.paint_into(state, "36", &text);
            state.out.push(b'\n');
        }
        self.printed = true;
    }

    fn paint_into(&self, state: &mut State, color: &str, text: &[u8]) {
        let mut out = std::mem::take(&mut state.out);
        self.paint(&mut out, color, text);
        state.out = out;
    }

    async fn select(&mut self, line: &[u8], offset: u64, state: &mut State) -> Result<(), Stop> {
        state.selected += 1;
        if state.selected >= self.o.max {
            state.done = true;
        }
        if self.silent() {
            if self.o.quiet || self.o.list.is_some() {
                state.done = true;
            }
            return Ok(());
        }
        let text = self.o.binary == Binary::Text;
        if !text && !state.binary && std::str::from_utf8(line).is_err() {
            // A line that is no text is not shown; the others are.
            state.hidden = true;
            return Ok(());
        }
        if !text && (state.binary || line.contains(&0)) {
            (state.done, state.due) = (true, 0);
            if self.o.binary == Binary::WithoutMatch {
                return Ok(());
            }
            state.hidden = true;
            return Ok(());
        }
        self.line(line, state.line, offset, b':', state);
        if state.out.len() > 16_384 || self.o.line_buffered {
            self.hand_on(state).await?;
        }
        Ok(())
    }

    /// One line, or with `-o` its matching parts.
    fn line(&self, line: &[u8], number: u64, offset: u64, mark: u8, state: &mut State) {
        let mut out = std::mem::take(&mut state.out);
        let inverted = self.o.invert;
        if self.o.only {
            if mark == b':' && !inverted {
                self.each_match(line, |from, to| {
                    if to > from {
                        self.prefix(&mut out, state, number, offset + from as u64, mark);
                        self.paint(&mut out, "01;31", &line[from..to]);
                        out.push(self.o.end);
                    }
                });
            }
            state.out = out;
            return;
        }
        self.prefix(&mut out, state, number, offset, mark);
        // With -v it is the context that holds matches, and GNU paints those.
        if self.o.color && (mark == b':') != inverted {
            let mut at = 0;
            self.each_match(line, |from, to| {
                if to > from {
                    out.extend_from_slice(&line[at..from]);
                    self.paint(&mut out, "01;31", &line[from..to]);
                    at = to;
                }
            });
            out.extend_from_slice(&line[at..]);
        } else {
            out.extend_from_slice(line);
        }
        out.push(self.o.end);
        state.out = out;
    }

    fn each_match(&self, line: &[u8], mut f: impl FnMut(usize, usize)) {
        let mut at = 0;
        while let Some((from, to)) = self.matcher.find(line, at) {
            f(from, to);
            at = if to > from { to } else { to + crate::base::regex::char_len(&line[to..]).max(1) };
            if at > line.len() {
                break;
            }
        }
    }

    fn prefix(&self, out: &mut Vec<u8>, state: &State, number: u64, offset: u64, mark: u8) {
        let sep = [mark];
        let fields = [
            (self.o.names, "35", state.name.clone()),
            (self.o.numbers, "32", number.to_string().into()),
            (self.o.offsets, "32", offset.to_string().into()),
        ];
        let mut any = false;
        for (n, (show, color, text)) in fields.into_iter().enumerate() {
            if !show {
                continue;
            }
            any = true;
            let text = if self.o.tab && n > 0 {
                format!("{:>1$}", text, if self.o.names { 3 } else { 2 }).into()
            } else {
                text
            };
            self.paint(out, color, &text);
            if n == 0 && self.o.null {
                out.push(0);
            } else {
                self.paint(out, "36", &sep);
            }
        }
        if any && self.o.tab {
            out.push(b'\t');
        }
    }

    fn paint(&self, out: &mut Vec<u8>, color: &str, text: &[u8]) {
        if self.o.color {
            out.extend_from_slice(format!("\x1b[{color}m\x1b[K").as_bytes());
            out.extend_from_slice(text);
            out.extend_from_slice(b"\x1b[m\x1b[K");
        } else {
            out.extend_from_slice(text);
        }
    }
}
