//! Commands on a run file: each executes it again, does its part, and writes it back whole.

use std::path::Path;

use serde_json::json;

use super::args::{Do, Format, ModeName, New, Start};
use super::out::{Out, stdin_bytes, stdin_text};
use super::{Done, Failed, folder, show};
use crate::base::Span;
use crate::run::file::{FILE_BYTES, Mode, RunFile};
use crate::run::{Input, Run, plays};
use crate::scenario::{Catalogue, Play, Scenario};
use crate::score::{Answer, Severity, review};

/// Simulated time after which a script is ended.
pub(crate) const SCRIPT_LIMIT: Span = Span(3_600_000_000);

/// The seed that was asked for, or a new one, the only true randomness there is.
pub(crate) fn seed(start: &Start) -> u64 {
    start.seed.unwrap_or_else(new_seed)
}

/// Six digits: easy to say and to type.
pub(crate) fn new_seed() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    // The standard library keys this by the system's randomness.
    std::collections::hash_map::RandomState::new().build_hasher().finish() % 1_000_000
}

pub(crate) fn mode(start: &Start) -> Mode {
    match start.mode {
        ModeName::Training => Mode::Training,
        ModeName::Interview => Mode::Interview,
    }
}

/// The scenario of a run file and its text.
fn read(catalogue: &Catalogue, path: &Path) -> Result<(Scenario, String), Failed> {
    let text = folder::read_text(path, FILE_BYTES as u64)?;
    let file = RunFile::parse(&text).map_err(|e| Failed::no(e.to_string()))?;
    let scenario = match catalogue.load(&file.header.scenario) {
        Some(loaded) => loaded.map_err(|p| folder::problems(Path::new(&file.header.scenario), &p))?,
        None => {
            return Err(Failed::trouble(format!(
                "this run is of {}, which is not here; name the folder that holds it with --scenarios",
                file.header.scenario
            )));
        }
    };
    Ok((scenario, text))
}

fn resume(catalogue: &Catalogue, path: &Path) -> Result<Run, Failed> {
    let (scenario, text) = read(catalogue, path)?;
    Run::resume(&scenario, &text).map_err(Failed::no)
}

fn save(run: &Run, path: &Path) -> Result<(), Failed> {
    folder::write_whole(path, &run.file())
}

/// The name of a host that is given by name or role.
pub(crate) fn host_name(run: &Run, host: Option<&str>) -> Result<String, Failed> {
    let Some(host) = host else { return Ok(run.first_host()) };
    if run.host_names().iter().any(|name| name == host) {
        return Ok(host.to_string());
    }
    let role = run.incident().spec.hosts.get(host).map(|h| h.name.clone());
    role.ok_or_else(|| {
        Failed::trouble(format!("there is no host \"{host}\"; there are: {}", run.host_names().join(", ")))
    })
}

pub(crate) fn new(catalogue: &mut Catalogue, new: New, out: &mut Out) -> Done {
    let id = match new.id {
        Some(id) => id,
        None => {
            let numbers: Vec<String> = catalogue.entries().map(|e| e.number.clone()).collect();
            let drawn = usize::try_from(new_seed()).unwrap_or(0) % numbers.len().max(1);
            numbers.get(drawn).cloned().ok_or_else(|| Failed::trouble("there are no incidents"))?
        }
    };
    if new.output.exists() {
        return Err(Failed::trouble(format!("{} exists already; name another file", new.output.display())));
    }
    let scenario = folder::scenario(catalogue, &id)?;
    let run = Run::start(&scenario, seed(&new.start), mode(&new.start))?;
    save(&run, &new.output)?;
    out.text(&show::opening(&run));
    Ok(0)
}

pub(crate) fn act(catalogue: &Catalogue, act: Do, out: &mut Out) -> Done {
    let mut run = resume(catalogue, &act.run)?;
    let status = match (&act.play, &act.script) {
        (Some(file), _) => {
            let name = file.display().to_string();
            let text = folder::read_text(file, 1 << 20)?;
            let play = Play::parse(&name, &text).map_err(|p| Failed::trouble(p.to_string()))?;
            let mut problems = Vec::new();
            play.check(&name, &run.incident().spec, &mut problems);
            if let Some(problem) = problems.first() {
                return Err(Failed::trouble(problem.to_string()));
            }
            if play.tells_variants() {
                return Err(Failed::trouble(format!(
                    "{name}: acts of one variant would tell which was drawn; only `firedrill lint` plays them"
                )));
            }
            let played = plays::perform(&mut run, &play);
            save(&run, &act.run)?;
            out.text(&played.map_err(|e| Failed::no(format!("{name}: {e}")))?.transcript);
            0
        }
        (None, Some(script)) => {
            let host = host_name(&run, act.host.as_deref())?;
            let stdin = stdin_text()?;
            let limit = act.limit.unwrap_or(SCRIPT_LIMIT);
            let status = run.command(&host, script, stdin, limit, &mut |stream, bytes| out.bytes(stream, bytes))?;
            save(&run, &act.run)?;
            status
        }
        (None, None) => return Err(Failed::trouble("give a script with -c or a play with --play")),
    };
    Ok(status)
}

