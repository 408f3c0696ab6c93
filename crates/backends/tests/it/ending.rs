//! The table of endings.

use fairtrial_backends::{ProcessExit, Progress, StoppedBy, ending, metered};
use fairtrial_domain::assistant::BackendKind;
use fairtrial_domain::event::{EventKind, FaultKind, StreamEnd, ToolKind};
use fairtrial_domain::outcome::{Ending, InfraFault};

const OK: ProcessExit = ProcessExit { code: Some(0), signal: None };
const BAD: ProcessExit = ProcessExit { code: Some(3), signal: None };
const KILLED: ProcessExit = ProcessExit { code: None, signal: Some(9) };

fn error(fault: FaultKind) -> StreamEnd {
    StreamEnd::Error { fault, message: "m".into() }
}

fn crashed(reason: &str) -> Ending {
    Ending::Crashed { reason: reason.into() }
}

#[test]
fn the_terminal_event_decides_whatever_the_exit_code() {
    for exit in [OK, BAD, KILLED] {
        let end = |end: StreamEnd| ending(StoppedBy::Itself, exit, Some(&end), true, false);
        assert_eq!(end(StreamEnd::Completed), Ending::Finished);
        assert_eq!(end(StreamEnd::TurnLimit), Ending::Budget);
        assert_eq!(end(StreamEnd::BudgetLimit), Ending::Budget);
        assert_eq!(end(error(FaultKind::Assistant)), crashed("m"));
        for fault in [FaultKind::Auth, FaultKind::RateLimit, FaultKind::Server, FaultKind::Network] {
            let infra = Ending::Infra { fault: InfraFault::Vendor(fault), reason: "m".into() };
            assert_eq!(end(error(fault)), infra);
        }
    }
}

#[test]
fn an_exit_code_of_zero_is_no_success_where_a_terminal_event_is_due() {
    let end = |exit, expects| ending(StoppedBy::Itself, exit, None, expects, false);
    assert_eq!(end(OK, true), crashed("exited with code 0 before it said that it was done"));
    assert_eq!(end(OK, false), Ending::Finished);
    assert_eq!(end(BAD, false), crashed("exited with code 3"));
    assert_eq!(end(KILLED, false), crashed("killed by signal 9"));
}

#[test]
fn what_we_stopped_is_not_a_crash() {
    let end = |stopped, said: Option<StreamEnd>, open| ending(stopped, KILLED, said.as_ref(), true, open);
    assert_eq!(end(StoppedBy::Cancel, None, true), Ending::Cancelled);
    assert_eq!(end(StoppedBy::Cancel, Some(StreamEnd::Completed), false), Ending::Cancelled);
    assert_eq!(end(StoppedBy::DiskLimit, None, false), Ending::Budget);
    assert_eq!(end(StoppedBy::TimeLimit, None, true), Ending::TimedOut);
    assert_eq!(end(StoppedBy::TimeLimit, Some(StreamEnd::Completed), false), Ending::Finished);
    assert_eq!(end(StoppedBy::Stall, None, false), Ending::Stalled);
    assert!(!end(StoppedBy::Stall, None, true).is_evidence());
}

fn call(id: &str) -> EventKind {
    EventKind::ToolCall { id: id.into(), name: "x".into(), kind: ToolKind::Other, title: "x".into() }
}

fn result(id: &str) -> EventKind {
    EventKind::ToolResult { id: id.into(), ok: Some(true), output: String::new() }
}

#[test]
fn a_request_is_open_between_tools() {
    let mut progress = Progress::new(BackendKind::Codex);
    assert!(!progress.request_open());
    let started = EventKind::Started { session: None, model: None, version: None };
    for (event, open) in [
        (started, true),
        (call("a"), false),
        (call("b"), false),
        (result("a"), false),
        (result("b"), true),
        (EventKind::Ended { end: StreamEnd::Completed }, false),
    ] {
        assert!(progress.see(&event));
        assert_eq!(progress.request_open(), open, "{event:?}");
    }
}

#[test]
fn a_storm_of_retries_is_no_sign_of_life() {
    let mut progress = Progress::new(BackendKind::ClaudeCode);
    let retry = EventKind::Retry { attempt: 2, fault: FaultKind::Server, message: String::new() };
    assert!(!progress.see(&retry));
    assert_eq!(progress.retrying(), Some(FaultKind::Server));
    assert!(progress.see(&EventKind::Text { text: "on we go".into() }));
    assert_eq!(progress.retrying(), None);
}

#[test]
fn a_program_without_a_known_stream_never_blames_a_vendor() {
    let mut progress = Progress::new(BackendKind::Command);
    assert!(progress.see(&EventKind::Stderr { line: "working".into() }));
    assert!(progress.see(&EventKind::Text { text: "working".into() }));
    assert_eq!(progress.ending(StoppedBy::Stall, KILLED), Ending::Stalled);
}

#[test]
fn what_a_program_says_of_its_end_is_held_against_what_its_model_answered() {
    let crashed = || crashed("exited with code 1");
    let vendor =
        |fault, reason: &str| Ending::Infra { fault: InfraFault::Vendor(fault), reason: reason.into() };
    let untold = || Ending::Crashed {
        reason: "it said that its key was refused, and its model had answered to it: 401".into(),
    };
    let never = "none of its model requests was answered";
    let limited = Some(FaultKind::RateLimit);
    for (told, answered, failing, failures, wanted) in [
        (Ending::Finished, 0, limited, 1, vendor(FaultKind::RateLimit, never)),
        (Ending::TimedOut, 0, limited, 1, vendor(FaultKind::RateLimit, never)),
        (
            Ending::Stalled,
            3,
            Some(FaultKind::Server),
            3,
            vendor(FaultKind::Server, "its 3 newest model requests failed before it was stopped"),
        ),
        (
            crashed(),
            0,
            Some(FaultKind::Auth),
            0,
            vendor(FaultKind::Auth, "none of its model requests was answered, then it exited with code 1"),
        ),
        (
            crashed(),
            1,
            limited,
            1,
            vendor(FaultKind::RateLimit, "its newest model request failed, then it exited with code 1"),
        ),
        (vendor(FaultKind::Server, "502"), 0, Some(FaultKind::Network), 1, vendor(FaultKind::Network, "502")),
        // Not the vendor's: an answer came, or nothing failed, or a person stopped it.
        (Ending::Finished, 1, limited, 1, Ending::Finished),
        (Ending::TimedOut, 2, None, 0, Ending::TimedOut),
        (crashed(), 1, Some(FaultKind::Assistant), 0, crashed()),
        (Ending::Cancelled, 0, limited, 1, Ending::Cancelled),
        // One request at the side failed, or the program asked without its key.
        (Ending::TimedOut, 100, limited, 1, Ending::TimedOut),
        (Ending::Stalled, 100, limited, 2, Ending::Stalled),
        (Ending::TimedOut, 100, Some(FaultKind::Auth), 5, Ending::TimedOut),
        (crashed(), 100, Some(FaultKind::Auth), 0, crashed()),
        // Told by the program and seen by nobody.
        (vendor(FaultKind::Auth, "401"), 3, None, 0, untold()),
        (vendor(FaultKind::Auth, "401"), 3, limited, 1, untold()),
        (vendor(FaultKind::Auth, "401"), 0, None, 0, vendor(FaultKind::Auth, "401")),
        (vendor(FaultKind::Auth, "401"), 3, Some(FaultKind::Auth), 0, vendor(FaultKind::Auth, "401")),
    ] {
        let got = metered(told.clone(), answered, failing, failures);
        assert_eq!(got, wanted, "{told:?} {answered} {failing:?} {failures}");
    }
}
