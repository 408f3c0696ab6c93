//! Scores a task before any assistant: its reference must pass, its untouched base must fail.
//!
//! **Invariant:** a task that is invalid never enters a verdict.

use fairtrial_domain::run::Validity;
use fairtrial_domain::task::{CheckKind, Task, TaskKind};
use fairtrial_domain::verdict::Verdict;

use crate::assess::checks::{failures, untrusted, verdict_of};

/// Returns whether verdicts may rest on `task`, from its checks on the untouched base and on its reference.
///
/// The base must fail at least one fail-to-pass check and pass what must keep passing; the reference must pass
/// everything. A canary has no solution: it must fail on the base, and a reference that passes unmasks it.
/// Without a reference, or without a check that fails on the base, a task is weak.
pub fn validity(task: &Task, base: &[Verdict], reference: Option<&[Verdict]>) -> Validity {
    let Doubts { mut wrong, mut doubts } = of_base(task, base);
    let Doubts { wrong: more, doubts: others } = of_reference(task, base, reference);
    wrong.extend(more);
    doubts.extend(others);
    if !wrong.is_empty() {
        Validity::Invalid { reasons: wrong }
    } else if !doubts.is_empty() {
        Validity::Weak { reasons: doubts }
    } else {
        Validity::Valid
    }
}

/// What speaks against a task.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Doubts {
    /// It cannot count.
    pub(crate) wrong: Vec<String>,
    /// It counts less.
    pub(crate) doubts: Vec<String>,
}

/// Returns what the checks on the untouched base say against `task`.
pub(crate) fn of_base(task: &Task, base: &[Verdict]) -> Doubts {
    let mut found = Doubts::default();
    judge_base(task, base, &mut found.wrong, &mut found.doubts);
    found
}

/// Returns what the checks on the reference, or its absence, say against `task`.
pub(crate) fn of_reference(task: &Task, base: &[Verdict], reference: Option<&[Verdict]>) -> Doubts {
    let mut found = Doubts::default();
    match reference {
        Some(verdicts) => judge_reference(task, base, verdicts, &mut found.wrong),
        None if task.kind == TaskKind::Canary => {}
        None => found.doubts.push("no reference patch shows that the task can be solved".to_owned()),
    }
    found
}

fn judge_base(task: &Task, base: &[Verdict], wrong: &mut Vec<String>, doubts: &mut Vec<String>) {
    if !task.checks.iter().any(|check| check.hidden) {
        doubts.push("no hidden check: it shows what broke, not what is solved".to_owned());
    }
    let mut decides = false;
    let mut fails = false;
    for check in &task.checks {
        let id = &check.id;
        let Some(verdict) = verdict_of(base, id) else {
            wrong.push(format!("check `{id}` left no verdict on the untouched base"));
            continue;
        };
        if let Some(reason) = untrusted(verdict) {
            wrong.push(format!("check `{id}` cannot be trusted on the untouched base: {reason}"));
            continue;
        }
        let failed = failures(check, verdict, None);
        match check.kind {
            CheckKind::FailToPass => {
                decides = true;
                fails |= !failed.is_empty();
            }
            CheckKind::PassToPass if failed.is_empty() => {}
            CheckKind::PassToPass if check.tests.is_empty() && verdict.tests.iter().any(passed) => {
                doubts.push(format!(
                    "check `{id}`: {} fail on the untouched base and do not count",
                    failed.len()
                ));
            }
            CheckKind::PassToPass => {
                wrong.push(format!("check `{id}` must pass on the untouched base and fails"))
            }
            CheckKind::Build | CheckKind::Lint | CheckKind::Custom => {
                fails |= !failed.is_empty() && check.hidden
            }
        }
    }
    match (decides, fails) {
        (_, true) => {}
        (true, false) => wrong.push("every fail-to-pass check passes on the untouched base".to_owned()),
        (false, false) if task.kind == TaskKind::Canary => {
            wrong.push("a canary needs a check that fails on the untouched base".to_owned());
        }
        (false, false) => doubts.push("no check fails on the untouched base".to_owned()),
    }
}

fn passed(test: &fairtrial_domain::verdict::TestResult) -> bool {
    test.status == fairtrial_domain::verdict::TestStatus::Passed
}

fn judge_reference(task: &Task, base: &[Verdict], reference: &[Verdict], wrong: &mut Vec<String>) {
    let mut all_passed = true;
    for check in &task.checks {
        let id = &check.id;
        let before = verdict_of(base, id).filter(|_| check.kind == CheckKind::PassToPass);
        let trouble = match verdict_of(reference, id) {
            None => Some(format!("check `{id}` left no verdict on the reference")),
            Some(verdict) => match untrusted(verdict) {
                Some(reason) => Some(format!("check `{id}` cannot be trusted on the reference: {reason}")),
                None => failures(check, verdict, before).first().map(|first| match &first.test {
                    Some(test) => format!("the reference fails test `{test}` of check `{id}`"),
                    None => format!("the reference fails check `{id}`"),
                }),
            },
        };
        all_passed &= trouble.is_none();
        wrong.extend(trouble.filter(|_| task.kind != TaskKind::Canary));
    }
    if task.kind == TaskKind::Canary && all_passed {
        wrong.push("its reference passes, so its specification is not contradictory".to_owned());
    }
}
