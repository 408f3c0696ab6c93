//! Audits of tasks, as they are asked for and shown.

use fairtrial_domain::audit::AuditStatus;
use fairtrial_domain::id::TaskId;
use fairtrial_domain::values;

values! {
    /// A task's audit in a line.
    pub struct AuditSummary {
        /// What the task is worth.
        pub status: AuditStatus,
        /// Why it is not more.
        pub reasons: Vec<String>,
        /// Tests that do not count.
        pub quarantined: u32,
        /// Share of mutants that a check noticed, where enough could be judged.
        pub strength: Option<f64>,
    }

    /// Which tasks to audit.
    #[serde(deny_unknown_fields)]
    pub struct AuditRequest {
        /// A suite's folder, a task's own, or `samples`.
        pub suite: String,
        /// One task of it; `None` for all.
        pub task: Option<TaskId>,
        /// How often base and reference are graded, each; at least 3.
        pub repeat: u32,
        /// Cells at once; `None` decides by cores and memory.
        pub jobs: Option<u32>,
    }
}
