//! `read` and `mapfile`: never more input than their own lines.

use bstr::{BString, ByteSlice};

use super::{getopt, usage_error};
use crate::base::{SimTime, Span};
use crate::program::Stop;
use crate::shell::expand::split_fields;
use crate::shell::parse::assignment_split;
use crate::shell::run::{Flow, Ran, Shell};
use crate::shell::variables::Value;
use crate::world::Errno;
use crate::world::kernel::Wait;

/// How a stretch of input ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Delimiter,
    Count,
    /// No more of it.
    Input,
    Timeout,
    Failed(Errno),
}

struct Request {
    fd: u32,
    delimiter: Option<u8>,
    /// Characters at most.
    count: Option<usize>,
    raw: bool,
    deadline: Option<SimTime>,
}

/// Bytes asked for at once where what is too much can be given back.
const CHUNK: u64 = 4096;

/// Reads bytes until the delimiter, with for each whether a backslash protected it.
async fn gather(shell: &mut Shell, request: &Request) -> Result<(Vec<(u8, bool)>, End), Flow> {
    let mut line: Vec<(u8, bool)> = Vec::new();
    let mut characters = 0;
    let mut escaped = false;
    let seekable = shell.ctx.sys(|s| s.offset(request.fd)).is_ok();
    let size = if seekable { CHUNK } else { 1 };
    loop {
        if request.count == Some(0) {
            return Ok((line, End::Count));
        }
        if let Some(deadline) = request.deadline {
            let Ok(id) = shell.ctx.sys(|s| s.description_id(request.fd)) else {
                return Ok((line, End::Failed(Errno::EBADF)));
            };
            match shell.ctx.wait(Wait::Any(vec![Wait::Readable(id), Wait::Until(deadline)])).await {
                Ok(()) => {}
                Err(Stop::Caught(signal)) => {
                    shell.note_caught(signal)?;
                    shell.handle_caught().await?;
                    continue;
                }
                Err(stop) => return Err(stop.into()),
            }
            if !shell.ctx.read(|w| w.wait_is_met(shell.ctx.me(), &Wait::Readable(id))) {
                return Ok((line, End::Timeout));
            }
        }
        let bytes = match shell.ctx.read_fd(request.fd, size).await {
            Ok(Ok(bytes)) => bytes,
            Ok(Err(errno)) => return Ok((line, End::Failed(errno))),
            Err(Stop::Caught(signal)) => {
                // A trap runs, then the read goes on.
                shell.note_caught(signal)?;
                shell.handle_caught().await?;
                continue;
            }
            Err(stop) => return Err(stop.into()),
        };
        if bytes.is_empty() {
            return Ok((line, End::Input));
        }
        let mut used = 0;
        let mut end = None;
        for &b in &bytes {
            used += 1;
            if escaped {
                escaped = false;
                if b != b'\n' {
                    line.push((b, true));
                    characters += 1;
                }
            } else if b == b'\\' && !request.raw {
                escaped = true;
                continue;
            } else if request.delimiter == Some(b) {
                end = Some(End::Delimiter);
                break;
            } else if b == 0 && request.delimiter != Some(0) {
                // bash drops NUL bytes.
                continue;
            } else {
                if b & 0xc0 != 0x80 {
                    characters += 1;
                }
                line.push((b, false));
            }
            if request.count.is_some_and(|n| characters >= n) && complete(&line) {
                end = Some(End::Count);
                break;
            }
        }
        if used < bytes.len() {
            let back = (bytes.len() - used) as u64;
            // It is seekable: its offset was asked for.
            let _ = shell.ctx.sys(|s| {
                let now = s.offset(request.fd)?;
                s.seek(request.fd, now.saturating_sub(back), false)
            });
        }
        shell.ctx.sys(|s| s.charge(used as u64 * 5));
        if let Some(end) = end {
            return Ok((line, end));
        }
        if line.len() > crate::base::limits::EXPANSION_BYTES {
            return Ok((line, End::Failed(Errno::ENOMEM)));
        }
    }
}

/// Does the line end with a whole character?
fn complete(line: &[(u8, bool)]) -> bool {
    let tail: Vec<u8> = line.iter().rev().take(4).rev().map(|(b, _)| *b).collect();
    match tail.iter().rposition(|b| b & 0xc0 != 0x80) {
        Some(start) => {
            let need = match tail[start] {
                0xf0.. => 4,
                0xe0.. => 3,
                0xc0.. => 2,
                _ => 1,
            };
            tail.len() - start >= need
        }
        None => true,
    }
}

