//! The terminal program: a thin face of `api`.

mod args;
mod assistants;
mod audit;
mod commands;
mod compare;
mod crossing;
mod judge;
mod progress;
mod rescore;
mod serve;
mod upkeep;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let cli = args::Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            commands::aside(&format!("fairtrial: could not start: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(commands::run(cli));
    // Tasks that are left hold nothing that must be saved: the store and the journals are on disk.
    runtime.shutdown_background();
    match outcome {
        Ok(code) => code,
        Err(error) => {
            commands::aside(&format!("fairtrial: {}", fairtrial_api::describe(&error)));
            ExitCode::from(commands::exit_code(&error))
        }
    }
}
