//! From plain words to a code: an answer may say "logs never rotated" where the vocabulary says `ST-1/unrotated-log`.
//!
//! Exact names come first. Otherwise texts are compared by their words, rare words counting more; two that come close
//! are not decided here but asked back.

use std::collections::{BTreeMap, BTreeSet};

use super::answer::{Factor, Trigger};
use super::object::Object;
use super::vocab::{self, Class, Entry};

/// Bytes of a text that are looked at: a phrase, not an essay.
const LONGEST: usize = 400;
/// Below this no phrase is meant.
const LEAST: f64 = 0.45;
/// A rival this near to the best is asked about.
const NEAR: f64 = 0.85;
/// Rivals named when asking back.
const SHOWN: usize = 4;

/// What a text means among the things it can mean.
#[derive(Clone, Debug, PartialEq)]
pub enum Meant<T> {
    One(T),
    /// Best first; at least two.
    Several(Vec<T>),
    Nothing,
}

/// What a text says about the mechanism.
#[derive(Clone, Copy, Debug)]
pub enum Cause {
    Mechanism(Entry),
    /// A generic symptom: the class and none of its mechanisms.
    Class(&'static Class),
}

impl Cause {
    pub fn class(&self) -> &'static Class {
        match self {
            Cause::Mechanism(entry) => entry.class,
            Cause::Class(class) => class,
        }
    }
    /// "ST-1/unrotated-log", or "ST-1" for a class.
    pub fn code(&self) -> String {
        match self {
            Cause::Mechanism(entry) => entry.code(),
            Cause::Class(class) => class.code.to_string(),
        }
    }
    /// The mechanism's or the class's name with what it means.
    pub fn about(&self) -> String {
        match self {
            Cause::Mechanism(entry) => entry.mechanism.about.to_string(),
            Cause::Class(class) => format!("{}: which kind?", class.name),
        }
    }
}

/// Words that say nothing.
const EMPTY: [&str; 30] = [
    "a", "an", "and", "as", "at", "be", "been", "because", "by", "for", "from", "has", "have", "in", "is", "it", "its",
    "of", "on", "or", "s", "so", "that", "the", "this", "to", "was", "were", "which", "with",
];

/// The words of a text: small letters, letters and digits only, endings cut.
fn words(text: &str) -> Vec<String> {
    let end = text.char_indices().map(|(at, _)| at).take_while(|at| *at <= LONGEST).last().unwrap_or(0);
    let text = if text.len() <= LONGEST { text } else { text.get(..end).unwrap_or("") };
    text.to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty() && !EMPTY.contains(w))
        .map(stem)
        .collect()
}

/// A word without its commonest English endings; short words and digits stay.
fn stem(word: &str) -> String {
    let mut stem = word;
    for ending in ["ations", "ation", "ings", "ing", "ies", "ied", "ers", "ed", "es", "er", "s", "e", "y"] {
        if let Some(cut) = stem.strip_suffix(ending).filter(|cut| cut.chars().count() >= 3) {
            stem = cut;
            break;
        }
    }
    // "stopped" and "stop", "logging" and "log".
    let mut ends = stem.chars().rev();
    match (ends.next(), ends.next()) {
        (Some(a), Some(b)) if a == b && stem.len() > 3 && stem != word => {
            stem.get(..stem.len() - a.len_utf8()).unwrap_or(stem).to_string()
        }
        _ => stem.to_string(),
    }
}

/// Phrases with their owners, ready to be compared with many texts.
struct Index {
    sets: Vec<(usize, BTreeSet<String>)>,
    /// How many owners use a word: rare words tell more.
    used: BTreeMap<String, f64>,
    owners: f64,
}

