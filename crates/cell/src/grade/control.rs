//! Says what a check's second run, with altered expectations, showed.

use std::collections::HashMap;

use fairtrial_domain::verdict::{Control, TestStatus, Verdict};

/// Compares a check that passed with the same check with altered expectations. Tests that the second run does not
/// name are in neither list: a runner may stop at the first failure.
pub(super) fn control(altered: u64, passed: &Verdict, again: &Verdict) -> Control {
    let now: HashMap<&str, TestStatus> =
        again.tests.iter().map(|test| (test.id.as_str(), test.status)).collect();
    let which = |status: TestStatus| {
        let tests = passed.tests.iter().filter(|test| test.status == TestStatus::Passed);
        tests.filter(|test| now.get(test.id.as_str()) == Some(&status)).map(|test| test.id.clone()).collect()
    };
    Control { altered, turned: which(TestStatus::Failed), stood: which(TestStatus::Passed), exit: again.exit }
}
