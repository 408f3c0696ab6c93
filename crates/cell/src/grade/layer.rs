//! Writes a patch over a base, without a process and without following a symlink: into a folder of its own in
//! overlayfs form, or into a whole copy.
//!
//! **Invariant:** nothing outside the folder given is written; the base stays as it is.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use fairtrial_domain::patch::{FileChange, FileMode, Side};

use crate::capture::is_dot_git;
use crate::tree::{Kind, Node, Stack, is_inside, is_opaque, node_at, raw};

/// Why a change cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum LayerError {
    /// The path is no place for a file: absolute, with `..`, inside `.git`, or below a symlink or a file.
    #[error("`{path}` is no place for a file: {why}")]
    Path {
        /// Which.
        path: String,
        /// Why not.
        why: &'static str,
    },
    /// The change's base64 is broken.
    #[error("the content of `{path}` is no base64")]
    Content {
        /// Of which file.
        path: String,
    },
    /// The system refused.
    #[error("could not write `{path}`")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// A folder that is written over others.
#[derive(Debug)]
pub struct Layer {
    top: PathBuf,
    all: Stack,
    below: Stack,
}

impl Layer {
    /// Writes to `top`, which lies over `below`; with nothing below, `top` is a whole tree.
    pub fn over(top: &Path, below: &Stack) -> Layer {
        let mut layers = vec![top.to_owned()];
        layers.extend_from_slice(below.layers());
        Layer { top: top.to_owned(), all: Stack::new(layers), below: below.clone() }
    }

    /// Writes all changes: removals first, so that a file can take a folder's place and the other way round.
    /// Folders that become empty by a removal go too, as git has none.
    pub fn apply(&self, files: &[&FileChange]) -> Result<(), LayerError> {
        let mut emptied = BTreeSet::new();
        for change in files {
            let rel = safe(&change.path)?;
            if change.after.is_none() {
                self.remove(rel)?;
                emptied.extend(rel.parent().map(Path::to_owned));
            }
        }
        self.prune(emptied)?;
        for change in files {
            if let Some(after) = &change.after {
                self.write(safe(&change.path)?, after)?;
            }
        }
        Ok(())
    }

    /// Puts a file of ours at `path`, whatever stands there or in its way.
    pub fn place(&self, path: &str, bytes: &[u8], executable: bool) -> Result<(), LayerError> {
        let rel = safe(path)?;
        for parent in rel
            .ancestors()
            .skip(1)
            .filter(|p| !p.as_os_str().is_empty())
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
        {
            if self.kind(parent)?.is_some_and(|kind| kind != Kind::Dir) {
                self.remove(parent)?;
            }
        }
        self.parents(rel)?;
        self.clear(rel)?;
        self.create(rel, bytes, executable)
    }

    /// Takes away what is at `rel`.
    pub(crate) fn remove(&self, rel: &Path) -> Result<(), LayerError> {
        if self.kind(rel)?.is_none() {
            return Ok(());
        }
        self.parents(rel)?;
        self.clear(rel)?;
        if self.below.node(rel).map_err(|e| self.error(rel, e))?.is_some() {
            whiteout(&self.top.join(rel)).map_err(|e| self.error(rel, e))?;
        }
        Ok(())
    }

    /// Takes away what is at `rel`, if there is anything; below a symlink or a file there is nothing.
    pub(super) fn remove_any(&self, rel: &Path) -> Result<(), LayerError> {
        match self.remove(rel) {
            Err(LayerError::Path { .. }) => Ok(()),
            other => other,
        }
    }

    /// Moves `from` here: a file, a symlink or a whole folder, which then hides what is below it.
    pub(crate) fn take(&self, rel: &Path, from: &Path) -> Result<(), LayerError> {
        self.parents(rel)?;
        self.clear(rel)?;
        let to = self.top.join(rel);
        fs::rename(from, &to).map_err(|e| self.error(rel, e))?;
        let below = self.below.node(rel).map_err(|e| self.error(rel, e))?;
        let node = node_at(to.clone()).map_err(|e| self.error(rel, e))?;
        if below.is_some() && node.is_some_and(|n| n.kind == Kind::Dir) {
            set_opaque(&to).map_err(|e| self.error(rel, e))?;
        }
        Ok(())
    }

    fn prune(&self, mut emptied: BTreeSet<PathBuf>) -> Result<(), LayerError> {
        // The last in order is the deepest of its branch.
        while let Some(dir) = emptied.pop_last() {
            let is_dir = self.kind(&dir)? == Some(Kind::Dir);
            let names = self.all.names(&dir).map_err(|e| self.error(&dir, e))?;
            if is_dir && names.is_empty() && !dir.as_os_str().is_empty() {
                self.remove(&dir)?;
                emptied.extend(dir.parent().map(Path::to_owned));
            }
        }
        Ok(())
    }

    fn write(&self, rel: &Path, side: &Side) -> Result<(), LayerError> {
        let bytes =
            raw(&side.content).ok_or_else(|| LayerError::Content { path: rel.display().to_string() })?;
        self.parents(rel)?;
        self.clear(rel)?;
        match side.mode {
            FileMode::Regular => self.create(rel, &bytes, false),
            FileMode::Executable => self.create(rel, &bytes, true),
            FileMode::Symlink => {
                let target = Path::new(std::ffi::OsStr::from_bytes(&bytes));
                symlink(target, self.top.join(rel)).map_err(|e| self.error(rel, e))
            }
        }
    }

