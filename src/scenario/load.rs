//! From a pack to a checked scenario, and from a seed to the incident that is played.
//!
//! The order: text → JSON with places → for each variant: patch, names, types, checks. Because types are read from the
//! patched value, every error is traced back to the line of the member that caused it, in the patch or in the base.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use super::check;
use super::format::{FORMAT_VERSION, ScenarioFile};
use super::objects::objects;
use super::pack::Pack;
use super::place::Places;
use super::problem::Problem;
use super::template::{Words, draw_names, merge, substitute, substitute_value};
use crate::base::Rng;
use crate::base::explain::{Refusal, Step, path, printable, refusal, syntax, write_path};
use crate::score::{Key, Object, key};

const FILE: &str = "scenario.json";
/// Bytes of `scenario.json`.
const FILE_BYTES: usize = 1 << 20;
/// Problems shown at once: more help nobody.
const SHOWN: usize = 20;

/// A scenario that has passed every check of its format, ready to be drawn.
#[derive(Clone, Debug)]
pub struct Scenario {
    pack: Pack,
    base: Value,
    /// The first variant with the first name of each pool: for what all variants share.
    sample: ScenarioFile,
}

/// A scenario with its seed: what a run is built from. Nothing in it is a template any more, but what is computed
/// from the world when it is shown (`${value}` in alerts, the fields of log lines).
#[derive(Clone, Debug)]
pub struct Incident {
    pub seed: u64,
    /// The variant drawn. Secret until the debrief.
    pub variant: String,
    /// What each role and setting stands for.
    pub words: Words,
    pub spec: ScenarioFile,
    /// What the answer is compared with.
    pub key: Key,
    /// What an answer can name as origin.
    pub objects: Vec<Object>,
    /// Texts of the files that this incident's hosts have, by role and absolute path.
    files: BTreeMap<(String, String), String>,
}

impl Incident {
    /// The text of a host's file that the scenario ships, or gives as `text` or `from`.
    pub fn file_text(&self, role: &str, path: &str) -> Option<&str> {
        self.files.get(&(role.to_string(), path.to_string())).map(String::as_str)
    }

    /// Every file with a text: role, absolute path, text; in that order.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.files.iter().map(|((role, path), text)| (role.as_str(), path.as_str(), text.as_str()))
    }
}

impl Scenario {
    /// Checks a pack. Errors: at most twenty problems, in the order of the file.
    pub fn load(pack: Pack) -> Result<Scenario, Vec<Problem>> {
        let Some(text) = pack.text(FILE) else {
            return Err(vec![Problem::of_file(
                FILE,
                "this file is missing",
                "write it: `firedrill schema` describes it",
            )]);
        };
        let (base, places) = read_json(text)?;
        let mut problems = places
            .twice
            .iter()
            .map(|(at, _)| (at.clone(), "this member is given twice".to_string(), "keep one of the two".to_string()))
            .map(|(at, wrong, write)| place(&places, None, &at, wrong, write))
            .collect::<Vec<_>>();
        check::texts(&base, &mut |at, wrong, write| problems.push(place(&places, None, at, wrong, write)));
        if !problems.is_empty() {
            return Err(tidy(problems));
        }
        let names: Vec<String> = match base.get("variants").and_then(Value::as_object) {
            Some(variants) if !variants.is_empty() => variants.keys().cloned().collect(),
            _ => vec![String::new()],
        };
        let mut sample = None;
        for variant in &names {
            match resolve(&base, variant, None) {
                Err((at, wrong, write)) => problems.push(place(&places, Some(variant), &at, wrong, write)),
                Ok((spec, words)) => {
                    check::spec(&spec, variant, &pack, &words, &mut |at, wrong, write| {
                        problems.push(place(&places, Some(variant), at, wrong, write));
                    });
                    sample.get_or_insert(spec);
                }
            }
        }
        if let Some(spec) = &sample {
            check::plays(spec, &pack, &mut problems);
        }
        match sample {
            Some(sample) if problems.is_empty() => Ok(Scenario { pack, base, sample }),
            _ => Err(tidy(problems)),
        }
    }

    /// What all variants share: number, headline, difficulty, par, names of series. Its names are samples.
    pub fn about(&self) -> &ScenarioFile {
        &self.sample
    }
    pub fn pack(&self) -> &Pack {
        &self.pack
    }
    /// SHA-256 of the pack: what a run file is bound to.
    pub fn content(&self) -> &str {
        &self.pack.content
    }
    /// The variants' names, in order.
    pub fn variants(&self) -> impl Iterator<Item = &str> {
        self.sample.variants.keys().map(String::as_str)
    }

