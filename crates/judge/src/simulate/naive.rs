//! What dashboards do: kept here to show how far it is off, used nowhere else.

use crate::stats::{TaskCount, t95};

const Z: f64 = 1.959_963_984_540_054;

fn sums(tasks: &[TaskCount]) -> (f64, f64) {
    tasks.iter().fold((0.0, 0.0), |(x, n), t| (x + f64::from(t.passed), n + f64::from(t.trials)))
}

/// Whether Wald's interval over all trials covers `rate`.
pub(super) fn pooled_wald(tasks: &[TaskCount], rate: f64) -> bool {
    let (x, n) = sums(tasks);
    let p = x / n;
    (p - rate).abs() <= Z * (p * (1.0 - p) / n).sqrt()
}

/// Mean and standard error over values.
fn mean_se(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    (mean, (squares / (n - 1.0) / n).sqrt())
}

/// Whether the normal interval over task means covers `truth`.
pub(super) fn clustered_z(values: &[f64], truth: f64) -> bool {
    let (mean, se) = mean_se(values);
    (mean - truth).abs() <= Z * se
}

/// The two-proportion z over all trials, and its standard error without pooling.
fn two_proportions(a: &[TaskCount], b: &[TaskCount]) -> (f64, f64, f64) {
    let ((x, n), (y, m)) = (sums(a), sums(b));
    let (p, q, all) = (x / n, y / m, (x + y) / (n + m));
    let apart = (p * (1.0 - p) / n + q * (1.0 - q) / m).sqrt();
    (p - q, apart, (all * (1.0 - all) * (1.0 / n + 1.0 / m)).sqrt())
}

/// Whether the two-proportion interval over all trials covers `truth`.
pub(super) fn pooled_difference(a: &[TaskCount], b: &[TaskCount], truth: f64) -> bool {
    let (difference, se, _) = two_proportions(a, b);
    (difference - truth).abs() <= Z * se
}

/// Whether the two-proportion test over all trials finds a difference at some look from the fifth task on.
pub(super) fn pooled_z_peeking(a: &[TaskCount], b: &[TaskCount]) -> bool {
    (5.min(a.len())..=a.len()).any(|n| {
        let (difference, _, se) = two_proportions(&a[..n], &b[..n]);
        difference.abs() > Z * se && se > 0.0
    })
}

/// Whether the paired t test finds a difference at some look from the fifth task on.
pub(super) fn paired_t_peeking(differences: &[f64]) -> bool {
    (5.min(differences.len())..=differences.len()).any(|n| {
        let (mean, se) = mean_se(&differences[..n]);
        t95(n).is_some_and(|t| mean.abs() > t * se && mean != 0.0)
    })
}

/// Whether one alone has the top score, which would be set in bold; ties have no winner.
pub(super) fn top_score(passed: &[u32]) -> bool {
    let top = passed.iter().max();
    passed.iter().filter(|sum| Some(*sum) == top).count() == 1
}
