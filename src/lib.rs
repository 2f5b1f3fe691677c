//! Firedrill: a flight simulator for people who carry a pager.

pub mod base;
pub mod present;
pub mod protocol;
pub mod run;
#[cfg(target_arch = "wasm32")]
pub mod ui;
// Natively only for its tests.
#[cfg(any(target_arch = "wasm32", test))]
pub mod worker;
