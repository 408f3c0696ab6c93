//! Rooms with real processes, in every tier. Run as an ordinary user: as root only the plain tier exists.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fairtrial_cell::process::{Cancel, Continue, Exit, Happening, HeadTail, Job, JobEnd, Stdin, Stream, Why};
use fairtrial_cell::room::{Changes, HOME, Own, Room, RoomError, RoomSpec, WORKSPACE, detect, sweep};
use fairtrial_domain::bundle::{Tier, TierChoice};
use fairtrial_domain::task::{Limits, Network};

/// A base with one file and a layer over it, and room for rooms.
struct Place {
    dir: tempfile::TempDir,
    limits: Limits,
    network: Network,
    readable: Vec<PathBuf>,
    own: Vec<Own>,
    cancel: Cancel,
}

/// What a job said and how it ended.
struct Told {
    end: JobEnd,
    out: String,
    err: String,
    stopping: Vec<(Why, Duration)>,
}

impl Place {
    fn new() -> Place {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("base/tree/sub")).unwrap();
        fs::create_dir_all(dir.path().join("base/layer")).unwrap();
        fs::write(dir.path().join("base/tree/a.txt"), "base\n").unwrap();
        fs::write(dir.path().join("base/tree/sub/b.txt"), "base\n").unwrap();
        fs::write(dir.path().join("base/layer/built"), "layer\n").unwrap();
        Place {
            dir,
            limits: Limits::default(),
            network: Network::None,
            readable: Vec::new(),
            own: Vec::new(),
            cancel: Cancel::new(),
        }
    }

    fn scratch(&self) -> PathBuf {
        self.dir.path().join("rooms/one")
    }

    fn open(&self, tier: TierChoice) -> Result<Room, RoomError> {
        Room::open(&RoomSpec {
            scratch: &self.scratch(),
            base: &self.dir.path().join("base"),
            tier,
            network: self.network.clone(),
            doors: 0,
            readable: &self.readable,
            own: &self.own,
            limits: &self.limits,
            marker: &self.marker(),
            cancel: self.cancel.clone(),
        })
    }

    fn marker(&self) -> String {
        self.dir.path().display().to_string()
    }
}

fn sh(room: &Room, script: &str) -> Job {
    Job {
        argv: ["sh", "-c", script].map(str::to_owned).to_vec(),
        env: room.env(&[]),
        cwd: PathBuf::new(),
        stdin: Stdin::Null,
        timeout: Duration::from_secs(30),
        stall: None,
        grace: Duration::from_secs(1),
    }
}

fn run(room: &mut Room, job: &Job) -> Told {
    let (mut out, mut err, mut stopping) = (Vec::new(), Vec::new(), Vec::new());
    let since = Instant::now();
    let end = room.run(job, &mut |happening| {
        match happening {
            Happening::Started => {}
            Happening::Output(o) => match o.stream {
                Stream::Stdout => out.extend_from_slice(o.bytes),
                Stream::Stderr => err.extend_from_slice(o.bytes),
            },
            Happening::Looked(look) if look.computing != Some(true) => return Continue::Silent,
            Happening::Looked(_) => {}
            Happening::Stopping(why) => stopping.push((why, since.elapsed())),
        }
        Continue::Yes
    });
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Told { end: end.unwrap(), out: text(out), err: text(err), stopping }
}

/// Runs `script` in a room of the full tier; says why not where there is none.
fn in_full(place: &Place, script: &str) -> Option<Told> {
    let mut room = full_room(place)?;
    let job = sh(&room, script);
    let told = run(&mut room, &job);
    room.close().unwrap();
    Some(told)
}

/// Tiers with walls.
const WALLED: [TierChoice; 3] = [TierChoice::Full, TierChoice::Bubblewrap, TierChoice::Container];

/// Runs `script` in a room of every tier with walls; says why not where there is none.
fn within_walls(place: &Place, script: &str) -> Vec<Told> {
    let rooms = WALLED.into_iter().filter_map(|tier| {
        let mut room = room_of(place, tier)?;
        let job = sh(&room, script);
        let told = run(&mut room, &job);
        room.close().unwrap();
        Some(told)
    });
    rooms.collect()
}

fn full_room(place: &Place) -> Option<Room> {
    room_of(place, TierChoice::Full)
}

