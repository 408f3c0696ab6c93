//! Rounds: who did not solve a task is told what failed and goes on; the first round stays the result.

use std::collections::BTreeMap;

use fairtrial_tests::{Home, processes_of, root, wait_for};
use serde_json::Value;

use crate::resume::{file_below_runs, is_below_runs, slow_with};

fn trial<'a>(run: &'a Value, task: &str, assistant: &str) -> &'a Value {
    let mut all = run["trials"].as_array().unwrap().iter();
    all.find(|trial| trial["task"] == task && trial["assistant"] == assistant).unwrap()
}

/// Returns a page as one line, whatever its width was.
pub(crate) fn unwrapped(page: &str) -> String {
    page.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_sample_repairs_what_it_is_told_and_the_first_round_stays_the_headline() {
    let home = Home::new();
    let words = ["run", "samples", "--assistants", "aster,cedar", "--seed", "7", "--json"];
    let run = home.run(&[&words[..], &["--rounds", "2"]].concat()).ended_with(0).json();
    let first = trial(&run, "long-weekends", "cedar");
    assert_eq!(first["result"]["result"], "unresolved", "{first}");
    let second = &first["more"][0];
    assert_eq!((&second["round"], &second["outcome"]["result"]), (&2.into(), &"resolved".into()), "{second}");
    assert!(second["patch"]["digest"].is_string() && second["patch"] != first["patch"], "{second}");
    assert!(!second["journals"].as_array().unwrap().is_empty(), "{second}");
    assert_eq!(second["usage"]["source"], "simulated");

    let told = second["feedback"].as_str().unwrap();
    assert!(told.contains("test_closed_days_cost_nothing: failed"), "{told}");
    let hidden = root().join("samples/suite/long-weekends/tests/files/python/checks/test_long_weekends.py");
    for line in std::fs::read_to_string(hidden).unwrap().lines().map(str::trim).filter(|l| l.len() > 5) {
        assert!(!told.contains(line), "a hidden line is told: {line}\n{told}");
    }
    assert!(!told.contains(home.path().to_str().unwrap()), "{told}");

    let mutants = trial(&run, "shelfmark-tests", "cedar");
    assert_eq!(mutants["more"][0]["outcome"]["result"], "unresolved", "{mutants}");
    let canary = trial(&run, "deposit-rounding", "cedar");
    assert_eq!(canary["more"], serde_json::json!([]), "nobody is asked to cheat");
    assert!(canary["no_more"].as_str().unwrap().contains("no honest change"), "{canary}");
    assert_eq!(trial(&run, "long-weekends", "aster")["no_more"], Value::Null);

    let arm =
        run["comparison"]["arms"].as_array().unwrap().iter().find(|a| a["assistant"] == "cedar").unwrap();
    let rounds = arm["rounds"].as_array().unwrap();
    let rates: Vec<f64> = rounds.iter().map(|r| r["rate"]["estimate"].as_f64().unwrap()).collect();
    assert!(rates.len() == 2 && rates[1] > rates[0], "one task more is solved: {rates:?}");
    assert_eq!(arm["rate"]["estimate"], rates[0], "the first round is the headline");
    let cost = |at: usize| rounds[at]["usd"].as_f64().unwrap();
    assert!(cost(1) > cost(0), "what rounds cost adds up: {arm}");
    let sheet = run["comparison"]["fairness"].as_array().unwrap();
    let aspect = sheet.iter().find(|one| one["aspect"] == "rounds").unwrap();
    assert_eq!(aspect["values"], serde_json::json!(["up to 2", "up to 2"]));
    let page = unwrapped(&home.run(&["show", "latest"]).ended_with(0).out);
    assert!(page.contains("up to round 2"), "{page}");

    scored_anew(&home, run["run"]["id"].as_str().unwrap(), "long-weekends/cedar/1");

    // One round is what it was: the plan's hash, and the record.
    let hash = |more: &[&str]| {
        let home = Home::new();
        let words = ["run", "samples", "--assistants", "elder", "--seed", "7", "--json"];
        home.run(&[&words[..], more].concat()).ended_with(0).json()["plan_hash"].clone()
    };
    assert_eq!(hash(&["--rounds", "1"]), hash(&[]));

    let id = run["run"]["id"].as_str().unwrap();
    let left: Vec<_> = std::fs::read_dir(home.path().join("runs").join(id))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["lock"], "no room is left");
    assert_eq!(processes_of(id), BTreeMap::new());
}

/// Other rules said that the second round had changed nothing: what they said is replaced, kept and told.
fn scored_anew(home: &Home, run: &str, trial: &str) {
    let older = "import json, sqlite3, sys\n\
        db = sqlite3.connect('store.db')\n\
        row = db.execute(\"SELECT rowid, record FROM trials WHERE task = 'long-weekends' AND assistant = 'cedar'\").fetchone()\n\
        record = json.loads(row[1])\n\
        record['rules'] = 1\n\
        record['more'][0]['outcome'] = {'result': 'no_diff'}\n\
        db.execute('UPDATE trials SET record = ? WHERE rowid = ?', (json.dumps(record), row[0]))\n\
        db.commit()\n";
    let put = std::process::Command::new("python3").args(["-c", older]).current_dir(home.path()).status();
    assert!(put.unwrap().success());
    let told = home.run(&["rescore", run]).ended_with(0).out;
    assert!(told.contains(&format!("{trial} round 2: no change → resolved")), "{told}");
    home.run(&["report", run, "--json", "report.json"]).ended_with(0);
    let report: Value =
        serde_json::from_str(&std::fs::read_to_string(home.path().join("report.json")).unwrap()).unwrap();
    let second = &self::trial(&report, "long-weekends", "cedar")["more"][0];
    assert_eq!(second["outcome"]["result"], "resolved", "{second}");
    assert_eq!(
        (&second["earlier"][0]["outcome"]["result"], &second["earlier"][0]["rules"]),
        (&"no_diff".into(), &1.into())
    );
}

