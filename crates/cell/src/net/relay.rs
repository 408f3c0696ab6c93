//! Passes bytes between a job and a host, both ways at once, until both have ended.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};

use rustix::event::PollFlags;

use super::Closing;
use super::body::Body;

/// Bytes that are under way in one direction.
const PORTION: usize = 64 << 10;

/// What a job may send on.
pub(super) enum Upward {
    /// Whatever comes.
    All,
    /// The rest of one request's body.
    Rest(Body),
}

/// One direction.
#[derive(Default)]
struct Half {
    /// Read and not yet written.
    open: Vec<u8>,
    /// Nothing more is read.
    ended: bool,
    /// The other side knows.
    told: bool,
}

impl Half {
    fn wants(&self) -> bool {
        !self.ended && self.open.is_empty()
    }

    /// Writes what it can; returns how much.
    fn write(&mut self, mut to: &TcpStream) -> io::Result<u64> {
        let mut count = 0;
        while !self.open.is_empty() {
            match to.write(&self.open) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => {
                    self.open.drain(..n);
                    count += n as u64;
                }
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => break,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(count)
    }

    /// Tells the other side of the end, once everything is there.
    fn tell(&mut self, to: &TcpStream) {
        if self.ended && self.open.is_empty() && !self.told {
            self.told = true;
            // It may be gone itself.
            let _gone = to.shutdown(Shutdown::Write);
        }
    }
}

/// Passes bytes on until both sides have ended, one is broken, or the door is being closed. `read` holds what the job
/// sent already; `count` hears of bytes up and down.
pub(super) fn relay(
    job: &TcpStream,
    host: &TcpStream,
    mut read: Vec<u8>,
    mut upward: Upward,
    closing: &Closing,
    mut count: impl FnMut(u64, u64),
) -> io::Result<()> {
    job.set_nonblocking(true)?;
    host.set_nonblocking(true)?;
    let (mut up, mut down) = (Half::default(), Half::default());
    let mut buffer = vec![0; PORTION];
    admit(&mut upward, &mut read, &mut up)?;
    loop {
        count(up.write(host)?, 0);
        count(0, down.write(job)?);
        // After a single request the host decides when it is over; a tunnel's job may close its half.
        if matches!(upward, Upward::All) {
            up.tell(host);
        }
        down.tell(job);
        let single = matches!(upward, Upward::Rest(_));
        if down.told && (single || up.told) {
            return Ok(());
        }
        let interest = |half: &Half, other: &Half| {
            let mut flags = PollFlags::empty();
            flags.set(PollFlags::IN, half.wants());
            flags.set(PollFlags::OUT, !other.open.is_empty());
            flags
        };
        let fds = [(job, interest(&up, &down)), (host, interest(&down, &up))];
        let Some(ready) = closing.wait(&fds, None)? else { return Ok(()) };
        let broken = PollFlags::ERR | PollFlags::HUP;
        let (of_job, of_host) = (ready[0], ready[1]);
        if of_job.intersects(PollFlags::IN | broken) && up.wants() {
            match take(job, &mut buffer)? {
                Some(0) => up.ended = true,
                Some(n) => read.extend_from_slice(&buffer[..n]),
                None => {}
            }
            admit(&mut upward, &mut read, &mut up)?;
        }
        if of_host.intersects(PollFlags::IN | broken) && down.wants() {
            match take(host, &mut buffer)? {
                Some(0) => down.ended = true,
                Some(n) => down.open.extend_from_slice(&buffer[..n]),
                None => {}
            }
        }
    }
}

/// Moves what may go on.
fn admit(upward: &mut Upward, read: &mut Vec<u8>, up: &mut Half) -> io::Result<()> {
    match upward {
        Upward::All => up.open.append(read),
        Upward::Rest(body) => {
            let onward = body.take(read).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
            up.open.extend(onward);
            up.ended |= body.is_through();
        }
    }
    Ok(())
}

/// Reads once; `None` when there is nothing yet.
fn take(mut from: &TcpStream, buffer: &mut [u8]) -> io::Result<Option<usize>> {
    match from.read(buffer) {
        Ok(n) => Ok(Some(n)),
        Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => Ok(None),
        Err(e) => Err(e),
    }
}
