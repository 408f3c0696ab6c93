//! Diffs read, applied and written, against git itself.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use fairtrial_domain::patch::{Content, FileMode, Patch, Side};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::{UnifiedError, parse, read, write};
use crate::tests::arbitrary::{change, git, side, text_patch};

fn before(patch: &Patch) -> impl Fn(&str) -> Option<Side> + '_ {
    |path| patch.files.iter().find(|file| file.path == path).and_then(|file| file.before.clone())
}

fn refused(diff: &str, base: &[(&str, &str)]) -> String {
    let base: BTreeMap<&str, &str> = base.iter().copied().collect();
    read(diff, &|path| base.get(path).map(|text| side(text))).unwrap_err().to_string()
}

#[track_caller]
fn check(diff: &str, base: &[(&str, &str)], expected: Patch) {
    let base: BTreeMap<&str, &str> = base.iter().copied().collect();
    assert_eq!(read(diff, &|path| base.get(path).map(|text| side(text))), Ok(expected));
}

fn patch(files: Vec<fairtrial_domain::patch::FileChange>) -> Patch {
    Patch { files, flags: vec![] }
}

const FIX: &str = "--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n 1\n-2\n+3\n";

#[test]
fn a_diff_without_gits_header_and_one_with_mail_around_it_are_read() {
    let expected = || patch(vec![change("f", Some("1\n2\n"), Some("1\n3\n"))]);
    check(FIX, &[("f", "1\n2\n")], expected());
    let mail = format!(
        "From 1234 Mon\nSubject: + fix\n---\n f | 2 +-\n\ndiff --git a/f b/f\nindex 1..2 100644\n{FIX}-- \n2.47.3\n\n"
    );
    check(&mail, &[("f", "1\n2\n")], expected());
    check(&FIX.replace("a/", "").replace("b/", ""), &[("f", "1\n2\n")], expected());
    check("", &[], patch(vec![]));
}

#[test]
fn carriage_returns_are_content() {
    check(
        "--- a/f\n+++ b/f\n@@ -1 +1 @@\n-1\r\n+2\r\n",
        &[("f", "1\r\n")],
        patch(vec![change("f", Some("1\r\n"), Some("2\r\n"))]),
    );
    assert_eq!(
        refused("--- a/f\n+++ b/f\n@@ -1 +1 @@\n-1\n+2\n", &[("f", "1\r\n")]),
        "`f`, hunk 1: line 1 of the base is `1\\r\\n`, but the diff expects `1\\n`"
    );
}

#[test]
fn renames_swap_and_modes_change() {
    let diff = "diff --git a/x b/y\nsimilarity index 100%\nrename from x\nrename to y\n\
        diff --git a/y b/x\nsimilarity index 50%\nrename from y\nrename to x\n--- a/y\n+++ b/x\n@@ -1 +1 @@\n-2\n+3\n\
        diff --git a/z b/z\nold mode 100644\nnew mode 100755\n";
    let mut moded = change("z", Some("4\n"), Some("4\n"));
    moded.after.as_mut().unwrap().mode = FileMode::Executable;
    check(
        diff,
        &[("x", "1\n"), ("y", "2\n"), ("z", "4\n")],
        patch(vec![change("x", Some("1\n"), Some("3\n")), change("y", Some("2\n"), Some("1\n")), moded]),
    );
}

