//! What test runners print, read test by test: recordings, hostile text, and the verdicts that follow.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

use fairtrial_domain::id::CheckId;
use fairtrial_domain::task::{Check, CheckKind, ResultFormat};
use fairtrial_domain::verdict::{TestStatus, VerdictStatus};
use proptest::prelude::*;

use fairtrial_cell::checks::{MAX_OUTPUT, Ran, Reading, parse, read, tail, verdict};

/// One line a test, `+` passed, `-` failed, `~` skipped; then the problem.
fn shown(format: ResultFormat, text: &str) -> String {
    let reading = read(format, text);
    let mut out = String::new();
    for test in &reading.tests {
        let mark = match test.status {
            TestStatus::Passed => '+',
            TestStatus::Failed => '-',
            TestStatus::Skipped => '~',
        };
        out.push_str(&format!("{mark} {}\n", test.id));
    }
    if let Some(problem) = reading.problem {
        out.push_str(&format!("! {problem}\n"));
    }
    out
}

fn check(format: ResultFormat, text: &str, expected: &str) {
    assert_eq!(shown(format, text).trim(), expected.trim());
}

const NODE: &str = "
- /home/dev/app/broken.test.js
+ plain ok
- bad
~ skipme
~ todo one
+ suite a > x
- suite a > y
+ suite a > in > deep";

#[test]
fn nodes_tap_is_read_without_suites_and_files() {
    check(ResultFormat::Node, include_str!("../fixtures/node/20.20/tap.txt"), NODE);
}

#[test]
fn nodes_spec_says_the_same_and_a_printed_result_does_not_add_up() {
    let text = include_str!("../fixtures/node/20.20/spec.txt");
    let faked = NODE.replace("+ plain ok", "+ fake\n+ plain ok")
        + "\n! 5 passed and 3 failed, but the summary says 4 and 3";
    check(ResultFormat::Node, text, &faked);
    check(ResultFormat::Node, &text.replace("✔ fake (1ms)\n", ""), NODE);
}

#[test]
fn a_file_that_ran_no_test_is_no_passing_test() {
    check(ResultFormat::Node, "TAP version 13\n# Subtest: /a/b.test.js\nok 1 - /a/b.test.js\n1..1\n", "");
}

#[test]
fn unittest_is_read_with_doc_lines_prints_sub_tests_hooks_and_broken_modules() {
    check(
        ResultFormat::Pytest,
        include_str!("../fixtures/unittest/3.11/verbose.txt"),
        "
- test_a.S.setUpClass
- test_a.T.test_bad
+ test_a.T.test_doc
+ test_a.T.test_ok
~ test_a.T.test_skip
- test_a.T.test_sub
~ test_a.T.test_xf
- unittest.loader._FailedTest.test_b",
    );
}

#[test]
fn a_failure_of_unittest_carries_its_traceback() {
    let tests = parse(ResultFormat::Pytest, include_str!("../fixtures/unittest/3.11/verbose.txt"));
    let bad = tests.iter().find(|t| t.id == "test_a.T.test_bad").unwrap();
    assert!(bad.message.ends_with("AssertionError: 1 != 2"), "{}", bad.message);
}

#[test]
fn a_printed_ok_does_not_pass_a_failing_unittest() {
    let text = "test_x (m.T.test_x) ... ok\nFAIL\n\nFAIL: test_x (m.T.test_x)\n---\nRan 1 test in 0.1s\n";
    check(ResultFormat::Pytest, text, "- m.T.test_x");
    let glued = "test_x (m.T.test_x) ... printed, ok\nFAIL\n\nRan 1 test in 0.1s\n";
    check(ResultFormat::Pytest, glued, "- m.T.test_x");
}

#[test]
fn the_older_name_of_a_unittest_is_the_same_test() {
    check(ResultFormat::Pytest, "test_x (m.T) ... hellook\n\nRan 1 test in 0.1s\n", "+ m.T.test_x");
    assert!(ResultFormat::Pytest.means("test_x (m.T.test_x)", "m.T.test_x"));
    assert!(!ResultFormat::Pytest.means("test_x", "m.T.test_x"));
}

