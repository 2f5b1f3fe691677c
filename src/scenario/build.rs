//! From an incident to the world in which it happens: hosts, files, units, services, then the past, simulated by the
//! same laws up to the instant at which the alert pages.

use std::collections::BTreeMap;
use std::rc::Rc;

use bstr::{BStr, BString};

use super::check::part_of;
use super::format::{self, FileSpec, ScenarioFile, Series as SeriesSpec, UnitState};
use super::load::Incident;
use super::template::pieces;
use crate::base::{SimTime, Span};
use crate::sim::{Phase, Sim};
use crate::world::alerts::{Alert, AlertState};
use crate::world::debian::{self, Base, Program};
use crate::world::fs::{
    Content, Extent, Inode, LineTemplate, LogRun, LogSource, Node, Part, Volume, new_dir, new_file, new_inode,
};
use crate::world::kernel::ExitStatus;
use crate::world::logs::{LineKind, Requests, Stream};
use crate::world::metrics::Series;
use crate::world::services::{Endpoint, Ramp, Service, Traffic, Writes};
use crate::world::units::{Active, Calendar, Failure, RestartPolicy, Unit, UnitKind, UnitSpec};
use crate::world::{Account, HostId, World};

/// A world at the instant of its alert.
pub struct Built {
    pub world: World,
    pub sim: Sim,
    /// Role to host.
    pub hosts: BTreeMap<String, HostId>,
    /// The alert's instant: t = 0.
    pub alert: SimTime,
}

/// Why a world cannot be built: a plain sentence for the scenario's author.
pub type BuildError = String;

/// Where a log's file has no given size the past must not fill its disk before the present; how long the alert may be late.
const LATEST: Span = Span(2 * 3_600_000_000);

/// Builds the world and simulates its past until the page.
pub fn build(incident: &Incident, programs: &[Program]) -> Result<Built, BuildError> {
    // What a log that "fills at" an instant must hold at the start follows from what is written until then: simulate
    // once with an empty one and look at the room that is left.
    let mut sizes: BTreeMap<String, u64> = BTreeMap::new();
    let fills: Vec<(&String, &format::Stream)> =
        incident.spec.streams.iter().filter(|(_, s)| s.fills_at.is_some()).collect();
    if !fills.is_empty() {
        let (mut world, mut sim, hosts) = found(incident, programs, &sizes)?;
        for (name, stream) in fills {
            let page = incident.spec.page.at.time();
            let at = stream.fills_at.map_or(page, |o| o.at(page));
            run_until(&mut world, &mut sim, at);
            let Some(&host) = hosts.get(&stream.host) else { continue };
            let mount = world.host(host).node(&stream.path).map_or(0, |n| n.mount);
            let usage = world.host(host).fs.volume(mount).map(Volume::usage).map_err(|e| e.to_string())?;
            sizes.insert(name.clone(), usage.available * crate::world::fs::BLOCK);
        }
    }
    let (mut world, mut sim, hosts) = found(incident, programs, &sizes)?;
    let page = incident.spec.page.at.time();
    let fired = |w: &World| {
        let alert = w.alerts.iter().find(|a| a.name == incident.spec.page.alert);
        alert.is_some_and(|a| a.state == AlertState::Firing)
    };
    while !fired(&world) {
        if sim.due() > page + LATEST {
            return Err(format!(
                "the alert {} does not fire within {LATEST} after {}",
                incident.spec.page.alert, incident.spec.page.at
            ));
        }
        let due = sim.due();
        run_until(&mut world, &mut sim, due);
    }
    sim.set_phase(Phase::Played);
    let alert = world.now();
    for host in world.host_ids() {
        let (seed, name) = (world.seed(), world.host(host).name.clone());
        world.host_mut(host).kernel.seed_pids(seed, &name);
    }
    Ok(Built { world, sim, hosts, alert })
}

fn run_until(world: &mut World, sim: &mut Sim, until: SimTime) {
    while sim.due() <= until {
        world.set_now(sim.due());
        sim.step(world);
    }
}

type Founded = (World, Sim, BTreeMap<String, HostId>);

