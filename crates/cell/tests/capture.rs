//! Patches from edited trees, as a copy and as an overlay's upper, against the tree itself and against git.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use fairtrial_domain::patch::{Content, FileMode};
use proptest::prelude::*;
use tempfile::TempDir;

use fairtrial_cell::capture::{MAX_FILE, capture};
use fairtrial_cell::grade::layer::Layer;
use fairtrial_cell::process::{Cancel, Continue, Job, Stdin};
use fairtrial_cell::room::{Changes, Room, RoomError, RoomSpec};
use fairtrial_cell::tree::Stack;
use fairtrial_domain::bundle::{Tier, TierChoice};
use fairtrial_domain::patch::Patch;
use fairtrial_domain::task::{Limits, Network};

fn write(root: &Path, path: &str, text: impl AsRef<[u8]>) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn cp(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap().success());
}

/// A base and a copy of it that an edit changed.
struct Pair {
    dir: TempDir,
}

impl Pair {
    fn new(base: impl FnOnce(&Path), edit: impl FnOnce(&Path)) -> Pair {
        let pair = Pair { dir: tempfile::tempdir().unwrap() };
        fs::create_dir(pair.base()).unwrap();
        base(&pair.base());
        cp(&pair.base(), &pair.edited());
        edit(&pair.edited());
        pair
    }

    fn base(&self) -> PathBuf {
        self.dir.path().join("base")
    }

    fn edited(&self) -> PathBuf {
        self.dir.path().join("edited")
    }

    fn patch(&self) -> Patch {
        capture(&Changes::Copy { tree: self.edited(), lowers: vec![self.base()] }).unwrap()
    }

    /// The same edit as an overlay's upper folder.
    fn upper(&self, patch: &Patch) -> PathBuf {
        let upper = self.dir.path().join("upper");
        fs::create_dir(&upper).unwrap();
        let files: Vec<_> = patch.files.iter().collect();
        Layer::over(&upper, &Stack::new(vec![self.base()])).apply(&files).unwrap();
        upper
    }

    fn upper_patch(&self, upper: &Path) -> Patch {
        capture(&Changes::Upper { upper: upper.to_owned(), lowers: vec![self.base()] }).unwrap()
    }

    /// The base with the patch written into a copy of it.
    fn applied(&self, patch: &Patch) -> PathBuf {
        let copy = self.dir.path().join("applied");
        cp(&self.base(), &copy);
        let files: Vec<_> = patch.files.iter().collect();
        Layer::over(&copy, &Stack::new(Vec::new())).apply(&files).unwrap();
        copy
    }
}

fn shown(patch: &Patch) -> String {
    let mut out = String::new();
    for file in &patch.files {
        let side = |side: &Option<fairtrial_domain::patch::Side>| match side {
            None => "none".to_owned(),
            Some(side) => {
                let mode = match side.mode {
                    FileMode::Regular => "",
                    FileMode::Executable => "x ",
                    FileMode::Symlink => "-> ",
                };
                match &side.content {
                    Content::Text(text) => format!("{mode}{}", text.escape_debug()),
                    Content::Binary(base64) => format!("{mode}base64 {base64}"),
                }
            }
        };
        out.push_str(&format!(
            "{}: {} => {}\n",
            file.path.escape_debug(),
            side(&file.before),
            side(&file.after)
        ));
    }
    for flag in &patch.flags {
        out.push_str(&format!("{:?} {}\n", flag.reason, flag.path));
    }
    out
}

fn check(pair: &Pair, expected: &str) {
    assert_eq!(shown(&pair.patch()).trim(), expected.trim());
}

#[test]
fn every_kind_of_change_is_in_the_patch() {
    let pair = Pair::new(
        |base| {
            for path in ["edit", "gone", "mode", "same", "dir/a", "dir/b", "file", "link"] {
                write(base, path, path);
            }
            write(base, ".git/config", "[core]");
        },
        |tree| {
            write(tree, "edit", "new\n");
            fs::remove_file(tree.join("gone")).unwrap();
            chmod(&tree.join("mode"), 0o755);
            write(tree, "same", "same");
            fs::remove_dir_all(tree.join("dir")).unwrap();
            write(tree, "dir", "now a file");
            fs::remove_file(tree.join("file")).unwrap();
            write(tree, "file/inner", "now a folder");
            fs::remove_file(tree.join("link")).unwrap();
            symlink("edit", tree.join("link")).unwrap();
            write(tree, "bin", [0, 255]);
            write(tree, ".git/config", "[core] fsmonitor = evil");
        },
    );
    check(
        &pair,
        "
bin: none => base64 AP8=
dir: none => now a file
dir/a: dir/a => none
dir/b: dir/b => none
edit: edit => new\\n
file: file => none
file/inner: none => now a folder
gone: gone => none
link: link => -> edit
mode: mode => x mode",
    );
    let patch = pair.patch();
    let upper = pair.upper(&patch);
    assert_eq!(pair.upper_patch(&upper), patch);
    fs::remove_dir_all(pair.edited().join(".git")).unwrap();
    let applied = pair.applied(&patch);
    fs::remove_dir_all(applied.join(".git")).unwrap();
    assert_eq!(tree(&applied), tree(&pair.edited()));
}

