//! Takes flaky tests out of what is judged.
//!
//! **Invariant:** a quarantined test can neither pass nor fail anything; what else a check found stays as it is.

use fairtrial_domain::audit::FlakyTest;
use fairtrial_domain::task::Task;
use fairtrial_domain::verdict::{TestStatus, Verdict, VerdictStatus};

/// Returns the task without the names of quarantined tests. A check that names nothing else is gone.
pub fn spare_task(task: &Task, quarantined: &[FlakyTest]) -> Task {
    let mut spared = task.clone();
    spared.checks.retain_mut(|check| {
        let (format, id) = (check.format, check.id.clone());
        let named = check.tests.len();
        let out = |wanted: &String| {
            quarantined.iter().any(|flaky| flaky.check == id && format.means(wanted, &flaky.test))
        };
        check.tests.retain(|wanted| !out(wanted));
        named == 0 || !check.tests.is_empty()
    });
    spared
}

/// Returns the verdicts without quarantined tests. A check that failed by these alone passed; one whose every test is
/// quarantined says nothing.
pub fn spare(verdicts: &[Verdict], quarantined: &[FlakyTest]) -> Vec<Verdict> {
    verdicts.iter().map(|verdict| spare_one(verdict, quarantined)).collect()
}

fn spare_one(verdict: &Verdict, quarantined: &[FlakyTest]) -> Verdict {
    let mut spared = verdict.clone();
    let out = |id: &str| quarantined.iter().any(|flaky| flaky.check == verdict.check && flaky.test == id);
    spared.tests.retain(|test| !out(&test.id));
    if let Some(control) = &mut spared.control {
        // By chance it may have turned on one tree and stood on the other, which would look like a forgery.
        control.turned.retain(|id| !out(id));
        control.stood.retain(|id| !out(id));
    }
    if spared.tests.len() == verdict.tests.len() {
        return spared;
    }
    let any = |verdict: &Verdict, status| verdict.tests.iter().any(|test| test.status == status);
    if spared.tests.is_empty() {
        spared.status = VerdictStatus::Invalid { reason: "every test of it is quarantined".to_owned() };
    } else if verdict.status == VerdictStatus::Failed
        && any(verdict, TestStatus::Failed)
        && !any(&spared, TestStatus::Failed)
        && any(&spared, TestStatus::Passed)
    {
        spared.status = VerdictStatus::Passed;
    }
    spared
}
