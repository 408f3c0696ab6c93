//! Four metered assistants side by side: the peak memory of Fairtrial's own processes, apart from theirs.
//!
//! **Invariant:** a process counts to ours or to theirs, never to both; memory that is shared is counted in shares (PSS).

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use fairtrial_testkit::{ModelServer, Script, Step, Tool};
use serde_json::Value;

use super::figure::Figure;
use super::{BenchError, folder, write};

const LOOK: Duration = Duration::from_millis(25);
/// Names that no bundled sample has.
const ASSISTANTS: [&str; 4] = ["one", "two", "three", "four"];
/// Names of our processes, as the kernel cuts them.
const OURS: [&str; 2] = ["fairtrial", "fairtrial-cell"];

const TASK: &str = r#"schema_version = "1.4"

[agent]
timeout_sec = 60.0

[metadata.fairtrial]
title = "Write b"
kind = "other"
repository = { folder = "../../base" }

[[metadata.fairtrial.checks]]
id = "b"
kind = "fail_to_pass"
run = "test -e b"
format = "exit"
timeout_sec = 60.0
hidden = true
"#;

/// Runs four of our small assistants at once against a scripted model; each waits in a tool so that all are alive.
pub(super) fn bench(programs: &Path, scratch: &Path) -> Result<Vec<Figure>, BenchError> {
    let wait = Tool::Run { command: "sleep 3; touch b".to_owned() };
    let script = Script::new(vec![Step::call("I will wait.", wait), Step::say("Done.")]);
    let failed = |source| BenchError::Start { program: "the scripted model".to_owned(), source };
    let server = ModelServer::start(script).map_err(failed)?;
    let place = folder(&scratch.join("side"))?;
    prepare(&place, &server)?;
    let program = programs.join("fairtrial");
    let mut command = Command::new(&program);
    command.arg("run").arg(place.join("suite")).args(["--jobs", "4", "--json", "--assistants"]);
    command
        .arg(ASSISTANTS.join(","))
        .env("FAIRTRIAL_HOME", place.join("home"))
        .env("INVENTED_KEY", "planted-key-3");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let started = |source| BenchError::Start { program: program.display().to_string(), source };
    let child = command.spawn().map_err(started)?;
    let root = child.id();
    let waiting = std::thread::spawn(move || child.wait_with_output());
    let mut most = Memory::default();
    while !waiting.is_finished() {
        most = most.or(Memory::of(root));
        std::thread::sleep(LOOK);
    }
    let wrong = |why: &str| BenchError::Wrong { what: "memory side by side".to_owned(), why: why.to_owned() };
    let output = waiting.join().map_err(|_| wrong("the watch broke"))?.map_err(started)?;
    let told: Value = serde_json::from_slice(&output.stdout)?;
    let trials = told["trials"].as_array().map_or(&[][..], Vec::as_slice);
    let resolved = trials.iter().filter(|trial| trial["result"]["result"] == "resolved").count();
    if resolved != ASSISTANTS.len() || most.assistants < ASSISTANTS.len() {
        return Err(wrong(&format!("{resolved} of 4 were resolved, {} were alive at once", most.assistants)));
    }
    Ok(vec![
        Figure::new("four metered assistants at once: peak memory of ours", "MB", &[most.ours]),
        Figure::new("the same: peak memory of the assistants and their tools", "MB", &[most.theirs]),
    ])
}

fn prepare(place: &Path, server: &ModelServer) -> Result<(), BenchError> {
    let (base, task, home) =
        (folder(&place.join("base"))?, folder(&place.join("suite/wait"))?, folder(&place.join("home"))?);
    write(&base.join("a"), "a\n")?;
    write(
        &place.join("suite/suite.toml"),
        "id = \"side\"\ntitle = \"Side by side\"\nversion = \"1\"\ntasks = [\"wait\"]\n",
    )?;
    write(&task.join("task.toml"), TASK)?;
    write(&task.join("instruction.md"), "Write b.\n")?;
    folder(&task.join("solution"))?;
    write(&task.join("solution/reference.patch"), "--- /dev/null\n+++ b/b\n@@ -0,0 +1 @@\n+x\n")?;
    let table = |name: &str| {
        format!(
            "[assistants.{name}]\nbackend = \"direct\"\nmodel = \"scripted-model\"\nargs = [\"--api\", \"chat\"]\n\
             base_url = \"{}\"\nnetwork = \"host\"\nsecrets = {{ OPENAI_API_KEY = {{ env = \"INVENTED_KEY\" }} }}\n\n",
            server.openai_url()
        )
    };
    write(&home.join("assistants.toml"), &ASSISTANTS.map(table).concat())
}

/// Memory of a tree of processes at one moment, in MB (10⁶ bytes).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Memory {
    ours: f64,
    theirs: f64,
    /// Assistants that were alive.
    assistants: usize,
}

impl Memory {
    fn of(root: u32) -> Memory {
        let mut parents: BTreeMap<u32, (u32, String)> = BTreeMap::new();
        for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
            let Ok(id) = entry.file_name().to_string_lossy().parse::<u32>() else { continue };
            let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
            if let Some(about) = about(&stat) {
                parents.insert(id, about);
            }
        }
        let below = |id: u32| {
            let mut at = id;
            while at != root {
                match parents.get(&at) {
                    Some((parent, _)) if *parent > 1 => at = *parent,
                    Some(_) | None => return false,
                }
            }
            true
        };
        let mut memory = Memory::default();
        for (id, (_, name)) in parents.iter().filter(|(id, _)| below(**id)) {
            let mb = resident_mb(*id);
            if OURS.contains(&name.as_str()) {
                memory.ours += mb;
            } else {
                memory.theirs += mb;
                memory.assistants += usize::from(name.starts_with("fairtrial-dir"));
            }
        }
        memory
    }

    /// Returns the larger of each.
    fn or(self, other: Memory) -> Memory {
        Memory {
            ours: self.ours.max(other.ours),
            theirs: self.theirs.max(other.theirs),
            assistants: self.assistants.max(other.assistants),
        }
    }
}

/// Reads parent and name from a process's `stat`; the name stands in the last pair of brackets.
fn about(stat: &str) -> Option<(u32, String)> {
    let (head, rest) = stat.rsplit_once(')')?;
    let name = head.split_once('(')?.1.to_owned();
    Some((rest.split_whitespace().nth(1)?.parse().ok()?, name))
}

/// Returns the share of memory that is a process's own; all of it where shares are not told.
fn resident_mb(id: u32) -> f64 {
    let of = |file: &str, field: &str| {
        let text = fs::read_to_string(format!("/proc/{id}/{file}")).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix(field))?;
        line.split_whitespace().next()?.parse::<f64>().ok()
    };
    of("smaps_rollup", "Pss:").or_else(|| of("status", "VmRSS:")).unwrap_or(0.0) * 1024.0 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_read_whatever_its_name() {
        assert_eq!(about("7 (a (b) c) S 3 7 7"), Some((3, "a (b) c".to_owned())));
        assert_eq!(about(""), None);
        assert!(resident_mb(std::process::id()) > 0.5);
        assert!(Memory::of(std::process::id()).theirs > 0.5);
    }
}
