//! Watches how much memory a room's processes take, as seldom as looking is dear. Files in memory, such as those of
//! the full tier's `/tmp`, count only while a process maps them; their own bound is the size of that file system.

use std::fs;
use std::time::{Duration, Instant};

use super::family::Family;

/// Looking may take at most this share of the time.
const SHARE: u32 = 20;
/// From one look to the next at least.
const PAUSE: Duration = Duration::from_millis(100);

/// What a look found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing to report, or nothing new.
    Within,
    /// More than the limit; said once.
    Over,
    /// More than twice the limit: no time for a polite end.
    FarOver,
}

/// Watches one job.
#[derive(Debug)]
pub(super) struct MemoryWatch {
    limit: Option<u64>,
    next: Instant,
    said: bool,
}

impl MemoryWatch {
    /// Begins; without a limit it never looks.
    pub(super) fn new(limit: Option<u64>) -> MemoryWatch {
        MemoryWatch { limit, next: Instant::now(), said: false }
    }

    /// Looks, when it is time.
    pub(super) fn look(&mut self, family: &Family) -> Found {
        let Some(limit) = self.limit else { return Found::Within };
        let since = Instant::now();
        if since < self.next {
            return Found::Within;
        }
        let taken = taken(family, limit);
        self.next = Instant::now() + (since.elapsed() * SHARE).max(PAUSE);
        self.judge(taken, limit)
    }

    fn judge(&mut self, taken: u64, limit: u64) -> Found {
        if taken > limit.saturating_mul(2) {
            return Found::FarOver;
        }
        if taken > limit && !self.said {
            self.said = true;
            return Found::Over;
        }
        Found::Within
    }
}

/// Returns bytes in memory of all members. What they share is counted once where that decides: asking for it is dear.
fn taken(family: &Family, limit: u64) -> u64 {
    let members = family.members();
    let resident: Vec<(i32, u64)> = members.iter().map(|m| (m.pid, resident(m.pid))).collect();
    let total = resident.iter().map(|(_, bytes)| bytes).sum();
    if total <= limit {
        return total;
    }
    resident.into_iter().map(|(pid, bytes)| proportional(pid).unwrap_or(bytes)).sum()
}

fn resident(pid: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok();
    status.and_then(|text| kilobytes(&text, "VmRSS:")).unwrap_or(0)
}

/// Returns a process's share; `None` where it has made itself unreadable or is gone.
fn proportional(pid: i32) -> Option<u64> {
    kilobytes(&fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?, "Pss:")
}

/// Reads the line `name    42 kB` as bytes.
fn kilobytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_read_and_what_is_no_share_is_none() {
        let text = "55-77 ---p 00 00:00 0 [rollup]\nRss:     3032 kB\nPss:      420 kB\nPss_Dirty: 9 kB\n";
        assert_eq!(kilobytes(text, "Pss:"), Some(420 * 1024));
        assert_eq!(kilobytes("Rss: 3032 kB\n", "Pss:"), None);
        assert_eq!(kilobytes("Pss: many kB\n", "Pss:"), None);
    }

    #[test]
    fn over_is_said_once_and_far_over_until_it_ends() {
        let mut watch = MemoryWatch::new(Some(10));
        let said: Vec<Found> = [10, 11, 19, 21, 22, 5].map(|taken| watch.judge(taken, 10)).to_vec();
        assert_eq!(
            said,
            [Found::Within, Found::Over, Found::Within, Found::FarOver, Found::FarOver, Found::Within]
        );
    }

    #[test]
    fn this_process_takes_memory_and_none_that_is_not_there() {
        let me = rustix::process::getpid().as_raw_nonzero().get();
        assert!(resident(me) > 100_000);
        assert!(proportional(me).is_some_and(|share| share > 10_000 && share <= resident(me) * 2));
        assert_eq!((resident(i32::MAX), proportional(i32::MAX)), (0, None));
    }
}
