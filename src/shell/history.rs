//! History expansion: `!!`, `!$`, `!n`, `!text`, `^old^new` (bash(1), HISTORY EXPANSION).

use bstr::{BString, ByteSlice};

/// The line with its events replaced, and whether there were any. The error is bash's text.
pub fn expand(line: &[u8], history: &[BString], base: u64) -> Result<(BString, bool), String> {
    if let Some(rest) = line.strip_prefix(b"^") {
        return quick(rest, history);
    }
    let mut out = BString::default();
    let mut changed = false;
    let mut at = 0;
    let mut single = false;
    let mut double = false;
    while at < line.len() {
        let b = line[at];
        match b {
            b'\\' if !single && at + 1 < line.len() => {
                out.extend_from_slice(&line[at..at + 2]);
                at += 2;
                continue;
            }
            b'\'' if !double => single = !single,
            b'"' if !single => double = !double,
            b'!' if !single => {
                let next = line.get(at + 1).copied();
                let plain = matches!(next, None | Some(b' ' | b'\t' | b'\n' | b'=' | b'('));
                let special = !(plain || double && next == Some(b'"'));
                // `$!` and `${!x}` are parameters, `[!a]` a pattern.
                let after = at.checked_sub(1).map(|n| line[n]);
                if special && !matches!(after, Some(b'$' | b'{' | b'[')) {
                    let (text, n) = event(&line[at + 1..], history, base)?;
                    out.extend_from_slice(&text);
                    at += 1 + n;
                    changed = true;
                    continue;
                }
            }
            _ => {}
        }
        out.push(b);
        at += 1;
    }
    Ok((out, changed))
}

fn quick(rest: &[u8], history: &[BString]) -> Result<(BString, bool), String> {
    let mut parts = rest.splitn_str(3, "^");
    let (old, new) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let last = history.last().ok_or("^: event not found")?;
    if old.is_empty() || !last.contains_str(old) {
        return Err(format!(":s^{}: substitution failed", rest.as_bstr()));
    }
    Ok((last.replacen(old, new, 1).into(), true))
}

/// What follows `!`: the text and how long it was.
fn event(text: &[u8], history: &[BString], base: u64) -> Result<(BString, usize), String> {
    let missing = |n: usize| format!("!{}: event not found", text[..n.min(text.len())].as_bstr());
    let word_end = |from: usize| {
        let stop = |b: &u8| {
            matches!(b, b' ' | b'\t' | b'\n' | b':' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')' | b'"' | b'\'')
        };
        text[from..].iter().position(stop).map_or(text.len(), |n| from + n)
    };
    let (line, mut used): (BString, usize) = match text.first() {
        Some(b'!') => (history.last().cloned().ok_or_else(|| missing(1))?, 1),
        Some(b'$' | b'^' | b'*' | b':') => (history.last().cloned().ok_or_else(|| missing(1))?, 0),
        Some(b'-' | b'0'..=b'9') => {
            let negative = text[0] == b'-';
            let digits = text.iter().skip(usize::from(negative)).take_while(|b| b.is_ascii_digit()).count();
            let n = digits + usize::from(negative);
            let number: u64 = text[usize::from(negative)..n].to_str_lossy().parse().unwrap_or(0);
            let at = if negative { (history.len() as u64).checked_sub(number) } else { number.checked_sub(base + 1) };
            let line = at.and_then(|at| history.get(at as usize)).cloned().ok_or_else(|| missing(n))?;
            (line, n)
        }
        Some(b'?') => {
            let end = text[1..].find_byte(b'?').map_or(word_end(1), |n| n + 1);
            let wanted = &text[1..end];
            let line = history.iter().rev().find(|l| l.contains_str(wanted)).cloned().ok_or_else(|| missing(end))?;
            (line, if text.get(end) == Some(&b'?') { end + 1 } else { end })
        }
        _ => {
            let end = word_end(0);
            let wanted = &text[..end];
            let line = history.iter().rev().find(|l| l.starts_with(wanted)).cloned().ok_or_else(|| missing(end))?;
            (line, end)
        }
    };
    // Which words of it.
    let colon = text.get(used) == Some(&b':');
    let at = used + usize::from(colon);
    let words = words(&line);
    let last = words.len().saturating_sub(1);
    let chosen: Option<(usize, usize, usize)> = match text.get(at) {
        Some(b'$') => Some((last, last, 1)),
        Some(b'^') => Some((1, 1, 1)),
        Some(b'*') => Some((1, last, 1)),
        Some(b'0'..=b'9') if colon => {
            let digits = text[at..].iter().take_while(|b| b.is_ascii_digit()).count();
            let n: usize = text[at..at + digits].to_str_lossy().parse().unwrap_or(0);
            match text.get(at + digits) {
                Some(b'*') => Some((n, last, digits + 1)),
                Some(b'-') => {
                    let more = text[at + digits + 1..].iter().take_while(|b| b.is_ascii_digit()).count();
                    let to = text[at + digits + 1..at + digits + 1 + more]
                        .to_str_lossy()
                        .parse()
                        .unwrap_or(last.saturating_sub(1));
                    Some((n, to, digits + 1 + more))
                }
                _ => Some((n, n, digits)),
            }
        }
        _ => None,
    };
    let mut result = line;
    if let Some((from, to, n)) = chosen {
        if to >= words.len() && !(from == 1 && to == last) || from > to + 1 {
            return Err(format!("{}: bad word specifier", text[used..at + n].as_bstr()));
        }
        let list = words.get(from..=to).unwrap_or_default();
        result = bstr::join(" ", list).into();
        used = at + n;
    }
    // Modifiers.
    while text.get(used) == Some(&b':') {
        match text.get(used + 1) {
            Some(b'h') => {
                let at = result.rfind_byte(b'/').unwrap_or(result.len());
                result.truncate(at);
            }
            Some(b't') => result = result.rsplit_str("/").next().unwrap_or_default().into(),
            Some(b'r') => {
                let at = result.rfind_byte(b'.').unwrap_or(result.len());
                result.truncate(at);
            }
            Some(b'e') => result = result.rfind_byte(b'.').map_or(BString::default(), |n| result[n..].into()),
            Some(b'p') => {}
            Some(b's') => {
                let Some(&mark) = text.get(used + 2) else { break };
                let rest = &text[used + 3..];
                let mut parts = rest.splitn(3, |&b| b == mark);
                let (old, new) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
                if !result.contains_str(old) {
                    return Err(format!("{}: substitution failed", text[used..].as_bstr()));
                }
                result = result.replacen(old, new, 1).into();
                used += 1 + old.len() + 1 + new.len() + usize::from(rest.len() > old.len() + 1 + new.len());
            }
            _ => break,
        }
        used += 2;
    }
    Ok((result, used.min(text.len())))
}

