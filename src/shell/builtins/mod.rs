//! Builtins: commands that the shell runs in its own process. They are no programs: they see the shell, not rows.

mod control;
mod declare;
mod directories;
mod history;
mod info;
mod jobs;
mod options;
mod output;
mod read;
mod test;
mod time;

use bstr::BString;

use super::expand::Later;
use super::parse::ast::Assign;
use super::run::{Flow, Ran, Shell};

pub use declare::declaration;
pub use time::strftime;

pub struct Builtin {
    pub name: &'static str,
    /// After the name, as `help` and usage errors show it.
    pub usage: &'static str,
    pub summary: &'static str,
    pub main: for<'a> fn(&'a mut Shell, &'a [BString]) -> Later<'a, u8>,
}

const fn row(
    name: &'static str,
    usage: &'static str,
    summary: &'static str,
    main: for<'a> fn(&'a mut Shell, &'a [BString]) -> Later<'a, u8>,
) -> Builtin {
    Builtin { name, usage, summary, main }
}

/// All of them, by name.
pub const BUILTINS: &[Builtin] = &[
    row(".", "filename [arguments]", "Execute commands from a file in the current shell.", |s, w| {
        Box::pin(control::source(s, w))
    }),
    row(":", "", "Null command.", |_, _| Box::pin(async { Ok(0) })),
    row("[", "arg...", "Evaluate conditional expression.", |s, w| Box::pin(test::bracket(s, w))),
    row("alias", "[-p] [name[=value] ... ]", "Define or display aliases.", |s, w| Box::pin(info::alias(s, w))),
    row("bg", "[job_spec ...]", "Move jobs to the background.", |s, w| Box::pin(jobs::bg(s, w))),
    row(
        "bind",
        "[-lpsvPSVX] [-m keymap] [-f filename] [-q name] [-u name] [-r keyseq] [-x keyseq:shell-command] [keyseq:readline-function or readline-command]",
        "Set Readline key bindings and variables.",
        |_, _| Box::pin(async { Ok(0) }),
    ),
    row("break", "[n]", "Exit for, while, or until loops.", |s, w| Box::pin(control::break_(s, w))),
    row("builtin", "[shell-builtin [arg ...]]", "Execute shell builtins.", |s, w| Box::pin(info::builtin(s, w))),
    row("caller", "[expr]", "Return the context of the current subroutine call.", |s, w| Box::pin(info::caller(s, w))),
    row("cd", "[-L|[-P [-e]] [-@]] [dir]", "Change the shell working directory.", |s, w| {
        Box::pin(directories::cd(s, w))
    }),
    row(
        "command",
        "[-pVv] command [arg ...]",
        "Execute a simple command or display information about commands.",
        |s, w| Box::pin(info::command(s, w)),
    ),
    row(
        "compgen",
        "[-abcdefgjksuv] [-o option] [-A action] [-G globpat] [-W wordlist]  [-F function] [-C command] [-X filterpat] [-P prefix] [-S suffix] [word]",
        "Display possible completions depending on the options.",
        |s, w| Box::pin(info::compgen(s, w)),
    ),
    row(
        "complete",
        "[-abcdefgjksuv] [-pr] [-DEI] [-o option] [-A action] [-G globpat] [-W wordlist]  [-F function] [-C command] [-X filterpat] [-P prefix] [-S suffix] [name ...]",
        "Specify how arguments are to be completed by Readline.",
        |s, w| Box::pin(info::complete(s, w)),
    ),
    row("compopt", "[-o|+o option] [-DEI] [name ...]", "Modify or display completion options.", |_, _| {
        Box::pin(async { Ok(0) })
    }),
    row("continue", "[n]", "Resume for, while, or until loops.", |s, w| Box::pin(control::continue_(s, w))),
    row(
        "declare",
        "[-aAfFgiIlnrtux] [name[=value] ...] or declare -p [-aAfFilnrtux] [name ...]",
        "Set variable values and attributes.",
        |s, w| Box::pin(declare::declare(s, w)),
    ),
    row("dirs", "[-clpv] [+N] [-N]", "Display directory stack.", |s, w| Box::pin(directories::dirs(s, w))),
    row("disown", "[-h] [-ar] [jobspec ... | pid ...]", "Remove jobs from current shell.", |s, w| {
        Box::pin(jobs::disown(s, w))
    }),
    row("echo", "[-neE] [arg ...]", "Write arguments to the standard output.", |s, w| Box::pin(output::echo(s, w))),
    row("enable", "[-a] [-dnps] [-f filename] [name ...]", "Enable and disable shell builtins.", |s, w| {
        Box::pin(info::enable(s, w))
    }),
    row("eval", "[arg ...]", "Execute arguments as a shell command.", |s, w| Box::pin(control::eval(s, w))),
    row(
        "exec",
        "[-cl] [-a name] [command [argument ...]] [redirection ...]",
        "Replace the shell with the given command.",
        |s, w| Box::pin(control::exec(s, w)),
    ),
    row("exit", "[n]", "Exit the shell.", |s, w| Box::pin(control::exit(s, w))),
    row("export", "[-fn] [name[=value] ...] or export -p", "Set export attribute for shell variables.", |s, w| {
        Box::pin(declare::export(s, w))
    }),
    row("false", "", "Return an unsuccessful result.", |_, _| Box::pin(async { Ok(1) })),
    row(
        "fc",
        "[-e ename] [-lnr] [first] [last] or fc -s [pat=rep] [command]",
        "Display or execute commands from the history list.",
        |s, w| Box::pin(history::fc(s, w)),
    ),
    row("fg", "[job_spec]", "Move job to the foreground.", |s, w| Box::pin(jobs::fg(s, w))),
    row("getopts", "optstring name [arg ...]", "Parse option arguments.", |s, w| Box::pin(options::getopts(s, w))),
    row("hash", "[-lr] [-p pathname] [-dt] [name ...]", "Remember or display program locations.", |s, w| {
        Box::pin(info::hash(s, w))
    }),
    row("help", "[-dms] [pattern ...]", "Display information about builtin commands.", |s, w| {
        Box::pin(info::help(s, w))
    }),
    row(
        "history",
        "[-c] [-d offset] [n] or history -anrw [filename] or history -ps arg [arg...]",
        "Display or manipulate the history list.",
        |s, w| Box::pin(history::history(s, w)),
    ),
    row("jobs", "[-lnprs] [jobspec ...] or jobs -x command [args]", "Display status of jobs.", |s, w| {
        Box::pin(jobs::jobs(s, w))
    }),
    row(
        "kill",
        "[-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]",
        "Send a signal to a job.",
        |s, w| Box::pin(jobs::kill(s, w)),
    ),
    row("let", "arg [arg ...]", "Evaluate arithmetic expressions.", |s, w| Box::pin(test::let_(s, w))),
    row("local", "[option] name[=value] ...", "Define local variables.", |s, w| Box::pin(declare::local(s, w))),
    row("logout", "[n]", "Exit a login shell.", |s, w| Box::pin(control::logout(s, w))),
    row(
        "mapfile",
        "[-d delim] [-n count] [-O origin] [-s count] [-t] [-u fd] [-C callback] [-c quantum] [array]",
        "Read lines from the standard input into an indexed array variable.",
        |s, w| Box::pin(read::mapfile(s, w)),
    ),
    row("popd", "[-n] [+N | -N]", "Remove directories from stack.", |s, w| Box::pin(directories::popd(s, w))),
    row(
        "printf",
        "[-v var] format [arguments]",
        "Formats and prints ARGUMENTS under control of the FORMAT.",
        |s, w| Box::pin(output::printf(s, w)),
    ),
    row("pushd", "[-n] [+N | -N | dir]", "Add directories to stack.", |s, w| Box::pin(directories::pushd(s, w))),
    row("pwd", "[-LP]", "Print the name of the current working directory.", |s, w| Box::pin(directories::pwd(s, w))),
    row(
        "read",
        "[-ers] [-a array] [-d delim] [-i text] [-n nchars] [-N nchars] [-p prompt] [-t timeout] [-u fd] [name ...]",
        "Read a line from the standard input and split it into fields.",
        |s, w| Box::pin(read::read(s, w)),
    ),
    row(
        "readarray",
        "[-d delim] [-n count] [-O origin] [-s count] [-t] [-u fd] [-C callback] [-c quantum] [array]",
        "Read lines from a file into an array variable.",
        |s, w| Box::pin(read::mapfile(s, w)),
    ),
    row("readonly", "[-aAf] [name[=value] ...] or readonly -p", "Mark shell variables as unchangeable.", |s, w| {
        Box::pin(declare::readonly(s, w))
    }),
    row("return", "[n]", "Return from a shell function.", |s, w| Box::pin(control::return_(s, w))),
    row(
        "set",
        "[-abefhkmnptuvxBCEHPT] [-o option-name] [--] [-] [arg ...]",
        "Set or unset values of shell options and positional parameters.",
        |s, w| Box::pin(options::set(s, w)),
    ),
    row("shift", "[n]", "Shift positional parameters.", |s, w| Box::pin(control::shift(s, w))),
    row("shopt", "[-pqsu] [-o] [optname ...]", "Set and unset shell options.", |s, w| Box::pin(options::shopt(s, w))),
    row("source", "filename [arguments]", "Execute commands from a file in the current shell.", |s, w| {
        Box::pin(control::source(s, w))
    }),
    row("suspend", "[-f]", "Suspend shell execution.", |s, w| Box::pin(jobs::suspend(s, w))),
    row("test", "[expr]", "Evaluate conditional expression.", |s, w| Box::pin(test::test(s, w))),
    row("times", "", "Display process times.", |s, w| Box::pin(info::times(s, w))),
    row("trap", "[-lp] [[arg] signal_spec ...]", "Trap signals and other events.", |s, w| {
        Box::pin(control::trap(s, w))
    }),
    row("true", "", "Return a successful result.", |_, _| Box::pin(async { Ok(0) })),
    row("type", "[-afptP] name [name ...]", "Display information about command type.", |s, w| {
        Box::pin(info::type_(s, w))
    }),
    row(
        "typeset",
        "[-aAfFgiIlnrtux] name[=value] ... or typeset -p [-aAfFilnrtux] [name ...]",
        "Set variable values and attributes.",
        |s, w| Box::pin(declare::declare(s, w)),
    ),
    row("ulimit", "[-SHabcdefiklmnpqrstuvxPRT] [limit]", "Modify shell resource limits.", |s, w| {
        Box::pin(info::ulimit(s, w))
    }),
    row("umask", "[-p] [-S] [mode]", "Display or set file mode mask.", |s, w| Box::pin(info::umask(s, w))),
    row("unalias", "[-a] name [name ...]", "Remove each NAME from the list of defined aliases.", |s, w| {
        Box::pin(info::unalias(s, w))
    }),
    row(
        "unset",
        "[-f] [-v] [-n] [name ...]",
        "Unset values and attributes of shell variables and functions.",
        |s, w| Box::pin(declare::unset(s, w)),
    ),
    row("wait", "[-fn] [-p var] [id ...]", "Wait for job completion and return exit status.", |s, w| {
        Box::pin(jobs::wait(s, w))
    }),
];

