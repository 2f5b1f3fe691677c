//! Shell patterns over bytes: `*`, `?`, `[…]` with classes and ranges, backslash. UTF-8 characters count as one.

/// How a pattern meets slashes, periods and case.
#[derive(Clone, Copy, Debug, Default)]
pub struct Flags {
    /// `*`, `?` and `[` do not match `/`.
    pub pathname: bool,
    /// A leading period must be matched by one.
    pub period: bool,
    pub fold_case: bool,
}

/// Does the whole text match?
pub fn matches(pattern: &[u8], text: &[u8]) -> bool {
    matches_with(pattern, text, Flags::default())
}

pub fn matches_with(pattern: &[u8], text: &[u8], flags: Flags) -> bool {
    let (mut p, mut t) = (0, 0);
    // Where to go on after a mismatch: the last star, and how much it has eaten.
    let mut star: Option<(usize, usize)> = None;
    loop {
        let step = match pattern.get(p) {
            Some(b'*') => {
                if flags.period && leading(text, t, flags) && text.get(t) == Some(&b'.') {
                    None
                } else {
                    star = Some((p, t));
                    p += 1;
                    continue;
                }
            }
            None if t == text.len() => return true,
            None => None,
            Some(_) if t == text.len() => None,
            Some(_) => one(&pattern[p..], text, t, flags),
        };
        match (step, star) {
            (Some((used, width)), _) => (p, t) = (p + used, t + width),
            (None, Some((at, from))) if from < text.len() && !(flags.pathname && text[from] == b'/') => {
                let next = from + width_at(text, from);
                star = Some((at, next));
                (p, t) = (at + 1, next);
            }
            _ => return false,
        }
    }
}

fn leading(text: &[u8], at: usize, flags: Flags) -> bool {
    at == 0 || flags.pathname && text[at - 1] == b'/'
}

/// Bytes of the character at `at`; 1 for what is no UTF-8.
fn width_at(text: &[u8], at: usize) -> usize {
    let width = match text[at] {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => 1,
    };
    match text.get(at..at + width) {
        Some(bytes) if std::str::from_utf8(bytes).is_ok() => width,
        _ => 1,
    }
}

fn char_at(text: &[u8], at: usize) -> (u32, usize) {
    let width = width_at(text, at);
    let c = std::str::from_utf8(&text[at..at + width]).ok().and_then(|s| s.chars().next());
    // A byte that is no character is outside all of them.
    (c.map_or(0x11_0000 + u32::from(text[at]), u32::from), width)
}

fn fold(c: u32, flags: Flags) -> u32 {
    if !flags.fold_case {
        return c;
    }
    char::from_u32(c).and_then(|c| c.to_lowercase().next()).map_or(c, u32::from)
}

/// One element of the pattern against the character at `t`: (pattern bytes used, text bytes used).
fn one(pattern: &[u8], text: &[u8], t: usize, flags: Flags) -> Option<(usize, usize)> {
    let (c, width) = char_at(text, t);
    let special = flags.pathname && c == u32::from('/') || flags.period && text[t] == b'.' && leading(text, t, flags);
    match pattern[0] {
        b'?' => (!special).then_some((1, width)),
        b'[' => match bracket(pattern, c, flags) {
            Some((used, hit)) => (hit && !special).then_some((used, width)),
            // Without an end it is a bracket like any other character.
            None => (c == u32::from('[')).then_some((1, width)),
        },
        b'\\' if pattern.len() > 1 => {
            let (want, used) = char_at(pattern, 1);
            (fold(want, flags) == fold(c, flags)).then_some((used + 1, width))
        }
        _ => {
            let (want, used) = char_at(pattern, 0);
            (fold(want, flags) == fold(c, flags)).then_some((used, width))
        }
    }
}

/// `[…]`: (its length, does it hold `c`?); `None` if it has no end.
fn bracket(pattern: &[u8], c: u32, flags: Flags) -> Option<(usize, bool)> {
    let mut at = 1;
    let negated = matches!(pattern.get(at), Some(b'!' | b'^'));
    at += usize::from(negated);
    let first = at;
    let mut hit = false;
    loop {
        match pattern.get(at)? {
            b']' if at > first => return Some((at + 1, hit != negated)),
            b'[' if pattern.get(at + 1) == Some(&b':') => {
                let rest = &pattern[at + 2..];
                let end = rest.windows(2).position(|w| w == b":]")?;
                hit |= in_class(&rest[..end], c, flags);
                at += end + 4;
            }
            b'[' if matches!(pattern.get(at + 1), Some(b'=' | b'.')) => {
                let close = [pattern[at + 1], b']'];
                let rest = &pattern[at + 2..];
                let end = rest.windows(2).position(|w| w == close)?;
                hit |= end > 0 && char_at(rest, 0).0 == c;
                at += end + 4;
            }
            _ => {
                let (low, next) = literal(pattern, at)?;
                at = next;
                let ranged = pattern.get(at) == Some(&b'-') && !matches!(pattern.get(at + 1), None | Some(b']'));
                let high = if ranged {
                    let (high, next) = literal(pattern, at + 1)?;
                    at = next;
                    high
                } else {
                    low
                };
                hit |= (low..=high).contains(&c)
                    || flags.fold_case
                        && char::from_u32(c).is_some_and(|ch| {
                            let other =
                                if ch.is_lowercase() { ch.to_uppercase().next() } else { ch.to_lowercase().next() };
                            other.is_some_and(|o| (low..=high).contains(&u32::from(o)))
                        });
            }
        }
    }
}

fn literal(pattern: &[u8], at: usize) -> Option<(u32, usize)> {
    let at = if pattern.get(at)? == &b'\\' && at + 1 < pattern.len() { at + 1 } else { at };
    let (c, width) = char_at(pattern, at);
    Some((c, at + width))
}

fn in_class(name: &[u8], c: u32, flags: Flags) -> bool {
    let Some(c) = char::from_u32(c) else { return false };
    match name {
        b"alpha" => c.is_alphabetic(),
        b"digit" => c.is_ascii_digit(),
        b"alnum" => c.is_alphanumeric(),
        b"upper" => c.is_uppercase() || flags.fold_case && c.is_lowercase(),
        b"lower" => c.is_lowercase() || flags.fold_case && c.is_uppercase(),
        b"space" => c.is_whitespace(),
        b"blank" => c == ' ' || c == '\t',
        b"punct" => c.is_ascii_punctuation(),
        b"cntrl" => c.is_control(),
        b"print" => !c.is_control(),
        b"graph" => !c.is_control() && !c.is_whitespace(),
        b"xdigit" => c.is_ascii_hexdigit(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_the_shell_s_do() {
        for (pattern, text, hit) in [
            ("*.log", "app.log", true),
            ("*.log", ".log", true),
            ("a?c", "aéc", true),
            ("[!a-c]x", "dx", true),
            ("[!a-c]x", "bx", false),
            ("[]]", "]", true),
            ("[a", "[a", true),
            ("\\*", "*", true),
            ("[[:digit:]]*", "7up", true),
            ("a*b*c", "axxbyybzzc", true),
            ("a*b*c", "axxbyybzz", false),
            ("", "", true),
            ("**", "x", true),
        ] {
            assert_eq!(matches(pattern.as_bytes(), text.as_bytes()), hit, "{pattern} {text}");
        }
        let path = Flags { pathname: true, period: true, fold_case: false };
        assert!(!matches_with(b"*", b"a/b", path) && !matches_with(b"*", b".a", path));
        assert!(matches_with(b"A*", b"abc", Flags { fold_case: true, ..Flags::default() }));
    }
}
