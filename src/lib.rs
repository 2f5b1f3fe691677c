//! Firedrill: a flight simulator for people who carry a pager. The map of the engine, the page and the command line.
//!
//! Read `world` first (what there is), then `sim` (how time passes), `program` (what a simulated program is), `run`
//! (one play-through). Each module's head says what it is for and what it deliberately does not know.
//!
//! What a module may use, besides itself; a test compares this table with the `use` lines:
//!
//! | module | may use | what it is |
//! | --- | --- | --- |
//! | `base` | | time, seeded randomness, hashing, regular expressions, dates, columns, limits |
//! | `world` | `base` | the whole simulated state: data, queries that return rows, verbs that are journalled |
//! | `sim` | `base` `world` | makes time pass: steps, laws, phases |
//! | `program` | `base` `world` | what a program is: rows of options, contexts, the executor |
//! | `shell` | `base` `world` `program` | bash: parse, expand, run, jobs, history, completion, line editor |
//! | `commands` | `base` `world` `program` | the simulated programs, one file each |
//! | `score` | `base` | pure: answers and facts in, explained points out; the vocabulary of causes |
//! | `scenario` | `base` `world` `sim` `score` | the file format, its checks, seeds' variants, building a world |
//! | `protocol` | | plain data between page and engine |
//! | `run` | `base` `world` `sim` `program` `shell` `commands` `score` `scenario` `protocol` | one play-through: inputs in, updates out; log, replay, plays |
//! | `present` | `protocol` | pure view models of the page |
//! | `worker` | `base` `world` `score` `scenario` `protocol` `present` `run` | the engine's side of the page (wasm) |
//! | `ui` | `protocol` `present` | the page (wasm, Leptos) |
//! | `cli` | `base` `world` `score` `scenario` `run` | the command line (native) |
//! | `testkit` | `base` `world` `program` `shell` `commands` | a world, a player and an assertion in one line each |
//!
//! Invariants, each with its test: the engine (all but `ui`, `worker`, `cli`) never sees the browser or the platform;
//! `ui` never sees `world`; `shell` and `commands` do not know each other; no engine code names a scenario.

pub mod base;
#[cfg(not(target_arch = "wasm32"))]
pub mod cli;
pub mod commands;
pub mod present;
pub mod program;
pub mod protocol;
pub mod run;
pub mod scenario;
pub mod score;
pub mod shell;
pub mod sim;
pub mod testkit;
#[cfg(target_arch = "wasm32")]
pub mod ui;
// Natively only for its tests.
#[cfg(any(target_arch = "wasm32", test))]
pub mod worker;
pub mod world;
