//! What cannot be used is refused with a sentence that says what, where, and what to do; and nothing is lost.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use fairtrial_tests::{Home, Ran, wait_for};

/// Asserts that a command fails with a code and a message that holds each of the words.
fn refused(ran: Ran, code: i32, words: &[&str]) -> Ran {
    let ran = ran.ended_with(code);
    for word in words {
        assert!(ran.err.contains(word), "`{}` lacks `{word}`:\n{}", ran.arguments, ran.err);
    }
    ran
}

/// A folder under git with one committed file.
fn repository(home: &Home) -> PathBuf {
    let folder = home.path().join("repo");
    fs::create_dir(&folder).unwrap();
    git(&folder, &["init", "-q"]);
    fs::write(folder.join("a.txt"), "one\n").unwrap();
    git(&folder, &["add", "."]);
    git(&folder, &["-c", "user.name=t", "-c", "user.email=t@example.invalid", "commit", "-qm", "one"]);
    folder
}

fn git(folder: &Path, arguments: &[&str]) {
    let status = Command::new("git").arg("-C").arg(folder).args(arguments).status().unwrap();
    assert!(status.success(), "git {arguments:?}");
}

/// A suite of one task whose settings end with `more`.
fn suite(home: &Home, more: &str) -> PathBuf {
    let task = home.path().join("suite/one");
    fs::create_dir_all(&task).unwrap();
    fs::create_dir_all(home.path().join("code")).unwrap();
    fs::write(home.path().join("code/a.txt"), "one\n").unwrap();
    fs::write(task.join("instruction.md"), "Do it.\n").unwrap();
    let settings = format!(
        "schema_version = \"1.4\"\n[agent]\ntimeout_sec = 5.0\n[metadata.fairtrial]\ntitle = \"One\"\nkind = \"bug_fix\"\n{more}"
    );
    fs::write(task.join("task.toml"), settings).unwrap();
    home.path().join("suite")
}

const FOLDER: &str = "repository = { folder = \"../../code\" }\n";
const CHECK: &str = "[[metadata.fairtrial.checks]]\nid = \"c\"\nrun = \"test -e b.txt\"\nkind = \"fail_to_pass\"\nformat = \"exit\"\n";

fn check(more: &str, words: &[&str]) {
    let home = Home::new();
    let folder = suite(&home, more);
    refused(home.run(&["tasks", "check", folder.to_str().unwrap()]), 2, words);
}

#[test]
fn tasks_are_refused_with_file_and_line() {
    check("repository = [\n", &["task.toml:7", "TOML"]);
    check(&format!("{FOLDER}colour = \"red\"\n{CHECK}"), &["task.toml:8", "colour"]);
    check(&format!("repository = {{ git = \"../../code\" }}\n{CHECK}"), &["task.toml:7", "commit"]);
    check(&format!("{FOLDER}{CHECK}{CHECK}"), &["task.toml", "`c`"]);
    check(&format!("repository = {{ folder = \"../../nowhere\" }}\n{CHECK}"), &["task.toml:7", "nowhere"]);
}

#[test]
fn two_tasks_of_one_name_are_refused() {
    let home = Home::new();
    let folder = suite(&home, &format!("{FOLDER}{CHECK}"));
    fs::write(
        folder.join("suite.toml"),
        "id = \"s\"\ntitle = \"S\"\nversion = \"1\"\ntasks = [\"one\", \"one\"]\n",
    )
    .unwrap();
    refused(home.run(&["tasks", "check", folder.to_str().unwrap()]), 2, &["suite.toml:4", "one"]);
}

#[test]
fn a_commit_that_is_not_there_is_named() {
    let home = Home::new();
    let repo = repository(&home);
    let commit = "0123456789012345678901234567890123456789";
    let folder = suite(
        &home,
        &format!("repository = {{ git = \"{}\", commit = \"{commit}\" }}\n{CHECK}", repo.display()),
    );
    let ran = home.run(&["run", folder.to_str().unwrap(), "--assistants", "elder"]);
    refused(ran, 2, &["task.toml:7", commit, "repo", "fetch it"]);
}

