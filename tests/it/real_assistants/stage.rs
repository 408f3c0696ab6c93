//! What the real programs meet: a copy of this project with its history, a suite of one task, assistants, and the
//! scripted model server.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use fairtrial_testkit::{CODEX_MODEL, ModelServer, Program, Script, Step, Tokens, Tool, real_program};
use fairtrial_tests::{Home, root, skip};
use serde_json::Value;
use tempfile::TempDir;

/// The variable that holds the invented key, and the key: in pieces, because this file is in the repository at work.
pub(super) const KEY: (&str, &str) = ("INVENTED_VENDOR_KEY", concat!("invented", "-key-", "5e0b1c7f9a24"));
/// The one file that is wrong.
pub(super) const FILE: &str = "samples/base/python/lending/opening.py";
const WRONG: &str =
    "        if self.is_open(day):\n            return day\n        return day + timedelta(days=1)";
const RIGHT: &str =
    "        while not self.is_open(day):\n            day += timedelta(days=1)\n        return day";

const INSTRUCTION: &str = "A loan can become due on a closed day: when several closed days follow each other, only \
the first is skipped. `next_open` in `samples/base/python/lending/opening.py` is at fault. Repair it there; the \
existing tests must keep passing.
";

const TASK: &str = r#"schema_version = "1.4"

[task]
name = "fairtrial/closed-days"
description = "Due dates after several closed days"

[agent]
timeout_sec = 120.0

[metadata.fairtrial]
title = "Due dates after several closed days"
kind = "bug_fix"
language = "python"
repository = { git = "GIT", commit = "COMMIT" }
protected = ["samples/base/python/tests/**"]
allowed = ["samples/base/python/lending/**"]
requires = ["python3"]

[[metadata.fairtrial.checks]]
id = "closed-days"
kind = "fail_to_pass"
run = "cd samples/base/python && python3 -m unittest -v checks.test_closed_days 2>&1"
format = "pytest"
timeout_sec = 60.0
hidden = true

[[metadata.fairtrial.checks]]
id = "visible"
kind = "pass_to_pass"
run = "cd samples/base/python && python3 -m unittest discover -v -s tests -t . 2>&1"
format = "pytest"
timeout_sec = 60.0
hidden = false
"#;

const HIDDEN: &str = "import unittest
from datetime import date

from lending import Calendar, due_date

EASTER = Calendar(holidays=[date(2026, 4, 3), date(2026, 4, 6)])


class ClosedDays(unittest.TestCase):
    def test_a_sunday_before_a_holiday(self):
        self.assertEqual(due_date(date(2026, 3, 29), 1, EASTER), date(2026, 4, 7))

    def test_a_single_closed_day(self):
        self.assertEqual(due_date(date(2026, 3, 27), 1, EASTER), date(2026, 4, 4))
";

/// Repairs it wrongly, and says whether it could reach the machine's loopback.
const COMMAND: &str = r#"#!/bin/sh
set -eu
grep -q 'several closed days' "$1"
sed -i 's/return day + timedelta(days=1)/return day + timedelta(days=2)/' samples/base/python/lending/opening.py
if python3 -c 'import socket; socket.create_connection(("127.0.0.1", PORT), 2)' 2>/dev/null
then echo 'loopback: reached'
else echo 'loopback: closed'
fi
"#;

/// What the model is made to do: look, repair, try, and tell what the program was started with.
pub(super) fn script() -> Script {
    trying(
        "cd samples/base/python && python3 -m unittest discover -s tests -t .; printenv; \
         test -z \"${CODEX_HOME:-}\" || cat \"$CODEX_HOME/config.toml\"",
    )
}

/// The same, without a look at the surroundings, which differ from run to run.
pub(super) fn quiet() -> Script {
    trying("cd samples/base/python && python3 -m unittest discover -s tests -t .")
}

/// The same, but that the first repair is wrong; after what failed comes the right one.
pub(super) fn wrong_first() -> Script {
    let half = WRONG.replace("timedelta(days=1)", "timedelta(days=2)");
    let edit = |old: &str, new: &str| Tool::Edit { path: FILE.into(), old: old.into(), new: new.into() };
    let tokens = Tokens { uncached: 1000, cached: 100, written: 200, output: 50, reasoning: 10 };
    let steps = [
        Step::call("I will read it.", Tool::Read { path: FILE.into() }),
        Step::call("Two days, then.", edit(WRONG, &half)),
        Step::say("Due dates skip two days."),
        Step::call("Only closed days must be skipped.", edit(&half, RIGHT)),
        Step::say("Due dates now skip every closed day."),
    ];
    Script::new(steps.map(|step| step.tokens(tokens)).to_vec())
}

