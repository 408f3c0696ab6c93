//! Patches that lead out of the tree they are laid over.

use std::fs;

use fairtrial_domain::id::CheckId;
use fairtrial_domain::journal::Record;
use fairtrial_domain::patch::{Content, FileChange, FileMode, Patch, Side};
use fairtrial_domain::task::{Check, CheckKind, ResultFormat};

use super::AttackError;
use super::ground::Ground;
use super::row::{Fared, Row};

/// Writes each file where the patch says, as a grader without a care does.
const NAIVE: &str = "import os, sys\nfor line in sys.stdin:\n    mode, path, text = line.rstrip('\\n').split('\\t')\n    \
    os.makedirs(os.path.dirname(path) or '.', exist_ok=True)\n    \
    os.symlink(text, path) if mode == 'l' else open(path, 'a').write(text)\n";

/// `l` for a symlink or `f` for a file, its path, and what it holds.
type File = (char, String, String);

pub(super) fn rows(ground: &Ground) -> Result<Vec<Row>, AttackError> {
    let (out, witness) = (ground.fresh("out")?, "pwned");
    let at = |path: &str| out.join(path).display().to_string();
    let up = |depth: usize| format!("{}{}", "../".repeat(depth), at(witness).trim_start_matches('/'));
    let cases: Vec<(&str, Vec<File>)> = vec![
        (
            "a symlink to a folder of the host, and a file through it",
            vec![('l', "door".to_owned(), at("")), ('f', format!("door/{witness}"), "x".to_owned())],
        ),
        ("a path with `..`", vec![('f', up(24), "x".to_owned())]),
        ("an absolute path", vec![('f', at(witness), "x".to_owned())]),
        (
            "a symlink to a file of the host, written through",
            vec![('l', "report.xml".to_owned(), at(witness)), ('f', "report.xml".to_owned(), "x".to_owned())],
        ),
        ("a hook of the tree's own git", vec![('f', ".git/hooks/post-checkout".to_owned(), "x".to_owned())]),
    ];
    cases.into_iter().map(|(attack, files)| row(ground, attack, &files, &out)).collect()
}

fn row(ground: &Ground, attack: &str, files: &[File], out: &std::path::Path) -> Result<Row, AttackError> {
    let witness = out.join("pwned");
    let tree = ground.fresh("patched")?;
    let lines: String = files.iter().map(|(mode, path, text)| format!("{mode}\t{path}\t{text}\n")).collect();
    fs::write(tree.join(".lines"), lines)
        .and_then(|()| fs::write(tree.join(".naive.py"), NAIVE))
        .map_err(|source| AttackError::Access { path: tree.clone(), source })?;
    ground.plain(&tree, "python3 .naive.py < .lines")?;
    let hook = tree.join(".git/hooks/post-checkout");
    let wrote = witness.exists() || hook.exists();
    let baseline =
        Fared::when(wrote, if wrote { "it was written where the patch says" } else { "it was not written" });
    let _ = fs::remove_file(&witness);
    let side = |mode: char, text: &str| {
        let mode = if mode == 'l' { FileMode::Symlink } else { FileMode::Regular };
        Some(Side { mode, content: Content::Text(text.to_owned()) })
    };
    let change =
        |(mode, path, text): &File| FileChange { path: path.clone(), before: None, after: side(*mode, text) };
    let check = Check {
        id: CheckId::parse("look")
            .map_err(|error| AttackError::Failed { what: "a name".to_owned(), said: error.to_string() })?,
        kind: CheckKind::FailToPass,
        run: "test ! -e .git/hooks/post-checkout".to_owned(),
        format: ResultFormat::Exit,
        report: None,
        tests: Vec::new(),
        timeout_sec: 20.0,
        hidden: true,
    };
    let patch = Patch { files: files.iter().map(change).collect(), flags: Vec::new() };
    let records = ground.grade(patch, check, Vec::new())?;
    let told = records.iter().find_map(|record| {
        if let Record::DoesNotApply { path } = record {
            Some(format!("it does not apply: {path}"))
        } else if let Record::Verdict { verdict } = record {
            Some(format!("the check says {:?}", verdict.status))
        } else {
            None
        }
    });
    let fell = witness.exists() || told.is_none() || told.as_ref().is_some_and(|t| t.contains("Failed"));
    let cell = Fared::when(fell, told.unwrap_or_else(|| "the journal says nothing".to_owned()));
    Ok(Row { group: "patches".to_owned(), attack: attack.to_owned(), baseline, cell })
}
