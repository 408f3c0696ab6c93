//! A plain room's first process where there is no `/proc` and no subreaper: it starts each job as the leader of a process
//! group and ends that group.
//!
//! **Invariant:** when the cell is gone, so is every process that stayed in its job's group; others are not found.

use std::io;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{
    Pid, Resource, Rlimit, Signal, getrlimit, kill_process_group, setrlimit, test_kill_process_group,
};

use crate::process::Exit;
use crate::process::link::{self, Feed, Order, Report, Setup, Walls};
use crate::process::spent::spent;
use crate::process::talk::Mouth;

/// How often the first process is looked at.
const ROUND: Timespec = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };
/// What may still be ending by itself when the first process has ended is given this long.
const SETTLE: Duration = Duration::from_millis(100);
/// A group that does not die of being killed, as of zombies that nobody buries, is left after this long.
const PATIENCE: Duration = Duration::from_secs(2);

/// Serves the cell whose socket is standard input until it hangs up.
#[cfg(not(target_os = "linux"))]
pub fn serve() -> io::Result<()> {
    use std::os::fd::AsFd;
    let mut link = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let setup: Setup = link::receive(&mut link)?;
    // Keys pressed in the terminal concern the cell; it decides what becomes of jobs.
    let _already = rustix::process::setsid();
    if rustix::process::getppid().is_none_or(|p| p.as_raw_nonzero().get() != setup.parent) {
        return Err(io::Error::other("the cell is gone"));
    }
    stand(link, &setup)
}

/// Guards a room until the other side of `link` hangs up.
fn stand(mut link: UnixStream, setup: &Setup) -> io::Result<()> {
    match &setup.walls {
        Walls::Full(_) | Walls::Wrapped { .. } => {
            let errno = libc::ENOSYS;
            return link::send(&mut link, &Report::Refused { step: "namespaces".to_owned(), errno });
        }
        Walls::Plain { marker: _ } => link::send(&mut link, &Report::Ready)?,
    }
    loop {
        match link::receive(&mut link) {
            Ok(Order::Run { argv, env, cwd, stdin }) => {
                let mut command = Command::new(argv.first().map_or("", String::as_str));
                command
                    .args(argv.iter().skip(1))
                    .env_clear()
                    .envs(env)
                    .current_dir(setup.workspace.join(cwd));
                run(&mut link, command, stdin, setup.file_bytes)?;
            }
            // The job ended while the order was under way.
            Ok(Order::Interrupt | Order::Terminate | Order::Kill | Order::Say(_) | Order::HangUp) => {}
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            Err(e) => return Err(e),
        }
    }
}

fn run(link: &mut UnixStream, mut command: Command, stdin: Feed, file_bytes: u64) -> io::Result<()> {
    bind(&mut command, file_bytes);
    let used = spent();
    command.stdin(match stdin {
        Feed::Nothing => Stdio::null(),
        Feed::Text(_) | Feed::Talk => Stdio::piped(),
    });
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(e) => {
            let lasting = matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied);
            return link::send(link, &Report::NotStarted { reason: e.to_string(), lasting });
        }
    };
    let group = Group(Pid::from_child(&child));
    // A job that does not read must not hold its warden up; the thread ends with the job.
    let mouth = match (child.stdin.take(), stdin) {
        (Some(mut pipe), Feed::Text(text)) => {
            std::thread::spawn(move || io::Write::write_all(&mut pipe, text.as_bytes()));
            Mouth::default()
        }
        (pipe, Feed::Nothing | Feed::Text(_) | Feed::Talk) => Mouth::new(pipe)?,
    };
    let watched = link::send(link, &Report::Started).and_then(|()| watch(link, &mut child, &group, mouth));
    let exit = match watched {
        Ok(exit) => exit,
        Err(e) => {
            group.end();
            let _buried = child.wait();
            return Err(e);
        }
    };
    link::send(link, &Report::Exited(exit))?;
    // Names are not known here.
    let leftovers = if group.settles() { Vec::new() } else { vec!["a process".to_owned()] };
    group.end();
    let (cpu_seconds, peak_memory) = (spent().0 - used.0, spent().1);
    link::send(link, &Report::Gone { cpu_seconds, peak_memory, leftovers })
}

/// Lets `command` start as the leader of its own session, and so of a group, within bounds.
#[expect(unsafe_code, reason = "limits must be set between fork and exec")]
fn bind(command: &mut Command, file_bytes: u64) {
    let lower = |resource, to: u64| {
        let to = getrlimit(resource).maximum.map_or(to, |most| most.min(to));
        setrlimit(resource, Rlimit { current: Some(to), maximum: Some(to) })
    };
    // SAFETY: the closure makes system calls only; it neither allocates nor takes a lock.
    unsafe {
        command.pre_exec(move || {
            rustix::process::setsid()?;
            crate::process::end_as_usual();
            lower(Resource::Core, 0)?;
            Ok(lower(Resource::Fsize, file_bytes)?)
        });
    }
}

