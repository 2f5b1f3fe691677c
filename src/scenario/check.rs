//! What a scenario's types cannot say: references that must resolve, numbers that must make sense, texts that must not
//! drive a screen. Every finding names its place, what is wrong and what to write.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::debian;
use super::format::*;
use super::objects::objects;
use super::pack::Pack;
use super::play::Play;
use super::problem::{Problem, Step, is_steering, nearest, path, printable};
use super::template::{Words, is_name, placeholders};
use crate::base::Span;
use crate::score::vocab;

/// Takes a finding: the place in the patched file, what is wrong, what to write.
pub type Report<'a> = &'a mut dyn FnMut(&[Step], String, String);

/// A syntax error of serde_json in an author's words.
pub fn syntax(message: &str) -> (String, String) {
    let what = message.split(" at line ").next().unwrap_or(message);
    let write = match what {
        w if w.starts_with("recursion limit") => {
            return ("the file nests deeper than 128 levels".into(), "no scenario needs more than 12".into());
        }
        w if w.starts_with("trailing comma") => "remove the comma before the closing bracket",
        w if w.starts_with("EOF") => "close what is open: a bracket or a quote is missing",
        w if w.contains("control character") => "write a line break in a string as \\n, a tab as \\t",
        w if w.starts_with("number out of range") => "write a number that a host here can have",
        w if w.starts_with("key must be a string") => "put the member's name in double quotes",
        w if w.starts_with("expected `,` or") => "put a comma between two members, and close every bracket",
        w if w.starts_with("trailing characters") => "remove what follows the last closing bracket",
        _ => "mend the JSON here; an editor with JSON support shows the place",
    };
    (format!("this is not valid JSON ({})", printable(what)), write.into())
}

