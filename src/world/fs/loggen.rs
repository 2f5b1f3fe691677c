//! Generated log lines. A run of lines is `(how many of each kind, t0, t1, source, key)`; it is divided into blocks whose
//! bytes are known without making a line, so that `tail -c`, `sed -n 1000000p` or a `grep` of one window make only the
//! blocks they read, and every reader gets the same bytes.

use std::rc::Rc;

use crate::base::{Rng, SimTime, hash};

/// What a writer writes: kinds of line. Plain data, from the scenario.
#[derive(Clone, Debug)]
pub struct LogSource {
    /// Drawn from the world's seed and the stream's name.
    pub seed: u64,
    pub kinds: Vec<LineTemplate>,
}

/// One kind of line.
#[derive(Clone, Debug)]
pub struct LineTemplate {
    pub parts: Vec<Part>,
    /// Mean bytes with the newline, of the parts as they are: blocks are fitted to it.
    pub bytes: u32,
}

/// A piece of a line.
#[derive(Clone, Debug)]
pub enum Part {
    Text(String),
    /// RFC 3339 with milliseconds, UTC.
    Time,
    /// A whole number, bounds included.
    Int(i64, i64),
    /// So many hexadecimal digits. The last one of a line takes up the difference to the block's bytes.
    Hex(u32),
    OneOf(Rc<[String]>),
    /// One of these by weight.
    Weighted(Rc<[(f64, String)]>),
}

/// Lines written over `[t0, t1)` at an even pace.
#[derive(Clone, Debug)]
pub struct LogRun {
    source: Rc<LogSource>,
    /// Distinguishes this run among those of its source: the instant of the step that wrote it.
    key: u64,
    /// Lines of each kind.
    counts: Rc<[u64]>,
    t0: SimTime,
    t1: SimTime,
    /// The part of the whole that a cut left.
    skip: u64,
    take: u64,
}

/// Where a line's elastic field stands, and how many digits it has.
type Elastic = (usize, usize);

/// Lines in a block, about.
const BLOCK_LINES: u64 = 64;

impl LogRun {
    /// `counts` gives the lines of each of the source's kinds.
    pub fn new(source: Rc<LogSource>, counts: Rc<[u64]>, t0: SimTime, t1: SimTime) -> LogRun {
        let mut run = LogRun { source, key: t0.micros(), counts, t0, t1, skip: 0, take: 0 };
        run.take = run.bytes_before(run.blocks());
        run
    }

    /// As many lines as make about `bytes`, kinds in proportion to `weights`.
    pub fn of_size(source: Rc<LogSource>, weights: &[f64], bytes: u64, t0: SimTime, t1: SimTime) -> LogRun {
        let mean: f64 = source.kinds.iter().zip(weights).map(|(k, w)| f64::from(k.bytes) * w).sum();
        let scale = if mean > 0.0 { bytes as f64 / mean } else { 0.0 };
        let counts = weights.iter().map(|w| (w * scale).round() as u64).collect();
        LogRun::new(source, counts, t0, t1)
    }

    pub fn len(&self) -> u64 {
        self.take
    }
    pub fn is_empty(&self) -> bool {
        self.take == 0
    }
    fn lines(&self) -> u64 {
        self.counts.iter().sum()
    }
    /// Lines of the whole run, if it was never cut: for `wc -l` without generating.
    pub fn whole_lines(&self) -> Option<u64> {
        (self.skip == 0 && self.take == self.bytes_before(self.blocks())).then(|| self.lines())
    }
    /// Lines that end within this part: its newlines, counted without making them.
    pub fn newlines(&self) -> u64 {
        self.ended_before(self.skip + self.take) - self.ended_before(self.skip)
    }
    /// How many lines of the whole run end at or before byte `at` of it.
    fn ended_before(&self, at: u64) -> u64 {
        if at == 0 {
            return 0;
        }
        let b = self.block_at(at);
        let inside = at.saturating_sub(self.bytes_before(b)) as usize;
        if inside == 0 {
            return self.lines_before(b);
        }
        let block = self.block(b);
        let ends = block[..inside.min(block.len())].iter().filter(|&&b| b == b'\n').count();
        self.lines_before(b) + ends as u64
    }
    /// The offset in this part just after its `n`-th newline (n from 1), if it has that many.
    pub fn after_newline(&self, n: u64) -> Option<u64> {
        if n == 0 || n > self.newlines() {
            return None;
        }
        let line = self.ended_before(self.skip) + n;
        // The last block with fewer lines before it.
        let (mut low, mut high) = (0, self.blocks());
        while low + 1 < high {
            let middle = (low + high) / 2;
            if self.lines_before(middle) < line { low = middle } else { high = middle }
        }
        let block = self.block(low);
        let mut ends = block.iter().enumerate().filter(|(_, b)| **b == b'\n');
        let (at, _) = ends.nth((line - self.lines_before(low)).saturating_sub(1) as usize)?;
        Some(self.bytes_before(low) + at as u64 + 1 - self.skip)
    }
    pub fn slice(&self, from: u64, len: u64) -> LogRun {
        LogRun { skip: self.skip + from, take: len, ..self.clone() }
    }

