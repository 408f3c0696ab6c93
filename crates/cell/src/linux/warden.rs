//! A room's first process: it makes the walls, starts jobs, and sees to it that nothing outlives them.
//!
//! **Invariant:** it has one thread and an empty environment; when the cell is gone, so is everything here.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Gid, Pid, PidfdFlags, Signal, Uid, WaitOptions};

use super::confine::{self, Bounds};
use super::family::Family;
use super::memory::{Found, MemoryWatch};
use super::{At, Refusal, filter, namespaces, root, second, start, wrapping};
use crate::process::link::{self, Feed, Full, Order, Report, Setup, Walls};
use crate::process::spent::spent;
use crate::process::talk::Mouth;
use crate::process::{Exit, doors, handle};

/// How often orphans are buried while a job runs.
const ROUND: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };
/// What may still be ending by itself when the first process has ended is given this long.
const SETTLE: Duration = Duration::from_millis(100);

/// Serves the cell whose socket is standard input until it hangs up.
pub fn serve() -> io::Result<()> {
    let mut link = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let setup: Setup = link::receive(&mut link)?;
    // Keys pressed in the terminal concern the cell; it decides what becomes of jobs.
    let _already = rustix::process::setsid();
    let wrapped = matches!(setup.walls, Walls::Wrapped { .. });
    // Within walls of another's the cell cannot be seen; there the link alone tells of its end.
    if !wrapped && rustix::process::getppid().is_none_or(|p| p.as_raw_nonzero().get() != setup.parent) {
        return Err(io::Error::other("the cell is gone"));
    }
    match &setup.walls {
        Walls::Wrapped { home, program, .. } => {
            let ready = wrapping::arrive(*program).and_then(|()| confined(home, &setup));
            Guard { link, family: Family::Namespace, setup: &setup, bound: false }.stand(ready)
        }
        Walls::Plain { marker } => {
            let family = Family::Marked(marker.clone());
            let ready = plain().map(|()| Opened::default());
            Guard { link, family, setup: &setup, bound: false }.stand(ready)
        }
        Walls::Full(room) => {
            // In the plain tier the warden must live on to kill what it guards; here the walls fall with it.
            rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
            let (uid, gid) = (rustix::process::geteuid(), rustix::process::getegid());
            match namespaces::split() {
                Err(e) => refuse(&mut link, &Refusal::Step { step: "new namespaces".to_owned(), source: e }),
                Ok(Some(first)) => {
                    drop(link);
                    wait_for(first)
                }
                Ok(None) => {
                    let ready = arrive(uid, gid).and_then(|()| walls(room, &setup));
                    Guard { link, family: Family::Namespace, setup: &setup, bound: false }.stand(ready)
                }
            }
        }
    }
}

/// Serves the cell at the other end of `link` as the first process of namespaces that this process was born into, for
/// the user with these ids outside.
pub(super) fn serve_born(mut link: UnixStream, uid: Uid, gid: Gid) -> io::Result<()> {
    let arrived = arrive(uid, gid);
    let setup: Setup = match link::receive(&mut link) {
        // No room was wanted.
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
        other => other?,
    };
    let ready = match &setup.walls {
        Walls::Full(room) => arrived.and_then(|()| walls(room, &setup)),
        Walls::Wrapped { .. } | Walls::Plain { marker: _ } => {
            Err(io::Error::from(io::ErrorKind::InvalidInput)).at("walls")
        }
    };
    Guard { link, family: Family::Namespace, setup: &setup, bound: false }.stand(ready)
}

/// Settles as a first process. Should the cell be gone already, the link says so.
fn arrive(uid: Uid, gid: Gid) -> Result<(), Refusal> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL)).at("death with the cell")?;
    namespaces::become_inner(uid, gid)
}

/// What is handed to the cell when a room stands.
#[derive(Default)]
struct Opened {
    /// Listening on the room's own loopback.
    doors: Vec<TcpListener>,
    /// The file system in memory that takes what jobs write, where there is one.
    memory: Option<OwnedFd>,
}

/// Builds the walls of a room around this process, and opens its doors.
fn walls(room: &Full, setup: &Setup) -> Result<Opened, Refusal> {
    namespaces::complete(room.host_network)?;
    // While it still may, and where the room's own loopback is.
    let doors = open_doors(setup)?;
    let memory = root::enter(room, &setup.workspace)?;
    confine::give_up_rights()?;
    second::apply(&root::writable(&room.home_inside, &setup.workspace))?;
    filter::apply()?;
    Ok(Opened { doors, memory })
}

