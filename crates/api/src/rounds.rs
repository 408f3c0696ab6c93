//! Rounds of a trial: whether another follows, what the assistant is told in it, and what is stored of it.

use std::fs;
use std::path::{Path, PathBuf};

use fairtrial_backends::backend;
use fairtrial_domain::assistant::Assistant;
use fairtrial_domain::bundle::{BUNDLE_FILE, Bundle, GoesOn, JOURNAL_FILE};
use fairtrial_domain::id::TrialKey;
use fairtrial_domain::plan::Plan;
use fairtrial_domain::run::{RoundRecord, TaskFacts};
use fairtrial_domain::task::Task;
use fairtrial_judge::feedback::{self, Next};
use fairtrial_runner::harvest::{StoredAttempt, StoredState};
use fairtrial_runner::result::Round;
use fairtrial_runner::steps::{After, StepError};
use fairtrial_store::{AttemptRow, AttemptState};

use crate::assistants;
use crate::error::ApiError;
use crate::record;
use crate::steps::{Surroundings, failed, here};

/// More rounds than this tell of a reviewer's patience and not of an assistant.
pub(crate) const MOST: u32 = 3;
/// A session's name that is longer is none.
const LONGEST_NAME: usize = 128;

impl Surroundings {
    /// Returns the folder of one part, `work` or `grade`, of a round.
    pub(crate) fn round_dir(&self, key: &TrialKey, attempt: u32, round: u32, part: &str) -> PathBuf {
        let dir = self.attempt_dir(key, attempt);
        if round == 1 { dir.join(part) } else { dir.join(format!("{part}-{round}")) }
    }

    /// Returns work and grade bundles of the rounds after the first that were begun, in order.
    pub(crate) fn later_rounds(&self, key: &TrialKey, attempt: u32) -> Vec<(PathBuf, PathBuf)> {
        let dirs = |round| ["work", "grade"].map(|part| self.round_dir(key, attempt, round, part));
        let begun = (2..=self.plan.rounds).map(dirs);
        // A bundle without a journal was never begun: the room still waits for it.
        let begun = begun.take_while(|[work, _]| work.join(JOURNAL_FILE).exists());
        begun.map(|[work, grade]| (work, grade)).collect()
    }

    /// Returns an attempt of a trial that is not recorded, with all its rounds; `None` for one that is done.
    pub(crate) fn stored(&self, row: AttemptRow) -> Option<StoredAttempt> {
        let state = match row.state {
            AttemptState::Started => StoredState::Open,
            AttemptState::Lost => StoredState::Lost,
            AttemptState::Interrupted => StoredState::Interrupted,
            AttemptState::Done => return None,
        };
        let [work_dir, grade_dir] =
            ["work", "grade"].map(|part| self.round_dir(&row.key, row.attempt, 1, part));
        let later = self.later_rounds(&row.key, row.attempt);
        Some(StoredAttempt { key: row.key, attempt: row.attempt, state, work_dir, grade_dir, later })
    }

    /// The room that the rounds of an attempt share, one after another.
    fn room(&self, key: &TrialKey, attempt: u32) -> PathBuf {
        self.round_dir(key, attempt, 1, "work").join("room")
    }

    /// Returns whether a round's workspace and session are kept for another.
    pub(crate) fn keeps(&self, assistant: &Assistant, round: u32) -> bool {
        round < self.plan.rounds && backend(assistant.backend).can_resume(assistant)
    }

    /// Returns how many requests a trial may still make after these rounds; `None` where its plan has no limit.
    pub(crate) fn requests_left(&self, rounds: &[Round]) -> Option<u64> {
        let made: u64 = rounds.iter().filter_map(|round| round.work.usage.requests).sum();
        Some(self.plan.budget.requests?.saturating_sub(made))
    }

    /// Says what follows the last of these rounds.
    pub(crate) fn what_follows(
        &self,
        (task, assistant, facts): (&Task, &Assistant, Option<&TaskFacts>),
        key: &TrialKey,
        attempt: u32,
        rounds: &[Round],
    ) -> Result<After, StepError> {
        let Some(last) = rounds.last() else { return Ok(After::Over { why: None }) };
        let outcome = record::outcome(self, task, last, facts).map_err(failed)?;
        let over = |why: &str| Ok(After::Over { why: Some(why.to_owned()) });
        match feedback::next(task, &last.work.ending, outcome.as_ref()) {
            Next::Nothing => return Ok(After::Over { why: None }),
            Next::Stop(why) => return over(why),
            Next::Feedback => {}
        }
        if !backend(assistant.backend).can_resume(assistant) {
            return over("one round: it cannot resume a session");
        }
        if self.requests_left(rounds) == Some(0) {
            return over("its limit on requests is reached");
        }
        if session(last).is_none() {
            return over("it did not say which session to resume");
        }
        if !fairtrial_cell::room::is_kept(&self.room(key, attempt)) {
            return over("its workspace could not be kept for another round");
        }
        Ok(After::Again)
    }

