//! The real Claude Code, the real Codex and a plain command on this project's own history, through the whole product:
//! from `assistants.toml` to a comparison. The vendors are a scripted model server on loopback.
//!
//! **Invariant:** what these programs say to a vendor stays on loopback, and the key that they get is invented.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod recorded;
mod rounds;
mod stage;

use std::collections::BTreeMap;
use std::fs;

use fairtrial_testkit::Failure;
use fairtrial_tests::processes_of;
use serde_json::{Value, json};

use stage::{FILE, KEY, Stage, script};

fn trial<'a>(run: &'a Value, assistant: &str) -> &'a Value {
    let mut found = run["trials"].as_array().unwrap().iter().filter(|trial| trial["assistant"] == assistant);
    let first = found.next().unwrap_or_else(|| panic!("no trial of {assistant}"));
    assert!(found.next().is_none(), "{assistant} had one trial");
    first
}

fn arm<'a>(run: &'a Value, assistant: &str) -> &'a Value {
    let arms = run["comparison"]["arms"].as_array().unwrap();
    arms.iter().find(|arm| arm["assistant"] == assistant).unwrap()
}

/// Returns the tests of one check, each by the last part of its name, and how it went.
fn tests<'a>(trial: &'a Value, check: &str) -> BTreeMap<&'a str, &'a str> {
    let verdicts = trial["verdicts"].as_array().unwrap();
    let verdict = verdicts.iter().find(|verdict| verdict["check"] == check).unwrap();
    let tests = verdict["tests"].as_array().unwrap().iter();
    let named = tests.map(|test| (test["id"].as_str().unwrap(), test["status"].as_str().unwrap()));
    named.map(|(id, status)| (id.rsplit('.').next().unwrap_or(id), status)).collect()
}

#[test]
fn real_programs_repair_a_real_repository_and_are_compared() {
    let Some(stage) = Stage::set(script(), true) else { return };
    let versions = stage.fairtrial(&["assistants", "--json"]);
    let versions: Value = serde_json::from_str(&versions).unwrap();
    let run = stage.run("claude,codex,script", &[]);
    assert_eq!(run["unfinished"], false);
    assert_eq!(run["tasks"][0]["facts"]["validity"]["validity"], "valid", "{}", run["tasks"]);
    // The command moves every closed day by two: right before a holiday, wrong on a common Sunday.
    for (assistant, single, several) in
        [("claude", "passed", "passed"), ("codex", "passed", "passed"), ("script", "failed", "passed")]
    {
        let trial = trial(&run, assistant);
        assert_eq!(trial["ending"]["ending"], "finished", "{trial}");
        assert_eq!((&trial["tier"], &trial["attempts"]), (&json!("full"), &json!(1)), "{trial}");
        assert_eq!(trial["leftovers"], json!([]), "{trial}");
        let wanted = [("test_a_single_closed_day", single), ("test_a_sunday_before_a_holiday", several)];
        assert_eq!(tests(trial, "closed-days"), BTreeMap::from(wanted), "{trial}");
        changed_one_file(&stage, trial);
    }
    for assistant in ["claude", "codex"] {
        let trial = trial(&run, assistant);
        assert_eq!(trial["result"], json!({ "result": "resolved" }), "{trial}");
        assert_eq!(arm(&run, assistant)["resolved"], 1);
        let listed = versions.as_array().unwrap().iter().find(|one| one["id"] == assistant).unwrap();
        assert_eq!((&listed["version"], &listed["hurdle"]), (&trial["version"], &Value::Null), "{listed}");
        assert!(trial["version"].is_string(), "{trial}");
    }
    tokens_are_read(&run);
    the_meter_sees_alike(&stage, &run);
    a_command_is_kept_as_text(&stage, trial(&run, "script"));
    nothing_leaks(&stage);
    let page = stage.fairtrial(&["show", "latest"]);
    assert!(["Claude Code", "Codex", "script"].iter().all(|name| page.contains(name)), "{page}");
    assert_eq!(processes_of(run["run"]["id"].as_str().unwrap()), BTreeMap::new());
}