    /// The time of writing is the file's time: a build tool must not take it for older than what it built.
    fn create(&self, rel: &Path, bytes: &[u8], executable: bool) -> Result<(), LayerError> {
        let path = self.top.join(rel);
        let mode = if executable { 0o755 } else { 0o644 };
        let written = File::options()
            .write(true)
            .create_new(true)
            .custom_flags(libc::O_NOFOLLOW)
            .open(&path)
            .and_then(|mut file| file.write_all(bytes).map(|()| file))
            .and_then(|file| file.set_permissions(fs::Permissions::from_mode(mode)));
        written.map_err(|e| self.error(rel, e))
    }

    /// Makes the folders above `rel` in the top layer; refuses to go through anything that is none.
    fn parents(&self, rel: &Path) -> Result<(), LayerError> {
        let mut parents: Vec<&Path> = rel.ancestors().skip(1).filter(|p| !p.as_os_str().is_empty()).collect();
        parents.reverse();
        for parent in parents {
            match self.kind(parent)? {
                Some(Kind::Dir) | None => {}
                Some(Kind::Link) => return Err(refused(rel, "a folder above it is a symlink")),
                Some(Kind::File | Kind::Whiteout | Kind::Special) => {
                    return Err(refused(rel, "a folder above it is a file"));
                }
            }
            let path = self.top.join(parent);
            match node_at(path.clone()).map_err(|e| self.error(parent, e))? {
                Some(node) if node.kind == Kind::Dir => continue,
                Some(_) => {
                    fs::remove_file(&path).map_err(|e| self.error(parent, e))?;
                    self.make_dir(parent, true)?;
                }
                None => self.make_dir(parent, false)?,
            }
        }
        Ok(())
    }

    fn make_dir(&self, rel: &Path, opaque: bool) -> Result<(), LayerError> {
        let path = self.top.join(rel);
        let mode = match self.below.node(rel).map_err(|e| self.error(rel, e))? {
            Some(node) if node.kind == Kind::Dir && !opaque => {
                fs::Permissions::from_mode(node.meta.permissions().mode() | 0o700)
            }
            Some(_) | None => fs::Permissions::from_mode(0o755),
        };
        let made = fs::create_dir(&path)
            .and_then(|()| if opaque { set_opaque(&path) } else { Ok(()) })
            .and_then(|()| fs::set_permissions(&path, mode));
        made.map_err(|e| self.error(rel, e))
    }

    /// Removes what the top layer itself has at `rel`.
    fn clear(&self, rel: &Path) -> Result<(), LayerError> {
        let path = self.top.join(rel);
        let gone = match node_at(path.clone()).map_err(|e| self.error(rel, e))? {
            Some(node) if node.kind == Kind::Dir => fs::remove_dir_all(&path),
            Some(_) => fs::remove_file(&path),
            None => Ok(()),
        };
        gone.map_err(|e| self.error(rel, e))
    }

    fn kind(&self, rel: &Path) -> Result<Option<Kind>, LayerError> {
        Ok(self.all.node(rel).map_err(|e| self.error(rel, e))?.map(|node| node.kind))
    }

    fn error(&self, rel: &Path, source: io::Error) -> LayerError {
        LayerError::Io { path: self.top.join(rel), source }
    }
}

/// Copies a layer with its whiteouts and opaque folders into the folder `to`. Files are linked, as layers below
/// others are never written to.
pub(super) fn copy_layer(from: &Path, to: &Path) -> io::Result<()> {
    let mut open = vec![PathBuf::new()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(from.join(&dir))? {
            let rel = dir.join(entry?.file_name());
            let (source, target) = (from.join(&rel), to.join(&rel));
            let Some(node) = node_at(source.clone())? else { continue };
            match node.kind {
                Kind::Dir => {
                    fs::create_dir(&target)?;
                    if is_opaque(&source) {
                        set_opaque(&target)?;
                    }
                    let mode = node.meta.permissions().mode() & 0o777 | 0o700;
                    fs::set_permissions(&target, fs::Permissions::from_mode(mode))?;
                    open.push(rel);
                }
                Kind::File => fs::hard_link(&source, &target).or_else(|_| copied(&source, &target, &node))?,
                Kind::Link => symlink(fs::read_link(&source)?, &target)?,
                Kind::Whiteout => whiteout(&target)?,
                Kind::Special => {}
            }
        }
    }
    Ok(())
}

/// Copies a file where it cannot be linked; its time stays, or build tools would take it for changed.
fn copied(from: &Path, to: &Path, node: &Node) -> io::Result<()> {
    fs::copy(from, to)?;
    File::open(to)?.set_times(fs::FileTimes::new().set_modified(node.meta.modified()?))
}

/// Refuses a path that a patch or a hidden file must not have.
pub(crate) fn safe(path: &str) -> Result<&Path, LayerError> {
    let rel = Path::new(path);
    if !is_inside(rel)
        || path.contains('\0')
        || path.ends_with('/')
        || path.contains("//")
        || path.contains("/./")
    {
        return Err(refused(rel, "it must be relative, without `.` or `..`"));
    }
    if rel.iter().any(is_dot_git) {
        return Err(refused(rel, "it is inside `.git`"));
    }
    Ok(rel)
}

fn refused(rel: &Path, why: &'static str) -> LayerError {
    LayerError::Path { path: rel.display().to_string(), why }
}

#[cfg(target_os = "linux")]
fn whiteout(path: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    // A character device 0:0 needs no privilege since Linux 5.8.
    Ok(mknodat(CWD, path, FileType::CharacterDevice, Mode::empty(), 0)?)
}

#[cfg(target_os = "linux")]
fn set_opaque(path: &Path) -> io::Result<()> {
    Ok(rustix::fs::setxattr(path, "user.overlay.opaque", b"y", rustix::fs::XattrFlags::empty())?)
}

#[cfg(not(target_os = "linux"))]
fn whiteout(_path: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(not(target_os = "linux"))]
fn set_opaque(_path: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
