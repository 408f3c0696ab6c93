//! What a patch consists of, measured once for all scores: hunks, sources read, noise, moves, churn.
//!
//! **Invariant:** pure and bounded: what is too large is missing with the reason, and costs little to find out.

mod ahead;
pub(crate) mod clones;
pub(crate) mod complexity;
pub mod lint;
pub(crate) mod locality;
pub mod manifests;
pub(crate) mod noise;
mod stood;
pub(crate) mod tokens;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use fairtrial_domain::patch::{FileChange, Patch, Side};
use fairtrial_patch::distance::Work;
use fairtrial_patch::hunks::{Hunk, Hunks, of_texts, split};
use fairtrial_patch::moved::{Moved, Stretch, moved};
use fairtrial_patch::rename;

use crate::assess::tests_in::{Language, Test, tests};
use crate::syntax::{Grammar, Source, Unread};
use ahead::Ahead;
use noise::Class;
pub(crate) use stood::Stood;

/// Why a feature has no figure, as a sentence fragment for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unmeasured(pub(crate) String);

/// Bytes of source that are read for one trial.
const MOST_READ: usize = 6 << 20;

type Placed<'a> = HashMap<(Option<Grammar>, Place), Rc<Result<Source<'a>, Unread>>>;
type Tests = HashMap<(Place, Language), Rc<Vec<Test>>>;
type Known<'a> = HashMap<(Option<Grammar>, &'a str), Rc<Result<Source<'a>, Unread>>>;

/// Where a text stands and how long it is: while it is borrowed, as good as the text, and sooner compared.
type Place = (usize, usize);

fn place_of(text: &str) -> Place {
    (text.as_ptr().addr(), text.len())
}

/// What is known of the texts of one trial, each worked out once for all rules and scores.
#[derive(Default)]
pub(crate) struct Sources<'a> {
    ahead: RefCell<Ahead<'a>>,
    known: RefCell<Known<'a>>,
    placed: RefCell<Placed<'a>>,
    hunks: RefCell<HashMap<(Place, Place), Rc<Hunks>>>,
    tests: RefCell<Tests>,
    numbers: RefCell<HashMap<&'a str, u32>>,
    read: Cell<usize>,
    work: RefCell<Work>,
}

impl<'a> Sources<'a> {
    /// Begins with what the rules and scores will ask for of a patch and its reference.
    pub(crate) fn of(patch: &'a Patch, reference: Option<&'a Patch>) -> Self {
        Sources { ahead: RefCell::new(ahead::read(patch, reference)), ..Sources::default() }
    }

    /// Returns where two texts differ.
    pub(crate) fn hunks(&self, before: &'a str, after: &'a str) -> Rc<Hunks> {
        let mut known = self.hunks.borrow_mut();
        let one = known.entry((place_of(before), place_of(after)));
        Rc::clone(one.or_insert_with(|| Rc::new(of_texts(before, after, &mut self.work.borrow_mut()))))
    }

    /// Returns for each token of a text its number, the same one for the same token in whichever text.
    pub(crate) fn numbers<'s>(&self, source: &'s Source<'a>) -> &'s [u32] {
        source.numbers.get_or_init(|| {
            let mut known = self.numbers.borrow_mut();
            let number = |token| {
                let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
                *known.entry(source.text_of(token)).or_insert(next)
            };
            source.tokens.iter().map(number).collect()
        })
    }

    /// Returns the tests of a text.
    pub(crate) fn tests(&self, text: &'a str, language: Language) -> Rc<Vec<Test>> {
        let mut known = self.tests.borrow_mut();
        let one = known.entry((place_of(text), language));
        Rc::clone(one.or_insert_with(|| Rc::new(tests(text, language))))
    }

    /// Returns whether a stretch of any text was too repetitive to be looked into.
    pub(crate) fn is_coarse(&self) -> bool {
        self.hunks.borrow().values().any(|hunks| hunks.coarse)
    }

    /// Returns a text as read by its path's grammar.
    pub(crate) fn get(&self, path: &str, text: &'a str) -> Rc<Result<Source<'a>, Unread>> {
        let grammar = Grammar::of_path(path);
        let mut placed = self.placed.borrow_mut();
        let one = placed.entry((grammar, place_of(text)));
        Rc::clone(one.or_insert_with(|| self.read(grammar, path, text)))
    }

    fn read(&self, grammar: Option<Grammar>, path: &str, text: &'a str) -> Rc<Result<Source<'a>, Unread>> {
        let key = (grammar, text);
        if let Some(known) = self.known.borrow().get(&key) {
            return Rc::clone(known);
        }
        let read = self.read.get() + text.len();
        let ahead = grammar.and_then(|grammar| self.ahead.borrow_mut().remove(&(grammar, text)));
        let source = match ahead {
            _ if read > MOST_READ => Err(Unread::Long),
            Some(source) => source,
            None => Source::read(path, text),
        };
        if source.is_ok() {
            self.read.set(read);
        }
        let source = Rc::new(source);
        self.known.borrow_mut().insert(key, Rc::clone(&source));
        source
    }
}

/// One file of a patch; a renamed one with the side that it had under its old name.
pub(crate) struct File<'a> {
    /// Where it is; for a removal, where it was.
    pub(crate) path: &'a str,
    /// Its text before; empty when there was none, `None` when binary.
    pub(crate) before: Option<&'a str>,
    /// Its text after.
    pub(crate) after: Option<&'a str>,
    /// Where it differs; empty when binary.
    pub(crate) hunks: Vec<Hunk>,
    /// For each hunk why it is noise; `None` when it is none.
    pub(crate) noise: Vec<Option<Class>>,
}

impl<'a> File<'a> {
    /// Returns hunks that are no noise.
    pub(crate) fn real(&self) -> impl Iterator<Item = &Hunk> {
        self.hunks.iter().zip(&self.noise).filter(|(_, noise)| noise.is_none()).map(|(hunk, _)| hunk)
    }

