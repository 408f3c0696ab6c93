//! One job in a room: what is run, what it says, and how it ended.

mod cancel;
mod deadlines;
pub(crate) mod disk;
pub(crate) mod doors;
mod ends;
pub(crate) mod gone;
#[cfg(target_os = "linux")]
pub(crate) mod handle;
mod lines;
pub(crate) mod link;
pub(crate) mod program;
mod refused;
mod signs;
pub(crate) mod spent;
pub(crate) mod supervise;
pub(crate) mod talk;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

pub(crate) use cancel::end_as_usual;
pub use cancel::{Cancel, end_with_parent};
pub use ends::HeadTail;
pub use lines::{Line, Lines};
pub use talk::Talk;

/// A program to run in a room to its end.
#[derive(Debug, Clone)]
pub struct Job {
    /// The program and its arguments; a program without `/` is looked up on `PATH` of `env`.
    pub argv: Vec<String>,
    /// The whole environment: nothing is inherited.
    pub env: BTreeMap<String, String>,
    /// Where it starts, relative to the workspace; empty for its root.
    pub cwd: PathBuf,
    /// What it reads.
    pub stdin: Stdin,
    /// Wall time until it is stopped.
    pub timeout: Duration,
    /// Time without a sign of life after which it is stopped: output, and what the sink says when it is asked.
    pub stall: Option<Duration>,
    /// Time from the polite stop until nothing of it lives.
    pub grace: Duration,
}

/// What a job reads on standard input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stdin {
    /// Nothing.
    Null,
    /// A text, then the end.
    Text(String),
    /// What is said while it runs. Once all is said it has a moment to end by itself.
    Talk(Talk),
}

/// Something a job wrote, as it came: lines may be cut anywhere (`process::Lines` puts them together).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Output<'a> {
    /// Where to.
    pub stream: Stream,
    /// Milliseconds since the job was started.
    pub at_ms: u64,
    /// What.
    pub bytes: &'a [u8],
}

/// Where a job wrote to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// Something that happened while a job ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happening<'a> {
    /// It runs from now on.
    Started,
    /// It wrote something.
    Output(Output<'a>),
    /// It is looked at, several times a second until it is being stopped: whether there is another sign of life than
    /// output is for the sink to say, by `Continue::Yes` or `Continue::Silent`.
    Looked(Look),
    /// A limit was reached and the job is being stopped; said once, when it happens.
    Stopping(Why),
}

/// A look at a running job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Since the job was started.
    pub at: Duration,
    /// Whether its processes have computed since they were looked at last; `None` where that cannot be read, or nothing
    /// depends on it.
    pub computing: Option<bool>,
}

/// Whether a job may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Continue {
    /// It may.
    Yes,
    /// It may, but what it wrote, or what was seen, is no sign of life: it does not put a stall off.
    Silent,
    /// It is stopped, as `Why::Refused`.
    Stop,
}

/// How a job ended. Nothing of it lives any more.
#[derive(Debug, Clone, PartialEq)]
pub struct JobEnd {
    /// How its first process ended.
    pub exit: Exit,
    /// Why.
    pub why: Why,
    /// Wall seconds from its start to its first process's end.
    pub seconds: f64,
    /// CPU seconds of its whole tree, where known.
    pub cpu_seconds: Option<f64>,
    /// Peak memory in bytes that the room has seen so far: of its control group, else of its largest process.
    pub peak_memory: Option<u64>,
    /// Names of processes that outlived the first process's own end and were killed.
    pub leftovers: Vec<String>,
}

/// How a process ended; both `None` when it was lost sight of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Exit {
    /// Its exit code.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
}

impl Exit {
    /// Returns whether it ended with code 0.
    pub fn ok(self) -> bool {
        self.code == Some(0)
    }
}

/// Why a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It ended by itself.
    ByItself,
    /// Its wall limit.
    TimedOut,
    /// Silent for longer than allowed.
    Stalled,
    /// Its input was closed since all was said, and it did not end.
    Outstayed,
    /// The cell was told to stop.
    Cancelled,
    /// Workspace and home grew beyond their limit.
    DiskLimit,
    /// Its processes took more memory than allowed.
    MemoryLimit,
    /// The sink said `Continue::Stop`.
    Refused,
}
