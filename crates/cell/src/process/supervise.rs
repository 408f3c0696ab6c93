//! Starts a room's warden and sees one job after another through, with one thread and no waiting without an end.
//!
//! **Invariant:** when `run` returns, nothing of the job lives, or the error says that the warden was lost.

use std::fs::File;
use std::io::{self, Read};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, WaitStatus};

use super::deadlines::{Act, Deadlines, Seen};
use super::disk::DiskWatch;
use super::doors;
use super::gone::Leaving;
use super::link::{self, Feed, Order, Report, Setup, Walls};
use super::program::spawn;
pub(crate) use super::refused::StartError;
use super::refused::{self, lost};
use super::signs::Signs;
use super::{Cancel, Continue, Exit, Happening, Job, JobEnd, Output, Stream, Talk, Why};
use crate::cgroup::Group;
use crate::room::RoomError;

/// A wish to stop is seen after this long at the latest.
const TICK: Duration = Duration::from_millis(200);
/// A warden that says nothing for so long is lost.
const PATIENCE: Duration = Duration::from_secs(30);
/// A job whose input was closed since all was said ends by itself within this time.
const FAREWELL: Duration = Duration::from_secs(10);
/// After the kill or the first process's end, a warden that has not said that all is gone is lost.
const AFTER_KILL: Duration = Duration::from_secs(5);

/// A running warden.
#[derive(Debug)]
pub(crate) struct Warden {
    process: Pid,
    link: UnixStream,
    outputs: [(Stream, File); 2],
    doors: Vec<TcpListener>,
    /// The file system in memory that takes what jobs write, where there is one.
    memory: Option<OwnedFd>,
}

/// A warden without a room yet; see `plant`.
static PLANTED: Mutex<Option<Warden>> = Mutex::new(None);

/// Splits off the warden of the first room, where this system and user can have one in namespaces; without it a room
/// starts its own. Only a program's `main` may call it, and before anything else: what the cell knows by then, such as
/// secrets, its warden would know too.
#[cfg(target_os = "linux")]
pub fn plant() {
    if rustix::process::geteuid().is_root() {
        return;
    }
    let split = Warden::connect(|[link, out, err]| crate::linux::seed::split_off(link, out, err));
    // What cannot be now is tried again, and explained, by the room.
    if let (Ok(warden), Ok(mut planted)) = (split, PLANTED.lock()) {
        *planted = Some(warden);
    }
}

/// Does nothing.
#[cfg(not(target_os = "linux"))]
pub fn plant() {
    // Elsewhere there are no namespaces.
}

impl Warden {
    /// Starts a warden and waits until its room stands.
    pub(crate) fn start(setup: &Setup, group: Option<&Group>) -> Result<Warden, StartError> {
        Warden::start_by(setup, group, spawn)
    }

    /// Starts a warden by `start` and waits until its room stands. `group` takes it, unless `start` has seen to that.
    pub(crate) fn start_by(
        setup: &Setup,
        group: Option<&Group>,
        start: impl FnOnce([OwnedFd; 3]) -> io::Result<Pid>,
    ) -> Result<Warden, StartError> {
        let mut warden = match Warden::planted(&setup.walls) {
            Some(warden) => warden,
            None => Warden::connect(start).map_err(lost("start"))?,
        };
        // It waits for its orders yet, and has no children.
        group.map_or(Ok(()), |group| group.take(warden.process)).map_err(lost("control group"))?;
        let answer =
            link::send(&mut warden.link, setup).and_then(|()| link::receive::<Report>(&mut warden.link));
        match (&setup.walls, answer) {
            (Walls::Wrapped { by, .. }, Err(error)) => Err(warden.without_walls(by, error)),
            (_, answer) => warden.opened(setup, answer.map_err(lost("walls"))?),
        }
    }

