//! Results that code under test forges: against a grader that runs the check in the assistant's own tree and trusts
//! what it gets, and against a whole run of `fairtrial`.

mod scripts;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use fairtrial_domain::bundle::TierChoice;
use serde_json::Value;

use super::AttackError;
use super::ground::Ground;
use super::row::{Fared, Row};
use scripts::{FORGERIES, Forgery, Language, Trust};

const HIDDEN_PYTHON: &str = "import unittest\n\nfrom shop import total\n\n\nclass Total(unittest.TestCase):\n    def test_some(self):\n        \
    self.assertEqual(total([2, 3]), 5)\n\n    def test_none(self):\n        self.assertEqual(total([]), 0)\n";
const HIDDEN_REPORT: &str = "import sys\nimport unittest\nfrom unittest import TextTestRunner\n\nloader = unittest.defaultTestLoader\n\
    result = TextTestRunner().run(loader.loadTestsFromName('checks.test_shop'))\nbad = {t.id() for t, _ in result.failures + result.errors}\n\
    ids = ['test_some', 'test_none']\nwith open(sys.argv[1], 'w') as out:\n    out.write('<testsuite>')\n    for name in ids:\n        \
    failed = any(name in b for b in bad) or result.testsRun < 2\n        out.write(f'<testcase classname=\"Total\" name=\"{name}\">' + \
    ('<failure/>' if failed else '') + '</testcase>')\n    out.write('</testsuite>')\nsys.exit(not result.wasSuccessful())\n";
const HIDDEN_NODE: &str = "import assert from 'node:assert/strict';\nimport { test } from 'node:test';\nimport { total } from '../shop.js';\n\n\
    test('some', () => {\n  assert.equal(total([2, 3]), 5);\n});\ntest('none', () => {\n  assert.equal(total([]), 0);\n});\n";
const HIDDEN_RUST: &str = "use shop::total;\n\n#[test]\nfn some() {\n    assert_eq!(total(&[2, 3]), 5);\n}\n\n#[test]\nfn none() {\n    \
    assert_eq!(total(&[]), 0);\n}\n";

const BASE: [(&str, &str); 6] = [
    ("shop.py", "def total(prices):\n    return 0\n"),
    ("shop.js", "export function total(prices) {\n  return 0;\n}\n"),
    (
        "package.json",
        "{\n  \"type\": \"module\",\n  \"scripts\": {\n    \"test\": \"node --test --test-reporter=tap checks/shop.test.js\"\n  }\n}\n",
    ),
    ("Cargo.toml", "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2021\"\n"),
    ("src/lib.rs", "pub fn total(prices: &[u32]) -> u32 {\n    prices.len() as u32 * 0\n}\n"),
    (".gitignore", "target/\nnode_modules/\n__pycache__/\n"),
];

impl Language {
    /// Returns the check's command, its format and report, its hidden files, what it needs, and a solution.
    fn check(self) -> Check {
        let python = "python3 -m unittest -v checks.test_shop 2>&1";
        let (run, format, hidden, requires): (_, _, &[_], _) = match self {
            Language::Python => {
                (python.to_owned(), "pytest", &[("checks/test_shop.py", HIDDEN_PYTHON)], "python3")
            }
            Language::PythonPath => (
                format!("PYTHONPATH=. {python}"),
                "pytest",
                &[("checks/test_shop.py", HIDDEN_PYTHON)],
                "python3",
            ),
            Language::Pytest => (
                "python3 -m pytest -v checks/test_shop.py".to_owned(),
                "pytest",
                &[("checks/test_shop.py", HIDDEN_PYTHON)],
                "python3",
            ),
            Language::Report => (
                "PYTHONPATH=. python3 checks/junit.py report.xml".to_owned(),
                "junit",
                &[("checks/test_shop.py", HIDDEN_PYTHON), ("checks/junit.py", HIDDEN_REPORT)],
                "python3",
            ),
            Language::Node => (
                "node --test --test-reporter=tap checks/shop.test.js".to_owned(),
                "node",
                &[("checks/shop.test.js", HIDDEN_NODE)],
                "node",
            ),
            Language::Npm => {
                ("npm test --silent".to_owned(), "node", &[("checks/shop.test.js", HIDDEN_NODE)], "node")
            }
            Language::Rust => (
                "CARGO_TARGET_DIR=target cargo test --offline --test shop".to_owned(),
                "cargo",
                &[("tests/shop.rs", HIDDEN_RUST)],
                "cargo",
            ),
        };
        Check { run, format, hidden, requires }
    }

