//! One writer for each run: a lock on `runs/<id>/lock` that the system drops when its holder dies.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, Write};
use std::path::Path;

use fairtrial_domain::id::RunId;

use crate::StoreError;

/// The right to work on a run. Dropping it gives it back.
#[derive(Debug)]
pub struct RunLock {
    /// Keeps the lock; the file itself is never removed, or two processes could each hold "the" lock.
    _file: File,
}

impl RunLock {
    pub(crate) fn take(dir: &Path, run: &RunId) -> Result<RunLock, StoreError> {
        let path = dir.join("lock");
        let io = |source| StoreError::from_io("lock the run", &path, source);
        let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = match opened {
            Ok(file) => file,
            Err(e) if e.kind() == ErrorKind::NotFound => return Err(StoreError::NoRun { run: run.clone() }),
            Err(e) => return Err(io(e)),
        };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::Held { run: run.clone(), by: holder(&mut file) });
            }
            Err(TryLockError::Error(e)) => return Err(io(e)),
        }
        // Who holds it, for the other's message; the lock itself does not depend on it.
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .map_err(io)?;
        Ok(RunLock { _file: file })
    }
}

fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(32).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
