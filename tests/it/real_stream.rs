//! A program that changed its stream: what nobody understands is kept, counted per trial, and shown wherever results are.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use fairtrial_tests::Home;
use serde_json::Value;

/// Speaks as Claude Code does, and in two lines as a later version might.
const PROGRAM: &str = r#"#!/bin/sh
echo '{"type":"system","subtype":"init","session_id":"s","model":"m","claude_code_version":"9.0.0"}'
echo '{"type":"assistant_v3","blocks":[{"kind":"text","text":"I changed."}]}'
printf 'def add(a, b):\n    return a + b\n' >calc.py
echo 'warning: this is no JSON at all'
echo '{"type":"result","subtype":"success","is_error":false,"result":"done","usage":{"input_tokens":1,"output_tokens":1}}'
"#;

/// As that, but solves nothing until it is told what fails; then it says one more odd line, and never ends.
const TOLD: &str = r#"#!/bin/sh
echo '{"type":"system","subtype":"init","session_id":"s","model":"m","claude_code_version":"9.0.0"}'
case "$*" in
*--resume*)
    printf 'def add(a, b):\n    return a + b\n' >calc.py
    echo 'warning: this is no JSON either'
    sleep 1000
    ;;
*)
    echo '{"type":"assistant_v3","blocks":[{"kind":"text","text":"I changed."}]}'
    printf 'def add(a, b):\n    return a * b\n' >calc.py
    echo 'warning: this is no JSON at all'
    ;;
esac
echo '{"type":"result","subtype":"success","is_error":false,"result":"done","usage":{"input_tokens":1,"output_tokens":1}}'
"#;

fn put(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Writes a task that takes at most so many seconds, and the program that is to do it; returns the suite's folder.
fn suite(home: &Home, text: &str, seconds: u32) -> String {
    let work = home.path().join("work");
    let program = work.join("claude");
    put(&program, text);
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let table = format!(
        "[assistants.changed]\nbackend = \"claude_code\"\nprogram = {program:?}\nnetwork = \"none\"\n\
         env = {{ ANTHROPIC_BASE_URL = \"http://127.0.0.1:9\" }}\n\
         secrets = {{ ANTHROPIC_API_KEY = {{ env = \"INVENTED_KEY\" }} }}\n"
    );
    put(&home.path().join("assistants.toml"), &table);
    put(&work.join("base/calc.py"), "def add(a, b):\n    return a - b\n");
    let suite = work.join("suite");
    put(&suite.join("suite.toml"), "id = \"own\"\ntitle = \"Own\"\nversion = \"1\"\ntasks = [\"add\"]\n");
    let task = format!(
        "schema_version = \"1.4\"\n\n[task]\nname = \"fairtrial/add\"\ndescription = \"add\"\n\n\
         [agent]\ntimeout_sec = {seconds}.0\n\n[metadata.fairtrial]\ntitle = \"add() subtracts\"\n\
         kind = \"bug_fix\"\nlanguage = \"python\"\nrepository = {{ folder = \"../../base\" }}\n\
         requires = [\"python3\"]\n\n[[metadata.fairtrial.checks]]\nid = \"adds\"\nkind = \"fail_to_pass\"\n\
         run = \"python3 -c 'import calc; assert calc.add(2, 3) == 5'\"\nformat = \"exit\"\ntimeout_sec = 60.0\n"
    );
    put(&suite.join("add/task.toml"), &task);
    put(&suite.join("add/instruction.md"), "add() is wrong: repair it.\n");
    suite.to_str().unwrap().to_owned()
}

/// Runs the program with a key in its environment, in a wide terminal; returns what it said.
fn said(home: &Home, arguments: &[&str]) -> String {
    let mut program = home.fairtrial(arguments);
    let output = program.env("INVENTED_KEY", "planted-key-2").env("COLUMNS", "200").output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{arguments:?}\n{out}\n{err}");
    out.into_owned()
}

/// Returns the HTML report of the latest run.
fn report(home: &Home) -> String {
    let page = home.path().join("report.html");
    said(home, &["report", "latest", "--html", page.to_str().unwrap()]);
    fs::read_to_string(page).unwrap()
}

#[test]
fn lines_that_nobody_understands_are_counted_and_shown() {
    let home = Home::new();
    let suite = suite(&home, PROGRAM, 60);
    let told: Value = serde_json::from_str(&said(&home, &["run", &suite, "--json"])).unwrap();
    let trial = &told["trials"][0];
    assert_eq!(trial["ending"]["ending"], "finished", "{trial}");
    assert_eq!((&trial["unparsed"], &trial["limit"]), (&2.into(), &Value::Null), "{trial}");
    let page = said(&home, &["show", "latest"]);
    assert!(page.contains("Not understood, and kept as written: 2 lines of"), "{page}");
    let report = report(&home);
    assert!(report.contains("2 lines of its stream, kept as written"));
    assert!(report.contains("not metered, contents not visible"));
}

#[test]
fn a_later_round_keeps_its_limit_and_its_lines_that_nobody_understands() {
    let home = Home::new();
    let suite = suite(&home, TOLD, 15);
    let told: Value =
        serde_json::from_str(&said(&home, &["run", &suite, "--rounds", "2", "--json"])).unwrap();
    let trial = &told["trials"][0];
    let second = &trial["more"][0];
    assert_eq!(
        (&trial["limit"], &second["ending"]["ending"], &second["limit"]),
        (&Value::Null, &"timed_out".into(), &"time limit of 15 s".into()),
        "{trial}"
    );
    assert_eq!((&trial["unparsed"], &second["unparsed"]), (&3.into(), &1.into()), "{trial}");
    let page = said(&home, &["show", "latest"]);
    assert!(page.contains("Not understood, and kept as written: 3 lines of"), "{page}");
    assert!(page.contains("reached a limit in round 2 of 1 trial: time limit of 15 s."), "{page}");
    let report = report(&home);
    assert!(report.contains("3 lines of its stream, kept as written"));
    let round = "round 2: out of time (time limit of 15 s), not resolved, 1 line not understood; ";
    let at = report.find("round 2: ").unwrap();
    assert!(report[at..].starts_with(round), "{}", &report[at..at + 200]);
}