#[test]
fn what_cannot_be_carried_is_flagged_and_never_followed() {
    let pair = Pair::new(
        |base| {
            write(base, "a", "a");
            write(base, "fifo", "was a file");
        },
        |tree| {
            fs::remove_file(tree.join("fifo")).unwrap();
            assert!(Command::new("mkfifo").arg(tree.join("fifo")).status().unwrap().success());
            symlink("/etc/passwd", tree.join("out")).unwrap();
            symlink("..", tree.join("up")).unwrap();
            chmod(&tree.join("a"), 0o4644);
            write(tree, "A", "");
            write(tree, "sub/.GIT/config", "x");
            write(tree, "sub/b", "b");
            write(tree, "git~1/x", "");
            fs::write(
                tree.join(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"bad\xff")),
                "",
            )
            .unwrap();
            fs::File::create(tree.join("big")).unwrap().set_len(MAX_FILE + 1).unwrap();
        },
    );
    check(
        &pair,
        "
A: none => \n\
fifo: was a file => none
out: none => -> /etc/passwd
sub/b: none => b
up: none => -> ..
CaseCollision A
SetId a
NotUtf8Name bad\\xff
TooLarge big
SpecialFile fifo
NestedGit git~1
EscapingSymlink out
NestedGit sub/.GIT
EscapingSymlink up",
    );
}

#[test]
fn build_outputs_are_listed_once_and_changed_files_of_the_repository_are_kept() {
    let pair = Pair::new(
        |base| {
            write(base, ".gitignore", "out/\n*.log\n");
            write(base, "Cargo.toml", "");
            write(base, "kept.log", "a");
            write(base, "out/kept", "a");
        },
        |tree| {
            // What an assistant adds to the rules hides nothing.
            write(tree, ".gitignore", "out/\n*.log\nsecret\n");
            write(tree, "secret", "s");
            write(tree, "kept.log", "b");
            write(tree, "out/kept", "b");
            write(tree, "out/new", "b");
            write(tree, "a.log", "b");
            write(tree, "target/debug/x", "b");
            write(tree, "target/debug/y", "b");
            write(tree, "p/__pycache__/m.pyc", "b");
        },
    );
    check(
        &pair,
        "
.gitignore: out/\\n*.log\\n => out/\\n*.log\\nsecret\\n
kept.log: a => b
out/kept: a => b
secret: none => s
Ignored a.log
Ignored out/new
Ignored p/__pycache__/
Ignored target/",
    );
}

#[test]
fn an_upper_is_read_with_whiteouts_opaque_folders_and_copies_without_a_change() {
    let pair = Pair::new(|base| ["d/a", "d/b", "e/a", "same"].iter().for_each(|p| write(base, p, p)), |_| {});
    let upper = pair.dir.path().join("upper");
    write(&upper, "d/b", "new");
    write(&upper, "same", "same");
    if rustix::fs::setxattr(upper.join("d"), "user.overlay.opaque", b"y", rustix::fs::XattrFlags::empty())
        .is_err()
    {
        println!("skipped: this file system has no user attributes");
        return;
    }
    rustix::fs::mknodat(
        rustix::fs::CWD,
        upper.join("e"),
        rustix::fs::FileType::CharacterDevice,
        rustix::fs::Mode::empty(),
        0,
    )
    .unwrap();
    assert_eq!(shown(&pair.upper_patch(&upper)), "d/a: d/a => none\nd/b: d/b => new\ne/a: e/a => none\n");
}

#[test]
fn what_set_up_wrote_is_below_and_no_change() {
    let pair = Pair::new(|base| write(base, "a", "a"), |tree| write(tree, "gen", "made by set-up"));
    let layer = pair.dir.path().join("layer");
    write(&layer, "gen", "made by set-up");
    let changes = Changes::Copy { tree: pair.edited(), lowers: vec![layer, pair.base()] };
    assert_eq!(capture(&changes).unwrap(), Patch::default());
}

#[test]
fn a_deep_tree_does_not_break_the_walk() {
    let pair = Pair::new(|_| {}, |tree| write(tree, &format!("{}x", "d/".repeat(1500)), ""));
    assert_eq!(pair.patch().files.len(), 1);
}

