//! Two assistants on the same tasks: the padded paired t interval and what missing trials could change.

use statrs::distribution::{ContinuousCDF, StudentsT};

use super::quantile::t95;
use super::{Estimate, TaskCount, count, harmonic_mean, mean};

/// What one task gave to two assistants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PairedCounts {
    /// The first.
    pub a: TaskCount,
    /// The second.
    pub b: TaskCount,
}

impl PairedCounts {
    /// Returns the first rate minus the second.
    pub fn difference(&self) -> Option<f64> {
        Some(self.a.rate()? - self.b.rate()?)
    }
}

/// Differences per task in an order that does not depend on how tasks are listed, with the common trials.
fn differences(tasks: &[PairedCounts]) -> Option<(Vec<f64>, f64)> {
    let mut values = tasks.iter().map(PairedCounts::difference).collect::<Option<Vec<_>>>()?;
    values.sort_by(|x, y| x.abs().total_cmp(&y.abs()).then(x.total_cmp(y)));
    let trials = harmonic_mean(tasks.iter().flat_map(|t| [t.a.trials, t.b.trials]))?;
    Some((values, trials))
}

/// Returns the variance of task differences, padded by two tasks that share 1/T between them.
fn padded_variance(values: &[f64], trials: f64) -> f64 {
    let padded = values.len() as f64 + 2.0;
    let centre = values.iter().sum::<f64>() / padded;
    let squares: f64 = values.iter().map(|d| d * d).sum();
    ((squares + 1.0 / trials) / padded - centre * centre).max(0.0)
}

/// Returns the padded paired t 95 % interval of the first rate minus the second (SCORING B2), clipped to [−1, 1];
/// unequal trials enter by their harmonic mean. `None` below two tasks or when a task has no valid count.
pub fn padded_t(tasks: &[PairedCounts]) -> Option<Estimate> {
    let (values, trials) = differences(tasks)?;
    padded_mean(&values, trials)
}

/// Returns the mean of `values` in [−1, 1] with the padded t 95 % interval: two further values that together have
/// the squares 1/`trials`, so that no interval is a point. `None` below two values, on one outside [−1, 1], or
/// without a positive number of trials.
pub fn padded_mean(values: &[f64], trials: f64) -> Option<Estimate> {
    if trials.is_nan() || trials <= 0.0 || values.iter().any(|v| v.is_nan() || v.abs() > 1.0 + 1e-9) {
        return None;
    }
    let factor = t95(values.len())?;
    let centre = mean(values)?;
    let half = factor * (padded_variance(values, trials) / (values.len() as f64 + 1.0)).sqrt();
    let (low, high) = ((centre - half).max(-1.0), (centre + half).min(1.0));
    Estimate { value: centre, low, high, n: count(values.len()) }.finite()
}

/// Returns the padded mean with the two-sided p of its t statistic. `None` where there is no padded mean.
pub fn padded_test(values: &[f64], trials: f64) -> Option<(Estimate, f64)> {
    let got = padded_mean(values, trials)?;
    let n = values.len() as f64;
    let se = (padded_variance(values, trials) / (n + 1.0)).sqrt();
    let p = 2.0 * StudentsT::new(0.0, 1.0, n - 1.0).ok()?.cdf(-(got.value / se).abs());
    p.is_finite().then_some((got, p.min(1.0)))
}

/// Returns the spread of task differences with the same padding, so that it is never zero. `None` below two tasks.
pub fn padded_sd(tasks: &[PairedCounts]) -> Option<f64> {
    let (values, trials) = differences(tasks)?;
    padded_spread(&values, trials)
}

/// Returns the spread of `values` with the padding of [`padded_mean`], so that it is never zero. `None` below two
/// values or without a positive number of trials.
pub fn padded_spread(values: &[f64], trials: f64) -> Option<f64> {
    if values.len() < 2 || trials.is_nan() || trials <= 0.0 {
        return None;
    }
    let padded = values.len() as f64 + 2.0;
    let sd = (padded_variance(values, trials) * padded / (padded - 1.0)).sqrt();
    sd.is_finite().then_some(sd)
}

/// The difference in solved rate under each reading of trials that are missing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MissingBounds {
    /// Missing trials left out.
    pub excluded: f64,
    /// Missing trials counted as failed.
    pub missing_as_fail: f64,
    /// All of the first's missing failed, all of the second's passed.
    pub worst_for_a: f64,
    /// The other way round.
    pub best_for_a: f64,
}