/// Opens a room of one tier; says why not where there is none.
fn room_of(place: &Place, tier: TierChoice) -> Option<Room> {
    match place.open(tier) {
        Ok(room) => {
            assert_eq!(Some(room.tier().0), tier.only());
            Some(room)
        }
        Err(RoomError::NoTier { tier, reason }) => {
            skipped(tier, &reason);
            None
        }
        Err(error) => panic!("{error}"),
    }
}

fn skipped(tier: Tier, reason: &str) {
    let current = std::thread::current();
    // Written past the test harness, so that it is seen although the test counts as passed.
    let text = format!("SKIPPED in the tier {tier:?}: {}: {reason}\n", current.name().unwrap());
    std::io::stderr().write_all(text.as_bytes()).unwrap();
}

/// Living processes of the whole machine that carry a marker.
fn alive(marker: &str) -> Vec<String> {
    let wanted = format!("FAIRTRIAL_RUN={marker}");
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let environ = fs::read(entry.path().join("environ")).unwrap_or_default();
        if environ.split(|b| *b == 0).any(|v| v == wanted.as_bytes()) {
            found.push(fs::read_to_string(entry.path().join("stat")).unwrap_or_default());
        }
    }
    found.retain(|stat| !stat.contains(") Z "));
    found
}

fn all(check: impl Fn(&Place, TierChoice)) {
    check(&Place::new(), TierChoice::Plain);
    for tier in WALLED {
        let place = Place::new();
        if let Some(room) = room_of(&place, tier) {
            room.close().unwrap();
            check(&place, tier);
        }
    }
}

#[test]
fn a_job_sees_both_layers_and_changes_neither() {
    all(|place, tier| {
        let mut room = place.open(tier).unwrap();
        let job = sh(&room, "cat a.txt built; echo new > a.txt; rm sub/b.txt; echo x > made");
        let told = run(&mut room, &job);
        assert_eq!(
            (told.end.exit.ok(), told.end.why, told.out.as_str()),
            (true, Why::ByItself, "base\nlayer\n")
        );
        let base = place.dir.path().join("base");
        assert_eq!(fs::read_to_string(base.join("tree/a.txt")).unwrap(), "base\n");
        assert!(base.join("tree/sub/b.txt").exists());
        let base = fs::canonicalize(base).unwrap();
        let want = [base.join("layer"), base.join("tree")];
        match room.freeze() {
            Changes::Upper { upper, lowers } => {
                assert_eq!(lowers, want);
                assert_eq!(fs::read_to_string(upper.join("a.txt")).unwrap(), "new\n");
                assert!(!upper.join("built").exists());
            }
            Changes::Copy { tree, lowers } => {
                assert_eq!(lowers, want);
                assert_eq!(fs::read_to_string(tree.join("a.txt")).unwrap(), "new\n");
                assert_eq!(fs::read_to_string(tree.join("built")).unwrap(), "layer\n");
            }
        }
        let late = sh(&room, "true");
        assert!(matches!(room.run(&late, &mut |_| Continue::Yes), Err(RoomError::Frozen)));
        room.close().unwrap();
        assert_eq!(fs::read_dir(place.dir.path().join("rooms")).unwrap().count(), 0);
    });
}

#[test]
fn jobs_follow_one_another_in_one_room() {
    all(|place, tier| {
        let mut room = place.open(tier).unwrap();
        let job = sh(&room, "echo one > w; echo two > ~/h; echo three > $TMPDIR/t");
        run(&mut room, &job);
        fs::write(room.home_outside().join("given"), "four\n").unwrap();
        let mut job = sh(&room, "cat ../w ~/h $TMPDIR/t ~/given; pwd");
        job.cwd = PathBuf::from("sub");
        let told = run(&mut room, &job);
        assert_eq!(told.out, format!("one\ntwo\nthree\nfour\n{}\n", room.workspace().join("sub").display()));
        room.close().unwrap();
    });
}

#[test]
fn nothing_is_inherited_and_input_arrives_whole() {
    all(|place, tier| {
        let mut room = place.open(tier).unwrap();
        let mut job = sh(&room, "wc -c; env | cut -d= -f1 | sort | tr '\\n' ' '");
        job.env = BTreeMap::from([("ONLY".into(), "x".into()), ("PATH".into(), "/usr/bin:/bin".into())]);
        job.stdin = Stdin::Text("y".repeat(1 << 20));
        let told = run(&mut room, &job);
        assert_eq!(told.out, "1048576\nONLY PATH PWD ");
        room.close().unwrap();
    });
}

