//! One execution of a plan: what is stored of it and what is told while it goes.

use crate::audit::TaskAudit;
use crate::bundle::Tier;
use crate::event::EventKind;
use crate::id::{Digest, RunId, TaskId, TrialKey};
use crate::journal::Phase;
use crate::network::Contact;
use crate::outcome::{Ending, Outcome};
use crate::patch::{CaptureFlag, PatchRef};
use crate::plan::Plan;
use crate::score::{Finding, Overruling, Score};
use crate::steering::{BaseSteering, Steered};
use crate::traffic::Traffic;
use crate::usage::{Cost, Usage};
use crate::verdict::Verdict;

values! {
    /// A run as stored.
    pub struct RunRecord {
        /// Its name.
        pub id: RunId,
        /// What is run.
        pub plan: Plan,
        /// SHA-256 of the plan's canonical JSON (RFC 8785).
        pub plan_hash: Digest,
        /// RFC 3339, UTC.
        pub started: String,
        /// RFC 3339, UTC; `None` while it is not over.
        pub ended: Option<String>,
        /// Where it stands.
        pub status: RunStatus,
        /// The product's version that made it.
        pub app_version: String,
    }

    /// Where a run stands.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum RunStatus {
        /// A process works on it, or did when it was last seen: `resume` takes it up.
        Running,
        /// No new trials start.
        Paused,
        /// Every trial is over.
        Finished,
        /// A person stopped it.
        Cancelled,
        /// A budget stopped it.
        OutOfBudget,
    }

    /// A trial that is over, as stored.
    pub struct TrialRecord {
        /// Which.
        pub key: TrialKey,
        /// How many attempts it took.
        pub attempts: u32,
        /// How it ended.
        pub ending: Ending,
        /// What it is worth; `None` when it is no evidence.
        pub outcome: Option<Outcome>,
        /// Every check, test by test.
        pub verdicts: Vec<Verdict>,
        /// Every dimension.
        pub scores: Vec<Score>,
        /// What a reader should know.
        pub findings: Vec<Finding>,
        /// The patch; `None` when none was captured.
        pub patch: Option<PatchRef>,
        /// What capture left out.
        pub flags: Vec<CaptureFlag>,
        /// Tokens and requests.
        pub usage: Usage,
        /// Money; `None` when unknown.
        pub cost: Option<Cost>,
        /// Wall seconds of the assistant.
        pub seconds: f64,
        /// The weaker isolation of work and grading; `None` when no cell came up.
        pub tier: Option<Tier>,
        /// The program's version, where it said so.
        pub version: Option<String>,
        /// The model that served it, where it said so.
        pub model: Option<String>,
        /// Processes that outlived the assistant.
        pub leftovers: Vec<String>,
        /// Blobs with its journals, newest attempt last.
        pub journals: Vec<Digest>,
        /// What our meter saw; `None` when the assistant was not metered.
        #[serde(default)]
        pub traffic: Option<Box<Traffic>>,
        /// Hosts that were asked for, with what became of it, where a proxy stood between.
        #[serde(default)]
        pub contacts: Vec<Contact>,
        /// Why the isolation is not more, where it is not.
        #[serde(default)]
        pub tier_reason: Option<String>,
        /// Whether a control group bounded its memory, in work and grading; else memory was watched and not bounded.
        #[serde(default)]
        pub fenced: bool,
        /// Instruction files of assistants that the base holds (AGENTS.md …); not all assistants read the same.
        #[serde(default)]
        pub instruction_files: Vec<String>,
        /// SHA-256 over canonical JSON (RFC 8785) of what it was started with: arguments, variables, files and what its cell
        /// lets it reach, without instruction, keys, workspace and home; by the settings and the environment of the program that
        /// recorded it. `None` in records made before it was kept.
        #[serde(default)]
        pub configuration: Option<Digest>,
        /// What of the base steers this assistant; `None` where its program's rules or the base are not known.
        #[serde(default)]
        pub steered: Option<Box<Steered>>,
        /// Lines of the journals that could not be read.
        #[serde(default)]
        pub bad_lines: u64,
        /// The rule set that made outcome, scores and findings; 1 in records made before it was kept.
        #[serde(default = "first_rules")]
        pub rules: u32,
        /// The blob with the reference as a patch over the task's base; `None` when there was none.
        #[serde(default)]
        pub reference: Option<Digest>,
        /// What reviewers said against rules.
        #[serde(default)]
        pub overruled: Vec<Overruling>,
        /// What it was worth before it was scored anew or a rule was overruled, oldest first.
        #[serde(default)]
        pub earlier: Vec<EarlierOutcome>,
        /// Lines of the assistant's own stream that could not be read; a rise tells of a version that changed it.
        #[serde(default)]
        pub unparsed: u64,
        /// The limit of ours that was reached, in one fragment; `None` when none was, or it was not kept.
        #[serde(default)]
        pub limit: Option<String>,
        /// Rounds after the first, in order. Everything above is the first round's, which is the trial's result.
        #[serde(default)]
        pub more: Vec<RoundRecord>,
        /// Why no further round followed though the plan allows one and the task was not solved, in a sentence fragment.
        #[serde(default)]
        pub no_more: Option<String>,
    }

    /// One more try inside a trial after fixed feedback.
    pub struct RoundRecord {
        /// From 2.
        pub round: u32,
        /// What the assistant was told.
        pub feedback: String,
        /// How it ended.
        pub ending: Ending,
        /// What the workspace was worth after it; `None` when the round is no evidence.
        pub outcome: Option<Outcome>,
        /// Every check, test by test.
        pub verdicts: Vec<Verdict>,
        /// Everything that differs from the base after it; `None` when none was captured.
        pub patch: Option<PatchRef>,
        /// Tokens and requests of this round.
        pub usage: Usage,
        /// Money of this round; `None` when unknown.
        pub cost: Option<Cost>,
        /// Wall seconds of the assistant in this round; 0 of one that is no evidence is not known.
        pub seconds: f64,
        /// Processes that outlived the assistant in this round.
        pub leftovers: Vec<String>,
        /// Blobs with its journals: work, then grade.
        pub journals: Vec<Digest>,
        /// What our meter saw in this round; `None` when the assistant was not metered.
        pub traffic: Option<Box<Traffic>>,
        /// Hosts that were asked for in this round, with what became of it, where a proxy stood between.
        #[serde(default)]
        pub contacts: Vec<Contact>,
        /// What capture left out after this round.
        #[serde(default)]
        pub flags: Vec<CaptureFlag>,
        /// The weaker isolation of this round's work and grading; `None` when no cell came up, or it was not kept.
        #[serde(default)]
        pub tier: Option<Tier>,
        /// What the workspace was worth after it before it was scored anew, oldest first.
        #[serde(default)]
        pub earlier: Vec<EarlierOutcome>,
        /// The limit of ours that was reached in this round, in one fragment; `None` when none was, or it was not kept.
        #[serde(default)]
        pub limit: Option<String>,
        /// Lines of the assistant's own stream in this round that could not be read; 0 too where they were not kept.
        #[serde(default)]
        pub unparsed: u64,
    }

    /// What a trial was worth until it was judged again.
    pub struct EarlierOutcome {
        /// The rules that said so.
        pub rules: u32,
        /// What it was worth; `None` when it was no evidence.
        pub outcome: Option<Outcome>,
        /// When another outcome took its place: RFC 3339, UTC.
        pub until: String,
        /// Why, in a sentence fragment.
        pub because: String,
    }

    /// What is known of a task before trials: checks on the base and on the reference.
    pub struct TaskFacts {
        /// Which.
        pub task: TaskId,
        /// Checks on the untouched base.
        pub base: Vec<Verdict>,
        /// Checks on the reference; `None` when there is none.
        pub reference: Option<Vec<Verdict>>,
        /// Whether verdicts may rest on it.
        pub validity: Validity,
        /// What the newest audit of the task said when the run began; `None` when there was none.
        #[serde(default)]
        pub audit: Option<Box<TaskAudit>>,
        /// What of the base steers programs; `None` where nobody looked, as in older runs.
        #[serde(default)]
        pub steering: Option<Box<BaseSteering>>,
    }

    /// Whether verdicts may rest on a task.
    #[derive(Eq)]
    #[serde(tag = "validity", rename_all = "snake_case")]
    pub enum Validity {
        /// The reference passes and the base fails.
        Valid,
        /// It counts, with a doubt.
        Weak {
            /// Why.
            reasons: Vec<String>,
        },
        /// It does not count.
        Invalid {
            /// Why.
            reasons: Vec<String>,
        },
    }

    /// What a run tells while it goes.
    #[serde(tag = "type", rename_all = "snake_case")]
    pub enum RunEvent {
        /// A task is being prepared and its checks tried on base and reference.
        TaskPreparing {
            /// Which.
            task: TaskId,
        },
        /// A task is ready.
        TaskReady {
            /// Which.
            task: TaskId,
            /// Whether it counts.
            validity: Validity,
        },
        /// An attempt started.
        TrialStarted {
            /// Which.
            key: TrialKey,
            /// From 1.
            attempt: u32,
        },
        /// A trial goes on: its assistant was told what failed.
        RoundStarted {
            /// Which.
            key: TrialKey,
            /// From 2.
            round: u32,
        },
        /// An attempt's cell takes its next step.
        TrialPhase {
            /// Which.
            key: TrialKey,
            /// The step.
            phase: Phase,
        },
        /// An assistant said something.
        TrialEvent {
            /// Which.
            key: TrialKey,
            /// Milliseconds since the attempt started.
            at_ms: u64,
            /// What.
            kind: EventKind,
        },
        /// An attempt was lost for a reason that is not the assistant's; another follows.
        AttemptLost {
            /// Which.
            key: TrialKey,
            /// Why.
            reason: String,
        },
        /// A trial is over.
        TrialFinished {
            /// Everything about it.
            trial: Box<TrialRecord>,
        },
        /// The run stands otherwise.
        StatusChanged {
            /// How.
            status: RunStatus,
        },
    }
}

