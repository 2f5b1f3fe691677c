use bstr::{BStr, ByteSlice};

use crate::base::calendar::Civil;
use crate::base::getdate::parse_date;
use crate::base::quote::{quote, quotef};
use crate::base::zone::Zone;
use crate::commands::support::{one_of, times, usage};
use crate::program::{Args, Command, Ctx, Example, Lines, Opt, Outcome};

pub const COMMAND: Command = Command {
    name: "date",
    summary: "Display date and time in the given FORMAT.",
    usage: &["[OPTION]... [+FORMAT]", "[-u|--utc|--universal] [MMDDhhmm[[CC]YY][.ss]]"],
    options: &[
        Opt::value('d', "date", "STRING", "display time described by STRING, not 'now'"),
        Opt::long("debug", "annotate the parsed date, and warn about questionable usage to stderr").unmodelled(),
        Opt::value('f', "file", "DATEFILE", "like --date; once for each line of DATEFILE"),
        Opt::flag('I', "iso-8601", "output date/time in ISO 8601 format").optional("FMT"),
        Opt::long("resolution", "output the available resolution of timestamps"),
        Opt::flag('R', "rfc-email", "output date and time in RFC 5322 format"),
        Opt::long("rfc-822", "as -R"),
        Opt::long("rfc-2822", "as -R"),
        Opt::long_value("rfc-3339", "FMT", "output date/time in RFC 3339 format"),
        Opt::value('r', "reference", "FILE", "display the last modification time of FILE"),
        Opt::value('s', "set", "STRING", "set time described by STRING"),
        Opt::flag('u', "utc", "print or set Coordinated Universal Time (UTC)"),
        Opt::long("universal", "print or set Coordinated Universal Time (UTC)"),
    ],
    examples: &[Example { run: "date -d '2026-03-12 03:07 UTC + 90 min' +%T", prints: "04:37:00\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

async fn main(c: Ctx, a: Args) -> Outcome {
    let zone = if a.has("utc") || a.has("universal") { Zone::utc() } else { times::zone(&c) };
    if a.has("resolution") {
        return c.out("0.000001000\n").await.map(|()| 0);
    }
    let mut format: Vec<u8> = b"%a %b %e %H:%M:%S %Z %Y".to_vec();
    if let Some((option, value)) =
        a.given().iter().rev().find(|(o, _)| {
            o.is("iso-8601") || o.is("rfc-email") || o.is("rfc-822") || o.is("rfc-2822") || o.is("rfc-3339")
        })
    {
        let words =
            [("hours", "hours"), ("minutes", "minutes"), ("date", "date"), ("seconds", "seconds"), ("ns", "ns")];
        let word = match value {
            None if option.is("iso-8601") => "date",
            None => "",
            Some(word) => {
                let name = format!("--{}", option.long);
                let words = if option.is("iso-8601") { &words[..] } else { &words[2..] };
                match one_of(&c, &name, word.as_ref(), words, 1).await? {
                    Ok(word) => word,
                    Err(status) => return Ok(status),
                }
            }
        };
        let text = match (option.long, word) {
            ("iso-8601", "date") | ("rfc-3339", "date") => "%Y-%m-%d",
            ("iso-8601", "hours") => "%Y-%m-%dT%H%:z",
            ("iso-8601", "minutes") => "%Y-%m-%dT%H:%M%:z",
            ("iso-8601", "seconds") => "%Y-%m-%dT%H:%M:%S%:z",
            ("iso-8601", _) => "%Y-%m-%dT%H:%M:%S,%N%:z",
            ("rfc-3339", "seconds") => "%Y-%m-%d %H:%M:%S%:z",
            ("rfc-3339", _) => "%Y-%m-%d %H:%M:%S.%N%:z",
            _ => "%a, %d %b %Y %H:%M:%S %z",
        };
        format = text.into();
    }
    let mut set_by_operand = None;
    for (n, operand) in a.operands().iter().enumerate() {
        match operand.strip_prefix(b"+") {
            Some(text) if n == 0 => format = text.to_vec(),
            Some(_) | None if n > 0 => {
                return usage(&c, 1, format_args!("extra operand {}", quote(operand))).await;
            }
            _ => set_by_operand = Some(operand),
        }
    }
    let sources = ["date", "file", "reference"].iter().filter(|o| a.has(o)).count();
    if sources > 1 {
        return usage(&c, 1, "the options to specify dates for printing are mutually exclusive").await;
    }
    let now = times::micros(c.now());
    if let Some(operand) = set_by_operand {
        if a.has("date") || a.has("reference") || a.has("file") {
            let text = format!(
                "the argument {} lacks a leading '+';\nwhen using an option to specify date(s), any non-option\nargument must be a format string beginning with '+'",
                quote(operand)
            );
            return usage(&c, 1, text).await;
        }
        let digits = operand.split_once_str(".").map_or(&operand[..], |(d, _)| d);
        if !digits.iter().all(u8::is_ascii_digit) || ![8, 10, 12].contains(&digits.len()) {
            c.complain(format_args!("invalid date {}", quote(operand))).await?;
            return Ok(1);
        }
    }
    if let Some(text) = a.get("set")
        && parse_date(&text.to_str_lossy(), now, &zone).is_none()
    {
        c.complain(format_args!("invalid date {}", quote(text))).await?;
        return Ok(1);
    }
    if set_by_operand.is_some() || a.has("set") {
        // Nobody sets the clock of a simulated fleet: it is one clock.
        if c.uid() == 0 {
            c.note_unmodelled("date: setting the clock");
            c.complain("setting the clock is real, but not modelled in this simulation").await?;
        } else {
            c.complain("cannot set date: Operation not permitted").await?;
        }
        return Ok(1);
    }
    let show = |t: i64| {
        let mut line = Civil::new(t, &zone).format(&format);
        line.push(b'\n');
        line
    };
    if let Some(path) = a.get("file") {
        let fd = match c.open_input(path) {
            Ok(fd) => fd,
            Err(errno) => {
                c.complain(format_args!("{}: {errno}", quotef(path))).await?;
                return Ok(1);
            }
        };
        let mut lines = Lines::new(&c, fd);
        let mut status = 0;
        while let Ok(Some(line)) = lines.next().await? {
            let text = BStr::new(line.strip_suffix(b"\n").unwrap_or(&line));
            match parse_date(&text.to_str_lossy(), now, &zone) {
                Some(t) => c.out(show(t)).await?,
                None => {
                    c.complain(format_args!("invalid date {}", quote(text))).await?;
                    status = 1;
                }
            }
        }
        return Ok(status);
    }
    let t = if let Some(path) = a.get("reference") {
        match c.sys(|s| s.stat(path)) {
            Ok(stat) => times::micros(stat.mtime),
            Err(errno) => {
                c.complain(format_args!("{}: {errno}", quotef(path))).await?;
                return Ok(1);
            }
        }
    } else if let Some(text) = a.get("date") {
        match text.to_str().ok().and_then(|t| parse_date(t, now, &zone)) {
            Some(t) => t,
            None => {
                c.complain(format_args!("invalid date {}", quote(text))).await?;
                return Ok(1);
            }
        }
    } else {
        now
    };
    c.out(show(t)).await.map(|()| 0)
}