#[test]
fn exit_codes_and_signals_are_told_apart() {
    all(|place, tier| {
        let mut room = place.open(tier).unwrap();
        for (script, exit) in [
            ("exit 7", Exit { code: Some(7), signal: None }),
            ("kill -SEGV $$", Exit { code: None, signal: Some(11) }),
        ] {
            let job = sh(&room, script);
            let told = run(&mut room, &job);
            assert_eq!((told.end.exit, told.end.why), (exit, Why::ByItself));
        }
        let mut job = sh(&room, "");
        job.argv = vec!["no-such-program".into()];
        let error = room.run(&job, &mut |_| Continue::Yes).unwrap_err();
        assert!(
            matches!(&error, RoomError::Start { program, .. } if program == "no-such-program"),
            "{error}"
        );
        room.close().unwrap();
    });
}

#[test]
fn a_limit_is_said_at_once_and_nothing_lives_after_the_grace() {
    all(|place, tier| {
        let mut room = place.open(tier).unwrap();
        let stubborn = "trap '' INT TERM; setsid sh -c \"trap '' TERM; sleep 100\" & sleep 100 & while :; do sleep 1; done";
        let mut job = sh(&room, stubborn);
        job.timeout = Duration::from_millis(500);
        let since = Instant::now();
        let told = run(&mut room, &job);
        let all = since.elapsed();
        assert_eq!(told.end.why, Why::TimedOut);
        assert_eq!(told.end.exit, Exit { code: None, signal: Some(9) });
        assert_eq!(told.end.leftovers, [""; 0]);
        let [(Why::TimedOut, said)] = told.stopping[..] else { panic!("{:?}", told.stopping) };
        assert!(said < Duration::from_millis(1500), "{said:?}");
        assert!(all < Duration::from_millis(1500 + 1000), "{all:?}");
        assert_eq!(alive(&place.marker()), [""; 0]);
        room.close().unwrap();
    });
}

#[test]
fn a_polite_program_ends_politely() {
    all(|place, tier| {
        let mut room = place.open(tier).unwrap();
        let mut job = sh(&room, "trap 'echo bye; exit 3' INT; echo up; while :; do sleep 0.05; done");
        // However busy the machine is: it is asked once it listens, and everything else is long in coming.
        job.grace = Duration::from_secs(60);
        let mut out = Vec::new();
        let end = room.run(&job, &mut |happening| {
            if let Happening::Output(output) = happening {
                out.extend_from_slice(output.bytes);
                place.cancel.ask();
            }
            Continue::Yes
        });
        let out = String::from_utf8(out).unwrap();
        assert_eq!((end.unwrap().exit.code, out.as_str()), (Some(3), "up\nbye\n"));
        room.close().unwrap();
    });
}

#[test]
fn what_outlives_a_job_is_named_and_killed() {
    all(|place, tier| {
        let mut room = place.open(tier).unwrap();
        let script = "setsid sh -c ': > $TMPDIR/a; exec sleep 300' & \
            setsid sh -c 'sleep 301 & : > $TMPDIR/b; wait' & \
            while [ ! -e $TMPDIR/a ] || [ ! -e $TMPDIR/b ]; do sleep 0.02; done; sleep 0.3; echo done";
        let job = sh(&room, script);
        let told = run(&mut room, &job);
        assert_eq!((told.end.why, told.out.as_str()), (Why::ByItself, "done\n"));
        assert_eq!(told.end.leftovers, ["sh", "sleep", "sleep"]);
        assert_eq!(alive(&place.marker()), [""; 0]);
        room.close().unwrap();
    });
}

#[test]
fn silence_is_a_stall_and_a_cancel_ends_at_once() {
    all(|place, tier| {
        let mut room = place.open(tier).unwrap();
        let mut job = sh(&room, "echo up; sleep 100");
        job.stall = Some(Duration::from_millis(300));
        assert_eq!(run(&mut room, &job).end.why, Why::Stalled);
        job.stall = None;
        let cancel = place.cancel.clone();
        let asker = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(200));
            cancel.ask();
        });
        let since = Instant::now();
        assert_eq!(run(&mut room, &job).end.why, Why::Cancelled);
        assert!(since.elapsed() < Duration::from_secs(3));
        asker.join().unwrap();
        room.close().unwrap();
    });
}

