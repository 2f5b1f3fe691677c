//! The row `bash`: how a shell starts, from its arguments to its first command.

use std::rc::Rc;

use bstr::{BString, ByteSlice};

use super::builtins;
use super::run::{Flow, Shell, Source};
use super::state::ShellState;
use super::variables::Value;
use crate::base::Rng;
use crate::program::{Args, Command, Ctx, Example, Outcome, Stop, Syntax};
use crate::world::kernel::{Disposition, Signal};

/// What `run` registers.
pub const COMMANDS: &[&Command] = &[&BASH];

const BASH: Command = Command {
    name: "bash",
    aliases: &["sh", "dash"],
    package: "bash",
    dir: "/bin",
    summary: "GNU Bourne-Again SHell",
    usage: &["[GNU long option] [option] ...", "[GNU long option] [option] script-file ..."],
    syntax: Syntax::Raw,
    usage_status: 2,
    cost_ns: 1_500_000,
    examples: &[
        Example { run: "bash -c 'echo $0 $1' name one", prints: "name one\n" },
        Example { run: "for i in {1..3}; do echo $((i * i)); done | { read a; echo $a; }", prints: "1\n" },
    ],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

/// A shell whose state was kept in its process record: it goes on at its prompt.
pub async fn resume(ctx: Ctx, state: ShellState) -> Outcome {
    let mut shell = Shell::new(ctx, state);
    shell.update_job_control();
    let ran = shell.interact(true).await;
    shell.finish(ran).await
}

async fn main(ctx: Ctx, args: Args) -> Outcome {
    let called = args.called.clone();
    let seed = ctx.read(|w| w.seed());
    let random = (rand::RngCore::next_u64(&mut Rng::at(seed, 0x5348, u64::from(ctx.pid()))) & 0x7fff_ffff) as u32;
    let mut st = ShellState::new(called.clone(), ctx.pid(), ctx.now(), random);
    let ignored = ctx.process(|p| {
        Signal::ALL.iter().copied().filter(|s| p.disposition(*s) == Disposition::Ignore).collect::<Vec<_>>()
    });
    st.inherited = Rc::new(ignored);
    st.login = called.starts_with(b"-");
    st.options.posix = called.rsplit_str("/").next().is_some_and(|n| n == b"sh" || n == b"dash");
    let mut shell = Shell::new(ctx, st);
    let ran = start(&mut shell, &args).await;
    shell.finish(ran).await
}

/// What the options asked for.
#[derive(Default)]
struct Invocation {
    command: bool,
    from_stdin: bool,
    interactive: bool,
    no_profile: bool,
    no_rc: bool,
    rc_file: Option<BString>,
    rest: usize,
}

async fn start(shell: &mut Shell, args: &Args) -> Result<u8, Flow> {
    import_environment(shell);
    let words = args.operands().to_vec();
    let invocation = match options(shell, &words).await? {
        Ok(invocation) => invocation,
        Err(status) => return Ok(status),
    };
    let mut rest = words[invocation.rest..].iter().cloned();
    let terminal = shell.ctx.is_tty(0) && shell.ctx.is_tty(2);
    if invocation.command {
        let Some(text) = rest.next() else {
            let name = shell.st.shown_name();
            shell.ctx.err(format!("{name}: -c: option requires an argument\n")).await?;
            return Ok(2);
        };
        shell.st.from_string = true;
        if let Some(name) = rest.next() {
            shell.st.name = name;
        }
        shell.st.positional = Rc::new(rest.collect());
        if invocation.interactive {
            (shell.st.interactive, shell.st.at_prompt) = (true, true);
            shell.st.set_shopt("expand_aliases", true);
        }
        profiles(shell, &invocation).await?;
        shell.st.vars.set("BASH_EXECUTION_STRING", text.clone());
        return shell.run_text(text, Source::String).await;
    }
    if !invocation.from_stdin
        && let Some(file) = rest.next()
    {
        return script(shell, file, rest.collect(), &invocation).await;
    }
    shell.st.positional = Rc::new(rest.collect());
    shell.st.from_stdin = true;
    if terminal || invocation.interactive {
        (shell.st.interactive, shell.st.at_prompt) = (true, true);
        shell.st.from_stdin = invocation.from_stdin;
        shell.st.set_shopt("expand_aliases", true);
        shell.st.options.emacs = true;
        shell.st.options.history = true;
        shell.st.options.histexpand = true;
        shell.st.options.monitor = terminal;
        shell.update_job_control();
        prompts(shell);
        profiles(shell, &invocation).await?;
        shell.load_history().await?;
        return shell.interact(false).await;
    }
    profiles(shell, &invocation).await?;
    shell.run_stdin().await
}

async fn script(shell: &mut Shell, file: BString, rest: Vec<BString>, invocation: &Invocation) -> Result<u8, Flow> {
    let text = match builtins::read_file(shell, &file).await? {
        Ok(text) => text,
        Err(errno) => {
            let name = shell.st.shown_name();
            let what = if errno == crate::world::Errno::EISDIR {
                format!("{file}: {file}: Is a directory\n")
            } else {
                format!("{name}: {file}: {errno}\n")
            };
            shell.ctx.err(what).await?;
            return Ok(if errno == crate::world::Errno::ENOENT { 127 } else { 126 });
        }
    };
    if text.iter().take(80).take_while(|b| **b != b'\n').any(|b| *b == 0) {
        let name = shell.st.shown_name();
        shell
            .ctx
            .err(
                format!("{file}: {file}: cannot execute binary file\n")
                    .replace(&format!("{file}: {file}"), &format!("{name}: {file}")),
            )
            .await?;
        return Ok(126);
    }
    shell.st.name = file;
    shell.st.positional = Rc::new(rest);
    profiles(shell, invocation).await?;
    shell.run_text(text, Source::File).await
}

async fn options(shell: &mut Shell, words: &[BString]) -> Result<Result<Invocation, u8>, Flow> {
    let mut i = Invocation::default();
    let mut at = 0;
    let bad = |what: String| {
        format!(
            "{what}\nUsage:\tbash [GNU long option] [option] ...\n\tbash [GNU long option] [option] script-file ...\n"
        )
    };
    while let Some(word) = words.get(at) {
        if word == "--" || word == "-" {
            at += 1;
            break;
        }
        if let Some(long) = word.strip_prefix(b"--").or_else(|| {
            word.strip_prefix(b"-")
                .filter(|w| matches!(*w, b"login" | b"norc" | b"noprofile" | b"posix" | b"version" | b"help"))
        }) {
            match long {
                b"login" => shell.st.login = true,
                b"norc" => i.no_rc = true,
                b"noprofile" => i.no_profile = true,
                b"posix" => shell.st.options.posix = true,
                b"verbose" => shell.st.options.verbose = true,
                b"noediting" | b"debugger" | b"restricted" => {}
                b"rcfile" | b"init-file" => {
                    at += 1;
                    i.rc_file = words.get(at).cloned();
                }
                b"version" => {
                    let text = "GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)\nCopyright (C) 2022 Free Software Foundation, Inc.\nLicense GPLv3+: GNU GPL version 3 or later <http://gnu.org/licenses/gpl.html>\n\nThis is free software; you are free to change and redistribute it.\nThere is NO WARRANTY, to the extent permitted by law.\n";
                    shell.print(text.as_bytes(), "bash").await?;
                    return Ok(Err(0));
                }
                b"help" => {
                    let text = BASH.help("bash");
                    shell.print(text.as_bytes(), "bash").await?;
                    return Ok(Err(0));
                }
                _ => {
                    let name = shell.st.shown_name();
                    shell.ctx.err(bad(format!("{name}: {word}: invalid option"))).await?;
                    return Ok(Err(2));
                }
            }
            at += 1;
            continue;
        }
        if word.len() < 2 || !matches!(word[0], b'-' | b'+') {
            break;
        }
        let on = word[0] == b'-';
        at += 1;
        for &letter in &word[1..] {
            match letter {
                b'c' => i.command = true,
                b's' => i.from_stdin = true,
                b'i' => i.interactive = true,
                b'l' => shell.st.login = true,
                b'r' | b'D' => {}
                b'o' | b'O' => {
                    let Some(name) = words.get(at).cloned() else { continue };
                    at += 1;
                    let text = name.to_str_lossy();
                    let known = if letter == b'o' {
                        builtins::set_named(shell, &text, on)
                    } else {
                        shell.st.set_shopt(&text, on)
                    };
                    if !known {
                        let what = if letter == b'o' { "invalid option name" } else { "invalid shell option name" };
                        let shown = shell.st.shown_name();
                        shell.ctx.err(format!("{shown}: {name}: {what}\n")).await?;
                        return Ok(Err(2));
                    }
                }
                _ => match shell.st.options.by_letter(letter as char) {
                    Some(slot) => *slot = on,
                    None => {
                        let name = shell.st.shown_name();
                        let sign = if on { '-' } else { '+' };
                        shell.ctx.err(bad(format!("{name}: {sign}{}: invalid option", letter as char))).await?;
                        return Ok(Err(2));
                    }
                },
            }
        }
    }
    i.rest = at.min(words.len());
    Ok(Ok(i))
}

fn import_environment(shell: &mut Shell) {
    for (name, value) in shell.ctx.environment().iter() {
        if !super::parse::is_name(name) {
            continue;
        }
        let v = shell.st.vars.entry(name);
        v.value = Value::Scalar(value.clone());
        v.exported = true;
    }
    let (uid, ppid) = shell.ctx.process(|p| (p.cred.uid, p.ppid));
    let host = shell.host_name();
    let level: i64 = shell.st.vars.text("SHLVL").and_then(|t| t.to_str_lossy().parse().ok()).unwrap_or(0);
    for (name, value) in [
        ("SHLVL", (level + 1).to_string()),
        ("BASH", "/bin/bash".into()),
        ("BASH_VERSION", "5.2.15(1)-release".into()),
        ("HOSTNAME", host),
        ("HOSTTYPE", "x86_64".into()),
        ("MACHTYPE", "x86_64-pc-linux-gnu".into()),
        ("OSTYPE", "linux-gnu".into()),
        ("OPTERR", "1".into()),
        ("OPTIND", "1".into()),
        ("PS4", "+ ".into()),
        ("UID", uid.to_string()),
        ("EUID", uid.to_string()),
        ("PPID", ppid.to_string()),
        ("IFS", " \t\n".into()),
    ] {
        shell.st.vars.set(name, value);
    }
    shell.st.vars.entry(b"SHLVL").exported = true;
    for name in ["UID", "EUID", "PPID"] {
        let v = shell.st.vars.entry(name.as_bytes());
        (v.readonly, v.integer) = (true, true);
    }
    shell
        .st
        .vars
        .set_array("BASH_VERSINFO", ["5", "2", "15", "1", "release", "x86_64-pc-linux-gnu"].map(BString::from));
    if shell.st.vars.text("PATH").is_none() {
        shell.st.vars.set("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    }
    let here = shell.working_directory();
    shell.st.vars.set("PWD", here);
    shell.st.vars.entry(b"PWD").exported = true;
    shell.st.vars.entry(b"OLDPWD").exported = true;
    let first = shell.st.name.clone();
    shell.st.vars.set("_", first);
}

fn prompts(shell: &mut Shell) {
    for (name, value) in [
        // Debian's default.
        ("PS1", "\\u@\\h:\\w\\$ "),
        ("PS2", "> "),
        ("HISTCONTROL", "ignoreboth"),
        ("HISTSIZE", "1000"),
        ("HISTFILESIZE", "2000"),
    ] {
        if shell.st.vars.text(name).is_none() {
            shell.st.vars.set(name, value);
        }
    }
    if shell.st.vars.text("HISTFILE").is_none()
        && let Some(home) = shell.st.vars.text("HOME").cloned()
    {
        shell.st.vars.set("HISTFILE", [&home[..], b"/.bash_history"].concat());
    }
}

/// /etc/profile and the first of the user's own for a login shell; ~/.bashrc for an interactive one.
async fn profiles(shell: &mut Shell, invocation: &Invocation) -> Result<(), Flow> {
    let home = shell.st.vars.text("HOME").cloned().unwrap_or_default();
    let in_home = |name: &str| BString::from([&home[..], b"/", name.as_bytes()].concat());
    let mut files: Vec<BString> = Vec::new();
    if shell.st.login {
        if !invocation.no_profile {
            files.push("/etc/profile".into());
            let own = [".bash_profile", ".bash_login", ".profile"].map(in_home);
            files.extend(own.into_iter().find(|f| shell.ctx.sys(|s| s.access(f.as_ref(), 4)).is_ok()));
        }
    } else if shell.st.interactive && !invocation.no_rc {
        match &invocation.rc_file {
            Some(file) => files.push(file.clone()),
            None => files.extend(["/etc/bash.bashrc".into(), in_home(".bashrc")]),
        }
    } else if !shell.st.interactive
        && let Some(file) = shell.st.vars.text("BASH_ENV").cloned().filter(|f| !f.is_empty())
    {
        files.push(file);
    }
    for file in files {
        if let Ok(text) = builtins::read_file(shell, &file).await? {
            match shell.run_text(text, Source::Sourced).await {
                Ok(_) | Err(Flow::Return(_) | Flow::Discard(_)) => {}
                Err(Flow::Stop(Stop::Caught(_))) => {}
                Err(flow) => return Err(flow),
            }
        }
    }
    shell.st.status = 0;
    Ok(())
}
