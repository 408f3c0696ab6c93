//! Sets a diff against a base: every context and removed line must stand exactly where the diff says.

use std::collections::{BTreeMap, BTreeSet};

use fairtrial_domain::patch::{Content, FileChange, FileMode, Patch, Side};

use super::{Action, FileDiff, LineKind, Unified, UnifiedError};
use crate::lines;

/// Applies `diff` to the files that `base` returns, without fuzz and without offset.
///
/// Old modes and hashes in headers are not compared, as in `git apply`. A file that ends as it began is left out.
///
/// # Errors
/// Names the file, the hunk and the base's line that do not fit.
pub fn apply(diff: &Unified, base: &dyn Fn(&str) -> Option<Side>) -> Result<Patch, UnifiedError> {
    let mut tree = Tree { base, taken: BTreeSet::new(), made: BTreeMap::new() };
    let going: BTreeSet<&str> = diff.files.iter().filter_map(|file| leaves(&file.action)).collect();
    for file in &diff.files {
        match &file.action {
            Action::Create { path } => {
                if !going.contains(path.as_str()) && base(path).is_some() {
                    return Err(UnifiedError::Exists { path: path.clone() });
                }
                let content = patched("", path, file)?;
                tree.make(path, file.mode.unwrap_or(FileMode::Regular), Content::Text(content))?;
            }
            Action::Delete { path } => {
                let side = tree.take(path)?;
                if !rest_is_empty(&side, path, file)? {
                    return Err(UnifiedError::NotEmptied { path: path.clone() });
                }
            }
            Action::Modify { path } => {
                let side = tree.take(path)?;
                tree.change(path, path, side, file)?;
            }
            Action::Rename { from, to } => {
                let side = tree.take(from)?;
                tree.change(from, to, side, file)?;
            }
            Action::Copy { from, to } => {
                let side = base(from).ok_or_else(|| UnifiedError::Missing { path: from.clone() })?;
                tree.change(from, to, side, file)?;
            }
        }
    }
    Ok(tree.patch())
}

fn leaves(action: &Action) -> Option<&str> {
    match action {
        Action::Delete { path } | Action::Rename { from: path, .. } => Some(path),
        Action::Create { .. } | Action::Modify { .. } | Action::Copy { .. } => None,
    }
}

struct Tree<'a> {
    base: &'a dyn Fn(&str) -> Option<Side>,
    taken: BTreeSet<String>,
    made: BTreeMap<String, Side>,
}

impl Tree<'_> {
    fn take(&mut self, path: &str) -> Result<Side, UnifiedError> {
        let side = (self.base)(path).ok_or_else(|| UnifiedError::Missing { path: path.to_owned() })?;
        if !self.taken.insert(path.to_owned()) {
            return Err(UnifiedError::Twice { path: path.to_owned() });
        }
        Ok(side)
    }

    fn make(&mut self, path: &str, mode: FileMode, content: Content) -> Result<(), UnifiedError> {
        match self.made.insert(path.to_owned(), Side { mode, content }) {
            None => Ok(()),
            Some(_) => Err(UnifiedError::Twice { path: path.to_owned() }),
        }
    }

    fn change(&mut self, from: &str, to: &str, side: Side, file: &FileDiff) -> Result<(), UnifiedError> {
        let content = if file.hunks.is_empty() {
            side.content
        } else {
            Content::Text(patched(text_of(&side, from)?, to, file)?)
        };
        self.make(to, file.mode.unwrap_or(side.mode), content)
    }

    fn patch(self) -> Patch {
        let Tree { base, taken, mut made } = self;
        let paths: BTreeSet<String> = taken.into_iter().chain(made.keys().cloned()).collect();
        let files = paths.into_iter().filter_map(|path| {
            let (before, after) = (base(&path), made.remove(&path));
            (before != after).then_some(FileChange { path, before, after })
        });
        Patch { files: files.collect(), flags: Vec::new() }
    }
}

fn text_of<'a>(side: &'a Side, path: &str) -> Result<&'a str, UnifiedError> {
    side.content.as_text().ok_or_else(|| UnifiedError::BinaryBase { path: path.to_owned() })
}

fn rest_is_empty(side: &Side, path: &str, file: &FileDiff) -> Result<bool, UnifiedError> {
    Ok(patched(text_of(side, path)?, path, file)?.is_empty())
}

/// Returns `base` with the hunks of `file` in it.
fn patched(base: &str, path: &str, file: &FileDiff) -> Result<String, UnifiedError> {
    let base = lines::split(base);
    let mut out = String::new();
    let mut cursor = 0;
    for (index, hunk) in file.hunks.iter().enumerate() {
        let number = index + 1;
        let path = || path.to_owned();
        // A hunk that takes no line from the base names the line it follows.
        let start = if hunk.old_lines == 0 { Some(hunk.old_start) } else { hunk.old_start.checked_sub(1) };
        let Some(kept) = start.and_then(|start| base.get(cursor..start)) else {
            return Err(UnifiedError::OutOfOrder { path: path(), hunk: number, line: hunk.old_start });
        };
        kept.iter().for_each(|line| out.push_str(line));
        cursor += kept.len();
        for line in &hunk.lines {
            if line.kind != LineKind::Added {
                if base.get(cursor) != Some(&line.text.as_str()) {
                    return Err(UnifiedError::Mismatch {
                        path: path(),
                        hunk: number,
                        line: cursor + 1,
                        expected: line.text.clone(),
                        found: base.get(cursor).map(|found| (*found).to_owned()),
                    });
                }
                cursor += 1;
            }
            if line.kind != LineKind::Removed {
                if !(out.is_empty() || out.ends_with('\n')) {
                    return Err(UnifiedError::NotLast { path: path(), hunk: number });
                }
                out.push_str(&line.text);
            }
        }
        if cursor < base.len() && !(out.is_empty() || out.ends_with('\n')) {
            return Err(UnifiedError::NotLast { path: path(), hunk: number });
        }
    }
    base.get(cursor..).unwrap_or_default().iter().for_each(|line| out.push_str(line));
    Ok(out)
}
