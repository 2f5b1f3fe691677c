//! Keys as a terminal encodes them (xterm's table, which every program's terminfo entry means).

/// A key event of the page, reduced to what matters. `key` is the browser's name for it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Press<'a> {
    pub key: &'a str,
    pub ctrl: bool,
    pub alt: bool,
    pub shift: bool,
    pub meta: bool,
}

/// What the terminal does with a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Bytes for the program.
    Send(Vec<u8>),
    /// Text that the mirror textarea receives by itself: its `input` event tells.
    Text,
    Copy,
    /// The browser's paste event brings the text.
    Paste,
    Leave,
    Scroll(Scroll),
    /// To the log, at the last command.
    Review,
    /// The browser's.
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scroll {
    PageUp,
    PageDown,
    LineUp,
    LineDown,
    Top,
    Bottom,
    PreviousCommand,
    NextCommand,
}

/// `at_prompt`: the line editor is listening, so the textarea mirrors its line. `empty`: nothing has been typed at that prompt.
/// `selected`: text of this terminal is selected.
pub fn meaning(press: Press<'_>, app_cursor: bool, at_prompt: bool, empty: bool, selected: bool) -> Meaning {
    let Press { key, ctrl, alt, shift, meta } = press;
    if ctrl && shift {
        match key {
            "L" | "l" => return Meaning::Leave,
            "C" | "c" => return Meaning::Copy,
            "V" | "v" => return Meaning::Paste,
            "ArrowUp" => return Meaning::Scroll(Scroll::LineUp),
            "ArrowDown" => return Meaning::Scroll(Scroll::LineDown),
            _ => {}
        }
    }
    match (key, ctrl, shift) {
        ("Insert", true, false) => return Meaning::Copy,
        ("Insert", false, true) => return Meaning::Paste,
        ("v" | "V", true, false) => return Meaning::Paste,
        ("c", true, false) if selected => return Meaning::Copy,
        ("PageUp", false, true) => return Meaning::Scroll(Scroll::PageUp),
        ("PageDown", false, true) => return Meaning::Scroll(Scroll::PageDown),
        ("Home", false, true) => return Meaning::Scroll(Scroll::Top),
        ("End", false, true) => return Meaning::Scroll(Scroll::Bottom),
        ("ArrowUp", true, false) => return Meaning::Scroll(Scroll::PreviousCommand),
        ("ArrowDown", true, false) => return Meaning::Scroll(Scroll::NextCommand),
        // Backwards out of the terminal, where the key has no other use.
        ("Tab", false, true) if at_prompt && empty => return Meaning::Leave,
        ("F2", false, false) if alt => return Meaning::Review,
        _ => {}
    }
    if meta || key == "Unidentified" || key == "Process" || key == "Dead" {
        return Meaning::Other;
    }
    if let Some(bytes) = named(key, ctrl, alt, shift, app_cursor) {
        return Meaning::Send(bytes);
    }
    let mut chars = key.chars();
    let (Some(c), None) = (chars.next(), chars.next()) else { return Meaning::Other };
    match (ctrl, alt) {
        // AltGr arrives as Ctrl+Alt: it makes a character, which the textarea gets.
        (true, true) | (false, false) => Meaning::Text,
        (true, false) => control(c).map_or(Meaning::Other, |byte| Meaning::Send(vec![byte])),
        (false, true) => {
            let mut bytes = vec![0x1b];
            bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            Meaning::Send(bytes)
        }
    }
}

fn control(c: char) -> Option<u8> {
    match c.to_ascii_lowercase() {
        c @ 'a'..='z' => Some(c as u8 - b'a' + 1),
        '@' | ' ' | '2' => Some(0),
        '[' | '3' => Some(0x1b),
        '\\' | '4' => Some(0x1c),
        ']' | '5' => Some(0x1d),
        '^' | '6' => Some(0x1e),
        '_' | '/' | '7' | '-' => Some(0x1f),
        '8' => Some(0x7f),
        _ => None,
    }
}

