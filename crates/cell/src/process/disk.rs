//! Watches how much folders grow, as seldom as looking is dear.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Looking may take at most this share of the time.
const SHARE: u32 = 20;

/// Watches folders.
#[derive(Debug)]
pub(crate) struct DiskWatch {
    folders: Vec<PathBuf>,
    start: u64,
    limit: u64,
    next: Duration,
}

impl DiskWatch {
    /// Measures `folders` now; they may grow by `limit` bytes in all.
    pub(crate) fn new(folders: Vec<PathBuf>, limit: u64) -> DiskWatch {
        let start = size(&folders);
        DiskWatch { folders, start, limit, next: Duration::ZERO }
    }

    /// Begins anew with another job, whose time starts at nothing.
    pub(crate) fn restart(&mut self) {
        self.next = Duration::from_millis(500);
    }

    /// Returns whether they have grown too much, when it is time to look, else false.
    pub(crate) fn over(&mut self, now: Duration) -> bool {
        if now < self.next {
            return false;
        }
        let since = Instant::now();
        let grown = size(&self.folders).saturating_sub(self.start);
        self.next = now + (since.elapsed() * SHARE).max(Duration::from_secs(1));
        grown > self.limit
    }
}

/// Returns the bytes on disk below `folders`; what cannot be read, or goes meanwhile, counts nothing.
fn size(folders: &[PathBuf]) -> u64 {
    let mut total = 0;
    let mut left: Vec<PathBuf> = folders.to_vec();
    while let Some(folder) = left.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let Ok(found) = entry.metadata() else { continue };
            total += found.blocks() * 512;
            if found.is_dir() {
                left.push(entry.path());
            }
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_growth_counts() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("before"), vec![1; 100_000]).unwrap();
        let mut watch = DiskWatch::new(vec![dir.path().to_owned()], 50_000);
        assert!(!watch.over(Duration::ZERO));
        fs::create_dir(dir.path().join("d")).unwrap();
        fs::write(dir.path().join("d/more"), vec![1; 80_000]).unwrap();
        assert!(!watch.over(Duration::from_millis(999)), "too early to look again");
        assert!(watch.over(Duration::from_secs(3600)));
    }
}
