use crate::base::stamp::stamp;
use crate::base::{SimTime, Span};
use crate::program::{Args, Command, Ctx, Example, Opt, Outcome, Syntax};

pub const COMMAND: Command = Command {
    name: "last",
    package: "util-linux",
    summary: "Show a listing of last logged in users.",
    usage: &["[options] [<username>...] [<tty>...]"],
    options: &[
        Opt::value('n', "limit", "number", "how many lines to show"),
        Opt::flag('a', "hostlast", "display hostnames in the last column"),
        Opt::flag('d', "dns", "translate the IP number back into a hostname").accepted(),
        Opt::value('f', "file", "file", "use a specific file instead of /var/log/wtmp").unmodelled(),
        Opt::flag('F', "fulltimes", "print full login and logout times and dates"),
        Opt::flag('i', "ip", "display IP numbers in numbers-and-dots notation").accepted(),
        Opt::flag('R', "nohostname", "don't display the hostname field"),
        Opt::flag('w', "fullnames", "display full user and domain names").accepted(),
        Opt::flag('x', "system", "display system shutdown entries and run level changes").accepted(),
    ],
    syntax: Syntax::Number("limit"),
    examples: &[Example {
        run: "last -R reboot | head -1",
        prints: "reboot   system boot  Fri Feb 20 03:07   still running\n",
    }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

struct Line {
    user: String,
    tty: String,
    from: String,
    at: SimTime,
    ended: Option<SimTime>,
    reboot: bool,
}

fn length(span: Span) -> String {
    let (days, hours, minutes) = (span.secs() / 86_400, span.secs() / 3600 % 24, span.secs() / 60 % 60);
    if days > 0 { format!("({days}+{hours:02}:{minutes:02})") } else { format!(" ({hours:02}:{minutes:02})") }
}

async fn main(c: Ctx, a: Args) -> Outcome {
    let limit = a.get("limit").and_then(|n| n.to_string().parse::<usize>().ok()).unwrap_or(usize::MAX);
    let full = a.has("fulltimes");
    let (mut lines, begins) = c.read(|w| {
        let h = w.host(c.me().host);
        let booted = h.kernel.booted();
        let mut lines: Vec<Line> = h
            .logins
            .iter()
            .filter_map(|l| {
                let tty = format!("pts/{}", l.tty?.0);
                let (user, from) = (l.user.clone(), l.from.clone());
                Some(Line { user, tty, from, at: l.at, ended: l.ended, reboot: false })
            })
            .collect();
        lines.push(Line {
            user: "reboot".into(),
            tty: "system boot".into(),
            from: h.kernel_release.chars().take(16).collect(),
            at: booted,
            ended: None,
            reboot: true,
        });
        let begins = lines.iter().map(|l| l.at).min().unwrap_or(booted);
        (lines, begins)
    });
    lines.sort_by_key(|l| std::cmp::Reverse(l.at));
    let wanted: Vec<String> = a.operands().iter().map(|o| o.to_string()).collect();
    lines.retain(|l| wanted.is_empty() || wanted.contains(&l.user) || wanted.contains(&l.tty));
    let format = if full { "%a %b %e %T %Y" } else { "%a %b %e %R" };
    for l in lines.iter().take(limit) {
        let end = match (l.ended, l.reboot) {
            (Some(t), _) => {
                let out = if full { stamp(t, format) } else { stamp(t, "%R") };
                format!("- {out} {}", length(t.since(l.at)))
            }
            (None, true) => "  still running".into(),
            (None, false) => "  still logged in".into(),
        };
        let host = if a.has("nohostname") || a.has("hostlast") { String::new() } else { format!("{:<16} ", l.from) };
        let tail = if a.has("hostlast") { format!("     {}", l.from) } else { String::new() };
        let line = format!("{:<8} {:<12} {host}{} {end}{tail}", l.user, l.tty, stamp(l.at, format));
        c.out(format!("{}\n", line.trim_end())).await?;
    }
    c.out(format!("\nwtmp begins {}\n", stamp(begins, "%a %b %e %T %Y"))).await?;
    Ok(0)
}
