//! How alike two patches over one base are. Descriptive: a different change may be as good.
//!
//! **Invariant:** in [0, 1], 1 for equal patches, symmetric, and exact; what would take too long is missing.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use fairtrial_domain::patch::{Content, Patch, Side};

use crate::distance::{Work, distance};
use crate::rename;

/// The most lines of one file's version that are compared.
pub const MAX_LINES: usize = 200_000;

/// Why there is no similarity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoSimilarity {
    /// A file has more than [`MAX_LINES`] lines.
    #[error("too large: `{path}` has more than {MAX_LINES} lines")]
    TooLong {
        /// Which file.
        path: String,
    },
    /// An exact figure would take too many steps.
    #[error("too large: versions of `{path}` differ in too many places for an exact figure")]
    TooFar {
        /// Which file.
        path: String,
    },
    /// A file cannot be read in the units asked for.
    #[error("too large: `{path}` {why}")]
    Unread {
        /// Which file.
        path: String,
        /// Why.
        why: String,
    },
    /// The patches do not start from the same file.
    #[error("the patches are not over one base: `{path}` differs")]
    Bases {
        /// Which file.
        path: String,
    },
}

/// Returns the base-normalised edit similarity by lines:
/// `1 − Σ d(a, b) / Σ (d(base, a) + d(base, b))` over all files that either patch touches, where `d` counts line
/// insertions and deletions of a shortest edit script. 0/0 = 1. (SCORING A4.)
///
/// Lines are compared with runs of white space as one space and none at their ends. Binary content is one
/// indivisible line. Modes are no lines and do not count.
///
/// # Errors
/// When a file is too large for an exact figure, or the two patches have different bases.
pub fn by_lines(a: &Patch, b: &Patch) -> Result<f64, NoSimilarity> {
    let mut interner = HashMap::new();
    by_units(a, b, &mut |path, side| {
        let lines = normalised(side);
        if lines.len() > MAX_LINES {
            return Err(NoSimilarity::TooLong { path: path.to_owned() });
        }
        let mut id = |line: &str| {
            let next = u32::try_from(interner.len()).unwrap_or(u32::MAX);
            match interner.get(line) {
                Some(known) => *known,
                None => *interner.entry(line.to_owned()).or_insert(next),
            }
        };
        Ok(lines.iter().map(|line| id(line)).collect())
    })
}

/// Reads one version of a file, by path and content, as a sequence of units; equal units have equal numbers.
pub type Units<'p, 'r> = dyn FnMut(&'p str, Option<&'p Side>) -> Result<Vec<u32>, NoSimilarity> + 'r;

/// Returns the same as [`by_lines`], in units that the caller reads.
///
/// # Errors
/// When `units` fails, a figure would take too long, or the two patches have different bases.
pub fn by_units<'p>(a: &'p Patch, b: &'p Patch, units: &mut Units<'p, '_>) -> Result<f64, NoSimilarity> {
    let (mut apart, mut own) = (0usize, 0usize);
    let mut work = Work::default();
    for (path, (a, b)) in by_path(a, b) {
        let base = match (a, b) {
            (Some(a), Some(b)) if a.before != b.before => {
                return Err(NoSimilarity::Bases { path: path.to_owned() });
            }
            (Some(change), _) | (None, Some(change)) => change.before.as_ref(),
            (None, None) => continue,
        };
        let far = || NoSimilarity::TooFar { path: path.to_owned() };
        let mut apart_of = |x: &[u32], y: &[u32]| distance(x, y, &mut work).ok_or_else(far);
        let of_base = units(path, base)?;
        match (a, b) {
            (Some(a), Some(b)) => {
                let (of_a, of_b) = (units(path, a.after.as_ref())?, units(path, b.after.as_ref())?);
                apart += apart_of(&of_a, &of_b)?;
                own += apart_of(&of_base, &of_a)? + apart_of(&of_base, &of_b)?;
            }
            (Some(one), None) | (None, Some(one)) => {
                let far = apart_of(&of_base, &units(path, one.after.as_ref())?)?;
                (apart, own) = (apart + far, own + far);
            }
            (None, None) => {}
        }
    }
    Ok(if own == 0 { 1.0 } else { 1.0 - apart as f64 / own as f64 })
}

type Change = fairtrial_domain::patch::FileChange;

fn by_path<'a>(a: &'a Patch, b: &'a Patch) -> BTreeMap<&'a str, (Option<&'a Change>, Option<&'a Change>)> {
    let mut found: BTreeMap<&str, (Option<&Change>, Option<&Change>)> = BTreeMap::new();
    a.files.iter().for_each(|file| found.entry(&file.path).or_default().0 = Some(file));
    b.files.iter().for_each(|file| found.entry(&file.path).or_default().1 = Some(file));
    found
}

