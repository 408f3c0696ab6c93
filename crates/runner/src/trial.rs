//! One attempt from bundle to grade, and one task's preparation.
//!
//! **Invariant:** a grade bundle is asked for only after the work cell is gone and its journal is whole.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use fairtrial_domain::id::{TaskId, TrialKey};
use fairtrial_domain::journal::{JournalLine, Record};
use fairtrial_domain::outcome::Ending;
use fairtrial_domain::run::RunEvent;
use tokio::sync::watch;

use crate::cell::{self, CellEnd};
use crate::dispatch::{AttemptEnd, Happening};
use crate::harvest::Harvest;
use crate::launch::{Launcher, Mode};
use crate::needs;
use crate::prepare::{Next, PrepareStep, Preparing, StepEnd};
use crate::result::{self, GradeResult, WorkResult};
use crate::steps::{PreparedCell, StepError, Steps};

/// What every attempt of a run shares.
pub(crate) struct Surroundings {
    pub(crate) steps: Arc<dyn Steps>,
    pub(crate) launcher: Arc<dyn Launcher>,
    pub(crate) grace: Duration,
    /// How often a base or grade cell is tried.
    pub(crate) max_tries: u32,
}

/// An attempt that is over.
pub(crate) struct Done {
    pub(crate) work: WorkResult,
    pub(crate) grade: Option<GradeResult>,
    pub(crate) end: AttemptEnd,
}

