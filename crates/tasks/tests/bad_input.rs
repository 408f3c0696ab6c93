//! Every way to get a task directory wrong is told with its file, its line and a remedy.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::process::Command;

use fairtrial_tasks::{read_suite, read_task};

const GOOD: &str = r#"schema_version = "1.4"

[agent]
timeout_sec = 8.0

[metadata.fairtrial]
title = "Fix it"
kind = "bug_fix"
repository = { folder = "../../base" }
protected = ["tests/**"]

[[metadata.fairtrial.checks]]
id = "fixed"
kind = "fail_to_pass"
run = "true"
"#;

/// Makes `suite/one` beside `base`, with `toml` as its settings.
fn suite(toml: &str) -> tempfile::TempDir {
    let room = tempfile::tempdir().unwrap();
    put(room.path(), "base/a.py", "x = 1\n");
    put(room.path(), "suite/one/instruction.md", "Fix it.\n");
    put(room.path(), "suite/one/task.toml", toml);
    room
}

fn put(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Returns what is wrong with the suite, with paths relative to the room.
fn problems(room: &tempfile::TempDir) -> String {
    let text = match read_suite(&room.path().join("suite")) {
        Ok(_) => String::new(),
        Err(problems) => problems.to_string(),
    };
    let root = fs::canonicalize(room.path()).unwrap();
    text.replace(&format!("{}/suite/", root.display()), "")
}

/// Replaces a passage of the good settings and compares what is told, up to the remedy's details.
fn check(find: &str, replace: &str, expected: &[&str]) {
    assert!(GOOD.contains(find), "{find}");
    let told = problems(&suite(&GOOD.replacen(find, replace, 1)));
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), expected.len(), "{told}");
    for (line, expected) in lines.iter().zip(expected) {
        assert!(line.starts_with(expected), "told:     {line}\nexpected: {expected}");
        assert!(line.matches(": ").count() >= 2, "there is no remedy: {line}");
    }
}

#[test]
fn a_good_task_has_no_problem() {
    assert_eq!(problems(&suite(GOOD)), "");
}

#[test]
fn a_linter_is_of_kind_lint_and_has_no_tests() {
    check(
        "run = \"true\"",
        "run = \"true\"\nformat = \"ruff\"\ntests = [\"a\"]",
        &[
            "one/task.toml:12: the format `ruff` holds findings, no tests: say `kind = \"lint\"`",
            "one/task.toml:12: a linter has no tests: remove `tests`",
        ],
    );
}

#[test]
fn malformed_toml_is_told_with_its_line() {
    check("title = \"Fix it\"", "title = ", &["one/task.toml:7: malformed TOML: "]);
}

#[test]
fn unknown_fields_are_told_in_our_table_and_in_harbors() {
    check(
        "protected",
        "protektet",
        &["one/task.toml:10: unknown field `metadata.fairtrial.protektet`: remove it"],
    );
    check(
        "timeout_sec = 8.0",
        "timeout = 8.0",
        &["one/task.toml:4: unknown field `agent.timeout`: remove it"],
    );
    check(
        "id = \"fixed\"",
        "id = \"fixed\"\nweight = 2",
        &["one/task.toml:14: unknown field `metadata.fairtrial.checks.weight`"],
    );
    check("[agent]", "[agents]", &["one/task.toml:3: unknown field `agents`"]);
}

#[test]
fn every_problem_is_told_not_only_the_first() {
    check(
        "kind = \"bug_fix\"\n",
        "kind = \"magic\"\nsetupp = 1\nlimits = { grace_sec = -1 }\n",
        &[
            "one/task.toml:8: `magic` is not known here: use one of: bug_fix, feature",
            "one/task.toml:10: `metadata.fairtrial.limits.grace_sec` has the type integer: give a number above zero",
            "one/task.toml:9: unknown field `metadata.fairtrial.setupp`",
        ],
    );
}

