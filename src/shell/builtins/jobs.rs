//! Job control: `jobs fg bg wait kill disown suspend`.

use bstr::{BString, ByteSlice};

use super::{getopt, usage_error};
use crate::shell::jobs::JobState;
use crate::shell::run::{Flow, Ran, Shell};
use crate::world::kernel::{ExitStatus, Signal};

pub(super) async fn jobs(shell: &mut Shell, words: &[BString]) -> Ran {
    let given = match getopt(shell, words, "lnprsx").await? {
        Ok(given) => given,
        Err(status) => return Ok(status),
    };
    shell.reap();
    let mut status = 0;
    let mut wanted = Vec::new();
    for spec in &words[given.rest..] {
        match shell.st.jobs.find(spec) {
            Ok(number) => wanted.push(number),
            Err(message) => {
                shell.complain(format_args!("jobs: {message}")).await?;
                status = 1;
            }
        }
    }
    let mut out = Vec::new();
    let mut gone = Vec::new();
    let mut told = Vec::new();
    for job in &shell.st.jobs.list {
        let state = job.state();
        let chosen = (words.len() == given.rest || wanted.contains(&job.number))
            && (!given.has(b'r') || state == JobState::Running)
            && (!given.has(b's') || matches!(state, JobState::Stopped(_)));
        if !chosen {
            continue;
        }
        if given.has(b'p') {
            out.extend_from_slice(format!("{}\n", job.group).as_bytes());
        } else {
            out.extend_from_slice(&shell.st.jobs.line(job, given.has(b'l')));
            out.push(b'\n');
        }
        match state {
            JobState::Ended(_) => gone.push(job.number),
            JobState::Stopped(_) => told.push(job.number),
            JobState::Running => {}
        }
    }
    for number in told {
        if let Some(job) = shell.st.jobs.get_mut(number) {
            job.told = true;
        }
    }
    if !shell.st.jobs.foreign {
        for number in gone {
            shell.forget(number);
        }
    }
    shell.print(&out, "jobs").await?;
    Ok(status)
}

/// The job that an operand (or its absence) names; its error has been shown.
async fn job_named(shell: &mut Shell, words: &[BString], spec: Option<&BString>) -> Result<Option<u32>, Flow> {
    let spec = spec.cloned().unwrap_or_default();
    match shell.st.jobs.find(&spec) {
        Ok(number) => Ok(Some(number)),
        Err(message) => {
            shell.complain(format_args!("{}: {message}", words[0])).await?;
            Ok(None)
        }
    }
}

async fn no_job_control(shell: &mut Shell, words: &[BString]) -> Ran {
    shell.complain(format_args!("{}: no job control", words[0])).await?;
    Ok(1)
}

pub(super) async fn fg(shell: &mut Shell, words: &[BString]) -> Ran {
    if !shell.job_control {
        return no_job_control(shell, words).await;
    }
    shell.reap();
    let Some(number) = job_named(shell, words, words.get(1)).await? else { return Ok(1) };
    let Some(job) = shell.st.jobs.get(number).cloned() else { return Ok(1) };
    if matches!(job.state(), JobState::Ended(_)) {
        shell.complain("fg: job has terminated").await?;
        return Ok(1);
    }
    shell.print(&[&job.text[..], b"\n"].concat(), "fg").await?;
    let pids: Vec<u32> = job.members.iter().map(|m| m.pid).collect();
    for member in &job.members {
        let state = match member.state {
            JobState::Stopped(_) => JobState::Running,
            state => state,
        };
        shell.children.insert(member.pid, state);
    }
    shell.ctx.sys(|s| {
        // The group may be gone by now; then the wait ends at once.
        let _ = s.set_foreground(job.group);
        let _ = s.kill(-i64::from(job.group), Some(Signal::CONT));
    });
    shell.st.jobs.remove(number);
    let states = shell.wait_foreground(&pids, Some(job.group), &job.text).await?;
    Ok(states.last().map_or(0, |s| match s {
        JobState::Ended(status) => status.code(),
        JobState::Stopped(signal) => 128 + signal.number(),
        JobState::Running => 0,
    }))
}

