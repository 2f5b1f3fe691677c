//! One play-through: inputs in, updates out. A run is a pure function of build, scenario, seed and input log.

mod facts;
pub mod file;
pub mod input;
pub mod machine;
pub mod plain;
pub mod plays;
mod prompt;
pub mod screen;

pub use input::Input;
pub use machine::{Login, Machine, table};
pub use prompt::Prompt;

/// The line editor goes with the prompt: whoever shows a terminal edits with it.
pub use crate::shell::editor;

use std::collections::BTreeMap;

use crate::base::{SimTime, Span};
use crate::scenario::{Incident, Scenario, build};
use crate::score::{Answer, Object, Report, Severity};
use crate::world::alerts::Alert;
use crate::world::{HostId, World};
use file::{End, Entry, Header, Mode, RUN_VERSION, RunFile, RunLog};
use input::TermId;

/// The engine's build id: a run file is bound to it.
pub const BUILD: &str = env!("CARGO_PKG_VERSION");

/// A service level now.
#[derive(Clone, Debug, PartialEq)]
pub struct SliNow {
    pub name: String,
    pub value: Option<f64>,
    pub target: f64,
    /// Is a value above the target good?
    pub above_is_good: bool,
    pub met: bool,
}

/// One play-through.
pub struct Run {
    scenario: Scenario,
    incident: Incident,
    machine: Machine,
    hosts: BTreeMap<String, HostId>,
    alert: SimTime,
    log: RunLog,
    header: Header,
    /// Lines of the log already handed out.
    taken: usize,
    acked: Option<(i64, Severity)>,
    said: Vec<(i64, String)>,
    pins: Vec<(i64, String, String)>,
    answers: Vec<(i64, Answer)>,
    given_up: Option<i64>,
    report: Option<Report>,
    /// Set while a file is executed again: the states it recorded, to compare.
    expected: Option<BTreeMap<i64, u64>>,
    differs: Option<i64>,
}

impl Run {
    /// A new run: the past is simulated up to the alert, t = 0. Errors are for the scenario's author, in plain words.
    pub fn start(scenario: &Scenario, seed: u64, mode: Mode) -> Result<Run, String> {
        let incident = scenario.draw(seed).map_err(|p| p.to_string())?;
        Run::begin(scenario, incident, mode)
    }

    /// As [`Run::start`], with a variant of the caller's choice: tests and lint. Such a run has no file.
    pub fn start_variant(scenario: &Scenario, seed: u64, variant: &str) -> Result<Run, String> {
        let incident = scenario.draw_variant(seed, variant).map_err(|p| p.to_string())?;
        Run::begin(scenario, incident, Mode::Training)
    }

    fn begin(scenario: &Scenario, incident: Incident, mode: Mode) -> Result<Run, String> {
        let table = table();
        let built = build::build(&incident, &table.programs())?;
        let header = Header {
            firedrill: RUN_VERSION,
            build: BUILD.into(),
            scenario: scenario.about().number.clone(),
            content: scenario.content().into(),
            seed: incident.seed,
            mode,
        };
        Ok(Run {
            scenario: scenario.clone(),
            log: RunLog::new(&header),
            incident,
            machine: Machine::new(built.world, table, Some(built.sim)),
            hosts: built.hosts,
            alert: built.alert,
            header,
            taken: 0,
            acked: None,
            said: Vec::new(),
            pins: Vec::new(),
            answers: Vec::new(),
            given_up: None,
            report: None,
            expected: None,
            differs: None,
        })
    }

    /// Executes a run file again, whole. Errors: the file was changed, belongs to another scenario, or does not come
    /// out as it says.
    pub fn resume(scenario: &Scenario, text: &str) -> Result<Run, String> {
        let file = RunFile::parse(text).map_err(|e| e.to_string())?;
        Run::execute(scenario, &file, true)
    }

    fn execute(scenario: &Scenario, file: &RunFile, strict: bool) -> Result<Run, String> {
        if file.header.content != scenario.content() || file.header.scenario != scenario.about().number {
            return Err(format!(
                "this run is of {} with other content than the {} here; use the scenario it was played with",
                file.header.scenario,
                scenario.about().number
            ));
        }
        let mut run = Run::start(scenario, file.header.seed, file.header.mode)?;
        run.header.build.clone_from(&file.header.build);
        run.log = RunLog::new(&run.header);
        let states = file.entries.iter().filter_map(|e| match e {
            Entry::State { t, state } => Some((*t, *state)),
            Entry::Input { .. } => None,
        });
        run.expected = Some(states.collect());
        for entry in &file.entries {
            if let Entry::Input { t, input } = entry {
                run.advance(*t);
                run.input(input.clone()).map_err(|e| format!("at {}: {e}", stamp(*t)))?;
            }
        }
        run.advance(file.end.t);
        if run.differs.is_none() && run.state() != file.end.state {
            run.differs = Some(file.end.t);
        }
        run.expected = None;
        if let (true, Some(t)) = (strict, run.differs) {
            let other =
                if file.header.build == BUILD { String::new() } else { " (it was played with another build)".into() };
            return Err(format!("executing this run again gives another world at {}{other}", stamp(t)));
        }
        Ok(run)
    }

