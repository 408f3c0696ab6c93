//! Finds tests that do not agree with themselves on one tree.

use std::collections::{BTreeMap, BTreeSet};

use fairtrial_domain::audit::FlakyTest;
use fairtrial_domain::id::CheckId;
use fairtrial_domain::task::{CheckKind, Task};
use fairtrial_domain::verdict::{TestStatus, Verdict};

use super::Gradings;
use crate::assess::checks::verdict_of;
use crate::quarantine::spare;

/// What is flaky.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Flaky {
    /// Tests, each once.
    pub(super) tests: Vec<FlakyTest>,
    /// Checks that differ although no test of theirs does: a sentence each.
    pub(super) whole: Vec<String>,
}

/// What a test did in each grading; `None` where it was not seen.
type Seen<'a> = BTreeMap<(&'a CheckId, &'a str), Vec<Option<TestStatus>>>;

pub(super) fn flaky(task: &Task, base: &Gradings, reference: &Gradings) -> Flaky {
    let (on_base, on_reference) = (seen(base), seen(reference));
    let names: BTreeSet<_> = on_base.keys().chain(on_reference.keys()).copied().collect();
    let mut found = Flaky::default();
    for name in names {
        let (a, b) = (on_base.get(&name), on_reference.get(&name));
        if a.is_some_and(|all| differ(all)) || b.is_some_and(|all| differ(all)) {
            found.tests.push(FlakyTest {
                check: name.0.clone(),
                test: name.1.to_owned(),
                base_passed: a.map_or(0, |all| passed(all)),
                reference_passed: b.map_or(0, |all| passed(all)),
            });
        }
    }
    for (tree, runs) in [("untouched base", base), ("reference", reference)] {
        let clean: Vec<Vec<Verdict>> = runs.iter().map(|run| spare(run, &found.tests)).collect();
        for check in task.checks.iter().filter(|check| check.kind != CheckKind::Lint) {
            let green = clean
                .iter()
                .filter(|run| verdict_of(run, &check.id).is_some_and(|verdict| verdict.status.passed()))
                .count();
            if green != 0 && green != clean.len() {
                found.whole.push(format!(
                    "check `{}` passes {green} of {} times on the {tree}, and no test of it says why",
                    check.id,
                    clean.len()
                ));
            }
        }
    }
    found
}

fn seen(runs: &Gradings) -> Seen<'_> {
    let mut seen = Seen::new();
    for (index, run) in runs.iter().enumerate() {
        for verdict in run {
            for test in &verdict.tests {
                let all =
                    seen.entry((&verdict.check, test.id.as_str())).or_insert_with(|| vec![None; runs.len()]);
                all[index] = Some(test.status);
            }
        }
    }
    seen
}

fn differ(all: &[Option<TestStatus>]) -> bool {
    all.windows(2).any(|pair| pair[0] != pair[1])
}

fn passed(all: &[Option<TestStatus>]) -> u32 {
    all.iter().filter(|one| **one == Some(TestStatus::Passed)).count().try_into().unwrap_or(u32::MAX)
}
