//! Exclusions and phrases.

use catalogue::{search, Item};

const ALL: [&str; 5] = ["Cordless drill", "Hand saw", "Hand-saw, small", "Saw, hand", "Hedge saw, cordless"];

fn check(query: &str, expected: &[&str]) {
    let tags: [&[&str]; 5] = [&["wood", "metal"], &["wood"], &["wood"], &["garden"], &["garden"]];
    let shelf: Vec<Item> = ALL.iter().zip(tags).map(|(title, tags)| Item::new(title, tags)).collect();
    let found: Vec<&str> = search(&shelf, query).iter().map(|item| item.title.as_str()).collect();
    assert_eq!(found, expected, "{query}");
}

#[test]
fn a_word_is_excluded() {
    check("saw -cordless", &["Hand saw", "Hand-saw, small", "Saw, hand"]);
    check("-SAW", &["Cordless drill"]);
}

#[test]
fn a_tag_is_excluded() {
    check("-tag:wood", &["Saw, hand", "Hedge saw, cordless"]);
}

#[test]
fn a_phrase_is_found_in_its_order() {
    check("\"hand saw\"", &["Hand saw", "Hand-saw, small"]);
    check("\"Saw Hand\"", &["Saw, hand"]);
}

#[test]
fn a_phrase_has_whole_words() {
    check("\"hand sa\"", &[]);
    check("\"and saw\"", &[]);
}

#[test]
fn a_phrase_stands_beside_other_terms() {
    check("small \"hand saw\" tag:wood", &["Hand-saw, small"]);
}

#[test]
fn a_phrase_is_excluded() {
    check("saw -\"hand saw\"", &["Saw, hand", "Hedge saw, cordless"]);
}

#[test]
fn a_missing_quote_goes_to_the_end() {
    check("\"hedge saw", &["Hedge saw, cordless"]);
}

#[test]
fn a_lone_dash_and_an_empty_phrase_are_ignored() {
    check("- drill", &["Cordless drill"]);
    check("\"\" -\" \" drill", &["Cordless drill"]);
}
