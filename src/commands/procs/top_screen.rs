//! What `top` shows: samples of the counters, the lines made of two of them, and how they are put on a screen.

use std::collections::BTreeMap;

use super::uptime;
use crate::base::{SimTime, Span};
use crate::program::{Ctx, Key, Stop};
use crate::world::accounting::{CpuTimes, Memory};
use crate::world::listing::ProcessRow;

/// Fields one can sort by.
pub const SORTS: &[&str] = &["%CPU", "%MEM", "TIME+", "PID", "RES", "VIRT", "USER", "COMMAND"];

/// How the player wants it.
pub struct View {
    pub delay: Span,
    pub sort: &'static str,
    pub reverse: bool,
    pub command_line: bool,
    /// Are idle tasks shown?
    pub idle: bool,
    pub each_cpu: bool,
    pub user: Option<String>,
    pub pids: Vec<u32>,
    /// Lines of tasks at most; 0 for all that fit.
    pub most: usize,
    pub scroll: usize,
    pub message: String,
}

impl Default for View {
    fn default() -> View {
        View {
            delay: Span::from_secs(3),
            sort: "%CPU",
            reverse: false,
            command_line: false,
            idle: true,
            each_cpu: false,
            user: None,
            pids: Vec::new(),
            most: 0,
            scroll: 0,
            message: String::new(),
        }
    }
}

impl View {
    /// Keys that only change the view.
    pub fn key(&mut self, key: Key) {
        match key {
            Key::Char('P') => self.sort = "%CPU",
            Key::Char('M') => self.sort = "%MEM",
            Key::Char('T') => self.sort = "TIME+",
            Key::Char('N') => self.sort = "PID",
            Key::Char('R') => self.reverse = !self.reverse,
            Key::Char('c') => self.command_line = !self.command_line,
            Key::Char('i') => self.idle = !self.idle,
            Key::Char('1') => self.each_cpu = !self.each_cpu,
            Key::Down => self.scroll += 1,
            Key::Up => self.scroll = self.scroll.saturating_sub(1),
            Key::PageDown => self.scroll += 10,
            Key::PageUp => self.scroll = self.scroll.saturating_sub(10),
            Key::Home => self.scroll = 0,
            Key::Char('=') => {
                (self.user, self.most, self.scroll, self.idle) = (None, 0, 0, true);
            }
            Key::Char('b' | 'x' | 'y' | 'z' | 'B' | 'Z' | 'l' | 't' | 'm' | 'E' | 'e' | 'S' | 'I' | 'j' | 'J') => {}
            Key::Char(
                'f' | 'F' | 'H' | 'V' | 'L' | '&' | 'o' | 'O' | 'W' | 'r' | 'Y' | 'A' | 'G' | 'a' | 'w' | 'C',
            ) => {
                self.message = " This command is real, but not modelled in this simulation ".into();
            }
            Key::Char(_) | Key::Ctrl(_) => self.message = " Unknown command - try 'h' for help ".into(),
            _ => {}
        }
    }
}

/// All counters at one instant.
#[derive(Clone)]
pub struct Sample {
    at: SimTime,
    times: CpuTimes,
    memory: Memory,
    cores: u32,
    rows: Vec<ProcessRow>,
}

impl Sample {
    pub async fn take(c: &Ctx) -> Result<Sample, Stop> {
        let sample = c.read(|w| {
            let (h, now) = (w.host(c.me().host), w.now());
            let rows = w.process_rows(c.me().host);
            Sample { at: now, times: h.cpu_times(now), memory: h.memory(), cores: h.cores, rows }
        });
        // Reading /proc/<pid>/stat and statm of each.
        c.work(20_000 * sample.rows.len() as u64).await?;
        Ok(sample)
    }
}

/// The lines of one picture.
pub struct Frame {
    pub summary: Vec<String>,
    pub header: String,
    /// A line, and whether the task runs.
    pub tasks: Vec<(String, bool)>,
}

