//! Starts, resumes and steers runs. A run lives in a task of the runtime; its lock says that somebody works on it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fairtrial_domain::id::RunId;
use fairtrial_domain::plan::Plan;
use fairtrial_domain::run::{RunEvent, RunRecord, RunStatus, TrialRecord};
use fairtrial_domain::task::Task;
use fairtrial_runner::dispatch::{DispatchLimits, Setup};
use fairtrial_runner::harvest::{self, Resume, StoredAttempt, StoredState};
use fairtrial_runner::launch::{self, LocalLauncher};
use fairtrial_runner::machine;
use fairtrial_runner::run::{Control, Job, drive};
use fairtrial_runner::steps::Steps as _;
use fairtrial_store::{Loss, Lost, RunLock, StoreError};
use jiff::Timestamp;
use tokio::sync::{mpsc, watch};

use crate::Api;
use crate::assistants;
use crate::environment::cell_environment;
use crate::error::{ApiError, describe};
use crate::live::Board;
use crate::login::{self, Held};
use crate::plan::{self, Planned};
use crate::recording;
use crate::spent::Spent;
use crate::steps::{Surroundings, unix};
use crate::view::PlanRequest;

/// Longer than any task's own grace, so that a cell can end its assistant before it is ended itself.
pub(crate) const GRACE: Duration = Duration::from_secs(30);

/// A run that this process works on, or did.
#[derive(Debug, Clone)]
pub(crate) struct Working {
    pub(crate) board: Arc<Board>,
    control: mpsc::Sender<Control>,
    over: watch::Receiver<Option<Ended>>,
}

/// How a run's task ended.
#[derive(Debug, Clone)]
enum Ended {
    With(RunStatus),
    Failed(String),
}

impl Api {
    /// Plans and starts a run; returns once its plan is stored.
    ///
    /// # Errors
    /// When the request cannot be carried out; then nothing was stored.
    pub async fn start_run(self: &Arc<Self>, request: PlanRequest) -> Result<RunId, ApiError> {
        let home = self.home.clone();
        let jobs = request.jobs;
        let planned = blocking(move || plan::plan(&home, &request)).await?;
        self.start(planned, jobs).await
    }

    pub(crate) async fn start(
        self: &Arc<Self>,
        planned: Planned,
        jobs: Option<u32>,
    ) -> Result<RunId, ApiError> {
        let api = Arc::clone(self);
        let (record, held) = blocking(move || {
            api.check_tier(planned.plan.tier)?;
            let logins = login::take(&planned.plan)?;
            let (record, lock) = api.store_plan(&planned)?;
            Ok((record, (lock, logins)))
        })
        .await?;
        let id = record.id.clone();
        self.work_on(record, held, jobs).await?;
        Ok(id)
    }

