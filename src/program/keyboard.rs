//! The terminal as full-screen programs use it: keys one at a time, without echo, until it is given back.

use bstr::BStr;

use super::context::{Ctx, Stop};
use crate::base::{SimTime, Span};
use crate::world::Errno;
use crate::world::kernel::{Signal, Wait};
use crate::world::sys::OpenFlags;

/// What came from the keyboard, or instead of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    Char(char),
    Ctrl(char),
    Enter,
    Tab,
    Escape,
    Backspace,
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    Home,
    End,
    Delete,
    /// The time to wait for a key is over.
    Timeout,
    /// The window has another size.
    Resize,
    /// A signal that the program has to answer: INT, QUIT, TERM, HUP, TSTP.
    Signal(Signal),
    /// The terminal is gone.
    Gone,
}

/// What full-screen programs catch, so that they can leave the terminal as they found it.
const CAUGHT: &[Signal] = &[Signal::INT, Signal::QUIT, Signal::TERM, Signal::HUP, Signal::TSTP, Signal::WINCH];

/// A keyboard in raw mode.
pub struct Keyboard {
    c: Ctx,
    fd: u32,
    bytes: Vec<u8>,
}

impl Keyboard {
    /// `None` without a controlling terminal.
    pub fn open(c: &Ctx) -> Option<Keyboard> {
        let fd = c.sys(|s| s.open(BStr::new("/dev/tty"), OpenFlags::READ, 0)).ok()?;
        c.sys(|s| s.set_cloexec(fd, true)).ok()?;
        let keyboard = Keyboard { c: c.clone(), fd, bytes: Vec::new() };
        c.catch(CAUGHT);
        keyboard.raw(true);
        Some(keyboard)
    }

    /// Raw mode on or off: off while a child has the terminal.
    pub fn raw(&self, raw: bool) {
        // Without a terminal there is nothing to set.
        let _ = self.c.sys(|s| {
            s.terminal(|t| {
                (t.canonical, t.echo) = (!raw, !raw);
            })
        });
    }

    /// Gives the terminal back.
    pub fn close(&self) {
        self.raw(false);
        self.c.uncatch(CAUGHT);
        self.c.close_input(self.fd);
    }

    /// Stops as ^Z asks, with the terminal given back meanwhile.
    pub async fn suspend(&self) -> Result<(), Stop> {
        self.raw(false);
        self.c.suspend().await?;
        self.raw(true);
        Ok(())
    }

    /// The next key; [`Key::Timeout`] at `until`.
    pub async fn key(&mut self, until: Option<SimTime>) -> Result<Key, Stop> {
        loop {
            if let Some((key, used)) = parse(&self.bytes) {
                self.bytes.drain(..used);
                return Ok(key);
            }
            // The rest of an escape sequence comes at once, or never.
            let partial = (!self.bytes.is_empty()).then(|| self.c.now() + Span::from_millis(25));
            match self.fill(partial.or(until)).await? {
                Fill::More => {}
                Fill::Late if partial.is_some() => {
                    self.bytes.remove(0);
                    return Ok(Key::Escape);
                }
                Fill::Late => return Ok(Key::Timeout),
                Fill::Key(key) => return Ok(key),
            }
        }
    }

    async fn fill(&mut self, until: Option<SimTime>) -> Result<Fill, Stop> {
        match self.c.sys(|s| s.read(self.fd, 256)) {
            Ok(bytes) if bytes.is_empty() => return Ok(Fill::Key(Key::Gone)),
            Ok(bytes) => {
                self.bytes.extend(bytes);
                return Ok(Fill::More);
            }
            Err(Errno::EAGAIN) => {}
            Err(_) => return Ok(Fill::Key(Key::Gone)),
        }
        if until.is_some_and(|t| self.c.now() >= t) {
            return Ok(Fill::Late);
        }
        let Ok(id) = self.c.sys(|s| s.description_id(self.fd)) else { return Ok(Fill::Key(Key::Gone)) };
        let mut waits = vec![Wait::Readable(id)];
        waits.extend(until.map(Wait::Until));
        match self.c.wait(Wait::Any(waits)).await {
            Ok(()) => Ok(Fill::More),
            Err(Stop::Caught(Signal::WINCH)) => Ok(Fill::Key(Key::Resize)),
            Err(Stop::Caught(signal)) => Ok(Fill::Key(Key::Signal(signal))),
            Err(stop) => Err(stop),
        }
    }
}

enum Fill {
    /// Look again.
    More,
    Late,
    Key(Key),
}

/// A key at the start of `bytes`, and its length; `None` if there may be more to it.
fn parse(bytes: &[u8]) -> Option<(Key, usize)> {
    let (&first, rest) = bytes.split_first()?;
    Some(match first {
        b'\r' | b'\n' => (Key::Enter, 1),
        b'\t' => (Key::Tab, 1),
        8 | 0x7f => (Key::Backspace, 1),
        0x1b => match rest {
            [] => return None,
            [b'[' | b'O'] => return None,
            [b'[' | b'O', b'A', ..] => (Key::Up, 3),
            [b'[' | b'O', b'B', ..] => (Key::Down, 3),
            [b'[' | b'O', b'C', ..] => (Key::Right, 3),
            [b'[' | b'O', b'D', ..] => (Key::Left, 3),
            [b'[' | b'O', b'H', ..] => (Key::Home, 3),
            [b'[' | b'O', b'F', ..] => (Key::End, 3),
            [b'[', digit @ b'0'..=b'9', tail @ ..] => {
                let end = tail.iter().position(|b| !b.is_ascii_digit() && *b != b';')?;
                let key = match digit {
                    b'1' | b'7' => Key::Home,
                    b'3' => Key::Delete,
                    b'4' | b'8' => Key::End,
                    b'5' => Key::PageUp,
                    b'6' => Key::PageDown,
                    _ => Key::Escape,
                };
                (key, 3 + end + 1)
            }
            _ => (Key::Escape, 1),
        },
        b @ 1..=26 => (Key::Ctrl(char::from(b + 96)), 1),
        0 | 27..=31 => (Key::Escape, 1),
        32..=126 => (Key::Char(char::from(first)), 1),
        _ => {
            let length = match first {
                0xc0..=0xdf => 2,
                0xe0..=0xef => 3,
                0xf0..=0xf7 => 4,
                _ => 1,
            };
            let text = bytes.get(..length)?;
            let shown = std::str::from_utf8(text).ok().and_then(|t| t.chars().next());
            (Key::Char(shown.unwrap_or('\u{fffd}')), length)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_become_keys() {
        assert_eq!(parse(b"q"), Some((Key::Char('q'), 1)));
        assert_eq!(parse(b"\x1b"), None);
        assert_eq!(parse(b"\x1b[A"), Some((Key::Up, 3)));
        assert_eq!(parse(b"\x1b[5~x"), Some((Key::PageUp, 4)));
        assert_eq!(parse("é".as_bytes()), Some((Key::Char('é'), 2)));
        assert_eq!(parse(b"\x06"), Some((Key::Ctrl('f'), 1)));
    }
}
