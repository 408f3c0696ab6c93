//! Ratios: dollars for each success, and times as factors.

use statrs::distribution::{ContinuousCDF, StudentsT};

use super::quantile::t95;
use super::{Estimate, count, mean, variance};

/// Successes that each side needs before a ratio with them below the line is linear enough to be bounded.
const FEWEST_SUCCESSES: f64 = 8.0;
/// Tasks that a bounded ratio of two costs needs.
const FEWEST_TASKS: usize = 5;

/// Dollars for each success with its standard error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CostPerSuccess {
    /// Ratio of sums, with t bounds; the lower one at least 0.
    pub ratio: Estimate,
    /// Linearised standard error.
    pub se: f64,
}

/// A ratio that is tested against 1 on its logarithm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RatioTest {
    /// The ratio with its bounds.
    pub ratio: Estimate,
    /// Two-sided p of the t test on the logarithm; 1 when all ratios are 1.
    pub p: f64,
    /// The spread of the tasks' parts in the logarithm.
    pub sd: f64,
}

fn sound(values: &[f64]) -> bool {
    values.iter().all(|v| v.is_finite() && *v >= 0.0)
}

/// Returns dollars for each success from the means per task: the ratio of sums with its linearised standard error.
/// `None` below two tasks, without any success, or when a value is negative or no number.
pub fn cost_per_success(costs: &[f64], successes: &[f64]) -> Option<CostPerSuccess> {
    if costs.len() != successes.len() || !sound(costs) || !sound(successes) {
        return None;
    }
    let n = costs.len();
    let factor = t95(n)?;
    let (cost, success) = (mean(costs)?, mean(successes)?);
    if success <= 0.0 {
        return None;
    }
    let ratio = cost / success;
    let squares: f64 = costs.iter().zip(successes).map(|(c, s)| (c - ratio * s).powi(2)).sum();
    let se = (squares / (n as f64 - 1.0) / n as f64).sqrt() / success;
    let (low, high) = ((ratio - factor * se).max(0.0), ratio + factor * se);
    let ratio = Estimate { value: ratio, low, high, n: count(n) }.finite()?;
    se.is_finite().then_some(CostPerSuccess { ratio, se })
}

/// Returns the first's dollars for each success over the second's, bounded by Student's t on the linearised
/// logarithm, paired by task. Each slice holds sums per task; `None` below five tasks, below eight successes on a
/// side, without any cost, or when a value is negative or no number.
pub fn cost_ratio(a: (&[f64], &[f64]), b: (&[f64], &[f64])) -> Option<RatioTest> {
    let n = a.0.len();
    let slices = [a.0, a.1, b.0, b.1];
    if n < FEWEST_TASKS || slices.iter().any(|s| s.len() != n || !sound(s)) {
        return None;
    }
    if [a.1, b.1].iter().any(|s| s.iter().sum::<f64>() < FEWEST_SUCCESSES) {
        return None;
    }
    let (log_a, parts_a) = log_ratio_parts(a.0, a.1)?;
    let (log_b, parts_b) = log_ratio_parts(b.0, b.1)?;
    let parts: Vec<f64> = parts_a.iter().zip(&parts_b).map(|(x, y)| x - y).collect();
    log_test(log_a - log_b, (variance(&parts)? / n as f64).sqrt(), n)
}

/// Tests a logarithm against 0 by Student's t, and returns what it is the logarithm of.
fn log_test(centre: f64, se: f64, n: usize) -> Option<RatioTest> {
    let factor = t95(n)?;
    let p = if se > 0.0 {
        let t = StudentsT::new(0.0, 1.0, n as f64 - 1.0).ok()?;
        2.0 * t.cdf(-(centre / se).abs())
    } else if centre == 0.0 {
        1.0
    } else {
        0.0
    };
    let (value, low, high) = (centre.exp(), (centre - factor * se).exp(), (centre + factor * se).exp());
    // Whoever turns the sides must find a ratio as well.
    let ratio = Estimate { value, low, high, n: count(n) }.finite().filter(|_| (1.0 / low).is_finite())?;
    let sd = se * (n as f64).sqrt();
    (p.is_finite() && sd.is_finite()).then_some(RatioTest { ratio, p, sd })
}

