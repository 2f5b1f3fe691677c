//! Generated log lines. A run of lines is `(lines, bytes, t0, t1, source, key)`: where each line starts is computed in
//! constant time, and its text is fitted to its length, so that `tail -c`, `sed -n 1000000p` or a `grep` of one block
//! touch only what they read, and every reader gets the same bytes.

use std::rc::Rc;

use crate::base::{Rng, SimTime, hash};

/// What a writer writes: templates by weight. Plain data, from the scenario.
#[derive(Clone, Debug)]
pub struct LogSource {
    /// Stream name: part of the key of every draw.
    pub name: String,
    /// The seed's hash with the name, so that lines need no world.
    pub seed: u64,
    pub templates: Vec<LineTemplate>,
}

/// One kind of line. The text may hold `{ts}` (ISO 8601, milliseconds), `{epoch}`, `{id}` (8 hex digits), `{n:LOW-HIGH}`
/// (a whole number), `{oneof:a|b|c}` and one `{fill}`, which takes whatever length is left.
#[derive(Clone, Debug)]
pub struct LineTemplate {
    pub weight: u32,
    pub text: String,
}

/// A stretch of lines written over `[t0, t1)` at an even pace.
#[derive(Clone, Debug)]
pub struct LogRun {
    source: Rc<LogSource>,
    /// Distinguishes this run among those of its source: the instant of the step that wrote it.
    key: u64,
    lines: u64,
    bytes: u64,
    t0: SimTime,
    t1: SimTime,
    /// The part of the whole that a cut left.
    skip: u64,
    take: u64,
}

/// A line may be this much longer or shorter than the run's mean, in bytes, so that lengths look natural.
const JITTER: u64 = 24;

impl LogRun {
    /// `lines` lines of `bytes` bytes in all, each with its newline; the mean must be over 3 × the jitter, or lines are even.
    pub fn new(source: Rc<LogSource>, lines: u64, bytes: u64, t0: SimTime, t1: SimTime) -> LogRun {
        let lines = lines.clamp(u64::from(bytes > 0), bytes.max(1));
        LogRun { source, key: t0.micros(), lines, bytes, t0, t1, skip: 0, take: bytes }
    }
    pub fn len(&self) -> u64 {
        self.take
    }
    pub fn is_empty(&self) -> bool {
        self.take == 0
    }
    /// Lines of the whole run, if it was never cut: for `wc -l` without generating.
    pub fn whole_lines(&self) -> Option<u64> {
        (self.skip == 0 && self.take == self.bytes).then_some(self.lines)
    }
    /// Lines that end within this part: its newlines, counted without making them.
    pub fn newlines(&self) -> u64 {
        self.ended_before(self.skip + self.take) - self.ended_before(self.skip)
    }
    /// How many lines of the whole run end at or before byte `at` of it.
    fn ended_before(&self, at: u64) -> u64 {
        if at >= self.bytes { self.lines } else { self.line_at(at) }
    }
    /// The offset in this part just after its `n`-th newline (n from 1), if it has that many.
    pub fn after_newline(&self, n: u64) -> Option<u64> {
        (n > 0 && n <= self.newlines()).then(|| self.start(self.ended_before(self.skip) + n) - self.skip)
    }
    pub fn slice(&self, from: u64, len: u64) -> LogRun {
        LogRun { skip: self.skip + from, take: len, ..self.clone() }
    }

    /// Offset in the whole run at which line `i` starts.
    fn start(&self, i: u64) -> u64 {
        if i == 0 {
            return 0;
        }
        if i >= self.lines {
            return self.bytes;
        }
        let even = (u128::from(self.bytes) * u128::from(i) / u128::from(self.lines)) as u64;
        if self.bytes / self.lines <= 3 * JITTER {
            return even;
        }
        even - JITTER / 2 + Rng::at(self.source.seed, self.key, i).below(JITTER)
    }

    /// The line that covers byte `at` of the whole run.
    fn line_at(&self, at: u64) -> u64 {
        let mut i = (u128::from(at) * u128::from(self.lines) / u128::from(self.bytes.max(1))) as u64;
        i = i.min(self.lines.saturating_sub(1));
        while i > 0 && self.start(i) > at {
            i -= 1;
        }
        while i + 1 < self.lines && self.start(i + 1) <= at {
            i += 1;
        }
        i
    }

    fn time_of(&self, i: u64) -> SimTime {
        let span = self.t1.since(self.t0).micros();
        SimTime(self.t0.micros() + (u128::from(span) * u128::from(i) / u128::from(self.lines.max(1))) as u64)
    }

    /// Appends bytes `[from, from + len)` of this run.
    pub fn read(&self, from: u64, len: u64, out: &mut Vec<u8>) {
        let (mut at, end) = (self.skip + from, self.skip + from + len);
        let mut i = self.line_at(at);
        while at < end && i < self.lines {
            let (start, stop) = (self.start(i), self.start(i + 1));
            let line = self.line(i, (stop - start) as usize);
            let (a, b) = ((at - start) as usize, (end.min(stop) - start) as usize);
            out.extend_from_slice(&line[a..b]);
            at = stop;
            i += 1;
        }
    }

