use bstr::ByteSlice;

use crate::program::{Args, Command, Ctx, Example, Opt, Outcome};

pub const COMMAND: Command = Command {
    name: "tput",
    package: "ncurses-bin",
    summary: "Initialize a terminal or query the terminfo database.",
    usage: &["[options] [command]"],
    options: &[
        Opt::value('T', "", "TERM", "use this instead of $TERM").accepted(),
        Opt::flag('S', "", "read commands from standard input").unmodelled(),
    ],
    usage_status: 2,
    examples: &[Example { run: "tput setaf 1 | cat -v", prints: "^[[31m" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

/// Capabilities of xterm-256color without parameters.
const PLAIN: &[(&str, &str)] = &[
    ("clear", "\x1b[H\x1b[2J\x1b[3J"),
    ("bold", "\x1b[1m"),
    ("dim", "\x1b[2m"),
    ("sitm", "\x1b[3m"),
    ("smul", "\x1b[4m"),
    ("rmul", "\x1b[24m"),
    ("blink", "\x1b[5m"),
    ("rev", "\x1b[7m"),
    ("smso", "\x1b[7m"),
    ("rmso", "\x1b[27m"),
    ("sgr0", "\x1b(B\x1b[m"),
    ("smcup", "\x1b[?1049h\x1b[22;0;0t"),
    ("rmcup", "\x1b[?1049l\x1b[23;0;0t"),
    ("civis", "\x1b[?25l"),
    ("cnorm", "\x1b[?12l\x1b[?25h"),
    ("el", "\x1b[K"),
    ("ed", "\x1b[J"),
    ("home", "\x1b[H"),
    ("cuu1", "\x1b[A"),
    ("sc", "\x1b7"),
    ("rc", "\x1b8"),
    ("bel", "\x07"),
    ("op", "\x1b[39;49m"),
];

async fn main(c: Ctx, a: Args) -> Outcome {
    let words: Vec<String> = a.operands().iter().map(|o| o.to_string()).collect();
    let Some((name, rest)) = words.split_first() else {
        c.err("usage: tput [-V] [-S] [-T term] capname\n").await?;
        return Ok(2);
    };
    let number = |n: usize| rest.get(n).and_then(|t| t.as_bytes().to_str().ok()?.parse::<u32>().ok()).unwrap_or(0);
    let (columns, rows) = c.window().unwrap_or((80, 24));
    let text = match name.as_str() {
        "cols" => format!("{columns}\n"),
        "lines" => format!("{rows}\n"),
        "colors" => "256\n".into(),
        "longname" => "xterm with 256 colors".into(),
        "cup" => format!("\x1b[{};{}H", number(0) + 1, number(1) + 1),
        "setaf" | "setab" => {
            let (n, base) = (number(0), if name == "setaf" { 30 } else { 40 });
            match n {
                0..8 => format!("\x1b[{}m", base + n),
                8..16 => format!("\x1b[{}m", base + 60 + n - 8),
                _ => format!("\x1b[{};5;{n}m", base + 8),
            }
        }
        "init" | "reset" => "\x1b[!p\x1b[?3;4l\x1b[4l\x1b>".into(),
        other => match PLAIN.iter().find(|(n, _)| *n == other) {
            Some((_, text)) => (*text).into(),
            None => {
                c.complain(format_args!("unknown terminfo capability '{other}'")).await?;
                return Ok(4);
            }
        },
    };
    c.out(text).await?;
    Ok(0)
}
