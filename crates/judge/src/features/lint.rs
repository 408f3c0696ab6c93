//! What linters report, read from SARIF or the JSON of known tools, and how much of it a patch adds.
//!
//! **Invariant:** only findings on changed lines count, and each is weighed by the lines added; what cannot be read
//! whole is missing, never a clean bill.

use std::collections::{BTreeMap, HashMap};

use fairtrial_patch::hunks::Hunk;
use serde_json::Value;

/// One finding of a linter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LintFinding {
    /// The file, relative and with `/`, as far as the tool says.
    pub path: String,
    /// The line, from 1.
    pub line: u32,
    /// The tool's name of the rule.
    pub rule: String,
    /// True for an error, false for a warning. Notes are left out.
    pub error: bool,
}

/// Why a report was not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LintError {
    /// It is no JSON, or not all of it.
    #[error("the linter's report is no whole JSON")]
    NoJson,
    /// It is JSON of no known form.
    #[error("the linter's report is neither SARIF nor the JSON of ruff, eslint, tsc or cargo")]
    Unknown,
}

/// Reads a linter's report: SARIF 2.1, ruff's or eslint's JSON, or the JSON lines of `cargo clippy`.
///
/// # Errors
/// When the text is not wholly of one of these forms.
pub fn read(text: &str) -> Result<Vec<LintFinding>, LintError> {
    let text = text.trim();
    let mut found = match serde_json::from_str::<Value>(text) {
        Ok(value) if value.get("runs").is_some() => sarif(&value),
        Ok(Value::Array(items)) => array(&items)?,
        Ok(value) if value.get("reason").is_some() => cargo(&[value]),
        Ok(_) => return Err(LintError::Unknown),
        Err(_) => {
            let lines = text.lines().filter(|line| !line.trim().is_empty());
            let values: Result<Vec<Value>, _> = lines.map(serde_json::from_str).collect();
            let values = values.map_err(|_| LintError::NoJson)?;
            if values.is_empty() || !values.iter().all(|value| value.get("reason").is_some()) {
                return Err(if values.is_empty() { LintError::NoJson } else { LintError::Unknown });
            }
            cargo(&values)
        }
    };
    found.sort();
    Ok(found)
}

