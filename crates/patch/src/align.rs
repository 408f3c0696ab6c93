//! Sets several versions of a file against their base: who removed which line, and who put what where.
//!
//! **Invariant:** reading the base's lines that a version kept, with its additions at their places, gives exactly
//! that version.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use fairtrial_domain::patch::{FileChange, Patch, Side};

use crate::distance::Work;
use crate::lines::{self, Change, Interner};
use crate::words::{Marks, Words};

/// Word comparisons per file; past it lines stay unmarked.
const WORD_COMPARISONS: usize = 20_000;
/// A removed line is compared with an added one at most this far down.
const WINDOW: usize = 8;

/// A base and its versions, line by line.
pub(crate) struct Aligned<'a> {
    /// The base's lines.
    pub(crate) base: Vec<&'a str>,
    /// The versions, in the order given.
    pub(crate) versions: Vec<Version<'a>>,
    /// Additions by the base line that they stand before.
    pub(crate) places: BTreeMap<usize, Vec<Placed>>,
    removed_marks: HashMap<usize, Marks>,
    added_marks: HashMap<(usize, usize), Marks>,
    ends: bool,
}

/// One version.
pub(crate) struct Version<'a> {
    /// Its lines.
    pub(crate) lines: Vec<&'a str>,
    /// For each line of the base, whether it is gone.
    pub(crate) removed: Vec<bool>,
    changes: Vec<Change>,
}

/// Lines that a version puts at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Placed {
    /// Which version.
    pub(crate) version: usize,
    /// Which of its lines.
    pub(crate) new: Range<usize>,
}

impl<'a> Aligned<'a> {
    /// Aligns texts; `ends` says whether line ends must be shown.
    pub(crate) fn new(base: &'a str, versions: &[&'a str], ends: bool) -> Aligned<'a> {
        let base = lines::split(base);
        let mut interner = Interner::default();
        let base_ids = interner.ids(&base);
        let versions: Vec<Version<'a>> = versions
            .iter()
            .map(|text| {
                let lines = lines::split(text);
                let changes = lines::changes(&base_ids, &interner.ids(&lines), &mut Work::default()).found;
                let mut removed = vec![false; base.len()];
                changes.iter().for_each(|change| removed[change.old.clone()].fill(true));
                Version { lines, removed, changes }
            })
            .collect();
        let places = places(&versions);
        let (removed_marks, added_marks) = (HashMap::new(), HashMap::new());
        let mut aligned = Aligned { base, versions, places, removed_marks, added_marks, ends };
        aligned.mark();
        aligned
    }

    /// Returns a line of the base as shown.
    pub(crate) fn base_words(&self, line: usize) -> Words {
        self.words(self.base[line])
    }

    /// Returns a line of a version as shown.
    pub(crate) fn words(&self, line: &str) -> Words {
        Words::of(line, self.ends)
    }

    /// Returns what changed in a removed line, over all versions that replace it.
    pub(crate) fn removed_marks(&self, line: usize) -> Option<&Marks> {
        self.removed_marks.get(&line)
    }

    /// Returns what changed in an added line.
    pub(crate) fn added_marks(&self, version: usize, line: usize) -> Option<&Marks> {
        self.added_marks.get(&(version, line))
    }

    fn mark(&mut self) {
        let mut left = WORD_COMPARISONS;
        let (mut removed_marks, mut added_marks) = (HashMap::new(), HashMap::new());
        for (at, version) in self.versions.iter().enumerate() {
            for change in &version.changes {
                for (old, new, marks) in self.pairs(version, change, &mut left) {
                    let known: &mut Marks =
                        removed_marks.entry(old).or_insert_with(|| vec![false; marks.0.len()]);
                    known.iter_mut().zip(&marks.0).for_each(|(known, new)| *known |= new);
                    added_marks.insert((at, new), marks.1);
                }
            }
        }
        self.removed_marks = removed_marks;
        self.added_marks = added_marks;
    }

    /// Pairs removed with added lines of one change: by position when they are as many, else the closest one of
    /// the next few, never crossing.
    fn pairs(
        &self,
        version: &Version<'_>,
        change: &Change,
        left: &mut usize,
    ) -> Vec<(usize, usize, (Marks, Marks))> {
        let mut found = Vec::new();
        let by_position = change.old.len() == change.new.len();
        let mut from = change.old.start;
        for new in change.new.clone() {
            let added = self.words(version.lines[new]);
            let candidates = match by_position {
                true => {
                    change.old.start + (new - change.new.start)
                        ..change.old.start + (new - change.new.start) + 1
                }
                false => from..change.old.end.min(from + WINDOW),
            };
            let mut best: Option<(f64, usize, Marks, Marks)> = None;
            for old in candidates {
                let Some(rest) = left.checked_sub(1) else { return found };
                *left = rest;
                if let Some((ratio, removed, put)) = self.base_words(old).marks(&added)
                    && best.as_ref().is_none_or(|best| ratio > best.0)
                {
                    best = Some((ratio, old, removed, put));
                }
            }
            if let Some((_, old, removed, put)) = best {
                from = old + 1;
                found.push((old, new, (removed, put)));
            }
        }
        found
    }
}

/// Chooses where additions stand. A change may put its lines before, after or between the lines that it removes;
/// the choice that brings most versions together is the least number of places that meets every change.
fn places(versions: &[Version<'_>]) -> BTreeMap<usize, Vec<Placed>> {
    let mut changes: Vec<(usize, &Change)> = versions
        .iter()
        .enumerate()
        .flat_map(|(at, version)| version.changes.iter().map(move |change| (at, change)))
        .filter(|(_, change)| !change.new.is_empty())
        .collect();
    changes.sort_by_key(|(version, change)| (change.old.end, change.old.start, *version));
    let mut places: BTreeMap<usize, Vec<Placed>> = BTreeMap::new();
    let mut place = None;
    for (version, change) in changes {
        let at = match place {
            Some(at) if change.old.start <= at => at,
            Some(_) | None => change.old.end,
        };
        place = Some(at);
        places.entry(at).or_default().push(Placed { version, new: change.new.clone() });
    }
    places.values_mut().for_each(|placed| placed.sort_by_key(|placed| placed.version));
    places
}

/// Returns the base of `path` and its side in each patch; the base's own side where a patch leaves it alone.
/// `None` when the patches do not start from the same file.
pub(crate) fn sides<'a>(
    path: &str,
    patches: &[&'a Patch],
) -> Option<(Option<&'a Side>, Vec<Option<&'a Side>>)> {
    let found: Vec<Option<&'a FileChange>> =
        patches.iter().map(|patch| patch.files.iter().find(|file| file.path == path)).collect();
    let base = found.iter().flatten().next().and_then(|file| file.before.as_ref());
    if found.iter().flatten().any(|file| file.before.as_ref() != base) {
        return None;
    }
    Some((base, found.iter().map(|file| file.map_or(base, |file| file.after.as_ref())).collect()))
}
