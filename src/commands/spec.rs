//! Walks `tests/spec/<group>/*.md`: console blocks recorded from the real tools, and the rows' own examples.

#![expect(clippy::disallowed_methods, reason = "a test reads its cases from disk")]

use std::path::{Path, PathBuf};

use crate::commands::GROUPS;
use crate::testkit::{Kit, Ran};

/// Enough of a shell for the cases: pipes, lists, redirections, quotes, assignments before a command.
struct Script<'k> {
    kit: &'k mut Kit,
    user: &'static str,
}

#[derive(Debug, PartialEq)]
enum Token {
    Word(String),
    Operator(&'static str),
}

const OPERATORS: &[&str] = &["2>&1", "2>/dev/null", "&&", "||", ">>", ";", "|", ">", "<"];

fn tokens(line: &str) -> Vec<Token> {
    let (mut out, mut rest) = (Vec::new(), line.trim_start());
    while !rest.is_empty() {
        if let Some(op) = OPERATORS.iter().find(|op| rest.starts_with(**op)) {
            out.push(Token::Operator(op));
            rest = rest[op.len()..].trim_start();
            continue;
        }
        let mut word = String::new();
        let mut chars = rest.char_indices().peekable();
        let mut end = rest.len();
        while let Some((at, c)) = chars.next() {
            match c {
                ' ' | ';' | '|' | '>' | '<' | '&' => {
                    end = at;
                    break;
                }
                '\\' => word.extend(chars.next().map(|c| c.1)),
                '\'' => word.extend(chars.by_ref().map(|c| c.1).take_while(|c| *c != '\'')),
                '"' => {
                    while let Some((_, c)) = chars.next() {
                        match c {
                            '"' => break,
                            '\\' => match chars.next().map(|c| c.1) {
                                Some(c @ ('"' | '\\' | '$' | '`')) => word.push(c),
                                c => {
                                    word.push('\\');
                                    word.extend(c);
                                }
                            },
                            c => word.push(c),
                        }
                    }
                }
                c => word.push(c),
            }
        }
        out.push(Token::Word(word));
        rest = rest[end..].trim_start();
    }
    out
}

impl Script<'_> {
    fn run(&mut self, line: &str) -> Ran {
        let mut total = Ran { stdout: String::new(), stderr: String::new(), status: 0, took: Default::default() };
        let tokens = tokens(line);
        let mut from = 0;
        let mut skip = false;
        for at in 0..=tokens.len() {
            let op = match tokens.get(at) {
                Some(Token::Operator(op @ (";" | "&&" | "||"))) => *op,
                None => "",
                _ => continue,
            };
            if !skip && at > from {
                let ran = self.pipeline(&tokens[from..at]);
                total.stdout.push_str(&ran.stdout);
                total.stderr.push_str(&ran.stderr);
                total.status = ran.status;
            }
            from = at + 1;
            skip = op == "&&" && total.status != 0 || op == "||" && total.status == 0;
        }
        total
    }

    fn pipeline(&mut self, tokens: &[Token]) -> Ran {
        let mut input: Vec<u8> = Vec::new();
        let mut last = None;
        let mut stderr = String::new();
        for stage in tokens.split(|t| *t == Token::Operator("|")) {
            let (mut words, mut env) = (Vec::new(), Vec::new());
            let (mut to, mut append, mut merge, mut hush) = (None, false, false, false);
            let mut stage = stage.iter();
            while let Some(token) = stage.next() {
                let mut file = || match stage.next() {
                    Some(Token::Word(file)) => file.clone(),
                    other => panic!("a file, not {other:?}"),
                };
                match token {
                    Token::Word(word) if words.is_empty() && word.contains('=') && !word.starts_with('=') => {
                        env.push(word.clone());
                    }
                    Token::Word(word) => words.push(word.clone()),
                    Token::Operator("<") => {
                        let path = file();
                        input = self.kit.run_bytes(self.user, &["cat", &path], &[], &[]).0;
                    }
                    Token::Operator("2>&1") => merge = true,
                    Token::Operator("2>/dev/null") => hush = true,
                    Token::Operator(op) => (to, append) = (Some(file()), *op == ">>"),
                }
            }
            // `env` only keeps bash from its builtin here.
            let argv: Vec<&str> = words.iter().map(|w| &**w).skip_while(|w| *w == "env").collect();
            let (mut out, err, status) = if argv.is_empty() {
                (Vec::new(), Vec::new(), 0)
            } else {
                self.kit.run_bytes(self.user, &argv, &input, &env)
            };
            let err = String::from_utf8_lossy(&err).into_owned();
            if merge {
                out.extend_from_slice(err.as_bytes());
            } else if !hush {
                stderr.push_str(&err);
            }
            if let Some(path) = to {
                let tee: &[&str] = if append { &["tee", "-a", &path] } else { &["tee", &path] };
                self.kit.run_bytes(self.user, tee, &out, &[]);
                out.clear();
            }
            last = Some(status);
            input = out;
        }
        let stdout = String::from_utf8_lossy(&input).into_owned();
        Ran { stdout, stderr, status: last.unwrap_or(0), took: Default::default() }
    }
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(dir).expect("the specs are there") {
        let path = entry.expect("a readable directory").path();
        if path.is_dir() {
            out.extend(files(&path));
        } else if path.extension().is_some_and(|e| e == "md") {
            out.push(path);
        }
    }
    out.sort();
    out
}

#[test]
fn programs_print_what_the_real_ones_print() {
    let only = std::env::var("SPEC").unwrap_or_default();
    let (mut failures, mut count) = (Vec::new(), 0);
    for group in ["coreutils", "disk", "procs", "text"] {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/spec").join(group);
        for path in files(&dir) {
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            if !only.is_empty() && only != name {
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("UTF-8");
            let mut kit = Kit::new(GROUPS);
            for block in text.split("```console\n").skip(1) {
                let block = block.split("```").next().unwrap_or_default();
                for case in format!("\n{block}").split("\n$ ").skip(1) {
                    let (command, expected) = case.split_once('\n').unwrap_or((case, ""));
                    let ran = Script { kit: &mut kit, user: "root" }.run(command);
                    let mut got = ran.stdout;
                    if !got.is_empty() && !got.ends_with('\n') {
                        got.push_str("(no newline)\n");
                    }
                    got.push_str(&ran.stderr);
                    if ran.status != 0 {
                        got.push_str(&format!("(status {})\n", ran.status));
                    }
                    count += 1;
                    if got.trim_end() != expected.trim_end() {
                        failures.push(format!("{name}: $ {command}\n--- real\n{expected}\n--- ours\n{got}"));
                    }
                }
            }
        }
    }
    assert!(failures.is_empty(), "{} of {count} differ\n\n{}", failures.len(), failures.join("\n\n"));
}

#[test]
fn every_row_has_an_example_and_it_holds() {
    let mut failures = Vec::new();
    for row in GROUPS.iter().copied().flatten() {
        if row.examples.is_empty() && !matches!(row.name, "dir" | "vdir") {
            failures.push(format!("{}: no example", row.name));
        }
        for example in row.examples {
            // What needs a real shell is the shell's to test.
            if example.run.starts_with("yes")
                || example.run.contains(['$', '(', '*']) && !example.run.contains("'")
                || example.run.contains("cd ")
            {
                continue;
            }
            let mut kit = Kit::new(GROUPS);
            let ran = Script { kit: &mut kit, user: "oncall" }.run(example.run);
            let got = format!("{}{}", ran.stdout, ran.stderr);
            if got != example.prints {
                failures.push(format!("{}: {}\n--- said\n{}\n--- got\n{got}", row.name, example.run, example.prints));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
