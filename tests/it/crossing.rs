//! Tools × models, through the whole product: what each pair becomes, and why a pair is left out.

use std::fs;

use fairtrial_testkit::{ModelServer, Script};
use fairtrial_tests::Home;
use serde_json::{Value, json};

use crate::direct::{KEY, arrange, put, run};
use crate::serve::{serve_with, view};

/// Ids of a list of assistants.
fn ids(assistants: &Value) -> Vec<&str> {
    assistants.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect()
}

#[test]
fn pairs_run_as_assistants_of_their_own_and_those_left_out_are_told_with_the_reason() {
    let server = ModelServer::start(Script::calculator_fix()).unwrap();
    let home = Home::new();
    let suite = arrange(home.path(), &server);
    let file = home.path().join("assistants.toml");
    let first = fs::read_to_string(&file).unwrap();
    let second = first.replace("[assistants.model]", "[assistants.second]\naccount = \"another\"");
    let shell = "[assistants.shell]\nbackend = \"command\"\nprogram = \"true\"\n";
    put(file, &format!("{first}\n{second}\n{shell}"));
    let plan = home.path().join("work/plan.toml");
    let crossed =
        "suite = \"suite\"\ntools = [\"model\", \"second\", \"shell\"]\nmodels = [\"acme/One\", \"two\"]\n";
    put(plan.clone(), crossed);
    let left_out = json!([
        { "tool": "shell", "model": "acme/One", "reason": "a command takes no model" },
        { "tool": "shell", "model": "two", "reason": "a command takes no model" },
    ]);
    let pairs = ["model--acme-one", "model--two", "second--acme-one", "second--two"];

    let preview = run(&home, &["run", plan.to_str().unwrap(), "--preview", "--json"], true);
    assert_eq!((ids(&preview["assistants"]), &preview["left_out"]), (pairs.to_vec(), &left_out));
    let models = preview["fairness"].as_array().unwrap().iter().find(|one| one["aspect"] == "model").unwrap();
    assert_eq!(models["values"], json!(["acme/One", "two", "acme/One", "two"]));

    // The same from the terminal, where the pairs left out are told beside the result.
    let typed = ["--tools", "model,second,shell", "--models", "acme/One,two", "--json"];
    let typed = [&["run", suite.to_str().unwrap()][..], &typed].concat();
    let output = home.fairtrial(&typed).env(KEY.0, KEY.1).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("shell with two is left out: a command takes no model"), "{said}");
    let ran: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (ids(&ran["run"]["plan"]["assistants"]), &ran["run"]["plan"]["left_out"]),
        (pairs.to_vec(), &left_out)
    );
    let trials = ran["trials"].as_array().unwrap();
    let mut found: Vec<&str> = trials.iter().map(|trial| trial["assistant"].as_str().unwrap()).collect();
    found.sort_unstable();
    assert_eq!(found, pairs);
    for trial in trials {
        assert_eq!(trial["ending"]["ending"], "finished", "{trial}");
    }
    let asked: Vec<String> = server.requests().iter().map(|request| request.path.clone()).collect();
    for model in ["One", "two"] {
        assert!(asked.iter().any(|path| path.contains(model)), "{model} was not asked: {asked:?}");
    }

    // And from the window's side: who takes a model, the pairs before the run, and those left out on the run's page.
    let served = serve_with(&home, Some(KEY));
    let found = view(&served, &json!({ "query": "home" }));
    let takes = |id: &str| {
        let all = found["assistants"].as_array().unwrap();
        all.iter().find(|one| one["id"] == id).unwrap()["takes_model"].as_bool().unwrap()
    };
    assert_eq!(["model", "second", "shell", "aster"].map(takes), [true, true, false, false]);
    let request = json!({
        "suite": suite, "assistants": [], "tools": ["model", "second", "shell"], "models": ["acme/One", "two"], "trials": 1,
    });
    let preview = view(&served, &json!({ "query": "preview", "request": request }));
    assert_eq!((ids(&preview["assistants"]), &preview["left_out"]), (pairs.to_vec(), &left_out));
    let shown = view(&served, &json!({ "query": "run", "run": ran["run"]["id"] }));
    assert_eq!((ids(&shown["assistants"]), &shown["left_out"]), (pairs.to_vec(), &left_out));
}

#[test]
fn what_cannot_be_crossed_is_refused_before_anything_starts() {
    let home = Home::new();
    let refused = |arguments: &[&str], words: &str| {
        let ran = home.run(&[&["run", "samples", "--preview"][..], arguments].concat()).ended_with(2);
        let said = ran.err.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(words), "{said}");
    };
    refused(&["--tools", "codex", "--models", "sonnet"], "no tool can work with any of these models");
    refused(&["--tools", "aster", "--models", "m"], "aster with m: a sample takes no model");
    refused(&["--tools", "codex"], "`tools` are crossed with `models`");
    refused(&["--models", "m"], "`models` are crossed with `tools`");
    refused(&["--tools", "codex", "--models", "m", "--assistants", "aster"], "cannot be used with");
    let plan = home.path().join("plan.toml");
    put(
        plan.clone(),
        "suite = \"samples\"\nassistants = [\"aster\"]\ntools = [\"codex\"]\nmodels = [\"m\"]\n",
    );
    let said = home.run(&["run", plan.to_str().unwrap(), "--preview"]).ended_with(2).err;
    assert!(said.contains("`assistants` cannot be combined"), "{said}");
}
