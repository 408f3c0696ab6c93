//! What lies in the data folder, whether it is whole, and what nobody needs any more.
//!
//! **Invariant:** a blob is waste only when its name stands nowhere in the database nor in the list of a recording, and
//! waste is removed only while nobody works on a run.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use fairtrial_domain::id::{Digest, RunId};
use fairtrial_domain::run::TrialRecord;
use rusqlite::Connection;
use rusqlite::types::ValueRef;

use crate::{Store, StoreError, lock};

/// Content that nobody names is left alone for this long: it may have been written by an older program without our lock.
const YOUNG: Duration = Duration::from_secs(3600);

/// What a look through the data folder found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Audit {
    /// What SQLite's own check complains of; empty when all is well.
    pub database: Vec<String>,
    /// Content that is named and absent.
    pub missing: Vec<Digest>,
    /// Content that is not what its name says; true where something names it.
    pub damaged: Vec<(Digest, bool)>,
    /// Blobs that were looked at.
    pub blobs: usize,
    /// What nobody names.
    pub waste: Waste,
}

/// Content that nobody names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Waste {
    /// Blobs.
    pub blobs: usize,
    /// Their bytes.
    pub bytes: u64,
}

/// The right to clear up: nobody works on a run while it lasts.
#[derive(Debug)]
pub struct Quiet<'a> {
    store: &'a Store,
    _lock: File,
}

impl Store {
    /// Takes the right to clear up; `None` while anybody works on a run.
    pub fn quiet(&self) -> Result<Option<Quiet<'_>>, StoreError> {
        Ok(lock::quiet(&self.root)?.map(|lock| Quiet { store: self, _lock: lock }))
    }

    /// Looks through the database and all content. Reads every byte of it.
    pub fn audit(&self) -> Result<Audit, StoreError> {
        let database = self.read(|db| {
            let mut found = db.prepare("PRAGMA integrity_check")?;
            let lines = found.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
            let mut broken = db.prepare("PRAGMA foreign_key_check")?;
            let rows = broken.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
            let rows = rows.into_iter().map(|table| format!("a row of `{table}` belongs to no run"));
            Ok::<_, rusqlite::Error>(lines.into_iter().filter(|line| line != "ok").chain(rows).collect())
        })?;
        let named = self.named(None)?;
        let (all, mut audit) = (self.blobs.all()?, Audit { database, ..Audit::default() });
        audit.blobs = all.len();
        let there: BTreeSet<&Digest> = all.iter().map(|(digest, _)| digest).collect();
        // A digest of something else, such as a task's folder, may stand there too: only columns of blobs must be there.
        audit.missing = self.must_exist()?.into_iter().filter(|digest| !there.contains(digest)).collect();
        for (digest, bytes) in &all {
            if self.get_blob(digest).is_err() {
                audit.damaged.push((digest.clone(), named.contains(digest)));
            } else if !named.contains(digest) {
                audit.waste.blobs += 1;
                audit.waste.bytes += bytes;
            }
        }
        Ok(audit)
    }

    /// Returns the bytes that a run takes on disk: its content, which other runs may share, and its folder.
    pub fn run_bytes(&self, run: &RunId) -> Result<u64, StoreError> {
        let content: u64 = self.named(Some(run))?.iter().map(|digest| self.blobs.bytes(digest)).sum();
        Ok(content + folder_bytes(&self.run_dir(run)))
    }

    /// Makes all indexes anew, which mends a database whose tables are whole.
    pub fn reindex(&self) -> Result<(), StoreError> {
        self.write(|db| db.execute_batch("REINDEX"))
    }

    /// Returns everything in the database, or in one run's rows of it, that could be a blob's name, and what recordings
    /// that these name consist of.
    fn named(&self, run: Option<&RunId>) -> Result<BTreeSet<Digest>, StoreError> {
        let mut found = self.named_in_rows(run)?;
        let runs = match run {
            Some(run) => vec![run.clone()],
            None => self.runs()?.into_iter().map(|row| row.record.id).collect(),
        };
        for run in runs {
            for trial in self.trials(&run)? {
                found.extend(self.recorded(&trial).into_iter().flat_map(|(_, bodies)| bodies));
            }
        }
        Ok(found)
    }

    fn named_in_rows(&self, run: Option<&RunId>) -> Result<BTreeSet<Digest>, StoreError> {
        self.read(|db| {
            let mut found = BTreeSet::new();
            for (table, columns) in tables(db)? {
                let wanted = match run {
                    None => String::new(),
                    Some(_) if columns.iter().any(|column| column == "run") => " WHERE run = ?1".to_owned(),
                    Some(_) => continue,
                };
                let mut rows = db.prepare(&format!("SELECT * FROM \"{table}\"{wanted}"))?;
                let mut rows = match run {
                    Some(run) => rows.query([run.as_str()])?,
                    None => rows.query([])?,
                };
                while let Some(row) = rows.next()? {
                    for n in 0..columns.len() {
                        match row.get_ref(n)? {
                            ValueRef::Text(text) => names_in(text, &mut found),
                            ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) | ValueRef::Blob(_) => {
                            }
                        }
                    }
                }
            }
            Ok::<_, rusqlite::Error>(found)
        })
    }

    /// Returns the blobs without which something that is recorded cannot be shown.
    fn must_exist(&self) -> Result<BTreeSet<Digest>, StoreError> {
        let mut wanted: BTreeSet<Digest> = self.read(|db| {
            let mut found = db.prepare("SELECT DISTINCT blob FROM tasks")?;
            let rows = found.query_map([], |row| Ok(Digest(row.get(0)?)))?;
            rows.collect::<Result<_, rusqlite::Error>>()
        })?;
        for row in self.runs()? {
            wanted.extend(self.advice(&row.record.id)?.into_iter().filter_map(|asked| asked.journal));
            for trial in self.trials(&row.record.id)? {
                for (list, bodies) in self.recorded(&trial) {
                    wanted.extend(bodies.into_iter().chain([list]));
                }
                wanted.extend(trial.patch.map(|patch| patch.digest));
                wanted.extend(trial.journals);
                for round in trial.more {
                    wanted.extend(round.patch.map(|patch| patch.digest));
                    wanted.extend(round.journals);
                }
                wanted.extend(trial.reference);
            }
        }
        Ok(wanted)
    }

    /// Returns the recordings that a trial made or was answered by, each with the bodies that it lists. One that cannot be
    /// read lists none.
    fn recorded(&self, trial: &TrialRecord) -> Vec<(Digest, BTreeSet<Digest>)> {
        let bodies = |list: &Digest| self.get_blob(list).map(|list| bodies(&list)).unwrap_or_default();
        lists(trial).map(|list| (list.clone(), bodies(list))).collect()
    }

    /// Fails where the list of a recording cannot be read: what it names is not known then, and no waste.
    fn every_list_is_read(&self) -> Result<(), StoreError> {
        for row in self.runs()? {
            for trial in self.trials(&row.record.id)? {
                lists(&trial).try_for_each(|list| self.get_blob(list).map(drop))?;
            }
        }
        Ok(())
    }
}

