//! The cell: the isolated process tree that holds one trial, and what is done in it.
//!
//! **Invariant:** nothing outside a room executes what an assistant wrote.

pub mod journal;
pub mod process;
pub mod room;
