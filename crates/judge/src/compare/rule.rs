//! When a difference is one: the rules by which a comparison names somebody, as values in and values out.
//!
//! **Invariant:** the words of a comparison and the simulation that measures their error rates use these functions.

use crate::stats::{EVIDENCE, Estimate, Sequential, e_process, holm, linear_spending, sequential_sign_flip};

/// The chance of naming somebody falsely that a comparison may take.
pub const ALPHA: f64 = 0.05;
/// No sign-flip p reaches 5 % below this many tasks, so nothing is decided below it.
pub const FEWEST_TASKS: u32 = 6;
/// The first look of a sequential test, in tasks.
pub const FIRST_LOOK: usize = 5;
/// Any number serves: it makes drawn sign flips the same on every machine.
pub const SEED: u64 = 0x00fa_1274_1a15_eed5;

/// One of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The first.
    A,
    /// The second.
    B,
}

/// Returns who is ahead when all tasks are in: the interval excludes zero and `p`, corrected for all pairs of the
/// comparison, is at most 5 %. The interval alone errs in up to 12 % of comparisons of four or five tasks.
pub fn ahead(difference: &Estimate, p: f64) -> Option<Side> {
    if p.is_nan() || p > ALPHA || difference.n < FEWEST_TASKS {
        None
    } else if difference.low > 0.0 {
        Some(Side::A)
    } else if difference.high < 0.0 {
        Some(Side::B)
    } else {
        None
    }
}

/// Returns Holm's corrected p of those that have one, in the order given.
pub fn corrected(p: &[Option<f64>]) -> Vec<Option<f64>> {
    let known: Vec<f64> = p.iter().copied().flatten().collect();
    let mut adjusted = holm(&known).unwrap_or_default().into_iter();
    p.iter().map(|p| p.and_then(|_| adjusted.next())).collect()
}

/// Returns the sequential sign-flip test of a pair among `pairs`, for `planned` tasks: 5 % shared evenly by the pairs
/// and spent evenly over the tasks. `None` when it cannot be made of these differences.
pub fn sequential(differences: &[f64], planned: usize, pairs: usize) -> Option<Sequential> {
    let alpha = ALPHA / pairs.max(1) as f64;
    sequential_sign_flip(differences, &linear_spending(planned, alpha), FIRST_LOOK, SEED)
}

/// Returns who was ahead at the look that decided.
pub fn ahead_early(test: &Sequential) -> Option<Side> {
    let look = test.looks.get(test.decided?.checked_sub(1)?)?;
    Some(if look.sum > 0.0 { Side::A } else { Side::B })
}

/// Returns who is ahead by an e-process that ever reached 20 for each of `pairs`, and the evidence at the last task.
pub fn ahead_growing(differences: &[f64], pairs: usize) -> Option<(Option<Side>, f64)> {
    let evidence = e_process(differences)?;
    let needed = EVIDENCE * pairs.max(1) as f64;
    let decided = evidence.iter().position(|e| *e >= needed);
    let side = decided.map(|at| {
        let sum: f64 = differences[..=at].iter().sum();
        if sum > 0.0 { Side::A } else { Side::B }
    });
    Some((side, *evidence.last()?))
}

/// Returns the one of `arms` that is ahead of every other; `side` answers for a pair of places, the lower first.
pub fn best(arms: usize, side: impl Fn(usize, usize) -> Option<Side>) -> Option<usize> {
    let wins = |one: usize, other: usize| {
        if one < other { side(one, other) == Some(Side::A) } else { side(other, one) == Some(Side::B) }
    };
    (0..arms).find(|&one| arms > 1 && (0..arms).all(|other| other == one || wins(one, other)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(low: f64, high: f64, n: u32) -> Estimate {
        Estimate { value: (low + high) / 2.0, low, high, n }
    }

    #[test]
    fn an_interval_a_p_and_six_tasks_must_all_agree() {
        assert_eq!(ahead(&from(0.1, 0.5, 9), 0.01), Some(Side::A));
        assert_eq!(ahead(&from(-0.5, -0.1, 9), 0.05), Some(Side::B));
        assert_eq!(ahead(&from(0.1, 0.5, 9), 0.051), None);
        assert_eq!(ahead(&from(-0.1, 0.5, 9), 0.01), None);
        assert_eq!(ahead(&from(0.1, 0.5, 5), 0.01), None);
        assert_eq!(ahead(&from(0.1, 0.5, 9), f64::NAN), None);
    }

    #[test]
    fn the_best_is_ahead_of_every_rival() {
        let first = |a: usize, _: usize| (a == 0).then_some(Side::A);
        assert_eq!(best(3, first), Some(0));
        let circle = |a: usize, b: usize| Some(if b - a == 1 { Side::A } else { Side::B });
        assert_eq!(best(3, circle), None);
        assert_eq!(best(1, first), None);
        assert_eq!(best(0, first), None);
    }

    #[test]
    fn what_has_no_p_is_not_corrected_for() {
        assert_eq!(corrected(&[Some(0.01), None, Some(0.04)]), [Some(0.02), None, Some(0.04)]);
        assert_eq!(corrected(&[]), []);
    }

    #[test]
    fn looking_early_decides_for_the_side_that_led() {
        let test = sequential(&[-1.0; 20], 20, 1).unwrap();
        assert_eq!((test.decided, ahead_early(&test)), (Some(7), Some(Side::B)));
        assert_eq!(sequential(&[-1.0; 20], 20, 10).unwrap().decided, Some(10));
        assert_eq!(ahead_growing(&[1.0; 20], 1).unwrap().0, Some(Side::A));
        let (side, evidence) = ahead_growing(&[0.0; 20], 1).unwrap();
        assert!(side.is_none() && (evidence - 1.0).abs() < 1e-9);
        assert_eq!(ahead_growing(&[], 1), None);
    }
}
