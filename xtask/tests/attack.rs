//! The quick part of the attacks, against the programs as they are built.

use std::path::PathBuf;

/// Returns the folder that the programs were built into.
fn programs() -> PathBuf {
    let test = std::env::current_exe().expect("a running program has a path");
    test.ancestors().nth(2).expect("tests lie in target/<profile>/deps").to_path_buf()
}

#[cfg(target_os = "linux")]
#[test]
fn no_attack_succeeds_and_each_succeeds_without_protection() {
    let programs = programs();
    for name in ["fairtrial", "fairtrial-cell"] {
        assert!(programs.join(name).is_file(), "{name} is missing: run `cargo build` first");
    }
    let wish = xtask::attack::Wish { quick: true, ..xtask::attack::Wish::default() };
    let rows =
        xtask::attack::rows(&programs, wish).unwrap_or_else(|error| panic!("{}", xtask::bench::told(&error)));
    match xtask::attack::judged(&rows) {
        Ok(table) => eprintln!("{table}"),
        Err(error) => panic!("{error}"),
    }
}