impl Index {
    fn new(phrases: &[(usize, String)]) -> Index {
        let sets: Vec<(usize, BTreeSet<String>)> =
            phrases.iter().map(|(owner, phrase)| (*owner, words(phrase).into_iter().collect())).collect();
        let mut owners: BTreeMap<&String, BTreeSet<usize>> = BTreeMap::new();
        for (owner, set) in &sets {
            for word in set {
                owners.entry(word).or_default().insert(*owner);
            }
        }
        let used = owners.into_iter().map(|(word, owners)| (word.clone(), owners.len() as f64)).collect();
        let owners = sets.iter().map(|(owner, _)| owner).collect::<BTreeSet<_>>().len() as f64;
        Index { sets, used, owners }
    }

    /// A word that no phrase knows counts a little against every phrase.
    fn weight(&self, word: &String) -> f64 {
        self.used.get(word).map_or(0.7, |used| 0.4 + libm::log(1.0 + self.owners / used))
    }

    /// The owners of the phrases nearest to `text`, each once, best first, with how near they are: 0 to 1.
    fn rank(&self, text: &str) -> Vec<(f64, usize)> {
        let asked: BTreeSet<String> = words(text).into_iter().collect();
        let asked_weight: f64 = asked.iter().map(|w| self.weight(w)).sum();
        let mut best: BTreeMap<usize, f64> = BTreeMap::new();
        for (owner, set) in &self.sets {
            let shared: f64 = set.intersection(&asked).map(|w| self.weight(w)).sum();
            if shared > 0.0 {
                let whole: f64 = set.iter().map(|w| self.weight(w)).sum();
                let entry = best.entry(*owner).or_insert(0.0);
                *entry = entry.max(2.0 * shared / (asked_weight + whole));
            }
        }
        let mut ranked: Vec<(f64, usize)> = best.into_iter().map(|(owner, near)| (near, owner)).collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        ranked
    }
}

fn rank(text: &str, phrases: &[(usize, String)]) -> Vec<(f64, usize)> {
    Index::new(phrases).rank(text)
}

/// One, several or nothing, of a ranking.
fn decide(ranked: &[(f64, usize)]) -> Meant<usize> {
    let Some((best, first)) = ranked.first().copied().filter(|(near, _)| *near >= LEAST) else { return Meant::Nothing };
    let close: Vec<usize> =
        ranked.iter().take_while(|(near, _)| *near >= best * NEAR).take(SHOWN).map(|(_, owner)| *owner).collect();
    // Word for word is what was meant, whatever else is near.
    if close.len() < 2 || best >= 0.999 { Meant::One(first) } else { Meant::Several(close) }
}

/// The vocabulary as an index.
struct Causes {
    causes: Vec<Cause>,
    index: Index,
}

impl Causes {
    fn new() -> Causes {
        let mut causes: Vec<Cause> = Vec::new();
        let mut phrases: Vec<(usize, String)> = Vec::new();
        for entry in vocab::entries() {
            let owner = causes.len();
            causes.push(Cause::Mechanism(entry));
            phrases.push((owner, entry.mechanism.name.to_string()));
            phrases.push((owner, entry.mechanism.about.to_string()));
            phrases.extend(entry.mechanism.phrases.iter().map(|p| (owner, (*p).to_string())));
        }
        for (_, class) in vocab::classes() {
            let owner = causes.len();
            causes.push(Cause::Class(class));
            phrases.extend(class.generic.iter().map(|p| (owner, (*p).to_string())));
        }
        Causes { causes, index: Index::new(&phrases) }
    }

