//! The line editor at a prompt, with readline's keys. The text being typed is the terminal's, not the world's, so no key
//! of it is logged.
//!
//! Bytes in as a keyboard sends them, and relative edits as the page's mirror textarea reports them; out comes what is to
//! be done. It knows no world; completion is asked of a [`Completer`]. Drawing is in [`draw`].

mod draw;
mod keys;

pub use draw::width;
use keys::key_length;

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
    /// Nothing more to delete, no such history line, several completions.
    Bell,
    /// The second Tab: list these below the line, then draw it again.
    Show(Vec<String>),
}

/// What could stand at the cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// Characters before the cursor that a candidate replaces.
    pub replaces: usize,
    pub candidates: Vec<Candidate>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
    /// The whole replacement, quoted as the line needs it.
    pub text: String,
    /// How a list shows it.
    pub shown: String,
    /// Added when it is the only one: a blank, or a slash for a directory.
    pub suffix: String,
}

/// Who knows what can be completed.
pub trait Completer {
    /// For the line up to the cursor.
    fn complete(&self, before: &str) -> Completion;
}

/// No completion at all.
pub struct NoCompletion;
impl Completer for NoCompletion {
    fn complete(&self, _: &str) -> Completion {
        Completion::default()
    }
}

#[derive(Clone, Debug)]
struct Search {
    query: String,
    /// The history line it is at; `None` before the first match.
    at: Option<usize>,
    failed: bool,
    /// The line before the search, for Ctrl+G.
    before: (Vec<char>, usize),
}

#[derive(Clone, Debug, Default)]
pub struct Editor {
    text: Vec<char>,
    cursor: usize,
    killed: Vec<char>,
    /// The last key killed too: the next kill joins it.
    killing: bool,
    history: Vec<String>,
    /// Where in the history the shown line is from; `history.len()` is the line being typed.
    at: usize,
    /// The line being typed, while an older one is shown.
    draft: Vec<char>,
    /// A key that is not complete yet.
    held: Vec<u8>,
    undo: Vec<(Vec<char>, usize)>,
    search: Option<Search>,
    /// Between the marks of a bracketed paste: all bytes are text.
    pasting: bool,
    /// The last key was a Tab that could not decide.
    tabbed: bool,
    /// Alt+.: how many lines back, and how many characters it inserted.
    last_word: Option<(usize, usize)>,
    drawn: draw::Drawn,
}

