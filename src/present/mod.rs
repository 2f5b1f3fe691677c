//! Pure view models: what the page shows, computed without a page, so that it is tested natively.
//!
//! Invariant: it knows `protocol` and nothing of the engine or of the browser.

pub mod announce;
pub mod chart;
pub mod clock;
pub mod form;
pub mod keys;
pub mod markdown;
pub mod mirror;
pub mod palette;
pub mod paste;
pub mod route;
pub mod rows;
