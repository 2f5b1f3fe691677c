//! The forms of the command line, as clap reads them.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::base::Span;
use crate::base::explain::split_mend;
use crate::base::values::Duration;

#[derive(Debug, Parser)]
#[command(
    name = "firedrill",
    version,
    about = "A flight simulator for people who carry a pager",
    after_help = "ID is a scenario's number (INC-4127 or 4127), or an author's folder or pack.\n\
                  RUN is a run file: `firedrill new` starts one, other commands append to it."
)]
pub(crate) struct Cli {
    /// A folder with further scenarios (folders or packs)
    #[arg(long, global = true, value_name = "DIR")]
    pub scenarios: Option<PathBuf>,
    #[command(subcommand)]
    pub form: Form,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Form {
    /// The incidents there are: number and headline
    List {
        #[arg(long)]
        json: bool,
        /// Also what is secret until the debrief: id, title, variants
        #[arg(long)]
        authors: bool,
    },
    /// Play an incident in this terminal
    Play(Play),
    /// Run a script on a host of a fresh run, or in a plain host with a folder's files
    Exec(Exec),
    /// Start a run file
    New(New),
    /// Do something in a run: a script on a host, or a play
    Do(Do),
    /// Let simulated time pass in a run
    Wait {
        run: PathBuf,
        /// How long: 90s, 5m, 1h30m
        #[arg(value_parser = span)]
        span: Span,
    },
    /// Take the page and say how bad it is
    Ack {
        run: PathBuf,
        /// P0, P1, P2 or P3
        severity: String,
    },
    /// Say something in the incident's channel
    Say {
        run: PathBuf,
        #[arg(required = true)]
        text: Vec<String>,
    },
    /// Keep a line of evidence
    Pin {
        run: PathBuf,
        #[arg(required = true)]
        text: Vec<String>,
    },
    /// Where a run stands: alerts, service levels, what was said
    Status {
        run: PathBuf,
        #[arg(long)]
        json: bool,
    },
    /// Give the diagnosis of a run
    Diagnose {
        run: PathBuf,
        /// The answer, a JSON file; - is standard input
        #[arg(required_unless_present = "form")]
        answer: Option<PathBuf>,
        /// Print the answer's form with every allowed value
        #[arg(long)]
        form: bool,
    },
    /// The score of a run, explained
    Report {
        run: PathBuf,
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Execute a run again and compare it with what it claims
    Verify { run: PathBuf },
    /// Search the vocabulary of causes; without words, all of it
    Vocab {
        words: Vec<String>,
        #[arg(long)]
        json: bool,
    },
    /// Check scenarios: their files, and with --seeds their plays
    Lint {
        /// Folders or packs; all built-in scenarios if left out
        paths: Vec<PathBuf>,
        /// Also play every play on so many seeds
        #[arg(long, default_value_t = 0, value_name = "N")]
        seeds: u64,
    },
    /// Measure what the engine costs on this machine, in real time
    Bench {
        #[arg(long)]
        json: bool,
    },
    /// The JSON Schema of scenario.json
    Schema,
    /// Write scenarios as one file each, with an index
    Pack {
        /// Folders; all built-in scenarios if left out
        paths: Vec<PathBuf>,
        /// The folder to write to
        #[arg(short, long, value_name = "DIR")]
        output: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Play {
    /// The incident; the easiest if left out
    pub id: Option<String>,
    #[command(flatten)]
    pub start: Start,
    /// Simulated seconds per real second
    #[arg(long, default_value_t = 1.0, value_name = "X")]
    pub speed: f64,
    /// Keep the run in this file
    #[arg(short, long, value_name = "RUN")]
    pub output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Start {
    /// Names, noise and the cause are drawn by this number; a new one if left out
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    #[arg(long, value_enum, default_value_t = ModeName::Training)]
    pub mode: ModeName,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ModeName {
    Training,
    Interview,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Text,
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct Exec {
    /// The incident
    #[arg(required_unless_present = "root", conflicts_with = "root")]
    pub id: Option<String>,
    /// No incident: a plain host with this folder's files as working directory
    #[arg(long, value_name = "DIR", conflicts_with_all = ["host", "at", "seed"])]
    pub root: Option<PathBuf>,
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// The host's name or role; the one that the alert names if left out
    #[arg(long, value_name = "H")]
    pub host: Option<String>,
    /// So long after the alert
    #[arg(long, value_name = "SPAN", value_parser = span)]
    pub at: Option<Span>,
    /// With --root: where the clock stands, as 2026-03-12T03:07:00Z; this machine's if left out
    #[arg(long, value_name = "TIME", requires = "root")]
    pub date: Option<String>,
    /// Simulated time after which it is ended
    #[arg(long = "for", value_name = "SPAN", value_parser = span)]
    pub limit: Option<Span>,
    /// What bash runs
    #[arg(short = 'c', value_name = "SCRIPT")]
    pub script: String,
    /// With --root: $0 and the script's parameters
    #[arg(last = true)]
    pub arguments: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct New {
    /// The incident
    #[arg(required_unless_present = "blind", conflicts_with = "blind")]
    pub id: Option<String>,
    /// One that is drawn
    #[arg(long)]
    pub blind: bool,
    #[command(flatten)]
    pub start: Start,
    /// The run file to write
    #[arg(short, long, value_name = "RUN")]
    pub output: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Do {
    pub run: PathBuf,
    /// The host's name or role; the one that the alert names if left out
    #[arg(long, value_name = "H", conflicts_with = "play")]
    pub host: Option<String>,
    /// What bash runs
    #[arg(short = 'c', value_name = "SCRIPT", required_unless_present = "play", conflicts_with = "play")]
    pub script: Option<String>,
    /// A file of acts, one a line
    #[arg(long, value_name = "FILE")]
    pub play: Option<PathBuf>,
    /// Simulated time after which the script is ended
    #[arg(long = "for", value_name = "SPAN", value_parser = span)]
    pub limit: Option<Span>,
}

/// A length of time as people write it.
fn span(text: &str) -> Result<Span, String> {
    Duration::parse(text).map(Duration::span).map_err(|e| {
        let (wrong, write) = split_mend(&e);
        write.map_or(wrong.clone(), |write| format!("{wrong}; {write}"))
    })
}
