//! What a run needs from its surroundings: writes bundles, scores what comes back, stores it, tells it.
//!
//! **Invariant:** hidden checks and the reference are written to a bundle only after the attempt's assistant ended, and
//! are gone from it before that trial's assistant works again.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use fairtrial_domain::assistant::Assistant;
use fairtrial_domain::bundle::{BUNDLE_FILE, Bundle, GradeBundle, PATCH_FILE, WorkBundle};
use fairtrial_domain::id::{AssistantId, RunId, TaskId, TrialKey};
use fairtrial_domain::outcome::Ending;
use fairtrial_domain::patch::Patch;
use fairtrial_domain::plan::Plan;
use fairtrial_domain::run::{RunEvent, TaskFacts, Validity};
use fairtrial_domain::task::{Limits, Task};
use fairtrial_domain::usage::{Cost, CostSource, Usage};
use fairtrial_runner::harvest::Left;
use fairtrial_runner::launch;
use fairtrial_runner::prepare::{PrepareStep, Prepared};
use fairtrial_runner::result::{Round, WorkResult};
use fairtrial_runner::steps::{After, PreparedCell, StepError, Steps};
use fairtrial_store::{Loss, Lost, Store};

use crate::assistants::{self, Ready};
use crate::audit;
use crate::base;
use crate::error::{ApiError, describe};
use crate::home::Home;
use crate::live::Board;
use crate::record;
use crate::runs::GRACE;
use crate::steering;
use crate::upkeep;

/// What is told live is cut here, in bytes; the journal keeps it whole.
const MOST_LIVE_TEXT: usize = 4 << 10;

/// Everything that one run's trials share.
pub(crate) struct Surroundings {
    pub(crate) home: Home,
    pub(crate) store: Arc<Store>,
    pub(crate) run: RunId,
    pub(crate) plan: Plan,
    pub(crate) tasks: BTreeMap<TaskId, Task>,
    pub(crate) programs: BTreeMap<AssistantId, Ready>,
    pub(crate) board: Arc<Board>,
    /// What the checks find on each untouched base, once known.
    pub(crate) facts: Mutex<BTreeMap<TaskId, TaskFacts>>,
}

impl Surroundings {
    fn task(&self, id: &TaskId) -> Result<&Task, StepError> {
        self.tasks.get(id).ok_or_else(|| here(format!("task `{id}` is not in the stored plan")))
    }

    fn assistant(&self, id: &AssistantId) -> Result<&Assistant, StepError> {
        let found = self.plan.assistants.iter().find(|one| one.id == *id);
        found.ok_or_else(|| here(format!("assistant `{id}` is not in the stored plan")))
    }

    /// Returns the folder of one attempt; `work` and `grade` lie in it.
    pub(crate) fn attempt_dir(&self, key: &TrialKey, attempt: u32) -> PathBuf {
        self.trial_dir(key).join(format!("attempt-{attempt}"))
    }

    fn trial_dir(&self, key: &TrialKey) -> PathBuf {
        let trials = self.store.run_dir(&self.run).join("trials");
        trials.join(key.task.as_str()).join(key.assistant.as_str()).join(key.trial.to_string())
    }

    fn task_dir(&self, task: &TaskId, step: &str) -> PathBuf {
        self.store.run_dir(&self.run).join("tasks").join(task.as_str()).join(step)
    }

    /// Returns a new marker of one cell's processes. These see it in their environment, so that it does not say whose
    /// trial it is, and cannot be guessed back.
    fn marker(&self, key: &TrialKey) -> String {
        format!("{}/{:016x}", self.run, RandomState::new().hash_one(key))
    }

