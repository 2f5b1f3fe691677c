//! Builtins that tell about commands, or keep small settings.

use std::rc::Rc;

use bstr::{BStr, BString, ByteSlice};

use super::{BUILTINS, getopt};
use crate::shell::parse::is_reserved;
use crate::shell::run::{Ran, Shell};
use crate::shell::text;

/// What a name runs.
enum Meaning {
    Alias(BString),
    Keyword,
    Function,
    Builtin,
    Hashed(BString),
    File(BString),
}

fn meanings(shell: &Shell, name: &BString, all: bool, files_only: bool) -> Vec<Meaning> {
    let mut found = Vec::new();
    if !files_only {
        if let Some(value) = shell.st.aliases.get(name).filter(|_| shell.st.shopt("expand_aliases")) {
            found.push(Meaning::Alias(value.clone()));
        }
        if is_reserved(name) {
            found.push(Meaning::Keyword);
        }
        if shell.st.functions.contains_key(name) {
            found.push(Meaning::Function);
        }
        if shell.builtin_named(name).is_some() {
            found.push(Meaning::Builtin);
        }
    }
    if !all && !found.is_empty() {
        return found;
    }
    if !all && let Some((path, _)) = shell.st.hashed.get(name) {
        found.push(Meaning::Hashed(path.clone()));
        return found;
    }
    let path = shell.st.vars.text("PATH").cloned().unwrap_or_default();
    if name.contains(&b'/') {
        if shell.ctx.sys(|s| s.access(name.as_ref(), 1)).is_ok() {
            found.push(Meaning::File(name.clone()));
        }
        return found;
    }
    for dir in path.split_str(":") {
        if let Ok(full) = shell.ctx.sys(|s| s.which(name.as_ref(), BStr::new(dir))) {
            found.push(Meaning::File(full));
            if !all {
                break;
            }
        }
    }
    found
}

pub(super) async fn type_(shell: &mut Shell, words: &[BString]) -> Ran {
    let given = match getopt(shell, words, "afptP").await? {
        Ok(given) => given,
        Err(status) => return Ok(status),
    };
    let mut status = 0;
    for name in &words[given.rest..] {
        let mut list = meanings(shell, name, given.has(b'a'), given.has(b'P'));
        if given.has(b'f') {
            list.retain(|m| !matches!(m, Meaning::Function));
        }
        let mut out = Vec::new();
        for meaning in &list {
            let line = if given.has(b't') {
                match meaning {
                    Meaning::Alias(_) => "alias".to_string(),
                    Meaning::Keyword => "keyword".into(),
                    Meaning::Function => "function".into(),
                    Meaning::Builtin => "builtin".into(),
                    Meaning::Hashed(_) | Meaning::File(_) => "file".into(),
                }
            } else if given.has(b'p') || given.has(b'P') {
                match meaning {
                    Meaning::Hashed(path) | Meaning::File(path) => path.to_string(),
                    _ => continue,
                }
            } else {
                match meaning {
                    Meaning::Alias(value) => format!("{name} is aliased to `{value}'"),
                    Meaning::Keyword => format!("{name} is a shell keyword"),
                    Meaning::Builtin => format!("{name} is a shell builtin"),
                    Meaning::Hashed(path) => format!("{name} is hashed ({path})"),
                    Meaning::File(path) => format!("{name} is {path}"),
                    Meaning::Function => {
                        let mut text = format!("{name} is a function\n").into_bytes();
                        if let Some(function) = shell.st.functions.get(name) {
                            text.extend_from_slice(&super::declare::function_text(name, function));
                        }
                        out.extend_from_slice(&text);
                        continue;
                    }
                }
            };
            out.extend_from_slice(line.as_bytes());
            out.push(b'\n');
        }
        shell.print(&out, "type").await?;
        if list.is_empty() {
            if !given.has(b't') && !given.has(b'p') && !given.has(b'P') {
                shell.complain(format_args!("type: {name}: not found")).await?;
            }
            status = 1;
        }
    }
    Ok(status)
}

