//! Bytes as the shell writes them: C escapes, and quoting so that it can be read back.

use bstr::{BString, ByteSlice};

/// Whose escapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escapes {
    /// `$'…'`
    Ansi,
    /// `echo -e`: octal needs a leading zero, `\c` ends the output.
    Echo,
    /// `printf`'s format.
    Format,
    /// `printf`'s `%b`.
    Argument,
}

/// The text with its escapes replaced; `true` if `\c` ended it.
pub fn unescape(text: &[u8], kind: Escapes) -> (Vec<u8>, bool) {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        if text[at] != b'\\' || at + 1 >= text.len() {
            out.push(text[at]);
            at += 1;
            continue;
        }
        match escape(&text[at..], kind, &mut out) {
            Some(n) => at += n,
            None => return (out, true),
        }
    }
    (out, false)
}

/// One escape at the beginning of `text`: its length, or `None` for `\c` that ends everything.
pub fn escape(text: &[u8], kind: Escapes, out: &mut Vec<u8>) -> Option<usize> {
    let number = |from: usize, radix: u32, most: usize| -> (u32, usize) {
        let digits = text[from.min(text.len())..]
            .iter()
            .take(most)
            .map_while(|&b| (b as char).to_digit(radix))
            .collect::<Vec<_>>();
        (digits.iter().fold(0u32, |n, d| n.wrapping_mul(radix).wrapping_add(*d)), digits.len())
    };
    let simple = match text[1] {
        b'a' => 7,
        b'b' => 8,
        b'e' | b'E' if kind != Escapes::Format || text[1] == b'e' => 27,
        b'f' => 12,
        b'n' => 10,
        b'r' => 13,
        b't' => 9,
        b'v' => 11,
        b'\\' => b'\\',
        b'\'' if matches!(kind, Escapes::Ansi | Escapes::Format) => b'\'',
        b'"' if matches!(kind, Escapes::Ansi | Escapes::Format) => b'"',
        b'?' if matches!(kind, Escapes::Ansi | Escapes::Format) => b'?',
        b'x' => {
            let (n, len) = number(2, 16, 2);
            if len == 0 {
                out.extend_from_slice(b"\\x");
                return Some(2);
            }
            out.push(n as u8);
            return Some(2 + len);
        }
        b'u' | b'U' => {
            let (n, len) = number(2, 16, if text[1] == b'u' { 4 } else { 8 });
            if len == 0 {
                out.extend_from_slice(&text[..2]);
                return Some(2);
            }
            match char::from_u32(n) {
                Some(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
                None => out.extend_from_slice(&text[..2 + len]),
            }
            return Some(2 + len);
        }
        b'c' if kind == Escapes::Ansi => {
            let Some(&c) = text.get(2) else {
                out.extend_from_slice(b"\\c");
                return Some(2);
            };
            out.push(if c == b'?' { 0x7f } else { c.to_ascii_uppercase() & 0x1f });
            return Some(3);
        }
        b'c' if kind != Escapes::Format => return None,
        b'0' if matches!(kind, Escapes::Echo | Escapes::Argument) => {
            let (n, len) = number(2, 8, 3);
            out.push(n as u8);
            return Some(2 + len);
        }
        b'0'..=b'7' if kind != Escapes::Echo => {
            let (n, len) = number(1, 8, 3);
            out.push(n as u8);
            return Some(1 + len);
        }
        other => {
            out.extend_from_slice(&[b'\\', other]);
            return Some(2);
        }
    };
    out.push(simple);
    Some(2)
}

fn is_safe(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'/' | b':' | b'@' | b'%' | b'+' | b'=' | b',')
}

fn needs_ansi(text: &[u8]) -> bool {
    text.iter().any(|&b| b < 0x20 || b == 0x7f) || text.to_str().is_err()
}

/// `$'…'`
pub fn ansi_quote(text: &[u8]) -> BString {
    let mut out = BString::from("$'");
    let mut rest = text;
    while let Some(&b) = rest.first() {
        let (c, n) = bstr::decode_utf8(rest);
        match b {
            7 => out.extend_from_slice(b"\\a"),
            8 => out.extend_from_slice(b"\\b"),
            27 => out.extend_from_slice(b"\\E"),
            12 => out.extend_from_slice(b"\\f"),
            10 => out.extend_from_slice(b"\\n"),
            13 => out.extend_from_slice(b"\\r"),
            9 => out.extend_from_slice(b"\\t"),
            11 => out.extend_from_slice(b"\\v"),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\'' => out.extend_from_slice(b"\\'"),
            _ if b < 0x20 || b == 0x7f || c.is_none() => out.extend_from_slice(format!("\\{b:03o}").as_bytes()),
            _ => out.extend_from_slice(&rest[..n]),
        }
        rest = &rest[if c.is_none() { 1 } else { n }..];
    }
    out.push(b'\'');
    out
}

/// `'…'`, a quote inside as `'\''`.
pub fn single_quote(text: &[u8]) -> BString {
    let mut out = BString::from("'");
    for &b in text {
        if b == b'\'' {
            out.extend_from_slice(b"'\\''");
        } else {
            out.push(b);
        }
    }
    out.push(b'\'');
    out
}

/// `printf %q`: backslashes.
pub fn backslash_quote(text: &[u8]) -> BString {
    if text.is_empty() {
        return "''".into();
    }
    if needs_ansi(text) {
        return ansi_quote(text);
    }
    let mut out = BString::default();
    for (n, &b) in text.iter().enumerate() {
        let plain = is_safe(b) && b != b',' || b >= 0x80 || b == b'~' && n > 0 || b == b'#' && n > 0;
        if !plain {
            out.push(b'\\');
        }
        out.push(b);
    }
    out
}

/// As `set -x` and `set` show a word: quotes only where they are needed.
pub fn shell_quote(text: &[u8]) -> BString {
    if text.is_empty() {
        return "''".into();
    }
    if needs_ansi(text) {
        return ansi_quote(text);
    }
    let plain = text.iter().enumerate().all(|(n, &b)| {
        is_safe(b)
            || b >= 0x80
            || b == b'~' && n > 0
            || b == b'#' && n > 0
            || matches!(b, b'{' | b'}') && text.len() == 1
    });
    if plain { text.into() } else { single_quote(text) }
}

/// `${x@Q}`: always quoted.
pub fn always_quote(text: &[u8]) -> BString {
    if needs_ansi(text) { ansi_quote(text) } else { single_quote(text) }
}

/// A value as `declare -p` shows it: in double quotes.
pub fn double_quote(text: &[u8]) -> BString {
    if needs_ansi(text) {
        return ansi_quote(text);
    }
    let mut out = BString::from("\"");
    for &b in text {
        if matches!(b, b'"' | b'\\' | b'$' | b'`') {
            out.push(b'\\');
        }
        out.push(b);
    }
    out.push(b'"');
    out
}