impl TrialRecord {
    /// Returns what our meter saw, of all rounds that were metered.
    pub fn metered(&self) -> impl Iterator<Item = &Traffic> {
        let more = self.more.iter().map(|round| &round.traffic);
        std::iter::once(&self.traffic).chain(more).filter_map(|traffic| traffic.as_deref())
    }

    /// Returns the hosts that were asked for in any round.
    pub fn asked_for(&self) -> impl Iterator<Item = &Contact> {
        self.contacts.iter().chain(self.more.iter().flat_map(|round| &round.contacts))
    }

    /// Returns how many lines of the assistant's own stream could not be read, of all rounds.
    pub fn not_understood(&self) -> u64 {
        self.unparsed + self.more.iter().map(|round| round.unparsed).sum::<u64>()
    }
}

impl RoundRecord {
    /// Returns the wall seconds of the assistant; `None` when its cell died before it said how many.
    pub fn took(&self) -> Option<f64> {
        (self.ending.is_evidence() || self.seconds > 0.0).then_some(self.seconds)
    }
}

fn first_rules() -> u32 {
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_that_an_earlier_version_stored_still_opens() {
        let stored = r#"{"round":2,"feedback":"go on","ending":{"ending":"timed_out"},"outcome":null,"verdicts":[],
            "patch":null,"usage":{"input_uncached":null,"cache_read":null,"cache_write":null,"output":null,
            "reasoning":null,"requests":3,"source":"stream"},"cost":null,"seconds":9.0,"leftovers":[],"journals":[],
            "traffic":null}"#;
        let round: RoundRecord = serde_json::from_str(stored).unwrap();
        assert_eq!((round.limit.as_deref(), round.unparsed, round.ending), (None, 0, Ending::TimedOut));
    }
}
