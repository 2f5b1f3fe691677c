//! What a terminal looks like: rows of styled stretches, what left the screen for good, the cursor, and the commands in it.

use serde::{Deserialize, Serialize};

/// A colour as the program asked for it; the page decides how it looks in its theme.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ink {
    #[default]
    Default,
    Index(u8),
    Rgb(u8, u8, u8),
}

/// One attribute a bit, so that a style compares and travels as three small values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Style {
    pub ink: Ink,
    pub paper: Ink,
    pub attrs: u8,
}

pub const BOLD: u8 = 1;
pub const FAINT: u8 = 2;
pub const ITALIC: u8 = 4;
pub const UNDERLINE: u8 = 8;
pub const STRIKE: u8 = 16;
pub const BLINK: u8 = 32;
pub const INVERSE: u8 = 64;

/// Neighbouring cells of one style. A `wide` stretch is one character that takes two columns.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    pub text: String,
    pub style: Style,
    pub wide: bool,
}

/// One row without its trailing blanks. `wrapped`: the next row continues the same line of text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    pub stretches: Vec<Stretch>,
    pub wrapped: bool,
}

impl Row {
    pub fn text(&self) -> String {
        self.stretches.iter().map(|s| s.text.as_str()).collect()
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    pub row: u16,
    pub col: u16,
    pub visible: bool,
    pub shape: CursorShape,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum CursorShape {
    #[default]
    Block,
    Underline,
    Bar,
}

/// The modes of the terminal that change what the page does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Modes {
    /// Arrows are sent as `ESC O A` (DECCKM).
    pub app_cursor: bool,
    /// A full-screen program: the wheel sends arrows, there is no scrollback.
    pub alternate: bool,
    /// A paste is wrapped (mode 2004).
    pub bracketed_paste: bool,
}

/// One command in the terminal, found by its OSC 133 marks. `line` counts all lines since the terminal was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandMark {
    pub id: u32,
    pub line: u64,
    pub text: String,
    pub state: CommandState,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum CommandState {
    #[default]
    Running,
    Done(Option<u8>),
}

/// The line being edited at a prompt: what the mirror textarea shows. `cursor` counts characters. `seq` is the last edit of
/// the page that is in it, so that the page never overwrites what was typed since.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditLine {
    pub seq: u64,
    pub text: String,
    pub cursor: u32,
}

/// What changed in one terminal since its last frame.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TermFrame {
    pub term: u32,
    pub cols: u16,
    pub rows: u16,
    /// Forget all rows: the terminal was opened, restored or resized.
    pub fresh: bool,
    /// Number of the first line in `gone`. Lines before it that the page has not seen were skipped in view (see `skipped`).
    pub gone_from: u64,
    /// Lines that left the screen at its top; they never change again.
    pub gone: Vec<Row>,
    /// Lines that left between this frame and the last one and are not in `gone`: the worker keeps them.
    pub skipped: u64,
    /// Rows of the screen that changed.
    pub dirty: Vec<(u16, Row)>,
    pub cursor: Cursor,
    pub modes: Modes,
    /// `Some` at a prompt, `None` while a program runs.
    pub line: Option<EditLine>,
    pub title: Option<String>,
    pub bells: u32,
    /// Commands that are new or changed.
    pub marks: Vec<CommandMark>,
    /// The session has ended (`exit`, logout).
    pub closed: bool,
}

/// What the page stores to show a terminal again before it is re-executed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Recorded {
    Open {
        term: u32,
        host: String,
        cols: u16,
        rows: u16,
    },
    Bytes {
        term: u32,
        bytes: Vec<u8>,
    },
    /// What the line editor printed, not the world: the list of completions.
    Shown {
        term: u32,
        bytes: Vec<u8>,
    },
    Resize {
        term: u32,
        cols: u16,
        rows: u16,
    },
    Close {
        term: u32,
    },
}
