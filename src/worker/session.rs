//! One incident being played: letters in, updates out. It joins the run with its screens and line editors.
//!
//! Invariant: the run sees only what is logged. Editing, scrolling, tabs and pausing stay on this side.

use super::facts;
use crate::protocol::{
    Act, ChartAsk, EditLine, FromEngine, Letter, PlayerAlert, Recorded, Resumed, Saved, Start, Tab, ToEngine, Update,
};
use crate::run::editor::{Editor, Want};
use crate::run::file::Mode;
use crate::run::input::TermSignal;
use crate::run::screen::Screen;
use crate::run::{Input, Run};
use crate::scenario::{Incident, Pack, Problem, Scenario};

/// Simulated µs that one command may take at once while the clock is paused; after it, the player resumes or interrupts.
const PAUSED_COMMAND_US: i64 = 60_000_000;
/// Simulated µs that a login may take before the page shows the terminal anyway.
const FIRST_PROMPT_US: i64 = 2_000_000;
/// Beats between two refreshed ends of the run file while nothing is typed: about 2 seconds.
const SAVE_BEATS: u32 = 20;

#[derive(Default)]
pub struct Session {
    live: Option<Live>,
}

struct Live {
    run: Run,
    scenario: Scenario,
    incident: Incident,
    desks: Vec<Desk>,
    next_term: u32,
    paused: bool,
    /// What the page knows already.
    alerts: Vec<PlayerAlert>,
    levels: Vec<crate::protocol::Level>,
    acknowledged: Option<i64>,
    said: usize,
    reported: bool,
    tabs_changed: bool,
    record: Vec<Recorded>,
    notices: Vec<String>,
    beats: u32,
    save: bool,
}

/// A terminal as a player sits at it: the picture, and the line that is being typed.
struct Desk {
    term: u32,
    host: String,
    screen: Screen,
    editor: Editor,
    seq: u64,
    /// The edited text that the screen shows behind the prompt, and the search in the prompt's place.
    shown: Option<(String, usize, Option<String>)>,
    line_sent: Option<EditLine>,
    closed: bool,
}

impl Session {
    /// Answers one letter, with exactly one message that carries its number.
    pub fn handle(&mut self, letter: Letter, post: &mut dyn FnMut(FromEngine)) {
        let ack = letter.seq;
        if let ToEngine::Start(start) = letter.body {
            match Live::start(*start, post) {
                Ok((mut live, resumed)) => {
                    let brief = facts::brief(&live.scenario, &live.incident);
                    post(FromEngine::Started(Box::new(brief)));
                    let mut update = live.update(ack, None);
                    update.resumed = resumed;
                    post(FromEngine::Update(Box::new(update)));
                    self.live = Some(live);
                }
                Err(why) => post(FromEngine::Failed { ack, why }),
            }
            return;
        }
        let Some(live) = &mut self.live else {
            post(FromEngine::Failed { ack, why: "No incident is running.".into() });
            return;
        };
        if let ToEngine::Older { term, before, count } = letter.body {
            let (from, rows) = live.desk(term).map_or((before, Vec::new()), |desk| desk.screen.older(before, count));
            post(FromEngine::Older { ack, term, from, rows });
            return;
        }
        let chart = live.take(letter.body);
        let update = live.update(ack, chart);
        post(FromEngine::Update(Box::new(update)));
    }
}