    fn line(&self, i: u64, len: usize) -> Vec<u8> {
        let mut rng = Rng::at(self.source.seed, hash::mix64(self.key), i);
        let total: u64 = self.source.templates.iter().map(|t| u64::from(t.weight)).sum();
        let mut left = rng.below(total.max(1));
        let template = self.source.templates.iter().find(|t| {
            let hit = left < u64::from(t.weight);
            left = left.saturating_sub(u64::from(t.weight));
            hit
        });
        render(template.map_or("{fill}", |t| &t.text), &mut rng, self.time_of(i), len)
    }
}

/// Fits a template to exactly `len` bytes, newline included.
fn render(template: &str, rng: &mut Rng, t: SimTime, len: usize) -> Vec<u8> {
    let mut before = Vec::with_capacity(len);
    let mut after = None::<Vec<u8>>;
    let mut rest = template;
    while let Some((text, tail)) = rest.split_once('{') {
        let Some((field, tail)) = tail.split_once('}') else { break };
        let out = after.as_mut().unwrap_or(&mut before);
        out.extend_from_slice(text.as_bytes());
        let (name, argument) = field.split_once(':').unwrap_or((field, ""));
        match name {
            "ts" => out.extend_from_slice(iso_millis(t).as_bytes()),
            "epoch" => out.extend_from_slice(t.secs().to_string().as_bytes()),
            "id" => out.extend_from_slice(format!("{:08x}", rng.below(1 << 32)).as_bytes()),
            "n" => {
                let (low, high) = argument.split_once('-').unwrap_or(("0", argument));
                let number = rng.between(low.parse().unwrap_or(0), high.parse().unwrap_or(99));
                out.extend_from_slice(number.to_string().as_bytes());
            }
            "oneof" => {
                let choices: Vec<&str> = argument.split('|').collect();
                out.extend_from_slice(rng.pick(&choices).map_or("", |c| c).as_bytes());
            }
            "fill" => after = Some(Vec::new()),
            // JSON braces and unknown fields stay as they are: a template is text first.
            _ => {
                out.push(b'{');
                rest = &rest[rest.len() - tail.len() - field.len() - 1..];
                continue;
            }
        }
        rest = tail;
    }
    let had_fill = after.is_some();
    let mut after = after.unwrap_or_default();
    if had_fill {
        after.extend_from_slice(rest.as_bytes())
    } else {
        before.extend_from_slice(rest.as_bytes())
    }
    let room = len.saturating_sub(1 + before.len() + after.len());
    if had_fill {
        // Hexadecimal payload in groups: what a dumped parameter or a blob id looks like.
        for k in 0..room {
            before.push(if k % 9 == 8 { b'-' } else { b"0123456789abcdef"[rng.below(16) as usize] });
        }
    } else {
        before.resize(before.len() + room, b' ');
    }
    before.append(&mut after);
    before.truncate(len.saturating_sub(1));
    before.push(b'\n');
    before
}

fn iso_millis(t: SimTime) -> String {
    let (y, mo, d, h, mi, s) = crate::base::time::civil(t);
    format!("{y:04}-{mo:02}-{d:02}T{h:02}:{mi:02}:{s:02}.{:03}Z", t.micros() / 1000 % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(lines: u64, bytes: u64) -> LogRun {
        let text = r#"{"level":"debug","ts":"{ts}","msg":"sql params","id":"{id}","params":"{fill}"}"#;
        let source =
            LogSource { name: "app".into(), seed: 9, templates: vec![LineTemplate { weight: 1, text: text.into() }] };
        LogRun::new(Rc::new(source), lines, bytes, SimTime::from_secs(1000), SimTime::from_secs(1060))
    }

    #[test]
    fn bytes_and_lines_are_exact_and_any_window_agrees_with_the_whole() {
        let r = run(40, 40 * 300 + 7);
        let mut whole = Vec::new();
        r.read(0, r.len(), &mut whole);
        assert_eq!(whole.len() as u64, r.len());
        assert_eq!(whole.iter().filter(|&&b| b == b'\n').count(), 40);
        for (from, len) in [(0, 1), (299, 3), (5000, 1234), (12_000, 7)] {
            let mut part = Vec::new();
            r.slice(from, len).read(0, len, &mut part);
            assert_eq!(part, whole[from as usize..(from + len) as usize]);
        }
        let text = String::from_utf8(whole).unwrap();
        for line in text.lines() {
            assert!(line.starts_with(r#"{"level":"debug","ts":"1970-01-01T00:1"#), "{line}");
            assert!(line.ends_with(r#""}"#), "{line}");
        }
    }

    #[test]
    fn newlines_are_counted_and_found_without_making_them() {
        let r = run(40, 40 * 300 + 7);
        for (from, len) in [(0, 1), (299, 3), (5000, 1234), (0, r.len()), (300, 600)] {
            let part = r.slice(from, len);
            let mut text = Vec::new();
            part.read(0, len, &mut text);
            let ends: Vec<u64> = (1..).zip(&text).filter(|(_, b)| **b == b'\n').map(|(at, _)| at).collect();
            assert_eq!(part.newlines(), ends.len() as u64);
            let found: Vec<u64> = (1..).map_while(|n| part.after_newline(n)).collect();
            assert_eq!(found, ends);
        }
    }

    #[test]
    fn a_huge_run_costs_only_what_is_read() {
        let r = run(100_000_000, 58 << 30);
        let mut tail = Vec::new();
        r.read(r.len() - 600, 600, &mut tail);
        assert_eq!((tail.len(), tail.last()), (600, Some(&b'\n')));
    }
}
