//! POSIX regular expressions over bytes: basic and extended, leftmost-longest, with GNU's extensions and
//! back-references. Everything that matches a pattern (grep, sed, awk, `[[ =~ ]]`, expr, less) does it here.
//!
//! A pattern becomes a small tree ([`syntax`]). Without back-references the tree runs on lazy DFAs ([`engine`]): a
//! leftmost-first search finds the start, an anchored all-matches search from there the longest end. With
//! back-references it runs on a bounded backtracker ([`backtrack`]).
//!
//! A character is a UTF-8 code point; `.` does not match an invalid byte (as in GNU's C.UTF-8), a literal byte does.

mod backtrack;
mod engine;
mod syntax;

pub use syntax::Syntax;

/// How a pattern is read and where `^` and `$` match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// Case is ignored.
    pub icase: bool,
    /// `^` and `$` also match after and before each newline (sed's `M`, grep over a whole buffer).
    pub multiline: bool,
    /// `.` and `[^x]` do not match a newline (regcomp's REG_NEWLINE, together with `multiline`).
    pub line_bound: bool,
}

/// One match's groups: the whole match first; `None` for a group that took no part.
pub type Captures = Vec<Option<(usize, usize)>>;

/// A compiled pattern.
pub struct Regex {
    engine: Engine,
    groups: usize,
}

enum Engine {
    Automaton(Box<engine::Automaton>),
    Backtracking(backtrack::Backtracker),
}

impl Regex {
    /// The error is regcomp's own text: `Unmatched ( or \(`.
    pub fn new(pattern: &[u8], syntax: Syntax, flags: Flags) -> Result<Regex, String> {
        let parsed = syntax::parse(pattern, syntax)?;
        let engine = if parsed.back_references {
            Engine::Backtracking(backtrack::Backtracker::new(parsed.node, parsed.groups, flags))
        } else {
            Engine::Automaton(Box::new(engine::Automaton::new(&parsed.node, flags)?))
        };
        Ok(Regex { engine, groups: parsed.groups })
    }

    /// How many groups `( )` the pattern has.
    pub fn group_count(&self) -> usize {
        self.groups
    }
    pub fn is_match(&self, hay: &[u8]) -> bool {
        match &self.engine {
            Engine::Automaton(a) => a.is_match_at(hay, 0),
            Engine::Backtracking(b) => b.captures_at(hay, 0, self.groups).is_some(),
        }
    }
    /// The leftmost match that starts at `at` or later, the longest of those; what is before `at` is context.
    pub fn find_at(&self, hay: &[u8], at: usize) -> Option<(usize, usize)> {
        if at > hay.len() {
            return None;
        }
        match &self.engine {
            Engine::Automaton(a) => a.find_at(hay, at),
            Engine::Backtracking(b) => b.captures_at(hay, at, self.groups).and_then(|c| c.first().copied().flatten()),
        }
    }
    /// As [`Regex::find_at`], with the groups.
    pub fn captures_at(&self, hay: &[u8], at: usize) -> Option<Captures> {
        if at > hay.len() {
            return None;
        }
        match &self.engine {
            Engine::Automaton(a) => a.captures_at(hay, at, self.groups),
            Engine::Backtracking(b) => b.captures_at(hay, at, self.groups),
        }
    }
    /// All matches that do not overlap, as `grep -o` and `s///g` walk them: an empty match right after a match does
    /// not count.
    pub fn find_all<'a>(&'a self, hay: &'a [u8]) -> impl Iterator<Item = (usize, usize)> + 'a {
        let mut at = 0;
        let mut last_end = None;
        std::iter::from_fn(move || {
            loop {
                let (start, end) = self.find_at(hay, at)?;
                if start == end {
                    at = end + char_len(&hay[end..]).max(1);
                    if last_end == Some(end) {
                        continue;
                    }
                } else {
                    at = end;
                }
                last_end = Some(end);
                return Some((start, end));
            }
        })
    }
}

/// The ranges of a POSIX character class (`alpha`, `digit`…), as `[[:alpha:]]` matches in C.UTF-8.
pub fn class(name: &[u8]) -> Option<Vec<(char, char)>> {
    syntax::class(name)
}

