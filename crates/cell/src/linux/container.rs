//! The walls of a room as a container runtime makes them: `crun` or `runc`, by which podman and docker start what they
//! run. It needs no image, no daemon and no store: the root is a folder of the room's.
//!
//! **Invariant:** all that a runtime writes, its state with it, lies in the room's folder and goes with the room.

use std::fs::{self, File};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};

use super::wrapping::{PASSED, Shown, Wrapping};
use crate::process::program::WARDEN;
use crate::room::Own;

/// The runtimes, in the order in which they are tried.
pub(super) const PROGRAMS: [&str; 2] = ["crun", "runc"];
/// Link, output and error output are passed before it: what a runtime is given as its own it copies, or writes to.
pub(super) const WARDEN_AT: i32 = PASSED + 3;

/// Prepares a runtime's start.
pub(super) fn prepare(
    runtime: &Path,
    wrapping: &Wrapping<'_>,
    warden: OwnedFd,
    [link, out, err]: [OwnedFd; 3],
) -> io::Result<(Command, Vec<OwnedFd>)> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let bundle = bundle(wrapping.scratch);
    // Of a runtime that could not.
    fs::remove_dir_all(&bundle)
        .or_else(|e| if e.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(e) })?;
    let bound = lay(wrapping, &bundle.join("root"))?;
    fs::write(bundle.join("config.json"), serde_json::to_vec(&config(wrapping, &bound)?)?)?;
    let said = File::create(said(wrapping.scratch))?;
    let mut command = Command::new(runtime);
    command.arg("--root").arg(bundle.join("state"));
    if runtime.ends_with("crun") {
        command.args(["--cgroup-manager", "disabled"]);
    }
    let name = format!("fairtrial-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    command.args(["run", "--preserve-fds", "4", "--bundle"]).arg(bundle).arg(name);
    command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").current_dir("/");
    command.stdin(Stdio::null()).stdout(said.try_clone()?).stderr(said);
    Ok((command, vec![link, out, err, warden]))
}

/// Returns the file in which a runtime says why it could not.
pub(crate) fn said(scratch: &Path) -> PathBuf {
    bundle(scratch).join("said")
}

fn bundle(scratch: &Path) -> PathBuf {
    scratch.join("container")
}

/// Lays the root out: links, settings, and what stays empty. Whatever is bound gets its place from the runtime. Returns
/// what of this machine is to be bound.
fn lay(wrapping: &Wrapping<'_>, root: &Path) -> io::Result<Vec<PathBuf>> {
    let inside = |path: &Path| root.join(path.strip_prefix("/").unwrap_or(path));
    for folder in ["etc", "run", "var"] {
        fs::create_dir_all(root.join(folder))?;
    }
    symlink("/tmp", root.join("var/tmp"))?;
    for (path, text) in wrapping.written() {
        fs::write(inside(Path::new(path)), text)?;
    }
    let mut bound = Vec::new();
    for shown in wrapping.shown()? {
        match shown {
            Shown::Part(path) => bound.push(path),
            Shown::Link { path, target } => {
                let place = inside(&path);
                place.parent().map_or(Ok(()), fs::create_dir_all)?;
                symlink(target, place)?;
            }
        }
    }
    Ok(bound)
}

/// Returns what a runtime is told, in the form of the Open Container Initiative.
fn config(wrapping: &Wrapping<'_>, bound: &[PathBuf]) -> io::Result<Value> {
    let start = format!("exec /proc/self/fd/{WARDEN_AT} {WARDEN} 0<&3 1>&4 2>&5 3<&- 4<&- 5<&-");
    // It becomes user 1000 itself: not every runtime starts others than root.
    let alone = |id: u32| json!([{ "containerID": 0, "hostID": id, "size": 1 }]);
    // The kernel asks for it of whoever makes its root another user. The warden gives it up with all others.
    let rights = ["CAP_SETFCAP"];
    let mut namespaces = vec!["user", "mount", "pid", "ipc", "uts", "cgroup"];
    if !wrapping.host_network {
        namespaces.push("network");
    }
    let namespaces: Vec<Value> = namespaces.into_iter().map(|kind| json!({ "type": kind })).collect();
    Ok(json!({
        "ociVersion": "1.0.2",
        "process": {
            "user": { "uid": 0, "gid": 0 },
            "args": ["/bin/sh", "-c", start],
            "env": [],
            "cwd": "/",
            "noNewPrivileges": true,
            "capabilities": { "bounding": rights, "effective": rights, "permitted": rights },
        },
        "root": { "path": "root", "readonly": true },
        "hostname": "cell",
        "mounts": mounts(wrapping, bound)?,
        "linux": {
            "uidMappings": alone(rustix::process::geteuid().as_raw()),
            "gidMappings": alone(rustix::process::getegid().as_raw()),
            "namespaces": namespaces,
        },
    }))
}

fn mounts(wrapping: &Wrapping<'_>, bound: &[PathBuf]) -> io::Result<Vec<Value>> {
    let made = |kind: &str, at: &str, options: &str| {
        let options: Vec<&str> = options.split(',').chain(["nosuid"]).collect();
        json!({ "destination": at, "type": kind, "source": kind, "options": options })
    };
    let mut all = vec![
        made("proc", "/proc", "noexec,nodev"),
        // Nodes cannot be made among devices, but memory can be shared.
        made("tmpfs", "/dev", "ro,mode=755,size=64k"),
        made("devpts", "/dev/pts", "noexec,newinstance,ptmxmode=0666,mode=0620"),
        made("tmpfs", "/dev/shm", "nodev,mode=1777,size=25%"),
        made("tmpfs", "/tmp", "nodev,mode=1777,size=50%"),
    ];
    for path in bound {
        all.push(bind(path, path, true)?);
    }
    for (outside, inside) in wrapping.writable {
        all.push(bind(outside, inside, false)?);
    }
    for Own { inside, outside, sealed } in wrapping.own {
        all.push(bind(outside, &wrapping.home.join(inside), *sealed)?);
    }
    Ok(all)
}

/// Shows `outside` at `inside`, with what is mounted below it.
fn bind(outside: &Path, inside: &Path, sealed: bool) -> io::Result<Value> {
    let text = |path: &Path| path.to_str().map(str::to_owned).ok_or(io::ErrorKind::InvalidFilename);
    let sealed: &[&str] = if sealed { &["ro", "rro"] } else { &["rw"] };
    let options: Vec<&str> = ["rbind", "nosuid", "nodev"].iter().chain(sealed).copied().collect();
    Ok(json!({ "destination": text(inside)?, "type": "bind", "source": text(outside)?, "options": options }))
}
