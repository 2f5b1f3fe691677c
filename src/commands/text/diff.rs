use std::collections::BTreeMap;

use bstr::{BStr, BString, ByteSlice};

use crate::base::fnmatch;
use crate::base::lines_diff::{Change, diff};
use crate::base::quote::quotef;
use crate::commands::support::{base_name, join, times};
use crate::program::args::Syntax;
use crate::program::{Args, Command, Ctx, Example, Opt, Outcome, Stop};
use crate::world::Errno;
use crate::world::fs::Kind;

pub const COMMAND: Command = Command {
    name: "diff",
    package: "diffutils",
    summary: "Compare FILES line by line.",
    usage: &["[OPTION]... FILES"],
    options: &[
        Opt::long("normal", "output a normal diff (the default)"),
        Opt::flag('q', "brief", "report only when files differ"),
        Opt::flag('s', "report-identical-files", "report when two files are the same"),
        Opt::flag('c', "", "output 3 lines of copied context"),
        Opt::value('C', "context", "NUM", "output NUM lines of copied context"),
        Opt::flag('u', "", "output 3 lines of unified context"),
        Opt::value('U', "unified", "NUM", "output NUM lines of unified context"),
        Opt::flag('e', "ed", "output an ed script").unmodelled(),
        Opt::flag('n', "rcs", "output an RCS format diff").unmodelled(),
        Opt::flag('y', "side-by-side", "output in two columns"),
        Opt::value('W', "width", "NUM", "output at most NUM (default 130) print columns"),
        Opt::long("left-column", "output only the left column of common lines"),
        Opt::long("suppress-common-lines", "do not output common lines"),
        Opt::flag('p', "show-c-function", "show which C function each change is in").unmodelled(),
        Opt::long_value("label", "LABEL", "use LABEL instead of file name and timestamp"),
        Opt::value('L', "", "LABEL", "use LABEL instead of file name and timestamp"),
        Opt::flag('t', "expand-tabs", "expand tabs to spaces in output").accepted(),
        Opt::flag('T', "initial-tab", "make tabs line up by prepending a tab").unmodelled(),
        Opt::flag('r', "recursive", "recursively compare any subdirectories found"),
        Opt::long("no-dereference", "don't follow symbolic links").accepted(),
        Opt::flag('N', "new-file", "treat absent files as empty"),
        Opt::value('x', "exclude", "PAT", "exclude files that match PAT"),
        Opt::flag('i', "ignore-case", "ignore case differences in file contents"),
        Opt::flag('E', "ignore-tab-expansion", "ignore changes due to tab expansion"),
        Opt::flag('Z', "ignore-trailing-space", "ignore white space at line end"),
        Opt::flag('b', "ignore-space-change", "ignore changes in the amount of white space"),
        Opt::flag('w', "ignore-all-space", "ignore all white space"),
        Opt::flag('B', "ignore-blank-lines", "ignore changes where lines are all blank"),
        Opt::value('I', "ignore-matching-lines", "RE", "ignore changes where all lines match RE").unmodelled(),
        Opt::flag('a', "text", "treat all files as text"),
        Opt::long("strip-trailing-cr", "strip trailing carriage return on input"),
        Opt::flag('d', "minimal", "try hard to find a smaller set of changes").accepted(),
        Opt::long("color", "color output").optional("WHEN").accepted(),
        Opt::long("speed-large-files", "assume large files and many scattered small changes").accepted(),
    ],
    syntax: Syntax::Number("unified"),
    usage_status: 2,
    examples: &[Example { run: "seq 3 > a; seq 2 4 > b; diff a b", prints: "1d0\n< 1\n3a3\n> 4\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Normal,
    Context(usize),
    Unified(usize),
    Sides,
}

struct Differ<'c> {
    c: &'c Ctx,
    a: &'c Args,
    style: Style,
    /// The options as they were given, for the headings of `-r`.
    shown: String,
    status: u8,
}

async fn main(c: Ctx, a: Args) -> Outcome {
    let called = c.called();
    let [one, two] = match a.operands() {
        [one, two] => [one.clone(), two.clone()],
        operands => {
            let text = match operands.last() {
                Some(extra) if operands.len() > 2 => format!("extra operand '{}'", operands.get(2).unwrap_or(extra)),
                Some(last) => format!("missing operand after '{last}'"),
                None => format!("missing operand after '{called}'"),
            };
            c.complain(text).await?;
            c.err(format!("{called}: Try '{called} --help' for more information.\n")).await?;
            return Ok(2);
        }
    };
    let number = |name: &str| a.get(name).map(|t| t.to_str().ok().and_then(|t| t.parse::<usize>().ok()));
    let mut style = Style::Normal;
    for (option, _) in a.given() {
        let (name, short) = (option.long, option.short);
        let (context, unified) = (number("context"), number("unified"));
        match (name, short) {
            ("context", _) | (_, Some('c')) => match context.unwrap_or(Some(3)) {
                Some(n) => style = Style::Context(n),
                None => {
                    c.complain(format_args!("invalid context length '{}'", a.get("context").unwrap_or_default()))
                        .await?;
                    return Ok(2);
                }
            },
            ("unified", _) | (_, Some('u')) => match unified.unwrap_or(Some(3)) {
                Some(n) => style = Style::Unified(n),
                None => {
                    c.complain(format_args!("invalid context length '{}'", a.get("unified").unwrap_or_default()))
                        .await?;
                    return Ok(2);
                }
            },
            ("side-by-side", _) => style = Style::Sides,
            ("normal", _) => style = Style::Normal,
            _ => {}
        }
    }
    let mut options: Vec<BString> = c.process(|p| p.argv.iter().skip(1).cloned().collect());
    for operand in [&two, &one] {
        if let Some(at) = options.iter().rposition(|w| w == operand) {
            options.remove(at);
        }
    }
    let shown = options.iter().map(|w| format!(" {}", quotef(w))).collect();
    let mut differ = Differ { c: &c, a: &a, style, shown, status: 0 };
    let is_dir = |p: &BString| *p != "-" && c.sys(|s| s.stat(p.as_ref())).is_ok_and(|s| s.kind == Kind::Dir);
    match (is_dir(&one), is_dir(&two)) {
        (true, true) => differ.directories(one, two).await?,
        (true, false) => {
            let one = join(one.as_ref(), base_name(two.as_ref()));
            differ.files(one.as_ref(), two.as_ref(), false).await?;
        }
        (false, true) => {
            let two = join(two.as_ref(), base_name(one.as_ref()));
            differ.files(one.as_ref(), two.as_ref(), false).await?;
        }
        (false, false) => differ.files(one.as_ref(), two.as_ref(), false).await?,
    }
    Ok(differ.status)
}

impl Differ<'_> {
    async fn directories(&mut self, one: BString, two: BString) -> Result<(), Stop> {
        let c = self.c;
        let mut waiting = vec![(one, two)];
        while let Some((one, two)) = waiting.pop() {
            let mut names: BTreeMap<BString, [Option<Kind>; 2]> = BTreeMap::new();
            for (n, dir) in [&one, &two].into_iter().enumerate() {
                match c.sys(|s| s.read_dir(dir.as_ref())) {
                    Ok(list) => {
                        for (name, _, _) in list {
                            let path = join(dir.as_ref(), name.as_ref());
                            let kind = c.sys(|s| s.stat(path.as_ref())).map_or(Kind::Symlink, |s| s.kind);
                            if !self.a.all("exclude").iter().any(|g| fnmatch::matches(g, &name)) {
                                names.entry(name).or_default()[n] = Some(kind);
                            }
                        }
                    }
                    Err(errno) => {
                        c.complain(format_args!("{dir}: {errno}")).await?;
                        self.status = 2;
                    }
                }
            }
            let mut below = Vec::new();
            for (name, kinds) in names {
                let (x, y) = (join(one.as_ref(), name.as_ref()), join(two.as_ref(), name.as_ref()));
                match kinds {
                    [Some(Kind::Dir), Some(Kind::Dir)] if self.a.has("recursive") => below.push((x, y)),
                    [Some(Kind::Dir), Some(Kind::Dir)] => {
                        c.out(format!("Common subdirectories: {x} and {y}\n")).await?;
                    }
                    [Some(a), Some(b)] if (a == Kind::Dir) != (b == Kind::Dir) => {
                        let word = |k: Kind, p: &BString| match k {
                            Kind::Dir => "directory",
                            _ if c.sys(|s| s.stat(p.as_ref())).is_ok_and(|s| s.size == 0) => "regular empty file",
                            _ => "regular file",
                        };
                        c.out(format!("File {x} is a {} while file {y} is a {}\n", word(a, &x), word(b, &y))).await?;
                        self.status = self.status.max(1);
                    }
                    [Some(_), Some(_)] => self.files(x.as_ref(), y.as_ref(), true).await?,
                    [only, _] if self.a.has("new-file") && (only.or(kinds[1])) != Some(Kind::Dir) => {
                        self.files(x.as_ref(), y.as_ref(), true).await?;
                    }
                    [only, _] => {
                        let dir = if only.is_some() { &one } else { &two };
                        c.out(format!("Only in {dir}: {name}\n")).await?;
                        self.status = self.status.max(1);
                    }
                }
            }
            waiting.extend(below.into_iter().rev());
        }
        Ok(())
    }

    async fn read(&mut self, path: &BStr) -> Result<Option<Vec<u8>>, Stop> {
        let c = self.c;
        let fd = match c.open_input(path) {
            Ok(fd) => fd,
            Err(Errno::ENOENT) if self.a.has("new-file") => return Ok(Some(Vec::new())),
            Err(errno) => {
                c.complain(format_args!("{path}: {errno}")).await?;
                self.status = 2;
                return Ok(None);
            }
        };
        let read = c.read_to_end(fd).await?;
        c.close_input(fd);
        let text = match read {
            Ok(text) => text,
            Err(errno) => {
                c.complain(format_args!("{path}: {errno}")).await?;
                self.status = 2;
                return Ok(None);
            }
        };
        Ok(Some(text))
    }

    /// What of a line counts.
    fn key(&self, line: &[u8]) -> Vec<u8> {
        let a = self.a;
        let mut line = line.to_vec();
        if a.has("strip-trailing-cr") && line.ends_with(b"\r") {
            line.pop();
        }
        if a.has("ignore-case") {
            line.make_ascii_lowercase();
        }
        if a.has("ignore-all-space") {
            line.retain(|b| !b.is_ascii_whitespace());
        } else if a.has("ignore-space-change") {
            let mut out = Vec::new();
            for &b in line.trim_ascii_end() {
                if b.is_ascii_whitespace() {
                    if out.last() != Some(&b' ') {
                        out.push(b' ');
                    }
                } else {
                    out.push(b);
                }
            }
            line = out;
        } else if a.has("ignore-trailing-space") {
            line.truncate(line.trim_ascii_end().len());
        }
        line
    }

    async fn files(&mut self, one: &BStr, two: &BStr, nested: bool) -> Result<(), Stop> {
        let c = self.c;
        let Some(x) = self.read(one).await? else {
            // The other name is tried too, so that both complaints are seen.
            self.read(two).await?;
            return Ok(());
        };
        let Some(y) = self.read(two).await? else { return Ok(()) };
        if x == y {
            if self.a.has("report-identical-files") {
                c.out(format!("Files {one} and {two} are identical\n")).await?;
            }
            if self.style != Style::Sides {
                return Ok(());
            }
        }
        c.work((x.len() + y.len()) as u64 * 5).await?;
        if !self.a.has("text") && (x.contains(&0) || y.contains(&0)) {
            let word = if self.a.has("brief") { "Files" } else { "Binary files" };
            c.out(format!("{word} {one} and {two} differ\n")).await?;
            self.status = self.status.max(if self.a.has("brief") { 1 } else { 2 });
            return Ok(());
        }
        let (left, right) = (lines(&x), lines(&y));
        let mut numbers: BTreeMap<Vec<u8>, u32> = BTreeMap::new();
        let mut number = |side: &[&[u8]], text: &[u8]| -> Vec<u32> {
            let last = side.len();
            side.iter()
                .enumerate()
                .map(|(n, line)| {
                    let mut key = self.key(line);
                    // A last line without its newline differs from one with it.
                    if n + 1 == last && !text.ends_with(b"\n") && !self.ignores_space() {
                        key.push(0);
                    }
                    let next = numbers.len() as u32;
                    *numbers.entry(key).or_insert(next)
                })
                .collect()
        };
        let (p, q) = (number(&left, &x), number(&right, &y));
        let mut changes = diff(&p, &q);
        if self.a.has("ignore-blank-lines") {
            changes.retain(|c| {
                let blank = |side: &[&[u8]], from: usize, n: usize| side[from..from + n].iter().all(|l| l.is_empty());
                !(blank(&left, c.a, c.removed) && blank(&right, c.b, c.added))
            });
        }
        if changes.is_empty() && self.style != Style::Sides {
            return Ok(());
        }
        if !changes.is_empty() {
            self.status = self.status.max(1);
        }
        if self.a.has("brief") {
            return c.out(format!("Files {one} and {two} differ\n")).await;
        }
        let page =
            Page { left: &left, right: &right, ends: [x.ends_with(b"\n"), y.ends_with(b"\n")], changes: &changes };
        let mut out = Vec::new();
        if nested {
            out.extend_from_slice(format!("diff{} {} {}\n", self.shown, quotef(one), quotef(two)).as_bytes());
        }
        match self.style {
            Style::Normal => page.normal(&mut out),
            Style::Unified(n) => {
                self.header(&mut out, one, 0, "---");
                self.header(&mut out, two, 1, "+++");
                page.unified(n, &mut out);
            }
            Style::Context(n) => {
                self.header(&mut out, one, 0, "***");
                self.header(&mut out, two, 1, "---");
                page.context(n, &mut out);
            }
            Style::Sides => {
                let width = self.a.get("width").and_then(|t| t.to_str().ok()?.parse().ok()).unwrap_or(130);
                page.sides(width, self.a.has("suppress-common-lines"), self.a.has("left-column"), &mut out);
            }
        }
        c.out(&out).await
    }

    fn ignores_space(&self) -> bool {
        ["ignore-all-space", "ignore-space-change", "ignore-trailing-space"].iter().any(|o| self.a.has(o))
    }

    fn header(&self, out: &mut Vec<u8>, path: &BStr, n: usize, mark: &str) {
        let mut labels = self.a.all("label");
        labels.extend(self.a.all("L"));
        if let Some(label) = labels.get(n) {
            out.extend_from_slice(format!("{mark} {label}\n").as_bytes());
            return;
        }
        let c = self.c;
        let stat = c.sys(|s| if path == "-" { s.fstat(0) } else { s.stat(path) });
        let zone = times::zone(c);
        let when = match stat {
            Ok(stat) => times::civil(stat.mtime, &zone).format(b"%Y-%m-%d %H:%M:%S.%N %z"),
            // An absent file, with -N, is as old as time.
            Err(_) => times::civil(crate::base::SimTime::ZERO, &zone).format(b"%Y-%m-%d %H:%M:%S.%N %z"),
        };
        out.extend_from_slice(format!("{mark} {path}\t{}\n", when.as_bstr()).as_bytes());
    }
}