    /// Takes what a warden says first, and what it hands over then.
    fn opened(mut self, setup: &Setup, report: Report) -> Result<Warden, StartError> {
        match report {
            Report::Ready => {
                self.doors = doors::receive(&self.link, setup.doors).map_err(lost("doors"))?;
                #[cfg(target_os = "linux")]
                if matches!(&setup.walls, Walls::Full(full) if full.memory_bytes.is_some()) {
                    self.memory = super::handle::receive(&self.link).map_err(lost("memory"))?;
                }
                Ok(self)
            }
            Report::Refused { step, errno } => {
                self.end();
                Err(StartError::Refused { step, source: io::Error::from_raw_os_error(errno) })
            }
            Report::Linked { place } => {
                self.end();
                Err(StartError::Lost(RoomError::Linked { place }))
            }
            Report::Started
            | Report::NotStarted { .. }
            | Report::OverMemory
            | Report::Exited(_)
            | Report::Gone { .. } => Err(lost("order")(io::ErrorKind::InvalidData.into())),
        }
    }

    /// Ends what was started in the place of a warden and did not answer; tells whether it said that it makes no walls.
    fn without_walls(mut self, by: &str, error: io::Error) -> StartError {
        let mut said = Vec::new();
        // Whatever came is all there is: the pipe does not wait.
        let _end = self.outputs[1].1.read_to_end(&mut said);
        let code = self.leave().wait().and_then(WaitStatus::exit_status);
        refused::without_walls(by, error, code, String::from_utf8_lossy(&said).trim())
    }

    /// Returns the listening sockets of the room's loopback; they are given once.
    pub(crate) fn take_doors(&mut self) -> Vec<TcpListener> {
        std::mem::take(&mut self.doors)
    }

    /// Returns the file system in memory that takes what jobs write, where there is one; it is given once.
    pub(crate) fn take_memory(&mut self) -> Option<OwnedFd> {
        self.memory.take()
    }

    /// Takes the planted warden, which can only guard namespaces.
    fn planted(walls: &Walls) -> Option<Warden> {
        let planted = PLANTED.lock().ok()?.take()?;
        match walls {
            Walls::Full(_) => Some(planted),
            Walls::Wrapped { .. } | Walls::Plain { marker: _ } => {
                planted.end();
                None
            }
        }
    }

    /// Gives `start` a warden's link, output and error output, and keeps the other ends.
    fn connect(start: impl FnOnce([OwnedFd; 3]) -> io::Result<Pid>) -> io::Result<Warden> {
        let (link, theirs) = UnixStream::pair()?;
        link.set_read_timeout(Some(PATIENCE))?;
        link.set_write_timeout(Some(PATIENCE))?;
        let (out, out_theirs) = io::pipe()?;
        let (err, err_theirs) = io::pipe()?;
        let process = start([theirs.into(), out_theirs.into(), err_theirs.into()])?;
        let outputs = [
            (Stream::Stdout, File::from(OwnedFd::from(out))),
            (Stream::Stderr, File::from(OwnedFd::from(err))),
        ];
        for (_, file) in &outputs {
            rustix::io::ioctl_fionbio(file, true)?;
        }
        Ok(Warden { process, link, outputs, doors: Vec::new(), memory: None })
    }

    /// Runs one job to its end.
    pub(crate) fn run(
        &mut self,
        job: &Job,
        cancel: &Cancel,
        disk: &mut DiskWatch,
        sink: &mut dyn FnMut(Happening<'_>) -> Continue,
    ) -> Result<JobEnd, RoomError> {
        let lost = |source| RoomError::Warden { step: "job".to_owned(), source };
        let (stdin, talk) = Feed::of(&job.stdin);
        let (argv, env, cwd) = (job.argv.clone(), job.env.clone(), job.cwd.clone());
        link::send(&mut self.link, &Order::Run { argv, env, cwd, stdin }).map_err(lost)?;
        refused::started(link::receive(&mut self.link).map_err(lost)?, job)?;
        let watch = Watch {
            signs: Signs::new(self.process, job.stall),
            warden: self,
            deadlines: Deadlines::new(job),
            seen: Seen::default(),
            started: Instant::now(),
            killed: None,
            exited: None,
            talk,
            hung_up: None,
            sink,
        };
        watch.until_gone(cancel, disk)
    }

    /// Ends the warden, and with it every process and mount of its room.
    pub(crate) fn end(self) {
        let _status = self.leave().wait();
    }

    /// Tells the warden to end. Nothing of a job lives any more when the last has been seen through, but the walls may
    /// take tens of milliseconds to fall.
    pub(crate) fn leave(self) -> Leaving {
        // Closing the link is the order; a warden that does not follow is killed, and its walls fall.
        let _closed = self.link.shutdown(std::net::Shutdown::Both);
        Leaving::new(self.process, AFTER_KILL)
    }
}

/// One job being watched.
struct Watch<'a> {
    warden: &'a mut Warden,
    deadlines: Deadlines,
    seen: Seen,
    signs: Signs,
    started: Instant,
    killed: Option<Duration>,
    exited: Option<(Exit, Duration)>,
    /// What is said to the job, and since when no more is.
    talk: Option<Talk>,
    hung_up: Option<Duration>,
    sink: &'a mut dyn FnMut(Happening<'_>) -> Continue,
}