/// Characters of one line (readline has no bound; a terminal's page has).
const LINE: usize = 65_536;
/// Steps that can be undone.
const UNDO: usize = 200;

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
    pub fn is_searching(&self) -> bool {
        self.search.is_some()
    }

    /// Keys as a terminal sends them. Stops at the first key that asks for something, and returns the rest unread.
    pub fn keys(&mut self, bytes: &[u8], completer: &dyn Completer) -> (Option<Want>, Vec<u8>) {
        let mut all = std::mem::take(&mut self.held);
        all.extend_from_slice(bytes);
        let mut rest = all.as_slice();
        while !rest.is_empty() {
            let Some(length) = key_length(rest) else {
                self.held = rest.to_vec();
                break;
            };
            let (key, tail) = rest.split_at(length.min(rest.len()));
            rest = tail;
            if let Some(want) = self.key(key, completer) {
                return (Some(want), rest.to_vec());
            }
        }
        (None, Vec::new())
    }

    /// A change relative to the cursor, as an input method or a soft keyboard makes it.
    pub fn edit(&mut self, left: usize, right: usize, insert: &str) {
        if let Some(search) = &mut self.search {
            for _ in 0..left {
                search.query.pop();
            }
            search.query.push_str(insert);
            search.at = None;
            self.find_back(None);
            return;
        }
        self.remember();
        self.replace(left, right, insert);
    }

    fn replace(&mut self, left: usize, right: usize, insert: &str) {
        let from = self.cursor.saturating_sub(left);
        let to = self.cursor.saturating_add(right).min(self.text.len());
        self.text.drain(from..to);
        self.cursor = from;
        self.insert(insert);
    }
    fn insert(&mut self, text: &str) {
        for c in text.chars() {
            if self.text.len() < LINE {
                self.text.insert(self.cursor, c);
                self.cursor += 1;
            }
        }
    }
    fn remember(&mut self) {
        if self.undo.last().is_none_or(|(text, _)| *text != self.text) {
            self.undo.push((self.text.clone(), self.cursor));
            if self.undo.len() > UNDO {
                self.undo.remove(0);
            }
        }
    }

    fn key(&mut self, key: &[u8], completer: &dyn Completer) -> Option<Want> {
        match key {
            b"\x1b[200~" => {
                self.remember();
                self.pasting = true;
                return None;
            }
            b"\x1b[201~" => {
                self.pasting = false;
                return None;
            }
            _ if self.pasting => {
                // A newline of a paste is text until Enter is typed.
                let text = String::from_utf8_lossy(key).replace('\r', "\n");
                self.insert(&text.replace('\t', "    "));
                return None;
            }
            _ => {}
        }
        if self.search.is_some()
            && let Some(done) = self.search_key(key)
        {
            return done;
        }
        let killing = std::mem::take(&mut self.killing);
        let tabbed = std::mem::take(&mut self.tabbed);
        let last_word = self.last_word.take();
        match key {
            b"\r" | b"\n" => return Some(Want::Line(self.take_line())),
            b"\x03" => {
                self.reset();
                return Some(Want::Interrupt);
            }
            b"\x04" if self.text.is_empty() => return Some(Want::EndOfFile),
            b"\x0c" => return Some(Want::Clear),
            b"\t" => return self.complete(completer, tabbed),
            b"\x12" => {
                let before = (self.text.clone(), self.cursor);
                self.search = Some(Search { query: String::new(), at: None, failed: false, before });
            }
            b"\x01" | b"\x1b[H" | b"\x1bOH" | b"\x1b[1~" => self.cursor = 0,
            b"\x05" | b"\x1b[F" | b"\x1bOF" | b"\x1b[4~" => self.cursor = self.text.len(),
            b"\x02" | b"\x1b[D" | b"\x1bOD" => self.cursor = self.cursor.saturating_sub(1),
            b"\x06" | b"\x1b[C" | b"\x1bOC" => self.cursor = (self.cursor + 1).min(self.text.len()),
            b"\x1bb" | b"\x1b[1;5D" | b"\x1b[1;3D" => self.cursor = self.word_left(),
            b"\x1bf" | b"\x1b[1;5C" | b"\x1b[1;3C" => self.cursor = self.word_right(),
            b"\x7f" | b"\x08" if self.cursor == 0 => return Some(Want::Bell),
            b"\x7f" | b"\x08" => self.edit(1, 0, ""),
            b"\x04" | b"\x1b[3~" => self.edit(0, 1, ""),
            b"\x15" => self.kill(0, self.cursor, killing, false),
            b"\x0b" => self.kill(self.cursor, self.text.len(), killing, true),
            b"\x17" => self.kill(self.blank_left(), self.cursor, killing, false),
            b"\x1b\x7f" | b"\x1b\x08" => self.kill(self.word_left(), self.cursor, killing, false),
            b"\x1bd" | b"\x1b[3;5~" => self.kill(self.cursor, self.word_right(), killing, true),
            b"\x19" => {
                let killed: String = self.killed.iter().collect();
                self.edit(0, 0, &killed);
            }
            b"\x14" => self.transpose(),
            b"\x1b." | b"\x1b_" => return self.insert_last_word(last_word),
            b"\x1bu" | b"\x1bl" | b"\x1bc" => self.change_case(key[1]),
            b"\x1b#" => {
                self.cursor = 0;
                self.insert("#");
                return Some(Want::Line(self.take_line()));
            }
            b"\x1f" | b"\x18\x15" => match self.undo.pop() {
                Some((text, cursor)) => (self.text, self.cursor) = (text, cursor),
                None => return Some(Want::Bell),
            },
            b"\x10" | b"\x1b[A" | b"\x1bOA" => return self.recall(self.at.checked_sub(1)),
            b"\x0e" | b"\x1b[B" | b"\x1bOB" => {
                return self.recall((self.at < self.history.len()).then_some(self.at + 1));
            }
            b"\x1b<" | b"\x1b[5~" => return self.recall((!self.history.is_empty()).then_some(0)),
            b"\x1b>" | b"\x1b[6~" => return self.recall(Some(self.history.len())),
            [first, ..] if *first < 32 => {}
            key => self.edit(0, 0, &String::from_utf8_lossy(key)),
        }
        None
    }

    fn take_line(&mut self) -> String {
        let line = self.text();
        self.reset();
        line
    }
    fn reset(&mut self) {
        self.text.clear();
        self.draft.clear();
        self.undo.clear();
        self.search = None;
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
        self.undo.clear();
        None
    }

    fn kill(&mut self, from: usize, to: usize, joins: bool, forward: bool) {
        self.killing = true;
        if from >= to {
            return;
        }
        self.remember();
        let mut cut: Vec<char> = self.text.drain(from..to).collect();
        if joins && forward {
            self.killed.append(&mut cut);
        } else if joins {
            cut.append(&mut self.killed);
            self.killed = cut;
        } else {
            self.killed = cut;
        }
        self.cursor = from;
    }

    fn transpose(&mut self) {
        if self.cursor > 0 && self.text.len() > 1 {
            self.remember();
            let right = self.cursor.min(self.text.len() - 1);
            self.text.swap(right - 1, right);
            self.cursor = right + 1;
        }
    }

    /// Alt+U, Alt+L, Alt+C: the word from the cursor on.
    fn change_case(&mut self, how: u8) {
        self.remember();
        let end = self.word_right();
        let mut first = true;
        for c in &mut self.text[self.cursor..end] {
            let upper = how == b'u' || how == b'c' && first && c.is_alphanumeric();
            first &= !c.is_alphanumeric();
            let changed: Vec<char> = if upper { c.to_uppercase().collect() } else { c.to_lowercase().collect() };
            if let [one] = changed.as_slice() {
                *c = *one;
            }
        }
        self.cursor = end;
    }

    /// Alt+.: the last word of the line before; again, of the one before that.
    fn insert_last_word(&mut self, last: Option<(usize, usize)>) -> Option<Want> {
        let (back, inserted) = last.map_or((0, 0), |(back, inserted)| (back + 1, inserted));
        let line = self.history.iter().rev().nth(back);
        let Some(word) = line.and_then(|l| super::history::words(l.as_bytes()).pop()) else { return Some(Want::Bell) };
        let word = word.to_string();
        self.edit(inserted, 0, &word);
        self.last_word = Some((back, word.chars().count()));
        None
    }

    /// One key of a reverse search. `None`: the search is over and the key means what it always does.
    #[expect(clippy::option_option, reason = "handled or not, and if handled what it asks for")]
    fn search_key(&mut self, key: &[u8]) -> Option<Option<Want>> {
        let search = self.search.as_mut()?;
        match key {
            b"\x12" => {
                let from = search.at;
                return Some(self.find_back(from));
            }
            b"\x07" | b"\x03" => {
                let before = search.before.clone();
                self.search = None;
                (self.text, self.cursor) = before;
                if key == b"\x03" {
                    self.reset();
                    return Some(Some(Want::Interrupt));
                }
                return Some(None);
            }
            b"\x7f" | b"\x08" => {
                search.query.pop();
                search.at = None;
                return Some(self.find_back(None));
            }
            [first, ..] if *first >= 32 && *first != 0x7f => {
                search.query.push_str(&String::from_utf8_lossy(key));
                let from = search.at.map(|at| at + 1);
                return Some(self.find_back(from));
            }
            _ => {}
        }
        if let Some(at) = search.at {
            self.at = at;
        }
        self.search = None;
        // Escape only ends the search.
        (key == b"\x1b").then_some(None)
    }

    /// The nearest line before `from` that has the query in it.
    fn find_back(&mut self, from: Option<usize>) -> Option<Want> {
        let search = self.search.as_mut()?;
        let end = from.unwrap_or(self.history.len()).min(self.history.len());
        let found = self.history[..end].iter().rposition(|l| l.contains(&search.query));
        match found.filter(|_| !search.query.is_empty()) {
            Some(at) => {
                (search.at, search.failed) = (Some(at), false);
                let line = &self.history[at];
                let place = line.find(&search.query).unwrap_or(0);
                self.cursor = line.chars().count() - line.chars().count().min(line.split_at(place).1.chars().count());
                self.text = line.chars().collect();
                None
            }
            None => {
                search.failed = !search.query.is_empty();
                search.failed.then_some(Want::Bell)
            }
        }
    }
    /// What stands in place of the prompt while Ctrl+R searches.
    pub fn search_prompt(&self) -> Option<String> {
        let search = self.search.as_ref()?;
        let failed = if search.failed { "failed " } else { "" };
        Some(format!("({failed}reverse-i-search)`{}': ", search.query))
    }

    fn complete(&mut self, completer: &dyn Completer, again: bool) -> Option<Want> {
        let before: String = self.text[..self.cursor].iter().collect();
        let Completion { replaces, mut candidates } = completer.complete(&before);
        candidates.sort();
        candidates.dedup();
        match candidates.as_slice() {
            [] => Some(Want::Bell),
            [one] => {
                let text = format!("{}{}", one.text, one.suffix);
                self.edit(replaces, 0, &text);
                None
            }
            many => {
                let common = many.iter().skip(1).fold(many[0].text.clone(), |common, c| {
                    common.chars().zip(c.text.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect()
                });
                if common.chars().count() > replaces {
                    self.edit(replaces, 0, &common);
                    return None;
                }
                if again {
                    self.tabbed = true;
                    return Some(Want::Show(many.iter().map(|c| c.shown.clone()).collect()));
                }
                self.tabbed = true;
                Some(Want::Bell)
            }
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

/// A list of candidates in columns, as readline lays them out: down, then across.
pub fn columns(list: &[String], width: u16) -> String {
    let longest = list.iter().map(|w| w.chars().count()).max().unwrap_or(0) + 2;
    let across = (usize::from(width) / longest).max(1);
    let rows = list.len().div_ceil(across);
    let mut out = String::new();
    for row in 0..rows {
        let cells: Vec<&String> = list.iter().skip(row).step_by(rows.max(1)).collect();
        for (n, cell) in cells.iter().enumerate() {
            out.push_str(cell);
            if n + 1 < cells.len() {
                out.extend(std::iter::repeat_n(' ', longest - cell.chars().count()));
            }
        }
        out.push_str("\r\n");
    }
    out
}

#[cfg(test)]
mod tests;