fn named(key: &str, ctrl: bool, alt: bool, shift: bool, app_cursor: bool) -> Option<Vec<u8>> {
    // xterm's modifier number: 1, plus 1 for Shift, 2 for Alt, 4 for Ctrl.
    let modifier = 1 + shift as u8 + 2 * alt as u8 + 4 * ctrl as u8;
    let letter = |c: char| {
        let text = match (modifier, app_cursor) {
            (1, true) => format!("\x1bO{c}"),
            (1, false) => format!("\x1b[{c}"),
            _ => format!("\x1b[1;{modifier}{c}"),
        };
        Some(text.into_bytes())
    };
    let tilde = |n: u8| {
        let text = if modifier == 1 { format!("\x1b[{n}~") } else { format!("\x1b[{n};{modifier}~") };
        Some(text.into_bytes())
    };
    let escaped = |byte: u8| Some(if alt { vec![0x1b, byte] } else { vec![byte] });
    match key {
        "Enter" => escaped(b'\r'),
        "Tab" if shift => Some(b"\x1b[Z".to_vec()),
        "Tab" => escaped(b'\t'),
        // Ctrl+W closes a browser's tab: Ctrl+Backspace and Alt+Backspace delete a word instead.
        "Backspace" if ctrl => Some(vec![0x17]),
        "Backspace" => escaped(0x7f),
        "Escape" => Some(vec![0x1b]),
        "ArrowUp" => letter('A'),
        "ArrowDown" => letter('B'),
        "ArrowRight" => letter('C'),
        "ArrowLeft" => letter('D'),
        "Home" => letter('H'),
        "End" => letter('F'),
        "Insert" => tilde(2),
        "Delete" => tilde(3),
        "PageUp" => tilde(5),
        "PageDown" => tilde(6),
        "F1" => Some(b"\x1bOP".to_vec()),
        "F2" => Some(b"\x1bOQ".to_vec()),
        "F3" => Some(b"\x1bOR".to_vec()),
        "F4" => Some(b"\x1bOS".to_vec()),
        "F10" => tilde(21),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(key: &str, mods: &str) -> Vec<u8> {
        let press = Press {
            key,
            ctrl: mods.contains('c'),
            alt: mods.contains('a'),
            shift: mods.contains('s'),
            meta: mods.contains('m'),
        };
        match meaning(press, mods.contains('A'), true, false, false) {
            Meaning::Send(bytes) => bytes,
            other => panic!("{key} {mods}: {other:?}"),
        }
    }

    #[test]
    fn keys_are_what_programs_expect() {
        for (key, mods, bytes) in [
            ("ArrowUp", "", &b"\x1b[A"[..]),
            ("ArrowUp", "A", b"\x1bOA"),
            ("ArrowLeft", "c", b"\x1b[1;5D"),
            ("Home", "", b"\x1b[H"),
            ("Delete", "", b"\x1b[3~"),
            ("Enter", "", b"\r"),
            ("Backspace", "", b"\x7f"),
            ("Backspace", "c", b"\x17"),
            ("Backspace", "a", b"\x1b\x7f"),
            ("c", "c", b"\x03"),
            ("w", "c", b"\x17"),
            ("_", "cs", b"\x1f"),
            ("b", "a", b"\x1bb"),
            ("ö", "a", "\x1bö".as_bytes()),
        ] {
            assert_eq!(sent(key, mods), bytes, "{key} {mods}");
        }
    }

    #[test]
    fn the_page_keeps_its_own_keys() {
        let press = |key, mods: &str| Press {
            key,
            ctrl: mods.contains('c'),
            shift: mods.contains('s'),
            alt: mods.contains('a'),
            meta: mods.contains('m'),
        };
        let of = |p, empty, selected| meaning(p, false, true, empty, selected);
        assert_eq!(of(press("L", "cs"), false, false), Meaning::Leave);
        assert_eq!(of(press("c", "c"), false, true), Meaning::Copy);
        assert_eq!(of(press("v", "c"), false, false), Meaning::Paste);
        assert_eq!(of(press("Tab", "s"), true, false), Meaning::Leave);
        assert_eq!(of(press("Tab", "s"), false, false), Meaning::Send(b"\x1b[Z".to_vec()));
        assert_eq!(of(press("a", ""), false, false), Meaning::Text);
        assert_eq!(of(press("€", "ca"), false, false), Meaning::Text, "AltGr");
        assert_eq!(of(press("k", "m"), false, false), Meaning::Other);
        assert_eq!(of(press("F5", ""), false, false), Meaning::Other);
        assert_eq!(of(press("PageUp", "s"), false, false), Meaning::Scroll(Scroll::PageUp));
    }
}
