//! How a session ended, decided from what stopped it, what it said last, and whether a request was open.
//!
//! **Invariant:** an exit code never says that a session went well; where the stream has a terminal event, that decides.

use std::collections::BTreeSet;

use fairtrial_domain::assistant::BackendKind;
use fairtrial_domain::event::{EventKind, FaultKind, StreamEnd};
use fairtrial_domain::outcome::{Ending, InfraFault};

use crate::{ProcessExit, backend};

/// What stopped the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoppedBy {
    /// It ended by itself.
    Itself,
    /// Our limit on time.
    TimeLimit,
    /// Silent for longer than allowed.
    Stall,
    /// A person.
    Cancel,
    /// It wrote more than allowed.
    DiskLimit,
}

/// Returns how a trial ended.
///
/// A terminal event seen before we stopped the process decides, for the work was over by then. A stall with a model
/// request open is the vendor's; one without is the assistant's.
pub fn ending(
    stopped: StoppedBy,
    exit: ProcessExit,
    end: Option<&StreamEnd>,
    expects_terminal_event: bool,
    request_open: bool,
) -> Ending {
    match (stopped, end) {
        (StoppedBy::Cancel, _) => Ending::Cancelled,
        (StoppedBy::DiskLimit, _) => Ending::Budget,
        (StoppedBy::Itself | StoppedBy::TimeLimit | StoppedBy::Stall, Some(end)) => said(end),
        (StoppedBy::TimeLimit, None) => Ending::TimedOut,
        (StoppedBy::Stall, None) if request_open => Ending::Infra {
            fault: InfraFault::Vendor(FaultKind::Server),
            reason: "no answer to an open model request for longer than allowed".to_owned(),
        },
        (StoppedBy::Stall, None) => Ending::Stalled,
        (StoppedBy::Itself, None) => silent(exit, expects_terminal_event),
    }
}

fn said(end: &StreamEnd) -> Ending {
    match end {
        StreamEnd::Completed => Ending::Finished,
        StreamEnd::TurnLimit | StreamEnd::BudgetLimit => Ending::Budget,
        StreamEnd::Error { fault, message } if fault.is_infra() => {
            Ending::Infra { fault: InfraFault::Vendor(*fault), reason: message.clone() }
        }
        StreamEnd::Error { message, .. } => Ending::Crashed { reason: message.clone() },
    }
}

fn silent(exit: ProcessExit, expects_terminal_event: bool) -> Ending {
    let how = match (exit.signal, exit.code) {
        (Some(signal), _) => format!("killed by signal {signal}"),
        (None, Some(0)) if !expects_terminal_event => return Ending::Finished,
        (None, Some(code)) => format!("exited with code {code}"),
        (None, None) => "ended in an unknown way".to_owned(),
    };
    let reason = if expects_terminal_event { format!("{how} before it said that it was done") } else { how };
    Ending::Crashed { reason }
}

/// After an answer, fewer failed requests than this in a row say nothing of a program that was stopped: common clients try
/// a request three times, and a request at the side may fail while the work goes on.
const MANY: u64 = 3;

