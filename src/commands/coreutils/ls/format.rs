//! How ls shows its entries: long rows, columns, lines, commas.

use std::cell::Cell;

use bstr::{BStr, BString, ByteSlice};
use unicode_width::UnicodeWidthStr;

use super::color::Colors;
use super::{Entry, block_size, when, which_time, width_of, zone};
use crate::base::human;
use crate::base::quote::{c_escape, quoteaf, quotef};
use crate::base::zone::Zone;
use crate::base::{SimTime, quote};
use crate::commands::support::mode::mode_string;
use crate::commands::support::owner::host;
use crate::commands::support::{one_of, times};
use crate::program::{Args, Ctx, Stop};
use crate::world::fs::Kind;
use crate::world::sys::Stat;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    Long,
    Single,
    Columns,
    Across,
    Commas,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Indicator {
    None,
    Slash,
    FileType,
    Classify,
}

/// Half a Gregorian year: what is older, or in the future, shows its year.
const RECENT_MICROS: i64 = 31_556_952 / 2 * 1_000_000;

pub struct Style {
    pub long: bool,
    layout: Layout,
    indicator: Indicator,
    quoting: &'static str,
    width: usize,
    inode: bool,
    blocks: bool,
    owner: bool,
    group: bool,
    author: bool,
    numeric: bool,
    human: Option<u64>,
    unit: u64,
    unit_suffix: String,
    which: &'static str,
    /// Formats of old and recent times.
    formats: [String; 2],
    zone: Zone,
    now: i64,
    zero: bool,
    pub colors: Option<Colors>,
    painted: Cell<bool>,
    tty: bool,
}

impl Style {
    pub async fn from_args(c: &Ctx, a: &Args, tty: bool, program: &[u8]) -> Result<Result<Style, u8>, Stop> {
        let default = match program {
            b"dir" => Layout::Columns,
            b"vdir" => Layout::Long,
            _ if tty => Layout::Columns,
            _ => Layout::Single,
        };
        let mut layout = default;
        for (option, value) in a.given() {
            layout = match (option.short, option.long) {
                (Some('l' | 'g' | 'o' | 'n'), _) | (_, "full-time") => Layout::Long,
                // -1 after -l changes nothing.
                (Some('1'), _) if layout != Layout::Long => Layout::Single,
                (Some('C'), _) => Layout::Columns,
                (Some('x'), _) => Layout::Across,
                (Some('m'), _) => Layout::Commas,
                (Some('f'), _) if layout == Layout::Long => default,
                (_, "format") => {
                    let words = [
                        ("verbose", "long"),
                        ("long", "long"),
                        ("commas", "commas"),
                        ("horizontal", "across"),
                        ("across", "across"),
                        ("vertical", "columns"),
                        ("single-column", "single"),
                    ];
                    let word = value.as_ref().map(|v| v.as_bstr()).unwrap_or_default();
                    match one_of(c, "--format", word, &words, 2).await? {
                        Ok("long") => Layout::Long,
                        Ok("commas") => Layout::Commas,
                        Ok("across") => Layout::Across,
                        Ok("columns") => Layout::Columns,
                        Ok(_) => Layout::Single,
                        Err(status) => return Ok(Err(status)),
                    }
                }
                _ => layout,
            };
        }
        if a.has("zero") && !matches!(layout, Layout::Long) {
            layout = Layout::Single;
        }
        let mut indicator = Indicator::None;
        for (option, value) in a.given() {
            indicator = match (option.long, option.short) {
                ("classify", _) => match value {
                    None => Indicator::Classify,
                    Some(word) => match when(c, "--classify", word.as_ref(), tty).await? {
                        Ok(true) => Indicator::Classify,
                        Ok(false) => Indicator::None,
                        Err(status) => return Ok(Err(status)),
                    },
                },
                ("file-type", _) => Indicator::FileType,
                (_, Some('p')) => Indicator::Slash,
                ("indicator-style", _) => {
                    let words = ["none", "slash", "file-type", "classify"].map(|w| (w, w));
                    let word = value.as_ref().map(|v| v.as_bstr()).unwrap_or_default();
                    match one_of(c, "--indicator-style", word, &words, 2).await? {
                        Ok("none") => Indicator::None,
                        Ok("slash") => Indicator::Slash,
                        Ok("file-type") => Indicator::FileType,
                        Ok(_) => Indicator::Classify,
                        Err(status) => return Ok(Err(status)),
                    }
                }
                _ => indicator,
            };
        }
        let quoting = match a.last_of(&["literal", "escape", "quote-name", "quoting-style", "zero"]) {
            Some("literal" | "zero") => "literal",
            Some("escape") => "escape",
            Some("quote-name") => "c",
            Some(_) => {
                let words = [
                    "literal",
                    "shell",
                    "shell-always",
                    "shell-escape",
                    "shell-escape-always",
                    "c",
                    "escape",
                    "locale",
                ]
                .map(|w| (w, w));
                match one_of(c, "--quoting-style", a.get("quoting-style").unwrap_or_default(), &words, 2).await? {
                    Ok(word) => word,
                    Err(status) => return Ok(Err(status)),
                }
            }
            None if program == b"dir" || program == b"vdir" => "escape",
            None if tty => "shell-escape",
            None => "literal",
        };
        let width = match width_of(c, a).await? {
            Ok(width) => width,
            Err(status) => return Ok(Err(status)),
        };
        let (human, unit, unit_suffix) = block_size(a);
        let formats = match time_style(c, a).await? {
            Ok(formats) => formats,
            Err(status) => return Ok(Err(status)),
        };
        Ok(Ok(Style {
            long: layout == Layout::Long,
            layout,
            indicator,
            quoting,
            width,
            inode: a.has("inode"),
            blocks: a.has("size"),
            owner: !a.has("g"),
            group: !a.has("o") && !a.has("no-group"),
            author: a.has("author"),
            numeric: a.has("numeric-uid-gid"),
            human,
            unit,
            unit_suffix,
            which: which_time(a),
            formats,
            zone: zone(c),
            now: times::micros(c.now()),
            zero: a.has("zero"),
            colors: None,
            painted: Cell::new(false),
            tty,
        }))
    }

