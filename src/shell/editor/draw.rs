//! The line on the screen: prompt and text wrapped at the terminal's width, the cursor in its place.

use unicode_width::UnicodeWidthChar;

use super::Editor;

/// Where the cursor was left by the last redraw, in rows below the prompt's first.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Drawn {
    row: usize,
}

fn advance(at: (usize, usize), c: char, columns: usize) -> (usize, usize) {
    let width = c.width().unwrap_or(if c.is_control() { 2 } else { 0 });
    let (row, column) = if at.1 + width > columns { (at.0 + 1, 0) } else { at };
    (row, column + width)
}

/// The columns that a prompt takes.
pub fn width(prompt: &str) -> usize {
    visible(prompt).map(|c| c.width().unwrap_or(0)).sum()
}

/// A prompt's columns: its escape sequences take none.
fn visible(prompt: &str) -> impl Iterator<Item = char> + '_ {
    let mut rest = prompt.chars().peekable();
    std::iter::from_fn(move || {
        loop {
            let c = rest.next()?;
            if c != '\x1b' {
                return Some(c);
            }
            match rest.next()? {
                '[' => while rest.next().is_some_and(|c| !('\x40'..'\x7f').contains(&c)) {},
                ']' => {
                    while let Some(c) = rest.next() {
                        if c == '\x07' {
                            break;
                        }
                        if c == '\x1b' {
                            rest.next();
                            break;
                        }
                    }
                }
                _ => {}
            }
        }
    })
}

impl Editor {
    /// Bytes that take the line and its prompt off the screen; the cursor is then where the prompt began.
    pub fn erase(&mut self) -> Vec<u8> {
        let up = std::mem::take(&mut self.drawn).row;
        let up = if up > 0 { format!("\x1b[{up}A") } else { String::new() };
        format!("\r{up}\x1b[J").into_bytes()
    }

    /// Bytes that draw the line anew over what the last call drew. `prompt` is the last line of the prompt.
    pub fn redraw(&mut self, prompt: &str, columns: u16) -> Vec<u8> {
        let columns = usize::from(columns.max(2));
        let search = self.search_prompt();
        let prompt = search.as_deref().unwrap_or(prompt);
        let mut out = String::from_utf8(self.erase()).unwrap_or_default();
        out.push_str(prompt);
        let mut at = visible(prompt).fold((0, 0), |at, c| advance(at, c, columns));
        let mut cursor = at;
        for (n, &c) in self.text.iter().enumerate() {
            if n == self.cursor {
                cursor = at;
            }
            if c.is_control() {
                out.push('^');
                out.push(char::from_u32(u32::from(c) ^ 64).unwrap_or('?'));
            } else {
                out.push(c);
            }
            at = advance(at, c, columns);
        }
        if self.cursor >= self.text.len() {
            cursor = at;
        }
        // A full line leaves the cursor hanging at the edge: the next row is begun.
        if at.1 == columns {
            out.push_str("\r\n");
            at = (at.0 + 1, 0);
        }
        if cursor.1 == columns {
            cursor = (cursor.0 + 1, 0);
        }
        if at.0 > cursor.0 {
            out.push_str(&format!("\x1b[{}A", at.0 - cursor.0));
        }
        out.push('\r');
        if cursor.1 > 0 {
            out.push_str(&format!("\x1b[{}C", cursor.1));
        }
        self.drawn = Drawn { row: cursor.0 };
        out.into_bytes()
    }
    /// The screen was cleared, or a new prompt printed: nothing is drawn yet.
    pub fn forget_drawing(&mut self) {
        self.drawn = Drawn::default();
    }
}
