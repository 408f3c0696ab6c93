//! Terminal text, and how wide it is.

use fairtrial_domain::id::AssistantId;
use proptest::prelude::*;
use unicode_width::UnicodeWidthStr;

use super::{terminal, terminal_comparison, terminal_diff};
use crate::tests::sample::{Sample, patch};

fn widest(text: &str) -> usize {
    text.lines().map(UnicodeWidthStr::width).max().unwrap_or(0)
}

#[test]
fn a_run_fits_in_eighty_columns() {
    let shown = terminal(&Sample::new().input(), 80, false);
    assert_eq!(shown, include_str!("golden.txt"));
}

#[test]
fn colour_changes_nothing_but_colour() {
    let sample = Sample::new();
    let (plain, coloured) = (terminal(&sample.input(), 80, false), terminal(&sample.input(), 80, true));
    let mut stripped = String::new();
    for part in coloured.split('\u{1b}') {
        stripped
            .push_str(part.split_once('m').filter(|_| part.starts_with('[')).map_or(part, |(_, rest)| rest));
    }
    assert_eq!(plain, stripped);
    assert_ne!(plain, coloured);
}

#[test]
fn a_comparison_by_itself_has_its_verdict_and_every_pair() {
    let shown = terminal_comparison(&Sample::new().comparison, 80, false);
    assert!(widest(&shown) <= 80, "{shown}");
    for said in [
        "Which solves more is undecided",
        "100%  30 to 100%",
        "aster against birch: +50 points",
        "p 1.000 after Holm",
    ] {
        assert!(shown.contains(said), "lacks {said}:\n{shown}");
    }
}

#[test]
fn many_assistants_and_trials_go_on_in_blocks() {
    let mut sample = Sample::new();
    let one = sample.run.plan.assistants[0].clone();
    for n in 0..7 {
        let mut more = one.clone();
        more.id = AssistantId::parse(&format!("more-{n}")).unwrap();
        sample.run.plan.assistants.push(more);
    }
    sample.run.plan.trials = 9;
    let shown = terminal(&sample.input(), 80, false);
    assert!(widest(&shown) <= 80, "{shown}");
    for letter in "ABCDEFGHIJ".chars() {
        assert!(
            shown.lines().any(|line| line.split_whitespace().any(|word| word == letter.to_string())),
            "{shown}"
        );
    }
}

#[test]
fn hostile_text_is_not_obeyed() {
    let sample = Sample::hostile("<img onerror=x>\u{1b}]0;x\u{7}\u{202e}\u{9b}2J\r\n\t漢字");
    let shown = terminal(&sample.input(), 80, false);
    assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "{shown:?}");
    assert!(!shown.contains('\u{202e}'));
    assert!(widest(&shown) <= 80);
}

#[test]
fn aligned_changes_name_their_authors() {
    let base = "a\nb\nc\nd\ne\nf\n\tif x > 1:\n";
    let patches = [patch(base, &base.replace("> 1", "> 2")), patch(base, &base.replace("> 1", "> 3"))];
    let stacked =
        fairtrial_patch::stacked_of("src/total.py", &[&patches[0], &patches[1], &Default::default()]);
    let names = ["Aster", "Birch", "Cedar"].map(str::to_owned);
    assert_eq!(
        terminal_diff(&[stacked], &names, 80, false),
        "\
src/total.py
  untouched by C Cedar
      … 3 unchanged
    4   d
    5   e
    6   f
   ── A Aster, B Birch remove
    7 -     if x > 1:
   ── A Aster puts
      +     if x > 2:
   ── B Birch puts
      +     if x > 3:
"
    );
}

#[test]
fn a_long_line_goes_on_below_and_loses_nothing() {
    let after = format!("x = \"{}\"\n", "漢字ab".repeat(20));
    let patch = patch("", &after);
    let stacked = fairtrial_patch::stacked_of("src/total.py", &[&patch]);
    let shown = terminal_diff(&[stacked], &[], 40, false);
    assert!(widest(&shown) <= 40, "{shown}");
    let joined: String = shown.lines().skip(2).map(|line| line.chars().skip(8).collect::<String>()).collect();
    assert_eq!(joined.replace(' ', ""), after.trim_end().replace(' ', ""));
}

proptest! {
    #[test]
    fn no_line_is_wider_than_asked(text in "\\PC{0,60}|[\\x00-\\x7f]{0,40}", width in 0usize..130, colour in any::<bool>()) {
        let sample = Sample::hostile(&text);
        let patches: Vec<_> = sample.patches.values().collect();
        let stacked: Vec<_> =
            patches[0].files.iter().map(|file| fairtrial_patch::stacked_of(&file.path, &patches)).collect();
        prop_assert!(widest(&terminal(&sample.input(), width, false)) <= width.max(24));
        prop_assert!(widest(&terminal_diff(&stacked, &[text.clone(), text], width, false)) <= width.max(24));
        prop_assert!(widest(&terminal_comparison(&sample.comparison, width, false)) <= width.max(24));
        let _ = terminal(&sample.input(), width, colour);
    }
}
