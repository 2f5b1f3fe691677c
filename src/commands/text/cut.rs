use bstr::{BString, ByteSlice};

use crate::base::quote::quote;
use crate::commands::support::{Source, usage};
use crate::program::{Args, Command, Ctx, Example, Opt, Outcome};

pub const COMMAND: Command = Command {
    name: "cut",
    summary: "Print selected parts of lines from each FILE to standard output.",
    usage: &["OPTION... [FILE]..."],
    options: &[
        Opt::value('b', "bytes", "LIST", "select only these bytes"),
        Opt::value('c', "characters", "LIST", "select only these characters"),
        Opt::value('d', "delimiter", "DELIM", "use DELIM instead of TAB for field delimiter"),
        Opt::value('f', "fields", "LIST", "select only these fields; also print any line that contains no delimiter"),
        Opt::flag('n', "", "(ignored)").accepted(),
        Opt::long("complement", "complement the set of selected bytes, characters or fields"),
        Opt::flag('s', "only-delimited", "do not print lines not containing delimiters"),
        Opt::long_value("output-delimiter", "STRING", "use STRING as the output delimiter"),
        Opt::flag('z', "zero-terminated", "line delimiter is NUL, not newline"),
    ],
    examples: &[Example { run: "echo a:b:c | cut -d: -f1,3", prints: "a:c\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

async fn main(c: Ctx, a: Args) -> Outcome {
    let lists = a.all("bytes").len() + a.all("characters").len() + a.all("fields").len();
    if lists == 0 {
        return usage(&c, 1, "you must specify a list of bytes, characters, or fields").await;
    }
    if lists > 1 {
        return usage(&c, 1, "only one list may be specified").await;
    }
    let fields = a.get("fields");
    let text = fields.or(a.get("bytes")).or(a.get("characters")).unwrap_or_default();
    let delimiter = match a.get("delimiter") {
        None => b'\t',
        Some(d) if d.is_empty() => 0,
        Some(d) if d.len() == 1 => d[0],
        Some(_) => return usage(&c, 1, "the delimiter must be a single character").await,
    };
    if fields.is_none() {
        if a.has("delimiter") {
            return usage(&c, 1, "an input delimiter may be specified only when operating on fields").await;
        }
        if a.has("only-delimited") {
            let text = "suppressing non-delimited lines makes sense\n\tonly when operating on fields";
            return usage(&c, 1, text).await;
        }
    }
    let mut ranges = match parse(text, fields.is_some()) {
        Ok(ranges) => ranges,
        Err(text) => return usage(&c, 1, text).await,
    };
    if a.has("complement") {
        ranges = complement(&ranges);
    }
    let end = if a.has("zero-terminated") { 0 } else { b'\n' };
    let own = a.get("output-delimiter").map(BString::from);
    let between: BString = own.clone().unwrap_or_else(|| vec![delimiter].into());
    let mut source = Source::new(&c, &a, end);
    let mut out = Vec::new();
    while let Some(line) = source.line().await? {
        out.clear();
        let whole = line.len() as u64;
        let line = line.strip_suffix(&[end]).unwrap_or(line);
        if fields.is_some() {
            if line.find_byte(delimiter).is_none() {
                if a.has("only-delimited") {
                    continue;
                }
                out.extend_from_slice(line);
            } else {
                let mut wanted = ranges.iter().peekable();
                let mut first = true;
                for (n, field) in (1u64..).zip(line.split(|&b| b == delimiter)) {
                    while wanted.peek().is_some_and(|r| r.1 < n) {
                        wanted.next();
                    }
                    match wanted.peek() {
                        None => break,
                        Some(r) if r.0 <= n => {
                            if !first {
                                out.extend_from_slice(&between);
                            }
                            first = false;
                            out.extend_from_slice(field);
                        }
                        _ => {}
                    }
                }
            }
        } else {
            for (n, &(from, to)) in ranges.iter().enumerate() {
                let from = (from - 1).min(line.len() as u64) as usize;
                let to = to.min(line.len() as u64) as usize;
                if from >= to {
                    break;
                }
                if n > 0
                    && let Some(own) = &own
                {
                    out.extend_from_slice(own);
                }
                out.extend_from_slice(&line[from..to]);
            }
        }
        out.push(end);
        c.work(whole * 2).await?;
        c.out(&out).await?;
    }
    Ok(source.status())
}

/// `1,3-5,7-`: sorted, and merged where they touch; the error is GNU's text.
fn parse(text: &[u8], fields: bool) -> Result<Vec<(u64, u64)>, String> {
    let kind = if fields { "field" } else { "byte/character position" };
    let mut out: Vec<(u64, u64)> = Vec::new();
    for part in text.split(|b| matches!(b, b',' | b' ' | b'\t')) {
        let bad = || {
            if fields {
                format!("invalid field value {}", quote(part))
            } else {
                format!("invalid byte/character position {}", quote(part))
            }
        };
        let number = |t: &[u8]| -> Result<Option<u64>, String> {
            if t.is_empty() {
                return Ok(None);
            }
            if !t.iter().all(u8::is_ascii_digit) {
                return Err(bad());
            }
            let n = t.to_str().ok().and_then(|t| t.parse().ok()).ok_or_else(|| {
                let what = if fields { "field number" } else { "byte/character offset" };
                format!("{what} {} is too large", quote(t))
            })?;
            Ok(Some(n))
        };
        let (from, to) = match part.split_once_str("-") {
            None => {
                let n = number(part)?;
                (n.or(Some(0)), n.or(Some(0)))
            }
            Some((b"", b"")) => return Err("invalid range with no endpoint: -".into()),
            Some((from, to)) => (number(from)?.or(Some(1)), number(to)?),
        };
        let (from, to) = (from.unwrap_or(1), to.unwrap_or(u64::MAX));
        if from == 0 {
            return Err(if fields {
                "fields are numbered from 1".into()
            } else {
                format!("{kind}s are numbered from 1")
            });
        }
        if to < from {
            return Err("invalid decreasing range".into());
        }
        out.push((from, to));
    }
    out.sort_unstable();
    let mut merged: Vec<(u64, u64)> = Vec::new();
    for (from, to) in out {
        match merged.last_mut() {
            // Ranges that only touch stay apart: an output delimiter stands between them.
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => merged.push((from, to)),
        }
    }
    Ok(merged)
}

fn complement(ranges: &[(u64, u64)]) -> Vec<(u64, u64)> {
    let mut out = Vec::new();
    let mut next = 1u64;
    for &(from, to) in ranges {
        if from > next {
            out.push((next, from - 1));
        }
        next = to.saturating_add(1);
    }
    if next < u64::MAX {
        out.push((next, u64::MAX));
    }
    out
}
