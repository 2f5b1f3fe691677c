//! The working directory and its stack.

use std::rc::Rc;

use bstr::{BString, ByteSlice};

use super::getopt;
use crate::shell::run::{Flow, Ran, Shell};
use crate::world::Errno;

/// A path without `.`, `..` and doubled slashes, as `cd -L` makes it.
fn logical(base: &[u8], path: &[u8]) -> BString {
    let mut parts: Vec<&[u8]> = Vec::new();
    let joined = if path.starts_with(b"/") { path.to_vec() } else { [base, b"/", path].concat() };
    for part in joined.split_str("/") {
        match part {
            b"" | b"." => {}
            b".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let mut out = BString::default();
    for part in parts {
        out.push(b'/');
        out.extend_from_slice(part);
    }
    if out.is_empty() {
        out.push(b'/');
    }
    out
}

/// Moves there and keeps PWD and OLDPWD true.
fn go(shell: &mut Shell, path: &BString, physical: bool) -> Result<(), Errno> {
    let old = shell.working_directory();
    let target = if physical { path.clone() } else { logical(&old, path) };
    let direct = shell.ctx.sys(|s| s.chdir(target.as_ref()));
    match direct {
        Ok(()) => {}
        // The logical path may not exist where the physical one does.
        Err(errno) if !physical && errno != Errno::EACCES => {
            shell.ctx.sys(|s| s.chdir(path.as_ref())).map_err(|_| errno)?;
        }
        Err(errno) => return Err(errno),
    }
    let new = if physical { shell.ctx.sys(|s| s.getcwd()) } else { target };
    for (name, value) in [("OLDPWD", old), ("PWD", new)] {
        shell.st.vars.set(name, value);
        shell.st.vars.entry(name.as_bytes()).exported = true;
    }
    Ok(())
}

pub(super) async fn cd(shell: &mut Shell, words: &[BString]) -> Ran {
    let given = match getopt(shell, words, "LPe@").await? {
        Ok(given) => given,
        Err(status) => return Ok(status),
    };
    let physical = given
        .flags
        .iter()
        .rev()
        .find(|(f, _)| matches!(f, b'L' | b'P'))
        .map_or(shell.st.options.physical, |(f, _)| *f == b'P');
    let rest = &words[given.rest..];
    if rest.len() > 1 {
        shell.complain("cd: too many arguments").await?;
        return Ok(1);
    }
    let mut show = false;
    let target = match rest.first() {
        None => match shell.st.vars.text("HOME").cloned() {
            Some(home) => home,
            None => {
                shell.complain("cd: HOME not set").await?;
                return Ok(1);
            }
        },
        Some(word) if word == "-" => match shell.st.vars.text("OLDPWD").cloned() {
            Some(old) => {
                show = true;
                old
            }
            None => {
                shell.complain("cd: OLDPWD not set").await?;
                return Ok(1);
            }
        },
        Some(word) => word.clone(),
    };
    if target.is_empty() {
        return Ok(0);
    }
    // CDPATH, for names that do not begin with a slash or a dot.
    let relative = !target.starts_with(b"/") && !matches!(target.split_str("/").next(), Some(b"." | b".."));
    if relative && let Some(cdpath) = shell.st.vars.text("CDPATH").cloned() {
        for dir in cdpath.split_str(":").filter(|d| !d.is_empty()) {
            let full = BString::from([dir, b"/", target.as_slice()].concat());
            if go(shell, &full, physical).is_ok() {
                let now = shell.working_directory();
                let line = [&now[..], b"\n"].concat();
                return shell.print(&line, "cd").await;
            }
        }
    }
    match go(shell, &target, physical) {
        Ok(()) => {
            if show {
                let now = shell.working_directory();
                let line = [&now[..], b"\n"].concat();
                return shell.print(&line, "cd").await;
            }
            Ok(0)
        }
        Err(errno) => {
            shell.complain(format_args!("cd: {target}: {errno}")).await?;
            Ok(1)
        }
    }
}

pub(super) async fn pwd(shell: &mut Shell, words: &[BString]) -> Ran {
    let given = match getopt(shell, words, "LP").await? {
        Ok(given) => given,
        Err(status) => return Ok(status),
    };
    let physical = given.flags.last().map_or(shell.st.options.physical, |(f, _)| *f == b'P');
    let mut path = if physical { shell.ctx.sys(|s| s.getcwd()) } else { shell.working_directory() };
    path.push(b'\n');
    shell.print(&path, "pwd").await
}

/// The stack, the working directory first.
fn stack(shell: &Shell) -> Vec<BString> {
    let mut all = vec![shell.working_directory()];
    all.extend(shell.st.directories.iter().cloned());
    all
}

fn shortened(shell: &Shell, path: &BString) -> BString {
    let home = shell.st.vars.text("HOME").cloned().unwrap_or_default();
    match path.strip_prefix(home.as_slice()) {
        Some(rest) if !home.is_empty() && (rest.is_empty() || rest.starts_with(b"/")) => [b"~", rest].concat().into(),
        _ => path.clone(),
    }
}

async fn show_stack(shell: &mut Shell, who: &str) -> Ran {
    let list: Vec<BString> = stack(shell).iter().map(|p| shortened(shell, p)).collect();
    let mut line = bstr::join(" ", list);
    line.push(b'\n');
    shell.print(&line, who).await
}

/// `+N` and `-N`.
fn place(word: &[u8], len: usize) -> Option<Option<usize>> {
    let (sign, digits) = word.split_first()?;
    if !matches!(sign, b'+' | b'-') || digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let n: usize = digits.to_str().ok()?.parse().ok()?;
    Some(if n >= len {
        None
    } else if *sign == b'+' {
        Some(n)
    } else {
        Some(len - 1 - n)
    })
}

pub(super) async fn dirs(shell: &mut Shell, words: &[BString]) -> Ran {
    let (mut long, mut lines, mut numbered) = (false, false, false);
    let mut wanted = None;
    for word in &words[1..] {
        if let Some(at) = place(word, stack(shell).len()) {
            let Some(at) = at else {
                let digits = word[1..].as_bstr();
                shell.complain(format_args!("dirs: {digits}: directory stack index out of range")).await?;
                return Ok(1);
            };
            wanted = Some(at);
            continue;
        }
        for letter in word.iter().skip(1) {
            match letter {
                b'c' => {
                    shell.st.directories = Rc::default();
                    return Ok(0);
                }
                b'l' => long = true,
                b'p' => lines = true,
                b'v' => (lines, numbered) = (true, true),
                other => {
                    let what = format!("-{}: invalid option", *other as char);
                    return super::usage_error(shell, &words[0], &what).await;
                }
            }
        }
    }
    let list: Vec<BString> = stack(shell).iter().map(|p| if long { p.clone() } else { shortened(shell, p) }).collect();
    let mut out = Vec::new();
    if let Some(at) = wanted {
        out.extend_from_slice(&list[at]);
        out.push(b'\n');
    } else if lines {
        for (n, path) in list.iter().enumerate() {
            if numbered {
                out.extend_from_slice(format!("{n:>2}  ").as_bytes());
            }
            out.extend_from_slice(path);
            out.push(b'\n');
        }
    } else {
        out = bstr::join(" ", list);
        out.push(b'\n');
    }
    shell.print(&out, "dirs").await
}

async fn change(shell: &mut Shell, who: &str, path: &BString) -> Result<bool, Flow> {
    match go(shell, path, false) {
        Ok(()) => Ok(true),
        Err(errno) => {
            shell.complain(format_args!("{who}: {path}: {errno}")).await?;
            Ok(false)
        }
    }
}

pub(super) async fn pushd(shell: &mut Shell, words: &[BString]) -> Ran {
    let mut rest = &words[1..];
    let keep = rest.first().is_some_and(|w| w == "-n");
    if keep {
        rest = &rest[1..];
    }
    let all = stack(shell);
    match rest.first() {
        None => {
            let Some(next) = shell.st.directories.first().cloned() else {
                shell.complain("pushd: no other directory").await?;
                return Ok(1);
            };
            let here = all[0].clone();
            if !change(shell, "pushd", &next).await? {
                return Ok(1);
            }
            Rc::make_mut(&mut shell.st.directories)[0] = here;
        }
        Some(word) => match place(word, all.len()) {
            Some(Some(at)) => {
                let mut turned = all.clone();
                turned.rotate_left(at);
                if !change(shell, "pushd", &turned[0]).await? {
                    return Ok(1);
                }
                shell.st.directories = Rc::new(turned[1..].to_vec());
            }
            Some(None) => {
                shell.complain(format_args!("pushd: {word}: directory stack index out of range")).await?;
                return Ok(1);
            }
            None if keep => Rc::make_mut(&mut shell.st.directories).insert(0, word.clone()),
            None => {
                if !change(shell, "pushd", word).await? {
                    return Ok(1);
                }
                Rc::make_mut(&mut shell.st.directories).insert(0, all[0].clone());
            }
        },
    }
    show_stack(shell, "pushd").await
}

pub(super) async fn popd(shell: &mut Shell, words: &[BString]) -> Ran {
    let mut rest = &words[1..];
    let keep = rest.first().is_some_and(|w| w == "-n");
    if keep {
        rest = &rest[1..];
    }
    let all = stack(shell);
    if all.len() < 2 {
        shell.complain("popd: directory stack empty").await?;
        return Ok(1);
    }
    let at = match rest.first() {
        None => usize::from(keep),
        Some(word) => match place(word, all.len()) {
            Some(Some(at)) => at,
            Some(None) => {
                shell.complain(format_args!("popd: {word}: directory stack index out of range")).await?;
                return Ok(1);
            }
            None => {
                shell.complain(format_args!("popd: {word}: invalid argument")).await?;
                return Ok(1);
            }
        },
    };
    if at == 0 {
        if !change(shell, "popd", &all[1]).await? {
            return Ok(1);
        }
        Rc::make_mut(&mut shell.st.directories).remove(0);
    } else {
        Rc::make_mut(&mut shell.st.directories).remove(at - 1);
    }
    show_stack(shell, "popd").await
}
