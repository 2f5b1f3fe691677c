use crate::base::stamp::stamp;
use crate::program::{Args, Command, Ctx, Example, Opt, Outcome};

pub const COMMAND: Command = Command {
    name: "who",
    summary: "Print information about users who are currently logged in.",
    usage: &["[OPTION]... [ FILE | ARG1 ARG2 ]"],
    options: &[
        Opt::flag('a', "all", "same as -b -d --login -p -r -t -T -u"),
        Opt::flag('b', "boot", "time of last system boot"),
        Opt::flag('d', "dead", "print dead processes").accepted(),
        Opt::flag('H', "heading", "print line of column headings"),
        Opt::flag('l', "login", "print system login processes").accepted(),
        Opt::long("lookup", "attempt to canonicalize hostnames via DNS").accepted(),
        Opt::flag('m', "", "only hostname and user associated with stdin"),
        Opt::flag('p', "process", "print active processes spawned by init").accepted(),
        Opt::flag('q', "count", "all login names and number of users logged on"),
        Opt::flag('r', "runlevel", "print current runlevel"),
        Opt::flag('s', "short", "print only name, line, and time (default)").accepted(),
        Opt::flag('t', "time", "print last system clock change").accepted(),
        Opt::flag('T', "mesg", "add user's message status as +, - or ?"),
        Opt::flag('u', "users", "list users logged in"),
    ],
    examples: &[Example { run: "who -b", prints: "         system boot  2026-02-20 03:07\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

async fn main(c: Ctx, a: Args) -> Outcome {
    let host = c.me().host;
    let all = a.has("all");
    let mine = a.has("m") || a.operands().len() == 2;
    let my_tty = c.process(|p| p.tty);
    let (detail, mesg) = (a.has("users") || all, a.has("mesg") || all);
    let text = c.read(|w| {
        let h = w.host(host);
        let mut out = String::new();
        if a.has("count") {
            let names: Vec<&str> = h.sessions().filter(|l| l.tty.is_some()).map(|l| l.user.as_str()).collect();
            return format!("{}\n# users={}\n", names.join(" "), names.len());
        }
        let mark = |m: &str| if mesg { format!(" {m}") } else { String::new() };
        if a.has("heading") {
            let pad = if mesg { "  " } else { "" };
            let idle = if detail { " IDLE          PID" } else { "" };
            out.push_str(&format!("NAME    {pad} LINE         TIME            {idle} COMMENT\n"));
        }
        if a.has("boot") || all {
            let pad = if mesg { "  " } else { "" };
            out.push_str(&format!("{:8}{pad} {:<12} {}\n", "", "system boot", stamp(h.kernel.booted(), "%F %R")));
        }
        if a.has("runlevel") || all {
            let pad = if mesg { "  " } else { "" };
            out.push_str(&format!("{:8}{pad} {:<12} {}\n", "", "run-level 5", stamp(h.kernel.booted(), "%F %R")));
        }
        let only_boot = (a.has("boot") || a.has("runlevel")) && !all && !detail && !mesg && !mine;
        for login in h.sessions().filter(|_| !only_boot) {
            let Some(tty) = login.tty else { continue };
            if mine && my_tty != Some(tty) {
                continue;
            }
            let line = format!("pts/{}", tty.0);
            let idle = super::w::idle(w, login).secs();
            let idle = match idle {
                0..60 => "  .  ".to_string(),
                60..86_400 => format!("{:02}:{:02}", idle / 3600, idle / 60 % 60),
                _ => " old ".into(),
            };
            let detail = if detail { format!(" {idle} {:>11}", login.pid) } else { String::new() };
            out.push_str(&format!(
                "{:<8}{} {line:<12} {}{detail} ({})\n",
                login.user,
                mark("+"),
                stamp(login.at, "%F %R"),
                login.from
            ));
        }
        out
    });
    c.out(text).await?;
    Ok(0)
}
