//! Waits for the end of a child.

use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, kill_process, waitpid};

/// A child that was told to end, and has not been waited for.
#[derive(Debug)]
pub(crate) struct Leaving {
    process: Pid,
    patience: Duration,
}

impl Leaving {
    /// A child that has so long to end by itself.
    pub(super) fn new(process: Pid, patience: Duration) -> Leaving {
        Leaving { process, patience }
    }

    /// Waits until it is gone; kills it when it does not go. Returns how it ended, where that can be known.
    pub(crate) fn wait(self) -> Option<WaitStatus> {
        if !gone_within(self.process, self.patience) {
            let _dead = kill_process(self.process, Signal::KILL);
        }
        loop {
            match waitpid(Some(self.process), WaitOptions::empty()) {
                Err(Errno::INTR) => {}
                other => return other.ok().flatten().map(|(_, status)| status),
            }
        }
    }
}

/// Waits for a child's end, at most so long; returns whether it came. Where the system tells of it, nothing is spent on
/// waiting: a room's walls take tens of milliseconds to fall.
fn gone_within(child: Pid, limit: Duration) -> bool {
    let since = Instant::now();
    loop {
        let left = limit.saturating_sub(since.elapsed());
        if told_of_end(child, left) {
            return true;
        }
        if left.is_zero() {
            return false;
        }
    }
}

/// Waits until the child ends, a signal comes or the time is over; returns whether it has ended. It is left unburied.
#[cfg(target_os = "linux")]
fn told_of_end(child: Pid, limit: Duration) -> bool {
    use rustix::process::{PidfdFlags, pidfd_open};
    let Ok(seen) = pidfd_open(child, PidfdFlags::empty()) else { return true };
    let wait = Timespec { tv_sec: limit.as_secs() as i64, tv_nsec: i64::from(limit.subsec_nanos()) };
    matches!(poll(&mut [PollFd::new(&seen, PollFlags::IN)], Some(&wait)), Ok(ready) if ready > 0)
}

/// Looks whether the child has ended, after a moment; leaves it unburied.
#[cfg(not(target_os = "linux"))]
fn told_of_end(child: Pid, _limit: Duration) -> bool {
    use rustix::process::{WaitId, WaitIdOptions, waitid};
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    std::thread::sleep(Duration::from_millis(1));
    !matches!(waitid(WaitId::Pid(child), look), Ok(None))
}
