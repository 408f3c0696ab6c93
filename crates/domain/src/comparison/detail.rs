//! What a comparison rests on and what it says beside the solved rate, each with its method and its n.

use std::collections::BTreeMap;

use super::{Conclusion, Interval};
use crate::id::{AssistantId, Digest};
use crate::score::ScoreId;
use crate::task::TaskKind;

values! {
    /// What a comparison rests on.
    pub struct Basis {
        /// The difference in solved rate that matters, in [0, 1].
        pub margin: f64,
        /// When it may be looked at.
        pub looks: Looks,
        /// Tasks planned.
        pub planned_tasks: u32,
        /// Trials planned per task and assistant.
        pub planned_trials: u32,
        /// Pairs that share the 5 % of false verdicts.
        pub pairs: u32,
        /// Whether all of it was fixed before the trials.
        pub standing: Standing,
    }

    /// When a comparison may be looked at, fixed before the trials.
    #[derive(Copy, Eq, Default)]
    #[serde(rename_all = "snake_case")]
    pub enum Looks {
        /// Once, when all planned tasks are in.
        #[default]
        AtEnd,
        /// After every task of a planned number: sequential sign flips.
        EveryTask,
        /// After every task, with tasks added as one likes: an e-process.
        Growing,
    }

    /// Whether everything that could change a verdict was fixed before the trials.
    #[derive(Eq)]
    #[serde(tag = "standing", rename_all = "snake_case")]
    pub enum Standing {
        /// It was.
        PreRegistered {
            /// The plan's hash.
            plan: Digest,
        },
        /// It was not.
        Exploratory {
            /// What was not.
            reasons: Vec<Exploratory>,
        },
    }

    /// What was not fixed before the trials.
    #[derive(Copy, Eq, PartialOrd, Ord)]
    #[serde(rename_all = "snake_case")]
    pub enum Exploratory {
        /// There is no plan.
        NoPlan,
        /// The plan is not the one that was hashed.
        PlanChanged,
        /// Another margin than the plan's.
        OtherMargin,
        /// Other weights than the plan's.
        OtherWeights,
        /// Assistants were left out.
        AssistantsLeftOut,
        /// Other tasks than the plan's.
        OtherTasks,
        /// It stopped before its plan was through, without a sequential test.
        StoppedEarly,
        /// Other rules of judging than those of the plan.
        OtherRules,
        /// Outcomes were changed after the trials, by a reviewer's word or by scoring anew.
        OutcomesChanged,
        /// A recording answered: what it answers was known before the plan.
        Replayed,
    }

    /// Something other than the solved rate in which two assistants are compared.
    #[derive(Copy, Eq, PartialOrd, Ord)]
    #[serde(rename_all = "snake_case")]
    pub enum PartKind {
        /// Dollars for each solved trial.
        CostPerSolved,
        /// Wall seconds, on tasks both tried.
        Time,
        /// Solving a task in all of its trials.
        Consistency,
        /// A dimension of the scorecard, on tasks both solved.
        Score(ScoreId),
    }

    /// One part of a pair. Less is better for cost and time, more for all else.
    pub struct PairPart {
        /// Which.
        pub part: PartKind,
        /// The ratio first : second for cost and time, else the difference first − second; `None` when missing.
        pub effect: Option<Interval>,
        /// Two-sided p.
        pub p: Option<f64>,
        /// The same after Holm's correction over all pairs of this part.
        pub p_adjusted: Option<f64>,
        /// What follows; withheld when missing.
        pub conclusion: Conclusion,
        /// True when figures of a sample stand behind it.
        pub simulated: bool,
        /// Why there is nothing to say.
        pub missing: Option<String>,
        /// The margin that matters: a ratio above 1 for cost and time, else a difference in [0, 1]; `None` when there is
        /// none, and in what was kept before parts had margins.
        #[serde(default)]
        pub margin: Option<f64>,
        /// Tasks with a value that would detect the margin with 80 % power, given the spread seen.
        #[serde(default)]
        pub tasks_needed: Option<u32>,
        /// What settling the margin would take; `None` when nothing or not known.
        #[serde(default)]
        pub price: Option<Price>,
    }

    /// Who is shown to solve no fewer tasks than the other, by the margin or more.
    #[derive(Copy, Eq, Default)]
    pub struct NotWorse {
        /// The first.
        pub a: bool,
        /// The second.
        pub b: bool,
    }

    /// What looking after every task gave.
    pub struct Early {
        /// The sequential test decided after this many tasks; `None` when it has not, or was not planned.
        pub decided_after: Option<u32>,
        /// The evidence against “alike” by the e-process; 20 decides at 5 %.
        pub evidence: Option<f64>,
        /// The difference with bounds that hold at every look at once.
        pub sequence: Option<Interval>,
    }

    /// The difference under each reading of trials lost for reasons that are nobody's.
    pub struct LostTrials {
        /// Left out.
        pub excluded: f64,
        /// Counted as not solved.
        pub as_failed: f64,
        /// All of the first's not solved, all of the second's solved.
        pub worst: f64,
        /// The other way round.
        pub best: f64,
    }

    /// What settling the margin with 80 % power would take beyond what is there.
    pub struct Price {
        /// More tasks.
        pub tasks: u32,
        /// More trials, of both assistants.
        pub trials: u32,
        /// US dollars; `None` when a cost is unknown or simulated.
        pub usd: Option<f64>,
        /// Hours of trials, one after the other; `None` when a time is unknown.
        pub hours: Option<f64>,
    }

    /// Chances of several tries, mean over tasks with at least `k` trials.
    pub struct PassK {
        /// How many tries.
        pub k: u32,
        /// At least one of them solves the task.
        pub any: f64,
        /// All of them do.
        pub all: f64,
        /// Tasks.
        pub n: u32,
    }

    /// What was solved up to a round, and what it cost up to there.
    pub struct RoundSum {
        /// The round, from 1.
        pub round: u32,
        /// Solved in this round or before, mean over tasks.
        pub rate: Option<Interval>,
        /// Dollars for all trials up to this round; `None` when one is unknown.
        pub usd: Option<f64>,
        /// Seconds for all trials up to this round; `None` when one is unknown.
        pub seconds: Option<f64>,
    }

    /// The tasks of one kind.
    pub struct Stratum {
        /// Which kind.
        pub kind: TaskKind,
        /// Tasks that count.
        pub tasks: u32,
        /// One per assistant, in plan order.
        pub rates: Vec<StratumRate>,
        /// One per pair, in plan order; corrected over all kinds.
        pub pairs: Vec<StratumPair>,
    }

    /// One assistant on tasks of one kind.
    pub struct StratumRate {
        /// Who.
        pub assistant: AssistantId,
        /// Solved rate; `None` below two tasks.
        pub rate: Option<Interval>,
        /// Trials that resolved their task.
        pub resolved: u32,
        /// Trials that are evidence.
        pub trials: u32,
    }

    /// Two assistants on tasks of one kind.
    pub struct StratumPair {
        /// The first.
        pub a: AssistantId,
        /// The second.
        pub b: AssistantId,
        /// The difference; `None` below two tasks.
        pub difference: Option<Interval>,
        /// Two-sided sign-flip p after Holm's correction over all kinds and pairs.
        pub p_adjusted: Option<f64>,
        /// What follows.
        pub conclusion: Conclusion,
    }

    /// Tool and model as crossed factors.
    pub struct Factors {
        /// Two levels of one factor, over the levels of the other that both have.
        pub effects: Vec<FactorEffect>,
        /// Whether a tool's effect depends on the model.
        pub interactions: Vec<Interaction>,
    }

    /// The effect of a tool or of a model.
    pub struct FactorEffect {
        /// Which factor.
        pub factor: Factor,
        /// One level.
        pub a: String,
        /// Another.
        pub b: String,
        /// The other factor's levels that both have.
        pub over: Vec<String>,
        /// Solved rate with `a` minus that with `b`.
        pub by: Interval,
        /// Two-sided p.
        pub p: f64,
    }

    /// What makes an assistant.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum Factor {
        /// The program.
        Tool,
        /// The model.
        Model,
    }

    /// Half of how much more one tool gains from one model than the other tool does.
    pub struct Interaction {
        /// The first and the second tool.
        pub tools: (String, String),
        /// The first and the second model.
        pub models: (String, String),
        /// ((t₁m₁ − t₁m₂) − (t₂m₁ − t₂m₂)) / 2.
        pub by: Interval,
        /// Two-sided p.
        pub p: f64,
    }

    /// A score by weights that somebody chose.
    pub struct Weighted {
        /// The weights, by criterion.
        pub weights: BTreeMap<String, f64>,
        /// Criteria without a value for everybody; their weight goes to the others.
        pub missing: Vec<String>,
        /// One per assistant, in plan order.
        pub scores: Vec<WeightedScore>,
        /// The two highest: the weight of each criterion at which they change places.
        pub flips: Vec<Flip>,
        /// True when the highest is first under at least nine tenths of all weights.
        pub robust: bool,
    }

    /// One assistant's weighted score.
    pub struct WeightedScore {
        /// Who.
        pub assistant: AssistantId,
        /// Values by criterion.
        pub values: BTreeMap<String, f64>,
        /// Σ w·x / Σ w.
        pub score: f64,
        /// The share of all weights, with the values' uncertainty, that puts it first.
        pub first: f64,
    }

    /// A criterion's weight and where it would turn the order.
    pub struct Flip {
        /// Which criterion.
        pub criterion: String,
        /// Its weight, of 1.
        pub weight: f64,
        /// The weight at which the two highest tie; `None` when no weight does.
        pub at: Option<f64>,
    }

    /// What blind votes say.
    pub struct Votes {
        /// How many votes.
        pub votes: u32,
        /// On how many tasks.
        pub tasks: u32,
        /// One per assistant that was voted on; empty when nothing can be said.
        pub strengths: Vec<Strength>,
        /// How readily a tie is voted (Davidson's ν).
        pub tie: Option<f64>,
        /// What standing on the left adds to a strength, with bounds where tasks allow.
        pub left: Option<Interval>,
        /// Krippendorff's α over reviewers; below 0.667 they disagree.
        pub alpha: Option<f64>,
        /// Why there are no strengths.
        pub missing: Option<String>,
    }

    /// A strength on a log scale, sum 0.
    pub struct Strength {
        /// Who.
        pub assistant: AssistantId,
        /// The strength, with bounds from resampled tasks where there are enough.
        pub strength: f64,
        /// Lower bound.
        pub low: Option<f64>,
        /// Upper bound.
        pub high: Option<f64>,
        /// Chance to be preferred to another of the field, a tie counted half.
        pub preferred: f64,
    }
}
