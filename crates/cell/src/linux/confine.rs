//! Takes rights away from a warden and its jobs. Beside it stand `filter` and `second`.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::process::{DumpableBehavior, Resource, Rlimit, Signal, setrlimit};
use rustix::thread::{CapabilitySet, CapabilitySets};

use super::{At, Refusal};

/// Gives up every right that namespaces gave, for this process and all that it starts.
pub(super) fn give_up_rights() -> Result<(), Refusal> {
    for right in CapabilitySet::all().iter() {
        match rustix::thread::remove_capability_from_bounding_set(right) {
            // An older kernel does not know the newest rights.
            Ok(()) | Err(rustix::io::Errno::INVAL) => {}
            Err(e) => return Err(e).at("bounding set"),
        }
    }
    rustix::thread::set_no_new_privs(true).at("no new privileges")?;
    let none = CapabilitySet::empty();
    let sets = CapabilitySets { effective: none, permitted: none, inheritable: none };
    rustix::thread::set_capabilities(None, sets).at("capabilities")?;
    hide()
}

/// Keeps jobs from reading this process's memory and environment.
pub(super) fn hide() -> Result<(), Refusal> {
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable).at("hidden memory")
}

/// Bounds on one job. `None` means no bound of that kind.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) processes: Option<u64>,
    pub(super) file_bytes: u64,
}

impl Bounds {
    /// Sets them on this process, and so on all that it starts.
    pub(super) fn set(self) -> io::Result<()> {
        lower(Resource::Core, 0)?;
        lower(Resource::Fsize, self.file_bytes)?;
        self.processes.map_or(Ok(()), |n| lower(Resource::Nproc, n))
    }
}

/// Lets `command` start as the leader of its own session, within bounds, and die with its warden.
#[expect(unsafe_code, reason = "limits must be set between fork and exec")]
pub(super) fn lead(command: &mut Command, bounds: Bounds) {
    // SAFETY: the closure makes system calls only; it neither allocates nor takes a lock.
    unsafe {
        command.pre_exec(move || {
            rustix::process::setsid()?;
            rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
            crate::process::end_as_usual();
            bounds.set()
        });
    }
}

/// Lowers a limit, never above what it may be.
fn lower(resource: Resource, to: u64) -> io::Result<()> {
    let now = rustix::process::getrlimit(resource);
    let to = now.maximum.map_or(to, |m| m.min(to));
    Ok(setrlimit(resource, Rlimit { current: Some(to), maximum: Some(to) })?)
}
