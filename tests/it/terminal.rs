//! The terminal: 80 columns, plain when piped, codes as documented.

use std::fs;
use std::process::{Command, Stdio};

use fairtrial_tests::Home;
use serde_json::json;

#[test]
fn what_is_printed_fits_eighty_columns_and_has_no_escapes_when_piped() {
    let home = Home::new();
    let ran = home.run(&["run", "samples", "--assistants", "elder,cedar", "--seed", "5"]).ended_with(0);
    let diff = home.run(&["diff", "latest", "long-weekends", "--reference"]).ended_with(0);
    let compare = home.run(&["compare"]).ended_with(0);
    for text in [&ran.out, &diff.out, &compare.out] {
        assert!(!text.contains('\u{1b}'), "{text}");
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{} columns: {line}", line.chars().count());
        }
    }
    assert!(ran.out.contains("Cedar") && ran.out.contains("sample"), "{}", ran.out);
    assert!(diff.out.contains("lending/"), "{}", diff.out);
}

#[test]
fn a_reader_that_goes_away_does_not_end_the_run() {
    let home = Home::new();
    let mut run = home.fairtrial(&["run", "samples", "--assistants", "elder"]);
    let mut child = run.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop((child.stdout.take(), child.stderr.take()));
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let runs = home.run(&["runs", "--json"]).ended_with(0).json();
    assert_eq!((&runs[0]["status"], &runs[0]["done"]), (&"finished".into(), &6.into()));
}

#[test]
fn a_first_look_needs_no_files_and_gives_no_verdict() {
    let home = Home::new();
    let repo = home.path().join("shop");
    fs::create_dir_all(repo.join("tests")).unwrap();
    fs::write(repo.join("tests/__init__.py"), "").unwrap();
    fs::write(
        repo.join("tests/test_it.py"),
        "import unittest\n\n\nclass It(unittest.TestCase):\n    def test_one(self):\n        self.assertEqual(1, 1)\n",
    )
    .unwrap();
    for arguments in [
        &["init", "-q"][..],
        &["add", "."],
        &["-c", "user.name=t", "-c", "user.email=t@example.invalid", "commit", "-qm", "one"],
    ] {
        assert!(Command::new("git").arg("-C").arg(&repo).args(arguments).status().unwrap().success());
    }
    let arguments =
        ["try", repo.to_str().unwrap(), "Write down what is here", "--assistants", "aster,cedar", "--json"];
    let ran = home.run(&arguments).ended_with(0);
    assert!(ran.err.contains("unittest"), "the project's own check is offered: {}", ran.err);
    let run = ran.json();
    for trial in run["trials"].as_array().unwrap() {
        assert_eq!(trial["result"]["result"], "ungraded", "{trial}");
        assert_eq!(trial["result"]["broke"], json!([]), "{trial}");
    }
    let parts = run["comparison"]["verdict"]["parts"].as_array().unwrap();
    assert!(parts.iter().all(|part| part["part"] == "withheld"), "{parts:?}");
    let shown = home.run(&["show"]).ended_with(0).out;
    assert!(shown.contains("one look, not a measurement"), "{shown}");
    // Uncommitted work is taken as it is when asked, whatever it holds.
    fs::write(repo.join("picture.png"), b"\x89PNG\0\xff").unwrap();
    let arguments = [&arguments[..], &["--include-uncommitted"]].concat();
    home.run(&arguments).ended_with(0);
    fs::remove_file(repo.join("picture.png")).unwrap();
    // Nothing was written into the user's folder.
    let status = Command::new("git").arg("-C").arg(&repo).args(["status", "--porcelain"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&status.stdout), "");
}