#[test]
fn harbor_settings_that_cannot_be_honoured_are_told() {
    check(
        "schema_version = \"1.4\"",
        "schema_version = \"2.0\"",
        &["one/task.toml:1: `schema_version` is \"2.0\""],
    );
    check("[agent]", "[[steps]]\nname = \"a\"\n[agent]", &["one/task.toml:3: the task has several steps"]);
}

#[test]
fn a_network_of_set_up_is_a_word_or_a_list_of_hosts_in_our_table_or_harbors() {
    use fairtrial_domain::task::Network;
    let network = |find: &str, put: &str| {
        let room = suite(&GOOD.replacen(find, put, 1));
        let task = read_task(&room.path().join("suite/one")).unwrap();
        (task.network.to_string(), task.readable)
    };
    let kind = "kind = \"bug_fix\"";
    let ours = |more: &str| network(kind, &format!("{kind}\n{more}"));
    assert_eq!(ours("").0, Network::Host.to_string());
    assert_eq!(ours("network = \"none\"").0, "none");
    assert_eq!(
        ours("network = [\"*.a.org:8443\", \"b.org\"]\nreadable = [\"~/.m2\", \"/opt/x\"]"),
        ("only *.a.org:8443, b.org".to_owned(), vec!["~/.m2".to_owned(), "/opt/x".to_owned()])
    );
    let harbor = |more: &str| network("[agent]", &format!("[environment]\n{more}\n[agent]")).0;
    assert_eq!(harbor("network_mode = \"allowlist\"\nallowed_hosts = [\"a.org\"]"), "only a.org");
    assert_eq!(harbor("network_mode = \"no-network\""), "none");
    check(
        kind,
        &format!("{kind}\nnetwork = \"lan\""),
        &["one/task.toml:9: `network` is no network of set-up"],
    );
    check(
        kind,
        &format!("{kind}\nnetwork = [\"http://a.org\"]"),
        &["one/task.toml:9: `http://a.org` is no host"],
    );
    check(kind, &format!("{kind}\nreadable = [\"m2\"]"), &["one/task.toml:9: `m2` is not an absolute path"]);
    check(
        "[agent]",
        "[environment]\nnetwork_mode = \"lan\"\n[agent]",
        &["one/task.toml:4: `environment.network_mode` is none that is known"],
    );
}

#[test]
fn harbors_own_tables_are_accepted() {
    let more = r#"[task]
name = "org/one"
authors = [{ name = "A", email = "a@b.example" }]
[verifier]
timeout_sec = 60
env = { ANY = "thing" }
[environment]
cpus = 2
mcp_servers = [{ name = "x", transport = "stdio", command = "y" }]
[metadata.elsewhere]
free = true
[agent]"#;
    check("[agent]", more, &[]);
}

#[test]
fn wrong_types_are_told() {
    check(
        "title = \"Fix it\"",
        "title = 3",
        &["one/task.toml:7: `metadata.fairtrial.title` has the type integer: give a text"],
    );
    check(
        "timeout_sec = 8.0",
        "timeout_sec = \"8\"",
        &["one/task.toml:4: `agent.timeout_sec` has the type string"],
    );
    check(
        "timeout_sec = 8.0",
        "timeout_sec = nan",
        &["one/task.toml:4: `agent.timeout_sec` has the type float"],
    );
}

#[test]
fn checks_that_prove_nothing_are_told() {
    check(
        "kind = \"fail_to_pass\"",
        "kind = \"pass_to_pass\"",
        &["one/task.toml:6: no check is of kind `fail_to_pass`: add one"],
    );
    check(
        "run = \"true\"\n",
        "",
        &[
            "one/task.toml:12: `metadata.fairtrial.checks.run` is missing: give the command",
            "one/task.toml:6: no check is of kind",
        ],
    );
    check(
        "run = \"true\"",
        "run = \" \"",
        &["one/task.toml:15: `metadata.fairtrial.checks.run` is empty", "one/"],
    );
    check(
        "run = \"true\"\n",
        "run = \"true\"\n[[metadata.fairtrial.checks]]\nid=\"fixed\"\nrun=\"a\"\nkind=\"lint\"\n",
        &["one/task.toml:16: check id `fixed` is used twice"],
    );
    check(
        "kind = \"bug_fix\"",
        "kind = \"bug_fix\"\nungraded = true",
        &["one/task.toml:6: `ungraded` is true although"],
    );
}

