//! Walls that another program makes, for machines that let it make namespaces and not us: what stands where in a room,
//! and our warden as first process.
//!
//! **Invariant:** what is shown comes from the lists of `root`; the warden is not shown at all, but started from an open
//! file, and so tells nobody where it is.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use fairtrial_domain::bundle::Tier;
use rustix::process::{Pid, Signal};

use super::{At, Refusal, bubblewrap, confine, container, namespaces, root};
use crate::room::Own;

/// What stands where in a room.
pub(crate) struct Wrapping<'a> {
    /// The room's folder, in which the maker may make what it needs.
    pub(crate) scratch: &'a Path,
    /// Folders of this machine that may be written, each with where it is seen.
    pub(crate) writable: [(&'a Path, &'a Path); 2],
    /// The home as jobs see it.
    pub(crate) home: &'a Path,
    /// Bound read-only at their own paths; no one inside another.
    pub(crate) readable: &'a [PathBuf],
    /// Bound into the home, in order; no place behind a link.
    pub(crate) own: &'a [Own],
    /// True for the machine's network.
    pub(crate) host_network: bool,
}

/// What of this machine is shown at the same path.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// A link, as the link that it is.
    Link { path: PathBuf, target: PathBuf },
    /// A file or folder, to be read only.
    Part(PathBuf),
}

/// The first number at which a file is passed through a maker, beside input and outputs.
pub(super) const PASSED: i32 = 3;

/// A program that makes walls.
pub(crate) struct Maker {
    /// Its name.
    pub(crate) name: &'static str,
    /// The number at which the warden finds the file that it was started from.
    pub(crate) warden_at: i32,
    program: PathBuf,
    prepare: Prepare,
}

/// Prepares a maker's start, given its path, what stands where, the warden's file, and its link, output and error
/// output. Returns its command, and the files to be passed through it from `PASSED` on.
type Prepare = fn(&Path, &Wrapping<'_>, OwnedFd, [OwnedFd; 3]) -> io::Result<(Command, Vec<OwnedFd>)>;

impl Maker {
    /// Returns the programs that could make a tier's walls, by name.
    pub(crate) fn names(tier: Tier) -> &'static [&'static str] {
        match tier {
            Tier::Bubblewrap => &[bubblewrap::PROGRAM],
            Tier::Container => &container::PROGRAMS,
            Tier::Full | Tier::Plain => &[],
        }
    }

    /// Finds those of them that this machine has, where programs are looked for.
    pub(crate) fn found(tier: Tier) -> Vec<Maker> {
        let (warden_at, prepare): (i32, Prepare) = match tier {
            Tier::Container => (container::WARDEN_AT, container::prepare),
            Tier::Full | Tier::Bubblewrap | Tier::Plain => (bubblewrap::WARDEN_AT, bubblewrap::prepare),
        };
        let maker = |name: &&'static str| Some(Maker { name, warden_at, program: on_path(name)?, prepare });
        Maker::names(tier).iter().filter_map(maker).collect()
    }

    /// Starts `warden` as first process within the walls, with its link, output and error output, and in the group
    /// behind `door`.
    #[expect(unsafe_code, reason = "open files must pass through exec, which std has no word for")]
    pub(crate) fn start(
        &self,
        wrapping: &Wrapping<'_>,
        warden: &File,
        door: Option<OwnedFd>,
        ends: [OwnedFd; 3],
    ) -> io::Result<Pid> {
        let (mut command, passed) =
            (self.prepare)(&self.program, wrapping, warden.try_clone()?.into(), ends)?;
        let places: Vec<i32> = (PASSED..).take(passed.len()).collect();
        let beyond = PASSED + i32::try_from(passed.len()).map_err(io::Error::other)?;
        // No place is free for what std opens until then, and nothing passed lies at a place of another.
        let fill = places.iter().map(|_| rustix::io::fcntl_dupfd_cloexec(warden, PASSED));
        let _filled: Vec<OwnedFd> = fill.collect::<Result<_, _>>()?;
        let passed = passed.iter().map(|file| rustix::io::fcntl_dupfd_cloexec(file, beyond));
        let passed: Vec<OwnedFd> = passed.collect::<Result<_, _>>()?;
        // SAFETY: the closure makes system calls only; it neither allocates nor takes a lock, and the files are open.
        unsafe {
            command.pre_exec(move || {
                // Keys pressed in the terminal concern the cell.
                rustix::process::setsid()?;
                if let Some(door) = &door {
                    rustix::io::write(door, b"0")?;
                }
                for (file, place) in passed.iter().zip(&places) {
                    if libc::dup2(file.as_raw_fd(), *place) < 0 {
                        return Err(io::Error::last_os_error());
                    }
                }
                Ok(())
            });
        }
        Ok(Pid::from_child(&command.spawn()?))
    }
}

impl Wrapping<'_> {
    /// Returns what of this machine is shown at the same path: each once, and nothing where nothing is.
    pub(super) fn shown(&self) -> io::Result<Vec<Shown>> {
        let listed = root::SYSTEM.iter().chain(&root::SETTINGS).map(PathBuf::from);
        shown(listed.chain(root::java_settings()).chain(self.readable.iter().cloned()))
    }

    /// Returns the settings that are written, each with its place.
    pub(super) fn written(&self) -> Vec<(&'static str, String)> {
        root::written(self.home, self.host_network)
    }
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|place| place.is_file())
}

fn shown(paths: impl Iterator<Item = PathBuf>) -> io::Result<Vec<Shown>> {
    let mut all = Vec::new();
    for path in paths {
        if all.iter().any(|one| matches!(one, Shown::Part(above) if path.starts_with(above))) {
            continue;
        }
        match fs::symlink_metadata(&path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(e),
            Ok(found) if found.is_symlink() => all.push(Shown::Link { target: fs::read_link(&path)?, path }),
            Ok(_) => all.push(Shown::Part(path)),
        }
    }
    Ok(all)
}

/// Settles as first process within the walls, and lets go of the file that it was started from.
#[expect(unsafe_code, reason = "the file came through exec with no owner in this program")]
pub(super) fn arrive(program: i32) -> Result<(), Refusal> {
    // SAFETY: whoever started this process opened the file for it and says so; nothing else here owns it.
    drop(unsafe { OwnedFd::from_raw_fd(program) });
    if rustix::process::getpid() != Pid::INIT {
        return Err(io::Error::from(io::ErrorKind::InvalidInput)).at("a first process");
    }
    // Some makers start nobody but the root of their namespace.
    if rustix::process::geteuid().is_root() {
        namespaces::step_down()?;
        confine::give_up_rights()?;
    }
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL)).at("death with the cell")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn what_is_shown_once_is_not_shown_again_and_links_stay_links() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir_all(at("tools/bin")).unwrap();
        symlink("tools/bin", at("bin")).unwrap();
        let all = shown(["tools", "tools/bin", "bin", "none"].map(at).into_iter()).unwrap();
        let link = Shown::Link { path: at("bin"), target: "tools/bin".into() };
        assert_eq!(all, [Shown::Part(at("tools")), link]);
    }
}
