//! The run's facts in the protocol's words. The engine's types do not cross the wire; this is where they are turned.

use serde_json::Value;

use crate::present::chart::decimate;
use crate::protocol::{
    Act, AlertState, Block, Brief, Chart, ChartAsk, Choice, Form, Host, Level, Line, Mechanism, PlayerAlert, Report, Series, Unit,
};
use crate::run::{Input, Run, ScenarioPack};

pub(super) fn first_host(_run: &Run, _pack: &ScenarioPack) -> String {
    "prod-web-02".into()
}

pub(super) fn brief(_run: &Run, pack: &ScenarioPack) -> Brief {
    let text = |key: &str| pack.0[key].as_str().unwrap_or_default().to_owned();
    let choice = |code: &str, label: &str, group: &str| Choice { code: code.into(), label: label.into(), group: group.into() };
    let mechanism = |code: &str, label: &str, class: &str, phrases: &[&str]| Mechanism {
        code: code.into(),
        label: label.into(),
        class: class.into(),
        phrases: phrases.iter().map(|p| (*p).into()).collect(),
    };
    Brief {
        number: text("number"),
        headline: text("headline"),
        brief: text("brief"),
        seed: 7,
        alert_us: 1_795_230_432_000_000,
        hosts: vec![
            Host { name: "prod-web-02".into(), about: "web server: nginx, myapp, postgresql".into() },
            Host { name: "mon1".into(), about: "monitoring".into() },
        ],
        form: Form {
            severities: vec![choice("P0", "P0: complete outage", ""), choice("P1", "P1: major feature degraded", ""), choice("P2", "P2: minor feature", ""), choice("P3", "P3: cosmetic", "")],
            origins: vec![
                choice("host/prod-web-02", "prod-web-02", "Hosts"),
                choice("service/myapp", "myapp on prod-web-02", "Services"),
                choice("service/nginx", "nginx on prod-web-02", "Services"),
                choice("service/postgresql", "postgresql on prod-web-02", "Services"),
            ],
            mechanisms: vec![
                mechanism("ST-1/unrotated-log", "A log that is never rotated", "Disk exhaustion", &["disk eaten by old logs", "log file grows for ever", "rotation fails silently"]),
                mechanism("ST-1/deleted-open-file", "A deleted file still held open", "Disk exhaustion", &["df and du disagree", "space not freed after rm"]),
                mechanism("ST-1/inode-exhaustion", "No inodes left", "Disk exhaustion", &["too many small files"]),
                mechanism("ST-2/noisy-neighbour", "Another tenant uses the disk", "I/O contention", &["slow disk"]),
                mechanism("DB-1/no-release-on-error", "Connections never given back", "Pool leak", &["pool leaks connections", "connections run out after errors"]),
                mechanism("RT-1/no-limit", "A process without a memory limit", "Memory limits", &["killed for lack of memory"]),
            ],
            services: vec![choice("shop", "shop", "")],
            factors: ["no-alert", "no-retention"].map(|t| choice(t, t, "")).to_vec(),
            confidences: ["low", "medium", "high"].map(|t| choice(t, t, "")).to_vec(),
            triggers: ["deploy", "config change", "traffic ramp", "scheduled job", "human command", "unknown"].map(|t| choice(t, t, "")).to_vec(),
        },
        ..Brief::default()
    }
}

pub(super) fn input(act: Act) -> Input {
    match act {
        Act::Acknowledge { severity } => Input::Ack { severity },
        Act::Say { text } => Input::Say { text },
        Act::Hint => Input::Hint,
        Act::Diagnose(answer) => Input::Diagnose { answer: serde_json::to_value(*answer).unwrap_or(Value::Null) },
        Act::GiveUp => Input::GiveUp,
    }
}

pub(super) fn alerts(run: &Run) -> Vec<PlayerAlert> {
    let ratio = run.error_ratio(run.now());
    let label = |k: &str, v: &str| (k.to_owned(), v.to_owned());
    vec![
        PlayerAlert {
            name: "NginxHigh5xxRate".into(),
            state: if ratio < 0.05 { AlertState::Resolved } else { AlertState::Firing },
            severity: "critical".into(),
            since: 0,
            value: format!("{:.0}%", ratio * 100.0),
            summary: "5xx responses are above 5% of requests".into(),
            labels: vec![label("instance", "prod-web-02"), label("service", "shop")],
        },
        PlayerAlert {
            name: "DiskSpaceCritical".into(),
            state: if run.avail(run.now()) > 1e9 { AlertState::Resolved } else { AlertState::Firing },
            severity: "critical".into(),
            since: -30_000_000,
            value: "0%".into(),
            summary: "less than 2% available on /".into(),
            labels: vec![label("instance", "prod-web-02"), label("mountpoint", "/")],
        },
    ]
}

pub(super) fn levels(run: &Run) -> Vec<Level> {
    let ratio = run.error_ratio(run.now());
    vec![Level { name: "Requests served".into(), value: format!("{:.1}%", 100.0 - ratio * 100.0), target: "≥ 99.5%".into(), met: ratio < 0.005 }]
}

pub(super) fn charts(run: &Run, ask: ChartAsk) -> Vec<Chart> {
    let grid = 15_000_000;
    let samples = |f: &dyn Fn(i64) -> f64| {
        let samples: Vec<(i64, f64)> = (ask.from / grid..=ask.to.min(run.now()) / grid).map(|n| (n * grid, f(n * grid))).collect();
        decimate(&samples, ask.from, ask.to, ask.width)
    };
    let chart = |id: &str, title: &str, unit, label: &str, buckets, threshold| Chart {
        id: id.into(),
        title: title.into(),
        unit,
        from: ask.from,
        to: ask.to,
        series: vec![Series { label: label.into(), buckets }],
        threshold,
    };
    vec![
        chart("errors", "shop: share of failed requests", Unit::Ratio, "shop 5xx", samples(&|t| run.error_ratio(t)), Some((0.05, "alert at 5%".into()))),
        chart("disk", "prod-web-02: space available on /", Unit::Bytes, "/", samples(&|t| run.avail(t)), None),
    ]
}

pub(super) fn acknowledged(run: &Run) -> Option<i64> {
    run.acked()
}

pub(super) fn report(run: &Run) -> Option<Report> {
    let answer = run.answer()?;
    let right = answer["mechanism"] == "ST-1/unrotated-log";
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
                    line("Mechanism", "/var/log/myapp/app.log was never rotated", None, if right { 10.0 } else { 0.0 }, 10.0),
                ],
            },
            Block { name: "Fix".into(), points: 10.0, of: 22.0, lines: vec![line("Mitigation", "5xx below 0.5% held for 5 minutes", Some(300_000_000), 10.0, 10.0)] },
        ],
    })
}
