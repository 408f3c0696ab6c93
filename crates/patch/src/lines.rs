//! Texts as lines and lines as numbers, so that every comparison below works on the same units.
//!
//! **Invariant:** a line keeps its `\n`; the last line of a text without one differs from the same line with one.

use std::collections::HashMap;
use std::ops::Range;

use fairtrial_domain::patch::Side;
use similar::DiffTag;

use crate::distance::Work;
use crate::histogram::Histogram;
use crate::numbers::NumberMap;

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

/// Lines of both sides, what is equal at their ends left out, up to which the Histogram algorithm sees them whole.
const WHOLE: usize = 20_000;

/// Pairs of equal lines that are looked at in the stretches of one larger comparison.
const PAIRS: u64 = 4_000_000;

/// Where two sequences differ, and how that was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Changes {
    /// In order.
    pub(crate) found: Vec<Change>,
    /// True when a stretch was too repetitive to be looked into, so that all of it counts as changed.
    pub(crate) coarse: bool,
}

/// Returns where two sequences of numbers from 0 differ, in order, by the Histogram algorithm, as
/// `git diff --histogram` does.
///
/// Sequences longer than [`WHOLE`] are cut first at lines that stand exactly once on either side. The stretches between
/// the cuts are looked into, first to last, as long as their pairs of equal lines come to no more than [`PAIRS`] in
/// all; a stretch for which none are left, or for which `work` is spent, is one change.
pub(crate) fn changes(old: &[u32], new: &[u32], work: &mut Work) -> Changes {
    let start = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let end = old[start..].iter().rev().zip(new[start..].iter().rev()).take_while(|(a, b)| a == b).count();
    let (old_to, new_to) = (old.len() - end, new.len() - end);
    let mut all = Changes::default();
    if start == old_to || start == new_to {
        push(&mut all.found, start..old_to, start..new_to);
        return all;
    }
    let mut histogram = Histogram::new(old, new);
    if old_to - start + new_to - start <= WHOLE {
        look_into(&mut histogram, start..old_to, start..new_to, work, &mut all);
        return all;
    }
    let mut left = PAIRS;
    let (mut from_old, mut from_new) = (start, start);
    let cuts = cuts(&old[start..old_to], &new[start..new_to]);
    let cuts = cuts.into_iter().map(|(a, b)| (a + start, b + start));
    for (a, b) in cuts.chain([(old_to, new_to)]) {
        let pairs = pairs(&old[from_old..a], &new[from_new..b]);
        if pairs <= left {
            left -= pairs;
            look_into(&mut histogram, from_old..a, from_new..b, work, &mut all);
        } else {
            all.coarse = true;
            push(&mut all.found, from_old..a, from_new..b);
        }
        (from_old, from_new) = (a + 1, b + 1);
    }
    all
}

fn look_into(
    histogram: &mut Histogram<'_>,
    old: Range<usize>,
    new: Range<usize>,
    work: &mut Work,
    all: &mut Changes,
) {
    if old.is_empty() || new.is_empty() {
        push(&mut all.found, old, new);
        return;
    }
    let Some(ops) = histogram.compare(old.clone(), new.clone(), work) else {
        all.coarse = true;
        push(&mut all.found, old, new);
        return;
    };
    for op in ops {
        match op.tag() {
            DiffTag::Equal => {}
            DiffTag::Delete | DiffTag::Insert | DiffTag::Replace => {
                push(&mut all.found, op.old_range(), op.new_range());
            }
        }
    }
}

/// Adds a change, or makes the last one longer when it ends where this begins.
fn push(found: &mut Vec<Change>, old: Range<usize>, new: Range<usize>) {
    match found.last_mut() {
        _ if old.is_empty() && new.is_empty() => {}
        Some(last) if last.old.end == old.start && last.new.end == new.start => {
            last.old.end = old.end;
            last.new.end = new.end;
        }
        Some(_) | None => found.push(Change { old, new }),
    }
}

/// How often and where last each line stands.
fn counted(lines: &[u32]) -> NumberMap<(u64, usize)> {
    let mut counted = NumberMap::default();
    for (at, line) in lines.iter().enumerate() {
        let known = counted.entry(*line).or_insert((0, at));
        *known = (known.0 + 1, at);
    }
    counted
}

