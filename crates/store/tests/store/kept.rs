//! What is stored comes back as it was.

use std::path::Path;

use fairtrial_domain::outcome::{Ending, InfraFault};
use fairtrial_domain::run::{RunStatus, Validity};
use fairtrial_store::{AttemptRow, AttemptState, Loss, Lost, Store, StoreError};

use crate::values::{asked, facts, id, key, run, task, trial};

#[test]
fn runs_come_back_newest_first_with_their_counts() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let (old, new) = (run("r1", "2026-01-01T00:00:00Z"), run("r2", "2026-01-02T00:00:00Z"));
    store.create_run(&old, &[]).unwrap();
    store.create_run(&new, &[]).unwrap();
    store.finish_trial(&old.id, &trial(key("t", "aster", 1), 0), 9).unwrap();
    let runs = store.runs().unwrap();
    assert_eq!(
        runs.iter().map(|r| (&r.record, r.done, r.planned)).collect::<Vec<_>>(),
        [(&new, 0, 12), (&old, 1, 12)]
    );
    assert!(store.run_dir(&old.id).is_dir());
}

#[test]
fn a_status_wins_over_the_record_it_was_created_with() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let record = run("r1", "2026-01-01T00:00:00Z");
    store.create_run(&record, &[]).unwrap();
    store.set_status(&record.id, RunStatus::OutOfBudget, Some("2026-01-01T01:00:00Z")).unwrap();
    let got = store.run(&record.id).unwrap().record;
    assert_eq!((got.status, got.ended.as_deref()), (RunStatus::OutOfBudget, Some("2026-01-01T01:00:00Z")));
    store.set_status(&record.id, RunStatus::Running, None).unwrap();
    assert_eq!(store.run(&record.id).unwrap().record, record);
}

#[test]
fn tasks_come_back_in_plan_order_and_facts_are_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let of = id("r1");
    store.create_run(&run("r1", "2026-01-01T00:00:00Z"), &[task("z"), task("a")]).unwrap();
    assert_eq!(store.tasks(&of).unwrap(), [task("z"), task("a")]);
    store.put_facts(&of, &facts("a", Validity::Valid)).unwrap();
    let invalid = facts("a", Validity::Invalid { reasons: vec!["base passes".to_owned()] });
    store.put_facts(&of, &invalid).unwrap();
    assert_eq!(store.facts(&of).unwrap(), [invalid]);
}

#[test]
fn a_new_run_is_its_makers_from_the_first_moment() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (Store::open(dir.path()).unwrap(), Store::open(dir.path()).unwrap());
    let lock = one.create_run(&run("r1", "2026-01-01T00:00:00Z"), &[]).unwrap();
    assert!(matches!(two.lock_run(&id("r1")).unwrap_err(), StoreError::Held { .. }));
    drop(lock);
    two.lock_run(&id("r1")).unwrap();
}

#[test]
fn a_folder_of_the_first_schema_is_brought_up_to_date() {
    let dir = tempfile::tempdir().unwrap();
    let (of, which) = (id("r1"), key("t", "aster", 1));
    let store = Store::open(dir.path()).unwrap();
    store.create_run(&run("r1", "2026-01-01T00:00:00Z"), &[task("a")]).unwrap();
    store.start_attempt(&of, &which, 1, Path::new("/b/1"), 10).unwrap();
    drop(store);
    let db = rusqlite::Connection::open(dir.path().join("store.db")).unwrap();
    let back = "ALTER TABLE attempts DROP COLUMN usd; DROP TABLE advice; PRAGMA user_version = 1;";
    db.execute_batch(back).unwrap();
    drop(db);
    let store = Store::open(dir.path()).unwrap();
    let lost = Lost { loss: Loss::Fault, reason: "the cell died", usd: Some(1.5) };
    store.lose_attempt(&of, &which, 1, lost, 11).unwrap();
    assert_eq!(store.attempts(&of).unwrap()[0].usd, Some(1.5));
    assert_eq!(store.tasks(&of).unwrap(), [task("a")]);
    assert_eq!(store.advice(&of).unwrap(), []);
}

#[test]
fn a_question_keeps_its_first_answer_and_stands_apart_from_trials() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let of = id("r1");
    store.create_run(&run("r1", "2026-01-01T00:00:00Z"), &[]).unwrap();
    let first = asked("birch", "aster", "a reply");
    store.put_advice(&of, &first).unwrap();
    store.put_advice(&of, &asked("birch", "aster", "another reply")).unwrap();
    let turned = asked("aster", "birch", "a reply");
    store.put_advice(&of, &turned).unwrap();
    assert_eq!(store.advice(&of).unwrap(), [turned, first]);
    assert_eq!((store.advice(&id("r2")).unwrap(), store.trials(&of).unwrap()), (vec![], vec![]));
    assert!(store.put_advice(&id("r2"), &asked("aster", "birch", "no run")).is_err());
}

