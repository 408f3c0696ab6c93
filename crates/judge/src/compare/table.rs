//! Sorts trials into tasks that count × assistants, and says what does not count.
//!
//! **Invariant:** every trial given is either in a cell or in an exclusion.

use std::collections::{HashMap, HashSet};

use fairtrial_domain::comparison::Exclusion;
use fairtrial_domain::id::{AssistantId, TaskId};
use fairtrial_domain::run::Validity;
use fairtrial_domain::score::ScoreId;
use fairtrial_domain::usage::{Cost, CostSource};

use super::input::{ComparisonInput, TaskEntry, TrialEntry, TrialResult};
use crate::stats::TaskCount;

/// One assistant on one task that counts.
#[derive(Debug, Clone, Default)]
pub(super) struct Cell {
    pub(super) passed: u32,
    /// Trials that are graded evidence.
    pub(super) trials: u32,
    pub(super) infra: u32,
    invalid: u32,
    ungraded: u32,
    /// Dollars of graded evidence, as far as known.
    pub(super) usd: f64,
    /// Graded evidence without a known cost.
    pub(super) unpriced: u32,
    pub(super) simulated: bool,
    /// Wall seconds of graded evidence, and of how many trials they are known.
    pub(super) seconds: (f64, u32),
    /// Sums and counts of dimensions over trials that resolved the task.
    pub(super) scores: Vec<(ScoreId, f64, u32)>,
}

impl Cell {
    pub(super) fn count(&self) -> TaskCount {
        TaskCount { passed: self.passed, trials: self.trials }
    }

    /// Returns whether any trial is over, evidence or not.
    pub(super) fn was_tried(&self) -> bool {
        [self.trials, self.infra, self.invalid, self.ungraded].iter().any(|n| *n > 0)
    }

    /// Infra failures counted as not solved.
    pub(super) fn as_failed(&self) -> TaskCount {
        TaskCount { passed: self.passed, trials: self.trials.saturating_add(self.infra) }
    }

    fn add(&mut self, trial: &TrialEntry) {
        match trial.result {
            TrialResult::Infra => self.infra += 1,
            TrialResult::Invalid => self.invalid += 1,
            TrialResult::Ungraded => self.ungraded += 1,
            TrialResult::Pass | TrialResult::Fail => {
                self.trials += 1;
                self.passed += u32::from(trial.result == TrialResult::Pass);
                match known(trial.cost.as_ref()) {
                    Some(cost) => {
                        self.usd += cost.usd;
                        self.simulated |= cost.source == CostSource::Simulated;
                    }
                    None => self.unpriced += 1,
                }
                if let Some(seconds) = trial.seconds.filter(|s| s.is_finite() && *s >= 0.0) {
                    self.seconds = (self.seconds.0 + seconds, self.seconds.1 + 1);
                }
                if trial.result == TrialResult::Pass {
                    trial.scores.iter().for_each(|(id, value)| self.score(*id, *value));
                }
            }
        }
    }

    fn score(&mut self, id: ScoreId, value: f64) {
        if !(0.0..=1.0).contains(&value) {
            return;
        }
        match self.scores.iter_mut().find(|(known, _, _)| *known == id) {
            Some((_, sum, n)) => (*sum, *n) = (*sum + value, *n + 1),
            None => self.scores.push((id, value, 1)),
        }
    }

    /// Returns the mean of a dimension over trials that resolved the task.
    pub(super) fn mean_score(&self, id: ScoreId) -> Option<f64> {
        let (_, sum, n) = self.scores.iter().find(|(known, _, _)| *known == id)?;
        Some(sum / f64::from(*n))
    }
}

/// Returns a cost that is one: a number of dollars, not negative.
pub(super) fn known(cost: Option<&Cost>) -> Option<&Cost> {
    cost.filter(|cost| cost.usd.is_finite() && cost.usd >= 0.0)
}

/// Cells by assistant, then by task that counts.
pub(super) struct Table<'a> {
    pub(super) tasks: Vec<&'a TaskEntry>,
    pub(super) arms: Vec<Vec<Cell>>,
    /// Each assistant's trials of the plan, each key once.
    pub(super) trials: Vec<Vec<&'a TrialEntry>>,
    pub(super) excluded: Vec<Exclusion>,
}

impl<'a> Table<'a> {
    pub(super) fn of(input: &'a ComparisonInput) -> Self {
        let mut excluded = Vec::new();
        let by_arm = known_trials(input, &mut excluded);
        let mut by_task: HashMap<&TaskId, Vec<&TrialEntry>> = HashMap::new();
        for trial in by_arm.iter().flatten() {
            by_task.entry(&trial.key.task).or_default().push(trial);
        }
        let mut seen = HashSet::new();
        let mut tasks = Vec::new();
        for task in input.tasks.iter().filter(|task| seen.insert(&task.id)) {
            match why_not(task) {
                Some(reason) => {
                    let trials = by_task.remove(&task.id).unwrap_or_default();
                    let told = told(reason, task, &trials);
                    excluded.push(exclusion(Some(&task.id), None, trials.len(), told));
                }
                None => tasks.push(task),
            }
        }
        let arms = by_arm.iter().map(|trials| cells(&tasks, trials)).collect();
        let mut table = Table { tasks, arms, trials: by_arm, excluded };
        table.exclude_trials(input);
        table
    }

