//! A wish to stop, as it reaches whoever waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A wish to stop; clones share it. Once made it stays.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Returns one that nobody has made yet.
    pub fn new() -> Cancel {
        Cancel::default()
    }

    /// Makes the wish.
    pub fn ask(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Returns whether it was made.
    pub fn asked(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}
