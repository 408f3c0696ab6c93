//! The cell: the isolated process tree that holds one trial, and what is done in it.
//!
//! **Invariant:** nothing outside a room executes what an assistant wrote.

#[cfg(not(target_os = "linux"))]
compile_error!("rooms are built for Linux only so far");

pub mod base;
pub mod capture;
pub mod checks;
pub mod grade;
pub mod journal;
mod linux;
mod plain;
pub mod process;
pub mod room;
pub mod toolchain;
pub mod tree;
pub mod work;

pub use linux::warden::serve as warden;
