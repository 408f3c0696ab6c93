//! An invented run for tests: three sample assistants, two tasks, one trial each.

use std::collections::BTreeMap;

use fairtrial_domain::assistant::{Assistant, BackendKind};
use fairtrial_domain::bundle::Tier;
use fairtrial_domain::comparison::{
    Arm, Comparison, Conclusion, CostSum, Exclusion, Interval, NotWorse, Pair, VerdictPart, VerdictWords,
    WithheldReason,
};
use fairtrial_domain::id::{AssistantId, CheckId, Digest, RunId, SuiteId, TaskId, TrialKey};
use fairtrial_domain::outcome::{Ending, FailedTest, InfraFault, Location, Outcome, RuleId};
use fairtrial_domain::patch::{Content, FileChange, FileMode, Patch, PatchCounts, PatchRef, Side};
use fairtrial_domain::plan::{Budget, Plan, PlannedTask, Recording};
use fairtrial_domain::run::{RoundRecord, RunRecord, RunStatus, TaskFacts, TrialRecord, Validity};
use fairtrial_domain::score::{Score, ScoreId};
use fairtrial_domain::task::{CheckKind, TaskKind};
use fairtrial_domain::usage::{Cost, CostSource, Usage, UsageSource};
use fairtrial_domain::verdict::{TestResult, TestStatus, Verdict, VerdictStatus};

use crate::{ReportInput, TaskBrief};

/// Everything that a report is made of, owned.
pub(crate) struct Sample {
    pub(crate) run: RunRecord,
    pub(crate) tasks: Vec<TaskBrief>,
    pub(crate) facts: Vec<TaskFacts>,
    pub(crate) trials: Vec<TrialRecord>,
    pub(crate) comparison: Comparison,
    pub(crate) patches: BTreeMap<TrialKey, Patch>,
}

pub(crate) fn task(id: &str) -> TaskId {
    TaskId::parse(id).unwrap()
}

pub(crate) fn assistant(id: &str) -> AssistantId {
    AssistantId::parse(id).unwrap()
}

fn digest(c: char) -> Digest {
    Digest(std::iter::repeat_n(c, 64).collect())
}

/// A resolved trial.
pub(crate) fn trial(task_id: &str, who: &str, number: u32) -> TrialRecord {
    let test = |id: &str| TestResult { id: id.into(), status: TestStatus::Passed, message: String::new() };
    TrialRecord {
        key: TrialKey { task: task(task_id), assistant: assistant(who), trial: number },
        attempts: 1,
        ending: Ending::Finished,
        outcome: Some(Outcome::Resolved),
        verdicts: vec![Verdict {
            check: CheckId::parse("hidden").unwrap(),
            kind: CheckKind::FailToPass,
            status: VerdictStatus::Passed,
            tests: vec![test("test_total"), test("test_round")],
            findings: None,
            exit: Some(0),
            seconds: 0.4,
            output: "2 passed".into(),
            control: None,
        }],
        scores: vec![
            Score {
                id: ScoreId::FailToPass,
                value: Some(1.0),
                missing: None,
                formula: "2 of 2 tests pass".into(),
                evidence: vec![],
                source: "verdicts".into(),
            },
            Score {
                id: ScoreId::Similarity,
                value: None,
                missing: Some("no reference".into()),
                formula: "1 − d(patch, reference) / (d(base, patch) + d(base, reference))".into(),
                evidence: vec![],
                source: String::new(),
            },
        ],
        findings: vec![],
        patch: Some(PatchRef { digest: digest('c'), counts: PatchCounts { files: 1, added: 1, removed: 1 } }),
        flags: vec![],
        usage: Usage {
            input_uncached: Some(1200),
            output: Some(300),
            requests: Some(4),
            source: UsageSource::Simulated,
            ..Usage::default()
        },
        cost: Some(Cost { usd: 0.0125, source: CostSource::Simulated }),
        seconds: 12.25,
        tier: Some(Tier::Full),
        version: Some("1.0".into()),
        model: None,
        leftovers: vec![],
        journals: vec![],
        traffic: None,
        contacts: vec![],
        tier_reason: None,
        fenced: false,
        instruction_files: vec![],
        configuration: None,
        steered: None,
        bad_lines: 0,
        rules: fairtrial_judge::RULES,
        reference: None,
        overruled: vec![],
        earlier: vec![],
        unparsed: 0,
        limit: None,
        more: vec![],
        no_more: None,
    }
}