/// Returns the lists of the recordings that a trial made or was answered by.
fn lists(trial: &TrialRecord) -> impl Iterator<Item = &Digest> {
    trial.traffic.iter().flat_map(|traffic| traffic.recording.iter().chain(&traffic.replay_of))
}

impl Quiet<'_> {
    /// Removes what was being written when a process died; returns how many files.
    pub fn clear_unfinished(&self) -> usize {
        let left = self.store.blobs.unfinished();
        left.iter().filter(|path| fs::remove_file(path).is_ok()).count()
    }

    /// Removes content that nobody names; with `dry` only says how much there is.
    ///
    /// # Errors
    /// As the database's, and while the list of a recording cannot be read.
    pub fn remove_waste(&self, dry: bool) -> Result<Waste, StoreError> {
        self.store.every_list_is_read()?;
        let named = self.store.named(None)?;
        let mut waste = Waste::default();
        for (digest, bytes) in self.store.blobs.all()? {
            if named.contains(&digest) || self.store.blobs.is_young(&digest, YOUNG) {
                continue;
            }
            if !dry {
                self.store.blobs.remove(&digest)?;
            }
            waste.blobs += 1;
            waste.bytes += bytes;
        }
        Ok(waste)
    }

    /// Removes content that is damaged and that nobody names.
    pub fn remove_damaged(&self, digest: &Digest) -> Result<(), StoreError> {
        if self.store.named(None)?.contains(digest) {
            return Ok(());
        }
        self.store.blobs.remove(digest)
    }
}

/// Returns the bodies that a recording's list names: on each line those of a request and its answer.
fn bodies(list: &[u8]) -> BTreeSet<Digest> {
    let mut found = BTreeSet::new();
    for line in list.split(|byte| *byte == b'\n') {
        let line: serde_json::Value = serde_json::from_slice(line).unwrap_or_default();
        for body in ["request", "response"].iter().filter_map(|part| line[*part].as_str()) {
            names_in(body.as_bytes(), &mut found);
        }
    }
    found
}

fn tables(db: &Connection) -> Result<BTreeMap<String, Vec<String>>, rusqlite::Error> {
    let mut found = db.prepare(
        "SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c
         WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' ORDER BY t.name, c.cid",
    )?;
    let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut rows = found.query([])?;
    while let Some(row) = rows.next()? {
        tables.entry(row.get(0)?).or_default().push(row.get(1)?);
    }
    Ok(tables)
}

/// Adds every run of exactly 64 hexadecimal digits.
fn names_in(text: &[u8], found: &mut BTreeSet<Digest>) {
    let hex = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte);
    for run in text.split(|byte| !hex(byte)).filter(|run| run.len() == 64) {
        found.insert(Digest(String::from_utf8_lossy(run).into_owned()));
    }
}

/// Returns the bytes of all files below a folder; what cannot be read counts nothing.
fn folder_bytes(top: &Path) -> u64 {
    let (mut open, mut bytes): (Vec<PathBuf>, u64) = (vec![top.to_owned()], 0);
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(found) if found.is_dir() => open.push(entry.path()),
                Ok(found) => bytes += found.len(),
                Err(_) => {}
            }
        }
    }
    bytes
}
