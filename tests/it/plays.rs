//! Every scenario won, lost and ignored, on several seeds of each variant.

use firedrill::run::{Run, plays};
use firedrill::scenario::Play;

use super::scenario;

/// Seeds of each variant that every push is tested with.
const SEEDS: u64 = 20;

fn play(id: &str, variant: &str, seed: u64, name: &str) -> (Run, String) {
    let scenario = scenario(id);
    let mut run = Run::start_variant(&scenario, seed, variant).unwrap_or_else(|e| panic!("{id} {variant}: {e}"));
    let text = scenario.pack().text(&format!("plays/{name}")).unwrap_or_else(|| panic!("{id} has no plays/{name}"));
    let play = Play::parse(name, text).unwrap_or_else(|p| panic!("{p}"));
    let played = plays::perform(&mut run, &play);
    let played = played.unwrap_or_else(|e| panic!("{id} {variant} seed {seed} plays/{name} {e}"));
    (run, played.transcript)
}

#[test]
fn the_solution_wins_and_uses_nothing_unmodelled() {
    for variant in ["a", "b"] {
        for seed in 1..=SEEDS {
            let (run, transcript) = play("disk-full", variant, seed, "solve");
            let report = run.report().expect("it ends with a diagnosis");
            let lines: Vec<String> = report
                .blocks
                .iter()
                .flat_map(|b| &b.lines)
                .map(|l| format!("{:5} {} — {}", l.points, l.rule, l.fact))
                .collect();
            assert!(
                report.pass && report.score >= 90,
                "{variant} {seed}: {} of 100\n{}\n{transcript}",
                report.score,
                lines.join("\n")
            );
            assert_eq!(run.unmodelled(), Vec::<String>::new());
        }
    }
}

#[test]
fn wrong_fixes_and_doing_nothing_do_not_win() {
    for variant in ["a", "b"] {
        for seed in 1..=SEEDS {
            for name in ["wrong-rm", "nothing"] {
                let (run, _) = play("disk-full", variant, seed, name);
                assert!(run.report().is_none_or(|r| !r.pass), "{variant} {seed} {name} won");
            }
        }
    }
}
