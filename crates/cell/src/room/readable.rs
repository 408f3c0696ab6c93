//! Checks the paths that jobs may read beside the system's.
//!
//! **Invariant:** none of them holds the room, its base, or all of the machine.

use std::fs;
use std::path::{Path, PathBuf};

use super::RoomError;

/// Resolves `wanted`, leaves out what lies inside another, and refuses what holds one of `secret`.
pub(super) fn checked(wanted: &[PathBuf], secret: &[&Path]) -> Result<Vec<PathBuf>, RoomError> {
    let mut found = Vec::new();
    for path in wanted {
        let real = fs::canonicalize(path).map_err(|source| RoomError::File {
            what: "find what the assistant needs at",
            path: path.clone(),
            source,
        })?;
        let secret = secret.iter().filter_map(|s| fs::canonicalize(s).ok());
        if real == Path::new("/") || secret.into_iter().any(|s| s.starts_with(&real)) {
            return Err(RoomError::TooMuch { path: real });
        }
        found.push(real);
    }
    Ok(outermost(found))
}

/// Makes a link at `place`, unless something is there.
pub(super) fn link(place: &Path, target: &Path) -> Result<(), RoomError> {
    if fs::symlink_metadata(place).is_ok() {
        return Ok(());
    }
    let made = place.parent().map_or(Ok(()), fs::create_dir_all);
    made.and_then(|()| std::os::unix::fs::symlink(target, place)).map_err(|source| RoomError::File {
        what: "show what the task reads at",
        path: place.to_owned(),
        source,
    })
}

fn outermost(mut paths: Vec<PathBuf>) -> Vec<PathBuf> {
    paths.sort();
    let mut kept: Vec<PathBuf> = Vec::new();
    for path in paths {
        if !kept.iter().any(|k| path.starts_with(k)) {
            kept.push(path);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_inside_another_is_left_out() {
        let paths = ["/a/b", "/a", "/ab", "/a/b/c", "/d"].map(PathBuf::from).to_vec();
        assert_eq!(outermost(paths), ["/a", "/ab", "/d"].map(PathBuf::from));
    }

    #[test]
    fn what_holds_the_room_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let (room, tool) = (dir.path().join("data/room"), dir.path().join("tool"));
        fs::create_dir_all(&room).unwrap();
        fs::create_dir(&tool).unwrap();
        let check = |path: &Path| checked(&[path.to_owned()], &[&room]);
        assert!(matches!(check(dir.path()), Err(RoomError::TooMuch { .. })));
        assert!(matches!(check(&room), Err(RoomError::TooMuch { .. })));
        assert!(matches!(check(Path::new("/")), Err(RoomError::TooMuch { .. })));
        assert!(matches!(check(&dir.path().join("none")), Err(RoomError::File { .. })));
        assert_eq!(check(&tool).unwrap(), [fs::canonicalize(&tool).unwrap()]);
    }
}
