//! The run's facts in the protocol's words. The engine's types do not cross the wire; this is where they are turned.

use crate::base::SimTime;
use crate::present::chart::{decimate, number};
use crate::protocol::{
    Act, AlertState, Block, Brief, Chart, ChartAsk, Choice, Form, Host, Level, Line, Mechanism, PlayerAlert, Report,
    Said, Series, Unit,
};
use crate::run::{Input, Run};
use crate::scenario::format::{self, Op};
use crate::scenario::{Incident, Scenario};
use crate::score::{Answer, Confidence, Factor, Impact, ObjectKind, Severity, Trigger, vocab};
use crate::world::alerts as world;

/// The host that the page names: where the player starts.
pub(super) fn first_host(incident: &Incident) -> String {
    let spec = &incident.spec;
    let named = spec.alerts.get(&spec.page.alert).and_then(|alert| spec.hosts.get(&alert.host));
    named.or_else(|| spec.hosts.values().next()).map(|host| host.name.clone()).unwrap_or_default()
}

pub(super) fn brief(scenario: &Scenario, incident: &Incident) -> Brief {
    let spec = &incident.spec;
    Brief {
        ack: 0,
        number: spec.number.clone(),
        headline: spec.headline.clone(),
        brief: scenario.text_for(incident, "brief.md").unwrap_or_default(),
        seed: incident.seed,
        alert_us: spec.page.at.0.micros(),
        hosts: spec.hosts.values().map(|host| Host { name: host.name.clone(), about: about(host) }).collect(),
        form: form(incident),
    }
}

/// What a host is known for: what it runs.
fn about(host: &format::Host) -> String {
    let usual =
        ["ssh.service", "cron.service", "rsyslog.service", "logrotate.service", "prometheus-node-exporter.service"];
    let units = host.units.keys().filter(|unit| !usual.contains(&unit.as_str()));
    let names: Vec<_> = units.map(|unit| unit.strip_suffix(".service").unwrap_or(unit)).collect();
    names.join(", ")
}

/// The form offers everything, whatever the scenario, so that it gives nothing away.
fn form(incident: &Incident) -> Form {
    let choice = |code: &str, label: String| Choice { code: code.into(), label, group: String::new() };
    let severity = |s: Severity| {
        let about = match s {
            Severity::P0 => "complete outage",
            Severity::P1 => "major feature degraded",
            Severity::P2 => "minor feature",
            Severity::P3 => "cosmetic",
        };
        choice(s.code(), format!("{}: {about}", s.code()))
    };
    let origins = incident.objects.iter().map(|object| Choice {
        code: object.id.clone(),
        label: object.id.clone(),
        group: capital(object.kind.label()),
    });
    let services = incident.objects.iter().filter(|object| object.kind == ObjectKind::Service);
    let mechanisms = vocab::entries().map(|entry| Mechanism {
        code: entry.code(),
        label: if entry.mechanism.about.is_empty() {
            words(entry.mechanism.name)
        } else {
            capital(entry.mechanism.about)
        },
        class: words(entry.class.name),
        phrases: entry.mechanism.phrases.iter().map(|p| (*p).to_owned()).collect(),
    });
    let confidences = [("low", "a guess"), ("medium", "likely"), ("high", "certain")];
    Form {
        severities: Severity::ALL.into_iter().map(severity).collect(),
        origins: origins.collect(),
        mechanisms: mechanisms.collect(),
        triggers: Trigger::ALL.iter().map(|t| choice(t.code(), words(t.code()))).collect(),
        services: services.map(|object| choice(&object.id, object.id.clone())).collect(),
        factors: Factor::ALL.iter().map(|f| choice(f.code(), words(f.code()))).collect(),
        confidences: confidences.into_iter().map(|(code, label)| choice(code, label.into())).collect(),
    }
}

