//! What is wrong with a file of a scenario, said to its author: the file, the line, the place, what is wrong, what to
//! write instead.

use std::fmt;

use crate::base::values::MEND;

/// One step of a path into a JSON text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    Member(String),
    Item(usize),
}

/// A path into a JSON text, from its root.
pub type Path = Vec<Step>;

/// A path from member names.
pub fn path(members: &[&str]) -> Path {
    members.iter().map(|m| Step::Member((*m).to_string())).collect()
}

/// `path` written as JavaScript would: `hosts.web.mounts["/"].size`.
pub fn write_path(path: &[Step]) -> String {
    let mut out = String::new();
    for step in path {
        match step {
            Step::Item(at) => out.push_str(&format!("[{at}]")),
            Step::Member(name) => {
                let plain = !name.is_empty()
                    && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$')
                    && !name.starts_with(|c: char| c.is_ascii_digit());
                if plain {
                    if !out.is_empty() {
                        out.push('.');
                    }
                    out.push_str(name);
                } else {
                    out.push_str(&format!("[\"{}\"]", printable(name)));
                }
            }
        }
    }
    out
}

/// `text` with what a terminal would act on replaced, and cut to 80 characters: a file must not drive its reader's screen.
pub fn printable(text: &str) -> String {
    let mut out: String =
        text.chars().take(80).map(|c| if c.is_control() || is_steering(c) { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(80).is_some() {
        out.push('…');
    }
    out
}

/// Characters that reorder or hide what is around them.
pub fn is_steering(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// One thing to mend.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Relative to the scenario's folder.
    pub file: String,
    /// From 1; 0 where no line can be named (a missing file).
    pub line: u32,
    /// From 1; 0 with line 0.
    pub column: u32,
    /// The place in a JSON file, as [`write_path`] writes it; empty elsewhere.
    pub path: String,
    pub wrong: String,
    /// What to write instead.
    pub write: String,
}

impl Problem {
    /// A problem of a whole file.
    pub fn of_file(file: &str, wrong: impl Into<String>, write: impl Into<String>) -> Problem {
        Problem { file: file.into(), line: 0, column: 0, path: String::new(), wrong: wrong.into(), write: write.into() }
    }
    /// A problem of a line of a file that is not JSON.
    pub fn of_line(file: &str, line: u32, wrong: impl Into<String>, write: impl Into<String>) -> Problem {
        Problem { line, column: 1, ..Problem::of_file(file, wrong, write) }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        f.write_str(": ")?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        write!(f, "{}; {}", self.wrong, self.write)
    }
}

/// Splits a message of [`crate::base::values`] into what is wrong and what to write.
pub fn split_mend(message: &str) -> (String, Option<String>) {
    match message.split_once(MEND) {
        Some((wrong, write)) => (wrong.to_string(), Some(write.to_string())),
        None => (message.to_string(), None),
    }
}

/// The member of `known` that `word` most likely means: at most a third of its letters differ.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).max(1);
    known.into_iter().map(|k| (distance(word, k), k)).filter(|(d, _)| *d <= limit).min().map(|(_, k)| k)
}

/// Levenshtein's distance, for short words; long ones are cut to 64 characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().take(64).enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let above = row.get(j + 1).copied().unwrap_or(0);
            let here = (diagonal + usize::from(ca != *cb)).min(left + 1).min(above + 1);
            diagonal = above;
            left = here;
            if let Some(slot) = row.get_mut(j + 1) {
                *slot = here;
            }
        }
        if let Some(slot) = row.first_mut() {
            *slot = i + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_written_as_people_write_them() {
        let p = vec![
            Step::Member("hosts".into()),
            Step::Member("web".into()),
            Step::Member("/etc".into()),
            Step::Item(3),
            Step::Member("size".into()),
        ];
        assert_eq!(write_path(&p), "hosts.web[\"/etc\"][3].size");
    }

    #[test]
    fn a_slip_of_the_finger_finds_its_word() {
        assert_eq!(nearest("mount", ["mounts", "units", "files"]), Some("mounts"));
        assert_eq!(nearest("adress", ["cores", "address"]), Some("address"));
        assert_eq!(nearest("colour", ["mounts", "units"]), None);
    }

    #[test]
    fn nothing_in_a_file_drives_the_screen() {
        assert_eq!(printable("a\x1b[2Jb\u{202e}c"), "a\u{fffd}[2Jb\u{fffd}c");
    }
}
