use bstr::ByteSlice;

use super::env::failed_exec;
use super::kill::parse_signal;
use crate::base::Span;
use crate::commands::coreutils::seconds;
use crate::program::{Args, Command, Ctx, Example, Opt, Outcome, Stop, Syntax};
use crate::world::ProcRef;
use crate::world::kernel::{ExitStatus, Signal, Wait};
use crate::world::sys::ForkOptions;
use crate::world::sys::processes::WaitEvent;

pub const COMMAND: Command = Command {
    name: "timeout",
    summary: "Start COMMAND, and kill it if still running after DURATION.",
    usage: &["[OPTION] DURATION COMMAND [ARG]...", "[OPTION]"],
    options: &[
        Opt::long("preserve-status", "exit with the same status as COMMAND, even when the command times out"),
        Opt::long("foreground", "allow COMMAND to read from the TTY and get TTY signals"),
        Opt::value(
            'k',
            "kill-after",
            "DURATION",
            "also send a KILL signal if COMMAND is still running this long after",
        ),
        Opt::value('s', "signal", "SIGNAL", "specify the signal to be sent on timeout"),
        Opt::flag('v', "verbose", "diagnose to stderr any signal sent upon timeout"),
    ],
    syntax: Syntax::Posix,
    usage_status: 125,
    examples: &[Example { run: "timeout 1 sleep 10; echo $?", prints: "124\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

const SENT_ON: &[Signal] = &[Signal::INT, Signal::QUIT, Signal::HUP, Signal::TERM];

async fn usage(c: &Ctx, what: String) -> Outcome {
    c.complain(what).await?;
    c.err("Try 'timeout --help' for more information.\n").await?;
    Ok(125)
}

async fn main(c: Ctx, a: Args) -> Outcome {
    if a.operands().len() < 2 {
        c.err("Try 'timeout --help' for more information.\n").await?;
        return Ok(125);
    }
    let interval = |text: &bstr::BStr| text.to_str().ok().and_then(seconds);
    let mut kill_after = None;
    if let Some(text) = a.get("kill-after") {
        match interval(text) {
            Some(span) => kill_after = Some(span),
            None => return usage(&c, format!("invalid time interval ‘{text}’")).await,
        }
    }
    let mut signal = Signal::TERM;
    if let Some(text) = a.get("signal") {
        match parse_signal(&text.to_str_lossy()).flatten() {
            Some(parsed) => signal = parsed,
            None => return usage(&c, format!("‘{text}’: invalid signal")).await,
        }
    }
    let first = &a.operands()[0];
    let Some(limit) = interval(first.as_ref()) else {
        return usage(&c, format!("invalid time interval ‘{first}’")).await;
    };
    let argv = a.operands()[1..].to_vec();
    let name = argv[0].clone();
    // Its own group, so that the signal reaches what the command starts.
    if !a.has("foreground") {
        c.sys(|s| s.setpgid(0, 0)).unwrap_or(());
    }
    let pid = match c.spawn(argv, c.environment(), &ForkOptions::default()) {
        Ok(pid) => pid,
        Err(errno) => {
            c.complain(format_args!("failed to run command ‘{name}’: {errno}")).await?;
            return Ok(failed_exec(errno));
        }
    };
    let child = ProcRef { host: c.me().host, pid };
    c.catch(SENT_ON);
    let send = |signal: Signal| {
        c.act(|w| w.signal(child, signal));
        if !a.has("foreground") {
            let group = c.process(|p| p.pgid);
            c.sys(|s| s.set_disposition(signal, crate::world::kernel::Disposition::Ignore)).unwrap_or(());
            c.act(|w| w.signal_group(child.host, group, signal));
        }
        c.act(|w| w.signal(child, Signal::CONT));
    };
    // A duration of zero means no limit.
    let mut deadline = if limit == Span::ZERO { None } else { Some(c.now() + limit) };
    let mut next_signal = signal;
    let mut timed_out = false;
    let status = loop {
        match c.sys(|s| s.wait(Some(pid))) {
            Ok(Some((_, WaitEvent::Ended(status)))) => break status,
            Ok(Some(_)) => {}
            Ok(None) => {}
            Err(_) => break ExitStatus::Exited(125),
        }
        let mut waits = vec![Wait::Exit(child)];
        waits.extend(deadline.map(Wait::Until));
        match c.wait(Wait::Any(waits)).await {
            Ok(()) => {}
            Err(Stop::Caught(signal)) => {
                send(signal);
                continue;
            }
            Err(stop) => return Err(stop),
        }
        if deadline.is_some_and(|t| c.now() >= t) {
            timed_out = true;
            if a.has("verbose") {
                c.complain(format_args!("sending signal {} to command ‘{name}’", next_signal.name())).await?;
            }
            send(next_signal);
            deadline = kill_after.take().map(|span| c.now() + span);
            next_signal = Signal::KILL;
        }
    };
    if timed_out && !a.has("preserve-status") {
        if status == ExitStatus::Signalled(Signal::KILL) {
            return c.die_of(Signal::KILL).await;
        }
        return Ok(124);
    }
    Ok(status.code())
}

#[cfg(test)]
mod tests {
    use crate::base::Span;
    use crate::commands::GROUPS;
    use crate::testkit::Kit;

    #[test]
    fn it_ends_what_takes_too_long() {
        let mut kit = Kit::new(GROUPS);
        let ran = kit.run(&["timeout", "2", "sleep", "60"]);
        assert_eq!(ran.status, 124);
        assert!(ran.took >= Span::from_secs(2) && ran.took < Span::from_millis(2100), "{}", ran.took);
        assert_eq!(kit.run(&["timeout", "-s", "KILL", "1", "sleep", "60"]).status, 137);
        assert_eq!(kit.run(&["timeout", "--preserve-status", "1", "sleep", "60"]).status, 143);
        assert_eq!(kit.run(&["timeout", "5", "cat", "/nowhere"]).status, 1);
        assert_eq!(kit.run(&["timeout", "5", "nosuch"]).status, 127);
        let ran = kit.run(&["timeout", "-v", "1", "sleep", "9"]);
        assert_eq!(ran.stderr, "timeout: sending signal TERM to command ‘sleep’\n");
        assert_eq!(
            kit.run(&["timeout", "x", "sleep", "9"]).stderr.lines().next(),
            Some("timeout: invalid time interval ‘x’")
        );
    }
}
