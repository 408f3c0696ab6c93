//! What only Linux has: namespaces, overlay mounts, and the warden that guards a room from inside.

mod bubblewrap;
pub(crate) mod cgroup;
mod confine;
pub(crate) mod container;
pub(crate) mod cpu;
pub(crate) mod family;
mod filter;
mod memory;
mod mounts;
mod namespaces;
mod root;
pub(crate) mod second;
pub(crate) mod seed;
mod start;
pub(crate) mod warden;
pub(crate) mod wrapping;

use std::io;

/// A step that the system refused.
#[derive(Debug)]
pub(crate) struct Refusal {
    step: String,
    source: io::Error,
}

/// Names the step that failed.
trait At<T> {
    fn at(self, step: impl Into<String>) -> Result<T, Refusal>;
}

impl<T, E: Into<io::Error>> At<T> for Result<T, E> {
    fn at(self, step: impl Into<String>) -> Result<T, Refusal> {
        self.map_err(|e| Refusal { step: step.into(), source: e.into() })
    }
}