#[test]
fn a_table_of_somebody_else_is_compared_alike() {
    let home = Home::new();
    let mut table = String::from("task,assistant,trial,outcome\n");
    for task in 0..20 {
        table.push_str(&format!(
            "t{task},one,1,pass\nt{task},two,1,{}\n",
            if task < 2 { "pass" } else { "fail" }
        ));
    }
    let path = home.path().join("results.csv");
    fs::write(&path, table).unwrap();
    let comparison = home.run(&["compare", path.to_str().unwrap(), "--json"]).ended_with(0).json();
    assert_eq!(comparison["pairs"][0]["conclusion"], "a_better", "{comparison}");
    assert_eq!(comparison["verdict"]["top"], json!(["one"]));
}

#[test]
fn completions_and_the_manual_need_no_data_folder() {
    let home = Home::new();
    assert!(home.run(&["completions", "bash"]).ended_with(0).out.contains("fairtrial"));
    assert!(home.run(&["man"]).ended_with(0).out.contains("Exit codes"));
    assert!(home.run(&["--version"]).ended_with(0).out.contains("0.1.0"));
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn the_doctor_names_the_isolation() {
    let home = Home::new();
    let found = home.run(&["doctor", "--json"]).ended_with(0).json();
    assert_eq!(found["tier"]["tier"], "full", "{found}");
    assert_eq!(found["tier"]["reason"], serde_json::Value::Null);
}

/// A folder with makers of walls that say that they may not, as first place on the path.
fn forbidden_makers() -> (tempfile::TempDir, std::ffi::OsString) {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    for name in ["bwrap", "crun", "runc"] {
        let program = dir.path().join(name);
        let says = format!("#!/bin/sh\necho '{name}: setting up uid map: Permission denied' >&2\nexit 1\n");
        fs::write(&program, says).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let path = std::env::var_os("PATH").unwrap();
    let path = std::env::join_paths([dir.path().to_owned()].into_iter().chain(std::env::split_paths(&path)));
    (dir, path.unwrap())
}

#[test]
fn the_doctor_tells_of_every_tier_what_it_keeps_and_what_it_needs() {
    let home = Home::new();
    let (_dir, path) = forbidden_makers();
    let said = home.fairtrial(&["doctor", "--json"]).env("PATH", &path).output().unwrap();
    let found: serde_json::Value = serde_json::from_slice(&said.stdout).unwrap();
    let tiers = found["tiers"].as_array().unwrap();
    let names: Vec<&str> = tiers.iter().map(|one| one["tier"].as_str().unwrap()).collect();
    assert_eq!(names, ["full", "bubblewrap", "container", "plain"]);
    for (at, names) in [(1, &["bwrap"][..]), (2, &["crun", "runc"])] {
        let missing = tiers[at]["missing"].as_str().unwrap();
        for name in names {
            assert!(missing.contains(&format!("{name}: setting up uid map: Permission denied")), "{missing}");
        }
        assert_eq!(tiers[at]["lacks"], json!(["place_hidden"]));
    }
    assert_eq!((&tiers[0]["missing"], &tiers[3]["missing"]), (&json!(null), &json!(null)));
    let verdicts: Vec<bool> = tiers.iter().map(|one| one["carries_verdict"].as_bool().unwrap()).collect();
    assert_eq!(verdicts, [true, true, true, false]);
    let said = home.fairtrial(&["doctor"]).env("PATH", &path).output().unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    assert!(said.contains("full: own namespaces - can be had"), "{said}");
    assert!(said.contains("carries no verdict"), "{said}");
}

#[test]
fn a_tier_that_cannot_be_had_is_refused_and_not_exchanged() {
    let home = Home::new();
    let (_dir, path) = forbidden_makers();
    for tier in ["bubblewrap", "container"] {
        let run = ["run", "samples", "--tier", tier, "--assistants", "elder"];
        let said = home.fairtrial(&run).env("PATH", &path).output().unwrap();
        let reason = String::from_utf8(said.stderr).unwrap();
        assert_eq!(said.status.code(), Some(2), "{reason}");
        assert!(reason.contains("cannot be had here") && reason.contains("Permission denied"), "{reason}");
    }
    assert_eq!(home.run(&["runs", "--json"]).ended_with(0).json(), json!([]));
}
