//! Prepared bases: where they lie, what they hold.

use std::fs;
use std::path::{Path, PathBuf};

use fairtrial_domain::bundle::{BaseBundle, GradeBundle, TierChoice};
use fairtrial_domain::patch::{FileMode, Patch, Side};
use fairtrial_domain::task::{Network, Repository, Task};

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
    // What set-up can see and reach decides what it makes.
    let given = (!task.setup.is_empty()).then_some((&task.readable, &task.network));
    let setup = serde_json::to_string(&(FORM, &task.setup, &task.requires, given))?;
    Ok(home.bases().join(digest(format!("{source}\n{setup}").as_bytes()).0))
}

/// Returns what a cell is given to prepare a task's base.
pub(crate) fn base_bundle(home: &Home, task: &Task) -> Result<BaseBundle, ApiError> {
    Ok(BaseBundle {
        repository: task.repository.clone(),
        setup: task.setup.clone(),
        target: folder(home, task)?,
        requires: task.requires.clone(),
        readable: task.readable.clone(),
        // Nothing of an assistant exists yet.
        network: if task.setup.is_empty() { Network::None } else { task.network.clone() },
        // Shared by runs, whatever tier they ask for.
        tier: TierChoice::Best,
    })
}

/// Returns what a cell is given to judge a patch of a task.
pub(crate) fn grade_bundle(
    home: &Home,
    task: &Task,
    patch: Patch,
    marker: String,
    tier: TierChoice,
) -> Result<GradeBundle, ApiError> {
    Ok(GradeBundle {
        marker,
        base: folder(home, task)?,
        patch,
        checks: task.checks.clone(),
        hidden: task.hidden.clone(),
        protected: task.protected.clone(),
        requires: task.requires.clone(),
        readable: task.readable.clone(),
        limits: task.limits.clone(),
        tier,
    })
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

/// Calls `see` with the path and text of every file of a task's base as exported, in order of their paths. Files above
/// `most` bytes, links and what is no text are left out.
pub(crate) fn texts(
    home: &Home,
    task: &Task,
    most: u64,
    mut see: impl FnMut(&str, &str),
) -> Result<(), ApiError> {
    let base = folder(home, task)?;
    let exported = fairtrial_cell::tree::Stack::of_base(&base).lowest();
    let paths = exported.files(Path::new("")).map_err(ApiError::access("read", &base))?;
    for path in paths {
        let side = exported.side(&path, most).ok().flatten();
        let text = side.as_ref().filter(|side| side.mode != FileMode::Symlink);
        if let (Some(path), Some(text)) = (path.to_str(), text.and_then(|side| side.content.as_text())) {
            see(path, text);
        }
    }
    Ok(())
}

/// Files that are read for what tests expect, and the bytes of each.
const ORACLE: (usize, u64) = (100, 64 << 10);

/// Returns what judges a patch and must not be changed by it, as path and text: files of the base that the task
/// protects, and hidden ones. What cannot be read is left out: a rule then sees less, and accuses nobody for it.
pub(crate) fn oracle(home: &Home, task: &Task) -> Vec<(String, String)> {
    let hidden = task
        .hidden
        .iter()
        .filter_map(|file| Some((file.path.clone(), String::from_utf8(file.content.clone()).ok()?)));
    let mut found: Vec<(String, String)> = hidden.take(ORACLE.0).collect();
    let Some(base) = folder(home, task).ok().filter(|_| !task.protected.is_empty()) else { return found };
    let exported = fairtrial_cell::tree::Stack::of_base(&base).lowest();
    let protected = fairtrial_patch::Paths::of(&task.protected);
    for path in exported.files(Path::new("")).unwrap_or_default() {
        let Some(name) = path.to_str().filter(|name| protected.has(name)) else { continue };
        let side = exported.side(&path, ORACLE.1).ok().flatten();
        let text = side.filter(|side| side.mode != FileMode::Symlink);
        if let Some(text) = text.as_ref().and_then(|side| side.content.as_text()) {
            found.push((name.to_owned(), text.to_owned()));
        }
        if found.len() >= 2 * ORACLE.0 {
            break;
        }
    }
    found
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
