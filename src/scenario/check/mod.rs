//! What a scenario's types cannot say: references that must resolve, numbers that must make sense, texts that must not
//! drive a screen. Every finding names its place, what is wrong and what to write.

mod fleet;
mod flow;

use std::collections::BTreeMap;

use serde_json::Value;

use super::format::*;
use super::objects::objects;
use super::pack::Pack;
use super::play::Play;
use super::problem::Problem;
use super::template::{Words, is_name, placeholders};
use crate::base::Span;
use crate::base::explain::{Step, is_steering, nearest, path, printable};
use crate::score::vocab;
use crate::world::accounts;

/// Takes a finding: the place in the patched file, what is wrong, what to write.
pub type Report<'a> = &'a mut dyn FnMut(&[Step], String, String);

/// Texts that would drive the screen of whoever reads them.
pub fn texts(value: &Value, report: Report<'_>) {
    fn walk(value: &Value, at: &mut Vec<Step>, report: &mut dyn FnMut(&[Step], String, String)) {
        let bad = |text: &str| text.chars().find(|c| (c.is_control() && !matches!(c, '\n' | '\t')) || is_steering(*c));
        match value {
            Value::String(text) => {
                if let Some(c) = bad(text) {
                    let wrong = format!("the text holds the control character U+{:04X}", u32::from(c));
                    report(at, wrong, "remove it".into());
                }
            }
            Value::Array(items) => {
                for (n, item) in items.iter().enumerate() {
                    at.push(Step::Item(n));
                    walk(item, at, report);
                    at.pop();
                }
            }
            Value::Object(members) => {
                for (name, item) in members {
                    at.push(Step::Member(name.clone()));
                    if bad(name).is_some() {
                        report(at, "the member's name holds a control character".into(), "remove it".into());
                    }
                    walk(item, at, report);
                    at.pop();
                }
            }
            _ => {}
        }
    }
    walk(value, &mut Vec::new(), report);
}

/// Checks one variant's spec with its names drawn.
pub fn spec(spec: &ScenarioFile, variant: &str, pack: &Pack, words: &Words, report: Report<'_>) {
    let mut c = Checker { spec, pack, report };
    c.about();
    c.names();
    c.hosts();
    c.streams();
    c.services();
    c.watching();
    c.causes(variant);
    c.leftovers(words);
}

struct Checker<'a> {
    spec: &'a ScenarioFile,
    pack: &'a Pack,
    report: Report<'a>,
}

