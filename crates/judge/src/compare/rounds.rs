//! What further rounds after feedback solve, and what they cost. Round 1 stays the headline.

use std::collections::HashMap;

use fairtrial_domain::comparison::RoundSum;
use fairtrial_domain::id::TaskId;

use super::arm::interval;
use super::input::{TrialEntry, TrialResult};
use super::table::{Table, known};
use crate::stats::{TaskCount, wilson_shrunk_icc};

/// Returns what the assistant at `place` solved up to each round with the cumulative cost; empty when no trial had a
/// second round. A trial that needed no further round stays as it is, at no further cost; one whose round was lost to
/// a fault that is not the assistant's is no evidence from that round on.
pub(super) fn rounds(table: &Table<'_>, place: usize) -> Vec<RoundSum> {
    let counts: std::collections::HashSet<&TaskId> = table.tasks.iter().map(|task| &task.id).collect();
    let graded = |trial: &&&TrialEntry| {
        counts.contains(&trial.key.task) && matches!(trial.result, TrialResult::Pass | TrialResult::Fail)
    };
    let trials: Vec<&TrialEntry> = table.trials[place].iter().filter(graded).copied().collect();
    let most = trials.iter().map(|trial| trial.more.len()).max().unwrap_or(0);
    if most == 0 {
        return vec![];
    }
    (0..=most).map(|later| up_to(&trials, later)).collect()
}

fn up_to(trials: &[&TrialEntry], later: usize) -> RoundSum {
    let mut tasks: HashMap<&TaskId, TaskCount> = HashMap::new();
    for trial in trials {
        let rounds = || trial.more.iter().take(later);
        let solved = trial.result == TrialResult::Pass || rounds().any(|round| round.solved == Some(true));
        if !solved && rounds().any(|round| round.solved.is_none()) {
            continue;
        }
        let count = tasks.entry(&trial.key.task).or_insert(TaskCount { passed: 0, trials: 0 });
        count.trials += 1;
        count.passed += u32::from(solved);
    }
    let sum = |first: fn(&TrialEntry) -> Option<f64>, more: fn(&super::LaterRound) -> Option<f64>| {
        let one = |trial: &&TrialEntry| {
            let rest: Option<f64> = trial.more.iter().take(later).map(more).sum();
            Some(first(trial)? + rest?)
        };
        trials.iter().map(one).sum::<Option<f64>>()
    };
    let mut counts: Vec<TaskCount> = tasks.into_values().collect();
    counts.sort_by_key(|count| (count.trials, count.passed));
    RoundSum {
        round: u32::try_from(later + 1).unwrap_or(u32::MAX),
        rate: wilson_shrunk_icc(&counts).map(|got| interval(got.rate, "wilson, shrunk icc, t")),
        usd: sum(|trial| Some(known(trial.cost.as_ref())?.usd), |round| round.usd),
        seconds: sum(|trial| trial.seconds, |round| round.seconds),
    }
}
