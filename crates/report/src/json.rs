//! A run as data for other programs.

use fairtrial_domain::bundle::Tier;
use fairtrial_domain::comparison::Comparison;
use fairtrial_domain::id::{AssistantId, Digest, TaskId};
use fairtrial_domain::network::Contact;
use fairtrial_domain::outcome::{Ending, Outcome};
use fairtrial_domain::patch::{CaptureFlag, PatchRef};
use fairtrial_domain::run::{EarlierOutcome, RoundRecord, RunRecord, TaskFacts, TrialRecord};
use fairtrial_domain::score::{Finding, Overruling, Score};
use fairtrial_domain::steering::Steered;
use fairtrial_domain::task::TaskKind;
use fairtrial_domain::traffic::Traffic;
use fairtrial_domain::usage::{Cost, Usage};
use fairtrial_domain::verdict::Verdict;
use fairtrial_judge::{TrialEntry, TrialResult};

use crate::{ReportInput, notes, words};

/// The version of [`RunJson`]: a larger one may remove or change fields, the same one only adds.
pub const SCHEMA: u32 = 1;

fairtrial_domain::values! {
    /// A run with everything that its report rests on.
    pub struct RunJson {
        /// The version of this form.
        pub schema: u32,
        /// When it was made: RFC 3339, UTC.
        pub generated: String,
        /// True while trials are still to come.
        pub unfinished: bool,
        /// What a reader must know before the figures.
        pub notes: Vec<String>,
        /// SHA-256 of the plan's canonical JSON.
        pub plan_hash: Digest,
        /// The run with its plan.
        pub run: RunRecord,
        /// The tasks, in the plan's order.
        pub tasks: Vec<TaskJson>,
        /// Every trial that is over.
        pub trials: Vec<TrialJson>,
        /// What may be concluded.
        pub comparison: Comparison,
    }

    /// A task.
    pub struct TaskJson {
        /// Its name.
        pub id: TaskId,
        /// One line for people.
        pub title: String,
        /// What the assistants were told.
        pub instruction: String,
        /// What sort of work it is.
        pub kind: TaskKind,
        /// The main language.
        pub language: Option<String>,
        /// What was known of it before its trials.
        pub facts: Option<TaskFacts>,
    }

    /// A trial.
    pub struct TrialJson {
        /// The task tried.
        pub task: TaskId,
        /// Who tried it.
        pub assistant: AssistantId,
        /// True for a bundled sample, whose figures are simulated.
        pub sample: bool,
        /// Which try, from 1.
        pub trial: u32,
        /// How many attempts it took.
        pub attempts: u32,
        /// How it ended.
        pub ending: Ending,
        /// What it is worth; `None` when it is no evidence.
        pub result: Option<Outcome>,
        /// What it was worth before it was judged again, oldest first.
        #[serde(default)]
        pub earlier: Vec<EarlierOutcome>,
        /// What reviewers said against rules, with their reasons.
        #[serde(default)]
        pub overruled: Vec<Overruling>,
        /// What it counts as.
        pub counts_as: Worth,
        /// Why, in plain sentences; empty when resolved.
        pub reasons: Vec<String>,
        /// Every check, test by test.
        pub verdicts: Vec<Verdict>,
        /// Every dimension with its formula and evidence.
        pub scores: Vec<Score>,
        /// What a reader should know.
        pub findings: Vec<Finding>,
        /// The patch's digest and size; `None` when none was captured.
        pub patch: Option<PatchRef>,
        /// Tokens and requests.
        pub usage: Usage,
        /// Money; `None` when unknown.
        pub cost: Option<Cost>,
        /// Wall seconds of the assistant.
        pub seconds: f64,
        /// The weaker isolation of work and grading.
        pub tier: Option<Tier>,
        /// The program's version, where it said so.
        pub version: Option<String>,
        /// The model that served it, where it said so.
        pub model: Option<String>,
        /// What capture left out.
        pub flags: Vec<CaptureFlag>,
        /// Processes that outlived the assistant.
        pub leftovers: Vec<String>,
        /// Hosts that were asked for, with what became of it, where a proxy stood between.
        #[serde(default)]
        pub contacts: Vec<Contact>,
        /// Why the isolation is not more, where it is not.
        #[serde(default)]
        pub tier_reason: Option<String>,
        /// Whether a control group bounded its memory; else memory was watched and not bounded.
        #[serde(default)]
        pub fenced: bool,
        /// Instruction files of assistants that the base holds.
        #[serde(default)]
        pub instruction_files: Vec<String>,
        /// SHA-256 over canonical JSON of what it was started with; `None` where it was not kept.
        #[serde(default)]
        pub configuration: Option<Digest>,
        /// What of the base steers this assistant; `None` where that is not known.
        #[serde(default)]
        pub steered: Option<Box<Steered>>,
        /// Lines of the journals that could not be read.
        #[serde(default)]
        pub bad_lines: u64,
        /// Lines of the assistant's own stream that could not be read, of all rounds; `more` has each round's own.
        pub unparsed: u64,
        /// The limit of ours that was reached; `None` when none was, or it was not kept.
        #[serde(default)]
        pub limit: Option<String>,
        /// What our meter saw of its model's traffic, and what left the machine; `None` when it was not metered.
        #[serde(default)]
        pub traffic: Option<Box<Traffic>>,
        /// Rounds after the first; everything above but `unparsed` is the first round's.
        #[serde(default)]
        pub more: Vec<RoundRecord>,
        /// Why no further round followed though the plan allows one and the task was not solved.
        #[serde(default)]
        pub no_more: Option<String>,
    }

    /// What a trial counts as in the comparison.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum Worth {
        /// Solved.
        Pass,
        /// Not solved.
        Fail,
        /// Lost to infrastructure: no evidence.
        Infra,
        /// The task's fault: no evidence.
        Invalid,
        /// No hidden check judged it.
        Ungraded,
        /// A person stopped it: no evidence.
        Cancelled,
    }
}

