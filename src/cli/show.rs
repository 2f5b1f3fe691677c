//! What the command line says: lists, status, reports, as text and as JSON.

use serde_json::{Value, json};

use super::out::Out;
use super::{Done, folder};
use crate::base::Span;
use crate::run::{Run, stamp};
use crate::scenario::Catalogue;
use crate::score::phrase::search;
use crate::score::{Asked, Confidence, Factor, Object, Report, Severity, Trigger, vocab};
use crate::world::alerts::{Alert, AlertState};

/// Mechanisms that a search shows.
const FOUND: usize = 8;

pub(crate) fn json_line(value: &Value) -> String {
    format!("{}\n", serde_json::to_string_pretty(value).unwrap_or_default())
}

pub(crate) fn list(catalogue: &Catalogue, json: bool, authors: bool, out: &mut Out) -> Done {
    if authors {
        for id in catalogue.ids() {
            let scenario = folder::scenario(catalogue, id)?;
            let about = scenario.about();
            let variants = scenario.variants().collect::<Vec<_>>().join(" ");
            out.text(&format!("{}  {}  {} (variants {variants})\n", about.number, about.id, about.title));
        }
        return Ok(0);
    }
    if json {
        out.text(&catalogue.index_json());
        return Ok(0);
    }
    for entry in catalogue.entries() {
        let stars = "*".repeat(usize::from(entry.difficulty));
        out.text(&format!(
            "{}  {:<5} {:<8}  {:>3} min  {}\n",
            entry.number, stars, entry.severity, entry.minutes, entry.headline
        ));
    }
    Ok(0)
}

/// What a player sees first.
pub(crate) fn opening(run: &Run) -> String {
    let scenario = run.scenario();
    let brief = scenario.text_for(run.incident(), "brief.md").unwrap_or_default();
    let hosts = run.host_names().join(", ");
    format!(
        "{} · {} · seed {}\n\n{}\n{}\nHosts: {hosts}. You start on {}.\n",
        scenario.about().number,
        scenario.about().headline,
        run.seed(),
        brief.trim_end(),
        alerts(run),
        run.first_host(),
    )
}

/// An instant of the run: minutes and seconds near the page, days and hours far from it.
fn when(us: i64) -> String {
    if us.unsigned_abs() < Span::HOUR.0 {
        return stamp(us);
    }
    let side = if us < 0 { "before" } else { "after" };
    format!("{} {side} the page", Span(us.unsigned_abs()))
}

/// The alerts that are not quiet, one a line.
fn alerts(run: &Run) -> String {
    let mut text = String::new();
    for alert in run.alerts() {
        let state = match alert.state {
            AlertState::Firing => "FIRING",
            AlertState::Pending => "pending",
            AlertState::Inactive if alert.is_resolved() => "resolved",
            AlertState::Inactive => continue,
        };
        let since = when(run.since_alert(alert.since));
        text.push_str(&format!("[{state}] {} ({}) since {since}: {}\n", alert.name, alert.severity, summary(&alert)));
    }
    text
}

/// The summary with its value, in percent: every series of today's format is a ratio.
fn summary(alert: &Alert) -> String {
    alert.summary.replace("${value}", &percent(alert.value))
}

fn percent(value: f64) -> String {
    format!("{:.1}%", value * 100.0)
}

pub(crate) fn status(run: &Run) -> String {
    let mut text = format!("{} after the page\n{}", stamp(run.now()), alerts(run));
    for sli in run.slis() {
        let value = sli.value.map_or("no requests".to_string(), percent);
        let sign = if sli.above_is_good { ">" } else { "<" };
        let met = if sli.met { "ok" } else { "missed" };
        text.push_str(&format!("{}: {value} (objective {sign} {}) {met}\n", sli.name, percent(sli.target)));
    }
    for (t, said) in run.said() {
        text.push_str(&format!("{} you: {said}\n", stamp(*t)));
    }
    for (t, pin, _) in run.pins() {
        text.push_str(&format!("{} pinned: {pin}\n", stamp(*t)));
    }
    if let Some(report) = run.report() {
        text.push_str(&format!("score {}, {}\n", report.score, if report.pass { "passed" } else { "not passed" }));
    }
    text
}