#[test]
fn pytest_is_read_in_verbose_summary_and_xdist_form() {
    let text = "\
============ test session starts ============
tests/test_a.py::test_one PASSED        [ 25%]
tests/test_a.py::TestB::test_two[a b] FAILED        [ 50%]
tests/test_a.py::test_three SKIPPED (later)     [ 75%]
tests/test_a.py::test_four hello
PASSED     [100%]
[gw1] [100%] PASSED tests/test_c.py::test_five
============ FAILURES ============
_____ TestB.test_two[a b] _____
>       assert 1 == 2
E       assert 1 == 2
============ short test summary info ============
FAILED tests/test_a.py::TestB::test_two[a b]
ERROR tests/test_d.py - SyntaxError: invalid
==== 1 failed, 3 passed, 1 skipped, 1 error in 0.02s ====
";
    check(
        ResultFormat::Pytest,
        text,
        "
+ tests/test_a.py::test_one
- tests/test_a.py::TestB::test_two[a b]
~ tests/test_a.py::test_three
+ tests/test_a.py::test_four
+ tests/test_c.py::test_five
- tests/test_d.py
! `tests/test_d.py` could not be collected",
    );
    let failed = parse(ResultFormat::Pytest, text).swap_remove(1);
    assert_eq!(failed.message, ">       assert 1 == 2\nE       assert 1 == 2");
}

#[test]
fn pytest_without_names_is_a_problem() {
    check(
        ResultFormat::Pytest,
        "tests/test_a.py ..F\n==== 1 failed, 2 passed in 0.1s ====\n",
        "! pytest counted 1 failed and 2 passed, but did not name them: use -v",
    );
}

const CARGO: &str = "
~ t::ig
+ t::ok
- t::bad
+ t::sp";

#[test]
fn cargo_is_read_and_prints_of_a_failing_test_are_no_results() {
    let text = include_str!("../fixtures/cargo/1.95/verbose.txt");
    check(ResultFormat::Cargo, text, CARGO);
    let bad = parse(ResultFormat::Cargo, text).swap_remove(2);
    assert!(bad.message.contains("assertion `left == right` failed"), "{}", bad.message);
}

#[test]
fn several_test_binaries_are_one_reading_and_a_broken_one_is_noted() {
    let text = "\
running 1 test
test a ... ok

test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s

running 2 tests
test b ... ok
error: test failed, to rerun pass `--test two`
";
    check(ResultFormat::Cargo, text, "+ a\n+ b\n! a test binary ended without a summary, after 1 of 2 tests");
    check(
        ResultFormat::Cargo,
        "error[E0308]: mismatched types\nerror: could not compile `c` (lib) due to 1 previous error\n",
        "! it did not compile: error: could not compile `c` (lib) due to 1 previous error",
    );
}

#[test]
fn a_printed_result_line_does_not_add_up() {
    let text = "\
running 1 test
test hidden ... ok
test hidden ... FAILED
test other ... ok
test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
";
    check(
        ResultFormat::Cargo,
        text,
        "- hidden\n+ other\n! 1 tests were announced, 3 reported, and 1 are in the summary",
    );
}

#[test]
fn go_is_read_as_json_and_verbose() {
    let json = r#"{"Action":"run","Package":"ex/a","Test":"TestX"}
{"Action":"output","Package":"ex/a","Test":"TestX","Output":"    a_test.go:3: no\n"}
{"Action":"fail","Package":"ex/a","Test":"TestX","Elapsed":0}
{"Action":"run","Package":"ex/a","Test":"TestY"}
{"Action":"pass","Package":"ex/a","Test":"TestY","Elapsed":0}
{"Action":"run","Package":"ex/a","Test":"TestZ"}
{"Action":"fail","Package":"ex/a","Elapsed":0.1}
"#;
    check(ResultFormat::Go, json, "- ex/a.TestX\n+ ex/a.TestY\n- ex/a.TestZ");
    assert_eq!(parse(ResultFormat::Go, json)[0].message, "    a_test.go:3: no");
    let verbose = "=== RUN   TestX\n    a_test.go:3: no\n--- FAIL: TestX (0.00s)\n=== RUN   TestY\n\
        === RUN   TestY/sub\n    --- PASS: TestY/sub (0.00s)\n--- PASS: TestY (0.00s)\nFAIL\nFAIL\tex/a\t0.002s\n";
    check(ResultFormat::Go, verbose, "- ex/a.TestX\n+ ex/a.TestY/sub\n+ ex/a.TestY");
    check(ResultFormat::Go, "FAIL\tex/a [build failed]\nFAIL\n", "! `ex/a` did not build");
    assert!(ResultFormat::Go.means("TestX", "ex/a.TestX") && !ResultFormat::Go.means("X", "ex/a.TestX"));
}

#[test]
fn junit_is_read_with_its_messages() {
    let text = r#"<?xml version="1.0"?><testsuites><testsuite tests="4" failures="1" errors="0">
<testcase classname="a.B" name="one" time="0"/>
<testcase classname="a.B" name="two"><failure message="1 &lt; 2">left &amp; right<![CDATA[ <raw>]]></failure></testcase>
<testcase name="three"><skipped/></testcase>
<testcase classname="a.B" name="one"><error message="teardown"/></testcase>
</testsuite></testsuites>"#;
    check(ResultFormat::Junit, text, "- a.B.one\n- a.B.two\n~ three");
    assert_eq!(parse(ResultFormat::Junit, text)[1].message, "1 < 2\nleft & right <raw>");
}

