//! Recordings of models' answers: kept as blobs with a trial, and laid out again for a replay.
//!
//! **Invariant:** a trial whose plan replays a run is answered by that run's recording or not at all.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use fairtrial_backends::backend;
use fairtrial_domain::assistant::Assistant;
use fairtrial_domain::bundle::RECORDING_FOLDER;
use fairtrial_domain::id::{AssistantId, Digest, RunId, TrialKey};
use fairtrial_domain::plan::{Plan, PlannedTask, Recording};
use fairtrial_domain::task::Network;
use fairtrial_domain::traffic::{MeterOrder, Traffic};
use fairtrial_runner::steps::StepError;
use fairtrial_store::Store;
use fairtrial_wire::keys::NO_KEY;
use fairtrial_wire::recording::{LIST, parse};

use crate::Api;
use crate::error::ApiError;
use crate::plan::{self, Planned};
use crate::runs::blocking;
use crate::steps::{Surroundings, failed, here};
use crate::view::PlanRequest;

/// Returns how an attempt is metered: always, unless the user asked not to, or it calls no model.
pub(crate) fn order(
    around: &Surroundings,
    key: &TrialKey,
    attempt: u32,
    assistant: &Assistant,
) -> Result<Option<MeterOrder>, StepError> {
    if assistant.sample {
        return Ok(None);
    }
    match &around.plan.recording {
        Recording::None => Ok((!assistant.unmetered).then(MeterOrder::default)),
        Recording::Record => Ok((!assistant.unmetered).then_some(MeterOrder { record: true, replay: None })),
        Recording::Replay { run } => {
            let recorded = recorded(&around.store, run, key).map_err(failed)?;
            let recorded = recorded.ok_or_else(|| {
                here(format!("run {run} holds no recording of {} on {}", key.assistant, key.task))
            })?;
            let folder = around.attempt_dir(key, attempt).join(RECORDING_FOLDER);
            lay_out(&around.store, &recorded, &folder).map_err(failed)?;
            Ok(Some(MeterOrder { record: false, replay: Some(folder) }))
        }
    }
}

/// Returns the recording that a run holds of a trial.
fn recorded(store: &Store, run: &RunId, key: &TrialKey) -> Result<Option<Digest>, ApiError> {
    Ok(store.trial(run, key)?.and_then(|trial| trial.traffic?.recording))
}

/// Writes a recording's list and bodies into a new folder.
fn lay_out(store: &Store, recording: &Digest, folder: &Path) -> Result<(), ApiError> {
    let list = store.get_blob(recording)?;
    let write = |name: &str, content: &[u8]| {
        let path = folder.join(name);
        fs::write(&path, content).map_err(ApiError::access("write", path))
    };
    fs::create_dir_all(folder).map_err(ApiError::access("make", folder))?;
    for body in bodies(&list)? {
        write(&body.0, &store.get_blob(&body)?)?;
    }
    write(LIST, &list)
}

fn bodies(list: &[u8]) -> Result<Vec<Digest>, ApiError> {
    let text = String::from_utf8_lossy(list);
    let list =
        parse(&text).map_err(|why| ApiError::BadRequest(format!("a recording is not whole: {why}")))?;
    Ok(list.exchanges.into_iter().flat_map(|kept| [kept.request, kept.response]).collect())
}

/// Stores what an attempt recorded, and notes what it replayed.
pub(crate) fn keep(
    around: &Surroundings,
    key: &TrialKey,
    work: &Path,
    traffic: &mut Traffic,
) -> Result<(), ApiError> {
    match &around.plan.recording {
        Recording::None => {}
        Recording::Replay { run } => traffic.replay_of = recorded(&around.store, run, key)?,
        Recording::Record => {
            let folder = work.join(RECORDING_FOLDER);
            let path = folder.join(LIST);
            let list = fs::read(&path).map_err(ApiError::access("read", path))?;
            // One that is not whole is of no use; the traffic says why.
            let Ok(bodies) = bodies(&list) else { return Ok(()) };
            for body in bodies {
                let path = folder.join(&body.0);
                around.store.put_blob(&fs::read(&path).map_err(ApiError::access("read", path))?)?;
            }
            traffic.recording = Some(around.store.put_blob(&list)?);
        }
    }
    Ok(())
}

