//! Hosts: names, accounts, file systems, files, units.

use std::collections::BTreeSet;

use super::super::format::*;
use super::{Checker, group_names, is_absolute, is_host_name, user_names};
use crate::base::explain::printable;
use crate::scenario::template::is_name;

impl Checker<'_> {
    pub(super) fn hosts(&mut self) {
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
                self.known(&at, "group", group, group_names(host));
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
                self.known(&at, "user", owner, user_names(host));
            }
            if let Some(group) = &file.group {
                self.known(&at, "group", group, group_names(host));
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
                self.known(&at, "user", user, user_names(host));
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

    pub(super) fn has_text(&self, role: &str, host: &Host, file: &str) -> bool {
        let described = host.files.get(file).is_some_and(|f| f.text.is_some() || f.from.is_some());
        described || self.pack.text(&format!("files/{role}{file}")).is_some()
    }
}
