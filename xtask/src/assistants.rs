//! Drives every installed real program through the whole product, in each case, and writes the table of what was seen.
//!
//! **Invariant:** a case that does not hold stands in the table as it is; the table names its commit.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::bench::{self, BenchError, made_from, said};

/// Starts a row in what the test prints.
const ROW: &str = "assistants-row: ";
const PAGE: &str = "docs/assistants.md";
const BEGIN: &str = "<!-- table: written by `cargo xtask assistants --write` -->";
const END: &str = "<!-- end of the table -->";

/// One program in one case.
#[derive(Debug, Clone, Deserialize)]
struct Row {
    title: String,
    case: String,
    version: Option<String>,
    holds: Option<bool>,
    wrong: Option<Vec<String>>,
    said: Option<String>,
    seconds: Option<f64>,
}

/// Runs the matrix; returns the table, and writes it into `docs/assistants.md` where that is wished for.
///
/// # Errors
/// When the test cannot run or told nothing, when the page has no place for the table, and, after writing, when a case
/// does not hold of which the page did not say so before.
pub fn assistants(root: &Path, write: bool) -> Result<String, BenchError> {
    let cargo = || {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.current_dir(root).stderr(Stdio::inherit());
        cargo
    };
    let programs = ["-p", "fairtrial-cli", "-p", "fairtrial-cell", "-p", "fairtrial-direct"];
    said(cargo().args(["build", "--quiet", "--locked"]).args(programs))?;
    let runner = format!("target.'cfg(unix)'.runner = {:?}", root.join("scripts/as-user"));
    let mut test = cargo();
    test.args([
        "test",
        "--quiet",
        "--locked",
        "--config",
        &runner,
        "-p",
        "fairtrial-tests",
        "--test",
        "it",
        "--",
    ]);
    let out = said(test.args([
        "--ignored",
        "--nocapture",
        "real_programs::every_program",
        "real_programs::rounds::every_program",
        "real_programs::steering::every_program",
    ]))?;
    let rows = out.lines().filter_map(|line| line.split_once(ROW));
    let rows = rows.map(|(_, row)| serde_json::from_str(row)).collect::<Result<Vec<Row>, _>>()?;
    if rows.is_empty() {
        let why = "no program is installed: run `make assistants`".to_owned();
        return Err(BenchError::Wrong { what: "what programs do".to_owned(), why });
    }
    let table = format!("{}\n\n{}", made_from(root)?, table(&rows));
    let page = root.join(PAGE);
    let text =
        fs::read_to_string(&page).map_err(|source| BenchError::Access { path: page.clone(), source })?;
    if write {
        let new = between(&text, &table).ok_or_else(|| BenchError::Wrong {
            what: PAGE.to_owned(),
            why: format!("the lines `{BEGIN}` and `{END}` are not there, in this order"),
        })?;
        bench::write(&page, &new)?;
    }
    let worse = worse(&rows, &text);
    if !worse.is_empty() {
        let why = format!("these held before: {}\n\n{table}", worse.join("; "));
        return Err(BenchError::Wrong { what: "what programs do".to_owned(), why });
    }
    Ok(table)
}

/// Returns the cases that do not hold and of which the page does not say so.
fn worse(rows: &[Row], page: &str) -> Vec<String> {
    let failed = rows.iter().filter(|row| row.holds == Some(false));
    failed
        .map(|row| format!("{}, {}", row.title, row.case))
        .filter(|name| !page.contains(&format!(" {name}: ")))
        .collect()
}

/// Puts the table between its marks; `None` when they are not there.
fn between(page: &str, table: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n\n{table}\n{END}{after}"))
}

fn table(rows: &[Row]) -> String {
    let mut cases: Vec<&str> = vec![];
    let mut programs: Vec<&str> = vec![];
    let mut cells: BTreeMap<(&str, &str), &Row> = BTreeMap::new();
    for row in rows {
        if !cases.contains(&row.case.as_str()) {
            cases.push(&row.case);
        }
        if !programs.contains(&row.title.as_str()) {
            programs.push(&row.title);
        }
        cells.insert((&row.title, &row.case), row);
    }
    let mut text =
        format!("| program | version | {} |\n|---|---|{}\n", cases.join(" | "), "---|".repeat(cases.len()));
    let mut notes = vec![];
    for program in programs {
        let of = |case: &&str| cells.get(&(program, *case)).copied();
        let version =
            cases.iter().filter_map(of).find_map(|row| row.version.as_deref()).unwrap_or("not told");
        let told =
            cases.iter().map(|case| of(case).map_or_else(|| "–".to_owned(), |row| cell(row, &mut notes)));
        let told: Vec<String> = told.collect();
        text.push_str(&format!("| {program} | {version} | {} |\n", told.join(" | ")));
    }
    if !notes.is_empty() {
        text.push('\n');
    }
    for (number, note) in notes.iter().enumerate() {
        text.push_str(&format!("{}. {note}\n", number + 1));
    }
    text
}

fn cell(row: &Row, notes: &mut Vec<String>) -> String {
    let seconds = row.seconds.map(|seconds| format!(", {seconds:.0} s")).unwrap_or_default();
    match row.holds {
        None => "–".to_owned(),
        Some(true) => format!("holds{seconds}"),
        Some(false) => {
            let wrong = row.wrong.clone().unwrap_or_default().join("; ").replace('|', "/");
            let said = row.said.clone().unwrap_or_default();
            notes.push(format!("{}, {}: it ended as {said}; {wrong}.", row.title, row.case));
            format!("**no**, see {}", notes.len())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(title: &str, case: &str, holds: Option<bool>, wrong: &[&str]) -> Row {
        Row {
            title: title.to_owned(),
            case: case.to_owned(),
            version: holds.map(|_| "1.2".to_owned()),
            holds,
            wrong: Some(wrong.iter().map(|one| (*one).to_owned()).collect()),
            said: Some("finished".to_owned()),
            seconds: holds.map(|_| 4.4),
        }
    }

    #[test]
    fn what_does_not_hold_is_shown_as_it_is() {
        let rows = [
            row("A", "fix", Some(true), &[]),
            row("B", "fix", None, &[]),
            row("A", "429", Some(false), &["the fault is null and not x"]),
        ];
        let wanted = "| program | version | fix | 429 |\n|---|---|---|---|\n\
                      | A | 1.2 | holds, 4 s | **no**, see 1 |\n| B | not told | – | – |\n\n\
                      1. A, 429: it ended as finished; the fault is null and not x.\n";
        assert_eq!(table(&rows), wanted);
    }

    #[test]
    fn the_table_takes_the_place_of_the_older_one() {
        let page = format!("a\n{BEGIN}\nold\n{END}\nb\n");
        let new = between(&page, "new\n").unwrap();
        assert_eq!(new, format!("a\n{BEGIN}\n\nnew\n\n{END}\nb\n"));
        assert_eq!(between(&new, "new\n"), Some(new));
        assert_eq!(between(&format!("{END} {BEGIN}"), "new"), None);
    }

    #[test]
    fn a_case_that_held_before_is_told() {
        let rows = [
            row("A", "fix", Some(true), &[]),
            row("A", "429", Some(false), &["x"]),
            row("B", "500", None, &[]),
        ];
        assert_eq!(worse(&rows, "1. A, 429: it ended as finished; x."), Vec::<String>::new());
        assert_eq!(worse(&rows, "1. B, 429: it ended as finished; x."), ["A, 429"]);
    }
}
