//! Trees on lazy DFAs. The DFA that finds a start is leftmost-first; the one that finds the end is anchored there and
//! follows all matches to the longest. Both fall back to an NFA simulation when a pattern outgrows their cache.

use std::cell::RefCell;

use regex_automata::hybrid::{dfa, regex};
use regex_automata::nfa::thompson::{self, NFA, WhichCaptures, pikevm};
use regex_automata::util::prefilter::Prefilter;
use regex_automata::{Anchored, Input, MatchKind};
use regex_syntax::hir::{Capture, Class, ClassUnicode, ClassUnicodeRange, Hir, Look, Repetition};

use super::syntax::Node;
use super::{Captures, Flags};

/// Bytes of compiled automaton and of one DFA's cache.
const NFA_BYTES: usize = 32 << 20;
const CACHE_BYTES: usize = 8 << 20;

pub(super) struct Automaton {
    start: regex::Regex,
    longest: dfa::DFA,
    groups: pikevm::PikeVM,
    caches: RefCell<Caches>,
}

struct Caches {
    start: regex::Cache,
    longest: dfa::Cache,
    groups: pikevm::Cache,
}

const TOO_BIG: &str = "Regular expression too big";

impl Automaton {
    pub(super) fn new(node: &Node, flags: Flags) -> Result<Automaton, String> {
        let hir = hir(node, flags);
        let nfa = |hir: &Hir, reverse: bool, captures: WhichCaptures| -> Result<NFA, String> {
            let config = thompson::Config::new()
                .utf8(false)
                .reverse(reverse)
                .which_captures(captures)
                .nfa_size_limit(Some(NFA_BYTES));
            thompson::Compiler::new().configure(config).build_from_hir(hir).map_err(|_| TOO_BIG.to_string())
        };
        let base = || dfa::Config::new().cache_capacity(CACHE_BYTES).skip_cache_capacity_check(true);
        let build = |config: dfa::Config, nfa: NFA| {
            dfa::Builder::new().configure(config).build_from_nfa(nfa).map_err(|_| TOO_BIG.to_string())
        };
        let forward_nfa = nfa(&hir, false, WhichCaptures::None)?;
        let prefilter = Prefilter::from_hir_prefix(MatchKind::LeftmostFirst, &hir);
        let forward = build(base().prefilter(prefilter), forward_nfa.clone())?;
        let reverse = build(
            base().prefilter(None).specialize_start_states(false).match_kind(MatchKind::All),
            nfa(&hir, true, WhichCaptures::None)?,
        )?;
        let start = regex::Builder::new().build_from_dfas(forward, reverse);
        let longest = build(base().match_kind(MatchKind::All), forward_nfa)?;
        let groups = pikevm::Builder::new()
            .configure(pikevm::Config::new().match_kind(MatchKind::All))
            .build_from_nfa(nfa(&hir, false, WhichCaptures::All)?)
            .map_err(|_| TOO_BIG.to_string())?;
        let caches =
            Caches { start: start.create_cache(), longest: longest.create_cache(), groups: groups.create_cache() };
        Ok(Automaton { start, longest, groups, caches: RefCell::new(caches) })
    }

    pub(super) fn is_match_at(&self, hay: &[u8], at: usize) -> bool {
        let input = Input::new(hay).range(at..).earliest(true);
        let caches = &mut *self.caches.borrow_mut();
        let (forward, _) = caches.start.as_parts_mut();
        match self.start.forward().try_search_fwd(forward, &input) {
            Ok(found) => found.is_some(),
            Err(_) => self.groups.is_match(&mut caches.groups, Input::new(hay).range(at..)),
        }
    }

    /// Where the leftmost match starts.
    fn start_at(&self, caches: &mut Caches, hay: &[u8], at: usize) -> Option<usize> {
        let input = Input::new(hay).range(at..);
        match self.start.try_search(&mut caches.start, &input) {
            Ok(found) => found.map(|m| m.start()),
            Err(_) => {
                // The NFA follows all matches: the earliest end need not begin leftmost, so each start is tried.
                (at..=hay.len()).find(|&from| {
                    let input = Input::new(hay).range(from..).anchored(Anchored::Yes);
                    self.groups.is_match(&mut caches.groups, input)
                })
            }
        }
    }