fn lines(text: &[u8]) -> Vec<&[u8]> {
    let mut lines: Vec<&[u8]> = text.split(|&b| b == b'\n').collect();
    if lines.last().is_some_and(|l| l.is_empty()) {
        lines.pop();
    }
    lines
}

/// Both texts and their differences, ready to be shown.
struct Page<'t> {
    left: &'t [&'t [u8]],
    right: &'t [&'t [u8]],
    /// Do they end in a newline?
    ends: [bool; 2],
    changes: &'t [Change],
}

impl Page<'_> {
    fn line(&self, out: &mut Vec<u8>, mark: &str, side: usize, n: usize) {
        let lines = if side == 0 { self.left } else { self.right };
        out.extend_from_slice(mark.as_bytes());
        out.extend_from_slice(lines[n]);
        out.push(b'\n');
        if n + 1 == lines.len() && !self.ends[side] {
            out.extend_from_slice(b"\\ No newline at end of file\n");
        }
    }

    fn normal(&self, out: &mut Vec<u8>) {
        let range = |from: usize, n: usize| match n {
            0 => from.to_string(),
            1 => (from + 1).to_string(),
            n => format!("{},{}", from + 1, from + n),
        };
        for c in self.changes {
            let letter = match (c.removed, c.added) {
                (0, _) => 'a',
                (_, 0) => 'd',
                _ => 'c',
            };
            out.extend_from_slice(format!("{}{letter}{}\n", range(c.a, c.removed), range(c.b, c.added)).as_bytes());
            (c.a..c.a + c.removed).for_each(|n| self.line(out, "< ", 0, n));
            if letter == 'c' {
                out.extend_from_slice(b"---\n");
            }
            (c.b..c.b + c.added).for_each(|n| self.line(out, "> ", 1, n));
        }
    }

    /// Changes so near to each other that their contexts meet.
    fn hunks(&self, context: usize) -> Vec<&[Change]> {
        let mut hunks = Vec::new();
        let mut from = 0;
        for n in 1..=self.changes.len() {
            let apart = match self.changes.get(n) {
                Some(next) => next.a - (self.changes[n - 1].a + self.changes[n - 1].removed) > 2 * context,
                None => true,
            };
            if apart {
                hunks.push(&self.changes[from..n]);
                from = n;
            }
        }
        hunks
    }

    fn unified(&self, context: usize, out: &mut Vec<u8>) {
        for hunk in self.hunks(context) {
            let (first, last) = (hunk[0], hunk[hunk.len() - 1]);
            let before = context.min(first.a);
            let after = context.min(self.left.len() - (last.a + last.removed));
            let (a, b) = (first.a - before, first.b - before);
            let (n, m) = (last.a + last.removed + after - a, last.b + last.added + after - b);
            let range = |from: usize, n: usize| match n {
                1 => (from + 1).to_string(),
                0 => format!("{from},0"),
                n => format!("{},{n}", from + 1),
            };
            out.extend_from_slice(format!("@@ -{} +{} @@\n", range(a, n), range(b, m)).as_bytes());
            let mut at = a;
            for c in hunk {
                (at..c.a).for_each(|n| self.line(out, " ", 0, n));
                (c.a..c.a + c.removed).for_each(|n| self.line(out, "-", 0, n));
                (c.b..c.b + c.added).for_each(|n| self.line(out, "+", 1, n));
                at = c.a + c.removed;
            }
            (at..at + after).for_each(|n| self.line(out, " ", 0, n));
        }
    }

    fn context(&self, context: usize, out: &mut Vec<u8>) {
        for hunk in self.hunks(context) {
            let (first, last) = (hunk[0], hunk[hunk.len() - 1]);
            let before = context.min(first.a);
            let after = context.min(self.left.len() - (last.a + last.removed));
            let spans =
                [(first.a - before, last.a + last.removed + after), (first.b - before, last.b + last.added + after)];
            out.extend_from_slice(b"***************\n");
            for (side, (from, to)) in spans.into_iter().enumerate() {
                let range = match to - from {
                    0 | 1 => to.to_string(),
                    _ => format!("{},{to}", from + 1),
                };
                let (head, tail) = if side == 0 { ("***", "****") } else { ("---", "----") };
                out.extend_from_slice(format!("{head} {range} {tail}\n").as_bytes());
                let touched = |c: &Change| if side == 0 { c.removed > 0 } else { c.added > 0 };
                if !hunk.iter().any(touched) {
                    continue;
                }
                let mut at = from;
                for c in hunk {
                    let (start, n) = if side == 0 { (c.a, c.removed) } else { (c.b, c.added) };
                    (at..start).for_each(|n| self.line(out, "  ", side, n));
                    let mark = match (c.removed > 0 && c.added > 0, side) {
                        (true, _) => "! ",
                        (_, 0) => "- ",
                        _ => "+ ",
                    };
                    (start..start + n).for_each(|n| self.line(out, mark, side, n));
                    at = start + n;
                }
                (at..to).for_each(|n| self.line(out, "  ", side, n));
            }
        }
    }

    fn sides(&self, width: usize, only_changes: bool, left_column: bool, out: &mut Vec<u8>) {
        // GNU's half widths: a tab's grid between the columns, three characters for the mark.
        let off = (width + 8 + 3) / 16 * 8;
        let half = (off.saturating_sub(3)).min(width.saturating_sub(off)).max(1);
        let off = if half > 0 { off } else { width };
        let mut row = |x: Option<&[u8]>, mark: char, y: Option<&[u8]>| {
            let mut line = Vec::new();
            let mut column = put(&mut line, x.unwrap_or_default(), half);
            if mark != ' ' {
                let place = (half + off - 1) / 2;
                tabs(&mut line, &mut column, place);
                line.push(mark as u8);
                column += 1;
            }
            if let Some(y) = y.filter(|y| !y.is_empty() && mark != '(') {
                tabs(&mut line, &mut column, off);
                put(&mut line, y, half);
            }
            line.push(b'\n');
            out.extend(line);
        };
        let (mut a, mut b) = (0, 0);
        for c in self.changes.iter().copied().chain([Change { a: self.left.len(), removed: 0, b: 0, added: 0 }]) {
            while a < c.a {
                if !only_changes {
                    row(Some(self.left[a]), if left_column { '(' } else { ' ' }, Some(self.right[b]));
                }
                (a, b) = (a + 1, b + 1);
            }
            let both = c.removed.min(c.added);
            for _ in 0..both {
                row(Some(self.left[a]), '|', Some(self.right[b]));
                (a, b) = (a + 1, b + 1);
            }
            for _ in both..c.removed {
                row(Some(self.left[a]), '<', None);
                a += 1;
            }
            for _ in both..c.added {
                row(None, '>', Some(self.right[b]));
                b += 1;
            }
        }
    }
}

fn put(out: &mut Vec<u8>, text: &[u8], most: usize) -> usize {
    let mut column = 0;
    for (from, to, _) in text.char_indices() {
        let next = if &text[from..to] == b"\t" { column + 8 - column % 8 } else { column + 1 };
        if next > most {
            break;
        }
        if &text[from..to] == b"\t" {
            out.resize(out.len() + next - column, b' ');
        } else {
            out.extend_from_slice(&text[from..to]);
        }
        column = next;
    }
    column
}

fn tabs(out: &mut Vec<u8>, column: &mut usize, to: usize) {
    while *column < to {
        let stop = *column + 8 - *column % 8;
        if stop <= to {
            out.push(b'\t');
            *column = stop;
        } else {
            out.push(b' ');
            *column += 1;
        }
    }
}
