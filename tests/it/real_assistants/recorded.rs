//! Sessions of real programs, recorded and replayed without their models' host, without network and without key.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

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
    // What a recording consists of is named by its list alone, and is no waste when it is old.
    let old = SystemTime::now() - Duration::from_secs(7200);
    for (path, _) in content(&stage) {
        fs::File::options().write(true).open(path).unwrap().set_modified(old).unwrap();
    }
    stage.fairtrial(&["gc"]);
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

    let looked =
        || -> Value { serde_json::from_str(&stage.fairtrial(&["doctor", "--repair", "--json"])).unwrap() };
    assert_eq!(looked()["found"], json!([]));
    let lists = content(&stage).into_iter().map(|(_, bytes)| String::from_utf8_lossy(&bytes).into_owned());
    let exchange = lists.filter(|text| text.starts_with(r#"{"line":"head""#)).find_map(|text| {
        text.lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .find(|line| line["line"] == "exchange")
    });
    let body = exchange.unwrap()["response"].as_str().unwrap().to_owned();
    let place = |digest: &str| stage.home.path().join("blobs").join(&digest[..2]).join(&digest[2..]);
    // While a list is away, what it names is no waste.
    let list = place(trial(&recorded, "claude")["traffic"]["recording"].as_str().unwrap());
    let away = stage.home.path().join("away");
    fs::rename(&list, &away).unwrap();
    assert!(!stage.home.fairtrial(&["gc"]).output().unwrap().status.success());
    fs::rename(&away, &list).unwrap();
    fs::remove_file(place(&body)).unwrap();
    assert_eq!(looked()["found"], json!([format!("content {body} is missing, and a run refers to it")]));
}

/// Returns the content that is kept by its digest, unpacked.
fn content(stage: &Stage) -> Vec<(PathBuf, Vec<u8>)> {
    let blobs = stage.home.path().join("blobs");
    stage.kept().into_iter().filter(|(path, _)| path.starts_with(&blobs)).collect()
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
