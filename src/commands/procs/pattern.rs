//! Extended regular expressions for `pgrep`, `killall -r` and the pager's search.

/// Until the shared POSIX layer is here: literals, `.`, sets, `*`, `+`, `?`, anchors and `|` at the top level.
#[derive(Clone, Debug)]
pub struct Pattern {
    branches: Vec<Branch>,
}

#[derive(Clone, Debug, Default)]
struct Branch {
    from_start: bool,
    to_end: bool,
    items: Vec<(Item, Repeat)>,
}

#[derive(Clone, Debug)]
enum Item {
    Any,
    Byte(u8),
    Set(Vec<(u8, u8)>, bool),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Repeat {
    Once,
    Maybe,
    Any,
    Some,
}

impl Pattern {
    /// `None` for an unfinished set or quote.
    pub fn new(text: &[u8], ignore_case: bool) -> Option<Pattern> {
        let mut branches = vec![Branch::default()];
        let mut rest = text;
        while let Some((&b, tail)) = rest.split_first() {
            rest = tail;
            let branch = branches.last_mut()?;
            let item = match b {
                b'|' => {
                    branches.push(Branch::default());
                    continue;
                }
                b'(' | b')' => continue,
                b'^' if branch.items.is_empty() => {
                    branch.from_start = true;
                    continue;
                }
                b'$' if matches!(rest.first(), None | Some(b'|' | b')')) => {
                    branch.to_end = true;
                    continue;
                }
                b'*' | b'+' | b'?' => {
                    if let Some(last) = branch.items.last_mut() {
                        last.1 = match b {
                            b'*' => Repeat::Any,
                            b'+' => Repeat::Some,
                            _ => Repeat::Maybe,
                        };
                    }
                    continue;
                }
                b'.' => Item::Any,
                b'[' => {
                    let negated = rest.first() == Some(&b'^');
                    let set = if negated { &rest[1..] } else { rest };
                    let end = set.iter().skip(1).position(|&b| b == b']')? + 1;
                    let (mut ranges, mut n) = (Vec::new(), 0);
                    while n < end {
                        let wide = n + 2 < end && set[n + 1] == b'-';
                        let high = if wide { set[n + 2] } else { set[n] };
                        ranges.push((fold(set[n], ignore_case), fold(high, ignore_case)));
                        n += if wide { 3 } else { 1 };
                    }
                    rest = &set[end + 1..];
                    Item::Set(ranges, negated)
                }
                b'\\' => {
                    let (&quoted, tail) = rest.split_first()?;
                    rest = tail;
                    Item::Byte(fold(quoted, ignore_case))
                }
                b => Item::Byte(fold(b, ignore_case)),
            };
            branch.items.push((item, Repeat::Once));
        }
        Some(Pattern { branches })
    }

    /// The first match: from, to. Greedy from the leftmost start.
    pub fn find(&self, text: &[u8], ignore_case: bool) -> Option<(usize, usize)> {
        let folded: Vec<u8> = text.iter().map(|&b| fold(b, ignore_case)).collect();
        (0..=folded.len()).find_map(|from| {
            let ends = self.branches.iter().filter(|b| from == 0 || !b.from_start);
            ends.filter_map(|b| b.longest(&folded, from)).max().map(|to| (from, to))
        })
    }
    pub fn is_match(&self, text: &[u8], ignore_case: bool) -> bool {
        self.find(text, ignore_case).is_some()
    }
}

impl Branch {
    /// Where the longest match from here ends: all positions that the items reach, step by step.
    fn longest(&self, text: &[u8], from: usize) -> Option<usize> {
        let mut reached = std::collections::BTreeSet::from([from]);
        for (item, repeat) in &self.items {
            let mut next = std::collections::BTreeSet::new();
            for &at in &reached {
                let mut at = at;
                if matches!(repeat, Repeat::Maybe | Repeat::Any) {
                    next.insert(at);
                }
                while text.get(at).is_some_and(|&b| item.matches(b)) {
                    at += 1;
                    next.insert(at);
                    if matches!(repeat, Repeat::Once | Repeat::Maybe) {
                        break;
                    }
                }
            }
            reached = next;
        }
        reached.into_iter().rev().find(|&to| !self.to_end || to == text.len())
    }
}

impl Item {
    fn matches(&self, b: u8) -> bool {
        match self {
            Item::Any => true,
            Item::Byte(own) => *own == b,
            Item::Set(ranges, negated) => ranges.iter().any(|&(low, high)| (low..=high).contains(&b)) != *negated,
        }
    }
}

fn fold(b: u8, ignore_case: bool) -> u8 {
    if ignore_case { b.to_ascii_lowercase() } else { b }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_find_their_longest_match() {
        let find = |p: &str, t: &str| Pattern::new(p.as_bytes(), false).unwrap().find(t.as_bytes(), false);
        assert_eq!(find("a+b*", "xaabb"), Some((1, 5)));
        assert_eq!(find("^ng|ssh", "sshd"), Some((0, 3)));
        assert_eq!(find("^[a-m]+$", "gin"), None);
        assert_eq!(find("e$", "node"), Some((3, 4)));
        assert!(Pattern::new(b"[a", false).is_none());
    }
}
