//! Bases and grading with real git, real runners and real rooms. Run as an ordinary user for the full tier; as root
//! only the plain one exists. A runner that is not installed is skipped, and said.

#![expect(clippy::print_stdout, reason = "a skipped test says so")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use fairtrial_cell::process::Cancel;
use fairtrial_cell::tree::Stack;
use fairtrial_cell::{base, grade};
use fairtrial_domain::bundle::{
    BUNDLE_FILE, BaseBundle, BaseInfo, Bundle, GradeBundle, JOURNAL_FILE, Tier, TierChoice,
};
use fairtrial_domain::id::CheckId;
use fairtrial_domain::journal::{JournalLine, Record};
use fairtrial_domain::patch::{Content, FileChange, FileMode, Patch, Side};
use fairtrial_domain::task::{
    Check, CheckKind, Command as SetUp, HiddenFile, Limits, Network, Repository, ResultFormat,
};
use fairtrial_domain::verdict::{TestStatus, ToolFinding, Verdict, VerdictStatus};

/// A folder for everything, removed at the end.
struct Place {
    dir: tempfile::TempDir,
    bundles: std::cell::Cell<u32>,
}

impl Place {
    fn new() -> Place {
        Place { dir: tempfile::tempdir().unwrap(), bundles: std::cell::Cell::new(0) }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn bundle(&self, bundle: &Bundle) -> PathBuf {
        self.bundles.set(self.bundles.get() + 1);
        let dir = self.path(&format!("bundle-{}", self.bundles.get()));
        fs::create_dir(&dir).unwrap();
        fs::write(dir.join(BUNDLE_FILE), serde_json::to_vec(bundle).unwrap()).unwrap();
        dir
    }

    fn prepare(&self, bundle: BaseBundle) -> Vec<Record> {
        let dir = self.bundle(&Bundle::Base(bundle));
        base::prepare(&dir, &Cancel::new()).unwrap();
        journal(&dir)
    }

    fn grade(&self, bundle: GradeBundle) -> Vec<Record> {
        let dir = self.bundle(&Bundle::Grade(bundle));
        grade::grade(&dir, &Cancel::new()).unwrap();
        let left: Vec<_> = fs::read_dir(&dir).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(left.len(), 2, "only bundle and journal stay: {left:?}");
        journal(&dir)
    }

    fn folder_base(&self, setup: &[&str], requires: &[&str]) -> BaseBundle {
        BaseBundle {
            repository: Repository::Folder { path: self.path("src") },
            setup: setup.iter().map(|run| SetUp { run: (*run).to_owned(), timeout_sec: 60.0 }).collect(),
            target: self.path("base"),
            requires: owned(requires),
            readable: vec![],
            network: Network::None,
            tier: TierChoice::Best,
        }
    }

    fn grading(&self, patch: Patch, checks: Vec<Check>, requires: &[&str]) -> GradeBundle {
        GradeBundle {
            marker: self.dir.path().display().to_string(),
            base: self.path("base"),
            patch,
            checks,
            hidden: Vec::new(),
            protected: Vec::new(),
            requires: owned(requires),
            readable: vec![],
            limits: Limits::default(),
            tier: TierChoice::Best,
        }
    }
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|w| (*w).to_owned()).collect()
}

fn journal(dir: &Path) -> Vec<Record> {
    let text = fs::read_to_string(dir.join(JOURNAL_FILE)).unwrap();
    let records: Vec<Record> =
        text.lines().map(|l| serde_json::from_str::<JournalLine>(l).unwrap().record).collect();
    assert_eq!(records.last(), Some(&Record::Closed));
    records
}

fn ready(records: &[Record]) -> BaseInfo {
    let info =
        records.iter().find_map(|r| if let Record::BaseReady { info } = r { Some(info) } else { None });
    info.unwrap_or_else(|| panic!("{records:#?}")).clone()
}

fn failed(records: &[Record]) -> &str {
    let reason =
        records.iter().find_map(|r| if let Record::Failed { reason, .. } = r { Some(reason) } else { None });
    reason.unwrap_or_else(|| panic!("{records:#?}"))
}

