//! Texts as lines and lines as numbers, so that every comparison below works on the same units.
//!
//! **Invariant:** a line keeps its `\n`; the last line of a text without one differs from the same line with one.

use std::collections::HashMap;
use std::ops::Range;

use fairtrial_domain::patch::Side;
use similar::{Algorithm, DiffTag, capture_diff_slices};

/// One stretch that differs: these lines of the old side became those of the new side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    /// Lines of the old side, from 0.
    pub(crate) old: Range<usize>,
    /// Lines of the new side, from 0.
    pub(crate) new: Range<usize>,
}

/// Gives equal lines equal numbers.
#[derive(Default)]
pub(crate) struct Interner<'a> {
    known: HashMap<&'a str, u32>,
}

impl<'a> Interner<'a> {
    /// Returns a number for each line, the same one for the same text.
    pub(crate) fn ids(&mut self, lines: &[&'a str]) -> Vec<u32> {
        lines.iter().map(|line| self.id(line)).collect()
    }

    fn id(&mut self, line: &'a str) -> u32 {
        let next = u32::try_from(self.known.len()).unwrap_or(u32::MAX);
        *self.known.entry(line).or_insert(next)
    }
}

/// Splits `text` after each `\n`; an empty text has no lines.
pub(crate) fn split(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// Returns the text of a side: empty when there is no file, `None` when it is binary.
pub(crate) fn text(side: Option<&Side>) -> Option<&str> {
    side.map_or(Some(""), |side| side.content.as_text())
}

/// Returns where two sequences differ, in order, by the Histogram algorithm, as `git diff --histogram` does.
pub(crate) fn changes(old: &[u32], new: &[u32]) -> Vec<Change> {
    let mut found: Vec<Change> = Vec::new();
    for op in capture_diff_slices(Algorithm::Histogram, old, new) {
        match op.tag() {
            DiffTag::Equal => {}
            DiffTag::Delete | DiffTag::Insert | DiffTag::Replace => {
                let (old, new) = (op.old_range(), op.new_range());
                match found.last_mut() {
                    Some(last) if last.old.end == old.start && last.new.end == new.start => {
                        last.old.end = old.end;
                        last.new.end = new.end;
                    }
                    Some(_) | None => found.push(Change { old, new }),
                }
            }
        }
    }
    found
}

/// Returns where two texts differ, line by line.
pub(crate) fn text_changes(old: &str, new: &str) -> Vec<Change> {
    let mut interner = Interner::default();
    let old = interner.ids(&split(old));
    let new = interner.ids(&split(new));
    changes(&old, &new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_last_newline_is_a_change_of_its_line() {
        assert_eq!(text_changes("a\nb", "a\nb\n"), [Change { old: 1..2, new: 1..2 }]);
        assert_eq!(text_changes("", ""), []);
        assert_eq!(text_changes("", "a"), [Change { old: 0..0, new: 0..1 }]);
    }
}