/// The world as it was when the simulated past begins.
fn found(incident: &Incident, programs: &[Program], sizes: &BTreeMap<String, u64>) -> Result<Founded, BuildError> {
    let spec = &incident.spec;
    let page = spec.page.at.time();
    let start = page - spec.history.span();
    let first_boot = spec.hosts.values().map(|h| h.boot.at(page)).min().unwrap_or(start);
    let mut world = World::new(incident.seed, first_boot.min(start));
    let mut hosts = BTreeMap::new();
    for (role, host) in &spec.hosts {
        let id = add_host(&mut world, incident, role, host, programs)?;
        hosts.insert(role.clone(), id);
    }
    for (name, s) in &spec.streams {
        let stream = stream(incident, name, s, &hosts, &world)?;
        world.streams.push(stream);
    }
    for (name, s) in &spec.services {
        let host = *hosts.get(&s.host).ok_or_else(|| format!("services.{name}: no host {}", s.host))?;
        world.services.push(service(name, s, host, page));
    }
    for (name, series) in &spec.series {
        world.series.push((name.clone(), self::series(series, &hosts)));
    }
    for (name, alert) in &spec.alerts {
        let host = hosts.get(&alert.host).copied().unwrap_or(HostId(0));
        world.alerts.push(Alert {
            name: name.clone(),
            series: alert.series.clone(),
            above: alert.op == format::Op::Above,
            threshold: alert.threshold,
            hold: alert.hold.span(),
            host,
            severity: alert.severity.clone(),
            labels: alert.labels.clone().into_iter().collect(),
            summary: alert.summary.clone(),
            state: AlertState::Inactive,
            since: start,
            value: 0.0,
            history: Vec::new(),
        });
    }
    lay_logs(&mut world, incident, &hosts, sizes)?;
    lay_rotations(&mut world, spec, &hosts)?;
    start_units(&mut world, spec, &hosts, start)?;
    if world.now() < start {
        world.set_now(start);
    }
    let sim = Sim::new(&world, Phase::History(page));
    Ok((world, sim, hosts))
}

