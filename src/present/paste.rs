//! Pasted text on its way to a terminal.

/// Text that is safe to hand to a program: control characters but tab and newline are dropped, so that a paste can neither
/// end its own brackets nor press keys; line ends become Enter.
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' => {
                if chars.peek() == Some(&'\n') {
                    chars.next();
                }
                out.push('\r');
            }
            '\n' => out.push('\r'),
            '\t' => out.push('\t'),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// The bytes for the program: wrapped if it asked for that (mode 2004).
pub fn bytes(text: &str, bracketed: bool) -> Vec<u8> {
    let text = clean(text);
    if bracketed { format!("\x1b[200~{text}\x1b[201~").into_bytes() } else { text.into_bytes() }
}

/// Lines that would be run one after the other: more than one asks the player first.
pub fn lines(text: &str) -> usize {
    clean(text).trim_end_matches('\r').split('\r').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paste_cannot_press_keys() {
        assert_eq!(bytes("ls\x1b[201~\x03\r\nrm -rf /\n", true), b"\x1b[200~ls[201~\rrm -rf /\r\x1b[201~");
        assert_eq!(bytes("a\tb", false), b"a\tb");
    }

    #[test]
    fn more_than_one_line_is_noticed() {
        assert_eq!(lines("ls\n"), 1);
        assert_eq!(lines("cd /\nls\n"), 2);
    }
}