/// Returns how a trial ended, with what the meter saw of its model: `failing`, why the newest request failed that came to
/// an end, `failures`, how many the vendor failed since the newest answer, and `answered`, how many were answered.
///
/// A program that falls silent or runs out of time while its model fails it again and again, or breaks off when it did,
/// was ended by that; and one that never got an answer did not finish, whatever it says. Once a model has answered, a
/// refused key ends nothing by itself, since any program can ask without its key. Whose fault a failure was, the meter
/// knows better than the program's words: a refused key that a program tells of and the meter did not see is none.
pub fn metered(ending: Ending, answered: u64, failing: Option<FaultKind>, failures: u64) -> Ending {
    if answered > 0
        && failing != Some(FaultKind::Auth)
        && let Ending::Infra { fault: InfraFault::Vendor(FaultKind::Auth), reason } = &ending
    {
        let reason = format!("it said that its key was refused, and its model had answered to it: {reason}");
        return Ending::Crashed { reason };
    }
    let Some(fault) = failing.filter(|fault| fault.is_infra()) else { return ending };
    if answered > 0 && fault == FaultKind::Auth {
        return ending;
    }
    let never = "none of its model requests was answered";
    let failed = match (answered, failures) {
        (0, _) => never.to_owned(),
        (_, 1) => "its newest model request failed".to_owned(),
        (_, many) => format!("its {many} newest model requests failed"),
    };
    let reason = match &ending {
        Ending::TimedOut | Ending::Stalled if answered > 0 && failures < MANY => return ending,
        Ending::TimedOut | Ending::Stalled if answered > 0 => format!("{failed} before it was stopped"),
        Ending::Crashed { reason } => format!("{failed}, then it {reason}"),
        Ending::Finished | Ending::Budget if answered > 0 => return ending,
        Ending::TimedOut | Ending::Stalled | Ending::Finished | Ending::Budget => never.to_owned(),
        Ending::Infra { fault: InfraFault::Vendor(_), reason } => reason.clone(),
        Ending::Infra { fault: InfraFault::Cell, .. } | Ending::Cancelled => return ending,
    };
    Ending::Infra { fault: InfraFault::Vendor(fault), reason }
}

/// Follows a session's events to know whether a request is open, and what was said last.
#[derive(Debug, Clone)]
pub struct Progress {
    shows_requests: bool,
    expects_terminal_event: bool,
    started: bool,
    tools: BTreeSet<String>,
    retrying: Option<FaultKind>,
    end: Option<StreamEnd>,
}

impl Progress {
    /// Returns the progress of a session that has said nothing yet.
    pub fn new(kind: BackendKind) -> Self {
        let backend = backend(kind);
        Self {
            shows_requests: backend.shows_requests(),
            expects_terminal_event: backend.expects_terminal_event(),
            started: false,
            tools: BTreeSet::new(),
            retrying: None,
            end: None,
        }
    }

    /// Takes an event in; returns whether it counts as a sign of life. A retry does not: a storm of them is silence.
    pub fn see(&mut self, event: &EventKind) -> bool {
        match event {
            EventKind::Retry { fault, .. } => {
                self.retrying = Some(*fault);
                return false;
            }
            EventKind::Stderr { .. } => return !self.shows_requests,
            EventKind::Started { .. } => self.started = true,
            EventKind::ToolCall { id, .. } => {
                self.tools.insert(id.clone());
            }
            EventKind::ToolResult { id, .. } => {
                self.tools.remove(id);
            }
            EventKind::Ended { end } => self.end = Some(end.clone()),
            EventKind::Notice { .. } => return true,
            EventKind::Text { .. }
            | EventKind::Thinking { .. }
            | EventKind::Usage { .. }
            | EventKind::Unparsed { .. }
            | EventKind::Dropped { .. } => {}
        }
        self.retrying = None;
        true
    }

    /// Returns whether the session waits for the model: started, not ended, and no tool at work.
    pub fn request_open(&self) -> bool {
        self.shows_requests && self.started && self.tools.is_empty() && self.end.is_none()
    }

    /// Returns the fault being retried right now.
    pub fn retrying(&self) -> Option<FaultKind> {
        self.retrying
    }

    /// Returns how the session says it ended.
    pub fn end(&self) -> Option<&StreamEnd> {
        self.end.as_ref()
    }

    /// Returns how the trial ended, as [`ending`] does; but a limit that was reached while a vendor's fault was being
    /// retried is that fault.
    pub fn ending(&self, stopped: StoppedBy, exit: ProcessExit) -> Ending {
        let limit = match stopped {
            StoppedBy::TimeLimit | StoppedBy::Stall => true,
            StoppedBy::Itself | StoppedBy::Cancel | StoppedBy::DiskLimit => false,
        };
        match self.retrying.filter(|fault| limit && self.end.is_none() && fault.is_infra()) {
            Some(fault) => Ending::Infra {
                fault: InfraFault::Vendor(fault),
                reason: "its model requests were still being retried when it was stopped".to_owned(),
            },
            None => ending(stopped, exit, self.end(), self.expects_terminal_event, self.request_open()),
        }
    }
}
