//! Which paths hold tests.

/// Returns the last component.
pub(crate) fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Returns whether a path holds tests by the habits of its language.
pub(crate) fn is_test(path: &str) -> bool {
    let name = name(path);
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let in_tests =
        folder.split('/').any(|part| ["test", "tests", "__tests__", "spec", "specs"].contains(&part));
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    in_tests
        || name == "conftest.py"
        || name.starts_with("test_")
        || stem.ends_with("_test")
        || stem.ends_with(".test")
        || stem.ends_with(".spec")
        || name.ends_with(".java") && ["Test", "Tests", "IT"].iter().any(|end| stem.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_known_by_their_place_or_name() {
        for path in
            ["tests/a.rs", "x/__tests__/a.js", "test_a.py", "src/a_test.go", "src/a.test.ts", "a.spec.mjs"]
        {
            assert!(is_test(path), "{path}");
        }
        for path in ["src/a.rs", "contest.py", "latest/a.py", "attest.js", ""] {
            assert!(!is_test(path), "{path}");
        }
    }
}
