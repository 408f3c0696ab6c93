//! Steps into namespaces of one's own, as user 1000 without help of root.

use std::fs;
use std::io;

use rustix::process::{getegid, geteuid};
use rustix::thread::UnshareFlags;

use super::{At, Refusal};

/// The user and group that jobs are: not 0, since some assistants refuse to work as root.
const INSIDE: u32 = 1000;

/// Unshares everything but time; processes started from now on have their own ids.
pub(super) fn enter(host_network: bool) -> Result<(), Refusal> {
    let (uid, gid) = (geteuid(), getegid());
    let mut flags = UnshareFlags::NEWUSER
        | UnshareFlags::NEWNS
        | UnshareFlags::NEWPID
        | UnshareFlags::NEWIPC
        | UnshareFlags::NEWUTS
        | UnshareFlags::NEWCGROUP;
    if !host_network {
        flags |= UnshareFlags::NEWNET;
    }
    unshare(flags).at("new namespaces")?;
    fs::write("/proc/self/setgroups", "deny").at("group rights")?;
    fs::write("/proc/self/uid_map", format!("{INSIDE} {} 1", uid.as_raw())).at("user map")?;
    fs::write("/proc/self/gid_map", format!("{INSIDE} {} 1", gid.as_raw())).at("group map")?;
    rustix::system::sethostname(b"cell").at("host name")?;
    if !host_network {
        loopback_up().at("loopback")?;
    }
    Ok(())
}

#[expect(unsafe_code, reason = "rustix marks unshare unsafe for a flag that is not used here")]
fn unshare(flags: UnshareFlags) -> io::Result<()> {
    // SAFETY: UnshareFlags::FILES, which could confuse file descriptors among threads, is not among the flags.
    Ok(unsafe { rustix::thread::unshare_unsafe(flags) }?)
}

/// Splits the process in two; returns `None` in the child and the child's id in the parent.
#[expect(unsafe_code, reason = "std can only start programs, and this child must go on with the same memory")]
pub(super) fn fork() -> io::Result<Option<i32>> {
    // SAFETY: a warden has one thread, so that the child finds no lock held by another.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => Ok(None),
        child => Ok(Some(child)),
    }
}

#[expect(unsafe_code, reason = "neither std nor rustix sets flags of a network interface")]
fn loopback_up() -> io::Result<()> {
    use std::os::fd::AsRawFd;
    let socket = rustix::net::socket(rustix::net::AddressFamily::INET, rustix::net::SocketType::DGRAM, None)?;
    // SAFETY: an all-zero ifreq is valid; its name ends with a zero; the union's flags are written before use.
    let done = unsafe {
        let mut request: libc::ifreq = std::mem::zeroed();
        request.ifr_name[0] = b'l' as libc::c_char;
        request.ifr_name[1] = b'o' as libc::c_char;
        request.ifr_ifru.ifru_flags = libc::IFF_UP as libc::c_short;
        libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS, &raw const request)
    };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
