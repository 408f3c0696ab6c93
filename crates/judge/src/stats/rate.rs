//! One assistant's solved rate: Wilson intervals, plain and for trials that are alike within a task.

use super::quantile::{normal_quantile, t95};
use super::{Estimate, count, harmonic_mean, mean, variance};

/// What one task gave: `passed` of `trials` that are evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaskCount {
    /// Trials that resolved the task.
    pub passed: u32,
    /// Trials that are evidence.
    pub trials: u32,
}

impl TaskCount {
    /// Returns the share passed; `None` without trials or with more passes than trials.
    pub fn rate(&self) -> Option<f64> {
        (self.trials > 0 && self.passed <= self.trials)
            .then(|| f64::from(self.passed) / f64::from(self.trials))
    }
}

/// A solved rate over tasks, with the steps that led to it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WilsonIcc {
    /// Mean of task means with its bounds.
    pub rate: Estimate,
    /// Intraclass correlation from the analysis of variance, clipped to [0, 1].
    pub icc: f64,
    /// The same drawn towards 0.7 with the weight of two tasks.
    pub icc_shrunk: f64,
    /// Independent trials that the data are worth.
    pub n_eff: f64,
}

/// Wilson's score interval around `p` for `n` independent trials at factor `z`.
fn score_interval(p: f64, n: f64, z: f64) -> (f64, f64) {
    let z2 = z * z;
    let centre = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = z / (1.0 + z2 / n) * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).max(0.0).sqrt();
    // Rounding must not move a bound off the estimate at 0 and 1.
    let low = if p <= 0.0 { 0.0 } else { (centre - half).clamp(0.0, 1.0) };
    let high = if p >= 1.0 { 1.0 } else { (centre + half).clamp(0.0, 1.0) };
    (low, high)
}

/// Returns Wilson's 95 % interval for independent trials; `None` without trials or with more passes than trials.
pub fn wilson(passed: u32, trials: u32) -> Option<Estimate> {
    let p = TaskCount { passed, trials }.rate()?;
    let (low, high) = score_interval(p, f64::from(trials), normal_quantile(0.975)?);
    Estimate { value: p, low, high, n: trials }.finite()
}

/// Returns the solved rate as the mean over tasks, with Wilson's interval at the effective sample size that a
/// shrunk intraclass correlation leaves and Student's factor (SCORING B1). Trials may differ between tasks: their
/// harmonic mean stands for the common number. `None` below two tasks or when a task has no valid count.
pub fn wilson_shrunk_icc(tasks: &[TaskCount]) -> Option<WilsonIcc> {
    let n = tasks.len() as f64;
    let factor = t95(tasks.len())?;
    let rates = tasks.iter().map(TaskCount::rate).collect::<Option<Vec<_>>>()?;
    let trials = harmonic_mean(tasks.iter().map(|t| t.trials))?;
    let p = mean(&rates)?;
    let icc = anova_icc(tasks, &rates, trials)?;
    let info = n * 4.0 * p * (1.0 - p);
    let icc_shrunk = (info * icc + 2.0 * 0.7) / (info + 2.0);
    let n_eff = n * trials / (1.0 + (trials - 1.0) * icc_shrunk);
    let (low, high) = score_interval(p, n_eff, factor);
    let rate = Estimate { value: p, low, high, n: count(tasks.len()) }.finite()?;
    Some(WilsonIcc { rate, icc, icc_shrunk, n_eff })
}

/// Returns the intraclass correlation in [0, 1], 1 where it is undefined.
fn anova_icc(tasks: &[TaskCount], rates: &[f64], trials: f64) -> Option<f64> {
    if trials <= 1.0 + 1e-9 {
        return Some(1.0);
    }
    let between = trials * variance(rates)?;
    let inside: f64 = tasks.iter().zip(rates).map(|(task, rate)| f64::from(task.passed) * (1.0 - rate)).sum();
    let within = inside / (tasks.len() as f64 * (trials - 1.0));
    let total = between + (trials - 1.0) * within;
    Some(if total > 0.0 { ((between - within) / total).clamp(0.0, 1.0) } else { 1.0 })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tasks(counts: &[(u32, u32)]) -> Vec<TaskCount> {
        counts.iter().map(|&(passed, trials)| TaskCount { passed, trials }).collect()
    }

    #[test]
    fn a_rate_without_two_tasks_is_no_measurement() {
        assert_eq!(wilson_shrunk_icc(&[]), None);
        assert_eq!(wilson_shrunk_icc(&tasks(&[(3, 3)])), None);
    }

    #[test]
    fn impossible_counts_have_no_rate() {
        assert_eq!(wilson(1, 0), None);
        assert_eq!(wilson(4, 3), None);
        assert_eq!(wilson_shrunk_icc(&tasks(&[(1, 1), (0, 0)])), None);
        assert_eq!(wilson_shrunk_icc(&tasks(&[(1, 1), (2, 1)])), None);
    }

    #[test]
    fn extreme_counts_stay_numbers() {
        let most = u32::MAX;
        assert!(wilson(most, most).is_some());
        assert!(wilson_shrunk_icc(&tasks(&[(most, most), (0, most)])).is_some());
        assert!(wilson_shrunk_icc(&tasks(&[(most, most), (1, 1)])).is_some());
    }

    proptest! {
        #[test]
        fn a_rate_lies_in_its_interval_and_ignores_the_order_of_tasks(
            counts in prop::collection::vec((0u32..6, 1u32..6), 2..40), turn in 0usize..40,
        ) {
            let mut all: Vec<_> = counts.iter().map(|&(x, t)| TaskCount { passed: x.min(t), trials: t }).collect();
            let first = wilson_shrunk_icc(&all).unwrap().rate;
            prop_assert!(0.0 <= first.low && first.low <= first.value + 1e-12);
            prop_assert!(first.value <= first.high + 1e-12 && first.high <= 1.0);
            prop_assert!(first.high - first.low > 0.0);
            let by = turn % all.len();
            all.rotate_left(by);
            let second = wilson_shrunk_icc(&all).unwrap().rate;
            prop_assert!((first.low - second.low).abs() < 1e-9 && (first.high - second.high).abs() < 1e-9);
        }

        #[test]
        fn one_more_pass_never_lowers_a_rate(n in 1u32..60, x in 0u32..60) {
            let x = x % n;
            let (less, more) = (wilson(x, n).unwrap(), wilson(x + 1, n).unwrap());
            prop_assert!(less.value < more.value && less.low <= more.low && less.high <= more.high);
        }
    }
}
