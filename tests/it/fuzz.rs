//! Whatever is typed: no panic, no hang, no growth without bound, and the same twice.
//!
//! `make test` tries some; `make fuzz` tries as many as one likes (`FUZZ=5000 make fuzz`). A case that fails names its
//! number: `FUZZ_FROM=123 FUZZ=1 make fuzz` is that one alone.

#![expect(clippy::print_stderr, reason = "a long run shows where it is")]

use firedrill::base::Span;
use firedrill::base::rng::Rng;

use super::terminal::Terminal;

/// Cases that every push tries.
const CASES: u64 = 150;

fn cases() -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|n| n.parse::<u64>().ok());
    let from = number("FUZZ_FROM").unwrap_or(0);
    from..from + number("FUZZ").unwrap_or(CASES)
}

fn pick(rng: &mut Rng, from: &[&'static str]) -> &'static str {
    rng.pick(from).copied().unwrap_or_default()
}

const WORDS: &[&str] = &[
    "a",
    "-n",
    "-r",
    "--help",
    "-",
    "--",
    "1",
    "0",
    "-1",
    "99999999999999999999",
    "$x",
    "\"$@\"",
    "$((",
    "))",
    "$(",
    ")",
    "`",
    "'",
    "\"",
    "\\",
    "*",
    "?",
    "[a-z]*",
    "~",
    "/etc/passwd",
    "/dev/zero",
    "/dev/null",
    "/dev/tty",
    "/proc/self/stat",
    "/",
    "..",
    ".",
    "f",
    "d/f",
    "größe",
    "\u{0}",
    "{1..9}",
    "{a,b}",
    "${x:-y}",
    "${x%%*}",
    "${#x}",
    "${x/a/b}",
    "${!x}",
    "$?",
    "$$",
    "!!",
    "!$",
    "&",
    "|",
    "||",
    "&&",
    ";",
    ";;",
    "(",
    "{",
    "}",
    "<",
    ">",
    ">>",
    "<<E",
    "<<<w",
    "2>&1",
    ">&-",
    "<(",
    ">|",
    "\n",
    "E",
    "if",
    "then",
    "fi",
    "while",
    "do",
    "done",
    "for",
    "in",
    "case",
    "esac",
    "function",
    "[[",
    "]]",
    "=~",
    "!",
    "#",
    "coproc",
    "select",
    "until",
    "time",
    "\t",
    "%1",
    "-9",
    "s/a/b/",
    "/x/d",
    "1,$p",
    "{print $1}",
    "a=b",
    "x[1]=2",
    "x=(1 2)",
    "declare",
];

const LINES: &[&str] = &[
    "yes | head -n 3",
    "sleep 1 &",
    "wait",
    "jobs",
    "fg",
    "bg",
    "kill %1",
    "cd /tmp",
    "cd -",
    "x=5",
    "trap 'echo t' INT",
    "trap",
    "set -e",
    "set +e",
    "set -x",
    "set -u",
    "set -m",
    "exec 3>f",
    "echo a >&3",
    "read x",
    "cat",
    "cat > f",
    "less /etc/passwd",
    "top",
    "watch date",
    "sudo -i",
    "su",
    "ssh beta",
    "exit",
    "f() { f; }; f",
    "while :; do :; done",
    ":(){ :|:& };:",
    "vi f",
    "history",
    "fc -l",
    "ulimit -a",
    "shopt",
    "enable -n echo",
    "unset PATH",
    "PATH=",
    "IFS=x",
    "exec bash",
    "exec true",
    "echo {1..100000}",
    "printf '%s\\n' *",
    "find /",
    "ls -lR /etc",
    "ps aux",
    "kill -STOP $$",
    "kill -9 $$",
    "stty -echo",
    "stty raw",
    "stty sane",
    "mkfifo p; cat p &",
    "ln -s l l; cat l",
    "dd if=/dev/zero of=big bs=1M count=100000",
    "rm -rf /",
    "sudo rm -rf /",
    "sudo kill -9 1",
    "sudo reboot",
    "mount",
    "umount /",
    "sudo chmod 000 /bin/bash",
    "alias ls=rm",
    "eval x=1",
];

/// A line: real ones, their pieces, and noise.
fn line(rng: &mut Rng) -> String {
    match rng.below(4) {
        0 => pick(rng, LINES).to_string(),
        1 => {
            let table = firedrill::run::table();
            let names: Vec<String> = table.rows().map(|(name, _)| name.to_string()).collect();
            let mut text = rng.pick(&names).cloned().unwrap_or_default();
            for _ in 0..rng.below(6) {
                text.push(' ');
                text.push_str(pick(rng, WORDS));
            }
            text
        }
        2 => (0..rng.below(25)).map(|_| pick(rng, WORDS)).collect::<Vec<_>>().join(if rng.ratio(1, 4) {
            ""
        } else {
            " "
        }),
        _ => {
            let (a, b) = (pick(rng, LINES), pick(rng, LINES));
            let joint = pick(rng, &["; ", " | ", " && ", " & ", " || ", "\n", " > ", " $(", " `"]);
            format!("{a}{joint}{b}")
        }
    }
}

/// Keys as a program might get them, and bytes that no keyboard sends.
fn keys(rng: &mut Rng) -> String {
    let all = [
        "\u{3}",
        "\u{4}",
        "\u{1a}",
        "\u{1c}",
        "\r",
        "\n",
        "q",
        "\u{1b}",
        "\u{1b}[A",
        "\u{1b}[B",
        "\u{1b}[6~",
        "G",
        "/x\r",
        "n",
        "y\r",
        ":q!\r",
        "\u{7f}",
        "\u{15}",
        "\u{16}",
        "\u{0}",
        "abc\r",
        "1\r",
        "\u{1b}[200~x\u{1b}[201~",
        "ä",
        "\u{9b}",
        "\u{1b}]0;t\u{7}",
    ];
    (0..1 + rng.below(4)).map(|_| pick(rng, &all)).collect()
}

/// What one case leaves: state, screen, processes.
fn session(seed: u64) -> (u64, usize, usize) {
    let mut rng = Rng::new(seed, "fuzz");
    let told = std::env::var_os("FUZZ_FROM").is_some();
    let mut terminal = Terminal::open();
    for _ in 0..1 + rng.below(12) {
        if !terminal.is_open() {
            break;
        }
        if terminal.at_prompt() {
            let text = line(&mut rng);
            if told {
                eprintln!("line {text:?}");
            }
            terminal.line(&text);
        } else {
            let text = keys(&mut rng);
            if told {
                eprintln!("keys {text:?}");
            }
            terminal.keys(&text);
        }
        terminal.settle(Span::from_millis(rng.below(3000)));
    }
    // Whoever sits there presses Ctrl+C, then closes the window.
    for _ in 0..3 {
        terminal.keys("\u{3}");
        terminal.settle(Span::from_millis(200));
    }
    terminal.close();
    terminal.pass(Span::from_secs(2));
    (terminal.hash(), terminal.text().len(), terminal.processes())
}

fn try_cases() {
    for seed in cases() {
        // Named before it runs: a hang shows its number too.
        if std::env::var_os("FUZZ").is_some() {
            eprintln!("case {seed}");
        }
        let told = std::panic::catch_unwind(|| session(seed));
        let Ok((hash, bytes, processes)) = told else {
            panic!("case {seed} panicked: FUZZ_FROM={seed} FUZZ=1 make fuzz")
        };
        assert!(processes < 1500, "case {seed} left {processes} processes");
        assert!(bytes < 64 << 20, "case {seed} printed {bytes} bytes");
        if seed % 10 == 0 {
            assert_eq!(session(seed).0, hash, "case {seed} is not the same twice");
        }
    }
}

#[test]
#[expect(clippy::disallowed_types, reason = "the engine runs on a stack as large as the program gives it")]
fn nothing_that_is_typed_breaks_the_world() {
    let thread = std::thread::Builder::new().stack_size(64 << 20).spawn(try_cases).expect("a thread");
    thread.join().expect("every case ends well");
}
