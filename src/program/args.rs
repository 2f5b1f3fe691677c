//! Options as data, and GNU getopt_long's rules over them: bundling, attached values, unique prefixes, `--`, permutation.

use bstr::{BStr, BString, ByteSlice};

use super::command::Command;

/// Does an option take a value, and what does help call it?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    None,
    Required(&'static str),
    Optional(&'static str),
}

/// How truly an option is simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    Modelled,
    /// Real, and it changes nothing here.
    Accepted,
    /// Real, would change something, and is not simulated: the program says so and stops.
    Unmodelled,
}

/// One option.
#[derive(Clone, Copy, Debug)]
pub struct Opt {
    pub short: Option<char>,
    /// Without dashes; empty if there is none.
    pub long: &'static str,
    pub value: Value,
    pub help: &'static str,
    pub support: Support,
}

impl Opt {
    const fn new(short: Option<char>, long: &'static str, value: Value, help: &'static str) -> Opt {
        Opt { short, long, value, help, support: Support::Modelled }
    }
    /// `-s, --long`; an empty `long` means there is none.
    pub const fn flag(short: char, long: &'static str, help: &'static str) -> Opt {
        Opt::new(Some(short), long, Value::None, help)
    }
    /// `--long` only.
    pub const fn long(long: &'static str, help: &'static str) -> Opt {
        Opt::new(None, long, Value::None, help)
    }
    /// `-s, --long=NAME`.
    pub const fn value(short: char, long: &'static str, name: &'static str, help: &'static str) -> Opt {
        Opt::new(Some(short), long, Value::Required(name), help)
    }
    /// `--long=NAME` only.
    pub const fn long_value(long: &'static str, name: &'static str, help: &'static str) -> Opt {
        Opt::new(None, long, Value::Required(name), help)
    }
    /// The value may be left out: `--color[=WHEN]`, `-iSUFFIX`.
    pub const fn optional(mut self, name: &'static str) -> Opt {
        self.value = Value::Optional(name);
        self
    }
    pub const fn accepted(mut self) -> Opt {
        self.support = Support::Accepted;
        self
    }
    pub const fn unmodelled(mut self) -> Opt {
        self.support = Support::Unmodelled;
        self
    }
    /// How the program's code names it: the long name, or the letter.
    pub fn is(&self, name: &str) -> bool {
        if name.chars().count() == 1 { self.short == name.chars().next() } else { self.long == name }
    }
}

/// How a program reads its arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// Options anywhere (GNU's permutation).
    Gnu,
    /// Options end at the first operand (`env`, `timeout`, `xargs`, `nice`, `sudo`, `ssh`).
    Posix,
    /// As `Gnu`, and `-NUM` means the named option with that value (`head -5`, `grep -3`).
    Number(&'static str),
    /// All arguments are operands (`echo`, `find`, `test`, `kill`).
    Raw,
}

/// What the parser made of argv.
#[derive(Clone, Debug, Default)]
pub struct Args {
    /// argv[0] as typed.
    pub called: BString,
    given: Vec<(Opt, Option<BString>)>,
    operands: Vec<BString>,
}

/// Why a program does not start: text for stderr, exit status.
#[derive(Debug)]
pub struct UsageError {
    pub message: String,
    pub status: u8,
}

