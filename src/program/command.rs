//! The row of a program, and the table of all rows. Parsing, `--help`, `man`, completion, docs and error wording derive
//! from the rows.

use std::collections::BTreeMap;

use super::args::{Args, Opt, Syntax, Value};
use super::context::{Ctx, Task};
use crate::world::debian::Program;

/// A line of shell that is both documentation and test: it runs on a plain host, and prints exactly this.
#[derive(Clone, Copy)]
pub struct Example {
    pub run: &'static str,
    pub prints: &'static str,
}

/// A program as data.
#[derive(Clone, Copy)]
pub struct Command {
    pub name: &'static str,
    pub aliases: &'static [&'static str],
    /// The Debian package that installs it: hosts have packages, so a program exists where it would exist.
    pub package: &'static str,
    /// Where it is installed.
    pub dir: &'static str,
    /// One sentence, as `--help` begins.
    pub summary: &'static str,
    /// Synopses after the name: `[OPTION]... [FILE]...`.
    pub usage: &'static [&'static str],
    pub options: &'static [Opt],
    pub syntax: Syntax,
    /// Exit status of a usage error (GNU: 1; `ls`, `grep`, `sort`: 2).
    pub usage_status: u8,
    /// The text of `--help` where it is not in GNU's usual layout; usage errors show it too (sed).
    pub own_help: &'static str,
    /// A usage error shows the synopsis before the pointer to `--help` (grep).
    pub synopsis_on_error: bool,
    /// CPU time of starting it, nanoseconds.
    pub cost_ns: u64,
    pub examples: &'static [Example],
    pub main: fn(Ctx, Args) -> Task,
}

impl Command {
    /// What a row leaves out.
    pub const BASE: Command = Command {
        name: "",
        aliases: &[],
        package: "coreutils",
        dir: "/usr/bin",
        summary: "",
        usage: &["[OPTION]... [FILE]..."],
        options: &[],
        syntax: Syntax::Gnu,
        usage_status: 1,
        own_help: "",
        synopsis_on_error: false,
        cost_ns: 700_000,
        examples: &[],
        main: |_, _| Box::pin(async { Ok(0) }),
    };

    /// `--help`, in GNU's layout.
    pub fn help(&self, called: &str) -> String {
        if !self.own_help.is_empty() {
            return self.own_help.replacen("{}", called, 1);
        }
        let mut out = String::new();
        for (n, usage) in self.usage.iter().enumerate() {
            let head = if n == 0 { "Usage:" } else { "  or: " };
            out.push_str(&format!("{head} {called} {usage}\n"));
        }
        out.push_str(self.summary);
        out.push_str("\n\n");
        for option in self.options {
            let short = option
                .short
                .map_or("    ".to_string(), |c| format!("-{c}{}", if option.long.is_empty() { "" } else { ", " }));
            let long = if option.long.is_empty() { String::new() } else { format!("--{}", option.long) };
            let value = match option.value {
                Value::None => String::new(),
                Value::Required(name) if option.long.is_empty() => format!(" {name}"),
                Value::Required(name) => format!("={name}"),
                Value::Optional(name) => format!("[={name}]"),
            };
            let left = format!("  {short}{long}{value}");
            let note = match option.support {
                super::args::Support::Unmodelled => " (not modelled here)",
                _ => "",
            };
            if left.len() < 28 {
                out.push_str(&format!("{left:<28}{}{note}\n", option.help));
            } else {
                out.push_str(&format!("{left}\n{:28}{}{note}\n", "", option.help));
            }
        }
        if self.syntax != Syntax::Raw {
            out.push_str("      --help                display this help and exit\n");
            out.push_str("      --version             output version information and exit\n");
        }
        out
    }

    /// `--version`'s first line: the package's upstream version in Debian 12.
    pub fn version(&self) -> String {
        let (project, version) = match self.package {
            "coreutils" => ("GNU coreutils", "9.1"),
            "grep" => ("GNU grep", "3.8"),
            "sed" => ("GNU sed", "4.9"),
            "findutils" => ("GNU findutils", "4.9.0"),
            "procps" => return format!("{} from procps-ng 4.0.2\n", self.name),
            "systemd" => return "systemd 252 (252.39-1~deb12u1)\n".into(),
            other => (other, "(Debian 12)"),
        };
        format!("{} ({project}) {version}\n", self.name)
    }
}

/// All rows, by every name they answer to.
#[derive(Default)]
pub struct Table {
    rows: BTreeMap<&'static str, &'static Command>,
}

impl Table {
    pub fn new(groups: &[&[&'static Command]]) -> Table {
        let mut rows = BTreeMap::new();
        for row in groups.iter().copied().flatten() {
            rows.insert(row.name, *row);
            for alias in row.aliases {
                rows.insert(alias, *row);
            }
        }
        Table { rows }
    }
    pub fn get(&self, name: &str) -> Option<&'static Command> {
        self.rows.get(name).copied()
    }
    /// What to install on hosts that have the packages.
    pub fn programs(&self) -> Vec<Program> {
        let program = |(name, row): (&'static str, &'static Command)| Program {
            dir: row.dir,
            name,
            row: row.name,
            package: row.package,
        };
        self.rows().map(program).collect()
    }
    /// (name or alias, row), by name.
    pub fn rows(&self) -> impl Iterator<Item = (&'static str, &'static Command)> {
        self.rows.iter().map(|(&name, &row)| (name, row))
    }
}