fn changed_one_file(stage: &Stage, trial: &Value) {
    let digest = trial["patch"]["digest"].as_str().unwrap();
    let (head, tail) = digest.split_at(2);
    let blob = stage.home.path().join("blobs").join(head).join(tail);
    let patch = zstd::decode_all(fs::File::open(blob).unwrap()).unwrap();
    let patch: Value = serde_json::from_slice(&patch).unwrap();
    let files: Vec<&Value> = patch["files"].as_array().unwrap().iter().map(|file| &file["path"]).collect();
    assert_eq!(files, [FILE], "{}", trial["assistant"]);
}

/// Each token is counted once, in its own field; money is the program's word, or tokens times the user's price.
fn tokens_are_read(run: &Value) {
    let said = script().tokens();
    let (claude, codex) = (trial(run, "claude"), trial(run, "codex"));
    let wanted = json!({
        "input_uncached": said.uncached, "cache_read": said.cached, "cache_write": said.written,
        "output": said.output + said.reasoning, "reasoning": null, "requests": 4, "credits": null, "source": "metered",
    });
    assert_eq!(claude["usage"], wanted);
    // At an address that is not the vendor's no list price holds; the program's own word is left.
    assert_eq!(claude["cost"]["source"], "reported");
    assert_eq!(claude["traffic"]["prices"], json!([]));
    assert!(claude["cost"]["usd"].as_f64().unwrap() > 0.0);
    let wanted = json!({
        "input_uncached": said.uncached, "cache_read": said.cached, "cache_write": said.written,
        "output": said.output, "reasoning": said.reasoning, "requests": 4, "credits": null, "source": "metered",
    });
    assert_eq!(codex["usage"], wanted);
    let millionths = said.uncached as f64 * 2.0
        + said.cached as f64 * 0.25
        + said.written as f64 * 3.0
        + (said.output + said.reasoning) as f64 * 16.0;
    assert_eq!(codex["cost"]["source"], "priced");
    assert!((codex["cost"]["usd"].as_f64().unwrap() - millionths / 1e6).abs() < 1e-12, "{}", codex["cost"]);
    for assistant in ["claude", "codex"] {
        let spent = &arm(run, assistant)["cost"];
        assert_eq!((&spent["usd"], &spent["unknown"]), (&trial(run, assistant)["cost"]["usd"], &json!(0)));
    }
}

/// The same conversation gives the same tokens, though one program counts cached input as input and the other does
/// not; and the file that both read is seen to leave, to the host that it went to.
fn the_meter_sees_alike(stage: &Stage, run: &Value) {
    let host = format!("127.0.0.1:{}", stage.server.port());
    let alike = |assistant: &str| {
        let trial = trial(run, assistant);
        let traffic = &trial["traffic"];
        assert_eq!(traffic["disagreements"], json!([]), "{assistant}");
        assert_eq!(traffic["host"], *host, "{assistant}");
        assert!(traffic["reported"]["input_uncached"].is_u64(), "{assistant}");
        let files = traffic["left"]["files"].as_array().unwrap();
        let file = files.iter().find(|file| file["path"] == FILE).unwrap_or_else(|| panic!("{files:?}"));
        assert!(file["lines"].as_u64() == file["of"].as_u64(), "{assistant} read all of it: {file}");
        assert!(!files.iter().any(|file| file["path"] == "README.md"), "nobody read README.md: {files:?}");
        let usage = &trial["usage"];
        let count = |name: &str| usage[name].as_u64().unwrap_or(0);
        [
            count("input_uncached"),
            count("cache_read"),
            count("cache_write"),
            count("output") + count("reasoning"),
        ]
    };
    let said = script().tokens();
    assert_eq!(alike("claude"), [said.uncached, said.cached, said.written, said.output + said.reasoning]);
    assert_eq!(alike("claude"), alike("codex"));
    assert_eq!(trial(run, "script")["traffic"], Value::Null);
    let page = stage.fairtrial(&["show", "latest"]);
    assert!(page.contains("What left the machine") && page.contains("opening.py"), "{page}");
    assert!(page.contains("not metered, contents not visible"), "{page}");
}

