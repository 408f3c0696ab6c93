//! Reads verdicts test by test: what failed, what broke, and what cannot be trusted.

use std::collections::HashSet;

use fairtrial_domain::id::CheckId;
use fairtrial_domain::outcome::FailedTest;
use fairtrial_domain::task::{Check, CheckKind};
use fairtrial_domain::verdict::{TestStatus, Verdict, VerdictStatus};

/// Returns the verdict of a check; the last one where there are several.
pub(crate) fn verdict_of<'a>(verdicts: &'a [Verdict], check: &CheckId) -> Option<&'a Verdict> {
    verdicts.iter().rev().find(|verdict| verdict.check == *check)
}

/// Why the checks give no outcome or number, as a sentence fragment for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Missing(pub(crate) String);

/// Returns why a check's results say nothing; `None` when they count.
///
/// A command that failed before any test ran is a failure like another: code that does not import or compile
/// leaves exactly this.
pub(crate) fn untrusted(verdict: &Verdict) -> Option<&str> {
    match &verdict.status {
        VerdictStatus::Invalid { reason } => {
            let broke_early = verdict.tests.is_empty() && verdict.exit != Some(0);
            (!broke_early).then_some(reason.as_str())
        }
        VerdictStatus::Passed | VerdictStatus::Failed | VerdictStatus::TimedOut => None,
    }
}

fn ids(verdict: &Verdict, status: TestStatus) -> HashSet<&str> {
    verdict.tests.iter().filter(|t| t.status == status).map(|t| t.id.as_str()).collect()
}

/// Returns the tests that passed and did not fail under the same name.
pub(crate) fn passing(verdict: &Verdict) -> HashSet<&str> {
    let failed = ids(verdict, TestStatus::Failed);
    ids(verdict, TestStatus::Passed).into_iter().filter(|id| !failed.contains(id)).collect()
}

/// Returns whether a test that a task names is among `passing`, and no test that the name also means failed.
pub(crate) fn shows(check: &Check, verdict: &Verdict, passing: &HashSet<&str>, wanted: &str) -> bool {
    passing.contains(wanted) || {
        let mut meant = verdict.tests.iter().filter(|t| check.format.means(wanted, &t.id)).peekable();
        meant.peek().is_some() && meant.all(|t| passing.contains(t.id.as_str()))
    }
}

/// Returns the tests that a check requires: those it names, else for a check that must keep passing those that
/// passed on the base, else every test seen, in a stable order.
pub(crate) fn required<'a>(
    check: &'a Check,
    verdict: &'a Verdict,
    base: Option<&'a Verdict>,
) -> Vec<&'a str> {
    let mut seen = HashSet::new();
    let listed = check.tests.iter().map(String::as_str);
    let tests: Vec<&str> = match (check.tests.is_empty(), check.kind, base) {
        (false, _, _) => listed.collect(),
        (true, CheckKind::PassToPass, Some(base)) => {
            let passed = passing(base);
            base.tests.iter().map(|t| t.id.as_str()).filter(|id| passed.contains(id)).collect()
        }
        (true, _, _) => {
            verdict.tests.iter().filter(|t| t.status != TestStatus::Skipped).map(|t| t.id.as_str()).collect()
        }
    };
    tests.into_iter().filter(|id| seen.insert(*id)).collect()
}

/// Returns what `check` requires and `verdict` does not show as passed. With the verdict on the untouched base,
/// a check that must keep passing counts new failures only.
pub(crate) fn failures(check: &Check, verdict: &Verdict, base: Option<&Verdict>) -> Vec<FailedTest> {
    let failed = |test: Option<&str>| FailedTest { check: check.id.clone(), test: test.map(str::to_owned) };
    let known_red = match check.kind {
        CheckKind::PassToPass | CheckKind::Lint => base.is_some_and(|base| !base.status.passed()),
        CheckKind::FailToPass | CheckKind::Build | CheckKind::Custom => false,
    };
    let passed = passing(verdict);
    let before = base.filter(|_| check.kind == CheckKind::PassToPass).map(|base| (base, passing(base)));
    let missing: Vec<FailedTest> = required(check, verdict, base)
        .into_iter()
        .filter(|id| !shows(check, verdict, &passed, id))
        .filter(|id| before.as_ref().is_none_or(|(base, green)| shows(check, base, green, id)))
        .map(|id| failed(Some(id)))
        .collect();
    if !missing.is_empty() {
        return missing;
    }
    // Tests that were red or absent on the base explain a red run in which every green one still passes.
    let explained = before.is_some_and(|(_, green)| {
        let failed = ids(verdict, TestStatus::Failed);
        !green.is_empty() && failed.iter().any(|id| !green.contains(id))
    });
    match verdict.status {
        VerdictStatus::Passed => vec![],
        VerdictStatus::Failed if explained => vec![],
        VerdictStatus::Failed | VerdictStatus::TimedOut | VerdictStatus::Invalid { .. } if known_red => {
            vec![]
        }
        VerdictStatus::Failed | VerdictStatus::TimedOut | VerdictStatus::Invalid { .. } => vec![failed(None)],
    }
}

/// Returns the tests that the reference passes and `verdict` does not show as passed, where a check that names no
/// test decides. Code under test runs in the runner's process: it can end that early and print results of its own,
/// but it cannot know names that nobody showed it.
pub(crate) fn unseen(check: &Check, verdict: &Verdict, reference: Option<&Verdict>) -> Vec<FailedTest> {
    let decides = check.kind == CheckKind::FailToPass && check.tests.is_empty();
    let Some(reference) = reference.filter(|reference| decides && reference.status.passed()) else {
        return vec![];
    };
    let (wanted, passed) = (passing(reference), passing(verdict));
    let ids = reference.tests.iter().map(|test| test.id.as_str());
    let mut once = HashSet::new();
    ids.filter(|id| wanted.contains(id) && !passed.contains(id) && once.insert(*id))
        .map(|id| FailedTest { check: check.id.clone(), test: Some(id.to_owned()) })
        .collect()
}
