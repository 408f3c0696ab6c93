//! Which paths are build outputs: by the base's own `.gitignore` files and a fixed list.
//!
//! **Invariant:** nothing that an assistant wrote decides what is left out.

use std::collections::HashMap;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::tree::{Kind, Stack};

/// Folders that tools write beside sources, wherever they lie.
const OUTPUTS: [&str; 14] = [
    "node_modules",
    "__pycache__",
    ".venv",
    ".tox",
    ".nox",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    ".hypothesis",
    ".gradle",
    ".next",
    ".turbo",
    ".parcel-cache",
    ".nyc_output",
];
/// Beside one of these, `target/` is a build output; elsewhere it may hold sources.
const MANIFESTS: [&str; 3] = ["Cargo.toml", "pom.xml", "build.sbt"];
/// Bytes of a `.gitignore` that are read.
const MAX_RULES: u64 = 1 << 20;

/// The ignore rules of a base, read where they are needed.
#[derive(Debug)]
pub struct Ignore {
    files: Stack,
    rules: HashMap<PathBuf, Rules>,
}

/// What one folder of the repository says.
#[derive(Debug)]
enum Rules {
    NoFolder,
    None,
    Lines(Box<Gitignore>),
}

impl Ignore {
    /// The rules of a base, given its lowest layer: the files that the repository has.
    pub fn of(files: Stack) -> Ignore {
        Ignore { files, rules: HashMap::new() }
    }

    /// Returns whether a rule names `rel` or a folder that holds it, and the repository does not have it. What the
    /// repository has is never a build output, but for Python's caches, which are no sources anywhere.
    pub fn is_output(&mut self, rel: &Path, is_dir: bool) -> bool {
        let parents: Vec<&Path> = rel.ancestors().skip(1).filter(|p| !p.as_os_str().is_empty()).collect();
        let named = parents.iter().rev().any(|parent| self.names(parent, true)) || self.names(rel, is_dir);
        named && !self.is_kept(rel)
    }

    /// Returns whether a rule names `rel` itself.
    pub(crate) fn names(&mut self, rel: &Path, is_dir: bool) -> bool {
        let rooted = Path::new("/").join(rel);
        for dir in self.folders(rel).iter().rev() {
            let Some(rules) = self.rules.get(dir).and_then(Rules::lines) else { continue };
            match rules.matched(&rooted, is_dir) {
                Match::Ignore(_) => return true,
                Match::Whitelist(_) => return false,
                Match::None => {}
            }
        }
        is_output_anywhere(rel, is_dir) || is_dir && self.is_target(rel)
    }

    /// Returns whether the repository has `rel`, so that a change of it is never left out.
    pub(super) fn is_kept(&self, rel: &Path) -> bool {
        let cache = rel.components().any(|c| c.as_os_str() == "__pycache__")
            || rel.extension().is_some_and(|e| e == "pyc" || e == "pyo");
        !cache && self.files.node(rel).ok().flatten().is_some()
    }

    fn is_target(&self, rel: &Path) -> bool {
        let beside = |name: &&str| self.files.node(&rel.with_file_name(name)).ok().flatten().is_some();
        rel.file_name().is_some_and(|name| name == "target") && MANIFESTS.iter().any(beside)
    }

    /// Returns the repository's folders above `rel`, from the root down, their rules read.
    fn folders(&mut self, rel: &Path) -> Vec<PathBuf> {
        let (mut dir, mut found) = (PathBuf::new(), Vec::new());
        let parent = rel.parent().unwrap_or(Path::new(""));
        for next in std::iter::once(Path::new("")).chain(parent.iter().map(Path::new)) {
            dir.push(next);
            if !self.rules.contains_key(&dir) {
                let read = self.read(&dir);
                self.rules.insert(dir.clone(), read);
            }
            if matches!(self.rules.get(&dir), Some(Rules::NoFolder)) {
                break;
            }
            found.push(dir.clone());
        }
        found
    }

    fn read(&self, dir: &Path) -> Rules {
        let is_dir = |node: crate::tree::Node| node.kind == Kind::Dir;
        if !self.files.node(dir).ok().flatten().is_some_and(is_dir) {
            return Rules::NoFolder;
        }
        let Ok(Some(bytes)) = self.files.bytes(&dir.join(".gitignore"), MAX_RULES) else {
            return Rules::None;
        };
        let mut builder = GitignoreBuilder::new(Path::new("/").join(dir));
        for line in String::from_utf8_lossy(&bytes).lines() {
            // A line that is no rule ignores nothing, as in git.
            let _ = builder.add_line(None, line);
        }
        builder.build().map_or(Rules::None, |lines| Rules::Lines(Box::new(lines)))
    }
}

/// Returns whether `rel` is by its name what tools write, as lines of a `.gitignore` would say it.
fn is_output_anywhere(rel: &Path, is_dir: bool) -> bool {
    let name = rel.file_name().map_or(&[][..], OsStrExt::as_bytes);
    let ends = |end: &str| name.ends_with(end.as_bytes());
    // What aider notes for itself: its chat, its input, its map of the repository.
    (is_dir && OUTPUTS.iter().any(|folder| folder.as_bytes() == name))
        || ends(".pyc")
        || ends(".pyo")
        || name == b".DS_Store"
        || name.starts_with(b".aider.")
}

impl Rules {
    fn lines(&self) -> Option<&Gitignore> {
        match self {
            Rules::Lines(lines) => Some(lines),
            Rules::NoFolder | Rules::None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn names_are_outputs_as_lines_of_a_gitignore_would_say_it() {
        let mut said = GitignoreBuilder::new("/");
        let folders = OUTPUTS.map(|folder| format!("{folder}/"));
        let files = ["*.pyc", "*.pyo", ".DS_Store", ".aider.*"].map(str::to_owned);
        for line in folders.iter().chain(&files) {
            said.add_line(None, line).unwrap();
        }
        let said = said.build().unwrap();
        let odd =
            ["a.pyc", ".pyc", "pyc", "a.pyo", "a.pyco", ".DS_Store", "x.DS_Store", ".aider.", ".aider.chat"];
        for name in
            OUTPUTS.iter().chain(&odd).chain(&[".aider", "x.aider.y", "node_modules2", "Node_modules"])
        {
            for rel in [(*name).to_owned(), format!("a/b/{name}")] {
                for is_dir in [false, true] {
                    let as_git = said.matched(Path::new("/").join(&rel), is_dir).is_ignore();
                    assert_eq!(is_output_anywhere(Path::new(&rel), is_dir), as_git, "{rel} {is_dir}");
                }
            }
        }
    }

    #[test]
    fn the_bases_rules_and_the_fixed_list_decide_but_never_over_a_file_of_the_repository() {
        let dir = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write(".gitignore", "*.out\n/build/\n");
        write("sub/.gitignore", "!keep.out\n\\\n[z-a]\n");
        write("kept.out", "");
        write("Cargo.toml", "");
        write("src/target/mod.rs", "");
        let mut ignore = Ignore::of(Stack::new(vec![dir.path().to_owned()]));
        for (path, output) in [
            ("a.out", true),
            ("sub/a.out", true),
            ("sub/keep.out", false),
            ("kept.out", false),
            ("build/x/y", true),
            ("sub/build/x", false),
            ("target/debug/a", true),
            ("src/target/new.rs", false),
            ("a/node_modules/b/c.js", true),
            ("a/__pycache__/b.pyc", true),
            ("src/a.py", false),
        ] {
            assert_eq!(ignore.is_output(Path::new(path), false), output, "{path}");
        }
    }
}