/// Processes with their share of one CPU in the interval, thousandths, in the view's order.
fn ordered<'s>(before: &Sample, now: &'s Sample, view: &View) -> Vec<(&'s ProcessRow, u64)> {
    let earlier: BTreeMap<u32, (SimTime, Span)> = before.rows.iter().map(|p| (p.pid, (p.started, p.cpu))).collect();
    let span = now.at.since(before.at).micros().max(1);
    let share = |p: &ProcessRow| {
        let then = earlier.get(&p.pid).filter(|(started, _)| *started == p.started).map_or(0, |(_, cpu)| cpu.micros());
        p.cpu.micros().saturating_sub(then) * 1000 / span
    };
    let wanted = |p: &&ProcessRow| {
        let of_user = view.user.as_ref().is_none_or(|u| *u == p.user || *u == p.uid.to_string());
        of_user && (view.pids.is_empty() || view.pids.contains(&p.pid))
    };
    let mut rows: Vec<(&ProcessRow, u64)> = now.rows.iter().filter(wanted).map(|p| (p, share(p))).collect();
    if !view.idle {
        rows.retain(|(p, share)| *share > 0 || p.state.letter() == 'R');
    }
    rows.sort_by(|(a, x), (b, y)| {
        let order = match view.sort {
            "%MEM" | "RES" => b.rss_bytes.cmp(&a.rss_bytes),
            "VIRT" => b.vsz_bytes.cmp(&a.vsz_bytes),
            "TIME+" => b.cpu.cmp(&a.cpu),
            "PID" => b.pid.cmp(&a.pid),
            "USER" => b.user.cmp(&a.user),
            "COMMAND" => b.comm.cmp(&a.comm),
            _ => y.cmp(x),
        };
        if view.reverse { order.reverse() } else { order }
    });
    rows
}

/// The task on the first line: what `k` proposes.
pub fn first_pid(before: &Sample, now: &Sample, view: &View) -> Option<u32> {
    ordered(before, now, view).get(view.scroll).map(|(p, _)| p.pid)
}

pub fn frame(c: &Ctx, before: &Sample, now: &Sample, view: &View) -> Frame {
    let rows = ordered(before, now, view);
    let mut summary = vec![format!("top -{}", c.read(|w| uptime::line(w, c.me().host)))];
    let count = |letters: &[char]| now.rows.iter().filter(|p| letters.contains(&p.state.letter())).count();
    summary.push(format!(
        "Tasks: {:3} total, {:3} running, {:3} sleeping, {:3} stopped, {:3} zombie",
        now.rows.len(),
        count(&['R']),
        count(&['S', 'D']),
        count(&['T']),
        count(&['Z'])
    ));
    let times = now.times.since(&before.times);
    let cores = if view.each_cpu { now.cores } else { 1 };
    for core in 0..cores {
        let label = if view.each_cpu { format!("%Cpu{core:<3}:") } else { "%Cpu(s):".into() };
        summary.push(format!("{label}{}", cpu_line(&times)));
    }
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    let m = &now.memory;
    let cache = m.buffers + m.cached + m.reclaimable;
    summary.push(format!(
        "MiB Mem : {:8.1} total, {:8.1} free, {:8.1} used, {:8.1} buff/cache     ",
        mib(m.total),
        mib(m.free),
        mib(m.total.saturating_sub(m.available)),
        mib(cache)
    ));
    summary.push(format!(
        "MiB Swap: {:8.1} total, {:8.1} free, {:8.1} used. {:8.1} avail Mem ",
        mib(m.swap_total),
        mib(m.swap_free),
        mib(m.swap_total - m.swap_free),
        mib(m.available)
    ));
    let tasks = rows.iter().skip(view.scroll.min(rows.len().saturating_sub(1)));
    let tasks = tasks.take(if view.most == 0 { usize::MAX } else { view.most });
    Frame {
        summary,
        header: "    PID USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM     TIME+ COMMAND".into(),
        tasks: tasks.map(|(p, share)| (task(p, *share, m.total, view), p.state.letter() == 'R')).collect(),
    }
}

fn cpu_line(t: &CpuTimes) -> String {
    let total = t.total().max(1) as f64;
    let share = |us: u64| us as f64 * 100.0 / total;
    format!(
        "{:5.1} us,{:5.1} sy,{:5.1} ni,{:5.1} id,{:5.1} wa,{:5.1} hi,{:5.1} si,{:5.1} st ",
        share(t.user),
        share(t.system),
        share(t.nice),
        share(t.idle),
        share(t.iowait),
        share(t.irq),
        share(t.softirq),
        share(t.steal)
    )
}

