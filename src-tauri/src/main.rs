//! Starts the window.

// A console window beside the app helps nobody on Windows.
#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

fn main() -> std::process::ExitCode {
    fairtrial_desktop::start()
}
