//! Attempts and the trials recorded from them.

use std::path::{Path, PathBuf};

use fairtrial_domain::id::{AssistantId, BadId, RunId, TaskId, TrialKey};
use fairtrial_domain::run::TrialRecord;
use rusqlite::{OptionalExtension, Row, Transaction, params};
use serde::Serialize;
use serde_json::Value;

use crate::db::Failure;
use crate::runs::{from_json, to_json};
use crate::{AttemptRow, AttemptState, Lost, Store, StoreError};

impl Store {
    /// Notes that an attempt begins. `unix` is in seconds since 1970. Fails for a trial that is recorded, and
    /// for an attempt that is there already.
    pub fn start_attempt(
        &self,
        run: &RunId,
        key: &TrialKey,
        attempt: u32,
        dir: &Path,
        unix: u64,
    ) -> Result<(), StoreError> {
        self.write(|db| {
            refuse_finished(db, run, key)?;
            if let Some(found) = state(db, run, key, attempt)? {
                return Err(wrong(key, attempt, found.word(), "started").into());
            }
            db.execute(
                "INSERT INTO attempts (run, task, assistant, trial, attempt, state, dir, started)
                 VALUES (?1, ?2, ?3, ?4, ?5, 'started', ?6, ?7)",
                params![
                    run.as_str(),
                    key.task.as_str(),
                    key.assistant.as_str(),
                    key.trial,
                    attempt,
                    dir.to_string_lossy(),
                    unix as i64
                ],
            )?;
            Ok::<_, Failure>(())
        })
    }

    /// Notes that an attempt under way is given up, why, and what it cost.
    pub fn lose_attempt(
        &self,
        run: &RunId,
        key: &TrialKey,
        attempt: u32,
        lost: Lost<'_>,
        unix: u64,
    ) -> Result<(), StoreError> {
        self.write(|db| end_attempt(db, run, key, attempt, Some(lost), unix))
    }

    /// Records a trial, and in the same transaction that its newest attempt (`trial.attempts`; none when 0) is
    /// done. A second record of a trial is refused.
    pub fn finish_trial(&self, run: &RunId, trial: &TrialRecord, unix: u64) -> Result<(), StoreError> {
        let record = to_json(run, "trial", trial)?;
        let (ending, outcome) = (tag(&trial.ending, "ending"), trial.outcome.as_ref());
        let outcome = outcome.and_then(|outcome| tag(outcome, "result"));
        let key = &trial.key;
        self.write(|db| {
            refuse_finished(db, run, key)?;
            if trial.attempts > 0 {
                match state(db, run, key, trial.attempts)? {
                    // Given up before, and no attempt is left: the trial is recorded as infrastructure.
                    Some(AttemptState::Lost | AttemptState::Interrupted) => {}
                    Some(AttemptState::Started | AttemptState::Done) | None => {
                        end_attempt(db, run, key, trial.attempts, None, unix)?;
                    }
                }
            }
            db.execute(
                "INSERT INTO trials (run, task, assistant, trial, attempts, ending, outcome, usd, seconds,
                                     finished, record)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
                params![
                    run.as_str(),
                    key.task.as_str(),
                    key.assistant.as_str(),
                    key.trial,
                    trial.attempts,
                    ending,
                    outcome,
                    trial.cost.as_ref().map(|cost| cost.usd),
                    trial.seconds,
                    unix as i64,
                    record
                ],
            )?;
            Ok::<_, Failure>(())
        })
    }

    /// Returns a run's recorded trials, by task, assistant and number.
    pub fn trials(&self, run: &RunId) -> Result<Vec<TrialRecord>, StoreError> {
        self.read(|db| {
            let mut found = db
                .prepare_cached("SELECT record FROM trials WHERE run = ?1 ORDER BY task, assistant, trial")?;
            let mut rows = found.query([run.as_str()])?;
            let mut trials = Vec::new();
            while let Some(row) = rows.next()? {
                trials.push(from_json(run, "trial", &row.get::<_, String>(0)?)?);
            }
            Ok::<_, Failure>(trials)
        })
    }

    /// Returns a recorded trial, or `None` while it is not over.
    pub fn trial(&self, run: &RunId, key: &TrialKey) -> Result<Option<TrialRecord>, StoreError> {
        let record: Option<String> = self.read(|db| {
            db.query_row(
                "SELECT record FROM trials WHERE run = ?1 AND task = ?2 AND assistant = ?3 AND trial = ?4",
                params![run.as_str(), key.task.as_str(), key.assistant.as_str(), key.trial],
                |row| row.get(0),
            )
            .optional()
        })?;
        record.map(|record| from_json(run, "trial", &record)).transpose()
    }

    /// Replaces the record of a trial that is recorded, for scores computed anew from the same evidence.
    pub fn replace_trial(&self, run: &RunId, trial: &TrialRecord) -> Result<(), StoreError> {
        let record = to_json(run, "trial", trial)?;
        let outcome = trial.outcome.as_ref().and_then(|outcome| tag(outcome, "result"));
        let key = &trial.key;
        self.write(|db| {
            let changed = db.execute(
                "UPDATE trials SET record = ?5, outcome = ?6
                 WHERE run = ?1 AND task = ?2 AND assistant = ?3 AND trial = ?4",
                params![run.as_str(), key.task.as_str(), key.assistant.as_str(), key.trial, record, outcome],
            )?;
            if changed == 0 {
                return Err(wrong(key, trial.attempts, "not recorded", "scored anew").into());
            }
            Ok::<_, Failure>(())
        })
    }

    /// Returns a run's attempts, by trial and number.
    pub fn attempts(&self, run: &RunId) -> Result<Vec<AttemptRow>, StoreError> {
        self.read(|db| {
            let mut found = db.prepare_cached(
                "SELECT task, assistant, trial, attempt, state, dir, reason, started, ended, usd
                 FROM attempts WHERE run = ?1 ORDER BY task, assistant, trial, attempt",
            )?;
            let rows = found.query_map([run.as_str()], attempt_row)?;
            rows.collect::<Result<Vec<_>, _>>()
        })
    }
}