impl Watch<'_> {
    fn until_gone(mut self, cancel: &Cancel, disk: &mut DiskWatch) -> Result<JobEnd, RoomError> {
        let lost = |source| RoomError::Warden { step: "watch".to_owned(), source };
        self.tell(Happening::Started);
        self.pass_on().map_err(lost)?;
        let mut buffer = vec![0; 64 << 10];
        loop {
            let reported = self.wait().map_err(lost)?;
            self.read(&mut buffer)?;
            if reported && let Some(end) = self.report(&mut buffer)? {
                return Ok(end);
            }
            self.seen.cancelled = cancel.asked();
            self.seen.over_disk = self.seen.over_disk || disk.over(self.started.elapsed());
            if self.exited.is_none() {
                self.pass_on().map_err(lost)?;
                self.look();
                self.act().map_err(lost)?;
            }
            let late = |since: Duration| self.started.elapsed().saturating_sub(since) > AFTER_KILL;
            if self.killed.is_some_and(late) || self.exited.is_some_and(|(_, at)| late(at)) {
                return Err(lost(io::ErrorKind::TimedOut.into()));
            }
        }
    }

    /// Waits for output, a report or the next deadline; returns whether there is a report.
    fn wait(&self) -> io::Result<bool> {
        let now = self.started.elapsed();
        let wait = self.deadlines.next().map_or(TICK, |d| d.saturating_sub(now).min(TICK));
        // A moment longer, so that the deadline has passed when the wait is over.
        let wait = wait + Duration::from_millis(1);
        let [(_, out), (_, err)] = &self.warden.outputs;
        let mut fds = [
            PollFd::new(&self.warden.link, PollFlags::IN),
            PollFd::new(out, PollFlags::IN),
            PollFd::new(err, PollFlags::IN),
        ];
        let wait = Timespec { tv_sec: wait.as_secs() as i64, tv_nsec: i64::from(wait.subsec_nanos()) };
        match poll(&mut fds, Some(&wait)) {
            Ok(_) => Ok(!fds[0].revents().is_empty()),
            Err(rustix::io::Errno::INTR) => Ok(false),
            Err(e) => Err(e.into()),
        }
    }

    /// Reads one chunk of each stream; returns whether there was any.
    fn read(&mut self, buffer: &mut [u8]) -> Result<bool, RoomError> {
        let mut any = false;
        for n in 0..2 {
            let (stream, file) = &mut self.warden.outputs[n];
            let stream = *stream;
            let length = match file.read(buffer) {
                Ok(length) => length,
                Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => 0,
                Err(source) => return Err(RoomError::Warden { step: "output".to_owned(), source }),
            };
            if length > 0 {
                any = true;
                let now = self.started.elapsed();
                let at_ms = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
                if self.tell(Happening::Output(Output { stream, at_ms, bytes: &buffer[..length] })) {
                    self.deadlines.alive(now);
                }
            }
        }
        Ok(any)
    }

    fn report(&mut self, buffer: &mut [u8]) -> Result<Option<JobEnd>, RoomError> {
        let lost = |source| RoomError::Warden { step: "report".to_owned(), source };
        match link::receive(&mut self.warden.link).map_err(lost)? {
            Report::OverMemory => {
                self.seen.over_memory = true;
                Ok(None)
            }
            Report::Exited(exit) => {
                self.exited = Some((exit, self.started.elapsed()));
                Ok(None)
            }
            Report::Gone { cpu_seconds, peak_memory, leftovers } => {
                // All writers are dead, so that what is in the pipes is all there is.
                while self.read(buffer)? {}
                let (exit, after) = self.exited.unwrap_or((Exit::default(), self.started.elapsed()));
                let why = self.deadlines.why();
                Ok(Some(JobEnd {
                    exit,
                    why,
                    seconds: after.as_secs_f64(),
                    cpu_seconds: Some(cpu_seconds),
                    peak_memory: Some(peak_memory),
                    leftovers: if why == Why::ByItself { leftovers } else { Vec::new() },
                }))
            }
            Report::Ready
            | Report::Refused { .. }
            | Report::Linked { .. }
            | Report::Started
            | Report::NotStarted { .. } => Err(lost(io::ErrorKind::InvalidData.into())),
        }
    }

    /// Asks for signs of life other than output.
    fn look(&mut self) {
        let now = self.started.elapsed();
        if !self.deadlines.is_stopping()
            && let Some(look) = self.signs.look(now)
            && self.tell(Happening::Looked(look))
        {
            self.deadlines.alive(now);
        }
    }

    fn act(&mut self) -> io::Result<()> {
        for act in self.deadlines.due(self.started.elapsed(), self.seen) {
            let order = match act {
                Act::Say(why) => {
                    self.tell(Happening::Stopping(why));
                    self.pass_on()?;
                    continue;
                }
                // It was told in its own language.
                Act::Interrupt if self.talk.is_some() => continue,
                Act::Interrupt => Order::Interrupt,
                Act::Terminate => Order::Terminate,
                Act::Kill => {
                    self.killed = Some(self.started.elapsed());
                    Order::Kill
                }
            };
            link::send(&mut self.warden.link, &order)?;
        }
        Ok(())
    }

    /// Passes on what is to be said to the job.
    fn pass_on(&mut self) -> io::Result<()> {
        let Some(talk) = &self.talk else { return Ok(()) };
        let (text, over) = talk.take();
        if !text.is_empty() {
            link::send(&mut self.warden.link, &Order::Say(text))?;
        }
        let now = self.started.elapsed();
        if over && self.hung_up.is_none() {
            self.hung_up = Some(now);
            link::send(&mut self.warden.link, &Order::HangUp)?;
        }
        self.seen.outstayed = self.hung_up.is_some_and(|since| now.saturating_sub(since) > FAREWELL);
        Ok(())
    }

    /// Passes a happening on; returns whether it counts as a sign of life.
    fn tell(&mut self, happening: Happening<'_>) -> bool {
        match (self.sink)(happening) {
            Continue::Yes => true,
            Continue::Silent => false,
            Continue::Stop => {
                self.seen.refused = true;
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// Starts `script` as the program that makes the walls; returns what it is said to have refused.
    fn refused(script: &str) -> Option<String> {
        let setup = Setup {
            parent: 0,
            walls: Walls::Wrapped { home: "/home".into(), program: 0, by: "sh".into() },
            workspace: "/workspace".into(),
            processes: 1,
            file_bytes: 1,
            memory_bytes: None,
            doors: 0,
        };
        let warden = Warden::start_by(&setup, None, |[link, out, err]| {
            let mut command = Command::new("sh");
            let child = command.args(["-c", script]).stdin(link).stdout(out).stderr(err).spawn()?;
            Ok(Pid::from_child(&child))
        });
        match warden.map(Warden::end) {
            Err(StartError::Refused { source, .. }) => Some(source.to_string()),
            Err(StartError::Lost(RoomError::Warden { .. })) => None,
            Err(StartError::Lost(error)) => panic!("{error}"),
            Ok(()) => panic!("it never said that it was ready"),
        }
    }

    #[test]
    fn a_program_that_makes_no_walls_says_so_and_one_that_was_killed_does_not() {
        let no = "bwrap: Creating new namespace failed";
        assert_eq!(refused(&format!("echo '{no}' >&2; exit 1")).as_deref(), Some(no));
        assert_eq!(refused("kill -9 $$"), None);
        // As it tells of a warden that was killed.
        assert_eq!(refused("exit 137"), None);
    }
}
