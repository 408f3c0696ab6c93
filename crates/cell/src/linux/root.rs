//! Builds the root that jobs see: the system's programs, what was asked for, a workspace, a home, and nothing else.
//!
//! **Invariant:** only paths of this file's lists and of `Full::readable` are shown; no home, no data folder, and in
//! the list of mounts no path of the room or its base, for these would say whose trial this is.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, symlink};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, XattrFlags};

use super::mounts::Layers;
use super::{At, Refusal, mounts};
use crate::process::link::Full;
use crate::room::store::{HOME, UPPER};
use crate::tree;

/// Where the system's programs and libraries live; links among them are kept as links.
pub(super) const SYSTEM: [&str; 8] =
    ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store"];

/// What programs read from `/etc` that says nothing about this machine's people.
pub(super) const SETTINGS: [&str; 16] = [
    "/etc/alternatives",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/ca-certificates",
    "/etc/ca-certificates.conf",
    "/etc/pki/tls/certs",
    "/etc/pki/ca-trust/extracted",
    "/etc/protocols",
    "/etc/services",
    "/etc/mime.types",
    "/etc/perl",
    "/etc/fonts",
    "/etc/static",
];

/// A folder that stays empty.
const EMPTY: &str = "/var/empty";
/// Where folders are bound until they are mounted: above the root under construction, so that they go with all else
/// that jobs are not to see. To take them away one by one would wait for the kernel each time.
const STAGE: &str = "..";
/// The root under construction, in the room's folder.
const ROOT: &str = "root";

const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];

const PASSWD: &str = "root:x:0:0:root:/:/usr/sbin/nologin\n\
cell:x:1000:1000:cell:{home}:/bin/sh\n\
nobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n";
const GROUP: &str = "root:x:0:\ncell:x:1000:\nnogroup:x:65534:\n";
const HOSTS: &str = "127.0.0.1 localhost cell\n::1 localhost\n";
const NSSWITCH: &str = "passwd: files\ngroup: files\nhosts: files dns\n";

/// Builds the root and steps into it. Returns the file system in memory that takes what jobs write, where there is one.
pub(super) fn enter(room: &Full, workspace: &Path) -> Result<Option<OwnedFd>, Refusal> {
    mounts::keep_apart().at("private mounts")?;
    // Known by this from now on, for the root is built over it.
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let scratch = rustix::fs::open(&room.scratch, flags, Mode::empty()).at("scratch folder")?;
    mounts::memory(&room.scratch, "mode=755,size=1m").at("stage in memory")?;
    rustix::process::chdir(&room.scratch).and_then(|()| rustix::fs::mkdir(ROOT, Mode::RWXU)).at("stage")?;
    mounts::memory(Path::new(ROOT), "mode=755,size=16m").at("root in memory")?;
    // From here on the root under construction is where this process stands, so that no call looks a long path up.
    rustix::process::chdir(ROOT).at("root")?;
    let root = Root;
    for path in SYSTEM.iter().chain(&SETTINGS) {
        root.show(Path::new(path), false)?;
    }
    java(&root)?;
    root.settings(room)?;
    root.temporary()?;
    for path in &room.readable {
        root.show(path, true)?;
    }
    let memory = root.writable(room, &scratch, workspace)?;
    root.own(room)?;
    root.devices()?;
    mounts::proc(&root.folder(Path::new("/proc"))?).at("process list")?;
    mounts::seal(Path::new(".")).at("read-only root")?;
    for writable in
        writable(&room.home_inside, workspace).into_iter().filter(|path| *path != Path::new("/dev"))
    {
        mounts::unseal(&root.inside(writable)).at("writable parts")?;
    }
    for own in room.own.iter().filter(|own| !own.sealed) {
        mounts::unseal(&root.inside(&room.home_inside.join(&own.inside))).at("own login")?;
    }
    // Nodes cannot be made among devices, but memory can be shared.
    mounts::unseal(&root.inside(Path::new("/dev/shm"))).at("writable parts")?;
    mounts::enter().at("pivot root")?;
    Ok(memory)
}

/// Returns what jobs may write below; among devices, to what is there.
pub(super) fn writable<'a>(home: &'a Path, workspace: &'a Path) -> [&'a Path; 5] {
    [workspace, home, Path::new("/tmp"), Path::new("/proc"), Path::new("/dev")]
}

/// Shows the settings of Java, whose folder carries a version.
fn java(root: &Root) -> Result<(), Refusal> {
    java_settings().try_for_each(|path| root.show(&path, false))
}

/// Returns where the settings of Java are.
pub(super) fn java_settings() -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir("/etc").into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("java-")).map(|entry| entry.path())
}

