//! The line editor at a prompt: the text being typed is the terminal's, not the world's, so no key of it is logged.
//!
//! Bytes in as a keyboard sends them, and relative edits in as the page's mirror textarea reports them; out comes what is to
//! be done. It knows no world and no screen. Completion and reverse search are asked for here and answered by the shell.

/// What a key asks for beyond changing the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Want {
    /// Enter: run this line.
    Line(String),
    /// Ctrl+C: give the line up.
    Interrupt,
    /// Ctrl+D on an empty line.
    EndOfFile,
    /// Ctrl+L.
    Clear,
    /// Nothing more to delete, no such history line.
    Bell,
}

#[derive(Clone, Debug, Default)]
pub struct Editor {
    text: Vec<char>,
    cursor: usize,
    killed: Vec<char>,
    history: Vec<String>,
    /// Where in the history the shown line is from; `history.len()` is the line being typed.
    at: usize,
    /// The line being typed, while an older one is shown.
    draft: Vec<char>,
    /// A key that is not complete yet.
    held: Vec<u8>,
}

/// Lines that the history keeps (bash's HISTSIZE on a server).
const HISTORY: usize = 1000;
/// Characters of one line (readline has no bound; a terminal's page has).
const LINE: usize = 65_536;

impl Editor {
    pub fn text(&self) -> String {
        self.text.iter().collect()
    }

    /// Characters before the cursor.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// The history as the shell knows it, oldest first.
    pub fn set_history(&mut self, lines: Vec<String>) {
        self.at = lines.len();
        self.history = lines;
    }

    /// Keys as a terminal sends them. Stops at the first key that asks for something, and returns the rest unread.
    pub fn keys(&mut self, bytes: &[u8]) -> (Option<Want>, Vec<u8>) {
        let mut all = std::mem::take(&mut self.held);
        all.extend_from_slice(bytes);
        let mut rest = all.as_slice();
        while !rest.is_empty() {
            let Some(length) = key_length(rest) else {
                // Escape alone means nothing here, and must not turn the next key into another one.
                if rest != b"\x1b" {
                    self.held = rest.to_vec();
                }
                break;
            };
            let (key, tail) = rest.split_at(length.min(rest.len()));
            rest = tail;
            if let Some(want) = self.key(key) {
                return (Some(want), rest.to_vec());
            }
        }
        (None, Vec::new())
    }

    /// A change relative to the cursor, as an input method or a soft keyboard makes it.
    pub fn edit(&mut self, left: usize, right: usize, insert: &str) {
        let from = self.cursor.saturating_sub(left);
        let to = self.cursor.saturating_add(right).min(self.text.len());
        self.text.drain(from..to);
        self.cursor = from;
        self.insert(insert);
    }

    fn insert(&mut self, text: &str) {
        for c in text.chars().filter(|c| !c.is_control() || *c == '\t') {
            if self.text.len() < LINE {
                self.text.insert(self.cursor, c);
                self.cursor += 1;
            }
        }
    }

