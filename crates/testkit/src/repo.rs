//! Small git repositories in a temporary folder, the same each time: fixed author, fixed dates, no settings of the
//! machine.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A repository that goes when dropped.
#[derive(Debug)]
pub struct Repo {
    folder: TempDir,
    commits: u32,
}

/// Returns an empty repository on the branch `main`.
///
/// # Errors
/// When the folder cannot be made or git is missing.
pub fn repo() -> io::Result<Repo> {
    let repo = Repo { folder: tempfile::Builder::new().prefix("fairtrial-repo-").tempdir()?, commits: 0 };
    repo.git(&["init", "--quiet", "--initial-branch=main"])?;
    Ok(repo)
}

/// Returns a repository with a one-line bug: `calc.py` subtracts where it should add, and `test_calc.py` says so.
///
/// # Errors
/// As [`repo`].
pub fn calculator() -> io::Result<Repo> {
    let mut repo = repo()?;
    repo.file("calc.py", "def add(a, b):\n    return a - b\n")?;
    repo.file(
        "test_calc.py",
        "import unittest\n\nimport calc\n\n\nclass AddTest(unittest.TestCase):\n    def test_add(self):\n        \
         self.assertEqual(calc.add(2, 3), 5)\n",
    )?;
    repo.commit("a calculator")?;
    Ok(repo)
}

impl Repo {
    /// Returns its folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file, with the folders above it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn file(&self, path: &str, contents: &str) -> io::Result<PathBuf> {
        let file = self.path().join(path);
        if let Some(parent) = file.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&file, contents)?;
        Ok(file)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(&self, path: &str) -> io::Result<String> {
        fs::read_to_string(self.path().join(path))
    }

    /// Commits everything; returns the commit. The n-th commit of the same contents always has the same id.
    ///
    /// # Errors
    /// When git fails; its words are in the error.
    pub fn commit(&mut self, message: &str) -> io::Result<String> {
        self.git(&["add", "--all"])?;
        self.commits += 1;
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message])?;
        self.git(&["rev-parse", "HEAD"])
    }

    /// Runs git in the repository; returns what it printed, trimmed.
    ///
    /// # Errors
    /// When git fails; its words are in the error.
    pub fn git(&self, args: &[&str]) -> io::Result<String> {
        let date = format!("2026-01-01T00:{:02}:{:02}Z", self.commits / 60, self.commits % 60);
        let output = Command::new("git")
            .args(args)
            .current_dir(self.path())
            .envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_NOSYSTEM", "1")])
            .envs([("GIT_AUTHOR_NAME", "Test"), ("GIT_AUTHOR_EMAIL", "test@example.invalid")])
            .envs([("GIT_COMMITTER_NAME", "Test"), ("GIT_COMMITTER_EMAIL", "test@example.invalid")])
            .envs([("GIT_AUTHOR_DATE", &date), ("GIT_COMMITTER_DATE", &date)])
            .env_remove("GIT_DIR")
            .env_remove("GIT_INDEX_FILE")
            .env_remove("GIT_WORK_TREE")
            .output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(io::Error::other(format!("git {}: {}", args.join(" "), said.trim())));
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_contents_give_the_same_commit() {
        let [a, b] = [calculator().unwrap(), calculator().unwrap()];
        assert_eq!(a.git(&["rev-parse", "HEAD"]).unwrap(), b.git(&["rev-parse", "HEAD"]).unwrap());
        assert_eq!(a.git(&["status", "--porcelain"]).unwrap(), "");
    }

    #[test]
    fn git_says_why_it_failed() {
        let error = repo().unwrap().git(&["rev-parse", "nothing"]).unwrap_err().to_string();
        assert!(error.starts_with("git rev-parse nothing: fatal:"), "{error}");
    }
}
