//! One writer for each run: a lock on `runs/<id>/lock` that the system drops when its holder dies.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, Write};
use std::path::Path;
use std::time::Duration;

use fairtrial_domain::id::RunId;

use crate::StoreError;

/// Somebody who only looks (`is_held`) has the lock for a moment too, which is no reason to refuse.
const TRIES: u32 = 4;
const BETWEEN: Duration = Duration::from_millis(10);

/// The right to work on a run. Dropping it gives it back.
#[derive(Debug)]
pub struct RunLock {
    /// Keeps the lock; the file itself is never removed, or two processes could each hold "the" lock.
    _file: File,
    /// Keeps whoever clears up out, for as long as anybody works on any run.
    _at_work: File,
}

/// The file by which those who work and those who clear up keep out of each other's way.
const WORK: &str = "work.lock";

fn work_file(root: &Path) -> Result<File, StoreError> {
    let path = root.join(WORK);
    let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
    opened.map_err(|source| StoreError::from_io("lock the data folder", &path, source))
}

/// Takes the right to clear up in the data folder; `None` while anybody works on a run. Nobody begins to before the
/// returned file is closed.
pub(crate) fn quiet(root: &Path) -> Result<Option<File>, StoreError> {
    let file = work_file(root)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(source)) => {
            Err(StoreError::from_io("lock the data folder", &root.join(WORK), source))
        }
    }
}

impl RunLock {
    pub(crate) fn take(root: &Path, dir: &Path, run: &RunId) -> Result<RunLock, StoreError> {
        let path = dir.join("lock");
        let io = |source| StoreError::from_io("lock the run", &path, source);
        let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = match opened {
            Ok(file) => file,
            Err(e) if e.kind() == ErrorKind::NotFound => return Err(StoreError::NoRun { run: run.clone() }),
            Err(e) => return Err(io(e)),
        };
        let mut tries_left = TRIES;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if tries_left > 0 => {
                    tries_left -= 1;
                    std::thread::sleep(BETWEEN);
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(StoreError::Held { run: run.clone(), by: holder(&mut file) });
                }
                Err(TryLockError::Error(e)) => return Err(io(e)),
            }
        }
        // Who holds it, for the other's message; the lock itself does not depend on it.
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .map_err(io)?;
        let at_work = work_file(root)?;
        at_work.lock_shared().map_err(io)?;
        Ok(RunLock { _file: file, _at_work: at_work })
    }
}

/// Looks whether anybody holds the lock, without taking the place of its holder.
pub(crate) fn is_held(dir: &Path) -> Result<bool, StoreError> {
    let path = dir.join("lock");
    let io = |source| StoreError::from_io("look at the run's lock", &path, source);
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(false),
        Err(e) => return Err(io(e)),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(e)) => Err(io(e)),
    }
}

fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(32).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