pub(super) async fn command(shell: &mut Shell, words: &[BString]) -> Ran {
    let given = match getopt(shell, words, "pVv").await? {
        Ok(given) => given,
        Err(status) => return Ok(status),
    };
    let rest = &words[given.rest..];
    if given.has(b'V') {
        let mut status = 0;
        for name in rest {
            if meanings(shell, name, false, false).is_empty() {
                shell.complain(format_args!("command: {name}: not found")).await?;
                status = 1;
            } else {
                type_(shell, &["type".into(), name.clone()]).await?;
            }
        }
        return Ok(status);
    }
    if given.has(b'v') {
        let mut status = 1;
        for name in rest {
            let list = meanings(shell, name, false, false);
            let Some(first) = list.first() else { continue };
            status = 0;
            let line = match first {
                Meaning::Alias(value) => format!("alias {name}={}", text::single_quote(value)),
                Meaning::Hashed(path) | Meaning::File(path) => path.to_string(),
                _ => name.to_string(),
            };
            shell.print(format!("{line}\n").as_bytes(), "command").await?;
        }
        return Ok(status);
    }
    if rest.is_empty() {
        return Ok(0);
    }
    // Functions are passed over.
    if shell.builtin_named(&rest[0]).is_some() {
        return super::run(shell, rest).await;
    }
    let path = given.has(b'p').then(|| BString::from("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"));
    shell.run_words(rest.to_vec(), path).await
}

pub(super) async fn builtin(shell: &mut Shell, words: &[BString]) -> Ran {
    let words = if words.get(1).is_some_and(|w| w == "--") { &words[1..] } else { words };
    let Some(name) = words.get(1) else { return Ok(0) };
    if super::find(name).is_none() {
        shell.complain(format_args!("builtin: {name}: not a shell builtin")).await?;
        return Ok(1);
    }
    super::run(shell, &words[1..]).await
}

pub(super) async fn caller(shell: &mut Shell, words: &[BString]) -> Ran {
    let n = words.get(1).map_or(0, |w| w.to_str_lossy().parse::<usize>().unwrap_or(usize::MAX));
    let calls = &shell.st.calls;
    let Some(at) = calls.len().checked_sub(n.saturating_add(1)) else { return Ok(1) };
    let line = calls[at].line;
    let outer = at.checked_sub(1).and_then(|o| calls.get(o));
    let function = outer.map_or(BString::from("main"), |c| c.function.clone());
    let source = outer.map_or_else(|| shell.st.name.clone(), |c| c.source.clone());
    let text = if words.len() > 1 { format!("{line} {function} {source}\n") } else { format!("{line} {source}\n") };
    shell.print(text.as_bytes(), "caller").await
}

pub(super) async fn alias(shell: &mut Shell, words: &[BString]) -> Ran {
    let show = |name: &BString, value: &BString| format!("alias {name}={}\n", text::single_quote(value));
    let mut rest = &words[1..];
    let all = rest.first().is_some_and(|w| w == "-p");
    if all {
        rest = &rest[1..];
    }
    if rest.is_empty() {
        let out: String = shell.st.aliases.iter().map(|(n, v)| show(n, v)).collect();
        return shell.print(out.as_bytes(), "alias").await;
    }
    let mut status = 0;
    for word in rest {
        match word.split_once_str("=") {
            Some((name, value)) if !name.is_empty() => {
                Rc::make_mut(&mut shell.st.aliases).insert(name.into(), value.into());
            }
            _ => match shell.st.aliases.get(word) {
                Some(value) => {
                    let line = show(word, value);
                    shell.print(line.as_bytes(), "alias").await?;
                }
                None => {
                    shell.complain(format_args!("alias: {word}: not found")).await?;
                    status = 1;
                }
            },
        }
    }
    Ok(status)
}

