//! `cargo xtask TOOL`: the project's own tools.
#![expect(clippy::print_stdout, reason = "a command-line tool prints")]

use std::path::Path;
use std::process::ExitCode;

use xtask::{attack, bench};

const USAGE: &str = "usage: cargo xtask tidy | schema [--check] \
     | bench [start|launch|trial|checks|workspace|compare|meter] [--check] [--write] | bench score [--check] | bench tamper \
     | assistants [--write] | attack [--quick] [--bubblewrap|--container] [--write] | simulate [--quick] [--write]";

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
        ["bench", rest @ ..] => bench(&root, rest),
        ["assistants"] => shown("assistants", xtask::assistants::assistants(&root, false)),
        ["assistants", "--write"] => shown("assistants", xtask::assistants::assistants(&root, true)),
        ["attack", rest @ ..] => attack(&root, rest),
        ["simulate", rest @ ..] => simulate(&root, rest),
        _ => usage(),
    }
}

fn bench(root: &Path, words: &[&str]) -> ExitCode {
    let (measures, words) = match words {
        [bench::MEASURE, programs, rest @ ..] => (Some(Path::new(programs)), rest),
        rest => (None, rest),
    };
    let told = match (words, bench::Wish::parse(words)) {
        (["tamper"], _) => bench::tamper::tamper(root),
        (["score"], _) => bench::score::score(root, false),
        (["score", "--check"], _) => bench::score::score(root, true),
        (_, None) => return usage(),
        (_, Some(wish)) => match measures {
            Some(programs) => bench::measure(programs, &wish.parts),
            None => bench::bench(root, &wish),
        },
    };
    shown("bench", told)
}

fn shown(tool: &str, told: Result<String, bench::BenchError>) -> ExitCode {
    match told {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("xtask {tool}: {}", bench::told(&error));
            ExitCode::FAILURE
        }
    }
}

fn attack(root: &Path, words: &[&str]) -> ExitCode {
    let (programs, words) = match words {
        [attack::ATTACK, programs, rest @ ..] => (Some(Path::new(programs)), rest),
        rest => (None, rest),
    };
    let Some(wish) = attack::Wish::parse(words) else { return usage() };
    let told = match programs {
        Some(programs) => attack::rows(programs, wish).and_then(|rows| Ok(serde_json::to_string(&rows)?)),
        None => attack::attack(root, wish),
    };
    match told {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("xtask attack: {}", bench::told(&error));
            ExitCode::FAILURE
        }
    }
}

fn simulate(root: &Path, words: &[&str]) -> ExitCode {
    let Some(wish) = xtask::simulate::Wish::parse(words) else { return usage() };
    match xtask::simulate::run(root, &wish) {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("xtask simulate: {}", bench::told(&error));
            ExitCode::FAILURE
        }
    }
}

fn usage() -> ExitCode {
    eprintln!("{USAGE}");
    ExitCode::from(2)
}
