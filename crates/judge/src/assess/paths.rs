//! Which paths a task names, and which hold tests.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// Paths that a list of globs names: `*` stays within a folder, a folder's name covers all below it.
pub(crate) struct Paths {
    globs: GlobSet,
    /// Patterns that are no globs name themselves and what lies below.
    literal: Vec<String>,
}

impl Paths {
    pub(crate) fn of(patterns: &[String]) -> Self {
        let mut builder = GlobSetBuilder::new();
        let mut literal = Vec::new();
        for pattern in patterns {
            let pattern = pattern.trim_start_matches("./").trim_end_matches('/');
            let glob = |text: &str| GlobBuilder::new(text).literal_separator(true).build();
            match (glob(pattern), glob(&format!("{pattern}/**"))) {
                (Ok(itself), Ok(below)) => {
                    builder.add(itself).add(below);
                }
                (Err(_), _) | (_, Err(_)) => literal.push(pattern.to_owned()),
            }
        }
        match builder.build() {
            Ok(globs) => Paths { globs, literal },
            Err(_) => Paths { globs: GlobSet::empty(), literal: patterns.to_vec() },
        }
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        let below = |name: &String| {
            path.strip_prefix(name.as_str()).is_some_and(|r| r.is_empty() || r.starts_with('/'))
        };
        self.globs.is_match(path) || self.literal.iter().any(below)
    }
}

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
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(pattern: &str, path: &str) -> bool {
        Paths::of(&[pattern.to_owned()]).has(path)
    }

    #[test]
    fn a_star_stays_within_its_folder_and_two_do_not() {
        assert!(has("tests/*.py", "tests/a.py"));
        assert!(!has("tests/*.py", "tests/deep/a.py"));
        assert!(has("tests/**", "tests/deep/a.py"));
        assert!(has("**/*.py", "a.py"));
    }

    #[test]
    fn a_folder_covers_all_below_it() {
        assert!(has("tests", "tests/deep/a.py"));
        assert!(has("./tests/", "tests/a.py"));
        assert!(!has("tests", "tests2/a.py"));
    }

    #[test]
    fn a_pattern_that_is_no_glob_names_itself() {
        assert!(has("tests/[a", "tests/[a"));
        assert!(has("tests/[a", "tests/[a/b"));
        assert!(!has("tests/[a", "tests/a"));
        assert!(!Paths::of(&[]).has("a"));
    }

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
