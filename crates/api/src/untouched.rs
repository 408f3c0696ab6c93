//! Tries the checks on untouched bases, before anything is spent.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use fairtrial_domain::id::RunId;
use fairtrial_domain::task::Task;
use fairtrial_domain::verdict::{TestStatus, Verdict, VerdictStatus};
use fairtrial_runner::cell::follow;
use fairtrial_runner::launch::{LocalLauncher, Mode};
use fairtrial_runner::prepare::PrepareStep;
use fairtrial_runner::result::CellLost;
use fairtrial_runner::steps::Steps as _;
use fairtrial_store::{RunLock, StoreError};
use tokio::sync::watch;

use crate::Api;
use crate::error::ApiError;
use crate::plan::Planned;
use crate::runs::{GRACE, blocking};
use crate::steps::Surroundings;

/// What the folders of such checks are called, beside those of runs.
pub(crate) const PREFIX: &str = "check-";

/// The folder of one look at the bases: locked while it is used, removed with everything in it after.
pub(crate) struct Scratch {
    pub(crate) id: RunId,
    pub(crate) folder: PathBuf,
    _lock: RunLock,
}

impl Drop for Scratch {
    fn drop(&mut self) {
        discard(&self.folder);
    }
}

/// Removes a folder and the rooms in it. What resists takes space only, until the next look.
fn discard(folder: &std::path::Path) {
    let tasks = fs::read_dir(folder.join("tasks")).into_iter().flatten().flatten();
    for step in tasks.flat_map(|task| fs::read_dir(task.path()).into_iter().flatten().flatten()) {
        let _ = fairtrial_cell::room::sweep(&step.path());
    }
    let _ = fs::remove_dir_all(folder);
}

impl Api {
    /// Runs every task's checks on its untouched base and returns what fails, a line each.
    pub(crate) async fn check_bases(self: &Arc<Self>, planned: &Planned) -> Result<Vec<String>, ApiError> {
        let api = Arc::clone(self);
        let scratch = blocking(move || api.scratch()).await?;
        let around =
            self.surroundings(&scratch.id, planned.plan.clone(), planned.tasks.clone(), Arc::default())?;
        let launcher = self.launcher()?;
        let mut red = vec![];
        for task in &planned.tasks {
            for step in [PrepareStep::Base, PrepareStep::Untouched] {
                red.extend(look(&around, &launcher, task, step).await?);
            }
        }
        Ok(red)
    }

    /// Makes a folder for bundles of a run that may never be, and clears away what a crash left of others.
    pub(crate) fn scratch(&self) -> Result<Scratch, ApiError> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let runs = self.home.data().join("runs");
        for entry in fs::read_dir(&runs).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let Some(id) = name.starts_with(PREFIX).then(|| RunId::parse(&name).ok()).flatten() else {
                continue;
            };
            if self.store.lock_run(&id).is_ok() {
                discard(&entry.path());
            }
        }
        let name = format!("{PREFIX}{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let id = RunId::parse(&name).map_err(|error| ApiError::Internal(error.to_string()))?;
        let folder = self.store.run_dir(&id);
        let mut tries_left = 3;
        loop {
            fs::create_dir_all(&folder).map_err(ApiError::access("make", &folder))?;
            match self.store.lock_run(&id) {
                // Whoever clears up takes a folder that nobody holds yet for debris.
                Err(StoreError::NoRun { .. }) if tries_left > 0 => tries_left -= 1,
                lock => return Ok(Scratch { id, folder, _lock: lock? }),
            }
        }
    }
}

/// Takes one step of a task's preparation and returns what fails.
async fn look(
    around: &Surroundings,
    launcher: &LocalLauncher,
    task: &Task,
    step: PrepareStep,
) -> Result<Vec<String>, ApiError> {
    let unready = |why: String| {
        ApiError::BadRequest(format!("task `{}` cannot be prepared: {}: {why}", task.id, step.doing()))
    };
    let lost = |error: CellLost| unready(error.to_string());
    let Some(cell) = around.prepare_cell(&task.id, step).map_err(|error| unready(error.to_string()))? else {
        return Ok(vec![]);
    };
    let mode = if step == PrepareStep::Base { Mode::Base } else { Mode::Grade };
    let (_keep, never) = watch::channel(false);
    let end = follow(launcher, mode, &cell, never, GRACE, |_| ()).await;
    if step == PrepareStep::Base {
        end.fold.base(&end.died).map_err(lost)?;
        return Ok(vec![]);
    }
    let grade = end.fold.grade(&end.dir, &end.died).map_err(lost)?;
    let failing = grade.verdicts.iter().filter(|verdict| !verdict.status.passed());
    Ok(failing.map(|verdict| red_line(task, verdict)).collect())
}

fn red_line(task: &Task, verdict: &Verdict) -> String {
    let failed = verdict.tests.iter().filter(|test| test.status == TestStatus::Failed);
    let names: Vec<&str> = failed.map(|test| test.id.as_str()).take(5).collect();
    let what = match &verdict.status {
        VerdictStatus::Passed => "passed".to_owned(),
        VerdictStatus::Failed if !names.is_empty() => format!("failed: {}", names.join(", ")),
        VerdictStatus::Failed => "failed".to_owned(),
        VerdictStatus::TimedOut => "did not end within its limit".to_owned(),
        VerdictStatus::Invalid { reason } => format!("cannot be trusted: {reason}"),
    };
    let said = match verdict.output.lines().map(str::trim).rfind(|line| !line.is_empty()) {
        Some(last) if names.is_empty() => format!("; it said last: {last}"),
        Some(_) | None => String::new(),
    };
    format!("`{}` {what}{said}", run_of(task, verdict))
}

/// Returns the command that a verdict is of.
fn run_of<'a>(task: &'a Task, verdict: &'a Verdict) -> &'a str {
    let check = task.checks.iter().find(|check| check.id == verdict.check);
    check.map_or(verdict.check.as_str(), |check| &check.run)
}
