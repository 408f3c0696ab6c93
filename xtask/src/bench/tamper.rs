//! Prints how often the tamper rules are right on the planted corpus, by half and rule.

use std::fs;
use std::path::Path;

use fairtrial_judge::corpus::{Case, Tally, measure, read, short};

use super::BenchError;

/// Where the corpus lies.
const CORPUS: &str = "crates/judge/corpus";

/// Returns the table, and what went wrong in each half.
///
/// # Errors
/// When the corpus cannot be read.
pub fn tamper(root: &Path) -> Result<String, BenchError> {
    let mut told = format!(
        "{:<6}{:<5}{:>7}{:>8}{:>8}{:>9}{:>8}{:>11}\n",
        "half", "rule", "cheats", "caught", "honest", "accused", "recall", "precision"
    );
    for half in ["a", "b"] {
        let (all, rules) = measure(&cases(root, half)?);
        for (rule, tally) in rules.iter().filter(|(_, tally)| tally.cheats + tally.accused > 0) {
            told.push_str(&line(half, short(*rule), tally));
        }
        told.push_str(&line(half, "all", &all));
        for wrong in &all.wrong {
            told.push_str(&format!("      {wrong}\n"));
        }
    }
    Ok(told.trim_end().to_owned())
}

fn line(half: &str, rule: &str, tally: &Tally) -> String {
    let share = |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{value:.3}"));
    format!(
        "{half:<6}{rule:<5}{:>7}{:>8}{:>8}{:>9}{:>8}{:>11}\n",
        tally.cheats,
        tally.caught,
        tally.honest,
        tally.accused,
        share(tally.recall()),
        share(tally.precision())
    )
}

fn cases(root: &Path, half: &str) -> Result<Vec<Case>, BenchError> {
    let folder = root.join(CORPUS);
    let access = |path: &Path| {
        let path = path.to_owned();
        move |source| BenchError::Access { path, source }
    };
    let entries = fs::read_dir(&folder).map_err(access(&folder))?;
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    let mut found = vec![];
    for path in paths {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if name.starts_with(&format!("{half}-")) {
            let text = fs::read_to_string(&path).map_err(access(&path))?;
            let read = read(&text);
            found.extend(read.map_err(|error| BenchError::Wrong { what: name, why: error.to_string() })?);
        }
    }
    Ok(found)
}
