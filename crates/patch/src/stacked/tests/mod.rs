//! Stacked rows, as text.

use fairtrial_domain::diff::{Span, Stacked, StackedRow};
use fairtrial_domain::patch::{Content, FileMode, Patch, Side};
use proptest::prelude::*;

use crate::tests::arbitrary::{change, side, text};
use crate::{stacked, stacked_of};

fn shown(stacked: &Stacked) -> String {
    let who =
        |who: &[u32]| who.iter().map(|at| "ABCDEFGH".chars().nth(*at as usize).unwrap()).collect::<String>();
    let text = |spans: &[Span]| -> String {
        let show = |span: &Span| if span.changed { format!("[{}]", span.text) } else { span.text.clone() };
        spans.iter().map(show).collect()
    };
    let row = |row: &StackedRow| match row {
        StackedRow::Base { line, text } => format!("{line}  {text}"),
        StackedRow::Gap { from, lines } => format!("… {lines} from {from}"),
        StackedRow::Authors { who: w, removes: true } => format!("{} remove", who(w)),
        StackedRow::Authors { who: w, removes: false } => format!("{} put", who(w)),
        StackedRow::Removed { line, spans, .. } => format!("{line} -{}", text(spans)),
        StackedRow::Added { spans, .. } => format!("  +{}", text(spans)),
    };
    let mut out: Vec<String> = stacked.rows.iter().map(row).collect();
    if !stacked.untouched.is_empty() {
        out.push(format!("{} untouched", who(&stacked.untouched)));
    }
    out.extend(stacked.note.iter().map(|note| format!("note: {note}")));
    out.join("\n")
}

#[track_caller]
fn check(base: &str, afters: &[&str], expected: &str) {
    let sides: Vec<Side> = afters.iter().map(|after| side(after)).collect();
    let afters: Vec<Option<&Side>> = sides.iter().map(Some).collect();
    assert_eq!(shown(&stacked("f", Some(&side(base)), &afters)), expected);
}

#[test]
fn what_several_write_alike_stands_once_with_all_their_names() {
    check(
        "a\nb\nc\n",
        &["a\nx\nc\n", "a\nx\nc\n", "a\ny\nc\n", "a\nb\nc\n"],
        "1  a\nABC remove\n2 -b\nAB put\n  +x\nC put\n  +y\n3  c\nD untouched",
    );
}

#[test]
fn shared_lines_inside_variants_stand_once() {
    check(
        "{\n}\n",
        &["{\n if n {\n  one(self)\n }\n}\n", "{\n if n {\n  two(line)\n }\n}\n"],
        "1  {\nAB put\n  + if n {\nA put\n  +  one(self)\nB put\n  +  two(line)\nAB put\n  + }\n2  }",
    );
}

#[test]
fn an_addition_inside_anothers_removal_keeps_its_place() {
    check(
        "a\nb\nc\nd\n",
        &["a\nd\n", "a\nb\nnew\nc\nd\n"],
        "1  a\nA remove\n2 -b\nB put\n  +new\nA remove\n3 -c\n4  d",
    );
}

#[test]
fn changed_words_are_marked_and_hidden_characters_are_tokens() {
    check(
        "let total = 1;\n",
        &["let total = 2;\u{202e}\n"],
        "A remove\n1 -let total = [1];\nA put\n  +let total = [2];[‹U+202E›]",
    );
    check("a b c\r\n", &["a b c\n"], "A remove\n1 -a b c[␍]\nA put\n  +a b c");
    check("a b c\n", &["a b c"], "A remove\n1 -a b c\nA put\n  +a b c[‹no newline at end›]");
}

#[test]
fn new_and_removed_files_have_rows() {
    let new = side("x\n");
    assert_eq!(shown(&stacked("f", None, &[Some(&new), None])), "A put\n  +x\nB untouched");
    assert_eq!(shown(&stacked("f", Some(&new), &[None])), "A remove\n1 -x");
}

