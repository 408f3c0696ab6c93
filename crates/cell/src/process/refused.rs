//! Why a room could not be made: refused by the system, so that another tier may do, or lost.

use std::io;

use super::Job;
use super::link::Report;
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

/// Takes what a warden says to an order to run `job`.
pub(super) fn started(report: Report, job: &Job) -> Result<(), RoomError> {
    match report {
        Report::Started => Ok(()),
        Report::NotStarted { reason, lasting } => {
            let program = job.argv.first().cloned().unwrap_or_default();
            Err(RoomError::Start { program, reason, lasting })
        }
        Report::Ready
        | Report::Refused { .. }
        | Report::Linked { .. }
        | Report::OverMemory
        | Report::Exited(_)
        | Report::Gone { .. } => {
            Err(RoomError::Warden { step: "job".to_owned(), source: io::ErrorKind::InvalidData.into() })
        }
    }
}
