//! Mounts, each as one call that says what it is for.

use std::ffi::{CString, OsStr};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::mount::{
    MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_bind, mount_bind_recursive, mount_change,
    unmount,
};

/// Mounts made here carry these; `nosuid` alone would leave device nodes that someone planted.
fn plain() -> MountFlags {
    MountFlags::NOSUID | MountFlags::NODEV
}

/// Keeps mounts made from now on out of the machine's own tree, and the reverse.
pub(super) fn keep_apart() -> io::Result<()> {
    Ok(mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)?)
}

/// Mounts an empty file system in memory, with options such as `mode=755,size=8m`.
pub(super) fn memory(target: &Path, options: &str) -> io::Result<()> {
    Ok(mount("tmpfs", target, "tmpfs", plain(), Some(text(options.as_bytes())?.as_c_str()))?)
}

/// Mounts the processes of this namespace.
pub(super) fn proc(target: &Path) -> io::Result<()> {
    Ok(mount("proc", target, "proc", plain() | MountFlags::NOEXEC, None)?)
}

/// Mounts terminals of its own.
pub(super) fn terminals(target: &Path) -> io::Result<()> {
    let flags = MountFlags::NOSUID | MountFlags::NOEXEC;
    Ok(mount("devpts", target, "devpts", flags, Some(c"newinstance,ptmxmode=0666,mode=620"))?)
}

/// Shows `source` at `target` too, with whatever is mounted below it.
pub(super) fn bind(source: &Path, target: &Path) -> io::Result<()> {
    Ok(mount_bind_recursive(source, target)?)
}

/// Shows the folder `source` at `target` too, without what is mounted below it.
pub(super) fn bind_alone(source: &Path, target: &Path) -> io::Result<()> {
    Ok(mount_bind(source, target)?)
}

/// What an overlay is laid of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layers<'a> {
    /// What shows through, top first.
    pub(super) lowers: &'a [PathBuf],
    /// Takes what is written.
    pub(super) upper: &'a Path,
    /// Overlayfs's own.
    pub(super) work: &'a Path,
    /// Whether what is written may be lost in a power cut. On a disk it saves the end of a room from waiting until all
    /// of that file system, with what others wrote, is on the disk; in memory it saves nothing.
    pub(super) volatile: bool,
}

/// Mounts a workspace or a home.
pub(super) fn overlay(layers: Layers<'_>, target: &Path) -> io::Result<()> {
    let options = text(&overlay_options(layers))?;
    Ok(mount("overlay", target, "overlay", plain(), Some(options.as_c_str()))?)
}

/// Takes a mount away; what was mounted from it lives on.
pub(super) fn remove(target: &Path) -> io::Result<()> {
    Ok(unmount(target, UnmountFlags::DETACH)?)
}

/// Makes the working directory, where something is mounted, the root and lets go of the machine's.
pub(super) fn enter() -> io::Result<()> {
    rustix::process::pivot_root(".", ".")?;
    unmount(".", UnmountFlags::DETACH)?;
    Ok(rustix::process::chdir("/")?)
}

/// Makes a mount, and all below it, read-only and without set-id programs.
pub(super) fn seal(target: &Path) -> io::Result<()> {
    let set = libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NOSUID;
    attributes(target, libc::AT_RECURSIVE as libc::c_uint, set, 0)
}

/// Makes one mount writable again.
pub(super) fn unseal(target: &Path) -> io::Result<()> {
    attributes(target, 0, 0, libc::MOUNT_ATTR_RDONLY)
}

#[expect(unsafe_code, reason = "neither std nor rustix knows mount_setattr")]
fn attributes(target: &Path, flags: libc::c_uint, set: u64, clear: u64) -> io::Result<()> {
    let path = text(target.as_os_str().as_bytes())?;
    let change = libc::mount_attr { attr_set: set, attr_clr: clear, propagation: 0, userns_fd: 0 };
    // SAFETY: `path` is a C string and `change` a mount_attr of the size given; both outlive the call.
    let done = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            libc::AT_FDCWD,
            path.as_ptr(),
            flags,
            &raw const change,
            size_of::<libc::mount_attr>(),
        )
    };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Writes overlayfs's options: a backslash before `\`, `,` and `:`, which would end a path.
fn overlay_options(layers: Layers<'_>) -> Vec<u8> {
    let Layers { lowers, upper, work, volatile } = layers;
    let mut options = if volatile { b"volatile,".to_vec() } else { Vec::new() };
    options.extend(b"userxattr,lowerdir=");
    for (n, lower) in lowers.iter().enumerate() {
        if n > 0 {
            options.push(b':');
        }
        escape(lower.as_os_str(), b"\\,:", &mut options);
    }
    options.extend(b",upperdir=");
    escape(upper.as_os_str(), b"\\,", &mut options);
    options.extend(b",workdir=");
    escape(work.as_os_str(), b"\\,", &mut options);
    options
}

fn escape(path: &OsStr, special: &[u8], out: &mut Vec<u8>) {
    for byte in path.as_bytes() {
        if special.contains(byte) {
            out.push(b'\\');
        }
        out.push(*byte);
    }
}

fn text(bytes: &[u8]) -> io::Result<CString> {
    CString::new(bytes).map_err(|_| io::ErrorKind::InvalidInput.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_cannot_end_an_option() {
        let lowers = ["/l:1".into(), "/t,2".into()];
        let (upper, work) = (Path::new("/u,x=1"), Path::new("/w\\"));
        let got = overlay_options(Layers { lowers: &lowers, upper, work, volatile: true });
        assert_eq!(
            String::from_utf8(got).unwrap(),
            r"volatile,userxattr,lowerdir=/l\:1:/t\,2,upperdir=/u\,x=1,workdir=/w\\"
        );
    }
}
