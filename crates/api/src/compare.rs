//! What may be concluded: from a run of ours, or from a table of somebody else's.

use fairtrial_domain::comparison::Comparison;
use fairtrial_domain::id::RunId;
use fairtrial_domain::run::{RunStatus, Validity};
use fairtrial_domain::task::TaskKind;
use fairtrial_judge::{ArmEntry, ComparisonInput, TaskEntry, TrialEntry};

use crate::Api;
use crate::error::ApiError;
use crate::look::is_graded;
use crate::view::Scoreboard;

impl Api {
    /// Compares the assistants of a run.
    pub fn comparison(&self, run: &RunId) -> Result<Comparison, ApiError> {
        let row = self.store.run(run)?;
        let facts = self.store.facts(run)?;
        let tasks = self.store.tasks(run)?;
        let entry = |task: &fairtrial_domain::task::Task| {
            let known = facts.iter().find(|facts| facts.task == task.id);
            let unknown =
                || Validity::Weak { reasons: vec!["its checks were not tried on the base".to_owned()] };
            TaskEntry {
                id: task.id.clone(),
                validity: known.map_or_else(unknown, |facts| facts.validity.clone()),
                canary: task.kind == TaskKind::Canary,
                graded: is_graded(task),
            }
        };
        let plan = &row.record.plan;
        let arms = plan.assistants.iter();
        Ok(fairtrial_judge::compare(&ComparisonInput {
            tasks: tasks.iter().map(entry).collect(),
            assistants: arms
                .map(|one| ArmEntry { id: one.id.clone(), title: one.title.clone(), sample: one.sample })
                .collect(),
            trials: self.store.trials(run)?.iter().filter_map(TrialEntry::of).collect(),
            margin: plan.margin,
            planned_trials: plan.trials,
            finished: row.done == row.planned && row.record.status != RunStatus::Cancelled,
        }))
    }

    /// Compares the assistants of a CSV table with the columns task, assistant, trial, outcome.
    pub fn compare_csv(&self, table: &str, margin: f64) -> Result<Comparison, ApiError> {
        if !(margin > 0.0 && margin < 1.0) {
            return Err(ApiError::BadRequest(format!(
                "a margin of {margin} cannot be tested: choose more than 0 and less than 1"
            )));
        }
        Ok(fairtrial_judge::compare(&fairtrial_judge::from_csv(&fairtrial_judge::read_csv(table)?, margin)?))
    }

    /// Returns the scoreboard of a run.
    pub fn scoreboard(&self, run: &RunId) -> Result<Scoreboard, ApiError> {
        let view = self.run(run)?;
        Ok(Scoreboard { comparison: self.comparison(run)?, notes: self.report_notes(run)?, run: view })
    }
}
