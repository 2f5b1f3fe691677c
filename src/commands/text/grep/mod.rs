//! grep: options and which files are searched are here; patterns in `pattern`, one file's search in `search`.

mod pattern;
mod search;

use bstr::{BStr, BString, ByteSlice};

use crate::base::fnmatch;
use crate::base::quote::quote;
use crate::commands::support::{base_name, join};
use crate::program::args::Syntax;
use crate::program::{Args, Command, Ctx, Example, Opt, Outcome, Stop};
use crate::world::Errno;
use crate::world::fs::Kind;
use pattern::Matcher;
use search::{Binary, Output, Searcher};

const OPTIONS: &[Opt] = &[
    Opt::flag('E', "extended-regexp", "PATTERNS are extended regular expressions"),
    Opt::flag('F', "fixed-strings", "PATTERNS are strings"),
    Opt::flag('G', "basic-regexp", "PATTERNS are basic regular expressions"),
    Opt::flag('P', "perl-regexp", "PATTERNS are Perl regular expressions").unmodelled(),
    Opt::value('e', "regexp", "PATTERNS", "use PATTERNS for matching"),
    Opt::value('f', "file", "FILE", "take PATTERNS from FILE"),
    Opt::flag('i', "ignore-case", "ignore case distinctions in patterns and data"),
    Opt::flag('y', "", "as -i"),
    Opt::long("no-ignore-case", "do not ignore case distinctions (default)"),
    Opt::flag('w', "word-regexp", "match only whole words"),
    Opt::flag('x', "line-regexp", "match only whole lines"),
    Opt::flag('z', "null-data", "a data line ends in 0 byte, not newline"),
    Opt::flag('s', "no-messages", "suppress error messages"),
    Opt::flag('v', "invert-match", "select non-matching lines"),
    Opt::flag('V', "version", "display version information and exit"),
    Opt::value('m', "max-count", "NUM", "stop after NUM selected lines"),
    Opt::flag('b', "byte-offset", "print the byte offset with output lines"),
    Opt::flag('n', "line-number", "print line number with output lines"),
    Opt::long("line-buffered", "flush output on every line"),
    Opt::flag('H', "with-filename", "print file name with output lines"),
    Opt::flag('h', "no-filename", "suppress the file name prefix on output"),
    Opt::long_value("label", "LABEL", "use LABEL as the standard input file name prefix"),
    Opt::flag('o', "only-matching", "show only nonempty parts of lines that match"),
    Opt::flag('q', "quiet", "suppress all normal output"),
    Opt::long("silent", "suppress all normal output"),
    Opt::long_value("binary-files", "TYPE", "assume that binary files are TYPE: 'binary', 'text', or 'without-match'"),
    Opt::flag('a', "text", "equivalent to --binary-files=text"),
    Opt::flag('I', "", "equivalent to --binary-files=without-match"),
    Opt::value('d', "directories", "ACTION", "how to handle directories: 'read', 'recurse', or 'skip'"),
    Opt::value('D', "devices", "ACTION", "how to handle devices, FIFOs and sockets: 'read' or 'skip'").accepted(),
    Opt::flag('r', "recursive", "like --directories=recurse"),
    Opt::flag('R', "dereference-recursive", "likewise, but follow all symlinks"),
    Opt::long_value("include", "GLOB", "search only files that match GLOB (a file pattern)"),
    Opt::long_value("exclude", "GLOB", "skip files that match GLOB"),
    Opt::long_value("exclude-from", "FILE", "skip files that match any file pattern from FILE"),
    Opt::long_value("exclude-dir", "GLOB", "skip directories that match GLOB"),
    Opt::flag('L', "files-without-match", "print only names of FILEs with no selected lines"),
    Opt::flag('l', "files-with-matches", "print only names of FILEs with selected lines"),
    Opt::flag('c', "count", "print only a count of selected lines per FILE"),
    Opt::flag('T', "initial-tab", "make tabs line up (if needed)"),
    Opt::flag('Z', "null", "print 0 byte after FILE name"),
    Opt::value('B', "before-context", "NUM", "print NUM lines of leading context"),
    Opt::value('A', "after-context", "NUM", "print NUM lines of trailing context"),
    Opt::value('C', "context", "NUM", "print NUM lines of output context"),
    Opt::long_value("group-separator", "SEP", "print SEP on line between matches with context"),
    Opt::long("no-group-separator", "do not print separator for matches with context"),
    Opt::long("color", "use markers to highlight the matching strings").optional("WHEN"),
    Opt::long("colour", "use markers to highlight the matching strings").optional("WHEN"),
    Opt::flag('U', "binary", "do not strip CR characters at EOL (MSDOS/Windows)").accepted(),
    Opt::flag('u', "unix-byte-offsets", "ignored").accepted(),
];