fn trying(tried: &str) -> Script {
    let tokens = |uncached, cached, written, output, reasoning| Tokens {
        uncached,
        cached,
        written,
        output,
        reasoning,
    };
    let edit = Tool::Edit { path: FILE.into(), old: WRONG.into(), new: RIGHT.into() };
    Script::new(vec![
        Step::call("I will read it.", Tool::Read { path: FILE.into() }).tokens(tokens(1300, 0, 2100, 45, 12)),
        Step::call("It skips one closed day only.", edit).tokens(tokens(210, 2100, 170, 130, 31)),
        Step::call("Now the tests.", Tool::Run { command: tried.into() })
            .tokens(tokens(150, 2270, 140, 60, 0)),
        Step::say("Due dates now skip every closed day.").tokens(tokens(640, 2410, 80, 50, 7)),
    ])
}

/// One arrangement: a copy of this project with its history, a suite of one task, and assistants.
pub(super) struct Stage {
    pub(super) home: Home,
    pub(super) suite: PathBuf,
    pub(super) server: ModelServer,
    copy: Copy,
    files: TempDir,
}

impl Stage {
    /// Returns `None`, after saying why, where something real is missing.
    pub(super) fn set(script: Script, command: bool) -> Option<Stage> {
        let programs = ["claude", "codex"].map(real_program);
        for program in &programs {
            if let Program::Missing { reason } = program {
                skip(&format!("real assistants: {reason}"), true);
                return None;
            }
        }
        let files = TempDir::new().unwrap();
        let copy = match history(files.path()) {
            Ok(found) => found,
            Err(reason) => {
                skip(&format!("real assistants: {reason}"), true);
                return None;
            }
        };
        let suite = write_suite(files.path(), &copy);
        let server = ModelServer::start(script).unwrap();
        let home = Home::new();
        let command = command.then(|| {
            let program = files.path().join("assistant.sh");
            fs::write(&program, COMMAND.replace("PORT", &server.port().to_string())).unwrap();
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
            program
        });
        let [claude, codex] = programs.map(|program| match program {
            Program::Found { path, .. } => path,
            Program::Missing { reason } => panic!("{reason}"),
        });
        let text = assistants(&server, &claude, &codex, command.as_deref());
        fs::write(home.path().join("assistants.toml"), text).unwrap();
        Some(Stage { home, suite, server, copy, files })
    }

    /// Runs `fairtrial` with the key in its environment; returns what it printed on standard output.
    pub(super) fn fairtrial(&self, arguments: &[&str]) -> String {
        let output = self.home.fairtrial(arguments).env(KEY.0, KEY.1).output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "fairtrial {arguments:?}\n{out}\n{err}");
        assert!(!out.contains(KEY.1) && !err.contains(KEY.1), "the key is printed");
        out.into_owned()
    }

    pub(super) fn run(&self, assistants: &str, more: &[&str]) -> Value {
        let suite = self.suite.to_str().unwrap();
        let run = ["run", suite, "--assistants", assistants, "--seed", "11", "--json"];
        serde_json::from_str(&self.fairtrial(&[&run, more].concat())).unwrap()
    }

    /// Makes the suite start from a commit in which one word of the file at work is another.
    pub(super) fn change_one_word(&mut self, from: &str, to: &str) {
        let file = self.copy.folder.join(FILE);
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains(from), "{text}");
        fs::write(&file, text.replacen(from, to, 1)).unwrap();
        let settings = self.files.path().join("gitconfig");
        let git = |arguments: &[&str]| git(&settings, &self.copy.folder, arguments).unwrap();
        let who = ["-c", "user.name=T", "-c", "user.email=t@example.com"];
        git(&[&who[..], &["commit", "--quiet", "--all", "--message", "one word"]].concat());
        self.copy.commit = git(&["rev-parse", "HEAD"]).trim().to_owned();
        fs::remove_dir_all(&self.suite).unwrap();
        self.suite = write_suite(self.files.path(), &self.copy);
    }

    /// Returns every file of the data folder, content unpacked.
    pub(super) fn kept(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut found = vec![];
        let mut folders = vec![self.home.path().to_path_buf()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let entry = entry.unwrap();
                let kind = entry.file_type().unwrap();
                if kind.is_dir() {
                    folders.push(entry.path());
                } else if kind.is_file() {
                    let packed = entry.path().starts_with(self.home.path().join("blobs"));
                    let bytes = fs::read(entry.path()).unwrap();
                    let bytes = if packed { zstd::decode_all(bytes.as_slice()).unwrap() } else { bytes };
                    found.push((entry.path(), bytes));
                }
            }
        }
        found
    }

    /// Returns the journal of the work that was started with `argument`.
    pub(super) fn journal(&self, argument: &str) -> String {
        let launched =
            |text: &String| text.lines().any(|line| line.contains("\"launched\"") && line.contains(argument));
        let kept = self.kept();
        let mut texts = kept.iter().map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned());
        texts.find(launched).unwrap_or_else(|| panic!("no journal tells of a start with {argument}"))
    }
}