fn add_host(
    world: &mut World,
    incident: &Incident,
    role: &str,
    h: &format::Host,
    programs: &[Program],
) -> Result<HostId, BuildError> {
    let spec = &incident.spec;
    let page = spec.page.at.time();
    let fail = |what: &str, e: crate::world::Errno| format!("hosts.{role}: {what}: {e}");
    let mut groups: BTreeMap<u32, String> = debian::system_groups();
    for (name, group) in &h.groups {
        groups.insert(group.gid, name.clone());
    }
    for (name, user) in &h.users {
        if user.gid.is_none() {
            groups.entry(user.uid).or_insert_with(|| name.clone());
        }
    }
    let gid_of = |name: &str| groups.iter().find(|(_, n)| *n == name).map(|(&gid, _)| gid);
    let mut accounts = debian::system_accounts();
    for (name, user) in &h.users {
        let mut further: Vec<u32> = user.groups.iter().filter_map(|g| gid_of(g)).collect();
        if user.sudo {
            further.extend(gid_of("sudo").filter(|g| !further.contains(g)));
        }
        accounts.push(Account {
            name: name.clone(),
            uid: user.uid,
            gid: user.gid.unwrap_or(user.uid),
            groups: further,
            home: user.home.clone(),
            shell: user.shell.clone(),
            sudo: user.sudo,
        });
    }
    let boot = h.boot.at(page);
    let volume = |m: &format::Mount| {
        Volume::new(&m.device, m.fstype.name(), m.size.bytes(), m.reserved.ratio(), m.inodes.unwrap_or(0), boot)
    };
    let root = h.mounts.get("/").ok_or_else(|| format!("hosts.{role}: there is no mount \"/\""))?;
    let mut packages: Vec<String> = debian::BASE_PACKAGES.iter().map(|p| p.to_string()).collect();
    packages.extend(h.packages.iter().cloned());
    let base = Base {
        name: h.name.clone(),
        address: h.address.clone(),
        os: h.os.name.clone(),
        kernel: h.os.kernel.clone(),
        cores: h.cores,
        memory_bytes: h.memory.bytes(),
        root: volume(root),
        booted: boot,
        accounts,
        groups,
        packages,
    };
    let mut host = debian::build(base, programs).map_err(|e| fail("its root file system is too small", e))?;
    // Its own unit starts the one that the base system comes with.
    if h.units.contains_key("ssh.service") {
        let listeners: Vec<u32> = host.kernel.processes().filter(|p| p.comm == "sshd").map(|p| p.pid).collect();
        for pid in listeners {
            host.kernel.remove(pid);
        }
    }
    let installed = boot - Span(90 * Span::DAY.0);
    for (at, mount) in h.mounts.iter().filter(|(at, _)| *at != "/") {
        if host.fs.mounts().iter().any(|m| m.at == at.as_str()) {
            return Err(format!("hosts.{role}: {at}: Debian mounts this itself; leave it out"));
        }
        host.fs.make_dirs(BStr::new(at), installed).map_err(|e| fail(at, e))?;
        let mut v = volume(mount);
        if mount.fstype.name() == "tmpfs" {
            v.options = "rw,nosuid,nodev".into();
        }
        host.fs.mount(BStr::new(at), v).map_err(|e| fail(at, e))?;
    }
    // Folders first, so that a file's folder has its own owner and mode whatever the order of names.
    let given = |path: &str| h.files.get(path).cloned().unwrap_or_default();
    let shipped = incident.files().filter(|(r, _, _)| *r == role).map(|(_, path, _)| path);
    let mut paths: Vec<&str> = h.files.keys().map(String::as_str).chain(shipped).collect();
    paths.sort_unstable();
    paths.dedup();
    paths.sort_by_key(|p| !given(p).dir);
    for path in paths {
        let file = given(path);
        if file.log.is_some() {
            continue; // its stream is laid later
        }
        let inode = file_inode(&host, &file, incident.file_text(role, path), page, installed, path)?;
        if matches!(inode.node, Node::Dir(_)) {
            let id = host.fs.make_dirs(BStr::new(path), installed).map_err(|e| fail(path, e))?;
            let volume = host.fs.volume_mut(id.mount).map_err(|e| fail(path, e))?;
            let set = |i: &mut Inode| (i.mode, i.uid, i.gid, i.mtime) = (inode.mode, inode.uid, inode.gid, inode.mtime);
            volume.set_attributes(id.ino, set).map_err(|e| fail(path, e))?;
        } else {
            host.fs.install(BStr::new(path), inode).map_err(|e| fail(path, e))?;
        }
    }
    for (name, unit) in &h.units {
        let text = unit_file(unit);
        let path = format!("/etc/systemd/system/{name}");
        if host.node(&path).is_none() {
            let file = new_file(Content::literal(text), 0o644, 0, 0, installed);
            host.fs.install(BStr::new(&path), file).map_err(|e| fail(&path, e))?;
        }
        let exec = words_of_exec(&unit.exec);
        if let Some(program) = exec.first()
            && host.node(program).is_none()
        {
            let short = program.rsplit('/').next().unwrap_or(program);
            let size = 2_000_000 + crate::base::hash::hash_str(short) % 60_000_000;
            let file = new_file(Content::opaque(&format!("elf:{short}"), size), 0o755, 0, 0, installed);
            host.fs.install(BStr::new(program), file).map_err(|e| fail(program, e))?;
        }
        let calendar = match &unit.calendar {
            Some(text) => {
                let parsed = Calendar::parse(text);
                Some(parsed.ok_or_else(|| {
                    format!(
                        "hosts.{role}.units.{name}.calendar: \"{text}\" is not daily, weekly, hourly or *-*-* HH:MM:SS"
                    )
                })?)
            }
            None => None,
        };
        let unit_spec = UnitSpec {
            name: name.clone(),
            description: unit.description.clone(),
            exec,
            kind: match unit.kind {
                format::UnitKind::Simple => UnitKind::Simple,
                format::UnitKind::Oneshot => UnitKind::Oneshot,
            },
            user: unit.user.clone().unwrap_or_else(|| "root".into()),
            directory: unit.directory.clone(),
            env_file: unit.env_file.clone(),
            restart: match unit.restart {
                format::RestartPolicy::No => RestartPolicy::No,
                format::RestartPolicy::OnFailure => RestartPolicy::OnFailure,
                format::RestartPolicy::Always => RestartPolicy::Always,
            },
            restart_after: unit.restart_after.span(),
            calendar,
            start_takes: unit.start_takes.span(),
            resident: unit.resident.bytes(),
            threads: unit.threads,
            ports: unit.ports.clone(),
            holds: unit.holds.clone(),
        };
        let start = page - spec.history.span();
        host.units.insert(name.clone(), Unit::new(unit_spec, unit.enabled, start));
    }
    Ok(world.add_host(host))
}

