//! Shell patterns (fnmatch(3) with bash's classes and extended groups). Without groups a pattern runs as a set of
//! states in one pass; with groups by backtracking within a budget.

use bstr::ByteSlice;

/// Steps a pattern with extended groups may take before it counts as no match.
const BUDGET: u32 = 2_000_000;

#[derive(Clone, Debug)]
enum Element {
    Bytes(Vec<u8>),
    Any,
    Star,
    Set { negated: bool, items: Vec<(char, char)> },
    Group { kind: u8, alternatives: Vec<Vec<Element>> },
}

#[derive(Clone, Debug)]
pub struct Pattern {
    elements: Vec<Element>,
    nocase: bool,
    grouped: bool,
}

/// Does the text contain what a pattern treats specially? (Quoted bytes come as `true`.)
pub fn has_magic(text: &[(u8, bool)], extglob: bool) -> bool {
    let mut open = false;
    text.iter().enumerate().any(|(n, &(b, quoted))| {
        if quoted {
            return false;
        }
        match b {
            b'*' | b'?' => true,
            b'[' => {
                open = true;
                false
            }
            b']' => open,
            b'+' | b'@' | b'!' => extglob && text.get(n + 1) == Some(&(b'(', false)),
            _ => false,
        }
    })
}

impl Pattern {
    /// `text` with, for each byte, whether it was quoted.
    pub fn new(text: &[(u8, bool)], extglob: bool, nocase: bool) -> Pattern {
        let mut c = Compiler { text, at: 0, extglob, grouped: false };
        let elements = c.sequence(false);
        Pattern { elements, nocase, grouped: c.grouped }
    }
    /// An unquoted text.
    pub fn plain(text: &[u8], extglob: bool) -> Pattern {
        let text: Vec<(u8, bool)> = text.iter().map(|&b| (b, false)).collect();
        Pattern::new(&text, extglob, false)
    }
    /// The pattern's text, if it can match only that.
    pub fn literal(&self) -> Option<Vec<u8>> {
        if self.nocase {
            return None;
        }
        let parts = self.elements.iter().map(|e| if let Element::Bytes(b) = e { Some(b.as_slice()) } else { None });
        parts.collect::<Option<Vec<_>>>().map(|p| p.concat())
    }
    /// Does it begin with a dot that stands for itself?
    pub fn starts_with_dot(&self) -> bool {
        matches!(self.elements.first(), Some(Element::Bytes(b)) if b.first() == Some(&b'.'))
    }

    pub fn matches(&self, text: &[u8]) -> bool {
        if self.grouped {
            let mut budget = BUDGET;
            return self.run(&self.elements, text, 0, &mut budget, &mut |end| end == text.len());
        }
        self.ends(text).last() == Some(&text.len())
    }
    /// The end of the longest or shortest match that begins at the beginning.
    pub fn prefix(&self, text: &[u8], longest: bool) -> Option<usize> {
        if self.grouped {
            let mut budget = BUDGET;
            let mut best: Option<usize> = None;
            self.run(&self.elements, text, 0, &mut budget, &mut |end| {
                best = Some(best.map_or(end, |b| if longest { b.max(end) } else { b.min(end) }));
                false
            });
            return best;
        }
        let ends = self.ends(text);
        if longest { ends.last().copied() } else { ends.first().copied() }
    }
    /// The start of the longest or shortest match that ends at the end.
    pub fn suffix(&self, text: &[u8], longest: bool) -> Option<usize> {
        let mut starts: Vec<usize> = text.char_indices().map(|(start, _, _)| start).collect();
        starts.push(text.len());
        let fits = |start: &&usize| self.matches(&text[**start..]);
        if longest { starts.iter().find(fits).copied() } else { starts.iter().rev().find(fits).copied() }
    }

    /// All ends of matches from the beginning, ascending: a pass with the set of reachable states.
    fn ends(&self, text: &[u8]) -> Vec<usize> {
        // A state is (element, bytes of a literal already matched).
        let mut ends = Vec::new();
        let mut states: Vec<(usize, usize)> = vec![(0, 0)];
        let mut at = 0;
        loop {
            // Stars may match nothing.
            let mut n = 0;
            while n < states.len() {
                let (e, _) = states[n];
                if matches!(self.elements.get(e), Some(Element::Star)) && !states.contains(&(e + 1, 0)) {
                    states.push((e + 1, 0));
                }
                n += 1;
            }
            if states.contains(&(self.elements.len(), 0)) {
                ends.push(at);
            }
            if at >= text.len() || states.is_empty() {
                return ends;
            }
            let len = crate::base::regex::char_len(&text[at..]).max(1);
            let c = &text[at..at + len];
            let mut next = Vec::with_capacity(states.len() + 1);
            for &(e, done) in &states {
                let to = match self.elements.get(e) {
                    Some(Element::Star) => Some((e, 0)),
                    Some(Element::Any) => Some((e + 1, 0)),
                    Some(set @ Element::Set { .. }) => self.set_matches(set, c).then_some((e + 1, 0)),
                    Some(Element::Bytes(bytes)) => {
                        let here = bytes.get(done..done + len);
                        let same = here.is_some_and(|h| self.same(h, c));
                        same.then(|| if done + len == bytes.len() { (e + 1, 0) } else { (e, done + len) })
                    }
                    _ => None,
                };
                if let Some(to) = to
                    && !next.contains(&to)
                {
                    next.push(to);
                }
            }
            states = next;
            at += len;
        }
    }

