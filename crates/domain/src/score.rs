//! A measured value with its formula and evidence.

use crate::outcome::Location;

values! {
    /// One measured value. `value` and `missing` are never both set nor both absent.
    pub struct Score {
        /// Which dimension.
        pub id: ScoreId,
        /// In [0, 1], except `Cost` (US dollars) and `Time` (seconds); `None` when missing.
        pub value: Option<f64>,
        /// Why there is no value.
        pub missing: Option<String>,
        /// How it is worked out, with the numbers put in.
        pub formula: String,
        /// Where to look.
        pub evidence: Vec<Location>,
    }

    /// A dimension of the scorecard.
    #[derive(Copy, Eq, Hash, PartialOrd, Ord)]
    #[serde(rename_all = "snake_case")]
    pub enum ScoreId {
        /// 1 when the patch fits its base exactly.
        Applies,
        /// Share of fail-to-pass tests that pass.
        FailToPass,
        /// Share of tests that passed on the base and still pass.
        PassToPass,
        /// 1 when no rule was broken.
        Integrity,
        /// min(1, 1.5 · reference churn / churn).
        Size,
        /// Base-normalised edit similarity to the reference, by lines. Descriptive, never a condition.
        Similarity,
        /// 1 − churn outside the task's paths / churn.
        Scope,
        /// US dollars.
        Cost,
        /// Wall seconds of the assistant.
        Time,
    }

    /// Something seen in a patch that a reader should know.
    pub struct Finding {
        /// Which rule saw it.
        pub rule: crate::outcome::RuleId,
        /// Where.
        pub at: Location,
        /// What, in one sentence.
        pub because: String,
    }
}
