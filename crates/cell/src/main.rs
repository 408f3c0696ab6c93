//! `fairtrial-cell`: does what a bundle says and writes a journal beside it.

use std::path::PathBuf;
use std::process::ExitCode;

use fairtrial_cell::base::prepare;
use fairtrial_cell::grade::grade;
use fairtrial_cell::journal::chain;
use fairtrial_cell::process::{Cancel, end_with_parent};
use fairtrial_cell::room;
use fairtrial_cell::work::{World, work};

// What unwinds is linked in: its shared library would be loaded, and would look at the processor, at each start.
#[expect(unsafe_code, reason = "a library is named by a block that declares nothing")]
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[link(name = "gcc_eh", kind = "static")]
unsafe extern "C" {}

const USAGE: &str = "usage: fairtrial-cell work|grade|base BUNDLE_DIR, detect, sweep DIR";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fairtrial-cell: {}", chain(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn run() -> Outcome {
    let mut words = std::env::args_os().skip(1);
    let verb = words.next().unwrap_or_default();
    if ["work", "grade", "base"].iter().any(|with_room| verb == *with_room) {
        end_with_parent()?;
        fairtrial_cell::plant();
    }
    let (folder, more) = (words.next().map(PathBuf::from), words.next());
    match (verb.to_str(), &folder, more) {
        (Some("warden"), None, None) => fairtrial_cell::warden().map_err(Into::into),
        (Some("work"), Some(folder), None) => {
            work(folder, &World::here(Cancel::on_signals())).map_err(Into::into)
        }
        (Some("grade"), Some(folder), None) => grade(folder, &Cancel::on_signals()).map_err(Into::into),
        (Some("base"), Some(folder), None) => prepare(folder, &Cancel::on_signals()).map_err(Into::into),
        (Some("detect"), None, None) => detect(),
        (Some("sweep"), Some(folder), None) => room::sweep(folder).map_err(Into::into),
        (Some(_) | None, _, _) => Err(USAGE.into()),
    }
}

fn detect() -> Outcome {
    let scratch = std::env::temp_dir().join(format!("fairtrial-detect-{}", std::process::id()));
    serde_json::to_writer(std::io::stdout(), &room::detect(&scratch)?)?;
    Ok(())
}