/// Waits for the first process, passing orders on.
fn watch(link: &mut UnixStream, child: &mut Child, group: &Group, mut mouth: Mouth) -> io::Result<Exit> {
    loop {
        let mut fds = [PollFd::new(&*link, PollFlags::IN)];
        match poll(&mut fds, Some(&ROUND)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(e) => return Err(e.into()),
        }
        let ordered = !fds[0].revents().is_empty();
        mouth.pass_on();
        if let Some(status) = child.try_wait()? {
            return Ok(Exit { code: status.code(), signal: status.signal() });
        }
        if ordered {
            match link::receive(link)? {
                Order::Interrupt => group.signal(Signal::INT),
                Order::Terminate => {
                    group.signal(Signal::TERM);
                    group.signal(Signal::CONT);
                }
                Order::Kill => group.signal(Signal::KILL),
                Order::Say(text) => mouth.say(&text),
                Order::HangUp => mouth.over(),
                Order::Run { .. } => return Err(io::Error::other("a second job while one runs")),
            }
        }
    }
}

/// A job's processes, as far as they stayed in its group.
struct Group(Pid);

impl Group {
    /// Sends a signal to all; that nobody is left is no error.
    fn signal(&self, signal: Signal) {
        let _gone = kill_process_group(self.0, signal);
    }

    fn lives(&self) -> bool {
        test_kill_process_group(self.0).is_ok()
    }

    /// Returns whether all end by themselves within a moment.
    fn settles(&self) -> bool {
        self.gone_within(SETTLE)
    }

    /// Kills all.
    fn end(&self) {
        self.signal(Signal::KILL);
        self.gone_within(PATIENCE);
    }

    fn gone_within(&self, limit: Duration) -> bool {
        let since = Instant::now();
        while self.lives() {
            if since.elapsed() > limit {
                return false;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::PathBuf;

    use super::*;

    /// A warden in a thread; returns the cell's end of its link.
    fn warden() -> (UnixStream, std::thread::JoinHandle<io::Result<()>>) {
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        let setup = Setup {
            parent: 0,
            walls: Walls::Plain { marker: "portable".to_owned() },
            workspace: std::env::temp_dir(),
            processes: 10,
            file_bytes: 1 << 20,
            doors: 0,
            memory_bytes: None,
        };
        let guard = std::thread::spawn(move || stand(theirs, &setup));
        assert!(matches!(link::receive(&mut ours).unwrap(), Report::Ready));
        (ours, guard)
    }

    fn order(link: &mut UnixStream, argv: &[&str], stdin: Option<&str>) -> Report {
        let argv = argv.iter().map(|a| (*a).to_owned()).collect();
        let env = BTreeMap::from([("PATH".to_owned(), "/usr/bin:/bin".to_owned())]);
        let stdin = stdin.map_or(Feed::Nothing, |text| Feed::Text(text.to_owned()));
        link::send(link, &Order::Run { argv, env, cwd: PathBuf::new(), stdin }).unwrap();
        link::receive(link).unwrap()
    }

    /// Returns how the job ended and what outlived it.
    fn end(link: &mut UnixStream) -> (Exit, Vec<String>) {
        let Report::Exited(exit) = link::receive(link).unwrap() else { panic!("it did not end") };
        let Report::Gone { leftovers, .. } = link::receive(link).unwrap() else { panic!("it is not gone") };
        (exit, leftovers)
    }

    #[test]
    fn jobs_run_one_after_another_and_what_outlives_one_is_killed() {
        let (mut link, guard) = warden();
        assert!(matches!(order(&mut link, &["sh", "-c", "test \"$(cat)\" = x"], Some("x")), Report::Started));
        assert_eq!(end(&mut link), (Exit { code: Some(0), signal: None }, vec![]));
        assert!(matches!(order(&mut link, &["sh", "-c", "sleep 50 & exit 3"], None), Report::Started));
        assert_eq!(end(&mut link), (Exit { code: Some(3), signal: None }, vec!["a process".to_owned()]));
        drop(link);
        guard.join().unwrap().unwrap();
    }

    #[test]
    fn a_job_is_asked_and_killed_with_its_group() {
        let (mut link, guard) = warden();
        let dir = tempfile::tempdir().unwrap();
        let ready = dir.path().join("ready");
        let deaf = "trap '' INT TERM; : > \"$0\"; while :; do sleep 50; done";
        let argv = ["sh", "-c", deaf, ready.to_str().unwrap()];
        assert!(matches!(order(&mut link, &argv, None), Report::Started));
        while !ready.exists() {
            std::thread::sleep(Duration::from_millis(5));
        }
        for order in [Order::Interrupt, Order::Terminate, Order::Kill] {
            link::send(&mut link, &order).unwrap();
        }
        assert_eq!(end(&mut link).0, Exit { code: None, signal: Some(9) });
        drop(link);
        guard.join().unwrap().unwrap();
    }

    #[test]
    fn a_cell_that_is_gone_takes_its_job_along() {
        let (mut link, guard) = warden();
        assert!(matches!(order(&mut link, &["sleep", "50"], None), Report::Started));
        let since = Instant::now();
        drop(link);
        assert!(guard.join().unwrap().is_err());
        assert!(since.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn a_missing_program_is_told_as_lasting() {
        let (mut link, _guard) = warden();
        assert!(matches!(
            order(&mut link, &["no-such-program"], None),
            Report::NotStarted { lasting: true, .. }
        ));
    }
}
