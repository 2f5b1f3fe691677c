//! What is wrong with a file of a scenario, said to its author: the file, the line, the place, what is wrong, what to
//! write instead.

use std::fmt;

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
