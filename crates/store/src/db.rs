//! Opens the database, brings its schema up to date, and lends connections.
//!
//! **Invariant:** a migration happens whole or not at all, and never to a database of a newer version.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use fairtrial_fault as fault;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

use crate::{Store, StoreError};

pub(crate) const FILE: &str = "store.db";
/// The schema that this program writes.
pub const SCHEMA_VERSION: i64 = MIGRATIONS.len() as i64;
/// "FAIR" in ASCII: tells our database from any other.
const APPLICATION_ID: i64 = 0x4641_4952;
const BUSY: Duration = Duration::from_secs(10);
const BETWEEN: Duration = Duration::from_millis(10);

/// One step of the schema each; a published step never changes.
const MIGRATIONS: &[&str] =
    &[include_str!("schema/1.sql"), include_str!("schema/2.sql"), include_str!("schema/3.sql")];

/// Opens the database to write, waiting for other processes that are opening or closing it.
///
/// SQLite refuses at once, without asking its busy handler, where waiting might deadlock: two processes that
/// both turn a new file to write-ahead logging are such a place (<https://sqlite.org/wal.html>, "Sometimes
/// queries return SQLITE_BUSY in WAL mode"). Starting again from the beginning is safe.
pub(crate) fn open_writer(path: &Path) -> Result<Connection, StoreError> {
    let until = Instant::now() + BUSY;
    loop {
        match try_open_writer(path) {
            Err(StoreError::Sql { source, .. })
                if source.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && Instant::now() < until =>
            {
                std::thread::sleep(BETWEEN);
            }
            done => return done,
        }
    }
}

fn try_open_writer(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let sql = |source| StoreError::from_sql(path, source);
    // SQLite refuses a link anywhere in the path, and temporary folders often lie behind one.
    let real = path.parent().and_then(|parent| parent.canonicalize().ok()).map(|parent| parent.join(FILE));
    let mut db = Connection::open_with_flags(real.as_deref().unwrap_or(path), flags).map_err(sql)?;
    db.busy_timeout(BUSY).map_err(sql)?;
    refuse_foreign(&mut db, path)?;
    db.pragma_update(None, "journal_mode", "WAL").map_err(sql)?;
    // FULL: a recorded trial has cost money, and there are few; a commit is about 5 ms.
    db.execute_batch(
        "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;
         PRAGMA cell_size_check = ON;",
    )
    .map_err(sql)?;
    migrate(&mut db, path)?;
    Ok(db)
}

fn open_reader(path: &Path) -> Result<Connection, rusqlite::Error> {
    let db = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    db.busy_timeout(BUSY)?;
    db.execute_batch("PRAGMA query_only = ON; PRAGMA trusted_schema = OFF;")?;
    Ok(db)
}

/// Looks before anything is written, so that a newer or foreign database stays as it is.
fn refuse_foreign(db: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let sql = |source| StoreError::from_sql(path, source);
    // In one moment: another process may be making the database just now.
    let db = db.transaction().map_err(sql)?;
    let number = |pragma| db.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0)).map_err(sql);
    let (id, found) = (number("application_id")?, number("user_version")?);
    let tables: i64 =
        db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(sql)?;
    if id != APPLICATION_ID && (id != 0 || found != 0 || tables != 0) {
        return Err(StoreError::NotOurs { path: path.to_owned(), source: None });
    }
    if found > SCHEMA_VERSION {
        return Err(StoreError::Newer { path: path.to_owned(), found, known: SCHEMA_VERSION });
    }
    Ok(())
}

fn migrate(db: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let sql = |source| StoreError::from_sql(path, source);
    let step = db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(sql)?;
    // Read again under the lock: another process may have been faster.
    let found: i64 = step.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(sql)?;
    if found > SCHEMA_VERSION {
        return Err(StoreError::Newer { path: path.to_owned(), found, known: SCHEMA_VERSION });
    }
    for migration in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        step.execute_batch(migration).map_err(sql)?;
    }
    if found < SCHEMA_VERSION {
        step.pragma_update(None, "application_id", APPLICATION_ID).map_err(sql)?;
        step.pragma_update(None, "user_version", SCHEMA_VERSION).map_err(sql)?;
    }
    step.commit().map_err(sql)
}

impl Store {
    /// Runs `work` in one transaction that is kept only when `work` succeeds.
    pub(crate) fn write<T, E>(&self, work: impl FnOnce(&Transaction) -> Result<T, E>) -> Result<T, StoreError>
    where
        E: Into<Failure>,
    {
        let path = self.root.join(FILE);
        let fault = |name| {
            fault::point(name).map_err(|source| StoreError::from_io("write the database", &path, source))
        };
        let mut db = locked(&self.writer);
        fault("transaction begin")?;
        let transaction = db
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|source| StoreError::from_sql(&path, source))?;
        let done = work(&transaction).map_err(|error| error.into().at(&path))?;
        fault("transaction commit")?;
        transaction.commit().map_err(|source| StoreError::from_sql(&path, source))?;
        // A process may end here; nothing can fail any more.
        fault::end_point("transaction end");
        Ok(done)
    }

    /// Runs `work` on a connection that cannot write. Reads inside see one moment each.
    pub(crate) fn read<T, E>(&self, work: impl FnOnce(&Connection) -> Result<T, E>) -> Result<T, StoreError>
    where
        E: Into<Failure>,
    {
        let path = self.root.join(FILE);
        let idle = locked(&self.readers).pop();
        let db = match idle {
            Some(db) => db,
            None => open_reader(&path).map_err(|source| StoreError::from_sql(&path, source))?,
        };
        let done = work(&db).map_err(|error| error.into().at(&path));
        locked(&self.readers).push(db);
        done
    }
}

/// What a closure over a connection fails with.
pub(crate) enum Failure {
    Sql(rusqlite::Error),
    Store(StoreError),
}

impl Failure {
    fn at(self, path: &Path) -> StoreError {
        match self {
            Failure::Sql(source) => StoreError::from_sql(path, source),
            Failure::Store(error) => error,
        }
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(source: rusqlite::Error) -> Failure {
        Failure::Sql(source)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        Failure::Store(error)
    }
}

/// A panic inside a transaction rolled it back, so that the connection is good.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
