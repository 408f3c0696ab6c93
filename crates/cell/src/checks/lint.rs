//! Reads what linters and type checkers report: SARIF, or the tool's own form.
//!
//! **Invariant:** a report that is cut off, or of another form, gives no findings at all: half a report would look
//! cleaner than the tree is.

use std::collections::HashMap;

use fairtrial_domain::task::ResultFormat;
use fairtrial_domain::verdict::{FindingLevel, ToolFinding};
use serde_json::{Deserializer, Value};

use super::{Reading, head, plain};

/// Findings of one check that are kept; more are a problem, not a result.
const MAX_FINDINGS: usize = 50_000;
/// Bytes of a finding's message that are kept.
const MAX_FINDING: usize = 400;
/// Where workspaces of the full tier are seen (`room::WORKSPACE`).
const WORKSPACE: &str = "/workspace/";

/// Why a report gives no findings.
#[derive(Debug, thiserror::Error)]
enum Unread {
    #[error("its report holds no JSON")]
    NoJson,
    #[error("its report is no whole JSON ({0})")]
    CutOff(serde_json::Error),
    #[error("its report is {0}")]
    OtherForm(&'static str),
    #[error("its report does not say that the build has finished")]
    Unfinished,
}

type Found = Result<Vec<ToolFinding>, Unread>;

/// Reads a report. What a tool prints after it, on standard error, is left alone.
pub(super) fn read(format: ResultFormat, text: &str) -> Reading {
    let found = match format {
        ResultFormat::Sarif => first_json(text).and_then(|value| sarif(&value)),
        ResultFormat::Ruff => first_json(text).and_then(|value| ruff(&value)),
        ResultFormat::Eslint => first_json(text).and_then(|value| eslint(&value)),
        ResultFormat::Clippy => cargo(text),
        ResultFormat::Tsc => Ok(tsc(text)),
        ResultFormat::Junit
        | ResultFormat::Tap
        | ResultFormat::Pytest
        | ResultFormat::Cargo
        | ResultFormat::Node
        | ResultFormat::Go
        | ResultFormat::Exit => Err(Unread::OtherForm("none of a linter")),
    };
    match found {
        Ok(found) if found.len() > MAX_FINDINGS => {
            problem(format!("there are more than {MAX_FINDINGS} findings"))
        }
        Ok(found) => Reading { findings: Some(found), ..Reading::default() },
        Err(why) => problem(why.to_string()),
    }
}

fn problem(why: String) -> Reading {
    Reading { problem: Some(why), ..Reading::default() }
}

fn first_json(text: &str) -> Result<Value, Unread> {
    let start = text.find(['[', '{']).ok_or(Unread::NoJson)?;
    let mut values = Deserializer::from_str(&text[start..]).into_iter::<Value>();
    match values.next() {
        Some(Ok(value)) => Ok(value),
        Some(Err(error)) => Err(Unread::CutOff(error)),
        None => Err(Unread::NoJson),
    }
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn finding(rule: &str, level: FindingLevel, path: &str, line: &Value, message: &str) -> ToolFinding {
    ToolFinding {
        rule: rule.to_owned(),
        level,
        path: relative(path),
        line: line.as_u64().and_then(|line| u32::try_from(line).ok()).filter(|line| *line > 0),
        message: head(message, MAX_FINDING).to_owned(),
    }
}

fn relative(path: &str) -> String {
    let path = path.strip_prefix("file://").unwrap_or(path).replace('\\', "/");
    path.strip_prefix(WORKSPACE).unwrap_or(&path).trim_start_matches("./").to_owned()
}

/// SARIF 2.1.0, section 3.27: a result without a level has its rule's, else `warning`.
fn sarif(value: &Value) -> Found {
    let Some(runs) = value["runs"].as_array() else {
        return Err(Unread::OtherForm("no SARIF: it has no `runs`"));
    };
    let mut found = Vec::new();
    for run in runs {
        let rules = items(&run["tool"]["driver"]["rules"]).iter();
        let levels: HashMap<&str, &str> = rules
            .filter_map(|rule| Some((rule["id"].as_str()?, rule["defaultConfiguration"]["level"].as_str()?)))
            .collect();
        for result in items(&run["results"]) {
            let rule = word(&result["ruleId"]);
            let level = match result["level"].as_str().or(levels.get(rule).copied()) {
                Some("error") => FindingLevel::Error,
                Some("note" | "none") => FindingLevel::Note,
                Some(_) | None => FindingLevel::Warning,
            };
            let at = &result["locations"][0]["physicalLocation"];
            let path = word(&at["artifactLocation"]["uri"]);
            found.push(finding(
                rule,
                level,
                path,
                &at["region"]["startLine"],
                word(&result["message"]["text"]),
            ));
        }
    }
    Ok(found)
}

fn ruff(value: &Value) -> Found {
    let list = value.as_array().ok_or(Unread::OtherForm("not ruff's: it is no list"))?;
    let read = |item: &Value| {
        let path =
            item["filename"].as_str().ok_or(Unread::OtherForm("not ruff's: an entry has no `filename`"))?;
        let rule = word(&item["code"]);
        // Older versions name no severity, and no code for what they cannot parse.
        let level = match (item["severity"].as_str(), rule) {
            (Some("error"), _) | (None, "" | "invalid-syntax") => FindingLevel::Error,
            (Some(_) | None, _) => FindingLevel::Warning,
        };
        Ok(finding(rule, level, path, &item["location"]["row"], word(&item["message"])))
    };
    list.iter().map(read).collect()
}

fn eslint(value: &Value) -> Found {
    let list = value.as_array().ok_or(Unread::OtherForm("not eslint's: it is no list"))?;
    let mut found = Vec::new();
    for file in list {
        let path =
            file["filePath"].as_str().ok_or(Unread::OtherForm("not eslint's: an entry has no `filePath`"))?;
        for message in items(&file["messages"]) {
            let level = if message["severity"] == 2 { FindingLevel::Error } else { FindingLevel::Warning };
            found.push(finding(
                word(&message["ruleId"]),
                level,
                path,
                &message["line"],
                word(&message["message"]),
            ));
        }
    }
    Ok(found)
}

/// cargo's JSON lines, whole when the last says that the build has finished; other lines are not its own.
fn cargo(text: &str) -> Found {
    let (mut found, mut whole) = (Vec::new(), false);
    for line in text.lines().filter(|line| line.starts_with('{')) {
        let line: Value = serde_json::from_str(line).map_err(Unread::CutOff)?;
        match word(&line["reason"]) {
            "build-finished" => whole = true,
            "compiler-message" => found.extend(compiler_message(&line)),
            _other => {}
        }
    }
    if whole { Ok(found) } else { Err(Unread::Unfinished) }
}

/// Returns what a message says of a place; summaries such as "2 warnings emitted" name none.
fn compiler_message(line: &Value) -> Option<ToolFinding> {
    let message = &line["message"];
    let level = match word(&message["level"]) {
        "warning" => FindingLevel::Warning,
        level if level.starts_with("error") => FindingLevel::Error,
        _other => FindingLevel::Note,
    };
    let span = items(&message["spans"]).iter().find(|span| span["is_primary"] == true)?;
    let path = from_manifest(word(&line["manifest_path"]), word(&span["file_name"]));
    Some(finding(
        word(&message["code"]["code"]),
        level,
        &path,
        &span["line_start"],
        word(&message["message"]),
    ))
}

/// Returns a path that rustc gives relative to cargo's workspace. That lies where the package's own folder and the
/// path begin to say the same; without such an overlap it is the package's folder.
fn from_manifest(manifest: &str, file: &str) -> String {
    let Some(package) = manifest.strip_suffix("/Cargo.toml").filter(|_| !file.starts_with('/')) else {
        return file.to_owned();
    };
    let parts: Vec<&str> = file.split('/').collect();
    let shared = (1..parts.len()).rev().map(|count| parts[..count].join("/"));
    let mut roots = shared.filter_map(|prefix| package.strip_suffix(&format!("/{prefix}")));
    format!("{}/{file}", roots.next().unwrap_or(package))
}

/// `path(line,column): error TS1234: message`.
fn tsc(text: &str) -> Vec<ToolFinding> {
    let read = |line: &str| {
        let line = plain(line);
        let (place, rest) = line.split_once("): ")?;
        let (path, place) = place.rsplit_once('(')?;
        let (at, _column) = place.split_once(',')?;
        let (level, rest) = rest.split_once(' ')?;
        let (rule, message) = rest.split_once(": ")?;
        let level = match level {
            "error" => FindingLevel::Error,
            "warning" => FindingLevel::Warning,
            _other => return None,
        };
        let at = Value::from(at.parse::<u32>().ok()?);
        rule.starts_with("TS").then(|| finding(rule, level, path, &at, message))
    };
    text.lines().filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a report and says every finding, a line each, or why there is none.
    fn check(format: ResultFormat, text: &str, expected: &str) {
        let reading = read(format, text);
        let said = match reading.findings {
            Some(found) => found
                .iter()
                .map(|f| format!("{}:{} {:?} {}", f.path, f.line.unwrap_or_default(), f.level, f.rule))
                .collect::<Vec<_>>()
                .join("\n"),
            None => reading.problem.unwrap_or_default(),
        };
        assert_eq!(said, expected);
    }

    #[test]
    fn real_reports_are_read() {
        check(
            ResultFormat::Ruff,
            include_str!("../../fixtures/ruff/0.17.6/check.json"),
            "src/a.py:1 Error F401\nsrc/a.py:7 Error F821\nsrc/b.py:1 Error invalid-syntax\n\
             src/b.py:2 Error invalid-syntax",
        );
        check(
            ResultFormat::Sarif,
            include_str!("../../fixtures/ruff/0.17.6/check.sarif"),
            "src/a.py:1 Error F401\nsrc/a.py:7 Error F821\nsrc/b.py:1 Error invalid-syntax\n\
             src/b.py:2 Error invalid-syntax",
        );
        check(
            ResultFormat::Eslint,
            include_str!("../../fixtures/eslint/10.15.0/check.json"),
            "src/a.js:2 Error eqeqeq\nsrc/a.js:2 Error no-undef\nsrc/a.js:3 Warning no-unused-vars",
        );
        check(
            ResultFormat::Tsc,
            include_str!("../../fixtures/tsc/6.0.3/check.txt"),
            "src/a.ts:1 Error TS2322\nsrc/a.ts:2 Error TS7006\nsrc/a.ts:3 Error TS2554",
        );
        check(
            ResultFormat::Clippy,
            include_str!("../../fixtures/clippy/1.95/check.jsonl"),
            "rust/src/lib.rs:2 Warning unused_variables\nrust/src/lib.rs:1 Warning clippy::ptr_arg\n\
             rust/src/lib.rs:3 Warning clippy::len_zero",
        );
    }

    #[test]
    fn a_report_that_is_cut_off_gives_nothing() {
        for (format, text) in [
            (ResultFormat::Ruff, include_str!("../../fixtures/ruff/0.17.6/check.json")),
            (ResultFormat::Sarif, include_str!("../../fixtures/ruff/0.17.6/check.sarif")),
            (ResultFormat::Eslint, include_str!("../../fixtures/eslint/10.15.0/check.json")),
            (ResultFormat::Clippy, include_str!("../../fixtures/clippy/1.95/check.jsonl")),
        ] {
            for cut in [0, text.len() / 3, text.len() / 2, text.len() - 4] {
                let reading = read(format, &text[..cut]);
                assert!(reading.findings.is_none() && reading.problem.is_some(), "{format:?} {cut}");
            }
        }
    }

    #[test]
    fn a_report_of_another_form_gives_nothing() {
        check(ResultFormat::Sarif, "[]", "its report is no SARIF: it has no `runs`");
        check(ResultFormat::Ruff, "[{\"x\": 1}]", "its report is not ruff's: an entry has no `filename`");
        check(ResultFormat::Eslint, "no such file", "its report holds no JSON");
        check(ResultFormat::Ruff, "[]\nAll checks passed!", "");
    }

    #[test]
    fn paths_of_a_cargo_workspace_begin_at_its_root() {
        let path = |manifest, file| relative(&from_manifest(manifest, file));
        assert_eq!(path("/workspace/rust/Cargo.toml", "src/a.rs"), "rust/src/a.rs");
        assert_eq!(path("/workspace/crates/x/Cargo.toml", "crates/x/src/a.rs"), "crates/x/src/a.rs");
        assert_eq!(path("/workspace/w/crates/x/Cargo.toml", "crates/x/src/a.rs"), "w/crates/x/src/a.rs");
        assert_eq!(path("/workspace/Cargo.toml", "src/a.rs"), "src/a.rs");
    }
}
