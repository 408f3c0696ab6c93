//! Runs, their tasks, and what is known of the tasks.

use fairtrial_domain::id::{Digest, RunId};
use fairtrial_domain::run::{RunRecord, RunStatus, TaskFacts};
use fairtrial_domain::task::Task;
use rusqlite::{OptionalExtension, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::db::Failure;
use crate::{RunLock, RunRow, Store, StoreError};

impl Store {
    /// Stores a new run with its tasks as they are now, in plan order, so that it can be read after the suite has
    /// changed; makes its folder. All of it is there or nothing, and nobody else can work on it before its maker.
    pub fn create_run(&self, run: &RunRecord, tasks: &[Task]) -> Result<RunLock, StoreError> {
        let dir = self.run_dir(&run.id);
        std::fs::create_dir_all(&dir).map_err(|e| StoreError::from_io("make the run's folder", &dir, e))?;
        let lock = self.lock_run(&run.id)?;
        let mut blobs = Vec::new();
        for task in tasks {
            blobs.push((task.id.as_str(), self.put_blob(to_json(&run.id, "task", task)?.as_bytes())?));
        }
        let planned = run.plan.tasks.len() * run.plan.assistants.len() * run.plan.trials as usize;
        let record = to_json(&run.id, "run", run)?;
        self.write(|db| {
            let made = db.execute(
                "INSERT INTO runs (id, suite, title, started, ended, status, planned, record)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (id) DO NOTHING",
                params![
                    run.id.as_str(),
                    run.plan.suite.as_str(),
                    run.plan.title,
                    run.started,
                    run.ended,
                    word(&run.id, &run.status)?,
                    planned as i64,
                    record
                ],
            )?;
            if made == 0 {
                return Err(StoreError::RunExists { run: run.id.clone() }.into());
            }
            for (position, (task, blob)) in blobs.iter().enumerate() {
                db.execute(
                    "INSERT INTO tasks (run, task, position, blob) VALUES (?1, ?2, ?3, ?4)",
                    params![run.id.as_str(), task, position as i64, blob.0],
                )?;
            }
            Ok::<_, Failure>(lock)
        })
    }

    /// Sets where a run stands, and when it ended (RFC 3339; `None` while it is not over).
    pub fn set_status(&self, run: &RunId, status: RunStatus, ended: Option<&str>) -> Result<(), StoreError> {
        let status = word(run, &status)?;
        self.write(|db| {
            let changed = db.execute(
                "UPDATE runs SET status = ?2, ended = ?3 WHERE id = ?1",
                params![run.as_str(), status, ended],
            )?;
            if changed == 0 {
                Err(StoreError::NoRun { run: run.clone() }.into())
            } else {
                Ok::<_, Failure>(())
            }
        })
    }

    /// Returns all runs, newest first.
    pub fn runs(&self) -> Result<Vec<RunRow>, StoreError> {
        self.select_runs(None)
    }

    /// Returns a run.
    pub fn run(&self, run: &RunId) -> Result<RunRow, StoreError> {
        self.select_runs(Some(run))?.pop().ok_or_else(|| StoreError::NoRun { run: run.clone() })
    }

    fn select_runs(&self, only: Option<&RunId>) -> Result<Vec<RunRow>, StoreError> {
        self.read(|db| {
            let mut found = db.prepare_cached(
                "SELECT id, record, status, ended, planned,
                        (SELECT count(*) FROM trials WHERE trials.run = runs.id)
                 FROM runs WHERE ?1 IS NULL OR id = ?1 ORDER BY started DESC, id DESC",
            )?;
            let mut rows = found.query([only.map(RunId::as_str)])?;
            let mut runs = Vec::new();
            while let Some(row) = rows.next()? {
                let id = run_id(row.get(0)?)?;
                let mut record: RunRecord = from_json(&id, "run", &row.get::<_, String>(1)?)?;
                record.status = from_word(&id, row.get(2)?)?;
                record.ended = row.get(3)?;
                runs.push(RunRow { record, planned: row.get(4)?, done: row.get(5)? });
            }
            Ok::<_, Failure>(runs)
        })
    }

    /// Returns a run's tasks in plan order.
    pub fn tasks(&self, run: &RunId) -> Result<Vec<Task>, StoreError> {
        let blobs = self.read(|db| {
            let mut found =
                db.prepare_cached("SELECT blob FROM tasks WHERE run = ?1 ORDER BY position, task")?;
            let rows = found.query_map([run.as_str()], |row| Ok(Digest(row.get(0)?)))?;
            rows.collect::<Result<Vec<_>, _>>()
        })?;
        blobs
            .iter()
            .map(|blob| {
                let content = self.get_blob(blob)?;
                serde_json::from_slice(&content).map_err(|source| StoreError::Unreadable {
                    run: run.clone(),
                    what: "task",
                    source,
                })
            })
            .collect()
    }

    /// Stores what is known of a task, in place of what was known.
    pub fn put_facts(&self, run: &RunId, facts: &TaskFacts) -> Result<(), StoreError> {
        let json = to_json(run, "facts", facts)?;
        self.write(|db| {
            db.execute(
                "INSERT INTO facts (run, task, facts) VALUES (?1, ?2, ?3)
                 ON CONFLICT (run, task) DO UPDATE SET facts = excluded.facts",
                params![run.as_str(), facts.task.as_str(), json],
            )
        })?;
        Ok(())
    }

    /// Returns what is known of a run's tasks, by name.
    pub fn facts(&self, run: &RunId) -> Result<Vec<TaskFacts>, StoreError> {
        self.read(|db| {
            let mut found = db.prepare_cached("SELECT facts FROM facts WHERE run = ?1 ORDER BY task")?;
            let mut rows = found.query([run.as_str()])?;
            let mut facts = Vec::new();
            while let Some(row) = rows.next()? {
                facts.push(from_json(run, "facts", &row.get::<_, String>(0)?)?);
            }
            Ok::<_, Failure>(facts)
        })
    }

    /// Returns whether a run is there.
    pub fn has_run(&self, run: &RunId) -> Result<bool, StoreError> {
        self.read(|db| {
            db.query_row("SELECT 1 FROM runs WHERE id = ?1", [run.as_str()], |_| Ok(())).optional()
        })
        .map(|found| found.is_some())
    }
}

pub(crate) fn to_json<T: Serialize>(
    run: &RunId,
    what: &'static str,
    value: &T,
) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|source| StoreError::Unreadable { run: run.clone(), what, source })
}

pub(crate) fn from_json<T: DeserializeOwned>(
    run: &RunId,
    what: &'static str,
    text: &str,
) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|source| StoreError::Unreadable { run: run.clone(), what, source })
}

/// A unit variant's name as serde writes it, without quotes.
fn word(run: &RunId, status: &RunStatus) -> Result<String, StoreError> {
    Ok(to_json(run, "status", status)?.trim_matches('"').to_owned())
}

fn from_word(run: &RunId, word: String) -> Result<RunStatus, StoreError> {
    serde_json::from_value(serde_json::Value::String(word)).map_err(|source| StoreError::Unreadable {
        run: run.clone(),
        what: "status",
        source,
    })
}

fn run_id(text: String) -> Result<RunId, rusqlite::Error> {
    RunId::try_from(text).map_err(|bad| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(bad))
    })
}
