//! Where what jobs write lies: in the room's folder, or in memory when its limit is small beside what is free.
//!
//! **Invariant:** rooms that together have a sixteenth of the free memory each cannot exhaust it.

use std::fs;
use std::io::Read;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use super::Origin;

/// A room's limit may be this share of the free memory at most.
const SHARE: u64 = 16;

/// What is written to the workspace and to the home, side by side: one overlay may take both.
pub(crate) const UPPER: &str = "written/tree";
pub(crate) const HOME: &str = "written/home";

/// A place for what jobs write.
#[derive(Debug)]
pub(super) struct Store {
    at: PathBuf,
    _memory: Option<OwnedFd>,
}

impl Store {
    /// Returns the store in `memory`, else in the room's folder. It lives in memory as long as the value does.
    pub(super) fn of(memory: Option<OwnedFd>, scratch: &Path) -> Store {
        let at = match &memory {
            Some(folder) => PathBuf::from(format!("/proc/self/fd/{}", folder.as_raw_fd())),
            None => scratch.to_owned(),
        };
        Store { at, _memory: memory }
    }

    /// Returns what was written to the workspace of the full tier.
    pub(super) fn upper(&self) -> PathBuf {
        self.at.join(UPPER)
    }

    /// Returns what was written to the home.
    pub(super) fn home(&self) -> PathBuf {
        self.at.join(HOME)
    }
}

/// Returns whether what a room's jobs write may lie in memory: not where it is to outlive the room, nor where the kernel
/// would count it as memory of the jobs, who were told of a limit on the disk.
pub(super) fn may_be_memory(origin: Origin, fenced: bool) -> bool {
    origin == Origin::Fresh && !fenced
}

/// Returns the size of a file system in memory for a room that may write `limit` bytes; `None` when its place is on
/// disk. Somewhat more than the limit, so that it is the watch that ends a job that writes too much, and says so.
pub(super) fn memory_bytes(limit: u64) -> Option<u64> {
    // What is free stands on one of the first lines.
    let mut start = [0; 512];
    let length = fs::File::open("/proc/meminfo").and_then(|mut file| file.read(&mut start)).ok()?;
    fits(limit, available(std::str::from_utf8(&start[..length]).ok()?)?)
}

fn fits(limit: u64, available: u64) -> Option<u64> {
    (limit <= available / SHARE).then(|| limit + limit / 4 + (1 << 20))
}

fn available(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_limit_is_held_in_memory_and_a_large_one_on_disk() {
        let text = "MemTotal:       64 kB\nMemAvailable:   33554432 kB\n";
        let free = available(text).unwrap();
        assert_eq!(free, 32 << 30);
        assert_eq!(fits(256 << 20, free), Some((320 << 20) + (1 << 20)));
        assert_eq!(fits(4 << 30, free), None);
        assert_eq!(available("MemTotal: 1 kB\n"), None);
    }

    #[test]
    fn what_is_written_to_the_disk_is_never_counted_as_memory() {
        assert!(may_be_memory(Origin::Fresh, false));
        for (origin, fenced) in [(Origin::Fresh, true), (Origin::ToKeep, false), (Origin::Kept, false)] {
            assert!(!may_be_memory(origin, fenced), "{origin:?} {fenced}");
        }
    }
}
