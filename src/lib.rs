//! Firedrill: a flight simulator for people who carry a pager.

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
