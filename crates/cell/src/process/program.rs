//! Where this program is, to be started anew.

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Pid;

/// The hidden subcommand that makes `fairtrial-cell` a warden.
pub(crate) const WARDEN: &str = "warden";

/// Finds `fairtrial-cell`: this program, or the one beside it (beside its parent folder for tests of cargo).
pub(crate) fn program() -> io::Result<PathBuf> {
    let this = std::env::current_exe()?;
    let named = |p: &Path| p.file_name().is_some_and(|n| n == "fairtrial-cell");
    if named(&this) {
        if cfg!(not(target_os = "linux")) {
            return Ok(this);
        }
        // Even when it was replaced meanwhile.
        return Ok(PathBuf::from("/proc/self/exe"));
    }
    let beside = this.ancestors().skip(1).take(2).map(|folder| folder.join("fairtrial-cell"));
    beside.into_iter().find(|p| p.is_file()).ok_or_else(|| {
        io::Error::new(io::ErrorKind::NotFound, "there is no `fairtrial-cell` beside this program: build it")
    })
}

/// Starts this program anew as a warden with this link, output and error output.
pub(super) fn spawn([link, out, err]: [OwnedFd; 3]) -> io::Result<Pid> {
    let mut command = Command::new(program()?);
    command.arg(WARDEN).env_clear().current_dir("/").stdin(link).stdout(out).stderr(err);
    Ok(Pid::from_child(&command.spawn()?))
}
