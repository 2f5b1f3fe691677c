//! Patterns as trees: the grammars of POSIX basic and extended expressions with GNU's additions (regex(7), grep(1)).

/// Which grammar a pattern is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    Basic,
    Extended,
    /// Every byte is itself.
    Fixed,
}

#[derive(Clone, Debug)]
pub(super) enum Node {
    Empty,
    Char(char),
    /// Not part of any valid character.
    Byte(u8),
    Any,
    Set {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
    /// `^`, `$`
    LineStart,
    LineEnd,
    /// `` \` ``, `\'`
    BufferStart,
    BufferEnd,
    WordBoundary,
    NotWordBoundary,
    WordStart,
    WordEnd,
    Group(usize, Box<Node>),
    Concat(Vec<Node>),
    Alternatives(Vec<Node>),
    Repeat {
        node: Box<Node>,
        min: u32,
        max: Option<u32>,
    },
    BackReference(usize),
}

pub(super) struct Parsed {
    pub node: Node,
    pub groups: usize,
    pub back_references: bool,
}

/// glibc's RE_DUP_MAX.
const REPEAT_MAX: u32 = 32_767;
/// Repetitions multiply; beyond this many copies of a character glibc too gives up.
const SIZE_MAX: u64 = 200_000;
/// Nested groups.
const DEPTH_MAX: usize = 200;

pub(super) fn parse(pattern: &[u8], syntax: Syntax) -> Result<Parsed, String> {
    if syntax == Syntax::Fixed {
        let mut rest = pattern;
        let mut nodes = Vec::new();
        while let Some((node, n)) = literal(rest) {
            nodes.push(node);
            rest = &rest[n..];
        }
        return Ok(Parsed { node: Node::Concat(nodes), groups: 0, back_references: false });
    }
    let mut p = Parser {
        text: pattern,
        at: 0,
        extended: syntax == Syntax::Extended,
        groups: 0,
        closed: Vec::new(),
        back_references: false,
        depth: 0,
    };
    let node = p.alternatives()?;
    if p.at < p.text.len() {
        // Only a closing parenthesis stops the grammar early.
        return Err("Unmatched ) or \\)".into());
    }
    if size(&node) > SIZE_MAX {
        return Err("Regular expression too big".into());
    }
    Ok(Parsed { node, groups: p.groups, back_references: p.back_references })
}

fn size(node: &Node) -> u64 {
    match node {
        Node::Group(_, inner) => size(inner),
        Node::Concat(list) | Node::Alternatives(list) => list.iter().map(size).fold(1, u64::saturating_add),
        Node::Repeat { node, min, max } => size(node).saturating_mul(u64::from((*min).max(max.unwrap_or(1)).max(1))),
        _ => 1,
    }
}

fn literal(text: &[u8]) -> Option<(Node, usize)> {
    if text.is_empty() {
        return None;
    }
    match bstr::decode_utf8(text) {
        (Some(c), n) => Some((Node::Char(c), n)),
        (None, _) => Some((Node::Byte(text[0]), 1)),
    }
}

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
    extended: bool,
    groups: usize,
    /// Groups whose end was seen: only those may be referred to.
    closed: Vec<usize>,
    back_references: bool,
    depth: usize,
}