impl Checker<'_> {
    fn say(&mut self, at: &[&str], wrong: impl Into<String>, write: impl Into<String>) {
        (self.report)(&path(at), wrong.into(), write.into());
    }

    /// Reports unless `name` is one of `known`.
    fn known<'k>(&mut self, at: &[&str], what: &str, name: &str, known: impl IntoIterator<Item = &'k str>) -> bool {
        let known: Vec<&str> = known.into_iter().collect();
        if known.contains(&name) {
            return true;
        }
        let list = known.iter().take(12).map(|k| format!("\"{k}\"")).collect::<Vec<_>>().join(", ");
        let write = match nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean \"{near}\"? There are: {list}"),
            None if list.is_empty() => format!("declare a {what} first"),
            None => format!("write one of: {list}"),
        };
        self.say(at, format!("there is no {what} \"{}\"", printable(name)), write);
        false
    }

    /// Reports unless `value` lies in `low..=high`; not-a-number never does.
    fn within(&mut self, at: &[&str], value: f64, low: f64, high: f64) {
        if !(low..=high).contains(&value) {
            self.say(at, format!("{value} is out of range"), format!("write a number from {low} to {high}"));
        }
    }

    fn span_within(&mut self, at: &[&str], span: Span, low: Span, high: Span) {
        if span < low || span > high {
            self.say(at, format!("{span} is out of range"), format!("write from {low} to {high}"));
        }
    }

    fn about(&mut self) {
        let spec = self.spec;
        if spec.id.is_empty() || !spec.id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') {
            self.say(
                &["id"],
                "an id has small letters, digits and hyphens",
                "write the folder's name, such as \"disk-full\"",
            );
        }
        let digits = spec.number.strip_prefix("INC-").unwrap_or("");
        if !(3..=6).contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
            self.say(
                &["number"],
                "this is no incident number",
                "write one such as \"INC-4127\", used by no other scenario",
            );
        }
        for (at, text, most) in [("headline", &spec.headline, 100), ("title", &spec.title, 80)] {
            if text.trim().is_empty() || text.chars().count() > most || text.contains('\n') {
                self.say(&[at], "this is not one short line", format!("write 1 to {most} characters"));
            }
        }
        if spec.headline.contains("${") || typed_figure(&spec.headline) {
            self.say(
                &["headline"],
                "the headline is shown before a seed is drawn, so it can hold no names and no figures",
                "say in words what the pager says: \"orders fail\"",
            );
        }
        let secret = |word: &str| spec.headline.to_lowercase().contains(&word.to_lowercase());
        if secret(&spec.id) || secret(&spec.id.replace('-', " ")) || secret(&spec.title) {
            self.say(&["headline"], "the headline gives the cause away", "say only what the pager says");
        }
        self.within(&["difficulty"], f64::from(spec.difficulty), 1.0, 5.0);
        self.span_within(&["par"], spec.par.span(), Span::MINUTE, Span::DAY);
        self.span_within(&["history"], spec.history.span(), Span(10 * Span::MINUTE.0), Span(30 * Span::DAY.0));
        self.known(&["page", "alert"], "alert", &spec.page.alert, spec.alerts.keys().map(String::as_str));
    }

    fn names(&mut self) {
        let spec = self.spec;
        let mut taken: BTreeMap<&str, &str> = BTreeMap::new();
        for (role, pool) in &spec.names {
            if !is_name(role) || role == "time" || role == "value" {
                self.say(
                    &["names", role],
                    "this cannot be the name of a role",
                    "write small letters, digits and _; not time, not value",
                );
            }
            if pool.is_empty() {
                self.say(&["names", role], "the pool is empty", "write at least one name");
            }
            for name in pool {
                if !is_host_name(name) {
                    let wrong = format!("\"{}\" is no host name", printable(name));
                    self.say(&["names", role], wrong, "write small letters, digits and inner hyphens, at most 63");
                }
                if let Some(other) = taken.insert(name, role).filter(|other| *other != role) {
                    self.say(
                        &["names", role],
                        format!("\"{name}\" is in the pool of \"{other}\" too"),
                        "keep it in one pool",
                    );
                }
            }
        }
        for name in spec.settings.keys() {
            if !is_name(name) || spec.names.contains_key(name) || name == "time" || name == "value" {
                self.say(
                    &["settings", name],
                    "this cannot be the name of a setting",
                    "write small letters, digits and _; not a role's name",
                );
            }
        }
    }

    /// Reports unless the role has a host with this unit.
    fn unit_of(&mut self, at: &[&str], role: &str, unit: &str) {
        let spec = self.spec;
        if let Some(host) = spec.hosts.get(role) {
            let mut at = at.to_vec();
            at.push("unit");
            self.known(&at, "unit", unit, host.units.keys().map(String::as_str));
        } else {
            let mut at = at.to_vec();
            at.push("host");
            self.known(&at, "host", role, spec.hosts.keys().map(String::as_str));
        }
    }

    fn causes(&mut self, variant: &str) {
        let spec = self.spec;
        if spec.variants.len() < 2 {
            self.say(
                &["variants"],
                "there is one cause only, so its answer can be memorised",
                "describe at least two variants",
            );
        }
        let ids: Vec<String> = objects(spec).into_iter().map(|o| o.id).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        for (name, decoy) in &spec.decoys {
            self.code(&["decoys", name, "mechanism"], &decoy.mechanism);
        }
        let Some(chosen) = spec.variants.get(variant) else { return };
        let at = |field: &'static str| ["variants", variant, field];
        if !is_name(variant) {
            self.say(&["variants", variant], "this cannot be the name of a variant", "write a small letter");
        }
        self.within(&at("weight"), f64::from(chosen.weight), 1.0, 1000.0);
        const FIXED: [&str; 10] =
            ["format_version", "id", "number", "title", "headline", "difficulty", "par", "variants", "page", "names"];
        for member in chosen.set.as_object().into_iter().flat_map(|set| set.keys()) {
            if FIXED.contains(&member.as_str()) {
                self.say(
                    &["variants", variant, "set", member],
                    "this is the same in every variant",
                    "remove it from the patch",
                );
            }
        }
        let key = &chosen.key;
        let inner = |field: &'static str| ["variants", variant, "key", field];
        self.code(&inner("mechanism"), &key.mechanism);
        if key.origins.is_empty() || key.triggers.is_empty() || key.details.is_empty() {
            self.say(
                &["variants", variant, "key"],
                "origins, triggers and details hold at least one each",
                "add what is missing",
            );
        }
        for id in &key.origins {
            self.known(&inner("origins"), "component", id, ids.iter().copied());
        }
        for id in &key.adjacent {
            self.known(&inner("adjacent"), "component", id, ids.iter().copied());
            if key.origins.contains(id) {
                self.say(&inner("adjacent"), format!("{id} is an origin too"), "keep it in one of the two");
            }
        }
        if key.onset.micros() >= 0 {
            self.say(
                &inner("onset"),
                "the cause comes after the alert",
                "write an instant before it, such as \"-21d\"",
            );
        }
        self.known(&inner("service"), "service", &key.service, spec.services.keys().map(String::as_str));
    }

    fn code(&mut self, at: &[&str], code: &str) {
        if vocab::find(code).is_none() {
            let near = vocab::entries().map(|e| e.code()).collect::<Vec<_>>();
            let write = match nearest(code, near.iter().map(String::as_str)) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => "`firedrill vocab WORDS` finds the code".into(),
            };
            self.say(at, format!("the vocabulary has no \"{}\"", printable(code)), write);
        }
    }

    /// Placeholders that nothing replaced. Lines of logs and alerts' summaries have their own; patches are applied.
    fn leftovers(&mut self, words: &Words) {
        let spec = self.spec;
        let known = words.keys().map(|w| format!("${{{w}}}")).collect::<Vec<_>>().join(", ");
        let mut value = serde_json::to_value(spec).unwrap_or_default();
        if let Some(members) = value.as_object_mut() {
            for variant in
                members.get_mut("variants").and_then(Value::as_object_mut).into_iter().flat_map(|v| v.values_mut())
            {
                if let Some(v) = variant.as_object_mut() {
                    v.remove("set");
                }
            }
            for stream in
                members.get_mut("streams").and_then(Value::as_object_mut).into_iter().flat_map(|s| s.values_mut())
            {
                if let Some(s) = stream.as_object_mut() {
                    s.remove("lines");
                }
            }
        }
        let mut found = Vec::new();
        walk_texts(&value, &mut Vec::new(), &mut |at, text| {
            for name in placeholders(text) {
                let alert = matches!(at, [Step::Member(first), ..] if first == "alerts");
                let file = matches!(at.last(), Some(Step::Member(last)) if last == "text");
                let complaint = matches!(at.last(), Some(Step::Member(last)) if last == "complaint");
                let own = (alert && name == "value") || (complaint && (name == "errno" || name == "strerror"));
                if !own && !file {
                    found.push((at.to_vec(), name.to_string()));
                }
            }
        });
        for (at, name) in found {
            (self.report)(
                &at,
                format!("nothing says what ${{{name}}} is"),
                format!("add it to names or settings. Known: {known}"),
            );
        }
    }
}

