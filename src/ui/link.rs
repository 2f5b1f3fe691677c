//! The page's end of the wire: it starts the engine worker, keeps the beat, stores the run, and starts the engine again
//! when it has died. Everything goes through the functions of this file; the state is one value of the page's only thread.
//!
//! Why is the beat sent only after the last answer? Because a slow engine then slows the simulated clock instead of falling
//! behind it, and the page can show that.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use js_sys::{Array, Uint8Array};
use leptos::prelude::*;
// The protocol has an `Update` too.
use leptos::prelude::Update as _;
use leptos::task::spawn_local;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{MessageEvent, Worker, WorkerOptions, WorkerType};

use super::dom::{self, document, real_ms};
use super::save;
use super::store::{Panel, Phase, Store};
use crate::present::{announce, clock};
use crate::protocol::{
    Act, ChartAsk, FromEngine, Letter, Recorded, Resumed, Saved, Start, TermFrame, ToEngine, Update, VERSION, decode,
    encode,
};

/// Real time between two looks at the clock, and between two refreshes of the charts.
const TICK_MS: u32 = 50;
const CHART_MS: f64 = 1000.0;
/// Real time that one beat may stand for: a page that was asleep does not make the engine catch up.
const BEAT_MS: f64 = 200.0;
/// No answer for so long means that the engine has died. Starting simulates days of history and may take longer.
const DEAD_MS: f64 = 10_000.0;
const DEAD_START_MS: f64 = 60_000.0;
/// Deaths within the time that a restart needs to prove itself: then the incident itself kills the engine.
const RESTARTS: u32 = 3;
/// What the charts show.
pub(super) const CHART_SPAN_US: i64 = 30 * 60_000_000;

type Sink = Rc<dyn Fn(Vec<TermFrame>)>;

thread_local! {
    static LINK: RefCell<Option<Link>> = const { RefCell::new(None) };
}

struct Link {
    store: Store,
    worker: Option<Worker>,
    /// Letters that wait for the worker to be ready.
    waiting: Option<Vec<Vec<u8>>>,
    seq: u64,
    /// Letters without an answer, with the time they were sent.
    open: VecDeque<(u64, f64)>,
    last_beat: f64,
    last_chart: f64,
    chart_width: u16,
    sinks: BTreeMap<u32, Sink>,
    frames: BTreeMap<u32, Vec<TermFrame>>,
    game: Option<Game>,
    /// Simulated µs and real ms of the last two seconds, for the lag.
    pace: VecDeque<(i64, f64)>,
}

/// The incident being played, with all that is needed to start it again.
struct Game {
    number: String,
    seed: u64,
    pack: String,
    started: bool,
    lines: Vec<String>,
    end: String,
    /// Up to the end of `lines`; what came later waits in `fresh`.
    record: Vec<Recorded>,
    fresh: Vec<Recorded>,
    chunks: u32,
    unwritten: VecDeque<(Saved, Vec<Recorded>)>,
    writing: bool,
    deaths: u32,
    born: f64,
}

fn with<T>(f: impl FnOnce(&mut Link) -> T) -> Option<T> {
    LINK.with_borrow_mut(|link| link.as_mut().map(f))
}

/// Starts the engine, so that it is ready when an incident is chosen, and the page's beat.
pub(super) fn start(store: Store) {
    LINK.with_borrow_mut(|link| {
        *link = Some(Link {
            store,
            worker: None,
            waiting: None,
            seq: 0,
            open: VecDeque::new(),
            last_beat: real_ms(),
            last_chart: 0.0,
            chart_width: 320,
            sinks: BTreeMap::new(),
            frames: BTreeMap::new(),
            game: None,
            pace: VecDeque::new(),
        });
    });
    spawn();
    // The page's beat lasts as long as the page.
    gloo_timers::callback::Interval::new(TICK_MS, tick).forget();
    spawn_local(async move {
        match save::list().await {
            Ok(numbers) => store.saved_runs.set(numbers),
            Err(_) => {
                store.notice(
                    "This browser does not store anything for this page: a reload will start the incident anew.",
                );
            }
        }
    });
}

