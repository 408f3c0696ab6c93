//! Judges trials and compares assistants: values in, values out.
//!
//! **Invariant:** nothing here runs, reads a clock or panics on odd input; a number that its method cannot
//! give honestly is `None`.

pub mod advice;
pub mod assess;
pub mod audit;
pub mod compare;
pub mod corpus;
pub mod csv;
pub mod features;
pub mod feedback;
pub mod quarantine;
pub mod simulate;
pub mod stats;
pub mod syntax;
pub mod validity;
pub mod votes;

pub use assess::{Assessment, Evidence, RULES, assess, cheating};
pub use compare::{
    ArmEntry, BlindVote, ComparisonInput, Design, LaterRound, Said, TaskEntry, TrialEntry, TrialResult,
    compare, english, fairness, why_withheld,
};
pub use csv::{CsvError, CsvTrial, from_csv, read_csv};
pub use validity::validity;
pub use votes::{VotesError, read_votes};