pub(crate) fn status_json(run: &Run) -> String {
    let alerts = run.alerts().into_iter().map(|a| {
        let state = if a.is_resolved() { "resolved" } else { a.state.name() };
        json!({ "name": a.name, "state": state, "since": run.since_alert(a.since) })
    });
    let slis = run.slis().into_iter().map(|s| json!({ "name": s.name, "value": s.value, "target": s.target }));
    let said = run.said().iter().map(|(t, text)| json!({ "t": t, "text": text }));
    json_line(&json!({
        "t": run.now(),
        "alerts": alerts.collect::<Vec<_>>(),
        "slis": slis.collect::<Vec<_>>(),
        "said": said.collect::<Vec<_>>(),
    }))
}

/// The answer's form: each member with what it may hold.
pub(crate) fn form(objects: &[Object]) -> String {
    let severities = Severity::ALL.map(Severity::code);
    let services: Vec<&str> =
        objects.iter().filter(|o| o.kind == crate::score::ObjectKind::Service).map(|o| o.id.as_str()).collect();
    let time = "an offset from the page (\"-21d\", \"3 weeks ago\") or a time in UTC (\"2026-02-19 14:07\")";
    let confidence = [Confidence::Low, Confidence::Medium, Confidence::High];
    json_line(&json!({
        "severity": severities,
        "impact": { "service": services, "share": "0 to 1", "since": time, "data_loss": [true, false] },
        "origin": objects.iter().map(|o| &o.id).collect::<Vec<_>>(),
        "mechanism": vocab::entries().map(|e| e.code()).collect::<Vec<_>>(),
        "trigger": Trigger::ALL.iter().map(|t| t.code()).collect::<Vec<_>>(),
        "onset": time,
        "detail": "a key, a path, a commit",
        "factors": Factor::ALL.iter().map(|f| f.code()).collect::<Vec<_>>(),
        "ruled_out": "a list of components or codes",
        "mitigation": "what stopped the harm",
        "fix": "what removed the cause",
        "pins": "a list of at most five lines",
        "confidence": confidence,
    }))
}

pub(crate) fn asked(asked: &[Asked]) -> String {
    let mut text = String::new();
    for question in asked {
        text.push_str(&format!("{}: {}\n", question.member, question.question));
        for (code, about) in &question.options {
            text.push_str(&format!(
                "    {code}{}\n",
                if about.is_empty() { String::new() } else { format!("  {about}") }
            ));
        }
    }
    text
}

/// The score with every line's rule and fact.
pub(crate) fn report(report: &Report) -> String {
    let passed = if report.pass { "passed" } else { "not passed" };
    let mut text = format!("{} seed {}: score {} of 100, {passed}\n", report.number, report.seed, report.score);
    for block in &report.blocks {
        text.push_str(&format!("\n{}  {} of {}\n", block.name, block.points, block.of));
        for line in &block.lines {
            let at = line.t.map_or(String::new(), |t| format!(" [{}]", when(t)));
            text.push_str(&format!("  {:>5}  {}\n         {}{at}\n", line.points, line.rule, line.fact));
        }
    }
    text
}

pub(crate) fn vocab(words: &str, json: bool, out: &mut Out) -> Done {
    let all: Vec<vocab::Entry> =
        if words.trim().is_empty() { vocab::entries().collect() } else { search(words, FOUND) };
    if json {
        let rows = all.iter().map(|e| {
            json!({ "code": e.code(), "class": e.class.name, "layer": e.layer.name, "about": e.mechanism.about, "phrases": e.mechanism.phrases })
        });
        out.text(&json_line(&json!(rows.collect::<Vec<_>>())));
    } else {
        let mut class = "";
        for entry in &all {
            if class != entry.class.code && words.trim().is_empty() {
                class = entry.class.code;
                out.text(&format!("{} {}\n", entry.class.code, entry.class.name));
            }
            out.text(&format!("  {:<46} {}\n", entry.code(), entry.mechanism.about));
        }
    }
    if all.is_empty() {
        out.error(&format!("nothing in the vocabulary is like \"{words}\""));
        return Ok(1);
    }
    Ok(0)
}
