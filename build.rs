//! Tells the linker how much stack a wasm module gets (its default of 1 MB is too little for a parser that recurses),
//! and puts `scenarios/` into the native binary, so that adding a scenario needs no Rust.
#![expect(clippy::disallowed_methods, reason = "cargo tells a build script what it builds in the environment")]

use std::fmt::Write;
use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| arch == "wasm32") {
        println!("cargo::rustc-link-arg-bins=-zstack-size=8388608");
    }
    let root = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    let out = std::env::var("OUT_DIR").unwrap_or_default();
    let scenarios = Path::new(&root).join("scenarios");
    println!("cargo::rerun-if-changed={}", scenarios.display());
    let table = embed(&scenarios);
    if let Err(e) = std::fs::write(Path::new(&out).join("scenarios.rs"), table) {
        println!("cargo::error=the table of scenarios cannot be written: {e}");
    }
}

/// `pub(crate) static EMBEDDED`: each folder with its files, as `scenario::catalogue` includes it.
fn embed(scenarios: &Path) -> String {
    let mut table = String::from("pub(crate) static EMBEDDED: &[(&str, &[(&str, &str)])] = &[\n");
    for folder in entries(scenarios) {
        if !folder.join("scenario.json").exists() {
            continue;
        }
        let name = folder.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let mut files = Vec::new();
        walk(&folder, &mut files);
        let _ = writeln!(table, "    ({name:?}, &[");
        for file in files {
            let inner = file.strip_prefix(&folder).map(|p| p.to_string_lossy().replace('\\', "/")).unwrap_or_default();
            let _ = writeln!(table, "        ({inner:?}, include_str!({:?})),", file.to_string_lossy());
        }
        table.push_str("    ]),\n");
    }
    table.push_str("];\n");
    table
}

/// The entries of a folder in the order of their names; of a folder that cannot be read, none.
fn entries(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found: Vec<_> = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path()).collect();
    found.sort();
    found
}

fn walk(folder: &Path, files: &mut Vec<std::path::PathBuf>) {
    // A folder's own time changes when a file is added or removed.
    println!("cargo::rerun-if-changed={}", folder.display());
    for path in entries(folder) {
        match path.is_dir() {
            true => walk(&path, files),
            false => files.push(path),
        }
    }
}