    fn cause(&self, text: &str) -> Meant<Cause> {
        let text = text.trim();
        if let Some(entry) = vocab::find(text) {
            return Meant::One(Cause::Mechanism(entry));
        }
        let named: Vec<Entry> = vocab::entries().filter(|e| e.mechanism.name.eq_ignore_ascii_case(text)).collect();
        if let [entry] = named.as_slice() {
            return Meant::One(Cause::Mechanism(*entry));
        }
        let same = |name: &str| name.eq_ignore_ascii_case(text);
        if let Some((_, class)) = vocab::classes().find(|(_, c)| same(c.code) || same(c.name)) {
            return Meant::One(Cause::Class(class));
        }
        let get = |owner: usize| self.causes.get(owner).copied();
        match decide(&self.index.rank(text)) {
            Meant::One(owner) => get(owner).map_or(Meant::Nothing, Meant::One),
            Meant::Several(owners) => {
                let several: Vec<Cause> = owners.into_iter().filter_map(get).collect();
                // A class beside its own mechanism adds nothing.
                match several.as_slice() {
                    [Cause::Mechanism(entry), Cause::Class(class)] if entry.class.code == class.code => {
                        Meant::One(Cause::Mechanism(*entry))
                    }
                    _ => Meant::Several(several),
                }
            }
            Meant::Nothing => Meant::Nothing,
        }
    }
}

/// What `text` says about the mechanism: a code, a name, or plain words.
pub fn cause(text: &str) -> Meant<Cause> {
    Causes::new().cause(text)
}

/// The codes that `text` leads to, best first, at most `most`: for `firedrill vocab WORDS` and the form's search.
pub fn search(text: &str, most: usize) -> Vec<Entry> {
    let entries: Vec<Entry> = vocab::entries().collect();
    let mut phrases: Vec<(usize, String)> = Vec::new();
    for (owner, entry) in entries.iter().enumerate() {
        phrases.push((owner, entry.code()));
        phrases.push((owner, entry.class.name.to_string()));
        phrases.push((owner, entry.mechanism.about.to_string()));
        phrases.extend(entry.class.generic.iter().map(|p| (owner, (*p).to_string())));
        phrases.extend(entry.mechanism.phrases.iter().map(|p| (owner, (*p).to_string())));
    }
    rank(text, &phrases)
        .into_iter()
        .filter(|(near, _)| *near >= 0.2)
        .take(most)
        .filter_map(|(_, owner)| entries.get(owner).copied())
        .collect()
}

/// Which component `text` names: an id, a word of one, or plain words.
pub fn object<'a>(text: &str, objects: &'a [Object]) -> Meant<&'a Object> {
    let text = text.trim();
    if let Some(object) = objects.iter().find(|o| o.id.eq_ignore_ascii_case(text)) {
        return Meant::One(object);
    }
    let named: Vec<&Object> =
        objects.iter().filter(|o| o.words.iter().any(|w| w.eq_ignore_ascii_case(text))).take(SHOWN).collect();
    match named.as_slice() {
        [one] => return Meant::One(one),
        [_, _, ..] => return Meant::Several(named),
        [] => {}
    }
    let mut phrases: Vec<(usize, String)> = Vec::new();
    for (owner, object) in objects.iter().enumerate() {
        phrases.push((owner, object.id.clone()));
        phrases.push((owner, format!("{} {}", object.id, object.kind.label())));
        phrases.extend(object.words.iter().map(|w| (owner, w.clone())));
    }
    match decide(&rank(text, &phrases)) {
        Meant::One(owner) => objects.get(owner).map_or(Meant::Nothing, Meant::One),
        Meant::Several(owners) => Meant::Several(owners.into_iter().filter_map(|o| objects.get(o)).collect()),
        Meant::Nothing => Meant::Nothing,
    }
}

/// One of a closed list: its code, one of its phrases, or words near to one.
fn listed<T: Copy>(
    text: &str,
    all: &[T],
    code: fn(T) -> &'static str,
    phrases: fn(T) -> &'static [&'static str],
) -> Meant<T> {
    let text = text.trim();
    if let Some(item) = all.iter().find(|item| code(**item).eq_ignore_ascii_case(text)) {
        return Meant::One(*item);
    }
    let mut table: Vec<(usize, String)> = Vec::new();
    for (owner, item) in all.iter().enumerate() {
        table.push((owner, code(*item).to_string()));
        table.extend(phrases(*item).iter().map(|p| (owner, (*p).to_string())));
    }
    match decide(&rank(text, &table)) {
        Meant::One(owner) => all.get(owner).copied().map_or(Meant::Nothing, Meant::One),
        Meant::Several(owners) => Meant::Several(owners.into_iter().filter_map(|o| all.get(o).copied()).collect()),
        Meant::Nothing => Meant::Nothing,
    }
}