    fn key(&mut self, key: &[u8]) -> Option<Want> {
        match key {
            b"\r" | b"\n" => return Some(Want::Line(self.take_line())),
            b"\x03" => {
                self.reset();
                return Some(Want::Interrupt);
            }
            b"\x04" if self.text.is_empty() => return Some(Want::EndOfFile),
            b"\x0c" => return Some(Want::Clear),
            b"\x01" | b"\x1b[H" | b"\x1bOH" | b"\x1b[1~" => self.cursor = 0,
            b"\x05" | b"\x1b[F" | b"\x1bOF" | b"\x1b[4~" => self.cursor = self.text.len(),
            b"\x02" | b"\x1b[D" | b"\x1bOD" => self.cursor = self.cursor.saturating_sub(1),
            b"\x06" | b"\x1b[C" | b"\x1bOC" => self.cursor = (self.cursor + 1).min(self.text.len()),
            b"\x1bb" | b"\x1b[1;5D" | b"\x1b[1;3D" => self.cursor = self.word_left(),
            b"\x1bf" | b"\x1b[1;5C" | b"\x1b[1;3C" => self.cursor = self.word_right(),
            b"\x7f" | b"\x08" if self.cursor == 0 => return Some(Want::Bell),
            b"\x7f" | b"\x08" => self.edit(1, 0, ""),
            b"\x04" | b"\x1b[3~" => self.edit(0, 1, ""),
            b"\x15" => self.kill(0, self.cursor),
            b"\x0b" => self.kill(self.cursor, self.text.len()),
            b"\x17" => self.kill(self.blank_left(), self.cursor),
            b"\x1b\x7f" | b"\x1b\x08" => self.kill(self.word_left(), self.cursor),
            b"\x1bd" => self.kill(self.cursor, self.word_right()),
            b"\x19" => {
                let killed: String = self.killed.iter().collect();
                self.insert(&killed);
            }
            b"\x14" => self.transpose(),
            b"\x10" | b"\x1b[A" | b"\x1bOA" => return self.recall(self.at.checked_sub(1)),
            b"\x0e" | b"\x1b[B" | b"\x1bOB" => {
                return self.recall((self.at < self.history.len()).then_some(self.at + 1));
            }
            // Tab and Ctrl+R are the shell's to answer; until it does, they do nothing.
            [first, ..] if *first < 32 => {}
            key => self.insert(&String::from_utf8_lossy(key)),
        }
        None
    }

    fn take_line(&mut self) -> String {
        let line = self.text();
        self.reset();
        // As bash does with HISTCONTROL=ignoreboth, the default of Debian's users.
        if !line.trim().is_empty() && !line.starts_with(' ') && self.history.last() != Some(&line) {
            self.history.push(line.clone());
            if self.history.len() > HISTORY {
                self.history.remove(0);
            }
        }
        self.at = self.history.len();
        line
    }

    fn reset(&mut self) {
        self.text.clear();
        self.draft.clear();
        self.cursor = 0;
        self.at = self.history.len();
    }

    fn recall(&mut self, at: Option<usize>) -> Option<Want> {
        let Some(at) = at else { return Some(Want::Bell) };
        if self.at == self.history.len() {
            self.draft = self.text.clone();
        }
        self.text = match self.history.get(at) {
            Some(line) => line.chars().collect(),
            None => std::mem::take(&mut self.draft),
        };
        self.at = at;
        self.cursor = self.text.len();
        None
    }

    fn kill(&mut self, from: usize, to: usize) {
        if from < to {
            self.killed = self.text.drain(from..to).collect();
            self.cursor = from;
        }
    }

    fn transpose(&mut self) {
        if self.cursor > 0 && self.text.len() > 1 {
            let right = self.cursor.min(self.text.len() - 1);
            self.text.swap(right - 1, right);
            self.cursor = right + 1;
        }
    }

    /// The start of the word before the cursor; a word is letters and digits (Alt+B).
    fn word_left(&self) -> usize {
        let mut at = self.cursor;
        while at > 0 && !self.text[at - 1].is_alphanumeric() {
            at -= 1;
        }
        while at > 0 && self.text[at - 1].is_alphanumeric() {
            at -= 1;
        }
        at
    }

    fn word_right(&self) -> usize {
        let mut at = self.cursor;
        while at < self.text.len() && !self.text[at].is_alphanumeric() {
            at += 1;
        }
        while at < self.text.len() && self.text[at].is_alphanumeric() {
            at += 1;
        }
        at
    }

    /// The start of the blank-separated word before the cursor (Ctrl+W).
    fn blank_left(&self) -> usize {
        let mut at = self.cursor;
        while at > 0 && self.text[at - 1].is_whitespace() {
            at -= 1;
        }
        while at > 0 && !self.text[at - 1].is_whitespace() {
            at -= 1;
        }
        at
    }
}

