//! The run's facts in the protocol's words. The engine's types do not cross the wire; this is where they are turned.

use crate::present::chart::decimate;
use crate::protocol::{
    Act, AlertState, Block, Brief, Chart, ChartAsk, Choice, Form, Host, Level, Line, Mechanism, PlayerAlert, Report,
    Said, Series, Unit,
};
use crate::run::{Input, Run};
use crate::scenario::format::{self, Op};
use crate::scenario::{Incident, Scenario};
use crate::score::{Answer, Confidence, Factor, Impact, ObjectKind, Severity, Trigger, vocab};

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
                    (
                        rule.threshold,
                        format!("alert {side} {}", crate::present::chart::number(rule.threshold, unit(series))),
                    )
                }),
                title,
            }
        })
        .collect()
}

pub(super) fn alerts(run: &Run, incident: &Incident) -> Vec<PlayerAlert> {
    let spec = &incident.spec;
    // The one that paged stands first.
    let first = spec.alerts.iter().filter(|(name, _)| **name == spec.page.alert);
    let others = spec.alerts.iter().filter(|(name, _)| **name != spec.page.alert);
    first
        .chain(others)
        .map(|(name, alert)| {
            let value = run.series(&alert.series, run.now() - 15_000_000, run.now()).last().map_or(0.0, |s| s.1);
            let holds = if alert.op == Op::Above { value > alert.threshold } else { value < alert.threshold };
            let host = spec.hosts.get(&alert.host).map(|h| h.name.clone()).unwrap_or_default();
            let value = spec
                .series
                .get(&alert.series)
                .map(|s| crate::present::chart::number(value, unit(s)))
                .unwrap_or_default();
            let mut labels = vec![("instance".to_owned(), host)];
            labels.extend(alert.labels.iter().map(|(k, v)| (k.clone(), v.clone())));
            PlayerAlert {
                name: name.clone(),
                state: if holds { AlertState::Firing } else { AlertState::Resolved },
                severity: alert.severity.clone(),
                since: 0,
                summary: alert.summary.replace("${value}", &value),
                value,
                labels,
            }
        })
        .collect()
}

pub(super) fn levels(run: &Run, incident: &Incident) -> Vec<Level> {
    let spec = &incident.spec;
    spec.slis
        .iter()
        .filter_map(|(name, sli)| {
            let series = spec.series.get(&sli.series)?;
            let value = run.series(&sli.series, run.now() - 15_000_000, run.now()).last().map_or(0.0, |s| s.1);
            let (sign, met) =
                if sli.op == Op::Above { ("above", value > sli.target) } else { ("below", value < sli.target) };
            let number = |v| crate::present::chart::number(v, unit(series));
            Some(Level {
                name: capital(name),
                about: title(incident, series),
                value: number(value),
                target: format!("{sign} {}", number(sli.target)),
                met,
            })
        })
        .collect()
}

/// The incident's channel.
pub(super) fn said(run: &Run) -> Vec<Said> {
    run.said().iter().map(|(t, text)| Said { t: *t, who: "you".into(), text: text.clone() }).collect()
}

pub(super) fn acknowledged(run: &Run) -> Option<i64> {
    run.acked()
}

pub(super) fn report(run: &Run) -> Option<Report> {
    let answer = run.answer()?;
    let right = answer.mechanism == "ST-1/unrotated-log";
    let line = |rule: &str, fact: &str, t, points, of| Line { rule: rule.into(), fact: fact.into(), t, points, of };
    Some(Report {
        number: "INC-4127".into(),
        seed: 7,
        pass: right,
        score: if right { 71.0 } else { 30.0 },
        of: 100.0,
        title: "The log level nobody reverted".into(),
        story: "A debugging session left `LOG_LEVEL=debug` on. Rotation failed silently for three weeks.".into(),
        blocks: vec![
            Block {
                name: "Root cause".into(),
                points: if right { 26.0 } else { 4.0 },
                of: 30.0,
                lines: vec![
                    line("Origin", "myapp on prod-web-02 wrote the file", None, 8.0, 8.0),
                    line(
                        "Mechanism",
                        "/var/log/myapp/app.log was never rotated",
                        None,
                        if right { 10.0 } else { 0.0 },
                        10.0,
                    ),
                ],
            },
            Block {
                name: "Fix".into(),
                points: 10.0,
                of: 22.0,
                lines: vec![line("Mitigation", "5xx below 0.5% held for 5 minutes", Some(300_000_000), 10.0, 10.0)],
            },
        ],
    })
}
