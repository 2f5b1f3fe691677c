//! The score: pure functions of the key, the answer and the facts of a run (CATALOGUE 4.3). Every line says which rule,
//! which fact, when, how many points.
//!
//! Only what is judged counts: a block or a rule whose facts are not given is not in the total, and the score is the
//! share of the points that could be had, in percent.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::answer::Answer;
use super::key::Key;
use super::object::Object;
use super::phrase::{self, Cause, Meant};
use super::{vocab, when};
use crate::base::{SimTime, Span};

/// The least share of the cause block that passes.
const PASS_CAUSE: f64 = 0.6;
/// A loss of data by the player's own hand (CATALOGUE 4.4: −15 to −25 by volume).
const LOSS_POINTS: f64 = 20.0;
/// Each final answer after the first.
const RESUBMIT_POINTS: f64 = 5.0;

/// What happened in a run, as plain data.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// When the answer was given, in microseconds since the alert.
    pub answered_us: Option<i64>,
    /// How many answers were given; the last one counts.
    pub answers: u32,
    /// The service levels with their objectives, from the alert to the last instant.
    pub levels: Vec<Level>,
    /// Data that the player destroyed.
    pub losses: Vec<Loss>,
    /// Whether it stayed away in the time that was run on; `None` if none was.
    pub no_recurrence: Option<Judged>,
    /// Whether nothing heads for its limit; `None` if that was not looked at.
    pub no_limit_ahead: Option<Judged>,
}

/// A service level over time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Level {
    pub name: String,
    /// As the player reads it: "< 1%".
    pub objective: String,
    /// How long it must be met.
    pub hold: Span,
    /// (microseconds since the alert, whether the objective was met), in order of time.
    pub samples: Vec<(i64, bool)>,
}

/// Something destroyed.
#[derive(Clone, Debug, PartialEq)]
pub struct Loss {
    pub t_us: i64,
    /// "removed /var/lib/myapp/orders.db".
    pub what: String,
}

/// A fact that speaks for or against, with its words.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    pub fine: bool,
    /// What was seen: "orders failed again 46 h later".
    pub fact: String,
    pub t_us: Option<i64>,
}

/// One rule applied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    pub rule: String,
    pub fact: String,
    /// Microseconds since the alert, where the fact has an instant.
    pub t: Option<i64>,
    pub points: f64,
}

/// Rules that belong together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Block {
    pub name: String,
    pub points: f64,
    /// How many points could be had; 0 for penalties.
    pub of: f64,
    pub lines: Vec<Line>,
}

/// The score, explained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub number: String,
    pub seed: u64,
    pub pass: bool,
    /// Whole points of 100.
    pub score: u32,
    pub blocks: Vec<Block>,
}

/// Points to one decimal, so that a report and its file agree.
fn tenth(points: f64) -> f64 {
    (points * 10.0).round() / 10.0
}

struct Lines {
    of: f64,
    lines: Vec<Line>,
}

impl Lines {
    fn new() -> Lines {
        Lines { of: 0.0, lines: Vec::new() }
    }
    fn add(&mut self, rule: &str, of: f64, points: f64, fact: String, t: Option<i64>) {
        self.of += of;
        self.lines.push(Line { rule: rule.to_string(), fact, t, points: tenth(points) });
    }
    fn block(self, name: &str) -> Block {
        let points = tenth(self.lines.iter().map(|l| l.points).sum());
        Block { name: name.to_string(), points, of: self.of, lines: self.lines }
    }
}

/// Judges a run. `objects` are what an origin can name; `alert` is when the page came.
pub fn judge(
    number: &str,
    seed: u64,
    key: &Key,
    answer: Option<&Answer>,
    facts: &Facts,
    objects: &[Object],
    alert: SimTime,
) -> Report {
    let cause = cause_block(key, answer, facts, objects, alert);
    let held = facts
        .levels
        .iter()
        .map(held_share)
        .fold(None, |least: Option<f64>, share| Some(least.map_or(share, |l| l.min(share))));
    let effective = held.is_some_and(|share| share >= 1.0);
    let fix = fix_block(facts);
    let penalties = penalties(facts);
    let pass = answer.is_some() && cause.points >= PASS_CAUSE * cause.of && effective && facts.losses.is_empty();
    let mut blocks = vec![cause, fix];
    blocks.extend(penalties);
    let of: f64 = blocks.iter().map(|b| b.of).sum();
    let points: f64 = blocks.iter().map(|b| b.points).sum();
    let score = if of > 0.0 { (100.0 * points / of).round().clamp(0.0, 100.0) as u32 } else { 0 };
    Report { number: number.to_string(), seed, pass, score, blocks }
}

