//! Where each value of a JSON text stands: a small scanner beside serde_json, which forgets positions and keeps the
//! last of two equal members. It runs only over a text that serde_json has accepted, so nesting is bounded (128).

use std::collections::BTreeMap;

use crate::base::explain::{Path, Step};

/// A position in a text: line and column from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub line: u32,
    pub column: u32,
}

/// The places of a JSON text.
#[derive(Clone, Debug, Default)]
pub struct Places {
    at: BTreeMap<Path, Place>,
    /// Members that occur twice in one object, where the second stands.
    pub twice: Vec<(Path, Place)>,
}

impl Places {
    /// Scans `text`, which must be valid JSON; of anything else, what was understood until then.
    pub fn scan(text: &str) -> Places {
        let mut scanner = Scanner { chars: text.chars().peekable(), line: 1, column: 1, places: Places::default() };
        let mut path = Vec::new();
        scanner.value(&mut path);
        scanner.places
    }

    /// The place of the value at `path`, or of the nearest thing around it that exists.
    pub fn of(&self, path: &[Step]) -> Place {
        (0..=path.len())
            .rev()
            .find_map(|n| path.get(..n).and_then(|p| self.at.get(p)))
            .copied()
            .unwrap_or(Place { line: 1, column: 1 })
    }

    /// Whether there is a value at `path`.
    pub fn has(&self, path: &[Step]) -> bool {
        self.at.contains_key(path)
    }
}

struct Scanner<'a> {
    chars: std::iter::Peekable<std::str::Chars<'a>>,
    line: u32,
    column: u32,
    places: Places,
}

impl Scanner<'_> {
    fn next(&mut self) -> Option<char> {
        let c = self.chars.next()?;
        if c == '\n' {
            self.line += 1;
            self.column = 1;
        } else {
            self.column += 1;
        }
        Some(c)
    }

    fn blank(&mut self) {
        while self.chars.peek().is_some_and(|c| c.is_ascii_whitespace()) {
            self.next();
        }
    }

    fn place(&self) -> Place {
        Place { line: self.line, column: self.column }
    }

    /// One value at `path`. A member's place is its key's.
    fn value(&mut self, path: &mut Path) {
        self.blank();
        let place = self.place();
        self.places.at.entry(path.clone()).or_insert(place);
        match self.chars.peek() {
            Some('{') => {
                self.next();
                loop {
                    self.blank();
                    match self.chars.peek() {
                        Some('"') => {
                            let place = self.place();
                            let name = self.string();
                            path.push(Step::Member(name));
                            if self.places.at.insert(path.clone(), place).is_some() {
                                self.places.twice.push((path.clone(), place));
                            }
                            self.blank();
                            self.next(); // the colon
                            self.value(path);
                            path.pop();
                        }
                        Some(',') => {
                            self.next();
                        }
                        _ => {
                            self.next();
                            return;
                        }
                    }
                }
            }
            Some('[') => {
                self.next();
                let mut at = 0;
                loop {
                    self.blank();
                    match self.chars.peek() {
                        Some(']') | None => {
                            self.next();
                            return;
                        }
                        Some(',') => {
                            self.next();
                            at += 1;
                        }
                        Some(_) => {
                            path.push(Step::Item(at));
                            self.value(path);
                            path.pop();
                        }
                    }
                }
            }
            Some('"') => {
                self.string();
            }
            _ => {
                // A number or a word: never empty in valid JSON; the step keeps a broken text from standing still.
                self.next();
                while self.chars.peek().is_some_and(|c| !matches!(c, ',' | ']' | '}') && !c.is_ascii_whitespace()) {
                    self.next();
                }
            }
        }
    }

    /// A string, unescaped by serde_json so that its name equals the one the loader sees.
    fn string(&mut self) -> String {
        let mut raw = String::new();
        raw.extend(self.next());
        while let Some(c) = self.next() {
            raw.push(c);
            match c {
                '\\' => raw.extend(self.next()),
                '"' => break,
                _ => {}
            }
        }
        serde_json::from_str(&raw).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::explain::path;

    #[test]
    fn every_value_has_its_place() {
        let text = "{\n  \"a\": [1,\n    {\"b/\\u0063\": 2}],\n  \"d\": {}\n}";
        let places = Places::scan(text);
        let inner = vec![Step::Member("a".into()), Step::Item(1), Step::Member("b/c".into())];
        assert_eq!(places.of(&inner), Place { line: 3, column: 6 });
        assert_eq!(places.of(&path(&["d", "missing", "deeper"])), Place { line: 4, column: 3 });
        assert!(places.twice.is_empty());
    }

    #[test]
    fn a_member_given_twice_is_noticed() {
        let places = Places::scan("{\"a\": 1,\n \"a\": 2}");
        assert_eq!(places.twice, vec![(path(&["a"]), Place { line: 2, column: 2 })]);
    }

    #[test]
    fn broken_texts_end() {
        for text in ["", "{", "[", "{\"a\"", "[1,", "\"", "{]", "]", "{\"a\":}", "nul"] {
            Places::scan(text);
        }
    }
}
