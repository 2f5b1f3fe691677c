//! The files every simulated Debian 12 host starts with: directories, accounts, devices, and one ELF file for each
//! program of its packages.

use std::collections::BTreeMap;

use bstr::BStr;

use super::fs::{Content, Device, Inode, Node, Vfs, Volume, new_file, new_inode};
use super::host::{Account, Host};
use super::kernel::{self, Kernel};
use super::{Errno, fs::Cred};
use crate::base::{SimTime, Span};

/// What a host is made of before its scenario adds to it.
pub struct Base {
    pub name: String,
    pub address: String,
    pub cores: u32,
    pub memory_bytes: u64,
    pub root: Volume,
    pub booted: SimTime,
    pub accounts: Vec<Account>,
    pub groups: BTreeMap<u32, String>,
    pub packages: Vec<String>,
}

/// A program to install: (directory, name, row's name, package).
pub struct Program {
    pub dir: &'static str,
    pub name: &'static str,
    pub row: &'static str,
    pub package: &'static str,
}

/// Root and the usual system accounts.
pub fn system_accounts() -> Vec<Account> {
    let account = |name: &str, uid: u32, home: &str, shell: &str| Account {
        name: name.into(),
        uid,
        gid: uid,
        groups: Vec::new(),
        home: home.into(),
        shell: shell.into(),
        sudo: false,
    };
    vec![
        account("root", 0, "/root", "/bin/bash"),
        account("daemon", 1, "/usr/sbin", "/usr/sbin/nologin"),
        account("syslog", 104, "/nonexistent", "/usr/sbin/nologin"),
        account("www-data", 33, "/var/www", "/usr/sbin/nologin"),
        account("nobody", 65534, "/nonexistent", "/usr/sbin/nologin"),
    ]
}

/// The groups that files of a base system belong to.
pub fn system_groups() -> BTreeMap<u32, String> {
    [
        (0, "root"),
        (1, "daemon"),
        (4, "adm"),
        (5, "tty"),
        (6, "disk"),
        (27, "sudo"),
        (33, "www-data"),
        (42, "shadow"),
        (50, "staff"),
        (104, "syslog"),
        (65534, "nogroup"),
    ]
    .into_iter()
    .map(|(gid, name)| (gid, name.to_string()))
    .collect()
}

/// Packages on every host.
pub const BASE_PACKAGES: &[&str] = &[
    "bash",
    "coreutils",
    "grep",
    "sed",
    "mawk",
    "findutils",
    "procps",
    "util-linux",
    "systemd",
    "sudo",
    "login",
    "less",
    "iputils-ping",
    "openssh-client",
    "lsof",
    "ncurses-bin",
    "debianutils",
    "hostname",
    "diffutils",
    "gzip",
    "tar",
    "curl",
    "iproute2",
    "bsdutils",
    "firedrill",
];

