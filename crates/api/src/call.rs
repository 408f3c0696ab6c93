//! What the interface may ask and order, for every host alike: a `Query` changes nothing, an `Action` does.

use std::path::Path;
use std::sync::Arc;

use fairtrial_domain::id::{AssistantId, RunId, TaskId, TrialKey};
use fairtrial_domain::values;
use serde::Serialize;
use serde_json::Value;

use crate::Api;
use crate::error::ApiError;
use crate::runs::blocking;
use crate::view::{AuditRequest, ErrorDto, PlanRequest, TryRequest};

values! {
    /// Asks for a view. The answer's type stands behind each variant.
    #[serde(tag = "query", rename_all = "snake_case")]
    pub enum Query {
        /// → `Home`.
        Home,
        /// → `RepositoryView`.
        Repository {
            /// A folder.
            path: String,
        },
        /// → `PlanPreview`.
        Preview {
            /// What would be run.
            request: PlanRequest,
        },
        /// → `Vec<TaskAudit>`: what is known of a suite's tasks by audits; tasks that were not audited are not in it.
        Audits {
            /// A suite's folder, a task's own, or `samples`.
            suite: String,
        },
        /// → `Vec<RunSummary>`, newest first.
        Runs,
        /// → `RunView`.
        Run {
            /// Which.
            run: RunId,
        },
        /// → `LiveBatch`; never waits.
        Live {
            /// Which.
            run: RunId,
            /// The number to go on from; 0 for all that is still queued.
            after: u64,
        },
        /// → `TrialView`.
        Trial {
            /// Which run.
            run: RunId,
            /// Which trial.
            key: TrialKey,
        },
        /// → `Vec<Event>`.
        Events {
            /// Which run.
            run: RunId,
            /// Which trial.
            key: TrialKey,
            /// From which event, from 0.
            from: u32,
            /// How many at most.
            count: u32,
        },
        /// → `DiffIndex`.
        DiffIndex {
            /// Which run.
            run: RunId,
            /// Which task.
            task: TaskId,
            /// Which try.
            trial: u32,
            /// True to show the reference among the arms (last).
            reference: bool,
        },
        /// → `Stacked`; authors are indices into `DiffIndex::arms`.
        StackedDiff {
            /// Which run.
            run: RunId,
            /// Which task.
            task: TaskId,
            /// Which try.
            trial: u32,
            /// Which file.
            path: String,
            /// True when the reference is among the arms.
            reference: bool,
        },
        /// → `Columns`; `None` stands for the reference.
        ColumnsDiff {
            /// Which run.
            run: RunId,
            /// Which task.
            task: TaskId,
            /// Which try.
            trial: u32,
            /// Which file.
            path: String,
            /// Who stands left.
            left: Option<AssistantId>,
            /// Who stands right.
            right: Option<AssistantId>,
        },
        /// → `SelfTest`; takes a few seconds.
        SelfTest {
            /// A run whose assistants are compared with themselves.
            run: Option<RunId>,
        },
        /// → `Scoreboard`.
        Scoreboard {
            /// Which.
            run: RunId,
        },
    }

    /// Orders something.
    #[serde(tag = "action", rename_all = "snake_case")]
    pub enum Action {
        /// → `RunId`.
        StartRun {
            /// What to run.
            request: PlanRequest,
        },
        /// → `RunId`.
        StartTry {
            /// What to try.
            request: TryRequest,
        },
        /// Audits tasks before anything is spent on them; what was audited already is taken as it is. → `Vec<TaskAudit>`.
        AuditTasks {
            /// Which.
            request: AuditRequest,
        },
        /// Tries set-up and checks on untouched bases, and names what they lack. → `Vec<Preflight>`.
        Preflight {
            /// A suite's folder, a task's own, or `samples`.
            suite: String,
        },
        /// Starts no new trials. → nothing.
        Pause {
            /// Which.
            run: RunId,
        },
        /// Goes on, after a pause or after a crash. → nothing.
        Resume {
            /// Which.
            run: RunId,
        },
        /// Ends the trials in flight and starts no more. → nothing.
        Cancel {
            /// Which.
            run: RunId,
        },
        /// Writes the HTML report into the data folder. → its path.
        Report {
            /// Which.
            run: RunId,
        },
    }
}

impl Api {
    /// Answers a query. Blocking parts run away from the runtime's own threads.
    pub async fn query(self: &Arc<Self>, query: Query) -> Result<Value, ErrorDto> {
        let api = Arc::clone(self);
        Ok(blocking(move || api.answer(query)).await?)
    }

    fn answer(&self, query: Query) -> Result<Value, ApiError> {
        let value = match query {
            Query::Home => json(self.home()?)?,
            Query::Repository { path } => json(self.repository(Path::new(&path))?)?,
            Query::Preview { request } => json(self.preview(&request)?)?,
            Query::Audits { suite } => json(self.audits(&suite)?)?,
            Query::Runs => json(self.runs()?)?,
            Query::Run { run } => json(self.run(&run)?)?,
            Query::Live { run, after } => json(self.live(&run, after))?,
            Query::Trial { run, key } => json(self.trial(&run, &key)?)?,
            Query::Events { run, key, from, count } => json(self.events(&run, &key, from, count)?)?,
            Query::DiffIndex { run, task, trial, reference } => {
                json(self.diff_index(&run, &task, trial, reference)?)?
            }
            Query::StackedDiff { run, task, trial, path, reference } => {
                json(self.stacked(&run, &task, trial, &path, reference)?)?
            }
            Query::ColumnsDiff { run, task, trial, path, left, right } => {
                json(self.columns(&run, &task, trial, &path, (left.as_ref(), right.as_ref()))?)?
            }
            Query::SelfTest { run } => json(self.self_test(run.as_ref())?)?,
            Query::Scoreboard { run } => json(self.scoreboard(&run)?)?,
        };
        Ok(value)
    }

    /// Carries out an action.
    pub async fn act(self: &Arc<Self>, action: Action) -> Result<Value, ErrorDto> {
        let value = match action {
            Action::StartRun { request } => json(self.start_run(request).await?)?,
            Action::StartTry { request } => json(self.start_try(request).await?)?,
            Action::AuditTasks { request } => json(self.audit(request, |_| ()).await?)?,
            Action::Preflight { suite } => json(self.preflight(&suite).await?)?,
            Action::Pause { run } => json(self.pause(&run).await?)?,
            Action::Resume { run } => json(self.resume(&run, None).await?)?,
            Action::Cancel { run } => json(self.cancel(&run).await?)?,
            Action::Report { run } => {
                let api = Arc::clone(self);
                json(blocking(move || api.write_report(&run)).await?)?
            }
        };
        Ok(value)
    }
}

fn json(value: impl Serialize) -> Result<Value, ApiError> {
    Ok(serde_json::to_value(value)?)
}
