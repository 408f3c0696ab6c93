//! What of a repository steers assistants beside the instruction: looked at once for each task, told for each assistant.
//!
//! **Invariant:** files are looked at as data; no link is followed out of the base.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Component, Path, PathBuf};

use fairtrial_backends::{backend, places};
use fairtrial_cell::tree::{Kind, Node, Stack};
use fairtrial_domain::assistant::{Assistant, BackendKind};
use fairtrial_domain::comparison::Fairness;
use fairtrial_domain::id::{AssistantId, TaskId};
use fairtrial_domain::plan::Plan;
use fairtrial_domain::run::TrialRecord;
use fairtrial_domain::steering::{BaseSteering, Steered, SteeringFile};
use fairtrial_domain::task::{Repository, Task};
use fairtrial_judge::Said;
use fairtrial_patch::Paths;

use crate::home::Home;
use crate::plan::digest;
use crate::{assistants, base, rounds};

/// No more files are listed.
const MOST_FILES: usize = 500;
/// A larger file has no digest.
const MOST_BYTES: u64 = 8 << 20;
/// Names that are looked at before a run; of a larger repository it is known once the run begins.
const CHEAP: u64 = 20_000;
/// Paths that are named in a row of the fairness sheet.
const MOST_NAMED: usize = 5;
/// Folders that hold other people's projects, or none.
const SKIPPED: [&str; 2] = [".git", "node_modules"];

/// Looks at a prepared base; `None` when it cannot be read.
pub(crate) fn of_base(folder: &Path) -> Option<BaseSteering> {
    look(&Stack::of_base(folder), u64::MAX).ok().flatten()
}

/// Looks at what a task's base is made from, where that is cheap; `None` where it is not.
fn before(home: &Home, task: &Task) -> Option<BaseSteering> {
    let folder = base::folder(home, task).ok()?;
    if base::is_ready(&folder) {
        return look(&Stack::of_base(&folder), CHEAP).ok()?;
    }
    match &task.repository {
        // What set-up writes is not there yet.
        _ if !task.setup.is_empty() => None,
        Repository::Folder { path } => look(&Stack::new(vec![path.clone()]), CHEAP).ok()?,
        Repository::Git { uncommitted: Some(_), .. } => None,
        Repository::Git { location, commit, .. } => {
            let names = fairtrial_tasks::names(Path::new(location), commit, CHEAP)?;
            let wanted = wanted(&places());
            let file = |path: String| SteeringFile { path, bytes: 0, digest: None };
            let files = names.into_iter().filter(|name| wanted.has(name)).map(file).collect();
            Some(BaseSteering { files, more: 0 })
        }
    }
}

fn wanted(places: &[impl AsRef<str>]) -> Paths {
    Paths::of(&places.iter().map(|place| place.as_ref().to_owned()).collect::<Vec<_>>())
}

/// Returns the files of a tree that steer some program; `None` when it has more names than `most`.
fn look(tree: &Stack, most: u64) -> io::Result<Option<BaseSteering>> {
    let wanted = wanted(&places());
    let (mut found, mut open, mut names) = (vec![], vec![PathBuf::new()], 0_u64);
    while let Some(folder) = open.pop() {
        for name in tree.names(&folder)? {
            names += 1;
            if names > most {
                return Ok(None);
            }
            if SKIPPED.iter().any(|skipped| name == *skipped) {
                continue;
            }
            let path = folder.join(name);
            let Some(node) = tree.node(&path)? else { continue };
            match node.kind {
                Kind::Dir => open.push(path),
                Kind::File | Kind::Link => {
                    if let Some(text) = path.to_str().filter(|text| wanted.has(text)) {
                        found.push((text.to_owned(), node));
                    }
                }
                Kind::Whiteout | Kind::Special => {}
            }
        }
    }
    found.sort_by(|one, other| one.0.cmp(&other.0));
    let more = found.len().saturating_sub(MOST_FILES) as u64;
    let files = found.into_iter().take(MOST_FILES).map(|(path, node)| file(tree, path, &node)).collect();
    Ok(Some(BaseSteering { files, more }))
}