    pub fn needs_stat(&self) -> bool {
        self.long || self.inode || self.blocks || self.indicator == Indicator::Classify || self.colors.is_some()
    }
    pub fn shows_links(&self) -> bool {
        self.long || self.colors.is_some()
    }
    pub fn classifies(&self) -> bool {
        self.indicator == Indicator::Classify
    }
    pub fn totals(&self) -> bool {
        self.long || self.blocks
    }
    pub fn line_end(&self) -> char {
        if self.zero { '\0' } else { '\n' }
    }
    pub fn time_of(&self, stat: &Stat) -> SimTime {
        match self.which {
            "ctime" => stat.ctime,
            "atime" => stat.atime,
            _ => stat.mtime,
        }
    }

    /// A count of 512-byte blocks, in the unit asked for.
    pub fn blocks(&self, blocks: u64) -> String {
        let bytes = blocks * 512;
        match (self.human, self.unit) {
            (Some(base), _) => human(bytes, base),
            (None, 0) => bytes.div_ceil(1024).to_string(),
            (None, unit) => format!("{}{}", bytes.div_ceil(unit), self.unit_suffix),
        }
    }
    fn size(&self, stat: &Stat) -> String {
        if stat.kind == Kind::Char {
            return format!("{}, {:>3}", stat.rdev.0, stat.rdev.1);
        }
        match (self.human, self.unit) {
            (Some(base), _) => human(stat.size, base),
            (None, 0) => stat.size.to_string(),
            (None, unit) => format!("{}{}", stat.size.div_ceil(unit), self.unit_suffix),
        }
    }

