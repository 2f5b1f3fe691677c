//! Two sorted files side by side: comm and join; and shuf.

use bstr::{BStr, BString, ByteSlice};

use crate::base::quote::{quote, quotef};
use crate::commands::support::{extra_operand, missing_operand, usage};
use crate::program::{Args, Command, Ctx, Example, Lines, Opt, Outcome, Stop};

pub const COMM: Command = Command {
    name: "comm",
    summary: "Compare sorted files FILE1 and FILE2 line by line.",
    usage: &["[OPTION]... FILE1 FILE2"],
    options: &[
        Opt::flag('1', "", "suppress column 1 (lines unique to FILE1)"),
        Opt::flag('2', "", "suppress column 2 (lines unique to FILE2)"),
        Opt::flag('3', "", "suppress column 3 (lines that appear in both files)"),
        Opt::long("check-order", "check that the input is correctly sorted"),
        Opt::long("nocheck-order", "do not check that the input is correctly sorted"),
        Opt::long_value("output-delimiter", "STR", "separate columns with STR"),
        Opt::long("total", "output a summary"),
        Opt::flag('z', "zero-terminated", "line delimiter is NUL, not newline"),
    ],
    examples: &[Example { run: "seq 3 > a; seq 2 4 > b; comm a b", prints: "1\n\t\t2\n\t\t3\n\t4\n" }],
    main: |c, a| Box::pin(comm(c, a)),
    ..Command::BASE
};

pub const JOIN: Command = Command {
    name: "join",
    summary: "For each pair of input lines with identical join fields, write a line to standard output.",
    usage: &["[OPTION]... FILE1 FILE2"],
    options: &[
        Opt::value('a', "", "FILENUM", "also print unpairable lines from file FILENUM"),
        Opt::value('e', "", "STRING", "replace missing (empty) input fields with STRING"),
        Opt::flag('i', "ignore-case", "ignore differences in case when comparing fields"),
        Opt::value('j', "", "FIELD", "equivalent to '-1 FIELD -2 FIELD'"),
        Opt::value('o', "", "FORMAT", "obey FORMAT while constructing output line"),
        Opt::value('t', "", "CHAR", "use CHAR as input and output field separator"),
        Opt::value('v', "", "FILENUM", "like -a FILENUM, but suppress joined output lines"),
        Opt::value('1', "", "FIELD", "join on this FIELD of file 1"),
        Opt::value('2', "", "FIELD", "join on this FIELD of file 2"),
        Opt::long("check-order", "check that the input is correctly sorted"),
        Opt::long("nocheck-order", "do not check that the input is correctly sorted"),
        Opt::long("header", "treat the first line in each file as field headers"),
        Opt::flag('z', "zero-terminated", "line delimiter is NUL, not newline"),
    ],
    examples: &[Example { run: "printf '1 a\\n2 b\\n' > x; printf '2 c\\n' > y; join x y", prints: "2 b c\n" }],
    main: |c, a| Box::pin(join(c, a)),
    ..Command::BASE
};

pub const SHUF: Command = Command {
    name: "shuf",
    summary: "Write a random permutation of the input lines to standard output.",
    usage: &["[OPTION]... [FILE]", "-e [OPTION]... [ARG]...", "-i LO-HI [OPTION]..."],
    options: &[
        Opt::flag('e', "echo", "treat each ARG as an input line"),
        Opt::value('i', "input-range", "LO-HI", "treat each number LO through HI as an input line"),
        Opt::value('n', "head-count", "COUNT", "output at most COUNT lines"),
        Opt::value('o', "output", "FILE", "write result to FILE instead of standard output").unmodelled(),
        Opt::long_value("random-source", "FILE", "get random bytes from FILE").accepted(),
        Opt::flag('r', "repeat", "output lines can be repeated"),
        Opt::flag('z', "zero-terminated", "line delimiter is NUL, not newline"),
    ],
    examples: &[Example { run: "seq 5 | shuf | sort | paste -sd,", prints: "1,2,3,4,5\n" }],
    main: |c, a| Box::pin(shuf(c, a)),
    ..Command::BASE
};

