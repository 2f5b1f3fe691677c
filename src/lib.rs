//! Firedrill: a flight simulator for people who carry a pager.

pub mod base;
pub mod present;
pub mod protocol;
pub mod run;