fn a_command_is_kept_as_text(stage: &Stage, trial: &Value) {
    assert_eq!(trial["result"]["result"], "unresolved", "{trial}");
    assert_eq!((&trial["cost"], &trial["usage"]["output"]), (&Value::Null, &Value::Null));
    assert_eq!(trial["usage"]["source"], "unknown");
    let journal = stage.journal("assistant.sh");
    assert!(journal.contains(r#"{"type":"text","text":"loopback: closed"}"#), "{journal}");
}

/// The key reached the model's vendor and nothing that is kept; the programs ask for nothing but the model.
fn nothing_leaks(stage: &Stage) {
    let requests = stage.server.requests();
    for request in &requests {
        let model = ["/messages", "/responses"]
            .iter()
            .any(|path| request.path.split('?').next().unwrap().ends_with(path));
        assert!(model || request.path == "/", "{} {}", request.method, request.path);
        assert!(request.step.is_none() || request.key.as_deref() == Some(KEY.1), "{}", request.path);
    }
    let told = |word: &str| requests.iter().filter(|request| request.body.to_string().contains(word)).count();
    // The programs told the model of their surroundings, and there was a stand-in where the key would have been.
    assert_eq!(told(KEY.1), 0, "a program held the key");
    assert!(told("metered-") >= 2, "neither program told of its surroundings");
    no_key_is_kept(stage);
    let (claude, codex) = (stage.journal("stream-json"), stage.journal("--skip-git-repo-check"));
    for needed in [
        "ANTHROPIC_API_KEY=metered-",
        "DISABLE_TELEMETRY=1",
        "DISABLE_ERROR_REPORTING=1",
        "DISABLE_AUTOUPDATER=1",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1",
    ] {
        assert!(claude.contains(needed), "Claude Code's journal lacks {needed}: {claude}");
    }
    for needed in
        ["OPENAI_API_KEY=metered-", "check_for_update_on_startup = false", "[analytics]\\nenabled = false"]
    {
        assert!(codex.contains(needed), "Codex's journal lacks {needed}: {codex}");
    }
}

fn no_key_is_kept(stage: &Stage) {
    for (path, bytes) in stage.kept() {
        let holds = bytes.windows(KEY.1.len()).any(|window| window == KEY.1.as_bytes());
        assert!(!holds, "the key is in {}", path.display());
    }
}

#[test]
fn a_refused_key_is_no_evidence_and_is_tried_thrice() {
    let Some(stage) = Stage::set(script().failing(u64::MAX, Failure::Unauthorized), false) else { return };
    let run = stage.run("claude,codex", &["--record"]);
    for assistant in ["claude", "codex"] {
        let trial = trial(&run, assistant);
        assert_eq!(trial["ending"]["ending"], "infra", "{trial}");
        assert_eq!(trial["ending"]["fault"], json!({ "vendor": "auth" }), "{trial}");
        assert!(!trial["ending"]["reason"].as_str().unwrap().is_empty(), "{trial}");
        // Two attempts beside the first.
        assert_eq!((&trial["attempts"], &trial["counts_as"]), (&json!(3), &json!("infra")), "{trial}");
        assert_eq!((&trial["result"], &trial["verdicts"]), (&Value::Null, &json!([])), "{trial}");
        let reasons = trial["reasons"].as_array().unwrap();
        assert!(
            reasons.iter().any(|reason| reason.as_str().unwrap().contains("not evidence")),
            "{reasons:?}"
        );
        let arm = arm(&run, assistant);
        assert_eq!(
            (&arm["infra"], &arm["trials"], &arm["rate"]),
            (&json!(1), &json!(0), &Value::Null),
            "{arm}"
        );
    }
    no_key_is_kept(&stage);
    assert_eq!(processes_of(run["run"]["id"].as_str().unwrap()), BTreeMap::new());
}