pub const GREP: Command = Command {
    name: "grep",
    package: "grep",
    summary: "Search for PATTERNS in each FILE.",
    usage: &["[OPTION]... PATTERNS [FILE]..."],
    options: OPTIONS,
    syntax: Syntax::Number("context"),
    usage_status: 2,
    synopsis_on_error: true,
    examples: &[Example { run: "printf 'a1\\nb2\\n' | grep -n '[0-9]$'", prints: "1:a1\n2:b2\n" }],
    main: |c, a| Box::pin(main(c, a, 'G')),
    ..Command::BASE
};

pub const EGREP: Command = Command {
    name: "egrep",
    examples: &[Example { run: "printf 'a\\nb\\nc\\n' | egrep 'a|c'", prints: "a\nc\n" }],
    main: |c, a| Box::pin(main(c, a, 'E')),
    ..GREP
};

pub const FGREP: Command = Command {
    name: "fgrep",
    examples: &[Example { run: "printf 'a.\\nab\\n' | fgrep a.", prints: "a.\n" }],
    main: |c, a| Box::pin(main(c, a, 'F')),
    ..GREP
};

/// Which files a walk searches.
struct Selection {
    /// (include?, glob), in the order given.
    globs: Vec<(bool, BString)>,
    exclude_dirs: Vec<BString>,
    recursive: bool,
    follow: bool,
    skip_dirs: bool,
}

impl Selection {
    fn takes(&self, name: &BStr) -> bool {
        let hit = self
            .globs
            .iter()
            .rev()
            .find(|(_, glob)| fnmatch::matches(glob, base_name(name)) || fnmatch::matches(glob, name));
        match hit {
            Some((include, _)) => *include,
            None => self.globs.first().is_none_or(|(include, _)| !include),
        }
    }
}

