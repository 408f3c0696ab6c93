//! The walk over a workspace and its base, side by side.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use fairtrial_domain::patch::{CaptureFlag, Content, FileChange, FileMode, FlagReason, Patch, Side};

use super::names::{escapes, is_dot_git, shown};
use super::{CaptureError, Ignore, MAX_FILE, MAX_FLAGS, MAX_PATCH};
use crate::tree::{Kind, Node, SideError, Stack, is_opaque, node_at, side};

/// One capture.
pub(super) struct Walk<'a> {
    top: &'a Path,
    below: Stack,
    ignore: Ignore,
    /// The top is a whole tree, so that what it lacks is gone; a whiteout in it is just a device.
    whole: bool,
    files: BTreeMap<String, FileChange>,
    flags: BTreeSet<(String, FlagOrder)>,
    bytes: u64,
}

/// `FlagReason` by its place in the contract, which makes it sortable.
type FlagOrder = u8;

/// What a folder's walk needs to know of the folders above.
#[derive(Clone, Copy)]
struct Within {
    /// What the top lacks is as in the base.
    merged: bool,
    /// A rule names a folder above; only what the repository has counts.
    ignored: bool,
}

const REASONS: [FlagReason; 9] = [
    FlagReason::SpecialFile,
    FlagReason::SetId,
    FlagReason::Ignored,
    FlagReason::NestedGit,
    FlagReason::NotUtf8Name,
    FlagReason::TooLarge,
    FlagReason::CaseCollision,
    FlagReason::EscapingSymlink,
    FlagReason::Unreadable,
];