/// Returns the settings that are written, as they would otherwise tell about this machine. There is no local time: it is
/// UTC.
pub(super) fn written(home: &Path, host_network: bool) -> Vec<(&'static str, String)> {
    let mut files = vec![
        ("/etc/passwd", PASSWD.replace("{home}", &home.to_string_lossy())),
        ("/etc/group", GROUP.to_owned()),
        ("/etc/nsswitch.conf", NSSWITCH.to_owned()),
        ("/etc/hostname", "cell\n".to_owned()),
    ];
    if host_network {
        let of_machine = |path| (path, fs::read_to_string(path).unwrap_or_default());
        files.extend(["/etc/hosts", "/etc/resolv.conf"].map(of_machine));
    } else {
        files.push(("/etc/hosts", HOSTS.to_owned()));
    }
    files
}

/// The root under construction: this process's working directory.
struct Root;

impl Root {
    /// Returns where a path of the room is while it is being built.
    fn inside(&self, path: &Path) -> PathBuf {
        path.strip_prefix("/").unwrap_or(path).to_owned()
    }

    /// Makes a folder with its parents.
    fn folder(&self, path: &Path) -> Result<PathBuf, Refusal> {
        let folder = self.inside(path);
        DirBuilder::new()
            .recursive(true)
            .mode(0o755)
            .create(&folder)
            .at(format!("folder {}", path.display()))?;
        Ok(folder)
    }

    fn file(&self, path: &str, text: &str) -> Result<(), Refusal> {
        fs::write(self.inside(Path::new(path)), text).at(format!("file {path}"))
    }

    /// Shows a path of this machine at the same path; what is absent is left out unless it is `needed`.
    fn show(&self, path: &Path, needed: bool) -> Result<(), Refusal> {
        let step = || format!("showing {}", path.display());
        let found = match fs::symlink_metadata(path) {
            Ok(found) => found,
            Err(e) if e.kind() == io::ErrorKind::NotFound && !needed => return Ok(()),
            Err(e) => return Err(e).at(step()),
        };
        let target = self.inside(path);
        let place = || {
            if found.is_symlink() {
                symlink(fs::read_link(path)?, &target)
            } else if found.is_dir() {
                fs::create_dir(&target)
            } else {
                File::create_new(&target).map(drop)
            }
        };
        let placed = match place() {
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                self.folder(path.parent().unwrap_or(Path::new("/")))?;
                place()
            }
            other => other,
        };
        match placed {
            Ok(()) if found.is_symlink() => Ok(()),
            Ok(()) => mounts::bind(path, &target).at(step()),
            // It is shown already, with a folder above it.
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(e) => Err(e).at(step()),
        }
    }

    fn settings(&self, room: &Full) -> Result<(), Refusal> {
        self.folder(Path::new("/etc"))?;
        let files = written(&room.home_inside, room.host_network);
        files.iter().try_for_each(|(path, text)| self.file(path, text))
    }

    /// Mounts workspace and home. The list of mounts tells an overlay's options and a bind mount's source; so both are
    /// overlays, of folders that are bound to neutral names until they are mounted, or parts of a file system in memory.
    fn writable(&self, room: &Full, scratch: &OwnedFd, workspace: &Path) -> Result<Option<OwnedFd>, Refusal> {
        let store = Store::make(room, scratch, &Path::new(STAGE).join("room"))?;
        match &room.base {
            Some(base) if store.is_on_disk() => self.together(room, base, &store, workspace)?,
            Some(_) | None => self.apart(room, &store, workspace)?,
        }
        Ok(store.memory)
    }

    /// Lays one overlay, whose folders are workspace and home: on a disk each overlay costs folders of its own.
    fn together(&self, room: &Full, base: &Path, store: &Store, workspace: &Path) -> Result<(), Refusal> {
        let [below, both] = ["0", "both"].map(|name| Path::new(STAGE).join(name));
        fs::create_dir(&below).and_then(|()| mounts::bind_alone(base, &below)).at("staging")?;
        fs::create_dir(&both).at("staging")?;
        let [upper, work] = ["written", "work"].map(|name| store.at.join(name));
        mounts::overlay(Layers { lowers: &[below], upper: &upper, work: &work, volatile: true }, &both)
            .at("overlay workspace and home")?;
        for (part, inside) in [(tree::TREE, workspace), (tree::HOME, &room.home_inside)] {
            mounts::bind_alone(&both.join(part), &self.folder(inside)?).at(part)?;
        }
        Ok(())
    }

    fn apart(&self, room: &Full, store: &Store, workspace: &Path) -> Result<(), Refusal> {
        let stage = Path::new(STAGE);
        let layer = |n: usize| stage.join(n.to_string());
        let mut bound: Vec<(&Path, PathBuf)> = Vec::new();
        bound.extend(room.lowers.iter().enumerate().map(|(n, from)| (from.as_path(), layer(n))));
        bound.extend(room.home_lower.iter().map(|from| (from.as_path(), stage.join("home"))));
        for (from, to) in &bound {
            fs::create_dir(to).and_then(|()| mounts::bind_alone(from, to)).at("staging")?;
        }
        let lowers: Vec<PathBuf> = (0..room.lowers.len()).map(layer).collect();
        let [upper, work] = [UPPER, "work"].map(|name| store.at.join(name));
        let layers = Layers { lowers: &lowers, upper: &upper, work: &work, volatile: store.is_on_disk() };
        mounts::overlay(layers, &self.folder(workspace)?).at("overlay workspace")?;
        self.home(room, store)
    }

    fn home(&self, room: &Full, store: &Store) -> Result<(), Refusal> {
        let target = self.folder(&room.home_inside)?;
        let [upper, work] = [HOME, "home-work"].map(|name| store.at.join(name));
        let lower = match (&room.home_lower, &store.memory) {
            (Some(_), _) => Path::new(STAGE).join("home"),
            (None, Some(_)) => return mounts::bind_alone(&upper, &target).at("home"),
            (None, None) => {
                self.folder(Path::new(EMPTY))?;
                PathBuf::from(EMPTY.trim_start_matches('/'))
            }
        };
        folder_of_ours(&work)?;
        let layers = Layers { lowers: &[lower], upper: &upper, work: &work, volatile: store.is_on_disk() };
        mounts::overlay(layers, &target).at("overlay home")
    }

    /// Binds what is the user's own into the home. A place behind a link is refused: it could lead out of this root.
    fn own(&self, room: &Full) -> Result<(), Refusal> {
        for own in &room.own {
            let step = || format!("showing {} of the user's own", own.inside.display());
            let mut place = self.inside(&room.home_inside);
            for part in own.inside.components() {
                place.push(part);
                if fs::symlink_metadata(&place).is_ok_and(|meta| meta.is_symlink()) {
                    return Err(Refusal::Linked { place: own.inside.clone() });
                }
            }
            if fs::symlink_metadata(&place).is_err() {
                let made = place.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| {
                    if own.outside.is_dir() {
                        fs::create_dir(&place)
                    } else {
                        File::create_new(&place).map(drop)
                    }
                });
                made.at(step())?;
            }
            mounts::bind_alone(&own.outside, &place).at(step())?;
        }
        Ok(())
    }

    fn temporary(&self) -> Result<(), Refusal> {
        let tmp = self.folder(Path::new("/tmp"))?;
        mounts::memory(&tmp, "mode=1777,size=50%").at("/tmp")?;
        self.folder(Path::new("/run"))?;
        self.folder(Path::new("/var"))?;
        symlink("/tmp", self.inside(Path::new("/var/tmp"))).at("/var/tmp")
    }

    fn devices(&self) -> Result<(), Refusal> {
        let dev = self.folder(Path::new("/dev"))?;
        for name in DEVICES {
            File::create(dev.join(name)).at("device files")?;
            mounts::bind(&Path::new("/dev").join(name), &dev.join(name)).at(format!("/dev/{name}"))?;
        }
        for (name, target) in [
            ("fd", "/proc/self/fd"),
            ("stdin", "/proc/self/fd/0"),
            ("stdout", "/proc/self/fd/1"),
            ("stderr", "/proc/self/fd/2"),
            ("ptmx", "pts/ptmx"),
        ] {
            symlink(target, dev.join(name)).at("device links")?;
        }
        mounts::terminals(&self.folder(Path::new("/dev/pts"))?).at("/dev/pts")?;
        mounts::memory(&self.folder(Path::new("/dev/shm"))?, "mode=1777,size=25%").at("/dev/shm")
    }
}

