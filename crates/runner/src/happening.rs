//! What a dispatcher hears and what it asks for.

use fairtrial_domain::id::{TaskId, TrialKey};
use fairtrial_domain::run::RunStatus;

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Happening {
    /// The run begins.
    Begin,
    /// A task can be worked on.
    TaskReady {
        /// Which.
        task: TaskId,
    },
    /// A task could not be prepared.
    TaskFailed {
        /// Which.
        task: TaskId,
        /// Why.
        reason: String,
    },
    /// An attempt is over.
    AttemptEnded {
        /// Which trial.
        key: TrialKey,
        /// Which attempt.
        attempt: u32,
        /// How.
        end: AttemptEnd,
    },
    /// What was asked by `Record` is stored.
    Recorded {
        /// Which trial.
        key: TrialKey,
    },
    /// What was asked by `Lose` is stored.
    Lost {
        /// Which trial.
        key: TrialKey,
        /// Which attempt.
        attempt: u32,
    },
    /// A person ends the run.
    CancelAsked,
    /// A person wants no new trials for now.
    PauseAsked,
    /// A person wants it to go on.
    ContinueAsked,
    /// Money was spent.
    BudgetSpent {
        /// US dollars since the last time.
        usd: f64,
    },
    /// Time went by.
    Tick {
        /// Wall seconds of the run so far, earlier processes included.
        elapsed_sec: f64,
    },
    /// Memory was looked at.
    MemoryFree {
        /// Bytes that new processes can have.
        bytes: u64,
    },
}

/// How an attempt ended, as far as the order of work depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptEnd {
    /// It is to be recorded, whatever it is worth.
    Over,
    /// A fault that is not the assistant's: tried again while attempts are left.
    Infra,
    /// A round is over, the task is not solved, and the assistant can be asked again.
    Unsolved {
        /// Rounds of the attempt so far.
        rounds: u32,
    },
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Prepare a task; answer with `TaskReady` or `TaskFailed`.
    PrepareTask {
        /// Which.
        task: TaskId,
    },
    /// Make an attempt; answer with `AttemptEnded`.
    Start {
        /// Which trial.
        key: TrialKey,
        /// Which attempt, from 1.
        attempt: u32,
        /// True when its work was done by an earlier process and lies on disk.
        goes_on: bool,
    },
    /// Ask the assistant again, with what failed; answer with `AttemptEnded`.
    GoOn {
        /// Which trial.
        key: TrialKey,
        /// Which attempt.
        attempt: u32,
        /// Which round, from 2.
        round: u32,
    },
    /// End what is in flight for a trial; its `AttemptEnded` still comes.
    Cancel {
        /// Which trial.
        key: TrialKey,
    },
    /// Stop a preparation; its answer still comes.
    CancelTask {
        /// Which.
        task: TaskId,
    },
    /// Note that an attempt was lost, and answer with `Lost`; another follows unless the run is stopping.
    Lose {
        /// Which trial.
        key: TrialKey,
        /// Which attempt.
        attempt: u32,
    },
    /// Record the trial as its last attempt ended; answer with `Recorded`.
    Record {
        /// Which trial.
        key: TrialKey,
        /// Attempts made in all.
        attempts: u32,
    },
    /// Record a trial that no attempt can be made at, as infrastructure; answer with `Recorded`.
    Void {
        /// Which trial.
        key: TrialKey,
        /// Attempts made in all.
        attempts: u32,
        /// Why.
        reason: String,
    },
    /// The run stands otherwise: paused, or going on.
    Status {
        /// How.
        status: RunStatus,
    },
    /// Nothing is in flight and nothing more starts.
    Done {
        /// How the run ended.
        status: RunStatus,
    },
}
