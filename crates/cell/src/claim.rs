//! Folders that are being filled under a name of their own before they get their real one.
//!
//! **Invariant:** a folder is removed as debris only by whoever holds its lock, and whoever fills it holds that until
//! its process ends.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::room::remove_tree;

/// Whoever clears up has a folder for a moment only.
const BETWEEN: Duration = Duration::from_millis(1);
const TRIES: u32 = 1000;

/// The right to fill a folder. It lasts as long as the value, whatever the folder is called by then.
#[derive(Debug)]
pub struct Claim {
    _held: File,
}

impl Claim {
    /// Makes an empty folder at `path`, a name that no other living process uses, and claims it. What a dead process
    /// left there goes.
    pub fn make(path: &Path) -> io::Result<Claim> {
        let mut last = io::Error::from(io::ErrorKind::ResourceBusy);
        for _ in 0..TRIES {
            match fs::create_dir_all(path).and_then(|()| held(path, Unsure::Take)) {
                Ok(Some(held)) => {
                    empty(path)?;
                    return Ok(Claim { _held: held });
                }
                Ok(None) => {}
                // It went while it was made, or while that was found to be done.
                Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::AlreadyExists) => {
                    last = e;
                }
                Err(e) => return Err(e),
            }
            std::thread::sleep(BETWEEN);
        }
        Err(last)
    }
}

fn empty(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() { remove_tree(&entry.path())? } else { fs::remove_file(entry.path())? }
    }
    Ok(())
}

/// Removes a folder unless somebody fills it; returns whether it is gone by that.
pub fn remove_debris(path: &Path) -> bool {
    matches!(held(path, Unsure::Leave), Ok(Some(_held)) if remove_tree(path).is_ok())
}

/// What to do on a file system without locks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unsure {
    Take,
    Leave,
}

/// Takes the lock of the folder that `path` names; `None` when somebody has it, or has taken the folder away.
fn held(path: &Path, unsure: Unsure) -> io::Result<Option<File>> {
    let gone = |e: &io::Error| e.kind() == io::ErrorKind::NotFound;
    let folder = match File::open(path) {
        Ok(folder) => folder,
        Err(e) if gone(&e) => return Ok(None),
        Err(e) => return Err(e),
    };
    match flock(&folder, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(Errno::WOULDBLOCK) => return Ok(None),
        Err(Errno::NOTSUP | Errno::NOLCK | Errno::NOSYS) => {
            return Ok((unsure == Unsure::Take).then_some(folder));
        }
        Err(e) => return Err(e.into()),
    }
    let ours = folder.metadata()?;
    match fs::symlink_metadata(path) {
        Ok(found) => Ok(((found.dev(), found.ino()) == (ours.dev(), ours.ino())).then_some(folder)),
        Err(e) if gone(&e) => Ok(None),
        Err(e) => Err(e),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn what_somebody_fills_stays_and_what_is_left_goes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.partial");
        fs::create_dir_all(path.join("of/a/dead/process")).unwrap();
        let claim = Claim::make(&path).unwrap();
        assert_eq!(fs::read_dir(&path).unwrap().count(), 0);
        assert!(!remove_debris(&path) && path.exists());
        drop(claim);
        assert!(remove_debris(&path) && !path.exists());
        assert!(!remove_debris(&path), "there is nothing");
    }

    #[test]
    fn a_claim_follows_its_folder_to_its_real_name() {
        let dir = tempfile::tempdir().unwrap();
        let (partial, whole) = (dir.path().join("x.partial"), dir.path().join("x"));
        let _claim = Claim::make(&partial).unwrap();
        fs::rename(&partial, &whole).unwrap();
        assert!(!remove_debris(&partial) && whole.exists());
    }

    #[test]
    fn nothing_that_is_made_is_lost_to_one_who_clears_up_all_the_time() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.partial");
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    remove_debris(&path);
                    std::thread::yield_now();
                }
            });
            let made = (0..100).try_fold(None, |other, turn: u32| {
                let claim = Claim::make(&path)?;
                let file = path.join("file");
                fs::write(&file, turn.to_string())?;
                std::thread::yield_now();
                let text = fs::read_to_string(file)?;
                drop(claim);
                // What nobody fills any more goes, and may be going while the next is made.
                while turn.is_multiple_of(2) && path.join("file").exists() {
                    std::thread::yield_now();
                }
                Ok::<_, io::Error>(if text == turn.to_string() { other } else { Some(text) })
            });
            over.store(true, Ordering::Relaxed);
            assert_eq!(made.unwrap(), None);
        });
    }
}
