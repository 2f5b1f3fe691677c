//! The expression of find, from its words.

use bstr::{BStr, BString, ByteSlice};

use super::Follow;
use crate::base::quote::quote;
use crate::base::regex::{Flags, Regex, Syntax};
use crate::commands::support::mode::ModeChange;
use crate::commands::support::owner::{host, parse_group, parse_user};
use crate::commands::support::times;
use crate::program::Ctx;
use crate::world::fs::Kind;
use crate::world::sys::OpenFlags;

/// `+N`, `-N`, `N`.
#[derive(Clone, Copy, Debug)]
pub enum Compare {
    More(u64),
    Less(u64),
    Exactly(u64),
}

impl Compare {
    pub fn holds(self, n: u64) -> bool {
        match self {
            Compare::More(m) => n > m,
            Compare::Less(m) => n < m,
            Compare::Exactly(m) => n == m,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    Access,
    Change,
    Modify,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bits {
    Exactly,
    All,
    Any,
}

pub enum Test {
    True,
    False,
    Name(BString, bool),
    Path(BString, bool),
    LinkName(BString, bool),
    Regex(Box<Regex>),
    Type(Vec<Kind>, bool),
    /// Count of units of so many bytes, rounded up.
    Size(Compare, u64),
    Empty,
    /// Age in units of so many microseconds.
    Age(Clock, Compare, i64),
    /// Later than this instant.
    Newer(Clock, i64),
    Perm(Bits, u16),
    User(u32),
    Group(u32),
    Uid(Compare),
    Gid(Compare),
    NoUser,
    NoGroup,
    Inode(Compare),
    SameFile(u32, u64),
    Links(Compare),
    FsType(String),
    Access(u16),
    Used(Compare),
    Prune,
    Quit,
    Print(u8, Option<u32>),
    Printf(BString, Option<u32>),
    List(Option<u32>),
    Delete,
    Exec {
        argv: Vec<BString>,
        dir: bool,
        ask: bool,
    },
    /// `+`: the number of its batch.
    ExecMany {
        argv: Vec<BString>,
        dir: bool,
        batch: usize,
    },
}

pub enum Expression {
    Test(Test),
    Not(Box<Expression>),
    And(Vec<Expression>),
    Or(Vec<Expression>),
    List(Vec<Expression>),
}

pub struct Plan {
    pub expression: Expression,
    pub depth_first: bool,
    pub max_depth: u64,
    pub min_depth: u64,
    pub one_file_system: bool,
    /// `-daystart`: ages count from the end of today.
    pub from_midnight: bool,
}

struct Parser<'w, 'f> {
    c: &'w Ctx,
    words: &'w [BString],
    at: usize,
    plan: Plan,
    acts: bool,
    regex: Syntax,
    batches: usize,
    follow: &'f mut Follow,
}

/// The error is find's text.
pub fn parse(c: &Ctx, words: &[BString], follow: &mut Follow) -> Result<Plan, String> {
    let plan = Plan {
        expression: Expression::Test(Test::True),
        depth_first: false,
        max_depth: u64::MAX,
        min_depth: 0,
        one_file_system: false,
        from_midnight: false,
    };
    let mut p = Parser { c, words, at: 0, plan, acts: false, regex: Syntax::Basic, batches: 0, follow };
    let expression = if words.is_empty() {
        Ok(Expression::Test(Test::True))
    } else {
        p.list().and_then(|e| match p.words.get(p.at) {
            None => Ok(e),
            Some(word) if *word == ")" => Err("invalid expression; you have too many ')'".into()),
            Some(word) => Err(format!("paths must precede expression: `{word}'")),
        })
    };
    expression.map(|e| {
        let print = || Expression::Test(Test::Print(b'\n', None));
        p.plan.expression = if p.acts { e } else { Expression::And(vec![e, print()]) };
        p.plan
    })
}

impl Parser<'_, '_> {
    fn peek(&self) -> Option<&BStr> {
        self.words.get(self.at).map(|w| w.as_ref())
    }
    fn is(&self, names: &[&str]) -> bool {
        self.peek().is_some_and(|w| names.iter().any(|n| w == *n))
    }

    fn list(&mut self) -> Result<Expression, String> {
        let mut all = vec![self.or()?];
        while self.is(&[","]) {
            self.at += 1;
            all.push(self.or()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Expression::List(all) })
    }
    fn or(&mut self) -> Result<Expression, String> {
        let mut all = vec![self.and()?];
        while self.is(&["-o", "-or"]) {
            self.at += 1;
            all.push(self.and()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Expression::Or(all) })
    }
    fn and(&mut self) -> Result<Expression, String> {
        let mut all = vec![self.not()?];
        loop {
            if self.is(&["-a", "-and"]) {
                self.at += 1;
            } else if self.peek().is_none() || self.is(&["-o", "-or", ",", ")"]) {
                return Ok(if all.len() == 1 { all.remove(0) } else { Expression::And(all) });
            }
            all.push(self.not()?);
        }
    }
    fn not(&mut self) -> Result<Expression, String> {
        if self.is(&["!", "-not"]) {
            let word = self.peek().unwrap_or_default().to_string();
            self.at += 1;
            if self.peek().is_none() {
                return Err(format!("expected an expression after '{word}'"));
            }
            return Ok(Expression::Not(Box::new(self.not()?)));
        }
        self.primary()
    }

    fn primary(&mut self) -> Result<Expression, String> {
        let before = self.at.checked_sub(1).and_then(|n| self.words.get(n)).cloned();
        let Some(word) = self.peek().map(BString::from) else {
            return Err(match before {
                Some(b) if b == "(" => "invalid expression; expected to find a ')' but didn't see one. Perhaps you need an extra predicate after '('".into(),
                Some(b) => format!("expected an expression after '{b}'"),
                None => "invalid expression".into(),
            });
        };
        match &word[..] {
            b"(" => {
                self.at += 1;
                if self.is(&[")"]) {
                    return Err("invalid expression; empty parentheses are not allowed.".into());
                }
                let inner = self.list()?;
                if !self.is(&[")"]) {
                    return Err(
                        "invalid expression; I was expecting to find a ')' somewhere but did not see one.".into()
                    );
                }
                self.at += 1;
                Ok(inner)
            }
            b")" => Err("invalid expression; you have too many ')'".into()),
            b"-o" | b"-or" | b"-a" | b"-and" | b"," => {
                Err(format!("invalid expression; you have used a binary operator '{word}' with nothing before it."))
            }
            _ => {
                self.at += 1;
                self.test(&word).map(Expression::Test)
            }
        }
    }

    fn argument(&mut self, name: &BString) -> Result<BString, String> {
        let value = self.words.get(self.at).cloned().ok_or_else(|| format!("missing argument to `{name}'"))?;
        self.at += 1;
        Ok(value)
    }
    fn compare(&mut self, name: &BString) -> Result<Compare, String> {
        let text = self.argument(name)?;
        compare(&text).ok_or_else(|| format!("invalid argument `{text}' to `{name}'"))
    }
    fn number(&mut self, name: &BString) -> Result<u64, String> {
        let text = self.argument(name)?;
        text.to_str()
            .ok()
            .and_then(|t| t.parse().ok())
            .ok_or_else(|| format!("Expected a positive decimal integer argument to {name}, but got {}", quote(&text)))
    }
    fn file(&mut self, name: &BString) -> Result<Option<u32>, String> {
        let path = self.argument(name)?;
        let fd = self.c.sys(|s| s.open(path.as_ref(), OpenFlags::WRITE, 0o666));
        fd.map(Some).map_err(|errno| format!("{}: {errno}", quote(&path)))
    }

    fn test(&mut self, name: &BString) -> Result<Test, String> {
        const DAY: i64 = 86_400_000_000;
        const MINUTE: i64 = 60_000_000;
        let text = name.to_str_lossy().into_owned();
        Ok(match &text[..] {
            "-true" => Test::True,
            "-false" => Test::False,
            "-name" | "-iname" => {
                let pattern = self.argument(name)?;
                Test::Name(pattern, text == "-iname")
            }
            "-path" | "-wholename" | "-ipath" | "-iwholename" => {
                let pattern = self.argument(name)?;
                Test::Path(pattern, text.starts_with("-i"))
            }
            "-lname" | "-ilname" => Test::LinkName(self.argument(name)?, text == "-ilname"),
            "-regextype" => {
                let kind = self.argument(name)?;
                self.regex = match &*kind.to_str_lossy() {
                    "posix-extended" | "egrep" | "posix-egrep" | "awk" | "posix-awk" | "gnu-awk" => Syntax::Extended,
                    "emacs" | "findutils-default" | "posix-basic" | "ed" | "sed" | "grep" | "posix-minimal-basic" => {
                        Syntax::Basic
                    }
                    other => {
                        return Err(format!(
                            "Unknown regular expression type {}; valid types are {}.",
                            quote(other),
                            "‘findutils-default’, ‘ed’, ‘emacs’, ‘gnu-awk’, ‘grep’, ‘posix-awk’, ‘awk’, ‘posix-basic’, ‘posix-egrep’, ‘egrep’, ‘posix-extended’, ‘posix-minimal-basic’, ‘sed’"
                        ));
                    }
                };
                Test::True
            }
            "-regex" | "-iregex" => {
                let pattern = self.argument(name)?;
                let (open, close): (&[u8], &[u8]) =
                    if self.regex == Syntax::Basic { (b"^\\(", b"\\)$") } else { (b"^(", b")$") };
                // Emacs' syntax has + and ? without a backslash.
                let body: BString = if self.regex == Syntax::Basic { emacs(&pattern) } else { pattern };
                let whole = [open, &body, close].concat();
                let flags = Flags { icase: text == "-iregex", ..Flags::default() };
                Test::Regex(Box::new(Regex::new(&whole, self.regex, flags)?))
            }
            "-type" | "-xtype" => {
                let letters = self.argument(name)?;
                let mut kinds = Vec::new();
                for letter in letters.split_str(",") {
                    kinds.push(match letter {
                        b"f" => Kind::File,
                        b"d" => Kind::Dir,
                        b"l" => Kind::Symlink,
                        b"c" | b"b" => Kind::Char,
                        b"p" => Kind::Fifo,
                        b"s" => Kind::Socket,
                        b"" => return Err(format!("Arguments to {name} should contain at least one letter")),
                        [_] => return Err(format!("Unknown argument to {name}: {}", letter.as_bstr())),
                        _ => return Err(format!("Must separate multiple arguments to {name} using: ','")),
                    });
                }
                Test::Type(kinds, text == "-xtype")
            }
            "-size" => {
                let value = self.argument(name)?;
                let (digits, unit) = match value.last() {
                    Some(b'c') => (&value[..value.len() - 1], 1),
                    Some(b'w') => (&value[..value.len() - 1], 2),
                    Some(b'b') => (&value[..value.len() - 1], 512),
                    Some(b'k') => (&value[..value.len() - 1], 1 << 10),
                    Some(b'M') => (&value[..value.len() - 1], 1 << 20),
                    Some(b'G') => (&value[..value.len() - 1], 1 << 30),
                    Some(b'0'..=b'9') => (&value[..], 512),
                    None => return Err("invalid null argument to -size".into()),
                    Some(&other) => return Err(format!("invalid -size type `{}'", char::from(other))),
                };
                let compare = compare(digits).ok_or_else(|| format!("Invalid argument `{value}' to -size"))?;
                Test::Size(compare, unit)
            }
            "-empty" => Test::Empty,
            "-daystart" => {
                self.plan.from_midnight = true;
                Test::True
            }
            "-mtime" => Test::Age(Clock::Modify, self.compare(name)?, DAY),
            "-atime" => Test::Age(Clock::Access, self.compare(name)?, DAY),
            "-ctime" => Test::Age(Clock::Change, self.compare(name)?, DAY),
            "-mmin" => Test::Age(Clock::Modify, self.compare(name)?, MINUTE),
            "-amin" => Test::Age(Clock::Access, self.compare(name)?, MINUTE),
            "-cmin" => Test::Age(Clock::Change, self.compare(name)?, MINUTE),
            "-newer" => self.newer(name, Clock::Modify, 'm')?,
            "-anewer" => self.newer(name, Clock::Access, 'm')?,
            "-cnewer" => self.newer(name, Clock::Change, 'm')?,
            _ if text.starts_with("-newer") && text.len() == 8 => {
                let mut letters = text[6..].chars();
                let clock = match letters.next() {
                    Some('a') => Clock::Access,
                    Some('c') => Clock::Change,
                    Some('m') => Clock::Modify,
                    _ => return Err(format!("unknown predicate `{name}'")),
                };
                self.newer(name, clock, letters.next().unwrap_or('m'))?
            }
            "-perm" => {
                let value = self.argument(name)?;
                let (how, mode) = match value.first() {
                    Some(b'-') => (Bits::All, &value[1..]),
                    Some(b'/') => (Bits::Any, &value[1..]),
                    _ => (Bits::Exactly, &value[..]),
                };
                let change = ModeChange::parse(mode).ok_or_else(|| format!("invalid mode {}", quote(&value)))?;
                Test::Perm(how, change.apply(0, false, 0))
            }
            "-user" => {
                let who = self.argument(name)?;
                let uid = host(self.c, |h| parse_user(h, &who.to_str_lossy()));
                Test::User(uid.ok_or_else(|| format!("{} is not the name of a known user", quote(&who)))?)
            }
            "-group" => {
                let who = self.argument(name)?;
                let gid = host(self.c, |h| parse_group(h, &who.to_str_lossy()));
                let missing = || format!("{} is not the name of an existing group", quote(&who));
                Test::Group(gid.ok_or_else(missing)?)
            }
            "-uid" => Test::Uid(self.compare(name)?),
            "-gid" => Test::Gid(self.compare(name)?),
            "-nouser" => Test::NoUser,
            "-nogroup" => Test::NoGroup,
            "-inum" => Test::Inode(self.compare(name)?),
            "-links" => Test::Links(self.compare(name)?),
            "-used" => Test::Used(self.compare(name)?),
            "-samefile" => {
                let path = self.argument(name)?;
                match self.c.sys(|s| s.lstat(path.as_ref())) {
                    Ok(stat) => Test::SameFile(stat.dev, stat.ino),
                    Err(errno) => return Err(format!("{}: {errno}", quote(&path))),
                }
            }
            "-fstype" => Test::FsType(self.argument(name)?.to_str_lossy().into_owned()),
            "-readable" => Test::Access(4),
            "-writable" => Test::Access(2),
            "-executable" => Test::Access(1),
            "-maxdepth" => {
                self.plan.max_depth = self.number(name)?;
                Test::True
            }
            "-mindepth" => {
                self.plan.min_depth = self.number(name)?;
                Test::True
            }
            "-depth" | "-d" => {
                self.plan.depth_first = true;
                Test::True
            }
            "-xdev" | "-mount" => {
                self.plan.one_file_system = true;
                Test::True
            }
            "-follow" => {
                *self.follow = Follow::Always;
                Test::True
            }
            "-noleaf" | "-ignore_readdir_race" | "-noignore_readdir_race" | "-warn" | "-nowarn" => Test::True,
            "-prune" => Test::Prune,
            "-quit" => Test::Quit,
            "-print" => self.act(Test::Print(b'\n', None)),
            "-print0" => self.act(Test::Print(0, None)),
            "-fprint" => {
                let fd = self.file(name)?;
                self.act(Test::Print(b'\n', fd))
            }
            "-fprint0" => {
                let fd = self.file(name)?;
                self.act(Test::Print(0, fd))
            }
            "-printf" => {
                let format = self.argument(name)?;
                self.act(Test::Printf(format, None))
            }
            "-fprintf" => {
                let fd = self.file(name)?;
                let format = self.argument(name)?;
                self.act(Test::Printf(format, fd))
            }
            "-ls" => self.act(Test::List(None)),
            "-fls" => {
                let fd = self.file(name)?;
                self.act(Test::List(fd))
            }
            "-delete" => {
                self.plan.depth_first = true;
                self.act(Test::Delete)
            }
            "-exec" | "-execdir" | "-ok" | "-okdir" => {
                self.exec(name, text.ends_with("dir"), text.starts_with("-ok"))?
            }
            _ if !text.starts_with('-') => {
                return Err(format!("paths must precede expression: `{name}'"));
            }
            _ => return Err(format!("unknown predicate `{name}'")),
        })
    }

    fn act(&mut self, test: Test) -> Test {
        self.acts = true;
        test
    }

    fn newer(&mut self, name: &BString, clock: Clock, reference: char) -> Result<Test, String> {
        let value = self.argument(name)?;
        if reference == 't' {
            let t = times::parse(self.c, &value);
            let t =
                t.ok_or_else(|| format!("I cannot figure out how to interpret {} as a date or time", quote(&value)))?;
            return Ok(Test::Newer(clock, t));
        }
        match self.c.sys(|s| s.stat(value.as_ref())) {
            Ok(stat) => {
                let t = match reference {
                    'a' => stat.atime,
                    'c' => stat.ctime,
                    _ => stat.mtime,
                };
                Ok(Test::Newer(clock, times::micros(t)))
            }
            Err(errno) => Err(format!("{}: {errno}", quote(&value))),
        }
    }

    fn exec(&mut self, name: &BString, dir: bool, ask: bool) -> Result<Test, String> {
        let mut argv = Vec::new();
        loop {
            let Some(word) = self.words.get(self.at).cloned() else {
                return Err(format!("missing argument to `{name}'"));
            };
            self.at += 1;
            if word == ";" {
                if argv.is_empty() {
                    return Err(format!("invalid argument `;' to `{name}'"));
                }
                return Ok(self.act(Test::Exec { argv, dir, ask }));
            }
            if word == "+" && !ask && argv.last().is_some_and(|w: &BString| *w == "{}") {
                argv.pop();
                if argv.iter().any(|w| w.contains_str("{}")) {
                    return Err(format!("only one instance of {{}} is supported with {name} ... +"));
                }
                let batch = self.batches;
                self.batches += 1;
                return Ok(self.act(Test::ExecMany { argv, dir, batch }));
            }
            argv.push(word);
        }
    }
}

fn compare(text: &[u8]) -> Option<Compare> {
    let (kind, digits) = match text.first()? {
        b'+' => (1, &text[1..]),
        b'-' => (2, &text[1..]),
        _ => (0, text),
    };
    let n: f64 = digits.to_str().ok()?.parse().ok()?;
    if n < 0.0 || !n.is_finite() {
        return None;
    }
    Some(match kind {
        1 => Compare::More(n as u64),
        2 => Compare::Less(n.ceil() as u64),
        _ => Compare::Exactly(n as u64),
    })
}

/// Emacs' regular expressions differ from POSIX basic ones in `+` and `?`.
fn emacs(pattern: &[u8]) -> BString {
    let mut out = BString::default();
    let mut at = 0;
    while let Some(&b) = pattern.get(at) {
        match b {
            b'\\' => {
                out.push(b);
                at += 1;
                out.extend(pattern.get(at).copied());
            }
            b'+' | b'?' if at > 0 => out.extend([b'\\', b]),
            b'[' => {
                let end =
                    pattern[at + 1..].iter().skip(1).position(|b| *b == b']').map_or(pattern.len() - 1, |n| at + 2 + n);
                out.extend_from_slice(&pattern[at..=end.min(pattern.len() - 1)]);
                at = end;
            }
            _ => out.push(b),
        }
        at += 1;
    }
    out
}
