//! Scores made anew from what is stored: changed rules, or a reviewer's word, cost nothing to apply to old runs.
//!
//! **Invariant:** nothing runs; a record changes only in outcome, scores, findings, and what says by which rules; an
//! outcome that another one replaces is kept beside it.

use fairtrial_domain::id::{RunId, TaskId, TrialKey};
use fairtrial_domain::journal::{JournalLine, Record};
use fairtrial_domain::outcome::{Outcome, RuleId};
use fairtrial_domain::patch::Patch;
use fairtrial_domain::run::{EarlierOutcome, TrialRecord};
use fairtrial_domain::score::Overruling;
use jiff::Timestamp;
use serde::Serialize;

use crate::error::ApiError;
use crate::record::{Judged, judge};
use crate::trials::raw_events;
use crate::{Api, base};

/// What scoring anew came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rescored {
    /// The rules by which the run is scored now.
    pub rules: u32,
    /// Trials that were scored.
    pub trials: u32,
    /// Trials that were scored by other rules before.
    pub older: u32,
    /// Trials whose outcome is another one, with what it was and is.
    pub changed: Vec<Changed>,
}

/// A trial whose outcome is another one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Changed {
    /// Which.
    pub key: TrialKey,
    /// What it was worth.
    pub before: Option<Outcome>,
    /// What it is worth.
    pub after: Option<Outcome>,
}

impl Api {
    /// Scores every trial of a run anew by the rules of this program, from stored patches and verdicts.
    ///
    /// # Errors
    /// When the run is at work, or what it stored cannot be read.
    pub fn rescore(&self, run: &RunId) -> Result<Rescored, ApiError> {
        if self.store.is_live(run)? {
            return Err(ApiError::BadRequest(format!(
                "run `{run}` is at work: wait for its end, or stop it"
            )));
        }
        let mut told = Rescored { rules: fairtrial_judge::RULES, trials: 0, older: 0, changed: vec![] };
        for mut record in self.store.trials(run)? {
            told.trials += 1;
            told.older += u32::from(record.rules != told.rules);
            let (before, rules) = (record.outcome.clone(), record.rules);
            self.score_anew(run, &mut record)?;
            if before != record.outcome {
                keep(&mut record, rules, before.clone(), "scored anew");
                let (key, after) = (record.key.clone(), record.outcome.clone());
                told.changed.push(Changed { key, before, after });
            }
            self.store.replace_trial(run, &record)?;
        }
        Ok(told)
    }

    /// Takes a reviewer's word against a rule into a trial's record and scores the trial anew.
    ///
    /// # Errors
    /// When the reason or the name is empty, or the rule has set nothing aside in this trial.
    pub fn overrule(
        &self,
        run: &RunId,
        key: &TrialKey,
        rule: RuleId,
        reason: &str,
        by: &str,
    ) -> Result<Changed, ApiError> {
        let (reason, by) = (reason.trim().to_owned(), by.trim().to_owned());
        if reason.is_empty() || by.is_empty() {
            let what = "a rule is overruled with a reason and a name: give both";
            return Err(ApiError::BadRequest(what.to_owned()));
        }
        let mut record = self.trial_record(run, key)?;
        let sets_aside =
            matches!(&record.outcome, Some(Outcome::SetAside { rule: broken, .. }) if *broken == rule);
        if !sets_aside {
            let what = format!("trial {key} is not set aside by this rule: nothing is to be overruled");
            return Err(ApiError::BadRequest(what));
        }
        let (before, rules) = (record.outcome.clone(), record.rules);
        record.overruled.push(Overruling { rule, path: None, reason, by, at: now() });
        self.score_anew(run, &mut record)?;
        if before != record.outcome {
            keep(&mut record, rules, before.clone(), "a rule was overruled");
        }
        self.store.replace_trial(run, &record)?;
        Ok(Changed { key: key.clone(), before, after: record.outcome })
    }

    fn score_anew(&self, run: &RunId, record: &mut TrialRecord) -> Result<(), ApiError> {
        let id: &TaskId = &record.key.task;
        let (tasks, facts) = (self.store.tasks(run)?, self.store.facts(run)?);
        let task = tasks.iter().find(|task| task.id == *id);
        let task = task.ok_or_else(|| ApiError::NoTrial { run: run.clone(), key: record.key.clone() })?;
        let patch = self.patch(record)?;
        let reference: Option<Patch> = match &record.reference {
            Some(kept) => Some(serde_json::from_slice(&self.store.get_blob(kept)?)?),
            // Records made before references were kept: the base may still be there.
            None => base::reference(&self.home, task).unwrap_or(None),
        };
        let told = self.told(record)?;
        let oracle = base::oracle(&self.home, task);
        let judged = Judged {
            ending: &record.ending,
            patch: &patch,
            reference: reference.as_ref(),
            verdicts: &record.verdicts,
            misfit: told.misfit.as_deref(),
            cost: record.cost.as_ref(),
            seconds: record.seconds,
            restored: &told.restored,
            events: &told.events,
            oracle: &oracle,
            overruled: &record.overruled,
        };
        let assessment = judge(task, facts.iter().find(|facts| facts.task == *id), &judged);
        (record.outcome, record.scores) = (assessment.outcome, assessment.scores);
        (record.findings, record.rules) = (assessment.findings, fairtrial_judge::RULES);
        Ok(())
    }

    /// Reads from a trial's journals what its record does not repeat; the newest attempt that says something counts.
    fn told(&self, record: &TrialRecord) -> Result<Told, ApiError> {
        let mut told = Told { events: vec![], restored: vec![], misfit: None };
        for journal in record.journals.iter().rev() {
            let text = self.store.get_blob(journal)?;
            let text = String::from_utf8_lossy(&text);
            if told.events.is_empty() {
                told.events = raw_events(&text);
            }
            for line in text.lines().filter_map(|line| serde_json::from_str::<JournalLine>(line).ok()) {
                if let Record::Restored { path } = line.record {
                    if !told.restored.contains(&path) {
                        told.restored.push(path);
                    }
                } else if let Record::DoesNotApply { path } = line.record {
                    told.misfit = Some(path);
                }
            }
        }
        Ok(told)
    }
}

pub(crate) fn now() -> String {
    Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Keeps what a trial was worth before, so that the old verdict stays readable.
fn keep(record: &mut TrialRecord, rules: u32, outcome: Option<Outcome>, because: &str) {
    record.earlier.push(EarlierOutcome { rules, outcome, until: now(), because: because.to_owned() });
}

struct Told {
    events: Vec<fairtrial_domain::event::Event>,
    restored: Vec<String>,
    misfit: Option<String>,
}