/// How many bytes the first key takes; `None` while it is incomplete.
fn key_length(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [0x1b] => None,
        [0x1b, b'[', rest @ ..] => rest.iter().position(|b| (0x40..0x7f).contains(b)).map(|at| at + 3),
        [0x1b, b'O', rest @ ..] => (!rest.is_empty()).then_some(3),
        [0x1b, ..] => Some(2),
        [first, ..] => {
            let length = match first {
                0xc0..=0xdf => 2,
                0xe0..=0xef => 3,
                0xf0..=0xf7 => 4,
                _ => 1,
            };
            (bytes.len() >= length).then_some(length)
        }
        [] => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &str) -> String {
        let mut editor = Editor::default();
        editor.keys(keys.as_bytes());
        let mut text = editor.text();
        text.insert(text.char_indices().nth(editor.cursor()).map_or(text.len(), |(at, _)| at), '|');
        text
    }

    #[test]
    fn readline_keys_edit_the_line() {
        for (keys, shown) in [
            ("df -h", "df -h|"),
            ("df -h\x1b[D\x1b[D-", "df -|-h"),
            ("ls\x01sudo ", "sudo |ls"),
            ("cat /etc/hosts\x17", "cat |"),
            ("cat /etc/hosts\x1b\x7f", "cat /etc/|"),
            ("one two\x15", "|"),
            ("one two\x15\x19!", "one two!|"),
            ("one two\x1bb\x0b", "one |"),
            ("größe\x7f\x7f", "grö|"),
            ("ab\x14", "ba|"),
            ("abc\x1b[H\x1b[3~", "|bc"),
            ("a\x09\x12b", "ab|"),
        ] {
            assert_eq!(typed(keys), shown, "{keys:?}");
        }
    }

    #[test]
    fn enter_hands_over_the_line_and_leaves_the_rest_unread() {
        let mut editor = Editor::default();
        assert_eq!(editor.keys(b"ls\rpwd"), (Some(Want::Line("ls".into())), b"pwd".to_vec()));
        assert_eq!(editor.text(), "");
    }

    #[test]
    fn history_goes_back_and_returns_to_the_draft() {
        let mut editor = Editor::default();
        for line in ["first\r", "second\r", "second\r", " secret\r"] {
            editor.keys(line.as_bytes());
        }
        editor.keys(b"dra\x1b[A");
        assert_eq!(editor.text(), "second");
        editor.keys(b"\x1b[A");
        assert_eq!(editor.text(), "first");
        assert_eq!(editor.keys(b"\x1b[A").0, Some(Want::Bell));
        editor.keys(b"\x1b[B\x1b[B");
        assert_eq!(editor.text(), "dra");
    }

    #[test]
    fn control_keys_ask_for_signals() {
        let mut editor = Editor::default();
        assert_eq!(editor.keys(b"half\x03").0, Some(Want::Interrupt));
        assert_eq!(editor.text(), "");
        assert_eq!(editor.keys(b"\x04").0, Some(Want::EndOfFile));
    }

    #[test]
    fn keys_may_arrive_in_pieces() {
        let mut editor = Editor::default();
        editor.keys(b"ab\x1b[");
        editor.keys(b"D");
        editor.keys(b"\xc3");
        editor.keys(b"\xa9");
        assert_eq!(editor.text(), "aéb");
    }

    #[test]
    fn escape_does_not_swallow_the_next_key() {
        let mut editor = Editor::default();
        editor.keys(b"ls\x1b");
        assert_eq!(editor.keys(b"\r").0, Some(Want::Line("ls".into())));
    }

    #[test]
    fn relative_edits_replace_around_the_cursor() {
        let mut editor = Editor::default();
        editor.keys(b"teh log\x1b[D\x1b[D\x1b[D\x1b[D");
        editor.edit(3, 0, "the");
        assert_eq!(editor.text(), "the log");
        assert_eq!(editor.cursor(), 3);
        editor.edit(99, 99, "x");
        assert_eq!(editor.text(), "x");
    }
}