/// A code as words: `config-change` is "Config change".
fn words(code: &str) -> String {
    capital(&code.replace('-', " "))
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// What a player does outside of terminals, as an input; the error is a sentence.
pub(super) fn input(act: Act) -> Result<Input, String> {
    Ok(match act {
        Act::Acknowledge { severity } => {
            Input::Ack { severity: Severity::parse(&severity).ok_or("Choose a severity from P0 to P3.")? }
        }
        Act::Say { text } => Input::Say { text },
        Act::Hint => Input::Hint {},
        Act::Diagnose(answer) => Input::Diagnose(Box::new(diagnosis(*answer)?)),
        Act::GiveUp => Input::GiveUp {},
    })
}

fn diagnosis(answer: crate::protocol::Answer) -> Result<Answer, String> {
    let share = match &answer.share {
        None => None,
        Some(text) => {
            let figure: f64 = text
                .trim()
                .trim_end_matches('%')
                .trim()
                .parse()
                .map_err(|_| format!("\"{text}\" is no percentage: write a number from 0 to 100."))?;
            Some(figure / 100.0)
        }
    };
    let confidence = match answer.confidence.as_deref() {
        Some("low") => Some(Confidence::Low),
        Some("medium") => Some(Confidence::Medium),
        Some("high") => Some(Confidence::High),
        _ => None,
    };
    let impact = Impact { service: answer.service, share, since: answer.since, data_loss: None };
    Ok(Answer {
        severity: answer.severity.as_deref().and_then(Severity::parse),
        impact: (impact != Impact::default()).then_some(impact),
        origin: answer.origin,
        mechanism: answer.mechanism,
        trigger: answer.trigger,
        onset: answer.onset,
        detail: answer.detail,
        factors: answer.factors,
        mitigation: answer.mitigation,
        fix: answer.fix,
        confidence,
        ..Answer::default()
    })
}

fn unit(series: &format::Series) -> Unit {
    match series {
        format::Series::ErrorRatio(_) | format::Series::FilesystemAvailRatio(_) => Unit::Ratio,
        format::Series::RequestRate(_) => Unit::PerSecond,
    }
}

/// A series in words: its title and its label.
fn title(incident: &Incident, series: &format::Series) -> String {
    match series {
        format::Series::ErrorRatio(s) => format!("{}: share of failed requests", s.service),
        format::Series::RequestRate(s) => format!("{}: requests a second", s.service),
        format::Series::FilesystemAvailRatio(f) => {
            let host = incident.spec.hosts.get(&f.host).map_or(f.host.as_str(), |h| h.name.as_str());
            format!("{host}: space available on {}", f.mount)
        }
    }
}

pub(super) fn charts(run: &Run, incident: &Incident, ask: ChartAsk) -> Vec<Chart> {
    let spec = &incident.spec;
    spec.series
        .iter()
        .map(|(name, series)| {
            let samples = run.series(name, ask.from, ask.to.min(run.now()));
            let rule = spec.alerts.values().find(|alert| alert.series == *name);
            let title = title(incident, series);
            Chart {
                id: name.clone(),
                unit: unit(series),
                from: ask.from,
                to: ask.to,
                series: vec![Series { label: title.clone(), buckets: decimate(&samples, ask.from, ask.to, ask.width) }],
                threshold: rule.map(|rule| {
                    let side = if rule.op == Op::Above { "above" } else { "below" };
                    (rule.threshold, format!("alert {side} {}", number(rule.threshold, unit(series))))
                }),
                title,
            }
        })
        .collect()
}

pub(super) fn alerts(run: &Run, incident: &Incident) -> Vec<PlayerAlert> {
    let hosts = run.host_names();
    let mut all = run.alerts();
    // The one that paged stands first.
    all.sort_by_key(|alert| alert.name != incident.spec.page.alert);
    all.into_iter()
        .filter_map(|alert| {
            let state = match alert.state {
                world::AlertState::Firing => AlertState::Firing,
                world::AlertState::Pending => AlertState::Pending,
                world::AlertState::Inactive if alert.is_resolved() => AlertState::Resolved,
                world::AlertState::Inactive => return None,
            };
            let unit = incident.spec.series.get(&alert.series).map(unit).unwrap_or_default();
            let value = number(alert.value, unit);
            let mut labels: Vec<(String, String)> = hosts
                .get(alert.host.0 as usize)
                .map(|host| ("instance".to_owned(), host.clone()))
                .into_iter()
                .collect();
            labels.extend(alert.labels);
            Some(PlayerAlert {
                name: alert.name,
                state,
                severity: alert.severity,
                since: since(run, alert.since),
                summary: alert.summary.replace("${value}", &value),
                value,
                labels,
            })
        })
        .collect()
}

/// An instant of the world in µs since the alert.
fn since(run: &Run, t: SimTime) -> i64 {
    let alert = run.alert_time();
    if t >= alert { t.since(alert).0 as i64 } else { -(alert.since(t).0 as i64) }
}

pub(super) fn levels(run: &Run, incident: &Incident) -> Vec<Level> {
    run.slis()
        .into_iter()
        .map(|sli| {
            let series = incident.spec.slis.get(&sli.name).and_then(|s| incident.spec.series.get(&s.series));
            let unit = series.map(unit).unwrap_or_default();
            let sign = if sli.above_is_good { "above" } else { "below" };
            Level {
                name: capital(&sli.name),
                about: series.map(|s| title(incident, s)).unwrap_or_default(),
                value: sli.value.map_or_else(|| "no data".into(), |value| number(value, unit)),
                target: format!("{sign} {}", number(sli.target, unit)),
                met: sli.met,
            }
        })
        .collect()
}

/// The incident's channel.
pub(super) fn said(run: &Run) -> Vec<Said> {
    run.said().iter().map(|(t, text)| Said { t: *t, who: "you".into(), text: text.clone() }).collect()
}

/// The score; what it really was is told with it, and only then.
pub(super) fn report(run: &Run, scenario: &Scenario, incident: &Incident) -> Option<Report> {
    let report = run.report()?;
    let blocks = report.blocks.iter().map(|block| Block {
        name: block.name.clone(),
        points: block.points,
        of: block.of,
        lines: block
            .lines
            .iter()
            .map(|line| Line { rule: line.rule.clone(), fact: line.fact.clone(), t: line.t, points: line.points })
            .collect(),
    });
    Some(Report {
        number: report.number.clone(),
        seed: report.seed,
        pass: report.pass,
        score: f64::from(report.score),
        of: 100.0,
        blocks: blocks.collect(),
        title: scenario.about().title.clone(),
        story: scenario.text_for(incident, "debrief.md").unwrap_or_default(),
    })
}
