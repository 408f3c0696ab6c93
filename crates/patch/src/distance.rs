//! The exact edit distance between two sequences, or nothing when it would take too long.
//!
//! **Invariant:** the result is |a| + |b| − 2·LCS(a, b), which is a metric; it is never approximated. What is too long
//! is decided by counted steps, so that the same input always gives the same answer.

use crate::numbers::NumberMap;

/// The largest distance that the greedy search looks for, after elements of one side only have been counted.
pub(crate) const MAX_DISTANCE: usize = 10_000;

/// Steps that one [`Work`] allows: about a fifth of a second.
const STEPS: u64 = 150_000_000;

/// Steps for 64 elements against the other side beyond which the greedy search is tried first.
const COLUMNS: u64 = 40_000_000;

/// The base of the rolling hash: odd, and large.
const BASE: u64 = 0x9e37_79b9_7f4a_7c15;

/// What may still be spent on comparisons, so that many files together cannot stall a score.
#[derive(Debug, Clone)]
pub struct Work(u64);

impl Default for Work {
    fn default() -> Self {
        Work(STEPS)
    }
}

impl Work {
    /// Takes steps from what is left; `None` when it is less.
    pub(crate) fn spend(&mut self, steps: u64) -> Option<()> {
        self.0 = self.0.checked_sub(steps)?;
        Some(())
    }

    #[cfg(test)]
    pub(crate) fn left(&self) -> u64 {
        self.0
    }
}

/// Returns insertions plus deletions between `a` and `b`; `None` when that would take more than is left.
///
/// Elements that stand on one side only belong to no common subsequence, so each costs one and leaves the search.
pub fn distance(a: &[u32], b: &[u32], work: &mut Work) -> Option<usize> {
    let prefix = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[prefix..], &b[prefix..]);
    let suffix = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[..a.len() - suffix], &b[..b.len() - suffix]);
    if a.is_empty() || b.is_empty() {
        return Some(a.len() + b.len());
    }
    let (shared_a, shared_b, alphabet) = shared(a, b);
    let alone = a.len() - shared_a.len() + b.len() - shared_b.len();
    let columns = (shared_a.len() as u64).div_ceil(64) * shared_b.len() as u64;
    let rest = if columns <= COLUMNS {
        // Versions of a file are mostly alike, and then the search is through long before the table. What it counts
        // for is the table, so that what is too long does not hang on which of the two was sooner.
        work.spend(columns)?;
        let mut tried = Work(columns / 4);
        search(&shared_a, &shared_b, &mut tried)
            .unwrap_or_else(|| shared_a.len() + shared_b.len() - 2 * common(&shared_a, &shared_b, alphabet))
    } else {
        let most = within(&shared_a, &shared_b, work);
        if at_least(&shared_a, &shared_b, most) > most {
            return None;
        }
        search(&shared_a, &shared_b, work)?
    };
    Some(alone + rest)
}

/// Returns the elements that stand on both sides, numbered from 0, and how many different ones there are.
fn shared(a: &[u32], b: &[u32]) -> (Vec<u32>, Vec<u32>, usize) {
    let mut known: NumberMap<Option<u32>> = a.iter().map(|id| (*id, None)).collect();
    let mut next = 0;
    let of_b: Vec<u32> = b
        .iter()
        .filter_map(|id| {
            let number = known.get_mut(id)?;
            Some(*number.get_or_insert_with(|| {
                next += 1;
                next - 1
            }))
        })
        .collect();
    let of_a = a.iter().filter_map(|id| known.get(id).copied().flatten()).collect();
    (of_a, of_b, next as usize)
}

/// Returns the length of a longest common subsequence: Hyyrö, "Bit-parallel LCS-length computation revisited" (2004),
/// 64 elements of `a` at a time, the carries of each block kept for the next.
fn common(a: &[u32], b: &[u32], alphabet: usize) -> usize {
    let mut masks = vec![0u64; alphabet];
    let mut carries = vec![false; b.len()];
    let mut length = 0;
    for block in a.chunks(64) {
        block.iter().enumerate().for_each(|(bit, id)| masks[*id as usize] |= 1 << bit);
        let mut v = u64::MAX;
        for (id, carry) in b.iter().zip(&mut carries) {
            let matching = v & masks[*id as usize];
            let (sum, over) = v.overflowing_add(matching);
            let (sum, over_again) = sum.overflowing_add(u64::from(*carry));
            *carry = over || over_again;
            v = sum | (v & !matching);
        }
        block.iter().for_each(|id| masks[*id as usize] = 0);
        length += (0..block.len()).filter(|bit| v & (1 << bit) == 0).count();
    }
    length
}

/// Returns the largest distance that a search can find with what is left of `work`.
fn within(a: &[u32], b: &[u32], work: &Work) -> usize {
    // d steps at distance d: more than this cannot be paid for.
    let paid = usize::try_from((2 * work.0).isqrt() + 1).unwrap_or(MAX_DISTANCE);
    (a.len() + b.len()).min(MAX_DISTANCE).min(paid)
}