pub(crate) fn wait(catalogue: &Catalogue, path: &Path, span: Span, out: &mut Out) -> Done {
    let mut run = resume(catalogue, path)?;
    let until = i64::try_from(span.micros()).ok().and_then(|span| run.now().checked_add(span));
    run.advance(until.ok_or_else(|| Failed::trouble("so long no run is"))?);
    save(&run, path)?;
    out.text(&show::status(&run));
    Ok(0)
}

/// Appends one input.
fn one(catalogue: &Catalogue, path: &Path, input: Input) -> Result<Run, Failed> {
    let mut run = resume(catalogue, path)?;
    run.input(input)?;
    save(&run, path)?;
    Ok(run)
}

pub(crate) fn ack(catalogue: &Catalogue, path: &Path, severity: &str, out: &mut Out) -> Done {
    let severity = Severity::parse(severity)
        .ok_or_else(|| Failed::trouble(format!("\"{severity}\" is no severity; write P0, P1, P2 or P3")))?;
    one(catalogue, path, Input::Ack { severity })?;
    out.text(&format!("Acknowledged as {}.\n", severity.code()));
    Ok(0)
}

pub(crate) fn say(catalogue: &Catalogue, path: &Path, text: &str, out: &mut Out) -> Done {
    one(catalogue, path, Input::Say { text: text.to_string() })?;
    out.text("Said.\n");
    Ok(0)
}

pub(crate) fn pin(catalogue: &Catalogue, path: &Path, text: &str, out: &mut Out) -> Done {
    one(catalogue, path, Input::Pin { text: text.to_string(), source: "term 0".into() })?;
    out.text("Pinned.\n");
    Ok(0)
}

pub(crate) fn status(catalogue: &Catalogue, path: &Path, json: bool, out: &mut Out) -> Done {
    let run = resume(catalogue, path)?;
    out.text(&if json { show::status_json(&run) } else { show::status(&run) });
    Ok(0)
}

pub(crate) fn diagnose(catalogue: &Catalogue, path: &Path, answer: Option<&Path>, form: bool, out: &mut Out) -> Done {
    let mut run = resume(catalogue, path)?;
    if form {
        out.text(&show::form(run.objects()));
        return Ok(0);
    }
    let Some(file) = answer else { return Err(Failed::trouble("name the answer's file")) };
    let text = if file == Path::new("-") {
        String::from_utf8_lossy(&stdin_bytes()?).into_owned()
    } else {
        folder::read_text(file, 1 << 20)?
    };
    let answer = Answer::parse(&text).map_err(|e| Failed::trouble(format!("{}: {e}", file.display())))?;
    let asked = review(&answer, run.objects(), run.alert_time());
    if !asked.is_empty() {
        return Err(Failed { status: 3, words: format!("the diagnosis was not given yet:\n{}", show::asked(&asked)) });
    }
    run.input(Input::Diagnose(Box::new(answer)))?;
    save(&run, path)?;
    if let Some(report) = run.report() {
        out.text(&show::report(report));
    }
    Ok(0)
}

pub(crate) fn report(catalogue: &Catalogue, path: &Path, format: Format, out: &mut Out) -> Done {
    let run = resume(catalogue, path)?;
    let Some(report) = run.report() else {
        return Err(Failed::no("there is no diagnosis yet; give one with `firedrill diagnose`"));
    };
    out.text(&match format {
        Format::Text => show::report(report),
        Format::Json => show::json_line(&json!(report)),
    });
    Ok(0)
}

pub(crate) fn verify(catalogue: &Catalogue, path: &Path, out: &mut Out) -> Done {
    let (scenario, text) = read(catalogue, path)?;
    match Run::verify(&scenario, &text).map_err(Failed::no)? {
        Some(report) => {
            let passed = if report.pass { "passed" } else { "not passed" };
            out.text(&format!(
                "{} seed {}: score {}, {passed}. The run gives what it claims.\n",
                report.number, report.seed, report.score
            ));
        }
        None => out.text("The run gives what it claims. It has no diagnosis yet, so no score.\n"),
    }
    Ok(0)
}