    /// The last block that starts at or before `at`.
    fn block_at(&self, at: u64) -> u64 {
        let (mut low, mut high) = (0, self.blocks());
        while low + 1 < high {
            let middle = (low + high) / 2;
            if self.bytes_before(middle) <= at { low = middle } else { high = middle }
        }
        low
    }

    fn blocks(&self) -> u64 {
        self.lines().div_ceil(BLOCK_LINES).max(1)
    }
    /// Lines of kind `k` before block `b`: each kind is spread evenly over the run.
    fn kind_before(&self, k: usize, b: u64) -> u64 {
        let n = u128::from(self.counts.get(k).copied().unwrap_or(0));
        let blocks = u128::from(self.blocks());
        ((2 * n * u128::from(b) + blocks) / (2 * blocks)) as u64
    }
    fn lines_before(&self, b: u64) -> u64 {
        (0..self.counts.len()).map(|k| self.kind_before(k, b)).sum()
    }
    fn bytes_before(&self, b: u64) -> u64 {
        let kinds = self.source.kinds.iter().enumerate();
        kinds.map(|(k, kind)| self.kind_before(k, b) * u64::from(kind.bytes)).sum()
    }

    /// Appends bytes `[from, from + len)` of this run.
    pub fn read(&self, from: u64, len: u64, out: &mut Vec<u8>) {
        let (mut at, end) = (self.skip + from, self.skip + from + len);
        let mut b = self.block_at(at);
        while at < end && b < self.blocks() {
            let start = self.bytes_before(b);
            let block = self.block(b);
            let stop = start + block.len() as u64;
            if stop > at {
                let (x, y) = ((at - start) as usize, (end.min(stop) - start) as usize);
                out.extend_from_slice(&block[x..y]);
                at = end.min(stop);
            }
            b += 1;
        }
    }

    /// The text of one block, exactly as long as its place demands.
    fn block(&self, b: u64) -> Vec<u8> {
        let mut rng = Rng::at(self.source.seed, hash::mix64(self.key), b);
        let mut kinds: Vec<usize> = Vec::new();
        for k in 0..self.counts.len() {
            let n = self.kind_before(k, b + 1) - self.kind_before(k, b);
            kinds.extend(std::iter::repeat_n(k, n as usize));
        }
        for i in (1..kinds.len()).rev() {
            kinds.swap(i, rng.below(i as u64 + 1) as usize);
        }
        let target = self.bytes_before(b + 1) - self.bytes_before(b);
        let (first, all) = (self.lines_before(b), self.lines().max(1));
        let span = u128::from(self.t1.since(self.t0).micros());
        let mut lines: Vec<(Vec<u8>, Option<Elastic>)> = Vec::with_capacity(kinds.len());
        let mut total = 0;
        for (i, &k) in kinds.iter().enumerate() {
            let into = span * u128::from(first + i as u64) / u128::from(all);
            let t = SimTime(self.t0.micros() + into as u64);
            let mut line = Vec::new();
            let elastic =
                self.source.kinds.get(k).map(|kind| render(&kind.parts, &mut rng, t, &mut line)).unwrap_or(None);
            line.push(b'\n');
            total += line.len() as i64;
            lines.push((line, elastic));
        }
        fit(&mut lines, target as i64 - total, &mut rng);
        let mut text = Vec::with_capacity(target as usize);
        for (line, _) in lines {
            text.extend_from_slice(&line);
        }
        // What no field could take up: only where a kind of line has no hexadecimal field at all.
        if text.len() as u64 != target {
            text.truncate(target.saturating_sub(1) as usize);
            text.resize(target.saturating_sub(1) as usize, b' ');
            text.push(b'\n');
        }
        text
    }
}

/// Writes a line; gives where its elastic field stands.
fn render(parts: &[Part], rng: &mut Rng, t: SimTime, out: &mut Vec<u8>) -> Option<Elastic> {
    let mut elastic = None;
    for part in parts {
        match part {
            Part::Text(text) => out.extend_from_slice(text.as_bytes()),
            Part::Time => out.extend_from_slice(rfc3339_millis(t).as_bytes()),
            Part::Int(low, high) => {
                let n = *low + rng.below(high.saturating_sub(*low) as u64 + 1) as i64;
                out.extend_from_slice(n.to_string().as_bytes());
            }
            Part::Hex(digits) => {
                elastic = Some((out.len(), *digits as usize));
                out.extend((0..*digits).map(|_| hex_digit(rng)));
            }
            Part::OneOf(words) => out.extend_from_slice(rng.pick(words).map_or("", String::as_str).as_bytes()),
            Part::Weighted(words) => {
                let all: f64 = words.iter().map(|w| w.0).sum();
                let mut left = rng.unit() * all;
                let word = words.iter().find(|w| {
                    left -= w.0;
                    left < 0.0
                });
                out.extend_from_slice(word.or(words.last()).map_or("", |w| w.1.as_str()).as_bytes());
            }
        }
    }
    elastic
}

