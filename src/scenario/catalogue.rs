//! The scenarios at hand: those built into this binary, or those somebody read from a folder. Looks into a scenario only
//! as far as it must; the whole of it is checked when it is asked for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::format::Duration;
use super::load::Scenario;
use super::pack::Pack;
use super::problem::Problem;

include!(concat!(env!("OUT_DIR"), "/scenarios.rs"));

/// What anybody may know of a scenario before it is played.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndexEntry {
    pub number: String,
    pub headline: String,
    /// 1 to 5.
    pub difficulty: u8,
    /// The paging alert's word; how bad the incident is, is the player's to say.
    pub severity: String,
    /// How long it should take.
    pub minutes: u64,
    /// SHA-256 of the pack.
    pub content: String,
    /// The pack's file beside the index.
    pub file: String,
}

/// Scenarios by their public number.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    packs: Vec<(String, IndexEntry, Pack)>,
}

/// The members of `scenario.json` that a list needs.
#[derive(Deserialize)]
struct Glance {
    id: String,
    number: String,
    headline: String,
    difficulty: u8,
    par: Duration,
    page: Page,
    alerts: BTreeMap<String, PagingAlert>,
}

#[derive(Deserialize)]
struct Page {
    alert: String,
}

#[derive(Deserialize)]
struct PagingAlert {
    severity: String,
}

impl Catalogue {
    /// The scenarios in this binary, whole or not: errors show when one is loaded.
    pub fn embedded() -> Catalogue {
        let mut catalogue = Catalogue::default();
        for (_, files) in EMBEDDED {
            let texts: BTreeMap<String, String> =
                files.iter().map(|(name, text)| ((*name).to_string(), (*text).to_string())).collect();
            // A folder that is no scenario at all is left out here and named by the catalogue's test and by lint.
            let _ = Pack::new(texts).and_then(|pack| catalogue.add(pack));
        }
        catalogue
    }

    /// The texts of every folder in this binary, for lint and tests: folder's name, pack or what is wrong with it.
    pub fn embedded_packs() -> impl Iterator<Item = (&'static str, Result<Pack, Vec<Problem>>)> {
        EMBEDDED.iter().map(|(folder, files)| {
            (*folder, Pack::new(files.iter().map(|(n, t)| ((*n).to_string(), (*t).to_string())).collect()))
        })
    }

    /// Adds a scenario. Errors: no readable `scenario.json`, a number or id that is taken.
    pub fn add(&mut self, pack: Pack) -> Result<(), Vec<Problem>> {
        let text = pack.text("scenario.json").unwrap_or_default();
        let Ok(glance) = serde_json::from_str::<Glance>(text) else {
            // The full check says it better.
            return Err(Scenario::load(pack).err().unwrap_or_default());
        };
        if self.packs.iter().any(|(id, entry, _)| *id == glance.id || entry.number == glance.number) {
            return Err(vec![Problem::of_file(
                "scenario.json",
                format!("another scenario has the id \"{}\" or the number {}", glance.id, glance.number),
                "give each scenario its own",
            )]);
        }
        let entry = IndexEntry {
            file: format!("{}.json", glance.number),
            number: glance.number,
            headline: glance.headline,
            difficulty: glance.difficulty,
            severity: glance.alerts.get(&glance.page.alert).map(|a| a.severity.clone()).unwrap_or_default(),
            minutes: glance.par.span().secs() / 60,
            content: pack.content.clone(),
        };
        self.packs.push((glance.id, entry, pack));
        self.packs.sort_by(|a, b| (a.1.difficulty, &a.1.number).cmp(&(b.1.difficulty, &b.1.number)));
        Ok(())
    }

    /// Every scenario, easiest first.
    pub fn entries(&self) -> impl Iterator<Item = &IndexEntry> {
        self.packs.iter().map(|(_, entry, _)| entry)
    }

    /// The ids, in the order of [`Catalogue::entries`]: for authors.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.packs.iter().map(|(id, _, _)| id.as_str())
    }

    /// The pack of an id or a number, whatever its case; `4127` stands for `INC-4127`.
    pub fn pack(&self, name: &str) -> Option<&Pack> {
        let name = name.trim();
        let number = format!("INC-{name}");
        let is = |id: &str, n: &str| {
            id.eq_ignore_ascii_case(name) || n.eq_ignore_ascii_case(name) || n.eq_ignore_ascii_case(&number)
        };
        self.packs.iter().find(|(id, entry, _)| is(id, &entry.number)).map(|(_, _, pack)| pack)
    }

    /// Loads the scenario of an id or a number; `None` if there is none.
    pub fn load(&self, name: &str) -> Option<Result<Scenario, Vec<Problem>>> {
        self.pack(name).map(|pack| Scenario::load(pack.clone()))
    }

    /// The index beside the packs, as JSON.
    pub fn index_json(&self) -> String {
        let entries: Vec<&IndexEntry> = self.entries().collect();
        let mut text = serde_json::to_string_pretty(&entries).unwrap_or_default();
        text.push('\n');
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every folder of `scenarios/` passes its checks, bears its id as name, and has a number of its own.
    #[test]
    fn every_scenario_is_whole() {
        let mut wrong = Vec::new();
        let mut catalogue = Catalogue::default();
        for (folder, pack) in Catalogue::embedded_packs() {
            match pack.and_then(|pack| catalogue.add(pack.clone()).and_then(|()| Scenario::load(pack))) {
                Ok(scenario) if scenario.about().id == folder => {}
                Ok(scenario) => wrong.push(format!("scenarios/{folder} has the id {}", scenario.about().id)),
                Err(problems) => wrong.extend(problems.iter().map(|p| format!("scenarios/{folder}/{p}"))),
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert!(catalogue.entries().count() > 0);
    }

    #[test]
    fn a_scenario_is_found_by_number_or_id() {
        let catalogue = Catalogue::embedded();
        for name in ["INC-4127", "inc-4127", "4127", "disk-full"] {
            assert!(catalogue.load(name).is_some_and(|s| s.is_ok()), "{name}");
        }
        assert!(catalogue.load("INC-0000").is_none());
    }

    #[test]
    fn the_index_tells_no_secret() {
        let index = Catalogue::embedded().index_json().to_lowercase();
        for (folder, pack) in Catalogue::embedded_packs() {
            let title = Scenario::load(pack.unwrap()).unwrap().about().title.to_lowercase();
            assert!(!index.contains(folder) && !index.contains(&title));
        }
    }
}