pub(super) async fn unalias(shell: &mut Shell, words: &[BString]) -> Ran {
    let given = match getopt(shell, words, "a").await? {
        Ok(given) => given,
        Err(status) => return Ok(status),
    };
    if given.has(b'a') {
        shell.st.aliases = Rc::default();
        return Ok(0);
    }
    if words.len() == given.rest {
        let usage = "unalias: usage: unalias [-a] name [name ...]\n";
        shell.ctx.err(usage).await?;
        return Ok(2);
    }
    let mut status = 0;
    for name in &words[given.rest..] {
        if Rc::make_mut(&mut shell.st.aliases).remove(name).is_none() {
            shell.complain(format_args!("unalias: {name}: not found")).await?;
            status = 1;
        }
    }
    Ok(status)
}

pub(super) async fn hash(shell: &mut Shell, words: &[BString]) -> Ran {
    let given = match getopt(shell, words, "lrp:dt").await? {
        Ok(given) => given,
        Err(status) => return Ok(status),
    };
    let names = &words[given.rest..];
    if given.has(b'r') {
        shell.st.hashed = Rc::default();
    }
    if let Some(path) = given.value(b'p') {
        for name in names {
            Rc::make_mut(&mut shell.st.hashed).insert(name.clone(), (path.clone(), 0));
        }
        return Ok(0);
    }
    if names.is_empty() {
        if given.has(b'r') {
            return Ok(0);
        }
        if shell.st.hashed.is_empty() {
            shell.print(b"hash: hash table empty\n", "hash").await?;
            return Ok(0);
        }
        let mut out = if given.has(b'l') { String::new() } else { "hits\tcommand\n".into() };
        for (name, (path, hits)) in shell.st.hashed.iter() {
            out.push_str(&if given.has(b'l') {
                format!("builtin hash -p {path} {name}\n")
            } else {
                format!("{hits:>4}\t{path}\n")
            });
        }
        return shell.print(out.as_bytes(), "hash").await;
    }
    let mut status = 0;
    for name in names {
        if given.has(b'd') {
            Rc::make_mut(&mut shell.st.hashed).remove(name);
            continue;
        }
        if given.has(b't') {
            match shell.st.hashed.get(name).cloned() {
                Some((path, _)) => drop(shell.print(format!("{path}\n").as_bytes(), "hash").await?),
                None => {
                    shell.complain(format_args!("hash: {name}: not found")).await?;
                    status = 1;
                }
            }
            continue;
        }
        let path = shell.st.vars.text("PATH").cloned().unwrap_or_default();
        match shell.ctx.sys(|s| s.which(name.as_ref(), path.as_ref())) {
            Ok(full) => drop(Rc::make_mut(&mut shell.st.hashed).insert(name.clone(), (full, 0))),
            Err(_) => {
                shell.complain(format_args!("hash: {name}: not found")).await?;
                status = 1;
            }
        }
    }
    Ok(status)
}

pub(super) async fn enable(shell: &mut Shell, words: &[BString]) -> Ran {
    let given = match getopt(shell, words, "adnpsf:").await? {
        Ok(given) => given,
        Err(status) => return Ok(status),
    };
    let names = &words[given.rest..];
    if names.is_empty() {
        let mut out = String::new();
        for b in BUILTINS {
            let off = shell.st.disabled.iter().any(|d| d == b.name);
            if off == given.has(b'n') || given.has(b'a') {
                out.push_str(&format!("enable {}{}\n", if off { "-n " } else { "" }, b.name));
            }
        }
        return shell.print(out.as_bytes(), "enable").await;
    }
    let mut status = 0;
    for name in names {
        if super::find(name).is_none() {
            shell.complain(format_args!("enable: {name}: not a shell builtin")).await?;
            status = 1;
            continue;
        }
        let list = Rc::make_mut(&mut shell.st.disabled);
        list.retain(|d| d != name);
        if given.has(b'n') {
            list.push(name.clone());
        }
    }
    Ok(status)
}

