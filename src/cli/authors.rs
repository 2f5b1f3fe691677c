//! For authors: lint, schema, pack.

use std::path::{Path, PathBuf};

use super::out::Out;
use super::{Done, Failed, folder};
use crate::run::{Run, plays};
use crate::scenario::{Catalogue, Pack, Play, Problem, Scenario, schema_json};

pub(crate) fn schema(out: &mut Out) -> Done {
    out.text(&schema_json());
    Ok(0)
}

/// A pack, or why it is none: name for messages, folder, pack.
type Named = (String, Option<String>, Result<Pack, Vec<Problem>>);

/// The packs that are meant: those of paths, or all that are built in, with a name for messages.
fn packs(paths: &[PathBuf]) -> Vec<Named> {
    if paths.is_empty() {
        let named = |(folder, pack): (&str, _)| (format!("scenarios/{folder}"), Some(folder.to_string()), pack);
        return Catalogue::embedded_packs().map(named).collect();
    }
    let name =
        |path: &Path| path.is_dir().then(|| path.file_name().map(|n| n.to_string_lossy().into_owned())).flatten();
    paths.iter().map(|p| (p.display().to_string(), name(p), folder::read_pack(p))).collect()
}

pub(crate) fn lint(_catalogue: &mut Catalogue, paths: &[PathBuf], seeds: u64, out: &mut Out) -> Done {
    let mut wrong = 0;
    for (name, folder, pack) in packs(paths) {
        let loaded = pack.and_then(Scenario::load).and_then(|scenario| match &folder {
            Some(folder) if *folder != scenario.about().id => Err(vec![Problem::of_file(
                "scenario.json",
                format!("the id is \"{}\", the folder \"{folder}\"", scenario.about().id),
                "give both the same name",
            )]),
            _ => Ok(scenario),
        });
        match loaded {
            Err(problems) => {
                wrong += 1;
                for problem in problems {
                    out.text(&format!("{name}/{problem}\n"));
                }
            }
            Ok(scenario) => {
                out.text(&format!("{name}: the files are in order\n"));
                wrong += play_all(&scenario, &name, seeds, out);
            }
        }
    }
    Ok(if wrong == 0 { 0 } else { 1 })
}

/// Plays every play on so many seeds; the number of plays that did not do what their name says.
fn play_all(scenario: &Scenario, name: &str, seeds: u64, out: &mut Out) -> u32 {
    let mut wrong = 0;
    let names: Vec<&str> = scenario.pack().plays().collect();
    for play in names {
        let file = format!("plays/{play}");
        let Ok(parsed) = Play::parse(&file, scenario.pack().text(&file).unwrap_or_default()) else { continue };
        let (mut scores, mut passes) = (Vec::new(), 0u64);
        for seed in 0..seeds {
            match outcome(scenario, &parsed, seed) {
                Ok((pass, score)) => {
                    scores.push(score);
                    passes += u64::from(pass);
                    let wins = play == "solve" || play.starts_with("solve-");
                    if pass != wins {
                        wrong += 1;
                        let did = if pass { "wins, which it must not" } else { "does not win" };
                        out.text(&format!("{name}/{file}: seed {seed} {did}; score {score}\n"));
                    }
                }
                Err(e) => {
                    wrong += 1;
                    out.text(&format!("{name}/{file}: seed {seed}: {e}\n"));
                }
            }
        }
        if let (Some(least), Some(most)) = (scores.iter().min(), scores.iter().max()) {
            out.text(&format!("{name}/{file}: {passes} of {seeds} seeds pass, scores {least} to {most}\n"));
        }
    }
    wrong
}

/// Plays one play: whether it passes, and its score. A play that gives no diagnosis does not pass.
pub(crate) fn outcome(scenario: &Scenario, play: &Play, seed: u64) -> Result<(bool, u32), String> {
    let mut run = Run::start(scenario, seed, crate::run::file::Mode::Training)?;
    plays::perform(&mut run, play)?;
    let unmodelled = run.unmodelled();
    if !unmodelled.is_empty() {
        return Err(format!("it uses what is not modelled: {}", unmodelled.join(", ")));
    }
    Ok(run.report().map_or((false, 0), |r| (r.pass, r.score)))
}

pub(crate) fn pack(_catalogue: &mut Catalogue, paths: &[PathBuf], output: &Path, out: &mut Out) -> Done {
    std::fs::create_dir_all(output).map_err(|e| Failed::trouble(format!("{}: {e}", output.display())))?;
    let mut packed = Catalogue::default();
    for (name, _, pack) in packs(paths) {
        let refused = |p: Vec<Problem>| folder::problems(Path::new(&name), &p);
        let pack = pack.map_err(refused)?;
        Scenario::load(pack.clone()).map_err(refused)?;
        packed.add(pack.clone()).map_err(refused)?;
    }
    let entries: Vec<_> = packed.entries().cloned().collect();
    for entry in &entries {
        let Some(pack) = packed.pack(&entry.number) else { continue };
        let file = output.join(&entry.file);
        folder::write_whole(&file, &pack.to_json())?;
        out.text(&format!("{}\n", file.display()));
    }
    let index = output.join("index.json");
    folder::write_whole(&index, &packed.index_json())?;
    out.text(&format!("{}\n", index.display()));
    Ok(0)
}
