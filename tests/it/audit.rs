//! Tasks are judged before assistants are: what is planted in a suite is found, and flaky tests count against nobody.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use fairtrial_tests::Home;
use serde_json::Value;

const BASE: &str = "def clamp(value, low, high):\n    return value\n";
const SOLVED: &str = "def clamp(value, low, high):\n    if value < low:\n        return low\n    if value > high:\n        return high\n    return value\n";
const REFERENCE: &str = "--- a/calc/clamp.py\n+++ b/calc/clamp.py\n@@ -1,2 +1,6 @@\n def clamp(value, low, high):\n\
    +    if value < low:\n+        return low\n+    if value > high:\n+        return high\n     return value\n";
const TOLD: &str = "`clamp(value, low, high)` in `calc/clamp.py` must keep its value between low and high.\n";
const THOROUGH: &str = "    def test_low(self):\n        self.assertEqual(clamp(1, 2, 4), 2)\n\
    \x20   def test_high(self):\n        self.assertEqual(clamp(9, 2, 4), 4)\n\
    \x20   def test_inside(self):\n        self.assertEqual([clamp(n, 2, 4) for n in (2, 3, 4)], [2, 3, 4])\n";

/// A task on disk, which `sound` makes and a plant spoils.
struct Planted {
    told: String,
    reference: String,
    tests: String,
    base: Vec<(&'static str, String)>,
}

impl Planted {
    fn sound() -> Planted {
        Planted {
            told: TOLD.to_owned(),
            reference: REFERENCE.to_owned(),
            tests: THOROUGH.to_owned(),
            base: vec![("calc/__init__.py", String::new()), ("calc/clamp.py", BASE.to_owned())],
        }
    }

