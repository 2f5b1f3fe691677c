use bstr::{BString, ByteSlice};
use unicode_width::UnicodeWidthStr;

use crate::base::quote::quotef;
use crate::program::{Args, Command, Ctx, Example, Lines, Opt, Outcome};

pub const COMMAND: Command = Command {
    name: "column",
    package: "bsdmainutils",
    summary: "Columnate lists.",
    usage: &["[options] [<file>...]"],
    options: &[
        Opt::flag('t', "table", "create a table"),
        Opt::value('n', "table-name", "name", "table name for JSON output").unmodelled(),
        Opt::value('O', "table-order", "columns", "specify order of output columns").unmodelled(),
        Opt::value('C', "table-column", "properties", "define column").unmodelled(),
        Opt::value('N', "table-columns", "names", "comma separated columns names"),
        Opt::value('R', "table-right", "columns", "right align text in these columns"),
        Opt::value('H', "table-hide", "columns", "don't print the columns").unmodelled(),
        Opt::flag('d', "table-noheadings", "don't print header"),
        Opt::flag('J', "json", "use JSON output format for table").unmodelled(),
        Opt::value('c', "output-width", "width", "width of output in number of characters"),
        Opt::value('o', "output-separator", "string", "columns separator for table output (default is two spaces)"),
        Opt::value('s', "separator", "string", "possible table delimiters"),
        Opt::flag('x', "fillrows", "fill rows before columns"),
        Opt::flag('L', "keep-empty-lines", "don't ignore empty lines"),
        Opt::value('l', "table-columns-limit", "num", "maximal number of input columns"),
    ],
    examples: &[Example { run: "printf 'a bb\\nccc d\\n' | column -t", prints: "a    bb\nccc  d\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

async fn main(c: Ctx, a: Args) -> Outcome {
    let mut lines: Vec<BString> = Vec::new();
    let mut status = 0;
    for path in a.inputs() {
        let fd = match c.open_input(path.as_ref()) {
            Ok(fd) => fd,
            Err(errno) => {
                c.complain(format_args!("{}: {errno}", quotef(&path))).await?;
                status = 1;
                continue;
            }
        };
        let mut reader = Lines::new(&c, fd);
        while let Ok(Some(line)) = reader.line().await? {
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            if a.has("keep-empty-lines") || !line.trim_ascii().is_empty() {
                lines.push(line.into());
            }
        }
        c.close_input(fd);
    }
    c.work(lines.iter().map(|l| l.len() as u64 * 10).sum()).await?;
    let width = |text: &BString| text.to_str_lossy().width();
    let mut out = BString::default();
    if a.has("table") {
        let separator = a.get("separator").map(BString::from);
        let most = a.get("table-columns-limit").and_then(|t| t.to_str().ok()?.parse::<usize>().ok());
        let mut rows: Vec<Vec<BString>> = Vec::new();
        if let Some(names) = a.get("table-columns")
            && !a.has("table-noheadings")
        {
            rows.push(names.split_str(",").map(BString::from).collect());
        }
        for line in &lines {
            let mut cells: Vec<BString> = match &separator {
                // A given separator splits at each; blanks are skipped in runs.
                Some(set) => line.split(|b| set.contains(b)).map(BString::from).collect(),
                None => line.fields_with(|c| c == ' ' || c == '\t').map(BString::from).collect(),
            };
            if let Some(most) = most.filter(|m| *m > 0 && cells.len() > *m) {
                let tail = bstr::join(" ", &cells[most - 1..]);
                cells.truncate(most - 1);
                cells.push(tail.into());
            }
            rows.push(cells);
        }
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> =
            (0..columns).map(|n| rows.iter().filter_map(|r| r.get(n)).map(width).max().unwrap_or(0)).collect();
        let between = a.get("output-separator").map_or(BString::from("  "), BString::from);
        let right: Vec<usize> = a
            .get("table-right")
            .map(|t| t.split_str(",").filter_map(|n| n.to_str().ok()?.parse().ok()).collect())
            .unwrap_or_default();
        for row in &rows {
            for (n, wide) in widths.iter().enumerate() {
                let cell = row.get(n).cloned().unwrap_or_default();
                let fill = wide - width(&cell);
                let last = n + 1 == columns;
                if right.contains(&(n + 1)) {
                    out.extend(std::iter::repeat_n(b' ', fill));
                    out.extend_from_slice(&cell);
                } else {
                    out.extend_from_slice(&cell);
                    if !last {
                        out.extend(std::iter::repeat_n(b' ', fill));
                    }
                }
                if !last {
                    out.extend_from_slice(&between);
                }
            }
            out.push(b'\n');
        }
        return c.out(&out).await.map(|()| status);
    }
    let total = a.get("output-width").and_then(|t| t.to_str().ok()?.parse::<usize>().ok());
    let total = total.or_else(|| c.env("COLUMNS")?.to_str().ok()?.parse().ok());
    let total = total.or_else(|| c.window().map(|w| usize::from(w.0))).unwrap_or(80).max(1);
    let widest = lines.iter().map(width).max().unwrap_or(0);
    // Columns stand at tab stops.
    let step = (widest + 8) / 8 * 8;
    if widest >= total {
        for line in &lines {
            out.extend_from_slice(line);
            out.push(b'\n');
        }
        return c.out(&out).await.map(|()| status);
    }
    let count = (total / step).max(1);
    let rows = lines.len().div_ceil(count);
    for row in 0..rows {
        let mut at = 0;
        for k in 0..count {
            let n = if a.has("fillrows") { row * count + k } else { k * rows + row };
            let Some(line) = lines.get(n) else { break };
            while at < k * step {
                out.push(b'\t');
                at = (at / 8 + 1) * 8;
            }
            out.extend_from_slice(line);
            at += width(line);
        }
        out.push(b'\n');
    }
    c.out(&out).await.map(|()| status)
}
