//! Sessions of real programs, recorded and replayed without their models' host, without network and without key.

use serde_json::{Value, json};

use super::stage::{Stage, quiet};
use super::{no_key_is_kept, trial};

const PROGRAMS: [&str; 2] = ["claude", "codex"];

#[test]
fn a_recorded_session_runs_again_without_its_model_and_departs_from_a_changed_file() {
    let Some(mut stage) = Stage::set(quiet(), false) else { return };
    let recorded = stage.run("claude,codex", &["--record"]);
    no_header_is_kept(&stage);
    stage.server.stop();
    let asked = stage.server.requests().len();
    let id = recorded["run"]["id"].as_str().unwrap();
    let replayed: Value = serde_json::from_str(&stage.fairtrial(&["replay", id, "--json"])).unwrap();
    for (number, program) in PROGRAMS.into_iter().enumerate() {
        let (then, now) = (trial(&recorded, program), trial(&replayed, program));
        assert!(then["traffic"]["recording"].is_string(), "{then}");
        assert_eq!(now["ending"]["ending"], "finished", "{now}");
        assert!(then["patch"]["digest"].is_string(), "{then}");
        assert_eq!(now["patch"]["digest"], then["patch"]["digest"]);
        assert_eq!((&now["usage"], &now["result"]), (&then["usage"], &then["result"]));
        assert_eq!(now["traffic"]["replay_of"], then["traffic"]["recording"]);
        assert_eq!(now["traffic"]["departed"], Value::Null);
        assert_eq!(replayed["run"]["plan"]["assistants"][number]["network"], "none");
    }
    assert_eq!(replayed["run"]["plan"]["recording"], json!({ "recording": "replay", "run": id }));
    let page = stage.fairtrial(&["show", "latest"]);
    assert!(page.contains("Recorded: every model's answer comes from the recording"), "{page}");

    stage.change_one_word("Knows the closed days", "Knows all closed days");
    let suite = stage.suite.to_str().unwrap();
    let changed = stage.fairtrial(&["replay", id, "--suite", suite, "--json"]);
    let changed: Value = serde_json::from_str(&changed).unwrap();
    for program in PROGRAMS {
        let trial = trial(&changed, program);
        assert_eq!(
            (&trial["ending"]["ending"], &trial["result"]),
            (&json!("infra"), &Value::Null),
            "{trial}"
        );
        let reason = trial["ending"]["reason"].as_str().unwrap();
        assert!(reason.starts_with("departed from the recording at request "), "{program}: {reason}");
        // Claude Code tells its model the base's commit, which is another one, before it reads a file.
        if program == "codex" {
            assert!(reason.contains(" at request 2: ") && reason.contains("all closed days"), "{reason}");
        }
        assert_eq!(trial["attempts"], 1, "another try would depart alike");
    }
    assert_eq!(stage.server.requests().len(), asked, "a model was asked");
    no_key_is_kept(&stage);
}

/// What a session is recorded as holds no header that proves who asks, whatever its value.
fn no_header_is_kept(stage: &Stage) {
    let kept = stage.kept();
    // The copy of the repository that was worked on speaks of such headers itself.
    let ours =
        kept.iter().filter(|(path, _)| !path.strip_prefix(stage.home.path()).unwrap().starts_with("bases"));
    let (mut exchanges, mut seen) = (0, 0);
    for (path, bytes) in ours {
        let text = String::from_utf8_lossy(bytes).to_lowercase();
        seen += 1;
        exchanges += usize::from(text.contains("\"line\":\"exchange\""));
        for word in [
            "\"authorization\"",
            "authorization:",
            "\"x-api-key\"",
            "x-api-key:",
            "bearer metered-",
            "bearer invented",
        ] {
            assert!(!text.contains(word), "`{word}` is in {}", path.display());
        }
    }
    assert!(exchanges == PROGRAMS.len() && seen > 10, "{exchanges} recordings in {seen} files");
}
