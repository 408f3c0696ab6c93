//! Quantiles of the distributions that the intervals use.

use std::sync::OnceLock;

use statrs::distribution::{Beta, ContinuousCDF, Normal, StudentsT};

/// Returns whether `p` is strictly between 0 and 1.
fn is_level(p: f64) -> bool {
    p > 0.0 && p < 1.0
}

/// Returns the standard normal quantile; `None` unless 0 < `p` < 1.
pub fn normal_quantile(p: f64) -> Option<f64> {
    if !is_level(p) {
        return None;
    }
    let quantile = Normal::new(0.0, 1.0).ok()?.inverse_cdf(p);
    quantile.is_finite().then_some(quantile)
}

/// Returns Student's t quantile; `None` unless 0 < `p` < 1 and `df` ≥ 1.
pub fn t_quantile(p: f64, df: f64) -> Option<f64> {
    if !is_level(p) || !df.is_finite() || df < 1.0 {
        return None;
    }
    let quantile = StudentsT::new(0.0, 1.0, df).ok()?.inverse_cdf(p);
    quantile.is_finite().then_some(quantile)
}

/// Returns the quantile of Beta(`a`, `b`); `None` unless 0 < `p` < 1 and both shapes are positive.
pub fn beta_quantile(p: f64, a: f64, b: f64) -> Option<f64> {
    if !is_level(p) || !a.is_finite() || !b.is_finite() || a <= 0.0 || b <= 0.0 {
        return None;
    }
    let quantile = Beta::new(a, b).ok()?.inverse_cdf(p);
    quantile.is_finite().then_some(quantile)
}

/// Factors are asked for again and again, and take long to find.
static T95: [OnceLock<Option<f64>>; 512] = [const { OnceLock::new() }; 512];

/// Returns the two-sided 95 % factor of Student's t for `n` tasks.
pub(crate) fn t95(n: usize) -> Option<f64> {
    let find = || t_quantile(0.975, n.checked_sub(1)? as f64);
    T95.get(n).map_or_else(find, |kept| *kept.get_or_init(find))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_outside_0_to_1_has_no_quantile() {
        for p in [0.0, 1.0, -1.0, 2.0, f64::NAN, f64::INFINITY] {
            assert_eq!(normal_quantile(p), None, "{p}");
            assert_eq!(t_quantile(p, 4.0), None, "{p}");
            assert_eq!(beta_quantile(p, 1.0, 1.0), None, "{p}");
        }
    }

    #[test]
    fn a_distribution_that_does_not_exist_has_no_quantile() {
        for df in [0.0, -1.0, 0.5, f64::NAN, f64::INFINITY] {
            assert_eq!(t_quantile(0.975, df), None, "{df}");
        }
        assert_eq!(beta_quantile(0.5, 0.0, 1.0), None);
        assert_eq!(beta_quantile(0.5, 1.0, f64::NAN), None);
    }

    #[test]
    fn one_task_has_no_factor() {
        assert_eq!(t95(0), None);
        assert_eq!(t95(1), None);
        assert!(t95(2).unwrap() > 12.0);
    }
}
