//! Runs set-up and checks of a suite on its untouched bases, before any money is spent, and says what they lack.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fairtrial_domain::patch::Patch;
use fairtrial_domain::preflight::Preflight;
use fairtrial_domain::task::{CheckKind, Network, Task};
use fairtrial_domain::verdict::{Verdict, VerdictStatus};
use fairtrial_runner::machine;
use fairtrial_runner::needs::{Machine, Need, lines, needs};

use crate::Api;
use crate::assistants::on_path;
use crate::audit::cells::{Cells, Lost};
use crate::error::ApiError;
use crate::plan;
use crate::runs::blocking;

/// Checks run no model and hold little memory.
const MEMORY_PER_CELL: u64 = 256 << 20;
/// Files and folders that are looked at in a folder, and names that are told.
const MOST_LOOKS: usize = 20_000;
const MOST_NAMES: usize = 5;
/// Names of files that mostly hold passwords, keys or tokens.
const SECRET: [&str; 14] = [
    "auth",
    "credential",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
    "id_rsa",
    "key",
    "netrc",
    "npmrc",
    "passw",
    "secret",
    "settings-security",
    "token",
    ".pem",
];

impl Api {
    /// Runs set-up and checks of every task of a suite on its untouched base, in cells, and says what they lack.
    ///
    /// # Errors
    /// When the suite cannot be read, or no cell can be started.
    pub async fn preflight(self: &Arc<Self>, suite: &str) -> Result<Vec<Preflight>, ApiError> {
        let (api, name) = (Arc::clone(self), suite.to_owned());
        let (suite, scratch) = blocking(move || Ok((plan::suite(&api.home, &name)?, api.scratch()?))).await?;
        let jobs = machine::default_jobs(MEMORY_PER_CELL).max(1);
        let cells = Arc::new(Cells::new(self.home.clone(), self.launcher()?, &scratch, jobs));
        let mut at_work = tokio::task::JoinSet::new();
        let mut found: Vec<Option<Preflight>> = vec![None; suite.tasks.len()];
        for (index, task) in suite.tasks.into_iter().enumerate() {
            let cells = Arc::clone(&cells);
            at_work.spawn(async move { (index, look(&cells, task).await) });
        }
        while let Some(ended) = at_work.join_next().await {
            let (index, one) = ended.map_err(|error| ApiError::Internal(error.to_string()))?;
            found[index] = Some(one);
        }
        drop(scratch);
        Ok(found.into_iter().flatten().collect())
    }
}

/// Tries set-up and checks. What fails is taken out and the rest is tried, so that all that is missing is named at once.
async fn look(cells: &Arc<Cells>, task: Task) -> Preflight {
    let (mut problems, mut wanted) = (vec![], BTreeSet::new());
    let mut tried = task.clone();
    if tried.network == Network::None {
        // Nothing is let through, but whom set-up asked for is told by name.
        tried.network = Network::Allow(vec![]);
    }
    let verdicts = loop {
        let now = Arc::new(tried.clone());
        let ended = match cells.base(&now).await {
            Ok(()) => cells.repeatedly(&now, "untouched", &Patch::default(), 1).await,
            Err(lost) => Err(lost),
        };
        match ended {
            Ok(grades) => break grades.into_iter().flat_map(|grade| grade.verdicts).collect(),
            Err(Lost(why)) => {
                wanted.extend(needs(&why));
                let goes_on = leave_out(&mut tried, &why);
                problems.push(why);
                if !goes_on {
                    break Vec::new();
                }
            }
        }
    };
    for verdict in verdicts.iter().filter(|verdict| !verdict.status.passed()) {
        let lacks = needs(&verdict.output);
        problems.extend(problem(verdict, &lacks));
        wanted.extend(lacks);
    }
    let allow = blocking(move || Ok((lines(&task, &wanted, &Here), task.id))).await;
    match allow {
        Ok((allow, task)) => Preflight { task, problems, allow },
        Err(error) => {
            problems.push(error.to_string());
            Preflight { task: tried.id, problems, allow: vec![] }
        }
    }
}

