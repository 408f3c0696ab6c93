//! The side-by-side form: two versions with the base as spine.

use fairtrial_domain::diff::{ColumnCell, ColumnRow, Columns};
use fairtrial_domain::patch::{Patch, Side};

use crate::align::{Aligned, sides};
use crate::lines;
use crate::row::{self, Piece, fold, number};

/// Returns the rows of `path` in two patches.
pub fn columns_of(path: &str, left: &Patch, right: &Patch) -> Columns {
    match sides(path, &[left, right]) {
        Some((base, afters)) => columns(path, base, afters[0], afters[1]),
        None => Columns {
            path: crate::visible(path).into_owned(),
            rows: Vec::new(),
            note: Some("the patches do not start from the same file".to_owned()),
        },
    }
}

/// Returns the rows of one file; a version equal to `base` is untouched. Limits and notes as in [`crate::stacked`].
pub fn columns(path: &str, base: Option<&Side>, left: Option<&Side>, right: Option<&Side>) -> Columns {
    let note = row::note(base, &[left, right]);
    let text = |side| lines::text(side).unwrap_or_default();
    let rows = match note {
        Some(_) => Vec::new(),
        None => {
            let ends = row::mixed_ends([base, left, right].into_iter());
            rows(&Aligned::new(text(base), &[text(left), text(right)], ends))
        }
    };
    Columns { path: crate::visible(path).into_owned(), rows, note }
}

fn rows(aligned: &Aligned<'_>) -> Vec<ColumnRow> {
    let mut all = Vec::new();
    let mut next = [1, 1];
    for line in 0..=aligned.base.len() {
        additions(aligned, line, &mut next, &mut all);
        if line < aligned.base.len() {
            let [left, right] = [0, 1].map(|version| kept(aligned, version, line, &mut next));
            all.push(ColumnRow::Line { base: Some(number(line + 1)), left, right });
        }
    }
    folded(all)
}

fn kept(aligned: &Aligned<'_>, version: usize, line: usize, next: &mut [u32; 2]) -> ColumnCell {
    let words = aligned.base_words(line);
    if aligned.versions[version].removed[line] {
        return ColumnCell::Removed { spans: words.spans(aligned.removed_marks(line)) };
    }
    next[version] += 1;
    ColumnCell::Same { line: next[version] - 1, text: words.text() }
}

fn additions(aligned: &Aligned<'_>, line: usize, next: &mut [u32; 2], all: &mut Vec<ColumnRow>) {
    let Some(placed) = aligned.places.get(&line) else { return };
    let range = |version| placed.iter().find(|p| p.version == version).map_or(0..0, |p| p.new.clone());
    let [left, right] = [range(0), range(1)];
    for row in 0..left.len().max(right.len()) {
        let mut cell = |version: usize, range: &std::ops::Range<usize>| {
            if row >= range.len() {
                return ColumnCell::Empty;
            }
            let at = range.start + row;
            let words = aligned.words(aligned.versions[version].lines[at]);
            next[version] += 1;
            let spans = words.spans(aligned.added_marks(version, at));
            ColumnCell::Added { line: next[version] - 1, spans }
        };
        let (left, right) = (cell(0, &left), cell(1, &right));
        all.push(ColumnRow::Line { base: None, left, right });
    }
}

fn folded(all: Vec<ColumnRow>) -> Vec<ColumnRow> {
    let same = |cell: &ColumnCell| matches!(cell, ColumnCell::Same { .. });
    let plain: Vec<bool> = all
        .iter()
        .map(|row| matches!(row, ColumnRow::Line { left, right, .. } if same(left) && same(right)))
        .collect();
    let mut all: Vec<Option<ColumnRow>> = all.into_iter().map(Some).collect();
    let mut rows = Vec::new();
    for piece in fold(&plain) {
        match piece {
            Piece::Show(at) => rows.extend(all[at].take()),
            Piece::Fold(range) => {
                if let Some(ColumnRow::Line { base: Some(from), .. }) = all[range.start].take() {
                    rows.push(ColumnRow::Gap { from, lines: number(range.len()) });
                }
            }
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::arbitrary::side;
    use proptest::prelude::*;

    fn shown(base: &str, left: &str, right: &str) -> String {
        let columns = columns("f", Some(&side(base)), Some(&side(left)), Some(&side(right)));
        let cell = |cell: &ColumnCell| match cell {
            ColumnCell::Empty => String::new(),
            ColumnCell::Same { line, text } => format!("{line} {text}"),
            ColumnCell::Removed { spans } => {
                format!("- {}", spans.iter().map(|s| s.text.as_str()).collect::<String>())
            }
            ColumnCell::Added { line, spans } => {
                format!("{line}+{}", spans.iter().map(|s| s.text.as_str()).collect::<String>())
            }
        };
        let row = |row: &ColumnRow| match row {
            ColumnRow::Gap { from, lines } => format!("… {lines} from {from}\n"),
            ColumnRow::Line { base, left, right } => {
                let base = base.map_or(String::new(), |base| base.to_string());
                format!("{base}|{}|{}\n", cell(left), cell(right))
            }
        };
        columns.rows.iter().map(row).collect()
    }

    #[test]
    fn two_versions_stand_beside_the_base() {
        assert_eq!(
            shown("a\nb\nc\n", "a\nx\ny\nc\n", "a\nx\nc\nd\n"),
            "1|1 a|1 a\n2|- b|- b\n|2+x|2+x\n|3+y|\n3|4 c|3 c\n||4+d\n"
        );
        let long: String = (1..=9).map(|n| format!("{n}\n")).collect();
        assert_eq!(
            shown(&long, &long.replace('9', "x"), &long),
            "… 5 from 1\n6|6 6|6 6\n7|7 7|7 7\n8|8 8|8 8\n9|- 9|9 9\n|9+x|\n"
        );
    }

    proptest! {
        #[test]
        fn each_column_reads_as_its_file(texts in prop::collection::vec("([a-c]\n){0,20}", 3)) {
            let sides: Vec<Side> = texts.iter().map(|text| side(text)).collect();
            let columns = columns("f", Some(&sides[0]), Some(&sides[1]), Some(&sides[2]));
            let base: Vec<&str> = texts[0].lines().collect();
            for version in [0, 1] {
                let mut file: Vec<String> = Vec::new();
                for row in &columns.rows {
                    match row {
                        ColumnRow::Gap { from, lines } => {
                            let from = *from as usize - 1;
                            file.extend(base[from..from + *lines as usize].iter().map(|s| (*s).to_owned()));
                        }
                        ColumnRow::Line { left, right, .. } => match if version == 0 { left } else { right } {
                            ColumnCell::Empty | ColumnCell::Removed { .. } => {}
                            ColumnCell::Same { line, text } => {
                                file.push(text.clone());
                                prop_assert_eq!(*line as usize, file.len());
                            }
                            ColumnCell::Added { line, spans } => {
                                file.push(spans.iter().map(|span| span.text.as_str()).collect());
                                prop_assert_eq!(*line as usize, file.len());
                            }
                        },
                    }
                }
                let expected: Vec<&str> = texts[version + 1].lines().collect();
                prop_assert_eq!(file, expected);
            }
        }
    }
}
