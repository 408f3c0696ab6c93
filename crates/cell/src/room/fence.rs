//! What a room's control group adds to what its warden tells of a job.

use crate::cgroup::Group;
use crate::process::{JobEnd, Why};

/// A group's counts before a job.
pub(super) struct Before {
    cpu_seconds: Option<f64>,
    killed: u64,
}

impl Before {
    /// Reads them.
    pub(super) fn of(group: &Group) -> Before {
        Before { cpu_seconds: group.cpu_seconds(), killed: group.killed() }
    }

    /// Puts the kernel's counts in the place of the warden's, which knows only of processes that were buried.
    pub(super) fn settle(self, group: &Group, end: &mut JobEnd) {
        if let (Some(before), Some(now)) = (self.cpu_seconds, group.cpu_seconds()) {
            end.cpu_seconds = Some(now - before);
        }
        end.peak_memory = group.peak().or(end.peak_memory);
        if end.why == Why::ByItself && group.killed() > self.killed {
            end.why = Why::MemoryLimit;
        }
    }
}