fn file(tree: &Stack, path: String, node: &Node) -> SteeringFile {
    let at = match node.kind {
        Kind::Link => led_to(&path, &node.path).unwrap_or_else(|| PathBuf::from(&path)),
        Kind::File | Kind::Dir | Kind::Whiteout | Kind::Special => PathBuf::from(&path),
    };
    let size = || tree.node(&at).ok().flatten().map_or(0, |node| node.meta.len());
    match tree.bytes(&at, MOST_BYTES).ok().flatten() {
        Some(bytes) => SteeringFile { path, bytes: bytes.len() as u64, digest: Some(digest(&bytes)) },
        None => SteeringFile { bytes: size(), path, digest: None },
    }
}

/// Returns where a link leads in its own tree; `None` when it leads out of it.
fn led_to(path: &str, link: &Path) -> Option<PathBuf> {
    let target = std::fs::read_link(link).ok()?;
    let mut to = Path::new(path).parent()?.to_path_buf();
    for part in target.components() {
        match part {
            Component::Normal(name) => to.push(name),
            Component::CurDir => {}
            Component::ParentDir => {
                if !to.pop() {
                    return None;
                }
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(to)
}

/// Returns those files of a base that some program reads as instructions.
pub(crate) fn instruction_files(found: Option<&BaseSteering>) -> Vec<String> {
    let Some(found) = found else { return vec![] };
    let of = |kind: BackendKind| {
        let any = Assistant::new(AssistantId::parse("any").ok()?, "", kind);
        backend(kind).steering(&any, Some("999.0"))
    };
    let read: Vec<&str> =
        BackendKind::ALL.into_iter().filter_map(of).flat_map(|one| one.instructions.concat()).collect();
    let read = wanted(&read);
    found.files.iter().map(|file| file.path.clone()).filter(|path| read.has(path)).collect()
}

/// Returns what steers an assistant over a base; `None` where its program's rules or the base are not known.
pub(crate) fn steered(
    assistant: &Assistant,
    version: Option<&str>,
    found: Option<&BaseSteering>,
) -> Option<Steered> {
    let rules = backend(assistant.backend).steering(assistant, version)?;
    let files = &found?.files;
    let among = |places: &[&str]| -> Vec<String> {
        let wanted = wanted(places);
        files.iter().map(|file| file.path.clone()).filter(|path| wanted.has(path)).collect()
    };
    // Of a group the first that is there.
    let first = |group: &&[&str]| {
        group.iter().map(|place| among(&[place])).find(|found| !found.is_empty()).unwrap_or_default()
    };
    let instructions: BTreeSet<String> = rules.instructions.iter().flat_map(first).collect();
    let extensions = among(rules.extensions).into_iter().filter(|path| !instructions.contains(path));
    Some(Steered {
        places: rules.instructions.concat().into_iter().map(str::to_owned).collect(),
        extensions: extensions.collect(),
        instructions: instructions.into_iter().collect(),
        arguments: rules.turned_on(assistant).into_iter().map(str::to_owned).collect(),
    })
}

/// What steers each assistant, task by task; `None` for a task that was not looked at.
pub(crate) struct Sheet {
    of: BTreeMap<AssistantId, Vec<Option<Steered>>>,
    /// Whether every task was looked at and nobody reads a file of instructions, not even a user's own.
    nobody: bool,
    /// Whether a run began: what was not looked at then, in older runs, stays unknown.
    begun: bool,
}

impl Sheet {
    /// Reads it from trials.
    pub(crate) fn after(assistants: &[Assistant], trials: &[TrialRecord]) -> Sheet {
        let tasks = |one: &Assistant| {
            let mine = trials.iter().filter(|trial| trial.key.assistant == one.id);
            let by_task: BTreeMap<&TaskId, &TrialRecord> =
                mine.map(|trial| (&trial.key.task, trial)).collect();
            by_task.into_values().map(|trial| trial.steered.as_deref().cloned()).collect()
        };
        Sheet { begun: true, ..Sheet::new(assistants, tasks) }
    }

    /// Foretells it, as far as repositories can be read cheaply.
    pub(crate) fn before(home: &Home, assistants: &[Assistant], tasks: &[Task]) -> Sheet {
        // Tasks of one suite often share what they start from.
        let mut looked: BTreeMap<String, Option<BaseSteering>> = BTreeMap::new();
        let mut all = vec![];
        for task in tasks {
            let name =
                base::folder(home, task).map(|folder| folder.display().to_string()).unwrap_or_default();
            all.push(looked.entry(name).or_insert_with(|| before(home, task)).clone());
        }
        let version = |one: &Assistant| one.version.clone().or_else(|| assistants::status(home, one).version);
        Sheet::new(assistants, |one| {
            let version = version(one);
            all.iter().map(|found| steered(one, version.as_deref(), found.as_ref())).collect()
        })
    }

    fn new(assistants: &[Assistant], tasks: impl Fn(&Assistant) -> Vec<Option<Steered>>) -> Sheet {
        let of: BTreeMap<AssistantId, Vec<Option<Steered>>> =
            assistants.iter().map(|one| (one.id.clone(), tasks(one))).collect();
        let reads_nothing =
            |one: &Option<Steered>| one.as_ref().is_some_and(|one| one.instructions.is_empty());
        let known = |one: &&Assistant| backend(one.backend).steering(one, None).is_some();
        let nobody = assistants.iter().filter(known).all(|one| {
            one.own_login.is_none()
                && of.get(&one.id).is_some_and(|tasks| !tasks.is_empty() && tasks.iter().all(reads_nothing))
        });
        Sheet { of, nobody, begun: false }
    }

    /// Returns in what these assistants differ beside themselves.
    pub(crate) fn fairness(
        &self,
        plan: &Plan,
        assistants: &[Assistant],
        trials: &[TrialRecord],
    ) -> Vec<Fairness> {
        fairtrial_judge::fairness(assistants, trials, &|one| Said {
            rounds: Some(rounds::allowed(plan, one)),
            ..self.said(one).unwrap_or_default()
        })
    }

    /// Returns what steers an assistant, in words; `None` where its program's rules are not known.
    fn said(&self, one: &Assistant) -> Option<Said> {
        let rules = backend(one.backend).steering(one, None)?;
        let tasks = self.of.get(&one.id)?;
        if self.begun && tasks.iter().all(Option::is_none) {
            return None;
        }
        let stored = tasks.iter().flatten().next().map(|one| one.places.join(", "));
        let places = stored.unwrap_or_else(|| rules.instructions.concat().join(", "));
        let instructions = match self.nobody {
            true => "none is there that it reads".to_owned(),
            false => instructions(one, &places, tasks),
        };
        let extensions = extensions(one, &rules.turned_on(one), tasks, rules.extensions.is_empty());
        Some(Said { rounds: None, instructions: Some(instructions), extensions: Some(extensions) })
    }
}

fn instructions(one: &Assistant, places: &str, tasks: &[Option<Steered>]) -> String {
    let own = if one.own_login.is_some() { "; and its user's own" } else { "" };
    if places.is_empty() {
        return format!("reads none{own}");
    }
    match listed(tasks, |one| &one.instructions) {
        None => format!("reads {places}{own}; what is there is known once the base is prepared"),
        Some(found) => format!("finds {found} (reads {places}){own}"),
    }
}

fn extensions(one: &Assistant, arguments: &[&str], tasks: &[Option<Steered>], takes_none: bool) -> String {
    let mut parts = vec![];
    if let Some(own) = &one.own_login {
        parts.push(format!("whatever its user's own {} turn on", own.places.join(", ")));
    }
    if !arguments.is_empty() {
        parts.push(format!("by its arguments {}", arguments.join(", ")));
    }
    match listed(tasks, |one| &one.extensions) {
        None if !takes_none => parts.push("the repository's are known once the base is prepared".to_owned()),
        Some(found) if found != "none" => parts.push(format!("from the repository {found}")),
        None | Some(_) => {}
    }
    if parts.is_empty() { "none".to_owned() } else { parts.join("; ") }
}

/// Names files with the share of tasks that have them; `None` when no task was looked at.
fn listed(tasks: &[Option<Steered>], of: impl Fn(&Steered) -> &Vec<String>) -> Option<String> {
    let looked: Vec<&Steered> = tasks.iter().flatten().collect();
    if looked.is_empty() {
        return None;
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for path in looked.iter().flat_map(|one| of(one)) {
        *counts.entry(path).or_default() += 1;
    }
    let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, tasks)| std::cmp::Reverse(*tasks));
    let share = |(path, n): &(&str, usize)| match *n == looked.len() {
        true => (*path).to_owned(),
        false => format!("{path} ({n} of {} tasks)", looked.len()),
    };
    let mut named: Vec<String> = counts.iter().take(MOST_NAMED).map(share).collect();
    if counts.len() > MOST_NAMED {
        named.push(format!("{} more", counts.len() - MOST_NAMED));
    }
    let named = if named.is_empty() { "none".to_owned() } else { named.join(", ") };
    let unseen = tasks.len() - looked.len();
    Some(if unseen > 0 {
        format!("{named}, and {unseen} of {} tasks are not known", tasks.len())
    } else {
        named
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    fn tree(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file).unwrap();
        }
        folder
    }

    fn looked(folder: &Path) -> BaseSteering {
        look(&Stack::new(vec![folder.to_path_buf()]), u64::MAX).unwrap().unwrap()
    }

    fn paths(found: &BaseSteering) -> Vec<&str> {
        found.files.iter().map(|file| file.path.as_str()).collect()
    }

    fn assistant(kind: BackendKind) -> Assistant {
        let name = serde_json::to_value(kind).unwrap().as_str().unwrap().replace('_', "-");
        Assistant::new(AssistantId::parse(&name).unwrap(), "", kind)
    }

    fn sheet(kinds: &[BackendKind], tasks: &[Option<BaseSteering>]) -> Vec<(String, String)> {
        let all: Vec<Assistant> = kinds.iter().copied().map(assistant).collect();
        let of = |one: &Assistant| tasks.iter().map(|found| steered(one, None, found.as_ref())).collect();
        let sheet = Sheet::new(&all, of);
        let said = |one: &Assistant| {
            let said = sheet.said(one).unwrap_or_default();
            let or = |text: Option<String>| text.unwrap_or_else(|| "?".to_owned());
            (or(said.instructions), or(said.extensions))
        };
        all.iter().map(said).collect()
    }

    #[test]
    fn what_steers_programs_is_found_with_size_and_digest_and_nothing_else_is() {
        let folder = tree(&[
            "AGENTS.md",
            "src/deep/CLAUDE.md",
            ".kiro/steering/style.md",
            ".cursor/rules/a.mdc",
            "README.md",
            "node_modules/x/AGENTS.md",
            ".git/AGENTS.md",
        ]);
        symlink("AGENTS.md", folder.path().join("CLAUDE.md")).unwrap();
        symlink("/etc/passwd", folder.path().join("GEMINI.md")).unwrap();
        let found = looked(folder.path());
        assert_eq!(
            paths(&found),
            [
                ".cursor/rules/a.mdc",
                ".kiro/steering/style.md",
                "AGENTS.md",
                "CLAUDE.md",
                "GEMINI.md",
                "src/deep/CLAUDE.md"
            ]
        );
        let by = |path: &str| found.files.iter().find(|file| file.path == path).unwrap();
        assert_eq!((by("AGENTS.md").bytes, &by("AGENTS.md").digest), (9, &Some(digest(b"AGENTS.md"))));
        assert_eq!(by("CLAUDE.md").digest, by("AGENTS.md").digest, "a link is what it leads to");
        assert_eq!(by("GEMINI.md").digest, None, "no link is followed out");
        assert_eq!(look(&Stack::new(vec![folder.path().to_path_buf()]), 3).unwrap(), None);
    }

    #[test]
    fn of_alternatives_the_first_that_is_there_is_read() {
        let read = |kind, files: &[&str]| {
            let folder = tree(files);
            steered(&assistant(kind), None, Some(&looked(folder.path()))).unwrap().instructions
        };
        assert_eq!(read(BackendKind::Pi, &["AGENTS.md", "CLAUDE.md"]), ["AGENTS.md"]);
        assert_eq!(read(BackendKind::Pi, &["CLAUDE.md"]), ["CLAUDE.md"]);
        assert_eq!(read(BackendKind::ClaudeCode, &["AGENTS.md"]), Vec::<String>::new());
    }

    #[test]
    fn the_sheet_tells_who_reads_what_and_who_finds_nothing() {
        let kinds = [BackendKind::ClaudeCode, BackendKind::Codex, BackendKind::Sample, BackendKind::Command];
        let folder = tree(&["CLAUDE.md", ".mcp.json"]);
        let one = Some(looked(folder.path()));
        let none = Some(BaseSteering::default());
        let said = sheet(&kinds, &[one.clone(), none.clone()]);
        let places = "**/CLAUDE.md, **/CLAUDE.local.md, **/.claude/rules/**/*.md";
        assert_eq!(said[0].0, format!("finds CLAUDE.md (1 of 2 tasks) (reads {places})"));
        assert_eq!(said[0].1, "from the repository .mcp.json (1 of 2 tasks)");
        assert_eq!(said[1].0, "finds none (reads AGENTS.override.md, AGENTS.md)");
        assert_eq!((said[1].1.as_str(), said[2].0.as_str()), ("none", "reads none"));
        assert_eq!(said[3], ("?".to_owned(), "?".to_owned()), "of a command nothing is known");
        // Where nobody reads anything there is no difference to object to.
        let said = sheet(&kinds[..3], &[none]);
        assert!(
            said.iter().all(|(instructions, _)| instructions == "none is there that it reads"),
            "{said:?}"
        );
        let said = sheet(&kinds[1..3], &[None]);
        assert_eq!(
            said[0].0,
            "reads AGENTS.override.md, AGENTS.md; what is there is known once the base is prepared"
        );
        assert_eq!(said[1], ("reads none".to_owned(), "none".to_owned()));
    }

    #[test]
    fn a_login_brings_its_own_and_says_so() {
        let login = fairtrial_domain::assistant::OwnLogin {
            places: vec!["~/.claude".to_owned()],
            sealed: vec![],
            credentials: vec![],
        };
        let one = Assistant { own_login: Some(login), ..assistant(BackendKind::ClaudeCode) };
        let none = BaseSteering::default();
        let sheet = Sheet::new(std::slice::from_ref(&one), |one| vec![steered(one, None, Some(&none))]);
        let said = sheet.said(&one).unwrap();
        assert!(said.instructions.unwrap().ends_with("; and its user's own"));
        assert_eq!(said.extensions.unwrap(), "whatever its user's own ~/.claude turn on");
    }

    #[test]
    fn of_an_older_run_nothing_is_claimed_afterwards() {
        let one = assistant(BackendKind::Codex);
        let after = |tasks: Vec<Option<Steered>>| {
            let all = std::slice::from_ref(&one);
            let sheet = Sheet { begun: true, ..Sheet::new(all, |_| tasks.clone()) };
            sheet.said(&one).and_then(|said| said.instructions)
        };
        assert_eq!((after(vec![]), after(vec![None])), (None, None));
        assert!(after(vec![Some(Steered::default())]).is_some());
    }
}