fn task(p: &ProcessRow, share: u64, memory: u64, view: &View) -> String {
    let user: String = match p.user.chars().count() {
        0..=8 => p.user.clone(),
        _ => p.user.chars().take(7).chain(['+']).collect(),
    };
    // Programs and libraries that are mapped from files: a part of what is resident.
    let shared = p.rss_bytes / 3;
    let percent = p.rss_bytes as f64 * 100.0 / memory.max(1) as f64;
    let cpu = format!("{:5.1}", share as f64 / 10.0);
    let hundredths = p.cpu.micros() / 10_000;
    let time = format!("{}:{:02}.{:02}", hundredths / 6000, hundredths / 100 % 60, hundredths % 100);
    let name = if view.command_line { p.args() } else { p.comm.clone() };
    format!(
        "{:7} {user:<8} {:3} {:3} {:>7} {:>6} {:>6} {} {cpu} {percent:5.1} {time:>9} {name}",
        p.pid,
        20 + i32::from(p.nice),
        p.nice,
        scaled(p.vsz_bytes, 7),
        scaled(p.rss_bytes, 6),
        scaled(shared, 6),
        p.state.letter()
    )
}

/// Kibibytes if they fit, else the first larger unit that does.
fn scaled(bytes: u64, width: usize) -> String {
    let plain = (bytes / 1024).to_string();
    if plain.len() <= width {
        return plain;
    }
    let mut value = bytes as f64 / 1024.0;
    for unit in ['m', 'g', 't', 'p'] {
        value /= 1024.0;
        let text = format!("{value:.1}{unit}");
        if text.len() <= width {
            return text;
        }
    }
    "?".into()
}

/// A picture as plain text.
pub fn batch(frame: &Frame, width: usize) -> String {
    let cut = |line: &str| line.chars().take(width).collect::<String>();
    let mut out = String::new();
    for line in &frame.summary {
        out.push_str(&format!("{}\n", cut(line)));
    }
    out.push_str(&format!("\n{}\n", cut(&frame.header)));
    for (line, _) in &frame.tasks {
        out.push_str(&format!("{}\n", cut(line)));
    }
    out
}

/// A picture on a terminal: figures bold, the header reversed, running tasks bold.
pub fn screen(frame: &Frame, view: &View, columns: usize, rows: usize) -> String {
    let mut out = String::from("\x1b[H");
    let mut lines = 0;
    let mut put = |text: String, out: &mut String| {
        if lines < rows {
            out.push_str(if lines > 0 { "\n" } else { "" });
            out.push_str(&text);
            out.push_str("\x1b[K");
            lines += 1;
        }
    };
    let cut = |line: &str| line.chars().take(columns).collect::<String>();
    for (n, line) in frame.summary.iter().enumerate() {
        put(if n == 0 { cut(line) } else { bold_figures(&cut(line)) }, &mut out);
    }
    let message =
        if view.message.is_empty() { String::new() } else { format!("\x1b[7m{}\x1b(B\x1b[m", cut(&view.message)) };
    put(message, &mut out);
    put(format!("\x1b[7m{:<columns$}\x1b(B\x1b[m", cut(&frame.header)), &mut out);
    for (line, running) in &frame.tasks {
        let text = format!("{:<columns$}", cut(line));
        put(if *running { format!("\x1b[1m{text}\x1b(B\x1b[m") } else { text }, &mut out);
    }
    out.push_str("\x1b[J");
    out
}

fn bold_figures(line: &str) -> String {
    let (mut out, mut figure) = (String::new(), false);
    let (label, rest) = line.split_once(':').map_or(("", line), |(l, r)| (l, r));
    if !label.is_empty() {
        out.push_str(&format!("{label}:"));
    }
    for ch in rest.chars() {
        let is = ch.is_ascii_digit() || ch == '.' && figure;
        if is != figure {
            out.push_str(if is { "\x1b[1m" } else { "\x1b(B\x1b[m" });
            figure = is;
        }
        out.push(ch);
    }
    if figure {
        out.push_str("\x1b(B\x1b[m");
    }
    out
}

pub fn help(view: &View, secure: bool) -> String {
    let mode = |on: bool| if on { "On" } else { "Off" };
    format!(
        "\x1b[H\x1b[2JHelp for Interactive Commands\x1b[K - procps-ng 4.0.2\nWindow 1:Def: Cumulative mode Off.  System: Delay {:.1} secs; Secure mode {}.\n\n  c         Toggle command name/line: {}\n  1         Toggle single/separate CPU states\n  P,M,T,N,R Sort by CPU, memory, time, pid; reverse the order\n  u,U       Filter by a user; blank for all\n  n or #    Set maximum tasks displayed\n  i         Toggle idle tasks\n  k         Manipulate tasks: kill\n  d or s    Set update interval\n  Up,Down   Scroll\n  =         Show everything again\n  q         Quit\n          ( commands shown with '.' require a visible task display window )\nPress 'h' or '?' for help with Windows,\nType 'q' or <Esc> to continue ",
        view.delay.secs_f64(),
        mode(secure),
        mode(view.command_line)
    )
}