pub(super) async fn help(shell: &mut Shell, words: &[BString]) -> Ran {
    let given = match getopt(shell, words, "dms").await? {
        Ok(given) => given,
        Err(status) => return Ok(status),
    };
    let names = &words[given.rest..];
    let mut out = String::new();
    if names.is_empty() {
        out.push_str("GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)\n");
        out.push_str("These shell commands are defined internally.  Type `help' to see this list.\n");
        out.push_str("Type `help name' to find out more about the function `name'.\n");
        out.push_str("Use `man -k' or `info' to find out more about commands not in this list.\n\n");
        for b in BUILTINS {
            out.push_str(&format!(" {} {}\n", b.name, b.usage));
        }
        return shell.print(out.as_bytes(), "help").await;
    }
    let mut status = 1;
    for name in names {
        let pattern = crate::shell::pattern::Pattern::plain(name, true);
        let exact = super::find(name).is_some();
        for b in BUILTINS {
            let fits = if exact {
                b.name.as_bytes() == name.as_slice()
            } else {
                pattern.matches(b.name.as_bytes()) || b.name.as_bytes().starts_with(name)
            };
            if !fits {
                continue;
            }
            status = 0;
            let usage = format!("{} {}", b.name, b.usage);
            let usage = usage.trim_end();
            out.push_str(&if given.has(b'd') {
                format!("{} - {}\n", b.name, b.summary)
            } else if given.has(b's') {
                format!("{}: {usage}\n", b.name)
            } else {
                format!("{}: {usage}\n    {}\n", b.name, b.summary)
            });
        }
        if status != 0 {
            let what =
                format!("help: no help topics match `{name}'.  Try `help help' or `man -k {name}' or `info {name}'.");
            shell.complain(what).await?;
        }
    }
    shell.print(out.as_bytes(), "help").await?;
    Ok(status)
}

pub(super) async fn times(shell: &mut Shell, _: &[BString]) -> Ran {
    let cpu = shell.ctx.process(|p| p.cpu_ns);
    let show = |ns: u64| {
        let ms = ns / 1_000_000;
        format!("{}m{}.{:03}s", ms / 60_000, ms / 1000 % 60, ms % 1000)
    };
    let text = format!("{} {}\n0m0.000s 0m0.000s\n", show(cpu * 7 / 10), show(cpu * 3 / 10));
    shell.print(text.as_bytes(), "times").await
}

/// (letter, name, unit, soft limit; `None` is unlimited): a small Debian server's.
const LIMITS: &[(u8, &str, &str, Option<u64>)] = &[
    (b'R', "real-time non-blocking time ", "(microseconds, -R)", None),
    (b'c', "core file size             ", "(blocks, -c)", Some(0)),
    (b'd', "data seg size              ", "(kbytes, -d)", None),
    (b'e', "scheduling priority                ", "(-e)", Some(0)),
    (b'f', "file size                  ", "(blocks, -f)", None),
    (b'i', "pending signals                    ", "(-i)", Some(15_587)),
    (b'l', "max locked memory          ", "(kbytes, -l)", Some(504_388)),
    (b'm', "max memory size            ", "(kbytes, -m)", None),
    (b'n', "open files                         ", "(-n)", Some(crate::base::limits::DESCRIPTORS_PER_PROCESS as u64)),
    (b'p', "pipe size               ", "(512 bytes, -p)", Some(8)),
    (b'q', "POSIX message queues        ", "(bytes, -q)", Some(819_200)),
    (b'r', "real-time priority                 ", "(-r)", Some(0)),
    (b's', "stack size                 ", "(kbytes, -s)", Some(8192)),
    (b't', "cpu time                  ", "(seconds, -t)", None),
    (b'u', "max user processes                 ", "(-u)", Some(crate::base::limits::PROCESSES_PER_USER as u64)),
    (b'v', "virtual memory             ", "(kbytes, -v)", None),
    (b'x', "file locks                         ", "(-x)", None),
];

