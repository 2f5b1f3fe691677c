//! Tests of the whole: scenarios won, lost and ignored; runs executed again.
#![expect(clippy::disallowed_methods, reason = "tests read the scenarios' folders from disk")]

mod cli;
mod determinism;
mod fuzz;
mod layers;
mod plays;
mod runaway;
mod terminal;

use std::collections::BTreeMap;
use std::path::Path;

use firedrill::scenario::{Pack, Scenario};

/// A scenario of this repository, loaded from its folder.
fn scenario(id: &str) -> Scenario {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(id);
    let mut texts = BTreeMap::new();
    collect(&root, "", &mut texts);
    let pack = Pack::new(texts).unwrap_or_else(|p| panic!("{p:?}"));
    Scenario::load(pack).unwrap_or_else(|p| panic!("{}", p.iter().map(|p| format!("{p}\n")).collect::<String>()))
}

fn collect(root: &Path, below: &str, texts: &mut BTreeMap<String, String>) {
    let mut entries: Vec<_> = std::fs::read_dir(root.join(below)).expect("a folder").flatten().collect();
    entries.sort_by_key(|e| e.file_name());
    for entry in entries {
        let name = format!("{below}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            collect(root, &format!("{name}/"), texts);
        } else {
            texts.insert(name, std::fs::read_to_string(entry.path()).expect("a text"));
        }
    }
}
