use bstr::{BStr, BString, ByteSlice};

use crate::program::{Args, Command, Ctx, Example, Opt, Outcome, Stop, Syntax};
use crate::world::kernel::ExitStatus;
use crate::world::sys::processes::WaitEvent;
use crate::world::sys::{ForkOptions, OpenFlags};

pub const COMMAND: Command = Command {
    name: "xargs",
    package: "findutils",
    summary: "Run COMMAND with arguments INITIAL-ARGS and more arguments read from input.",
    usage: &["[OPTION]... COMMAND [INITIAL-ARGS]..."],
    options: &[
        Opt::flag(
            '0',
            "null",
            "items are separated by a null, not whitespace; disables quote and backslash processing",
        ),
        Opt::value('a', "arg-file", "FILE", "read arguments from FILE, not standard input"),
        Opt::value(
            'd',
            "delimiter",
            "CHARACTER",
            "items in input stream are separated by CHARACTER, not by whitespace",
        ),
        Opt::value('E', "", "END", "set logical EOF string; if END occurs as a line of input, the rest is ignored"),
        Opt::flag('e', "eof", "equivalent to -E END if END is specified").optional("END"),
        Opt::value('I', "", "R", "same as --replace=R"),
        Opt::flag('i', "replace", "replace R in INITIAL-ARGS with names read from standard input").optional("R"),
        Opt::value('L', "max-lines", "MAX-LINES", "use at most MAX-LINES non-blank input lines per command line"),
        Opt::flag('l', "", "similar to -L but defaults to at most one non-blank input line").optional("MAX-LINES"),
        Opt::value('n', "max-args", "MAX-ARGS", "use at most MAX-ARGS arguments per command line"),
        Opt::flag('o', "open-tty", "reopen stdin as /dev/tty in the child process"),
        Opt::value('P', "max-procs", "MAX-PROCS", "run at most MAX-PROCS processes at a time"),
        Opt::flag('p', "interactive", "prompt before running commands"),
        Opt::long_value("process-slot-var", "VAR", "set environment variable VAR in child processes").unmodelled(),
        Opt::flag('r', "no-run-if-empty", "if there are no arguments, then do not run COMMAND"),
        Opt::value('s', "max-chars", "MAX-CHARS", "limit length of command line to MAX-CHARS"),
        Opt::long("show-limits", "show limits on command-line length").unmodelled(),
        Opt::flag('t', "verbose", "print commands before executing them"),
        Opt::flag('x', "exit", "exit if the size (see -s) is exceeded"),
    ],
    syntax: Syntax::Posix,
    examples: &[Example { run: "printf 'a b\\nc\\n' | xargs -n 2 echo", prints: "a b\nc\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

/// The bytes of a command line unless `-s` says otherwise (findutils' own 128 KiB).
const DEFAULT_CHARS: usize = 131_072;

/// An item of the input and whether its line ends behind it.
struct Item {
    text: BString,
    ends_line: bool,
}

struct Reader {
    bytes: Vec<u8>,
    at: usize,
    fd: u32,
    ended: bool,
    delimiter: Option<u8>,
    end_mark: Option<BString>,
    /// `-I`: a whole line is an item.
    by_line: bool,
}

impl Reader {
    async fn byte(&mut self, c: &Ctx) -> Result<Option<u8>, Stop> {
        if self.at == self.bytes.len() && !self.ended {
            self.bytes = match c.read_fd(self.fd, 65_536).await? {
                Ok(bytes) => bytes,
                Err(errno) => {
                    c.complain(format_args!("error reading input: {errno}")).await?;
                    Vec::new()
                }
            };
            self.at = 0;
            self.ended = self.bytes.is_empty();
        }
        let b = self.bytes.get(self.at).copied();
        self.at += usize::from(b.is_some());
        Ok(b)
    }

    /// The next item; the error is an unfinished quote.
    async fn next(&mut self, c: &Ctx) -> Result<Result<Option<Item>, &'static str>, Stop> {
        let item = match self.delimiter {
            Some(delimiter) => self.delimited(c, delimiter).await?,
            None => match self.quoted(c).await? {
                Ok(item) => item,
                Err(quote) => return Ok(Err(quote)),
            },
        };
        let marked = |i: &Item| self.end_mark.as_ref().is_some_and(|m| *m == i.text);
        Ok(Ok(item.filter(|i| !marked(i))))
    }

    async fn delimited(&mut self, c: &Ctx, delimiter: u8) -> Result<Option<Item>, Stop> {
        let mut text = BString::default();
        loop {
            match self.byte(c).await? {
                Some(b) if b == delimiter => return Ok(Some(Item { text, ends_line: true })),
                Some(b) => text.push(b),
                None if text.is_empty() => return Ok(None),
                None => return Ok(Some(Item { text, ends_line: true })),
            }
        }
    }

    async fn quoted(&mut self, c: &Ctx) -> Result<Result<Option<Item>, &'static str>, Stop> {
        let (mut text, mut started) = (BString::default(), false);
        loop {
            let Some(b) = self.byte(c).await? else {
                let item = started.then_some(Item { text, ends_line: true });
                return Ok(Ok(item));
            };
            match b {
                b'\n' if !started => {}
                b'\n' => return Ok(Ok(Some(Item { text, ends_line: true }))),
                b' ' | b'\t' if !started => {}
                b' ' | b'\t' if !self.by_line => {
                    // Blanks before the line's end belong to it.
                    loop {
                        match self.byte(c).await? {
                            Some(b' ' | b'\t') => {}
                            Some(b'\n') => return Ok(Ok(Some(Item { text, ends_line: true }))),
                            Some(_) => {
                                self.at -= 1;
                                return Ok(Ok(Some(Item { text, ends_line: false })));
                            }
                            None => return Ok(Ok(Some(Item { text, ends_line: true }))),
                        }
                    }
                }
                b'\'' | b'"' => {
                    started = true;
                    loop {
                        match self.byte(c).await? {
                            Some(q) if q == b => break,
                            Some(b'\n') | None => return Ok(Err(if b == b'"' { "double" } else { "single" })),
                            Some(other) => text.push(other),
                        }
                    }
                }
                b'\\' => {
                    started = true;
                    if let Some(b) = self.byte(c).await? {
                        text.push(b);
                    }
                }
                b => {
                    started = true;
                    text.push(b);
                }
            }
        }
    }
}

/// Why no further command is started, and the exit status that it gives.
struct Run<'a> {
    c: &'a Ctx,
    a: &'a Args,
    command: Vec<BString>,
    most: usize,
    running: usize,
    status: u8,
}

