//! Reads a folder of tasks.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use fairtrial_domain::id::{SuiteId, TaskId};
use fairtrial_domain::task::Suite;

use crate::node::{Node, Source};
use crate::problem::Problems;
use crate::read;

/// The file that names a suite and orders its tasks; optional.
const SUITE_FILE: &str = "suite.toml";

/// What a suite says about itself.
struct Head {
    id: String,
    title: Option<String>,
    version: String,
    tasks: Option<Vec<String>>,
}

/// Reads the suite in `dir`: a folder of tasks, or the folder of a single task.
///
/// # Errors
/// Every problem of the suite and of all its tasks.
pub fn read_suite(dir: &Path) -> Result<Suite, Problems> {
    let mut problems = Problems::default();
    let Ok(dir) = fs::canonicalize(dir) else {
        problems.add(dir, "there is no such folder", "give the folder of a suite or of a task");
        return Err(problems);
    };
    let name = dir.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let single = dir.join("task.toml").is_file();
    let mut head = Head { id: plain(&name), title: None, version: "0".to_owned(), tasks: None };
    if !single {
        head = from_file(&dir, head, &mut problems);
    }
    let id = SuiteId::parse(&head.id)
        .map_err(|bad| problems.add(&dir.join(SUITE_FILE), bad.to_string(), "give the suite another `id`"))
        .ok();
    let folders = if single { vec![dir.clone()] } else { folders(&dir, head.tasks, &mut problems) };
    if folders.is_empty() && problems.0.is_empty() {
        problems.add(
            &dir,
            "there is no task in this folder",
            "give a folder with tasks, each with a `task.toml`",
        );
    }
    let tasks: Vec<_> = folders.iter().filter_map(|folder| read::collect(folder, &mut problems)).collect();
    match id {
        Some(id) if problems.0.is_empty() => {
            Ok(Suite { title: head.title.unwrap_or(name), id, version: head.version, tasks })
        }
        _broken => Err(problems),
    }
}

/// Makes a suite's id of a folder's name.
fn plain(name: &str) -> String {
    let mut id: String = name
        .to_ascii_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' })
        .take(64)
        .collect();
    if !id.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        id = format!("suite{id}").chars().take(64).collect();
    }
    id
}

fn from_file(dir: &Path, fallback: Head, problems: &mut Problems) -> Head {
    let file = dir.join(SUITE_FILE);
    if !file.exists() {
        return fallback;
    }
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) => {
            problems.add(&file, format!("cannot be read ({error})"), "make it readable, in UTF-8");
            return fallback;
        }
    };
    let found = RefCell::new(std::mem::take(problems));
    let source = Source { file: &file, text: &text, problems: &found };
    let table = source.parse();
    let root = Node::new(source, table.get_ref(), table.span(), String::new());
    let mut seen = BTreeSet::new();
    let mut tasks = None;
    if root.table.contains_key("tasks") {
        let mut list = Vec::new();
        for task in root.strings("tasks") {
            if TaskId::parse(&task.value).is_err() {
                let message = format!("`{}` is not a task's id", task.value.escape_debug());
                source.problem(task.span, message, "name folders of this suite, without any path");
            } else if !seen.insert(task.value.clone()) {
                let message = format!("task id `{}` is listed twice", task.value);
                source.problem(task.span, message, "list each task once");
            } else if !dir.join(&task.value).is_dir() {
                let message = format!("there is no task `{}` in this suite", task.value);
                source.problem(task.span, message, "remove it, or add its folder");
            } else {
                list.push(task.value);
            }
        }
        tasks = Some(list);
    } else {
        root.get("tasks");
    }
    let head = Head {
        id: root.string("id").map_or(fallback.id, |t| t.value),
        title: root.string("title").map(|t| t.value),
        version: root.string("version").map_or(fallback.version, |t| t.value),
        tasks,
    };
    root.done();
    *problems = found.into_inner();
    head
}

fn folders(dir: &Path, listed: Option<Vec<String>>, problems: &mut Problems) -> Vec<PathBuf> {
    let mut present = BTreeSet::new();
    match fs::read_dir(dir) {
        Ok(items) => present
            .extend(items.flatten().map(|item| item.path()).filter(|path| path.join("task.toml").is_file())),
        Err(error) => problems.add(dir, format!("cannot be read ({error})"), "make the folder readable"),
    }
    duplicates(&present, problems);
    match listed {
        Some(names) => names.into_iter().map(|name| dir.join(name)).collect(),
        None => present.into_iter().collect(),
    }
}

/// Reports folders whose names differ only in case: on some disks they are one folder.
fn duplicates(present: &BTreeSet<PathBuf>, problems: &mut Problems) {
    let mut seen = BTreeSet::new();
    for folder in present {
        let name = folder.file_name().map(|n| n.to_string_lossy().to_lowercase()).unwrap_or_default();
        if !seen.insert(name.clone()) {
            problems.add(
                folder,
                format!("task id `{name}` is used twice"),
                "give each task its own folder name",
            );
        }
    }
}