/// What was said about the cause: 30 points.
fn cause_block(key: &Key, answer: Option<&Answer>, facts: &Facts, objects: &[Object], alert: SimTime) -> Block {
    let mut lines = Lines::new();
    let Some(answer) = answer else {
        lines.add("Root cause named", 30.0, 0.0, "No diagnosis was given.".into(), None);
        return lines.block("Root cause");
    };
    let t = facts.answered_us;
    let (points, fact) = origin(key, answer, objects);
    lines.add("Origin: the component where it began (8, a neighbour in the chain 4)", 8.0, points, fact, t);
    let (points, fact) = mechanism(key, answer);
    lines.add("Mechanism (10, same class 4, same layer 2)", 10.0, points, fact, t);
    let (points, fact) = trigger(key, answer);
    lines.add("Trigger (3)", 3.0, points, fact, t);
    let (points, fact) = onset(key, answer, alert);
    lines.add("Onset within 10 minutes or a tenth (2)", 2.0, points, fact, Some(key.onset_us));
    let (points, fact) = detail(key, answer);
    lines.add("What exactly was changed (3)", 3.0, points, fact, t);
    let (points, fact) = factors(key, answer);
    lines.add("Contributing factors (2, by hits and misses)", 2.0, points, fact, t);
    let (points, fact) = ruled_out(key, answer);
    lines.add("Look-alikes ruled out (2)", 2.0, points, fact, t);
    lines.block("Root cause")
}

/// An offset from the alert as people say it: `20d 13h before the page`.
fn before(us: i64) -> String {
    let side = if us <= 0 { "before" } else { "after" };
    format!("{} {side} the page", Span(us.unsigned_abs()))
}

fn origin(key: &Key, answer: &Answer, objects: &[Object]) -> (f64, String) {
    let truth = key.origins.first().map_or("", String::as_str);
    match phrase::object(&answer.origin, objects) {
        Meant::One(said) if key.origins.contains(&said.id) => (8.0, format!("It began in {}.", said.id)),
        Meant::One(said) if key.adjacent.contains(&said.id) => {
            (4.0, format!("{} is in the chain, but it began in {truth}.", said.id))
        }
        Meant::One(said) => (0.0, format!("You named {}; it began in {truth}.", said.id)),
        Meant::Several(_) | Meant::Nothing => {
            (0.0, format!("What you named is no single component; it began in {truth}."))
        }
    }
}

fn mechanism(key: &Key, answer: &Answer) -> (f64, String) {
    let Some(truth) = vocab::find(&key.mechanism) else {
        return (0.0, "The scenario's key names no mechanism.".into());
    };
    let is = format!("It was {}: {}.", truth.code(), truth.mechanism.about);
    match phrase::cause(&answer.mechanism) {
        Meant::One(Cause::Mechanism(said)) if said.code() == truth.code() => (10.0, is),
        Meant::One(Cause::Mechanism(said)) if said.class.code == truth.class.code => {
            (4.0, format!("You said {}, of the same class. {is}", said.code()))
        }
        Meant::One(Cause::Mechanism(said)) if said.layer.name == truth.layer.name => {
            (2.0, format!("You said {}, of the same layer. {is}", said.code()))
        }
        Meant::One(Cause::Mechanism(said)) => (0.0, format!("You said {}. {is}", said.code())),
        // The class alone is the symptom that the alert names: worth no more than the layer.
        Meant::One(Cause::Class(class)) if class.code == truth.class.code => {
            (2.0, format!("You named the symptom ({}), not how it came about. {is}", class.name))
        }
        Meant::One(Cause::Class(class)) => (0.0, format!("You named a symptom ({}). {is}", class.name)),
        Meant::Several(_) | Meant::Nothing => (0.0, format!("What you said names no single mechanism. {is}")),
    }
}