#[test]
fn an_attempt_is_lost_and_the_next_one_is_recorded_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let (of, which) = (id("r1"), key("t", "aster", 1));
    store.create_run(&run("r1", "2026-01-01T00:00:00Z"), &[]).unwrap();
    store.start_attempt(&of, &which, 1, Path::new("/b/1"), 10).unwrap();
    store
        .lose_attempt(&of, &which, 1, Lost { loss: Loss::Fault, reason: "the cell died", usd: None }, 11)
        .unwrap();
    store.start_attempt(&of, &which, 2, Path::new("/b/2"), 12).unwrap();
    store
        .lose_attempt(
            &of,
            &which,
            2,
            Lost { loss: Loss::Interrupted, reason: "the app ended", usd: Some(0.25) },
            13,
        )
        .unwrap();
    store.start_attempt(&of, &which, 3, Path::new("/b/3"), 14).unwrap();
    store.finish_trial(&of, &trial(which.clone(), 3), 15).unwrap();
    let row = |attempt, state, reason: Option<&str>| AttemptRow {
        key: which.clone(),
        attempt,
        state,
        dir: format!("/b/{attempt}").into(),
        reason: reason.map(str::to_owned),
        usd: (attempt == 2).then_some(0.25),
        started: u64::from(8 + 2 * attempt),
        ended: Some(u64::from(9 + 2 * attempt)),
    };
    assert_eq!(
        store.attempts(&of).unwrap(),
        [
            row(1, AttemptState::Lost, Some("the cell died")),
            row(2, AttemptState::Interrupted, Some("the app ended")),
            row(3, AttemptState::Done, None)
        ]
    );
    assert_eq!(store.trials(&of).unwrap(), [trial(which.clone(), 3)]);
    let again = store.finish_trial(&of, &trial(which.clone(), 3), 16).unwrap_err();
    assert!(matches!(again, StoreError::AlreadyFinished { .. }), "{again}");
    let more = store.start_attempt(&of, &which, 4, Path::new("/b/4"), 17).unwrap_err();
    assert!(matches!(more, StoreError::AlreadyFinished { .. }), "{more}");
    assert_eq!(store.attempts(&of).unwrap().len(), 3);
}

#[test]
fn a_trial_without_evidence_is_kept_without_an_outcome() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let of = id("r1");
    store.create_run(&run("r1", "2026-01-01T00:00:00Z"), &[]).unwrap();
    let mut infra = trial(key("t", "birch", 2), 0);
    infra.ending = Ending::Infra { fault: InfraFault::Cell, reason: "no base".to_owned() };
    (infra.outcome, infra.cost) = (None, None);
    store.finish_trial(&of, &infra, 1).unwrap();
    assert_eq!(store.trial(&of, &infra.key).unwrap(), Some(infra.clone()));
    assert_eq!(store.trial(&of, &key("t", "birch", 1)).unwrap(), None);
    infra.seconds = 9.0;
    store.replace_trial(&of, &infra).unwrap();
    assert_eq!(store.trials(&of).unwrap(), [infra]);
}

#[test]
fn settings_are_set_replaced_and_removed() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.setting("language").unwrap(), None);
    store.set_setting("language", Some("ar")).unwrap();
    store.set_setting("language", Some("en")).unwrap();
    assert_eq!(store.setting("language").unwrap().as_deref(), Some("en"));
    store.set_setting("language", None).unwrap();
    assert_eq!(store.setting("language").unwrap(), None);
}

#[test]
fn content_is_named_by_what_it_is_and_kept_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let digest = store.put_blob(b"abc").unwrap();
    assert_eq!(digest.0, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_eq!(store.put_blob(b"abc").unwrap(), digest);
    assert_eq!(store.get_blob(&digest).unwrap(), b"abc");
    assert!(dir.path().join("blobs/ba").join(&digest.0[2..]).is_file());
    let long = vec![b'x'; 5 << 20];
    let named = store.put_blob(&long).unwrap();
    assert!(store.get_blob(&named).unwrap() == long);
    assert!(
        dir.path().join("blobs").join(&named.0[..2]).join(&named.0[2..]).metadata().unwrap().len() < 10_000
    );
    assert_eq!(store.get_blob(&store.put_blob(b"").unwrap()).unwrap(), b"");
    assert_eq!(std::fs::read_dir(dir.path().join("blobs/tmp")).unwrap().count(), 0);
}

#[test]
fn two_handles_and_many_threads_share_one_folder() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (Store::open(dir.path()).unwrap(), Store::open(dir.path()).unwrap());
    one.create_run(&run("r1", "2026-01-01T00:00:00Z"), &[]).unwrap();
    let record = |store: &Store, trials: std::ops::RangeInclusive<u32>| {
        for n in trials {
            store.finish_trial(&id("r1"), &trial(key("t", "aster", n), 0), 1).unwrap();
            store.trials(&id("r1")).unwrap();
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(|| record(&one, 1..=10));
        scope.spawn(|| record(&one, 11..=20));
        scope.spawn(|| record(&two, 21..=30));
    });
    assert_eq!(two.trials(&id("r1")).unwrap().len(), 30);
}

#[test]
fn many_may_open_a_new_folder_at_once() {
    for _ in 0..20 {
        let dir = tempfile::tempdir().unwrap();
        let together = std::sync::Barrier::new(4);
        std::thread::scope(|scope| {
            let open = || {
                together.wait();
                Store::open(dir.path()).map(drop)
            };
            let opened: Vec<_> = (0..4).map(|_| scope.spawn(open)).collect();
            for one in opened {
                one.join().unwrap().unwrap();
            }
        });
    }
}
