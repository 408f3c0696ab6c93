//! What `docs/tasks.md` shows can be copied: every example reads as a task, with the defaults that the page names.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use fairtrial_domain::task::{CheckKind, Limits, ResultFormat, Task};
use fairtrial_tasks::read_task;

/// Reads each TOML block of the page that sets up a task, beside a base; a plan file is none.
fn documented() -> Vec<Task> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/tasks.md");
    let page = fs::read_to_string(page).unwrap();
    let blocks: Vec<&str> = page
        .split("```toml\n")
        .skip(1)
        .filter_map(|rest| rest.split_once("\n```"))
        .map(|(block, _)| block)
        .filter(|block| block.contains("[metadata.fairtrial"))
        .collect();
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("base")).unwrap();
    fs::write(folder.path().join("base/a.py"), "a = 1\n").unwrap();
    let read = |(number, block): (usize, &&str)| {
        let task = folder.path().join(format!("task-{number}"));
        fs::create_dir(&task).unwrap();
        fs::write(task.join("instruction.md"), "Round to the cent.\n").unwrap();
        fs::write(task.join("task.toml"), block).unwrap();
        read_task(&task).unwrap_or_else(|problems| panic!("{problems}"))
    };
    blocks.iter().enumerate().map(read).collect()
}

#[test]
fn every_documented_example_reads_as_a_task() {
    let read = documented();
    let [first, rest] = read.as_slice() else { panic!("{} examples", read.len()) };
    assert_eq!(
        (first.title.as_str(), first.protected.as_slice()),
        ("Round to the cent", &["tests/**".to_owned()][..])
    );
    assert!(rest.tests_may_change && !first.tests_may_change);
    assert_eq!(
        (rest.forbidden.as_slice(), &rest.dependencies),
        (&["deploy/**".to_owned()][..], &Some(vec!["requests".to_owned()]))
    );
    assert_eq!((first.forbidden.len(), &first.dependencies), (0, &None));
    assert_eq!(rest.checks[0].format, ResultFormat::Junit);
    assert_eq!(rest.checks[0].report.as_deref(), Some("report.xml"));
}

#[test]
fn the_documented_defaults_are_those_of_the_parser() {
    let read = documented();
    let (first, rest) = (&read[0], &read[1]);
    let standard = Limits::default();
    assert_eq!(rest.limits.agent_timeout_sec, standard.agent_timeout_sec);
    assert_eq!(rest.limits.grace_sec, standard.grace_sec);
    assert_eq!((rest.limits.disk_bytes, rest.limits.processes), (standard.disk_bytes, standard.processes));
    assert_eq!((standard.stall_sec, standard.first_token_sec, standard.memory_bytes), (None, None, None));
    // `hidden` is left out of the first example.
    assert_eq!((first.checks[0].kind, first.checks[0].hidden), (CheckKind::FailToPass, true));
}
