//! What a cell and a room's first process (its warden) say to each other over a socket: a length, then JSON.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::path::PathBuf;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Exit, Stdin, Talk};
use crate::room::Own;

/// No message is longer; the longest holds an instruction.
const LONGEST: u32 = 64 << 20;

/// The first message to a warden: the room it guards.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Setup {
    /// The cell's process id: a warden that has another parent has been orphaned.
    pub(crate) parent: i32,
    /// What it guards.
    pub(crate) walls: Walls,
    /// Where jobs run, as they see it.
    pub(crate) workspace: PathBuf,
    /// Most processes at once.
    pub(crate) processes: u64,
    /// Longest file in bytes.
    pub(crate) file_bytes: u64,
    /// Most bytes of memory of all processes together.
    pub(crate) memory_bytes: Option<u64>,
    /// How many listening sockets of the room's own loopback follow `Report::Ready`.
    pub(crate) doors: usize,
}

/// What separates a room from the machine.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Walls {
    /// Namespaces.
    Full(Full),
    /// Namespaces and a root that another program has made around the warden, their first process.
    Wrapped {
        /// The home as jobs see it.
        home: PathBuf,
        /// The open file that the warden was started from, to be closed.
        program: i32,
        /// Which program.
        by: String,
    },
    /// Nothing: processes are found by descent and by this marker.
    Plain {
        /// The value of `FAIRTRIAL_RUN`.
        marker: String,
    },
}

/// The parts of a room in namespaces, as paths of this machine.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Full {
    /// The warden makes folders in it that take what is written to workspace and home, and `work` and `home-work`,
    /// overlayfs's own.
    pub(crate) scratch: PathBuf,
    /// Bytes of memory to make them in instead, where this kernel can.
    pub(crate) memory_bytes: Option<u64>,
    /// Layers of the workspace, top first.
    pub(crate) lowers: Vec<PathBuf>,
    /// The folder that holds the only layer as `tree` and what the home starts with, if anything, as `home`.
    pub(crate) base: Option<PathBuf>,
    /// What the home starts with, if anything.
    pub(crate) home_lower: Option<PathBuf>,
    /// The home as jobs see it.
    pub(crate) home_inside: PathBuf,
    /// Bound read-only at their own paths; no one inside another.
    pub(crate) readable: Vec<PathBuf>,
    /// Bound into the home, in order.
    pub(crate) own: Vec<Own>,
    /// True for the machine's network.
    pub(crate) host_network: bool,
}

/// What a warden is told.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Order {
    /// Run a job.
    Run {
        /// Program and arguments.
        argv: Vec<String>,
        /// The whole environment.
        env: BTreeMap<String, String>,
        /// Relative to the workspace.
        cwd: PathBuf,
        /// Standard input.
        stdin: Feed,
    },
    /// Write to the job's standard input.
    Say(String),
    /// Close the job's standard input.
    HangUp,
    /// SIGINT to the first process's group.
    Interrupt,
    /// SIGTERM to every process.
    Terminate,
    /// SIGKILL to every process.
    Kill,
}

/// What a job reads on standard input.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Feed {
    /// Nothing.
    Nothing,
    /// A text, then the end.
    Text(String),
    /// What orders say.
    Talk,
}

impl Feed {
    /// Returns how a job is fed, and who is to be asked what to say.
    pub(crate) fn of(stdin: &Stdin) -> (Feed, Option<Talk>) {
        match stdin {
            Stdin::Null => (Feed::Nothing, None),
            Stdin::Text(text) => (Feed::Text(text.clone()), None),
            Stdin::Talk(talk) => (Feed::Talk, Some(talk.clone())),
        }
    }
}

/// What a warden says.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Report {
    /// The room stands.
    Ready,
    /// The room could not be made.
    Refused {
        /// At which step.
        step: String,
        /// The error's number.
        errno: i32,
    },
    /// The room was not made, since this place of the user's own, in the home, is behind a link.
    Linked {
        /// Relative to the home.
        place: PathBuf,
    },
    /// The job runs.
    Started,
    /// The job's program could not be started.
    NotStarted {
        /// Why.
        reason: String,
        /// True when it will not be started later either.
        lasting: bool,
    },
    /// The job takes more memory than allowed; said once. At twice as much the warden kills it unasked.
    OverMemory,
    /// The first process ended.
    Exited(Exit),
    /// Nothing of the job lives.
    Gone {
        /// CPU seconds of the job's tree.
        cpu_seconds: f64,
        /// Peak bytes of the largest process so far.
        peak_memory: u64,
        /// Processes that had to be killed, by name.
        leftovers: Vec<String>,
    },
}

/// Sends one message.
pub(crate) fn send<T: Serialize>(out: &mut impl Write, message: &T) -> io::Result<()> {
    send_all(out, std::slice::from_ref(message))
}

/// Sends messages at once, so that the other side wakes up once.
pub(crate) fn send_all<T: Serialize>(out: &mut impl Write, messages: &[T]) -> io::Result<()> {
    let frames: io::Result<Vec<Vec<u8>>> = messages.iter().map(frame).collect();
    out.write_all(&frames?.concat())
}

fn frame<T: Serialize>(message: &T) -> io::Result<Vec<u8>> {
    let body = serde_json::to_vec(message)?;
    let length =
        u32::try_from(body.len()).ok().filter(|l| *l <= LONGEST).ok_or(io::ErrorKind::InvalidInput)?;
    let mut frame = length.to_le_bytes().to_vec();
    frame.extend(body);
    Ok(frame)
}

/// Waits for one message; `UnexpectedEof` when the other side is gone.
pub(crate) fn receive<T: DeserializeOwned>(from: &mut impl Read) -> io::Result<T> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let length = u32::from_le_bytes(length);
    if length > LONGEST {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut body = vec![0; length as usize];
    from.read_exact(&mut body)?;
    Ok(serde_json::from_slice(&body)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_back_in_order() {
        let mut wire = Vec::new();
        send_all(&mut wire, &[Order::Interrupt, Order::Kill]).unwrap();
        send(&mut wire, &Order::HangUp).unwrap();
        let mut from = wire.as_slice();
        assert!(matches!(receive(&mut from).unwrap(), Order::Interrupt));
        assert!(matches!(receive(&mut from).unwrap(), Order::Kill));
        assert!(matches!(receive(&mut from).unwrap(), Order::HangUp));
        assert_eq!(receive::<Order>(&mut from).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn a_length_that_cannot_be_is_refused() {
        let wire = [0xff; 8];
        assert_eq!(receive::<Order>(&mut wire.as_slice()).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