impl Parser<'_> {
    fn looking_at(&self, text: &[u8]) -> bool {
        self.text[self.at..].starts_with(text)
    }
    fn at_bar(&self) -> bool {
        self.looking_at(if self.extended { b"|" } else { b"\\|" })
    }
    fn at_close(&self) -> bool {
        // An unmatched `)` of an extended expression is itself (POSIX leaves it undefined; GNU takes it).
        if self.extended { self.depth > 0 && self.looking_at(b")") } else { self.looking_at(b"\\)") }
    }

    fn alternatives(&mut self) -> Result<Node, String> {
        let mut list = vec![self.branch()?];
        while self.at_bar() {
            self.at += if self.extended { 1 } else { 2 };
            list.push(self.branch()?);
        }
        Ok(if list.len() == 1 { list.remove(0) } else { Node::Alternatives(list) })
    }

    fn branch(&mut self) -> Result<Node, String> {
        let mut list: Vec<Node> = Vec::new();
        // Is there something that a repetition could follow?
        let mut repeatable = false;
        while self.at < self.text.len() && !self.at_bar() && !self.at_close() {
            if let Some((min, max, n)) = self.repetition(repeatable)? {
                self.at += n;
                let node = list.pop().unwrap_or(Node::Empty);
                list.push(Node::Repeat { node: Box::new(node), min, max });
                continue;
            }
            let first = list.is_empty();
            let node = self.atom(first)?;
            repeatable = self.extended || !matches!(node, Node::LineStart);
            list.push(node);
        }
        Ok(match list.len() {
            0 => Node::Empty,
            1 => list.remove(0),
            _ => Node::Concat(list),
        })
    }

    /// A repetition operator here: its bounds and its length.
    fn repetition(&self, repeatable: bool) -> Result<Option<(u32, Option<u32>, usize)>, String> {
        let rest = &self.text[self.at..];
        let plain = match (self.extended, rest) {
            (_, [b'*', ..]) => Some((0, None, 1)),
            (true, [b'+', ..]) => Some((1, None, 1)),
            (true, [b'?', ..]) => Some((0, Some(1), 1)),
            (false, [b'\\', b'+', ..]) => Some((1, None, 2)),
            (false, [b'\\', b'?', ..]) => Some((0, Some(1), 2)),
            _ => None,
        };
        let open: &[u8] = if self.extended { b"{" } else { b"\\{" };
        let found = match plain {
            Some(found) => Some(found),
            None if rest.starts_with(open) => match self.interval(&rest[open.len()..]) {
                Ok((min, max, n)) => Some((min, max, n + open.len())),
                // GNU takes an extended `{` that begins no interval as itself.
                Err(None) if self.extended => None,
                Err(Some(text)) => return Err(text),
                Err(None) => return Err("Unmatched \\{".into()),
            },
            None => None,
        };
        match found {
            // At the beginning, `*` is itself in a basic expression; GNU's extended grammar lets it match nothing.
            Some(_) if !repeatable && !self.extended => Ok(None),
            found => Ok(found),
        }
    }

    /// What follows `{`: bounds and length with the closing brace. `Err(None)`: this is no interval.
    fn interval(&self, text: &[u8]) -> Result<(u32, Option<u32>, usize), Option<String>> {
        let close: &[u8] = if self.extended { b"}" } else { b"\\}" };
        let end = text.windows(close.len()).position(|w| w == close).ok_or(None)?;
        let inner = std::str::from_utf8(&text[..end]).map_err(|_| None)?;
        let bad = || if self.extended { None } else { Some("Invalid content of \\{\\}".to_string()) };
        let number = |s: &str| -> Result<u32, Option<String>> {
            if s.is_empty() || !s.bytes().all(|b| b.is_ascii_digit()) {
                return Err(bad());
            }
            let n = s.parse::<u32>().unwrap_or(u32::MAX);
            if n > REPEAT_MAX { Err(Some("Regular expression too big".into())) } else { Ok(n) }
        };
        let (min, max) = match inner.split_once(',') {
            None => {
                let n = number(inner)?;
                (n, Some(n))
            }
            Some(("", "")) => (0, None),
            Some((min, "")) => (number(min)?, None),
            Some(("", max)) => (0, Some(number(max)?)),
            Some((min, max)) => (number(min)?, Some(number(max)?)),
        };
        if max.is_some_and(|max| max < min) {
            return Err(Some("Invalid content of \\{\\}".into()));
        }
        Ok((min, max, end + close.len()))
    }

    fn atom(&mut self, first: bool) -> Result<Node, String> {
        let rest = &self.text[self.at..];
        let group: &[u8] = if self.extended { b"(" } else { b"\\(" };
        if rest.starts_with(group) {
            self.at += group.len();
            return self.group();
        }
        match rest {
            [b'.', ..] => {
                self.at += 1;
                Ok(Node::Any)
            }
            [b'[', ..] => self.bracket(),
            [b'^', ..] if self.extended || first => {
                self.at += 1;
                Ok(Node::LineStart)
            }
            [b'$', tail @ ..]
                if self.extended || tail.is_empty() || tail.starts_with(b"\\)") || tail.starts_with(b"\\|") =>
            {
                self.at += 1;
                Ok(Node::LineEnd)
            }
            [b'\\'] => Err("Trailing backslash".into()),
            [b'\\', c, ..] => {
                let c = *c;
                self.at += 2;
                let word = || [('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')].into_iter().chain(wide_letters());
                let space = || [(' ', ' '), ('\t', '\r')];
                Ok(match c {
                    b'w' => Node::Set { negated: false, ranges: word().collect() },
                    b'W' => Node::Set { negated: true, ranges: word().collect() },
                    b's' => Node::Set { negated: false, ranges: space().to_vec() },
                    b'S' => Node::Set { negated: true, ranges: space().to_vec() },
                    b'b' => Node::WordBoundary,
                    b'B' => Node::NotWordBoundary,
                    b'<' => Node::WordStart,
                    b'>' => Node::WordEnd,
                    b'`' => Node::BufferStart,
                    b'\'' => Node::BufferEnd,
                    b'1'..=b'9' => {
                        let n = usize::from(c - b'0');
                        if !self.closed.contains(&n) {
                            return Err("Invalid back reference".into());
                        }
                        self.back_references = true;
                        Node::BackReference(n)
                    }
                    _ => {
                        self.at -= 1;
                        let (node, n) = literal(&self.text[self.at..]).unwrap_or((Node::Empty, 0));
                        self.at += n;
                        node
                    }
                })
            }
            _ => {
                let (node, n) = literal(rest).unwrap_or((Node::Empty, 1));
                self.at += n;
                Ok(node)
            }
        }
    }

    fn group(&mut self) -> Result<Node, String> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err("Regular expression too big".into());
        }
        self.groups += 1;
        let number = self.groups;
        let inner = self.alternatives()?;
        if !self.at_close() {
            return Err("Unmatched ( or \\(".into());
        }
        self.at += if self.extended { 1 } else { 2 };
        self.depth -= 1;
        self.closed.push(number);
        Ok(Node::Group(number, Box::new(inner)))
    }

    fn bracket(&mut self) -> Result<Node, String> {
        const UNMATCHED: &str = "Unmatched [, [^, [:, [., or [=";
        self.at += 1;
        let negated = self.looking_at(b"^");
        if negated {
            self.at += 1;
        }
        let mut ranges = Vec::new();
        let mut first = true;
        loop {
            let rest = &self.text[self.at..];
            match rest {
                [] => return Err(UNMATCHED.into()),
                [b']', ..] if !first => {
                    self.at += 1;
                    return Ok(Node::Set { negated, ranges });
                }
                [b'[', b':', tail @ ..] => {
                    let Some(end) = tail.windows(2).position(|w| w == b":]") else { return Err(UNMATCHED.into()) };
                    let class = class(&tail[..end]).ok_or("Invalid character class name")?;
                    ranges.extend(class);
                    self.at += end + 4;
                }
                _ => {
                    let low = self.bracket_char(UNMATCHED)?;
                    if self.looking_at(b"-") && !self.looking_at(b"-]") && self.at + 1 < self.text.len() {
                        self.at += 1;
                        let high = self.bracket_char(UNMATCHED)?;
                        if high < low {
                            return Err("Invalid range end".into());
                        }
                        ranges.push((low, high));
                    } else {
                        ranges.push((low, low));
                    }
                }
            }
            first = false;
        }
    }

    /// One end of a range: a character, `[.x.]` or `[=x=]`.
    fn bracket_char(&mut self, unmatched: &str) -> Result<char, String> {
        let rest = &self.text[self.at..];
        if let [b'[', mark @ (b'.' | b'='), tail @ ..] = rest {
            let Some(end) = tail.windows(2).position(|w| w == [*mark, b']']) else { return Err(unmatched.into()) };
            let (c, n) = bstr::decode_utf8(&tail[..end]);
            self.at += end + 4;
            return c.filter(|_| n == end).ok_or_else(|| "Invalid collation character".into());
        }
        let (c, n) = bstr::decode_utf8(rest);
        self.at += n.max(1);
        c.ok_or_else(|| "Invalid collation character".into())
    }
}