    /// Executes a run file and compares states and score with what it claims: the report, or why it is refused.
    pub fn verify(scenario: &Scenario, text: &str) -> Result<Option<Report>, String> {
        let file = RunFile::parse(text).map_err(|e| e.to_string())?;
        let run = Run::execute(scenario, &file, true)?;
        let score = run.report.as_ref().map(|r| r.score);
        if score != file.end.score {
            let show = |s: Option<u32>| s.map_or("none".to_string(), |s| s.to_string());
            return Err(format!(
                "the file claims the score {}; executed again it is {}",
                show(file.end.score),
                show(score)
            ));
        }
        Ok(run.report)
    }

    /// Microseconds since the alert.
    pub fn now(&self) -> i64 {
        self.since_alert(self.machine.now())
    }
    /// The alert's instant.
    pub fn alert_time(&self) -> SimTime {
        self.alert
    }
    pub(crate) fn since_alert(&self, t: SimTime) -> i64 {
        if t >= self.alert { t.since(self.alert).0 as i64 } else { -(self.alert.since(t).0 as i64) }
    }
    pub(crate) fn time(&self, us: i64) -> SimTime {
        if us >= 0 { self.alert + Span(us as u64) } else { self.alert - Span(us.unsigned_abs()) }
    }

    /// Lets time pass until `until` (µs since the alert); the past is not changed by an earlier one.
    pub fn advance(&mut self, until: i64) {
        const MINUTE: i64 = Span::MINUTE.0 as i64;
        let mut minute = (self.now().div_euclid(MINUTE) + 1) * MINUTE;
        while minute <= until {
            self.machine.advance(self.time(minute));
            let state = self.state();
            if self.expected.as_ref().and_then(|e| e.get(&minute)).is_some_and(|&s| s != state) {
                self.differs.get_or_insert(minute);
            }
            self.log.push(&Entry::State { t: minute, state });
            minute += MINUTE;
        }
        self.machine.advance(self.time(until));
    }

    /// Lets exactly the time pass that running commands need until all terminals are at a prompt, at most `most` µs:
    /// how a paused player's command runs.
    pub fn advance_until_idle(&mut self, most: i64) {
        let limit = self.now().saturating_add(most);
        while !self.machine.is_idle() {
            let next = self.machine.next_event().map(|t| self.since_alert(t)).filter(|&t| t <= limit);
            match next {
                Some(t) => self.advance(t),
                None => return self.advance(limit),
            }
        }
    }

    /// Applies an input at this instant and logs it. A refused one changes nothing and is not logged.
    pub fn input(&mut self, input: Input) -> Result<(), String> {
        let t = self.now();
        match &input {
            Input::Open { term, host, command, stdin } => {
                let world = self.machine.executor.world();
                let id = self.hosts.get(host).copied().or_else(|| world.host_named(host));
                drop(world);
                let id = id.ok_or_else(|| format!("there is no host {host}"))?;
                let login = Login { user: self.player(id)?, ..Login::default() };
                let stdin = stdin.as_deref().unwrap_or("").as_bytes();
                self.machine.open(*term, id, &login, command.as_deref(), stdin)?;
            }
            Input::Ack { severity } => {
                self.acked.get_or_insert((t, *severity));
            }
            Input::Say { text } => self.said.push((t, text.clone())),
            Input::Pin { text, source } => self.pins.push((t, text.clone(), source.clone())),
            Input::Diagnose(answer) => {
                if self.given_up.is_some() {
                    return Err("the incident was given up: its answer has been shown".into());
                }
                answer.sound()?;
                self.answers.push((t, (**answer).clone()));
                self.report = Some(facts::report(self));
            }
            Input::GiveUp {} => {
                self.given_up.get_or_insert(t);
                self.report = Some(facts::report(self));
            }
            Input::Query { .. } | Input::Ask { .. } | Input::Hint {} | Input::Postmortem { .. } => {
                return Err("this is not part of the incident yet".into());
            }
            terminal => self.machine.terminal_input(terminal)?,
        }
        self.log.push(&Entry::Input { t, input });
        Ok(())
    }

    /// The account that the player has on a host: uid 1000, else the first that may use sudo.
    fn player(&self, host: HostId) -> Result<String, String> {
        let world = self.machine.executor.world();
        let host = world.host(host);
        let account = host.user_of(1000).or_else(|| host.accounts.iter().find(|a| a.sudo));
        account.map(|a| a.name.clone()).ok_or_else(|| format!("nobody on call has an account on {}", host.name))
    }

