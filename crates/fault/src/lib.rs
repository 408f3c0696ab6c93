//! Points at which a test lets a write fail, or the process end: one at every write, sync and rename of what must last.
//!
//! **Invariant:** in a release a point does nothing; elsewhere it does nothing unless the variable `FAIRTRIAL_FAULT` is
//! set to `KIND:POINT:NTH:COUNTER` (kind `enospc`, `eio` or `crash`), and then it strikes once, when all processes that
//! share the file COUNTER have met it NTH times together.

mod strike;

use std::io;

/// The variable that orders a fault.
pub const VARIABLE: &str = "FAIRTRIAL_FAULT";

/// Every point, in the order in which a trial meets them.
pub const POINTS: [&str; 17] = [
    "transaction begin",
    "transaction commit",
    "transaction end",
    "blob create",
    "blob write",
    "blob sync",
    "blob rename",
    "blob folder sync",
    "journal create",
    "journal line",
    "journal force",
    "base write",
    "base rename",
    "patch create",
    "patch write",
    "patch sync",
    "patch rename",
];

/// A place where a write may fail, or the process end.
///
/// # Errors
/// Only where a test ordered it.
#[inline]
pub fn point(name: &'static str) -> io::Result<()> {
    if cfg!(debug_assertions) { strike::point(name) } else { Ok(()) }
}

/// A place where the process may end but nothing can fail any more.
#[inline]
pub fn end_point(name: &'static str) {
    if cfg!(debug_assertions) {
        // An error would come too late to mean anything.
        let _late = strike::point(name);
    }
}