/// A line for `select`; `None` at the end of input.
pub(in crate::shell) async fn read_line(shell: &mut Shell, fd: u32) -> Result<Option<BString>, Flow> {
    let request = Request { fd, delimiter: Some(b'\n'), count: None, raw: true, deadline: None };
    let (line, end) = gather(shell, &request).await?;
    let text: BString = line.into_iter().map(|(b, _)| b).collect::<Vec<u8>>().into();
    Ok(if end != End::Delimiter && text.is_empty() { None } else { Some(text) })
}

pub(super) async fn read(shell: &mut Shell, words: &[BString]) -> Ran {
    let given = match getopt(shell, words, "ersa:d:i:n:N:p:t:u:").await? {
        Ok(given) => given,
        Err(status) => return Ok(status),
    };
    let names = &words[given.rest..];
    let number = |flag: u8| given.value(flag).map(|v| v.to_str_lossy().parse::<u64>());
    for (flag, what) in
        [(b'n', "invalid number"), (b'N', "invalid number"), (b'u', "invalid file descriptor specification")]
    {
        if let Some(Err(_)) = number(flag) {
            let value = given.value(flag).cloned().unwrap_or_default();
            shell.complain(format_args!("read: {value}: {what}")).await?;
            return Ok(1);
        }
    }
    for name in names.iter().chain(given.value(b'a')) {
        if !matches!(assignment_split(&[&name[..], b"="].concat()), Some((_, _, false, _))) {
            shell.complain(format_args!("read: `{name}': not a valid identifier")).await?;
            return Ok(1);
        }
    }
    let fd = number(b'u').and_then(Result::ok).map_or(0, |n| n as u32);
    let exact = number(b'N').and_then(Result::ok).map(|n| n as usize);
    let count = exact.or(number(b'n').and_then(Result::ok).map(|n| n as usize));
    let delimiter = match given.value(b'd') {
        _ if exact.is_some() => None,
        Some(d) => Some(d.first().copied().unwrap_or(0)),
        None => Some(b'\n'),
    };
    let timeout = match given.value(b't') {
        None => None,
        Some(text) => match text.to_str_lossy().parse::<f64>() {
            Ok(secs) if secs >= 0.0 => Some(Span::from_secs_f64(secs)),
            _ => {
                shell.complain(format_args!("read: {text}: invalid timeout specification")).await?;
                return Ok(1);
            }
        },
    };
    let Ok(id) = shell.ctx.sys(|s| s.description_id(fd)) else {
        shell.complain(format_args!("read: {fd}: invalid file descriptor: Bad file descriptor")).await?;
        return Ok(1);
    };
    if timeout == Some(Span::ZERO) {
        let ready = shell.ctx.read(|w| w.wait_is_met(shell.ctx.me(), &Wait::Readable(id)));
        return Ok(u8::from(!ready));
    }
    let tty = shell.ctx.is_tty(fd);
    if tty && let Some(prompt) = given.value(b'p') {
        shell.ctx.err(prompt).await?;
    }
    let silent = tty && given.has(b's');
    let raw_tty = tty && (count.is_some() || given.value(b'd').is_some());
    let modes = shell.ctx.sys(|s| s.tty().map(|t| (t.canonical, t.echo)));
    if silent || raw_tty {
        let _ = shell.ctx.sys(|s| {
            s.terminal(|t| {
                t.echo &= !silent;
                t.canonical &= !raw_tty;
            })
        });
    }
    let request =
        Request { fd, delimiter, count, raw: given.has(b'r'), deadline: timeout.map(|t| shell.ctx.now() + t) };
    let gathered = gather(shell, &request).await;
    if (silent || raw_tty)
        && let Some((canonical, echo)) = modes
    {
        let _ = shell.ctx.sys(|s| s.terminal(|t| (t.canonical, t.echo) = (canonical, echo)));
    }
    let (line, end) = gathered?;
    if let End::Failed(errno) = end {
        shell.complain(format_args!("read: read error: {fd}: {errno}")).await?;
        return Ok(1);
    }
    let ifs = shell.st.ifs();
    let whole = |line: &[(u8, bool)]| BString::from(line.iter().map(|(b, _)| *b).collect::<Vec<u8>>());
    let mut status = match end {
        End::Input => 1,
        End::Timeout => 142,
        _ => 0,
    };
    if let Some(array) = given.value(b'a') {
        let fields = if exact.is_some() { vec![whole(&line)] } else { split_fields(&line, &ifs, usize::MAX) };
        if shell.st.vars.get(array).is_some_and(|v| v.readonly) {
            shell.complain(format_args!("{array}: readonly variable")).await?;
            return Ok(1);
        }
        shell.st.vars.entry(array).value = Value::Indexed(std::rc::Rc::new((0..).zip(fields).collect()));
        return Ok(status);
    }
    let values: Vec<(BString, BString)> = if names.is_empty() {
        vec![("REPLY".into(), whole(&line))]
    } else if exact.is_some() {
        let mut values = vec![(names[0].clone(), whole(&line))];
        values.extend(names[1..].iter().map(|n| (n.clone(), BString::default())));
        values
    } else {
        let mut fields = split_fields(&line, &ifs, names.len()).into_iter();
        names.iter().map(|n| (n.clone(), fields.next().unwrap_or_default())).collect()
    };
    for (name, value) in values {
        let Some((base, index, _, _)) = assignment_split(&[&name[..], b"="].concat()) else { continue };
        let place = match index {
            Some(index) => Some(shell.place_of(&base, index).await?),
            None => None,
        };
        if let Err(message) = shell.assign_text(&base, place, value, false) {
            shell.complain(message).await?;
            status = 1;
        }
    }
    Ok(status)
}

