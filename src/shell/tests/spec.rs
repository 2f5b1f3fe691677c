//! Walks `tests/spec/shell/*.md`: scripts with what the real bash 5.2 printed.

#![expect(clippy::disallowed_methods, reason = "a test reads its cases from disk")]

use std::path::Path;

use crate::testkit::Kit;

/// bash says the line of a `-c` string; the recorder leaves it out.
fn without_line(text: &str) -> String {
    let mut out = String::new();
    for line in text.split_inclusive('\n') {
        match line.strip_prefix("bash: line ").and_then(|rest| rest.split_once(": ")) {
            Some((number, rest)) if number.bytes().all(|b| b.is_ascii_digit()) => {
                out.push_str("bash: ");
                out.push_str(rest);
            }
            _ => out.push_str(line),
        }
    }
    out
}

#[test]
fn scripts_print_what_bash_prints() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/spec/shell");
    let only = std::env::var("SPEC").unwrap_or_default();
    let mut paths: Vec<_> = std::fs::read_dir(dir).expect("the specs are there").flatten().map(|e| e.path()).collect();
    paths.sort();
    let (mut failures, mut count) = (Vec::new(), 0);
    for path in paths {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        if !only.is_empty() && only != name {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("UTF-8");
        let mut kit = Kit::full();
        // The recorder runs in an empty directory.
        kit.run(&["mkdir", "/home/oncall/empty"]);
        for block in text.split("```console\n").skip(1) {
            let block = block.split("```").next().unwrap_or_default();
            for case in format!("\n{block}").split("\n$ ").skip(1) {
                let (command, expected) = case.split_once('\n').unwrap_or((case, ""));
                let ran = kit.run(&["bash", "-c", "cd empty; exec bash -c \"$1\"", "x", command]);
                let mut got = ran.stdout;
                if !got.is_empty() && !got.ends_with('\n') {
                    got.push_str("(no newline)\n");
                }
                got.push_str(&without_line(&ran.stderr.clone()));
                if ran.status != 0 {
                    got.push_str(&format!("(status {})\n", ran.status));
                }
                // A tool that this host does not have yet says nothing about the shell.
                if ran.stderr.contains("command not found") && !expected.contains("command not found") {
                    continue;
                }
                count += 1;
                if got.trim_end() != expected.trim_end() {
                    failures.push(format!("{name}: $ {command}\n--- bash\n{expected}\n--- ours\n{got}"));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{} of {count} differ\n\n{}", failures.len(), failures.join("\n"));
}
