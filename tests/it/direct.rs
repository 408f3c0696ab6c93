//! A model without a program, through the whole product: our small assistant over Bedrock Converse, metered, recorded,
//! and replayed without network and key. What left the machine is told line by line; the key is nowhere.

use std::fs;
use std::path::{Path, PathBuf};

use fairtrial_testkit::{Failure, ModelServer, Script};
use fairtrial_tests::Home;
use serde_json::{Value, json};

pub(crate) const KEY: (&str, &str) = ("INVENTED_BEDROCK_KEY", "planted-bedrock-key-1");
const CANARY: &str = "# canary: planted line 7f3a in calc.py";
const UNREAD: &str = "# canary: planted line 9c1e in a file that nobody reads";

const TASK: &str = r#"schema_version = "1.4"

[task]
name = "fairtrial/add"
description = "add() subtracts"

[agent]
timeout_sec = 60.0

[metadata.fairtrial]
title = "add() subtracts"
kind = "bug_fix"
language = "python"
repository = { folder = "../../base" }
requires = ["python3"]

[[metadata.fairtrial.checks]]
id = "tests"
kind = "fail_to_pass"
run = "python3 -m unittest -v 2>&1"
format = "pytest"
timeout_sec = 60.0
hidden = false
"#;

pub(crate) fn put(path: PathBuf, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Writes a base, a suite and an assistant; returns the suite's folder.
pub(crate) fn arrange(home: &Path, server: &ModelServer) -> PathBuf {
    let suite = home.join("work/suite");
    put(home.join("work/base/calc.py"), &format!("{CANARY}\ndef add(a, b):\n    return a - b\n"));
    put(home.join("work/base/notes.py"), &format!("{UNREAD}\n"));
    let test = "import unittest\n\nimport calc\n\n\nclass AddTest(unittest.TestCase):\n    def test_add(self):\n        \
                self.assertEqual(calc.add(2, 3), 5)\n";
    put(home.join("work/base/test_calc.py"), test);
    put(suite.join("suite.toml"), "id = \"own\"\ntitle = \"Own\"\nversion = \"1\"\ntasks = [\"add\"]\n");
    put(suite.join("add/task.toml"), TASK);
    put(suite.join("add/instruction.md"), "add() is wrong: repair it.\n");
    let table = format!(
        "[assistants.model]\nbackend = \"direct\"\nmodel = \"scripted-model\"\nargs = [\"--api\", \"converse\"]\n\
         base_url = \"{}\"\nnetwork = \"host\"\n\
         secrets = {{ AWS_BEARER_TOKEN_BEDROCK = {{ env = \"{}\" }} }}\n",
        server.plain_url(),
        KEY.0
    );
    put(home.join("assistants.toml"), &table);
    suite
}

pub(crate) fn run(home: &Home, arguments: &[&str], key: bool) -> Value {
    let mut command = home.fairtrial(arguments);
    if key {
        command.env(KEY.0, KEY.1);
    }
    let output = command.output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "fairtrial {arguments:?}\n{out}\n{err}");
    assert!(!out.contains(KEY.1) && !err.contains(KEY.1), "the key is printed");
    serde_json::from_str(&out).unwrap()
}

/// Fails when any file below a folder holds the key, as it is or packed.
fn no_key_below(folder: &Path) {
    let mut folders = vec![folder.to_path_buf()];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_symlink() {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = fs::read(&path).unwrap();
            let bytes = zstd::decode_all(bytes.as_slice()).unwrap_or(bytes);
            seen += 1;
            let holds = |word: &str| bytes.windows(word.len()).any(|part| part == word.as_bytes());
            assert!(!holds(KEY.1) && !holds("Bearer "), "a key or its header is in {}", path.display());
        }
    }
    assert!(seen > 10, "{seen} files were looked at");
}

#[test]
fn a_plans_limit_on_requests_holds_at_the_meter() {
    let server = ModelServer::start(Script::calculator_fix()).unwrap();
    let home = Home::new();
    let suite = arrange(home.path(), &server);
    // Its cost is not known, so that money alone would bound nothing.
    let bounded = ["run", suite.to_str().unwrap(), "--budget", "5", "--budget-requests", "2", "--json"];
    let run = run(&home, &bounded, true);
    let trial = &run["trials"][0];
    assert_eq!(trial["ending"]["ending"], "budget", "{trial}");
    assert_eq!((trial["usage"]["requests"].as_u64(), server.requests().len()), (Some(2), 2), "{trial}");
    assert_eq!(run["run"]["plan"]["budget"]["requests"], 2);
}

#[test]
fn a_model_without_a_program_is_metered_recorded_and_replayed_without_network_and_key() {
    let mut server =
        ModelServer::start(Script::calculator_fix().failing(1, Failure::RateLimited { retry_after: 0 }))
            .unwrap();
    let home = Home::new();
    let suite = arrange(home.path(), &server);
    let recorded = run(&home, &["run", suite.to_str().unwrap(), "--record", "--json"], true);
    let then = &recorded["trials"][0];
    assert_eq!(
        (&then["ending"]["ending"], &then["result"]["result"]),
        (&json!("finished"), &json!("ungraded")),
        "{then}"
    );
    let said = Script::calculator_fix().tokens();
    let usage = json!({
        "input_uncached": said.uncached, "cache_read": said.cached, "cache_write": said.written,
        "output": said.output + said.reasoning, "reasoning": null, "requests": 5, "credits": null,
        "source": "metered",
    });
    assert_eq!(then["usage"], usage);
    let traffic = &then["traffic"];
    assert_eq!(traffic["disagreements"], json!([]), "{traffic}");
    assert_eq!(traffic["exchanges"][0]["fault"], "rate_limit");
    assert_eq!(
        (&traffic["exchanges"][1]["api"], &traffic["exchanges"][1]["again"]),
        (&json!("converse"), &json!(true))
    );
    // All three lines that can be told of the file that was read, and nothing of the others but what shares a line.
    let files = traffic["left"]["files"].as_array().unwrap();
    let told: Vec<_> = files.iter().map(|file| (&file["path"], &file["lines"], &file["ranges"])).collect();
    assert_eq!(told, [(&json!("calc.py"), &json!(3), &json!([[1, 3]]))]);
    let asked = server.requests();
    assert!(asked.iter().all(|request| request.key.as_deref() == Some(KEY.1)), "the meter puts the key in");
    let bodies: String = asked.iter().map(|request| request.body.to_string()).collect();
    assert!(bodies.contains(CANARY) && !bodies.contains(UNREAD) && !bodies.contains(KEY.1));

    server.stop();
    let id = recorded["run"]["id"].as_str().unwrap();
    let replayed = run(&home, &["replay", id, "--json"], false);
    let now = &replayed["trials"][0];
    assert_eq!((&now["usage"], &now["result"]), (&then["usage"], &then["result"]), "{now}");
    assert_eq!(now["patch"], then["patch"]);
    assert_eq!(now["traffic"]["replay_of"], then["traffic"]["recording"]);
    assert_eq!(replayed["run"]["plan"]["assistants"][0]["network"], "none");
    no_key_below(home.path());
}