    /// The variant that `seed` draws, by the variants' weights.
    pub fn variant_of(&self, seed: u64) -> &str {
        let total: u64 = self.sample.variants.values().map(|v| u64::from(v.weight)).sum();
        let mut left = Rng::new(seed, "variant").below(total);
        for (name, variant) in &self.sample.variants {
            match left.checked_sub(u64::from(variant.weight)) {
                Some(rest) => left = rest,
                None => return name,
            }
        }
        ""
    }

    /// The incident of `seed`. Errors only where a name of a pool breaks what the first name did not; `load` has
    /// checked every name's characters, so for a checked scenario that is a mistake of ours.
    pub fn draw(&self, seed: u64) -> Result<Incident, Problem> {
        self.draw_variant(seed, self.variant_of(seed))
    }

    /// As [`Scenario::draw`], with a variant of the caller's choice: twins and tests.
    pub fn draw_variant(&self, seed: u64, variant: &str) -> Result<Incident, Problem> {
        let refused = |wrong: String, write: String| Problem::of_file(FILE, wrong, write);
        let (spec, words) =
            resolve(&self.base, variant, Some(seed)).map_err(|(_, wrong, write)| refused(wrong, write))?;
        let Some(chosen) = spec.variants.get(variant) else {
            return Err(refused(
                format!("there is no variant \"{}\"", printable(variant)),
                "name one that exists".into(),
            ));
        };
        let key = key_of(&spec, &chosen.key);
        let files = file_texts(&spec, &self.pack, &words);
        let objects = objects(&spec);
        Ok(Incident { seed, variant: variant.to_string(), words, key, objects, files, spec })
    }

    /// A text of the scenario's folder (`brief.md`, a play) with the incident's names.
    pub fn text_for(&self, incident: &Incident, name: &str) -> Option<String> {
        self.pack.text(name).map(|text| substitute(text, &incident.words))
    }
}

/// Reads `scenario.json` into a value with places.
fn read_json(text: &str) -> Result<(Value, Places), Vec<Problem>> {
    if text.len() > FILE_BYTES {
        return Err(vec![Problem::of_file(
            FILE,
            format!("the file has {} bytes", text.len()),
            format!("keep it to {FILE_BYTES}: texts of files belong below files/"),
        )]);
    }
    if text.starts_with('\u{feff}') {
        return Err(vec![Problem::of_line(
            FILE,
            1,
            "the file begins with a byte order mark",
            "save it as plain UTF-8",
        )]);
    }
    match serde_json::from_str::<Value>(text) {
        Ok(value) if value.is_object() => Ok((value, Places::scan(text))),
        Ok(_) => Err(vec![Problem::of_line(FILE, 1, "the file is not an object", "write { … } around its members")]),
        Err(e) => {
            let (wrong, write) = syntax(&e.to_string());
            let (line, column) = (e.line() as u32, e.column() as u32);
            Err(vec![Problem { column, ..Problem::of_line(FILE, line.max(1), wrong, write) }])
        }
    }
}

/// One variant's spec: the base with the variant's patch, with names drawn by `seed` (or the first of each pool).
fn resolve(base: &Value, variant: &str, seed: Option<u64>) -> Result<(ScenarioFile, Words), Refusal> {
    let mut value = base.clone();
    if let Some(patch) = base.pointer_of(&["variants", variant, "set"]) {
        if !patch.is_object() {
            let at = path(&["variants", variant, "set"]);
            return Err((at, "the patch is not an object".into(), "write { … } with the members to change".into()));
        }
        merge(&mut value, patch);
    }
    let words = words_of(&value, seed)?;
    let value = with_patches_kept(substitute_value(&value, &words), base);
    let spec = typed(&value)?;
    Ok((spec, words))
}

/// Patches of variants stay as written: they have been applied, and their placeholders are nobody's any more.
fn with_patches_kept(mut value: Value, base: &Value) -> Value {
    if let Some(variants) = value.get_mut("variants").and_then(Value::as_object_mut) {
        for (name, variant) in variants {
            if let (Some(set), Some(members)) = (base.pointer_of(&["variants", name, "set"]), variant.as_object_mut()) {
                members.insert("set".into(), set.clone());
            }
        }
    }
    value
}