fn walk_texts(value: &Value, at: &mut Vec<Step>, each: &mut dyn FnMut(&[Step], &str)) {
    match value {
        Value::String(text) => each(at, text),
        Value::Array(items) => {
            for (n, item) in items.iter().enumerate() {
                at.push(Step::Item(n));
                walk_texts(item, at, each);
                at.pop();
            }
        }
        Value::Object(members) => {
            for (name, item) in members {
                at.push(Step::Member(name.clone()));
                walk_texts(item, at, each);
                at.pop();
            }
        }
        _ => {}
    }
}

/// Every play parses, and names hosts, alerts and service levels that exist.
pub fn plays(spec: &ScenarioFile, pack: &Pack, problems: &mut Vec<Problem>) {
    for name in pack.plays() {
        let file = format!("plays/{name}");
        let Some(text) = pack.text(&file) else { continue };
        match Play::parse(&file, text) {
            Ok(play) => play.check(&file, spec, problems),
            Err(problem) => problems.push(problem),
        }
    }
}

/// The mean length in bytes of a line with the end of line, its fields at the mean of what they stand for.
pub fn mean_bytes(text: &str, stream: &Stream, spec: &ScenarioFile) -> f64 {
    let mut bytes = text.len() as f64 + 1.0;
    for name in placeholders(text) {
        bytes -= name.len() as f64 + 3.0;
        bytes += match stream.fields.get(name) {
            None if name == "time" => 24.0,
            None => 0.0,
            Some(Field::Int([low, high])) => digits_mean(*low, *high),
            Some(Field::Hex(digits)) => f64::from(*digits),
            Some(Field::OneOf(words)) => {
                words.iter().map(String::len).sum::<usize>() as f64 / words.len().max(1) as f64
            }
            Some(Field::Endpoint(part)) => {
                let endpoints = spec.services.get(&stream.service).into_iter().flat_map(|s| &s.endpoints);
                endpoints.map(|(name, e)| e.share * part_of(name, *part).len() as f64).sum()
            }
        };
    }
    bytes
}

