//! Fir: ends on nothing but a kill, and leaves a child in a session of its own, so that a clean-up can be seen to work.

use std::io::{self, Write};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use crate::stream::Stream;

/// Tells this program to stay although it is asked to leave.
pub(crate) const STAY: &str = "--stay";
/// Tells this program to become the child that is left behind.
pub(crate) const STRAGGLE: &str = "--straggle";

/// Even a sample that nobody kills must not stay for ever.
const LONGEST: Duration = Duration::from_secs(300);

/// Leaves a straggler, then stays deaf to every polite signal.
pub(crate) fn hang(stream: &mut Stream<impl Write>) -> io::Result<()> {
    stream.think("Let me think about this for a while…")?;
    become_deaf(stream)?;
    // Only reached when this program cannot be started again: it stays, but not deaf.
    thread::sleep(LONGEST);
    Ok(())
}

#[cfg(unix)]
fn become_deaf(stream: &mut Stream<impl Write>) -> io::Result<()> {
    use std::os::unix::process::CommandExt;
    use std::process::{Command, Stdio};

    let own = std::env::current_exe()?;
    let child = Command::new(&own)
        .arg(STRAGGLE)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if let Err(error) = child {
        stream.notice(&format!("the child to leave behind does not start ({error})"))?;
    }
    // A signal that is ignored stays so in the program that takes this one's place.
    let error = Command::new("/bin/sh")
        .args(["-c", "trap '' HUP INT TERM; exec \"$0\" \"$@\""])
        .arg(&own)
        .arg(STAY)
        .exec();
    stream.notice(&format!("signals cannot be ignored here ({error})"))
}

#[cfg(not(unix))]
fn become_deaf(_stream: &mut Stream<impl Write>) -> io::Result<()> {
    Ok(())
}

/// Stays until it is killed.
pub(crate) fn stay() -> ExitCode {
    thread::sleep(LONGEST);
    ExitCode::SUCCESS
}

/// Leaves the session of its parent and sleeps on.
pub(crate) fn straggle() -> ExitCode {
    #[cfg(unix)]
    {
        // Fails only in a process that leads its group already, which is as far away.
        let _ = rustix::process::setsid();
    }
    stay()
}
