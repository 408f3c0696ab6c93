//! What a cell is given. A bundle is a folder with `bundle.json`; the cell writes `journal.jsonl` beside it.
//!
//! **Invariant:** a work bundle holds nothing that an assistant must not see; a grade bundle exists only after
//! the assistant has ended, and does not say who made the patch.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::assistant::Assistant;
use crate::id::Digest;
use crate::patch::Patch;
use crate::task::{Check, Command, HiddenFile, Limits, Network, Repository};
use crate::traffic::MeterOrder;

pub use tier::{CaptureBy, Promise, Tier, TierReport};

mod tier;

/// The file in a bundle that says what to do.
pub const BUNDLE_FILE: &str = "bundle.json";
/// The file in a bundle that a cell writes.
pub const JOURNAL_FILE: &str = "journal.jsonl";
/// The file in a work bundle that holds the captured patch.
pub const PATCH_FILE: &str = "patch.json";
/// The file in a work bundle that holds the assistant's raw output, as far as it is kept.
pub const STREAM_FILE: &str = "stream.log";
/// The folder in a work bundle that holds the recording of its model's answers, where one is made.
pub const RECORDING_FOLDER: &str = "recording";

values! {
    /// What a cell is to do.
    #[expect(clippy::large_enum_variant, reason = "one is read in the life of a process")]
    #[serde(tag = "do", rename_all = "snake_case")]
    pub enum Bundle {
        /// Prepare a base: `fairtrial-cell base`.
        Base(BaseBundle),
        /// Run an assistant: `fairtrial-cell work`.
        Work(WorkBundle),
        /// Judge a patch: `fairtrial-cell grade`.
        Grade(GradeBundle),
    }

    /// Prepares the tree that all trials of a task start from.
    pub struct BaseBundle {
        /// Where the files come from.
        pub repository: Repository,
        /// Run once, in a cell, over the files.
        pub setup: Vec<Command>,
        /// The folder to make: `tree/` (files and a `.git` of one commit), `layer/` (what set-up wrote),
        /// `home/` (what it wrote to its home, with which every home over the base starts), `base.json` (a `BaseInfo`). Made under a temporary name and renamed, so that it is whole or absent.
        pub target: PathBuf,
        /// Programs needed by set-up.
        pub requires: Vec<String>,
        /// Network during set-up.
        pub network: Network,
        /// Files of the machine that set-up needs to read, beside its programs.
        #[serde(default)]
        pub readable: Vec<String>,
        /// Which isolation to use.
        pub tier: TierChoice,
    }

    /// What a prepared base is.
    pub struct BaseInfo {
        /// SHA-256 over all paths, modes and contents.
        pub digest: Digest,
        /// How many files.
        pub files: u64,
        /// How many bytes.
        pub bytes: u64,
    }

    /// Runs an assistant on a base.
    pub struct WorkBundle {
        /// Marks every process of this attempt: the variable `FAIRTRIAL_RUN`.
        pub marker: String,
        /// The prepared base.
        pub base: PathBuf,
        /// What the assistant is told.
        pub instruction: String,
        /// Who works.
        pub assistant: Assistant,
        /// The resolved program.
        pub program: PathBuf,
        /// Variables from the app's environment that the assistant's allow-list names, without secrets.
        /// Secrets come in the cell's own environment as `FAIRTRIAL_SECRET_<NAME>` and are never written.
        pub env: BTreeMap<String, String>,
        /// Bounds.
        pub limits: Limits,
        /// Programs the task needs.
        pub requires: Vec<String>,
        /// Files of the machine the task needs to read, beside its programs.
        #[serde(default)]
        pub readable: Vec<String>,
        /// Which isolation to use.
        pub tier: TierChoice,
        /// How its model's traffic is metered, where its back end can be; `None`: not at all.
        #[serde(default)]
        pub meter: Option<MeterOrder>,
        /// Instruction files of assistants that the base holds, for the journal.
        #[serde(default)]
        pub instruction_files: Vec<String>,
        /// True where workspace and home are kept at the end, so that another round can follow.
        #[serde(default)]
        pub keep: bool,
        /// The round before this one; `None`: the assistant begins.
        #[serde(default)]
        pub goes_on: Option<GoesOn>,
    }

    /// Where a further round goes on. What the assistant is told in it is the bundle's instruction.
    #[derive(Eq)]
    pub struct GoesOn {
        /// The room that was kept, with workspace and home as the assistant left them.
        pub room: PathBuf,
        /// The session to resume, by the name that the program gave it.
        pub session: String,
    }

    /// Judges a patch in a fresh workspace.
    pub struct GradeBundle {
        /// Marks every process of this attempt.
        pub marker: String,
        /// The prepared base.
        pub base: PathBuf,
        /// The patch; empty for the base itself.
        pub patch: Patch,
        /// What judges it.
        pub checks: Vec<Check>,
        /// Files put over the tree.
        pub hidden: Vec<HiddenFile>,
        /// Globs whose files are put back as in the base before checks run.
        pub protected: Vec<String>,
        /// Programs the checks need.
        pub requires: Vec<String>,
        /// Files of the machine that checks need to read, beside their programs.
        #[serde(default)]
        pub readable: Vec<String>,
        /// Bounds on processes, output and disk.
        pub limits: Limits,
        /// Which isolation to use.
        pub tier: TierChoice,
    }

    /// Which isolation is asked for.
    #[derive(Copy, Eq, Default)]
    #[serde(rename_all = "snake_case")]
    pub enum TierChoice {
        /// The strongest this machine has.
        #[default]
        Best,
        /// `Tier::Full` or nothing.
        Full,
        /// `Tier::Bubblewrap` or nothing.
        Bubblewrap,
        /// `Tier::Container` or nothing.
        Container,
        /// A plain copy, even where more is possible.
        Plain,
    }
}

impl TierChoice {
    /// Returns whether nothing in particular is asked for.
    pub fn is_best(&self) -> bool {
        *self == TierChoice::Best
    }

    /// Returns the one tier that will do; `None` when any will.
    pub fn only(self) -> Option<Tier> {
        match self {
            TierChoice::Best => None,
            TierChoice::Full => Some(Tier::Full),
            TierChoice::Bubblewrap => Some(Tier::Bubblewrap),
            TierChoice::Container => Some(Tier::Container),
            TierChoice::Plain => Some(Tier::Plain),
        }
    }
}