pub(super) async fn ulimit(shell: &mut Shell, words: &[BString]) -> Ran {
    let given = match getopt(shell, words, "SHabcdefiklmnpqrstuvxPRT").await? {
        Ok(given) => given,
        Err(status) => return Ok(status),
    };
    let show = |value: Option<u64>| value.map_or("unlimited".to_string(), |v| v.to_string());
    if given.has(b'a') {
        let out: String =
            LIMITS.iter().map(|(_, name, unit, value)| format!("{name}{unit} {}\n", show(*value))).collect();
        return shell.print(out.as_bytes(), "ulimit").await;
    }
    let letter = given.flags.iter().map(|(f, _)| *f).find(|f| !matches!(f, b'S' | b'H')).unwrap_or(b'f');
    let Some((_, _, _, value)) = LIMITS.iter().find(|(l, ..)| *l == letter) else { return Ok(0) };
    match words.get(given.rest) {
        None => shell.print(format!("{}\n", show(*value)).as_bytes(), "ulimit").await,
        Some(word)
            if word == "unlimited" || word == "hard" || word == "soft" || word.iter().all(u8::is_ascii_digit) =>
        {
            // Limits are fixed in this simulation; asking for what they are is no change.
            if *word != show(*value) && letter != b'c' {
                shell.ctx.note_unmodelled("bash: ulimit with a new value");
            }
            Ok(0)
        }
        Some(word) => {
            shell.complain(format_args!("ulimit: {word}: invalid number")).await?;
            Ok(1)
        }
    }
}

pub(super) async fn umask(shell: &mut Shell, words: &[BString]) -> Ran {
    let given = match getopt(shell, words, "pS").await? {
        Ok(given) => given,
        Err(status) => return Ok(status),
    };
    let mask = shell.ctx.process(|p| p.umask);
    let Some(word) = words.get(given.rest) else {
        let text = if given.has(b'S') {
            let triple = |shift: u16| {
                let bits = !(mask >> shift) & 7;
                [(4, 'r'), (2, 'w'), (1, 'x')]
                    .iter()
                    .filter(|(b, _)| bits & b != 0)
                    .map(|(_, c)| *c)
                    .collect::<String>()
            };
            let text = format!("u={},g={},o={}", triple(6), triple(3), triple(0));
            if given.has(b'p') { format!("umask -S {text}") } else { text }
        } else if given.has(b'p') {
            format!("umask {mask:04o}")
        } else {
            format!("{mask:04o}")
        };
        return shell.print(format!("{text}\n").as_bytes(), "umask").await;
    };
    let new = if word.first().is_some_and(u8::is_ascii_digit) {
        match u16::from_str_radix(&word.to_str_lossy(), 8) {
            Ok(n) if n <= 0o777 => Some(n),
            _ => {
                shell.complain(format_args!("umask: {word}: octal number out of range")).await?;
                return Ok(1);
            }
        }
    } else {
        symbolic(word, mask)
    };
    let Some(new) = new else {
        let c = word.first().map_or(' ', |b| *b as char);
        shell.complain(format_args!("umask: `{c}': invalid symbolic mode operator")).await?;
        return Ok(1);
    };
    let _ = shell.ctx.sys(|s| s.process_mut().map(|p| p.umask = new));
    Ok(0)
}

/// `u=rwx,g-w`: what is allowed, as a mask of what is not.
fn symbolic(text: &[u8], mask: u16) -> Option<u16> {
    let mut allowed = !mask & 0o777;
    for clause in text.split_str(",") {
        let at = clause.iter().position(|b| b"+-=".contains(b))?;
        let mut who = 0;
        for b in &clause[..at] {
            who |= match b {
                b'u' => 0o700,
                b'g' => 0o070,
                b'o' => 0o007,
                b'a' => 0o777,
                _ => return None,
            };
        }
        if at == 0 {
            who = 0o777;
        }
        let mut bits = 0;
        for b in &clause[at + 1..] {
            bits |= match b {
                b'r' => 0o444,
                b'w' => 0o222,
                b'x' => 0o111,
                _ => return None,
            };
        }
        match clause[at] {
            b'+' => allowed |= bits & who,
            b'-' => allowed &= !(bits & who),
            _ => allowed = allowed & !who | bits & who,
        }
    }
    Some(!allowed & 0o777)
}

