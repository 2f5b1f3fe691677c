//! What a terminal's bytes look like: the only file that names `avt`. Bytes in, frames of `protocol` out.
//!
//! A screen knows nothing of the world. It is fed two kinds of bytes: those that the world wrote, and the *overlay*, the
//! text that the line editor shows behind the prompt. The overlay is wiped before anything else is fed, so the screen after a
//! run is what the world's bytes alone make of it; that is why a re-execution, which has no overlay, ends in the same picture.
//!
//! Why does the screen keep no scrollback in `avt`? A line that has left the screen never changes again; here it becomes
//! a plain row, and the page can hold it as an immutable node.

use std::collections::VecDeque;

use avt::observer::{DirtyRows, PromptId, ShellEvent, ShellTracker};
use avt::parser::{Function, Osc, ShellIntegration};
use avt::{Anchor, Color, Observation, Observer, Operation, Pen, Position, ScreenKind, Terminal};

use crate::protocol::{
    BLINK, BOLD, CommandMark, CommandState, Cursor, CursorShape, FAINT, INVERSE, ITALIC, Ink, Modes, Row, STRIKE,
    Stretch, Style, TermFrame, UNDERLINE,
};
use crate::shell::editor::{columns, width};

/// Lines of scrollback that a screen keeps, and their bytes at most.
const KEPT_LINES: usize = 100_000;
const KEPT_BYTES: usize = 32 << 20;
/// Lines that one frame carries; a flood beyond it is skipped in view and kept here.
const FRAME_LINES: usize = 2_000;
/// Bytes of a prompt that can be shown again.
const PROMPT_BYTES: usize = 4096;
/// Commands whose marks are kept.
const KEPT_MARKS: usize = 2_000;

/// A terminal's picture.
pub struct Screen {
    vt: Terminal,
    dirty: DirtyRows,
    shell: ShellTracker,
    changed: Vec<bool>,
    fresh: bool,
    kept: VecDeque<Row>,
    kept_bytes: usize,
    /// Lines that ever left the screen; also the number of the screen's top line.
    gone: u64,
    /// Lines that the frames have carried or skipped.
    sent: u64,
    marks: VecDeque<Mark>,
    marks_changed: Vec<u32>,
    next_mark: u32,
    /// The line of the newest prompt, where the next command will stand.
    prompt_line: u64,
    prompt: Option<PromptId>,
    overlay: Option<Overlay>,
    /// What was written since the last line end: at a prompt, the prompt.
    prompt_bytes: String,
    partial: Vec<u8>,
    scan: Scan,
    shown_cursor: Option<(Cursor, Modes)>,
}

/// A command's mark and the prompt it was given at, by which it is found again when rows move.
#[derive(Clone, Debug, PartialEq)]
struct Mark {
    shown: CommandMark,
    prompt: Option<PromptId>,
}

/// The line editor's text behind the prompt.
struct Overlay {
    start: Anchor,
    text: String,
    cursor: usize,
    search: Option<String>,
}

/// Notes the events of OSC 133 with the line they happened on, and what leaves the screen.
#[derive(Default)]
struct Notes {
    evicted: Vec<Row>,
    prompts: Vec<u64>,
    gone: u64,
}

impl Observer for Notes {
    type Output = ();

    fn before(&mut self, context: &mut Observation<'_>, operation: &Operation) {
        if let Operation::Function(Function::Osc(Osc::ShellIntegration(ShellIntegration::PromptStart))) = operation {
            self.prompts.push(self.gone + context.terminal().cursor().row as u64);
        }
    }

    fn evicted(&mut self, _: &mut Observation<'_>, line: &avt::Line) {
        self.gone += 1;
        self.evicted.push(row_of(line));
    }

