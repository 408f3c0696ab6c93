//! Judges a patch in a fresh workspace.

pub mod layer;
