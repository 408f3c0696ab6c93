//! Why a room cannot do what it was asked to.

use std::io;
use std::path::PathBuf;

use fairtrial_domain::bundle::Tier;

use super::tier::name;

/// Why a room cannot do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum RoomError {
    /// A file of the room could not be made, read or removed.
    #[error("could not {what} `{path}`")]
    File {
        /// What was tried.
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The base lacks its tree.
    #[error("`{base}` is no prepared base: it has no folder `tree`; prepare the task again")]
    NoBase {
        /// The base.
        base: PathBuf,
    },
    /// The room's first process could not be started or was lost.
    #[error("the room's first process failed at `{step}`")]
    Warden {
        /// Which step.
        step: String,
        /// Why.
        source: io::Error,
    },
    /// The job's program could not be started.
    #[error("could not start `{program}`: {reason}")]
    Start {
        /// Which program.
        program: String,
        /// Why not.
        reason: String,
        /// True when it is the program and not the machine's load.
        lasting: bool,
    },
    /// A path that jobs may not be shown, since it holds what they must not see.
    #[error(
        "`{path}` cannot be made readable: it holds the room itself or other trials; name a folder inside it"
    )]
    TooMuch {
        /// Which.
        path: PathBuf,
    },
    /// A place of the user's own that is a link, or behind one: within walls it could lead anywhere, and a room without
    /// walls is none in its stead.
    #[error(
        "`~/{place}` is a link or behind one, and a cell shows no login through a link: put the file itself there, or \
         use a key"
    )]
    Linked {
        /// Relative to the home.
        place: PathBuf,
    },
    /// The folder for the room holds something, so that it would not be fresh.
    #[error("`{path}` is not empty: a room is used once")]
    Used {
        /// Which.
        path: PathBuf,
    },
    /// No room was kept in the folder, or one of another tier than is to be had now.
    #[error("`{path}` keeps no room that could go on: {why}")]
    NotKept {
        /// The folder.
        path: PathBuf,
        /// Why not.
        why: &'static str,
    },
    /// The isolation that was asked for, and no other, cannot be had.
    #[error("there is no {} tier here: {reason}", name(*.tier))]
    NoTier {
        /// Which.
        tier: Tier,
        /// Why not.
        reason: String,
    },
    /// A job after `freeze`.
    #[error("the room is frozen: no job can run in it any more")]
    Frozen,
}

impl RoomError {
    /// Returns whether another try would fail alike.
    pub(crate) fn is_lasting(&self) -> bool {
        match self {
            RoomError::Start { lasting, .. } => *lasting,
            RoomError::NoBase { .. }
            | RoomError::TooMuch { .. }
            | RoomError::Linked { .. }
            | RoomError::NoTier { .. } => true,
            RoomError::File { .. }
            | RoomError::Warden { .. }
            | RoomError::Used { .. }
            | RoomError::NotKept { .. }
            | RoomError::Frozen => false,
        }
    }
}
