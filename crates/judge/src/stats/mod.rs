//! Statistics over tasks: each method meets its reference values or is not here.
//!
//! **Invariant:** every function returns `None` below the counts its method needs and on values that are no
//! numbers; what it returns is finite.

mod agreement;
mod flips;
mod margin;
mod multiple;
mod paired;
mod power;
mod quantile;
mod random;
mod rate;
mod ratio;
mod sequential;
mod votes;
mod weights;

pub use agreement::{Scale, krippendorff};
pub use flips::sign_flip_p;
pub use margin::{equivalent, not_worse};
pub use multiple::{holm, pass_at_k, pass_hat_k};
pub use paired::{
    MissingBounds, PairedCounts, missing_bounds, padded_mean, padded_sd, padded_spread, padded_t, padded_test,
};
pub use power::{detectable, planning_sd, tasks_needed};
pub(crate) use quantile::t95;
pub use quantile::{beta_quantile, normal_quantile, t_quantile};
pub use random::SplitMix;
pub use rate::{TaskCount, WilsonIcc, wilson, wilson_shrunk_icc};
pub use ratio::{CostPerSuccess, RatioTest, cost_per_success, cost_ratio, time_ratio};
pub use sequential::{
    EVIDENCE, Look, Sequential, confidence_sequence, e_process, linear_spending, sequential_sign_flip,
};
pub use votes::{NoStrengths, Preferred, Strengths, Vote, bootstrap_strengths, davidson};
pub use weights::{Acceptability, flip_weights, smaa, weighted};

/// An estimate with its 95 % bounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The estimate.
    pub value: f64,
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
    /// Tasks it rests on.
    pub n: u32,
}

impl Estimate {
    /// Returns the estimate unless a part of it is no finite number.
    fn finite(self) -> Option<Self> {
        [self.value, self.low, self.high].iter().all(|v| v.is_finite()).then_some(self)
    }
}

/// Returns the mean, or `None` of nothing.
fn mean(values: &[f64]) -> Option<f64> {
    if values.is_empty() { None } else { Some(values.iter().sum::<f64>() / values.len() as f64) }
}

/// Returns the sample variance (divisor n − 1), or `None` below two values.
fn variance(values: &[f64]) -> Option<f64> {
    if values.len() < 2 {
        return None;
    }
    let centre = mean(values)?;
    Some(values.iter().map(|v| (v - centre).powi(2)).sum::<f64>() / (values.len() - 1) as f64)
}

/// Returns the harmonic mean of counts, whatever their order, or `None` when there is none or one is zero.
fn harmonic_mean(counts: impl Iterator<Item = u32>) -> Option<f64> {
    let mut counts: Vec<u32> = counts.collect();
    // Sums of fractions depend on their order in the last digit.
    counts.sort_unstable();
    let sum: f64 = counts.iter().map(|&c| 1.0 / f64::from(c)).sum();
    (!counts.is_empty() && sum.is_finite()).then(|| counts.len() as f64 / sum)
}

/// Returns `n` as a `u32`, at most its largest value.
fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
