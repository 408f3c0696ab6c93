//! The independent reader in docs comes to the same verdict from the exported JSON.

use std::fs;
use std::process::Command;

use fairtrial_domain::bundle::Tier;
use fairtrial_domain::comparison::{Comparison, Conclusion, Standing};
use fairtrial_domain::outcome::{Ending, InfraFault, Outcome};
use fairtrial_domain::plan::PlannedTask;
use fairtrial_domain::run::{TaskFacts, TrialRecord, Validity};
use fairtrial_domain::task::TaskKind;
use fairtrial_judge::{ArmEntry, ComparisonInput, Design, TaskEntry, TrialEntry, compare};

use super::sample::{Sample, assistant, task, trial};
use crate::{ReportInput, TaskBrief, json};

/// A run of three assistants on `rows[0].len()` tasks: `p` passed, `f` failed, `i` lost; each letter is two trials.
fn run(rows: [&str; 3]) -> (Sample, Vec<TaskBrief>, Vec<TaskFacts>) {
    let mut sample = Sample::new();
    let names: Vec<String> = (0..rows[0].len()).map(|at| format!("t{at}")).collect();
    sample.run.plan.trials = 2;
    sample.run.plan.tasks = names
        .iter()
        .map(|name| PlannedTask { id: task(name), digest: sample.run.plan_hash.clone() })
        .collect();
    sample.trials.clear();
    for (who, row) in ["aster", "birch", "cedar"].into_iter().zip(rows) {
        for (name, letter) in names.iter().zip(row.chars()) {
            sample.trials.extend((1..=2).map(|n| ended(trial(name, who, n), letter, n)));
        }
    }
    let brief = |name: &String| TaskBrief {
        id: task(name),
        title: name.clone(),
        instruction: String::new(),
        kind: TaskKind::BugFix,
        language: None,
    };
    let facts = vec![TaskFacts {
        task: task("t0"),
        validity: Validity::Invalid { reasons: vec!["the reference fails".into()] },
        ..sample.facts[0].clone()
    }];
    let briefs = names.iter().map(brief).collect();
    (sample, briefs, facts)
}

fn ended(mut record: TrialRecord, letter: char, n: u32) -> TrialRecord {
    record.tier = Some(Tier::Full);
    (record.ending, record.outcome) = match letter {
        'p' => (Ending::Finished, Some(Outcome::Resolved)),
        'm' if n == 1 => (Ending::Finished, Some(Outcome::Resolved)),
        'i' if n == 1 => (Ending::Infra { fault: InfraFault::Cell, reason: "full".into() }, None),
        _ => (Ending::Finished, Some(Outcome::NoDiff)),
    };
    record
}

fn compared(sample: &Sample, briefs: &[TaskBrief]) -> Comparison {
    compare(&ComparisonInput {
        tasks: briefs
            .iter()
            .map(|brief| TaskEntry {
                id: brief.id.clone(),
                validity: if brief.id == task("t0") {
                    Validity::Invalid { reasons: vec![] }
                } else {
                    Validity::Valid
                },
                canary: false,
                graded: true,
                kind: brief.kind,
                repository: None,
            })
            .collect(),
        assistants: ["aster", "birch", "cedar"]
            .map(|who| ArmEntry {
                id: assistant(who),
                title: who.into(),
                sample: true,
                own_login: false,
                tool: None,
                model: None,
            })
            .to_vec(),
        trials: sample.trials.iter().filter_map(TrialEntry::of).collect(),
        margin: sample.run.plan.margin,
        planned_trials: 2,
        finished: true,
        design: Design {
            standing: Standing::PreRegistered { plan: sample.run.plan_hash.clone() },
            ..Design::default()
        },
    })
}

/// Runs the reader and returns whether it agrees, with its words.
fn read(
    sample: &Sample,
    briefs: &[TaskBrief],
    facts: &[TaskFacts],
    python: &str,
    comparison: &Comparison,
) -> (bool, String) {
    let input = ReportInput { tasks: briefs, facts, comparison, ..sample.input() };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.json");
    fs::write(&file, serde_json::to_string(&json(&input)).unwrap()).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/verify_comparison.py");
    let output = Command::new(python).arg(script).arg(&file).output().unwrap();
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    (output.status.success(), said.concat())
}

/// `make test` names the Python that has scipy; without it nothing is claimed.
#[test]
fn an_independent_reader_comes_to_the_same_verdict() {
    let Ok(python) = std::env::var("FAIRTRIAL_READER") else {
        println!("SKIP: FAIRTRIAL_READER names no Python with scipy");
        return;
    };
    for rows in [
        ["fpppppppppppp", "fffffmffffffp", "pppppmpppfppp"],
        ["fpppppppipppp", "pfffiffffffff", "pmpmpmpmpmpmp"],
        ["ppppp", "fffff", "fpfpf"],
    ] {
        let (sample, briefs, facts) = run(rows);
        let comparison = compared(&sample, &briefs);
        let (agrees, said) = read(&sample, &briefs, &facts, &python, &comparison);
        assert!(agrees, "{rows:?}: {said}");
        let mut other = comparison.clone();
        other.pairs[0].p = other.pairs[0].p.map(|p| p + 1e-5);
        assert!(!read(&sample, &briefs, &facts, &python, &other).0, "a p that is off is seen");
        let mut other = comparison;
        other.pairs[0].conclusion = Conclusion::Equivalent;
        assert!(!read(&sample, &briefs, &facts, &python, &other).0, "another word is seen");
    }
}