    fn end(&mut self, _: &mut Observation<'_>) {}
}

impl Screen {
    pub fn new(cols: u16, rows: u16) -> Screen {
        let (cols, rows) = clamp(cols, rows);
        // The size is at least 1 by 1, the only thing that the constructor refuses.
        let Ok(vt) = Terminal::new(cols, rows) else { unreachable!("a clamped size is valid") };
        Screen {
            vt,
            dirty: DirtyRows::new(),
            shell: ShellTracker::new(),
            changed: vec![true; rows],
            fresh: true,
            kept: VecDeque::new(),
            kept_bytes: 0,
            gone: 0,
            sent: 0,
            marks: VecDeque::new(),
            marks_changed: Vec::new(),
            next_mark: 0,
            prompt_line: 0,
            prompt: None,
            overlay: None,
            prompt_bytes: String::new(),
            partial: Vec::new(),
            scan: Scan::default(),
            shown_cursor: None,
        }
    }

    pub fn size(&self) -> (u16, u16) {
        let (cols, rows) = self.vt.size();
        (cols as u16, rows as u16)
    }

    /// Bytes that the world wrote.
    pub fn feed(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.wipe();
        self.scan.read(bytes);
        let text = self.decode(bytes);
        match text.rfind('\n') {
            Some(at) => text[at + 1..].clone_into(&mut self.prompt_bytes),
            None if self.prompt_bytes.len() < PROMPT_BYTES => self.prompt_bytes.push_str(&text),
            None => {}
        }
        self.show(&text);
    }

    pub fn resize(&mut self, cols: u16, rows: u16) {
        let (cols, rows) = clamp(cols, rows);
        if self.vt.size() == (cols, rows) {
            return;
        }
        let again = self.overlay.as_ref().map(|o| (o.text.clone(), o.cursor, o.search.clone()));
        self.wipe();
        let mut notes = Notes { gone: self.gone, ..Notes::default() };
        let (dirty, (events, ())) = self.vt.resize_with(cols, rows, (&mut self.dirty, (&mut self.shell, &mut notes)));
        self.changed = vec![true; rows];
        self.take(dirty, events, notes);
        self.find_marks();
        if let Some((text, cursor, search)) = again {
            self.overlay(&text, cursor, search.as_deref());
        }
    }

    /// Shows the line editor's text behind the prompt, with the cursor after `cursor` characters of it. A search stands
    /// in the prompt's place until the overlay is wiped.
    pub fn overlay(&mut self, text: &str, cursor: usize, search: Option<&str>) {
        self.wipe();
        let start = self.vt.anchor_at_cursor();
        if let Some(search) = search {
            let blank = width(&self.prompt_bytes).saturating_sub(width(search));
            let text = format!("{search}{}{}", " ".repeat(blank), "\x08".repeat(blank));
            let place = self.prompt_place(&start);
            self.show(&(place + &text));
        }
        let split = text.char_indices().nth(cursor).map_or(text.len(), |(at, _)| at);
        let (before, after) = text.split_at(split);
        self.show(&printable(before));
        self.settle_wrap();
        let at = self.vt.anchor_at_cursor();
        self.show(&printable(after));
        if let Some(Position { col, row, .. }) = self.vt.resolve(&at) {
            self.show(&format!("\x1b[{};{}H", row.max(0) + 1, col + 1));
        }
        self.overlay = Some(Overlay { start, text: text.to_owned(), cursor, search: search.map(str::to_owned) });
    }

    /// Takes the overlay away: the cursor stands behind the prompt again.
    pub fn wipe(&mut self) {
        let Some(overlay) = self.overlay.take() else { return };
        if overlay.search.is_some() {
            let again = self.prompt_place(&overlay.start) + &same_prompt(&self.prompt_bytes);
            self.show(&again);
        } else if overlay.text.is_empty() {
            return;
        }
        let Some(Position { col, row, .. }) = self.vt.resolve(&overlay.start) else { return };
        // Erasing would destroy the shell tracker's mark of where input starts; writing a blank over it does not.
        let place = format!("\x1b[{};{}H", row.max(0) + 1, col + 1);
        self.show(&format!("{place} \x1b[J{place}"));
    }

