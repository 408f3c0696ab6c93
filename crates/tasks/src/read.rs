//! Reads one task directory.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};

use fairtrial_domain::id::{Digest, TaskId};
use fairtrial_domain::task::{Network, Repository, Task, TaskKind};

use crate::git;
use crate::harbor;
use crate::node::{At, Node, Source};
use crate::problem::Problems;
use crate::settings::{self, REPOSITORY, Settings};
use crate::tree;

/// Reads the task in `dir`, whose name is the task's id.
///
/// # Errors
/// Every problem found, each with its file, line where there is one, and remedy.
pub fn read_task(dir: &Path) -> Result<Task, Problems> {
    let mut problems = Problems::default();
    let task = collect(dir, &mut problems);
    match task {
        Some(task) if problems.0.is_empty() => Ok(task),
        _broken => Err(problems),
    }
}

/// Reads a task and adds what is wrong with it to `problems`; `None` when too little could be read.
pub(crate) fn collect(dir: &Path, problems: &mut Problems) -> Option<Task> {
    let Ok(dir) = fs::canonicalize(dir) else {
        problems.add(dir, "there is no such folder", "give the folder of a task");
        return None;
    };
    let id = id(&dir, problems);
    let instruction = instruction(&dir.join("instruction.md"), problems);
    let file = dir.join("task.toml");
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) => {
            problems.add(&file, format!("cannot be read ({error})"), "every task needs a `task.toml`");
            return None;
        }
    };
    let found = RefCell::new(std::mem::take(problems));
    let task = read_toml(&dir, &file, &text, &found);
    *problems = found.into_inner();
    let (settings, repository) = task?;
    let hidden = tree::hidden(&dir.join("tests/files"), problems);
    let reference = reference(&dir, problems);
    if settings.kind == TaskKind::Canary && reference.is_some() {
        problems.add(
            &dir.join("solution/reference.patch"),
            "a contradictory task has a solution",
            "remove the patch, or the kind `canary`",
        );
    }
    let repository = repository?;
    let digest = digest(&dir, &repository, problems)?;
    Some(Task {
        title: settings.title.unwrap_or_else(|| id.as_ref().map_or(String::new(), |id| id.to_string())),
        id: id?,
        instruction: instruction?,
        kind: settings.kind,
        language: settings.language,
        repository,
        setup: settings.setup,
        checks: settings.checks,
        protected: settings.protected,
        allowed: settings.allowed,
        forbidden: settings.forbidden,
        dependencies: settings.dependencies,
        hidden,
        reference,
        requires: settings.requires,
        limits: settings.limits,
        network: settings.network.unwrap_or(Network::Host),
        readable: settings.readable,
        tests_may_change: settings.tests_may_change,
        digest,
        directory: dir,
    })
}

/// The settings without their borrowed node, and the repository where it could be read.
type Toml = (Settings<'static>, Option<Repository>);

fn read_toml(dir: &Path, file: &Path, text: &str, problems: &RefCell<Problems>) -> Option<Toml> {
    let source = Source { file, text, problems };
    let before = problems.borrow().0.len();
    let table = source.parse();
    // What stands after a syntax error may be read as something else: one clear error is better than ten odd ones.
    if problems.borrow().0.len() > before {
        return None;
    }
    let root = Node::new(source, table.get_ref(), table.span(), String::new());
    harbor::check(&root);
    let timeout = root.child("agent").and_then(|agent| agent.positive("timeout_sec"));
    let Some(ours) = root.child("metadata").and_then(|metadata| metadata.child("fairtrial")) else {
        problems.borrow_mut().add(
            file,
            "the table `[metadata.fairtrial]` is missing",
            "add it with at least a repository and a check",
        );
        return None;
    };
    let settings = settings::read(&ours);
    let repository = settings.repository.as_ref().and_then(|node| repository(dir, node));
    let network = settings.network.clone().or_else(|| harbor::network(&root));
    let mut limits = settings.limits.clone();
    limits.agent_timeout_sec = timeout.unwrap_or(limits.agent_timeout_sec);
    Some((Settings { repository: None, limits, network, ..settings }, repository))
}

fn id(dir: &Path, problems: &mut Problems) -> Option<TaskId> {
    let name = dir.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    TaskId::parse(&name)
        .map_err(|bad| problems.add(dir, bad.to_string(), "rename the folder: its name is the task's id"))
        .ok()
}

fn instruction(file: &Path, problems: &mut Problems) -> Option<String> {
    match fs::read_to_string(file) {
        Ok(text) if !text.trim().is_empty() => Some(text),
        Ok(_) => {
            problems.add(file, "the instruction is empty", "write what the assistant is to do");
            None
        }
        Err(error) => {
            problems.add(
                file,
                format!("cannot be read ({error})"),
                "write what the assistant is to do there",
            );
            None
        }
    }
}

fn reference(dir: &Path, problems: &mut Problems) -> Option<String> {
    let file = dir.join("solution/reference.patch");
    if fs::symlink_metadata(&file).is_err() {
        return None;
    }
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) => {
            problems.add(
                &file,
                format!("cannot be read ({error})"),
                "make it a readable unified diff in UTF-8",
            );
            return None;
        }
    };
    let line = |start: &str| text.lines().any(|line| line.starts_with(start));
    if line("--- ") && line("+++ ") && line("@@ ") {
        Some(text)
    } else {
        problems.add(&file, "is not a unified diff", "write it with `diff -u` or `git diff`");
        None
    }
}