#[test]
fn a_missing_workspace_is_an_error_and_no_empty_patch() {
    let gone = Changes::Copy { tree: "/nonexistent/tree".into(), lowers: vec![] };
    assert_eq!(capture(&gone).unwrap_err().to_string(), "could not read `/nonexistent/tree`");
}

/// All files with mode and content.
fn tree(root: &Path) -> BTreeMap<PathBuf, fairtrial_domain::patch::Side> {
    let stack = Stack::new(vec![root.to_owned()]);
    let files = stack.files(Path::new("")).unwrap();
    files.into_iter().filter_map(|f| Some((f.clone(), stack.side(&f, MAX_FILE).unwrap()?))).collect()
}

/// git's own id of a tree, from a repository of ours outside it.
fn git_tree(root: &Path, work: &Path) -> String {
    let git = |args: &[&str]| {
        let out = Command::new("git")
            .args(args)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_NOSYSTEM", "1")])
            .env("GIT_DIR", work)
            .env("GIT_WORK_TREE", root)
            .output()
            .unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap().trim().to_owned()
    };
    let _ = fs::remove_dir_all(work);
    git(&["init", "-q", "--template="]);
    git(&["add", "-A", "-f", "."]);
    git(&["write-tree"])
}

#[test]
fn git_gives_the_patched_base_the_same_tree_id() {
    let pair = Pair::new(
        |base| {
            write(base, "whole/dir/a", "1");
            write(base, "whole/dir/b", "2");
            write(base, "file", "3");
            write(base, "crlf", "a\r\nb\r\n");
            write(base, "run.sh", "#!/bin/sh\n");
            symlink("file", base.join("link")).unwrap();
        },
        |tree| {
            fs::remove_dir_all(tree.join("whole")).unwrap();
            write(tree, "whole", "a file now");
            fs::remove_file(tree.join("file")).unwrap();
            write(tree, "file/in/deep", "x");
            fs::remove_file(tree.join("link")).unwrap();
            symlink("/etc/passwd", tree.join("link")).unwrap();
            chmod(&tree.join("run.sh"), 0o755);
            write(tree, "no newline", "é");
            write(tree, "quote\"tab\tnew\nline\\", "odd");
            write(tree, "crlf", "a\nb\r\n");
            write(tree, "bin", [0, 1, 2, 255]);
            write(tree, "latin1", [0xe9, b'\n']);
            write(tree, "empty", "");
            write(tree, "-rf", "");
            write(tree, ":(top)x", "");
            write(tree, "Upper", "1");
            write(tree, "upper", "2");
        },
    );
    let patch = pair.patch();
    let work = pair.dir.path().join("git");
    let edited = git_tree(&pair.edited(), &work);
    assert_eq!(git_tree(&pair.applied(&patch), &work), edited);
    assert_ne!(git_tree(&pair.base(), &work), edited);
    let upper = pair.upper(&patch);
    assert_eq!(pair.upper_patch(&upper), patch);
}

#[derive(Debug, Clone)]
enum Edit {
    Write(String, Vec<u8>),
    Remove(String),
    Link(String, String),
    Mode(String, bool),
}

fn path() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(vec!["a", "b", "c", "é"]), 1..4)
        .prop_map(|parts| parts.join("/"))
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        4 => (path(), prop::collection::vec(any::<u8>(), 0..6)).prop_map(|(p, c)| Edit::Write(p, c)),
        2 => path().prop_map(Edit::Remove),
        1 => (path(), path()).prop_map(|(p, t)| Edit::Link(p, t)),
        1 => (path(), any::<bool>()).prop_map(|(p, x)| Edit::Mode(p, x)),
    ]
}

