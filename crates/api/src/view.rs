//! What the interface shows, ready to draw.

use fairtrial_domain::bundle::{Tier, TierReport};
use fairtrial_domain::comparison::Comparison;
use fairtrial_domain::event::Event;
use fairtrial_domain::id::{AssistantId, Digest, RunId, SuiteId, TaskId, TrialKey};
use fairtrial_domain::journal::Phase;
use fairtrial_domain::plan::LeftOut;
use fairtrial_domain::run::{RunEvent, RunStatus, TrialRecord, Validity};
use fairtrial_domain::task::TaskKind;
use fairtrial_domain::values;

pub use audits::{AuditRequest, AuditSummary};

mod audits;

mod assistant;

mod request;

pub use assistant::{AssistantStatus, AssistantTest, Seen, SignIn};
pub use request::{PlanPreview, PlanRequest, TryRequest};

values! {
    /// The first screen.
    pub struct Home {
        /// The product's version.
        pub version: String,
        /// What was found on this machine, samples last.
        pub assistants: Vec<AssistantStatus>,
        /// Suites at hand, the bundled sample among them.
        pub suites: Vec<SuiteSummary>,
        /// The last runs, newest first.
        pub recent: Vec<RunSummary>,
        /// The isolation that cells have here, and why not more.
        pub tier: TierStatus,
        /// Every isolation, strongest first: what it keeps, and what keeps this machine from it.
        pub tiers: Vec<TierReport>,
    }

    /// The isolation that cells have on this machine.
    pub struct TierStatus {
        /// Which.
        pub tier: Tier,
        /// Why it is not more, and what to do about it.
        pub reason: Option<String>,
    }

    /// A suite in a list.
    pub struct SuiteSummary {
        /// Its name.
        pub id: SuiteId,
        /// Its name for people.
        pub title: String,
        /// Its folder.
        pub directory: String,
        /// How many tasks.
        pub tasks: u32,
        /// True for the bundled sample.
        pub sample: bool,
    }

    /// A run in a list.
    pub struct RunSummary {
        /// Its name.
        pub id: RunId,
        /// The suite's name for people.
        pub title: String,
        /// Where it stands.
        pub status: RunStatus,
        /// True while this or another process works on it.
        pub live: bool,
        /// RFC 3339, UTC.
        pub started: String,
        /// Trials over.
        pub done: u32,
        /// Trials planned.
        pub planned: u32,
        /// The verdict's headline, where there is one.
        pub headline: Option<String>,
        /// Bytes on disk: its content, which other runs may share, and its folder; `None` where nobody asked for them.
        #[serde(default)]
        pub bytes: Option<u64>,
        /// The run whose recording answered in the models' place; `None` where models themselves did.
        #[serde(default)]
        pub replay_of: Option<RunId>,
    }

    /// A repository that the user points at.
    pub struct RepositoryView {
        /// Its root.
        pub path: String,
        /// The branch checked out, where there is one.
        pub branch: Option<String>,
        /// The commit checked out.
        pub commit: String,
        /// Files with uncommitted changes.
        pub changed: Vec<String>,
        /// The project's own test commands as found.
        pub checks: Vec<CheckOffer>,
    }

    /// A check that can be offered for a repository.
    pub struct CheckOffer {
        /// The command.
        pub run: String,
        /// Why it is offered (`Cargo.toml found`).
        pub because: String,
    }

    /// A task in a list.
    pub struct TaskSummary {
        /// Its name.
        pub id: TaskId,
        /// One line for people.
        pub title: String,
        /// What sort of work.
        pub kind: TaskKind,
        /// The main language.
        pub language: Option<String>,
        /// What it asks.
        pub instruction: String,
        /// True when it has a hidden check.
        pub graded: bool,
        /// Whether it counts; `None` before its checks were tried.
        pub validity: Option<Validity>,
        /// What its audit says; `None` when it was not audited. In a run: when the run began.
        pub audit: Option<AuditSummary>,
    }

    /// A run as the overview shows it.
    pub struct RunView {
        /// In a line.
        pub summary: RunSummary,
        /// SHA-256 of the plan.
        pub plan_hash: Digest,
        /// The order's seed.
        pub seed: u64,
        /// Trials per task and assistant.
        pub trials: u32,
        /// Columns of the map.
        pub tasks: Vec<TaskSummary>,
        /// Rows of the map.
        pub assistants: Vec<ArmView>,
        /// Pairs of tool and model that were asked for and are not among them.
        pub left_out: Vec<LeftOut>,
        /// Cells of the map: every planned trial.
        pub cells: Vec<MapCell>,
        /// Known dollars spent.
        pub spent_usd: f64,
        /// Trials whose cost is unknown.
        pub cost_unknown: u32,
        /// True when any of the cost was simulated by a sample.
        pub cost_simulated: bool,
        /// US dollars allowed.
        pub budget_usd: Option<f64>,
        /// Seconds left, judged by the trials that are over; `None` when not known.
        pub seconds_left: Option<f64>,
        /// The number of the newest live event.
        pub live_seq: u64,
    }

    /// An assistant in a run.
    pub struct ArmView {
        /// Its name.
        pub id: AssistantId,
        /// Its name for people.
        pub title: String,
        /// True for a bundled sample.
        pub sample: bool,
        /// What is known of model, version and account.
        pub detail: String,
        /// True when it worked with its user's own login.
        #[serde(default)]
        pub own_login: bool,
        /// True when it had the machine's network, unrestricted, so that only what was metered is known of it.
        #[serde(default)]
        pub open_network: bool,
    }

    /// One trial in the map.
    pub struct MapCell {
        /// Which.
        pub key: TrialKey,
        /// What its glyph says.
        pub state: CellState,
        /// The step it is at while it works.
        pub phase: Option<Phase>,
    }

    /// What a map cell says.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum CellState {
        /// Not started.
        Waiting,
        /// At work.
        Working,
        /// Resolved.
        Resolved,
        /// Checks did not pass.
        Unresolved,
        /// A rule set it aside.
        SetAside,
        /// Nothing was changed.
        NoDiff,
        /// Out of time; counts as not solved.
        TimedOut,
        /// No hidden check.
        Ungraded,
        /// No evidence: infrastructure, cancelled, or the task's fault.
        NotEvidence,
    }

    /// Live events since a number.
    pub struct LiveBatch {
        /// In order.
        pub events: Vec<LiveEvent>,
        /// Ask from here next.
        pub next: u64,
        /// Events that were dropped from the queue before they were asked for; the views hold their effect.
        pub dropped: u64,
        /// True when nothing more will come.
        pub over: bool,
    }

    /// A numbered event.
    pub struct LiveEvent {
        /// From 1.
        pub seq: u64,
        /// What.
        pub event: RunEvent,
    }

    /// Everything about one trial.
    pub struct TrialView {
        /// The record.
        pub record: TrialRecord,
        /// What its glyph says.
        pub state: CellState,
        /// The task.
        pub task: TaskSummary,
        /// The first events; more by `events`.
        pub events: Vec<Event>,
        /// How many events there are.
        pub events_total: u32,
        /// The files of its patch with line counts.
        pub files: Vec<FileSummary>,
    }

    /// A file of a patch.
    pub struct FileSummary {
        /// Where.
        pub path: String,
        /// Lines added.
        pub added: u64,
        /// Lines removed.
        pub removed: u64,
    }

    /// Which files a task's patches touch, and who.
    pub struct DiffIndex {
        /// The task.
        pub task: TaskSummary,
        /// Which try.
        pub trial: u32,
        /// The arms with a trial that is over, in plan order; the reference last, where asked for.
        pub arms: Vec<DiffArm>,
        /// Every file that anyone touches.
        pub files: Vec<DiffFile>,
    }

    /// One patch among those shown.
    pub struct DiffArm {
        /// Who; `None` for the reference.
        pub assistant: Option<AssistantId>,
        /// Its name for people.
        pub title: String,
        /// Lines added.
        pub added: u64,
        /// Lines removed.
        pub removed: u64,
        /// What its glyph says; `None` for the reference.
        pub state: Option<CellState>,
        /// A short reason beside the glyph (`edited protected tests`).
        pub reason: Option<String>,
    }

    /// One file among those touched.
    pub struct DiffFile {
        /// Where.
        pub path: String,
        /// One per arm.
        pub touched: Vec<Touch>,
    }

    /// How an arm touches a file.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum Touch {
        /// Not at all.
        None,
        /// Its own way.
        Own,
        /// Exactly as another arm does.
        Same,
    }

    /// What may be concluded from a run.
    pub struct Scoreboard {
        /// The statistics and the verdict.
        pub comparison: Comparison,
        /// The run's map.
        pub run: RunView,
        /// What this report does not know or must say.
        pub notes: Vec<String>,
    }

    /// An error as the interface gets it.
    pub struct ErrorDto {
        /// To switch on.
        pub code: String,
        /// To read: what, where, and what to do.
        pub message: String,
    }
}