/// Opens an incident: continues a saved run of it, or starts a new one.
pub(super) fn open(number: String, seed: Option<u64>) {
    let Some(store) = with(|link| {
        link.game = None;
        link.frames.clear();
        link.store
    }) else {
        return;
    };
    store.clear();
    store.phase.set(Phase::Loading("Fetching the incident".into()));
    spawn_local(async move {
        let pack = match dom::fetch_text(&format!("packs/{number}.json")).await {
            Ok(pack) => pack,
            Err(why) => {
                store.phase.set(Phase::Failed(format!("{number} could not be opened. {why}")));
                return;
            }
        };
        let stored = match save::load(&number).await {
            Ok(stored) => stored.filter(|s| seed.is_none_or(|seed| seed == s.seed)),
            Err(_) => {
                store.notice("The saved run could not be read, so the incident starts anew.");
                None
            }
        };
        let continued = stored.is_some();
        if !continued {
            let _ = save::delete(&number).await;
        }
        let stored = stored.unwrap_or_default();
        let seed = if continued { stored.seed } else { seed.unwrap_or_else(dom::new_seed) };
        store.phase.set(Phase::Loading(
            if continued {
                "Playing your saved run up to where you left it"
            } else {
                "Simulating the days before the alert"
            }
            .into(),
        ));
        let game = Game {
            number,
            seed,
            pack,
            started: false,
            lines: stored.lines,
            end: stored.end,
            record: stored.record,
            fresh: Vec::new(),
            chunks: stored.chunks,
            unwritten: VecDeque::new(),
            writing: false,
            deaths: 0,
            born: real_ms(),
        };
        with(|link| link.game = Some(game));
        send_start();
    });
}

/// Forgets the saved run and starts the incident with another seed.
pub(super) fn again(number: String) {
    with(|link| link.game = None);
    spawn_local(async move {
        let _ = save::delete(&number).await;
        let seed = dom::new_seed();
        with(|link| link.store).into_iter().for_each(|store| super::app::show(store, number.clone(), Some(seed)));
        open(number, Some(seed));
    });
}

/// Leaves the incident; its run is saved.
pub(super) fn leave() {
    with(|link| {
        link.game = None;
        link.frames.clear();
        link.store.phase.set(Phase::None);
    });
    let Some(store) = with(|link| link.store) else { return };
    spawn_local(async move {
        if let Ok(numbers) = save::list().await {
            store.saved_runs.set(numbers);
        }
    });
}

fn send_start() {
    let start = with(|link| {
        let game = link.game.as_mut()?;
        game.started = false;
        game.fresh.clear();
        Some(Start {
            pack: game.pack.clone(),
            seed: game.seed,
            mode: "training".into(),
            saved: (!game.lines.is_empty()).then(|| format!("{}\n{}\n", game.lines.join("\n"), game.end)),
            record: game.record.clone(),
            cols: 100,
            rows: 30,
        })
    });
    if let Some(Some(start)) = start {
        send(ToEngine::Start(Box::new(start)));
    }
}

/// Sends a letter, now or as soon as the engine listens.
pub(super) fn send(body: ToEngine) {
    with(|link| {
        link.seq += 1;
        let letter = Letter { seq: link.seq, body };
        link.open.push_back((link.seq, real_ms()));
        let bytes = encode(&letter);
        match (&mut link.waiting, &link.worker) {
            (Some(waiting), _) => waiting.push(bytes),
            (None, Some(worker)) => post(worker, &bytes),
            (None, None) => {}
        }
    });
}

pub(super) fn act(act: Act) {
    send(ToEngine::Act(act));
}

pub(super) fn pause(paused: bool) {
    with(|link| {
        link.store.paused.set(paused);
        link.last_beat = real_ms();
        link.pace.clear();
    });
    send(ToEngine::Pause(paused));
}