/// Does what is left to do within walls that another program has made.
fn confined(home: &Path, setup: &Setup) -> Result<Opened, Refusal> {
    let doors = open_doors(setup)?;
    confine::hide()?;
    second::apply(&root::writable(home, &setup.workspace))?;
    filter::apply()?;
    Ok(Opened { doors, memory: None })
}

fn open_doors(setup: &Setup) -> Result<Vec<TcpListener>, Refusal> {
    let doors = (0..setup.doors).map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
    doors.collect::<io::Result<_>>().at("doors")
}

fn plain() -> Result<(), Refusal> {
    rustix::process::set_child_subreaper(Some(rustix::process::getpid())).at("subreaper")?;
    rustix::thread::set_no_new_privs(true).at("no new privileges")?;
    confine::hide()
}

fn refuse(link: &mut UnixStream, refused: &Refusal) -> io::Result<()> {
    let report = match refused {
        Refusal::Step { step, source } => {
            Report::Refused { step: step.clone(), errno: source.raw_os_error().unwrap_or(libc::EIO) }
        }
        Refusal::Linked { place } => Report::Linked { place: place.clone() },
    };
    link::send(link, &report)
}

fn wait_for(child: Pid) -> io::Result<()> {
    loop {
        match rustix::process::waitpid(Some(child), WaitOptions::empty()) {
            Err(rustix::io::Errno::INTR) => {}
            Err(e) => return Err(e.into()),
            Ok(_) => return Ok(()),
        }
    }
}

/// The warden at its post.
struct Guard<'a> {
    link: UnixStream,
    family: Family,
    setup: &'a Setup,
    /// Whether this process is within the bounds of its jobs already.
    bound: bool,
}