/// A line's words, quotes kept.
pub fn words(line: &[u8]) -> Vec<BString> {
    let mut words = Vec::new();
    let mut current = BString::default();
    let mut quote = 0u8;
    let mut bytes = line.iter().copied().peekable();
    while let Some(b) = bytes.next() {
        match b {
            b' ' | b'\t' | b'\n' if quote == 0 => {
                if !current.is_empty() {
                    words.push(std::mem::take(&mut current));
                }
            }
            b'\\' if quote != b'\'' => {
                current.push(b);
                current.extend(bytes.next());
            }
            b'\'' | b'"' => {
                current.push(b);
                if quote == 0 {
                    quote = b;
                } else if quote == b {
                    quote = 0;
                }
            }
            b'|' | b'&' | b';' | b'<' | b'>' | b'(' | b')' if quote == 0 => {
                if !current.is_empty() && !current.iter().all(|c| b"|&;<>".contains(c)) {
                    words.push(std::mem::take(&mut current));
                }
                current.push(b);
                if bytes.peek().is_none_or(|n| !b"|&;<>".contains(n)) {
                    words.push(std::mem::take(&mut current));
                }
            }
            b => current.push(b),
        }
    }
    if !current.is_empty() {
        words.push(current);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events() {
        let history: Vec<BString> = ["ls -l /tmp", "echo a b c", "grep x /var/log/app.log"].map(BString::from).to_vec();
        for (line, expected) in [
            ("!!", "grep x /var/log/app.log"),
            ("sudo !!", "sudo grep x /var/log/app.log"),
            ("cat !$", "cat /var/log/app.log"),
            ("echo !echo:2", "echo b"),
            ("!1", "ls -l /tmp"),
            ("!-2", "echo a b c"),
            ("!ec:*", "a b c"),
            ("^x^y", "grep y /var/log/app.log"),
            ("ls !$:h", "ls /var/log"),
            ("echo '!!'", "echo '!!'"),
            ("[ ! -f x ]", "[ ! -f x ]"),
            ("!nope", "!nope: event not found"),
            ("echo $! ${!x}", "echo $! ${!x}"),
        ] {
            let got = expand(line.as_bytes(), &history, 0).map_or_else(|e| e, |(l, _)| l.to_string());
            assert_eq!(got, expected, "{line}");
        }
    }
}