#[test]
fn paths_that_escape_are_told() {
    check("tests/**", "../**", &["one/task.toml:10: `../**` leaves its folder with `..`"]);
    check("tests/**", "/etc/*", &["one/task.toml:10: `/etc/*` is absolute"]);
    check(
        "run = \"true\"",
        "run = \"true\"\nreport = \"../r.xml\"",
        &["one/task.toml:16: `../r.xml` leaves its folder"],
    );
    check(
        "protected",
        "requires = [\"bin/sh\"]\nprotected",
        &["one/task.toml:10: `bin/sh` is not a program's name"],
    );
}

#[test]
fn a_bad_pattern_is_told() {
    check("tests/**", "tests/[", &["one/task.toml:10: bad pattern `tests/[`"]);
}

#[test]
fn a_base_that_holds_its_own_task_is_told() {
    let folder = "folder = \"../../base\"";
    let leak = "one/task.toml:9: the base holds this task";
    check(folder, "folder = \"../..\"", &[leak]);
    check(folder, "folder = \".\"", &[leak]);
    // The same through a commit.
    let room = suite(GOOD);
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.arg("-C").arg(room.path()).args(["-c", "user.name=a", "-c", "user.email=a@b.c"]).args(arguments);
        String::from_utf8(git.output().unwrap().stdout).unwrap().trim().to_owned()
    };
    git(&["init", "-q"]);
    git(&["add", "base"]);
    git(&["commit", "-q", "-m", "base"]);
    let before = git(&["rev-parse", "HEAD"]);
    git(&["add", "suite"]);
    git(&["commit", "-q", "-m", "task"]);
    let after = git(&["rev-parse", "HEAD"]);
    let told = |commit: &str| {
        let from = format!("git = \"../..\", commit = \"{commit}\"");
        put(room.path(), "suite/one/task.toml", &GOOD.replacen(folder, &from, 1));
        problems(&room)
    };
    assert_eq!(told(&before), "");
    assert!(told(&after).starts_with(leak), "{}", told(&after));
}

#[test]
fn a_repository_that_is_not_there_is_told() {
    let folder = "folder = \"../../base\"";
    check(
        folder,
        "folder = \"../../bass\"",
        &["one/task.toml:9: there is no repository folder `../../bass`"],
    );
    check(
        folder,
        "git = \"../../bass\", commit = \"x\"",
        &[
            "one/task.toml:9: there is no repository at `../../bass`",
            "one/task.toml:9: `x` is not a full commit id",
        ],
    );
    check(folder, "git = \"https://example.org/a.git\"", &["one/task.toml:9: the base commit is missing"]);
    check(
        folder,
        "git = \"--upload-pack=x\", commit = \"x\"",
        &["one/task.toml:9: `--upload-pack=x` could be", "one/"],
    );
    check(folder, "folder = \"../../base\", commit = \"abc\"", &["one/task.toml:9: a folder has no commit"]);
    check(folder, "", &["one/task.toml:9: the repository is neither one folder nor one git location"]);
    check(
        "repository = { folder = \"../../base\" }\n",
        "",
        &["one/task.toml:6: `metadata.fairtrial.repository` is missing"],
    );
    let commit = "0123456789012345678901234567890123456789";
    let git = format!("git = \"https://example.org/a.git\", commit = \"{commit}\"");
    check(folder, &git, &[]);
    check(folder, &format!("{git}, uncommitted = \"../x\""), &["one/task.toml:9: `../x` leaves its folder"]);
}