    /// Moves to where the prompt begins whose end is `end`.
    fn prompt_place(&self, end: &Anchor) -> String {
        let row = self.vt.resolve(end).map_or(0, |at| at.row.max(0));
        let rows = width(&self.prompt_bytes) / self.vt.size().0.max(1);
        format!("\x1b[{};1H", row + 1 - row.min(rows as isize))
    }

    /// Prints a list below the edited line, and the prompt again below that. Returns the bytes, for the record.
    pub fn list(&mut self, line: &str, list: &[String]) -> Vec<u8> {
        let bytes =
            format!("{}\r\n{}{}", printable(line), columns(list, self.size().0), self.prompt_bytes).into_bytes();
        self.feed(&bytes);
        bytes
    }

    /// Ctrl+L: what is above the prompt's row moves into the scrollback. Only the picture changes, not the world's bytes.
    pub fn scroll_prompt_to_top(&mut self) {
        let again = self.overlay.as_ref().map(|o| (o.text.clone(), o.cursor, o.search.clone()));
        self.wipe();
        let cursor = self.vt.cursor();
        let rows = self.vt.size().1;
        // Scrolling is what makes rows leave at the top; the cursor then goes back to where the prompt has moved.
        self.show(&format!("\x1b[{rows};1H{}\x1b[1;{}H", "\n".repeat(cursor.row), cursor.col + 1));
        if let Some((text, cursor, search)) = again {
            self.overlay(&text, cursor, search.as_deref());
        }
    }

    /// What changed since the last frame; `None` if nothing did and none is asked for.
    pub fn frame(&mut self, term: u32, always: bool) -> Option<TermFrame> {
        let cursor = self.cursor();
        let modes = self.modes();
        let moved = self.shown_cursor != Some((cursor, modes));
        let quiet = !self.changed.iter().any(|c| *c) && self.sent == self.gone && self.marks_changed.is_empty();
        if quiet && !moved && !always && !self.fresh && self.scan.title_new.is_none() && self.scan.bells == 0 {
            return None;
        }
        let (cols, rows) = self.size();
        if self.fresh {
            // Whoever shows this terminal anew gets its recent past with the first frame.
            self.sent = self.gone - self.kept.len() as u64;
            self.marks_changed = self.marks.iter().map(|m| m.shown.id).collect();
        }
        let waiting = self.gone - self.sent;
        let carried = waiting.min(FRAME_LINES as u64);
        let first = self.kept.len() - carried as usize;
        let gone = self.kept.iter().skip(first).cloned().collect();
        let screen = self.vt.screen();
        let dirty = (0..rows)
            .filter(|row| self.changed.get(*row as usize).copied().unwrap_or(true))
            .filter_map(|row| Some((row, row_of(screen.line(row as usize)?))))
            .collect();
        let marks =
            self.marks.iter().map(|m| &m.shown).filter(|m| self.marks_changed.contains(&m.id)).cloned().collect();
        self.changed.fill(false);
        self.marks_changed.clear();
        let frame = TermFrame {
            term,
            cols,
            rows,
            fresh: std::mem::take(&mut self.fresh),
            gone_from: self.gone - carried,
            gone,
            skipped: waiting - carried,
            dirty,
            cursor,
            modes,
            line: None,
            title: self.scan.title_new.take(),
            bells: std::mem::take(&mut self.scan.bells),
            marks,
            closed: false,
        };
        self.sent = self.gone;
        self.shown_cursor = Some((cursor, modes));
        Some(frame)
    }

    /// The next frame carries everything: the page has lost its rows.
    pub fn refresh(&mut self) {
        self.fresh = true;
        self.changed.fill(true);
    }