/// A type error of serde in an author's words.
pub fn types(message: &str) -> (String, String) {
    let (kind, expected) = message.split_once(", expected ").unwrap_or((message, ""));
    let found = kind.split_once(": ").map_or(kind, |(_, found)| found).replace('`', "\"");
    let write = match expected {
        "a string" | "string or map" => "a text in double quotes".to_string(),
        "a boolean" => "true or false".into(),
        "a map" => "an object: { \"name\": … }".into(),
        "a sequence" => "a list: [ … ]".into(),
        e if e.starts_with("struct ") || e.starts_with("map") => "an object: { \"name\": … }".into(),
        e if e.starts_with("u8") || e.starts_with("u16") || e.starts_with("u32") || e.starts_with("u64") => {
            "a whole number that is not negative, without quotes".into()
        }
        e if e.starts_with('i') && e.len() == 3 => "a whole number, without quotes".into(),
        e if e.starts_with('f') && e.len() == 3 => "a number, without quotes".into(),
        e if e.starts_with("an array of length") => {
            format!("{} values in [ ]", e.trim_start_matches("an array of length "))
        }
        _ => "what the schema says: `firedrill schema`".into(),
    };
    (format!("{} is not what belongs here", printable(&found)), format!("write {write}"))
}

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

    fn hosts(&mut self) {
        let spec = self.spec;
        if spec.hosts.is_empty() {
            self.say(&["hosts"], "there is no host", "describe at least one");
        }
        let (mut names, mut addresses) = (BTreeSet::new(), BTreeSet::new());
        for (role, host) in &spec.hosts {
            let at = |field: &'static str| ["hosts", role.as_str(), field];
            if !is_name(role) {
                self.say(&["hosts", role], "this cannot be the name of a role", "write small letters, digits and _");
            }
            if !is_host_name(&host.name) {
                self.say(
                    &at("name"),
                    format!("\"{}\" is no host name", printable(&host.name)),
                    "write \"${role}\" and a pool under names",
                );
            }
            if !names.insert(&host.name) {
                self.say(&at("name"), "another host has this name", "give each host a pool of its own");
            }
            let parts: Vec<Option<u8>> = host.address.split('.').map(|p| p.parse().ok()).collect();
            if parts.len() != 4 || parts.contains(&None) {
                self.say(&at("address"), "this is no IPv4 address", "write one such as \"10.20.0.12\"");
            }
            if !addresses.insert(&host.address) {
                self.say(&at("address"), "another host has this address", "give each host its own");
            }
            self.within(&at("cores"), f64::from(host.cores), 1.0, 1024.0);
            self.within(&at("memory"), host.memory.bytes() as f64, (64 << 20) as f64, (16u64 << 40) as f64);
            if host.boot.micros() >= 0 {
                self.say(&at("boot"), "the host boots after the alert", "write an instant before it, such as \"-41d\"");
            }
            self.accounts(role, host);
            self.mounts(role, host);
            self.files(role, host);
            self.units(role, host);
        }
        for name in self.pack.texts.keys() {
            if let Some((role, _)) = name.strip_prefix("files/").and_then(|rest| rest.split_once('/'))
                && !spec.hosts.contains_key(role)
            {
                self.say(
                    &["hosts"],
                    format!("the shipped file {name} belongs to no host"),
                    format!("describe a host \"{role}\" or move the file"),
                );
            }
        }
    }

    fn accounts(&mut self, role: &str, host: &Host) {
        let mut uids = BTreeSet::from([0u32]);
        for (name, user) in &host.users {
            let at = ["hosts", role, "users", name.as_str()];
            let word = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_');
            if name.is_empty() || name.len() > 32 || !word || name == "root" {
                self.say(
                    &at,
                    "this cannot be the name of a user",
                    "write small letters, digits, - and _; root exists already",
                );
            }
            if !uids.insert(user.uid) {
                self.say(&at, format!("another user has uid {}", user.uid), "give each user its own");
            }
            for group in &user.groups {
                let known: Vec<&str> = group_names(host).collect();
                self.known(&at, "group", group, known);
            }
        }
        if !host.users.values().any(|u| u.uid == 1000 && u.sudo) {
            self.say(
                &["hosts", role, "users"],
                "nobody is on call here",
                "add a user with \"uid\": 1000 and \"sudo\": true",
            );
        }
    }

    fn mounts(&mut self, role: &str, host: &Host) {
        if !host.mounts.contains_key("/") {
            self.say(&["hosts", role, "mounts"], "there is no root file system", "add \"/\": { … }");
        }
        for (place, mount) in &host.mounts {
            let at = ["hosts", role, "mounts", place.as_str()];
            if !is_absolute(place) {
                self.say(&at, "this is no absolute path", "write one such as \"/var/log\"");
            }
            if mount.size.bytes() < 1 << 20 {
                self.say(&at, "a file system has at least 1 MiB", "write a larger size");
            }
            if mount.inodes.is_some_and(|n| !(16..=1 << 40).contains(&n)) {
                self.say(&at, "so many inodes no file system has", "write a number from 16 to 1099511627776");
            }
        }
    }

    fn files(&mut self, role: &str, host: &Host) {
        let spec = self.spec;
        for (name, file) in &host.files {
            let at = ["hosts", role, "files", name.as_str()];
            if !is_absolute(name) || name == "/" {
                self.say(
                    &at,
                    "this is no absolute path",
                    "write one such as \"/etc/myapp/env\", without . and .. and final /",
                );
            }
            let kinds = [
                file.text.is_some(),
                file.from.is_some(),
                file.size.is_some() || file.log.is_some(),
                file.link.is_some(),
                file.dir,
            ];
            match kinds.iter().filter(|k| **k).count() {
                0 if self.pack.text(&format!("files/{role}{name}")).is_none() => {
                    let write = format!("ship it as files/{role}{name}, or add text, size, log, link or dir");
                    self.say(&at, "nothing says what this file holds", write);
                }
                0 | 1 => {}
                _ => self.say(
                    &at,
                    "two members say what this file holds",
                    "keep one of text, from, size, log, link and dir",
                ),
            }
            if let Some(from) = &file.from {
                let shipped: Vec<&str> = self.pack.texts.keys().filter_map(|n| n.strip_prefix("files/")).collect();
                self.known(&at, "shipped file", from, shipped);
            }
            if let Some(log) = &file.log {
                self.known(&at, "stream", log, spec.streams.keys().map(String::as_str));
                let ordered = matches!((file.since, file.until), (Some(a), Some(b)) if a < b);
                if file.size.is_none() || !ordered {
                    self.say(
                        &at,
                        "a log file needs its size and its time",
                        "add \"size\", and \"since\" before \"until\"",
                    );
                }
            } else if file.since.is_some() || file.until.is_some() {
                self.say(&at, "since and until belong to a log", "add \"log\", or remove them");
            }
            if let Some(owner) = &file.owner {
                let users: Vec<&str> = user_names(host).collect();
                self.known(&at, "user", owner, users);
            }
            if let Some(group) = &file.group {
                let groups: Vec<&str> = group_names(host).collect();
                self.known(&at, "group", group, groups);
            }
            if file.modified.is_some_and(|m| m.micros() > 0) {
                self.say(&at, "the file changes after the alert", "write an instant before it, such as \"-21d\"");
            }
        }
    }

    fn units(&mut self, role: &str, host: &Host) {
        let mut ports = BTreeSet::new();
        for (name, unit) in &host.units {
            let at = ["hosts", role, "units", name.as_str()];
            if !name.ends_with(".service") || name.len() > 255 || name.contains(['/', ' ']) {
                self.say(&at, "this is no service's name", "write one such as \"myapp.service\"");
            }
            if !unit.exec.starts_with('/') {
                self.say(&at, "systemd starts programs by absolute path", "write \"exec\": \"/usr/bin/…\"");
            }
            if let Some(user) = &unit.user {
                let users: Vec<&str> = user_names(host).collect();
                self.known(&at, "user", user, users);
            }
            if let Some(env) = unit.env_file.as_deref().map(|e| e.strip_prefix('-').unwrap_or(e))
                && !self.has_text(role, host, env)
            {
                self.say(
                    &at,
                    format!("its environment file {} does not exist", printable(env)),
                    format!("ship it as files/{role}{env}"),
                );
            }
            if unit.calendar.is_some() && unit.kind != UnitKind::Oneshot {
                self.say(&at, "a timer starts a unit that ends", "add \"kind\": \"oneshot\"");
            }
            if unit.kind == UnitKind::Oneshot && unit.state == UnitState::Running {
                self.say(&at, "a oneshot unit is not running all the time", "add \"state\": \"dead\" or \"failed\"");
            }
            for port in &unit.ports {
                if !ports.insert(*port) {
                    self.say(&at, format!("another unit listens on port {port}"), "give each its own");
                }
            }
        }
    }

    fn has_text(&self, role: &str, host: &Host, file: &str) -> bool {
        let described = host.files.get(file).is_some_and(|f| f.text.is_some() || f.from.is_some());
        described || self.pack.text(&format!("files/{role}{file}")).is_some()
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

    fn streams(&mut self) {
        let spec = self.spec;
        for (name, stream) in &spec.streams {
            let at = ["streams", name.as_str()];
            let inner = |field: &'static str| ["streams", name.as_str(), field];
            self.unit_of(&at, &stream.host, &stream.unit);
            self.known(&inner("service"), "service", &stream.service, spec.services.keys().map(String::as_str));
            if !is_absolute(&stream.path) {
                self.say(&inner("path"), "this is no absolute path", "write one such as \"/var/log/myapp/app.log\"");
            }
            if let Some(host) = spec.hosts.get(&stream.host) {
                if host.files.contains_key(&stream.path) {
                    self.say(
                        &inner("path"),
                        "the host's files hold this path too",
                        "remove it there: the stream makes the file",
                    );
                }
                if !self.has_text(&stream.host, host, &stream.level_from.file) {
                    let file = &stream.level_from.file;
                    self.say(
                        &inner("level_from"),
                        "its file does not exist",
                        format!("ship it as files/{}{file}", stream.host),
                    );
                }
            }
            let levels: Vec<&str> = stream.levels.iter().map(String::as_str).collect();
            self.known(&inner("level_from"), "level", &stream.level_from.default, levels.clone());
            if stream.lines.is_empty() {
                self.say(&inner("lines"), "the stream has no lines", "describe at least one kind");
            }
            for line in &stream.lines {
                self.known(&inner("lines"), "level", &line.level, levels.clone());
                self.within(&inner("lines"), line.per_request, 0.0, 1000.0);
                self.within(&inner("lines"), f64::from(line.bytes), 1.0, 65_536.0);
                let mean = mean_bytes(&line.text, stream, spec);
                if (mean - f64::from(line.bytes)).abs() > 0.2 * f64::from(line.bytes) {
                    let wrong = format!("a line's text has {mean:.0} bytes on average, \"bytes\" says {}", line.bytes);
                    self.say(&inner("lines"), wrong, format!("write \"bytes\": {mean:.0}, or change the text"));
                }
                for field in placeholders(&line.text) {
                    if field != "time" && !stream.fields.contains_key(field) {
                        self.say(&inner("lines"), format!("nothing says what ${{{field}}} is"), "add it to \"fields\"");
                    }
                }
            }
            for (field, kind) in &stream.fields {
                let at = ["streams", name.as_str(), "fields", field.as_str()];
                let fine = match kind {
                    Field::Int([low, high]) => low <= high,
                    Field::Hex(digits) => (1..=64).contains(digits),
                    Field::OneOf(words) => !words.is_empty(),
                    Field::Endpoint(_) => true,
                };
                if !fine {
                    self.say(
                        &at,
                        "this field can stand for nothing",
                        "write int [low, high], hex 1 to 64, or one-of with words",
                    );
                }
                if !is_name(field) || field == "time" {
                    self.say(&at, "this cannot be the name of a field", "write small letters, digits and _; not time");
                }
            }
            if stream.since.micros() >= 0 {
                self.say(&inner("since"), "the file begins after the alert", "write an instant before it");
            }
            let history = spec.history.span().0 as i64;
            if stream.fills_at.is_some_and(|f| f.micros() >= 0 || f.micros() < -history) {
                self.say(
                    &inner("fills_at"),
                    "this lies outside the simulated past",
                    "write an instant such as \"-4m\"",
                );
            }
            if stream.fills_at.is_some() == stream.starts_at.is_some() {
                self.say(
                    &at,
                    "the file's size is given twice or not at all",
                    "give either \"fills_at\" or \"starts_at\"",
                );
            }
        }
        for (name, rotation) in &spec.rotations {
            let at = ["rotations", name.as_str()];
            let inner = |field: &'static str| ["rotations", name.as_str(), field];
            self.unit_of(&at, &rotation.host, &rotation.unit);
            self.known(&inner("stream"), "stream", &rotation.stream, spec.streams.keys().map(String::as_str));
            if let Some(host) = spec.hosts.get(&rotation.host) {
                if !self.has_text(&rotation.host, host, &rotation.config) {
                    let write = format!("ship it as files/{}{}", rotation.host, rotation.config);
                    self.say(&inner("config"), "its stanza does not exist", write);
                }
                if host.units.get(&rotation.unit).is_some_and(|u| u.calendar.is_none()) {
                    self.say(&inner("unit"), "this unit runs at no time", "add a \"calendar\" to it");
                }
            }
        }
    }

    fn services(&mut self) {
        let spec = self.spec;
        for (name, service) in &spec.services {
            let at = ["services", name.as_str()];
            self.unit_of(&at, &service.host, &service.unit);
            let traffic = ["services", name.as_str(), "traffic"];
            self.within(&traffic, service.traffic.rps, 0.0, 1e6);
            self.within(&traffic, service.traffic.swing, 0.0, 1.0);
            self.within(&traffic, service.traffic.peak_hour, 0.0, 24.0);
            for ramp in &service.traffic.ramps {
                self.within(&traffic, ramp.factor, 0.0, 1000.0);
            }
            self.within(&["services", name, "error_floor"], service.error_floor, 0.0, 0.5);
            let shares: f64 = service.endpoints.values().map(|e| e.share).sum();
            if (shares - 1.0).abs() > 1e-6 {
                self.say(&["services", name, "endpoints"], format!("the shares sum to {shares}"), "let them sum to 1");
            }
            for (endpoint, kind) in &service.endpoints {
                let at = ["services", name.as_str(), "endpoints", endpoint.as_str()];
                let known = ["GET ", "HEAD ", "POST ", "PUT ", "PATCH ", "DELETE "];
                if !known.iter().any(|m| endpoint.strip_prefix(m).is_some_and(|p| p.starts_with('/'))) {
                    self.say(&at, "this is no method and path", "write one such as \"POST /orders\"");
                }
                self.within(&at, kind.share, 0.0, 1.0);
                self.within(&at, f64::from(kind.status), 100.0, 599.0);
                if let Some(writes) = kind.writes.as_ref().filter(|w| !is_absolute(&w.path)) {
                    self.say(
                        &at,
                        format!("\"{}\" is no absolute path", printable(&writes.path)),
                        "write one such as \"/var/lib/myapp/orders.db\"",
                    );
                }
            }
        }
    }

    fn watching(&mut self) {
        let spec = self.spec;
        for (name, series) in &spec.series {
            match series {
                Series::ErrorRatio(s) => {
                    let at = ["series", name.as_str(), "error-ratio", "service"];
                    self.known(&at, "service", &s.service, spec.services.keys().map(String::as_str));
                }
                Series::RequestRate(s) => {
                    let at = ["series", name.as_str(), "request-rate", "service"];
                    self.known(&at, "service", &s.service, spec.services.keys().map(String::as_str));
                }
                Series::FilesystemAvailRatio(s) => {
                    let at = |field: &'static str| ["series", name.as_str(), "filesystem-avail-ratio", field];
                    if let Some(host) = spec.hosts.get(&s.host) {
                        self.known(&at("mount"), "file system", &s.mount, host.mounts.keys().map(String::as_str));
                    } else {
                        self.known(&at("host"), "host", &s.host, spec.hosts.keys().map(String::as_str));
                    }
                }
            }
        }
        for (name, alert) in &spec.alerts {
            self.known(&["alerts", name, "series"], "series", &alert.series, spec.series.keys().map(String::as_str));
            self.known(&["alerts", name, "host"], "host", &alert.host, spec.hosts.keys().map(String::as_str));
            self.within(&["alerts", name, "threshold"], alert.threshold, -1e15, 1e15);
            self.span_within(&["alerts", name, "for"], alert.hold.span(), Span::ZERO, Span::DAY);
            if typed_figure(&alert.summary) {
                self.say(&["alerts", name, "summary"], "the figure is typed, so it will be wrong", "write ${value}");
            }
        }
        if spec.slis.is_empty() {
            self.say(&["slis"], "there is no service level", "describe at least one: the fix is judged by it");
        }
        for (name, sli) in &spec.slis {
            self.known(&["slis", name, "series"], "series", &sli.series, spec.series.keys().map(String::as_str));
            self.within(&["slis", name, "target"], sli.target, -1e15, 1e15);
            self.span_within(&["slis", name, "hold"], sli.hold.span(), Span::MINUTE, Span::DAY);
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
    debian::USERS.iter().map(|(name, ..)| *name).chain(host.users.keys().map(String::as_str))
}

fn group_names(host: &Host) -> impl Iterator<Item = &str> {
    debian::GROUPS
        .iter()
        .map(|(name, _)| *name)
        .chain(host.groups.keys().map(String::as_str))
        .chain(host.users.keys().map(String::as_str))
}
