//! The command line's forms and statuses (DESIGN 5): scripts, tools and people rely on them.

#![expect(clippy::disallowed_types, reason = "the program under test is started as scripts start it")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// A folder of its own for one test, removed when the test ends well.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cli-{name}"));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a folder");
        Folder(path)
    }
    fn path(&self, name: &str) -> String {
        self.0.join(name).to_string_lossy().into_owned()
    }
    fn write(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        std::fs::write(&path, text).expect("a file");
        self.path(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}

fn firedrill_in(arguments: &[&str], stdin: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_firedrill"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    // A command that reads nothing may have ended.
    let _ = child.stdin.take().expect("a pipe").write_all(stdin.as_bytes());
    child.wait_with_output().expect("it ends")
}

fn firedrill(arguments: &[&str]) -> Output {
    firedrill_in(arguments, "")
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Standard output of a command that must succeed.
fn done(arguments: &[&str]) -> String {
    let output = firedrill(arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", stderr(&output));
    stdout(&output)
}

#[test]
fn the_list_tells_number_and_headline_and_no_secret() {
    let text = done(&["list"]);
    assert!(text.contains("INC-4127") && text.contains("orders fail"), "{text}");
    assert!(!text.contains("disk-full") && !text.contains("log level"), "{text}");
    let json: Value = serde_json::from_str(&done(&["list", "--json"])).expect("JSON");
    assert_eq!(json[0]["number"], "INC-4127");
    assert!(json[0].get("id").is_none() && json[0].get("title").is_none());
    assert!(done(&["list", "--authors"]).contains("disk-full"));
}

#[test]
fn exec_gives_the_scripts_streams_and_status() {
    let script = "echo out; echo err >&2; read line; echo \"got $line\"; exit 7";
    let output = firedrill_in(&["exec", "INC-4127", "--seed", "5", "-c", script], "word\n");
    assert_eq!(output.status.code(), Some(7));
    assert_eq!((stdout(&output).as_str(), stderr(&output).as_str()), ("out\ngot word\n", "err\n"));
}

#[test]
fn exec_takes_simulated_not_real_time() {
    let script = "date +%s; sleep 3000; date +%s";
    let text = done(&["exec", "4127", "--seed", "5", "--host", "mon", "--at", "10m", "-c", script]);
    let seconds: Vec<i64> = text.lines().map(|l| l.parse().expect("a number")).collect();
    assert_eq!(seconds[1] - seconds[0], 3000);
    // 03:07 UTC, ten minutes on.
    assert_eq!(seconds[0], 1_773_284_820 + 600);
}

#[test]
fn exec_ends_what_does_not_end() {
    let output = firedrill(&["exec", "4127", "--seed", "5", "--for", "10s", "-c", "while :; do sleep 1; done"]);
    assert_eq!(output.status.code(), Some(124), "{}", stderr(&output));
}

#[test]
fn exec_root_runs_in_a_folder_and_writes_nothing_back() {
    let folder = Folder::new("root");
    folder.write("words.txt", "one\ntwo\n");
    folder.write("in ner/x", "");
    let script = "pwd; cat words.txt; echo more >> words.txt; wc -l < words.txt; cd 'in ner' && pwd; echo \"$0 $1\"";
    let output = firedrill(&["exec", "--root", &folder.path(""), "-c", script, "--", "name", "a b"]);
    let real = std::fs::canonicalize(&folder.0).expect("a folder");
    let expected = format!("{0}\none\ntwo\n3\n{0}/in ner\nname a b\n", real.display());
    assert_eq!(stdout(&output), expected, "{}", stderr(&output));
    assert_eq!(std::fs::read_to_string(folder.path("words.txt")).expect("the file"), "one\ntwo\n");
}

#[test]
fn a_run_is_started_continued_diagnosed_and_verified() {
    let folder = Folder::new("run");
    let run = folder.path("a.run");
    let opening = done(&["new", "INC-4127", "--seed", "3", "-o", &run]);
    assert!(opening.contains("INC-4127") && opening.contains("MyappHighErrorRate"), "{opening}");
    assert_eq!(firedrill(&["new", "INC-4127", "-o", &run]).status.code(), Some(2), "it overwrites nothing");

    assert_eq!(firedrill(&["do", &run, "-c", "exit 4"]).status.code(), Some(4));
    assert_eq!(done(&["do", &run, "--host", "mon", "-c", "echo here"]), "here\n");
    done(&["ack", &run, "P1"]);
    done(&["say", &run, "looking", "at", "it"]);
    done(&["wait", &run, "2m"]);
    let status: Value = serde_json::from_str(&done(&["status", &run, "--json"])).expect("JSON");
    assert!(status["t"].as_i64().is_some_and(|t| (120_000_000..125_000_000).contains(&t)), "{status}");
    assert_eq!(status["said"][0]["text"], "looking at it");
    assert!(status["alerts"].as_array().is_some_and(|a| a.iter().any(|a| a["state"] == "firing")), "{status}");
    assert_eq!(status["slis"][0]["name"], "orders");

    assert_eq!(firedrill(&["report", &run]).status.code(), Some(1), "no diagnosis, no report");
    let form: Value = serde_json::from_str(&done(&["diagnose", &run, "--form"])).expect("JSON");
    assert!(
        form["origin"].as_array().is_some_and(|o| o.len() > 10)
            && form["mechanism"].as_array().is_some_and(|m| m.len() > 180)
    );

    let vague = folder.write("vague.json", r#"{"origin":"ssh","mechanism":"permission denied"}"#);
    let asked = firedrill(&["diagnose", &run, &vague]);
    assert_eq!(asked.status.code(), Some(3));
    assert!(stderr(&asked).contains("origin") && stderr(&asked).contains("ssh.service"), "{}", stderr(&asked));
    let wrong = folder.write("wrong.json", r#"{"orign":"myapp","mechanism":"x"}"#);
    let refused = firedrill(&["diagnose", &run, &wrong]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("did you mean \"origin\"?"), "{}", stderr(&refused));

    let answer = folder.write("answer.json", r#"{"origin":"myapp","mechanism":"log level left at debug"}"#);
    done(&["diagnose", &run, &answer]);
    let report: Value = serde_json::from_str(&done(&["report", &run, "--format", "json"])).expect("JSON");
    assert_eq!((&report["number"], &report["seed"], &report["pass"]), (&"INC-4127".into(), &3.into(), &false.into()));
    for block in report["blocks"].as_array().expect("blocks") {
        for line in block["lines"].as_array().expect("lines") {
            assert!(line["rule"].is_string() && line["fact"].is_string() && line["points"].is_number(), "{line}");
        }
    }
    assert!(done(&["verify", &run]).contains("score"));
}

#[test]
fn verify_refuses_a_run_after_one_byte_changed() {
    let folder = Folder::new("verify");
    let run = folder.path("a.run");
    done(&["new", "4127", "--seed", "9", "-o", &run]);
    done(&["do", &run, "-c", "echo a"]);
    done(&["wait", &run, "1m"]);
    done(&["verify", &run]);
    let whole = std::fs::read(&run).expect("the file");
    for at in (0..whole.len()).step_by(97) {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        std::fs::write(&run, &changed).expect("the file");
        let output = firedrill(&["verify", &run]);
        assert!(matches!(output.status.code(), Some(1 | 2)), "byte {at}: {}", stdout(&output));
        assert!(stderr(&output).starts_with("firedrill: "), "{}", stderr(&output));
    }
}

#[test]
fn a_play_is_done_and_one_that_would_tell_the_variant_is_not() {
    let folder = Folder::new("play");
    let run = folder.path("a.run");
    done(&["new", "4127", "--seed", "2", "-o", &run]);
    let play = folder.write("look", "ack P1\nweb$ echo on ${web}\nexpect /^on /\nwait 1m\n");
    assert!(done(&["do", &run, "--play", &play]).contains("\non "));
    let telling = folder.write("telling", "[a] web$ true\n");
    let output = firedrill(&["do", &run, "--play", &telling]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    let broken = folder.write("broken", "ack P1\nwiat 5m\n");
    let output = firedrill(&["do", &run, "--play", &broken]);
    assert!(stderr(&output).contains("broken:2:1") && stderr(&output).contains("wait"), "{}", stderr(&output));
}

#[test]
fn play_without_a_terminal_types_each_line() {
    let folder = Folder::new("typed");
    let run = folder.path("a.run");
    let output = firedrill_in(&["play", "4127", "--seed", "2", "-o", &run], "echo a$((1+1))b\nexit\n");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).contains("a2b\r\n"), "{}", stdout(&output));
    done(&["verify", &run]);
}

#[test]
fn packs_are_scenarios_that_can_be_played_from_elsewhere() {
    let folder = Folder::new("packs");
    done(&["pack", "-o", &folder.path("out")]);
    let index: Value =
        serde_json::from_str(&std::fs::read_to_string(folder.path("out/index.json")).expect("the index"))
            .expect("JSON");
    let file = folder.path(&format!("out/{}", index[0]["file"].as_str().expect("a file")));
    done(&["lint", &file]);
    assert_eq!(done(&["exec", &file, "--seed", "1", "-c", "echo ok"]), "ok\n");
    let text = std::fs::read_to_string(&file).expect("the pack").replace("orders fail", "orders flail");
    std::fs::write(&file, text).expect("the pack");
    assert_eq!(firedrill(&["lint", &file]).status.code(), Some(1));
}

#[test]
fn lint_names_file_line_and_mend() {
    let folder = Folder::new("lint");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/disk-full/scenario.json");
    let text = std::fs::read_to_string(source).expect("the scenario").replacen("\"cores\": 4", "\"coers\": 4", 1);
    folder.write("bad/scenario.json", &text);
    let output = firedrill(&["lint", &folder.path("bad")]);
    assert_eq!(output.status.code(), Some(1));
    let line = 1 + text.lines().position(|l| l.contains("coers")).expect("the line");
    assert!(stdout(&output).contains(&format!("scenario.json:{line}:")), "{}", stdout(&output));
    assert!(stdout(&output).contains("did you mean \"cores\"?"), "{}", stdout(&output));
}

#[test]
fn the_published_schema_is_that_of_the_format() {
    let published = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/scenario.schema.json");
    let text = std::fs::read_to_string(published).expect("the published schema");
    assert_eq!(text, done(&["schema"]), "write it anew: cargo run -- schema > scenarios/scenario.schema.json");
}

#[test]
fn usage_is_explained() {
    for arguments in [
        vec![],
        vec!["fly"],
        vec!["exec", "4127"],
        vec!["exec", "INC-0000", "-c", "true"],
        vec!["wait", "nofile", "5m"],
        vec!["wait", "nofile", "soon"],
        vec!["exec", "4127", "--host", "nowhere", "-c", "true"],
    ] {
        let output = firedrill(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!output.stderr.is_empty() && !stderr(&output).contains("panicked"), "{arguments:?}");
    }
    for form in ["list", "play", "exec", "new", "do", "wait", "status", "diagnose", "report", "verify"] {
        assert!(done(&[form, "--help"]).contains("Usage"), "{form}");
    }
    assert!(done(&["vocab", "logs", "never", "rotated"]).starts_with("  ST-1/unrotated-log"));
    assert_eq!(firedrill(&["vocab", "qqqq"]).status.code(), Some(1));
}
