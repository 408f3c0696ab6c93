//! What is told, and above all what is not.

use fairtrial_domain::id::{Digest, TaskId};
use fairtrial_domain::outcome::{Location, RuleId};
use fairtrial_domain::task::{CheckKind, HiddenFile, Limits, Network, Repository, ResultFormat};
use fairtrial_domain::verdict::Control;

use super::*;

const HIDDEN: &str = "def test_total(self):\n    self.assertEqual(total([1, 2]), 3)\n";

fn task() -> Task {
    Task {
        id: TaskId::parse("t").unwrap(),
        title: "T".to_owned(),
        instruction: "Do it.".to_owned(),
        kind: TaskKind::BugFix,
        language: None,
        repository: Repository::Folder { path: "base".into() },
        setup: vec![],
        checks: ["hidden", "exit"].map(check).to_vec(),
        protected: vec![],
        allowed: vec![],
        forbidden: vec![],
        dependencies: None,
        hidden: vec![HiddenFile {
            path: "tests/t.py".into(),
            content: HIDDEN.as_bytes().to_vec(),
            executable: false,
        }],
        reference: None,
        requires: vec![],
        limits: Limits::default(),
        network: Network::None,
        readable: vec![],
        tests_may_change: false,
        digest: Digest("0".repeat(64)),
        directory: "t".into(),
    }
}

fn check(id: &str) -> Check {
    Check {
        id: CheckId::parse(id).unwrap(),
        kind: CheckKind::FailToPass,
        run: "true".to_owned(),
        format: ResultFormat::Pytest,
        report: None,
        tests: vec![],
        timeout_sec: 1.0,
        hidden: true,
    }
}

fn verdict(id: &str, tests: &[(&str, &str)], output: &str) -> Verdict {
    let test = |(id, message): &(&str, &str)| TestResult {
        id: (*id).to_owned(),
        status: TestStatus::Failed,
        message: (*message).to_owned(),
    };
    Verdict {
        check: CheckId::parse(id).unwrap(),
        kind: CheckKind::FailToPass,
        status: VerdictStatus::Failed,
        tests: tests.iter().map(test).collect(),
        findings: None,
        exit: Some(1),
        seconds: 1.0,
        output: output.to_owned(),
        control: Some(Control { altered: 1, turned: vec!["altered".into()], stood: vec![], exit: None }),
    }
}

fn unresolved(failed: &[(&str, Option<&str>)]) -> Outcome {
    let one = |(check, test): &(&str, Option<&str>)| FailedTest {
        check: CheckId::parse(check).unwrap(),
        test: test.map(str::to_owned),
    };
    Outcome::Unresolved { failed: failed.iter().map(one).collect() }
}

#[test]
fn a_failed_test_is_told_by_name_and_message_and_no_line_of_it_is() {
    let message = "Traceback (most recent call last):\n  File \"/tmp/x/tests/t.py\", line 2, in test_total\n    \
                   self.assertEqual(total([1, 2]), 3)\nAssertionError: 4 != 3\n";
    let verdicts = [verdict("hidden", &[("t.T.test_total", message)], HIDDEN)];
    let outcome = unresolved(&[("hidden", Some("t.T.test_total"))]);
    let replace = [("/tmp/x/".to_owned(), String::new())];
    assert_eq!(
        feedback(&task(), Some(&outcome), &verdicts, &replace),
        "The task is not done yet. With your change, these checks do not pass:\n\n\
         hidden:\n\
         - t.T.test_total: failed\n    \
             Traceback (most recent call last):\n      \
               File \"tests/t.py\", line 2, in test_total\n    \
             AssertionError: 4 != 3\n    \
             [1 lines of the tests left out]\n\n\
         Please go on in the same folder until the task is done as it was described. Do not change tests to make \
         them pass.\n"
    );
}

#[test]
fn a_check_without_tests_is_told_by_the_end_of_its_output() {
    let output = format!("{}\n>   self.assertEqual(total([1, 2]), 3)\nthe last word\n", "x".repeat(9000));
    let text = feedback(&task(), Some(&unresolved(&[("exit", None)])), &[verdict("exit", &[], &output)], &[]);
    assert!(text.contains("the last word") && text.contains("bytes left out"), "{text}");
    assert!(!text.contains("assertEqual") && !text.contains("altered"), "{text}");
}

#[test]
fn the_text_is_bounded_and_holds_no_secret() {
    let tests: Vec<(String, String)> =
        (0..40).map(|n| (format!("t{n}"), format!("key-5e0b {}", "é".repeat(5000)))).collect();
    let tests: Vec<(&str, &str)> = tests.iter().map(|(id, text)| (id.as_str(), text.as_str())).collect();
    let failed: Vec<(&str, Option<&str>)> = tests.iter().map(|(id, _)| ("hidden", Some(*id))).collect();
    let replace = [("key-5e0b".to_owned(), "***".to_owned()), (String::new(), "never".to_owned())];
    let text = feedback(&task(), Some(&unresolved(&failed)), &[verdict("hidden", &tests, "")], &replace);
    assert!(text.len() < MOST + 300 && text.contains("bytes left out"), "{}", text.len());
    assert!(!text.contains("key-5e0b") && text.contains("***") && !text.contains("never"));
}

#[test]
fn who_changed_nothing_is_told_so() {
    let text = feedback(&task(), Some(&Outcome::NoDiff), &[], &[]);
    assert!(text.starts_with("The task is not done yet. Nothing in the folder was changed"), "{text}");
}

#[test]
fn only_an_honest_end_without_success_is_asked_again() {
    let failed = unresolved(&[("hidden", None)]);
    let of = |ending: &Ending, outcome: Option<&Outcome>| next(&task(), ending, outcome);
    assert_eq!(of(&Ending::Finished, Some(&failed)), Next::Feedback);
    assert_eq!(of(&Ending::Finished, Some(&Outcome::NoDiff)), Next::Feedback);
    assert_eq!(of(&Ending::Finished, Some(&Outcome::Resolved)), Next::Nothing);
    assert_eq!(of(&Ending::Finished, None), Next::Nothing);
    assert!(matches!(of(&Ending::TimedOut, Some(&failed)), Next::Stop(_)));
    let at = Location { path: "a".into(), line: None };
    let aside = Outcome::SetAside { rule: RuleId::SkippedTest, at, because: String::new() };
    assert!(matches!(of(&Ending::Finished, Some(&aside)), Next::Stop(_)));
    let canary = Task { kind: TaskKind::Canary, ..task() };
    assert!(matches!(next(&canary, &Ending::Finished, Some(&failed)), Next::Stop(_)));
}
