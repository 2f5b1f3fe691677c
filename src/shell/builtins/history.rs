//! `history` and `fc`.

use std::rc::Rc;

use bstr::{BString, ByteSlice};

use super::getopt;
use crate::shell::run::{Ran, Shell, Source};

pub(super) async fn history(shell: &mut Shell, words: &[BString]) -> Ran {
    let given = match getopt(shell, words, "cd:anrwps").await? {
        Ok(given) => given,
        Err(status) => return Ok(status),
    };
    let rest = &words[given.rest..];
    if given.has(b'c') {
        shell.st.history = Rc::default();
        shell.st.history_base = 0;
        return Ok(0);
    }
    if let Some(text) = given.value(b'd') {
        let n = text.to_str_lossy().parse::<i64>().unwrap_or(0);
        let len = shell.st.history.len() as i64;
        let at = if n < 0 { len + n } else { n - 1 - shell.st.history_base as i64 };
        if at < 0 || at >= len {
            shell.complain(format_args!("history: {text}: history position out of range")).await?;
            return Ok(1);
        }
        Rc::make_mut(&mut shell.st.history).remove(at as usize);
        return Ok(0);
    }
    if given.has(b's') {
        let line = bstr::join(" ", rest);
        Rc::make_mut(&mut shell.st.history).push(line.into());
        return Ok(0);
    }
    if given.has(b'p') {
        let mut out = Vec::new();
        for word in rest {
            match crate::shell::history::expand(word, &shell.st.history, shell.st.history_base) {
                Ok((line, _)) => out.extend_from_slice(&[&line[..], b"\n"].concat()),
                Err(message) => {
                    shell.complain(format_args!("history: {message}")).await?;
                    return Ok(1);
                }
            }
        }
        return shell.print(&out, "history").await;
    }
    if [b'a', b'n', b'r', b'w'].iter().any(|f| given.has(*f)) {
        return files(shell, &given, rest).await;
    }
    let count = match rest.first() {
        None => usize::MAX,
        Some(word) => match word.to_str_lossy().parse::<usize>() {
            Ok(n) => n,
            Err(_) => {
                shell.complain(format_args!("history: {word}: numeric argument required")).await?;
                return Ok(1);
            }
        },
    };
    let len = shell.st.history.len();
    let mut out = Vec::new();
    for (n, line) in shell.st.history.iter().enumerate().skip(len.saturating_sub(count)) {
        out.extend_from_slice(format!("{:>5}  ", shell.st.history_base + n as u64 + 1).as_bytes());
        out.extend_from_slice(line);
        out.push(b'\n');
    }
    shell.print(&out, "history").await
}

async fn files(shell: &mut Shell, given: &super::Given, rest: &[BString]) -> Ran {
    let path = rest.first().cloned().or_else(|| shell.st.vars.text("HISTFILE").cloned());
    let Some(path) = path else { return Ok(1) };
    if given.has(b'r') || given.has(b'n') {
        return match super::control::read_file(shell, &path).await? {
            Ok(text) => {
                Rc::make_mut(&mut shell.st.history).extend(text.lines().map(BString::from));
                Ok(0)
            }
            Err(errno) => {
                shell.complain(format_args!("history: {path}: {errno}")).await?;
                Ok(1)
            }
        };
    }
    let ok = shell.write_history(&path, given.has(b'a')).await?;
    Ok(u8::from(!ok))
}

pub(super) async fn fc(shell: &mut Shell, words: &[BString]) -> Ran {
    let given = match getopt(shell, words, "e:lnrs").await? {
        Ok(given) => given,
        Err(status) => return Ok(status),
    };
    let rest = &words[given.rest..];
    if given.has(b's') {
        let mut change = None;
        let mut command = None;
        for word in rest {
            match word.split_once_str("=") {
                Some((old, new)) if command.is_none() => change = Some((old.to_vec(), new.to_vec())),
                _ => command = Some(word.clone()),
            }
        }
        let found = shell.st.history.iter().rev().skip(1).find(|l| command.as_ref().is_none_or(|c| l.starts_with(c)));
        let Some(line) = found.cloned() else {
            shell.complain("fc: no command found").await?;
            return Ok(1);
        };
        let line = change.map_or(line.clone(), |(old, new)| line.replacen(old, new, 1).into());
        shell.ctx.err([&line[..], b"\n"].concat()).await?;
        return shell.run_text(line, Source::Eval).await;
    }
    let len = shell.st.history.len() as i64;
    let base = shell.st.history_base as i64;
    let place = |word: Option<&BString>, default: i64| -> i64 {
        match word.map(|w| w.to_str_lossy().parse::<i64>()) {
            None => default,
            Some(Ok(n)) if n < 0 => len + n,
            Some(Ok(n)) => n - 1 - base,
            Some(Err(_)) => default,
        }
    };
    if !given.has(b'l') {
        shell.ctx.note_unmodelled("bash: fc with an editor");
        shell.complain("fc: editing history is not modelled here: use `fc -l' or `fc -s'").await?;
        return Ok(1);
    }
    let last = place(rest.get(1), len - 2).clamp(0, (len - 1).max(0));
    let first = place(rest.first(), (last - 15).max(0)).clamp(0, (len - 1).max(0));
    let mut range: Vec<i64> = if first <= last { (first..=last).collect() } else { (last..=first).rev().collect() };
    if given.has(b'r') {
        range.reverse();
    }
    let mut out = Vec::new();
    for n in range {
        let Some(line) = shell.st.history.get(n as usize) else { continue };
        if !given.has(b'n') {
            out.extend_from_slice((base + n + 1).to_string().as_bytes());
        }
        out.extend_from_slice(b"\t ");
        out.extend_from_slice(line);
        out.push(b'\n');
    }
    shell.print(&out, "fc").await
}