/// Takes the set-up command or the program that a cell's reason names out of a task; false when it names none.
fn leave_out(task: &mut Task, why: &str) -> bool {
    let (commands, programs) = (task.setup.len(), task.requires.len());
    match task.setup.iter().position(|one| why.contains(&format!("the set-up command `{}`", one.run))) {
        Some(at) => drop(task.setup.remove(at)),
        None => task.requires.retain(|name| !why.contains(&format!("`{name}` is not on the PATH"))),
    }
    (commands, programs) != (task.setup.len(), task.requires.len())
}

/// Says what is wrong with a verdict on the untouched base, beyond that a deciding check fails there.
fn problem(verdict: &Verdict, lacks: &BTreeSet<Need>) -> Option<String> {
    let check = &verdict.check;
    let decides = verdict.kind == CheckKind::FailToPass;
    match &verdict.status {
        VerdictStatus::Failed | VerdictStatus::Invalid { .. } if !lacks.is_empty() => {
            Some(format!("check `{check}` fails for want of something, and not for what the task is about"))
        }
        VerdictStatus::TimedOut => Some(format!("check `{check}` did not end within its limit")),
        VerdictStatus::Failed if !decides => Some(format!("check `{check}` fails on the untouched base")),
        VerdictStatus::Invalid { reason } if !decides => {
            Some(format!("check `{check}` shows nothing on the untouched base: {reason}"))
        }
        VerdictStatus::Passed | VerdictStatus::Failed | VerdictStatus::Invalid { .. } => None,
    }
}

/// This machine.
struct Here;

impl Machine for Here {
    fn has_program(&self, name: &str) -> bool {
        on_path(name).is_some()
    }

    fn shown_by(&self, path: &str) -> Option<String> {
        let at = match path.strip_prefix("~/") {
            Some(rest) => std::env::home_dir()?.join(rest),
            None => PathBuf::from(path),
        };
        let found = fs::metadata(&at).ok()?;
        Some(if found.is_dir() { folder(&at) } else { format!("this one file of {} bytes", found.len()) })
    }
}

/// Says how much lies in a folder, and what of it looks like a secret by its name.
fn folder(top: &Path) -> String {
    let (mut files, mut secrets, mut open) = (0, vec![], vec![top.to_owned()]);
    let (mut looks, mut closed) = (0, 0);
    'all: while let Some(entry) = open.pop() {
        let Ok(entries) = fs::read_dir(entry) else {
            closed += 1;
            continue;
        };
        for entry in entries.flatten() {
            if looks == MOST_LOOKS {
                break 'all;
            }
            looks += 1;
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                open.push(entry.path());
                continue;
            }
            files += 1;
            let name = entry.file_name().to_string_lossy().to_lowercase();
            if SECRET.iter().any(|word| name.contains(word)) {
                secrets.push(entry.path().strip_prefix(top).unwrap_or(top).display().to_string());
            }
        }
    }
    secrets.sort();
    let more = if looks == MOST_LOOKS { "at least " } else { "" };
    let mut said = format!("all of it: {more}{files} {}", if files == 1 { "file" } else { "files" });
    match secrets.len() {
        0 => said.push_str(", none of which looks like a secret by its name"),
        n => {
            let rest = n.saturating_sub(MOST_NAMES);
            secrets.truncate(MOST_NAMES);
            said.push_str(&format!(", of which these look like secrets: {}", secrets.join(", ")));
            if rest > 0 {
                said.push_str(&format!(" and {rest} more"));
            }
        }
    }
    if closed > 0 {
        said.push_str(&format!("; folders that could not be looked into: {closed}"));
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_folder_would_give_away_is_counted_with_what_cannot_be_seen() {
        let dir = tempfile::tempdir().unwrap();
        let put = |name: &str| fs::write(dir.path().join(name), "").unwrap();
        fs::create_dir(dir.path().join("inner")).unwrap();
        put("a.txt");
        put("inner/deploy_key.pem");
        assert_eq!(
            folder(dir.path()),
            "all of it: 2 files, of which these look like secrets: inner/deploy_key.pem"
        );
        let none = dir.path().join("none");
        assert_eq!(
            folder(&none),
            "all of it: 0 files, none of which looks like a secret by its name; folders that could not be looked into: 1"
        );
    }
}
