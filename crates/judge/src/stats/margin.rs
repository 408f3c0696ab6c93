//! What an interval says about a margin: as good as, and no worse than.

use super::Estimate;

/// Returns whether a difference lies within ±`margin` with its whole interval: two one-sided tests (Schuirmann 1987)
/// at half the level each, which is stricter than the usual 90 % interval. A margin that is not positive is never met.
pub fn equivalent(difference: &Estimate, margin: f64) -> bool {
    margin > 0.0 && difference.low > -margin && difference.high < margin
}

/// Returns whether the first is shown to be no worse than the second by `margin` or more: non-inferiority at 2.5 %,
/// one-sided. A margin that is not positive is never met.
pub fn not_worse(difference: &Estimate, margin: f64) -> bool {
    margin > 0.0 && difference.low > -margin
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn within(low: f64, high: f64) -> Estimate {
        Estimate { value: (low + high) / 2.0, low, high, n: 9 }
    }

    #[test]
    fn a_margin_that_is_none_decides_nothing() {
        for margin in [0.0, -0.1, f64::NAN] {
            assert!(!equivalent(&within(0.0, 0.0), margin) && !not_worse(&within(0.0, 0.0), margin));
        }
    }

    proptest! {
        #[test]
        fn equivalent_is_not_worse_on_both_sides(low in -1.0f64..1.0, more in 0.0f64..1.0, margin in 0.01f64..1.0) {
            let (one, turned) = (within(low, low + more), within(-low - more, -low));
            prop_assert_eq!(equivalent(&one, margin), not_worse(&one, margin) && not_worse(&turned, margin));
            prop_assert!(!equivalent(&one, margin) || equivalent(&one, 2.0 * margin));
        }
    }
}