    fn store_plan(&self, planned: &Planned) -> Result<(RunRecord, RunLock), ApiError> {
        let now = Timestamp::now();
        let seed = planned.plan.seed;
        let mut record = RunRecord {
            id: run_id(now, planned.hash.short())?,
            plan: planned.plan.clone(),
            plan_hash: planned.hash.clone(),
            started: now.to_string(),
            ended: None,
            status: RunStatus::Running,
            app_version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        // Two runs of one plan within a second: the seed's neighbours make the second name.
        let mut step = 0_u64;
        loop {
            match self.store.create_run(&record, &planned.tasks) {
                Err(StoreError::RunExists { .. } | StoreError::Held { .. }) if step < 100 => {
                    step += 1;
                    record.id = run_id(now, &format!("{:04x}", seed.wrapping_add(step) & 0xffff))?;
                }
                other => return Ok((record, other?)),
            }
        }
    }

    /// Goes on with a run: after a pause of this process, after a stop, or after a crash.
    ///
    /// # Errors
    /// When there is no such run, it is through, or another process works on it.
    pub async fn resume(self: &Arc<Self>, run: &RunId, jobs: Option<u32>) -> Result<(), ApiError> {
        if let Some(working) = self.working(run)
            && working.over.borrow().is_none()
        {
            return steer(&working, Control::Continue).await;
        }
        let api = Arc::clone(self);
        let id = run.clone();
        let (record, held) = blocking(move || {
            let row = api.store.run(&id)?;
            let no_use = match row.record.status {
                RunStatus::Finished => Some("is through: there is nothing to go on with"),
                RunStatus::OutOfBudget => {
                    Some("has spent its budget, which its plan fixes: start a new run with a larger one")
                }
                RunStatus::Running | RunStatus::Paused | RunStatus::Cancelled => None,
            };
            if let Some(why) = no_use {
                return Err(ApiError::BadRequest(format!("run {id} {why}")));
            }
            let lock = api.store.lock_run(&id).map_err(|error| busy(&id, error))?;
            let logins = login::take(&row.record.plan)?;
            Ok((row.record, (lock, logins)))
        })
        .await?;
        self.work_on(record, held, jobs).await
    }

    /// Starts no new trials; what is at work goes on.
    pub async fn pause(&self, run: &RunId) -> Result<(), ApiError> {
        self.steer(run, Control::Pause).await
    }

    /// Ends the trials at work and starts no more.
    pub async fn cancel(&self, run: &RunId) -> Result<(), ApiError> {
        self.steer(run, Control::Cancel).await
    }

    /// Waits until a run that this process works on has stopped, and returns where it stands.
    pub async fn wait(&self, run: &RunId) -> Result<RunStatus, ApiError> {
        let mut working = self.working(run).ok_or_else(|| not_ours(run))?;
        let ended = working.over.wait_for(Option::is_some).await.map_err(|_| gone())?.clone();
        match ended {
            Some(Ended::With(status)) => Ok(status),
            Some(Ended::Failed(reason)) => Err(ApiError::RunFailed { run: run.clone(), reason }),
            None => Err(gone()),
        }
    }

    /// Returns the runs that this process works on now.
    pub fn at_work(&self) -> Vec<RunId> {
        let runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        runs.iter().filter(|(_, one)| one.over.borrow().is_none()).map(|(id, _)| id.clone()).collect()
    }

    async fn steer(&self, run: &RunId, control: Control) -> Result<(), ApiError> {
        let working = self.working(run).ok_or_else(|| not_ours(run))?;
        steer(&working, control).await
    }

    pub(crate) fn working(&self, run: &RunId) -> Option<Working> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner).get(run).cloned()
    }

    /// Starts the task that carries a run out.
    async fn work_on(
        self: &Arc<Self>,
        record: RunRecord,
        held: Held,
        jobs: Option<u32>,
    ) -> Result<(), ApiError> {
        let board = Arc::new(Board::default());
        let api = Arc::clone(self);
        let (around, job, record) = {
            let board = Arc::clone(&board);
            blocking(move || api.prepare(record, board, jobs)).await?
        };
        let launcher = self.launcher()?;
        let (control, asked) = mpsc::channel(16);
        let (end, over) = watch::channel(None);
        let id = record.id.clone();
        let working = Working { board: Arc::clone(&board), control, over };
        {
            let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
            // What runs that are over told is in the store; their queues would pile up.
            runs.retain(|_, working| working.over.borrow().is_none());
            runs.insert(id.clone(), working);
        }
        let api = Arc::clone(self);
        tokio::spawn(async move {
            let spent = Spent::from(job.elapsed_sec);
            let outcome = tokio::select! {
                outcome = drive(job, around, Arc::new(launcher), asked) => outcome,
                never = spent.keep(&api, &id) => match never {},
            };
            let (status, ended) = match &outcome {
                Ok(status) => (*status, Ended::With(*status)),
                // Still to be resumed: what was recorded stays.
                Err(error) => (RunStatus::Running, Ended::Failed(describe(error))),
            };
            let over = (status != RunStatus::Running).then(|| Timestamp::now().to_string());
            let stored = blocking(move || api.close(&id, status, over.as_deref(), spent)).await;
            drop(held);
            board.close();
            let ended = match stored {
                Ok(()) => ended,
                Err(error) => Ended::Failed(describe(&error)),
            };
            // Nobody may be waiting.
            let _ = end.send(Some(ended));
        });
        Ok(())
    }

    pub(crate) fn surroundings(
        &self,
        run: &RunId,
        plan: Plan,
        tasks: Vec<Task>,
        board: Arc<Board>,
    ) -> Result<Surroundings, ApiError> {
        let mut programs = BTreeMap::new();
        let plan = recording::keyless(plan);
        for assistant in &plan.assistants {
            programs.insert(assistant.id.clone(), assistants::ready(&self.home, assistant)?);
        }
        Ok(Surroundings {
            home: self.home.clone(),
            store: Arc::clone(&self.store),
            run: run.clone(),
            plan,
            tasks: tasks.into_iter().map(|task| (task.id.clone(), task)).collect(),
            programs,
            board,
            facts: Mutex::default(),
        })
    }

    /// Stores where a run stands now and, when it is through, what it says in one line.
    fn close(
        &self,
        run: &RunId,
        status: RunStatus,
        over: Option<&str>,
        spent: Spent,
    ) -> Result<(), ApiError> {
        self.store.set_status(run, status, over)?;
        self.put_worked_sec(run, spent.seconds())?;
        if status == RunStatus::Finished {
            // Every trial is recorded: what bundles are left belong to nobody. One that resists takes space only.
            for part in ["trials", "tasks"] {
                let _ = std::fs::remove_dir_all(self.store.run_dir(run).join(part));
            }
            let headline = self.comparison(run)?.verdict.headline;
            self.store.set_setting(&headline_of(run), Some(&headline))?;
        }
        Ok(())
    }

    pub(crate) fn launcher(&self) -> Result<LocalLauncher, ApiError> {
        // Without groups of their own rooms are watched; each trial says which.
        let _undelegated = fairtrial_cell::settle();
        LocalLauncher::new(self.home.program("fairtrial-cell")?, cell_environment())
            .map_err(ApiError::access("start", "the thread that starts cells"))
    }

    fn prepare(
        &self,
        record: RunRecord,
        board: Arc<Board>,
        jobs: Option<u32>,
    ) -> Result<(Arc<Surroundings>, Job, RunRecord), ApiError> {
        let run = &record.id;
        let tasks = self.store.tasks(run)?;
        let finished = self.store.trials(run)?;
        let around = Arc::new(self.surroundings(run, record.plan.clone(), tasks, board)?);
        let facts = self.store.facts(run)?.into_iter().map(|facts| (facts.task.clone(), facts));
        around.facts.lock().unwrap_or_else(PoisonError::into_inner).extend(facts);
        self.store.set_status(run, RunStatus::Running, None)?;
        around.board.tell(RunEvent::StatusChanged { status: RunStatus::Running });
        let resume = self.left_over(run, &around, &finished)?;
        let elapsed_sec = self.worked_sec(run)?;
        // Samples call no model and hold next to no memory.
        let light = record.plan.assistants.iter().all(|assistant| assistant.sample);
        let memory = if light { 128 << 20 } else { machine::MEMORY_PER_TRIAL };
        let limits = DispatchLimits {
            jobs: jobs.unwrap_or_else(|| machine::default_jobs(memory)).max(1),
            memory_per_trial: Some(memory),
            max_attempts: record.plan.attempts.unwrap_or(DispatchLimits::default().max_attempts),
        };
        let setup = Setup {
            finished: finished.iter().map(|trial| trial.key.clone()).collect(),
            spent_usd: self.spent_usd(run, &finished)?,
            past: resume.past,
            limits,
            ..Setup::of_plan(&record.plan)
        };
        let job = Job { setup, harvested: resume.harvested, elapsed_sec, grace: GRACE };
        Ok((around, job, record))
    }

    /// Looks at what earlier processes left of a run: whole journals are harvested, the rest is cleared away.
    fn left_over(
        &self,
        run: &RunId,
        around: &Surroundings,
        finished: &[TrialRecord],
    ) -> Result<Resume, ApiError> {
        let done: BTreeSet<_> = finished.iter().map(|trial| &trial.key).collect();
        let rows = self.store.attempts(run)?;
        let stored: Vec<StoredAttempt> = rows
            .into_iter()
            .filter(|row| !done.contains(&row.key))
            .filter_map(|row| around.stored(row))
            .collect();
        for open in stored.iter().filter(|one| one.state == StoredState::Open) {
            let later = open.later.iter().flat_map(|(work, grade)| [work, grade]);
            for dir in [&open.work_dir, &open.grade_dir].into_iter().chain(later) {
                // One that does not end in time is harvested as it is.
                launch::wait_until_gone(dir, GRACE);
            }
        }
        let resume = harvest::resume(&stored);
        for (key, attempt, work) in &resume.interrupted {
            let cost = work.cost.clone().or_else(|| around.priced(key, &work.usage));
            let reason = work.fault().unwrap_or("the app ended").to_owned();
            let lost = Lost { loss: Loss::Interrupted, reason: &reason, usd: cost.map(|cost| cost.usd) };
            self.store.lose_attempt(run, key, *attempt, lost, unix())?;
            around.board.tell(RunEvent::AttemptLost { key: key.clone(), reason });
            let dir = around.attempt_dir(key, *attempt);
            for part in ["work", "grade"] {
                // What cannot be cleared is in nobody's way: a new attempt has a folder of its own.
                let _ = fairtrial_cell::room::sweep(&dir.join(part));
            }
        }
        Ok(resume)
    }
}

