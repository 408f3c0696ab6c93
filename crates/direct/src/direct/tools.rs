//! What the model may call: read, edit, search, run; all in the current folder.

use std::fs;
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use fairtrial_domain::event::ToolKind;
use fairtrial_wire::talk::{Call, Tool};
use serde_json::{Value, json};

use crate::options::KEYS;

/// Longer outputs lose their middle.
const LONGEST: usize = 30_000;
/// Hits of a search.
const MOST_HITS: usize = 100;
/// A command may take at most this long.
const LONGEST_RUN: Duration = Duration::from_secs(300);
/// Between two looks at a command.
const PAUSE: Duration = Duration::from_millis(10);
/// How long a command's output is read on after its end.
const LAST_WORDS: Duration = Duration::from_millis(200);
/// Pieces of output that may wait.
const PIECES: usize = 16;

/// Returns the tools with what they take.
pub(crate) fn tools() -> Vec<Tool> {
    let schema = |properties: Value, required: &[&str]| json!({ "type": "object", "properties": properties, "required": required });
    let text = |description: &str| json!({ "type": "string", "description": description });
    let path = || text("relative to the current folder");
    vec![
        Tool {
            name: "read",
            description: "Returns a file with line numbers, or the names in a folder.",
            schema: schema(json!({ "path": path() }), &["path"]),
        },
        Tool {
            name: "edit",
            description: "Replaces text that occurs exactly once in a file; with an empty `old`, makes a new file.",
            schema: schema(
                json!({ "path": path(), "old": text("the text to replace"), "new": text("the text in its place") }),
                &["path", "old", "new"],
            ),
        },
        Tool {
            name: "search",
            description: "Returns the lines that hold a text, with file and line number.",
            schema: schema(json!({ "text": text("what to look for, as it is"), "path": path() }), &["text"]),
        },
        Tool {
            name: "run",
            description: "Runs a command in a shell and returns what it prints.",
            schema: schema(json!({ "command": text("the command") }), &["command"]),
        },
    ]
}

/// Returns how a call is shown to people.
pub(crate) fn shown(call: &Call) -> (ToolKind, String) {
    let word = |name: &str| {
        call.input[name].as_str().unwrap_or_default().lines().next().unwrap_or_default().to_owned()
    };
    match call.name.as_str() {
        "read" => (ToolKind::Read, word("path")),
        "edit" => (ToolKind::Edit, word("path")),
        "search" => (ToolKind::Search, word("text")),
        "run" => (ToolKind::Execute, word("command")),
        _ => (ToolKind::Other, call.name.clone()),
    }
}

/// Carries a call out; returns whether it worked and what it says.
pub(crate) fn call(call: &Call, left: Duration) -> (bool, String) {
    let word = |name: &str| call.input[name].as_str();
    let done = match (call.name.as_str(), word("path"), word("command"), word("text")) {
        ("read", Some(path), ..) => read(path),
        ("edit", Some(path), ..) => match (word("old"), word("new")) {
            (Some(old), Some(new)) => edit(path, old, new),
            _ => Err(Refused("`edit` takes path, old and new".to_owned())),
        },
        ("search", path, _, Some(text)) => search(path.unwrap_or("."), text),
        ("run", _, Some(command), _) => run(command, left.min(LONGEST_RUN)),
        (name, ..) => Err(Refused(format!("`{name}` cannot be called so: look at its input"))),
    };
    match done {
        Ok(text) => (true, short(text)),
        Err(Refused(text)) => (false, short(text)),
    }
}

/// Why a tool did not do what it was asked to, in words for the model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
struct Refused(String);

/// What a tool says to the model: text either way.
type Said = Result<String, Refused>;

/// Returns a path below the current folder.
fn inside(path: &str) -> Result<PathBuf, Refused> {
    let given = Path::new(path);
    let given = std::env::current_dir().ok().and_then(|here| given.strip_prefix(here).ok()).unwrap_or(given);
    let fine = given.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if fine {
        Ok(given.to_path_buf())
    } else {
        Err(Refused(format!("`{path}` is outside of the current folder")))
    }
}

