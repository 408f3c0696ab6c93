//! What is said to a job on its standard input while it runs: by whoever reads it, through the cell, to its warden.
//!
//! **Invariant:** a job that does not read holds nobody up.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::process::ChildStdin;
use std::sync::{Arc, Mutex, PoisonError};

/// What is still to be passed on; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Talk(Arc<Mutex<Outbox>>);

#[derive(Debug, Default)]
struct Outbox {
    text: String,
    over: bool,
}

impl Talk {
    /// Returns one in which nothing has been said.
    pub fn new() -> Talk {
        Talk::default()
    }

    /// Says a line.
    pub fn say(&self, line: &str) {
        self.with(|outbox| {
            outbox.text.push_str(line);
            outbox.text.push('\n');
        });
    }

    /// Says that no more will come: the job's input is closed, and it should end.
    pub fn over(&self) {
        self.with(|outbox| outbox.over = true);
    }

    /// Returns what was said since it was last asked, and whether that was all.
    pub(super) fn take(&self) -> (String, bool) {
        self.with(|outbox| (std::mem::take(&mut outbox.text), outbox.over))
    }

    fn with<T>(&self, act: impl FnOnce(&mut Outbox) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl PartialEq for Talk {
    fn eq(&self, other: &Talk) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Talk {}

/// A warden's end of a job's standard input.
#[derive(Debug, Default)]
pub(crate) struct Mouth {
    pipe: Option<ChildStdin>,
    held: VecDeque<u8>,
    over: bool,
}

impl Mouth {
    /// Takes a pipe, which from now on takes what it can and no more.
    pub(crate) fn new(pipe: Option<ChildStdin>) -> io::Result<Mouth> {
        if let Some(pipe) = &pipe {
            rustix::io::ioctl_fionbio(pipe, true)?;
        }
        Ok(Mouth { pipe, held: VecDeque::new(), over: false })
    }

    pub(crate) fn say(&mut self, text: &str) {
        self.held.extend(text.as_bytes());
        self.pass_on();
    }

    pub(crate) fn over(&mut self) {
        self.over = true;
        self.pass_on();
    }

    /// Returns the pipe while something waits for it.
    pub(crate) fn waits(&self) -> Option<BorrowedFd<'_>> {
        self.pipe.as_ref().filter(|_| !self.held.is_empty()).map(AsFd::as_fd)
    }

    /// Writes as much as the job takes; a job that reads no more hears no more.
    pub(crate) fn pass_on(&mut self) {
        let Some(pipe) = &mut self.pipe else { return };
        while !self.held.is_empty() {
            match pipe.write(self.held.as_slices().0) {
                Ok(length) => drop(self.held.drain(..length)),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => {
                    self.pipe = None;
                    return;
                }
            }
        }
        if self.over {
            self.pipe = None;
        }
    }
}
