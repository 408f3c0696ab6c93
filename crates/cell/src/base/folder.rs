//! Copies a folder of the user as it is, without any repository in it.

use std::fs::{self, File, FileTimes};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, symlink};
use std::path::{Path, PathBuf};

use super::BaseError;
use crate::capture::{Ignore, is_dot_git};
use crate::tree::Stack;

/// Copies `from` to the new folder `to`: links as links, times kept, every `.git` left out (it holds the history
/// that an assistant must not see), and `to` itself left out where it lies inside.
pub(super) fn copy(from: &Path, to: &Path) -> Result<(), BaseError> {
    let error = |path: &Path| {
        let path = path.to_owned();
        move |source| BaseError::File { path, source }
    };
    let found = fs::metadata(from).map_err(error(from))?;
    if !found.is_dir() {
        return Err(error(from)(io::ErrorKind::NotADirectory.into()));
    }
    fs::create_dir(to).map_err(error(to))?;
    let own = fs::metadata(to.parent().unwrap_or(to)).map_err(error(to))?;
    let mut open = vec![PathBuf::new()];
    while let Some(dir) = open.pop() {
        let folder = from.join(&dir);
        for entry in fs::read_dir(&folder).map_err(error(&folder))? {
            let name = entry.map_err(error(&folder))?.file_name();
            let (source, rel) = (folder.join(&name), dir.join(&name));
            let meta = fs::symlink_metadata(&source).map_err(error(&source))?;
            if is_dot_git(&name) || (meta.dev(), meta.ino()) == (own.dev(), own.ino()) {
                continue;
            }
            if meta.is_dir() {
                fs::create_dir(to.join(&rel)).map_err(error(&source))?;
                open.push(rel);
            } else {
                one(&source, &meta, &to.join(&rel)).map_err(error(&source))?;
            }
        }
    }
    Ok(())
}

/// Moves build outputs from `tree` to `layer`, so that they are there but are no part of what a patch is taken from.
/// Without a repository the ignore rules are all there is to tell them from sources.
pub(super) fn split(tree: &Path, layer: &Path) -> Result<(), BaseError> {
    let error = |path: &Path| {
        let path = path.to_owned();
        move |source| BaseError::File { path, source }
    };
    let mut ignore = Ignore::of(Stack::new(vec![tree.to_owned()]));
    let mut open = vec![PathBuf::new()];
    while let Some(dir) = open.pop() {
        let folder = tree.join(&dir);
        for entry in fs::read_dir(&folder).map_err(error(&folder))? {
            let entry = entry.map_err(error(&folder))?;
            let rel = dir.join(entry.file_name());
            let is_dir = entry.file_type().map_err(error(&folder))?.is_dir();
            if ignore.names(&rel, is_dir) {
                let to = layer.join(&rel);
                fs::create_dir_all(to.parent().unwrap_or(layer)).map_err(error(&to))?;
                fs::rename(entry.path(), &to).map_err(error(&to))?;
            } else if is_dir {
                open.push(rel);
            }
        }
    }
    Ok(())
}

fn one(from: &Path, meta: &fs::Metadata, to: &Path) -> io::Result<()> {
    let kind = meta.file_type();
    if kind.is_symlink() {
        return symlink(fs::read_link(from)?, to);
    }
    if kind.is_fifo() || kind.is_socket() || kind.is_char_device() || kind.is_block_device() {
        return Ok(());
    }
    fs::copy(from, to)?;
    let mut rights = fs::metadata(to)?.permissions();
    // A file that its owner may not write could not be changed by an assistant in a plain copy.
    std::os::unix::fs::PermissionsExt::set_mode(&mut rights, meta.mode() & 0o777 | 0o600);
    fs::set_permissions(to, rights)?;
    File::options().write(true).open(to)?.set_times(FileTimes::new().set_modified(meta.modified()?))
}
