//! Gives a tree a repository of one commit that says nothing about where it comes from, and a digest.

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use fairtrial_domain::bundle::BaseInfo;
use fairtrial_domain::id::Digest;
use sha2::{Digest as _, Sha256};

use super::BaseError;
use super::git::Git;

/// Trees of more files than this get their objects packed, which halves the files on the disk.
const PACK_FROM: u64 = 2000;

/// Commits all files of `tree` in a new repository inside it. Author, date and message are always the same, so
/// that the same files give the same commit.
pub(super) fn commit(tree: &Path, files: u64) -> Result<(), BaseError> {
    let dir = tree.join(".git");
    let args = ["init", "-q", "--template=", "--initial-branch=main", "--"].map(std::ffi::OsStr::new);
    Git::default().run(&[&args[..], &[tree.as_os_str()]].concat())?;
    let git = Git::at(&dir).over(tree);
    git.run(&["add", "-A", "-f", "."])?;
    let id = git.run(&["write-tree"])?;
    let words = format!(
        "tree {id}\nauthor base <base@localhost> 946684800 +0000\ncommitter base <base@localhost> 946684800 +0000\n\nbase\n"
    );
    let commit = git.feed(&["hash-object", "-t", "commit", "-w", "--stdin"], words.as_bytes())?;
    git.run(&["update-ref", "refs/heads/main", &commit])?;
    if files > PACK_FROM {
        git.run(&["repack", "-a", "-d", "-q"])?;
    }
    Ok(())
}

/// Digests all paths, modes and contents of `tree`, but for its `.git`.
pub(super) fn digest(tree: &Path) -> Result<BaseInfo, BaseError> {
    let mut files = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(dir) = open.pop() {
        let error = |source| BaseError::File { path: tree.join(&dir), source };
        for entry in fs::read_dir(tree.join(&dir)).map_err(error)? {
            let entry = entry.map_err(error)?;
            let path = dir.join(entry.file_name());
            match entry.file_type().map_err(error)? {
                kind if kind.is_dir() && path != Path::new(".git") => open.push(path),
                kind if kind.is_dir() => {}
                _ => files.push(path),
            }
        }
    }
    files.sort();
    let (mut hash, mut bytes) = (Sha256::new(), 0);
    for path in &files {
        let name = path.as_os_str().as_bytes();
        hash.update((name.len() as u64).to_le_bytes());
        hash.update(name);
        bytes += one(&mut hash, &tree.join(path))
            .map_err(|source| BaseError::File { path: tree.join(path), source })?;
    }
    let digest = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(BaseInfo { digest: Digest(digest), files: files.len() as u64, bytes })
}

/// Adds mode, length and content of one file; lengths first, so that no byte can move from one field to the next.
fn one(hash: &mut Sha256, path: &Path) -> io::Result<u64> {
    let meta = fs::symlink_metadata(path)?;
    if meta.file_type().is_symlink() {
        let target = fs::read_link(path)?;
        let target = target.as_os_str().as_bytes();
        hash.update([b'l']);
        hash.update((target.len() as u64).to_le_bytes());
        hash.update(target);
        return Ok(target.len() as u64);
    }
    hash.update([if meta.mode() & 0o100 == 0 { b'f' } else { b'x' }]);
    hash.update(meta.len().to_le_bytes());
    let mut file = BufReader::new(File::options().read(true).custom_flags(libc::O_NOFOLLOW).open(path)?);
    let mut chunk = [0; 64 * 1024];
    loop {
        match file.read(&mut chunk)? {
            0 => return Ok(meta.len()),
            n => hash.update(&chunk[..n]),
        }
    }
}