/// Returns the run as data.
pub fn json(input: &ReportInput<'_>) -> RunJson {
    let task = |task: &crate::TaskBrief| TaskJson {
        id: task.id.clone(),
        title: task.title.clone(),
        instruction: task.instruction.clone(),
        kind: task.kind,
        language: task.language.clone(),
        facts: input.facts.iter().find(|facts| facts.task == task.id).cloned(),
    };
    RunJson {
        schema: SCHEMA,
        generated: input.generated.to_owned(),
        unfinished: input.unfinished,
        notes: notes(input),
        plan_hash: input.run.plan_hash.clone(),
        run: input.run.clone(),
        tasks: input.tasks.iter().map(task).collect(),
        trials: input.trials.iter().map(|record| trial(input, record)).collect(),
        comparison: input.comparison.clone(),
    }
}

fn trial(input: &ReportInput<'_>, record: &TrialRecord) -> TrialJson {
    let sample = input.run.plan.assistants.iter().any(|a| a.id == record.key.assistant && a.sample);
    let record = record.clone();
    let unparsed = record.not_understood();
    TrialJson {
        sample,
        counts_as: worth(&record),
        reasons: words::reasons(&record),
        task: record.key.task,
        assistant: record.key.assistant,
        trial: record.key.trial,
        attempts: record.attempts,
        ending: record.ending,
        result: record.outcome,
        earlier: record.earlier,
        overruled: record.overruled,
        verdicts: record.verdicts,
        scores: record.scores,
        findings: record.findings,
        patch: record.patch,
        usage: record.usage,
        cost: record.cost,
        seconds: record.seconds,
        tier: record.tier,
        version: record.version,
        model: record.model,
        flags: record.flags,
        leftovers: record.leftovers,
        contacts: record.contacts,
        tier_reason: record.tier_reason,
        fenced: record.fenced,
        instruction_files: record.instruction_files,
        configuration: record.configuration,
        steered: record.steered,
        bad_lines: record.bad_lines,
        unparsed,
        limit: record.limit,
        traffic: record.traffic,
        more: record.more,
        no_more: record.no_more,
    }
}

fn worth(record: &TrialRecord) -> Worth {
    match TrialEntry::of(record).map(|entry| entry.result) {
        None => Worth::Cancelled,
        Some(TrialResult::Pass) => Worth::Pass,
        Some(TrialResult::Fail) => Worth::Fail,
        Some(TrialResult::Infra) => Worth::Infra,
        Some(TrialResult::Invalid) => Worth::Invalid,
        Some(TrialResult::Ungraded) => Worth::Ungraded,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::sample::{Sample, later_round};

    #[test]
    fn the_run_is_written_and_read_without_loss() {
        let sample = Sample::new();
        let run = json(&sample.input());
        let text = serde_json::to_string(&run).unwrap();
        assert_eq!(serde_json::from_str::<RunJson>(&text).unwrap(), run);
    }

    #[test]
    fn lines_that_nobody_understood_are_counted_over_all_rounds() {
        let mut sample = Sample::new();
        let mut later = later_round();
        later.unparsed = 2;
        (sample.trials[0].unparsed, sample.trials[0].more) = (1, vec![later]);
        let trial = &json(&sample.input()).trials[0];
        assert_eq!((trial.unparsed, trial.more[0].unparsed), (3, 2));
    }

    #[test]
    fn what_is_unknown_is_null_and_what_is_lost_says_why() {
        let sample = Sample::new();
        let value = serde_json::to_value(json(&sample.input())).unwrap();
        assert_eq!(value["schema"], 1);
        assert_eq!(value["plan_hash"], sample.run.plan_hash.0);
        let trial = |assistant: &str, task: &str| {
            let all = value["trials"].as_array().unwrap().iter();
            let mut found = all.filter(|t| t["assistant"] == assistant && t["task"] == task);
            found.next().unwrap().clone()
        };
        let lost = trial("cedar", "two");
        assert_eq!((&lost["counts_as"], &lost["cost"]), (&"infra".into(), &serde_json::Value::Null));
        assert_eq!(lost["reasons"][0], "not evidence: the cell, disk or machine failed: no space left");
        let aside = trial("birch", "two");
        assert_eq!(aside["result"]["at"]["path"], "tests/test_two.py");
        assert_eq!(aside["result"]["at"]["line"], 7);
    }
}
