//! What earlier processes left of a run: nothing that a cell finished is run again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fairtrial_domain::bundle::PATCH_FILE;
use fairtrial_domain::id::TrialKey;
use fairtrial_domain::outcome::Ending;
use sha2::{Digest as _, Sha256};

use crate::dispatch::Past;
use crate::journal::{self, JournalError, JournalState};
use crate::result::{Fold, GradeResult, Round, WorkResult, infra};

/// An attempt as stored, at a trial that is not recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAttempt {
    /// Which trial.
    pub key: TrialKey,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// What is known of it.
    pub state: StoredState,
    /// Its work bundle.
    pub work_dir: PathBuf,
    /// Its grade bundle, whether it was made or not.
    pub grade_dir: PathBuf,
    /// Work and grade bundles of the rounds after the first that were begun, in order.
    pub later: Vec<(PathBuf, PathBuf)>,
}

/// What is known of a stored attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoredState {
    /// It was under way when the process ended.
    Open,
    /// It was lost to a fault.
    Lost,
    /// It was lost because the app ended.
    Interrupted,
}

/// What is left of an attempt: rounds that are over, and the newest.
#[derive(Debug, Clone, PartialEq)]
pub struct Left {
    /// Rounds that are whole, in order.
    pub before: Vec<Round>,
    /// The newest.
    pub last: Harvest,
}

/// What is left of one round.
#[derive(Debug, Clone, PartialEq)]
pub enum Harvest {
    /// Work and grade are whole: only the record is missing.
    Finish {
        /// The work.
        work: Box<WorkResult>,
        /// The grade.
        grade: GradeResult,
    },
    /// The work is whole: go on with grading, if there is anything to judge.
    Grade {
        /// The work.
        work: Box<WorkResult>,
    },
    /// Nothing can be used: a new attempt.
    Lost {
        /// What is known of it: why, and what it cost.
        work: Box<WorkResult>,
    },
}

/// What a resumed run starts from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Resume {
    /// For `Setup::past`.
    pub past: BTreeMap<TrialKey, Past>,
    /// For `Job::harvested`: work that lies on disk, by trial.
    pub harvested: BTreeMap<TrialKey, Left>,
    /// Attempts to note as interrupted, with what is known of them.
    pub interrupted: Vec<(TrialKey, u32, Box<WorkResult>)>,
}

impl Left {
    /// Looks at the bundles of all rounds of an attempt. A later round that was lost takes no earlier one with it.
    pub fn of(work_dir: &Path, grade_dir: &Path, later: &[(PathBuf, PathBuf)]) -> Left {
        let mut before = Vec::new();
        let mut last = harvest(work_dir, grade_dir);
        for (work_dir, grade_dir) in later {
            match last {
                Harvest::Finish { work, grade } => before.push(Round { work: *work, grade: Some(grade) }),
                // There was nothing to judge, or its verdicts are damaged and are made again before the trial goes on.
                Harvest::Grade { work } => before.push(Round { work: *work, grade: None }),
                Harvest::Lost { .. } => break,
            }
            last = harvest(work_dir, grade_dir);
        }
        Left { before, last }
    }

    /// Returns the work that is lost when nothing of the attempt can be used.
    pub fn lost(&self) -> Option<&WorkResult> {
        match &self.last {
            Harvest::Lost { work } if self.before.is_empty() => Some(work),
            Harvest::Lost { .. } | Harvest::Finish { .. } | Harvest::Grade { .. } => None,
        }
    }
}

/// Looks at the bundles of one round.
pub fn harvest(work_dir: &Path, grade_dir: &Path) -> Harvest {
    let state = match journal::read_whole(work_dir) {
        Ok(state) => state,
        Err(error) => {
            return Harvest::Lost { work: Box::new(WorkResult::none(work_dir, &sentence(&error))) };
        }
    };
    let mut work = fold(&state).work(work_dir, "");
    let lost = match &work.ending {
        _ if state.records.is_empty() => Some("the app ended before the cell had begun".to_owned()),
        _ if !state.closed => Some("the app ended while the assistant was at work".to_owned()),
        // Nobody asked for it: a cancelled run gives its trials up itself. The cell was told to end with the app.
        Ending::Cancelled => Some("the app ended while the assistant was at work".to_owned()),
        Ending::Infra { reason, .. } => Some(reason.clone()),
        Ending::Finished | Ending::TimedOut | Ending::Stalled | Ending::Budget | Ending::Crashed { .. } => {
            None
        }
    };
    let lost = lost.or_else(|| damaged_patch(&work));
    if let Some(reason) = lost {
        work.ending = infra(reason);
        return Harvest::Lost { work: Box::new(work) };
    }
    let grade = journal::read_whole(grade_dir).ok().filter(|state| state.closed);
    match grade.map(|state| fold(&state).grade(grade_dir, "")) {
        Some(Ok(grade)) => Harvest::Finish { work: Box::new(work), grade },
        Some(Err(_)) | None => Harvest::Grade { work: Box::new(work) },
    }
}

/// Says what is wrong with the patch that the work names, if anything: without it there is nothing to judge.
fn damaged_patch(work: &WorkResult) -> Option<String> {
    let named = &work.patch.as_ref()?.digest;
    let text = match std::fs::read(work.dir.join(PATCH_FILE)) {
        Ok(text) => text,
        Err(error) => return Some(format!("its patch cannot be read ({error}): it is worked on again")),
    };
    let digest: String = Sha256::digest(&text).iter().map(|byte| format!("{byte:02x}")).collect();
    (digest != named.0).then(|| {
        "its patch is damaged, it is not the one that its journal names: it is worked on again".to_owned()
    })
}

/// Sorts everything that is stored of trials that are not recorded.
pub fn resume(stored: &[StoredAttempt]) -> Resume {
    let mut resume = Resume::default();
    let mut sorted: Vec<&StoredAttempt> = stored.iter().collect();
    sorted.sort_by(|a, b| (&a.key, a.attempt).cmp(&(&b.key, b.attempt)));
    for one in sorted {
        let past = resume.past.entry(one.key.clone()).or_default();
        past.attempts = past.attempts.max(one.attempt);
        past.open = false;
        resume.harvested.remove(&one.key);
        match one.state {
            StoredState::Lost => past.faults += 1,
            StoredState::Interrupted => {}
            StoredState::Open => {
                let left = Left::of(&one.work_dir, &one.grade_dir, &one.later);
                if let Some(work) = left.lost() {
                    resume.interrupted.push((one.key.clone(), one.attempt, Box::new(work.clone())));
                } else {
                    past.open = true;
                    resume.harvested.insert(one.key.clone(), left);
                }
            }
        }
    }
    resume
}

fn fold(state: &JournalState) -> Fold {
    let mut fold = Fold::of(state.records.iter().map(|line| &line.record));
    fold.take_bad(state.bad.len() as u64);
    fold
}

fn sentence(error: &JournalError) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