#[test]
fn a_flood_of_output_breaks_nothing() {
    all(|place, tier| {
        let mut room = place.open(tier).unwrap();
        let job = sh(&room, "head -c 60000000 /dev/zero | tr '\\0' x; echo; echo end; echo oops >&2");
        let (mut kept, mut bytes) = (HeadTail::new(1000), 0u64);
        let end = room
            .run(&job, &mut |h| {
                if let Happening::Output(o) = h {
                    bytes += o.bytes.len() as u64;
                    if o.stream == Stream::Stdout {
                        kept.push(o.bytes);
                    }
                }
                Continue::Yes
            })
            .unwrap();
        assert!(end.exit.ok());
        assert_eq!(bytes, 60_000_000 + 1 + 4 + 5);
        assert_eq!(kept.dropped(), 60_000_005 - 1000);
        assert!(kept.text().ends_with("x\nend\n"));
        room.close().unwrap();
    });
}

#[test]
fn a_sink_that_refuses_ends_the_job() {
    all(|place, tier| {
        let mut room = place.open(tier).unwrap();
        let job = sh(&room, "yes");
        let end = room.run(&job, &mut |h| match h {
            Happening::Output(_) => Continue::Stop,
            Happening::Started | Happening::Looked(_) | Happening::Stopping(_) => Continue::Yes,
        });
        assert_eq!(end.unwrap().why, Why::Refused);
        room.close().unwrap();
    });
}

#[test]
fn the_list_of_mounts_does_not_say_where_the_room_and_its_base_are() {
    let place = Place::new();
    fs::create_dir(place.dir.path().join("base/home")).unwrap();
    for home in [true, false] {
        if !home {
            fs::remove_dir(place.dir.path().join("base/home")).unwrap();
        }
        let script =
            "cat /proc/self/mountinfo /proc/self/mounts /proc/self/mountstats; ls -A /; ls -A /var/empty";
        let Some(told) = in_full(&place, script) else { return };
        let secret = place.dir.path().file_name().unwrap().to_str().unwrap();
        let said = |part: &str| told.out.lines().filter(|line| line.contains(part)).collect::<Vec<_>>();
        assert!(!said(" /workspace ").is_empty() && !said(HOME).is_empty(), "{}", told.out);
        for part in [secret, "rooms/one", "base"] {
            assert_eq!(said(part), [""; 0]);
        }
        assert!(!told.out.lines().any(|line| line == ".stage"), "{}", told.out);
    }
}

#[test]
fn processes_that_take_too_much_memory_together_are_stopped() {
    let hoard = |count: u32, bytes: u32| {
        let all: String = (0..count).map(|n| format!("{n} ")).collect();
        format!("for n in {all}; do head -c {bytes} /dev/zero | tail -n 1 | sleep 20 & done; wait")
    };
    all(|_, tier| {
        for (count, bytes, limit, why) in [
            (1, 60_000_000, 50 << 20, Why::MemoryLimit),
            (3, 25_000_000, 60 << 20, Why::MemoryLimit),
            (3, 60_000_000, 50 << 20, Why::MemoryLimit),
            (1, 1_000_000, 50 << 20, Why::TimedOut),
        ] {
            let mut place = Place::new();
            place.limits.memory_bytes = Some(limit);
            let mut room = place.open(tier).unwrap();
            let mut job = sh(&room, &hoard(count, bytes));
            job.timeout = Duration::from_secs(if why == Why::TimedOut { 2 } else { 15 });
            let told = run(&mut room, &job);
            assert_eq!((told.end.why, told.end.exit.ok()), (why, false), "{count} of {bytes}: {}", told.err);
            assert_eq!(told.stopping.iter().map(|(why, _)| *why).collect::<Vec<_>>(), [why]);
            assert_eq!(alive(&place.marker()), [""; 0]);
            room.close().unwrap();
        }
    });
}

