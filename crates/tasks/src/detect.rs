//! Finds out how a repository is set up and tested, from the files at its root.
//!
//! Nothing is executed and nothing is taken for granted: every offer says which file it comes from, and the caller
//! asks before it uses one.

use std::fs;
use std::path::Path;

use fairtrial_domain::task::ResultFormat;

/// A command that seems to run a repository's tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetectedCheck {
    /// Run as `sh -c` in the root.
    pub command: String,
    /// How its results are read.
    pub format: ResultFormat,
    /// Why it is offered, as a sentence fragment.
    pub because: String,
    /// The program it needs.
    pub requires: String,
}

/// A command that seems to fetch a repository's dependencies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetectedSetup {
    /// Run as `sh -c` in the root.
    pub command: String,
    /// Why it is offered, as a sentence fragment.
    pub because: String,
    /// The program it needs.
    pub requires: String,
}

/// Returns commands that seem to run the tests of the repository in `repo`, the most likely first.
pub fn detect_checks(repo: &Path) -> Vec<DetectedCheck> {
    let has = |name: &str| repo.join(name).is_file();
    let mut found = Vec::new();
    let mut offer = |command: &str, format, because: &str, requires: &str| {
        found.push(DetectedCheck {
            command: command.to_owned(),
            format,
            because: because.to_owned(),
            requires: requires.to_owned(),
        });
    };
    if has("Cargo.toml") {
        offer("cargo test --offline", ResultFormat::Cargo, "`Cargo.toml` is here", "cargo");
    }
    match node_test(repo) {
        Some(NodeTest::Runner) => offer(
            "node --test --test-reporter=tap",
            ResultFormat::Node,
            "the script `test` in `package.json` calls `node --test`",
            "node",
        ),
        Some(NodeTest::Script) => {
            offer("npm test", ResultFormat::Exit, "`package.json` has a script `test`", "npm");
        }
        None => {}
    }
    // Where set-up makes an environment, the tests need what is installed in it.
    let locked = ["uv.lock", "requirements.txt"].iter().any(|file| has(file) && needed(repo, file));
    let python = if locked { ".venv/bin/python" } else { "python3" };
    // unittest tells its results on standard error.
    if let Some(because) = pytest(repo) {
        offer(&format!("{python} -m pytest -v"), ResultFormat::Pytest, &because, "python3");
    } else if let Some(folder) = ["tests", "test"].into_iter().find(|folder| python_tests(&repo.join(folder)))
    {
        let command = format!("{python} -m unittest discover -v -s {folder} -t . 2>&1");
        let because = format!("there are Python tests in `{folder}`");
        offer(&command, ResultFormat::Pytest, &because, "python3");
    } else if python_tests(repo) {
        let command = format!("{python} -m unittest -v 2>&1");
        offer(&command, ResultFormat::Pytest, "there are Python tests at the root", "python3");
    }
    if has("go.mod") {
        offer("go test -v ./...", ResultFormat::Go, "`go.mod` is here", "go");
    }
    if let Some(file) =
        ["GNUmakefile", "makefile", "Makefile"].into_iter().find(|file| make_test(&repo.join(file)))
    {
        let because = format!("`{file}` has a target `test`");
        offer("make test", ResultFormat::Exit, &because, "make");
    }
    found
}

/// Returns commands that seem to fetch the dependencies of the repository in `repo`, by its lock files.
pub fn detect_setup(repo: &Path) -> Vec<DetectedSetup> {
    const BY_FILE: &[(&str, &str, &str)] = &[
        ("Cargo.lock", "cargo fetch --locked", "cargo"),
        ("package-lock.json", "npm ci", "npm"),
        ("npm-shrinkwrap.json", "npm ci", "npm"),
        ("pnpm-lock.yaml", "pnpm install --frozen-lockfile", "pnpm"),
        ("yarn.lock", "yarn install --frozen-lockfile", "yarn"),
        ("uv.lock", "uv sync --frozen", "uv"),
        ("requirements.txt", "python3 -m venv .venv && .venv/bin/pip install -r requirements.txt", "python3"),
        ("go.sum", "go mod download", "go"),
    ];
    let mut found: Vec<DetectedSetup> = Vec::new();
    for (file, command, requires) in BY_FILE {
        let again = found.iter().any(|setup| setup.requires == *requires);
        if repo.join(file).is_file() && !again && needed(repo, file) {
            found.push(DetectedSetup {
                command: (*command).to_owned(),
                because: format!("`{file}` is here"),
                requires: (*requires).to_owned(),
            });
        }
    }
    found
}

/// Returns whether a lock file names anything to fetch.
fn needed(repo: &Path, file: &str) -> bool {
    let text = fs::read_to_string(repo.join(file)).unwrap_or_default();
    match file {
        "Cargo.lock" => text.contains("\nsource = "),
        "requirements.txt" => {
            text.lines().any(|line| !line.trim().is_empty() && !line.trim().starts_with('#'))
        }
        _other => true,
    }
}

enum NodeTest {
    Runner,
    Script,
}

