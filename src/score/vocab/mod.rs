//! The closed vocabulary of causes (CATALOGUE 3): layers, classes, mechanisms, and the plain phrases that lead to each.
//!
//! One file a group of layers; a code is `CLASS/mechanism`. The list is always shown whole, so that it gives nothing
//! away. Matching of words to codes is in [`super::phrase`].

mod data;
mod network;
mod release;
mod runtime;
mod storage;
mod traffic;

/// A layer of the stack and its classes.
#[derive(Debug)]
pub struct Layer {
    pub name: &'static str,
    pub classes: &'static [Class],
}

/// A kind of failure.
#[derive(Debug)]
pub struct Class {
    /// "ST-1".
    pub code: &'static str,
    /// "disk-exhaustion".
    pub name: &'static str,
    /// Words that name the class and none of its mechanisms: a generic answer.
    pub generic: &'static [&'static str],
    pub mechanisms: &'static [Mechanism],
}

/// How such a failure comes about.
#[derive(Debug)]
pub struct Mechanism {
    /// "unrotated-log"; may hold a `/`.
    pub name: &'static str,
    /// What it means, in one line.
    pub about: &'static str,
    pub phrases: &'static [&'static str],
}

/// Every layer, in the order that the form shows.
pub const LAYERS: &[&Layer] = &[
    &storage::STORAGE,
    &runtime::RUNTIME,
    &runtime::HOST,
    &network::NETWORK,
    &network::IDENTITY,
    &traffic::TRAFFIC,
    &data::DATA,
    &traffic::ASYNC,
    &release::RELEASE,
    &release::OBSERVABILITY,
    &release::FRONTEND,
];

/// One row of a table.
const fn m(name: &'static str, about: &'static str, phrases: &'static [&'static str]) -> Mechanism {
    Mechanism { name, about, phrases }
}

/// Every class with its layer.
pub fn classes() -> impl Iterator<Item = (&'static Layer, &'static Class)> {
    LAYERS.iter().flat_map(|layer| layer.classes.iter().map(move |class| (*layer, class)))
}

/// A mechanism with where it belongs.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub layer: &'static Layer,
    pub class: &'static Class,
    pub mechanism: &'static Mechanism,
}

impl Entry {
    /// "ST-1/unrotated-log".
    pub fn code(&self) -> String {
        format!("{}/{}", self.class.code, self.mechanism.name)
    }
}

/// Every mechanism, in the order that the form shows.
pub fn entries() -> impl Iterator<Item = Entry> {
    classes().flat_map(|(layer, class)| class.mechanisms.iter().map(move |mechanism| Entry { layer, class, mechanism }))
}

/// The mechanism of a code, whatever its case; `None` if there is none.
pub fn find(code: &str) -> Option<Entry> {
    let (class, name) = code.trim().split_once('/')?;
    entries().find(|e| e.class.code.eq_ignore_ascii_case(class) && e.mechanism.name.eq_ignore_ascii_case(name))
}
