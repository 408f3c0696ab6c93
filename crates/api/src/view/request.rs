//! What can be asked to run, and what a plan of it would do.

use fairtrial_domain::bundle::TierChoice;
use fairtrial_domain::comparison::{Fairness, Forecast};
use fairtrial_domain::plan::LeftOut;
use fairtrial_domain::values;

use super::{AssistantStatus, TaskSummary};

values! {
    /// What to run.
    #[serde(deny_unknown_fields)]
    pub struct PlanRequest {
        /// A suite's folder, `samples`, or a plan file.
        pub suite: String,
        /// Who; empty means all that are ready, or all samples for the sample suite.
        pub assistants: Vec<String>,
        /// Assistants, each of which is to work with each of `models`; not together with `assistants`.
        #[serde(default)]
        pub tools: Vec<String>,
        /// Models, by the names that their tools take.
        #[serde(default)]
        pub models: Vec<String>,
        /// Trials per task and assistant.
        pub trials: u32,
        /// The order's seed; `None` draws one.
        pub seed: Option<u64>,
        /// Trials at once; `None` decides by cores and memory.
        pub jobs: Option<u32>,
        /// US dollars for the whole run.
        pub budget_usd: Option<f64>,
        /// Wall seconds for the whole run.
        pub budget_sec: Option<f64>,
        /// Requests to a model in each trial.
        #[serde(default)]
        pub budget_requests: Option<u64>,
        /// The difference in solved rate that matters, in (0, 1); `None` takes ten points.
        pub margin: Option<f64>,
        /// Rounds in a trial at most; `None` is one.
        #[serde(default)]
        pub rounds: Option<u32>,
        /// Which isolation trials must have.
        #[serde(default)]
        pub tier: TierChoice,
    }

    /// A first comparison: one folder, one instruction.
    pub struct TryRequest {
        /// A folder under git.
        pub repository: String,
        /// What the assistants are told.
        pub instruction: String,
        /// Who.
        pub assistants: Vec<String>,
        /// Trials for each.
        pub trials: u32,
        /// A check's command; `None` takes none.
        pub check: Option<String>,
        /// True to include uncommitted changes.
        pub include_uncommitted: bool,
        /// True to go on although a check fails on the untouched base.
        pub accept_red_base: bool,
        /// US dollars for the whole run.
        pub budget_usd: Option<f64>,
        /// Wall seconds for the whole run.
        pub budget_sec: Option<f64>,
        /// Requests to a model in each trial.
        #[serde(default)]
        pub budget_requests: Option<u64>,
        /// Which isolation trials must have.
        #[serde(default)]
        pub tier: TierChoice,
    }

    /// What a plan would do.
    pub struct PlanPreview {
        /// The suite's name for people.
        pub title: String,
        /// The tasks.
        pub tasks: Vec<TaskSummary>,
        /// The assistants.
        pub assistants: Vec<AssistantStatus>,
        /// Pairs of tool and model that were asked for and cannot be.
        pub left_out: Vec<LeftOut>,
        /// Trials in all.
        pub trials: u32,
        /// The most wall seconds that the limits allow.
        pub seconds_at_most: f64,
        /// What a verdict could detect, or why none is possible.
        pub power: String,
        /// The same as figures, with money where it is known.
        pub forecast: Forecast,
        /// In what the assistants differ.
        pub fairness: Vec<Fairness>,
    }
}
