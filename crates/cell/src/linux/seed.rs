//! A cell's first warden, split off before the cell has read its bundle: a split costs a fraction of a start, and the
//! namespaces are made while the cell reads.
//!
//! **Invariant:** the warden keeps nothing of the cell's but its program: arguments and environment are wiped, and all
//! files but its own are closed, before it hears of a room.

use std::fs;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::process::Pid;

use super::{namespaces, warden};

/// Splits off a warden that serves `link` and whose jobs write to `out` and `err`. Only a program's `main` may call
/// it, first of all: it must have one thread. Only the cell returns from it.
pub(crate) fn split_off(link: OwnedFd, out: OwnedFd, err: OwnedFd) -> io::Result<Pid> {
    let (uid, gid) = (rustix::process::geteuid(), rustix::process::getegid());
    if let Some(first) = namespaces::split()? {
        return Ok(first);
    }
    // Nothing of the cell's own way up may run here, not even after a panic.
    let served = std::panic::catch_unwind(|| {
        forget(link, out, err).and_then(|link| warden::serve_born(link, uid, gid))
    });
    std::process::exit(if matches!(served, Ok(Ok(()))) { 0 } else { 1 })
}

/// Lets go of everything that came from the cell, and returns the link.
fn forget(link: OwnedFd, out: OwnedFd, err: OwnedFd) -> io::Result<UnixStream> {
    wipe(&fs::read_to_string("/proc/self/stat")?)?;
    rustix::thread::set_name(c"warden")?;
    rustix::stdio::dup2_stdin(link)?;
    rustix::stdio::dup2_stdout(out)?;
    rustix::stdio::dup2_stderr(err)?;
    close_others()?;
    let _already = rustix::process::setsid();
    Ok(UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?))
}

/// Overwrites arguments and environment where the kernel and this process keep them; `stat` is this process's own.
/// Anybody in a room may read the arguments of its first process.
#[expect(unsafe_code, reason = "the memory was laid out by the kernel and is known by its addresses")]
fn wipe(stat: &str) -> io::Result<()> {
    for (start, end) in given(stat).ok_or(io::ErrorKind::InvalidData)? {
        // SAFETY: the kernel made these bytes, at the end of the first thread's stack, writable for this process, and
        // nothing holds a reference into them; whoever reads them later through `environ` finds empty strings.
        unsafe { std::ptr::write_bytes(std::ptr::with_exposed_provenance_mut::<u8>(start), 0, end - start) };
    }
    Ok(())
}

/// Returns where arguments and environment start and end.
fn given(stat: &str) -> Option<[(usize, usize); 2]> {
    // Counted after the name, which may hold anything; they are the 48th to 51st fields in all.
    let (_, rest) = stat.rsplit_once(") ")?;
    let found: Vec<usize> =
        rest.split_whitespace().skip(45).take(4).map(str::parse).collect::<Result<_, _>>().ok()?;
    match found.as_slice() {
        [a, b, c, d] if a <= b && c <= d => Some([(*a, *b), (*c, *d)]),
        _other => None,
    }
}

#[expect(unsafe_code, reason = "neither std nor rustix closes a range of files")]
fn close_others() -> io::Result<()> {
    let (first, last, flags): (libc::c_uint, libc::c_uint, libc::c_uint) = (3, libc::c_uint::MAX, 0);
    // SAFETY: all owners of files in this process were left behind in the cell, or have closed theirs.
    let done = unsafe { libc::syscall(libc::SYS_close_range, first, last, flags) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_and_environment_are_found_behind_any_name() {
        let fields: Vec<String> = (3..53).map(|n| (n * 10).to_string()).collect();
        let stat = format!("7 (a) b (c) {}", fields.join(" "));
        assert_eq!(given(&stat), Some([(480, 490), (500, 510)]));
        assert_eq!(given("7 (a) S 1 2"), None);
        assert_eq!(given(""), None);
        let own = fs::read_to_string("/proc/self/stat").unwrap();
        let [(from, to), _] = given(&own).unwrap();
        let length: usize = std::env::args_os().map(|a| a.len() + 1).sum();
        assert_eq!(to - from, length);
    }
}
