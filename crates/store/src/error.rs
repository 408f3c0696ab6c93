//! What can go wrong with the data folder.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use fairtrial_domain::id::{Digest, RunId, TrialKey};
use rusqlite::ffi::ErrorCode;

/// Why the store could not do what was asked. Nothing was changed unless it says so.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A newer program made the database.
    #[error(
        "the database {} has schema version {found}, this program knows up to {known}: update Fairtrial, or choose another data folder with --home or FAIRTRIAL_HOME",
        path.display()
    )]
    Newer {
        /// Which.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// It is somebody else's database, or damaged.
    #[error("{} is not a Fairtrial database, or it is damaged: move it away, or choose another data folder", path.display())]
    NotOurs {
        /// Which.
        path: PathBuf,
        /// Why.
        source: Option<rusqlite::Error>,
    },
    /// The disk is full.
    #[error("the disk is full: could not {doing} in {}; make room, then resume the run", path.display())]
    DiskFull {
        /// What was being done.
        doing: &'static str,
        /// Where.
        path: PathBuf,
        /// As the system says it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A file or folder does not let us.
    #[error("could not {doing}: {}", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// SQLite refused.
    #[error("the database {} refused", path.display())]
    Sql {
        /// Which.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// There is no such run.
    #[error("there is no run `{run}`: `fairtrial runs` lists them")]
    NoRun {
        /// The name asked for.
        run: RunId,
    },
    /// A run of that name is there already.
    #[error("there is a run `{run}` already")]
    RunExists {
        /// Its name.
        run: RunId,
    },
    /// Another process works on the run.
    #[error("run `{run}` is being worked on by {}: wait for it, or end it", holder(*by))]
    Held {
        /// Which run.
        run: RunId,
        /// The process that holds it, where known.
        by: Option<u32>,
    },
    /// The trial is recorded already.
    #[error("trial {key} of run `{run}` is recorded already: a trial counts once")]
    AlreadyFinished {
        /// Which run.
        run: RunId,
        /// Which trial.
        key: TrialKey,
    },
    /// The attempt is not where it would have to be for this.
    #[error("attempt {attempt} of trial {key} is {found}: it cannot be {wanted}")]
    AttemptState {
        /// Which trial.
        key: TrialKey,
        /// Which attempt.
        attempt: u32,
        /// What is stored.
        found: &'static str,
        /// What was asked.
        wanted: &'static str,
    },
    /// There is no such blob.
    #[error("there is no content {digest} in the store")]
    NoBlob {
        /// Which.
        digest: Digest,
    },
    /// It is no SHA-256.
    #[error("`{digest}` is not a SHA-256 in lower-case hexadecimal")]
    BadDigest {
        /// As given.
        digest: Digest,
    },
    /// A blob is not what its name says.
    #[error("the content in {} is damaged: its SHA-256 is not {digest}; restore the file from a backup", path.display())]
    Corrupt {
        /// Which.
        digest: Digest,
        /// Where it lies.
        path: PathBuf,
    },
    /// A stored value is not what this version reads.
    #[error("the stored {what} of run `{run}` cannot be read")]
    Unreadable {
        /// Which run.
        run: RunId,
        /// Which value.
        what: &'static str,
        /// Why.
        source: serde_json::Error,
    },
}

fn holder(by: Option<u32>) -> String {
    by.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
}

impl StoreError {
    /// Returns a word to switch on.
    pub fn code(&self) -> &'static str {
        match self {
            StoreError::Newer { .. } => "store_newer",
            StoreError::NotOurs { .. } => "store_not_ours",
            StoreError::DiskFull { .. } => "disk_full",
            StoreError::Io { .. } => "store_io",
            StoreError::Sql { .. } => "store_sql",
            StoreError::NoRun { .. } => "no_run",
            StoreError::RunExists { .. } => "run_exists",
            StoreError::Held { .. } => "run_held",
            StoreError::AlreadyFinished { .. } => "trial_finished",
            StoreError::AttemptState { .. } => "attempt_state",
            StoreError::NoBlob { .. } => "no_blob",
            StoreError::BadDigest { .. } => "bad_digest",
            StoreError::Corrupt { .. } => "blob_corrupt",
            StoreError::Unreadable { .. } => "store_unreadable",
        }
    }

    pub(crate) fn from_io(doing: &'static str, path: &Path, source: io::Error) -> StoreError {
        let path = path.to_owned();
        if matches!(
            source.kind(),
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge
        ) {
            return StoreError::DiskFull { doing, path, source: Box::new(source) };
        }
        StoreError::Io { doing, path, source }
    }

    pub(crate) fn from_sql(path: &Path, source: rusqlite::Error) -> StoreError {
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => {
                StoreError::DiskFull { doing: "write the database", path, source: Box::new(source) }
            }
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                StoreError::NotOurs { path, source: Some(source) }
            }
            Some(_) | None => StoreError::Sql { path, source },
        }
    }
}
