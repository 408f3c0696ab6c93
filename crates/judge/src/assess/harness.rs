//! Files that decide how tests run, whether a task protects them or not.

use super::paths::name;

/// Returns why a file is part of the harness; `None` when it is not, or only in some lines.
pub(crate) fn whole_file(path: &str) -> Option<&'static str> {
    let name = name(path);
    let script = [
        "jest.config.",
        "vitest.config.",
        "jest.setup.",
        "vitest.setup.",
        "vitest.workspace.",
        "karma.conf.",
        "playwright.config.",
        "cypress.config.",
    ];
    if ["conftest.py", "pytest.ini", ".pytest.ini", "pytest.toml", "sitecustomize.py", "usercustomize.py"]
        .contains(&name)
        || name.starts_with(".mocharc.")
        || name.ends_with(".pth")
        || script.iter().any(|start| name.starts_with(start))
    {
        Some("it decides how tests are found and run")
    } else if path.ends_with(".cargo/config") || path.ends_with(".cargo/config.toml") {
        Some("it decides how cargo builds and runs tests")
    } else {
        None
    }
}

/// Returns whether a file holds settings and no tests: an addition to it can change how tests run.
pub(crate) fn is_settings(path: &str) -> bool {
    let name = name(path);
    let endings = [".ini", ".cfg", ".toml", ".json", ".yml", ".yaml", ".mk", ".sh"];
    name == "Makefile" || endings.iter().any(|end| name.ends_with(end)) || whole_file(path).is_some()
}

/// Returns the lines (from 0) of a settings file that say how tests run; empty for other files.
pub(crate) fn test_settings(path: &str, text: &str) -> Vec<(usize, String)> {
    let lines = || text.lines().enumerate();
    let kept = |(at, line): (usize, &str)| (at, line.trim().to_owned());
    match name(path) {
        "setup.cfg" | "tox.ini" => in_sections(text, &["[tool:pytest", "[pytest", "[testenv"]),
        "pyproject.toml" => in_sections(text, &["[tool.pytest"]),
        "Cargo.toml" => {
            let mut found = in_sections(text, &["[[test]]", "[[test"]);
            let switch = |line: &str| {
                let line: String = line.split_whitespace().collect();
                ["test=", "harness=", "autotests=", "doctest="].iter().any(|key| line.starts_with(key))
            };
            found.extend(lines().filter(|(_, line)| switch(line)).map(kept));
            found.sort();
            found.dedup();
            found
        }
        "package.json" => {
            let script = |line: &str| {
                let key = line.trim_start().strip_prefix('"').and_then(|rest| rest.split_once('"'));
                key.is_some_and(|(key, _)| {
                    let key = key.trim_start_matches("pre").trim_start_matches("post");
                    let steers =
                        ["jest", "vitest", "mocha", "testPathIgnorePatterns", "testMatch", "testRegex"];
                    let steers_too =
                        ["passWithNoTests", "setupFiles", "setupFilesAfterEnv", "globalSetup", "bail"];
                    key == "test"
                        || key.starts_with("test:")
                        || steers.contains(&key)
                        || steers_too.contains(&key)
                })
            };
            let plain = |(at, line): (usize, &str)| (at, line.trim().trim_end_matches(',').to_owned());
            lines().filter(|(_, line)| script(line)).map(plain).collect()
        }
        "pom.xml" | "build.gradle" | "build.gradle.kts" | "gradle.properties" => {
            let steers = [
                "skipTests",
                "maven.test.skip",
                "testFailureIgnore",
                "ignoreFailures",
                "excludeTestsMatching",
                "surefire",
                "useJUnit",
                "<exclude>",
            ];
            let says = |line: &str| steers.iter().any(|word| line.contains(word));
            lines().filter(|(_, line)| says(line)).map(kept).collect()
        }
        "Makefile" | "GNUmakefile" => in_target(text),
        _ => vec![],
    }
}

/// Lines of a Makefile's targets about tests.
fn in_target(text: &str) -> Vec<(usize, String)> {
    let mut inside = false;
    let mut found = Vec::new();
    for (at, line) in text.lines().enumerate() {
        if !line.starts_with(['\t', ' ', '#']) && !line.trim().is_empty() {
            let target = line.split(':').next().unwrap_or_default().trim();
            inside =
                line.contains(':') && (target == "test" || target.starts_with("test-") || target == "check");
        }
        if inside && !line.trim().is_empty() {
            found.push((at, line.trim().to_owned()));
        }
    }
    found
}

/// Lines of the sections whose heading starts with one of `headings`, blank lines and comments left out.
fn in_sections(text: &str, headings: &[&str]) -> Vec<(usize, String)> {
    let mut inside = false;
    let mut found = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.starts_with('[') && line.ends_with(']') {
            inside = headings.iter().any(|heading| line.starts_with(heading));
        }
        if inside && !line.is_empty() && !line.starts_with('#') {
            found.push((at, line.to_owned()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        test_settings(path, text).into_iter().map(|(at, _)| at).collect()
    }

    #[test]
    fn a_file_of_the_harness_is_known_by_its_name() {
        for path in
            ["conftest.py", "a/conftest.py", "x.pth", "jest.config.mjs", ".cargo/config.toml", "pytest.ini"]
        {
            assert!(whole_file(path).is_some(), "{path}");
        }
        for path in ["config.toml", "src/jest.rs", "my_conftest.py", "path.py", ""] {
            assert!(whole_file(path).is_none(), "{path}");
        }
    }

    #[test]
    fn only_lines_about_tests_belong_to_the_harness() {
        assert_eq!(
            lines("setup.cfg", "[metadata]\nname = a\n[tool:pytest]\naddopts = -x\n[b]\nc = 1\n"),
            [2, 3]
        );
        assert_eq!(lines("Cargo.toml", "[package]\nautotests = false\n[dependencies]\na = \"1\"\n"), [1]);
        assert_eq!(
            lines("package.json", "{\n \"scripts\": {\n  \"build\": \"x\",\n  \"test\": \"true\"\n }\n}\n"),
            [3]
        );
        assert_eq!(
            lines("pyproject.toml", "[tool.black]\nx = 1\n[tool.pytest.ini_options]\ny = 2\n"),
            [2, 3]
        );
        assert_eq!(lines("README.md", "[tool:pytest]\n"), [0usize; 0]);
    }
}