impl Live {
    fn start(start: Start, post: &mut dyn FnMut(FromEngine)) -> Result<(Live, Option<Resumed>), String> {
        let pack = Pack::from_json("the incident's pack", &start.pack).map_err(|all| tell(&all))?;
        let scenario = Scenario::load(pack).map_err(|all| tell(&all))?;
        let incident = scenario.draw(start.seed).map_err(|problem| tell(&[problem]))?;
        let mode = if start.mode == Mode::Interview.name() { Mode::Interview } else { Mode::Training };
        let mut live = Live {
            desks: restore(&start.record),
            next_term: 0,
            paused: false,
            alerts: Vec::new(),
            levels: Vec::new(),
            acknowledged: None,
            said: 0,
            reported: false,
            tabs_changed: true,
            record: Vec::new(),
            notices: Vec::new(),
            beats: 0,
            save: true,
            // Replaced below where a saved run is continued.
            run: match &start.saved {
                None => Run::start(&scenario, start.seed, mode)?,
                Some(saved) => {
                    show_record(&start.record, post);
                    Run::resume(&scenario, saved)?
                }
            },
            scenario,
            incident,
        };
        if start.saved.is_none() {
            live.open(facts::first_host(&live.incident), start.cols, start.rows);
            // The shell needs a few simulated milliseconds until its first prompt stands.
            live.run.advance_until_idle(FIRST_PROMPT_US);
            return Ok((live, None));
        }
        // The page has these lines already: only what comes after them is handed out.
        let _ = live.run.run_file();
        live.next_term = live.desks.iter().map(|d| d.term + 1).max().unwrap_or(0);
        let resumed = live.compare(&start.record);
        Ok((live, Some(resumed)))
    }

    /// Are the re-executed bytes those that were recorded? If not, the terminals show the re-executed ones.
    fn compare(&mut self, record: &[Recorded]) -> Resumed {
        let mut total = 0;
        let mut differs = None;
        for desk in &mut self.desks {
            let again = self.run.take_output(desk.term);
            let mut recorded = Vec::new();
            for item in record {
                if let Recorded::Bytes { term, bytes } = item
                    && *term == desk.term
                {
                    recorded.extend_from_slice(bytes);
                }
            }
            total += again.len() as u64;
            if again != recorded {
                let (cols, rows) = desk.screen.size();
                desk.screen = Screen::new(cols, rows);
                desk.screen.feed(&again);
                differs = Some(desk.host.clone());
            }
        }
        match differs {
            None => Resumed::Equal { bytes: total },
            Some(host) => Resumed::Differs {
                why: format!(
                    "The terminal on {host} was replayed differently from what was saved. It shows the replay now; \
                     please report this with your saved run."
                ),
            },
        }
    }

    /// One letter's effect; what it asks of the charts is returned.
    fn take(&mut self, body: ToEngine) -> Option<ChartAsk> {
        match body {
            ToEngine::Beat { us, chart } => {
                let until = self.run.now().saturating_add(i64::try_from(us).unwrap_or(0));
                self.run.advance(until);
                self.beats += 1;
                return chart;
            }
            ToEngine::Pause(paused) => self.paused = paused,
            ToEngine::Keys { term, bytes } => self.keys(term, bytes),
            ToEngine::Edit { term, edit } => {
                if self.run.prompt(term).is_some() {
                    if let Some(desk) = self.desk(term) {
                        desk.editor.edit(edit.left as usize, edit.right as usize, &edit.insert);
                        desk.seq = edit.seq;
                    }
                } else {
                    // The prompt went away while the edit was under way: it is type-ahead.
                    if let Some(desk) = self.desk(term) {
                        desk.seq = edit.seq;
                    }
                    let mut bytes = vec![0x7f; edit.left as usize];
                    bytes.extend_from_slice(edit.insert.as_bytes());
                    self.keys(term, bytes);
                }
            }
            ToEngine::Paste { term, text } => self.paste(term, &text),
            ToEngine::Resize { term, cols, rows } => {
                if let Some(desk) = self.desk(term)
                    && desk.screen.size() != (cols, rows)
                {
                    desk.screen.resize(cols, rows);
                    self.record.push(Recorded::Resize { term, cols, rows });
                    self.input(Input::Resize { term, cols, rows });
                }
            }
            ToEngine::Open { host, cols, rows } => self.open(host, cols, rows),
            ToEngine::Close { term } => {
                self.input(Input::Close { term });
                self.record.push(Recorded::Close { term });
                self.desks.retain(|desk| desk.term != term);
                self.tabs_changed = true;
            }
            ToEngine::Act(act) => self.act(act),
            ToEngine::Start(_) | ToEngine::Older { .. } => {}
        }
        None
    }

    fn desk(&mut self, term: u32) -> Option<&mut Desk> {
        self.desks.iter_mut().find(|desk| desk.term == term)
    }

