//! Looks at a task's texts before it is trusted: mutants of its reference, places where its answer can be read, and
//! what its hidden checks ask for. Nothing is run here, and nothing is judged.

mod changes;
mod clues;
mod code;
mod mutate;

pub use clues::Clues;
pub use mutate::{MOST_MUTANTS, MutantDraft, mutants};
