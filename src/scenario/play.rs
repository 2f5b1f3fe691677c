//! Plays: text files of acts, one a line, that win, lose or ignore a scenario. Tests, hints, reference timelines and
//! `firedrill do --play` use this one format; running them is `run`'s.
//!
//! ```text
//! # A comment.
//! web$ df -h /                          a command on the host of this role, until its prompt is back
//! wait 5m                               let time pass
//! until alert MyappErrors resolved 10m  at most so long (30 minutes if left out)
//! until sli orders ok
//! until web$ systemctl is-active myapp  until its status is 0, tried each 10 s
//! ack P1 · say TEXT · ask TEXT · pin /REGEX/ · hint · give-up · query promql EXPR
//! diagnose {"origin": …}                the answer's JSON
//! expect /REGEX/ · expect not /REGEX/   the last command's output
//! expect status 1                       the last command's status
//! expect [not] alert NAME firing · expect [not] sli NAME ok
//! [a] web$ …                            an act of variant a only
//! ```

use super::format::ScenarioFile;
use super::problem::Problem;
use super::template::{Words, substitute};
use crate::base::Span;
use crate::base::explain::{nearest, printable, split_mend};
use crate::base::values::Duration;
use crate::score::{Answer, Severity};

/// How long `until` waits where the line does not say.
pub const UNTIL_LIMIT: Span = Span(30 * Span::MINUTE.0);
/// How often `until HOST$ CMD` tries.
pub const UNTIL_STEP: Span = Span(10 * Span::SECOND.0);
/// Bytes of one line.
const LINE_BYTES: usize = 64 << 10;

/// One act, as written: names are not yet put in.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// A command line on the host of a role.
    Command {
        host: String,
        line: String,
    },
    Wait(Span),
    Until {
        what: Until,
        limit: Span,
    },
    Ack(Severity),
    Say(String),
    Ask(String),
    /// The first line of any output so far that matches.
    Pin(String),
    Hint,
    GiveUp,
    Query {
        language: String,
        text: String,
    },
    /// The answer's JSON; placeholders are put in before it is read.
    Diagnose(String),
    Expect {
        what: Expect,
        not: bool,
    },
}

/// What an `until` waits for.
#[derive(Clone, Debug, PartialEq)]
pub enum Until {
    Alert {
        name: String,
        firing: bool,
    },
    Sli {
        name: String,
    },
    /// Until the command's status is 0.
    Command {
        host: String,
        line: String,
    },
}

/// What an `expect` asserts.
#[derive(Clone, Debug, PartialEq)]
pub enum Expect {
    /// The last command's output matches.
    Output(String),
    /// The last command's status.
    Status(u8),
    AlertFiring(String),
    SliOk(String),
}

/// A line of a play.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// From 1.
    pub number: u32,
    /// The variant that it belongs to; all if `None`.
    pub variant: Option<String>,
    pub act: Act,
}

/// A play.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Play {
    pub lines: Vec<Line>,
}

type Refused = (String, String);

fn refused<T>(wrong: impl Into<String>, write: impl Into<String>) -> Result<T, Refused> {
    Err((wrong.into(), write.into()))
}

impl Play {
    /// Reads a play. The error names `file`, the line, what is wrong and what to write.
    pub fn parse(file: &str, text: &str) -> Result<Play, Problem> {
        let mut lines = Vec::new();
        for (number, line) in (1u32..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let problem = |(wrong, write): Refused| Problem::of_line(file, number, wrong, write);
            if line.len() > LINE_BYTES || line.chars().any(|c| c.is_control() && c != '\t') {
                return Err(problem((
                    "the line is too long or holds a control character".into(),
                    "write plain text".into(),
                )));
            }
            let (variant, rest) = guard(line).map_err(problem)?;
            lines.push(Line { number, variant, act: act(rest).map_err(problem)? });
        }
        Ok(Play { lines })
    }

