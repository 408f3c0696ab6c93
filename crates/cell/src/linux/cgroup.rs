//! Control groups: where a part of the kernel's tree was given to this user, each room has a group of its own, whose
//! bounds the kernel keeps and which counts all that ran in it.
//!
//! **Invariant:** a group is made only where `settle` or its equal has put an empty `cells` beside the app's own group;
//! nobody else's process is ever moved.

use std::fs::{self, File};
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fairtrial_domain::task::Limits;
use rustix::process::Pid;

use crate::delegation::Undelegated;

/// The groups below a delegated one: the app's own processes, and those of rooms.
const APP: &str = "fairtrial-app";
const CELLS: &str = "fairtrial-cells";
/// How the name of a room's group begins; the id of its process and a number follow.
const ROOM: &str = "room-";
/// What is bounded.
const CONTROLLERS: [&str; 2] = ["memory", "pids"];
/// Processes of the room beside its jobs: the warden, and what `bwrap` leaves running.
const OURS: u64 = 3;

/// A room's group; it ends with the value, and all that is in it.
#[derive(Debug)]
pub(crate) struct Group {
    at: PathBuf,
    /// Whether the kernel bounds its memory and processes as was asked, and does not only count.
    bounds: bool,
}

impl Group {
    /// Makes a group below the one for rooms; `None` where nothing is delegated to this user.
    pub(crate) fn make(limits: &Limits) -> Option<Group> {
        // Asked for every room, so that the usual answer must be cheap.
        let name = own_name()?;
        let cells = if name.ends_with(APP) { cells(&own(&name)?)? } else { return None };
        let mut group = Group { at: unused_in(&cells).ok()?, bounds: false };
        let bounded = [
            // Somewhat more than the watch allows, so that it is the watch that ends a job, and says so.
            limits.memory_bytes.map_or(Ok(()), |most| group.set("memory.max", most.saturating_add(most / 4))),
            limits.memory_bytes.map_or(Ok(()), |_| group.set("memory.swap.max", 0).or(Ok(()))),
            group.set("pids.max", limits.processes.saturating_add(OURS)),
        ];
        let has = |name: &str| group.at.join(name).exists();
        let all = bounded.iter().all(Result::is_ok);
        group.bounds = limits.memory_bytes.is_some() && has("memory.max") && all;
        Some(group)
    }

    /// Returns whether the kernel bounds its memory and processes as was asked.
    pub(crate) fn bounds(&self) -> bool {
        self.bounds
    }

    /// Moves a process that has no children yet.
    pub(crate) fn take(&self, process: Pid) -> io::Result<()> {
        fs::write(self.at.join("cgroup.procs"), process.as_raw_nonzero().to_string())
    }

    /// Opens the file by which a process that writes `0` moves itself.
    pub(crate) fn door(&self) -> io::Result<OwnedFd> {
        Ok(File::options().write(true).open(self.at.join("cgroup.procs"))?.into())
    }

    /// Returns CPU seconds of all that ran in it so far.
    pub(crate) fn cpu_seconds(&self) -> Option<f64> {
        let text = fs::read_to_string(self.at.join("cpu.stat")).ok()?;
        Some(field(&text, "usage_usec")? as f64 / 1e6)
    }

    /// Returns the most bytes of memory that it had at once, where the kernel counts that.
    pub(crate) fn peak(&self) -> Option<u64> {
        fs::read_to_string(self.at.join("memory.peak")).ok()?.trim().parse().ok()
    }

    /// Returns how many of its processes were killed for want of memory.
    pub(crate) fn killed(&self) -> u64 {
        let events = fs::read_to_string(self.at.join("memory.events")).unwrap_or_default();
        field(&events, "oom_kill").unwrap_or(0)
    }