fn trigger(key: &Key, answer: &Answer) -> (f64, String) {
    let truth = key.triggers.iter().map(|t| t.code()).collect::<Vec<_>>().join(" or ");
    let Some(text) = &answer.trigger else { return (0.0, format!("You named none; it was {truth}.")) };
    match phrase::trigger(text) {
        Meant::One(said) if key.triggers.contains(&said) => (3.0, format!("It was {}.", said.code())),
        Meant::One(said) => (0.0, format!("You said {}; it was {truth}.", said.code())),
        Meant::Several(_) | Meant::Nothing => (0.0, format!("What you said is no single trigger; it was {truth}.")),
    }
}

fn onset(key: &Key, answer: &Answer, alert: SimTime) -> (f64, String) {
    let truth = before(key.onset_us);
    let Some(text) = &answer.onset else { return (0.0, format!("You gave none; it began {truth}.")) };
    let Some(said) = when::micros(text, alert) else {
        return (0.0, format!("What you gave is no time; it began {truth}."));
    };
    let tolerance = (key.onset_us.unsigned_abs() / 10).max(10 * Span::MINUTE.0);
    if said.abs_diff(key.onset_us) <= tolerance {
        (2.0, format!("You said {}; it began {truth}.", before(said)))
    } else {
        (0.0, format!("You said {}; it began {truth}, which is too far off.", before(said)))
    }
}

fn detail(key: &Key, answer: &Answer) -> (f64, String) {
    let truth = key.details.first().map_or("", String::as_str);
    match &answer.detail {
        Some(text) if key.details.iter().any(|word| phrase::mentions(text, word)) => {
            (3.0, format!("You named it; the key says {truth}."))
        }
        Some(_) => (0.0, format!("You named something else; it was {truth}.")),
        None => (0.0, format!("You named none; it was {truth}.")),
    }
}

fn factors(key: &Key, answer: &Answer) -> (f64, String) {
    let truth: BTreeSet<&str> = key.factors.iter().map(|f| f.code()).collect();
    let said: BTreeSet<&str> = answer
        .factors
        .iter()
        .filter_map(|text| match phrase::factor(text) {
            Meant::One(factor) => Some(factor.code()),
            _ => None,
        })
        .collect();
    let hits = truth.intersection(&said).count() as f64;
    let list = truth.iter().copied().collect::<Vec<_>>().join(", ");
    if truth.is_empty() {
        let fine = said.is_empty();
        return (if fine { 2.0 } else { 0.0 }, "There were none.".into());
    }
    // F1 of what was named: twice the hits over all that was named on either side.
    let all = (truth.len() + answer.factors.len().max(said.len())) as f64;
    (2.0 * 2.0 * hits / all, format!("{} of {} named; they were {list}.", hits, truth.len()))
}

fn ruled_out(key: &Key, answer: &Answer) -> (f64, String) {
    if key.decoys.is_empty() {
        return (2.0, "There was nothing to rule out.".into());
    }
    let named = |words: &[String], object: &str, code: &str| {
        answer.ruled_out.iter().any(|text| {
            let code_named = matches!(phrase::cause(text), Meant::One(c) if c.code() == code);
            code_named || text.eq_ignore_ascii_case(object) || words.iter().any(|w| phrase::mentions(text, w))
        })
    };
    let truth = answer.ruled_out.iter().any(|text| {
        key.origins.iter().any(|o| text.eq_ignore_ascii_case(o)) || text.trim().eq_ignore_ascii_case(&key.mechanism)
    });
    if truth {
        return (0.0, "You ruled out the cause itself.".into());
    }
    let hits = key.decoys.iter().filter(|d| named(&d.words, &d.object, &d.mechanism)).count();
    let share = hits as f64 / key.decoys.len() as f64;
    (2.0 * share, format!("{hits} of {} look-alikes named.", key.decoys.len()))
}

/// For how long an objective has been met at the end, and since when.
fn held(level: &Level) -> Option<(i64, Span)> {
    let end = level.samples.last().filter(|(_, good)| *good)?.0;
    let since = level.samples.iter().rev().take_while(|(_, good)| *good).last()?.0;
    Some((since, Span(end.abs_diff(since))))
}