impl<'a> Walk<'a> {
    pub(super) fn new(top: &'a Path, below: Stack, whole: bool) -> Walk<'a> {
        let ignore = Ignore::of(below.lowest());
        Walk { top, below, ignore, whole, files: BTreeMap::new(), flags: BTreeSet::new(), bytes: 0 }
    }

    pub(super) fn run(mut self) -> Result<Patch, CaptureError> {
        let merged = !self.whole && !is_opaque(self.top);
        let mut open = vec![(PathBuf::new(), Within { merged, ignored: false })];
        // A list of open folders instead of recursion: a hostile tree is deeper than any stack.
        while let Some((dir, within)) = open.pop() {
            self.dir(&dir, within, &mut open)?;
        }
        let mut flags: Vec<CaptureFlag> = self
            .flags
            .into_iter()
            .map(|(path, at)| CaptureFlag { path, reason: REASONS[usize::from(at)] })
            .collect();
        if flags.len() > MAX_FLAGS {
            flags.truncate(MAX_FLAGS);
            flags.push(CaptureFlag { path: ".".to_owned(), reason: FlagReason::TooLarge });
        }
        Ok(Patch { files: self.files.into_values().collect(), flags })
    }

    fn dir(
        &mut self,
        dir: &Path,
        within: Within,
        open: &mut Vec<(PathBuf, Within)>,
    ) -> Result<(), CaptureError> {
        let here = match list(&self.top.join(dir)) {
            Ok(names) => names,
            Err(_) => {
                self.flag(dir, FlagReason::Unreadable);
                return Ok(());
            }
        };
        let gone = if within.merged { BTreeSet::new() } else { &self.base(dir, Stack::names)? - &here };
        self.case_collisions(dir, &here, within)?;
        for name in here.iter().chain(&gone) {
            let path = dir.join(name);
            if is_dot_git(name) {
                let own = dir.as_os_str().is_empty() && name == ".git";
                if !own && here.contains(name) {
                    self.flag(&path, FlagReason::NestedGit);
                }
            } else if path.to_str().is_none() {
                self.flag(&path, FlagReason::NotUtf8Name);
            } else {
                self.entry(path, within, open)?;
            }
        }
        Ok(())
    }

    fn entry(
        &mut self,
        path: PathBuf,
        within: Within,
        open: &mut Vec<(PathBuf, Within)>,
    ) -> Result<(), CaptureError> {
        let here = match node_at(self.top.join(&path)) {
            Ok(here) => here.filter(|n| self.whole || n.kind != Kind::Whiteout),
            Err(_) => {
                self.flag(&path, FlagReason::Unreadable);
                return Ok(());
            }
        };
        let was = self.base(&path, Stack::node)?;
        let is_dir = here.as_ref().or(was.as_ref()).is_some_and(|n| n.kind == Kind::Dir);
        let ignored = within.ignored || self.ignore.names(&path, is_dir);
        if ignored && !self.ignore.is_kept(&path) {
            if self.differs(&path, here.as_ref(), was.as_ref())? {
                let path = if is_dir { format!("{}/", shown(&path)) } else { shown(&path) };
                self.flag_text(path, FlagReason::Ignored);
            }
            return Ok(());
        }
        let Some(here) = here else { return self.removed(&path, was) };
        match here.kind {
            Kind::Dir => {
                let same = was.as_ref().is_some_and(|n| n.kind == Kind::Dir);
                if !same {
                    self.removed(&path, was)?;
                }
                let merged = within.merged && same && !is_opaque(&here.path);
                open.push((path, Within { merged, ignored }));
            }
            Kind::File | Kind::Link => self.file(&path, &here, was)?,
            Kind::Whiteout | Kind::Special => {
                self.flag(&path, FlagReason::SpecialFile);
                self.removed(&path, was)?;
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, here: &Node, was: Option<Node>) -> Result<(), CaptureError> {
        if here.kind == Kind::File && here.meta.mode() & 0o6000 != 0 {
            self.flag(path, FlagReason::SetId);
        }
        let before = match was {
            Some(was) if matches!(was.kind, Kind::File | Kind::Link) => match side(&was, MAX_FILE) {
                Ok(before) => Some(before),
                Err(SideError::TooLarge { .. }) => {
                    if here.kind != Kind::File || self.contents_differ(here, &was)? {
                        self.flag(path, FlagReason::TooLarge);
                    }
                    return Ok(());
                }
                Err(error) => return Err(base_error(&was.path, error)),
            },
            Some(was) => {
                self.removed(path, Some(was))?;
                None
            }
            None => None,
        };
        match side(here, MAX_FILE) {
            Ok(after) if before.as_ref() != Some(&after) => self.put(path, before, Some(after)),
            Ok(_) => {}
            Err(SideError::TooLarge { .. }) => self.flag(path, FlagReason::TooLarge),
            Err(SideError::NoFile | SideError::Io(_)) => self.flag(path, FlagReason::Unreadable),
        }
        Ok(())
    }

    /// Everything that the base has at and below `path` is gone.
    fn removed(&mut self, path: &Path, was: Option<Node>) -> Result<(), CaptureError> {
        let mut open: Vec<(PathBuf, Node)> = was.map(|was| (path.to_owned(), was)).into_iter().collect();
        while let Some((path, was)) = open.pop() {
            match was.kind {
                Kind::Dir => {
                    for name in self.base(&path, Stack::names)? {
                        let inner = path.join(&name);
                        if is_dot_git(&name) {
                            continue;
                        }
                        let Some(node) = self.base(&inner, Stack::node)? else { continue };
                        let is_dir = node.kind == Kind::Dir;
                        if inner.to_str().is_none() {
                            self.flag(&inner, FlagReason::NotUtf8Name);
                        } else if self.ignore.is_output(&inner, is_dir) {
                            let slash = if is_dir { "/" } else { "" };
                            self.flag_text(format!("{}{slash}", shown(&inner)), FlagReason::Ignored);
                        } else {
                            open.push((inner, node));
                        }
                    }
                }
                Kind::File | Kind::Link => match side(&was, MAX_FILE) {
                    Ok(before) => self.put(&path, Some(before), None),
                    Err(SideError::TooLarge { .. }) => self.flag(&path, FlagReason::TooLarge),
                    Err(error) => return Err(base_error(&was.path, error)),
                },
                Kind::Whiteout | Kind::Special => {}
            }
        }
        Ok(())
    }

    fn put(&mut self, path: &Path, before: Option<Side>, after: Option<Side>) {
        let size = |side: &Option<Side>| side.as_ref().map_or(0, |side| text_of(&side.content).len() as u64);
        let more = size(&before) + size(&after);
        if self.bytes + more > MAX_PATCH {
            return self.flag(path, FlagReason::TooLarge);
        }
        self.bytes += more;
        if let Some(after) = after.as_ref().filter(|a| a.mode == FileMode::Symlink) {
            let out = after.content.as_text().is_none_or(|target| escapes(path, Path::new(target)));
            if out {
                self.flag(path, FlagReason::EscapingSymlink);
            }
        }
        let path = shown(path);
        let change = self.files.entry(path.clone()).or_insert(FileChange { path, before: None, after: None });
        change.before = before.or(change.before.take());
        change.after = after.or(change.after.take());
    }

    /// Returns whether a path that is left out is other than in the base.
    fn differs(&self, path: &Path, here: Option<&Node>, was: Option<&Node>) -> Result<bool, CaptureError> {
        let (Some(here), Some(was)) = (here, was) else { return Ok(here.is_some() != was.is_some()) };
        match (here.kind, was.kind) {
            (Kind::Dir, Kind::Dir) if self.whole => {
                let Ok(names) = list(&here.path) else { return Ok(true) };
                if names != self.base(path, Stack::names)? {
                    return Ok(true);
                }
                for name in names {
                    let path = path.join(name);
                    let Ok(here) = node_at(self.top.join(&path)) else { return Ok(true) };
                    let was = self.base(&path, Stack::node)?;
                    if self.differs(&path, here.as_ref(), was.as_ref())? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            (Kind::Dir, Kind::Dir) => Ok(list(&here.path).map_or(true, |names| !names.is_empty())),
            (Kind::File, Kind::File) => self.contents_differ(here, was),
            (Kind::Link, Kind::Link) => {
                Ok(std::fs::read_link(&here.path).ok() != std::fs::read_link(&was.path).ok())
            }
            (
                Kind::Dir | Kind::File | Kind::Link | Kind::Whiteout | Kind::Special,
                Kind::Dir | Kind::File | Kind::Link | Kind::Whiteout | Kind::Special,
            ) => Ok(true),
        }
    }

    fn contents_differ(&self, here: &Node, was: &Node) -> Result<bool, CaptureError> {
        if here.meta.len() != was.meta.len() || (here.meta.mode() ^ was.meta.mode()) & 0o100 != 0 {
            return Ok(true);
        }
        let same = same_bytes(&here.path, &was.path);
        Ok(!same.unwrap_or(false))
    }

    fn case_collisions(
        &mut self,
        dir: &Path,
        here: &BTreeSet<OsString>,
        within: Within,
    ) -> Result<(), CaptureError> {
        let mut new = BTreeSet::new();
        for name in here {
            if self.base(&dir.join(name), Stack::node)?.is_none() {
                new.insert(name);
            }
        }
        // The base's folder is listed only for a new name, so that an edit costs the same in a folder of any size.
        if new.is_empty() {
            return Ok(());
        }
        let below = if within.merged { self.base(dir, Stack::names)? } else { BTreeSet::new() };
        let mut folded: BTreeMap<String, Vec<&OsString>> = BTreeMap::new();
        for name in here.union(&below) {
            let gone = !self.whole && is_gone(&self.top.join(dir).join(name));
            if let Some(text) = name.to_str().filter(|_| !gone) {
                folded.entry(text.to_lowercase()).or_default().push(name);
            }
        }
        for names in folded.into_values().filter(|names| names.len() > 1) {
            for name in names.into_iter().filter(|name| new.contains(name) && !is_dot_git(name)) {
                self.flag(&dir.join(name), FlagReason::CaseCollision);
            }
        }
        Ok(())
    }

    fn base<T>(&self, path: &Path, read: fn(&Stack, &Path) -> io::Result<T>) -> Result<T, CaptureError> {
        read(&self.below, path).map_err(|source| CaptureError::Read { path: path.to_owned(), source })
    }

    fn flag(&mut self, path: &Path, reason: FlagReason) {
        self.flag_text(shown(path), reason);
    }

    fn flag_text(&mut self, path: String, reason: FlagReason) {
        let at = REASONS.iter().position(|r| *r == reason).unwrap_or(0);
        // One more than are kept says that there were more.
        if self.flags.len() <= MAX_FLAGS {
            self.flags.insert((path, u8::try_from(at).unwrap_or(0)));
        }
    }
}

fn list(dir: &Path) -> io::Result<BTreeSet<OsString>> {
    std::fs::read_dir(dir)?.map(|entry| entry.map(|e| e.file_name())).collect()
}

fn is_gone(path: &Path) -> bool {
    matches!(node_at(path.to_owned()), Ok(Some(node)) if node.kind == Kind::Whiteout)
}

fn text_of(content: &Content) -> &str {
    match content {
        Content::Text(text) | Content::Binary(text) => text,
    }
}

fn base_error(path: &Path, error: SideError) -> CaptureError {
    let source = match error {
        SideError::Io(source) => source,
        other @ (SideError::TooLarge { .. } | SideError::NoFile) => io::Error::other(other.to_string()),
    };
    CaptureError::Read { path: path.to_owned(), source }
}

fn same_bytes(a: &Path, b: &Path) -> io::Result<bool> {
    use std::io::Read;
    use std::os::unix::fs::OpenOptionsExt;
    let open = |path: &Path| {
        let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
        std::fs::File::options().read(true).custom_flags(flags).open(path).map(io::BufReader::new)
    };
    let (mut a, mut b) = (open(a)?, open(b)?);
    let (mut left, mut right) = ([0_u8; 8192], [0_u8; 8192]);
    loop {
        let n = a.read(&mut left)?;
        if n == 0 {
            return Ok(b.read(&mut right)? == 0);
        }
        if b.read_exact(&mut right[..n]).is_err() || left[..n] != right[..n] {
            return Ok(false);
        }
    }
}
