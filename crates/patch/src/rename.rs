//! Pairs removals with additions of the same content: what a person calls a rename.

use std::collections::BTreeMap;

use fairtrial_domain::patch::{Content, FileMode, Patch, Side};

/// A file that moved without a change to its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rename {
    /// Where it was.
    pub from: String,
    /// Where it is.
    pub to: String,
}

/// Returns the exact renames of `patch`, in the order of `from`.
///
/// Each file is paired once; among equal contents the same file name goes first, then the order of paths. Empty
/// files are never paired: that they are equal says nothing. A rename may change the executable bit.
pub fn pairs(patch: &Patch) -> Vec<Rename> {
    let mut added: BTreeMap<Key<'_>, Vec<&str>> = BTreeMap::new();
    for file in &patch.files {
        if let (None, Some(after)) = (&file.before, &file.after) {
            added.entry(key(after)).or_default().push(&file.path);
        }
    }
    let mut found = Vec::new();
    for same_name in [true, false] {
        for file in &patch.files {
            let (Some(before), None) = (&file.before, &file.after) else { continue };
            if is_empty(&before.content) || found.iter().any(|rename: &Rename| rename.from == file.path) {
                continue;
            }
            let Some(candidates) = added.get_mut(&key(before)) else { continue };
            let fits = |path: &&str| !same_name || name(path) == name(&file.path);
            if let Some(at) = candidates.iter().position(fits) {
                let to = candidates.remove(at).to_owned();
                found.push(Rename { from: file.path.clone(), to });
            }
        }
    }
    found.sort_by(|a, b| a.from.cmp(&b.from));
    found
}

/// Whether it is a symlink, whether it is binary, and what it holds.
type Key<'a> = (bool, bool, &'a str);

fn key(side: &Side) -> Key<'_> {
    let link = side.mode == FileMode::Symlink;
    match &side.content {
        Content::Text(text) => (link, false, text),
        Content::Binary(bytes) => (link, true, bytes),
    }
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn is_empty(content: &Content) -> bool {
    match content {
        Content::Text(text) | Content::Binary(text) => text.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::arbitrary::change;

    fn check(files: Vec<fairtrial_domain::patch::FileChange>, expected: &[(&str, &str)]) {
        let found = pairs(&Patch { files, flags: vec![] });
        let found: Vec<_> = found.iter().map(|r| (r.from.as_str(), r.to.as_str())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn equal_content_pairs_once_and_the_same_name_goes_first() {
        check(
            vec![
                change("a/x", Some("1\n"), None),
                change("b/y", None, Some("1\n")),
                change("c/x", None, Some("1\n")),
            ],
            &[("a/x", "c/x")],
        );
        check(
            vec![
                change("a", Some("1\n"), None),
                change("b", Some("1\n"), None),
                change("c", None, Some("1\n")),
            ],
            &[("a", "c")],
        );
    }

    #[test]
    fn empty_changed_or_kept_files_do_not_pair() {
        check(vec![change("a", Some(""), None), change("b", None, Some(""))], &[]);
        check(vec![change("a", Some("1\n"), None), change("b", None, Some("2\n"))], &[]);
        check(vec![change("a", Some("1\n"), Some("2\n")), change("b", None, Some("1\n"))], &[]);
    }
}
