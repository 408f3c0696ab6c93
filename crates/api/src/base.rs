//! Prepared bases: where they lie, what they hold.

use std::fs;
use std::path::{Path, PathBuf};

use fairtrial_domain::patch::{Patch, Side};
use fairtrial_domain::task::{Repository, Task};

use crate::error::ApiError;
use crate::home::Home;
use crate::plan::digest;

/// What a prepared base consists of; a change of it makes every base anew. 2: with a home.
const FORM: u32 = 2;

/// Returns the folder of a task's base, named by everything that decides its content.
pub(crate) fn folder(home: &Home, task: &Task) -> Result<PathBuf, ApiError> {
    let source = match &task.repository {
        // A folder has no commit to name its content; the task's digest covers it.
        Repository::Folder { .. } => serde_json::to_string(&task.digest)?,
        Repository::Git { .. } => serde_json::to_string(&task.repository)?,
    };
    let setup = serde_json::to_string(&(FORM, &task.setup, &task.requires))?;
    Ok(home.bases().join(digest(format!("{source}\n{setup}").as_bytes()).0))
}

/// Returns the task's reference as a patch over its base; `None` when it has none.
pub(crate) fn reference(home: &Home, task: &Task) -> Result<Option<Patch>, ApiError> {
    let Some(text) = &task.reference else { return Ok(None) };
    let base = folder(home, task)?;
    let patch = fairtrial_patch::unified::read(text, &|path| side(&base, path)).map_err(|error| {
        ApiError::Patch { whose: format!("reference patch of task `{}`", task.id), source: Box::new(error) }
    })?;
    Ok(Some(patch))
}

/// No file of a reference may be larger, in bytes.
const MOST_BYTES: u64 = 64 << 20;

/// Returns a file of the base, or `None` when there is none that a patch could change.
fn side(base: &Path, path: &str) -> Option<Side> {
    let path = Path::new(path);
    if !fairtrial_cell::tree::is_inside(path) {
        return None;
    }
    fairtrial_cell::tree::Stack::of_base(base).side(path, MOST_BYTES).ok().flatten()
}

/// Returns whether a base lies ready in `folder`.
pub(crate) fn is_ready(folder: &Path) -> bool {
    fs::metadata(folder.join("base.json")).is_ok()
}
