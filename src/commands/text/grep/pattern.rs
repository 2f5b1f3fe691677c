//! What grep looks for: one expression from all patterns, or a plain string.

use bstr::{BString, ByteSlice};

use crate::base::regex::{Flags, Regex, Syntax, char_len};

pub struct Matcher {
    kind: Kind,
    word: bool,
}

enum Kind {
    /// Found by a plain search.
    Literal(BString),
    /// Any of these; more than one only where back-references forbid to join them.
    Any(Vec<Regex>),
    /// No pattern at all.
    Nothing,
}

impl Matcher {
    /// `mode` is `G`, `E` or `F`. The error is grep's text.
    pub fn new(patterns: &[BString], mode: char, icase: bool, word: bool, line: bool) -> Result<Matcher, String> {
        let mut patterns = patterns.to_vec();
        patterns.dedup();
        if patterns.is_empty() {
            return Ok(Matcher { kind: Kind::Nothing, word });
        }
        let literal = |p: &BString| mode == 'F' || !p.iter().any(|b| br"\.[]*^$+?(){}|".contains(b));
        if let [only] = &patterns[..]
            && literal(only)
            && !icase
            && !line
            && !only.is_empty()
        {
            return Ok(Matcher { kind: Kind::Literal(only.clone()), word });
        }
        if mode == 'F' {
            for p in &mut patterns {
                *p = escape(p);
            }
        }
        let syntax = if mode == 'G' { Syntax::Basic } else { Syntax::Extended };
        let (open, close, bar): (&[u8], &[u8], &[u8]) =
            if mode == 'G' { (b"\\(", b"\\)", b"\\|") } else { (b"(", b")", b"|") };
        let backs = |p: &BString| p.windows(2).any(|w| w[0] == b'\\' && w[1].is_ascii_digit() && w[1] != b'0');
        let whole: Vec<BString> = if patterns.len() > 1 && patterns.iter().any(backs) {
            patterns
        } else {
            // Each must be an expression of its own before they are joined.
            for p in patterns.iter().filter(|_| patterns.len() > 1) {
                Regex::new(p, syntax, Flags::default())?;
            }
            vec![bstr::join(bar, &patterns).into()]
        };
        // The buffer is searched as a whole: line ends bound everything.
        let flags = Flags { icase, multiline: true, line_bound: true };
        let mut any = Vec::new();
        for p in whole {
            let p = if line { [b"^", open, &p[..], close, b"$"].concat() } else { p.to_vec() };
            // grep's own reader meets a bare bracket at the end first.
            let bare = p.ends_with(b"[") && !line;
            any.push(Regex::new(&p, syntax, flags).map_err(|text| match text {
                text if bare && text.starts_with("Unmatched [") => "Invalid regular expression".into(),
                text => text,
            })?);
        }
        Ok(Matcher { kind: Kind::Any(any), word })
    }

    /// The first match at or after `at`: the leftmost, and of those the longest.
    pub fn find(&self, hay: &[u8], at: usize) -> Option<(usize, usize)> {
        let mut from = at;
        loop {
            let (start, end) = self.raw(hay, from)?;
            if !self.word {
                return Some((start, end));
            }
            if let Some(found) = self.as_word(hay, start, end) {
                return Some(found);
            }
            if start >= hay.len() {
                return None;
            }
            from = start + char_len(&hay[start..]).max(1);
        }
    }

    fn raw(&self, hay: &[u8], at: usize) -> Option<(usize, usize)> {
        match &self.kind {
            Kind::Literal(text) => {
                let start = at + hay.get(at..)?.find(text)?;
                Some((start, start + text.len()))
            }
            Kind::Any(list) => {
                let found = list.iter().filter_map(|r| r.find_at(hay, at));
                found.min_by_key(|&(start, end)| (start, std::cmp::Reverse(end)))
            }
            Kind::Nothing => None,
        }
    }

    /// This match, or a shorter one at the same place, with no word character beside it.
    fn as_word(&self, hay: &[u8], start: usize, end: usize) -> Option<(usize, usize)> {
        if hay[..start].last().is_some_and(|&b| is_word(b)) {
            return None;
        }
        let mut end = end;
        loop {
            if !hay.get(end).is_some_and(|&b| is_word(b)) {
                return Some((start, end));
            }
            if end <= start {
                return None;
            }
            match self.raw(&hay[..end - 1], start) {
                Some((s, e)) if s == start => end = e,
                _ => return None,
            }
        }
    }
}

fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_' || b >= 0x80
}

fn escape(text: &[u8]) -> BString {
    let mut out = BString::default();
    for &b in text {
        if br"\.[]*^$+?(){}|".contains(&b) {
            out.push(b'\\');
        }
        out.push(b);
    }
    out
}