/// Returns how many pairs of lines are equal.
fn pairs(old: &[u32], new: &[u32]) -> u64 {
    if old.is_empty() || new.is_empty() {
        return 0;
    }
    let of_old = counted(old);
    new.iter().map(|line| of_old.get(line).map_or(0, |(count, _)| *count)).sum()
}

/// Returns the longest rising row of lines that stand exactly once on either side.
fn cuts(old: &[u32], new: &[u32]) -> Vec<(usize, usize)> {
    let (of_old, of_new) = (counted(old), counted(new));
    let once = old.iter().enumerate().filter_map(|(at, line)| match (of_old.get(line), of_new.get(line)) {
        (Some((1, _)), Some((1, there))) => Some((at, *there)),
        (_, _) => None,
    });
    let once: Vec<(usize, usize)> = once.collect();
    // Patience sorting: `tops` holds the end of the best row of each length, `before` what each stands on.
    let (mut tops, mut before): (Vec<usize>, Vec<Option<usize>>) = (vec![], vec![]);
    for (at, (_, there)) in once.iter().enumerate() {
        let length = tops.partition_point(|top| once[*top].1 < *there);
        before.push(length.checked_sub(1).map(|length| tops[length]));
        if length == tops.len() { tops.push(at) } else { tops[length] = at }
    }
    let last = tops.last().copied();
    let mut row: Vec<_> = std::iter::successors(last, |at| before[*at]).map(|at| once[at]).collect();
    row.reverse();
    row
}

/// Returns where two texts differ, line by line, within what is left of `work`.
pub(crate) fn text_changes(old: &str, new: &str, work: &mut Work) -> Changes {
    let mut interner = Interner::default();
    let old = interner.ids(&split(old));
    let new = interner.ids(&split(new));
    changes(&old, &new, work)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_changes(old: &str, new: &str) -> Changes {
        super::text_changes(old, new, &mut Work::default())
    }

    fn changes(old: &[u32], new: &[u32]) -> Changes {
        super::changes(old, new, &mut Work::default())
    }

    #[test]
    fn a_missing_last_newline_is_a_change_of_its_line() {
        assert_eq!(text_changes("a\nb", "a\nb\n").found, [Change { old: 1..2, new: 1..2 }]);
        assert_eq!(text_changes("", "").found, []);
        assert_eq!(text_changes("", "a").found, [Change { old: 0..0, new: 0..1 }]);
    }

    fn numbers(of: impl Fn(u32) -> u32, many: u32) -> Vec<u32> {
        (0..many).map(of).collect()
    }

    /// Puts the new side together from the old one and the changes.
    #[track_caller]
    fn check_leads_to(old: &[u32], new: &[u32], changes: &Changes) {
        let (mut told, mut at) = (vec![], 0);
        for change in &changes.found {
            told.extend_from_slice(&old[at..change.old.start]);
            told.extend_from_slice(&new[change.new.clone()]);
            at = change.old.end;
        }
        told.extend_from_slice(&old[at..]);
        assert_eq!(told, new);
    }

    #[test]
    fn long_unlike_sequences_are_compared_as_exactly_as_short_ones() {
        let old = numbers(|at| at, 60_000);
        let new = numbers(|at| if at % 10 < 3 { 1_000_000 + at } else { at }, 60_000);
        let got = changes(&old, &new);
        check_leads_to(&old, &new, &got);
        assert!(!got.coarse);
        assert_eq!((got.found.len(), got.found[1].clone()), (6000, Change { old: 10..13, new: 10..13 }));
    }

    #[test]
    fn a_long_stretch_of_few_lines_is_one_change_and_said_to_be() {
        let (old, new) = (numbers(|at| at * at % 7, 60_000), numbers(|at| at / 3 % 9, 60_000));
        let got = changes(&old, &new);
        check_leads_to(&old, &new, &got);
        assert_eq!((got.found.len(), got.coarse), (1, true));
    }

    #[test]
    fn unlike_lines_cut_a_long_repetitive_text() {
        let old = numbers(|at| if at % 100 == 0 { 1000 + at } else { at % 3 }, 60_000);
        let mut new = old.clone();
        new[250] = 7;
        new.insert(40_050, 8);
        let got = changes(&old, &new);
        check_leads_to(&old, &new, &got);
        assert_eq!(
            got.found,
            [Change { old: 250..251, new: 250..251 }, Change { old: 40_050..40_050, new: 40_050..40_051 }]
        );
    }
}
