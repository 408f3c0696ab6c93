//! What jobs of the full tier are refused, tried by this very program as a job and outside of a room.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{Error, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use fairtrial_cell::process::{Cancel, Continue, Happening, Job, Stdin};
use fairtrial_cell::room::{Room, RoomError, RoomSpec};
use fairtrial_domain::bundle::TierChoice;
use fairtrial_domain::task::{Limits, Network};

/// What the program is to try when it is started as a job.
const TRY: &str = "FAIRTRIAL_TEST_TRY";

/// A system call that is tried, with what it is answered in a room.
struct Wall {
    name: &'static str,
    call: libc::c_long,
    arguments: [libc::c_long; 4],
    refusal: i32,
}

const fn wall(name: &'static str, call: libc::c_long, arguments: [libc::c_long; 4], refusal: i32) -> Wall {
    Wall { name, call, arguments, refusal }
}

const WALLS: [Wall; 24] = [
    wall(
        "new user namespace",
        libc::SYS_unshare,
        [libc::CLONE_NEWUSER as libc::c_long, 0, 0, 0],
        libc::EPERM,
    ),
    wall(
        "clone with a namespace",
        libc::SYS_clone,
        [(libc::CLONE_NEWUSER | libc::SIGCHLD) as libc::c_long, 0, 0, 0],
        libc::EPERM,
    ),
    wall("clone3", libc::SYS_clone3, [0, 0, 0, 0], libc::ENOSYS),
    wall("io_uring", libc::SYS_io_uring_setup, [1, 0, 0, 0], libc::ENOSYS),
    wall("keyring", libc::SYS_keyctl, [0, -3, 0, 0], libc::EPERM),
    wall("new key", libc::SYS_add_key, [0, 0, 0, 0], libc::EPERM),
    wall("asked key", libc::SYS_request_key, [0, 0, 0, 0], libc::EPERM),
    wall("ptrace", libc::SYS_ptrace, [7, 0, 0, 0], libc::EPERM),
    wall("memory of others", libc::SYS_process_vm_readv, [0, 0, 0, 0], libc::EPERM),
    wall("files of others", libc::SYS_pidfd_getfd, [-1, 0, 0, 0], libc::EPERM),
    wall("comparison of processes", libc::SYS_kcmp, [0, 0, 99, 0], libc::EPERM),
    wall("bpf", libc::SYS_bpf, [99, 0, 0, 0], libc::EPERM),
    wall("perf events", libc::SYS_perf_event_open, [0, 0, -1, -1], libc::EPERM),
    wall("page faults", libc::SYS_userfaultfd, [1, 0, 0, 0], libc::EPERM),
    wall("mount", libc::SYS_mount, [0, 0, 0, 0], libc::EPERM),
    wall("mount, new interface", libc::SYS_fsopen, [0, 0, 0, 0], libc::EPERM),
    wall("tree of mounts", libc::SYS_open_tree, [-100, 0, 0, 0], libc::EPERM),
    wall("another namespace", libc::SYS_setns, [-1, 0, 0, 0], libc::EPERM),
    wall(
        "crypto socket",
        libc::SYS_socket,
        [libc::AF_ALG as libc::c_long, libc::SOCK_SEQPACKET as libc::c_long, 0, 0],
        libc::EPERM,
    ),
    wall(
        "virtual machine's socket",
        libc::SYS_socket,
        [libc::AF_VSOCK as libc::c_long, libc::SOCK_STREAM as libc::c_long, 0, 0],
        libc::EPERM,
    ),
    wall(
        "device events",
        libc::SYS_socket,
        [libc::AF_NETLINK as libc::c_long, libc::SOCK_DGRAM as libc::c_long, 15, 0],
        libc::EPERM,
    ),
    wall("odd personality", libc::SYS_personality, [0x0020_0000, 0, 0, 0], libc::EPERM),
    wall(
        "device node",
        libc::SYS_mknodat,
        [-100, 0, (libc::S_IFCHR | 0o600) as libc::c_long, 0],
        libc::EPERM,
    ),
    wall("typing for others", libc::SYS_ioctl, [-1, libc::TIOCSTI as libc::c_long, 0, 0], libc::EPERM),
];

