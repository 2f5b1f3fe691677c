//! What several programs share: inputs of filters, complaints in GNU's words, modes, times, trees. No rows here.

pub mod mode;
pub mod owner;
pub mod source;
pub mod times;
pub mod tree;

use std::fmt;

use bstr::{BStr, BString, ByteSlice};

use crate::base::quote::{quote, quotef};
use crate::program::{Args, Ctx, Outcome, Stop};
use crate::world::Errno;

pub use source::Source;

/// A usage error: the complaint, GNU's pointer to `--help`, and the status.
pub async fn usage(c: &Ctx, status: u8, text: impl fmt::Display) -> Outcome {
    c.complain(text).await?;
    let called = c.called();
    c.err(format!("Try '{called} --help' for more information.\n")).await?;
    Ok(status)
}

/// `name: file: No such file or directory`.
pub async fn complain_file(c: &Ctx, path: &BStr, errno: Errno) -> Result<(), Stop> {
    c.complain(format_args!("{}: {errno}", quotef(path))).await
}

/// `missing operand`, or `missing operand after ‘x’` when one of two is there.
pub async fn missing_operand(c: &Ctx, a: &Args) -> Outcome {
    match a.operands().last() {
        None => usage(c, 1, "missing operand").await,
        Some(last) => usage(c, 1, format_args!("missing operand after {}", quote(last))).await,
    }
}

pub async fn extra_operand(c: &Ctx, operand: &BStr) -> Outcome {
    usage(c, 1, format_args!("extra operand {}", quote(operand))).await
}

/// A name in a directory.
pub fn join(dir: &BStr, name: &BStr) -> BString {
    let mut path = BString::from(dir);
    if !path.is_empty() && !path.ends_with(b"/") {
        path.push(b'/');
    }
    path.extend_from_slice(name);
    path
}

/// The last name of a path, without slashes after it; `/` for the root.
pub fn base_name(path: &BStr) -> &BStr {
    let trimmed = path.trim_end_with(|c| c == '/');
    if trimmed.is_empty() {
        return BStr::new(if path.is_empty() { "" } else { "/" });
    }
    BStr::new(trimmed.rsplit_str("/").next().unwrap_or(trimmed))
}

/// Asks on standard error and reads the answer from standard input: `y` or `Y` first is yes.
pub async fn confirm(c: &Ctx, question: impl fmt::Display) -> Result<bool, Stop> {
    let called = c.called();
    c.err(format!("{called}: {question}? ")).await?;
    said_yes(c).await
}

/// Reads a line from standard input, not a byte more: does it begin with y?
pub async fn said_yes(c: &Ctx) -> Result<bool, Stop> {
    let mut answer = Vec::new();
    loop {
        match c.read_fd(0, 1).await? {
            Ok(byte) if byte.is_empty() || byte[0] == b'\n' => break,
            Ok(byte) => answer.extend(byte),
            Err(_) => break,
        }
    }
    Ok(matches!(answer.first(), Some(b'y' | b'Y')))
}

/// One of a closed list of words, or a unique beginning of one: `--color=alw`. The error is GNU's.
pub async fn one_of<'w>(
    c: &Ctx,
    option: &str,
    given: &BStr,
    words: &[(&str, &'w str)],
    status: u8,
) -> Result<Result<&'w str, u8>, Stop> {
    let text = given.to_str_lossy();
    if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
        return Ok(Ok(value));
    }
    let mut near: Vec<&str> = words.iter().filter(|(word, _)| word.starts_with(&*text)).map(|w| w.1).collect();
    near.dedup();
    if let [value] = near[..] {
        return Ok(Ok(value));
    }
    let kind = if near.is_empty() { "invalid" } else { "ambiguous" };
    c.complain(format_args!("{kind} argument {} for {}", quote(given), quote(option))).await?;
    let mut list = String::from("Valid arguments are:");
    let mut before = None;
    for (word, value) in words {
        let lead = if before == Some(*value) { ", " } else { "\n  - " };
        list.push_str(&format!("{lead}{}", quote(word)));
        before = Some(*value);
    }
    let called = c.called();
    c.err(format!("{list}\nTry '{called} --help' for more information.\n")).await?;
    Ok(Err(status))
}
