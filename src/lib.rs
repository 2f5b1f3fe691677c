//! Firedrill: a flight simulator for people who carry a pager.

pub mod base;
pub mod commands;
pub mod program;
pub mod run;
pub mod scenario;
pub mod score;
pub mod shell;
pub mod sim;
pub mod testkit;
pub mod world;

#[cfg(target_arch = "wasm32")]
pub mod ui;
#[cfg(target_arch = "wasm32")]
pub mod worker;
