//! Keeps runs: rows in SQLite, content in blobs on disk, one writer at a time for each run.
//!
//! **Invariant:** what a function here returned `Ok` for survives `kill -9`; a trial is recorded exactly once.

mod advice;
mod blobs;
mod db;
mod error;
mod lock;
mod rows;
mod runs;
mod trials;
mod upkeep;

pub use db::SCHEMA_VERSION;
pub use error::StoreError;
pub use lock::RunLock;
pub use rows::{AttemptRow, AttemptState, Loss, Lost, RunRow};
pub use upkeep::{Audit, Quiet, Waste};

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use fairtrial_domain::id::{Digest, RunId};
use rusqlite::Connection;

/// An open data folder: `store.db`, `blobs/`, `runs/<id>/`.
///
/// Several processes may have the same folder open; whoever works on a run holds its `RunLock`.
#[derive(Debug)]
pub struct Store {
    root: PathBuf,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
    blobs: blobs::Blobs,
}

impl Store {
    /// Opens the data folder `root`, making it and its database when absent, and brings an older database up
    /// to date. Refuses a newer one.
    pub fn open(root: &Path) -> Result<Store, StoreError> {
        let io = |source| StoreError::from_io("make the data folder", root, source);
        std::fs::create_dir_all(root.join("runs")).map_err(io)?;
        let blobs = blobs::Blobs::open(&root.join("blobs"))?;
        let writer = db::open_writer(&root.join(db::FILE))?;
        Ok(Store {
            root: root.to_owned(),
            writer: Mutex::new(writer),
            readers: Mutex::new(Vec::new()),
            blobs,
        })
    }

    /// Returns the data folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns a run's own folder, for bundles; made by `create_run`.
    pub fn run_dir(&self, run: &RunId) -> PathBuf {
        self.root.join("runs").join(run.as_str())
    }

    /// Stores `content` and returns its SHA-256. Content that is there already costs no space.
    pub fn put_blob(&self, content: &[u8]) -> Result<Digest, StoreError> {
        self.blobs.put(content)
    }

    /// Returns the content named `digest`, after checking that it still is what it was.
    pub fn get_blob(&self, digest: &Digest) -> Result<Vec<u8>, StoreError> {
        self.blobs.get(digest)
    }

    /// Takes the right to work on a run, until the lock is dropped or this process dies.
    /// Fails with `Held` while another process, or another part of this one, has it.
    pub fn lock_run(&self, run: &RunId) -> Result<RunLock, StoreError> {
        RunLock::take(&self.root, &self.run_dir(run), run)
    }

    /// Returns whether anybody holds the run's lock now; a run that does not exist is held by nobody.
    pub fn is_live(&self, run: &RunId) -> Result<bool, StoreError> {
        lock::is_held(&self.run_dir(run))
    }

    /// Returns a setting.
    pub fn setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        self.read(|db| {
            let mut found = db.prepare_cached("SELECT value FROM settings WHERE name = ?1")?;
            let mut rows = found.query([name])?;
            rows.next()?.map(|row| row.get(0)).transpose()
        })
    }

    /// Sets a setting, or removes it with `None`.
    pub fn set_setting(&self, name: &str, value: Option<&str>) -> Result<(), StoreError> {
        self.write(|db| {
            match value {
                Some(value) => db.execute(
                    "INSERT INTO settings (name, value) VALUES (?1, ?2)
                     ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                    [name, value],
                )?,
                None => db.execute("DELETE FROM settings WHERE name = ?1", [name])?,
            };
            Ok::<_, rusqlite::Error>(())
        })
    }
}