/// One side of a merge: its lines, the current one, and whether disorder was seen.
struct Side<'c> {
    lines: Lines<'c>,
    end: u8,
    line: Option<Vec<u8>>,
    number: u64,
    disorder: bool,
}

impl<'c> Side<'c> {
    async fn open(c: &'c Ctx, path: &BStr, end: u8) -> Result<Option<Side<'c>>, Stop> {
        match c.open_input(path) {
            Ok(fd) => {
                let lines = Lines::delimited(c, fd, end);
                let mut side = Side { lines, end, line: None, number: 0, disorder: false };
                side.next().await?;
                Ok(Some(side))
            }
            Err(errno) => {
                c.complain(format_args!("{}: {errno}", quotef(path))).await?;
                Ok(None)
            }
        }
    }
    /// Takes the next line; gives the one before.
    async fn next(&mut self) -> Result<Option<Vec<u8>>, Stop> {
        let line = match self.lines.next().await? {
            Ok(Some(mut line)) => {
                if line.last() == Some(&self.end) {
                    line.pop();
                }
                self.number += 1;
                Some(line)
            }
            _ => None,
        };
        Ok(std::mem::replace(&mut self.line, line))
    }
}

async fn comm(c: Ctx, a: Args) -> Outcome {
    let [one, two] = match a.operands() {
        [one, two] => [one, two],
        [_, _, extra, ..] => return extra_operand(&c, extra.as_ref()).await,
        _ => return missing_operand(&c, &a).await,
    };
    let end = if a.has("zero-terminated") { 0 } else { b'\n' };
    let between = a.get("output-delimiter").map_or(BString::from("\t"), BString::from);
    let Some(mut left) = Side::open(&c, one.as_ref(), end).await? else { return Ok(1) };
    let Some(mut right) = Side::open(&c, two.as_ref(), end).await? else { return Ok(1) };
    let mut totals = [0u64; 3];
    let (checks, strict) = (!a.has("nocheck-order"), a.has("check-order"));
    let mut unpaired = false;
    loop {
        let order = match (&left.line, &right.line) {
            (None, None) => break,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(x), Some(y)) => x.cmp(y),
        };
        let column = match order {
            std::cmp::Ordering::Less => 0,
            std::cmp::Ordering::Greater => 1,
            std::cmp::Ordering::Equal => 2,
        };
        unpaired |= column < 2;
        totals[column] += 1;
        let line = if column == 1 { &right.line } else { &left.line };
        if !a.has(["1", "2", "3"][column]) {
            let before = (0..column).filter(|n| !a.has(["1", "2", "3"][*n])).count();
            let mut out: Vec<u8> = between.repeat(before);
            out.extend_from_slice(line.as_deref().unwrap_or_default());
            out.push(end);
            c.out(&out).await?;
        }
        for (n, side) in [&mut left, &mut right].into_iter().enumerate() {
            if column == 2 || column == n {
                let old = side.next().await?;
                let fell = match (&old, &side.line) {
                    (Some(old), Some(new)) => old > new,
                    _ => false,
                };
                if fell && checks && !side.disorder && (strict || unpaired) {
                    side.disorder = true;
                    c.complain(format_args!("file {} is not in sorted order", n + 1)).await?;
                    if strict {
                        return Ok(1);
                    }
                }
            }
        }
    }
    if a.has("total") {
        let [x, y, z] = totals;
        let line = format!("{x}{between}{y}{between}{z}{between}total{}", char::from(end));
        c.out(line).await?;
    }
    if left.disorder || right.disorder {
        c.complain("input is not in sorted order").await?;
        return Ok(1);
    }
    Ok(0)
}

struct Joiner {
    separator: Option<u8>,
    keys: [usize; 2],
    fold: bool,
    /// (file from 0, field from 0); file 2 is the join field.
    format: Option<Vec<(usize, usize)>>,
    empty: BString,
}

