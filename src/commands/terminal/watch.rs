use bstr::{BString, ByteSlice};

use crate::base::Span;
use crate::base::stamp::stamp;
use crate::program::{Args, Command, Ctx, Example, Key, Keyboard, Opt, Outcome, Stop, Syntax};
use crate::world::kernel::{ExitStatus, Signal};
use crate::world::sys::ForkOptions;

pub const COMMAND: Command = Command {
    name: "watch",
    package: "procps",
    summary: "Execute a program periodically, showing output fullscreen.",
    usage: &["[options] command"],
    options: &[
        Opt::flag('b', "beep", "beep if command has a non-zero exit"),
        Opt::flag('c', "color", "interpret ANSI color and style sequences").accepted(),
        Opt::flag('C', "no-color", "do not interpret ANSI color and style sequences").accepted(),
        Opt::flag('d', "differences", "highlight changes between updates").optional("permanent"),
        Opt::flag('e', "errexit", "exit if command has a non-zero exit"),
        Opt::flag('g', "chgexit", "exit when output from command changes"),
        Opt::value('n', "interval", "secs", "seconds to wait between updates"),
        Opt::flag('p', "precise", "attempt run command in precise intervals"),
        Opt::value('q', "equexit", "cycles", "exit when output from command does not change"),
        Opt::flag('r', "no-rerun", "do not rerun program on window resize"),
        Opt::flag('t', "no-title", "turn off header"),
        Opt::flag('w', "no-wrap", "turn off line wrapping"),
        Opt::flag('x', "exec", "pass command to exec instead of \"sh -c\""),
    ],
    syntax: Syntax::Posix,
    examples: &[Example { run: "watch -n x true 2>&1", prints: "watch: failed to parse argument: 'x'\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

async fn main(c: Ctx, a: Args) -> Outcome {
    let mut every = Span::from_secs(2);
    let given = a.get("interval").map(BString::from).or_else(|| c.env("WATCH_INTERVAL"));
    if let Some(text) = given {
        match text.to_str().ok().and_then(|t| t.parse::<f64>().ok()) {
            Some(secs) => every = Span::from_secs_f64(secs.clamp(0.1, 2_678_400.0)),
            None => {
                c.complain(format_args!("failed to parse argument: '{text}'")).await?;
                return Ok(1);
            }
        }
    }
    if a.operands().is_empty() {
        c.err("\nUsage:\n watch [options] command\n\nOptions:\n  -b, --beep             beep if command has a non-zero exit\n  -c, --color            interpret ANSI color and style sequences\n  -d, --differences[=<permanent>]\n                         highlight changes between updates\n  -e, --errexit          exit if command has a non-zero exit\n  -g, --chgexit          exit when output from command changes\n  -n, --interval <secs>  seconds to wait between updates\n  -t, --no-title         turn off header\n  -x, --exec             pass command to exec instead of \"sh -c\"\n\nFor more details see watch(1).\n").await?;
        return Ok(1);
    }
    if !c.is_tty(1) {
        c.err("Error opening terminal: unknown.\n").await?;
        return Ok(1);
    }
    let command = a.operands().iter().map(|o| o.to_string()).collect::<Vec<_>>().join(" ");
    let argv: Vec<BString> =
        if a.has("exec") { a.operands().to_vec() } else { vec!["sh".into(), "-c".into(), command.as_str().into()] };
    let Some(mut keyboard) = Keyboard::open(&c) else {
        c.err("Error opening terminal: unknown.\n").await?;
        return Ok(1);
    };
    c.out("\x1b[?1049h\x1b[22;0;0t\x1b[H\x1b[2J").await?;
    let ended = turns(&c, &a, &mut keyboard, every, &command, &argv).await;
    keyboard.close();
    c.out("\x1b[?1049l\x1b[23;0;0t").await?;
    c.flush().await?;
    match ended {
        Ok(End::Status(status)) => Ok(status),
        // watch ends cleanly on these.
        Ok(End::Signal(Signal::INT | Signal::TERM | Signal::HUP)) => Ok(0),
        Ok(End::Signal(signal)) => c.die_of(signal).await,
        Err(stop) => Err(stop),
    }
}

enum End {
    Status(u8),
    Signal(Signal),
}

async fn turns(
    c: &Ctx,
    a: &Args,
    keyboard: &mut Keyboard,
    every: Span,
    command: &str,
    argv: &[BString],
) -> Result<End, Stop> {
    let mut before: Option<Vec<Vec<char>>> = None;
    let mut same = 0u64;
    let patience = a.get("equexit").and_then(|n| n.to_str().ok()?.parse::<u64>().ok());
    loop {
        let began = c.now();
        let (output, status) = run(c, argv).await?;
        let (columns, rows) = c.window().map_or((80, 24), |(x, y)| (usize::from(x), usize::from(y)));
        let title = !a.has("no-title");
        let body = lay_out(&output, columns, rows.saturating_sub(if title { 2 } else { 0 }), a.has("no-wrap"));
        let mut screen = String::from("\x1b[H");
        if title {
            screen.push_str(&header(c, every, command, columns));
            screen.push_str("\x1b[K\n\x1b[K\n");
        }
        let lit = a.has("differences");
        for (n, line) in body.iter().enumerate() {
            if n > 0 {
                screen.push('\n');
            }
            let old = before.as_ref().and_then(|b| b.get(n));
            screen.push_str(&marked(line, old.filter(|_| lit), lit && before.is_some()));
            screen.push_str("\x1b[K");
        }
        screen.push_str("\x1b[J");
        let failed = status != ExitStatus::Exited(0);
        if failed && a.has("beep") {
            screen.push('\x07');
        }
        c.out(screen).await?;
        c.flush().await?;
        if failed && a.has("errexit") {
            return Ok(End::Status(8));
        }
        let changed = before.as_ref().is_some_and(|b| *b != body);
        if changed && a.has("chgexit") {
            return Ok(End::Status(0));
        }
        same = if before.is_some() && !changed { same + 1 } else { 0 };
        if patience.is_some_and(|n| same >= n) {
            return Ok(End::Status(0));
        }
        before = Some(body);
        let due = if a.has("precise") { began + every } else { c.now() + every };
        loop {
            match keyboard.key(Some(due)).await? {
                Key::Timeout => break,
                Key::Resize if !a.has("no-rerun") => break,
                Key::Signal(Signal::TSTP) => keyboard.suspend().await?,
                Key::Signal(signal) => return Ok(End::Signal(signal)),
                Key::Gone => return Ok(End::Status(0)),
                _ => {}
            }
        }
    }
}

/// The command's output and how it ended.
async fn run(c: &Ctx, argv: &[BString]) -> Result<(Vec<u8>, ExitStatus), Stop> {
    let Ok((read, write)) = c.sys(|s| s.pipe()) else { return Ok((Vec::new(), ExitStatus::Exited(1))) };
    let (words, env) = (argv.to_vec(), c.environment());
    let child = c.fork(&ForkOptions::default(), move |child| {
        Box::pin(async move {
            for fd in [1, 2] {
                child.sys(|s| s.dup2(write, fd)).unwrap_or(());
            }
            child.close_input(read);
            child.close_input(write);
            let name = words.first().cloned().unwrap_or_default();
            let errno = child.exec(words, env).await?;
            child.err(format!("watch: {name}: {errno}\n")).await?;
            Ok(if errno == crate::world::Errno::ENOENT { 127 } else { 126 })
        })
    });
    c.close_input(write);
    let mut output = Vec::new();
    let Ok(pid) = child else {
        c.close_input(read);
        return Ok((output, ExitStatus::Exited(1)));
    };
    loop {
        match c.read_fd(read, 65_536).await {
            Ok(Ok(bytes)) if bytes.is_empty() => break,
            // No screen shows more than this.
            Ok(Ok(bytes)) if output.len() < 1 << 20 => output.extend(bytes),
            Ok(Ok(_)) => {}
            Ok(Err(_)) => break,
            Err(Stop::Caught(Signal::WINCH)) => {}
            Err(stop) => {
                c.close_input(read);
                return Err(stop);
            }
        }
    }
    c.close_input(read);
    let status = c.wait_end(pid).await?;
    Ok((output, status))
}

/// `Every 2.0s: df -h` at the left, host and time at the right.
fn header(c: &Ctx, every: Span, command: &str, columns: usize) -> String {
    let host = c.read(|w| w.host(c.me().host).name.clone());
    let right = format!("{host}: {}", stamp(c.now(), "%a %b %e %T %Y"));
    let left = format!("Every {:.1}s: ", every.secs_f64());
    let room = columns.saturating_sub(right.len() + 1);
    if room < left.len() {
        return if right.len() <= columns { format!("{right:>columns$}") } else { String::new() };
    }
    let space = room - left.len();
    let shown = match command.chars().count() {
        n if n <= space => command.to_string(),
        _ if space > 3 => format!("{}...", command.chars().take(space - 3).collect::<String>()),
        _ => String::new(),
    };
    format!("{:<room$} {right}", format!("{left}{shown}"))
}

/// Output as lines of the screen's width.
fn lay_out(output: &[u8], columns: usize, rows: usize, cut: bool) -> Vec<Vec<char>> {
    let mut lines = Vec::new();
    for line in output.to_str_lossy().lines() {
        let mut cells: Vec<char> = Vec::new();
        let mut chars = line.chars();
        while let Some(ch) = chars.next() {
            match ch {
                '\t' => cells.resize((cells.len() / 8 + 1) * 8, ' '),
                // Colours are not interpreted unless asked for; their codes are not shown.
                '\x1b' => {
                    for ch in chars.by_ref() {
                        if ch.is_ascii_alphabetic() {
                            break;
                        }
                    }
                }
                ch if ch.is_control() => {}
                ch => cells.push(ch),
            }
        }
        if cells.is_empty() {
            lines.push(Vec::new());
        }
        for chunk in cells.chunks(columns.max(1)) {
            lines.push(chunk.to_vec());
            if cut {
                break;
            }
        }
        if lines.len() >= rows {
            lines.truncate(rows);
            break;
        }
    }
    lines
}

/// A line with what differs from the one before in reverse.
fn marked(line: &[char], old: Option<&Vec<char>>, compare: bool) -> String {
    let (mut out, mut on) = (String::new(), false);
    for (n, &ch) in line.iter().enumerate() {
        let differs = compare && old.and_then(|o| o.get(n)).copied().unwrap_or(' ') != ch;
        if differs != on {
            out.push_str(if differs { "\x1b[7m" } else { "\x1b[27m" });
            on = differs;
        }
        out.push(ch);
    }
    if on {
        out.push_str("\x1b[27m");
    }
    out
}

#[cfg(test)]
mod tests {
    use crate::base::Span;
    use crate::commands::GROUPS;
    use crate::testkit::Kit;

    #[test]
    fn it_shows_a_command_again_and_again() {
        let mut kit = Kit::new(GROUPS);
        let t = kit.start_on_terminal(&["watch", "-n1", "-x", "cat", "/proc/uptime"], 80, 24);
        kit.advance(Span::from_millis(500));
        let text = kit.screen(t);
        let title = "\x1b[HEvery 1.0s: cat /proc/uptime                     alpha: Thu Mar 12 03:07:00 2026";
        assert!(text.starts_with("\x1b[?1049h") && text.contains(title), "{text:?}");
        kit.advance(Span::from_secs(3));
        assert!(kit.screen(t).matches("Every 1.0s").count() >= 2);
        kit.keys(t, "\x03", Span::from_millis(10));
        assert_eq!(kit.status(t), Some(0));
        assert!(kit.screen(t).ends_with("\x1b[?1049l\x1b[23;0;0t"));
        assert!(kit.executor.world().io.tty(t.tty).is_some_and(|t| t.canonical && t.echo));
    }
}