/// ExecStart's words: quotes group (systemd.service(5)).
fn words_of_exec(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quote, mut any) = (Vec::new(), String::new(), None, false);
    for c in text.chars() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (None, '\'' | '"') => (quote, any) = (Some(c), true),
            (None, ' ') => {
                if any || !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                any = false;
            }
            (_, c) => word.push(c),
        }
    }
    if any || !word.is_empty() {
        words.push(word);
    }
    words
}

fn unit_file(unit: &format::Unit) -> String {
    let mut text = format!("[Unit]\nDescription={}\nAfter=network.target\n\n[Service]\n", unit.description);
    let mut line = |key: &str, value: &str| text.push_str(&format!("{key}={value}\n"));
    if unit.kind == format::UnitKind::Oneshot {
        line("Type", "oneshot");
    }
    if let Some(user) = &unit.user {
        line("User", user);
    }
    if let Some(directory) = &unit.directory {
        line("WorkingDirectory", directory);
    }
    if let Some(file) = &unit.env_file {
        line("EnvironmentFile", file);
    }
    line("ExecStart", &unit.exec);
    match unit.restart {
        format::RestartPolicy::No => {}
        format::RestartPolicy::OnFailure => line("Restart", "on-failure"),
        format::RestartPolicy::Always => line("Restart", "always"),
    }
    if unit.restart_after.span() != Span::from_millis(100) {
        line("RestartSec", &unit.restart_after.to_string());
    }
    if unit.enabled && unit.calendar.is_none() {
        text.push_str("\n[Install]\nWantedBy=multi-user.target\n");
    }
    text
}

fn owner_of(host: &crate::world::Host, file: &FileSpec, path: &str) -> Result<(u32, u32), BuildError> {
    let (uid, own_gid) = match &file.owner {
        Some(name) => {
            let a = host.user(name).ok_or_else(|| format!("{path}: there is no user \"{name}\""))?;
            (a.uid, a.gid)
        }
        None => (0, 0),
    };
    let gid = match &file.group {
        Some(name) => host.group_of_name(name).ok_or_else(|| format!("{path}: there is no group \"{name}\""))?,
        None => own_gid,
    };
    Ok((uid, gid))
}

fn file_inode(
    host: &crate::world::Host,
    file: &FileSpec,
    text: Option<&str>,
    page: SimTime,
    installed: SimTime,
    path: &str,
) -> Result<Inode, BuildError> {
    let (uid, gid) = owner_of(host, file, path)?;
    let modified = file.modified.map_or(installed, |o| o.at(page));
    let mode = |default: u16| file.mode.map_or(default, |m| m.bits() as u16);
    Ok(if file.dir {
        new_dir(mode(0o755), uid, gid, modified)
    } else if let Some(target) = &file.link {
        new_inode(Node::Symlink(BString::from(target.as_str())), 0o777, uid, gid, modified)
    } else if let Some(size) = file.size {
        new_file(Content::opaque(&format!("blob:{path}"), size.bytes()), mode(0o644), uid, gid, modified)
    } else {
        new_file(Content::literal(text.unwrap_or_default()), mode(0o644), uid, gid, modified)
    })
}

fn stream(
    incident: &Incident,
    name: &str,
    s: &format::Stream,
    hosts: &BTreeMap<String, HostId>,
    world: &World,
) -> Result<Stream, BuildError> {
    let host = *hosts.get(&s.host).ok_or_else(|| format!("streams.{name}: no host {}", s.host))?;
    let unit_user = world.host(host).units.get(&s.unit).map(|u| u.spec.user.clone());
    let file = FileSpec { owner: s.owner.clone().or(unit_user), group: s.group.clone(), ..FileSpec::default() };
    let (owner, group) = owner_of(world.host(host), &file, &s.path)?;
    let level_of = |level: &str| s.levels.iter().position(|l| l == level).unwrap_or(0) as u32;
    let kinds = s.lines.iter().map(|line| LineKind {
        level: level_of(&line.level),
        per_request: line.per_request,
        of: match line.when {
            format::Outcome::Any => Requests::All,
            format::Outcome::Ok => Requests::Good,
            format::Outcome::Failed => Requests::Failed,
        },
    });
    let templates = s.lines.iter().map(|line| LineTemplate {
        parts: parts(&line.text, s, &incident.spec),
        bytes: super::check::mean_bytes(&line.text, s, &incident.spec).round().max(1.0) as u32,
    });
    let seed = crate::base::hash::mix64(incident.seed ^ crate::base::hash::hash_str(&format!("stream/{name}")));
    Ok(Stream {
        name: name.to_string(),
        host,
        unit: s.unit.clone(),
        path: s.path.clone(),
        owner,
        group,
        mode: s.mode.map_or(0o640, |m| m.bits() as u16),
        append: s.append,
        service: s.service.clone(),
        levels: s.levels.clone(),
        level_key: s.level_from.key.clone(),
        level_default: s.level_from.default.clone(),
        kinds: kinds.collect(),
        source: Rc::new(LogSource { seed, kinds: templates.collect() }),
        lost: 0,
        fd: 0,
    })
}

