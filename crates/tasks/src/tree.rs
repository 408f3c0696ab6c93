//! Paths that stay where they belong, hidden files, and the digest of a tree.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use fairtrial_domain::id::Digest;
use fairtrial_domain::task::HiddenFile;
use sha2::Digest as _;

use crate::problem::Problems;

/// One file, link or folder of a tree.
pub(crate) struct Entry {
    /// Relative to the root, with `/`.
    pub(crate) path: String,
    /// Where it is.
    pub(crate) full: PathBuf,
    /// What it is.
    pub(crate) kind: EntryKind,
}

pub(crate) enum EntryKind {
    File { executable: bool },
    Link { target: PathBuf },
    Other,
}

/// Returns why `path` does not stay inside the folder it is relative to, or `None` when it does.
pub(crate) fn escape(path: &str) -> Option<&'static str> {
    if path.is_empty() {
        return Some("is empty");
    }
    if path.contains('\\') || path.contains('\0') {
        return Some("contains a character that no path here may have");
    }
    for part in Path::new(path).components() {
        match part {
            Component::Normal(_) | Component::CurDir => {}
            Component::ParentDir => return Some("leaves its folder with `..`"),
            Component::RootDir | Component::Prefix(_) => return Some("is absolute"),
        }
    }
    None
}

/// Returns every file and link under `root`, sorted by path; `.git` is left out.
pub(crate) fn entries(root: &Path) -> io::Result<Vec<Entry>> {
    let mut found = Vec::new();
    let mut folders = vec![(root.to_owned(), String::new())];
    while let Some((folder, prefix)) = folders.pop() {
        for item in fs::read_dir(&folder)? {
            let item = item?;
            let name = item.file_name();
            let name = name.to_str().ok_or_else(|| {
                io::Error::other(format!("`{}` has a name that is not UTF-8", item.path().display()))
            })?;
            if name == ".git" {
                continue;
            }
            let path = format!("{prefix}{name}");
            let meta = fs::symlink_metadata(item.path())?;
            let kind = if meta.is_dir() {
                folders.push((item.path(), format!("{path}/")));
                continue;
            } else if meta.is_symlink() {
                EntryKind::Link { target: fs::read_link(item.path())? }
            } else if meta.is_file() {
                EntryKind::File { executable: executable(&meta) }
            } else {
                EntryKind::Other
            };
            found.push(Entry { path, full: item.path(), kind });
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

#[cfg(unix)]
fn executable(meta: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    meta.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn executable(_meta: &fs::Metadata) -> bool {
    false
}

/// Returns the SHA-256 over sorted paths, modes and contents of the given roots, in their order.
///
/// Lengths come before what they measure, so that no two trees share a digest by shifting bytes.
pub(crate) fn digest(roots: &[&Path]) -> io::Result<Digest> {
    let mut sum = sha2::Sha256::new();
    for root in roots {
        let entries = entries(root)?;
        sum.update(u64::try_from(entries.len()).unwrap_or(u64::MAX).to_le_bytes());
        for entry in entries {
            let (mode, content) = match &entry.kind {
                EntryKind::File { executable: true } => (b'x', fs::read(&entry.full)?),
                EntryKind::File { executable: false } => (b'f', fs::read(&entry.full)?),
                EntryKind::Link { target } => (b'l', target.to_string_lossy().into_owned().into_bytes()),
                EntryKind::Other => (b'o', Vec::new()),
            };
            for field in [entry.path.as_bytes(), &[mode], &content] {
                sum.update(u64::try_from(field.len()).unwrap_or(u64::MAX).to_le_bytes());
                sum.update(field);
            }
        }
    }
    Ok(Digest(sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect()))
}

/// Returns the files under `tests/files`; links and special files are problems.
pub(crate) fn hidden(folder: &Path, problems: &mut Problems) -> Vec<HiddenFile> {
    if !folder.is_dir() {
        return Vec::new();
    }
    let entries = match entries(folder) {
        Ok(entries) => entries,
        Err(error) => {
            problems.add(folder, format!("hidden files cannot be read ({error})"), "make them readable");
            return Vec::new();
        }
    };
    let mut files = Vec::new();
    for entry in entries {
        match entry.kind {
            EntryKind::File { executable } => match fs::read(&entry.full) {
                Ok(content) => files.push(HiddenFile { path: entry.path, content, executable }),
                Err(error) => {
                    problems.add(&entry.full, format!("cannot be read ({error})"), "make it readable")
                }
            },
            EntryKind::Link { target } => problems.add(
                &entry.full,
                format!("is a symbolic link to `{}`", target.display()),
                "put a copy of the file here: a link can leave the task directory",
            ),
            EntryKind::Other => problems.add(&entry.full, "is not a regular file", "remove it"),
        }
    }
    files
}

/// Reports links in a repository folder that lead out of it.
pub(crate) fn links_that_leave(root: &Path, problems: &mut Problems) {
    let entries = match entries(root) {
        Ok(entries) => entries,
        Err(error) => {
            return problems.add(root, format!("cannot be read ({error})"), "make the whole folder readable");
        }
    };
    for entry in entries {
        if let EntryKind::Link { target } = &entry.kind
            && leaves(&entry.path, target)
        {
            problems.add(
                &entry.full,
                format!("is a symbolic link to `{}`, outside of the repository", target.display()),
                "remove the link, or put the file into the repository",
            );
        }
    }
}

fn leaves(link: &str, target: &Path) -> bool {
    let mut depth = link.matches('/').count();
    for part in target.components() {
        match part {
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
            Component::ParentDir if depth > 0 => depth -= 1,
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return true,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_leaves_is_seen() {
        for bad in ["../a", "a/../../b", "/etc/passwd", "", "a\\..\\b"] {
            assert!(escape(bad).is_some(), "{bad}");
        }
        assert_eq!(escape("a/./b.py"), None);
    }

    #[test]
    fn a_link_is_judged_by_where_it_ends() {
        assert!(!leaves("a/b", Path::new("../c")));
        assert!(leaves("a/b", Path::new("../../c")));
        assert!(leaves("b", Path::new("/etc")));
    }

    #[test]
    fn moving_a_byte_between_files_changes_the_digest() {
        let make = |a: &str, b: &str| {
            let dir = tempfile::tempdir().unwrap();
            fs::write(dir.path().join("a"), a).unwrap();
            fs::write(dir.path().join("b"), b).unwrap();
            digest(&[dir.path()]).unwrap()
        };
        assert_ne!(make("xy", "z"), make("x", "yz"));
        assert_eq!(make("x", "y"), make("x", "y"));
    }

    #[cfg(unix)]
    #[test]
    fn the_mode_is_part_of_the_digest() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("run.sh");
        fs::write(&file, "true").unwrap();
        let before = digest(&[dir.path()]).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        assert_ne!(before, digest(&[dir.path()]).unwrap());
    }
}