fn number(value: &Value) -> u32 {
    value.as_u64().and_then(|n| u32::try_from(n).ok()).unwrap_or(0)
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn relative(path: &str) -> String {
    let path = path.strip_prefix("file://").unwrap_or(path).replace('\\', "/");
    path.trim_start_matches("./").to_owned()
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn sarif(value: &Value) -> Vec<LintFinding> {
    let mut found = Vec::new();
    for run in items(&value["runs"]) {
        let levels: HashMap<&str, &str> = items(&run["tool"]["driver"]["rules"])
            .iter()
            .filter_map(|rule| Some((rule["id"].as_str()?, rule["defaultConfiguration"]["level"].as_str()?)))
            .collect();
        for result in items(&run["results"]) {
            let rule = word(&result["ruleId"]);
            let level = result["level"].as_str().or(levels.get(rule.as_str()).copied()).unwrap_or("warning");
            let at = &result["locations"][0]["physicalLocation"];
            if level == "note" || level == "none" || at.is_null() {
                continue;
            }
            found.push(LintFinding {
                path: relative(at["artifactLocation"]["uri"].as_str().unwrap_or_default()),
                line: number(&at["region"]["startLine"]),
                rule,
                error: level == "error",
            });
        }
    }
    found
}

/// ruff: `[{filename, location: {row}, code}]`; eslint: `[{filePath, messages: [{line, ruleId, severity}]}]`.
fn array(list: &[Value]) -> Result<Vec<LintFinding>, LintError> {
    let mut found = Vec::new();
    for item in list {
        if let Some(path) = item["filename"].as_str() {
            let syntax = item["code"].is_null();
            let line = number(&item["location"]["row"]);
            found.push(LintFinding { path: relative(path), line, rule: word(&item["code"]), error: syntax });
        } else if let Some(path) = item["filePath"].as_str() {
            found.extend(items(&item["messages"]).iter().map(|message| LintFinding {
                path: relative(path),
                line: number(&message["line"]),
                rule: word(&message["ruleId"]),
                error: message["severity"] == 2,
            }));
        } else {
            return Err(LintError::Unknown);
        }
    }
    Ok(found)
}

fn cargo(lines: &[Value]) -> Vec<LintFinding> {
    let messages =
        lines.iter().filter(|line| line["reason"] == "compiler-message").map(|line| &line["message"]);
    let mut found = Vec::new();
    for message in messages {
        let error = match message["level"].as_str() {
            Some("error") => true,
            Some("warning") => false,
            Some(_) | None => continue,
        };
        let Some(span) = items(&message["spans"]).iter().find(|span| span["is_primary"] == true) else {
            continue;
        };
        let path = relative(span["file_name"].as_str().unwrap_or_default());
        found.push(LintFinding {
            path,
            line: number(&span["line_start"]),
            rule: word(&message["code"]["code"]),
            error,
        });
    }
    found
}

/// New findings on changed lines.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LintDelta {
    /// Errors.
    pub errors: usize,
    /// Warnings.
    pub warnings: usize,
    /// Where.
    pub places: Vec<(String, u32)>,
}

/// Returns the findings of `after` that stand on lines which the patch added and that `before` does not explain: of
/// each rule in each file as many are old as were reported there before on lines that are gone.
pub fn delta(before: &[LintFinding], after: &[LintFinding], hunks: &BTreeMap<&str, &[Hunk]>) -> LintDelta {
    let hunks_of = |path: &str| {
        let named = hunks.iter().find(|(known, _)| path == **known || path.ends_with(&format!("/{known}")));
        named.map(|(_, hunks)| *hunks).unwrap_or_default()
    };
    let on = |line: u32, range: &std::ops::Range<usize>| range.contains(&(line.saturating_sub(1) as usize));
    let mut gone: HashMap<(&str, &str), usize> = HashMap::new();
    for finding in before.iter().filter(|f| hunks_of(&f.path).iter().any(|hunk| on(f.line, &hunk.old))) {
        *gone.entry((&finding.path, &finding.rule)).or_default() += 1;
    }
    let mut delta = LintDelta::default();
    for finding in after.iter().filter(|f| hunks_of(&f.path).iter().any(|hunk| on(f.line, &hunk.new))) {
        let old = gone.entry((&finding.path, &finding.rule)).or_default();
        if *old > 0 {
            *old -= 1;
            continue;
        }
        delta.errors += usize::from(finding.error);
        delta.warnings += usize::from(!finding.error);
        delta.places.push((finding.path.clone(), finding.line));
    }
    delta
}

/// Returns exp(−w / 5) with w = (3 · errors + warnings) / added · 100; `None` when no line was added.
pub fn score(delta: &LintDelta, added: u64) -> Option<f64> {
    let weight = (3 * delta.errors + delta.warnings) as f64;
    (added > 0).then(|| (-weight / added as f64 * 100.0 / 5.0).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        match read(text) {
            Ok(found) => found
                .iter()
                .map(|f| {
                    format!("{}:{} {} {}", f.path, f.line, f.rule, if f.error { "error" } else { "warning" })
                })
                .collect::<Vec<_>>()
                .join("; "),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn sarif_is_read_with_the_levels_of_its_rules() {
        let text = r#"{"version": "2.1.0", "runs": [{"tool": {"driver": {"rules": [
            {"id": "r1", "defaultConfiguration": {"level": "error"}}]}}, "results": [
            {"ruleId": "r1", "locations": [{"physicalLocation": {"artifactLocation": {"uri": "./src/a.py"}, "region": {"startLine": 3}}}]},
            {"ruleId": "r2", "locations": [{"physicalLocation": {"artifactLocation": {"uri": "b.py"}, "region": {"startLine": 1}}}]},
            {"ruleId": "r3", "level": "note", "locations": [{"physicalLocation": {"artifactLocation": {"uri": "b.py"}}}]}]}]}"#;
        assert_eq!(told(text), "b.py:1 r2 warning; src/a.py:3 r1 error");
    }

    #[test]
    fn tools_are_read_in_their_own_json() {
        assert_eq!(
            told(r#"[{"filename": "a.py", "location": {"row": 2}, "code": "F401"}]"#),
            "a.py:2 F401 warning"
        );
        assert_eq!(
            told(
                r#"[{"filePath": "/w/a.js", "messages": [{"line": 4, "ruleId": "eqeqeq", "severity": 2}]}]"#
            ),
            "/w/a.js:4 eqeqeq error"
        );
        let clippy = r#"{"reason": "compiler-artifact"}
            {"reason": "compiler-message", "message": {"level": "warning", "code": {"code": "clippy::x"}, "spans": [{"is_primary": true, "file_name": "src/a.rs", "line_start": 7}]}}"#;
        assert_eq!(told(clippy), "src/a.rs:7 clippy::x warning");
        assert_eq!(told("[]"), "");
    }

    #[test]
    fn half_a_report_is_no_clean_bill() {
        assert_eq!(told("[{\"filename\": \"a.py\""), "the linter's report is no whole JSON");
        assert_eq!(told(""), "the linter's report is no whole JSON");
        assert_eq!(told("{\"x\": 1}"), LintError::Unknown.to_string());
    }

    #[test]
    fn only_new_findings_on_changed_lines_count() {
        let finding =
            |line, rule: &str| LintFinding { path: "a.py".into(), line, rule: rule.into(), error: false };
        let hunks = [Hunk { old: 4..6, new: 4..8 }];
        let hunks = BTreeMap::from([("a.py", hunks.as_slice())]);
        let before = [finding(5, "x"), finding(50, "y")];
        let after = [finding(5, "x"), finding(6, "x"), finding(7, "z"), finding(52, "y")];
        let got = delta(&before, &after, &hunks);
        assert_eq!((got.errors, got.warnings, got.places.len()), (0, 2, 2));
        assert!((score(&got, 100).unwrap() - (-0.4f64).exp()).abs() < 1e-12);
        assert_eq!(score(&got, 0), None);
    }
}
