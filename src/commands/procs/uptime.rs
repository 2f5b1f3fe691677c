use crate::base::stamp::stamp;
use crate::program::{Args, Command, Ctx, Example, Opt, Outcome};
use crate::world::World;
use crate::world::kernel::HostId;

pub const COMMAND: Command = Command {
    name: "uptime",
    package: "procps",
    summary: "Tell how long the system has been running.",
    usage: &["[options]"],
    options: &[Opt::flag('p', "pretty", "show uptime in pretty format"), Opt::flag('s', "since", "system up since")],
    examples: &[Example { run: "uptime -p; uptime -s", prints: "up 2 weeks, 6 days\n2026-02-20 03:07:00\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

/// ` 03:07:00 up 20 days,  0 min,  1 user,  load average: 0.08, 0.05, 0.01`: the first line of `w` and `top` too.
pub fn line(w: &World, host: HostId) -> String {
    let h = w.host(host);
    let up = w.now().since(h.kernel.booted()).secs();
    let (days, hours, minutes) = (up / 86_400, up / 3600 % 24, up / 60 % 60);
    let days = match days {
        0 => String::new(),
        1 => "1 day, ".into(),
        n => format!("{n} days, "),
    };
    let clock = if hours > 0 { format!("{hours:2}:{minutes:02}, ") } else { format!("{minutes} min, ") };
    let users = h.sessions().filter(|l| l.tty.is_some()).count();
    let users = format!("{users:2} user{}", if users > 1 { "s" } else { "" });
    let [a, b, c] = h.load;
    format!(" {} up {days}{clock}{users},  load average: {a:.2}, {b:.2}, {c:.2}", stamp(w.now(), "%T"))
}

fn pretty(secs: u64) -> String {
    let units = [("year", 31_536_000), ("week", 604_800), ("day", 86_400), ("hour", 3600), ("minute", 60)];
    let (mut rest, mut parts) = (secs, Vec::new());
    for (name, size) in units {
        let n = rest / size;
        rest %= size;
        if n > 0 {
            parts.push(format!("{n} {name}{}", if n == 1 { "" } else { "s" }));
        }
    }
    if parts.is_empty() { "up 0 minutes".into() } else { format!("up {}", parts.join(", ")) }
}

async fn main(c: Ctx, a: Args) -> Outcome {
    let host = c.me().host;
    let text = c.read(|w| {
        let booted = w.host(host).kernel.booted();
        match a.last_of(&["pretty", "since"]) {
            Some("pretty") => pretty(w.now().since(booted).secs()),
            Some(_) => stamp(booted, "%F %T"),
            None => line(w, host),
        }
    });
    c.out(format!("{text}\n")).await?;
    Ok(0)
}
