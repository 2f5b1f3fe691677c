//! Builtins that decide what runs next.

use std::rc::Rc;

use bstr::{BString, ByteSlice};

use super::{getopt, usage_error};
use crate::shell::run::{Flow, Ran, Shell, Source};
use crate::shell::state::{Call, Event};
use crate::shell::text;
use crate::world::kernel::{Disposition, Signal};
use crate::world::sys::OpenFlags;

fn number(text: &[u8]) -> Option<i64> {
    text.to_str().ok()?.trim().parse().ok()
}

async fn loop_count(shell: &mut Shell, words: &[BString]) -> Result<Result<u32, u8>, Flow> {
    if shell.loops == 0 {
        shell.complain(format_args!("{}: only meaningful in a `for', `while', or `until' loop", words[0])).await?;
        return Ok(Err(0));
    }
    let Some(word) = words.get(1) else { return Ok(Ok(1)) };
    match number(word) {
        Some(n) if n > 0 => Ok(Ok(u32::try_from(n).unwrap_or(u32::MAX).min(shell.loops))),
        Some(_) => {
            shell.complain(format_args!("{}: {word}: loop count out of range", words[0])).await?;
            Err(Flow::Break(shell.loops))
        }
        None => {
            shell.complain(format_args!("{}: {word}: numeric argument required", words[0])).await?;
            Err(if shell.st.interactive { Flow::Discard(128) } else { Flow::Exit(128) })
        }
    }
}

pub(super) async fn break_(shell: &mut Shell, words: &[BString]) -> Ran {
    match loop_count(shell, words).await? {
        Ok(n) => Err(Flow::Break(n)),
        Err(status) => Ok(status),
    }
}
pub(super) async fn continue_(shell: &mut Shell, words: &[BString]) -> Ran {
    match loop_count(shell, words).await? {
        Ok(n) => Err(Flow::Continue(n)),
        Err(status) => Ok(status),
    }
}

/// The status that an argument of `exit` or `return` names.
async fn status_of(shell: &mut Shell, words: &[BString]) -> Result<Result<u8, u8>, Flow> {
    let words = if words.get(1).is_some_and(|w| w == "--") { &words[1..] } else { words };
    let Some(word) = words.get(1) else { return Ok(Ok(shell.st.status)) };
    let Some(n) = number(word) else {
        shell.complain(format_args!("{}: {word}: numeric argument required", words[0])).await?;
        return Ok(Ok(2));
    };
    if words.len() > 2 {
        shell.complain(format_args!("{}: too many arguments", words[0])).await?;
        return Ok(Err(1));
    }
    Ok(Ok(n as u8))
}

pub(super) async fn exit(shell: &mut Shell, words: &[BString]) -> Ran {
    if shell.st.interactive && shell.st.subshell == 0 {
        shell.ctx.err(if shell.st.login { "logout\n" } else { "exit\n" }).await?;
    }
    match status_of(shell, words).await? {
        Ok(status) => {
            if shell.st.interactive && shell.st.jobs.any_stopped() && !shell.warned_of_jobs {
                shell.warned_of_jobs = true;
                shell.ctx.err("There are stopped jobs.\n").await?;
                return Ok(1);
            }
            Err(Flow::Exit(status))
        }
        Err(status) => Ok(status),
    }
}
pub(super) async fn logout(shell: &mut Shell, words: &[BString]) -> Ran {
    if !shell.st.login {
        shell.complain("logout: not login shell: use `exit'").await?;
        return Ok(1);
    }
    exit(shell, words).await
}

pub(super) async fn return_(shell: &mut Shell, words: &[BString]) -> Ran {
    if shell.st.calls.is_empty() {
        shell.complain("return: can only `return' from a function or sourced script").await?;
        return Ok(2);
    }
    match status_of(shell, words).await? {
        Ok(status) => Err(Flow::Return(status)),
        Err(status) => Ok(status),
    }
}

