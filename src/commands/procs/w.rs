use super::uptime;
use crate::base::stamp::stamp;
use crate::base::{SimTime, Span};
use crate::program::{Args, Command, Ctx, Example, Opt, Outcome};
use crate::world::World;
use crate::world::accounting::Login;
use crate::world::kernel::HostId;

pub const COMMAND: Command = Command {
    name: "w",
    package: "procps",
    summary: "Show who is logged on and what they are doing.",
    usage: &["[options] [user]"],
    options: &[
        Opt::flag('h', "no-header", "do not print header"),
        Opt::flag('u', "no-current", "ignore current process username").accepted(),
        Opt::flag('s', "short", "short format"),
        Opt::flag('f', "from", "show remote hostname field"),
        Opt::flag('o', "old-style", "old style output").unmodelled(),
        Opt::flag('i', "ip-addr", "display IP address instead of hostname (if possible)").accepted(),
    ],
    examples: &[Example { run: "w -h", prints: "" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

async fn main(c: Ctx, a: Args) -> Outcome {
    let host = c.me().host;
    let user = a.operands().first().map(|u| u.to_string());
    let text = c.read(|w| table(w, host, &a, user.as_deref()));
    c.out(text).await?;
    Ok(0)
}

/// Idle and CPU times: ` 1.00s`, `12:05m`, `2days`.
fn brief(span: Span) -> String {
    let secs = span.secs();
    match secs {
        0..60 => format!("{secs}.{:02}s", span.micros() / 10_000 % 100),
        60..3600 => format!("{}:{:02} ", secs / 60, secs % 60),
        3600..172_800 => format!("{}:{:02}m", secs / 3600, secs / 60 % 60),
        _ => format!("{}days", secs / 86_400),
    }
}

fn login_at(at: SimTime, now: SimTime) -> String {
    match now.since(at).secs() {
        0..43_200 => stamp(at, "%R"),
        43_200..=604_800 => stamp(at, "%a%H"),
        _ => stamp(at, "%d%b%y"),
    }
}

fn table(w: &World, host: HostId, a: &Args, user: Option<&str>) -> String {
    let mut out = String::new();
    let from = !a.has("from");
    let short = a.has("short");
    if !a.has("no-header") {
        out.push_str(&uptime::line(w, host));
        out.push('\n');
        out.push_str("USER     TTY      ");
        if from {
            out.push_str("FROM             ");
        }
        out.push_str(if short { " IDLE WHAT\n" } else { "LOGIN@   IDLE   JCPU   PCPU WHAT\n" });
    }
    let rows = w.process_rows(host);
    for login in w.host(host).sessions().filter(|l| user.is_none_or(|u| u == l.user)) {
        let Some(tty) = login.tty else { continue };
        let name = format!("pts/{}", tty.0);
        let on_tty: Vec<_> = rows.iter().filter(|p| p.tty.as_deref() == Some(&name)).collect();
        let all: u64 = on_tty.iter().map(|p| p.cpu.micros()).sum();
        let front = on_tty.iter().filter(|p| p.tpgid == i64::from(p.pgid)).max_by_key(|p| (p.started, p.pid));
        let idle = idle(w, login);
        out.push_str(&format!("{:<8} {name:<8} ", login.user));
        if from {
            out.push_str(&format!("{:<16} ", login.from));
        }
        let what = front.map_or_else(|| "-".into(), |p| p.args());
        let current = brief(front.map_or(Span::ZERO, |p| p.cpu));
        if short {
            out.push_str(&format!("{:>5} {what}\n", brief(idle)));
        } else {
            let at = login_at(login.at, w.now());
            out.push_str(&format!("{at:<8}{:>6} {:>6} {current:>6} {what}\n", brief(idle), brief(Span(all))));
        }
    }
    out
}

/// Since the last key, or since the login.
pub(super) fn idle(w: &World, login: &Login) -> Span {
    let last = login.tty.and_then(|t| w.io.tty(t)).map_or(login.at, |t| t.last_input.max(login.at));
    w.now().since(last)
}
