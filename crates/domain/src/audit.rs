//! What an audit says of a task before any money is spent on it.

use crate::bundle::Tier;
use crate::id::{CheckId, Digest, TaskId};
use crate::outcome::{FailedTest, Location};

values! {
    /// An audited task, with everything that decided it.
    pub struct TaskAudit {
        /// Which.
        pub task: TaskId,
        /// The digest of its directory when it was audited.
        pub digest: Digest,
        /// The version of the rules.
        pub rules: u32,
        /// The version of the cell program that graded.
        pub cell: String,
        /// The isolation that the cells had; `None` when none came up.
        pub tier: Option<Tier>,
        /// How often base and reference were graded, each.
        pub repeat: u32,
        /// What it is worth.
        pub status: AuditStatus,
        /// Why it is not more, the weightiest first.
        pub reasons: Vec<String>,
        /// Every rule.
        pub points: Vec<AuditPoint>,
        /// Tests that do not count, because they do not agree with themselves.
        pub quarantined: Vec<FlakyTest>,
        /// Every mutant of the reference.
        pub mutants: Vec<Mutant>,
        /// Share of the mutants that a check noticed; `None` when too few could be judged.
        pub strength: Option<f64>,
        /// Wall seconds that it took.
        pub seconds: f64,
    }

    /// What a task is worth.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum AuditStatus {
        /// Verdicts may rest on it.
        Valid,
        /// It counts, with a doubt.
        Weak,
        /// An assistant can read its answer; it does not count.
        Leaked,
        /// It does not count.
        Invalid,
    }

    /// What one rule found.
    pub struct AuditPoint {
        /// Which rule.
        pub rule: AuditRule,
        /// How it ended.
        pub found: PointState,
        /// What, in one sentence.
        pub because: String,
        /// Where to look.
        pub evidence: Vec<AuditEvidence>,
    }

    /// A rule of the audit.
    #[derive(Copy, Eq, PartialOrd, Ord)]
    #[serde(rename_all = "snake_case")]
    pub enum AuditRule {
        /// V1: the reference passes, every time.
        ReferencePasses,
        /// V2: the untouched base fails a check that decides, every time.
        BaseFails,
        /// V3: every test agrees with itself.
        Repeatable,
        /// V4: neither the instruction nor the base holds the answer.
        NoLeak,
        /// V5: the checks notice mutants of the reference.
        Strength,
        /// V6: the hidden checks ask for nothing that nobody was told.
        NotOverSpecific,
    }

    /// How a rule ended.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum PointState {
        /// It holds.
        Holds,
        /// It leaves a doubt.
        Doubt,
        /// It is broken.
        Broken,
        /// It could not be applied.
        Missing,
    }

    /// A place that shows what a rule found.
    #[derive(Eq)]
    pub struct AuditEvidence {
        /// Where: in the task's instruction or hidden files, or in the base.
        pub at: Location,
        /// What stands there.
        pub text: String,
    }

    /// A test that passed once and did not another time, on the same tree.
    #[derive(Eq)]
    pub struct FlakyTest {
        /// Of which check.
        pub check: CheckId,
        /// The test, as its runner names it.
        pub test: String,
        /// How often it passed on the untouched base.
        pub base_passed: u32,
        /// How often it passed on the reference.
        pub reference_passed: u32,
    }

    /// The reference with one small mistake in it.
    pub struct Mutant {
        /// Where, in the reference's file.
        pub at: Location,
        /// What was done.
        pub kind: MutantKind,
        /// The text before, one line of it.
        pub before: String,
        /// The text after, one line of it.
        pub after: String,
        /// What the checks made of it.
        pub end: MutantEnd,
    }

    /// What was done to the reference.
    #[derive(Copy, Eq, PartialOrd, Ord)]
    #[serde(rename_all = "snake_case")]
    pub enum MutantKind {
        /// One operator is another.
        Operator,
        /// A condition is its opposite.
        Condition,
        /// A number or a truth value is another.
        Constant,
        /// A statement is gone.
        Statement,
        /// One of several changes was not made.
        Hunk,
    }

    /// What the checks made of a mutant.
    #[serde(tag = "end", rename_all = "snake_case")]
    pub enum MutantEnd {
        /// A check noticed it.
        Killed {
            /// The first that did.
            by: FailedTest,
        },
        /// No check noticed it. It may mean the same as the reference.
        Survived,
        /// It could not be judged and does not count: it did not compile, or its cell was lost.
        Stillborn {
            /// Why.
            reason: String,
        },
    }
}

impl MutantKind {
    /// Returns its name for people.
    pub fn words(self) -> &'static str {
        match self {
            MutantKind::Operator => "operator flipped",
            MutantKind::Condition => "condition negated",
            MutantKind::Constant => "constant changed",
            MutantKind::Statement => "statement removed",
            MutantKind::Hunk => "change not made",
        }
    }
}

impl AuditStatus {
    /// Returns its name for people.
    pub fn words(self) -> &'static str {
        match self {
            AuditStatus::Valid => "valid",
            AuditStatus::Weak => "weak",
            AuditStatus::Leaked => "leaked",
            AuditStatus::Invalid => "invalid",
        }
    }
}
