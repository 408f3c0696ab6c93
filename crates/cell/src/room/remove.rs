//! Removes what rooms leave: first out of the way with one rename, then away.
//!
//! **Invariant:** a link is never followed, and a room that another process holds is left alone.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use super::RoomError;

/// The file by which a room is known; whoever lives in it holds its lock.
pub(super) const LOCK: &str = "room.lock";
const TRASH: &str = ".trash-";
/// Folders in which overlayfs makes others with mode 000, each within the one before.
const OVERLAYS_OWN: [&str; 2] = ["work", "home-work"];
const CLOSED: [&str; 3] = ["work", "incompat", "volatile"];
/// A file in the innermost of them.
const MARK: &str = "dirty";

/// Marks a new room as held by this process, for as long as the returned file is open.
pub(super) fn hold(scratch: &Path) -> Result<File, RoomError> {
    let path = scratch.join(LOCK);
    let file = File::create(&path);
    let held = file
        .and_then(|f| flock(&f, FlockOperation::NonBlockingLockExclusive).map(|()| f).map_err(Into::into));
    held.map_err(|source| RoomError::File { what: "lock", path, source })
}

/// Removes what overlayfs keeps to itself in a room of the full tier, by its names. Only there: no job could put links
/// in their place. What is something else stays, and is removed the long way.
pub(super) fn unlock(scratch: &Path) {
    for own in OVERLAYS_OWN {
        let mut folder = scratch.join(own);
        for inner in CLOSED {
            folder.push(inner);
            if open(&folder).is_err() {
                folder.pop();
                break;
            }
        }
        let _other = fs::remove_file(folder.join(MARK));
        while folder != scratch && fs::remove_dir(&folder).is_ok() {
            folder.pop();
        }
    }
}

/// Removes a room.
pub(super) fn discard(scratch: &Path) -> Result<(), RoomError> {
    let failed = |source| RoomError::File { what: "remove", path: scratch.to_owned(), source };
    let name = scratch.file_name().ok_or(io::Error::from(io::ErrorKind::InvalidInput)).map_err(failed)?;
    let trash = scratch.with_file_name(format!("{TRASH}{}-{}", std::process::id(), name.to_string_lossy()));
    fs::rename(scratch, &trash).map_err(failed)?;
    remove_tree(&trash).map_err(failed)
}

/// Removes the debris of rooms whose process died, among the entries of `folder`. Everything else there stays.
pub fn sweep(folder: &Path) -> Result<(), RoomError> {
    let failed = |path: &Path, source| RoomError::File { what: "sweep", path: path.to_owned(), source };
    for entry in fs::read_dir(folder).map_err(|e| failed(folder, e))?.flatten() {
        let path = entry.path();
        if !entry.file_type().is_ok_and(|t| t.is_dir()) {
            continue;
        }
        let trash = entry.file_name().to_string_lossy().starts_with(TRASH);
        if abandoned(&path) || (trash && !path.join(LOCK).exists()) {
            remove_tree(&path).map_err(|e| failed(&path, e))?;
        }
    }
    Ok(())
}

fn abandoned(path: &Path) -> bool {
    let Ok(lock) = File::open(path.join(LOCK)) else { return false };
    flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok()
}

/// Removes a folder, even one whose inner folders forbid it (overlayfs's own is mode 000) or are nested too deep.
pub fn remove_tree(top: &Path) -> io::Result<()> {
    match fs::remove_dir_all(top) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => flatten(top),
        done => done,
    }
}

/// Removes a folder level by level, lifting what is inside to the top, so that no path grows long.
fn flatten(top: &Path) -> io::Result<()> {
    open(top)?;
    let mut lifted = 0u64;
    loop {
        let mut folders = false;
        for entry in fs::read_dir(top)? {
            let entry = entry?;
            if !entry.file_type()?.is_dir() {
                fs::remove_file(entry.path())?;
                continue;
            }
            folders = true;
            open(&entry.path())?;
            for inner in fs::read_dir(entry.path())? {
                let inner = inner?;
                if inner.file_type()?.is_dir() {
                    open(&inner.path())?;
                    fs::rename(inner.path(), unused(top, &mut lifted))?;
                } else {
                    fs::remove_file(inner.path())?;
                }
            }
            fs::remove_dir(entry.path())?;
        }
        if !folders {
            return fs::remove_dir(top);
        }
    }
}

fn open(folder: &Path) -> io::Result<()> {
    fs::set_permissions(folder, Permissions::from_mode(0o700))
}

fn unused(top: &Path, lifted: &mut u64) -> PathBuf {
    loop {
        *lifted += 1;
        let path = top.join(format!("lifted-{lifted}"));
        if fs::symlink_metadata(&path).is_err() {
            return path;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_folder_that_forbids_it_is_removed_and_links_are_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let (room, outside) = (dir.path().join("room"), dir.path().join("outside"));
        fs::create_dir_all(room.join("work/work")).unwrap();
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("kept"), "").unwrap();
        symlink(&outside, room.join("link")).unwrap();
        fs::set_permissions(room.join("work/work"), Permissions::from_mode(0o000)).unwrap();
        discard(&room).unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        assert!(outside.join("kept").exists());
    }

    #[test]
    fn a_folder_too_deep_for_a_path_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path().join("top");
        fs::create_dir_all(top.join("lifted-1/x")).unwrap();
        let name = "n".repeat(200);
        let mut inner = rustix::fs::open(&top, rustix::fs::OFlags::PATH, rustix::fs::Mode::empty()).unwrap();
        for _ in 0..1500 {
            rustix::fs::mkdirat(&inner, &name, rustix::fs::Mode::RWXU).unwrap();
            inner = rustix::fs::openat(&inner, &name, rustix::fs::OFlags::PATH, rustix::fs::Mode::empty())
                .unwrap();
        }
        remove_tree(&top).unwrap();
        assert!(!top.exists());
    }

    #[test]
    fn only_rooms_that_nobody_holds_are_swept() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["live", "dead", "other"] {
            fs::create_dir(dir.path().join(name)).unwrap();
        }
        let held = hold(&dir.path().join("live")).unwrap();
        drop(hold(&dir.path().join("dead")).unwrap());
        sweep(dir.path()).unwrap();
        let mut left: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["live", "other"]);
        drop(held);
        sweep(dir.path()).unwrap();
        assert!(!dir.path().join("live").exists());
    }
}
