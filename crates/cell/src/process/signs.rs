//! Signs of life other than output: how much a job's processes compute, looked at as seldom as the limit allows.
//!
//! **Invariant:** what a look finds is compared with the look before it only, so that long work in the past is no sign of
//! life now.

use std::time::{Duration, Instant};

use rustix::process::Pid;

use super::Look;

/// Looks at one silence.
const LOOKS: u32 = 4;
/// From one look at the CPU to the next, at least and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));
/// Looking may take at most this share of the time.
const SHARE: u32 = 20;
/// A program that waits takes less than this share of one processor, and less than `IDLE` from one look to the next.
const COMPUTING: f64 = 0.1;
const IDLE: Duration = Duration::from_millis(30);
/// The sink is asked no more often than this.
const ASK: Duration = Duration::from_millis(50);

/// Watches one job.
#[derive(Debug)]
pub(super) struct Signs {
    root: Pid,
    pace: Option<Duration>,
    next: Duration,
    last: Option<Taken>,
    asked: Option<Duration>,
    known: bool,
}

/// CPU time taken until a moment.
#[derive(Debug, Clone, Copy)]
struct Taken {
    at: Duration,
    cpu: Duration,
}

impl Signs {
    /// Begins with the processes below `root`. Without a limit on silence it never looks at them.
    pub(super) fn new(root: Pid, stall: Option<Duration>) -> Signs {
        let pace = stall.map(|stall| (stall / LOOKS).clamp(PAUSE.0, PAUSE.1));
        Signs { root, pace, next: Duration::ZERO, last: None, asked: None, known: false }
    }

    /// Looks, when it is time; what is read costs time that `now` does not know of.
    pub(super) fn look(&mut self, now: Duration) -> Option<Look> {
        if self.asked.is_some_and(|asked| now < asked + ASK) {
            return None;
        }
        self.asked = Some(now);
        let Some(pace) = self.pace.filter(|_| now >= self.next) else {
            return Some(Look { at: now, computing: self.known.then_some(false) });
        };
        let since = Instant::now();
        let cpu = cpu(self.root);
        self.next = now + (since.elapsed() * SHARE).max(pace);
        self.known = cpu.is_some();
        Some(Look { at: now, computing: cpu.map(|cpu| self.judge(Taken { at: now, cpu })) })
    }

    /// Returns whether the time from the last look to this one was one of work. The first tells nothing.
    fn judge(&mut self, taken: Taken) -> bool {
        let Some(last) = self.last.replace(taken) else { return false };
        let wall = taken.at.saturating_sub(last.at);
        taken.cpu.saturating_sub(last.cpu) >= wall.mul_f64(COMPUTING).max(IDLE)
    }
}

#[cfg(target_os = "linux")]
fn cpu(root: Pid) -> Option<Duration> {
    crate::linux::cpu::below(root.as_raw_nonzero().get())
}

/// Nothing here tells what other processes take.
#[cfg(not(target_os = "linux"))]
fn cpu(_root: Pid) -> Option<Duration> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    fn signs(stall: Option<u64>) -> Signs {
        Signs::new(rustix::process::getpid(), stall.map(ms))
    }

    #[test]
    fn work_between_two_looks_is_a_sign_of_life_and_work_before_them_is_not() {
        let mut signs = signs(Some(4000));
        // At, CPU so far, whether that is work: the first tells nothing, a timer now and then is none.
        for (at, cpu, computing) in [
            (0, 9000, false),
            (1000, 9500, true),
            (2000, 9599, false),
            (3000, 9699, true),
            (3200, 9728, false),
            (4000, 9728, false),
            // One whose processes ended unseen.
            (5000, 100, false),
            (6000, 300, true),
        ] {
            assert_eq!(signs.judge(Taken { at: ms(at), cpu: ms(cpu) }), computing, "at {at}");
        }
    }

    #[test]
    fn the_sink_is_asked_now_and_then_and_the_cpu_read_only_where_silence_is_bounded() {
        let mut bounded = signs(Some(100_000));
        let asked: Vec<bool> = [0, 49, 50, 99, 101].map(|at| bounded.look(ms(at)).is_some()).to_vec();
        assert_eq!(asked, [true, false, true, false, true]);
        let read = bounded.look(ms(200)).unwrap();
        assert_eq!(read.computing, cfg!(target_os = "linux").then_some(false));
        assert_eq!(signs(None).look(ms(0)), Some(Look { at: ms(0), computing: None }));
    }
}
