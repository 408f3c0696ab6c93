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
use std::path::PathBuf;

/// Why a room's walls do not stand.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// A step that the system refused.
    Step { step: String, source: io::Error },
    /// What is the user's own stands behind a link in the home, which could lead out of the root.
    Linked { place: PathBuf },
}

/// Names the step that failed.
trait At<T> {
    fn at(self, step: impl Into<String>) -> Result<T, Refusal>;
}

impl<T, E: Into<io::Error>> At<T> for Result<T, E> {
    fn at(self, step: impl Into<String>) -> Result<T, Refusal> {
        self.map_err(|e| Refusal::Step { step: step.into(), source: e.into() })
    }
}