/// The charts' width in pixels.
pub(super) fn chart_width(width: f64) {
    with(|link| {
        link.chart_width = width.clamp(100.0, 2000.0) as u16;
        link.last_chart = 0.0;
    });
}

/// The frames of a terminal go here from now on; what has come before is delivered first.
pub(super) fn attach(term: u32, sink: Sink) {
    let early = with(|link| {
        link.sinks.insert(term, sink.clone());
        link.frames.remove(&term)
    });
    if let Some(Some(frames)) = early {
        sink(frames);
    }
}

pub(super) fn detach(term: u32) {
    with(|link| link.sinks.remove(&term));
}

/// The run file as it would be exported.
pub(super) fn run_file() -> Option<(String, String)> {
    with(|link| {
        let game = link.game.as_ref().filter(|game| !game.lines.is_empty())?;
        Some((format!("{}.firedrill", game.number), format!("{}\n{}\n", game.lines.join("\n"), game.end)))
    })
    .flatten()
}

fn post(worker: &Worker, bytes: &[u8]) {
    let buffer = Uint8Array::from(bytes).buffer();
    // Fails only for what cannot be handed over, which a fresh buffer is not.
    let _ = worker.post_message_with_transfer(&buffer, &Array::of1(&buffer));
}

/// A new worker. Letters wait until it has said that it is ready.
fn spawn() {
    let address = document()
        .query_selector("meta[name=engine]")
        .ok()
        .flatten()
        .and_then(|meta| meta.get_attribute("content"))
        .unwrap_or_else(|| "./worker_loader.js".into());
    let options = WorkerOptions::new();
    options.set_type(WorkerType::Module);
    options.set_name("engine");
    let Ok(worker) = Worker::new_with_options(&address, &options) else {
        with(|link| {
            link.store.phase.set(Phase::Failed("This browser cannot run the engine: it needs module workers.".into()))
        });
        return;
    };
    let hear = Closure::<dyn FnMut(MessageEvent)>::new(|event: MessageEvent| {
        match decode::<FromEngine>(&Uint8Array::new(&event.data()).to_vec()) {
            Ok(answer) => heard(answer),
            Err(why) => {
                with(|link| link.store.phase.set(Phase::Failed(why)));
            }
        }
    });
    worker.set_onmessage(Some(hear.as_ref().unchecked_ref()));
    hear.forget();
    let fail = Closure::<dyn FnMut(web_sys::Event)>::new(|_| died());
    worker.set_onerror(Some(fail.as_ref().unchecked_ref()));
    fail.forget();
    with(|link| {
        link.worker = Some(worker);
        link.waiting = Some(Vec::new());
        link.open.clear();
    });
}

/// The engine has failed or does not answer: another one plays the same log. What it was executing when it died was never
/// answered, so it is not in the log and not repeated.
fn died() {
    let go_on = with(|link| {
        if let Some(worker) = link.worker.take() {
            worker.set_onmessage(None);
            worker.set_onerror(None);
            worker.terminate();
        }
        link.open.clear();
        link.pace.clear();
        let store = link.store;
        let Some(game) = &mut link.game else { return Some(false) };
        if real_ms() - game.born > 60_000.0 {
            game.deaths = 0;
        }
        game.born = real_ms();
        game.deaths += 1;
        if game.deaths > RESTARTS {
            store.phase.set(Phase::Failed(
                "The engine stopped again and again. Your run is saved: download it and report it, or start the incident anew.".into(),
            ));
            return None;
        }
        store.resumed.set(None);
        store.restarts.update(|n| *n += 1);
        store.notice("The engine stopped and was started again; your incident goes on where it was.");
        Some(true)
    });
    match go_on.flatten() {
        None => {}
        Some(restart) => {
            spawn();
            if restart {
                send_start();
            }
        }
    }
}

