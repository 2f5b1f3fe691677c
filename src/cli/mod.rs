//! The command line (DESIGN 5): the edge where files, the terminal, the environment and the clock of this machine are
//! met. It drives the same `run` as the page; nothing of it is known to the engine.
//!
//! Statuses: 0 done · 1 the answer is no (a claim that does not hold, a scenario with problems) · 2 it could not be
//! done (usage, a file) · 3 something in the diagnosis is asked back. `exec` and `do -c` end with the shell's status.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the command line is where files, streams, the environment and the real clock come in"
)]

mod args;
mod authors;
mod bench;
mod exec;
mod folder;
mod out;
mod play;
mod runs;
mod show;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Form};
use out::Out;

/// Stack of the thread that executes: parsers recurse.
const STACK: usize = 64 << 20;

/// Why a command did not do what it was asked.
pub(crate) struct Failed {
    status: u8,
    words: String,
}

impl Failed {
    /// The answer is no.
    fn no(words: impl Into<String>) -> Failed {
        Failed { status: 1, words: words.into() }
    }
    /// It could not be done.
    fn trouble(words: impl Into<String>) -> Failed {
        Failed { status: 2, words: words.into() }
    }
}

impl From<String> for Failed {
    fn from(words: String) -> Failed {
        Failed::trouble(words)
    }
}

type Done = Result<u8, Failed>;

/// Everything that `firedrill` does.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => {
            let status = if e.use_stderr() { 2 } else { 0 };
            // A closed stream leaves nobody to tell.
            let _ = e.print();
            return ExitCode::from(status);
        }
    };
    let worker = std::thread::Builder::new().stack_size(STACK).spawn(move || run(cli));
    let status = worker.ok().and_then(|thread| thread.join().ok());
    ExitCode::from(status.unwrap_or(2))
}

fn run(cli: Cli) -> u8 {
    let mut out = Out::new();
    let done = dispatch(cli, &mut out);
    let flushed = out.flush();
    match done {
        Ok(status) if flushed => status,
        // Whoever read our output has gone: as SIGPIPE would end a program.
        Ok(_) => 141,
        Err(failed) => {
            out.error(&failed.words);
            failed.status
        }
    }
}

fn dispatch(cli: Cli, out: &mut Out) -> Done {
    let mut catalogue = folder::catalogue(cli.scenarios.as_deref())?;
    match cli.form {
        Form::List { json, authors } => show::list(&catalogue, json, authors, out),
        Form::Play(play) => play::play(&mut catalogue, play, out),
        Form::Exec(exec) => exec::exec(&mut catalogue, exec, out),
        Form::New(new) => runs::new(&mut catalogue, new, out),
        Form::Do(act) => runs::act(&catalogue, act, out),
        Form::Wait { run, span } => runs::wait(&catalogue, &run, span, out),
        Form::Ack { run, severity } => runs::ack(&catalogue, &run, &severity, out),
        Form::Say { run, text } => runs::say(&catalogue, &run, &text.join(" "), out),
        Form::Pin { run, text } => runs::pin(&catalogue, &run, &text.join(" "), out),
        Form::Status { run, json } => runs::status(&catalogue, &run, json, out),
        Form::Diagnose { run, answer, form } => runs::diagnose(&catalogue, &run, answer.as_deref(), form, out),
        Form::Report { run, format } => runs::report(&catalogue, &run, format, out),
        Form::Verify { run } => runs::verify(&catalogue, &run, out),
        Form::Vocab { words, json } => show::vocab(&words.join(" "), json, out),
        Form::Lint { paths, seeds } => authors::lint(&mut catalogue, &paths, seeds, out),
        Form::Bench { json } => bench::bench(&catalogue, json, out),
        Form::Schema => authors::schema(out),
        Form::Pack { paths, output } => authors::pack(&mut catalogue, &paths, &output, out),
    }
}
