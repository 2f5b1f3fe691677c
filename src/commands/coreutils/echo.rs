//! echo and printf, the programs; the shell has its own builtins over the same formats.

use bstr::{BString, ByteSlice};

use crate::base::printf::{Escape, Problem, printf, unescape};
use crate::base::quote::quote;
use crate::commands::support::usage;
use crate::program::{Args, Command, Ctx, Example, Outcome, Syntax};

pub const ECHO: Command = Command {
    name: "echo",
    summary: "Echo the STRING(s) to standard output.",
    usage: &["[SHORT-OPTION]... [STRING]...", "LONG-OPTION"],
    syntax: Syntax::Raw,
    examples: &[Example { run: "echo -e 'a\\tb'", prints: "a\tb\n" }],
    main: |c, a| Box::pin(echo(c, a)),
    ..Command::BASE
};

pub const PRINTF: Command = Command {
    name: "printf",
    summary: "Print ARGUMENT(s) according to FORMAT.",
    usage: &["FORMAT [ARGUMENT]...", "OPTION"],
    syntax: Syntax::Raw,
    examples: &[Example { run: "printf '%-5s|%3d\\n' a 7", prints: "a    |  7\n" }],
    main: |c, a| Box::pin(print(c, a)),
    ..Command::BASE
};

async fn echo(c: Ctx, a: Args) -> Outcome {
    let (mut newline, mut escapes) = (true, false);
    let mut words = a.operands();
    if words.len() == 1 && (words[0] == "--help" || words[0] == "--version") {
        let text = if words[0] == "--help" { ECHO.help("echo") } else { ECHO.version() };
        return c.out(text).await.map(|()| 0);
    }
    while let Some((first, rest)) = words.split_first() {
        let letters = first.strip_prefix(b"-").unwrap_or_default();
        if letters.is_empty() || !letters.iter().all(|b| b"neE".contains(b)) {
            break;
        }
        for letter in letters {
            match letter {
                b'n' => newline = false,
                b'e' => escapes = true,
                _ => escapes = false,
            }
        }
        words = rest;
    }
    let mut text: BString = bstr::join(" ", words).into();
    if escapes {
        let mut out = BString::default();
        let mut at = 0;
        while at < text.len() {
            if text[at] != b'\\' {
                out.push(text[at]);
                at += 1;
                continue;
            }
            match unescape(&text[at..], true) {
                Escape::Bytes(bytes, used) => {
                    out.extend(bytes);
                    at += used;
                }
                Escape::MissingHex => {
                    out.extend_from_slice(b"\\x");
                    at += 2;
                }
                Escape::Stop => {
                    newline = false;
                    break;
                }
            }
        }
        text = out;
    }
    if newline {
        text.push(b'\n');
    }
    c.out(&text).await.map(|()| 0)
}

async fn print(c: Ctx, a: Args) -> Outcome {
    let words = a.operands();
    let words = if words.first().is_some_and(|w| w == "--") { &words[1..] } else { words };
    let Some((format, arguments)) = words.split_first() else {
        return usage(&c, 1, "missing operand").await;
    };
    if arguments.is_empty() && (format == "--help" || format == "--version") {
        let text = if format == "--help" { PRINTF.help("printf") } else { PRINTF.version() };
        return c.out(text).await.map(|()| 0);
    }
    let printed = printf(format, arguments);
    c.out(&printed.bytes).await?;
    let mut status = 0;
    for problem in &printed.problems {
        let text = match problem {
            Problem::NotNumeric(text) => format!("{}: expected a numeric value", quote(text)),
            Problem::Partial(text) => format!("{}: value not completely converted", quote(text)),
            Problem::Range(text) => format!("{}: Numerical result out of range", quote(text)),
            Problem::BadDirective(text) => format!("{}: invalid conversion specification", text.to_str_lossy()),
            Problem::Excess(text) => {
                format!("warning: ignoring excess arguments, starting with {}", quote(text))
            }
            Problem::MissingHex => "missing hexadecimal number in escape".into(),
        };
        c.complain(text).await?;
        if !matches!(problem, Problem::Excess(_)) {
            status = 1;
        }
    }
    Ok(status)
}