/// Lets simulated time pass, and notices a dead engine.
fn tick() {
    let now = real_ms();
    let hidden = document().hidden();
    let dead = with(|link| {
        let limit = if link.game.as_ref().is_some_and(|g| g.started) { DEAD_MS } else { DEAD_START_MS };
        // A hidden page's timers are throttled: silence then says nothing.
        !hidden && link.open.front().is_some_and(|(_, sent)| now - sent > limit)
    });
    if dead == Some(true) {
        died();
        return;
    }
    let beat = with(|link| {
        let playing = link.game.as_ref().is_some_and(|g| g.started);
        if hidden || !playing {
            link.last_beat = now;
            return None;
        }
        if !link.open.is_empty() {
            return None;
        }
        let chart = (now - link.last_chart >= CHART_MS).then(|| {
            link.last_chart = now;
            let to = link.store.now.get_untracked();
            ChartAsk { from: to - CHART_SPAN_US, to, width: link.chart_width }
        });
        let paused = link.store.paused.get_untracked() || link.store.report.with_untracked(Option::is_some);
        let real = (now - link.last_beat).min(BEAT_MS);
        link.last_beat = now;
        if paused {
            return chart.is_some().then_some(ToEngine::Beat { us: 0, chart });
        }
        let us = real * 1000.0 * f64::from(link.store.speed.get_untracked());
        Some(ToEngine::Beat { us: us as u64, chart })
    });
    if let Some(Some(beat)) = beat {
        send(beat);
    }
}

fn heard(answer: FromEngine) {
    match answer {
        FromEngine::Ready { version, build } => {
            if version != VERSION || build != crate::protocol::BUILD {
                with(|link| {
                    link.store.phase.set(Phase::Failed(
                        "The page and the engine are of different builds. Reload the page; your run is saved.".into(),
                    ));
                });
                return;
            }
            if let Some(body) = document().body() {
                dom::set(&body, "data-engine", "ready");
            }
            with(|link| {
                let waited = link.waiting.take().unwrap_or_default();
                if let Some(worker) = &link.worker {
                    waited.iter().for_each(|bytes| post(worker, bytes));
                }
            });
        }
        FromEngine::Started(brief) => {
            let store = with(|link| {
                if let Some(game) = &mut link.game {
                    game.started = true;
                }
                link.last_beat = real_ms();
                link.last_chart = 0.0;
                link.store
            });
            if let Some(store) = store {
                store.brief.set(*brief);
                store.phase.set(Phase::Playing);
                let paused = store.paused.get_untracked();
                if paused {
                    send(ToEngine::Pause(true));
                }
            }
        }
        FromEngine::Update(update) => take(*update),
        FromEngine::Older { ack, term, from, rows } => {
            settle(ack);
            super::terminal::older(term, from, rows);
        }
        FromEngine::Failed { ack, why } => {
            settle(ack);
            // The first reason is the one to tell: what follows only says that nothing runs.
            with(|link| {
                let phase = link.store.phase;
                if !phase.with_untracked(|p| matches!(p, Phase::Failed(_))) {
                    phase.set(Phase::Failed(why));
                }
            });
        }
    }
}

/// Letters up to this one are answered.
fn settle(ack: u64) {
    with(|link| {
        while link.open.front().is_some_and(|(seq, _)| *seq <= ack) {
            link.open.pop_front();
        }
    });
}