fn verdicts(records: &[Record]) -> Vec<&Verdict> {
    let found: Vec<_> = records
        .iter()
        .filter_map(|r| if let Record::Verdict { verdict } = r { Some(verdict) } else { None })
        .collect();
    assert!(!found.is_empty(), "{records:#?}");
    found
}

fn status(records: &[Record]) -> &VerdictStatus {
    let verdicts = verdicts(records);
    assert_eq!(verdicts.len(), 1);
    &verdicts[0].status
}

fn restored(records: &[Record]) -> Vec<&str> {
    records
        .iter()
        .filter_map(|r| if let Record::Restored { path } = r { Some(path.as_str()) } else { None })
        .collect()
}

fn text(text: &str) -> Option<Side> {
    Some(Side { mode: FileMode::Regular, content: Content::Text(text.to_owned()) })
}

fn link(target: &str) -> Option<Side> {
    Some(Side { mode: FileMode::Symlink, content: Content::Text(target.to_owned()) })
}

fn change(path: &str, before: Option<Side>, after: Option<Side>) -> FileChange {
    FileChange { path: path.to_owned(), before, after }
}

fn patch(files: Vec<FileChange>) -> Patch {
    Patch { files, flags: Vec::new() }
}

fn check(format: ResultFormat, run: &str) -> Check {
    Check {
        id: CheckId::parse("hidden").unwrap(),
        kind: CheckKind::FailToPass,
        run: run.to_owned(),
        format,
        report: None,
        tests: Vec::new(),
        timeout_sec: 60.0,
        hidden: true,
    }
}

fn hidden(path: &str, content: &str) -> HiddenFile {
    HiddenFile { path: path.to_owned(), content: content.as_bytes().to_vec(), executable: false }
}

/// Whether a program can be run here; says so where it cannot.
fn has(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok_and(|o| o.status.success());
    if !found {
        println!("skipped: `{program}` is not installed");
    }
    found
}

fn git(folder: &Path, args: &[&str]) -> String {
    let out = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args([
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@b",
            "-c",
            "init.defaultBranch=main",
            "-c",
            "core.hooksPath=/dev/null",
            "-c",
            "core.fsmonitor=false",
        ])
        .args(args)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap().trim().to_owned()
}

