use bstr::{BStr, ByteSlice};

use crate::base::calendar::{MICROS, days_of};
use crate::base::quote::{quote, quoteaf};
use crate::commands::support::{one_of, times, usage};
use crate::program::{Args, Command, Ctx, Example, Opt, Outcome};
use crate::world::Errno;
use crate::world::sys::OpenFlags;

pub const COMMAND: Command = Command {
    name: "touch",
    summary: "Update the access and modification times of each FILE to the current time.",
    usage: &["[OPTION]... FILE..."],
    options: &[
        Opt::flag('a', "", "change only the access time"),
        Opt::flag('c', "no-create", "do not create any files"),
        Opt::value('d', "date", "STRING", "parse STRING and use it instead of current time"),
        Opt::flag('f', "", "(ignored)").accepted(),
        Opt::flag('h', "no-dereference", "affect each symbolic link instead of any referenced file"),
        Opt::flag('m', "", "change only the modification time"),
        Opt::value('r', "reference", "FILE", "use this file's times instead of current time"),
        Opt::value('t', "", "STAMP", "use [[CC]YY]MMDDhhmm[.ss] instead of current time"),
        Opt::long_value("time", "WORD", "change the specified time: access, atime, use, modify, mtime"),
    ],
    examples: &[Example {
        run: "touch -d '2026-03-01 10:00' f; stat -c %y f",
        prints: "2026-03-01 10:00:00.000000000 +0000\n",
    }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

async fn main(c: Ctx, a: Args) -> Outcome {
    if a.operands().is_empty() {
        return usage(&c, 1, "missing file operand").await;
    }
    let (mut access, mut modify) = (a.has("a"), a.has("m"));
    if let Some(word) = a.get("time") {
        let words = [("atime", "a"), ("access", "a"), ("use", "a"), ("mtime", "m"), ("modify", "m")];
        match one_of(&c, "--time", word, &words, 1).await? {
            Ok("a") => access = true,
            Ok(_) => modify = true,
            Err(status) => return Ok(status),
        }
    }
    if !access && !modify {
        (access, modify) = (true, true);
    }
    let follow = !a.has("no-dereference");
    let now = times::micros(c.now());
    let (mut atime, mut mtime) = (now, now);
    if let Some(path) = a.get("reference") {
        match c.sys(|s| if follow { s.stat(path) } else { s.lstat(path) }) {
            Ok(stat) => (atime, mtime) = (times::micros(stat.atime), times::micros(stat.mtime)),
            Err(errno) => {
                c.complain(format_args!("failed to get attributes of {}: {errno}", quoteaf(path))).await?;
                return Ok(1);
            }
        }
    }
    if let Some(text) = a.get("date") {
        let zone = times::zone(&c);
        let read = |base: i64| text.to_str().ok().and_then(|t| crate::base::getdate::parse_date(t, base, &zone));
        let (Some(x), Some(y)) = (read(atime), read(mtime)) else {
            c.complain(format_args!("invalid date format {}", quote(text))).await?;
            return Ok(1);
        };
        (atime, mtime) = (x, y);
    }
    if let Some(text) = a.get("t") {
        let Some(t) = stamp(&c, text) else {
            c.complain(format_args!("invalid date format {}", quote(text))).await?;
            return Ok(1);
        };
        (atime, mtime) = (t, t);
    }
    let mut status = 0;
    for path in a.operands() {
        let path: &BStr = path.as_ref();
        let exists = c.sys(|s| if follow { s.stat(path) } else { s.lstat(path) });
        if exists == Err(Errno::ENOENT) {
            if a.has("no-create") {
                continue;
            }
            if !follow {
                c.complain(format_args!("setting times of {}: {}", quoteaf(path), Errno::ENOENT)).await?;
                status = 1;
                continue;
            }
            match c.sys(|s| s.open(path, OpenFlags { truncate: false, ..OpenFlags::WRITE }, 0o666)) {
                Ok(fd) => c.close_input(fd),
                Err(errno) => {
                    c.complain(format_args!("cannot touch {}: {errno}", quoteaf(path))).await?;
                    status = 1;
                    continue;
                }
            }
        }
        let (x, y) = (access.then(|| times::sim_time(atime)), modify.then(|| times::sim_time(mtime)));
        match c.sys(|s| s.set_times(path, x, y, follow)) {
            Ok(()) => {}
            Err(errno) if exists.is_err() => {
                c.complain(format_args!("cannot touch {}: {errno}", quoteaf(path))).await?;
                status = 1;
            }
            Err(errno) => {
                // With a time of its own, only the owner may; without one, whoever may write.
                let own = a.has("date") || a.has("reference") || a.has("t");
                let errno = if errno == Errno::EPERM && !own { Errno::EACCES } else { errno };
                let what = if own || errno != Errno::EACCES { "setting times of" } else { "cannot touch" };
                c.complain(format_args!("{what} {}: {errno}", quoteaf(path))).await?;
                status = 1;
            }
        }
    }
    Ok(status)
}

/// `[[CC]YY]MMDDhhmm[.ss]`
fn stamp(c: &Ctx, text: &BStr) -> Option<i64> {
    let text = text.to_str().ok()?;
    let (main, seconds) = match text.split_once('.') {
        Some((main, s)) if s.len() == 2 => (main, s.parse::<i64>().ok()?),
        Some(_) => return None,
        None => (text, 0),
    };
    if !main.bytes().all(|b| b.is_ascii_digit()) || ![8, 10, 12].contains(&main.len()) || seconds > 60 {
        return None;
    }
    let zone = times::zone(c);
    let (year, rest) = main.split_at(main.len() - 8);
    let year = match year.len() {
        0 => times::civil(c.now(), &zone).year,
        2 => {
            let y: i64 = year.parse().ok()?;
            y + if y < 69 { 2000 } else { 1900 }
        }
        _ => year.parse().ok()?,
    };
    let part = |n: usize| rest[2 * n..2 * n + 2].parse::<i64>().ok();
    let (month, day, hour, minute) = (part(0)?, part(1)?, part(2)?, part(3)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 {
        return None;
    }
    let local = days_of(year, month as u8, day) * 86_400 + hour * 3600 + minute * 60 + seconds;
    Some(zone.instant(local) * MICROS)
}