impl Surroundings {
    /// Calls a step that may block, off the runtime's own threads.
    pub(crate) async fn blocking<T: Send + 'static>(
        &self,
        call: impl FnOnce(&dyn Steps) -> Result<T, StepError> + Send + 'static,
    ) -> Result<T, StepError> {
        let steps = self.steps.clone();
        match tokio::task::spawn_blocking(move || call(steps.as_ref())).await {
            Ok(result) => result,
            Err(broken) => Err(StepError::Everywhere {
                reason: "a step of the run broke; please report it".to_owned(),
                source: Some(Box::new(broken)),
            }),
        }
    }

    /// Makes an attempt, or goes on with what is left of one. Fails only when the whole run cannot go on.
    pub(crate) async fn attempt(
        &self,
        key: &TrialKey,
        attempt: u32,
        left: Option<Harvest>,
        stop: watch::Receiver<bool>,
    ) -> Result<Done, StepError> {
        let mut work = match left {
            Some(Harvest::Finish { work, grade }) => {
                return Ok(Done { work: *work, grade: Some(grade), end: AttemptEnd::Over });
            }
            Some(Harvest::Grade { work }) => *work,
            Some(Harvest::Lost { work }) => *work,
            None => self.work(key, attempt, stop.clone()).await?,
        };
        work.cost = work.cost.take().or_else(|| self.steps.priced(key, &work.usage));
        match &work.ending {
            Ending::Infra { .. } if work.lasting => Ok(Done { work, grade: None, end: AttemptEnd::Over }),
            Ending::Infra { .. } => Ok(Done { work, grade: None, end: AttemptEnd::Infra }),
            Ending::Cancelled => Ok(Done { work, grade: None, end: AttemptEnd::Over }),
            Ending::Finished
            | Ending::TimedOut
            | Ending::Stalled
            | Ending::Budget
            | Ending::Crashed { .. } => self.grade(key, attempt, work, stop).await,
        }
    }

    async fn work(
        &self,
        key: &TrialKey,
        attempt: u32,
        stop: watch::Receiver<bool>,
    ) -> Result<WorkResult, StepError> {
        let of = key.clone();
        let made = self.blocking(move |steps| {
            steps.attempt_started(&of, attempt)?;
            steps.work_bundle(&of, attempt)
        });
        let cell = match made.await {
            Ok(cell) => cell,
            Err(StepError::Here { reason }) => return Ok(WorkResult::none(Path::new(""), &reason)),
            Err(error @ StepError::Everywhere { .. }) => return Err(error),
        };
        self.steps.told(RunEvent::TrialStarted { key: key.clone(), attempt });
        let CellEnd { dir, fold, died, stopped } =
            self.follow(Mode::Work, &cell, stop, |line| self.tell(key, line)).await;
        let mut work = fold.work(&dir, &died);
        // Whatever it managed before it heard us, it is no evidence that was meant to be.
        if stopped {
            work.ending = Ending::Cancelled;
        }
        Ok(work)
    }

    async fn grade(
        &self,
        key: &TrialKey,
        attempt: u32,
        mut work: WorkResult,
        stop: watch::Receiver<bool>,
    ) -> Result<Done, StepError> {
        let mut why = String::new();
        for _ in 0..self.max_tries.max(1) {
            let (of, with) = (key.clone(), work.clone());
            let made = self.blocking(move |steps| steps.grade_bundle(&of, attempt, &with)).await;
            let cell = match made {
                Ok(Some(cell)) => cell,
                Ok(None) => return Ok(Done { work, grade: None, end: AttemptEnd::Over }),
                Err(StepError::Here { reason }) => {
                    why = reason;
                    continue;
                }
                Err(error @ StepError::Everywhere { .. }) => return Err(error),
            };
            let CellEnd { dir, fold, died, stopped } =
                self.follow(Mode::Grade, &cell, stop.clone(), |line| self.tell(key, line)).await;
            match fold.grade(&dir, &died) {
                Ok(grade) => return Ok(Done { work, grade: Some(grade), end: AttemptEnd::Over }),
                Err(_) if stopped => {
                    work.ending = Ending::Cancelled;
                    return Ok(Done { work, grade: None, end: AttemptEnd::Over });
                }
                Err(lost) => {
                    why = lost.reason;
                    if lost.lasting {
                        break;
                    }
                }
            }
        }
        // The assistant's work is not to blame and not to be paid for twice: no new attempt.
        work.ending = result::infra(format!("its patch could not be judged: {why}"));
        Ok(Done { work, grade: None, end: AttemptEnd::Over })
    }

    /// Makes a task ready. Fails only when the whole run cannot go on.
    pub(crate) async fn prepare(
        &self,
        task: TaskId,
        stop: watch::Receiver<bool>,
    ) -> Result<Happening, StepError> {
        self.steps.told(RunEvent::TaskPreparing { task: task.clone() });
        let mut preparing = Preparing::new(self.max_tries);
        let mut next = preparing.begin();
        loop {
            match next {
                Next::Step(_) if *stop.borrow() => {
                    return Ok(Happening::TaskFailed { task, reason: "it was cancelled".to_owned() });
                }
                Next::Step(step) => next = preparing.ended(self.step(&task, step, stop.clone()).await?),
                Next::Failed { reason } => {
                    return Ok(Happening::TaskFailed { task, reason: needs::explained(reason) });
                }
                Next::Ready(prepared) => {
                    let of = task.clone();
                    let kept = self.blocking(move |steps| steps.task_prepared(&of, *prepared)).await;
                    return match kept {
                        Ok(validity) => {
                            self.steps.told(RunEvent::TaskReady { task: task.clone(), validity });
                            Ok(Happening::TaskReady { task })
                        }
                        Err(StepError::Here { reason }) => Ok(Happening::TaskFailed { task, reason }),
                        Err(error @ StepError::Everywhere { .. }) => Err(error),
                    };
                }
            }
        }
    }

    async fn step(
        &self,
        task: &TaskId,
        step: PrepareStep,
        stop: watch::Receiver<bool>,
    ) -> Result<StepEnd, StepError> {
        let of = task.clone();
        let cell = match self.blocking(move |steps| steps.prepare_cell(&of, step)).await {
            Ok(Some(cell)) => cell,
            Ok(None) => return Ok(StepEnd::Skipped),
            Err(StepError::Here { reason }) => return Ok(StepEnd::Lost { reason, lasting: false }),
            Err(error @ StepError::Everywhere { .. }) => return Err(error),
        };
        let mode = match step {
            PrepareStep::Base => Mode::Base,
            PrepareStep::Untouched | PrepareStep::Reference => Mode::Grade,
        };
        let CellEnd { dir, fold, died, stopped: _ } = self.follow(mode, &cell, stop, |_| ()).await;
        let end = match step {
            PrepareStep::Base => fold.base(&died).map(StepEnd::Base),
            PrepareStep::Untouched | PrepareStep::Reference => fold.grade(&dir, &died).map(StepEnd::Grade),
        };
        Ok(end.unwrap_or_else(|lost| StepEnd::Lost { reason: lost.reason, lasting: lost.lasting }))
    }

    async fn follow(
        &self,
        mode: Mode,
        cell: &PreparedCell,
        stop: watch::Receiver<bool>,
        told: impl FnMut(&JournalLine) + Send,
    ) -> CellEnd {
        cell::follow(self.launcher.as_ref(), mode, cell, stop, self.grace, told).await
    }

    fn tell(&self, key: &TrialKey, line: &JournalLine) {
        match &line.record {
            Record::Phase { phase } => {
                self.steps.told(RunEvent::TrialPhase { key: key.clone(), phase: *phase });
            }
            Record::Event { kind } => self.steps.told(RunEvent::TrialEvent {
                key: key.clone(),
                at_ms: line.at_ms,
                kind: kind.clone(),
            }),
            Record::Opened { .. }
            | Record::Launched { .. }
            | Record::LimitReached { .. }
            | Record::Metered { .. }
            | Record::Ended { .. }
            | Record::Contact { .. }
            | Record::Captured { .. }
            | Record::Restored { .. }
            | Record::CheckStarted { .. }
            | Record::Verdict { .. }
            | Record::DoesNotApply { .. }
            | Record::BaseReady { .. }
            | Record::Failed { .. }
            | Record::Closed => {}
        }
    }
}