/// Calls that honest programs make, which must be answered as ever.
const HONEST: [Wall; 6] = [
    wall(
        "internet socket",
        libc::SYS_socket,
        [libc::AF_INET as libc::c_long, libc::SOCK_STREAM as libc::c_long, 0, 0],
        0,
    ),
    wall(
        "local socket",
        libc::SYS_socket,
        [libc::AF_UNIX as libc::c_long, libc::SOCK_STREAM as libc::c_long, 0, 0],
        0,
    ),
    wall(
        "network interfaces",
        libc::SYS_socket,
        [libc::AF_NETLINK as libc::c_long, libc::SOCK_RAW as libc::c_long, 0, 0],
        0,
    ),
    wall("files of one's own", libc::SYS_unshare, [libc::CLONE_FILES as libc::c_long, 0, 0, 0], 0),
    wall("personality", libc::SYS_personality, [0xffff_ffff, 0, 0, 0], 0),
    wall("news of files", libc::SYS_inotify_init1, [0, 0, 0, 0], 0),
];

/// Makes one call in a process of its own and returns its error, 0 for none.
#[expect(unsafe_code, reason = "the calls are made with arguments that touch no memory")]
fn attempt(wall: &Wall) -> i32 {
    let [a, b, c, d] = wall.arguments;
    // SAFETY: every pointer among the arguments is null or static; a child that a call should make leaves at once.
    unsafe {
        let done = libc::syscall(wall.call, a, b, c, d, 0_usize, 0_usize);
        if done == 0 && wall.call == libc::SYS_clone {
            libc::_exit(0);
        }
        if done < 0 { Error::last_os_error().raw_os_error().unwrap_or(-1) } else { 0 }
    }
}

fn found(name: &str) -> &'static Wall {
    WALLS.iter().chain(&HONEST).find(|wall| wall.name == name).unwrap()
}

/// Plays the job; does nothing when run by itself.
#[test]
fn as_a_job() {
    if let Ok(name) = std::env::var(TRY) {
        println!("answer={}", attempt(found(&name)));
    }
}

fn answer(said: &str) -> i32 {
    said.lines()
        .find_map(|line| line.split("answer=").nth(1))
        .unwrap_or_else(|| panic!("{said}"))
        .parse()
        .unwrap()
}

fn outside(wall: &Wall) -> i32 {
    let this = std::env::current_exe().unwrap();
    let said =
        Command::new(this).args(["--exact", "as_a_job", "--nocapture"]).env(TRY, wall.name).output().unwrap();
    answer(&String::from_utf8(said.stdout).unwrap())
}

/// Tiers with walls.
const WALLED: [TierChoice; 3] = [TierChoice::Full, TierChoice::Bubblewrap, TierChoice::Container];

/// A base, and a room over it of the full tier; `None` where there is no such tier.
fn room(dir: &Path, limits: &Limits) -> Option<Room> {
    room_of(TierChoice::Full, dir, limits)
}

/// A base, and a room over it of one tier; `None` where there is no such tier.
fn room_of(tier: TierChoice, dir: &Path, limits: &Limits) -> Option<Room> {
    fs::create_dir_all(dir.join("base/tree")).unwrap();
    let room = Room::open(&RoomSpec {
        scratch: &dir.join("room"),
        base: &dir.join("base"),
        tier,
        network: Network::None,
        doors: 0,
        readable: &[std::env::current_exe().unwrap()],
        own: &[],
        limits,
        marker: "walls",
        cancel: Cancel::new(),
    });
    if let Err(RoomError::NoTier { tier, reason }) = &room {
        let text = format!("SKIPPED in the tier {tier:?}: {reason}\n");
        std::io::stderr().write_all(text.as_bytes()).unwrap();
        return None;
    }
    Some(room.unwrap())
}

/// Runs a program in the room and returns what it wrote to standard output.
fn said(room: &mut Room, argv: &[&str], more: &[(&str, &str)]) -> String {
    let mut env: BTreeMap<String, String> = room.env(&[]);
    env.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let job = Job {
        argv: argv.iter().map(|word| (*word).to_owned()).collect(),
        env,
        cwd: PathBuf::new(),
        stdin: Stdin::Null,
        timeout: Duration::from_secs(30),
        stall: None,
        grace: Duration::from_secs(1),
    };
    let mut text = Vec::new();
    room.run(&job, &mut |happening| {
        if let Happening::Output(output) = happening {
            text.extend_from_slice(output.bytes);
        }
        Continue::Yes
    })
    .unwrap();
    String::from_utf8(text).unwrap()
}