/// Returns a number that the distance is not below, in the hope that it is above `most`: of stretches of `a` side by
/// side, those that stand nowhere in `b` were each edited in a place of their own.
///
/// Stretches are told apart by hashes. Two that share one make the number smaller, never larger.
fn at_least(a: &[u32], b: &[u32], most: usize) -> usize {
    // As long as they can be, and still an eighth more of them than are needed.
    let length = a.len() / (most + most / 8 + 1);
    if length < 2 {
        return 0;
    }
    let mut open: NumberMap<usize> = NumberMap::default();
    windows(a, length).step_by(length).for_each(|hash| *open.entry(hash).or_default() += 1);
    let mut edited: usize = open.values().sum();
    for hash in windows(b, length) {
        edited -= open.remove(&hash).unwrap_or(0);
    }
    edited
}

/// Spreads a small number over all bits, so that rows of small numbers do not cancel each other out.
fn spread(id: u32) -> u64 {
    let id = (u64::from(id) + 1).wrapping_mul(BASE);
    (id ^ (id >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

/// Returns a hash of each `length` elements in a row.
fn windows(ids: &[u32], length: usize) -> impl Iterator<Item = u32> {
    let out = (0..length).fold(1u64, |power, _| power.wrapping_mul(BASE));
    let mut hash = 0u64;
    ids.iter().enumerate().filter_map(move |(at, id)| {
        hash = hash.wrapping_mul(BASE).wrapping_add(spread(*id));
        if at >= length {
            hash = hash.wrapping_sub(out.wrapping_mul(spread(ids[at - length])));
        }
        (at + 1 >= length).then_some((hash >> 32) as u32)
    })
}

/// Myers, "An O(ND) difference algorithm" (1986), greedy forward search.
fn search(a: &[u32], b: &[u32], work: &mut Work) -> Option<usize> {
    let most = within(a, b, work);
    // `reach[k + most]` is the furthest x on diagonal k = x − y.
    let mut reach = vec![0usize; 2 * most + 3];
    for d in 0..=most {
        work.spend(d as u64)?;
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
            a in proptest::collection::vec(0u32..5, 0..200),
            b in proptest::collection::vec(0u32..5, 0..200),
        ) {
            let by_table = Some(by_table(&a, &b));
            prop_assert_eq!(distance(&a, &b, &mut Work::default()), by_table);
            prop_assert_eq!(search(&a, &b, &mut Work::default()), by_table);
        }

        #[test]
        fn what_it_is_at_least_is_not_above_it(
            kinds in 1u32..9,
            most in 0usize..40,
            a in proptest::collection::vec(0u32..1000, 0..200),
            b in proptest::collection::vec(0u32..1000, 0..200),
        ) {
            let few = |ids: &[u32]| ids.iter().map(|id| id % kinds).collect::<Vec<_>>();
            let (a, b) = (few(&a), few(&b));
            prop_assert!(at_least(&a, &b, most) <= by_table(&a, &b));
            let found = distance(&a, &b, &mut Work::default());
            prop_assert_eq!(found, Some(by_table(&a, &b)));
        }

        #[test]
        fn the_distance_is_raw_myers(
            a in proptest::collection::vec(0u32..30, 0..200),
            b in proptest::collection::vec(0u32..30, 0..200),
        ) {
            let ops = capture_diff_slices(Algorithm::RawMyers, &a, &b);
            let changed = ops.iter().filter(|op| op.tag() != DiffTag::Equal);
            let raw: usize = changed.map(|op| op.old_range().len() + op.new_range().len()).sum();
            prop_assert_eq!(distance(&a, &b, &mut Work::default()), Some(raw));
        }
    }

    #[test]
    fn past_the_limit_there_is_no_answer() {
        let distance = |a: &[u32], b: &[u32]| distance(a, b, &mut Work::default());
        let a: Vec<u32> = (0..100_000).collect();
        let b: Vec<u32> = (0..100_000).rev().collect();
        assert_eq!(distance(&a, &b), None);
        assert_eq!(distance(&a[..15_000], &b[85_000..]), Some(29_998));
        let c: Vec<u32> = (200_000..270_000).collect();
        assert_eq!(distance(&a, &c), Some(170_000), "what stands on one side only needs no search");
    }

    #[test]
    fn long_unlike_rows_of_few_kinds_are_known_to_be_too_far_without_a_search() {
        let mut state = 5u64;
        let mut drawn = || -> Vec<u32> {
            let mut next = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 33) as u32 % 6
            };
            (0..100_000).map(|_| next()).collect()
        };
        let (a, b) = (drawn(), drawn());
        assert!(at_least(&a, &b, MAX_DISTANCE) > MAX_DISTANCE);
        assert_eq!(distance(&a, &b, &mut Work::default()), None);
        // Near ones are not.
        let mut near = a.clone();
        (0..near.len()).step_by(25).for_each(|at| near[at] = (near[at] + 1) % 6);
        let found = distance(&a, &near, &mut Work::default());
        assert!(
            found.is_some_and(|found| found <= 8_000 && found >= at_least(&a, &near, 3_000)),
            "{found:?}"
        );
    }

    #[test]
    fn what_is_spent_is_spent_for_all() {
        let a: Vec<u32> = (0..40_000).collect();
        let b: Vec<u32> = (0..40_000).rev().collect();
        let mut work = Work::default();
        let found: Vec<bool> = (0..8).map(|_| distance(&a, &b, &mut work).is_some()).collect();
        assert!(found[0] && !found[7], "{found:?}");
    }
}
