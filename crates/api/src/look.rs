//! Runs as people see them: lists, the map, the first screen.

use std::collections::BTreeMap;
use std::path::Path;

use fairtrial_domain::audit::TaskAudit;
use fairtrial_domain::comparison::Forecast;
use fairtrial_domain::id::{RunId, TrialKey};
use fairtrial_domain::journal::Phase;
use fairtrial_domain::network::Network;
use fairtrial_domain::outcome::Became;
use fairtrial_domain::plan::{LeftOut, Plan, Recording};
use fairtrial_domain::run::{RunRecord, RunStatus, TaskFacts, TrialRecord};
use fairtrial_domain::task::{Task, TaskKind};
use fairtrial_domain::usage::CostSource;
use fairtrial_judge::compare::rule::FEWEST_TASKS;
use fairtrial_store::{AttemptState, RunRow};

use crate::error::ApiError;
use crate::plan::{self, SAMPLES};
use crate::runs::headline_of;
use crate::steering::Sheet;
use crate::view::{
    ArmView, AuditSummary, CellState, Home as HomeView, LiveBatch, MapCell, PlanPreview, PlanRequest,
    RepositoryView, RunSummary, RunView, SuiteSummary, TaskSummary,
};
use crate::{Api, assistants, audit, repository};

/// How many runs the first screen shows.
const RECENT: usize = 8;

impl Api {
    /// Returns the first screen.
    pub fn home(&self) -> Result<HomeView, ApiError> {
        let samples = plan::suite(&self.home, SAMPLES)?;
        Ok(HomeView {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            assistants: assistants::statuses(&self.home)?,
            suites: vec![SuiteSummary {
                id: samples.id,
                title: samples.title,
                directory: SAMPLES.to_owned(),
                tasks: count(samples.tasks.len()),
                sample: true,
            }],
            recent: self.runs()?.into_iter().take(RECENT).collect(),
            tier: self.tier(),
            tiers: self.tiers(),
        })
    }

    /// Returns every assistant with what keeps it from starting.
    pub fn assistants(&self) -> Result<Vec<crate::view::AssistantStatus>, ApiError> {
        assistants::statuses(&self.home)
    }

    /// Returns what is known of the repository that holds `path`.
    pub fn repository(&self, path: &Path) -> Result<RepositoryView, ApiError> {
        repository::look(path)
    }

    /// Returns the tasks of a suite's folder, or of `samples`.
    pub fn tasks(&self, suite: &str) -> Result<Vec<TaskSummary>, ApiError> {
        plan::suite(&self.home, suite)?.tasks.iter().map(|task| self.audited_summary(task)).collect()
    }

    /// Validates a suite's folder, or a task's own.
    ///
    /// # Errors
    /// Lists every problem with file, line and remedy.
    pub fn check_tasks(&self, folder: &Path) -> Result<Vec<TaskSummary>, ApiError> {
        let refused = |problems: fairtrial_tasks::Problems| ApiError::Tasks {
            path: folder.to_path_buf(),
            listing: problems.to_string(),
        };
        let tasks = if folder.join("task.toml").exists() {
            vec![fairtrial_tasks::read_task(folder).map_err(refused)?]
        } else {
            fairtrial_tasks::read_suite(folder).map_err(refused)?.tasks
        };
        Ok(tasks.iter().map(|task| task_summary(task, None)).collect())
    }

    /// Returns what a request would run.
    pub fn preview(&self, request: &PlanRequest) -> Result<PlanPreview, ApiError> {
        let planned = plan::plan(&self.home, request)?;
        let arms = planned.plan.assistants.len();
        let trials = count(planned.tasks.len() * arms) * planned.plan.trials;
        let seconds: f64 = planned.tasks.iter().map(|task| task.limits.agent_timeout_sec).sum();
        let forecast = self.forecast(&planned.plan, counting(&planned.tasks))?;
        Ok(PlanPreview {
            title: planned.plan.title.clone(),
            tasks: planned.tasks.iter().map(|task| self.audited_summary(task)).collect::<Result<_, _>>()?,
            assistants: planned
                .plan
                .assistants
                .iter()
                .map(|one| assistants::status(&self.home, one))
                .collect(),
            left_out: planned.plan.left_out.clone(),
            trials,
            seconds_at_most: seconds * arms as f64 * f64::from(planned.plan.trials),
            power: power(&forecast, planned.plan.trials),
            forecast,
            fairness: Sheet::before(&self.home, &planned.plan.assistants, &planned.tasks).fairness(
                &planned.plan,
                &planned.plan.assistants,
                &[],
            ),
        })
    }

