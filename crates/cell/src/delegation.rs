//! Why rooms have no control group of their own.

use std::io;
use std::path::PathBuf;

/// Why rooms have no control group of their own.
#[derive(Debug, thiserror::Error)]
pub enum Undelegated {
    /// There is no tree of version 2.
    #[error("this system has no unified tree of control groups")]
    NoTree,
    /// Processes of others are in this one's group, and they are not moved.
    #[error("the control group `{group}` holds others' processes too")]
    Shared {
        /// Which.
        group: PathBuf,
    },
    /// The group is not this user's.
    #[error("no part of the control groups is delegated to this user at `{group}`: could not {what}")]
    NotOurs {
        /// What was tried.
        what: &'static str,
        /// Where.
        group: PathBuf,
        /// Why not.
        source: io::Error,
    },
}
