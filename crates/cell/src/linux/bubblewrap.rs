//! The walls of a room as `bwrap` makes them, for machines that let it make namespaces and not us: the same root, a
//! copy of the base in the place of an overlay, and our warden as first process.
//!
//! **Invariant:** what is shown comes from the lists of `root`; the warden is not shown at all, but started from an open
//! file, and so tells nobody where it is.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::{Pid, Signal};

use super::{At, Refusal, root};
use crate::process::program::WARDEN;
use crate::room::Own;

/// The program that makes the walls.
pub(crate) const PROGRAM: &str = "bwrap";

/// What stands where in a room.
pub(crate) struct Wrapping<'a> {
    /// The program that makes the walls.
    pub(crate) bwrap: &'a Path,
    /// Folders of this machine that may be written, each with where it is seen.
    pub(crate) writable: [(&'a Path, &'a Path); 2],
    /// A folder for the settings that are written.
    pub(crate) settings: &'a Path,
    /// The home as jobs see it.
    pub(crate) home: &'a Path,
    /// Bound read-only at their own paths; no one inside another.
    pub(crate) readable: &'a [PathBuf],
    /// Bound into the home, in order; no place behind a link.
    pub(crate) own: &'a [Own],
    /// True for the machine's network.
    pub(crate) host_network: bool,
}

/// Finds `bwrap` where programs are looked for.
pub(crate) fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|folder| folder.join(PROGRAM)).find(|place| place.is_file())
}

impl Wrapping<'_> {
    /// Starts `warden` as first process within the walls, with this link, output and error output, and in the group
    /// behind `door`.
    #[expect(unsafe_code, reason = "the open program must pass through exec, which std has no word for")]
    pub(crate) fn start(
        &self,
        warden: &File,
        door: Option<OwnedFd>,
        [link, out, err]: [OwnedFd; 3],
    ) -> io::Result<Pid> {
        let program = warden.as_raw_fd();
        let mut command = Command::new(self.bwrap);
        command.args(self.arguments()?).arg("--").arg(format!("/proc/self/fd/{program}")).arg(WARDEN);
        command.env_clear().current_dir("/").stdin(link).stdout(out).stderr(err);
        // SAFETY: the closure makes system calls only; it neither allocates nor takes a lock, and the file is open.
        unsafe {
            command.pre_exec(move || {
                // Keys pressed in the terminal concern the cell.
                rustix::process::setsid()?;
                if let Some(door) = &door {
                    rustix::io::write(door, b"0")?;
                }
                let file = std::os::fd::BorrowedFd::borrow_raw(program);
                Ok(rustix::io::fcntl_setfd(file, rustix::io::FdFlags::empty())?)
            });
        }
        Ok(Pid::from_child(&command.spawn()?))
    }

    fn arguments(&self) -> io::Result<Vec<OsString>> {
        let mut line = Line::default();
        line.say([
            "--unshare-user",
            "--unshare-pid",
            "--unshare-ipc",
            "--unshare-uts",
            "--unshare-cgroup-try",
        ]);
        if !self.host_network {
            line.say(["--unshare-net"]);
        }
        line.say(["--uid", "1000", "--gid", "1000", "--hostname", "cell"]);
        line.say(["--die-with-parent", "--as-pid-1", "--clearenv"]);
        for path in root::SYSTEM.iter().chain(&root::SETTINGS).map(Path::new) {
            line.show(path)?;
        }
        for path in root::java_settings() {
            line.show(&path)?;
        }
        for (path, text) in root::written(self.home, self.host_network) {
            let file = self.settings.join(path.trim_start_matches("/etc/"));
            fs::write(&file, text)?;
            line.say(["--ro-bind".as_ref(), file.as_os_str(), path.as_ref()]);
        }
        line.say(["--perms", "1777", "--tmpfs", "/tmp", "--symlink", "/tmp", "/var/tmp", "--dir", "/run"]);
        for path in self.readable {
            line.show(path)?;
        }
        for (outside, inside) in self.writable {
            line.say(["--bind".as_ref(), outside.as_os_str(), inside.as_os_str()]);
        }
        for Own { inside, outside, sealed } in self.own {
            let bind = if *sealed { "--ro-bind" } else { "--bind" };
            line.say([bind.as_ref(), outside.as_os_str(), self.home.join(inside).as_os_str()]);
        }
        // Nodes cannot be made among devices, but memory can be shared.
        line.say(["--dev", "/dev", "--perms", "1777", "--tmpfs", "/dev/shm", "--remount-ro", "/dev"]);
        line.say(["--proc", "/proc", "--remount-ro", "/", "--chdir", "/"]);
        Ok(line.words)
    }
}

/// Arguments of `bwrap`, with what they show already.
#[derive(Default)]
struct Line {
    words: Vec<OsString>,
    shown: Vec<PathBuf>,
}

impl Line {
    fn say<T: Into<OsString>, const N: usize>(&mut self, words: [T; N]) {
        self.words.extend(words.map(Into::into));
    }

    /// Shows a path of this machine at the same path; a link as a link, and nothing where nothing is.
    fn show(&mut self, path: &Path) -> io::Result<()> {
        if self.shown.iter().any(|above| path.starts_with(above)) {
            return Ok(());
        }
        match fs::symlink_metadata(path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(e) => Err(e),
            Ok(found) if found.is_symlink() => {
                self.say(["--symlink".into(), fs::read_link(path)?.into_os_string(), path.into()]);
                Ok(())
            }
            Ok(_) => {
                self.say(["--ro-bind".as_ref(), path.as_os_str(), path.as_os_str()]);
                self.shown.push(path.to_owned());
                Ok(())
            }
        }
    }
}

/// Settles as first process within the walls, and lets go of the file that it was started from.
#[expect(unsafe_code, reason = "the file came through exec with no owner in this program")]
pub(super) fn arrive(program: i32) -> Result<(), Refusal> {
    // SAFETY: whoever started this process opened the file for it and says so; nothing else here owns it.
    drop(unsafe { OwnedFd::from_raw_fd(program) });
    if rustix::process::getpid() != Pid::INIT {
        return Err(io::Error::from(io::ErrorKind::InvalidInput)).at("a first process");
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
        let mut line = Line::default();
        for name in ["tools", "tools/bin", "bin", "none"] {
            line.show(&at(name)).unwrap();
        }
        let [tools, bin] = [at("tools"), at("bin")].map(PathBuf::into_os_string);
        let wanted: Vec<OsString> =
            vec!["--ro-bind".into(), tools.clone(), tools, "--symlink".into(), "tools/bin".into(), bin];
        assert_eq!(line.words, wanted);
    }
}
