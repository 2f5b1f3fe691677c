//! The run file: what a play-through is kept and shared as. Compact JSON lines, chained by SHA-256, so that any changed
//! byte, lost line or lost end is refused before anything is executed.
//!
//! ```text
//! {"firedrill":1,"build":"…","scenario":"INC-4127","content":"<SHA-256 of the pack>","seed":7,"mode":"training","h":"…"}
//! {"t":1500000,"in":{"line":{"term":0,"text":"df -h /"}},"h":"…"}
//! {"t":60000000,"state":"<state hash>","h":"…"}
//! {"t":60000000,"end":{"state":"…","score":null},"h":"…"}
//! ```
//!
//! `t` is in microseconds since the alert. `h` is the first 16 hexadecimal digits of SHA-256 over the previous line's
//! `h` and this line without its own. The end line is always the last; appending replaces it. The chain guards
//! against accidents, not against a forger, who can compute it too: executing the file again is what proves a score.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::input::Input;

/// The version of this format.
pub const RUN_VERSION: u32 = 1;
/// Bytes of a run file: some hundred thousand inputs.
pub const FILE_BYTES: usize = 64 << 20;
/// Bytes of one line: a pasted text or a postmortem.
pub const LINE_BYTES: usize = 1 << 20;

/// What help a player has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Hints may be asked for.
    #[default]
    Training,
    /// No hints.
    Interview,
}

impl Mode {
    pub fn name(self) -> &'static str {
        match self {
            Mode::Training => "training",
            Mode::Interview => "interview",
        }
    }
}

/// What the run is a run of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Always 1.
    pub firedrill: u32,
    /// The engine's build id.
    pub build: String,
    /// The scenario's public number.
    pub scenario: String,
    /// SHA-256 of the scenario's pack.
    pub content: String,
    pub seed: u64,
    pub mode: Mode,
}

/// What happened, or what the state was, `t` microseconds after the alert.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    Input {
        t: i64,
        input: Input,
    },
    /// The state hash at a whole simulated minute in which a player was in it.
    State {
        t: i64,
        state: u64,
    },
}

impl Entry {
    pub fn t(&self) -> i64 {
        match self {
            Entry::Input { t, .. } | Entry::State { t, .. } => *t,
        }
    }
}

/// The last instant, its state hash, and the score that the player was told, in whole points of 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    pub t: i64,
    pub state: u64,
    pub score: Option<u32>,
}

/// A run file that is whole.
#[derive(Clone, Debug, PartialEq)]
pub struct RunFile {
    pub header: Header,
    pub entries: Vec<Entry>,
    pub end: End,
}

/// Why a text is no run file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileError {
    /// From 1; 0 for the file as a whole.
    pub line: usize,
    pub wrong: String,
    /// What to do.
    pub mend: String,
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "the run file {}; {}", self.wrong, self.mend),
            line => write!(f, "the run file's line {line} {}; {}", self.wrong, self.mend),
        }
    }
}

impl std::error::Error for FileError {}

/// A line between the header and the end's successor: exactly one of the three members besides `t`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    t: i64,
    #[serde(rename = "in", default, skip_serializing_if = "Option::is_none")]
    input: Option<Input>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    end: Option<EndBody>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EndBody {
    state: String,
    score: Option<u32>,
}

fn hash_text(state: u64) -> String {
    format!("{state:016x}")
}

/// Exactly 16 small hexadecimal digits.
fn read_hash(text: &str) -> Option<u64> {
    let plain = text.len() == 16 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    plain.then(|| u64::from_str_radix(text, 16).ok()).flatten()
}

