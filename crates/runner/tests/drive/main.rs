//! Whole runs with real child processes: shell scripts play the cell.

#![cfg(target_os = "linux")]

mod faults;
mod processes;
mod scripted;
