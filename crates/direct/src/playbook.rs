//! What each sample does on each task of the sample suite, as data.
//!
//! **Invariant:** a task is recognised by the first line of its instruction alone; nothing hidden is looked at.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::tests_run::Language;
use crate::who::Who;

const BOOKS: [&str; 6] = [
    include_str!("../playbook/long-weekends.toml"),
    include_str!("../playbook/search-operators.toml"),
    include_str!("../playbook/one-money-format.toml"),
    include_str!("../playbook/fewer-comparisons.toml"),
    include_str!("../playbook/shelfmark-tests.toml"),
    include_str!("../playbook/deposit-rounding.toml"),
];

/// One task as the samples know it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Book {
    /// The first line of its instruction.
    pub(crate) first_line: String,
    /// Which visible tests there are to run.
    pub(crate) language: Language,
    /// Files that everyone looks at.
    pub(crate) look: Vec<String>,
    /// What each does; who has no play looks and changes nothing.
    #[serde(default)]
    pub(crate) play: BTreeMap<Who, Play>,
}

/// What one sample does on one task.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Play {
    /// What it thinks after looking.
    pub(crate) think: String,
    /// What it changes, in order.
    pub(crate) edits: Vec<Edit>,
    /// Whether it runs the visible tests afterwards.
    pub(crate) test: bool,
    /// What it says in the end.
    pub(crate) say: String,
    /// What it does when it is told that it failed; without it, it looks and changes nothing.
    pub(crate) again: Option<Again>,
}

/// What one sample does in a further round.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Again {
    /// A word that must stand in what it is told, or it does not know what to repair.
    pub(crate) when: String,
    /// What it thinks then.
    pub(crate) think: String,
    /// What it changes, in order.
    pub(crate) edits: Vec<Edit>,
    /// What it says in the end.
    pub(crate) say: String,
}

/// One change of one file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Edit {
    /// Relative to the workspace.
    pub(crate) path: String,
    /// The text to replace, which must occur exactly once; empty for a new file.
    #[serde(default)]
    pub(crate) find: String,
    /// What stands there afterwards.
    pub(crate) replace: String,
}

impl Edit {
    /// Makes the change under `root` and returns what was done, or why it could not be.
    pub(crate) fn apply(&self, root: &Path) -> (bool, String) {
        let path = root.join(&self.path);
        let text = if self.find.is_empty() {
            if let Some(folder) = path.parent()
                && let Err(error) = fs::create_dir_all(folder)
            {
                return (false, format!("{}: {error}", self.path));
            }
            self.replace.clone()
        } else {
            match fs::read_to_string(&path) {
                Ok(text) if text.matches(&self.find).count() == 1 => {
                    text.replacen(&self.find, &self.replace, 1)
                }
                Ok(_) => {
                    return (
                        false,
                        format!("{}: the passage to change is not there exactly once", self.path),
                    );
                }
                Err(error) => return (false, format!("{}: {error}", self.path)),
            }
        };
        match fs::write(&path, text) {
            Ok(()) => (true, format!("{}: written", self.path)),
            Err(error) => (false, format!("{}: {error}", self.path)),
        }
    }
}

/// Returns the book for an instruction, when it is one of the sample suite's.
pub(crate) fn book(instruction: &str) -> Option<Book> {
    let first = instruction.lines().map(str::trim).find(|line| !line.is_empty())?;
    // A book that cannot be read is a fault of this crate, which a test below excludes.
    BOOKS.iter().filter_map(|text| toml::from_str::<Book>(text).ok()).find(|book| book.first_line == first)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn samples() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples")
    }

    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for item in fs::read_dir(from).unwrap() {
            let item = item.unwrap();
            let target = to.join(item.file_name());
            if item.path().is_dir() {
                copy(&item.path(), &target);
            } else {
                fs::copy(item.path(), target).unwrap();
            }
        }
    }

    #[test]
    fn every_task_of_the_suite_has_a_book() {
        for task in fs::read_dir(samples().join("suite")).unwrap() {
            let instruction = task.unwrap().path().join("instruction.md");
            if let Ok(text) = fs::read_to_string(&instruction) {
                assert!(book(&text).is_some(), "{}", instruction.display());
            }
        }
        for text in BOOKS {
            toml::from_str::<Book>(text).unwrap();
        }
    }

    #[test]
    fn every_edit_fits_the_base() {
        for text in BOOKS {
            let book: Book = toml::from_str(text).unwrap();
            for path in &book.look {
                assert!(samples().join("base").join(path).is_file(), "{path}");
            }
            for (who, play) in &book.play {
                let room = tempfile::tempdir().unwrap();
                copy(&samples().join("base"), room.path());
                let again = play.again.iter().flat_map(|again| &again.edits);
                for edit in play.edits.iter().chain(again) {
                    let fresh = edit.find.is_empty() && room.path().join(&edit.path).exists();
                    assert!(!fresh, "{} makes {} anew over what is there", who.name(), edit.path);
                    let (ok, what) = edit.apply(room.path());
                    assert!(ok, "{}: {}: {what}", book.first_line, who.name());
                }
            }
        }
    }

    #[test]
    fn a_stranger_has_no_book() {
        for text in ["", "  \n", "Fix the login page.", "Round deposits down, please."] {
            assert!(book(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_passage_that_is_not_there_changes_nothing() {
        let room = tempfile::tempdir().unwrap();
        fs::write(room.path().join("a"), "one one").unwrap();
        let edit =
            |path: &str, find: &str| Edit { path: path.into(), find: find.into(), replace: "two".into() };
        assert!(!edit("a", "one").apply(room.path()).0);
        assert!(!edit("a", "three").apply(room.path()).0);
        assert!(!edit("absent", "one").apply(room.path()).0);
        assert_eq!(fs::read_to_string(room.path().join("a")).unwrap(), "one one");
    }
}