impl Args {
    /// Was it given?
    pub fn has(&self, name: &str) -> bool {
        self.given.iter().any(|(o, _)| o.is(name))
    }
    /// The last value given.
    pub fn get(&self, name: &str) -> Option<&BStr> {
        self.given.iter().rev().find(|(o, _)| o.is(name)).and_then(|(_, v)| v.as_ref()).map(|v| v.as_ref())
    }
    /// All values given, in order.
    pub fn all(&self, name: &str) -> Vec<&BStr> {
        self.given.iter().filter(|(o, _)| o.is(name)).filter_map(|(_, v)| v.as_ref()).map(|v| v.as_ref()).collect()
    }
    /// Of several options that exclude each other, the last given.
    pub fn last_of<'n>(&self, names: &[&'n str]) -> Option<&'n str> {
        self.given.iter().rev().find_map(|(o, _)| names.iter().find(|n| o.is(n)).copied())
    }
    /// Everything given, in order: (option, value).
    pub fn given(&self) -> &[(Opt, Option<BString>)] {
        &self.given
    }
    pub fn operands(&self) -> &[BString] {
        &self.operands
    }
    /// The operands, or `-` if there are none: the inputs of a filter.
    pub fn inputs(&self) -> Vec<BString> {
        if self.operands.is_empty() { vec!["-".into()] } else { self.operands.clone() }
    }

    /// Parses argv by the row's options. The error is GNU's own text.
    pub fn parse(row: &Command, argv: &[BString]) -> Result<Args, UsageError> {
        let called = argv.first().cloned().unwrap_or_else(|| row.name.into());
        let mut args = Args { called, ..Args::default() };
        let mut rest = argv.iter().skip(1).cloned().collect::<std::collections::VecDeque<_>>();
        if row.syntax == Syntax::Raw {
            args.operands = rest.into();
            return Ok(args);
        }
        let fail = |called: &BString, what: String| {
            let first = row.usage.first().filter(|_| row.synopsis_on_error);
            let usage = first.map_or(String::new(), |usage| format!("Usage: {called} {usage}\n"));
            let mut message = format!("{called}: {what}\n{usage}Try '{called} --help' for more information.\n");
            if !row.own_help.is_empty() {
                message = format!("{called}: {what}\n{}", row.help(&called.to_string()));
            }
            UsageError { message, status: row.usage_status }
        };
        while let Some(arg) = rest.pop_front() {
            if arg == "--" {
                args.operands.extend(rest.drain(..));
            } else if let Some(long) = arg.strip_prefix(b"--") {
                let (name, attached) = match long.split_once_str("=") {
                    Some((name, value)) => (name, Some(BString::from(value))),
                    None => (long, None),
                };
                let name = name.to_str_lossy();
                let option = find_long(row, &name).map_err(|what| fail(&args.called, what))?;
                let value = match (option.value, attached) {
                    (Value::None, Some(_)) => {
                        let what = format!("option '--{}' doesn't allow an argument", option.long);
                        return Err(fail(&args.called, what));
                    }
                    (Value::Required(_), None) => match rest.pop_front() {
                        Some(next) => Some(next),
                        None => {
                            let what = format!("option '--{}' requires an argument", option.long);
                            return Err(fail(&args.called, what));
                        }
                    },
                    (_, attached) => attached,
                };
                args.given.push((option, value));
            } else if arg.len() > 1 && arg.starts_with(b"-") {
                if let Syntax::Number(name) = row.syntax
                    && arg[1..].iter().all(u8::is_ascii_digit)
                    && let Some(option) = row.options.iter().find(|o| o.is(name))
                {
                    args.given.push((*option, Some(arg[1..].into())));
                    continue;
                }
                let mut letters = arg[1..].to_vec();
                while !letters.is_empty() {
                    let letter = letters.to_str_lossy().chars().next().unwrap_or('?');
                    letters.drain(..letter.len_utf8().min(letters.len()));
                    let Some(option) = row.options.iter().find(|o| o.short == Some(letter)) else {
                        return Err(fail(&args.called, format!("invalid option -- '{letter}'")));
                    };
                    let value = match option.value {
                        Value::None => None,
                        Value::Optional(_) if letters.is_empty() => None,
                        _ if !letters.is_empty() => Some(std::mem::take(&mut letters).into()),
                        _ => match rest.pop_front() {
                            Some(next) => Some(next),
                            None => {
                                return Err(fail(&args.called, format!("option requires an argument -- '{letter}'")));
                            }
                        },
                    };
                    args.given.push((*option, value));
                }
            } else {
                args.operands.push(arg);
                if row.syntax == Syntax::Posix {
                    args.operands.extend(rest.drain(..));
                }
            }
        }
        if let Some((option, _)) = args.given.iter().find(|(o, _)| o.support == Support::Unmodelled) {
            let shown = match option.short {
                Some(letter) => format!("-{letter}"),
                None => format!("--{}", option.long),
            };
            return Err(UsageError {
                message: format!("{}: {shown} is real, but not modelled in this simulation\n", args.called),
                status: row.usage_status,
            });
        }
        Ok(args)
    }
}

/// `--help` and `--version` are every GNU program's; a unique prefix names an option.
fn find_long(row: &Command, name: &str) -> Result<Opt, String> {
    const HELP: Opt = Opt::long("help", "");
    const VERSION: Opt = Opt::long("version", "");
    let own = row.options.iter().filter(|o| !o.long.is_empty());
    let all: Vec<&Opt> = own.chain([&HELP, &VERSION]).collect();
    if let Some(exact) = all.iter().find(|o| o.long == name) {
        return Ok(**exact);
    }
    let matches: Vec<&&Opt> = all.iter().filter(|o| o.long.starts_with(name)).collect();
    match matches.as_slice() {
        [one] => Ok(***one),
        [] => Err(format!("unrecognized option '--{name}'")),
        many => {
            let list: String = many.iter().map(|o| format!(" '--{}'", o.long)).collect();
            Err(format!("option '--{name}' is ambiguous; possibilities:{list}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: Command = Command {
        name: "x",
        options: &[
            Opt::flag('a', "all", ""),
            Opt::value('n', "lines", "N", ""),
            Opt::long("line-buffered", ""),
            Opt::flag('i', "in-place", "").optional("SUFFIX"),
        ],
        syntax: Syntax::Number("lines"),
        ..Command::BASE
    };

    fn parse(words: &str) -> Result<Args, String> {
        let argv: Vec<BString> = words.split(' ').map(BString::from).collect();
        Args::parse(&ROW, &argv).map_err(|e| e.message.lines().next().unwrap_or("").to_string())
    }

    #[test]
    fn getopt_s_rules() {
        let a = parse("x f -an5 --all g -- -n").unwrap();
        assert!(a.has("all"));
        assert_eq!((a.get("lines").unwrap(), a.operands().len()), (BStr::new("5"), 3));
        assert_eq!(parse("x -7").unwrap().get("lines").unwrap(), "7");
        assert_eq!(parse("x -i").unwrap().get("in-place"), None);
        assert_eq!(parse("x -i.bak").unwrap().get("in-place").unwrap(), ".bak");
        assert_eq!(parse("x --lines=3").unwrap().get("n").unwrap(), "3");
        assert!(parse("x --al").unwrap().has("a"));
    }

    #[test]
    fn errors_are_glibc_s() {
        assert_eq!(parse("x -z").unwrap_err(), "x: invalid option -- 'z'");
        assert_eq!(parse("x --zzz").unwrap_err(), "x: unrecognized option '--zzz'");
        assert_eq!(parse("x -n").unwrap_err(), "x: option requires an argument -- 'n'");
        assert_eq!(parse("x --all=1").unwrap_err(), "x: option '--all' doesn't allow an argument");
        assert_eq!(
            parse("x --line").unwrap_err(),
            "x: option '--line' is ambiguous; possibilities: '--lines' '--line-buffered'"
        );
    }
}