#[test]
fn a_diff_that_does_not_fit_names_file_hunk_and_line() {
    assert_eq!(refused(FIX, &[]), "`f` is not in the base, but the diff changes it");
    assert_eq!(
        refused(FIX, &[("f", "0\n1\n2\n")]),
        "`f`, hunk 1: line 1 of the base is `0\\n`, but the diff expects `1\\n`",
        "an offset is no fit"
    );
    assert_eq!(
        refused(FIX, &[("f", "1\n")]),
        "`f`, hunk 1: line 2 of the base is past its end, but the diff expects `2\\n`"
    );
    assert_eq!(
        refused(&format!("{FIX}{FIX}"), &[("f", "1\n2\n")]),
        "`f` is changed twice; give one diff against the base, not a series"
    );
    assert_eq!(
        refused("--- /dev/null\n+++ b/f\n@@ -0,0 +1 @@\n+1\n", &[("f", "")]),
        "`f` is in the base already, but the diff creates it"
    );
    assert_eq!(
        refused("--- a/f\n+++ /dev/null\n@@ -1 +0,0 @@\n-1\n", &[("f", "1\n2\n")]),
        "`f` is removed, but the diff leaves lines of it"
    );
    assert_eq!(
        refused(
            "--- a/f\n+++ b/f\n@@ -1 +1,2 @@\n 1\n+2\n\\ No newline at end of file\n",
            &[("f", "1\n2\n")]
        ),
        "`f`, hunk 1: a line without newline is not the last"
    );
    assert_eq!(
        refused("--- a/f\n+++ b/f\n@@ -9 +9 @@\n-1\n+2\n", &[("f", "1\n")]),
        "`f`, hunk 1: line 9 of the base is out of order or past its end"
    );
}

#[test]
fn what_is_no_text_diff_is_refused_with_its_line() {
    let binary = "diff --git a/x.png b/x.png\nindex 1..2\nGIT binary patch\nliteral 1\n";
    assert_eq!(
        refused(binary, &[]),
        "line 3 of the diff: `x.png` changes as binary; only text changes can be read"
    );
    assert_eq!(
        refused("diff --git a/x b/x\nindex 1..2\nBinary files a/x and b/x differ\n", &[]),
        "line 3 of the diff: `x` changes as binary; only text changes can be read"
    );
    for (diff, expected) in [
        ("hello\n", "no file header found: a unified diff has `diff --git` or `---` and `+++` lines"),
        ("@@ -1 +1 @@\n", "line 1 of the diff: a hunk without a file header before it"),
        ("diff --cc f\n", "line 1 of the diff: a merge's combined diff has no single base"),
        (
            "diff --git a/s b/s\nnew file mode 160000\n",
            "line 2 of the diff: the mode `160000` is neither a file's (100644, 100755) nor a symlink's (120000)",
        ),
        (
            "--- a/../x\n+++ b/../x\n",
            "line 1 of the diff: the path `../x` is absolute, or has an empty, `.`, `..` or `.git` part",
        ),
        ("--- a/f\n+++ b/g\n", "line 3 of the diff: two names without a rename"),
        ("--- a/f\n+++ b/f\nnonsense\n", "line 3 of the diff: file names without a hunk"),
        ("--- a/f\n+++ b/f\n@@ -1 +x @@\n", "line 3 of the diff: a hunk header reads `@@ -1,2 +1,3 @@`"),
        (
            "--- a/f\n+++ b/f\n@@ -1,9 +1 @@\n 1\n",
            "`f`, hunk 1: its header and its lines disagree at line 5 of the diff",
        ),
        (
            "--- a/f\n+++ b/f\n@@ -1 +1 @@\n-1\n+2\n+3\n",
            "`f`, hunk 1: its header and its lines disagree at line 6 of the diff",
        ),
    ] {
        assert_eq!(refused(diff, &[("f", "1\n")]), expected, "{diff}");
    }
}

