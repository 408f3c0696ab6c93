//! What one more trivial trial costs: the slope between a small and a larger run of the same suite.
//!
//! A trial is two cells (work and grading), so it stands beside two starts of `bwrap`, the sandbox that does the least
//! of what a cell does; and beside a shell loop that does the same work with plain copies and no isolation.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::figure::{Budget, Figure};
use super::measure::{Cost, measure};
use super::start::MOST_PEAK;
use super::{BenchError, folder, write};

const ROUNDS: usize = 5;
const FEW: u32 = 5;
const MANY: u32 = 30;
/// Pairs of sandboxes, and turns of the shell loop, in one round.
const TURNS: u32 = 25;
/// Times two sandboxes.
const MOST_TRIAL: f64 = 2.5;

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
/// Bounds what a trial writes, so that its rooms are held in memory.
const SMALL: &str = "\n[metadata.fairtrial.limits]\ndisk_bytes = 67108864\n";
const REFERENCE: &str = "--- /dev/null\n+++ b/b\n@@ -0,0 +1 @@\n+x\n";
const ASSISTANTS: &str =
    "[assistants.trivial]\nbackend = \"command\"\nprogram = \"/bin/sh\"\nargs = [\"-c\", \"echo x > b\"]\n";
/// The same work without isolation: a workspace, the assistant, a fresh workspace with its change, the check.
const LOOP: &str = r#"set -e
i=0
while [ $i -lt "$1" ]; do
  cp -r "$2" room; (cd room; sh -c 'echo x > b')
  cp -r "$2" fresh; cp room/b fresh/b; (cd fresh; sh -c 'test -e b')
  rm -r room fresh; i=$((i + 1))
done"#;
const ROOM: [&str; 9] = ["--unshare-all", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "true"];

/// Measures trials with the programs in `programs`: with rooms in memory, as a small limit allows, and on disk.
pub(super) fn bench(programs: &Path, scratch: &Path) -> Result<Vec<Figure>, BenchError> {
    let mut figures = vec![];
    for (what, limits) in [("in memory", SMALL), ("on disk", "")] {
        let place = Place::make(programs, &scratch.join("trial").join(what), limits)?;
        let mut found = Found { what, ..Found::default() };
        for round in 0..ROUNDS {
            let few = place.run(FEW, &format!("few-{round}"))?;
            let many = place.run(MANY, &format!("many-{round}"))?;
            found.slope(&few, &many);
            match rooms(2 * TURNS) {
                Ok(cost) => found.rooms.push(cost.cpu_ms / f64::from(TURNS)),
                Err(reason) => found.no_rooms = Some(reason.to_string()),
            }
            let bare = place.bare()?;
            found.bare_cpu.push(bare.cpu_ms / f64::from(TURNS));
            found.bare_wall.push(bare.wall_ms / f64::from(TURNS));
        }
        figures.extend(found.figures());
    }
    Ok(figures)
}

#[derive(Default)]
struct Found {
    /// Where its rooms are.
    what: &'static str,
    cpu: Vec<f64>,
    wall: Vec<f64>,
    own: Vec<f64>,
    kb: Vec<f64>,
    peak: Vec<f64>,
    rooms: Vec<f64>,
    no_rooms: Option<String>,
    bare_cpu: Vec<f64>,
    bare_wall: Vec<f64>,
}

impl Found {
    fn slope(&mut self, few: &Cost, many: &Cost) {
        let more = f64::from(MANY - FEW);
        self.cpu.push((many.cpu_ms - few.cpu_ms) / more);
        self.wall.push((many.wall_ms - few.wall_ms) / more);
        if let (Some(few), Some(many)) = (few.own_ms, many.own_ms) {
            self.own.push((many - few) / more);
        }
        self.peak.extend(many.peak_mb);
        if let (Some(few), Some(many)) = (few.peak_mb, many.peak_mb) {
            self.kb.push((many - few) * 1e3 / more);
        }
    }

    fn figures(&self) -> Vec<Figure> {
        let bare = "bare shell loop";
        let trial = format!("one more trivial trial, rooms {}", self.what);
        vec![
            Figure::new(format!("{trial}, CPU"), "ms", &self.cpu)
                .beside("two `bwrap --unshare-all … true`", &self.rooms)
                .held_to(Budget::Times(MOST_TRIAL))
                .unless(self.no_rooms.as_deref()),
            Figure::new(format!("{trial}, CPU"), "ms", &self.cpu).beside(bare, &self.bare_cpu),
            Figure::new(
                format!("{trial}, CPU of the app itself, the rest being its two cells"),
                "ms",
                &self.own,
            ),
            Figure::new(format!("{trial}, wall, one at a time"), "ms", &self.wall)
                .beside(bare, &self.bare_wall),
            Figure::new(format!("`fairtrial run` of {MANY} trials, peak memory"), "MB", &self.peak)
                .held_to(Budget::Most(MOST_PEAK)),
            Figure::new(format!("{trial}, memory of `fairtrial run`"), "kB", &self.kb),
        ]
    }
}