    pub fn quoted(&self, name: &BStr) -> String {
        match self.quoting {
            "shell" | "shell-escape" => quotef(name),
            "shell-always" | "shell-escape-always" => quoteaf(name),
            "c" => c_escape(name, Some('"')),
            "escape" => c_escape(name, None),
            "locale" => quote::quote(name),
            _ if self.tty => name.to_str_lossy().chars().map(|c| if c.is_control() { '?' } else { c }).collect(),
            _ => name.to_str_lossy().into_owned(),
        }
    }

    fn mark(&self, kind: Kind, mode: Option<u16>) -> &'static str {
        if self.indicator == Indicator::None {
            return "";
        }
        match kind {
            Kind::Dir => "/",
            _ if self.indicator == Indicator::Slash => "",
            Kind::Symlink => "@",
            Kind::Fifo => "|",
            Kind::Socket => "=",
            Kind::File if self.indicator == Indicator::Classify && mode.unwrap_or(0) & 0o111 != 0 => "*",
            _ => "",
        }
    }

    fn paint(&self, text: &str, name: &BStr, kind: Kind, stat: Option<&Stat>, dangling: bool) -> String {
        let Some(colors) = &self.colors else { return text.to_string() };
        match colors.of(name, kind, stat, dangling) {
            Some(paint) => {
                // The first colour comes after a reset of whatever the terminal had.
                let first = if self.painted.replace(true) { "" } else { "\x1b[0m" };
                format!("{first}\x1b[{paint}m{text}\x1b[0m")
            }
            None => text.to_string(),
        }
    }

    /// The name with its colour and mark, and its width on screen.
    fn name(&self, entry: &Entry, align: bool) -> (Vec<u8>, usize) {
        let quoted = self.quoted(entry.name.as_ref());
        let pad = if align && !quoted.starts_with(['\'', '"']) { " " } else { "" };
        let dangling = entry.link.as_ref().is_some_and(|(_, target)| target.is_none());
        let mode = entry.stat.as_ref().map(|s| s.mode);
        let link_in_long = self.long && entry.kind == Kind::Symlink;
        let mark = if link_in_long { "" } else { self.mark(entry.kind, mode) };
        let width = pad.len() + width(&quoted) + mark.len();
        let raw = self.quoting == "literal" && !self.tty && self.colors.is_none();
        let mut out = Vec::from(pad.as_bytes());
        if raw {
            out.extend_from_slice(&entry.name);
        } else {
            let painted = self.paint(&quoted, entry.name.as_ref(), entry.kind, entry.stat.as_ref(), dangling);
            out.extend_from_slice(painted.as_bytes());
        }
        out.extend_from_slice(mark.as_bytes());
        if link_in_long && let Some((target, stat)) = &entry.link {
            out.extend_from_slice(b" -> ");
            let shown = self.quoted(target.as_ref());
            let painted = match stat {
                Some(stat) => self.paint(&shown, target.as_ref(), stat.kind, Some(stat), false),
                None => shown,
            };
            out.extend_from_slice(painted.as_bytes());
            if let Some(stat) = stat {
                out.extend_from_slice(self.mark(stat.kind, Some(stat.mode)).as_bytes());
            }
        }
        (out, width)
    }

    pub async fn print(&self, c: &Ctx, entries: &[Entry]) -> Result<(), Stop> {
        let outer = matches!(self.quoting, "shell" | "shell-escape");
        let align = outer
            && matches!(self.layout, Layout::Long | Layout::Columns | Layout::Across)
            && self.width != usize::MAX
            && entries.iter().any(|e| self.quoted(e.name.as_ref()).starts_with(['\'', '"']));
        if self.long {
            return self.print_long(c, entries, align).await;
        }
        let inodes: Vec<String> = entries.iter().map(|e| number(e.stat.as_ref().map(|s| s.ino))).collect();
        let blocks: Vec<String> =
            entries.iter().map(|e| e.stat.as_ref().map_or("?".into(), |s| self.blocks(s.blocks))).collect();
        let (inode_width, block_width) = (widest(&inodes), widest(&blocks));
        let cells: Vec<(Vec<u8>, usize)> = entries
            .iter()
            .enumerate()
            .map(|(n, e)| {
                let mut before = String::new();
                // Commas and single lines of one entry need no columns; GNU pads single lines.
                let pad = self.layout != Layout::Commas;
                if self.inode {
                    let w = if pad { inode_width } else { 0 };
                    before.push_str(&format!("{:>w$} ", inodes[n]));
                }
                if self.blocks {
                    let w = if pad { block_width } else { 0 };
                    before.push_str(&format!("{:>w$} ", blocks[n]));
                }
                let (name, w) = self.name(e, align);
                let mut cell = Vec::from(before.as_bytes());
                cell.extend(name);
                (cell, w + before.len())
            })
            .collect();
        let mut out = Vec::new();
        match self.layout {
            Layout::Commas => commas(&cells, self.width, &mut out),
            Layout::Columns => columns(&cells, self.width, true, &mut out),
            Layout::Across => columns(&cells, self.width, false, &mut out),
            _ => {
                for (cell, _) in &cells {
                    out.extend_from_slice(cell);
                    out.push(self.line_end() as u8);
                }
            }
        }
        c.out(&out).await
    }

    async fn print_long(&self, c: &Ctx, entries: &[Entry], align: bool) -> Result<(), Stop> {
        let column = |f: &dyn Fn(&Stat) -> String| -> Vec<String> {
            entries.iter().map(|e| e.stat.as_ref().map_or("?".into(), f)).collect()
        };
        let user = |uid: u32| if self.numeric { uid.to_string() } else { host(c, |h| h.user_name(uid)) };
        let group = |gid: u32| if self.numeric { gid.to_string() } else { host(c, |h| h.group_name(gid)) };
        // (cells, aligned right)
        let mut table: Vec<(Vec<String>, bool)> = Vec::new();
        if self.inode {
            table.push((column(&|s| s.ino.to_string()), true));
        }
        if self.blocks {
            table.push((column(&|s| self.blocks(s.blocks)), true));
        }
        let modes = entries.iter().map(|e| match &e.stat {
            Some(stat) => mode_string(e.kind, stat.mode),
            None => format!("{}?????????", e.kind.letter()),
        });
        table.push((modes.collect(), false));
        table.push((column(&|s| s.nlink.to_string()), true));
        if self.owner {
            table.push((column(&|s| user(s.uid)), self.numeric));
        }
        if self.group {
            table.push((column(&|s| group(s.gid)), self.numeric));
        }
        if self.author {
            table.push((column(&|s| user(s.uid)), self.numeric));
        }
        table.push((column(&|s| self.size(s)), true));
        table.push((column(&|s| self.time(s)), true));
        let widths: Vec<usize> = table.iter().map(|(cells, _)| widest(cells)).collect();
        for (n, entry) in entries.iter().enumerate() {
            let mut line = Vec::new();
            for ((cells, right), w) in table.iter().zip(&widths) {
                let cell = &cells[n];
                let cell = if *right { format!("{cell:>w$} ") } else { format!("{cell:<w$} ") };
                line.extend_from_slice(cell.as_bytes());
            }
            line.extend(self.name(entry, align).0);
            line.push(self.line_end() as u8);
            c.out(&line).await?;
        }
        Ok(())
    }

    fn time(&self, stat: &Stat) -> String {
        let t = times::micros(self.time_of(stat));
        let recent = t <= self.now && t > self.now - RECENT_MICROS;
        let format = &self.formats[usize::from(recent)];
        let civil = crate::base::calendar::Civil::new(t, &self.zone);
        civil.format(format.as_bytes()).to_str_lossy().into_owned()
    }
}

