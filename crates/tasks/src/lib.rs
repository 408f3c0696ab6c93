//! Reads, checks and writes task directories, and finds out how a repository is tested.
//!
//! **Invariant:** what is read is either whole and valid or a list of every problem found, each with a file, a line
//! where there is one, and a remedy. Nothing in a task directory is executed here.

pub mod audit;

mod detect;
mod git;
mod harbor;
mod node;
mod problem;
mod read;
mod settings;
mod suite;
mod tree;
mod write;

pub use detect::{DetectedCheck, DetectedSetup, detect_checks, detect_setup};
pub use git::names;
pub use problem::{Problem, Problems};
pub use read::read_task;
pub use suite::read_suite;
pub use write::{NewTask, WriteError, write_task};
