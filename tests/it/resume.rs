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

/// Waits until a file appears below the runs of a data folder whose path holds each of the words.
pub(crate) fn file_below_runs(home: &Home, words: &[&str]) {
    wait_for("a step of a run", || is_below_runs(home, words).then_some(()));
}

/// Returns whether there is a file among the runs whose path holds all of these words.
pub(crate) fn is_below_runs(home: &Home, words: &[&str]) -> bool {
    fn any(folder: &Path, words: &[&str]) -> bool {
        std::fs::read_dir(folder).into_iter().flatten().flatten().any(|entry| {
            let path = entry.path();
            let fits = || words.iter().all(|word| path.to_string_lossy().contains(word));
            if path.is_dir() { any(&path, words) } else { fits() }
        })
    }
    any(&home.path().join("runs"), words)
}

/// A suite of one task whose check takes `seconds`.
fn slow(home: &Home, seconds: &str) -> String {
    slow_with(home, seconds, "echo two > a.txt")
}

/// The same, where the assistant `mine` runs `script`.
pub(crate) fn slow_with(home: &Home, seconds: &str, script: &str) -> String {
    let task = home.path().join("suite/one");
    std::fs::create_dir_all(&task).unwrap();
    std::fs::create_dir_all(home.path().join("code")).unwrap();
    std::fs::write(home.path().join("code/a.txt"), "one\n").unwrap();
    std::fs::write(task.join("instruction.md"), "Do it.\n").unwrap();
    let settings = format!(
        "schema_version = \"1.4\"\n[agent]\ntimeout_sec = 9.0\n[metadata.fairtrial]\ntitle = \"One\"\nkind = \"bug_fix\"\n\
         repository = {{ folder = \"../../code\" }}\n[[metadata.fairtrial.checks]]\nid = \"c\"\n\
         run = \"sleep {seconds}; grep two a.txt\"\nkind = \"fail_to_pass\"\nformat = \"exit\"\n"
    );
    std::fs::write(task.join("task.toml"), settings).unwrap();
    std::fs::write(
        home.path().join("assistants.toml"),
        format!(
            "[assistants.mine]\nbackend = \"command\"\nprogram = \"/bin/sh\"\nargs = [\"-c\", \"{script}\"]\n"
        ),
    )
    .unwrap();
    home.path().join("suite").to_string_lossy().into_owned()
}

#[test]
fn work_that_is_whole_is_judged_after_a_crash_or_a_stop_and_not_paid_twice() {
    use rustix::process::Signal;
    for signal in [Signal::KILL, Signal::INT] {
        let home = Home::new();
        let mut app = home.start(&["run", &slow(&home, "2"), "--assistants", "mine"]);
        file_below_runs(&home, &["/trials/", "/grade/journal.jsonl"]);
        let id = rustix::process::Pid::from_raw(app.id().cast_signed()).unwrap();
        rustix::process::kill_process(id, signal).unwrap();
        wait_for("the app to end", || app.has_ended().then_some(()));
        assert_eq!(latest(&home).unwrap()["trials"].as_array().unwrap().len(), 0);
        let after = home.run(&["resume", "--json"]).ended_with(0).json();
        assert_eq!(attempts(&after).values().collect::<Vec<_>>(), [&1], "{signal:?}: it was worked on again");
        assert_eq!(after["trials"][0]["verdicts"][0]["status"], "passed", "{}", after["trials"][0]);
    }
}

#[test]
fn a_crash_while_tasks_are_prepared_costs_no_attempt() {
    let home = Home::new();
    let mut app = home.start(&["run", &slow(&home, "2"), "--assistants", "mine"]);
    file_below_runs(&home, &["/tasks/", "/untouched/journal.jsonl"]);
    app.kill();
    let after = home.run(&["resume", "--json"]).ended_with(0).json();
    assert_eq!(attempts(&after).values().collect::<Vec<_>>(), [&1]);
    let run = home.path().join("runs").join(after["run"]["id"].as_str().unwrap());
    let left: Vec<_> = std::fs::read_dir(run).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["lock"], "bundles are cleared away");
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
pub(crate) fn work_cell(run: &Path) -> Option<(String, rustix::process::Pid)> {
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
