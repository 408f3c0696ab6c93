//! Writes a task directory that `read_task` reads back.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use fairtrial_domain::id::TaskId;
use fairtrial_domain::task::{Check, CheckKind, Command, HiddenFile, Limits, Repository, TaskKind};
use toml::{Table, Value};

use crate::settings::{check_word, format_word, kind_word};
use crate::tree::escape;

/// A task before it is written.
#[derive(Debug, Clone)]
pub struct NewTask {
    /// Its name.
    pub id: TaskId,
    /// One line for people.
    pub title: String,
    /// What the assistant is told.
    pub instruction: String,
    /// What sort of work it is.
    pub kind: TaskKind,
    /// The main language, for people.
    pub language: Option<String>,
    /// Where the base comes from; paths must be absolute.
    pub repository: Repository,
    /// Commands that prepare the base.
    pub setup: Vec<Command>,
    /// What judges a patch; without a `fail_to_pass` among them the task is ungraded.
    pub checks: Vec<Check>,
    /// Globs of protected paths.
    pub protected: Vec<String>,
    /// Globs of paths that the task is about.
    pub allowed: Vec<String>,
    /// Files put over the tree before checks run.
    pub hidden: Vec<HiddenFile>,
    /// A unified diff that solves it.
    pub reference: Option<String>,
    /// Programs that checks or set-up need.
    pub requires: Vec<String>,
    /// Bounds on one trial.
    pub limits: Limits,
    /// True when changes to tests are no tampering.
    pub tests_may_change: bool,
}

/// Why a task could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The folder is there already.
    #[error("`{0}` is there already: choose another name")]
    Exists(PathBuf),
    /// A hidden file would land outside of the task directory.
    #[error("hidden file `{path}` {why}: give a path inside of the workspace")]
    Escapes {
        /// The path as given.
        path: String,
        /// Why it is refused.
        why: &'static str,
    },
    /// A number is too large for TOML.
    #[error("limit `{0}` is too large to be written: give a smaller one")]
    TooLarge(&'static str),
    /// The disk said no.
    #[error("could not write `{path}`")]
    Io {
        /// What was being written.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Writes `task` as the folder `parent/<id>` and returns that folder.
///
/// # Errors
/// When the folder exists, a hidden path escapes, or the disk refuses.
pub fn write_task(parent: &Path, task: &NewTask) -> Result<PathBuf, WriteError> {
    for file in &task.hidden {
        if let Some(why) = escape(&file.path) {
            return Err(WriteError::Escapes { path: file.path.clone(), why });
        }
    }
    let dir = parent.join(task.id.as_str());
    if dir.exists() {
        return Err(WriteError::Exists(dir));
    }
    let text = task_toml(task)?.to_string();
    put(&dir.join("instruction.md"), task.instruction.as_bytes())?;
    put(&dir.join("task.toml"), text.as_bytes())?;
    if let Repository::Git { uncommitted: Some(diff), .. } = &task.repository {
        put(&dir.join(UNCOMMITTED), diff.as_bytes())?;
    }
    if let Some(reference) = &task.reference {
        put(&dir.join("solution/reference.patch"), reference.as_bytes())?;
    }
    for file in &task.hidden {
        let path = dir.join("tests/files").join(&file.path);
        put(&path, &file.content)?;
        if file.executable {
            make_executable(&path)?;
        }
    }
    Ok(dir)
}

const UNCOMMITTED: &str = "uncommitted.diff";

fn put(path: &Path, content: &[u8]) -> Result<(), WriteError> {
    let io = |source| WriteError::Io { path: path.to_owned(), source };
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(io)?;
    }
    fs::write(path, content).map_err(io)
}

#[cfg(unix)]
fn make_executable(path: &Path) -> Result<(), WriteError> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
        .map_err(|source| WriteError::Io { path: path.to_owned(), source })
}

#[cfg(not(unix))]
fn make_executable(_path: &Path) -> Result<(), WriteError> {
    Ok(())
}

