//! `go test -json` and `go test -v`. Tests are named `package.Test/sub`; without a package line, `Test/sub`.

use std::collections::BTreeMap;

use fairtrial_domain::verdict::TestStatus;
use serde::Deserialize;

use super::tally::Tally;
use super::{MAX_MESSAGE, Reading, plain};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Line {
    action: String,
    #[serde(default)]
    package: String,
    #[serde(default)]
    import_path: String,
    test: Option<String>,
    #[serde(default)]
    output: String,
}

/// Reads either form, told apart by whether the first line that is not empty is a JSON object.
pub(super) fn read(text: &str) -> Reading {
    let first = text.lines().map(str::trim).find(|l| !l.is_empty()).unwrap_or("");
    if first.starts_with('{') { json(text) } else { verbose(text) }
}

fn json(text: &str) -> Reading {
    let mut tally = Tally::default();
    let mut running: BTreeMap<String, String> = BTreeMap::new();
    for line in text.lines() {
        let Ok(line) = serde_json::from_str::<Line>(line) else { continue };
        let Some(test) = &line.test else {
            package(&mut tally, &line);
            continue;
        };
        let id = format!("{}.{test}", line.package);
        let status = match line.action.as_str() {
            "pass" => TestStatus::Passed,
            "fail" => TestStatus::Failed,
            "skip" => TestStatus::Skipped,
            "run" => {
                running.insert(id, String::new());
                continue;
            }
            "output" => {
                if let Some(said) = running.get_mut(&id).filter(|s| s.len() < MAX_MESSAGE) {
                    said.push_str(&line.output);
                }
                continue;
            }
            _ => continue,
        };
        let said = running.remove(&id).unwrap_or_default();
        tally.add(&id, status, if status == TestStatus::Passed { "" } else { &said });
    }
    for (id, said) in running {
        tally.add(&id, TestStatus::Failed, &format!("it did not end\n{said}"));
    }
    tally.done()
}

fn package(tally: &mut Tally, line: &Line) {
    if line.action == "build-fail" {
        tally.problem(format!("`{}` did not build", line.import_path));
    } else if line.action == "fail" && tally.count(TestStatus::Failed) == 0 {
        tally.problem(format!("package `{}` failed without a failing test", line.package));
    }
}

#[derive(Default)]
struct Block {
    running: BTreeMap<String, String>,
    ended: Vec<(String, TestStatus, String)>,
    current: Option<String>,
}

fn verbose(text: &str) -> Reading {
    let mut tally = Tally::default();
    let mut block = Block::default();
    for line in text.lines() {
        let line = plain(line);
        if let Some(test) = line.strip_prefix("=== RUN ") {
            block.current = Some(test.trim().to_owned());
            block.running.insert(test.trim().to_owned(), String::new());
        } else if let Some(test) = line.strip_prefix("=== CONT ").or_else(|| line.strip_prefix("=== NAME ")) {
            block.current = Some(test.trim().to_owned());
        } else if let Some((test, status)) = result(line.trim_start()) {
            let said = block.running.remove(test).unwrap_or_default();
            block.ended.push((test.to_owned(), status, said));
            block.current = None;
        } else if let Some((word, rest)) = line.split_once('\t') {
            trailer(&mut tally, &mut block, word.trim(), rest);
        } else if let Some(said) = block.current.as_ref().and_then(|t| block.running.get_mut(t))
            && said.len() < MAX_MESSAGE
        {
            said.push_str(&line);
            said.push('\n');
        }
    }
    flush(&mut tally, &mut block, None);
    tally.done()
}

fn result(line: &str) -> Option<(&str, TestStatus)> {
    let (word, rest) = line.strip_prefix("--- ")?.split_once(": ")?;
    let status = match word {
        "PASS" => TestStatus::Passed,
        "FAIL" => TestStatus::Failed,
        "SKIP" => TestStatus::Skipped,
        _ => return None,
    };
    Some((rest.rsplit_once(" (").map_or(rest, |(name, _)| name), status))
}

/// A package's last line: `ok`, `FAIL` or `?`, its path and its time.
fn trailer(tally: &mut Tally, block: &mut Block, word: &str, rest: &str) {
    if word != "ok" && word != "FAIL" {
        return;
    }
    let package = rest.split_whitespace().next().unwrap_or("");
    flush(tally, block, Some(package));
    if rest.contains("[build failed]") || rest.contains("[setup failed]") {
        tally.problem(format!("`{package}` did not build"));
    } else if word == "FAIL" && tally.count(TestStatus::Failed) == 0 {
        tally.problem(format!("package `{package}` failed without a failing test"));
    }
}

fn flush(tally: &mut Tally, block: &mut Block, package: Option<&str>) {
    let block = std::mem::take(block);
    let name = |test: &str| package.map_or_else(|| test.to_owned(), |p| format!("{p}.{test}"));
    for (test, status, said) in block.ended {
        tally.add(&name(&test), status, if status == TestStatus::Passed { "" } else { &said });
    }
    for (test, said) in block.running {
        tally.add(&name(&test), TestStatus::Failed, &format!("it did not end\n{said}"));
    }
}