/// Names and settings of a patched scenario, read before its types are, because sizes and spans may be settings.
fn words_of(value: &Value, seed: Option<u64>) -> Result<Words, Refusal> {
    #[derive(Deserialize)]
    struct Named {
        #[serde(default)]
        names: BTreeMap<String, Vec<String>>,
        #[serde(default)]
        settings: BTreeMap<String, String>,
    }
    let named: Named = serde_path_to_error::deserialize(value).map_err(refusal)?;
    let mut words = match seed {
        Some(seed) => draw_names(seed, &named.names),
        None => named.names.iter().filter_map(|(role, pool)| Some((role.clone(), pool.first()?.clone()))).collect(),
    };
    // A setting may hold names, not other settings: one round, no cycles.
    let set: Words = named.settings.iter().map(|(name, text)| (name.clone(), substitute(text, &words))).collect();
    words.extend(set);
    Ok(words)
}

fn typed(value: &Value) -> Result<ScenarioFile, Refusal> {
    match value.get("format_version").and_then(Value::as_u64) {
        Some(version) if version == u64::from(FORMAT_VERSION) => {}
        Some(version) => {
            let at = path(&["format_version"]);
            return Err((at, format!("this Firedrill does not read version {version}"), "write 1".into()));
        }
        None => {
            let at = path(&["format_version"]);
            return Err((
                at,
                "the file does not say its format's version".into(),
                "write \"format_version\": 1".into(),
            ));
        }
    }
    serde_path_to_error::deserialize(value).map_err(refusal)
}

/// The problem at `at` of the patched value: in the variant's patch if it stands there, else in the base.
fn place(places: &Places, variant: Option<&str>, at: &[Step], wrong: String, write: String) -> Problem {
    let mut shown = at.to_vec();
    if let Some(variant) = variant {
        let mut patched = path(&["variants", variant, "set"]);
        patched.extend_from_slice(at);
        // The patch is to blame where it holds the value itself; a missing member is looked for one step out.
        let depth = path(&["variants", variant, "set"]).len();
        if patched.len() > depth && places.has(&patched) {
            shown = patched;
        }
    }
    let here = places.of(&shown);
    Problem { file: FILE.into(), line: here.line, column: here.column, path: write_path(&shown), wrong, write }
}

/// In the order of the file, each once, at most [`SHOWN`].
fn tidy(problems: Vec<Problem>) -> Vec<Problem> {
    let sorted: BTreeSet<Problem> = problems.into_iter().collect();
    let more = sorted.len().saturating_sub(SHOWN);
    let mut shown: Vec<Problem> = sorted.into_iter().take(SHOWN).collect();
    if more > 0 {
        shown.push(Problem::of_file(FILE, format!("{more} further problems are not shown"), "mend these first"));
    }
    shown
}

fn key_of(spec: &ScenarioFile, written: &super::format::KeySpec) -> Key {
    Key {
        severity: spec.severity,
        origins: written.origins.clone(),
        adjacent: written.adjacent.clone(),
        mechanism: written.mechanism.clone(),
        triggers: written.triggers.clone(),
        onset_us: written.onset.micros(),
        details: written.details.clone(),
        factors: written.factors.clone(),
        service: written.service.clone(),
        decoys: spec
            .decoys
            .values()
            .map(|d| key::Decoy { object: d.object.clone(), mechanism: d.mechanism.clone(), words: d.words.clone() })
            .collect(),
    }
}

/// Every file of the hosts that has a text: shipped below `files/<role>/`, or given by `text` or `from`.
fn file_texts(spec: &ScenarioFile, pack: &Pack, words: &Words) -> BTreeMap<(String, String), String> {
    let mut files = BTreeMap::new();
    for (name, text) in &pack.texts {
        let Some((role, path)) = name.strip_prefix("files/").and_then(|rest| rest.split_once('/')) else { continue };
        if spec.hosts.contains_key(role) {
            files.insert((role.to_string(), format!("/{path}")), substitute(text, words));
        }
    }
    for (role, host) in &spec.hosts {
        for (at, file) in &host.files {
            let shipped = file.from.as_deref().and_then(|from| pack.text(&format!("files/{from}")));
            // A `text` has had its names put in with the rest of scenario.json.
            let text = file.text.clone().or_else(|| shipped.map(|text| substitute(text, words)));
            if let Some(text) = text {
                files.insert((role.clone(), at.clone()), text);
            }
        }
    }
    files
}

/// `Value::pointer` without its escapes: keys here hold slashes.
trait PointerOf {
    fn pointer_of(&self, members: &[&str]) -> Option<&Value>;
}

impl PointerOf for Value {
    fn pointer_of(&self, members: &[&str]) -> Option<&Value> {
        members.iter().try_fold(self, |value, member| value.get(member))
    }
}

#[cfg(test)]
mod tests;
