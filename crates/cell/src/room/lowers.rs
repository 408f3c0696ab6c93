//! What of a prepared base lies below a room.

use std::fs;
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

/// Returns what every home over a base starts with, where set-up wrote something there.
pub(super) fn prepared_home(base: &Path) -> Option<PathBuf> {
    fs::canonicalize(base.join(tree::HOME)).ok()
}
