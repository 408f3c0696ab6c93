//! What a visitor can search for.

use catalogue::{search, Item};

fn shelf() -> Vec<Item> {
    vec![
        Item::new("Cordless drill", &["wood", "metal"]),
        Item::new("Drill press", &["metal"]),
        Item::new("Hand saw", &["wood"]),
        Item::new("Hedge saw, cordless", &["garden"]),
    ]
}

fn check(query: &str, expected: &[&str]) {
    let shelf = shelf();
    let found: Vec<&str> = search(&shelf, query).iter().map(|item| item.title.as_str()).collect();
    assert_eq!(found, expected, "{query}");
}

#[test]
fn an_empty_query_finds_everything() {
    check("  ", &["Cordless drill", "Drill press", "Hand saw", "Hedge saw, cordless"]);
}

#[test]
fn the_start_of_a_word_is_enough() {
    check("cord", &["Cordless drill", "Hedge saw, cordless"]);
}

#[test]
fn case_does_not_matter() {
    check("DRILL", &["Cordless drill", "Drill press"]);
}

#[test]
fn every_term_must_hold() {
    check("saw tag:wood", &["Hand saw"]);
}
