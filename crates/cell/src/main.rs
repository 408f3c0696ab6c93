//! `fairtrial-cell`: does what a bundle says and writes a journal beside it.

use std::path::Path;
use std::process::ExitCode;

use fairtrial_cell::journal::chain;
use fairtrial_cell::process::Cancel;
use fairtrial_cell::room;
use fairtrial_cell::work::{World, work};

fn main() -> ExitCode {
    let words: Vec<std::ffi::OsString> = std::env::args_os().skip(1).collect();
    let done = match words.iter().map(|w| w.to_str().unwrap_or_default()).collect::<Vec<_>>().as_slice() {
        ["warden"] => fairtrial_cell::warden().map_err(Into::into),
        ["work", folder] => work(Path::new(folder), &World::here(Cancel::on_signals())).map_err(Into::into),
        ["detect"] => detect(),
        ["sweep", folder] => room::sweep(Path::new(folder)).map_err(Into::into),
        _ => Err("usage: fairtrial-cell work|grade|base BUNDLE_DIR, detect, sweep DIR".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fairtrial-cell: {}", chain(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn detect() -> Outcome {
    let scratch = std::env::temp_dir().join(format!("fairtrial-detect-{}", std::process::id()));
    let status = room::detect(&scratch)?;
    serde_json::to_writer(std::io::stdout(), &status)?;
    Ok(())
}