    /// The acts of one variant, with names put in.
    pub fn acts<'a>(&'a self, variant: &'a str, words: &'a Words) -> impl Iterator<Item = (u32, Act)> + 'a {
        let mine = move |line: &&Line| line.variant.as_deref().is_none_or(|v| v == variant);
        self.lines.iter().filter(mine).map(move |line| (line.number, named(&line.act, words)))
    }

    /// Whether some acts belong to one variant: then a player may not run it, as it would tell which was drawn.
    pub fn tells_variants(&self) -> bool {
        self.lines.iter().any(|line| line.variant.is_some())
    }

    /// Reports acts that name what the scenario does not have.
    pub fn check(&self, file: &str, spec: &ScenarioFile, problems: &mut Vec<Problem>) {
        let mut known = |line: u32, what: &str, name: &str, known: Vec<&str>| {
            if !known.contains(&name) {
                let list = known.iter().map(|k| format!("\"{k}\"")).collect::<Vec<_>>().join(", ");
                let write = match nearest(name, known) {
                    Some(near) => format!("did you mean \"{near}\"?"),
                    None => format!("write one of: {list}"),
                };
                problems.push(Problem::of_line(
                    file,
                    line,
                    format!("there is no {what} \"{}\"", printable(name)),
                    write,
                ));
            }
        };
        for line in &self.lines {
            let n = line.number;
            if let Some(variant) = &line.variant {
                known(n, "variant", variant, spec.variants.keys().map(String::as_str).collect());
            }
            match &line.act {
                Act::Command { host, .. } | Act::Until { what: Until::Command { host, .. }, .. } => {
                    known(n, "host", host, spec.hosts.keys().map(String::as_str).collect());
                }
                Act::Until { what: Until::Alert { name, .. }, .. }
                | Act::Expect { what: Expect::AlertFiring(name), .. } => {
                    known(n, "alert", name, spec.alerts.keys().map(String::as_str).collect());
                }
                Act::Until { what: Until::Sli { name }, .. } | Act::Expect { what: Expect::SliOk(name), .. } => {
                    known(n, "service level", name, spec.slis.keys().map(String::as_str).collect());
                }
                _ => {}
            }
        }
    }
}

/// The answer of a `diagnose` act.
pub fn answer(json: &str) -> Result<Answer, String> {
    serde_json::from_str(json).map_err(|e| {
        let what = e.to_string();
        let what = what.split(" at line ").next().unwrap_or_default().replace('`', "\"");
        format!("the answer is not right: {}", printable(&what))
    })
}

/// `[a] …`: the variant and the rest.
fn guard(line: &str) -> Result<(Option<String>, &str), Refused> {
    let Some(rest) = line.strip_prefix('[') else { return Ok((None, line)) };
    match rest.split_once(']') {
        Some((variant, rest)) if super::template::is_name(variant) => Ok((Some(variant.into()), rest.trim_start())),
        _ => refused("this guard names no variant", "write [a] before the act"),
    }
}

/// `web$ cmd`: the role and the command line. `None` if the line is no command.
fn command(line: &str) -> Option<(String, String)> {
    let (host, rest) = line.split_once('$')?;
    let word = super::template::is_name(host) && rest.starts_with([' ', '\t']);
    word.then(|| (host.to_string(), rest.trim().to_string()))
}

/// `/regex/`, where a slash inside needs no escape.
fn pattern(text: &str) -> Result<String, Refused> {
    match text.strip_prefix('/').and_then(|t| t.strip_suffix('/')) {
        Some(inner) if !inner.is_empty() => Ok(inner.to_string()),
        _ => refused("this is no pattern", "write /REGEX/ with a slash at both ends"),
    }
}

fn span(text: &str) -> Result<Span, Refused> {
    Duration::parse(text).map(Duration::span).map_err(|e| {
        let (wrong, write) = split_mend(&e);
        (wrong, write.unwrap_or_default())
    })
}

const VERBS: [&str; 12] =
    ["wait", "until", "ack", "say", "ask", "pin", "hint", "give-up", "query", "diagnose", "expect", "HOST$"];

