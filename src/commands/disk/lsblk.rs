use std::collections::BTreeMap;

use bstr::ByteSlice;

use crate::base::human::short;
use crate::program::{Args, Command, Ctx, Example, Opt, Outcome};
use crate::world::fs::Mount;

pub const COMMAND: Command = Command {
    name: "lsblk",
    package: "util-linux",
    summary: "List information about block devices.",
    usage: &["[options] [<device> ...]"],
    options: &[
        Opt::flag('a', "all", "print all devices").accepted(),
        Opt::flag('b', "bytes", "print SIZE in bytes rather than in human readable format"),
        Opt::flag('d', "nodeps", "don't print slaves or holders"),
        Opt::flag('f', "fs", "output info about filesystems"),
        Opt::flag('i', "ascii", "use ascii characters only"),
        Opt::flag('l', "list", "use list format output"),
        Opt::flag('n', "noheadings", "don't print headings"),
        Opt::value('o', "output", "list", "output columns"),
        Opt::flag('p', "paths", "print complete device path"),
        Opt::flag('r', "raw", "use raw output format"),
        Opt::flag('J', "json", "use JSON output format").unmodelled(),
        Opt::flag('m', "perms", "output info about permissions").unmodelled(),
        Opt::flag('S', "scsi", "output info about SCSI devices").unmodelled(),
        Opt::flag('t', "topology", "output info about topology").unmodelled(),
    ],
    examples: &[Example { run: "lsblk -n -o NAME,TYPE,MOUNTPOINTS", prints: "sda    disk \n└─sda1 part /\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

/// A disk or a partition.
struct Device {
    name: String,
    major: u32,
    minor: u32,
    bytes: u64,
    kind: &'static str,
    mount: Option<Mount>,
    parts: Vec<Device>,
}

/// The disk that a partition's name belongs to, and the partition's number.
fn split(name: &str) -> (&str, u32) {
    let digits = name.len() - name.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let (head, number) = name.split_at(name.len() - digits);
    match head.strip_suffix('p').filter(|h| h.ends_with(|c: char| c.is_ascii_digit())) {
        Some(disk) => (disk, number.parse().unwrap_or(0)),
        None if head.starts_with("nvme") => (name, 0),
        None => (head, number.parse().unwrap_or(0)),
    }
}

/// Disks as the mounts on them tell: a mounted `/dev/sda1` lies on a disk `sda` that is a mebibyte larger.
fn devices(mounts: &[Mount]) -> Vec<Device> {
    let mut disks: BTreeMap<String, Device> = BTreeMap::new();
    for m in mounts {
        let Some(name) = m.volume.device.strip_prefix("/dev/") else { continue };
        let (disk, number) = split(name);
        let last = disk.chars().last().unwrap_or('a');
        let index = (last as u32).saturating_sub('a' as u32);
        let (major, base) = match disk {
            d if d.starts_with("sd") => (8, 16 * index),
            d if d.starts_with("vd") => (254, 16 * index),
            d if d.starts_with("nvme") => (259, 0),
            _ => (253, 0),
        };
        let bytes = m.volume.usage().blocks * 4096;
        let whole = disks.entry(disk.to_string()).or_insert_with(|| Device {
            name: disk.to_string(),
            major,
            minor: base,
            bytes: 0,
            kind: "disk",
            mount: None,
            parts: Vec::new(),
        });
        whole.bytes += bytes;
        if number == 0 {
            whole.mount = Some(m.clone());
        } else {
            whole.bytes += 1 << 20;
            let part = Device {
                name: name.to_string(),
                major,
                minor: base + number,
                bytes,
                kind: "part",
                mount: Some(m.clone()),
                parts: Vec::new(),
            };
            whole.parts.push(part);
        }
    }
    disks.into_values().collect()
}

const KNOWN: &[&str] = &[
    "NAME",
    "MAJ:MIN",
    "RM",
    "SIZE",
    "RO",
    "TYPE",
    "MOUNTPOINTS",
    "MOUNTPOINT",
    "FSTYPE",
    "FSVER",
    "LABEL",
    "UUID",
    "FSAVAIL",
    "FSUSE%",
    "FSSIZE",
    "FSUSED",
];

fn is_right(column: &str) -> bool {
    matches!(column, "RM" | "SIZE" | "RO" | "FSAVAIL" | "FSUSE%" | "FSSIZE" | "FSUSED")
}

fn cell(d: &Device, column: &str, bytes: bool) -> String {
    let size = |n: u64| if bytes { n.to_string() } else { short(n) };
    let usage = d.mount.as_ref().map(|m| m.volume.usage());
    match (column, usage) {
        ("MAJ:MIN", _) => format!("{:3}:{:<3}", d.major, d.minor),
        ("RM", _) => "0".into(),
        ("SIZE", _) => size(d.bytes),
        ("RO", _) => "0".into(),
        ("TYPE", _) => d.kind.into(),
        ("MOUNTPOINTS" | "MOUNTPOINT", _) => d.mount.as_ref().map(|m| m.at.to_string()).unwrap_or_default(),
        ("FSTYPE", _) => d.mount.as_ref().map(|m| m.volume.fstype.clone()).unwrap_or_default(),
        ("FSVER", Some(_)) => "1.0".into(),
        ("FSAVAIL", Some(u)) => size(u.available * 4096),
        ("FSSIZE", Some(u)) => size(u.blocks * 4096),
        ("FSUSED", Some(u)) => size(u.used * 4096),
        ("FSUSE%", Some(u)) => format!("{}%", u.used * 100 / u.blocks.max(1)),
        _ => String::new(),
    }
}

async fn main(c: Ctx, a: Args) -> Outcome {
    let mut columns: Vec<String> =
        ["NAME", "MAJ:MIN", "RM", "SIZE", "RO", "TYPE", "MOUNTPOINTS"].map(String::from).to_vec();
    if a.has("fs") {
        columns =
            ["NAME", "FSTYPE", "FSVER", "LABEL", "UUID", "FSAVAIL", "FSUSE%", "MOUNTPOINTS"].map(String::from).to_vec();
    }
    if let Some(list) = a.get("output") {
        columns = list.split_str(",").map(|w| w.to_str_lossy().to_uppercase()).collect();
        if let Some(bad) = columns.iter().find(|w| !KNOWN.contains(&w.as_str())) {
            c.complain(format_args!("unknown column: {bad}")).await?;
            return Ok(1);
        }
    }
    let disks = c.read(|w| devices(w.host(c.me().host).fs.mounts()));
    let flat = a.has("list") || a.has("raw");
    let mut rows: Vec<(String, &Device)> = Vec::new();
    let mut status = 0;
    let label = |d: &Device| if a.has("paths") { format!("/dev/{}", d.name) } else { d.name.clone() };
    let names: Vec<String> = a.operands().iter().map(|o| o.to_string()).collect();
    for disk in disks.iter().filter(|_| names.is_empty()) {
        push(&mut rows, disk, flat, &a, &label);
    }
    for name in &names {
        let bare = name.strip_prefix("/dev/").unwrap_or(name);
        if let Some(disk) = disks.iter().find(|d| d.name == bare) {
            push(&mut rows, disk, flat, &a, &label);
        } else if let Some(part) = disks.iter().flat_map(|d| &d.parts).find(|p| p.name == bare) {
            rows.push((label(part), part));
        } else {
            c.complain(format_args!("{name}: not a block device")).await?;
            status = 32;
        }
    }
    if rows.is_empty() {
        return Ok(status);
    }
    let text = |(name, d): &(String, &Device)| -> Vec<String> {
        columns.iter().map(|col| if col == "NAME" { name.clone() } else { cell(d, col, a.has("bytes")) }).collect()
    };
    let mut lines: Vec<Vec<String>> = rows.iter().map(text).collect();
    if !a.has("noheadings") {
        lines.insert(0, columns.clone());
    }
    let width = |n: usize| lines.iter().filter_map(|l| l.get(n)).map(|s| s.chars().count()).max().unwrap_or(0);
    let mut out = String::new();
    for line in &lines {
        let cells: Vec<String> = line
            .iter()
            .enumerate()
            .map(|(n, text)| {
                let column = columns.get(n).map_or("", |c| c.as_str());
                let w = width(n).max(if column == "SIZE" && !a.has("noheadings") { 5 } else { 0 });
                match (a.has("raw"), is_right(column), n + 1 == line.len()) {
                    (true, ..) | (_, false, true) => text.clone(),
                    (_, true, _) => format!("{text:>w$}"),
                    _ => format!("{text:<w$}"),
                }
            })
            .collect();
        out.push_str(&cells.join(" "));
        out.push('\n');
    }
    c.out(out).await?;
    Ok(status)
}

fn push<'d>(
    rows: &mut Vec<(String, &'d Device)>,
    disk: &'d Device,
    flat: bool,
    a: &Args,
    label: &dyn Fn(&Device) -> String,
) {
    rows.push((label(disk), disk));
    if a.has("nodeps") {
        return;
    }
    for (n, part) in disk.parts.iter().enumerate() {
        let lead = match (flat, a.has("ascii"), n + 1 == disk.parts.len()) {
            (true, ..) => "",
            (_, false, false) => "├─",
            (_, false, true) => "└─",
            (_, true, false) => "|-",
            (_, true, true) => "`-",
        };
        rows.push((format!("{lead}{}", label(part)), part));
    }
}
