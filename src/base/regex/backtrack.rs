//! A backtracking matcher for the patterns that no automaton can run: those with back-references. It tries all ways
//! from one start and keeps the longest, within a budget of steps so that no pattern can hang the world.

use super::engine::{cases, resolve};
use super::syntax::Node;
use super::{Captures, Flags};

/// Steps of one search before it is given up as "no match".
const STEPS: u64 = 4_000_000;

pub(super) struct Backtracker {
    program: Vec<Op>,
}

/// One instruction; jumps are places in the program.
#[derive(Debug)]
enum Op {
    Byte(u8),
    Chars(Vec<(char, char)>),
    Start {
        lines: bool,
    },
    End {
        lines: bool,
    },
    Word {
        before: Option<bool>,
        after: Option<bool>,
        boundary: Option<bool>,
    },
    Save(usize),
    /// Tries the first, later the second.
    Split(usize, usize),
    Jump(usize),
    /// Fails if nothing was matched since the loop's mark: an empty turn repeats for ever.
    Mark(usize),
    Progress(usize),
    Back {
        group: usize,
        icase: bool,
    },
    Done,
}

impl Backtracker {
    pub(super) fn new(node: Node, groups: usize, flags: Flags) -> Backtracker {
        let mut c = Compiler { program: Vec::new(), flags, marks: (groups + 1) * 2 };
        c.node(&node);
        c.program.push(Op::Done);
        Backtracker { program: c.program }
    }

    pub(super) fn captures_at(&self, hay: &[u8], at: usize, groups: usize) -> Option<Captures> {
        let mut steps = STEPS;
        let marks = self.program.iter().filter(|op| matches!(op, Op::Mark(_))).count();
        for start in at..=hay.len() {
            let mut slots: Vec<Option<usize>> = vec![None; (groups + 1) * 2 + marks];
            let mut best: Option<(usize, Vec<Option<usize>>)> = None;
            let mut stack: Vec<(usize, usize, Vec<Option<usize>>)> = Vec::new();
            let (mut pc, mut pos) = (0, start);
            loop {
                if steps == 0 {
                    return None;
                }
                steps -= 1;
                let next = self.step(pc, pos, hay, &mut slots, &mut stack);
                match next {
                    Next::Go(to, at) => {
                        (pc, pos) = (to, at);
                        continue;
                    }
                    Next::Done => {
                        if best.as_ref().is_none_or(|(end, _)| pos > *end) {
                            best = Some((pos, slots.clone()));
                        }
                    }
                    Next::Fail => {}
                }
                match stack.pop() {
                    Some((to, at, saved)) => (pc, pos, slots) = (to, at, saved),
                    None => break,
                }
            }
            if let Some((end, slots)) = best {
                let mut all: Captures =
                    slots.chunks(2).take(groups + 1).map(|s| Some((s[0]?, *s.get(1)?.as_ref()?))).collect();
                all[0] = Some((start, end));
                return Some(all);
            }
        }
        None
    }

    fn step(
        &self,
        pc: usize,
        pos: usize,
        hay: &[u8],
        slots: &mut [Option<usize>],
        stack: &mut Vec<(usize, usize, Vec<Option<usize>>)>,
    ) -> Next {
        let ok = |yes: bool| if yes { Next::Go(pc + 1, pos) } else { Next::Fail };
        let word = |at: Option<&u8>| at.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
        match &self.program[pc] {
            Op::Byte(b) => {
                if hay.get(pos) == Some(b) {
                    Next::Go(pc + 1, pos + 1)
                } else {
                    Next::Fail
                }
            }
            Op::Chars(ranges) => match bstr::decode_utf8(&hay[pos..]) {
                (Some(c), n) if ranges.iter().any(|&(a, b)| a <= c && c <= b) => Next::Go(pc + 1, pos + n),
                _ => Next::Fail,
            },
            Op::Start { lines } => ok(pos == 0 || *lines && hay[pos - 1] == b'\n'),
            Op::End { lines } => ok(pos == hay.len() || *lines && hay[pos] == b'\n'),
            Op::Word { before, after, boundary } => {
                let left = pos > 0 && word(hay.get(pos - 1));
                let right = word(hay.get(pos));
                ok(before.is_none_or(|b| b == left)
                    && after.is_none_or(|a| a == right)
                    && boundary.is_none_or(|b| b == (left != right)))
            }
            Op::Save(slot) | Op::Mark(slot) => {
                slots[*slot] = Some(pos);
                Next::Go(pc + 1, pos)
            }
            Op::Progress(slot) => ok(slots[*slot] != Some(pos)),
            Op::Split(first, second) => {
                stack.push((*second, pos, slots.to_vec()));
                Next::Go(*first, pos)
            }
            Op::Jump(to) => Next::Go(*to, pos),
            Op::Back { group, icase } => {
                let (Some(a), Some(b)) = (slots[group * 2], slots[group * 2 + 1]) else { return Next::Fail };
                let text = &hay[a..b];
                let here = hay.get(pos..pos + text.len());
                let same = here.is_some_and(|h| if *icase { h.eq_ignore_ascii_case(text) } else { h == text });
                if same { Next::Go(pc + 1, pos + text.len()) } else { Next::Fail }
            }
            Op::Done => Next::Done,
        }
    }
}

