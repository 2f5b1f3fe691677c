use std::collections::BTreeSet;

use bstr::{BStr, BString, ByteSlice};

use super::scale::Scale;
use crate::base::SimTime;
use crate::base::fnmatch::matches;
use crate::base::human::parse_size;
use crate::base::stamp::stamp;
use crate::program::{Args, Command, Ctx, Example, Lines, Opt, Outcome, Stop};
use crate::world::fs::Kind;
use crate::world::sys::Stat;

pub const COMMAND: Command = Command {
    name: "du",
    summary: "Summarize device usage of the set of FILEs, recursively for directories.",
    usage: &["[OPTION]... [FILE]...", "[OPTION]... --files0-from=F"],
    options: &[
        Opt::flag('0', "null", "end each output line with NUL, not newline"),
        Opt::flag('a', "all", "write counts for all files, not just directories"),
        Opt::long("apparent-size", "print apparent sizes rather than device usage"),
        Opt::value('B', "block-size", "SIZE", "scale sizes by SIZE before printing them"),
        Opt::flag('b', "bytes", "equivalent to '--apparent-size --block-size=1'"),
        Opt::flag('c', "total", "produce a grand total"),
        Opt::flag('D', "dereference-args", "dereference only symlinks that are listed on the command line"),
        Opt::value('d', "max-depth", "N", "print the total for a directory only if it is N or fewer levels below"),
        Opt::long_value("files0-from", "F", "summarize device usage of the NUL-terminated file names in file F"),
        Opt::flag('H', "", "equivalent to --dereference-args (-D)"),
        Opt::flag('h', "human-readable", "print sizes in human readable format (e.g., 1K 234M 2G)"),
        Opt::long("inodes", "list inode usage information instead of block usage"),
        Opt::flag('k', "", "like --block-size=1K"),
        Opt::flag('L', "dereference", "dereference all symbolic links"),
        Opt::flag('l', "count-links", "count sizes many times if hard linked"),
        Opt::flag('m', "", "like --block-size=1M"),
        Opt::flag('P', "no-dereference", "don't follow any symbolic links (this is the default)"),
        Opt::flag('S', "separate-dirs", "for directories do not include size of subdirectories"),
        Opt::long("si", "like -h, but use powers of 1000 not 1024"),
        Opt::flag('s', "summarize", "display only a total for each argument"),
        Opt::value('t', "threshold", "SIZE", "exclude entries smaller than SIZE if positive, greater if negative"),
        Opt::long("time", "show time of the last modification of any file in the directory").optional("WORD"),
        Opt::long_value("time-style", "STYLE", "show times using STYLE: full-iso, long-iso, iso, or +FORMAT"),
        Opt::value('X', "exclude-from", "FILE", "exclude files that match any pattern in FILE"),
        Opt::long_value("exclude", "PATTERN", "exclude files that match PATTERN"),
        Opt::flag('x', "one-file-system", "skip directories on different file systems"),
    ],
    examples: &[Example { run: "mkdir t; printf '%05000d' 1 > t/f; du t; du -b t/f", prints: "12\tt\n5000\tt/f\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

/// What was measured so far.
#[derive(Clone, Copy, Default)]
struct Sum {
    bytes: u64,
    inodes: u64,
    latest: SimTime,
}

impl Sum {
    fn add(&mut self, other: Sum) {
        self.bytes += other.bytes;
        self.inodes += other.inodes;
        self.latest = self.latest.max(other.latest);
    }
}

/// A directory on the way down.
struct Level {
    path: BString,
    own: Sum,
    /// Of its subdirectories, for `-S`.
    below: Sum,
    entries: std::vec::IntoIter<BString>,
}

struct Du {
    scale: Scale,
    apparent: bool,
    inodes: bool,
    all: bool,
    depth: usize,
    threshold: i64,
    excludes: Vec<BString>,
    time: Option<&'static str>,
    style: String,
    end: char,
    seen: BTreeSet<(u32, u64)>,
    total: Sum,
    status: u8,
}

async fn main(c: Ctx, a: Args) -> Outcome {
    let scale = match Scale::of(&c, &a, "DU_BLOCK_SIZE") {
        Ok(scale) => scale,
        Err((value, letter)) => {
            c.complain(format_args!("invalid -{letter} argument '{value}'")).await?;
            return Ok(1);
        }
    };
    let mut depth = usize::MAX;
    if let Some(text) = a.get("max-depth") {
        let Some(n) = text.to_str().ok().and_then(|t| t.parse().ok()) else {
            return usage(&c, format!("invalid maximum depth ‘{text}’")).await;
        };
        depth = n;
    }
    if a.has("summarize") && a.has("all") {
        return usage(&c, "cannot both summarize and show all entries".into()).await;
    }
    if a.has("summarize") && a.has("max-depth") && depth > 0 {
        return usage(&c, format!("warning: summarizing conflicts with --max-depth={depth}")).await;
    }
    if a.has("summarize") {
        depth = 0;
    }
    let mut threshold = 0i64;
    if let Some(text) = a.get("threshold") {
        let digits = text.strip_prefix(b"-").unwrap_or(text);
        match parse_size(digits) {
            Ok(n) => threshold = i64::try_from(n).unwrap_or(i64::MAX),
            Err(_) => {
                c.complain(format_args!("invalid -t argument '{text}'")).await?;
                return Ok(1);
            }
        }
        if text.starts_with(b"-") {
            if threshold == 0 {
                c.complain("invalid --threshold argument '-0'").await?;
                return Ok(1);
            }
            threshold = -threshold;
        }
    }
    let time = match (a.has("time"), a.get("time").map(|w| w.to_str_lossy().into_owned())) {
        (false, _) => None,
        (true, None) => Some("mtime"),
        (true, Some(word)) => match word.as_str() {
            "atime" | "access" | "use" => Some("atime"),
            "ctime" | "status" => Some("ctime"),
            _ => {
                c.complain(format_args!("invalid argument ‘{word}’ for ‘--time’")).await?;
                c.err("Valid arguments are:\n  - ‘atime’, ‘access’, ‘use’\n  - ‘ctime’, ‘status’\n").await?;
                c.err("Try 'du --help' for more information.\n").await?;
                return Ok(1);
            }
        },
    };
    let style = match a.get("time-style").map(|s| s.to_str_lossy().into_owned()).as_deref() {
        None | Some("long-iso") => "%F %R".to_string(),
        Some("full-iso") => "%F %T.%N %z".into(),
        Some("iso") => "%F".into(),
        Some(other) => match other.strip_prefix('+') {
            Some(format) => format.into(),
            None => {
                c.complain(format_args!("invalid argument ‘{other}’ for ‘time style’")).await?;
                c.err("Valid arguments are:\n  - ‘full-iso’\n  - ‘long-iso’\n  - ‘iso’\n  - +FORMAT (e.g., +%H:%M) for a 'date'-style format\n").await?;
                c.err("Try 'du --help' for more information.\n").await?;
                return Ok(1);
            }
        },
    };
    let mut excludes: Vec<BString> = a.all("exclude").into_iter().map(BString::from).collect();
    for path in a.all("exclude-from") {
        match read_list(&c, path, b'\n').await? {
            Ok(lines) => excludes.extend(lines),
            Err(errno) => {
                c.complain(format_args!("{path}: {errno}")).await?;
                return Ok(1);
            }
        }
    }
    let mut operands = a.operands().to_vec();
    if let Some(list) = a.get("files0-from") {
        if let Some(first) = operands.first() {
            c.complain(format_args!("extra operand '{first}'")).await?;
            c.err("file operands cannot be combined with --files0-from\nTry 'du --help' for more information.\n")
                .await?;
            return Ok(1);
        }
        match read_list(&c, list, 0).await? {
            Ok(names) => operands = names,
            Err(errno) => {
                c.complain(format_args!("cannot open '{list}' for reading: {errno}")).await?;
                return Ok(1);
            }
        }
    } else if operands.is_empty() {
        operands.push(".".into());
    }
    let mut du = Du {
        scale,
        apparent: a.has("apparent-size") || a.has("bytes"),
        inodes: a.has("inodes"),
        all: a.has("all"),
        depth,
        threshold,
        excludes,
        time,
        style,
        end: if a.has("null") { '\0' } else { '\n' },
        seen: BTreeSet::new(),
        total: Sum::default(),
        status: 0,
    };
    for operand in &operands {
        du.measure(&c, &a, operand).await?;
    }
    if a.has("total") {
        let total = du.total;
        du.print(&c, total, b"total".as_bstr()).await?;
    }
    Ok(du.status)
}

async fn usage(c: &Ctx, what: String) -> Outcome {
    c.complain(what).await?;
    c.err("Try 'du --help' for more information.\n").await?;
    Ok(1)
}

/// The items of a file, each without its delimiter.
async fn read_list(c: &Ctx, path: &BStr, delimiter: u8) -> Result<Result<Vec<BString>, crate::world::Errno>, Stop> {
    let fd = match c.open_input(path) {
        Ok(fd) => fd,
        Err(errno) => return Ok(Err(errno)),
    };
    let mut lines = Lines::delimited(c, fd, delimiter);
    let mut out = Vec::new();
    loop {
        match lines.next().await? {
            Ok(Some(line)) => out.push(line.strip_suffix(&[delimiter]).unwrap_or(&line).into()),
            Ok(None) => break,
            Err(errno) => return Ok(Err(errno)),
        }
    }
    c.close_input(fd);
    Ok(Ok(out))
}

impl Du {
    fn size(&self, stat: &Stat) -> Sum {
        let bytes = if self.apparent { stat.size } else { stat.blocks * 512 };
        let latest = match self.time {
            Some("atime") => stat.atime,
            Some("ctime") => stat.ctime,
            _ => stat.mtime,
        };
        Sum { bytes, inodes: 1, latest }
    }

    async fn print(&mut self, c: &Ctx, sum: Sum, path: &BStr) -> Result<(), Stop> {
        let measure = i64::try_from(if self.inodes { sum.inodes } else { sum.bytes }).unwrap_or(i64::MAX);
        if self.threshold >= 0 && measure < self.threshold || self.threshold < 0 && measure > -self.threshold {
            return Ok(());
        }
        let number = if self.inodes { self.scale.count(sum.inodes) } else { self.scale.show(sum.bytes) };
        let time = self.time.map(|_| format!("{}\t", stamp(sum.latest, &self.style))).unwrap_or_default();
        let mut line = BString::from(format!("{number}\t{time}"));
        line.extend_from_slice(path);
        line.push(self.end as u8);
        c.out(line).await
    }

    fn excluded(&self, path: &BStr) -> bool {
        // A pattern matches the whole path or what follows one of its slashes.
        let whole = path.as_bytes();
        let tails = std::iter::once(whole).chain(whole.find_iter("/").map(|at| &whole[at + 1..]));
        let mut tails = tails;
        tails.any(|tail| self.excludes.iter().any(|p| matches(p, tail)))
    }

    /// One operand: an explicit stack, so that depth costs no recursion.
    async fn measure(&mut self, c: &Ctx, a: &Args, operand: &BString) -> Result<(), Stop> {
        let follow_all = a.last_of(&["dereference", "no-dereference"]) == Some("dereference");
        let follow_first = follow_all || a.has("dereference-args") || a.has("H");
        if self.excluded(operand.as_ref()) {
            return Ok(());
        }
        let stat = |path: &BStr, follow: bool| c.sys(|s| if follow { s.stat(path) } else { s.lstat(path) });
        let root = match stat(operand.as_ref(), follow_first) {
            Ok(stat) => stat,
            Err(errno) => {
                c.complain(format_args!("cannot access '{operand}': {errno}")).await?;
                self.status = 1;
                return Ok(());
            }
        };
        let many = a.operands().len() > 1 || follow_all;
        let count_all = a.has("count-links");
        let mut stack: Vec<Level> = Vec::new();
        let mut next = Some((operand.clone(), root.clone()));
        loop {
            if let Some((path, stat)) = next.take() {
                let counted_before = !count_all
                    && (many || stat.kind != Kind::Dir && stat.nlink > 1)
                    && !self.seen.insert((stat.dev, stat.ino));
                let foreign = a.has("one-file-system") && stat.dev != root.dev;
                if counted_before || foreign {
                    // Neither counted nor shown.
                } else if stat.kind == Kind::Dir {
                    let entries = match c.sys(|s| s.read_dir(path.as_ref())) {
                        Ok(list) => list.into_iter().map(|(name, _, _)| name).collect::<Vec<_>>(),
                        Err(errno) => {
                            c.complain(format_args!("cannot read directory '{path}': {errno}")).await?;
                            self.status = 1;
                            Vec::new()
                        }
                    };
                    // A cold directory and its inodes come from the disk: some 2 µs an entry.
                    c.work(20_000 + 2_000 * entries.len() as u64).await?;
                    let own = self.size(&stat);
                    stack.push(Level { path, own, below: Sum::default(), entries: entries.into_iter() });
                } else {
                    let sum = self.size(&stat);
                    if stack.is_empty() || self.all && stack.len() <= self.depth {
                        self.print(c, sum, path.as_ref()).await?;
                    }
                    match stack.last_mut() {
                        Some(level) => level.own.add(sum),
                        None => self.total.add(sum),
                    }
                }
            }
            let Some(level) = stack.last_mut() else { return Ok(()) };
            if let Some(name) = level.entries.next() {
                let mut path = level.path.clone();
                if !path.ends_with(b"/") {
                    path.push(b'/');
                }
                path.extend_from_slice(&name);
                if self.excluded(path.as_ref()) {
                    continue;
                }
                match stat(path.as_ref(), follow_all) {
                    Ok(stat) => next = Some((path, stat)),
                    Err(errno) => {
                        c.complain(format_args!("cannot access '{path}': {errno}")).await?;
                        self.status = 1;
                    }
                }
                continue;
            }
            let Some(level) = stack.pop() else { return Ok(()) };
            let mut whole = level.own;
            whole.add(level.below);
            let shown = if a.has("separate-dirs") { level.own } else { whole };
            if stack.len() <= self.depth {
                self.print(c, shown, level.path.as_ref()).await?;
            }
            match stack.last_mut() {
                Some(parent) => parent.below.add(whole),
                None => self.total.add(whole),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::commands::GROUPS;
    use crate::testkit::Kit;

    #[test]
    fn links_count_once_and_totals_add_up() {
        let mut kit = Kit::new(GROUPS);
        for path in ["/home/oncall/a/b", "/home/oncall/c"] {
            kit.mkdir(path);
        }
        kit.write("/home/oncall/a/f", &"x".repeat(10_000));
        kit.hard_link("/home/oncall/a/f", "/home/oncall/c/g");
        let du = |kit: &mut Kit, options: &[&str]| kit.run(&[&["du"], options].concat()).stdout;
        assert_eq!(du(&mut kit, &[]), "4\t./a/b\n20\t./a\n4\t./c\n28\t.\n");
        assert_eq!(du(&mut kit, &["-s", "a", "c"]), "20\ta\n4\tc\n");
        assert_eq!(du(&mut kit, &["-l", "-c", "a", "c"]), "4\ta/b\n20\ta\n16\tc\n36\ttotal\n");
        assert_eq!(du(&mut kit, &["-S"]), "4\t./a/b\n16\t./a\n4\t./c\n4\t.\n");
        assert_eq!(du(&mut kit, &["-ah", "--max-depth=1"]), "20K\t./a\n4.0K\t./c\n28K\t.\n");
        assert_eq!(du(&mut kit, &["-b", "a/f"]), "10000\ta/f\n");
        assert_eq!(du(&mut kit, &["-BM", "a/f"]), "1M\ta/f\n");
        assert_eq!(du(&mut kit, &["--inodes", "a"]), "1\ta/b\n3\ta\n");
        assert_eq!(du(&mut kit, &["-a", "--exclude=[fg]", "a"]), "4\ta/b\n8\ta\n");
        assert_eq!(du(&mut kit, &["-t", "12k"]), "20\t./a\n28\t.\n");
        assert_eq!(du(&mut kit, &["--time", "c"]), "16\t2026-03-12 03:07\tc\n");
    }

    #[test]
    fn what_it_may_not_read_it_names() {
        let mut kit = Kit::new(GROUPS);
        let ran = kit.run(&["du", "/root"]);
        assert_eq!(ran.stderr, "du: cannot read directory '/root': Permission denied\n");
        assert_eq!((ran.stdout.as_str(), ran.status), ("4\t/root\n", 1));
        let ran = kit.run(&["du", "-s", "-a"]);
        assert_eq!(
            ran.stderr,
            "du: cannot both summarize and show all entries\nTry 'du --help' for more information.\n"
        );
    }
}
