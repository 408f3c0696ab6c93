//! What of a prepared base lies below a room.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::RoomError;
use crate::tree;

/// Returns the layers of a base, top first.
pub(super) fn layers(base: &Path) -> Result<Vec<PathBuf>, RoomError> {
    let base = fs::canonicalize(base).map_err(|_| RoomError::NoBase { base: base.to_owned() })?;
    if !base.join("tree").is_dir() {
        return Err(RoomError::NoBase { base });
    }
    let layer = base.join("layer");
    Ok(layer.is_dir().then_some(layer).into_iter().chain([base.join("tree")]).collect())
}

/// Returns the folder of a base that lies below a workspace alone, with its tree and what homes start with in it as
/// folders: then one overlay of all of it does for both.
pub(super) fn only(lowers: &[PathBuf]) -> Option<PathBuf> {
    let [tree] = lowers else { return None };
    let base = tree.parent()?;
    let home = fs::symlink_metadata(base.join(tree::HOME));
    let home_fits = home.map_or_else(|e| e.kind() == ErrorKind::NotFound, |found| found.is_dir());
    let fits = home_fits && fs::symlink_metadata(tree).is_ok_and(|found| found.is_dir());
    (fits && tree.ends_with(tree::TREE)).then(|| base.to_owned())
}

/// Returns what every home over a base starts with, where set-up wrote something there.
pub(super) fn prepared_home(base: &Path) -> Option<PathBuf> {
    fs::canonicalize(base.join(tree::HOME)).ok()
}
