use bstr::ByteSlice;

use crate::base::human::short;
use crate::program::{Args, Command, Ctx, Example, Opt, Outcome};
use crate::world::fs::Mount;

pub const COMMAND: Command = Command {
    name: "findmnt",
    package: "util-linux",
    summary: "Find a (mounted) filesystem.",
    usage: &["[options]", "[options] <device> | <mountpoint>"],
    options: &[
        Opt::flag('k', "kernel", "search in kernel table of mounted filesystems (default)").accepted(),
        Opt::flag('A', "all", "disable all built-in filters, print all filesystems").accepted(),
        Opt::flag('a', "ascii", "use ASCII chars for tree formatting"),
        Opt::flag('b', "bytes", "print sizes in bytes rather than in human readable format"),
        Opt::flag('D', "df", "imitate the output of df(1)"),
        Opt::flag('J', "json", "use JSON output format").unmodelled(),
        Opt::flag('l', "list", "use list format output"),
        Opt::flag('n', "noheadings", "don't print column headings"),
        Opt::value('o', "output", "list", "the output columns to be shown"),
        Opt::flag('P', "pairs", "use key=\"value\" output format"),
        Opt::flag('r', "raw", "use raw output format"),
        Opt::value('T', "target", "path", "the path to the filesystem to use"),
        Opt::value('S', "source", "string", "the device to mount"),
        Opt::value('M', "mountpoint", "dir", "the mountpoint directory"),
        Opt::value('t', "types", "list", "limit the set of filesystems by FS types"),
        Opt::flag('u', "notruncate", "don't truncate text in columns").accepted(),
        Opt::flag('s', "fstab", "search in static table of filesystems").unmodelled(),
        Opt::flag('p', "poll", "monitor changes in table of mounted filesystems").unmodelled(),
    ],
    examples: &[Example { run: "findmnt -n -o SOURCE,FSTYPE /", prints: "/dev/sda1 ext4\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

/// (name, aligned right)
const COLUMNS: &[(&str, bool)] = &[
    ("TARGET", false),
    ("SOURCE", false),
    ("FSTYPE", false),
    ("OPTIONS", false),
    ("SIZE", true),
    ("USED", true),
    ("AVAIL", true),
    ("USE%", true),
];

fn cell(m: &Mount, column: &str, bytes: bool) -> String {
    let u = m.volume.usage();
    let size = |blocks: u64| if bytes { (blocks * 4096).to_string() } else { short(blocks * 4096) };
    let size = |blocks: u64| if blocks == 0 { "0".into() } else { size(blocks) };
    match column {
        "TARGET" => m.at.to_string(),
        "SOURCE" => m.volume.device.clone(),
        "FSTYPE" => m.volume.fstype.clone(),
        "OPTIONS" => m.volume.options.clone(),
        "SIZE" => size(u.blocks),
        "USED" => size(u.used),
        "AVAIL" => size(u.available),
        "USE%" if u.blocks == 0 => "-".into(),
        "USE%" => format!("{}%", (u.used * 100).div_ceil((u.used + u.available).max(1))),
        _ => String::new(),
    }
}

async fn main(c: Ctx, a: Args) -> Outcome {
    let mut columns: Vec<String> = match a.has("df") {
        true => ["SOURCE", "FSTYPE", "SIZE", "USED", "AVAIL", "USE%", "TARGET"].map(String::from).to_vec(),
        false => ["TARGET", "SOURCE", "FSTYPE", "OPTIONS"].map(String::from).to_vec(),
    };
    if let Some(list) = a.get("output") {
        columns = list.split_str(",").map(|w| w.to_str_lossy().to_uppercase()).collect();
        if let Some(bad) = columns.iter().find(|w| !COLUMNS.iter().any(|(name, _)| name == w)) {
            c.complain(format_args!("unknown column: {bad}")).await?;
            return Ok(1);
        }
    }
    // A path that is no mount point means nothing to findmnt unless it comes with --target.
    let target = match a.get("target") {
        Some(path) => match c.sys(|s| s.statfs(path)) {
            Ok((_, mount)) => Some(mount),
            Err(_) => return Ok(1),
        },
        None => None,
    };
    let mut wanted: Vec<String> = a.operands().iter().map(|o| o.to_string()).collect();
    wanted.extend(["source", "mountpoint"].iter().filter_map(|n| a.get(n)).map(|o| o.to_string()));
    let types: Vec<String> =
        a.get("types").map_or_else(Vec::new, |t| t.split_str(",").map(|t| t.to_str_lossy().into()).collect());
    let filtered = target.is_some() || !wanted.is_empty() || !types.is_empty();
    let tree = !filtered && !a.has("list") && !a.has("df") && !a.has("raw") && !a.has("pairs");
    let bytes = a.has("bytes");
    let rows: Vec<Vec<String>> = c.read(|w| {
        let fs = &w.host(c.me().host).fs;
        let mut mounts = fs.mounts_in_order();
        mounts.retain(|m| {
            let is = |name: &String| m.at == name.as_str() || *name == m.volume.device;
            let of_target = target.is_none_or(|t| fs.mounts().get(t as usize).is_some_and(|x| x.at == m.at));
            let of_type = types.is_empty() || types.contains(&m.volume.fstype);
            (!a.has("df") || m.volume.usage().blocks > 0) && wanted.iter().all(is) && of_target && of_type
        });
        let row = |m: &Mount, label: String| -> Vec<String> {
            let text = |name: &String| if name == "TARGET" { label.clone() } else { cell(m, name, bytes) };
            columns.iter().map(text).collect()
        };
        if !tree {
            return mounts.iter().map(|m| row(m, m.at.to_string())).collect();
        }
        let mut rows = Vec::new();
        if let Some(root) = mounts.iter().find(|m| m.at == "/") {
            branch(&mounts, root, "", "", a.has("ascii"), &mut |m, label| rows.push(row(m, label)));
        }
        rows
    });
    if rows.is_empty() {
        return Ok(1);
    }
    c.out(render(&rows, &columns, &a)).await?;
    Ok(0)
}

/// A mount and those below it, with the tree's lines before the name.
fn branch(all: &[&Mount], m: &Mount, lead: &str, below: &str, ascii: bool, emit: &mut dyn FnMut(&Mount, String)) {
    emit(m, format!("{lead}{}", m.at));
    let parent_of = |child: &Mount| {
        let above =
            |p: &&&Mount| p.at != child.at && (p.at == "/" || child.at.starts_with(format!("{}/", p.at).as_bytes()));
        all.iter().filter(above).max_by_key(|p| p.at.len()).map(|p| p.at.clone())
    };
    let children: Vec<&&Mount> = all.iter().filter(|x| parent_of(x).as_ref() == Some(&m.at)).collect();
    for (n, child) in children.iter().enumerate() {
        let last = n + 1 == children.len();
        let (tee, bar) = match (ascii, last) {
            (false, false) => ("├─", "│ "),
            (false, true) => ("└─", "  "),
            (true, false) => ("|-", "| "),
            (true, true) => ("`-", "  "),
        };
        branch(all, child, &format!("{below}{tee}"), &format!("{below}{bar}"), ascii, emit);
    }
}

fn render(rows: &[Vec<String>], columns: &[String], a: &Args) -> String {
    let mut out = String::new();
    if a.has("pairs") {
        for row in rows {
            let pairs: Vec<String> = row.iter().zip(columns).map(|(v, k)| format!("{k}=\"{v}\"")).collect();
            out.push_str(&format!("{}\n", pairs.join(" ")));
        }
        return out;
    }
    let mut lines = rows.to_vec();
    if !a.has("noheadings") {
        lines.insert(0, columns.to_vec());
    }
    let width = |n: usize| lines.iter().filter_map(|l| l.get(n)).map(|s| s.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    for line in &lines {
        let cells: Vec<String> = line
            .iter()
            .enumerate()
            .map(|(n, text)| {
                let right = COLUMNS.iter().any(|&(name, right)| right && columns.get(n).is_some_and(|c| c == name));
                let w = widths.get(n).copied().unwrap_or(0);
                match (a.has("raw"), right, n + 1 == line.len()) {
                    (true, ..) | (_, false, true) => text.clone(),
                    (_, true, _) => format!("{text:>w$}"),
                    (_, false, false) => format!("{text:<w$}"),
                }
            })
            .collect();
        out.push_str(&cells.join(" "));
        out.push('\n');
    }
    out
}
