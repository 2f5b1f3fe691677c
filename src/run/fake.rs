//! A stand-in until the engine lands: the same calls, a toy behind them. Never shipped.
use serde_json::{Value, json};

use super::file::Mode;
use super::input::Input;
use crate::scenario::Scenario;

pub struct PromptState {}
struct Term {
    id: u32,
    host: String,
    out: Vec<u8>,
    busy: Option<(i64, u8)>,
    raw: bool,
}
pub struct Run {
    now: i64,
    terms: Vec<Term>,
    lines: Vec<String>,
    fixed: Option<i64>,
    acked: Option<i64>,
    answer: Option<crate::score::Answer>,
    said: Vec<(i64, String)>,
}
impl Run {
    pub fn start(_pack: &Scenario, seed: u64, _mode: Mode) -> Result<Run, String> {
        let head = json!({"firedrill":1,"seed":seed,"scenario":"INC-4127"}).to_string();
        Ok(Run { now: 0, terms: vec![], lines: vec![head], fixed: None, acked: None, answer: None, said: vec![] })
    }
    pub fn resume(pack: &Scenario, text: &str) -> Result<Run, String> {
        let mut run = Run::start(pack, 7, Mode::Training)?;
        run.lines.clear();
        for line in text.lines().skip(1) {
            let line: Value = serde_json::from_str(line).map_err(|e| e.to_string())?;
            run.advance(line["t"].as_i64().unwrap_or(0));
            if let Ok(input) = serde_json::from_value::<Input>(line["in"].clone()) {
                run.apply(input);
            }
        }
        run.lines.clear();
        Ok(run)
    }
    pub fn now(&self) -> i64 {
        self.now
    }
    pub fn advance(&mut self, until: i64) {
        self.now = self.now.max(until);
        for term in &mut self.terms {
            if let Some((at, status)) = term.busy
                && at <= self.now
            {
                term.busy = None;
                term.finish(status);
            }
        }
    }
    pub fn advance_until_idle(&mut self, max: i64) {
        let until = self.terms.iter().filter_map(|t| t.busy).map(|b| b.0).max().unwrap_or(self.now);
        self.advance(until.min(self.now + max));
    }
    pub fn input(&mut self, input: Input) -> Result<(), String> {
        self.lines.push(json!({"t": self.now, "in": input}).to_string());
        self.apply(input);
        Ok(())
    }
    fn apply(&mut self, input: Input) {
        let now = self.now;
        match input {
            Input::Open { term, host, .. } => {
                let mut new = Term { id: term, host, out: vec![], busy: None, raw: false };
                new.out.extend_from_slice(b"Linux 6.1.0-26-amd64 #1 SMP Debian 6.1.112-1 x86_64\r\nLast login: Fri Nov 20 22:41:09 2026 from 10.0.0.5\r\n");
                new.prompt();
                self.terms.push(new);
            }
            Input::Line { term, text } => {
                if text.contains("truncate") {
                    self.fixed = Some(now);
                }
                let fixed = self.fixed.is_some();
                if let Some(t) = self.terms.iter_mut().find(|t| t.id == term) {
                    t.line(&text, now, fixed);
                }
            }
            Input::Key { term, text } => {
                let bytes = text.into_bytes();
                if let Some(t) = self.terms.iter_mut().find(|t| t.id == term) {
                    if bytes == b"\x03" {
                        t.busy = None;
                        t.raw = false;
                        t.out.extend_from_slice(b"^C");
                        t.finish(130);
                    } else if t.raw && bytes == b"q" {
                        t.raw = false;
                        t.out.extend_from_slice(b"\x1b[?1049l");
                        t.finish(0);
                    } else {
                        t.out.extend_from_slice(format!("{bytes:02x?} ").as_bytes());
                    }
                }
            }
            Input::Signal { term, .. } => {
                if let Some(t) = self.terms.iter_mut().find(|t| t.id == term) {
                    t.out.extend_from_slice(b"^C\r\n");
                    t.prompt();
                }
            }
            Input::Ack { .. } => self.acked = Some(now),
            Input::Diagnose(answer) => self.answer = Some(*answer),
            Input::Say { text } => self.said.push((now, text)),
            Input::GiveUp {} => self.answer = Some(Default::default()),
            _ => {}
        }
    }
    pub fn terminal_at_prompt(&self, term: u32) -> Option<PromptState> {
        self.terms.iter().find(|t| t.id == term && t.busy.is_none() && !t.raw).map(|_| PromptState {})
    }
    pub fn take_output(&mut self, term: u32) -> Vec<u8> {
        self.terms.iter_mut().find(|t| t.id == term).map(|t| std::mem::take(&mut t.out)).unwrap_or_default()
    }
    pub fn run_file(&mut self) -> (Vec<String>, String) {
        (std::mem::take(&mut self.lines), json!({"t": self.now, "end": {"score": null}}).to_string())
    }
    pub fn error_ratio(&self, t: i64) -> f64 {
        let from = -240_000_000;
        let up = ((t - from) as f64 / 120e6).clamp(0.0, 1.0) * 0.31;
        let down = self.fixed.map_or(0.0, |f| ((t - f) as f64 / 60e6).clamp(0.0, 1.0));
        up * (1.0 - down) + 0.002 * (((t / 15_000_000) * 7919) % 13) as f64 / 13.0
    }
    pub fn avail(&self, t: i64) -> f64 {
        if self.fixed.is_some_and(|f| t > f) { 58e9 } else { (-(t + 240_000_000) as f64 * 400.0).max(0.0) }
    }
    pub fn series(&self, name: &str, from: i64, to: i64) -> Vec<(i64, f64)> {
        (from / 15_000_000..=to / 15_000_000)
            .map(|n| n * 15_000_000)
            .map(|t| (t, if name == "errors" { self.error_ratio(t) } else { self.avail(t) / 80e9 }))
            .collect()
    }
    pub fn said(&self) -> &[(i64, String)] {
        &self.said
    }
    pub fn acked(&self) -> Option<i64> {
        self.acked
    }
    pub fn answer(&self) -> Option<&crate::score::Answer> {
        self.answer.as_ref()
    }
}
impl Term {
    fn prompt(&mut self) {
        let p = format!(
            "\x1b]0;oncall@{h}: ~\x07\x1b]133;A\x07\x1b[1;32moncall@{h}\x1b[0m:\x1b[1;34m~\x1b[0m$ \x1b]133;B\x07",
            h = self.host
        );
        self.out.extend_from_slice(p.as_bytes());
    }
    fn finish(&mut self, status: u8) {
        self.out.extend_from_slice(format!("\x1b]133;D;{status}\x07").as_bytes());
        self.prompt();
    }
    fn line(&mut self, text: &str, now: i64, fixed: bool) {
        self.out.extend_from_slice(format!("{text}\x1b]133;C\x07\r\n").as_bytes());
        let mut words = text.split_whitespace();
        let mut status = 0;
        let out = match words.next() {
            None => String::new(),
            Some("echo") => format!("{}\n", words.collect::<Vec<_>>().join(" ")),
            Some("df") if fixed => "Filesystem      Size  Used Avail Use% Mounted on\n/dev/sda1        80G   19G   58G  25% /\ntmpfs           3.9G     0  3.9G   0% /dev/shm\n".into(),
            Some("df") => "Filesystem      Size  Used Avail Use% Mounted on\n/dev/sda1        80G   76G     0 100% /\ntmpfs           3.9G     0  3.9G   0% /dev/shm\n".into(),
            Some("ls") => "\x1b[1;34mbin\x1b[0m  \x1b[1;34mlogs\x1b[0m  \x1b[1;32mdeploy.sh\x1b[0m  notes.txt\n".into(),
            Some("systemctl") => "\x1b[0;1;31m×\x1b[0m myapp.service - Order API\n     Loaded: loaded (/lib/systemd/system/myapp.service; enabled)\n     Active: \x1b[0;1;31mfailed\x1b[0m (Result: exit-code) since Fri 2026-11-21 03:04:55 UTC; 2min ago\n   Main PID: 2211 (code=exited, status=1/FAILURE)\n".into(),
            Some("seq") => (1..=words.next().and_then(|n| n.parse().ok()).unwrap_or(3u32)).map(|n| format!("{n}\n")).collect(),
            Some("sleep") => {
                let secs: f64 = words.next().and_then(|n| n.parse().ok()).unwrap_or(1.0);
                self.busy = Some((now + (secs * 1e6) as i64, 0));
                return;
            }
            Some("keys") => {
                self.raw = true;
                self.out.extend_from_slice(b"\x1b[?1049h\x1b[H");
                return;
            }
            Some("hostname") => format!("{}\n", self.host),
            Some("truncate" | "true") => String::new(),
            Some(name) => {
                status = 127;
                format!("-bash: {name}: command not found\n")
            }
        };
        self.out.extend_from_slice(out.replace('\n', "\r\n").as_bytes());
        self.finish(status);
    }
}
