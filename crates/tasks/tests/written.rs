//! What is written as a task directory is read back the same.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails by panicking")]

use std::fs;
use std::path::Path;

use fairtrial_domain::id::{CheckId, TaskId};
use fairtrial_domain::task::{
    Check, CheckKind, Command as Setup, HiddenFile, Limits, Repository, ResultFormat, TaskKind,
};
use fairtrial_tasks::{NewTask, WriteError, read_task, write_task};

fn new_task(base: &Path) -> NewTask {
    NewTask {
        id: TaskId::parse("try-1").unwrap(),
        title: "A \"quoted\" title\nwith two lines".to_owned(),
        instruction: "Do it.\n".to_owned(),
        kind: TaskKind::Other,
        language: Some("python".to_owned()),
        repository: Repository::Folder { path: base.to_owned() },
        setup: vec![Setup { run: "npm ci".to_owned(), timeout_sec: 30.0 }],
        checks: vec![Check {
            id: CheckId::parse("visible").unwrap(),
            kind: CheckKind::PassToPass,
            run: "python3 -m unittest".to_owned(),
            format: ResultFormat::Pytest,
            report: Some("out/report.xml".to_owned()),
            tests: vec!["a".to_owned()],
            timeout_sec: 12.5,
            hidden: false,
        }],
        protected: vec!["tests/**".to_owned()],
        allowed: vec![],
        hidden: vec![HiddenFile { path: "checks/a.sh".to_owned(), content: vec![0, 255], executable: true }],
        reference: Some("--- a/a\n+++ b/a\n@@ -1 +1 @@\n-x\n+y\n".to_owned()),
        requires: vec!["python3".to_owned()],
        limits: Limits {
            stall_sec: Some(3.0),
            first_token_sec: Some(7.0),
            requests: Some(9),
            ..Limits::default()
        },
        tests_may_change: true,
    }
}

#[test]
fn what_is_written_is_read_back() {
    let room = tempfile::tempdir().unwrap();
    fs::create_dir(room.path().join("base")).unwrap();
    let base = fs::canonicalize(room.path().join("base")).unwrap();
    let new = new_task(&base);
    let folder = write_task(room.path(), &new).unwrap();
    let task = read_task(&folder).unwrap();
    assert_eq!((&task.id, &task.title, &task.instruction), (&new.id, &new.title, &new.instruction));
    assert_eq!((task.kind, &task.language, &task.repository), (new.kind, &new.language, &new.repository));
    assert_eq!((&task.setup, &task.checks, &task.hidden), (&new.setup, &new.checks, &new.hidden));
    assert_eq!(
        (&task.protected, &task.allowed, &task.requires),
        (&new.protected, &new.allowed, &new.requires)
    );
    assert_eq!((&task.reference, &task.limits), (&new.reference, &new.limits));
    assert!(task.tests_may_change);
    assert!(matches!(write_task(room.path(), &new), Err(WriteError::Exists(_))));
}

#[test]
fn uncommitted_work_is_written_beside_the_commit() {
    let room = tempfile::tempdir().unwrap();
    let mut new = new_task(room.path());
    new.repository = Repository::Git {
        location: "https://example.org/a.git".to_owned(),
        commit: "a".repeat(40),
        uncommitted: Some("--- a/a\n+++ b/a\n".to_owned()),
    };
    let folder = write_task(room.path(), &new).unwrap();
    assert_eq!(read_task(&folder).unwrap().repository, new.repository);
}

#[test]
fn a_hidden_file_is_never_written_outside() {
    let room = tempfile::tempdir().unwrap();
    let mut new = new_task(room.path());
    new.hidden[0].path = "../../x".to_owned();
    assert!(matches!(write_task(room.path(), &new), Err(WriteError::Escapes { .. })));
    assert!(!room.path().join("try-1").exists());
}
