//! Scores made anew from what is stored: changed rules, or a reviewer's word, cost nothing to apply to old runs.
//!
//! **Invariant:** nothing runs; a record changes only in outcome, scores, findings, outcomes of further rounds, and what
//! says by which rules; an outcome that another one replaces is kept beside it.

use fairtrial_domain::id::{Digest, RunId, TaskId, TrialKey};
use fairtrial_domain::journal::{JournalLine, Record};
use fairtrial_domain::outcome::{Ending, Outcome, RuleId};
use fairtrial_domain::patch::{Patch, PatchRef};
use fairtrial_domain::run::{EarlierOutcome, RoundRecord, TaskFacts, TrialRecord};
use fairtrial_domain::score::Overruling;
use fairtrial_domain::task::Task;
use fairtrial_domain::usage::Cost;
use fairtrial_domain::verdict::Verdict;
use fairtrial_judge::Assessment;
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
    /// Which round of it; the first is the trial's result.
    pub round: u32,
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
            told.changed.extend(self.score_anew(run, &mut record, "scored anew")?);
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
        let before = record.outcome.clone();
        record.overruled.push(Overruling { rule, path: None, reason, by, at: now() });
        self.score_anew(run, &mut record, "a rule was overruled")?;
        self.store.replace_trial(run, &record)?;
        Ok(Changed { key: key.clone(), round: 1, before, after: record.outcome })
    }

    /// Scores a trial with its further rounds, and returns what is worth something else now.
    fn score_anew(
        &self,
        run: &RunId,
        record: &mut TrialRecord,
        because: &str,
    ) -> Result<Vec<Changed>, ApiError> {
        let id: &TaskId = &record.key.task;
        let (tasks, facts) = (self.store.tasks(run)?, self.store.facts(run)?);
        let task = tasks.iter().find(|task| task.id == *id);
        let task = task.ok_or_else(|| ApiError::NoTrial { run: run.clone(), key: record.key.clone() })?;
        let reference: Option<Patch> = match &record.reference {
            Some(kept) => Some(serde_json::from_slice(&self.store.get_blob(kept)?)?),
            // Records made before references were kept: the base may still be there.
            None => base::reference(&self.home, task).unwrap_or(None),
        };
        let about = About {
            task,
            facts: facts.iter().find(|facts| facts.task == *id),
            reference: reference.as_ref(),
            oracle: &base::oracle(&self.home, task),
            overruled: &record.overruled,
        };
        let first = self.assess(&about, &Stored::of(record))?;
        let more: Vec<Assessment> = record
            .more
            .iter()
            .map(|round| self.assess(&about, &Stored::of_round(round)))
            .collect::<Result<_, _>>()?;
        let (key, rules) = (record.key.clone(), record.rules);
        let mut changed = vec![];
        let mut keep =
            |round, before: Option<Outcome>, after: &Option<Outcome>, kept: &mut Vec<EarlierOutcome>| {
                if before != *after {
                    kept.push(EarlierOutcome {
                        rules,
                        outcome: before.clone(),
                        until: now(),
                        because: because.to_owned(),
                    });
                    changed.push(Changed { key: key.clone(), round, before, after: after.clone() });
                }
            };
        let before = std::mem::replace(&mut record.outcome, first.outcome);
        keep(1, before, &record.outcome, &mut record.earlier);
        for (round, assessment) in record.more.iter_mut().zip(more) {
            let before = std::mem::replace(&mut round.outcome, assessment.outcome);
            keep(round.round, before, &round.outcome, &mut round.earlier);
        }
        (record.scores, record.findings, record.rules) =
            (first.scores, first.findings, fairtrial_judge::RULES);
        Ok(changed)
    }

    fn assess(&self, about: &About<'_>, stored: &Stored<'_>) -> Result<Assessment, ApiError> {
        let patch = self.patch_of(stored.patch)?;
        let told = self.told(stored.journals)?;
        let judged = Judged {
            ending: stored.ending,
            patch: &patch,
            reference: about.reference,
            verdicts: stored.verdicts,
            misfit: told.misfit.as_deref(),
            cost: stored.cost,
            seconds: stored.seconds,
            restored: &told.restored,
            events: &told.events,
            oracle: about.oracle,
            overruled: about.overruled,
        };
        Ok(judge(about.task, about.facts, &judged))
    }

    /// Reads from journals what a record does not repeat; the newest attempt that says something counts.
    fn told(&self, journals: &[Digest]) -> Result<Told, ApiError> {
        let mut told = Told { events: vec![], restored: vec![], misfit: None };
        for journal in journals.iter().rev() {
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

/// What all rounds of a trial share.
struct About<'a> {
    task: &'a Task,
    facts: Option<&'a TaskFacts>,
    reference: Option<&'a Patch>,
    oracle: &'a [(String, String)],
    overruled: &'a [Overruling],
}

/// What is stored of one round.
struct Stored<'a> {
    ending: &'a Ending,
    patch: Option<&'a PatchRef>,
    verdicts: &'a [Verdict],
    cost: Option<&'a Cost>,
    seconds: f64,
    journals: &'a [Digest],
}

impl<'a> Stored<'a> {
    fn of(trial: &'a TrialRecord) -> Self {
        Stored {
            ending: &trial.ending,
            patch: trial.patch.as_ref(),
            verdicts: &trial.verdicts,
            cost: trial.cost.as_ref(),
            seconds: trial.seconds,
            journals: &trial.journals,
        }
    }

    fn of_round(round: &'a RoundRecord) -> Self {
        Stored {
            ending: &round.ending,
            patch: round.patch.as_ref(),
            verdicts: &round.verdicts,
            cost: round.cost.as_ref(),
            seconds: round.seconds,
            journals: &round.journals,
        }
    }
}

struct Told {
    events: Vec<fairtrial_domain::event::Event>,
    restored: Vec<String>,
    misfit: Option<String>,
}
