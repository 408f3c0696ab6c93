//! One round of an attempt from bundle to grade, and one task's preparation.
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
use crate::result::{self, Round, WorkResult};
use crate::steps::{After, PreparedCell, StepError, Steps};

/// What every attempt of a run shares.
pub(crate) struct Surroundings {
    pub(crate) steps: Arc<dyn Steps>,
    pub(crate) launcher: Arc<dyn Launcher>,
    pub(crate) grace: Duration,
    /// How often a base or grade cell is tried.
    pub(crate) max_tries: u32,
    /// Rounds in a trial at most.
    pub(crate) rounds: u32,
}

/// A round that is over.
pub(crate) struct Done {
    /// The rounds before it, each with its verdicts.
    pub(crate) before: Vec<Round>,
    pub(crate) round: Round,
    pub(crate) end: AttemptEnd,
    /// Why no round follows, where the plan allows one and the task is not solved.
    pub(crate) no_more: Option<String>,
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

    /// Makes an attempt's next round, or goes on with what is left of it. Fails only when the whole run cannot go on.
    pub(crate) async fn round(
        &self,
        key: &TrialKey,
        attempt: u32,
        before: Vec<Round>,
        left: Option<Harvest>,
        stop: watch::Receiver<bool>,
    ) -> Result<Done, StepError> {
        // What an earlier process left may lack verdicts that its patch can have again.
        let before = match left {
            Some(_) => self.judged(key, attempt, before, &stop).await?,
            None => before,
        };
        let (mut work, grade) = match left {
            Some(Harvest::Finish { work, grade }) => (*work, Some(grade)),
            Some(Harvest::Grade { work } | Harvest::Lost { work }) => (*work, None),
            None => (self.work(key, attempt, before.clone(), stop.clone()).await?, None),
        };
        work.cost = work.cost.take().or_else(|| self.steps.priced(key, &work.usage));
        if !work.ending.is_evidence() || before.iter().any(|round| !round.work.ending.is_evidence()) {
            // A later round that is lost takes no earlier one with it: the trial stands as it stood.
            let again = work.fault().is_some() && !work.lasting && before.is_empty();
            let end = if again { AttemptEnd::Infra } else { AttemptEnd::Over };
            return Ok(Done { before, round: Round { work, grade }, end, no_more: None });
        }
        let number = round_after(&before);
        let round = match grade {
            Some(_) => Round { work, grade },
            None => self.grade(key, attempt, number, work, stop).await?,
        };
        let over = Done { before, round, end: AttemptEnd::Over, no_more: None };
        if number >= self.rounds || !over.round.work.ending.is_evidence() {
            return Ok(over);
        }
        self.ask_after(key, attempt, over).await
    }

    /// Judges those of earlier rounds whose verdicts are missing; one that had nothing to judge stays as it is.
    async fn judged(
        &self,
        key: &TrialKey,
        attempt: u32,
        rounds: Vec<Round>,
        stop: &watch::Receiver<bool>,
    ) -> Result<Vec<Round>, StepError> {
        let mut judged = Vec::new();
        for Round { work, grade } in rounds {
            judged.push(match grade {
                Some(_) => Round { work, grade },
                None => self.grade(key, attempt, round_after(&judged), work, stop.clone()).await?,
            });
        }
        Ok(judged)
    }

    /// Asks whether another round can follow.
    async fn ask_after(&self, key: &TrialKey, attempt: u32, over: Done) -> Result<Done, StepError> {
        let mut rounds = over.before.clone();
        rounds.push(over.round.clone());
        let (of, number) = (key.clone(), count(&rounds));
        match self.blocking(move |steps| steps.after(&of, attempt, &rounds)).await {
            Ok(After::Again) => Ok(Done { end: AttemptEnd::Unsolved { rounds: number }, ..over }),
            Ok(After::Over { why }) => Ok(Done { no_more: why, ..over }),
            Err(StepError::Here { reason }) => Ok(Done { no_more: Some(reason), ..over }),
            Err(error @ StepError::Everywhere { .. }) => Err(error),
        }
    }

    async fn work(
        &self,
        key: &TrialKey,
        attempt: u32,
        before: Vec<Round>,
        stop: watch::Receiver<bool>,
    ) -> Result<WorkResult, StepError> {
        let (of, round) = (key.clone(), round_after(&before));
        let made = self.blocking(move |steps| {
            if before.is_empty() {
                steps.attempt_started(&of, attempt)?;
            }
            steps.work_bundle(&of, attempt, &before)
        });
        let cell = match made.await {
            Ok(cell) => cell,
            Err(StepError::Here { reason }) => return Ok(WorkResult::none(Path::new(""), &reason)),
            Err(error @ StepError::Everywhere { .. }) => return Err(error),
        };
        if round == 1 {
            self.steps.told(RunEvent::TrialStarted { key: key.clone(), attempt });
        } else {
            self.steps.told(RunEvent::RoundStarted { key: key.clone(), round });
        }
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
        round: u32,
        mut work: WorkResult,
        stop: watch::Receiver<bool>,
    ) -> Result<Round, StepError> {
        let mut why = String::new();
        for _ in 0..self.max_tries.max(1) {
            let (of, with) = (key.clone(), work.clone());
            let made = self.blocking(move |steps| steps.grade_bundle(&of, attempt, round, &with)).await;
            let cell = match made {
                Ok(Some(cell)) => cell,
                Ok(None) => return Ok(Round { work, grade: None }),
                Err(StepError::Here { reason }) => {
                    why = reason;
                    continue;
                }
                Err(error @ StepError::Everywhere { .. }) => return Err(error),
            };
            let CellEnd { dir, fold, died, stopped } =
                self.follow(Mode::Grade, &cell, stop.clone(), |line| self.tell(key, line)).await;
            match fold.grade(&dir, &died) {
                Ok(grade) => return Ok(Round { work, grade: Some(grade) }),
                Err(_) if stopped => {
                    work.ending = Ending::Cancelled;
                    return Ok(Round { work, grade: None });
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
        Ok(Round { work, grade: None })
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

fn count(rounds: &[Round]) -> u32 {
    u32::try_from(rounds.len()).unwrap_or(u32::MAX)
}

/// Returns the number of the round that follows these.
fn round_after(before: &[Round]) -> u32 {
    count(before).saturating_add(1)
}