async fn main(c: Ctx, a: Args) -> Outcome {
    let mut limits = [None; 4];
    for (slot, (name, letter)) in
        [("max-args", 'n'), ("max-lines", 'L'), ("max-chars", 's'), ("max-procs", 'P')].iter().enumerate()
    {
        let Some(text) = a.get(name).or_else(|| if *letter == 'L' { a.get("l") } else { None }) else { continue };
        match text.to_str().ok().and_then(|t| t.parse::<usize>().ok()) {
            Some(0) if *letter != 'P' => {
                c.complain(format_args!("value 0 for -{letter} option should be >= 1")).await?;
                c.err("Try 'xargs --help' for more information.\n").await?;
                return Ok(1);
            }
            Some(n) => limits[slot] = Some(n),
            None => {
                c.complain(format_args!("invalid number \"{text}\" for -{letter} option")).await?;
                c.err("Try 'xargs --help' for more information.\n").await?;
                return Ok(1);
            }
        }
    }
    let [mut max_args, mut max_lines, max_chars, max_procs] = limits;
    if a.has("l") && max_lines.is_none() {
        max_lines = Some(1);
    }
    let replace: Option<BString> =
        a.last_of(&["I", "replace"]).map(|name| a.get(name).map_or_else(|| "{}".into(), BString::from));
    if replace.is_some() && max_args.is_some() {
        // -n 1 with -I says nothing new; any other number loses.
        if max_args != Some(1) {
            c.complain("warning: options --max-args and --replace/-I/-i are mutually exclusive, ignoring previous --max-args value").await?;
        }
        max_args = None;
    }
    let delimiter = match (a.has("null"), a.get("delimiter")) {
        (true, _) => Some(0),
        (false, Some(text)) => match unescape(text) {
            Some(b) => Some(b),
            None => {
                c.complain(format_args!("Invalid input delimiter specification {text}: the delimiter must be either a single character or an escape sequence starting with \\.")).await?;
                return Ok(1);
            }
        },
        _ => None,
    };
    let mut fd = 0;
    if let Some(path) = a.get("arg-file") {
        match c.open_input(path) {
            Ok(n) => fd = n,
            Err(errno) => {
                c.complain(format_args!("Cannot open input file '{path}': {errno}")).await?;
                return Ok(1);
            }
        }
    }
    let mut reader = Reader {
        bytes: Vec::new(),
        at: 0,
        fd,
        ended: false,
        delimiter,
        end_mark: a.get("E").or(a.get("eof")).filter(|m| !m.is_empty()).map(BString::from),
        by_line: replace.is_some(),
    };
    let command = if a.operands().is_empty() { vec!["echo".into()] } else { a.operands().to_vec() };
    let base: usize = command.iter().map(|w| w.len() + 1).sum();
    let room = max_chars.unwrap_or(DEFAULT_CHARS);
    let most = match max_procs {
        Some(0) => usize::MAX,
        Some(n) => n,
        None => 1,
    };
    let mut run = Run { c: &c, a: &a, command, most, running: 0, status: 0 };
    let (mut batch, mut size, mut lines, mut any) = (Vec::new(), base, 0, false);
    loop {
        let item = match reader.next(&c).await? {
            Ok(item) => item,
            Err(quote) => {
                c.complain(format_args!(
                    "unmatched {quote} quote; by default quotes are special to xargs unless you use the -0 option"
                ))
                .await?;
                run.finish().await?;
                return Ok(1);
            }
        };
        let Some(item) = item else { break };
        any = true;
        if let Some(mark) = &replace {
            let text: &BStr = item.text.as_ref();
            let argv = run.command.iter().enumerate();
            let argv = argv.map(|(n, w)| if n == 0 { w.clone() } else { w.replace(mark, text).into() }).collect();
            if let Err(status) = run.start(argv).await? {
                return Ok(status);
            }
            continue;
        }
        let full = size + item.text.len() + 1 > room;
        if full && batch.is_empty() {
            c.complain("argument line too long").await?;
            run.finish().await?;
            return Ok(1);
        }
        if full || max_args.is_some_and(|n| batch.len() >= n) {
            if full && a.has("exit") && (max_args.is_some() || max_lines.is_some()) {
                c.complain("argument list too long").await?;
                return Ok(1);
            }
            let argv = run.with(&mut batch);
            if let Err(status) = run.start(argv).await? {
                return Ok(status);
            }
            (size, lines) = (base, 0);
        }
        size += item.text.len() + 1;
        batch.push(item.text);
        lines += usize::from(item.ends_line);
        if max_lines.is_some_and(|n| lines >= n) {
            let argv = run.with(&mut batch);
            if let Err(status) = run.start(argv).await? {
                return Ok(status);
            }
            (size, lines) = (base, 0);
        }
    }
    let empty_run = !any && replace.is_none() && !a.has("no-run-if-empty");
    if !batch.is_empty() || empty_run {
        let argv = run.with(&mut batch);
        if let Err(status) = run.start(argv).await? {
            return Ok(status);
        }
    }
    run.finish().await?;
    Ok(run.status)
}