    /// Returns the facts of a task that was prepared.
    fn known(&self, task: &TaskId) -> Option<TaskFacts> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner).get(task).cloned()
    }

    /// Gives an attempt up that a person stopped: the trial waits for the run to be resumed. Work that is whole stays
    /// where it is, to be graded then.
    fn stopped(&self, key: &TrialKey, attempt: u32, work: &WorkResult) -> Result<(), StepError> {
        let dir = self.attempt_dir(key, attempt);
        let left = Left::of(&dir.join("work"), &dir.join("grade"), &self.later_rounds(key, attempt));
        let reason = match left.lost() {
            None => "it was stopped after its work, which is kept",
            Some(_) => {
                let reason = "it was stopped";
                let usd = work.cost.as_ref().map(|cost| cost.usd);
                self.lose(key, attempt, Lost { loss: Loss::Interrupted, reason, usd })?;
                remove(&self.trial_dir(key));
                reason
            }
        };
        self.board.tell(RunEvent::AttemptLost { key: key.clone(), reason: reason.to_owned() });
        Ok(())
    }

    /// Returns the bounds of a trial's next round: its task's, and what is left of its plan's on requests where that is
    /// less.
    fn limits(&self, task: &Task, before: &[Round]) -> Limits {
        let bounds = [task.limits.requests, self.requests_left(before)];
        Limits { requests: bounds.into_iter().flatten().min(), ..task.limits.clone() }
    }

    fn lose(&self, key: &TrialKey, attempt: u32, lost: Lost<'_>) -> Result<(), StepError> {
        self.store.lose_attempt(&self.run, key, attempt, lost, unix()).map_err(stuck)
    }

    fn grade_of(&self, task: &Task, patch: Patch, marker: String) -> Result<GradeBundle, StepError> {
        base::grade_bundle(&self.home, task, patch, marker, self.plan.tier).map_err(failed)
    }
}

impl Steps for Surroundings {
    fn prepare_cell(&self, id: &TaskId, step: PrepareStep) -> Result<Option<PreparedCell>, StepError> {
        let task = self.task(id)?;
        if self.known(id).is_some() && base::is_ready(&base::folder(&self.home, task).map_err(failed)?) {
            return Ok(None);
        }
        let (name, bundle) = match step {
            PrepareStep::Base => {
                let target = base::folder(&self.home, task).map_err(failed)?;
                if base::is_ready(&target) {
                    upkeep::mark_used(&target);
                    return Ok(None);
                }
                ("base", Bundle::Base(base::base_bundle(&self.home, task).map_err(failed)?))
            }
            PrepareStep::Untouched => {
                let marker = format!("{}/{id}/untouched", self.run);
                ("untouched", Bundle::Grade(self.grade_of(task, Patch::default(), marker)?))
            }
            PrepareStep::Reference => {
                let Some(patch) = base::reference(&self.home, task).map_err(failed)? else { return Ok(None) };
                let marker = format!("{}/{id}/reference", self.run);
                ("reference", Bundle::Grade(self.grade_of(task, patch, marker)?))
            }
        };
        let dir = self.task_dir(id, name);
        write_bundle(&dir, &bundle)?;
        Ok(Some(PreparedCell::without_secrets(dir)))
    }