#[test]
fn a_workspace_that_grows_too_much_is_stopped() {
    all(|place, tier| {
        let mut place = Place { dir: tempfile::tempdir_in(place.dir.path()).unwrap(), ..Place::new() };
        fs::create_dir_all(place.dir.path().join("base/tree")).unwrap();
        place.limits.disk_bytes = 20 << 20;
        let mut room = place.open(tier).unwrap();
        let job =
            sh(&room, "n=0; while :; do head -c 1000000 /dev/urandom > f$n; n=$((n+1)); sleep 0.005; done");
        assert_eq!(run(&mut room, &job).end.why, Why::DiskLimit);
        let job = sh(&room, "rm -f f*; head -c 30000000 /dev/zero > big; ls -l big");
        let told = run(&mut room, &job);
        assert!(told.out.contains(&format!(" {} ", 20 << 20)), "one file stops at the limit: {}", told.out);
        room.close().unwrap();
    });
}

#[test]
fn cpu_time_of_the_whole_tree_is_counted() {
    all(|place, tier| {
        let mut room = place.open(tier).unwrap();
        let job = sh(&room, "(setsid sh -c 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done') & wait");
        let told = run(&mut room, &job);
        let cpu = told.end.cpu_seconds.unwrap();
        assert!(cpu > 0.02 && cpu < 10.0, "{cpu}");
        assert!(told.end.peak_memory.unwrap() > 200_000);
        room.close().unwrap();
    });
}

#[test]
fn only_the_room_is_seen() {
    let mut place = Place::new();
    let tool = place.dir.path().join("tool");
    fs::create_dir(&tool).unwrap();
    fs::write(tool.join("x"), "shown\n").unwrap();
    fs::write(place.dir.path().join("secret"), "s").unwrap();
    place.readable = vec![tool.clone()];
    let script = format!(
        "ls / | tr '\\n' ' '; echo; ls {} | tr '\\n' ' '; echo; cat {}; ls /home /etc/ssh 2>&1 | tr '\\n' ' '",
        place.dir.path().display(),
        tool.join("x").display()
    );
    for told in within_walls(&place, &script) {
        let lines: Vec<&str> = told.out.lines().collect();
        for name in lines[0].split_whitespace() {
            let known =
                ["bin", "dev", "etc", "home", "lib", "lib32", "lib64", "libx32", "nix", "proc", "run"];
            assert!(
                known.contains(&name) || ["sbin", "tmp", "usr", "var", "workspace"].contains(&name),
                "{name}"
            );
        }
        assert_eq!(lines[1].trim(), "tool");
        assert_eq!(lines[2], "shown");
        assert!(lines[3].contains("cell") && lines[3].contains("No such file"), "{}", lines[3]);
    }
}

#[test]
fn nothing_outside_workspace_home_and_tmp_is_writable() {
    let mut place = Place::new();
    let tool = place.dir.path().join("tool");
    fs::create_dir(&tool).unwrap();
    place.readable = vec![tool.clone()];
    let script = format!(
        "for d in / /usr /etc /dev /run /var /home {} /dev/pts; do touch $d/x 2>/dev/null && echo wrote $d; done; \
         for d in . ~ /tmp /dev/shm; do touch $d/x || echo not $d; done; echo y > /dev/null; head -c 3 /dev/urandom | wc -c",
        tool.display()
    );
    for told in within_walls(&place, &script) {
        assert_eq!((told.out.trim(), told.err.as_str()), ("3", ""));
    }
}

#[test]
fn a_job_has_no_rights_and_no_company() {
    let script = "id -u; grep -E '^(CapEff|CapBnd|CapPrm|CapAmb|NoNewPrivs)' /proc/self/status | tr -d '\\t'; \
        ls /proc | grep -c '^[0-9]'; cat /proc/1/environ 2>&1 | tr '\\0' ' '; hostname; \
        tr '\\0' ' ' < /proc/1/cmdline; echo; unshare -Ur true 2>/dev/null; mount -t tmpfs x /tmp 2>/dev/null && echo mounted";
    for told in within_walls(&Place::new(), script) {
        let lines: Vec<&str> = told.out.lines().collect();
        assert_eq!(lines[0], "1000");
        let zero = "0000000000000000";
        assert_eq!(
            lines[1..6],
            [
                &format!("CapPrm:{zero}")[..],
                &format!("CapEff:{zero}"),
                &format!("CapBnd:{zero}"),
                &format!("CapAmb:{zero}"),
                "NoNewPrivs:1"
            ]
        );
        assert!(lines[6].parse::<u32>().unwrap() <= 4, "{}", lines[6]);
        assert!(lines[7].contains("Permission denied"), "{}", lines[7]);
        assert_eq!(lines[8], "cell");
        assert!(!lines[9].contains("base"), "{}", lines[9]);
        assert!(!told.out.contains("mounted"));
    }
}

