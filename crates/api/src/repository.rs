//! What is known of a repository that the user points at. Only ever the user's own, never an assistant's tree.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::error::ApiError;
use crate::view::{CheckOffer, RepositoryView};

/// Returns what is known of the repository that holds `path`.
///
/// # Errors
/// When `path` is no folder under git, or it has no commit.
pub(crate) fn look(path: &Path) -> Result<RepositoryView, ApiError> {
    if !path.is_dir() {
        return Err(ApiError::BadRequest(format!("`{}` is not a folder", path.display())));
    }
    let root = PathBuf::from(git(path, "find the repository", &["rev-parse", "--show-toplevel"])?);
    let commit =
        git(&root, "find a commit (commit something first)", &["rev-parse", "--verify", "HEAD^{commit}"])?;
    let branch = git(&root, "name the branch", &["symbolic-ref", "--short", "-q", "HEAD"]).ok();
    let status = git(&root, "list changes", &["status", "--porcelain=v1", "-z", "--no-renames"])?;
    let changed = status.split('\0').filter_map(|entry| entry.get(3..)).map(str::to_owned).collect();
    let checks = fairtrial_tasks::detect_checks(&root)
        .into_iter()
        .map(|found| CheckOffer { run: found.command, because: found.because })
        .collect();
    Ok(RepositoryView { path: root.display().to_string(), branch, commit, changed, checks })
}

/// Returns the uncommitted changes of a repository, untracked files included, as a unified diff against HEAD.
pub(crate) fn uncommitted(root: &Path) -> Result<String, ApiError> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // An index of our own, so that the user's stays as it is.
    let name = format!("fairtrial-index-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let index = std::env::temp_dir().join(name);
    let run = |doing, arguments: &[&str]| {
        let mut command = command(root);
        command.env("GIT_INDEX_FILE", &index).args(arguments);
        printed(root, doing, &mut command)
    };
    let diff = run("read HEAD", &["read-tree", "HEAD"])
        .and_then(|_| run("look at uncommitted changes", &["add", "--all"]))
        .and_then(|_| {
            // Plumbing: no taste of the user's (`diff.noprefix`, colours, external programs) shapes it.
            run("compare with HEAD", &["diff-index", "--cached", "-p", "--binary", "--full-index", "HEAD"])
        });
    // Best effort: the file lies in the folder for temporary files.
    let _ = std::fs::remove_file(&index);
    String::from_utf8(diff?).map_err(|_| ApiError::Git {
        doing: "tell the uncommitted changes as UTF-8 text (commit them, and they are taken as they are)",
        repository: root.to_path_buf(),
        said: "a changed text file has another encoding".to_owned(),
    })
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command
        .arg("-C")
        .arg(folder)
        .args([
            "-c",
            "core.fsmonitor=false",
            "-c",
            "core.hooksPath=/dev/null",
            "-c",
            "diff.suppressBlankEmpty=false",
        ])
        .env("GIT_OPTIONAL_LOCKS", "0");
    command
}

fn git(folder: &Path, doing: &'static str, arguments: &[&str]) -> Result<String, ApiError> {
    said(folder, doing, command(folder).args(arguments))
}

fn said(folder: &Path, doing: &'static str, command: &mut Command) -> Result<String, ApiError> {
    let output = printed(folder, doing, command)?;
    Ok(String::from_utf8_lossy(&output).trim_end_matches('\n').to_owned())
}

fn printed(folder: &Path, doing: &'static str, command: &mut Command) -> Result<Vec<u8>, ApiError> {
    let output = command.output().map_err(ApiError::access("start", "git"))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr).lines().last().unwrap_or("no reason given").to_owned();
    Err(ApiError::Git { doing, repository: folder.to_path_buf(), said })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_git_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let error = look(folder.path()).unwrap_err();
        assert_eq!(error.code(), "git");
        assert!(error.to_string().contains(&*folder.path().to_string_lossy()), "{error}");
    }

    #[test]
    fn uncommitted_work_is_a_diff_with_new_files_and_the_index_stays() {
        let folder = tempfile::tempdir().unwrap();
        let run = |arguments: &[&str]| git(folder.path(), "prepare the test", arguments).unwrap();
        run(&["init", "-q"]);
        std::fs::write(folder.path().join("a"), "one\n").unwrap();
        run(&["add", "a"]);
        run(&["-c", "user.name=t", "-c", "user.email=t@example.invalid", "commit", "-qm", "a"]);
        std::fs::write(folder.path().join("a"), "two\n").unwrap();
        std::fs::write(folder.path().join("b c"), "new\n").unwrap();
        let seen = look(folder.path()).unwrap();
        assert_eq!(seen.changed, ["a", "b c"]);
        let diff = uncommitted(folder.path()).unwrap();
        assert!(diff.contains("-one\n+two\n") && diff.contains("+new\n"), "{diff}");
        assert_eq!(run(&["diff", "--cached", "--name-only"]), "");
    }

    #[test]
    fn uncommitted_work_comes_back_byte_for_byte_whatever_the_users_taste() {
        let folder = tempfile::tempdir().unwrap();
        let run = |arguments: &[&str]| git(folder.path(), "prepare the test", arguments).unwrap();
        let write = |name: &str, content: &[u8]| std::fs::write(folder.path().join(name), content).unwrap();
        run(&["init", "-q"]);
        write("text", b"one\n\ntwo\n\n\n");
        run(&["add", "text"]);
        run(&["-c", "user.name=t", "-c", "user.email=t@example.invalid", "commit", "-qm", "a"]);
        for (name, value) in
            [("diff.noprefix", "true"), ("diff.suppressBlankEmpty", "true"), ("color.ui", "always")]
        {
            run(&["config", name, value]);
        }
        write("text", b"ONE\n\ntwo\n\n\n");
        write("picture", b"\x89PNG\0\xff\xfe");
        let diff = uncommitted(folder.path()).unwrap();
        let patch = folder.path().with_extension("diff");
        std::fs::write(&patch, &diff).unwrap();
        run(&["stash", "-q", "-u"]);
        run(&["apply", patch.to_str().unwrap()]);
        std::fs::remove_file(&patch).unwrap();
        assert_eq!(std::fs::read(folder.path().join("picture")).unwrap(), b"\x89PNG\0\xff\xfe");
        assert_eq!(std::fs::read(folder.path().join("text")).unwrap(), b"ONE\n\ntwo\n\n\n");
        write("text", b"caf\xe9\n");
        assert!(uncommitted(folder.path()).unwrap_err().to_string().contains("UTF-8"));
    }
}