pub(super) async fn shift(shell: &mut Shell, words: &[BString]) -> Ran {
    let n = match words.get(1) {
        None => 1,
        Some(word) => match number(word) {
            Some(n) if n >= 0 => n as usize,
            Some(_) => {
                shell.complain(format_args!("shift: {word}: shift count out of range")).await?;
                return Ok(1);
            }
            None => {
                shell.complain(format_args!("shift: {word}: numeric argument required")).await?;
                return Ok(1);
            }
        },
    };
    if n > shell.st.positional.len() {
        if shell.st.shopt("shift_verbose") {
            shell.complain(format_args!("shift: {n}: shift count out of range")).await?;
        }
        return Ok(1);
    }
    Rc::make_mut(&mut shell.st.positional).drain(..n);
    Ok(0)
}

pub(super) async fn eval(shell: &mut Shell, words: &[BString]) -> Ran {
    let words = if words.get(1).is_some_and(|w| w == "--") { &words[1..] } else { words };
    let text: BString = bstr::join(" ", &words[1..]).into();
    if text.trim_ascii().is_empty() {
        return Ok(0);
    }
    shell.run_text(text, Source::Eval).await
}

pub(super) async fn source(shell: &mut Shell, words: &[BString]) -> Ran {
    let given = match getopt(shell, words, "").await? {
        Ok(given) => given,
        Err(status) => return Ok(status),
    };
    let Some(file) = words.get(given.rest) else {
        return usage_error(shell, &words[0], "filename argument required").await;
    };
    // Without a slash it is looked for along PATH, then here.
    let mut path = file.clone();
    if !file.contains(&b'/') && shell.st.shopt("sourcepath") {
        let dirs = shell.st.vars.text("PATH").cloned().unwrap_or_default();
        for dir in dirs.split_str(":") {
            let full = BString::from([dir, b"/", file].concat());
            let is_file =
                shell.ctx.sys(|s| s.stat(full.as_ref())).is_ok_and(|s| s.kind == crate::world::fs::Kind::File);
            if is_file && !dir.is_empty() {
                path = full;
                break;
            }
        }
    }
    let text = match read_file(shell, &path).await? {
        Ok(text) => text,
        Err(errno) => {
            if errno == crate::world::Errno::EISDIR {
                shell.complain(format_args!("{}: {file}: is a directory", words[0])).await?;
            } else {
                shell.complain(format_args!("{file}: {errno}")).await?;
            }
            return Ok(1);
        }
    };
    let arguments = &words[given.rest + 1..];
    let outer =
        (!arguments.is_empty()).then(|| std::mem::replace(&mut shell.st.positional, Rc::new(arguments.to_vec())));
    let call = Call { function: "source".into(), source: file.clone(), line: shell.line, sourced: true };
    shell.st.calls.push(call);
    let (line, last, loops) = (shell.line, shell.last, shell.loops);
    shell.last = false;
    let ran = shell.run_text(text, Source::Sourced).await;
    (shell.line, shell.last, shell.loops) = (line, last, loops);
    shell.st.calls.pop();
    if let Some(outer) = outer {
        shell.st.positional = outer;
    }
    match ran {
        Err(Flow::Return(status)) => Ok(status),
        ran => ran,
    }
}

/// A whole file.
pub(in crate::shell) async fn read_file(
    shell: &mut Shell,
    path: &BString,
) -> Result<Result<Vec<u8>, crate::world::Errno>, Flow> {
    let fd = match shell.ctx.sys(|s| s.open(path.as_ref(), OpenFlags::READ, 0)) {
        Ok(fd) => fd,
        Err(errno) => return Ok(Err(errno)),
    };
    let result = shell.ctx.read_to_end(fd).await?;
    let _ = shell.ctx.sys(|s| s.close(fd));
    Ok(result)
}