    /// Returns what an assistant is told after these rounds, and where it goes on.
    pub(crate) fn again(
        &self,
        (task, assistant, facts): (&Task, &Assistant, Option<&TaskFacts>),
        key: &TrialKey,
        attempt: u32,
        rounds: &[Round],
    ) -> Result<Option<(String, GoesOn)>, StepError> {
        let Some(last) = rounds.last() else { return Ok(None) };
        let session = session(last).ok_or_else(|| here("its session has no name".to_owned()))?.to_owned();
        let outcome = record::outcome(self, task, last, facts).map_err(failed)?;
        let verdicts = last.grade.as_ref().map(|grade| grade.verdicts.as_slice()).unwrap_or_default();
        let text = feedback::feedback(task, outcome.as_ref(), verdicts, &self.unsaid(assistant));
        Ok(Some((text, GoesOn { room: self.room(key, attempt), session })))
    }

    /// What is not told to an assistant, with what stands in its place: secrets, and where things are on this machine.
    fn unsaid(&self, assistant: &Assistant) -> Vec<(String, String)> {
        // One without a value was in nobody's hands.
        let secrets = assistants::secrets(assistant).unwrap_or_default();
        let mut unsaid: Vec<(String, String)> =
            secrets.into_values().map(|value| (value, "***".to_owned())).collect();
        let data = self.home.data();
        let places = [Some(data.to_path_buf()), fs::canonicalize(data).ok(), std::env::home_dir()];
        for place in places.into_iter().flatten() {
            let place = place.to_string_lossy().into_owned();
            if place.len() > 1 {
                unsaid.push((place, "~".to_owned()));
            }
        }
        unsaid
    }

    /// Returns the round that is a trial's result, and what is stored of those after it.
    pub(crate) fn headline(
        &self,
        task: &Task,
        facts: Option<&TaskFacts>,
        rounds: Vec<Round>,
    ) -> Result<(Round, Vec<RoundRecord>), ApiError> {
        let mut rounds = rounds.into_iter();
        let first = rounds.next().ok_or_else(|| ApiError::Internal("a trial without a round".to_owned()))?;
        let more = (2..).zip(rounds).map(|(n, round)| self.round_record(task, facts, n, round));
        Ok((first, more.collect::<Result<_, _>>()?))
    }

    /// Returns what is stored of a round after the first.
    fn round_record(
        &self,
        task: &Task,
        facts: Option<&TaskFacts>,
        number: u32,
        round: Round,
    ) -> Result<RoundRecord, ApiError> {
        let outcome = record::outcome(self, task, &round, facts)?;
        let Round { work, grade } = round;
        if let Some(named) = &work.patch {
            record::keep_patch(self, &work.dir, named)?;
        }
        let dirs = [Some(&work.dir), grade.as_ref().map(|grade| &grade.dir)];
        let mut journals = vec![];
        // Without a cell there is no folder.
        for dir in dirs.into_iter().flatten().filter(|dir| !dir.as_os_str().is_empty()) {
            journals.extend(record::keep(self, &dir.join(JOURNAL_FILE))?);
        }
        let tier = record::weaker(work.tier, grade.as_ref().and_then(|grade| grade.tier));
        Ok(RoundRecord {
            round: number,
            feedback: told(&work.dir),
            ending: work.ending,
            outcome,
            verdicts: grade.map(|grade| grade.verdicts).unwrap_or_default(),
            patch: work.patch,
            usage: work.usage,
            cost: work.cost,
            seconds: work.seconds,
            leftovers: work.leftovers,
            journals,
            traffic: work.traffic,
            contacts: work.contacts,
            flags: work.flags,
            tier,
            earlier: vec![],
            limit: work.limit,
            unparsed: work.unparsed,
        })
    }
}

/// Returns the name of a round's session, if it is one: the program said it, and will be given it as a word.
fn session(round: &Round) -> Option<&str> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
    let name = round.work.session.as_deref()?;
    let is_one = !name.is_empty() && name.len() <= LONGEST_NAME && !name.starts_with('-');
    (is_one && name.chars().all(is_name)).then_some(name)
}

/// Returns what the assistant was told, as its bundle has it; nothing where none was made.
fn told(work: &Path) -> String {
    if work.as_os_str().is_empty() {
        return String::new();
    }
    let text = fs::read(work.join(BUNDLE_FILE)).unwrap_or_default();
    match serde_json::from_slice(&text) {
        Ok(Bundle::Work(bundle)) => bundle.instruction,
        Ok(Bundle::Base(_) | Bundle::Grade(_)) | Err(_) => String::new(),
    }
}

/// Says how many rounds an assistant's trials may have.
pub(crate) fn allowed(plan: &Plan, assistant: &Assistant) -> String {
    match plan.rounds {
        0 | 1 => "1".to_owned(),
        most if backend(assistant.backend).can_resume(assistant) => format!("up to {most}"),
        _ => "1: it cannot resume a session".to_owned(),
    }
}
