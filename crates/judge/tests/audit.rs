//! What a task is worth, from gradings and findings: words in, words out.
#![expect(clippy::unwrap_used, reason = "a test may fail by panic")]

use fairtrial_domain::audit::{AuditStatus, FlakyTest, Mutant, MutantEnd, MutantKind, PointState};
use fairtrial_domain::id::{CheckId, Digest, TaskId};
use fairtrial_domain::outcome::{FailedTest, Location};
use fairtrial_domain::run::Validity;
use fairtrial_domain::task::{Check, CheckKind, Limits, Repository, ResultFormat, Task, TaskKind};
use fairtrial_domain::verdict::{Control, TestResult, TestStatus, Verdict, VerdictStatus};
use fairtrial_judge::audit::{Found, Repeated, mutant_end, repetition, with_audit, worth};
use fairtrial_judge::quarantine::{spare, spare_task};

fn task(tests: &[&str]) -> Task {
    Task {
        id: TaskId::parse("t").unwrap(),
        title: "T".to_owned(),
        instruction: "Do it.".to_owned(),
        kind: TaskKind::BugFix,
        language: None,
        repository: Repository::Folder { path: "base".into() },
        setup: vec![],
        checks: vec![Check {
            id: CheckId::parse("new").unwrap(),
            kind: CheckKind::FailToPass,
            run: "true".to_owned(),
            format: ResultFormat::Junit,
            report: None,
            tests: tests.iter().map(|t| (*t).to_owned()).collect(),
            timeout_sec: 9.0,
            hidden: true,
        }],
        protected: vec![],
        allowed: vec![],
        forbidden: vec![],
        dependencies: None,
        hidden: vec![],
        reference: Some(String::new()),
        requires: vec![],
        limits: Limits::default(),
        network: fairtrial_domain::task::Network::None,
        readable: vec![],
        tests_may_change: false,
        digest: Digest("0".repeat(64)),
        directory: "t".into(),
    }
}

/// A grading from words such as `a+ b-` for passed and failed.
fn graded(tests: &str) -> Vec<Verdict> {
    let tests: Vec<TestResult> = tests
        .split_whitespace()
        .map(|word| {
            let (id, sign) = word.split_at(word.len() - 1);
            let status = if sign == "+" { TestStatus::Passed } else { TestStatus::Failed };
            TestResult { id: id.to_owned(), status, message: String::new() }
        })
        .collect();
    let good = !tests.is_empty() && tests.iter().all(|t| t.status == TestStatus::Passed);
    vec![Verdict {
        check: CheckId::parse("new").unwrap(),
        kind: CheckKind::FailToPass,
        status: if good { VerdictStatus::Passed } else { VerdictStatus::Failed },
        tests,
        findings: None,
        exit: Some(i32::from(!good)),
        seconds: 1.0,
        output: String::new(),
        control: None,
    }]
}

fn all(gradings: &str) -> Vec<Vec<Verdict>> {
    gradings.split('|').map(graded).collect()
}

/// Gives base and reference gradings, divided by `|`, and says state by state what V1 to V3 find, and what is flaky.
fn check(base: &str, reference: &str, expected: &str) {
    let (base, reference) = (all(base), all(reference));
    let task = task(&[]);
    let seen = repetition(Repeated { task: &task, base: &base, reference: Ok(&reference) });
    let states: Vec<String> = seen.points.iter().map(|point| format!("{:?}", point.found)).collect();
    let flaky: Vec<String> = seen
        .quarantined
        .iter()
        .map(|one| format!("{} {}/{}", one.test, one.base_passed, one.reference_passed))
        .collect();
    assert_eq!(format!("{} [{}]", states.join(" "), flaky.join(", ")), expected, "{:?}", seen.points);
}

#[test]
fn a_task_that_agrees_with_itself_holds() {
    check("a-|a-|a-", "a+|a+|a+", "Holds Holds Holds []");
}

#[test]
fn a_flaky_test_is_set_apart_and_the_rest_decides() {
    check("a- c+|a- c-|a- c+", "a+ c+|a+ c-|a+ c+", "Holds Holds Doubt [c 2/2]");
    // Without anything else nothing decides.
    check("c-|c+|c-", "c+|c+|c+", "Broken Broken Doubt [c 1/3]");
}

#[test]
fn a_reference_that_fails_and_a_base_that_passes_are_broken() {
    check("a-|a-|a-", "a-|a-|a-", "Broken Holds Holds []");
    check("a+|a+|a+", "a+|a+|a+", "Holds Broken Holds []");
}

#[test]
fn a_check_that_is_flaky_as_a_whole_is_broken() {
    let (base, reference) = (all("a-|a-|a-"), all("a+|a+|a+"));
    let mut odd = reference.clone();
    odd[1][0].status = VerdictStatus::TimedOut;
    let task = task(&[]);
    let seen = repetition(Repeated { task: &task, base: &base, reference: Ok(&odd) });
    assert_eq!(seen.points[2].found, PointState::Broken);
    assert_eq!(
        seen.points[2].because,
        "check `new` passes 2 of 3 times on the reference, and no test of it says why"
    );
    assert!(!seen.stands());
}

