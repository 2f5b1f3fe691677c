//! `set`, `shopt`, `getopts`.

use std::rc::Rc;

use bstr::{BString, ByteSlice};

use super::{getopt, usage_error};
use crate::shell::run::{Ran, Shell};
use crate::shell::state::Options;

pub(super) async fn set(shell: &mut Shell, words: &[BString]) -> Ran {
    if words.len() == 1 {
        let mut out = Vec::new();
        for (name, v) in shell.st.vars.all() {
            if v.is_set() {
                out.extend_from_slice(&super::declare::plain_line(name, v));
            }
        }
        for (name, function) in shell.st.functions.iter() {
            out.extend_from_slice(&super::declare::function_text(name, function));
        }
        return shell.print(&out, "set").await;
    }
    let mut at = 1;
    while let Some(word) = words.get(at) {
        if word == "--" {
            shell.st.positional = Rc::new(words[at + 1..].to_vec());
            return Ok(0);
        }
        if word == "-" {
            shell.st.options.xtrace = false;
            shell.st.options.verbose = false;
            if at + 1 < words.len() {
                shell.st.positional = Rc::new(words[at + 1..].to_vec());
            }
            return Ok(0);
        }
        if word.len() < 2 || !matches!(word[0], b'-' | b'+') {
            shell.st.positional = Rc::new(words[at..].to_vec());
            return Ok(0);
        }
        let on = word[0] == b'-';
        for &letter in &word[1..] {
            if letter == b'o' {
                match words.get(at + 1) {
                    None => return list(shell, on).await,
                    Some(name) => {
                        at += 1;
                        let name = name.clone();
                        if !set_named(shell, &name.to_str_lossy(), on) {
                            shell.complain(format_args!("set: {name}: invalid option name")).await?;
                            return Ok(2);
                        }
                    }
                }
                continue;
            }
            match shell.st.options.by_letter(letter as char) {
                Some(slot) => *slot = on,
                None => {
                    let what = format!("{}{}: invalid option", word[0] as char, letter as char);
                    return usage_error(shell, &words[0], &what).await;
                }
            }
            if letter == b'm' {
                shell.update_job_control();
            }
        }
        at += 1;
    }
    Ok(0)
}

/// `set -o NAME`; `false`: there is no such option.
pub(in crate::shell) fn set_named(shell: &mut Shell, name: &str, on: bool) -> bool {
    let Some(slot) = shell.st.options.by_name(name) else { return false };
    *slot = on;
    if name == "monitor" {
        shell.update_job_control();
    }
    true
}

async fn list(shell: &mut Shell, readable: bool) -> Ran {
    let mut out = String::new();
    for (name, _) in Options::ALL {
        let on = shell.st.options.get(name).unwrap_or(false);
        if readable {
            out.push_str(&format!("{name:<15}\t{}\n", if on { "on" } else { "off" }));
        } else {
            out.push_str(&format!("set {}o {name}\n", if on { '-' } else { '+' }));
        }
    }
    shell.print(out.as_bytes(), "set").await
}

pub(super) async fn shopt(shell: &mut Shell, words: &[BString]) -> Ran {
    let given = match getopt(shell, words, "pqsuo").await? {
        Ok(given) => given,
        Err(status) => return Ok(status),
    };
    let names = &words[given.rest..];
    let of_set = given.has(b'o');
    let value = |shell: &Shell, name: &str| -> Option<bool> {
        if of_set {
            shell.st.options.get(name)
        } else {
            shell.st.shopt_all().find(|(n, _)| *n == name).map(|(_, on)| on)
        }
    };
    let show = |name: &str, on: bool| -> String {
        if given.has(b'p') && of_set {
            format!("set {}o {name}\n", if on { '-' } else { '+' })
        } else if given.has(b'p') {
            format!("shopt -{} {name}\n", if on { 's' } else { 'u' })
        } else {
            format!("{name:<15}\t{}\n", if on { "on" } else { "off" })
        }
    };
    let (on, off) = (given.has(b's'), given.has(b'u'));
    if on && off {
        shell.complain("shopt: cannot set and unset shell options simultaneously").await?;
        return Ok(1);
    }
    let mut status = 0;
    let mut out = String::new();
    if names.is_empty() {
        let all: Vec<(String, bool)> = if of_set {
            Options::ALL.iter().map(|(n, _)| (n.to_string(), shell.st.options.get(n).unwrap_or(false))).collect()
        } else {
            shell.st.shopt_all().map(|(n, v)| (n.to_string(), v)).collect()
        };
        for (name, value) in all {
            if (!on || value) && (!off || !value) {
                out.push_str(&show(&name, value));
            }
        }
        if given.has(b'q') {
            return Ok(0);
        }
        return shell.print(out.as_bytes(), "shopt").await;
    }
    for name in names {
        let name = name.to_str_lossy().into_owned();
        let Some(now) = value(shell, &name) else {
            let kind = if of_set { "invalid option name" } else { "invalid shell option name" };
            shell.complain(format_args!("shopt: {name}: {kind}")).await?;
            status = 1;
            continue;
        };
        if on || off {
            if of_set {
                set_named(shell, &name, on)
            } else {
                shell.st.set_shopt(&name, on)
            };
            continue;
        }
        if !now {
            status = 1;
        }
        if !given.has(b'q') {
            out.push_str(&show(&name, now));
        }
    }
    shell.print(out.as_bytes(), "shopt").await?;
    Ok(status)
}