/// A repository of two commits whose configuration would run programs; returns the first commit.
fn repository(place: &Place) -> String {
    place.write("src/a.txt", "one\n");
    place.write("src/.gitattributes", "*.txt filter=evil\n");
    place.write("src/sub/run.sh", "#!/bin/sh\n");
    let src = place.path("src");
    git(&src, &["init", "-q"]);
    git(&src, &["add", "-A"]);
    git(&src, &["commit", "-qm", "first"]);
    let first = git(&src, &["rev-parse", "HEAD"]);
    place.write("src/answer", "42");
    git(&src, &["add", "-A"]);
    git(&src, &["commit", "-qm", "the answer"]);
    let marker = place.path("ran");
    for key in ["filter.evil.smudge", "filter.evil.clean", "core.fsmonitor", "core.sshCommand"] {
        git(&src, &["config", key, &format!("touch {}; cat", marker.display())]);
    }
    for hook in ["post-checkout", "post-index-change", "reference-transaction"] {
        place.write(&format!("src/.git/hooks/{hook}"), &format!("#!/bin/sh\ntouch {}\n", marker.display()));
        let path = src.join(".git/hooks").join(hook);
        fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    first
}

fn from_git(place: &Place, location: &str, commit: &str, uncommitted: Option<&str>) -> BaseBundle {
    let (location, commit) = (location.to_owned(), commit.to_owned());
    let repository = Repository::Git { location, commit, uncommitted: uncommitted.map(str::to_owned) };
    BaseBundle { repository, ..place.folder_base(&[], &[]) }
}

#[test]
fn a_base_of_a_commit_tells_nothing_of_later_ones_and_runs_nothing_of_the_repository() {
    let place = Place::new();
    let first = repository(&place);
    let src = place.path("src");
    let info = ready(&place.prepare(from_git(&place, src.to_str().unwrap(), &first, None)));
    assert_eq!((info.files, info.bytes), (3, 4 + 18 + 10));
    let tree = place.path("base/tree");
    assert_eq!(fs::read_to_string(tree.join("a.txt")).unwrap(), "one\n");
    assert!(!place.path("ran").exists(), "a program of the repository's configuration ran");
    assert_eq!(git(&tree, &["log", "--all", "--format=%an %s"]), "base base");
    assert_eq!(git(&tree, &["status", "--porcelain"]), "");
    assert_eq!(git(&tree, &["remote"]), "");
    assert_eq!(git(&tree, &["reflog", "--all"]), "");
    assert_eq!(git(&tree, &["count-objects"]).split(' ').next(), Some("6"), "more than one commit's objects");
    assert!(!tree.join(".git/objects/info/alternates").exists());
    let left: Vec<_> = fs::read_dir(place.path("base")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "only tree and base.json: {left:?}");
}

#[test]
fn the_same_commit_gives_the_same_base_from_folder_bundle_and_url() {
    let place = Place::new();
    let first = repository(&place);
    let src = place.path("src");
    git(&src, &["branch", "old", &first]);
    git(&src, &["bundle", "create", "-q", place.path("repo.bundle").to_str().unwrap(), "--all"]);
    let mut seen = Vec::new();
    let bundle = place.path("repo.bundle").display().to_string();
    let url = format!("file://{}", src.display());
    for location in [src.display().to_string(), bundle, url] {
        let base = BaseBundle {
            target: place.path(&format!("base-{}", seen.len())),
            ..from_git(&place, &location, &first, None)
        };
        let target = base.target.clone();
        let info = ready(&place.prepare(base));
        seen.push((info.digest, git(&target.join("tree"), &["rev-parse", "HEAD"])));
    }
    assert!(seen.iter().all(|s| *s == seen[0]), "{seen:?}");
    assert!(!place.path("ran").exists());
}

#[test]
fn uncommitted_work_is_laid_over_the_commit_or_refused() {
    let place = Place::new();
    let first = repository(&place);
    let src = place.path("src").display().to_string();
    let diff = "--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-one\n+two\n";
    ready(&place.prepare(from_git(&place, &src, &first, Some(diff))));
    assert_eq!(fs::read_to_string(place.path("base/tree/a.txt")).unwrap(), "two\n");
    let other = BaseBundle {
        target: place.path("other"),
        ..from_git(&place, &src, &first, Some(&diff.replace("-one", "-none")))
    };
    let records = place.prepare(other);
    assert!(
        failed(&records).starts_with(&format!("the uncommitted changes do not fit commit `{first}`")),
        "{records:?}"
    );
    assert!(!place.path("other").exists());
}

#[test]
fn a_missing_commit_or_repository_names_it_and_the_remedy() {
    let place = Place::new();
    repository(&place);
    let src = place.path("src").display().to_string();
    let gone = "0123456789012345678901234567890123456789";
    assert_eq!(
        failed(&place.prepare(from_git(&place, &src, gone, None))),
        format!("`{src}` has no commit `{gone}`: fetch it there, or correct the commit that the task names")
    );
    let sub = format!("{src}/sub");
    for location in [sub.as_str(), "/nonexistent", "ext::sh -c true"] {
        let records = place.prepare(from_git(&place, location, gone, None));
        assert!(!failed(&records).is_empty());
    }
    let option = place.prepare(from_git(&place, &src, "--upload-pack=touch", None));
    assert!(failed(&option).contains("has no commit"));
}

#[test]
fn a_folder_is_copied_without_any_repository_in_it_and_set_up_in_a_room() {
    let place = Place::new();
    place.write("src/a.txt", "a");
    place.write("src/.git/config", "[core]");
    place.write("src/nested/.git/config", "[core]");
    std::os::unix::fs::symlink("/etc/passwd", place.path("src/out")).unwrap();
    let setup = [
        "echo made > built && mkdir gen && echo x > gen/y",
        "rm a.txt; echo more >> built; git log > history || true",
    ];
    let info = ready(&place.prepare(place.folder_base(&setup, &[])));
    assert_eq!(info.files, 2);
    let base = place.path("base");
    assert!(fs::symlink_metadata(base.join("tree/out")).unwrap().is_symlink());
    assert!(!base.join("tree/nested/.git").exists());
    assert!(base.join("tree/a.txt").exists() && !base.join("tree/built").exists());
    let stack = Stack::of_base(&base);
    let text = |path: &str| stack.bytes(Path::new(path), 100).unwrap().map(|b| String::from_utf8(b).unwrap());
    assert_eq!((text("built").as_deref(), text("gen/y").as_deref()), (Some("made\nmore\n"), Some("x\n")));
    assert_eq!(text("a.txt"), None, "what set-up removed is gone");
    // Prepared once: the second cell finds it ready.
    fs::remove_dir_all(place.path("src")).unwrap();
    assert_eq!(ready(&place.prepare(place.folder_base(&setup, &[]))), info);
}

#[test]
fn build_outputs_of_a_folder_are_there_but_no_part_of_its_commit() {
    let place = Place::new();
    for path in [".gitignore", "a", "out/x", "out/y", "Cargo.toml", "target/debug/z", "src/target/mod.rs"] {
        place.write(&format!("src/{path}"), if path == ".gitignore" { "/out/\n" } else { "1" });
    }
    let setup = [
        "test -f target/debug/z && echo 2 > out/x && rm out/y && echo 3 > out/new && rm -r target && mkdir target && echo 4 > target/t",
    ];
    assert_eq!(ready(&place.prepare(place.folder_base(&setup, &[]))).files, 4);
    let base = place.path("base");
    assert!(!base.join("tree/out").exists() && !base.join("tree/target").exists());
    let stack = Stack::of_base(&base);
    let text = |path: &str| stack.bytes(Path::new(path), 9).unwrap().map(|b| String::from_utf8(b).unwrap());
    let seen = ["out/x", "out/y", "out/new", "target/t", "target/debug/z", "a"].map(text);
    assert_eq!(
        seen.each_ref().map(Option::as_deref),
        [Some("2\n"), None, Some("3\n"), Some("4\n"), None, Some("1")]
    );
    assert_eq!(git(&base.join("tree"), &["status", "--porcelain"]), "");
}

#[test]
fn a_set_up_that_fails_says_command_exit_code_and_last_lines_and_leaves_nothing() {
    let place = Place::new();
    place.write("src/a.txt", "a");
    let records = place.prepare(place.folder_base(&["echo first; echo why >&2; exit 3"], &[]));
    let reason = failed(&records);
    assert!(
        reason.starts_with("the set-up command `echo first; echo why >&2; exit 3` ended with exit code 3"),
        "{reason}"
    );
    assert!(reason.contains("why") && !place.path("base").exists(), "{reason}");
    let mut missing = place.folder_base(&["true"], &["no-such-program-here"]);
    missing.target = place.path("other");
    assert!(failed(&place.prepare(missing)).contains("`no-such-program-here` is not on the PATH"));
    let left: Vec<_> = fs::read_dir(place.dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(!left.iter().any(|n| n.to_string_lossy().contains("partial")), "{left:?}");
}

const PY_BASE: &str = "def double(x):\n    return x + 3\n";
const PY_GOOD: &str = "def double(x):\n    return x * 2\n";
const PY_TEST: &str = "import unittest\nfrom calc import double\n\nclass T(unittest.TestCase):\n    def test_double(self):\n        self.assertEqual(double(4), 8)\n";

#[test]
fn python_is_judged_on_base_solution_and_broken_trees() {
    if !has("python3") {
        return;
    }
    let place = Place::new();
    place.write("src/calc.py", PY_BASE);
    place.write("src/tests/test_open.py", "import unittest\n\nclass O(unittest.TestCase):\n    def test_open(self):\n        self.fail('weak')\n");
    ready(&place.prepare(place.folder_base(&[], &[])));
    let mut py = check(ResultFormat::Pytest, "python3 -m unittest -v test_hidden");
    py.tests = vec!["test_hidden.T.test_double".to_owned()];
    let run = |files: Vec<FileChange>| {
        let mut bundle = place.grading(patch(files), vec![py.clone()], &["python3"]);
        bundle.hidden = vec![hidden("test_hidden.py", PY_TEST)];
        place.grade(bundle)
    };
    let calc = |after: &str| vec![change("calc.py", text(PY_BASE), text(after))];
    let solved = run(calc(PY_GOOD));
    assert_eq!(*status(&solved), VerdictStatus::Passed, "{solved:#?}");
    let verdict = verdicts(&solved)[0];
    assert_eq!(verdict.tests[0].status, TestStatus::Passed);
    assert_eq!((verdict.exit, verdict.check.as_str()), (Some(0), "hidden"));
    let empty = run(Vec::new());
    assert_eq!(*status(&empty), VerdictStatus::Failed);
    assert!(verdicts(&empty)[0].tests[0].message.contains("AssertionError: 7 != 8"));
    assert_eq!(*status(&run(calc("def (\n"))), VerdictStatus::Failed, "a tree that does not load");
    assert_eq!(
        *status(&run(calc("import os; os._exit(0)\n"))),
        VerdictStatus::Invalid { reason: "no test ran, yet the command succeeded".to_owned() }
    );
    let planted =
        change("test_hidden.py", None, text("print('test_double (test_hidden.T.test_double) ... ok')"));
    assert_eq!(
        *status(&run(vec![planted])),
        VerdictStatus::Failed,
        "the hidden file lies over what a patch put there"
    );
    let through = change("test_hidden.py", None, link("/etc/passwd"));
    assert_eq!(*status(&run(vec![through])), VerdictStatus::Failed);
}

#[test]
fn protected_files_are_put_back_and_named_and_other_bases_refused() {
    let place = Place::new();
    place.write("src/tests/a", "strict\n");
    place.write("src/conf", "1\n");
    place.write("src/code", "old\n");
    ready(&place.prepare(place.folder_base(&[], &[])));
    let show = check(
        ResultFormat::Exit,
        "cat tests/a conf code; ls tests; test -L tests && echo LINK; cat report.xml; true",
    );
    let run = |files: Vec<FileChange>| {
        let mut bundle = place.grading(patch(files), vec![show.clone()], &[]);
        // A folder's name covers all below it, as the judge reads it.
        bundle.protected = owned(&["./tests/", "conf"]);
        place.grade(bundle)
    };
    let records = run(vec![
        change("code", text("old\n"), text("new\n")),
        change("conf", text("1\n"), None),
        change("conf/x", None, text("in the way")),
        change("node_modules/.bin/jest", None, text("planted")),
        change("tests", None, link("/tmp")),
        change("tests/a", text("strict\n"), None),
        change("tests/b", None, text("added")),
    ]);
    assert_eq!(restored(&records), ["conf", "conf/x", "tests", "tests/a", "tests/b"], "{records:#?}");
    let output = &verdicts(&records)[0].output;
    assert!(output.starts_with("strict\n1\nnew\na\n") && !output.contains("LINK"), "{output}");
    for (files, at) in [
        (vec![change("code", text("other\n"), text("new\n"))], "code"),
        (vec![change("code", None, text("new\n"))], "code"),
        (vec![change("gone", text("x"), None)], "gone"),
        (vec![change("../up", None, text("x"))], "../up"),
        (vec![change("/abs", None, text("x"))], "/abs"),
        (vec![change("a/.git/config", None, text("x"))], "a/.git/config"),
        (vec![change("d", None, link("/tmp")), change("d/evil", None, text("x"))], "d/evil"),
        (vec![change("code/x", None, text("x"))], "code/x"),
        (vec![change("x", None, text("1")), change("x", None, text("2"))], "x"),
    ] {
        let records = run(files);
        assert!(records.contains(&Record::DoesNotApply { path: at.to_owned() }), "{at}: {records:#?}");
        assert!(!records.iter().any(|r| matches!(r, Record::Verdict { .. })));
    }
    assert!(!Path::new("/tmp/evil").exists());
    let again = fs::read_to_string(place.path("base/tree/code")).unwrap();
    assert_eq!(again, "old\n", "the base stays as it is");
}

#[test]
fn no_check_sees_what_another_one_wrote_nor_a_report_that_lay_there() {
    let place = Place::new();
    place.write("src/report.xml", "<testsuite><testcase name=\"a\"/></testsuite>");
    ready(&place.prepare(place.folder_base(&[], &[])));
    let mut stale = check(ResultFormat::Junit, "true");
    stale.report = Some("report.xml".to_owned());
    let mut fresh = check(
        ResultFormat::Junit,
        "test ! -e trace && touch trace && printf '<testsuite><testcase name=\"a\"/></testsuite>' > report.xml",
    );
    fresh.report = Some("report.xml".to_owned());
    let records = place.grade(place.grading(Patch::default(), vec![stale, fresh.clone(), fresh], &[]));
    let seen: Vec<_> = verdicts(&records).into_iter().map(|v| &v.status).collect();
    assert!(matches!(seen[0], VerdictStatus::Invalid { .. }), "{records:#?}");
    assert_eq!(seen[1..], [&VerdictStatus::Passed, &VerdictStatus::Passed], "{records:#?}");
}

#[test]
fn a_check_that_never_ends_times_out_and_a_flood_is_bounded() {
    let place = Place::new();
    place.write("src/a", "a");
    ready(&place.prepare(place.folder_base(&[], &[])));
    let mut hang = check(ResultFormat::Exit, "sleep 60");
    hang.timeout_sec = 0.3;
    let flood = check(ResultFormat::Tap, "yes | head -c 3000000; printf '\\n1..1\\nok 1 - a\\n'");
    let mut bundle = place.grading(Patch::default(), vec![hang, flood], &[]);
    bundle.limits.output_bytes = 100_000;
    let records = place.grade(bundle);
    let found = verdicts(&records);
    assert_eq!((found[0].status.clone(), found[0].exit), (VerdictStatus::TimedOut, None));
    assert!(found[0].seconds < 20.0);
    assert!(
        matches!(&found[1].status, VerdictStatus::Invalid { reason } if reason.contains("left out")),
        "{:?}",
        found[1].status
    );
    assert!(found[1].output.len() <= 16 * 1024);
}

#[test]
fn cargo_rebuilds_what_a_patch_changed_over_a_warm_base() {
    if !has("cargo") {
        return;
    }
    let place = Place::new();
    let base = "pub fn double(x: u32) -> u32 {\n    x * 2\n}\n\n#[test]\nfn doubles() {\n    assert_eq!(double(4), 8);\n}\n";
    place.write("src/Cargo.toml", "[package]\nname = \"calc\"\nversion = \"0.1.0\"\nedition = \"2021\"\n");
    place.write("src/src/lib.rs", base);
    ready(&place.prepare(place.folder_base(&["cargo test --offline --no-run"], &["cargo", "rustc", "cc"])));
    assert!(place.path("base/layer/target").is_dir());
    let run = |after: &str| {
        let files =
            if after == base { Vec::new() } else { vec![change("src/lib.rs", text(base), text(after))] };
        place.grade(place.grading(
            patch(files),
            vec![check(ResultFormat::Cargo, "cargo test --offline")],
            &["cargo", "rustc", "cc"],
        ))
    };
    let whole = run(base);
    assert_eq!(*status(&whole), VerdictStatus::Passed, "{whole:#?}");
    let broken = run(&base.replace("x * 2", "x * 3"));
    assert_eq!(*status(&broken), VerdictStatus::Failed, "{broken:#?}");
    assert!(verdicts(&broken)[0].tests[0].message.contains("left: 12"), "{broken:#?}");
    let uncompilable = run(&base.replace("x * 2", "\"no\""));
    assert_eq!(*status(&uncompilable), VerdictStatus::Failed, "{uncompilable:#?}");
    assert!(verdicts(&uncompilable)[0].output.contains("[how its results were read: it did not compile"));
}

#[test]
fn node_is_judged_by_its_own_runner() {
    if !has("node") {
        return;
    }
    let place = Place::new();
    let base = "exports.double = (x) => x + 3;\n";
    place.write("src/calc.js", base);
    ready(&place.prepare(place.folder_base(&[], &[])));
    let test = "const { test } = require('node:test');\nconst assert = require('node:assert');\n\
        const { double } = require('../calc.js');\ntest('doubles', () => assert.equal(double(4), 8));\n";
    let run = |after: &str| {
        let files = if after == base { Vec::new() } else { vec![change("calc.js", text(base), text(after))] };
        let mut bundle =
            place.grading(patch(files), vec![check(ResultFormat::Node, "node --test test/")], &["node"]);
        bundle.hidden = vec![hidden("test/calc.test.js", test)];
        place.grade(bundle)
    };
    let solved = run("exports.double = (x) => x * 2;\n");
    assert_eq!(*status(&solved), VerdictStatus::Passed, "{solved:#?}");
    assert_eq!(*status(&run(base)), VerdictStatus::Failed);
    assert_eq!(*status(&run("exports.double = (\n")), VerdictStatus::Failed);
    let quits = run("process.exit(0);\n");
    assert!(!status(&quits).passed(), "{quits:#?}");
}

#[test]
fn the_tier_is_said_and_a_wrong_bundle_refused() {
    let place = Place::new();
    place.write("src/a", "a");
    ready(&place.prepare(place.folder_base(&[], &[])));
    let mut bundle = place.grading(Patch::default(), vec![check(ResultFormat::Exit, "true")], &[]);
    bundle.tier = TierChoice::Plain;
    let records = place.grade(bundle.clone());
    let opened = records.iter().find_map(|r| {
        if let Record::Opened { tier, tier_reason, .. } = r { Some((*tier, tier_reason)) } else { None }
    });
    assert!(matches!(opened, Some((Tier::Plain, Some(_)))), "{records:#?}");
    let dir = place.bundle(&Bundle::Grade(bundle.clone()));
    assert!(base::prepare(&dir, &Cancel::new()).unwrap_err().to_string().ends_with("is no base bundle"));
    bundle.base = place.path("nowhere");
    assert!(failed(&place.grade(bundle)).contains("nowhere"));
}

/// What a second run with altered expectations showed: what turned, what stood, and its exit code.
fn control(records: &[Record]) -> (usize, usize, Option<i32>) {
    let verdicts = verdicts(records);
    assert_eq!(verdicts[0].status, VerdictStatus::Passed, "{:#?}", verdicts[0]);
    let control = verdicts[0].control.as_ref().unwrap();
    (control.turned.len(), control.stood.len(), control.exit)
}

const SHOP_TEST: &str = "import unittest\nfrom shop import total\n\n\nclass Total(unittest.TestCase):\n    \
    def test_some(self):\n        self.assertEqual(total([2, 3]), 5)\n\n    def test_none(self):\n        \
    self.assertEqual(total([]), 0)\n";

#[test]
fn honest_code_fails_altered_tests_and_forged_results_stand() {
    if !has("python3") {
        return;
    }
    let place = Place::new();
    place.write("src/shop.py", "def total(prices):\n    return None\n");
    ready(&place.prepare(place.folder_base(&[], &[])));
    let graded = |code: &str| {
        let before = text("def total(prices):\n    return None\n");
        let change = change("shop.py", before, text(code));
        let unittest = check(ResultFormat::Pytest, "python3 -m unittest -v test_shop 2>&1");
        let mut bundle = place.grading(patch(vec![change]), vec![unittest], &["python3"]);
        bundle.hidden = vec![hidden("test_shop.py", SHOP_TEST)];
        control(&place.grade(bundle))
    };
    assert_eq!(graded("def total(prices):\n    return sum(prices)\n"), (2, 0, Some(1)));
    let printed = "import os, re, sys\nnames = re.findall(r'def (test_\\w+)', open('test_shop.py').read())\n\
        for name in names:\n    print(f'{name} (test_shop.Total.{name}) ... ok', file=sys.stderr)\n\
        print(f'\\n----\\nRan {len(names)} tests in 0.001s\\n\\nOK', file=sys.stderr)\nsys.stderr.flush()\nos._exit(0)\n";
    assert_eq!(graded(printed), (0, 2, Some(0)));
    let equal = "class Any:\n    def __eq__(self, other):\n        return True\n\n\ndef total(prices):\n    return Any()\n";
    assert_eq!(graded(equal), (0, 2, Some(0)));
    let swallowed = "import unittest\nunittest.TestCase.failureException = type('Never', (Exception,), {})\n\
        unittest.TestCase._baseAssertEqual = lambda *a, **k: None\n\n\ndef total(prices):\n    return 7\n";
    assert_eq!(graded(swallowed), (0, 2, Some(0)));
}

#[test]
fn only_a_hidden_check_that_passed_is_run_a_second_time() {
    let place = Place::new();
    place.write("src/a.txt", "a\n");
    ready(&place.prepare(place.folder_base(&[], &[])));
    let with = |hidden_check: bool, run: &str| {
        let mut check = check(ResultFormat::Exit, run);
        check.hidden = hidden_check;
        let mut bundle = place.grading(Patch::default(), vec![check], &[]);
        bundle.hidden = vec![hidden("test_a.py", "assert 1 == 1\n")];
        verdicts(&place.grade(bundle))[0].control.clone()
    };
    assert_eq!(with(false, "true"), None);
    assert_eq!(with(true, "false"), None);
    let control = with(true, "grep -q '1 == 1' test_a.py").unwrap();
    assert_eq!((control.altered, control.exit), (1, Some(1)));
}

/// Findings of a linter as `path:line rule`, and what the check found.
fn linted(place: &Place, patch: Patch) -> (VerdictStatus, Option<Vec<String>>) {
    let run = "cargo clippy --offline --message-format json --manifest-path rust/Cargo.toml";
    let check = Check { kind: CheckKind::Lint, hidden: false, ..check(ResultFormat::Clippy, run) };
    let records = place.grade(place.grading(patch, vec![check], &["cargo", "rustc", "cc"]));
    let verdict = verdicts(&records)[0].clone();
    let say = |found: Vec<ToolFinding>| {
        found.iter().map(|f| format!("{}:{} {}", f.path, f.line.unwrap_or_default(), f.rule)).collect()
    };
    (verdict.status, verdict.findings.map(say))
}

#[test]
fn a_linter_reports_on_the_patched_tree_and_fails_nothing() {
    if !has("cargo") || !has("cargo-clippy") {
        return;
    }
    let place = Place::new();
    place.write("src/rust/Cargo.toml", "[package]\nname = \"a\"\nversion = \"0.1.0\"\nedition = \"2021\"\n");
    let clean = "pub fn f(v: &[u8]) -> bool {\n    v.is_empty()\n}\n";
    place.write("src/rust/src/lib.rs", clean);
    ready(&place.prepare(place.folder_base(&[], &["cargo", "rustc", "cc"])));
    assert_eq!(linted(&place, Patch::default()), (VerdictStatus::Passed, Some(vec![])));
    let changed = |after: &str| patch(vec![change("rust/src/lib.rs", text(clean), text(after))]);
    let worse = changed("pub fn f(v: &[u8]) -> bool {\n    v.len() == 0\n}\n");
    let found = vec!["rust/src/lib.rs:2 clippy::len_zero".to_owned()];
    assert_eq!(linted(&place, worse), (VerdictStatus::Passed, Some(found)));
    // What does not compile is a finding too.
    let (status, found) = linted(&place, changed("pub fn f( {\n"));
    assert_eq!(status, VerdictStatus::Passed);
    assert!(found.is_some_and(|found| found[0].starts_with("rust/src/lib.rs:1")));
}

#[test]
fn a_linter_without_a_whole_report_gives_no_clean_bill() {
    let place = Place::new();
    place.write("src/a", "");
    ready(&place.prepare(place.folder_base(&[], &[])));
    for (run, because) in [
        ("echo '[]'; exit 2", "it reported nothing, but its exit code is 2"),
        ("echo '[{'", "its report is no whole JSON (EOF while parsing an object at line 3 column 0)"),
        ("true", "its report holds no JSON"),
    ] {
        let check = Check { kind: CheckKind::Lint, ..check(ResultFormat::Ruff, run) };
        let records = place.grade(place.grading(Patch::default(), vec![check], &[]));
        assert_eq!(status(&records), &VerdictStatus::Invalid { reason: because.to_owned() });
        assert_eq!(verdicts(&records)[0].findings, None);
    }
}