#[test]
fn what_has_no_rows_says_why() {
    let (text, other) = (side("x\n"), side("y\n"));
    let binary = Side { mode: FileMode::Regular, content: Content::Binary("AA==".into()) };
    let executable = Side { mode: FileMode::Executable, ..text.clone() };
    let long = side(&"x\n".repeat(crate::DISPLAY_LINES));
    let wide = side(&"x".repeat(crate::DISPLAY_BYTES + 1));
    let note = |after: &Side| stacked("f", Some(&text), &[Some(after)]).note.unwrap_or_default();
    assert_eq!(note(&binary), "binary content");
    assert_eq!(note(&executable), "only its mode changes, from regular to executable");
    assert_eq!(note(&long), "too large to show: 100000 lines or more");
    assert_eq!(note(&wide), "too large to show: more than 8 MiB");
    assert_eq!(note(&other), "");
}

#[test]
fn a_patch_that_lacks_the_file_leaves_it_untouched() {
    let a = Patch { files: vec![change("f", Some("1\n"), Some("2\n"))], flags: vec![] };
    let empty = Patch::default();
    assert_eq!(shown(&stacked_of("f", &[&empty, &a])), "B remove\n1 -1\nB put\n  +2\nA untouched");
    let other = Patch { files: vec![change("f", Some("9\n"), Some("2\n"))], flags: vec![] };
    assert_eq!(shown(&stacked_of("f", &[&a, &other])), "note: the patches do not start from the same file");
}

proptest! {
    /// The rows of an author, read in order, are the author's file; every line of the base is there once.
    #[test]
    fn the_rows_of_each_author_read_as_their_file(texts in prop::collection::vec("([a-d]\n){0,16}", 2..9)) {
        let sides: Vec<Side> = texts.iter().map(|text| side(text)).collect();
        let afters: Vec<Option<&Side>> = sides[1..].iter().map(Some).collect();
        let stacked = stacked("f", Some(&sides[0]), &afters);
        let base: Vec<&str> = texts[0].lines().collect();
        for author in 0..afters.len() as u32 {
            let mut file: Vec<String> = Vec::new();
            let mut seen = 0;
            for row in &stacked.rows {
                match row {
                    StackedRow::Authors { .. } => {}
                    StackedRow::Gap { from, lines } => {
                        prop_assert_eq!(*from, seen + 1);
                        let stretch = &base[*from as usize - 1..(*from + *lines - 1) as usize];
                        file.extend(stretch.iter().map(|line| (*line).to_owned()));
                        seen += lines;
                    }
                    StackedRow::Base { line, text } => {
                        prop_assert_eq!(*line, seen + 1);
                        file.push(text.clone());
                        seen += 1;
                    }
                    StackedRow::Removed { line, spans, who } => {
                        prop_assert_eq!(*line, seen + 1);
                        if !who.contains(&author) {
                            file.push(spans.iter().map(|span| span.text.as_str()).collect());
                        }
                        seen += 1;
                    }
                    StackedRow::Added { spans, who } if who.contains(&author) => {
                        file.push(spans.iter().map(|span| span.text.as_str()).collect());
                    }
                    StackedRow::Added { .. } => {}
                }
            }
            prop_assert_eq!(seen as usize, base.len());
            let expected: Vec<&str> = texts[author as usize + 1].lines().collect();
            prop_assert_eq!(file, expected);
        }
    }

    #[test]
    fn odd_texts_never_panic_and_never_reach_a_row_raw(texts in prop::collection::vec(text(), 1..6)) {
        let sides: Vec<Side> = texts.iter().map(|text| side(text)).collect();
        let afters: Vec<Option<&Side>> = sides.iter().map(Some).collect();
        for base in [None, Some(&sides[0])] {
            let shown = shown(&stacked("f\u{1b}", base, &afters));
            let raw = shown.contains(['\u{1b}', '\u{202e}', '\r']);
            prop_assert!(!raw, "{shown:?}");
        }
    }
}
