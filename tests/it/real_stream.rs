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

fn put(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[test]
fn lines_that_nobody_understands_are_counted_and_shown() {
    let home = Home::new();
    let work = home.path().join("work");
    let program = work.join("claude");
    put(&program, PROGRAM);
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
    let task = "schema_version = \"1.4\"\n\n[task]\nname = \"fairtrial/add\"\ndescription = \"add\"\n\n\
                [agent]\ntimeout_sec = 60.0\n\n[metadata.fairtrial]\ntitle = \"add() subtracts\"\nkind = \"bug_fix\"\n\
                language = \"python\"\nrepository = { folder = \"../../base\" }\nrequires = [\"python3\"]\n\n\
                [[metadata.fairtrial.checks]]\nid = \"adds\"\nkind = \"fail_to_pass\"\n\
                run = \"python3 -c 'import calc; assert calc.add(2, 3) == 5'\"\nformat = \"exit\"\ntimeout_sec = 60.0\n\
                hidden = false\n";
    put(&suite.join("add/task.toml"), task);
    put(&suite.join("add/instruction.md"), "add() is wrong: repair it.\n");
    let run = |arguments: &[&str]| {
        let output = home.fairtrial(arguments).env("INVENTED_KEY", "planted-key-2").output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{arguments:?}\n{out}\n{err}");
        out.into_owned()
    };
    let told: Value = serde_json::from_str(&run(&["run", suite.to_str().unwrap(), "--json"])).unwrap();
    let trial = &told["trials"][0];
    assert_eq!(trial["ending"]["ending"], "finished", "{trial}");
    assert_eq!(trial["unparsed"], 2, "{trial}");
    let page = run(&["show", "latest"]);
    assert!(page.contains("Not understood, and kept as written: 2 lines of"), "{page}");
    let report = work.join("report.html");
    run(&["report", "latest", "--html", report.to_str().unwrap()]);
    let report = fs::read_to_string(report).unwrap();
    assert!(report.contains("2 lines of its stream, kept as written"));
    assert!(report.contains("not metered, contents not visible"));
}