async fn time_style(c: &Ctx, a: &Args) -> Result<Result<[String; 2], u8>, Stop> {
    let both = |f: &str| [f.to_string(), f.to_string()];
    if a.last_of(&["full-time", "time-style"]) == Some("full-time") {
        return Ok(Ok(both("%Y-%m-%d %H:%M:%S.%N %z")));
    }
    let word = a.get("time-style").map(BString::from).or_else(|| c.env("TIME_STYLE")).unwrap_or("locale".into());
    if let Some(format) = word.strip_prefix(b"+") {
        let format = format.to_str_lossy();
        let (old, recent) = format.split_once('\n').unwrap_or((&format, &format));
        return Ok(Ok([old.into(), recent.into()]));
    }
    let plain = word.strip_prefix(b"posix-").unwrap_or(&word);
    let words = ["full-iso", "long-iso", "iso", "locale"].map(|w| (w, w));
    Ok(one_of(c, "--time-style", BStr::new(plain), &words, 2).await?.map(|word| match word {
        "full-iso" => both("%Y-%m-%d %H:%M:%S.%N %z"),
        "long-iso" => both("%Y-%m-%d %H:%M"),
        "iso" => ["%Y-%m-%d ".into(), "%m-%d %H:%M".into()],
        _ => ["%b %e  %Y".into(), "%b %e %H:%M".into()],
    }))
}

