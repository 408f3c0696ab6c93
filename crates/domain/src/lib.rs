//! The nouns of Fairtrial as plain values: no I/O, no clock, no vendor's words.
//!
//! **Invariant:** every type here can be written to JSON and read back without loss.

#[macro_use]
mod derive;

pub mod advice;
pub mod assistant;
pub mod audit;
pub mod bundle;
pub mod comparison;
pub mod diff;
pub mod event;
pub mod id;
pub mod journal;
pub mod network;
pub mod outcome;
pub mod patch;
pub mod plan;
pub mod preflight;
pub mod run;
pub mod score;
pub mod steering;
pub mod task;
pub mod traffic;
pub mod usage;
pub mod verdict;

/// The product's name, wherever it is shown.
pub const PRODUCT: &str = "Fairtrial";