/// Letters beyond ASCII, coarsely: the alphabets from Latin-1 to Cyrillic, kana, Han and Hangul.
pub(super) fn wide_letters() -> impl Iterator<Item = (char, char)> {
    [
        ('\u{aa}', '\u{aa}'),
        ('\u{b5}', '\u{b5}'),
        ('\u{ba}', '\u{ba}'),
        ('\u{c0}', '\u{d6}'),
        ('\u{d8}', '\u{f6}'),
        ('\u{f8}', '\u{2c1}'),
        ('\u{370}', '\u{373}'),
        ('\u{386}', '\u{386}'),
        ('\u{388}', '\u{481}'),
        ('\u{48a}', '\u{556}'),
        ('\u{561}', '\u{587}'),
        ('\u{5d0}', '\u{5ea}'),
        ('\u{620}', '\u{64a}'),
        ('\u{1e00}', '\u{1fff}'),
        ('\u{3041}', '\u{30ff}'),
        ('\u{3400}', '\u{4dbf}'),
        ('\u{4e00}', '\u{9fff}'),
        ('\u{ac00}', '\u{d7a3}'),
    ]
    .into_iter()
}

/// A character class by name.
pub(super) fn class(name: &[u8]) -> Option<Vec<(char, char)>> {
    let wide = |list: &[(char, char)]| list.iter().copied().chain(wide_letters()).collect::<Vec<_>>();
    Some(match name {
        b"alpha" => wide(&[('A', 'Z'), ('a', 'z')]),
        b"digit" => vec![('0', '9')],
        b"alnum" => wide(&[('0', '9'), ('A', 'Z'), ('a', 'z')]),
        b"upper" => {
            vec![('A', 'Z'), ('\u{c0}', '\u{d6}'), ('\u{d8}', '\u{de}'), ('\u{391}', '\u{3a9}'), ('\u{410}', '\u{42f}')]
        }
        b"lower" => {
            vec![('a', 'z'), ('\u{df}', '\u{f6}'), ('\u{f8}', '\u{ff}'), ('\u{3b1}', '\u{3c9}'), ('\u{430}', '\u{44f}')]
        }
        b"space" => vec![('\t', '\r'), (' ', ' '), ('\u{2002}', '\u{2006}'), ('\u{3000}', '\u{3000}')],
        b"blank" => vec![('\t', '\t'), (' ', ' ')],
        b"punct" => vec![
            ('!', '/'),
            (':', '@'),
            ('[', '`'),
            ('{', '~'),
            ('\u{a1}', '\u{a9}'),
            ('\u{ab}', '\u{b4}'),
            ('\u{b6}', '\u{b9}'),
            ('\u{bb}', '\u{bf}'),
            ('\u{2010}', '\u{2e7f}'),
        ],
        b"print" => vec![(' ', '~'), ('\u{a0}', '\u{10ffff}')],
        b"graph" => vec![('!', '~'), ('\u{a1}', '\u{10ffff}')],
        b"cntrl" => vec![('\0', '\u{1f}'), ('\u{7f}', '\u{9f}')],
        b"xdigit" => vec![('0', '9'), ('A', 'F'), ('a', 'f')],
        _ => return None,
    })
}
