//! Reads a stack of folders in the form of overlayfs (`userxattr`) as the one tree that it stands for, unmounted.
//!
//! **Invariant:** no symlink is followed below a layer's root; a path whose parent is a symlink does not exist.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fairtrial_domain::patch::{Content, FileMode, Side};

/// The folder of a prepared base that holds its files and one commit.
pub const TREE: &str = "tree";
/// The folder of a prepared base that holds what set-up wrote, where it wrote something.
pub const LAYER: &str = "layer";
/// The folder of a base that every home over it starts with; absent where set-up wrote nothing there.
pub const HOME: &str = "home";

/// Folders over each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stack {
    layers: Vec<PathBuf>,
}

/// What a path of a stack is.
#[derive(Debug)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// Where it lies: in the topmost layer that has it.
    pub path: PathBuf,
    /// What the file system says of it.
    pub meta: Metadata,
}

/// What sort of thing a path is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A folder.
    Dir,
    /// A regular file.
    File,
    /// A symlink.
    Link,
    /// Says that lower layers' entry is gone.
    Whiteout,
    /// A device, FIFO or socket.
    Special,
}

/// Why a file's side could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SideError {
    /// It is larger than asked for.
    #[error("larger than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// It is neither a file nor a symlink.
    #[error("neither a file nor a symlink")]
    NoFile,
    /// The system refused.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Where a path is in one layer.
enum Place {
    /// What it is, and whether lower layers are hidden below it.
    Found(Box<Node>, bool),
    Absent,
    /// Neither here nor visible from below.
    Hidden,
}

impl Stack {
    /// Stacks `layers`, top first.
    pub fn new(layers: Vec<PathBuf>) -> Stack {
        Stack { layers }
    }

    /// The files of a prepared base with what set-up wrote.
    pub fn of_base(base: &Path) -> Stack {
        let layer = base.join(LAYER);
        let mut layers = vec![base.join(TREE)];
        if layer.is_dir() {
            layers.insert(0, layer);
        }
        Stack { layers }
    }

    /// Returns the layers, top first.
    pub fn layers(&self) -> &[PathBuf] {
        &self.layers
    }

    /// Returns the lowest layer alone: in a base, the files that the repository has.
    pub fn lowest(&self) -> Stack {
        Stack { layers: self.layers.last().cloned().into_iter().collect() }
    }

    /// Returns what `rel` is, or `None` when there is nothing; never a whiteout.
    pub fn node(&self, rel: &Path) -> io::Result<Option<Node>> {
        for layer in &self.layers {
            match place(layer, rel)? {
                Place::Found(node, _) => return Ok(Some(*node)),
                Place::Hidden => return Ok(None),
                Place::Absent => {}
            }
        }
        Ok(None)
    }

    /// Returns the names in the folder `rel`; none when it is no folder.
    pub fn names(&self, rel: &Path) -> io::Result<BTreeSet<OsString>> {
        let (mut names, mut gone) = (BTreeSet::new(), BTreeSet::new());
        for layer in &self.layers {
            let (node, opaque) = match place(layer, rel)? {
                Place::Found(node, opaque) => (node, opaque),
                Place::Absent => continue,
                Place::Hidden => break,
            };
            if node.kind != Kind::Dir {
                break;
            }
            let mut whiteouts = BTreeSet::new();
            for entry in fs::read_dir(&node.path)? {
                let entry = entry?;
                let name = entry.file_name();
                if is_whiteout(&entry.metadata()?) {
                    whiteouts.insert(name);
                } else if !gone.contains(&name) {
                    names.insert(name);
                }
            }
            gone.append(&mut whiteouts);
            if opaque {
                break;
            }
        }
        Ok(names)
    }

    /// Returns every path below `rel` that is no folder, sorted by its components.
    pub fn files(&self, rel: &Path) -> io::Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        let mut open = vec![rel.to_owned()];
        while let Some(dir) = open.pop() {
            for name in self.names(&dir)? {
                let path = dir.join(name);
                match self.node(&path)?.map(|n| n.kind) {
                    Some(Kind::Dir) => open.push(path),
                    Some(Kind::File | Kind::Link | Kind::Whiteout | Kind::Special) => found.push(path),
                    None => {}
                }
            }
        }
        found.sort();
        Ok(found)
    }

    /// Returns the file or symlink `rel` as a patch would say it, or `None` when there is nothing or a folder.
    pub fn side(&self, rel: &Path, limit: u64) -> Result<Option<Side>, SideError> {
        match self.node(rel)? {
            Some(node) if node.kind != Kind::Dir => side(&node, limit).map(Some),
            Some(_) | None => Ok(None),
        }
    }

    /// Returns the bytes of the regular file `rel`, or `None` when there is no such file.
    pub fn bytes(&self, rel: &Path, limit: u64) -> Result<Option<Vec<u8>>, SideError> {
        match self.node(rel)? {
            Some(node) if node.kind == Kind::File => read_file(&node.path, limit).map(Some),
            Some(_) | None => Ok(None),
        }
    }
}