/// What set it going, by code or plain words.
pub fn trigger(text: &str) -> Meant<Trigger> {
    listed(text, Trigger::ALL, Trigger::code, Trigger::phrases)
}

/// What let it happen, by code or plain words.
pub fn factor(text: &str) -> Meant<Factor> {
    listed(text, Factor::ALL, Factor::code, Factor::phrases)
}

/// Whether `text` holds all the words of `phrase`: for details and decoys, where a few words are enough.
pub fn mentions(text: &str, phrase: &str) -> bool {
    let (text_words, wanted): (BTreeSet<String>, Vec<String>) = (words(text).into_iter().collect(), words(phrase));
    let exact = text.to_lowercase().contains(&phrase.to_lowercase());
    exact || (!wanted.is_empty() && wanted.iter().all(|w| text_words.contains(w)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::object::ObjectKind;

    fn code_of(causes: &Causes, text: &str) -> String {
        match causes.cause(text) {
            Meant::One(cause) => cause.code(),
            Meant::Several(several) => several.iter().map(Cause::code).collect::<Vec<_>>().join(" or "),
            Meant::Nothing => "nothing".into(),
        }
    }

    #[test]
    fn the_vocabulary_is_whole_and_each_phrase_leads_home() {
        let (mut wrong, causes) = (Vec::new(), Causes::new());
        assert_eq!(vocab::classes().count(), 47);
        let mut seen: BTreeMap<Vec<String>, String> = BTreeMap::new();
        for entry in vocab::entries() {
            let code = entry.code();
            if vocab::find(&code).map(|e| e.code()) != Some(code.clone()) {
                wrong.push(format!("{code} does not find itself"));
            }
            if entry.mechanism.about.is_empty() || entry.mechanism.phrases.len() < 6 {
                wrong.push(format!("{code} has {} phrases", entry.mechanism.phrases.len()));
            }
            for phrase in entry.mechanism.phrases {
                if code_of(&causes, phrase) != code {
                    wrong.push(format!("{code}: \"{phrase}\" leads to {}", code_of(&causes, phrase)));
                }
                let mut key = words(phrase);
                key.sort();
                if let Some(other) = seen.insert(key, code.clone()) {
                    wrong.push(format!("{code}: \"{phrase}\" is a phrase of {other} too"));
                }
            }
        }
        for (_, class) in vocab::classes() {
            if !(2..=8).contains(&class.mechanisms.len()) {
                wrong.push(format!("{} has {} mechanisms", class.code, class.mechanisms.len()));
            }
            for generic in class.generic {
                if code_of(&causes, generic) != class.code {
                    wrong.push(format!(
                        "{}: the symptom \"{generic}\" leads to {}",
                        class.code,
                        code_of(&causes, generic)
                    ));
                }
            }
        }
        assert!(wrong.is_empty(), "{}\n{} in all", wrong.join("\n"), wrong.len());
    }

    #[test]
    fn people_say_it_otherwise() {
        let (mut wrong, causes) = (Vec::new(), Causes::new());
        for (text, code) in [
            ("logs were never rotated", "ST-1/unrotated-log"),
            ("LOG_LEVEL was left at debug and filled the disk", "ST-1/unrotated-log"),
            ("logrotate was failing because of insecure permissions", "ST-1/unrotated-log"),
            ("the log grew because rotation does not work", "ST-1/unrotated-log"),
            ("debug logging left on", "ST-1/unrotated-log"),
            ("a deleted log file is still open", "ST-1/deleted-open-file"),
            ("we ran out of inodes", "ST-1/inode-exhaustion"),
            ("disk full", "ST-1"),
            ("the disk is full", "ST-1"),
            ("OOM", "RT-1"),
            ("unrotated-log", "ST-1/unrotated-log"),
            ("st-1/UNROTATED-LOG", "ST-1/unrotated-log"),
            ("it behaves oddly", "nothing"),
            ("", "nothing"),
            ("\u{1b}[2J", "nothing"),
        ] {
            if code_of(&causes, text) != code {
                wrong.push(format!("\"{text}\" leads to {}, not {code}", code_of(&causes, text)));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn what_could_be_two_is_asked_back() {
        assert!(matches!(cause("permission denied"), Meant::Several(_) | Meant::Nothing));
        assert!(matches!(cause("it is broken somehow"), Meant::Several(_) | Meant::Nothing));
    }

    #[test]
    fn endless_texts_end() {
        cause(&"log rotation ".repeat(100_000));
        cause(&"é".repeat(300_000));
    }

    fn fleet() -> Vec<Object> {
        let object = |id: &str, kind, words: &[&str]| Object {
            id: id.into(),
            kind,
            words: words.iter().map(|w| (*w).to_string()).collect(),
        };
        vec![
            object("web-02", ObjectKind::Host, &["host web-02"]),
            object("web-02/myapp.service", ObjectKind::Unit, &["myapp.service", "myapp unit"]),
            object("web-02/ssh.service", ObjectKind::Unit, &["ssh.service", "ssh"]),
            object("mon1/ssh.service", ObjectKind::Unit, &["ssh.service", "ssh"]),
            object("web-02:/etc/myapp/env", ObjectKind::Config, &["/etc/myapp/env"]),
            object("web-02:/etc/logrotate.d/myapp", ObjectKind::Config, &["/etc/logrotate.d/myapp"]),
            object("myapp", ObjectKind::Service, &["service myapp"]),
        ]
    }

    #[test]
    fn components_are_named_by_id_or_words() {
        let fleet = fleet();
        let named = |text: &str| match object(text, &fleet) {
            Meant::One(o) => o.id.clone(),
            Meant::Several(several) => several.iter().map(|o| o.id.clone()).collect::<Vec<_>>().join(" or "),
            Meant::Nothing => "nothing".into(),
        };
        assert_eq!(named("WEB-02"), "web-02");
        assert_eq!(named("myapp"), "myapp");
        assert_eq!(named("myapp.service"), "web-02/myapp.service");
        assert_eq!(named("/etc/myapp/env"), "web-02:/etc/myapp/env");
        assert_eq!(named("/etc/myapp/env on web-02"), "web-02:/etc/myapp/env");
        assert_eq!(named("ssh"), "web-02/ssh.service or mon1/ssh.service");
        assert_eq!(named("ssh on mon1"), "mon1/ssh.service");
        assert_eq!(named("the moon"), "nothing");
    }

    #[test]
    fn triggers_and_factors_are_named_in_words() {
        assert_eq!(trigger("config-change"), Meant::One(Trigger::ConfigChange));
        assert_eq!(trigger("somebody edited the config"), Meant::One(Trigger::ConfigChange));
        assert_eq!(trigger("marketing campaign"), Meant::One(Trigger::TrafficRamp));
        assert_eq!(trigger("zebra"), Meant::Nothing);
        assert_eq!(factor("shared root file system"), Meant::One(Factor::SharedResource));
        assert!(
            Trigger::ALL
                .iter()
                .flat_map(|t| t.phrases().iter().map(move |p| (t, p)))
                .all(|(t, p)| trigger(p) == Meant::One(*t))
        );
        assert!(
            Factor::ALL
                .iter()
                .flat_map(|t| t.phrases().iter().map(move |p| (t, p)))
                .all(|(t, p)| factor(p) == Meant::One(*t))
        );
    }
}