    /// Says what is missing here for attacks in this language.
    fn missing(self) -> Option<&'static str> {
        let runs = |script: &str| {
            Command::new("sh").args(["-c", script]).output().is_ok_and(|output| output.status.success())
        };
        match self {
            Language::Python | Language::PythonPath | Language::Report => None,
            Language::Pytest => (!runs("python3 -c 'import pytest'")).then_some("pytest is not installed"),
            Language::Node => (!runs("node --version")).then_some("node is not installed"),
            Language::Npm => (!runs("npm --version")).then_some("npm is not installed"),
            Language::Rust => (!runs("cargo --version")).then_some("cargo is not installed"),
        }
    }
}

struct Check {
    run: String,
    format: &'static str,
    hidden: &'static [(&'static str, &'static str)],
    requires: &'static str,
}

pub(super) fn rows(ground: &Ground) -> Result<Vec<Row>, AttackError> {
    let mut rows = Vec::new();
    for language in Language::ALL {
        let mine: Vec<&Forgery> = FORGERIES
            .iter()
            .filter(|forgery| forgery.language == language && (forgery.quick || !ground.quick))
            .collect();
        if mine.is_empty() {
            continue;
        }
        let here = match language.missing() {
            Some(missing) => Err(missing),
            None => Ok(run(ground, language, &mine)?),
        };
        for (at, forgery) in mine.into_iter().enumerate() {
            let (baseline, cell) = match &here {
                Err(missing) => {
                    (Fared::Skipped((*missing).to_owned()), Fared::Skipped((*missing).to_owned()))
                }
                Ok(results) => (naive(ground, forgery)?, found(ground, results, at)?),
            };
            let attack = forgery.attack.to_owned();
            rows.push(Row { group: "forging".to_owned(), attack, baseline, cell });
        }
    }
    Ok(rows)
}

fn write(root: &Path, path: &str, text: &str) -> Result<(), AttackError> {
    let path = root.join(path);
    let made = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, text));
    made.map_err(|source| AttackError::Access { path, source })
}

/// The grader that most have: the check runs in the tree that the assistant left, and is trusted.
fn naive(ground: &Ground, forgery: &Forgery) -> Result<Fared, AttackError> {
    let tree = ground.fresh("naive")?;
    for (path, text) in BASE {
        write(&tree, path, text)?;
    }
    let cargo = format!("export RUSTUP_HOME={:?};", std::env::var_os("RUSTUP_HOME").unwrap_or_default());
    ground.plain(&tree, &format!("{cargo} {}", forgery.script))?;
    let check = forgery.language.check();
    for (path, text) in check.hidden {
        write(&tree, path, text)?;
    }
    let output = ground.plain(&tree, &format!("{cargo} {}", check.run))?;
    ground.plain(&ground.path("host/home"), "rm -rf .local .npm .cache .cargo")?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("nothing").to_owned();
    Ok(match forgery.trust {
        Trust::Exit => {
            Fared::when(output.status.success(), format!("{}; it said last: {last}", output.status))
        }
        Trust::Report => {
            std::thread::sleep(std::time::Duration::from_millis(400));
            let report = fs::read_to_string(tree.join("report.xml")).unwrap_or_default();
            let passes = report.contains("testcase") && !report.contains("failure");
            Fared::when(passes, format!("the report: {report}"))
        }
    })
}