enum Next {
    Go(usize, usize),
    Fail,
    Done,
}

struct Compiler {
    program: Vec<Op>,
    flags: Flags,
    /// The next free slot for a loop's mark.
    marks: usize,
}

impl Compiler {
    fn push(&mut self, op: Op) -> usize {
        self.program.push(op);
        self.program.len() - 1
    }

    fn node(&mut self, node: &Node) {
        let word = |before, after, boundary| Op::Word { before, after, boundary };
        match node {
            Node::Empty => {}
            Node::Char(c) if self.flags.icase => {
                let ranges = cases(*c).into_iter().map(|c| (c, c)).collect();
                self.push(Op::Chars(ranges));
            }
            Node::Char(c) => {
                for b in c.encode_utf8(&mut [0; 4]).bytes() {
                    self.push(Op::Byte(b));
                }
            }
            Node::Byte(b) => drop(self.push(Op::Byte(*b))),
            Node::Any => {
                let ranges = if self.flags.line_bound { vec![('\n', '\n')] } else { Vec::new() };
                self.push(Op::Chars(resolve(true, &ranges, Flags::default())));
            }
            Node::Set { negated, ranges } => {
                let ranges = resolve(*negated, ranges, self.flags);
                self.push(Op::Chars(ranges));
            }
            Node::LineStart => drop(self.push(Op::Start { lines: self.flags.multiline })),
            Node::LineEnd => drop(self.push(Op::End { lines: self.flags.multiline })),
            Node::BufferStart => drop(self.push(Op::Start { lines: false })),
            Node::BufferEnd => drop(self.push(Op::End { lines: false })),
            Node::WordBoundary => drop(self.push(word(None, None, Some(true)))),
            Node::NotWordBoundary => drop(self.push(word(None, None, Some(false)))),
            Node::WordStart => drop(self.push(word(Some(false), Some(true), None))),
            Node::WordEnd => drop(self.push(word(Some(true), Some(false), None))),
            Node::Group(n, inner) => {
                self.push(Op::Save(n * 2));
                self.node(inner);
                self.push(Op::Save(n * 2 + 1));
            }
            Node::Concat(list) => list.iter().for_each(|n| self.node(n)),
            Node::Alternatives(list) => {
                let mut ends = Vec::new();
                for (n, alternative) in list.iter().enumerate() {
                    if n + 1 == list.len() {
                        self.node(alternative);
                        break;
                    }
                    let split = self.push(Op::Split(0, 0));
                    self.node(alternative);
                    ends.push(self.push(Op::Jump(0)));
                    self.program[split] = Op::Split(split + 1, self.program.len());
                }
                let end = self.program.len();
                for jump in ends {
                    self.program[jump] = Op::Jump(end);
                }
            }
            Node::Repeat { node, min, max } => {
                for _ in 0..*min {
                    self.node(node);
                }
                match max {
                    None => {
                        let mark = self.marks;
                        self.marks += 1;
                        let split = self.push(Op::Split(0, 0));
                        self.push(Op::Mark(mark));
                        self.node(node);
                        self.push(Op::Progress(mark));
                        self.push(Op::Jump(split));
                        self.program[split] = Op::Split(split + 1, self.program.len());
                    }
                    Some(max) => {
                        let mut splits = Vec::new();
                        for _ in *min..*max {
                            splits.push(self.push(Op::Split(0, 0)));
                            self.node(node);
                        }
                        let end = self.program.len();
                        for split in splits {
                            self.program[split] = Op::Split(split + 1, end);
                        }
                    }
                }
            }
            Node::BackReference(n) => drop(self.push(Op::Back { group: *n, icase: self.flags.icase })),
        }
    }
}
