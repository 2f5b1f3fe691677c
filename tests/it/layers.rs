//! The map in `lib.rs` is true: what each module uses, and what none may.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn sources(below: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![below.to_path_buf()];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The code of a file: without comments, without its tests.
fn code(path: &Path) -> String {
    if path.file_name().is_some_and(|n| n == "tests.rs" || n == "spec.rs") || path.iter().any(|p| p == "tests") {
        return String::new();
    }
    let text = std::fs::read_to_string(path).expect("a source");
    let body = text.split("#[cfg(test)]\nmod tests").next().unwrap_or("");
    body.lines().filter(|l| !l.trim_start().starts_with("//")).map(|l| format!("{l}\n")).collect()
}

/// Modules of this crate that a text names.
fn names(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + 7..];
        let list = match rest.strip_prefix('{') {
            Some(list) => list.split('}').next().unwrap_or(""),
            None => rest,
        };
        let all = rest.starts_with('{');
        for part in list.split(',').take(if all { usize::MAX } else { 1 }) {
            let name: String = part.trim().chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
            found.insert(name);
        }
    }
    found
}

/// Module → what it may use, from the table in `lib.rs`.
fn table() -> BTreeMap<String, BTreeSet<String>> {
    let text = std::fs::read_to_string(root().join("lib.rs")).expect("lib.rs");
    let words = |cell: &str| cell.split('`').skip(1).step_by(2).map(String::from).collect::<Vec<_>>();
    let rows = text.lines().filter(|l| l.starts_with("//! | `"));
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').collect();
        (words(cells[1]).remove(0), words(cells[2]).into_iter().collect())
    })
    .collect()
}

#[test]
fn every_module_uses_only_what_the_map_allows() {
    let table = table();
    let mut wrong = Vec::new();
    for (module, allowed) in &table {
        for path in sources(&root().join(module)) {
            for name in names(&code(&path)) {
                if &name != module && table.contains_key(&name) && !allowed.contains(&name) {
                    wrong.push(format!("{}: {module} may not use {name}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_map_names_every_module_and_no_other() {
    let folders = std::fs::read_dir(root()).expect("src").flatten().filter(|e| e.path().is_dir());
    let real: BTreeSet<String> =
        folders.map(|e| e.file_name().to_string_lossy().into_owned()).filter(|n| n != "bin").collect();
    assert_eq!(table().into_keys().collect::<BTreeSet<_>>(), real);
}

#[test]
fn the_engine_never_names_the_browser_or_the_platform() {
    let banned =
        ["web_sys", "wasm_bindgen", "js_sys", "leptos", "gloo_", "std::fs", "std::env::", "std::thread", "std::time"];
    let mut wrong = Vec::new();
    for module in table().keys().filter(|m| !matches!(m.as_str(), "ui" | "worker" | "cli")) {
        for path in sources(&root().join(module)) {
            let code = code(&path);
            wrong.extend(banned.iter().filter(|b| code.contains(**b)).map(|b| format!("{} names {b}", path.display())));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_engine_code_names_a_scenario() {
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut wrong = Vec::new();
    for entry in std::fs::read_dir(scenarios).expect("scenarios").flatten().filter(|e| e.path().is_dir()) {
        let id = entry.file_name().to_string_lossy().into_owned();
        for path in sources(&root()) {
            if code(&path).contains(&format!("\"{id}\"")) {
                wrong.push(format!("{} names {id}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_file_is_two_rooms() {
    let long: Vec<String> = sources(&root())
        .into_iter()
        .map(|p| (std::fs::read_to_string(&p).expect("a source").lines().count(), p))
        .filter(|(lines, _)| *lines > 800)
        .map(|(lines, p)| format!("{} has {lines} lines", p.display()))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}
