//! Reports of a run: a page, JSON, CSV, and text for terminals.

use std::collections::BTreeMap;
use std::fs;

use fairtrial_domain::comparison::{Advice, Comparison, SelfTest};
use fairtrial_domain::diff::Stacked;
use fairtrial_domain::id::{RunId, TaskId, TrialKey};
use fairtrial_domain::patch::Patch;
use fairtrial_domain::run::{RunRecord, TaskFacts, TrialRecord};
use fairtrial_report::{ReportInput, TaskBrief};
use jiff::Timestamp;
use serde_json::Value;

use crate::Api;
use crate::error::ApiError;
use crate::view::PlanPreview;

/// Everything that a report borrows.
struct Gathered {
    run: RunRecord,
    tasks: Vec<TaskBrief>,
    facts: Vec<TaskFacts>,
    trials: Vec<TrialRecord>,
    comparison: Comparison,
    patches: BTreeMap<TrialKey, Patch>,
    generated: String,
    unfinished: bool,
}

impl Gathered {
    fn input(&self) -> ReportInput<'_> {
        ReportInput {
            run: &self.run,
            tasks: &self.tasks,
            facts: &self.facts,
            trials: &self.trials,
            comparison: &self.comparison,
            patches: &self.patches,
            generated: &self.generated,
            unfinished: self.unfinished,
        }
    }
}

impl Api {
    /// Returns a run as one self-contained HTML page.
    pub fn report_html(&self, run: &RunId) -> Result<String, ApiError> {
        Ok(fairtrial_report::html(&self.gather(run, true)?.input()))
    }

    /// Writes the HTML report into the data folder and returns its path.
    pub fn write_report(&self, run: &RunId) -> Result<String, ApiError> {
        let path = self.home.run(run).join("report.html");
        fs::write(&path, self.report_html(run)?).map_err(ApiError::access("write", &path))?;
        Ok(path.display().to_string())
    }

    /// Returns a run as JSON, after the schema in `docs/schema`.
    pub fn report_json(&self, run: &RunId) -> Result<Value, ApiError> {
        Ok(serde_json::to_value(fairtrial_report::json(&self.gather(run, false)?.input()))?)
    }

    /// Returns a run's trials as a table that `compare_csv` reads.
    pub fn report_csv(&self, run: &RunId) -> Result<String, ApiError> {
        Ok(fairtrial_report::csv(&self.store.trials(run)?))
    }

    /// Returns a run as text of at most `width` columns.
    pub fn report_terminal(&self, run: &RunId, width: usize, colour: bool) -> Result<String, ApiError> {
        Ok(fairtrial_report::terminal(&self.gather(run, false)?.input(), width, colour))
    }

    /// Returns what a reader of the run must know beside the numbers.
    pub(crate) fn report_notes(&self, run: &RunId) -> Result<Vec<String>, ApiError> {
        Ok(fairtrial_report::notes(&self.gather(run, false)?.input()))
    }

    /// Returns what each assistant changed in a task, as text of at most `width` columns.
    pub fn diff_terminal(
        &self,
        run: &RunId,
        task: &TaskId,
        trial: u32,
        reference: bool,
        width: usize,
        colour: bool,
    ) -> Result<String, ApiError> {
        let index = self.diff_index(run, task, trial, reference)?;
        if index.files.is_empty() {
            return Ok("Nobody changed a file.\n".to_owned());
        }
        let titles: Vec<String> = index.arms.into_iter().map(|arm| arm.title).collect();
        let files: Result<Vec<Stacked>, ApiError> =
            index.files.iter().map(|file| self.stacked(run, task, trial, &file.path, reference)).collect();
        Ok(fairtrial_report::terminal_diff(&files?, &titles, width, colour))
    }

    /// Returns what models that judge said of a run, a line each.
    pub fn advice_lines(&self, run: &RunId, advice: &Advice) -> Result<Vec<String>, ApiError> {
        Ok(fairtrial_report::advice(advice, &self.store.run(run)?.record))
    }

    /// Returns a comparison as text of at most `width` columns.
    pub fn comparison_terminal(&self, comparison: &Comparison, width: usize, colour: bool) -> String {
        fairtrial_report::terminal_comparison(comparison, width, colour)
    }

    /// Returns a check of the methods as text of at most `width` columns.
    pub fn self_test_terminal(&self, test: &SelfTest, width: usize, colour: bool) -> String {
        fairtrial_report::terminal_self_test(test, width, colour)
    }

    /// Returns what a plan could detect and in what its assistants differ, as text of at most `width` columns.
    pub fn preview_terminal(&self, preview: &PlanPreview, width: usize, colour: bool) -> String {
        let names: Vec<String> = preview.assistants.iter().map(|one| one.title.clone()).collect();
        let tasks = preview.tasks.len();
        let head = format!(
            "{}: {tasks} tasks, {} assistants, {} trials in all; {}.",
            preview.title,
            names.len(),
            preview.trials,
            preview.power
        );
        fairtrial_report::terminal_preview(&head, &preview.forecast, &preview.fairness, &names, width, colour)
    }

    fn gather(&self, run: &RunId, with_patches: bool) -> Result<Gathered, ApiError> {
        let row = self.store.run(run)?;
        let trials = self.advised_trials(run)?;
        let mut patches = BTreeMap::new();
        for trial in trials.iter().filter(|_| with_patches) {
            patches.insert(trial.key.clone(), self.patch(trial)?);
        }
        Ok(Gathered {
            unfinished: row.done < row.planned,
            run: row.record,
            tasks: self.store.tasks(run)?.iter().map(TaskBrief::from).collect(),
            facts: self.store.facts(run)?,
            trials,
            comparison: self.comparison(run)?,
            patches,
            generated: Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        })
    }
}
