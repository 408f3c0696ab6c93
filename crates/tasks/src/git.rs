//! What git knows of a task's repository. Only questions: nothing is written.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Returns whether git says that a local repository lacks a commit; unsure answers (no git, a bundle) count as no.
pub(crate) fn lacks(repository: &Path, commit: &str) -> bool {
    let asked = ask(repository, &["cat-file", "-e", &format!("{commit}^{{commit}}")]);
    asked.is_some_and(|answer| {
        !answer.status.success()
            && String::from_utf8_lossy(&answer.stderr).contains("Not a valid object name")
    })
}

/// Returns whether a commit of a local repository holds `file`, a file below its work tree; unsure answers count
/// as no.
pub(crate) fn holds(repository: &Path, commit: &str, file: &Path) -> bool {
    let inside = |top: PathBuf| file.strip_prefix(top).ok().and_then(Path::to_str).map(str::to_owned);
    top(repository)
        .and_then(inside)
        .and_then(|path| ask(repository, &["cat-file", "-e", &format!("{commit}:{path}")]))
        .is_some_and(|answer| answer.status.success())
}

/// Returns the paths of a local repository's files at a commit; `None` where they are more than `most`, or git is unsure.
pub fn names(repository: &Path, commit: &str, most: u64) -> Option<Vec<String>> {
    // A commit is a name and no option.
    let answer =
        ask(repository, &["ls-tree", "-r", "-z", "--name-only", "--full-tree", "--end-of-options", commit])?;
    let text = String::from_utf8(answer.stdout).ok().filter(|_| answer.status.success())?;
    let names: Vec<String> = text.split_terminator('\0').map(str::to_owned).collect();
    (names.len() as u64 <= most).then_some(names)
}

/// Returns the root of the work tree that a folder belongs to.
fn top(repository: &Path) -> Option<PathBuf> {
    let answer = ask(repository, &["rev-parse", "--show-toplevel"])?;
    let text = String::from_utf8(answer.stdout).ok().filter(|_| answer.status.success())?;
    fs::canonicalize(text.trim_end_matches('\n')).ok()
}

fn ask(repository: &Path, arguments: &[&str]) -> Option<Output> {
    if !repository.is_dir() {
        return None;
    }
    Command::new("git").env("LC_ALL", "C").arg("-C").arg(repository).args(arguments).output().ok()
}