pub(super) async fn mapfile(shell: &mut Shell, words: &[BString]) -> Ran {
    let given = match getopt(shell, words, "d:n:O:s:tu:C:c:").await? {
        Ok(given) => given,
        Err(status) => return Ok(status),
    };
    let name = words.get(given.rest).cloned().unwrap_or_else(|| "MAPFILE".into());
    if !crate::shell::parse::is_name(&name) {
        shell.complain(format_args!("{}: `{name}': not a valid identifier", words[0])).await?;
        return Ok(1);
    }
    let mut numbers = [0u64; 5];
    for (slot, flag) in numbers.iter_mut().zip([b'n', b'O', b's', b'u', b'c']) {
        if let Some(text) = given.value(flag) {
            match text.to_str_lossy().parse() {
                Ok(n) => *slot = n,
                Err(_) => {
                    let what = format!("{text}: invalid line count");
                    return usage_error(shell, &words[0], &what).await.map(|_| 1);
                }
            }
        }
    }
    let [most, origin, skip, fd, quantum] = numbers;
    let quantum = if quantum == 0 { 5000 } else { quantum };
    let delimiter = given.value(b'd').map_or(b'\n', |d| d.first().copied().unwrap_or(0));
    let mut array = std::collections::BTreeMap::new();
    if given.value(b'O').is_some()
        && let Some(Value::Indexed(old)) = shell.st.vars.get(&name).map(|v| v.value.clone())
    {
        array = (*old).clone();
    }
    let request = Request { fd: fd as u32, delimiter: Some(delimiter), count: None, raw: true, deadline: None };
    let mut seen = 0;
    let mut at = origin;
    let mut bytes = 0;
    while most == 0 || at - origin < most {
        let (line, end) = gather(shell, &request).await?;
        if let End::Failed(errno) = end {
            shell.complain(format_args!("{}: read error: {fd}: {errno}", words[0])).await?;
            return Ok(1);
        }
        if end == End::Input && line.is_empty() {
            break;
        }
        let mut text: Vec<u8> = line.into_iter().map(|(b, _)| b).collect();
        if end == End::Delimiter && !given.has(b't') && delimiter != 0 {
            text.push(delimiter);
        }
        seen += 1;
        if seen <= skip {
            continue;
        }
        bytes += text.len();
        if bytes > crate::base::limits::EXPANSION_BYTES {
            shell.complain(format_args!("{}: cannot allocate memory", words[0])).await?;
            return Ok(1);
        }
        if let Some(callback) = given.value(b'C')
            && (at - origin + 1) % quantum == 0
        {
            let quoted = crate::shell::text::shell_quote(&text);
            let command = format!("{callback} {at} {quoted}");
            shell.run_text(command, crate::shell::run::Source::Eval).await?;
        }
        array.insert(at, text.into());
        at += 1;
    }
    shell.st.vars.entry(&name).value = Value::Indexed(std::rc::Rc::new(array));
    Ok(0)
}
