//! What a comparison rests on: tasks, assistants and their trials, as a run or a table of somebody else gives them.

use fairtrial_domain::bundle::Tier;
use fairtrial_domain::id::{AssistantId, TaskId, TrialKey};
use fairtrial_domain::outcome::{Ending, Outcome};
use fairtrial_domain::run::{TrialRecord, Validity};
use fairtrial_domain::usage::Cost;

/// Everything that a comparison looks at.
#[derive(Debug, Clone, PartialEq)]
pub struct ComparisonInput {
    /// The tasks, in plan order.
    pub tasks: Vec<TaskEntry>,
    /// Who is compared, in plan order.
    pub assistants: Vec<ArmEntry>,
    /// Trials that are over, in any order. A cancelled one is not among them.
    pub trials: Vec<TrialEntry>,
    /// The difference in solved rate that matters, in [0, 1].
    pub margin: f64,
    /// Trials planned per task and assistant.
    pub planned_trials: u32,
    /// False while trials are still to come.
    pub finished: bool,
}

/// A task with what is known of it before trials.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskEntry {
    /// Which.
    pub id: TaskId,
    /// Whether verdicts may rest on it.
    pub validity: Validity,
    /// True for a contradictory one that measures cheating.
    pub canary: bool,
    /// True when it has a hidden check.
    pub graded: bool,
}

/// Who is compared.
#[derive(Debug, Clone, PartialEq)]
pub struct ArmEntry {
    /// Who.
    pub id: AssistantId,
    /// Its name for people.
    pub title: String,
    /// True for a bundled sample.
    pub sample: bool,
}

/// A trial that is over.
#[derive(Debug, Clone, PartialEq)]
pub struct TrialEntry {
    /// Which.
    pub key: TrialKey,
    /// What it is worth here.
    pub result: TrialResult,
    /// Money; `None` when unknown.
    pub cost: Option<Cost>,
    /// Wall seconds of the assistant; `None` when unknown.
    pub seconds: Option<f64>,
    /// Its isolation; `None` where it is not known.
    pub tier: Option<Tier>,
}

/// What a trial is worth to a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrialResult {
    /// It resolved its task.
    Pass,
    /// It did not, by the assistant's doing: unresolved, set aside, or nothing changed.
    Fail,
    /// It ended for our or the vendor's reasons: no evidence.
    Infra,
    /// The task or its checks were at fault: no evidence.
    Invalid,
    /// No hidden check judged it.
    Ungraded,
}

impl TrialEntry {
    /// Returns what a stored trial is worth; `None` for one that a person stopped, which says nothing at all.
    pub fn of(record: &TrialRecord) -> Option<Self> {
        let result = match (&record.ending, &record.outcome) {
            (Ending::Cancelled, _) => return None,
            (Ending::Infra { .. }, _) | (_, None) => TrialResult::Infra,
            (Ending::Finished, Some(Outcome::Resolved)) => TrialResult::Pass,
            (_, Some(Outcome::Ungraded { .. })) => TrialResult::Ungraded,
            (_, Some(Outcome::Invalid { .. })) => TrialResult::Invalid,
            // Solved too late is not solved.
            (
                _,
                Some(
                    Outcome::Resolved
                    | Outcome::Unresolved { .. }
                    | Outcome::SetAside { .. }
                    | Outcome::NoDiff,
                ),
            ) => TrialResult::Fail,
        };
        Some(TrialEntry {
            key: record.key.clone(),
            result,
            cost: record.cost.clone(),
            seconds: Some(record.seconds),
            tier: record.tier,
        })
    }
}