fn number(n: Option<u64>) -> String {
    n.map_or("?".into(), |n| n.to_string())
}

pub fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

fn widest(cells: &[String]) -> usize {
    cells.iter().map(|c| width(c)).max().unwrap_or(0)
}

fn commas(cells: &[(Vec<u8>, usize)], line: usize, out: &mut Vec<u8>) {
    let mut at = 0;
    for (n, (cell, width)) in cells.iter().enumerate() {
        if n > 0 {
            // The comma and the blank count, and one column stays free for the next comma.
            if line != usize::MAX && at + width + 2 >= line {
                out.extend_from_slice(b",\n");
                at = 0;
            } else {
                out.extend_from_slice(b", ");
                at += 2;
            }
        }
        out.extend_from_slice(cell);
        at += width;
    }
    if !cells.is_empty() {
        out.push(b'\n');
    }
}

/// GNU's search for the most columns that fit; tabs are not used between them by default here, as TABSIZE is 8 and ls
/// writes tabs where they save bytes.
fn columns(cells: &[(Vec<u8>, usize)], line: usize, by_columns: bool, out: &mut Vec<u8>) {
    const LEAST: usize = 3;
    let count = cells.len();
    if count == 0 {
        return;
    }
    if line == usize::MAX {
        for (n, (cell, _)) in cells.iter().enumerate() {
            if n > 0 {
                out.extend_from_slice(b"  ");
            }
            out.extend_from_slice(cell);
        }
        out.push(b'\n');
        return;
    }
    let most = (line / LEAST).clamp(1, count);
    let layout = |columns: usize| -> (usize, Vec<usize>) {
        let rows = count.div_ceil(columns);
        let mut widths = vec![LEAST; columns];
        for (n, (_, width)) in cells.iter().enumerate() {
            let column = if by_columns { n / rows } else { n % columns };
            let gap = if column + 1 == columns { 0 } else { 2 };
            widths[column] = widths[column].max(width + gap);
        }
        (rows, widths)
    };
    let fitting = (1..=most).rev().find(|&n| layout(n).1.iter().sum::<usize>() < line || n == 1).unwrap_or(1);
    let (rows, widths) = layout(fitting);
    for row in 0..rows {
        let mut at = 0;
        for (column, &wide) in widths.iter().enumerate() {
            let n = if by_columns { column * rows + row } else { row * fitting + column };
            let Some((cell, width)) = cells.get(n) else { break };
            out.extend_from_slice(cell);
            let next = if by_columns { n + rows } else { n + 1 };
            let more = column + 1 < fitting && next < count;
            if more {
                indent(at + width, at + wide, out);
            }
            at += wide;
        }
        out.push(b'\n');
    }
}

/// From one screen column to another with tabs where they fit, as ls does with its default tab size.
fn indent(mut from: usize, to: usize, out: &mut Vec<u8>) {
    while from < to {
        if to / 8 > (from + 1) / 8 {
            out.push(b'\t');
            from += 8 - from % 8;
        } else {
            out.push(b' ');
            from += 1;
        }
    }
}
