//! A run is a pure function of scenario, seed and log: however time is cut, whenever it is executed again.

use firedrill::run::file::{Mode, RunFile};
use firedrill::run::{Input, Run};
use proptest::prelude::*;

use super::scenario;

/// What somebody does at a terminal, with waits between, so that pipes, jobs and timers are under way.
fn inputs(host: &str) -> Vec<(i64, Input)> {
    let line = |text: &str| Input::Line { term: 0, text: text.into() };
    vec![
        (0, Input::Open { term: 0, host: host.into(), command: None, stdin: None }),
        (1_300_000, line("df -h / | tail -n 1")),
        (2_000_000, line("while :; do date +%s; sleep 7; done | head -n 4 &")),
        (4_000_000, line("sudo tail -n 3 -f /var/log/myapp/app.log | grep --line-buffered debug | wc -l")),
        (9_000_001, Input::Key { term: 0, text: "\u{3}".into() }),
        (9_500_000, line("sleep 30 & sudo systemctl restart myapp; jobs")),
        (12_000_000, line("sudo truncate -s 0 /var/log/myapp/app.log")),
        (40_000_000, line("ps aux | sort -k 4 -rn | head -n 3; wait")),
    ]
}

/// Plays the inputs with the way between them cut at `cuts` (µs since the alert); the end's state and the screen.
fn play(cuts: &[i64]) -> (u64, Vec<u8>, String) {
    let scenario = scenario("disk-full");
    let mut run = Run::start(&scenario, 3, Mode::Training).expect("a run");
    let host = run.first_host();
    let mut screen = Vec::new();
    for (t, input) in inputs(&host) {
        let now = run.now();
        for &cut in cuts.iter().filter(|&&c| now < c && c < t) {
            run.advance(cut);
        }
        run.advance(t);
        // At a prompt or not depends on the world alone, so a refusal is the same every time.
        let _ = run.input(input);
        screen.extend(run.take_output(0));
    }
    let now = run.now();
    for &cut in cuts.iter().filter(|&&c| c > now) {
        run.advance(cut);
    }
    run.advance(90_000_000);
    screen.extend(run.take_output(0));
    (run.state(), screen, run.file())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    #[test]
    fn how_time_is_cut_changes_nothing(mut cuts in proptest::collection::vec(0i64..90_000_000, 0..40)) {
        cuts.sort_unstable();
        prop_assert_eq!(play(&cuts), play(&[]));
    }
}

#[test]
fn a_run_executed_again_is_the_same_and_a_changed_one_is_refused() {
    let scenario = scenario("disk-full");
    let (state, _, file) = play(&[]);
    let again = Run::resume(&scenario, &file).expect("it executes again");
    assert_eq!(again.state(), state);
    assert_eq!(again.file(), file);
    assert!(Run::verify(&scenario, &file).is_ok());
    // One byte of a command, one digit of an instant, one line less.
    for changed in [
        file.replace("truncate -s 0", "truncate -s 1"),
        file.replace("\"t\":12000000", "\"t\":12000001"),
        file.lines().enumerate().filter(|(n, _)| *n != 4).map(|(_, l)| format!("{l}\n")).collect(),
    ] {
        assert_ne!(changed, file);
        assert!(Run::verify(&scenario, &changed).is_err());
    }
    assert_eq!(RunFile::parse(&file).expect("a whole file").to_text(), file);
}

#[test]
fn the_screen_shows_what_happened() {
    let (_, screen, _) = play(&[]);
    let text = String::from_utf8_lossy(&screen);
    assert!(text.contains("100% /"), "{text}");
    assert!(text.contains("[1]"), "{text}");
}