    fn task_prepared(&self, id: &TaskId, prepared: Prepared) -> Result<Validity, StepError> {
        if let Some(known) = self.known(id) {
            return Ok(known.validity);
        }
        let task = self.task(id)?;
        let untouched = prepared.untouched.map(|grade| grade.verdicts).unwrap_or_default();
        let reference = prepared.reference.map(|grade| grade.verdicts);
        let audit = audit::stored(&self.store, task).map_err(failed)?.map(Box::new);
        let validity = audit::validity(task, &untouched, reference.as_deref(), audit.as_deref());
        let steering = steering::of_base(&base::folder(&self.home, task).map_err(failed)?).map(Box::new);
        let facts = TaskFacts {
            task: id.clone(),
            base: untouched,
            reference,
            validity: validity.clone(),
            audit,
            steering,
        };
        self.store.put_facts(&self.run, &facts).map_err(stuck)?;
        self.facts.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), facts);
        remove(&self.store.run_dir(&self.run).join("tasks").join(id.as_str()));
        Ok(validity)
    }

    fn attempt_started(&self, key: &TrialKey, attempt: u32) -> Result<(), StepError> {
        let dir = self.attempt_dir(key, attempt);
        self.store.start_attempt(&self.run, key, attempt, &dir, unix()).map_err(stuck)
    }

    fn work_bundle(&self, key: &TrialKey, attempt: u32, before: &[Round]) -> Result<PreparedCell, StepError> {
        let task = self.task(&key.task)?;
        let assistant = self.assistant(&key.assistant)?;
        let program = self.programs.get(&key.assistant);
        let program = program.ok_or_else(|| here(format!("{} has no program here", assistant.title)))?;
        let secrets = assistants::secrets(assistant).map_err(failed)?;
        unshow(&self.trial_dir(key))?;
        let round = u32::try_from(before.len()).unwrap_or(u32::MAX).saturating_add(1);
        let facts = self.known(&key.task);
        let again = self.again((task, assistant, facts.as_ref()), key, attempt, before)?;
        let found = facts.and_then(|facts| facts.steering);
        let (told, goes_on) = again.unzip();
        let bundle = WorkBundle {
            marker: self.marker(key),
            base: base::folder(&self.home, task).map_err(failed)?,
            instruction: told.unwrap_or_else(|| task.instruction.clone()),
            assistant: assistant.clone(),
            program: program.program.clone(),
            env: assistants::passed(assistant),
            limits: self.limits(task, before),
            requires: task.requires.clone(),
            readable: task.readable.clone(),
            tier: self.plan.tier,
            meter: crate::recording::order(self, key, attempt, assistant)?,
            instruction_files: steering::instruction_files(found.as_deref()),
            keep: self.keeps(assistant, round),
            goes_on,
        };
        let dir = self.round_dir(key, attempt, round, "work");
        write_bundle(&dir, &Bundle::Work(bundle))?;
        Ok(PreparedCell { dir, secrets })
    }

    fn grade_bundle(
        &self,
        key: &TrialKey,
        attempt: u32,
        round: u32,
        work: &WorkResult,
    ) -> Result<Option<PreparedCell>, StepError> {
        let task = self.task(&key.task)?;
        if work.patch.is_none() || task.checks.is_empty() {
            return Ok(None);
        }
        let (patch, _) = read_patch(&work.dir).map_err(failed)?;
        if patch.is_empty() {
            return Ok(None);
        }
        let dir = self.round_dir(key, attempt, round, "grade");
        write_bundle(&dir, &Bundle::Grade(self.grade_of(task, patch, self.marker(key))?))?;
        Ok(Some(PreparedCell::without_secrets(dir)))
    }

    fn after(&self, key: &TrialKey, attempt: u32, rounds: &[Round]) -> Result<After, StepError> {
        let (task, assistant) = (self.task(&key.task)?, self.assistant(&key.assistant)?);
        self.what_follows((task, assistant, self.known(&key.task).as_ref()), key, attempt, rounds)
    }

    fn priced(&self, key: &TrialKey, usage: &Usage) -> Option<Cost> {
        let price = self.assistant(&key.assistant).ok()?.price.as_ref()?;
        Some(Cost { usd: usage.priced(price)?, source: CostSource::Priced })
    }

    fn attempt_lost(&self, key: &TrialKey, attempt: u32, work: &WorkResult) -> Result<(), StepError> {
        let reason = work.fault().unwrap_or("it was lost");
        let usd = work.cost.as_ref().map(|cost| cost.usd);
        self.lose(key, attempt, Lost { loss: Loss::Fault, reason, usd })
    }

    fn finished(
        &self,
        key: &TrialKey,
        attempts: u32,
        rounds: Vec<Round>,
        no_more: Option<String>,
    ) -> Result<(), StepError> {
        if let Some(last) = rounds.last().filter(|last| last.work.ending == Ending::Cancelled)
            && attempts > 0
        {
            return self.stopped(key, attempts, &last.work);
        }
        let task = self.task(&key.task)?;
        let assistant = self.assistant(&key.assistant)?;
        let facts = self.known(&key.task);
        let record =
            record::record(self, task, assistant, record::Ended { key, attempts, rounds, no_more, facts })
                .map_err(failed)?;
        self.store.finish_trial(&self.run, &record, unix()).map_err(stuck)?;
        remove(&self.trial_dir(key));
        self.told(RunEvent::TrialFinished { trial: Box::new(record) });
        Ok(())
    }

    fn told(&self, event: RunEvent) {
        if let RunEvent::TrialEvent { key, at_ms, kind } = event {
            let kind = crate::trials::visible(kind, MOST_LIVE_TEXT);
            return self.board.tell(RunEvent::TrialEvent { key, at_ms, kind });
        }
        self.board.tell(event);
    }
}