#[test]
fn uncommitted_changes_are_not_taken_unasked() {
    let home = Home::new();
    let repo = repository(&home);
    fs::write(repo.join("a.txt"), "two\n").unwrap();
    let words = &["uncommitted changes", "a.txt", "--include-uncommitted"];
    refused(home.run(&["try", repo.to_str().unwrap(), "Add b", "--assistants", "cedar"]), 2, words);
    assert_eq!(fs::read_to_string(repo.join("a.txt")).unwrap(), "two\n");
}

#[test]
fn a_folder_without_git_is_refused() {
    let home = Home::new();
    let folder = home.path().join("plain");
    fs::create_dir(&folder).unwrap();
    refused(
        home.run(&["try", folder.to_str().unwrap(), "Add b", "--assistants", "cedar"]),
        2,
        &["plain", "git"],
    );
}

#[test]
fn a_red_base_stops_before_anything_is_spent() {
    let home = Home::new();
    let repo = repository(&home);
    let words = &["fails before anybody changed anything", "--accept-red-base"];
    let arguments = ["try", repo.to_str().unwrap(), "Add b", "--assistants", "cedar", "--check", "false"];
    refused(home.run(&arguments), 4, words);
    assert!(home.run(&["runs"]).ended_with(0).out.contains("No runs yet"));
    assert_eq!(fs::read_dir(home.path().join("runs")).unwrap().count(), 0, "nothing is left of the look");
}

#[test]
fn an_unknown_or_missing_assistant_is_named() {
    let home = Home::new();
    refused(home.run(&["run", "samples", "--assistants", "zelkova"]), 2, &["zelkova", "aster"]);
    refused(home.run(&["run", "samples", "--assistants", "elder,elder"]), 2, &["elder", "twice"]);
    fs::write(
        home.path().join("assistants.toml"),
        "[assistants.mine]\nbackend = \"command\"\nprogram = \"no-such-program\"\n",
    )
    .unwrap();
    refused(home.run(&["run", "samples", "--assistants", "mine"]), 2, &["no-such-program", "PATH"]);
    fs::write(home.path().join("assistants.toml"), "[assistants.mine]\nbackend = \"command\"\nshade = 1\n")
        .unwrap();
    refused(home.run(&["assistants"]), 2, &["assistants.toml", "3", "shade"]);
}

#[test]
fn a_check_that_never_ends_is_ended() {
    let home = Home::new();
    let check = CHECK.replace("test -e b.txt", "sleep 1000") + "timeout_sec = 1.0\n";
    let folder = suite(&home, &format!("{FOLDER}{check}"));
    let run =
        home.run(&["run", folder.to_str().unwrap(), "--assistants", "cedar", "--json"]).ended_with(0).json();
    assert_eq!(run["tasks"][0]["facts"]["base"][0]["status"], "timed_out", "{}", run["tasks"][0]);
}

#[test]
fn a_budget_that_bounds_nothing_is_refused() {
    let home = Home::new();
    fs::write(
        home.path().join("assistants.toml"),
        "[assistants.mine]\nbackend = \"command\"\nprogram = \"true\"\n",
    )
    .unwrap();
    let run = ["run", "samples", "--assistants", "mine", "--budget", "5"];
    refused(home.run(&run), 2, &["cannot be known", "--budget-minutes"]);
    let bounded = [&run[..], &["--budget-minutes", "0.001"]].concat();
    home.run(&bounded).ended_with(3);
    // The plan fixes the budget: going on would start trials beyond it.
    refused(home.run(&["resume"]), 2, &["spent its budget", "new run"]);
}

#[test]
fn a_limit_on_requests_does_not_bound_who_tells_none() {
    let home = Home::new();
    fs::write(
        home.path().join("assistants.toml"),
        "[assistants.mine]\nbackend = \"command\"\nprogram = \"true\"\n",
    )
    .unwrap();
    let folder = suite(&home, &format!("{FOLDER}limits = {{ requests = 3 }}\n{CHECK}"));
    let folder = folder.to_str().unwrap();
    home.run(&["tasks", "check", folder]).ended_with(0);
    refused(home.run(&["run", folder, "--assistants", "mine", "--budget", "5"]), 2, &["cannot be known"]);
}

