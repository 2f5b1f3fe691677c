use bstr::{BStr, BString, ByteSlice};

use super::scale::Scale;
use crate::program::{Args, Command, Ctx, Example, Opt, Outcome};
use crate::world::Errno;
use crate::world::fs::Usage;

pub const COMMAND: Command = Command {
    name: "df",
    summary: "Show information about the file system on which each FILE resides,\nor all file systems by default.",
    options: &[
        Opt::flag('a', "all", "include pseudo, duplicate, inaccessible file systems"),
        Opt::value('B', "block-size", "SIZE", "scale sizes by SIZE before printing them"),
        Opt::flag('h', "human-readable", "print sizes in powers of 1024 (e.g., 1023M)"),
        Opt::flag('H', "si", "print sizes in powers of 1000 (e.g., 1.1G)"),
        Opt::flag('i', "inodes", "list inode information instead of block usage"),
        Opt::flag('k', "", "like --block-size=1K"),
        Opt::flag('l', "local", "limit listing to local file systems"),
        Opt::long("no-sync", "do not invoke sync before getting usage info (default)").accepted(),
        Opt::long("output", "use the output format defined by FIELD_LIST, or print all fields").optional("FIELD_LIST"),
        Opt::flag('P', "portability", "use the POSIX output format"),
        Opt::long("sync", "invoke sync before getting usage info").accepted(),
        Opt::long("total", "elide all entries insignificant to available space, and produce a grand total"),
        Opt::value('t', "type", "TYPE", "limit listing to file systems of type TYPE"),
        Opt::flag('T', "print-type", "print file system type"),
        Opt::value('x', "exclude-type", "TYPE", "limit listing to file systems not of type TYPE"),
        Opt::flag('v', "", "(ignored)").accepted(),
    ],
    examples: &[Example {
        run: "df --output=source,fstype,target /tmp",
        prints: "Filesystem     Type Mounted on\n/dev/sda1      ext4 /\n",
    }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Field {
    Source,
    Fstype,
    Size,
    Used,
    Avail,
    Pcent,
    Itotal,
    Iused,
    Iavail,
    Ipcent,
    File,
    Target,
}

use Field::*;

const FIELDS: &[(&str, Field)] = &[
    ("source", Source),
    ("fstype", Fstype),
    ("itotal", Itotal),
    ("iused", Iused),
    ("iavail", Iavail),
    ("ipcent", Ipcent),
    ("size", Size),
    ("used", Used),
    ("avail", Avail),
    ("pcent", Pcent),
    ("file", File),
    ("target", Target),
];

impl Field {
    fn least_width(self) -> usize {
        match self {
            Source => 14,
            Size | Used | Avail | Itotal | Iused | Iavail => 5,
            Fstype | Pcent | Ipcent => 4,
            File | Target => 0,
        }
    }
    fn is_left(self) -> bool {
        matches!(self, Source | Fstype | File | Target)
    }
}

/// A line before it is text.
#[derive(Clone)]
struct Row {
    source: String,
    fstype: String,
    target: String,
    file: String,
    usage: Usage,
}

async fn main(c: Ctx, a: Args) -> Outcome {
    let scale = match Scale::of(&c, &a, "DF_BLOCK_SIZE") {
        Ok(scale) => scale,
        Err((value, letter)) => {
            c.complain(format_args!("invalid -{letter} argument '{value}'")).await?;
            return Ok(1);
        }
    };
    for (one, other, clash) in [
        ("inodes", "output", "-i and --output"),
        ("portability", "output", "-P and --output"),
        ("print-type", "output", "-T and --output"),
    ] {
        if a.has(one) && a.has(other) {
            return usage(&c, format!("options {clash} are mutually exclusive")).await;
        }
    }
    let fields = match fields(&a) {
        Ok(fields) => fields,
        Err(what) => return usage(&c, what).await,
    };
    for kind in a.all("type") {
        if a.all("exclude-type").contains(&kind) {
            c.complain(format_args!("file system type '{kind}' both selected and excluded")).await?;
            return Ok(1);
        }
    }
    let mut status = 0;
    let mut rows = Vec::new();
    if a.operands().is_empty() {
        rows = c.sys(|s| {
            let fs = &s.w.host(s.host()).fs;
            let row = |m: &&crate::world::fs::Mount| Row {
                source: m.volume.device.clone(),
                fstype: m.volume.fstype.clone(),
                target: m.at.to_string(),
                file: "-".into(),
                usage: m.volume.usage(),
            };
            let shown = |m: &&crate::world::fs::Mount| m.volume.usage().blocks > 0 || a.has("all");
            fs.mounts_in_order().iter().filter(|m| shown(m)).map(row).collect()
        });
    } else {
        for operand in a.operands() {
            match of_operand(&c, operand.as_ref()) {
                Ok(row) => rows.push(row),
                Err(errno) => {
                    c.complain(format_args!("{operand}: {errno}")).await?;
                    status = 1;
                }
            }
        }
    }
    rows.retain(|r| {
        let is = |name: &BStr| name == r.fstype.as_str();
        let wanted = a.all("type");
        (wanted.is_empty() || wanted.iter().any(|t| is(t))) && !a.all("exclude-type").iter().any(|t| is(t))
    });
    if rows.is_empty() {
        c.complain("no file systems processed").await?;
        return Ok(1);
    }
    if a.has("total") {
        // Elided: what has no blocks says nothing about the room there is.
        rows.retain(|r| r.usage.blocks > 0 || a.has("all"));
        rows.push(total(&rows, fields.contains(&Source)));
    }
    c.out(table(&rows, &fields, scale, &a)).await?;
    Ok(status)
}

async fn usage(c: &Ctx, what: String) -> Outcome {
    c.complain(what).await?;
    c.err("Try 'df --help' for more information.\n").await?;
    Ok(1)
}

fn fields(a: &Args) -> Result<Vec<Field>, String> {
    if a.has("output") {
        let Some(list) = a.get("output") else {
            return Ok(vec![Source, Fstype, Itotal, Iused, Iavail, Ipcent, Size, Used, Avail, Pcent, File, Target]);
        };
        let mut fields = Vec::new();
        for word in list.split_str(",") {
            let word = word.to_str_lossy();
            let Some(&(_, field)) = FIELDS.iter().find(|(name, _)| *name == word) else {
                return Err(format!("option --output: field ‘{word}’ unknown"));
            };
            if fields.contains(&field) {
                return Err(format!("option --output: field ‘{word}’ used more than once"));
            }
            fields.push(field);
        }
        return Ok(fields);
    }
    let mut fields = vec![Source];
    if a.has("print-type") {
        fields.push(Fstype);
    }
    fields.extend(if a.has("inodes") { [Itotal, Iused, Iavail, Ipcent] } else { [Size, Used, Avail, Pcent] });
    fields.push(Target);
    Ok(fields)
}

/// The file system that holds a path, or that is on a device.
fn of_operand(c: &Ctx, path: &BStr) -> Result<Row, Errno> {
    c.sys(|s| {
        let host = s.host();
        let by_device = {
            let fs = &s.w.host(host).fs;
            fs.mounts()
                .iter()
                .position(|m| path == m.volume.device.as_str() && path.starts_with(b"/"))
                .map(|n| n as u32)
        };
        let mount = match by_device {
            Some(mount) => mount,
            None => s.statfs(path)?.1,
        };
        let m = s.w.host(host).fs.mounts().get(mount as usize).ok_or(Errno::ENOENT)?;
        Ok(Row {
            source: m.volume.device.clone(),
            fstype: m.volume.fstype.clone(),
            target: m.at.to_string(),
            file: path.to_string(),
            usage: m.volume.usage(),
        })
    })
}

fn total(rows: &[Row], has_source: bool) -> Row {
    let mut sum = Usage { blocks: 0, used: 0, free: 0, available: 0, inodes: 0, inodes_used: 0 };
    for r in rows {
        sum.blocks += r.usage.blocks;
        sum.used += r.usage.used;
        sum.free += r.usage.free;
        sum.available += r.usage.available;
        sum.inodes += r.usage.inodes;
        sum.inodes_used += r.usage.inodes_used;
    }
    let (source, target) = if has_source { ("total", "-") } else { ("-", "total") };
    Row { source: source.into(), fstype: "-".into(), target: target.into(), file: "-".into(), usage: sum }
}

/// Used of used and free, rounded up; `-` where there is nothing.
fn percent(used: u64, free: u64) -> String {
    match used + free {
        0 => "-".into(),
        all => format!("{}%", (used * 100).div_ceil(all)),
    }
}

fn heading(field: Field, scale: Scale, a: &Args) -> String {
    let posix = a.has("portability");
    let human = matches!(scale, Scale::Human(_));
    let text = match field {
        Source => "Filesystem",
        Fstype => "Type",
        Used => "Used",
        Avail if human || a.has("output") => "Avail",
        Avail => "Available",
        Pcent if posix => "Capacity",
        Pcent => "Use%",
        Itotal => "Inodes",
        Iused => "IUsed",
        Iavail => "IFree",
        Ipcent => "IUse%",
        File => "File",
        Target => "Mounted on",
        Size => {
            return match scale {
                Scale::Blocks { size, .. } if posix => format!("{size}-blocks"),
                scale => scale.heading(),
            };
        }
    };
    text.into()
}

fn table(rows: &[Row], fields: &[Field], scale: Scale, a: &Args) -> BString {
    const BLOCK: u64 = 4096;
    let cell = |r: &Row, field: Field| match field {
        Source => r.source.clone(),
        Fstype => r.fstype.clone(),
        Size => scale.show(r.usage.blocks * BLOCK),
        Used => scale.show(r.usage.used * BLOCK),
        Avail => scale.show(r.usage.available * BLOCK),
        Pcent => percent(r.usage.used, r.usage.available),
        Itotal => scale.count(r.usage.inodes),
        Iused => scale.count(r.usage.inodes_used),
        Iavail => scale.count(r.usage.inodes.saturating_sub(r.usage.inodes_used)),
        Ipcent => percent(r.usage.inodes_used, r.usage.inodes.saturating_sub(r.usage.inodes_used)),
        File => r.file.clone(),
        Target => r.target.clone(),
    };
    let mut lines = vec![fields.iter().map(|&f| heading(f, scale, a)).collect::<Vec<_>>()];
    lines.extend(rows.iter().map(|r| fields.iter().map(|&f| cell(r, f)).collect()));
    let width = |n: usize| lines.iter().filter_map(|l| l.get(n)).map(|s| s.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = fields.iter().enumerate().map(|(n, f)| width(n).max(f.least_width())).collect();
    let mut out = String::new();
    for line in &lines {
        for (n, ((text, field), width)) in line.iter().zip(fields).zip(&widths).enumerate() {
            if n > 0 {
                out.push(' ');
            }
            match (field.is_left(), n + 1 == fields.len()) {
                (true, true) => out.push_str(text),
                (true, false) => out.push_str(&format!("{text:<width$}")),
                (false, _) => out.push_str(&format!("{text:>width$}")),
            }
        }
        out.push('\n');
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use crate::commands::GROUPS;
    use crate::testkit::Kit;

    #[test]
    fn columns_are_those_of_gnu_df() {
        let mut kit = Kit::new(GROUPS);
        let ran = kit.run(&["df", "-h", "/dev", "/run/lock"]);
        assert_eq!(
            ran.stdout,
            "Filesystem      Size  Used Avail Use% Mounted on\nudev            2.0G     0  2.0G   0% /dev\ntmpfs           5.0M     0  5.0M   0% /run/lock\n"
        );
        let ran = kit.run(&["df", "-k", "--total", "-t", "tmpfs"]);
        assert_eq!(
            ran.stdout,
            "Filesystem     1K-blocks  Used Available Use% Mounted on\ntmpfs             419428     0    419428   0% /run\ntmpfs            2097152     0   2097152   0% /dev/shm\ntmpfs               5120     0      5120   0% /run/lock\ntotal            2521700     0   2521700   0% -\n"
        );
        let ran = kit.run(&["df", "-P", "/proc"]);
        assert_eq!(
            ran.stdout,
            "Filesystem     1024-blocks  Used Available Capacity Mounted on\nproc                     0     0         0        - /proc\n"
        );
        assert_eq!(
            kit.run(&["df", "-B", "1000", "/run/lock"]).stdout.lines().next(),
            Some("Filesystem     1kB-blocks  Used Available Use% Mounted on")
        );
    }

    #[test]
    fn it_says_what_gnu_df_says_of_mistakes() {
        let mut kit = Kit::new(GROUPS);
        let ran = kit.run(&["df", "/nowhere"]);
        assert_eq!(
            (ran.stderr.as_str(), ran.status),
            ("df: /nowhere: No such file or directory\ndf: no file systems processed\n", 1)
        );
        let ran = kit.run(&["df", "--output=foo"]);
        assert_eq!(ran.stderr, "df: option --output: field ‘foo’ unknown\nTry 'df --help' for more information.\n");
        assert_eq!(kit.run(&["df", "-B", "x"]).stderr, "df: invalid -B argument 'x'\n");
    }
}