    pub fn prompt(&self, term: TermId) -> Option<Prompt<'_>> {
        self.machine.prompt(term)
    }
    pub fn take_output(&mut self, term: TermId) -> Vec<u8> {
        self.machine.take_output(term)
    }
    pub fn machine(&self) -> &Machine {
        &self.machine
    }
    /// A terminal's number that is not in use.
    pub fn fresh_term(&self) -> TermId {
        self.machine.sessions().max().map_or(0, |t| t + 1)
    }

    /// Runs a command without a terminal to its end, at most `limit`; its status.
    pub fn command(
        &mut self,
        host: &str,
        script: &str,
        stdin: Option<String>,
        limit: Span,
        heard: &mut dyn FnMut(u8, &[u8]) -> bool,
    ) -> Result<u8, String> {
        let term = self.fresh_term();
        self.input(Input::Open { term, host: host.into(), command: Some(script.into()), stdin })?;
        Ok(machine::wait_command(self, term, limit, heard))
    }

    pub(crate) fn world(&self) -> std::cell::Ref<'_, World> {
        self.machine.executor.world()
    }
    pub fn state(&self) -> u64 {
        self.world().hash()
    }
    /// The state by part, for finding where two runs part.
    pub fn state_parts(&self) -> Vec<(String, u64)> {
        self.world().hash_parts()
    }

    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }
    pub fn incident(&self) -> &Incident {
        &self.incident
    }
    pub fn seed(&self) -> u64 {
        self.header.seed
    }
    pub fn mode(&self) -> Mode {
        self.header.mode
    }
    /// Hosts by role.
    pub fn hosts(&self) -> &BTreeMap<String, HostId> {
        &self.hosts
    }
    pub fn host_names(&self) -> Vec<String> {
        self.world().hosts().iter().map(|h| h.name.clone()).collect()
    }
    /// The host that the paging alert names.
    pub fn first_host(&self) -> String {
        let world = self.world();
        let alert = world.alerts.iter().find(|a| a.name == self.incident.spec.page.alert);
        world.host(alert.map_or(HostId(0), |a| a.host)).name.clone()
    }
    pub fn objects(&self) -> &[Object] {
        &self.incident.objects
    }
    pub fn alerts(&self) -> Vec<Alert> {
        self.world().alerts.clone()
    }
    pub fn slis(&self) -> Vec<SliNow> {
        let now = self.machine.now();
        self.incident.spec.slis.iter().map(|(name, sli)| facts::sli_at(&self.world(), name, sli, now)).collect()
    }
    /// A series on the 15-second grid, `(µs since the alert, value)`; gaps are left out.
    pub fn series(&self, name: &str, from: i64, to: i64) -> Vec<(i64, f64)> {
        let world = self.world();
        let Some((_, series)) = world.series.iter().find(|s| s.0 == name) else { return Vec::new() };
        const GRID: i64 = 15_000_000;
        let to = to.min(self.now());
        let steps = (from.div_euclid(GRID)..=to.div_euclid(GRID)).map(|n| n * GRID).filter(|t| (from..=to).contains(t));
        steps.filter_map(|t| world.series_at(series, self.time(t)).map(|v| (t, v))).collect()
    }
    pub fn said(&self) -> &[(i64, String)] {
        &self.said
    }
    pub fn pins(&self) -> &[(i64, String, String)] {
        &self.pins
    }
    pub fn acked(&self) -> Option<i64> {
        self.acked.map(|a| a.0)
    }
    pub fn answer(&self) -> Option<&Answer> {
        self.answers.last().map(|a| &a.1)
    }
    pub(crate) fn answers(&self) -> &[(i64, Answer)] {
        &self.answers
    }
    pub fn gave_up(&self) -> bool {
        self.given_up.is_some()
    }
    pub fn report(&self) -> Option<&Report> {
        self.report.as_ref()
    }
    /// Real things that the player met and that are not modelled.
    pub fn unmodelled(&self) -> Vec<String> {
        self.machine.executor.unmodelled()
    }

    fn end(&self) -> End {
        End { t: self.now(), state: self.state(), score: self.report.as_ref().map(|r| r.score) }
    }
    /// The run file as it stands.
    pub fn file(&self) -> String {
        self.log.ended(self.end())
    }
    /// The lines since this was last asked, and the end line that follows them now.
    pub fn run_file(&mut self) -> (Vec<String>, String) {
        let text = self.file();
        let mut lines: Vec<String> = text.lines().map(String::from).collect();
        let end = lines.pop().unwrap_or_default();
        let new = lines.split_off(self.taken.min(lines.len()));
        self.taken += new.len();
        (new, end)
    }
}

impl machine::Clocked for Run {
    fn machine_mut(&mut self) -> &mut Machine {
        &mut self.machine
    }
    fn pass(&mut self, until: SimTime) {
        self.advance(self.since_alert(until));
    }
    /// Only inputs may change a run: the session is closed, and closed again.
    fn cut(&mut self, term: TermId, _attempt: u32) {
        // Closing is never refused.
        let _ = self.input(Input::Close { term });
    }
}

/// `12:05` or `-00:30` for an instant of the run, as minutes and seconds.
pub fn stamp(us: i64) -> String {
    let secs = us.unsigned_abs() / 1_000_000;
    format!("{}{:02}:{:02}", if us < 0 { "-" } else { "" }, secs / 60, secs % 60)
}