impl Joiner {
    fn fields<'l>(&self, line: &'l [u8]) -> Vec<&'l [u8]> {
        match self.separator {
            Some(sep) => line.split(|&b| b == sep).collect(),
            None => line.fields_with(|c| c == ' ' || c == '\t').collect(),
        }
    }
    fn key(&self, side: usize, line: &[u8]) -> Vec<u8> {
        let key = self.fields(line).get(self.keys[side]).copied().unwrap_or_default();
        if self.fold { key.to_ascii_lowercase() } else { key.to_vec() }
    }
    fn show(&self, one: Option<&[u8]>, two: Option<&[u8]>) -> Vec<u8> {
        let sides = [one.map(|l| self.fields(l)), two.map(|l| self.fields(l))];
        let field = |side: usize, n: usize| -> BString {
            match sides[side].as_ref().and_then(|f| f.get(n)) {
                Some(text) if !text.is_empty() => (*text).into(),
                _ => self.empty.clone(),
            }
        };
        let key_side = usize::from(one.is_none());
        let mut out: Vec<BString> = Vec::new();
        match &self.format {
            Some(format) => {
                for &(side, n) in format {
                    out.push(if side == 2 { field(key_side, self.keys[key_side]) } else { field(side, n) });
                }
            }
            None => {
                out.push(field(key_side, self.keys[key_side]));
                for (side, fields) in sides.iter().enumerate() {
                    let Some(fields) = fields else { continue };
                    out.extend((0..fields.len()).filter(|&n| n != self.keys[side]).map(|n| field(side, n)));
                }
            }
        }
        bstr::join([self.separator.unwrap_or(b' ')], out)
    }
}