/// The share of the hold time, 0 to 1. A level without samples was never met.
fn held_share(level: &Level) -> f64 {
    match held(level) {
        Some((_, span)) if level.hold.0 > 0 => (span.0 as f64 / level.hold.0 as f64).min(1.0),
        Some(_) => 1.0,
        None => 0.0,
    }
}

/// What was done: 10 points for the mitigation, 5 each for what the time after it shows.
fn fix_block(facts: &Facts) -> Block {
    let mut lines = Lines::new();
    let levels = facts.levels.len().max(1) as f64;
    for level in &facts.levels {
        let rule = format!("{} {} for {} (10 in all, in part by time)", level.name, level.objective, level.hold);
        let (fact, t) = match held(level) {
            Some((since, span)) => (format!("Met since {}, for {span}.", after(since)), Some(since)),
            None => ("Still missed at the end.".to_string(), level.samples.last().map(|s| s.0)),
        };
        lines.add(&rule, 10.0 / levels, 10.0 * held_share(level) / levels, fact, t);
    }
    for (rule, judged) in
        [("No recurrence (5)", &facts.no_recurrence), ("Nothing heading for its limit (5)", &facts.no_limit_ahead)]
    {
        if let Some(judged) = judged {
            lines.add(rule, 5.0, if judged.fine { 5.0 } else { 0.0 }, judged.fact.clone(), judged.t_us);
        }
    }
    lines.block("Fix")
}

fn after(us: i64) -> String {
    if us <= 0 { "the page".to_string() } else { format!("{} after the page", Span(us.unsigned_abs())) }
}

