use bstr::ByteSlice;

use crate::base::Span;
use crate::program::{Args, Command, Ctx, Example, Opt, Outcome};
use crate::world::accounting::Memory;

pub const COMMAND: Command = Command {
    name: "free",
    package: "procps",
    summary: "Display amount of free and used memory in the system.",
    usage: &["[options]"],
    options: &[
        Opt::flag('b', "bytes", "show output in bytes"),
        Opt::long("kilo", "show output in kilobytes"),
        Opt::long("mega", "show output in megabytes"),
        Opt::long("giga", "show output in gigabytes"),
        Opt::flag('k', "kibi", "show output in kibibytes"),
        Opt::flag('m', "mebi", "show output in mebibytes"),
        Opt::flag('g', "gibi", "show output in gibibytes"),
        Opt::flag('h', "human", "show human-readable output"),
        Opt::long("si", "use powers of 1000 not 1024"),
        Opt::flag('l', "lohi", "show detailed low and high memory statistics").unmodelled(),
        Opt::flag('t', "total", "show total for RAM + swap"),
        Opt::flag('v', "committed", "show committed memory and commit limit").unmodelled(),
        Opt::value('s', "seconds", "N", "repeat printing every N seconds"),
        Opt::value('c', "count", "N", "repeat printing N times, then exit"),
        Opt::flag('w', "wide", "wide output"),
    ],
    examples: &[Example {
        run: "free -m | head -1",
        prints: "               total        used        free      shared  buff/cache   available\n",
    }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

/// `1.5Gi`: one decimal while that fits in three characters, else whole.
fn human(bytes: u64, si: bool) -> String {
    let base: u64 = if si { 1000 } else { 1024 };
    if bytes < base {
        return format!("{bytes}B");
    }
    let mut scale = base;
    for letter in ["K", "M", "G", "T", "P"] {
        let unit = if si { letter.to_string() } else { format!("{letter}i") };
        let tenths = (bytes as u128 * 10 / u128::from(scale)) as u64;
        if tenths < 100 {
            return format!("{}.{}{unit}", tenths / 10, tenths % 10);
        }
        if bytes / scale < base {
            return format!("{}{unit}", bytes / scale);
        }
        scale = scale.saturating_mul(base);
    }
    bytes.to_string()
}

async fn main(c: Ctx, a: Args) -> Outcome {
    let si = a.has("si");
    let power = |n: u32| if si { 1000u64.pow(n) } else { 1024u64.pow(n) };
    let divisor = match a.last_of(&["bytes", "kilo", "mega", "giga", "kibi", "mebi", "gibi"]) {
        Some("bytes") => 1,
        Some("kilo") => 1000,
        Some("mega") => 1_000_000,
        Some("giga") => 1_000_000_000,
        Some("mebi") => power(2),
        Some("gibi") => power(3),
        _ => power(1),
    };
    let show = |bytes: u64| if a.has("human") { human(bytes, si) } else { (bytes / divisor).to_string() };
    let mut every = None;
    if let Some(text) = a.get("seconds") {
        match text.to_str().ok().and_then(|t| t.parse::<f64>().ok()).filter(|n| *n > 0.0) {
            Some(secs) => every = Some(Span::from_secs_f64(secs)),
            None => {
                c.complain(format_args!("seconds argument failed: '{text}': Invalid argument")).await?;
                return Ok(1);
            }
        }
    }
    let mut left = None;
    if let Some(text) = a.get("count") {
        match text.to_str().ok().and_then(|t| t.parse::<u64>().ok()).filter(|n| *n > 0) {
            Some(n) => left = Some(n),
            None => {
                c.complain(format_args!("failed to parse count argument: '{text}'")).await?;
                return Ok(1);
            }
        }
    }
    loop {
        let m = c.read(|w| w.host(c.me().host).memory());
        c.out(table(&m, &a, &show)).await?;
        if let Some(n) = &mut left {
            *n -= 1;
            if *n == 0 {
                break;
            }
        }
        if every.is_none() && left.is_none() {
            break;
        }
        c.out("\n").await?;
        c.flush().await?;
        c.sleep(every.unwrap_or(Span::SECOND)).await?;
    }
    Ok(0)
}

fn table(m: &Memory, a: &Args, show: &dyn Fn(u64) -> String) -> String {
    let wide = a.has("wide");
    let mut out = String::new();
    let heads: &[&str] = match wide {
        true => &["total", "used", "free", "shared", "buffers", "cache", "available"],
        false => &["total", "used", "free", "shared", "buff/cache", "available"],
    };
    out.push_str(&format!("{:8}", ""));
    out.push_str(&heads.iter().map(|h| format!("{h:>12}")).collect::<String>());
    out.push('\n');
    let used = m.total.saturating_sub(m.available);
    let cache = m.cached + m.reclaimable;
    let mut row = |name: &str, values: &[u64]| {
        out.push_str(&format!("{name:<8}"));
        for v in values {
            out.push_str(&format!("{:>12}", show(*v)));
        }
        out.push('\n');
    };
    match wide {
        true => row("Mem:", &[m.total, used, m.free, m.shared, m.buffers, cache, m.available]),
        false => row("Mem:", &[m.total, used, m.free, m.shared, m.buffers + cache, m.available]),
    }
    let swap_used = m.swap_total - m.swap_free;
    row("Swap:", &[m.swap_total, swap_used, m.swap_free]);
    if a.has("total") {
        row("Total:", &[m.total + m.swap_total, used + swap_used, m.free + m.swap_free]);
    }
    out
}
