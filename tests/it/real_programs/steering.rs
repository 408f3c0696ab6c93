//! Which instruction files the real programs read: each holds a word of its own, and the model hears some of these.

use std::collections::BTreeSet;

use fairtrial_testkit::{Script, Step, Tool};
use serde_json::Value;

use super::installed;
use super::stage::Stage;
use super::who::Who;

/// Files that some program or other reads, each with a word that is in no other.
const FILES: [(&str, &str); 21] = [
    ("AGENTS.md", "Say amberfinch.\n"),
    ("CLAUDE.md", "Say birchmoth.\n"),
    ("CLAUDE.local.md", "Say coralwren.\n"),
    (".claude/CLAUDE.md", "Say dunelark.\n"),
    (".claude/rules/style.md", "Say elmsparrow.\n"),
    ("GEMINI.md", "Say fernheron.\n"),
    ("QWEN.md", "Say gorsestoat.\n"),
    ("CONTEXT.md", "Say hazelvole.\n"),
    (".github/copilot-instructions.md", "Say irisnewt.\n"),
    (".github/instructions/style.instructions.md", "---\napplyTo: \"**\"\n---\nSay junipertoad.\n"),
    (".cursorrules", "Say kelpotter.\n"),
    (".cursor/rules/style.mdc", "---\nalwaysApply: true\n---\nSay larchbadger.\n"),
    (".clinerules/style.md", "Say mossweasel.\n"),
    (".kiro/steering/style.md", "Say nettlehare.\n"),
    (".pi/APPEND_SYSTEM.md", "Say oakmarten.\n"),
    ("sub/AGENTS.md", "Say poplarswift.\n"),
    ("sub/CLAUDE.md", "Say quincerobin.\n"),
    ("sub/GEMINI.md", "Say rowanplover.\n"),
    ("sub/QWEN.md", "Say sedgebittern.\n"),
    (".kilo/rules/style.md", "Say thistlefox.\n"),
    (".kilocode/rules/style.md", "Say umberhawk.\n"),
];

fn word(text: &str) -> &str {
    text.rsplit("Say ").next().unwrap().trim_end_matches(".\n")
}

/// It works in the root and in a folder below.
fn script() -> Script {
    Script::new(vec![
        Step::call("I will read both.", Tool::Read { path: "calc.py".into() }),
        Step::call("The other one.", Tool::Read { path: "sub/part.py".into() }),
        Step::call(
            "It subtracts.",
            Tool::Edit {
                path: "calc.py".into(),
                old: "    return a - b".into(),
                new: "    return a + b".into(),
            },
        ),
        Step::say("It adds now."),
    ])
}

/// Returns what a program was seen to read, what the trial says that it reads, and the row of the fairness sheet.
fn look(who: &Who, files: &[(&str, &str)]) -> (BTreeSet<String>, BTreeSet<String>, Value) {
    let base: Vec<(&str, &str)> =
        files.iter().copied().chain([("sub/part.py", "def part():\n    return 1\n")]).collect();
    let stage = Stage::with(Some(script()), 180.0, "attempts = 1\n", &base, &[who]);
    let before = stage.preview();
    let run = stage.run();
    let told = stage.told();
    let heard = files.iter().filter(|(_, text)| told.contains(word(text)));
    let trial = &run["trials"][0];
    assert_eq!(trial["ending"]["ending"], "finished", "{}: {trial}", who.id);
    let said = trial["steered"]["instructions"].as_array().unwrap_or_else(|| panic!("{trial}"));
    let row = |sheet: &Value| {
        let rows = sheet.as_array().unwrap();
        rows.iter().find(|row| row["aspect"] == "instructions").unwrap()["values"][0].clone()
    };
    let after = row(&run["comparison"]["fairness"]);
    assert_eq!(row(&before["fairness"]), after, "{}: the same is told before the run", who.id);
    (
        heard.map(|(path, _)| (*path).to_owned()).collect(),
        said.iter().map(|path| path.as_str().unwrap().to_owned()).collect(),
        after,
    )
}

/// Fails where a program reads another file than its back end says. Returns how many were looked at.
fn check(ids: &[&str]) {
    for who in installed(ids) {
        // All there are, and what is read in the place of the most common ones.
        let rest =
            FILES.into_iter().filter(|(path, _)| !["AGENTS.md", ".kilo/rules/style.md"].contains(path));
        let other: Vec<_> = rest.chain([("AGENTS.override.md", "Say sorrelcrane.\n")]).collect();
        for files in [&FILES[..], &other] {
            let (seen, said, row) = look(&who, files);
            assert_eq!(seen, said, "{}: {row}", who.id);
            let row = row.as_str().unwrap();
            assert!(row.starts_with("finds ") || seen.is_empty(), "{}: {row}", who.id);
        }
    }
}

#[test]
fn three_programs_read_the_instruction_files_that_are_said_of_them() {
    check(&["claude", "codex", "pi"]);
}

#[test]
#[ignore = "minutes: `cargo xtask assistants` runs it"]
fn every_program_reads_the_instruction_files_that_are_said_of_it() {
    let wanted = std::env::var("FAIRTRIAL_ASSISTANTS").unwrap_or_default();
    let wanted: Vec<&str> = wanted.split(',').filter(|id| !id.is_empty()).collect();
    let ids = ["claude", "codex", "pi", "gemini", "copilot", "opencode", "qwen", "kilo", "aider", "mini"];
    check(&ids.into_iter().filter(|id| wanted.is_empty() || wanted.contains(id)).collect::<Vec<_>>());
}