/// Reads the patch that a work cell left in its bundle, and its text.
pub(crate) fn read_patch(dir: &Path) -> Result<(Patch, Vec<u8>), ApiError> {
    let path = dir.join(PATCH_FILE);
    let text = fs::read(&path).map_err(ApiError::access("read", &path))?;
    Ok((serde_json::from_slice(&text)?, text))
}

/// Writes a bundle into a new folder; what an earlier try left there is removed.
pub(crate) fn write_bundle(dir: &Path, bundle: &Bundle) -> Result<(), StepError> {
    if dir.exists() {
        if !launch::wait_until_gone(dir, GRACE) {
            return Err(here(format!(
                "a cell of an earlier process is still at work in `{}`",
                dir.display()
            )));
        }
        fairtrial_cell::room::sweep(dir)
            .map_err(|error| here(format!("could not clear `{}`: {error}", dir.display())))?;
        remove(dir);
    }
    let write = || -> Result<(), ApiError> {
        fs::create_dir_all(dir).map_err(ApiError::access("make", dir))?;
        let path = dir.join(BUNDLE_FILE);
        fs::write(&path, serde_json::to_vec(bundle)?).map_err(ApiError::access("write", path))
    };
    write().map_err(failed)
}

/// Takes away what was to be graded, hidden checks among it, in all attempts and rounds of a trial, before its assistant
/// works on: without walls it could read that. Of a grade that is over only the journal is needed, and one that is to be
/// begun again gets a new bundle.
fn unshow(trial: &Path) -> Result<(), StepError> {
    let below =
        |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_grade = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name == "grade" || name.starts_with("grade-")
    };
    for folder in below(trial).flat_map(|attempt| below(&attempt)).filter(is_grade) {
        let bundle = folder.join(BUNDLE_FILE);
        match fs::remove_file(&bundle) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(failed(ApiError::access("remove", &bundle)(error)));
            }
            _gone => {}
        }
    }
    Ok(())
}

/// Removes a folder of ours, with rooms that were kept in it. What cannot be removed stays for the next start's cleaning.
fn remove(dir: &Path) {
    let _ = fairtrial_cell::room::remove_tree(dir);
}

pub(crate) fn unix() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map(|since| since.as_secs()).unwrap_or_default()
}

pub(crate) fn here(reason: String) -> StepError {
    StepError::Here { reason }
}

pub(crate) fn failed(error: ApiError) -> StepError {
    here(describe(&error))
}

fn stuck(error: fairtrial_store::StoreError) -> StepError {
    StepError::Everywhere { reason: describe(&error), source: Some(Box::new(error)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn before_an_assistant_works_on_nothing_to_be_graded_lies_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let at = |path: &str| dir.path().join(path);
        for folder in ["attempt-1/work", "attempt-1/grade", "attempt-2/grade", "attempt-2/grade-2"] {
            fs::create_dir_all(at(folder)).unwrap();
            fs::write(at(folder).join(BUNDLE_FILE), "{}").unwrap();
            fs::write(at(folder).join("journal.jsonl"), "").unwrap();
        }
        unshow(dir.path()).unwrap();
        let is_there = |path: &str| at(path).exists();
        assert!(is_there("attempt-1/work/bundle.json") && is_there("attempt-2/grade-2/journal.jsonl"));
        for grade in ["attempt-1/grade", "attempt-2/grade", "attempt-2/grade-2"] {
            assert!(!is_there(&format!("{grade}/{BUNDLE_FILE}")), "{grade}");
        }
        unshow(&at("absent")).unwrap();
    }
}