#[test]
fn what_cannot_be_run_in_rounds_is_refused_with_a_reason() {
    let home = Home::new();
    let ran = home.run(&["run", "samples", "--rounds", "4"]);
    assert_eq!(ran.code, Some(2), "{}", ran.err);
    let ran =
        home.run(&["run", "samples", "--assistants", "elder", "--rounds", "2", "--record"]).ended_with(2);
    assert!(ran.err.contains("cannot be recorded"), "{}", ran.err);
}

#[test]
fn who_cannot_resume_has_one_round_and_says_so() {
    let home = Home::new();
    let suite = slow_with(&home, "0", "sed -i s/one/three/ a.txt");
    let run = home
        .run(&["run", &suite, "--assistants", "mine,cedar", "--rounds", "3", "--json"])
        .ended_with(0)
        .json();
    let mine = trial(&run, "one", "mine");
    assert_eq!(mine["no_more"], "one round: it cannot resume a session", "{mine}");
    let cedar = trial(&run, "one", "cedar");
    assert_eq!(cedar["more"].as_array().unwrap().len(), 2, "{cedar}");
    let page = unwrapped(&home.run(&["show", "latest"]).ended_with(0).out);
    assert!(page.contains("cannot resume a session"), "{page}");
}

#[test]
fn a_limit_on_requests_is_one_for_all_rounds_of_a_trial() {
    let cedar = |more: &[&str]| {
        let home = Home::new();
        let suite = slow_with(&home, "0", "true");
        let words = ["run", &suite, "--assistants", "cedar", "--rounds", "2", "--seed", "7", "--json"];
        let run = home.run(&[&words[..], more].concat()).ended_with(0).json();
        trial(&run, "one", "cedar").clone()
    };
    let free = cedar(&[]);
    assert_eq!(free["more"].as_array().unwrap().len(), 1, "{free}");
    let made = free["usage"]["requests"].as_u64().unwrap();
    let spent = cedar(&["--budget-requests", &made.to_string()]);
    assert_eq!(
        (&spent["ending"]["ending"], &spent["no_more"]),
        (&"finished".into(), &"its limit on requests is reached".into()),
        "{spent}"
    );
    let one_left = cedar(&["--budget-requests", &(made + 1).to_string()]);
    let second = &one_left["more"][0];
    assert_eq!(
        (&second["usage"]["requests"], &second["ending"]["ending"]),
        (&1.into(), &"finished".into()),
        "{one_left}"
    );
}

/// Kills the app once a file is there whose path holds all of these words, and resumes the run.
fn killed_at(words: &[&str]) -> Value {
    let home = Home::new();
    let suite = slow_with(&home, "2", "true");
    let mut app = home.start(&["run", &suite, "--assistants", "cedar", "--rounds", "2"]);
    file_below_runs(&home, words);
    let is_graded = is_below_runs(&home, &["/trials/", "/grade", "/bundle.json"]);
    app.kill();
    assert_eq!(is_graded, words.iter().any(|word| word.starts_with("/grade")), "{words:?}");
    let run = home.run(&["show", "latest", "--json"]).ended_with(0).json();
    let id = run["run"]["id"].as_str().unwrap().to_owned();
    wait_for("cells to end", || processes_of(&id).is_empty().then_some(()));
    let run = home.run(&["resume", "--json"]).ended_with(0).json();
    let left: Vec<_> = std::fs::read_dir(home.path().join("runs").join(id))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["lock"], "no room is left");
    let trial = trial(&run, "one", "cedar").clone();
    assert_eq!(
        (&trial["attempts"], &trial["result"]["result"]),
        (&1.into(), &"unresolved".into()),
        "{trial}"
    );
    assert_eq!(trial["more"].as_array().unwrap().len(), 1, "{trial}");
    trial
}

#[test]
fn a_killed_app_loses_no_finished_round() {
    // While the first round is judged: the second follows in the room that was kept.
    let trial = killed_at(&["/trials/", "/grade/journal.jsonl"]);
    assert_eq!(trial["more"][0]["ending"]["ending"], "finished", "{trial}");
    assert_eq!(trial["more"][0]["outcome"]["result"], "unresolved", "{trial}");
    // While the second round is judged.
    let trial = killed_at(&["/trials/", "/grade-2/journal.jsonl"]);
    assert_eq!(trial["more"][0]["outcome"]["result"], "unresolved", "{trial}");
    // While the second round is worked on, when hidden checks lie nowhere beside it: it is lost, and the first is not.
    let trial = killed_at(&["/trials/", "/work-2/journal.jsonl"]);
    let second = &trial["more"][0];
    assert_eq!(
        (&second["ending"]["ending"], &second["outcome"]),
        (&"infra".into(), &Value::Null),
        "{second}"
    );
    assert!(second["ending"]["reason"].as_str().unwrap().contains("the app ended"), "{second}");
}