fn normalised(side: Option<&Side>) -> Vec<Cow<'_, str>> {
    match side.map(|side| &side.content) {
        None => Vec::new(),
        Some(Content::Binary(bytes)) => vec![Cow::Owned(format!("\0{bytes}"))],
        Some(Content::Text(text)) => text.lines().map(one_spaced).collect(),
    }
}

pub(crate) fn one_spaced(line: &str) -> Cow<'_, str> {
    let trimmed = line.trim();
    let plain = !trimmed.contains("  ") && !trimmed.contains(|c: char| c.is_whitespace() && c != ' ');
    if plain {
        return Cow::Borrowed(trimmed);
    }
    Cow::Owned(trimmed.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Returns the Jaccard similarity of the sets of touched files, |A ∩ B| / |A ∪ B|; 1 when neither touches any.
///
/// A file renamed without change counts once, by the path it had.
pub fn by_files(a: &Patch, b: &Patch) -> f64 {
    let (a, b) = (touched(a), touched(b));
    let union = a.union(&b).count();
    if union == 0 { 1.0 } else { a.intersection(&b).count() as f64 / union as f64 }
}

fn touched(patch: &Patch) -> BTreeSet<String> {
    let renames = rename::pairs(patch);
    let is_target = |path: &str| renames.iter().any(|rename| rename.to == path);
    patch.files.iter().filter(|file| !is_target(&file.path)).map(|file| file.path.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::arbitrary::{change, patches_over_one_base};
    use proptest::prelude::*;

    fn patch(files: Vec<Change>) -> Patch {
        Patch { files, flags: vec![] }
    }

    #[track_caller]
    fn check(base: &str, a: &str, b: &str, expected: f64) {
        let one = |after: &str| match after == base {
            true => patch(vec![]),
            false => patch(vec![change("f", Some(base), Some(after))]),
        };
        assert_eq!(by_lines(&one(a), &one(b)), Ok(expected));
    }

    #[test]
    fn similarity_is_worked_out_against_the_base() {
        check("1\n2\n", "1\n2\n", "1\n2\n", 1.0);
        check("1\n2\n", "1\n3\n", "1\n3\n", 1.0);
        check("1\n2\n", "1\n3\n", "1\n2\n", 0.0);
        // d(a, b) = 2, d(base, a) = 2, d(base, b) = 2: the removal is shared, the addition is not.
        check("1\n2\n", "1\n3\n", "1\n4\n", 0.5);
        check("if x:\n y\n", "if x:\n\ty \n", "if x:\n y\n", 1.0);
    }

    #[test]
    fn too_large_is_missing_with_its_reason() {
        let long = "x\n".repeat(MAX_LINES + 1);
        let a = patch(vec![change("f", None, Some(&long))]);
        let missing = by_lines(&a, &patch(vec![])).unwrap_err();
        assert_eq!(missing.to_string(), "too large: `f` has more than 200000 lines");
        let b = patch(vec![change("f", Some("y\n"), Some("z\n"))]);
        assert_eq!(by_lines(&a, &b), Err(NoSimilarity::Bases { path: "f".into() }));
    }

    #[test]
    fn files_are_compared_after_renames() {
        let moved = patch(vec![change("old", Some("1\n"), None), change("new", None, Some("1\n"))]);
        let edited = patch(vec![change("old", Some("1\n"), Some("2\n"))]);
        let other = patch(vec![change("other", None, Some("1\n"))]);
        assert_eq!(by_files(&moved, &edited), 1.0);
        assert_eq!(by_files(&moved, &other), 0.0);
        assert_eq!(by_files(&patch(vec![]), &patch(vec![])), 1.0);
    }

    proptest! {
        #[test]
        fn similarity_is_in_bounds_symmetric_and_one_for_equals((a, b) in patches_over_one_base()) {
            let there = by_lines(&a, &b).unwrap();
            prop_assert!((0.0..=1.0).contains(&there), "{}", there);
            prop_assert_eq!(there, by_lines(&b, &a).unwrap());
            prop_assert_eq!(by_lines(&a, &a).unwrap(), 1.0);
            let files = by_files(&a, &b);
            prop_assert!((0.0..=1.0).contains(&files));
            prop_assert_eq!(files, by_files(&b, &a));
            prop_assert_eq!(by_files(&a, &a), 1.0);
        }
    }
}
