//! Builds the root that jobs see: the system's programs, what was asked for, a workspace, a home, and nothing else.
//!
//! **Invariant:** only paths of this file's lists and of `Full::readable` are shown; no home, no data folder, and in
//! the list of mounts no path of the room or its base, for these would say whose trial this is.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, symlink};
use std::path::{Path, PathBuf};

use super::{At, Refusal, mounts};
use crate::process::link::Full;

/// Where the system's programs and libraries live; links among them are kept as links.
const SYSTEM: [&str; 8] = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store"];

/// What programs read from `/etc` that says nothing about this machine's people.
const SETTINGS: [&str; 16] = [
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
/// Where folders are bound until they are mounted, in the root under construction.
const STAGE: &str = ".stage";

const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];

const PASSWD: &str = "root:x:0:0:root:/:/usr/sbin/nologin\n\
cell:x:1000:1000:cell:{home}:/bin/sh\n\
nobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n";
const GROUP: &str = "root:x:0:\ncell:x:1000:\nnogroup:x:65534:\n";
const HOSTS: &str = "127.0.0.1 localhost cell\n::1 localhost\n";
const NSSWITCH: &str = "passwd: files\ngroup: files\nhosts: files dns\n";

/// Builds the root and steps into it.
pub(super) fn enter(room: &Full, workspace: &Path) -> Result<(), Refusal> {
    mounts::keep_apart().at("private mounts")?;
    let at = room.scratch.join("root");
    let root = Root { at: &at };
    mounts::memory(&at, "mode=755,size=16m").at("root in memory")?;
    for path in SYSTEM.iter().chain(&SETTINGS) {
        root.show(Path::new(path), false)?;
    }
    java(&root)?;
    root.settings(room)?;
    root.temporary()?;
    for path in &room.readable {
        root.show(path, true)?;
    }
    root.writable(room, workspace)?;
    root.devices()?;
    mounts::proc(&root.folder(Path::new("/proc"))?).at("process list")?;
    mounts::seal(&at).at("read-only root")?;
    for writable in
        [workspace, &room.home_inside, Path::new("/tmp"), Path::new("/dev/shm"), Path::new("/proc")]
    {
        mounts::unseal(&root.inside(writable)).at("writable parts")?;
    }
    mounts::enter(&at).at("pivot root")
}

/// Shows the settings of Java, whose folder carries a version.
fn java(root: &Root<'_>) -> Result<(), Refusal> {
    for entry in fs::read_dir("/etc").into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with("java-") {
            root.show(&entry.path(), false)?;
        }
    }
    Ok(())
}

/// The root under construction.
struct Root<'a> {
    at: &'a Path,
}

impl Root<'_> {
    /// Returns where a path of the room is while it is being built.
    fn inside(&self, path: &Path) -> PathBuf {
        self.at.join(path.strip_prefix("/").unwrap_or(path))
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
        if fs::symlink_metadata(&target).is_ok() {
            return Ok(());
        }
        if let Some(parent) = path.parent() {
            self.folder(parent)?;
        }
        if found.is_symlink() {
            return symlink(fs::read_link(path).at(step())?, &target).at(step());
        }
        if found.is_dir() {
            fs::create_dir(&target).at(step())?;
        } else {
            File::create(&target).at(step())?;
        }
        mounts::bind(path, &target).at(step())
    }

    /// Writes the settings that would otherwise tell about this machine. There is no local time: it is UTC.
    fn settings(&self, room: &Full) -> Result<(), Refusal> {
        self.folder(Path::new("/etc"))?;
        self.file("/etc/passwd", &PASSWD.replace("{home}", &room.home_inside.to_string_lossy()))?;
        self.file("/etc/group", GROUP)?;
        self.file("/etc/nsswitch.conf", NSSWITCH)?;
        self.file("/etc/hostname", "cell\n")?;
        if room.host_network {
            for path in ["/etc/hosts", "/etc/resolv.conf"] {
                self.file(path, &fs::read_to_string(path).unwrap_or_default())?;
            }
            return Ok(());
        }
        self.file("/etc/hosts", HOSTS)
    }

    /// Mounts workspace and home. The list of mounts tells an overlay's options and a bind mount's source; so both are
    /// overlays, of folders that are bound to neutral names until they are mounted.
    fn writable(&self, room: &Full, workspace: &Path) -> Result<(), Refusal> {
        rustix::process::chdir(self.at).at("root")?;
        let stage = Path::new(STAGE);
        fs::create_dir(stage).at("staging")?;
        let layer = |n: usize| stage.join(n.to_string());
        let (scratch, home) = (stage.join("room"), stage.join("home"));
        let mut bound: Vec<(&Path, PathBuf)> = vec![(&room.scratch, scratch.clone())];
        bound.extend(room.lowers.iter().enumerate().map(|(n, from)| (from.as_path(), layer(n))));
        bound.extend(room.home_lower.iter().map(|from| (from.as_path(), home.clone())));
        for (from, to) in &bound {
            fs::create_dir(to).and_then(|()| mounts::bind_alone(from, to)).at("staging")?;
        }
        let lowers: Vec<PathBuf> = (0..room.lowers.len()).map(layer).collect();
        let [upper, work] = ["upper", "work"].map(|name| scratch.join(name));
        mounts::overlay(&lowers, &upper, &work, &self.folder(workspace)?).at("overlay workspace")?;
        self.folder(Path::new(EMPTY))?;
        let empty = || PathBuf::from(EMPTY.trim_start_matches('/'));
        let lower = room.home_lower.as_ref().map_or_else(empty, |_| home.clone());
        let [upper, work] = ["home", "home-work"].map(|name| scratch.join(name));
        mounts::overlay(&[lower], &upper, &work, &self.folder(&room.home_inside)?).at("overlay home")?;
        for (_, to) in &bound {
            mounts::remove(to).and_then(|()| fs::remove_dir(to)).at("staging")?;
        }
        fs::remove_dir(stage).at("staging")
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
