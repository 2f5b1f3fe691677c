//! Permission bits as people write them (`u=rwX,go-w`, `0644`) and as `ls -l` shows them.

use crate::world::fs::Kind;

/// A change of mode, ready to be applied to many files.
#[derive(Clone, Debug)]
pub struct ModeChange {
    steps: Vec<Step>,
}

#[derive(Clone, Debug)]
struct Step {
    op: u8,
    /// Whose bits: a mask over 0o7777.
    who: u16,
    /// No letter of `ugoa` was given: the umask takes part.
    umasked: bool,
    bits: u16,
    /// `X`: execution for directories and for what somebody may execute.
    search: bool,
    /// `g=u`: copy from these bits (0o700, 0o070 or 0o007).
    copy: Option<u16>,
    /// Set-id bits of directories that a number does not name stay.
    keep_special: bool,
}

impl ModeChange {
    pub fn parse(text: &[u8]) -> Option<ModeChange> {
        let text = std::str::from_utf8(text).ok()?;
        let digits = text.strip_prefix(['=', '+', '-']).filter(|t| t.starts_with(|c: char| c.is_ascii_digit()));
        if text.starts_with(|c: char| c.is_ascii_digit()) || digits.is_some() {
            let (op, digits) = digits.map_or((b'=', text), |d| (text.as_bytes()[0], d));
            let bits = u16::from_str_radix(digits, 8).ok().filter(|&b| b <= 0o7777)?;
            let keep_special = digits.len() < 5 && op == b'=' && digits.len() == text.len();
            let step = Step { op, who: 0o7777, umasked: false, bits, search: false, copy: None, keep_special };
            return Some(ModeChange { steps: vec![step] });
        }
        let mut steps = Vec::new();
        for clause in text.split(',') {
            let at = clause.find(['+', '-', '='])?;
            let (mut who, mut umasked) = (0, false);
            for letter in clause[..at].chars() {
                who |= match letter {
                    'u' => 0o4700,
                    'g' => 0o2070,
                    'o' => 0o1007,
                    'a' => 0o7777,
                    _ => return None,
                };
            }
            if at == 0 {
                (who, umasked) = (0o7777, true);
            }
            let mut rest = &clause[at..];
            while let Some(op) = rest.bytes().next() {
                let end = rest[1..].find(['+', '-', '=']).map_or(rest.len(), |n| n + 1);
                let mut step = Step { op, who, umasked, bits: 0, search: false, copy: None, keep_special: false };
                for letter in rest[1..end].chars() {
                    match letter {
                        'r' => step.bits |= 0o444,
                        'w' => step.bits |= 0o222,
                        'x' => step.bits |= 0o111,
                        'X' => step.search = true,
                        's' => step.bits |= 0o6000,
                        't' => step.bits |= 0o1000,
                        'u' => step.copy = Some(0o700),
                        'g' => step.copy = Some(0o070),
                        'o' => step.copy = Some(0o007),
                        _ => return None,
                    }
                }
                if op == b'=' && end == 1 {
                    step.keep_special = true;
                }
                steps.push(step);
                rest = &rest[end..];
            }
        }
        Some(ModeChange { steps })
    }

    pub fn apply(&self, mode: u16, is_dir: bool, umask: u16) -> u16 {
        let mut mode = mode;
        for step in &self.steps {
            let mut bits = step.bits;
            if step.search && (is_dir || mode & 0o111 != 0) {
                bits |= 0o111;
            }
            if let Some(from) = step.copy {
                let three = match from {
                    0o700 => mode >> 6 & 7,
                    0o070 => mode >> 3 & 7,
                    _ => mode & 7,
                };
                bits |= three << 6 | three << 3 | three;
            }
            let mut mask = step.who;
            if step.umasked {
                mask &= !umask;
            }
            // A sticky bit belongs to whoever is named.
            let kept = if is_dir && step.keep_special { mode & 0o6000 } else { 0 };
            bits &= mask | if step.umasked { 0o7000 } else { 0 };
            mode = match step.op {
                b'+' => mode | bits,
                b'-' => mode & !bits,
                _ => mode & !step.who | bits | kept,
            };
        }
        mode & 0o7777
    }
}

/// `drwxr-xr-x`
pub fn mode_string(kind: Kind, mode: u16) -> String {
    let mut text = String::with_capacity(10);
    text.push(kind.letter());
    for (shift, special, set, bare) in [(6, 0o4000, 's', 'S'), (3, 0o2000, 's', 'S'), (0, 0o1000, 't', 'T')] {
        let three = mode >> shift & 7;
        text.push(if three & 4 != 0 { 'r' } else { '-' });
        text.push(if three & 2 != 0 { 'w' } else { '-' });
        text.push(match (three & 1 != 0, mode & special != 0) {
            (true, true) => set,
            (false, true) => bare,
            (true, false) => 'x',
            (false, false) => '-',
        });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_change_as_chmod_says() {
        for (change, from, dir, to) in [
            ("644", 0o755, false, 0o644),
            ("755", 0o2755, true, 0o2755),
            ("00755", 0o2755, true, 0o755),
            ("u+x", 0o644, false, 0o744),
            ("+w", 0o444, false, 0o644),
            ("a+X", 0o644, false, 0o644),
            ("a+X", 0o744, false, 0o755),
            ("go=", 0o755, false, 0o700),
            ("g=u,o-r", 0o744, false, 0o770),
            ("u=rwx,g+s", 0o644, true, 0o2744),
            ("+t", 0o755, true, 0o1755),
            ("u+s", 0o755, false, 0o4755),
        ] {
            let got = ModeChange::parse(change.as_bytes()).unwrap().apply(from, dir, 0o022);
            assert_eq!(got, to, "{change} on {from:o}: {got:o}");
        }
        assert!(ModeChange::parse(b"zz").is_none() && ModeChange::parse(b"999").is_none());
        assert_eq!(mode_string(Kind::Dir, 0o1777), "drwxrwxrwt");
    }
}