/// One update into the signals, the terminals and the store.
fn take(mut update: Update) {
    settle(update.ack);
    let Some(store) = with(|link| link.store) else { return };
    if with(|link| link.game.is_none()) == Some(true) {
        // The answer to a letter of an incident that has been left.
        return;
    }
    // Update 0 is the record, shown before it has been re-executed: it has no clock of its own.
    if update.ack > 0 {
        store.now.set(update.now);
        pace(store, update.now);
    }
    if let Some(tabs) = update.tabs.take() {
        let active = store.active.get_untracked();
        let kept = active.filter(|a| tabs.iter().any(|t| t.term == *a));
        let newest = tabs.iter().map(|t| t.term).max();
        let more = tabs.len() > store.tabs.with_untracked(Vec::len);
        store.tabs.set(tabs);
        store.active.set(if more { newest } else { kept.or(newest) });
    }
    if let Some(alerts) = update.alerts.take() {
        if let Some(said) = store.alerts.with_untracked(|before| announce::alerts(before, &alerts)) {
            store.said.set(said);
        }
        store.alerts.set(alerts);
    }
    if let Some(levels) = update.levels.take() {
        store.levels.set(levels);
    }
    if let Some(charts) = update.charts.take() {
        store.charts.set(charts);
    }
    if update.acknowledged.is_some() {
        store.acknowledged.set(update.acknowledged);
    }
    if let Some(said) = update.said.take() {
        store.channel.set(said);
    }
    if let Some(report) = update.report.take() {
        store.report.set(Some(*report));
        store.panel.set(Panel::Diagnosis);
        store.said.set("Your diagnosis has been judged.".into());
    }
    if store.report.with_untracked(Option::is_some) || !update.notices.is_empty() {
        store.judging.set(false);
    }
    for notice in update.notices.drain(..) {
        store.notice(notice);
    }
    if let Some(resumed) = update.resumed.take() {
        if let Resumed::Differs { why } = &resumed {
            store.notice(why.clone());
        }
        store.resumed.set(Some(resumed));
    }
    deliver(std::mem::take(&mut update.terms));
    keep(update);
}

/// Frames to their terminals; those without a view wait for it.
fn deliver(frames: Vec<TermFrame>) {
    let mut ready = Vec::new();
    with(|link| {
        for frame in frames {
            match link.sinks.get(&frame.term) {
                Some(sink) => ready.push((sink.clone(), frame)),
                None => link.frames.entry(frame.term).or_default().push(frame),
            }
        }
    });
    for (sink, frame) in ready {
        sink(vec![frame]);
    }
}

/// What must be stored: new lines with all that was recorded up to the same instant.
fn keep(update: Update) {
    let write = with(|link| {
        let game = link.game.as_mut()?;
        game.fresh.extend(update.record);
        let saved = update.saved?;
        let record = std::mem::take(&mut game.fresh);
        game.lines.extend(saved.lines.iter().cloned());
        game.end.clone_from(&saved.end);
        game.record.extend(record.iter().cloned());
        game.unwritten.push_back((saved, record));
        (!std::mem::replace(&mut game.writing, true)).then_some(())
    });
    if write.flatten().is_some() {
        spawn_local(write_all());
    }
}

/// Writes one chunk after the other, in order.
async fn write_all() {
    loop {
        let next = with(|link| {
            let store = link.store;
            let game = link.game.as_mut()?;
            let Some((saved, record)) = game.unwritten.pop_front() else {
                game.writing = false;
                store.saved.set(true);
                return None;
            };
            let chunk = game.chunks;
            if !saved.lines.is_empty() || !record.is_empty() {
                game.chunks += 1;
            }
            Some((game.number.clone(), game.seed, chunk, saved, record))
        });
        let Some(Some((number, seed, chunk, saved, record))) = next else { return };
        let _ = save::append(&number, seed, chunk, &saved, &record).await;
    }
}

/// Shows it when the engine cannot keep up with the chosen speed.
fn pace(store: Store, now: i64) {
    let lag = with(|link| {
        let real = real_ms();
        link.pace.push_back((now, real));
        while link.pace.front().is_some_and(|(_, at)| real - at > 2500.0) {
            link.pace.pop_front();
        }
        let (from, at) = *link.pace.front()?;
        if store.paused.get_untracked() {
            return None;
        }
        clock::lag(store.speed.get_untracked(), now.saturating_sub(from) as u64, ((real - at) * 1000.0) as u64)
    });
    let lag = lag.flatten();
    if store.lag.with_untracked(|l| *l != lag) {
        store.lag.set(lag);
    }
}

/// A new speed: what was measured before says nothing about it.
pub(super) fn speed(speed: u32) {
    with(|link| {
        link.pace.clear();
        link.store.speed.set(speed);
    });
}
