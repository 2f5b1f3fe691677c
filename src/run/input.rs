//! Everything a player can do to a run: a closed list, as it stands in the run file and crosses the worker's border.
//!
//! Pause, speed, view and scroll are not inputs; keys at a readline prompt are not either, only the line at Enter.

use serde::{Deserialize, Serialize};

use crate::score::{Answer, Severity};

/// A terminal's number, given by whoever opens it.
pub type TermId = u32;

/// One entry of the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Input {
    /// A line typed at a prompt, without its end of line.
    Line {
        term: TermId,
        text: String,
    },
    /// Bytes of keys while a program reads the terminal.
    Key {
        term: TermId,
        text: String,
    },
    /// Pasted text while a program reads the terminal.
    Paste {
        term: TermId,
        text: String,
    },
    Resize {
        term: TermId,
        cols: u16,
        rows: u16,
    },
    /// A key that the terminal turns into a signal, or end of file.
    Signal {
        term: TermId,
        signal: TermSignal,
    },
    /// Opens a terminal on a host with a login shell, or runs one command there without a terminal.
    Open {
        term: TermId,
        /// The host's name.
        host: String,
        /// For `bash -c`, with stdin below, no terminal.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        command: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stdin: Option<String>,
    },
    /// Hangs a terminal up.
    Close {
        term: TermId,
    },
    /// A query of a panel.
    Query {
        language: QueryLanguage,
        text: String,
    },
    /// Keeps a line of evidence.
    Pin {
        text: String,
        /// Where it was seen: "term 0", "alert", "chart".
        source: String,
    },
    /// Takes the page and says how bad it is.
    Ack {
        severity: Severity,
    },
    /// A word in the incident's channel.
    Say {
        text: String,
    },
    /// A question in the incident's channel.
    Ask {
        text: String,
    },
    Hint {},
    Diagnose(Box<Answer>),
    Postmortem {
        text: String,
    },
    GiveUp {},
}

/// What Ctrl+C, Ctrl+\, Ctrl+Z and Ctrl+D at the start of a line are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TermSignal {
    Int,
    Quit,
    Tstp,
    Eof,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QueryLanguage {
    Promql,
    Logql,
    Trace,
}

impl Input {
    /// The terminal that it is for.
    pub fn term(&self) -> Option<TermId> {
        match self {
            Input::Line { term, .. }
            | Input::Key { term, .. }
            | Input::Paste { term, .. }
            | Input::Resize { term, .. }
            | Input::Signal { term, .. }
            | Input::Open { term, .. }
            | Input::Close { term } => Some(*term),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The short forms of the run file: changing one breaks every file that players hold.
    #[test]
    fn the_written_forms_are_fixed() {
        let forms = [
            r#"{"line":{"term":0,"text":"df -h /"}}"#,
            r#"{"key":{"term":0,"text":"q"}}"#,
            r#"{"paste":{"term":0,"text":"a\nb"}}"#,
            r#"{"resize":{"term":0,"cols":120,"rows":40}}"#,
            r#"{"signal":{"term":0,"signal":"int"}}"#,
            r#"{"open":{"term":1,"host":"web-02"}}"#,
            r#"{"open":{"term":1,"host":"web-02","command":"df","stdin":"x"}}"#,
            r#"{"close":{"term":1}}"#,
            r#"{"query":{"language":"promql","text":"up"}}"#,
            r#"{"pin":{"text":"58G","source":"term 0"}}"#,
            r#"{"ack":{"severity":"P1"}}"#,
            r#"{"say":{"text":"looking"}}"#,
            r#"{"ask":{"text":"who?"}}"#,
            r#"{"hint":{}}"#,
            r#"{"diagnose":{"origin":"web-02:/","mechanism":"ST-1/unrotated-log"}}"#,
            r#"{"postmortem":{"text":"x"}}"#,
            r#"{"give-up":{}}"#,
        ];
        for form in forms {
            let input: Input = serde_json::from_str(form).expect(form);
            assert_eq!(serde_json::to_string(&input).unwrap(), form);
        }
    }

    #[test]
    fn other_forms_are_refused() {
        for form in [
            r#"{"line":{"term":0,"text":"x","more":1}}"#,
            r#"{"lines":{}}"#,
            r#"{"line":{"term":-1,"text":""}}"#,
            r#""hint""#,
            r#"{"hint":{"x":1}}"#,
        ] {
            assert!(serde_json::from_str::<Input>(form).is_err(), "{form}");
        }
    }
}
