//! Errors of JSON that people wrote, in words: the place, what is wrong, what to write instead.

use super::values::MEND;

/// One step of a path into a JSON text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    Member(String),
    Item(usize),
}

/// A path into a JSON text, from its root.
pub type Path = Vec<Step>;

/// A path from member names; `[3]` stands for the fourth item of a list.
pub fn path(members: &[&str]) -> Path {
    let item = |m: &str| m.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    members.iter().map(|m| item(m).map_or_else(|| Step::Member((*m).to_string()), Step::Item)).collect()
}

/// `path` written as JavaScript would: `hosts.web.mounts["/"].size`.
pub fn write_path(path: &[Step]) -> String {
    let mut out = String::new();
    for step in path {
        match step {
            Step::Item(at) => out.push_str(&format!("[{at}]")),
            Step::Member(name) => {
                let plain = !name.is_empty()
                    && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$')
                    && !name.starts_with(|c: char| c.is_ascii_digit());
                if plain {
                    if !out.is_empty() {
                        out.push('.');
                    }
                    out.push_str(name);
                } else {
                    out.push_str(&format!("[\"{}\"]", printable(name)));
                }
            }
        }
    }
    out
}

/// `text` with what a terminal would act on replaced, and cut to 80 characters: a file must not drive its reader's screen.
pub fn printable(text: &str) -> String {
    let mut out: String =
        text.chars().take(80).map(|c| if c.is_control() || is_steering(c) { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(80).is_some() {
        out.push('…');
    }
    out
}

/// Characters that reorder or hide what is around them.
pub fn is_steering(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Splits a message of [`crate::base::values`] into what is wrong and what to write.
pub fn split_mend(message: &str) -> (String, Option<String>) {
    match message.split_once(MEND) {
        Some((wrong, write)) => (wrong.to_string(), Some(write.to_string())),
        None => (message.to_string(), None),
    }
}

/// The member of `known` that `word` most likely means: two letters differ, or a third of them; one of a short word.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let letters = word.chars().count();
    let limit = if letters < 4 { 1 } else { (letters / 3).max(2) };
    // Of words equally near, the one with the same first letter: people rarely miss that.
    let first = word.chars().next();
    let ranked = known.into_iter().map(|k| (distance(word, k), k.chars().next() != first, k));
    ranked.filter(|(d, ..)| *d <= limit).min().map(|(.., k)| k)
}

/// Letters to insert, remove, replace or swap with their neighbour; long words are cut to 64 characters.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().take(64).collect());
    let (mut before, mut last) = (Vec::new(), (0..=b.len()).collect::<Vec<usize>>());
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let at = |row: &[usize], j: usize| row.get(j).copied().unwrap_or(usize::MAX - 1);
            let mut least = (at(&last, j) + usize::from(x != y)).min(at(&row, j) + 1).min(at(&last, j + 1) + 1);
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            if swapped {
                least = least.min(at(&before, j - 1) + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

/// What is refused: where, what is wrong, what to write.
pub type Refusal = (Path, String, String);

/// A serde error as an author reads it.
pub fn refusal(error: serde_path_to_error::Error<serde_json::Error>) -> Refusal {
    use serde_path_to_error::Segment;
    let mut at: Path = error
        .path()
        .iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(Step::Item(*index)),
            Segment::Map { key } => Some(Step::Member(key.clone())),
            Segment::Enum { variant } => Some(Step::Member(variant.clone())),
            Segment::Unknown => None,
        })
        .collect();
    let message = error.into_inner().to_string();
    let (wrong, write) = split_mend(&message);
    if let Some(write) = write {
        return (at, wrong, write);
    }
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let listed = |from: usize| quoted.iter().skip(from).map(|k| format!("\"{k}\"")).collect::<Vec<_>>().join(", ");
    if let (true, Some(field)) = (message.starts_with("unknown field"), quoted.first()) {
        if at.last() != Some(&Step::Member((*field).to_string())) {
            at.push(Step::Member((*field).to_string()));
        }
        let write = match nearest(field, quoted.iter().skip(1).copied()) {
            Some(near) => format!("did you mean \"{near}\"? Known here: {}", listed(1)),
            None => format!("remove it. Known here: {}", listed(1)),
        };
        return (at, format!("there is no member \"{}\" here", printable(field)), write);
    }
    if let (true, Some(field)) = (message.starts_with("missing field"), quoted.first()) {
        return (at, format!("the member \"{field}\" is missing"), format!("add \"{field}\": …"));
    }
    if let (true, Some(word)) = (message.starts_with("unknown variant"), quoted.first()) {
        return (
            at,
            format!("\"{}\" is not one of the words allowed here", printable(word)),
            format!("write {}", listed(1)),
        );
    }
    let (wrong, write) = types(&message);
    (at, wrong, write)
}

/// A syntax error of serde_json in an author's words.
pub fn syntax(message: &str) -> (String, String) {
    let what = message.split(" at line ").next().unwrap_or(message);
    let write = match what {
        w if w.starts_with("recursion limit") => {
            return ("the file nests deeper than 128 levels".into(), "no scenario needs more than 12".into());
        }
        w if w.starts_with("trailing comma") => "remove the comma before the closing bracket",
        w if w.starts_with("EOF") => "close what is open: a bracket or a quote is missing",
        w if w.contains("control character") => "write a line break in a string as \\n, a tab as \\t",
        w if w.starts_with("number out of range") => "write a number that a host here can have",
        w if w.starts_with("key must be a string") => {
            "put the member's name in double quotes, and one comma between two members"
        }
        w if w.starts_with("expected `,` or") => "put a comma between two members, and close every bracket",
        w if w.starts_with("trailing characters") => "remove what follows the last closing bracket",
        _ => "mend the JSON here; an editor with JSON support shows the place",
    };
    (format!("this is not valid JSON ({})", printable(what)), write.into())
}

/// A type error of serde in an author's words.
fn types(message: &str) -> (String, String) {
    let (kind, expected) = message.split_once(", expected ").unwrap_or((message, ""));
    let found = kind.split_once(": ").map_or(kind, |(_, found)| found).replace('`', "\"");
    let write = match expected {
        "a string" | "string or map" => "a text in double quotes".to_string(),
        "a boolean" => "true or false".into(),
        "a map" => "an object: { \"name\": … }".into(),
        "a sequence" => "a list: [ … ]".into(),
        e if e.starts_with("struct ") || e.starts_with("map") => "an object: { \"name\": … }".into(),
        e if e.starts_with("u8") || e.starts_with("u16") || e.starts_with("u32") || e.starts_with("u64") => {
            "a whole number that is not negative, without quotes".into()
        }
        e if e.starts_with('i') && e.len() == 3 => "a whole number, without quotes".into(),
        e if e.starts_with('f') && e.len() == 3 => "a number, without quotes".into(),
        e if e.starts_with("an array of length") => {
            format!("{} values in [ ]", e.trim_start_matches("an array of length "))
        }
        _ => "what the schema says: `firedrill schema`".into(),
    };
    (format!("{} is not what belongs here", printable(&found)), format!("write {write}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_written_as_people_write_them() {
        let p = vec![
            Step::Member("hosts".into()),
            Step::Member("web".into()),
            Step::Member("/etc".into()),
            Step::Item(3),
            Step::Member("size".into()),
        ];
        assert_eq!(write_path(&p), "hosts.web[\"/etc\"][3].size");
    }

    #[test]
    fn a_slip_of_the_finger_finds_its_word() {
        assert_eq!(nearest("mount", ["mounts", "units", "files"]), Some("mounts"));
        assert_eq!(nearest("adress", ["cores", "address"]), Some("address"));
        assert_eq!(nearest("wiat", ["say", "wait"]), Some("wait"));
        assert_eq!(nearest("colour", ["mounts", "units"]), None);
    }

    #[test]
    fn nothing_in_a_file_drives_the_screen() {
        assert_eq!(printable("a\x1b[2Jb\u{202e}c"), "a\u{fffd}[2Jb\u{fffd}c");
    }
}
