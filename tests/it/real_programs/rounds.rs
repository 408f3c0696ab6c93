//! Programs that can take a session up again are told what failed, and go on where they were.

use fairtrial_testkit::{Script, Step, Tokens, Tool};
use serde_json::{Value, json};

use super::installed;
use super::stage::Stage;
use super::who::{self, Who};

/// The first repair is wrong; after what failed comes the right one.
fn wrong_first() -> Script {
    let edit = |old: &str, new: &str| Tool::Edit { path: "calc.py".into(), old: old.into(), new: new.into() };
    let tokens = Tokens { uncached: 1000, cached: 300, written: 0, output: 50, reasoning: 10 };
    let steps = [
        Step::call("I will read it.", Tool::Read { path: "calc.py".into() }),
        Step::call("It multiplies, then.", edit("    return a - b", "    return a * b")),
        Step::say("It multiplies now."),
        // Qwen Code edits what it has read since it was started, and nothing else.
        Step::call("I will read it again.", Tool::Read { path: "calc.py".into() }),
        Step::call("It adds, then.", edit("    return a * b", "    return a + b")),
        Step::say("It adds now."),
    ];
    Script::new(steps.map(|step| step.tokens(tokens)).to_vec())
}

/// The rounds of a trial are two, in one session, and what each used is its own.
fn check(who: &Who) {
    let plan = "attempts = 1\nrounds = 2\n";
    let stage = Stage::with(Some(wrong_first()), 180.0, plan, &[], &[who]);
    let run = stage.run();
    let trial = &run["trials"][0];
    assert_eq!(trial["result"]["result"], "unresolved", "{}: the first round is the result: {trial}", who.id);
    let [second] = trial["more"].as_array().unwrap().as_slice() else { panic!("{}: {trial}", who.id) };
    assert_eq!(second["ending"]["ending"], "finished", "{}: {second}", who.id);
    assert_eq!(second["outcome"], json!({ "result": "resolved" }), "{}: {second}", who.id);
    assert!(second["feedback"].as_str().unwrap().contains("test_add: failed"), "{second}");
    // One asks for a title of the session too.
    assert!(trial["usage"]["requests"].as_u64() >= Some(3), "{}: {trial}", who.id);
    // Kilo may ask for the title as late as here.
    let most = if who.id == "kilo" { 4 } else { 3 };
    let requests = second["usage"]["requests"].as_u64().unwrap();
    assert!((3..=most).contains(&requests), "{}: {trial}", who.id);
    assert_eq!(second["traffic"]["disagreements"], json!([]), "{}: {second}", who.id);
    // The model hears in the second round what it said in the first: it is the same session.
    let asked: Vec<_> = stage.requests().into_iter().filter(|request| request.step.is_some()).collect();
    let last = asked.last().unwrap().body.to_string();
    for said in ["It multiplies now.", "test_add", "`add` in calc.py is wrong"] {
        assert!(last.contains(said), "{}: the last request lacks `{said}`: {last}", who.id);
    }
    let rows = run["comparison"]["fairness"].as_array().unwrap();
    let row = rows.iter().find(|row| row["aspect"] == "rounds").unwrap();
    assert_eq!(row["values"], Value::from(vec!["up to 2"]), "{}", who.id);
    stage.nothing_is_left(&run);
}

#[test]
fn a_model_without_a_program_goes_on_in_its_session_over_every_api() {
    for (api, key) in who::APIS {
        check(&who::direct(api, key));
    }
}

#[test]
fn pi_goes_on_in_its_session() {
    installed(&["pi"]).iter().for_each(check);
}

#[test]
#[ignore = "minutes: `cargo xtask assistants` runs it"]
fn every_program_that_can_goes_on_in_its_session() {
    let wanted = std::env::var("FAIRTRIAL_ASSISTANTS").unwrap_or_default();
    let wanted: Vec<&str> = wanted.split(',').filter(|id| !id.is_empty()).collect();
    let ids = ["claude", "codex", "pi", "opencode", "copilot", "qwen", "kilo"];
    let ids: Vec<&str> = ids.into_iter().filter(|id| wanted.is_empty() || wanted.contains(id)).collect();
    installed(&ids).iter().for_each(check);
}
