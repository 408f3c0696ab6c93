//! Ways out of a room: ports of its loopback that lead to this process, which decides what comes of them.
//!
//! **Invariant:** a room without the machine's network reaches nothing but these doors, and whoever answers at a door
//! is outside of the room.

mod body;
mod head;
mod ledger;
mod policy;
mod proxy;
mod relay;

use std::io::{self, PipeReader, PipeWriter};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

pub use policy::{Names, Policy, SystemNames};
pub use proxy::Proxy;

/// Connections of one door that are answered at once; more wait.
const MOST: usize = 128;
/// What is being answered when a door is closed is given this long to see it.
const WIND_UP: Duration = Duration::from_secs(2);

/// A listening socket on a loopback that jobs see.
#[derive(Debug)]
pub struct Listener {
    /// Where jobs find it.
    pub inside: SocketAddr,
    /// Where this process accepts what they send.
    pub socket: TcpListener,
}

impl Listener {
    /// Takes a socket that a room handed over.
    pub(crate) fn over(socket: TcpListener) -> io::Result<Listener> {
        Ok(Listener { inside: socket.local_addr()?, socket })
    }

    /// Opens one on this machine's own loopback, which jobs of a plain room, and of one with the machine's network, see.
    pub(crate) fn here() -> io::Result<Listener> {
        Listener::over(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?)
    }
}

/// Tells those who answer at a door that it is being closed.
#[derive(Debug, Clone)]
pub struct Closing(Arc<PipeReader>);

impl Closing {
    /// Waits until one of `fds` is ready for what it is wanted for, or the time is over, and returns what each is
    /// ready for; `None` when the door is being closed.
    pub(crate) fn wait(
        &self,
        fds: &[(&TcpStream, PollFlags)],
        most: Option<Duration>,
    ) -> io::Result<Option<Vec<PollFlags>>> {
        // One from which nothing is wanted would wake us all the time once it is broken.
        let wanted = fds.iter().filter(|(_, flags)| !flags.is_empty());
        let Some(ready) = self.poll(wanted.map(|(s, flags)| PollFd::new(*s, *flags)).collect(), most)? else {
            return Ok(None);
        };
        let mut ready = ready.into_iter();
        let of = |(_, flags): &(&TcpStream, PollFlags)| match flags.is_empty() {
            true => PollFlags::empty(),
            false => ready.next().unwrap_or(PollFlags::empty()),
        };
        Ok(Some(fds.iter().map(of).collect()))
    }

    fn poll<'a>(
        &'a self,
        mut fds: Vec<PollFd<'a>>,
        most: Option<Duration>,
    ) -> io::Result<Option<Vec<PollFlags>>> {
        let most = most
            .map(|d| Timespec { tv_sec: d.as_secs().cast_signed(), tv_nsec: i64::from(d.subsec_nanos()) });
        fds.push(PollFd::new(&*self.0, PollFlags::IN));
        match poll(&mut fds, most.as_ref()) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => return Ok(Some(vec![PollFlags::empty(); fds.len() - 1])),
            Err(e) => return Err(e.into()),
        }
        let open = fds.pop().is_none_or(|own| own.revents().is_empty());
        Ok(open.then(|| fds.iter().map(PollFd::revents).collect()))
    }
}

/// A door at which somebody answers. Dropping it closes it.
#[derive(Debug)]
pub struct Door {
    inside: SocketAddr,
    open: Option<PipeWriter>,
    live: Arc<(Mutex<usize>, Condvar)>,
}

/// Answers every connection to a door with `answer`, each in a thread of its own, until the door is closed.
pub fn serve(
    listener: Listener,
    answer: impl Fn(TcpStream, &Closing) + Send + Sync + 'static,
) -> io::Result<Door> {
    let (closing, open) = io::pipe()?;
    let closing = Closing(Arc::new(closing));
    let live = Arc::new((Mutex::new(0), Condvar::new()));
    let door = Door { inside: listener.inside, open: Some(open), live: Arc::clone(&live) };
    listener.socket.set_nonblocking(true)?;
    let answer = Arc::new(answer);
    std::thread::Builder::new().name("door".to_owned()).spawn(move || {
        while let Ok(Some(stream)) = next(&listener.socket, &closing) {
            let held = Held::take(&live);
            let (answer, closing) = (Arc::clone(&answer), closing.clone());
            let work = move || {
                let _held = held;
                answer(stream, &closing);
            };
            // Without a thread the connection is closed, which is all that can be said.
            let _refused = std::thread::Builder::new().name("way out".to_owned()).spawn(work);
        }
    })?;
    Ok(door)
}

/// Waits for a connection; `None` when the door is being closed.
fn next(socket: &TcpListener, closing: &Closing) -> io::Result<Option<TcpStream>> {
    loop {
        if closing.poll(vec![PollFd::new(socket, PollFlags::IN)], None)?.is_none() {
            return Ok(None);
        }
        match socket.accept() {
            Ok((stream, _)) => return Ok(Some(stream)),
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
            // This process is short of something for a moment.
            Err(_) => std::thread::sleep(Duration::from_millis(5)),
        }
    }
}

/// One place among the connections that are answered.
struct Held(Arc<(Mutex<usize>, Condvar)>);

impl Held {
    fn take(live: &Arc<(Mutex<usize>, Condvar)>) -> Held {
        let count = live.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut count = live.1.wait_while(count, |n| *n >= MOST).unwrap_or_else(PoisonError::into_inner);
        *count += 1;
        Held(Arc::clone(live))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        self.0.1.notify_all();
    }
}

impl Door {
    /// Returns where jobs find it.
    pub fn inside(&self) -> SocketAddr {
        self.inside
    }

    /// Closes the door, and waits a moment for what is being answered.
    pub fn close(mut self) {
        self.open = None;
        let count = self.live.0.lock().unwrap_or_else(PoisonError::into_inner);
        // What is not through by then is being ended with this process.
        let _late = self.live.1.wait_timeout_while(count, WIND_UP, |n| *n > 0);
    }
}