impl Run<'_> {
    fn with(&self, batch: &mut Vec<BString>) -> Vec<BString> {
        let mut argv = self.command.clone();
        argv.append(batch);
        argv
    }

    /// Starts a command when there is a slot for it. The error is the status to end with at once.
    async fn start(&mut self, argv: Vec<BString>) -> Result<Result<(), u8>, Stop> {
        let c = self.c;
        while self.running >= self.most {
            if let Err(status) = self.reap().await? {
                return Ok(Err(status));
            }
        }
        if self.a.has("verbose") || self.a.has("interactive") {
            let text = argv.iter().map(quote).collect::<Vec<_>>().join(" ");
            if self.a.has("interactive") {
                c.err(format!("{text}?...")).await?;
                if !answered_yes(c).await? {
                    return Ok(Ok(()));
                }
            } else {
                c.err(format!("{text}\n")).await?;
            }
        }
        c.flush().await?;
        let name = argv[0].clone();
        // The command does not read what xargs reads.
        let from = if self.a.has("open-tty") { "/dev/tty" } else { "/dev/null" };
        let kept = c.sys(|s| s.dup_from(0, 10)).ok();
        if let Ok(fd) = c.sys(|s| s.open(BStr::new(from), OpenFlags::READ, 0)) {
            c.sys(|s| s.dup2(fd, 0)).unwrap_or(());
            c.close_input(fd);
        }
        if let Some(fd) = kept {
            c.sys(|s| s.set_cloexec(fd, true)).unwrap_or(());
        }
        let started = c.spawn(argv, c.environment(), &ForkOptions::default());
        if let Some(fd) = kept {
            c.sys(|s| s.dup2(fd, 0)).unwrap_or(());
            c.close_input(fd);
        }
        match started {
            Ok(_) => self.running += 1,
            Err(errno) => {
                c.complain(format_args!("{name}: {errno}")).await?;
                self.finish().await?;
                return Ok(Err(super::env::failed_exec(errno)));
            }
        }
        if self.most == 1 { self.reap().await } else { Ok(Ok(())) }
    }

    /// Waits for one command.
    async fn reap(&mut self) -> Result<Result<(), u8>, Stop> {
        let name = self.command[0].clone();
        loop {
            match self.c.wait_child(None).await? {
                Some((_, WaitEvent::Ended(status))) => {
                    self.running = self.running.saturating_sub(1);
                    match status {
                        ExitStatus::Exited(0) => {}
                        ExitStatus::Exited(255) => {
                            self.c.complain(format_args!("{name}: exited with status 255; aborting")).await?;
                            return Ok(Err(124));
                        }
                        ExitStatus::Exited(126 | 127) => return Ok(Err(status.code())),
                        ExitStatus::Exited(_) => self.status = 123,
                        ExitStatus::Signalled(signal) => {
                            self.c.complain(format_args!("{name}: terminated by signal {}", signal.number())).await?;
                            return Ok(Err(125));
                        }
                    }
                    return Ok(Ok(()));
                }
                Some(_) => {}
                None => {
                    self.running = 0;
                    return Ok(Ok(()));
                }
            }
        }
    }

    async fn finish(&mut self) -> Result<(), Stop> {
        while self.running > 0 {
            if let Err(status) = self.reap().await? {
                self.status = status;
            }
        }
        Ok(())
    }
}

