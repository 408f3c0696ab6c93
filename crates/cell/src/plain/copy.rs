//! Copies a prepared base, layer over layer, into one folder.
//!
//! **Invariant:** modes and times are kept, links are copied as links, and nothing outside the layers is read.

use std::fs::{self, FileTimes, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
use std::path::Path;

/// Copies `layers`, top first, into `target`, a new folder or an empty one. Devices, sockets and pipes are left out.
pub(crate) fn layers(layers: &[impl AsRef<Path>], target: &Path) -> io::Result<()> {
    fs::create_dir_all(target)?;
    for layer in layers.iter().rev() {
        folder(layer.as_ref(), target)?;
    }
    Ok(())
}

fn folder(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        let found = fs::symlink_metadata(&from)?;
        let kind = found.file_type();
        if kind.is_dir() {
            if opaque(&from) || fs::symlink_metadata(&to).is_ok_and(|t| !t.is_dir()) {
                clear(&to)?;
            }
            if !to.exists() {
                fs::create_dir(&to)?;
            }
            folder(&from, &to)?;
            keep(&found, &to)?;
            continue;
        }
        clear(&to)?;
        if kind.is_symlink() {
            symlink(fs::read_link(&from)?, &to)?;
        } else if kind.is_file() {
            fs::copy(&from, &to)?;
            keep(&found, &to)?;
        } else if kind.is_char_device() && found.rdev() == 0 {
            // A whiteout: what was below is gone.
        }
    }
    Ok(())
}

/// Gives a copy the times and rights of its original.
fn keep(found: &fs::Metadata, to: &Path) -> io::Result<()> {
    let times = FileTimes::new().set_modified(found.modified()?).set_accessed(found.accessed()?);
    fs::File::open(to)?.set_times(times)?;
    fs::set_permissions(to, Permissions::from_mode(found.mode() & 0o777))
}

fn clear(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(e),
    }
}

/// Returns whether a folder of a layer hides what is below it.
fn opaque(folder: &Path) -> bool {
    let mut value = [0; 1];
    rustix::fs::lgetxattr(folder, c"user.overlay.opaque", &mut value)
        .is_ok_and(|n| n == 1 && value[0] == b'y')
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use rustix::fs::{FileType, Mode, XattrFlags};

    use super::*;

    fn put(root: &Path, path: &str, text: &str) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn a_layer_adds_replaces_and_hides() {
        let dir = tempfile::tempdir().unwrap();
        let (tree, layer, copy) =
            (dir.path().join("tree"), dir.path().join("layer"), dir.path().join("copy"));
        for (path, text) in
            [("kept", "1"), ("gone", "1"), ("d/old", "1"), ("e/old", "1"), ("now_a_file/x", "1")]
        {
            put(&tree, path, text);
        }
        put(&layer, "kept", "2");
        put(&layer, "d/new", "2");
        put(&layer, "e/new", "2");
        put(&layer, "now_a_file", "2");
        symlink("/etc/passwd", layer.join("link")).unwrap();
        let opaque =
            rustix::fs::lsetxattr(layer.join("e"), c"user.overlay.opaque", b"y", XattrFlags::empty());
        opaque.expect("the temporary folder takes user attributes");
        let whiteout = rustix::fs::mknodat(
            rustix::fs::CWD,
            layer.join("gone"),
            FileType::CharacterDevice,
            Mode::empty(),
            0,
        );
        whiteout.expect("a whiteout needs no rights");
        layers(&[&layer, &tree], &copy).unwrap();
        let read = |path: &str| fs::read_to_string(copy.join(path)).ok();
        assert_eq!(read("kept").as_deref(), Some("2"));
        assert_eq!(read("gone"), None);
        assert_eq!((read("d/old").as_deref(), read("d/new").as_deref()), (Some("1"), Some("2")));
        assert_eq!((read("e/old"), read("e/new").as_deref()), (None, Some("2")));
        assert_eq!(read("now_a_file").as_deref(), Some("2"));
        assert_eq!(fs::read_link(copy.join("link")).unwrap(), Path::new("/etc/passwd"));
    }

    #[test]
    fn times_and_rights_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        let (tree, copy) = (dir.path().join("tree"), dir.path().join("copy"));
        put(&tree, "run.sh", "x");
        let then = SystemTime::UNIX_EPOCH + Duration::new(1_000_000, 7);
        fs::File::open(tree.join("run.sh")).unwrap().set_modified(then).unwrap();
        fs::set_permissions(tree.join("run.sh"), Permissions::from_mode(0o555)).unwrap();
        layers(&[&tree], &copy).unwrap();
        let found = fs::metadata(copy.join("run.sh")).unwrap();
        assert_eq!((found.modified().unwrap(), found.mode() & 0o777), (then, 0o555));
    }
}