pub(super) async fn bg(shell: &mut Shell, words: &[BString]) -> Ran {
    if !shell.job_control {
        return no_job_control(shell, words).await;
    }
    shell.reap();
    let specs: Vec<Option<&BString>> = if words.len() > 1 { words[1..].iter().map(Some).collect() } else { vec![None] };
    let mut status = 0;
    for spec in specs {
        let Some(number) = job_named(shell, words, spec).await? else {
            status = 1;
            continue;
        };
        let Some(job) = shell.st.jobs.get_mut(number) else { continue };
        if job.state() == JobState::Running {
            shell.complain(format_args!("bg: job {number} already in background")).await?;
            continue;
        }
        job.background = true;
        for member in &mut job.members {
            if matches!(member.state, JobState::Stopped(_)) {
                member.state = JobState::Running;
            }
        }
        let (group, text) = (job.group, job.text.clone());
        let _ = shell.ctx.sys(|s| s.kill(-i64::from(group), Some(Signal::CONT)));
        let mark = shell.st.jobs.mark(number);
        shell.print(format!("[{number}]{mark} {text} &\n").as_bytes(), "bg").await?;
    }
    Ok(status)
}

pub(super) async fn wait(shell: &mut Shell, words: &[BString]) -> Ran {
    let ran = wait_for(shell, words).await;
    if shell.st.interactive {
        shell.notify_jobs().await?;
    }
    ran
}

async fn wait_for(shell: &mut Shell, words: &[BString]) -> Ran {
    let given = match getopt(shell, words, "fnp:").await? {
        Ok(given) => given,
        Err(status) => return Ok(status),
    };
    let operands = &words[given.rest..];
    shell.reap();
    if given.has(b'n') {
        return wait_next(shell, operands, given.value(b'p')).await;
    }
    if operands.is_empty() {
        loop {
            shell.reap();
            let running = shell.st.jobs.any_running();
            if !running {
                let ended: Vec<u32> = shell
                    .st
                    .jobs
                    .list
                    .iter()
                    .filter(|j| matches!(j.state(), JobState::Ended(_)))
                    .map(|j| j.number)
                    .collect();
                if !shell.st.jobs.foreign {
                    for number in ended {
                        if shell.st.interactive {
                            continue;
                        }
                        shell.forget(number);
                    }
                }
                return Ok(0);
            }
            if let Some(signal) = shell.wait_some().await? {
                shell.handle_caught().await?;
                return Ok(128 + signal.number());
            }
        }
    }
    let mut status = 0;
    for operand in operands {
        status = match wait_one(shell, operand).await? {
            Ok(status) => status,
            Err(signal) => return Ok(128 + signal.number()),
        };
    }
    Ok(status)
}

async fn wait_one(shell: &mut Shell, operand: &BString) -> Result<Result<u8, Signal>, Flow> {
    let by_job = operand.starts_with(b"%");
    let number = if by_job {
        match shell.st.jobs.find(operand) {
            Ok(number) => Some(number),
            Err(message) => {
                shell.complain(format_args!("wait: {message}")).await?;
                return Ok(Ok(127));
            }
        }
    } else {
        None
    };
    let pid: u32 = match (number, operand.to_str_lossy().parse::<u32>()) {
        (Some(number), _) => shell.st.jobs.get(number).map_or(0, |j| j.last_pid()),
        (None, Ok(pid)) => pid,
        (None, Err(_)) => {
            shell.complain(format_args!("wait: `{operand}': not a pid or valid job spec")).await?;
            return Ok(Ok(1));
        }
    };
    loop {
        shell.reap();
        if !shell.st.jobs.foreign {
            let job = shell.st.jobs.of_pid(pid);
            let state = job.and_then(|j| j.members.iter().find(|m| m.pid == pid)).map(|m| m.state);
            let whole = job.map(|j| (j.number, j.state()));
            if let Some(JobState::Ended(status)) = state {
                if let Some((number, JobState::Ended(_))) = whole {
                    // At a prompt its end is told first.
                    if !shell.st.interactive {
                        shell.forget(number);
                    }
                    return Ok(Ok(status.code()));
                }
                if !by_job {
                    return Ok(Ok(status.code()));
                }
            }
        }
        if let Some(status) = shell.st.jobs.ended.get(&pid).filter(|_| !shell.st.jobs.foreign) {
            return Ok(Ok(status.code()));
        }
        if !shell.is_child(pid) {
            shell.complain(format_args!("wait: pid {pid} is not a child of this shell")).await?;
            return Ok(Ok(127));
        }
        if let Some(signal) = shell.wait_some().await? {
            shell.handle_caught().await?;
            return Ok(Err(signal));
        }
    }
}

