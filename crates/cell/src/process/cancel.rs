//! A wish to stop, as it reaches whoever waits.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Tells a cell the process with which it is to end.
const PARENT: &str = "FAIRTRIAL_PARENT";

static SIGNALLED: AtomicBool = AtomicBool::new(false);

/// A wish to stop; clones share it. Once made it stays.
#[derive(Debug, Clone, Default)]
pub struct Cancel {
    asked: Arc<AtomicBool>,
    signals: bool,
}

impl Cancel {
    /// Returns one that nobody has made yet.
    pub fn new() -> Cancel {
        Cancel::default()
    }

    /// Returns one that SIGTERM, SIGINT or SIGHUP to this process makes; only a program's `main` asks for it.
    pub fn on_signals() -> Cancel {
        for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGHUP] {
            listen(signal);
        }
        Cancel { asked: Arc::default(), signals: true }
    }

    /// Makes the wish.
    pub fn ask(&self) {
        self.asked.store(true, Ordering::SeqCst);
    }

    /// Returns whether it was made.
    pub fn asked(&self) -> bool {
        self.asked.load(Ordering::SeqCst) || (self.signals && SIGNALLED.load(Ordering::SeqCst))
    }
}

/// Has the kernel ask this process to end when the one that `FAIRTRIAL_PARENT` names does, however that happens. Fails
/// when that has happened already. Without the variable, and on other systems, nothing is asked.
pub fn end_with_parent() -> io::Result<()> {
    let Ok(parent) = std::env::var(PARENT) else { return Ok(()) };
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::TERM))?;
    let is_it = |found: rustix::process::Pid| found.as_raw_nonzero().to_string() == parent;
    if rustix::process::getppid().is_some_and(is_it) {
        Ok(())
    } else {
        Err(io::Error::other(format!("process {parent}, for which it was started, is gone")))
    }
}

extern "C" fn heard(_signal: libc::c_int) {
    SIGNALLED.store(true, Ordering::SeqCst);
}

/// Installs `heard` without SA_RESTART, so that a wait ends at once.
#[expect(unsafe_code, reason = "std has no signal handlers; the handler only stores into an atomic")]
fn listen(signal: libc::c_int) {
    let handler: extern "C" fn(libc::c_int) = heard;
    // SAFETY: an all-zero sigaction is valid (empty mask, no flags); `heard` is async-signal-safe.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler as libc::sighandler_t;
        libc::sigaction(signal, &action, std::ptr::null_mut());
    }
}

/// Gives this process's signals to end their usual effect. Whoever started the app may have them ignored, as a shell does
/// for what it runs in the background, and a program could then not be asked to end. Also between fork and exec.
#[expect(unsafe_code, reason = "std cannot restore a signal's effect")]
pub(crate) fn end_as_usual() {
    for signal in [libc::SIGINT, libc::SIGQUIT, libc::SIGTERM, libc::SIGHUP] {
        // SAFETY: no handler is installed, and the call is async-signal-safe.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_reaches_every_clone_and_nobody_else() {
        let (one, other) = (Cancel::new(), Cancel::new());
        let clone = one.clone();
        one.ask();
        assert!(clone.asked());
        assert!(!other.asked());
    }
}