    /// An input of the log. While paused, the clock moves by what it needs.
    fn input(&mut self, input: Input) {
        self.save = true;
        if let Err(refused) = self.run.input(input) {
            self.notices.push(refused.to_string());
        }
        if self.paused {
            self.run.advance_until_idle(PAUSED_COMMAND_US);
        }
    }

    fn open(&mut self, host: String, cols: u16, rows: u16) {
        let term = self.next_term;
        self.next_term += 1;
        self.desks.push(Desk::new(term, host.clone(), cols, rows));
        self.record.push(Recorded::Open { term, host: host.clone(), cols, rows });
        self.tabs_changed = true;
        self.input(Input::Open { term, host, command: None, stdin: None });
        self.input(Input::Resize { term, cols, rows });
    }

    /// Keys go to the line editor at a prompt, else to whatever reads the terminal.
    fn keys(&mut self, term: u32, bytes: Vec<u8>) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let Some(prompt) = self.run.prompt(term) else {
                let text = String::from_utf8_lossy(&rest).into_owned();
                self.input(Input::Key { term, text });
                return;
            };
            // Not `desk()`: the prompt borrows the run meanwhile.
            let Some(desk) = self.desks.iter_mut().find(|desk| desk.term == term) else { return };
            if desk.editor.text().is_empty() && !desk.editor.is_searching() {
                desk.editor.set_history(prompt.history());
            }
            let (want, unread) = desk.editor.keys(&rest, &prompt);
            rest = unread;
            match want {
                Some(Want::Line(text)) => self.input(Input::Line { term, text }),
                Some(Want::Interrupt) => self.input(Input::Signal { term, signal: TermSignal::Int }),
                Some(Want::EndOfFile) => self.input(Input::Signal { term, signal: TermSignal::Eof }),
                Some(Want::Clear) => desk.clear(),
                Some(Want::Show(list)) => {
                    let bytes = desk.list(&list);
                    self.record.push(Recorded::Shown { term, bytes });
                }
                Some(Want::Bell) | None => {}
            }
            self.pump();
        }
    }

    /// A paste is text at a prompt, where its line ends run what is before them; a program gets it in the brackets it asked for.
    fn paste(&mut self, term: u32, text: &str) {
        use crate::present::paste;
        if self.run.prompt(term).is_some() {
            self.keys(term, paste::bytes(text, false));
        } else if let Some(desk) = self.desk(term) {
            let bracketed = desk.screen.modes().bracketed_paste;
            let text = String::from_utf8_lossy(&paste::bytes(text, bracketed)).into_owned();
            self.input(Input::Paste { term, text });
        }
    }

    fn act(&mut self, act: Act) {
        match facts::input(act) {
            Ok(input) => self.input(input),
            Err(why) => self.notices.push(why),
        }
    }

    /// The world's bytes to the screens and to the record.
    fn pump(&mut self) {
        for desk in &mut self.desks {
            let bytes = self.run.take_output(desk.term);
            if !bytes.is_empty() {
                desk.screen.feed(&bytes);
                desk.shown = None;
                self.record.push(Recorded::Bytes { term: desk.term, bytes });
            }
        }
    }

    fn update(&mut self, ack: u64, chart: Option<ChartAsk>) -> Update {
        self.pump();
        let mut update = Update { ack, now: self.run.now(), ..Update::default() };
        for desk in &mut self.desks {
            if !desk.closed && !self.run.machine().is_open(desk.term) {
                desk.closed = true;
                self.tabs_changed = true;
            }
            let prompt = self.run.prompt(desk.term).is_some();
            let line = desk.show_line(prompt);
            let changed = line != desk.line_sent;
            if let Some(mut frame) = desk.screen.frame(desk.term, changed) {
                frame.line.clone_from(&line);
                frame.closed = desk.closed;
                desk.line_sent = line;
                update.terms.push(frame);
            }
        }
        if std::mem::take(&mut self.tabs_changed) {
            let tab = |d: &Desk| Tab { term: d.term, host: d.host.clone(), closed: d.closed };
            update.tabs = Some(self.desks.iter().map(tab).collect());
        }
        let alerts = facts::alerts(&self.run, &self.incident);
        if alerts != self.alerts {
            self.alerts.clone_from(&alerts);
            update.alerts = Some(alerts);
        }
        let levels = facts::levels(&self.run, &self.incident);
        if levels != self.levels {
            self.levels.clone_from(&levels);
            update.levels = Some(levels);
        }
        update.charts = chart.map(|ask| facts::charts(&self.run, &self.incident, ask));
        let acknowledged = self.run.acked();
        if acknowledged != self.acknowledged {
            self.acknowledged = acknowledged;
            update.acknowledged = acknowledged;
        }
        let said = facts::said(&self.run);
        if said.len() != self.said {
            self.said = said.len();
            update.said = Some(said);
        }
        if !self.reported
            && let Some(report) = facts::report(&self.run, &self.scenario, &self.incident)
        {
            self.reported = true;
            update.report = Some(Box::new(report));
        }
        if self.save || self.beats >= SAVE_BEATS {
            self.save = false;
            self.beats = 0;
            let (lines, end) = self.run.run_file();
            update.saved = Some(Saved { lines, end });
        }
        update.record = std::mem::take(&mut self.record);
        update.notices = std::mem::take(&mut self.notices);
        update
    }
}

