//! What the parser makes of shell text. Parts that a forked process runs are shared (`Rc`), so a subshell costs nothing.

use std::cell::OnceCell;
use std::rc::Rc;

use bstr::BString;

pub type List = Rc<Vec<Item>>;

/// One and-or list with its terminator.
#[derive(Debug)]
pub struct Item {
    pub first: Pipeline,
    pub rest: Vec<(Joint, Pipeline)>,
    pub background: bool,
    /// The source, for `jobs`.
    pub text: BString,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joint {
    And,
    Or,
}

#[derive(Debug)]
pub struct Pipeline {
    pub negated: bool,
    pub time: Option<Timing>,
    pub commands: Vec<Rc<Command>>,
    pub text: BString,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timing {
    Bash,
    Posix,
}

#[derive(Debug)]
pub enum Command {
    Simple(Simple),
    Compound { kind: Compound, redirects: Vec<Redirect>, line: u32 },
    Function { name: BString, body: Rc<Function>, line: u32 },
}

#[derive(Debug)]
pub struct Function {
    pub body: Rc<Command>,
    /// `name () …` as `declare -f` shows it.
    pub text: BString,
}

#[derive(Debug, Default)]
pub struct Simple {
    pub assigns: Vec<Rc<Assign>>,
    pub words: Vec<Word>,
    pub redirects: Vec<Redirect>,
    pub line: u32,
}

#[derive(Debug)]
pub enum Compound {
    Brace(List),
    Subshell(List),
    If { arms: Vec<(List, List)>, otherwise: Option<List> },
    While { condition: List, body: List, until: bool },
    For { name: BString, words: Option<Vec<Word>>, body: List },
    Select { name: BString, words: Option<Vec<Word>>, body: List },
    ArithmeticFor { init: Word, condition: Word, step: Word, body: List },
    Case { word: Word, arms: Vec<Arm> },
    Arithmetic(Word),
    Condition(Condition),
}

#[derive(Debug)]
pub struct Arm {
    pub patterns: Vec<Word>,
    pub body: Option<List>,
    pub end: ArmEnd,
}

/// `;;`, `;&`, `;;&`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArmEnd {
    Break,
    FallThrough,
    TestNext,
}

/// `[[ … ]]`
#[derive(Debug)]
pub enum Condition {
    Not(Box<Condition>),
    And(Box<Condition>, Box<Condition>),
    Or(Box<Condition>, Box<Condition>),
    Word(Word),
    Unary(BString, Word),
    Binary(BString, Word, Word),
}

/// A word: what one argument is before expansion.
#[derive(Clone, Debug, Default)]
pub struct Word {
    pub parts: Vec<Part>,
    /// The source text.
    pub raw: BString,
    /// An argument of `declare` and its kin that has an assignment's form.
    pub assign: Option<Rc<Assign>>,
}

impl Word {
    pub fn literal(text: impl Into<BString>) -> Word {
        let text = text.into();
        Word { parts: vec![Part::Quoted(text.clone())], raw: text, assign: None }
    }
    /// The text, if the word is unquoted and has no expansions.
    pub fn plain(&self) -> Option<&[u8]> {
        match self.parts.as_slice() {
            [Part::Literal(text)] if self.assign.is_none() => Some(text),
            _ => None,
        }
    }
    /// Is any of it quoted (a here-document's delimiter)?
    pub fn is_quoted(&self) -> bool {
        self.parts.iter().any(|p| matches!(p, Part::Quoted(_) | Part::Double(_)))
    }
}

#[derive(Clone, Debug)]
pub enum Part {
    /// Unquoted text: globs, tildes and braces live here.
    Literal(BString),
    /// Text from quotes or after a backslash.
    Quoted(BString),
    Double(Vec<Part>),
    Parameter(Rc<Parameter>),
    Command(List),
    /// A backquoted command's text, parsed when it runs.
    Backquote(BString),
    Arithmetic(Rc<Word>),
    /// `<(…)` (true) or `>(…)`.
    Process(bool, List),
}

#[derive(Clone, Debug)]
pub struct Parameter {
    pub name: BString,
    pub index: Option<Index>,
    /// `${!name}`
    pub indirect: bool,
    pub op: Operation,
    /// The source, for messages.
    pub raw: BString,
}

#[derive(Clone, Debug)]
pub enum Index {
    /// `[@]`
    All,
    /// `[*]`
    Star,
    At(Word),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaseChange {
    Upper,
    Lower,
    Toggle,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replacing {
    First,
    All,
    Prefix,
    Suffix,
}

#[derive(Clone, Debug)]
pub enum Operation {
    Value,
    Length,
    /// `-`, `=`, `?`, `+`, with or without a colon
    Default {
        empty_too: bool,
        word: Word,
    },
    Assign {
        empty_too: bool,
        word: Word,
    },
    Error {
        empty_too: bool,
        word: Word,
    },
    Alternative {
        empty_too: bool,
        word: Word,
    },
    TrimPrefix {
        longest: bool,
        pattern: Word,
    },
    TrimSuffix {
        longest: bool,
        pattern: Word,
    },
    Replace {
        kind: Replacing,
        pattern: Word,
        with: Option<Word>,
    },
    Slice {
        offset: Word,
        length: Option<Word>,
    },
    Case {
        change: CaseChange,
        all: bool,
        pattern: Option<Word>,
    },
    Transform(u8),
    /// `${!prefix@}` (true) and `${!prefix*}`
    Names(bool),
    /// `${!name[@]}` (true) and `${!name[*]}`
    Keys(bool),
}

#[derive(Debug)]
pub struct Assign {
    pub name: BString,
    pub index: Option<Word>,
    pub append: bool,
    pub value: AssignValue,
}

#[derive(Debug)]
pub enum AssignValue {
    Scalar(Word),
    Array(Vec<Element>),
}

#[derive(Debug)]
pub struct Element {
    pub index: Option<Word>,
    pub append: bool,
    pub value: Word,
}

#[derive(Debug)]
pub struct Redirect {
    pub fd: RedirectFd,
    pub kind: RedirectKind,
    pub line: u32,
}

#[derive(Debug)]
pub enum RedirectFd {
    /// What the operator means by itself.
    Usual,
    Number(u32),
    /// `{name}`
    Variable(BString),
}

#[derive(Debug)]
pub enum RedirectKind {
    Read(Word),
    Write(Word),
    Clobber(Word),
    Append(Word),
    ReadWrite(Word),
    /// `<&` and `>&` with a number, `-`, or `N-`
    DuplicateIn(Word),
    DuplicateOut(Word),
    /// `&>` and `&>>`
    Both {
        word: Word,
        append: bool,
    },
    /// Filled in when the line after it is read.
    HereDocument(Rc<OnceCell<Word>>),
    HereString(Word),
}
