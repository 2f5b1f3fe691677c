//! Scenarios and run files on disk.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::Failed;
use crate::scenario::{Catalogue, Pack, Problem, Scenario};

/// Bytes of one file of a scenario.
const FILE_BYTES: u64 = 4 << 20;

/// The built-in scenarios, with those of a folder.
pub(crate) fn catalogue(extra: Option<&Path>) -> Result<Catalogue, Failed> {
    let mut catalogue = Catalogue::embedded();
    let Some(folder) = extra else { return Ok(catalogue) };
    for path in entries(folder)? {
        if path.join("scenario.json").is_file() || path.extension().is_some_and(|e| e == "json") {
            let pack = read_pack(&path).map_err(|p| problems(&path, &p))?;
            catalogue.add(pack).map_err(|p| problems(&path, &p))?;
        }
    }
    Ok(catalogue)
}

/// The scenario that `id` names: a number, an id, or the path of a folder or pack.
pub(crate) fn scenario(catalogue: &Catalogue, id: &str) -> Result<Scenario, Failed> {
    let path = Path::new(id);
    if id.contains(['/', '\\', '.']) {
        let pack = read_pack(path).map_err(|p| problems(path, &p))?;
        return Scenario::load(pack).map_err(|p| problems(path, &p));
    }
    match catalogue.load(id) {
        Some(loaded) => loaded.map_err(|p| problems(Path::new(id), &p)),
        None => Err(Failed::trouble(format!("there is no incident \"{id}\"; `firedrill list` shows them"))),
    }
}

/// Problems of a scenario, one a line, with the folder before the file.
pub(crate) fn problems(path: &Path, problems: &[Problem]) -> Failed {
    let lines = problems.iter().map(|p| format!("{}/{p}", path.display())).collect::<Vec<_>>();
    Failed::no(format!("this scenario cannot be used:\n{}", lines.join("\n")))
}

/// Reads a scenario's folder, or a packed file.
pub(crate) fn read_pack(path: &Path) -> Result<Pack, Vec<Problem>> {
    let name = path.display().to_string();
    let refuse = |wrong: String| vec![Problem::of_file(&name, wrong, "name a scenario's folder or a packed file")];
    let about = fs::metadata(path).map_err(|e| refuse(format!("this cannot be read ({e})")))?;
    if about.is_file() {
        let text = read_text(path, 8 * FILE_BYTES).map_err(|e| refuse(e.words))?;
        return Pack::from_json(&name, &text);
    }
    let mut texts = BTreeMap::new();
    walk(path, path, &mut texts).map_err(|failed| refuse(failed.words))?;
    if texts.is_empty() {
        return Err(refuse("this folder is empty".into()));
    }
    Pack::new(texts)
}

fn walk(root: &Path, folder: &Path, texts: &mut BTreeMap<String, String>) -> Result<(), Failed> {
    for path in entries(folder)? {
        if path.is_symlink() {
            return Err(Failed::no(format!("{}: links are not followed; ship the file itself", path.display())));
        }
        if path.is_dir() {
            walk(root, &path, texts)?;
        } else {
            let inner = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            texts.insert(inner, read_text(&path, FILE_BYTES)?);
        }
        if texts.len() > 2000 {
            return Err(Failed::no(format!("{}: there are too many files for a scenario", root.display())));
        }
    }
    Ok(())
}

/// The entries of a folder in the order of their names.
pub(crate) fn entries(folder: &Path) -> Result<Vec<PathBuf>, Failed> {
    let read = fs::read_dir(folder).and_then(|list| list.map(|e| e.map(|e| e.path())).collect::<Result<Vec<_>, _>>());
    let mut found = read.map_err(|e| Failed::trouble(format!("{}: {e}", folder.display())))?;
    found.sort();
    Ok(found)
}

/// A text file of at most `most` bytes.
pub(crate) fn read_text(path: &Path, most: u64) -> Result<String, Failed> {
    let fail = |why: String| Failed::trouble(format!("{}: {why}", path.display()));
    let about = fs::metadata(path).map_err(|e| fail(e.to_string()))?;
    if about.len() > most {
        return Err(fail(format!("the file is larger than {most} bytes")));
    }
    let bytes = fs::read(path).map_err(|e| fail(e.to_string()))?;
    String::from_utf8(bytes).map_err(|_| fail("the file is no UTF-8 text".into()))
}

/// Writes a file so that a crash leaves either the old one or the new one, whole.
pub(crate) fn write_whole(path: &Path, text: &str) -> Result<(), Failed> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    let beside = PathBuf::from(beside);
    fs::write(&beside, text)
        .and_then(|()| fs::rename(&beside, path))
        .map_err(|e| Failed::trouble(format!("{}: {e}", path.display())))
}
