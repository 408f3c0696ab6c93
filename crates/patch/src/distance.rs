//! The exact edit distance between two sequences, or nothing when it would take too long.
//!
//! **Invariant:** the result is |a| + |b| − 2·LCS(a, b), which is a metric; it is never approximated.

use std::collections::HashSet;

/// The largest distance that is searched for, after elements of one side only have been counted.
pub(crate) const MAX_DISTANCE: usize = 10_000;

/// Returns insertions plus deletions between `a` and `b`; `None` when the search would exceed [`MAX_DISTANCE`].
///
/// Myers, "An O(ND) difference algorithm" (1986), greedy forward search. Elements that stand on one side only
/// belong to no common subsequence, so each costs one and leaves the search.
pub(crate) fn distance(a: &[u32], b: &[u32]) -> Option<usize> {
    let (in_a, in_b): (HashSet<u32>, HashSet<u32>) =
        (a.iter().copied().collect(), b.iter().copied().collect());
    let shared_a: Vec<u32> = a.iter().copied().filter(|id| in_b.contains(id)).collect();
    let shared_b: Vec<u32> = b.iter().copied().filter(|id| in_a.contains(id)).collect();
    let alone = a.len() - shared_a.len() + b.len() - shared_b.len();
    Some(alone + search(&shared_a, &shared_b)?)
}

fn search(a: &[u32], b: &[u32]) -> Option<usize> {
    let prefix = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[prefix..], &b[prefix..]);
    let suffix = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[..a.len() - suffix], &b[..b.len() - suffix]);
    if a.is_empty() || b.is_empty() {
        return Some(a.len() + b.len());
    }
    let most = (a.len() + b.len()).min(MAX_DISTANCE);
    // `reach[k + most]` is the furthest x on diagonal k = x − y.
    let mut reach = vec![0usize; 2 * most + 3];
    for d in 0..=most {
        for k in (0..=d).map(|step| most + 1 + 2 * step - d) {
            let down = k == most + 1 - d || (k != most + 1 + d && reach[k - 1] < reach[k + 1]);
            let mut x = if down { reach[k + 1] } else { reach[k - 1] + 1 };
            // y = x − (k − most − 1); negative or past the end only where x is as well.
            let Some(mut y) = (x + most + 1).checked_sub(k) else { continue };
            while x < a.len() && y < b.len() && a[x] == b[y] {
                x += 1;
                y += 1;
            }
            reach[k] = x;
            if x >= a.len() && y >= b.len() {
                return Some(d);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use similar::{Algorithm, DiffTag, capture_diff_slices};

    fn by_table(a: &[u32], b: &[u32]) -> usize {
        let mut row: Vec<usize> = (0..=b.len()).collect();
        for (i, x) in a.iter().enumerate() {
            let mut diagonal = i;
            row[0] = i + 1;
            for (j, y) in b.iter().enumerate() {
                let above = row[j + 1];
                row[j + 1] = if x == y { diagonal } else { 1 + above.min(row[j]) };
                diagonal = above;
            }
        }
        row[b.len()]
    }

    proptest! {
        #[test]
        fn the_distance_is_the_tables(
            a in proptest::collection::vec(0u32..5, 0..40),
            b in proptest::collection::vec(0u32..5, 0..40),
        ) {
            prop_assert_eq!(distance(&a, &b), Some(by_table(&a, &b)));
        }

        #[test]
        fn the_distance_is_raw_myers(
            a in proptest::collection::vec(0u32..30, 0..200),
            b in proptest::collection::vec(0u32..30, 0..200),
        ) {
            let ops = capture_diff_slices(Algorithm::RawMyers, &a, &b);
            let changed = ops.iter().filter(|op| op.tag() != DiffTag::Equal);
            let raw: usize = changed.map(|op| op.old_range().len() + op.new_range().len()).sum();
            prop_assert_eq!(distance(&a, &b), Some(raw));
        }
    }

    #[test]
    fn past_the_limit_there_is_no_answer() {
        let a: Vec<u32> = (0..15_000).collect();
        let b: Vec<u32> = (0..15_000).rev().collect();
        assert_eq!(distance(&a, &b), None);
        let c: Vec<u32> = (20_000..90_000).collect();
        assert_eq!(distance(&a, &c), Some(85_000), "what stands on one side only needs no search");
    }
}
