//! Hands listening sockets of a room's own loopback from its warden to the cell.

use std::io;
use std::net::TcpListener;
use std::os::unix::net::UnixStream;

/// Most sockets that are handed over at once.
#[cfg(target_os = "linux")]
const MOST: usize = 8;

/// Hands sockets to the other side, which must be waiting for as many.
#[cfg(target_os = "linux")]
pub(crate) fn send(link: &UnixStream, sockets: &[TcpListener]) -> io::Result<()> {
    use std::os::fd::AsFd;

    use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
    if sockets.is_empty() {
        return Ok(());
    }
    let fds: Vec<_> = sockets.iter().map(AsFd::as_fd).collect();
    let mut space = vec![std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
    let mut buffer = SendAncillaryBuffer::new(&mut space);
    if !buffer.push(SendAncillaryMessage::ScmRights(&fds)) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    sendmsg(link, &[io::IoSlice::new(&[0])], &mut buffer, SendFlags::empty())?;
    Ok(())
}

/// Waits for so many sockets from the other side.
#[cfg(target_os = "linux")]
pub(super) fn receive(link: &UnixStream, count: usize) -> io::Result<Vec<TcpListener>> {
    use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
    let mut sockets = Vec::new();
    if count == 0 {
        return Ok(sockets);
    }
    let mut space = vec![std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
    let mut buffer = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    let got = recvmsg(link, &mut [io::IoSliceMut::new(&mut byte)], &mut buffer, RecvFlags::CMSG_CLOEXEC)?;
    if got.bytes != 1 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    for message in buffer.drain() {
        if let RecvAncillaryMessage::ScmRights(fds) = message {
            sockets.extend(fds.map(TcpListener::from));
        }
    }
    if sockets.len() == count { Ok(sockets) } else { Err(io::ErrorKind::InvalidData.into()) }
}

/// Says that rooms of this system have no loopback of their own.
#[cfg(not(target_os = "linux"))]
pub(super) fn receive(_link: &UnixStream, count: usize) -> io::Result<Vec<TcpListener>> {
    if count == 0 { Ok(Vec::new()) } else { Err(io::ErrorKind::Unsupported.into()) }
}
