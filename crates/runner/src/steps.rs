//! What a run needs from its surroundings: bundles before a cell, a place for what it brought.
//!
//! **Invariant:** the grade bundle of an attempt is asked for only after its work cell is gone.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use fairtrial_domain::id::{TaskId, TrialKey};
use fairtrial_domain::run::{RunEvent, Validity};
use fairtrial_domain::usage::{Cost, Usage};

use crate::prepare::{PrepareStep, Prepared};
use crate::result::{Round, WorkResult};

/// A bundle on disk, ready for a cell.
#[derive(Clone, PartialEq, Eq)]
pub struct PreparedCell {
    /// The bundle's folder.
    pub dir: PathBuf,
    /// Secrets by name; the cell gets each as `FAIRTRIAL_SECRET_<NAME>`.
    pub secrets: BTreeMap<String, String>,
}

impl PreparedCell {
    /// Takes a bundle that needs no secret.
    pub fn without_secrets(dir: PathBuf) -> Self {
        PreparedCell { dir, secrets: BTreeMap::new() }
    }
}

impl fmt::Debug for PreparedCell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&String> = self.secrets.keys().collect();
        f.debug_struct("PreparedCell").field("dir", &self.dir).field("secrets", &names).finish()
    }
}

/// Why a step could not be done.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// This attempt or task cannot be worked on; the run goes on. Counts as infrastructure.
    #[error("{reason}")]
    Here {
        /// What, where and what to do, in a sentence fragment.
        reason: String,
    },
    /// Nothing can go on: the store is gone, the disk is full.
    #[error("{reason}")]
    Everywhere {
        /// What, where and what to do, in a sentence fragment.
        reason: String,
        /// The cause.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
}

/// What follows a round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum After {
    /// The trial is over.
    Over {
        /// Why no round follows though the task is not solved; `None` when it is, or there is nothing to say.
        why: Option<String>,
    },
    /// The task is not solved, and the assistant can be asked again.
    Again,
}

/// The run's surroundings. All but `told` may block; they are called off the runtime's own threads, for
/// different trials at once.
pub trait Steps: Send + Sync + 'static {
    /// Returns the cell of a step of a task's preparation, or `None` when there is nothing to run: the base is
    /// there already, the facts are known, there is no reference. Called again after a cell was lost.
    fn prepare_cell(&self, task: &TaskId, step: PrepareStep) -> Result<Option<PreparedCell>, StepError>;

    /// Takes what preparation brought, stores it, and returns whether the task counts.
    fn task_prepared(&self, task: &TaskId, prepared: Prepared) -> Result<Validity, StepError>;

    /// Notes durably that an attempt begins; comes before its bundle is made.
    fn attempt_started(&self, key: &TrialKey, attempt: u32) -> Result<(), StepError>;

    /// Writes the work bundle of an attempt's next round; `before` are its rounds so far.
    fn work_bundle(&self, key: &TrialKey, attempt: u32, before: &[Round]) -> Result<PreparedCell, StepError>;

    /// Writes the grade bundle of a round, from 1, whose work is over, or returns `None` when there is nothing to
    /// judge. Called again after a grade cell was lost; makes the folder anew then.
    fn grade_bundle(
        &self,
        key: &TrialKey,
        attempt: u32,
        round: u32,
        work: &WorkResult,
    ) -> Result<Option<PreparedCell>, StepError>;

    /// Says whether another round can follow the last of `rounds`. Asked only where the plan allows one.
    fn after(&self, key: &TrialKey, attempt: u32, rounds: &[Round]) -> Result<After, StepError>;

    /// Works a cost out from what the assistant used, for work whose own cost nobody told. Must not block.
    fn priced(&self, key: &TrialKey, usage: &Usage) -> Option<Cost>;

    /// Notes that an attempt was lost to a fault that is not the assistant's; `work` says which, and what it cost.
    fn attempt_lost(&self, key: &TrialKey, attempt: u32, work: &WorkResult) -> Result<(), StepError>;

    /// Scores and stores a trial, and tells `TrialFinished`. `attempts` is the number of the newest attempt; 0 when
    /// none could be made, because its task could not be prepared. `rounds` are at least one; `no_more` says why no
    /// further one followed, where the plan allows it and the task is not solved.
    fn finished(
        &self,
        key: &TrialKey,
        attempts: u32,
        rounds: Vec<Round>,
        no_more: Option<String>,
    ) -> Result<(), StepError>;

    /// Hears what happens. Called on the runtime's own threads: must not block.
    fn told(&self, event: RunEvent);
}