fn act(line: &str) -> Result<Act, Refused> {
    if let Some((host, line)) = command(line) {
        if line.is_empty() {
            return refused("there is no command after the prompt", "write web$ and a command");
        }
        return Ok(Act::Command { host, line });
    }
    let (verb, rest) = line.split_once([' ', '\t']).unwrap_or((line, ""));
    let rest = rest.trim();
    let text = || {
        if rest.is_empty() {
            refused(format!("{verb} says nothing"), format!("write {verb} and a text"))
        } else {
            Ok(rest.to_string())
        }
    };
    match verb {
        "wait" => Ok(Act::Wait(span(rest)?)),
        "until" => until(rest),
        "ack" => match Severity::parse(rest) {
            Some(severity) => Ok(Act::Ack(severity)),
            None => refused("an acknowledgement names the severity", "write ack P0, P1, P2 or P3"),
        },
        "say" => Ok(Act::Say(text()?)),
        "ask" => Ok(Act::Ask(text()?)),
        "pin" => Ok(Act::Pin(pattern(rest)?)),
        "hint" => Ok(Act::Hint),
        "give-up" => Ok(Act::GiveUp),
        "query" => match rest.split_once(' ') {
            Some((language @ ("promql" | "logql" | "trace"), query)) => {
                Ok(Act::Query { language: language.into(), text: query.trim().into() })
            }
            _ => refused("this query has no language", "write query promql EXPR, query logql EXPR or query trace ID"),
        },
        "diagnose" => match answer(rest) {
            Ok(_) => Ok(Act::Diagnose(rest.into())),
            Err(wrong) => refused(wrong, "write diagnose {\"origin\": \"…\", \"mechanism\": \"…\"} on one line"),
        },
        "expect" => expect(rest),
        _ => {
            let write = match nearest(verb, VERBS) {
                Some(near) => format!("did you mean {near}?"),
                None => format!("write one of: {}", VERBS.join(", ")),
            };
            refused(format!("\"{}\" is no act", printable(verb)), write)
        }
    }
}

fn until(rest: &str) -> Result<Act, Refused> {
    const FORMS: &str = "write until alert NAME resolved 10m, until sli NAME ok 10m, or until web$ CMD";
    if let Some((host, line)) = command(rest).filter(|(_, line)| !line.is_empty()) {
        return Ok(Act::Until { what: Until::Command { host, line }, limit: UNTIL_LIMIT });
    }
    let words: Vec<&str> = rest.split_whitespace().collect();
    let (what, limit) = match words.as_slice() {
        ["alert", name, state @ ("resolved" | "firing"), limit @ ..] => {
            (Until::Alert { name: (*name).into(), firing: *state == "firing" }, limit)
        }
        ["sli", name, "ok", limit @ ..] => (Until::Sli { name: (*name).into() }, limit),
        _ => return refused("this says not what to wait for", FORMS),
    };
    let limit = match limit {
        [] => UNTIL_LIMIT,
        [limit] => span(limit)?,
        _ => return refused("there is more after the time limit", FORMS),
    };
    Ok(Act::Until { what, limit })
}

fn expect(rest: &str) -> Result<Act, Refused> {
    let (not, rest) = match rest.strip_prefix("not ") {
        Some(rest) => (true, rest.trim()),
        None => (false, rest),
    };
    let words: Vec<&str> = rest.split_whitespace().collect();
    let what = match words.as_slice() {
        ["status", code] => match code.parse() {
            Ok(code) => Expect::Status(code),
            Err(_) => return refused("this is no status", "write expect status 0 to 255"),
        },
        ["alert", name, "firing"] => Expect::AlertFiring((*name).into()),
        ["sli", name, "ok"] => Expect::SliOk((*name).into()),
        _ if rest.starts_with('/') => Expect::Output(pattern(rest)?),
        _ => {
            return refused(
                "this expects nothing that can be looked at",
                "write expect /REGEX/, expect status 0, expect alert NAME firing or expect sli NAME ok",
            );
        }
    };
    Ok(Act::Expect { what, not })
}