/// Bytes of the first character; 1 for an invalid byte, 0 at the end.
pub fn char_len(bytes: &[u8]) -> usize {
    bstr::decode_utf8(bytes).1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(pattern: &str, syntax: Syntax, hay: &str) -> String {
        let regex = match Regex::new(pattern.as_bytes(), syntax, Flags::default()) {
            Ok(regex) => regex,
            Err(e) => return format!("error: {e}"),
        };
        match regex.captures_at(hay.as_bytes(), 0) {
            None => "no".into(),
            Some(groups) => {
                let text = |g: &Option<(usize, usize)>| g.map_or("-".to_string(), |(a, b)| hay[a..b].to_string());
                groups.iter().map(text).collect::<Vec<_>>().join(",")
            }
        }
    }

    #[test]
    fn the_longest_of_the_leftmost() {
        use Syntax::Extended as E;
        for (pattern, hay, expected) in [
            ("abc|abcd", "xabcdx", "abcd"),
            ("foo|foobar", "foobar", "foobar"),
            ("(a|ab)(c|bcd)(d*)", "abcd", "abcd,a,bcd,"),
            ("(a*)(ab)?(b*)", "ab", "ab,a,-,b"),
            ("x*", "aaa", ""),
            ("^(a+)(b)?$", "aaa", "aaa,aaa,-"),
            ("[[:digit:]]{2,3}", "a12345", "123"),
            ("a{,2}b", "aaab", "aab"),
            ("a{2", "a{2", "a{2"),
            ("[]x]+", "a]x]", "]x]"),
            ("[^]x]+", "]ab]", "ab"),
            ("\\<b\\w*\\>", "ab bc", "bc"),
            ("a.c", "aéc", "aéc"),
            ("(a|b)*c", "abac", "abac,a"),
            ("()b", "ab", "b,"),
            ("a|", "b", ""),
            ("a+?", "aa", "aa"),
            ("(", "a", "error: Unmatched ( or \\("),
            ("[a", "a", "error: Unmatched [, [^, [:, [., or [="),
            ("[[:foo:]]", "a", "error: Invalid character class name"),
            ("a\\", "a", "error: Trailing backslash"),
            ("[b-a]", "a", "error: Invalid range end"),
        ] {
            assert_eq!(find(pattern, E, hay), expected, "{pattern} on {hay}");
        }
    }

    #[test]
    fn basic_syntax() {
        use Syntax::Basic as B;
        for (pattern, hay, expected) in [
            ("a+b", "a+b", "a+b"),
            ("a\\+b", "aab", "aab"),
            ("*a", "*a", "*a"),
            ("\\(*a\\)", "*a", "*a,*a"),
            ("\\(ab\\)*", "ababx", "abab,ab"),
            ("a\\{2\\}", "aaa", "aa"),
            ("a\\|bc", "xbc", "bc"),
            ("a^b$c", "a^b$c", "a^b$c"),
            ("^a$", "a", "a"),
            ("\\(.\\)\\1", "abba", "bb,b"),
            ("\\(a*\\)b\\1", "aabaa", "aabaa,aa"),
            ("\\(^a\\)", "ba", "no"),
            ("a\\)", "a", "error: Unmatched ) or \\)"),
        ] {
            assert_eq!(find(pattern, B, hay), expected, "{pattern} on {hay}");
        }
        assert_eq!(find("a.b*", Syntax::Fixed, "xa.b*"), "a.b*");
    }

    #[test]
    fn bytes_flags_and_walks() {
        let icase = Flags { icase: true, ..Flags::default() };
        assert!(Regex::new(b"ERR[o-p]r", Syntax::Extended, icase).unwrap().is_match(b"an erROR"));
        let any = Regex::new(b"a.b", Syntax::Extended, Flags::default()).unwrap();
        assert!(!any.is_match(b"a\xffb"));
        assert!(Regex::new(b"a\xffb", Syntax::Extended, Flags::default()).unwrap().is_match(b"xa\xffb"));
        let lines = Flags { multiline: true, line_bound: true, ..Flags::default() };
        assert_eq!(Regex::new(b"^b.*$", Syntax::Basic, lines).unwrap().find_at(b"a\nbc\nd", 0), Some((2, 4)));
        let all = |p: &str, h: &str| -> Vec<String> {
            let r = Regex::new(p.as_bytes(), Syntax::Extended, Flags::default()).unwrap();
            r.find_all(h.as_bytes()).map(|(a, b)| h[a..b].to_string()).collect()
        };
        assert_eq!(all("b*", "abc"), ["", "b", ""]);
        assert_eq!(all("^a", "aaa"), ["a"]);
        assert_eq!(all("\\bx", "xx x"), ["x", "x"]);
    }
}
