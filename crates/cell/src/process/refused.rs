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

/// Tells a program that said that it makes no walls from one that was lost, by how its link failed, its exit code and
/// what it wrote. Codes above tell of a signal, as when the machine is out of memory.
pub(super) fn without_walls(by: &str, error: io::Error, code: Option<i32>, said: &str) -> StartError {
    const OWN: std::ops::Range<i32> = 1..128;
    let gone = [io::ErrorKind::UnexpectedEof, io::ErrorKind::BrokenPipe, io::ErrorKind::ConnectionReset];
    let step = format!("walls made by {by}");
    if !gone.contains(&error.kind()) || !code.is_some_and(|code| OWN.contains(&code)) {
        return lost(&step)(error);
    }
    StartError::Refused { step, source: io::Error::other(said.to_owned()) }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_program_that_ended_with_an_error_of_its_own_has_refused_to_make_walls() {
        use io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof, WouldBlock};
        let check = |kind: io::ErrorKind, code| match without_walls("bwrap", kind.into(), code, "bwrap: no") {
            StartError::Refused { source, .. } => Some(source.to_string()),
            StartError::Lost(_) => None,
        };
        for kind in [UnexpectedEof, BrokenPipe, ConnectionReset] {
            assert_eq!(check(kind, Some(1)).as_deref(), Some("bwrap: no"));
            assert_eq!(check(kind, Some(127)).as_deref(), Some("bwrap: no"));
            // Killed, told of a kill, and nothing amiss.
            for code in [None, Some(137), Some(0)] {
                assert_eq!(check(kind, code), None, "{kind:?} {code:?}");
            }
        }
        assert_eq!(check(WouldBlock, Some(1)), None, "it was silent for too long");
    }
}
