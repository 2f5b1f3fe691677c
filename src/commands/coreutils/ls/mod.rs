//! ls: what to list is here, how a row looks in `format`, colours in `color`.

mod color;
mod format;

use bstr::{BStr, BString, ByteSlice};

use crate::base::human::parse_size;
use crate::base::quote::quoteaf;
use crate::commands::support::{join, one_of, times};
use crate::program::{Args, Command, Ctx, Example, Opt, Outcome, Stop};
use crate::world::Errno;
use crate::world::fs::Kind;
use crate::world::sys::Stat;
use color::Colors;
use format::Style;

pub const COMMAND: Command = Command {
    name: "ls",
    summary: "List information about the FILEs (the current directory by default).\nSort entries alphabetically if none of -cftuvSUX nor --sort is specified.",
    options: OPTIONS,
    usage_status: 2,
    examples: &[Example { run: "mkdir d; touch d/b d/a; ls d", prints: "a\nb\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

pub const DIR: Command = Command { name: "dir", examples: &[], ..COMMAND };
pub const VDIR: Command = Command { name: "vdir", examples: &[], ..COMMAND };

const OPTIONS: &[Opt] = &[
    Opt::flag('a', "all", "do not ignore entries starting with ."),
    Opt::flag('A', "almost-all", "do not list implied . and .."),
    Opt::long("author", "with -l, print the author of each file"),
    Opt::flag('b', "escape", "print C-style escapes for nongraphic characters"),
    Opt::long_value("block-size", "SIZE", "with -l, scale sizes by SIZE when printing them"),
    Opt::flag('B', "ignore-backups", "do not list implied entries ending with ~"),
    Opt::flag('c', "", "with -lt: sort by, and show, ctime; with -l: show ctime"),
    Opt::flag('C', "", "list entries by columns"),
    Opt::long("color", "color the output WHEN").optional("WHEN"),
    Opt::flag('d', "directory", "list directories themselves, not their contents"),
    Opt::flag('D', "dired", "generate output designed for Emacs' dired mode").unmodelled(),
    Opt::flag('f', "", "list all entries in directory order"),
    Opt::flag('F', "classify", "append indicator (one of */=>@|) to entries WHEN").optional("WHEN"),
    Opt::long("file-type", "likewise, except do not append '*'"),
    Opt::long_value("format", "WORD", "across -x, commas -m, horizontal -x, long -l, single-column -1, vertical -C"),
    Opt::long("full-time", "like -l --time-style=full-iso"),
    Opt::flag('g', "", "like -l, but do not list owner"),
    Opt::long("group-directories-first", "group directories before files"),
    Opt::flag('G', "no-group", "in a long listing, don't print group names"),
    Opt::flag('h', "human-readable", "with -l and -s, print sizes like 1K 234M 2G etc."),
    Opt::long("si", "likewise, but use powers of 1000 not 1024"),
    Opt::flag('H', "dereference-command-line", "follow symbolic links listed on the command line"),
    Opt::long("dereference-command-line-symlink-to-dir", "follow each command line link that points to a directory"),
    Opt::long_value("hide", "PATTERN", "do not list implied entries matching shell PATTERN"),
    Opt::long("hyperlink", "hyperlink file names WHEN").optional("WHEN").accepted(),
    Opt::long_value("indicator-style", "WORD", "append indicator with style WORD to entry names"),
    Opt::flag('i', "inode", "print the index number of each file"),
    Opt::value('I', "ignore", "PATTERN", "do not list implied entries matching shell PATTERN"),
    Opt::flag('k', "kibibytes", "default to 1024-byte blocks for file system usage").accepted(),
    Opt::flag('l', "", "use a long listing format"),
    Opt::flag('L', "dereference", "show information for the file the link references"),
    Opt::flag('m', "", "fill width with a comma separated list of entries"),
    Opt::flag('n', "numeric-uid-gid", "like -l, but list numeric user and group IDs"),
    Opt::flag('N', "literal", "print entry names without quoting"),
    Opt::flag('o', "", "like -l, but do not list group information"),
    Opt::flag('p', "", "append / indicator to directories"),
    Opt::flag('q', "hide-control-chars", "print ? instead of nongraphic characters"),
    Opt::long("show-control-chars", "show nongraphic characters as-is"),
    Opt::flag('Q', "quote-name", "enclose entry names in double quotes"),
    Opt::long_value("quoting-style", "WORD", "use quoting style WORD for entry names"),
    Opt::flag('r', "reverse", "reverse order while sorting"),
    Opt::flag('R', "recursive", "list subdirectories recursively"),
    Opt::flag('s', "size", "print the allocated size of each file, in blocks"),
    Opt::flag('S', "", "sort by file size, largest first"),
    Opt::long_value(
        "sort",
        "WORD",
        "sort by WORD: none (-U), size (-S), time (-t), version (-v), extension (-X), width",
    ),
    Opt::long_value("time", "WORD", "select which timestamp to display or sort by"),
    Opt::long_value("time-style", "TIME_STYLE", "time/date format with -l"),
    Opt::flag('t', "", "sort by time, newest first"),
    Opt::value('T', "tabsize", "COLS", "assume tab stops at each COLS instead of 8").accepted(),
    Opt::flag('u', "", "with -lt: sort by, and show, access time; with -l: show access time"),
    Opt::flag('U', "", "do not sort; list entries in directory order"),
    Opt::flag('v', "", "natural sort of (version) numbers within text"),
    Opt::value('w', "width", "COLS", "set output width to COLS.  0 means no limit"),
    Opt::flag('x', "", "list entries by lines instead of by columns"),
    Opt::flag('X', "", "sort alphabetically by entry extension"),
    Opt::flag('Z', "context", "print any security context of each file").unmodelled(),
    Opt::long("zero", "end each output line with NUL, not newline"),
    Opt::flag('1', "", "list one file per line"),
];

/// One row to show.
pub(super) struct Entry {
    pub name: BString,
    /// What the system calls are asked about.
    pub path: BString,
    pub kind: Kind,
    /// `None` if it could not be read.
    pub stat: Option<Stat>,
    /// Where a symbolic link points, and what is there.
    pub link: Option<(BString, Option<Stat>)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    Name,
    None,
    Size,
    Time,
    Version,
    Extension,
    Width,
}

struct Lister<'c> {
    c: &'c Ctx,
    style: Style,
    sort: Sort,
    reverse: bool,
    all: bool,
    almost_all: bool,
    directories_themselves: bool,
    recursive: bool,
    directories_first: bool,
    dereference: bool,
    ignore: Vec<BString>,
    needs_stat: bool,
    status: u8,
    printed: bool,
}

async fn main(c: Ctx, a: Args) -> Outcome {
    let tty = c.is_tty(1);
    let base = c.called();
    let program = base.rsplit_str("/").next().unwrap_or_default().to_vec();
    let mut style = match Style::from_args(&c, &a, tty, &program).await? {
        Ok(style) => style,
        Err(status) => return Ok(status),
    };
    let sort = match sort_of(&c, &a, style.long).await? {
        Ok(sort) => sort,
        Err(status) => return Ok(status),
    };
    let color = match a.get("color") {
        None if a.has("color") => true,
        None => false,
        Some(word) => match when(&c, "--color", word, tty).await? {
            Ok(color) => color,
            Err(status) => return Ok(status),
        },
    };
    if color {
        style.colors = Some(Colors::new(&c.env("LS_COLORS").unwrap_or_default()));
    }
    let mut ignore: Vec<BString> = a.all("ignore").into_iter().map(BString::from).collect();
    if a.has("ignore-backups") {
        ignore.push("*~".into());
        ignore.push(".*~".into());
    }
    let all = a.has("all") || a.has("f");
    if !all && !a.has("almost-all") {
        ignore.extend(a.all("hide").into_iter().map(BString::from));
    }
    let needs_stat = style.needs_stat() || matches!(sort, Sort::Size | Sort::Time) || a.has("group-directories-first");
    let mut lister = Lister {
        c: &c,
        needs_stat,
        sort,
        reverse: a.has("reverse"),
        all,
        almost_all: a.has("almost-all"),
        directories_themselves: a.has("directory"),
        recursive: a.has("recursive") && !a.has("directory"),
        directories_first: a.has("group-directories-first"),
        dereference: a.has("dereference"),
        ignore,
        status: 0,
        printed: false,
        style,
    };
    let operands = if a.operands().is_empty() { vec![".".into()] } else { a.operands().to_vec() };
    let follows_dirs = !a.has("directory") && !lister.style.long && !lister.style.classifies() || a.has("H");
    let (mut files, mut dirs) = (Vec::new(), Vec::new());
    for path in operands {
        let follow = lister.dereference || a.has("dereference-command-line");
        let mut stat = c.sys(|s| if follow { s.stat(path.as_ref()) } else { s.lstat(path.as_ref()) });
        if follow && stat == Err(Errno::ENOENT) {
            stat = c.sys(|s| s.lstat(path.as_ref())).map_err(|_| Errno::ENOENT);
        }
        if let (true, Ok(s)) = (follows_dirs, &stat)
            && s.kind == Kind::Symlink
            && let Ok(target) = c.sys(|s| s.stat(path.as_ref()))
            && target.kind == Kind::Dir
        {
            stat = Ok(target);
        }
        match stat {
            Ok(stat) => {
                let entry = lister.entry(path.clone(), path, stat.kind, Some(stat));
                let is_dir = entry.kind == Kind::Dir && !lister.directories_themselves;
                if is_dir { dirs.push(entry) } else { files.push(entry) }
            }
            Err(errno) => {
                c.complain(format_args!("cannot access {}: {errno}", quoteaf(&path))).await?;
                lister.status = 2;
            }
        }
    }
    let many = a.operands().len() > 1 || lister.recursive;
    lister.order(&mut files);
    lister.order(&mut dirs);
    if !files.is_empty() {
        lister.style.print(&c, &files).await?;
        lister.printed = true;
    }
    for dir in dirs {
        lister.directory(dir.path.as_ref(), many, true).await?;
    }
    Ok(lister.status)
}

async fn when(c: &Ctx, option: &str, word: &BStr, tty: bool) -> Result<Result<bool, u8>, Stop> {
    let words = [
        ("always", "always"),
        ("yes", "always"),
        ("force", "always"),
        ("never", "never"),
        ("no", "never"),
        ("none", "never"),
        ("auto", "auto"),
        ("tty", "auto"),
        ("if-tty", "auto"),
    ];
    Ok(one_of(c, option, word, &words, 2).await?.map(|w| w == "always" || w == "auto" && tty))
}

async fn sort_of(c: &Ctx, a: &Args, long: bool) -> Result<Result<Sort, u8>, Stop> {
    let last = a.last_of(&["f", "S", "sort", "t", "U", "v", "X"]);
    let word = match last {
        Some("f" | "U") => "none",
        Some("S") => "size",
        Some("t") => "time",
        Some("v") => "version",
        Some("X") => "extension",
        Some(_) => {
            let words = ["none", "time", "size", "extension", "version", "width"].map(|w| (w, w));
            match one_of(c, "--sort", a.get("sort").unwrap_or_default(), &words, 2).await? {
                Ok(word) => word,
                Err(status) => return Ok(Err(status)),
            }
        }
        // -u and -c sort by their time too, unless it is shown.
        None if !long && (a.has("u") || a.has("c") || a.has("time")) => "time",
        None => "name",
    };
    Ok(Ok(match word {
        "none" => Sort::None,
        "size" => Sort::Size,
        "time" => Sort::Time,
        "version" => Sort::Version,
        "extension" => Sort::Extension,
        "width" => Sort::Width,
        _ => Sort::Name,
    }))
}

impl Lister<'_> {
    fn entry(&self, name: BString, path: BString, kind: Kind, stat: Option<Stat>) -> Entry {
        let link = (kind == Kind::Symlink && self.style.shows_links()).then(|| {
            let target = self.c.sys(|s| s.readlink(path.as_ref())).unwrap_or_default();
            (target, self.c.sys(|s| s.stat(path.as_ref())).ok())
        });
        Entry { name, path, kind, stat, link }
    }

    async fn directory(&mut self, path: &BStr, headed: bool, top: bool) -> Result<(), Stop> {
        let c = self.c;
        // A stack of directories, deepest first, as -R walks.
        let mut waiting: Vec<(BString, bool)> = vec![(path.into(), top)];
        while let Some((path, top)) = waiting.pop() {
            let names = match c.sys(|s| s.read_dir(path.as_ref())) {
                Ok(names) => names,
                Err(errno) => {
                    c.complain(format_args!("cannot open directory {}: {errno}", quoteaf(&path))).await?;
                    self.status = if top { 2 } else { self.status.max(1) };
                    continue;
                }
            };
            if headed {
                let blank = if self.printed { "\n" } else { "" };
                let name = self.style.quoted(path.as_ref());
                c.out(format!("{blank}{name}:\n")).await?;
            }
            self.printed = true;
            let mut entries = Vec::with_capacity(names.len() + 2);
            if self.all {
                for name in [".", ".."] {
                    let full = join(path.as_ref(), name.into());
                    let stat = c.sys(|s| s.stat(full.as_ref())).ok();
                    entries.push(self.entry(name.into(), full, Kind::Dir, stat));
                }
            }
            for (name, kind, _) in names {
                let hidden = name.starts_with(b".") && !self.all && !self.almost_all;
                if hidden || self.ignore.iter().any(|p| crate::base::fnmatch::matches(p, &name)) {
                    continue;
                }
                let full = join(path.as_ref(), name.as_ref());
                let (mut kind, mut stat) = (kind, None);
                if self.needs_stat || self.dereference {
                    let found = c.sys(|s| {
                        let followed = if self.dereference { s.stat(full.as_ref()).ok() } else { None };
                        followed.map_or_else(|| s.lstat(full.as_ref()), Ok)
                    });
                    match found {
                        Ok(found) => {
                            kind = found.kind;
                            stat = Some(found);
                        }
                        Err(errno) => {
                            c.complain(format_args!("cannot access {}: {errno}", quoteaf(&full))).await?;
                            self.status = self.status.max(1);
                        }
                    }
                }
                entries.push(self.entry(name, full, kind, stat));
            }
            c.work(entries.len() as u64 * 2_000).await?;
            self.order(&mut entries);
            if self.style.totals() {
                let blocks: u64 = entries.iter().filter_map(|e| e.stat.as_ref()).map(|s| s.blocks).sum();
                let total = self.style.blocks(blocks);
                c.out(format!("total {total}{}", self.style.line_end())).await?;
            }
            self.style.print(c, &entries).await?;
            if self.recursive {
                let below = entries.iter().rev().filter(|e| e.kind == Kind::Dir && e.name != "." && e.name != "..");
                waiting.extend(below.map(|e| (e.path.clone(), false)));
            }
        }
        Ok(())
    }

    fn order(&self, entries: &mut [Entry]) {
        use std::cmp::Reverse;
        if self.sort == Sort::None {
            return;
        }
        let time = |e: &Entry| e.stat.as_ref().map(|s| self.style.time_of(s));
        match self.sort {
            Sort::Size => entries.sort_by(|a, b| {
                let key = |e: &Entry| Reverse(e.stat.as_ref().map(|s| s.size));
                key(a).cmp(&key(b)).then_with(|| a.name.cmp(&b.name))
            }),
            Sort::Time => {
                entries.sort_by(|a, b| Reverse(time(a)).cmp(&Reverse(time(b))).then_with(|| a.name.cmp(&b.name)));
            }
            Sort::Version => entries.sort_by(|a, b| crate::base::version::compare(&a.name, &b.name)),
            Sort::Extension => entries.sort_by(|a, b| {
                let key = |e: &Entry| e.name.rfind_byte(b'.').map_or(BString::default(), |at| e.name[at..].into());
                key(a).cmp(&key(b)).then_with(|| a.name.cmp(&b.name))
            }),
            Sort::Width => {
                entries.sort_by_key(|e| (format::width(&self.style.quoted(e.name.as_ref())), e.name.clone()))
            }
            _ => entries.sort_by(|a, b| a.name.cmp(&b.name)),
        }
        if self.reverse {
            entries.reverse();
        }
        if self.directories_first {
            entries.sort_by_key(|e| {
                let through = e.link.as_ref().and_then(|(_, target)| target.as_ref()).map(|t| t.kind);
                let through = through.or_else(|| {
                    (e.kind == Kind::Symlink).then(|| self.c.sys(|s| s.stat(e.path.as_ref())).ok().map(|s| s.kind))?
                });
                through.unwrap_or(e.kind) != Kind::Dir
            });
        }
    }
}

/// The option's number, or GNU's complaint.
pub(super) async fn width_of(c: &Ctx, a: &Args) -> Result<Result<usize, u8>, Stop> {
    if let Some(text) = a.get("width") {
        return Ok(match text.to_str().ok().and_then(|t| t.parse().ok()) {
            Some(0) => Ok(usize::MAX),
            Some(width) => Ok(width),
            None => {
                c.complain(format_args!("invalid line width: {}", crate::base::quote::quote(text))).await?;
                Err(2)
            }
        });
    }
    let columns = c.env("COLUMNS").and_then(|v| v.to_str().ok().and_then(|v| v.parse().ok()));
    let columns = columns.or_else(|| if c.is_tty(1) { c.window().map(|w| usize::from(w.0)) } else { None });
    Ok(Ok(columns.unwrap_or(80)))
}

/// `--block-size`, `-h` and `--si`: (base of human sizes, or the unit and its suffix).
pub(super) fn block_size(a: &Args) -> (Option<u64>, u64, String) {
    match a.last_of(&["human-readable", "si", "block-size"]) {
        Some("human-readable") => (Some(1024), 1, String::new()),
        Some("si") => (Some(1000), 1, String::new()),
        Some(_) => {
            let text = a.get("block-size").unwrap_or_default();
            let text = text.strip_prefix(b"'").unwrap_or(text);
            match text {
                b"human-readable" => (Some(1024), 1, String::new()),
                b"si" => (Some(1000), 1, String::new()),
                _ => {
                    let suffix = if text.first().is_some_and(u8::is_ascii_digit) { b"" } else { text };
                    (None, parse_size(text).unwrap_or(1).max(1), suffix.to_str_lossy().into_owned())
                }
            }
        }
        None => (None, 0, String::new()),
    }
}

/// Which of a file's times.
pub(super) fn which_time(a: &Args) -> &'static str {
    match a.last_of(&["c", "u", "time"]) {
        Some("c") => "ctime",
        Some("u") => "atime",
        Some("time") => match &*a.get("time").unwrap_or_default().to_str_lossy() {
            "ctime" | "status" => "ctime",
            "atime" | "access" | "use" => "atime",
            _ => "mtime",
        },
        _ => "mtime",
    }
}

pub(super) fn zone(c: &Ctx) -> crate::base::zone::Zone {
    times::zone(c)
}
