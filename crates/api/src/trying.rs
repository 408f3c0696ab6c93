//! A first comparison: any folder under git and one instruction, no files to write.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fairtrial_cell::claim::Claim;
use fairtrial_domain::id::{CheckId, RunId, SuiteId, TaskId};
use fairtrial_domain::task::{Check, CheckKind, Command, Limits, Repository, ResultFormat, Suite, TaskKind};
use fairtrial_tasks::{DetectedCheck, NewTask, detect_checks, detect_setup, write_task};

use crate::Api;
use crate::error::{ApiError, describe};
use crate::plan::{self, Planned, digest};
use crate::repository;
use crate::runs::blocking;
use crate::view::{PlanRequest, TryRequest};

/// Seconds for set-up commands, which may fetch dependencies.
const SETUP_SEC: f64 = 900.0;
/// Seconds for a project's own tests.
const CHECK_SEC: f64 = 600.0;

impl Api {
    /// Starts a comparison on one instruction.
    ///
    /// # Errors
    /// When the folder is not under git, has uncommitted changes that were not asked for, or an assistant cannot start.
    pub async fn start_try(self: &Arc<Self>, request: TryRequest) -> Result<RunId, ApiError> {
        let home = self.home.clone();
        let accept_red_base = request.accept_red_base;
        let planned = blocking(move || {
            let suite = suite(home.data(), &request)?;
            let chosen = plan::choose(&home, &request.assistants, false)?;
            let request = PlanRequest {
                suite: suite.id.to_string(),
                assistants: vec![],
                tools: vec![],
                models: vec![],
                trials: request.trials,
                seed: None,
                jobs: None,
                budget_usd: request.budget_usd,
                budget_sec: request.budget_sec,
                budget_requests: request.budget_requests,
                margin: None,
                rounds: None,
                tier: request.tier,
            };
            plan::planned(&home, &suite, chosen, &request)
        })
        .await?;
        if !accept_red_base {
            self.refuse_red_base(&planned).await?;
        }
        self.start(planned, None).await
    }

    /// Runs the checks on the untouched base, before anything is spent.
    async fn refuse_red_base(self: &Arc<Self>, planned: &Planned) -> Result<(), ApiError> {
        let red = self.check_bases(planned).await?;
        if red.is_empty() { Ok(()) } else { Err(ApiError::RedBase(red.join("\n"))) }
    }
}

/// Writes a task directory for the instruction and reads it back as a suite of one.
fn suite(data: &Path, request: &TryRequest) -> Result<Suite, ApiError> {
    let instruction = request.instruction.trim();
    if instruction.is_empty() {
        return Err(ApiError::BadRequest(
            "the instruction is empty: say what the assistants are to do".to_owned(),
        ));
    }
    let seen = repository::look(Path::new(&request.repository))?;
    let root = PathBuf::from(&seen.path);
    let uncommitted = match (seen.changed.first(), request.include_uncommitted) {
        (None, _) => None,
        (Some(_), true) => Some(repository::uncommitted(&root)?),
        (Some(first), false) => {
            return Err(ApiError::Dirty {
                repository: root,
                count: seen.changed.len(),
                first: first.clone(),
            });
        }
    };
    let detected = detect_checks(&root);
    let (checks, mut requires) = match &request.check {
        Some(command) => own_check(command, &detected)?,
        None => (vec![], vec![]),
    };
    let setup = detect_setup(&root);
    requires.extend(setup.iter().map(|step| step.requires.clone()));
    requires.sort();
    requires.dedup();
    let seal =
        serde_json::to_vec(&(instruction, &seen.commit, &uncommitted, &request.check, request.trials))?;
    let name = name_of(&root, digest(&seal).short())?;
    let task = NewTask {
        id: name.clone(),
        title: title_of(instruction),
        instruction: instruction.to_owned(),
        kind: TaskKind::Other,
        language: None,
        repository: Repository::Git { location: seen.path, commit: seen.commit, uncommitted },
        setup: setup.into_iter().map(|step| Command { run: step.command, timeout_sec: SETUP_SEC }).collect(),
        checks,
        protected: vec![],
        allowed: vec![],
        hidden: vec![],
        reference: None,
        requires,
        limits: Limits::default(),
        tests_may_change: true,
    };
    let parent = data.join("tries").join(name.as_str());
    let folder = parent.join(name.as_str());
    if !folder.exists() {
        write_whole(&parent, &task)?;
    }
    let read = fairtrial_tasks::read_task(&folder)
        .map_err(|problems| ApiError::Tasks { path: folder, listing: problems.to_string() })?;
    let id = SuiteId::parse(name.as_str()).map_err(|error| ApiError::Internal(error.to_string()))?;
    Ok(Suite { id, title: read.title.clone(), version: "1".to_owned(), tasks: vec![read] })
}

/// Writes under a temporary name and renames, so that the folder is whole or absent.
fn write_whole(parent: &Path, task: &NewTask) -> Result<(), ApiError> {
    let temporary = parent.with_extension(format!("{}.tmp", std::process::id()));
    let _claim = Claim::make(&temporary).map_err(ApiError::access("make", &temporary))?;
    write_task(&temporary, task).map_err(|error| {
        ApiError::BadRequest(format!("the task could not be written: {}", describe(&error)))
    })?;
    match fs::rename(&temporary, parent) {
        // Somebody else was faster with the same task.
        Err(_) if parent.exists() => {
            fs::remove_dir_all(&temporary).map_err(ApiError::access("remove", &temporary))
        }
        other => other.map_err(ApiError::access("make", parent)),
    }
}

/// Returns the check that a command makes; a detected command is read test by test, any other by its exit code.
fn own_check(command: &str, detected: &[DetectedCheck]) -> Result<(Vec<Check>, Vec<String>), ApiError> {
    let known = detected.iter().find(|found| found.command == command);
    let id = CheckId::parse("project").map_err(|error| ApiError::Internal(error.to_string()))?;
    let check = Check {
        id,
        kind: CheckKind::PassToPass,
        run: command.to_owned(),
        format: known.map_or(ResultFormat::Exit, |found| found.format),
        report: None,
        tests: vec![],
        timeout_sec: CHECK_SEC,
        hidden: false,
    };
    let first_word = command.split_whitespace().next().unwrap_or_default().to_owned();
    Ok((vec![check], vec![known.map_or(first_word, |found| found.requires.clone())]))
}

/// Names a try by its folder and by all that it asks for, so that the same try is the same task.
fn name_of(root: &Path, seal: &str) -> Result<TaskId, ApiError> {
    let folder = root.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let plain: String = folder
        .chars()
        .filter(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '-')
        .take(40)
        .collect();
    TaskId::parse(&format!("try-{plain}-{seal}")).map_err(|error| ApiError::Internal(error.to_string()))
}

fn title_of(instruction: &str) -> String {
    let line = instruction.lines().next().unwrap_or_default();
    let end = line.floor_char_boundary(80);
    if end == line.len() && instruction.lines().count() == 1 {
        line.to_owned()
    } else {
        format!("{}…", &line[..end])
    }
}
