//! Runs the visible tests of a workspace, as a careful assistant would.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde::Deserialize;

/// Seconds after which a test run is given up: well inside the samples' time limit.
const PATIENCE: Duration = Duration::from_secs(3);
/// Bytes of output that are worth telling.
const TAIL: usize = 1200;

/// Which part of the sample code base is tested.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Language {
    /// `python/`
    Python,
    /// `rust/`
    Rust,
    /// `javascript/`
    Javascript,
}

impl Language {
    /// Returns the folder and the command line.
    pub(crate) fn command(self) -> (&'static str, &'static str) {
        match self {
            Language::Python => ("python", "python3 -B -m unittest discover -s tests -t ."),
            Language::Rust => ("rust", "cargo test --offline --quiet"),
            Language::Javascript => ("javascript", "node --test"),
        }
    }
}

/// What came of a run.
pub(crate) enum TestRun {
    /// It ended, with success or not.
    Ended { passed: bool, output: String },
    /// It did not start, or not end in time.
    Skipped { because: String },
}

/// Runs the visible tests under `root` and leaves no build products in it.
pub(crate) fn run(language: Language, root: &Path) -> TestRun {
    let (folder, line) = language.command();
    let products = std::env::temp_dir().join(format!("fairtrial-sample-{}", std::process::id()));
    let mut words = line.split(' ');
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words).current_dir(root.join(folder)).env("CARGO_TARGET_DIR", &products);
    let run = bounded(command, line);
    // It is only there after a Rust build; what cannot be removed lies in the temporary folder.
    let _ = std::fs::remove_dir_all(products);
    run
}

fn bounded(mut command: Command, line: &str) -> TestRun {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return TestRun::Skipped { because: format!("`{line}` does not start here ({error})") },
    };
    let id = child.id();
    let (tell, told) = mpsc::channel();
    // The receiver is gone when patience ended first; the answer is then of no use.
    thread::spawn(move || tell.send(child.wait_with_output()));
    match told.recv_timeout(PATIENCE) {
        Ok(Ok(output)) => {
            let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
            text.push_str(&String::from_utf8_lossy(&output.stderr));
            TestRun::Ended { passed: output.status.success(), output: tail(&text) }
        }
        Ok(Err(error)) => TestRun::Skipped { because: format!("`{line}` was lost ({error})") },
        Err(_) => {
            end_group(id);
            TestRun::Skipped { because: format!("`{line}` took longer than {} s", PATIENCE.as_secs()) }
        }
    }
}

#[cfg(unix)]
fn end_group(id: u32) {
    let group = i32::try_from(id).ok().and_then(rustix::process::Pid::from_raw);
    if let Some(group) = group {
        // It may have ended by itself in this moment.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
}

#[cfg(not(unix))]
fn end_group(_id: u32) {}

fn tail(text: &str) -> String {
    let start = text.len().saturating_sub(TAIL);
    let start = (start..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text.get(start..).unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_missing_is_a_reason_to_skip() {
        let TestRun::Skipped { because } = bounded(Command::new("fairtrial-nothing"), "fairtrial-nothing")
        else {
            panic!("it started");
        };
        assert!(because.starts_with("`fairtrial-nothing` does not start here"), "{because}");
    }

    #[test]
    fn the_end_of_a_long_output_is_kept_whole() {
        let text = format!("{}é end", "ü".repeat(1000));
        let tail = tail(&text);
        assert!(tail.len() <= TAIL && tail.ends_with("é end"), "{tail}");
        assert_eq!(super::tail("short\n"), "short");
    }
}
