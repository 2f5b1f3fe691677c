//! Block sizes of `df` and `du`: `-h`, `-H`, `-B SIZE`, `-k` and the environment's.

use bstr::{BStr, BString, ByteSlice};

use crate::base::human::{human, parse_size};
use crate::program::{Args, Ctx};

/// How sizes are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// `1.5G`, by powers of this.
    Human(u64),
    /// Multiples of `size` bytes; `suffix` if SIZE was a unit without a number (`-BM`).
    Blocks { size: u64, suffix: Option<(char, bool)> },
}

impl Scale {
    pub const KIBI: Scale = Scale::Blocks { size: 1024, suffix: None };

    /// Of the last option given, else of the environment, else 1024 (512 where POSIXLY_CORRECT is set).
    /// The error is the argument that is not a size, and the option it came with.
    pub fn of(c: &Ctx, a: &Args, variable: &str) -> Result<Scale, (BString, &'static str)> {
        let mut scale = None;
        for (option, value) in a.given() {
            let name = if option.long.is_empty() { option.short.map_or("", |l| letter(l)) } else { option.long };
            scale = match (name, value) {
                ("human-readable", _) => Some(Scale::Human(1024)),
                ("si", _) => Some(Scale::Human(1000)),
                ("k", _) => Some(Scale::KIBI),
                ("m", _) => Some(Scale::Blocks { size: 1 << 20, suffix: None }),
                ("bytes", _) => Some(Scale::Blocks { size: 1, suffix: None }),
                ("block-size", Some(value)) => match Scale::parse(value.as_ref()) {
                    Some(scale) => Some(scale),
                    None => return Err((value.clone(), "B")),
                },
                _ => scale,
            };
        }
        let from_environment = || {
            [variable, "BLOCK_SIZE", "BLOCKSIZE"].iter().find_map(|name| c.env(name)).and_then(|v| {
                // An invalid size in the environment is ignored.
                Scale::parse(v.as_ref())
            })
        };
        let default = || match c.env("POSIXLY_CORRECT") {
            Some(_) => Scale::Blocks { size: 512, suffix: None },
            None => Scale::KIBI,
        };
        Ok(scale.or_else(from_environment).unwrap_or_else(default))
    }

    fn parse(text: &BStr) -> Option<Scale> {
        match text.as_bytes() {
            b"human-readable" => return Some(Scale::Human(1024)),
            b"si" => return Some(Scale::Human(1000)),
            _ => {}
        }
        let size = parse_size(text).ok().filter(|&n| n > 0)?;
        let unit = text.first().filter(|b| !b.is_ascii_digit());
        let suffix = unit.map(|&b| (char::from(b), text.ends_with(b"B") && !text.ends_with(b"iB")));
        Some(Scale::Blocks { size, suffix })
    }

    /// A number of bytes in this scale, rounded up.
    pub fn show(self, bytes: u64) -> String {
        match self {
            Scale::Human(base) => human(bytes, base),
            Scale::Blocks { size, suffix } => {
                let tail = match suffix {
                    Some((unit, true)) => format!("{}B", unit.to_ascii_uppercase()),
                    Some((unit, false)) => unit.to_ascii_uppercase().to_string(),
                    None => String::new(),
                };
                format!("{}{tail}", bytes.div_ceil(size))
            }
        }
    }

    /// A count that has no block size: inodes.
    pub fn count(self, count: u64) -> String {
        match self {
            Scale::Human(base) => human(count, base),
            Scale::Blocks { .. } => count.to_string(),
        }
    }

    /// `df`'s column: `1K-blocks`, `1M-blocks`, `512B-blocks`, `1kB-blocks`.
    pub fn heading(self) -> String {
        let Scale::Blocks { size, .. } = self else { return "Size".into() };
        let (mut by_1000, mut by_1024) = (size, size);
        let base = loop {
            let (d, k) = (by_1000.is_multiple_of(1000), by_1024.is_multiple_of(1024));
            (by_1000, by_1024) = (by_1000 / 1000, by_1024 / 1024);
            match (d, k) {
                (true, true) => {}
                (false, true) => break 1024,
                (true, false) => break 1000,
                (false, false) => break 0,
            }
        };
        let text = human(size, if base == 1024 { 1024 } else { 1000 });
        // A whole number of units is shown without its ".0".
        let text = text.replace(".0", "");
        if base == 1024 { format!("{text}-blocks") } else { format!("{text}B-blocks") }
    }
}

fn letter(c: char) -> &'static str {
    match c {
        'k' => "k",
        'm' => "m",
        'h' => "human-readable",
        'H' => "si",
        _ => "",
    }
}
