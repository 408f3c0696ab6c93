//! Shared help for the tests over the programs: where they are, a data folder of their own, what they printed.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// Returns a program of ours, built beside this test.
///
/// # Panics
/// When it was not built: `cargo build` makes it.
pub fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a running program has a path");
    let built = test.ancestors().nth(2).expect("tests lie in target/<profile>/deps").join(name);
    assert!(built.is_file(), "{} is missing: run `cargo build` first", built.display());
    built
}

/// Returns the project's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(1).expect("tests/ lies in the root").to_path_buf()
}

/// A data folder that lives as long as the test.
#[derive(Debug)]
pub struct Home {
    folder: TempDir,
}

impl Default for Home {
    fn default() -> Self {
        Home::new()
    }
}

impl Home {
    /// Makes an empty one.
    pub fn new() -> Home {
        Home { folder: TempDir::new().expect("temporary folders can be made") }
    }

    /// Returns the data folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Returns `fairtrial` with arguments, on this data folder and without the caller's settings.
    pub fn fairtrial(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program("fairtrial"));
        command
            .args(arguments)
            .env("FAIRTRIAL_HOME", self.path())
            .env("COLUMNS", "80")
            .env_remove("NO_COLOR")
            .stdin(Stdio::null())
            .current_dir(self.path());
        command
    }

    /// Runs `fairtrial` to its end.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        let output = self.fairtrial(arguments).output().expect("fairtrial starts");
        Ran::of(arguments, output)
    }

    /// Starts `fairtrial` in the background. What it says is shown when the test fails.
    pub fn start(&self, arguments: &[&str]) -> Background {
        let said = tempfile::tempfile().expect("temporary files can be made");
        let err = said.try_clone().expect("a file can be shared");
        let child = self.fairtrial(arguments).stdout(Stdio::null()).stderr(err).spawn();
        Background { child: child.expect("fairtrial starts"), said }
    }
}

/// What a finished `fairtrial` printed.
#[derive(Debug)]
pub struct Ran {
    /// Its arguments.
    pub arguments: String,
    /// Its exit code.
    pub code: Option<i32>,
    /// Its standard output.
    pub out: String,
    /// Its standard error.
    pub err: String,
}

impl Ran {
    fn of(arguments: &[&str], output: Output) -> Ran {
        Ran {
            arguments: arguments.join(" "),
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Asserts an exit code and returns itself.
    pub fn ended_with(self, code: i32) -> Ran {
        assert_eq!(self.code, Some(code), "fairtrial {}\n{}\n{}", self.arguments, self.out, self.err);
        self
    }

    /// Reads standard output as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error} in: {}", self.out))
    }
}

/// A `fairtrial` in the background; killed by its own id when dropped.
#[derive(Debug)]
pub struct Background {
    child: Child,
    said: File,
}

impl Background {
    /// Kills it as a crash would: no handler runs.
    pub fn kill(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it can be waited for");
    }

    /// Returns its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Returns whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("it can be asked").is_some()
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        let ended = self.child.try_wait();
        let _ = self.child.kill();
        let _ = self.child.wait();
        // A test that waited in vain for something is explained by what the program said.
        if std::thread::panicking() {
            let mut said = Vec::new();
            let _ = self.said.rewind().and_then(|()| self.said.read_to_end(&mut said));
            eprintln!(
                "the program in the background: {ended:?}, it said: {}",
                String::from_utf8_lossy(&said)
            );
        }
    }
}

/// Waits until `seen` gives something, looking often.
///
/// # Panics
/// After two minutes, with what was waited for.
pub fn wait_for<T>(what: &str, mut seen: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = seen() {
            return found;
        }
        assert!(started.elapsed() < Duration::from_secs(120), "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Returns the live processes whose environment says that they belong to a run: id → command line.
pub fn processes_of(run: &str) -> BTreeMap<u32, String> {
    let mark = format!("FAIRTRIAL_RUN={run}");
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir("/proc").expect("there is a /proc").flatten() {
        let Ok(id) = entry.file_name().to_string_lossy().parse::<u32>() else { continue };
        let Ok(environment) = std::fs::read(entry.path().join("environ")) else { continue };
        if environment.split(|byte| *byte == 0).any(|variable| variable.starts_with(mark.as_bytes())) {
            let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            // A zombie has no command line and is no process any more.
            if !line.is_empty() {
                found.insert(id, String::from_utf8_lossy(&line).replace('\0', " "));
            }
        }
    }
    found
}

/// Returns every file below a folder with its bytes, unpacked where they are packed. Links are not followed.
pub fn kept_below(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = vec![];
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder of the test can be read") {
            let entry = entry.expect("an entry can be read");
            let kind = entry.file_type().expect("an entry has a kind");
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                let bytes = std::fs::read(entry.path()).expect("a file of the test can be read");
                let bytes = zstd::decode_all(bytes.as_slice()).unwrap_or(bytes);
                found.push((entry.path(), bytes));
            }
        }
    }
    found
}

/// Returns whether a real thing is missing here, after saying so: a skip is never silent.
pub fn skip(what: &str, missing: bool) -> bool {
    if missing {
        eprintln!("SKIP {what}");
    }
    missing
}