    /// Up to `count` lines before line number `before`, and the number of the first of them.
    pub fn older(&self, before: u64, count: u32) -> (u64, Vec<Row>) {
        let oldest = self.gone - self.kept.len() as u64;
        let end = before.clamp(oldest, self.gone);
        let start = end.saturating_sub(count as u64).max(oldest);
        let skip = (start - oldest) as usize;
        (start, self.kept.iter().skip(skip).take((end - start) as usize).cloned().collect())
    }

    pub fn modes(&self) -> Modes {
        Modes {
            app_cursor: self.vt.cursor_key_app_mode(),
            alternate: self.vt.active_screen_kind() == ScreenKind::Alternate,
            bracketed_paste: self.scan.bracketed_paste,
        }
    }

    /// The screen's text, for tests and the accessible description.
    pub fn text(&self) -> Vec<String> {
        let mut rows: Vec<String> =
            self.vt.screen().visible_lines().map(|line| line.text().trim_end().to_owned()).collect();
        while rows.last().is_some_and(String::is_empty) {
            rows.pop();
        }
        rows
    }

    fn cursor(&self) -> Cursor {
        let at = self.vt.cursor();
        let cols = self.vt.size().0;
        // A pending wrap is shown on the last column, where the last character stands.
        let col = at.col.min(cols.saturating_sub(1)) as u16;
        Cursor { row: at.row as u16, col, visible: at.visible, shape: self.scan.shape }
    }

    /// After text that ends exactly at the edge the cursor waits there; a terminal's line editor moves it to the next row.
    fn settle_wrap(&mut self) {
        if self.vt.cursor().col >= self.vt.size().0 {
            self.show(" \r");
        }
    }

    fn show(&mut self, text: &str) {
        let mut notes = Notes { gone: self.gone, ..Notes::default() };
        let (dirty, (events, ())) = self.vt.feed_with(text, (&mut self.dirty, (&mut self.shell, &mut notes)));
        self.take(dirty, events, notes);
    }

    fn take(&mut self, dirty: Vec<usize>, events: Vec<ShellEvent>, notes: Notes) {
        for row in dirty {
            if let Some(changed) = self.changed.get_mut(row) {
                *changed = true;
            }
        }
        self.gone = notes.gone;
        for row in notes.evicted {
            self.kept_bytes += weight(&row);
            self.kept.push_back(row);
        }
        while self.kept.len() > KEPT_LINES || self.kept_bytes > KEPT_BYTES {
            let Some(row) = self.kept.pop_front() else { break };
            self.kept_bytes -= weight(&row);
        }
        self.sent = self.sent.max(self.gone - self.kept.len() as u64);
        let mut prompts = notes.prompts.into_iter();
        for event in events {
            match event {
                ShellEvent::PromptStarted(id) => {
                    self.prompt = Some(id);
                    self.prompt_line = prompts.next().unwrap_or(self.prompt_line);
                }
                ShellEvent::CommandSubmitted(command) => {
                    let mark = CommandMark {
                        id: self.next_mark,
                        line: self.prompt_line,
                        text: command.text.unwrap_or_default(),
                        state: CommandState::Running,
                    };
                    self.next_mark += 1;
                    self.marks_changed.push(mark.id);
                    self.marks.push_back(Mark { shown: mark, prompt: command.prompt });
                    if self.marks.len() > KEPT_MARKS {
                        self.marks.pop_front();
                    }
                }
                ShellEvent::CommandFinished { exit_status, .. } => {
                    if let Some(mark) = self.marks.back_mut() {
                        mark.shown.state = CommandState::Done(exit_status);
                        self.marks_changed.push(mark.shown.id);
                    }
                }
                ShellEvent::CommandCancelled { .. } => {}
            }
        }
    }

    /// A resize wraps lines anew: prompts that are still on the screen have other rows now.
    fn find_marks(&mut self) {
        for found in self.shell.visible_prompts(&self.vt) {
            let line = self.gone + found.row as u64;
            if self.prompt == Some(found.id) {
                self.prompt_line = line;
            }
            if let Some(mark) = self.marks.iter_mut().rev().find(|m| m.prompt == Some(found.id))
                && mark.shown.line != line
            {
                mark.shown.line = line;
                self.marks_changed.push(mark.shown.id);
            }
        }
    }

