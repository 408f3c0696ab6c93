//! How far two patches over one base touch the same lines and places.
//!
//! **Invariant:** every share is in [0, 1]; two empty sides agree wholly, one empty side not at all.

use std::borrow::Cow;
use std::collections::HashMap;
use std::rc::Rc;

use fairtrial_domain::patch::{FileChange, Patch};

use crate::hunks::{Hunk, Hunks, split};
use crate::lines;
use crate::similarity::one_spaced;

/// Hunks are widened by this many lines before they are said to meet.
pub const REACH: usize = 3;

/// Precision, recall and their harmonic mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Agreement {
    /// Share of the first patch that the second has too.
    pub precision: f64,
    /// Share of the second patch that the first has too.
    pub recall: f64,
    /// Their harmonic mean; 0 when both are 0.
    pub f1: f64,
}

impl Agreement {
    /// Works out the agreement from what is shared by either side and what each side has.
    pub fn of(shared: (usize, usize), sizes: (usize, usize)) -> Agreement {
        let share = |part: usize, whole: usize, other: usize| match (whole, other) {
            (0, 0) => 1.0,
            (0, _) | (_, 0) => 0.0,
            (whole, _) => part as f64 / whole as f64,
        };
        let precision = share(shared.0, sizes.0, sizes.1);
        let recall = share(shared.1, sizes.1, sizes.0);
        let sum = precision + recall;
        Agreement { precision, recall, f1: if sum > 0.0 { 2.0 * precision * recall / sum } else { 0.0 } }
    }
}

/// One file of a patch with where it differs.
#[derive(Debug, Clone)]
pub struct Touched<'a> {
    /// Where it is.
    pub path: &'a str,
    /// Its text before; empty when there was none.
    pub before: &'a str,
    /// Its text after; empty when it is gone.
    pub after: &'a str,
    /// Where they differ.
    pub hunks: Rc<Hunks>,
}

/// Returns the files of a patch that are text, with their hunks as `find` knows them from both texts.
pub fn touched<'a>(patch: &'a Patch, find: impl Fn(&'a str, &'a str) -> Rc<Hunks>) -> Vec<Touched<'a>> {
    let one = |change: &'a FileChange| {
        let (before, after) = lines::text(change.before.as_ref()).zip(lines::text(change.after.as_ref()))?;
        Some(Touched { path: &change.path, before, after, hunks: find(before, after) })
    };
    patch.files.iter().filter_map(one).collect()
}

/// Returns the agreement of two patches on multisets of (path, removed or added, line with white space as one space).
pub fn by_lines(a: &[Touched<'_>], b: &[Touched<'_>]) -> Agreement {
    let (of_a, of_b) = (signed_lines(a), signed_lines(b));
    let shared = of_a.iter().map(|(line, count)| (*count).min(of_b.get(line).copied().unwrap_or(0))).sum();
    Agreement::of((shared, shared), (of_a.values().sum(), of_b.values().sum()))
}

/// A path, whether the line was added, and the line.
type Signed<'a> = (&'a str, bool, Cow<'a, str>);

fn signed_lines<'a>(files: &[Touched<'a>]) -> HashMap<Signed<'a>, usize> {
    let mut found = HashMap::new();
    for file in files {
        let (before, after) = (split(file.before), split(file.after));
        for hunk in &file.hunks.all {
            let signed = |added: bool| move |line: &&'a str| (added, one_spaced(line));
            let old = before[hunk.old.clone()].iter().map(signed(false));
            for (added, line) in old.chain(after[hunk.new.clone()].iter().map(signed(true))) {
                if !line.is_empty() {
                    *found.entry((file.path, added, line)).or_default() += 1;
                }
            }
        }
    }
    found
}

/// Returns the agreement of two patches on places: a hunk is shared when, widened by [`REACH`] lines of the base, it
/// meets a hunk of the other patch in the same file. Binary files have no hunks.
pub fn by_hunks(a: &[Touched<'_>], b: &[Touched<'_>]) -> Agreement {
    let (of_a, of_b) = (places(a), places(b));
    let met = |these: &HashMap<&str, &[Hunk]>, those: &HashMap<&str, &[Hunk]>| -> usize {
        let meets = |(path, hunks): (&&str, &&[Hunk])| {
            let others = those.get(path).copied().unwrap_or_default();
            hunks.iter().filter(|hunk| meets_one(hunk, others)).count()
        };
        these.iter().map(meets).sum()
    };
    let size = |places: &HashMap<&str, &[Hunk]>| places.values().map(|hunks| hunks.len()).sum();
    Agreement::of((met(&of_a, &of_b), met(&of_b, &of_a)), (size(&of_a), size(&of_b)))
}

fn places<'t>(files: &'t [Touched<'_>]) -> HashMap<&'t str, &'t [Hunk]> {
    files.iter().map(|file| (file.path, file.hunks.all.as_slice())).collect()
}

/// Hunks are in order and apart, so the first that ends late enough decides.
fn meets_one(hunk: &Hunk, others: &[Hunk]) -> bool {
    let wide = |hunk: &Hunk| (hunk.old.start.saturating_sub(REACH), hunk.old.end + REACH);
    let (start, end) = wide(hunk);
    let at = others.partition_point(|other| wide(other).1 <= start);
    others.get(at).is_some_and(|other| wide(other).0 < end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::arbitrary::{change, patches_over_one_base};
    use proptest::prelude::*;

    fn patch(after: &str) -> Patch {
        let base: String = (1..=40).map(|line| format!("line {line}\n")).collect();
        let edited = base.replace(&format!("line {after}\n"), "edited\n");
        Patch { files: vec![change("f", Some(&base), Some(&edited))], flags: vec![] }
    }

    fn read(patch: &Patch) -> Vec<Touched<'_>> {
        touched(patch, |before, after| {
            Rc::new(crate::hunks::of_texts(before, after, &mut crate::distance::Work::default()))
        })
    }

    #[test]
    fn hunks_meet_within_reach() {
        let f1 = |a: &str, b: &str| by_hunks(&read(&patch(a)), &read(&patch(b))).f1;
        assert_eq!((f1("10", "10"), f1("10", "16"), f1("10", "17")), (1.0, 1.0, 0.0));
    }

    #[test]
    fn lines_agree_as_multisets() {
        let got = by_lines(&read(&patch("10")), &read(&patch("11")));
        assert_eq!((got.precision, got.recall, got.f1), (0.5, 0.5, 0.5));
        assert_eq!(by_lines(&[], &[]).f1, 1.0);
        assert_eq!(by_lines(&read(&patch("10")), &[]).f1, 0.0);
    }

    proptest! {
        #[test]
        fn agreement_is_in_bounds_and_mirrors((a, b) in patches_over_one_base()) {
            let (a, b) = (read(&a), read(&b));
            for agree in [by_lines, by_hunks] {
                let (there, back) = (agree(&a, &b), agree(&b, &a));
                prop_assert!((0.0..=1.0).contains(&there.f1));
                prop_assert_eq!((there.precision, there.recall), (back.recall, back.precision));
                prop_assert_eq!(agree(&a, &a).f1, 1.0);
            }
        }
    }
}
