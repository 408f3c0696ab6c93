//! The real programs are told what failed and go on in the session that they had.

use fairtrial_tests::processes_of;
use serde_json::{Value, json};

use super::stage::{Stage, wrong_first};
use super::{no_key_is_kept, tests, trial};

/// Returns the sessions that the journals of a kind of start name, by what stands in their launch line.
fn sessions(stage: &Stage, argument: &str) -> Vec<String> {
    let kept = stage.kept();
    let texts = kept.iter().map(|(_, bytes)| String::from_utf8_lossy(bytes));
    let launched = |text: &str| text.lines().any(|l| l.contains("\"launched\"") && l.contains(argument));
    let of = |text: &str| {
        let records = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let mut started =
            records.filter_map(|line| line["record"]["kind"]["session"].as_str().map(str::to_owned));
        started.next()
    };
    texts.filter(|text| launched(text)).filter_map(|text| of(&text)).collect()
}

#[test]
fn real_programs_go_on_in_their_session_after_what_failed() {
    let Some(stage) = Stage::set(wrong_first(), true) else { return };
    let run = stage.run("claude,codex,script", &["--rounds", "2"]);
    for assistant in ["claude", "codex"] {
        let trial = trial(&run, assistant);
        assert_eq!(trial["result"]["result"], "unresolved", "the first round is the result: {trial}");
        assert_eq!(tests(trial, "closed-days")["test_a_single_closed_day"], "failed", "{trial}");
        let [second] = trial["more"].as_array().unwrap().as_slice() else { panic!("{trial}") };
        assert_eq!(second["ending"]["ending"], "finished", "{second}");
        assert_eq!(second["outcome"], json!({ "result": "resolved" }), "{second}");
        let told = second["feedback"].as_str().unwrap();
        assert!(told.contains("test_a_single_closed_day: failed"), "{told}");
        assert!(!told.contains("EASTER") && !told.contains("2026, 3, 27"), "a hidden line is told: {told}");
        assert_eq!((&trial["no_more"], &trial["attempts"]), (&Value::Null, &json!(1)), "{trial}");
        assert_eq!(second["usage"]["requests"], 2, "a round's usage is its own: {second}");
        assert_eq!(second["traffic"]["disagreements"], json!([]), "{second}");
        assert!(second["traffic"]["exchanges"].as_array().is_some_and(|all| !all.is_empty()), "{second}");
    }
    for (assistant, argument) in [("claude", "stream-json"), ("codex", "--skip-git-repo-check")] {
        let sessions = sessions(&stage, argument);
        assert_eq!(sessions.len(), 2, "{assistant}: {sessions:?}");
        assert_eq!(sessions[0], sessions[1], "{assistant} began another session");
    }
    let script = trial(&run, "script");
    assert_eq!(script["no_more"], "one round: it cannot resume a session", "{script}");
    assert_eq!(script["more"], json!([]));
    // One task makes no rate; what was spent up to each round is told all the same.
    let arms = run["comparison"]["arms"].as_array().unwrap();
    let spent = |arm: &Value| -> Vec<bool> {
        arm["rounds"].as_array().unwrap().iter().map(|round| round["usd"].as_f64() > Some(0.0)).collect()
    };
    let told: Vec<Vec<bool>> = arms.iter().map(spent).collect();
    assert_eq!(told, [vec![true, true], vec![true, true], vec![]], "{arms:?}");
    let page = crate::rounds::unwrapped(&stage.fairtrial(&["show", "latest"]));
    assert!(page.contains("up to round 2") && page.contains("cannot resume a session"), "{page}");
    no_key_is_kept(&stage);
    assert_eq!(processes_of(run["run"]["id"].as_str().unwrap()), std::collections::BTreeMap::new());
}
