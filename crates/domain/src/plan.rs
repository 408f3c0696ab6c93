//! What to run, fixed before it starts.

use std::collections::BTreeMap;

use crate::assistant::Assistant;
use crate::bundle::TierChoice;
use crate::comparison::Looks;
use crate::id::{AssistantId, Digest, RunId, SuiteId, TaskId};

values! {
    /// Tasks × assistants × trials with everything that could change a verdict.
    pub struct Plan {
        /// Which suite.
        pub suite: SuiteId,
        /// The suite's name for people.
        pub title: String,
        /// The suite's version.
        pub suite_version: String,
        /// The tasks in order, each by name and digest.
        pub tasks: Vec<PlannedTask>,
        /// Who is compared.
        pub assistants: Vec<Assistant>,
        /// Trials per task and assistant.
        pub trials: u32,
        /// Decides the order of trials.
        pub seed: u64,
        /// The difference in solved rate that matters, in [0, 1].
        pub margin: f64,
        /// Bounds on the whole run.
        pub budget: Budget,
        /// When the comparison may be looked at.
        // What is absent from older plans stays absent, so that their hash stays theirs.
        #[serde(default, skip_serializing_if = "is_at_end")]
        pub looks: Looks,
        /// Weights of criteria for a score; `None` makes none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub weights: Option<BTreeMap<String, f64>>,
        /// The version of the rules by which trials are judged and compared; 0 in plans older than its counting.
        #[serde(default, skip_serializing_if = "is_zero")]
        pub rules: u32,
        /// Whether models' answers are recorded, or come from a recording.
        #[serde(default, skip_serializing_if = "Recording::is_none")]
        pub recording: Recording,
        /// Attempts at a trial that faults of ours or of a vendor may take before it counts as infrastructure; `None`: 3.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub attempts: Option<u32>,
        /// Rounds in a trial at most: a task that is not solved is given back with what failed; 1 in older plans.
        #[serde(default = "one", skip_serializing_if = "is_one")]
        pub rounds: u32,
        /// Which isolation trials and their checks must have.
        #[serde(default, skip_serializing_if = "TierChoice::is_best")]
        pub tier: TierChoice,
        /// Pairs of tool and model that were asked for and cannot be; empty where nothing is crossed.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub left_out: Vec<LeftOut>,
    }

    /// A pair of tool and model that was asked for and is not run.
    #[derive(Eq)]
    pub struct LeftOut {
        /// The assistant that was to work with the model.
        pub tool: AssistantId,
        /// The model, as it was asked for.
        pub model: String,
        /// Why not.
        pub reason: String,
    }

    /// Whether models' answers are recorded, or come from a recording.
    #[derive(Eq, Default)]
    #[serde(tag = "recording", rename_all = "snake_case")]
    pub enum Recording {
        /// Models answer, and nothing of it is kept.
        #[default]
        None,
        /// Models answer, and whole exchanges are kept.
        Record,
        /// The models of an earlier run answer as they did then: every result is a recording's.
        Replay {
            /// The run that was recorded.
            run: RunId,
        },
    }

    /// A task as planned.
    pub struct PlannedTask {
        /// Its name.
        pub id: TaskId,
        /// The digest of its directory when the plan was made.
        pub digest: Digest,
    }

    /// Bounds on a whole run. `None` means no bound.
    #[derive(Default)]
    pub struct Budget {
        /// US dollars; needs assistants whose cost is known, or a bound on time too.
        pub usd: Option<f64>,
        /// Wall seconds.
        pub seconds: Option<f64>,
        /// Requests to a model in each trial, beside a task's own bound; needs assistants whose requests we can count.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub requests: Option<u64>,
    }
}

fn is_at_end(looks: &Looks) -> bool {
    *looks == Looks::AtEnd
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_zero(rules: &u32) -> bool {
    *rules == 0
}

fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_one(rounds: &u32) -> bool {
    *rounds == 1
}

impl Recording {
    /// Returns whether nothing is recorded or replayed.
    pub fn is_none(&self) -> bool {
        *self == Recording::None
    }
}