async fn join(c: Ctx, a: Args) -> Outcome {
    let [one, two] = match a.operands() {
        [one, two] => [one, two],
        [_, _, extra, ..] => return extra_operand(&c, extra.as_ref()).await,
        _ => return missing_operand(&c, &a).await,
    };
    let mut keys = [0usize; 2];
    for (side, name) in [(0, "1"), (1, "2"), (2, "j")] {
        let Some(text) = a.get(name) else { continue };
        match text.to_str().ok().and_then(|t| t.parse::<usize>().ok()).filter(|&n| n > 0) {
            Some(n) if side == 2 => keys = [n - 1; 2],
            Some(n) => keys[side] = n - 1,
            None => {
                c.complain(format_args!("invalid field number: {}", quote(text))).await?;
                return Ok(1);
            }
        }
    }
    let separator = match a.get("t") {
        None => None,
        Some(text) if text.is_empty() => Some(b'\n'),
        Some(text) if text == "\\0" => Some(0),
        Some(text) if text.len() == 1 => Some(text[0]),
        Some(text) => {
            c.complain(format_args!("multi-character tab {}", quote(text))).await?;
            return Ok(1);
        }
    };
    let (mut show, mut paired) = ([false; 2], true);
    for name in ["a", "v"] {
        for text in a.all(name) {
            match text.as_bytes() {
                b"1" => show[0] = true,
                b"2" => show[1] = true,
                _ => {
                    c.complain(format_args!("invalid file number: {}", quote(text))).await?;
                    return Ok(1);
                }
            }
            paired &= name == "a";
        }
    }
    let mut format = None;
    let mut automatic = false;
    for list in a.all("o") {
        if list == "auto" {
            automatic = true;
            continue;
        }
        let fields = format.get_or_insert_with(Vec::new);
        for spec in list.split(|b| matches!(b, b',' | b' ' | b'\t')) {
            let parsed = match spec {
                b"0" => Some((2, 0)),
                _ => spec.split_once_str(".").and_then(|(side, n)| {
                    let side = [&b"1"[..], b"2"].iter().position(|s| *s == side)?;
                    Some((side, n.to_str().ok()?.parse::<usize>().ok()?.checked_sub(1)?))
                }),
            };
            match parsed {
                Some(field) => fields.push(field),
                None if spec.split_once_str(".").is_some() => {
                    c.complain(format_args!("invalid file number in field spec: {}", quote(spec))).await?;
                    return Ok(1);
                }
                None => {
                    c.complain(format_args!("invalid field specifier: {}", quote(spec))).await?;
                    return Ok(1);
                }
            }
        }
    }
    let end = if a.has("zero-terminated") { 0 } else { b'\n' };
    let empty = a.get("e").map(BString::from).unwrap_or_default();
    let mut joiner = Joiner { separator, keys, fold: a.has("ignore-case"), format, empty };
    let Some(mut left) = Side::open(&c, one.as_ref(), end).await? else { return Ok(1) };
    let Some(mut right) = Side::open(&c, two.as_ref(), end).await? else { return Ok(1) };
    if automatic {
        let count = |s: &Side<'_>| s.line.as_ref().map_or(0, |l| joiner.fields(l).len());
        let mut fields = vec![(2, 0)];
        for (side, n) in [(0, count(&left)), (1, count(&right))] {
            fields.extend((0..n).filter(|f| *f != keys[side]).map(|f| (side, f)));
        }
        joiner.format = Some(fields);
    }
    let put = async |mut line: Vec<u8>| -> Result<(), Stop> {
        line.push(end);
        c.out(&line).await
    };
    if a.has("header") {
        let (x, y) = (left.next().await?, right.next().await?);
        put(joiner.show(x.as_deref(), y.as_deref())).await?;
    }
    let names = [one, two];
    let mut disorder = [false; 2];
    let mut unpaired = false;
    // Checks order as it goes: complaints only matter once something did not pair.
    let check = |joiner: &Joiner, side: usize, old: &[u8], new: &Option<Vec<u8>>| {
        new.as_ref().is_some_and(|new| joiner.key(side, old) > joiner.key(side, new))
    };
    loop {
        let (x, y) = match (&left.line, &right.line) {
            (None, None) => break,
            (x, y) => (x.as_ref().map(|l| joiner.key(0, l)), y.as_ref().map(|l| joiner.key(1, l))),
        };
        let order = match (&x, &y) {
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, _) => std::cmp::Ordering::Greater,
            (Some(x), Some(y)) => x.cmp(y),
        };
        if order.is_ne() {
            let n = usize::from(order.is_gt());
            unpaired |= x.is_some() && y.is_some();
            let side = if n == 0 { &mut left } else { &mut right };
            let old = side.next().await?.unwrap_or_default();
            if check(&joiner, n, &old, &side.line)
                && !disorder[n]
                && !a.has("nocheck-order")
                && (unpaired || a.has("check-order"))
            {
                disorder[n] = true;
                let (number, text) = (side.number, side.line.as_ref().map(|l| l.to_str_lossy().into_owned()));
                let text = text.unwrap_or_default();
                c.complain(format_args!("{}:{number}: is not sorted: {text}", names[n])).await?;
                if a.has("check-order") {
                    return Ok(1);
                }
            }
            if show[n] {
                let line = if n == 0 { joiner.show(Some(&old), None) } else { joiner.show(None, Some(&old)) };
                put(line).await?;
            }
            continue;
        }
        // All lines of this key, on both sides.
        let key = x.unwrap_or_default();
        let mut groups: [Vec<Vec<u8>>; 2] = [Vec::new(), Vec::new()];
        for (n, side) in [&mut left, &mut right].into_iter().enumerate() {
            while side.line.as_ref().is_some_and(|l| joiner.key(n, l) == key) {
                let old = side.next().await?.unwrap_or_default();
                if unpaired && !disorder[n] && !a.has("nocheck-order") && check(&joiner, n, &old, &side.line) {
                    disorder[n] = true;
                    let text = side.line.as_ref().map(|l| l.to_str_lossy().into_owned()).unwrap_or_default();
                    c.complain(format_args!("{}:{}: is not sorted: {text}", names[n], side.number)).await?;
                }
                groups[n].push(old);
            }
        }
        if paired {
            for x in &groups[0] {
                for y in &groups[1] {
                    put(joiner.show(Some(x), Some(y))).await?;
                }
            }
        }
    }
    if disorder.contains(&true) {
        c.complain("input is not in sorted order").await?;
        return Ok(1);
    }
    Ok(0)
}

