//! Lays a patch over a base as a base of its own, so that any number of rooms can start from it.
//!
//! **Invariant:** of a patch that is laid, every earlier side was found in the base, protected files are as in the
//! base, and what is written is as old as this call.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use fairtrial_domain::bundle::GradeBundle;
use fairtrial_domain::patch::FileChange;
use fairtrial_domain::task::HiddenFile;
use fairtrial_patch::Paths;

use super::GradeError;
use super::layer::{Layer, LayerError, copy_layer, safe};
use crate::capture::{Ignore, MAX_FILE};
use crate::tree::{HOME, Kind, LAYER, SideError, Stack, TREE};

/// What became of a patch.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Staged {
    /// It lies over the base.
    Ready {
        /// Protected files that the patch changed, and that are as in the base again.
        restored: Vec<String>,
    },
    /// It was not made from this base, or cannot be laid over it.
    DoesNotApply {
        /// The first file that differs.
        path: String,
    },
}

/// Makes the folder `over`: `tree` and `home`, links to the base's, and `layer`, the base's with the patch and the
/// files `hidden`.
pub(super) fn stage(bundle: &GradeBundle, hidden: &[HiddenFile], over: &Path) -> Result<Staged, GradeError> {
    let base = fs::canonicalize(&bundle.base).map_err(|e| file(&bundle.base, e))?;
    let below = Stack::of_base(&base);
    let mut ignore = Ignore::of(below.lowest());
    if let Some(path) = first_misfit(&bundle.patch.files, &below, &mut ignore)? {
        return Ok(Staged::DoesNotApply { path });
    }
    let protected = Paths::of(&bundle.protected);
    let (kept, restored) = sort(&bundle.patch.files, &below, &protected, &mut ignore)?;
    let layer = over.join(LAYER);
    fs::create_dir_all(&layer).map_err(|e| file(&layer, e))?;
    fs::set_permissions(&layer, fs::Permissions::from_mode(0o755)).map_err(|e| file(&layer, e))?;
    symlink(base.join(TREE), over.join(TREE)).map_err(|e| file(over, e))?;
    if base.join(HOME).is_dir() {
        symlink(base.join(HOME), over.join(HOME)).map_err(|e| file(over, e))?;
    }
    if base.join(LAYER).is_dir() {
        copy_layer(&base.join(LAYER), &layer).map_err(|e| file(&layer, e))?;
    }
    let top = Layer::over(&layer, &below.lowest());
    match top.apply(&kept) {
        Ok(()) => {}
        Err(LayerError::Path { path, .. } | LayerError::Content { path }) => {
            fs::remove_dir_all(over).map_err(|e| file(over, e))?;
            return Ok(Staged::DoesNotApply { path });
        }
        Err(LayerError::Io { path, source }) => return Err(file(&path, source)),
    }
    let place = |source| GradeError::Place { source };
    // A report that lies there before the check ran would be read as its result.
    for report in bundle.checks.iter().filter_map(|check| check.report.as_deref()) {
        top.remove_any(safe(report).map_err(place)?).map_err(place)?;
    }
    for file in hidden {
        top.place(&file.path, &file.content, file.executable).map_err(place)?;
    }
    Ok(Staged::Ready { restored })
}

/// Returns the first file whose earlier side is not what the base has.
fn first_misfit(
    files: &[FileChange],
    below: &Stack,
    ignore: &mut Ignore,
) -> Result<Option<String>, GradeError> {
    let removed: BTreeSet<&str> =
        files.iter().filter(|f| f.after.is_none()).map(|f| f.path.as_str()).collect();
    let mut seen = BTreeSet::new();
    for change in files {
        let Ok(rel) = safe(&change.path) else { return Ok(Some(change.path.clone())) };
        let found = match below.side(rel, MAX_FILE) {
            Ok(found) => found,
            Err(SideError::TooLarge { .. } | SideError::NoFile) => return Ok(Some(change.path.clone())),
            Err(SideError::Io(source)) => return Err(file(rel, source)),
        };
        let fits = found == change.before && seen.insert(&change.path);
        if !fits || change.after.is_some() && !gives_way(rel, below, &removed, ignore)? {
            return Ok(Some(change.path.clone()));
        }
    }
    Ok(None)
}

/// Returns whether a file may stand at `rel`: where the base has a folder, all that it holds must go.
fn gives_way(
    rel: &Path,
    below: &Stack,
    removed: &BTreeSet<&str>,
    ignore: &mut Ignore,
) -> Result<bool, GradeError> {
    let is_dir = below.node(rel).map_err(|e| file(rel, e))?.is_some_and(|n| n.kind == Kind::Dir);
    if !is_dir {
        return Ok(true);
    }
    let held = below.files(rel).map_err(|e| file(rel, e))?;
    Ok(held.iter().all(|f| f.to_str().is_some_and(|f| removed.contains(f)) || ignore.is_output(f, false)))
}

/// Sorts changes into those that are laid and the paths of those that touch protected files. Build outputs are in
/// neither: whatever a patch says of them, the check builds its own.
fn sort<'a>(
    files: &'a [FileChange],
    below: &Stack,
    protected: &Paths,
    ignore: &mut Ignore,
) -> Result<(Vec<&'a FileChange>, Vec<String>), GradeError> {
    let (mut kept, mut restored) = (Vec::new(), Vec::new());
    for change in files {
        let rel = Path::new(&change.path);
        if is_in(protected, rel) || displaces(rel, change, below, protected)? {
            restored.push(change.path.clone());
        } else if !ignore.is_output(rel, false) {
            kept.push(change);
        }
    }
    Ok((kept, restored))
}

/// Returns whether a change puts a file in the place of a folder with protected files, or a folder in the place of
/// a protected file.
fn displaces(rel: &Path, change: &FileChange, below: &Stack, protected: &Paths) -> Result<bool, GradeError> {
    if change.after.is_none() {
        return Ok(false);
    }
    let kind =
        |path: &Path| Ok::<_, GradeError>(below.node(path).map_err(|e| file(path, e))?.map(|n| n.kind));
    if kind(rel)? == Some(Kind::Dir) {
        return Ok(below.files(rel).map_err(|e| file(rel, e))?.iter().any(|f| is_in(protected, f)));
    }
    for parent in rel.ancestors().skip(1).filter(|p| !p.as_os_str().is_empty()) {
        if is_in(protected, parent) && matches!(kind(parent)?, Some(Kind::File | Kind::Link)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Returns whether `path` is named; a name that is no UTF-8 is in no patch and no pattern.
fn is_in(paths: &Paths, path: &Path) -> bool {
    path.to_str().is_some_and(|path| paths.has(path))
}

fn file(path: &Path, source: io::Error) -> GradeError {
    GradeError::File { path: PathBuf::from(path), source }
}
