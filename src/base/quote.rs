//! Names in messages and listings, quoted as gnulib's `quotearg` does in a UTF-8 locale.

use bstr::ByteSlice;

/// `‘name’`: how a word is named in most complaints.
pub fn quote(text: impl AsRef<[u8]>) -> String {
    let mut out = String::from("‘");
    each_char(text.as_ref(), |piece| match piece {
        Piece::Plain('\\') => out.push_str("\\\\"),
        Piece::Plain('’') => out.push_str("\\’"),
        Piece::Plain(c) => out.push(c),
        Piece::Escape(b) => out.push_str(&escape(b)),
    });
    out.push('’');
    out
}

/// `'name'`: how a file is named in the middle of a complaint; always quoted.
pub fn quoteaf(name: impl AsRef<[u8]>) -> String {
    shell_escape(name.as_ref(), true)
}

/// A file at the start of a complaint, or in `ls` on a terminal: quoted only if the shell would need it.
pub fn quotef(name: impl AsRef<[u8]>) -> String {
    shell_escape(name.as_ref(), false)
}

/// `"name"` with C's escapes: `ls -Q`, `ls -b` without the marks, `stat %N`'s older kin.
pub fn c_escape(name: &[u8], quote: Option<char>) -> String {
    let mut out = String::new();
    out.extend(quote);
    each_char(name, |piece| match piece {
        Piece::Plain('\\') => out.push_str("\\\\"),
        Piece::Plain(' ') if quote.is_none() => out.push_str("\\ "),
        Piece::Plain(c) if Some(c) == quote => {
            out.push('\\');
            out.push(c);
        }
        Piece::Plain(c) => out.push(c),
        Piece::Escape(b) => out.push_str(&escape(b)),
    });
    out.extend(quote);
    out
}

enum Piece {
    Plain(char),
    /// A control byte, or one that is no UTF-8.
    Escape(u8),
}

fn each_char(text: &[u8], mut f: impl FnMut(Piece)) {
    for (from, to, c) in text.char_indices() {
        let bytes = &text[from..to];
        let unprintable = c.is_control() || c == '\u{fffd}' && bytes != "\u{fffd}".as_bytes();
        if unprintable {
            bytes.iter().for_each(|&b| f(Piece::Escape(b)));
        } else {
            f(Piece::Plain(c));
        }
    }
}

fn escape(b: u8) -> String {
    match b {
        7 => "\\a".into(),
        8 => "\\b".into(),
        9 => "\\t".into(),
        10 => "\\n".into(),
        11 => "\\v".into(),
        12 => "\\f".into(),
        13 => "\\r".into(),
        b => format!("\\{b:03o}"),
    }
}

fn shell_escape(name: &[u8], always: bool) -> String {
    let (mut special, mut unprintable, mut single, mut compatible) = (name.is_empty(), false, false, true);
    let mut at = 0;
    each_char(name, |piece| {
        match piece {
            Piece::Plain('#' | '~') => special |= at == 0,
            Piece::Plain('{' | '}') => special |= name.len() == 1,
            Piece::Plain(' ') => special = true,
            Piece::Plain('\'') => (special, single) = (true, true),
            Piece::Plain(
                '!' | '"' | '$' | '&' | '(' | ')' | '*' | ';' | '<' | '=' | '>' | '[' | '^' | '`' | '|' | '?' | '\\',
            ) => (special, compatible) = (true, false),
            Piece::Plain(_) => {}
            Piece::Escape(_) => (special, unprintable, compatible) = (true, true, false),
        }
        at += 1;
    });
    if !special && !always {
        return name.to_str_lossy().into_owned();
    }
    if single && compatible && !unprintable {
        return format!("\"{}\"", name.to_str_lossy());
    }
    let mut out = String::from("'");
    let mut escaping = false;
    each_char(name, |piece| match piece {
        Piece::Escape(b) => {
            if !escaping {
                out.push_str("'$'");
            }
            escaping = true;
            out.push_str(&escape(b));
        }
        Piece::Plain(c) => {
            if escaping {
                out.push_str("''");
            }
            escaping = false;
            if c == '\'' {
                out.push_str("'\\''");
            } else {
                out.push(c);
            }
        }
    });
    out.push('\'');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_as_ls_does() {
        for (name, shown) in [
            (&b"plain"[..], "plain"),
            (b"a b", "'a b'"),
            (b"it's", "\"it's\""),
            (b"it's $1", "'it'\\''s $1'"),
            (b"a\nb", "'a'$'\\n''b'"),
            (b"\xff", "''$'\\377'"),
            (b"x#", "x#"),
            (b"#x", "'#x'"),
            (b"", "''"),
        ] {
            assert_eq!(quotef(name), shown);
        }
        assert_eq!(quoteaf(b"plain"), "'plain'");
        assert_eq!(quote(b"a\\b"), "‘a\\\\b’");
        assert_eq!(c_escape(b"a\"b c", Some('"')), "\"a\\\"b c\"");
    }
}