/// As `-t` shows a word that a shell would not take as it is.
fn quote(word: &BString) -> String {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"_@%+=:,./-".contains(b);
    if !word.is_empty() && word.iter().all(plain) {
        word.to_string()
    } else {
        format!("'{}'", word.replace("'", "'\\''").as_bstr())
    }
}

fn unescape(text: &BStr) -> Option<u8> {
    match text.as_bytes() {
        [b] => Some(*b),
        [b'\\', b] => Some(match b {
            b'n' => b'\n',
            b't' => b'\t',
            b'0' => 0,
            b'r' => b'\r',
            b'\\' => b'\\',
            _ => return None,
        }),
        [b'\\', b'x', hex @ ..] => u8::from_str_radix(hex.to_str().ok()?, 16).ok(),
        [b'\\', octal @ ..] => u8::from_str_radix(octal.to_str().ok()?, 8).ok(),
        _ => None,
    }
}

async fn answered_yes(c: &Ctx) -> Result<bool, Stop> {
    let Ok(fd) = c.sys(|s| s.open(BStr::new("/dev/tty"), OpenFlags::READ, 0)) else { return Ok(false) };
    let answer = c.read_fd(fd, 256).await?.unwrap_or_default();
    c.close_input(fd);
    Ok(matches!(answer.first(), Some(b'y' | b'Y')))
}

#[cfg(test)]
mod tests {
    use crate::base::Span;
    use crate::commands::GROUPS;
    use crate::testkit::Kit;

    /// `env` without a command prints nothing of its arguments, so the commands here are `cat`, `sleep` and `kill -l`.
    #[test]
    fn words_become_arguments() {
        let mut kit = Kit::new(GROUPS);
        let ran = kit.run_with(&["xargs", "cat"], "/etc/hostname '/etc/hostname'\n /etc/host\\name \n");
        assert_eq!(ran.stdout, "alpha\nalpha\nalpha\n");
        let ran = kit.run_with(&["xargs", "-t", "-n1", "kill", "-l"], "9 15\n1\n");
        assert_eq!(
            (ran.stdout.as_str(), ran.stderr.as_str()),
            ("KILL\nTERM\nHUP\n", "kill -l 9\nkill -l 15\nkill -l 1\n")
        );
        let ran = kit.run_with(&["xargs", "-I{}", "cat", "/etc/{}"], "hostname\n  hostname\n");
        assert_eq!(ran.stdout, "alpha\nalpha\n");
        let ran = kit.run_with(&["xargs", "-0", "cat"], "/etc/hostname\0/etc/hostname");
        assert_eq!(ran.stdout, "alpha\nalpha\n");
        assert_eq!(kit.run_with(&["xargs", "-r", "kill", "-l"], "").stdout, "");
        assert_eq!(kit.run_with(&["xargs", "-d,", "-n1", "kill", "-l"], "2,3").stdout, "INT\nQUIT\n");
    }

    #[test]
    fn statuses_are_xargs_own() {
        let mut kit = Kit::new(GROUPS);
        assert_eq!(kit.run_with(&["xargs", "cat"], "/nowhere").status, 123);
        let ran = kit.run_with(&["xargs", "nosuch"], "a");
        assert_eq!((ran.stderr.as_str(), ran.status), ("xargs: nosuch: No such file or directory\n", 127));
        let ran = kit.run_with(&["xargs"], "it's");
        assert!(ran.stderr.starts_with("xargs: unmatched single quote; by default quotes"));
        // Three at a time take as long as two rounds.
        let ran = kit.run_with(&["xargs", "-P3", "-n1", "sleep"], "1 1 1 1");
        assert!(ran.took >= Span::from_secs(2) && ran.took < Span::from_millis(2200), "{}", ran.took);
    }
}
