//! What the assistants changed in a task, aligned over the base.

use std::collections::{BTreeMap, BTreeSet};

use fairtrial_domain::diff::{Columns, Stacked};
use fairtrial_domain::id::{AssistantId, RunId, TaskId, TrialKey};
use fairtrial_domain::outcome::{Outcome, RuleId};
use fairtrial_domain::patch::{FileChange, Patch};
use fairtrial_domain::run::TrialRecord;
use fairtrial_domain::task::Task;
use fairtrial_patch::measure;

use crate::Api;
use crate::base;
use crate::error::ApiError;
use crate::look::{cell_state, task_summary};
use crate::view::{DiffArm, DiffFile, DiffIndex, Touch};

/// The patches of one task and try, in plan order, the reference last where it was asked for.
struct Shown {
    task: Task,
    arms: Vec<(Option<TrialRecord>, String, Patch)>,
}

impl Api {
    /// Returns which files a task's patches touch.
    pub fn diff_index(
        &self,
        run: &RunId,
        task: &TaskId,
        trial: u32,
        reference: bool,
    ) -> Result<DiffIndex, ApiError> {
        let shown = self.shown(run, task, trial, reference)?;
        let facts = self.store.facts(run)?;
        let arms = shown.arms.iter().map(|(record, title, patch)| {
            let counts = measure::counts(patch);
            DiffArm {
                assistant: record.as_ref().map(|record| record.key.assistant.clone()),
                title: title.clone(),
                added: counts.added,
                removed: counts.removed,
                state: record.as_ref().map(cell_state),
                reason: record.as_ref().and_then(reason),
            }
        });
        Ok(DiffIndex {
            task: task_summary(&shown.task, facts.iter().find(|facts| facts.task == *task)),
            trial,
            arms: arms.collect(),
            files: files(&shown.arms.iter().map(|(_, _, patch)| patch).collect::<Vec<_>>()),
        })
    }

    /// Returns one file of all patches over the base.
    pub fn stacked(
        &self,
        run: &RunId,
        task: &TaskId,
        trial: u32,
        path: &str,
        reference: bool,
    ) -> Result<Stacked, ApiError> {
        let shown = self.shown(run, task, trial, reference)?;
        let patches: Vec<&Patch> = shown.arms.iter().map(|(_, _, patch)| patch).collect();
        Ok(fairtrial_patch::stacked_of(path, &patches))
    }

    /// Returns one file of two patches side by side; `None` stands for the reference.
    pub fn columns(
        &self,
        run: &RunId,
        task: &TaskId,
        trial: u32,
        path: &str,
        sides: (Option<&AssistantId>, Option<&AssistantId>),
    ) -> Result<Columns, ApiError> {
        let shown = self.shown(run, task, trial, true)?;
        let side = |who: Option<&AssistantId>| {
            let of =
                |record: &Option<TrialRecord>| record.as_ref().map(|record| record.key.assistant.clone());
            let found = shown.arms.iter().find(|(record, _, _)| of(record).as_ref() == who);
            found.map(|(_, _, patch)| patch).ok_or_else(|| match who {
                Some(assistant) => ApiError::NoTrial {
                    run: run.clone(),
                    key: TrialKey { task: task.clone(), assistant: assistant.clone(), trial },
                },
                None => ApiError::BadRequest(format!("task `{task}` has no reference patch")),
            })
        };
        Ok(fairtrial_patch::columns_of(path, side(sides.0)?, side(sides.1)?))
    }

    fn shown(&self, run: &RunId, id: &TaskId, trial: u32, reference: bool) -> Result<Shown, ApiError> {
        let plan = self.store.run(run)?.record.plan;
        let task = self.store.tasks(run)?.into_iter().find(|task| task.id == *id);
        let task = task.ok_or_else(|| ApiError::BadRequest(format!("run {run} has no task `{id}`")))?;
        let mut arms = vec![];
        for assistant in &plan.assistants {
            let key = TrialKey { task: id.clone(), assistant: assistant.id.clone(), trial };
            if let Some(record) = self.store.trial(run, &key)? {
                let patch = self.patch(&record)?;
                arms.push((Some(record), assistant.title.clone(), patch));
            }
        }
        if reference && let Some(patch) = base::reference(&self.home, &task)? {
            arms.push((None, "reference".to_owned(), patch));
        }
        Ok(Shown { task, arms })
    }
}

/// Returns what set a patch aside, in a few words.
fn reason(record: &TrialRecord) -> Option<String> {
    let Some(Outcome::SetAside { rule, .. }) = &record.outcome else { return None };
    let words = match rule {
        RuleId::ProtectedPath => "edited protected tests",
        RuleId::FewerAssertions => "removed assertions",
        RuleId::WeakenedAssertion => "weakened an assertion",
        RuleId::SkippedTest => "skipped a test",
        RuleId::ForgedResults => "forged results",
        RuleId::SwallowedFailure => "swallowed a failure in a test",
        RuleId::Secret => "put a secret in",
        RuleId::OutsideWrite => "left the workspace",
        RuleId::OracleLiteral => "wrote what a test expects",
        RuleId::EnvironmentSniffing => "asks whether it is tested",
        RuleId::AnswerLookup => "looked the answer up",
        RuleId::ForbiddenPath => "touched a forbidden path",
        RuleId::Licence => "changed a licence",
        RuleId::NewDependency => "added a dependency that is not allowed",
    };
    Some(words.to_owned())
}

/// Returns every file that any patch touches, and how each touches it.
fn files(patches: &[&Patch]) -> Vec<DiffFile> {
    let by_path: Vec<BTreeMap<&str, &FileChange>> = patches
        .iter()
        .map(|patch| patch.files.iter().map(|file| (file.path.as_str(), file)).collect())
        .collect();
    let paths: BTreeSet<&str> = by_path.iter().flat_map(|files| files.keys().copied()).collect();
    let touch = |path: &str, of: usize| {
        let Some(mine) = by_path[of].get(path) else { return Touch::None };
        let others = by_path.iter().enumerate().filter(|(index, _)| *index != of);
        let alike = others.filter_map(|(_, files)| files.get(path)).any(|other| other.after == mine.after);
        if alike { Touch::Same } else { Touch::Own }
    };
    paths
        .into_iter()
        .map(|path| DiffFile {
            path: path.to_owned(),
            touched: (0..patches.len()).map(|of| touch(path, of)).collect(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use fairtrial_domain::patch::{Content, FileMode, Side};

    use super::*;

    fn patch(files: &[(&str, &str)]) -> Patch {
        let change = |(path, text): &(&str, &str)| FileChange {
            path: (*path).to_owned(),
            before: None,
            after: Some(Side { mode: FileMode::Regular, content: Content::Text((*text).to_owned()) }),
        };
        Patch { files: files.iter().map(change).collect(), flags: vec![] }
    }

    #[test]
    fn who_writes_the_same_is_told_from_who_writes_its_own() {
        let (a, b, c) = (patch(&[("x", "1"), ("y", "1")]), patch(&[("x", "1")]), patch(&[("x", "2")]));
        let told: Vec<String> =
            files(&[&a, &b, &c]).iter().map(|file| format!("{} {:?}", file.path, file.touched)).collect();
        assert_eq!(told, ["x [Same, Same, Own]", "y [Own, None, None]"]);
    }
}
