//! Firedrill: a flight simulator for people who carry a pager.

pub mod base;
pub mod run;
pub mod scenario;
pub mod score;