fn hex_digit(rng: &mut Rng) -> u8 {
    b"0123456789abcdef"[rng.below(16) as usize]
}

/// Spreads a difference of bytes over the elastic fields of a block's lines, a little each.
fn fit(lines: &mut [(Vec<u8>, Option<Elastic>)], mut difference: i64, rng: &mut Rng) {
    let elastic = lines.iter().filter(|l| l.1.is_some()).count() as i64;
    let mut left = elastic;
    for (line, field) in lines.iter_mut() {
        let Some((at, digits)) = *field else { continue };
        // Rounded away from zero, so that the last lines have nothing left to take.
        let share = if difference >= 0 { (difference + left - 1) / left } else { (difference - left + 1) / left };
        left -= 1;
        if share >= 0 {
            let more: Vec<u8> = (0..share).map(|_| hex_digit(rng)).collect();
            line.splice(at..at, more);
            difference -= share;
        } else {
            let less = (-share).min(digits as i64 - 1);
            line.drain(at..at + less as usize);
            difference += less;
        }
    }
}

fn rfc3339_millis(t: SimTime) -> String {
    let (y, mo, d, h, mi, s) = crate::base::time::civil(t);
    format!("{y:04}-{mo:02}-{d:02}T{h:02}:{mi:02}:{s:02}.{:03}Z", t.micros() / 1000 % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source() -> Rc<LogSource> {
        let text = |t: &str| Part::Text(t.into());
        let short =
            vec![text(r#"{"level":"info","ts":""#), Part::Time, text(r#"","id":""#), Part::Hex(16), text("\"}")];
        let long = vec![
            text(r#"{"level":"debug","ts":""#),
            Part::Time,
            text(r#"","n":"#),
            Part::Int(1, 99_999),
            text(r#","params":""#),
            Part::Hex(300),
            text("\"}"),
        ];
        Rc::new(LogSource {
            seed: 9,
            kinds: vec![LineTemplate { parts: short, bytes: 75 }, LineTemplate { parts: long, bytes: 380 }],
        })
    }

    #[test]
    fn bytes_and_lines_are_exact_and_any_window_agrees_with_the_whole() {
        let run = LogRun::new(source(), Rc::new([200, 31]), SimTime::from_secs(1000), SimTime::from_secs(1060));
        assert_eq!(run.len(), 200 * 75 + 31 * 380);
        let mut whole = Vec::new();
        run.read(0, run.len(), &mut whole);
        assert_eq!(whole.len() as u64, run.len());
        assert_eq!(run.whole_lines(), Some(231));
        for (from, len) in [(0, 1), (299, 3), (5000, 12_340), (20_000, 7), (run.len() - 5, 5)] {
            let mut part = Vec::new();
            run.slice(from, len).read(0, len, &mut part);
            assert_eq!(part, whole[from as usize..(from + len) as usize], "{from}+{len}");
        }
        let text = String::from_utf8(whole).unwrap();
        assert_eq!(text.lines().count(), 231);
        let mut last = String::new();
        for line in text.lines() {
            let v: serde_json::Value = serde_json::from_str(line).expect(line);
            let ts = v["ts"].as_str().unwrap().to_string();
            assert!(ts >= last, "{ts} after {last}");
            last = ts;
        }
        assert_eq!(text.matches("debug").count(), 31);
    }

    #[test]
    fn newlines_are_counted_and_found_without_making_them() {
        let r = LogRun::new(source(), Rc::new([200, 31]), SimTime::from_secs(1000), SimTime::from_secs(1060));
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
        let run =
            LogRun::of_size(source(), &[1.0, 4.0], 58 << 30, SimTime::from_secs(1000), SimTime::from_secs(9_000_000));
        assert!(run.len().abs_diff(58 << 30) < 2000, "{}", run.len());
        let mut tail = Vec::new();
        run.read(run.len() - 600, 600, &mut tail);
        assert_eq!((tail.len(), tail.last()), (600, Some(&b'\n')));
        let mut middle = Vec::new();
        run.read(run.len() / 2, 100_000, &mut middle);
        assert_eq!(middle.len(), 100_000);
    }
}
