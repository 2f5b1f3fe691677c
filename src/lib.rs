//! Firedrill: a flight simulator for people who carry a pager.

pub mod base;
pub mod commands;
pub mod program;
pub mod shell;
pub mod testkit;
pub mod world;