/// `act` with names put in.
fn named(act: &Act, words: &Words) -> Act {
    let put = |text: &String| substitute(text, words);
    match act {
        Act::Command { host, line } => Act::Command { host: host.clone(), line: put(line) },
        Act::Until { what: Until::Command { host, line }, limit } => {
            Act::Until { what: Until::Command { host: host.clone(), line: put(line) }, limit: *limit }
        }
        Act::Say(text) => Act::Say(put(text)),
        Act::Ask(text) => Act::Ask(put(text)),
        Act::Pin(text) => Act::Pin(put(text)),
        Act::Query { language, text } => Act::Query { language: language.clone(), text: put(text) },
        Act::Diagnose(text) => Act::Diagnose(put(text)),
        Act::Expect { what: Expect::Output(text), not } => Act::Expect { what: Expect::Output(put(text)), not: *not },
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(line: &str) -> Act {
        Play::parse("plays/x", line).unwrap().lines.remove(0).act
    }

    #[test]
    fn every_form_is_read() {
        assert_eq!(
            one("web$ echo a | grep '$'"),
            Act::Command { host: "web".into(), line: "echo a | grep '$'".into() }
        );
        assert_eq!(one("wait 5m"), Act::Wait(Span::from_secs(300)));
        assert_eq!(
            one("until alert X resolved 10m"),
            Act::Until { what: Until::Alert { name: "X".into(), firing: false }, limit: Span::from_secs(600) }
        );
        assert_eq!(one("until sli x ok"), Act::Until { what: Until::Sli { name: "x".into() }, limit: UNTIL_LIMIT });
        assert_eq!(
            one("until web$ test -e /x"),
            Act::Until { what: Until::Command { host: "web".into(), line: "test -e /x".into() }, limit: UNTIL_LIMIT }
        );
        assert_eq!(one("ack p1"), Act::Ack(Severity::P1));
        assert_eq!(one("pin /a/b/"), Act::Pin("a/b".into()));
        assert_eq!(one("expect not /x y/"), Act::Expect { what: Expect::Output("x y".into()), not: true });
        assert_eq!(one("expect status 1"), Act::Expect { what: Expect::Status(1), not: false });
        assert_eq!(one("say P1: $5 lost"), Act::Say("P1: $5 lost".into()));
        assert!(matches!(one("diagnose {\"origin\":\"x\",\"mechanism\":\"y\"}"), Act::Diagnose(_)));
    }

    #[test]
    fn variants_and_names_are_put_in() {
        let play = Play::parse("p", "# both\n[a] web$ cat ${x}\n[b] wait 1m\nsay ${x} ${HOME}").unwrap();
        let words = Words::from([("x".into(), "y".into())]);
        let acts: Vec<_> = play.acts("a", &words).collect();
        assert_eq!(
            acts,
            [(2, Act::Command { host: "web".into(), line: "cat y".into() }), (4, Act::Say("y ${HOME}".into()))]
        );
        assert!(play.tells_variants());
    }

    #[test]
    fn what_is_no_act_is_refused_with_its_line() {
        for line in [
            "wiat 5m",
            "wait five",
            "until pigs fly",
            "until alert X",
            "ack",
            "pin x",
            "expect",
            "expect status 999",
            "diagnose {",
            "diagnose {\"origin\":1}",
            "[?] wait 1m",
            "web$ ",
            "query sql x",
            "say",
            "web$ a\u{1b}[2J",
            "until sli x ok 5m more",
        ] {
            let problem = Play::parse("plays/x", &format!("# one\n{line}")).expect_err(line);
            assert_eq!((problem.line, problem.file.as_str()), (2, "plays/x"), "{line}");
            assert!(!problem.write.is_empty() && !problem.to_string().contains('\u{1b}'), "{problem}");
        }
        assert!(Play::parse("p", "wiat 5m").unwrap_err().write.contains("wait"));
    }
}