/// Returns the difference in solved rate under each reading of the trials missing from `planned` per task and
/// assistant. `None` without tasks, when a task has no valid count, or has more trials than were planned.
pub fn missing_bounds(tasks: &[PairedCounts], planned: u32) -> Option<MissingBounds> {
    let all = f64::from(planned);
    let over =
        |count: fn(&PairedCounts) -> Option<f64>| mean(&tasks.iter().map(count).collect::<Option<Vec<_>>>()?);
    if planned == 0 || tasks.iter().any(|t| t.a.trials > planned || t.b.trials > planned) {
        return None;
    }
    let excluded = over(PairedCounts::difference)?;
    let lowest = |c: TaskCount| f64::from(c.passed) / all;
    let highest = |c: TaskCount| (f64::from(c.passed) + f64::from(planned - c.trials)) / all;
    let of = |pick: &dyn Fn(&PairedCounts) -> f64| mean(&tasks.iter().map(pick).collect::<Vec<_>>());
    Some(MissingBounds {
        excluded,
        missing_as_fail: of(&|t| lowest(t.a) - lowest(t.b))?,
        worst_for_a: of(&|t| lowest(t.a) - highest(t.b))?,
        best_for_a: of(&|t| highest(t.a) - lowest(t.b))?,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pair(a: (u32, u32), b: (u32, u32)) -> PairedCounts {
        PairedCounts { a: TaskCount { passed: a.0, trials: a.1 }, b: TaskCount { passed: b.0, trials: b.1 } }
    }

    fn swapped(tasks: &[PairedCounts]) -> Vec<PairedCounts> {
        tasks.iter().map(|t| PairedCounts { a: t.b, b: t.a }).collect()
    }

    #[test]
    fn one_task_has_no_difference() {
        assert_eq!(padded_t(&[pair((1, 1), (0, 1))]), None);
        assert_eq!(padded_sd(&[pair((1, 1), (0, 1))]), None);
        assert_eq!(missing_bounds(&[], 3), None);
    }

    #[test]
    fn two_perfect_assistants_are_not_known_exactly() {
        let tasks = vec![pair((3, 3), (3, 3)); 10];
        let got = padded_t(&tasks).unwrap();
        assert_eq!(got.value, 0.0);
        assert!((got.high - 0.1137).abs() < 1e-3, "{got:?}");
        assert!(padded_sd(&tasks).unwrap() > 0.0);
    }

    #[test]
    fn counts_that_cannot_be_are_refused() {
        assert_eq!(padded_t(&[pair((2, 1), (0, 1)), pair((1, 1), (0, 1))]), None);
        assert_eq!(padded_t(&[pair((0, 0), (0, 1)), pair((1, 1), (0, 1))]), None);
        assert_eq!(missing_bounds(&[pair((1, 4), (0, 1))], 3), None);
        assert_eq!(missing_bounds(&[pair((1, 1), (0, 1))], 0), None);
    }

    prop_compose! {
        fn task()(x in 0u32..6, t in 1u32..6, y in 0u32..6, u in 1u32..6) -> PairedCounts {
            pair((x.min(t), t), (y.min(u), u))
        }
    }

    proptest! {
        #[test]
        fn a_minus_b_is_the_mirror_of_b_minus_a(tasks in prop::collection::vec(task(), 2..30)) {
            let (ab, ba) = (padded_t(&tasks).unwrap(), padded_t(&swapped(&tasks)).unwrap());
            prop_assert!((ab.value + ba.value).abs() < 1e-12);
            prop_assert!((ab.low + ba.high).abs() < 1e-12 && (ab.high + ba.low).abs() < 1e-12);
        }

        #[test]
        fn the_order_of_tasks_changes_nothing(mut tasks in prop::collection::vec(task(), 2..30), by in 0usize..30) {
            let first = padded_t(&tasks).unwrap();
            let by = by % tasks.len();
            tasks.rotate_left(by);
            prop_assert_eq!(first, padded_t(&tasks).unwrap());
        }

        #[test]
        fn an_interval_holds_its_estimate_and_is_never_a_point(tasks in prop::collection::vec(task(), 2..30)) {
            let got = padded_t(&tasks).unwrap();
            prop_assert!(-1.0 <= got.low && got.low <= got.value && got.value <= got.high && got.high <= 1.0);
            prop_assert!(got.low < got.high);
        }

        #[test]
        fn one_more_pass_of_a_never_lowers_the_difference(
            tasks in prop::collection::vec(task(), 2..30), at in 0usize..30,
        ) {
            let mut more = tasks.clone();
            let at = at % more.len();
            more[at].a.passed = (more[at].a.passed + 1).min(more[at].a.trials);
            prop_assert!(padded_t(&more).unwrap().value >= padded_t(&tasks).unwrap().value - 1e-12);
        }

        #[test]
        fn the_readings_of_missing_trials_keep_their_order(tasks in prop::collection::vec(task(), 1..20)) {
            let got = missing_bounds(&tasks, 6).unwrap();
            prop_assert!(got.worst_for_a <= got.missing_as_fail && got.missing_as_fail <= got.best_for_a);
            prop_assert!(got.worst_for_a - 1e-12 <= got.excluded && got.excluded <= got.best_for_a + 1e-12);
        }
    }
}