struct Place {
    dir: PathBuf,
    program: PathBuf,
}

impl Place {
    fn make(programs: &Path, dir: &Path, limits: &str) -> Result<Place, BenchError> {
        let task = folder(&dir.join("suite/trivial"))?;
        write(&folder(&dir.join("base"))?.join("a"), "a\n")?;
        write(&task.join("task.toml"), &format!("{TASK}{limits}"))?;
        write(&task.join("instruction.md"), "Write x to b.\n")?;
        write(&folder(&task.join("solution"))?.join("reference.patch"), REFERENCE)?;
        Ok(Place { dir: dir.to_owned(), program: programs.join("fairtrial") })
    }

    /// Runs the suite in a data folder of its own, and makes sure that every trial counts.
    fn run(&self, trials: u32, name: &str) -> Result<Cost, BenchError> {
        let home = folder(&self.dir.join(name))?;
        write(&home.join("assistants.toml"), ASSISTANTS)?;
        let mut command = Command::new(&self.program);
        command.arg("run").arg(self.dir.join("suite")).args([
            "--assistants",
            "trivial",
            "--jobs",
            "1",
            "--json",
        ]);
        let cost = measure(command.args(["--trials", &trials.to_string()]).arg("--home").arg(&home))?;
        match solved_in_full(&cost.output) {
            Some(solved) if solved == trials as usize => Ok(cost),
            told => Err(BenchError::Wrong {
                what: format!("{trials} trivial trials"),
                why: format!("{} were solved in the full tier", told.unwrap_or_default()),
            }),
        }
    }

    fn bare(&self) -> Result<Cost, BenchError> {
        let mut command = Command::new("sh");
        command.args(["-c", LOOP, "loop", &TURNS.to_string()]).arg(self.dir.join("base"));
        measure(command.current_dir(&self.dir))
    }
}

/// Returns how many trials of a run, told as JSON, were solved with full isolation.
fn solved_in_full(json: &str) -> Option<usize> {
    let run: Value = serde_json::from_str(json).ok()?;
    let solved = |trial: &&Value| trial["counts_as"] == "pass" && trial["tier"] == "full";
    Some(run["trials"].as_array()?.iter().filter(solved).count())
}

/// Starts the least sandbox so many times, or says why it cannot.
pub(super) fn rooms(times: u32) -> Result<Cost, BenchError> {
    let found = Command::new("bwrap").arg("--version").output().is_ok_and(|said| said.status.success());
    if !found {
        return Err(BenchError::Absent { program: "bwrap", package: "bubblewrap" });
    }
    if times == 1 {
        return measure(Command::new("bwrap").args(ROOM));
    }
    let all = format!("i=0; while [ $i -lt {times} ]; do bwrap \"$@\" || exit 1; i=$((i + 1)); done");
    measure(Command::new("sh").args(["-c", &all, "rooms"]).args(ROOM))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trials_that_were_solved_in_isolation_are_measured() {
        let check = |json: &str, solved| assert_eq!(solved_in_full(json), solved);
        check("no run", None);
        check("{}", None);
        check(r#"{"trials": []}"#, Some(0));
        check(
            r#"{"trials": [{"counts_as": "pass", "tier": "full"}, {"counts_as": "fail", "tier": "full"}]}"#,
            Some(1),
        );
        check(r#"{"trials": [{"counts_as": "pass", "tier": "plain"}]}"#, Some(0));
    }

    #[test]
    fn the_slope_leaves_out_what_a_run_costs_without_trials() {
        let cost = |trials: f64| Cost {
            wall_ms: 900.0 + trials * 20.0,
            cpu_ms: 500.0 + trials * 7.0,
            own_ms: Some(100.0 + trials * 2.0),
            peak_mb: Some(20.0 + trials * 0.25),
            output: String::new(),
        };
        let mut found = Found::default();
        found.slope(&cost(f64::from(FEW)), &cost(f64::from(MANY)));
        assert_eq!(
            (found.cpu, found.own, found.wall, found.kb),
            (vec![7.0], vec![2.0], vec![20.0], vec![250.0])
        );
    }

    #[test]
    fn without_the_sandbox_the_ratio_is_skipped() {
        let found = Found { cpu: vec![1.0], no_rooms: Some("absent".to_owned()), ..Found::default() };
        assert_eq!(found.figures()[0].standing(), super::super::figure::Standing::Skipped);
    }
}
