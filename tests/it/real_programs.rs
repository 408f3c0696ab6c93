//! Each real program through the whole product, the model being a scripted one on loopback: the same conversation to
//! all of them, and the same failures.
//!
//! **Invariant:** what is asserted of a case is the same for every program, and is read from the product's own JSON.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cases;
mod rounds;
mod stage;
mod steering;
mod who;

use std::collections::BTreeMap;

use cases::Case;
use fairtrial_tests::skip;
use stage::Stage;
use who::Who;

/// Starts each row of the table, for `cargo xtask assistants`.
const ROW: &str = "assistants-row: ";

/// Returns the installed ones among `ids`, after saying which are not.
fn installed(ids: &[&str]) -> Vec<Who> {
    let chosen = who::all().into_iter().filter(|who| ids.is_empty() || ids.contains(&who.id));
    chosen
        .filter(|who| !skip(&format!("{}: it is not installed (make assistants)", who.id), !who.is_here()))
        .collect()
}

/// Runs a case for several programs at once; returns what each deviates in, by its id.
fn play(case: Case, programs: &[Who]) -> BTreeMap<&'static str, cases::Seen> {
    let able: Vec<&Who> = programs.iter().filter(|who| case.is_for(who)).collect();
    if able.is_empty() {
        return BTreeMap::new();
    }
    let stage = Stage::set(case, &able);
    let run = stage.run();
    let seen = able.iter().map(|who| (who.id, case.judge(who, &run)));
    let seen = seen.collect();
    stage.nothing_is_left(&run);
    seen
}

/// Adds to what was seen without walls where its patch is not the one made within them.
fn alike(plain: &mut BTreeMap<&'static str, cases::Seen>, walled: &BTreeMap<&'static str, cases::Seen>) {
    plain.iter_mut().for_each(|(id, seen)| seen.is_as(&walled[id]));
}

#[test]
fn three_programs_fix_a_file_with_and_without_walls_and_fail_in_two_ways_as_they_should() {
    let programs = installed(&["claude", "codex", "pi"]);
    let [walled, mut plain] = [Case::Fix, Case::Plain].map(|case| play(case, &programs));
    alike(&mut plain, &walled);
    let failed = [Case::Unauthorized, Case::Lying].map(|case| play(case, &programs));
    for (id, seen) in [walled, plain].into_iter().chain(failed).flatten() {
        assert_eq!(seen.wrong, Vec::<String>::new(), "{id}: {}", seen.trial);
    }
}

/// Prints a row of JSON for each program and case. What does not hold is told there and fails nothing here:
/// `cargo xtask assistants` fails on what held before.
#[test]
#[ignore = "most of an hour: `cargo xtask assistants` runs it"]
fn every_program_in_every_case() {
    let wanted = std::env::var("FAIRTRIAL_ASSISTANTS").unwrap_or_default();
    let wanted: Vec<&str> = wanted.split(',').filter(|id| !id.is_empty()).collect();
    let cases = std::env::var("FAIRTRIAL_CASES").unwrap_or_default();
    let programs = installed(&wanted);
    for case in Case::ALL.into_iter().filter(|case| cases.is_empty() || cases.contains(case.name())) {
        // A few at once: what one alone does in seconds must not become a matter of the others' load.
        for some in programs.chunks(2) {
            let mut seen = play(case, some);
            if case == Case::Plain {
                alike(&mut seen, &play(Case::Fix, some));
            }
            for who in some {
                let one = seen.get(who.id);
                let row = serde_json::json!({
                    "id": who.id, "title": who.title, "case": case.name(),
                    "version": who.version(),
                    "holds": one.map(|seen| seen.wrong.is_empty()),
                    "wrong": one.map(|seen| &seen.wrong),
                    "seconds": one.map(|seen| &seen.trial["seconds"]),
                    "requests": one.map(|seen| &seen.trial["usage"]["requests"]),
                    "said": one.map(|seen| &seen.said),
                });
                println!("{ROW}{row}");
            }
        }
    }
}