    /// Returns the pairs of tool and model that a run's plan left out.
    pub fn left_out(&self, run: &RunId) -> Result<Vec<LeftOut>, ApiError> {
        Ok(self.store.run(run)?.record.plan.left_out)
    }

    /// Returns all runs, newest first.
    pub fn runs(&self) -> Result<Vec<RunSummary>, ApiError> {
        self.store.runs()?.iter().map(|row| self.summary(row)).collect()
    }

    /// Returns the run that `name` means: its name, the start of it, or `latest`.
    pub fn find_run(&self, name: &str) -> Result<RunId, ApiError> {
        let rows = self.store.runs()?;
        if name == "latest" {
            let newest = rows.into_iter().next();
            return newest.map(|row| row.record.id).ok_or_else(|| ApiError::NoRun(name.to_owned()));
        }
        let mut found = rows.into_iter().map(|row| row.record.id).filter(|id| id.as_str().starts_with(name));
        match (found.next(), found.next()) {
            (Some(id), None) => Ok(id),
            (Some(_), Some(_)) => {
                Err(ApiError::BadRequest(format!("several runs start with `{name}`: write more of the name")))
            }
            (None, _) => Err(ApiError::NoRun(name.to_owned())),
        }
    }

    /// Returns a run as the overview shows it.
    pub fn run(&self, run: &RunId) -> Result<RunView, ApiError> {
        let row = self.store.run(run)?;
        let trials = self.store.trials(run)?;
        let tasks = self.store.tasks(run)?;
        let facts = self.store.facts(run)?;
        let working = self.working(run);
        let summary = self.summary(&row)?;
        let (at_work, live_seq) = match &working {
            Some(one) => one.board.working(),
            // Another process works on it: which trials have begun is in the store, their steps are not.
            None if summary.live => (self.begun(run)?, 0),
            None => Default::default(),
        };
        let by_key: BTreeMap<&TrialKey, &TrialRecord> =
            trials.iter().map(|trial| (&trial.key, trial)).collect();
        let plan = &row.record.plan;
        let cell = |key: TrialKey| {
            let phase = at_work.get(&key);
            let state = match (by_key.get(&key), phase) {
                (Some(record), _) => cell_state(record),
                (None, Some(_)) => CellState::Working,
                (None, None) => CellState::Waiting,
            };
            let phase = if state == CellState::Working { phase.copied().flatten() } else { None };
            MapCell { key, state, phase }
        };
        let costs = || trials.iter().filter_map(|trial| trial.cost.as_ref());
        Ok(RunView {
            summary,
            plan_hash: row.record.plan_hash.clone(),
            seed: plan.seed,
            trials: plan.trials,
            tasks: tasks.iter().map(|task| task_summary(task, known(&facts, task))).collect(),
            assistants: plan.assistants.iter().map(|one| arm(&row.record, &trials, &one.id)).collect(),
            left_out: plan.left_out.clone(),
            cells: every_trial(plan).into_iter().map(cell).collect(),
            spent_usd: self.spent_usd(run, &trials)?,
            cost_unknown: count(trials.iter().filter(|trial| trial.cost.is_none()).count()),
            cost_simulated: costs().any(|cost| cost.source == CostSource::Simulated),
            budget_usd: plan.budget.usd,
            seconds_left: seconds_left(&row, &trials, self.worked_sec(run)?),
            live_seq,
        })
    }

