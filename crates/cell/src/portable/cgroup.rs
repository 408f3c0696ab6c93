//! Stands in for control groups where there are none.

use std::io;

use fairtrial_domain::task::Limits;
use rustix::process::Pid;

use crate::delegation::Undelegated;

/// There is none.
#[derive(Debug)]
pub(crate) enum Group {}

impl Group {
    /// Makes none.
    pub(crate) fn make(_limits: &Limits) -> Option<Group> {
        None
    }

    /// Returns whether it bounds.
    pub(crate) fn bounds(&self) -> bool {
        match *self {}
    }

    /// Takes a process.
    pub(crate) fn take(&self, _process: Pid) -> io::Result<()> {
        match *self {}
    }

    /// Returns CPU seconds.
    pub(crate) fn cpu_seconds(&self) -> Option<f64> {
        match *self {}
    }

    /// Returns bytes.
    pub(crate) fn peak(&self) -> Option<u64> {
        match *self {}
    }

    /// Returns how many were killed.
    pub(crate) fn killed(&self) -> u64 {
        match *self {}
    }
}

/// Says why not.
pub fn settle() -> Result<(), Undelegated> {
    Err(Undelegated::NoTree)
}
