//! Takes the patch from a workspace: what it holds that its base does not. No git is run and nothing is executed.
//!
//! **Invariant:** whatever is not in the patch and differs from the base is named in its flags, but for the
//! workspace's own `.git`. From an overlay's upper folder the cost grows with the changes, not with the base.

mod ignore;
mod names;
mod walk;

use std::io;
use std::path::{Path, PathBuf};

use fairtrial_domain::patch::Patch;

use crate::room::Changes;
use crate::tree::Stack;

pub use ignore::Ignore;
pub use names::is_dot_git;

/// Bytes of one file that a patch carries.
pub const MAX_FILE: u64 = 64 << 20;
/// Bytes of all files, both sides, that a patch carries.
pub const MAX_PATCH: u64 = 256 << 20;
/// Flags that a patch carries; a last one names the root when there were more.
pub const MAX_FLAGS: usize = 10_000;

/// Why no patch could be taken: the base or the workspace itself cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// A path of ours could not be read.
    #[error("could not read `{path}`")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Takes the patch. The workspace must be at rest: no process may write in it.
pub fn capture(changes: &Changes) -> Result<Patch, CaptureError> {
    let (top, lowers, whole) = match changes {
        Changes::Upper { upper, lowers } => (upper, lowers, false),
        Changes::Copy { tree, lowers } => (tree, lowers, true),
    };
    let readable = |path: &Path| {
        std::fs::read_dir(path)
            .map(drop)
            .map_err(|source| CaptureError::Read { path: path.to_owned(), source })
    };
    readable(top)?;
    lowers.iter().try_for_each(|lower| readable(lower))?;
    walk::Walk::new(top, Stack::new(lowers.clone()), whole).run()
}
