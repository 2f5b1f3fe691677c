//! Plays a play: its acts become inputs of a run, as if somebody typed them.

use bstr::ByteSlice;

use super::input::Input;
use super::{Run, stamp};
use crate::base::Span;
use crate::base::regex::{Flags, Regex, Syntax};
use crate::scenario::play::{Act, Expect, Play, UNTIL_STEP, Until};
use crate::scenario::{play, substitute};
use crate::world::alerts::AlertState;

/// How long one command of a play may take.
const COMMAND_LIMIT: Span = Span(3_600_000_000);

/// What a play showed.
#[derive(Clone, Debug, Default)]
pub struct Played {
    /// What the player would have seen, command lines included.
    pub transcript: String,
    /// Output of the last command.
    last: String,
    status: u8,
}

/// Plays every act that belongs to the run's variant. The error names the play's line and what was expected.
pub fn perform(run: &mut Run, play: &Play) -> Result<Played, String> {
    let (variant, words) = (run.incident().variant.clone(), run.incident().words.clone());
    let acts: Vec<(u32, Act)> = play.acts(&variant, &words).collect();
    let mut played = Played::default();
    for (line, act) in acts {
        one(run, act, &mut played).map_err(|e| {
            let tail: Vec<&str> = played.transcript.lines().rev().take(8).collect();
            let tail: String = tail.into_iter().rev().map(|l| format!("    {l}\n")).collect();
            format!("line {line} at {}: {e}\n  it had shown:\n{tail}", stamp(run.now()))
        })?;
    }
    Ok(played)
}

fn one(run: &mut Run, act: Act, played: &mut Played) -> Result<(), String> {
    match act {
        Act::Command { host, line } => command(run, &host, &line, played).map(drop),
        Act::Wait(span) => {
            run.advance(run.now() + span.0 as i64);
            Ok(())
        }
        Act::Until { what, limit } => until(run, &what, limit, played),
        Act::Ack(severity) => run.input(Input::Ack { severity }),
        Act::Say(text) => run.input(Input::Say { text }),
        Act::Ask(text) => run.input(Input::Ask { text }),
        Act::Pin(pattern) => {
            let regex = regex(&pattern)?;
            let line = played.transcript.lines().find(|l| regex.is_match(l.as_bytes()));
            let text = line.ok_or_else(|| format!("nothing shown so far matches /{pattern}/"))?.to_string();
            run.input(Input::Pin { text, source: "term 0".into() })
        }
        Act::Hint => run.input(Input::Hint {}),
        Act::GiveUp => run.input(Input::GiveUp {}),
        Act::Query { .. } => Err("queries are not part of the incident yet".into()),
        Act::Diagnose(json) => {
            let answer = play::answer(&substitute(&json, &run.incident().words))?;
            run.input(Input::Diagnose(Box::new(answer)))
        }
        Act::Expect { what, not } => expect(run, &what, not, played),
    }
}

fn regex(pattern: &str) -> Result<Regex, String> {
    Regex::new(pattern.as_bytes(), Syntax::Extended, Flags::default()).map_err(|e| format!("/{pattern}/: {e}"))
}

/// Runs a line on the host of a role; its status.
fn command(run: &mut Run, role: &str, line: &str, played: &mut Played) -> Result<u8, String> {
    let host = run.hosts().get(role).map(|&id| run.world().host(id).name.clone()).unwrap_or_else(|| role.to_string());
    played.transcript.push_str(&format!("{host}$ {line}\n"));
    let mut output = Vec::new();
    let status = run.command(&host, line, None, COMMAND_LIMIT, &mut |_, bytes| {
        output.extend_from_slice(bytes);
        true
    })?;
    let output = output.to_str_lossy().into_owned();
    played.transcript.push_str(&output);
    if !output.is_empty() && !output.ends_with('\n') {
        played.transcript.push('\n');
    }
    (played.last, played.status) = (output, status);
    Ok(status)
}

fn until(run: &mut Run, what: &Until, limit: Span, played: &mut Played) -> Result<(), String> {
    let deadline = run.now() + limit.0 as i64;
    let step = if matches!(what, Until::Command { .. }) { UNTIL_STEP } else { Span::SECOND };
    loop {
        let met = match what {
            Until::Alert { name, firing } => firing_now(run, name)? == *firing,
            Until::Sli { name } => sli_met(run, name)?,
            Until::Command { host, line } => command(run, host, line, played)? == 0,
        };
        if met {
            return Ok(());
        }
        if run.now() + step.0 as i64 > deadline {
            return Err(format!("what it waits for did not come within {limit}"));
        }
        run.advance(run.now() + step.0 as i64);
    }
}

fn firing_now(run: &Run, name: &str) -> Result<bool, String> {
    let alerts = run.alerts();
    let alert = alerts.iter().find(|a| a.name == name).ok_or_else(|| format!("there is no alert {name}"))?;
    Ok(alert.state == AlertState::Firing)
}

fn sli_met(run: &Run, name: &str) -> Result<bool, String> {
    let slis = run.slis();
    slis.iter().find(|s| s.name == name).map(|s| s.met).ok_or_else(|| format!("there is no service level {name}"))
}

fn expect(run: &Run, what: &Expect, not: bool, played: &Played) -> Result<(), String> {
    let (holds, told) = match what {
        Expect::Output(pattern) => {
            let regex = regex(pattern)?;
            (played.last.lines().any(|l| regex.is_match(l.as_bytes())), format!("output that matches /{pattern}/"))
        }
        Expect::Status(status) => (played.status == *status, format!("status {status}, it is {}", played.status)),
        Expect::AlertFiring(name) => (firing_now(run, name)?, format!("{name} firing")),
        Expect::SliOk(name) => (sli_met(run, name)?, format!("{name} within its objective")),
    };
    if holds == not { Err(format!("expected {}{told}", if not { "no " } else { "" })) } else { Ok(()) }
}