/// Reads the script `test` of `package.json` without a JSON parser's strictness: any readable value counts.
fn node_test(repo: &Path) -> Option<NodeTest> {
    let text = fs::read_to_string(repo.join("package.json")).ok()?;
    let package: serde_json::Value = serde_json::from_str(&text).ok()?;
    let script = package.get("scripts")?.get("test")?.as_str()?;
    // npm writes this line into new packages; it tests nothing.
    if script.contains("no test specified") {
        return None;
    }
    let bare = matches!(script.trim(), "node --test" | "node --test test" | "node --test test/");
    Some(if bare { NodeTest::Runner } else { NodeTest::Script })
}

fn pytest(repo: &Path) -> Option<String> {
    if repo.join("pytest.ini").is_file() || repo.join("conftest.py").is_file() {
        return Some("pytest is configured at the root".to_owned());
    }
    for (file, mark) in
        [("pyproject.toml", "[tool.pytest"), ("setup.cfg", "[tool:pytest]"), ("tox.ini", "[pytest]")]
    {
        if fs::read_to_string(repo.join(file)).is_ok_and(|text| text.contains(mark)) {
            return Some(format!("`{file}` configures pytest"));
        }
    }
    let uses = |folder: &str| {
        python_files(&repo.join(folder)).into_iter().any(|text| text.contains("import pytest"))
    };
    ["tests", "test"].into_iter().find(|f| uses(f)).map(|f| format!("tests in `{f}` import pytest"))
}

fn python_tests(folder: &Path) -> bool {
    !python_files(folder).is_empty()
}

/// Returns the texts of a folder's own `test*.py` files.
fn python_files(folder: &Path) -> Vec<String> {
    let Ok(items) = fs::read_dir(folder) else { return Vec::new() };
    items
        .flatten()
        .filter(|item| {
            let name = item.file_name();
            let name = name.to_string_lossy();
            name.starts_with("test") && name.ends_with(".py")
        })
        .filter_map(|item| fs::read_to_string(item.path()).ok())
        .collect()
}

fn make_test(file: &Path) -> bool {
    fs::read_to_string(file).is_ok_and(|text| text.lines().any(|line| line.starts_with("test:")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repo(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        dir
    }

    fn checks(files: &[(&str, &str)], expected: &[&str]) {
        let dir = repo(files);
        let commands: Vec<String> = detect_checks(dir.path()).into_iter().map(|c| c.command).collect();
        assert_eq!(commands, expected);
    }

    fn setup(files: &[(&str, &str)], expected: &[&str]) {
        let dir = repo(files);
        let commands: Vec<String> = detect_setup(dir.path()).into_iter().map(|c| c.command).collect();
        assert_eq!(commands, expected);
    }

    #[test]
    fn each_kind_of_repository_is_recognised() {
        checks(&[("Cargo.toml", "")], &["cargo test --offline"]);
        checks(
            &[("package.json", r#"{"scripts":{"test":"node --test"}}"#)],
            &["node --test --test-reporter=tap"],
        );
        checks(&[("package.json", r#"{"scripts":{"test":"vitest run"}}"#)], &["npm test"]);
        checks(
            &[("tests/test_a.py", "import unittest")],
            &["python3 -m unittest discover -v -s tests -t . 2>&1"],
        );
        checks(&[("tests/test_a.py", "import pytest")], &["python3 -m pytest -v"]);
        checks(&[("pyproject.toml", "[tool.pytest.ini_options]")], &["python3 -m pytest -v"]);
        checks(&[("go.mod", "")], &["go test -v ./..."]);
        checks(&[("Makefile", "all:\n\ntest: all\n\ttrue\n")], &["make test"]);
    }

    #[test]
    fn nothing_is_offered_where_nothing_is_found() {
        checks(&[], &[]);
        checks(&[("package.json", "{ broken")], &[]);
        checks(
            &[("package.json", r#"{"scripts":{"test":"echo \"Error: no test specified\" && exit 1"}}"#)],
            &[],
        );
        checks(&[("Makefile", "testing:\n")], &[]);
        checks(&[("tests/readme.md", "")], &[]);
        checks(&[("Makefile", "# no target\n")], &[]);
    }

    #[test]
    fn a_repository_of_two_languages_has_two_offers() {
        checks(&[("Cargo.toml", ""), ("Makefile", "test:\n")], &["cargo test --offline", "make test"]);
    }

    #[test]
    fn tests_run_in_the_environment_that_setup_makes() {
        let tests = ("tests/test_a.py", "import pytest");
        checks(&[tests, ("requirements.txt", "pytest==9.0\n")], &[".venv/bin/python -m pytest -v"]);
        checks(&[tests, ("requirements.txt", "# nothing\n")], &["python3 -m pytest -v"]);
    }

    #[test]
    fn dependencies_are_found_by_lock_file() {
        setup(&[("package-lock.json", "{}")], &["npm ci"]);
        setup(
            &[("Cargo.lock", "[[package]]\nname = \"a\"\nsource = \"registry\"\n")],
            &["cargo fetch --locked"],
        );
        setup(&[("Cargo.lock", "[[package]]\nname = \"a\"\n")], &[]);
        setup(&[("requirements.txt", "# nothing\n")], &[]);
        setup(
            &[("requirements.txt", "six==1.16\n")],
            &["python3 -m venv .venv && .venv/bin/pip install -r requirements.txt"],
        );
    }
}
