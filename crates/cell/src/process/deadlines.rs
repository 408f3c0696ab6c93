//! When a job must be stopped and how hard: values in, values out, no clock.
//!
//! **Invariant:** from the polite stop to the kill three quarters of the grace pass,
//! so that nothing lives when it is over, on a busy machine too.

use std::time::Duration;

use super::{Job, Why};

/// Shares of the grace after which every process is asked, and killed.
const ASK_ALL: f64 = 0.4;
const KILL: f64 = 0.75;

/// What is known about a job at one moment.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen {
    pub(super) cancelled: bool,
    pub(super) over_disk: bool,
    pub(super) over_memory: bool,
    pub(super) refused: bool,
    pub(super) outstayed: bool,
}

/// What is to be done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    /// Say why it is being stopped; always followed by `Interrupt`, which a job that is talked to does not get.
    Say(Why),
    /// Ask the first process politely.
    Interrupt,
    /// Ask every process.
    Terminate,
    /// Kill every process.
    Kill,
}

/// A job's limits and how far stopping it has come.
#[derive(Debug)]
pub(super) struct Deadlines {
    timeout: Duration,
    stall: Option<Duration>,
    grace: Duration,
    last_sign: Duration,
    stopping: Option<Stopping>,
}

#[derive(Debug)]
struct Stopping {
    why: Why,
    since: Duration,
    done: Step,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Interrupted,
    Terminated,
    Killed,
}

impl Deadlines {
    pub(super) fn new(job: &Job) -> Deadlines {
        Deadlines {
            timeout: job.timeout,
            stall: job.stall,
            grace: job.grace,
            last_sign: Duration::ZERO,
            stopping: None,
        }
    }

    /// Takes note of a sign of life at `now`, counted from the job's start as everywhere here.
    pub(super) fn alive(&mut self, now: Duration) {
        self.last_sign = now;
    }

    /// Returns whether the job is being stopped.
    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.is_some()
    }

    /// Returns why the job is being stopped; `ByItself` when it is not.
    pub(super) fn why(&self) -> Why {
        self.stopping.as_ref().map_or(Why::ByItself, |s| s.why)
    }

    /// Returns what is to be done at `now`; each act once.
    pub(super) fn due(&mut self, now: Duration, seen: Seen) -> Vec<Act> {
        let Some(stopping) = &mut self.stopping else {
            let Some(why) = self.reason(now, seen) else { return Vec::new() };
            self.stopping = Some(Stopping { why, since: now, done: Step::Interrupted });
            return vec![Act::Say(why), Act::Interrupt];
        };
        let waited = now.saturating_sub(stopping.since);
        if stopping.done == Step::Interrupted && waited >= self.grace.mul_f64(ASK_ALL) {
            stopping.done = Step::Terminated;
            return vec![Act::Terminate];
        }
        if stopping.done == Step::Terminated && waited >= self.grace.mul_f64(KILL) {
            stopping.done = Step::Killed;
            return vec![Act::Kill];
        }
        Vec::new()
    }

    /// Returns the moment of the next act, if nothing else happens; `None` when there is none left.
    pub(super) fn next(&self) -> Option<Duration> {
        match &self.stopping {
            None => Some(self.stall.map_or(self.timeout, |s| self.timeout.min(self.last_sign + s))),
            Some(s) => match s.done {
                Step::Interrupted => Some(s.since + self.grace.mul_f64(ASK_ALL)),
                Step::Terminated => Some(s.since + self.grace.mul_f64(KILL)),
                Step::Killed => None,
            },
        }
    }

    fn reason(&self, now: Duration, seen: Seen) -> Option<Why> {
        if seen.cancelled {
            Some(Why::Cancelled)
        } else if seen.refused {
            Some(Why::Refused)
        } else if seen.outstayed {
            Some(Why::Outstayed)
        } else if seen.over_disk {
            Some(Why::DiskLimit)
        } else if seen.over_memory {
            Some(Why::MemoryLimit)
        } else if now >= self.timeout {
            Some(Why::TimedOut)
        } else if self.stall.is_some_and(|s| now >= self.last_sign + s) {
            Some(Why::Stalled)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::PathBuf;

    use super::super::Stdin;
    use super::*;

    const fn sec(s: u64) -> Duration {
        Duration::from_secs(s)
    }

    fn job(timeout: u64, stall: Option<u64>) -> Deadlines {
        Deadlines::new(&Job {
            argv: vec!["x".into()],
            env: BTreeMap::new(),
            cwd: PathBuf::new(),
            stdin: Stdin::Null,
            timeout: sec(timeout),
            stall: stall.map(sec),
            grace: sec(10),
        })
    }

    #[test]
    fn a_job_is_asked_then_told_then_killed_each_once() {
        let mut d = job(60, None);
        let acts: Vec<_> = (58..75).flat_map(|s| d.due(sec(s), Seen::default())).collect();
        assert_eq!(acts, [Act::Say(Why::TimedOut), Act::Interrupt, Act::Terminate, Act::Kill]);
        assert_eq!(d.why(), Why::TimedOut);
    }

    #[test]
    fn the_kill_comes_before_the_grace_is_over() {
        let mut d = job(60, None);
        assert_eq!(d.next(), Some(sec(60)));
        d.due(sec(60), Seen::default());
        assert_eq!(d.next(), Some(sec(64)));
        assert_eq!(d.due(sec(64), Seen::default()), [Act::Terminate]);
        assert_eq!(d.next(), Some(Duration::from_millis(67_500)));
        assert_eq!(d.due(sec(68), Seen::default()), [Act::Kill]);
        assert_eq!(d.next(), None);
    }

    #[test]
    fn a_sign_of_life_puts_a_stall_off_but_not_the_limit() {
        let mut d = job(60, Some(10));
        d.alive(sec(9));
        assert_eq!(d.due(sec(18), Seen::default()), []);
        assert_eq!(d.due(sec(19), Seen::default()), [Act::Say(Why::Stalled), Act::Interrupt]);
        let mut chatty = job(60, Some(10));
        chatty.alive(sec(59));
        assert_eq!(chatty.next(), Some(sec(60)));
        assert_eq!(chatty.due(sec(60), Seen::default()), [Act::Say(Why::TimedOut), Act::Interrupt]);
    }

    #[test]
    fn a_cancel_outranks_a_limit_and_the_first_reason_stays() {
        let mut d = job(60, None);
        let cancelled = Seen { cancelled: true, ..Seen::default() };
        assert_eq!(d.due(sec(61), cancelled)[0], Act::Say(Why::Cancelled));
        d.due(sec(62), Seen { over_disk: true, ..Seen::default() });
        assert_eq!(d.why(), Why::Cancelled);
    }
}
