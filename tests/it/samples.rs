//! The main job: the bundled suite with every sample assistant, from nothing to a verdict.

use std::collections::{BTreeMap, BTreeSet};

use fairtrial_tests::{Home, processes_of, root};
use serde_json::Value;

/// Runs the sample suite once for all tests here: it is the longest thing that they do.
fn run() -> &'static (Home, Value) {
    static RUN: std::sync::OnceLock<(Home, Value)> = std::sync::OnceLock::new();
    RUN.get_or_init(|| {
        let home = Home::new();
        let run = home.run(&["run", "samples", "--seed", "7", "--json"]).ended_with(0).json();
        (home, run)
    })
}

fn trials() -> &'static Vec<Value> {
    run().1["trials"].as_array().unwrap()
}

#[test]
fn every_trial_ends_as_it_is_written_down() {
    let text = std::fs::read_to_string(root().join("samples/EXPECTED.toml")).unwrap();
    let expected: BTreeMap<String, BTreeMap<String, toml::Table>> = toml::from_str(&text).unwrap();
    let mut wrong = vec![];
    assert_eq!(trials().len(), 36);
    for trial in trials() {
        let (task, assistant) = (trial["task"].as_str().unwrap(), trial["assistant"].as_str().unwrap());
        let mut seen = toml::Table::new();
        let (ending, result) = (&trial["ending"], &trial["result"]);
        seen.insert("ending".into(), ending["ending"].as_str().unwrap().into());
        seen.insert("result".into(), result["result"].as_str().unwrap_or("none").into());
        if let Some(rule) = result["rule"].as_str() {
            seen.insert("rule".into(), rule.into());
            seen.insert("path".into(), result["at"]["path"].as_str().unwrap().into());
            seen.insert("line".into(), result["at"]["line"].as_i64().unwrap().into());
        }
        let mut wanted = expected[task][assistant].clone();
        if let Some(failed) = wanted.remove("failed") {
            let failed_now = result["failed"].as_array().unwrap().iter();
            let mut checks: Vec<&str> = failed_now.map(|one| one["check"].as_str().unwrap()).collect();
            checks.dedup();
            if failed != toml::Value::from(checks.clone()) {
                wrong.push(format!("{task}/{assistant}: failed {checks:?}, expected {failed}"));
            }
        }
        if seen != wanted {
            wrong.push(format!("{task}/{assistant}: {seen:?}, expected {wanted:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn walls_made_by_bwrap_give_the_same_outcomes_and_patches() {
    same_as_in_the_full_tier("bubblewrap");
}

#[test]
fn walls_made_by_a_container_runtime_give_the_same_outcomes_and_patches() {
    same_as_in_the_full_tier("container");
}

fn same_as_in_the_full_tier(tier: &str) {
    let home = Home::new();
    let doctor = home.run(&["doctor", "--json"]).ended_with(0).json();
    let found = doctor["tiers"].as_array().unwrap().iter().find(|one| one["tier"] == tier);
    if let Some(reason) = found.unwrap()["missing"].as_str() {
        eprintln!("SKIPPED: no {tier} tier: {reason}");
        return;
    }
    let run = home.run(&["run", "samples", "--seed", "7", "--tier", tier, "--json"]).ended_with(0);
    let run = run.json();
    let told = |trial: &Value| {
        let of = ["task", "assistant"].map(|field| trial[field].as_str().unwrap().to_owned());
        let what = ["ending", "result", "counts_as", "patch", "flags", "leftovers"];
        (of, what.map(|field| trial[field].clone()))
    };
    let here: BTreeMap<_, _> = run["trials"].as_array().unwrap().iter().map(told).collect();
    let full: BTreeMap<_, _> = trials().iter().map(told).collect();
    assert_eq!(here.len(), 36);
    assert_eq!(here, full);
    for trial in run["trials"].as_array().unwrap() {
        assert_eq!(trial["tier"], tier, "{trial}");
    }
    assert_eq!(processes_of(run["run"]["id"].as_str().unwrap()), BTreeMap::new());
}

#[test]
fn who_hangs_is_stopped_at_its_limit_and_leaves_no_process() {
    let fir: Vec<&Value> = trials().iter().filter(|trial| trial["assistant"] == "fir").collect();
    assert_eq!(fir.len(), 6);
    for trial in fir {
        let seconds = trial["seconds"].as_f64().unwrap();
        // Eight seconds of limit, one of grace.
        assert!((8.0..10.0).contains(&seconds), "{trial}");
    }
    let id = run().1["run"]["id"].as_str().unwrap();
    assert_eq!(processes_of(id), BTreeMap::new());
}

#[test]
fn the_reference_solves_what_can_be_solved_and_nothing_solves_nothing() {
    for task in run().1["tasks"].as_array().unwrap() {
        let passes = |verdicts: &Value| {
            let verdicts = verdicts.as_array().unwrap();
            !verdicts.is_empty() && verdicts.iter().all(|verdict| verdict["status"] == "passed")
        };
        let facts = &task["facts"];
        assert!(!passes(&facts["base"]), "an empty patch solves {}", task["id"]);
        match task["kind"].as_str().unwrap() {
            "canary" => assert_eq!(facts["reference"], Value::Null),
            _ => assert!(passes(&facts["reference"]), "the reference of {} fails: {facts}", task["id"]),
        }
        assert_eq!(facts["validity"]["validity"], "valid", "{task}");
    }
}

#[test]
fn nobody_solves_the_contradictory_task_honestly() {
    let solved: Vec<&Value> = trials()
        .iter()
        .filter(|t| t["task"] == "deposit-rounding" && t["result"]["result"] == "resolved")
        .collect();
    assert_eq!(solved, Vec::<&Value>::new());
}

#[test]
fn every_trial_was_isolated_and_carries_its_evidence() {
    for trial in trials() {
        assert_eq!(trial["tier"], "full", "{}: {}", trial["task"], trial["assistant"]);
        for score in trial["scores"].as_array().unwrap() {
            let (value, missing) = (score["value"].is_null(), score["missing"].is_null());
            assert!(value != missing, "a score has either a value or a reason why it has none: {score}");
            assert!(!score["formula"].as_str().unwrap().is_empty());
        }
        if trial["result"]["result"] == "resolved" {
            assert!(
                trial["verdicts"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .any(|v| !v["tests"].as_array().unwrap().is_empty())
            );
        }
    }
}

#[test]
fn an_assistant_is_configured_alike_in_all_its_trials_and_not_like_another() {
    let mut digests: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for trial in trials() {
        let digest = trial["configuration"].as_str().unwrap_or_else(|| panic!("{trial}"));
        digests.entry(trial["assistant"].as_str().unwrap()).or_default().insert(digest);
    }
    assert!(digests.values().all(|of_one| of_one.len() == 1), "{digests:?}");
    assert_eq!(digests.values().flatten().collect::<BTreeSet<_>>().len(), digests.len(), "{digests:?}");
}

#[test]
fn the_same_seed_gives_the_same_plan() {
    let hash = |seed: &str| {
        let home = Home::new();
        let run = home
            .run(&["run", "samples", "--assistants", "elder", "--seed", seed, "--json"])
            .ended_with(0)
            .json();
        run["plan_hash"].as_str().unwrap().to_owned()
    };
    let first = hash("1");
    assert_eq!(first, hash("1"));
    assert_ne!(first, hash("2"));
}

#[test]
fn the_report_is_one_page_without_scripts() {
    let (home, _) = run();
    let page = home.path().join("report.html");
    home.run(&["report", "latest", "--html", page.to_str().unwrap()]).ended_with(0);
    let text = std::fs::read_to_string(page).unwrap();
    for never in ["<script", "http://", "https://", "onerror=", "src="] {
        assert!(!text.contains(never), "the report holds {never}");
    }
    for needed in ["Aster", "Sample", "No policy on file", "test_due_dates.py"] {
        assert!(text.contains(needed), "the report lacks {needed}");
    }
}
