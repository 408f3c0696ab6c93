//! The proxy behind an allow list: `CONNECT` and plain requests to hosts that the list names, all of it counted.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use fairtrial_domain::network::{Contact, ContactVerdict, Network};
use rustix::event::PollFlags;

use super::ledger::{Ledger, NO_HOST};
use super::policy::{Barred, Policy, SystemNames};
use super::relay::{Upward, relay};
use super::{Closing, Door, Listener, head, serve};

/// A head that has not come by then does not come.
const PATIENCE: Duration = Duration::from_secs(30);
/// A host that has not answered by then is not there.
const CONNECT: Duration = Duration::from_secs(10);

/// A proxy at a door.
#[derive(Debug)]
pub struct Proxy {
    door: Door,
    ledger: Arc<Ledger>,
}

impl Proxy {
    /// Starts the proxy of a room that has an allow list, at its first door; `None` for other networks.
    pub(crate) fn of(
        network: &Network,
        doors: &mut impl Iterator<Item = Listener>,
    ) -> io::Result<Option<Proxy>> {
        let Network::Allow(allowed) = network else { return Ok(None) };
        let listener = doors.next().ok_or(io::ErrorKind::NotFound)?;
        Proxy::start(listener, Policy::new(allowed.clone(), Arc::new(SystemNames))).map(Some)
    }

    /// Lets through what `policy` does.
    pub fn start(listener: Listener, policy: Policy) -> io::Result<Proxy> {
        let ledger = Arc::new(Ledger::default());
        let counted = Arc::clone(&ledger);
        let door = serve(listener, move |stream, closing| {
            // A side that breaks off ends the connection, and what was counted stays.
            let _broken = answer(&stream, &policy, &counted, closing);
        })?;
        Ok(Proxy { door, ledger })
    }

    /// Returns the variables by which programs find it.
    pub fn env(&self) -> Vec<(String, String)> {
        let at = format!("http://{}", self.door.inside());
        let names = ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];
        let mut env: Vec<(String, String)> = names.map(|name| (name.to_owned(), at.clone())).into();
        // Node's own `fetch` looks at the others only when it is told to.
        env.push(("NODE_USE_ENV_PROXY".to_owned(), "1".to_owned()));
        env
    }

    /// Returns the bytes that went through it so far, both ways.
    pub fn moved(&self) -> u64 {
        self.ledger.moved()
    }

    /// Closes it and returns every host that was asked for.
    pub fn end(self) -> Vec<Contact> {
        self.door.close();
        self.ledger.contacts()
    }
}

fn answer(job: &TcpStream, policy: &Policy, ledger: &Ledger, closing: &Closing) -> io::Result<()> {
    let Some((head, rest)) = read_head(job, closing)? else { return Ok(()) };
    let request = match head::read(&head) {
        Ok(request) => request,
        Err(why) => {
            ledger.note(NO_HOST, 0, ContactVerdict::Refused { because: why.to_owned() });
            return say(job, "400 Bad Request", why);
        }
    };
    let (host, port) = (request.host.to_string(), request.port);
    let barred = |verdict: ContactVerdict, status: &str, why: &str| {
        ledger.note(&host, port, verdict);
        say(job, status, &format!("{host}:{port}: {why}"))
    };
    let ways = match policy.way(&request.host, port) {
        Ok(ways) => ways,
        Err(Barred::Refused(because)) => {
            let verdict = ContactVerdict::Refused { because: because.clone() };
            return barred(verdict, "403 Forbidden", &format!("not allowed in this cell: {because}"));
        }
        Err(Barred::Failed(because)) => {
            return barred(ContactVerdict::Failed { because: because.clone() }, "502 Bad Gateway", &because);
        }
    };
    let upstream = match reach(&ways) {
        Ok(upstream) => upstream,
        Err(error) => {
            let because = error.kind().to_string();
            return barred(ContactVerdict::Failed { because: because.clone() }, "502 Bad Gateway", &because);
        }
    };
    let key = ledger.note(&host, port, ContactVerdict::Allowed);
    let count = |up, down| ledger.add(&key, up, down);
    match request.way {
        head::Way::Tunnel => {
            say_established(job)?;
            relay(job, &upstream, rest, Upward::All, closing, count)
        }
        head::Way::Plain { head, body } => {
            (&upstream).write_all(&head)?;
            count(head.len() as u64, 0);
            relay(job, &upstream, rest, Upward::Rest(body), closing, count)
        }
    }
}

/// Connects to the first of the checked addresses that answers.
fn reach(ways: &[SocketAddr]) -> io::Result<TcpStream> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for way in ways {
        match TcpStream::connect_timeout(way, CONNECT) {
            Ok(stream) => {
                // Small messages wait for nothing; a system that cannot does without.
                let _without = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Reads a head and what came with it; `None` when there is none in time.
fn read_head(job: &TcpStream, closing: &Closing) -> io::Result<Option<(Vec<u8>, Vec<u8>)>> {
    job.set_nonblocking(true)?;
    let until = Instant::now() + PATIENCE;
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() || closing.wait(&[(job, PollFlags::IN)], Some(left))?.is_none() {
            return Ok(None);
        }
        match (&mut &*job).read(&mut buffer) {
            Ok(0) => return Ok(None),
            Ok(n) => bytes.extend_from_slice(&buffer[..n]),
            Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
            Err(e) => return Err(e),
        }
        if let Some(end) = head::end(&bytes) {
            let rest = bytes.split_off(end);
            return Ok(Some((bytes, rest)));
        }
        if bytes.len() > head::LONGEST {
            say(job, "431 Request Header Fields Too Large", "the head is too long")?;
            return Ok(None);
        }
    }
}

fn say_established(mut job: &TcpStream) -> io::Result<()> {
    job.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")
}

/// Answers in the proxy's own name; short enough for any socket's buffer.
fn say(mut job: &TcpStream, status: &str, why: &str) -> io::Result<()> {
    let text = format!("fairtrial: {why}\n");
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\nConnection: \
         close\r\n\r\n{text}",
        text.len()
    );
    job.write_all(answer.as_bytes())?;
    job.shutdown(std::net::Shutdown::Write)
}