    /// Returns a run's newest events after a number; nothing but `over` for a run that this process does not work on.
    pub fn live(&self, run: &RunId, after: u64) -> LiveBatch {
        match self.working(run) {
            Some(working) => working.board.since(after),
            None => LiveBatch { events: vec![], next: after, dropped: 0, over: true },
        }
    }

    /// Returns a run's events after a number, waiting for the next one.
    pub async fn next_events(&self, run: &RunId, after: u64) -> LiveBatch {
        match self.working(run) {
            Some(working) => working.board.next(after).await,
            None => self.live(run, after),
        }
    }

    /// Returns the trials whose newest attempt is under way.
    fn begun(&self, run: &RunId) -> Result<BTreeMap<TrialKey, Option<Phase>>, ApiError> {
        let rows = self.store.attempts(run)?.into_iter();
        Ok(rows.filter(|row| row.state == AttemptState::Started).map(|row| (row.key, None)).collect())
    }

    /// Returns a task with what its newest audit says.
    fn audited_summary(&self, task: &Task) -> Result<TaskSummary, ApiError> {
        let audit = audit::stored(&self.store, task)?;
        Ok(TaskSummary { audit: audit.as_ref().map(audit_summary), ..task_summary(task, None) })
    }

    fn summary(&self, row: &RunRow) -> Result<RunSummary, ApiError> {
        let id = &row.record.id;
        let told = self.working(id).and_then(|working| working.board.status());
        Ok(RunSummary {
            id: id.clone(),
            title: row.record.plan.title.clone(),
            status: told.filter(|_| row.record.status == RunStatus::Running).unwrap_or(row.record.status),
            live: row.record.status == RunStatus::Running && self.store.is_live(id)?,
            started: row.record.started.clone(),
            done: row.done,
            planned: row.planned,
            headline: self.store.setting(&headline_of(id))?,
            bytes: None,
            replay_of: replay_of(&row.record.plan.recording),
        })
    }
}

/// Returns every planned trial, by assistant, task and number.
pub(crate) fn every_trial(plan: &Plan) -> Vec<TrialKey> {
    let mut keys = vec![];
    for assistant in &plan.assistants {
        for task in &plan.tasks {
            keys.extend((1..=plan.trials).map(|trial| TrialKey {
                task: task.id.clone(),
                assistant: assistant.id.clone(),
                trial,
            }));
        }
    }
    keys
}

/// Judges the time left by the trials that are over.
fn seconds_left(row: &RunRow, trials: &[TrialRecord], elapsed: f64) -> Option<f64> {
    let (done, planned) = (trials.len() as f64, f64::from(row.planned));
    let live = row.record.status == RunStatus::Running;
    (live && elapsed > 0.0 && done >= 2.0 && done < planned).then(|| elapsed / done * (planned - done))
}

fn known<'a>(facts: &'a [TaskFacts], task: &Task) -> Option<&'a TaskFacts> {
    facts.iter().find(|facts| facts.task == task.id)
}

pub(crate) fn task_summary(task: &Task, facts: Option<&TaskFacts>) -> TaskSummary {
    TaskSummary {
        id: task.id.clone(),
        title: task.title.clone(),
        kind: task.kind,
        language: task.language.clone(),
        instruction: task.instruction.clone(),
        graded: is_graded(task),
        validity: facts.map(|facts| facts.validity.clone()),
        audit: facts.and_then(|facts| facts.audit.as_deref()).map(audit_summary),
    }
}

fn audit_summary(audit: &TaskAudit) -> AuditSummary {
    AuditSummary {
        status: audit.status,
        reasons: audit.reasons.clone(),
        quarantined: count(audit.quarantined.len()),
        strength: audit.strength,
    }
}

/// Returns whether a hidden check judges the task.
pub(crate) fn is_graded(task: &Task) -> bool {
    task.checks.iter().any(|check| check.hidden)
}

fn replay_of(recording: &Recording) -> Option<RunId> {
    match recording {
        Recording::Replay { run } => Some(run.clone()),
        Recording::None | Recording::Record => None,
    }
}

