//! What a cell reports: one JSON line a record, appended and flushed, whole when its last record is `Closed`.

use crate::bundle::{BaseInfo, Tier};
use crate::event::EventKind;
use crate::id::CheckId;
use crate::network::Contact;
use crate::outcome::Ending;
use crate::patch::{CaptureFlag, PatchRef};
use crate::traffic::Traffic;
use crate::usage::{Cost, Usage};
use crate::verdict::Verdict;

/// The version of the journal's form; a reader refuses a newer one.
pub const JOURNAL_VERSION: u32 = 1;

values! {
    /// One line of a journal.
    pub struct JournalLine {
        /// `JOURNAL_VERSION` of the writer.
        pub v: u32,
        /// From 0, without gaps.
        pub seq: u64,
        /// Milliseconds since the cell started.
        pub at_ms: u64,
        /// What happened.
        pub record: Record,
    }

    /// What happened in a cell.
    #[serde(tag = "record", rename_all = "snake_case")]
    pub enum Record {
        /// The cell is up.
        Opened {
            /// Seconds since 1970, for people.
            unix: u64,
            /// The isolation it has.
            tier: Tier,
            /// Why it is not more, where it is not.
            tier_reason: Option<String>,
            /// The cell program's version.
            cell: String,
            /// Whether the kernel bounds its memory by a control group; else it is only watched.
            #[serde(default)]
            fenced: bool,
        },
        /// A step begins.
        Phase {
            /// Which.
            phase: Phase,
        },
        /// The assistant's program runs.
        Launched {
            /// Its arguments without the instruction.
            argv: Vec<String>,
            /// Instruction files of assistants that the base holds (AGENTS.md …).
            instruction_files: Vec<String>,
        },
        /// The assistant says something.
        Event {
            /// What.
            kind: EventKind,
        },
        /// A limit was reached; the assistant is being stopped.
        LimitReached {
            /// Which, in one fragment.
            limit: String,
        },
        /// What our meter saw of the model's traffic; stands before `Ended`.
        Metered {
            /// All of it.
            traffic: Box<Traffic>,
        },
        /// The assistant's process tree is gone.
        Ended {
            /// How the trial ended.
            ending: Ending,
            /// Wall seconds of the assistant.
            seconds: f64,
            /// CPU seconds of its whole tree, where known.
            cpu_seconds: Option<f64>,
            /// Peak memory of its largest process in bytes, where known.
            peak_memory: Option<u64>,
            /// Tokens and requests.
            usage: Usage,
            /// Money.
            cost: Option<Cost>,
            /// Processes that outlived the assistant's own end and were killed, by name.
            leftovers: Vec<String>,
        },
        /// All that was asked of one host and port, told when the assistant or set-up is over.
        Contact {
            /// What.
            contact: Contact,
        },
        /// The patch is in `patch.json`.
        Captured {
            /// Its name and size.
            patch: PatchRef,
            /// What was left out.
            flags: Vec<CaptureFlag>,
        },
        /// A protected file that the patch changed was put back.
        Restored {
            /// Which.
            path: String,
        },
        /// A check begins.
        CheckStarted {
            /// Which.
            check: CheckId,
        },
        /// A check ended.
        Verdict {
            /// What it found.
            verdict: Verdict,
        },
        /// The patch does not fit the base.
        DoesNotApply {
            /// The first file that differs.
            path: String,
        },
        /// A base is ready.
        BaseReady {
            /// What it is.
            info: BaseInfo,
        },
        /// The cell could not do its work: infrastructure, no evidence.
        Failed {
            /// What, where and what to do, in one sentence.
            reason: String,
            /// True when another try would fail alike until somebody does something about it.
            #[serde(default)]
            lasting: bool,
        },
        /// The last line of a whole journal.
        Closed,
    }

    /// A step of a cell.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum Phase {
        /// Making the workspace.
        Provisioning,
        /// The assistant works.
        Working,
        /// Ending its processes.
        Stopping,
        /// Taking the patch.
        Capturing,
        /// Running set-up commands.
        SettingUp,
        /// Running checks.
        Checking,
    }
}