#[test]
fn a_junit_report_that_is_cut_nested_or_no_xml_is_a_problem() {
    check(
        ResultFormat::Junit,
        "<testsuite><testcase name=\"a\"/><testcase name=\"b\">",
        "+ a\n- b\n! the report is cut off",
    );
    check(ResultFormat::Junit, "", "! the report is cut off");
    check(ResultFormat::Junit, &"<a>".repeat(100_000), "! the report is nested more than 64 deep");
    check(
        ResultFormat::Junit,
        "<testsuite failures=\"2\"><testcase name=\"a\"/></testsuite>",
        "+ a\n! the report counts 2 failures and names none",
    );
    let bomb = "<!DOCTYPE x [<!ENTITY a \"&b;&b;\"><!ENTITY b \"&a;&a;\">]><testsuite><testcase name=\"&a;\"/></testsuite>";
    check(ResultFormat::Junit, bomb, "+ &a;");
}

#[test]
fn tap_knows_directives_plans_and_bail_outs() {
    check(ResultFormat::Tap, "1..3\nok 1 - a\nnot ok 2 - b # TODO x\nok 3 - c # skip y\n", "+ a\n~ b\n~ c");
    check(ResultFormat::Tap, "1..3\nok 1 - a\n", "+ a\n! 3 tests were planned and 1 reported");
    check(ResultFormat::Tap, "ok 1 - a\n", "+ a\n! the plan is missing");
    check(ResultFormat::Tap, "1..2\nok 1\nBail out! no disk\n", "+ 1\n! Bail out! no disk");
    check(ResultFormat::Tap, "1..2\nok 1 - a\nnot ok 2 - a\n", "- a");
}

fn of(format: ResultFormat, tests: &[&str], run: &str) -> Check {
    Check {
        id: CheckId::parse("c").unwrap(),
        kind: CheckKind::FailToPass,
        run: run.to_owned(),
        format,
        report: None,
        tests: tests.iter().map(|t| (*t).to_owned()).collect(),
        timeout_sec: 1.0,
        hidden: true,
    }
}

/// A verdict on TAP text as one word, or the reason for which it is invalid.
fn found(tests: &[&str], ran: Ran, text: &str) -> String {
    let check = of(ResultFormat::Tap, tests, "prove -v; runner");
    match verdict(&check, &read(ResultFormat::Tap, text), ran, text) {
        VerdictStatus::Passed => "passed".to_owned(),
        VerdictStatus::Failed => "failed".to_owned(),
        VerdictStatus::TimedOut => "timed out".to_owned(),
        VerdictStatus::Invalid { reason } => reason,
    }
}

#[test]
fn a_check_passes_only_by_tests_that_ran_and_an_exit_code_that_agrees() {
    let good = "1..1\nok 1 - a\n";
    let mixed = "1..2\nok 1 - a\nnot ok 2 - b\n";
    for (tests, ran, text, expected) in [
        (&[][..], Ran::Exit(0), good, "passed"),
        (&["a"], Ran::Exit(0), good, "passed"),
        (&["b"], Ran::Exit(0), good, "failed"),
        (&[], Ran::Exit(1), good, "every test passed, but the exit code is 1"),
        (&[], Ran::Killed, good, "failed"),
        (&[], Ran::TimedOut, good, "timed out"),
        (&[], Ran::Exit(1), mixed, "failed"),
        (&[], Ran::Exit(0), mixed, "failed"),
        (&["a"], Ran::Exit(1), mixed, "passed"),
        (&["b"], Ran::Exit(1), mixed, "failed"),
        (&[], Ran::Exit(0), "", "no test ran, yet the command succeeded"),
        (&[], Ran::Exit(0), "1..1\nok 1 - a # skip\n", "no test ran, yet the command succeeded"),
        (&["a"], Ran::Exit(0), "1..1\nok 1 - a # skip\n", "no test ran, yet the command succeeded"),
        (&[], Ran::Exit(1), "", "failed"),
        (
            &[],
            Ran::Exit(0),
            "1..2\nok 1 - a\n",
            "the command succeeded, but 2 tests were planned and 1 reported",
        ),
        (&[], Ran::Exit(2), "1..2\nok 1 - a\n", "failed"),
        (
            &[],
            Ran::Exit(127),
            "sh: 1: runner: not found\n",
            "`runner` is not on the PATH of the cell: name it under `requires`, or install it",
        ),
        (&[], Ran::Exit(127), "sh: 1: ./runner: not found\n", "failed"),
        (&[], Ran::Exit(127), "sh: 1: other: not found\n", "failed"),
    ] {
        assert_eq!(found(tests, ran, text), expected, "{tests:?} {ran:?} {text:?}");
    }
}