/// Returns a plan that replays without the keys and the network that its models need no more.
pub(crate) fn keyless(mut plan: Plan) -> Plan {
    if let Recording::Replay { .. } = plan.recording {
        for assistant in &mut plan.assistants {
            // A recording answers at a door of its own.
            assistant.network = Network::None;
            let keys = backend(assistant.backend).meter_point(assistant).map(|point| point.keys);
            for name in keys.unwrap_or_default() {
                if assistant.secrets.remove(*name).is_some() {
                    assistant.env.insert((*name).to_owned(), NO_KEY.to_owned());
                }
            }
        }
    }
    plan
}

/// A replay that was started.
#[derive(Debug)]
pub struct Replayed {
    /// The new run.
    pub run: RunId,
    /// Assistants of the recorded run with a trial that was not recorded: they are not in the new one.
    pub left_out: Vec<AssistantId>,
}

impl Api {
    /// Plans and starts a run whose exchanges with models are recorded whole.
    ///
    /// # Errors
    /// As [`Api::start_run`].
    pub async fn start_recorded_run(self: &Arc<Self>, request: PlanRequest) -> Result<RunId, ApiError> {
        let home = self.home.clone();
        let jobs = request.jobs;
        let planned = blocking(move || plan::plan(&home, &request)?.recorded()).await?;
        self.start(planned, jobs).await
    }

    /// Starts a run that replays another one's recording: the same assistants and trials, on the same tasks or on
    /// those of `suite` as they are now.
    ///
    /// # Errors
    /// When nothing of the run was recorded.
    pub async fn replay(self: &Arc<Self>, run: &RunId, suite: Option<String>) -> Result<Replayed, ApiError> {
        let api = Arc::clone(self);
        let id = run.clone();
        let (planned, left_out) = blocking(move || api.plan_replay(&id, suite)).await?;
        Ok(Replayed { run: self.start(planned, None).await?, left_out })
    }

    fn plan_replay(
        &self,
        run: &RunId,
        suite: Option<String>,
    ) -> Result<(Planned, Vec<AssistantId>), ApiError> {
        let mut plan = self.store.run(run)?.record.plan;
        let mut tasks = self.store.tasks(run)?;
        if let Some(suite) = suite {
            let suite = plan::suite(&self.home, &suite)?;
            tasks =
                suite.tasks.into_iter().filter(|task| plan.tasks.iter().any(|t| t.id == task.id)).collect();
            plan.tasks = tasks
                .iter()
                .map(|task| PlannedTask { id: task.id.clone(), digest: task.digest.clone() })
                .collect();
            if tasks.is_empty() {
                return Err(ApiError::BadRequest(format!("that suite has none of the tasks of run {run}")));
            }
        }
        let trials = self.store.trials(run)?;
        let is_recorded = |assistant: &Assistant| {
            let mut own = trials.iter().filter(|trial| trial.key.assistant == assistant.id).peekable();
            own.peek().is_some()
                && own.all(|trial| trial.traffic.as_ref().is_some_and(|traffic| traffic.recording.is_some()))
        };
        let (kept, left_out): (Vec<_>, Vec<_>) = plan.assistants.into_iter().partition(is_recorded);
        if kept.is_empty() {
            return Err(ApiError::BadRequest(format!(
                "run {run} holds no assistant of which every trial was recorded: run it with --record"
            )));
        }
        plan.assistants = kept;
        plan.recording = Recording::Replay { run: run.clone() };
        // Nothing is paid for a recorded answer.
        plan.budget.usd = None;
        let plan = keyless(plan);
        let hash = plan::hash(&plan)?;
        let left_out = left_out.into_iter().map(|assistant| assistant.id).collect();
        Ok((Planned { plan, hash, tasks }, left_out))
    }
}