/// Makes an edit, forcing its way; through a symlink it makes none.
fn make(root: &Path, edit: &Edit) {
    let clear = |path: &str| {
        let mut at = root.to_owned();
        for part in path.split('/') {
            at.push(part);
            let meta = fs::symlink_metadata(&at);
            if at == root.join(path) && meta.as_ref().is_ok_and(fs::Metadata::is_dir) {
                fs::remove_dir_all(&at).unwrap();
            } else if meta.is_ok_and(|m| !m.is_dir()) {
                fs::remove_file(&at).unwrap();
            }
        }
        fs::create_dir_all(at.parent().unwrap()).unwrap();
        at
    };
    match edit {
        Edit::Write(path, content) => fs::write(clear(path), content).unwrap(),
        Edit::Remove(path) => drop(clear(path)),
        Edit::Link(path, target) => symlink(target, clear(path)).unwrap(),
        Edit::Mode(path, on) => {
            let at = root.join(path);
            if fs::symlink_metadata(&at).is_ok_and(|m| m.is_file()) {
                chmod(&at, if *on { 0o755 } else { 0o644 });
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn a_patch_makes_the_edited_tree_from_the_base_in_both_forms(
        before in prop::collection::vec(edit(), 0..12),
        after in prop::collection::vec(edit(), 0..12),
    ) {
        let pair = Pair::new(
            |base| before.iter().for_each(|e| make(base, e)),
            |tree| after.iter().for_each(|e| make(tree, e)),
        );
        let patch = pair.patch();
        prop_assert!(patch.files.is_sorted_by(|a, b| a.path < b.path));
        let edited = tree(&pair.edited());
        prop_assert_eq!(&tree(&pair.applied(&patch)), &edited);
        let upper = pair.upper(&patch);
        prop_assert_eq!(pair.upper_patch(&upper), patch);
        let stacked = Stack::new(vec![upper, pair.base()]);
        let merged: BTreeMap<_, _> = stacked.files(Path::new("")).unwrap().into_iter()
            .map(|f| (f.clone(), stacked.side(&f, MAX_FILE).unwrap().unwrap())).collect();
        prop_assert_eq!(&merged, &edited);
    }
}

/// Edits a base by a shell script in a room and returns the patch with the tier it came from.
fn in_a_room(tier: TierChoice, script: &str) -> Result<(Tier, Patch), String> {
    let dir = tempfile::tempdir().unwrap();
    let base = dir.path().join("base");
    for path in ["d/a", "d/b/c", "e/a", "file", "mode", "same", "moved/x", "moved/y"] {
        write(&base, &format!("tree/{path}"), path);
    }
    write(&base, "tree/.git/HEAD", "ref: refs/heads/main");
    write(&base, "layer/gen/made", "by set-up");
    let limits = Limits::default();
    let opened = Room::open(&RoomSpec {
        scratch: &dir.path().join("room"),
        base: &base,
        tier,
        network: Network::None,
        doors: 0,
        readable: &[],
        own: &[],
        limits: &limits,
        marker: &dir.path().display().to_string(),
        cancel: Cancel::new(),
    });
    let mut room = match opened {
        Err(error @ RoomError::NoTier { .. }) => return Err(error.to_string()),
        other => other.unwrap(),
    };
    let job = Job {
        argv: ["sh", "-ec", script].map(str::to_owned).to_vec(),
        env: room.env(&[]),
        cwd: PathBuf::new(),
        stdin: Stdin::Null,
        timeout: Duration::from_secs(30),
        stall: None,
        grace: Duration::from_secs(1),
    };
    let end = room.run(&job, &mut |_| Continue::Yes).unwrap();
    assert_eq!(end.exit.code, Some(0));
    let tier = room.tier().0;
    let patch = capture(&room.freeze()).unwrap();
    room.close().unwrap();
    Ok((tier, patch))
}

#[test]
fn every_tier_gives_the_same_patch_of_real_edits() {
    let script = "
        rm -rf d; mkdir d; echo new > d/a              # an opaque folder
        rm -rf e; echo file > e                        # a folder becomes a file
        rm file; mkdir file; echo in > file/in         # and the other way round
        chmod +x mode; touch same; cat same > t; mv t same
        mv moved elsewhere
        ln -s /etc/passwd out
        echo evil > .git/config; mkdir -p sub/.git; echo x > sub/.git/x
        mkfifo pipe; mkdir -p __pycache__; echo x > __pycache__/a.pyc
        echo more >> gen/made; rm -rf gone; mkdir empty
    ";
    let (_, plain) = in_a_room(TierChoice::Plain, script).unwrap();
    assert_eq!(
        shown(&plain),
        "\
d/a: d/a => new\\n
d/b/c: d/b/c => none
e: none => file\\n
e/a: e/a => none
elsewhere/x: none => moved/x
elsewhere/y: none => moved/y
file: file => none
file/in: none => in\\n
gen/made: by set-up => by set-upmore\\n
mode: mode => x mode
moved/x: moved/x => none
moved/y: moved/y => none
out: none => -> /etc/passwd
Ignored __pycache__/
EscapingSymlink out
SpecialFile pipe
NestedGit sub/.git
"
    );
    for choice in [TierChoice::Full, TierChoice::Bubblewrap, TierChoice::Container] {
        match in_a_room(choice, script) {
            Ok((tier, patch)) => {
                assert_eq!((Some(tier), shown(&patch)), (choice.only(), shown(&plain)));
            }
            // Written past the test harness, so that it is seen although the test counts as passed.
            Err(reason) => std::io::stderr().write_all(format!("SKIPPED: {reason}\n").as_bytes()).unwrap(),
        }
    }
}
