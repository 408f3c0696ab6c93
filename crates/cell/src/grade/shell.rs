//! Runs one shell command in a room and keeps what it said, within bounds.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::process::{Continue, Happening, HeadTail, Job, JobEnd, Stdin, Stream};
use crate::room::{Room, RoomError};
use crate::toolchain::Toolchain;

/// From the polite stop of a command to its kill.
const GRACE: Duration = Duration::from_secs(2);
/// Bytes of the end of the output that are kept in the order in which they came.
const END: usize = 64 * 1024;

/// What a command did.
#[derive(Debug)]
pub(crate) struct Said {
    /// How it ended.
    pub(crate) end: JobEnd,
    /// Standard output, then standard error: each whole, so that no line of one is cut by the other.
    pub(crate) text: String,
    /// The end of both as they came.
    pub(crate) tail: String,
    /// Bytes that are missing in `text`.
    pub(crate) dropped: u64,
}

/// Runs `command` as `sh -c` in the root of the room's workspace, keeping at most `keep` bytes of each stream; `more`
/// are variables beside the usual ones.
pub(crate) fn shell(
    room: &mut Room,
    tools: &Toolchain,
    command: &str,
    timeout_sec: f64,
    keep: u64,
    more: &BTreeMap<String, String>,
) -> Result<Said, RoomError> {
    let job = Job {
        argv: ["sh", "-c", command].map(str::to_owned).to_vec(),
        env: room.env(&tools.path).into_iter().chain(more.clone()).collect(),
        cwd: std::path::PathBuf::new(),
        stdin: Stdin::Null,
        timeout: Duration::try_from_secs_f64(timeout_sec).unwrap_or(Duration::ZERO),
        stall: None,
        grace: GRACE,
    };
    let keep = usize::try_from(keep).unwrap_or(usize::MAX);
    let (mut out, mut err, mut tail) = (HeadTail::new(keep), HeadTail::new(keep), Vec::new());
    let end = room.run(&job, &mut |happening| {
        if let Happening::Output(output) = happening {
            match output.stream {
                Stream::Stdout => out.push(output.bytes),
                Stream::Stderr => err.push(output.bytes),
            }
            tail.extend_from_slice(output.bytes);
            if tail.len() > 2 * END {
                tail.drain(..tail.len() - END);
            }
        }
        Continue::Yes
    })?;
    let dropped = out.dropped() + err.dropped();
    let text = format!("{}\n{}", out.text(), err.text());
    Ok(Said { end, text, tail: String::from_utf8_lossy(&tail).into_owned(), dropped })
}
