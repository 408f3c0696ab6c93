//! What a check found, test by test.

use crate::id::CheckId;
use crate::task::CheckKind;

values! {
    /// One check's result with its evidence.
    pub struct Verdict {
        /// Which check.
        pub check: CheckId,
        /// What it proves.
        pub kind: CheckKind,
        /// What it found.
        pub status: VerdictStatus,
        /// Every test that was seen, in the order seen.
        pub tests: Vec<TestResult>,
        /// What a linter or type checker reported; `None` when it is none, or its report could not be read whole.
        #[serde(default)]
        pub findings: Option<Vec<ToolFinding>>,
        /// The command's exit code; `None` when a signal or the limit ended it.
        pub exit: Option<i32>,
        /// Wall seconds.
        pub seconds: f64,
        /// The end of its output, at most 16 KiB.
        pub output: String,
        /// The same check with altered expectations, where it passed and there was something to alter.
        #[serde(default)]
        pub control: Option<Control>,
    }

    /// A second run of a check that passed, with what its hidden tests expect altered: honest code fails it.
    pub struct Control {
        /// How many expectations were altered.
        pub altered: u64,
        /// Tests that passed before and failed now.
        pub turned: Vec<String>,
        /// Tests that passed before and again.
        pub stood: Vec<String>,
        /// The command's exit code; `None` when a signal or the limit ended it.
        pub exit: Option<i32>,
    }

    /// What a check found.
    #[derive(Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum VerdictStatus {
        /// Every test that counts passed, and at least one ran; of a tool with findings: its report was read whole.
        Passed,
        /// A test that counts failed or was not seen.
        Failed,
        /// It did not end within its limit.
        TimedOut,
        /// Its results cannot be trusted: none ran, or results and exit code contradict each other.
        Invalid {
            /// Why.
            reason: String,
        },
    }

    /// One thing that a linter or type checker reported.
    #[derive(Eq)]
    pub struct ToolFinding {
        /// The tool's name of its rule; empty where it gives none.
        pub rule: String,
        /// How grave the tool calls it.
        pub level: FindingLevel,
        /// The file, relative to the workspace with `/`, as far as the tool lets that be known.
        pub path: String,
        /// The line, from 1; `None` where the tool names none.
        pub line: Option<u32>,
        /// What it says, at most 400 bytes.
        pub message: String,
    }

    /// How grave a tool calls what it found.
    #[derive(Copy, Eq, PartialOrd, Ord)]
    #[serde(rename_all = "snake_case")]
    pub enum FindingLevel {
        /// It must go.
        Error,
        /// It should go.
        Warning,
        /// It is worth knowing.
        Note,
    }

    /// One test.
    pub struct TestResult {
        /// As the runner names it.
        pub id: String,
        /// What happened.
        pub status: TestStatus,
        /// The failure's message, at most 4 KiB; empty when it passed.
        pub message: String,
    }

    /// What happened to one test.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum TestStatus {
        /// It passed.
        Passed,
        /// It failed or broke.
        Failed,
        /// It did not run.
        Skipped,
    }
}

impl VerdictStatus {
    /// Returns whether the check passed.
    pub fn passed(&self) -> bool {
        *self == VerdictStatus::Passed
    }
}
