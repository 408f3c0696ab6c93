//! What a case is played on: a small repository with one wrong line, a suite of one task, a scripted model, and a data
//! folder of its own.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;

use fairtrial_testkit::{ModelServer, Request, Script};
use fairtrial_tests::{Home, kept_below, processes_of};
use serde_json::Value;

use super::cases::Case;
use super::who::Who;

/// The variable that holds the invented key, and the key.
pub(super) const KEY: (&str, &str) = ("INVENTED_MODEL_KEY", "planted-model-key-6b1d");

const TASK: &str = r#"schema_version = "1.4"

[task]
name = "fairtrial/add"
description = "add() subtracts"

[agent]
timeout_sec = SECONDS

[metadata.fairtrial]
title = "add() subtracts"
kind = "bug_fix"
language = "python"
repository = { folder = "../../base" }
requires = ["python3"]

[[metadata.fairtrial.checks]]
id = "adds"
kind = "fail_to_pass"
run = "python3 -m unittest -v checks.test_add 2>&1"
format = "pytest"
timeout_sec = 60.0
hidden = true
"#;
const HIDDEN: &str = "import unittest\n\nimport calc\n\n\nclass AddTest(unittest.TestCase):\n    def test_add(self):\n        \
                      self.assertEqual(calc.add(2, 3), 5)\n";
const REFERENCE: &str =
    "--- a/calc.py\n+++ b/calc.py\n@@ -1,2 +1,2 @@\n def add(a, b):\n-    return a - b\n+    return a + b\n";

pub(super) struct Stage {
    pub(super) home: Home,
    server: Option<ModelServer>,
}

fn put(path: PathBuf, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

impl Stage {
    pub(super) fn set(case: Case, programs: &[&Who]) -> Stage {
        // One attempt: a fault is to be seen, not outlasted.
        let plan = format!("attempts = 1\ntier = {:?}\n", case.tier());
        Stage::with(case.script(), case.seconds(), &plan, &[], programs)
    }

    /// Sets a stage with further lines of its plan and further files of its base.
    pub(super) fn with(
        script: Option<Script>,
        seconds: f64,
        plan: &str,
        files: &[(&str, &str)],
        programs: &[&Who],
    ) -> Stage {
        let home = Home::new();
        let work = home.path().join("work");
        put(work.join("base/calc.py"), "def add(a, b):\n    return a - b\n");
        put(work.join("base/README.md"), "# A calculator\n");
        for (path, text) in files {
            put(work.join("base").join(path), text);
        }
        let suite = work.join("suite");
        put(suite.join("suite.toml"), "id = \"own\"\ntitle = \"Own\"\nversion = \"1\"\ntasks = [\"add\"]\n");
        put(suite.join("add/task.toml"), &TASK.replace("SECONDS", &format!("{seconds:.1}")));
        put(suite.join("add/instruction.md"), "`add` in calc.py is wrong: repair it.\n");
        put(suite.join("add/solution/reference.patch"), REFERENCE);
        put(suite.join("add/tests/files/checks/test_add.py"), HIDDEN);
        let ids: Vec<&str> = programs.iter().map(|who| who.id).collect();
        put(work.join("plan.toml"), &format!("suite = \"suite\"\nassistants = {ids:?}\nseed = 11\n{plan}"));
        let server = script.map(|script| ModelServer::start(script).unwrap());
        let port = server.as_ref().map_or_else(nobody, ModelServer::port);
        let tables: String = programs.iter().map(|who| who.table(port)).collect();
        put(home.path().join("assistants.toml"), &tables);
        Stage { home, server }
    }

    /// Runs the plan with the key in the environment; returns the run.
    pub(super) fn run(&self) -> Value {
        let plan = self.home.path().join("work/plan.toml");
        let output = self
            .home
            .fairtrial(&["run", plan.to_str().unwrap(), "--json"])
            .env(KEY.0, KEY.1)
            .output()
            .unwrap();
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{out}\n{err}");
        assert!(!out.contains(KEY.1) && !err.contains(KEY.1), "the key is printed");
        serde_json::from_str(&out).unwrap()
    }

    /// Returns what its model was asked.
    pub(super) fn requests(&self) -> Vec<Request> {
        self.server.iter().flat_map(ModelServer::requests).collect()
    }

    /// Returns all that its model was told.
    pub(super) fn told(&self) -> String {
        self.requests().iter().map(|request| request.body.to_string()).collect()
    }

    /// Returns what `fairtrial` says of the plan before it runs.
    pub(super) fn preview(&self) -> Value {
        let plan = self.home.path().join("work/plan.toml");
        let words = ["run", plan.to_str().unwrap(), "--preview", "--json"];
        let output = self.home.fairtrial(&words).env(KEY.0, KEY.1).output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// No process outlives the run, and no byte of the data folder holds the key. The model's host saw it, and no
    /// program did.
    pub(super) fn nothing_is_left(&self, run: &Value) {
        assert_eq!(processes_of(run["run"]["id"].as_str().unwrap()), BTreeMap::new());
        for (path, bytes) in kept_below(self.home.path()) {
            let holds = bytes.windows(KEY.1.len()).any(|window| window == KEY.1.as_bytes());
            assert!(!holds, "the key is in {}", path.display());
        }
        for request in self.server.iter().flat_map(ModelServer::requests) {
            assert!(!request.body.to_string().contains(KEY.1), "a program held the key: {}", request.path);
        }
    }
}

/// Returns a port that nobody listens on.
fn nobody() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