/// A second round that solved the task.
pub(crate) fn later_round() -> RoundRecord {
    RoundRecord {
        round: 2,
        feedback: "go on".into(),
        ending: Ending::Finished,
        outcome: Some(Outcome::Resolved),
        verdicts: vec![],
        patch: None,
        usage: Usage::default(),
        cost: Some(Cost { usd: 0.25, source: CostSource::Reported }),
        seconds: 30.0,
        leftovers: vec![],
        journals: vec![],
        traffic: None,
        contacts: vec![],
        flags: vec![],
        tier: Some(Tier::Full),
        earlier: vec![],
        limit: None,
        unparsed: 0,
    }
}

fn trials() -> Vec<TrialRecord> {
    let mut all: Vec<TrialRecord> = ["one", "two"]
        .into_iter()
        .flat_map(|task| ["aster", "birch", "cedar"].map(|who| trial(task, who, 1)))
        .collect();
    let failed = FailedTest { check: CheckId::parse("hidden").unwrap(), test: Some("test_round".into()) };
    all[1].outcome = Some(Outcome::Unresolved { failed: vec![failed] });
    all[1].verdicts[0].status = VerdictStatus::Failed;
    all[1].verdicts[0].tests[1].status = TestStatus::Failed;
    all[1].verdicts[0].tests[1].message = "assert 2.5 == 2".into();
    all[4].outcome = Some(Outcome::SetAside {
        rule: RuleId::FewerAssertions,
        at: Location { path: "tests/test_two.py".into(), line: Some(7) },
        because: "the test `test_total` asserts 1 time instead of 3".into(),
    });
    let lost = &mut all[5];
    lost.ending = Ending::Infra { fault: InfraFault::Cell, reason: "no space left".into() };
    (lost.outcome, lost.patch, lost.cost, lost.tier) = (None, None, None, None);
    lost.verdicts.clear();
    lost.scores.clear();
    lost.usage = Usage::default();
    lost.attempts = 2;
    all
}

pub(crate) fn interval(estimate: f64, low: f64, high: f64) -> Interval {
    Interval { estimate, low, high, level: 0.95, method: "Wilson with shrunk ICC".into(), n: 2 }
}

fn arm(who: &str, resolved: u32, trials: u32) -> Arm {
    let rate = f64::from(resolved) / f64::from(trials);
    Arm {
        assistant: assistant(who),
        sample: true,
        trials,
        resolved,
        tasks: trials,
        rate: Some(interval(rate, rate * 0.3, 0.5 + rate / 2.0)),
        cost_per_resolved: (resolved > 0).then_some(0.0125),
        cost: CostSum { usd: 0.0125 * f64::from(trials), unknown: 0, simulated: true },
        median_seconds: Some(12.25),
        infra: 2 - trials,
        cost_interval: None,
        pass_k: vec![],
        rounds: vec![],
    }
}

fn comparison() -> Comparison {
    let pair = |a: &str, b: &str| Pair {
        a: assistant(a),
        b: assistant(b),
        difference: Some(interval(0.5, -0.4, 1.0)),
        p: Some(0.5),
        p_adjusted: Some(1.0),
        infra_as_failed: None,
        conclusion: Conclusion::Undecided,
        tasks_needed: Some(30),
        p_as_failed: None,
        not_worse: NotWorse::default(),
        price: None,
        early: None,
        lost: None,
        by_repository: None,
        parts: vec![],
    };
    Comparison {
        arms: vec![arm("aster", 2, 2), arm("birch", 0, 2), arm("cedar", 1, 1)],
        pairs: vec![pair("aster", "birch"), pair("aster", "cedar"), pair("birch", "cedar")],
        verdict: VerdictWords {
            parts: vec![
                VerdictPart::Undecided {
                    a: assistant("aster"),
                    b: assistant("birch"),
                    tasks_needed: Some(30),
                },
                VerdictPart::Withheld { reason: WithheldReason::InfraAsymmetry },
            ],
            top: vec![assistant("aster"), assistant("cedar")],
            headline: "Which solves more is undecided: about 30 tasks would detect 10 points.".into(),
            sentences: vec![],
            details: vec![],
        },
        basis: None,
        strata: vec![],
        factors: None,
        weighted: None,
        votes: None,
        advice: None,
        fairness: vec![],
        cheating: vec![],
        excluded: vec![Exclusion {
            task: None,
            assistant: Some(assistant("cedar")),
            trials: 1,
            reason: "ended for a reason that is not the assistant's".into(),
        }],
        tasks: 2,
    }
}

