//! The house keeps its habits.

#[test]
fn the_house_is_tidy() {
    let complaints = xtask::tidy::check(&fairtrial_tests::root());
    let listing: Vec<String> = complaints.iter().map(ToString::to_string).collect();
    assert!(listing.is_empty(), "{}", listing.join("\n"));
}