async fn shuf(c: Ctx, a: Args) -> Outcome {
    let end = if a.has("zero-terminated") { 0 } else { b'\n' };
    let count = match a.get("head-count") {
        None => usize::MAX,
        Some(text) => match text.to_str().ok().and_then(|t| t.parse().ok()) {
            Some(n) => n,
            None => {
                c.complain(format_args!("invalid line count: {}", quote(text))).await?;
                return Ok(1);
            }
        },
    };
    let mut rng = c.read(|w| {
        let stream = crate::base::hash::hash_str("shuf") ^ u64::from(c.pid());
        crate::base::Rng::at(w.seed(), stream, w.now().micros())
    });
    if let Some(text) = a.get("input-range") {
        let range = text.split_once_str("-").and_then(|(low, high)| {
            Some((low.to_str().ok()?.parse::<u64>().ok()?, high.to_str().ok()?.parse::<u64>().ok()?))
        });
        let Some((low, high)) = range.filter(|(low, high)| *low <= high.saturating_add(1)) else {
            let high = text.split_once_str("-").filter(|(low, _)| low.iter().all(u8::is_ascii_digit));
            c.complain(format_args!("invalid input range: {}", quote(high.map_or(text, |h| h.1.into())))).await?;
            return Ok(1);
        };
        if let Some(extra) = a.operands().first() {
            return extra_operand(&c, extra.as_ref()).await;
        }
        // Floyd's way: a few of many cost only those few.
        let size = (high + 1).saturating_sub(low);
        if a.has("repeat") {
            let mut n = 0;
            while n < count && size > 0 {
                let line = format!("{}{}", low + rng.below(size), char::from(end));
                c.out(line).await?;
                n += 1;
            }
            return Ok(0);
        }
        let wanted = (count as u64).min(size);
        if wanted > crate::base::limits::EXPANSION_BYTES as u64 {
            c.complain("memory exhausted").await?;
            return Ok(1);
        }
        let mut moved = std::collections::BTreeMap::<u64, u64>::new();
        for i in 0..wanted {
            let j = i + rng.below(size - i);
            let (at_i, at_j) = (moved.get(&i).copied().unwrap_or(i), moved.get(&j).copied().unwrap_or(j));
            moved.insert(j, at_i);
            c.out(format!("{}{}", low + at_j, char::from(end))).await?;
        }
        return Ok(0);
    }
    let mut lines: Vec<BString> = Vec::new();
    if a.has("echo") {
        lines = a.operands().to_vec();
    } else {
        if let Some(extra) = a.operands().get(1) {
            return usage(&c, 1, format_args!("extra operand {}", quote(extra))).await;
        }
        let path = a.inputs().remove(0);
        let Some(mut side) = Side::open(&c, path.as_ref(), end).await? else { return Ok(1) };
        while let Some(line) = side.next().await? {
            lines.push(line.into());
        }
    }
    if a.has("repeat") {
        if lines.is_empty() {
            c.complain("no lines to repeat").await?;
            return Ok(1);
        }
        let mut n = 0;
        while n < count {
            let mut line = lines[rng.below(lines.len() as u64) as usize].clone();
            line.push(end);
            c.out(&line).await?;
            n += 1;
        }
        return Ok(0);
    }
    let size = lines.len();
    for i in 0..size.min(count) {
        let j = i + rng.below((size - i) as u64) as usize;
        lines.swap(i, j);
        let mut line = lines[i].clone();
        line.push(end);
        c.out(&line).await?;
    }
    Ok(0)
}