#[test]
fn without_a_reference_a_task_is_weak_and_what_needs_one_is_missing() {
    let base = all("a-|a-|a-");
    let task = Task { reference: None, ..task(&[]) };
    let seen = repetition(Repeated { task: &task, base: &base, reference: Err(None) });
    let worth = worth(&task, &seen, &Found::default());
    assert_eq!(worth.status, AuditStatus::Weak);
    let states: Vec<PointState> = worth.points.iter().map(|point| point.found).collect();
    use PointState::{Doubt, Holds, Missing};
    assert_eq!(states, [Doubt, Holds, Holds, Missing, Missing, Missing]);
}

fn mutant(end: MutantEnd) -> Mutant {
    let at = Location { path: "a.py".to_owned(), line: Some(3) };
    Mutant { at, kind: MutantKind::Operator, before: "a < b".to_owned(), after: "a <= b".to_owned(), end }
}

/// Says what a task with so many killed, surviving and stillborn mutants is worth.
fn strength(killed: usize, survived: usize, stillborn: usize, expected: (AuditStatus, Option<f64>)) {
    let by = FailedTest { check: CheckId::parse("new").unwrap(), test: None };
    let ends = std::iter::repeat_n(MutantEnd::Killed { by }, killed)
        .chain(std::iter::repeat_n(MutantEnd::Survived, survived))
        .chain(std::iter::repeat_n(MutantEnd::Stillborn { reason: String::new() }, stillborn));
    let found = Found { leaks: Some(vec![]), unnamed: Some(vec![]), mutants: ends.map(mutant).collect() };
    let (base, reference, task) = (all("a-|a-|a-"), all("a+|a+|a+"), task(&[]));
    let seen = repetition(Repeated { task: &task, base: &base, reference: Ok(&reference) });
    let worth = worth(&task, &seen, &found);
    assert_eq!((worth.status, worth.strength), expected);
}

#[test]
fn six_of_ten_mutants_are_enough_and_five_are_weak() {
    strength(6, 4, 0, (AuditStatus::Valid, Some(0.6)));
    strength(5, 5, 0, (AuditStatus::Weak, Some(0.5)));
    // What does not compile says nothing about the tests.
    strength(3, 0, 7, (AuditStatus::Valid, Some(1.0)));
    strength(0, 2, 8, (AuditStatus::Valid, None));
}

#[test]
fn a_mutant_is_killed_by_a_test_survives_or_is_stillborn() {
    let end = |tests: &str| mutant_end(&task(&[]), &[], &graded("a- b+"), &graded("a+ b+"), &graded(tests));
    let by = |test: &str| MutantEnd::Killed {
        by: FailedTest { check: CheckId::parse("new").unwrap(), test: Some(test.to_owned()) },
    };
    assert_eq!(end("a- b+"), by("a"));
    assert_eq!(end("a+ b+"), MutantEnd::Survived);
    // A test that the reference passes and that is gone.
    assert_eq!(end("b+"), by("a"));
    assert!(matches!(end(""), MutantEnd::Stillborn { .. }));
}

#[test]
fn a_quarantined_test_neither_passes_nor_fails_a_check() {
    let check = CheckId::parse("new").unwrap();
    let flaky = [FlakyTest { check, test: "c".to_owned(), base_passed: 1, reference_passed: 1 }];
    let status = |tests: &str| spare(&graded(tests), &flaky)[0].status.clone();
    assert_eq!(status("a+ c-"), VerdictStatus::Passed);
    assert_eq!(status("a- c-"), VerdictStatus::Failed);
    assert_eq!(status("a- c+"), VerdictStatus::Failed);
    assert!(matches!(status("c+"), VerdictStatus::Invalid { .. }));
    let mut forged = graded("a+ c+");
    let both = || vec!["a".to_owned(), "c".to_owned()];
    forged[0].control = Some(Control { altered: 2, turned: both(), stood: both(), exit: Some(0) });
    let control = spare(&forged, &flaky)[0].control.clone().unwrap();
    assert_eq!((control.turned, control.stood), (vec!["a".to_owned()], vec!["a".to_owned()]));
    assert_eq!(spare_task(&task(&["a", "c"]), &flaky).checks[0].tests, ["a"]);
    assert_eq!(spare_task(&task(&["c"]), &flaky).checks, []);
    assert_eq!(spare_task(&task(&[]), &flaky).checks.len(), 1);
}

#[test]
fn a_run_holds_the_worse_of_what_it_saw_and_what_the_audit_says() {
    let weak = |reason: &str| Validity::Weak { reasons: vec![reason.to_owned()] };
    let invalid = |reason: &str| Validity::Invalid { reasons: vec![reason.to_owned()] };
    let why = ["why".to_owned()];
    assert_eq!(with_audit(Validity::Valid, AuditStatus::Valid, &[]), Validity::Valid);
    assert_eq!(with_audit(Validity::Valid, AuditStatus::Weak, &why), weak("why"));
    assert_eq!(with_audit(weak("seen"), AuditStatus::Leaked, &why), invalid("why"));
    assert_eq!(with_audit(invalid("seen"), AuditStatus::Weak, &why), invalid("seen"));
    assert_eq!(with_audit(weak("why"), AuditStatus::Weak, &why), weak("why"));
}
