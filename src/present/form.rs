//! The diagnosis form: finding a mechanism by plain words, and what is still missing before the answer can be submitted.

use crate::protocol::{Answer, Choice, Form, Mechanism};

/// Mechanisms that the words lead to, best first. No words: all of them, in the form's order.
pub fn search<'a>(mechanisms: &'a [Mechanism], words: &str) -> Vec<&'a Mechanism> {
    let words: Vec<String> = words.to_lowercase().split_whitespace().map(stem).collect();
    if words.is_empty() {
        return mechanisms.iter().collect();
    }
    let mut found: Vec<(usize, &Mechanism)> =
        mechanisms.iter().map(|m| (rank(m, &words), m)).filter(|(rank, _)| *rank > 0).collect();
    // A stable sort: equals stay in the form's order.
    found.sort_by_key(|(rank, _)| std::cmp::Reverse(*rank));
    found.into_iter().map(|(_, m)| m).collect()
}

/// How well a mechanism fits: each word counts by the best place that it stands in; a phrase that has all of them counts more.
fn rank(mechanism: &Mechanism, words: &[String]) -> usize {
    let name = format!("{} {} {}", mechanism.label, mechanism.code, mechanism.class).to_lowercase();
    let phrases: Vec<String> = mechanism.phrases.iter().map(|p| p.to_lowercase()).collect();
    let mut rank = 0;
    for word in words {
        if name.contains(word.as_str()) {
            rank += 3;
        } else if phrases.iter().any(|p| p.contains(word.as_str())) {
            rank += 2;
        }
    }
    if phrases.iter().any(|p| words.iter().all(|w| p.contains(w.as_str()))) {
        rank += 2;
    }
    rank
}

/// Enough of a stem that "connections" finds "connection" and "logs" finds "log".
fn stem(word: &str) -> String {
    let cut = ["ing", "ed", "es", "s"].iter().find_map(|end| word.strip_suffix(end)).filter(|w| w.chars().count() >= 3);
    cut.unwrap_or(word).to_owned()
}

/// What a player must still say, as messages for the fields. Empty: it can be submitted.
pub fn missing(answer: &Answer, form: &Form) -> Vec<(&'static str, String)> {
    let mut missing = Vec::new();
    if !form.origins.iter().any(|c| c.code == answer.origin) {
        missing.push(("origin", "Say where it started: choose a component.".into()));
    }
    if !form.mechanisms.iter().any(|m| m.code == answer.mechanism) {
        missing.push(("mechanism", "Say what went wrong: search for it in plain words and choose one line.".into()));
    }
    missing
}

/// Choices with their group's name before the first of each group, as a select shows them.
pub fn groups(choices: &[Choice]) -> Vec<(String, Vec<Choice>)> {
    let mut groups: Vec<(String, Vec<Choice>)> = Vec::new();
    for choice in choices {
        match groups.iter_mut().find(|(name, _)| *name == choice.group) {
            Some((_, members)) => members.push(choice.clone()),
            None => groups.push((choice.group.clone(), vec![choice.clone()])),
        }
    }
    groups
}

/// Points as the score writes them: `4`, `−2`, `1.5`.
pub fn points(points: f64) -> String {
    let rounded = (points * 10.0).round() / 10.0;
    let text = if rounded.fract() == 0.0 { format!("{:.0}", rounded.abs()) } else { format!("{:.1}", rounded.abs()) };
    if rounded < 0.0 { format!("−{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mechanism(code: &str, label: &str, phrases: &[&str]) -> Mechanism {
        Mechanism {
            code: code.into(),
            label: label.into(),
            class: "Disk exhaustion".into(),
            phrases: phrases.iter().map(|p| (*p).into()).collect(),
        }
    }

    fn all() -> Vec<Mechanism> {
        vec![
            mechanism(
                "ST-1/unrotated-log",
                "A log that is never rotated",
                &["disk eaten by old logs", "log file grows for ever"],
            ),
            mechanism(
                "ST-1/deleted-open-file",
                "A deleted file still held open",
                &["df and du disagree", "space not freed after rm"],
            ),
            mechanism("DB-1/no-release-on-error", "Connections never given back", &["pool leaks connections"]),
        ]
    }

    #[test]
    fn plain_words_find_a_mechanism() {
        let all = all();
        let best = |words: &str| search(&all, words).first().map(|m| m.code.as_str());
        assert_eq!(best("logs growing"), Some("ST-1/unrotated-log"));
        assert_eq!(best("rm did not free space"), Some("ST-1/deleted-open-file"));
        assert_eq!(best("connection leak"), Some("DB-1/no-release-on-error"));
        assert_eq!(best("st-1/del"), Some("ST-1/deleted-open-file"));
        assert_eq!(best("volcano"), None);
        assert_eq!(search(&all, " ").len(), 3);
    }

    #[test]
    fn only_origin_and_mechanism_are_required() {
        let form = Form {
            mechanisms: all(),
            origins: vec![Choice { code: "web/myapp".into(), label: "myapp".into(), group: "Services".into() }],
            ..Form::default()
        };
        let mut answer = Answer::default();
        assert_eq!(missing(&answer, &form).len(), 2);
        answer.origin = "web/myapp".into();
        answer.mechanism = "ST-1/unrotated-log".into();
        assert!(missing(&answer, &form).is_empty());
    }

    #[test]
    fn points_read_naturally() {
        assert_eq!((points(4.0), points(-2.0), points(1.5)), ("4".into(), "−2".into(), "1.5".into()));
    }
}