#[test]
fn calls_that_lead_out_are_refused_and_honest_ones_are_not() {
    for tier in WALLED {
        let dir = tempfile::tempdir().unwrap();
        let Some(mut room) = room_of(tier, dir.path(), &Limits::default()) else { continue };
        let this = std::env::current_exe().unwrap();
        let this = [this.to_str().unwrap(), "--exact", "as_a_job", "--nocapture"];
        let mut inside = |wall: &Wall| answer(&said(&mut room, &this, &[(TRY, wall.name)]));
        let mut told_apart = 0;
        for wall in &WALLS {
            assert_eq!(inside(wall), wall.refusal, "{}", wall.name);
            told_apart += usize::from(outside(wall) != wall.refusal);
        }
        for wall in &HONEST {
            assert_eq!((inside(wall), outside(wall)), (0, 0), "{}", wall.name);
        }
        room.close().unwrap();
        // Of some, such as `bpf`, a machine may refuse the same to everybody.
        assert!(told_apart > 15, "only {told_apart} of the walls are the room's own");
    }
}

#[test]
fn what_jobs_write_is_held_in_memory_when_their_limit_is_small() {
    for (limit, in_memory) in [(64 << 20, true), (64 << 40, false)] {
        let dir = tempfile::tempdir().unwrap();
        let limits = Limits { disk_bytes: limit, ..Limits::default() };
        let Some(mut room) = room(dir.path(), &limits) else { return };
        fs::write(room.home_outside().join("given"), "settings").unwrap();
        let script = "echo x > a; echo y > ~/b; cat ~/given; stat -f -c %T ~ /workspace > ~/kind; \
                      grep -E ' (/workspace|/home/cell) ' /proc/self/mountinfo";
        let told = said(&mut room, &["sh", "-c", script], &[]);
        assert!(told.starts_with("settings"), "{told}");
        assert!(!told.contains(dir.path().to_str().unwrap()), "{told}");
        let on_disk = dir.path().join("room/written/tree/a").exists();
        assert_eq!(on_disk, !in_memory, "{told}");
        let fairtrial_cell::room::Changes::Upper { upper, .. } = room.freeze() else { panic!("no overlay") };
        assert_eq!(fs::read_to_string(upper.join("a")).unwrap(), "x\n");
        assert_eq!(fs::read_to_string(room.home_outside().join("b")).unwrap(), "y\n");
        room.close().unwrap();
        assert!(!dir.path().join("room").exists());
    }
}

#[test]
fn a_room_in_memory_ends_at_its_size() {
    let dir = tempfile::tempdir().unwrap();
    let limits = Limits { disk_bytes: 8 << 20, ..Limits::default() };
    let Some(mut room) = room(dir.path(), &limits) else { return };
    let told = said(&mut room, &["sh", "-c", "dd if=/dev/zero of=a bs=1M count=64 2>&1; stat -c %s a"], &[]);
    let kept: u64 = told.lines().next_back().unwrap().parse().unwrap();
    assert!(kept <= 12 << 20, "{told}");
    room.close().unwrap();
}

#[test]
fn the_first_process_says_nothing_of_the_machine() {
    for tier in WALLED {
        let dir = tempfile::tempdir().unwrap();
        let Some(mut room) = room_of(tier, dir.path(), &Limits::default()) else { continue };
        let script = "tr '\\0' ' ' < /proc/1/cmdline; echo; cat /proc/1/environ /proc/1/maps /proc/1/mem 2>&1; \
                  ls -l /proc/1/exe /proc/1/root /proc/1/cwd /proc/1/fd 2>&1; id -u; cat /proc/self/cgroup; \
                  grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status";
        let told = said(&mut room, &["sh", "-c", script], &[]);
        for word in [dir.path().to_str().unwrap(), "PATH=", "rw-p"] {
            assert!(!told.contains(word), "{word}: {told}");
        }
        for line in [
            "1000",
            "CapEff:\t0000000000000000",
            "CapBnd:\t0000000000000000",
            "NoNewPrivs:\t1",
            "Seccomp:\t2",
        ] {
            assert!(told.lines().any(|found| found == line), "{line}: {told}");
        }
        // The group of a process is told from where the room begins.
        assert!(told.lines().filter(|line| line.contains("::/")).all(|line| line.ends_with("::/")), "{told}");
        room.close().unwrap();
    }
}
