//! `cargo xtask TOOL`: the project's own tools.
#![expect(clippy::print_stdout, reason = "a command-line tool prints")]

use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask tidy | schema [--check]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let root = xtask::root();
    match words.as_slice() {
        ["tidy"] => {
            let complaints = xtask::tidy::check(&root);
            for complaint in &complaints {
                println!("{complaint}");
            }
            println!("{} complaints", complaints.len());
            if complaints.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        ["schema", rest @ ..] => {
            let outcome = match rest {
                [] => xtask::schema::write(&root),
                ["--check"] => xtask::schema::check(&root),
                _ => return usage(),
            };
            match outcome {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => {
                    eprintln!("xtask schema: {error}");
                    ExitCode::FAILURE
                }
            }
        }
        _ => usage(),
    }
}

fn usage() -> ExitCode {
    eprintln!("{USAGE}");
    ExitCode::from(2)
}
