//! Control groups of rooms, where a part of their tree is delegated to the user who runs this: alone in a group of that
//! user's own, as `systemd-run --user --scope -p Delegate=yes` makes one. Elsewhere it says that it did not run.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fairtrial_cell::process::{Cancel, Continue, Happening, Job, JobEnd, Stdin, Why};
use fairtrial_cell::room::{Room, RoomError, RoomSpec};
use fairtrial_domain::bundle::TierChoice;
use fairtrial_domain::task::{Limits, Network};

fn skipped(why: &str) {
    // Written past the test harness, so that it is seen although the test counts as passed.
    std::io::stderr().write_all(format!("SKIPPED: {why}\n").as_bytes()).unwrap();
}

/// Returns the folder in which rooms have their groups.
fn groups() -> PathBuf {
    let own = fs::read_to_string("/proc/self/cgroup").unwrap();
    let own = own.lines().find_map(|line| line.strip_prefix("0::/")).unwrap();
    let mounts = fs::read_to_string("/proc/mounts").unwrap();
    let tree =
        mounts.lines().find(|line| line.starts_with("cgroup2 ") || line.contains(" cgroup2 ")).unwrap();
    Path::new(tree.split(' ').nth(1).unwrap()).join(own).parent().unwrap().join("fairtrial-cells")
}

fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path());
    entries.filter(|path| path.is_dir()).collect()
}

fn run(room: &mut Room, script: &str, mut see: impl FnMut()) -> JobEnd {
    let job = Job {
        argv: ["sh", "-c", script].map(str::to_owned).to_vec(),
        env: room.env(&[]),
        cwd: PathBuf::new(),
        stdin: Stdin::Null,
        timeout: Duration::from_secs(20),
        stall: None,
        grace: Duration::from_secs(1),
    };
    let end = room.run(&job, &mut |happening| {
        if let Happening::Output(_) = happening {
            see();
        }
        Continue::Yes
    });
    end.unwrap()
}

#[test]
fn a_room_has_a_group_of_its_own_that_ends_with_it() {
    if let Err(why) = fairtrial_cell::settle() {
        return skipped(&fairtrial_cell::journal::chain(&why));
    }
    for tier in [TierChoice::Full, TierChoice::Bubblewrap, TierChoice::Plain] {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("base/tree")).unwrap();
        let limits = Limits { memory_bytes: Some(64 << 20), ..Limits::default() };
        let opened = Room::open(&RoomSpec {
            scratch: &dir.path().join("room"),
            base: &dir.path().join("base"),
            tier,
            network: Network::None,
            doors: 0,
            readable: &[],
            own: &[],
            limits: &limits,
            marker: "fence",
            cancel: Cancel::new(),
        });
        let mut room = match opened {
            Err(error @ RoomError::NoTier { .. }) => {
                skipped(&error.to_string());
                continue;
            }
            other => other.unwrap(),
        };
        let mut inside = 0;
        let busy =
            "(setsid sh -c 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done') & echo x; sleep 0.2; wait";
        let end = run(&mut room, busy, || {
            let [group] = below(&groups()).try_into().unwrap();
            inside = fs::read_to_string(group.join("cgroup.procs")).unwrap().lines().count();
        });
        assert!(inside >= 3, "{tier:?}: the warden, the shell and what it started: {inside}");
        assert!(end.cpu_seconds.unwrap() > 0.05, "{end:?}");
        let me = std::process::id().to_string();
        let [group] = below(&groups()).try_into().unwrap();
        assert!(!fs::read_to_string(group.join("cgroup.procs")).unwrap().lines().any(|pid| pid == me));
        if room.is_fenced() {
            let end = run(&mut room, "head -c 400000000 /dev/zero | tail -n 1 | wc -c", || {});
            assert_eq!(end.why, Why::MemoryLimit, "{end:?}");
        } else {
            skipped("this kernel has no memory controller in version 2: nothing is bounded, only counted");
        }
        room.close().unwrap();
        assert_eq!(below(&groups()), Vec::<PathBuf>::new(), "{tier:?}");
    }
}
