//! Sizes as GNU's `-h` prints them, and sizes as people type them (`10M`, `1.5GB`).

/// Powers of the unit, in GNU's letters. With base 1000 the first is a small `k`.
const LETTERS: &[u8; 8] = b"KMGTPEZY";

/// `df -h`, `du -h`, `ls -lh` (base 1024) and their `--si` (base 1000): rounded up, one decimal below ten.
pub fn human(bytes: u64, base: u64) -> String {
    let base = u128::from(base.max(2));
    let bytes = u128::from(bytes);
    if bytes < base {
        return bytes.to_string();
    }
    let mut unit = base;
    let mut power = 0;
    while bytes / unit >= base && power + 1 < LETTERS.len() {
        unit *= base;
        power += 1;
    }
    loop {
        let letter = if base == 1000 && power == 0 { 'k' } else { char::from(LETTERS[power]) };
        // The rounding itself may reach ten, or the next unit.
        let tenths = (bytes * 10).div_ceil(unit);
        if tenths < 100 {
            return format!("{}.{}{letter}", tenths / 10, tenths % 10);
        }
        let whole = bytes.div_ceil(unit);
        if whole < base || power + 1 == LETTERS.len() {
            return format!("{whole}{letter}");
        }
        unit *= base;
        power += 1;
    }
}

/// util-linux's form (`lsblk`, `findmnt`): powers of 1024, one decimal unless it is zero, rounded to nearest.
pub fn short(bytes: u64) -> String {
    let mut power = 0;
    while power < 6 && bytes >> (10 * (power + 1)) > 0 {
        power += 1;
    }
    if power == 0 {
        return format!("{bytes}B");
    }
    let unit = 1u64 << (10 * power);
    let (mut whole, rest) = (bytes / unit, bytes % unit);
    let mut tenths = (rest / (unit / 1024) * 1000 / 1024 + 50) / 100;
    if tenths == 10 {
        (whole, tenths) = (whole + 1, 0);
    }
    let letter = char::from(LETTERS[power - 1]);
    if tenths == 0 { format!("{whole}{letter}") } else { format!("{whole}.{tenths}{letter}") }
}

/// Why a size can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SizeError {
    Invalid,
    /// A number with a suffix nobody knows.
    Suffix,
    Overflow,
}

/// A whole number with GNU's multiplier (xstrtoumax with `bkKmMGTPEZY0` suffixes): `b` 512, `kB` 1000, `K`/`KiB` 1024.
pub fn parse_size(text: &[u8]) -> Result<u64, SizeError> {
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let (number, suffix) = text.split_at(digits);
    if digits == 0 && suffix.is_empty() {
        return Err(SizeError::Invalid);
    }
    let mut value: u64 = if digits == 0 { 1 } else { 0 };
    for &d in number {
        let next = value.checked_mul(10).and_then(|v| v.checked_add(u64::from(d - b'0')));
        value = next.ok_or(SizeError::Overflow)?;
    }
    let Some(scale) = scale(suffix) else {
        return Err(if digits == 0 { SizeError::Invalid } else { SizeError::Suffix });
    };
    value.checked_mul(scale?).ok_or(SizeError::Overflow)
}

/// What a suffix multiplies by; `None` for one that GNU does not know.
fn scale(suffix: &[u8]) -> Option<Result<u64, SizeError>> {
    let (letter, rest) = match suffix {
        [] => return Some(Ok(1)),
        b"b" => return Some(Ok(512)),
        b"c" => return Some(Ok(1)),
        b"w" => return Some(Ok(2)),
        [letter, rest @ ..] => (*letter, rest),
    };
    let power = match letter {
        b'k' => 1,
        b'm' => 2,
        _ => LETTERS.iter().position(|&l| l == letter)? as u32 + 1,
    };
    let base: u64 = match rest {
        b"" | b"iB" => 1024,
        b"B" => 1000,
        _ => return None,
    };
    Some(base.checked_pow(power).ok_or(SizeError::Overflow))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_rounded_up_as_gnu_does() {
        for (bytes, text) in [
            (0, "0"),
            (1023, "1023"),
            (1024, "1.0K"),
            (1025, "1.1K"),
            (10_239, "10K"),
            (10_241, "11K"),
            (1_048_575, "1.0M"),
            (999_424, "976K"),
            (58 << 30, "58G"),
            (u64::MAX, "16E"),
        ] {
            assert_eq!(human(bytes, 1024), text, "{bytes}");
        }
        for (bytes, text) in [(999, "999"), (1000, "1.0k"), (9_900, "9.9k"), (9_901, "10k"), (999_001, "1.0M")] {
            assert_eq!(human(bytes, 1000), text, "{bytes}");
        }
    }

    #[test]
    fn sizes_are_read_with_gnu_s_suffixes() {
        for (text, value) in [("5", 5), ("2b", 1024), ("1K", 1024), ("1kB", 1000), ("3MiB", 3 << 20), ("G", 1 << 30)] {
            assert_eq!(parse_size(text.as_bytes()), Ok(value), "{text}");
        }
        assert_eq!(parse_size(b"1Q"), Err(SizeError::Suffix));
        assert_eq!(parse_size(b"x"), Err(SizeError::Invalid));
        assert_eq!(parse_size(b"99Y"), Err(SizeError::Overflow));
    }
}
