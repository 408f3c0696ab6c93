//! Statistics over trials, paired by task, and the words they allow.

mod advice;
mod detail;
mod told;

pub use advice::*;
pub use detail::*;
pub use told::*;

use crate::id::{AssistantId, TaskId};

values! {
    /// What may be concluded from a set of trials.
    pub struct Comparison {
        /// One per assistant, in plan order.
        pub arms: Vec<Arm>,
        /// One per unordered pair, in plan order.
        pub pairs: Vec<Pair>,
        /// What is decided, leading with what is; plain sentences.
        pub verdict: VerdictWords,
        /// What does not count, and why.
        pub excluded: Vec<Exclusion>,
        /// Tasks that count.
        pub tasks: u32,
        /// What it rests on; `None` in what was kept before this was told.
        #[serde(default)]
        pub basis: Option<Basis>,
        /// By kind of task, where there are several.
        #[serde(default)]
        pub strata: Vec<Stratum>,
        /// Tool and model taken apart; `None` where the plan cannot.
        #[serde(default)]
        pub factors: Option<Factors>,
        /// A score by chosen weights; `None` unless somebody chose some.
        #[serde(default)]
        pub weighted: Option<Weighted>,
        /// Blind votes; `None` without any.
        #[serde(default)]
        pub votes: Option<Votes>,
        /// What models that judge said; `None` when none was asked.
        #[serde(default)]
        pub advice: Option<Advice>,
        /// In what the assistants differ.
        #[serde(default)]
        pub fairness: Vec<Fairness>,
        /// How often each assistant cheated on tasks that no honest change can satisfy; empty without such tasks.
        #[serde(default)]
        pub cheating: Vec<crate::score::CheatingRate>,
    }

    /// One assistant over all tasks that count.
    pub struct Arm {
        /// Who.
        pub assistant: AssistantId,
        /// True for a bundled sample.
        pub sample: bool,
        /// Trials that are evidence.
        pub trials: u32,
        /// Trials that resolved their task.
        pub resolved: u32,
        /// Tasks with at least one trial that is evidence.
        pub tasks: u32,
        /// Solved rate, mean over tasks; `None` without evidence.
        pub rate: Option<Interval>,
        /// Dollars for each resolved trial: ratio of sums; `None` when a cost is unknown or none resolved.
        pub cost_per_resolved: Option<f64>,
        /// Sum of known costs and how many are unknown.
        pub cost: CostSum,
        /// Median wall seconds of trials that are evidence.
        pub median_seconds: Option<f64>,
        /// Trials that were no evidence.
        pub infra: u32,
        /// Dollars for each resolved trial with bounds, from means per task; `None` when unknown or below two tasks.
        #[serde(default)]
        pub cost_interval: Option<Interval>,
        /// Chances of 1 to all tries.
        #[serde(default)]
        pub pass_k: Vec<PassK>,
        /// By round of feedback; empty when there was one round only.
        #[serde(default)]
        pub rounds: Vec<RoundSum>,
    }

    /// Known dollars and how many trials have none.
    #[derive(Default)]
    pub struct CostSum {
        /// Sum of the known.
        pub usd: f64,
        /// Trials whose cost is unknown.
        pub unknown: u32,
        /// True when any of it was simulated by a sample.
        pub simulated: bool,
    }

    /// An estimate with its bounds.
    pub struct Interval {
        /// The estimate.
        pub estimate: f64,
        /// Lower bound.
        pub low: f64,
        /// Upper bound.
        pub high: f64,
        /// Confidence, 0.95.
        pub level: f64,
        /// Which method, by name.
        pub method: String,
        /// Tasks it rests on.
        pub n: u32,
    }

    /// Two assistants on the tasks that both tried.
    pub struct Pair {
        /// The first.
        pub a: AssistantId,
        /// The second.
        pub b: AssistantId,
        /// Solved rate of `a` minus that of `b`; `None` below two common tasks.
        pub difference: Option<Interval>,
        /// Two-sided sign-flip p; `None` without a difference.
        pub p: Option<f64>,
        /// The same after Holm's correction over all pairs of the comparison.
        #[serde(default)]
        pub p_adjusted: Option<f64>,
        /// The same with infra failures counted as not solved; `None` when there were none.
        pub infra_as_failed: Option<Interval>,
        /// What follows.
        pub conclusion: Conclusion,
        /// Tasks that would detect the plan's margin with 80 % power, given the spread seen.
        pub tasks_needed: Option<u32>,
        /// Two-sided sign-flip p with infra failures counted as not solved; the larger of both p is corrected.
        #[serde(default)]
        pub p_as_failed: Option<f64>,
        /// Who is not worse by the margin.
        #[serde(default)]
        pub not_worse: NotWorse,
        /// What settling the margin would take; `None` when nothing or not known.
        #[serde(default)]
        pub price: Option<Price>,
        /// What looking after every task gave; `None` where that was not planned.
        #[serde(default)]
        pub early: Option<Early>,
        /// Readings of lost trials; `None` when none was lost.
        #[serde(default)]
        pub lost: Option<LostTrials>,
        /// The difference over repositories, where several tasks share one; `None` below two repositories.
        #[serde(default)]
        pub by_repository: Option<Interval>,
        /// Cost, time, consistency and the scorecard.
        #[serde(default)]
        pub parts: Vec<PairPart>,
    }

    /// What follows for a pair.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum Conclusion {
        /// `a` solves more, and the margin is plausible.
        ABetter,
        /// `b` solves more, and the margin is plausible.
        BBetter,
        /// `a` solves more, by less than the margin that matters.
        ASlightlyBetter,
        /// `b` solves more, by less than the margin that matters.
        BSlightlyBetter,
        /// The interval lies inside the margin.
        Equivalent,
        /// Neither.
        Undecided,
        /// No conclusion may be drawn, whatever the numbers.
        Withheld,
    }

    /// A verdict as data; the interface and reports put it into words of their language.
    pub struct VerdictWords {
        /// Decided and undecided parts, decided first.
        pub parts: Vec<VerdictPart>,
        /// Those that no rival beats; more than one is a group, not a winner.
        pub top: Vec<AssistantId>,
        /// In English: `sentences` put into words.
        pub headline: String,
        /// The headline as data.
        #[serde(default)]
        pub sentences: Vec<Sentence>,
        /// Every part of every pair as data, decided first.
        #[serde(default)]
        pub details: Vec<Sentence>,
    }

    /// One part of a verdict.
    #[serde(tag = "part", rename_all = "snake_case")]
    pub enum VerdictPart {
        /// `better` solves more than `worse`.
        SolvesMore {
            /// Who.
            better: AssistantId,
            /// Than whom.
            worse: AssistantId,
            /// By how many points, in [0, 1], with bounds.
            by: Interval,
            /// False when it may be below the margin that matters.
            matters: bool,
        },
        /// The two solve equally many, within the margin.
        Equivalent {
            /// One.
            a: AssistantId,
            /// The other.
            b: AssistantId,
        },
        /// Which of the two solves more is undecided.
        Undecided {
            /// One.
            a: AssistantId,
            /// The other.
            b: AssistantId,
            /// Tasks that would settle the margin.
            tasks_needed: Option<u32>,
        },
        /// `cheaper` costs less for each resolved trial than `dearer`, on the tasks that both tried.
        CostsLess {
            /// Who.
            cheaper: AssistantId,
            /// Than whom.
            dearer: AssistantId,
            /// The share saved, in [0, 1], with bounds.
            by: Interval,
            /// True when any of it was simulated by a sample.
            simulated: bool,
            /// False when all of the interval is below the margin that matters.
            #[serde(default = "always")]
            matters: bool,
        },
        /// No conclusion, with the reason.
        Withheld {
            /// Why.
            reason: WithheldReason,
        },
    }

    /// Why there is no verdict.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum WithheldReason {
        /// One task says nothing about tasks in general.
        OneTask,
        /// No hidden check.
        Ungraded,
        /// Infra failures hit one arm far more than another.
        InfraAsymmetry,
        /// Fewer than two assistants have evidence.
        NoEvidence,
        /// A trial ran without isolation.
        NotIsolated,
        /// Trials of different isolation.
        MixedTiers,
        /// An assistant worked with its user's own login, whose folders and settings no isolation keeps apart.
        OwnLogin,
        /// The run has not finished.
        Unfinished,
    }

    /// Something that does not count.
    pub struct Exclusion {
        /// Which task; `None` for all.
        pub task: Option<TaskId>,
        /// Which assistant; `None` for all.
        pub assistant: Option<AssistantId>,
        /// How many trials.
        pub trials: u32,
        /// Why, in a sentence fragment.
        pub reason: String,
    }
}

/// Savings that were kept before they had a margin.
fn always() -> bool {
    true
}