    fn write(&self, suite: &Path, name: &str) {
        let task = suite.join(name);
        let write = |path: &str, text: &str| {
            let path = task.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("instruction.md", &self.told);
        write("solution/reference.patch", &self.reference);
        let head = "import os\nimport unittest\nfrom calc.clamp import *\nfrom calc import clamp as module\n\n\nclass It(unittest.TestCase):\n";
        write("tests/files/checks/test_it.py", &format!("{head}{}", self.tests));
        write("tests/files/checks/__init__.py", "");
        for (path, text) in &self.base {
            write(&format!("base/{path}"), text);
        }
        write(
            "task.toml",
            "schema_version = \"1.4\"\n[metadata.fairtrial]\nkind = \"bug_fix\"\nlanguage = \"python\"\n\
             repository = { folder = \"base\" }\nrequires = [\"python3\"]\n[[metadata.fairtrial.checks]]\nid = \"it\"\n\
             kind = \"fail_to_pass\"\nrun = \"python3 -m unittest -v checks.test_it 2>&1\"\nformat = \"pytest\"\n\
             timeout_sec = 60.0\n",
        );
    }
}

/// Writes a suite in which each task is named after what is planted in it.
fn plant(suite: &Path) {
    Planted::sound().write(suite, "sound");
    let one = "    def test_high(self):\n        self.assertLess(clamp(9, 2, 4), 9)\n";
    Planted { tests: one.to_owned(), ..Planted::sound() }.write(suite, "weak");
    let long = REFERENCE.replace("if value > high:\n", "if value > high and value > low:\n");
    Planted {
        told: format!("{TOLD}For instance:\n\n    if value > high and value > low:\n"),
        reference: long.clone(),
        ..Planted::sound()
    }
    .write(suite, "leak-in-instruction");
    let mut leaking = Planted { reference: long.clone(), ..Planted::sound() };
    leaking.base.push(("notes/old.patch", long));
    leaking.write(suite, "leak-in-base");
    let coins = "    def test_coin(self):\n        self.assertGreater(os.urandom(1)[0], 127)\n\
        \x20   def test_other_coin(self):\n        self.assertGreater(os.urandom(1)[0], 127)\n";
    Planted { tests: format!("{THOROUGH}{coins}"), ..Planted::sound() }.write(suite, "flaky");
    let helper = REFERENCE.replace(
        "@@ -1,2 +1,6 @@\n",
        "@@ -1,2 +1,9 @@\n+def at_least(value, low):\n+    return max(value, low)\n+\n",
    );
    let asked = "    def test_helper(self):\n        self.assertEqual(module.at_least(1, 2), 2)\n";
    Planted { reference: helper, tests: format!("{THOROUGH}{asked}"), ..Planted::sound() }
        .write(suite, "over-specific");
    Planted { reference: REFERENCE.replace("return high", "return value - high"), ..Planted::sound() }
        .write(suite, "broken-reference");
    Planted {
        tests: "    def test_inside(self):\n        self.assertEqual(clamp(3, 2, 4), 3)\n".to_owned(),
        ..Planted::sound()
    }
    .write(suite, "green-base");
}

/// Returns what the audit says of each task, in a line.
fn said(audits: &Value) -> BTreeMap<String, String> {
    let line = |audit: &Value| {
        let found = |state: &str| {
            let points = audit["points"].as_array().unwrap().iter();
            let rules =
                points.filter(|point| point["found"] == state).map(|point| point["rule"].as_str().unwrap());
            rules.collect::<Vec<_>>().join(" ")
        };
        let line = format!(
            "{}: broken [{}] doubt [{}]",
            audit["status"].as_str().unwrap(),
            found("broken"),
            found("doubt")
        );
        (audit["task"].as_str().unwrap().to_owned(), line)
    };
    audits.as_array().unwrap().iter().map(line).collect()
}

#[test]
fn what_is_planted_in_a_suite_is_found_and_nothing_else() {
    let home = Home::new();
    let suite = home.path().join("suite");
    plant(&suite);
    let path = suite.to_str().unwrap();
    // A coin that falls alike 8 times on both trees goes unnoticed once in 16,000.
    home.run(&["tasks", "audit", path, "--task", "flaky", "--repeat", "8"]).ended_with(0);
    let audits = home.run(&["tasks", "audit", path, "--repeat", "3", "--json"]).ended_with(0);
    assert!(audits.err.contains("flaky: audited before, nothing changed"), "{}", audits.err);
    let audits = audits.json();
    let expected = [
        ("sound", "valid: broken [] doubt []"),
        ("weak", "weak: broken [] doubt [strength]"),
        ("leak-in-instruction", "leaked: broken [no_leak] doubt []"),
        ("leak-in-base", "leaked: broken [no_leak] doubt []"),
        ("flaky", "weak: broken [] doubt [repeatable]"),
        ("over-specific", "weak: broken [] doubt [not_over_specific]"),
        ("broken-reference", "invalid: broken [reference_passes] doubt []"),
        ("green-base", "invalid: broken [base_fails] doubt []"),
    ];
    let expected: BTreeMap<String, String> =
        expected.iter().map(|(task, said)| ((*task).to_owned(), (*said).to_owned())).collect();
    assert_eq!(said(&audits), expected, "{audits:#}");
    let of =
        |task: &str| audits.as_array().unwrap().iter().find(|audit| audit["task"] == task).unwrap().clone();
    // Each with the place that shows it.
    let evidence = |task: &str, rule: usize| of(task)["points"][rule]["evidence"][0].clone();
    assert_eq!(
        evidence("leak-in-instruction", 3)["at"],
        serde_json::json!({"path": "instruction.md", "line": 4})
    );
    assert_eq!(evidence("leak-in-base", 3)["at"]["path"], "notes/old.patch");
    assert_eq!(evidence("weak", 4)["at"]["path"], "calc/clamp.py");
    assert_eq!(evidence("over-specific", 5)["text"], "at_least");
    let flaky = of("flaky");
    let flaky: Vec<&str> =
        flaky["quarantined"].as_array().unwrap().iter().map(|one| one["test"].as_str().unwrap()).collect();
    assert_eq!(flaky.len(), 2, "{flaky:?}");
    assert!(flaky.iter().all(|name| name.contains("coin")), "{flaky:?}");

    a_second_audit_is_immediate(&home, path, &audits);
    flaky_tests_count_against_nobody(&home, path);
}

fn a_second_audit_is_immediate(home: &Home, suite: &str, first: &Value) {
    let begun = Instant::now();
    let again = home.run(&["tasks", "audit", suite, "--repeat", "3", "--json"]).ended_with(0);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert_eq!(again.json(), *first);
    let list = home.run(&["tasks", "list", suite]).ended_with(0).out;
    assert!(list.contains("leaked"), "{list}");
    // A task that changed is another one.
    fs::write(Path::new(suite).join("sound/instruction.md"), format!("{TOLD}Please.\n")).unwrap();
    assert!(!home.run(&["tasks", "list", suite]).ended_with(0).out.contains(" valid "));
    let odd = home.run(&["tasks", "audit", suite, "--task", "nothing"]).ended_with(2);
    assert!(odd.err.contains("there is no task `nothing` in this suite; it has:"), "{}", odd.err);
}

fn flaky_tests_count_against_nobody(home: &Home, suite: &str) {
    let solver = format!(
        "[assistants.cutter]\nbackend = \"command\"\nprogram = \"sh\"\nargs = [\"-c\", '''cat > calc/clamp.py <<'E'\n{SOLVED}E\n''']\n"
    );
    fs::write(home.path().join("assistants.toml"), solver).unwrap();
    let flaky = Path::new(suite).join("flaky");
    let arguments = ["run", flaky.to_str().unwrap(), "--assistants", "cutter", "--trials", "4", "--json"];
    let run = home.run(&arguments).ended_with(0).json();
    let trials = run["trials"].as_array().unwrap();
    assert_eq!(trials.len(), 4);
    for trial in trials {
        assert_eq!(trial["result"]["result"], "resolved", "{trial:#}");
    }
    let facts = &run["tasks"][0]["facts"];
    assert_eq!(facts["validity"]["validity"], "weak", "{facts:#}");
    assert_eq!(facts["audit"]["status"], "weak");
    // A task whose answer can be read leaves the verdict and stays visible.
    let leaking = Path::new(suite).join("leak-in-base");
    let arguments = ["run", leaking.to_str().unwrap(), "--assistants", "cutter", "--json"];
    let run = home.run(&arguments).ended_with(0).json();
    assert_eq!(run["tasks"][0]["facts"]["validity"]["validity"], "invalid", "{run:#}");
    assert_eq!(run["comparison"]["tasks"], 0);
}
