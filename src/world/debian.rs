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
    /// `PRETTY_NAME` of /etc/os-release.
    pub os: String,
    /// `uname -r`.
    pub kernel: String,
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

/// The accounts of Debian's base system.
pub fn system_accounts() -> Vec<Account> {
    let account = |&(name, uid, gid): &(&str, u32, u32)| {
        let (home, shell) = match name {
            "root" => ("/root", "/bin/bash"),
            "www-data" => ("/var/www", "/usr/sbin/nologin"),
            "daemon" => ("/usr/sbin", "/usr/sbin/nologin"),
            _ => ("/nonexistent", "/usr/sbin/nologin"),
        };
        let (home, shell) = (home.to_string(), shell.to_string());
        Account { name: name.into(), uid, gid, groups: Vec::new(), home, shell, sudo: false }
    };
    super::accounts::USERS.iter().map(account).collect()
}

/// The groups of Debian's base system.
pub fn system_groups() -> BTreeMap<u32, String> {
    super::accounts::GROUPS.iter().map(|&(name, gid)| (gid, name.to_string())).collect()
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
    "mount",
    "psmisc",
    "sysstat",
    "cron",
    "logrotate",
    "firedrill",
];

/// Builds the host. `ENOSPC` if its root volume is too small for a base system.
pub fn build(base: Base, programs: &[Program]) -> Result<Host, Errno> {
    // The system was installed long before the incident.
    let installed = base.booted - Span(90 * Span::DAY.0);
    let mut fs = Vfs::new(base.root);
    mount_kernel_trees(&mut fs, base.memory_bytes, base.booted)?;
    for dir in [
        "/boot",
        "/etc/systemd/system",
        "/home",
        "/media",
        "/mnt",
        "/opt",
        "/root",
        "/run/user",
        "/srv",
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
    // Nobody has a password: people come with keys, and the date is that of the installation.
    let day = installed.secs() / 86_400;
    let shadow: String = base
        .accounts
        .iter()
        .map(|a| format!("{}:{}:{day}:0:99999:7:::\n", a.name, if a.uid == 0 { "*" } else { "!" }))
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
        ("/etc/shadow", shadow),
        ("/etc/group", group),
        ("/etc/hostname", format!("{}\n", base.name)),
        ("/etc/hosts", format!("127.0.0.1\tlocalhost\n127.0.1.1\t{}\n", base.name)),
        (
            "/etc/os-release",
            format!(
                "PRETTY_NAME=\"{}\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nVERSION=\"12 (bookworm)\"\nVERSION_CODENAME=bookworm\nID=debian\n",
                base.os
            ),
        ),
        ("/etc/debian_version", "12.11\n".into()),
        ("/etc/shells", "/bin/sh\n/bin/bash\n/usr/bin/bash\n".into()),
    ] {
        // Group 42 is `shadow` (base-passwd).
        let (mode, group) = if path == "/etc/shadow" { (0o640, 42) } else { (0o644, 0) };
        fs.install(BStr::new(path), new_file(Content::literal(text), mode, 0, group, installed))?;
    }
    for program in programs.iter().filter(|p| base.packages.iter().any(|q| q == p.package)) {
        let size = 30_000 + crate::base::hash::hash_str(program.row) % 160_000;
        let content = Content::opaque(&format!("elf:{}", program.row), size);
        let path = format!("{}/{}", program.dir, program.name);
        fs.install(BStr::new(&path), new_file(content, 0o755, 0, 0, installed))?;
    }
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
        kernel_release: base.kernel,
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
        logins: Vec::new(),
    })
}

/// The file systems that the kernel and systemd mount before anything else, with Debian's options.
fn mount_kernel_trees(fs: &mut Vfs, memory_bytes: u64, booted: SimTime) -> Result<(), Errno> {
    let (half, tenth) = (memory_bytes / 2 / 4096 * 4096, memory_bytes / 10 / 4096 * 4096);
    let sized = |bytes: u64| format!("size={}k", bytes / 1024);
    let plain = "rw,nosuid,nodev,noexec,relatime";
    let rows = [
        ("/sys", "sysfs", "sysfs", 0, plain.to_string()),
        ("/proc", "proc", "proc", 0, plain.to_string()),
        ("/dev", "udev", "devtmpfs", half, format!("rw,nosuid,relatime,{},mode=755,inode64", sized(half))),
        ("/dev/pts", "devpts", "devpts", 0, "rw,nosuid,noexec,relatime,gid=5,mode=620,ptmxmode=000".into()),
        ("/run", "tmpfs", "tmpfs", tenth, format!("rw,nosuid,nodev,noexec,relatime,{},mode=755,inode64", sized(tenth))),
        ("/dev/shm", "tmpfs", "tmpfs", half, "rw,nosuid,nodev,inode64".into()),
        ("/run/lock", "tmpfs", "tmpfs", 5 << 20, "rw,nosuid,nodev,noexec,relatime,size=5120k,inode64".into()),
    ];
    for (at, device, fstype, size, options) in rows {
        fs.make_dirs(BStr::new(at), booted)?;
        // One inode a page, as tmpfs has.
        let mut volume = Volume::new(device, fstype, size, 0.0, size / 4096, booted);
        volume.options = options;
        fs.mount(BStr::new(at), volume)?;
    }
    let shm = fs.make_dirs(BStr::new("/dev/shm"), booted)?;
    fs.volume_mut(shm.mount)?.set_attributes(shm.ino, |i: &mut Inode| i.mode = 0o1777)
}
