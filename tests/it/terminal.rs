//! Terminals as people use them: `tests/spec/terminal/*.md`, each block the screen of one login on `alpha`.
//!
//! What stands behind a prompt is typed. A margin in `⟨ ⟩` is not on the screen: `⟨2s⟩` lets time pass and then types the
//! rest of its line (`^C` and its like are keys, `⟨^D⟩` one without an echo), `⟨100x30⟩` changes the window's size. Process numbers are `PID`.

use std::path::Path;

use firedrill::base::{SimTime, Span, values};
use firedrill::run::input::{TermId, TermSignal};
use firedrill::run::{Input, Login, Machine, table};
use firedrill::testkit::plain_world;
use firedrill::world::HostId;

const TERM: TermId = 0;

pub struct Terminal {
    machine: Machine,
    screen: Vec<u8>,
}

impl Terminal {
    pub fn open() -> Terminal {
        let table = table();
        let mut machine = Machine::new(plain_world(&table), table, None);
        let login = Login { user: "oncall".into(), ..Login::default() };
        machine.open(TERM, HostId(0), &login, None, b"").expect("a login");
        let mut terminal = Terminal { machine, screen: Vec::new() };
        terminal.pass(Span::from_millis(20));
        terminal
    }

    pub fn now(&self) -> SimTime {
        self.machine.now()
    }

    pub fn hash(&self) -> u64 {
        self.machine.executor.world().hash()
    }

    pub fn at_prompt(&self) -> bool {
        self.machine.at_prompt(TERM)
    }

    pub fn is_open(&self) -> bool {
        self.machine.is_open(TERM)
    }

    pub fn processes(&self) -> usize {
        self.machine.executor.world().host(HostId(0)).kernel.processes().count()
    }

    pub fn pass(&mut self, span: Span) {
        let until = self.machine.now() + span;
        self.machine.advance(until);
        self.screen.extend(self.machine.take_output(TERM));
    }

    /// Lets time pass until a prompt stands or the session has ended, at most so long.
    pub fn settle(&mut self, most: Span) {
        let end = self.machine.now() + most;
        while !self.at_prompt() && self.is_open() {
            let Some(next) = self.machine.next_event().filter(|&t| t <= end) else { break };
            self.machine.advance(next);
        }
        self.screen.extend(self.machine.take_output(TERM));
    }

    pub fn input(&mut self, input: &Input) {
        // What cannot be done at the moment is refused, and that is all.
        let _ = self.machine.terminal_input(input);
        self.screen.extend(self.machine.take_output(TERM));
    }

    pub fn line(&mut self, text: &str) {
        self.input(&Input::Line { term: TERM, text: text.into() });
    }

    /// Keys as they are sent by the page: at a prompt, those that mean something to a shell are signals.
    pub fn keys(&mut self, text: &str) {
        let signal = match text {
            "\u{3}" => Some(TermSignal::Int),
            "\u{4}" => Some(TermSignal::Eof),
            _ => None,
        };
        match signal.filter(|_| self.at_prompt()) {
            Some(signal) => self.input(&Input::Signal { term: TERM, signal }),
            None => self.input(&Input::Key { term: TERM, text: text.into() }),
        }
    }

    pub fn close(&mut self) {
        self.input(&Input::Close { term: TERM });
    }

    /// The screen's text: without the marks that are for the page.
    pub fn text(&self) -> String {
        let text = String::from_utf8_lossy(&self.screen).replace("\r\n", "\n");
        let mut parts = text.split("\x1b]");
        let mut out = parts.next().unwrap_or_default().to_string();
        for part in parts {
            out.push_str(part.split_once('\x07').map_or("", |(_, rest)| rest));
        }
        out
    }
}

/// How long a command may take before the next line of its transcript is looked at.
const PATIENCE: Span = Span(2 * Span::SECOND.0);

fn prompt_length(line: &str) -> Option<usize> {
    if line.starts_with("> ") {
        return Some(2);
    }
    let end = line.find("$ ").or_else(|| line.find("# "))?;
    let (user, place) = line.get(..end)?.split_once('@')?;
    let plain = |text: &str| !text.is_empty() && !text.contains(' ');
    (plain(user) && plain(place) && place.contains(':')).then_some(end + 2)
}

fn without_pids(text: &str) -> String {
    text.lines()
        .map(|line| match line.strip_prefix('[').and_then(|l| l.split_once("] ")) {
            Some((job, pid)) if !pid.is_empty() && pid.bytes().all(|b| b.is_ascii_digit()) => format!("[{job}] PID\n"),
            _ => format!("{line}\n"),
        })
        .collect()
}

/// What a block's screen should be, and what it is.
fn walk(block: &str) -> (String, String) {
    let mut terminal = Terminal::open();
    let mut expected = String::new();
    for line in block.lines() {
        let Some((margin, rest)) = line.strip_prefix('⟨').and_then(|l| l.split_once('⟩')) else {
            expected.push_str(line);
            expected.push('\n');
            if let Some(at) = prompt_length(line) {
                terminal.settle(PATIENCE);
                if line.len() > at {
                    terminal.line(&line[at..]);
                }
            }
            continue;
        };
        match margin.split_once('x').and_then(|(c, r)| Some((c.parse().ok()?, r.parse().ok()?))) {
            Some((cols, rows)) => terminal.input(&Input::Resize { term: TERM, cols, rows }),
            None => terminal.pass(values::Duration::parse(margin).expect("a margin is a time or a size").span()),
        }
        // A key that is not echoed stands in a margin too.
        if let Some(key) = rest.strip_prefix("⟨^").and_then(|r| r.bytes().next()) {
            terminal.keys(&char::from(key & 0x1f).to_string());
            continue;
        }
        if rest.is_empty() {
            continue;
        }
        expected.push_str(rest);
        expected.push('\n');
        match rest.strip_prefix('^').and_then(|r| r.bytes().next()) {
            Some(letter) => terminal.keys(&char::from(letter & 0x1f).to_string()),
            None => terminal.keys(&format!("{rest}\r")),
        }
    }
    terminal.settle(PATIENCE);
    (expected.trim_end().into(), without_pids(&terminal.text()).trim_end().into())
}

#[test]
fn terminals_show_what_transcripts_show() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/spec/terminal");
    let only = std::env::var("SPEC").unwrap_or_default();
    let mut paths: Vec<_> = std::fs::read_dir(folder).expect("the folder").flatten().map(|e| e.path()).collect();
    paths.sort();
    let (mut wrong, mut count) = (String::new(), 0);
    for path in paths.iter().filter(|p| only.is_empty() || p.file_stem().is_some_and(|s| s == only.as_str())) {
        let text = std::fs::read_to_string(path).expect("UTF-8");
        for block in text.split("```console\n").skip(1) {
            let block = block.split("\n```").next().unwrap_or_default();
            count += 1;
            let (expected, actual) = walk(block);
            if expected != actual {
                let file = path.file_name().unwrap_or_default().to_string_lossy();
                wrong.push_str(&format!("\n---- {file}: expected\n{expected}\n---- and it is\n{actual}\n"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(count > 0, "no transcript was found");
}
