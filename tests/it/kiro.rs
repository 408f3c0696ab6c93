//! Kiro's back end through the whole product, with a stand-in for the program: credits, helpers, colours, the older
//! dialect, and answers to what is not offered. What of it holds for the real program is told in `docs/assistants.md`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::os::unix::fs::PermissionsExt;

use fairtrial_testkit::{KIRO_STAND_IN, Repo, calculator};
use fairtrial_tests::{Home, processes_of};
use serde_json::{Value, json};

const KEY: (&str, &str) = ("INVENTED_KIRO_KEY", "planted-kiro-key-1");

struct Stage {
    home: Home,
    repo: Repo,
}

impl Stage {
    fn set(more: &str) -> Stage {
        let (home, repo) = (Home::new(), calculator().unwrap());
        let program = home.path().join("kiro-cli");
        fs::write(&program, KIRO_STAND_IN).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let text = format!(
            "[assistants.kiro]\nbackend = \"kiro\"\nprogram = {program:?}\nnetwork = \"none\"\n\
             secrets = {{ KIRO_API_KEY = {{ env = \"{}\" }} }}\n{more}\n",
            KEY.0
        );
        fs::write(home.path().join("assistants.toml"), text).unwrap();
        Stage { home, repo }
    }

    /// Lets it try, and returns its trial.
    fn trial(&self, instruction: &str) -> Value {
        let repo = self.repo.path().to_str().unwrap();
        let check = ["--check", "python3 -m unittest -v", "--accept-red-base", "--budget-minutes", "5"];
        let arguments = [&["try", repo, instruction, "--assistants", "kiro", "--json"][..], &check].concat();
        let output = self.home.fairtrial(&arguments).env(KEY.0, KEY.1).output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{out}\n{err}");
        assert!(!out.contains(KEY.1) && !err.contains(KEY.1), "the key is printed");
        let run: Value = serde_json::from_str(&out).unwrap();
        assert!(processes_of(run["run"]["id"].as_str().unwrap()).is_empty());
        run["trials"][0].clone()
    }

    /// Returns everything that was kept, unpacked.
    fn kept(&self) -> String {
        let (mut text, mut folders) = (String::new(), vec![self.home.path().join("blobs")]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let bytes = zstd::decode_all(fs::File::open(path).unwrap()).unwrap();
                    text.push_str(&String::from_utf8_lossy(&bytes));
                }
            }
        }
        text
    }
}

#[test]
fn kiro_repairs_a_file_and_its_credits_are_credits() {
    let stage = Stage::set("model = \"model-a\"");
    let trial = stage.trial("The tests fail: repair calc.py.");
    assert_eq!(trial["ending"]["ending"], "finished", "{trial}");
    // Its own turn and its helper's; no tokens, and no money.
    assert_eq!(trial["usage"]["credits"], json!(0.07413), "{trial}");
    let tokens = ["input_uncached", "cache_read", "cache_write", "output", "reasoning"];
    assert!(tokens.iter().all(|name| trial["usage"][*name].is_null()), "{trial}");
    assert_eq!((&trial["cost"], &trial["leftovers"]), (&Value::Null, &json!([])), "{trial}");
    assert_eq!(trial["version"], "2.37.0");
    let kept = stage.kept();
    for told in [
        r#"{"type":"text","text":"I look at calc.py."}"#,
        r#"{"type":"notice","text":"helper: a second look"}"#,
        r#""kind":"edit","title":"calc.py (-1 +1 lines)""#,
        r#""ok":true,"output":"1 line changed""#,
        "it asked for `fs/read_text_file`, which is not offered",
        "Fixed by model-a.",
        "_kiro.dev/mcp/server_initialized",
        "return a + b",
    ] {
        assert!(kept.contains(told), "nothing tells of {told}");
    }
    assert!(!kept.contains(r#""type":"unparsed""#) && !kept.contains(KEY.1));
}

#[test]
fn a_denied_tool_does_not_run_and_the_answer_is_told() {
    let stage = Stage::set("deny = [\"edit\"]");
    let trial = stage.trial("The tests fail: repair calc.py.");
    assert_eq!(
        (&trial["ending"]["ending"], &trial["result"]["result"]),
        (&json!("finished"), &json!("no_diff")),
        "{trial}"
    );
    let kept = stage.kept();
    assert!(kept.contains("permission for Edit calc.py: denied by the assistant's settings"), "{kept}");
    assert!(kept.contains("permission for python3 -m unittest -q: allowed"), "{kept}");
}

#[test]
fn what_it_says_of_itself_is_not_believed() {
    let stage = Stage::set("");
    let lie = stage.trial("LIE about it.");
    assert_eq!(
        (&lie["ending"]["ending"], &lie["result"]["result"]),
        (&json!("finished"), &json!("no_diff")),
        "{lie}"
    );
    let daemon = stage.trial("Repair it and leave a DAEMON behind.");
    assert_eq!(
        (&daemon["ending"]["ending"], &daemon["leftovers"]),
        (&json!("finished"), &json!(["sleep"])),
        "{daemon}"
    );
    let died = stage.trial("DIE on the way.");
    assert_eq!(died["ending"]["ending"], "crashed", "{died}");
    // What a turn had cost by then is known all the same.
    assert_eq!(died["usage"]["credits"], json!(0.02), "{died}");
}

#[test]
fn a_model_that_is_not_offered_is_no_evidence() {
    let stage = Stage::set("model = \"model-z\"");
    let trial = stage.trial("The tests fail: repair calc.py.");
    assert_eq!(trial["ending"]["fault"], json!({ "vendor": "auth" }), "{trial}");
    let reason = trial["ending"]["reason"].as_str().unwrap();
    assert_eq!(reason, "it did not let the model be chosen: no such model", "{trial}");
}
