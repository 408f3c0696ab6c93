//! Runs a plan: decides what starts when, starts cells, reads their journals.
//!
//! **Invariant:** deciding (`order`, `dispatch`, `prepare`, `result`) is values in, values out; only `launch`,
//! `journal`, `cell`, `harvest`, `machine` and `run` touch processes, files and time.

pub mod cell;
pub mod dispatch;
mod happening;
pub mod harvest;
pub mod journal;
pub mod launch;
pub mod machine;
pub mod needs;
pub mod order;
pub mod prepare;
pub mod result;
pub mod run;
pub mod steps;
mod trial;
