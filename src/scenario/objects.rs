//! The things of a fleet that an answer can name as origin: built from the world's description alone, so that the
//! list gives nothing away.

use std::collections::{BTreeMap, BTreeSet};

use super::format::ScenarioFile;
use crate::score::{Object, ObjectKind};

/// Every host, unit, service, file system, configuration and log of a scenario with its names drawn, by id.
///
/// Ids: `web-02` a host, `web-02/myapp.service` a unit, `web-02:/etc/myapp/env` a path, `myapp` a service.
pub fn objects(spec: &ScenarioFile) -> Vec<Object> {
    let mut found: BTreeMap<String, Object> = BTreeMap::new();
    let mut add = |id: String, kind, words: Vec<String>| {
        found.entry(id.clone()).or_insert(Object { id, kind, words });
    };
    for host in spec.hosts.values() {
        let name = &host.name;
        add(name.clone(), ObjectKind::Host, vec![format!("host {name}")]);
        for unit in host.units.keys() {
            let short = unit.strip_suffix(".service").unwrap_or(unit);
            let words = vec![unit.clone(), short.to_string(), format!("{short} on {name}"), format!("{name} {short}")];
            add(format!("{name}/{unit}"), ObjectKind::Unit, words);
        }
        for (at, mount) in &host.mounts {
            let words = vec![mount.device.clone(), format!("{name} {at}"), format!("file system {at} on {name}")];
            add(format!("{name}:{at}"), ObjectKind::FileSystem, words);
        }
        let configured = host.units.values().filter_map(|unit| unit.env_file.clone());
        let listed = host.files.keys().filter(|path| path.starts_with("/etc/")).cloned();
        for path in configured.chain(listed) {
            add(format!("{name}:{path}"), ObjectKind::Config, vec![path.clone()]);
        }
    }
    let mut folders = BTreeSet::new();
    for stream in spec.streams.values() {
        let Some(host) = spec.hosts.get(&stream.host) else { continue };
        add(format!("{}:{}", host.name, stream.path), ObjectKind::Log, vec![stream.path.clone()]);
        if let Some((folder, _)) = stream.path.rsplit_once('/').filter(|(folder, _)| !folder.is_empty()) {
            folders.insert((host.name.clone(), folder.to_string()));
        }
    }
    for (host, folder) in folders {
        add(format!("{host}:{folder}"), ObjectKind::Folder, vec![folder.clone(), format!("{folder} directory")]);
    }
    for rotation in spec.rotations.values() {
        if let Some(host) = spec.hosts.get(&rotation.host) {
            add(format!("{}:{}", host.name, rotation.config), ObjectKind::Config, vec![rotation.config.clone()]);
        }
    }
    for service in spec.services.keys() {
        add(service.clone(), ObjectKind::Service, vec![format!("service {service}"), format!("{service} service")]);
    }
    found.into_values().collect()
}
