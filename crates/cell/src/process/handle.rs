//! Hands an open folder from a warden to its cell.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, recvmsg, sendmsg,
};

/// Hands over a folder, or says that there is none, to the other side, which must be waiting for it.
pub(crate) fn send(link: &UnixStream, folder: Option<&OwnedFd>) -> io::Result<()> {
    let mut space = vec![std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut buffer = SendAncillaryBuffer::new(&mut space);
    let fds: Vec<_> = folder.into_iter().map(std::os::fd::AsFd::as_fd).collect();
    if !fds.is_empty() && !buffer.push(SendAncillaryMessage::ScmRights(&fds)) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    sendmsg(link, &[io::IoSlice::new(&[0])], &mut buffer, SendFlags::empty())?;
    Ok(())
}

/// Waits for what `send` hands over.
pub(super) fn receive(link: &UnixStream) -> io::Result<Option<OwnedFd>> {
    let mut space = vec![std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut buffer = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    let got = recvmsg(link, &mut [io::IoSliceMut::new(&mut byte)], &mut buffer, RecvFlags::CMSG_CLOEXEC)?;
    if got.bytes != 1 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let mut folder = None;
    for message in buffer.drain() {
        if let RecvAncillaryMessage::ScmRights(fds) = message {
            folder = fds.last().or(folder);
        }
    }
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_arrives_open_and_its_absence_is_told() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("a"), "x").unwrap();
        send(&ours, Some(&std::fs::File::open(dir.path()).unwrap().into())).unwrap();
        send(&ours, None).unwrap();
        let folder = receive(&theirs).unwrap().unwrap();
        assert!(rustix::fs::statat(&folder, "a", rustix::fs::AtFlags::empty()).is_ok());
        assert!(receive(&theirs).unwrap().is_none());
        drop(ours);
        assert_eq!(receive(&theirs).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}
