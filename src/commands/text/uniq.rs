use bstr::{BStr, ByteSlice};

use crate::base::quote::{quote, quotef};
use crate::commands::support::{extra_operand, one_of};
use crate::program::args::Syntax;
use crate::program::{Args, Command, Ctx, Example, Lines, Opt, Outcome};
use crate::world::sys::OpenFlags;

pub const COMMAND: Command = Command {
    name: "uniq",
    summary: "Filter adjacent matching lines from INPUT (or standard input), writing to OUTPUT (or standard output).",
    usage: &["[OPTION]... [INPUT [OUTPUT]]"],
    options: &[
        Opt::flag('c', "count", "prefix lines by the number of occurrences"),
        Opt::flag('d', "repeated", "only print duplicate lines, one for each group"),
        Opt::flag('D', "", "print all duplicate lines"),
        Opt::long("all-repeated", "like -D, but allow separating groups with an empty line").optional("METHOD"),
        Opt::value('f', "skip-fields", "N", "avoid comparing the first N fields"),
        Opt::long("group", "show all items, separating groups with an empty line").optional("METHOD"),
        Opt::flag('i', "ignore-case", "ignore differences in case when comparing"),
        Opt::value('s', "skip-chars", "N", "avoid comparing the first N characters"),
        Opt::flag('u', "unique", "only print unique lines"),
        Opt::flag('z', "zero-terminated", "line delimiter is NUL, not newline"),
        Opt::value('w', "check-chars", "N", "compare no more than N characters in lines"),
    ],
    syntax: Syntax::Number("skip-fields"),
    examples: &[Example { run: "printf 'a\\na\\nb\\n' | uniq -c", prints: "      2 a\n      1 b\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

async fn main(c: Ctx, a: Args) -> Outcome {
    let mut numbers = [0usize, 0, usize::MAX];
    for (slot, (name, what)) in
        [("skip-fields", "fields to skip"), ("skip-chars", "bytes to skip"), ("check-chars", "bytes to compare")]
            .into_iter()
            .enumerate()
    {
        if let Some(text) = a.get(name) {
            match text.to_str().ok().and_then(|t| t.trim_start().parse().ok()) {
                Some(n) => numbers[slot] = n,
                None if !text.is_empty() && text.iter().all(u8::is_ascii_digit) => numbers[slot] = usize::MAX,
                None => {
                    c.complain(format_args!("{text}: invalid number of {what}")).await?;
                    return Ok(1);
                }
            }
        }
    }
    let [fields, chars, width] = numbers;
    let method = |name: &'static str, words: &'static [(&'static str, &'static str)]| {
        let (c, a) = (&c, &a);
        async move {
            match a.get(name) {
                Some(word) => one_of(c, &format!("--{name}"), word, words, 1).await,
                None => Ok(Ok("")),
            }
        }
    };
    let group = match method(
        "group",
        &[("prepend", "prepend"), ("append", "append"), ("separate", "separate"), ("both", "both")],
    )
    .await?
    {
        Ok("") => {
            if a.has("group") {
                "separate"
            } else {
                ""
            }
        }
        Ok(word) => word,
        Err(status) => return Ok(status),
    };
    let all =
        match method("all-repeated", &[("none", "none"), ("prepend", "prepend"), ("separate", "separate")]).await? {
            Ok("") => {
                if a.has("all-repeated") || a.has("D") {
                    "none"
                } else {
                    ""
                }
            }
            Ok(word) => word,
            Err(status) => return Ok(status),
        };
    let hint = format!("Try '{}' for more information.\n", format_args!("{} --help", c.called()));
    if !group.is_empty() && (a.has("count") || a.has("repeated") || a.has("unique") || !all.is_empty()) {
        c.complain("--group is mutually exclusive with -c/-d/-D/-u").await?;
        c.err(hint).await?;
        return Ok(1);
    }
    if !all.is_empty() && a.has("count") {
        c.complain("printing all duplicated lines and repeat counts is meaningless").await?;
        c.err(hint).await?;
        return Ok(1);
    }
    if let Some(extra) = a.operands().get(2) {
        return extra_operand(&c, extra.as_ref()).await;
    }
    let input = a.operands().first().map_or(BStr::new("-"), |p| p.as_ref());
    let fd = match c.open_input(input) {
        Ok(fd) => fd,
        Err(errno) => {
            c.complain(format_args!("{}: {errno}", quotef(input))).await?;
            return Ok(1);
        }
    };
    if let Some(path) = a.operands().get(1).filter(|p| *p != "-") {
        match c.sys(|s| s.open(path.as_ref(), OpenFlags::WRITE, 0o666).and_then(|fd| s.dup2(fd, 1))) {
            Ok(()) => {}
            Err(errno) => {
                c.complain(format_args!("{}: {errno}", quotef(path))).await?;
                return Ok(1);
            }
        }
    }
    let end = if a.has("zero-terminated") { 0 } else { b'\n' };
    let (only_repeated, only_unique) = (a.has("repeated"), a.has("unique"));
    let fold = a.has("ignore-case");
    let part = |line: &[u8]| -> Vec<u8> {
        let mut at = 0;
        for _ in 0..fields.min(line.len() + 1) {
            at += line[at..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
            at += line[at..].iter().take_while(|b| !matches!(b, b' ' | b'\t')).count();
        }
        at = at.saturating_add(chars).min(line.len());
        let text = &line[at..at.saturating_add(width).min(line.len())];
        if fold { text.to_ascii_uppercase() } else { text.to_vec() }
    };
    let plain = fields == 0 && chars == 0 && width == usize::MAX && !fold;
    let mut lines = Lines::delimited(&c, fd, end);
    let mut held: Option<(Vec<u8>, Vec<u8>, u64)> = None;
    // Groups printed so far, for the empty lines between them.
    let mut groups = 0u64;
    loop {
        let line = match lines.line().await? {
            Ok(line) => line,
            Err(errno) => {
                let name = if input == "-" { BStr::new("-") } else { input };
                c.complain(format_args!("error reading {}: {errno}", quote(name))).await?;
                return Ok(1);
            }
        };
        let line = line.map(|l| l.strip_suffix(&[end]).unwrap_or(l));
        let same = match (&held, line) {
            (Some((_, key, _)), Some(line)) => {
                if plain {
                    key == line
                } else {
                    *key == part(line)
                }
            }
            _ => false,
        };
        if same {
            if let (Some(held), Some(line)) = (&mut held, line) {
                held.2 += 1;
                let separate = if held.2 == 2 && !all.is_empty() {
                    let blank = all == "prepend" || all == "separate" && groups > 0;
                    groups += 1;
                    let mut out = if blank { vec![end] } else { Vec::new() };
                    out.extend_from_slice(&held.0);
                    out.push(end);
                    out
                } else {
                    Vec::new()
                };
                if !all.is_empty() || !group.is_empty() {
                    let mut out = separate;
                    out.extend_from_slice(line);
                    out.push(end);
                    c.out(&out).await?;
                }
            }
            continue;
        }
        if let Some((text, _, count)) = held.take()
            && all.is_empty()
            && group.is_empty()
        {
            let show = match (only_repeated, only_unique) {
                (false, false) => true,
                (true, false) => count > 1,
                (false, true) => count == 1,
                (true, true) => false,
            };
            if show {
                let mut out = if a.has("count") { format!("{count:7} ").into_bytes() } else { Vec::new() };
                out.extend_from_slice(&text);
                out.push(end);
                c.out(&out).await?;
            }
        }
        let Some(line) = line else { break };
        if !group.is_empty() {
            let mut out = Vec::new();
            if groups > 0 || group == "prepend" || group == "both" {
                out.push(end);
            }
            groups += 1;
            out.extend_from_slice(line);
            out.push(end);
            c.out(&out).await?;
        }
        let key = if plain { line.to_vec() } else { part(line) };
        held = Some((line.to_vec(), key, 1));
    }
    if groups > 0 && (group == "append" || group == "both") {
        c.out([end]).await?;
    }
    Ok(0)
}
