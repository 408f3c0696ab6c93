//! What is refused, in words that help, with nothing changed.

use std::path::Path;

use fairtrial_domain::id::Digest;
use fairtrial_domain::run::RunStatus;
use fairtrial_store::{Loss, Lost, SCHEMA_VERSION, Store, StoreError};

use crate::values::{id, key, run, trial};

/// Says an error as a reader gets it, with the folder as `DIR`.
fn said(dir: &Path, error: StoreError) -> String {
    error.to_string().replace(&dir.display().to_string(), "DIR")
}

#[test]
fn a_newer_database_is_refused_and_stays_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    drop(Store::open(dir.path()).unwrap());
    let path = dir.path().join("store.db");
    let db = rusqlite::Connection::open(&path).unwrap();
    db.pragma_update(None, "user_version", SCHEMA_VERSION + 41).unwrap();
    db.close().unwrap();
    let before = std::fs::read(&path).unwrap();
    let error = Store::open(dir.path()).unwrap_err();
    assert_eq!(error.code(), "store_newer");
    assert_eq!(
        said(dir.path(), error),
        format!(
            "the database DIR/store.db has schema version {}, this program knows up to {SCHEMA_VERSION}: \
             update Fairtrial, or choose another data folder with --home or FAIRTRIAL_HOME",
            SCHEMA_VERSION + 41
        )
    );
    assert!(std::fs::read(&path).unwrap() == before, "the refused database was touched");
}

#[test]
fn a_foreign_or_damaged_database_is_refused() {
    for content in
        ["not a database at all, and long enough to be looked at as one ".repeat(20), "SQL".to_owned()]
    {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("store.db"), content).unwrap();
        assert_eq!(Store::open(dir.path()).unwrap_err().code(), "store_not_ours");
    }
    let dir = tempfile::tempdir().unwrap();
    let db = rusqlite::Connection::open(dir.path().join("store.db")).unwrap();
    db.execute_batch("CREATE TABLE recipes (name TEXT)").unwrap();
    db.close().unwrap();
    let error = Store::open(dir.path()).unwrap_err();
    assert_eq!(
        said(dir.path(), error),
        "DIR/store.db is not a Fairtrial database, or it is damaged: move it away, or choose another data folder"
    );
}

#[test]
fn a_data_folder_that_cannot_be_made_is_named() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("file"), "").unwrap();
    let error = Store::open(&dir.path().join("file/home")).unwrap_err();
    assert_eq!(said(dir.path(), error), "could not make the data folder: DIR/file/home");
}

#[test]
fn unknown_and_doubled_runs_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let none = "there is no run `r9`: `fairtrial runs` lists them";
    assert_eq!(store.run(&id("r9")).unwrap_err().to_string(), none);
    assert_eq!(store.set_status(&id("r9"), RunStatus::Paused, None).unwrap_err().to_string(), none);
    assert_eq!(store.lock_run(&id("r9")).unwrap_err().to_string(), none);
    assert!(!store.is_live(&id("r9")).unwrap() && !store.has_run(&id("r9")).unwrap());
    for refused in [
        store.start_attempt(&id("r9"), &key("t", "aster", 1), 1, Path::new("/b"), 1).err(),
        store.finish_trial(&id("r9"), &trial(key("t", "aster", 1), 0), 1).err(),
    ] {
        assert_eq!(refused.unwrap().code(), "store_sql");
    }
    let record = run("r1", "2026-01-01T00:00:00Z");
    store.create_run(&record, &[]).unwrap();
    assert_eq!(store.create_run(&record, &[]).unwrap_err().to_string(), "there is a run `r1` already");
}

