//! true and false.

use crate::program::{Command, Example, Syntax};

pub const TRUE: Command = Command {
    name: "true",
    summary: "Exit with a status code indicating success.",
    usage: &["[ignored command line arguments]"],
    syntax: Syntax::Raw,
    examples: &[Example { run: "true && echo yes", prints: "yes\n" }],
    main: |_, _| Box::pin(async { Ok(0) }),
    ..Command::BASE
};

pub const FALSE: Command = Command {
    name: "false",
    summary: "Exit with a status code indicating failure.",
    usage: &["[ignored command line arguments]"],
    syntax: Syntax::Raw,
    examples: &[Example { run: "false || echo no", prints: "no\n" }],
    main: |_, _| Box::pin(async { Ok(1) }),
    ..Command::BASE
};
