//! Holds the house to its habits: who may import whom, sizes, module docs, and what never stands in a file.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Who may import whom (ours only). A crate that is not listed here is a complaint.
const IMPORTS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("fault", &[]),
    ("patch", &["domain"]),
    ("judge", &["domain", "patch"]),
    ("wire", &["domain"]),
    ("backends", &["domain"]),
    ("direct", &["domain", "wire"]),
    ("cell", &["domain", "fault", "patch", "backends", "wire"]),
    ("runner", &["domain"]),
    ("tasks", &["domain", "patch"]),
    ("store", &["domain", "fault"]),
    ("report", &["domain", "patch", "judge"]),
    ("api", &["domain", "patch", "judge", "wire", "backends", "cell", "runner", "tasks", "store", "report"]),
    ("cli", &["api", "domain"]),
    ("desktop", &["api", "domain"]),
];
/// May import anything, and be imported by nothing but each other.
const TOOLS: &[&str] = &["testkit", "tests", "xtask"];

const MOST_LINES: usize = 400;
const MOST_FUNCTION_LINES: usize = 60;
const MOST_UI_LINES: usize = 300;
const SHELL_LINES: usize = 800;

/// A breach of a habit, as `file:line: what`.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Complaint {
    place: String,
    what: String,
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// Returns every breach in the files that git tracks or would track under `root`.
pub fn check(root: &Path) -> Vec<Complaint> {
    let mut complaints = imports(root);
    let here = places_of_this_machine(root);
    let mut shell = 0;
    for path in tracked(root) {
        let Ok(text) = std::fs::read_to_string(root.join(&path)) else { continue };
        complaints.extend(words(&path, &text, &here));
        if path.ends_with(".rs") {
            complaints.extend(rust(&path, &text));
            if path.starts_with("src-tauri/") {
                shell += text.lines().count();
            }
        }
        // Generated types are a list; they have no screen to fit.
        let ours = path.starts_with("ui/src/") && !path.ends_with("types.ts");
        if ours
            && (path.ends_with(".svelte") || path.ends_with(".ts"))
            && text.lines().count() > MOST_UI_LINES
        {
            complaints.push(at(&path, 1, format!("more than {MOST_UI_LINES} lines: split it by noun")));
        }
    }
    if shell > SHELL_LINES {
        complaints.push(at("src-tauri", 1, format!("{shell} lines: the shell may have {SHELL_LINES}")));
    }
    if let Err(error) = crate::schema::check(root) {
        complaints.push(at("schema", 1, error.to_string()));
    }
    complaints.sort();
    complaints
}

fn at(path: &str, line: usize, what: impl Into<String>) -> Complaint {
    Complaint { place: format!("{path}:{line}"), what: what.into() }
}

fn tracked(root: &Path) -> Vec<String> {
    let output = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output();
    let Ok(output) = output else { return vec![] };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect()
}

fn imports(root: &Path) -> Vec<Complaint> {
    let output = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root)
        .output();
    let metadata: Option<Value> = output.ok().and_then(|out| serde_json::from_slice(&out.stdout).ok());
    let Some(packages) = metadata.as_ref().and_then(|m| m["packages"].as_array()) else {
        return vec![at("Cargo.toml", 1, "`cargo metadata` could not be read")];
    };
    let graph = packages.iter().map(|package| (short(&package["name"]), ours(package))).collect();
    import_complaints(&graph)
}

fn short(name: &Value) -> String {
    let name = name.as_str().unwrap_or_default();
    name.strip_prefix("fairtrial-").unwrap_or(name).to_owned()
}

fn ours(package: &Value) -> BTreeSet<String> {
    let dependencies = package["dependencies"].as_array().map(Vec::as_slice).unwrap_or_default();
    let production = dependencies.iter().filter(|d| d["kind"].as_str() != Some("dev"));
    production.filter(|d| d["path"].is_string()).map(|d| short(&d["name"])).collect()
}

fn import_complaints(graph: &BTreeMap<String, BTreeSet<String>>) -> Vec<Complaint> {
    let mut complaints = vec![];
    for (name, uses) in graph {
        if TOOLS.contains(&name.as_str()) {
            continue;
        }
        let Some((_, may)) = IMPORTS.iter().find(|(listed, _)| listed == name) else {
            complaints.push(at(name, 1, "is not in the import table of xtask/src/tidy.rs"));
            continue;
        };
        for used in uses.iter().filter(|used| !may.contains(&used.as_str())) {
            complaints.push(at(name, 1, format!("may not import {used}")));
        }
    }
    complaints
}