pub(super) async fn complete(shell: &mut Shell, words: &[BString]) -> Ran {
    let given = match getopt(shell, words, "abcdefgjksuvprDEIo:A:G:W:F:C:X:P:S:").await? {
        Ok(given) => given,
        Err(status) => return Ok(status),
    };
    if given.has(b'r') {
        let table = Rc::make_mut(&mut shell.st.completions);
        if words.len() == given.rest {
            table.clear();
        }
        for name in &words[given.rest..] {
            table.remove(name);
        }
        return Ok(0);
    }
    if given.has(b'p') || words.len() == 1 {
        let out: String = shell.st.completions.iter().map(|(name, spec)| format!("complete {spec}{name}\n")).collect();
        return shell.print(out.as_bytes(), "complete").await;
    }
    let mut spec = String::new();
    for (flag, value) in &given.flags {
        spec.push_str(&format!("-{} ", *flag as char));
        if let Some(value) = value {
            spec.push_str(&format!("{} ", text::shell_quote(value)));
        }
    }
    for name in &words[given.rest..] {
        Rc::make_mut(&mut shell.st.completions).insert(name.clone(), spec.as_str().into());
    }
    Ok(0)
}

pub(super) async fn compgen(shell: &mut Shell, words: &[BString]) -> Ran {
    let given = match getopt(shell, words, "abcdefgjksuvo:A:G:W:F:C:X:P:S:").await? {
        Ok(given) => given,
        Err(status) => return Ok(status),
    };
    let prefix = words.get(given.rest).cloned().unwrap_or_default();
    let mut list: Vec<BString> = Vec::new();
    for (flag, value) in &given.flags {
        match flag {
            b'W' => {
                let text = value.clone().unwrap_or_default();
                let marked: Vec<(u8, bool)> = text.iter().map(|b| (*b, false)).collect();
                list.extend(crate::shell::expand::split_fields(&marked, &shell.st.ifs(), usize::MAX));
            }
            b'b' => list.extend(BUILTINS.iter().map(|b| b.name.into())),
            b'a' => list.extend(shell.st.aliases.keys().cloned()),
            b'v' => list.extend(shell.st.vars.all().into_keys().cloned()),
            b'k' => list.extend(
                [
                    "if", "then", "else", "elif", "fi", "case", "esac", "for", "select", "while", "until", "do",
                    "done", "in", "function", "time", "{", "}", "!", "[[", "]]", "coproc",
                ]
                .map(BString::from),
            ),
            b'u' => {
                let host = shell.ctx.me().host;
                list.extend(shell.ctx.read(|w| {
                    w.host(host).accounts.iter().map(|a| BString::from(a.name.as_str())).collect::<Vec<_>>()
                }));
            }
            b'f' | b'd' => list.extend(crate::shell::completion::files(shell, &prefix, *flag == b'd')),
            b'c' => list.extend(crate::shell::completion::commands(shell, &prefix)),
            b'j' => list.extend(shell.st.jobs.list.iter().map(|j| j.text.clone())),
            b'A' => match value.as_ref().map(|v| v.as_slice()) {
                Some(b"function") => list.extend(shell.st.functions.keys().cloned()),
                Some(b"builtin") => list.extend(BUILTINS.iter().map(|b| b.name.into())),
                Some(b"file") => list.extend(crate::shell::completion::files(shell, &prefix, false)),
                Some(b"variable") => list.extend(shell.st.vars.all().into_keys().cloned()),
                _ => {}
            },
            _ => {}
        }
    }
    list.retain(|w| w.starts_with(&prefix));
    let (before, after) =
        (given.value(b'P').cloned().unwrap_or_default(), given.value(b'S').cloned().unwrap_or_default());
    let mut out = Vec::new();
    for word in &list {
        out.extend_from_slice(&[&before[..], &word[..], &after[..], b"\n"].concat());
    }
    shell.print(&out, "compgen").await?;
    Ok(u8::from(list.is_empty()))
}