fn attempt_row(row: &Row) -> Result<AttemptRow, rusqlite::Error> {
    let task = TaskId::try_from(row.get::<_, String>(0)?).map_err(unreadable)?;
    let assistant = AssistantId::try_from(row.get::<_, String>(1)?).map_err(unreadable)?;
    Ok(AttemptRow {
        key: TrialKey { task, assistant, trial: row.get(2)? },
        attempt: row.get(3)?,
        state: AttemptState::of_word(&row.get::<_, String>(4)?),
        dir: PathBuf::from(row.get::<_, String>(5)?),
        reason: row.get(6)?,
        started: row.get::<_, i64>(7)?.unsigned_abs(),
        ended: row.get::<_, Option<i64>>(8)?.map(i64::unsigned_abs),
        usd: row.get(9)?,
    })
}

fn unreadable(bad: BadId) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(bad))
}

fn refuse_finished(db: &Transaction, run: &RunId, key: &TrialKey) -> Result<(), Failure> {
    let finished = db
        .query_row(
            "SELECT 1 FROM trials WHERE run = ?1 AND task = ?2 AND assistant = ?3 AND trial = ?4",
            params![run.as_str(), key.task.as_str(), key.assistant.as_str(), key.trial],
            |_| Ok(()),
        )
        .optional()?;
    match finished {
        Some(()) => Err(StoreError::AlreadyFinished { run: run.clone(), key: key.clone() }.into()),
        None => Ok(()),
    }
}

fn state(
    db: &Transaction,
    run: &RunId,
    key: &TrialKey,
    attempt: u32,
) -> Result<Option<AttemptState>, Failure> {
    let word: Option<String> = db
        .query_row(
            "SELECT state FROM attempts
             WHERE run = ?1 AND task = ?2 AND assistant = ?3 AND trial = ?4 AND attempt = ?5",
            params![run.as_str(), key.task.as_str(), key.assistant.as_str(), key.trial, attempt],
            |row| row.get(0),
        )
        .optional()?;
    Ok(word.map(|word| AttemptState::of_word(&word)))
}

fn end_attempt(
    db: &Transaction,
    run: &RunId,
    key: &TrialKey,
    attempt: u32,
    lost: Option<Lost<'_>>,
    unix: u64,
) -> Result<(), Failure> {
    let to = lost.map_or(AttemptState::Done, |lost| AttemptState::from(lost.loss));
    let changed = db.execute(
        "UPDATE attempts SET state = ?6, reason = ?7, ended = ?8, usd = ?9
         WHERE run = ?1 AND task = ?2 AND assistant = ?3 AND trial = ?4 AND attempt = ?5 AND state = 'started'",
        params![
            run.as_str(),
            key.task.as_str(),
            key.assistant.as_str(),
            key.trial,
            attempt,
            to.word(),
            lost.map(|lost| lost.reason),
            unix as i64,
            lost.and_then(|lost| lost.usd)
        ],
    )?;
    if changed == 1 {
        return Ok(());
    }
    let found = state(db, run, key, attempt)?.map_or("unknown", AttemptState::word);
    Err(wrong(key, attempt, found, to.word()).into())
}

fn wrong(key: &TrialKey, attempt: u32, found: &'static str, wanted: &'static str) -> StoreError {
    StoreError::AttemptState { key: key.clone(), attempt, found, wanted }
}

/// The word that says which variant of a tagged enum this is, to list by.
fn tag<T: Serialize>(value: &T, name: &str) -> Option<String> {
    match serde_json::to_value(value).ok()?.get(name)? {
        Value::String(word) => Some(word.clone()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
    }
}