/// Method, path or both of an endpoint's name.
pub fn part_of(endpoint: &str, part: EndpointPart) -> &str {
    let (method, path) = endpoint.split_once(' ').unwrap_or(("", endpoint));
    match part {
        EndpointPart::Method => method,
        EndpointPart::Path => path,
        EndpointPart::Both => endpoint,
    }
}

/// The mean number of characters of the whole numbers from `low` to `high`.
fn digits_mean(low: i64, high: i64) -> f64 {
    let (low, high) = (low as f64, high as f64);
    let all = high - low + 1.0;
    let (mut sum, mut from) = (0.0, 0.0);
    for digits in 1..=19 {
        let to = libm::pow(10.0, f64::from(digits)) - 1.0;
        // Numbers of so many digits within the range, on either side of zero; the minus sign is one more.
        let positive = (high.min(to) - low.max(from) + 1.0).max(0.0);
        let negative = ((-low).min(to) - (-high).max(from.max(1.0)) + 1.0).max(0.0);
        sum += f64::from(digits) * positive + f64::from(digits + 1) * negative;
        from = to + 1.0;
    }
    if all > 0.0 { sum / all } else { 0.0 }
}

/// Whether a text holds a percentage or a decimal that somebody typed.
fn typed_figure(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.windows(2).any(|w| matches!(w, [d, b'%'] if d.is_ascii_digit()))
        || bytes.windows(3).any(|w| matches!(w, [a, b'.', b] if a.is_ascii_digit() && b.is_ascii_digit()))
        || bytes.windows(3).any(|w| matches!(w, [d, b' ', b'%'] if d.is_ascii_digit()))
}

fn is_host_name(name: &str) -> bool {
    (1..=63).contains(&name.len())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        && !name.starts_with('-')
        && !name.ends_with('-')
}

/// Whether `name` is an absolute path in its plainest form.
fn is_absolute(name: &str) -> bool {
    name == "/"
        || name.strip_prefix('/').is_some_and(|rest| {
            name.len() < 4096 && rest.split('/').all(|p| !p.is_empty() && p != "." && p != ".." && p.len() <= 255)
        })
}

fn user_names(host: &Host) -> impl Iterator<Item = &str> {
    accounts::USERS.iter().map(|(name, ..)| *name).chain(host.users.keys().map(String::as_str))
}

/// Each user without a `gid` has a group of its own name.
fn group_names(host: &Host) -> impl Iterator<Item = &str> {
    let system = accounts::GROUPS.iter().map(|(name, _)| *name);
    system.chain(host.groups.keys().map(String::as_str)).chain(host.users.keys().map(String::as_str))
}
