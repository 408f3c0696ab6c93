//! What surrounds a comparison: in what the assistants differ, sentences as data, forecasts and self-tests.

use std::collections::BTreeMap;

use super::PartKind;
use crate::id::AssistantId;
use crate::score::ScoreId;
use crate::task::TaskKind;

values! {
    /// In what the assistants differ beside themselves, or do not.
    pub struct Fairness {
        /// In what.
        pub aspect: Aspect,
        /// One per assistant, in plan order; `None` where it is not known.
        pub values: Vec<Option<String>>,
        /// True when two known values differ or one is not known.
        pub differs: bool,
    }

    /// What may differ between assistants.
    #[derive(Copy, Eq, PartialOrd, Ord)]
    #[serde(rename_all = "snake_case")]
    pub enum Aspect {
        /// The program.
        Tool,
        /// Its version: asked for before, seen after.
        Version,
        /// The model: asked for before, seen after.
        Model,
        /// The effort asked for.
        Effort,
        /// Extra arguments.
        Arguments,
        /// Files of the repository that its program reads as instructions.
        Instructions,
        /// MCP servers, plugins, skills, hooks and settings that arguments, the repository or a login turn on.
        Extensions,
        /// What its tools may not do, where its program asks us before one runs.
        Permissions,
        /// Variables set or passed on.
        Environment,
        /// Which network its cell has.
        Network,
        /// Files of the machine that it may read.
        Readable,
        /// Time, requests and memory per trial.
        Limits,
        /// Who pays, and where.
        Account,
        /// By what it signs in.
        SignIn,
        /// The vendor's address.
        Address,
        /// How its cost is known.
        Price,
        /// Input read from a cache, of all input.
        Caches,
        /// Isolation of its trials.
        Isolation,
        /// Tries after feedback.
        Rounds,
    }

    /// A sentence as data: a code that stands for a text, and what fills it.
    pub struct Sentence {
        /// Which text: `verdict.` and this name it in the interface.
        pub code: String,
        /// What fills it.
        pub params: BTreeMap<String, Param>,
    }

    /// What fills a sentence, by how it is written.
    #[serde(tag = "as", content = "value", rename_all = "snake_case")]
    pub enum Param {
        /// Assistants, listed.
        Names(Vec<AssistantId>),
        /// A difference in [−1, 1], as points with their unit.
        Points(f64),
        /// The same without unit.
        Bound(f64),
        /// A share in [0, 1], as percent without its sign.
        Percent(f64),
        /// A ratio, as a number.
        Ratio(f64),
        /// A ratio that matters, as a factor with its word.
        Factor(f64),
        /// A whole number.
        Count(u32),
        /// US dollars.
        Usd(f64),
        /// Hours.
        Hours(f64),
        /// A dimension of the scorecard.
        Score(ScoreId),
        /// A kind of task.
        Kind(TaskKind),
        /// In what two are compared.
        Part(PartKind),
    }

    /// A check of the error rates, made on this machine.
    pub struct SelfTest {
        /// Assistants of a run, each compared with itself; empty without a run.
        pub itself: Vec<AgainstItself>,
        /// The simulation's summary, ours beside naive methods.
        pub methods: Vec<MethodCheck>,
        /// True when nothing lies beyond its bar.
        pub held: bool,
    }

    /// One assistant against itself, resampled from its trials in a run.
    pub struct AgainstItself {
        /// Who.
        pub assistant: AssistantId,
        /// How often it was resampled.
        pub times: u32,
        /// How often a difference was found where there is none.
        pub false_verdicts: u32,
    }

    /// A method in the simulation.
    pub struct MethodCheck {
        /// Which.
        pub method: String,
        /// True for one that only shows how far naive methods are off.
        pub naive: bool,
        /// Cells simulated.
        pub cells: u32,
        /// The least share: of intervals that cover, or of false verdicts.
        pub least: f64,
        /// The mean share.
        pub mean: f64,
        /// The largest share.
        pub most: f64,
        /// The bar, in words.
        pub bar: String,
        /// Cells beyond their bar.
        pub failed: u32,
    }

    /// What a plan could show, and what it would cost.
    pub struct Forecast {
        /// The difference that matters.
        pub margin: f64,
        /// Tasks of the plan that a verdict may rest on: graded, and no canaries.
        pub tasks: u32,
        /// The difference that these tasks show with 80 % power; `None` when none does, or they are too few to decide.
        pub detectable: Option<f64>,
        /// Tasks that show the margin with 80 % power.
        pub tasks_needed: Option<u32>,
        /// Dollars for the plan, by what trials of the same assistants cost before; `None` when not known.
        pub usd: Option<f64>,
        /// Dollars for the tasks needed; `None` when not known.
        pub usd_needed: Option<f64>,
    }
}