fn arm(run: &RunRecord, trials: &[TrialRecord], id: &fairtrial_domain::id::AssistantId) -> ArmView {
    let configured = run.plan.assistants.iter().find(|one| one.id == *id);
    let mine = || trials.iter().filter(|trial| trial.key.assistant == *id);
    let version = mine().find_map(|trial| trial.version.clone());
    let model = mine().find_map(|trial| trial.model.clone()).or_else(|| configured?.model.clone());
    let account = configured.and_then(|one| one.account.clone());
    let detail = [version, model, account].into_iter().flatten().collect::<Vec<_>>().join(", ");
    ArmView {
        id: id.clone(),
        title: configured.map_or_else(|| id.to_string(), |one| one.title.clone()),
        sample: configured.is_some_and(|one| one.sample),
        detail,
        own_login: configured.is_some_and(|one| one.own_login.is_some()),
        open_network: configured.is_none_or(|one| one.network == Network::Host),
    }
}

/// Returns what a finished trial's glyph says.
pub(crate) fn cell_state(trial: &TrialRecord) -> CellState {
    match Became::of(&trial.ending, trial.outcome.as_ref()) {
        Became::Resolved => CellState::Resolved,
        Became::Unresolved => CellState::Unresolved,
        Became::SetAside => CellState::SetAside,
        Became::NoDiff => CellState::NoDiff,
        Became::TimedOut => CellState::TimedOut,
        Became::Ungraded => CellState::Ungraded,
        Became::NotEvidence => CellState::NotEvidence,
    }
}

/// Returns how many tasks a verdict may rest on, as far as is known before their checks were tried.
fn counting(tasks: &[Task]) -> u32 {
    count(tasks.iter().filter(|task| is_graded(task) && task.kind != TaskKind::Canary).count())
}

/// Says what a forecast means.
fn power(forecast: &Forecast, trials: u32) -> String {
    let trials = if trials == 1 { "1 trial".to_owned() } else { format!("{trials} trials") };
    match (forecast.tasks, forecast.detectable) {
        (0, _) => "no task counts: none has a hidden check and is no canary".to_owned(),
        (1, _) => "one look, not a measurement: no verdict comes from one task".to_owned(),
        (few, _) if few < FEWEST_TASKS => {
            format!("{few} tasks count: fewer than {FEWEST_TASKS} tasks can decide nothing")
        }
        (tasks, Some(by)) => {
            let points = by * 100.0;
            format!("{tasks} tasks with {trials} each could show a difference of about {points:.0} points")
        }
        (tasks, None) => format!("{tasks} tasks with {trials} each could show no difference"),
    }
}

pub(crate) fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replay_names_the_run_that_was_recorded() {
        let run = RunId::parse("20260101-000000-0001").unwrap();
        assert_eq!(replay_of(&Recording::Replay { run: run.clone() }), Some(run));
        assert_eq!([Recording::None, Recording::Record].map(|one| replay_of(&one)), [None, None]);
    }

    #[test]
    fn power_is_said_in_points_or_refused() {
        let told = |tasks: u32, detectable: Option<f64>, trials| {
            let (margin, tasks_needed, usd, usd_needed) = (0.1, None, None, None);
            power(&Forecast { margin, tasks, detectable, tasks_needed, usd, usd_needed }, trials)
        };
        assert_eq!(told(1, None, 3), "one look, not a measurement: no verdict comes from one task");
        assert_eq!(told(0, None, 1), "no task counts: none has a hidden check and is no canary");
        assert_eq!(told(5, None, 1), "5 tasks count: fewer than 6 tasks can decide nothing");
        assert_eq!(
            told(6, Some(0.629), 1),
            "6 tasks with 1 trial each could show a difference of about 63 points"
        );
        assert_eq!(
            told(30, Some(0.189), 3),
            "30 tasks with 3 trials each could show a difference of about 19 points"
        );
        assert_eq!(told(6, None, 1), "6 tasks with 1 trial each could show no difference");
    }
}