#[test]
fn a_room_without_network_has_a_loopback_of_its_own() {
    let script = "tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '; python3 - <<'E' 2>&1 || true
import socket
s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()
c = socket.create_connection(s.getsockname()); print('loopback')
try:
    socket.create_connection(('203.0.113.1', 80), 2); print('reached')
except OSError as e:
    print('errno', e.errno)
E";
    for told in within_walls(&Place::new(), script) {
        assert_eq!(told.out, "lo\nloopback\nerrno 101\n", "{}", told.err);
    }
}

#[test]
fn a_fork_bomb_meets_its_limit() {
    let mut place = Place::new();
    place.limits.processes = 40;
    let script = "n=0; while [ $n -lt 200 ]; do sleep 5 & n=$((n+1)); done 2>/dev/null; wait";
    for tier in WALLED {
        let Some(mut room) = room_of(&place, tier) else { continue };
        let mut job = sh(&room, script);
        job.timeout = Duration::from_secs(2);
        let counter = "ls /proc | grep -c '^[0-9]'";
        let told = run(&mut room, &job);
        assert!(told.end.why == Why::TimedOut || !told.end.exit.ok(), "{:?}", told.end);
        let job = sh(&room, counter);
        assert!(run(&mut room, &job).out.trim().parse::<u32>().unwrap() <= 5);
        room.close().unwrap();
    }
}

#[test]
fn the_same_paths_are_seen_in_every_room() {
    for told in within_walls(&Place::new(), "pwd; echo $HOME; stat -c %u . ~ | tr '\\n' ' '") {
        assert_eq!(told.out, format!("{WORKSPACE}\n{HOME}\n1000 1000 "));
    }
}

#[test]
fn a_name_with_commas_and_colons_holds_a_room() {
    let dir = tempfile::tempdir().unwrap();
    let odd = dir.path().join("a,b:c\\d e");
    fs::create_dir_all(odd.join("base/tree")).unwrap();
    fs::write(odd.join("base/tree/f"), "odd\n").unwrap();
    let limits = Limits::default();
    let mut room = Room::open(&RoomSpec {
        scratch: &odd.join("room"),
        base: &odd.join("base"),
        tier: TierChoice::Best,
        network: Network::None,
        doors: 0,
        readable: &[],
        own: &[],
        limits: &limits,
        marker: "odd",
        cancel: Cancel::new(),
    })
    .unwrap();
    let job = sh(&room, "cat f");
    assert_eq!(run(&mut room, &job).out, "odd\n");
    assert!(room.tier().1.is_none_or(|r| r.contains("root")), "{:?}", room.tier());
    room.close().unwrap();
}

#[test]
fn a_base_without_a_tree_is_refused() {
    let place = Place::new();
    fs::remove_dir_all(place.dir.path().join("base/tree")).unwrap();
    assert!(matches!(place.open(TierChoice::Best), Err(RoomError::NoBase { .. })));
}

#[test]
fn a_link_among_the_users_own_is_told_and_takes_no_walls_away() {
    let user = tempfile::tempdir().unwrap();
    fs::create_dir(user.path().join(".tool")).unwrap();
    fs::write(user.path().join("settings"), "{}").unwrap();
    std::os::unix::fs::symlink("../settings", user.path().join(".tool/settings")).unwrap();
    let own = |inside: &str, outside: &str| Own {
        inside: inside.into(),
        outside: user.path().join(outside),
        sealed: inside.contains('/'),
    };
    for tier in [TierChoice::Best, TierChoice::Full, TierChoice::Bubblewrap] {
        let place =
            Place { own: vec![own(".tool", ".tool"), own(".tool/settings", "settings")], ..Place::new() };
        match place.open(tier) {
            Err(RoomError::Linked { place }) => assert_eq!(place, Path::new(".tool/settings")),
            Err(RoomError::NoTier { tier, reason }) => skipped(tier, &reason),
            Err(error) => panic!("{tier:?}: {error}"),
            // Without walls a link leads where it always does.
            Ok(room) => assert!(room.tier().1.is_some_and(|why| why.contains("root")), "{:?}", room.tier()),
        }
    }
}

#[test]
fn a_room_is_used_once() {
    let place = Place::new();
    fs::create_dir_all(place.scratch()).unwrap();
    fs::write(place.scratch().join("left"), "").unwrap();
    assert!(matches!(place.open(TierChoice::Best), Err(RoomError::Used { .. })));
}