    fn same(&self, a: &[u8], b: &[u8]) -> bool {
        a == b
            || self.nocase
                && match (a.to_str(), b.to_str()) {
                    (Ok(a), Ok(b)) => a.to_lowercase() == b.to_lowercase(),
                    _ => false,
                }
    }

    fn set_matches(&self, set: &Element, c: &[u8]) -> bool {
        let Element::Set { negated, items } = set else { return false };
        let (Some(c), _) = bstr::decode_utf8(c) else { return *negated };
        let inside = |c: char| items.iter().any(|&(a, b)| a <= c && c <= b);
        let mut yes = inside(c);
        if self.nocase && !yes {
            yes = c.to_lowercase().any(inside) || c.to_uppercase().any(inside);
        }
        yes != *negated
    }

    /// Matches `elements` at `pos` and hands every end to `then` until it says yes.
    fn run(
        &self,
        elements: &[Element],
        text: &[u8],
        pos: usize,
        budget: &mut u32,
        then: &mut dyn FnMut(usize) -> bool,
    ) -> bool {
        if *budget == 0 {
            return false;
        }
        *budget -= 1;
        let Some((first, rest)) = elements.split_first() else { return then(pos) };
        let len = crate::base::regex::char_len(&text[pos..]);
        match first {
            Element::Bytes(bytes) => {
                let here = text.get(pos..pos + bytes.len());
                here.is_some_and(|h| self.same(h, bytes)) && self.run(rest, text, pos + bytes.len(), budget, then)
            }
            Element::Any => len > 0 && self.run(rest, text, pos + len, budget, then),
            Element::Set { .. } => {
                len > 0
                    && self.set_matches(first, &text[pos..pos + len])
                    && self.run(rest, text, pos + len, budget, then)
            }
            Element::Star => {
                let mut at = pos;
                loop {
                    if self.run(rest, text, at, budget, then) {
                        return true;
                    }
                    let len = crate::base::regex::char_len(&text[at..]);
                    if len == 0 || *budget == 0 {
                        return false;
                    }
                    at += len;
                }
            }
            Element::Group { kind: b'!', alternatives } => {
                // Every stretch that no alternative matches whole.
                let mut at = pos;
                loop {
                    let inner = &text[pos..at];
                    let mut matched = false;
                    for alternative in alternatives {
                        matched |= self.run(alternative, inner, 0, budget, &mut |end| end == inner.len());
                    }
                    if !matched && self.run(rest, text, at, budget, then) {
                        return true;
                    }
                    let len = crate::base::regex::char_len(&text[at..]);
                    if len == 0 || *budget == 0 {
                        return false;
                    }
                    at += len;
                }
            }
            Element::Group { kind, alternatives } => {
                if matches!(kind, b'?' | b'*') && self.run(rest, text, pos, budget, then) {
                    return true;
                }
                for alternative in alternatives {
                    let mut ends = Vec::new();
                    self.run(alternative, text, pos, budget, &mut |end| {
                        ends.push(end);
                        false
                    });
                    for end in ends {
                        let again = matches!(kind, b'*' | b'+') && end > pos;
                        if self.run(rest, text, end, budget, then) {
                            return true;
                        }
                        if again {
                            let more = Element::Group { kind: b'+', alternatives: alternatives.clone() };
                            let mut list = vec![more];
                            list.extend_from_slice(rest);
                            if self.run(&list, text, end, budget, then) {
                                return true;
                            }
                        }
                    }
                }
                false
            }
        }
    }
}

struct Compiler<'a> {
    text: &'a [(u8, bool)],
    at: usize,
    extglob: bool,
    grouped: bool,
}

