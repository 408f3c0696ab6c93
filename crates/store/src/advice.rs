//! What models that judge said of a run's changes, beside its trials and apart from them.

use fairtrial_domain::advice::Asked;
use fairtrial_domain::id::RunId;
use rusqlite::params;

use crate::db::Failure;
use crate::runs::{from_json, to_json};
use crate::{Store, StoreError};

impl Store {
    /// Stores what came of a question. One that was asked before keeps its first answer.
    pub fn put_advice(&self, run: &RunId, asked: &Asked) -> Result<(), StoreError> {
        let record = to_json(run, "advice", asked)?;
        self.write(|db| {
            db.execute(
                "INSERT INTO advice (run, judge, task, trial, one, two, record)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
                params![
                    run.as_str(),
                    asked.judge.id.as_str(),
                    asked.task.as_str(),
                    asked.trial,
                    asked.one.as_str(),
                    asked.two.as_str(),
                    record
                ],
            )
        })?;
        Ok(())
    }

    /// Returns everything that was asked about a run, by judge, task, trial and order.
    pub fn advice(&self, run: &RunId) -> Result<Vec<Asked>, StoreError> {
        self.read(|db| {
            let mut found = db.prepare_cached(
                "SELECT record FROM advice WHERE run = ?1 ORDER BY judge, task, trial, one, two",
            )?;
            let mut rows = found.query([run.as_str()])?;
            let mut asked = Vec::new();
            while let Some(row) = rows.next()? {
                asked.push(from_json(run, "advice", &row.get::<_, String>(0)?)?);
            }
            Ok::<_, Failure>(asked)
        })
    }
}