fn read(path: &str) -> Said {
    let at = inside(path)?;
    let why = |error: std::io::Error| Refused(format!("`{path}` cannot be read: {error}"));
    if at.is_dir() {
        let names = fs::read_dir(&at).map_err(why)?.flatten().map(|entry| {
            let mark = if entry.path().is_dir() { "/" } else { "" };
            format!("{}{mark}", entry.file_name().to_string_lossy())
        });
        let mut names: Vec<String> = names.collect();
        names.sort();
        return Ok(names.join("\n"));
    }
    if at.exists() && !at.is_file() {
        return Err(Refused(format!("`{path}` is no file")));
    }
    let text = fs::read_to_string(&at).map_err(why)?;
    Ok(text.lines().enumerate().map(|(number, line)| format!("{:>5}\t{line}\n", number + 1)).collect())
}

fn edit(path: &str, old: &str, new: &str) -> Said {
    let at = inside(path)?;
    let why = |error: std::io::Error| Refused(format!("`{path}` cannot be written: {error}"));
    if old.is_empty() {
        if at.exists() {
            return Err(Refused(format!("`{path}` is there already: give the text to replace as `old`")));
        }
        if let Some(folder) = at.parent() {
            fs::create_dir_all(folder).map_err(why)?;
        }
        fs::write(&at, new).map_err(why)?;
        return Ok(format!("{path} was made"));
    }
    let text =
        fs::read_to_string(&at).map_err(|error| Refused(format!("`{path}` cannot be read: {error}")))?;
    match text.matches(old).count() {
        1 => {
            fs::write(&at, text.replacen(old, new, 1)).map_err(why)?;
            Ok(format!("{path} was changed"))
        }
        0 => Err(Refused(format!("`old` does not occur in `{path}`: read it again"))),
        n => Err(Refused(format!("`old` occurs {n} times in `{path}`: give more lines around it"))),
    }
}

fn search(path: &str, text: &str) -> Said {
    let mut hits = vec![];
    let mut waiting = vec![inside(path)?];
    while let Some(at) = waiting.pop() {
        if at.is_dir() && !at.is_symlink() {
            let entries = fs::read_dir(if at.as_os_str().is_empty() { Path::new(".") } else { &at });
            let mut inner: Vec<PathBuf> =
                entries.into_iter().flatten().flatten().map(|entry| entry.path()).collect();
            inner.retain(|path| !path.ends_with(".git"));
            inner.sort_by(|a, b| b.cmp(a));
            waiting.extend(inner);
            continue;
        }
        // A pipe would never end.
        if !at.is_file() {
            continue;
        }
        let Ok(content) = fs::read_to_string(&at) else { continue };
        for (number, line) in content.lines().enumerate().filter(|(_, line)| line.contains(text)) {
            let name = at.strip_prefix(".").unwrap_or(&at);
            hits.push(format!("{}:{}:{line}", name.display(), number + 1));
            if hits.len() == MOST_HITS {
                hits.push("there are more".to_owned());
                return Ok(hits.join("\n"));
            }
        }
    }
    if hits.is_empty() { Ok("nothing was found".to_owned()) } else { Ok(hits.join("\n")) }
}

fn run(command: &str, most: Duration) -> Said {
    let why = |error: std::io::Error| Refused(format!("the shell does not start: {error}"));
    let (mut reader, writer) = std::io::pipe().map_err(why)?;
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(command).stdin(Stdio::null());
    for name in KEYS {
        shell.env_remove(name);
    }
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut shell, 0);
    shell.stdout(writer.try_clone().map_err(why)?).stderr(writer);
    let mut child = shell.spawn().map_err(why)?;
    // Holds the writing end, without which the reader would never end.
    drop(shell);
    let (said, heard) = mpsc::sync_channel(PIECES);
    std::thread::spawn(move || {
        let mut piece = [0; 8192];
        while let Ok(length) = reader.read(&mut piece) {
            if length == 0 || said.send(piece[..length].to_vec()).is_err() {
                break;
            }
        }
    });
    let until = Instant::now() + most;
    let mut output = Output::default();
    let status = loop {
        if !output.hear(&heard) {
            std::thread::sleep(PAUSE);
        }
        // The end of the command ends the waiting, even if something that it left holds its output open.
        match child.try_wait().map_err(why)? {
            Some(status) => break Some(status),
            None if Instant::now() >= until => break None,
            None => {}
        }
    };
    if status.is_none() {
        end(&mut child);
    }
    // Its last words may be on their way; what it left may go on for ever.
    let last = Instant::now() + LAST_WORDS;
    while Instant::now() < last && output.hear(&heard) {}
    let text = output.text();
    match status.map(|status| status.code()) {
        Some(Some(0)) => Ok(text),
        Some(Some(code)) => Err(Refused(format!("{text}\n[exit code {code}]"))),
        Some(None) => Err(Refused(format!("{text}\n[ended by a signal]"))),
        None => Err(Refused(format!("{text}\n[ended after {} s]", most.as_secs()))),
    }
}

