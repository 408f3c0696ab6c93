//! Whole runs with real child processes: shell scripts play the cell.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "help for tests, which may panic")]

mod faults;
mod processes;
mod scripted;
