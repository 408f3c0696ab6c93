//! What is wrong with a task directory, in words that say what to do.

use std::fmt;
use std::path::{Path, PathBuf};

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file or folder it is about.
    pub file: PathBuf,
    /// The line in it, from 1; `None` when the file as a whole is meant.
    pub line: Option<u32>,
    /// What is wrong, as a sentence fragment.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
}

/// Everything that is wrong, in the order found; never empty when returned as an error.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}: {}", self.message, self.remedy)
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

impl Problems {
    /// Adds a problem of a whole file or folder.
    pub(crate) fn add(&mut self, file: &Path, message: impl Into<String>, remedy: impl Into<String>) {
        self.0.push(Problem {
            file: file.to_owned(),
            line: None,
            message: message.into(),
            remedy: remedy.into(),
        });
    }
}