/// Head and tail of what a command says.
#[derive(Default)]
struct Output(Vec<u8>);

impl Output {
    /// Waits a moment for a piece; returns false when none can come any more.
    fn hear(&mut self, heard: &Receiver<Vec<u8>>) -> bool {
        match heard.recv_timeout(PAUSE) {
            Ok(piece) => self.0.extend(piece),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return false,
        }
        if self.0.len() > 4 * LONGEST {
            self.0.drain(LONGEST..self.0.len() - LONGEST);
        }
        true
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0).into_owned()
    }
}

/// Ends a command with what it started.
fn end(child: &mut Child) {
    #[cfg(unix)]
    if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        let _gone = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ended = child.kill().and_then(|()| child.wait().map(drop));
}

/// Leaves out the middle of what is too long.
fn short(text: String) -> String {
    if text.len() <= LONGEST {
        return text;
    }
    let head = text.floor_char_boundary(LONGEST / 2);
    let tail = text.ceil_char_boundary(text.len() - LONGEST / 2);
    format!("{}\n[{} bytes left out]\n{}", &text[..head], tail - head, &text[tail..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_in_the_folder() {
        assert!(inside("src/a.py").is_ok() && inside("./a").is_ok());
        assert!(inside("../a").is_err() && inside("/etc/passwd").is_err() && inside("a/../../b").is_err());
    }

    #[test]
    fn a_command_tells_its_output_and_its_end() {
        let run = |command: &str, ms| super::run(command, Duration::from_millis(ms));
        assert_eq!(run("echo out; echo err >&2", 5000), Ok("out\nerr\n".to_owned()));
        assert_eq!(run("echo x; exit 3", 5000), Err(Refused("x\n\n[exit code 3]".to_owned())));
        assert_eq!(run("sleep 60", 50), Err(Refused("\n[ended after 0 s]".to_owned())));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_command_that_never_stops_talking_ends_with_what_it_started() {
        let (dir, before) = (tempfile::tempdir().unwrap(), Instant::now());
        let file = dir.path().join("pid");
        let command = format!("yes & echo $! > '{}'; yes", file.display());
        let Err(Refused(text)) = run(&command, Duration::from_millis(300)) else { panic!("it went well") };
        assert!(text.ends_with("[ended after 0 s]") && text.len() < 5 * LONGEST, "{}", text.len());
        assert!(before.elapsed() < Duration::from_secs(20));
        let pid = fs::read_to_string(file).unwrap();
        let state = || fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
        let mut looks = 0;
        while !state().is_empty() && !state().contains(") Z ") {
            looks += 1;
            assert!(looks < 500, "it lives: {}", state());
            std::thread::sleep(PAUSE);
        }
    }

    #[test]
    fn what_a_command_left_behind_holds_nobody_up() {
        let before = Instant::now();
        assert_eq!(run("sleep 5 & echo done", Duration::from_secs(60)), Ok("done\n".to_owned()));
        assert!(before.elapsed() < Duration::from_secs(4));
    }

    #[test]
    fn the_middle_of_a_long_output_is_left_out() {
        let long = short("é".repeat(LONGEST));
        assert!(long.contains("30000 bytes left out") && long.len() < LONGEST + 100, "{}", long.len());
    }
}
