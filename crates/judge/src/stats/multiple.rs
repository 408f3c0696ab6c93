//! Several looks at once: several tries at a task, several tests in a table.

/// Returns the chance that at least one of `k` tries passes, from `passed` of `trials`:
/// 1 − C(n−c, k)/C(n, k). `None` unless 1 ≤ k ≤ trials and passed ≤ trials.
pub fn pass_at_k(trials: u32, passed: u32, k: u32) -> Option<f64> {
    Some(1.0 - share_of_draws(trials, trials.checked_sub(passed)?, k)?)
}

/// Returns the chance that all of `k` tries pass, from `passed` of `trials`: C(c, k)/C(n, k).
/// `None` unless 1 ≤ k ≤ trials and passed ≤ trials.
pub fn pass_hat_k(trials: u32, passed: u32, k: u32) -> Option<f64> {
    share_of_draws(trials, passed, k)
}

/// Returns C(marked, k)/C(all, k): the chance that a draw of `k` holds marked ones only.
fn share_of_draws(all: u32, marked: u32, k: u32) -> Option<f64> {
    if k == 0 || k > all || marked > all {
        return None;
    }
    if marked < k {
        return Some(0.0);
    }
    // The product of k factors equals that of (all − marked) factors; the shorter one is taken.
    let rest = all - marked;
    Some(if k <= rest {
        (0..k).map(|i| f64::from(marked - i) / f64::from(all - i)).product()
    } else {
        (0..rest).map(|i| f64::from(all - k - i) / f64::from(all - i)).product()
    })
}

/// Returns Holm's adjusted p values in the order given. `None` when a value is outside [0, 1].
pub fn holm(p: &[f64]) -> Option<Vec<f64>> {
    if p.iter().any(|p| !(0.0..=1.0).contains(p)) {
        return None;
    }
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&i, &j| p[i].total_cmp(&p[j]));
    let mut adjusted = vec![0.0; p.len()];
    let mut floor = 0.0f64;
    for (rank, &i) in order.iter().enumerate() {
        floor = floor.max((p[i] * (p.len() - rank) as f64).min(1.0));
        adjusted[i] = floor;
    }
    Some(adjusted)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn fewer_than_k_trials_have_no_pass_at_k() {
        for (n, c, k) in [(0, 0, 1), (2, 1, 3), (3, 1, 0), (3, 4, 1)] {
            assert_eq!(pass_at_k(n, c, k), None, "{n} {c} {k}");
            assert_eq!(pass_hat_k(n, c, k), None, "{n} {c} {k}");
        }
    }

    #[test]
    fn huge_counts_answer_at_once() {
        assert_eq!(pass_hat_k(u32::MAX, u32::MAX, u32::MAX), Some(1.0));
        assert_eq!(pass_at_k(u32::MAX, 0, 3), Some(0.0));
        assert!((pass_hat_k(u32::MAX, u32::MAX - 1, u32::MAX / 2).unwrap() - 0.5).abs() < 1e-6);
    }

    #[test]
    fn no_tests_need_no_correction_and_a_p_beyond_1_is_refused() {
        assert_eq!(holm(&[]), Some(vec![]));
        assert_eq!(holm(&[0.5, 1.5]), None);
        assert_eq!(holm(&[f64::NAN]), None);
    }

    proptest! {
        #[test]
        fn more_passes_never_lower_a_chance(n in 1u32..40, c in 0u32..40, k in 1u32..40) {
            let (c, k) = (c % n, 1 + (k - 1) % n);
            for chance in [pass_at_k, pass_hat_k] {
                let (less, more) = (chance(n, c, k).unwrap(), chance(n, c + 1, k).unwrap());
                prop_assert!(less <= more + 1e-12 && (-1e-12..=1.0 + 1e-12).contains(&less));
            }
        }

        #[test]
        fn an_adjusted_p_is_never_smaller(p in prop::collection::vec(0.0f64..=1.0, 0..20)) {
            for (raw, adjusted) in p.iter().zip(holm(&p).unwrap()) {
                prop_assert!(adjusted >= *raw && adjusted <= 1.0);
            }
        }
    }
}
