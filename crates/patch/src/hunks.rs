//! Where a change touches its file: stretches of lines that differ, as `git diff --histogram` finds them.

use std::ops::Range;

use fairtrial_domain::patch::FileChange;

use crate::distance::Work;
use crate::lines;

/// One stretch that differs. Lines count from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk {
    /// Lines of the base.
    pub old: Range<usize>,
    /// Lines of the file after the change.
    pub new: Range<usize>,
}

/// All hunks of a change, and how they were found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hunks {
    /// In order.
    pub all: Vec<Hunk>,
    /// True when a stretch repeats itself so much that it was not looked into: it is one hunk.
    pub coarse: bool,
}

/// Returns the hunks of a change in order; `None` when a side is binary.
pub fn hunks(change: &FileChange) -> Option<Hunks> {
    let (before, after) = lines::text(change.before.as_ref()).zip(lines::text(change.after.as_ref()))?;
    Some(of_texts(before, after, &mut Work::default()))
}

/// Returns the hunks between two texts in order, within what is left of `work`.
pub fn of_texts(before: &str, after: &str, work: &mut Work) -> Hunks {
    let changes = lines::text_changes(before, after, work);
    let hunk = |change: lines::Change| Hunk { old: change.old, new: change.new };
    Hunks { all: changes.found.into_iter().map(hunk).collect(), coarse: changes.coarse }
}

/// Splits a text into lines, each with its line end, as hunks count them.
pub fn split(text: &str) -> Vec<&str> {
    lines::split(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::arbitrary::change;

    #[test]
    fn hunks_count_lines_from_nought() {
        let found = hunks(&change("f", Some("a\nb\nc\n"), Some("a\nx\nc\nd\n"))).unwrap().all;
        assert_eq!(found, [Hunk { old: 1..2, new: 1..2 }, Hunk { old: 3..3, new: 3..4 }]);
    }

    #[test]
    fn binary_content_has_no_hunks() {
        let mut binary = change("f", Some("a\n"), None);
        binary.before.as_mut().unwrap().content = fairtrial_domain::patch::Content::Binary("AAE=".into());
        assert_eq!(hunks(&binary), None);
    }
}
