//! What stands in for `linux` on other systems of the Unix family: a warden that knows process groups and no more.
//!
//! Compiled for Linux's tests too, where it is tried; on macOS it has not been built or run yet. Off Linux a patch that
//! removes a file cannot be graded, as layers there have no form for what is gone.

#[cfg(not(target_os = "linux"))]
pub(crate) mod cgroup;
pub(crate) mod warden;
