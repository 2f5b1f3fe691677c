//! A plain host without a scenario, with somebody's files in it: where the shell and the text tools are compared with
//! real ones (`exec --root`).

use std::collections::BTreeMap;

use bstr::{BStr, BString};

use super::machine::{Login, Machine, table};
use crate::base::{SimTime, Span, limits};
use crate::world::debian::{self, Base};
use crate::world::fs::{Content, Inode, Node, Volume, new_file, new_inode};
use crate::world::{Account, HostId, World};

/// What a file to be put into the host is.
#[derive(Clone, Debug)]
pub enum Kind {
    Dir,
    File(Vec<u8>),
    Symlink(BString),
}

/// A file to be put into the host, by absolute path.
#[derive(Clone, Debug)]
pub struct Entry {
    pub path: BString,
    pub kind: Kind,
    pub mode: u16,
    pub modified: SimTime,
}

/// The user that scripts run as.
pub const USER: &str = "user";

/// Builds the host, `entries` in the order of their paths. The clock stands at `now`. Errors in plain words: a file
/// that does not fit.
pub fn machine(entries: Vec<Entry>, home: &str, now: SimTime) -> Result<Machine, String> {
    let table = table();
    let mut world = World::new(0, now);
    world.set_literal_cap(limits::LITERAL_BYTES_ROOT);
    let mut accounts = debian::system_accounts();
    accounts.push(Account {
        name: USER.into(),
        uid: 1000,
        gid: 1000,
        groups: vec![27],
        home: home.into(),
        shell: "/bin/bash".into(),
        sudo: true,
    });
    let mut groups: BTreeMap<u32, String> = debian::system_groups();
    groups.insert(1000, USER.into());
    let booted = now - Span::HOUR;
    let base = Base {
        name: "localhost".into(),
        address: "127.0.0.1".into(),
        os: "Debian GNU/Linux 12 (bookworm)".into(),
        kernel: "6.1.0-37-amd64".into(),
        cores: 2,
        memory_bytes: 4 << 30,
        root: Volume::new("/dev/sda1", "ext4", 100 << 30, 0.0, 0, booted),
        booted,
        accounts,
        groups,
        packages: table.rows().map(|(_, row)| row.package.to_string()).collect(),
    };
    let mut host = debian::build(base, &table.programs()).map_err(|e| e.to_string())?;
    for entry in entries {
        let path: &BStr = entry.path.as_ref();
        let fail = |e: crate::world::Errno| format!("{path}: {e}");
        let set = |i: &mut Inode| (i.mode, i.uid, i.gid, i.mtime) = (entry.mode, 1000, 1000, entry.modified);
        let inode = match entry.kind {
            Kind::Dir => {
                let id = host.fs.make_dirs(path, entry.modified).map_err(fail)?;
                host.fs.volume_mut(id.mount).and_then(|v| v.set_attributes(id.ino, set)).map_err(fail)?;
                continue;
            }
            Kind::File(bytes) => new_file(Content::literal(bytes), entry.mode, 1000, 1000, entry.modified),
            Kind::Symlink(target) => new_inode(Node::Symlink(target), 0o777, 1000, 1000, entry.modified),
        };
        host.fs.install(path, inode).map_err(fail)?;
    }
    host.kernel.seed_pids(0, "localhost");
    world.add_host(host);
    Ok(Machine::new(world, table, None))
}

/// Starts a script in `directory`: `bash -c`, as [`USER`].
pub fn start(
    machine: &mut Machine,
    script: &str,
    directory: &str,
    environment: BTreeMap<BString, BString>,
    arguments: Vec<BString>,
    stdin: &[u8],
) -> Result<(), String> {
    let login = Login {
        user: USER.into(),
        environment: Some(environment.into()),
        directory: Some(directory.into()),
        arguments,
    };
    machine.open(0, HostId(0), &login, Some(script), stdin)
}
