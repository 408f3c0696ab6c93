//! The cell: the isolated process tree that holds one trial, and what is done in it.
//!
//! **Invariant:** nothing outside a room executes what an assistant wrote.

#[cfg(not(unix))]
compile_error!("rooms need processes and file systems of the Unix family: on Windows, use WSL");

pub mod base;
pub mod capture;
pub mod checks;
pub mod claim;
mod delegation;
pub mod grade;
pub mod journal;
#[cfg(target_os = "linux")]
mod linux;
pub mod login;
pub mod net;
mod plain;
#[cfg(any(not(target_os = "linux"), test))]
mod portable;
pub mod process;
pub mod room;
pub mod toolchain;
pub mod tree;
pub mod work;

pub use cgroup::settle;
pub use delegation::Undelegated;
#[cfg(target_os = "linux")]
use linux::cgroup;
#[cfg(target_os = "linux")]
pub use linux::warden::serve as warden;
#[cfg(not(target_os = "linux"))]
use portable::cgroup;
#[cfg(not(target_os = "linux"))]
pub use portable::warden::serve as warden;
pub use process::supervise::plant;
