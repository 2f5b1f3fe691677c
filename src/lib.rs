//! Firedrill: a flight simulator for people who carry a pager.

pub mod base;
