//! `${name}`: what the seed drew and what a variant set, put into the texts of a scenario.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::base::Rng;

/// What `${name}` stands for.
pub type Words = BTreeMap<String, String>;

/// Draws one name for each role, by a stream of its own, so that a further role changes no other's name.
/// A pool that is empty gives no name.
pub fn draw_names(seed: u64, pools: &BTreeMap<String, Vec<String>>) -> Words {
    let mut words = Words::new();
    for (role, pool) in pools {
        if let Some(name) = Rng::new(seed, &format!("names/{role}")).pick(pool) {
            words.insert(role.clone(), name.clone());
        }
    }
    words
}

/// The placeholders of `text`, in order, with repetitions. `${}` and an unclosed `${` are text.
pub fn placeholders(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, tail)) = rest.split_once("${") {
        match tail.split_once('}') {
            Some((name, after)) if is_name(name) => {
                found.push(name);
                rest = after;
            }
            _ => rest = tail,
        }
    }
    found
}

/// `text` cut at its placeholders: (whether it is one, the text or the name), in order.
pub fn pieces(text: &str) -> Vec<(bool, &str)> {
    let mut found = Vec::new();
    let (mut rest, mut plain) = (text, 0);
    let mut at = 0;
    while let Some((before, tail)) = rest.split_once("${") {
        at += before.len() + 2;
        match tail.split_once('}') {
            Some((name, after)) if is_name(name) => {
                found.extend(text.get(plain..at - 2).filter(|t| !t.is_empty()).map(|t| (false, t)));
                found.push((true, name));
                at += name.len() + 1;
                (plain, rest) = (at, after);
            }
            _ => rest = tail,
        }
    }
    found.extend(text.get(plain..).filter(|t| !t.is_empty()).map(|t| (false, t)));
    found
}

/// Whether `name` can be a role, a setting or a field: a small letter, then small letters, digits and `_`.
pub fn is_name(name: &str) -> bool {
    name.len() <= 40
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// `text` with every placeholder that `words` knows replaced, once: a value is not searched for further placeholders.
/// Unknown placeholders stay as they are (a shell script's own `${HOME}` is none of ours).
pub fn substitute(text: &str, words: &Words) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, tail)) = rest.split_once("${") {
        out.push_str(before);
        match tail.split_once('}') {
            Some((name, after)) if words.contains_key(name) => {
                out.push_str(words.get(name).map_or("", String::as_str));
                rest = after;
            }
            _ => {
                out.push_str("${");
                rest = tail;
            }
        }
    }
    out.push_str(rest);
    out
}

/// [`substitute`] in every string and member name of a JSON value. Nesting is bounded by serde_json's limit (128).
pub fn substitute_value(value: &Value, words: &Words) -> Value {
    match value {
        Value::String(text) => Value::String(substitute(text, words)),
        Value::Array(items) => Value::Array(items.iter().map(|item| substitute_value(item, words)).collect()),
        Value::Object(members) => Value::Object(
            members.iter().map(|(name, value)| (substitute(name, words), substitute_value(value, words))).collect(),
        ),
        other => other.clone(),
    }
}

/// Applies a JSON merge patch (RFC 7396) to `target`.
pub fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    if let Value::Object(members) = target {
        for (name, change) in changes {
            if change.is_null() {
                members.remove(name);
            } else {
                merge(members.entry(name.clone()).or_insert(Value::Null), change);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn placeholders_are_replaced_once_and_others_kept() {
        let words = Words::from([("web".into(), "${mon}".into()), ("mon".into(), "m1".into())]);
        assert_eq!(substitute("${web} ${mon} ${HOME} ${ ${", &words), "${mon} m1 ${HOME} ${ ${");
        assert_eq!(placeholders("${web}${time}/${HOME}/${a b}${"), ["web", "time"]);
    }

    #[test]
    fn merge_is_rfc_7396() {
        let mut value = json!({"a": {"b": 1, "c": 2}, "d": [1]});
        merge(&mut value, &json!({"a": {"b": null, "e": {"f": 3}}, "d": [2]}));
        assert_eq!(value, json!({"a": {"c": 2, "e": {"f": 3}}, "d": [2]}));
    }

    #[test]
    fn a_further_role_changes_no_other_name() {
        let pool = |n: &str| (0..20).map(|i| format!("{n}{i}")).collect::<Vec<_>>();
        let mut pools = BTreeMap::from([("web".to_string(), pool("w")), ("mon".to_string(), pool("m"))]);
        let before = draw_names(9, &pools);
        pools.insert("app".into(), pool("a"));
        let after = draw_names(9, &pools);
        assert_eq!((&before["web"], &before["mon"]), (&after["web"], &after["mon"]));
        assert!(
            (0..50).map(|s| draw_names(s, &pools)["web"].clone()).collect::<std::collections::BTreeSet<_>>().len() > 5
        );
    }
}