fn folder_of_ours(path: &Path) -> Result<(), Refusal> {
    match DirBuilder::new().mode(0o700).create(path) {
        // A room that goes on with what an earlier one kept.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.at("room's folders"),
    }
}

/// What takes what jobs write: folders of the room's own, on disk or in memory.
struct Store {
    at: PathBuf,
    memory: Option<OwnedFd>,
}

impl Store {
    /// Makes it at `at`: in memory when the room is to have that and this kernel can lay an overlay on it, else in the
    /// room's folder.
    fn make(room: &Full, scratch: &OwnedFd, at: &Path) -> Result<Store, Refusal> {
        fs::create_dir(at).at("staging")?;
        if let Some(bytes) = room.memory_bytes {
            mounts::memory(at, &format!("mode=700,size={bytes}")).at("writes in memory")?;
            let probe = rustix::fs::setxattr(at, "user.overlay.probe", b"y", XattrFlags::empty());
            if probe.is_ok() {
                Store::folders(at)?;
                let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
                let memory = Some(rustix::fs::open(at, flags, Mode::empty()).at("writes in memory")?);
                return Ok(Store { at: at.to_owned(), memory });
            }
            mounts::remove(at).at("writes in memory")?;
        }
        let scratch = format!("/proc/self/fd/{}", scratch.as_raw_fd());
        mounts::bind_alone(Path::new(&scratch), at).at("staging")?;
        Store::folders(at)?;
        Ok(Store { at: at.to_owned(), memory: None })
    }

    fn is_on_disk(&self) -> bool {
        self.memory.is_none()
    }

    fn folders(at: &Path) -> Result<(), Refusal> {
        ["written", UPPER, HOME, "work"].iter().try_for_each(|name| folder_of_ours(&at.join(name)))
    }
}
