//! Bytes from a keyboard, cut into keys.

/// How many bytes the first key takes; `None` while it is incomplete.
pub(super) fn key_length(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [0x1b] => None,
        [0x1b, b'[', rest @ ..] => rest.iter().position(|b| (0x40..0x7f).contains(b)).map(|at| at + 3),
        [0x1b, b'O', rest @ ..] => (!rest.is_empty()).then_some(3),
        [0x1b, ..] => Some(2),
        [first, ..] => {
            let length = match first {
                0xc0..=0xdf => 2,
                0xe0..=0xef => 3,
                0xf0..=0xf7 => 4,
                _ => 1,
            };
            (bytes.len() >= length).then_some(length)
        }
        [] => None,
    }
}