pub(super) async fn getopts(shell: &mut Shell, words: &[BString]) -> Ran {
    if words.len() < 3 {
        shell.ctx.err("getopts: usage: getopts optstring name [arg ...]\n").await?;
        return Ok(2);
    }
    let spec = words[1].clone();
    let name = words[2].clone();
    let arguments: Vec<BString> = if words.len() > 3 { words[3..].to_vec() } else { shell.st.positional.to_vec() };
    let (mut index, mut offset) = shell.st.getopts;
    let silent = spec.starts_with(b":");
    let spec: &[u8] = spec.strip_prefix(b":").unwrap_or(&spec);
    let mut value: Option<BString> = None;
    let mut status = 0;
    let letter: BString = loop {
        let current = arguments.get(index.wrapping_sub(1)).cloned();
        if offset == 0 {
            match &current {
                Some(word) if word == "--" => {
                    index += 1;
                    status = 1;
                    break "?".into();
                }
                Some(word) if word.len() > 1 && word[0] == b'-' => offset = 1,
                _ => {
                    status = 1;
                    break "?".into();
                }
            }
        }
        let word = current.unwrap_or_default();
        let Some(&letter) = word.get(offset) else {
            index += 1;
            offset = 0;
            continue;
        };
        offset += 1;
        let end_of_word = offset >= word.len();
        let known = spec.iter().position(|&b| b == letter && b != b':');
        let takes = known.is_some_and(|n| spec.get(n + 1) == Some(&b':'));
        if known.is_none() {
            if end_of_word {
                index += 1;
                offset = 0;
            }
            if silent {
                value = Some(BString::from(vec![letter]));
            } else if shell.st.vars.text("OPTERR").is_none_or(|t| t != "0") {
                let name = shell.st.shown_name();
                shell.ctx.err(format!("{name}: illegal option -- {}\n", letter as char)).await?;
            }
            break "?".into();
        }
        if !takes {
            if end_of_word {
                index += 1;
                offset = 0;
            }
            break BString::from(vec![letter]);
        }
        let from = std::mem::take(&mut offset);
        index += 1;
        if !end_of_word {
            value = Some(word[from..].into());
            break BString::from(vec![letter]);
        }
        match arguments.get(index - 1) {
            Some(next) => {
                value = Some(next.clone());
                index += 1;
                break BString::from(vec![letter]);
            }
            None if silent => {
                value = Some(BString::from(vec![letter]));
                break ":".into();
            }
            None => {
                let name = shell.st.shown_name();
                shell.ctx.err(format!("{name}: option requires an argument -- {}\n", letter as char)).await?;
                break "?".into();
            }
        }
    };
    shell.st.vars.set("OPTIND", index.to_string());
    shell.st.getopts = (index, offset);
    match value {
        Some(value) => shell.st.vars.set("OPTARG", value),
        None => shell.st.vars.unset(b"OPTARG"),
    }
    if let Err(message) = shell.assign_text(&name, None, letter, false) {
        shell.complain(message).await?;
        return Ok(1);
    }
    Ok(status)
}
