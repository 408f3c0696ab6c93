//! The sample suite reads clean, fails where it must, and is solved by its references.
//!
//! Checks run here on the host, on copies of our own base with our own patches: nothing of an assistant's.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use fairtrial_domain::task::{CheckKind, Repository, Task, TaskKind};
use fairtrial_tasks::read_suite;

fn suite_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples/suite")
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for item in fs::read_dir(from).unwrap() {
        let item = item.unwrap();
        let target = to.join(item.file_name());
        if item.path().is_dir() {
            copy(&item.path(), &target);
        } else {
            fs::copy(item.path(), target).unwrap();
        }
    }
}

/// Returns the programs of a task that are not on the PATH.
fn missing(task: &Task) -> Vec<&str> {
    let here = |program: &str| {
        let asked =
            Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        asked.is_ok_and(|status| status.success())
    };
    task.requires.iter().map(String::as_str).filter(|program| !here(program)).collect()
}

/// Returns a copy of the base with a patch applied and the hidden files laid over it.
fn workspace(task: &Task, patch: Option<&str>) -> tempfile::TempDir {
    let room = tempfile::tempdir().unwrap();
    let Repository::Folder { path } = &task.repository else { panic!("{} is no folder", task.id) };
    copy(path, room.path());
    if let Some(patch) = patch {
        let file = task.directory.join("solution/reference.patch");
        assert_eq!(fs::read_to_string(&file).unwrap(), patch);
        let applied = Command::new("git").arg("apply").arg(&file).current_dir(room.path()).status().unwrap();
        assert!(applied.success(), "the reference of {} does not apply", task.id);
    }
    for hidden in &task.hidden {
        let path = room.path().join(&hidden.path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, &hidden.content).unwrap();
    }
    room
}

/// Runs every check and returns its id with whether it passed.
fn results(task: &Task, patch: Option<&str>) -> Vec<(CheckKind, bool)> {
    let room = workspace(task, patch);
    let run = |command: &str| {
        let ended = Command::new("sh")
            .args(["-c", command])
            .current_dir(room.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        ended.unwrap().success()
    };
    task.checks.iter().map(|check| (check.kind, run(&check.run))).collect()
}

#[test]
fn the_sample_suite_reads_clean() {
    let suite = read_suite(&suite_folder()).unwrap();
    assert_eq!((suite.id.as_str(), suite.title.as_str()), ("samples", "Larkfield tool library"));
    let kinds: Vec<TaskKind> = suite.tasks.iter().map(|task| task.kind).collect();
    assert_eq!(
        kinds,
        [
            TaskKind::BugFix,
            TaskKind::Feature,
            TaskKind::Refactoring,
            TaskKind::Performance,
            TaskKind::Tests,
            TaskKind::Canary,
        ]
    );
    for task in &suite.tasks {
        assert_eq!((task.limits.agent_timeout_sec, task.limits.grace_sec), (8.0, 1.0), "{}", task.id);
        assert_eq!(task.reference.is_none(), task.kind == TaskKind::Canary, "{}", task.id);
        assert!(!task.hidden.is_empty() && !task.protected.is_empty(), "{}", task.id);
    }
}

#[test]
fn hidden_files_are_not_in_the_base() {
    for task in read_suite(&suite_folder()).unwrap().tasks {
        let Repository::Folder { path } = &task.repository else { panic!("{} is no folder", task.id) };
        for hidden in &task.hidden {
            assert!(!path.join(&hidden.path).exists(), "{}", hidden.path);
        }
    }
}

#[test]
fn harbors_script_runs_the_same_checks() {
    for task in read_suite(&suite_folder()).unwrap().tasks {
        let script = fs::read_to_string(task.directory.join("tests/test.sh")).unwrap();
        for check in &task.checks {
            assert!(script.contains(&check.run), "{}: {}", task.id, check.id);
        }
        assert!(task.directory.join("environment/Dockerfile").is_file(), "{}", task.id);
        assert!(task.directory.join("solution/solve.sh").is_file(), "{}", task.id);
    }
}

#[test]
fn protected_files_are_in_the_base() {
    for task in read_suite(&suite_folder()).unwrap().tasks {
        let Repository::Folder { path } = &task.repository else { panic!("{} is no folder", task.id) };
        for protected in &task.protected {
            assert!(path.join(protected).is_file(), "{}: {protected}", task.id);
        }
    }
}

#[test]
fn the_base_fails_what_a_solution_must_pass_and_nothing_else() {
    for task in read_suite(&suite_folder()).unwrap().tasks {
        let missing = missing(&task);
        if !missing.is_empty() {
            eprintln!("skipped {}: {missing:?} not here", task.id);
            continue;
        }
        for (kind, passed) in results(&task, None) {
            assert_eq!(passed, kind != CheckKind::FailToPass, "{}: {kind:?}", task.id);
        }
    }
}

#[test]
fn every_reference_solves_its_task() {
    for task in read_suite(&suite_folder()).unwrap().tasks {
        let missing = missing(&task);
        let Some(reference) = &task.reference else { continue };
        if !missing.is_empty() {
            eprintln!("skipped {}: {missing:?} not here", task.id);
            continue;
        }
        for (kind, passed) in results(&task, Some(reference)) {
            assert!(passed, "{}: {kind:?}", task.id);
        }
    }
}