/// Builds the host. `ENOSPC` if its root volume is too small for a base system.
pub fn build(base: Base, programs: &[Program]) -> Result<Host, Errno> {
    // The system was installed long before the incident.
    let installed = base.booted - Span(90 * Span::DAY.0);
    let mut fs = Vfs::new(base.root);
    for dir in [
        "/boot",
        "/dev/pts",
        "/etc/systemd/system",
        "/home",
        "/media",
        "/mnt",
        "/opt",
        "/proc",
        "/root",
        "/run/user",
        "/srv",
        "/sys",
        "/usr/bin",
        "/usr/lib",
        "/usr/local/bin",
        "/usr/local/sbin",
        "/usr/sbin",
        "/usr/share",
        "/var/backups",
        "/var/cache",
        "/var/lib",
        "/var/log",
        "/var/mail",
        "/var/spool",
        "/var/tmp",
        "/var/www",
        "/tmp",
    ] {
        fs.make_dirs(BStr::new(dir), installed)?;
    }
    for (name, target) in [
        ("/bin", "usr/bin"),
        ("/sbin", "usr/sbin"),
        ("/lib", "usr/lib"),
        ("/var/run", "/run"),
        ("/dev/stdin", "/proc/self/fd/0"),
        ("/dev/stdout", "/proc/self/fd/1"),
        ("/dev/stderr", "/proc/self/fd/2"),
        ("/dev/fd", "/proc/self/fd"),
    ] {
        fs.install(BStr::new(name), new_inode(Node::Symlink(target.into()), 0o777, 0, 0, installed))?;
    }
    let mut owned = |path: &str, mode: u16, uid: u32, gid: u32| -> Result<(), Errno> {
        let id = fs.make_dirs(BStr::new(path), installed)?;
        fs.volume_mut(id.mount)?.set_attributes(id.ino, |i: &mut Inode| (i.mode, i.uid, i.gid) = (mode, uid, gid))
    };
    owned("/tmp", 0o1777, 0, 0)?;
    owned("/var/tmp", 0o1777, 0, 0)?;
    owned("/root", 0o700, 0, 0)?;
    for account in base.accounts.iter().filter(|a| a.home.starts_with("/home/")) {
        owned(&account.home, 0o755, account.uid, account.gid)?;
    }
    for (name, device, mode) in [
        ("/dev/null", Device::Null, 0o666),
        ("/dev/zero", Device::Zero, 0o666),
        ("/dev/full", Device::Full, 0o666),
        ("/dev/random", Device::Random, 0o666),
        ("/dev/urandom", Device::Random, 0o666),
        ("/dev/tty", Device::Tty, 0o666),
    ] {
        fs.install(BStr::new(name), new_inode(Node::Device(device), mode, 0, 0, base.booted))?;
    }
    let passwd: String = base
        .accounts
        .iter()
        .map(|a| format!("{}:x:{}:{}:{}:{}:{}\n", a.name, a.uid, a.gid, a.name, a.home, a.shell))
        .collect();
    let group: String = base
        .groups
        .iter()
        .map(|(gid, name)| {
            let members: Vec<&str> =
                base.accounts.iter().filter(|a| a.groups.contains(gid)).map(|a| &*a.name).collect();
            format!("{name}:x:{gid}:{}\n", members.join(","))
        })
        .collect();
    for (path, text) in [
        ("/etc/passwd", passwd),
        ("/etc/group", group),
        ("/etc/hostname", format!("{}\n", base.name)),
        ("/etc/hosts", format!("127.0.0.1\tlocalhost\n127.0.1.1\t{}\n", base.name)),
        ("/etc/os-release", "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nVERSION=\"12 (bookworm)\"\nVERSION_CODENAME=bookworm\nID=debian\n".into()),
        ("/etc/debian_version", "12.11\n".into()),
        ("/etc/shells", "/bin/sh\n/bin/bash\n/usr/bin/bash\n".into()),
    ] {
        fs.install(BStr::new(path), new_file(Content::literal(text), 0o644, 0, 0, installed))?;
    }
    for program in programs.iter().filter(|p| base.packages.iter().any(|q| q == p.package)) {
        let size = 30_000 + crate::base::hash::hash_str(program.row) % 160_000;
        let content = Content::opaque(&format!("elf:{}", program.row), size);
        let path = format!("{}/{}", program.dir, program.name);
        fs.install(BStr::new(&path), new_file(content, 0o755, 0, 0, installed))?;
    }
    let proc_volume = Volume::new("proc", "proc", 0, 0.0, 0, base.booted);
    fs.mount(BStr::new("/proc"), proc_volume)?;
    let mut kernel = Kernel::new(base.booted);
    let root = fs.root();
    let mut init = kernel::daemon(1, 0, "systemd", vec!["/sbin/init".into()], Cred::root(), root, base.booted);
    init.rss_bytes = 12 << 20;
    init.vsz_bytes = 168 << 20;
    init.cgroup = "/init.scope".into();
    kernel.insert(init);
    let mut sshd = kernel::daemon(
        612,
        1,
        "sshd",
        vec!["sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups".into()],
        Cred::root(),
        root,
        base.booted,
    );
    sshd.cgroup = "/system.slice/ssh.service".into();
    kernel.insert(sshd);
    Ok(Host {
        name: base.name,
        address: base.address,
        kernel_release: "6.1.0-37-amd64".into(),
        cores: base.cores,
        memory_bytes: base.memory_bytes,
        fs,
        kernel,
        accounts: base.accounts,
        groups: base.groups,
        packages: base.packages,
        slowdown: 1.0,
        busy: 0.0,
        units: Default::default(),
        journald: Default::default(),
        mount_columns: Vec::new(),
        load: [0.08, 0.05, 0.01],
    })
}