/// `wait -n`: whichever job ends next.
async fn wait_next(shell: &mut Shell, operands: &[BString], into: Option<&BString>) -> Ran {
    let mut pids = Vec::new();
    for operand in operands {
        let pid = match shell.st.jobs.find(operand) {
            Ok(number) if operand.starts_with(b"%") => shell.st.jobs.get(number).map(|j| j.last_pid()),
            _ => operand.to_str_lossy().parse().ok(),
        };
        pids.extend(pid);
    }
    loop {
        shell.reap();
        if shell.st.jobs.foreign {
            return Ok(127);
        }
        let ended = shell
            .st
            .jobs
            .list
            .iter()
            .find(|j| matches!(j.state(), JobState::Ended(_)) && (pids.is_empty() || pids.contains(&j.last_pid())));
        if let Some(job) = ended {
            let (number, pid) = (job.number, job.last_pid());
            let JobState::Ended(status) = job.state() else { continue };
            shell.forget(number);
            shell.st.jobs.ended.remove(&pid);
            if let Some(name) = into {
                shell.st.vars.set(&name.to_str_lossy(), pid.to_string());
            }
            return Ok(status.code());
        }
        let found = pids.iter().find_map(|p| shell.st.jobs.ended.get(p).map(|s| (*p, *s)));
        if let Some((pid, status)) = found {
            shell.st.jobs.ended.remove(&pid);
            return Ok(ExitStatus::code(status));
        }
        let any = shell
            .st
            .jobs
            .list
            .iter()
            .any(|j| j.state() == JobState::Running && (pids.is_empty() || pids.contains(&j.last_pid())));
        if !any {
            return Ok(127);
        }
        if let Some(signal) = shell.wait_some().await? {
            shell.handle_caught().await?;
            return Ok(128 + signal.number());
        }
    }
}

/// `kill -l`, in bash's five columns.
pub(in crate::shell) fn signal_table() -> String {
    let mut names: Vec<(u8, String)> = Signal::ALL.iter().map(|s| (s.number(), s.to_string())).collect();
    names.extend((34..=64).map(|n: u8| {
        let name = match n {
            34 => "SIGRTMIN".to_string(),
            64 => "SIGRTMAX".to_string(),
            35..=49 => format!("SIGRTMIN+{}", n - 34),
            _ => format!("SIGRTMAX-{}", 64 - n),
        };
        (n, name)
    }));
    let mut out = String::new();
    for (at, (n, name)) in names.iter().enumerate() {
        out.push_str(&format!("{n:>2}) {name}"));
        out.push(if (at + 1) % 5 == 0 || at + 1 == names.len() { '\n' } else { '\t' });
    }
    out
}

pub(super) async fn kill(shell: &mut Shell, words: &[BString]) -> Ran {
    let mut at = 1;
    let mut signal = Some(Signal::TERM);
    if let Some(word) = words.get(1).filter(|w| w.starts_with(b"-") && w.len() > 1 && *w != "--") {
        at = 2;
        let name = match word.as_slice() {
            b"-l" | b"-L" => return list(shell, &words[2..]).await,
            b"-s" | b"-n" => {
                at = 3;
                match words.get(2) {
                    Some(name) => name.clone(),
                    None => {
                        shell.complain(format_args!("kill: {word}: option requires an argument")).await?;
                        return Ok(1);
                    }
                }
            }
            other => other.get(1..).unwrap_or_default().into(),
        };
        signal = if name == "0" || name == "EXIT" {
            None
        } else {
            match name.to_str().ok().and_then(Signal::parse) {
                Some(signal) => Some(signal),
                None => {
                    shell.complain(format_args!("kill: {name}: invalid signal specification")).await?;
                    return Ok(1);
                }
            }
        };
    }
    if words.get(at).is_some_and(|w| w == "--") {
        at += 1;
    }
    if at >= words.len() {
        let usage = super::find(b"kill").map_or("", |b| b.usage);
        shell.ctx.err(format!("kill: usage: kill {usage}\n")).await?;
        return Ok(2);
    }
    let mut status = 0;
    for word in &words[at..] {
        let targets: Vec<i64> = if word.starts_with(b"%") {
            match shell.st.jobs.find(word) {
                Ok(number) => match shell.st.jobs.get(number) {
                    Some(job) if shell.job_control => vec![-i64::from(job.group)],
                    Some(job) => job.members.iter().map(|m| i64::from(m.pid)).collect(),
                    None => Vec::new(),
                },
                Err(message) => {
                    shell.complain(format_args!("kill: {message}")).await?;
                    status = 1;
                    continue;
                }
            }
        } else {
            match word.to_str().ok().and_then(|t| t.parse().ok()) {
                Some(pid) => vec![pid],
                None => {
                    shell.complain(format_args!("kill: {word}: arguments must be process or job IDs")).await?;
                    status = 1;
                    continue;
                }
            }
        };
        let stopped = shell
            .st
            .jobs
            .find(word)
            .ok()
            .and_then(|n| shell.st.jobs.get(n))
            .filter(|_| word.starts_with(b"%"))
            .is_some_and(|j| matches!(j.state(), JobState::Stopped(_)));
        for target in targets {
            if let Err(errno) = shell.ctx.sys(|s| s.kill(target, signal)) {
                shell.complain(format_args!("kill: ({target}) - {errno}")).await?;
                status = 1;
            } else if stopped && matches!(signal, Some(Signal::TERM | Signal::HUP)) {
                // A stopped job must run to die.
                let _ = shell.ctx.sys(|s| s.kill(target, Some(Signal::CONT)));
            }
        }
    }
    Ok(status)
}