/// A line's text as parts: `${name}` by the stream's fields.
fn parts(text: &str, s: &format::Stream, spec: &ScenarioFile) -> Vec<Part> {
    let piece = |(is_field, piece): (bool, &str)| {
        if !is_field {
            return Part::Text(piece.to_string());
        }
        match s.fields.get(piece) {
            None if piece == "time" => Part::Time,
            None => Part::Text(format!("${{{piece}}}")),
            Some(format::Field::Int([low, high])) => Part::Int(*low, *high),
            Some(format::Field::Hex(digits)) => Part::Hex(*digits),
            Some(format::Field::OneOf(words)) => Part::OneOf(words.clone().into()),
            Some(format::Field::Endpoint(part)) => {
                let endpoints = spec.services.get(&s.service).into_iter().flat_map(|s| &s.endpoints);
                Part::Weighted(endpoints.map(|(name, e)| (e.share, part_of(name, *part).to_string())).collect())
            }
        }
    };
    pieces(text).into_iter().map(piece).collect()
}

fn service(name: &str, s: &format::Service, host: HostId, page: SimTime) -> Service {
    let endpoint = |(name, e): (&String, &format::Endpoint)| {
        let (method, path) = name.split_once(' ').unwrap_or(("GET", name));
        Endpoint {
            method: method.to_string(),
            path: path.to_string(),
            share: e.share,
            status: e.status,
            latency: e.latency.span(),
            writes: e.writes.as_ref().map(|w| Writes {
                path: w.path.clone(),
                bytes: w.bytes,
                complaint: w.complaint.clone(),
            }),
        }
    };
    let ramp = |r: &format::Ramp| Ramp { at: r.at.at(page), over: r.over.span(), factor: r.factor };
    Service {
        name: name.to_string(),
        host,
        unit: s.unit.clone(),
        port: s.port,
        traffic: Traffic {
            rps: s.traffic.rps,
            swing: s.traffic.swing,
            peak_hour: s.traffic.peak_hour,
            ramps: s.traffic.ramps.iter().map(ramp).collect(),
        },
        endpoints: s.endpoints.iter().map(endpoint).collect(),
        error_floor: s.error_floor,
        requests: Default::default(),
        failures: Default::default(),
        last: Vec::new(),
    }
}

fn series(s: &SeriesSpec, hosts: &BTreeMap<String, HostId>) -> Series {
    match s {
        SeriesSpec::ErrorRatio(w) => Series::ErrorRatio { service: w.service.clone(), window: w.window.span() },
        SeriesSpec::RequestRate(w) => Series::RequestRate { service: w.service.clone(), window: w.window.span() },
        SeriesSpec::FilesystemAvailRatio(f) => Series::FilesystemAvailRatio {
            host: hosts.get(&f.host).copied().unwrap_or(HostId(0)),
            mount: f.mount.clone(),
        },
    }
}