#[test]
fn a_written_binary_change_is_named_and_not_taken_for_whole() {
    let mut binary = change("logo.png", Some("x\n"), None);
    binary.after = Some(Side { mode: FileMode::Regular, content: Content::Binary("AAE=".into()) });
    let text = write(&patch(vec![change("f", Some("1\n2\n"), Some("1\n3\n")), binary]));
    assert_eq!(
        text,
        format!("# Binary files differ, not in this diff: logo.png\ndiff --git a/f b/f\n{FIX}")
            .replace("-1,2 +1,2", "-1,2 +1,2")
    );
    assert!(matches!(parse(&text), Err(UnifiedError::Binary { line: 1, .. })));
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("f"), "1\n2\n").unwrap();
    assert_eq!(git(folder.path(), &["apply", "-"], &text), (true, String::new()));
    assert_eq!(std::fs::read_to_string(folder.path().join("f")).unwrap(), "1\n3\n");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_is_written_reads_back(patch in text_patch()) {
        let text = write(&patch);
        let read = read(&text, &before(&patch));
        prop_assert_eq!(read.as_ref(), Ok(&patch), "{}", text);
    }

    #[test]
    fn arbitrary_text_is_read_or_refused(text in "\\PC{0,200}", bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&text, &|_| Some(side("x\n")));
        let _ = read(&String::from_utf8_lossy(&bytes), &|_| None);
    }

    #[test]
    fn a_damaged_diff_is_read_or_refused(patch in text_patch(), at in any::<prop::sample::Index>(), c in any::<char>()) {
        let mut text: Vec<char> = write(&patch).chars().collect();
        if !text.is_empty() {
            let at = at.index(text.len());
            text[at] = c;
            let text: String = text.into_iter().collect();
            let _ = read(&text, &before(&patch));
        }
    }
}

/// Puts one side of every file of `patch` into `folder`.
fn lay(folder: &Path, patch: &Patch, after: bool) {
    for file in &patch.files {
        let path = folder.join(&file.path);
        let _ = std::fs::remove_file(&path);
        let Some(side) = (if after { &file.after } else { &file.before }) else { continue };
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let text = side.content.as_text().unwrap();
        match side.mode {
            FileMode::Symlink => std::os::unix::fs::symlink(text, &path).unwrap(),
            FileMode::Regular | FileMode::Executable => {
                std::fs::write(&path, text).unwrap();
                let bits = if side.mode == FileMode::Executable { 0o755 } else { 0o644 };
                std::fs::set_permissions(&path, std::fs::Permissions::from_mode(bits)).unwrap();
            }
        }
    }
}

fn found(folder: &Path, path: &str) -> Option<Side> {
    let path = folder.join(path);
    let meta = std::fs::symlink_metadata(&path).ok()?;
    if meta.is_symlink() {
        let target = std::fs::read_link(&path).unwrap().to_str().unwrap().to_owned();
        return Some(Side { mode: FileMode::Symlink, content: Content::Text(target) });
    }
    let executable = meta.permissions().mode() & 0o100 != 0;
    let mode = if executable { FileMode::Executable } else { FileMode::Regular };
    Some(Side { mode, content: Content::Text(std::fs::read_to_string(&path).unwrap()) })
}

/// Random patches on which git and we must agree.
fn samples(count: usize) -> Vec<Patch> {
    let mut runner = TestRunner::deterministic();
    (0..count)
        .map(|_| text_patch().new_tree(&mut runner).unwrap().current())
        .filter(|p| !p.is_empty())
        .collect()
}

#[test]
fn git_applies_what_is_written() {
    for patch in samples(80) {
        let folder = tempfile::tempdir().unwrap();
        lay(folder.path(), &patch, false);
        let text = write(&patch);
        let (applied, errors) = git(folder.path(), &["apply", "--whitespace=nowarn", "-"], &text);
        assert!(applied, "{errors}\n{text}");
        for file in &patch.files {
            assert_eq!(found(folder.path(), &file.path), file.after, "{text}");
        }
    }
}

#[test]
fn what_git_writes_is_read() {
    for (at, patch) in samples(60).into_iter().enumerate() {
        let folder = tempfile::tempdir().unwrap();
        let run = |args: &[&str]| git(folder.path(), args, "");
        assert!(run(&["init", "-q"]).0);
        lay(folder.path(), &patch, false);
        assert!(run(&["add", "-A"]).0);
        let (_, base) = run(&["write-tree"]);
        lay(folder.path(), &patch, true);
        assert!(run(&["add", "-A"]).0);
        let style = ["--no-renames", "-M30%", "-C50%", "--no-prefix"][at % 4];
        let (_, text) = run(&["diff", "--cached", "--text", style, base.trim_end()]);
        assert_eq!(read(&text, &before(&patch)).as_ref(), Ok(&patch), "{style}\n{text}");
    }
}