/// What an assistant must never see would lie in its workspace.
const LEAK: &str = "the base holds this task, so that an assistant would see its solution and hidden checks";

fn repository(dir: &Path, node: &Node<'_>) -> Option<Repository> {
    let folder = node.string("folder");
    let git = node.string("git");
    let commit = node.string("commit");
    let uncommitted = node.string("uncommitted");
    node.done();
    match (folder, git) {
        (Some(folder), None) => {
            for stray in [commit, uncommitted].into_iter().flatten() {
                node.source.problem(
                    stray.span,
                    "a folder has no commit",
                    "remove it, or use `git` for `folder`",
                );
            }
            let path = dir.join(&folder.value);
            match fs::canonicalize(&path) {
                Ok(path) if dir.starts_with(&path) => {
                    node.source.problem(
                        folder.span,
                        LEAK,
                        "give a folder beside the task, or one inside of it",
                    );
                    None
                }
                Ok(path) if path.is_dir() => {
                    tree::links_that_leave(&path, &mut node.source.problems.borrow_mut());
                    Some(Repository::Folder { path })
                }
                _absent => {
                    let message = format!("there is no repository folder `{}`", folder.value.escape_debug());
                    node.source.problem(folder.span, message, "give a folder relative to the task directory");
                    None
                }
            }
        }
        (None, Some(git)) => from_git(dir, node, git, commit, uncommitted),
        (None, None) | (Some(_), Some(_)) => {
            node.problem("the repository is neither one folder nor one git location", REPOSITORY);
            None
        }
    }
}

fn from_git(
    dir: &Path,
    node: &Node<'_>,
    git: At<String>,
    commit: Option<At<String>>,
    uncommitted: Option<At<String>>,
) -> Option<Repository> {
    let location = location(dir, node, &git);
    let Some(commit) = commit else {
        node.problem("the base commit is missing", "give `commit` with all its digits");
        return None;
    };
    let hex = commit.value.bytes().all(|b| b.is_ascii_hexdigit());
    if !hex || ![40, 64].contains(&commit.value.len()) {
        let message = format!("`{}` is not a full commit id", commit.value.escape_debug());
        node.source.problem(commit.span, message, "give all 40 (or 64) hexadecimal digits: names can move");
        return None;
    }
    if let Some(Place::Here(path)) = &location {
        if git::lacks(path, &commit.value) {
            let message =
                format!("the base commit {} is not in `{}`", commit.value, git.value.escape_debug());
            node.source.problem(commit.span, message, "fetch it, or give a commit that is there");
            return None;
        }
        if git::holds(path, &commit.value, &dir.join("task.toml")) {
            node.source.problem(
                commit.span,
                LEAK,
                "give an earlier commit, or keep tasks in another repository",
            );
            return None;
        }
    }
    let uncommitted = match uncommitted {
        Some(file) => Some(uncommitted_patch(dir, node, file)?),
        None => None,
    };
    Some(Repository::Git { location: location?.text(), commit: commit.value, uncommitted })
}

enum Place {
    Here(PathBuf),
    Away(String),
}

impl Place {
    fn text(self) -> String {
        match self {
            Place::Here(path) => path.to_string_lossy().into_owned(),
            Place::Away(url) => url,
        }
    }
}

fn location(dir: &Path, node: &Node<'_>, git: &At<String>) -> Option<Place> {
    let text = &git.value;
    if text.starts_with('-') {
        let message = format!("`{}` could be read as an option", text.escape_debug());
        node.source.problem(git.span.clone(), message, "give a folder, a bundle file or a URL");
        return None;
    }
    let ssh = text.split_once(':').is_some_and(|(host, _)| host.contains('@') && !host.contains('/'));
    if text.contains("://") || ssh {
        return Some(Place::Away(text.clone()));
    }
    match fs::canonicalize(dir.join(text)) {
        Ok(path) => Some(Place::Here(path)),
        Err(_) => {
            let message = format!("there is no repository at `{}`", text.escape_debug());
            node.source.problem(git.span.clone(), message, "give a folder, a bundle file or a URL");
            None
        }
    }
}

fn uncommitted_patch(dir: &Path, node: &Node<'_>, file: At<String>) -> Option<String> {
    if let Some(why) = tree::escape(&file.value) {
        let message = format!("`{}` {why}", file.value.escape_debug());
        node.source.problem(file.span, message, "give a diff inside of the task directory");
        return None;
    }
    match fs::read_to_string(dir.join(&file.value)) {
        Ok(text) => Some(text),
        Err(error) => {
            let message = format!("`{}` cannot be read ({error})", file.value.escape_debug());
            node.source.problem(file.span, message, "put the diff there, or remove `uncommitted`");
            None
        }
    }
}

fn digest(dir: &Path, repository: &Repository, problems: &mut Problems) -> Option<Digest> {
    let mut roots = vec![dir];
    match repository {
        Repository::Folder { path } => roots.push(path),
        Repository::Git { .. } => {}
    }
    tree::digest(&roots)
        .map_err(|error| {
            problems.add(dir, format!("cannot be read whole ({error})"), "make every file readable")
        })
        .ok()
}