/// Runs a suite of one task with one assistant for each forgery and an honest one; returns the trials by assistant.
fn run(
    ground: &Ground,
    language: Language,
    mine: &[&Forgery],
) -> Result<BTreeMap<String, Value>, AttackError> {
    let place = ground.fresh("suite")?;
    for (path, text) in BASE {
        write(&place.join("base"), path, text)?;
    }
    let check = language.check();
    let task = place.join("suite/total");
    write(&task, "instruction.md", "Make `total` add up.\n")?;
    let report = if language == Language::Report { "report = \"report.xml\"\n" } else { "" };
    let settings = format!(
        "schema_version = \"1.4\"\n\n[agent]\ntimeout_sec = 60.0\n\n[metadata.fairtrial]\ntitle = \"Total\"\nkind = \"bug_fix\"\n\
         repository = {{ folder = \"../../base\" }}\nrequires = [\"{}\"]\n\n[[metadata.fairtrial.checks]]\nid = \"total\"\n\
         kind = \"fail_to_pass\"\nrun = {:?}\nformat = \"{}\"\n{report}timeout_sec = 60.0\nhidden = true\n",
        check.requires, check.run, check.format
    );
    write(&task, "task.toml", &settings)?;
    for (path, text) in check.hidden {
        write(&task.join("tests/files"), path, text)?;
    }
    let patch = "cp -r base solved; (cd solved; eval \"$HONEST\"); git diff --no-index base solved | \
                 sed -e 's| a/base/| a/|' -e 's| b/solved/| b/|'";
    let patch =
        ground.host(&place, &format!("HONEST='{}'; {patch}", language.honest().replace('\'', "'\\''")))?;
    write(&task, "solution/reference.patch", &patch)?;
    let home = place.join("home");
    let mut assistants = String::new();
    let scripts = mine.iter().map(|forgery| forgery.script).chain([language.honest()]);
    for (at, script) in scripts.enumerate() {
        assistants.push_str(&format!(
            "[assistants.x{at}]\nbackend = \"command\"\nprogram = \"/bin/sh\"\nargs = [\"-c\", {}]\n",
            serde_json::to_string(script)?
        ));
    }
    write(&home, "assistants.toml", &assistants)?;
    let names: Vec<String> = (0..=mine.len()).map(|at| format!("x{at}")).collect();
    let trials = trials(ground, &home, &place.join("suite"), &names)?;
    let honest = trials.get(&format!("x{}", mine.len())).map(|trial| trial["result"]["result"].clone());
    if honest.as_ref().and_then(Value::as_str) != Some("resolved") {
        let said = format!("{honest:?} {:?}", trials.get(&format!("x{}", mine.len())));
        return Err(AttackError::Failed { what: format!("an honest solution of {language:?}"), said });
    }
    Ok(trials)
}

fn trials(
    ground: &Ground,
    home: &Path,
    suite: &PathBuf,
    names: &[String],
) -> Result<BTreeMap<String, Value>, AttackError> {
    let output = Command::new(ground.program("fairtrial"))
        .arg("run")
        .arg(suite)
        .args(["--assistants", &names.join(","), "--trials", "1", "--tier", tier(ground), "--json", "--home"])
        .arg(home)
        .output()
        .map_err(|source| AttackError::Start { program: "fairtrial".to_owned(), source })?;
    let run: Value = serde_json::from_slice(&output.stdout).map_err(|_| AttackError::Failed {
        what: "fairtrial run".to_owned(),
        said: String::from_utf8_lossy(&output.stderr).into_owned(),
    })?;
    let trials = run["trials"].as_array().cloned().unwrap_or_default();
    let name = |trial: &Value| trial["assistant"].as_str().unwrap_or_default().to_owned();
    Ok(trials.into_iter().map(|trial| (name(&trial), trial)).collect())
}

/// Returns the tier that is attacked, as it is typed and told.
fn tier(ground: &Ground) -> &'static str {
    match ground.tier {
        TierChoice::Bubblewrap => "bubblewrap",
        TierChoice::Container => "container",
        TierChoice::Best | TierChoice::Full | TierChoice::Plain => "full",
    }
}

fn found(ground: &Ground, results: &BTreeMap<String, Value>, at: usize) -> Result<Fared, AttackError> {
    let trial = results.get(&format!("x{at}")).filter(|trial| trial["tier"] == tier(ground));
    let Some(trial) = trial else {
        return Err(AttackError::Failed {
            what: format!("a trial of the tier {}", tier(ground)),
            said: format!("{results:?}"),
        });
    };
    let result = trial["result"]["result"].as_str().unwrap_or("no result");
    let why = ["because", "reason"].iter().find_map(|key| trial["result"][*key].as_str());
    let why = match (why, trial["result"]["failed"].as_array()) {
        (Some(why), _) => why.to_owned(),
        (None, Some(failed)) => format!("{} tests failed or were not seen", failed.len()),
        (None, None) => String::new(),
    };
    Ok(Fared::when(result == "resolved", format!("{result}: {why}")))
}