fn plan() -> Plan {
    let one = |id: &str, title: &str| Assistant {
        sample: true,
        ..Assistant::new(assistant(id), title, BackendKind::Sample)
    };
    let planned = |id: &str| PlannedTask { id: task(id), digest: digest('d') };
    Plan {
        suite: SuiteId::parse("invoices").unwrap(),
        title: "Invoices".into(),
        suite_version: "1.0.0".into(),
        tasks: vec![planned("one"), planned("two")],
        assistants: vec![one("aster", "Aster"), one("birch", "Birch"), one("cedar", "Cedar")],
        trials: 1,
        seed: 42,
        margin: 0.1,
        budget: Budget::default(),
        looks: Default::default(),
        weights: None,
        rules: 0,
        recording: Recording::None,
        attempts: None,
        rounds: 1,
        tier: fairtrial_domain::bundle::TierChoice::Best,
        left_out: vec![],
    }
}

/// A patch that changes one line of one file.
pub(crate) fn patch(before: &str, after: &str) -> Patch {
    let side = |text: &str| Some(Side { mode: FileMode::Regular, content: Content::Text(text.into()) });
    Patch {
        files: vec![FileChange { path: "src/total.py".into(), before: side(before), after: side(after) }],
        flags: vec![],
    }
}

impl Sample {
    pub(crate) fn new() -> Sample {
        let brief = |id: &str, title: &str| TaskBrief {
            id: task(id),
            title: title.into(),
            instruction: "Round half to even.".into(),
            kind: TaskKind::BugFix,
            language: Some("python".into()),
        };
        let facts = |id: &str, validity| TaskFacts {
            task: task(id),
            base: vec![],
            reference: None,
            validity,
            audit: None,
            steering: None,
        };
        let patches = ["aster", "birch"].map(|who| {
            let key = TrialKey { task: task("one"), assistant: assistant(who), trial: 1 };
            (
                key,
                patch(
                    "def total(xs):\n    return sum(xs)\n",
                    &format!("def total(xs):\n    return {who}(xs)\n"),
                ),
            )
        });
        Sample {
            run: RunRecord {
                id: RunId::parse("20261122-160800-7f3a").unwrap(),
                plan: plan(),
                plan_hash: digest('7'),
                started: "2026-11-22T16:08:00Z".into(),
                ended: Some("2026-11-22T16:09:00Z".into()),
                status: RunStatus::Finished,
                app_version: "0.1.0".into(),
            },
            tasks: vec![brief("one", "Round totals"), brief("two", "Reject negative lines")],
            facts: vec![
                facts("one", Validity::Valid),
                facts("two", Validity::Weak { reasons: vec!["there is no reference".into()] }),
            ],
            trials: trials(),
            comparison: comparison(),
            patches: patches.into_iter().collect(),
        }
    }

    pub(crate) fn input(&self) -> ReportInput<'_> {
        ReportInput {
            run: &self.run,
            tasks: &self.tasks,
            facts: &self.facts,
            trials: &self.trials,
            comparison: &self.comparison,
            patches: &self.patches,
            generated: "2026-11-22T17:00:00Z",
            unfinished: false,
        }
    }

    /// The same with hostile text in every place that others can write.
    pub(crate) fn hostile(text: &str) -> Sample {
        let mut sample = Sample::new();
        let all = || text.to_owned();
        sample.run.plan.title = all();
        sample.run.plan.suite_version = all();
        for assistant in &mut sample.run.plan.assistants {
            (assistant.title, assistant.program, assistant.model) = (all(), Some(all()), Some(all()));
            (assistant.args, assistant.account) = (vec![all()], Some(all()));
        }
        for task in &mut sample.tasks {
            (task.title, task.instruction, task.language) = (all(), all(), Some(all()));
        }
        for facts in &mut sample.facts {
            facts.validity = Validity::Weak { reasons: vec![all()] };
        }
        for trial in &mut sample.trials {
            trial.ending = Ending::Crashed { reason: all() };
            let at = Location { path: all(), line: Some(1) };
            trial.outcome =
                Some(Outcome::SetAside { rule: RuleId::SkippedTest, at: at.clone(), because: all() });
            trial.version = Some(all());
            trial.leftovers = vec![all()];
            for verdict in &mut trial.verdicts {
                verdict.output = all();
                verdict.tests.iter_mut().for_each(|test| (test.id, test.message) = (all(), all()));
            }
            trial.scores.iter_mut().for_each(|score| {
                (score.formula, score.missing, score.evidence) = (all(), Some(all()), vec![at.clone()]);
            });
        }
        for patch in sample.patches.values_mut() {
            *patch = self::patch(&format!("x = 1 {text}\n"), &format!("x = 2 {text}"));
            patch.files[0].path = all();
        }
        sample.comparison.verdict.headline = all();
        sample.comparison.excluded[0].reason = all();
        sample
    }
}