fn task_toml(task: &NewTask) -> Result<Table, WriteError> {
    let mut ours = Table::new();
    ours.insert("title".into(), task.title.clone().into());
    ours.insert("kind".into(), kind_word(task.kind).into());
    if let Some(language) = &task.language {
        ours.insert("language".into(), language.clone().into());
    }
    for (key, list) in
        [("protected", &task.protected), ("allowed", &task.allowed), ("requires", &task.requires)]
    {
        ours.insert(key.into(), list.clone().into());
    }
    ours.insert("tests_may_change".into(), task.tests_may_change.into());
    if !task.checks.iter().any(|check| check.kind == CheckKind::FailToPass) {
        ours.insert("ungraded".into(), true.into());
    }
    ours.insert("repository".into(), repository(&task.repository).into());
    let setup: Vec<Value> = task.setup.iter().map(|command| command_table(command).into()).collect();
    ours.insert("setup".into(), setup.into());
    let checks: Vec<Value> = task.checks.iter().map(|check| check_table(check).into()).collect();
    ours.insert("checks".into(), checks.into());
    ours.insert("limits".into(), limits(&task.limits)?.into());
    let one = |key: &str, value: Value| Table::from_iter([(key.to_owned(), value)]);
    Ok(Table::from_iter([
        ("schema_version".to_owned(), "1.4".into()),
        ("agent".to_owned(), one("timeout_sec", task.limits.agent_timeout_sec.into()).into()),
        ("metadata".to_owned(), one("fairtrial", ours.into()).into()),
    ]))
}

fn repository(repository: &Repository) -> Table {
    match repository {
        Repository::Folder { path } => {
            Table::from_iter([("folder".to_owned(), path.to_string_lossy().into_owned().into())])
        }
        Repository::Git { location, commit, uncommitted } => {
            let mut table = Table::from_iter([
                ("git".to_owned(), location.clone().into()),
                ("commit".to_owned(), commit.clone().into()),
            ]);
            if uncommitted.is_some() {
                table.insert("uncommitted".into(), UNCOMMITTED.into());
            }
            table
        }
    }
}

fn command_table(command: &Command) -> Table {
    Table::from_iter([
        ("run".to_owned(), command.run.clone().into()),
        ("timeout_sec".to_owned(), command.timeout_sec.into()),
    ])
}

fn check_table(check: &Check) -> Table {
    let mut table = Table::from_iter([
        ("id".to_owned(), check.id.as_str().into()),
        ("run".to_owned(), check.run.clone().into()),
        ("kind".to_owned(), check_word(check.kind).into()),
        ("format".to_owned(), format_word(check.format).into()),
        ("tests".to_owned(), check.tests.clone().into()),
        ("timeout_sec".to_owned(), check.timeout_sec.into()),
        ("hidden".to_owned(), check.hidden.into()),
    ]);
    if let Some(report) = &check.report {
        table.insert("report".into(), report.clone().into());
    }
    table
}

fn limits(limits: &Limits) -> Result<Table, WriteError> {
    let mut table = Table::from_iter([("grace_sec".to_owned(), limits.grace_sec.into())]);
    for (key, seconds) in [("stall_sec", limits.stall_sec), ("first_token_sec", limits.first_token_sec)] {
        if let Some(seconds) = seconds {
            table.insert(key.into(), seconds.into());
        }
    }
    let counts = [
        ("output_bytes", Some(limits.output_bytes)),
        ("disk_bytes", Some(limits.disk_bytes)),
        ("processes", Some(limits.processes)),
        ("memory_bytes", limits.memory_bytes),
        ("requests", limits.requests),
    ];
    for (key, count) in counts {
        if let Some(count) = count {
            let count = i64::try_from(count).map_err(|_| WriteError::TooLarge(key))?;
            table.insert(key.into(), count.into());
        }
    }
    Ok(table)
}
