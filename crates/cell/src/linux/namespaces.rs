//! Steps into namespaces of one's own, as user 1000 without help of root.

use std::fs;
use std::io;

use rustix::process::{Gid, Pid, Uid};
use rustix::thread::UnshareFlags;

use super::{At, Refusal};

/// The user and group that jobs are: not 0, since some assistants refuse to work as root.
const INSIDE: u32 = 1000;
/// The namespaces that a warden is born into. Those of the network and of cgroups come when its room is known.
const BORN_INTO: libc::c_int =
    libc::CLONE_NEWUSER | libc::CLONE_NEWNS | libc::CLONE_NEWPID | libc::CLONE_NEWIPC | libc::CLONE_NEWUTS;

/// Splits this process in two, the child being the first process of namespaces of its own; returns `None` in the child
/// and the child's id in the parent.
#[expect(unsafe_code, reason = "std can only start programs, and this child must go on with the same memory")]
pub(super) fn split() -> io::Result<Option<Pid>> {
    let flags = libc::c_long::from(BORN_INTO | libc::SIGCHLD);
    // SAFETY: without CLONE_VM this is a fork. A process that calls it has one thread, so that the child finds no lock
    // held by another.
    let child = unsafe { libc::syscall(libc::SYS_clone, flags, 0_usize, 0_usize, 0_usize, 0_usize) };
    match i32::try_from(child) {
        Ok(0) => Ok(None),
        Ok(child) => Pid::from_raw(child).map(Some).ok_or_else(io::Error::last_os_error),
        Err(_) => Err(io::Error::other("no process has such an id")),
    }
}

/// Makes a first process user 1000, whom the user with these ids outside is.
pub(super) fn become_inner(uid: Uid, gid: Gid) -> Result<(), Refusal> {
    fs::write("/proc/self/setgroups", "deny").at("group rights")?;
    fs::write("/proc/self/uid_map", format!("{INSIDE} {} 1", uid.as_raw())).at("user map")?;
    fs::write("/proc/self/gid_map", format!("{INSIDE} {} 1", gid.as_raw())).at("group map")
}

/// Makes the root of a namespace user 1000 of one within it, with the same rights there.
pub(super) fn step_down() -> Result<(), Refusal> {
    unshare(UnshareFlags::NEWUSER).at("a user within the root")?;
    become_inner(Uid::ROOT, Gid::ROOT)
}

/// Separates what could not be until the room was known: cgroups, the name, and the network unless it is the host's.
pub(super) fn complete(host_network: bool) -> Result<(), Refusal> {
    let net = if host_network { UnshareFlags::empty() } else { UnshareFlags::NEWNET };
    unshare(UnshareFlags::NEWCGROUP | net).at("new namespaces")?;
    rustix::system::sethostname(b"cell").at("host name")?;
    if host_network { Ok(()) } else { loopback_up().at("loopback") }
}

#[expect(unsafe_code, reason = "rustix marks unshare unsafe for a flag that is not used here")]
fn unshare(flags: UnshareFlags) -> io::Result<()> {
    // SAFETY: UnshareFlags::FILES, which could confuse file descriptors among threads, is not among the flags.
    Ok(unsafe { rustix::thread::unshare_unsafe(flags) }?)
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
