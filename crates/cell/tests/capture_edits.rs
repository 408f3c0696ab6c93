//! Random edit scripts in real rooms: the captured patch, laid over a clean copy, has the tree id that git computes
//! for the edited workspace. `FAIRTRIAL_EDIT_SCRIPTS` says how many; `FAIRTRIAL_EDIT_SEED` where they start.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use fairtrial_cell::capture::capture;
use fairtrial_cell::grade::layer::Layer;
use fairtrial_cell::process::{Cancel, Continue, Happening, Job, Stdin, Stream, Why};
use fairtrial_cell::room::{Changes, Room, RoomSpec};
use fairtrial_cell::tree::Stack;
use fairtrial_domain::bundle::{Tier, TierChoice};
use fairtrial_domain::patch::{FlagReason, Patch};
use fairtrial_domain::task::{Limits, Network};

/// Scripts that a usual test run tries.
const FEW: u64 = 40;
/// Sends out what is seen in the room as an archive. All folders are listed first: overlayfs drops a mark of its own
/// from a folder when that is listed and holds nothing from below any more, which changes the folder's time, and `tar`
/// then takes it for changed while it was read.
const SEEN: &str = "ls -AR . > /dev/null 2>&1; exec tar -cf - .";

/// Numbers that follow from a seed (SplitMix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % sides as u64).unwrap()
    }

    fn path(&mut self) -> String {
        const NAMES: [&str; 14] = [
            "a",
            "b",
            "c",
            "d",
            "é",
            "A",
            "-rf",
            "two words",
            "quote\"d",
            "it's",
            "tab\there",
            "line\nbreak",
            ":(top)x",
            "$HOME",
        ];
        let depth = 1 + self.roll(3);
        // Few names most of the time, so that edits meet each other and the base.
        let known = if self.roll(3) == 0 { NAMES.len() } else { 5 };
        (0..depth).map(|_| NAMES[self.roll(known)]).collect::<Vec<_>>().join("/")
    }

    fn content(&mut self) -> Vec<u8> {
        const CONTENTS: [&[u8]; 8] = [
            b"",
            b"one\n",
            b"one\ntwo\n",
            b"no end",
            b"dos\r\nline\r\n",
            b"\x00\x01\xff",
            b"\xe9latin\n",
            b"#!/bin/sh\necho\n",
        ];
        CONTENTS[self.roll(CONTENTS.len())].to_vec()
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// A shell command that prints `bytes` into a file.
fn print(bytes: &[u8], path: &str) -> String {
    let octal: String = bytes.iter().map(|b| format!("\\{b:03o}")).collect();
    format!("printf '{octal}' > {}", quoted(&format!("./{path}")))
}

/// One random edit as shell; whatever it meets, it goes on.
fn edit(dice: &mut Dice) -> String {
    let (path, other) = (dice.path(), dice.path());
    let (at, to) = (quoted(&format!("./{path}")), quoted(&format!("./{other}")));
    let parent = |path: &str| {
        let dir = Path::new(path).parent().unwrap().to_str().unwrap().to_owned();
        format!("mkdir -p {}", quoted(&format!("./{dir}")))
    };
    match dice.roll(16) {
        0..=3 => format!("{} && {}", parent(&path), print(&dice.content(), &path)),
        4 => format!("rm -f {at}"),
        5 => format!("rm -rf {at}"),
        6 => format!("{} && mv -T {at} {to}", parent(&other)),
        7 => format!("mv {at} {to}.moved"),
        8 => format!("[ -L {at} ] || chmod {} {at}", ["755", "644", "600", "700", "444"][dice.roll(5)]),
        9 => format!("{} && ln -sfn {} {at}", parent(&path), quoted(&other)),
        10 => format!(
            "rm -rf {at}; {} && mkdir {at} && {}",
            parent(&path),
            print(&dice.content(), &format!("{path}/new"))
        ),
        11 => format!("rm -rf {at}; {} && {}", parent(&path), print(&dice.content(), &path)),
        12 => format!("cp -a {at} {to}"),
        13 => format!("[ -f {at} ] && [ ! -L {at} ] && {{ cat {at}; echo more; }} > ./.t && mv ./.t {at}"),
        14 => format!("touch {at}; ln {at} {to}"),
        _ => format!("[ -d {at} ] && [ ! -L {at} ] && mv -T {at} ./.t && mkdir {at} && mv ./.t {at}/inner"),
    }
}

fn base(dice: &mut Dice, tree: &Path) {
    fs::create_dir_all(tree).unwrap();
    for _ in 0..4 + dice.roll(16) {
        let (path, content) = (tree.join(dice.path()), dice.content());
        // What does not fit over what is there is left out.
        if fs::create_dir_all(path.parent().unwrap()).is_err() || fs::symlink_metadata(&path).is_ok() {
            continue;
        }
        match dice.roll(6) {
            0 => symlink(dice.path(), &path).unwrap(),
            1 => {
                fs::write(&path, content).unwrap();
                fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
            }
            _ => fs::write(&path, content).unwrap(),
        }
    }
}

/// The room's workspace after `script`, as a patch and as a plain copy made by the room's own `cp`.
fn worked(dir: &Path, script: &str, tier: TierChoice) -> (Tier, Patch, PathBuf) {
    let limits = Limits::default();
    let mut room = Room::open(&RoomSpec {
        scratch: &dir.join("room"),
        base: &dir.join("base"),
        tier,
        network: Network::None,
        doors: 0,
        readable: &[],
        own: &[],
        limits: &limits,
        marker: &dir.display().to_string(),
        cancel: Cancel::new(),
    })
    .unwrap();
    let job = Job {
        argv: ["sh", "-c", script].map(str::to_owned).to_vec(),
        env: room.env(&[]),
        cwd: PathBuf::new(),
        stdin: Stdin::Null,
        timeout: Duration::from_secs(60),
        stall: None,
        grace: Duration::from_secs(1),
    };
    let (mut archive, mut complaint) = (Vec::new(), Vec::new());
    let end = room
        .run(&job, &mut |happening| {
            if let Happening::Output(output) = happening {
                match output.stream {
                    Stream::Stdout => archive.extend_from_slice(output.bytes),
                    Stream::Stderr => complaint.extend_from_slice(output.bytes),
                }
            }
            Continue::Yes
        })
        .unwrap();
    let told = || String::from_utf8_lossy(&complaint).into_owned();
    assert_eq!((end.exit.code, end.why), (Some(0), Why::ByItself), "{}: {}\n{script}", dir.display(), told());
    let tier = room.tier().0;
    let changes: Changes = room.freeze();
    let patch = capture(&changes).unwrap();
    room.close().unwrap();
    let seen = dir.join("seen");
    fs::create_dir(&seen).unwrap();
    fs::write(dir.join("seen.tar"), archive).unwrap();
    run(Command::new("tar").arg("-xf").arg(dir.join("seen.tar")).arg("-C").arg(&seen));
    (tier, patch, seen)
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// git's own id of a tree, by a repository of ours outside it.
fn tree_id(tree: &Path, repository: &Path) -> String {
    let git = |args: &[&str]| {
        let mut git = Command::new("git");
        git.args(args).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
        git.envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_NOSYSTEM", "1")]);
        run(git.env("GIT_DIR", repository).env("GIT_WORK_TREE", tree))
    };
    let _ = fs::remove_dir_all(repository);
    git(&["init", "-q", "--template="]);
    git(&["add", "-A", "-f", "."]);
    git(&["write-tree"])
}

/// Tries the script of a seed; returns how many files its patch changes.
fn one(seed: u64, tier: TierChoice) -> (Tier, usize) {
    let dir = tempfile::Builder::new().prefix(&format!("seed-{seed}-")).tempdir().unwrap();
    let mut dice = Dice(seed);
    base(&mut dice, &dir.path().join("base/tree"));
    let edits: String =
        (0..3 + dice.roll(25)).map(|_| format!("( {} ) 2>/dev/null\n", edit(&mut dice))).collect();
    same_as_git(&format!("seed {seed}"), dir.path(), &edits, tier)
}

/// Edits the base in `dir`, and compares the patch with what git says of what the room saw.
fn same_as_git(what: &str, dir: &Path, edits: &str, tier: TierChoice) -> (Tier, usize) {
    // The oracle does not read the overlay's layers.
    let script = format!("{edits}chmod -R u+rwX . 2>/dev/null; rm -f ./.t 2>/dev/null; {SEEN}");
    let (tier, patch, seen) = worked(dir, &script, tier);
    let lost: Vec<_> = patch
        .flags
        .iter()
        .filter(|flag| !matches!(flag.reason, FlagReason::CaseCollision | FlagReason::EscapingSymlink))
        .collect();
    assert!(lost.is_empty(), "{what}: {lost:?}");
    let clean = dir.join("clean");
    run(Command::new("cp").arg("-a").arg(dir.join("base/tree")).arg(&clean));
    let files: Vec<_> = patch.files.iter().collect();
    Layer::over(&clean, &Stack::new(Vec::new())).apply(&files).unwrap();
    let repository = dir.join("git");
    assert_eq!(
        tree_id(&clean, &repository),
        tree_id(&seen, &repository),
        "{what}:\n{script}\n{:?}",
        files.iter().map(|file| &file.path).collect::<Vec<_>>()
    );
    (tier, patch.files.len())
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// Once in some thousands of random scripts the last tick of the clock fell between these edits and the archive.
#[test]
fn a_folder_that_held_a_moved_file_is_seen_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let tree = dir.path().join("base/tree");
    fs::create_dir_all(tree.join("a")).unwrap();
    fs::write(tree.join("a/f"), "one\n").unwrap();
    let edits = "mkdir d && mv a/f d/f && echo x > d/g && rm d/f && sleep 0.1\n";
    let (_, files) = same_as_git("a moved file", dir.path(), edits, TierChoice::Best);
    assert_eq!(files, 2);
}

#[test]
fn random_edits_in_rooms_give_the_tree_that_git_sees() {
    let (count, first) = (number("FAIRTRIAL_EDIT_SCRIPTS", FEW), number("FAIRTRIAL_EDIT_SEED", 1));
    let mut tried: BTreeMap<String, (u64, usize)> = BTreeMap::new();
    for seed in first..first + count {
        // One in eight in a plain copy, whose patch is taken by comparing and not from an upper folder.
        let choice = if seed % 8 == 0 { TierChoice::Plain } else { TierChoice::Best };
        let (tier, files) = one(seed, choice);
        let row = tried.entry(format!("{tier:?}").to_lowercase()).or_default();
        *row = (row.0 + 1, row.1 + files);
    }
    for (tier, (scripts, files)) in tried {
        eprintln!("edit scripts: {tier} tier: {scripts} scripts, {files} changed files, 0 differences");
    }
}