/// What costs points; `None` if nothing did.
fn penalties(facts: &Facts) -> Option<Block> {
    let mut lines = Lines::new();
    for loss in &facts.losses {
        lines.add("Data destroyed (−20)", 0.0, -LOSS_POINTS, loss.what.clone(), Some(loss.t_us));
    }
    if facts.answers > 1 {
        let more = facts.answers - 1;
        let fact = format!("{} answers were given; the last counts.", facts.answers);
        lines.add("Further answers (−5 each)", 0.0, -RESUBMIT_POINTS * f64::from(more), fact, facts.answered_us);
    }
    (!lines.lines.is_empty()).then(|| lines.block("Penalties"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::values::Instant;
    use crate::score::answer::{Factor, Severity, Trigger};
    use crate::score::key::Decoy;
    use crate::score::object::ObjectKind;

    fn key() -> Key {
        Key {
            severity: Severity::P1,
            origins: vec!["w:/etc/myapp/env".into(), "w/myapp.service".into(), "myapp".into()],
            adjacent: vec!["w:/var/log/myapp/app.log".into(), "w:/".into()],
            mechanism: "ST-1/unrotated-log".into(),
            triggers: vec![Trigger::ConfigChange],
            onset_us: -20 * 86_400_000_000,
            details: vec!["LOG_LEVEL".into(), "/etc/myapp/env".into()],
            factors: vec![Factor::AlertThresholdLate, Factor::ConfigDrift],
            service: "myapp".into(),
            decoys: vec![Decoy {
                object: "w:/var/lib/systemd/coredump".into(),
                mechanism: "ST-1/backup/coredump-leftovers".into(),
                words: vec!["core dump".into()],
            }],
        }
    }

    fn objects() -> Vec<Object> {
        let ids = [
            "w:/etc/myapp/env",
            "w/myapp.service",
            "myapp",
            "w:/var/log/myapp/app.log",
            "w:/",
            "w/logrotate.service",
            "w",
        ];
        let object = |id: &&str| Object { id: (*id).into(), kind: ObjectKind::Config, words: vec![] };
        ids.iter().map(object).collect()
    }

    fn right() -> Answer {
        Answer {
            origin: "w:/etc/myapp/env".into(),
            mechanism: "ST-1/unrotated-log".into(),
            trigger: Some("config-change".into()),
            onset: Some("3 weeks ago".into()),
            detail: Some("LOG_LEVEL=debug".into()),
            factors: vec!["alert-threshold-late".into(), "config-drift".into()],
            ruled_out: vec!["the old core dump".into()],
            ..Answer::default()
        }
    }

    /// Bad until minute 5, good to minute `until`.
    fn healed(until: i64) -> Facts {
        let samples = (0..=until * 4).map(|n| (n * 15_000_000, n >= 20)).collect();
        let level = Level { name: "orders".into(), objective: "< 1%".into(), hold: Span::from_secs(600), samples };
        Facts { levels: vec![level], answers: 1, answered_us: Some(900_000_000), ..Facts::default() }
    }

    fn report(answer: Option<&Answer>, facts: &Facts) -> Report {
        let alert = Instant::parse("2026-03-12T03:07:00Z").unwrap().time();
        judge("INC-1", 7, &key(), answer, facts, &objects(), alert)
    }

    fn cause(change: impl FnOnce(&mut Answer)) -> (f64, bool) {
        let mut answer = right();
        change(&mut answer);
        let report = report(Some(&answer), &healed(20));
        (report.blocks[0].points, report.pass)
    }

    #[test]
    fn the_right_answer_and_a_fix_pass_in_full() {
        let report = report(Some(&right()), &healed(20));
        assert_eq!((report.pass, report.score), (true, 100), "{report:?}");
        assert!(report.blocks.iter().flat_map(|b| &b.lines).all(|l| !l.rule.is_empty() && !l.fact.is_empty()));
    }

    #[test]
    fn plain_words_and_equivalent_components_pass() {
        assert_eq!(cause(|a| a.mechanism = "log level left at debug, disk full of logs".into()), (30.0, true));
        assert_eq!(cause(|a| a.origin = "MYAPP".into()), (30.0, true));
        let bare = |a: &mut Answer| {
            *a = Answer { origin: "myapp".into(), mechanism: "log never rotated".into(), ..Answer::default() };
        };
        // The cause alone, without what surrounds it, is 60 % of the block.
        assert_eq!(cause(bare), (18.0, true));
    }

    #[test]
    fn a_near_miss_earns_part_and_a_symptom_fails() {
        assert_eq!(cause(|a| a.origin = "w:/".into()).0, 26.0);
        assert_eq!(cause(|a| a.mechanism = "ST-1/deleted-open-file".into()).0, 24.0);
        assert_eq!(cause(|a| a.mechanism = "ST-2/failing-device".into()).0, 22.0);
        let symptom = |a: &mut Answer| {
            *a = Answer { origin: "w:/".into(), mechanism: "disk full".into(), ..Answer::default() };
        };
        assert_eq!(cause(symptom), (6.0, false));
        // Another variant's answer: the same mechanism from another origin.
        let other = |a: &mut Answer| {
            a.origin = "w/logrotate.service".into();
            a.trigger = Some("human-command".into());
            a.onset = Some("-113d".into());
            a.detail = Some("chmod 775".into());
        };
        let (points, pass) = cause(other);
        assert!(points < 18.0 && !pass, "{points}");
    }

    #[test]
    fn without_recovery_answer_or_data_nothing_passes() {
        assert!(!report(None, &healed(20)).pass);
        assert!(!report(Some(&right()), &Facts::default()).pass);
        let half = report(Some(&right()), &healed(10));
        assert!(!half.pass && half.blocks[1].points == 5.0, "{half:?}");
        let mut lost = healed(20);
        lost.losses.push(Loss { t_us: 5, what: "removed orders.db".into() });
        let lost = report(Some(&right()), &lost);
        assert!(!lost.pass && lost.score < 60);
    }

    #[test]
    fn what_is_judged_later_is_in_the_total_only_then() {
        let mut facts = healed(20);
        assert_eq!(report(Some(&right()), &facts).blocks[1].of, 10.0);
        let fine = |fine| Some(Judged { fine, fact: "seen".into(), t_us: None });
        (facts.no_recurrence, facts.no_limit_ahead) = (fine(true), fine(false));
        let report = report(Some(&right()), &facts);
        assert_eq!((report.blocks[1].of, report.blocks[1].points), (20.0, 15.0));
    }

    #[test]
    fn relapse_counts_from_the_last_recovery() {
        let mut facts = healed(20);
        facts.levels[0].samples.push((1_215_000_000, false));
        assert!(!report(Some(&right()), &facts).pass);
    }

    #[test]
    fn naming_every_factor_is_no_trick() {
        let all = |a: &mut Answer| a.factors = Factor::ALL.iter().map(|f| f.code().to_string()).collect();
        assert!(cause(all).0 < 28.5);
    }
}
