//! A patch in figures: lines added and removed, as `git diff --numstat --histogram` counts them.
//!
//! **Invariant:** added minus removed is exactly the change in the number of lines. The split between the two
//! follows the Histogram algorithm: the same as git's where lines are unlike each other, in at least 99 of 100
//! files where few repeat; where most lines repeat, git anchors elsewhere and tends to count more of both. In a file
//! of more than 20,000 differing lines, a stretch that repeats itself too much counts as changed altogether.

use fairtrial_domain::patch::{FileChange, Patch, PatchCounts};

use crate::distance::Work;
use crate::lines;

/// One file in figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileCounts {
    /// Where it is.
    pub path: String,
    /// Lines added; 0 when binary.
    pub added: u64,
    /// Lines removed; 0 when binary.
    pub removed: u64,
    /// True when a side is binary, so that its lines cannot be counted.
    pub binary: bool,
}

/// Returns the figures of every file, in the patch's order.
pub fn files(patch: &Patch) -> Vec<FileCounts> {
    patch.files.iter().map(file).collect()
}

/// Returns the figures of the whole patch; binary files count as files without lines.
pub fn counts(patch: &Patch) -> PatchCounts {
    files(patch).iter().fold(PatchCounts::default(), |sum, file| PatchCounts {
        files: sum.files + 1,
        added: sum.added + file.added,
        removed: sum.removed + file.removed,
    })
}

/// Returns the figures of one file.
pub fn file(change: &FileChange) -> FileCounts {
    let path = change.path.clone();
    let sides = lines::text(change.before.as_ref()).zip(lines::text(change.after.as_ref()));
    let Some((before, after)) = sides else {
        return FileCounts { path, added: 0, removed: 0, binary: true };
    };
    let changes = lines::text_changes(before, after, &mut Work::default()).found;
    let sum = |lines: &dyn Fn(&lines::Change) -> usize| changes.iter().map(|c| lines(c) as u64).sum();
    FileCounts { path, added: sum(&|c| c.new.len()), removed: sum(&|c| c.old.len()), binary: false }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::arbitrary::{change, git_numstat, random_edits};
    use fairtrial_domain::patch::{Content, FileMode, Side};

    #[test]
    fn lines_are_counted_newline_aware() {
        let patch = Patch {
            files: vec![
                change("a", Some("1\n2\n"), Some("1\n2")),
                change("b", None, Some("x\ny\n")),
                change("c", Some("x\r\n"), Some("x\n")),
                change("d", Some("x\n"), None),
            ],
            flags: vec![],
        };
        assert_eq!(counts(&patch), PatchCounts { files: 4, added: 4, removed: 3 });
    }

    #[test]
    fn a_binary_file_counts_as_a_file_without_lines() {
        let mut binary = change("a", Some("x\n"), None);
        binary.after = Some(Side { mode: FileMode::Regular, content: Content::Binary("AAE=".into()) });
        assert_eq!(file(&binary), FileCounts { path: "a".into(), added: 0, removed: 0, binary: true });
    }

    fn differing(pairs: &[(String, String)]) -> usize {
        let ours = pairs.iter().map(|pair| {
            let counts = file(&change("f", Some(&pair.0), Some(&pair.1)));
            (counts.added, counts.removed)
        });
        ours.zip(git_numstat(pairs)).filter(|(ours, git)| ours != git).count()
    }

    #[test]
    fn counts_are_gits_where_lines_are_unlike() {
        assert_eq!(differing(&random_edits(300, 1_000_000)), 0);
    }

    /// Lines drawn from 400: one file in a hundred may be counted otherwise.
    #[test]
    fn counts_are_nearly_always_gits_where_few_lines_repeat() {
        let differ = differing(&random_edits(300, 400));
        assert!(differ <= 3, "{differ} of 300");
    }

    /// Lines drawn from six: the difference is always exact, the sum within a quarter of git's over all pairs.
    #[test]
    fn counts_stay_near_gits_where_lines_repeat() {
        let pairs = random_edits(300, 6);
        let (mut ours_sum, mut git_sum) = (0.0, 0.0);
        for (pair, (added, removed)) in pairs.iter().zip(git_numstat(&pairs)) {
            let ours = file(&change("f", Some(&pair.0), Some(&pair.1)));
            assert_eq!(ours.added + removed, ours.removed + added);
            ours_sum += (ours.added + ours.removed) as f64;
            git_sum += (added + removed) as f64;
        }
        assert!((ours_sum / git_sum - 1.0).abs() < 0.25, "{ours_sum} against {git_sum}");
    }
}
