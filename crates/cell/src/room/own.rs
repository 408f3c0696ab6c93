//! What of the user's own a room shows in its home: the thing itself, not a copy.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A folder or file of the user's, at a place in the room's home.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Own {
    /// Relative to the home.
    pub inside: PathBuf,
    /// Where it really is.
    pub outside: PathBuf,
    /// True when jobs may only read it. Where it lies in another, it comes after that. In the plain tier nothing keeps
    /// a job from writing.
    pub sealed: bool,
}