async fn list(shell: &mut Shell, words: &[BString]) -> Ran {
    if words.is_empty() {
        return shell.print(signal_table().as_bytes(), "kill").await;
    }
    let mut out = String::new();
    let mut status = 0;
    for word in words {
        let text = word.to_str_lossy();
        match text.parse::<u32>() {
            Ok(n) => match u8::try_from(if n > 128 { n - 128 } else { n }).ok().and_then(Signal::from_number) {
                Some(signal) => out.push_str(&format!("{}\n", signal.name())),
                None => {
                    shell.complain(format_args!("kill: {word}: invalid signal specification")).await?;
                    status = 1;
                }
            },
            Err(_) => match Signal::parse(&text) {
                Some(signal) => out.push_str(&format!("{}\n", signal.number())),
                None => {
                    shell.complain(format_args!("kill: {word}: invalid signal specification")).await?;
                    status = 1;
                }
            },
        }
    }
    shell.print(out.as_bytes(), "kill").await?;
    Ok(status)
}

pub(super) async fn disown(shell: &mut Shell, words: &[BString]) -> Ran {
    let given = match getopt(shell, words, "har").await? {
        Ok(given) => given,
        Err(status) => return Ok(status),
    };
    let mut numbers = Vec::new();
    if given.has(b'a') || given.has(b'r') {
        let running_only = given.has(b'r');
        numbers.extend(
            shell.st.jobs.list.iter().filter(|j| !running_only || j.state() == JobState::Running).map(|j| j.number),
        );
    } else if words.len() == given.rest {
        match shell.st.jobs.current {
            Some(number) => numbers.push(number),
            None => {
                shell.complain("disown: current: no such job").await?;
                return Ok(1);
            }
        }
    }
    for spec in &words[given.rest..] {
        let found = match spec.to_str_lossy().parse::<u32>() {
            Ok(pid) => shell.st.jobs.of_pid(pid).map(|j| j.number).ok_or_else(|| format!("{spec}: no such job")),
            Err(_) => shell.st.jobs.find(spec),
        };
        match found {
            Ok(number) => numbers.push(number),
            Err(message) => {
                shell.complain(format_args!("disown: {message}")).await?;
                return Ok(1);
            }
        }
    }
    for number in numbers {
        if given.has(b'h') {
            if let Some(job) = shell.st.jobs.get_mut(number) {
                job.keep_on_hangup = true;
            }
        } else {
            shell.st.jobs.remove(number);
        }
    }
    Ok(0)
}

pub(super) async fn suspend(shell: &mut Shell, words: &[BString]) -> Ran {
    let given = match getopt(shell, words, "f").await? {
        Ok(given) => given,
        Err(status) => return Ok(status),
    };
    if words.len() > given.rest {
        return usage_error(shell, &words[0], "too many arguments").await;
    }
    if shell.st.login && !given.has(b'f') {
        shell.complain("suspend: cannot suspend a login shell").await?;
        return Ok(1);
    }
    let pid = shell.ctx.pid();
    let _ = shell.ctx.sys(|s| s.kill(i64::from(pid), Some(Signal::STOP)));
    shell.ctx.settle().await?;
    Ok(0)
}
