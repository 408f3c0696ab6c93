//! Which named definitions a patch touches, against a reference's.

use std::collections::BTreeSet;

use fairtrial_patch::overlap::Agreement;

use super::{Files, Sources, Unmeasured};
use crate::syntax::Source;
use crate::syntax::definitions::innermost;

/// Definitions touched, as (file, qualified name); `None` in a file that is not read.
pub(crate) type Touched<'a> = BTreeSet<(&'a str, String)>;

/// Returns the innermost definitions around the changed lines of both sides; lines outside of all count as the file.
///
/// # Errors
/// When a file is not read, its path and why.
pub(crate) fn touched<'a>(files: &Files<'a>, sources: &Sources<'a>) -> Result<Touched<'a>, Unmeasured> {
    let mut found = Touched::new();
    for file in &files.files {
        let (Some(before), Some(after)) = (file.before, file.after) else { continue };
        if file.is_made() {
            continue;
        }
        let (old, new) = (sources.get(file.path, before), sources.get(file.path, after));
        let (Ok(old), Ok(new)) = (old.as_ref(), new.as_ref()) else {
            return Err(Unmeasured(format!("`{}` is too large to be read", file.path)));
        };
        if old.grammar.is_none() {
            continue;
        }
        let mut add = |source: &Source<'_>, ranges: Vec<std::ops::Range<usize>>| {
            for name in innermost(source.definitions(), ranges.into_iter().flatten()) {
                found.insert((file.path, name.to_owned()));
            }
        };
        add(old, file.real().map(|hunk| hunk.old.clone()).collect());
        add(new, file.real().map(|hunk| hunk.new.clone()).collect());
    }
    Ok(found)
}

/// Returns how far two sets of definitions agree.
pub(crate) fn agreement(own: &Touched<'_>, reference: &Touched<'_>) -> Agreement {
    let shared = own.iter().filter(|(path, name)| reference.contains(&(*path, name.clone()))).count();
    Agreement::of((shared, shared), (own.len(), reference.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::tests::patch;

    #[test]
    fn the_definitions_around_a_change_are_touched() {
        let before = "def a():\n    return 1\n\ndef b():\n    return 2\n";
        let after = "def a():\n    return 1\n\ndef b():\n    return 3\n\ndef c():\n    return 4\n";
        let patch = patch(&[("m.py", before, after)]);
        let sources = Sources::default();
        let files = Files::of(&patch, &sources);
        let names: Vec<String> =
            touched(&files, &sources).unwrap().into_iter().map(|(_, name)| name).collect();
        assert_eq!(names, ["", "b", "c"]);
    }
}