/// Returns the logarithm of the ratio of sums, and each task's linear part in it.
fn log_ratio_parts(costs: &[f64], successes: &[f64]) -> Option<(f64, Vec<f64>)> {
    let (cost, success) = (mean(costs)?, mean(successes)?);
    if cost <= 0.0 || success <= 0.0 {
        return None;
    }
    let parts = costs.iter().zip(successes).map(|(c, s)| c / cost - s / success).collect();
    Some(((cost / success).ln(), parts))
}

/// Returns the geometric mean of `a` over `b`, pair by pair, with a t interval on the logarithms.
/// `None` below two pairs, or unless all times are positive numbers.
pub fn time_ratio(a: &[f64], b: &[f64]) -> Option<RatioTest> {
    if a.len() != b.len() || a.iter().chain(b).any(|t| !t.is_finite() || *t <= 0.0) {
        return None;
    }
    let logs: Vec<f64> = a.iter().zip(b).map(|(a, b)| a.ln() - b.ln()).collect();
    log_test(mean(&logs)?, (variance(&logs)? / a.len() as f64).sqrt(), a.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_solved_has_no_price() {
        assert_eq!(cost_per_success(&[1.0, 2.0], &[0.0, 0.0]), None);
        assert_eq!(cost_ratio((&[1.0; 6], &[0.0; 6]), (&[1.0; 6], &[1.0; 6])), None);
    }

    #[test]
    fn few_successes_are_no_ground_for_a_ratio_of_costs() {
        let ones = [1.0; 9];
        assert_eq!(cost_ratio((&ones, &[1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0]), (&ones, &ones)), None);
        assert_eq!(cost_ratio((&ones[..4], &[3.0; 4]), (&ones[..4], &[3.0; 4])), None);
        assert!(
            cost_ratio((&ones, &[1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0]), (&ones, &ones)).is_some()
        );
    }

    #[test]
    fn odd_values_are_refused() {
        for bad in [f64::NAN, f64::INFINITY, -1.0] {
            assert_eq!(cost_per_success(&[bad, 1.0], &[1.0, 1.0]), None, "{bad}");
            assert_eq!(time_ratio(&[bad, 1.0], &[1.0, 1.0]), None, "{bad}");
            assert_eq!(cost_ratio((&[bad; 9], &[1.0; 9]), (&[1.0; 9], &[1.0; 9])), None, "{bad}");
        }
        assert_eq!(time_ratio(&[0.0, 1.0], &[1.0, 1.0]), None);
        assert_eq!(time_ratio(&[1.0], &[1.0]), None);
        assert_eq!(time_ratio(&[1.0, 2.0], &[1.0]), None);
        assert_eq!(cost_per_success(&[1.0, 2.0], &[1.0]), None);
    }

    #[test]
    fn the_price_of_twice_the_money_is_twice_the_price() {
        let (solved, costs) = ([3.0, 2.0, 3.0, 1.0, 3.0], [1.0, 1.5, 0.7, 2.0, 0.9]);
        let twice: Vec<f64> = costs.iter().map(|c| c * 2.0).collect();
        let got = cost_ratio((&twice, &solved), (&costs, &solved)).unwrap();
        assert!((got.ratio.value - 2.0).abs() < 1e-12 && (got.ratio.low - 2.0).abs() < 1e-9, "{got:?}");
    }

    proptest! {
        #[test]
        fn ratios_are_mirrored_when_sides_change(
            rows in prop::collection::vec((0.01f64..10.0, 1u32..4, 0.01f64..10.0, 1u32..4), 8..20),
        ) {
            let column = |pick: fn(&(f64, u32, f64, u32)) -> f64| rows.iter().map(pick).collect::<Vec<f64>>();
            let (ca, sa) = (column(|r| r.0), column(|r| f64::from(r.1)));
            let (cb, sb) = (column(|r| r.2), column(|r| f64::from(r.3)));
            let ab = cost_ratio((&ca, &sa), (&cb, &sb)).unwrap();
            let ba = cost_ratio((&cb, &sb), (&ca, &sa)).unwrap();
            prop_assert!((ab.ratio.value * ba.ratio.value - 1.0).abs() < 1e-9);
            prop_assert!((ab.ratio.low * ba.ratio.high - 1.0).abs() < 1e-9 && (ab.p - ba.p).abs() < 1e-9);
            let (t, u) = (time_ratio(&ca, &cb).unwrap(), time_ratio(&cb, &ca).unwrap());
            prop_assert!((t.ratio.value * u.ratio.value - 1.0).abs() < 1e-9 && (t.p - u.p).abs() < 1e-9);
            prop_assert!((0.0..=1.0).contains(&t.p));
        }
    }
}