    fn set(&self, name: &str, value: u64) -> io::Result<()> {
        fs::write(self.at.join(name), value.to_string())
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Whoever is in it has outlived its room. Older kernels lack the file; then the walls alone have seen to it.
        let _nobody = fs::write(self.at.join("cgroup.kill"), "1");
        for _ in 0..100 {
            if fs::remove_dir(&self.at).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Prepares this process's own group, when it was delegated to this user and holds nobody but this process: moves it
/// aside, so that rooms may have groups beside it. Says why not else. Done once is enough, and twice does no harm.
pub fn settle() -> Result<(), Undelegated> {
    let own = own_name().and_then(|name| own(&name));
    let own = own.ok_or(Undelegated::NoTree)?;
    if let Some(cells) = cells(&own) {
        sweep(&cells);
        return Ok(());
    }
    settle_in(&own, std::process::id())
}

fn settle_in(own: &Path, me: u32) -> Result<(), Undelegated> {
    let no = |what, source| Undelegated::NotOurs { what, group: own.to_owned(), source };
    let inside = fs::read_to_string(own.join("cgroup.procs")).map_err(|e| no("read it", e))?;
    if inside.split_whitespace().any(|pid| pid != me.to_string()) {
        return Err(Undelegated::Shared { group: own.to_owned() });
    }
    for name in [APP, CELLS] {
        match fs::create_dir(own.join(name)) {
            Err(e) if e.kind() != io::ErrorKind::AlreadyExists => {
                return Err(no("make groups", e));
            }
            _made => {}
        }
    }
    sweep(&own.join(CELLS));
    let moved = fs::write(own.join(APP).join("cgroup.procs"), me.to_string());
    moved.map_err(|e| no("step aside", e))?;
    for group in [own.to_owned(), own.join(CELLS)] {
        for name in CONTROLLERS {
            // What is missing is not bounded, and each room says so.
            let _missing = fs::write(group.join("cgroup.subtree_control"), format!("+{name}"));
        }
    }
    Ok(())
}

/// Returns the name of this process's group in the unified tree.
fn own_name() -> Option<String> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    groups.lines().find_map(|line| line.strip_prefix("0::/")).map(str::to_owned)
}

/// Returns the folder of a group by its name.
fn own(name: &str) -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    Some(mounted(&mounts)?.join(name))
}

/// Returns where the whole unified tree is mounted.
fn mounted(mounts: &str) -> Option<PathBuf> {
    mounts.lines().find_map(|line| {
        let (place, kind) = line.split_once(" - ")?;
        let [_, _, _, root, target, ..] = place.split(' ').collect::<Vec<_>>()[..] else { return None };
        (kind.starts_with("cgroup2 ") && root == "/").then(|| PathBuf::from(target))
    })
}

/// Returns the group for rooms beside the app's.
fn cells(own: &Path) -> Option<PathBuf> {
    let cells = own.parent()?.join(CELLS);
    (own.ends_with(APP) && cells.is_dir()).then_some(cells)
}

/// Reads the line `name 42`.
fn field(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

/// Makes a group for a room of this process. One that an earlier process with its id left is nobody's to use.
fn unused_in(cells: &Path) -> io::Result<PathBuf> {
    loop {
        let at = cells.join(format!("{ROOM}{}-{}", std::process::id(), unused()));
        match fs::create_dir(&at) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => return made.map(|()| at),
        }
    }
}

/// Removes groups of rooms whose process died before it could. The kernel keeps one that anybody is in.
fn sweep(cells: &Path) {
    for entry in fs::read_dir(cells).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let id = name.to_str().and_then(|name| name.strip_prefix(ROOM)?.split_once('-')?.0.parse().ok());
        let is_dead = |id| matches!(rustix::process::test_kill_process(id), Err(rustix::io::Errno::SRCH));
        if id.and_then(Pid::from_raw).is_some_and(is_dead) {
            let _in_use = fs::remove_dir(entry.path());
        }
    }
}

/// Returns a number that this process has not had.
fn unused() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_by_their_whole_name() {
        let text = "usage_usec 1500000\nuser_usec 1\noom_kill 3\noom_group_kill 0\n";
        assert_eq!(field(text, "usage_usec"), Some(1_500_000));
        assert_eq!((field(text, "oom_kill"), field(text, "oom")), (Some(3), None));
    }

    #[test]
    fn the_unified_tree_is_found_where_it_is_mounted_whole() {
        let mounts = "31 24 0:27 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n\
                      32 24 0:28 /part /elsewhere rw - cgroup2 cgroup2 rw\n\
                      33 24 0:28 / /sys/fs/cgroup/unified rw,relatime shared:9 - cgroup2 cgroup2 rw\n";
        assert_eq!(mounted(mounts), Some(PathBuf::from("/sys/fs/cgroup/unified")));
        assert_eq!(mounted(""), None);
    }

    #[test]
    fn a_group_with_others_is_left_alone_and_rooms_are_beside_the_app() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("cgroup.procs"), "7\n8\n").unwrap();
        assert!(matches!(settle_in(dir.path(), 7), Err(Undelegated::Shared { .. })));
        assert!(!dir.path().join(APP).exists());
        fs::create_dir_all(dir.path().join(CELLS)).unwrap();
        assert_eq!(cells(&dir.path().join(APP)), Some(dir.path().join(CELLS)));
        assert_eq!(cells(dir.path()), None);
    }

    #[test]
    fn what_dead_processes_left_is_swept_and_a_number_that_is_taken_is_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let (dead, me) = (child.id(), std::process::id());
        child.wait().unwrap();
        let first = unused_in(dir.path()).unwrap();
        let number: u64 = first.to_str().unwrap().rsplit_once('-').unwrap().1.parse().unwrap();
        // Other tests take numbers too.
        let taken: Vec<PathBuf> =
            (number + 1..number + 100).map(|n| dir.path().join(format!("room-{me}-{n}"))).collect();
        taken.iter().for_each(|at| fs::create_dir(at).unwrap());
        let next = unused_in(dir.path()).unwrap();
        assert!(next.is_dir() && !taken.contains(&next), "{next:?}");
        for name in [format!("room-{dead}-0"), format!("room-{dead}-1/in-use"), "other".to_owned()] {
            fs::create_dir_all(dir.path().join(name)).unwrap();
        }
        sweep(dir.path());
        let is_there = |name: &str| dir.path().join(name).exists();
        assert!(!is_there(&format!("room-{dead}-0")) && is_there(&format!("room-{dead}-1")));
        assert!(first.exists() && next.exists() && is_there("other"));
    }
}
