//! Before a run: how many tasks show a difference, and which difference the tasks at hand would show.

use super::quantile::normal_quantile;

/// Variance of task differences that more trials do not take away, and the part that they divide. Fitted to the
/// spreads .55, .37 and .32 at 1, 3 and 5 trials (SCORING B6: difficulty sd 2, interaction sd 1, base rate .70).
const BETWEEN: f64 = 0.0541;
const WITHIN: f64 = 0.2484;

/// Returns the spread of task differences to plan with when none has been seen yet. `None` without trials.
pub fn planning_sd(trials: u32) -> Option<f64> {
    (trials > 0).then(|| (BETWEEN + WITHIN / f64::from(trials)).sqrt())
}

/// The sum of both quantiles for 80 % power at 5 %, two-sided.
fn factor() -> Option<f64> {
    Some(normal_quantile(0.975)? + normal_quantile(0.8)?)
}

/// Returns how many tasks detect a difference of `delta` with 80 % power at 5 %, two-sided, when task differences
/// spread by `sd`: ⌈((z.975 + z.8) · sd / delta)²⌉. `delta` is the margin of the plan, never an observed effect.
/// `None` unless both are positive numbers and the answer fits.
pub fn tasks_needed(sd: f64, delta: f64) -> Option<u32> {
    if !sd.is_finite() || !delta.is_finite() || sd <= 0.0 || delta <= 0.0 {
        return None;
    }
    let raw = (factor()? * sd / delta).powi(2).ceil();
    (raw <= f64::from(u32::MAX)).then_some(raw as u32)
}

/// Returns the difference that `tasks` detect with 80 % power at 5 %, two-sided, when task differences spread by
/// `sd`. `None` without tasks, for a spread that is none, and where only a difference above 1 would show.
pub fn detectable(sd: f64, tasks: u32) -> Option<f64> {
    if !sd.is_finite() || sd <= 0.0 || tasks == 0 {
        return None;
    }
    Some(factor()? * sd / f64::from(tasks).sqrt()).filter(|delta| *delta <= 1.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn power_is_asked_for_a_margin_that_can_be() {
        for (sd, delta) in
            [(0.0, 0.1), (0.5, 0.0), (0.5, -0.1), (f64::NAN, 0.1), (0.5, f64::NAN), (1.0, 1e-9)]
        {
            assert_eq!(tasks_needed(sd, delta), None, "{sd} {delta}");
        }
        assert_eq!(detectable(0.5, 0), None);
        assert_eq!(detectable(0.5, 1), None, "one task shows nothing below 1");
        assert_eq!(planning_sd(0), None);
    }

    #[test]
    fn the_spread_to_plan_with_is_the_simulated_one() {
        for (trials, sd) in [(1, 0.55), (3, 0.37), (5, 0.32)] {
            assert!((planning_sd(trials).unwrap() - sd).abs() < 0.005, "{trials}");
        }
    }

    proptest! {
        #[test]
        fn a_smaller_margin_needs_no_fewer_tasks(sd in 0.01f64..1.0, small in 0.01f64..0.5, more in 0.0f64..0.5) {
            prop_assert!(tasks_needed(sd, small).unwrap() >= tasks_needed(sd, small + more).unwrap());
        }

        #[test]
        fn the_tasks_for_a_difference_show_it_and_one_fewer_does_not(sd in 0.05f64..1.0, delta in 0.05f64..0.6) {
            let n = tasks_needed(sd, delta).unwrap();
            prop_assert!(detectable(sd, n).is_none_or(|least| least <= delta + 1e-9));
            prop_assert!(n == 1 || detectable(sd, n - 1).is_none_or(|least| least > delta - 1e-9));
        }
    }
}
