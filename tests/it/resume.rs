//! Crashes lose nothing that was finished, and nothing runs twice.

use std::collections::BTreeMap;
use std::path::Path;

use fairtrial_tests::{Home, processes_of, wait_for};
use serde_json::Value;

const ALL: &[&str] = &["run", "samples", "--assistants", "aster,cedar,elder", "--seed", "3", "--jobs", "2"];

/// Trials by name with their attempts.
fn attempts(run: &Value) -> BTreeMap<String, u64> {
    let trials = run["trials"].as_array().unwrap().iter();
    trials
        .map(|t| {
            let name = format!(
                "{}/{}/{}",
                t["task"].as_str().unwrap(),
                t["assistant"].as_str().unwrap(),
                t["trial"]
            );
            (name, t["attempts"].as_u64().unwrap())
        })
        .collect()
}

fn latest(home: &Home) -> Option<Value> {
    let ran = home.run(&["show", "latest", "--json"]);
    (ran.code == Some(0)).then(|| ran.json())
}

/// Waits until at least `count` trials are over while others are at work.
fn under_way(home: &Home, count: usize) -> Value {
    wait_for("a run under way", || {
        latest(home).filter(|run| run["trials"].as_array().unwrap().len() >= count)
    })
}

#[test]
fn a_killed_app_goes_on_where_it_was() {
    let home = Home::new();
    let mut app = home.start(ALL);
    let before = under_way(&home, 4);
    app.kill();
    let id = before["run"]["id"].as_str().unwrap().to_owned();
    // Cells end with the app.
    wait_for("cells to end", || processes_of(&id).is_empty().then_some(()));
    let kept = latest(&home).unwrap();
    let after = home.run(&["resume", "latest", "--json"]).ended_with(0).json();

    assert_eq!(after["run"]["id"], before["run"]["id"]);
    let (kept, after_attempts) = (attempts(&kept), attempts(&after));
    assert_eq!(after_attempts.len(), 18, "every trial is there exactly once");
    for (name, attempts) in &kept {
        assert_eq!(after_attempts[name], *attempts, "{name} was over and ran again");
    }
    let again = after_attempts.values().filter(|attempts| **attempts > 1).count();
    assert!(again <= 2, "only the trials in flight may run again: {after_attempts:?}");
    let arms = after["comparison"]["arms"].as_array().unwrap();
    assert!(arms.iter().all(|arm| arm["trials"] == 5), "the canary is apart, five tasks count: {arms:?}");
    // A third time there is nothing to do.
    let ran = home.run(&["resume", "latest"]).ended_with(2);
    assert!(ran.err.contains("there is nothing to go on with"), "{}", ran.err);
}

#[test]
fn a_killed_cell_costs_one_attempt() {
    let home = Home::new();
    let mut app = home.start(ALL);
    let run = wait_for("a run", || latest(&home));
    let id = run["run"]["id"].as_str().unwrap().to_owned();
    let (victim, cell) = wait_for("a cell at work", || work_cell(&home.path().join("runs").join(&id)));
    // Kills exactly the cell found above, by its own id.
    rustix::process::kill_process(cell, rustix::process::Signal::KILL).unwrap();
    wait_for("the run to end", || app.has_ended().then_some(()));

    let after = latest(&home).unwrap();
    let attempts = attempts(&after);
    assert_eq!(attempts.len(), 18);
    let again: Vec<&String> =
        attempts.iter().filter(|(_, attempts)| **attempts > 1).map(|(name, _)| name).collect();
    assert_eq!(again, [&victim]);
    assert_eq!(processes_of(&id), BTreeMap::new());
}

/// Finds a cell that runs an assistant: the trial's name and the cell's process.
fn work_cell(run: &Path) -> Option<(String, rustix::process::Pid)> {
    for entry in std::fs::read_dir("/proc").ok()?.flatten() {
        let Ok(id) = entry.file_name().to_string_lossy().parse::<i32>() else { continue };
        let Ok(line) = std::fs::read(entry.path().join("cmdline")) else { continue };
        let words: Vec<String> =
            line.split(|b| *b == 0).map(|w| String::from_utf8_lossy(w).into_owned()).collect();
        let [_, mode, bundle, ..] = words.as_slice() else { continue };
        let Ok(inside) = Path::new(bundle).strip_prefix(run.join("trials")) else { continue };
        if mode != "work" {
            continue;
        }
        let parts: Vec<&str> = inside.iter().filter_map(|part| part.to_str()).collect();
        if let [task, assistant, trial, ..] = parts.as_slice() {
            let journal =
                std::fs::read_to_string(Path::new(bundle).join("journal.jsonl")).unwrap_or_default();
            if journal.contains("\"launched\"") && !journal.contains("\"ended\"") {
                return Some((format!("{task}/{assistant}/{trial}"), rustix::process::Pid::from_raw(id)?));
            }
        }
    }
    None
}
