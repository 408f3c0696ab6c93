//! A room between two rounds: workspace and home stay in its folder, everything else goes.
//!
//! **Invariant:** a folder with the mark was left whole by a room that had ended; the mark goes before the next one
//! starts, so that what a lost round left is never taken for what was kept. No link in it is followed.

use std::fs::{self, File};
use std::io;
use std::path::{Component, Path};

use fairtrial_domain::bundle::Tier;

use super::tier::name;
use super::{COPY, RoomError, remove};

/// Names the tier of the room that was kept.
const MARK: &str = "kept";
/// What a room keeps where an overlay is its workspace, and where a copy is.
const OVERLAY: [&str; 1] = ["written"];
const COPIED: [&str; 2] = [COPY, "written"];

/// How a room begins and may end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Origin {
    /// Fresh over its base, and gone at its end.
    #[default]
    Fresh,
    /// Fresh over its base, and one that can be kept at its end.
    ToKeep,
    /// With the workspace and the home that an earlier one kept in the same folder; can be kept again.
    Kept,
}

/// Returns whether a room was kept whole in this folder.
pub fn is_kept(scratch: &Path) -> bool {
    scratch.join(MARK).is_file()
}

/// Clears a room's folder of all but what a further round needs, and marks it. No job of the room may be alive.
pub(super) fn keep(scratch: &Path, tier: Tier) -> Result<(), RoomError> {
    let names: &[&str] = match tier {
        Tier::Full => &OVERLAY,
        Tier::Bubblewrap | Tier::Container | Tier::Plain => &COPIED,
    };
    let failed =
        |what: &'static str, path: &Path, source| RoomError::File { what, path: path.to_owned(), source };
    for entry in fs::read_dir(scratch).map_err(|e| failed("read", scratch, e))?.flatten() {
        let (name, path) = (entry.file_name(), entry.path());
        if names.iter().any(|kept| name == *kept) || name == remove::LOCK {
            continue;
        }
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let gone = if is_folder { remove::remove_tree(&path) } else { fs::remove_file(&path) };
        gone.map_err(|e| failed("remove", &path, e))?;
    }
    // An overlay in this folder forces nothing to the disk by itself, and a mark that outlived what it marks would lie.
    settle(scratch).map_err(|e| failed("write out", scratch, e))?;
    let mark = scratch.join(MARK);
    let written = fs::write(&mark, name(tier)).and_then(|()| File::open(&mark)?.sync_all());
    written.map_err(|e| failed("write", &mark, e))?;
    // Without its lock it is no debris of a room whose process died.
    let lock = scratch.join(remove::LOCK);
    fs::remove_file(&lock).map_err(|e| failed("remove", &lock, e))
}

/// Forces all that was written on a folder's file system to the disk.
fn settle(folder: &Path) -> io::Result<()> {
    let folder = File::open(folder)?;
    #[cfg(target_os = "linux")]
    rustix::fs::syncfs(&folder)?;
    #[cfg(not(target_os = "linux"))]
    rustix::fs::sync();
    folder.sync_all()
}

/// Takes the mark away and returns the tier of what was kept.
pub(super) fn take(scratch: &Path) -> Result<Tier, RoomError> {
    let none = |why| RoomError::NotKept { path: scratch.to_owned(), why };
    let mark = scratch.join(MARK);
    let word = fs::read_to_string(&mark).unwrap_or_default();
    let tier = Tier::ALL.into_iter().find(|tier| name(*tier) == word);
    let tier = tier.ok_or_else(|| none("it was not left whole"))?;
    // Gone from the disk too before anything changes what it marked.
    let gone = fs::remove_file(&mark).and_then(|()| File::open(scratch)?.sync_all());
    gone.map_err(|source| RoomError::File { what: "remove", path: mark, source })?;
    Ok(tier)
}

/// Makes way for a file of ours in a home that an assistant has had: whatever stands where a folder of its path or the
/// file itself is to be, other than a folder, is removed. A link there could lead anywhere.
pub fn make_way(home: &Path, file: &Path) -> io::Result<()> {
    let mut at = home.to_owned();
    let parts: Vec<Component<'_>> = file.components().collect();
    for (n, part) in parts.iter().enumerate() {
        at.push(part);
        let is_last = n + 1 == parts.len();
        match fs::symlink_metadata(&at) {
            Ok(found) if found.is_dir() && is_last => remove::remove_tree(&at)?,
            Ok(found) if found.is_dir() => {}
            Ok(_) => fs::remove_file(&at)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn what_is_kept_is_the_workspace_and_the_home_and_it_is_taken_once() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["written/tree", "written/home", "work", "tmp"] {
            fs::create_dir_all(dir.path().join(name)).unwrap();
        }
        fs::write(dir.path().join(remove::LOCK), "").unwrap();
        fs::write(dir.path().join("written/tree/a"), "1").unwrap();
        assert!(!is_kept(dir.path()));
        keep(dir.path(), Tier::Full).unwrap();
        let mut left: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["kept", "written"]);
        assert!(is_kept(dir.path()));
        assert_eq!(take(dir.path()).unwrap(), Tier::Full);
        assert!(matches!(take(dir.path()), Err(RoomError::NotKept { .. })));
    }

    #[test]
    fn a_link_that_an_assistant_left_is_not_written_through() {
        let dir = tempfile::tempdir().unwrap();
        let (home, outside) = (dir.path().join("home"), dir.path().join("outside"));
        fs::create_dir(&home).unwrap();
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("config.toml"), "ours").unwrap();
        symlink(&outside, home.join(".tool")).unwrap();
        make_way(&home, Path::new(".tool/config.toml")).unwrap();
        assert!(!home.join(".tool").exists() && outside.join("config.toml").exists());
        fs::create_dir(home.join(".tool")).unwrap();
        symlink(outside.join("config.toml"), home.join(".tool/config.toml")).unwrap();
        make_way(&home, Path::new(".tool/config.toml")).unwrap();
        assert!(fs::symlink_metadata(home.join(".tool/config.toml")).is_err());
        assert_eq!(fs::read_to_string(outside.join("config.toml")).unwrap(), "ours");
    }
}
