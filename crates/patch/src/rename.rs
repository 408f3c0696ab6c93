//! Pairs removals with additions of the same content: what a person calls a rename.

use std::collections::{BTreeMap, BTreeSet};

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

/// Files that are compared with each other to find renames with changes.
const COMPARED: usize = 400;

/// Returns the renames of `patch`, changed ones included: exact ones first, then removals and additions of text that
/// share at least half of the lines of the larger one (as `git diff -M50%` means it), the closest first.
pub fn similar(patch: &Patch) -> Vec<Rename> {
    let mut found = pairs(patch);
    let (taken, left): (BTreeSet<&str>, BTreeSet<&str>) =
        (found.iter().map(|r| r.to.as_str()).collect(), found.iter().map(|r| r.from.as_str()).collect());
    let sides = |gone: bool| {
        let side =
            move |file: &'_ fairtrial_domain::patch::FileChange| match (&file.before, &file.after, gone) {
                (Some(side), None, true) | (None, Some(side), false) => {
                    side.content.as_text().map(str::to_owned)
                }
                (_, _, _) => None,
            };
        let all =
            patch.files.iter().filter_map(move |file| Some((file.path.as_str(), lines_of(&side(file)?))));
        all.collect::<Vec<_>>()
    };
    let removed: Vec<_> = sides(true).into_iter().filter(|(path, _)| !left.contains(path)).collect();
    let added: Vec<_> = sides(false).into_iter().filter(|(path, _)| !taken.contains(path)).collect();
    if removed.len() * added.len() > COMPARED {
        return found;
    }
    let mut close: Vec<(usize, &str, &str)> = Vec::new();
    for (from, old) in &removed {
        for (to, new) in &added {
            let larger = old.values().sum::<usize>().max(new.values().sum());
            let same: usize = old.iter().map(|(line, n)| (*n).min(new.get(line).copied().unwrap_or(0))).sum();
            if larger > 0 && same * 2 >= larger {
                close.push((same * 1000 / larger, from, to));
            }
        }
    }
    close.sort_by_key(|(share, from, to)| (std::cmp::Reverse(*share), *from, *to));
    let (mut from_used, mut to_used) = (BTreeSet::new(), BTreeSet::new());
    for (_, from, to) in close {
        if !from_used.contains(from) && !to_used.contains(to) {
            from_used.insert(from);
            to_used.insert(to);
            found.push(Rename { from: from.to_owned(), to: to.to_owned() });
        }
    }
    found.sort_by(|a, b| a.from.cmp(&b.from));
    found
}

fn lines_of(text: &str) -> BTreeMap<String, usize> {
    let mut lines = BTreeMap::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        *lines.entry(line.to_owned()).or_default() += 1;
    }
    lines
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
    fn a_rename_with_a_change_shares_half_of_its_lines() {
        let check = |old: &str, new: &str| {
            let files = vec![change("a", Some(old), None), change("b", None, Some(new))];
            similar(&Patch { files, flags: vec![] }).len()
        };
        assert_eq!(check("1\n2\n3\n4\n", "1\n2\n5\n6\n"), 1);
        assert_eq!(check("1\n2\n3\n4\n", "1\n5\n6\n7\n"), 0);
        assert_eq!(check("", ""), 0);
    }

    #[test]
    fn empty_changed_or_kept_files_do_not_pair() {
        check(vec![change("a", Some(""), None), change("b", None, Some(""))], &[]);
        check(vec![change("a", Some("1\n"), None), change("b", None, Some("2\n"))], &[]);
        check(vec![change("a", Some("1\n"), Some("2\n")), change("b", None, Some("1\n"))], &[]);
    }
}