#[test]
fn an_attempt_changes_only_from_where_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let (of, which) = (id("r1"), key("t", "aster", 1));
    store.create_run(&run("r1", "2026-01-01T00:00:00Z"), &[]).unwrap();
    let lose = |n| {
        store
            .lose_attempt(&of, &which, n, Lost { loss: Loss::Fault, reason: "why", usd: None }, 2)
            .map_err(|e| e.to_string())
    };
    let unknown = "attempt 1 of trial t/aster/1 is unknown: it cannot be lost";
    assert_eq!(lose(1).unwrap_err(), unknown);
    let finish = store.finish_trial(&of, &trial(which.clone(), 1), 2).unwrap_err().to_string();
    assert_eq!(finish, "attempt 1 of trial t/aster/1 is unknown: it cannot be done");
    assert_eq!(store.trials(&of).unwrap(), []);
    store.start_attempt(&of, &which, 1, Path::new("/b"), 1).unwrap();
    let again = store.start_attempt(&of, &which, 1, Path::new("/b"), 1).unwrap_err().to_string();
    assert_eq!(again, "attempt 1 of trial t/aster/1 is started: it cannot be started");
    lose(1).unwrap();
    assert_eq!(lose(1).unwrap_err(), "attempt 1 of trial t/aster/1 is lost: it cannot be lost");
    store.finish_trial(&of, &trial(which.clone(), 1), 3).unwrap();
}

#[test]
fn a_damaged_blob_is_said_to_be_and_heals_when_put_again() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let digest = store.put_blob(b"abc").unwrap();
    let path = dir.path().join("blobs").join(&digest.0[..2]).join(&digest.0[2..]);
    let other = store.put_blob(b"other").unwrap();
    let other = std::fs::read(dir.path().join("blobs").join(&other.0[..2]).join(&other.0[2..])).unwrap();
    for damage in [&b""[..], b"junk", &other] {
        std::fs::write(&path, damage).unwrap();
        let error = store.get_blob(&digest).unwrap_err();
        assert_eq!(error.code(), "blob_corrupt");
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
        store.put_blob(b"abc").unwrap();
        assert_eq!(store.get_blob(&digest).unwrap(), b"abc");
    }
    std::fs::remove_file(path).unwrap();
    assert_eq!(store.get_blob(&digest).unwrap_err().code(), "no_blob");
}

#[test]
fn a_digest_never_leaves_its_folder() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let long = "a".repeat(63);
    for bad in
        ["", "..", "../../etc/passwd", &long, &(long.clone() + "G"), &(long.clone() + "/"), &"é".repeat(32)]
    {
        let error = store.get_blob(&Digest(bad.to_owned())).unwrap_err();
        assert_eq!(error.code(), "bad_digest", "{bad}");
    }
}

#[test]
fn one_run_has_one_writer_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (Store::open(dir.path()).unwrap(), Store::open(dir.path()).unwrap());
    for name in ["r1", "r2"] {
        one.create_run(&run(name, "2026-01-01T00:00:00Z"), &[]).unwrap();
    }
    let lock = one.lock_run(&id("r1")).unwrap();
    let error = two.lock_run(&id("r1")).unwrap_err();
    let me = std::process::id();
    assert_eq!(
        error.to_string(),
        format!("run `r1` is being worked on by process {me}: wait for it, or end it")
    );
    assert!(two.is_live(&id("r1")).unwrap() && !two.is_live(&id("r2")).unwrap());
    two.lock_run(&id("r2")).unwrap();
    drop(lock);
    two.lock_run(&id("r1")).unwrap();
}

#[test]
fn looking_at_a_lock_keeps_nobody_from_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.create_run(&run("r1", "2026-01-01T00:00:00Z"), &[]).unwrap();
    let done = std::sync::atomic::AtomicBool::new(false);
    let order = std::sync::atomic::Ordering::Relaxed;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(order) {
                store.is_live(&id("r1")).unwrap();
                // Far more often than any list of runs is drawn.
                std::thread::park_timeout(std::time::Duration::from_millis(1));
            }
        });
        let taken = (0..2000).map(|_| store.lock_run(&id("r1")).map(drop)).collect::<Result<Vec<()>, _>>();
        done.store(true, order);
        taken.unwrap();
    });
}