#[test]
fn a_tree_that_does_not_compile_fails_and_a_run_without_tests_is_invalid() {
    let broken = "error: could not compile `c` (lib) due to 1 previous error\n";
    let cargo = of(ResultFormat::Cargo, &[], "cargo test");
    let failed = verdict(&cargo, &read(ResultFormat::Cargo, broken), Ran::Exit(101), broken);
    assert_eq!(failed, VerdictStatus::Failed);
    let pytest = of(ResultFormat::Pytest, &[], "pytest -v");
    let none = verdict(&pytest, &Reading::default(), Ran::Exit(5), "");
    assert_eq!(none, VerdictStatus::Invalid { reason: "the runner found no test (exit code 5)".to_owned() });
    let named = of(ResultFormat::Pytest, &["a.py::t"], "pytest -v");
    assert_eq!(verdict(&named, &Reading::default(), Ran::Exit(5), ""), VerdictStatus::Failed);
    let conftest = verdict(&pytest, &Reading::default(), Ran::Exit(4), "ImportError while loading conftest");
    assert_eq!(conftest, VerdictStatus::Failed);
}

#[test]
fn the_exit_format_goes_by_the_code() {
    let exit = of(ResultFormat::Exit, &[], "make lint");
    for (ran, passed) in
        [(Ran::Exit(0), true), (Ran::Exit(1), false), (Ran::Killed, false), (Ran::TimedOut, false)]
    {
        assert_eq!(verdict(&exit, &Reading::default(), ran, "").passed(), passed, "{ran:?}");
    }
}

#[test]
fn the_end_of_an_output_starts_at_a_line() {
    let long = "é1234567\n".repeat(5000);
    let kept = tail(&long);
    assert!(kept.len() <= MAX_OUTPUT && kept.starts_with('é') && long.ends_with(&kept));
    assert!(tail(&"é".repeat(20_000)).len() <= MAX_OUTPUT);
}

const FORMATS: [ResultFormat; 7] = [
    ResultFormat::Junit,
    ResultFormat::Tap,
    ResultFormat::Pytest,
    ResultFormat::Cargo,
    ResultFormat::Node,
    ResultFormat::Go,
    ResultFormat::Exit,
];

#[test]
fn a_flood_is_read_in_linear_time() {
    for flood in
        ["(", "[", "test ", " ... ", "ok\n", "not ok - x # ", "    ", "✔ a (", "<", "\u{1b}[", "=== RUN \t"]
    {
        let text = flood.repeat((2 << 20) / flood.len());
        for format in FORMATS {
            let start = std::time::Instant::now();
            read(format, &text);
            assert!(start.elapsed().as_secs() < 20, "{format:?} {flood:?}");
        }
    }
}

/// Pieces of what runners print, in any order, with bytes between them.
fn hostile() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "test a ... ok\n",
        "test a ... FAILED\n",
        "running 2 tests\n",
        "running 18446744073709551615 tests\n",
        "test result: ok. 18446744073709551615 passed; 1 failed",
        "failures:\n",
        "---- a stdout ----\n",
        "ok 1 - a\n",
        "not ok",
        " # SKIP\n",
        "    ",
        "  ---\n",
        "1..99999999999999999999\n",
        "# Subtest: x\n",
        "✔ a (1ms)\n",
        "▶ s\n",
        "▶ s (1ms)\n",
        "✖ ",
        "ℹ pass 18446744073709551615\n",
        "test_x (m.T.test_x)",
        " ... ",
        "ok\n",
        "FAIL: test_x (m.T) (i=1)\n",
        "Ran 3 tests in 1s\n",
        "a.py::t PASSED [ 1%]\n",
        "____ a ____\n",
        "[gw0] [1%] FAILED a.py::t\n",
        "=== 1 failed in 1s ===\n",
        "--- FAIL: T (0.0s)\n",
        "=== RUN T\n",
        "FAIL\tp\n",
        "{\"Action\":\"run\",\"Test\":\"x\"}\n",
        "<testsuite errors='9'>",
        "<testcase name='a'>",
        "<failure message='&#xFFFFFFFF;'>",
        "</testcase>",
        "<![CDATA[",
        "\u{1b}[3",
        "é",
        "\r\n",
        "\0",
        ")",
        " (",
    ]);
    prop::collection::vec(prop_oneof![4 => pieces.prop_map(str::to_owned), 1 => "\\PC{0,12}"], 0..40)
        .prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn hostile_text_never_panics_and_names_each_test_once(text in hostile()) {
        for format in FORMATS {
            let tests = parse(format, &text);
            let mut names: Vec<_> = tests.iter().map(|t| &t.id).collect();
            names.sort();
            names.dedup();
            prop_assert_eq!(names.len(), tests.len());
        }
    }
}
