//! The walls of a room as `bwrap` makes them: the same root, with a copy of the base in the place of an overlay.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::Command;

use super::wrapping::{PASSED, Shown, Wrapping};
use crate::process::program::WARDEN;
use crate::room::Own;

/// The program that makes the walls.
pub(super) const PROGRAM: &str = "bwrap";
/// Only the warden's file is passed beside input and outputs.
pub(super) const WARDEN_AT: i32 = PASSED;

/// Prepares the start of `bwrap`.
pub(super) fn prepare(
    bwrap: &Path,
    wrapping: &Wrapping<'_>,
    warden: OwnedFd,
    [link, out, err]: [OwnedFd; 3],
) -> io::Result<(Command, Vec<OwnedFd>)> {
    let mut command = Command::new(bwrap);
    command.args(arguments(wrapping)?).arg("--").arg(format!("/proc/self/fd/{WARDEN_AT}")).arg(WARDEN);
    command.env_clear().current_dir("/").stdin(link).stdout(out).stderr(err);
    Ok((command, vec![warden]))
}

fn arguments(wrapping: &Wrapping<'_>) -> io::Result<Vec<OsString>> {
    let mut line = Line::default();
    line.say(["--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]);
    if !wrapping.host_network {
        line.say(["--unshare-net"]);
    }
    line.say(["--uid", "1000", "--gid", "1000", "--hostname", "cell"]);
    line.say(["--die-with-parent", "--as-pid-1", "--clearenv"]);
    line.say(["--perms", "1777", "--tmpfs", "/tmp", "--symlink", "/tmp", "/var/tmp", "--dir", "/run"]);
    for shown in wrapping.shown()? {
        match shown {
            Shown::Link { path, target } => {
                line.say(["--symlink".into(), target.into_os_string(), path.into()])
            }
            Shown::Part(path) => line.say(["--ro-bind".as_ref(), path.as_os_str(), path.as_os_str()]),
        }
    }
    let settings = wrapping.scratch.join("etc");
    fs::create_dir_all(&settings)?;
    for (path, text) in wrapping.written() {
        let file = settings.join(path.trim_start_matches("/etc/"));
        fs::write(&file, text)?;
        line.say(["--ro-bind".as_ref(), file.as_os_str(), path.as_ref()]);
    }
    for (outside, inside) in wrapping.writable {
        line.say(["--bind".as_ref(), outside.as_os_str(), inside.as_os_str()]);
    }
    for Own { inside, outside, sealed } in wrapping.own {
        let bind = if *sealed { "--ro-bind" } else { "--bind" };
        line.say([bind.as_ref(), outside.as_os_str(), wrapping.home.join(inside).as_os_str()]);
    }
    // Nodes cannot be made among devices, but memory can be shared.
    line.say(["--dev", "/dev", "--perms", "1777", "--tmpfs", "/dev/shm", "--remount-ro", "/dev"]);
    line.say(["--proc", "/proc", "--remount-ro", "/", "--chdir", "/"]);
    Ok(line.words)
}

/// Arguments of `bwrap`.
#[derive(Default)]
struct Line {
    words: Vec<OsString>,
}

impl Line {
    fn say<T: Into<OsString>, const N: usize>(&mut self, words: [T; N]) {
        self.words.extend(words.map(Into::into));
    }
}