    /// Bytes as text: a character split between two feeds waits, what is not UTF-8 shows as the replacement character.
    fn decode(&mut self, bytes: &[u8]) -> String {
        let mut all = std::mem::take(&mut self.partial);
        all.extend_from_slice(bytes);
        let mut text = String::with_capacity(all.len());
        for chunk in all.utf8_chunks() {
            text.push_str(chunk.valid());
            let bad = chunk.invalid();
            if !bad.is_empty() {
                text.push(char::REPLACEMENT_CHARACTER);
            }
        }
        // An unfinished sequence at the very end is no error yet.
        let tail = all.utf8_chunks().last().map_or(&[][..], |chunk| chunk.invalid());
        if !tail.is_empty() && all.ends_with(tail) && unfinished(tail) {
            text.pop();
            self.partial = tail.to_vec();
        }
        text
    }
}

/// Could these bytes be the start of one character?
fn unfinished(tail: &[u8]) -> bool {
    let wanted = match tail.first() {
        Some(0xc2..=0xdf) => 2,
        Some(0xe0..=0xef) => 3,
        Some(0xf0..=0xf4) => 4,
        _ => return false,
    };
    tail.len() < wanted && tail.iter().skip(1).all(|b| (0x80..0xc0).contains(b))
}

/// What `avt` leaves out and a page needs: title, bell, bracketed paste, the cursor's shape. It reads the bytes on their way.
#[derive(Default)]
struct Scan {
    state: ScanState,
    held: Vec<u8>,
    title_new: Option<String>,
    bells: u32,
    bracketed_paste: bool,
    shape: CursorShape,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum ScanState {
    #[default]
    Text,
    Escape,
    Control,
    /// An operating system command, ended by BEL or ESC \.
    Osc,
    OscEscape,
}

impl Scan {
    fn read(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.state = match (self.state, byte) {
                (ScanState::Text, 0x07) => {
                    self.bells = self.bells.saturating_add(1);
                    ScanState::Text
                }
                (ScanState::Text, 0x1b) | (ScanState::Control, 0x1b) => ScanState::Escape,
                (ScanState::Text, _) => ScanState::Text,
                (ScanState::Escape, b'[') => self.begin(ScanState::Control),
                (ScanState::Escape, b']') => self.begin(ScanState::Osc),
                (ScanState::Escape, 0x1b) => ScanState::Escape,
                (ScanState::Escape, _) => ScanState::Text,
                (ScanState::Control, 0x40..=0x7e) => {
                    self.control(byte);
                    ScanState::Text
                }
                (ScanState::Control, _) => self.hold(byte, ScanState::Control),
                (ScanState::Osc, 0x07) | (ScanState::OscEscape, b'\\') => {
                    self.osc();
                    ScanState::Text
                }
                (ScanState::Osc, 0x1b) => ScanState::OscEscape,
                (ScanState::Osc, _) => self.hold(byte, ScanState::Osc),
                (ScanState::OscEscape, _) => ScanState::Text,
            };
        }
    }

    fn begin(&mut self, state: ScanState) -> ScanState {
        self.held.clear();
        state
    }

    fn hold(&mut self, byte: u8, state: ScanState) -> ScanState {
        // A title is short; a sequence that never ends must not grow.
        if self.held.len() < 256 {
            self.held.push(byte);
        }
        state
    }

    fn control(&mut self, last: u8) {
        match (self.held.as_slice(), last) {
            (b"?2004", b'h') => self.bracketed_paste = true,
            (b"?2004", b'l') => self.bracketed_paste = false,
            (held, b'q') if held.ends_with(b" ") => {
                self.shape = match held.first() {
                    Some(b'3' | b'4') => CursorShape::Underline,
                    Some(b'5' | b'6') => CursorShape::Bar,
                    _ => CursorShape::Block,
                }
            }
            _ => {}
        }
    }