#[test]
fn a_base_commit_that_the_repository_lacks_is_told() {
    let room = suite(&GOOD.replace(
        "folder = \"../../base\"",
        "git = \"../../base\", commit = \"0123456789012345678901234567890123456789\"",
    ));
    let made = Command::new("git").args(["init", "-q"]).arg(room.path().join("base")).status();
    if !made.is_ok_and(|status| status.success()) {
        eprintln!("skipped: git is not here");
        return;
    }
    let told = problems(&room);
    assert!(told.starts_with("one/task.toml:9: the base commit 0123456789"), "{told}");
}

#[test]
fn missing_files_are_told() {
    let room = suite(GOOD);
    fs::remove_file(room.path().join("suite/one/instruction.md")).unwrap();
    assert!(problems(&room).starts_with("one/instruction.md: cannot be read"), "{}", problems(&room));
    put(room.path(), "suite/one/instruction.md", " \n");
    assert!(problems(&room).starts_with("one/instruction.md: the instruction is empty"));
    assert!(
        read_task(&room.path().join("suite/two"))
            .unwrap_err()
            .to_string()
            .contains("there is no such folder")
    );
    assert!(
        read_suite(&room.path().join("base"))
            .unwrap_err()
            .to_string()
            .contains("there is no task in this folder")
    );
}

#[test]
fn a_reference_that_cannot_be_read_is_told() {
    let room = suite(GOOD);
    put(room.path(), "suite/one/solution/reference.patch", "nothing\n");
    assert!(problems(&room).starts_with("one/solution/reference.patch: is not a unified diff"));
    fs::write(room.path().join("suite/one/solution/reference.patch"), [0xff, 0xfe]).unwrap();
    assert!(problems(&room).starts_with("one/solution/reference.patch: cannot be read"));
}

#[cfg(unix)]
#[test]
fn links_that_could_leave_are_told() {
    let room = suite(GOOD);
    put(room.path(), "suite/one/tests/files/a.py", "");
    std::os::unix::fs::symlink("/etc/passwd", room.path().join("suite/one/tests/files/b.py")).unwrap();
    std::os::unix::fs::symlink("../suite", room.path().join("base/out")).unwrap();
    std::os::unix::fs::symlink("a.py", room.path().join("base/in")).unwrap();
    let told = problems(&room);
    assert!(told.contains("base/out: is a symbolic link to `../suite`, outside of the repository"), "{told}");
    assert!(told.contains("one/tests/files/b.py: is a symbolic link to `/etc/passwd`"), "{told}");
    assert_eq!(told.lines().count(), 2, "{told}");
}

#[test]
fn a_suite_that_lists_wrongly_is_told() {
    let room = suite(GOOD);
    put(
        room.path(),
        "suite/suite.toml",
        "id = \"A B\"\ntasks = [\n\"one\", \"one\",\n\"two\", \"../x\"]\nextra = 1\n",
    );
    let told = problems(&room);
    for expected in [
        "suite.toml:3: task id `one` is listed twice",
        "suite.toml:4: there is no task `two`",
        "suite.toml:4: `../x` is not a task's id",
        "suite.toml:5: unknown field `extra`",
        "suite.toml: `A B` is not an id",
    ] {
        assert!(told.contains(expected), "{expected} in\n{told}");
    }
}

#[test]
fn a_folder_that_cannot_name_a_task_is_told() {
    let room = suite(GOOD);
    fs::rename(room.path().join("suite/one"), room.path().join("suite/One Task")).unwrap();
    assert!(problems(&room).starts_with("One Task: `One Task` is not an id"), "{}", problems(&room));
}

#[test]
fn a_change_anywhere_changes_the_digest() {
    let room = suite(GOOD);
    let digest = || read_task(&room.path().join("suite/one")).unwrap().digest;
    let first = digest();
    assert_eq!(first, digest());
    put(room.path(), "base/a.py", "x = 2\n");
    let second = digest();
    assert_ne!(first, second);
    put(room.path(), "suite/one/tests/files/t.py", "");
    assert_ne!(second, digest());
}
