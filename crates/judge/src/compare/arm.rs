//! One assistant over all tasks that count.

use fairtrial_domain::comparison::{Arm, CostSum, Interval, PassK};
use fairtrial_domain::usage::CostSource;

use super::input::{ComparisonInput, TrialEntry, TrialResult};
use super::table::{Cell, Table, known};
use crate::stats::{Estimate, TaskCount, cost_per_success, pass_at_k, pass_hat_k, wilson_shrunk_icc};

/// Tries up to which chances of several are told.
const MOST_TRIES: u32 = 10;

/// Returns an estimate as it is stored, with the method's name.
pub(super) fn interval(estimate: Estimate, method: &str) -> Interval {
    let Estimate { value, low, high, n } = estimate;
    Interval { estimate: value, low, high, level: 0.95, method: method.to_owned(), n }
}

/// Sums up the assistant at `place`. Trials, solved and rate rest on tasks that count; the cost is all that was
/// spent, evidence or not; the median time is that of every trial that is evidence, graded or not.
pub(super) fn arm(input: &ComparisonInput, table: &Table<'_>, place: usize) -> Arm {
    let entry = &input.assistants[place];
    let tried: Vec<&Cell> = table.arms[place].iter().filter(|cell| cell.trials > 0).collect();
    let counts: Vec<TaskCount> = tried.iter().map(|cell| cell.count()).collect();
    let per_task =
        |of: fn(&Cell) -> f64| tried.iter().map(|cell| of(cell) / f64::from(cell.trials)).collect();
    let (costs, solved): (Vec<f64>, Vec<f64>) =
        (per_task(|cell| cell.usd), per_task(|cell| f64::from(cell.passed)));
    let total = |of: fn(&Cell) -> u32| table.arms[place].iter().map(of).fold(0u32, u32::saturating_add);
    let resolved = total(|cell| cell.passed);
    // An empty sum of floats is minus zero, which reads as a debt.
    let usd = tried.iter().fold(0.0, |sum, cell| sum + cell.usd);
    let priced = !tried.is_empty() && tried.iter().all(|cell| cell.unpriced == 0);
    let per = (priced && resolved > 0).then(|| usd / f64::from(resolved)).filter(|usd| usd.is_finite());
    Arm {
        assistant: entry.id.clone(),
        sample: entry.sample,
        trials: total(|cell| cell.trials),
        resolved,
        tasks: u32::try_from(tried.len()).unwrap_or(u32::MAX),
        rate: wilson_shrunk_icc(&counts).map(|got| interval(got.rate, "wilson, shrunk icc, t")),
        cost_per_resolved: per,
        cost: spent(&table.trials[place]),
        median_seconds: median(&table.trials[place]),
        infra: infra(&table.trials[place]),
        cost_interval: cost_per_success(&costs, &solved)
            .filter(|_| priced)
            .map(|got| interval(got.ratio, "ratio estimator, linearised, t")),
        pass_k: pass_k(&counts),
        rounds: super::rounds::rounds(table, place),
    }
}

/// Chances of 1 to all tries; one trial per task has nothing to tell beside the rate.
fn pass_k(counts: &[TaskCount]) -> Vec<PassK> {
    let most = counts.iter().map(|count| count.trials).max().unwrap_or(0).min(MOST_TRIES);
    let at = |k: u32| {
        let deep: Vec<&TaskCount> = counts.iter().filter(|count| count.trials >= k).collect();
        let mean = |of: fn(u32, u32, u32) -> Option<f64>| {
            let all: Option<Vec<f64>> = deep.iter().map(|c| of(c.trials, c.passed, k)).collect();
            all.map(|all| all.iter().sum::<f64>() / all.len() as f64)
        };
        let n = u32::try_from(deep.len()).unwrap_or(u32::MAX);
        Some(PassK { k, any: mean(pass_at_k)?, all: mean(pass_hat_k)?, n })
    };
    if most < 2 { vec![] } else { (1..=most).filter_map(at).collect() }
}

fn spent(trials: &[&TrialEntry]) -> CostSum {
    let mut sum = CostSum::default();
    for trial in trials {
        match known(trial.cost.as_ref()) {
            Some(cost) => {
                sum.usd += cost.usd;
                sum.simulated |= cost.source == CostSource::Simulated;
            }
            None => sum.unknown += 1,
        }
    }
    sum
}

fn infra(trials: &[&TrialEntry]) -> u32 {
    let count = trials.iter().filter(|trial| trial.result == TrialResult::Infra).count();
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn median(trials: &[&TrialEntry]) -> Option<f64> {
    let evidence = trials.iter().filter(|trial| match trial.result {
        TrialResult::Pass | TrialResult::Fail | TrialResult::Ungraded => true,
        TrialResult::Infra | TrialResult::Invalid => false,
    });
    let mut seconds: Vec<f64> =
        evidence.filter_map(|trial| trial.seconds).filter(|s| s.is_finite() && *s >= 0.0).collect();
    seconds.sort_by(f64::total_cmp);
    let upper = *seconds.get(seconds.len() / 2)?;
    let lower = *seconds.get(seconds.len().saturating_sub(1) / 2)?;
    Some(lower + (upper - lower) / 2.0)
}
