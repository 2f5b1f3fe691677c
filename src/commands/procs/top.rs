use bstr::ByteSlice;

use super::top_screen::{self, Sample, View};
use crate::base::Span;
use crate::commands::procs::kill::parse_signal;
use crate::program::{Args, Command, Ctx, Example, Key, Keyboard, Opt, Outcome, Stop};
use crate::world::kernel::Signal;

pub const COMMAND: Command = Command {
    name: "top",
    package: "procps",
    summary: "Display Linux processes.",
    usage: &["[options]"],
    options: &[
        Opt::flag('b', "batch-mode", "run in non-interactive batch mode"),
        Opt::flag('c', "cmdline-toggle", "reverse last remembered 'c' state"),
        Opt::value('d', "delay", "SECS [.TENTHS]", "iterative delay interval"),
        Opt::value('E', "scale-summary-mem", "SCALE", "set mem as: k,m,g,t,p,e for SCALE").accepted(),
        Opt::value('e', "scale-task-mem", "SCALE", "set mem with: k,m,g,t,p for SCALE").accepted(),
        Opt::flag('H', "threads-show", "show tasks plus all their threads").unmodelled(),
        Opt::flag('i', "idle-toggle", "reverse last remembered 'i' state"),
        Opt::value('n', "iterations", "NUMBER", "exit on maximum iterations NUMBER"),
        Opt::value('o', "sort-override", "FIELD", "force sorting on this named FIELD"),
        Opt::value('p', "pid", "PIDLIST", "monitor only the tasks in PIDLIST"),
        Opt::flag('S', "accum-time-toggle", "reverse last remembered 'S' state").accepted(),
        Opt::flag('s', "secure-mode", "run with secure mode restrictions"),
        Opt::value('u', "filter-only-euser", "USER", "show only processes owned by USER"),
        Opt::value('U', "filter-any-user", "USER", "show only processes owned by USER"),
        Opt::flag('w', "width", "change print width [,use COLUMNS]").optional("COLUMNS"),
        Opt::flag('1', "single-cpu-toggle", "reverse last remembered '1' state"),
    ],
    examples: &[Example {
        run: "top -b -n 1 | head -7 | tail -1",
        prints: "    PID USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM     TIME+ COMMAND\n",
    }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

/// How long top looks before its first frame.
const FIRST: Span = Span(150_000);

async fn main(c: Ctx, a: Args) -> Outcome {
    let mut view = View {
        delay: Span::from_secs(3),
        command_line: a.has("cmdline-toggle"),
        idle: !a.has("idle-toggle"),
        each_cpu: a.has("single-cpu-toggle"),
        ..View::default()
    };
    if let Some(text) = a.get("delay") {
        match text.to_str().ok().and_then(|t| t.parse::<f64>().ok()).filter(|n| *n >= 0.0) {
            Some(secs) => view.delay = Span::from_secs_f64(secs.max(0.01)),
            None => return fail(&c, format!("bad delay interval '{text}'")).await,
        }
    }
    let mut left = u64::MAX;
    if let Some(text) = a.get("iterations") {
        match text.to_str().ok().and_then(|t| t.parse::<u64>().ok()).filter(|&n| n > 0) {
            Some(n) => left = n,
            None => return fail(&c, format!("bad iterations argument '{text}'")).await,
        }
    }
    for list in a.all("pid") {
        for item in list.split_str(",") {
            match item.to_str().ok().and_then(|t| t.parse::<u32>().ok()) {
                Some(pid) => view.pids.push(if pid == 0 { c.pid() } else { pid }),
                None => return fail(&c, format!("bad pid '{}'", item.as_bstr())).await,
            }
        }
    }
    if let Some(user) = a.get("filter-only-euser").or(a.get("filter-any-user")) {
        let name = user.to_str_lossy().into_owned();
        let known = c.read(|w| w.host(c.me().host).user(&name).is_some());
        if !known && !name.chars().all(|ch| ch.is_ascii_digit()) {
            return fail(&c, "Invalid user".into()).await;
        }
        view.user = Some(name);
    }
    if let Some(field) = a.get("sort-override") {
        let name = field.to_str_lossy().into_owned();
        let (down, name) = match name.strip_prefix(['+', '-']) {
            Some(rest) => (!name.starts_with('-'), rest.to_string()),
            None => (true, name),
        };
        match top_screen::SORTS.iter().find(|s| **s == name) {
            Some(sort) => (view.sort, view.reverse) = (sort, !down),
            None => return fail(&c, format!("unrecognized field name '{name}'")).await,
        }
    }
    let mut before = Sample::take(&c).await?;
    if a.has("batch-mode") {
        let width = a.get("width").and_then(|w| w.to_str().ok()?.parse().ok()).unwrap_or(512);
        let mut wait = FIRST;
        while left > 0 {
            c.sleep(wait).await?;
            wait = view.delay;
            let now = Sample::take(&c).await?;
            c.out(top_screen::batch(&top_screen::frame(&c, &before, &now, &view), width)).await?;
            left -= 1;
            if left > 0 {
                c.out("\n").await?;
            }
            c.flush().await?;
            before = now;
        }
        return Ok(0);
    }
    if !c.is_tty(1) {
        return fail(&c, "failed tty get".into()).await;
    }
    let Some(mut keyboard) = Keyboard::open(&c) else { return fail(&c, "failed tty get".into()).await };
    c.out("\x1b[?1h\x1b=\x1b[?25l\x1b[H\x1b[2J\x1b(B\x1b[m").await?;
    let ended = interact(&c, &mut keyboard, before, &mut view, left, a.has("secure-mode")).await;
    let (_, rows) = c.window().unwrap_or((80, 24));
    keyboard.close();
    match ended {
        // The last picture stays; the cursor goes below it.
        Ok(None) => {
            c.out(format!("\x1b[?1l\x1b>\x1b[{rows};1H\x1b[?12l\x1b[?25h\x1b[K")).await?;
            Ok(0)
        }
        Ok(Some(signal)) => {
            c.out(format!("\x1b[?1l\x1b>\x1b[{rows};1H\x1b[?12l\x1b[?25h\x1b[K")).await?;
            c.flush().await?;
            if signal == Signal::INT { Ok(0) } else { c.die_of(signal).await }
        }
        Err(stop) => Err(stop),
    }
}

async fn fail(c: &Ctx, what: String) -> Outcome {
    c.complain(what).await?;
    Ok(1)
}

/// Frames and keys until `q`, the last iteration, or a signal.
async fn interact(
    c: &Ctx,
    keyboard: &mut Keyboard,
    mut before: Sample,
    view: &mut View,
    mut left: u64,
    secure: bool,
) -> Result<Option<Signal>, Stop> {
    let mut due = c.now() + FIRST;
    let mut shown: Option<(Sample, Sample)> = None;
    loop {
        match keyboard.key(Some(due)).await? {
            Key::Timeout => {
                let now = Sample::take(c).await?;
                draw(c, &before, &now, view).await?;
                view.message.clear();
                left -= 1;
                if left == 0 {
                    return Ok(None);
                }
                due = c.now() + view.delay;
                let old = std::mem::replace(&mut before, now.clone());
                shown = Some((old, now));
                continue;
            }
            Key::Char('q') | Key::Gone => return Ok(None),
            Key::Signal(Signal::TSTP) => {
                c.out("\x1b[?25h\n").await?;
                c.flush().await?;
                keyboard.suspend().await?;
                c.out("\x1b[?25l").await?;
            }
            Key::Signal(signal) => return Ok(Some(signal)),
            Key::Char(' ') | Key::Enter => {
                due = c.now();
                continue;
            }
            Key::Char('k') if !secure => {
                let first = shown.as_ref().and_then(|(old, now)| top_screen::first_pid(old, now, view));
                kill(c, keyboard, view, first).await?;
                due = c.now();
            }
            Key::Char('d' | 's') if !secure => {
                let label = format!("Change delay from {:.1} to ", view.delay.secs_f64());
                if let Some(text) = prompt(c, keyboard, &label).await? {
                    match text.trim().parse::<f64>() {
                        Ok(secs) if secs >= 0.0 => view.delay = Span::from_secs_f64(secs.max(0.1)),
                        _ if text.trim().is_empty() => {}
                        _ => view.message = " Unacceptable floating point ".into(),
                    }
                }
                due = c.now() + Span::from_millis(1);
            }
            Key::Char('u' | 'U') => {
                if let Some(text) = prompt(c, keyboard, "Which user (blank for all) ").await? {
                    let name = text.trim().to_string();
                    let known = c.read(|w| w.host(c.me().host).user(&name).is_some());
                    view.user = if name.is_empty() { None } else { Some(name) };
                    if view.user.is_some() && !known {
                        view.user = None;
                        view.message = " Invalid user ".into();
                    }
                }
            }
            Key::Char('n' | '#') => {
                let label = format!("Maximum tasks = {}, change to (0 is unlimited) ", view.most);
                if let Some(text) = prompt(c, keyboard, &label).await? {
                    match text.trim().parse() {
                        Ok(n) => view.most = n,
                        Err(_) if text.trim().is_empty() => {}
                        Err(_) => view.message = " Unacceptable integer ".into(),
                    }
                }
            }
            Key::Char('h' | '?') => {
                c.out(top_screen::help(view, secure)).await?;
                c.flush().await?;
                loop {
                    match keyboard.key(None).await? {
                        Key::Resize | Key::Timeout => {}
                        Key::Signal(Signal::TSTP) => keyboard.suspend().await?,
                        Key::Signal(signal) => return Ok(Some(signal)),
                        _ => break,
                    }
                }
                c.out("\x1b[H\x1b[2J").await?;
            }
            key => view.key(key),
        }
        // Whatever a key changed is shown at once, over the same interval as before.
        if let Some((old, now)) = &shown {
            draw(c, old, now, view).await?;
            view.message.clear();
        }
    }
}

async fn draw(c: &Ctx, before: &Sample, now: &Sample, view: &View) -> Result<(), Stop> {
    let (columns, rows) = c.window().unwrap_or((80, 24));
    let frame = top_screen::frame(c, before, now, view);
    c.out(top_screen::screen(&frame, view, usize::from(columns), usize::from(rows))).await?;
    c.flush().await
}

/// Asks on the message line. `None`: given up with Escape.
async fn prompt(c: &Ctx, keyboard: &mut Keyboard, label: &str) -> Result<Option<String>, Stop> {
    let mut text = String::new();
    loop {
        c.out(format!("\x1b[6;1H\x1b[1m{label}\x1b(B\x1b[m{text}\x1b[K\x1b[?25h")).await?;
        c.flush().await?;
        let key = keyboard.key(None).await?;
        match key {
            Key::Enter => break,
            Key::Escape | Key::Gone => {
                c.out("\x1b[?25l").await?;
                return Ok(None);
            }
            Key::Backspace => {
                text.pop();
            }
            Key::Char(ch) if text.len() < 64 => text.push(ch),
            Key::Signal(Signal::TSTP) => keyboard.suspend().await?,
            Key::Signal(signal) => return Err(Stop::Caught(signal)),
            _ => {}
        }
    }
    c.out("\x1b[?25l").await?;
    Ok(Some(text))
}

async fn kill(c: &Ctx, keyboard: &mut Keyboard, view: &mut View, first: Option<u32>) -> Result<(), Stop> {
    let default = first.unwrap_or(1);
    let Some(text) = prompt(c, keyboard, &format!("PID to signal/kill [default pid = {default}] ")).await? else {
        return Ok(());
    };
    let pid: u32 = match text.trim() {
        "" => default,
        number => match number.parse() {
            Ok(pid) => pid,
            Err(_) => {
                view.message = " Unacceptable integer ".into();
                return Ok(());
            }
        },
    };
    let Some(text) = prompt(c, keyboard, &format!("Send pid {pid} signal [15/sigterm] ")).await? else {
        return Ok(());
    };
    let signal = match text.trim() {
        "" => Some(Some(Signal::TERM)),
        name => parse_signal(&name.to_uppercase()),
    };
    let Some(signal) = signal else {
        view.message = " Invalid signal ".into();
        return Ok(());
    };
    if let Err(errno) = c.sys(|s| s.kill(i64::from(pid), signal)) {
        let number = signal.map_or(0, Signal::number);
        view.message = format!(" Failed signal pid '{pid}' with '{number}': {errno} ");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::base::Span;
    use crate::commands::GROUPS;
    use crate::testkit::Kit;

    #[test]
    fn a_batch_has_the_real_layout() {
        let mut kit = Kit::new(GROUPS);
        let ran = kit.run(&["top", "-b", "-n1"]);
        let lines: Vec<&str> = ran.stdout.lines().collect();
        assert_eq!(lines[0], "top - 03:07:00 up 20 days, 0 min,  0 user,  load average: 0.08, 0.05, 0.01");
        assert_eq!(lines[1], "Tasks:   5 total,   1 running,   4 sleeping,   0 stopped,   0 zombie");
        assert!(lines[2].starts_with("%Cpu(s):  "), "{}", lines[2]);
        assert!(lines[2].ends_with(" 0.0 st "), "{}", lines[2]);
        assert!(lines[3].starts_with("MiB Mem :   4096.0 total,   "), "{}", lines[3]);
        assert!(lines[4].ends_with(" avail Mem "), "{}", lines[4]);
        assert_eq!(lines[6], "    PID USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM     TIME+ COMMAND");
        assert!(lines.iter().any(|l| l.starts_with("      1 root      20   0  172032  12288 ")), "{}", ran.stdout);
    }

    #[test]
    fn keys_work_and_the_terminal_is_given_back() {
        let mut kit = Kit::new(GROUPS);
        let t = kit.start_on_terminal(&["top"], 80, 24);
        kit.advance(Span::SECOND);
        assert!(kit.screen(t).contains("load average"));
        kit.keys(t, "c", Span::from_millis(10));
        let text = kit.screen(t);
        assert!(text.contains(" /sbin/ini"), "{text:?}");
        kit.keys(t, "d1\r", Span::from_millis(10));
        kit.screen(t);
        kit.advance(Span::from_secs(5));
        assert!(kit.screen(t).matches("load average").count() >= 4);
        kit.keys(t, "q", Span::from_millis(10));
        assert_eq!(kit.status(t), Some(0));
        assert!(kit.executor.world().io.tty(t.tty).is_some_and(|t| t.canonical && t.echo));
        let t = kit.start_on_terminal(&["top"], 80, 24);
        kit.advance(Span::SECOND);
        kit.keys(t, "\x03", Span::from_millis(10));
        assert_eq!(kit.status(t), Some(0));
        assert!(kit.executor.world().io.tty(t.tty).is_some_and(|t| t.canonical && t.echo));
    }
}
