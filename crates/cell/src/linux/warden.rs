//! A room's first process: it makes the walls, starts jobs, and sees to it that nothing outlives them.
//!
//! **Invariant:** it has one thread and an empty environment; when the cell is gone, so is everything here.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, WaitOptions};

use super::confine::{self, Bounds};
use super::family::Family;
use super::memory::{Found, MemoryWatch};
use super::{At, Refusal, namespaces, root};
use crate::process::Exit;
use crate::process::link::{self, Order, Report, Setup, Walls};
use crate::process::spent::spent;

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
    if rustix::process::getppid().is_none_or(|p| p.as_raw_nonzero().get() != setup.parent) {
        return Err(io::Error::other("the cell is gone"));
    }
    match &setup.walls {
        Walls::Plain { marker } => {
            let family = Family::Marked(marker.clone());
            let ready = plain();
            Guard { link, family, setup: &setup }.stand(ready)
        }
        Walls::Full(room) => {
            // In the plain tier the warden must live on to kill what it guards; here the walls fall with it.
            rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
            if let Err(refused) = namespaces::enter(room.host_network) {
                return refuse(&mut link, &refused);
            }
            if let Some(child) = namespaces::fork()? {
                drop(link);
                return wait_for(child);
            }
            let ready = rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
                .at("death with the cell")
                .and_then(|()| root::enter(room, &setup.workspace))
                .and_then(|()| confine::give_up_rights());
            Guard { link, family: Family::Namespace, setup: &setup }.stand(ready)
        }
    }
}

fn plain() -> Result<(), Refusal> {
    rustix::process::set_child_subreaper(Some(rustix::process::getpid())).at("subreaper")?;
    rustix::thread::set_no_new_privs(true).at("no new privileges")?;
    confine::hide()
}

fn refuse(link: &mut UnixStream, refused: &Refusal) -> io::Result<()> {
    let errno = refused.source.raw_os_error().unwrap_or(libc::EIO);
    link::send(link, &Report::Refused { step: refused.step.clone(), errno })
}

fn wait_for(child: i32) -> io::Result<()> {
    loop {
        match rustix::process::waitpid(Pid::from_raw(child), WaitOptions::empty()) {
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
}

impl Guard<'_> {
    fn stand(mut self, ready: Result<(), Refusal>) -> io::Result<()> {
        if let Err(refused) = ready {
            return refuse(&mut self.link, &refused);
        }
        link::send(&mut self.link, &Report::Ready)?;
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
                    let mut command = Command::new(argv.first().map_or("", String::as_str));
                    command.args(argv.iter().skip(1)).env_clear().envs(env);
                    command.current_dir(self.setup.workspace.join(cwd));
                    self.run(command, stdin)?;
                }
                // The job ended while the order was under way.
                Order::Interrupt | Order::Terminate | Order::Kill => {}
            }
        }
    }

    fn run(&mut self, mut command: Command, stdin: Option<String>) -> io::Result<()> {
        let processes = match self.family {
            // This process and its parent count too.
            Family::Namespace => Some(self.setup.processes.saturating_add(2)),
            // The count would include every process of the user.
            Family::Marked(_) | Family::Carrying(_) => None,
        };
        confine::bind(&mut command, Bounds { processes, file_bytes: self.setup.file_bytes });
        let used = spent();
        let child = stdin_of(stdin).and_then(|input| command.stdin(input).spawn());
        let leader = match child {
            Ok(child) => Pid::from_child(&child),
            Err(e) => {
                let lasting = is_lasting(&e);
                return link::send(&mut self.link, &Report::NotStarted { reason: e.to_string(), lasting });
            }
        };
        link::send(&mut self.link, &Report::Started)?;
        let exit = self.watch(leader)?;
        link::send(&mut self.link, &Report::Exited(exit))?;
        let leftovers = self.leftovers();
        self.empty();
        let (cpu_seconds, peak_memory) = (spent().0 - used.0, spent().1);
        link::send(&mut self.link, &Report::Gone { cpu_seconds, peak_memory, leftovers })
    }

    /// Waits for the first process, burying orphans, watching memory and passing orders on.
    fn watch(&mut self, leader: Pid) -> io::Result<Exit> {
        let seen = rustix::process::pidfd_open(leader, PidfdFlags::empty())?;
        let mut memory = MemoryWatch::new(self.setup.memory_bytes);
        loop {
            let mut fds = [PollFd::new(&self.link, PollFlags::IN), PollFd::new(&seen, PollFlags::IN)];
            match poll(&mut fds, Some(&ROUND)) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(e) => return Err(e.into()),
            }
            let ordered = !fds[0].revents().is_empty();
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

fn stdin_of(text: Option<String>) -> io::Result<Stdio> {
    let Some(text) = text else { return Ok(Stdio::null()) };
    let file: OwnedFd = rustix::fs::memfd_create("stdin", rustix::fs::MemfdFlags::CLOEXEC)?;
    let mut file = std::fs::File::from(file);
    io::Write::write_all(&mut file, text.as_bytes())?;
    io::Seek::rewind(&mut file)?;
    Ok(file.into())
}