pub fn find(name: &[u8]) -> Option<&'static Builtin> {
    BUILTINS.binary_search_by(|b| b.name.as_bytes().cmp(name)).ok().map(|n| &BUILTINS[n])
}

/// Runs a builtin by its name.
pub(in crate::shell) async fn run(shell: &mut Shell, words: &[BString]) -> Ran {
    match find(&words[0]) {
        Some(builtin) => (builtin.main)(shell, words).await,
        None => Ok(127),
    }
}

/// An argument of `declare` in an assignment's form.
pub(in crate::shell) async fn declared_word(shell: &mut Shell, assign: &std::rc::Rc<Assign>) -> Result<BString, Flow> {
    declare::declared_word(shell, assign).await
}

pub(in crate::shell) use control::read_file;
pub(in crate::shell) use options::set_named;
pub(in crate::shell) use read::read_line;

/// What `getopt` made of a builtin's words.
pub(super) struct Given {
    pub flags: Vec<(u8, Option<BString>)>,
    /// Index of the first operand.
    pub rest: usize,
}

impl Given {
    pub fn has(&self, flag: u8) -> bool {
        self.flags.iter().any(|(f, _)| *f == flag)
    }
    pub fn value(&self, flag: u8) -> Option<&BString> {
        self.flags.iter().rev().find(|(f, _)| *f == flag).and_then(|(_, v)| v.as_ref())
    }
}

