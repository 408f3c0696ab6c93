//! Random patches for tests, and git's own word on them.

use std::path::Path;
use std::process::{Command, Stdio};

use fairtrial_domain::patch::{Content, FileChange, FileMode, Patch, Side};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

pub(crate) fn side(text: &str) -> Side {
    Side { mode: FileMode::Regular, content: Content::Text(text.to_owned()) }
}

pub(crate) fn change(path: &str, before: Option<&str>, after: Option<&str>) -> FileChange {
    FileChange { path: path.to_owned(), before: before.map(side), after: after.map(side) }
}

/// A text whose lines look like diff syntax, end in CRLF, or lack the last newline.
pub(crate) fn text() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        4 => "[a-d]{1,2}",
        1 => prop::sample::select(vec![
            "", " ", "+", "-", "-- ", "--- a/x", "+++ b/x", "@@ -1 +1 @@", "\\ No newline at end of file",
            "diff --git a/x b/x", "\r", "x\ry", "é\t漢", "\u{1b}[0m", "\u{202e}",
        ]).prop_map(str::to_owned),
    ];
    let end = prop::sample::select(vec!["\n", "\n", "\n", "\r\n"]);
    (prop::collection::vec((line, end), 0..14), any::<bool>()).prop_map(|(lines, cut)| {
        let mut text: String = lines.into_iter().map(|(line, end)| line + end).collect();
        if cut && text.ends_with('\n') {
            text.pop();
        }
        text
    })
}

fn any_side() -> impl Strategy<Value = Option<Side>> {
    let file = (text(), any::<bool>()).prop_map(|(text, executable)| Side {
        mode: if executable { FileMode::Executable } else { FileMode::Regular },
        content: Content::Text(text),
    });
    let link =
        "[a-z/.]{1,12}".prop_map(|target| Side { mode: FileMode::Symlink, content: Content::Text(target) });
    prop_oneof![2 => Just(None), 6 => file.prop_map(Some), 1 => link.prop_map(Some)]
}

/// A patch of text files under awkward names.
pub(crate) fn text_patch() -> impl Strategy<Value = Patch> {
    let names = vec![
        "a",
        "b c",
        "d/e.rs",
        "d/q\"uote",
        "b/x b/y",
        "żółć",
        "tab\there",
        "back\\slash",
        "new\nline",
        "a-b",
    ];
    let name = prop::sample::select(names).prop_map(str::to_owned);
    prop::collection::btree_map(name, (any_side(), any_side()), 0..5).prop_map(|files| {
        let files = files.into_iter().filter(|(_, (before, after))| before != after);
        let files = files.map(|(path, (before, after))| FileChange { path, before, after });
        Patch { files: files.collect(), flags: vec![] }
    })
}

/// A base and two versions of it.
type Sides = (Option<Side>, Option<Side>, Option<Side>);

/// Two patches over the same three files.
pub(crate) fn patches_over_one_base() -> impl Strategy<Value = (Patch, Patch)> {
    let file = (any_side(), any_side(), any_side());
    prop::collection::vec(file, 1..4).prop_map(|files| {
        let patch = |pick: &dyn Fn(&Sides) -> Option<Side>| Patch {
            files: files
                .iter()
                .enumerate()
                .map(|(at, file)| (at, file.0.clone(), pick(file)))
                .filter(|(_, before, after)| before != after)
                .map(|(at, before, after)| FileChange { path: format!("f{at}"), before, after })
                .collect(),
            flags: vec![],
        };
        (patch(&|file| file.1.clone()), patch(&|file| file.2.clone()))
    })
}

/// Returns `count` pairs of texts, the second an edit of the first, with lines drawn from `alphabet`.
pub(crate) fn random_edits(count: usize, alphabet: u32) -> Vec<(String, String)> {
    let line = 0..alphabet;
    let edit = prop_oneof![6 => Just(0), 1 => Just(1), 1 => Just(2), 1 => Just(3)];
    let lines = prop::collection::vec((line.clone(), edit, line), 0..60);
    let mut runner = TestRunner::deterministic();
    let write = |ids: Vec<u32>| ids.iter().map(|id| format!("line {id}\n")).collect::<String>();
    let pair = |lines: Vec<(u32, i32, u32)>| {
        let old = lines.iter().map(|line| line.0).collect();
        let new = lines.iter().flat_map(|&(old, edit, new)| match edit {
            0 => vec![old],
            1 => vec![],
            2 => vec![new],
            _ => vec![old, new],
        });
        (write(old), write(new.collect()))
    };
    (0..count).map(|_| pair(lines.new_tree(&mut runner).unwrap().current())).collect()
}

/// Runs git away from every repository and configuration of this machine.
pub(crate) fn git(folder: &Path, args: &[&str], input: &str) -> (bool, String) {
    use std::io::Write;
    let mut child = Command::new("git")
        .args(args)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CEILING_DIRECTORIES", folder.parent().unwrap())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let out = child.wait_with_output().unwrap();
    let text = String::from_utf8(if args[0] == "apply" { out.stderr } else { out.stdout }).unwrap();
    (out.status.success(), text)
}

/// Returns what `git diff --numstat --histogram` counts for each pair: added, removed.
pub(crate) fn git_numstat(pairs: &[(String, String)]) -> Vec<(u64, u64)> {
    let folder = tempfile::tempdir().unwrap();
    for (name, pick) in [("old", 0), ("new", 1)] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
        for (at, pair) in pairs.iter().enumerate() {
            let text = if pick == 0 { &pair.0 } else { &pair.1 };
            std::fs::write(folder.path().join(name).join(format!("f{at:05}")), text).unwrap();
        }
    }
    let args = ["diff", "--no-index", "--no-renames", "--numstat", "--histogram", "-z", "old", "new"];
    let (_, out) = git(folder.path(), &args, "");
    let mut counts = vec![(0, 0); pairs.len()];
    let mut fields = out.split('\0');
    while let Some(figures) = fields.next().filter(|figures| !figures.is_empty()) {
        let (_, new) = (fields.next().unwrap(), fields.next().unwrap());
        let mut figures = figures.split('\t').map(|n| n.parse().unwrap_or_default());
        let at: usize = new.trim_start_matches("new/f").parse().unwrap();
        counts[at] = (figures.next().unwrap(), figures.next().unwrap());
    }
    counts
}
