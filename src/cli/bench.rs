//! `bench`: what the engine costs in real time. Measured here and never asserted: a timed test fails on a busy machine.

use std::collections::BTreeMap;
use std::time::Instant;

use serde_json::json;

use super::out::Out;
use super::{Done, Failed, show};
use crate::base::{SimTime, Span};
use crate::run::file::Mode;
use crate::run::machine::wait_command;
use crate::run::{Input, Run, plain};
use crate::scenario::Catalogue;

/// Megabytes that go through the pipeline, and how many times a small thing is done.
const PIPELINE_MB: u32 = 64;
const SPAWNS: u32 = 3_000;
const PROMPTS: u32 = 1_000;

/// Four stages that look at every byte.
const PIPELINE: &str = "yes 'GET /api/orders 200 17ms the quick brown fox' | head -c 64M | grep -v zebra | wc -l";

struct Figure {
    what: &'static str,
    value: f64,
    unit: &'static str,
}

/// Real seconds of a script on a plain host.
fn script(text: &str) -> Result<f64, Failed> {
    let mut machine = plain::machine(Vec::new(), "/home/user", SimTime::from_secs(1_773_284_820))?;
    let began = Instant::now();
    plain::start(&mut machine, text, "/", BTreeMap::new(), Vec::new(), b"")?;
    let status = wait_command(&mut machine, 0, Span::DAY, &mut |_, _| true);
    let took = began.elapsed().as_secs_f64();
    if status == 0 { Ok(took) } else { Err(Failed::trouble(format!("{text}: it ended with status {status}"))) }
}

/// Real seconds until each of many lines has brought its prompt.
fn prompts(run: &mut Run) -> Result<f64, Failed> {
    let term = run.fresh_term();
    run.input(Input::Open { term, host: run.first_host(), command: None, stdin: None })?;
    run.advance_until_idle(2_000_000);
    let began = Instant::now();
    for _ in 0..PROMPTS {
        run.input(Input::Line { term, text: "echo".into() })?;
        run.advance_until_idle(2_000_000);
    }
    Ok(began.elapsed().as_secs_f64())
}

fn figures(catalogue: &Catalogue) -> Result<Vec<Figure>, Failed> {
    let id = catalogue.ids().next().ok_or_else(|| Failed::trouble("there are no incidents"))?;
    let scenario = super::folder::scenario(catalogue, id)?;
    let pipeline = script(PIPELINE)?;
    let spawn = script(&format!("for ((i = 0; i < {SPAWNS}; i++)); do /bin/true; done"))?;
    let began = Instant::now();
    let mut run = Run::start(&scenario, 1, Mode::Training)?;
    let start = began.elapsed().as_secs_f64();
    let prompt = prompts(&mut run)?;
    let began = Instant::now();
    run.advance(run.now() + Span::HOUR.micros() as i64);
    let hour = began.elapsed().as_secs_f64();
    let bytes = run.file().len();
    let began = Instant::now();
    Run::resume(&scenario, &run.file())?;
    let resume = began.elapsed().as_secs_f64();
    let figure = |what, value, unit| Figure { what, value, unit };
    Ok(vec![
        figure("text through yes | head | grep | wc", f64::from(PIPELINE_MB) / pipeline, "MB/s"),
        figure("a process: fork, exec, wait", spawn / f64::from(SPAWNS) * 1e6, "µs"),
        figure("a line at the prompt", prompt / f64::from(PROMPTS) * 1e6, "µs"),
        figure("an incident's past and its alert", start * 1e3, "ms"),
        figure("a simulated hour", hour * 1e3, "ms"),
        figure("the same run executed again", resume * 1e3, "ms"),
        figure("its run file", bytes as f64 / 1024.0, "KiB"),
    ])
}

pub(crate) fn bench(catalogue: &Catalogue, as_json: bool, out: &mut Out) -> Done {
    let figures = figures(catalogue)?;
    if as_json {
        let rows: Vec<_> = figures.iter().map(|f| json!({"what": f.what, "value": f.value, "unit": f.unit})).collect();
        out.text(&show::json_line(&json!(rows)));
        return Ok(0);
    }
    for f in figures {
        out.text(&format!("{:<40} {:>10.1} {}\n", f.what, f.value, f.unit));
    }
    Ok(0)
}
