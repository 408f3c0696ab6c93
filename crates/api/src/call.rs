//! What the interface may ask and order, for every host alike: a `Query` changes nothing, an `Action` does.

use fairtrial_domain::id::{AssistantId, RunId, TaskId, TrialKey};
use fairtrial_domain::values;

use crate::view::{PlanRequest, TryRequest};

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
