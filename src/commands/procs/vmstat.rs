use bstr::ByteSlice;

use crate::base::stamp::stamp;
use crate::base::{SimTime, Span};
use crate::program::{Args, Command, Ctx, Example, Opt, Outcome};
use crate::world::accounting::{CpuTimes, HERTZ, Memory};

pub const COMMAND: Command = Command {
    name: "vmstat",
    package: "procps",
    summary: "Report virtual memory statistics.",
    usage: &["[options] [delay [count]]"],
    options: &[
        Opt::flag('a', "active", "active/inactive memory"),
        Opt::flag('f', "forks", "number of forks since boot"),
        Opt::flag('m', "slabs", "slabinfo").unmodelled(),
        Opt::flag('n', "one-header", "do not redisplay header"),
        Opt::flag('s', "stats", "event counter statistics"),
        Opt::flag('d', "disk", "disk statistics").unmodelled(),
        Opt::flag('D', "disk-sum", "summarize disk statistics").unmodelled(),
        Opt::value('p', "partition", "dev", "partition specific statistics").unmodelled(),
        Opt::value('S', "unit", "char", "define display unit"),
        Opt::flag('w', "wide", "wide output"),
        Opt::flag('t', "timestamp", "show timestamp"),
        Opt::flag('y', "no-first", "skips first line of output"),
    ],
    examples: &[Example {
        run: "vmstat | head -1",
        prints: "procs -----------memory---------- ---swap-- -----io---- -system-- ------cpu-----\n",
    }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

/// The counters at one instant.
struct Sample {
    at: SimTime,
    times: CpuTimes,
    memory: Memory,
    running: usize,
    blocked: usize,
    interrupts: u64,
    switches: u64,
    read_kb: u64,
    written_kb: u64,
    forks: u64,
    booted: SimTime,
}

fn sample(c: &Ctx) -> Sample {
    c.read(|w| {
        let (h, now) = (w.host(c.me().host), w.now());
        let in_state = |letter: char| h.kernel.processes().filter(|p| p.state.letter() == letter).count();
        let (interrupts, switches) = h.interrupts(now);
        Sample {
            at: now,
            times: h.cpu_times(now),
            memory: h.memory(),
            running: in_state('R'),
            blocked: in_state('D'),
            interrupts,
            switches,
            read_kb: h.kernel.counters.read_kb,
            written_kb: h.kernel.counters.written_kb,
            forks: h.kernel.counters.forks,
            booted: h.kernel.booted(),
        }
    })
}

async fn main(c: Ctx, a: Args) -> Outcome {
    let mut numbers = Vec::new();
    for operand in a.operands() {
        match operand.to_str().ok().and_then(|t| t.parse::<u64>().ok()).filter(|&n| n > 0) {
            Some(n) => numbers.push(n),
            None => {
                c.complain(format_args!("failed to parse argument: '{operand}'")).await?;
                return Ok(1);
            }
        }
    }
    let unit = match a.get("unit").map(|u| u.as_bytes().to_vec()).as_deref() {
        None | Some(b"K") => 1024,
        Some(b"k") => 1000,
        Some(b"m") => 1_000_000,
        Some(b"M") => 1 << 20,
        Some(_) => {
            c.complain("-S requires k, K, m or M (default is KiB)").await?;
            return Ok(1);
        }
    };
    let first = sample(&c);
    if a.has("forks") {
        c.out(format!("{:13} forks\n", first.forks)).await?;
        return Ok(0);
    }
    if a.has("stats") {
        c.out(statistics(&first)).await?;
        return Ok(0);
    }
    let count = match numbers.as_slice() {
        [] => 1,
        [_] => u64::MAX,
        [_, n, ..] => *n,
    };
    let delay = Span::from_secs(numbers.first().copied().unwrap_or(1));
    let rows = c.window().map_or(24, |(_, rows)| u64::from(rows).max(4));
    c.out(header(&a)).await?;
    let (mut before, mut shown) = (None, 0u64);
    if !a.has("no-first") {
        c.out(line(&first, None, &a, unit)).await?;
        shown = 1;
    }
    let mut last = first;
    while shown < count {
        before.replace(last);
        c.flush().await?;
        c.sleep(delay).await?;
        last = sample(&c);
        if shown > 0 && shown % (rows - 3) == 0 && !a.has("one-header") && c.is_tty(1) {
            c.out(header(&a)).await?;
        }
        c.out(line(&last, before.as_ref(), &a, unit)).await?;
        shown += 1;
    }
    Ok(0)
}

fn header(a: &Args) -> String {
    let (wide, active, time) = (a.has("wide"), a.has("active"), a.has("timestamp"));
    let (one, two) = if active { ("inact", "active") } else { ("buff", "cache") };
    if wide {
        let (cap, stamp) = if time { (" -----timestamp-----", "                 UTC") } else { ("", "") };
        return format!(
            "--procs-- -----------------------memory---------------------- ---swap-- -----io---- -system-- ----------cpu----------{cap}\n   r    b         swpd         free {one:>12} {two:>12}   si   so    bi    bo   in   cs  us  sy  id  wa  st  gu{stamp}\n"
        );
    }
    let (cap, stamp) = if time { (" -----timestamp-----", "                 UTC") } else { ("", "") };
    format!(
        "procs -----------memory---------- ---swap-- -----io---- -system-- ------cpu-----{cap}\n r  b   swpd   free {one:>6} {two:>6}   si   so    bi    bo   in   cs us sy id wa st{stamp}\n"
    )
}

/// The first line tells of the time since boot, the others of the time since the line before.
fn line(s: &Sample, before: Option<&Sample>, a: &Args, unit: u64) -> String {
    let (times, secs) = match before {
        Some(b) => (s.times.since(&b.times), s.at.since(b.at).secs_f64()),
        None => (s.times, s.at.since(s.booted).secs_f64()),
    };
    let secs = secs.max(0.001);
    let per_second = |now: u64, then: Option<u64>| ((now - then.unwrap_or(0)) as f64 / secs).round() as u64;
    let total = times.total().max(1);
    let share = |part: u64| (part * 100 + total / 2) / total;
    let (user, system) = (share(times.user + times.nice), share(times.system + times.irq + times.softirq));
    let (wait, steal) = (share(times.iowait), share(times.steal));
    let idle = share(times.idle);
    let m = &s.memory;
    let (one, two) = match a.has("active") {
        true => (m.anonymous - m.anonymous / 2 + m.cached - m.cached / 2, m.anonymous / 2 + m.cached / 2),
        false => (m.buffers, m.cached + m.reclaimable),
    };
    let scaled = |bytes: u64| bytes / unit;
    let (swap, free, one, two) = (scaled(m.swap_total - m.swap_free), scaled(m.free), scaled(one), scaled(two));
    let bi = per_second(s.read_kb, before.map(|b| b.read_kb));
    let bo = per_second(s.written_kb, before.map(|b| b.written_kb));
    let interrupts = per_second(s.interrupts, before.map(|b| b.interrupts));
    let switches = per_second(s.switches, before.map(|b| b.switches));
    let (r, b) = (s.running, s.blocked);
    let time = if a.has("timestamp") { stamp(s.at, " %F %T") } else { String::new() };
    if a.has("wide") {
        return format!(
            "{r:4} {b:4} {swap:12} {free:12} {one:12} {two:12} {:4} {:4} {bi:5} {bo:5} {interrupts:4} {switches:4} {user:3} {system:3} {idle:3} {wait:3} {steal:3} {:3}{time}\n",
            0, 0, 0
        );
    }
    format!(
        "{r:2} {b:2} {swap:6} {free:6} {one:6} {two:6} {:4} {:4} {bi:5} {bo:5} {interrupts:4} {switches:4} {user:2} {system:2} {idle:2} {wait:2} {steal:2}{time}\n",
        0, 0
    )
}

fn statistics(s: &Sample) -> String {
    let m = &s.memory;
    let jiffies = |us: u64| us * HERTZ / 1_000_000;
    let rows: Vec<(u64, &str)> = vec![
        (m.total / 1024, "K total memory"),
        (m.total.saturating_sub(m.available) / 1024, "K used memory"),
        ((m.anonymous / 2 + m.cached / 2) / 1024, "K active memory"),
        ((m.anonymous - m.anonymous / 2 + m.cached - m.cached / 2) / 1024, "K inactive memory"),
        (m.free / 1024, "K free memory"),
        (m.buffers / 1024, "K buffer memory"),
        ((m.cached + m.reclaimable) / 1024, "K swap cache"),
        (m.swap_total / 1024, "K total swap"),
        ((m.swap_total - m.swap_free) / 1024, "K used swap"),
        (m.swap_free / 1024, "K free swap"),
        (jiffies(s.times.user), "non-nice user cpu ticks"),
        (jiffies(s.times.nice), "nice user cpu ticks"),
        (jiffies(s.times.system), "system cpu ticks"),
        (jiffies(s.times.idle), "idle cpu ticks"),
        (jiffies(s.times.iowait), "IO-wait cpu ticks"),
        (jiffies(s.times.irq), "IRQ cpu ticks"),
        (jiffies(s.times.softirq), "softirq cpu ticks"),
        (jiffies(s.times.steal), "stolen cpu ticks"),
        (0, "non-nice guest cpu ticks"),
        (0, "nice guest cpu ticks"),
        (s.read_kb, "K paged in"),
        (s.written_kb, "K paged out"),
        (0, "pages swapped in"),
        (0, "pages swapped out"),
        (s.interrupts, "interrupts"),
        (s.switches, "CPU context switches"),
        (s.booted.secs(), "boot time"),
        (s.forks, "forks"),
    ];
    rows.iter().map(|(n, what)| format!("{n:13} {what}\n")).collect()
}