    pub(super) fn find_at(&self, hay: &[u8], at: usize) -> Option<(usize, usize)> {
        let caches = &mut *self.caches.borrow_mut();
        let start = self.start_at(caches, hay, at)?;
        let input = Input::new(hay).range(start..).anchored(Anchored::Yes);
        match self.longest.try_search_fwd(&mut caches.longest, &input) {
            Ok(found) => found.map(|m| (start, m.offset())),
            Err(_) => {
                let mut slots = [None, None];
                self.groups.search_slots(&mut caches.groups, &input, &mut slots)?;
                Some((start, slots[1]?.get()))
            }
        }
    }

    pub(super) fn captures_at(&self, hay: &[u8], at: usize, groups: usize) -> Option<Captures> {
        if groups == 0 {
            return self.find_at(hay, at).map(|m| vec![Some(m)]);
        }
        let caches = &mut *self.caches.borrow_mut();
        let start = self.start_at(caches, hay, at)?;
        let input = Input::new(hay).range(start..).anchored(Anchored::Yes);
        let mut slots = vec![None; (groups + 1) * 2];
        self.groups.search_slots(&mut caches.groups, &input, &mut slots)?;
        Some(slots.chunks(2).map(|s| Some((s[0]?.get(), s[1]?.get()))).collect())
    }
}

/// A character's other cases, itself included.
pub(super) fn cases(c: char) -> Vec<char> {
    let mut all = vec![c];
    let mut single = |mut list: Box<dyn Iterator<Item = char>>| {
        if let (Some(only), None) = (list.next(), list.next())
            && !all.contains(&only)
        {
            all.push(only);
        }
    };
    single(Box::new(c.to_lowercase()));
    single(Box::new(c.to_uppercase()));
    all
}

/// The ranges of a set as they match: with the other cases, or what is left of all characters.
pub(super) fn resolve(negated: bool, ranges: &[(char, char)], flags: Flags) -> Vec<(char, char)> {
    let mut class = ClassUnicode::new(ranges.iter().map(|&(a, b)| ClassUnicodeRange::new(a, b)));
    if flags.icase {
        for &(low, high) in ranges {
            // Beyond the alphabets there is no case; a range over everything need not be walked.
            for c in (low..=high).take(2000) {
                class.union(&ClassUnicode::new(cases(c).into_iter().map(|c| ClassUnicodeRange::new(c, c))));
            }
        }
    }
    if negated {
        class.negate();
        if flags.line_bound {
            class.difference(&ClassUnicode::new([ClassUnicodeRange::new('\n', '\n')]));
        }
    }
    class.iter().map(|r| (r.start(), r.end())).collect()
}

fn set(ranges: impl IntoIterator<Item = (char, char)>) -> Hir {
    let ranges = ranges.into_iter().map(|(a, b)| ClassUnicodeRange::new(a, b));
    Hir::class(Class::Unicode(ClassUnicode::new(ranges)))
}

fn hir(node: &Node, flags: Flags) -> Hir {
    match node {
        Node::Empty => Hir::empty(),
        Node::Char(c) if flags.icase => set(cases(*c).into_iter().map(|c| (c, c))),
        Node::Char(c) => Hir::literal(c.encode_utf8(&mut [0; 4]).as_bytes()),
        Node::Byte(b) => Hir::literal([*b]),
        Node::Any if flags.line_bound => set([('\0', '\t'), ('\u{b}', char::MAX)]),
        Node::Any => set([('\0', char::MAX)]),
        Node::Set { negated, ranges } => set(resolve(*negated, ranges, flags)),
        Node::LineStart => Hir::look(if flags.multiline { Look::StartLF } else { Look::Start }),
        Node::LineEnd => Hir::look(if flags.multiline { Look::EndLF } else { Look::End }),
        Node::BufferStart => Hir::look(Look::Start),
        Node::BufferEnd => Hir::look(Look::End),
        Node::WordBoundary => Hir::look(Look::WordAscii),
        Node::NotWordBoundary => Hir::look(Look::WordAsciiNegate),
        Node::WordStart => Hir::look(Look::WordStartAscii),
        Node::WordEnd => Hir::look(Look::WordEndAscii),
        Node::Group(n, inner) => {
            Hir::capture(Capture { index: *n as u32, name: None, sub: Box::new(hir(inner, flags)) })
        }
        Node::Concat(list) => Hir::concat(list.iter().map(|n| hir(n, flags)).collect()),
        Node::Alternatives(list) => Hir::alternation(list.iter().map(|n| hir(n, flags)).collect()),
        Node::Repeat { node, min, max } => {
            Hir::repetition(Repetition { min: *min, max: *max, greedy: true, sub: Box::new(hir(node, flags)) })
        }
        // Patterns with back-references go to the backtracker.
        Node::BackReference(_) => Hir::fail(),
    }
}
