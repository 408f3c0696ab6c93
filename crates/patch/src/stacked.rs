//! The stacked form: the base once, under each changed place the variants with those who wrote them.

use fairtrial_domain::diff::{Stacked, StackedRow};
use fairtrial_domain::patch::{Patch, Side};

use crate::align::{Aligned, Placed, sides};
use crate::distance::Work;
use crate::lines::{self, Interner};
use crate::row::{self, Piece, fold, number};

/// Returns the rows of `path` in `patches`; authors are indices into `patches`.
pub fn stacked_of(path: &str, patches: &[&Patch]) -> Stacked {
    match sides(path, patches) {
        Some((base, afters)) => stacked(path, base, &afters),
        None => Stacked {
            path: crate::visible(path).into_owned(),
            rows: Vec::new(),
            untouched: Vec::new(),
            note: Some("the patches do not start from the same file".to_owned()),
        },
    }
}

/// Returns the rows of one file; `afters[i]` is the file in version `i`, equal to `base` where it is untouched.
///
/// Removals and additions that several made alike appear once with all their authors. Unchanged stretches fold
/// to three lines of context. Binary, oversized ([`crate::DISPLAY_LINES`], [`crate::DISPLAY_BYTES`]) and mode-only
/// changes give a note instead of rows.
pub fn stacked(path: &str, base: Option<&Side>, afters: &[Option<&Side>]) -> Stacked {
    let (touched, untouched): (Vec<usize>, Vec<usize>) =
        (0..afters.len()).partition(|at| afters[*at] != base);
    let mut stacked = Stacked {
        path: crate::visible(path).into_owned(),
        rows: Vec::new(),
        untouched: untouched.into_iter().map(number).collect(),
        note: row::note(base, afters),
    };
    if stacked.note.is_none() {
        let texts: Vec<&str> = touched.iter().filter_map(|at| lines::text(afters[*at])).collect();
        let ends = row::mixed_ends(std::iter::once(base).chain(afters.iter().copied()));
        let aligned = Aligned::new(lines::text(base).unwrap_or_default(), &texts, ends);
        stacked.rows = rows(&aligned, &touched);
    }
    stacked
}

/// A row before folding; versions are indices into the aligned ones.
enum Cell {
    Base(usize),
    Removed { line: usize, who: Vec<usize> },
    Added { version: usize, line: usize, who: Vec<usize> },
}

fn rows(aligned: &Aligned<'_>, touched: &[usize]) -> Vec<StackedRow> {
    let cells = cells(aligned);
    let plain: Vec<bool> = cells.iter().map(|cell| matches!(cell, Cell::Base(_))).collect();
    let authors = |who: &[usize]| -> Vec<u32> { who.iter().map(|at| number(touched[*at])).collect() };
    let mut rows = Vec::new();
    let mut group: Option<(bool, Vec<u32>)> = None;
    for piece in fold(&plain) {
        let at = match piece {
            Piece::Show(at) => at,
            Piece::Fold(range) => {
                if let Some(Cell::Base(line)) = cells.get(range.start) {
                    rows.push(StackedRow::Gap { from: number(line + 1), lines: number(range.len()) });
                }
                group = None;
                continue;
            }
        };
        let (removes, who, row) = match &cells[at] {
            Cell::Base(line) => {
                let text = aligned.base_words(*line).text();
                rows.push(StackedRow::Base { line: number(line + 1), text });
                group = None;
                continue;
            }
            Cell::Removed { line, who } => {
                let spans = aligned.base_words(*line).spans(aligned.removed_marks(*line));
                let who = authors(who);
                (true, who.clone(), StackedRow::Removed { line: number(line + 1), spans, who })
            }
            Cell::Added { version, line, who } => {
                let words = aligned.words(aligned.versions[*version].lines[*line]);
                let spans = words.spans(aligned.added_marks(*version, *line));
                let who = authors(who);
                (false, who.clone(), StackedRow::Added { spans, who })
            }
        };
        if group.as_ref() != Some(&(removes, who.clone())) {
            rows.push(StackedRow::Authors { who: who.clone(), removes });
            group = Some((removes, who));
        }
        rows.push(row);
    }
    rows
}

fn cells(aligned: &Aligned<'_>) -> Vec<Cell> {
    let mut cells = Vec::new();
    for line in 0..=aligned.base.len() {
        if let Some(placed) = aligned.places.get(&line) {
            cells.extend(together(aligned, placed));
        }
        if line < aligned.base.len() {
            let removed = |at: &usize| aligned.versions[*at].removed[line];
            let who: Vec<usize> = (0..aligned.versions.len()).filter(removed).collect();
            cells.push(if who.is_empty() { Cell::Base(line) } else { Cell::Removed { line, who } });
        }
    }
    cells
}

/// Merges what several put at one place: each line once with all who wrote it, everyone's order kept.
fn together(aligned: &Aligned<'_>, placed: &[Placed]) -> Vec<Cell> {
    struct Line<'a> {
        text: &'a str,
        version: usize,
        line: usize,
        who: Vec<usize>,
    }
    let mut merged: Vec<Line<'_>> = Vec::new();
    for Placed { version, new } in placed {
        let own = &aligned.versions[*version].lines[new.clone()];
        let mut interner = Interner::default();
        let old_ids = interner.ids(&merged.iter().map(|line| line.text).collect::<Vec<_>>());
        let new_ids = interner.ids(own);
        let mut fresh = |index: usize| Line {
            text: own[index],
            version: *version,
            line: new.start + index,
            who: vec![*version],
        };
        let mut next: Vec<Line<'_>> = Vec::new();
        let mut index = 0;
        let mut changes =
            lines::changes(&old_ids, &new_ids, &mut Work::default()).found.into_iter().peekable();
        for (at, mut line) in merged.into_iter().enumerate() {
            while let Some(change) = changes.next_if(|change| change.old.end <= at) {
                next.extend(change.new.clone().map(&mut fresh));
                index = change.new.end;
            }
            if changes.peek().is_none_or(|change| at < change.old.start) {
                line.who.push(*version);
                index += 1;
            }
            next.push(line);
        }
        next.extend((index..own.len()).map(&mut fresh));
        merged = next;
    }
    merged
        .into_iter()
        .map(|line| Cell::Added { version: line.version, line: line.line, who: line.who })
        .collect()
}

#[cfg(test)]
mod tests;
