//! The ports of the loopback that jobs see which lead to this process.

use std::io;

use fairtrial_domain::task::Network;

use super::{Room, RoomError, RoomSpec};
use crate::net::Listener;
use crate::process::link::Walls;
use crate::process::supervise::Warden;

/// Returns how many doors a warden opens: those of a loopback that is not the machine's.
pub(super) fn inside(spec: &RoomSpec<'_>, walls: &Walls) -> usize {
    match walls {
        Walls::Full(_) | Walls::Wrapped { .. } if spec.network != Network::Host => spec.doors,
        Walls::Full(_) | Walls::Wrapped { .. } | Walls::Plain { marker: _ } => 0,
    }
}

/// Takes what the warden opened; where jobs see the machine's own loopback, opens the doors there.
pub(super) fn open(spec: &RoomSpec<'_>, warden: &mut Warden) -> Result<Vec<Listener>, RoomError> {
    let theirs: Vec<_> = warden.take_doors();
    let missing = spec.doors.saturating_sub(theirs.len());
    let all = theirs.into_iter().map(Listener::over).chain((0..missing).map(|_| Listener::here()));
    all.collect::<io::Result<_>>().map_err(RoomError::doors)
}

impl Room {
    /// Returns the doors that were asked for, once: whoever takes them answers what jobs send there.
    pub fn take_doors(&mut self) -> Vec<Listener> {
        std::mem::take(&mut self.doors)
    }
}

impl RoomError {
    /// Names a door that could not be opened.
    pub(crate) fn doors(source: io::Error) -> RoomError {
        RoomError::Warden { step: "doors".to_owned(), source }
    }
}
