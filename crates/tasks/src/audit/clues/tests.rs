//! Leaks and unnamed names: texts in, places out.

use std::collections::BTreeMap;

use fairtrial_domain::id::{Digest, TaskId};
use fairtrial_domain::task::{HiddenFile, Limits, Repository, TaskKind};

use super::*;

const REFERENCE: &str = "--- a/src/a.py\n+++ b/src/a.py\n@@ -1,1 +1,4 @@\n def old(): pass\n\
    +def merge_ranges(ranges):\n+    return [span for span in sorted(ranges) if span.size > 0]\n\
    +MESSAGE = \"ranges must not overlap\"\n";

/// Looks at an instruction, a hidden check and a base, and says what leaks and what nobody was told.
fn check(instruction: &str, hidden: &str, base: &[(&str, &str)], expected: &str) {
    let task = Task {
        id: TaskId::parse("t").unwrap(),
        title: String::new(),
        instruction: instruction.to_owned(),
        kind: TaskKind::Feature,
        language: None,
        repository: Repository::Folder { path: "base".into() },
        setup: vec![],
        checks: vec![],
        protected: vec![],
        allowed: vec![],
        forbidden: vec![],
        dependencies: None,
        hidden: vec![HiddenFile {
            path: "checks/test_a.py".to_owned(),
            content: hidden.as_bytes().to_vec(),
            executable: false,
        }],
        reference: Some(REFERENCE.to_owned()),
        requires: vec![],
        limits: Limits::default(),
        network: fairtrial_domain::task::Network::None,
        readable: vec![],
        tests_may_change: false,
        digest: Digest("0".repeat(64)),
        directory: "t".into(),
    };
    let diff = fairtrial_patch::unified::parse(REFERENCE).unwrap();
    let mut clues = Clues::of(&task, &diff);
    let files: BTreeMap<_, _> = base.iter().copied().chain([("src/a.py", "def old(): pass\n")]).collect();
    files.iter().for_each(|(path, text)| clues.see(path, text));
    let say = |found: Vec<AuditEvidence>| {
        let places = found
            .iter()
            .map(|one| format!("{}:{} {}", one.at.path, one.at.line.unwrap_or_default(), one.text));
        places.collect::<Vec<_>>().join(", ")
    };
    assert_eq!(format!("leaks [{}] unnamed [{}]", say(clues.leaks()), say(clues.unnamed())), expected);
}

#[test]
fn a_task_that_names_what_its_checks_use_is_sound() {
    check("Add `merge_ranges`.", "merge_ranges([])\n", &[], "leaks [] unnamed []");
}

#[test]
fn a_name_that_nobody_was_told_is_seen() {
    check(
        "Merge them.",
        "x = 1\nmerge_ranges([])\n",
        &[],
        "leaks [] unnamed [tests/files/checks/test_a.py:2 merge_ranges]",
    );
    check("Merge them.", "merge_ranges([])\n", &[("README.md", "use merge_ranges\n")], "leaks [] unnamed []");
}

#[test]
fn a_message_that_nobody_was_told_is_seen() {
    check(
        "Add `merge_ranges`.",
        "assert str(e) == 'ranges must not overlap'\n",
        &[],
        "leaks [instruction.md:1 merge_ranges] unnamed [tests/files/checks/test_a.py:1 ranges must not overlap]",
    );
}

#[test]
fn a_line_of_the_answer_in_the_instruction_is_a_leak() {
    check(
        "Write `return [span for span in\n  sorted(ranges) if span.size > 0]`.",
        "merge_ranges\n",
        &[("README.md", "merge_ranges")],
        "leaks [instruction.md:0 return [span for span in sorted(ranges) if span.size > 0]] unnamed []",
    );
}

#[test]
fn the_answer_left_in_the_base_is_a_leak_and_a_common_line_of_code_is_none() {
    let line = "    return [span for span in sorted(ranges) if span.size > 0]\n";
    let told = "Add `merge_ranges`.";
    let used = "merge_ranges\n";
    check(
        told,
        used,
        &[("fix.patch", &format!("+{line}"))],
        "leaks [fix.patch:1 return [span for span in sorted(ranges) if span.size > 0]] unnamed []",
    );
    check(told, used, &[("src/b.py", line)], "leaks [] unnamed []");
}
