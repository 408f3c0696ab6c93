//! A session of a real program, recorded and replayed without its model's host, without network and without key.

use serde_json::{Value, json};

use super::stage::{Stage, script};
use super::{no_key_is_kept, trial};

#[test]
fn a_recorded_session_runs_again_without_its_model_and_departs_from_a_changed_file() {
    let Some(mut stage) = Stage::set(script(), false) else { return };
    let recorded = stage.run("claude", &["--record"]);
    stage.server.stop();
    let asked = stage.server.requests().len();
    let id = recorded["run"]["id"].as_str().unwrap();
    let replayed: Value = serde_json::from_str(&stage.fairtrial(&["replay", id, "--json"])).unwrap();
    let (then, now) = (trial(&recorded, "claude"), trial(&replayed, "claude"));
    assert!(then["traffic"]["recording"].is_string(), "{then}");
    assert_eq!(now["ending"]["ending"], "finished", "{now}");
    assert_eq!(now["patch"]["digest"], then["patch"]["digest"]);
    assert_eq!((&now["usage"], &now["result"]), (&then["usage"], &then["result"]));
    assert_eq!(now["traffic"]["replay_of"], then["traffic"]["recording"]);
    assert_eq!(now["traffic"]["departed"], Value::Null);
    let plan = &replayed["run"]["plan"];
    assert_eq!(plan["recording"], json!({ "recording": "replay", "run": id }));
    assert_eq!(plan["assistants"][0]["network"], "none");
    let page = stage.fairtrial(&["show", "latest"]);
    assert!(page.contains("Recorded: every model's answer comes from the recording"), "{page}");

    stage.change_one_word("Knows the closed days", "Knows all closed days");
    let suite = stage.suite.to_str().unwrap();
    let changed = stage.fairtrial(&["replay", id, "--suite", suite, "--json"]);
    let changed: Value = serde_json::from_str(&changed).unwrap();
    let trial = trial(&changed, "claude");
    assert_eq!((&trial["ending"]["ending"], &trial["result"]), (&json!("infra"), &Value::Null), "{trial}");
    let reason = trial["ending"]["reason"].as_str().unwrap();
    assert!(reason.starts_with("departed from the recording at request "), "{reason}");
    assert_eq!(trial["attempts"], 1, "another try would depart alike");
    assert_eq!(stage.server.requests().len(), asked, "a model was asked");
    no_key_is_kept(&stage);
}