impl Guard<'_> {
    fn stand(mut self, ready: Result<Opened, Refusal>) -> io::Result<()> {
        let opened = match ready {
            Ok(opened) => opened,
            Err(refused) => return refuse(&mut self.link, &refused),
        };
        link::send(&mut self.link, &Report::Ready)?;
        doors::send(&self.link, &opened.doors)?;
        if matches!(&self.setup.walls, Walls::Full(room) if room.memory_bytes.is_some()) {
            handle::send(&self.link, opened.memory.as_ref())?;
        }
        // Only the cell may accept: a job must not find them here.
        drop(opened);
        let end = self.obey();
        self.empty();
        match end {
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Ok(()),
            other => other,
        }
    }

    fn obey(&mut self) -> io::Result<()> {
        loop {
            match link::receive(&mut self.link)? {
                Order::Run { argv, env, cwd, stdin } => {
                    let mut command = start::command(&argv, env, &self.setup.workspace.join(cwd));
                    self.run(&mut command, stdin)?;
                }
                // The job ended while the order was under way.
                Order::Interrupt | Order::Terminate | Order::Kill | Order::Say(_) | Order::HangUp => {}
            }
        }
    }

    fn run(&mut self, command: &mut Command, stdin: Feed) -> io::Result<()> {
        let used = spent();
        let child = stdin_of(stdin).and_then(|input| {
            self.bind(command)?;
            command.stdin(input).spawn()
        });
        let (leader, mouth) = match child {
            Ok(mut child) => (Pid::from_child(&child), Mouth::new(child.stdin.take())?),
            Err(e) => {
                let lasting = is_lasting(&e);
                return link::send(&mut self.link, &Report::NotStarted { reason: e.to_string(), lasting });
            }
        };
        link::send(&mut self.link, &Report::Started)?;
        let exited = Report::Exited(self.watch(leader, mouth)?);
        let gone = |leftovers| {
            let (cpu_seconds, peak_memory) = spent();
            Report::Gone { cpu_seconds: cpu_seconds - used.0, peak_memory, leftovers }
        };
        bury(None);
        if self.family.is_empty() {
            return link::send_all(&mut self.link, &[exited, gone(Vec::new())]);
        }
        link::send(&mut self.link, &exited)?;
        let leftovers = self.leftovers();
        self.empty();
        link::send(&mut self.link, &gone(leftovers))
    }

    /// Sets the bounds of jobs and what signals do to them: on this process, from which they inherit, or on the job between
    /// fork and exec, which is dearer.
    fn bind(&mut self, command: &mut Command) -> io::Result<()> {
        let file_bytes = self.setup.file_bytes;
        match self.family {
            Family::Namespace => {
                if !std::mem::replace(&mut self.bound, true) {
                    // This process counts too.
                    let processes = Some(self.setup.processes.saturating_add(1));
                    Bounds { processes, file_bytes }.set()?;
                    crate::process::end_as_usual();
                }
                command.process_group(0);
            }
            // A limit on processes would count every process of the user.
            Family::Marked(_) | Family::Carrying(_) => {
                confine::lead(command, Bounds { processes: None, file_bytes });
            }
        }
        Ok(())
    }

    /// Waits for the first process, burying orphans, watching memory and passing orders on.
    fn watch(&mut self, leader: Pid, mut mouth: Mouth) -> io::Result<Exit> {
        let seen = rustix::process::pidfd_open(leader, PidfdFlags::empty())?;
        let mut memory = MemoryWatch::new(self.setup.memory_bytes);
        loop {
            let mut fds = vec![PollFd::new(&self.link, PollFlags::IN), PollFd::new(&seen, PollFlags::IN)];
            fds.extend(mouth.waits().map(|pipe| PollFd::from_borrowed_fd(pipe, PollFlags::OUT)));
            match poll(&mut fds, Some(&ROUND)) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(e) => return Err(e.into()),
            }
            let ordered = !fds[0].revents().is_empty();
            mouth.pass_on();
            if let Some(exit) = bury(Some(leader)) {
                return Ok(exit);
            }
            match memory.look(&self.family) {
                Found::Within => {}
                Found::Over => link::send(&mut self.link, &Report::OverMemory)?,
                Found::FarOver => {
                    link::send(&mut self.link, &Report::OverMemory)?;
                    self.family.signal(Signal::KILL);
                }
            }
            if ordered {
                match link::receive(&mut self.link)? {
                    // It may have ended this moment.
                    Order::Interrupt => drop(rustix::process::kill_process_group(leader, Signal::INT)),
                    Order::Terminate => {
                        self.family.signal(Signal::TERM);
                        self.family.signal(Signal::CONT);
                    }
                    Order::Kill => self.family.signal(Signal::KILL),
                    Order::Say(text) => mouth.say(&text),
                    Order::HangUp => mouth.over(),
                    Order::Run { .. } => return Err(io::Error::other("a second job while one runs")),
                }
            }
        }
    }

    /// Names what still lives after a moment to settle.
    fn leftovers(&self) -> Vec<String> {
        let since = Instant::now();
        loop {
            bury(None);
            if self.family.is_empty() {
                return Vec::new();
            }
            let members = self.family.members();
            if since.elapsed() > SETTLE {
                let mut names: Vec<String> = members.into_iter().map(|m| m.name).collect();
                names.sort_unstable();
                return names;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Kills until nothing lives.
    fn empty(&self) {
        loop {
            bury(None);
            if self.family.is_empty() {
                return;
            }
            self.family.signal(Signal::KILL);
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

/// Takes note of ended processes; returns how `leader` ended, when it is among them.
fn bury(leader: Option<Pid>) -> Option<Exit> {
    let mut exit = None;
    while let Ok(Some((pid, status))) = rustix::process::wait(WaitOptions::NOHANG) {
        if Some(pid) == leader {
            exit = Some(Exit { code: status.exit_status(), signal: status.terminating_signal() });
        }
    }
    exit
}

/// Returns whether it is the program that cannot be started, and not a machine that is short of something.
fn is_lasting(error: &io::Error) -> bool {
    let program = [libc::ENOENT, libc::ENOTDIR, libc::EACCES, libc::ENOEXEC, libc::ELOOP, libc::EINVAL];
    error.raw_os_error().is_none_or(|number| program.contains(&number))
}

fn stdin_of(feed: Feed) -> io::Result<Stdio> {
    let text = match feed {
        Feed::Nothing => return Ok(Stdio::null()),
        Feed::Talk => return Ok(Stdio::piped()),
        Feed::Text(text) => text,
    };
    let file: OwnedFd = rustix::fs::memfd_create("stdin", rustix::fs::MemfdFlags::CLOEXEC)?;
    let mut file = std::fs::File::from(file);
    io::Write::write_all(&mut file, text.as_bytes())?;
    io::Seek::rewind(&mut file)?;
    Ok(file.into())
}
