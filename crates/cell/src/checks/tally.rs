//! Collects the tests of one reading: each once, contradictions as failures, numbers bounded.

use std::collections::HashMap;

use fairtrial_domain::verdict::{TestResult, TestStatus};

use super::{MAX_ID, MAX_MESSAGE, MAX_TESTS, Reading, head};

/// The tests seen so far.
#[derive(Debug, Default)]
pub(super) struct Tally {
    tests: Vec<TestResult>,
    index: HashMap<String, usize>,
    problem: Option<String>,
}

impl Tally {
    /// Adds a result; a different one for the same test makes it failed, for good.
    pub(super) fn add(&mut self, id: &str, status: TestStatus, message: &str) {
        let id = head(id.trim(), MAX_ID);
        if id.is_empty() {
            return;
        }
        if let Some(at) = self.index.get(id) {
            let seen = &mut self.tests[*at];
            if seen.status != status {
                if seen.message.is_empty() {
                    seen.message = "reported more than once, with different results".to_owned();
                }
                seen.status = TestStatus::Failed;
            }
            append(&mut seen.message, message);
        } else if self.tests.len() < MAX_TESTS {
            self.index.insert(id.to_owned(), self.tests.len());
            let message = head(message.trim_end(), MAX_MESSAGE).to_owned();
            self.tests.push(TestResult { id: id.to_owned(), status, message });
        } else {
            self.problem(format!("more than {MAX_TESTS} tests were reported"));
        }
    }

    /// Returns what a test counts as so far.
    pub(super) fn status(&self, id: &str) -> Option<TestStatus> {
        self.index.get(head(id.trim(), MAX_ID)).map(|at| self.tests[*at].status)
    }

    /// Adds words to the message of a test that failed; others have none.
    pub(super) fn explain(&mut self, id: &str, message: &str) {
        if let Some(at) = self.index.get(head(id.trim(), MAX_ID)) {
            let seen = &mut self.tests[*at];
            if seen.status != TestStatus::Passed {
                append(&mut seen.message, message);
            }
        }
    }

    /// Explains the failed tests whose name `matches`.
    pub(super) fn explain_where(&mut self, message: &str, matches: impl Fn(&str) -> bool) {
        for seen in &mut self.tests {
            if seen.status == TestStatus::Failed && seen.message.is_empty() && matches(&seen.id) {
                append(&mut seen.message, message);
            }
        }
    }

    /// Notes why the text is not the whole story; the first reason stays.
    pub(super) fn problem(&mut self, problem: impl Into<String>) {
        self.problem.get_or_insert_with(|| problem.into());
    }

    /// Returns how many tests were seen.
    pub(super) fn len(&self) -> usize {
        self.tests.len()
    }

    /// Returns how many tests have a status.
    pub(super) fn count(&self, status: TestStatus) -> usize {
        self.tests.iter().filter(|t| t.status == status).count()
    }

    /// Ends the reading.
    pub(super) fn done(self) -> Reading {
        Reading { tests: self.tests, findings: None, problem: self.problem }
    }
}

fn append(message: &mut String, more: &str) {
    let more = more.trim_end();
    if more.is_empty() || message.len() >= MAX_MESSAGE {
        return;
    }
    if !message.is_empty() {
        message.push('\n');
    }
    message.push_str(head(more, MAX_MESSAGE.saturating_sub(message.len())));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contradiction_is_a_failure_whatever_comes_first_or_last() {
        use TestStatus::{Failed, Passed, Skipped};
        for order in [[Passed, Failed, Passed], [Failed, Passed, Passed], [Passed, Skipped, Passed]] {
            let mut tally = Tally::default();
            order.iter().for_each(|s| tally.add("a", *s, ""));
            assert_eq!(tally.status("a"), Some(Failed), "{order:?}");
            assert_eq!(tally.len(), 1);
        }
    }

    #[test]
    fn messages_names_and_numbers_are_bounded() {
        let mut tally = Tally::default();
        let long = "é".repeat(5000);
        tally.add(&long, TestStatus::Failed, &long);
        tally.explain(&long, &long);
        for n in 0..MAX_TESTS + 5 {
            tally.add(&n.to_string(), TestStatus::Passed, "");
        }
        let reading = tally.done();
        assert_eq!(reading.tests.len(), MAX_TESTS);
        assert!(reading.tests[0].id.len() <= MAX_ID && reading.tests[0].message.len() <= MAX_MESSAGE + 1);
        assert_eq!(reading.problem.as_deref(), Some("more than 50000 tests were reported"));
    }
}