/// Lays the logs of the past: the present file of each stream, and the older ones that the scenario names.
fn lay_logs(
    world: &mut World,
    incident: &Incident,
    hosts: &BTreeMap<String, HostId>,
    sizes: &BTreeMap<String, u64>,
) -> Result<(), BuildError> {
    let spec = &incident.spec;
    let page = spec.page.at.time();
    let start = page - spec.history.span();
    for n in 0..world.streams.len() {
        let Some(stream) = world.streams.get(n).cloned() else { continue };
        let Some(s) = spec.streams.get(&stream.name) else { continue };
        // The level that the unit has loaded is read from its file as it is now: it has not changed since.
        let env_text = world.host(stream.host).read_file(&s.level_from.file).unwrap_or_default();
        let level = crate::world::units::environment_of(&env_text).get(&s.level_from.key).cloned();
        let index = |name: &str| stream.levels.iter().position(|l| l.eq_ignore_ascii_case(name));
        let level = level.and_then(|l| index(&l)).or_else(|| index(&s.level_from.default)).unwrap_or(0) as u32;
        let size = sizes.get(&stream.name).copied().or(s.starts_at.map(|x| x.bytes())).unwrap_or(0);
        let run = LogRun::of_size(stream.source.clone(), &stream.weights(level, false), size, s.since.at(page), start);
        let mut content = Content::new();
        content.push(Extent::Log(run));
        let mut inode = new_file(content, stream.mode, stream.owner, stream.group, s.since.at(page));
        inode.mtime = start;
        let host = world.host_mut(stream.host);
        host.fs
            .install(BStr::new(&stream.path), inode)
            .map_err(|e| format!("streams.{}: {}: {e}", stream.name, stream.path))?;
        for (role, h) in &spec.hosts {
            for (path, file) in h.files.iter().filter(|(_, f)| f.log.as_deref() == Some(&stream.name)) {
                let Some(&id) = hosts.get(role) else { continue };
                let (since, until) = (file.since.unwrap_or(s.since).at(page), file.until.map_or(start, |o| o.at(page)));
                let size = file.size.map_or(0, |s| s.bytes());
                let run = LogRun::of_size(stream.source.clone(), &stream.weights(level, false), size, since, until);
                let mut content = Content::new();
                content.push(Extent::Log(run));
                let host = world.host_mut(id);
                let mut inode = file_inode(host, &FileSpec { size: None, ..file.clone() }, None, page, until, path)?;
                inode.node = Node::File(content);
                host.fs.install(BStr::new(path), inode).map_err(|e| format!("{path}: {e}"))?;
            }
        }
    }
    Ok(())
}

/// logrotate's state file: when each log was last rotated.
fn lay_rotations(world: &mut World, spec: &ScenarioFile, hosts: &BTreeMap<String, HostId>) -> Result<(), BuildError> {
    let page = spec.page.at.time();
    let mut texts: BTreeMap<HostId, String> = BTreeMap::new();
    for rotation in spec.rotations.values() {
        let (Some(&host), Some(stream)) = (hosts.get(&rotation.host), spec.streams.get(&rotation.stream)) else {
            continue;
        };
        let (y, mo, d, h, mi, s) = crate::base::time::civil(rotation.last.at(page));
        let text = texts.entry(host).or_insert_with(|| "logrotate state -- version 2\n".into());
        text.push_str(&format!("\"{}\" {y}-{mo}-{d}-{h}:{mi}:{s}\n", stream.path));
    }
    for (host, text) in texts {
        let now = world.now();
        let written = world.host_mut(host).write_file(crate::world::logrotate::STATUS, text.as_bytes(), 0o640, now);
        written.map_err(|e| format!("logrotate's state file: {e}"))?;
    }
    Ok(())
}

/// Starts the units that run, in the order in which they were started, each at its instant.
fn start_units(
    world: &mut World,
    spec: &ScenarioFile,
    hosts: &BTreeMap<String, HostId>,
    start: SimTime,
) -> Result<(), BuildError> {
    let page = spec.page.at.time();
    let mut starts = Vec::new();
    for (role, h) in &spec.hosts {
        let Some(&host) = hosts.get(role) else { continue };
        for (name, unit) in &h.units {
            let since =
                unit.started.unwrap_or(h.boot).at(page) + Span::from_secs(if unit.started.is_some() { 0 } else { 9 });
            starts.push((since.min(start), host, name.clone(), unit.state));
        }
    }
    starts.sort_by(|a, b| (a.0, a.1, &a.2).cmp(&(b.0, b.1, &b.2)));
    for (since, host, name, state) in starts {
        if since > world.now() {
            world.set_now(since);
        }
        match state {
            UnitState::Running => {
                world.unit_start(host, &name).map_err(|e| format!("{name}: {e}"))?;
                if let Some(unit) = world.host_mut(host).units.get_mut(&name) {
                    if let Active::Failed(Failure::Setup(code, word)) = unit.active {
                        return Err(format!("{name} cannot start: status={code}/{word}"));
                    }
                    unit.active = Active::Running;
                }
            }
            UnitState::Dead => {}
            UnitState::Failed => {
                if let Some(unit) = world.host_mut(host).units.get_mut(&name) {
                    unit.active = Active::Failed(Failure::ExitCode(1));
                    unit.last = Some((0, ExitStatus::Exited(1)));
                }
            }
        }
    }
    Ok(())
}
