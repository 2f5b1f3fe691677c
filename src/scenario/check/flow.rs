//! What flows and who watches it: log streams, rotations, services, series, alerts, service levels.

use super::super::format::*;
use super::{Checker, is_absolute, mean_bytes, typed_figure};
use crate::base::Span;
use crate::base::explain::printable;
use crate::scenario::template::{is_name, placeholders};

impl Checker<'_> {
    pub(super) fn streams(&mut self) {
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
            for (n, line) in stream.lines.iter().enumerate() {
                let item = format!("[{n}]");
                let inner = |field: &'static str| ["streams", name.as_str(), "lines", item.as_str(), field];
                self.known(&inner("level"), "level", &line.level, levels.clone());
                self.within(&inner("per_request"), line.per_request, 0.0, 1000.0);
                self.within(&inner("bytes"), f64::from(line.bytes), 1.0, 65_536.0);
                let mean = mean_bytes(&line.text, stream, spec);
                if (mean - f64::from(line.bytes)).abs() > 0.2 * f64::from(line.bytes) {
                    let wrong = format!("a line's text has {mean:.0} bytes on average, \"bytes\" says {}", line.bytes);
                    self.say(&inner("bytes"), wrong, format!("write \"bytes\": {mean:.0}, or change the text"));
                }
                for field in placeholders(&line.text) {
                    if field != "time" && !stream.fields.contains_key(field) {
                        self.say(&inner("text"), format!("nothing says what ${{{field}}} is"), "add it to \"fields\"");
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

    pub(super) fn services(&mut self) {
        let spec = self.spec;
        for (name, service) in &spec.services {
            let at = ["services", name.as_str()];
            self.unit_of(&at, &service.host, &service.unit);
            let traffic = |field: &'static str| ["services", name.as_str(), "traffic", field];
            self.within(&traffic("rps"), service.traffic.rps, 0.0, 1e6);
            self.within(&traffic("swing"), service.traffic.swing, 0.0, 1.0);
            self.within(&traffic("peak_hour"), service.traffic.peak_hour, 0.0, 24.0);
            for ramp in &service.traffic.ramps {
                self.within(&traffic("ramps"), ramp.factor, 0.0, 1000.0);
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

    pub(super) fn watching(&mut self) {
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
}