    /// Returns whether its content is made by a program, or locks versions.
    pub(crate) fn is_made(&self) -> bool {
        noise::is_made(self.path, self.after.or(self.before).unwrap_or_default())
    }
}

/// A patch, measured.
pub(crate) struct Files<'a> {
    /// By path.
    pub(crate) files: Vec<File<'a>>,
    /// Blocks that moved; files as indices into `files`.
    pub(crate) moved: Vec<Moved>,
}

fn size(hunk: &Hunk) -> u64 {
    (hunk.old.len() + hunk.new.len()) as u64
}

impl<'a> Files<'a> {
    /// Measures a patch.
    pub(crate) fn of(patch: &'a Patch, sources: &Sources<'a>) -> Files<'a> {
        let renames = rename::similar(patch);
        let find = |path: &str| patch.files.iter().find(|change| change.path == path);
        let mut files = Vec::new();
        for change in &patch.files {
            if renames.iter().any(|rename| rename.from == change.path) {
                continue;
            }
            let from = renames.iter().find(|rename| rename.to == change.path).and_then(|r| find(&r.from));
            files.push(file(change, from, sources));
        }
        let moved = find_moved(&files);
        Files { files, moved }
    }

    /// Returns lines added and removed, noise and moves included.
    pub(crate) fn lines(&self) -> u64 {
        self.files.iter().flat_map(|file| &file.hunks).map(size).sum()
    }

    /// Returns lines that are noise.
    pub(crate) fn noise(&self) -> u64 {
        let noisy = |file: &File<'_>| -> u64 {
            file.hunks.iter().zip(&file.noise).filter(|(_, n)| n.is_some()).map(|(hunk, _)| size(hunk)).sum()
        };
        self.files.iter().map(noisy).sum()
    }

    /// Returns a file's churn: added + removed − noise − moved.
    pub(crate) fn churn_of(&self, at: usize) -> u64 {
        let real: u64 = self.files[at].real().map(size).sum();
        let part = |place: (usize, usize), lines: usize| if place.0 == at { lines as u64 } else { 0 };
        let moved: u64 =
            self.moved.iter().map(|block| part(block.from, block.lines) + part(block.to, block.lines)).sum();
        real.saturating_sub(moved)
    }

    /// Returns the patch's churn.
    pub(crate) fn churn(&self) -> u64 {
        (0..self.files.len()).map(|at| self.churn_of(at)).sum()
    }
}

fn text(side: Option<&Side>) -> Option<&str> {
    side.map_or(Some(""), |side| side.content.as_text())
}

fn file<'a>(change: &'a FileChange, from: Option<&'a FileChange>, sources: &Sources<'a>) -> File<'a> {
    let before = text(from.map_or(change.before.as_ref(), |from| from.before.as_ref()));
    let after = text(change.after.as_ref());
    let hunks = before.zip(after).map(|(before, after)| sources.hunks(before, after).all.clone());
    let hunks = hunks.unwrap_or_default();
    let mut file = File { path: &change.path, before, after, hunks, noise: vec![] };
    file.noise = noise::classes(&file, sources);
    file
}

fn find_moved(files: &[File<'_>]) -> Vec<Moved> {
    let (mut removed, mut added) = (Vec::new(), Vec::new());
    for (at, file) in files.iter().enumerate() {
        let (Some(before), Some(after)) = (file.before, file.after) else { continue };
        let (before, after) = (split(before), split(after));
        for hunk in file.real() {
            removed.push(Stretch {
                file: at,
                first: hunk.old.start,
                lines: before[hunk.old.clone()].to_vec(),
            });
            added.push(Stretch { file: at, first: hunk.new.start, lines: after[hunk.new.clone()].to_vec() });
        }
    }
    moved(&removed, &added)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use fairtrial_domain::patch::{Content, FileMode};

    pub(crate) fn side(text: &str) -> Option<Side> {
        Some(Side { mode: FileMode::Regular, content: Content::Text(text.to_owned()) })
    }

    pub(crate) fn patch(files: &[(&str, &str, &str)]) -> Patch {
        let change = |(path, before, after): &(&str, &str, &str)| FileChange {
            path: (*path).to_owned(),
            before: if before.is_empty() { None } else { side(before) },
            after: if after.is_empty() { None } else { side(after) },
        };
        Patch { files: files.iter().map(change).collect(), flags: vec![] }
    }

    pub(crate) fn told(patch: &Patch) -> (u64, u64, u64) {
        let sources = Sources::default();
        let files = Files::of(patch, &sources);
        (files.lines(), files.noise(), files.churn())
    }

    const BLOCK: &str =
        "def area(w, h):\n    total = w * h\n    log(total)\n    check(total)\n    return total\n";

    #[test]
    fn what_moved_is_no_churn() {
        let moved = patch(&[
            ("a.py", &format!("x = 1\n{BLOCK}"), "x = 1\n"),
            ("b.py", "y = 1\n", &format!("y = 1\n{BLOCK}")),
        ]);
        assert_eq!(told(&moved), (10, 0, 0));
    }

    #[test]
    fn a_rename_costs_what_it_changes() {
        let renamed =
            patch(&[("a.py", BLOCK, ""), ("b.py", "", &BLOCK.replace("check(total)", "audit(total)"))]);
        assert_eq!(told(&renamed), (2, 0, 2));
    }
}