impl Desk {
    fn new(term: u32, host: String, cols: u16, rows: u16) -> Desk {
        Desk {
            term,
            host,
            screen: Screen::new(cols, rows),
            editor: Editor::default(),
            seq: 0,
            shown: None,
            line_sent: None,
            closed: false,
        }
    }

    /// Shows the edited text behind the prompt, and says what the mirror textarea holds.
    fn show_line(&mut self, prompt: bool) -> Option<EditLine> {
        if !prompt {
            if self.shown.take().is_some() {
                self.screen.wipe();
            }
            return None;
        }
        let now = (self.editor.text(), self.editor.cursor(), self.editor.search_prompt());
        if self.shown.as_ref() != Some(&now) {
            self.screen.overlay(&now.0, now.1, now.2.as_deref());
            self.shown = Some(now.clone());
        }
        Some(EditLine { seq: self.seq, text: now.0, cursor: now.1 as u32 })
    }

    /// The second Tab: what the word could become.
    fn list(&mut self, list: &[String]) -> Vec<u8> {
        self.shown = None;
        self.screen.list(&self.editor.text(), list)
    }

    /// Ctrl+L: the prompt's row goes to the top, what was above it stays in the scrollback.
    fn clear(&mut self) {
        self.screen.scroll_prompt_to_top();
    }
}

/// What is wrong with a pack, for whoever opened it.
fn tell(problems: &[Problem]) -> String {
    let first = problems.first().map(ToString::to_string).unwrap_or_default();
    match problems.len() {
        0 | 1 => format!("This incident cannot be played: {first}"),
        n => format!("This incident cannot be played: {first} ({} more problems)", n - 1),
    }
}

/// The terminals of a recorded run, as they looked.
fn restore(record: &[Recorded]) -> Vec<Desk> {
    let mut desks: Vec<Desk> = Vec::new();
    for item in record {
        match item {
            Recorded::Open { term, host, cols, rows } => desks.push(Desk::new(*term, host.clone(), *cols, *rows)),
            Recorded::Close { term } => desks.retain(|desk| desk.term != *term),
            Recorded::Bytes { term, bytes } | Recorded::Shown { term, bytes } => {
                if let Some(desk) = desks.iter_mut().find(|d| d.term == *term) {
                    desk.screen.feed(bytes);
                }
            }
            Recorded::Resize { term, cols, rows } => {
                if let Some(desk) = desks.iter_mut().find(|d| d.term == *term) {
                    desk.screen.resize(*cols, *rows);
                }
            }
        }
    }
    desks
}

/// The record is shown at once; re-executing it takes longer.
fn show_record(record: &[Recorded], post: &mut dyn FnMut(FromEngine)) {
    let mut desks = restore(record);
    let tabs = desks.iter().map(|d| Tab { term: d.term, host: d.host.clone(), closed: d.closed }).collect();
    let terms = desks.iter_mut().filter_map(|desk| desk.screen.frame(desk.term, true)).collect();
    post(FromEngine::Update(Box::new(Update { tabs: Some(tabs), terms, ..Update::default() })));
}
