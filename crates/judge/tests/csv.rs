//! Tables of somebody else: what is read, and what is refused with its place and a remedy.
#![expect(clippy::unwrap_used, reason = "a test may fail by panic")]

use fairtrial_judge::{TrialResult, from_csv, read_csv};
use proptest::prelude::*;

const HEAD: &str = "task,assistant,trial,outcome\n";

fn refused(text: &str, message: &str) {
    assert_eq!(read_csv(text).unwrap_err().to_string(), message, "{text:?}");
}

#[test]
fn a_table_is_read_whole() {
    let text = "\u{feff}Seconds,outcome,trial,assistant,task,cost\r\n1.5,pass,1,\"A \"\"x\"\", b\",t-1,0.25\r\n\r\n,infra,2,B,t-1,";
    let got = read_csv(text).unwrap();
    assert_eq!(got.len(), 2);
    assert_eq!(
        (got[0].line, got[0].assistant.as_str(), got[0].outcome),
        (2, "A \"x\", b", TrialResult::Pass)
    );
    assert_eq!((got[0].cost, got[0].seconds), (Some(0.25), Some(1.5)));
    assert_eq!(
        (got[1].line, got[1].cost, got[1].seconds, got[1].outcome),
        (4, None, None, TrialResult::Infra)
    );
}

#[test]
fn a_quoted_line_end_keeps_the_count_of_lines() {
    let got = read_csv(&format!("{HEAD}\"a\nb\",x,1,pass\nc,x,1,fail\n")).unwrap();
    assert_eq!((got[0].line, got[0].task.as_str(), got[1].line), (2, "a\nb", 4));
}

#[test]
fn a_table_without_its_first_line_is_refused() {
    refused("", "line 1: the table is empty; begin it with `task,assistant,trial,outcome`");
    refused(
        "task,trial,outcome\n",
        "line 1: column `assistant` is missing; the first line must name task, assistant, trial, outcome",
    );
    refused(
        "task,assistant,trial,outcome,mood\n",
        "line 1: column `mood` is not known; use task, assistant, trial, outcome, cost, seconds, answers",
    );
    refused("task,assistant,trial,outcome,Task\n", "line 1: column `task` stands twice; keep one");
    refused(HEAD, "line 2: there is no trial; write one line per trial");
}

#[test]
fn a_field_that_says_something_else_is_refused_with_its_place() {
    let costs = "task,assistant,trial,outcome,cost,seconds\n";
    refused(
        &format!("{HEAD}t,a,1,passed\n"),
        "line 2, column `outcome`: `passed` is no outcome; write pass, fail or infra",
    );
    refused(
        &format!("{HEAD}t,a,1,pass\nt,a,0,pass\n"),
        "line 3, column `trial`: `0` is no trial number; count from 1",
    );
    refused(&format!("{HEAD}t,,1,pass\n"), "line 2, column `assistant`: `` is no name; write one");
    for bad in ["-1", "NaN", "inf", "1e999", "\"1,5\"", "$3"] {
        let text = format!("{costs}t,a,1,pass,{bad},\n");
        let got = read_csv(&text).unwrap_err().to_string();
        assert!(
            got.contains("column `cost`") && got.ends_with("write digits with a point, or leave it empty"),
            "{got}"
        );
    }
    refused(&format!("{HEAD}t,a,1\n"), "line 2: 3 fields instead of 4; quote a field that holds a comma");
    refused(
        &format!("{HEAD}t,a,1,pass,9\n"),
        "line 2: 5 fields instead of 4; quote a field that holds a comma",
    );
}

#[test]
fn a_trial_that_stands_twice_is_refused() {
    refused(
        &format!("{HEAD}t,a,1,pass\nt,a,2,pass\nt,a,1,fail\n"),
        "line 4: trial 1 of `a` on `t` stands on line 2 already; number trials from 1",
    );
}

#[test]
fn broken_quotes_are_refused() {
    let remedy = "; write a quoted field as \"…\" with \"\" for a quote in it";
    refused(&format!("{HEAD}\"t,a,1,pass\n"), &format!("line 2: a quoted field does not end{remedy}"));
    refused(&format!("{HEAD}\"t\"x,a,1,pass\n"), &format!("line 2: text follows a closing quote{remedy}"));
    refused(&format!("{HEAD}t\"x,a,1,pass\n"), &format!("line 2: a quote stands inside a field{remedy}"));
}

#[test]
fn names_that_would_become_one_id_are_refused() {
    let trials = read_csv(&format!("{HEAD}Task 1,a,1,pass\ntask-1,a,1,pass\n")).unwrap();
    assert_eq!(
        from_csv(&trials, 0.1).unwrap_err().to_string(),
        "line 3, column `task`: `task-1` and `Task 1` differ only by case or signs; make them differ"
    );
    let trials = read_csv(&format!("{HEAD}t,\u{202e}…,1,pass\n")).unwrap();
    assert_eq!(
        from_csv(&trials, 0.1).unwrap_err().to_string(),
        "line 2, column `assistant`: `\\u{202e}…` is no name; write at most 64 characters with a letter a-z or a digit among them"
    );
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,60}", tail in "[\",\r\na1]{0,60}") {
        let _ = read_csv(&text);
        let _ = read_csv(&format!("{HEAD}{tail}"));
        if let Ok(trials) = read_csv(&format!("{HEAD}{text},{tail},1,pass\n")) {
            let _ = from_csv(&trials, 0.1);
        }
    }
}