    fn osc(&mut self) {
        let held = String::from_utf8_lossy(&self.held);
        if let Some(title) = held.strip_prefix("0;").or_else(|| held.strip_prefix("2;")) {
            self.title_new = Some(title.chars().filter(|c| !c.is_control()).take(80).collect());
        }
    }
}

/// A prompt that is drawn over itself: of its operating system commands only the mark of its end stays, which drawing
/// over it has destroyed; no second prompt begins and no second title is set.
fn same_prompt(prompt: &str) -> String {
    let mut out = String::new();
    let mut rest = prompt;
    while let Some((before, after)) = rest.split_once("\x1b]") {
        out.push_str(before);
        let bell = after.find('\x07').map(|at| at + 1);
        let string = after.find("\x1b\\").map(|at| at + 2);
        let end = bell.into_iter().chain(string).min().unwrap_or(after.len());
        let (command, behind) = after.split_at(end);
        if command.starts_with("133;B") {
            out.push_str("\x1b]");
            out.push_str(command);
        }
        rest = behind;
    }
    out.push_str(rest);
    out
}

fn clamp(cols: u16, rows: u16) -> (usize, usize) {
    (cols.clamp(2, 500) as usize, rows.clamp(1, 300) as usize)
}

/// The overlay's text: a control character shows as readline shows it, `^X`.
fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\r\n"),
            c if (c as u32) < 32 => {
                out.push('^');
                out.push((c as u8 + 64) as char);
            }
            c if c.is_control() => out.push_str("^?"),
            c => out.push(c),
        }
    }
    out
}

fn weight(row: &Row) -> usize {
    size_of::<Row>() + row.stretches.iter().map(|s| size_of::<Stretch>() + s.text.len()).sum::<usize>()
}

/// A line of cells as stretches of one style, without trailing blanks.
fn row_of(line: &avt::Line) -> Row {
    let mut stretches: Vec<Stretch> = Vec::new();
    for cell in line.cells().iter().filter(|cell| cell.width() > 0) {
        let style = style_of(cell.pen());
        let wide = cell.width() == 2;
        match stretches.last_mut() {
            Some(last) if last.style == style && !last.wide && !wide => last.text.push(cell.char()),
            _ => stretches.push(Stretch { text: cell.char().into(), style, wide }),
        }
    }
    // A wrapped row keeps its blanks: they are part of the text that goes on in the next one.
    if !line.is_wrapped() {
        while let Some(last) = stretches.last_mut() {
            let plain = last.style.paper == Ink::Default && last.style.attrs & (UNDERLINE | INVERSE | STRIKE) == 0;
            if plain {
                last.text.truncate(last.text.trim_end_matches(' ').len());
            }
            if !last.text.is_empty() {
                break;
            }
            stretches.pop();
        }
    }
    Row { stretches, wrapped: line.is_wrapped() }
}

fn style_of(pen: &Pen) -> Style {
    let mut attrs = 0;
    for (set, bit) in [
        (pen.is_bold(), BOLD),
        (pen.is_faint(), FAINT),
        (pen.is_italic(), ITALIC),
        (pen.is_underline(), UNDERLINE),
        (pen.is_strikethrough(), STRIKE),
        (pen.is_blink(), BLINK),
        (pen.is_inverse(), INVERSE),
    ] {
        if set {
            attrs |= bit;
        }
    }
    Style { ink: ink_of(pen.foreground()), paper: ink_of(pen.background()), attrs }
}