/// Returns whether a relative path stays below its root and names something there.
pub fn is_inside(rel: &Path) -> bool {
    rel.components().next().is_some() && rel.components().all(|c| matches!(c, Component::Normal(_)))
}

/// Returns what `path` itself is, not following symlinks; `None` when there is nothing.
pub fn node_at(path: PathBuf) -> io::Result<Option<Node>> {
    match fs::symlink_metadata(&path) {
        Ok(meta) => Ok(Some(Node { kind: kind(&meta), path, meta })),
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(e) => Err(e),
    }
}

/// Returns whether a folder hides what layers below have in it.
pub fn is_opaque(path: &Path) -> bool {
    #[cfg(target_os = "linux")]
    {
        let mut value = [0_u8; 4];
        matches!(rustix::fs::lgetxattr(path, "user.overlay.opaque", &mut value), Ok(1) if value[0] == b'y')
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = path;
        false
    }
}

/// Reads a file or symlink as a patch would say it.
pub fn side(node: &Node, limit: u64) -> Result<Side, SideError> {
    match node.kind {
        Kind::File => {
            let mode = if node.meta.mode() & 0o100 == 0 { FileMode::Regular } else { FileMode::Executable };
            if node.meta.len() > limit {
                return Err(SideError::TooLarge { limit });
            }
            Ok(Side { mode, content: content(read_file(&node.path, limit)?) })
        }
        Kind::Link => {
            let target = fs::read_link(&node.path)?;
            Ok(Side { mode: FileMode::Symlink, content: content(target.as_os_str().as_bytes().to_vec()) })
        }
        Kind::Dir | Kind::Whiteout | Kind::Special => Err(SideError::NoFile),
    }
}

/// Says bytes as text where they are text.
pub fn content(bytes: Vec<u8>) -> Content {
    if bytes.contains(&0) {
        return Content::Binary(STANDARD.encode(bytes));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Content::Text(text),
        Err(e) => Content::Binary(STANDARD.encode(e.into_bytes())),
    }
}

/// Returns the bytes that a content stands for; `None` when its base64 is broken.
pub fn raw(content: &Content) -> Option<Vec<u8>> {
    match content {
        Content::Text(text) => Some(text.clone().into_bytes()),
        Content::Binary(base64) => STANDARD.decode(base64).ok(),
    }
}

fn read_file(path: &Path, limit: u64) -> Result<Vec<u8>, SideError> {
    // Not blocking, for a FIFO that took the file's place.
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
    let file = File::options().read(true).custom_flags(flags).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(SideError::NoFile);
    }
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit { Err(SideError::TooLarge { limit }) } else { Ok(bytes) }
}

fn place(layer: &Path, rel: &Path) -> io::Result<Place> {
    let mut path = layer.to_owned();
    // A layer itself may be named by a symlink of ours.
    let meta = fs::metadata(layer)?;
    let mut node = Node { kind: kind(&meta), path: path.clone(), meta };
    let mut opaque = is_opaque(layer);
    for component in rel.components() {
        if node.kind != Kind::Dir {
            return Ok(Place::Hidden);
        }
        path.push(component);
        let Some(next) = node_at(path.clone())? else {
            return Ok(if opaque { Place::Hidden } else { Place::Absent });
        };
        node = next;
        if node.kind == Kind::Whiteout {
            return Ok(Place::Hidden);
        }
        opaque |= node.kind == Kind::Dir && is_opaque(&path);
    }
    Ok(Place::Found(Box::new(node), opaque))
}

fn is_whiteout(meta: &Metadata) -> bool {
    meta.file_type().is_char_device() && meta.rdev() == 0
}

fn kind(meta: &Metadata) -> Kind {
    let sort = meta.file_type();
    if sort.is_dir() {
        Kind::Dir
    } else if sort.is_file() {
        Kind::File
    } else if sort.is_symlink() {
        Kind::Link
    } else if is_whiteout(meta) {
        Kind::Whiteout
    } else {
        Kind::Special
    }
}