/// The chain's next link.
fn link(previous: &str, line: &str) -> String {
    let mut sha = Sha256::new();
    sha.update(previous.as_bytes());
    sha.update(line.as_bytes());
    sha.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Writes a run file as it grows.
#[derive(Clone, Debug)]
pub struct RunLog {
    text: String,
    chain: String,
}

impl RunLog {
    pub fn new(header: &Header) -> RunLog {
        let mut log = RunLog { text: String::new(), chain: String::new() };
        // Plain structs of strings and numbers: writing them as JSON cannot fail.
        log.line(&serde_json::to_string(header).unwrap_or_default());
        log
    }

    /// Appends an entry. Entries come in the order of their instants.
    pub fn push(&mut self, entry: &Entry) {
        let body = match entry {
            Entry::Input { t, input } => Body { t: *t, input: Some(input.clone()), state: None, end: None },
            Entry::State { t, state } => Body { t: *t, input: None, state: Some(hash_text(*state)), end: None },
        };
        self.line(&serde_json::to_string(&body).unwrap_or_default());
    }

    /// The whole file, ended at `end`.
    pub fn ended(&self, end: End) -> String {
        let mut whole = self.clone();
        let body = EndBody { state: hash_text(end.state), score: end.score };
        let body = Body { t: end.t, input: None, state: None, end: Some(body) };
        whole.line(&serde_json::to_string(&body).unwrap_or_default());
        whole.text
    }

    fn line(&mut self, json: &str) {
        self.chain = link(&self.chain, json);
        let open = json.strip_suffix('}').unwrap_or(json);
        self.text.push_str(open);
        self.text.push_str(&format!(",\"h\":\"{}\"}}\n", self.chain));
    }
}

impl RunFile {
    /// The file as text.
    pub fn to_text(&self) -> String {
        let mut log = RunLog::new(&self.header);
        for entry in &self.entries {
            log.push(entry);
        }
        log.ended(self.end)
    }

    /// Reads a file. Errors name the first line that is not as it was written, and what to do.
    pub fn parse(text: &str) -> Result<RunFile, FileError> {
        let refuse = |line: usize, wrong: &str, mend: &str| {
            Err(FileError { line, wrong: wrong.to_string(), mend: mend.to_string() })
        };
        const ORIGINAL: &str = "use the file as Firedrill wrote it (nothing of this one was executed)";
        if text.is_empty() {
            return refuse(0, "is empty", "start a run with `firedrill new`");
        }
        if text.len() > FILE_BYTES {
            return refuse(0, "is too large", ORIGINAL);
        }
        let Some(text) = text.strip_suffix('\n') else {
            return refuse(0, "does not end with a complete line: its end is lost", ORIGINAL);
        };
        let mut chain = String::new();
        let mut header: Option<Header> = None;
        let mut entries: Vec<Entry> = Vec::new();
        let mut end: Option<End> = None;
        for (number, line) in (1..).zip(text.split('\n')) {
            if line.len() > LINE_BYTES {
                return refuse(number, "is too long", ORIGINAL);
            }
            if end.is_some() {
                return refuse(number, "follows the end line", ORIGINAL);
            }
            let Some((body, h)) = split_link(line) else {
                return refuse(number, "does not end in its hash \"h\"", ORIGINAL);
            };
            chain = link(&chain, &body);
            if chain != h {
                return refuse(
                    number,
                    "was changed, or a line before it is lost: its hash \"h\" does not match",
                    ORIGINAL,
                );
            }
            if header.is_none() {
                header = Some(read_header(&body).map_err(|wrong| FileError {
                    line: number,
                    wrong,
                    mend: "use a run file that this Firedrill wrote".into(),
                })?);
                continue;
            }
            let last = entries.last().map_or(0, Entry::t);
            match serde_json::from_str::<Body>(&body) {
                Ok(b) if b.t < last => return refuse(number, "goes back in time", ORIGINAL),
                Ok(Body { t, input: Some(input), state: None, end: None }) => entries.push(Entry::Input { t, input }),
                Ok(Body { t, input: None, state: Some(state), end: None }) => match read_hash(&state) {
                    Some(state) => entries.push(Entry::State { t, state }),
                    None => return refuse(number, "holds no state hash", ORIGINAL),
                },
                Ok(Body { t, input: None, state: None, end: Some(body) }) => match read_hash(&body.state) {
                    Some(state) => end = Some(End { t, state, score: body.score }),
                    None => return refuse(number, "holds no state hash", ORIGINAL),
                },
                _ => {
                    return refuse(
                        number,
                        "holds an entry that this Firedrill does not know",
                        "open it with the Firedrill that wrote it (its build stands in line 1)",
                    );
                }
            }
        }
        match (header, end) {
            (Some(header), Some(end)) => Ok(RunFile { header, entries, end }),
            _ => refuse(0, "has no end line: its end is lost", ORIGINAL),
        }
    }
}

/// A line without its hash, and the hash.
fn split_link(line: &str) -> Option<(String, &str)> {
    let (body, h) = line.strip_suffix("\"}")?.rsplit_once(",\"h\":\"")?;
    read_hash(h)?;
    Some((format!("{body}}}"), h))
}

fn read_header(body: &str) -> Result<Header, String> {
    let header: Header = serde_json::from_str(body).map_err(|_| "is no header of a run file".to_string())?;
    match header.firedrill {
        RUN_VERSION => Ok(header),
        other => Err(format!("says that the file has version {other}; this Firedrill reads version 1")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::input::TermSignal;

    fn sample() -> RunFile {
        let line = |t: i64, text: &str| Entry::Input { t, input: Input::Line { term: 0, text: text.into() } };
        RunFile {
            header: Header {
                firedrill: 1,
                build: "0.1.0+test".into(),
                scenario: "INC-4127".into(),
                content: "ab".repeat(32),
                seed: 7,
                mode: Mode::Training,
            },
            entries: vec![
                Entry::Input {
                    t: 0,
                    input: Input::Open { term: 0, host: "web-02".into(), command: None, stdin: None },
                },
                line(1_500_000, "df -h / # é \"quoted\",\"h\":\"0123456789abcdef\"}"),
                Entry::Input { t: 2_000_000, input: Input::Signal { term: 0, signal: TermSignal::Int } },
                Entry::State { t: 60_000_000, state: 0x00ff_1234 },
                line(60_000_000, "exit"),
            ],
            end: End { t: 61_000_000, state: u64::MAX, score: Some(72) },
        }
    }

    #[test]
    fn a_run_survives_its_file() {
        let run = sample();
        assert_eq!(RunFile::parse(&run.to_text()).unwrap(), run);
        let first = run.to_text().lines().next().unwrap().to_string();
        let body = "{\"firedrill\":1,\"build\":\"0.1.0+test\",\"scenario\":\"INC-4127\",\"content\":\"";
        assert!(first.starts_with(body), "{first}");
    }

    #[test]
    fn every_changed_byte_is_refused() {
        let text = sample().to_text();
        for at in 0..text.len() {
            for flip in [0x01u8, 0x20, 0x80] {
                let mut bytes = text.clone().into_bytes();
                bytes[at] ^= flip;
                // What is no UTF-8 cannot even be given to the reader.
                if let Ok(changed) = String::from_utf8(bytes) {
                    let error = RunFile::parse(&changed).expect_err(&format!("byte {at} flipped by {flip}"));
                    assert!(!error.mend.is_empty() && !error.wrong.is_empty());
                }
            }
        }
    }

    #[test]
    fn every_lost_or_repeated_part_is_refused() {
        let text = sample().to_text();
        for cut in 0..text.len() {
            assert!(text.get(..cut).is_none_or(|t| RunFile::parse(t).is_err()), "cut at {cut}");
        }
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        for at in 0..lines.len() {
            let without: String = lines.iter().enumerate().filter(|(n, _)| *n != at).map(|(_, l)| *l).collect();
            assert!(RunFile::parse(&without).is_err(), "line {at} lost");
            let mut twice = lines.clone();
            twice.insert(at, lines[at]);
            assert!(RunFile::parse(&twice.concat()).is_err(), "line {at} twice");
        }
        assert!(RunFile::parse(&text.replace('\n', "\r\n")).is_err());
        assert!(RunFile::parse(&format!("{text}\n")).is_err());
        assert!(RunFile::parse(&format!(" {text}")).is_err());
    }

    /// A chain that matches does not make an entry a known one.
    #[test]
    fn a_well_chained_file_with_strange_entries_is_refused() {
        let header = "{\"firedrill\":1,\"build\":\"b\",\"scenario\":\"INC-1\",\"content\":\"c\",\"seed\":1,\"mode\":\"training\"}";
        let end = "{\"t\":5,\"end\":{\"state\":\"0000000000000000\",\"score\":null}}";
        let file = |lines: &[&str]| {
            let mut log = RunLog { text: String::new(), chain: String::new() };
            lines.iter().for_each(|line| log.line(line));
            RunFile::parse(&log.text)
        };
        assert!(file(&[header, end]).is_ok());
        for strange in [
            "{\"t\":1}",
            "{\"t\":1,\"in\":{\"fly\":{}}}",
            "{\"t\":9,\"in\":{\"hint\":{}}}",
            "{\"t\":1,\"state\":\"xyz\"}",
            "{\"t\":1,\"in\":{\"hint\":{}},\"state\":\"0000000000000000\"}",
            "{\"t\":1,\"extra\":1,\"in\":{\"hint\":{}}}",
            end,
        ] {
            assert!(file(&[header, strange, end]).is_err(), "{strange}");
        }
        assert!(file(&[&header.replace(":1,\"build", ":2,\"build"), end]).unwrap_err().wrong.contains("version 2"));
        assert!(file(&[end, end]).is_err());
    }

    #[test]
    fn the_end_is_replaced_when_the_log_grows() {
        let run = sample();
        let mut log = RunLog::new(&run.header);
        let first = log.ended(End { t: 1, state: 1, score: None });
        log.push(&Entry::State { t: 60_000_000, state: 2 });
        let second = log.ended(End { t: 60_000_000, state: 2, score: None });
        assert_eq!(RunFile::parse(&first).unwrap().entries.len(), 0);
        assert_eq!(RunFile::parse(&second).unwrap().entries.len(), 1);
    }
}
