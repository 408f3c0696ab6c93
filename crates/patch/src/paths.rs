//! Which paths a list of patterns names: the one meaning of a task's `protected` and `allowed`.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// Paths that a list of globs names: `*` stays within a folder, a folder's name covers all below it.
#[derive(Debug, Clone)]
pub struct Paths {
    globs: GlobSet,
    /// Patterns that are no globs name themselves and what lies below.
    literal: Vec<String>,
}

impl Paths {
    /// Reads patterns. One that is no glob names itself and what lies below.
    pub fn of(patterns: &[String]) -> Self {
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

    /// Returns whether `path`, relative and with `/`, is named.
    pub fn has(&self, path: &str) -> bool {
        let below = |name: &String| {
            path.strip_prefix(name.as_str()).is_some_and(|r| r.is_empty() || r.starts_with('/'))
        };
        self.globs.is_match(path) || self.literal.iter().any(below)
    }
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
}
