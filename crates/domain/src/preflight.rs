//! What the look before any spending finds: what set-up and checks of a task lack in a cell, and what allows it.

use crate::id::TaskId;

values! {
    /// What `fairtrial tasks preflight` found of one task.
    pub struct Preflight {
        /// Which.
        pub task: TaskId,
        /// What went wrong; empty when set-up and checks run in a cell. That a deciding check fails on the untouched
        /// base is no problem.
        pub problems: Vec<String>,
        /// What to allow, and what that gives away.
        pub allow: Vec<Allow>,
    }

    /// A line that lets a task's set-up and checks have what they lacked.
    #[derive(Eq)]
    pub struct Allow {
        /// What was missing, as a sentence.
        pub because: String,
        /// The line for `[metadata.fairtrial]`, which takes the place of one of the same name; `None` when no line helps.
        pub line: Option<String>,
        /// What allowing it gives away, or what to do where no line helps.
        pub gives_away: String,
    }
}