fn rust(path: &str, text: &str) -> Vec<Complaint> {
    let mut complaints = vec![];
    let test_file = path.contains("/tests/") || path.starts_with("tests/") || path.ends_with("/tests.rs");
    if !text.trim_start().starts_with("//!") {
        complaints.push(at(path, 1, "opens without a `//!` sentence on its purpose"));
    }
    let production = text.split("\n#[cfg(test)]").next().unwrap_or(text);
    if !test_file && production.lines().count() > MOST_LINES && !text.contains("tidy: long because ") {
        complaints.push(at(
            path,
            1,
            format!("more than {MOST_LINES} lines before its tests: split it by noun"),
        ));
    }
    for (number, line) in production.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        let mut complain = |what: &str| complaints.push(at(path, number + 1, what));
        if !test_file && code.contains(concat!(".unw", "rap()")) {
            complain("`unwrap` outside tests");
        }
        if code.contains(concat!("#[al", "low(")) {
            complain("use `#[expect(lint, reason = …)]`");
        }
        let returns = code.split("-> ").nth(1).unwrap_or_default();
        if !test_file && returns.starts_with("Result<") && returns.contains(", String> ") {
            complain("an error is an enum, not a String");
        }
    }
    if !test_file {
        complaints.extend(long_functions(path, production));
    }
    complaints
}

/// Finds functions by rustfmt's layout: `fn` at some indent, its closing brace alone at the same indent.
fn long_functions(path: &str, text: &str) -> Vec<Complaint> {
    let mut complaints = vec![];
    let lines: Vec<&str> = text.lines().collect();
    for (start, line) in lines.iter().enumerate() {
        let body = line.trim_start();
        let indent = line.len() - body.len();
        let is_function = !body.starts_with("//") && (body.starts_with("fn ") || body.contains(" fn "));
        if !is_function || body.ends_with(';') {
            continue;
        }
        let close = format!("{}}}", " ".repeat(indent));
        let end = lines[start..].iter().position(|line| *line == close);
        if end.is_some_and(|length| length + 1 > MOST_FUNCTION_LINES) {
            complaints.push(at(
                path,
                start + 1,
                format!("a function of more than {MOST_FUNCTION_LINES} lines"),
            ));
        }
    }
    complaints
}

/// Returns where this project and the hidden folders of whoever checks it lie: true on one machine only.
fn places_of_this_machine(root: &Path) -> Vec<String> {
    let home = std::env::var("HOME").ok().filter(|home| home.len() > 1);
    let mut places: Vec<String> = home.map(|home| format!("{home}/.")).into_iter().collect();
    // `/src` alone would be found in every path of ours.
    if root.components().count() > 2 {
        places.push(format!("{}/", root.display()));
    }
    places
}

/// Finds what never stands in a file of ours.
fn words(path: &str, text: &str, never: &[String]) -> Vec<Complaint> {
    if path.ends_with(".lock") {
        return vec![];
    }
    let mut complaints = vec![];
    for (number, line) in text.lines().enumerate() {
        for word in never {
            if line.contains(word.as_str()) {
                complaints.push(at(path, number + 1, format!("names a path of one machine: {word}")));
            }
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_rust(text: &str, expected: &[&str]) {
        let found: Vec<String> = rust("crates/x/src/a.rs", text).iter().map(ToString::to_string).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn habits_are_told_with_file_and_line() {
        check_rust("//! Doc.\nfn a() {}\n", &[]);
        check_rust("fn a() {}\n", &["crates/x/src/a.rs:1: opens without a `//!` sentence on its purpose"]);
        check_rust(
            "//! D.\nfn a() {\n    x.unwrap();\n}\n",
            &["crates/x/src/a.rs:3: `unwrap` outside tests"],
        );
        check_rust("//! D.\n#[cfg(test)]\nmod tests { fn a() { x.unwrap(); } }\n", &[]);
        check_rust(
            "//! D.\nfn a() -> Result<u8, String> {\n}\n",
            &["crates/x/src/a.rs:2: an error is an enum, not a String"],
        );
        let long = format!("//! D.\nfn a() {{\n{}}}\n", "    x();\n".repeat(60));
        check_rust(&long, &["crates/x/src/a.rs:2: a function of more than 60 lines"]);
        let long = format!("//! D.\n{}", "use x;\n".repeat(400));
        check_rust(&long, &["crates/x/src/a.rs:1: more than 400 lines before its tests: split it by noun"]);
    }

    #[test]
    fn a_path_of_this_machine_is_told() {
        let told = |text: &str| words("a.md", text, &["/here/project/".to_owned()]);
        assert_eq!(told("see docs/tasks.md\n"), vec![]);
        let found = told("one\nsee /here/project/docs\n");
        assert_eq!(found[0].to_string(), "a.md:2: names a path of one machine: /here/project/");
    }

    #[test]
    fn an_import_outside_the_table_is_told() {
        let graph =
            |name: &str, used: &str| BTreeMap::from([(name.to_owned(), BTreeSet::from([used.to_owned()]))]);
        assert_eq!(import_complaints(&graph("report", "domain")), vec![]);
        let told = |name, used| import_complaints(&graph(name, used))[0].to_string();
        assert_eq!(told("domain", "store"), "domain:1: may not import store");
        assert_eq!(told("cli", "store"), "cli:1: may not import store");
        assert_eq!(told("newcomer", "domain"), "newcomer:1: is not in the import table of xtask/src/tidy.rs");
        assert_eq!(told("cell", "testkit"), "cell:1: may not import testkit");
    }
}