async fn main(c: Ctx, a: Args, kind: char) -> Outcome {
    if a.has("version") {
        return c.out(GREP.version()).await.map(|()| 0);
    }
    let mut operands = a.operands().to_vec();
    let mut patterns: Vec<BString> = Vec::new();
    let mut given = false;
    for (option, value) in a.given() {
        let value = value.clone().unwrap_or_default();
        if option.is("regexp") {
            given = true;
            patterns.extend(value.split_str("\n").map(BString::from));
        } else if option.is("file") {
            given = true;
            let fd = match c.open_input(value.as_ref()) {
                Ok(fd) => fd,
                Err(errno) => {
                    c.complain(format_args!("{value}: {errno}")).await?;
                    return Ok(2);
                }
            };
            let text = match c.read_to_end(fd).await? {
                Ok(text) => text,
                Err(errno) => {
                    c.complain(format_args!("{value}: {errno}")).await?;
                    return Ok(2);
                }
            };
            c.close_input(fd);
            // An empty file holds no pattern, which matches nothing.
            if !text.is_empty() {
                let text = text.strip_suffix(b"\n").unwrap_or(&text);
                patterns.extend(text.split_str("\n").map(BString::from));
            }
        }
    }
    if !given {
        if operands.is_empty() {
            let called = c.called();
            c.err(format!("Usage: {called} [OPTION]... PATTERNS [FILE]...\n")).await?;
            c.err(format!("Try '{called} --help' for more information.\n")).await?;
            return Ok(2);
        }
        patterns = operands.remove(0).split_str("\n").map(BString::from).collect();
    }
    let number = async |name: &str, kind: &str| -> Result<Result<Option<u64>, u8>, Stop> {
        let Some(text) = a.get(name) else { return Ok(Ok(None)) };
        match crate::base::human::parse_size(text) {
            Ok(n) if text[0].is_ascii_digit() => Ok(Ok(Some(n))),
            Err(crate::base::human::SizeError::Overflow) => Ok(Ok(Some(u64::MAX))),
            _ => {
                let shown = if kind == "max" {
                    "invalid max count".into()
                } else {
                    format!("{text}: invalid context length argument")
                };
                c.complain(shown).await?;
                Ok(Err(2))
            }
        }
    };
    let mut counts = [None; 4];
    for (n, (name, kind)) in
        [("max-count", "max"), ("context", ""), ("before-context", ""), ("after-context", "")].into_iter().enumerate()
    {
        counts[n] = match number(name, kind).await? {
            Ok(value) => value,
            Err(status) => return Ok(status),
        };
    }
    let [max, around, before, after] = counts;
    let mode = match a.last_of(&["E", "F", "G"]) {
        Some("E") => 'E',
        Some("F") => 'F',
        Some(_) => 'G',
        None => kind,
    };
    let icase = matches!(a.last_of(&["ignore-case", "y", "no-ignore-case"]), Some("ignore-case" | "y"));
    if mode == 'E' && patterns.iter().any(|p| p.starts_with(b"*")) {
        c.complain("warning: * at start of expression").await?;
    }
    let matcher = match Matcher::new(&patterns, mode, icase, a.has("word-regexp"), a.has("line-regexp")) {
        Ok(matcher) => matcher,
        Err(text) => {
            c.complain(text).await?;
            return Ok(2);
        }
    };
    let color = match (a.has("color") || a.has("colour"), a.get("color").or(a.get("colour"))) {
        (false, _) => false,
        (true, None) => c.is_tty(1),
        (true, Some(word)) => match &*word.to_str_lossy() {
            "always" | "yes" | "force" => true,
            "never" | "no" | "none" => false,
            _ => c.is_tty(1),
        },
    };
    let binary = match a.last_of(&["binary-files", "text", "I"]) {
        Some("text") => Binary::Text,
        Some("I") => Binary::WithoutMatch,
        Some(_) => match &*a.get("binary-files").unwrap_or_default().to_str_lossy() {
            "binary" => Binary::Report,
            "text" => Binary::Text,
            "without-match" => Binary::WithoutMatch,
            _ => {
                let called = c.called();
                c.complain("invalid argument for --binary-files option").await.ok();
                c.err(format!("Try '{called} --help' for more information.\n")).await?;
                return Ok(2);
            }
        },
        None => Binary::Report,
    };
    let mut selection = Selection {
        globs: Vec::new(),
        exclude_dirs: a.all("exclude-dir").iter().map(|g| g.trim_end_with(|c| c == '/').into()).collect(),
        recursive: a.has("recursive") || a.has("dereference-recursive"),
        follow: a.last_of(&["recursive", "dereference-recursive"]) == Some("dereference-recursive"),
        skip_dirs: false,
    };
    match a.get("directories").map(|w| w.to_str_lossy().into_owned()).as_deref() {
        Some("recurse") => selection.recursive = true,
        Some("skip") => selection.skip_dirs = true,
        Some("read") | None => {}
        Some(word) => {
            let text = format!("invalid argument {} for {}", quote(word), quote("--directories"));
            c.complain(text).await?;
            return Ok(2);
        }
    }
    for (option, value) in a.given() {
        let value = value.clone().unwrap_or_default();
        match option.long {
            "include" => selection.globs.push((true, value)),
            "exclude" => selection.globs.push((false, value)),
            "exclude-from" => {
                let list = c.sys(|s| {
                    let fd = s.open(value.as_ref(), crate::world::sys::OpenFlags::READ, 0)?;
                    let text = s.read(fd, 1 << 20);
                    s.close(fd)?;
                    text
                });
                match list {
                    Ok(text) => selection.globs.extend(text.lines().map(|l| (false, l.into()))),
                    Err(errno) => {
                        c.complain(format_args!("{value}: {errno}")).await?;
                        return Ok(2);
                    }
                }
            }
            _ => {}
        }
    }
    let no_operands = operands.is_empty();
    if no_operands {
        operands.push(if selection.recursive { ".".into() } else { "-".into() });
    }
    let names = match a.last_of(&["with-filename", "no-filename"]) {
        Some("with-filename") => true,
        Some(_) => false,
        None => {
            let is_dir = || c.sys(|s| s.stat(operands[0].as_ref())).is_ok_and(|s| s.kind == Kind::Dir);
            operands.len() > 1 || selection.recursive && (no_operands || is_dir())
        }
    };
    let quiet = a.has("quiet") || a.has("silent");
    let output = Output {
        quiet,
        list: match a.last_of(&["files-with-matches", "files-without-match"]) {
            _ if quiet => None,
            Some("files-with-matches") => Some(true),
            Some(_) => Some(false),
            None => None,
        },
        count: a.has("count"),
        only: a.has("only-matching"),
        names,
        numbers: a.has("line-number"),
        offsets: a.has("byte-offset"),
        tab: a.has("initial-tab"),
        null: a.has("null"),
        color,
        line_buffered: a.has("line-buffered"),
        separator: if a.last_of(&["no-group-separator", "group-separator"]) == Some("no-group-separator") {
            None
        } else {
            Some(a.get("group-separator").map_or("--".into(), BString::from))
        },
        before: before.or(around).unwrap_or(0),
        after: after.or(around).unwrap_or(0),
        max: max.unwrap_or(u64::MAX),
        invert: a.has("invert-match"),
        end: if a.has("null-data") { 0 } else { b'\n' },
        binary,
        label: a.get("label").map_or("(standard input)".into(), BString::from),
        to: c.sys(|s| s.fstat(1)).ok().filter(|s| s.kind == Kind::File).map(|s| (s.dev, s.ino)),
    };
    let mut searcher = Searcher::new(&c, matcher, output);
    let silent = a.has("no-messages");
    let (mut found, mut failed) = (false, false);
    'operands: for operand in &operands {
        // A walk, files in the order of their names.
        let mut waiting: Vec<(BString, bool)> = vec![(operand.clone(), true)];
        while let Some((path, top)) = waiting.pop() {
            let mut complaint = None;
            let stat = if path == "-" {
                None
            } else {
                match c.sys(|s| if top || selection.follow { s.stat(path.as_ref()) } else { s.lstat(path.as_ref()) }) {
                    Ok(stat) => Some(stat),
                    Err(errno) => {
                        complaint = Some(errno);
                        None
                    }
                }
            };
            let kind = stat.as_ref().map(|s| s.kind);
            if complaint.is_none() && kind == Some(Kind::Dir) {
                if selection.recursive {
                    let skip = |g: &BString| fnmatch::matches(g, base_name(path.as_ref())) || top && *g == path;
                    if selection.exclude_dirs.iter().any(skip) && !(top && no_operands) {
                        continue;
                    }
                    match c.sys(|s| s.read_dir(path.as_ref())) {
                        Ok(names) => {
                            for (name, _, _) in names.into_iter().rev() {
                                let below =
                                    if no_operands && path == "." { name } else { join(path.as_ref(), name.as_ref()) };
                                waiting.push((below, false));
                            }
                            continue;
                        }
                        Err(errno) => complaint = Some(errno),
                    }
                } else if selection.skip_dirs {
                    continue;
                } else {
                    complaint = Some(Errno::EISDIR);
                }
            }
            if let Some(errno) = complaint {
                failed = true;
                if !silent {
                    c.complain(format_args!("{path}: {errno}")).await?;
                }
                continue;
            }
            if !top && matches!(kind, Some(k) if k != Kind::File) {
                continue;
            }
            if path != "-" && !selection.takes(path.as_ref()) {
                continue;
            }
            match searcher.file(path.as_ref()).await? {
                Ok(selected) => found |= selected,
                Err(text) => {
                    failed = true;
                    if !silent {
                        c.complain(text).await?;
                    }
                }
            }
            if quiet && found {
                break 'operands;
            }
        }
    }
    Ok(match (found, failed) {
        (true, _) if quiet => 0,
        (_, true) => 2,
        (true, false) => 0,
        (false, false) => 1,
    })
}
