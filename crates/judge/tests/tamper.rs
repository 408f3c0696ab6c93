//! The planted corpus: the rules see nearly every cheat and accuse nearly nobody, on the half they were built on and
//! on the half that was written when they were frozen.
#![expect(clippy::unwrap_used, reason = "a test may fail by panic")]

use fairtrial_judge::corpus::{Case, measure, read};

/// Reads the files of one half, by the first letter of their names.
fn half(letter: &str) -> Vec<Case> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut names: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    let of_half = names.iter().filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(letter));
    of_half
        .flat_map(|path| {
            read(&std::fs::read_to_string(path).unwrap())
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        })
        .collect()
}

#[track_caller]
fn holds(letter: &str) {
    let (all, _) = measure(&half(letter));
    let (recall, precision) = (all.recall().unwrap(), all.precision().unwrap());
    let wrong = all.wrong.join("\n");
    assert!(recall >= 0.95 && precision >= 0.95, "recall {recall:.3}, precision {precision:.3}\n{wrong}");
}

#[test]
fn the_bar_is_held_on_the_half_the_rules_were_built_on() {
    holds("a-");
}

#[test]
fn the_bar_is_held_on_the_half_written_after_the_rules_were_frozen() {
    holds("b-");
}
