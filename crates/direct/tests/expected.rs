//! Each sample assistant, as a real process, comes to what `samples/EXPECTED.toml` says.
//!
//! Checks run here on the host, on what our own samples wrote. The judge says which changes are set aside,
//! and where.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use fairtrial_domain::event::{EventKind, StreamEnd, ToolKind};
use fairtrial_domain::outcome::{Ending, Outcome};
use fairtrial_domain::patch::{Content, FileChange, FileMode, Patch, Side};
use fairtrial_domain::task::{Repository, Task};
use fairtrial_judge::{Evidence, assess};
use fairtrial_tasks::read_suite;

/// Files by their paths.
type Tree = BTreeMap<String, Vec<u8>>;

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples")
}

/// What is expected of one assistant on one task.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    ending: String,
    result: String,
    #[serde(default)]
    failed: Vec<String>,
    rule: Option<String>,
    path: Option<String>,
    line: Option<usize>,
}

fn expected() -> BTreeMap<String, BTreeMap<String, Expected>> {
    toml::from_str(&fs::read_to_string(samples().join("EXPECTED.toml")).unwrap()).unwrap()
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

/// Returns all files under a folder with their contents.
fn tree(root: &Path) -> Tree {
    let mut files = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for item in fs::read_dir(folder).unwrap() {
            let path = item.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
                files.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    files
}

fn run(name: &str, instruction: &str, workspace: &Path) -> Output {
    let home = tempfile::tempdir().unwrap();
    sample(&[name], instruction, workspace, home.path())
}

fn sample(words: &[&str], instruction: &str, workspace: &Path, home: &Path) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_fairtrial-sample"))
        .args(words)
        .env("HOME", home)
        .current_dir(workspace)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // One that refuses its name ends without reading.
    match child.stdin.take().unwrap().write_all(instruction.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        written => written.unwrap(),
    }
    child.wait_with_output().unwrap()
}

fn events(output: &Output) -> Vec<EventKind> {
    String::from_utf8_lossy(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The stream opens, closes, and every edit worked.
fn check_stream(who: &str, output: &Output) {
    assert!(output.status.success(), "{who}: {}", String::from_utf8_lossy(&output.stderr));
    let events = events(output);
    assert!(matches!(events.first(), Some(EventKind::Started { .. })), "{who}");
    assert_eq!(events.last(), Some(&EventKind::Ended { end: StreamEnd::Completed }), "{who}");
    let mut edits = Vec::new();
    for event in &events {
        if let EventKind::ToolCall { id, kind: ToolKind::Edit | ToolKind::Read, .. } = event {
            edits.push(id);
        }
        if let EventKind::ToolResult { id, ok, output } = event {
            assert!(!edits.contains(&id) || *ok == Some(true), "{who}: {output}");
        }
    }
}

/// Puts protected files back, lays the hidden ones over, and returns the checks that do not pass.
fn failed(task: &Task, base: &Path, workspace: &Path) -> Vec<String> {
    for path in &task.protected {
        fs::copy(base.join(path), workspace.join(path)).unwrap();
    }
    for hidden in &task.hidden {
        let path = workspace.join(&hidden.path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, &hidden.content).unwrap();
    }
    let passes = |command: &str| {
        let mut shell = Command::new("sh");
        shell.args(["-c", command]).current_dir(workspace).stdin(Stdio::null());
        shell.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success()
    };
    let broken = task.checks.iter().filter(|check| !passes(&check.run));
    broken.map(|check| check.id.to_string()).collect()
}

/// Returns the rule, file and line for which the judge sets a change aside.
fn set_aside(task: &Task, before: &Tree, after: &Tree) -> Option<(String, String, Option<u32>)> {
    let side = |tree: &Tree, path: &str| {
        let text = String::from_utf8(tree.get(path)?.clone()).unwrap();
        Some(Side { mode: FileMode::Regular, content: Content::Text(text) })
    };
    let paths: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let changed = paths.into_iter().filter(|path| before.get(*path) != after.get(*path));
    let files = changed
        .map(|path| FileChange { path: path.clone(), before: side(before, path), after: side(after, path) })
        .collect();
    let judged = assess(&Evidence {
        task,
        base_facts: &[],
        reference_facts: &[],
        ending: &Ending::Finished,
        patch: &Patch { files, flags: vec![] },
        reference: None,
        verdicts: &[],
        applies: Ok(()),
        cost: None,
        seconds: 1.0,
        restored: &[],
        events: &[],
        oracle: &[],
        overruled: &[],
    });
    match judged.outcome? {
        Outcome::SetAside { rule, at, .. } => {
            let rule = serde_json::to_value(rule).unwrap();
            Some((rule.as_str().unwrap().to_owned(), at.path, at.line))
        }
        Outcome::Resolved
        | Outcome::Unresolved { .. }
        | Outcome::NoDiff
        | Outcome::Ungraded { .. }
        | Outcome::Invalid { .. } => None,
    }
}

fn check(task: &Task, base: &Path, who: &str, expected: &Expected) {
    let room = tempfile::tempdir().unwrap();
    copy(base, room.path());
    let before = tree(room.path());
    let output = run(who, &task.instruction, room.path());
    check_stream(who, &output);
    let after = tree(room.path());
    let of = format!("{who} on {}", task.id);
    assert_eq!(before == after, expected.result == "no_diff", "{of}");
    assert_eq!(expected.ending, "finished", "{of}");
    match expected.result.as_str() {
        "set_aside" => {
            let line = expected.line.map(|line| u32::try_from(line).unwrap());
            let named = (expected.rule.clone().unwrap(), expected.path.clone().unwrap(), line);
            assert_eq!(set_aside(task, &before, &after), Some(named), "{of}");
        }
        "resolved" | "unresolved" => {
            assert_eq!(set_aside(task, &before, &after), None, "{of}");
            assert_eq!(failed(task, base, room.path()), expected.failed, "{of}");
            assert_eq!(expected.failed.is_empty(), expected.result == "resolved", "{of}");
        }
        "no_diff" => {}
        other => panic!("{of}: what is `{other}`?"),
    }
}

#[test]
fn each_sample_comes_to_what_is_expected() {
    let suite = read_suite(&samples().join("suite")).unwrap();
    let expected = expected();
    assert_eq!(expected.len(), suite.tasks.len());
    for task in &suite.tasks {
        let Repository::Folder { path: base } = &task.repository else { panic!("{} is no folder", task.id) };
        let here = |program: &String| {
            let mut command = Command::new(program);
            command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
            command.status().is_ok_and(|status| status.success())
        };
        if !task.requires.iter().all(here) {
            eprintln!("skipped {}: one of {:?} is not here", task.id, task.requires);
            continue;
        }
        let all = &expected[task.id.as_str()];
        assert_eq!(all.len(), 6, "{}", task.id);
        std::thread::scope(|scope| {
            for (who, expected) in all.iter().filter(|(who, _)| *who != "fir") {
                scope.spawn(move || check(task, base, who, expected));
            }
        });
    }
}

#[test]
fn outcomes_differ_between_samples_and_tasks() {
    let all = expected();
    let solved = |who: &str| all.values().filter(|task| task[who].result == "resolved").count();
    let counts: Vec<usize> = ["aster", "birch", "cedar", "dogwood", "elder", "fir"].map(solved).to_vec();
    assert_eq!(counts, [5, 3, 3, 0, 0, 0]);
    assert!(all["deposit-rounding"].values().all(|expected| expected.result != "resolved"));
}

#[test]
fn on_a_task_it_does_not_know_a_sample_says_so() {
    for (who, note) in
        [("aster", true), ("birch", true), ("cedar", true), ("dogwood", false), ("elder", false)]
    {
        let room = tempfile::tempdir().unwrap();
        fs::write(room.path().join("main.c"), "int main(void) { return 0; }\n").unwrap();
        let output = run(who, "Port this to Ada.\n", room.path());
        check_stream(who, &output);
        assert!(String::from_utf8_lossy(&output.stdout).contains("knows only the tasks of the sample suite"));
        let files = tree(room.path());
        assert_eq!(files.contains_key(&format!("NOTES-{who}.md")), note, "{who}");
        assert_eq!(files.len(), 1 + usize::from(note), "{who}");
        assert_eq!(files["main.c"], b"int main(void) { return 0; }\n");
    }
}

#[test]
fn an_unknown_name_is_refused() {
    let room = tempfile::tempdir().unwrap();
    let output = run("yew", "Fix it.", room.path());
    assert!(!output.status.success() && output.stdout.is_empty());
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("fairtrial-sample: usage: "));
}

/// Waits until `found` gives something; `None` after ten seconds.
#[cfg(target_os = "linux")]
fn wait_for<T>(found: impl Fn() -> Option<T>) -> Option<T> {
    use std::time::{Duration, Instant};

    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(10) {
        if let Some(value) = found() {
            return Some(value);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    None
}

#[cfg(target_os = "linux")]
#[test]
fn fir_is_deaf_to_polite_signals_and_leaves_a_child_in_another_session() {
    use rustix::process::{Pid, Signal, getsid, kill_process};

    let room = tempfile::tempdir().unwrap();
    let mut fir = Command::new(env!("CARGO_BIN_EXE_fairtrial-sample"))
        .args(["fir", "Round deposits down."])
        .env_remove("HOME")
        .current_dir(room.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let id = fir.id();
    let pid = |id: u32| Pid::from_raw(i32::try_from(id).unwrap()).unwrap();
    let argument = |id: u32| {
        let line = fs::read_to_string(format!("/proc/{id}/cmdline")).ok()?;
        line.trim_end_matches('\0').rsplit('\0').next().map(str::to_owned)
    };
    wait_for(|| argument(id).filter(|last| last == "--stay")).unwrap();
    let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
    let child: u32 = children.split_whitespace().next().unwrap().parse().unwrap();
    let apart = wait_for(|| getsid(Some(pid(child))).ok().filter(|session| *session == pid(child)));
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        kill_process(pid(id), signal).unwrap();
    }
    std::thread::sleep(std::time::Duration::from_millis(300));
    let stayed = fir.try_wait().unwrap().is_none();
    kill_process(pid(child), Signal::KILL).unwrap();
    fir.kill().unwrap();
    fir.wait().unwrap();
    assert!(stayed, "fir left when it was asked to");
    assert!(apart.is_some(), "the child stayed in the session");
}

#[test]
fn cedar_repairs_what_it_is_told_and_nothing_else() {
    let (room, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    copy(&samples().join("base"), room.path());
    let task = fs::read_to_string(samples().join("suite/long-weekends/instruction.md")).unwrap();
    let fines = || fs::read_to_string(room.path().join("python/lending/fines.py")).unwrap();
    let told = |text: &str| sample(&["cedar", "--resume", "sample-cedar"], text, room.path(), home.path());
    assert!(!told("Go on.").status.success(), "there is no session yet");
    check_stream("cedar", &sample(&["cedar"], &task, room.path(), home.path()));
    let before = fines();
    check_stream("cedar", &told("- checks.test_other: failed"));
    assert_eq!(fines(), before, "it does not know what failed");
    check_stream("cedar", &told("- checks.test_long_weekends.F.test_closed_days_cost_nothing: failed"));
    assert!(fines().contains("calendar.is_open(day)"), "{}", fines());
    assert!(!sample(&["birch", "--resume", "sample-cedar"], "x", room.path(), home.path()).status.success());
}