/// A copy of this project.
struct Copy {
    folder: PathBuf,
    commit: String,
    /// The repair as git says it.
    reference: String,
}

/// Copies this project with its history, so that whose it is and where its files lie play no part; or says why not.
fn history(folder: &Path) -> Result<Copy, String> {
    let project = root();
    let copy = folder.join("project");
    let settings = folder.join("gitconfig");
    fs::write(&settings, "[safe]\n\tdirectory = *\n").unwrap();
    let git = |place: &Path, arguments: &[&str]| git(&settings, place, arguments);
    let commit = git(&project, &["rev-parse", "HEAD"])
        .map_err(|why| format!("this is no checkout of a repository: {why}"))?;
    if !git(&project, &["rev-parse", "--show-prefix"])?.trim().is_empty() {
        return Err("this is a folder of somebody else's repository".to_owned());
    }
    if git(&project, &["rev-parse", "--is-shallow-repository"])?.trim() != "false" {
        return Err("this checkout is shallow: its history is not here".to_owned());
    }
    git(&project, &["clone", "--quiet", "--no-local", "--", ".", copy.to_str().unwrap()])?;
    git(&copy, &["checkout", "--quiet", "--detach", commit.trim()])?;
    let text = fs::read_to_string(copy.join(FILE)).unwrap();
    assert_eq!(text.matches(WRONG).count(), 1, "{FILE} is not wrong in the way that this test repairs");
    fs::write(copy.join(FILE), text.replace(WRONG, RIGHT)).unwrap();
    let reference = git(&copy, &["diff", "--no-color", "--no-ext-diff", "--", FILE])?;
    git(&copy, &["checkout", "--quiet", "--", FILE])?;
    Ok(Copy { folder: copy, commit: commit.trim().to_owned(), reference })
}

fn git(settings: &Path, place: &Path, arguments: &[&str]) -> Result<String, String> {
    let mut git = Command::new("git");
    git.args(arguments).current_dir(place).env("GIT_CONFIG_GLOBAL", settings).env("GIT_CONFIG_NOSYSTEM", "1");
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_CONFIG_PARAMETERS"] {
        git.env_remove(name);
    }
    let done = git.output().map_err(|error| format!("git does not start: {error}"))?;
    if done.status.success() {
        return Ok(String::from_utf8_lossy(&done.stdout).into_owned());
    }
    Err(format!("git {}: {}", arguments.join(" "), String::from_utf8_lossy(&done.stderr).trim()))
}

fn write_suite(folder: &Path, copy: &Copy) -> PathBuf {
    let suite = folder.join("suite");
    let task = suite.join("closed-days");
    let checks = task.join("tests/files/samples/base/python/checks");
    fs::create_dir_all(&checks).unwrap();
    fs::write(
        suite.join("suite.toml"),
        "id = \"own-history\"\ntitle = \"Own history\"\nversion = \"1\"\ntasks = [\"closed-days\"]\n",
    )
    .unwrap();
    fs::write(task.join("instruction.md"), INSTRUCTION).unwrap();
    let text = TASK.replace("GIT", copy.folder.to_str().unwrap()).replace("COMMIT", &copy.commit);
    fs::write(task.join("task.toml"), text).unwrap();
    fs::create_dir(task.join("solution")).unwrap();
    fs::write(task.join("solution/reference.patch"), &copy.reference).unwrap();
    fs::write(checks.join("test_closed_days.py"), HIDDEN).unwrap();
    suite
}

fn assistants(server: &ModelServer, claude: &Path, codex: &Path, command: Option<&Path>) -> String {
    let vendors = format!(
        "[assistants.claude]\nbackend = \"claude_code\"\nprogram = {claude:?}\nmodel = \"claude-sonnet-4-5\"\n\
         base_url = \"{}\"\nnetwork = \"host\"\nsecrets = {{ ANTHROPIC_API_KEY = {{ env = \"{key}\" }} }}\n\
         env = {{ CLAUDE_CODE_MAX_RETRIES = \"1\" }}\n\n\
         [assistants.codex]\nbackend = \"codex\"\nprogram = {codex:?}\nmodel = \"{CODEX_MODEL}\"\n\
         base_url = \"{}\"\nnetwork = \"host\"\nsecrets = {{ OPENAI_API_KEY = {{ env = \"{key}\" }} }}\n\
         price = {{ input = 2.0, cache_read = 0.25, cache_write = 3.0, output = 16.0 }}\n",
        server.anthropic_url(),
        server.openai_url(),
        key = KEY.0,
    );
    let command = command.map(|program| {
        format!("\n[assistants.script]\nbackend = \"command\"\nprogram = {program:?}\nprompt = \"file\"\n")
    });
    vendors + &command.unwrap_or_default()
}
