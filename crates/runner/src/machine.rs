//! How much this machine can run at once.

use std::fs;

/// Memory that a trial is taken to need, in bytes, where nobody says.
pub const MEMORY_PER_TRIAL: u64 = 768 << 20;

/// Returns how many trials to run at once: one for each core, fewer when memory is short, at least 1.
pub fn default_jobs(memory_per_trial: u64) -> u32 {
    let cores = std::thread::available_parallelism().map_or(1, |n| n.get());
    jobs_for(cores as u64, free_memory(), memory_per_trial)
}

fn jobs_for(cores: u64, free: Option<u64>, each: u64) -> u32 {
    let by_memory = free.map_or(u64::MAX, |free| free / each.max(1));
    u32::try_from(cores.min(by_memory).max(1)).unwrap_or(u32::MAX)
}

/// Returns the bytes that new processes can have, or `None` where the system does not say.
pub fn free_memory() -> Option<u64> {
    available(&fs::read_to_string("/proc/meminfo").ok()?)
}

fn available(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn available_memory_is_read_or_unknown() {
        assert_eq!(available("MemTotal: 9 kB\nMemAvailable:   2048 kB\n"), Some(2 << 20));
        for odd in [
            "",
            "MemFree: 3 kB",
            "MemAvailable: x kB",
            "MemAvailable: 5",
            "MemAvailable: 18446744073709551615 kB",
        ] {
            assert_eq!(available(odd), None, "{odd}");
        }
    }

    #[test]
    fn jobs_follow_cores_and_memory_and_never_vanish() {
        assert_eq!(jobs_for(8, None, 1 << 30), 8);
        assert_eq!(jobs_for(8, Some(3 << 30), 1 << 30), 3);
        assert_eq!(jobs_for(8, Some(0), 1 << 30), 1);
        assert_eq!(jobs_for(0, Some(1), 0), 1);
    }
}
