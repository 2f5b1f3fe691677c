//! find's `-printf` and `-ls`.

use bstr::{BString, ByteSlice};

use super::Entry;
use crate::base::SimTime;
use crate::base::printf::{Escape, unescape};
use crate::commands::support::mode::mode_string;
use crate::commands::support::owner::host;
use crate::commands::support::times;
use crate::program::Ctx;
use crate::world::fs::Kind;

/// The letter of `-type`.
fn letter(kind: Kind) -> char {
    if kind == Kind::File { 'f' } else { kind.letter() }
}

pub fn printf(c: &Ctx, format: &[u8], entry: &Entry) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(&b) = format.get(at) {
        match b {
            b'\\' => match unescape(&format[at..], false) {
                Escape::Bytes(bytes, used) => {
                    out.extend(bytes);
                    at += used;
                }
                Escape::Stop => return out,
                Escape::MissingHex => {
                    out.push(b'\\');
                    at += 1;
                }
            },
            b'%' => {
                let from = at;
                at += 1;
                while format.get(at).is_some_and(|b| b"-+ #0123456789.".contains(b)) {
                    at += 1;
                }
                let flags = &format[from + 1..at];
                let Some(&letter) = format.get(at) else {
                    out.extend_from_slice(&format[from..]);
                    break;
                };
                at += 1;
                if letter == b'%' {
                    out.push(b'%');
                    continue;
                }
                let sub = if matches!(letter, b'A' | b'C' | b'T') {
                    let sub = format.get(at).copied().unwrap_or(b'@');
                    at += 1;
                    sub
                } else {
                    0
                };
                match field(c, entry, letter, sub) {
                    Some(text) => out.extend(fit(&text, flags)),
                    None => out.extend_from_slice(&format[from..at.min(format.len())]),
                }
            }
            _ => {
                out.push(b);
                at += 1;
            }
        }
    }
    out
}

fn fit(text: &[u8], flags: &[u8]) -> Vec<u8> {
    let spec = flags.to_str_lossy();
    let left = spec.contains('-');
    let digits = spec.trim_start_matches(['-', '+', ' ', '#']);
    let (width, precision) = digits.split_once('.').unwrap_or((digits, ""));
    let width: usize = width.parse().unwrap_or(0).min(4096);
    let cut = precision.parse().unwrap_or(text.len()).min(text.len());
    let text = &text[..cut];
    let fill = width.saturating_sub(text.len());
    if left { [text, &vec![b' '; fill]].concat() } else { [&vec![b' '; fill], text].concat() }
}

fn field(c: &Ctx, entry: &Entry, letter_: u8, sub: u8) -> Option<BString> {
    let stat = &entry.stat;
    let when = |t: SimTime| -> BString {
        let zone = times::zone(c);
        let civil = times::civil(t, &zone);
        let format: &[u8] = match sub {
            0 => b"%a %b %e %H:%M:%S.%N0 %Y",
            b'@' => b"%s.%N0",
            b'+' => b"%Y-%m-%d+%H:%M:%S.%N0",
            b'S' => b"%S.%N0",
            b'T' => b"%H:%M:%S.%N0",
            b'X' => b"%H:%M:%S.%N0",
            b'c' => b"%a %b %e %H:%M:%S.%N0 %Y",
            other => return civil.format(&[b'%', other]).into(),
        };
        civil.format(format).into()
    };
    let text = |t: String| Some(BString::from(t));
    match letter_ {
        b'a' => Some(when(stat.atime)),
        b'A' => Some(when(stat.atime)),
        b'b' => text(stat.blocks.to_string()),
        b'c' | b'C' => Some(when(stat.ctime)),
        b'd' => text(entry.depth.to_string()),
        b'D' => text((0x800 + u64::from(stat.dev) + 1).to_string()),
        b'f' => Some(entry.name().into()),
        b'F' => text(host(c, |h| h.fs.volume(stat.dev).map(|v| v.fstype.clone())).unwrap_or_default()),
        b'g' => text(host(c, |h| h.group_name(stat.gid))),
        b'G' => text(stat.gid.to_string()),
        b'h' => Some(match entry.path.rsplit_once_str("/") {
            Some((b"", _)) => "".into(),
            Some((above, _)) => above.into(),
            None => ".".into(),
        }),
        b'H' => Some(entry.start.clone()),
        b'i' => text(stat.ino.to_string()),
        b'k' => text(stat.blocks.div_ceil(2).to_string()),
        b'l' => {
            Some(if entry.is_link { c.sys(|s| s.readlink(entry.path.as_ref())).unwrap_or_default() } else { "".into() })
        }
        b'm' => text(format!("{:o}", stat.mode)),
        b'M' => text(mode_string(stat.kind, stat.mode)),
        b'n' => text(stat.nlink.to_string()),
        b'p' => Some(entry.path.clone()),
        b'P' => {
            let rest = entry.path.strip_prefix(&entry.start[..]).unwrap_or(&entry.path);
            Some(rest.strip_prefix(b"/").unwrap_or(rest).into())
        }
        b's' => text(stat.size.to_string()),
        b'S' => {
            text(if stat.size == 0 { "1".into() } else { format!("{}", (stat.blocks * 512) as f64 / stat.size as f64) })
        }
        b't' | b'T' => Some(when(stat.mtime)),
        b'u' => text(host(c, |h| h.user_name(stat.uid))),
        b'U' => text(stat.uid.to_string()),
        b'y' => text(letter(stat.kind).to_string()),
        b'Y' => text(match entry.is_link.then(|| c.sys(|s| s.stat(entry.path.as_ref()))) {
            None => letter(stat.kind).to_string(),
            Some(Ok(target)) => letter(target.kind).to_string(),
            Some(Err(crate::world::Errno::ELOOP)) => "L".into(),
            Some(Err(_)) => "N".into(),
        }),
        b'Z' => text(String::new()),
        _ => None,
    }
}

/// A row of `-ls`.
pub fn list(c: &Ctx, entry: &Entry) -> String {
    let stat = &entry.stat;
    let zone = times::zone(c);
    let (now, t) = (times::micros(c.now()), times::micros(stat.mtime));
    let recent = t <= now + 3_600_000_000 && t > now - 15_778_476 * 1_000_000;
    let format: &[u8] = if recent { b"%b %e %H:%M" } else { b"%b %e  %Y" };
    let when = times::civil(stat.mtime, &zone).format(format);
    let (user, group) = host(c, |h| (h.user_name(stat.uid), h.group_name(stat.gid)));
    let mut line = format!(
        "{:>9} {:>6} {} {:>3} {:<8} {:<8} {:>8} {} {}",
        stat.ino,
        stat.blocks.div_ceil(2),
        mode_string(stat.kind, stat.mode),
        stat.nlink,
        user,
        group,
        stat.size,
        when.to_str_lossy(),
        crate::base::quote::c_escape(&entry.path, None),
    );
    if entry.is_link {
        let target = c.sys(|s| s.readlink(entry.path.as_ref())).unwrap_or_default();
        line.push_str(&format!(" -> {target}"));
    }
    line.push('\n');
    line
}