#[test]
fn a_workspace_nested_without_end_is_removed() {
    all(|place, tier| {
        let mut room = place.open(tier).unwrap();
        let job = sh(&room, "mkdir -p $(printf 'n/%.0s' $(seq 1600)) && echo deep");
        assert_eq!(run(&mut room, &job).out, "deep\n");
        room.close().unwrap();
        assert_eq!(fs::read_dir(place.dir.path().join("rooms")).unwrap().count(), 0);
    });
}

#[test]
fn a_tier_asked_for_is_had_or_refused() {
    for tier in Tier::ALL {
        let choice = match tier {
            Tier::Full => TierChoice::Full,
            Tier::Bubblewrap => TierChoice::Bubblewrap,
            Tier::Container => TierChoice::Container,
            Tier::Plain => TierChoice::Plain,
        };
        let place = Place::new();
        match place.open(choice) {
            Ok(room) => {
                assert_eq!((room.tier().0, room.tier().1.is_none()), (tier, tier == Tier::Full));
                room.close().unwrap();
            }
            Err(RoomError::NoTier { tier: refused, reason }) => {
                assert_eq!(refused, tier);
                assert!(!reason.is_empty() && tier != Tier::Plain);
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn detection_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let status = detect(&dir.path().join("try")).unwrap().status;
    assert_eq!(status.tier == Tier::Full, status.reason.is_none());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn a_room_that_is_in_use_is_not_swept() {
    all(|place, tier| {
        let room = place.open(tier).unwrap();
        let rooms = place.dir.path().join("rooms");
        sweep(&rooms).unwrap();
        assert!(place.scratch().join("written/home").exists());
        drop(room);
        sweep(&rooms).unwrap();
        assert_eq!(fs::read_dir(&rooms).unwrap().count(), 0);
    });
}

/// Prints what a room costs. Run by hand: `cargo test -p fairtrial-cell --test room -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement, not a check"]
fn the_price_of_a_room() {
    for files in [100, 10_000] {
        let place = Place::new();
        for n in 0..files {
            let folder = place.dir.path().join(format!("base/tree/d{}", n / 100));
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join(format!("f{n}")), "x".repeat(2600)).unwrap();
        }
        let mut times: Vec<[f64; 4]> = (0..40).map(|_| once(&place)).collect();
        times.sort_by(|a, b| a[3].total_cmp(&b[3]));
        let [open, job, close, all] = times[20];
        println!(
            "{files} files: open {open:.1} + run {job:.1} + close {close:.1} = {all:.1} ms (min {:.1})",
            times[0][3]
        );
    }
}

fn once(place: &Place) -> [f64; 4] {
    let ms = |since: Instant| since.elapsed().as_secs_f64() * 1e3;
    let start = Instant::now();
    let mut room = place.open(TierChoice::Best).unwrap();
    let open = ms(start);
    let mut job = sh(&room, "");
    job.argv = vec!["/bin/true".into()];
    assert!(run(&mut room, &job).end.exit.ok());
    let ran = ms(start);
    room.close().unwrap();
    [open, ran - open, ms(start) - ran, ms(start)]
}

#[test]
fn the_tests_know_where_they_run() {
    assert!(Path::new("/proc/self/ns/user").exists(), "rooms need a Linux with namespaces");
}

#[test]
fn toolchains_of_this_machine_run_in_a_room() {
    let host = fairtrial_cell::toolchain::Host::here();
    for program in ["sh", "python3", "node", "cargo", "rustc"] {
        let tools = match host.resolve(&[program]) {
            Ok(tools) => tools,
            Err(reason) => {
                let text = format!("SKIPPED: {program}: {reason}\n");
                std::io::stderr().write_all(text.as_bytes()).unwrap();
                continue;
            }
        };
        let mut place = Place::new();
        place.readable = tools.readable.clone();
        let Some(mut room) = full_room(&place) else { return };
        let mut job = sh(&room, "true");
        job.env = room.env(&tools.path);
        if program != "sh" {
            job.argv = vec![program.to_owned(), "--version".to_owned()];
        }
        let told = run(&mut room, &job);
        assert!(told.end.exit.ok(), "{program}: {tools:?} {} {}", told.out, told.err);
        room.close().unwrap();
    }
}
