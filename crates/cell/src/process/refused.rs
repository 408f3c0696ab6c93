//! Why a room could not be made: refused by the system, so that another tier may do, or lost.

use std::io;

use crate::room::RoomError;

/// Why a room could not be made.
pub(crate) enum StartError {
    /// The system refuses a step: another tier may do.
    Refused { step: String, source: io::Error },
    /// Something else.
    Lost(RoomError),
}

/// Names the step at which a warden was lost.
pub(super) fn lost(step: &str) -> impl FnOnce(io::Error) -> StartError {
    let step = step.to_owned();
    move |source| StartError::Lost(RoomError::Warden { step, source })
}
