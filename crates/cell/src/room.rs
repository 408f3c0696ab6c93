//! A room: a private workspace over a prepared base, with a home of its own, in which jobs run one after another.
//!
//! **Invariant:** in the full tier a job sees the system's programs, the prefixes it was given, its workspace and
//! its home, and nothing else of this machine; in both tiers nothing of a job lives when `run` returns.

use std::path::{Path, PathBuf};

use fairtrial_domain::bundle::{Tier, TierChoice};
use fairtrial_domain::task::{Limits, Network};

use crate::process::{Cancel, Continue, Happening, Job, JobEnd};

/// What a room is made of.
#[derive(Debug, Clone)]
pub struct RoomSpec<'a> {
    /// A folder of ours, empty or absent, on the file system of the data folder; the room fills and removes it.
    pub scratch: &'a Path,
    /// The prepared base: `tree/`, and `layer/` where set-up wrote something.
    pub base: &'a Path,
    /// Which isolation to use.
    pub tier: TierChoice,
    /// Which network jobs have. The plain tier always has the machine's.
    pub network: Network,
    /// Files and folders that jobs may read at their own paths, beside the system's.
    pub readable: &'a [PathBuf],
    /// Bounds on processes and disk.
    pub limits: &'a Limits,
    /// The value of `FAIRTRIAL_RUN`, by which stray processes are found.
    pub marker: &'a str,
    /// Ends whatever job runs.
    pub cancel: Cancel,
}

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
        source: std::io::Error,
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
        source: std::io::Error,
    },
    /// The job's program could not be started.
    #[error("could not start `{program}`: {reason}")]
    Start {
        /// Which program.
        program: String,
        /// Why not.
        reason: String,
    },
    /// This system has no room yet.
    #[error("rooms are not built for this operating system yet")]
    Unsupported,
}

/// What jobs changed in a workspace. Upper and lower folders are in the form of overlayfs with `userxattr`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changes {
    /// What was written, over what was there.
    Upper {
        /// Holds only what was written: whiteouts are character devices 0:0, opaque folders carry `user.overlay.opaque`.
        upper: PathBuf,
        /// What was there, top first.
        lowers: Vec<PathBuf>,
    },
    /// A whole copy, to be compared with what was there.
    Copy {
        /// The copy.
        tree: PathBuf,
        /// What was there, top first.
        lowers: Vec<PathBuf>,
    },
}

/// What isolation this machine offers.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct TierStatus {
    /// The strongest.
    pub tier: Tier,
    /// Why it is not more; `None` when it is the full one.
    pub reason: Option<String>,
}

/// A private workspace with a home, in which jobs run one after another.
#[derive(Debug)]
pub struct Room {
    status: TierStatus,
    workspace: PathBuf,
    home: PathBuf,
    home_outside: PathBuf,
}

impl Room {
    /// Makes a room.
    pub fn open(_spec: &RoomSpec<'_>) -> Result<Room, RoomError> {
        Err(RoomError::Unsupported)
    }

    /// Returns the isolation it has and, where that is not the full one, why.
    pub fn tier(&self) -> (Tier, Option<&str>) {
        (self.status.tier, self.status.reason.as_deref())
    }

    /// Returns the workspace as jobs see it: in the full tier the same path for every room.
    pub fn workspace(&self) -> &Path {
        &self.workspace
    }

    /// Returns the home as jobs see it.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// Returns the home as this process sees it, to put files into before a job.
    pub fn home_outside(&self) -> &Path {
        &self.home_outside
    }

    /// Runs one job to its end, however that comes; then nothing of it lives.
    pub fn run(
        &mut self,
        _job: &Job,
        _sink: &mut dyn FnMut(Happening<'_>) -> Continue,
    ) -> Result<JobEnd, RoomError> {
        Err(RoomError::Unsupported)
    }

    /// Ends the room's processes and mounts, and returns what jobs changed. No job can run after it.
    pub fn freeze(&mut self) -> Result<Changes, RoomError> {
        Err(RoomError::Unsupported)
    }

    /// Removes everything the room made.
    pub fn close(self) -> Result<(), RoomError> {
        Err(RoomError::Unsupported)
    }
}

/// Returns what isolation this machine offers, by trying it in `scratch`.
pub fn detect(_scratch: &Path) -> TierStatus {
    TierStatus { tier: Tier::Plain, reason: Some(RoomError::Unsupported.to_string()) }
}

/// Removes the debris of rooms that died in `scratch`, as far as it can.
pub fn sweep(_scratch: &Path) -> Result<(), RoomError> {
    Err(RoomError::Unsupported)
}
