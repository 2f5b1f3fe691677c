use bstr::ByteSlice;

use crate::program::{Args, Command, Ctx, Example, Opt, Outcome, Syntax};

pub const COMMAND: Command = Command {
    name: "mount",
    package: "mount",
    summary: "Mount a filesystem.",
    usage: &["[-lhV]", "-a [options]", "[options] [--source] <source> | [--target] <directory>"],
    options: &[
        Opt::flag('a', "all", "mount all filesystems mentioned in fstab").accepted(),
        Opt::flag('l', "show-labels", "show also filesystem labels").accepted(),
        Opt::value('o', "options", "list", "comma-separated list of mount options"),
        Opt::value('t', "types", "list", "limit the set of filesystem types"),
        Opt::flag('v', "verbose", "say what is being done"),
        Opt::flag('r', "read-only", "mount the filesystem read-only (same as -o ro)"),
        Opt::flag('w', "rw", "mount the filesystem read-write (default)"),
        Opt::flag('B', "bind", "mount a subtree somewhere else (same as -o bind)").unmodelled(),
    ],
    examples: &[Example { run: "mount -t ext4", prints: "/dev/sda1 on / type ext4 (rw,relatime)\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

pub const UMOUNT: Command = Command {
    name: "umount",
    package: "mount",
    summary: "Unmount filesystems.",
    usage: &["[-hV]", "-a [options]", "[options] <source> | <directory>"],
    options: &[
        Opt::flag('f', "force", "force unmount (in case of an unreachable NFS system)").accepted(),
        Opt::flag('l', "lazy", "detach the filesystem now, clean up things later").unmodelled(),
        Opt::flag('v', "verbose", "say what is being done").accepted(),
    ],
    syntax: Syntax::Gnu,
    examples: &[Example { run: "umount /nowhere 2>&1", prints: "umount: /nowhere: no mount point specified.\n" }],
    main: |c, a| Box::pin(umount(c, a)),
    ..Command::BASE
};

async fn main(c: Ctx, a: Args) -> Outcome {
    if a.operands().is_empty() {
        let types: Vec<String> =
            a.get("types").map_or_else(Vec::new, |t| t.split_str(",").map(|t| t.to_str_lossy().into()).collect());
        let text = c.read(|w| {
            let mut out = String::new();
            for m in w.host(c.me().host).fs.mounts_in_order() {
                let v = &m.volume;
                if types.is_empty() || types.contains(&v.fstype) {
                    out.push_str(&format!("{} on {} type {} ({})\n", v.device, m.at, v.fstype, v.options));
                }
            }
            out
        });
        c.out(text).await?;
        return Ok(0);
    }
    let Some(what) = a.operands().last() else { return Ok(1) };
    let mounted = c.sys(|s| s.mount_named(what.as_ref()));
    if c.uid() != 0 {
        c.complain(format_args!("{what}: must be superuser to use mount.")).await?;
        c.err("       dmesg(1) may have more information after failed mount system call.\n").await?;
        return Ok(1);
    }
    let options: Vec<String> = a
        .all("options")
        .iter()
        .flat_map(|o| o.split_str(",").map(|w| w.to_str_lossy().into_owned()).collect::<Vec<_>>())
        .chain(a.has("read-only").then(|| "ro".to_string()))
        .chain(a.has("rw").then(|| "rw".to_string()))
        .collect();
    let Some(mount) = mounted else {
        c.complain(format_args!("{what}: can't find in /etc/fstab.")).await?;
        return Ok(1);
    };
    if !options.iter().any(|o| o == "remount") {
        let (device, at) = c.read(|w| {
            let m = w.host(c.me().host).fs.mounts().get(mount as usize);
            m.map(|m| (m.volume.device.clone(), m.at.to_string())).unwrap_or_default()
        });
        c.complain(format_args!("{at}: {device} already mounted on {at}.")).await?;
        return Ok(32);
    }
    match c.sys(|s| s.remount(mount, &options)) {
        Ok(()) => Ok(0),
        Err(errno) => {
            c.complain(format_args!("{what}: mount point not mounted or bad option: {errno}")).await?;
            Ok(32)
        }
    }
}

async fn umount(c: Ctx, a: Args) -> Outcome {
    let mut status = 0;
    for what in a.operands() {
        if c.sys(|s| s.lstat(what.as_ref())).is_err() {
            c.complain(format_args!("{what}: no mount point specified.")).await?;
            status = 32;
        } else if c.sys(|s| s.mount_named(what.as_ref())).is_none() {
            c.complain(format_args!("{what}: not mounted.")).await?;
            status = 32;
        } else if c.uid() != 0 {
            c.complain(format_args!("{what}: must be superuser to unmount.")).await?;
            status = 32;
        } else {
            // Every file system here holds something that runs.
            c.complain(format_args!("{what}: target is busy.")).await?;
            status = 32;
        }
    }
    if a.operands().is_empty() {
        c.err("umount: bad usage\nTry 'umount --help' for more information.\n").await?;
        return Ok(1);
    }
    Ok(status)
}