#[test]
fn a_plan_file_is_carried_out_and_refused_by_line() {
    let home = Home::new();
    suite(&home, &format!("{FOLDER}{CHECK}"));
    let plan = home.path().join("plan.toml");
    fs::write(&plan, "suite = \"suite\"\nassistants = [\"elder\"]\ntrials = 2\nseed = 7\n").unwrap();
    let run = home.run(&["run", plan.to_str().unwrap(), "--json"]).ended_with(0).json();
    assert_eq!((run["trials"].as_array().unwrap().len(), &run["run"]["plan"]["seed"]), (2, &7.into()));
    fs::write(&plan, "suite = \"suite\"\ntrails = 2\n").unwrap();
    refused(home.run(&["run", plan.to_str().unwrap()]), 2, &["plan.toml", "line 2", "trails"]);
    refused(home.run(&["run", "absent.toml"]), 2, &["absent.toml", "No such file"]);
    refused(home.run(&["compare", "absent.csv"]), 2, &["absent.csv", "No such file"]);
    refused(home.run(&["run", "samples", "--jobs", "0"]), 2, &["--jobs"]);
}

#[test]
fn a_database_of_a_newer_version_is_left_alone() {
    let home = Home::new();
    home.run(&["runs"]).ended_with(0);
    let database = home.path().join("store.db");
    let connection = rusqlite::Connection::open(&database).unwrap();
    connection.pragma_update(None, "user_version", 9999).unwrap();
    drop(connection);
    let before = fs::read(&database).unwrap();
    refused(home.run(&["runs"]), 1, &["9999", "update Fairtrial"]);
    assert_eq!(fs::read(&database).unwrap(), before);
}

#[test]
fn two_processes_never_work_on_one_run() {
    let home = Home::new();
    let _app = home.start(&["run", "samples", "--assistants", "fir", "--jobs", "1"]);
    let id = wait_for("a run", || {
        let ran = home.run(&["show", "latest", "--json"]);
        (ran.code == Some(0)).then(|| ran.json()["run"]["id"].as_str().unwrap().to_owned())
    });
    refused(home.run(&["resume", &id]), 1, &["being worked on by", &id]);
    // Another run in the same folder is nobody's business.
    home.run(&["run", "samples", "--assistants", "elder"]).ended_with(0);
}

#[test]
fn a_full_disk_is_told_and_costs_no_finished_trial() {
    let home = Home::new();
    home.run(&["run", "samples", "--assistants", "elder", "--seed", "1"]).ended_with(0);
    let before = home.run(&["show", "latest", "--json"]).ended_with(0).json();
    // No file may grow beyond one block: the journal is the first to hit it.
    let program = fairtrial_tests::program("fairtrial");
    let line = format!("ulimit -f 1; exec {} run samples --assistants aster --seed 1", program.display());
    let output = Command::new("bash")
        .args(["-c", &line])
        .env("FAIRTRIAL_HOME", home.path())
        .current_dir(home.path())
        .output()
        .unwrap();
    assert!(!output.status.success(), "a full disk is no success");
    let runs = home.run(&["runs", "--json"]).ended_with(0).json();
    let kept = runs.as_array().unwrap().last().unwrap();
    assert_eq!(kept["id"], before["run"]["id"]);
    assert_eq!(kept["done"], 6);
}

#[test]
fn tables_are_refused_by_line_and_column() {
    let home = Home::new();
    let compare = |text: &str| {
        let path = home.path().join("t.csv");
        fs::write(&path, text).unwrap();
        home.run(&["compare", path.to_str().unwrap()])
    };
    refused(compare("task,assistant\nx,y\n"), 2, &["line 1", "outcome"]);
    refused(compare("task,assistant,trial,outcome\nx,y,1,maybe\n"), 2, &["line 2", "maybe"]);
    refused(compare("task,assistant,trial,outcome\nx,y,1,pass\nx,y,1,fail\n"), 2, &["line 3"]);
    refused(compare(""), 2, &["line 1"]);
}
