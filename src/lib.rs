//! Firedrill: a flight simulator for people who carry a pager.
#[cfg(target_arch = "wasm32")]
pub mod ui;
#[cfg(target_arch = "wasm32")]
pub mod worker;
