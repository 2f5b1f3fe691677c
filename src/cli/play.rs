//! `play`: the game in a real terminal. Keys go to the run, its bytes to the screen, real time becomes simulated time.
//!
//! Ctrl+] leaves the shell for the game's own prompt (status, ack, diagnose, pause …), as telnet does. Without a
//! terminal, each line of standard input is typed at the shell's prompt and runs in as much simulated time as it needs.

use std::io::{BufRead, IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use super::args::Play;
use super::out::Out;
use super::{Done, Failed, folder, runs, show};
use crate::base::{Span, values};
use crate::run::editor::{Editor, Want, columns};
use crate::run::input::{TermId, TermSignal};
use crate::run::{Input, Run};
use crate::scenario::Catalogue;
use crate::score::{Answer, Severity, review};

/// How often simulated time follows real time.
const BEAT: Duration = Duration::from_millis(40);
/// Ctrl+].
const LEAVE: u8 = 0x1d;
/// The most that a command may take while the clock stands still, or without a terminal.
const COMMAND: i64 = 3_600_000_000;
/// The fastest clock.
const FASTEST: f64 = 600.0;

const HELP: &str = "\
status               alerts, service levels, what was said
ack P1               take the page and say how bad it is
say TEXT · pin TEXT  in the incident's channel · keep a line of evidence
hosts · shell HOST   the hosts · a shell there
pause · speed 10     the clock (while it stands, a command takes exactly what it needs)
wait 5m              let time pass at once
form                 the diagnosis with every allowed value
diagnose FILE        give the diagnosis: a JSON file, or {\"origin\": …} on this line
report               the score, explained
save FILE            keep the run
quit                 end
An empty line goes back to the shell; Ctrl+] comes here again.
";

/// A game in this terminal.
struct Game {
    run: Run,
    term: TermId,
    editor: Editor,
    /// What was printed since the last line end: at a prompt, the prompt.
    prompt: String,
    /// Is the edited line on the screen?
    drawn: bool,
    speed: f64,
    paused: bool,
    output: Option<PathBuf>,
}

pub(crate) fn play(catalogue: &mut Catalogue, play: Play, out: &mut Out) -> Done {
    let id = match play.id {
        Some(id) => id,
        None => catalogue
            .entries()
            .next()
            .map(|e| e.number.clone())
            .ok_or_else(|| Failed::trouble("there are no incidents"))?,
    };
    if !(0.0..=FASTEST).contains(&play.speed) {
        return Err(Failed::trouble(format!("--speed is a number from 0 to {FASTEST}")));
    }
    let scenario = folder::scenario(catalogue, &id)?;
    let run = Run::start(&scenario, runs::seed(&play.start), runs::mode(&play.start))?;
    out.text(&show::opening(&run));
    let mut game = Game {
        run,
        term: 0,
        editor: Editor::default(),
        prompt: String::new(),
        drawn: false,
        speed: play.speed,
        paused: play.speed == 0.0,
        output: play.output,
    };
    game.shell(None)?;
    if std::io::stdin().is_terminal() && std::io::stdout().is_terminal() {
        out.text("Ctrl+] leaves the shell: help, status, diagnose, quit.\n\n");
        game.live(out)
    } else {
        game.lines(out)
    }
}

impl Game {
    /// Opens a shell on a host and makes it the one that is seen.
    fn shell(&mut self, host: Option<&str>) -> Result<(), Failed> {
        let host = runs::host_name(&self.run, host)?;
        self.term = self.run.fresh_term();
        self.run.input(Input::Open { term: self.term, host, command: None, stdin: None })?;
        if let (true, Ok((cols, rows))) = (std::io::stdout().is_terminal(), crossterm::terminal::size()) {
            self.run.input(Input::Resize { term: self.term, cols, rows })?;
        }
        self.keep()
    }

    /// Writes the run file, if there is one.
    fn keep(&self) -> Result<(), Failed> {
        self.output.as_deref().map_or(Ok(()), |path| folder::write_whole(path, &self.run.file()))
    }

    /// Each line of standard input at the prompt, turn by turn.
    fn lines(mut self, out: &mut Out) -> Done {
        let mut lines = std::io::stdin().lock().lines();
        loop {
            self.run.advance_until_idle(COMMAND);
            let bytes = self.run.take_output(self.term);
            if !out.bytes(1, &bytes) || !self.run.machine().is_open(self.term) {
                break;
            }
            let Some(line) = lines.next() else { break };
            let text = line.map_err(|e| Failed::trouble(format!("standard input cannot be read: {e}")))?;
            let input = if self.run.prompt(self.term).is_some() {
                Input::Line { term: self.term, text }
            } else {
                Input::Key { term: self.term, text: format!("{text}\r") }
            };
            self.run.input(input)?;
        }
        out.text("\n");
        self.keep()?;
        Ok(0)
    }

    fn live(mut self, out: &mut Out) -> Done {
        let keys = keyboard();
        let mut raw = Raw::on()?;
        let mut last = Instant::now();
        let done = loop {
            let typed = match keys.recv_timeout(BEAT) {
                Ok(bytes) => bytes,
                Err(RecvTimeoutError::Timeout) => Vec::new(),
                Err(RecvTimeoutError::Disconnected) => break Ok(0),
            };
            let passed = last.elapsed();
            last = Instant::now();
            if !self.paused {
                self.run.advance(self.run.now().saturating_add((passed.as_micros() as f64 * self.speed) as i64));
            }
            let mut leave = false;
            let (before, after) = match typed.iter().position(|b| *b == LEAVE) {
                Some(at) => {
                    leave = true;
                    (typed.get(..at).unwrap_or_default(), typed.get(at + 1..).unwrap_or_default())
                }
                None => (typed.as_slice(), [].as_slice()),
            };
            self.typed(before, out)?;
            if self.paused {
                self.run.advance_until_idle(COMMAND);
            }
            self.shown(out);
            if !self.run.machine().is_open(self.term) {
                out.text("\r\nThe session has ended.\r\n");
                leave = true;
            }
            if leave {
                self.erase(out);
                drop(raw);
                let quit = self.own_prompt(&keys, after, out)?;
                if quit {
                    return Ok(0);
                }
                raw = Raw::on()?;
                last = Instant::now();
                self.draw(out);
            }
        };
        drop(raw);
        done
    }

    /// Keys: at a prompt they edit the line, else they are the program's.
    fn typed(&mut self, bytes: &[u8], out: &mut Out) -> Result<(), Failed> {
        let mut rest = bytes.to_vec();
        while !rest.is_empty() {
            let Some(prompt) = self.run.prompt(self.term) else {
                let text = String::from_utf8_lossy(&rest).into_owned();
                // A session that has just ended takes no more keys.
                let _ = self.run.input(Input::Key { term: self.term, text });
                break;
            };
            if self.editor.text().is_empty() && !self.editor.is_searching() {
                self.editor.set_history(prompt.history());
            }
            let (want, left) = self.editor.keys(&rest, &prompt);
            rest = left;
            if !matches!(want, Some(Want::Bell) | None) {
                self.erase(out);
            }
            let term = self.term;
            match want {
                Some(Want::Line(text)) => self.run.input(Input::Line { term, text })?,
                Some(Want::Interrupt) => self.run.input(Input::Signal { term, signal: TermSignal::Int })?,
                Some(Want::EndOfFile) => self.run.input(Input::Signal { term, signal: TermSignal::Eof })?,
                Some(Want::Clear) => {
                    let _ = out.bytes(1, b"\x1b[H\x1b[2J");
                }
                Some(Want::Show(list)) => {
                    out.text(&format!("{}\r\n{}", self.editor.text(), columns(&list, Game::columns())));
                }
                Some(Want::Bell) => {
                    let _ = out.bytes(1, b"\x07");
                }
                None => {}
            }
            self.shown(out);
            self.draw(out);
        }
        self.keep()
    }

    /// Prints what the run printed; its last line is the prompt.
    fn shown(&mut self, out: &mut Out) {
        let bytes = self.run.take_output(self.term);
        if bytes.is_empty() {
            return;
        }
        self.erase(out);
        let _ = out.bytes(1, &bytes);
        let text = String::from_utf8_lossy(&bytes);
        match text.rfind('\n') {
            Some(at) => self.prompt = text[at + 1..].to_string(),
            None => self.prompt.push_str(&text),
        }
        self.editor.forget_drawing();
        self.draw(out);
    }

    fn columns() -> u16 {
        crossterm::terminal::size().map_or(80, |(columns, _)| columns.max(2))
    }

    /// Takes the edited line off the screen; the cursor is behind the prompt again.
    fn erase(&mut self, out: &mut Out) {
        if std::mem::take(&mut self.drawn) {
            let _ = out.bytes(1, &self.editor.erase());
            out.text(&self.prompt);
        }
    }

    /// Draws the prompt and the line that is edited, the cursor at its place.
    fn draw(&mut self, out: &mut Out) {
        if self.run.prompt(self.term).is_some() {
            let _ = out.bytes(1, &self.editor.redraw(&self.prompt, Game::columns()));
            self.drawn = true;
        }
    }

    /// The game's own prompt, in the terminal's usual mode. True to quit.
    fn own_prompt(&mut self, keys: &Receiver<Vec<u8>>, typed: &[u8], out: &mut Out) -> Result<bool, Failed> {
        let mut held = String::from_utf8_lossy(typed).replace('\r', "\n");
        loop {
            let clock = if self.paused { "paused".to_string() } else { format!("×{}", self.speed) };
            out.text(&format!("\nfiredrill {} {clock}> ", crate::run::stamp(self.run.now())));
            while !held.contains('\n') {
                match keys.recv() {
                    Ok(bytes) => held.push_str(&String::from_utf8_lossy(&bytes)),
                    Err(_) => return Ok(true),
                }
            }
            let (line, rest) = held.split_once('\n').map(|(l, r)| (l.to_string(), r.to_string())).unwrap_or_default();
            held = rest;
            let line = line.trim();
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            let said = match word {
                "" if self.run.machine().is_open(self.term) => return Ok(false),
                "quit" | "exit" => {
                    self.keep()?;
                    return Ok(true);
                }
                "shell" => match self.shell(Some(rest.trim()).filter(|h| !h.is_empty())) {
                    Ok(()) => return Ok(false),
                    Err(failed) => failed.words,
                },
                _ => self.own_act(word, rest.trim()).unwrap_or_else(|failed| failed.words),
            };
            out.text(&said);
            if !said.ends_with('\n') {
                out.text("\n");
            }
        }
    }

    fn own_act(&mut self, word: &str, rest: &str) -> Result<String, Failed> {
        match word {
            "" => return Ok("The session has ended: shell opens another, quit ends.".into()),
            "status" => return Ok(show::status(&self.run)),
            "hosts" => return Ok(self.run.host_names().join("\n")),
            "form" => return Ok(show::form(self.run.objects())),
            "report" => {
                return Ok(self.run.report().map_or("There is no diagnosis yet.".into(), show::report));
            }
            "pause" => self.paused = true,
            "speed" => match rest.parse::<f64>().ok().filter(|x| (0.0..=FASTEST).contains(x)) {
                Some(speed) => (self.speed, self.paused) = (speed, speed == 0.0),
                None => return Ok(format!("speed is a number from 0 to {FASTEST}")),
            },
            "wait" => match values::Duration::parse(rest) {
                Ok(span) if span.span() <= Span::DAY => {
                    self.run.advance(self.run.now() + span.span().micros() as i64);
                    self.keep()?;
                    return Ok(show::status(&self.run));
                }
                _ => return Ok("wait 5m, at most 1d".into()),
            },
            "ack" => match Severity::parse(rest) {
                Some(severity) => self.run.input(Input::Ack { severity })?,
                None => return Ok("ack P0, P1, P2 or P3".into()),
            },
            "say" if !rest.is_empty() => self.run.input(Input::Say { text: rest.into() })?,
            "pin" if !rest.is_empty() => self.run.input(Input::Pin { text: rest.into(), source: "term 0".into() })?,
            "save" if !rest.is_empty() => {
                folder::write_whole(Path::new(rest), &self.run.file())?;
                return Ok(format!("{rest} holds the run; later acts are kept there too."))
                    .inspect(|_| self.output = Some(rest.into()));
            }
            "diagnose" if !rest.is_empty() => return self.diagnose(rest),
            _ => return Ok(HELP.into()),
        }
        self.keep()?;
        Ok("Done.".into())
    }

    fn diagnose(&mut self, rest: &str) -> Result<String, Failed> {
        let text = if rest.starts_with('{') { rest.to_string() } else { folder::read_text(Path::new(rest), 1 << 20)? };
        let answer = Answer::parse(&text)?;
        let asked = review(&answer, self.run.objects(), self.run.alert_time());
        if !asked.is_empty() {
            return Ok(show::asked(&asked));
        }
        self.run.input(Input::Diagnose(Box::new(answer)))?;
        self.keep()?;
        Ok(self.run.report().map_or_else(String::new, show::report))
    }
}

/// Bytes of the keyboard as they come; the channel closes at the end of input.
fn keyboard() -> Receiver<Vec<u8>> {
    let (send, keys) = channel();
    std::thread::spawn(move || {
        let mut buffer = [0u8; 4096];
        while let Ok(n) = std::io::stdin().lock().read(&mut buffer) {
            if n == 0 || send.send(buffer.get(..n).unwrap_or_default().to_vec()).is_err() {
                break;
            }
        }
    });
    keys
}

/// The terminal gives every key as it is; dropped, it is as it was.
struct Raw;

impl Raw {
    fn on() -> Result<Raw, Failed> {
        crossterm::terminal::enable_raw_mode()
            .map_err(|e| Failed::trouble(format!("this terminal has no raw mode: {e}")))?;
        Ok(Raw)
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // There is nothing better to do if it fails.
        let _ = crossterm::terminal::disable_raw_mode();
    }
}