impl Compiler<'_> {
    fn unquoted(&self, ahead: usize) -> Option<u8> {
        self.text.get(self.at + ahead).filter(|(_, quoted)| !quoted).map(|(b, _)| *b)
    }

    fn sequence(&mut self, inside: bool) -> Vec<Element> {
        let mut list: Vec<Element> = Vec::new();
        while let Some(&(b, quoted)) = self.text.get(self.at) {
            if !quoted {
                if inside && matches!(b, b'|' | b')') {
                    break;
                }
                if self.extglob
                    && matches!(b, b'?' | b'*' | b'+' | b'@' | b'!')
                    && self.unquoted(1) == Some(b'(')
                    && let Some(group) = self.group(b)
                {
                    list.push(group);
                    continue;
                }
                match b {
                    b'*' => {
                        self.at += 1;
                        if !matches!(list.last(), Some(Element::Star)) {
                            list.push(Element::Star);
                        }
                        continue;
                    }
                    b'?' => {
                        self.at += 1;
                        list.push(Element::Any);
                        continue;
                    }
                    b'[' => {
                        if let Some(set) = self.set() {
                            list.push(set);
                            continue;
                        }
                    }
                    b'\\' if self.at + 1 < self.text.len() => self.at += 1,
                    _ => {}
                }
            }
            let b = self.text[self.at].0;
            self.at += 1;
            match list.last_mut() {
                Some(Element::Bytes(bytes)) => bytes.push(b),
                _ => list.push(Element::Bytes(vec![b])),
            }
        }
        list
    }

    fn group(&mut self, kind: u8) -> Option<Element> {
        let start = self.at;
        self.at += 2;
        let mut alternatives = Vec::new();
        loop {
            alternatives.push(self.sequence(true));
            match self.text.get(self.at) {
                Some((b'|', false)) => self.at += 1,
                Some((b')', false)) => {
                    self.at += 1;
                    self.grouped = true;
                    return Some(Element::Group { kind, alternatives });
                }
                _ => {
                    self.at = start;
                    return None;
                }
            }
        }
    }

    /// `[…]`; `None` if it is not closed.
    fn set(&mut self) -> Option<Element> {
        let mut at = self.at + 1;
        let negated = matches!(self.text.get(at), Some((b'!' | b'^', false)));
        at += usize::from(negated);
        let mut items: Vec<(char, char)> = Vec::new();
        let mut first = true;
        loop {
            let &(b, quoted) = self.text.get(at)?;
            if b == b']' && !quoted && !first {
                self.at = at + 1;
                return Some(Element::Set { negated, items });
            }
            first = false;
            if b == b'/' && !quoted {
                // A slash ends nothing here, but a set never matches one in a path; bash takes the bracket literally.
            }
            if b == b'[' && !quoted && matches!(self.text.get(at + 1), Some((b':' | b'.' | b'=', false))) {
                let mark = self.text[at + 1].0;
                let rest: Vec<u8> = self.text[at + 2..].iter().map(|(b, _)| *b).collect();
                if let Some(end) = rest.find([mark, b']']) {
                    let name = &rest[..end];
                    if mark == b':' {
                        items.extend(class(name));
                    } else if let (Some(c), _) = bstr::decode_utf8(name) {
                        items.push((c, c));
                    }
                    at += end + 4;
                    continue;
                }
            }
            let (low, next) = self.set_char(at)?;
            at = next;
            let dash = matches!(self.text.get(at), Some((b'-', false)));
            if dash && !matches!(self.text.get(at + 1), None | Some((b']', false))) {
                let (high, next) = self.set_char(at + 1)?;
                at = next;
                if low <= high {
                    items.push((low, high));
                }
            } else {
                items.push((low, low));
            }
        }
    }

    fn set_char(&self, mut at: usize) -> Option<(char, usize)> {
        if self.text.get(at) == Some(&(b'\\', false)) && at + 1 < self.text.len() {
            at += 1;
        }
        let bytes: Vec<u8> = self.text.get(at..)?.iter().take(4).map(|(b, _)| *b).collect();
        if bytes.is_empty() {
            return None;
        }
        match bstr::decode_utf8(&bytes) {
            (Some(c), n) => Some((c, at + n)),
            (None, _) => Some((char::REPLACEMENT_CHARACTER, at + 1)),
        }
    }
}

fn class(name: &[u8]) -> Vec<(char, char)> {
    crate::base::regex::class(name).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, text, expected) in [
            ("*.log", "a.log", true),
            ("a?c", "aéc", true),
            ("[a-c]*", "bxx", true),
            ("[!a-c]*", "bxx", false),
            ("[[:digit:]]", "5", true),
            ("[]x]", "]", true),
            ("a[", "a[", true),
            ("*a*b*", "xxaxxbxx", true),
            ("@(a|b)c", "bc", true),
            ("+(ab)", "ababab", true),
            ("?(x)y", "y", true),
            ("!(a)", "b", true),
            ("!(a)", "a", false),
            ("*.!(log)", "a.txt", true),
            ("*(a|b)c", "abbac", true),
            ("", "", true),
            ("\\*", "*", true),
            ("\\*", "x", false),
        ] {
            assert_eq!(Pattern::plain(pattern.as_bytes(), true).matches(text.as_bytes()), expected, "{pattern} {text}");
        }
        let p = Pattern::plain(b"*/", false);
        assert_eq!((p.prefix(b"a/b/c", true), p.prefix(b"a/b/c", false)), (Some(4), Some(2)));
        let p = Pattern::plain(b".*", false);
        assert_eq!((p.suffix(b"a.b.c", true), p.suffix(b"a.b.c", false)), (Some(1), Some(3)));
    }
}