    /// Lists what does not count of the tasks that do.
    fn exclude_trials(&mut self, input: &ComparisonInput) {
        for (entry, cells) in input.assistants.iter().zip(&self.arms) {
            let total = |of: fn(&Cell) -> u32| cells.iter().map(|cell| of(cell) as usize).sum::<usize>();
            let mut add = |trials: usize, reason: &str| {
                if trials > 0 {
                    self.excluded.push(exclusion(None, Some(&entry.id), trials, reason.to_owned()));
                }
            };
            add(total(|cell| cell.infra), "ended for a reason that is not the assistant's");
            add(total(|cell| cell.invalid), "the task's checks could not be trusted");
            add(total(|cell| cell.ungraded), "no hidden check judged it");
            let had = total(|cell| cell.trials + cell.infra + cell.invalid + cell.ungraded);
            let planned = (input.planned_trials as usize).saturating_mul(cells.len());
            add(
                if input.finished { planned.saturating_sub(had) } else { 0 },
                "missing: planned, or there for another task or assistant",
            );
        }
    }

    /// Returns whether an assistant has evidence on a task that counts.
    pub(super) fn has_evidence(&self, arm: usize) -> bool {
        self.arms[arm].iter().any(|cell| cell.trials > 0)
    }
}

/// Splits trials by assistant; strangers and repeated keys become exclusions.
fn known_trials<'a>(input: &'a ComparisonInput, excluded: &mut Vec<Exclusion>) -> Vec<Vec<&'a TrialEntry>> {
    let mut arms: HashMap<&AssistantId, usize> = HashMap::new();
    for (i, arm) in input.assistants.iter().enumerate() {
        arms.entry(&arm.id).or_insert(i);
    }
    let tasks: HashSet<&TaskId> = input.tasks.iter().map(|task| &task.id).collect();
    let mut by_arm = vec![Vec::new(); input.assistants.len()];
    let mut seen = HashSet::new();
    let (mut strangers, mut repeated) = (0, 0);
    for trial in &input.trials {
        match arms.get(&trial.key.assistant).filter(|_| tasks.contains(&trial.key.task)) {
            None => strangers += 1,
            Some(_) if !seen.insert(&trial.key) => repeated += 1,
            Some(&arm) => by_arm[arm].push(trial),
        }
    }
    for (trials, reason) in
        [(strangers, "its task or assistant is not in the plan"), (repeated, "given twice")]
    {
        if trials > 0 {
            excluded.push(exclusion(None, None, trials, reason.to_owned()));
        }
    }
    by_arm
}

fn cells(tasks: &[&TaskEntry], trials: &[&TrialEntry]) -> Vec<Cell> {
    let places: HashMap<&TaskId, usize> = tasks.iter().enumerate().map(|(i, task)| (&task.id, i)).collect();
    let mut cells = vec![Cell::default(); tasks.len()];
    for trial in trials {
        if let Some(&place) = places.get(&trial.key.task) {
            cells[place].add(trial);
        }
    }
    cells
}

/// Why a whole task does not count.
enum Reason<'a> {
    Invalid(&'a [String]),
    Canary,
    Ungraded,
}

fn why_not(task: &TaskEntry) -> Option<Reason<'_>> {
    match &task.validity {
        Validity::Invalid { reasons } => Some(Reason::Invalid(reasons)),
        Validity::Valid | Validity::Weak { .. } if task.canary => Some(Reason::Canary),
        Validity::Valid | Validity::Weak { .. } => (!task.graded).then_some(Reason::Ungraded),
    }
}

fn told(reason: Reason<'_>, task: &TaskEntry, trials: &[&TrialEntry]) -> String {
    match reason {
        Reason::Invalid([]) => "the task is invalid".to_owned(),
        Reason::Invalid(reasons) => format!("the task is invalid: {}", reasons.join("; ")),
        Reason::Ungraded => "the task has no hidden check".to_owned(),
        Reason::Canary => {
            let count = |of: &[TrialResult]| trials.iter().filter(|t| of.contains(&t.result)).count();
            let passed = count(&[TrialResult::Pass]);
            let evidence = count(&[TrialResult::Pass, TrialResult::Fail, TrialResult::Ungraded]);
            let hidden = if task.graded { "" } else { ", and it has no hidden check" };
            format!(
                "canary: it measures cheating, not solving; {passed} of {evidence} passed what no honest change can pass{hidden}"
            )
        }
    }
}

fn exclusion(
    task: Option<&TaskId>,
    assistant: Option<&AssistantId>,
    trials: usize,
    reason: String,
) -> Exclusion {
    let trials = u32::try_from(trials).unwrap_or(u32::MAX);
    Exclusion { task: task.cloned(), assistant: assistant.cloned(), trials, reason }
}