fn ink_of(color: Option<Color>) -> Ink {
    match color {
        None => Ink::Default,
        Some(Color::Indexed(index)) => Ink::Index(index),
        Some(Color::RGB(rgb)) => Ink::Rgb(rgb.r, rgb.g, rgb.b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROMPT: &[u8] = b"\x1b]133;A\x07web$ \x1b]133;B\x07";

    fn texts(frame: &TermFrame) -> Vec<String> {
        frame.gone.iter().chain(frame.dirty.iter().map(|(_, row)| row)).map(Row::text).collect()
    }

    #[test]
    fn a_frame_carries_only_what_changed() {
        let mut screen = Screen::new(20, 4);
        screen.feed(b"one\r\ntwo\r\n");
        let first = screen.frame(0, false).expect("the first frame");
        assert!(first.fresh);
        assert_eq!(texts(&first), ["one", "two", "", ""]);
        assert!(screen.frame(0, false).is_none());
        screen.feed(b"\x1b[31mred\x1b[0m ok");
        let second = screen.frame(0, false).expect("a change");
        assert_eq!(second.dirty.len(), 1);
        let (row, red) = &second.dirty[0];
        assert_eq!((*row, red.stretches[0].style.ink, red.text().as_str()), (2, Ink::Index(1), "red ok"));
    }

    #[test]
    fn lines_that_leave_are_sent_once_and_kept() {
        let mut screen = Screen::new(20, 3);
        for n in 0..10 {
            screen.feed(format!("line {n}\r\n").as_bytes());
        }
        let frame = screen.frame(0, false).expect("a frame");
        assert_eq!((frame.gone_from, frame.gone.len(), frame.skipped), (0, 8, 0));
        screen.feed(b"more\r\n");
        let next = screen.frame(0, false).expect("a frame");
        assert_eq!((next.gone_from, next.gone.len()), (8, 1));
        assert_eq!(screen.older(5, 2), (3, vec![row("line 3"), row("line 4")]));
    }

    fn row(text: &str) -> Row {
        Row { stretches: vec![Stretch { text: text.into(), ..Stretch::default() }], wrapped: false }
    }

    #[test]
    fn a_flood_is_skipped_in_view_and_kept_in_the_scrollback() {
        let mut screen = Screen::new(20, 3);
        screen.feed("y\r\n".repeat(9_000).as_bytes());
        let frame = screen.frame(0, false).expect("a frame");
        assert_eq!(frame.gone.len(), FRAME_LINES);
        assert_eq!(frame.gone_from + frame.gone.len() as u64, frame.skipped + frame.gone.len() as u64);
        assert_eq!(screen.older(10, 5).1.len(), 5);
    }

    #[test]
    fn the_overlay_leaves_no_trace() {
        // The same world's bytes with and without editing between them give the same picture.
        let edited = {
            let mut screen = Screen::new(12, 4);
            screen.feed(PROMPT);
            let typed = "echo a long line";
            for n in 1..=typed.len() {
                screen.overlay(&typed[..n], n, None);
            }
            screen.overlay(typed, 3, Some("(reverse-i-search)`df': "));
            screen.overlay(typed, 3, None);
            screen.feed(b"echo a long line\x1b]133;C\x07\r\n");
            screen.feed(b"a long line\r\n\x1b]133;D;0\x07");
            screen.feed(PROMPT);
            screen
        };
        let mut plain = Screen::new(12, 4);
        plain.feed(PROMPT);
        plain.feed(b"echo a long line\x1b]133;C\x07\r\na long line\r\n\x1b]133;D;0\x07");
        plain.feed(PROMPT);
        assert_eq!(edited.text(), plain.text());
        assert_eq!(edited.kept, plain.kept);
        assert_eq!(edited.marks, plain.marks);
        assert_eq!(edited.marks[0].shown.text, "echo a long line");
        assert_eq!(edited.marks[0].shown.state, CommandState::Done(Some(0)));
    }

    #[test]
    fn the_cursor_stands_inside_the_edited_line() {
        let mut screen = Screen::new(12, 4);
        screen.feed(PROMPT);
        screen.overlay("echo abcdefgh", 7, None);
        let frame = screen.frame(0, false).expect("a frame");
        assert_eq!((frame.cursor.row, frame.cursor.col), (1, 0));
        assert_eq!(screen.text(), ["web$ echo ab", "cdefgh"]);
        screen.overlay("", 0, None);
        assert_eq!(screen.text(), ["web$"]);
    }

    #[test]
    fn a_resize_keeps_the_edited_line() {
        let mut screen = Screen::new(12, 4);
        screen.feed(PROMPT);
        screen.overlay("echo abcdefgh", 13, None);
        screen.resize(40, 4);
        assert_eq!(screen.text(), ["web$ echo abcdefgh"]);
        screen.resize(8, 4);
        screen.wipe();
        assert_eq!(screen.text(), ["web$"]);
    }

    #[test]
    fn commands_are_found_by_their_marks_even_off_screen() {
        let mut screen = Screen::new(20, 3);
        for (n, status) in [(0, 0), (1, 3)] {
            screen.feed(PROMPT);
            screen.feed(format!("run {n}\x1b]133;C\x07\r\nout\r\nout\r\nout\r\n\x1b]133;D;{status}\x07").as_bytes());
        }
        let frame = screen.frame(0, false).expect("a frame");
        let found: Vec<_> = frame.marks.iter().map(|m| (m.line, m.text.as_str(), m.state)).collect();
        assert_eq!(found, [(0, "run 0", CommandState::Done(Some(0))), (4, "run 1", CommandState::Done(Some(3)))]);
    }

    #[test]
    fn a_resize_moves_the_marks_with_their_rows() {
        let mut screen = Screen::new(40, 10);
        screen.feed(b"a line that needs two rows when narrow\r\n");
        screen.feed(PROMPT);
        screen.feed(b"ls\x1b]133;C\x07\r\n\x1b]133;D;0\x07");
        screen.feed(PROMPT);
        screen.frame(0, false);
        screen.resize(20, 10);
        screen.feed(b"df\x1b]133;C\x07\r\n");
        let lines: Vec<_> = screen.frame(0, false).expect("a frame").marks.iter().map(|m| m.line).collect();
        assert_eq!(lines, [2, 3]);
    }

    #[test]
    fn split_characters_wait_and_bad_bytes_show() {
        let mut screen = Screen::new(20, 3);
        let bytes = "größe".as_bytes();
        screen.feed(&bytes[..3]);
        screen.feed(&bytes[3..]);
        screen.feed(b" \xff\xfe.");
        assert_eq!(screen.text(), ["größe \u{fffd}\u{fffd}."]);
    }

    #[test]
    fn what_avt_leaves_out_is_read_on_the_way() {
        let mut screen = Screen::new(20, 3);
        screen.feed(b"\x1b]0;root@web: ~\x07\x07\x1b[?2004h\x1b[?1h\x1b[5 q\x1b[?1049h");
        let frame = screen.frame(3, false).expect("a frame");
        assert_eq!(frame.title.as_deref(), Some("root@web: ~"));
        assert_eq!((frame.bells, frame.cursor.shape), (1, CursorShape::Bar));
        assert_eq!(frame.modes, Modes { app_cursor: true, alternate: true, bracketed_paste: true });
    }

    #[test]
    fn wide_characters_are_stretches_of_their_own() {
        let mut screen = Screen::new(20, 2);
        screen.feed("a界b".as_bytes());
        let frame = screen.frame(0, false).expect("a frame");
        let wide: Vec<_> = frame.dirty[0].1.stretches.iter().map(|s| (s.text.as_str(), s.wide)).collect();
        assert_eq!(wide, [("a", false), ("界", true), ("b", false)]);
    }

    #[test]
    fn a_page_that_lost_its_rows_gets_them_again() {
        let mut screen = Screen::new(20, 3);
        screen.feed("x\r\n".repeat(10).as_bytes());
        screen.frame(0, false);
        screen.refresh();
        let frame = screen.frame(0, false).expect("a frame");
        assert!(frame.fresh);
        assert_eq!(frame.gone.len(), 8);
    }
}