/// Runs what blocks away from the runtime's own threads.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| ApiError::Internal(error.to_string()))?
}

/// Names a run so that names sort by start: `20261122-160800-7f3a`.
fn run_id(now: Timestamp, suffix: &str) -> Result<RunId, ApiError> {
    let suffix: String = suffix.chars().take(4).collect();
    let text = format!("{}-{suffix}", now.strftime("%Y%m%d-%H%M%S"));
    RunId::parse(&text).map_err(|error| ApiError::Internal(error.to_string()))
}

/// The setting that keeps a run's headline, so that a list of runs needs no statistics.
pub(crate) fn headline_of(run: &RunId) -> String {
    format!("headline {run}")
}

async fn steer(working: &Working, control: Control) -> Result<(), ApiError> {
    working.control.send(control).await.map_err(|_| ApiError::BadRequest("the run is over".to_owned()))
}

fn busy(run: &RunId, error: StoreError) -> ApiError {
    if let StoreError::Held { by, .. } = error {
        let holder = by.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"));
        return ApiError::Busy { run: run.clone(), holder };
    }
    error.into()
}

fn not_ours(run: &RunId) -> ApiError {
    ApiError::BadRequest(format!(
        "this process does not work on run {run}: steer it where it was started, or resume it here"
    ))
}

fn gone() -> ApiError {
    ApiError::Internal("the run's task ended without a word".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn run_names_sort_by_start() {
        let at = |text: &str| run_id(text.parse().unwrap(), "7f3abc").unwrap().to_string();
        assert_eq!(at("2026-11-22T16:08:00Z"), "20261122-160800-7f3a");
        assert!(at("2026-11-22T16:08:00Z") < at("2026-12-01T00:00:00Z"));
    }
}