pub(super) async fn exec(shell: &mut Shell, words: &[BString]) -> Ran {
    let given = match getopt(shell, words, "cla:").await? {
        Ok(given) => given,
        Err(status) => return Ok(status),
    };
    let mut argv = words[given.rest..].to_vec();
    if argv.is_empty() {
        return Ok(0);
    }
    let shown = argv[0].clone();
    let mut environment = shell.st.vars.environment();
    if given.has(b'c') {
        environment.clear();
    }
    let path = shell.st.vars.text("PATH").cloned();
    if given.has(b'l') || given.has(b'a') {
        // argv[0] is not the file: find it first.
        let found = shell.ctx.sys(|s| s.which(shown.as_ref(), path.clone().unwrap_or_default().as_ref()));
        if let (Ok(found), Some(_)) = (found, argv.first()) {
            let mut name = given.value(b'a').cloned().unwrap_or_else(|| shown.clone());
            if given.has(b'l') {
                name.insert(0, b'-');
            }
            if name.starts_with(b"-") && shown.ends_with(b"bash") {
                argv.insert(1, "-l".into());
            }
            argv[0] = found;
        }
    }
    shell.prepare_exec();
    let status = shell.execute(argv, Rc::new(environment), path, &format!("exec: {shown}").into()).await?;
    if shell.st.interactive || shell.st.shopt("execfail") {
        shell.resume_after_exec();
        return Ok(status);
    }
    Err(Flow::Exit(status))
}

fn event_of(text: &[u8]) -> Option<Event> {
    let name = text.to_str().ok()?;
    let upper = name.to_ascii_uppercase();
    Some(match upper.strip_prefix("SIG").unwrap_or(&upper) {
        "EXIT" | "0" => Event::Exit,
        "DEBUG" => Event::Debug,
        "ERR" => Event::Error,
        "RETURN" => Event::Return,
        _ => Event::Signal(Signal::parse(name)?),
    })
}
fn event_name(event: Event) -> String {
    match event {
        Event::Exit => "EXIT".into(),
        Event::Debug => "DEBUG".into(),
        Event::Error => "ERR".into(),
        Event::Return => "RETURN".into(),
        Event::Signal(signal) => signal.to_string(),
    }
}

pub(super) async fn trap(shell: &mut Shell, words: &[BString]) -> Ran {
    let given = match getopt(shell, words, "lp").await? {
        Ok(given) => given,
        Err(status) => return Ok(status),
    };
    let rest = &words[given.rest..];
    if given.has(b'l') {
        let table = super::jobs::signal_table();
        return shell.print(table.as_bytes(), "trap").await;
    }
    if given.has(b'p') || rest.is_empty() {
        let wanted: Vec<Event> = rest.iter().filter_map(|w| event_of(w)).collect();
        let mut out = Vec::new();
        for (event, command) in shell.st.traps.iter() {
            if rest.is_empty() || wanted.contains(event) {
                let line = format!("trap -- {} {}\n", text::single_quote(command), event_name(*event));
                out.extend_from_slice(line.as_bytes());
            }
        }
        return shell.print(&out, "trap").await;
    }
    // `trap SIGNAL` and `trap - SIGNAL` reset; a number first also means reset.
    let reset_all = rest.len() == 1 || number(&rest[0]).is_some_and(|n| n >= 0) && event_of(&rest[0]).is_some();
    let (command, events) = if reset_all { (None, rest) } else { (Some(&rest[0]), &rest[1..]) };
    let command = command.filter(|c| *c != "-");
    let mut status = 0;
    for word in events {
        let Some(event) = event_of(word) else {
            shell.complain(format_args!("trap: {word}: invalid signal specification")).await?;
            status = 1;
            continue;
        };
        set_trap(shell, event, command);
    }
    Ok(status)
}

fn set_trap(shell: &mut Shell, event: Event, command: Option<&BString>) {
    let traps = Rc::make_mut(&mut shell.st.traps);
    match command {
        Some(command) => drop(traps.insert(event, command.clone())),
        None => drop(traps.remove(&event)),
    }
    match event {
        Event::Signal(signal) => {
            if shell.st.inherited.contains(&signal) && !shell.st.interactive {
                return;
            }
            let disposition = match command {
                Some(command) if command.is_empty() => Disposition::Ignore,
                Some(_) => Disposition::Catch,
                None => shell.own_disposition(signal),
            };
            // KILL and STOP cannot be trapped; bash accepts the trap and nothing comes of it.
            let _ = shell.ctx.sys(|s| s.set_disposition(signal, disposition));
        }
        Event::Exit => shell.guard_exit(),
        _ => {}
    }
}