/// POSIX getopt over a builtin's words: `spec` lists letters, a colon after those with a value. `Err` is the status
/// after the usage error has been shown.
pub(super) async fn getopt(shell: &mut Shell, words: &[BString], spec: &str) -> Result<Result<Given, u8>, Flow> {
    let mut flags = Vec::new();
    let mut at = 1;
    while let Some(word) = words.get(at) {
        if word == "--" {
            at += 1;
            break;
        }
        if word.len() < 2 || word[0] != b'-' {
            break;
        }
        let mut n = 1;
        while n < word.len() {
            let letter = word[n];
            let place = spec.bytes().position(|b| b == letter && b != b':');
            let Some(place) = place else {
                let what = format!("-{}: invalid option", letter as char);
                return usage_error(shell, &words[0], &what).await.map(Err);
            };
            n += 1;
            if spec.as_bytes().get(place + 1) != Some(&b':') {
                flags.push((letter, None));
                continue;
            }
            if n < word.len() {
                flags.push((letter, Some(word[n..].into())));
            } else if let Some(next) = words.get(at + 1) {
                flags.push((letter, Some(next.clone())));
                at += 1;
            } else {
                let what = format!("-{}: option requires an argument", letter as char);
                return usage_error(shell, &words[0], &what).await.map(Err);
            }
            break;
        }
        at += 1;
    }
    Ok(Ok(Given { flags, rest: at }))
}

/// `bash: cd: -x: invalid option` and the usage; status 2.
pub(super) async fn usage_error(shell: &mut Shell, name: &BString, what: &str) -> Ran {
    shell.complain(format_args!("{name}: {what}")).await?;
    let usage = find(name).map_or("", |b| b.usage);
    shell.ctx.err(format!("{name}: usage: {name} {usage}\n")).await?;
    Ok(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(BUILTINS.windows(2).all(|w| w[0].name < w[1].name));
    }
}
