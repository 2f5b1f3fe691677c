//! One scenario as one JSON file: its texts by path below its folder, and the SHA-256 of them that a run is bound to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::problem::Problem;

/// The version of the pack format that is read.
pub const PACK_VERSION: u32 = 1;
/// Bytes of all texts of one scenario together (a pack is at most 150 KB on the wire, compressed).
pub const PACK_BYTES: usize = 4 << 20;
/// Files of one scenario.
pub const PACK_FILES: usize = 1000;

/// The texts of one scenario.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pack {
    /// Always 1.
    pub firedrill_pack: u32,
    /// [`Pack::hash`] of the texts, as 64 hexadecimal digits.
    pub content: String,
    /// Path below the scenario's folder, and text: `scenario.json`, `brief.md`, `files/web/etc/hosts`, `plays/solve`.
    pub texts: BTreeMap<String, String>,
}

impl Pack {
    /// Packs the texts of a folder. Errors: a path that no scenario has, too many or too large files.
    pub fn new(texts: BTreeMap<String, String>) -> Result<Pack, Vec<Problem>> {
        let mut problems = Vec::new();
        for name in texts.keys() {
            if !is_known(name) {
                problems.push(Problem::of_file(
                    name,
                    "this file belongs to no part of a scenario",
                    "remove it, or move it below files/<role>/ (a host's file) or plays/ (a play); the folder itself \
                     holds scenario.json, brief.md and debrief.md",
                ));
            }
        }
        let bytes: usize = texts.iter().map(|(name, text)| name.len() + text.len()).sum();
        if bytes > PACK_BYTES || texts.len() > PACK_FILES {
            problems.push(Problem::of_file(
                "scenario.json",
                format!("the scenario holds {} files of {bytes} bytes together", texts.len()),
                format!(
                    "keep it to {PACK_FILES} files and {PACK_BYTES} bytes: let large files be a \"size\" or a \"log\""
                ),
            ));
        }
        if problems.is_empty() {
            Ok(Pack { firedrill_pack: PACK_VERSION, content: hash(&texts), texts })
        } else {
            Err(problems)
        }
    }

    /// Reads a packed file. Errors: not a pack, another version, a changed text.
    pub fn from_json(name: &str, json: &str) -> Result<Pack, Vec<Problem>> {
        let refuse = |wrong: String, write: &str| vec![Problem::of_file(name, wrong, write)];
        if json.len() > 2 * PACK_BYTES {
            return Err(refuse("this file is too large for a pack".into(), "use the file that `firedrill pack` wrote"));
        }
        let pack: Pack = serde_json::from_str(json).map_err(|e| {
            refuse(
                format!("this is no packed scenario (line {}, column {})", e.line(), e.column()),
                "use the file that `firedrill pack` wrote",
            )
        })?;
        if pack.firedrill_pack != PACK_VERSION {
            return Err(refuse(
                format!("this pack has version {}", pack.firedrill_pack),
                "pack the scenario again with this Firedrill, which reads version 1",
            ));
        }
        let fresh = Pack::new(pack.texts)?;
        if fresh.content != pack.content {
            return Err(refuse(
                "a text of this pack was changed after it was packed".into(),
                "use the original file, or change the scenario's folder and pack it again",
            ));
        }
        Ok(fresh)
    }

    /// The pack as the one JSON file that the page fetches and people share.
    pub fn to_json(&self) -> String {
        // Maps of strings have no way to fail; an empty text would be refused by `from_json`.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The text of `path` below the scenario's folder.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.texts.get(path).map(String::as_str)
    }

    /// The names of the plays.
    pub fn plays(&self) -> impl Iterator<Item = &str> {
        self.texts.keys().filter_map(|name| name.strip_prefix("plays/"))
    }
}

/// Whether a scenario may hold a file of this name. No part of a path is empty, `.` or `..`.
fn is_known(name: &str) -> bool {
    let clean = name.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
        && name.len() <= 400
        && !name.chars().any(|c| c.is_control() || c == '\\');
    let known = matches!(name, "scenario.json" | "brief.md" | "debrief.md")
        || name.strip_prefix("plays/").is_some_and(|play| !play.contains('/'))
        || name.strip_prefix("files/").is_some_and(|file| file.contains('/'));
    clean && known
}

/// SHA-256 over every path and text in order, each preceded by its length, as hexadecimal digits.
fn hash(texts: &BTreeMap<String, String>) -> String {
    let mut sha = Sha256::new();
    for (name, text) in texts {
        for part in [name, text] {
            sha.update((part.len() as u64).to_le_bytes());
            sha.update(part.as_bytes());
        }
    }
    sha.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(n, t)| (n.to_string(), t.to_string())).collect()
    }

    #[test]
    fn a_pack_survives_its_file() {
        let pack = Pack::new(texts(&[("scenario.json", "{}\n"), ("files/web/etc/motd", "hé\n")])).unwrap();
        assert_eq!(Pack::from_json("p", &pack.to_json()).unwrap(), pack);
    }

    #[test]
    fn the_hash_covers_every_name_and_text() {
        let of = |pairs: &[(&str, &str)]| Pack::new(texts(pairs)).unwrap().content;
        let base = of(&[("brief.md", "ab"), ("debrief.md", "c")]);
        assert_ne!(base, of(&[("brief.md", "a"), ("debrief.md", "bc")]));
        assert_ne!(base, of(&[("brief.md", "ab")]));
        assert_ne!(base, of(&[("brief.md", "ab"), ("scenario.json", "c")]));
    }

    #[test]
    fn a_changed_pack_is_refused() {
        let json = Pack::new(texts(&[("brief.md", "hello")])).unwrap().to_json();
        let refused = Pack::from_json("x.json", &json.replace("hello", "hallo")).unwrap_err();
        assert!(refused[0].to_string().contains("x.json: a text of this pack was changed"), "{}", refused[0]);
        assert!(Pack::from_json("x.json", "[]").is_err());
        assert!(
            Pack::from_json("x.json", &json.replace("pack\":1", "pack\":2")).unwrap_err()[0]
                .wrong
                .contains("version 2")
        );
    }

    #[test]
    fn stray_and_escaping_paths_are_refused() {
        for name in [
            "notes.txt",
            "files/../x/y",
            "files/web",
            "plays/a/b",
            "files/web//x",
            "files/web/\u{7}",
            "../scenario.json",
        ] {
            assert!(Pack::new(texts(&[(name, "")])).is_err(), "{name}");
        }
    }
}
